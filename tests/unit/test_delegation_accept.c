/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which signals of a child are followed, and why others are not: a row for each rule. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "deleg_case.h"

/*! One change of a delegation whose signals are accepted, and what becomes of it. */
typedef struct {
	const char *name;
	void (*change)(deleg_t *d);
	delegation_verdict_kind_t kind;
	delegation_gate_t gate;
	const char *about;
} rule_t;

#define ACCEPTED    DELEGATION_VERDICT_ACCEPT, DELEGATION_GATE_NONE, ""
#define NOTHING     DELEGATION_VERDICT_NOTHING, DELEGATION_GATE_NONE, ""
#define REJECTED(g) DELEGATION_VERDICT_REJECT, DELEGATION_GATE_##g

static void check(const rule_t *rules, size_t count, void (*init)(deleg_t *d))
{
	for (size_t i = 0; i < count; i++) {
		deleg_t d;
		init(&d);
		rules[i].change(&d);
		deleg_accept(&d);
		print_message("%s: %s\n", rules[i].name, delegation_gate_name(d.verdict.gate));
		assert_int_equal(d.verdict.kind, rules[i].kind);
		assert_int_equal(d.verdict.gate, rules[i].gate);
		assert_string_equal(d.verdict.about, rules[i].about);
	}
}

#define CHECK(rules, init) check(rules, sizeof(rules) / sizeof((rules)[0]), init)

/* -- the survey -- */

static void as_it_is(deleg_t *d)
{
	(void)d;
}

static void zone_not_read(deleg_t *d)
{
	d->facts.zone.known = false;
}

static void not_delegated(deleg_t *d)
{
	d->facts.zone.delegated = false;
}

static void locked(deleg_t *d)
{
	d->config.locked = true;
}

static void suspended(deleg_t *d)
{
	d->row.state = DELEGATION_SUSPENDED;
}

static void not_surveyed(deleg_t *d)
{
	d->facts.asked &= ~DELEGATION_ASK_SURVEY;
}

static void fresh_to_the_second(deleg_t *d)
{
	d->facts.surveyed = d->now - DELEGATION_FRESH;
}

static void stale_by_a_second(deleg_t *d)
{
	d->facts.surveyed = d->now - DELEGATION_FRESH - 1;
}

static void from_the_future(deleg_t *d)
{
	d->facts.surveyed = d->now + 1;
}

static void other_ns(deleg_t *d)
{
	d->facts.zone.ns = 78;
}

static void no_address(deleg_t *d)
{
	d->facts.discovery_failed = true;
}

static void too_many_keys(deleg_t *d)
{
	d->facts.too_many_keys = true;
}

static void too_many_ds(deleg_t *d)
{
	d->facts.zone.ds.excess = true;
}

static void silent(deleg_t *d)
{
	d->child[1].status = ANSWER_UNREACHABLE;
	d->child[1].unreachable_since = d->now - (time_t)d->config.unreachable_after + 1;
}

static void silent_for_long(deleg_t *d)
{
	silent(d);
	d->child[1].unreachable_since--;
}

static void silent_since_unknown(deleg_t *d)
{
	silent(d);
	d->child[1].unreachable_since = 0;
}

static void all_silent_for_long(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].status = ANSWER_UNREACHABLE;
		d->child[i].unreachable_since = 1;
	}
}

static void all_but_one_silent_for_long(deleg_t *d)
{
	all_silent_for_long(d);
	d->child[2].status = ANSWER_OK;
}

static void fresh_as_can_be(deleg_t *d)
{
	d->facts.surveyed = d->now;
}

static void nobody_to_ask(deleg_t *d)
{
	d->facts.child_count = 0;
}

/*! In any other way it is not silent, however long. */
static void with_status(deleg_t *d, answer_status_t status)
{
	d->child[1].status = status;
	d->child[1].unreachable_since = 1;
}

static void lame(deleg_t *d)
{
	with_status(d, ANSWER_ERROR);
}

static void bogus(deleg_t *d)
{
	with_status(d, ANSWER_BOGUS);
}

static void half(deleg_t *d)
{
	with_status(d, ANSWER_INCOMPLETE);
}

static void no_route(deleg_t *d)
{
	with_status(d, ANSWER_NO_ROUTE);
}

