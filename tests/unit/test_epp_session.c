/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session with a server that says what it likes: units, greeting, login, whose answer it is, the end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <malloc.h>

#include <cmocka.h>

#include "epp_case.h"
#include "util/knot.h"

#define INFO   ((epp_command_t){ .verb = EPP_INFO, .domain = "a.test" })
#define UPDATE ((epp_command_t){ .verb = EPP_UPDATE, .domain = "a.test", .ttl_what = EPP_TTL_DEFAULT })
#define POLL   ((epp_command_t){ .verb = EPP_POLL })
#define HELLO  ((epp_command_t){ .verb = EPP_HELLO })
#define LOGOUT ((epp_command_t){ .verb = EPP_LOGOUT })

#define LOGIN_HEAD                                                                                                     \
	XML "<epp xmlns=\"" NS "epp-1.0\"><command><login><clID>client</clID><pw>%s</pw>"                              \
	    "<options><version>1.0</version><lang>en</lang></options><svcs><objURI>" NS "domain-1.0</objURI>"          \
	    "<svcExtension>%s</svcExtension></svcs></login>%s<clTRID>t-0001</clTRID></command></epp>"
#define ESCAPED "s3cret&lt;&amp;&gt;&quot;pw"

/*! Set: memory of the session that is freed must not have the password. */
static bool is_watched;

void __real_free(void *data);
void __wrap_free(void *data);

void __wrap_free(void *data)
{
	if (is_watched && data != NULL && memmem(data, malloc_usable_size(data), "s3cret", 6) != NULL) {
		is_watched = false;
		fail_msg("memory that is freed has the password");
	}
	__real_free(data);
}

/* --- units ------------------------------------------------------------------------------------ */

/* RFC 5734 2: the server speaks first. */
static void nothing_goes_out_before_the_greeting(void **state)
{
	(void)state;
	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	assert_string_equal(epp_case_hear(c), "");
	assert_int_equal(epp_session_send(c->session, &POLL, NULL), KNOT_EBUSY);
	epp_session_eof(c->session, "the connection has ended");
	assert_string_equal(epp_case_failed(c, "the connection has ended")->text, "the connection has ended");
	assert_false(c->event.unsure);
	assert_null(c->event.offer);
	epp_case_free(c);
}

/* RFC 5734 4. */
static void a_unit_comes_in_pieces_of_any_size(void **state)
{
	(void)state;
	static uint8_t unit[4096];
	const size_t len = epp_case_unit(unit, GREETING);

	for (size_t piece = 1; piece <= len; piece += piece < 8 ? 1 : 97) {
		epp_case_t *c = epp_case_new();
		epp_case_begin(c);
		for (size_t at = 0; at < len; at += piece) {
			assert_string_equal(epp_case_hear(c), "");
			epp_case_quiet(c);
			epp_session_feed(c->session, unit + at, len - at < piece ? len - at : piece);
		}
		assert_string_equal(epp_case_event(c, EPP_EV_OFFER)->offer->server, SERVER);
		assert_string_not_equal(epp_case_hear(c), "");
		epp_case_free(c);
	}
}

