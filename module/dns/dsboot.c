/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signaling names (RFC 9615 4.1): what a parent that bootstraps would find. Only a check; nobody waits for it.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asker.h"
#include "util/knot.h"

static const uint8_t FRONT[] = "\x07"
			       "_dsboot";
static const uint8_t MIDDLE[] = "\x07"
				"_signal";

enum {
	CDS,
	CDNSKEY,
	TYPES
};
static const uint16_t TYPE[TYPES] = { KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY };

typedef struct {
	dsboot_t *boot;
	lookup_t *lookup;
	unsigned name; /*!< Of which signaling name. */
	unsigned type;
} question_t;

struct dsboot {
	dsboots_t *all;
	dsboot_t *next, *prev;
	uv_timer_t timer; /*!< Callbacks only from the loop. */
	dsboot_done_f done;
	void *arg;
	knot_rdataset_t wanted[TYPES];
	dsboot_name_t name[DSBOOT_NAMES_MAX];
	question_t question[DSBOOT_NAMES_MAX * TYPES];
	unsigned count;
	unsigned asked;
	unsigned pending;
};

struct dsboots {
	uv_loop_t *loop;
	resolve_t *resolve;
	dsboot_t *first;
};

static const struct {
	const char *name, *meaning;
	/* clang-format off */
} statuses[DSBOOT__COUNT] = {
	[DSBOOT_OK]       = { "ok", "the same as in the zone, and secure" },
	[DSBOOT_MISSING]  = { "missing", "no such records" },
	[DSBOOT_DIFFERS]  = { "differs", "not the same as in the zone" },
	[DSBOOT_INSECURE] = { "insecure", "not validated up to the trust anchor" },
	[DSBOOT_FAILED]   = { "failed", "the resolver has no answer" },
	[DSBOOT_INSIDE]   = { "inside", "the nameserver is in the zone itself: not applicable" },
	[DSBOOT_TOO_LONG] = { "too-long", "the name has more than 255 octets: not applicable" },
};
/* clang-format on */

const char *dsboot_status_name(dsboot_status_t status)
{
	return (unsigned)status < DSBOOT__COUNT ? statuses[status].name : "unknown";
}

const char *dsboot_status_meaning(dsboot_status_t status)
{
	return (unsigned)status < DSBOOT__COUNT ? statuses[status].meaning : "unknown";
}

dsboot_status_t dsboot_name(const knot_dname_t *zone, const knot_dname_t *ns, knot_dname_storage_t out)
{
	assert(zone && ns && out);

	knot_dname_storage_t lower_zone, lower_ns;
	knot_dname_copy_lower(lower_zone, zone);
	knot_dname_copy_lower(lower_ns, ns);
	zone = lower_zone;
	ns = lower_ns;
	if (knot_dname_in_bailiwick(ns, zone) >= 0) {
		return DSBOOT_INSIDE;
	}
	size_t child = knot_dname_size(zone) - 1; /* Without the root label. */
	size_t server = knot_dname_size(ns);
	if (sizeof(FRONT) - 1 + child + sizeof(MIDDLE) - 1 + server > KNOT_DNAME_MAXLEN) {
		return DSBOOT_TOO_LONG;
	}
	uint8_t *at = out;
	memcpy(at, FRONT, sizeof(FRONT) - 1);
	at += sizeof(FRONT) - 1;
	memcpy(at, zone, child);
	at += child;
	memcpy(at, MIDDLE, sizeof(MIDDLE) - 1);
	memcpy(at + sizeof(MIDDLE) - 1, ns, server);
	return DSBOOT_OK;
}

/* The worst of a name's two answers stays. */
static void worsen(dsboot_name_t *name, dsboot_status_t status)
{
	if (status > name->status) {
		name->status = status;
	}
}

static void on_closed(uv_handle_t *handle)
{
	dsboot_t *boot = handle->data;
	for (unsigned i = 0; i < TYPES; i++) {
		knot_rdataset_clear(&boot->wanted[i], NULL);
	}
	free(boot);
}

static void end(dsboot_t *boot, bool cancelled)
{
	for (unsigned i = 0; i < boot->asked; i++) {
		if (boot->question[i].lookup != NULL) {
			resolve_cancel(boot->question[i].lookup);
		}
	}
	if (boot->prev != NULL) {
		boot->prev->next = boot->next;
	} else {
		boot->all->first = boot->next;
	}
	if (boot->next != NULL) {
		boot->next->prev = boot->prev;
	}
	dsboot_result_t result = { .cancelled = cancelled, .name = boot->name, .count = boot->count };
	boot->done(&result, boot->arg);
	uv_close((uv_handle_t *)&boot->timer, on_closed);
}

