/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the answers of all servers say about a condition: which server is named, in which words, and what outweighs
 * what.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "judge.h"
#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define FOURTH        ((keyset_t)8)

/*! Both keys at both nameservers, CDS and CDNSKEY of the new one, the DS of the old one at both parent servers. */
static judge_expect_t good(machine_t *m)
{
	machine_at(m, ROLLOVER_AWAIT_DS);
	return (judge_expect_t){
		.config = &m->config,
		.now = m->now,
		.need = OLD | NEW,
		.ttl_limit = 300,
		.signals = true,
		.wanted = NEW,
		.trusted = OLD,
	};
}

static void expect(judge_verdict_t v, rollover_gate_t gate, const char *about, const char *detail, bool red)
{
	assert_int_equal(v.gate, gate);
	assert_string_equal(v.about, about);
	assert_string_equal(v.detail, detail);
	assert_int_equal(v.red, red);
}

static void pass(judge_verdict_t v)
{
	expect(v, GATE_NONE, "", "", false);
}

static void a_good_answer_passes(void **state)
{
	(void)state;
	machine_t m;
	judge_expect_t w = good(&m);

	pass(judge_child(&m.facts, &w));
	pass(judge_parent(&m.facts, &m.config, OLD, m.now));
	pass(judge_chain(&m.facts, &m.config, OLD | NEW, m.now));
	m.child[1].dnskey_ttl = 301;
	w.ttl_limit = 0;
	pass(judge_child(&m.facts, &w));
	m.parent[0].ds = m.parent[1].ds = OLD | NEW;
	pass(judge_chain(&m.facts, &m.config, NEW, m.now));
}

static void what_a_nameserver_serves_wrong_is_named(void **state)
{
	(void)state;
	machine_t m;
	judge_expect_t w = good(&m);
	child_answer_t *a = &m.child[1];
	const child_answer_t right = *a;

	a->status = ANSWER_ERROR;
	snprintf(a->detail, sizeof(a->detail), "REFUSED");
	expect(judge_child(&m.facts, &w), GATE_CHILD_ERROR, a->server, "REFUSED", true);
	a->status = ANSWER_BOGUS;
	expect(judge_child(&m.facts, &w), GATE_BOGUS, a->server, "REFUSED", true);
	*a = right;
	w.gone = FOURTH | THIRD | OLD;
	expect(judge_child(&m.facts, &w), GATE_DNSKEY_REMAINS, m.child[0].server, "DNSKEY 1001", true);
	w.gone = THIRD;
	pass(judge_child(&m.facts, &w));
	w.gone = 0;
	a->dnskey = OLD;
	expect(judge_child(&m.facts, &w), GATE_DNSKEY_MISSING, a->server, "no DNSKEY 1002", true);
	a->dnskey = 0;
	expect(judge_child(&m.facts, &w), GATE_DNSKEY_MISSING, a->server, "no DNSKEY 1001 1002", true);
	a->dnskey = OLD | NEW | THIRD;
	pass(judge_child(&m.facts, &w));
	*a = right;
	a->dnskey_signed_by = NEW;
	expect(judge_child(&m.facts, &w), GATE_RRSIG_MISSING, a->server, "no valid RRSIG of the DNSKEY by key 1001",
	       true);
	*a = right;
	a->dnskey_foreign = true;
	expect(judge_child(&m.facts, &w), GATE_DNSKEY_DIFFERS, a->server, "a KSK that this server does not have", true);
	*a = right;
	a->dnskey_ttl = 301;
	expect(judge_child(&m.facts, &w), GATE_TTL_HIGH, a->server, "DNSKEY TTL 301 s", false);
	m.facts.own.dnskey_ttl = 301;
	expect(judge_child(&m.facts, &w), GATE_TTL_HIGH, "", "DNSKEY TTL 301 s, as on this server", false);
	m.facts.own.dnskey_ttl = 300;
	/* It is only late: what is wrong besides outweighs it. */
	a->cds.keys = OLD;
	expect(judge_child(&m.facts, &w), GATE_CDS_DIFFERS, a->server, "CDS names key 1001", true);
	w.signals = false;
	w.no_signals = true;
	expect(judge_child(&m.facts, &w), GATE_CDS_REMAINS, m.child[0].server, "CDS", true);
	w.signals = true;
	w.no_signals = false;
	*a = right;
	a->dnskey_equal = false;
	expect(judge_child(&m.facts, &w), GATE_DNSKEY_DIFFERS, a->server,
	       "the DNSKEY RRset is not the one of this server", false);
}

