/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was seen is written and read back; the text is JSON whatever the room; the reader takes any bytes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kskroll/evidence.h"

#define SERVERS 40

static child_answer_t child[SERVERS];
static parent_answer_t parent[SERVERS];

/*! Everything that is written at all, and texts that have to be escaped. */
static rollover_facts_t everything(void)
{
	for (size_t i = 0; i < SERVERS; i++) {
		child[i] = (child_answer_t){
			.status = i % 2 == 0 ? ANSWER_OK : ANSWER_UNREACHABLE,
			.unreachable_since = i % 2 == 0 ? 0 : 1700000000,
			.dnskey = 3,
			.dnskey_signed_by = 1,
			.dnskey_ttl = 300,
			.serial_known = i != 4,
			.serial = i == 0 ? UINT32_MAX : i,
			.data_algorithms = i == 0 ? UINT32_MAX :
			                   i == 2 ? 0 :
			                            ALGSET_OF(8) | ALGSET_OF(13),
			.cds = { .present = true, .unwanted = i == 0, .keys = 2 },
			.cdnskey = { .unanswered = i == 2 },
		};
		parent[i] = (parent_answer_t){
			.status = ANSWER_OK,
			.ds = 1,
			.ds_ttl = 3600,
			.ds_foreign = i == 1,
			.ds_sha1 = i == 2 ? 2 : 0,
			.no_referral = i == 3,
			.ds_ignored = i == 4,
		};
		snprintf(child[i].server, sizeof(child[i].server), "ns%zu. \"\\\x01", i);
		snprintf(child[i].detail, sizeof(child[i].detail), "a\x1b\x9b");
		snprintf(parent[i].server, sizeof(parent[i].server), "p%zu.", i);
	}
	rollover_facts_t facts = {
		.keys = { { .tag = 1001 }, { .tag = 1002 } },
		.key_count = 2,
		.own = { .dnskey = 7,
		         .dnskey_ttl = 300,
		         .policy = POLICY_LOW_TTL,
		         .cds = { .present = true, .keys = 2 } },
		.asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		.no_route = ROUTE_IPV4 | ROUTE_IPV6,
		.watch = { .answered = 3, .failing = 1, .parent_ok = true },
		.child = child,
		.child_count = SERVERS,
		.parent = parent,
		.parent_count = SERVERS,
	};
	memset(facts.watch.detail, '\x7f', sizeof(facts.watch.detail) - 1);
	memset(facts.discovery_detail, '\x01', sizeof(facts.discovery_detail) - 1);
	return facts;
}

/*! All 32 that there can be have room. */
static void check_data(const evidence_answer_t *answer, unsigned i)
{
	char serial[16];
	snprintf(serial, sizeof(serial), "%u", i == 0 ? UINT32_MAX : i);
	if (i % 2 != 0 || i == 4) {
		assert_string_equal(answer->serial, "");
		assert_string_equal(answer->data_algorithms, "");
	} else {
		assert_string_equal(answer->serial, serial);
		assert_string_equal(answer->data_algorithms,
		                    i == 0 ? "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, "
		                             "20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31" :
		                    i == 2 ? "" :
		                             "8, 13");
	}
}

static void count(const evidence_answer_t *answer, void *arg)
{
	unsigned *counts = arg;
	char server[SERVER_NAME_MAX];
	unsigned i = counts[answer->parent]++;

	assert_string_equal(answer->ttl, answer->parent ? "3600" : i % 2 == 0 ? "300" : "");
	if (answer->parent) {
		snprintf(server, sizeof(server), "p%u.", i);
		assert_string_equal(answer->ds, "1001");
		assert_int_equal(answer->differs, i == 1);
		assert_string_equal(answer->ds_sha1, i == 2 ? "1002" : "");
		assert_int_equal(answer->incomplete, i == 3);
	} else {
		snprintf(server, sizeof(server), "ns%u. \"\\?", i);
		assert_string_equal(answer->detail, "a??");
		assert_string_equal(answer->status, i % 2 == 0 ? "ok" : "unreachable");
		assert_int_equal(answer->unreachable_since, i % 2 == 0 ? 0 : 1700000000);
		assert_string_equal(answer->dnskey, i % 2 == 0 ? "1001 1002" : "");
		assert_string_equal(answer->signed_by, i % 2 == 0 ? "1001" : "");
		assert_string_equal(answer->cds, i == 0 ? "1002 and others" : i % 2 == 0 ? "1002" : "");
		assert_int_equal(answer->incomplete, i == 2);
		assert_int_equal(answer->differs, i % 2 == 0);
		check_data(answer, i);
	}
	assert_string_equal(answer->server, server);
}

