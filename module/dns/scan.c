/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One question for CDS: whether a survey is worth its while. Nothing is verified.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "asker.h"
#include "fetched.h"
#include "pace.h"
#include "scan.h"
#include "tasks.h"
#include "util/knot.h"

/*! Scans that look up addresses at the same time. Those that wait for their turn at a server are not counted. */
#define SCANS_MAX 64

/*! For the addresses of one nameserver: those of a child whose own servers are silent take long. */
#define LOOKUP_MAX_MS 10000

struct scans {
	tasks_t tasks;
	shared_t *shared;
	ask_t *ask;
	pace_t *pace;
};

struct scan {
	task_t task; /*!< TASK_ACTIVE: looks up addresses. TASK_PAUSED: waits for its turn. */
	scans_t *scans;
	knot_dname_storage_t child; /*!< Lower case. */
	servers_t names;            /*!< The nameservers, in the order in which they are tried; without addresses. */
	int failed;                 /*!< They could not be taken. */
	servers_t found;            /*!< The first ones of them, with addresses. */
	bool asked[SERVERS_ADDRS_MAX];
	addresses_t *addresses; /*!< Lookup of the newest name. */
	ask_job_t *job;
	unsigned at;    /*!< The address that is asked. */
	unsigned tries; /*!< Servers that have failed. */
	scan_result_t result;
	scan_done_f done;
	void *arg;
};

static void try_next(scan_t *scan);

static void fail(scan_t *scan, const char *why)
{
	snprintf(scan->result.detail, sizeof(scan->result.detail), "%s", why);
	scan->tries++;
}

/* -- the answer -------------------------------------------------------------- */

/*! \return NULL, or why this is no answer. */
static const char *read_cds(const fetched_t *fetched, const knot_dname_t *child, ds_set_t *cds)
{
	switch (fetched->said) {
	case FETCHED_RRSET:
		ds_set_read(&fetched->set.rrset.rrs, cds);
		return NULL;
	case FETCHED_TOO_MANY:
		/* It has changed in any case: a survey says what is wrong. */
		cds->excess = true;
		return NULL;
	case FETCHED_NONE:
		return fetched_is_empty(fetched) && fetched_soa_count(fetched, child) > 0 ? NULL :
		                                                                            "neither CDS nor NODATA";
	default:
		return fetched->why;
	}
}

static void on_reply(const ask_reply_t *reply, void *arg)
{
	scan_t *scan = arg;
	scan->job = NULL;
	scan->result.queries += reply->packets;

	if (reply->answer[0].wire == NULL) {
		fail(scan, reply->answer[0].error);
		/* It is this host that lacks the way: another address may do. */
		scan->tries -= reply->no_route;
		try_next(scan);
		return;
	}
	fetched_t fetched;
	fetched_read(&fetched, reply->answer[0].wire, reply->answer[0].len, scan->child, KNOT_RRTYPE_CDS);
	const char *error = read_cds(&fetched, scan->child, &scan->result.cds);
	if (error != NULL) {
		fail(scan, error);
		try_next(scan);
	} else {
		scan->result.answered = true;
		scan->result.detail[0] = '\0';
		task_finish(&scan->task);
	}
	fetched_clear(&fetched);
}

/* -- whom -------------------------------------------------------------------- */

static void ask_now(task_t *task)
{
	static const uint16_t CDS = KNOT_RRTYPE_CDS;
	scan_t *scan = (scan_t *)task;
	task_move(task, TASK_RUNNING);
	scan->job =
		ask_start(scan->scans->ask, &scan->found.addrs[scan->at].addr, scan->child, &CDS, 1, on_reply, scan);
	if (scan->job == NULL) {
		fail(scan, "out of memory");
		task_finish(task);
	}
}

/*! Waits for the turn of this scan at the address. Many children may have the same server. */
static void ask_address(scan_t *scan, unsigned at)
{
	const struct sockaddr_storage *addr = &scan->found.addrs[at].addr;
	scan->at = at;
	scan->asked[at] = true;
	servers_label(&scan->found, at, scan->result.server);
	const unsigned wait = pace_turn(scan->scans->pace, addr, 1, sizeof(*addr), uv_now(scan->task.all->loop));
	task_move(&scan->task, TASK_PAUSED);
	task_after(&scan->task, wait, ask_now);
}

/*! An address that was not asked, of this name or of any; SERVERS_ADDRS_MAX if there is none. */
static unsigned choose(const scan_t *scan, unsigned name)
{
	unsigned chosen = SERVERS_ADDRS_MAX, seen = 0;
	for (unsigned i = 0; i < scan->found.addr_count; i++) {
		if (!scan->asked[i] && (name == SERVERS_UNNAMED || scan->found.addrs[i].name == name) &&
		    dnssec_random_uint32_t() % ++seen == 0) {
			chosen = i;
		}
	}
	return chosen;
}