static void only_surveys_that_count_count(void **state)
{
	(void)state;
	static const rule_t rules[] = {
		{ "as it is", as_it_is, ACCEPTED },
		{ "zone not read", zone_not_read, REJECTED(ZONE_UNREADABLE), "" },
		{ "not delegated", not_delegated, REJECTED(NOT_DELEGATED), "" },
		{ "locked", locked, REJECTED(LOCKED), "" },
		{ "suspended", suspended, REJECTED(SUSPENDED), "" },
		{ "not surveyed", not_surveyed, REJECTED(SURVEY_DUE), "" },
		{ "just surveyed", fresh_as_can_be, ACCEPTED },
		{ "all but one silent for long", all_but_one_silent_for_long, ACCEPTED },
		{ "60 s old", fresh_to_the_second, ACCEPTED },
		{ "61 s old", stale_by_a_second, REJECTED(SURVEY_DUE), "" },
		{ "of the future", from_the_future, REJECTED(SURVEY_DUE), "" },
		{ "NS changed", other_ns, REJECTED(NS_CHANGED), "" },
		{ "no address of a nameserver", no_address, REJECTED(DISCOVERY_FAILED), "" },
		{ "too many keys", too_many_keys, REJECTED(TOO_MANY), "" },
		{ "too many DS", too_many_ds, REJECTED(TOO_MANY), "" },
		{ "silent", silent, REJECTED(UNREACHABLE), "ns2." },
		{ "silent for three days", silent_for_long, ACCEPTED },
		{ "silent, nobody knows since when", silent_since_unknown, REJECTED(UNREACHABLE), "ns2." },
		{ "all silent for long", all_silent_for_long, REJECTED(UNREACHABLE), "" },
		{ "no server", nobody_to_ask, REJECTED(UNREACHABLE), "" },
		{ "lame", lame, REJECTED(ERROR), "ns2." },
		{ "bogus", bogus, REJECTED(BOGUS), "ns2." },
		{ "half an answer", half, REJECTED(INCOMPLETE), "ns2." },
		{ "no route", no_route, REJECTED(UNREACHABLE), "ns2." },
	};
	CHECK(rules, deleg_init);
}

/* -- consistency, RFC 9975 3 -- */

static void other_cds_at_one(deleg_t *d)
{
	deleg_signal_at(d, 2, C);
}

static void one_key_more_at_one(deleg_t *d)
{
	deleg_signal_at(d, 2, A | B);
}

static void none_at_one(deleg_t *d)
{
	deleg_signal_at(d, 1, 0);
}

static void none_at_the_first(deleg_t *d)
{
	deleg_signal_at(d, 0, 0);
}

static void unproven_none_at_one(deleg_t *d)
{
	deleg_signal_at(d, 1, 0);
	d->child[1].cds.proven = d->child[1].cdnskey.proven = false;
}

static void cdnskey_other_at_one(deleg_t *d)
{
	d->child[2].cdnskey_keys = C;
}

static void delete_at_one(deleg_t *d)
{
	d->config.remove = true;
	d->child[2].cds_set = deleg_delete();
	d->child[2].cdnskey_keys = 0;
	d->child[2].cdnskey_deletes = true;
}

static void none_anywhere(deleg_t *d)
{
	deleg_signal(d, 0);
}

static void none_and_one_silent(deleg_t *d)
{
	deleg_signal(d, 0);
	silent(d);
}

static void the_present_ones(deleg_t *d)
{
	deleg_signal(d, A);
}

static void present_ones_and_one_silent(deleg_t *d)
{
	deleg_signal(d, A);
	silent(d);
}

static void present_ones_unsigned(deleg_t *d)
{
	deleg_signal(d, A);
	deleg_signed(d, 0);
}

static void other_order(deleg_t *d)
{
	const ds_record_t a = deleg_record(0, 2), b = deleg_record(1, 2);

	deleg_signal(d, A | B);
	d->child[1].cds_set = (ds_set_t){ 0 };
	ds_set_add(&d->child[1].cds_set, &b);
	ds_set_add(&d->child[1].cds_set, &a);
}

static void every_server_says_the_same(void **state)
{
	(void)state;
	static const rule_t rules[] = {
		{ "another CDS at one", other_cds_at_one, REJECTED(SIGNALS_DIFFER), "ns3." },
		{ "a superset at one", one_key_more_at_one, REJECTED(SIGNALS_DIFFER), "ns3." },
		{ "no CDS at one", none_at_one, REJECTED(SIGNAL_MISSING), "ns2." },
		{ "no CDS at the first", none_at_the_first, REJECTED(SIGNAL_MISSING), "ns1." },
		{ "nor a proof", unproven_none_at_one, REJECTED(SIGNAL_MISSING), "ns2." },
		{ "another CDNSKEY at one", cdnskey_other_at_one, REJECTED(SIGNALS_DIFFER), "ns3." },
		{ "delete at one", delete_at_one, REJECTED(SIGNALS_DIFFER), "ns3." },
		{ "none anywhere", none_anywhere, NOTHING },
		{ "none, and one is silent", none_and_one_silent, NOTHING },
		{ "what is there", the_present_ones, NOTHING },
		{ "what is there, and one is silent", present_ones_and_one_silent, NOTHING },
		{ "what is there, unsigned", present_ones_unsigned, NOTHING },
		{ "another order", other_order, ACCEPTED },
	};
	CHECK(rules, deleg_init);
}

/* -- CDS and CDNSKEY -- */

static void cdnskey_names_another(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cdnskey_keys = A;
	}
}

static void cdnskey_names_one_more(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cdnskey_keys = A | B;
	}
}

static void without_cdnskey(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cdnskey = (delegation_rrset_t){ .proven = true };
		d->child[i].cdnskey_keys = 0;
	}
}

static void without_cds(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cds = (delegation_rrset_t){ .proven = true };
		d->child[i].cds_set = (ds_set_t){ 0 };
	}
}

