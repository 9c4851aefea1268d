/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dns_signer.h"
#include "dsync.h"
#include "notify_message.h"
#include "util/notify_in.h"

/*! Keeps what is behind the bytes away from the reader: a copy of the exact size. */
static const char *parse(const void *data, size_t len, dsync_t *dsync)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	assert_non_null(exact);
	memcpy(exact, data, len);
	const char *error = dsync_parse(exact, len, dsync);
	free(exact);
	return error;
}

/* -- records ---------------------------------------------------------------- */

/*! CDS NOTIFY 5359 cds-scanner.example.net. */
static const char VECTOR[] = "\0\x3b\1\x14\xef\x0b"
			     "cds-scanner\7example\3net";

#define TEXT_MAX 300

/*! Presentation form (RFC 9859 2.2). */
static void text_of(const dsync_t *dsync, char out[TEXT_MAX])
{
	char type[16], scheme[8] = "NOTIFY";
	if (knot_rrtype_to_string(dsync->rrtype, type, sizeof(type)) < 0) {
		snprintf(type, sizeof(type), "TYPE%u", dsync->rrtype);
	}
	if (dsync->scheme != DSYNC_SCHEME_NOTIFY) {
		snprintf(scheme, sizeof(scheme), "%u", dsync->scheme);
	}
	knot_dname_txt_storage_t target;
	assert_non_null(knot_dname_to_str(target, dsync->target, sizeof(target)));
	snprintf(out, TEXT_MAX, "%s %s %u %.255s", type, scheme, dsync->port, target);
}

static void a_record_is_read_and_printed(void **state)
{
	(void)state;
	static const struct {
		const char *rdata;
		size_t len;
		const char *text;
		const char *unusable;
		/* clang-format off */
	} CASES[] = {
		{ VECTOR, sizeof(VECTOR), "CDS NOTIFY 5359 cds-scanner.example.net.", NULL },
		{ "\0\x3b\1\0\x35\1A\0", 8, "CDS NOTIFY 53 a.", NULL },
		{ "\0\x3b\1\xff\xff\0", 6, "CDS NOTIFY 65535 .", NULL },
		{ "\0\x3b\0\0\x35\1a\0", 8, "CDS 0 53 a.", "scheme is not NOTIFY" },
		{ "\0\x3b\5\0\x35\1a\0", 8, "CDS 5 53 a.", "scheme is not NOTIFY" },
		{ "\0\x3b\xc8\0\x35\1a\0", 8, "CDS 200 53 a.", "scheme is not NOTIFY" },
		{ "\0\x3b\1\0\0\1a\0", 8, "CDS NOTIFY 0 a.", "port is 0" },
		{ "\0\x3e\1\0\x35\1a\0", 8, "CSYNC NOTIFY 53 a.", "is not about CDS" },
		{ "\0\x3c\1\0\x35\1a\0", 8, "CDNSKEY NOTIFY 53 a.", "is not about CDS" },
		{ "\xff\0\1\0\x35\1a\0", 8, "TYPE65280 NOTIFY 53 a.", "is not about CDS" },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		dsync_t dsync;
		char text[TEXT_MAX];
		assert_null(parse(CASES[i].rdata, CASES[i].len, &dsync));
		text_of(&dsync, text);
		assert_string_equal(text, CASES[i].text);
		if (CASES[i].unusable == NULL) {
			assert_null(dsync_unusable(&dsync));
		} else {
			assert_string_equal(dsync_unusable(&dsync), CASES[i].unusable);
		}
	}
}

