/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of plans: a row of them can be wrong without any compiler, or any single test of the machine, telling it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"
#include "plans.h"

/*! A row in this state that brings the first DS, or not. */
static rollover_row_t row_in(rollover_state_t state, bool first)
{
	machine_t m;

	machine_at(&m, state);
	if (first) {
		m.row.old_count = 0;
		m.row.has_new = true;
	}
	return m.row;
}

static void each_state_has_a_step_of_its_own(void **state)
{
	(void)state;
	for (rollover_state_t st = 0; st < ROLLOVER_STATE__COUNT; st++) {
		for (unsigned i = 0; i < 8; i++) {
			rollover_row_t row = row_in(st, i & 1);
			row.has_new = row.has_new || (i & 2);
			assert_int_equal(plans_step(plans_of(&row), &row, i & 4)->state, st);
		}
	}
}

static void a_row_tells_its_plan(void **state)
{
	(void)state;
	for (rollover_state_t st = 0; st < ROLLOVER_STATE__COUNT; st++) {
		const bool insecure = st == ROLLOVER_REMOVE_DS || st == ROLLOVER_EXPIRE_DS;
		const rollover_row_t row = row_in(st, false);
		const bool algorithm = st == ROLLOVER_PRESIGN || st == ROLLOVER_CLEAN;
		assert_string_equal(plans_of(&row)->name, st == ROLLOVER_IDLE ? "idle" :
		                                          insecure            ? "insecure" :
		                                          algorithm           ? "algorithm" :
		                                                                "ksk");
	}
	for (rollover_state_t st = ROLLOVER_INTRODUCE; st <= ROLLOVER_RETIRE; st++) {
		rollover_row_t changes = row_in(st, false);
		changes.new_key.algorithm = 15;
		assert_string_equal(plans_of(&changes)->name, "algorithm");
		const rollover_row_t row = row_in(st, true);
		assert_string_equal(plans_of(&row)->name, "first-ds");
	}
}

/*! Each plan once, by a row that follows it. */
static const rollover_plan_t *plan_number(unsigned n)
{
	static const struct {
		rollover_state_t state;
		bool first;
	} PLANS[] = {
		{ ROLLOVER_IDLE, false },  { ROLLOVER_SIGNAL, false },    { ROLLOVER_CLEAN, false },
		{ ROLLOVER_SIGNAL, true }, { ROLLOVER_REMOVE_DS, false },
	};

	if (n >= sizeof(PLANS) / sizeof(PLANS[0])) {
		return NULL;
	}
	const rollover_row_t row = row_in(PLANS[n].state, PLANS[n].first);
	return plans_of(&row);
}

static bool has_state(const rollover_plan_t *plan, rollover_state_t state)
{
	for (unsigned i = 0; i < plan->count; i++) {
		if (plan->steps[i].state == state) {
			return true;
		}
	}
	return false;
}

static void each_way_ends_in_a_state_of_the_plan(void **state)
{
	(void)state;
	for (unsigned n = 0; plan_number(n) != NULL; n++) {
		const rollover_plan_t *plan = plan_number(n);
		for (unsigned i = 0; i < plan->count; i++) {
			const step_t *s = &plan->steps[i];
			const rollover_state_t to[] = {
				s->next,      s->key_lost, s->ds_lost,       s->removed,     s->unproven,
				s->extra_key, s->invalid,  s->invalid_begun, plan->old_gone,
			};
			for (unsigned k = 0; k < sizeof(to) / sizeof(to[0]); k++) {
				/* The key of a first DS settles as any other. */
				assert_true(to[k] == TO_STAY || (to[k] == TO_START && k > 0) ||
				            has_state(plan, to[k]) || to[k] == ROLLOVER_SETTLE);
			}
		}
	}
}

static bool asks(const step_t *step, step_cond_t cond)
{
	for (unsigned i = 0; i < STEP_CONDS; i++) {
		if (step->cond[i] == cond) {
			return true;
		}
	}
	return false;
}

/*! What a condition judges is in the row, and what is in the row is judged. */
static void conditions_and_columns_go_together(void **state)
{
	(void)state;
	for (unsigned n = 0; plan_number(n) != NULL; n++) {
		const rollover_plan_t *plan = plan_number(n);
		for (unsigned i = 0; i < plan->count; i++) {
			const step_t *s = &plan->steps[i];
			const bool servers = asks(s, COND_SERVERS) || asks(s, COND_CHAIN_BACK);
			assert_int_equal(s->cond[STEP_CONDS - 1], COND_END);
			assert_int_equal(s->expire[STEP_EXPIRES - 1], EXPIRE_NOTHING);
			assert_int_equal(asks(s, COND_KEYS), s->key_lost != TO_STAY);
			assert_int_equal(asks(s, COND_DS_KEPT), s->ds_lost != TO_STAY);
			assert_int_equal(asks(s, COND_PROVEN) || asks(s, COND_STAYS_CLEAN), s->unproven != TO_STAY);
			assert_int_equal(asks(s, COND_CHAIN) || asks(s, COND_CHAIN_BACK), s->chain != 0);
			assert_int_equal(s->order == ACTION_PUBLISH, asks(s, COND_PRESIGNED));
			assert_int_equal(s->order == ACTION_CLEAN, asks(s, COND_CLEANED));
			assert_int_equal(asks(s, COND_EXPIRED) || asks(s, COND_PROVEN), s->expire[0] != EXPIRE_NOTHING);
			assert_int_equal(servers, s->present != 0);
			assert_true(s->removed == TO_STAY || asks(s, COND_DS_STAYS));
			assert_true(servers || (s->signals == SIGNALS_ANY && !s->low_ttl && s->absent == 0));
			assert_true(!servers || (s->survey & SURVEY_CHILD) != 0);
			/* A DELETE is signed by a key that the DS names, as any other signal (RFC 7344 4.1). */
			assert_int_equal(s->signals >= SIGNALS_NEW, s->trusted != 0);
			/* The step ends in one way: the next one, or a gate behind which it waits. */
			assert_int_equal(s->next == ROLLOVER_IDLE, (s->gate != GATE_NONE && s->order != ACTION_CLEAN) ||
			                                                   s->state == ROLLOVER_IDLE ||
			                                                   s->state == ROLLOVER_SETTLE);
		}
	}
}

