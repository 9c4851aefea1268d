/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The invariants of docs/simulation.rst. I4 (and with it I5) is in caches.c: it is checked whenever
 * an answer appears that a resolver could not get before. The others judge with the world's own
 * knowledge, never with the module's.
 */

#include <stdarg.h>
#include <string.h>

#include "judge.h"
#include "sim_world.h"

const char *check_only;

void violate(world_t *w, const char *invariant, const char *format, ...)
{
	if (w->failed || (check_only != NULL && strcmp(check_only, invariant) != 0)) {
		return;
	}
	if (w->parents > PARENTS_PLAIN && w->driver != DRIVER_MODULE && invariant[0] == 'I') {
		return; /* What such a child does to itself. */
	}
	va_list args;
	w->failed = true;
	w->violation.at = w->now;
	snprintf(w->violation.invariant, sizeof(w->violation.invariant), "%s", invariant);
	va_start(args, format);
	vsnprintf(w->violation.text, sizeof(w->violation.text), format, args);
	va_end(args);
	trace(w, "VIOLATION   %s: %s", invariant, w->violation.text);
}

static bool counts(const world_t *w, const exposure_t *e, time_t decided)
{
	return exposure_reachable(e, w->now) && !e->excused && (e->fault < 0 || fault_known(w, e, decided));
}

/*! KSKs that somebody made after the step: the server names them in CDS before we can know of them. */
static world_keys_t made_since(const world_t *w, time_t decided)
{
	world_keys_t set = 0;
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		set |= w->knot.key[k].published > decided ? 1U << k : 0;
	}
	return set;
}

/*!
 * Records of the unsigned zone are in caches, and the operator has given the parent a DS, or his base policy has: every
 * server of the parent has a DS, from him. Whoever fetches that finds these records bogus already, whichever key is
 * signalled next.
 */
static bool ds_by_hand_everywhere(const world_t *w)
{
	bool by_hand = false;

	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *e = &w->ds.list[i];
		if (e->active > 0 && (e->keys == 0 || (e->cause != CAUSE_OPERATOR && e->cause != CAUSE_KNOT))) {
			return false;
		}
		by_hand |= e->active > 0;
	}
	return by_hand;
}

/*! Whether a resolver with some DS set that can be had gets along with the DNSKEY RRset. */
static bool is_of_use(const world_t *w, const exposure_t *dnskey)
{
	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *ds = &w->ds.list[i];
		if (exposure_reachable(ds, w->now) && (ds->keys == 0 || (ds->keys & dnskey->keys & dnskey->signers))) {
			return true;
		}
	}
	return false;
}

/*! I1 of the data: those that the algorithm of the named key has not signed. */
static void check_signal_data(world_t *w, const zone_version_t *v)
{
	const algset_t named = algorithm_set(w, v->cds & ~made_since(w, v->cds_decided));

	for (unsigned i = 0; i < w->data.count; i++) {
		const exposure_t *x = &w->data.list[i];
		if (x->keys != 0 && (named & ~algorithm_set(w, x->keys)) && counts(w, x, v->cds_decided) &&
		    !shown_nothing(x, w->engine.shown.by_hand)) {
			violate(w, "I1", "CDS names %s, but data that only %s has signed are %s", keys_text(v->cds),
			        keys_text(x->keys), x->active ? "still served" : "still in caches");
			return;
		}
	}
}

/* I1: every resolver that could validate with the old keys can validate with the one that CDS names. */
void check_signal(world_t *w, const zone_version_t *v)
{
	/* A rollback names what the parent had and has: both keys, so that nothing is taken away. */
	const bool back = !rollover_is_first(&w->engine.row) &&
	                  (w->knot.ordered == KEYS_SIGNAL_BOTH ||
	                   (w->knot.policy == POLICY_FORMER && w->knot.former == FORMER_ROLLBACK));
	if (w->driver != DRIVER_MODULE || v->cds_cause != CAUSE_OURS) {
		return;
	}
	if (v->cds == KEY_FOREIGN) {
		if (!w->leaves) {
			violate(w, "delete", "the delete signal is published without the operator's word");
		}
		return;
	}
	shown_signal(w, v);
	if (back) {
		return;
	}
	check_signal_data(w, v);
	for (unsigned i = 0; i < w->dnskey.count; i++) {
		const exposure_t *e = &w->dnskey.list[i];
		world_keys_t missing = v->cds & ~(e->keys & e->signers) & ~e->removed & ~made_since(w, v->cds_decided);
		if (e->keys == 0 && ds_by_hand_everywhere(w)) {
			continue;
		}
		if (missing != 0 && counts(w, e, v->cds_decided) && is_of_use(w, e)) {
			violate(w, "I1", "CDS names %s, but DNSKEY %s signed by %s is %s", keys_text(missing),
			        keys_text(e->keys), keys_text(e->signers),
			        e->active ? "still served" : "still in caches");
			trace(w, "            last served %ld s ago, in caches for %ld s, fault %d",
			      e->active ? 0 : (long)(w->now - e->left), (long)(e->until - w->now), e->fault);
			return;
		}
	}
}