static void a_malformed_record_is_refused_with_the_reason(void **state)
{
	(void)state;
	static const struct {
		const char *rdata;
		size_t len;
		const char *error;
		/* clang-format off */
	} CASES[] = {
		{ "", 0, "RDATA is too short" },
		{ "\0\x3b", 2, "RDATA is too short" },
		{ "\0\x3b\1\0\x35", 5, "RDATA is too short" },
		/* No end of the name, a label beyond the end, a pointer, a label type of 0x40. */
		{ "\0\x3b\1\0\x35\1", 6, "target is no uncompressed name" },
		{ "\0\x3b\1\0\x35\1a", 7, "target is no uncompressed name" },
		{ "\0\x3b\1\0\x35\5a\0", 8, "target is no uncompressed name" },
		{ "\0\x3b\1\0\x35\xc0\0", 7, "target is no uncompressed name" },
		{ "\0\x3b\1\0\x35\1a\xc0\0", 9, "target is no uncompressed name" },
		{ "\0\x3b\1\0\x35\x41" "a\0", 8, "target is no uncompressed name" },
		{ "\0\x3b\1\0\x35\1a\0\0", 9, "data after the target" },
		{ "\0\x3b\1\0\x35\0\1a\0", 9, "data after the target" },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		dsync_t dsync;
		const char *error = parse(CASES[i].rdata, CASES[i].len, &dsync);
		assert_non_null(error);
		assert_string_equal(error, CASES[i].error);
	}

	/* Every part of a good one. */
	for (size_t len = 0; len < sizeof(VECTOR); len++) {
		dsync_t dsync;
		assert_non_null(parse(VECTOR, len, &dsync));
	}
}

/*! A name of the given size: labels of 63 as long as they fit, a shorter one in front. */
static size_t long_name(knot_dname_t *name, size_t size)
{
	size_t at = 0, left = size - 1;
	while (left > 0) {
		size_t label = left % 64 != 0 ? left % 64 - 1 : 63;
		assert_true(label > 0);
		name[at++] = label;
		memset(name + at, 'a', label);
		at += label;
		left -= label + 1;
	}
	name[at] = 0;
	return at + 1;
}

static void a_target_may_have_255_octets_and_no_more(void **state)
{
	(void)state;
	uint8_t rdata[5 + 300] = { 0, 0x3b, 1, 0, 53 };
	dsync_t dsync;
	assert_int_equal(long_name(rdata + 5, 255), 255);
	assert_null(parse(rdata, 5 + 255, &dsync));
	assert_int_equal(knot_dname_size(dsync.target), 255);
	assert_int_equal(long_name(rdata + 5, 256), 256);
	assert_non_null(parse(rdata, 5 + 256, &dsync));

	/* The longest there is in text: every octet an escape. */
	memset(rdata + 5, 0, sizeof(rdata) - 5);
	for (size_t i = 0; i < 127; i++) {
		rdata[5 + 2 * i] = 1;
	}
	assert_null(parse(rdata, 5 + 255, &dsync));
}

/* -- search ----------------------------------------------------------------- */

#define NO_SOA ""

