/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <arpa/inet.h>
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/addr.h"
#include "kskroll/child_survey.h"
#include "deliver.h"
#include "asker.h"
#include "dsync.h"
#include "notify_message.h"
#include "tasks.h"

/*! Records of one parent and addresses of one target; who has more is not served any better. */
#define TARGETS_MAX 4
#define ADDRS_MAX   8

struct notifies {
	tasks_t tasks;
	resolve_t *resolve;
	pace_t *pace; /*!< Of the targets: one parent is notified of many zones. */
	bool loopback;
};

typedef struct {
	notify_t *notify;
	lookup_t *lookup; /*!< NULL unless under way. */
	uint16_t type;
} query_t;

struct notify {
	task_t task;
	notifies_t *all;
	uint64_t started; /*!< Milliseconds: it began; 0: not yet. */

	knot_dname_storage_t zone;
	bool require_secure;
	notify_retry_t retry;
	knot_dname_storage_t report_agent; /*!< The root: none goes with the message. */

	dsync_search_t search;
	query_t queries[2];
	unsigned pending;

	dsync_t targets[TARGETS_MAX];
	unsigned target_count, target_at;
	struct sockaddr_storage addrs[ADDRS_MAX];
	unsigned addr_count, addr_at;
	bool sent; /*!< There was an address to send to. */
	deliver_t *deliver;

	notify_result_t *result;
	notify_done_f done;
	void *arg;
};

static void next_address(notify_t *notify);
static void next_target(notify_t *notify);

/* -- the end ---------------------------------------------------------------- */

static void stop(task_t *task)
{
	notify_t *notify = (notify_t *)task;
	for (unsigned i = 0; i < sizeof(notify->queries) / sizeof(notify->queries[0]); i++) {
		resolve_cancel(notify->queries[i].lookup);
		notify->queries[i].lookup = NULL;
	}
	notify->pending = 0;
	notify->result->tries += deliver_cancel(notify->deliver);
	notify->deliver = NULL;
}

static void done(task_t *task, bool cancelled)
{
	notify_t *notify = (notify_t *)task;
	notify_result_t *result = notify->result;
	if (notify->started != 0) {
		result->elapsed_ms = uv_hrtime() / 1000000 - notify->started;
	}
	if (cancelled) {
		result->status = NOTIFY_CANCELLED;
	}
	notify->done(result, notify->arg);
}

static void free_task(task_t *task)
{
	free(task);
}

static void finish(notify_t *notify, notify_status_t status)
{
	notify->result->status = status;
	task_finish(&notify->task);
}