/*! I2 of the data: what can be had without the signature of a key that stays. */
static bool data_depend_on(world_t *w, world_keys_t gone, time_t decided)
{
	/* Of what has left the DNSKEY RRset before, no data depends any more. */
	const world_keys_t removed = gone & (knot_version(w)->dnskey | knot_version(w)->zsks);

	for (unsigned i = 0; i < w->data.count; i++) {
		const exposure_t *x = &w->data.list[i];
		if ((x->keys & removed) && !(x->keys & (knot_keys(w) | knot_zsks(w)) & ~removed) &&
		    counts(w, x, decided) && !shown_nothing(x, w->engine.shown.by_hand)) {
			violate(w, "I2", "KSK %s is removed, but data that %s has signed are %s", keys_text(removed),
			        keys_text(x->keys), x->active ? "still served" : "still in caches");
			return true;
		}
	}
	return false;
}

/* I2, I6: what the order to retire removed. */
void check_removal(world_t *w, world_keys_t removed, cause_t cause, time_t decided)
{
	const engine_t *e = &w->engine;

	if (w->driver != DRIVER_MODULE || cause != CAUSE_OURS) {
		return;
	}
	/* Of what has left the DNSKEY RRset before, no DS depends any more. */
	const world_keys_t shown = knot_version(w)->dnskey & removed;
	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *x = &w->ds.list[i];
		if (x->keys == 0 || (x->keys & knot_keys(w) & ~removed) || !(x->keys & shown)) {
			continue;
		}
		if (counts(w, x, decided)) {
			violate(w, "I2", "KSK %s is let go, but DS %s is %s", keys_text(removed), keys_text(x->keys),
			        x->active ? "still served" : "still in caches");
			return;
		}
		if (!x->excused && (x->fault < 0 || fault_known(w, x, decided)) && x->left != 0 &&
		    decided - x->left < (time_t)e->config.observe) {
			violate(w, "I2", "KSK %s is let go %ld s after the last server had DS %s, observe is %u s",
			        keys_text(removed), (long)(decided - x->left), keys_text(x->keys), e->config.observe);
			return;
		}
	}
	if (data_depend_on(w, removed, decided)) {
		return;
	}
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		bool meant = false;
		for (unsigned i = 0; i < e->row.old_count; i++) {
			meant |= e->row.old[i].digest[0] == k + 1;
		}
		/* Presign takes back what Knot may have published meanwhile. */
		meant |= w->knot.ordered == KEYS_PRESIGN && w->knot.key[k].algorithm != e->row.old[0].algorithm;
		/* A key that has gone is named by its tag: one of the same end may have it. */
		meant |= w->collide && w->knot.key[k].algorithm == e->row.old[0].algorithm;
		if ((shown & (1U << k)) && !meant) {
			violate(w, "I6", "an order let KSK %s go, which is not the one meant", keys_text(1U << k));
		}
	}
	if ((removed & knot_version(w)->zsks) && w->knot.ordered != KEYS_PRESIGN &&
	    (!e->row.has_new || (removed & algorithm_keys(w, e->row.new_key.algorithm)))) {
		violate(w, "I6", "an order let ZSK %s go, which is not the one meant", keys_text(removed));
	}
}

static void fault_learn(world_t *w, const exposure_t *seen)
{
	if (fault_known(w, seen, w->now)) {
		return;
	}
	fault_t *f = &w->fault[seen->fault];
	if (f->known_count == FAULT_KNOWN_MAX) {
		w->overflow = true;
		return;
	}
	f->known[f->known_count].keys = seen->keys;
	f->known[f->known_count].ttl = seen->ttl;
	f->known[f->known_count].data = seen->data;
	f->known[f->known_count].lost = 0;
	f->known[f->known_count++].at = w->now;
}

