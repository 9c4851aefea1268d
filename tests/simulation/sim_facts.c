/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the module sees of the world: the same facts that module/daemon/facts.c and module/dns make.
 */

#include <string.h>

#include "judge.h"
#include "sim_world.h"

void facts_key_id(const world_t *w, unsigned k, key_id_t *id)
{
	memset(id->digest, k + 1, sizeof(id->digest));
	id->tag = w->collide ? 4711 + k % 2 : 1000 + k;
	id->algorithm = w->knot.key[k].algorithm;
}

static void add_key(world_t *w, unsigned k)
{
	engine_t *e = &w->engine;

	if (e->map[k] >= 0) {
		return;
	}
	if (e->facts.key_count == ROLLOVER_KEYS_MAX) {
		e->facts.too_many_keys = true;
		return;
	}
	e->map[k] = e->facts.key_count;
	facts_key_id(w, k, &e->facts.keys[e->facts.key_count++]);
}

/*! World's keys as the facts' keys; \a unknown: there are others besides. */
static keyset_t to_facts(const engine_t *e, world_keys_t keys, bool *unknown)
{
	keyset_t set = 0;
	*unknown = (keys & KEY_FOREIGN) != 0;
	for (unsigned left = keys & ~KEY_FOREIGN; left != 0; left &= left - 1) {
		const int at = e->map[__builtin_ctz(left)];
		if (at >= 0) {
			set |= 1U << at;
		} else {
			*unknown = true;
		}
	}
	return set;
}

/*! Algorithms of the RRSIGs over the data. Of ZSKs that are not modelled there is one for the only algorithm. */
static algset_t data_algorithms(const world_t *w, const zone_version_t *v)
{
	return algorithm_set(w, data_matters(w) ? v->data : v->signers);
}

static uint32_t data_keys(const world_t *w, const zone_version_t *v)
{
	return data_matters(w) ? v->data : 0;
}

/*! A ZSK in the DNSKEY RRset has signed the data. */
static bool data_by_zsk(const world_t *w, const zone_version_t *v)
{
	return data_matters(w) ? (v->data & v->zsks) != 0 : v->signers != 0;
}

/*! module/daemon/facts.c: keys of the row are of this server, also one that Knot has retired and that signs nothing. */
static world_keys_t remembered(const rollover_row_t *row)
{
	world_keys_t set = row->has_new ? 1U << (row->new_key.digest[0] - 1) : 0;

	for (unsigned i = 0; i < row->old_count; i++) {
		set |= 1U << (row->old[i].digest[0] - 1);
	}
	return set;
}