/*! Adds to the detail what did not work; what does not fit is lost. */
static void note(notify_t *notify, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(notify_t *notify, const char *format, ...)
{
	char *detail = notify->result->detail;
	const size_t size = sizeof(notify->result->detail);
	size_t len = strlen(detail);
	if (len > 0) {
		len += snprintf(detail + len, size - len, "; ");
	}
	if (len < size) {
		va_list args;
		va_start(args, format);
		vsnprintf(detail + len, size - len, format, args);
		va_end(args);
	}
}

static void to_text(const knot_dname_t *name, char *out, size_t size)
{
	knot_dname_txt_storage_t text;
	if (knot_dname_to_str(text, name, sizeof(text)) == NULL) {
		text[0] = '\0';
	}
	snprintf(out, size, "%.*s", (int)size - 1, text);
}

/* -- lookups ---------------------------------------------------------------- */

static void on_lookup_timeout(task_t *task)
{
	notify_t *notify = (notify_t *)task;
	stop(task);
	note(notify, "resolver did not answer within %u s", TASK_LOOKUPS_MAX_MS / 1000);
	finish(notify, notify->result->dsync_owner[0] == '\0' ? NOTIFY_LOOKUP_FAILED :
	               notify->sent                           ? NOTIFY_NO_RESPONSE :
	                                                        NOTIFY_UNRESOLVABLE);
}

static void look_up(query_t *query, const knot_dname_t *name, uint16_t type, lookup_done_f done)
{
	notify_t *notify = query->notify;
	notify->pending++;
	query->type = type;
	query->lookup = resolve_start(notify->all->resolve, name, type, done, query);
	if (query->lookup == NULL) {
		const lookup_result_t failed = { .status = LOOKUP_FAILED, .error = "resolver accepts no queries" };
		done(&failed, query);
	}
}

/* -- DSYNC ------------------------------------------------------------------ */

/*! All records that are usable, in canonical order: the same one is first every time. */
static void take_records(notify_t *notify, const knot_rdataset_t *rrs)
{
	const char *reason = NULL;
	knot_rdata_t *rr = rrs->rdata;
	for (uint16_t i = 0; i < rrs->count; i++, rr = knot_rdataset_next(rr)) {
		dsync_t dsync;
		const char *malformed = dsync_parse(rr->data, rr->len, &dsync);
		const char *unusable = malformed == NULL ? dsync_unusable(&dsync) : malformed;
		if (unusable == NULL && notify->target_count < TARGETS_MAX) {
			notify->targets[notify->target_count++] = dsync;
		} else if (malformed != NULL) {
			note(notify, "DSYNC ignored: %s", malformed);
		} else if (unusable != NULL) {
			reason = unusable;
		}
	}
	if (notify->target_count == 0 && reason != NULL) {
		note(notify, "no usable DSYNC, the last one %s", reason);
	}
}

static void on_dsync(const lookup_result_t *result, void *arg)
{
	query_t *query = arg;
	notify_t *notify = query->notify;
	query->lookup = NULL;
	notify->pending--;

	char owner[sizeof(notify->result->dsync_owner)];
	to_text(notify->search.query, owner, sizeof(owner));

	if (result->status == LOOKUP_FAILED) {
		/* Bogus is never used, and not the same as nothing: it is looked up again later. */
		note(notify, "DSYNC of %.100s: %.120s", owner, result->error);
		finish(notify, NOTIFY_LOOKUP_FAILED);
	} else if (result->status == LOOKUP_NONE) {
		if (dsync_search_next(&notify->search, result->soa) == KNOT_EOK) {
			look_up(query, notify->search.query, DSYNC_RRTYPE, on_dsync);
		} else {
			finish(notify, NOTIFY_NO_DSYNC);
		}
	} else {
		/* The search is over, even if no record suits (RFC 9859 4.1 step 2). */
		memcpy(notify->result->dsync_owner, owner, sizeof(owner));
		notify->result->secure = result->secure;
		take_records(notify, &result->rrs);
		if (notify->target_count == 0) {
			finish(notify, NOTIFY_NO_DSYNC);
		} else if (!result->secure && notify->require_secure) {
			finish(notify, NOTIFY_INSECURE_DSYNC);
		} else {
			next_target(notify);
		}
	}
}

static void begin(task_t *task)
{
	notify_t *notify = (notify_t *)task;
	notify->started = uv_hrtime() / 1000000;
	switch (dsync_search_begin(&notify->search, notify->zone)) {
	case KNOT_EOK:
		task_after(task, TASK_LOOKUPS_MAX_MS, on_lookup_timeout);
		look_up(&notify->queries[0], notify->search.query, DSYNC_RRTYPE, on_dsync);
		break;
	case KNOT_ENOENT:
		note(notify, "the root has no parent");
		finish(notify, NOTIFY_NO_DSYNC);
		break;
	default:
		note(notify, "the name is too long for a DSYNC record");
		finish(notify, NOTIFY_NO_DSYNC);
		break;
	}
}

/* -- target ----------------------------------------------------------------- */

/*!
 * The parent names the target, and not necessarily a good parent: nothing of this host or
 * of many hosts at once is sent to on its word.
 */
static const char *addr_unusable(const struct sockaddr_storage *addr, bool loopback)
{
	if (addr_is_loopback(addr)) {
		return loopback ? NULL : "is a loopback address";
	}

	bool bad;
	if (addr->ss_family == AF_INET) {
		uint32_t ip = ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr);
		bad = (ip >> 24) == 0 || IN_MULTICAST(ip) || ip == INADDR_BROADCAST;
	} else {
		const struct in6_addr *ip = &((const struct sockaddr_in6 *)addr)->sin6_addr;
		bad = IN6_IS_ADDR_UNSPECIFIED(ip) || IN6_IS_ADDR_MULTICAST(ip) || IN6_IS_ADDR_V4MAPPED(ip) ||
		      IN6_IS_ADDR_LINKLOCAL(ip);
	}
	return bad ? "is no address of a server" : NULL;
}

