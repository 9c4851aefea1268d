/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The forecast: with real signatures, at each server.
 */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "kskroll/text_copy.h"
#include "outlook.h"
#include "usable.h"

/*! RFC 4034 2.1.1, RFC 5011 2.1. */
#define FLAG_ZONE    0x0100
#define FLAG_REVOKED 0x0080

bool verdict_reject(delegation_verdict_t *out, delegation_gate_t gate, const char *about, const char *detail)
{
	out->kind = DELEGATION_VERDICT_REJECT;
	out->gate = gate;
	out->about = about;
	text_copy(out->detail, sizeof(out->detail), detail);
	return false;
}

void verdict_tags(char *text, size_t size, const ds_set_t *set, const ds_set_t *but)
{
	size_t len = strlen(text);

	for (unsigned i = 0; i < set->count && len < size; i++) {
		if (but == NULL || !ds_set_has(but, &set->record[i])) {
			len += snprintf(text + len, size - len, " %u", set->record[i].tag);
		}
	}
}

/*! Whether the key can be named by a DS (RFC 4034 5.2), and is in use. */
static bool is_trust_point(const delegation_key_t *key)
{
	return (key->flags & FLAG_ZONE) && !(key->flags & FLAG_REVOKED);
}

/*! Whether a key that the record names is in DNSKEY and has signed it. */
static bool leads_to(const delegation_facts_t *facts, const delegation_child_t *child, const ds_record_t *record)
{
	const delegation_keys_t signers = child->dnskey & child->dnskey_signed_by;

	for (unsigned k = 0; k < facts->key_count; k++) {
		if ((signers & (UINT32_C(1) << k)) && is_trust_point(&facts->key[k]) &&
		    usable_names(record, &facts->key[k])) {
			return true;
		}
	}
	return false;
}

delegation_keys_t outlook_chain(const delegation_facts_t *facts, const delegation_child_t *child, const ds_set_t *ds)
{
	delegation_keys_t chain = usable_named(facts, ds) & child->dnskey & child->dnskey_signed_by;

	for (unsigned k = 0; k < facts->key_count; k++) {
		chain &= is_trust_point(&facts->key[k]) ? UINT32_MAX : ~(UINT32_C(1) << k);
	}
	return chain;
}

bool outlook_secures(const ds_set_t *ds)
{
	for (unsigned i = 0; i < ds->count; i++) {
		if (usable_is_read(ds, &ds->record[i])) {
			return true;
		}
	}
	return false;
}

/*! Whether some record of the same digest type and algorithm leads to a key that signs. */
static bool is_covered(const delegation_facts_t *facts, const delegation_child_t *child, const ds_set_t *ds,
                       const ds_record_t *like)
{
	for (unsigned i = 0; i < ds->count; i++) {
		const ds_record_t *r = &ds->record[i];
		if (r->digest_type == like->digest_type && r->algorithm == like->algorithm &&
		    leads_to(facts, child, r)) {
			return true;
		}
	}
	return false;
}

static bool validates_at(const delegation_facts_t *facts, const delegation_child_t *child, const ds_set_t *ds,
                         delegation_verdict_t *out)
{
	char text[160];

	for (unsigned i = 0; i < ds->count; i++) {
		const ds_record_t *r = &ds->record[i];
		if (usable_is_read(ds, r) && !is_covered(facts, child, ds, r)) {
			snprintf(text, sizeof(text), "no key of algorithm %u that DS names has signed DNSKEY; DS names",
			         r->algorithm);
			verdict_tags(text, sizeof(text), ds, NULL);
			return verdict_reject(out, DELEGATION_GATE_WOULD_BREAK, child->server, text);
		}
	}
	return true;
}

bool delegation_validates(const delegation_facts_t *facts, const ds_set_t *ds, delegation_verdict_t *out)
{
	assert(facts && ds && out && facts->key_count <= DELEGATION_KEYS_MAX);

	bool answered = false;

	if (ds->excess) {
		return verdict_reject(out, DELEGATION_GATE_TOO_MANY, "", "DS");
	}
	for (size_t i = 0; i < facts->child_count; i++) {
		if (facts->child[i].status != ANSWER_OK) {
			continue;
		}
		answered = true;
		if (!validates_at(facts, &facts->child[i], ds, out)) {
			return false;
		}
	}
	return answered || verdict_reject(out, DELEGATION_GATE_UNREACHABLE, "", "no nameserver answers");
}
