/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the configuration is judged before a rollover starts, and what is remembered of that. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "env.h"
#include "zone.h"

static server_fit_f asked;
static unsigned decisions;

/* What fit.c needs of the others. */
void server_fit(server_t *server, const char *zone, const char *base, policy_role_t role, uint32_t ttl, bool leaves,
                server_fit_f done, void *arg)
{
	(void)server, (void)zone, (void)base, (void)role, (void)ttl, (void)leaves, (void)arg;
	asked = done;
}

server_t *resources_server(const env_t *env)
{
	return (server_t *)env;
}

void outbox_log(outbox_t *box, int priority, const char *fmt, ...)
{
	(void)box, (void)priority, (void)fmt;
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
	zone_t zone = { .env = env, .name = "a.", .settings = &settings, .gathered = gathered };
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

static uint32_t ttl_of(uint32_t ttl, bool of_soa, uint32_t soa)
{
	zone_settings_t settings = { 0 };
	zone_t zone = { .settings = &settings, .check = { .soa_ttl = soa } };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_ends_the_wait_for_a_transaction),
		cmocka_unit_test(the_ttl_of_the_soa_counts_where_the_policy_has_none),
	};
	return cmocka_run_group_tests_name("daemon_fit", tests, NULL, NULL);
}