/*! Keeps the addresses in order: IPv4 first, as in surveys. */
static void add_addr(notify_t *notify, const struct sockaddr_storage *addr)
{
	unsigned at = notify->addr_count;
	if (at == ADDRS_MAX) {
		return;
	}
	while (at > 0 && addr_cmp(addr, &notify->addrs[at - 1]) < 0) {
		notify->addrs[at] = notify->addrs[at - 1];
		at--;
	}
	notify->addrs[at] = *addr;
	notify->addr_count++;
}

static void on_address(const lookup_result_t *result, void *arg)
{
	query_t *query = arg;
	notify_t *notify = query->notify;
	query->lookup = NULL;

	if (result->status == LOOKUP_FAILED) {
		note(notify, "%s of %.100s: %.100s", query->type == KNOT_RRTYPE_A ? "A" : "AAAA",
		     notify->result->target, result->error);
	}
	const uint16_t count = result->status == LOOKUP_DATA ? result->rrs.count : 0;
	knot_rdata_t *rr = result->rrs.rdata;
	for (uint16_t i = 0; i < count; i++, rr = knot_rdataset_next(rr)) {
		struct sockaddr_storage addr;
		if (!addr_from_rdata(rr->data, rr->len, notify->targets[notify->target_at].port, &addr)) {
			continue;
		}
		const char *unusable = addr_unusable(&addr, notify->all->loopback);
		if (unusable == NULL) {
			add_addr(notify, &addr);
		} else {
			char text[ADDR_TEXT_MAX];
			addr_to_text(&addr, text);
			note(notify, "%s %s", text, unusable);
		}
	}

	if (--notify->pending == 0) {
		task_stop_timer(&notify->task);
		if (notify->addr_count == 0) {
			note(notify, "%.100s has no address", notify->result->target);
		}
		next_address(notify);
	}
}

/*!
 * RFC 9859 3 allows one record per type and scheme, and 4.2 wants one endpoint to be told.
 * Of more, one is told all the same: the first that answers.
 */
static void next_target(notify_t *notify)
{
	if (notify->target_at == notify->target_count) {
		finish(notify, notify->sent ? NOTIFY_NO_RESPONSE : NOTIFY_UNRESOLVABLE);
		return;
	}

	const dsync_t *dsync = &notify->targets[notify->target_at];
	to_text(dsync->target, notify->result->target, sizeof(notify->result->target));
	notify->addr_count = notify->addr_at = 0;
	task_after(&notify->task, TASK_LOOKUPS_MAX_MS, on_lookup_timeout);

	/* The guard keeps a lookup that fails at once from ending the stage. */
	notify->pending = 1;
	look_up(&notify->queries[0], dsync->target, KNOT_RRTYPE_A, on_address);
	notify->pending--;
	look_up(&notify->queries[1], dsync->target, KNOT_RRTYPE_AAAA, on_address);
}

/* -- delivery --------------------------------------------------------------- */

static void on_delivered(const deliver_result_t *delivered, void *arg)
{
	notify_t *notify = arg;
	notify_result_t *result = notify->result;
	notify->deliver = NULL;
	result->tries += delivered->tries;
	result->tcp = delivered->tcp;

	if (delivered->answered && delivered->rcode == KNOT_RCODE_FORMERR && notify->report_agent[0] != '\0') {
		/* A server without EDNS (RFC 6891 7): that the parent is notified matters more. */
		notify->report_agent[0] = '\0';
		result->report_agent = NOTIFY_AGENT_REFUSED;
		next_address(notify);
	} else if (delivered->answered) {
		/* RFC 1996 3.6: any answer ends it, a NOTIMP in particular. */
		result->rcode = delivered->rcode;
		finish(notify, delivered->rcode == KNOT_RCODE_NOERROR ? NOTIFY_ACKNOWLEDGED : NOTIFY_REFUSED);
	} else {
		note(notify, "%s: UDP %s, TCP %s", result->server, delivered->udp_error, delivered->tcp_error);
		notify->addr_at++;
		next_address(notify);
	}
}

