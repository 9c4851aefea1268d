/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child_read.h"
#include "child_signaling.h"
#include "dsboot.h"

enum {
	CDS,
	CDNSKEY,
	TYPES
};

/*! One lookup. */
typedef struct {
	child_signaling_t *all;
	lookup_t *lookup; /*!< Under way, else NULL. */
	unsigned name;
	unsigned type;
} signaling_lookup_t;

struct child_signaling {
	resolve_t *resolve;
	key_table_t *table;
	delegation_signaling_t *answer;
	knot_dname_storage_t owner[CHILD_SIGNALING_MAX];
	unsigned count;
	signaling_lookup_t lookup[CHILD_SIGNALING_MAX * TYPES];
	unsigned begun, pending;
	child_signaling_done_f done;
	void *arg;
};

/*! The first reason stays. */
static void fail(delegation_signaling_t *answer, unsigned type, const char *why)
{
	if (answer->status == DELEGATION_SIGNALING_OK) {
		answer->status = DELEGATION_SIGNALING_FAILED;
		snprintf(answer->detail, sizeof(answer->detail), "%s: %.100s", type == CDS ? "CDS" : "CDNSKEY", why);
	}
}

/*! RFC 9615 4.2: an answer counts only if it is secure, and NODATA is one. */
static void take(signaling_lookup_t *l, const lookup_result_t *result)
{
	delegation_signaling_t *answer = &l->all->answer[l->name];

	if (result->status == LOOKUP_FAILED) {
		fail(answer, l->type, result->error);
	} else if (!result->secure) {
		fail(answer, l->type, "insecure");
	} else if (result->alias) {
		fail(answer, l->type, "an alias");
	} else if (result->status == LOOKUP_DATA && l->type == CDS) {
		ds_set_read(&result->rrs, &answer->cds);
		key_table_add_named(l->all->table, &answer->cds);
	} else if (result->status == LOOKUP_DATA) {
		bool malformed;
		answer->cdnskey = child_read_cdnskey(l->all->table, &result->rrs, &answer->cdnskey_deletes, &malformed,
		                                     &answer->cdnskey_excess);
		if (malformed) {
			fail(answer, l->type, "malformed");
		}
	}
}

static void on_lookup(const lookup_result_t *result, void *arg)
{
	signaling_lookup_t *l = arg;
	child_signaling_t *all = l->all;
	l->lookup = NULL;
	take(l, result);
	if (--all->pending == 0) {
		all->done(all->arg);
	}
}

static void add_name(child_signaling_t *all, const knot_dname_t *ns)
{
	const unsigned i = all->count++;
	delegation_signaling_t *answer = &all->answer[i];
	knot_dname_txt_storage_t text;

	snprintf(answer->nameserver, sizeof(answer->nameserver), "%.255s",
	         knot_dname_to_str(text, ns, sizeof(text)) != NULL ? text : "");
	switch (dsboot_name(all->table->child, ns, all->owner[i])) {
	case DSBOOT_OK:
		break;
	case DSBOOT_INSIDE:
		answer->status = DELEGATION_SIGNALING_INSIDE;
		break;
	default:
		answer->status = DELEGATION_SIGNALING_FAILED;
		snprintf(answer->detail, sizeof(answer->detail), "its name would have more than 255 octets");
	}
}

child_signaling_t *child_signaling_new(resolve_t *resolve, key_table_t *table, const knot_rdataset_t *ns,
                                       child_signaling_done_f done, void *arg)
{
	assert(resolve && table && ns && done);

	child_signaling_t *all = calloc(1, sizeof(*all));
	if (all == NULL) {
		return NULL;
	}
	*all = (child_signaling_t){ .resolve = resolve, .table = table, .done = done, .arg = arg };
	all->answer = calloc(CHILD_SIGNALING_MAX, sizeof(*all->answer));
	if (all->answer == NULL) {
		free(all);
		return NULL;
	}
	const knot_rdata_t *rr = ns->rdata;
	for (uint16_t i = 0; i < ns->count; i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		if (knot_dname_wire_check(rr->data, rr->data + rr->len, NULL) != rr->len) {
			continue;
		}
		if (all->count == CHILD_SIGNALING_MAX) {
			/* Nothing is confirmed by a part of them. */
			all->answer[0].status = DELEGATION_SIGNALING_FAILED;
			snprintf(all->answer[0].detail, sizeof(all->answer[0].detail), "too many nameservers");
			break;
		}
		add_name(all, rr->data);
	}
	return all;
}

static void look_up(child_signaling_t *all, unsigned name, unsigned type)
{
	static const uint16_t NUMBERS[] = { [CDS] = KNOT_RRTYPE_CDS, [CDNSKEY] = KNOT_RRTYPE_CDNSKEY };
	signaling_lookup_t *l = &all->lookup[all->begun++];
	*l = (signaling_lookup_t){ .all = all, .name = name, .type = type };
	l->lookup = resolve_start(all->resolve, all->owner[name], NUMBERS[type], on_lookup, l);
	if (l->lookup != NULL) {
		all->pending++;
	} else {
		fail(&all->answer[name], type, "resolver accepts no queries");
	}
}

bool child_signaling_start(child_signaling_t *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (all->answer[i].status == DELEGATION_SIGNALING_OK) {
			look_up(all, i, CDS);
			look_up(all, i, CDNSKEY);
		}
	}
	return all->pending > 0;
}

delegation_signaling_t *child_signaling_take(child_signaling_t *all, size_t *count)
{
	for (unsigned i = 0; i < all->begun; i++) {
		if (all->lookup[i].lookup != NULL) {
			fail(&all->answer[all->lookup[i].name], all->lookup[i].type, "no answer in time");
		}
	}
	delegation_signaling_t *answer = all->answer;
	*count = all->count;
	all->answer = NULL;
	return answer;
}

void child_signaling_free(child_signaling_t *all)
{
	if (all == NULL) {
		return;
	}
	for (unsigned i = 0; i < all->begun; i++) {
		resolve_cancel(all->lookup[i].lookup);
	}
	free(all->answer);
	free(all);
}
