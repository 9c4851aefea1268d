/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The invariants of the agent, P1 to P10 (docs/simulation.rst), judged by what the servers really had, in true time.
 */

#include "sim_world.h"

/*! A clock that is set by so little is not noticed; and surveys wait for their turn. */
#define SLACK 600
/*! Times are rounded to whole seconds. */
#define ROUNDED 5

static world_keys_t content_of(world_keys_t ds)
{
	return ds != 0 ? ds : KEY_FOREIGN;
}

static bool clocks_are_right(const world_t *w)
{
	return !w->agent.may_boot;
}

/* P1, P2, P3: what a change rests on. */

static bool validates(const world_t *w, const zone_version_t *v, world_keys_t ds)
{
	const exposure_t wanted = { .keys = ds }, dnskey = { .keys = v->dnskey | v->zsks, .signers = v->signers };

	return ds == 0 || view_chain(w, VALIDATOR_STRICT_DS, &wanted, &dnskey);
}

/*!
 * At the survey of an undo: nothing at any nameserver leads to the present set, and everything to the one before. It
 * makes nothing worse, also where validators want each algorithm of a set.
 */
static bool is_back(const world_t *w, const agent_order_t *order)
{
	const agent_proof_t *proof = &order->proof;
	const world_keys_t base = parent_ds(w), put = agent_ds_keys(&order->what.put);

	for (unsigned i = 0; i < w->child_count; i++) {
		const world_keys_t signers = proof->of[i].version.dnskey & proof->of[i].version.signers;
		if (!proof->of[i].answered || (signers & base) || !(signers & put)) {
			return false;
		}
	}
	return order->what.action == DELEGATION_DO_UNDO && base != 0;
}

/*! \return False: a violation. */
static bool check_server(world_t *w, const agent_order_t *order, unsigned i)
{
	const agent_proof_t *proof = &order->proof;
	const world_keys_t base = parent_ds(w), put = agent_ds_keys(&order->what.put);
	const zone_version_t *v = &proof->of[i].version;
	const char *name = w->child[i].name;

	if (!proof->of[i].answered) {
		if (base == 0 || proof->of[i].silent_for + SLACK < (time_t)w->agent.config.unreachable_after) {
			violate(w, "P3", "DS changes although %s has not answered for %ld s only", name,
			        (long)proof->of[i].silent_for);
		}
		return !w->failed;
	}
	const bool change = order->what.action == DELEGATION_DO_CHANGE;
	if (change && agent_signals(v) != content_of(put)) {
		violate(w, "P2", "DS becomes %s, but %s has CDS %s, CDNSKEY %s", keys_text(put), name,
		        keys_text(v->cds), keys_text(v->cdnskey));
	} else if (change && base != 0 && !(base & v->dnskey & v->signers & ~v->cds_not_by)) {
		violate(w, "P3", "DS becomes %s, but no key of DS %s has signed at %s", keys_text(put), keys_text(base),
		        name);
	} else if (!validates(w, v, put) && !is_back(w, order)) {
		violate(w, "P1", "DS becomes %s, but DNSKEY at %s is %s signed by %s", keys_text(put), name,
		        keys_text(v->dnskey), keys_text(v->signers));
	}
	return !w->failed;
}

static void check_proof(world_t *w, const agent_order_t *order)
{
	const agent_proof_t *proof = &order->proof;

	if (proof->begun == 0 || proof->count == 0) {
		violate(w, "P2", "DS changes without a survey");
		return;
	}
	/* What was sent in time is carried out some time. */
	if (!order->sent && w->now - proof->begun > DELEGATION_FRESH) {
		violate(w, "P2", "DS changes on facts of %ld s before", (long)(w->now - proof->begun));
		return;
	}
	for (unsigned i = 0; i < w->child_count && check_server(w, order, i); i++) {
	}
}

/* P4, P6, P7, P8: whether the signals count. */

typedef struct {
	time_t oldest, newest;
	bool misdated;
} dates_t;