/* Whose silence counts as agreement from now on, whether or not the decision can be stored. */
void check_excuse(world_t *w)
{
	const engine_t *e = &w->engine;
	const rollover_facts_t *f = &e->facts;

	for (unsigned side = 0; side < 2 && e->some_silent; side++) {
		for (size_t i = 0; i < (side ? f->parent_count : f->child_count); i++) {
			answer_status_t status = side ? f->parent[i].status : f->child[i].status;
			if (status == ANSWER_UNREACHABLE &&
			    e->silent[side][i].lasted >= (time_t)e->config.unreachable_after) {
				server_excuse(w, side ? &w->parent[i] : &w->child[i], side);
			}
		}
	}
}

/*! Each version of the DS RRset that the module has met, with its TTL. */
static void meet_ds(world_t *w)
{
	const engine_t *e = &w->engine;

	for (size_t i = 0; i < e->facts.parent_count; i++) {
		ds_version_t *v = &w->up.version[w->parent[i].version];
		v->met |= e->facts.parent[i].status == ANSWER_OK && v->ds == e->seen_keys[1][i] &&
		          v->ttl == e->seen_ttl[1][i];
	}
}

/* What the module now knows, for the question whether a later step is its fault. */
void check_learn(world_t *w)
{
	const engine_t *e = &w->engine;

	shown_keep(w);
	meet_ds(w);
	for (unsigned side = 0; side < 2; side++) {
		for (size_t i = 0; i < (side ? e->facts.parent_count : e->facts.child_count); i++) {
			if (e->seen[side][i] < 0) {
				continue;
			}
			exposure_t seen = { .fault = e->seen[side][i],
				            .keys = e->seen_keys[side][i],
				            .ttl = e->seen_ttl[side][i] };
			fault_learn(w, &seen);
			if (side == 0 && e->seen_data[i] != 0) {
				/* Their TTL no answer tells: the policy does. */
				seen = (exposure_t){
					.fault = seen.fault, .keys = e->seen_data[i], .ttl = UINT32_MAX, .data = true
				};
				fault_learn(w, &seen);
			}
		}
	}
	check_excuse(w);
}

/* I3: withdrawn because every server of the parent matched, and for no other reason of success. */
static void check_withdraw(world_t *w)
{
	const rollover_facts_t *f = &w->engine.facts;
	int at = key_id_find(f->keys, f->key_count, &w->engine.row.new_key);
	size_t answered = 0;

	for (size_t i = 0; i < f->parent_count; i++) {
		const parent_answer_t *a = &f->parent[i];
		bool out = a->status == ANSWER_UNREACHABLE &&
		           clock_wall(w) - a->unreachable_since >= (time_t)w->engine.config.unreachable_after;
		if (!out && (a->status != ANSWER_OK || a->ds != (keyset_t)(1U << at) || a->ds_foreign)) {
			violate(w, "I3", "the signal is withdrawn, but %s has %s", a->server,
			        a->status != ANSWER_OK ? rollover_answer_name(a->status) : "another DS set");
			return;
		}
		answered += a->status == ANSWER_OK;
	}
	if (answered == 0) {
		violate(w, "I3", "the signal is withdrawn, but no server of the parent has been heard");
	}
}

static bool forged(const world_t *w, bool parent)
{
	unsigned count = parent ? w->engine.facts.parent_count : w->engine.facts.child_count;
	for (unsigned i = 0; i < count; i++) {
		const sim_server_t *s = parent ? &w->parent[i] : &w->child[i];
		answer_status_t status = parent ? w->engine.parent[i].status : w->engine.child[i].status;
		if (s->fault >= 0 && w->fault[s->fault].kind == FAULT_FORGED && status == ANSWER_BOGUS) {
			return true;
		}
	}
	return false;
}

/*! Where in a rollover a state comes. */
static unsigned rank(rollover_state_t state)
{
	return state == ROLLOVER_PRESIGN ? 2 * ROLLOVER_PREPARE + 1 :
	       state == ROLLOVER_CLEAN   ? 2 * ROLLOVER_RETIRE + 1 :
	                                   2 * state;
}

/*! Knot signs with keys of the policy's algorithm that it has not published. */
static bool has_begun(const own_facts_t *own)
{
	return (ALGSET_OF(own->algorithm_wanted) & own->data_algorithms & ~own->algorithms) != 0;
}

