/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the module was shown, and what it may not do after that: ask for a DS that was taken away, and let the old key
 * go before it has seen resolvers validate for long enough. Said once more, in true time, without the rows of the
 * machine.
 */

#include "judge.h"
#include "sim_world.h"

/*! Longest time without evidence that still counts as observed (docs/internals.rst). */
static time_t longest_gap(const rollover_config_t *config)
{
	return 10 * (time_t)config->check_interval + 60;
}

void shown_check(world_t *w)
{
	shown_t *shown = &w->engine.shown;
	const rollover_facts_t *f = &w->engine.facts;

	if (!(f->asked & SURVEY_WATCH) || !f->watch.parent_ok || f->watch.answered == 0 || shown->last == w->now) {
		return;
	}
	/* Two seconds between clocks are no step yet. */
	if (shown->last == 0 || w->now - shown->last > longest_gap(&w->engine.config) + 2) {
		shown->since = w->now;
	}
	shown->last = w->now;
}

void shown_boot(world_t *w)
{
	shown_t *shown = &w->engine.shown;

	/* How long the machine was off nobody can know: the rule believes the wall clock here. */
	if (w->clock.wrong != shown->wrong) {
		shown->believed = w->now;
	}
}

/* I2: observed means seen. */
void shown_order(world_t *w, const rollover_row_t *before, const rollover_decision_t *d)
{
	const rollover_config_t *config = &w->engine.config;
	const shown_t *shown = &w->engine.shown;
	const time_t gap = longest_gap(config) + 2;

	keyset_t old = 0;

	for (unsigned i = 0; i < before->old_count; i++) {
		const int at = key_id_find(w->engine.facts.keys, w->engine.facts.key_count, &before->old[i]);
		old |= at >= 0 ? 1U << at : 0;
	}
	/* The KSKs have gone, and what is left of the order is about a ZSK. */
	if (!(w->engine.facts.own.dnskey & old)) {
		return;
	}
	if (d->action != ACTION_RETIRE || before->state != ROLLOVER_RETIRE || rollover_is_first(before) ||
	    config->observe == 0 || (shown->believed != 0 && w->now - shown->believed < (time_t)config->observe)) {
		return;
	}
	/*
	 * The observation begins with the last server of the parent, the first evidence of it comes with the next
	 * check.
	 */
	if (shown->last == 0 || w->now - shown->last > gap || w->now - shown->since < (time_t)config->observe - gap) {
		violate(w, "I2",
		        "the order is given, but resolvers were seen to validate from %ld s to %ld s before it, observe is %u s",
		        (long)(w->now - shown->since), (long)(w->now - shown->last), config->observe);
	}
}

void shown_version(world_t *w, const zone_version_t *v)
{
	shown_t *shown = &w->engine.shown;

	if (v->data_cause == CAUSE_OPERATOR && v->data_decided > shown->met) {
		shown->met = v->data_decided;
	}
}

bool shown_nothing(const exposure_t *data, time_t met)
{
	return data->cause == CAUSE_OPERATOR && data->decided > met;
}

/*! What is stored is known from now on. */
void shown_keep(world_t *w)
{
	shown_t *shown = &w->engine.shown;
	const rollover_facts_t *f = &w->engine.facts;
	size_t answered = 0, with_ds = 0, of_ours = 0;

	shown->by_hand = shown->met;
	for (size_t i = 0; i < f->parent_count; i++) {
		const parent_answer_t *a = &f->parent[i];
		answered += a->status == ANSWER_OK;
		with_ds += a->status == ANSWER_OK && (a->ds != 0 || a->ds_foreign);
		of_ours += a->status == ANSWER_OK && a->ds != 0;
	}
	if (with_ds > 0) {
		shown->ds_gone = 0;
		shown->ds_known |= of_ours == f->parent_count;
	} else if (answered > 0 && shown->ds_known && shown->ds_gone == 0) {
		shown->ds_gone = w->now;
	}
}

void shown_forget(world_t *w)
{
	w->engine.shown.ds_known = false;
	w->engine.shown.ds_gone = 0;
}

/* A DS that was taken away on every server that answered is the operator's to ask for. */
void shown_signal(world_t *w, const zone_version_t *v)
{
	const time_t gone = w->engine.shown.ds_gone;

	if (gone != 0 && gone < v->cds_decided) {
		violate(w, "removed", "CDS names %s %ld s after the last DS was seen to be gone", keys_text(v->cds),
		        (long)(w->now - gone));
	}
}
