/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the signals of a child are followed: RFC 9975 3, RFC 7344 4.1 and 6.2, RFC 8078 4, RFC 10026 4.1.
 */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "accept.h"
#include "first_ds.h"
#include "outlook.h"
#include "signals.h"
#include "usable.h"

/*! All that a rule may need. */
typedef struct {
	const delegation_config_t *config;
	const delegation_row_t *row;
	const delegation_facts_t *facts;
	time_t now;
	delegation_verdict_t *out;
	signals_t signals;
	bool first;                       /*!< The child has no DS. */
	const delegation_child_t *silent; /*!< A server that has not answered, and counts. */
	time_t oldest; /*!< Of the signatures by a key of the present DS: the oldest of all servers. */
} judged_t;

static bool no(judged_t *j, delegation_gate_t gate, const char *about, const char *detail)
{
	return verdict_reject(j->out, gate, about, detail);
}

static bool survey_counts(judged_t *j)
{
	const delegation_facts_t *f = j->facts;

	if (!f->zone.known) {
		return no(j, DELEGATION_GATE_ZONE_UNREADABLE, "", "");
	}
	if (!f->zone.delegated) {
		return no(j, DELEGATION_GATE_NOT_DELEGATED, "", "");
	}
	if (j->row->state == DELEGATION_SUSPENDED) {
		return no(j, DELEGATION_GATE_SUSPENDED, "", "");
	}
	if (j->config->locked) {
		return no(j, DELEGATION_GATE_LOCKED, "", "");
	}
	if (!accept_is_fresh(f, j->now)) {
		return no(j, DELEGATION_GATE_SURVEY_DUE, "", "");
	}
	if (f->surveyed_ns != f->zone.ns) {
		return no(j, DELEGATION_GATE_NS_CHANGED, "", "");
	}
	if (f->too_many_keys) {
		return no(j, DELEGATION_GATE_TOO_MANY, "", "keys");
	}
	return !f->zone.ds.excess || no(j, DELEGATION_GATE_TOO_MANY, "", "DS");
}

bool accept_is_fresh(const delegation_facts_t *facts, time_t now)
{
	return (facts->asked & DELEGATION_ASK_SURVEY) && facts->surveyed <= now &&
	       now - facts->surveyed <= DELEGATION_FRESH;
}

bool accept_left_out(const delegation_config_t *config, const delegation_child_t *a, time_t now)
{
	return a->status == ANSWER_UNREACHABLE && a->unreachable_since != 0 &&
	       now - a->unreachable_since >= (time_t)config->unreachable_after;
}

static delegation_gate_t gate_of(answer_status_t status)
{
	switch (status) {
	case ANSWER_ERROR:
		return DELEGATION_GATE_ERROR;
	case ANSWER_BOGUS:
		return DELEGATION_GATE_BOGUS;
	case ANSWER_INCOMPLETE:
		return DELEGATION_GATE_INCOMPLETE;
	default:
		return DELEGATION_GATE_UNREACHABLE;
	}
}

bool accept_all_answer(const delegation_config_t *config, const delegation_facts_t *facts, bool first, time_t now,
                       delegation_verdict_t *out)
{
	if (facts->discovery_failed) {
		return verdict_reject(out, DELEGATION_GATE_DISCOVERY_FAILED, "", facts->discovery_detail);
	}
	for (size_t i = 0; i < facts->child_count; i++) {
		const delegation_child_t *a = &facts->child[i];
		out->answered += a->status == ANSWER_OK;
		/* RFC 9615 4.2: for the first DS each one must answer. */
		if (a->status != ANSWER_OK && !first && accept_left_out(config, a, now)) {
			out->left_out++;
		} else if (a->status != ANSWER_OK) {
			return verdict_reject(out, gate_of(a->status), a->server, a->detail);
		}
	}
	return out->answered > 0 || verdict_reject(out, DELEGATION_GATE_UNREACHABLE, "", "no nameserver answers");
}

/*! Finds a server that counts and has not answered. Judged last: what others say may be enough to do nothing. */
static void find_silent(judged_t *j)
{
	for (size_t i = 0; i < j->facts->child_count && j->silent == NULL; i++) {
		const delegation_child_t *a = &j->facts->child[i];
		if (a->status != ANSWER_OK && (j->first || !accept_left_out(j->config, a, j->now))) {
			j->silent = a;
		}
	}
}

