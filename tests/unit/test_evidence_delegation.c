/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A survey of a delegation is written and read back; the text is JSON whatever the room; the reader takes any bytes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kskroll/evidence.h"

#define SERVERS 60
#define KEYS    3

static delegation_key_t key[KEYS];
static delegation_child_t child[SERVERS];
static delegation_parent_t parent[SERVERS];
static delegation_signaling_t signaling[2];
static delegation_view_t view[4];

static ds_record_t ds_of(unsigned n)
{
	ds_record_t ds = { .tag = 1001 + n, .algorithm = 13, .digest_type = 2, .digest_len = 32 };
	memcpy(ds.digest, key[n].id.digest, 32);
	return ds;
}

static ds_set_t set_of(unsigned keys)
{
	ds_set_t set = { 0 };
	for (unsigned i = 0; i < KEYS; i++) {
		if (keys & 1U << i) {
			ds_record_t ds = ds_of(i);
			assert_true(ds_set_add(&set, &ds));
		}
	}
	return set;
}

/*! Key 0 is in DS, key 1 is what CDS asks for, key 2 is nowhere. */
static delegation_facts_t everything(void)
{
	for (unsigned i = 0; i < KEYS; i++) {
		key[i] = (delegation_key_t){ .id = { .tag = 1001 + i, .algorithm = 13 }, .whole = i < 2 };
		memset(key[i].id.digest, 0xa0 + i, 32);
		memset(key[i].sha1, 0xb0 + i, 20);
		memset(key[i].sha384, 0xc0 + i, 48);
	}
	for (size_t i = 0; i < SERVERS; i++) {
		child[i] = (delegation_child_t){
			.status = i == 1 ? ANSWER_UNREACHABLE : ANSWER_OK,
			.unreachable_since = i == 1 ? 1700000000 : 0,
			.dnskey = 3,
			.dnskey_signed_by = 1,
			.cds = { .present = true, .signed_by = 1, .inception = 1699990000, .expires = 1700090000 },
			.cds_set = set_of(2),
			.cdnskey = { .present = true, .signed_by = 1, .inception = 1699980000, .expires = 1700080000 },
			.cdnskey_keys = 2,
			.cdnskey_deletes = i == 2,
		};
		parent[i] = (delegation_parent_t){ .ds = set_of(1) };
		snprintf(child[i].server, sizeof(child[i].server), "ns%zu. \"\\\x01 192.0.2.1@53", i);
		snprintf(child[i].detail, sizeof(child[i].detail), i == 1 ? "a\x1b\x9b" : "");
		snprintf(parent[i].server, sizeof(parent[i].server), "p%zu.", i);
	}
	child[3].cds = child[3].cdnskey = (delegation_rrset_t){ .proven = true };
	signaling[0] = (delegation_signaling_t){ .nameserver = "ns1.", .cds = set_of(2), .cdnskey = 2 };
	signaling[1] = (delegation_signaling_t){ .nameserver = "ns2.",
		                                 .status = DELEGATION_SIGNALING_FAILED,
		                                 .detail = "timeout" };
	for (unsigned i = 0; i < 4; i++) {
		view[i] = (delegation_view_t){ .resolver = "192.0.2.53@53", .status = i };
	}
	return (delegation_facts_t){
		.zone = { .known = true, .serial = UINT32_MAX, .ds = set_of(1), .ds_ttl = 3600 },
		.asked = DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH,
		.key = key,
		.key_count = KEYS,
		.child = child,
		.child_count = 4,
		.signaling = signaling,
		.signaling_count = 2,
		.parent = parent,
		.parent_count = 2,
		.view = view,
		.view_count = 4,
	};
}

typedef struct {
	unsigned count[4];
	evidence_seen_t first[4];
	char servers[4096];
	evidence_seen_t child[8];
} found_t;

static void find(const evidence_seen_t *seen, void *arg)
{
	found_t *found = arg;
	if (seen->part == EVIDENCE_CHILD && found->count[seen->part] < 8) {
		found->child[found->count[seen->part]] = *seen;
	}
	if (found->count[seen->part]++ == 0) {
		found->first[seen->part] = *seen;
	}
}

static char out[32768];
static evidence_judged_t judged;
static found_t found;

static void write_and_read(const delegation_facts_t *facts, const delegation_verdict_t *verdict, size_t len)
{
	memset(&found, 0, sizeof(found));
	evidence_delegation(out, len, facts, verdict, 1700000001);
	assert_true(strlen(out) < len);
	assert_true(evidence_judged(out, &judged));
	evidence_delegation_each(out, find, &found);
}

