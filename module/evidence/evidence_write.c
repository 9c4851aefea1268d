/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kskroll/evidence.h"
#include "members.h"

/*! Room that is kept for closing brackets. */
#define TAIL 64

static void add_keys(json_t *json, const char *name, const rollover_facts_t *facts, keyset_t keys)
{
	json_open(json, name, '[');
	for (unsigned i = 0; i < facts->key_count; i++) {
		if (keys & (1U << i)) {
			json_number(json, NULL, facts->keys[i].tag);
		}
	}
	json_close(json, ']');
}

/*! The version of the zone, and who signs it: known together. */
static void add_data(json_t *json, const child_answer_t *a)
{
	if (!a->serial_known) {
		return;
	}
	json_number(json, M_SERIAL, a->serial);
	json_open(json, M_DATA_ALGORITHMS, '[');
	for (unsigned algorithm = 0; algorithm < 32; algorithm++) {
		if (a->data_algorithms & ALGSET_OF(algorithm)) {
			json_number(json, NULL, algorithm);
		}
	}
	json_close(json, ']');
}

static void add_server(json_t *json, const char *server, answer_status_t status, const char *detail,
                       time_t unreachable_since)
{
	json_string(json, M_SERVER, server);
	json_string(json, M_STATUS, rollover_answer_name(status));
	if (detail[0] != '\0') {
		json_string(json, M_DETAIL, detail);
	}
	if (unreachable_since != 0) {
		json_number(json, M_UNREACHABLE_SINCE, unreachable_since);
	}
}

static void add_true(json_t *json, const char *rrset, const char *what)
{
	char name[32];
	snprintf(name, sizeof(name), "%s%s", rrset, what);
	json_bool(json, name, true);
}

static void add_rrset(json_t *json, const char *name, const rollover_facts_t *facts, const signal_rrset_t *rrset)
{
	if (rrset->unanswered) {
		add_true(json, name, M_UNANSWERED);
	} else if (rrset->present) {
		add_keys(json, name, facts, rrset->keys);
		if (rrset->remove) {
			add_true(json, name, M_REMOVE);
		} else if (rrset->unwanted) {
			add_true(json, name, M_UNWANTED);
		}
	}
}

static void add_child(json_t *json, const rollover_facts_t *facts, const child_answer_t *a)
{
	add_server(json, a->server, a->status, a->detail, a->unreachable_since);
	if (a->status == ANSWER_OK || a->status == ANSWER_BOGUS) {
		add_keys(json, M_DNSKEY, facts, a->dnskey);
		add_keys(json, M_SIGNED_BY, facts, a->dnskey_signed_by);
		if (a->data_signed_by != 0) {
			add_keys(json, M_DATA_SIGNED_BY, facts, a->data_signed_by);
		}
		add_data(json, a);
		json_number(json, M_DNSKEY_TTL, a->dnskey_ttl);
		json_bool(json, M_DNSKEY_EQUAL, a->dnskey_equal);
		add_rrset(json, M_CDS, facts, &a->cds);
		add_rrset(json, M_CDNSKEY, facts, &a->cdnskey);
	}
}

static void add_parent(json_t *json, const rollover_facts_t *facts, const parent_answer_t *a)
{
	add_server(json, a->server, a->status, a->detail, a->unreachable_since);
	if (a->status != ANSWER_OK) {
		return;
	}
	add_keys(json, M_DS, facts, a->ds);
	if (a->ds_sha1 != 0) {
		add_keys(json, M_DS_SHA1, facts, a->ds_sha1);
	}
	json_number(json, M_DS_TTL, a->ds_ttl);
	if (a->ds_foreign) {
		json_bool(json, M_DS_FOREIGN, true);
	}
	if (a->no_referral) {
		json_bool(json, M_NS_UNANSWERED, true);
	}
	if (a->ds_ignored) {
		json_bool(json, M_DS_IGNORED, true);
	}
}

static void add_own(json_t *json, const rollover_facts_t *facts, const char *parent_zone)
{
	add_keys(json, M_OWN_DNSKEY, facts, facts->own.dnskey);
	json_number(json, M_OWN_DNSKEY_TTL, facts->own.dnskey_ttl);
	json_string(json, M_OWN_POLICY, rollover_policy_name(facts->own.policy));
	add_rrset(json, M_OWN_CDS, facts, &facts->own.cds);
	if (facts->asked & SURVEY_PARENT) {
		json_string(json, M_PARENT_ZONE, parent_zone);
	}
	if (facts->discovery_detail[0] != '\0') {
		json_string(json, M_DISCOVERY, facts->discovery_detail);
	}
	if (facts->no_route != 0) {
		json_open(json, M_NO_ROUTE, '[');
		if (facts->no_route & ROUTE_IPV4) {
			json_string(json, NULL, V_IPV4);
		}
		if (facts->no_route & ROUTE_IPV6) {
			json_string(json, NULL, V_IPV6);
		}
		json_close(json, ']');
	}
}

