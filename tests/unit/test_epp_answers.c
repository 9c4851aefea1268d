/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a session takes from answers: results, a domain, its DS and TTL, messages of the queue. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "epp_case.h"
#include "util/knot.h"

#define INFO   ((epp_command_t){ .verb = EPP_INFO, .domain = "a.test" })
#define UPDATE ((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .ttl_what = EPP_TTL_DEFAULT })
#define POLL   ((epp_command_t){ .verb = EPP_POLL })
#define ACK    ((epp_command_t){ .verb = EPP_ACK, .id = "7" })

#define DOMAIN(name, more)                                                                                             \
	"<resData><domain:infData xmlns:domain=\"" NS "domain-1.0\"><domain:name>" name "</domain:name>"               \
	"<domain:roid>A1-TEST</domain:roid>" more "<domain:clID>client</domain:clID></domain:infData></resData>"
#define EXTENSION(x) "<extension>" x "</extension>"
#define INF_DATA(x)  "<s:infData xmlns:s=\"" NS "secDNS-1.1\">" x "</s:infData>"
#define DS(digest)                                                                                                     \
	"<s:dsData><s:keyTag>60485</s:keyTag><s:alg>13</s:alg><s:digestType>2</s:digestType><s:digest>" digest         \
	"</s:digest></s:dsData>"
#define KEY(key)                                                                                                       \
	"<s:keyData><s:flags>257</s:flags><s:protocol>3</s:protocol><s:alg>13</s:alg><s:pubKey>" key                   \
	"</s:pubKey></s:keyData>"
#define TTL_DATA(x)            "<t:infData xmlns:t=\"" NS "epp:ttl-1.0\">" x "</t:infData>"
#define INFO_ANSWER(extension) RESPONSE("1000", DOMAIN("a.test", "") EXTENSION(extension), "t-0002")

/*! The answer to a command, in a session of its own. */
static epp_case_t *answered(epp_command_t command, const char *answer)
{
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	epp_case_send(c, &command);
	epp_case_say(c, answer);
	epp_case_event(c, EPP_EV_ANSWER);
	return c;
}

static void expect_failure(epp_command_t command, const char *answer, const char *words)
{
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	epp_case_send(c, &command);
	epp_case_say(c, answer);
	assert_int_equal(epp_case_failed(c, words)->unsure, command.verb == EPP_UPDATE);
	epp_case_free(c);
}

/* --- results ---------------------------------------------------------------------------------- */

/* RFC 5730 3. */
static void every_code_has_a_meaning(void **state)
{
	(void)state;
	const struct {
		unsigned code;
		epp_meaning_t meaning;
	} codes[] = {
		{ 1000, EPP_DONE },    { 1001, EPP_PENDING }, { 1300, EPP_DONE },    { 1301, EPP_DONE },
		{ 1500, EPP_DONE },    { 2000, EPP_REFUSED }, { 2001, EPP_REFUSED }, { 2002, EPP_LATER },
		{ 2003, EPP_REFUSED }, { 2004, EPP_REFUSED }, { 2005, EPP_REFUSED }, { 2100, EPP_REFUSED },
		{ 2101, EPP_REFUSED }, { 2102, EPP_REFUSED }, { 2103, EPP_REFUSED }, { 2104, EPP_REFUSED },
		{ 2105, EPP_REFUSED }, { 2106, EPP_REFUSED }, { 2200, EPP_STOP },    { 2201, EPP_REFUSED },
		{ 2202, EPP_REFUSED }, { 2300, EPP_REFUSED }, { 2301, EPP_REFUSED }, { 2302, EPP_REFUSED },
		{ 2303, EPP_REFUSED }, { 2304, EPP_LOCKED },  { 2305, EPP_REFUSED }, { 2306, EPP_REFUSED },
		{ 2307, EPP_REFUSED }, { 2308, EPP_REFUSED }, { 2400, EPP_LATER },   { 2500, EPP_LATER },
		{ 2501, EPP_STOP },    { 2502, EPP_LATER },   { 1999, EPP_DONE },    { 2999, EPP_REFUSED },
	};
	char answer[1024];
	const char *former = "";

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const unsigned code = codes[i].code;
		snprintf(answer, sizeof(answer), RESPONSE("%u", "", "t-0002"), code);
		epp_case_t *c = answered(UPDATE, answer);
		assert_int_equal(c->event.code, code);
		assert_int_equal(c->event.meaning, codes[i].meaning);
		assert_int_equal(epp_meaning(code), codes[i].meaning);
		assert_string_equal(c->event.server_trid, "SV-1");
		assert_null(c->event.info);
		assert_null(c->event.message);
		/* A sentence of its own for each. */
		const char *advice = epp_advice(code);
		assert_true(strlen(advice) > 10 && advice[strlen(advice) - 1] == '.');
		assert_string_not_equal(advice, former);
		former = advice;
		epp_case_free(c);
	}
	assert_int_equal(epp_meaning(0), EPP_REFUSED);
	assert_non_null(epp_advice(0));
}

