/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A domain as the server has it, and what its messages say of domains. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "epp_coded.h"
#include "epp_read.h"
#include "epp_xml.h"
#include "kskroll/text_copy.h"
#include "util/knot.h"
#include "util/printable.h"

#define TTL_MAX    0x7fffffff /* RFC 9803 1.2. */
#define STATUS_MAX 64

static bool read_name(const xmlNode *node, char *domain)
{
	if (!epp_xml_token(node, domain, EPP_DOMAIN_MAX) || domain[0] == '\0') {
		return false;
	}
	const size_t len = strlen(domain);
	if (len > 1 && domain[len - 1] == '.') {
		domain[len - 1] = '\0';
	}
	printable_text(domain);
	return true;
}

static void read_status(const xmlNode *node, epp_info_t *info)
{
	char status[STATUS_MAX];
	const size_t used = strlen(info->statuses);

	if (!epp_xml_attribute(node, "s", status, sizeof(status)) || status[0] == '\0') {
		return;
	}
	info->locks |= strcmp(status, "clientUpdateProhibited") == 0 ? EPP_LOCK_CLIENT :
	               strcmp(status, "serverUpdateProhibited") == 0 ? EPP_LOCK_SERVER :
	               strncmp(status, "pending", 7) == 0            ? EPP_LOCK_PENDING :
	                                                               0;
	printable_text(status);
	if (used + strlen(status) + 2 <= sizeof(info->statuses)) {
		stpcpy(stpcpy(info->statuses + used, used > 0 ? " " : ""), status);
	}
}

static bool read_domain(const xmlNode *node, epp_info_t *info)
{
	if (!read_name(epp_xml_child(node, EPP_NS_DOMAIN, "name"), info->domain)) {
		return false;
	}
	epp_xml_show(epp_xml_child(node, EPP_NS_DOMAIN, "clID"), info->registrar, sizeof(info->registrar));
	for (const xmlNode *at = epp_xml_child(node, EPP_NS_DOMAIN, "status"); at != NULL;
	     at = epp_xml_next(at, EPP_NS_DOMAIN, "status")) {
		read_status(at, info);
	}
	return true;
}

/*! The digest or key, and how it is spelled; both in one piece of memory, which the spelling begins. */
static int read_octets(const xmlNode *node, epp_record_t *record)
{
	char *spelled = malloc(EPP_SPELLED_MAX + EPP_KEY_MAX);
	if (spelled == NULL) {
		return KNOT_ENOMEM;
	}
	const bool is_text = epp_xml_token(node, spelled, EPP_SPELLED_MAX);
	uint8_t *data = (uint8_t *)spelled + strlen(spelled) + 1;
	size_t len = 0;
	if (is_text) {
		len = record->is_key ? epp_base64_decode(spelled, data, EPP_KEY_MAX) :
		                       epp_hex_decode(spelled, data, EPP_DIGEST_MAX);
	}
	if (len == 0) {
		free(spelled);
		return KNOT_EMALF;
	}
	const size_t size = (size_t)(data - (uint8_t *)spelled) + len;
	char *smaller = realloc(spelled, size);
	spelled = smaller != NULL ? smaller : spelled;
	record->spelled = spelled;
	record->data = (uint8_t *)spelled + strlen(spelled) + 1;
	record->data_len = (uint16_t)len;
	return KNOT_EOK;
}

static int read_record(const xmlNode *node, bool is_key, epp_record_t *record)
{
	uint32_t algorithm = 0, first = 0, second = 0;

	if (!epp_xml_number(epp_xml_child(node, EPP_NS_SECDNS, "alg"), UINT8_MAX, &algorithm) ||
	    !epp_xml_number(epp_xml_child(node, EPP_NS_SECDNS, is_key ? "flags" : "keyTag"), UINT16_MAX, &first) ||
	    !epp_xml_number(epp_xml_child(node, EPP_NS_SECDNS, is_key ? "protocol" : "digestType"), UINT8_MAX,
	                    &second)) {
		return KNOT_EMALF;
	}
	*record = (epp_record_t){ .is_key = is_key, .algorithm = (uint8_t)algorithm };
	if (is_key) {
		record->flags = (uint16_t)first;
		record->protocol = (uint8_t)second;
	} else {
		record->tag = (uint16_t)first;
		record->digest_type = (uint8_t)second;
	}
	return read_octets(epp_xml_child(node, EPP_NS_SECDNS, is_key ? "pubKey" : "digest"), record);
}

/*! The key inside of a DS. One that cannot be read is of no use, and hides nothing: the digest names it. */
static int read_inside(const xmlNode *ds, epp_reply_t *reply, size_t index)
{
	const xmlNode *node = epp_xml_child(ds, EPP_NS_SECDNS, "keyData");

	if (node == NULL) {
		return KNOT_EOK;
	}
	reply->info.embedded_keys = true;
	const int ret = read_record(node, true, &reply->inside[index]);
	if (ret == KNOT_EOK) {
		reply->record[index].key = &reply->inside[index];
	}
	return ret == KNOT_ENOMEM ? ret : KNOT_EOK;
}