/* I7: nothing goes forward on a survey with an answer that proves nothing. */
static void check_forged(world_t *w, const rollover_row_t *before, const rollover_decision_t *d)
{
	const engine_t *e = &w->engine;
	keyset_t old = 0;
	bool needs_child = true, needs_parent = true;

	for (unsigned i = 0; i < before->old_count; i++) {
		int at = key_id_find(e->facts.keys, e->facts.key_count, &before->old[i]);
		old |= at >= 0 ? 1U << at : 0;
	}
	if (d->action == ACTION_RETIRE) {
		/* The old KSK has gone: what is left of its algorithm goes as well. */
		needs_child = before->ordered == 0 && (e->facts.own.dnskey & old);
	} else if (d->action == ACTION_PUBLISH || d->action == ACTION_CLEAN) {
		needs_parent = d->action == ACTION_PUBLISH;
	} else if (!d->transition || rank(d->row.state) <= rank(before->state) || d->row.state == ROLLOVER_ROLLBACK ||
	           d->row.state == ROLLOVER_REMOVE_DS) {
		return;
	} else if ((d->row.state == ROLLOVER_PRESIGN || d->row.state == ROLLOVER_SETTLE) && has_begun(&e->facts.own)) {
		return; /* The own zone says so: presign stops what Knot has begun, and comes next after settle. */
	} else if (before->state == ROLLOVER_IDLE) {
		needs_child = false;
	} else if (before->state == ROLLOVER_PREPARE && e->facts.own.dnskey != old) {
		return; /* Somebody else's new KSK in the own zone. */
	} else if (d->row.state == ROLLOVER_RETIRE && !(e->facts.own.dnskey & old)) {
		return; /* The old KSK has gone from the own zone. */
	} else if (before->state == ROLLOVER_PRESIGN || d->row.state == ROLLOVER_CLEAN) {
		return; /* The own zone says so. */
	} else if (before->state == ROLLOVER_CLEAN) {
		needs_parent = false;
	} else if (before->state == ROLLOVER_SIGNAL || before->state == ROLLOVER_AWAIT_DS ||
	           before->state == ROLLOVER_ROLLBACK || before->state == ROLLOVER_REMOVE_DS) {
		needs_child = false;
	} else if (before->state == ROLLOVER_RETIRE) {
		needs_parent = false;
	} else if (before->state == ROLLOVER_SETTLE) {
		return;
	}
	if ((needs_child && forged(w, false)) || (needs_parent && forged(w, true))) {
		violate(w, "I7", "%s -> %s on a forged answer", rollover_state_name(before->state),
		        d->action != ACTION_NONE ? "order" : rollover_state_name(d->row.state));
	}
}

/* I1: a nameserver is seen without the new key, and CDS is to stay or to come. */
static void check_kept(world_t *w, const rollover_decision_t *d)
{
	const rollover_facts_t *f = &w->engine.facts;

	if (!d->driven || d->keys != KEYS_SIGNAL_NEW || !(f->asked & SURVEY_CHILD) ||
	    d->row.gate == GATE_OLD_KEY_GONE) {
		return;
	}
	int at = key_id_find(f->keys, f->key_count, &d->row.new_key);
	keyset_t known = at >= 0 ? 1U << at : 0;
	for (unsigned i = 0; i < d->row.old_count; i++) {
		int old = key_id_find(f->keys, f->key_count, &d->row.old[i]);
		known |= old >= 0 ? 1U << old : 0;
	}
	if (f->own.dnskey & ~known) {
		violate(w, "I1", "CDS is wanted, but there is a third KSK that it will name");
	}
	for (size_t i = 0; i < f->child_count && at >= 0; i++) {
		const child_answer_t *a = &f->child[i];
		if (a->status == ANSWER_OK && !(a->dnskey & a->dnskey_signed_by & (1U << at))) {
			violate(w, "I1", "CDS is wanted, but %s has been seen without the new KSK", a->server);
		}
	}
}

static const child_answer_t *child_named(const rollover_facts_t *f, const char *name)
{
	for (size_t i = 0; i < f->child_count; i++) {
		if (strcmp(f->child[i].server, name) == 0) {
			return &f->child[i];
		}
	}
	return NULL;
}

static const parent_answer_t *parent_named(const rollover_facts_t *f, const char *name)
{
	for (size_t i = 0; i < f->parent_count; i++) {
		if (strcmp(f->parent[i].server, name) == 0) {
			return &f->parent[i];
		}
	}
	return NULL;
}

