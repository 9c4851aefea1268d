/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is not as it should be with a delegation or a parent zone, by its row and the last survey. */

#include <stdio.h>
#include <string.h>

#include "delegation_view.h"

typedef struct {
	const options_t *o;
	const store_delegation_t *d;
	finding_f each;
	void *arg;
} audit_t;

static void report(const audit_t *a, check_t check, level_t level, const char *about, const char *detail)
{
	const finding_t f = {
		.zone = a->d->name,
		.check = check,
		.level = level,
		.about = about,
		.detail = detail,
		.outage = check == CHECK_DELEGATION_BROKEN,
	};
	a->each(&f, a->arg);
}

static void check_gate(const audit_t *a)
{
	const delegation_row_t *row = &a->d->row;
	const delegation_gate_info_t *info = delegation_gate_info(row->gate);
	char text[512], span[TEXT_SPAN];

	if (info->severity == DELEGATION_INFO) {
		return;
	}
	snprintf(text, sizeof(text), "%s, for %s: %s%s%s", info->name, text_span(span, a->o->now - row->gate_since),
	         info->meaning, row->gate_detail[0] != '\0' ? "; " : "", row->gate_detail);
	if (info->severity == DELEGATION_ALARM) {
		report(a, CHECK_DELEGATION_BROKEN, LEVEL_CRITICAL, row->gate_about, text);
	} else if (info->actor != DELEGATION_ACTOR_NOBODY) {
		report(a, info->actor == DELEGATION_ACTOR_CHILD ? CHECK_CHILD_ACTS : CHECK_PARENT_ACTS,
		       delegation_blocked(a->o, row) ? LEVEL_WARNING : LEVEL_NOTE, row->gate_about, text);
	}
}

static void check_row(const audit_t *a)
{
	const delegation_row_t *row = &a->d->row;
	char text[160], span[TEXT_SPAN];

	if (delegation_overdue(a->o, row)) {
		snprintf(text, sizeof(text), "%s, for %s", delegation_state_name(row->state),
		         text_span(span, a->o->now - row->next_check));
		report(a, CHECK_NOT_CHECKED,
		       delegation_state_info(row->state)->watched ? LEVEL_CRITICAL : LEVEL_WARNING, "", text);
	}
	if (row->ttl_normal != 0 && (row->ttl_low < DELEGATION_TTL_MIN || row->ttl_low > DELEGATION_TTL_MAX)) {
		snprintf(text, sizeof(text), "%u s, after DS was changed", row->ttl_low);
		report(a, CHECK_DELEGATION_DS_TTL, LEVEL_WARNING, "", text);
	}
}

/*! Algorithms whose signatures hash with SHA-1 or MD5, and those of DSA and GOST. */
static bool is_retired_algorithm(unsigned algorithm)
{
	return algorithm == 1 || algorithm == 3 || algorithm == 5 || algorithm == 6 || algorithm == 7 ||
	       algorithm == 12;
}

/*! SHA-1 and GOST. */
static bool is_retired_digest(unsigned type)
{
	return type == 1 || type == 3;
}

static void check_retired(const audit_t *a, const char *list)
{
	char one[160], algorithms[320] = "", digests[320] = "";
	bool sound = false;

	for (const char *at = list; next_record(&at, one, sizeof(one)) != NULL;) {
		unsigned tag, algorithm, type;
		if (sscanf(one, "%5u %3u %3u", &tag, &algorithm, &type) != 3) {
			continue;
		}
		char *out = is_retired_algorithm(algorithm) ? algorithms : is_retired_digest(type) ? digests : NULL;
		sound = sound || out == NULL;
		if (out != NULL) {
			const size_t used = strlen(out);
			snprintf(out + used, sizeof(algorithms) - used, "%s%u/%u/%u", used > 0 ? ", " : "", tag,
			         algorithm, type);
		}
	}
	char text[512];
	if (algorithms[0] != '\0') {
		snprintf(text, sizeof(text), "DS %s (tag, algorithm, digest type): %s", algorithms,
		         sound ? "the child should remove these keys" : "the child should roll to algorithm 13");
		report(a, CHECK_DS_ALGORITHM, LEVEL_WARNING, "", text);
	}
	if (digests[0] != '\0') {
		snprintf(text, sizeof(text), "DS %s (tag, algorithm, digest type)%s", digests,
		         sound ? "" : ", and none of SHA-256: many validators take the child for insecure");
		report(a, CHECK_DS_DIGEST, sound ? LEVEL_NOTE : LEVEL_WARNING, "", text);
	}
}

/* Would the child break without one server? */

/*! What answers of nameservers amount to. A server is "ns1.example. 192.0.2.1@53". */
typedef struct {
	const evidence_judged_t *judged;
	char good[SERVER_NAME_MAX]; /*!< The first one that can be relied on; "" if there is none. */
	bool other_name;            /*!< There is another nameserver than that. */
	bool other_address;         /*!< Or another address. */
	bool spare;                 /*!< That one can be relied on too, or nothing is known of it. */
	char failed[256];
} relied_t;

/*! A validator can get from a DS of the zone to DNSKEY there. */
static bool has_chain(const evidence_judged_t *judged, const evidence_seen_t *s)
{
	char one[160], tag[16], signers[EVIDENCE_KEYS + 2];

	snprintf(signers, sizeof(signers), " %s ", s->signed_by);
	for (const char *at = judged->zone_ds; next_record(&at, one, sizeof(one)) != NULL;) {
		snprintf(tag, sizeof(tag), " %.*s ", (int)strcspn(one, " "), one);
		if (strstr(signers, tag) != NULL && strstr(judged->ds_unmatched, one) == NULL) {
			return true;
		}
	}
	return judged->zone_ds[0] == '\0';
}

