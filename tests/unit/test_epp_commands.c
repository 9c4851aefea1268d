/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a session sends, octet by octet: elements, their order, and that the schemas of the RFCs allow it. */

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

#define COMMAND(x) EPP("<command>" x "<clTRID>t-0002</clTRID></command>")
#define UPDATE(extension)                                                                                              \
	COMMAND("<update><domain:update xmlns:domain=\"" NS "domain-1.0\"><domain:name>a.test</domain:name>"           \
	        "</domain:update></update><extension>" extension "</extension>")
#define SECDNS_UPDATE(x) "<secDNS:update xmlns:secDNS=\"" NS "secDNS-1.1\">" x "</secDNS:update>"
#define TTL_UPDATE(value)                                                                                              \
	"<ttl:update xmlns:ttl=\"" NS "epp:ttl-1.0\"><ttl:ttl for=\"DS\">" value "</ttl:ttl></ttl:update>"
#define DS_DATA(tag, digest)                                                                                           \
	"<secDNS:dsData><secDNS:keyTag>" tag "</secDNS:keyTag><secDNS:alg>13</secDNS:alg>"                             \
	"<secDNS:digestType>2</secDNS:digestType><secDNS:digest>" digest "</secDNS:digest></secDNS:dsData>"
#define DS_WITH_KEY(tag, digest, key)                                                                                  \
	"<secDNS:dsData><secDNS:keyTag>" tag "</secDNS:keyTag><secDNS:alg>13</secDNS:alg>"                             \
	"<secDNS:digestType>2</secDNS:digestType><secDNS:digest>" digest                                               \
	"</secDNS:digest>" KEY_DATA(key) "</secDNS:dsData>"
#define KEY_DATA(key)                                                                                                  \
	"<secDNS:keyData><secDNS:flags>257</secDNS:flags><secDNS:protocol>3</secDNS:protocol>"                         \
	"<secDNS:alg>13</secDNS:alg><secDNS:pubKey>" key "</secDNS:pubKey></secDNS:keyData>"

static const uint8_t octets[EPP_KEY_MAX + 1] = { 0xab, 0xcd, 0xef };

static epp_record_t ds(uint16_t tag, const char *spelled)
{
	return (epp_record_t){
		.tag = tag, .algorithm = 13, .digest_type = 2, .data = octets, .data_len = 3, .spelled = spelled
	};
}

static epp_record_t key(uint16_t len, const char *spelled)
{
	return (epp_record_t){ .is_key = true,
		               .flags = 257,
		               .protocol = 3,
		               .algorithm = 13,
		               .data = octets,
		               .data_len = len,
		               .spelled = spelled };
}

static void expect(epp_command_t command, const char *frame)
{
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	assert_string_equal(epp_case_send(c, &command), frame);
	epp_case_free(c);
}

static void expect_error(epp_command_t command, int error)
{
	char trid[EPP_TRID_MAX] = "none";
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	assert_int_equal(epp_session_send(c->session, &command, trid), error);
	assert_string_equal(epp_case_hear(c), "");
	assert_string_equal(trid, "none");
	assert_true(epp_session_is_ready(c->session));
	epp_case_free(c);
}

static void info_asks_for_the_policy_of_ttls(void **state)
{
	(void)state;
#define INFO_OF(x)                                                                                                     \
	COMMAND("<info><domain:info xmlns:domain=\"" NS                                                                \
	        "domain-1.0\"><domain:name hosts=\"none\">a.test</domain:name>"                                        \
	        "</domain:info></info>" x)
	expect((epp_command_t){ .verb = EPP_INFO, .domain = "a.test" },
	       INFO_OF("<extension><ttl:info xmlns:ttl=\"" NS "epp:ttl-1.0\" policy=\"true\"/></extension>"));

	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	epp_case_say(c, GREETING_OF(SERVER, VERSION OBJECTS EXT(SECDNS)));
	epp_case_event(c, EPP_EV_OFFER);
	epp_case_hear(c);
	epp_case_say(c, RESPONSE("1000", "", "t-0001"));
	epp_case_event(c, EPP_EV_READY);
	assert_string_equal(epp_case_send(c, &(epp_command_t){ .verb = EPP_INFO, .domain = "a.test" }), INFO_OF(""));
	epp_case_free(c);
}

