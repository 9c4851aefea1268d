/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the configuration is judged before a rollover starts, and what is remembered of that. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "env.h"
#include "zone.h"

static server_fit_f asked;
static policy_role_t asked_role;
static bool asked_leaves;
static unsigned decisions;
static char logged[512];

/* What fit.c needs of the others. */
void server_fit(server_t *server, const char *zone, const char *base, policy_role_t role, uint32_t ttl, bool leaves,
                server_fit_f done, void *arg)
{
	(void)server, (void)zone, (void)base, (void)ttl, (void)arg;
	asked_role = role;
	asked_leaves = leaves;
	asked = done;
}

server_t *resources_server(const env_t *env)
{
	return (server_t *)env;
}

void outbox_log(outbox_t *box, int priority, const char *fmt, ...)
{
	va_list list;

	(void)box, (void)priority;
	va_start(list, fmt);
	vsnprintf(logged, sizeof(logged), fmt, list);
	va_end(list);
}

static void on_judged(zone_t *zone, fit_end_t end)
{
	(void)zone;
	decisions += end == FIT_JUDGED;
}

/*! A zone that counts as busy is asked about by the control socket at each check, which knotd logs. */
static void a_refusal_ends_the_wait_for_a_transaction(void **state)
{
	(void)state;
	static zone_settings_t settings = { .policy = "lab" };
	env_t *env = calloc(1, sizeof(*env));
	gathered_t *gathered = calloc(1, sizeof(*gathered));
	assert_true(env != NULL && gathered != NULL);
	entry_t entry = { 0 };
	zone_t zone = { .env = env, .entry = &entry, .name = "a.", .settings = &settings, .gathered = gathered };
	rollover_init(&zone.kept.row, 1700000000);
	const rollover_decision_t start = { .row = zone.kept.row, .transition = true };

	static const server_status_t ends[] = { SERVER_OK, SERVER_REFUSED };
	for (unsigned i = 0; i < 2; i++) {
		decisions = 0;
		fit_ask(&zone, &start, on_judged);
		asked(SERVER_BUSY, GATE_OBSERVE_ONLY, "a transaction is open", &zone);
		assert_true(fit_is_busy(&zone));
		assert_int_equal(decisions, 0);
		fit_ask(&zone, &start, on_judged);
		asked(ends[i], GATE_OBSERVE_ONLY, "", &zone);
		assert_int_equal(decisions, 1);
		/* If it is fit the switch that follows tells. */
		assert_true(fit_is_busy(&zone) == (ends[i] == SERVER_OK));
	}
	fit_free(&zone);
	free(gathered);
	free(env);
}

/*! No judgement, which costs a connection and lines of knotd's log, where no policy is switched. */
static void what_needs_no_switch_is_not_judged(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab" };
	env_t *env = calloc(1, sizeof(*env));
	gathered_t *gathered = calloc(1, sizeof(*gathered));
	assert_true(env != NULL && gathered != NULL);
	entry_t entry = { 0 };
	zone_t zone = { .env = env, .entry = &entry, .name = "a.", .settings = &settings, .gathered = gathered };
	own_facts_t *own = &gathered->facts.own;
	*own = (own_facts_t){ .known = true, .policy = POLICY_BASE };
	rollover_init(&zone.kept.row, 1700000000);

	/* A rollover starts that the base policy does for. */
	rollover_decision_t d = { .row = zone.kept.row, .transition = true, .driven = true, .policy = POLICY_BASE };
	assert_false(fit_missing(&zone, &d));
	d.policy = POLICY_LOW_TTL;
	assert_true(fit_missing(&zone, &d));
	own->catalog_member = true;
	assert_false(fit_missing(&zone, &d));
	own->catalog_member = false;
	own->policy = POLICY_LOW_TTL;
	assert_false(fit_missing(&zone, &d));

	/* Judged once for each kind of switch; that of a derived policy is more than that to the base. */
	fit_ask(&zone, &d, on_judged);
	assert_int_equal(asked_role, POLICY_LOW_TTL);
	assert_true(asked_leaves);
	asked(SERVER_OK, GATE_NONE, "", &zone);
	d.policy = POLICY_DELETE;
	assert_false(fit_missing(&zone, &d));
	d.policy = POLICY_BASE;
	assert_false(fit_missing(&zone, &d));
	fit_forget(&zone);
	settings.policy[0] = '\0';
	strcat(settings.policy, "lab-kskroll-ttl");
	assert_true(fit_missing(&zone, &d));
	fit_ask(&zone, &d, on_judged);
	assert_int_equal(asked_role, POLICY_BASE);
	assert_false(asked_leaves);
	asked(SERVER_OK, GATE_NONE, "", &zone);
	assert_false(fit_missing(&zone, &d));
	d.policy = POLICY_DELETE;
	assert_true(fit_missing(&zone, &d));

	fit_free(&zone);
	free(gathered);
	free(env);
}