/*! One RRset of one server: a key that the present DS names and that is in DNSKEY has signed it (RFC 7344 4.1). */
static bool is_signed(judged_t *j, const delegation_child_t *a, const delegation_rrset_t *rrset, const char *type,
                      delegation_keys_t trusted)
{
	char text[80];

	if (!rrset->present) {
		snprintf(text, sizeof(text), "%s: no proof that there is none", type);
		return rrset->proven || no(j, DELEGATION_GATE_NODATA_UNPROVEN, a->server, text);
	}
	if (!(rrset->signed_by & a->dnskey & trusted) || rrset->inception == 0) {
		return no(j, DELEGATION_GATE_UNSIGNED, a->server, type);
	}
	if (rrset->expires <= j->now) {
		snprintf(text, sizeof(text), "%s: expired", type);
		return no(j, DELEGATION_GATE_UNSIGNED, a->server, text);
	}
	j->oldest = j->oldest == 0 || rrset->inception < j->oldest ? rrset->inception : j->oldest;
	j->out->inception = rrset->inception > j->out->inception ? rrset->inception : j->out->inception;
	return true;
}

static bool is_authentic(judged_t *j)
{
	const ds_set_t *ds = &j->facts->zone.ds;

	for (size_t i = 0; i < j->facts->child_count; i++) {
		const delegation_child_t *a = &j->facts->child[i];
		if (a->status != ANSWER_OK) {
			continue;
		}
		if (outlook_chain(j->facts, a, ds) == 0) {
			return no(j, DELEGATION_GATE_CHAIN_BROKEN, a->server, "");
		}
		const delegation_keys_t trusted = usable_named(j->facts, ds);
		if (!is_signed(j, a, &a->cds, "CDS", trusted) || !is_signed(j, a, &a->cdnskey, "CDNSKEY", trusted)) {
			return false;
		}
	}
	return true;
}

/*!
 * Nothing is wanted. Whether that is certain is asked for what is remembered of refused signals: they may have changed.
 *
 * \return False: no further rule counts.
 */
static bool nothing(judged_t *j)
{
	delegation_verdict_t *out = j->out;

	out->agreed =
		j->silent == NULL && !j->facts->discovery_failed && j->signals.proven && (j->first || is_authentic(j));
	out->kind = DELEGATION_VERDICT_NOTHING;
	out->gate = DELEGATION_GATE_NONE;
	out->about = "";
	out->detail[0] = '\0';
	return false;
}

/*! Whether the signals, which are the same everywhere, ask for the DS RRset that is there. */
static bool is_status_quo(const judged_t *j, const delegation_child_t *a)
{
	const ds_set_t *ds = &j->facts->zone.ds, *wanted = &j->out->wanted;

	if (ds_set_equal(ds, wanted)) {
		return true;
	}
	if (a->cds.present || j->signals.cdnskey.kind != SIGNAL_SET) {
		return false;
	}
	/* CDNSKEY names keys, and the digest types of a DS are the parent's own choice. */
	for (unsigned i = 0; i < ds->count; i++) {
		bool named = false;
		for (unsigned k = 0; k < j->facts->key_count; k++) {
			named = named || ((a->cdnskey_keys & (UINT32_C(1) << k)) && ds->record[i].digest_type != 1 &&
			                  usable_names(&ds->record[i], &j->facts->key[k]));
		}
		if (!named) {
			return false;
		}
	}
	return (a->cdnskey_keys & ~usable_named(j->facts, ds)) == 0;
}

static bool is_removal(const judged_t *j)
{
	return j->signals.cds.kind == SIGNAL_DELETE || j->signals.cdnskey.kind == SIGNAL_DELETE;
}

static uint64_t content_of(const judged_t *j, const signal_t *said)
{
	const ds_set_t delete = { .count = 1, .record[0] = { .digest_len = 1 } };

	return delegation_content(is_removal(j) ? &delete : &said->set);
}

/*! One answer that asks for what is there is enough to change nothing (RFC 9975 3), whatever its digest types. */
static bool confirms_ds(const judged_t *j, const delegation_child_t *a)
{
	return a->status == ANSWER_OK && a->cds.present && ds_set_equal(&j->facts->zone.ds, &a->cds_set);
}

static bool wants_change(judged_t *j)
{
	const signals_t *s = &j->signals;
	const signal_t *said = s->cds.kind != SIGNAL_NONE ? &s->cds : &s->cdnskey;

	if (s->first == NULL) {
		return accept_all_answer(j->config, j->facts, j->first, j->now, j->out);
	}
	j->out->content = s->present ? content_of(j, said) : 0;
	if (!s->present || (j->first && !j->config->bootstrap)) {
		return nothing(j);
	}
	for (size_t i = 0; i < j->facts->child_count; i++) {
		if (confirms_ds(j, &j->facts->child[i])) {
			return nothing(j);
		}
	}
	if (!signals_agree(j->config, j->facts, s, j->out)) {
		return false;
	}
	if (is_removal(j)) {
		return j->first ? nothing(j) : true;
	}
	j->out->wanted = said->set;
	if (j->out->wanted.count == 0) {
		return no(j, DELEGATION_GATE_DIGEST, "", "");
	}
	return !is_status_quo(j, s->first) || nothing(j);
}