static void each_of_cds_and_cdnskey_is_judged(void **state)
{
	(void)state;
	static const char *const NAMES[] = { "CDS", "CDNSKEY" };

	for (int i = 0; i < 2; i++) {
		machine_t m;
		char text[64];
		judge_expect_t w = good(&m);
		child_answer_t *a = &m.child[1];
		signal_rrset_t *rrset = i == 0 ? &a->cds : &a->cdnskey;
		const signal_rrset_t right = *rrset;

		rrset->present = false;
		snprintf(text, sizeof(text), "no %s", NAMES[i]);
		expect(judge_child(&m.facts, &w), GATE_CDS_MISSING, a->server, text, true);
		w.signals = false;
		pass(judge_child(&m.facts, &w));
		w.signals = true;

		*rrset = right;
		rrset->unwanted = true;
		snprintf(text, sizeof(text), "%s has an unexpected record", NAMES[i]);
		expect(judge_child(&m.facts, &w), GATE_CDS_DIFFERS, a->server, text, true);
		*rrset = right;
		rrset->keys = OLD | NEW;
		snprintf(text, sizeof(text), "%s names key 1001 1002", NAMES[i]);
		expect(judge_child(&m.facts, &w), GATE_CDS_DIFFERS, a->server, text, true);
		*rrset = right;
		rrset->signed_by = NEW;
		snprintf(text, sizeof(text), "%s not signed by a key that the DS names", NAMES[i]);
		expect(judge_child(&m.facts, &w), GATE_CDS_DIFFERS, a->server, text, true);

		w.signals = false;
		w.no_signals = true;
		m.child[0].cds.present = m.child[0].cdnskey.present = a->cds.present = a->cdnskey.present = false;
		pass(judge_child(&m.facts, &w));
		rrset->present = true;
		expect(judge_child(&m.facts, &w), GATE_CDS_REMAINS, a->server, NAMES[i], true);
	}
}

static void the_delete_signal_is_one_by_both_types(void **state)
{
	(void)state;
	machine_t m;
	judge_expect_t w = good(&m);
	child_answer_t *a = &m.child[1];
	const signal_rrset_t delete = { .present = true, .unwanted = true, .remove = true, .signed_by = OLD };

	w.signals = false;
	w.remove = true;
	w.wanted = 0;
	m.child[0].cds = m.child[0].cdnskey = a->cds = a->cdnskey = delete;
	pass(judge_child(&m.facts, &w));
	a->cds.remove = false;
	expect(judge_child(&m.facts, &w), GATE_CDS_DIFFERS, a->server, "CDS is not the delete signal", true);
	a->cds = delete;
	a->cdnskey.remove = false;
	expect(judge_child(&m.facts, &w), GATE_CDS_DIFFERS, a->server, "CDNSKEY is not the delete signal", true);
	a->cdnskey = delete;
	a->cds.present = false;
	expect(judge_child(&m.facts, &w), GATE_CDS_MISSING, a->server, "no CDS", true);
}