/* RFC 5910 5.2.5: removals first, each by all of its fields, as the server has spelled them. */
static void updates_remove_before_they_add(void **state)
{
	(void)state;
	const epp_record_t rem[] = { ds(1, "aBcDeF"), ds(65535, NULL) }, add[] = { ds(2, NULL) };
	const epp_record_t key_rem[] = { key(3, "q83 v") }, key_add[] = { key(2, NULL), key(1, NULL) };

	expect((epp_command_t){ .verb = EPP_UPDATE,
	                        .domain = "a.test",
	                        .rem = rem,
	                        .rem_count = 2,
	                        .add = add,
	                        .add_count = 1 },
	       UPDATE(SECDNS_UPDATE("<secDNS:rem>" DS_DATA("1", "aBcDeF") DS_DATA(
		       "65535", "ABCDEF") "</secDNS:rem>"
	                                  "<secDNS:add>" DS_DATA("2", "ABCDEF") "</secDNS:add>")));
	expect((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .add = add, .add_count = 1 },
	       UPDATE(SECDNS_UPDATE("<secDNS:add>" DS_DATA("2", "ABCDEF") "</secDNS:add>")));
	expect((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .rem = rem, .rem_count = 1 },
	       UPDATE(SECDNS_UPDATE("<secDNS:rem>" DS_DATA("1", "aBcDeF") "</secDNS:rem>")));
	expect((epp_command_t){ .verb = EPP_UPDATE,
	                        .domain = "a.test",
	                        .rem = key_rem,
	                        .rem_count = 1,
	                        .add = key_add,
	                        .add_count = 2 },
	       UPDATE(SECDNS_UPDATE("<secDNS:rem>" KEY_DATA("q83 v") "</secDNS:rem><secDNS:add>" KEY_DATA("q80=")
	                                    KEY_DATA("qw==") "</secDNS:add>")));
}

/* RFC 5910 4.1. */
static void ds_can_have_their_keys_inside(void **state)
{
	(void)state;
	epp_record_t rem = ds(1, "aBcDeF"), add = ds(2, NULL);
	const epp_record_t shown = key(3, "q83 v"), own = key(2, NULL);

	rem.key = &shown;
	add.key = &own;
	expect((epp_command_t){ .verb = EPP_UPDATE,
	                        .domain = "a.test",
	                        .rem = &rem,
	                        .rem_count = 1,
	                        .add = &add,
	                        .add_count = 1 },
	       UPDATE(SECDNS_UPDATE(
		       "<secDNS:rem>" DS_WITH_KEY("1", "aBcDeF", "q83 v") "</secDNS:rem><secDNS:add>" DS_WITH_KEY(
			       "2", "ABCDEF", "q80=") "</secDNS:add>")));
}

/* RFC 9803 2.2. */
static void updates_set_the_ttl_of_ds(void **state)
{
	(void)state;
	const epp_record_t add[] = { ds(2, NULL) };

	expect((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .ttl_what = EPP_TTL_SET, .ttl = 300 },
	       UPDATE(TTL_UPDATE("300")));
	expect((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .ttl_what = EPP_TTL_SET, .ttl = 0 },
	       UPDATE(TTL_UPDATE("0")));
	expect((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .ttl_what = EPP_TTL_SET, .ttl = 0x7fffffff },
	       UPDATE(TTL_UPDATE("2147483647")));
	expect((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .ttl_what = EPP_TTL_DEFAULT, .ttl = 300 },
	       UPDATE(TTL_UPDATE("")));
	expect((epp_command_t){ .verb = EPP_UPDATE,
	                        .domain = "a.test",
	                        .add = add,
	                        .add_count = 1,
	                        .ttl_what = EPP_TTL_SET,
	                        .ttl = 900 },
	       UPDATE(SECDNS_UPDATE("<secDNS:add>" DS_DATA("2", "ABCDEF") "</secDNS:add>") TTL_UPDATE("900")));
}

/* RFC 5730 2.9.2.3. */
static void the_queue_is_read_and_acknowledged(void **state)
{
	(void)state;
	expect((epp_command_t){ .verb = EPP_POLL }, COMMAND("<poll op=\"req\"/>"));
	expect((epp_command_t){ .verb = EPP_ACK, .id = "12<&\">é" },
	       COMMAND("<poll op=\"ack\" msgID=\"12&lt;&amp;&quot;&gt;é\"/>"));
	expect((epp_command_t){ .verb = EPP_LOGOUT }, COMMAND("<logout/>"));
	expect((epp_command_t){ .verb = EPP_HELLO }, EPP("<hello/>"));
}

