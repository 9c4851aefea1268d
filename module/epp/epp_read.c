/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "epp_read.h"
#include "epp_xml.h"
#include "util/knot.h"
#include "util/printable.h"

#define CODE_MAX 2999

/*! Takes the URIs of that name into the offer, each ended by "\n". Those that are too long are none. */
static void add_uris(const xmlNode *parent, const char *name, epp_reply_t *reply, char *to, size_t *used)
{
	char uri[EPP_URI_MAX];

	for (const xmlNode *at = epp_xml_child(parent, EPP_NS, name); at != NULL; at = epp_xml_next(at, EPP_NS, name)) {
		if (!epp_xml_token(at, uri, sizeof(uri)) || uri[0] == '\0') {
			continue;
		}
		const bool is_object = strcmp(name, "objURI") == 0;
		reply->has_domain |= is_object && strcmp(uri, EPP_NS_DOMAIN) == 0;
		reply->offer.secdns |= !is_object && strcmp(uri, EPP_NS_SECDNS) == 0;
		reply->offer.ttl |= !is_object && strcmp(uri, EPP_NS_TTL) == 0;
		reply->offer.change_poll |= !is_object && strcmp(uri, EPP_NS_CHANGE) == 0;
		reply->offer.login_security |= !is_object && strcmp(uri, EPP_NS_LOGIN_SEC) == 0;
		printable_text(uri);
		const size_t len = strlen(uri);
		memcpy(to + *used, uri, len);
		to[*used + len] = '\n';
		*used += len + 1;
	}
}

/*! English if the server has it, or else what it names first. */
static void read_languages(const xmlNode *menu, epp_reply_t *reply)
{
	char lang[EPP_LANG_MAX];

	for (const xmlNode *at = epp_xml_child(menu, EPP_NS, "lang"); at != NULL;
	     at = epp_xml_next(at, EPP_NS, "lang")) {
		if (epp_xml_token(at, lang, sizeof(lang)) && (reply->lang[0] == '\0' || strcmp(lang, "en") == 0)) {
			memcpy(reply->lang, lang, sizeof(lang));
		}
	}
}

static int read_greeting(const xmlNode *greeting, size_t len, epp_reply_t *reply, const char **why)
{
	const xmlNode *menu = epp_xml_child(greeting, EPP_NS, "svcMenu");
	char version[EPP_URI_MAX];

	reply->is_greeting = true;
	if (!epp_xml_token(epp_xml_child(greeting, EPP_NS, "svID"), reply->offer.server, EPP_TEXT_MAX) ||
	    menu == NULL) {
		*why = "is a greeting without svID or svcMenu";
		return KNOT_EMALF;
	}
	printable_text(reply->offer.server);
	epp_xml_show(epp_xml_child(greeting, EPP_NS, "svDate"), reply->offer.date, sizeof(reply->offer.date));
	for (const xmlNode *at = epp_xml_child(menu, EPP_NS, "version"); at != NULL;
	     at = epp_xml_next(at, EPP_NS, "version")) {
		reply->has_version |= epp_xml_token(at, version, sizeof(version)) && strcmp(version, "1.0") == 0;
	}
	read_languages(menu, reply);
	/* Each URI is shorter in the list than in the document, where it has tags. */
	char *uris = malloc(len + 1);
	if (uris == NULL) {
		return KNOT_ENOMEM;
	}
	reply->offer.uris = uris;
	size_t used = 0;
	add_uris(menu, "objURI", reply, uris, &used);
	add_uris(epp_xml_child(menu, EPP_NS, "svcExtension"), "extURI", reply, uris, &used);
	uris[used] = '\0';
	return KNOT_EOK;
}

static void add_element(epp_reply_t *reply, const char *before, const xmlNode *node)
{
	char text[EPP_WORDS_MAX];

	epp_xml_show(node, text, sizeof(text));
	epp_reply_add(reply, before, text);
}

