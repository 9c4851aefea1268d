/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

#include "keyset.h"
#include "signers.h"

/*! A server of the parent without a DS of another signer. */
static const parent_answer_t *uncovered(const rollover_facts_t *facts)
{
	for (size_t i = 0; i < facts->parent_count; i++) {
		const parent_answer_t *a = &facts->parent[i];
		if (a->status == ANSWER_OK && !judge_covers(facts, judge_named(a))) {
			return a;
		}
	}
	return NULL;
}

static bool is_covered(const rollover_facts_t *facts, const signal_rrset_t *rrset)
{
	return rrset->present && judge_covers(facts, rrset->keys);
}

/*! Whether all keys are of one algorithm, and stay so. */
static bool one_algorithm(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const uint8_t algorithm = keyset_first(c->facts, own->dnskey)->algorithm;

	return keyset_one_algorithm(c->facts, own->dnskey | own->foreign) &&
	       (own->algorithm_wanted == 0 || own->algorithm_wanted == algorithm);
}

/*! \return What is missing of the settings; NULL: nothing. */
static const char *unfit(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	if (c->config->go_insecure) {
		return "go-insecure would remove its DS as well: have the registrar remove the DS";
	}
	if (!own->base_always || own->policy != POLICY_BASE) {
		return "cds-cdnskey-publish of the policy in force is not always, so a parent that obeys CDS would drop a DS";
	}
	if (own->csk || own->csk_wanted || c->before->csk) {
		return "single-type keys are not rolled beside it: roll by hand";
	}
	if (!one_algorithm(c)) {
		return "the algorithm is not changed beside it: roll by hand";
	}
	return NULL;
}

/*! \return What is missing in the own zone; NULL: nothing. */
static const char *unfit_records(const dec_t *c)
{
	const rollover_facts_t *facts = c->facts;

	if (facts->own.foreign == 0) {
		return "DNSKEY has no key of another signer any more, and the parent may have a DS of one";
	}
	if (!is_covered(facts, &facts->own.cds)) {
		return "CDS of this server names no key of its signer: add the CDS record";
	}
	if (!is_covered(facts, &facts->own.cdnskey)) {
		return "CDNSKEY of this server names no key of its signer: add the CDNSKEY record";
	}
	return NULL;
}

bool signers_may_silence(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	if (!c->out->row.signers || (unfit(c) == NULL && unfit_records(c) == NULL)) {
		return true;
	}
	/* Without theirs CDS would name ours alone; with theirs it would name them alone. */
	return own->base_publishes && own->policy == POLICY_BASE && !(own->cds.keys & own->foreign);
}

bool signers_guard(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	const own_facts_t *own = &c->facts->own;

	if (!row->signers) {
		if (own->foreign != 0 && c->plan->removes_ds) {
			dec_start_over(c); /* The DS of the other signer would go as well. */
			return true;
		}
		return false;
	}
	const char *why = unfit(c), *about = "";
	const parent_answer_t *parent = rollover_state_info(row->state)->repairs ? NULL : uncovered(c->facts);

	why = why != NULL ? why : unfit_records(c);
	if (why == NULL && parent != NULL) {
		about = parent->server;
		why = "no DS of its signer, by which validators trust the servers of that";
	}
	if (why == NULL) {
		return false;
	}
	const bool silent = row->state == ROLLOVER_IDLE && signers_may_silence(c) &&
	                    (keyset_size(own->dnskey) > 1 || own->cds.present);

	c->out->keys = silent ? KEYS_SILENT : KEYS_UNKNOWN;
	row->all_since = row->observed_since = row->observed_last = 0;
	char text[160];
	if (own->foreign != 0) {
		snprintf(text, sizeof(text), "key %u is another signer's: %s",
		         keyset_first(c->facts, own->foreign)->tag, why);
	} else {
		snprintf(text, sizeof(text), "%s", why);
	}
	dec_wait(c, GATE_SIGNERS, about, text, 0);
	return true;
}

keyset_t signers_standing(const dec_t *c)
{
	return c->step->keys == KEYS_MOVED ? c->new_key : c->old;
}

/* Another signer that nobody has announced. */

/*! Nobody without a KSK of this server can make that. A zone without its signature is no evidence. */
static bool is_anothers(const rollover_facts_t *facts, const child_answer_t *a)
{
	return a->dnskey_foreign && (a->dnskey_signed_by & ~facts->own.foreign) != 0;
}

/*! One signer gives a serial to one version only. The same serial with other keys is another signer's as well. */
static bool is_as_new(uint32_t serial, uint32_t own)
{
	return serial == own || judge_is_before(own, serial);
}

static bool has_serials(const rollover_facts_t *facts, const child_answer_t *a)
{
	return facts->own.serial_known && a->serial_known;
}

judge_verdict_t signers_other(const dec_t *c)
{
	const rollover_facts_t *facts = c->facts;
	const rollover_row_t *before = c->before;
	const bool named = before->gate == GATE_ANOTHER_SIGNER;
	const bool seen = named || before->gate == GATE_DNSKEY_DIFFERS;
	judge_verdict_t v = { .gate = GATE_NONE, .about = "" };

	for (size_t i = 0; i < facts->child_count && !c->out->row.signers; i++) {
		const child_answer_t *a = &facts->child[i];
		const bool again = seen && strcmp(a->server, before->gate_about) == 0;
		const bool serials = has_serials(facts, a);

		/* A secondary that lags may have a KSK that was removed here. Its serial is lower. */
		if (!is_anothers(facts, a) || (serials && !is_as_new(a->serial, facts->own.serial)) ||
		    (!serials && !(named && again)) || (v.gate != GATE_NONE && !again)) {
			continue;
		}
		v.gate = again ? GATE_ANOTHER_SIGNER : GATE_DNSKEY_DIFFERS;
		v.about = a->server;
		v.red = true;
		snprintf(v.detail, sizeof(v.detail), "a KSK that this server does not have");
		if (serials) {
			snprintf(v.detail, sizeof(v.detail), "a KSK that this server does not have, serial %u, here %u",
			         a->serial, facts->own.serial);
		}
	}
	return v;
}
