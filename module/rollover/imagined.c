/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "imagined.h"
#include "plans.h"

/*! Until an order or a switch of policy shows in the own zone. */
#define ORDER_DELAY 1

static void change(imagined_change_t *c, uint32_t value, time_t at)
{
	if (c->value != value) {
		c->before = c->value;
		c->value = value;
		c->at = at;
	}
}

static imagined_change_t constant(uint32_t value)
{
	return (imagined_change_t){ .before = value, .value = value, .at = 0 };
}

static uint32_t on_servers(const imagined_t *w, const imagined_change_t *c)
{
	return w->now >= c->at + (time_t)w->assume->server_delay ? c->value : c->before;
}

/*! The same in the own zone. */
static uint32_t in_own_zone(const imagined_t *w, const imagined_change_t *c)
{
	return w->now >= c->at ? c->value : c->before;
}

/*! The data is signed by other algorithms, in a new version of the zone. */
static void sign_data(imagined_t *w, algset_t algorithms, time_t at)
{
	if (w->data.value != algorithms) {
		change(&w->data, algorithms, at);
		w->serial++;
	}
}

/*! Of the new key. It is the last one. */
uint8_t imagined_algorithm(const imagined_t *w)
{
	return w->keys[w->key_count - 1].algorithm;
}

static void publish_new_key(imagined_t *w, time_t at)
{
	change(&w->dnskey, w->dnskey.value | w->fresh, at);
}

/* What a row tells of the world. */

/*! Whether the servers still have the DNSKEY TTL of before the rollover. */
static bool ttl_is_high(const rollover_row_t *row)
{
	switch (rollover_state_info(row->state)->ttl) {
	case TTL_BASE:
		return true;
	case TTL_FALLING:
		return row->dnskey_ttl.count == 0 || rollover_gate_info(row->gate)->old_ttl;
	default:
		return false;
	}
}

static bool old_key_is_gone(const rollover_row_t *row)
{
	return rollover_state_info(row->state)->rest ||
	       (row->state == ROLLOVER_RETIRE && (row->all_since != 0 || row->gate == GATE_DNSKEY_REMAINS));
}

/*! The algorithm of a key that is not known yet. */
static uint8_t algorithm_to_come(const rollover_row_t *row, const forecast_assume_t *assume, uint8_t old)
{
	const algset_t others = row->data_algorithms & ~ALGSET_OF(old);

	/* Where the policy says when it changes. */
	if (old == 0 || rollover_state_info(row->state)->scheme != SCHEME_OF_POLICY) {
		return old;
	}
	if (others != 0 && (row->state == ROLLOVER_PRESIGN || row->gate != GATE_ALGORITHM_ROLLOVER)) {
		return __builtin_ctz(others); /* Knot has begun. */
	}
	if (row->state == ROLLOVER_PRESIGN) {
		return old == 13 ? 15 : 13; /* To any other one. */
	}
	return assume->algorithm != 0 ? assume->algorithm : old;
}

static void world_keys(imagined_t *w, const rollover_row_t *row)
{
	w->csk = row->csk;
	w->csk_new = row->has_new ? row->csk_new : row->csk;
	w->key_count = row->old_count;
	memcpy(w->keys, row->old, row->old_count * sizeof(row->old[0]));
	if (w->key_count == 0 && plans_of(row)->had_ds) {
		w->key_count = 1; /* No key at all is one as well. */
	}
	w->old = (1U << w->key_count) - 1;
	if (row->has_new) {
		w->keys[w->key_count] = row->new_key;
	} else {
		w->keys[w->key_count] = w->keys[0];
		w->keys[w->key_count].digest[0] ^= 0xff;
		w->keys[w->key_count].algorithm = algorithm_to_come(row, w->assume, w->keys[0].algorithm);
	}
	w->fresh = 1U << w->key_count++;
}

/*! Who signs the data as the row has it. */
static void world_data(imagined_t *w, const rollover_row_t *row)
{
	const algset_t old = ALGSET_OF(w->keys[0].algorithm), fresh = ALGSET_OF(imagined_algorithm(w));
	const bool begun = rollover_changes_algorithm(row) || (row->data_algorithms & fresh) != 0;

	w->data_keys = row->data_keys - row->data_algorithms;
	w->serial = row->data_serial;
	w->data = constant(begun ? old | fresh : old);
	if (row->state == ROLLOVER_CLEAN) {
		w->data = constant(fresh);
	}
}

