/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A survey of a delegation as JSON. */

#include <stdio.h>
#include <string.h>

#include "kskroll/evidence.h"
#include "members.h"

/*! Room that is kept for closing brackets, and for what comes behind all servers. */
#define TAIL 64

static const char *const verdicts[] = { "nothing", "accept", "reject" };
static const char *const views[] = { "no-evidence", "insecure", "secure", "bogus" };
static const char *const signaling_statuses[] = { "ok", "inside", "failed" };

#define NAME_OF(names, value) ((size_t)(value) < sizeof(names) / sizeof((names)[0]) ? (names)[value] : "unknown")

static void add_text(json_t *json, const char *name, const char *text)
{
	if (text[0] != '\0') {
		json_string(json, name, text);
	}
}

static void add_record(json_t *json, const ds_record_t *ds)
{
	char text[32 + 2 * DELEGATION_DIGEST_MAX];
	int len = snprintf(text, sizeof(text), "%u %u %u ", ds->tag, ds->algorithm, ds->digest_type);
	for (unsigned i = 0; i < ds->digest_len && i < DELEGATION_DIGEST_MAX; i++) {
		len += snprintf(text + len, sizeof(text) - len, "%02x", ds->digest[i]);
	}
	json_string(json, NULL, text);
}

static void add_set(json_t *json, const char *name, const ds_set_t *set)
{
	json_open(json, name, '[');
	for (unsigned i = 0; i < set->count && i < DELEGATION_DS_MAX; i++) {
		add_record(json, &set->record[i]);
	}
	if (set->excess) {
		json_string(json, NULL, "and more");
	}
	json_close(json, ']');
}

static void add_keys(json_t *json, const char *name, const delegation_facts_t *facts, delegation_keys_t keys)
{
	json_open(json, name, '[');
	for (unsigned i = 0; i < facts->key_count && i < DELEGATION_KEYS_MAX; i++) {
		if (keys & (delegation_keys_t)1 << i) {
			json_number(json, NULL, facts->key[i].id.tag);
		}
	}
	json_close(json, ']');
}

static void add_server(json_t *json, const char *server, const char *status, const char *detail,
                       time_t unreachable_since)
{
	json_string(json, M_SERVER, server);
	json_string(json, M_STATUS, status);
	add_text(json, M_DETAIL, detail);
	if (unreachable_since != 0) {
		json_number(json, M_UNREACHABLE_SINCE, unreachable_since);
	}
}

static void add_cdnskey(json_t *json, const delegation_facts_t *facts, const delegation_child_t *a)
{
	if (!a->cdnskey.present) {
		if (a->cdnskey.proven) {
			json_bool(json, M_CDNSKEY_DENIED, true);
		}
		return;
	}
	add_keys(json, M_CDNSKEY, facts, a->cdnskey_keys);
	if (a->cdnskey_deletes) {
		json_bool(json, M_CDNSKEY_REMOVE, true);
	}
	if (a->cdnskey_malformed || a->cdnskey_excess) {
		json_bool(json, M_CDNSKEY_MALFORMED, true);
	}
	add_keys(json, M_CDNSKEY_SIGNED_BY, facts, a->cdnskey.signed_by);
}

static void add_times(json_t *json, const delegation_child_t *a)
{
	const delegation_rrset_t *newest = a->cdnskey.inception > a->cds.inception ? &a->cdnskey : &a->cds;
	if (newest->inception != 0) {
		json_number(json, M_INCEPTION, newest->inception);
		json_number(json, M_EXPIRES, newest->expires);
	}
}

