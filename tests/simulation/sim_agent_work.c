/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bounds on the work that a child can make the agent do: surveys of a day, and the pace of changes.
 */

#include "sim_world.h"

/*! Surveys of a day that need no other reason: of a change, its order, what comes after it, and what others do. */
#define EACH 40
/*! Times are rounded to whole seconds. */
#define ROUNDED 5

world_keys_t agent_signals(const zone_version_t *v)
{
	if (v->cds_excess || (v->cds != 0 && v->cdnskey != 0 && v->cds != v->cdnskey)) {
		return 0;
	}
	return v->cds != 0 ? v->cds : v->cdnskey;
}

static agent_work_t *today(world_t *w)
{
	agent_work_t *work = &w->agent.work;
	const time_t day = w->now / DAY;

	if (work->day != day) {
		*work = (agent_work_t){ .day = day };
	}
	return work;
}

void agent_count_notification(world_t *w)
{
	today(w)->notifications++;
}

void agent_count_start(world_t *w)
{
	today(w)->starts++;
}

/*!
 * One for each notification; while resolvers fail, or the zone cannot be changed, two for each check-interval, since
 * checks for which that is in the way come sooner at first; while the child contradicts itself, one for each retry; one
 * for each scan.
 */
static unsigned surveys_of_a_day(const world_t *w)
{
	const delegation_config_t *c = &w->agent.config;
	const agent_work_t *work = &w->agent.work;

	return work->notifications + 2 * DAY / c->check_interval + DAY / c->retry + DAY / c->scan_interval +
	       EACH * (1 + work->orders + work->starts);
}

void agent_count_survey(world_t *w)
{
	agent_t *a = &w->agent;
	agent_work_t *work = today(w);

	/* Without its store it makes each step again and again, in the hope that it can keep one. */
	if (!(a->asks & DELEGATION_ASK_SURVEY) || a->unwritten) {
		return;
	}
	if (++work->surveys > surveys_of_a_day(w)) {
		violate(w, "calm", "%u surveys on one day, %u notifications, %u orders", work->surveys,
		        work->notifications, work->orders);
	}
}

/*! Not alike. */
#define NOT_ALIKE (~(world_keys_t)0)

/*! What all have that answered. \return False: nobody has answered. */
static bool seen_alike(const world_t *w, world_keys_t *out)
{
	const agent_proof_t *proof = &w->agent.proof;
	bool answered = false;

	*out = 0;
	for (unsigned i = 0; i < proof->count; i++) {
		const world_keys_t here = agent_signals(&proof->of[i].version);
		if (!proof->of[i].answered) {
			continue;
		}
		if (answered && here != *out) {
			*out = NOT_ALIKE;
			return true;
		}
		*out = here;
		answered = true;
	}
	return answered;
}

/*! Since the last change a nameserver has DNSKEY that only the new set validates: so have caches, from now on. */
static void see_former(world_t *w)
{
	agent_deeds_t *deeds = &w->agent.deeds;
	const agent_proof_t *proof = &w->agent.proof;

	for (unsigned i = 0; i < proof->count; i++) {
		const world_keys_t signers = proof->of[i].version.dnskey & proof->of[i].version.signers;
		deeds->outgrown = deeds->outgrown || (proof->of[i].answered && deeds->changed_at != 0 &&
		                                      (signers & deeds->put) && !(signers & deeds->before));
	}
}

void agent_work_seen(world_t *w)
{
	agent_deeds_t *deeds = &w->agent.deeds;

	world_keys_t seen;

	if (!(w->agent.facts.asked & DELEGATION_ASK_SURVEY) || w->now - w->agent.proof.begun > DELEGATION_FRESH ||
	    !seen_alike(w, &seen)) {
		return;
	}
	see_former(w);
	/* This turn may be the one that meets another client's change. */
	const delegation_zone_t *zone = &w->agent.facts.zone;
	const bool meets = deeds->looked && zone->known && !zone->ds_listed && agent_ds_keys(&zone->ds) != deeds->met;
	if (seen != NOT_ALIKE && (meets || deeds->overruled_at < deeds->met_another)) {
		deeds->overruled = seen;
		deeds->overruled_at = w->now;
	}
	if (seen != deeds->seen || deeds->seen_since == 0) {
		deeds->seen = seen;
		deeds->seen_since = w->now;
	}
	/* The child has published something else. */
	if (deeds->undone != 0 && seen != NOT_ALIKE && seen != deeds->undone) {
		deeds->undone = 0;
	}
}

void agent_check_pace(world_t *w, const agent_order_t *order)
{
	agent_t *a = &w->agent;
	agent_deeds_t *deeds = &a->deeds;
	const delegation_config_t *c = &a->config;
	const world_keys_t put = agent_ds_keys(&order->what.put), content = put != 0 ? put : KEY_FOREIGN;

	today(w)->orders++;
	if (!a->may_boot && deeds->lost == 0 && c->hold_down > 0 &&
	    (deeds->seen != content || w->now - deeds->seen_since + ROUNDED < (time_t)c->hold_down)) {
		violate(w, "pace", "DS becomes %s %ld s after these signals were seen, hold-down is %u s",
		        keys_text(put), (long)(w->now - deeds->seen_since), c->hold_down);
	}
	/* What asked for no DS at all is not verified. */
	if (!a->may_boot && deeds->lost == 0 && deeds->changed_at != 0 && deeds->put != 0 &&
	    w->now - deeds->changed_at + ROUNDED < (time_t)c->verify) {
		violate(w, "pace", "DS changes again after %ld s, verify is %u s", (long)(w->now - deeds->changed_at),
		        c->verify);
	}
	deeds->changed_at = w->now;
}
