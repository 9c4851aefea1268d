/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "epp_xml.h"
#include "util/printable.h"

#define NUMBER_LEN 16

/*! What the parser has done for a document. */
typedef struct {
	startElementNsSAX2Func start;
	endElementNsSAX2Func end;
	unsigned elements, depth;
	const char *why;
} work_t;

/*!
 * \brief Whether no tag has too many attributes, found without the parser.
 *
 * libxml2 before 2.12 compares each attribute of an element with all others: a unit of them takes more than a second. A
 * "<" begins a tag wherever it is, so that no tag of the parser's is missed. What is taken for a tag but is none, as in
 * CDATA, is counted for nothing in practice.
 */
static bool has_few_pairs(const uint8_t *data, size_t len)
{
	unsigned pairs = 0, all = 0;
	uint8_t quote = 0;
	bool in_tag = false;

	for (size_t i = 0; i < len; i++) {
		const uint8_t c = data[i];
		if (c == '<') {
			in_tag = true;
			quote = 0;
			pairs = 0;
		} else if (in_tag && quote != 0) {
			quote = c == quote ? 0 : quote;
		} else if (in_tag && (c == '"' || c == '\'')) {
			quote = c;
		} else if (in_tag && c == '>') {
			in_tag = false;
		} else if (in_tag && c == '=' && (++pairs > EPP_XML_TAG_PAIRS || ++all > EPP_XML_PAIRS)) {
			return false;
		}
	}
	return true;
}

static void stop(xmlParserCtxt *parser, const char *why)
{
	work_t *work = parser->_private;

	work->why = work->why != NULL ? work->why : why;
	xmlStopParser(parser);
}

static void start_element(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int ns_count,
                          const xmlChar **ns, int count, int defaulted, const xmlChar **attributes)
{
	xmlParserCtxt *parser = arg;
	work_t *work = parser->_private;

	if (++work->elements > EPP_XML_ELEMENTS || work->depth >= EPP_XML_DEPTH) {
		stop(parser, "has too many elements, or too deep ones");
		return;
	}
	work->depth++;
	work->start(arg, name, prefix, uri, ns_count, ns, count, defaulted, attributes);
}

static void end_element(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	work_t *work = ((xmlParserCtxt *)arg)->_private;

	work->depth--;
	work->end(arg, name, prefix, uri);
}

static void doctype(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	stop(arg, "has a document type");
}

xmlDoc *epp_xml_parse(const uint8_t *data, size_t len, const char **why)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };
	work_t work = { 0 };

	if (len >= sizeof(bom) && memcmp(data, bom, sizeof(bom)) == 0) {
		data += sizeof(bom);
		len -= sizeof(bom);
	}
	if (!has_few_pairs(data, len)) {
		*why = "has too many attributes";
		return NULL;
	}
	xmlParserCtxt *parser = xmlNewParserCtxt();
	if (parser == NULL) {
		*why = "cannot be read: there is no memory";
		return NULL;
	}
	work.start = parser->sax->startElementNs;
	work.end = parser->sax->endElementNs;
	parser->_private = &work;
	parser->sax->startElementNs = start_element;
	parser->sax->endElementNs = end_element;
	parser->sax->internalSubset = doctype;
	parser->sax->externalSubset = doctype;
	parser->sax->comment = NULL;
	parser->sax->processingInstruction = NULL;
	/* The encoding is given, so that nothing else is guessed or followed. */
	xmlDoc *doc = xmlCtxtReadMemory(parser, (const char *)data, (int)len, NULL, "UTF-8",
	                                XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
	                                        XML_PARSE_COMPACT);
	if (doc == NULL || work.why != NULL) {
		*why = work.why != NULL                   ? work.why :
		       parser->errNo == XML_ERR_NO_MEMORY ? "cannot be read: there is no memory" :
		                                            "is no well-formed XML in UTF-8";
		xmlFreeDoc(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(parser);
	return doc;
}

static const xmlNode *from(const xmlNode *node, const char *ns, const char *name)
{
	for (; node != NULL; node = node->next) {
		if (node->type == XML_ELEMENT_NODE && node->ns != NULL && node->ns->href != NULL &&
		    strcmp((const char *)node->name, name) == 0 && strcmp((const char *)node->ns->href, ns) == 0) {
			return node;
		}
	}
	return NULL;
}

const xmlNode *epp_xml_child(const xmlNode *parent, const char *ns, const char *name)
{
	return parent != NULL ? from(parent->children, ns, name) : NULL;
}

const xmlNode *epp_xml_next(const xmlNode *node, const char *ns, const char *name)
{
	return from(node->next, ns, name);
}

/*! Text that is put together. */
typedef struct {
	char *text;
	size_t size, len;
	bool space; /*!< White space comes before what is next. */
	bool full;
} collapsed_t;

static void add_char(collapsed_t *to, char c)
{
	if (to->len + 1 >= to->size) {
		to->full = true;
		return;
	}
	to->text[to->len++] = c;
}

static void add_text(collapsed_t *to, const xmlChar *content)
{
	for (const char *p = (const char *)content; p != NULL && *p != '\0' && !to->full; p++) {
		if (strchr(" \t\r\n", *p) != NULL) {
			to->space = to->len > 0;
			continue;
		}
		if (to->space) {
			add_char(to, ' ');
			to->space = false;
		}
		add_char(to, *p);
	}
}

/*! The node after this one, in the order of the document, within \a root. */
static const xmlNode *following(const xmlNode *root, const xmlNode *node)
{
	if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
		return node->children;
	}
	while (node != root && node->next == NULL) {
		node = node->parent;
	}
	return node == root ? NULL : node->next;
}