static bool is_allowed(judged_t *j)
{
	char text[80];

	if (is_removal(j)) {
		return j->config->remove || no(j, DELEGATION_GATE_REMOVE_OFF, "", "");
	}
	if (j->out->wanted.count > j->config->ds_max) {
		snprintf(text, sizeof(text), "%u keys, at most %u", j->out->wanted.count, j->config->ds_max);
		return no(j, DELEGATION_GATE_TOO_MANY, "", text);
	}
	for (unsigned i = 0; i < j->out->wanted.count; i++) {
		const ds_record_t *r = &j->out->wanted.record[i];
		if (!usable_for_new(r->algorithm, &j->facts->zone.ds)) {
			snprintf(text, sizeof(text), "key %u of algorithm %u", r->tag, r->algorithm);
			return no(j, DELEGATION_GATE_ALGORITHM, "", text);
		}
	}
	return true;
}

/*! For the first DS nothing is signed by a key that is trusted: who serves the nameservers' names must confirm it. */
static bool is_trusted(judged_t *j)
{
	if (!j->first) {
		return is_authentic(j);
	}
	/* Signals that are older than the first DS count no more afterwards. */
	for (size_t i = 0; i < j->facts->child_count; i++) {
		const time_t cds = j->facts->child[i].cds.inception, cdnskey = j->facts->child[i].cdnskey.inception;
		j->out->inception = cds > j->out->inception ? cds : j->out->inception;
		j->out->inception = cdnskey > j->out->inception ? cdnskey : j->out->inception;
	}
	return first_ds_confirmed(j->facts, &j->signals, j->out);
}

/*! Signals that are older than what was done count no more (RFC 7344 6.2), and those that were undone or overruled. */
static bool is_news(judged_t *j)
{
	const delegation_row_t *row = j->row;
	char text[160];

	if (j->out->content == row->refused) {
		return no(j, row->undone ? DELEGATION_GATE_UNDONE : DELEGATION_GATE_MANUAL, "", "");
	}
	/* The first DS has no such signature; its signals are confirmed now. */
	if (j->first) {
		return true;
	}
	if (!row->manual_judged && j->oldest <= row->manual) {
		return no(j, DELEGATION_GATE_MANUAL, "", "");
	}
	/* A child that dates them back by days signs them again some day. */
	if (row->manual != 0 && j->oldest + DELEGATION_DATED_BACK <= row->manual) {
		snprintf(text, sizeof(text), "signed at %lld, DS was changed by hand at %lld", (long long)j->oldest,
		         (long long)row->manual);
		return no(j, DELEGATION_GATE_REPLAYED, "", text);
	}
	/* What was followed last, once more: after a failed order, or a reload that has reverted it. */
	if (j->oldest <= row->applied_inception && j->out->content != row->applied) {
		snprintf(text, sizeof(text),
		         row->applied != 0 ? "signed at %lld, the last change had signatures of %lld" :
		                             "signed at %lld, and of a delegation that is new to the agent nothing "
		                             "counts that was signed at %lld or before",
		         (long long)j->oldest, (long long)row->applied_inception);
		return no(j, DELEGATION_GATE_REPLAYED, "", text);
	}
	return true;
}

/*! The present DS is as it should be: would it still be accepted (RFC 10026 4.2.1)? It is not touched in any case. */
static void check_present(judged_t *j)
{
	const ds_set_t *ds = &j->facts->zone.ds;

	for (size_t i = 0; i < j->facts->child_count && outlook_secures(ds); i++) {
		const delegation_child_t *a = &j->facts->child[i];
		if (a->status == ANSWER_OK && outlook_chain(j->facts, a, ds) == 0) {
			(void)no(j, DELEGATION_GATE_PRESENT_FAILS, a->server, "no key that DS names has signed DNSKEY");
			j->out->kind = DELEGATION_VERDICT_NOTHING;
			return;
		}
	}
}

void delegation_accept(const delegation_config_t *config, const delegation_row_t *row, const delegation_facts_t *facts,
                       time_t now, delegation_verdict_t *out)
{
	assert(config && row && facts && out && facts->key_count <= DELEGATION_KEYS_MAX);

	judged_t j = { .config = config, .row = row, .facts = facts, .now = now, .out = out };

	memset(out, 0, sizeof(*out));
	out->about = "";
	j.first = facts->zone.ds.count == 0 && !facts->zone.ds.excess;
	find_silent(&j);
	if (survey_counts(&j) && signals_gather(facts, &j.signals, out) && wants_change(&j) && is_allowed(&j) &&
	    accept_all_answer(config, facts, j.first, now, out) && is_trusted(&j) && is_news(&j) &&
	    delegation_validates(facts, &out->wanted, out)) {
		out->kind = DELEGATION_VERDICT_ACCEPT;
		out->agreed = true;
		return;
	}
	if (out->kind == DELEGATION_VERDICT_NOTHING) {
		check_present(&j);
	}
}