/*! What the order does that was given at this gate. */
static rollover_action_t ordered(const rollover_row_t *row)
{
	const step_t *step = plans_step(plans_of(row), row, !old_key_is_gone(row));

	return row->ordered != 0 && step->gate == row->gate ? step->order : ACTION_NONE;
}

static void carry_out(imagined_t *w, rollover_action_t order)
{
	const time_t at = w->now + ORDER_DELAY;

	switch (order) {
	case ACTION_START:
	case ACTION_PUBLISH:
		publish_new_key(w, at);
		break;
	case ACTION_RETIRE:
		change(&w->dnskey, w->fresh, at);
		break;
	case ACTION_CLEAN:
		sign_data(w, ALGSET_OF(imagined_algorithm(w)), at);
		break;
	default:
		break;
	}
}

/*!
 * KSKs that sign the data. Where that moves, those of one end at a time; else all single-type keys that are published.
 */
static keyset_t signers(const imagined_t *w)
{
	const bool moved = w->signals == KEYS_MOVED || !(w->dnskey.value & w->old);

	if (imagined_algorithm(w) != w->keys[0].algorithm) {
		/* The new one does before it is published. */
		const bool fresh = w->data.value & ALGSET_OF(imagined_algorithm(w));
		return w->csk ? (w->dnskey.value & w->old) | (fresh ? w->fresh : 0) : 0;
	}
	return moved ? (w->csk_new ? w->fresh : 0) : (w->csk ? w->old : 0);
}

/*! What has been ordered, or is on its way to the nameservers since the gate was met. */
static void world_under_way(imagined_t *w, const rollover_row_t *row)
{
	const algset_t old = ALGSET_OF(w->keys[0].algorithm), fresh = ALGSET_OF(imagined_algorithm(w));

	switch (rollover_gate_info(row->gate)->moving) {
	case MOVING_NEW_KEY:
		w->dnskey.before = w->old;
		w->dnskey.at = row->gate_since;
		break;
	case MOVING_OLD_KEY:
		w->dnskey.before = w->old | w->fresh;
		w->dnskey.at = row->gate_since;
		break;
	case MOVING_SIGNALS:
		w->cds.before = w->fresh;
		w->cds.at = row->gate_since;
		break;
	case MOVING_DATA:
		w->data.before = row->state == ROLLOVER_CLEAN ? old | fresh : old;
		w->signers.before = w->csk ? w->old : 0;
		w->data.at = w->signers.at = row->gate_since;
		break;
	default:
		carry_out(w, ordered(row));
	}
}

/*! The policy in force. */
static policy_role_t world_policy(const rollover_row_t *row)
{
	const bool switching = rollover_gate_info(row->gate)->switching ||
	                       (row->gate == GATE_NONE && rollover_state_info(row->state)->switches);

	return switching && row->state != ROLLOVER_IDLE ? POLICY_BASE : rollover_policy(row);
}

/*! The DNSKEY TTL under a policy. */
static uint32_t ttl_under(const imagined_t *w, policy_role_t role)
{
	return role == POLICY_BASE || w->config.ttl == 0 || w->base_ttl <= w->config.ttl ?
	               w->base_ttl :
	               rollover_policy_ttl(role, w->config.ttl);
}

static void world_ttls(imagined_t *w, const rollover_row_t *row)
{
	const bool high = ttl_is_high(row);

	w->base_ttl = high && row->dnskey_ttl.count > 0 ? row->dnskey_ttl.step[0].ttl : w->assume->dnskey_ttl;
	w->ttl = constant(high ? w->base_ttl : ttl_under(w, rollover_policy(row)));
	if (high && w->policy == rollover_policy(row) && row->state != ROLLOVER_IDLE) {
		change(&w->ttl, ttl_under(w, POLICY_LOW_TTL), row->gate == GATE_TTL_HIGH ? row->gate_since : w->now);
	}
	const parent_via_t via = w->config.via;
	const bool sets = via == PARENT_VIA_UPDATE || (via == PARENT_VIA_EPP && row->ds_ttl_before != 0);
	w->by_agent = (via == PARENT_VIA_CDS || via == PARENT_VIA_AUTO) && w->assume->agent_ttl != 0;
	w->low_ds_ttl = w->by_agent ? w->assume->agent_ttl : sets ? rollover_ds_ttl(w->config.ds_ttl, 0, 0) : 0;
	w->ds_ttl = constant(row->ds_ttl.count > 0 ? row->ds_ttl.step[0].ttl : w->assume->ds_ttl);
}

