/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

#include "kskroll/text_copy.h"
#include "outlook.h"
#include "signals.h"
#include "usable.h"

/*! RFC 4034 5.2: only such a key can have a DS. */
#define FLAG_ZONE 0x0100

signal_t signals_cds(const ds_set_t *cds, bool present)
{
	signal_t signal = { .kind = SIGNAL_NONE };

	if (!present) {
		return signal;
	}
	if (cds->excess || cds->count > DELEGATION_DS_MAX) {
		signal.kind = SIGNAL_EXCESS;
		return signal;
	}
	if (ds_set_deletes(cds)) {
		signal.kind = SIGNAL_DELETE;
		return signal;
	}
	signal.kind = cds->count > 0 ? SIGNAL_SET : SIGNAL_MALFORMED;
	for (unsigned i = 0; i < cds->count; i++) {
		if (usable_is_malformed(&cds->record[i])) {
			signal.kind = SIGNAL_MALFORMED;
		} else if (usable_is_eligible(&cds->record[i])) {
			ds_set_add(&signal.set, &cds->record[i]);
		}
	}
	return signal;
}

static ds_record_t record_of(const key_id_t *id)
{
	ds_record_t record = {
		.tag = id->tag, .algorithm = id->algorithm, .digest_type = 2, .digest_len = sizeof(id->digest)
	};

	memcpy(record.digest, id->digest, sizeof(id->digest));
	return record;
}

signal_t signals_cdnskey(const delegation_facts_t *facts, delegation_keys_t keys, bool deletes, bool malformed,
                         bool excess, bool present)
{
	signal_t signal = { .kind = SIGNAL_NONE };

	if (!present) {
		return signal;
	}
	if (excess) {
		signal.kind = SIGNAL_EXCESS;
		return signal;
	}
	/* Nothing but the delete signal alone is one (RFC 8078 4). */
	if (deletes && keys == 0 && !malformed) {
		signal.kind = SIGNAL_DELETE;
		return signal;
	}
	signal.kind = keys != 0 && !malformed && !deletes ? SIGNAL_SET : SIGNAL_MALFORMED;
	for (unsigned k = 0; k < facts->key_count; k++) {
		const delegation_key_t *key = &facts->key[k];
		if (!(keys & (UINT32_C(1) << k))) {
			continue;
		}
		const ds_record_t record = record_of(&key->id);
		if (!key->whole || !(key->flags & FLAG_ZONE) || usable_is_malformed(&record)) {
			signal.kind = SIGNAL_MALFORMED;
		} else if (!ds_set_add(&signal.set, &record)) {
			signal.kind = SIGNAL_EXCESS;
			return signal;
		}
	}
	return signal;
}

bool signals_equal(const signal_t *a, const signal_t *b)
{
	return a->kind == b->kind && (a->kind != SIGNAL_SET || ds_set_equal(&a->set, &b->set));
}

static bool is_sound(const signal_t *signal, const char *type, const char *server, delegation_verdict_t *verdict)
{
	if (signal->kind == SIGNAL_EXCESS) {
		return verdict_reject(verdict, DELEGATION_GATE_TOO_MANY, server, type);
	}
	return signal->kind != SIGNAL_MALFORMED || verdict_reject(verdict, DELEGATION_GATE_MALFORMED, server, type);
}

static void describe(char *text, size_t size, const signal_t *signal)
{
	text_copy(text, size,
	          signal->kind == SIGNAL_DELETE ? "the delete signal" :
	          signal->kind == SIGNAL_SET    ? "key" :
	                                          "none");
	if (signal->kind == SIGNAL_SET) {
		verdict_tags(text, size, &signal->set, NULL);
	}
}

static bool is_alike(const signal_t *signal, const signal_t *first, const char *type, const char *server,
                     const char *first_server, delegation_verdict_t *verdict)
{
	char text[160], here[40], there[40];

	if (signals_equal(signal, first)) {
		return true;
	}
	describe(here, sizeof(here), signal);
	describe(there, sizeof(there), first);
	snprintf(text, sizeof(text), "%s: %s; at %.48s: %s", type, here, first_server, there);
	/* Whoever has none is named: the others agree, perhaps. */
	if (first->kind == SIGNAL_NONE) {
		snprintf(text, sizeof(text), "%s: none; at %.48s: %s", type, server, here);
		return verdict_reject(verdict, DELEGATION_GATE_SIGNAL_MISSING, first_server, text);
	}
	return verdict_reject(
		verdict, signal->kind == SIGNAL_NONE ? DELEGATION_GATE_SIGNAL_MISSING : DELEGATION_GATE_SIGNALS_DIFFER,
		server, text);
}