unsigned facts_own(world_t *w)
{
	engine_t *e = &w->engine;
	rollover_facts_t *f = &e->facts;
	own_facts_t *own = &f->own;
	const zone_version_t *v = knot_version(w);
	const world_keys_t former_keys = e->own_keys;
	int8_t former_map[sizeof(e->map)];
	bool unknown;

	memcpy(former_map, e->map, sizeof(former_map));
	f->key_count = 0;
	f->too_many_keys = false;
	f->asked = 0;
	f->discovery_failed = f->parent_insecure = false;
	f->child = e->child;
	f->parent = e->parent;
	f->child_count = f->parent_count = 0;
	memset(own, 0, sizeof(*own));
	memset(e->map, -1, sizeof(e->map));

	own->known = w->knot.up && !fault_active(w, FAULT_CONTROL);
	own->policy = w->knot.policy;
	own->base_publishes = w->knot.base_signals;
	own->catalog_member = w->knot.member;
	own->csk = own->csk_wanted = w->csk;
	own->algorithm_wanted = w->knot.algorithm;
	own->conf_busy = e->conf_busy;
	own->keys_refused = e->keys_refused;
	text_copy(own->conf_detail, sizeof(own->conf_detail), own->known ? e->conf_detail : "timeout");
	e->own_keys = 0;
	unsigned own_count = 0;
	if (own->known) {
		shown_version(w, v);
		own->frozen = w->knot.frozen;
		own->transaction = fault_active(w, FAULT_ZONE_TXN);
		for (unsigned left = v->dnskey; left != 0; left &= left - 1) {
			add_key(w, __builtin_ctz(left));
		}
		own_count = f->key_count;
		e->own_keys = v->dnskey | v->zsks;
		own->dnskey = to_facts(e, v->dnskey, &unknown);
		own->foreign = to_facts(e, v->dnskey & ~v->signers & ~remembered(&e->row), &unknown);
		own->data_signed_by = w->csk ? to_facts(e, v->data & v->dnskey, &unknown) : 0;
		own->data_hidden = w->csk && (v->data & ~v->dnskey) != 0;
		own->algorithms = algorithm_set(w, v->dnskey | v->zsks);
		own->data_algorithms = data_algorithms(w, v);
		own->data_keys = data_keys(w, v);
		own->serial_known = v->dnskey != 0;
		own->serial = v->serial;
		own->dnskey_ttl = v->ttl;
		own->dnskey_signed = v->dnskey_signed;
	}
	for (unsigned i = 0; i < e->row.old_count; i++) {
		add_key(w, e->row.old[i].digest[0] - 1);
	}
	if (e->row.has_new) {
		add_key(w, e->row.new_key.digest[0] - 1);
	}
	if (own->known) {
		own->cds.present = own->cdnskey.present = v->cds != 0;
		own->cds.keys = own->cdnskey.keys = to_facts(e, v->cds, &unknown);
		own->cds.unwanted = own->cdnskey.unwanted = unknown;
		own->cds.remove = own->cdnskey.remove = v->cds == KEY_FOREIGN;
	}
	if (former_keys != e->own_keys || memcmp(former_map, e->map, sizeof(former_map)) != 0) {
		/* The same answer means something else. */
		memset(e->regular, 0, sizeof(e->regular));
	}
	return own_count;
}

static fault_kind_t fault_of(const world_t *w, const sim_server_t *s)
{
	return s->fault >= 0 ? w->fault[s->fault].kind : FAULT__COUNT;
}

/*! That there is no CDS is said by data of the zone. \a marked: with RRSIGs that anybody may have added. */
static void data_facts(world_t *w, const zone_version_t *v, bool marked, child_answer_t *a)
{
	bool unknown;

	a->data_by_zsk = data_by_zsk(w, v);
	a->data_signed_by = w->csk ? to_facts(&w->engine, v->data & v->dnskey, &unknown) : 0;
	a->data_algorithms = data_algorithms(w, v);
	a->data_keys = data_keys(w, v);
	a->serial_known = a->data_by_zsk || (v->data & v->dnskey) != 0;
	a->serial = v->serial;
	a->status = a->serial_known ? a->status : ANSWER_BOGUS;
	if (marked) {
		a->data_algorithms = w->engine.facts.own.data_algorithms;
		a->data_keys = w->engine.facts.own.data_keys;
	}
}

