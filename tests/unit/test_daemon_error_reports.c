/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which error reports count, and how many lines of the log they bring. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "env.h"

/* What error_reports.c needs of the others. */
static struct {
	zone_settings_t settings;
	bool attached;
	bool detached; /*!< Its last instance has gone, the entry not yet. */
	bool store_fails;
	time_t now;
	time_t last[8]; /*!< By error: what is stored. */
	unsigned stored, lines;
	char line[512];
	env_t *env;
} world;

__attribute__((visibility("default"))) time_t time(time_t *out)
{
	if (out != NULL) {
		*out = world.now;
	}
	return world.now;
}

entry_t *zones_find(const zones_t *zones, const char *name)
{
	static union {
		entry_t entry;
		char room[sizeof(entry_t) + 32];
	} u;
	(void)zones;
	strcpy(u.entry.name, "child.test.");
	return world.attached && strcmp(name, u.entry.name) == 0 ? &u.entry : NULL;
}

const zone_settings_t *instances_settings(const instances_t *in, const entry_t *entry)
{
	(void)in;
	assert_non_null(entry);
	return world.detached ? NULL : &world.settings;
}

bool writer_report(writer_t *w, const char *zone, uint16_t type, uint16_t ede, time_t now, time_t *before)
{
	(void)w;
	assert_string_equal(zone, "child.test.");
	assert_int_equal(type, 59);
	assert_int_equal(now, world.now);
	if (world.store_fails) {
		return false;
	}
	*before = world.last[ede % 8];
	world.last[ede % 8] = now;
	world.stored++;
	return true;
}

void outbox_log(outbox_t *box, int priority, const char *fmt, ...)
{
	(void)box;
	assert_int_equal(priority, 5);
	va_list args;
	va_start(args, fmt);
	vsnprintf(world.line, sizeof(world.line), fmt, args);
	va_end(args);
	world.lines++;
}

static int setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.settings.report_agent = "er.ns1.test.";
	world.attached = true;
	world.now = 1800000000;
	world.env = calloc(1, sizeof(*world.env));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(world.env);
	return 0;
}

static void take(const char *name, const char *agent, uint16_t ede)
{
	const wire_reported_t reported = {
		.name = name, .agent = agent, .source = "192.0.2.1@53", .type = 59, .ede = ede
	};
	error_reports_take(world.env, &reported);
}

static void a_report_is_stored_counted_and_logged(void **state)
{
	(void)state;
	take("child.test.", "er.ns1.test.", 6);
	assert_int_equal(world.stored, 1);
	assert_int_equal(world.env->numbers.totals.reports, 1);
	assert_string_equal(world.line, "zone child.test., error report from 192.0.2.1@53 (not authenticated): CDS, "
	                                "extended error 6 (DNSSEC Bogus)");
}

static void one_that_is_for_no_zone_here_is_ignored(void **state)
{
	(void)state;
	take("other.test.", "er.ns1.test.", 6);
	take("a.child.test.", "er.ns1.test.", 6);
	take("child.test.", "er.ns2.test.", 6);
	take("child.test.", "a.er.ns1.test.", 6);
	world.detached = true;
	take("child.test.", "er.ns1.test.", 6);
	world.detached = false;
	world.settings.report_agent = NULL;
	take("child.test.", "er.ns1.test.", 6);
	world.attached = false;
	take("child.test.", "er.ns1.test.", 6);
	assert_int_equal(world.stored + world.lines, 0);
	assert_int_equal(world.env->numbers.totals.reports, 0);
	assert_int_equal(world.env->numbers.totals.reports_ignored, 7);
}

static void the_same_one_is_logged_once_an_hour(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		take("child.test.", "er.ns1.test.", 6);
		world.now += 50;
	}
	assert_int_equal(world.lines, 1);
	take("child.test.", "er.ns1.test.", 7);
	assert_int_equal(world.lines, 2);
	world.now += 3600;
	take("child.test.", "er.ns1.test.", 6);
	assert_int_equal(world.lines, 3);
	assert_int_equal(world.stored, 62);
}

/*! Whoever makes up reports does not fill the log, not even if the store does not remember them. */
static void lines_are_bounded(void **state)
{
	(void)state;
	world.store_fails = true;
	for (unsigned i = 0; i < 1000; i++) {
		take("child.test.", "er.ns1.test.", i);
	}
	assert_int_equal(world.lines, 10);
	assert_int_equal(world.env->numbers.totals.reports, 1000);
	world.now += 60;
	take("child.test.", "er.ns1.test.", 1);
	assert_int_equal(world.lines, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_report_is_stored_counted_and_logged, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_is_for_no_zone_here_is_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_one_is_logged_once_an_hour, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_are_bounded, setup, teardown),
	};
	return cmocka_run_group_tests_name("daemon_error_reports", tests, NULL, NULL);
}