static void read_words(const xmlNode *result, epp_reply_t *reply)
{
	add_element(reply, "; ", epp_xml_child(result, EPP_NS, "msg"));
	for (const xmlNode *at = result->children; at != NULL; at = at->next) {
		if (epp_xml_child(at, EPP_NS, "reason") != NULL) {
			add_element(reply, ": ", epp_xml_child(at, EPP_NS, "value"));
			add_element(reply, ": ", epp_xml_child(at, EPP_NS, "reason"));
		} else if (at->type == XML_ELEMENT_NODE && strcmp((const char *)at->name, "value") == 0) {
			add_element(reply, ": ", at);
		}
	}
}

static int read_results(const xmlNode *response, epp_reply_t *reply, const char **why)
{
	unsigned count = 0, successes = 0;

	for (const xmlNode *at = epp_xml_child(response, EPP_NS, "result"); at != NULL;
	     at = epp_xml_next(at, EPP_NS, "result")) {
		uint32_t code;
		if (!epp_xml_attribute_number(at, "code", CODE_MAX, &code) || code < 1000) {
			*why = "has a result without a code";
			return KNOT_EMALF;
		}
		count++;
		successes += code < 2000;
		if (count == 1 || epp_meaning(code) > epp_meaning(reply->code)) {
			reply->code = code;
		}
		read_words(at, reply);
	}
	if (count == 0 || (successes > 0 && count > 1)) {
		*why = count == 0 ? "has no result" : "has a success beside another result";
		return KNOT_EMALF;
	}
	return KNOT_EOK;
}

static void read_queue(const xmlNode *queue, epp_reply_t *reply)
{
	uint32_t count = 0;

	if (!epp_xml_attribute_number(queue, "count", UINT32_MAX, &count) ||
	    !epp_xml_attribute(queue, "id", reply->message.id, sizeof(reply->message.id))) {
		return;
	}
	reply->has_queue = true;
	reply->message.count = count;
	epp_xml_show(epp_xml_child(queue, EPP_NS, "qDate"), reply->message.date, sizeof(reply->message.date));
	epp_xml_show(epp_xml_child(queue, EPP_NS, "msg"), reply->message.text, sizeof(reply->message.text));
}

static int read_response(const xmlNode *response, epp_reply_t *reply, const char **why)
{
	const xmlNode *trid = epp_xml_child(response, EPP_NS, "trID");
	const xmlNode *ours = epp_xml_child(trid, EPP_NS, "clTRID");

	int ret = read_results(response, reply, why);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (trid == NULL || (ours != NULL && !epp_xml_token(ours, reply->trid, sizeof(reply->trid)))) {
		*why = "has no trID, or an invalid one";
		return KNOT_EMALF;
	}
	epp_xml_show(epp_xml_child(trid, EPP_NS, "svTRID"), reply->server_trid, sizeof(reply->server_trid));
	read_queue(epp_xml_child(response, EPP_NS, "msgQ"), reply);
	return epp_read_data(epp_xml_child(response, EPP_NS, "resData"), epp_xml_child(response, EPP_NS, "extension"),
	                     reply);
}

int epp_read(const uint8_t *xml, size_t len, epp_reply_t *reply, const char **why)
{
	*reply = (epp_reply_t){ 0 };
	xmlDoc *doc = epp_xml_parse(xml, len, why);
	if (doc == NULL) {
		return KNOT_EMALF;
	}
	const xmlNode *root = epp_xml_child((xmlNode *)doc, EPP_NS, "epp");
	const xmlNode *greeting = epp_xml_child(root, EPP_NS, "greeting");
	const xmlNode *response = epp_xml_child(root, EPP_NS, "response");
	int ret = KNOT_EMALF;
	if ((greeting == NULL) == (response == NULL)) {
		*why = "is neither a greeting nor a response of EPP 1.0";
	} else if (greeting != NULL) {
		ret = read_greeting(greeting, len, reply, why);
	} else {
		ret = read_response(response, reply, why);
	}
	if (ret == KNOT_ENOMEM) {
		*why = "cannot be read: there is no memory";
	}
	xmlFreeDoc(doc);
	return ret;
}
