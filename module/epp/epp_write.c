/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

#include "epp_coded.h"
#include "epp_write.h"
#include "epp_xml.h"
#include "util/knot.h"

#define TTL_MAX   0x7fffffff /* RFC 9803 1.2. */
#define CODED_MAX (4 * ((EPP_KEY_MAX + 2) / 3) + 1)
/* RFC 8807 4.1: stands in `<pw>` for the password in the extension. */
#define PASSWORD_IN_EXTENSION "[LOGIN-SECURITY]"

static void add_number(epp_frame_t *frame, const char *name, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	epp_frame_element(frame, name, text);
}

static void begin(epp_frame_t *frame)
{
	epp_frame_begin(frame);
	epp_frame_add(frame,
	              "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<epp xmlns=\"" EPP_NS "\">");
}

static int end(epp_frame_t *frame, const char *trid)
{
	epp_frame_element(frame, "clTRID", trid);
	epp_frame_add(frame, "</command></epp>");
	return epp_frame_end(frame);
}

/* --- login ------------------------------------------------------------------------------------ */

static void add_services(epp_frame_t *frame, const epp_account_t *account, const epp_offer_t *offer)
{
	const struct {
		const char *uri;
		bool is_used;
	} own[] = {
		{ EPP_NS_SECDNS, true },
		{ EPP_NS_TTL, offer->ttl },
		{ EPP_NS_CHANGE, offer->change_poll },
		{ EPP_NS_LOGIN_SEC, account->login_security },
	};
	const size_t count = sizeof(own) / sizeof(own[0]);
	char uri[EPP_URI_MAX];

	epp_frame_add(frame, "<svcs><objURI>" EPP_NS_DOMAIN "</objURI><svcExtension>");
	for (size_t i = 0; i < count; i++) {
		if (own[i].is_used) {
			epp_frame_element(frame, "extURI", own[i].uri);
		}
	}
	for (const char *at = account->extension, *next; (next = strchr(at, '\n')) != NULL; at = next + 1) {
		bool is_there = false;
		snprintf(uri, sizeof(uri), "%.*s", (int)(next - at), at);
		for (size_t i = 0; i < count; i++) {
			is_there |= own[i].is_used && strcmp(own[i].uri, uri) == 0;
		}
		if (!is_there) {
			epp_frame_element(frame, "extURI", uri);
		}
	}
	epp_frame_add(frame, "</svcExtension></svcs>");
}

int epp_write_login(epp_frame_t *frame, const epp_account_t *account, const epp_offer_t *offer, const char *lang,
                    const char *trid)
{
	begin(frame);
	epp_frame_add(frame, "<command><login>");
	epp_frame_element(frame, "clID", account->login);
	epp_frame_element(frame, "pw", account->login_security ? PASSWORD_IN_EXTENSION : account->password);
	epp_frame_add(frame, "<options><version>1.0</version>");
	epp_frame_element(frame, "lang", lang);
	epp_frame_add(frame, "</options>");
	add_services(frame, account, offer);
	epp_frame_add(frame, "</login>");
	if (account->login_security) {
		epp_frame_add(frame, "<extension><loginSec:loginSec xmlns:loginSec=\"" EPP_NS_LOGIN_SEC "\">");
		epp_frame_element(frame, "loginSec:pw", account->password);
		epp_frame_add(frame, "</loginSec:loginSec></extension>");
	}
	return end(frame, trid);
}

/* --- commands --------------------------------------------------------------------------------- */