static void without_cdnskey_and_proof(deleg_t *d)
{
	without_cdnskey(d);
	d->child[1].cdnskey.proven = false;
}

static void cdnskey_only_where_cds_is_read(deleg_t *d)
{
	without_cds(d);
	d->config.accept = DELEGATION_ACCEPT_CDS;
}

static void cds_only_where_cdnskey_is_read(deleg_t *d)
{
	without_cdnskey(d);
	d->config.accept = DELEGATION_ACCEPT_CDNSKEY;
}

static void cds_only_where_it_is_read(deleg_t *d)
{
	without_cdnskey(d);
	d->config.accept = DELEGATION_ACCEPT_CDS;
}

static void both_where_cds_is_read_and_they_differ(deleg_t *d)
{
	cdnskey_names_another(d);
	d->config.accept = DELEGATION_ACCEPT_CDS;
}

static void cdnskey_of_the_present_key(deleg_t *d)
{
	deleg_signal(d, A);
	without_cds(d);
	d->facts.zone.ds = deleg_set_of(A, 4);
}

static void cdnskey_of_one_of_the_present_keys(deleg_t *d)
{
	cdnskey_of_the_present_key(d);
	d->facts.zone.ds = deleg_set_of(A | B, 4);
}

static void cdnskey_of_one_key_more_than_present(deleg_t *d)
{
	cdnskey_of_the_present_key(d);
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cdnskey_keys = A | B;
	}
}

static void both_of_a_key_with_a_sha384_ds(deleg_t *d)
{
	deleg_signal(d, A);
	d->facts.zone.ds = deleg_set_of(A, 4);
}

/*! CDS of both digest types, at one server or at all, and DS of SHA-256. */
static void sha384_besides_the_present_ds(deleg_t *d)
{
	const ds_record_t a = deleg_record(0, 4);

	deleg_signal(d, A);
	for (int i = 0; i < DELEG_SERVERS; i++) {
		ds_set_add(&d->child[i].cds_set, &a);
	}
}

static void the_present_ds_at_the_first_only(deleg_t *d)
{
	const ds_record_t a = deleg_record(0, 4);

	deleg_signal(d, A);
	d->facts.zone.ds = deleg_set_of(A, 2);
	ds_set_add(&d->facts.zone.ds, &a);
	ds_set_add(&d->child[0].cds_set, &a);
}

static void the_present_ds_at_the_last_only(deleg_t *d)
{
	the_present_ds_at_the_first_only(d);
	d->child[2].cds_set = d->child[0].cds_set;
	d->child[0].cds_set = deleg_set(A);
}

static void cdnskey_of_a_key_with_a_sha1_ds(deleg_t *d)
{
	deleg_signal(d, A);
	without_cds(d);
	d->facts.zone.ds = deleg_set_of(A, 1);
}

/*! CDS of SHA-256 for A, of SHA-384 for A and B (RFC 9975 3.1): those of another digest type are left out. */
static void sha384_besides(deleg_t *d)
{
	const ds_record_t a = deleg_record(0, 4), b = deleg_record(1, 4);

	deleg_signal(d, B);
	for (int i = 0; i < DELEG_SERVERS; i++) {
		ds_set_add(&d->child[i].cds_set, &a);
		ds_set_add(&d->child[i].cds_set, &b);
	}
}

static void sha384_besides_and_no_cdnskey(deleg_t *d)
{
	sha384_besides(d);
	without_cdnskey(d);
}

static void sha384_only(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cds_set = deleg_set_of(B, 4);
	}
}

static void sha1_only(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cds_set = deleg_set_of(B, 1);
	}
}

static void sha384_that_is_the_ds(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cds_set = deleg_set_of(A, 4);
	}
	d->facts.zone.ds = deleg_set_of(A, 4);
}

static void both_types_say_the_same(void **state)
{
	(void)state;
	static const rule_t rules[] = {
		{ "CDNSKEY of another key", cdnskey_names_another, REJECTED(TYPES_DIFFER), "ns1." },
		{ "CDNSKEY of one key more", cdnskey_names_one_more, REJECTED(TYPES_DIFFER), "ns1." },
		{ "no CDNSKEY", without_cdnskey, ACCEPTED },
		{ "no CDS", without_cds, ACCEPTED },
		{ "no CDNSKEY, not proven", without_cdnskey_and_proof, REJECTED(NODATA_UNPROVEN), "ns2." },
		{ "accept: cds, and no CDS", cdnskey_only_where_cds_is_read, REJECTED(TYPE_UNWANTED), "" },
		{ "accept: cdnskey, and none", cds_only_where_cdnskey_is_read, REJECTED(TYPE_UNWANTED), "" },
		{ "accept: cds, and CDS", cds_only_where_it_is_read, ACCEPTED },
		{ "accept: cds, and they differ", both_where_cds_is_read_and_they_differ, REJECTED(TYPES_DIFFER),
		  "ns1." },
		{ "CDNSKEY of what a SHA-384 DS names", cdnskey_of_the_present_key, NOTHING },
		{ "CDNSKEY of one of them", cdnskey_of_one_of_the_present_keys, ACCEPTED },
		{ "CDNSKEY of one key more", cdnskey_of_one_key_more_than_present, ACCEPTED },
		{ "CDS too, of SHA-256", both_of_a_key_with_a_sha384_ds, ACCEPTED },
		{ "CDS of SHA-384 besides", sha384_besides_the_present_ds, NOTHING },
		{ "DS of SHA-384 besides, CDS at one", the_present_ds_at_the_first_only, NOTHING },
		{ "the same at another one", the_present_ds_at_the_last_only, NOTHING },
		{ "CDNSKEY of what a SHA-1 DS names", cdnskey_of_a_key_with_a_sha1_ds, ACCEPTED },
		{ "SHA-384 of more keys", sha384_besides, ACCEPTED },
		{ "SHA-384 of more keys, and no CDNSKEY", sha384_besides_and_no_cdnskey, REJECTED(DIGEST), "ns1." },
		{ "SHA-384 only", sha384_only, REJECTED(DIGEST), "ns1." },
		{ "SHA-1 only", sha1_only, REJECTED(DIGEST), "ns1." },
		{ "SHA-384 as it is", sha384_that_is_the_ds, NOTHING },
	};
	CHECK(rules, deleg_init);
}

