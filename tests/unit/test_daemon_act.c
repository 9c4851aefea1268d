/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done upon a decision, in which order, and what is remembered of it. */

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

#define NOW ((time_t)1700000000)

/* What act.c asks of the server, which answers when the test says so. */
static struct {
	unsigned orders, switches, origins;
	server_keys_t keys;
	policy_role_t role;
	char base[256];
	bool implicit;
	server_done_f done;
} asked;

/* What it says to the others. */
static unsigned done, noted, saved;
static server_status_t order_status;
static char order_detail[64];
static bool stored, store_is_there;

void server_keys(server_t *server, const char *zone, const server_keys_t *keys, server_done_f on_done, void *arg)
{
	(void)server, (void)zone, (void)arg;
	asked.orders++;
	asked.keys = *keys;
	asked.done = on_done;
}

void server_switch(server_t *server, const char *zone, const char *base, policy_role_t role, uint32_t ttl,
                   bool implicit, server_done_f on_done, void *arg)
{
	(void)server, (void)zone, (void)ttl, (void)arg;
	asked.switches++;
	asked.role = role;
	asked.implicit = implicit;
	snprintf(asked.base, sizeof(asked.base), "%s", base);
	asked.done = on_done;
}

void server_policy_origin(server_t *server, const char *zone, server_done_f on_done, void *arg)
{
	(void)server, (void)zone, (void)arg;
	asked.origins++;
	asked.done = on_done;
}

server_t *resources_server(const env_t *env)
{
	return (server_t *)env;
}

void dns_keyid(const knot_dname_t *zone, const dns_key_t *key, char *keyid, size_t keyid_len)
{
	(void)zone;
	snprintf(keyid, keyid_len, "key-%u", key->id.tag);
}

time_t clocks_now(const clocks_t *clocks, rollover_row_t *row)
{
	(void)clocks, (void)row;
	return NOW;
}

uint32_t fit_ttl(const zone_t *zone)
{
	return zone->settings->config.ttl;
}

void fit_note(zone_t *zone, server_status_t status, const char *detail)
{
	(void)zone, (void)status, (void)detail;
	noted++;
}

void fit_note_order(zone_t *zone, server_status_t status, const char *detail)
{
	(void)zone;
	order_status = status;
	snprintf(order_detail, sizeof(order_detail), "%s", detail);
}

bool record_base_policy(zone_t *zone, const char *base, bool implicit)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s", base);
	zone->record.base_policy = text;
	zone->record.policy_implicit = implicit;
	return true;
}

void record_no_base_policy(zone_t *zone)
{
	zone->record.base_policy = NULL;
}

bool record_save(zone_t *zone, const rollover_decision_t *d, time_t now, bool soon)
{
	(void)zone, (void)d, (void)now, (void)soon;
	saved++;
	return store_is_there;
}

static unsigned lines;

void outbox_log(outbox_t *out, int priority, const char *fmt, ...)
{
	(void)out, (void)priority, (void)fmt;
	lines++;
}

static void on_done(zone_t *zone, bool was_stored)
{
	(void)zone;
	done++;
	stored = was_stored;
}

/* A zone in the middle of a rollover. */

typedef struct {
	env_t *env;
	gathered_t *gathered;
	zone_settings_t settings;
	zone_t zone;
	rollover_decision_t d;
} case_t;

static int begin(void **state)
{
	case_t *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	t->env = calloc(1, sizeof(*t->env));
	t->gathered = calloc(1, sizeof(*t->gathered));
	assert_true(t->env != NULL && t->gathered != NULL);
	strcpy(t->settings.policy, "lab");
	t->settings.config.ttl = 300;
	t->zone = (zone_t){ .env = t->env, .name = "a.", .settings = &t->settings, .gathered = t->gathered };
	t->gathered->facts.own = (own_facts_t){ .known = true, .policy = POLICY_BASE, .base_publishes = true };

	/* The second old key has left the zone. */
	static const uint16_t tags[] = { 1, 3, 4 };
	for (unsigned i = 0; i < 3; i++) {
		t->gathered->keys[i].id = t->gathered->facts.keys[i] = (key_id_t){ .tag = tags[i], .algorithm = 13 };
	}
	t->gathered->own_key_count = t->gathered->facts.key_count = 3;

	rollover_row_t *row = &t->zone.kept.row;
	rollover_init(row, NOW - 1000);
	row->state = ROLLOVER_SIGNAL;
	row->old_count = 2;
	row->old[0] = (key_id_t){ .tag = 1, .algorithm = 13 };
	row->old[1] = (key_id_t){ .tag = 2, .algorithm = 13 };
	row->has_new = true;
	row->new_key = (key_id_t){ .tag = 3, .algorithm = 13 };
	row->keys = KEYS_UNKNOWN;
	row->next_check = NOW + 600;
	t->d = (rollover_decision_t){ .row = *row, .driven = true };

	memset(&asked, 0, sizeof(asked));
	done = noted = saved = 0;
	order_status = SERVER_CANCELLED;
	store_is_there = true;
	*state = t;
	return 0;
}

