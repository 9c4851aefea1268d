/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the facts of a check say, whatever the step: asked by guards and conditions alike.
 */

#include "decision.h"
#include "keyset.h"

bool dec_presigned(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const algset_t unpublished = keyset_unpublished(c->facts);

	return unpublished != 0 && unpublished == ALGSET_OF(own->algorithm_wanted);
}

bool dec_lacks_algorithm(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	return !c->config->manual && own->algorithm_wanted != 0 &&
	       !(own->algorithms & ALGSET_OF(own->algorithm_wanted));
}

bool dec_is_gap(const dec_t *c, time_t last)
{
	const uint32_t watch = c->facts->watch.apart;
	const time_t apart = watch > c->config->check_interval ? watch : c->config->check_interval;

	/* The longest back-off is eightfold (RFC 9975 3), with some delay besides. */
	return last > c->now || c->now - last > 10 * apart + 60;
}

bool dec_after_gap(const dec_t *c)
{
	return dec_is_gap(c, c->out->row.observed_last);
}

const judge_verdict_t DEC_DS_REMOVED = { .gate = GATE_DS_REMOVED, .about = "", .detail = "", .red = true };

bool dec_ds_removed(const dec_t *c)
{
	size_t answered = 0;

	if (c->plan->removes_ds || (!c->plan->had_ds && c->before->settled_at == 0)) {
		return false; /* It is meant to go, or there never was one. */
	}
	if ((c->facts->discovery_failed && !c->facts->partial) || c->facts->parent_insecure) {
		return false;
	}
	for (size_t i = 0; i < c->facts->parent_count; i++) {
		const parent_answer_t *a = &c->facts->parent[i];
		if (a->status == ANSWER_OK && (judge_named(a) != 0 || a->ds_foreign || a->ds_ignored)) {
			return false;
		}
		answered += a->status == ANSWER_OK;
	}
	return answered > 0;
}
