/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an answer is worth to the machine: TTLs that nobody signed, a DS of SHA-1.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "machine.h"

static void assert_gate(const machine_t *m, rollover_gate_t gate, const char *about, const char *detail)
{
	assert_int_equal(m->row.gate, gate);
	assert_string_equal(m->row.gate_about, about);
	assert_string_equal(m->row.gate_detail, detail);
}

static void ttl_of_a_bogus_answer_makes_no_wait(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.now += 100;
	m.child[1].status = ANSWER_BOGUS;
	m.child[1].dnskey_ttl = 0x7fffffff;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_BOGUS);
	assert_int_equal(m.row.dnskey_ttl.step[0].ttl, 300);

	m.now += 900;
	m.child[1].status = ANSWER_OK;
	m.child[1].dnskey_ttl = 300;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_true(m.row.gate_until <= m.now + 301);
}

static void ttl_that_no_known_key_signed_neither_raises_nor_lowers(void **state)
{
	(void)state;
	static const uint32_t TTLS[] = { 0, 0x7fffffff };
	for (int i = 0; i < 2; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_INTRODUCE);
		ttl_window_add(&m.row.dnskey_ttl, 900, T0 + 1);
		m.now += 100;
		m.child[1].dnskey_signed_by = 0;
		m.child[1].dnskey_foreign = true;
		m.child[1].dnskey_ttl = TTLS[i];
		machine_step(&m);
		/* That server may still serve what it served before. */
		assert_int_equal(m.row.dnskey_ttl.step[0].ttl, 900);
		assert_int_equal(m.row.dnskey_ttl.step[0].seen, m.now);
	}
}

static void sha1_ds_of_the_new_key_is_not_enough(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	for (int i = 0; i < 2; i++) {
		m.parent[i].ds = 0;
		m.parent[i].ds_sha1 = NEW;
	}
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_AWAIT_DS);
	assert_gate(&m, GATE_DS_MISSING, m.parent[0].server, "only a SHA-1 DS of key 1002");

	machine_ds(&m, NEW, 300);
	m.parent[0].ds_sha1 = m.parent[1].ds_sha1 = 0;
	m.now += 300;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
}

static void sha1_ds_of_the_old_key_beside_the_new_one_is_stale(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, NEW, 300);
	m.parent[1].ds_sha1 = OLD;
	machine_step(&m);
	assert_gate(&m, GATE_DS_STALE, m.parent[1].server, "besides the new DS, a DS of key 1001");
	assert_int_equal(m.row.ds_all_since, 0);
}

/*! An operator's hold that began when there was none is no word for a later time. */
static void sha1_ds_is_a_ds(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	m.config.hold = true;
	machine_step(&m);
	assert_int_not_equal(m.row.ordered, 0);
	m.parent[0].ds_sha1 = OLD;
	machine_step(&m);
	assert_int_equal(m.row.ordered, 0);
}

static void zone_whose_only_ds_is_sha1_can_roll(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = DAY;
	m.now += 2 * DAY;
	for (int i = 0; i < 2; i++) {
		m.parent[i].ds = 0;
		m.parent[i].ds_sha1 = OLD;
	}
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
}

static void ignored_ds_is_in_nobodys_way(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, NEW, 300);
	m.parent[0].ds_ignored = true;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ttl_of_a_bogus_answer_makes_no_wait),
		cmocka_unit_test(ttl_that_no_known_key_signed_neither_raises_nor_lowers),
		cmocka_unit_test(sha1_ds_of_the_new_key_is_not_enough),
		cmocka_unit_test(sha1_ds_of_the_old_key_beside_the_new_one_is_stale),
		cmocka_unit_test(sha1_ds_is_a_ds),
		cmocka_unit_test(zone_whose_only_ds_is_sha1_can_roll),
		cmocka_unit_test(ignored_ds_is_in_nobodys_way),
	};
	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