/* RFC 5730 2.6: a success has one result, a failure may have several. */
static void several_results_count_by_their_weight(void **state)
{
	(void)state;
#define RESULTS(x) EPP("<response>" x TRID("t-0002") "</response>")
	epp_case_t *c = answered(UPDATE, RESULTS(RESULT("2400", "One") RESULT("2201", "Two") RESULT("2306", "Three")));
	assert_int_equal(c->event.code, 2201);
	assert_int_equal(c->event.meaning, EPP_REFUSED);
	assert_string_equal(c->event.text, "One; Two; Three");
	epp_case_free(c);

	expect_failure(UPDATE, RESULTS(RESULT("1000", "One") RESULT("2306", "Two")), "a success beside another result");
	expect_failure(UPDATE, RESULTS(RESULT("1000", "One") RESULT("1000", "Two")), "a success beside another result");
	expect_failure(UPDATE, RESULTS(""), "has no result");
	expect_failure(UPDATE, RESULTS("<result><msg>x</msg></result>"), "result without a code");
	const char *codes[] = { "", "999", "3000", "1000x", "-1", "99999999999999999999", "100" };
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		char answer[1024];
		snprintf(answer, sizeof(answer), RESPONSE("%s", "", "t-0002"), codes[i]);
		expect_failure(UPDATE, answer, "result without a code");
	}
	expect_failure(INFO, EPP("<response>" RESULT("1000", "x") "</response>"), "no trID");
	expect_failure(INFO, RESPONSE("1000", "", "12345678901234567890123456789012345678901234567890123456789012345"),
	               "invalid one");
	expect_failure(INFO, EPP("<hello/>"), "neither a greeting nor a response");
}

static void the_servers_words_are_shown(void **state)
{
	(void)state;
	epp_case_t *c = answered(
		UPDATE, RESULTS("<result code=\"2306\"><msg>Policy\n\t  error</msg><value><d:name "
	                        "xmlns:d=\"x\">a.test</d:name></value><extValue><value><x>ab</x><x>cd</x>"
	                        "</value><reason>no &#x202e;<![CDATA[ <SHA-1> ]]>é</reason></extValue></result>"));
	assert_string_equal(c->event.text, "Policy error: a.test: ab cd: no ??? <SHA-1> é");
	epp_case_free(c);

	/* Cut between two characters. */
	char answer[4096] = XML "<epp xmlns=\"" NS "epp-1.0\"><response><result code=\"2400\"><msg>x";
	for (unsigned i = 0; i < 400; i++) {
		strcat(answer, "é");
	}
	strcat(answer, "</msg></result>" TRID("t-0002") "</response></epp>");
	c = answered(UPDATE, answer);
	assert_int_equal(strlen(c->event.text), EPP_TEXT_MAX - 1);
	assert_null(strchr(c->event.text, '?'));
	epp_case_free(c);
}