static dsboot_status_t judge(const dsboot_t *boot, unsigned type, const lookup_result_t *result)
{
	switch (result->status) {
	case LOOKUP_NONE:
		return DSBOOT_MISSING;
	case LOOKUP_DATA:
		if (!result->secure) {
			return DSBOOT_INSECURE;
		}
		return !result->alias && knot_rdataset_eq(&result->rrs, &boot->wanted[type]) ? DSBOOT_OK :
		                                                                               DSBOOT_DIFFERS;
	default:
		return DSBOOT_FAILED;
	}
}

static void on_lookup(const lookup_result_t *result, void *arg)
{
	question_t *question = arg;
	dsboot_t *boot = question->boot;

	question->lookup = NULL;
	worsen(&boot->name[question->name], judge(boot, question->type, result));
	if (--boot->pending == 0) {
		end(boot, false);
	}
}

static void on_begin(uv_timer_t *timer)
{
	dsboot_t *boot = timer->data;

	boot->pending = 1; /* Keeps the check from ending while it begins. */
	for (unsigned i = 0; i < boot->count; i++) {
		for (unsigned type = 0; type < TYPES && boot->name[i].status == DSBOOT_OK; type++) {
			question_t *q = &boot->question[boot->asked++];
			*q = (question_t){ .boot = boot, .name = i, .type = type };
			q->lookup = resolve_start(boot->all->resolve, boot->name[i].owner, TYPE[type], on_lookup, q);
			if (q->lookup == NULL) {
				worsen(&boot->name[i], DSBOOT_FAILED);
			} else {
				boot->pending++;
			}
		}
	}
	if (--boot->pending == 0) {
		end(boot, false);
	}
}

static void add_name(dsboot_t *boot, const knot_dname_t *zone, const knot_dname_t *ns)
{
	dsboot_name_t *name = &boot->name[boot->count++];

	name->status = dsboot_name(zone, ns, name->owner);
	if (knot_dname_to_str(name->ns, ns, sizeof(name->ns)) == NULL) {
		name->ns[0] = '\0';
	}
}

int dsboot_start(dns_t *dns, const dsboot_request_t *request, dsboot_done_f done, void *arg, dsboot_t **out)
{
	if (dns == NULL || request == NULL || request->zone == NULL || request->ns == NULL || request->cds == NULL ||
	    request->cdnskey == NULL || done == NULL) {
		return KNOT_EINVAL;
	}

	dsboot_t *boot = calloc(1, sizeof(*boot));
	if (boot == NULL || knot_rdataset_copy(&boot->wanted[CDS], request->cds, NULL) != KNOT_EOK ||
	    knot_rdataset_copy(&boot->wanted[CDNSKEY], request->cdnskey, NULL) != KNOT_EOK) {
		if (boot != NULL) {
			knot_rdataset_clear(&boot->wanted[CDS], NULL);
		}
		free(boot);
		return KNOT_ENOMEM;
	}
	const knot_rdata_t *rr = request->ns->rdata;
	for (uint16_t i = 0; i < request->ns->count && boot->count < DSBOOT_NAMES_MAX; i++) {
		if (knot_dname_wire_check(rr->data, rr->data + rr->len, NULL) == rr->len) {
			add_name(boot, request->zone, rr->data);
		}
		rr = knot_rdataset_next((knot_rdata_t *)rr);
	}

	boot->all = dns->dsboots;
	boot->done = done;
	boot->arg = arg;
	boot->next = boot->all->first;
	if (boot->next != NULL) {
		boot->next->prev = boot;
	}
	boot->all->first = boot;
	uv_timer_init(boot->all->loop, &boot->timer);
	boot->timer.data = boot;
	uv_timer_start(&boot->timer, on_begin, 0, 0);
	*out = boot;
	return KNOT_EOK;
}

void dsboot_cancel(dsboot_t *boot)
{
	if (boot != NULL) {
		end(boot, true);
	}
}

dsboots_t *dsboots_new(uv_loop_t *loop, resolve_t *resolve)
{
	dsboots_t *all = calloc(1, sizeof(*all));
	if (all != NULL) {
		all->loop = loop;
		all->resolve = resolve;
	}
	return all;
}

void dsboots_free(dsboots_t *all)
{
	while (all != NULL && all->first != NULL) {
		dsboot_cancel(all->first);
	}
	free(all);
}
