/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

#include "kskroll/evidence.h"
#include "members.h"

static bool text_of(json_value_t object, const char *name, char *out, size_t len)
{
	return json_text(json_member(object, name), out, len);
}

static int64_t integer_of(json_value_t object, const char *name)
{
	return json_integer(json_member(object, name));
}

static bool is_true(json_value_t object, const char *name)
{
	return json_true(json_member(object, name));
}

/*! Whether what belongs to an RRset is true. */
static bool rrset_is(json_value_t object, const char *rrset, const char *what)
{
	char name[32];
	snprintf(name, sizeof(name), "%s%s", rrset, what);
	return is_true(object, name);
}

static void append(char *out, size_t len, const char *gap, const char *text)
{
	size_t used = strlen(out);
	snprintf(out + used, len - used, "%s%s", used > 0 ? gap : "", text);
}

/*! The numbers of an array. */
static void list_of(json_value_t object, const char *name, const char *gap, char *out, size_t len)
{
	const json_value_t array = json_member(object, name);
	char number[16];

	out[0] = '\0';
	for (json_value_t v = json_element(array, NULL); v != NULL; v = json_element(array, v)) {
		if (json_text(v, number, sizeof(number))) {
			append(out, len, gap, number);
		}
	}
}

static void tags_of(json_value_t object, const char *name, char out[EVIDENCE_TAGS])
{
	list_of(object, name, " ", out, EVIDENCE_TAGS);
}

/*! An RRset that is not there has no member at all; one that names no known key is empty. */
static void signals_of(json_value_t object, const char *name, char out[EVIDENCE_TAGS])
{
	tags_of(object, name, out);
	if (json_member(object, name) != NULL) {
		append(out, EVIDENCE_TAGS, "", out[0] != '\0' ? "" : "unknown");
		append(out, EVIDENCE_TAGS, "", rrset_is(object, name, M_UNWANTED) ? " and others" : "");
	}
}

static void read_answer(json_value_t server, bool parent, evidence_answer_t *out)
{
	const json_value_t equal = json_member(server, M_DNSKEY_EQUAL);

	memset(out, 0, sizeof(*out));
	out->parent = parent;
	text_of(server, M_SERVER, out->server, sizeof(out->server));
	text_of(server, M_STATUS, out->status, sizeof(out->status));
	text_of(server, M_DETAIL, out->detail, sizeof(out->detail));
	out->unreachable_since = integer_of(server, M_UNREACHABLE_SINCE);
	tags_of(server, M_DNSKEY, out->dnskey);
	tags_of(server, M_SIGNED_BY, out->signed_by);
	text_of(server, M_SERIAL, out->serial, sizeof(out->serial));
	list_of(server, M_DATA_ALGORITHMS, ", ", out->data_algorithms, sizeof(out->data_algorithms));
	text_of(server, parent ? M_DS_TTL : M_DNSKEY_TTL, out->ttl, sizeof(out->ttl));
	out->differs = parent ? is_true(server, M_DS_FOREIGN) : equal != NULL && !json_true(equal);
	signals_of(server, M_CDS, out->cds);
	signals_of(server, M_CDNSKEY, out->cdnskey);
	tags_of(server, M_DS, out->ds);
	tags_of(server, M_DS_SHA1, out->ds_sha1);
	out->incomplete = rrset_is(server, M_CDS, M_UNANSWERED) || rrset_is(server, M_CDNSKEY, M_UNANSWERED) ||
	                  is_true(server, M_NS_UNANSWERED);
}

static void read_answers(json_value_t list, bool parent, evidence_answer_f each, void *arg)
{
	evidence_answer_t answer;
	for (json_value_t v = json_element(list, NULL); v != NULL; v = json_element(list, v)) {
		read_answer(v, parent, &answer);
		each(&answer, arg);
	}
}