static bool any_ds(const rollover_facts_t *f)
{
	for (size_t i = 0; i < f->parent_count; i++) {
		if (f->parent[i].status == ANSWER_OK && (f->parent[i].ds != 0 || f->parent[i].ds_foreign)) {
			return true;
		}
	}
	return false;
}

static bool is_old_version(const rollover_row_t *row, const child_answer_t *c)
{
	return !c->serial_known || judge_is_before(c->serial, row->data_serial);
}

/*! Data without the signatures of an algorithm, or of the keys that sign the own zone. */
static bool lacks_signatures(const rollover_row_t *row, const own_facts_t *own, const child_answer_t *c)
{
	const algset_t wanted = ALGSET_OF(row->old[0].algorithm) | row->data_algorithms |
	                        (row->has_new ? ALGSET_OF(row->new_key.algorithm) : 0);

	return (wanted & ~c->data_algorithms) || c->data_keys != own->data_keys || is_old_version(row, c);
}

/*! Whether the server named by the gate really has the defect that the gate says. */
static bool gate_is_true(const world_t *w, const rollover_decision_t *d)
{
	const rollover_facts_t *f = &w->engine.facts;
	const rollover_row_t *row = &d->row;

	if (row->gate == GATE_ALGORITHM_PENDING) {
		return !((f->own.algorithms | f->own.data_algorithms) & ALGSET_OF(w->knot.algorithm));
	}
	if (row->gate_about[0] == '\0') {
		return true;
	}
	const child_answer_t *c = child_named(f, row->gate_about);
	const parent_answer_t *p = parent_named(f, row->gate_about);
	int at = row->has_new ? key_id_find(f->keys, f->key_count, &row->new_key) : -1;
	keyset_t fresh = at >= 0 ? 1U << at : 0;
	switch (row->gate) {
	case GATE_CHILD_UNREACHABLE:
		return c != NULL && c->status == ANSWER_UNREACHABLE;
	case GATE_CHILD_ERROR:
		return c != NULL && c->status == ANSWER_ERROR;
	case GATE_PARENT_UNREACHABLE:
		return p != NULL && p->status == ANSWER_UNREACHABLE;
	case GATE_PARENT_ERROR:
		return p != NULL && p->status == ANSWER_ERROR;
	case GATE_BOGUS:
		return (c != NULL && c->status == ANSWER_BOGUS) || (p != NULL && p->status == ANSWER_BOGUS);
	case GATE_TTL_HIGH:
		return c != NULL && c->dnskey_ttl > w->engine.config.ttl;
	case GATE_DNSKEY_MISSING:
		return c != NULL && (f->own.dnskey & ~c->dnskey);
	case GATE_RRSIG_MISSING:
		return c != NULL && (f->own.dnskey & ~c->dnskey_signed_by);
	case GATE_DNSKEY_DIFFERS:
		return c != NULL && (!c->dnskey_equal || c->dnskey_foreign);
	case GATE_DNSKEY_REMAINS:
		return c != NULL && (c->dnskey & ~f->own.dnskey);
	case GATE_SIGNATURES_MISSING:
		return c != NULL && !c->cds.present &&
		       ((rollover_changes_algorithm(row) && lacks_signatures(row, &f->own, c)) ||
		        ((!rollover_changes_algorithm(row) || row->csk_new) && (fresh & ~c->data_signed_by)));
	case GATE_SIGNATURES_REMAIN:
		return c != NULL && !c->cds.present &&
		       ((c->data_algorithms & ALGSET_OF(row->old[0].algorithm)) || is_old_version(row, c));
	case GATE_CDS_MISSING:
		return c != NULL && !c->cds.present;
	case GATE_CDS_DIFFERS:
		return c != NULL && c->cds.present;
	case GATE_CDS_REMAINS:
		return c != NULL && c->cds.present;
	case GATE_DS_STALE:
		return p != NULL && (p->ds & ~fresh);
	case GATE_DS_MISSING:
		return p != NULL && (row->state == ROLLOVER_ROLLBACK || fresh == 0 || !(p->ds & fresh));
	case GATE_DS_FOREIGN:
		return p != NULL && p->ds_foreign;
	case GATE_DS_REMAINS:
		return p != NULL && (p->ds != 0 || p->ds_foreign);
	case GATE_CHAIN_BROKEN:
		return p != NULL && (p->ds != 0 || p->ds_foreign) && !(p->ds & f->own.dnskey);
	case GATE_DS_REMOVED:
		return !any_ds(f);
	case GATE_DS_TTL_HIGH:
		return p != NULL && (p->status != ANSWER_OK || p->ds_ttl > f->ds_ttl.low);
	case GATE_DS_TTL_LOW:
		return p != NULL && p->ds_ttl == row->ds_ttl_low;
	case GATE_DS_TTL_NOT_SET:
		return w->up.submit.on && f->ds_ttl.why[0] != '\0';
	case GATE_NOT_INFORMED:
		return w->up.submit.on && f->not_informed[0] != '\0';
	default:
		return true;
	}
}