static void on_turn(task_t *task)
{
	notify_t *notify = (notify_t *)task;
	const struct sockaddr_storage *addr = &notify->addrs[notify->addr_at];
	const deliver_message_t message = {
		.zone = notify->zone,
		.agent = notify->report_agent,
		.interval_ms = notify->retry.interval_ms,
		.retransmissions = notify->retry.retransmissions,
		.tcp_timeout_ms = notify->retry.tcp_timeout_ms,
	};
	addr_to_text(addr, notify->result->server);
	notify->sent = true;
	notify->deliver = deliver_start(task->all->loop, addr, &message, on_delivered, notify);
	if (notify->deliver == NULL) {
		note(notify, "out of memory");
		finish(notify, NOTIFY_NO_RESPONSE);
	}
}

static void next_address(notify_t *notify)
{
	if (notify->addr_at == notify->addr_count) {
		notify->target_at++;
		next_target(notify);
		return;
	}

	notifies_t *all = notify->all;
	unsigned wait = pace_turn(all->pace, &notify->addrs[notify->addr_at], 1, sizeof(notify->addrs[0]),
	                          uv_now(all->tasks.loop));
	task_after(&notify->task, wait, on_turn);
}

/* -- interface -------------------------------------------------------------- */

static void copy_request(notify_t *notify, const notify_request_t *request)
{
	static const notify_retry_t RFC_1996 = {
		.interval_ms = 60000,
		.retransmissions = 5,
		.tcp_timeout_ms = 60000,
	};
	const notify_retry_t *retry = &request->retry;
	bool unset = retry->interval_ms == 0 && retry->retransmissions == 0 && retry->tcp_timeout_ms == 0;

	knot_dname_copy_lower(notify->zone, request->zone);
	notify->require_secure = request->require_secure;
	if (request->report_agent != NULL && request->report_agent[0] != '\0') {
		const bool allowed = request->ns != NULL && error_report_allowed(request->report_agent, request->ns);
		notify->result->report_agent = allowed ? NOTIFY_AGENT_SENT : NOTIFY_AGENT_LEFT_OUT;
		if (allowed) {
			knot_dname_copy_lower(notify->report_agent, request->report_agent);
		}
	}
	notify->retry = unset ? RFC_1996 : *retry;
}

int notify_start(dns_t *dns, const notify_request_t *request, notify_done_f done, void *arg, notify_t **out)
{
	if (dns == NULL || request == NULL || request->zone == NULL || done == NULL) {
		return KNOT_EINVAL;
	}
	notifies_t *all = dns->notifies;
	if (all == NULL || all->tasks.closing) {
		return KNOT_EINVAL;
	}

	notify_t *notify = calloc(1, sizeof(*notify));
	notify_result_t *result = calloc(1, sizeof(*result));
	if (notify == NULL || result == NULL) {
		free(notify);
		free(result);
		return KNOT_ENOMEM;
	}

	notify->all = all;
	notify->result = result;
	notify->done = done;
	notify->arg = arg;
	notify->queries[0].notify = notify->queries[1].notify = notify;
	copy_request(notify, request);
	task_start(&all->tasks, &notify->task);
	if (out != NULL) {
		*out = notify;
	}
	return KNOT_EOK;
}

void notify_cancel(notify_t *notify)
{
	if (notify != NULL) {
		task_cancel(&notify->task);
	}
}

void notify_free(notify_result_t *result)
{
	free(result);
}

notifies_t *notifies_new(uv_loop_t *loop, resolve_t *resolve, bool loopback, unsigned rate)
{
	static const task_kind_t KIND = { .begin = begin, .stop = stop, .done = done, .free = free_task };
	assert(loop && resolve);

	notifies_t *all = calloc(1, sizeof(*all));
	pace_t *pace = pace_new(rate);
	if (all == NULL || pace == NULL) {
		free(all);
		pace_free(pace);
		return NULL;
	}
	tasks_init(&all->tasks, loop, &KIND, NOTIFIES_MAX, 0);
	all->resolve = resolve;
	all->pace = pace;
	all->loopback = loopback;
	return all;
}

void notifies_free(notifies_t *all)
{
	if (all == NULL) {
		return;
	}

	tasks_close(&all->tasks);
	pace_free(all->pace);
	free(all);
}