static dates_t dates_of(const world_t *w, const agent_proof_t *proof)
{
	dates_t dates = { 0 };

	for (unsigned i = 0; i < w->child_count; i++) {
		const zone_version_t *v = &proof->of[i].version;
		if (!proof->of[i].answered) {
			continue;
		}
		dates.oldest = dates.oldest == 0 || v->cds_signed < dates.oldest ? v->cds_signed : dates.oldest;
		dates.newest = v->cds_signed > dates.newest ? v->cds_signed : dates.newest;
		dates.misdated |= v->cds_misdated;
	}
	return dates;
}

/*! The child has published something else since then. */
static bool signals_changed(const world_t *w, world_keys_t content, unsigned since)
{
	for (unsigned i = since > 0 ? since - 1 : 0; i < w->knot.version_count; i++) {
		if (w->knot.version[i].cds != content) {
			return true;
		}
	}
	return false;
}

static void check_news(world_t *w, const agent_order_t *order)
{
	agent_deeds_t *deeds = &w->agent.deeds;
	const world_keys_t content = content_of(agent_ds_keys(&order->what.put));
	const dates_t dates = dates_of(w, &order->proof);
	const bool dated = !dates.misdated && clocks_are_right(w);

	/* A first DS: its signals have no signature that is trusted, and are confirmed now. */
	if (deeds->changed && parent_ds(w) != 0 && dated && !deeds->misdated && dates.oldest < deeds->signed_at &&
	    content != content_of(deeds->put) && deeds->lost == 0) {
		violate(w, "P4", "signals of %ld s before those of the last change are followed",
		        (long)(deeds->signed_at - dates.oldest));
	}
	if (deeds->undone == content && !signals_changed(w, content, deeds->undone_version) && deeds->lost == 0) {
		violate(w, "P6", "CDS %s is followed again after an undo", keys_text(content));
	}
	if (deeds->by_hand > deeds->lost && dated && dates.oldest <= deeds->by_hand) {
		violate(w, "P7", "CDS %s is %ld s older than the DS that was set by hand", keys_text(content),
		        (long)(deeds->by_hand - dates.oldest));
	}
	if (deeds->by_hand > deeds->lost && deeds->by_hand > deeds->acted && parent_ds(w) == 0) {
		violate(w, "P7", "DS was removed by hand, and is set again");
	}
	if (deeds->lost != 0 && dated && dates.oldest < deeds->lost - 16 * DAY && parent_ds(w) != 0 &&
	    content != content_of(deeds->put)) {
		violate(w, "P8", "without its store the agent follows signals of %ld s before it was lost",
		        (long)(deeds->lost - dates.oldest));
	}
}

/*! The normal TTL, as the order was judged. */
static uint32_t judged_ttl(const world_t *w, const agent_order_t *order)
{
	const agent_deeds_t *deeds = &w->agent.deeds;
	const delegation_config_t *config = &w->agent.config;

	if (order->what.base.count == 0) {
		return config->ds_ttl_base != 0 ? config->ds_ttl_base : AGENT_NS_TTL;
	}
	/* It is low by the agent's own work, whatever another client has set since then, which nobody has met. */
	return deeds->unmet_ttl != 0 && order->what.base_ttl == deeds->low_ttl ? deeds->unmet_ttl :
	                                                                         order->what.base_ttl;
}

/*! The TTL becomes low, which was not. */
static void note_low(world_t *w, const agent_order_t *order)
{
	agent_deeds_t *deeds = &w->agent.deeds;
	const ds_version_t *was = &w->up.version[w->up.version_count - 1];
	const uint32_t judged = judged_ttl(w, order), before = was->ds != 0 ? was->ttl : judged;

	if (before > order->what.ttl && deeds->normal_ttl == 0) {
		deeds->normal_ttl = before;
		deeds->judged_ttl = judged;
	}
	deeds->unmet_ttl = 0;
	deeds->low_ttl = order->what.ttl;
}