void facts_child(world_t *w, unsigned index)
{
	engine_t *e = &w->engine;
	child_answer_t *a = &e->child[index];
	const sim_server_t *s = &w->child[index];
	fault_kind_t kind = fault_of(w, s);
	zone_version_t v;
	int fault;
	bool unknown;

	const bool silent = kind == FAULT_DOWN || kind == FAULT_PARTITION ||
	                    (s->primary ? !w->knot.up : fault_active(w, FAULT_CUT_OFF));

	if (kind == FAULT__COUNT && !silent && e->regular[0][index] == s->version + 1U) {
		return; /* The answer of the check before. */
	}
	e->regular[0][index] = 0;
	/* Half an answer is none: only the name stays. */
	e->seen[0][index] = -1;
	e->seen_data[index] = 0;
	memset((char *)a + offsetof(child_answer_t, status), 0, sizeof(*a) - offsetof(child_answer_t, status));
	if (silent) {
		a->status = ANSWER_UNREACHABLE;
		a->unreachable_since = clock_wall(w);
		return;
	}
	if (kind == FAULT_ERROR) {
		a->status = ANSWER_ERROR;
		return;
	}
	if (kind == FAULT_FORGED) {
		/* Off-path: says everything that could be waited for, but cannot sign it. */
		a->status = ANSWER_BOGUS;
		a->dnskey = to_facts(e, e->own_keys & KEYS_OWN, &unknown);
		a->dnskey_equal = true;
		a->dnskey_ttl = 1;
		a->cds.present = a->cdnskey.present = e->facts.own.cds.present;
		a->cds.keys = a->cdnskey.keys = e->facts.own.cds.keys;
		return;
	}
	(void)child_serves(w, s, &v, &fault);
	e->seen[0][index] = fault;
	e->seen_keys[0][index] = v.dnskey | v.zsks;
	e->seen_ttl[0][index] = v.ttl;
	e->regular[0][index] = kind == FAULT__COUNT ? s->version + 1U : 0;
	a->status = v.signers & v.dnskey ? ANSWER_OK : ANSWER_BOGUS;
	if (v.cds == 0) {
		data_facts(w, &v, kind == FAULT_MARKED, a);
		e->seen_data[index] = v.data;
		shown_version(w, &v);
	}
	a->dnskey = to_facts(e, v.dnskey, &a->dnskey_foreign);
	a->dnskey_signed_by = to_facts(e, v.signers & v.dnskey, &unknown);
	a->dnskey_equal = (v.dnskey | v.zsks) == e->own_keys;
	a->dnskey_ttl = v.ttl;
	a->cds.present = a->cdnskey.present = v.cds != 0;
	if (v.cds != 0) {
		a->cds.keys = a->cdnskey.keys = to_facts(e, v.cds, &unknown);
		a->cds.unwanted = a->cdnskey.unwanted = unknown;
		a->cds.remove = a->cdnskey.remove = v.cds == KEY_FOREIGN;
		a->cds.signed_by = a->cdnskey.signed_by = a->dnskey_signed_by;
	}
}

void facts_parent(world_t *w, unsigned index)
{
	engine_t *e = &w->engine;
	parent_answer_t *a = &e->parent[index];
	const sim_server_t *s = &w->parent[index];
	fault_kind_t kind = fault_active(w, FAULT_CUT_OFF) ? FAULT_PARTITION : fault_of(w, s);
	ds_version_t v;
	int fault;

	if (kind == FAULT__COUNT && e->regular[1][index] == s->version + 1U) {
		return;
	}
	e->regular[1][index] = 0;
	e->seen[1][index] = -1;
	memset((char *)a + offsetof(parent_answer_t, status), 0, sizeof(*a) - offsetof(parent_answer_t, status));
	switch (kind) {
	case FAULT_DOWN:
	case FAULT_PARTITION:
		a->status = ANSWER_UNREACHABLE;
		a->unreachable_since = clock_wall(w);
		return;
	case FAULT_ERROR:
		a->status = ANSWER_ERROR;
		return;
	case FAULT_STRIP:
		a->status = ANSWER_BOGUS;
		return;
	case FAULT_FORGED:
		a->status = ANSWER_BOGUS;
		a->ds = e->row.has_new ? 1U << key_id_find(e->facts.keys, e->facts.key_count, &e->row.new_key) : 1;
		a->ds_ttl = 1;
		return;
	default:
		break;
	}
	(void)parent_serves(w, s, &v, &fault);
	e->seen[1][index] = fault;
	e->seen_keys[1][index] = v.ds;
	e->seen_ttl[1][index] = v.ttl;
	a->status = ANSWER_OK;
	a->ds = to_facts(e, v.ds, &a->ds_foreign);
	a->ds_ttl = v.ds != 0 ? v.ttl : w->up.negative_ttl;
	e->regular[1][index] = kind == FAULT__COUNT ? s->version + 1U : 0;
}

bool engine_store_ready(world_t *w)
{
	engine_t *e = &w->engine;

	if (fault_active(w, FAULT_STORE)) {
		return false;
	}
	if (e->silences_lost) {
		memset(e->silence, 0, sizeof(e->silence));
		e->silences_lost = false;
	}
	return true;
}