/*! \return KNOT_EMALF: they cannot all be read, so that nothing is known of them. */
static int read_records(const xmlNode *parent, bool is_key, epp_reply_t *reply)
{
	const char *name = is_key ? "keyData" : "dsData";

	for (const xmlNode *at = epp_xml_child(parent, EPP_NS_SECDNS, name); at != NULL;
	     at = epp_xml_next(at, EPP_NS_SECDNS, name)) {
		if (reply->count == EPP_RECORDS_MAX) {
			return KNOT_EMALF;
		}
		int ret = read_record(at, is_key, &reply->record[reply->count]);
		if (ret != KNOT_EOK) {
			return ret;
		}
		reply->count++;
		ret = is_key ? KNOT_EOK : read_inside(at, reply, reply->count - 1);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

static int read_secdns(const xmlNode *node, epp_reply_t *reply)
{
	const bool has_ds = epp_xml_child(node, EPP_NS_SECDNS, "dsData") != NULL;
	const bool has_keys = epp_xml_child(node, EPP_NS_SECDNS, "keyData") != NULL;

	if (node == NULL) {
		return KNOT_EOK;
	}
	int ret = has_ds && has_keys ? KNOT_EMALF : read_records(node, has_keys, reply);
	if (ret == KNOT_ENOMEM) {
		return ret;
	}
	if (ret != KNOT_EOK || epp_xml_next(node, EPP_NS_SECDNS, "infData") != NULL) {
		epp_reply_add(reply, "; ",
		              "its secDNS:infData cannot be read as a whole, so that nothing is known of DS");
		return KNOT_EOK;
	}
	reply->info.has_secdns = true;
	reply->info.record = reply->record;
	reply->info.count = reply->count;
	return KNOT_EOK;
}

/*! The DS TTL; what RFC 9803 does not allow is not read. */
static void read_ttl(const xmlNode *node, epp_info_t *info)
{
	char kind[STATUS_MAX], value[STATUS_MAX];

	for (const xmlNode *at = epp_xml_child(node, EPP_NS_TTL, "ttl"); at != NULL;
	     at = epp_xml_next(at, EPP_NS_TTL, "ttl")) {
		if (!epp_xml_attribute(at, "for", kind, sizeof(kind)) || strcmp(kind, "DS") != 0 ||
		    !epp_xml_token(at, value, sizeof(value)) ||
		    (value[0] != '\0' && !epp_xml_number(at, TTL_MAX, &info->ttl))) {
			continue;
		}
		info->has_ttl = true;
		info->ttl_default = value[0] == '\0';
		(void)epp_xml_attribute_number(at, "min", TTL_MAX, &info->ttl_min);
		(void)epp_xml_attribute_number(at, "max", TTL_MAX, &info->ttl_max);
		(void)epp_xml_attribute_number(at, "default", TTL_MAX, &info->ttl_usual);
		return;
	}
}

/*! Of an action that was pending (RFC 5731 3.3). */
static bool read_action(const xmlNode *node, epp_message_t *message)
{
	const xmlNode *name = epp_xml_child(node, EPP_NS_DOMAIN, "name");
	char result[STATUS_MAX];

	if (!read_name(name, message->domain) || !epp_xml_attribute(name, "paResult", result, sizeof(result)) ||
	    (strcmp(result, "1") != 0 && strcmp(result, "true") != 0 && strcmp(result, "0") != 0 &&
	     strcmp(result, "false") != 0)) {
		return false;
	}
	message->result = result[0] == '1' || result[0] == 't';
	(void)epp_xml_token(epp_xml_child(epp_xml_child(node, EPP_NS_DOMAIN, "paTRID"), EPP_NS, "clTRID"),
	                    message->trid, sizeof(message->trid));
	return true;
}

/*! Of a change that another client or the registry has made (RFC 8590 3.1.2). */
static void read_change(const xmlNode *node, const epp_info_t *info, epp_message_t *message)
{
	message->is_change = true;
	text_copy(message->domain, sizeof(message->domain), info->domain);
	epp_xml_show(epp_xml_child(node, EPP_NS_CHANGE, "who"), message->who, sizeof(message->who));
	epp_xml_show(epp_xml_child(node, EPP_NS_CHANGE, "operation"), message->operation, sizeof(message->operation));
}

/*! Warnings of a login, as that a password or certificate ends (RFC 8807 4.1): among the server's words. */
static void read_warnings(const xmlNode *node, epp_reply_t *reply)
{
	char text[EPP_TEXT_MAX], type[STATUS_MAX], date[STATUS_MAX], words[2 * EPP_TEXT_MAX];

	for (const xmlNode *at = epp_xml_child(node, EPP_NS_LOGIN_SEC, "event"); at != NULL;
	     at = epp_xml_next(at, EPP_NS_LOGIN_SEC, "event")) {
		epp_xml_show(at, text, sizeof(text));
		(void)epp_xml_attribute(at, "type", type, sizeof(type));
		(void)epp_xml_attribute(at, "exDate", date, sizeof(date));
		snprintf(words, sizeof(words), "%s%s%s%s%s", type, date[0] != '\0' ? " ends " : "", date,
		         text[0] != '\0' ? ": " : "", text);
		printable_text(words);
		epp_reply_add(reply, "; ", words);
	}
}

int epp_read_data(const xmlNode *data, const xmlNode *extension, epp_reply_t *reply)
{
	const xmlNode *domain = epp_xml_child(data, EPP_NS_DOMAIN, "infData");
	const xmlNode *action = epp_xml_child(data, EPP_NS_DOMAIN, "panData");
	const xmlNode *change = epp_xml_child(extension, EPP_NS_CHANGE, "changeData");

	reply->has_info = domain != NULL && read_domain(domain, &reply->info);
	/* What is invalid in a message must not end the session: the message would stay the first one of the queue. */
	reply->message.is_action = action != NULL && read_action(action, &reply->message);
	if (change != NULL && reply->has_info) {
		read_change(change, &reply->info, &reply->message);
	}
	read_warnings(epp_xml_child(extension, EPP_NS_LOGIN_SEC, "loginSecData"), reply);
	read_ttl(epp_xml_child(extension, EPP_NS_TTL, "infData"), &reply->info);
	return read_secdns(epp_xml_child(extension, EPP_NS_SECDNS, "infData"), reply);
}