static void add_child(json_t *json, const delegation_facts_t *facts, size_t i)
{
	const delegation_child_t *a = &facts->child[i];

	add_server(json, a->server, rollover_answer_name(a->status), a->detail, a->unreachable_since);
	if (a->status != ANSWER_OK && a->status != ANSWER_BOGUS && a->status != ANSWER_INCOMPLETE) {
		return;
	}
	add_keys(json, M_DNSKEY, facts, a->dnskey);
	add_keys(json, M_SIGNED_BY, facts, a->dnskey_signed_by);
	if (a->cds.present) {
		add_set(json, M_CDS, &a->cds_set);
		add_keys(json, M_CDS_SIGNED_BY, facts, a->cds.signed_by);
	} else if (a->cds.proven) {
		json_bool(json, M_CDS_DENIED, true);
	}
	add_cdnskey(json, facts, a);
	add_times(json, a);
}

static void add_signaling(json_t *json, const delegation_facts_t *facts, size_t i)
{
	const delegation_signaling_t *a = &facts->signaling[i];

	add_server(json, a->nameserver, NAME_OF(signaling_statuses, a->status), a->detail, 0);
	if (a->status == DELEGATION_SIGNALING_OK) {
		add_set(json, M_CDS, &a->cds);
		add_keys(json, M_CDNSKEY, facts, a->cdnskey);
		if (a->cdnskey_deletes) {
			json_bool(json, M_CDNSKEY_REMOVE, true);
		}
	}
}

static void add_parent(json_t *json, const delegation_facts_t *facts, size_t i)
{
	const delegation_parent_t *a = &facts->parent[i];

	add_server(json, a->server, rollover_answer_name(a->status), a->detail, a->unreachable_since);
	if (a->status == ANSWER_OK) {
		add_set(json, M_DS, &a->ds);
	}
}

static void add_view(json_t *json, const delegation_facts_t *facts, size_t i)
{
	const delegation_view_t *a = &facts->view[i];

	add_server(json, a->resolver, NAME_OF(views, a->status), a->detail, 0);
}

typedef struct {
	const char *name;
	size_t count;
	void (*add)(json_t *json, const delegation_facts_t *facts, size_t i);
	size_t keep;  /*!< Room that is left to those behind. */
	size_t first; /*!< The one that comes before all others. */
} list_t;

/*! \return Whether all had room. */
static bool add_list(json_t *json, const delegation_facts_t *facts, const list_t *list)
{
	if (list->count == 0) {
		return true;
	}
	bool all = true;
	const json_t before = *json;
	json_open(json, list->name, '[');
	if (!json_fits(json, &before, list->keep)) {
		return false;
	}
	for (size_t n = 0; n < list->count && all; n++) {
		const size_t i = n == 0 ? list->first : n <= list->first ? n - 1 : n;
		const json_t mark = *json;
		json_open(json, NULL, '{');
		list->add(json, facts, i);
		json_close(json, '}');
		all = json_fits(json, &mark, list->keep);
	}
	json_close(json, ']');
	return all;
}

/*! Whether a key that is in DNSKEY of a nameserver has the digest of a DS; true for digests that are not known. */
static bool matches(const delegation_facts_t *facts, const ds_record_t *ds, delegation_keys_t dnskey)
{
	for (unsigned i = 0; i < facts->key_count && i < DELEGATION_KEYS_MAX; i++) {
		const delegation_key_t *key = &facts->key[i];
		const uint8_t *digest = ds->digest_type == 1 ? key->sha1 :
		                        ds->digest_type == 2 ? key->id.digest :
		                        ds->digest_type == 4 ? key->sha384 :
		                                               NULL;
		const size_t len = ds->digest_type == 1 ? sizeof(key->sha1) :
		                   ds->digest_type == 2 ? sizeof(key->id.digest) :
		                                          sizeof(key->sha384);
		if (digest == NULL) {
			return true;
		}
		if ((dnskey & (delegation_keys_t)1 << i) && key->whole && key->id.tag == ds->tag &&
		    key->id.algorithm == ds->algorithm && ds->digest_len == len &&
		    memcmp(ds->digest, digest, len) == 0) {
			return true;
		}
	}
	return false;
}