static void add_record(epp_frame_t *frame, const epp_record_t *record)
{
	char coded[CODED_MAX];
	const char *text = record->spelled;

	if (text == NULL) {
		if (record->is_key) {
			epp_base64_encode(record->data, record->data_len, coded);
		} else {
			epp_hex_encode(record->data, record->data_len, coded);
		}
		text = coded;
	}
	if (record->is_key) {
		epp_frame_add(frame, "<secDNS:keyData>");
		add_number(frame, "secDNS:flags", record->flags);
		add_number(frame, "secDNS:protocol", record->protocol);
		add_number(frame, "secDNS:alg", record->algorithm);
		epp_frame_element(frame, "secDNS:pubKey", text);
		epp_frame_add(frame, "</secDNS:keyData>");
		return;
	}
	epp_frame_add(frame, "<secDNS:dsData>");
	add_number(frame, "secDNS:keyTag", record->tag);
	add_number(frame, "secDNS:alg", record->algorithm);
	add_number(frame, "secDNS:digestType", record->digest_type);
	epp_frame_element(frame, "secDNS:digest", text);
	if (record->key != NULL) {
		add_record(frame, record->key);
	}
	epp_frame_add(frame, "</secDNS:dsData>");
}

static void add_records(epp_frame_t *frame, const char *name, const epp_record_t *records, size_t count)
{
	if (count == 0) {
		return;
	}
	epp_frame_add(frame, "<secDNS:");
	epp_frame_add(frame, name);
	epp_frame_add(frame, ">");
	for (size_t i = 0; i < count; i++) {
		add_record(frame, &records[i]);
	}
	epp_frame_add(frame, "</secDNS:");
	epp_frame_add(frame, name);
	epp_frame_add(frame, ">");
}

static void add_ttl(epp_frame_t *frame, const epp_command_t *command)
{
	char text[16] = "";

	if (command->ttl_what == EPP_TTL_SET) {
		snprintf(text, sizeof(text), "%u", (unsigned)command->ttl);
	}
	epp_frame_add(frame, "<ttl:update xmlns:ttl=\"" EPP_NS_TTL "\"><ttl:ttl for=\"DS\">");
	epp_frame_text(frame, text);
	epp_frame_add(frame, "</ttl:ttl></ttl:update>");
}

static void add_info(epp_frame_t *frame, const epp_command_t *command, const epp_offer_t *offer)
{
	/* Without hosts: a domain may have thousands, and they are of no use here. */
	epp_frame_add(frame, "<info><domain:info xmlns:domain=\"" EPP_NS_DOMAIN "\"><domain:name hosts=\"none\">");
	epp_frame_text(frame, command->domain);
	epp_frame_add(frame, "</domain:name></domain:info></info>");
	if (offer->ttl) {
		epp_frame_add(frame, "<extension><ttl:info xmlns:ttl=\"" EPP_NS_TTL "\" policy=\"true\"/></extension>");
	}
}

static void add_update(epp_frame_t *frame, const epp_command_t *command)
{
	/* With an extension the update may have the name alone (RFC 5731 3.2.5). */
	epp_frame_add(frame, "<update><domain:update xmlns:domain=\"" EPP_NS_DOMAIN "\">");
	epp_frame_element(frame, "domain:name", command->domain);
	epp_frame_add(frame, "</domain:update></update><extension>");
	if (command->rem_count + command->add_count > 0) {
		/* In this order, by the schema; the server removes first (RFC 5910 5.2.5). */
		epp_frame_add(frame, "<secDNS:update xmlns:secDNS=\"" EPP_NS_SECDNS "\">");
		add_records(frame, "rem", command->rem, command->rem_count);
		add_records(frame, "add", command->add, command->add_count);
		epp_frame_add(frame, "</secDNS:update>");
	}
	if (command->ttl_what != EPP_TTL_KEEP) {
		add_ttl(frame, command);
	}
	epp_frame_add(frame, "</extension>");
}

int epp_write_command(epp_frame_t *frame, const epp_command_t *command, const epp_offer_t *offer, const char *trid)
{
	begin(frame);
	if (command->verb == EPP_HELLO) {
		epp_frame_add(frame, "<hello/></epp>");
		return epp_frame_end(frame);
	}
	epp_frame_add(frame, "<command>");
	switch (command->verb) {
	case EPP_INFO:
		add_info(frame, command, offer);
		break;
	case EPP_UPDATE:
		add_update(frame, command);
		break;
	case EPP_POLL:
		epp_frame_add(frame, "<poll op=\"req\"/>");
		break;
	case EPP_ACK:
		epp_frame_add(frame, "<poll op=\"ack\" msgID=\"");
		epp_frame_text(frame, command->id);
		epp_frame_add(frame, "\"/>");
		break;
	default:
		epp_frame_add(frame, "<logout/>");
	}
	return end(frame, trid);
}