static void the_length_of_a_unit_is_bounded(void **state)
{
	(void)state;
	const struct {
		uint8_t head[5];
		bool fails;
	} cases[] = {
		{ { 0, 0, 0, 0, 'x' }, true },    { { 0, 0, 0, 3, 'x' }, true },         { { 0, 0, 0, 4, 'x' }, true },
		{ { 0, 0, 0, 6, 'x' }, false },   { { 0, 4, 0, 0, 'x' }, false },        { { 0, 4, 0, 1, 'x' }, true },
		{ { 'H', 'T', 'T', 'P' }, true }, { { 255, 255, 255, 255, 'x' }, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		epp_case_t *c = epp_case_new();
		epp_case_begin(c);
		epp_session_feed(c->session, cases[i].head, sizeof(cases[i].head));
		if (cases[i].fails) {
			epp_case_failed(c, "a unit of an invalid length");
		} else {
			epp_case_quiet(c);
		}
		epp_case_free(c);
	}
	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	epp_session_feed(c->session, (const uint8_t *)"\0\0\0\5x", 5);
	epp_case_failed(c, "is no well-formed XML");
	epp_case_free(c);
}

/* --- greeting and login ----------------------------------------------------------------------- */

static void a_login_has_what_the_server_offers(void **state)
{
	(void)state;
	const struct {
		const char *greeting, *extension, *uris;
	} cases[] = {
		{ GREETING, "", SECDNS TTL CHANGE },
		{ GREETING_OF(SERVER, VERSION OBJECTS EXT(SECDNS)), "", SECDNS },
		{ GREETING_OF(SERVER, VERSION OBJECTS EXT(SECDNS CHANGE)), "urn:x&y\n" NS "secDNS-1.1\nurn:z\n",
		  SECDNS CHANGE "<extURI>urn:x&amp;y</extURI><extURI>urn:z</extURI>" },
	};
	char expected[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		epp_case_t *c = epp_case_new();
		c->account.extension = cases[i].extension;
		epp_case_begin(c);
		epp_case_say(c, cases[i].greeting);
		epp_case_event(c, EPP_EV_OFFER);
		assert_string_equal(c->event.offer->date, "2027-01-15T08:00:00.0Z");
		assert_int_equal(c->event.offer->ttl, strstr(cases[i].greeting, "ttl-1.0") != NULL);
		assert_int_equal(c->event.offer->change_poll, strstr(cases[i].greeting, "changePoll") != NULL);
		assert_true(c->event.offer->secdns);
		snprintf(expected, sizeof(expected), LOGIN_HEAD, ESCAPED, cases[i].uris, "");
		assert_string_equal(epp_case_hear(c), expected);
		epp_case_say(c, RESPONSE("1000", "", "t-0001"));
		epp_case_event(c, EPP_EV_READY);
		assert_string_equal(c->event.text, "Words");
		assert_string_equal(c->event.server_trid, "SV-1");
		assert_true(epp_session_is_ready(c->session));
		epp_case_free(c);
	}
	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	epp_case_say(c, GREETING);
	assert_string_equal(epp_case_event(c, EPP_EV_OFFER)->offer->uris,
	                    NS "domain-1.0\n" NS "host-1.0\n" NS "secDNS-1.1\n" NS "epp:ttl-1.0\n" NS
	                       "changePoll-1.0\n" NS "epp:loginSec-1.0\n");
	epp_case_free(c);
}

/* RFC 8807 4.1. */
static void a_password_may_be_in_the_extension(void **state)
{
	(void)state;
	char expected[2048];
	epp_case_t *c = epp_case_new();
	c->account.login_security = true;
	c->account.password = "a password of more than 16 <characters>";
	epp_case_begin(c);
	epp_case_say(c, GREETING);
	epp_case_event(c, EPP_EV_OFFER);
	snprintf(expected, sizeof(expected), LOGIN_HEAD, "[LOGIN-SECURITY]", SECDNS TTL CHANGE LOGIN_SEC,
	         "<extension><loginSec:loginSec xmlns:loginSec=\"" NS "epp:loginSec-1.0\"><loginSec:pw>"
	         "a password of more than 16 &lt;characters&gt;</loginSec:pw></loginSec:loginSec></extension>");
	assert_string_equal(epp_case_hear(c), expected);
	/* What the server warns of. */
	epp_case_say(c, RESPONSE("1000",
	                         "<extension><l:loginSecData xmlns:l=\"" NS
	                         "epp:loginSec-1.0\"><l:event type=\"password\" "
	                         "level=\"warning\" exDate=\"2027-02-01T00:00:00Z\">Change it</l:event><l:event "
	                         "type=\"cipher\" level=\"warning\"/></l:loginSecData></extension>",
	                         "t-0001"));
	epp_case_event(c, EPP_EV_READY);
	assert_string_equal(c->event.text, "Words; password ends 2027-02-01T00:00:00Z: Change it; cipher");
	epp_case_free(c);
}

/* RFC 5734 8, RFC 5730 2.9.1.1. */
static void a_wrong_server_gets_no_password(void **state)
{
	(void)state;
	const struct {
		const char *greeting, *words;
		bool login_security;
	} cases[] = {
		{ GREETING_OF("Other", VERSION OBJECTS EXT(SECDNS)), "svID \"Other\"", false },
		{ GREETING_OF(SERVER "2", VERSION OBJECTS EXT(SECDNS)), "svID", false },
		{ GREETING_OF(SERVER, VERSION OBJECTS), "does not offer secDNS-1.1", false },
		{ GREETING_OF(SERVER, VERSION OBJECTS EXT("<extURI>" NS "secDNS-1.0</extURI>")), "secDNS-1.1", false },
		{ GREETING_OF(SERVER, VERSION OBJECTS "<objURI>" NS "secDNS-1.1</objURI>"), "secDNS-1.1", false },
		{ GREETING_OF(SERVER, VERSION "<objURI>" NS "host-1.0</objURI>" EXT(SECDNS)), "domain-1.0", false },
		{ GREETING_OF(SERVER, "<version>2.0</version><lang>en</lang>" OBJECTS EXT(SECDNS)), "version 1.0",
		  false },
		{ GREETING_OF(SERVER, "<version>1.0</version>" OBJECTS EXT(SECDNS)), "language", false },
		{ GREETING_OF(SERVER, VERSION OBJECTS EXT(SECDNS)), "loginSec-1.0", true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		epp_case_t *c = epp_case_new();
		c->account.login_security = cases[i].login_security;
		epp_case_begin(c);
		epp_case_say(c, cases[i].greeting);
		epp_case_event(c, EPP_EV_OFFER);
		assert_int_equal(epp_case_failed(c, cases[i].words)->meaning, EPP_REFUSED);
		epp_case_free(c);
	}
	epp_case_t *c = epp_case_new();
	c->account.greeting = NULL;
	epp_case_begin(c);
	epp_case_say(c, GREETING_OF("Any", "<version>1.0</version><lang>fr</lang>" OBJECTS EXT(SECDNS)));
	epp_case_event(c, EPP_EV_OFFER);
	assert_non_null(strstr(epp_case_hear(c), "<lang>fr</lang>"));
	epp_case_free(c);
}

static void a_refused_login_says_what_it_means(void **state)
{
	(void)state;
	const struct {
		const char *answer;
		unsigned code;
		epp_meaning_t meaning;
	} cases[] = {
		{ RESPONSE("2200", "", "t-0001"), 2200, EPP_STOP },
		{ RESPONSE("2501", "", "t-0001"), 2501, EPP_STOP },
		{ RESPONSE("2201", "", "t-0001"), 2201, EPP_STOP },
		{ RESPONSE("2502", "", "t-0001"), 2502, EPP_LATER },
		{ RESPONSE("2400", "", "t-0001"), 2400, EPP_LATER },
		{ RESPONSE("2103", "", "t-0001"), 2103, EPP_REFUSED },
		{ RESPONSE("1001", "", "t-0001"), 1001, EPP_PENDING },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		epp_case_t *c = epp_case_new();
		epp_case_begin(c);
		epp_case_say(c, GREETING);
		epp_case_event(c, EPP_EV_OFFER);
		epp_case_hear(c);
		epp_case_say(c, cases[i].answer);
		const epp_event_t *event = epp_case_failed(c, ": Words");
		assert_int_equal(event->code, cases[i].code);
		assert_int_equal(event->meaning, cases[i].meaning);
		assert_false(event->unsure);
		epp_case_free(c);
	}
}

/* A server that repeats the password must not get it into a log. */
static void the_password_is_in_no_text(void **state)
{
	(void)state;
	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	epp_case_say(c, GREETING);
	epp_case_event(c, EPP_EV_OFFER);
	epp_case_hear(c);
	epp_case_say(c, EPP("<response><result code=\"2200\"><msg>No</msg><value><pw>" ESCAPED
	                    "</pw></value></result>" TRID("t-0001") "</response>"));
	assert_null(strstr(epp_case_failed(c, "2200")->text, "s3cret"));
	epp_case_free(c);
}

/* What was sent is overwritten at once, in the memory that was handed out. */
static void the_login_is_overwritten(void **state)
{
	(void)state;
	const uint8_t *data;
	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	epp_case_say(c, GREETING);
	epp_case_event(c, EPP_EV_OFFER);
	const size_t len = epp_session_output(c->session, &data), half = len / 2;
	const uint8_t *begin = data;
	assert_non_null(memmem(data, len, "s3cret", 6));
	epp_session_sent(c->session, half);
	for (size_t i = 0; i < half; i++) {
		assert_int_equal(begin[i], 0);
	}
	assert_int_equal(epp_session_output(c->session, &data), len - half);
	assert_ptr_equal(data, begin + half);
	epp_session_sent(c->session, len - half);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(begin[i], 0);
	}
	epp_case_free(c);
}

/* Wherever the login was: in what it has outgrown, and unsent when the session ends. */
static void memory_that_is_freed_has_no_password(void **state)
{
	(void)state;
	char uris[EPP_URIS_MAX * 200] = "";
	const uint8_t *data;

	for (unsigned i = 0; i < EPP_URIS_MAX; i++) {
		snprintf(uris + strlen(uris), sizeof(uris) - strlen(uris), "urn:%0190u\n", i);
	}
	for (unsigned ends = 0; ends < 3; ends++) {
		epp_case_t *c = epp_case_new();
		c->account.extension = uris;
		epp_case_begin(c);
		is_watched = true;
		epp_case_say(c, GREETING);
		epp_case_event(c, EPP_EV_OFFER);
		assert_true(epp_session_output(c->session, &data) > sizeof(uris) / 2);
		if (ends == 1) {
			epp_session_sent(c->session, 10);
			epp_session_eof(c->session, "reset");
		} else if (ends == 2) {
			epp_case_say(c, GREETING);
		}
		epp_session_free(c->session);
		is_watched = false;
		c->session = NULL;
		epp_case_free(c);
	}
	/* The check finds what is there. */
	char *copy = strdup(PASSWORD);
	assert_non_null(memmem(copy, malloc_usable_size(copy), "s3cret", 6));
	free(copy);
}

/* --- whose answer it is ----------------------------------------------------------------------- */

/* RFC 5730 2.5. */
static void an_answer_must_have_the_trid_of_the_command(void **state)
{
	(void)state;
	const char *wrong[] = {
		RESPONSE("1000", "", "t-0001"),
		RESPONSE("1000", "", "T-0002"),
		EPP("<response>" RESULT("1000", "Words") "<trID><svTRID>SV-1</svTRID></trID></response>"),
		EPP("<response>" RESULT("2400", "Words") "<trID><svTRID>SV-1</svTRID></trID></response>"),
	};
	for (size_t i = 0; i < 2 * sizeof(wrong) / sizeof(wrong[0]); i++) {
		epp_case_t *c = epp_case_new();
		epp_case_log_in(c);
		epp_case_send(c, i % 2 != 0 ? &UPDATE : &INFO);
		epp_case_say(c, wrong[i / 2]);
		assert_int_equal(epp_case_failed(c, "another clTRID")->unsure, i % 2 != 0);
		assert_string_equal(c->event.trid, "t-0002");
		epp_case_free(c);
	}
}

/* A server that cannot read a command does not know its clTRID. */
static void an_unreadable_command_is_answered_without_trid(void **state)
{
	(void)state;
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	epp_case_send(c, &UPDATE);
	epp_case_say(c, EPP("<response>" RESULT("2001", "Words") "<trID><svTRID>SV-1</svTRID></trID></response>"));
	epp_case_event(c, EPP_EV_ANSWER);
	assert_int_equal(c->event.code, 2001);
	assert_int_equal(c->event.meaning, EPP_REFUSED);
	assert_string_equal(c->event.trid, "t-0002");
	assert_true(epp_session_is_ready(c->session));
	epp_case_free(c);
}

static void one_command_is_under_way_at_a_time(void **state)
{
	(void)state;
	char trid[EPP_TRID_MAX];
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	assert_int_equal(epp_session_send(c->session, &UPDATE, trid), KNOT_EOK);
	assert_string_equal(trid, "t-0002");
	assert_int_equal(epp_session_send(c->session, &INFO, trid), KNOT_EBUSY);
	epp_case_hear(c);
	assert_int_equal(epp_session_send(c->session, &INFO, trid), KNOT_EBUSY);
	epp_case_say(c, RESPONSE("1000", "", "t-0002"));
	assert_int_equal(epp_session_send(c->session, &INFO, trid), KNOT_EBUSY);
	epp_case_event(c, EPP_EV_ANSWER);
	assert_int_equal(epp_session_send(c->session, &INFO, trid), KNOT_EOK);
	assert_string_equal(trid, "t-0003");
	epp_case_free(c);
}

/* The second answer of a read is one that nobody has asked for. */
static void two_answers_come_in_one_read(void **state)
{
	(void)state;
	static uint8_t both[4096];
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	epp_case_send(c, &UPDATE);
	size_t len = epp_case_unit(both, RESPONSE("1000", "", "t-0002"));
	len += epp_case_unit(both + len, RESPONSE("1000", "", "t-0002"));
	epp_session_feed(c->session, both, len);
	assert_int_equal(epp_case_event(c, EPP_EV_ANSWER)->code, 1000);
	assert_false(epp_case_failed(c, "not asked for")->unsure);
	epp_case_free(c);
}

static void an_answer_before_the_command_is_sent_is_none(void **state)
{
	(void)state;
	for (size_t sent = 0; sent < 2; sent++) {
		epp_case_t *c = epp_case_new();
		epp_case_log_in(c);
		assert_int_equal(epp_session_send(c->session, &UPDATE, NULL), KNOT_EOK);
		epp_session_sent(c->session, sent);
		epp_case_say(c, RESPONSE("1000", "", "t-0002"));
		assert_int_equal(epp_case_failed(c, "not asked for")->unsure, sent == 1);
		epp_case_free(c);
	}
	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	epp_case_say(c, GREETING);
	epp_case_event(c, EPP_EV_OFFER);
	epp_case_say(c, RESPONSE("1000", "", "t-0001"));
	epp_case_failed(c, "not asked for");
	epp_case_free(c);
}

static void a_greeting_comes_when_it_is_asked_for(void **state)
{
	(void)state;
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	assert_string_equal(epp_case_send(c, &HELLO), EPP("<hello/>"));
	epp_case_say(c, GREETING);
	epp_case_event(c, EPP_EV_ANSWER);
	assert_int_equal(c->event.verb, EPP_HELLO);
	assert_int_equal(c->event.meaning, EPP_DONE);
	assert_true(c->event.offer->ttl);
	epp_case_send(c, &HELLO);
	epp_case_say(c, GREETING_OF("Other", VERSION OBJECTS EXT(SECDNS)));
	epp_case_failed(c, "svID has changed");
	epp_case_free(c);

	/* It has no clTRID, so no response belongs to it. */
	c = epp_case_new();
	epp_case_log_in(c);
	epp_case_send(c, &HELLO);
	epp_case_say(c, RESPONSE("1000", "", "t-0002"));
	epp_case_failed(c, "not asked for");
	epp_case_free(c);

	c = epp_case_new();
	epp_case_log_in(c);
	epp_case_say(c, GREETING);
	epp_case_failed(c, "greeting that it was not asked for");
	epp_case_free(c);

	c = epp_case_new();
	epp_case_log_in(c);
	epp_case_send(c, &UPDATE);
	epp_case_say(c, GREETING);
	assert_true(epp_case_failed(c, "greeting that it was not asked for")->unsure);
	epp_case_free(c);

	c = epp_case_new();
	epp_case_begin(c);
	epp_case_say(c, RESPONSE("1000", "", "t-0001"));
	epp_case_failed(c, "does not begin with a greeting");
	epp_case_free(c);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Each octet of a command may be the last one that was sent. */
static void an_update_without_answer_is_unsure(void **state)
{
	(void)state;
	const epp_command_t commands[] = { INFO, UPDATE, POLL, HELLO };

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (size_t sent = 0;; sent++) {
			const uint8_t *data;
			epp_case_t *c = epp_case_new();
			epp_case_log_in(c);
			assert_int_equal(epp_session_send(c->session, &commands[i], NULL), KNOT_EOK);
			const size_t len = epp_session_output(c->session, &data);
			epp_session_sent(c->session, sent);
			epp_session_eof(c->session, "reset");
			epp_case_failed(c, "reset");
			assert_int_equal(c->event.unsure, commands[i].verb == EPP_UPDATE && sent > 0);
			assert_int_equal(c->event.verb, commands[i].verb);
			assert_int_equal(c->event.meaning, EPP_LATER);
			epp_case_free(c);
			if (sent == len) {
				break;
			}
		}
	}
}

/* Each octet of an answer may be the last one that arrives. */
static void half_an_answer_is_none(void **state)
{
	(void)state;
	static uint8_t unit[4096];
	const size_t len = epp_case_unit(unit, RESPONSE("1000", "", "t-0002"));

	for (size_t got = 0; got <= len; got++) {
		epp_case_t *c = epp_case_new();
		epp_case_log_in(c);
		epp_case_send(c, &UPDATE);
		epp_session_feed(c->session, unit, got);
		epp_session_eof(c->session, "reset");
		if (got == len) {
			epp_case_event(c, EPP_EV_ANSWER);
		}
		assert_int_equal(epp_case_failed(c, got > 0 && got < len ? "within an answer" : "reset")->unsure,
		                 got < len);
		epp_case_free(c);
	}
}

static void a_logout_closes(void **state)
{
	(void)state;
	for (unsigned answers = 0; answers < 3; answers++) {
		const char *answer[] = { NULL, RESPONSE("1500", "", "t-0002"), RESPONSE("2400", "", "t-0002") };
		const uint8_t *data;
		epp_case_t *c = epp_case_new();
		epp_case_log_in(c);
		assert_string_equal(epp_case_send(c, &LOGOUT),
		                    EPP("<command><logout/><clTRID>t-0002</clTRID></command>"));
		if (answers == 0) {
			epp_session_eof(c->session, "end");
		} else {
			epp_case_say(c, answer[answers]);
			assert_int_equal(epp_case_event(c, EPP_EV_ANSWER)->verb, EPP_LOGOUT);
		}
		epp_case_event(c, EPP_EV_CLOSED);
		assert_int_equal(epp_session_output(c->session, &data), 0);
		epp_session_eof(c->session, "end");
		epp_case_say(c, GREETING);
		epp_case_quiet(c);
		epp_case_free(c);
	}
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	assert_int_equal(epp_session_send(c->session, &LOGOUT, NULL), KNOT_EOK);
	epp_session_eof(c->session, "end");
	epp_case_failed(c, "end");
	epp_case_free(c);
}

static void a_code_may_close(void **state)
{
	(void)state;
	const char *answers[] = { RESPONSE("2500", "", "t-0002"), RESPONSE("2501", "", "t-0002"),
		                  RESPONSE("2502", "", "t-0002"), RESPONSE("1500", "", "t-0002") };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		epp_case_t *c = epp_case_new();
		epp_case_log_in(c);
		epp_case_send(c, &UPDATE);
		epp_case_say(c, answers[i]);
		assert_int_equal(epp_case_event(c, EPP_EV_ANSWER)->verb, EPP_UPDATE);
		epp_case_event(c, EPP_EV_CLOSED);
		epp_case_quiet(c);
		assert_false(epp_session_is_ready(c->session));
		epp_case_free(c);
	}
	/* As servers end an idle session. */
	epp_case_t *c = epp_case_new();
	epp_case_log_in(c);
	epp_case_say(c, EPP("<response>" RESULT("2500", "Timeout") "<trID><svTRID>SV-1</svTRID></trID></response>"));
	assert_int_equal(epp_case_failed(c, "2500: Timeout")->code, 2500);
	assert_int_equal(c->event.meaning, EPP_LATER);
	epp_case_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* The first one: others leave frames in memory that they free. */
		cmocka_unit_test(memory_that_is_freed_has_no_password),
		cmocka_unit_test(nothing_goes_out_before_the_greeting),
		cmocka_unit_test(a_unit_comes_in_pieces_of_any_size),
		cmocka_unit_test(the_length_of_a_unit_is_bounded),
		cmocka_unit_test(a_login_has_what_the_server_offers),
		cmocka_unit_test(a_password_may_be_in_the_extension),
		cmocka_unit_test(a_wrong_server_gets_no_password),
		cmocka_unit_test(a_refused_login_says_what_it_means),
		cmocka_unit_test(the_password_is_in_no_text),
		cmocka_unit_test(the_login_is_overwritten),
		cmocka_unit_test(an_answer_must_have_the_trid_of_the_command),
		cmocka_unit_test(an_unreadable_command_is_answered_without_trid),
		cmocka_unit_test(one_command_is_under_way_at_a_time),
		cmocka_unit_test(two_answers_come_in_one_read),
		cmocka_unit_test(an_answer_before_the_command_is_sent_is_none),
		cmocka_unit_test(a_greeting_comes_when_it_is_asked_for),
		cmocka_unit_test(an_update_without_answer_is_unsure),
		cmocka_unit_test(half_an_answer_is_none),
		cmocka_unit_test(a_logout_closes),
		cmocka_unit_test(a_code_may_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