static int end(void **state)
{
	case_t *t = *state;
	free(t->gathered);
	free(t->env);
	free(t);
	return 0;
}

static void answer(case_t *t, server_status_t status, const char *detail)
{
	const server_done_f callback = asked.done;
	asked.done = NULL;
	assert_non_null(callback);
	callback(status, detail, &t->zone);
}

static void keys_come_before_the_policy_and_that_before_the_action(void **state)
{
	case_t *t = *state;

	t->d.set_keys = true;
	t->d.keys = KEYS_SIGNAL_NEW;
	t->d.policy = POLICY_LOW_TTL;
	t->d.action = ACTION_RETIRE;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(asked.orders, 1);
	assert_int_equal(asked.keys.order, KEY_ORDER_SIGNAL);
	assert_int_equal(asked.origins + asked.switches, 0);
	answer(t, SERVER_OK, "");
	assert_int_equal(done, 1);

	t->d.set_keys = false;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(asked.orders, 1);
	assert_int_equal(asked.origins, 1);
	answer(t, SERVER_OK, "own");
	assert_int_equal(asked.switches, 1);
	assert_int_equal(asked.role, POLICY_LOW_TTL);
	answer(t, SERVER_OK, "");
	assert_int_equal(done, 2);

	t->gathered->facts.own.policy = POLICY_LOW_TTL;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(asked.orders, 2);
	assert_int_equal(asked.keys.order, KEY_ORDER_RETIRE);
	assert_int_equal(asked.switches, 1);
	answer(t, SERVER_OK, "");

	t->d.action = ACTION_NONE;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(asked.orders, 2);
	assert_int_equal(asked.switches + asked.origins, 2);
	assert_int_equal(done, 4);
}

static void each_wish_has_its_order(void **state)
{
	static const struct {
		bool set;
		key_states_t keys;
		rollover_action_t action;
		key_order_t order;
		key_states_t after;
		/* clang-format off */
	} CASES[] = {
		{ true, KEYS_SILENT, ACTION_NONE, KEY_ORDER_SILENT, KEYS_SILENT },
		{ true, KEYS_SIGNAL_NEW, ACTION_NONE, KEY_ORDER_SIGNAL, KEYS_SIGNAL_NEW },
		{ true, KEYS_SIGNAL_BOTH, ACTION_NONE, KEY_ORDER_BOTH, KEYS_SIGNAL_BOTH },
		{ false, KEYS_SILENT, ACTION_START, KEY_ORDER_INTRODUCE, KEYS_SILENT },
		{ false, KEYS_SILENT, ACTION_RETIRE, KEY_ORDER_RETIRE, KEYS_SILENT },
		{ false, KEYS_UNKNOWN, ACTION_RETIRE, KEY_ORDER_RETIRE, KEYS_SILENT },
		{ true, KEYS_MOVED, ACTION_NONE, KEY_ORDER_MOVE, KEYS_MOVED },
		{ false, KEYS_MOVED, ACTION_RETIRE, KEY_ORDER_RETIRE, KEYS_MOVED },
	};
	/* clang-format on */
	case_t *t = *state;

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		t->settings.knot_lifetime = i % 2 == 0;
		t->d.set_keys = CASES[i].set;
		t->d.keys = CASES[i].keys;
		t->d.action = CASES[i].action;
		t->d.sign_first = i % 2 == 0;
		t->zone.kept.row.keys = KEYS_UNKNOWN;
		act_upon(&t->zone, &t->d, on_done);
		assert_int_equal(asked.orders, i + 1);
		assert_int_equal(asked.keys.order, CASES[i].order);
		/* The zone does not have the second one: silence is not about that. */
		assert_int_equal(asked.keys.old_count,
		                 CASES[i].order == KEY_ORDER_SILENT || CASES[i].order == KEY_ORDER_MOVE ? 1 : 2);
		assert_string_equal(asked.keys.old_keyids[0], "key-1");
		assert_int_equal(asked.keys.old_keys[1].tag, 2);
		assert_string_equal(asked.keys.old_keyids[1], "");
		assert_true(asked.keys.has_new);
		assert_int_equal(asked.keys.new_key.tag, 3);
		assert_string_equal(asked.keys.new_keyid, "key-3");
		assert_int_equal(asked.keys.renew, i % 2 == 0);
		assert_int_equal(asked.keys.sign_first, i % 2 == 0);
		answer(t, SERVER_OK, "");
		assert_int_equal(t->zone.kept.row.keys, CASES[i].after);
	}
}