static void a_wrong_answer_outweighs_a_late_one_and_that_a_missing_one(void **state)
{
	(void)state;
	machine_t m;
	judge_expect_t w = good(&m);

	m.child[0].status = ANSWER_UNREACHABLE;
	m.child[0].unreachable_since = T0;
	snprintf(m.child[0].detail, sizeof(m.child[0].detail), "timeout");
	expect(judge_child(&m.facts, &w), GATE_CHILD_UNREACHABLE, m.child[0].server, "timeout", false);
	m.child[1].dnskey_equal = false;
	assert_int_equal(judge_child(&m.facts, &w).gate, GATE_DNSKEY_DIFFERS);
	assert_false(judge_child(&m.facts, &w).red);
	m.child[1].dnskey_ttl = HOUR;
	assert_int_equal(judge_child(&m.facts, &w).gate, GATE_TTL_HIGH);

	/* Of two of a kind the first one is named; a wrong one comes before a late one that is first. */
	good(&m);
	m.child[0].dnskey_equal = m.child[1].dnskey_equal = false;
	w.exact = true;
	assert_true(judge_child(&m.facts, &w).red);
	w.exact = false;
	assert_string_equal(judge_child(&m.facts, &w).about, m.child[0].server);
	m.child[1].dnskey_foreign = true;
	assert_string_equal(judge_child(&m.facts, &w).about, m.child[1].server);
	good(&m);
	m.child[0].status = m.child[1].status = ANSWER_UNREACHABLE;
	assert_string_equal(judge_child(&m.facts, &w).about, m.child[0].server);
	good(&m);
	m.parent[0].status = m.parent[1].status = ANSWER_UNREACHABLE;
	assert_string_equal(judge_chain(&m.facts, &m.config, OLD, m.now).about, m.parent[0].server);
}

static void half_an_answer_blocks_for_the_rest(void **state)
{
	(void)state;
	machine_t m;
	judge_expect_t w = good(&m);

	m.child[1].cds.unanswered = true;
	m.child[1].cds.present = false;
	snprintf(m.child[1].detail, sizeof(m.child[1].detail), "CDS: timeout");
	expect(judge_child(&m.facts, &w), GATE_CHILD_INCOMPLETE, m.child[1].server, "CDS: timeout", false);
	m.child[0].cdnskey.unanswered = true;
	assert_string_equal(judge_child(&m.facts, &w).about, m.child[0].server);
	/* What it answers is judged, and outweighs. */
	m.child[1].dnskey = OLD;
	assert_int_equal(judge_child(&m.facts, &w).gate, GATE_DNSKEY_MISSING);
	w = good(&m);
	m.child[1].status = ANSWER_INCOMPLETE;
	m.child[1].dnskey = 0;
	assert_int_equal(judge_child(&m.facts, &w).gate, GATE_CHILD_INCOMPLETE);
	m.child[0].status = ANSWER_UNREACHABLE;
	assert_int_equal(judge_child(&m.facts, &w).gate, GATE_CHILD_INCOMPLETE);
	m.parent[0].status = ANSWER_UNREACHABLE;
	m.parent[1].status = ANSWER_INCOMPLETE;
	snprintf(m.parent[1].detail, sizeof(m.parent[1].detail), "DS: TCP: refused");
	expect(judge_chain(&m.facts, &m.config, OLD, m.now), GATE_PARENT_INCOMPLETE, m.parent[1].server,
	       "DS: TCP: refused", false);
	m.parent[0].status = ANSWER_INCOMPLETE;
	assert_string_equal(judge_chain(&m.facts, &m.config, OLD, m.now).about, m.parent[0].server);
}

static void a_silent_server_no_longer_blocks_after_its_time_but_not_all_of_them(void **state)
{
	(void)state;
	machine_t m;
	judge_expect_t w = good(&m);

	m.child[0].status = ANSWER_UNREACHABLE;
	m.child[0].unreachable_since = m.now - 12 * HOUR + 1;
	assert_int_equal(judge_child(&m.facts, &w).gate, GATE_CHILD_UNREACHABLE);
	m.child[0].unreachable_since--;
	pass(judge_child(&m.facts, &w));
	m.child[0].unreachable_since = 0;
	assert_int_equal(judge_child(&m.facts, &w).gate, GATE_CHILD_UNREACHABLE);
	m.child[0].unreachable_since = T0 - DAY;
	m.child[1] = m.child[0];
	expect(judge_child(&m.facts, &w), GATE_CHILD_UNREACHABLE, "", "no nameserver answers", false);
	m.facts.child_count = 0;
	expect(judge_child(&m.facts, &w), GATE_CHILD_UNREACHABLE, "", "no nameserver answers", false);

	m.parent[1].status = ANSWER_UNREACHABLE;
	m.parent[1].unreachable_since = m.now - 12 * HOUR + 1;
	snprintf(m.parent[1].detail, sizeof(m.parent[1].detail), "timeout");
	expect(judge_chain(&m.facts, &m.config, OLD, m.now), GATE_PARENT_UNREACHABLE, m.parent[1].server, "timeout",
	       false);
	m.parent[1].unreachable_since--;
	pass(judge_chain(&m.facts, &m.config, OLD, m.now));
	m.parent[0] = m.parent[1];
	expect(judge_chain(&m.facts, &m.config, OLD, m.now), GATE_PARENT_UNREACHABLE, "",
	       "no server of the parent answers", false);
}