/* A unit is no longer than those that are read. */
static void the_largest_update_is_sent(void **state)
{
	(void)state;
	epp_record_t rem[EPP_RECORDS_MAX], add[EPP_RECORDS_MAX];
	const uint8_t *data;

	for (size_t i = 0; i < EPP_RECORDS_MAX; i++) {
		rem[i] = add[i] = key(EPP_KEY_MAX, NULL);
	}
	epp_command_t command = {
		.verb = EPP_UPDATE, .domain = "a.test", .rem = rem, .rem_count = EPP_RECORDS_MAX, .add = add
	};
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	assert_int_equal(epp_session_send(c->session, &command, NULL), KNOT_EOK);
	const size_t len = epp_session_output(c->session, &data);
	assert_int_equal(knot_wire_read_u32(data), len);
	epp_case_free(c);
	command.add_count = EPP_RECORDS_MAX;
	expect_error(command, KNOT_EINVAL);
}

static void invalid_commands_are_not_sent(void **state)
{
	(void)state;
	static char long_domain[EPP_DOMAIN_MAX + 1];
	memset(long_domain, 'a', EPP_DOMAIN_MAX);
	const char *domains[] = { NULL, "", "A.test", "a.test.", ".a.test", "a test", "a&b", "ä.test", long_domain };
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		expect_error((epp_command_t){ .verb = EPP_INFO, .domain = domains[i] }, KNOT_EINVAL);
		expect_error((epp_command_t){ .verb = EPP_UPDATE, .domain = domains[i], .ttl_what = EPP_TTL_DEFAULT },
		             KNOT_EINVAL);
	}
	static char long_id[EPP_ID_MAX + 1];
	memset(long_id, 'a', EPP_ID_MAX);
	const char *ids[] = { NULL, "", "a\nb", "\x01", long_id };
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		expect_error((epp_command_t){ .verb = EPP_ACK, .id = ids[i] }, KNOT_EINVAL);
	}
	expect_error((epp_command_t){ .verb = (epp_verb_t)99 }, KNOT_EINVAL);
	expect_error((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test" }, KNOT_EINVAL);
	expect_error(
		(epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .ttl_what = EPP_TTL_SET, .ttl = 0x80000000 },
		KNOT_EINVAL);
	expect_error((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .ttl_what = (epp_ttl_t)9 }, KNOT_EINVAL);
}

static void expect_records(int error, epp_record_t rem, epp_record_t add)
{
	expect_error((epp_command_t){ .verb = EPP_UPDATE,
	                              .domain = "a.test",
	                              .rem = &rem,
	                              .rem_count = 1,
	                              .add = &add,
	                              .add_count = 1 },
	             error);
}

static void invalid_records_are_not_sent(void **state)
{
	(void)state;
	epp_record_t many[EPP_RECORDS_MAX + 1], none = ds(1, NULL), empty = ds(1, NULL), long_ds = ds(1, NULL);

	/* One interface in a command (RFC 5910 4). */
	expect_records(KNOT_EINVAL, ds(1, NULL), key(3, NULL));
	expect_records(KNOT_EINVAL, key(3, NULL), ds(1, NULL));
	none.data = NULL;
	expect_records(KNOT_EINVAL, ds(1, NULL), none);
	empty.data_len = 0;
	expect_records(KNOT_EINVAL, empty, ds(1, NULL));
	long_ds.data_len = EPP_DIGEST_MAX + 1;
	expect_records(KNOT_EINVAL, ds(1, NULL), long_ds);
	expect_records(KNOT_EINVAL, key(3, NULL), key(EPP_KEY_MAX + 1, NULL));
	expect_records(KNOT_EINVAL, ds(1, "ABCDEE"), ds(1, NULL));
	expect_records(KNOT_EINVAL, ds(1, "ABCDEF00"), ds(1, NULL));
	expect_records(KNOT_EINVAL, ds(1, "<x/>"), ds(1, NULL));
	expect_records(KNOT_EINVAL, key(3, "q83u"), key(2, NULL));
	/* So is what is inside. */
	const epp_record_t good = key(3, NULL), other = ds(1, NULL), wrong = key(3, "q83u");
	const epp_record_t *inside[] = { &other, &wrong, &good };
	for (size_t i = 0; i < 3; i++) {
		epp_record_t outer = i < 2 ? ds(2, NULL) : key(2, NULL);
		outer.key = inside[i];
		expect_records(KNOT_EINVAL, i < 2 ? ds(1, NULL) : key(3, NULL), outer);
	}
	for (size_t i = 0; i <= EPP_RECORDS_MAX; i++) {
		many[i] = ds((uint16_t)i, NULL);
	}
	expect_error(
		(epp_command_t){
			.verb = EPP_UPDATE, .domain = "a.test", .add = many, .add_count = EPP_RECORDS_MAX + 1 },
		KNOT_EINVAL);
}

static void a_ttl_needs_a_server_that_has_it(void **state)
{
	(void)state;
	const epp_record_t add[] = { ds(2, NULL) };
	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	epp_case_say(c, GREETING_OF(SERVER, VERSION OBJECTS EXT(SECDNS)));
	epp_case_event(c, EPP_EV_OFFER);
	epp_case_hear(c);
	epp_case_say(c, RESPONSE("1000", "", "t-0001"));
	epp_case_event(c, EPP_EV_READY);
	epp_command_t command = {
		.verb = EPP_UPDATE, .domain = "a.test", .add = add, .add_count = 1, .ttl_what = EPP_TTL_DEFAULT
	};
	assert_int_equal(epp_session_send(c->session, &command, NULL), KNOT_ENOTSUP);
	command.ttl_what = EPP_TTL_KEEP;
	assert_string_equal(epp_case_send(c, &command),
	                    UPDATE(SECDNS_UPDATE("<secDNS:add>" DS_DATA("2", "ABCDEF") "</secDNS:add>")));
	epp_case_free(c);
}

/* Who stores that an update was sent has to know its clTRID before. */
static void a_command_can_bring_its_trid(void **state)
{
	(void)state;
	char long_one[EPP_TRID_MAX + 1], trid[EPP_TRID_MAX];
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	epp_command_t command = { .verb = EPP_INFO, .domain = "a.test", .trid = "Ab-1._" };
	assert_int_equal(epp_session_send(c->session, &command, trid), KNOT_EOK);
	assert_string_equal(trid, "Ab-1._");
	assert_non_null(strstr(epp_case_hear(c), "<clTRID>Ab-1._</clTRID>"));
	epp_case_say(c, RESPONSE("2400", "", "Ab-1._"));
	assert_string_equal(epp_case_event(c, EPP_EV_ANSWER)->trid, "Ab-1._");
	command.trid = NULL; /* Those of the session go on. */
	assert_non_null(strstr(epp_case_send(c, &command), "<clTRID>t-0002</clTRID>"));
	epp_case_free(c);
	memset(long_one, 'a', sizeof(long_one) - 1);
	long_one[EPP_TRID_MAX] = '\0';
	const char *const bad[] = { "", "ab", "a b", "a<b", "a\tb", "\xc3\xa4\xc3\xa4", long_one };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect_error((epp_command_t){ .verb = EPP_INFO, .domain = "a.test", .trid = bad[i] }, KNOT_EINVAL);
	}
}

