/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hostile XML, as a greeting or as an answer: refused within bounds, and at no great cost. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "epp/epp_coded.h"
#include "epp/epp_xml.h"
#include "epp_case.h"
#include "util/knot.h"

/*! Seconds of processor time that one unit may take, under valgrind or a sanitizer, too; it takes milliseconds. */
#define COST 2.0

static char text[EPP_UNIT_MAX];
static size_t used;

static void begin(const char *start)
{
	used = strlen(strcpy(text, start));
}

static void add(const char *more)
{
	const size_t len = strlen(more);
	assert_true(used + len < sizeof(text) - 4);
	memcpy(text + used, more, len + 1);
	used += len;
}

/*! Fills what is left of a unit. */
static void fill(const char *more, size_t leave)
{
	while (used + strlen(more) + leave < sizeof(text) - 4) {
		add(more);
	}
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void expect_refused(const char *words)
{
	const double start = seconds();
	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	epp_case_say(c, text);
	epp_case_failed(c, words);
	epp_case_free(c);
	assert_true(seconds() - start < COST);
}

static void expect_parsed(bool is_parsed)
{
	const char *why = NULL;
	const double start = seconds();
	xmlDoc *doc = epp_xml_parse((const uint8_t *)text, used, &why);
	assert_int_equal(doc != NULL, is_parsed);
	assert_int_equal(why != NULL, !is_parsed);
	xmlFreeDoc(doc);
	assert_true(seconds() - start < COST);
}

/* No document type, so no entities: none that grow, none that read files. */
static void a_document_type_ends_it(void **state)
{
	(void)state;
	const char *types[] = {
		"<!DOCTYPE epp><epp/>",
		"<?xml version='1.0'?><!DOCTYPE epp SYSTEM 'file:///etc/passwd'><epp/>",
		"<!DOCTYPE epp [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]><epp>&b;</epp>",
		"<!DOCTYPE epp [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><epp>&x;</epp>",
		"<!DOCTYPE epp [<!ENTITY % p SYSTEM 'http://127.0.0.1/'> %p;]><epp/>",
		/* Nothing of it is read. */
		"<!DOCTYPE epp [ this is no DTD",
	};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		begin(types[i]);
		expect_refused("has a document type");
	}
	begin("<epp>&x;</epp>");
	expect_refused("no well-formed XML");
}

static void what_is_not_well_formed_ends_it(void **state)
{
	(void)state;
	const char *texts[] = { "",
		                " ",
		                "x",
		                "<epp>",
		                "<epp></ep>",
		                "<epp/><epp/>",
		                "<a:epp/>",
		                "<epp a='1' a='2'/>",
		                "<epp a=1/>",
		                "<epp>&#0;</epp>",
		                "<epp>\x01</epp>",
		                "<epp>\xff\xfe</epp>",
		                "<epp>\xc3</epp>",
		                "<epp><![CDATA[</epp>",
		                "HTTP/1.1 400 Bad Request\r\n\r\n",
		                "<?xml version='1.0' encoding='UTF-16'?><epp>\xe9</epp>" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i], "") != 0) {
			begin(texts[i]);
			expect_refused("what the server says ");
		}
	}
	/* UTF-16, and a NUL. */
	epp_case_t *c = epp_case_new();
	epp_case_begin(c);
	epp_session_feed(c->session, (const uint8_t *)"\0\0\0\x10\xff\xfe<\0e\0p\0/\0>\0", 16);
	epp_case_failed(c, "no well-formed XML");
	epp_case_free(c);
}

static void depth_is_bounded(void **state)
{
	(void)state;
	for (unsigned depth = EPP_XML_DEPTH; depth <= EPP_XML_DEPTH + 1; depth++) {
		begin("");
		for (unsigned i = 0; i < depth; i++) {
			add("<a>");
		}
		for (unsigned i = 0; i < depth; i++) {
			add("</a>");
		}
		expect_parsed(depth == EPP_XML_DEPTH);
	}
	begin("");
	fill("<a>", 0);
	expect_refused("too many elements, or too deep ones");
}

static void elements_are_bounded(void **state)
{
	(void)state;
	for (unsigned count = EPP_XML_ELEMENTS; count <= EPP_XML_ELEMENTS + 1; count++) {
		begin("<a>");
		for (unsigned i = 1; i < count; i++) {
			add("<b/>");
		}
		add("</a>");
		expect_parsed(count == EPP_XML_ELEMENTS);
	}
	begin("<a>");
	fill("<b/>", 10);
	add("</a>");
	expect_refused("too many elements, or too deep ones");
}

/* libxml2 2.9 compares each attribute with all others of the element. */
static void attributes_are_bounded(void **state)
{
	(void)state;
	char attribute[32];

	for (unsigned count = EPP_XML_TAG_PAIRS; count <= EPP_XML_TAG_PAIRS + 1; count++) {
		begin("<a");
		for (unsigned i = 0; i < count; i++) {
			snprintf(attribute, sizeof(attribute), " a%u='>='", i);
			add(attribute);
		}
		add("/>");
		expect_parsed(count == EPP_XML_TAG_PAIRS);
	}
	const char *forms[] = { " a%05x=''", " a%05x='>'", " a%05x=\"'>\"", " xmlns:a%05x='u'", "\ta%05x\n=\n'\"'" };
	for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
		begin("<!-- <x ' --><a");
		for (unsigned i = 0; used + 100 < sizeof(text); i++) {
			snprintf(attribute, sizeof(attribute), forms[form], i);
			add(attribute);
		}
		add("/>");
		expect_refused("too many attributes");
	}
	/* A few for each of many elements. */
	begin("<a>");
	fill("<b c='1' d='2'/>", 10);
	add("</a>");
	expect_refused("too many attributes");
}