static void a_password_in_an_answer_is_hidden(void **state)
{
	(void)state;
	epp_case_t *c = answered(INFO, RESPONSE("2400", "<msgQ/>", "t-0002"));
	assert_string_equal(c->event.text, "Words");
	epp_case_free(c);
	c = answered(INFO,
	             EPP("<response>" RESULT("2400", "it is s3cret&lt;&amp;>\"pw!") TRID("t-0002") "</response>"));
	assert_null(strstr(c->event.text, "s3cret"));
	assert_non_null(strstr(c->event.text, "contain the password"));
	epp_case_free(c);
}

/* --- a domain --------------------------------------------------------------------------------- */

static void a_domain_has_registrar_and_locks(void **state)
{
	(void)state;
#define STATUS(s) "<domain:status s=\"" s "\"/>"
	const struct {
		const char *answer, *statuses;
		unsigned locks;
	} cases[] = {
		{ RESPONSE("1000", DOMAIN("a.test", STATUS("ok")), "t-0002"), "ok", 0 },
		{ RESPONSE("1000", DOMAIN("A.TEST.", STATUS("clientUpdateProhibited")), "t-0002"),
		  "clientUpdateProhibited", EPP_LOCK_CLIENT },
		{ RESPONSE("1000",
		           DOMAIN("a.test",
		                  STATUS("serverHold") STATUS("serverUpdateProhibited") STATUS("pendingUpdate")),
		           "t-0002"),
		  "serverHold serverUpdateProhibited pendingUpdate", EPP_LOCK_SERVER | EPP_LOCK_PENDING },
		{ RESPONSE("1000", DOMAIN("a.test", STATUS("pendingDelete") STATUS("clientTransferProhibited")),
		           "t-0002"),
		  "pendingDelete clientTransferProhibited", EPP_LOCK_PENDING },
		{ RESPONSE("1000", DOMAIN("a.test", ""), "t-0002"), "", 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		epp_case_t *c = answered(INFO, cases[i].answer);
		assert_string_equal(c->event.info->statuses, cases[i].statuses);
		assert_int_equal(c->event.info->locks, cases[i].locks);
		assert_string_equal(c->event.info->registrar, "client");
		assert_false(c->event.info->has_secdns);
		assert_false(c->event.info->has_ttl);
		epp_case_free(c);
	}
}

static void the_answer_must_be_about_the_domain(void **state)
{
	(void)state;
	const char *const answers[] = {
		RESPONSE("1000", DOMAIN("b.test", ""), "t-0002"),
		RESPONSE("1000", DOMAIN("", ""), "t-0002"),
		RESPONSE("1000", "", "t-0002"),
	};
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		epp_case_t *c = answered(INFO, answers[i]);
		assert_null(c->event.info);
		assert_int_equal(c->event.code, 0);
		assert_int_equal(c->event.meaning, EPP_REFUSED);
		assert_non_null(strstr(c->event.text, "does not have the domain"));
		assert_true(epp_session_is_ready(c->session));
		epp_case_free(c);
	}
	epp_case_t *c = answered(INFO, RESPONSE("2303", DOMAIN("b.test", ""), "t-0002"));
	assert_null(c->event.info);
	epp_case_free(c);
}