static void add_watch(json_t *json, const watch_facts_t *watch)
{
	json_open(json, M_WATCH, '{');
	json_number(json, M_ANSWERED, watch->answered);
	json_number(json, M_FAILING, watch->failing);
	json_bool(json, M_PARENT_OK, watch->parent_ok);
	json_string(json, M_DETAIL, watch->detail);
	json_close(json, '}');
}

/*! \return Whether all had room. */
static bool add_answers(json_t *json, const rollover_facts_t *facts, bool parent)
{
	const size_t count = parent ? facts->parent_count : facts->child_count;
	bool all = true;

	for (size_t i = 0; i < count && all; i++) {
		const json_t mark = *json;
		json_open(json, NULL, '{');
		if (parent) {
			add_parent(json, facts, &facts->parent[i]);
		} else {
			add_child(json, facts, &facts->child[i]);
		}
		json_close(json, '}');
		all = json_fits(json, &mark, TAIL);
	}
	return all;
}

void evidence_write(char *out, size_t len, const rollover_facts_t *facts, const char *parent_zone,
                    const char *signaling, time_t at)
{
	json_t json = json_to_buffer(out, len);

	json_open(&json, NULL, '{');
	json_number(&json, M_TIME, at);
	add_own(&json, facts, parent_zone);
	if (facts->asked & SURVEY_WATCH) {
		add_watch(&json, &facts->watch);
	}
	if (signaling != NULL) {
		const json_t mark = json;
		json_raw(&json, M_SIGNALING, signaling);
		(void)json_fits(&json, &mark, TAIL);
	}
	json_open(&json, M_CHILD, '[');
	bool all = add_answers(&json, facts, false);
	json_close(&json, ']');
	json_open(&json, M_PARENT, '[');
	all = all && add_answers(&json, facts, true);
	json_close(&json, ']');
	if (!all) {
		json_bool(&json, M_CUT, true);
	}
	json_close(&json, '}');
}

char *evidence_signaling(const dsboot_result_t *result)
{
	size_t len = 16;
	for (unsigned i = 0; i < result->count; i++) {
		/* Every byte may be escaped. */
		len += 6 * strlen(result->name[i].ns) + 64;
	}
	char *out = malloc(len);
	if (out == NULL) {
		return NULL;
	}
	json_t json = json_to_buffer(out, len);
	json_open(&json, NULL, '[');
	for (unsigned i = 0; i < result->count; i++) {
		json_open(&json, NULL, '{');
		json_string(&json, M_SERVER, result->name[i].ns);
		json_string(&json, M_STATUS, dsboot_status_name(result->name[i].status));
		json_close(&json, '}');
	}
	json_close(&json, ']');
	return out;
}

/* Notifications of the parent. */

const char *evidence_rcode(uint16_t rcode, char out[16])
{
	const knot_lookup_t *known = knot_lookup_by_id(knot_rcode_names, rcode);
	if (known != NULL) {
		return known->name;
	}
	snprintf(out, 16, "RCODE %u", rcode);
	return out;
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/*! NULL: the zone has none. */
static const char *agent_name(notify_agent_t agent)
{
	return agent == NOTIFY_AGENT_NONE     ? NULL :
	       agent == NOTIFY_AGENT_SENT     ? "sent" :
	       agent == NOTIFY_AGENT_LEFT_OUT ? V_LEFT_OUT :
	                                        "refused";
}

void evidence_notification(char *out, size_t len, const notify_result_t *r, time_t at)
{
	const bool answered = r->status == NOTIFY_ACKNOWLEDGED || r->status == NOTIFY_REFUSED;
	json_t json = json_to_buffer(out, len);
	char rcode[16];

	json_open(&json, NULL, '{');
	json_number(&json, M_TIME, at);
	json_string(&json, M_STATUS, notify_status_name(r->status));
	json_string(&json, M_TARGET, or_null(r->target));
	json_string(&json, M_SERVER, or_null(r->server));
	json_string(&json, M_RCODE, answered ? evidence_rcode(r->rcode, rcode) : NULL);
	json_bool(&json, M_TCP, r->tcp);
	json_bool(&json, M_SECURE, r->secure);
	json_number(&json, M_SENT, r->tries);
	json_number(&json, M_ELAPSED_MS, r->elapsed_ms);
	json_string(&json, M_DSYNC, or_null(r->dsync_owner));
	json_string(&json, M_REPORT_AGENT, agent_name(r->report_agent));
	if (r->ds_ttl != 0) {
		json_number(&json, M_DS_TTL, r->ds_ttl);
	}
	const json_t mark = json;
	json_string(&json, M_DETAIL, or_null(r->detail));
	if (!json_fits(&json, &mark, TAIL)) {
		json_bool(&json, M_CUT, true);
	}
	json_close(&json, '}');
}

void evidence_notified(char *out, size_t len, const char *notification, time_t at)
{
	json_t json = json_to_buffer(out, len);

	json_open(&json, NULL, '{');
	json_number(&json, M_TIME, at);
	json_raw(&json, M_NOTIFICATION, notification);
	json_close(&json, '}');
}