/*! The words of the last call are kept, and only a refusal is the operator's. */
static void a_refused_order_is_known_until_the_next_one(void **state)
{
	(void)state;
	static const struct {
		server_status_t status;
		const char *detail, *kept;
		bool refused;
		/* clang-format off */
	} CASES[] = {
		{ SERVER_REFUSED, "keymgr: no such key", "keymgr: no such key", true },
		{ SERVER_BUSY, "Knot is about to write the keys", "Knot is about to write the keys", false },
		{ SERVER_REFUSED, "", "no answer on the control socket", true },
		{ SERVER_UNREACHABLE, "", "no answer on the control socket", false },
		{ SERVER_OK, "set", "", false },
	};
	/* clang-format on */
	zone_settings_t settings = { .policy = "lab" };
	zone_t zone = { .name = "a.", .settings = &settings };

	fit_note(&zone, SERVER_BUSY, "a transaction is open");
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		own_facts_t own = { 0 };
		fit_note_order(&zone, CASES[i].status, CASES[i].detail);
		fit_facts(&zone, &own);
		assert_int_equal(own.keys_refused, CASES[i].refused);
		assert_false(own.conf_busy);
		assert_string_equal(own.conf_detail, CASES[i].kept);
		assert_int_equal(fit_is_plain(&zone), CASES[i].status == SERVER_OK);
	}
	fit_free(&zone);
}

/*! Of the settings as the module in knotd has sent them. */
static void scheme_and_algorithm_of_the_base_are_facts(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const bool csk = i % 2 == 1;
		const uint8_t algorithm = i < 2 ? 8 : 15;
		const instance_settings_t sent = { .csk_wanted = csk, .algorithm_wanted = algorithm };
		zone_settings_t *settings = settings_zone_copy(&sent);
		assert_non_null(settings);
		const zone_t zone = { .name = "a.", .settings = settings };
		own_facts_t own = { .csk_wanted = !csk, .algorithm_wanted = 99 };
		fit_facts(&zone, &own);
		assert_int_equal(own.csk_wanted, csk);
		assert_int_equal(own.algorithm_wanted, algorithm);
		settings_zone_put(settings);
	}
}

static void a_low_ttl_that_is_lost_is_said_as_what_it_is(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab-kskroll-ttl" };
	env_t *env = calloc(1, sizeof(*env));
	assert_non_null(env);
	zone_t zone = { .env = env, .name = "a.", .settings = &settings };
	rollover_init(&zone.kept.row, 1700000000);
	zone.kept.row.state = ROLLOVER_SIGNAL;

	logged[0] = '\0';
	fit_say_lost(&zone);
	assert_string_equal(logged, "");
	strcpy(settings.policy, "lab");
	fit_say_lost(&zone);
	assert_non_null(strstr(logged, "the low DNSKEY TTL was lost"));
	assert_non_null(strstr(logged, "signals stay as they are"));
	/* Once. */
	logged[0] = '\0';
	fit_say_lost(&zone);
	assert_string_equal(logged, "");
	/* Nor is the way back to the base a loss. */
	strcpy(settings.policy, "lab-kskroll-ttl");
	zone.kept.row.state = ROLLOVER_IDLE;
	fit_say_lost(&zone);
	strcpy(settings.policy, "lab");
	fit_say_lost(&zone);
	assert_string_equal(logged, "");
	free(env);
}

static uint32_t ttl_of(uint32_t ttl, bool of_soa, uint32_t soa)
{
	zone_settings_t settings = { 0 };
	entry_t entry = { 0 };
	zone_t zone = { .entry = &entry, .settings = &settings, .check = { .soa_ttl = soa } };

	settings.config.ttl = ttl;
	settings.ttl_of_soa = of_soa;
	return fit_ttl(&zone);
}

/*! Never above the one that Knot would use without the module. */
static void the_ttl_of_the_soa_counts_where_the_policy_has_none(void **state)
{
	(void)state;
	assert_int_equal(ttl_of(300, true, 60), 60);
	assert_int_equal(ttl_of(300, true, 300), 300);
	assert_int_equal(ttl_of(300, true, 3600), 300);
	/* The zone was not checked yet. */
	assert_int_equal(ttl_of(300, true, 0), 300);
	/* dnskey-ttl is set: the TTL of the SOA is nobody's concern. */
	assert_int_equal(ttl_of(300, false, 60), 300);
}

/*! Its policy is not switched, so its TTL is no other one. */
static void a_member_of_a_catalog_keeps_its_ttl(void **state)
{
	(void)state;
	zone_settings_t settings = { .ttl_of_soa = true };
	entry_t entry = { .catalog_member = true };
	zone_t zone = { .entry = &entry, .settings = &settings, .check = { .soa_ttl = 60 } };

	settings.config.ttl = 300;
	assert_int_equal(fit_ttl(&zone), 0);
	settings.ttl_of_soa = false;
	assert_int_equal(fit_ttl(&zone), 0);
	entry.catalog_member = false;
	assert_int_equal(fit_ttl(&zone), 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_ends_the_wait_for_a_transaction),
		cmocka_unit_test(what_needs_no_switch_is_not_judged),
		cmocka_unit_test(a_refused_order_is_known_until_the_next_one),
		cmocka_unit_test(scheme_and_algorithm_of_the_base_are_facts),
		cmocka_unit_test(a_low_ttl_that_is_lost_is_said_as_what_it_is),
		cmocka_unit_test(the_ttl_of_the_soa_counts_where_the_policy_has_none),
		cmocka_unit_test(a_member_of_a_catalog_keeps_its_ttl),
	};
	return cmocka_run_group_tests_name("daemon_fit", tests, NULL, NULL);
}