static bool is_good(const relied_t *r, const evidence_seen_t *s)
{
	/* One that does not answer CDS still serves the child. */
	return (strcmp(s->status, "ok") == 0 || strcmp(s->status, "incomplete") == 0) && has_chain(r->judged, s);
}

static void find_good(const evidence_seen_t *s, void *arg)
{
	relied_t *r = arg;

	if (s->part == EVIDENCE_CHILD && r->good[0] == '\0' && is_good(r, s)) {
		snprintf(r->good, sizeof(r->good), "%s", s->server);
	}
}

static void compare_good(const evidence_seen_t *s, void *arg)
{
	relied_t *r = arg;
	const size_t name = strcspn(r->good, " ");

	if (s->part != EVIDENCE_CHILD) {
		return;
	}
	const bool other_name = strcspn(s->server, " ") != name || strncmp(s->server, r->good, name) != 0;
	const bool other_address = strcmp(s->server + strcspn(s->server, " "), r->good + name) != 0;
	const bool good = is_good(r, s);

	r->other_name = r->other_name || other_name;
	r->other_address = r->other_address || other_address;
	/* Without a route nothing is known of a server. */
	r->spare = r->spare || (other_name && other_address && (good || strcmp(s->status, "no-route") == 0));
	if (!good && strcmp(s->status, "no-route") != 0) {
		const size_t used = strlen(r->failed);
		snprintf(r->failed + used, sizeof(r->failed) - used, "%s%s: %s", used > 0 ? ", " : "", s->server,
		         strcmp(s->status, "ok") == 0 ? "DNSKEY has no signature of a key that DS names" : s->status);
	}
}

static void check_relied(const audit_t *a, const evidence_judged_t *judged)
{
	relied_t r = { .judged = judged };
	char text[1024], span[TEXT_SPAN];

	/* There can be servers that the survey does not have. */
	if (judged->cut || judged->discovery[0] != '\0') {
		return;
	}
	evidence_delegation_each(a->d->answers, find_good, &r);
	if (r.good[0] == '\0') {
		return;
	}
	evidence_delegation_each(a->d->answers, compare_good, &r);
	if (r.spare) {
		return;
	}
	snprintf(text, sizeof(text), "%s, asked %s ago%s%s",
	         !r.other_name    ? "the delegation has no other nameserver" :
	         !r.other_address ? "all nameservers have this address" :
	                            "no other nameserver at another address serves the child",
	         text_span(span, a->o->now - judged->time), r.failed[0] != '\0' ? "; " : "", r.failed);
	report(a, CHECK_ONE_NAMESERVER, r.other_name || r.failed[0] != '\0' ? LEVEL_WARNING : LEVEL_NOTE, r.good, text);
}

static void check_survey(const audit_t *a)
{
	static evidence_judged_t judged;
	char text[EVIDENCE_DS + 64], span[TEXT_SPAN], tags[512];

	if (!evidence_judged(a->d->answers, &judged)) {
		return;
	}
	if (judged.ds_unmatched[0] != '\0') {
		/* That none matches is an alarm of its own, see the gate present-ds-fails-at. */
		snprintf(text, sizeof(text), "DS %s, asked %s ago",
		         text_records(tags, sizeof(tags), judged.ds_unmatched, 8),
		         text_span(span, a->o->now - judged.time));
		report(a, CHECK_DELEGATION_DS_WITHOUT_KEY,
		       strcmp(judged.ds_unmatched, judged.zone_ds) == 0 ? LEVEL_WARNING : LEVEL_NOTE, "", text);
	}
	if (a->d->row.ttl_normal != 0 && judged.zone_ds[0] != '\0' && judged.ds_ttl != a->d->row.ttl_low &&
	    (judged.ds_ttl < DELEGATION_TTL_MIN || judged.ds_ttl > DELEGATION_TTL_MAX)) {
		snprintf(text, sizeof(text), "%u s in the zone, after DS was changed", judged.ds_ttl);
		report(a, CHECK_DELEGATION_DS_TTL, LEVEL_WARNING, "", text);
	}
	check_retired(a, judged.zone_ds);
	check_relied(a, &judged);
}

void checks_delegation(const options_t *o, const store_delegation_t *d, finding_f each, void *arg)
{
	const audit_t a = { .o = o, .d = d, .each = each, .arg = arg };

	if (delegation_gone(d)) {
		return;
	}
	check_gate(&a);
	check_row(&a);
	check_survey(&a);
}

void checks_parent(const store_parent_t *p, finding_f each, void *arg)
{
	char text[512];
	finding_t f = { .zone = p->zone, .about = "", .detail = text, .level = LEVEL_WARNING };

	if (p->trouble[0] != '\0') {
		f.check = CHECK_PARENT_TROUBLE;
		snprintf(text, sizeof(text), "%s", p->trouble);
		each(&f, arg);
	}
	if (p->config.apply == DELEGATION_BY_TRANSACTION &&
	    (p->load == DELEGATION_LOAD_REVERTS || p->load == DELEGATION_LOAD_SECONDARY)) {
		f.check = CHECK_PARENT_REVERTS;
		/* With report nothing is written that a reload could revert. */
		f.level = p->mode == DELEGATIONS_UPDATE ? LEVEL_WARNING : LEVEL_NOTE;
		snprintf(text, sizeof(text), "%s", p->load_reason);
		each(&f, arg);
	}
}