/*! Every name asked, and who owns the SOA of the negative answer to it. */
static const struct {
	const char *child;
	struct {
		const char *query;
		const char *soa;
	} step[DSYNC_QUERIES_MAX + 1];
	/* clang-format off */
} SEARCHES[] = {
	/* The parent is one label away. */
	{ "child.example.", {
		{ "child._dsync.example.", "example." },
		{ "_dsync.example.", "example." } } },
	/* A TLD: the parent has no labels. */
	{ "se.", { { "se._dsync.", "." }, { "_dsync.", "." } } },
	/* The parent is above: the example of RFC 9859 4.1. */
	{ "subsub.sub.child.example.", {
		{ "subsub._dsync.sub.child.example.", "example." },
		{ "subsub.sub.child._dsync.example.", "example." },
		{ "_dsync.example.", "example." } } },
	{ "a.b.example.", {
		{ "a._dsync.b.example.", "." },
		{ "a.b.example._dsync.", "." },
		{ "_dsync.", "." } } },
	/* The same name, but there is a zone in between. */
	{ "subsub.sub.child.example.", {
		{ "subsub._dsync.sub.child.example.", "sub.child.example." },
		{ "_dsync.sub.child.example.", "sub.child.example." } } },
	/* _dsync is a zone of its own. */
	{ "child.example.", {
		{ "child._dsync.example.", "_dsync.example." },
		{ "_dsync.example.", "_dsync.example." } } },
	{ "a.b.example.", {
		{ "a._dsync.b.example.", "example." },
		{ "a.b._dsync.example.", "_dsync.example." },
		{ "_dsync.example.", "_dsync.example." } } },
	{ "se.", { { "se._dsync.", "_dsync." }, { "_dsync.", "_dsync." } } },
	/* So are names below it. */
	{ "child.example.", {
		{ "child._dsync.example.", "child._dsync.example." },
		{ "_dsync.example.", "_dsync.example." } } },
	{ "a.b.example.", {
		{ "a._dsync.b.example.", "example." },
		{ "a.b._dsync.example.", "b._dsync.example." },
		{ "_dsync.example.", "example." } } },
	/* An alias leads elsewhere, or nobody says whose answer it is. */
	{ "child.example.", {
		{ "child._dsync.example.", "other.test." },
		{ "_dsync.example.", NO_SOA } } },
	/* Known late only. */
	{ "a.b.example.", {
		{ "a._dsync.b.example.", NO_SOA },
		{ "_dsync.b.example.", "example." },
		{ "a.b._dsync.example.", "example." } } },
	/* Answers that contradict each other come to an end as well. */
	{ "a.b.c.example.", {
		{ "a._dsync.b.c.example.", "c.example." },
		{ "a.b._dsync.c.example.", "example." },
		{ "a.b.c._dsync.example.", "." } } },
	/* A child named as if it were ours. */
	{ "_dsync.example.", {
		{ "_dsync._dsync.example.", "_dsync.example." },
		{ "_dsync.example.", "example." } } },
	{ "a._dsync.example.", {
		{ "a._dsync._dsync.example.", "example." },
		{ "a._dsync._dsync.example.", "example." },
		{ "_dsync.example.", "example." } } },
	/* Case does not matter. */
	{ "Child.EXAMPLE.", {
		{ "child._dsync.example.", "eXample." },
		{ "_dsync.example.", "Example." } } },
	{ "A.B.EXAMPLE.", {
		{ "a._dsync.b.example.", "EXAMPLE." },
		{ "a.b._dsync.example.", "EXAMPLE." },
		{ "_dsync.example.", "EXAMPLE." } } },
};
/* clang-format on */

static void the_search_asks_for_these_names_and_no_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(SEARCHES) / sizeof(SEARCHES[0]); i++) {
		dsync_search_t search;
		int ret = dsync_search_begin(&search, N(SEARCHES[i].child));
		unsigned step = 0;
		for (; SEARCHES[i].step[step].query != NULL; step++) {
			knot_dname_txt_storage_t text;
			const char *soa = SEARCHES[i].step[step].soa;
			assert_int_equal(ret, KNOT_EOK);
			assert_non_null(knot_dname_to_str(text, search.query, sizeof(text)));
			assert_string_equal(text, SEARCHES[i].step[step].query);
			ret = dsync_search_next(&search, *soa != '\0' ? N(soa) : NULL);
		}
		assert_int_equal(ret, KNOT_ENOENT);
		assert_true(step <= DSYNC_QUERIES_MAX);
	}
}

static void the_root_has_no_parent_to_notify(void **state)
{
	(void)state;
	dsync_search_t search;
	assert_int_equal(dsync_search_begin(&search, N(".")), KNOT_ENOENT);
	assert_int_equal(dsync_search_next(&search, NULL), KNOT_ENOENT);
}

static void a_name_that_would_exceed_255_octets_is_not_asked_for(void **state)
{
	(void)state;
	knot_dname_t child[300];
	dsync_search_t search;

	long_name(child, 255 - 7);
	assert_int_equal(dsync_search_begin(&search, child), KNOT_EOK);
	assert_int_equal(knot_dname_size(search.query), 255);
	assert_int_equal(dsync_search_next(&search, N(".")), KNOT_EOK);
	assert_int_equal(knot_dname_size(search.query), 255);
	assert_int_equal(dsync_search_next(&search, N(".")), KNOT_EOK);
	assert_true(knot_dname_is_equal(search.query, N("_dsync.")));

	for (size_t size = 255 - 6; size <= 255; size++) {
		if (size % 64 == 2 || size % 64 == 1) {
			continue;
		}
		long_name(child, size);
		assert_int_equal(dsync_search_begin(&search, child), KNOT_ESPACE);
	}
}