/* The schemas are of use: they do not allow what is wrong. */
static void schemas_are_there(void **state)
{
	(void)state;
	if (!epp_case_has_schemas()) {
		skip();
	}
	assert_true(epp_case_allows(UPDATE(TTL_UPDATE("300"))));
	assert_false(epp_case_allows(UPDATE(SECDNS_UPDATE(
		"<secDNS:add>" DS_DATA("2", "AB") "</secDNS:add><secDNS:rem>" DS_DATA("1", "AB") "</secDNS:rem>"))));
	assert_false(epp_case_allows(UPDATE(TTL_UPDATE("-1"))));
	assert_false(epp_case_allows(EPP("<command><logout/><clTRID>t</clTRID></command>")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemas_are_there),
		cmocka_unit_test(info_asks_for_the_policy_of_ttls),
		cmocka_unit_test(updates_remove_before_they_add),
		cmocka_unit_test(ds_can_have_their_keys_inside),
		cmocka_unit_test(updates_set_the_ttl_of_ds),
		cmocka_unit_test(the_queue_is_read_and_acknowledged),
		cmocka_unit_test(the_largest_update_is_sent),
		cmocka_unit_test(invalid_commands_are_not_sent),
		cmocka_unit_test(invalid_records_are_not_sent),
		cmocka_unit_test(a_ttl_needs_a_server_that_has_it),
		cmocka_unit_test(a_command_can_bring_its_trid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