void imagined_init(imagined_t *w, const rollover_config_t *config, const rollover_row_t *row,
                   const forecast_assume_t *assume, time_t now)
{
	const rollover_state_info_t *state = rollover_state_info(row->state);

	memset(w, 0, sizeof(*w));
	w->assume = assume;
	w->now = now;
	w->config = *config;
	w->config.hold = w->config.dry_run = w->config.observe_only = w->config.manual = false;
	world_keys(w, row);
	w->policy = world_policy(row);
	w->signals = row->keys;
	world_ttls(w, row);
	w->ds_new = state->swapped && state->ds == DS_NEW;

	w->dnskey = constant(w->old);
	if (row->has_new && row->state != ROLLOVER_IDLE) {
		w->dnskey = constant(old_key_is_gone(row) ? w->fresh : w->old | w->fresh);
	}
	w->cds = constant(0);
	world_data(w, row);
	w->signers = constant(signers(w));
	world_under_way(w, row);
	if (row->state == ROLLOVER_AWAIT_DS) {
		w->cds = constant(w->fresh);
		w->ds_at = row->since + assume->parent_delay;
	}
}

/* What the world does. */

void imagined_turn(imagined_t *w)
{
	change(&w->signers, signers(w), w->now);
	change(&w->cds,
	       w->signals == KEYS_SIGNAL_NEW  ? w->fresh :
	       w->signals == KEYS_SIGNAL_BOTH ? w->old | w->fresh :
	                                        0,
	       w->now);
	if (!w->ds_new && w->ds_at == 0 && w->cds.value != 0) {
		w->ds_at = w->cds.at + w->assume->server_delay + w->assume->parent_delay;
	}
	if (w->ds_at != 0 && w->now >= w->ds_at) {
		w->ds_new = true;
	}
}

void imagined_obey(imagined_t *w, rollover_decision_t *d, const rollover_facts_t *facts)
{
	if (d->ds_ttl != 0) {
		change(&w->ds_ttl, d->ds_ttl, w->now + ORDER_DELAY);
	}
	if (d->set_keys) {
		w->signals = d->keys;
		rollover_keys_are(&d->row, d->keys, facts, w->now);
	} else if (d->driven && w->policy != d->policy) {
		w->policy = d->policy;
		change(&w->ttl, ttl_under(w, d->policy), w->now);
	} else {
		if (d->action == ACTION_START || d->action == ACTION_PUBLISH) {
			rollover_keys_are(&d->row, KEYS_SILENT, facts, w->now);
		}
		carry_out(w, d->action);
	}
}

static void soonest(time_t *at, time_t candidate, time_t now)
{
	if (candidate > now && candidate < *at) {
		*at = candidate;
	}
}

time_t imagined_next(const imagined_t *w, const rollover_row_t *row)
{
	time_t at = row->next_check;
	const imagined_change_t *const changes[] = { &w->dnskey, &w->ttl, &w->ds_ttl, &w->cds, &w->data, &w->signers };

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		soonest(&at, changes[i]->at, w->now);
		soonest(&at, changes[i]->at + w->assume->server_delay, w->now);
	}
	soonest(&at, w->ds_at, w->now);
	if (row->gate == GATE_POLICY_PENDING || row->gate == GATE_KEYS_PENDING) {
		soonest(&at, w->now + ORDER_DELAY, w->now);
	}
	return at;
}

/* What is seen of it. */

static signal_rrset_t signal_of(keyset_t keys, keyset_t signers)
{
	return (signal_rrset_t){ .present = keys != 0, .keys = keys, .signed_by = signers };
}