/*! Knot makes a zone's first KSK ready: the log says once that it was signalled. */
static void early_signals_of_a_first_key_are_said_once(void **state)
{
	case_t *t = *state;

	lines = 0;
	t->d.row.state = ROLLOVER_INTRODUCE;
	t->d.row.old_count = 0;
	t->d.set_keys = t->d.transition = true;
	t->d.keys = KEYS_SILENT;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(lines, 0);
	t->gathered->facts.own.cds.present = true;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(lines, 1);
	/* Neither when the order is repeated nor in a rollover. */
	t->d.transition = false;
	act_upon(&t->zone, &t->d, on_done);
	t->d.transition = true;
	t->d.row.old_count = 1;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(lines, 1);
}

static void without_a_store_the_next_check_stays(void **state)
{
	case_t *t = *state;

	t->d.set_keys = true;
	t->d.keys = KEYS_SILENT;
	t->zone.kept.row.gate = GATE_STORE_FAILED;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "");
	assert_int_equal(t->zone.kept.row.next_check, NOW + 600);
	assert_int_equal(t->zone.kept.row.keys, KEYS_SILENT);
	t->zone.kept.row.gate = GATE_NONE;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "");
	assert_int_equal(t->zone.kept.row.next_check, NOW + 1);
}

static void an_order_in_vain_leaves_the_next_check(void **state)
{
	case_t *t = *state;

	t->d.set_keys = true;
	t->d.keys = KEYS_SILENT;
	t->zone.kept.row.gate = GATE_CHAIN_BROKEN;
	t->d.again = true;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "");
	assert_int_equal(t->zone.kept.row.next_check, NOW + 600);
	t->d.again = false;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "");
	assert_int_equal(t->zone.kept.row.next_check, NOW + 1);
}

/*! Which of them will be the new one is not known yet. */
static void in_idle_all_keys_of_the_zone_are_named(void **state)
{
	case_t *t = *state;

	t->d.row.state = ROLLOVER_IDLE;
	t->d.set_keys = true;
	t->d.keys = KEYS_SILENT;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(asked.keys.order, KEY_ORDER_SILENT);
	assert_false(asked.keys.has_new);
	assert_int_equal(asked.keys.old_count, 3);
	assert_int_equal(asked.keys.old_keys[2].tag, 4);
	assert_string_equal(asked.keys.old_keyids[2], "key-4");

	/* No more than an order has room for; nothing is said of keys of others that the zone does not have. */
	t->gathered->own_key_count = 1;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(asked.keys.old_count, 1);
	t->gathered->own_key_count = t->gathered->facts.key_count = ROLLOVER_KEYS_MAX;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(asked.keys.old_count, ROLLOVER_OLD_MAX);
	answer(t, SERVER_OK, "");
}

static void the_last_signals_are_remembered(void **state)
{
	case_t *t = *state;

	t->d.set_keys = true;
	t->d.keys = KEYS_SILENT;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "");
	assert_int_equal(t->zone.kept.row.signalled, 0);
	t->d.keys = KEYS_SIGNAL_NEW;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "");
	assert_int_equal(t->zone.kept.row.signalled, NOW);
	t->zone.kept.row.signalled = NOW - 50;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "");
	assert_int_equal(t->zone.kept.row.signalled, NOW);
	/* Silence changes nothing of it. */
	t->zone.kept.row.signalled = NOW - 50;
	t->d.keys = KEYS_SILENT;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "");
	assert_int_equal(t->zone.kept.row.signalled, NOW - 50);
}

static void an_order_that_failed_leaves_no_signals_behind(void **state)
{
	static const server_status_t failures[] = { SERVER_REFUSED, SERVER_BUSY, SERVER_UNREACHABLE, SERVER_CANCELLED };
	case_t *t = *state;

	t->d.set_keys = true;
	t->d.keys = KEYS_SIGNAL_NEW;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		t->zone.kept.row.keys = KEYS_SILENT;
		act_upon(&t->zone, &t->d, on_done);
		answer(t, failures[i], "words of keymgr");
		/* What was refused was not begun. Of the others nobody knows. */
		assert_int_equal(t->zone.kept.row.keys, failures[i] == SERVER_REFUSED ? KEYS_SILENT : KEYS_UNKNOWN);
		assert_int_equal(t->zone.kept.row.signalled, 0);
		assert_int_equal(t->zone.kept.row.next_check, NOW + 600);
		assert_int_equal(order_status, failures[i]);
		assert_string_equal(order_detail, "words of keymgr");
		assert_int_equal(done, i + 1);
		assert_true(stored);
	}
	/* It is no matter of the policy. */
	assert_int_equal(noted, 0);

	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "");
	assert_int_equal(order_status, SERVER_OK);
	assert_int_equal(t->zone.kept.row.keys, KEYS_SIGNAL_NEW);
	assert_int_equal(t->zone.kept.row.next_check, NOW + 1);
}