/* -- message ---------------------------------------------------------------- */

static void the_message_is_exactly_this(void **state)
{
	(void)state;
	/* Opcode 4, AA; one question, CDS, IN; nothing else. */
	static const char PLAIN[] = "\x12\x34\x24\0\0\1\0\0\0\0\0\0"
				    "\5child\7example\0\0\x3b\0\1";
	uint8_t wire[MESSAGE_MAX];
	size_t len = 0;

	assert_int_equal(message_make(N("child.example."), 0x1234, NULL, wire, &len), KNOT_EOK);
	assert_int_equal(len, sizeof(PLAIN) - 1);
	assert_memory_equal(wire, PLAIN, len);

	/* The longest. */
	knot_dname_t name[300];
	long_name(name, 255);
	assert_int_equal(message_make(name, 1, N("."), wire, &len), KNOT_EOK);
	assert_int_equal(len, 12 + 255 + 4);
}

/*! RFC 9567 5: option 18, the domain as it is on the wire, and nothing else in OPT. */
static void the_agent_domain_goes_in_report_channel(void **state)
{
	(void)state;
	static const char WITH[] = "\x12\x34\x24\0\0\1\0\0\0\0\0\1"
				   "\5child\7example\0\0\x3b\0\1"
				   "\0\0\x29\x04\xd0\0\0\0\0\0\x13\0\x12\0\x0f"
				   "\2er\3ns1\2de\3net";
	uint8_t wire[MESSAGE_MAX];
	size_t len = 0;

	assert_int_equal(message_make(N("child.example."), 0x1234, N("er.ns1.de.net."), wire, &len), KNOT_EOK);
	assert_int_equal(len, sizeof(WITH));
	assert_memory_equal(wire, WITH, len);

	/* The longest, of which the receiving side reads the same. */
	knot_dname_t name[300];
	knot_dname_storage_t agent;
	long_name(name, 255);
	assert_int_equal(message_make(name, 1, name, wire, &len), KNOT_EOK);
	assert_int_equal(len, MESSAGE_MAX);
	if (KNOT_EDNS_MAX_OPTION_CODE < 18) {
		return;
	}
	knot_pkt_t *pkt = knot_pkt_new(wire, len, NULL);
	assert_int_equal(knot_pkt_parse(pkt, 0), KNOT_EOK);
	assert_true(notify_in_is(pkt));
	assert_int_equal(notify_in_agent(pkt, agent), 255);
	assert_true(knot_dname_is_case_equal(agent, name));
	knot_pkt_free(pkt);
}

static message_match_t match(const void *data, size_t len, uint16_t *rcode)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	assert_non_null(exact);
	memcpy(exact, data, len);
	message_match_t out = message_match(exact, len, N("child.example."), 0x1234, rcode);
	free(exact);
	return out;
}

#define QUESTION      "\5child\7example\0\0\x3b\0\1"
#define WITH_OPT(ext) "\0\0\x29\x04\xd0" ext "\0\0\0\0\0"