/* -- forms -- */

static void algorithm_0_besides(deleg_t *d)
{
	const ds_set_t delete = deleg_delete();

	d->config.remove = true;
	for (int i = 0; i < DELEG_SERVERS; i++) {
		ds_set_add(&d->child[i].cds_set, &delete.record[0]);
	}
}

static void delete_that_is_not_exact(deleg_t *d)
{
	d->config.remove = true;
	deleg_signal_delete(d);
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cds_set.record[0].tag = 1;
	}
}

static void cdnskey_malformed(deleg_t *d)
{
	d->child[1].cdnskey_malformed = true;
}

static void cdnskey_delete_besides_keys(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cdnskey_deletes = true;
	}
}

static void cdnskey_without_zone_flag(deleg_t *d)
{
	d->key[1].flags = 1;
}

static void digest_too_short(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cds_set.record[0].digest_len = 31;
	}
}

static void empty_but_there(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cds_set = (ds_set_t){ 0 };
	}
}

static void cds_excess(deleg_t *d)
{
	d->child[2].cds_set.excess = true;
}

static void cdnskey_excess(deleg_t *d)
{
	d->child[2].cdnskey_excess = true;
}

static void six_keys(deleg_t *d)
{
	deleg_signal(d, A | B | C);
	d->config.ds_max = 3;
}

static void seven_keys(deleg_t *d)
{
	deleg_signal(d, A | B | C);
	d->config.ds_max = 2;
}

static void delete_signal(deleg_t *d)
{
	deleg_signal_delete(d);
}

static void delete_signal_followed(deleg_t *d)
{
	deleg_signal_delete(d);
	d->config.remove = true;
}

static void delete_signal_unsigned(deleg_t *d)
{
	delete_signal_followed(d);
	d->child[1].cds.signed_by = B;
}

static void delete_in_cds_only(deleg_t *d)
{
	delete_signal_followed(d);
	without_cdnskey(d);
}

static void delete_in_cds_and_keys_in_cdnskey(deleg_t *d)
{
	delete_signal_followed(d);
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cdnskey_deletes = false;
		d->child[i].cdnskey_keys = B;
	}
}

static void malformed_signals_are_no_signals(void **state)
{
	(void)state;
	static const rule_t rules[] = {
		{ "algorithm 0 besides others", algorithm_0_besides, REJECTED(MALFORMED), "ns1." },
		{ "delete with a tag", delete_that_is_not_exact, REJECTED(MALFORMED), "ns1." },
		{ "CDNSKEY malformed", cdnskey_malformed, REJECTED(MALFORMED), "ns2." },
		{ "CDNSKEY delete besides keys", cdnskey_delete_besides_keys, REJECTED(MALFORMED), "ns1." },
		{ "CDNSKEY of no zone key", cdnskey_without_zone_flag, REJECTED(MALFORMED), "ns1." },
		{ "digest too short", digest_too_short, REJECTED(MALFORMED), "ns1." },
		{ "an RRset without records", empty_but_there, REJECTED(MALFORMED), "ns1." },
		{ "too many CDS", cds_excess, REJECTED(TOO_MANY), "ns3." },
		{ "too many CDNSKEY", cdnskey_excess, REJECTED(TOO_MANY), "ns3." },
		{ "as many keys as may be", six_keys, ACCEPTED },
		{ "one key more", seven_keys, REJECTED(TOO_MANY), "" },
		{ "delete, which is not followed", delete_signal, REJECTED(REMOVE_OFF), "" },
		{ "delete", delete_signal_followed, ACCEPTED },
		{ "delete, signed by the new key", delete_signal_unsigned, REJECTED(UNSIGNED), "ns2." },
		{ "delete, no CDNSKEY", delete_in_cds_only, ACCEPTED },
		{ "delete, and keys in CDNSKEY", delete_in_cds_and_keys_in_cdnskey, REJECTED(TYPES_DIFFER), "ns1." },
	};
	CHECK(rules, deleg_init);
}

/* -- signatures -- */