static void check_change(world_t *w, const agent_order_t *order)
{
	agent_deeds_t *deeds = &w->agent.deeds;
	const ds_version_t *was = &w->up.version[w->up.version_count - 1];
	const dates_t dates = dates_of(w, &order->proof);

	check_proof(w, order);
	check_news(w, order);
	agent_check_pace(w, order);
	/* What a reload has brought back is changed once more. */
	if (w->agent.config.apply == DELEGATION_BY_TRANSACTION && w->agent.known.load != DELEGATION_LOAD_KEEPS &&
	    !w->agent.row.reverted) {
		violate(w, "load", "DS becomes %s, and the next reload reverts it",
		        keys_text(agent_ds_keys(&order->what.put)));
	}
	/* These are newer than it, and no older ones are followed from here on (P4). */
	deeds->by_hand = 0;
	deeds->changed = true;
	deeds->outgrown = false;
	deeds->acted = w->now;
	deeds->before = was->ds;
	deeds->put = agent_ds_keys(&order->what.put);
	/* What a wrong clock has dated counts no more after what is dated right. */
	const bool counts = dates.newest > deeds->signed_at || (deeds->misdated && !dates.misdated);
	deeds->signed_at = counts ? dates.newest : deeds->signed_at;
	deeds->misdated = dates.misdated;
	deeds->undone = 0;
	note_low(w, order);
	deeds->normal_ttl = deeds->put != 0 ? deeds->normal_ttl : 0; /* That of a first DS is another one. */
}

/* The undo: the set before, where it validates, for resolvers as well. */

static void check_undo(world_t *w, const agent_order_t *order)
{
	agent_deeds_t *deeds = &w->agent.deeds;
	const world_keys_t put = agent_ds_keys(&order->what.put), now = parent_ds(w);

	check_proof(w, order);
	/* If others bring the set back before the undo is seen, it did not come to pass. Who has done what it was about
	 * to do is taken for it. */
	const bool own = deeds->acted != 0 || w->up.version_count < 2;
	const world_keys_t before = own ? deeds->before : w->up.version[w->up.version_count - 2].ds;
	if (deeds->touched <= deeds->acted && (put != before || (own && now != deeds->put))) {
		violate(w, "P6", "DS %s is undone to %s, but the last change was %s to %s", keys_text(now),
		        keys_text(put), keys_text(deeds->before), keys_text(deeds->put));
	}
	if (put != 0 && deeds->outgrown) {
		violate(w, "P1", "the undo brings DS %s back, and a nameserver was seen that had outgrown it",
		        keys_text(put));
	}
	/* That caches have the set before was no reason: the child has been back for long. */
	const time_t back = w->agent.row.back_since + (w->now - agent_wall(w));
	const bool late = w->agent.row.back_since != 0 && is_back(w, order) &&
	                  agent_wall(w) >= w->agent.row.before_until + DELEGATION_FRESH;
	/* Keys of a zone that is run by hand come back when nobody looks. Others may let one go after the survey. */
	for (unsigned i = 0; i < w->dnskey.count && put != 0 && (late || !child_is_by_hand(w)); i++) {
		const exposure_t *e = &w->dnskey.list[i];
		const world_keys_t signers = e->keys & e->signers;
		if (child_is_by_hand(w) && e->served_since >= back) {
			continue; /* Between two surveys. */
		}
		if (w->driver != DRIVER_MODULE && e->since > order->proof.begun) {
			continue;
		}
		/* One from before the change, when that set did not validate it either, is as it was then. */
		if (w->driver == DRIVER_MODULE && (w->why & WHY_DS_BY_HAND) && e->since < deeds->acted) {
			continue;
		}
		if (exposure_reachable(e, w->now) && e->fault < 0 && !e->excused && (signers & now) &&
		    !(signers & put)) {
			violate(w, "P1", "the undo brings DS %s back while DNSKEY %s signed by %s can be had",
			        keys_text(put), keys_text(e->keys), keys_text(e->signers));
		}
	}
	deeds->acted = w->now;
	deeds->changed_at = 0;
	deeds->undone = deeds->undone_last = content_of(now);
	deeds->undone_version = w->knot.version_count;
	deeds->put = put;
	deeds->normal_ttl = put != 0 ? deeds->normal_ttl : 0;
}