/*! As it is stored, if it can be. */
static void keep_silence(world_t *w, rollover_silence_t *stored, const rollover_silence_t *silence)
{
	if (engine_store_ready(w)) {
		*stored = *silence;
	} else {
		w->engine.silences_lost = true;
	}
}

static void since_when(world_t *w, bool parent, unsigned i, answer_status_t status, bool heard, time_t *since,
                       const rollover_clock_t *now)
{
	engine_t *e = &w->engine;
	rollover_silence_t *stored = &e->silence[parent][i];
	rollover_silence_t silence = { 0 };

	if (status != ANSWER_UNREACHABLE) {
		if (stored->since != 0) {
			keep_silence(w, stored, &silence);
		}
		if (e->silent[parent][i].last != 0) {
			memset(&e->silent[parent][i], 0, sizeof(e->silent[parent][i]));
		}
		*since = 0;
		return;
	}
	e->some_silent = true;
	if (!e->silences_lost) {
		silence = *stored;
	}
	rollover_silence(&e->config, &silence, heard, now);
	keep_silence(w, stored, &silence);
	*since = silence.since;

	/* Said once more, without the module's clock and rule. */
	if (e->silent[parent][i].last != 0 && heard && !e->silent[parent][i].alone) {
		e->silent[parent][i].lasted += w->now - e->silent[parent][i].last;
	}
	e->silent[parent][i].last = w->now;
	e->silent[parent][i].alone = !heard;
}

/*! Whether somebody answered who is not on the host of the module. */
static bool heard(const world_t *w, const rollover_facts_t *f)
{
	for (unsigned i = 0; i < f->child_count; i++) {
		if (!w->child[i].primary && f->child[i].status != ANSWER_UNREACHABLE) {
			return true;
		}
	}
	for (unsigned i = 0; i < f->parent_count; i++) {
		if (f->parent[i].status != ANSWER_UNREACHABLE) {
			return true;
		}
	}
	return false;
}

/*! The module's own resolver with an empty cache, and those configured, with whatever they have. */
static void watch(world_t *w)
{
	watch_facts_t *watch = &w->engine.facts.watch;
	bool broken = fault_active(w, FAULT_WATCH);

	memset(watch, 0, sizeof(*watch));
	if (!(w->engine.asked & SURVEY_WATCH) || fault_active(w, FAULT_CUT_OFF)) {
		return;
	}
	watch->parent_ok = !fault_active(w, FAULT_INSECURE) && !fault_active(w, FAULT_DISCOVERY);
	for (unsigned i = 0; i <= w->validators; i++) {
		watch->answered++;
		watch->failing += broken || resolver_fails(w, i > 0);
	}
	if (watch->failing > 0) {
		snprintf(watch->detail, sizeof(watch->detail), "%u of %u", watch->failing, watch->answered);
	}
}

void facts_finish(world_t *w)
{
	engine_t *e = &w->engine;
	rollover_facts_t *f = &e->facts;
	rollover_clock_t now;

	clock_now(w, &now);
	f->asked = e->asked;
	watch(w);
	f->discovery_failed = fault_active(w, FAULT_DISCOVERY);
	f->parent_insecure = !f->discovery_failed && fault_active(w, FAULT_INSECURE);
	f->child_count = (e->asked & SURVEY_CHILD) && !f->discovery_failed ? w->child_count : 0;
	f->parent_count =
		(e->asked & SURVEY_PARENT) && !f->discovery_failed && !f->parent_insecure ? w->parent_count : 0;
	const bool others = heard(w, f);
	e->some_silent = false;
	for (unsigned i = 0; i < f->child_count; i++) {
		since_when(w, false, i, e->child[i].status, others, &e->child[i].unreachable_since, &now);
	}
	for (unsigned i = 0; i < f->parent_count; i++) {
		since_when(w, true, i, e->parent[i].status, others, &e->parent[i].unreachable_since, &now);
	}
}
