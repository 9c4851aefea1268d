/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the own zone: what the control socket has said is still known when DNS answers. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "loop.h"

/* The server answers when the test says so. */
static server_check_f asked_by_control, asked_by_dns;
static check_state_t *decided;

void server_check(server_t *server, const char *zone, server_check_f done, void *arg)
{
	(void)server, (void)zone, (void)arg;
	asked_by_control = done;
}

void server_glance(server_t *server, const char *zone, server_check_f done, void *arg)
{
	(void)server, (void)zone, (void)arg;
	asked_by_dns = done;
}

/* What check.c needs of the others. */
check_state_t *check_state_new(const zone_t *zone, const server_check_t *from)
{
	(void)zone;
	check_state_t *check = calloc(1, sizeof(*check));
	assert_non_null(check);
	check->facts.own.known = from->status == SERVER_OK;
	check->facts.own.catalog_member = from->catalog_member;
	return check;
}

void check_state_free(check_state_t *check)
{
	free(check);
}

void zone_decide(zone_t *zone)
{
	decided = zone->check;
}

void world_ask(zone_t *zone, unsigned ask)
{
	(void)ask;
	zone_decide(zone);
}

time_t zone_now(zone_t *zone)
{
	(void)zone;
	return 1800000000;
}

bool zone_came_back(zone_t *zone)
{
	return !zone->gone;
}

void zone_unref(zone_t *zone)
{
	zone->refs--;
}

void zone_rest(zone_t *zone)
{
	(void)zone;
}

void wake_more(loop_t *loop)
{
	(void)loop;
}

void fit_expire(zone_t *zone)
{
	(void)zone;
}

void fit_say_lost(zone_t *zone)
{
	(void)zone;
}

static void check(zone_t *zone, const server_check_t *by_dns, const server_check_t *by_control)
{
	asked_by_dns = asked_by_control = NULL;
	decided = NULL;
	free(zone->check);
	zone->check = NULL;
	check_start(zone);
	assert_non_null(asked_by_dns);
	asked_by_dns(by_dns, zone);
	assert_true((by_control != NULL) == (asked_by_control != NULL));
	if (by_control != NULL) {
		asked_by_control(by_control, zone);
	}
	assert_non_null(decided);
	assert_int_equal(zone->refs, 1);
}

static void a_catalog_member_stays_one_when_knotd_does_not_answer(void **state)
{
	(void)state;
	static zone_settings_t settings;
	loop_t *loop = calloc(1, sizeof(*loop));
	entry_t *entry = calloc(1, sizeof(*entry) + 1);
	zone_t *zone = calloc(1, sizeof(*zone));
	assert_true(loop != NULL && entry != NULL && zone != NULL);
	loop->server = (server_t *)loop;
	*zone = (zone_t){ .loop = loop, .entry = entry, .name = entry->name, .settings = &settings, .refs = 1 };
	rollover_init(&zone->kept.row, 1700000000);

	const server_check_t silent = { .status = SERVER_UNREACHABLE }, ok = { .status = SERVER_OK };
	server_check_t member = ok, unloaded = { .status = SERVER_REFUSED, .catalog_member = false };
	member.catalog_member = true;

	/* A zone that was never seen is not checked by DNS, which cannot tell. */
	asked_by_dns = asked_by_control = NULL;
	check_start(zone);
	assert_null(asked_by_dns);
	asked_by_control(&silent, zone);
	check_start(zone);
	assert_null(asked_by_dns);
	asked_by_control(&member, zone);
	assert_true(decided->facts.own.catalog_member);
	check(zone, &ok, NULL);
	assert_true(decided->facts.own.catalog_member);
	check(zone, &silent, &silent);
	check(zone, &silent, &unloaded);
	check(zone, &ok, NULL);
	assert_true(decided->facts.own.catalog_member);
	check(zone, &silent, &ok);
	check(zone, &ok, NULL);
	assert_false(decided->facts.own.catalog_member);

	free(zone->check);
	free(zone);
	free(entry);
	free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_catalog_member_stays_one_when_knotd_does_not_answer),
	};
	return cmocka_run_group_tests_name("engine_check", tests, NULL, NULL);
}