static void ds_are_read_with_their_spelling(void **state)
{
	(void)state;
	epp_case_t *c =
		answered(INFO, INFO_ANSWER(INF_DATA("<s:maxSigLife>604800</s:maxSigLife>" DS("AbCdEf") DS(" 00ff\n"))));
	const epp_info_t *info = c->event.info;
	assert_true(info->has_secdns);
	assert_int_equal(info->count, 2);
	assert_false(info->embedded_keys || info->record[0].is_key);
	assert_int_equal(info->record[0].tag, 60485);
	assert_int_equal(info->record[0].algorithm, 13);
	assert_int_equal(info->record[0].digest_type, 2);
	assert_int_equal(info->record[0].data_len, 3);
	assert_memory_equal(info->record[0].data, "\xab\xcd\xef", 3);
	assert_string_equal(info->record[0].spelled, "AbCdEf");
	assert_string_equal(info->record[1].spelled, "00ff");
	/* They may be removed as they are, although the command ends the answer. */
	epp_command_t update = { .verb = EPP_UPDATE, .domain = "a.test", .rem = info->record, .rem_count = 2 };
	assert_non_null(strstr(epp_case_send(c, &update), "<secDNS:digest>AbCdEf</secDNS:digest>"));
	epp_case_free(c);

	c = answered(INFO, INFO_ANSWER(INF_DATA(
				   "<s:dsData><s:keyTag>1</s:keyTag><s:alg>8</s:alg><s:digestType>4</s:digestType>"
				   "<s:digest>AA</s:digest>" KEY("AQ==") "</s:dsData>")));
	assert_true(c->event.info->embedded_keys);
	assert_int_equal(c->event.info->count, 1);
	assert_false(c->event.info->record[0].is_key);
	const epp_record_t *inside = c->event.info->record[0].key;
	assert_true(inside->is_key);
	assert_int_equal(inside->flags, 257);
	assert_int_equal(inside->data_len, 1);
	assert_string_equal(inside->spelled, "AQ==");
	/* It is removed with it. */
	update =
		(epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .rem = c->event.info->record, .rem_count = 1 };
	assert_non_null(strstr(epp_case_send(c, &update),
	                       "<secDNS:pubKey>AQ==</secDNS:pubKey></secDNS:keyData></secDNS:dsData>"));
	epp_case_free(c);

	/* One that cannot be read hides no DS. */
	c = answered(INFO, INFO_ANSWER(INF_DATA(
				   "<s:dsData><s:keyTag>1</s:keyTag><s:alg>8</s:alg><s:digestType>4</s:digestType>"
				   "<s:digest>AA</s:digest>" KEY("?") "</s:dsData>")));
	assert_true(c->event.info->has_secdns && c->event.info->embedded_keys);
	assert_int_equal(c->event.info->count, 1);
	assert_null(c->event.info->record[0].key);
	epp_case_free(c);
}

static void keys_are_read_with_their_spelling(void **state)
{
	(void)state;
	epp_case_t *c = answered(INFO, INFO_ANSWER(INF_DATA(KEY("q83\n  v") KEY("qw=="))));
	const epp_info_t *info = c->event.info;
	assert_int_equal(info->count, 2);
	assert_true(info->has_secdns && info->record[0].is_key && !info->embedded_keys);
	assert_int_equal(info->record[0].flags, 257);
	assert_int_equal(info->record[0].protocol, 3);
	assert_int_equal(info->record[0].data_len, 3);
	assert_memory_equal(info->record[0].data, "\xab\xcd\xef", 3);
	assert_string_equal(info->record[0].spelled, "q83 v");
	assert_int_equal(info->record[1].data_len, 1);
	epp_case_free(c);

	c = answered(INFO, INFO_ANSWER(INF_DATA("")));
	assert_true(c->event.info->has_secdns);
	assert_int_equal(c->event.info->count, 0);
	epp_case_free(c);
}