static void a_zone_that_is_gone_is_not_written_to(void **state)
{
	case_t *t = *state;

	t->d.set_keys = true;
	t->d.keys = KEYS_SIGNAL_NEW;
	act_upon(&t->zone, &t->d, on_done);
	t->zone.gone = true;
	answer(t, SERVER_OK, "");
	assert_int_equal(t->zone.kept.row.keys, KEYS_UNKNOWN);
	assert_int_equal(done, 1);

	t->zone.gone = false;
	t->d.set_keys = false;
	t->d.policy = POLICY_LOW_TTL;
	act_upon(&t->zone, &t->d, on_done);
	t->zone.gone = true;
	answer(t, SERVER_OK, "own");
	assert_int_equal(asked.switches, 0);
	assert_int_equal(done, 2);
}

/* The policy. */

static void the_base_is_recorded_before_the_first_switch(void **state)
{
	case_t *t = *state;

	t->d.policy = POLICY_LOW_TTL;
	for (int implicit = 0; implicit <= 1; implicit++) {
		act_upon(&t->zone, &t->d, on_done);
		answer(t, SERVER_OK, implicit ? "template" : "own");
		assert_int_equal(saved, implicit + 1);
		assert_int_equal(asked.switches, implicit + 1);
		assert_string_equal(asked.base, "lab");
		assert_int_equal(asked.implicit, implicit);
		answer(t, SERVER_OK, "");
	}
	/* Without the store nothing is switched. */
	store_is_there = false;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "own");
	assert_int_equal(asked.switches, 2);
	assert_null(t->zone.record.base_policy);
	assert_false(stored);
}

/*! Held when the policy of remove-ds was lost: the delete signal must not come out for an instant. */
static void the_policy_of_the_decision_is_the_one_that_comes(void **state)
{
	case_t *t = *state;

	t->zone.kept.row.state = t->d.row.state = ROLLOVER_REMOVE_DS;
	t->d.policy = POLICY_LOW_TTL;
	act_upon(&t->zone, &t->d, on_done);
	answer(t, SERVER_OK, "own");
	assert_int_equal(asked.switches, 1);
	assert_int_equal(asked.role, POLICY_LOW_TTL);
	answer(t, SERVER_OK, "");
}

/*! It was in the middle of a rollover when the package was upgraded. */
static void a_zone_of_the_former_version_is_taken_over(void **state)
{
	case_t *t = *state;

	strcpy(t->settings.policy, "lab-kskroll-quiet");
	t->gathered->facts.own.policy = POLICY_FORMER;
	t->d.policy = POLICY_LOW_TTL;
	/* What the former one has recorded counts. */
	assert_true(record_base_policy(&t->zone, "lab", true));
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(asked.origins, 0);
	assert_int_equal(asked.role, POLICY_LOW_TTL);
	assert_string_equal(asked.base, "lab");
	assert_true(asked.implicit);
	answer(t, SERVER_OK, "");

	/* Or the name tells. */
	record_no_base_policy(&t->zone);
	t->d.policy = POLICY_BASE;
	act_upon(&t->zone, &t->d, on_done);
	assert_int_equal(asked.origins, 0);
	assert_int_equal(asked.role, POLICY_BASE);
	assert_string_equal(asked.base, "lab");
	assert_false(asked.implicit);
	answer(t, SERVER_OK, "");
	assert_int_equal(done, 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(keys_come_before_the_policy_and_that_before_the_action),
		T(each_wish_has_its_order),
		T(early_signals_of_a_first_key_are_said_once),
		T(without_a_store_the_next_check_stays),
		T(an_order_in_vain_leaves_the_next_check),
		T(in_idle_all_keys_of_the_zone_are_named),
		T(the_last_signals_are_remembered),
		T(an_order_that_failed_leaves_no_signals_behind),
		T(a_zone_that_is_gone_is_not_written_to),
		T(the_base_is_recorded_before_the_first_switch),
		T(the_policy_of_the_decision_is_the_one_that_comes),
		T(a_zone_of_the_former_version_is_taken_over),
	};
	return cmocka_run_group_tests_name("daemon_act", tests, NULL, NULL);
}