static void add_unmatched(json_t *json, const delegation_facts_t *facts)
{
	delegation_keys_t dnskey = 0;
	bool answered = false;
	ds_set_t unmatched = { 0 };

	for (size_t i = 0; i < facts->child_count; i++) {
		dnskey |= facts->child[i].dnskey;
		answered = answered || facts->child[i].status == ANSWER_OK;
	}
	for (unsigned i = 0; i < facts->zone.ds.count && i < DELEGATION_DS_MAX; i++) {
		const ds_record_t *ds = &facts->zone.ds.record[i];
		if (!matches(facts, ds, dnskey)) {
			unmatched.record[unmatched.count++] = *ds;
		}
	}
	if (answered && unmatched.count > 0) {
		add_set(json, M_DS_UNMATCHED, &unmatched);
	}
}

static void add_zone(json_t *json, const delegation_facts_t *facts)
{
	if (!facts->zone.known) {
		return;
	}
	json_number(json, M_ZONE_SERIAL, facts->zone.serial);
	add_set(json, M_ZONE_DS, &facts->zone.ds);
	json_number(json, M_DS_TTL, facts->zone.ds_ttl);
	/* With too many keys it is not known what is missing. */
	if ((facts->asked & DELEGATION_ASK_SURVEY) && !facts->too_many_keys) {
		add_unmatched(json, facts);
	}
}

static void add_verdict(json_t *json, const delegation_verdict_t *verdict)
{
	json_string(json, M_VERDICT, NAME_OF(verdicts, verdict->kind));
	if (verdict->gate != DELEGATION_GATE_NONE) {
		json_string(json, M_GATE, delegation_gate_name(verdict->gate));
		add_text(json, M_ABOUT, verdict->about != NULL ? verdict->about : "");
		add_text(json, M_DETAIL, verdict->detail);
	}
	if (verdict->kind == DELEGATION_VERDICT_ACCEPT) {
		add_set(json, M_WANTED, &verdict->wanted);
	}
	json_number(json, M_ANSWERED, verdict->answered);
	json_number(json, M_LEFT_OUT, verdict->left_out);
}

/*! The nameserver that the verdict is about; the first one if it is about none. */
static size_t find_about(const delegation_facts_t *facts, const delegation_verdict_t *verdict)
{
	for (size_t i = 0; verdict != NULL && verdict->about != NULL && i < facts->child_count; i++) {
		if (strcmp(facts->child[i].server, verdict->about) == 0) {
			return i;
		}
	}
	return 0;
}

void evidence_delegation(char *out, size_t len, const delegation_facts_t *facts, const delegation_verdict_t *verdict,
                         time_t at)
{
	/* A child with very many answers must not push out what is not of its making. */
	const list_t lists[] = {
		{ M_PARENT, facts->parent_count, add_parent, len / 2, 0 },
		{ M_RESOLVERS, facts->view_count, add_view, len / 3, 0 },
		{ M_CHILD, facts->child_count, add_child, TAIL, find_about(facts, verdict) },
		{ M_SIGNALING, facts->signaling_count, add_signaling, TAIL, 0 },
	};
	json_t json = json_to_buffer(out, len);
	bool all = true;

	json_open(&json, NULL, '{');
	json_number(&json, M_TIME, at);
	json_t mark = json;
	if (verdict != NULL) {
		add_verdict(&json, verdict);
		all = json_fits(&json, &mark, TAIL);
	}
	mark = json;
	add_zone(&json, facts);
	all = json_fits(&json, &mark, TAIL) && all;
	mark = json;
	add_text(&json, M_DISCOVERY, facts->discovery_failed ? facts->discovery_detail : "");
	all = json_fits(&json, &mark, TAIL) && all;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		all = add_list(&json, facts, &lists[i]) && all;
	}
	if (!all) {
		json_bool(&json, M_CUT, true);
	}
	json_close(&json, '}');
}