static void on_addresses(int ret, unsigned name, void *arg)
{
	scan_t *scan = arg;
	(void)name;
	addresses_free(scan->addresses);
	scan->addresses = NULL;
	task_stop_timer(&scan->task);

	const server_name_t *newest = &scan->found.names[scan->found.name_count - 1];
	const unsigned at = choose(scan, scan->found.name_count - 1);
	if (at != SERVERS_ADDRS_MAX) {
		ask_address(scan, at);
		return;
	}
	if (!newest->has_addr) {
		char server[SERVERS_LABEL_MAX], why[160];
		servers_name_label(&scan->found, scan->found.name_count - 1, server);
		snprintf(why, sizeof(why), "%.60s: %.80s", server,
		         newest->error[0] != '\0' ? newest->error :
		         ret != KNOT_EOK          ? servers_error(ret) :
		                                    "no address");
		fail(scan, why);
	}
	/* Else all its addresses are those of a server that was asked. */
	try_next(scan);
}

static void on_timeout(task_t *task)
{
	scan_t *scan = (scan_t *)task;
	addresses_give_up(scan->addresses);
	on_addresses(KNOT_EOK, 0, scan);
}

static void look_up(scan_t *scan)
{
	const unsigned next = scan->found.name_count;
	int ret = servers_add_name(&scan->found, scan->names.names[next].name);
	if (ret == KNOT_EOK) {
		scan->addresses = addresses_new(scan->scans->shared, &scan->found, next, on_addresses, scan);
	}
	if (scan->addresses == NULL) {
		fail(scan, "out of memory");
		task_finish(&scan->task);
		return;
	}
	task_move(&scan->task, TASK_ACTIVE);
	task_after(&scan->task, LOOKUP_MAX_MS, on_timeout);
	if (addresses_start(scan->addresses, false) == 0) {
		on_addresses(KNOT_EOK, next, scan);
	}
}

/*! The next nameserver; when each was tried, another address of one. */
static void try_next(scan_t *scan)
{
	const bool more = scan->found.name_count < scan->names.name_count;
	const unsigned at = more ? SERVERS_ADDRS_MAX : choose(scan, SERVERS_UNNAMED);
	if (scan->tries >= SCAN_TRIES || (!more && at == SERVERS_ADDRS_MAX)) {
		task_finish(&scan->task);
	} else if (more) {
		look_up(scan);
	} else {
		ask_address(scan, at);
	}
}

static void shuffle(servers_t *servers)
{
	for (unsigned i = servers->name_count; i > 1; i--) {
		const unsigned k = dnssec_random_uint32_t() % i;
		const server_name_t name = servers->names[i - 1];
		servers->names[i - 1] = servers->names[k];
		servers->names[k] = name;
	}
}

static void begin(task_t *task)
{
	scan_t *scan = (scan_t *)task;
	if (scan->failed != KNOT_EOK) {
		fail(scan, servers_error(scan->failed));
		task_finish(task);
		return;
	}
	shuffle(&scan->names);
	try_next(scan);
}

/* -- interface ---------------------------------------------------------------- */

static void stop(task_t *task)
{
	scan_t *scan = (scan_t *)task;
	addresses_free(scan->addresses);
	ask_cancel(scan->job);
	scan->addresses = NULL;
	scan->job = NULL;
}

static void done(task_t *task, bool cancelled)
{
	scan_t *scan = (scan_t *)task;
	scan->result.cancelled = cancelled;
	scan->done(&scan->result, scan->arg);
}

static void scan_release(task_t *task)
{
	scan_t *scan = (scan_t *)task;
	servers_clear(&scan->names);
	servers_clear(&scan->found);
	free(scan);
}

int scan_start(dns_t *dns, const scan_request_t *request, scan_done_f done, void *arg, scan_t **out)
{
	if (dns == NULL || request == NULL || request->child == NULL || request->ns == NULL || done == NULL ||
	    dns->scans == NULL || dns->scans->tasks.closing) {
		return KNOT_EINVAL;
	}

	scan_t *scan = calloc(1, sizeof(*scan));
	if (scan == NULL) {
		return KNOT_ENOMEM;
	}
	scan->scans = dns->scans;
	scan->done = done;
	scan->arg = arg;
	knot_dname_copy_lower(scan->child, request->child);
	scan->failed = servers_add_ns(&scan->names, request->ns);
	if (scan->failed == KNOT_EOK && scan->names.name_count == 0) {
		scan->failed = KNOT_ENOENT;
	}
	if (scan->failed == KNOT_ENOMEM) {
		scan_release(&scan->task);
		return KNOT_ENOMEM;
	}
	task_start(&scan->scans->tasks, &scan->task);
	if (out != NULL) {
		*out = scan;
	}
	return KNOT_EOK;
}

void scan_cancel(scan_t *scan)
{
	if (scan != NULL) {
		task_cancel(&scan->task);
	}
}

scans_t *scans_new(uv_loop_t *loop, shared_t *shared, ask_t *ask)
{
	static const task_kind_t KIND = { .begin = begin, .stop = stop, .done = done, .free = scan_release };
	assert(loop && shared && ask);

	scans_t *scans = calloc(1, sizeof(*scans));
	pace_t *pace = pace_new(SCAN_RATE);
	if (scans == NULL || pace == NULL) {
		free(scans);
		pace_free(pace);
		return NULL;
	}
	tasks_init(&scans->tasks, loop, &KIND, SCANS_MAX, 0);
	scans->shared = shared;
	scans->ask = ask;
	scans->pace = pace;
	return scans;
}

void scans_free(scans_t *scans)
{
	if (scans != NULL) {
		tasks_close(&scans->tasks);
		pace_free(scans->pace);
		free(scans);
	}
}
