/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the own zone: what the control socket has said is still known when DNS answers. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "env.h"
#include "zone.h"

/* The server answers when the test says so. */
static server_check_f asked_by_control, asked_by_dns;
static gathered_t *decided;

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
gathered_t *facts_new(const zone_t *zone, const server_check_t *from)
{
	(void)zone;
	gathered_t *gathered = calloc(1, sizeof(*gathered));
	assert_non_null(gathered);
	gathered->facts.own.known = from->status == SERVER_OK;
	gathered->facts.own.catalog_member = from->catalog_member;
	return gathered;
}

void facts_free(gathered_t *gathered)
{
	free(gathered);
}

server_t *resources_server(const env_t *env)
{
	return (server_t *)env;
}

void schedule_asking(schedule_t *schedule)
{
	schedule->asking++;
}

void schedule_answered(schedule_t *schedule)
{
	schedule->asking--;
}

void fit_expire(zone_t *zone)
{
	(void)zone;
}

void fit_say_lost(zone_t *zone)
{
	(void)zone;
}

bool fit_is_busy(const zone_t *zone)
{
	(void)zone;
	return false;
}

static void on_checked(zone_t *zone, check_end_t end)
{
	assert_int_not_equal(end, CHECK_FAILED);
	assert_int_equal(zone->env->schedule.asking, 0);
	decided = zone->gathered;
}

static void check(zone_t *zone, const server_check_t *by_dns, const server_check_t *by_control)
{
	asked_by_dns = asked_by_control = NULL;
	decided = NULL;
	free(zone->gathered);
	zone->gathered = NULL;
	check_start(zone, on_checked);
	assert_non_null(asked_by_dns);
	asked_by_dns(by_dns, zone);
	assert_true((by_control != NULL) == (asked_by_control != NULL));
	if (by_control != NULL) {
		asked_by_control(by_control, zone);
	}
	assert_non_null(decided);
}

static void a_catalog_member_stays_one_when_knotd_does_not_answer(void **state)
{
	(void)state;
	static zone_settings_t settings;
	env_t *env = calloc(1, sizeof(*env));
	entry_t *entry = calloc(1, sizeof(*entry) + 1);
	zone_t *zone = calloc(1, sizeof(*zone));
	assert_true(env != NULL && entry != NULL && zone != NULL);
	*zone = (zone_t){ .env = env, .entry = entry, .name = entry->name, .settings = &settings };
	rollover_init(&zone->kept.row, 1700000000);

	const server_check_t silent = { .status = SERVER_UNREACHABLE }, ok = { .status = SERVER_OK };
	server_check_t member = ok, unloaded = { .status = SERVER_REFUSED, .catalog_member = false };
	member.catalog_member = true;

	/* A zone that was never seen is not checked by DNS, which cannot tell. */
	asked_by_dns = asked_by_control = NULL;
	check_start(zone, on_checked);
	assert_null(asked_by_dns);
	asked_by_control(&silent, zone);
	check_start(zone, on_checked);
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

	free(zone->gathered);
	free(zone);
	free(entry);
	free(env);
}

typedef struct {
	env_t env;
	zone_settings_t settings;
	entry_t *entry;
	zone_t zone;
	gathered_t gathered;
} fixture_t;

/*! An idle zone about which the control socket has answered once. */
static fixture_t *idle_zone(rollover_gate_t gate)
{
	fixture_t *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->entry = calloc(1, sizeof(*f->entry) + 1);
	assert_non_null(f->entry);
	f->entry->examined = true;
	f->zone = (zone_t){ .env = &f->env, .entry = f->entry, .settings = &f->settings, .gathered = &f->gathered };
	rollover_init(&f->zone.kept.row, 1700000000);
	f->zone.kept.row.gate = gate;
	f->gathered.facts.own.known = true;
	return f;
}

static void idle_zone_free(fixture_t *f)
{
	free(f->entry);
	free(f);
}

/*! Whether a zone that rests at the gate is asked about by DNS first. */
static bool is_asked_by_dns(rollover_gate_t gate)
{
	fixture_t *f = idle_zone(gate);
	asked_by_dns = asked_by_control = NULL;
	check_start(&f->zone, on_checked);
	assert_true((asked_by_dns != NULL) != (asked_by_control != NULL));
	idle_zone_free(f);
	return asked_by_dns != NULL;
}

/*! Whether what DNS says is enough, if the decision leads from the one gate to the other. */
static bool dns_suffices(rollover_gate_t before, rollover_gate_t after)
{
	fixture_t *f = idle_zone(before);
	rollover_decision_t d = { .row = f->zone.kept.row };
	d.row.gate = after;
	f->zone.check.glance = true;
	bool suffices = check_suffices(&f->zone, &d);
	idle_zone_free(f);
	return suffices;
}

/*! That a zone is frozen, or has a transaction, is not in its records. Nor is it there that a catalog has the zone. */
static void what_dns_cannot_tell_the_control_socket_is_asked(void **state)
{
	(void)state;
	for (rollover_gate_t gate = 0; gate < GATE__COUNT; gate++) {
		assert_int_equal(is_asked_by_dns(gate), gate != GATE_FROZEN && gate != GATE_KNOT_BUSY);
		assert_int_equal(dns_suffices(gate, GATE_NONE), gate != GATE_OBSERVE_ONLY);
		assert_true(dns_suffices(gate, gate));
	}
}

/*! What DNS says may be wrong, so nothing is done upon it alone. */
static void what_has_an_effect_needs_the_control_socket(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		fixture_t *f = idle_zone(GATE_NONE);
		rollover_decision_t d = { .row = f->zone.kept.row };
		d.transition = i == 1;
		d.action = i == 2 ? ACTION_RETIRE : ACTION_NONE;
		d.notify = i == 3;
		d.set_keys = i == 4;
		d.driven = i == 5;
		d.policy = i == 5 ? POLICY_LOW_TTL : POLICY_BASE;
		f->zone.check.glance = true;
		assert_int_equal(check_suffices(&f->zone, &d), i == 0);
		f->zone.check.glance = false;
		assert_true(check_suffices(&f->zone, &d));
		idle_zone_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_dns_cannot_tell_the_control_socket_is_asked),
		cmocka_unit_test(what_has_an_effect_needs_the_control_socket),
		cmocka_unit_test(a_catalog_member_stays_one_when_knotd_does_not_answer),
	};
	return cmocka_run_group_tests_name("daemon_check", tests, NULL, NULL);
}