/* P5: the TTL. */

void agent_served(world_t *w, const sim_server_t *server, world_keys_t ds)
{
	agent_deeds_t *deeds = &w->agent.deeds;
	const unsigned i = server - w->parent;

	if (w->agent.on && (deeds->served_since[i] == 0 || deeds->served[i] != ds)) {
		deeds->served[i] = ds;
		deeds->served_since[i] = w->now;
	}
}

/*! For how long the agent has really not reached a server; 0: it does. */
time_t agent_silent_for(const world_t *w, const sim_server_t *s)
{
	const fault_t *f = s->fault >= 0 ? &w->fault[s->fault] : NULL;
	const bool down = s->primary && !w->knot.up;

	if (!down && (f == NULL || (f->kind != FAULT_DOWN && f->kind != FAULT_PARTITION))) {
		return 0;
	}
	const time_t since = down ? w->engine.died : f->from;
	return w->now > since ? w->now - since : 1; /* In this very second. */
}

/*! A server of the parent has served an older version for a while since then; or another client has changed DS. */
static bool is_disturbed(const world_t *w, unsigned server, time_t since)
{
	for (unsigned i = 0; i < w->fault_count; i++) {
		const fault_t *f = &w->fault[i];
		if (f->kind == FAULT_REGRESS && f->parent && f->server == server && (f->to == 0 || f->to >= since)) {
			return true;
		}
	}
	const agent_deeds_t *deeds = &w->agent.deeds;
	/* What it set back, unseen, has come to this server later. */
	const bool late = deeds->touched > deeds->acted && deeds->touched > deeds->met_another &&
	                  deeds->served_since[server] >= deeds->touched;

	return (late ? deeds->served_since[server] : deeds->touched) >= since;
}

/*! Ahead of a change, at the wish of the child. */
static void check_lower(world_t *w, const agent_order_t *order)
{
	if (agent_ds_keys(&order->what.put) != parent_ds(w)) {
		violate(w, "P5", "the TTL is lowered, and DS becomes %s", keys_text(agent_ds_keys(&order->what.put)));
	}
	note_low(w, order);
}

static void check_restore(world_t *w, const agent_order_t *order)
{
	agent_deeds_t *deeds = &w->agent.deeds;
	const delegation_config_t *config = &w->agent.config;
	ds_version_t v;
	int fault;
	const time_t hold = config->ds_ttl_hold, old = (time_t)order->what.ttl + 1, wait = hold > old ? hold : old;

	if (agent_ds_keys(&order->what.put) != parent_ds(w)) {
		violate(w, "P5", "the TTL is restored, and DS becomes %s", keys_text(agent_ds_keys(&order->what.put)));
	}
	for (unsigned i = 0; i < w->parent_count; i++) {
		/* An older version that it serves again may have the same set. */
		const bool serves = parent_serves(w, &w->parent[i], &v, &fault) && v.ds == parent_ds(w);
		const bool same = deeds->served[i] == parent_ds(w) || serves;
		const time_t since = w->now - deeds->served_since[i];
		/* One that was left out may come back, and be behind for a while. */
		if ((!same || (since + ROUNDED < wait && !is_disturbed(w, i, w->now - wait))) &&
		    !(deeds->left_out & (1U << i)) &&
		    agent_silent_for(w, &w->parent[i]) + SLACK < (time_t)config->unreachable_after) {
			violate(w, "P5", "the TTL is restored, but %s has %s for %ld s, and the wait is %ld s",
			        w->parent[i].name, keys_text(deeds->served[i]), (long)since, (long)wait);
		}
	}
	/* The prerequisites of a DNS UPDATE say nothing of the TTL (RFC 2136 2.4.2): it is as it was judged, or as it
	 * was before the agent has lowered it. */
	const bool as_judged = w->agent.config.apply == DELEGATION_BY_UPDATE && order->what.ttl == deeds->judged_ttl;
	if (deeds->normal_ttl != 0 && deeds->normal_ttl != order->what.ttl && !as_judged && deeds->lost == 0) {
		violate(w, "P5", "the TTL becomes %u, but it was %u", order->what.ttl, deeds->normal_ttl);
	}
	deeds->normal_ttl = 0;
}