/* Not one of them is taken for a part of the set. */
static void unreadable_ds_are_not_known(void **state)
{
	(void)state;
	static char long_digest[2 * EPP_DIGEST_MAX + 3], answer[64 * 1024];
	memset(long_digest, 'a', sizeof(long_digest) - 1);
	const char *digests[] = { "", "abc", "xy", "a b", "<s:x/>ab", long_digest };
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		snprintf(answer, sizeof(answer), INFO_ANSWER(INF_DATA(DS("AB") DS("%s"))), digests[i]);
		epp_case_t *c = answered(INFO, answer);
		assert_false(c->event.info->has_secdns);
		assert_int_equal(c->event.info->count, 0);
		assert_non_null(strstr(c->event.text, "nothing is known of DS"));
		epp_case_free(c);
	}
	const char *keys[] = {
		"", "q83", "q83v=", "q8==v", "q81=", "=q83", "q83v====", "q-3v", "qw", "q80", "qw==qw=="
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(answer, sizeof(answer), INFO_ANSWER(INF_DATA(KEY("%s"))), keys[i]);
		epp_case_t *c = answered(INFO, answer);
		assert_false(c->event.info->has_secdns);
		epp_case_free(c);
	}
	const char *sets[] = {
		INFO_ANSWER(INF_DATA(DS("AB") KEY("AQ=="))),
		INFO_ANSWER(INF_DATA(DS("AB")) INF_DATA(DS("AB"))),
		INFO_ANSWER(
			INF_DATA("<s:dsData><s:keyTag>65536</s:keyTag><s:alg>1</s:alg><s:digestType>2</s:digestType>"
		                 "<s:digest>AB</s:digest></s:dsData>")),
		INFO_ANSWER(INF_DATA("<s:dsData><s:keyTag>1</s:keyTag><s:alg>256</s:alg><s:digestType>2</s:digestType>"
		                     "<s:digest>AB</s:digest></s:dsData>")),
		INFO_ANSWER(
			INF_DATA("<s:dsData><s:keyTag>1</s:keyTag><s:alg>1</s:alg><s:digest>AB</s:digest></s:dsData>")),
	};
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		epp_case_t *c = answered(INFO, sets[i]);
		assert_false(c->event.info->has_secdns);
		epp_case_free(c);
	}
	for (unsigned count = EPP_RECORDS_MAX; count <= EPP_RECORDS_MAX + 1; count++) {
		strcpy(answer, XML "<epp xmlns=\"" NS "epp-1.0\"><response>" RESULT("1000", "x")
		                       DOMAIN("a.test", "") "<extension><s:infData xmlns:s=\"" NS "secDNS-1.1\">");
		for (unsigned i = 0; i < count; i++) {
			strcat(answer, DS("AB"));
		}
		strcat(answer, "</s:infData></extension>" TRID("t-0002") "</response></epp>");
		epp_case_t *c = answered(INFO, answer);
		assert_int_equal(c->event.info->has_secdns, count == EPP_RECORDS_MAX);
		epp_case_free(c);
	}
}

/* RFC 5910 2: the one of another version is none. */
static void other_namespaces_do_not_count(void **state)
{
	(void)state;
	epp_case_t *c = answered(INFO, INFO_ANSWER("<s:infData xmlns:s=\"" NS "secDNS-1.0\">" DS("AB") "</s:infData>"));
	assert_false(c->event.info->has_secdns);
	epp_case_free(c);
	expect_failure(INFO,
	               XML "<epp xmlns=\"" NS "epp-2.0\"><response>" RESULT("1000", "x")
	                       TRID("t-0002") "</response></epp>",
	               "neither a greeting nor a response of EPP 1.0");
	expect_failure(INFO, XML "<epp><response>" RESULT("1000", "x") TRID("t-0002") "</response></epp>",
	               "neither a greeting nor a response of EPP 1.0");
}

/* RFC 5730 2: by namespace, never by prefix; with a BOM or without. */
static void prefixes_and_bom_do_not_matter(void **state)
{
	(void)state;
	static const char other[] =
		"\xef\xbb\xbf<?xml version='1.0'?><!-- x --><domain:epp xmlns:domain='" NS "epp-1.0' xmlns:epp='" NS
		"secDNS-1.1'>"
		"<domain:response><domain:result code='1000'><domain:msg>x</domain:msg></domain:result><domain:resData>"
		"<infData xmlns='" NS "domain-1.0'><name>a.test</name><clID>client</clID></infData></domain:resData>"
		"<domain:extension><epp:infData><epp:dsData><epp:keyTag>1</epp:keyTag><epp:alg>8</epp:alg>"
		"<epp:digestType>2</epp:digestType><epp:digest>AB</epp:digest></epp:dsData></epp:infData></domain:extension>"
		"<domain:trID><domain:clTRID>t-0002</domain:clTRID><domain:svTRID>x</domain:svTRID></domain:trID>"
		"</domain:response></domain:epp>";
	epp_case_t *c = answered(INFO, other);
	assert_int_equal(c->event.info->count, 1);
	assert_string_equal(c->event.info->registrar, "client");
	epp_case_free(c);
}