/*! What this server does, by state; whatever the plan. */
static void each_step_has_its_keys_and_its_policy(void **state)
{
	(void)state;
	for (unsigned n = 0; plan_number(n) != NULL; n++) {
		const rollover_plan_t *plan = plan_number(n);
		for (unsigned i = 0; i < plan->count; i++) {
			const step_t *s = &plan->steps[i];
			policy_role_t policy = POLICY_LOW_TTL;
			key_states_t keys = KEYS_SILENT;

			switch (s->state) {
			case ROLLOVER_IDLE: /* The operator's. */
				policy = POLICY_BASE;
				keys = KEYS_UNKNOWN;
				break;
			case ROLLOVER_SIGNAL:
			case ROLLOVER_AWAIT_DS:
				keys = KEYS_SIGNAL_NEW;
				break;
			case ROLLOVER_ROLLBACK:
				keys = KEYS_SIGNAL_BOTH;
				break;
			case ROLLOVER_PRESIGN: /* Its keys are not published. */
				keys = KEYS_PRESIGN;
				break;
			case ROLLOVER_REMOVE_DS: /* No key, but the policy gives the delete signal. */
				policy = POLICY_DELETE;
				keys = KEYS_UNKNOWN;
				break;
			default:
				/* The new key signs the data once the DS names it, where there is an old one to
				 * relieve. */
				if (plan->had_ds && rollover_state_info(s->state)->swapped &&
				    s->state != ROLLOVER_SETTLE && s->when != WHEN_UNMOVED &&
				    s->when != WHEN_ALGORITHM && s->state != ROLLOVER_CLEAN) {
					keys = KEYS_MOVED;
				}
			}
			assert_int_equal(s->policy, policy);
			assert_int_equal(s->keys, keys);
			/* The nameservers are asked for what this server is asked for. */
			assert_int_equal(s->signals == SIGNALS_NEW, keys == KEYS_SIGNAL_NEW);
			assert_int_equal(s->signals == SIGNALS_BOTH, keys == KEYS_SIGNAL_BOTH);
			assert_int_equal(s->signals == SIGNALS_DELETE, policy == POLICY_DELETE);
			assert_true(s->signals != SIGNALS_NONE || rollover_are_silent(keys));
			/* Who signs the data is judged where it matters: the new key, or after a rollback the old one.
			 */
			assert_int_equal(s->signing == ROLE_NEW, keys == KEYS_MOVED);
			assert_int_equal(s->signing == ROLE_OLD, s->state == ROLLOVER_ROLLED_BACK);
			/* No key is made or removed while any is signalled. */
			assert_true(s->order == ACTION_NONE || rollover_are_silent(keys));
			assert_int_equal(rollover_state_info(s->state)->switches,
			                 s->state == ROLLOVER_PREPARE || s->state == ROLLOVER_PRESIGN ||
			                         plan->removes_ds);
		}
	}
}

/*! The order cannot be taken back: no plan lets a key go without all of this (docs/simulation.rst, I2). */
static void a_key_goes_only_when_everything_is_proven(void **state)
{
	(void)state;
	unsigned orders = 0;

	for (unsigned n = 0; plan_number(n) != NULL; n++) {
		const rollover_plan_t *plan = plan_number(n);
		for (unsigned i = 0; i < plan->count; i++) {
			const step_t *s = &plan->steps[i];
			if (!asks(s, COND_ORDER) || s->order != ACTION_RETIRE) {
				continue;
			}
			assert_true(asks(s, COND_DS_KEPT) && asks(s, COND_SERVERS) && asks(s, COND_PROVEN));
			assert_int_equal(s->expire[0], EXPIRE_DS);
			assert_int_equal(s->expire[1], EXPIRE_OBSERVATION);
			assert_true(s->survey & SURVEY_WATCH);
			assert_int_equal(s->signing, ROLE_NEW);
			orders++;
		}
	}
	assert_int_equal(orders, 2); /* Of a KSK, and of one of another algorithm. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_has_a_step_of_its_own),
		cmocka_unit_test(a_row_tells_its_plan),
		cmocka_unit_test(each_way_ends_in_a_state_of_the_plan),
		cmocka_unit_test(conditions_and_columns_go_together),
		cmocka_unit_test(each_step_has_its_keys_and_its_policy),
		cmocka_unit_test(a_key_goes_only_when_everything_is_proven),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