static void without_the_list_of_servers_nobody_is_judged(void **state)
{
	(void)state;
	machine_t m;
	judge_expect_t w = good(&m);

	snprintf(m.facts.discovery_detail, sizeof(m.facts.discovery_detail), "example.: SERVFAIL");
	m.facts.discovery_failed = true;
	m.child[0].dnskey = m.parent[0].ds = 0;
	expect(judge_child(&m.facts, &w), GATE_DISCOVERY_FAILED, "", "example.: SERVFAIL", false);
	expect(judge_parent(&m.facts, &m.config, OLD, m.now), GATE_DISCOVERY_FAILED, "", "example.: SERVFAIL", false);
	m.facts.discovery_failed = false;
	m.facts.parent_insecure = true;
	expect(judge_child(&m.facts, &w), GATE_PARENT_INSECURE, "", "example.: SERVFAIL", true);
	expect(judge_chain(&m.facts, &m.config, OLD, m.now), GATE_PARENT_INSECURE, "", "example.: SERVFAIL", true);
}

static void with_a_part_of_the_list_wrong_answers_count(void **state)
{
	(void)state;
	machine_t m;
	judge_expect_t w = good(&m);

	snprintf(m.facts.discovery_detail, sizeof(m.facts.discovery_detail), "address of ns.example.: SERVFAIL");
	m.facts.discovery_failed = m.facts.partial = true;
	expect(judge_child(&m.facts, &w), GATE_DISCOVERY_FAILED, "", "address of ns.example.: SERVFAIL", false);
	expect(judge_parent(&m.facts, &m.config, OLD, m.now), GATE_DISCOVERY_FAILED, "",
	       "address of ns.example.: SERVFAIL", false);
	/* Nor is one that is known and silent to blame for what is not known. */
	m.child[1].status = ANSWER_UNREACHABLE;
	expect(judge_child(&m.facts, &w), GATE_DISCOVERY_FAILED, "", "address of ns.example.: SERVFAIL", false);
	m.child[0].dnskey = m.parent[0].ds = 0;
	assert_true(judge_child(&m.facts, &w).red);
	assert_int_equal(judge_child(&m.facts, &w).gate, GATE_DNSKEY_MISSING);
	assert_int_equal(judge_parent(&m.facts, &m.config, OLD, m.now).gate, GATE_DS_MISSING);
}

static void every_parent_server_must_have_exactly_the_ds(void **state)
{
	(void)state;
	machine_t m;
	good(&m);
	parent_answer_t *a = &m.parent[1];

	machine_ds(&m, NEW, DAY);
	pass(judge_parent(&m.facts, &m.config, NEW, m.now));
	a->ds = OLD;
	expect(judge_parent(&m.facts, &m.config, NEW, m.now), GATE_DS_STALE, a->server, "DS of key 1001", true);
	a->ds = OLD | NEW;
	expect(judge_parent(&m.facts, &m.config, NEW, m.now), GATE_DS_STALE, a->server,
	       "besides the new DS, a DS of key 1001", true);
	a->ds = 0;
	expect(judge_parent(&m.facts, &m.config, NEW, m.now), GATE_DS_MISSING, a->server, "no DS of key 1002", true);
	a->ds_sha1 = NEW;
	expect(judge_parent(&m.facts, &m.config, NEW, m.now), GATE_DS_MISSING, a->server, "only a SHA-1 DS of key 1002",
	       true);
	a->ds_sha1 = OLD;
	assert_int_equal(judge_parent(&m.facts, &m.config, NEW, m.now).gate, GATE_DS_STALE);
	a->ds_sha1 = 0;
	a->ds = NEW;
	a->ds_foreign = true;
	expect(judge_parent(&m.facts, &m.config, NEW, m.now), GATE_DS_FOREIGN, a->server, "a DS that matches no key",
	       true);
	a->status = ANSWER_ERROR;
	snprintf(a->detail, sizeof(a->detail), "SERVFAIL");
	expect(judge_parent(&m.facts, &m.config, NEW, m.now), GATE_PARENT_ERROR, a->server, "SERVFAIL", true);
	a->status = ANSWER_BOGUS;
	expect(judge_parent(&m.facts, &m.config, NEW, m.now), GATE_BOGUS, a->server, "SERVFAIL", true);
}