void agent_check_commit(world_t *w, const agent_order_t *order)
{
	if (agent_ds_keys(&order->what.base) != parent_ds(w)) {
		violate(w, "P7", "DS %s is swapped, but it was judged as %s", keys_text(parent_ds(w)),
		        keys_text(agent_ds_keys(&order->what.base)));
	}
	switch (order->what.action) {
	case DELEGATION_DO_CHANGE:
		check_change(w, order);
		break;
	case DELEGATION_DO_UNDO:
		check_undo(w, order);
		break;
	case DELEGATION_DO_RESTORE:
		(order->what.ttl < order->what.base_ttl ? check_lower : check_restore)(w, order);
		break;
	default:
		violate(w, "P2", "an order without an action");
	}
}

/*! From now on all have the set, but for those that have been silent for long. */
static void check_all(world_t *w, const delegation_row_t *before, const delegation_decision_t *d)
{
	agent_deeds_t *deeds = &w->agent.deeds;
	const delegation_facts_t *f = &w->agent.facts;

	/* Where another client has set the TTL, that is the time of it. */
	if (d->row.all_since == 0 || before->all_since != 0 || (before->ttl_normal != 0 && d->row.ttl_normal == 0)) {
		return;
	}
	deeds->left_out = 0;
	for (unsigned i = 0; i < f->parent_count; i++) {
		if (f->parent[i].status != ANSWER_UNREACHABLE) {
			continue;
		}
		deeds->left_out |= 1U << i;
		if (agent_silent_for(w, &w->parent[i]) + SLACK < (time_t)w->agent.config.unreachable_after) {
			violate(w, "P5", "%s is left out, and has not answered for %ld s only", w->parent[i].name,
			        (long)agent_silent_for(w, &w->parent[i]));
		}
	}
}

/*! The zone as the agent has it has what was ordered. */
static bool is_made(const delegation_zone_t *zone, const delegation_order_t *what)
{
	return zone->known && !zone->ds_listed && ds_set_equal(&zone->ds, &what->put) &&
	       (what->put.count == 0 || zone->ds_ttl == what->ttl);
}

void agent_check_kept(world_t *w)
{
	agent_deeds_t *deeds = &w->agent.deeds;
	const delegation_zone_t *zone = &w->agent.facts.zone;
	const world_keys_t ds = agent_ds_keys(&zone->ds);

	agent_work_seen(w);
	/* What was there when it first looked is adopted, whoever has put it there. */
	if (zone->known && !deeds->looked) {
		deeds->looked = true;
		deeds->met = parent_ds(w);
	}
	if (!zone->known || zone->ds_listed) {
		return;
	}
	w->agent.order.met |= is_made(zone, &w->agent.order.what);
	/* Who sets back by hand what a reload would bring back is taken for one: nothing shows the difference. */
	const bool as_reload =
		w->agent.known.load == DELEGATION_LOAD_REVERTS && deeds->met == deeds->put && ds == deeds->before;
	/* Nor what it has ordered itself, and others have done before the order was carried out. A notification leads
	 * from an undo to a survey at once. */
	const delegation_row_t *row = &w->agent.row;
	const bool as_ordered = ds == agent_ds_keys(&row->put) && (row->state == DELEGATION_SPREAD || row->undone);
	if (ds != deeds->met && ds != deeds->put && deeds->touched != 0 && !as_reload && !as_ordered) {
		/* A reload may have brought it, which nobody has wished: it is a word about what was undone all the
		 * same. */
		deeds->by_hand = deeds->wished != 0 ? deeds->wished : deeds->by_hand;
		deeds->undone = 0;
	}
	/* Then that was the agent's last change, and newer than any hand before it. */
	if (ds != deeds->met && as_ordered && row->state == DELEGATION_SPREAD) {
		deeds->before = deeds->met;
		deeds->put = ds;
		deeds->by_hand = 0;
		deeds->outgrown = false;
	}
	deeds->unmet_ttl = ds != 0 && zone->ds_ttl == deeds->low_ttl ? deeds->unmet_ttl : 0;
	deeds->met_another = ds != deeds->met ? w->now : deeds->met_another;
	deeds->met = ds;
}