static algset_t algorithms_of(const imagined_t *w, keyset_t keys)
{
	return ((keys & w->old) ? ALGSET_OF(w->keys[0].algorithm) : 0) |
	       ((keys & w->fresh) ? ALGSET_OF(imagined_algorithm(w)) : 0);
}

/*! The version of the zone: that of \a data, or the one before. */
static uint32_t serial_of(const imagined_t *w, algset_t data)
{
	return data == w->data.value ? w->serial : w->serial - 1;
}

/*! Which keys sign the data, as a sum: those that the row has, as long as its algorithms do. */
static uint32_t keys_of_data(const imagined_t *w, algset_t data)
{
	return w->data_keys + data;
}

/*! Whether the zone has single-type keys alone; between two schemes it has ZSKs. */
static bool is_csk(const imagined_t *w, keyset_t published)
{
	return (published & w->old) ? w->csk && (w->csk_new || !(published & w->fresh)) : w->csk_new;
}

/*! Who signs the data on a nameserver is seen where there is no CDS. */
static void check_data(const imagined_t *w, child_answer_t *a)
{
	if (a->cds.present) {
		return;
	}
	a->data_signed_by = on_servers(w, &w->signers);
	a->data_by_zsk = a->data_signed_by == 0;
	a->data_algorithms = on_servers(w, &w->data);
	a->serial_known = true;
	a->data_keys = keys_of_data(w, a->data_algorithms);
	a->serial = serial_of(w, a->data_algorithms);
}

void imagined_check(const imagined_t *w, imagined_view_t *v)
{
	memset(v, 0, sizeof(*v));
	rollover_facts_t *f = &v->facts;
	const keyset_t own = in_own_zone(w, &w->dnskey);
	const algset_t data = in_own_zone(w, &w->data);

	memcpy(f->keys, w->keys, sizeof(w->keys));
	f->key_count = w->key_count;
	f->own = (own_facts_t){
		.known = true,
		.policy = w->policy,
		.base_publishes = true,
		.dnskey = own,
		.csk = is_csk(w, own),
		.csk_wanted = w->csk_new,
		.algorithms = algorithms_of(w, own),
		.algorithm_wanted = imagined_algorithm(w),
		.data_algorithms = data,
		.data_keys = keys_of_data(w, data),
		.data_signed_by = in_own_zone(w, &w->signers),
		.serial_known = true,
		.serial = serial_of(w, data),
		.dnskey_ttl = w->ttl.value,
		.cds = signal_of(w->cds.value, 0),
		.cdnskey = signal_of(w->cds.value, 0),
	};
	f->asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	f->watch = (watch_facts_t){ .answered = 1, .parent_ok = true };
	f->child = &v->child;
	f->child_count = 1;
	f->parent = &v->parent;
	f->parent_count = 1;

	v->child.dnskey = v->child.dnskey_signed_by = on_servers(w, &w->dnskey);
	v->child.dnskey_equal = v->child.dnskey == own;
	v->child.dnskey_ttl = on_servers(w, &w->ttl);
	v->child.cds = v->child.cdnskey = signal_of(on_servers(w, &w->cds), v->child.dnskey);
	check_data(w, &v->child);
	v->parent.ds = w->ds_new ? w->fresh : w->old;
	v->parent.ds_ttl = on_servers(w, &w->ds_ttl);
	const int64_t from = start_next(w->assume->starts, w->now);
	/* Where there is none, the operator opens one now. */
	f->start = (start_facts_t){ .early = w->assume->early, .from = from == START_NEVER ? 0 : from };
	f->ds_ttl.low = w->low_ds_ttl;
	f->ds_ttl.by_agent = w->by_agent;
	f->ds_ttl.returns = w->by_agent && w->ds_ttl.value == w->low_ds_ttl;
}

/* How one begins. */

void imagined_begin(imagined_t *w)
{
	const algset_t fresh = ALGSET_OF(imagined_algorithm(w));

	if (fresh != ALGSET_OF(w->keys[0].algorithm)) {
		sign_data(w, w->data.value | fresh, w->now);
	} else {
		publish_new_key(w, w->now);
	}
}

bool imagined_has_begun(const imagined_t *w)
{
	return (w->data.value & ~algorithms_of(w, w->dnskey.value)) != 0;
}