static void any_ds_of_the_keys_holds_the_chain(void **state)
{
	(void)state;
	machine_t m;
	good(&m);

	m.parent[1].ds = NEW;
	pass(judge_chain(&m.facts, &m.config, OLD | NEW, m.now));
	expect(judge_chain(&m.facts, &m.config, OLD, m.now), GATE_DS_MISSING, m.parent[1].server, "no DS of key 1001",
	       true);
	m.parent[1].ds_sha1 = OLD;
	pass(judge_chain(&m.facts, &m.config, OLD, m.now));
	m.parent[1].ds_foreign = true;
	pass(judge_chain(&m.facts, &m.config, OLD, m.now));
}

static void the_chain_is_broken_where_the_ds_names_no_key_of_the_zone(void **state)
{
	(void)state;
	machine_t m;
	good(&m);

	pass(judge_broken(&m.facts));
	m.parent[1].ds = THIRD;
	expect(judge_broken(&m.facts), GATE_CHAIN_BROKEN, m.parent[1].server,
	       "DS of a key that is not in the zone: 1003", true);
	m.parent[1].status = ANSWER_BOGUS;
	pass(judge_broken(&m.facts));
	m.parent[1].status = ANSWER_OK;
	m.parent[1].ds = 0;
	pass(judge_broken(&m.facts)); /* Insecure there, not broken. */
	m.parent[1].ds_foreign = true;
	expect(judge_broken(&m.facts), GATE_CHAIN_BROKEN, m.parent[1].server, "a DS that matches no key", true);
	m.parent[1].ds_sha1 = OLD;
	pass(judge_broken(&m.facts));
	m.parent[1].ds_sha1 = 0;
	/* Nothing is known of the own keys. */
	m.facts.too_many_keys = true;
	pass(judge_broken(&m.facts));
	m.facts.too_many_keys = false;
	m.facts.own.dnskey = 0;
	pass(judge_broken(&m.facts));
	m.facts.own.dnskey = OLD | NEW;
	m.facts.own.known = false;
	pass(judge_broken(&m.facts));
}

static void the_words_about_many_keys_end_where_the_room_does(void **state)
{
	(void)state;
	machine_t m;
	judge_expect_t w = good(&m);

	m.facts.key_count = ROLLOVER_KEYS_MAX;
	for (unsigned i = 0; i < ROLLOVER_KEYS_MAX; i++) {
		m.facts.keys[i] = machine_key(i + 1);
		m.facts.keys[i].tag = 60000 + i;
	}
	m.child[1].dnskey_signed_by = 0;
	w.need = (keyset_t)((1ULL << ROLLOVER_KEYS_MAX) - 1);
	m.child[0].dnskey = m.child[0].dnskey_signed_by = m.child[1].dnskey = w.need;
	const judge_verdict_t v = judge_child(&m.facts, &w);
	assert_int_equal(v.gate, GATE_RRSIG_MISSING);
	assert_non_null(strstr(v.detail, "by key 60000 60001 "));
	assert_true(strlen(v.detail) < sizeof(v.detail));
}