static void cds_by_the_new_key(deleg_t *d)
{
	d->child[1].cds.signed_by = B;
}

static void cdnskey_by_the_new_key(deleg_t *d)
{
	d->child[2].cdnskey.signed_by = B;
}

static void signed_by_nobody(deleg_t *d)
{
	d->child[0].cds.signed_by = 0;
}

static void signed_by_a_key_that_is_not_there(deleg_t *d)
{
	deleg_ds(d, A | C);
	d->child[1].cds.signed_by = C;
}

static void signature_expired(deleg_t *d)
{
	d->child[1].cds.expires = d->now;
}

static void signature_without_time(deleg_t *d)
{
	d->child[1].cdnskey.inception = 0;
}

static void ds_of_no_key(deleg_t *d)
{
	deleg_ds(d, C);
}

static void dnskey_not_signed_by_the_old(deleg_t *d)
{
	d->child[2].dnskey_signed_by = B;
}

static void old_key_revoked(deleg_t *d)
{
	d->key[0].flags |= 0x80;
}

static void second_key_revoked(deleg_t *d)
{
	deleg_ds(d, B);
	deleg_signal(d, A);
	d->key[1].flags |= 0x80;
}

static void signed_by_another_ds_key(deleg_t *d)
{
	deleg_ds(d, A | C);
	deleg_dnskey(d, A | B | C);
	d->child[1].dnskey = d->child[1].dnskey_signed_by = B | C;
	d->child[1].cds.signed_by = d->child[1].cdnskey.signed_by = C;
}

static void present_ds_is_sha1(deleg_t *d)
{
	d->facts.zone.ds = deleg_set_of(A, 1);
}

static void as_old_as_the_last(deleg_t *d)
{
	d->row.applied = 99;
	d->row.applied_inception = d->now - HOUR;
}

static void older_than_the_last_at_one(deleg_t *d)
{
	d->row.applied = 99;
	d->row.applied_inception = d->now - HOUR - 1;
	d->child[1].cdnskey.inception = d->now - HOUR - 2;
}

static void newer_than_the_last(deleg_t *d)
{
	d->row.applied = 99;
	d->row.applied_inception = d->now - HOUR - 1;
}

static void the_last_once_more(deleg_t *d)
{
	const ds_set_t b = deleg_set(B);

	as_old_as_the_last(d);
	d->row.applied = delegation_content(&b);
}

static void older_than_the_floor(deleg_t *d)
{
	d->row.applied_inception = d->now - HOUR;
}

static void signatures_are_of_a_key_that_ds_names(void **state)
{
	(void)state;
	static const rule_t rules[] = {
		{ "CDS signed by the new key", cds_by_the_new_key, REJECTED(UNSIGNED), "ns2." },
		{ "CDNSKEY signed by the new key", cdnskey_by_the_new_key, REJECTED(UNSIGNED), "ns3." },
		{ "not signed", signed_by_nobody, REJECTED(UNSIGNED), "ns1." },
		{ "by a key that is not in DNSKEY", signed_by_a_key_that_is_not_there, REJECTED(UNSIGNED), "ns2." },
		{ "expired", signature_expired, REJECTED(UNSIGNED), "ns2." },
		{ "no time", signature_without_time, REJECTED(UNSIGNED), "ns2." },
		{ "DS of no key", ds_of_no_key, REJECTED(CHAIN_BROKEN), "ns1." },
		{ "DNSKEY not signed by it", dnskey_not_signed_by_the_old, REJECTED(CHAIN_BROKEN), "ns3." },
		{ "revoked", old_key_revoked, REJECTED(CHAIN_BROKEN), "ns1." },
		{ "the old key, which is not the first one, is revoked", second_key_revoked, REJECTED(CHAIN_BROKEN),
		  "ns1." },
		{ "each server by a key of its own", signed_by_another_ds_key, ACCEPTED },
		{ "DS of SHA-1", present_ds_is_sha1, ACCEPTED },
		{ "as old as the last", as_old_as_the_last, REJECTED(REPLAYED), "" },
		{ "older at one server", older_than_the_last_at_one, REJECTED(REPLAYED), "" },
		{ "newer", newer_than_the_last, ACCEPTED },
		{ "the same as the last", the_last_once_more, ACCEPTED },
		{ "older than the floor", older_than_the_floor, REJECTED(REPLAYED), "" },
	};
	CHECK(rules, deleg_init);
}

/* -- the forecast -- */

static void new_key_missing_at_one(deleg_t *d)
{
	d->child[1].dnskey = d->child[1].dnskey_signed_by = A;
}

static void new_key_signs_nowhere(deleg_t *d)
{
	d->child[2].dnskey_signed_by = A;
}

static void new_key_revoked(deleg_t *d)
{
	d->key[1].flags |= 0x80;
}

static void spare_key_besides(deleg_t *d)
{
	deleg_signal(d, A | C);
}

static void spare_key_alone(deleg_t *d)
{
	deleg_signal(d, C);
}

static void another_algorithm_besides(deleg_t *d)
{
	deleg_signal(d, B | OTHER);
}