/* P9, P10, and the course of checks. */

/*! Another order, of which the agent does not know that it has come to its end. */
static bool is_beside_another(const agent_t *a)
{
	const delegation_order_t *what = &a->order.what;
	/* If others have changed DS, that one comes to nothing; or it has been there, and they have changed DS or its
	 * TTL since: its answer alone is still on its way. */
	const bool past = agent_ds_keys(&a->facts.zone.ds) != agent_ds_keys(&what->base) ||
	                  (a->order.met && !is_made(&a->facts.zone, what));

	return a->order.there && !a->update.doubt && !past;
}

/*! A notification changes when the child is surveyed, and nothing else. */
static void check_notified(world_t *w, const delegation_row_t *before, const delegation_decision_t *d)
{
	delegation_facts_t without = w->agent.facts;
	delegation_decision_t other;

	if (without.notified <= before->notified || d->row.state == DELEGATION_SEEN) {
		return;
	}
	without.notified = 0;
	delegation_decide(&w->agent.config, before, &without, agent_now(w), &other);
	/* It may delay the return of the TTL. */
	if (other.order.action == DELEGATION_DO_RESTORE && d->order.action == DELEGATION_DO_NOTHING &&
	    d->row.ttl_normal == before->ttl_normal) {
		return;
	}
	if (other.row.state != d->row.state || other.order.action != d->order.action) {
		violate(w, "P10", "%s -> %s because of a notification", delegation_state_name(before->state),
		        delegation_state_name(d->row.state));
	}
}

void agent_check_decision(world_t *w, const delegation_row_t *before, const delegation_decision_t *d)
{
	const agent_t *a = &w->agent;
	const delegation_config_t *c = &a->config;
	const time_t now = agent_now(w);
	time_t longest = DELEGATION_RETRY_MAX;

	check_notified(w, before, d);
	check_all(w, before, d);
	if (d->order.action == DELEGATION_DO_RESTORE &&
	    a->facts.ttl != (d->order.ttl < d->order.base_ttl ? DELEGATION_TTL_LOWERED : DELEGATION_TTL_FREE)) {
		violate(w, "P5", "the TTL becomes %u, and the child does not want that", d->order.ttl);
	}
	if ((d->order.action == DELEGATION_DO_CHANGE || d->order.action == DELEGATION_DO_UNDO) &&
	    w->now - a->proof.begun > DELEGATION_FRESH && clocks_are_right(w)) {
		violate(w, "P2", "an order rests on facts of %ld s before", (long)(w->now - a->proof.begun));
	}
	if (d->order.action != DELEGATION_DO_NOTHING && is_beside_another(a)) {
		violate(w, "P9", "an order while another one is under way");
	}
	if (a->open && !a->order.running && !a->recovering && w->now - a->deeds.alive_since > SLACK) {
		violate(w, "P9", "a transaction of a former process stays open");
	}
	if (a->include.ordered && !a->order.running && !a->recovering && w->now - a->deeds.alive_since > SLACK &&
	    a->deeds.lost < a->include.order.at) {
		violate(w, "P9", "what a former process has written into the included file stays there");
	}
	longest = longest > (time_t)c->scan_interval ? longest : (time_t)c->scan_interval;
	longest = longest > (time_t)c->scan_interval_notifying ? longest : (time_t)c->scan_interval_notifying;
	if (d->row.next_check > now + longest || (!d->transition && d->row.next_check <= now)) {
		violate(w, "wake", "the agent's next check is in %ld s", (long)(d->row.next_check - now));
	}
	if (a->decisions > 500000) {
		violate(w, "wake", "half a million decisions of the agent");
	}
	if (a->changes_made + a->undos_made + a->restores_made > 100) {
		violate(w, "calm", "DS was changed a hundred times by the agent");
	}
}