static void what_was_written_is_read(void **state)
{
	(void)state;
	static char text[65536];
	const rollover_facts_t facts = everything();
	unsigned counts[2] = { 0 };
	evidence_own_t own;

	evidence_write(text, sizeof(text), &facts, "example.", "[{\"server\":\"ns.\",\"status\":\"ok\"}]", 1800000000);
	assert_int_equal(evidence_each(text, count, counts), 1800000000);
	assert_int_equal(counts[0], SERVERS);
	assert_int_equal(counts[1], SERVERS);
	assert_null(strstr(text, "\"cut\""));
	assert_non_null(strstr(text, "\"own_policy\":\"ttl\""));
	const char *ignored = strstr(text, "\"ds_ignored\":true");
	assert_non_null(ignored);
	assert_null(strstr(ignored + 2, "ds_ignored"));
	assert_true(evidence_own(text, &own));
	assert_string_equal(own.dnskey, "1001 1002");
	assert_string_equal(own.ttl, "300");
	assert_string_equal(own.cds, "1002");
	assert_string_equal(own.signaling, "ns. ok");

	time_t newest = 1800000001;
	unsigned routes = 0;
	evidence_no_route(text, &newest, &routes);
	assert_int_equal(routes, 0);
	newest--;
	evidence_no_route(text, &newest, &routes);
	assert_int_equal(routes, ROUTE_IPV4 | ROUTE_IPV6);
	evidence_no_route("{\"time\":1800000001,\"no_route\":[\"IPv6\"]}", &newest, &routes);
	assert_int_equal(routes, ROUTE_IPV6);
	assert_int_equal(newest, 1800000001);
	assert_memory_equal(own.watch, "2 of 3 resolvers find it secure: ????", 37);
}

static void what_is_not_there_is_not_read(void **state)
{
	(void)state;
	char text[EVIDENCE_MIN];
	evidence_own_t own;
	rollover_facts_t facts = { .own = { .cds = { .present = true } } };
	unsigned counts[2] = { 0 };

	evidence_write(text, sizeof(text), &facts, "example.", NULL, 1800000000);
	memset(&own, 'x', sizeof(own));
	assert_true(evidence_own(text, &own));
	assert_string_equal(own.dnskey, "");
	assert_string_equal(own.cds, "unknown");
	assert_string_equal(own.watch, "");
	assert_string_equal(own.signaling, "");
	assert_int_equal(evidence_each(text, count, counts), 1800000000);
	assert_int_equal(counts[0] + counts[1], 0);

	facts.asked = SURVEY_WATCH;
	facts.watch = (watch_facts_t){ .answered = 2, .failing = 2 };
	evidence_write(text, sizeof(text), &facts, "example.", NULL, 1800000000);
	assert_true(evidence_own(text, &own));
	assert_string_equal(own.watch, "0 of 2 resolvers find it secure; the parent does not validate");
	facts.watch.detail[0] = 'x';
	evidence_write(text, sizeof(text), &facts, "example.", NULL, 1800000000);
	assert_true(evidence_own(text, &own));
	assert_string_equal(own.watch, "0 of 2 resolvers find it secure; the parent does not validate: x");

	memset(&own, 'x', sizeof(own));
	assert_false(evidence_own("{", &own));
	assert_string_equal(own.dnskey, "");
	assert_string_equal(own.ttl, "");
	assert_string_equal(own.cds, "");
}

static void signaling_names_have_room_whatever_they_are(void **state)
{
	(void)state;
	static dsboot_name_t names[DSBOOT_NAMES_MAX];
	static char text[1 << 18];
	const rollover_facts_t facts = { .key_count = 0 };
	evidence_own_t own;

	for (unsigned i = 0; i < DSBOOT_NAMES_MAX; i++) {
		memset(names[i].ns, i == 0 ? 'a' : '\x01', i == 1 ? sizeof(names[i].ns) - 1 : 3);
		names[i].status = i % DSBOOT__COUNT;
	}
	for (unsigned count = 0; count <= DSBOOT_NAMES_MAX; count++) {
		char *list = evidence_signaling(&(dsboot_result_t){ .name = names, .count = count });
		assert_non_null(list);
		assert_non_null(json_read(list));
		unsigned found = 0;
		for (json_value_t v = json_element(list, NULL); v != NULL; v = json_element(list, v)) {
			char status[32];
			assert_true(json_text(json_member(v, "status"), status, sizeof(status)));
			assert_string_equal(status, dsboot_status_name(names[found++].status));
		}
		assert_int_equal(found, count);
		if (count == 1) {
			evidence_write(text, sizeof(text), &facts, "", list, 1800000000);
			assert_true(evidence_own(text, &own));
			assert_string_equal(own.signaling, "aaa ok");
		}
		free(list);
	}
}