static void another_algorithm_that_signs(deleg_t *d)
{
	deleg_dnskey(d, A | B | OTHER);
	deleg_signal(d, B | OTHER);
}

static void rsasha1(deleg_t *d)
{
	deleg_dnskey(d, A | RSASHA1);
	deleg_signal(d, RSASHA1);
}

static void rsasha1_as_before(deleg_t *d)
{
	deleg_dnskey(d, A | B | RSASHA1);
	deleg_ds(d, A | RSASHA1);
	deleg_signal(d, B | RSASHA1);
}

static void unknown_algorithm(deleg_t *d)
{
	deleg_dnskey(d, A | B | STRANGE);
	deleg_signal(d, B | STRANGE);
}

static void broken_where_nobody_answers(deleg_t *d)
{
	silent_for_long(d);
	d->child[1].dnskey = 0;
}

static void the_child_validates_afterwards(void **state)
{
	(void)state;
	static const rule_t rules[] = {
		{ "no new key at one server", new_key_missing_at_one, REJECTED(WOULD_BREAK), "ns2." },
		{ "the new key does not sign there", new_key_signs_nowhere, REJECTED(WOULD_BREAK), "ns3." },
		{ "the new key is revoked", new_key_revoked, REJECTED(WOULD_BREAK), "ns1." },
		{ "a spare key (RFC 8078 3.1)", spare_key_besides, ACCEPTED },
		{ "a key that is not in DNSKEY", spare_key_alone, REJECTED(WOULD_BREAK), "ns1." },
		{ "an algorithm without DNSKEY", another_algorithm_besides, REJECTED(WOULD_BREAK), "ns1." },
		{ "an algorithm that signs", another_algorithm_that_signs, ACCEPTED },
		{ "RSASHA1", rsasha1, REJECTED(ALGORITHM), "" },
		{ "RSASHA1, as before", rsasha1_as_before, ACCEPTED },
		{ "an algorithm that nobody knows", unknown_algorithm, REJECTED(ALGORITHM), "" },
		{ "no answer, left out", broken_where_nobody_answers, ACCEPTED },
	};
	CHECK(rules, deleg_init);
}

/* -- what came before -- */

static void undone_before(deleg_t *d)
{
	d->row.refused = d->facts.scan.content;
	d->row.undone = true;
}

static void overruled_before(deleg_t *d)
{
	d->row.refused = d->facts.scan.content;
}

static void others_undone_before(deleg_t *d)
{
	d->row.refused = 99;
	d->row.undone = true;
}

static void changed_by_hand_since(deleg_t *d)
{
	d->row.manual = d->now - HOUR;
}

static void changed_by_hand_and_judged(deleg_t *d)
{
	d->row.manual = d->now - HOUR + DELEGATION_DATED_BACK;
	d->row.manual_judged = true;
}

static void dated_back_and_judged(deleg_t *d)
{
	d->row.manual = d->now - HOUR + DELEGATION_DATED_BACK - 1;
	d->row.manual_judged = true;
}

static void changed_by_hand_earlier(deleg_t *d)
{
	d->row.manual = d->now - HOUR - 1;
}

static void changed_by_hand_and_applied_before(deleg_t *d)
{
	the_last_once_more(d);
	changed_by_hand_since(d);
}

static void what_was_undone_or_overruled_stays_so(void **state)
{
	(void)state;
	static const rule_t rules[] = {
		{ "undone", undone_before, REJECTED(UNDONE), "" },
		{ "overruled", overruled_before, REJECTED(MANUAL), "" },
		{ "others were undone", others_undone_before, ACCEPTED },
		{ "DS changed by hand since", changed_by_hand_since, REJECTED(MANUAL), "" },
		{ "the same, and signals of before were judged", changed_by_hand_and_judged, REJECTED(REPLAYED), "" },
		{ "signed since, and dated back", dated_back_and_judged, ACCEPTED },
		{ "DS changed by hand before", changed_by_hand_earlier, ACCEPTED },
		{ "applied, then changed by hand", changed_by_hand_and_applied_before, REJECTED(MANUAL), "" },
	};
	CHECK(rules, deleg_init);
}

/* -- the first DS, RFC 9615 -- */

static void bootstrap_off(deleg_t *d)
{
	d->config.bootstrap = false;
}

static void bootstrap_off_and_one_silent(deleg_t *d)
{
	d->config.bootstrap = false;
	silent(d);
}

static void no_names(deleg_t *d)
{
	d->facts.signaling_count = 0;
}

static void names_inside(deleg_t *d)
{
	d->signaling[0].status = d->signaling[1].status = DELEGATION_SIGNALING_INSIDE;
}

static void one_name_inside(deleg_t *d)
{
	d->signaling[0].status = DELEGATION_SIGNALING_INSIDE;
}

static void one_name_failed(deleg_t *d)
{
	d->signaling[1].status = DELEGATION_SIGNALING_FAILED;
}

static void one_name_differs(deleg_t *d)
{
	d->signaling[1].cds = deleg_set(A);
}

static void one_name_differs_in_cdnskey(deleg_t *d)
{
	d->signaling[1].cdnskey = A;
}

