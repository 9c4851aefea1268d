/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#include "epp_case.h"
#include "util/knot.h"

static const char *const schemas[][2] = {
	{ "epp-1.0", NS "epp-1.0" },
	{ "eppcom-1.0", NS "eppcom-1.0" },
	{ "domain-1.0", NS "domain-1.0" },
	{ "host-1.0", NS "host-1.0" },
	{ "secDNS-1.1", NS "secDNS-1.1" },
	{ "ttl-1.0", NS "epp:ttl-1.0" },
	{ "changePoll-1.0", NS "changePoll-1.0" },
	{ "loginSec-1.0", NS "epp:loginSec-1.0" },
};

static xmlSchema *schema;

/*! Where they are: as the environment says, beside the project, or beside the project that this is a worktree of. */
static const char *schema_folder(void)
{
	const char *folders[] = { getenv("KSKROLL_EPP_SCHEMAS"), SOURCE "/../shared/schemas",
		                  SOURCE "/../../shared/schemas" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (folders[i] != NULL && access(folders[i], R_OK | X_OK) == 0) {
			return folders[i];
		}
	}
	return NULL;
}

bool epp_case_has_schemas(void)
{
	static bool is_tried;
	char *all = NULL;
	size_t len;

	if (is_tried) {
		return schema != NULL;
	}
	is_tried = true;
	const char *folder = schema_folder();
	if (folder == NULL) {
		print_message(
			"no schemas beside the project (../shared/schemas): frames are not validated against them\n");
		return false;
	}
	FILE *file = open_memstream(&all, &len);
	fputs("<schema xmlns=\"http://www.w3.org/2001/XMLSchema\">", file);
	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
		fprintf(file, "<import namespace=\"%s\" schemaLocation=\"%s/%s.xsd\"/>", schemas[i][1], folder,
		        schemas[i][0]);
	}
	fputs("</schema>", file);
	fclose(file);
	xmlSchemaParserCtxt *parser = xmlSchemaNewMemParserCtxt(all, (int)len);
	schema = xmlSchemaParse(parser);
	xmlSchemaFreeParserCtxt(parser);
	free(all);
	assert_non_null(schema);
	return true;
}

static void say_nothing(void *arg, const char *format, ...)
{
	(void)arg;
	(void)format;
}

bool epp_case_allows(const char *xml)
{
	xmlDoc *doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	xmlSchemaValidCtxt *valid = xmlSchemaNewValidCtxt(schema);
	/* What is wrong is said by the test. */
	xmlSchemaSetValidErrors(valid, say_nothing, say_nothing, NULL);
	const int ret = xmlSchemaValidateDoc(valid, doc);
	xmlSchemaFreeValidCtxt(valid);
	xmlFreeDoc(doc);
	return ret == 0;
}

static void check_frame(const char *xml)
{
	if (epp_case_has_schemas() && !epp_case_allows(xml)) {
		fail_msg("the schemas do not allow %s", xml);
	}
}

epp_case_t *epp_case_new(void)
{
	epp_case_t *c = calloc(1, sizeof(*c));
	assert_non_null(c);
	c->account = (epp_account_t){
		.id = "test",
		.server = "epp.test",
		.port = EPP_PORT,
		.name = "epp.test",
		.greeting = SERVER,
		.login = "client",
		.password = PASSWORD,
		.extension = "",
		.records = 6,
		.commands = 60,
		.timeout = 60,
	};
	return c;
}

void epp_case_begin(epp_case_t *c)
{
	c->session = epp_session_new(&c->account, "t");
	assert_non_null(c->session);
}

void epp_case_log_in(epp_case_t *c)
{
	epp_case_begin(c);
	epp_case_say(c, GREETING);
	epp_case_event(c, EPP_EV_OFFER);
	epp_case_hear(c);
	epp_case_say(c, RESPONSE("1000", "", "t-0001"));
	epp_case_event(c, EPP_EV_READY);
	epp_case_quiet(c);
}

void epp_case_free(epp_case_t *c)
{
	epp_session_free(c->session);
	free(c);
}

size_t epp_case_unit(uint8_t *to, const char *xml)
{
	const size_t len = strlen(xml);
	knot_wire_write_u32(to, (uint32_t)len + 4);
	memcpy(to + 4, xml, len);
	return len + 4;
}

void epp_case_say(epp_case_t *c, const char *xml)
{
	/* Of its own size, so that valgrind and ASan notice each octet beyond it. */
	uint8_t *unit = malloc(strlen(xml) + 4);
	assert_non_null(unit);
	epp_session_feed(c->session, unit, epp_case_unit(unit, xml));
	free(unit);
}

const char *epp_case_hear(epp_case_t *c)
{
	const uint8_t *data;
	const size_t len = epp_session_output(c->session, &data);

	c->heard[0] = '\0';
	if (len == 0) {
		return c->heard;
	}
	assert_true(len > 4 && len < sizeof(c->heard));
	assert_int_equal(knot_wire_read_u32(data), len);
	memcpy(c->heard, data + 4, len - 4);
	c->heard[len - 4] = '\0';
	check_frame(c->heard);
	epp_session_sent(c->session, len);
	assert_int_equal(epp_session_output(c->session, &data), 0);
	return c->heard;
}

const epp_event_t *epp_case_event(epp_case_t *c, epp_event_kind_t kind)
{
	assert_true(epp_session_event(c->session, &c->event));
	if (c->event.kind != kind) {
		fail_msg("event %u and not %u: %s", c->event.kind, kind, c->event.text);
	}
	return &c->event;
}

void epp_case_quiet(epp_case_t *c)
{
	epp_event_t event;
	assert_false(epp_session_event(c->session, &event));
}

const epp_event_t *epp_case_failed(epp_case_t *c, const char *words)
{
	const epp_event_t *event = epp_case_event(c, EPP_EV_FAILED);
	const uint8_t *data;
	epp_event_t more;

	if (strstr(event->text, words) == NULL) {
		fail_msg("it says \"%s\", and not \"%s\"", event->text, words);
	}
	assert_int_equal(epp_session_output(c->session, &data), 0);
	assert_false(epp_session_is_ready(c->session));
	epp_case_say(c, GREETING);
	epp_session_eof(c->session, "end");
	assert_false(epp_session_event(c->session, &more));
	assert_int_equal(epp_session_output(c->session, &data), 0);
	assert_int_equal(epp_session_send(c->session, &(epp_command_t){ .verb = EPP_POLL }, NULL), KNOT_EBUSY);
	return event;
}

const char *epp_case_send(epp_case_t *c, const epp_command_t *command)
{
	assert_true(epp_session_is_ready(c->session));
	assert_int_equal(epp_session_send(c->session, command, NULL), KNOT_EOK);
	assert_false(epp_session_is_ready(c->session));
	return epp_case_hear(c);
}