static void a_buffer_is_used_to_its_end_and_not_beyond(void **state)
{
	(void)state;
	char out[8];

	for (size_t len = 1; len <= sizeof(out); len++) {
		memset(out, 'x', sizeof(out));
		json_t json = json_to_buffer(out, len);
		assert_string_equal(out, "");
		json_open(&json, NULL, '[');
		json_number(&json, NULL, 12);
		json_t mark = json;
		json_number(&json, NULL, 34);
		json_close(&json, ']');
		assert_int_equal(json.full, len < sizeof("[12,34]"));
		assert_int_equal(json_fits(&json, &mark, 1), len >= sizeof("[12,34]"));
		assert_string_equal(out, len >= sizeof("[12,34]") ? "[12,34]" :
		                         len >= sizeof("[12")     ? "[12" :
		                         len > 1                  ? "[" :
		                                                    "");
		for (size_t i = len; i < sizeof(out); i++) {
			assert_int_equal(out[i], 'x');
		}
	}
}

static void there_is_always_json_and_what_fits_is_whole(void **state)
{
	(void)state;
	static char text[65536], parent_zone[256], signaling[3000];
	const rollover_facts_t facts = everything();
	unsigned most = 0;

	memset(parent_zone, '\x01', sizeof(parent_zone) - 1);
	snprintf(signaling, sizeof(signaling), "[{\"server\":\"%2900s\"}]", "");
	for (size_t len = EVIDENCE_MIN; len < 32768; len += 37) {
		unsigned counts[2] = { 0 };
		memset(text, 'x', sizeof(text));
		evidence_write(text, len, &facts, parent_zone, len % 2 == 0 ? signaling : NULL, 1800000000);
		assert_true(strlen(text) < len);
		assert_non_null(json_read(text));
		assert_int_equal(evidence_each(text, count, counts), 1800000000);
		assert_int_equal(strstr(text, ",\"cut\":true}") != NULL, counts[0] + counts[1] < 2 * SERVERS);
		assert_true(counts[1] == 0 || counts[0] == SERVERS);
		if (len % 2 != 0) {
			assert_true(counts[0] + counts[1] >= most);
			most = counts[0] + counts[1];
		}
	}
	assert_int_equal(most, 2 * SERVERS);
}

static void a_notification_is_read_as_a_line(void **state)
{
	(void)state;
	char text[2048], event[4096], line[1024];
	notify_result_t r = { .status = NOTIFY_REFUSED, .rcode = 5, .tries = 2, .elapsed_ms = 12 };

	snprintf(r.target, sizeof(r.target), "scanner.example.");
	snprintf(r.server, sizeof(r.server), "192.0.2.61@53");
	memset(r.detail, '\x01', sizeof(r.detail) - 1);
	evidence_notification(text, sizeof(text), &r, 1800000000);
	assert_int_equal(evidence_say_notification(json_read(text), line, sizeof(line)), 1800000000);
	assert_memory_equal(line,
	                    "refused, target scanner.example. at 192.0.2.61@53, REFUSED, sent 2, took 12 ms, ????", 82);
	evidence_notified(event, sizeof(event), text, 1800000001);
	const json_value_t found = evidence_find_notification(event);
	assert_non_null(found);
	assert_int_equal(json_length(found), strlen(text));
	assert_memory_equal(found, text, strlen(text));
	/* Long names and details: what explains goes first. */
	memset(r.dsync_owner, '\x01', sizeof(r.dsync_owner) - 1);
	evidence_notification(text, sizeof(text), &r, 1800000000);
	assert_non_null(json_read(text));
	assert_non_null(strstr(text, "\"cut\":true"));
	assert_null(evidence_find_notification("{\"notification\":3}"));
	assert_int_equal(evidence_say_notification(NULL, line, sizeof(line)), 0);
	assert_string_equal(line, "");
}