static void one_name_without_cds(deleg_t *d)
{
	d->signaling[0].cds = (ds_set_t){ 0 };
}

static void key_signs_nothing(deleg_t *d)
{
	d->child[2].dnskey_signed_by = A;
}

static void delete_of_nothing(deleg_t *d)
{
	d->config.remove = true;
	deleg_signal_delete(d);
}

static void the_first_ds_is_confirmed(void **state)
{
	(void)state;
	static const rule_t rules[] = {
		{ "as it is", as_it_is, ACCEPTED },
		{ "bootstrap off", bootstrap_off, NOTHING },
		{ "bootstrap off, one server silent", bootstrap_off_and_one_silent, NOTHING },
		{ "no signaling names", no_names, REJECTED(NO_SIGNALING), "" },
		{ "all nameservers inside", names_inside, REJECTED(NO_SIGNALING), "" },
		{ "one nameserver inside", one_name_inside, ACCEPTED },
		{ "one name failed", one_name_failed, REJECTED(SIGNALING_FAILED), "ns2." },
		{ "other CDS there", one_name_differs, REJECTED(SIGNALING_DIFFERS), "ns2." },
		{ "other CDNSKEY there", one_name_differs_in_cdnskey, REJECTED(SIGNALING_DIFFERS), "ns2." },
		{ "no CDS there", one_name_without_cds, REJECTED(SIGNALING_DIFFERS), "ns1." },
		{ "one server is silent for long", silent_for_long, REJECTED(UNREACHABLE), "ns2." },
		{ "the key does not sign at one server", key_signs_nothing, REJECTED(WOULD_BREAK), "ns3." },
		{ "servers differ", other_cds_at_one, REJECTED(SIGNALS_DIFFER), "ns3." },
		{ "delete", delete_of_nothing, NOTHING },
		{ "undone", undone_before, REJECTED(UNDONE), "" },
		{ "none", none_anywhere, NOTHING },
	};
	CHECK(rules, deleg_first);
}

/* With a DS the signaling names count for nothing (RFC 9615 4). */
static void signaling_names_change_no_ds(void **state)
{
	(void)state;
	deleg_t d;
	deleg_first(&d);
	deleg_ds(&d, A);
	deleg_accept(&d);
	assert_int_equal(d.verdict.kind, DELEGATION_VERDICT_REJECT);
	assert_int_equal(d.verdict.gate, DELEGATION_GATE_UNSIGNED);
}

/* -- the verdict -- */

static void the_verdict_has_what_follows(void **state)
{
	(void)state;
	deleg_t d;
	const ds_set_t b = deleg_set(B);

	deleg_init(&d);
	silent_for_long(&d);
	d.child[2].cdnskey.inception = d.now - 60;
	deleg_accept(&d);
	assert_int_equal(d.verdict.kind, DELEGATION_VERDICT_ACCEPT);
	assert_true(ds_set_equal(&d.verdict.wanted, &b));
	assert_int_equal(d.verdict.content, delegation_content(&b));
	assert_int_equal(d.verdict.inception, d.now - 60);
	assert_int_equal(d.verdict.answered, 2);
	assert_int_equal(d.verdict.left_out, 1);
	assert_false(d.verdict.one_type);
	/* Only SHA-256 gets into DS, whatever else is there. */
	deleg_init(&d);
	sha384_besides(&d);
	deleg_accept(&d);
	assert_true(ds_set_equal(&d.verdict.wanted, &b));
	/* From CDNSKEY the same comes out. */
	deleg_init(&d);
	without_cds(&d);
	deleg_accept(&d);
	assert_true(ds_set_equal(&d.verdict.wanted, &b));
	assert_int_equal(d.verdict.content, delegation_content(&b));
	assert_true(d.verdict.one_type);
	/* The first DS has the newest signature, whoever made it. */
	deleg_first(&d);
	d.child[1].cds.inception = d.now - 40;
	d.child[2].cdnskey.inception = d.now - 30;
	deleg_accept(&d);
	assert_int_equal(d.verdict.inception, d.now - 30);
	d.child[1].cds.inception = d.now - 20;
	deleg_accept(&d);
	assert_int_equal(d.verdict.inception, d.now - 20);
	deleg_init(&d);
	delete_signal_followed(&d);
	deleg_accept(&d);
	assert_int_equal(d.verdict.wanted.count, 0);
	const ds_set_t delete = deleg_delete();
	assert_int_equal(d.verdict.content, delegation_content(&delete));
}