/* I2 for the last key: unsigning is called safe, so nobody may have a DS. */
static void check_unsigning(world_t *w)
{
	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *x = &w->ds.list[i];
		if (x->keys != 0 && counts(w, x, w->now)) {
			violate(w, "I2", "the zone may be unsigned, it says, but DS %s is %s", keys_text(x->keys),
			        x->active ? "still served" : "still in caches");
			return;
		}
	}
}

/*! The parent is told of what every nameserver that answers serves, and never of what nobody may tell. */
static void check_notify(world_t *w, const rollover_row_t *before, const rollover_decision_t *d)
{
	const engine_t *e = &w->engine;

	if (!d->notify) {
		return;
	}
	bool told = e->config.hold || e->config.dry_run || e->facts.own.frozen || d->transition ||
	            (before->state == ROLLOVER_REMOVE_DS ?
	                     e->facts.own.policy != POLICY_DELETE :
	                     before->keys != KEYS_SIGNAL_NEW && before->keys != KEYS_SIGNAL_BOTH);
	for (size_t i = 0; i < e->facts.child_count; i++) {
		told |= e->child[i].status == ANSWER_OK && !e->child[i].cds.present;
	}
	if (told || !e->facts.own.cds.present) {
		violate(w, "notify", "the parent is told of signals that are not out in state %s",
		        rollover_state_name(before->state));
	}
	const time_t now = engine_now(w);
	if (before->notified != 0 && before->notified <= now &&
	    now - before->notified < (time_t)e->config.notify_again) {
		violate(w, "notify", "the parent is told again after %ld s", (long)(now - before->notified));
	}
}

void check_decision(world_t *w, const rollover_row_t *before, const rollover_decision_t *d)
{
	const engine_t *e = &w->engine;
	const rollover_config_t *c = &e->config;

	if (d->transition && before->state == ROLLOVER_AWAIT_DS && d->row.state == ROLLOVER_WITHDRAW) {
		check_withdraw(w);
	}
	if (before->state == ROLLOVER_AWAIT_DS && d->driven && !d->transition && rollover_are_silent(d->keys) &&
	    e->facts.own.cds.present && !c->hold && d->row.gate != GATE_VALIDATION_FAILS &&
	    d->row.gate != GATE_CHAIN_BROKEN) {
		violate(w, "I3", "the signal is withdrawn without a reason in state await-ds");
	}
	check_forged(w, before, d);
	shown_order(w, before, d);
	if (d->row.gate == GATE_MAY_UNSIGN) {
		check_unsigning(w);
	}
	check_kept(w, d);
	check_notify(w, before, d);
	submit_check(w, d);
	starts_check(w, before, d);
	if (c->hold && (d->transition || d->action != ACTION_NONE)) {
		violate(w, "hold", "the zone is on hold and something is done");
	}
	if (!d->transition && !gate_is_true(w, d)) {
		violate(w, "gate", "%s about %s is not what was seen there", rollover_gate_info(d->row.gate)->name,
		        d->row.gate_about);
	}
	uint32_t longest = (c->check_interval > c->ds_check_interval ? c->check_interval : c->ds_check_interval) * 8;
	const time_t now = engine_now(w);
	if (d->row.next_check > now + (time_t)longest || (!d->transition && d->row.next_check <= now)) {
		violate(w, "wake", "the next check is in %ld s", (long)(d->row.next_check - now));
	}
	w->engine.sent_on = e->sent_on && d->row.state == ROLLOVER_ROLLED_BACK && d->row.gate != GATE_HOLD;
	if (e->switches > 300) {
		violate(w, "calm", "the policy was switched %u times", e->switches);
	}
	/* Each time the operator lets a rollover go on that resolvers stop, the keys are set for both, and silenced. */
	if (e->sets > 300 + 4 * e->releases) {
		violate(w, "calm", "states of keys were set %u times", e->sets);
	}
	if (e->decisions > 500000) {
		violate(w, "wake", "half a million decisions");
	}
}