static void any_parent_server_with_a_ds_has_begun(void **state)
{
	(void)state;
	machine_t m;
	good(&m);

	assert_true(judge_has_ds(&m.facts, OLD));
	assert_false(judge_has_ds(&m.facts, NEW));
	m.parent[1].ds_sha1 = NEW;
	assert_true(judge_has_ds(&m.facts, NEW));
	m.parent[1].status = ANSWER_BOGUS;
	assert_false(judge_has_ds(&m.facts, NEW));
	m.parent[0].ds = NEW;
	assert_true(judge_has_ds(&m.facts, NEW | THIRD));
}

static void the_largest_signed_ttl_of_all_that_answer_counts(void **state)
{
	(void)state;
	machine_t m;
	bool complete;
	good(&m);

	m.child[1].dnskey_ttl = HOUR;
	assert_int_equal(judge_dnskey_ttl(&m.facts, &m.config, m.now, &complete), HOUR);
	assert_true(complete);
	m.child[0].dnskey_ttl = 2 * HOUR;
	assert_int_equal(judge_dnskey_ttl(&m.facts, &m.config, m.now, &complete), 2 * HOUR);
	m.child[0].dnskey_signed_by = 0;
	assert_int_equal(judge_dnskey_ttl(&m.facts, &m.config, m.now, &complete), HOUR);
	assert_false(complete);
	m.child[0].dnskey_signed_by = OLD;
	m.child[0].status = ANSWER_BOGUS;
	assert_int_equal(judge_dnskey_ttl(&m.facts, &m.config, m.now, &complete), HOUR);
	assert_false(complete);
	m.child[0].status = ANSWER_UNREACHABLE;
	m.child[0].unreachable_since = m.now - 1;
	assert_int_equal(judge_dnskey_ttl(&m.facts, &m.config, m.now, &complete), HOUR);
	assert_false(complete);
	m.child[0].unreachable_since = m.now - DAY;
	assert_int_equal(judge_dnskey_ttl(&m.facts, &m.config, m.now, &complete), HOUR);
	assert_true(complete);
}

static void the_largest_ttl_of_an_old_ds_counts(void **state)
{
	(void)state;
	machine_t m;
	uint32_t ttl;
	good(&m);

	machine_ds(&m, NEW, DAY);
	assert_false(judge_old_ds_ttl(&m.facts, NEW, &ttl));
	assert_int_equal(ttl, 0);
	m.parent[0].ds = OLD;
	m.parent[0].ds_ttl = HOUR;
	assert_true(judge_old_ds_ttl(&m.facts, NEW, &ttl));
	assert_int_equal(ttl, HOUR);
	m.parent[1].ds = OLD | NEW;
	assert_true(judge_old_ds_ttl(&m.facts, NEW, &ttl));
	assert_int_equal(ttl, DAY);
	m.parent[1].status = ANSWER_BOGUS;
	assert_true(judge_old_ds_ttl(&m.facts, NEW, &ttl));
	assert_int_equal(ttl, HOUR);
	m.parent[1].status = ANSWER_OK;
	m.parent[1].ds = NEW;
	m.parent[1].ds_sha1 = OLD;
	assert_true(judge_old_ds_ttl(&m.facts, NEW, &ttl));
	assert_int_equal(ttl, DAY);
	m.parent[1].ds_sha1 = NEW;
	assert_true(judge_old_ds_ttl(&m.facts, NEW, &ttl));
	assert_int_equal(ttl, HOUR);
	m.parent[1].ds_foreign = true;
	m.parent[0].ds_ttl = 2 * DAY;
	assert_true(judge_old_ds_ttl(&m.facts, NEW, &ttl));
	assert_int_equal(ttl, 2 * DAY);
}

/*! By a clock that nobody sets; the others are in test_rollover_clock.c. */
static time_t silent_since(const rollover_config_t *c, time_t since, time_t seen, time_t now)
{
	const rollover_clock_t then = { .wall = seen, .boot = 1 }, clock = { .wall = now, .boot = 1 };
	return rollover_unreachable_since(c, since, &then, &clock);
}