/* Only signals that are proven tell that those which were refused have changed. */
static void agreement_is_proven(void **state)
{
	(void)state;
	const struct {
		void (*change)(deleg_t *d);
		bool agreed;
	} cases[] = {
		{ none_anywhere, true },          { none_and_one_silent, false },
		{ the_present_ones, true },       { present_ones_and_one_silent, false },
		{ present_ones_unsigned, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		deleg_t d;
		deleg_init(&d);
		cases[i].change(&d);
		deleg_accept(&d);
		assert_int_equal(d.verdict.kind, DELEGATION_VERDICT_NOTHING);
		assert_int_equal(d.verdict.agreed, cases[i].agreed);
	}
	deleg_t d;
	deleg_init(&d);
	none_anywhere(&d);
	deleg_accept(&d);
	assert_int_equal(d.verdict.content, 0);
	d.child[2].cds.proven = false;
	deleg_accept(&d);
	assert_false(d.verdict.agreed);
	/* The first one may be silent as well. */
	deleg_init(&d);
	none_anywhere(&d);
	d.child[0].status = ANSWER_ERROR;
	deleg_accept(&d);
	assert_int_equal(d.verdict.kind, DELEGATION_VERDICT_NOTHING);
	assert_false(d.verdict.agreed);
	/* What was found unsigned on the way is not said of what asks for nothing. */
	deleg_init(&d);
	present_ones_unsigned(&d);
	deleg_accept(&d);
	assert_string_equal(d.verdict.detail, "");
	deleg_init(&d);
	none_anywhere(&d);
	no_address(&d);
	deleg_accept(&d);
	assert_false(d.verdict.agreed);
}

/* RFC 10026 4.2.1: reported, and not touched. */
static void a_present_ds_that_fails_is_reported(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	none_anywhere(&d);
	d.child[1].dnskey_signed_by = B;
	deleg_accept(&d);
	assert_int_equal(d.verdict.kind, DELEGATION_VERDICT_NOTHING);
	assert_int_equal(d.verdict.gate, DELEGATION_GATE_PRESENT_FAILS);
	assert_string_equal(d.verdict.about, "ns2.");
	d.child[0].dnskey_signed_by = d.child[2].dnskey_signed_by = B;
	deleg_accept(&d);
	assert_string_equal(d.verdict.about, "ns1.");
	/* A DS that no validator uses makes the child insecure, which is no failure. */
	d.facts.zone.ds = deleg_set(STRANGE);
	deleg_accept(&d);
	assert_int_equal(d.verdict.gate, DELEGATION_GATE_NONE);
}

static void details_name_the_keys(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	other_cds_at_one(&d);
	deleg_accept(&d);
	assert_string_equal(d.verdict.detail, "CDS: key 1002; at ns1.: key 1001");
	deleg_init(&d);
	none_at_the_first(&d);
	deleg_accept(&d);
	assert_string_equal(d.verdict.detail, "CDS: none; at ns2.: key 1001");
	deleg_init(&d);
	cdnskey_names_one_more(&d);
	deleg_accept(&d);
	assert_string_equal(d.verdict.detail, "CDNSKEY: key 1000 1001; CDS: key 1001");
	deleg_init(&d);
	spare_key_alone(&d);
	deleg_accept(&d);
	assert_non_null(strstr(d.verdict.detail, "DS names 1002"));
	static const struct {
		void (*change)(deleg_t *d);
		const char *detail;
	} others[] = {
		{ seven_keys, "3 keys, at most 2" },
		{ rsasha1, "key 1004 of algorithm 5" },
		{ without_cdnskey_and_proof, "CDNSKEY: no proof that there is none" },
		{ signature_expired, "CDS: expired" },
		{ cds_by_the_new_key, "CDS" },
		{ as_old_as_the_last, "signed at 1799996400, the last change had signatures of 1799996400" },
		{ sha384_only, "key 1001 has no CDS of SHA-256, only of digest type 4" },
		{ delete_at_one, "CDS: the delete signal; at ns1.: key 1001" },
		{ new_key_missing_at_one, "no key of algorithm 13 that DS names has signed DNSKEY; DS names 1001" },
		{ cds_excess, "CDS" },
		{ cdnskey_excess, "CDNSKEY" },
		{ cdnskey_malformed, "CDNSKEY" },
		{ cdnskey_only_where_cds_is_read, "CDNSKEY" },
		{ cds_only_where_cdnskey_is_read, "CDS" },
		{ nobody_to_ask, "no nameserver answers" },
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		deleg_init(&d);
		others[i].change(&d);
		deleg_accept(&d);
		assert_string_equal(d.verdict.detail, others[i].detail);
	}
	/* Names and tags of any length fit. */
	deleg_init(&d);
	deleg_signal_at(&d, 0, A | B | C | OTHER | RSASHA1 | STRANGE);
	memset(d.child[0].server, 'x', sizeof(d.child[0].server) - 1);
	deleg_accept(&d);
	assert_true(strlen(d.verdict.detail) < sizeof(d.verdict.detail));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_surveys_that_count_count),
		cmocka_unit_test(every_server_says_the_same),
		cmocka_unit_test(both_types_say_the_same),
		cmocka_unit_test(malformed_signals_are_no_signals),
		cmocka_unit_test(signatures_are_of_a_key_that_ds_names),
		cmocka_unit_test(the_child_validates_afterwards),
		cmocka_unit_test(what_was_undone_or_overruled_stays_so),
		cmocka_unit_test(the_first_ds_is_confirmed),
		cmocka_unit_test(signaling_names_change_no_ds),
		cmocka_unit_test(the_verdict_has_what_follows),
		cmocka_unit_test(agreement_is_proven),
		cmocka_unit_test(a_present_ds_that_fails_is_reported),
		cmocka_unit_test(details_name_the_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