bool signals_gather(const delegation_facts_t *facts, signals_t *out, delegation_verdict_t *verdict)
{
	memset(out, 0, sizeof(*out));
	out->proven = true;

	for (size_t i = 0; i < facts->child_count; i++) {
		const delegation_child_t *a = &facts->child[i];
		if (a->status != ANSWER_OK) {
			continue;
		}
		const signal_t cds = signals_cds(&a->cds_set, a->cds.present);
		const signal_t cdnskey = signals_cdnskey(facts, a->cdnskey_keys, a->cdnskey_deletes,
		                                         a->cdnskey_malformed, a->cdnskey_excess, a->cdnskey.present);
		if (!is_sound(&cds, "CDS", a->server, verdict) || !is_sound(&cdnskey, "CDNSKEY", a->server, verdict)) {
			return false;
		}
		out->proven =
			out->proven && (a->cds.present || a->cds.proven) && (a->cdnskey.present || a->cdnskey.proven);
		out->present = out->present || a->cds.present || a->cdnskey.present;
		if (out->first == NULL) {
			out->first = a;
			out->cds = cds;
			out->cdnskey = cdnskey;
		} else if (!is_alike(&cds, &out->cds, "CDS", a->server, out->first->server, verdict) ||
		           !is_alike(&cdnskey, &out->cdnskey, "CDNSKEY", a->server, out->first->server, verdict)) {
			return false;
		}
	}
	return true;
}

/*! A CDS of another digest type alone names no key that counts. All keys are taken, or none (RFC 9975 3.1). */
static bool names_all(const ds_set_t *cds, const ds_set_t *counts, const char *server, delegation_verdict_t *verdict)
{
	char text[96];

	for (unsigned i = 0; i < cds->count; i++) {
		const ds_record_t *r = &cds->record[i];
		bool named = false;
		/* The tag is enough: what is compared is left out of DS in any case. */
		for (unsigned j = 0; j < counts->count; j++) {
			named = named ||
			        (counts->record[j].tag == r->tag && counts->record[j].algorithm == r->algorithm);
		}
		if (!named) {
			snprintf(text, sizeof(text), "key %u has no CDS of SHA-256, only of digest type %u", r->tag,
			         r->digest_type);
			return verdict_reject(verdict, DELEGATION_GATE_DIGEST, server, text);
		}
	}
	return true;
}

static bool one_type_is_enough(const delegation_config_t *config, const delegation_facts_t *facts,
                               const signals_t *signals, delegation_verdict_t *verdict)
{
	const bool cds = signals->cds.kind != SIGNAL_NONE;

	if (config->accept == (cds ? DELEGATION_ACCEPT_CDNSKEY : DELEGATION_ACCEPT_CDS)) {
		return verdict_reject(verdict, DELEGATION_GATE_TYPE_UNWANTED, "", cds ? "CDS" : "CDNSKEY");
	}
	verdict->one_type = true;
	/* The delete signal has no digest. */
	for (size_t i = 0; i < facts->child_count && signals->cds.kind == SIGNAL_SET; i++) {
		const delegation_child_t *a = &facts->child[i];
		if (a->status == ANSWER_OK && !names_all(&a->cds_set, &signals->cds.set, a->server, verdict)) {
			return false;
		}
	}
	return true;
}

bool signals_agree(const delegation_config_t *config, const delegation_facts_t *facts, const signals_t *signals,
                   delegation_verdict_t *verdict)
{
	const char *server = signals->first->server;
	char text[160] = "CDNSKEY:", there[64];

	if (signals->cds.kind == SIGNAL_NONE || signals->cdnskey.kind == SIGNAL_NONE) {
		return one_type_is_enough(config, facts, signals, verdict);
	}
	if (signals_equal(&signals->cds, &signals->cdnskey)) {
		return true;
	}
	/* A better reason, where it is one. */
	if (signals->cds.kind == SIGNAL_SET && signals->cdnskey.kind == SIGNAL_SET &&
	    !names_all(&signals->first->cds_set, &signals->cds.set, server, verdict)) {
		return false;
	}
	describe(there, sizeof(there), &signals->cdnskey);
	snprintf(text, sizeof(text), "CDNSKEY: %s", there);
	describe(there, sizeof(there), &signals->cds);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "; CDS: %s", there);
	return verdict_reject(verdict, DELEGATION_GATE_TYPES_DIFFER, server, text);
}