/* RFC 9803 2.1.1.2. */
static void the_ttl_of_ds_is_read(void **state)
{
	(void)state;
#define T(attributes, value) "<t:ttl " attributes ">" value "</t:ttl>"
#define ALL                  "min=\"60\" default=\"86400\" max=\"172800\""
	const struct {
		const char *answer;
		bool has_ttl, ttl_default;
		uint32_t ttl, min, usual, max;
	} cases[] = {
		{ INFO_ANSWER(TTL_DATA(T("for=\"NS\"", "5") T("for=\"DS\" " ALL, "300"))), true, false, 300, 60, 86400,
		  172800 },
		{ INFO_ANSWER(TTL_DATA(T("for=\"DS\" " ALL, ""))), true, true, 0, 60, 86400, 172800 },
		{ INFO_ANSWER(TTL_DATA(T("for=\"DS\"", "0"))), true, false, 0, 0, 0, 0 },
		{ INFO_ANSWER(TTL_DATA(T("for=\"NS\" " ALL, "300"))), false, false, 0, 0, 0, 0 },
		{ INFO_ANSWER(TTL_DATA(T("for=\"custom\" custom=\"DS\"", "300"))), false, false, 0, 0, 0, 0 },
		{ INFO_ANSWER(TTL_DATA(T("for=\"DS\"", "2147483648"))), false, false, 0, 0, 0, 0 },
		{ INFO_ANSWER(TTL_DATA(T("for=\"DS\"", "-1"))), false, false, 0, 0, 0, 0 },
		{ INFO_ANSWER(TTL_DATA(T("for=\"DS\" min=\"x\" max=\"99999999999\"", "5"))), true, false, 5, 0, 0, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		epp_case_t *c = answered(INFO, cases[i].answer);
		const epp_info_t *info = c->event.info;
		assert_int_equal(info->has_ttl, cases[i].has_ttl);
		assert_int_equal(info->ttl_default, cases[i].ttl_default);
		assert_int_equal(info->ttl, cases[i].ttl);
		assert_int_equal(info->ttl_min, cases[i].min);
		assert_int_equal(info->ttl_usual, cases[i].usual);
		assert_int_equal(info->ttl_max, cases[i].max);
		epp_case_free(c);
	}
}

/* --- the queue -------------------------------------------------------------------------------- */

#define QUEUE(count, id)                                                                                               \
	"<msgQ count=\"" count "\" id=\"" id "\"><qDate>2027-01-15T08:00:00Z</qDate><msg>Pending <b>x</b></msg></msgQ>"
#define PAN_DATA(result)                                                                                               \
	"<resData><domain:panData xmlns:domain=\"" NS "domain-1.0\"><domain:name paResult=\"" result                   \
	"\">a.test</domain:name><domain:paTRID><clTRID>t-0077</clTRID><svTRID>SV-77</svTRID></domain:paTRID>"          \
	"<domain:paDate>2027-01-15T08:00:00Z</domain:paDate></domain:panData></resData>"
#define CHANGE_DATA(operation)                                                                                         \
	"<extension><c:changeData xmlns:c=\"" NS "changePoll-1.0\" state=\"after\"><c:operation>" operation            \
	"</c:operation><c:date>2027-01-15T08:00:00Z</c:date><c:svTRID>SV-5</c:svTRID><c:who>CSR 7</c:who>"             \
	"</c:changeData></extension>"

static void the_queue_may_be_empty(void **state)
{
	(void)state;
	epp_case_t *c = answered(POLL, RESPONSE("1300", "", "t-0002"));
	assert_string_equal(c->event.message->id, "");
	assert_int_equal(c->event.message->count, 0);
	epp_case_free(c);
	c = answered(POLL, RESPONSE("1300", QUEUE("0", "x"), "t-0002"));
	assert_string_equal(c->event.message->id, "");
	epp_case_free(c);
}

/* RFC 5731 3.3. */
static void a_pending_action_has_its_outcome(void **state)
{
	(void)state;
	const struct {
		const char *answer;
		bool is_action, result;
	} cases[] = {
		{ RESPONSE("1301", QUEUE("3", "7&amp;") PAN_DATA("1"), "t-0002"), true, true },
		{ RESPONSE("1301", QUEUE("3", "7&amp;") PAN_DATA("true"), "t-0002"), true, true },
		{ RESPONSE("1301", QUEUE("3", "7&amp;") PAN_DATA("0"), "t-0002"), true, false },
		{ RESPONSE("1301", QUEUE("3", "7&amp;") PAN_DATA("false"), "t-0002"), true, false },
		/* It must be possible to acknowledge what is invalid. */
		{ RESPONSE("1301", QUEUE("3", "7&amp;") PAN_DATA("2"), "t-0002"), false, false },
		{ RESPONSE("1301", QUEUE("3", "7&amp;"), "t-0002"), false, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		epp_case_t *c = answered(POLL, cases[i].answer);
		const epp_message_t *message = c->event.message;
		assert_int_equal(message->is_action, cases[i].is_action);
		assert_int_equal(message->result, cases[i].result);
		assert_false(message->is_change);
		assert_string_equal(message->id, "7&");
		assert_int_equal(message->count, 3);
		assert_string_equal(message->date, "2027-01-15T08:00:00Z");
		assert_string_equal(message->text, "Pending x");
		if (cases[i].is_action) {
			assert_string_equal(message->domain, "a.test");
			assert_string_equal(message->trid, "t-0077");
		}
		epp_case_free(c);
	}
}

/* RFC 8590 3.1.2. */
static void a_change_by_another_has_its_author(void **state)
{
	(void)state;
	epp_case_t *c =
		answered(POLL, RESPONSE("1301", QUEUE("1", "8") DOMAIN("A.test", "") CHANGE_DATA("update"), "t-0002"));
	assert_true(c->event.message->is_change);
	assert_false(c->event.message->is_action);
	assert_string_equal(c->event.message->domain, "A.test");
	assert_string_equal(c->event.message->who, "CSR 7");
	assert_string_equal(c->event.message->operation, "update");
	assert_null(c->event.info);
	epp_case_free(c);
	/* Of a host or contact. */
	c = answered(POLL, RESPONSE("1301", QUEUE("1", "8") "<resData/>" CHANGE_DATA("update"), "t-0002"));
	assert_false(c->event.message->is_change);
	epp_case_free(c);
}

/* Whatever a server repeats: messages go to the log. */
static void the_password_is_in_no_message(void **state)
{
#define LEAK "s3cret&lt;&amp;&gt;&quot;pw"
	(void)state;
	epp_case_t *c = answered(POLL, RESPONSE("1301",
	                                        "<msgQ count=\"1\" id=\"8\"><qDate>2027-01-15T08:00:00Z</qDate><msg>It "
	                                        "is " LEAK "</msg></msgQ>" DOMAIN("a.test", "") CHANGE_DATA(LEAK),
	                                        "t-0002"));
	assert_true(c->event.message->is_change);
	assert_null(strstr(c->event.message->text, "s3cret"));
	assert_null(strstr(c->event.message->operation, "s3cret"));
	assert_string_equal(c->event.message->domain, "a.test");
	epp_case_free(c);
}

static void three_messages_are_drained(void **state)
{
	(void)state;
	char answer[2048], trid[EPP_TRID_MAX], id[16], frame[64];
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	for (unsigned left = 3; left > 0; left--) {
		assert_int_equal(epp_session_send(c->session, &POLL, trid), KNOT_EOK);
		epp_case_hear(c);
		snprintf(answer, sizeof(answer), RESPONSE("1301", QUEUE("%u", "id-%u"), "%s"), left, left, trid);
		epp_case_say(c, answer);
		epp_case_event(c, EPP_EV_ANSWER);
		assert_int_equal(c->event.message->count, left);
		snprintf(id, sizeof(id), "id-%u", left);
		assert_string_equal(c->event.message->id, id);
		assert_int_equal(epp_session_send(c->session,
		                                  &(epp_command_t){ .verb = EPP_ACK, .id = c->event.message->id },
		                                  trid),
		                 KNOT_EOK);
		snprintf(frame, sizeof(frame), "<poll op=\"ack\" msgID=\"id-%u\"/>", left);
		assert_non_null(strstr(epp_case_hear(c), frame));
		snprintf(answer, sizeof(answer), RESPONSE("1000", "<msgQ count=\"%u\" id=\"id-%u\"/>", "%s"), left - 1,
		         left, trid);
		epp_case_say(c, answer);
		assert_int_equal(epp_case_event(c, EPP_EV_ANSWER)->message->count, left - 1);
	}
	epp_case_free(c);
}

/* It could be neither read nor acknowledged, and would be polled for ever. */
static void a_message_needs_an_id(void **state)
{
	(void)state;
	static char answer[2048], id[EPP_ID_MAX + 1];
	memset(id, 'x', EPP_ID_MAX);
	expect_failure(POLL, RESPONSE("1301", "", "t-0002"), "announces a message and has none");
	expect_failure(POLL, RESPONSE("1301", "<msgQ count=\"1\"/>", "t-0002"), "announces a message and has none");
	expect_failure(POLL, RESPONSE("1301", QUEUE("1", " "), "t-0002"), "announces a message and has none");
	snprintf(answer, sizeof(answer), RESPONSE("1301", QUEUE("1", "%s"), "t-0002"), id);
	expect_failure(POLL, answer, "announces a message and has none");
	id[EPP_ID_MAX - 1] = '\0';
	snprintf(answer, sizeof(answer), RESPONSE("1301", QUEUE("1", "%s"), "t-0002"), id);
	epp_case_t *c = answered(POLL, answer);
	assert_string_equal(c->event.message->id, id);
	epp_case_free(c);
	c = answered(ACK, RESPONSE("2002", "", "t-0002"));
	assert_string_equal(c->event.message->id, "");
	epp_case_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_meaning),
		cmocka_unit_test(several_results_count_by_their_weight),
		cmocka_unit_test(the_servers_words_are_shown),
		cmocka_unit_test(a_password_in_an_answer_is_hidden),
		cmocka_unit_test(a_domain_has_registrar_and_locks),
		cmocka_unit_test(the_answer_must_be_about_the_domain),
		cmocka_unit_test(ds_are_read_with_their_spelling),
		cmocka_unit_test(keys_are_read_with_their_spelling),
		cmocka_unit_test(unreadable_ds_are_not_known),
		cmocka_unit_test(other_namespaces_do_not_count),
		cmocka_unit_test(prefixes_and_bom_do_not_matter),
		cmocka_unit_test(the_ttl_of_ds_is_read),
		cmocka_unit_test(the_queue_may_be_empty),
		cmocka_unit_test(a_pending_action_has_its_outcome),
		cmocka_unit_test(a_change_by_another_has_its_author),
		cmocka_unit_test(the_password_is_in_no_message),
		cmocka_unit_test(three_messages_are_drained),
		cmocka_unit_test(a_message_needs_an_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