/* What is left of an attacker's means takes milliseconds. */
static void the_costliest_units_are_cheap(void **state)
{
	(void)state;
	char space[32];

	/* Namespaces in scope, and names that are looked for among them. */
	begin("");
	for (unsigned i = 0; i + 2 < EPP_XML_DEPTH; i++) {
		add("<a");
		for (unsigned n = 0; n < EPP_XML_TAG_PAIRS; n++) {
			snprintf(space, sizeof(space), " xmlns:n%u-%u='u'", i, n);
			add(space);
		}
		add(">");
	}
	for (unsigned i = 0; i < EPP_XML_ELEMENTS - EPP_XML_DEPTH; i++) {
		add(i % 2 == 0 ? "<n0-0:b x=''/>" : "<n0-1:b/>");
	}
	for (unsigned i = 0; i + 2 < EPP_XML_DEPTH; i++) {
		add("</a>");
	}
	expect_parsed(true);

	/* A text of many pieces. */
	begin("<a>");
	fill("&#65;", 10);
	add("</a>");
	expect_parsed(true);
	begin("<a>");
	fill("<![CDATA[]]><?x?><!---->y", 10);
	add("</a>");
	expect_parsed(true);

	/* One long name, one long value. */
	begin("<");
	fill("a", 10);
	add("/>");
	expect_parsed(false);
	begin("<a b='");
	fill("&lt;", 10);
	add("'/>");
	expect_parsed(true);
}

static void names_count_with_their_namespace(void **state)
{
	(void)state;
	const char *why;
	char token[8], show[8];
	uint32_t number = 7;
	begin("<x:a xmlns:x='" EPP_NS
	      "' x:n='6' n=' 5 ' m='4294967296'><b/><b xmlns='u'/><x:b> p \n q </x:b><x:b>12345678</x:b>"
	      "<x:c>12<x:d/></x:c><x:e>4294967295</x:e></x:a>");
	xmlDoc *doc = epp_xml_parse((const uint8_t *)text, used, &why);
	assert_non_null(doc);
	const xmlNode *a = epp_xml_child((xmlNode *)doc, EPP_NS, "a");
	assert_non_null(a);
	const xmlNode *b = epp_xml_child(a, EPP_NS, "b");
	assert_true(epp_xml_token(b, token, sizeof(token)));
	assert_string_equal(token, "p q");
	b = epp_xml_next(b, EPP_NS, "b");
	assert_false(epp_xml_token(b, token, sizeof(token)));
	assert_string_equal(token, "");
	epp_xml_show(b, show, sizeof(show));
	assert_string_equal(show, "1234567");
	assert_null(epp_xml_next(b, EPP_NS, "b"));
	assert_false(epp_xml_token(epp_xml_child(a, EPP_NS, "c"), token, sizeof(token)));
	assert_true(epp_xml_attribute(a, "n", token, sizeof(token)));
	assert_string_equal(token, "5");
	assert_false(epp_xml_attribute_number(a, "m", UINT32_MAX, &number));
	assert_false(epp_xml_attribute_number(a, "o", UINT32_MAX, &number));
	assert_true(epp_xml_number(epp_xml_child(a, EPP_NS, "e"), UINT32_MAX, &number));
	assert_int_equal(number, UINT32_MAX);
	assert_false(epp_xml_number(epp_xml_child(a, EPP_NS, "e"), UINT32_MAX - 1, &number));
	assert_null(epp_xml_child(NULL, EPP_NS, "a"));
	epp_xml_show(NULL, show, sizeof(show));
	assert_string_equal(show, "");
	xmlFreeDoc(doc);
}

/* RFC 4648 10, and what comes back of all lengths. */
static void octets_become_text_and_come_back(void **state)
{
	(void)state;
	const char *known[][2] = { { "f", "Zg==" },        { "fo", "Zm8=" },        { "foo", "Zm9v" },
		                   { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	uint8_t data[100], back[100];
	char coded[300];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		epp_base64_encode((const uint8_t *)known[i][0], strlen(known[i][0]), coded);
		assert_string_equal(coded, known[i][1]);
	}
	for (size_t len = 1; len <= sizeof(data); len++) {
		for (size_t i = 0; i < len; i++) {
			data[i] = (uint8_t)(i * 167 + len * 31);
		}
		epp_base64_encode(data, len, coded);
		assert_int_equal(epp_base64_decode(coded, back, len), len);
		assert_memory_equal(back, data, len);
		assert_int_equal(epp_base64_decode(coded, back, len - 1), 0);
		epp_hex_encode(data, len, coded);
		assert_int_equal(epp_hex_decode(coded, back, len), len);
		assert_memory_equal(back, data, len);
		assert_int_equal(epp_hex_decode(coded, back, len - 1), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_type_ends_it),
		cmocka_unit_test(what_is_not_well_formed_ends_it),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(elements_are_bounded),
		cmocka_unit_test(attributes_are_bounded),
		cmocka_unit_test(the_costliest_units_are_cheap),
		cmocka_unit_test(names_count_with_their_namespace),
		cmocka_unit_test(octets_become_text_and_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