/* --- checks ----------------------------------------------------------------------------------- */

static bool is_domain(const char *domain)
{
	return domain != NULL && domain[0] != '\0' && strlen(domain) < EPP_DOMAIN_MAX &&
	       strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(domain) &&
	       domain[strlen(domain) - 1] != '.' && domain[0] != '.';
}

/*! The spelling, if there is one, must be that of these octets. */
static bool is_spelled(const epp_record_t *record)
{
	uint8_t data[EPP_KEY_MAX];

	if (record->spelled == NULL) {
		return true;
	}
	const size_t len = record->is_key ? epp_base64_decode(record->spelled, data, sizeof(data)) :
	                                    epp_hex_decode(record->spelled, data, sizeof(data));
	return len == record->data_len && memcmp(data, record->data, len) == 0;
}

static bool is_record(const epp_record_t *record, bool is_key)
{
	return record->is_key == is_key && record->data != NULL && record->data_len > 0 &&
	       record->data_len <= (is_key ? EPP_KEY_MAX : EPP_DIGEST_MAX) && is_spelled(record) &&
	       (record->key == NULL || (!is_key && is_record(record->key, true)));
}

static bool are_records(const epp_record_t *records, size_t count, bool is_key)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_record(&records[i], is_key)) {
			return false;
		}
	}
	return count <= EPP_RECORDS_MAX;
}

static int check_update(const epp_command_t *command, const epp_offer_t *offer)
{
	const size_t count = command->rem_count + command->add_count;
	const bool is_key = command->rem_count > 0 ? command->rem[0].is_key :
	                    command->add_count > 0 ? command->add[0].is_key :
	                                             false;

	if ((count == 0 && command->ttl_what == EPP_TTL_KEEP) || command->ttl > TTL_MAX ||
	    command->ttl_what > EPP_TTL_DEFAULT || !are_records(command->rem, command->rem_count, is_key) ||
	    !are_records(command->add, command->add_count, is_key)) {
		return KNOT_EINVAL;
	}
	return (command->ttl_what == EPP_TTL_KEEP || offer->ttl) && (count == 0 || offer->secdns) ? KNOT_EOK :
	                                                                                            KNOT_ENOTSUP;
}

/*! A message of the queue is named as the server has named it. */
static bool is_id(const char *id)
{
	if (id == NULL || id[0] == '\0' || strlen(id) >= EPP_ID_MAX) {
		return false;
	}
	for (const char *p = id; *p != '\0'; p++) {
		if ((uint8_t)*p < ' ') {
			return false;
		}
	}
	return true;
}

/*! A clTRID of this set needs no escapes, and no schema objects to it. */
static bool is_trid(const char *trid)
{
	const size_t len = strlen(trid);

	return len >= 3 && len < EPP_TRID_MAX &&
	       strspn(trid, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

int epp_write_check(const epp_command_t *command, const epp_offer_t *offer)
{
	if (command->trid != NULL && !is_trid(command->trid)) {
		return KNOT_EINVAL;
	}
	switch (command->verb) {
	case EPP_INFO:
		return is_domain(command->domain) ? KNOT_EOK : KNOT_EINVAL;
	case EPP_UPDATE:
		return is_domain(command->domain) ? check_update(command, offer) : KNOT_EINVAL;
	case EPP_ACK:
		return is_id(command->id) ? KNOT_EOK : KNOT_EINVAL;
	case EPP_POLL:
	case EPP_HELLO:
	case EPP_LOGOUT:
		return KNOT_EOK;
	}
	return KNOT_EINVAL;
}
