/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signaling names (RFC 9615 4.1): what a parent that bootstraps would find. Only a check; nobody waits for it.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asker.h"
#include "tasks.h"
#include "util/knot.h"

static const uint8_t FRONT[] = "\x07"
			       "_dsboot";
static const uint8_t MIDDLE[] = "\x07"
				"_signal";

/*! Checks at the same time; each is up to two lookups for each nameserver. */
#define DSBOOTS_MAX 8

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
	task_t task;
	dsboots_t *all;
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
	tasks_t tasks;
	resolve_t *resolve;
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

static void stop(task_t *task)
{
	dsboot_t *boot = (dsboot_t *)task;
	for (unsigned i = 0; i < boot->asked; i++) {
		resolve_cancel(boot->question[i].lookup);
		boot->question[i].lookup = NULL;
	}
}

static void done(task_t *task, bool cancelled)
{
	dsboot_t *boot = (dsboot_t *)task;
	const dsboot_result_t result = { .cancelled = cancelled, .name = boot->name, .count = boot->count };
	boot->done(&result, boot->arg);
}

static void boot_free(task_t *task)
{
	dsboot_t *boot = (dsboot_t *)task;
	for (unsigned i = 0; i < TYPES; i++) {
		knot_rdataset_clear(&boot->wanted[i], NULL);
	}
	free(boot);
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

static void one_done(dsboot_t *boot)
{
	if (--boot->pending == 0) {
		task_finish(&boot->task);
	}
}

static void on_lookup(const lookup_result_t *result, void *arg)
{
	question_t *question = arg;
	dsboot_t *boot = question->boot;

	question->lookup = NULL;
	worsen(&boot->name[question->name], judge(boot, question->type, result));
	one_done(boot);
}

/*! The resolver does not come back. */
static void on_timeout(task_t *task)
{
	dsboot_t *boot = (dsboot_t *)task;
	for (unsigned i = 0; i < boot->asked; i++) {
		if (boot->question[i].lookup != NULL) {
			worsen(&boot->name[boot->question[i].name], DSBOOT_FAILED);
		}
	}
	task_finish(task);
}

static void begin(task_t *task)
{
	dsboot_t *boot = (dsboot_t *)task;
	task_after(task, TASK_LOOKUPS_MAX_MS, on_timeout);

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
	one_done(boot);
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
	    request->cdnskey == NULL || done == NULL || dns->dsboots->tasks.closing) {
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
	task_start(&boot->all->tasks, &boot->task);
	if (out != NULL) {
		*out = boot;
	}
	return KNOT_EOK;
}

void dsboot_cancel(dsboot_t *boot)
{
	if (boot != NULL) {
		task_cancel(&boot->task);
	}
}

dsboots_t *dsboots_new(uv_loop_t *loop, resolve_t *resolve)
{
	static const task_kind_t KIND = { .begin = begin, .stop = stop, .done = done, .free = boot_free };
	dsboots_t *all = calloc(1, sizeof(*all));
	if (all != NULL) {
		tasks_init(&all->tasks, loop, &KIND, DSBOOTS_MAX, 0);
		all->resolve = resolve;
	}
	return all;
}

void dsboots_free(dsboots_t *all)
{
	if (all != NULL) {
		tasks_close(&all->tasks);
		free(all);
	}
}