time_t evidence_each(const char *text, evidence_answer_f each, void *arg)
{
	const json_value_t all = json_read(text);

	read_answers(json_member(all, M_CHILD), false, each, arg);
	read_answers(json_member(all, M_PARENT), true, each, arg);
	return integer_of(all, M_TIME);
}

static void say_watch(json_value_t watch, char *out, size_t len)
{
	const int64_t answered = integer_of(watch, M_ANSWERED), failing = integer_of(watch, M_FAILING);
	char detail[256];

	out[0] = '\0';
	if (watch != NULL) {
		text_of(watch, M_DETAIL, detail, sizeof(detail));
		snprintf(out, len, "%lld of %lld resolvers find it secure%s%s%s",
		         (long long)((uint64_t)answered - (uint64_t)failing), (long long)answered,
		         is_true(watch, M_PARENT_OK) ? "" : "; the parent does not validate",
		         detail[0] != '\0' ? ": " : "", detail);
	}
}

static void say_signaling(json_value_t list, char *out, size_t len)
{
	char server[SERVER_NAME_MAX], status[32], both[SERVER_NAME_MAX + 33];

	out[0] = '\0';
	for (json_value_t v = json_element(list, NULL); v != NULL; v = json_element(list, v)) {
		text_of(v, M_SERVER, server, sizeof(server));
		text_of(v, M_STATUS, status, sizeof(status));
		snprintf(both, sizeof(both), "%s %s", server, status);
		append(out, len, ", ", both);
	}
}

bool evidence_own(const char *text, evidence_own_t *out)
{
	const json_value_t all = json_read(text);

	tags_of(all, M_OWN_DNSKEY, out->dnskey);
	text_of(all, M_OWN_DNSKEY_TTL, out->ttl, sizeof(out->ttl));
	signals_of(all, M_OWN_CDS, out->cds);
	say_watch(json_member(all, M_WATCH), out->watch, sizeof(out->watch));
	say_signaling(json_member(all, M_SIGNALING), out->signaling, sizeof(out->signaling));
	return all != NULL;
}

void evidence_no_route(const char *text, time_t *newest, unsigned *routes)
{
	const json_value_t all = json_read(text), list = json_member(all, M_NO_ROUTE);
	const time_t at = integer_of(all, M_TIME);
	char family[8];

	if (all == NULL || at < *newest) {
		return;
	}
	*newest = at;
	*routes = 0;
	for (json_value_t v = json_element(list, NULL); v != NULL; v = json_element(list, v)) {
		json_text(v, family, sizeof(family));
		*routes |= strcmp(family, V_IPV4) == 0 ? ROUTE_IPV4 : strcmp(family, V_IPV6) == 0 ? ROUTE_IPV6 : 0;
	}
}

json_value_t evidence_find_notification(const char *text)
{
	const json_value_t found = json_member(json_read(text), M_NOTIFICATION);
	return found != NULL && *found == '{' ? found : NULL;
}

bool evidence_agent_left_out(json_value_t notification)
{
	char text[16];

	return text_of(notification, M_REPORT_AGENT, text, sizeof(text)) && strcmp(text, V_LEFT_OUT) == 0;
}

time_t evidence_say_notification(json_value_t notification, char *out, size_t len)
{
	static const struct {
		const char *name, *before, *after;
		/* clang-format off */
	} parts[] = {
		{ M_STATUS, "", "" },
		{ M_DS_TTL, ", DS TTL ", " s" },
		{ M_TARGET, ", target ", "" },
		{ M_SERVER, " at ", "" },
		{ M_RCODE, ", ", "" },
		{ M_SENT, ", sent ", "" },
		{ M_ELAPSED_MS, ", took ", " ms" },
		{ M_DETAIL, ", ", "" },
	};
	/* clang-format on */
	char text[256];

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (text_of(notification, parts[i].name, text, sizeof(text))) {
			append(out, len, "", parts[i].before);
			append(out, len, "", text);
			append(out, len, "", parts[i].after);
		}
	}
	return integer_of(notification, M_TIME);
}