static void what_is_no_json_is_not_read(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",        " ",         "{",           "[",          "[1",    "[1,",       "[1,]",  "[,]",
		"{,}",     "{\"a\"}",   "{\"a\":}",    "{\"a\":1,}", "{1:2}", "{\"a\" 1}", "\"",    "\"\\",
		"\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u\"",    "01",    "-",         "1.",    ".5",
		"1e",      "1e+",       "+1",          "nul",        "truth", "1 2",       "[] []", "{}}",
		"[}",      "{]",        "'a'",         "\"a\" x",    "NaN",   "[1 2]",     "[1\v]",
	};
	static const char *const right[] = {
		"{}",
		"[]",
		" [ ] ",
		"0",
		"-0.5e-7",
		"1E5",
		"\"\"",
		"\"\\u00e9\\\\\\\"\"",
		"true",
		"null",
		"[1 , \"a\"\t, {\"b\" : [ ] } ]\r\n",
	};
	char deep[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (json_read(wrong[i]) != NULL) {
			fail_msg("%s is taken for JSON", wrong[i]);
		}
	}
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		if (json_read(right[i]) == NULL) {
			fail_msg("%s is not taken for JSON", right[i]);
		}
	}
	for (size_t depth = 1; depth < 80; depth++) {
		memset(deep, '[', depth);
		memset(deep + depth, ']', depth);
		deep[2 * depth] = '\0';
		assert_int_equal(json_read(deep) != NULL, depth <= 32);

		char objects[6 * 80 + 2] = "";
		for (size_t i = 0; i < depth; i++) {
			memcpy(objects + 5 * i, "{\"a\":", 5);
		}
		objects[5 * depth] = '1';
		memset(objects + 5 * depth + 1, '}', depth);
		assert_int_equal(json_read(objects) != NULL, depth <= 32);
	}
	/* A million brackets need no million frames. */
	char *many = malloc(1000001);
	memset(many, '[', 1000000);
	many[1000000] = '\0';
	assert_null(json_read(many));
	free(many);
}

static void a_fault_of_json_is_where_it_is(void **state)
{
	(void)state;
	/* The fault is at the character behind the bar. */
	static const char *const texts[] = {
		"|",          "|<html>",        "{\"a\": |}",    "{\"a\": 1,\n|b}",
		"{\"a\" |1}", "[1, 2 |3]",      "[1, |\"x",      "[1, {\"a\": |tru}]",
		"{} |x",      "{\"a\": [1, 2|", "{|\"a\\x\":1}", "{\"a\": |\"\\x\"}",
		"[|nul]",     "{\"a\"|",        "[1,|]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[64];
		const char *bar = strchr(texts[i], '|'), *fault = NULL;
		snprintf(text, sizeof(text), "%.*s%s", (int)(bar - texts[i]), texts[i], bar + 1);
		assert_null(json_read_or(text, &fault));
		if (fault - text != bar - texts[i]) {
			fail_msg("%s: the fault is said to be at %td", texts[i], fault - text);
		}
	}
}

static void values_are_found_and_cut(void **state)
{
	(void)state;
	const json_value_t all = json_read(
		" {\"a}\":\"x\\\"]\", \"list\" : [1,\"\\u0041\\t\\u00e9\\u0100\\u20ad\\udfff\\u0000\", {\"a\":2} ,-7],"
		"\"n\":12345678901234567890,\"t\":true,\"a\":3,\"a\":4}");
	char text[16], small[4];

	assert_non_null(all);
	assert_true(json_text(json_member(all, "a}"), text, sizeof(text)));
	assert_string_equal(text, "x\"]");
	assert_int_equal(json_integer(json_member(all, "a")), 3);
	assert_int_equal(json_integer(json_member(all, "n")), 0);
	assert_true(json_true(json_member(all, "t")));
	assert_false(json_true(json_member(all, "a")));
	assert_null(json_member(all, "lis"));
	assert_null(json_member(json_member(all, "list"), "a"));
	assert_null(json_element(all, NULL));
	assert_null(json_member(NULL, "a"));

	const json_value_t list = json_member(all, "list");
	json_value_t v = json_element(list, NULL);
	assert_int_equal(json_integer(v), 1);
	v = json_element(list, v);
	assert_true(json_text(v, text, sizeof(text)));
	assert_string_equal(text, "A?\xc3\xa9\xc4\x80\xe2\x82\xad??");
	assert_true(json_text(v, small, sizeof(small)));
	assert_string_equal(small, "A?");
	assert_int_equal(json_integer(v), 0);
	v = json_element(list, v);
	assert_false(json_text(v, text, sizeof(text)));
	assert_string_equal(text, "");
	assert_int_equal(json_integer(json_member(v, "a")), 2);
	v = json_element(list, v);
	assert_int_equal(json_integer(v), -7);
	assert_null(json_element(list, v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(what_is_not_there_is_not_read),
		cmocka_unit_test(signaling_names_have_room_whatever_they_are),
		cmocka_unit_test(a_buffer_is_used_to_its_end_and_not_beyond),
		cmocka_unit_test(there_is_always_json_and_what_fits_is_whole),
		cmocka_unit_test(a_notification_is_read_as_a_line),
		cmocka_unit_test(what_is_no_json_is_not_read),
		cmocka_unit_test(a_fault_of_json_is_where_it_is),
		cmocka_unit_test(values_are_found_and_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