static void what_was_seen_comes_back(void **state)
{
	(void)state;
	delegation_facts_t facts = everything();
	write_and_read(&facts, NULL, sizeof(out));
	assert_int_equal(judged.time, 1700000001);
	assert_string_equal(judged.verdict, "");
	assert_true(judged.zone_known);
	assert_int_equal(judged.zone_serial, UINT32_MAX);
	assert_int_equal(judged.ds_ttl, 3600);
	assert_string_equal(judged.zone_ds,
	                    "1001 13 2 a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0");
	assert_string_equal(judged.ds_unmatched, "");
	assert_false(judged.cut);
	assert_int_equal(found.count[EVIDENCE_CHILD], 4);
	assert_int_equal(found.count[EVIDENCE_PARENT], 2);
	assert_int_equal(found.count[EVIDENCE_SIGNALING], 2);
	assert_int_equal(found.count[EVIDENCE_RESOLVER], 4);

	const evidence_seen_t *c = found.child;
	assert_string_equal(c[0].server, "ns0. \"\\? 192.0.2.1@53");
	assert_string_equal(c[0].status, "ok");
	assert_string_equal(c[0].dnskey, "1001 1002");
	assert_string_equal(c[0].signed_by, "1001");
	assert_string_equal(c[0].cds, "1002 13 2 a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
	assert_string_equal(c[0].cds_signed_by, "1001");
	assert_string_equal(c[0].cdnskey, "1002");
	assert_int_equal(c[0].inception, 1699990000);
	assert_int_equal(c[0].expires, 1700090000);
	assert_string_equal(c[1].status, "unreachable");
	assert_int_equal(c[1].unreachable_since, 1700000000);
	assert_false(c[1].has_cds);
	assert_null(strchr(c[1].detail, 0x1b));
	assert_string_equal(c[2].cdnskey, "delete");
	assert_false(c[3].has_cds || c[3].has_cdnskey);
	assert_non_null(strstr(out, "\"cds_denied\":true"));
	assert_string_equal(found.first[EVIDENCE_PARENT].ds, judged.zone_ds);
	assert_string_equal(found.first[EVIDENCE_SIGNALING].cdnskey, "1002");
	assert_string_equal(found.first[EVIDENCE_RESOLVER].status, "no-evidence");
}

static void the_verdict_comes_back_and_its_server_is_the_first(void **state)
{
	(void)state;
	delegation_facts_t facts = everything();
	delegation_verdict_t verdict = { .kind = DELEGATION_VERDICT_REJECT,
		                         .gate = DELEGATION_GATE_SIGNALS_DIFFER,
		                         .about = child[2].server,
		                         .detail = "CDS: 1002, elsewhere 1003",
		                         .answered = 3,
		                         .left_out = 1 };
	write_and_read(&facts, &verdict, sizeof(out));
	assert_string_equal(judged.verdict, "reject");
	assert_string_equal(judged.gate, "signals-differ-at");
	assert_string_equal(judged.detail, "CDS: 1002, elsewhere 1003");
	assert_int_equal(judged.answered, 3);
	assert_int_equal(judged.left_out, 1);
	assert_int_equal(found.count[EVIDENCE_CHILD], 4);
	assert_string_equal(found.child[0].server, judged.about);
	assert_memory_equal(found.child[1].server, "ns0.", 4);
	assert_memory_equal(found.child[2].server, "ns1.", 4);
	assert_memory_equal(found.child[3].server, "ns3.", 4);

	verdict = (delegation_verdict_t){ .kind = DELEGATION_VERDICT_ACCEPT, .about = "", .wanted = set_of(2) };
	write_and_read(&facts, &verdict, sizeof(out));
	assert_string_equal(judged.verdict, "accept");
	assert_string_equal(judged.wanted, found.child[0].cds);
}

static void a_ds_without_a_key_is_named(void **state)
{
	(void)state;
	delegation_facts_t facts = everything();
	facts.zone.ds = set_of(1 | 4);
	write_and_read(&facts, NULL, sizeof(out));
	assert_memory_equal(judged.ds_unmatched, "1003 13 2 a2", 12);
	/* The same tag with another digest is another key. */
	facts.zone.ds = set_of(1);
	facts.zone.ds.record[0].digest[31] ^= 1;
	write_and_read(&facts, NULL, sizeof(out));
	assert_memory_equal(judged.ds_unmatched, "1001 13 2 a0", 12);
	/* SHA-1 and SHA-384 match as well; what an unknown digest type means is not known. */
	for (unsigned type = 1; type <= 5; type++) {
		ds_record_t ds = {
			.tag = 1001, .algorithm = 13, .digest_type = type, .digest_len = type == 1 ? 20 : 48
		};
		memcpy(ds.digest, type == 1 ? key[0].sha1 : key[0].sha384, ds.digest_len);
		facts.zone.ds = (ds_set_t){ .count = 1, .record = { ds } };
		write_and_read(&facts, NULL, sizeof(out));
		assert_int_equal(judged.ds_unmatched[0] != '\0', type == 2);
	}
	/* Where nobody has answered nothing is known. */
	facts.zone.ds = set_of(4);
	facts.child_count = 2;
	child[0].status = ANSWER_ERROR;
	write_and_read(&facts, NULL, sizeof(out));
	assert_string_equal(judged.ds_unmatched, "");
}

static void it_is_json_whatever_the_room(void **state)
{
	(void)state;
	delegation_facts_t facts = everything();
	facts.child_count = facts.parent_count = SERVERS;
	for (size_t i = 0; i < SERVERS; i++) {
		child[i].cds_set = set_of(7);
		for (unsigned n = child[i].cds_set.count; n < DELEGATION_DS_MAX; n++) {
			child[i].cds_set.record[child[i].cds_set.count++] = (ds_record_t){ .tag = n, .digest_len = 48 };
		}
	}
	delegation_verdict_t verdict = { .kind = DELEGATION_VERDICT_ACCEPT, .about = "", .wanted = child[0].cds_set };
	for (size_t len = EVIDENCE_MIN; len < sizeof(out); len += 97) {
		write_and_read(&facts, &verdict, len);
		assert_true(judged.cut);
	}
	/* A child with very many answers does not push out the parent. */
	write_and_read(&facts, &verdict, sizeof(out));
	assert_int_equal(found.count[EVIDENCE_PARENT], SERVERS);
	assert_int_equal(found.count[EVIDENCE_RESOLVER], 4);
	assert_true(found.count[EVIDENCE_CHILD] > 2);
	assert_true(judged.zone_known);
}

static void nothing_is_read_from_what_is_no_survey(void **state)
{
	(void)state;
	static const char *const texts[] = { "",
		                             "{",
		                             "[]",
		                             "7",
		                             "{\"child\":[1,{},[]],\"parent\":{},\"zone_serial\":-1}",
		                             "{\"zone_serial\":1e99,\"left_out\":99999999999}" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(&judged, 0xa5, sizeof(judged));
		assert_int_equal(evidence_judged(texts[i], &judged), i >= 2);
		assert_int_equal(judged.time, 0);
		assert_int_equal(judged.zone_serial, 0);
		assert_int_equal(judged.left_out, 0);
		memset(&found, 0, sizeof(found));
		evidence_delegation_each(texts[i], find, &found);
		assert_string_equal(found.first[EVIDENCE_CHILD].server, "");
	}
}

/*! More records than fit into the reader's room are cut, and end with a zero. */
static void long_lists_are_cut(void **state)
{
	(void)state;
	size_t len = snprintf(out, sizeof(out), "{\"zone_ds\":[");
	for (unsigned i = 0; i < 150; i++) {
		len += snprintf(out + len, sizeof(out) - len, "%s\"%0150u\"", i > 0 ? "," : "", i);
	}
	snprintf(out + len, sizeof(out) - len, "]}");
	static struct {
		evidence_judged_t judged;
		char behind[32768];
	} room;
	assert_true(evidence_judged(out, &room.judged));
	assert_int_equal(strlen(room.judged.zone_ds), sizeof(room.judged.zone_ds) - 1);
	for (size_t i = 0; i < sizeof(room.behind); i++) {
		assert_int_equal(room.behind[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_seen_comes_back),
		cmocka_unit_test(the_verdict_comes_back_and_its_server_is_the_first),
		cmocka_unit_test(a_ds_without_a_key_is_named),
		cmocka_unit_test(it_is_json_whatever_the_room),
		cmocka_unit_test(nothing_is_read_from_what_is_no_survey),
		cmocka_unit_test(long_lists_are_cut),
	};
	return cmocka_run_group_tests_name("evidence of delegations", tests, NULL, NULL);
}