static void silence_counts_from_its_begin_while_it_is_checked(void **state)
{
	(void)state;
	const time_t now = T0, since = T0 - DAY;
	static const struct {
		uint32_t check, ds_check;
		time_t longest;
	} CASES[] = { { 300, HOUR, 36060 }, { HOUR, 300, 36060 }, { 300, 300, 3060 } };

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		const rollover_config_t c = { .check_interval = CASES[i].check,
			                      .ds_check_interval = CASES[i].ds_check };
		const time_t longest = CASES[i].longest;
		assert_int_equal(silent_since(&c, since, now, now), since);
		assert_int_equal(silent_since(&c, since, now - longest, now), since);
		assert_int_equal(silent_since(&c, since, now - longest - 1, now), now);
		assert_int_equal(silent_since(&c, since, now + 1, now), now);
		assert_int_equal(silent_since(&c, now + 1, now, now), now);
		assert_int_equal(silent_since(&c, 0, now, now), now);
	}
}

/*! One nameserver and one parent server, each the last of its memory: a sanitizer sees a check beyond. */
static void no_answer_beyond_the_last_is_checked(void **state)
{
	(void)state;
	machine_t m;
	bool complete;
	uint32_t ttl;
	judge_expect_t w = good(&m);
	child_answer_t *child = malloc(sizeof(*child));
	parent_answer_t *parent = malloc(sizeof(*parent));

	assert_true(child != NULL && parent != NULL);
	*child = m.child[0];
	*parent = m.parent[0];
	m.facts.child = child;
	m.facts.parent = parent;
	m.facts.child_count = m.facts.parent_count = 1;
	pass(judge_child(&m.facts, &w));
	pass(judge_parent(&m.facts, &m.config, OLD, m.now));
	pass(judge_chain(&m.facts, &m.config, OLD, m.now));
	pass(judge_broken(&m.facts));
	assert_false(judge_has_ds(&m.facts, THIRD));
	assert_false(judge_old_ds_ttl(&m.facts, OLD, &ttl));
	assert_int_equal(judge_dnskey_ttl(&m.facts, &m.config, m.now, &complete), 300);
	parent->ds = 0;
	assert_false(judge_has_any_ds(&m.facts));
	for (int i = 0; i < 2 * ROLLOVER_STATE__COUNT; i++) {
		m.row.state = i / 2;
		m.row.has_new = i % 2;
		m.facts.own.dnskey = child->dnskey = child->dnskey_signed_by = i % 2 ? OLD | NEW : OLD;
		m.facts.own.policy = rollover_policy(&m.row);
		machine_decide(&m);
		parent->ds = parent->ds != 0 ? 0 : OLD;
		machine_decide(&m);
	}
	free(child);
	free(parent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_answer_passes),
		cmocka_unit_test(what_a_nameserver_serves_wrong_is_named),
		cmocka_unit_test(each_of_cds_and_cdnskey_is_judged),
		cmocka_unit_test(the_delete_signal_is_one_by_both_types),
		cmocka_unit_test(a_wrong_answer_outweighs_a_late_one_and_that_a_missing_one),
		cmocka_unit_test(half_an_answer_blocks_for_the_rest),
		cmocka_unit_test(a_silent_server_no_longer_blocks_after_its_time_but_not_all_of_them),
		cmocka_unit_test(without_the_list_of_servers_nobody_is_judged),
		cmocka_unit_test(with_a_part_of_the_list_wrong_answers_count),
		cmocka_unit_test(every_parent_server_must_have_exactly_the_ds),
		cmocka_unit_test(any_ds_of_the_keys_holds_the_chain),
		cmocka_unit_test(the_chain_is_broken_where_the_ds_names_no_key_of_the_zone),
		cmocka_unit_test(the_words_about_many_keys_end_where_the_room_does),
		cmocka_unit_test(any_parent_server_with_a_ds_has_begun),
		cmocka_unit_test(the_largest_signed_ttl_of_all_that_answer_counts),
		cmocka_unit_test(the_largest_ttl_of_an_old_ds_counts),
		cmocka_unit_test(no_answer_beyond_the_last_is_checked),
		cmocka_unit_test(silence_counts_from_its_begin_while_it_is_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