/*! Takes a character off that was cut. */
static void end_text(collapsed_t *to)
{
	size_t begin = to->len;

	while (to->full && begin > 0 && ((uint8_t)to->text[begin - 1] & 0xc0) == 0x80) {
		begin--;
	}
	if (to->full && begin > 0 && (uint8_t)to->text[begin - 1] >= 0xc0) {
		to->len = begin - 1;
	}
	to->text[to->len] = '\0';
}

void epp_xml_show(const xmlNode *node, char *text, size_t size)
{
	collapsed_t to = { .text = text, .size = size };

	for (const xmlNode *at = node; at != NULL && !to.full; at = following(node, at)) {
		if (at->type == XML_TEXT_NODE) {
			add_text(&to, at->content);
		} else {
			to.space = to.len > 0;
		}
	}
	end_text(&to);
	printable_text(text);
}

static bool token_of(const xmlNode *children, char *text, size_t size)
{
	collapsed_t to = { .text = text, .size = size };

	for (; children != NULL && !to.full; children = children->next) {
		if (children->type != XML_TEXT_NODE) {
			text[0] = '\0';
			return false;
		}
		add_text(&to, children->content);
	}
	text[to.full ? 0 : to.len] = '\0';
	return !to.full;
}

bool epp_xml_token(const xmlNode *node, char *text, size_t size)
{
	text[0] = '\0';
	return node != NULL && token_of(node->children, text, size);
}

bool epp_xml_attribute(const xmlNode *node, const char *name, char *text, size_t size)
{
	text[0] = '\0';
	for (const xmlAttr *at = node != NULL ? node->properties : NULL; at != NULL; at = at->next) {
		if (at->ns == NULL && strcmp((const char *)at->name, name) == 0) {
			return token_of(at->children, text, size);
		}
	}
	return false;
}

static bool number_of(const char *text, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9') {
			return false;
		}
		value = value * 10 + (uint64_t)(*p - '0');
		if (value > max) {
			return false;
		}
	}
	*number = (uint32_t)value;
	return text[0] != '\0';
}

bool epp_xml_number(const xmlNode *node, uint32_t max, uint32_t *number)
{
	char text[NUMBER_LEN];
	return epp_xml_token(node, text, sizeof(text)) && number_of(text, max, number);
}

bool epp_xml_attribute_number(const xmlNode *node, const char *name, uint32_t max, uint32_t *number)
{
	char text[NUMBER_LEN];
	return epp_xml_attribute(node, name, text, sizeof(text)) && number_of(text, max, number);
}