static void only_the_answer_to_the_message_counts(void **state)
{
	(void)state;
	static const struct {
		const char *wire;
		size_t len;
		message_match_t match;
		uint16_t rcode;
	} CASES[] = {
#define CASE(wire, match, rcode) { wire, sizeof(wire) - 1, match, rcode }
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_ANSWER, 0),
		CASE("\x12\x34\xa0\0\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_ANSWER, 0),
		CASE("\x12\x34\xa4\5\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_ANSWER, 5),
		CASE("\x12\x34\xa4\4\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_ANSWER, 4),
		/* Names keep the case of somebody or not. */
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\0"
		     "\5cHILd\7eXAMPLE\0\0\x3b\0\1",
		     MESSAGE_ANSWER, 0),
		/* An extended RCODE is not NOERROR: BADVERS. */
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\1" QUESTION WITH_OPT("\1"), MESSAGE_ANSWER, 16),
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\1" QUESTION WITH_OPT("\0"), MESSAGE_ANSWER, 0),
		CASE("\x12\x34\xa6\0\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_TRUNCATED, 0),
		/* Who does not know the opcode may leave out the question; nobody else. */
		CASE("\x12\x34\xa0\4\0\0\0\0\0\0\0\0", MESSAGE_ANSWER, 4),
		CASE("\x12\x34\xa0\1\0\0\0\0\0\0\0\0", MESSAGE_ANSWER, 1),
		CASE("\x12\x34\xa4\0\0\0\0\0\0\0\0\0", MESSAGE_OTHER, 0),
		CASE("\x12\x34\xa4\5\0\0\0\0\0\0\0\0", MESSAGE_OTHER, 0),
		/* Another ID, a message and no answer, another opcode. */
		CASE("\x12\x35\xa4\0\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_OTHER, 0),
		CASE("\x34\x12\xa4\0\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_OTHER, 0),
		CASE("\x12\x34\x24\0\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_OTHER, 0),
		CASE("\x12\x34\x84\0\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_OTHER, 0),
		CASE("\x12\x34\xac\0\0\1\0\0\0\0\0\0" QUESTION, MESSAGE_OTHER, 0),
		/* Another name, type (SOA, CDNSKEY), class; two questions. */
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\0"
		     "\5chilD\7example\1a\0\0\x3b\0\1",
		     MESSAGE_OTHER, 0),
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\0"
		     "\5other\7example\0\0\x3b\0\1",
		     MESSAGE_OTHER, 0),
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\0"
		     "\5child\7example\0\0\6\0\1",
		     MESSAGE_OTHER, 0),
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\0"
		     "\5child\7example\0\0\x3c\0\1",
		     MESSAGE_OTHER, 0),
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\0"
		     "\5child\7example\0\0\x3b\0\3",
		     MESSAGE_OTHER, 0),
		CASE("\x12\x34\xa4\0\0\2\0\0\0\0\0\0" QUESTION QUESTION, MESSAGE_OTHER, 0),
		/* Counters that promise more, bytes that are too many. */
		CASE("\x12\x34\xa4\0\0\1\0\1\0\0\0\0" QUESTION, MESSAGE_OTHER, 0),
		CASE("\x12\x34\xa4\0\0\1\0\0\0\0\0\0" QUESTION "x", MESSAGE_OTHER, 0),
	};
	uint16_t rcode = 99;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		message_match_t got = match(CASES[i].wire, CASES[i].len, &rcode);
		if (got != CASES[i].match) {
			fail_msg("case %zu: %d", i, got);
		}
		if (got != MESSAGE_OTHER) {
			assert_int_equal(rcode, CASES[i].rcode);
		}
	}

	/* Every part of a good one. */
	for (size_t len = 0; len < CASES[0].len; len++) {
		assert_int_equal(match(CASES[0].wire, len, &rcode), MESSAGE_OTHER);
	}
}

static void every_status_has_a_name_and_a_meaning(void **state)
{
	(void)state;
	for (int i = 0; i < NOTIFY__COUNT; i++) {
		assert_non_null(notify_status_name(i));
		assert_non_null(notify_status_meaning(i));
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(notify_status_name(i), notify_status_name(j));
		}
	}
	assert_string_equal(notify_status_name(NOTIFY__COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_read_and_printed),
		cmocka_unit_test(a_malformed_record_is_refused_with_the_reason),
		cmocka_unit_test(a_target_may_have_255_octets_and_no_more),
		cmocka_unit_test(the_search_asks_for_these_names_and_no_others),
		cmocka_unit_test(the_root_has_no_parent_to_notify),
		cmocka_unit_test(a_name_that_would_exceed_255_octets_is_not_asked_for),
		cmocka_unit_test(the_message_is_exactly_this),
		cmocka_unit_test(the_agent_domain_goes_in_report_channel),
		cmocka_unit_test(only_the_answer_to_the_message_counts),
		cmocka_unit_test(every_status_has_a_name_and_a_meaning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
