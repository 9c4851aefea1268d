/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine of the parent side among a knotd, a world and a store that are the test's. A second lasts a millisecond.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "agent/orders.h"
#include "deleg_case.h"
#include "old_knot.h"
#include "kskroll/agent.h"
#include "kskroll/child_survey.h"
#include "kskroll/evidence.h"
#include "kskroll/parent_zone.h"
#include "kskroll/update.h"
#include "module/dns/resolve.h"

#define ZONE   "test."
#define CHILD  "child.test."
#define FOLDER "/folder"
/*! Real milliseconds until a test gives up. */
#define BOUND 10000

/* Time. */

uint64_t __real_uv_now(const uv_loop_t *loop);
int __real_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);

/*! Milliseconds that have passed at once. */
static uint64_t passed_ms;

uint64_t __wrap_uv_now(const uv_loop_t *loop)
{
	return __real_uv_now(loop) * 1000 + passed_ms;
}

int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
	return __real_uv_timer_start(timer, cb, (timeout + 999) / 1000, repeat);
}

/* The world of a test. */

typedef struct {
	uv_loop_t loop;
	agent_t *agent;
	deleg_t d; /*!< What the child and the parent's servers serve; its zone is that of knotd. */
	uint64_t start;
	time_t clock_set;  /*!< By so many seconds. */
	unsigned children; /*!< Delegations; the first one is CHILD. */
	knot_rdataset_t ns, ds;
	knot_rdataset_t slow_ns; /*!< Of all but CHILD, if there is one; so long lasts a scan there: */
	unsigned slow_seconds;
	bool apart;            /*!< Each of them has a nameserver of its own. */
	unsigned scan_seconds; /*!< So long lasts a scan of CHILD. */
	ds_set_t cds;
	uint32_t serial;
	bool no_cds_answer;
	bool alike; /*!< All children have the DS of the first one. */

	/* knotd */
	bool frozen;
	parent_load_class_t load;
	unsigned load_seconds;       /*!< So long lasts reading it. */
	server_status_t list_status; /*!< Of the next list. */
	parent_batch_status_t fails; /*!< What becomes of the next transaction instead of a commit. */
	bool fails_always;
	unsigned queue_seconds; /*!< So long a transaction waits for others. */
	unsigned transactions, items, recovered;
	parent_recover_t recover;
	size_t recovered_items;
	bool swap_first; /*!< Another client changes DS just before the transaction. */
	time_t last_commit;
	unsigned took_ms; /*!< How long a commit is said to have taken. */

	/* the primary, for DNS UPDATE */
	update_status_t update_ends[5]; /*!< Of the first messages; those after them are done. */
	bool ttl_stays;                 /*!< Whatever they say. */
	unsigned updates, checks;       /*!< Messages; those that changed nothing. */
	ds_set_t update_wanted;         /*!< Of the first message. */
	bool answers_late;              /*!< That one is carried out, and its answer is on its way. */
	void *late;
	update_result_t late_result;
	bool mixed;       /*!< Another one before the primary has said what came of it. */
	bool held;        /*!< Transfers do not come: the primary has other records than this server. */
	bool unreachable; /*!< It is down then. */
	ds_set_t at_primary;
	uint32_t at_primary_ttl;
	bool leaves; /*!< The zone is no parent zone any more while the primary is asked. */

	time_t watch;          /*!< When CHILD was due. */
	delegation_ttl_t wish; /*!< What CHILD wants of its TTL. */

	/* the store */
	bool deaf;              /*!< It cannot be written. */
	bool closed;            /*!< It is not open. */
	bool parent_error;      /*!< What it has of the zone cannot be read. */
	unsigned parent_errors; /*!< How often that was tried. */
	store_delegation_t row; /*!< Of CHILD. */
	unsigned rows;          /*!< 1: there is one. */
	unsigned saves, durable, events;
	char events_text[4096];
	store_parent_t parent;
	bool has_parent;
	unsigned silences;
	delegation_silence_t silence;
	bool silent_parent;       /*!< It is a server of the parent, not of the child. */
	bool cut_off;             /*!< The network does not answer, whatever the facts are. */
	char batch_at_begin[256]; /*!< What was stored when a transaction began. */
	bool ordering_at_begin;
	bool long_name; /*!< Another delegation has a name of 254 characters as text, and one has one more. */
	bool mute;      /*!< Neither DNS nor the control socket answers. */

	bool included;             /*!< delegation-apply: include. */
	bool full;                 /*!< The file cannot be made. */
	bool file;                 /*!< It is there. */
	unsigned left;             /*!< Names that have DS and no delegation. */
	unsigned removed;          /*!< Of them, by a change. */
	unsigned by_file, created; /*!< Changes by the file, and how often it was made. */

	unsigned scans, surveys, reported;
	char reports[1024];
	char log[8192];
} world_t;

static world_t *w;

typedef struct {
	uv_timer_t timer;
	void (*call)(void *arg);
	void *arg;
} later_t;

static void on_later_closed(uv_handle_t *handle)
{
	free(handle);
}

static void on_later(uv_timer_t *timer)
{
	later_t *later = (later_t *)timer;
	void (*call)(void *arg) = later->call;
	void *arg = later->arg;

	uv_close((uv_handle_t *)timer, on_later_closed);
	call(arg);
}

/*! Calls from the loop, as the real ones do. */
static void call_after(void (*call)(void *arg), void *arg, unsigned seconds)
{
	later_t *later = calloc(1, sizeof(*later));
	assert_non_null(later);
	later->call = call;
	later->arg = arg;
	uv_timer_init(&w->loop, &later->timer);
	__real_uv_timer_start(&later->timer, on_later, seconds, 0);
}

static void call_later(void (*call)(void *arg), void *arg)
{
	call_after(call, arg, 0);
}

static void add_record(knot_rdataset_t *set, const uint8_t *data, size_t len)
{
	knot_rdata_t *rdata = malloc(knot_rdata_size(len));
	assert_non_null(rdata);
	knot_rdata_init(rdata, len, data);
	assert_int_equal(knot_rdataset_add(set, rdata, NULL), KNOT_EOK);
	free(rdata);
}

static void put_ds(const ds_set_t *set)
{
	knot_rdataset_clear(&w->ds, NULL);
	for (unsigned i = 0; i < set->count; i++) {
		uint8_t data[4 + DELEGATION_DIGEST_MAX];
		knot_wire_write_u16(data, set->record[i].tag);
		data[2] = set->record[i].algorithm;
		data[3] = set->record[i].digest_type;
		memcpy(data + 4, set->record[i].digest, set->record[i].digest_len);
		add_record(&w->ds, data, 4 + set->record[i].digest_len);
	}
	w->d.facts.zone.ds = *set;
	w->serial++;
}

static time_t now(void)
{
	return T0 + w->clock_set + (time_t)((__wrap_uv_now(&w->loop) - w->start) / 1000);
}

/* knotd. */

struct server {
	int unused;
};

typedef struct {
	union {
		parent_list_f list;
		parent_read_f read;
		parent_load_f load;
		parent_batch_f batch;
		parent_recover_f recover;
		server_check_f check;
	} done;
	parent_delegation_f each;
	void *arg;
	parent_batch_t *batch;
	const parent_batch_t *begun;
	bool apex;
} call_t;

static call_t *new_call(void *arg)
{
	call_t *call = calloc(1, sizeof(*call));
	assert_non_null(call);
	call->arg = arg;
	return call;
}

static void list_now(void *arg)
{
	call_t *call = arg;
	const knot_rdataset_t none = { 0 };

	for (unsigned i = 0; i < w->children; i++) {
		knot_dname_storage_t owner;
		const bool has_ds = i == 0 || w->alike;
		char name[32] = CHILD;
		if (i > 0) {
			snprintf(name, sizeof(name), "c%u." ZONE, i);
		}
		assert_non_null(knot_dname_from_str(owner, name, sizeof(owner)));
		knot_rdataset_t own = { 0 };
		if (w->apart && i > 0) {
			add_record(&own, owner, knot_dname_size(owner));
		}
		call->each(&(parent_delegation_t){ .owner = owner,
		                                   .ns = own.count > 0                 ? &own :
		                                         i > 0 && w->slow_ns.count > 0 ? &w->slow_ns :
		                                                                         &w->ns,
		                                   .ns_ttl = DAY,
		                                   .ds = has_ds ? &w->ds : &none,
		                                   .ds_ttl = has_ds && w->ds.count > 0 ? w->d.facts.zone.ds_ttl : 0 },
		           call->arg);
		knot_rdataset_clear(&own, NULL);
	}
	for (unsigned i = 0; w->long_name && i < 2; i++) {
		uint8_t owner[80] = { 62 };
		/* 62 octets of 4 characters, or one less and two letters; "." and "test.". */
		memset(owner + 1, 1, 62);
		size_t len = 63;
		if (i == 1) {
			memcpy(owner + len,
			       "\x01"
			       "a",
			       2);
			len += 2;
		}
		memcpy(owner + len,
		       "\x04"
		       "test",
		       6);
		call->each(
			&(parent_delegation_t){
				.owner = owner, .ns = &w->ns, .ns_ttl = DAY, .ds = &w->ds, .ds_ttl = 150 },
			call->arg);
	}
	for (unsigned i = 0; i < w->left; i++) {
		knot_dname_storage_t owner;
		char name[32];
		snprintf(name, sizeof(name), "left%u." ZONE, i);
		assert_non_null(knot_dname_from_str(owner, name, sizeof(owner)));
		call->each(
			&(parent_delegation_t){
				.owner = owner, .ns = &none, .ds = &w->ds, .ds_ttl = w->d.facts.zone.ds_ttl },
			call->arg);
	}
	call->done.list(&(parent_list_t){ .status = w->list_status, .serial = w->serial, .count = w->children },
	                call->arg);
	w->list_status = SERVER_OK;
	free(call);
}

void parent_zone_list(server_t *server, const char *zone, int timeout_ms, parent_delegation_f each, parent_list_f done,
                      void *arg)
{
	call_t *call = new_call(arg);
	(void)server, (void)timeout_ms;
	assert_string_equal(zone, ZONE);
	call->each = each;
	call->done.list = done;
	call_later(list_now, call);
}

static void read_now(void *arg)
{
	call_t *call = arg;
	parent_read_t read = { .status = w->mute ? SERVER_UNREACHABLE : SERVER_OK,
		               .serial = w->serial,
		               .frozen = w->frozen };

	snprintf(read.detail, sizeof(read.detail), "%s", w->mute ? "no answer" : "");

	if (!call->apex) {
		read.ns = w->ns;
		read.ds = w->ds;
		read.ns_ttl = DAY;
		read.ds_ttl = w->ds.count > 0 ? w->d.facts.zone.ds_ttl : 0;
	}
	call->done.read(&read, call->arg);
	free(call);
}

void parent_zone_read(server_t *server, const char *zone, const char *owner, parent_read_f done, void *arg)
{
	call_t *call = new_call(arg);
	(void)server;
	assert_string_equal(zone, ZONE);
	call->apex = strcmp(owner, ZONE) == 0;
	call->done.read = done;
	call_later(read_now, call);
}

static void load_now(void *arg)
{
	call_t *call = arg;
	call->done.load(
		&(parent_load_t){ .status = SERVER_OK, .load_class = w->load, .detail = "zonefile-load: the test's" },
		call->arg);
	free(call);
}

void parent_zone_load(server_t *server, const char *zone, parent_load_f done, void *arg)
{
	call_t *call = new_call(arg);
	(void)server, (void)zone;
	call->done.load = done;
	call_after(load_now, call, w->load_seconds);
}

static void glance_now(void *arg)
{
	call_t *call = arg;
	server_check_t check = { .status = w->mute ? SERVER_UNREACHABLE : SERVER_OK };
	uint8_t soa[22] = { 0 };

	knot_wire_write_u32(soa + 2, w->serial);
	add_record(&check.soa, soa, sizeof(soa));
	call->done.check(&check, call->arg);
	knot_rdataset_clear(&check.soa, NULL);
	free(call);
}

void server_glance(server_t *server, const char *zone, server_check_f done, void *arg)
{
	call_t *call = new_call(arg);
	(void)server, (void)zone;
	call->done.check = done;
	call_later(glance_now, call);
}

static void change_item(parent_item_t *item)
{
	ds_set_t wanted;

	if (item->ns->count == 0) {
		assert_int_equal(item->wanted->count, 0);
		assert_int_equal(item->owner[0], 5);
		assert_memory_equal(item->owner + 1, "left", 4);
		assert_true(knot_rdataset_eq(item->ds, &w->ds));
		w->left--;
		w->removed++;
		item->status = PARENT_ITEM_DONE;
		return;
	}
	if (!knot_rdataset_eq(item->ds, &w->ds) && item->ds->count + w->ds.count > 0) {
		item->status = PARENT_ITEM_DIFFERS;
		return;
	}
	assert_int_equal(item->ds_ttl, w->d.facts.zone.ds_ttl);
	ds_set_read(item->wanted, &wanted);
	put_ds(&wanted);
	w->d.facts.zone.ds_ttl = item->ttl;
	item->status = PARENT_ITEM_DONE;
	deleg_spread(&w->d, &wanted);
}

static void change_now(void *arg)
{
	call_t *call = arg;
	parent_batch_t *batch = call->batch;

	w->transactions++;
	w->items += batch->count;
	batch->status = w->fails;
	w->fails = w->fails_always ? w->fails : PARENT_BATCH_COMMITTED;
	if (batch->status == PARENT_BATCH_COMMITTED) {
		w->last_commit = now();
		batch->took_ms = w->took_ms;
	}
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->status == PARENT_BATCH_COMMITTED) {
			change_item(&batch->items[i]);
		} else {
			snprintf(batch->detail, sizeof(batch->detail), "the test's");
		}
	}
	call->done.batch(batch, call->arg);
	free(call);
}

void parent_zone_change(server_t *server, parent_batch_t *batch, int timeout_ms, parent_batch_f done, void *arg)
{
	call_t *call = new_call(arg);
	(void)server, (void)timeout_ms;
	/* The row is stored before the transaction begins, and so is what it will have. */
	snprintf(w->batch_at_begin, sizeof(w->batch_at_begin), "%.200s", w->parent.batch);
	w->ordering_at_begin = w->row.row.ordering;
	if (w->swap_first) {
		const ds_set_t other = deleg_set(C);
		w->swap_first = false;
		put_ds(&other);
	}
	call->batch = batch;
	call->done.batch = done;
	call_after(change_now, call, w->queue_seconds);
}

void parent_zone_include(server_t *server, const char *path, parent_batch_t *batch, int timeout_ms, parent_batch_f done,
                         void *arg)
{
	assert_string_equal(path, FOLDER "/" ZONE "ds");
	w->by_file++;
	parent_zone_change(server, batch, timeout_ms, done, arg);
}

bool parent_include_path(const char *folder, const char *zone, char *path, size_t len)
{
	snprintf(path, len, "%s/%sds", folder, zone);
	return true;
}

int parent_include_create(const char *path, const char *zone, bool first, char *detail)
{
	assert_string_equal(path, FOLDER "/" ZONE "ds");
	assert_string_equal(zone, ZONE);
	if (w->file) {
		return KNOT_EEXIST;
	}
	if (!first) {
		snprintf(detail, PARENT_DETAIL_MAX, "it is missing");
		return KNOT_ENOENT;
	}
	w->created++;
	snprintf(detail, PARENT_DETAIL_MAX, "the test's disk");
	w->file = !w->full;
	return w->full ? KNOT_EFILE : KNOT_EOK;
}

void parent_items_clear(parent_item_t *items, size_t count)
{
	(void)items, (void)count;
}

static void recover_now(void *arg)
{
	call_t *call = arg;
	w->recovered++;
	w->recovered_items = call->begun->count;
	call->done.recover(w->recover, "the test's", call->arg);
	free(call);
}

void parent_zone_recover(server_t *server, const char *path, const parent_batch_t *batch, bool empty,
                         parent_recover_f done, void *arg)
{
	assert_true(w->included == (path != NULL));
	assert_true(path == NULL || strcmp(path, FOLDER "/" ZONE "ds") == 0);
	call_t *call = new_call(arg);
	(void)server, (void)empty;
	call->begun = batch;
	call->done.recover = done;
	call_later(recover_now, call);
}

/* The world. */

/*! As error_report.c takes it: its first member is asked. */
struct dns {
	resolve_t *resolve;
};

typedef struct {
	scan_done_f scan;
	child_survey_done_f survey;
	void *arg;
	unsigned ask;
	time_t now;
} question_t;

static void scan_now(void *arg)
{
	question_t *q = arg;
	q->scan(&(scan_result_t){ .answered = !w->no_cds_answer, .cds = w->cds, .queries = 1 }, q->arg);
	free(q);
}

int scan_start(dns_t *dns, const scan_request_t *request, scan_done_f done, void *arg, scan_t **scan)
{
	question_t *q = calloc(1, sizeof(*q));
	(void)dns, (void)scan;
	assert_non_null(q);
	assert_int_equal(request->ns->count, 1);
	*q = (question_t){ .scan = done, .arg = arg };
	w->scans++;
	call_after(scan_now, q, knot_rdataset_eq(request->ns, &w->ns) ? w->scan_seconds : w->slow_seconds);
	return KNOT_EOK;
}

typedef struct {
	update_done_f done;
	void *arg;
	unsigned number;
	ds_set_t base, wanted;
	bool check_only;
	uint32_t ttl;
} update_call_t;

/*! Of a primary whose transfers do not come. */
static update_status_t held_update(const update_call_t *call)
{
	if (w->unreachable) {
		return call->check_only ? UPDATE_LOST : UPDATE_UNSENT;
	}
	if (ds_set_equal(&call->wanted, &w->at_primary)) {
		return UPDATE_SAME;
	}
	if (!ds_set_equal(&call->base, &w->at_primary)) {
		return UPDATE_DIFFERS;
	}
	if (call->check_only) {
		return UPDATE_BASE;
	}
	w->at_primary = call->wanted;
	w->at_primary_ttl = call->ttl;
	return UPDATE_DONE;
}

static void transfer(void)
{
	w->held = w->unreachable = false;
	put_ds(&w->at_primary);
	w->d.facts.zone.ds_ttl = w->at_primary_ttl;
	deleg_spread(&w->d, &w->at_primary);
}

static void update_now(void *arg)
{
	update_call_t *call = arg;
	const bool said = call->number < 5 && w->update_ends[call->number] != UPDATE_DONE;
	const update_status_t end = said ? w->update_ends[call->number] : UPDATE_DONE;
	const update_result_t result = { .status = w->held ? held_update(call) : end, .detail = "the test's" };

	if (!w->held && (result.status == UPDATE_DONE || result.status == UPDATE_SAME)) {
		put_ds(&call->wanted);
		w->d.facts.zone.ds_ttl = w->ttl_stays ? w->d.facts.zone.ds_ttl : call->ttl;
		deleg_spread(&w->d, &call->wanted);
	}
	if (w->answers_late && call->number == 0) {
		w->late = call;
		w->late_result = result;
		return;
	}
	call->done(&result, call->arg);
	free(call);
}

/*! The answer to the first message arrives. */
static void answer_late(void)
{
	update_call_t *call = w->late;

	assert_non_null(call);
	call->done(&w->late_result, call->arg);
	free(call);
}

static void leave(void *arg)
{
	(void)arg;
	(void)agent_zone(w->agent, ZONE, NULL);
}

int update_start(dns_t *dns, const update_request_t *request, update_done_f done, void *arg, update_t **out)
{
	update_call_t *call = calloc(1, sizeof(*call));
	(void)dns, (void)out;
	assert_non_null(call);
	assert_string_equal(request->key.name, "agent.");
	assert_int_equal(request->primary.ss_family, AF_INET);
	*call = (update_call_t){ .done = done, .arg = arg, .number = w->updates++, .ttl = request->ttl };
	ds_set_read(request->wanted, &call->wanted);
	ds_set_read(request->ds, &call->base);
	call->check_only = request->check_only;
	w->checks += request->check_only;
	if (call->number == 0) {
		w->update_wanted = call->wanted;
	}
	w->mixed = w->mixed || (request->check_only && !ds_set_equal(&call->wanted, &w->update_wanted));
	w->ordering_at_begin = w->row.row.ordering;
	if (w->leaves && call->check_only) {
		call_later(leave, NULL);
	}
	call_later(update_now, call);
	return KNOT_EOK;
}

static void survey_now(void *arg)
{
	question_t *q = arg;
	child_survey_t *survey = calloc(1, sizeof(*survey));
	assert_non_null(survey);

	survey->facts = w->d.facts;
	survey->facts.asked = q->ask;
	survey->facts.surveyed = q->now;
	survey->facts.child_count = q->ask & DELEGATION_ASK_SURVEY ? w->d.facts.child_count : 0;
	survey->facts.parent_count = q->ask & DELEGATION_ASK_PARENTS ? w->d.facts.parent_count : 0;
	survey->heard = !w->cut_off;
	q->survey(survey, q->arg);
	free(q);
}

int child_survey_start(dns_t *dns, const child_request_t *request, child_survey_done_f done, void *arg,
                       child_task_t **task)
{
	question_t *q = calloc(1, sizeof(*q));
	(void)dns, (void)task;
	assert_non_null(q);
	*q = (question_t){ .survey = done, .arg = arg, .ask = request->ask, .now = request->now };
	w->surveys++;
	call_later(survey_now, q);
	return KNOT_EOK;
}

void child_survey_free(child_survey_t *result)
{
	free(result);
}

void ds_set_read(const knot_rdataset_t *rdata, ds_set_t *out)
{
	const knot_rdata_t *r = rdata->rdata;

	*out = (ds_set_t){ 0 };
	for (unsigned i = 0; i < rdata->count; i++, r = knot_rdataset_next((knot_rdata_t *)r)) {
		ds_record_t one = { .tag = knot_wire_read_u16(r->data),
			            .algorithm = r->data[2],
			            .digest_type = r->data[3],
			            .digest_len = r->len - 4 };
		memcpy(one.digest, r->data + 4, r->len - 4);
		ds_set_add(out, &one);
	}
}

lookup_t *resolve_start(resolve_t *resolve, const knot_dname_t *name, uint16_t type, lookup_done_f done, void *arg)
{
	const size_t len = strlen(w->reports);
	knot_dname_txt_storage_t text;
	(void)resolve, (void)done, (void)arg;
	assert_int_equal(type, KNOT_RRTYPE_TXT);
	assert_non_null(knot_dname_to_str(text, name, sizeof(text)));
	snprintf(w->reports + len, sizeof(w->reports) - len, "%s\n", text);
	w->reported++;
	return (lookup_t *)w;
}

/* The store. */

struct store {
	int unused;
};

int store_delegations(store_t *store, const char *zone, bool whole,
                      int (*each)(const store_delegation_t *one, void *arg), void *arg)
{
	(void)store, (void)whole;
	assert_string_equal(zone, ZONE);
	return w->rows > 0 ? each(&w->row, arg) : KNOT_EOK;
}

int store_delegation_load(store_t *store, const char *zone, const char *name, store_delegation_t *out)
{
	(void)store;
	assert_string_equal(zone, ZONE);
	if (w->rows == 0 || strcmp(name, CHILD) != 0) {
		return KNOT_ENOENT;
	}
	*out = w->row;
	return KNOT_EOK;
}

static const char *silent_server(void)
{
	return w->silent_parent ? w->d.parent[1].server : w->d.child[1].server;
}

int store_delegation_silence_load(store_t *store, const char *zone, const char *name, const char *server,
                                  delegation_silence_t *silence)
{
	(void)store, (void)zone, (void)name;
	*silence = (delegation_silence_t){ 0 };
	if (strcmp(server, silent_server()) == 0) {
		*silence = w->silence;
	}
	return KNOT_EOK;
}

int store_parent_load(store_t *store, const char *zone, store_parent_t *out)
{
	(void)store, (void)zone;
	if (w->parent_error) {
		w->parent_errors++;
		return KNOT_ERROR;
	}
	if (!w->has_parent) {
		return KNOT_ENOENT;
	}
	*out = w->parent;
	return KNOT_EOK;
}

const char *store_error(const store_t *store)
{
	(void)store;
	return "the test's";
}

void evidence_delegation(char *out, size_t len, const delegation_facts_t *facts, const delegation_verdict_t *verdict,
                         time_t at)
{
	(void)facts, (void)verdict, (void)at;
	snprintf(out, len, "{}");
}

/* What the agent works with. */

static void on_log(int priority, const char *text, void *arg)
{
	const size_t len = strlen(w->log);
	(void)priority, (void)arg;
	snprintf(w->log + len, sizeof(w->log) - len, "%s\n", text);
}

static void read_clock(rollover_clock_t *out, void *arg)
{
	(void)arg;
	*out = (rollover_clock_t){ .wall = now(), .ahead = (int64_t)w->clock_set * 1000, .boot = 1 };
}

static struct dns the_dns;
static struct server the_server;
static struct store the_store;

static dns_t *dns_of(void *arg)
{
	(void)arg;
	return &the_dns;
}

static server_t *server_of(void *arg)
{
	(void)arg;
	return &the_server;
}

static store_t *store_of(void *arg)
{
	(void)arg;
	return w->closed ? NULL : &the_store;
}

static bool save(const store_delegation_t *one, const store_delegation_event_t *event, bool soon, void *arg)
{
	(void)arg;
	if (w->deaf || w->closed) {
		return false;
	}
	w->saves++;
	w->durable += !soon;
	if (strcmp(one->name, CHILD) == 0) {
		w->row = *one;
		w->rows = 1;
	}
	if (event != NULL) {
		const size_t len = strlen(w->events_text);
		w->events++;
		snprintf(w->events_text + len, sizeof(w->events_text) - len, "%s\n", delegation_state_name(event->to));
	}
	return true;
}

static void save_silence(const char *zone, const char *name, const char *server, const delegation_silence_t *silence,
                         void *arg)
{
	(void)zone, (void)name, (void)arg;
	w->silences++;
	if (strcmp(server, silent_server()) == 0) {
		w->silence = *silence;
	}
}

static bool save_parent(const store_parent_t *parent, void *arg)
{
	(void)arg;
	if (w->deaf) {
		return false;
	}
	w->parent = *parent;
	w->has_parent = true;
	return true;
}

static agent_settings_t settings_of(delegations_mode_t mode)
{
	agent_settings_t settings = { .mode = mode, .config = DELEGATION_CONFIG_DEFAULT, .batch = 256 };

	settings.report_errors = true;
	settings.config.apply = w->included ? DELEGATION_BY_INCLUDE : DELEGATION_BY_TRANSACTION;
	settings.config.scan_interval = 300;
	settings.config.check_interval = 10;
	settings.config.retry = 5;
	settings.config.verify = 60;
	settings.config.ds_ttl = 20;
	settings.config.ds_ttl_hold = 200;
	return settings;
}

static const char *folder_of(void *arg)
{
	(void)arg;
	return FOLDER;
}

static delegation_ttl_t wished_ttl(const char *child, void *arg)
{
	(void)arg;
	return strcmp(child, CHILD) == 0 ? w->wish : DELEGATION_TTL_FREE;
}

static void begin_with(const agent_settings_t *settings)
{
	const agent_env_t env = {
		.loop = &w->loop,
		.log = on_log,
		.clock = read_clock,
		.dns = dns_of,
		.server = server_of,
		.folder = folder_of,
		.store = store_of,
		.save = save,
		.save_silence = save_silence,
		.save_parent = save_parent,
		.ttl = wished_ttl,
	};
	w->agent = agent_new(&env);
	assert_non_null(w->agent);
	assert_int_equal(agent_zone(w->agent, ZONE, settings), KNOT_EOK);
}

static void begin(delegations_mode_t mode)
{
	const agent_settings_t settings = settings_of(mode);

	begin_with(&settings);
}

/*! DNS UPDATE, where this knotd is a secondary. */
static void begin_update(void)
{
	static struct sockaddr_storage primary = { .ss_family = AF_INET };
	agent_settings_t settings = settings_of(DELEGATIONS_UPDATE);

	settings.config.apply = DELEGATION_BY_UPDATE;
	settings.config.remove = true;
	settings.update_primary = (dns_addrs_t){ .addr = &primary, .count = 1 };
	settings.update_key = (update_key_t){ .name = "agent.", .secret = (const uint8_t *)"s", .secret_len = 1 };
	w->load = PARENT_LOAD_NEVER;
	begin_with(&settings);
}

/*! A child whose CDS names key B, while DS names A; signed later than the agent has begun. */
static int setup(void **state)
{
	static const uint8_t ns[] = "\x02ns\x05"
				    "child\x04test";

	*state = w = calloc(1, sizeof(*w));
	assert_non_null(w);
	assert_int_equal(uv_loop_init(&w->loop), 0);
	passed_ms = 0;
	w->start = __wrap_uv_now(&w->loop);
	w->children = 1;
	add_record(&w->ns, ns, sizeof(ns));
	deleg_init(&w->d);
	w->d.facts.zone.ds_ttl = 150;
	const ds_set_t a = deleg_set(A);
	put_ds(&a);
	w->cds = deleg_set(A);
	deleg_signal(&w->d, A);
	deleg_signed(&w->d, T0 + 100000);
	return 0;
}

static void end(void)
{
	if (w->agent != NULL) {
		agent_stop(w->agent);
		uv_run(&w->loop, UV_RUN_DEFAULT);
		agent_free(w->agent);
		w->agent = NULL;
	}
}

static int teardown(void **state)
{
	end();
	assert_int_equal(uv_loop_close(&w->loop), 0);
	knot_rdataset_clear(&w->ns, NULL);
	knot_rdataset_clear(&w->slow_ns, NULL);
	knot_rdataset_clear(&w->ds, NULL);
	free(*state);
	return 0;
}

typedef bool (*condition_f)(void);

static void wait_for(condition_f condition)
{
	const uint64_t end = uv_hrtime() / 1000000 + BOUND;

	while (!condition() && uv_hrtime() / 1000000 < end) {
		uv_run(&w->loop, UV_RUN_ONCE);
	}
	if (!condition()) {
		print_message("%s\n%s", w->log, w->events_text);
	}
	assert_true(condition());
}

static bool rested(void)
{
	return w->rows > 0 && w->row.row.state == DELEGATION_REST && w->row.row.known;
}

static bool is_low(void)
{
	return w->rows > 0 && w->row.row.state == DELEGATION_LOW;
}

static bool has_old_ttl(void)
{
	return w->d.facts.zone.ds_ttl == 150 && w->transactions == 2 && rested();
}

static bool surveyed(void)
{
	return w->surveys >= 1;
}

static bool surveyed_thrice(void)
{
	return w->surveys >= 3;
}

/*! The child changes its key. */
static void roll(void)
{
	w->cds = deleg_set(B);
	deleg_signal(&w->d, B);
	deleg_dnskey(&w->d, A | B);
	deleg_signed(&w->d, now() + 100000);
}

/* Tests. */

static void a_scan_leads_to_a_change_and_the_ttl_comes_back(void **state)
{
	(void)state;
	const ds_set_t b = deleg_set(B);
	ds_set_t has;
	delegation_totals_t totals;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(is_low);
	ds_set_read(&w->ds, &has);
	assert_true(ds_set_equal(&has, &b));
	assert_int_equal(w->d.facts.zone.ds_ttl, 20);
	assert_int_equal(w->transactions, 1);
	/* Before the transaction begins both are stored. */
	assert_true(w->ordering_at_begin);
	assert_non_null(strstr(w->batch_at_begin, CHILD " 20\n- "));
	assert_string_equal(w->parent.batch, "");
	agent_totals(w->agent, &totals);
	assert_int_equal(totals.changes, 1);
	assert_int_equal(totals.state[DELEGATION_LOW], 1);
	assert_int_equal(totals.state[DELEGATION_REST], 0);
	wait_for(has_old_ttl);
	ds_set_read(&w->ds, &has);
	assert_true(ds_set_equal(&has, &b));
	agent_totals(w->agent, &totals);
	assert_int_equal(totals.restores, 1);
	assert_int_equal(totals.state[DELEGATION_REST], 1);
}

static bool is_lowered(void)
{
	return is_low() && w->d.facts.zone.ds_ttl == 20;
}

static bool stored_rows_are_read(void)
{
	return strstr(w->log, "1 delegations") != NULL &&
	       strstr(strstr(w->log, "1 delegations") + 1, "1 delegations") != NULL;
}

static void a_child_of_this_server_has_its_ttl_lowered_as_long_as_it_wants(void **state)
{
	(void)state;
	const ds_set_t a = deleg_set(A);
	ds_set_t has;
	delegation_totals_t totals;

	begin(DELEGATIONS_UPDATE);
	/* A rollover has got that from a former process; the zone is not read yet. */
	assert_int_equal(agent_ttl(w->agent, CHILD, 10).low, 10);
	assert_int_equal(agent_ttl(w->agent, CHILD, 0).low, 0);
	assert_int_equal(agent_ttl(w->agent, "child.other.", 10).low, 0);
	wait_for(rested);
	assert_int_equal(agent_ttl(w->agent, "other.test.", 10).low, 0);
	assert_false(agent_ttl(w->agent, CHILD, 10).restores);
	w->wish = DELEGATION_TTL_LOWERED;
	agent_ttl_wanted(w->agent, CHILD);
	wait_for(is_lowered);
	assert_int_equal(agent_ttl(w->agent, CHILD, 10).low, 20);
	assert_true(agent_ttl(w->agent, CHILD, 10).restores);
	ds_set_read(&w->ds, &has);
	assert_true(ds_set_equal(&has, &a));
	assert_int_equal(w->row.row.ttl_normal, 150);
	agent_totals(w->agent, &totals);
	assert_int_equal(totals.changes, 0);
	assert_int_equal(totals.restores, 0);
	w->wish = DELEGATION_TTL_FREE;
	agent_ttl_wanted(w->agent, CHILD);
	wait_for(has_old_ttl);
	assert_false(agent_ttl(w->agent, CHILD, 10).restores);
	agent_totals(w->agent, &totals);
	assert_int_equal(totals.restores, 1);
	end();
	w->row.row.refused = 1; /* Its signals were undone: nothing is lowered until they change, nor waited for. */
	begin(DELEGATIONS_UPDATE);
	wait_for(stored_rows_are_read);
	assert_int_equal(agent_ttl(w->agent, CHILD, 10).low, 0);
}

static void report_mode_changes_nothing(void **state)
{
	(void)state;
	const ds_set_t a = deleg_set(A);
	ds_set_t has;

	begin(DELEGATIONS_REPORT);
	wait_for(rested);
	roll();
	wait_for(surveyed_thrice);
	assert_int_equal(w->transactions, 0);
	ds_set_read(&w->ds, &has);
	assert_true(ds_set_equal(&has, &a));
	assert_int_equal(w->row.row.gate, DELEGATION_GATE_REPORT_ONLY);
}

/* Another client has changed DS just before: nothing is overwritten, and its change counts (P7). */
static bool is_refused_by_hand(void)
{
	return w->transactions >= 1 && w->row.row.manual != 0;
}

static void what_another_client_has_changed_stays(void **state)
{
	(void)state;
	const ds_set_t c = deleg_set(C);
	ds_set_t has;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->swap_first = true;
	roll();
	wait_for(is_refused_by_hand);
	ds_set_read(&w->ds, &has);
	assert_true(ds_set_equal(&has, &c));
	assert_non_null(strstr(w->log, "-> seen: DS was changed by hand: a survey is due\n"));
}

/* Nor is it overwritten by an order of before that waits still, when DS is again as it was judged (P7). */
static bool in_change_still(void)
{
	return w->rows > 0 && w->row.row.state == DELEGATION_CHANGE;
}

static bool is_met_by_hand(void)
{
	return w->row.row.manual != 0;
}

static void an_order_does_not_outlive_a_change_by_hand(void **state)
{
	(void)state;
	const ds_set_t a = deleg_set(A), c = deleg_set(C);
	ds_set_t has;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->load_seconds = 40; /* The order waits for that. */
	roll();
	deleg_signed(&w->d, now());
	wait_for(in_change_still);
	put_ds(&c);
	wait_for(is_met_by_hand);
	put_ds(&a);
	const time_t from = now();
	while (now() < from + 100) {
		uv_run(&w->loop, UV_RUN_ONCE);
	}
	assert_int_equal(w->transactions, 0);
	ds_set_read(&w->ds, &has);
	assert_true(ds_set_equal(&has, &a));
}

/* What a transaction that failed has put off is tried again while the facts are fresh. */
static void a_transaction_that_fails_is_repeated(void **state)
{
	static const parent_batch_status_t fails[] = { PARENT_BATCH_BUSY, PARENT_BATCH_ABORTED,
		                                       PARENT_BATCH_UNREACHABLE };

	for (size_t i = 0; i < sizeof(fails) / sizeof(fails[0]); i++) {
		begin(DELEGATIONS_UPDATE);
		wait_for(rested);
		w->fails = fails[i];
		roll();
		wait_for(is_low);
		assert_int_equal(w->transactions, 2);
		(void)teardown(state);
		(void)setup(state);
	}
}

/* The answer to a commit was lost: the zone says what became of it, and nothing is ordered twice. */
static void a_lost_commit_is_read_from_the_zone(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->fails = PARENT_BATCH_LOST;
	roll();
	wait_for(is_low);
	assert_int_equal(w->transactions, 2);
}

static bool in_change(void)
{
	return w->rows > 0 && w->row.row.state == DELEGATION_CHANGE && w->parent.batch[0] != '\0';
}

/* A process ends in the middle: the next one ends its transaction before anything else is changed. */
static void what_a_process_has_left_behind_is_ended(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(in_change);
	const store_parent_t parent = w->parent;
	end();
	assert_int_equal(w->row.row.state, DELEGATION_CHANGE);
	w->parent = parent;
	const ds_set_t a = deleg_set(A);
	put_ds(&a);
	w->d.facts.zone.ds_ttl = 150;
	w->recover = PARENT_RECOVER_ABORTED;
	w->transactions = 0;
	begin(DELEGATIONS_UPDATE);
	wait_for(is_low);
	assert_int_equal(w->recovered, 1);
	assert_int_equal(w->recovered_items, 1);
	assert_int_equal(w->transactions, 1);
	assert_string_equal(w->parent.batch, "");
}

/* It ends after the commit, before its row knows: the next one finds the DS in the zone, and orders nothing. */
static void what_was_committed_before_the_end_counts(void **state)
{
	(void)state;
	const ds_set_t b = deleg_set(B);

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(in_change);
	const store_parent_t parent = w->parent;
	end();
	assert_int_equal(w->row.row.state, DELEGATION_CHANGE);
	assert_true(w->row.row.ordering);
	w->parent = parent;
	put_ds(&b);
	deleg_spread(&w->d, &b);
	w->d.facts.zone.ds_ttl = 20;
	w->recover = PARENT_RECOVER_NONE;
	w->transactions = 0;
	begin(DELEGATIONS_UPDATE);
	wait_for(is_low);
	assert_int_equal(w->transactions, 0);
	assert_int_equal(w->row.row.applied, delegation_content(&b));
	assert_int_equal(w->row.row.ttl_normal, 150);
}

/* Without a store nothing is decided. */
static bool scanned_often(void)
{
	return w->scans >= 3;
}

static void what_cannot_be_stored_is_not_done(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->deaf = true;
	roll();
	assert_true(agent_notified(w->agent, CHILD, ""));
	wait_for(scanned_often);
	assert_int_equal(w->transactions, 0);
	assert_int_equal(w->surveys, 0);
	w->deaf = false;
	wait_for(is_low);
	assert_int_equal(w->transactions, 1);
}

/* A notification is followed at once, of a delegation; of others nothing follows. */
static void a_notification_changes_times_only(void **state)
{
	(void)state;
	delegation_totals_t totals;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	assert_false(agent_notified(w->agent, "other.test.", ""));
	assert_false(agent_notified(w->agent, "x." CHILD, ""));
	assert_false(agent_notified(w->agent, ZONE, ""));
	assert_false(agent_notified(w->agent, "..", ""));
	const time_t at = now();
	const unsigned scans = w->scans;
	assert_true(agent_notified(w->agent, CHILD, ""));
	wait_for(surveyed);
	assert_non_null(strstr(w->log, "-> seen: A notification was received: a survey is due\n"));
	/* The next scan would be minutes later. */
	assert_true(now() - at < 250);
	assert_true(w->scans <= scans + 1);
	wait_for(rested);
	assert_int_equal(w->transactions, 0);
	agent_totals(w->agent, &totals);
	assert_int_equal(totals.notified, 1);
	assert_int_equal(totals.ignored, 4);
}

static bool scans_again(void)
{
	return w->scans >= 2;
}

static bool followed(void)
{
	return strstr(w->log, "-> seen: A notification was received: a survey is due") != NULL;
}

/* The turn that it comes in knows nothing of it. */
static void a_notification_during_a_scan_is_followed(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->scan_seconds = 50;
	wait_for(scans_again);
	assert_true(agent_notified(w->agent, CHILD, ""));
	wait_for(followed);
}

static bool verifies(void)
{
	return w->rows > 0 && w->row.row.state == DELEGATION_VERIFY;
}

/* The clock is set while it waits for the end of a change. */
static void a_notification_outlives_a_clock_that_is_set(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	assert_true(agent_notified(w->agent, CHILD, ""));
	wait_for(verifies);
	w->log[0] = '\0';
	assert_true(agent_notified(w->agent, CHILD, ""));
	w->clock_set += 1000;
	wait_for(followed);
}

/* A reload would bring the old DS back: nothing is ordered, and the item is named. */
static bool is_gated(void)
{
	return w->rows > 0 && w->row.row.gate == DELEGATION_GATE_LOAD_REVERTS;
}

static void where_a_reload_reverts_nothing_is_changed(void **state)
{
	(void)state;

	w->load = PARENT_LOAD_RELOAD;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(is_gated);
	assert_int_equal(w->transactions, 0);
	assert_string_equal(w->row.row.gate_detail, "zonefile-load: the test's");
}

/* The configuration changes after the decision: the order is not carried out. */
static bool failed_once(void)
{
	return strstr(w->log, "commit-failed") != NULL;
}

/*! A reload reads the file, and so reverts nothing. */
static void with_a_file_that_the_zone_file_includes_it_is_changed(void **state)
{
	(void)state;

	w->load = PARENT_LOAD_RELOAD;
	w->included = true;
	w->full = true;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	/* The file is tried again, and the failure is said once. */
	const char *said = strstr(w->log, "the test's disk");
	assert_non_null(said);
	assert_null(strstr(said + 1, "the test's disk"));
	assert_true(w->created > 1);
	assert_null(strstr(w->log, "$INCLUDE"));
	w->full = false;
	roll();
	wait_for(is_low);
	said = strstr(w->log, "$INCLUDE " FOLDER "/" ZONE "ds");
	assert_non_null(said);
	assert_null(strstr(said + 1, "$INCLUDE"));
	const unsigned created = w->created;
	wait_for(has_old_ttl);
	assert_int_equal(w->created, created);
	assert_int_equal(w->by_file, 2);
	assert_int_equal(w->transactions, 2);
	assert_null(strstr(w->log, "would not last"));
	assert_non_null(strstr(w->log, "a reload of the included file, delegations: 1"));
}

static bool misses_its_file(void)
{
	return strstr(w->parent.trouble, "it is missing") != NULL;
}

static bool has_not_read(void)
{
	return w->parent_errors > 2;
}

static bool has_no_trouble(void)
{
	return w->has_parent && w->parent.trouble[0] == '\0';
}

/*! It is made once in the life of a zone, whatever process that was. */
static void a_file_that_is_missing_is_not_made_again(void **state)
{
	(void)state;

	w->load = PARENT_LOAD_RELOAD;
	w->included = true;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	assert_true(w->parent.had_file);
	assert_int_equal(w->created, 1);
	/* While it runs. */
	w->file = false;
	wait_for(misses_its_file);
	w->file = true;
	wait_for(has_no_trouble);
	/* At the start of another one, whose store is opened later. */
	end();
	w->file = false;
	w->parent_error = true;
	begin(DELEGATIONS_UPDATE);
	wait_for(has_not_read);
	assert_true(has_no_trouble());
	w->parent_error = false;
	wait_for(misses_its_file);
	w->file = true;
	wait_for(has_no_trouble);
	assert_int_equal(w->created, 1);
	const char *said = strstr(w->log, "it is missing");
	assert_non_null(said);
	said = strstr(said + 1, "it is missing");
	assert_non_null(said);
	assert_null(strstr(said + 1, "it is missing"));
}

static bool is_included(void)
{
	return w->by_file > 0;
}

static bool was_tried_to_recover(void)
{
	return w->recovered > 1;
}

static bool failed_twice(void)
{
	const char *one = strstr(w->log, "(committing)"), *two = one != NULL ? strstr(one + 1, "(committing)") : NULL;
	return two != NULL && strstr(two, "(commit-failed)") != NULL;
}

/*! It is perhaps in the file: the next batch would publish it. */
static void a_lost_order_is_settled_before_anything_else(void **state)
{
	(void)state;

	w->load = PARENT_LOAD_RELOAD;
	w->included = true;
	w->recover = PARENT_RECOVER_AGAIN;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	assert_int_equal(w->recovered, 0);
	w->fails = PARENT_BATCH_LOST;
	roll();
	wait_for(is_included);
	wait_for(was_tried_to_recover);
	/* The child is judged again meanwhile, and its order gets too old. */
	wait_for(failed_twice);
	assert_int_equal(w->by_file, 1);
	assert_string_not_equal(w->parent.batch, "");
	assert_int_equal(w->recovered_items, 1);
	assert_string_equal(w->parent.trouble, "the test's");
	w->recover = PARENT_RECOVER_NONE;
	wait_for(is_low);
	assert_int_equal(w->by_file, 2);
	assert_string_equal(w->parent.batch, "");
	assert_string_equal(w->parent.trouble, "");
}

static bool is_clean(void)
{
	return w->removed > 0 && w->left == 0;
}

static bool has_trouble(void)
{
	return w->parent.trouble[0] != '\0';
}

/*! Whoever registers the name next would get the DS of the one before. */
static void ds_without_a_delegation_leaves_the_file(void **state)
{
	(void)state;

	w->load = PARENT_LOAD_RELOAD;
	w->included = true;
	w->left = 3;
	w->fails = PARENT_BATCH_BUSY;
	begin(DELEGATIONS_UPDATE);
	wait_for(is_clean);
	assert_int_equal(w->removed, 3);
	assert_int_equal(w->by_file, 2);
	assert_memory_equal(w->batch_at_begin, "left0.", 6);
	assert_string_equal(w->parent.batch, "");
	assert_non_null(
		strstr(w->log, "left2." ZONE " is no delegation any more; removed from the file: DS 1000 13 2 "));
	wait_for(rested);
	roll();
	wait_for(is_low);
	assert_int_equal(w->by_file, 3);
}

/*! A part of the zone is missing, perhaps: then all of its children would become insecure. */
static void many_ds_without_delegations_stay(void **state)
{
	(void)state;

	w->load = PARENT_LOAD_RELOAD;
	w->included = true;
	w->left = 11;
	begin(DELEGATIONS_UPDATE);
	wait_for(has_trouble);
	assert_non_null(strstr(w->parent.trouble, "11 names have DS and no delegation"));
	wait_for(rested);
	roll();
	wait_for(is_low);
	assert_int_equal(w->removed, 0);
	assert_int_equal(w->by_file, 1);
	w->left = 1;
	w->serial++;
	wait_for(has_no_trouble);
	wait_for(is_clean);
}

/*! Nor where the agent only reports, or changes by transactions. */
static void ds_without_a_delegation_stays_otherwise(void **state)
{
	(void)state;

	w->load = PARENT_LOAD_RELOAD;
	w->included = true;
	w->left = 1;
	begin(DELEGATIONS_REPORT);
	wait_for(rested);
	end();
	w->load = PARENT_LOAD_KEPT;
	w->included = false;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(is_low);
	wait_for(has_old_ttl);
	assert_int_equal(w->removed, 0);
}

static void what_was_left_in_the_file_is_recovered(void **state)
{
	w->included = true;
	w->load = PARENT_LOAD_RELOAD;
	what_a_process_has_left_behind_is_ended(state);
	assert_int_equal(w->by_file, 2);
}

/*! Nobody waits for its answer any more: the zone is read, and what a reload brings later is its own. */
static void a_lost_reload_is_not_a_change_of_another_client(void **state)
{
	(void)state;
	const ds_set_t b = deleg_set(B);

	w->load = PARENT_LOAD_RELOAD;
	w->included = true;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	w->fails = PARENT_BATCH_LOST;
	wait_for(is_included);
	put_ds(&b);
	w->d.facts.zone.ds_ttl = 20;
	deleg_spread(&w->d, &b);
	wait_for(is_low);
	assert_int_equal(w->row.row.manual, 0);
	assert_int_equal(w->row.row.ttl_normal, 150);
	assert_int_equal(w->by_file, 1);
}

static void the_load_class_is_proven_again_at_the_transaction(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->load = PARENT_LOAD_RELOAD;
	roll();
	wait_for(failed_once);
	assert_int_equal(w->transactions, 0);
}

/* So are the settings: a transaction that fails is not repeated where they forbid it by now. */
static void assert_forbidden(const agent_settings_t *settings, const char *why)
{
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->fails = PARENT_BATCH_BUSY;
	roll();
	wait_for(in_change);
	assert_int_equal(agent_zone(w->agent, ZONE, settings), KNOT_EOK);
	wait_for(failed_once);
	assert_int_equal(w->transactions, 1);
	assert_non_null(strstr(w->log, why));
}

static void report_mode_is_proven_again_at_the_transaction(void **state)
{
	(void)state;
	const agent_settings_t settings = settings_of(DELEGATIONS_REPORT);

	assert_forbidden(&settings, "delegations is report by now");
}

static void a_lock_is_proven_again_at_the_transaction(void **state)
{
	(void)state;
	agent_settings_t settings = settings_of(DELEGATIONS_UPDATE);

	settings.locked = CHILD;
	assert_forbidden(&settings, "the delegation is locked by now");
}

static bool lowering_ordered(void)
{
	return w->row.row.state == DELEGATION_RESTORE && w->transactions > 0;
}

static bool lowering_failed(void)
{
	return w->row.row.gate == DELEGATION_GATE_COMMIT_FAILED && w->row.row.ttl_normal == 0;
}

/* Its TTL is lowered ahead of a change, which the lock would forbid. */
static void nothing_is_lowered_that_is_locked_by_now(void **state)
{
	(void)state;
	agent_settings_t settings = settings_of(DELEGATIONS_UPDATE);

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->fails = PARENT_BATCH_BUSY;
	w->wish = DELEGATION_TTL_LOWERED;
	agent_ttl_wanted(w->agent, CHILD);
	wait_for(lowering_ordered);
	settings.locked = CHILD;
	assert_int_equal(agent_zone(w->agent, ZONE, &settings), KNOT_EOK);
	w->fails = PARENT_BATCH_COMMITTED;
	wait_for(lowering_failed);
	assert_int_equal(w->d.facts.zone.ds_ttl, 150);
	assert_non_null(strstr(w->log, "the delegation is locked by now"));
}

/* At a secondary DS changes at the primary, and no transaction is begun. */
static void a_secondary_changes_ds_by_update(void **state)
{
	(void)state;

	begin_update();
	wait_for(rested);
	roll();
	wait_for(is_low);
	assert_true(w->ordering_at_begin);
	wait_for(rested);
	assert_int_equal(w->d.facts.zone.ds_ttl, 150);
	assert_int_equal(w->updates, 2);
	assert_int_equal(w->checks, 0);
	assert_int_equal(w->transactions, 0);
	assert_null(strstr(w->log, "would not last"));
}

static bool is_removed(void)
{
	return rested() && w->row.row.ds == 0;
}

/* The primary is this server, so that the zone changes at once, and nothing says that the list is of before. */
static void a_list_of_before_an_update_shows_no_change_by_hand(void **state)
{
	(void)state;
	unsigned before;

	begin_update();
	wait_for(rested);
	w->cds = deleg_delete();
	deleg_signal_delete(&w->d);
	deleg_signed(&w->d, now() + 100000);
	wait_for(is_removed);
	before = w->saves;
	assert_true(agent_notified(w->agent, CHILD, ""));
	while (w->saves == before) {
		uv_run(&w->loop, UV_RUN_ONCE);
	}
	wait_for(rested);
	assert_null(strstr(w->log, "by hand"));
	assert_null(strstr(w->log, "suspended"));
}

/* Knot DNS 3.5 answers NOERROR, and leaves the TTL as it is, where it does not sign the zone. */
static void a_primary_that_does_not_restore_the_ttl_is_named(void **state)
{
	(void)state;
	const ds_set_t b = deleg_set(B);

	begin_update();
	wait_for(rested);
	roll();
	wait_for(is_low);
	w->ttl_stays = true;
	wait_for(failed_once);
	assert_non_null(strstr(w->log, "changes no TTL alone"));
	assert_int_equal(w->row.row.state, DELEGATION_LOW);
	assert_int_equal(w->row.row.applied, delegation_content(&b));
	w->ttl_stays = false;
	wait_for(rested);
	assert_int_equal(w->d.facts.zone.ds_ttl, 150);
}

/* No other change is sent before the primary has said what came of one that was lost. */
static void a_lost_update_is_asked_for_until_the_primary_says(void **state)
{
	(void)state;
	const update_status_t ends[] = { UPDATE_LOST, UPDATE_LOST, UPDATE_REFUSED, UPDATE_REFUSED_UNSIGNED,
		                         UPDATE_SAME };

	memcpy(w->update_ends, ends, sizeof(ends));
	begin_update();
	wait_for(rested);
	roll();
	wait_for(is_low);
	assert_int_equal(w->updates, 5);
	assert_int_equal(w->checks, 4);
	assert_false(w->mixed);
}

/* The set is the same before and after: whether a lost message has changed its TTL the zone alone shows. */
static void a_lost_restore_is_not_said_to_be_made(void **state)
{
	(void)state;

	w->update_ends[1] = UPDATE_LOST;
	w->update_ends[2] = UPDATE_SAME;
	begin_update();
	wait_for(rested);
	roll();
	wait_for(is_low);
	w->ttl_stays = true;
	wait_for(failed_once);
	assert_non_null(strstr(w->log, "DNS UPDATE in doubt: the primary has the set"));
	assert_non_null(strstr(w->log, "has not said whether it has changed the TTL"));
	assert_null(strstr(w->log, "by an earlier message"));
	assert_null(strstr(w->log, "changes no TTL alone"));
	w->ttl_stays = false;
	wait_for(rested);
	assert_int_equal(w->d.facts.zone.ds_ttl, 150);
}

static void an_update_that_was_not_made_is_decided_again(void **state)
{
	(void)state;

	w->update_ends[0] = UPDATE_LOST;
	w->update_ends[1] = UPDATE_BASE;
	begin_update();
	wait_for(rested);
	roll();
	wait_for(failed_once);
	assert_non_null(strstr(w->log, "has not carried out"));
	wait_for(is_low);
	assert_int_equal(w->updates, 3);
	assert_int_equal(w->checks, 1);
}

static void a_refused_update_is_said_and_decided_again(void **state)
{
	(void)state;
	static const update_status_t ends[] = { UPDATE_REFUSED, UPDATE_REFUSED_UNSIGNED, UPDATE_DIFFERS };

	memcpy(w->update_ends, ends, sizeof(ends));
	begin_update();
	wait_for(rested);
	roll();
	wait_for(is_low);
	assert_non_null(strstr(w->log, "the primary refuses: the test's"));
	assert_non_null(strstr(w->log, "another NS or DS RRset"));
	assert_int_equal(w->updates, 4);
	assert_int_equal(w->checks, 0);
}

static void without_a_connection_the_same_order_is_sent_again(void **state)
{
	(void)state;

	w->update_ends[0] = w->update_ends[1] = UPDATE_UNSENT;
	begin_update();
	wait_for(rested);
	roll();
	const unsigned before = w->surveys;
	wait_for(is_low);
	assert_int_equal(w->updates, 3);
	assert_int_equal(w->checks, 0);
	assert_true(w->surveys >= before);
}

static bool is_at_primary(void)
{
	const ds_set_t b = deleg_set(B);

	return ds_set_equal(&w->at_primary, &b);
}

static bool is_untransferred(void)
{
	return w->row.row.gate == DELEGATION_GATE_PARENT_STALE && strstr(w->row.row.gate_detail, "primary") != NULL;
}

static bool checked_twice(void)
{
	return w->checks >= 2;
}

static bool has_changed_by_update(void)
{
	return w->d.facts.zone.ds_ttl == 20;
}

static bool has_normal_ttl(void)
{
	return w->d.facts.zone.ds_ttl == 150;
}

/*! The change is the agent's: it is verified, and the TTL of before comes back. */
static void assert_own_change(time_t inception)
{
	wait_for(rested);
	assert_int_equal(w->d.facts.zone.ds_ttl, 150);
	assert_int_equal(w->row.row.applied_inception, inception);
	assert_null(strstr(w->log, "by hand"));
}

static void is_waited_for(bool unreachable, delegation_keys_t wants)
{
	delegation_totals_t totals;

	begin_update();
	wait_for(rested);
	w->held = true;
	w->at_primary = deleg_set(A);
	roll();
	const time_t inception = w->d.child[0].cds.inception;
	wait_for(is_at_primary);
	w->unreachable = unreachable;
	w->cds = deleg_set(wants);
	deleg_signal(&w->d, wants);
	wait_for(is_untransferred);
	wait_for(checked_twice);
	assert_int_equal(w->row.row.state, DELEGATION_CHANGE);
	/* It is asked whether it still has the set, and for nothing else. */
	assert_int_equal(w->updates, 1 + w->checks);
	assert_false(w->mixed);
	w->cds = deleg_set(B);
	deleg_signal(&w->d, B);
	transfer();
	assert_own_change(inception);
	agent_totals(w->agent, &totals);
	assert_int_equal(totals.changes, 1);
	assert_int_equal(totals.restores, 1);
}

/* The primary makes the change, and its transfer does not come. */
static void what_is_not_transferred_yet_is_waited_for(void **state)
{
	(void)state;

	is_waited_for(false, B);
}

static void even_if_the_primary_is_down_by_then(void **state)
{
	(void)state;

	is_waited_for(true, B);
}

static void and_if_the_child_takes_its_signals_back(void **state)
{
	(void)state;

	is_waited_for(false, A);
}

static void and_if_the_child_asks_for_another_set(void **state)
{
	(void)state;

	is_waited_for(false, C);
}

/* What another client has put there meanwhile will not be the set that is waited for. */
static void a_primary_that_has_another_set_by_now_is_not_waited_for(void **state)
{
	(void)state;

	begin_update();
	wait_for(rested);
	w->held = true;
	w->at_primary = deleg_set(A);
	roll();
	wait_for(is_at_primary);
	wait_for(is_untransferred);
	w->at_primary = deleg_set(C);
	wait_for(failed_once);
	assert_non_null(strstr(w->log, "another NS or DS RRset"));
	/* Its TTL is the agent's still. */
	transfer();
	wait_for(has_changed_by_update);
	wait_for(has_normal_ttl);
}

/* TCP may deliver a message after its connection was given up here, and after the primary has said what it has. */
static void an_update_that_is_carried_out_late_is_the_agents(void **state)
{
	(void)state;

	w->update_ends[0] = UPDATE_LOST;
	w->update_ends[1] = UPDATE_BASE;
	begin_update();
	wait_for(rested);
	roll();
	const time_t inception = w->d.child[0].cds.inception;
	wait_for(failed_once);
	assert_non_null(strstr(w->log, "has not carried out"));
	w->at_primary = w->update_wanted;
	w->at_primary_ttl = 20;
	transfer();
	assert_own_change(inception);
	assert_int_equal(w->updates - w->checks, 2);
}

static bool restores(void)
{
	return w->row.row.state == DELEGATION_RESTORE;
}

static bool restores_again(void)
{
	return w->updates == 2;
}

/* The zone has the change before the primary says so. An order that comes in between is refused, and tried again. */
static void the_answer_to_a_former_order_is_none_to_this_one(void **state)
{
	(void)state;

	w->answers_late = true;
	begin_update();
	wait_for(rested);
	roll();
	wait_for(is_low);
	wait_for(restores);
	assert_int_equal(w->updates, 1);
	answer_late();
	wait_for(failed_once);
	assert_non_null(strstr(w->log, "the primary has not answered yet"));
	wait_for(restores_again);
	wait_for(rested);
	assert_int_equal(w->d.facts.zone.ds_ttl, 150);
	assert_null(strstr(w->log, "check its transfer"));
}

static bool sent(void)
{
	return w->updates > 0 && w->row.row.state == DELEGATION_CHANGE;
}

static bool checked(void)
{
	return w->checks > 0 && strstr(w->log, "UPDATE refused") != NULL;
}

/* The zone is no parent any more while a lost message is asked for, and the primary does not know the key any more. */
static void an_update_in_doubt_ends_with_its_zone(void **state)
{
	(void)state;

	w->update_ends[0] = UPDATE_LOST;
	w->update_ends[1] = UPDATE_REFUSED_UNSIGNED;
	w->leaves = true;
	begin_update();
	wait_for(rested);
	roll();
	wait_for(checked);
	assert_int_equal(w->updates, 2);
	/* Its memory too: valgrind and the sanitizer say so. */
	end();
}

/* A process ends before it has the answer: the next one asks first. */
static void what_a_process_has_sent_is_asked_for(void **state)
{
	(void)state;

	w->update_ends[0] = UPDATE_LOST;
	begin_update();
	wait_for(rested);
	roll();
	wait_for(sent);
	end();
	assert_int_equal(w->row.row.state, DELEGATION_CHANGE);
	w->updates = w->checks = 0;
	w->update_ends[0] = UPDATE_BASE;
	begin_update();
	wait_for(is_low);
	assert_int_equal(w->updates, 2);
	assert_int_equal(w->checks, 1);
}

/*
 * The operator of a child learns of what is in the way, twice and then rarely, if the agent domain is at a nameserver
 * of the child.
 */
static bool differs_long(void)
{
	return w->row.row.gate == DELEGATION_GATE_SIGNALS_DIFFER && w->surveys >= 8;
}

static void assert_reports(const char *agent_domain, unsigned reports)
{
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	deleg_signal_at(&w->d, 1, A);
	assert_true(agent_notified(w->agent, CHILD, agent_domain));
	wait_for(differs_long);
	assert_int_equal(w->reported, reports);
}

static void errors_are_reported_twice(void **state)
{
	(void)state;

	assert_reports("rep.ns.child.test.", 2);
	assert_string_equal(w->reports, "_er.59.child.test.24._er.rep.ns.child.test.\n"
	                                "_er.59.child.test.24._er.rep.ns.child.test.\n");
}

static void errors_are_not_reported_to_anybody_else(void **state)
{
	(void)state;

	assert_reports("victim.example.", 0);
}

static bool is_changed(void)
{
	return w->transactions == 1 && w->row.row.state == DELEGATION_VERIFY;
}

static bool is_undone(void)
{
	return w->transactions == 2 && w->row.row.undone;
}

/* What is broken is repaired at once: an undo does not wait for the pause after a long commit. */
static void an_undo_does_not_wait_for_the_pause(void **state)
{
	(void)state;
	const ds_set_t a = deleg_set(A);
	ds_set_t has;

	w->took_ms = 100000;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(is_changed);
	const time_t changed = w->last_commit;
	deleg_views(&w->d, DELEGATION_VIEW_BOGUS);
	wait_for(is_undone);
	assert_true(w->last_commit - changed < 100);
	ds_set_read(&w->ds, &has);
	assert_true(ds_set_equal(&has, &a));
}

static bool all_listed(void)
{
	delegation_totals_t totals;
	agent_totals(w->agent, &totals);
	return totals.delegations == w->children;
}

/* Delegations come and go with the zone. One without DS that is not bootstrapped is not asked, and has no row. */
static void delegations_come_and_go(void **state)
{
	(void)state;
	delegation_totals_t totals;

	w->children = 1000;
	begin(DELEGATIONS_UPDATE);
	wait_for(all_listed);
	wait_for(rested);
	assert_true(w->scans <= 2);
	assert_true(w->saves < 10);
	w->children = 3;
	w->serial++;
	wait_for(all_listed);
	agent_totals(w->agent, &totals);
	assert_int_equal(totals.state[DELEGATION_REST], 3);
	assert_int_equal(totals.gate[DELEGATION_GATE_NONE], 3);
	assert_int_equal(agent_zone(w->agent, ZONE, NULL), KNOT_EOK);
	agent_totals(w->agent, &totals);
	assert_int_equal(totals.delegations, 0);
	assert_int_equal(totals.zones, 0);
	assert_int_equal(totals.state[DELEGATION_REST], 0);
}

static bool has_row(void)
{
	return w->rows > 0;
}

static bool is_gone(void)
{
	return w->row.gone != 0;
}

static bool is_back(void)
{
	return w->row.gone == 0;
}

/* What is stored of a delegation that the zone has no longer is kept, and says so, whoever was there when it went. */
static void a_delegation_that_is_gone_is_stored_as_gone(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(has_row);
	wait_for(rested);
	assert_false(is_gone());
	const uint64_t ds = w->row.row.ds;
	w->children = 0;
	w->serial++;
	wait_for(is_gone);
	assert_int_equal(w->row.row.ds, ds);
	w->children = 1;
	w->serial++;
	wait_for(is_back);

	end();
	w->children = 0;
	begin(DELEGATIONS_UPDATE);
	wait_for(is_gone);
	assert_int_equal(w->row.row.ds, ds);
}

/* A zone may lose a delegation by mistake: what is known of the same child is known again, the TTL above all. */
static void a_delegation_that_comes_back_is_known_again(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(is_low);
	w->children = 0;
	w->serial++;
	wait_for(is_gone);
	w->children = 1;
	w->serial++;
	wait_for(has_old_ttl);
	assert_int_equal(w->row.gone, 0);
	assert_int_equal(w->row.row.manual, 0);
}

/* Whoever registers the name next has another DS, and nothing to do with what was done by hand before. */
static void another_child_of_the_name_begins_as_new(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	end();
	w->row.gone = now();
	w->row.row.state = DELEGATION_SUSPENDED;
	w->row.row.ds = 0;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	assert_int_equal(w->row.row.manual, 0);
	assert_int_equal(w->row.gone, 0);
	assert_null(strstr(w->log, "by hand"));
}

/* A row that cannot be stored is tried again and again. */
static void a_name_that_the_store_has_no_room_for_is_left_alone(void **state)
{
	(void)state;
	delegation_totals_t totals;

	w->long_name = true;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	agent_totals(w->agent, &totals);
	assert_int_equal(totals.delegations, 2);
	const char *said = strstr(w->log, "are not maintained");
	assert_non_null(said);
	assert_null(strstr(said + 1, "are not maintained"));
}

static bool scanned(void)
{
	return w->scans > 0;
}

/* The clock was wrong when the row was stored, or is so until it is set some seconds after the boot. */
static void no_row_puts_off_a_scan_for_years(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	end();
	w->scans = 0;
	w->row.row.next_check += 20000 * DAY;
	begin(DELEGATIONS_UPDATE);
	wait_for(scanned);
}

/* What DNS says shows nothing of the control socket. */
static void trouble_ends_with_its_cause(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->mute = true;
	wait_for(has_trouble);
	assert_string_equal(w->parent.trouble, "no answer");
	w->mute = false;
	wait_for(has_no_trouble);
}

/* How long a server has been silent outlives the process. */
static bool silence_is_known(void)
{
	return w->silence.since != 0;
}

static bool silence_is_over(void)
{
	return w->silence.since == 0;
}

/*! The state was entered some time before its last turn. */
static bool has_stayed(void)
{
	return w->row.row.clock.wall > w->row.row.since;
}

static void silence_is_remembered(void **state)
{
	(void)state;

	snprintf(w->d.child[1].server, sizeof(w->d.child[1].server), "ns1.child.test. 192.0.2.1@53");
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->d.child[1].status = ANSWER_UNREACHABLE;
	roll();
	wait_for(silence_is_known);
	wait_for(has_stayed);
	const time_t since = w->silence.since;
	end();
	begin(DELEGATIONS_UPDATE);
	wait_for(surveyed_thrice);
	assert_int_equal(w->silence.since, since);
	w->d.child[1].status = ANSWER_OK;
	wait_for(silence_is_over);
	wait_for(is_low);
}

static bool silence_began_again(void)
{
	return w->silence.since > w->watch;
}

/* A process that begins hours later does not know that a server was silent all the time. */
static void silence_during_a_long_pause_does_not_count(void **state)
{
	(void)state;

	snprintf(w->d.child[1].server, sizeof(w->d.child[1].server), "ns1.child.test. 192.0.2.1@53");
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->d.child[1].status = ANSWER_UNREACHABLE;
	roll();
	wait_for(silence_is_known);
	end();
	w->silence.since = w->watch = now() - DAY;
	w->row.checked -= 8 * HOUR;
	begin(DELEGATIONS_UPDATE);
	wait_for(silence_began_again);
}

/* A locked delegation is left alone. */
static bool is_locked(void)
{
	return w->rows > 0 && w->row.row.gate == DELEGATION_GATE_LOCKED;
}

static void a_locked_delegation_is_left_alone(void **state)
{
	(void)state;
	agent_settings_t settings = settings_of(DELEGATIONS_UPDATE);

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	settings.locked = "xchild.test. " CHILD;
	assert_int_equal(agent_zone(w->agent, ZONE, &settings), KNOT_EOK);
	roll();
	wait_for(is_locked);
	assert_string_equal(w->parent.locks, settings.locked);
	char many[2 * sizeof(w->parent.locks)];
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	settings.locked = many;
	assert_int_equal(agent_zone(w->agent, ZONE, &settings), KNOT_EOK);
	assert_string_equal(w->parent.locks, STORE_LOCKS_MANY);
	settings.locked = "xchild.test. child.test.x.";
	assert_int_equal(agent_zone(w->agent, ZONE, &settings), KNOT_EOK);
	wait_for(is_low);
}

/* Orders that come one after the other do not put off those that wait. */
static void order_one(parent_t *parent, const char *child)
{
	const delegation_order_t order = {
		.action = DELEGATION_DO_CHANGE, .put = deleg_set(B), .ttl = 20, .until = now() + 3600
	};
	knot_dname_storage_t name;

	assert_non_null(knot_dname_from_str(name, child, sizeof(name)));
	delegation_t *d = delegations_find(&parent->all, name);
	assert_non_null(d);
	assert_non_null(delegation_wake(&parent->all, d));
	assert_true(orders_add(d, &order, &w->ns, &w->ds));
}

static void an_order_does_not_put_off_the_others(void **state)
{
	(void)state;

	w->children = 3;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	parent_t *parent = list_item(w->agent->parents.first, parent_t, node);
	order_one(parent, "c1.test.");
	/* The loop does not run: the first one is due, and waits. */
	const uint64_t end = uv_hrtime() + UINT64_C(1000000) * BOUND;
	while (uv_timer_get_due_in(&parent->orders.timer) > 0 && uv_hrtime() < end) {
		uv_update_time(&w->loop);
	}
	assert_int_equal(uv_timer_get_due_in(&parent->orders.timer), 0);
	order_one(parent, "c2.test.");
	assert_int_equal(uv_timer_get_due_in(&parent->orders.timer), 0);
}

/* The load class is read for the zone and for its orders. Neither loses its turn for that of the other. */
static void an_order_waits_for_no_other_load(void **state)
{
	(void)state;
	const agent_settings_t settings = settings_of(DELEGATIONS_UPDATE);

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->fails = PARENT_BATCH_BUSY;
	roll();
	wait_for(in_change);
	w->load_seconds = 10;
	assert_int_equal(agent_zone(w->agent, ZONE, &settings), KNOT_EOK);
	wait_for(is_low);
}

static bool has_load(void)
{
	return strstr(w->log, "would not last") != NULL;
}

static void a_zone_is_checked_after_an_order(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->load = PARENT_LOAD_RELOAD;
	w->load_seconds = 20; /* A check of the zone is due meanwhile. */
	roll();
	wait_for(has_load);
	assert_int_equal(w->transactions, 0);
	w->children = 3;
	w->serial++;
	wait_for(all_listed);
}

/* Without memory for a call it is cancelled. */
static void a_list_that_is_cancelled_is_repeated(void **state)
{
	(void)state;

	w->list_status = SERVER_CANCELLED;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
}

/* A store that is opened later does not lose what it has. */
static void rows_are_waited_for(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(is_low);
	end();
	w->closed = true;
	begin(DELEGATIONS_UPDATE);
	const time_t from = now();
	while (now() < from + 50) {
		uv_run(&w->loop, UV_RUN_ONCE);
	}
	w->closed = false;
	wait_for(has_old_ttl);
}

/* The clock is set back while an order waits: its facts get old all the same. */
static void an_order_gets_old_by_a_clock_that_only_counts(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->fails = PARENT_BATCH_BUSY;
	w->fails_always = true;
	roll();
	wait_for(in_change);
	w->clock_set = -3600;
	const time_t from = now();
	wait_for(failed_once);
	const time_t after = now() - from;
	assert_true(after >= 1 && after <= 300);
}

/* Very many delegations have another DS at once: those that rest are scanned at the rate of scans. */
static bool scanned_all(void)
{
	return w->scans >= w->children;
}

static unsigned scans_within(time_t seconds)
{
	const unsigned before = w->scans;
	const time_t from = now();

	while (now() < from + seconds) {
		uv_run(&w->loop, UV_RUN_ONCE);
	}
	return w->scans - before;
}

static void other_ds_are_no_flood(void **state)
{
	(void)state;
	const ds_set_t c = deleg_set(C);
	agent_settings_t settings = settings_of(DELEGATIONS_REPORT);

	w->children = 500;
	w->alike = true;
	begin(DELEGATIONS_REPORT);
	settings.config.scan_interval = DAY;
	assert_int_equal(agent_zone(w->agent, ZONE, &settings), KNOT_EOK);
	agent_scan_rate(w->agent, 10000);
	wait_for(scanned_all);
	agent_scan_rate(w->agent, 1);
	w->cds = c;
	put_ds(&c);
	assert_true(scans_within(100) <= 200);
}

static void a_store_that_fails_makes_no_flood(void **state)
{
	(void)state;

	w->children = 500;
	w->alike = true;
	w->deaf = true;
	begin(DELEGATIONS_REPORT);
	agent_scan_rate(w->agent, 10000);
	wait_for(scanned_all);
	agent_scan_rate(w->agent, 1);
	assert_true(scans_within(100) <= 300);
}

/* A server that was silent once, and is again much later, was not silent all the time. */
static bool silent_again(void)
{
	return w->silence.since > T0;
}

static void silence_counts_where_it_was_watched(void **state)
{
	(void)state;

	snprintf(w->d.child[1].server, sizeof(w->d.child[1].server), "ns1.child.test. 192.0.2.1@53");
	w->silence.since = T0 - 10 * DAY;
	w->silence.seen = T0;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->d.child[1].status = ANSWER_UNREACHABLE;
	roll();
	wait_for(silent_again);
	assert_int_equal(w->transactions, 0);
}

/* A server of the parent is not silent for longer because the clock was set. The simulator found that. */
static bool silence_has_moved(void)
{
	return w->silence.since > T0 + 39 * DAY || w->row.row.state == DELEGATION_VERIFY;
}

static bool spreads(void)
{
	return w->row.row.state == DELEGATION_SPREAD || w->row.row.state == DELEGATION_VERIFY;
}

static unsigned surveys_before;

static bool surveyed_or_verified(void)
{
	return w->surveys >= surveys_before + 2 || w->row.row.state == DELEGATION_VERIFY;
}

/*! Two servers of the parent, of which the second one can fall silent. */
static void begin_with_two_parents(void)
{
	snprintf(w->d.parent[1].server, sizeof(w->d.parent[1].server), "ns2.test. 192.0.2.2@53");
	w->silent_parent = true;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
}

static void silence_of_the_parent_follows_the_clock(void **state)
{
	(void)state;

	begin_with_two_parents();
	w->d.parent[1].status = ANSWER_UNREACHABLE;
	roll();
	wait_for(silence_is_known);
	wait_for(spreads);
	w->clock_set = 40 * DAY;
	wait_for(silence_has_moved);
	surveys_before = w->surveys;
	wait_for(surveyed_or_verified);
	assert_int_equal(w->row.row.state, DELEGATION_SPREAD);
}

/* Since when it is silent was stored by a clock that is another one after the start. */
static bool silence_begins_again(void)
{
	return w->silence.since > T0 + 30 * DAY;
}

static void silence_does_not_grow_with_the_clock(void **state)
{
	(void)state;

	snprintf(w->d.child[1].server, sizeof(w->d.child[1].server), "ns1.child.test. 192.0.2.1@53");
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->d.child[1].status = ANSWER_UNREACHABLE;
	roll();
	wait_for(silence_is_known);
	end();
	w->clock_set += 40 * DAY;
	begin(DELEGATIONS_UPDATE);
	wait_for(silence_begins_again);
	assert_int_equal(w->transactions, 0);
}

/* The same of the parent: not of a clock that nobody can compare, and not once it was asked by nobody for days. */
static bool waits_for_the_parent(void)
{
	const delegation_row_t *row = &w->row.row;

	return row->state == DELEGATION_SPREAD && row->gate == DELEGATION_GATE_PARENT_UNREACHABLE && has_stayed();
}

static void silence_of_the_parent_does_not_outlive_its_clock(void **state)
{
	(void)state;

	begin_with_two_parents();
	w->d.parent[1].status = ANSWER_UNREACHABLE;
	roll();
	wait_for(waits_for_the_parent);
	const time_t since = w->silence.since;
	end();
	/* It goes on. */
	begin(DELEGATIONS_UPDATE);
	surveys_before = w->surveys;
	wait_for(surveyed_or_verified);
	assert_int_equal(w->silence.since, since);
	end();
	w->clock_set += 40 * DAY;
	begin(DELEGATIONS_UPDATE);
	wait_for(silence_begins_again);
	surveys_before = w->surveys;
	wait_for(surveyed_or_verified);
	assert_int_equal(w->row.row.state, DELEGATION_SPREAD);
	end();
	/* The state was entered, and nobody has been asked in it. */
	w->silence.since -= 20 * DAY;
	w->row.row.since = w->row.row.clock.wall;
	begin(DELEGATIONS_UPDATE);
	wait_for(silence_begins_again);
}

/* Nor does it count where the former process asked the child alone, and this one as well. */
static bool waits_or_verifies(void)
{
	return waits_for_the_parent() || w->row.row.state == DELEGATION_VERIFY;
}

static bool has_an_error(void)
{
	return w->row.row.gate == DELEGATION_GATE_ERROR;
}

static void silence_of_the_parent_counts_where_it_was_asked(void **state)
{
	(void)state;

	begin_with_two_parents();
	w->d.child[1].status = ANSWER_ERROR;
	roll();
	wait_for(has_an_error);
	end();
	w->silence.since = T0 - 20 * DAY;
	w->silence.seen = now();
	w->d.parent[1].status = ANSWER_UNREACHABLE;
	begin(DELEGATIONS_UPDATE);
	surveys_before = w->surveys;
	wait_for(surveyed_or_verified);
	w->d.child[1].status = ANSWER_OK;
	wait_for(waits_or_verifies);
	assert_int_equal(w->row.row.state, DELEGATION_SPREAD);
	assert_true(w->silence.since > T0);
}

/* Where no server answers, this host may be cut off. */
static bool surveyed_often(void)
{
	return w->surveys >= 5;
}

static void silence_of_all_is_no_evidence(void **state)
{
	(void)state;

	snprintf(w->d.child[1].server, sizeof(w->d.child[1].server), "ns1.child.test. 192.0.2.1@53");
	for (unsigned i = 0; i < w->d.facts.child_count; i++) {
		w->d.child[i].status = ANSWER_UNREACHABLE;
	}
	w->cut_off = true;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(silence_is_known);
	const time_t first = w->silence.since;
	wait_for(surveyed_often);
	assert_true(w->silence.since > first);
}

/* That was no rule for servers of the parent, and one was left out that answered. The simulator found that. */
static void silence_of_the_parent_does_not_count_while_this_host_is_cut_off(void **state)
{
	(void)state;

	begin_with_two_parents();
	w->d.parent[1].status = ANSWER_UNREACHABLE;
	roll();
	wait_for(silence_is_known);
	wait_for(spreads);
	const time_t first = w->silence.since;
	w->cut_off = true;
	surveys_before = w->surveys;
	wait_for(surveyed_or_verified);
	assert_true(w->silence.since > first);
	assert_int_equal(w->row.row.state, DELEGATION_SPREAD);
}

/* A server that was not asked may have answered meanwhile, whatever else was asked. */
static bool surveyed_again(void)
{
	return w->surveys >= surveys_before + 2;
}

static void surveys_go_on(void)
{
	surveys_before = w->surveys;
	wait_for(surveyed_again);
}

/*! More than a survey may be apart from the next one; there are surveys in between. */
static void hours_pass(void)
{
	for (int i = 0; i < 2; i++) {
		passed_ms += 6 * HOUR * UINT64_C(1000);
		surveys_go_on();
	}
}

/*! One of the child's servers is silent, and another one has an error. */
static void begin_with_a_silent_server(void)
{
	snprintf(w->d.child[1].server, sizeof(w->d.child[1].server), "ns1.child.test. 192.0.2.1@53");
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	w->d.child[1].status = ANSWER_UNREACHABLE;
	w->d.child[0].status = ANSWER_ERROR;
	roll();
	wait_for(silence_is_known);
	wait_for(has_stayed);
	surveys_go_on();
}

static void silence_of_a_server_that_is_left_out_does_not_count(void **state)
{
	(void)state;
	const unsigned all = w->d.facts.child_count;

	begin_with_a_silent_server();
	w->d.facts.child_count = 1;
	hours_pass();
	w->d.facts.child_count = all;
	const time_t since = now();
	surveys_go_on();
	assert_true(w->silence.since >= since);
}

/* The search for its servers fails in each turn of a process. */
static void silence_does_not_count_while_servers_are_not_found(void **state)
{
	(void)state;
	const unsigned all = w->d.facts.child_count;

	begin_with_a_silent_server();
	w->d.facts.child_count = 0;
	w->d.facts.discovery_failed = true;
	hours_pass();
	end();
	w->d.facts.child_count = all;
	w->d.facts.discovery_failed = false;
	const time_t since = now();
	begin(DELEGATIONS_UPDATE);
	surveys_go_on();
	assert_true(w->silence.since >= since);
}

/* This host was cut off when the former process asked last. */
static void silence_does_not_count_since_a_survey_without_answers(void **state)
{
	(void)state;

	begin_with_a_silent_server();
	w->cut_off = true;
	surveys_go_on();
	end();
	passed_ms += 6 * HOUR * UINT64_C(1000);
	w->cut_off = false;
	const time_t since = now();
	begin(DELEGATIONS_UPDATE);
	surveys_go_on();
	assert_true(w->silence.since >= since);
}

static void silence_of_the_parent_does_not_count_while_its_servers_are_not_found(void **state)
{
	(void)state;
	const unsigned all = w->d.facts.parent_count;

	begin_with_two_parents();
	w->d.parent[1].status = ANSWER_UNREACHABLE;
	roll();
	wait_for(waits_for_the_parent);
	/* As the survey says that. */
	w->d.facts.parent_count = 1;
	w->d.parent[0].status = ANSWER_INCOMPLETE;
	hours_pass();
	w->d.facts.parent_count = all;
	w->d.parent[0].status = ANSWER_OK;
	const time_t since = now();
	surveys_go_on();
	assert_true(w->silence.since >= since);
}

/* What a former process has left behind is not forgotten because the store cannot be read for a while. */
static void a_batch_is_kept_while_the_store_cannot_be_read(void **state)
{
	(void)state;

	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	wait_for(in_change);
	const store_parent_t parent = w->parent;
	end();
	const ds_set_t a = deleg_set(A);
	put_ds(&a);
	w->d.facts.zone.ds_ttl = 150;
	w->parent = parent;
	w->parent_error = true;
	w->recover = PARENT_RECOVER_ABORTED;
	begin(DELEGATIONS_UPDATE);
	(void)scans_within(30);
	w->parent_error = false;
	wait_for(is_low);
	assert_int_equal(w->recovered, 1);
}

/* The time that a transaction waited for a list is no work of knotd. */
static bool second_began(void)
{
	return w->transactions >= 2;
}

static void a_wait_for_others_is_not_paused_for(void **state)
{
	(void)state;

	w->children = 2;
	w->alike = true;
	w->queue_seconds = 30;
	begin(DELEGATIONS_UPDATE);
	wait_for(rested);
	roll();
	assert_true(agent_notified(w->agent, CHILD, ""));
	wait_for(is_low);
	const ds_set_t a = deleg_set(A);
	put_ds(&a);
	w->queue_seconds = 0;
	const time_t from = now();
	assert_true(agent_notified(w->agent, "c1.test.", ""));
	wait_for(second_began);
	assert_true(now() - from <= 100);
}

/* Many delegations with slow nameservers leave room for others. */
static void slow_nameservers_leave_room(void **state)
{
	(void)state;
	static const uint8_t ns[] = "\x04slow\x04test";
	char name[32];

	add_record(&w->slow_ns, ns, sizeof(ns));
	w->children = 1000;
	w->alike = true;
	begin(DELEGATIONS_UPDATE);
	agent_scan_rate(w->agent, 10000);
	wait_for(scanned_all);
	wait_for(rested);
	w->slow_seconds = 2000;
	for (unsigned i = 1; i < w->children; i++) {
		snprintf(name, sizeof(name), "c%u." ZONE, i);
		assert_true(agent_notified(w->agent, name, ""));
	}
	(void)scans_within(20);
	roll();
	const time_t from = now();
	assert_true(agent_notified(w->agent, CHILD, ""));
	wait_for(surveyed);
	assert_true(now() - from <= 200);
}

static bool watched_again(void)
{
	return w->row.row.next_check > w->watch;
}

/* Notifications for many children with nameservers that do not answer, each with its own, keep no change waiting. */
static void notified_children_leave_room_for_a_change(void **state)
{
	(void)state;
	char name[32];
	agent_settings_t settings = settings_of(DELEGATIONS_UPDATE);

	w->apart = w->alike = true;
	w->children = 600;
	settings.config.verify = 40000;
	settings.config.ds_ttl_hold = 90000;
	settings.config.scan_interval = 100000;
	begin_with(&settings);
	agent_scan_rate(w->agent, 10000);
	wait_for(scanned_all);
	wait_for(rested);
	roll();
	assert_true(agent_notified(w->agent, CHILD, ""));
	wait_for(verifies);
	w->slow_seconds = 2000;
	for (unsigned i = 1; i < w->children; i++) {
		snprintf(name, sizeof(name), "c%u." ZONE, i);
		assert_true(agent_notified(w->agent, name, ""));
	}
	(void)scans_within(20);
	const time_t from = now();
	for (int i = 0; i < 5; i++) {
		w->watch = w->row.row.next_check;
		wait_for(watched_again);
	}
	/* A check each 10 s. */
	assert_true(now() - from <= 500);
}

int main(void)
{
	if (old_knot()) {
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(notified_children_leave_room_for_a_change, setup, teardown),
		cmocka_unit_test_setup_teardown(slow_nameservers_leave_room, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wait_for_others_is_not_paused_for, setup, teardown),
		cmocka_unit_test_setup_teardown(a_batch_is_kept_while_the_store_cannot_be_read, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_of_all_is_no_evidence, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_of_the_parent_follows_the_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_of_the_parent_does_not_outlive_its_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_of_the_parent_counts_where_it_was_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_of_the_parent_does_not_count_while_this_host_is_cut_off, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(silence_of_a_server_that_is_left_out_does_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_does_not_count_while_servers_are_not_found, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_does_not_count_since_a_survey_without_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_of_the_parent_does_not_count_while_its_servers_are_not_found,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(silence_counts_where_it_was_watched, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_does_not_grow_with_the_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(a_store_that_fails_makes_no_flood, setup, teardown),
		cmocka_unit_test_setup_teardown(other_ds_are_no_flood, setup, teardown),
		cmocka_unit_test_setup_teardown(an_order_gets_old_by_a_clock_that_only_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_are_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(a_list_that_is_cancelled_is_repeated, setup, teardown),
		cmocka_unit_test_setup_teardown(a_zone_is_checked_after_an_order, setup, teardown),
		cmocka_unit_test_setup_teardown(an_order_waits_for_no_other_load, setup, teardown),
		cmocka_unit_test_setup_teardown(an_order_does_not_put_off_the_others, setup, teardown),
		cmocka_unit_test_setup_teardown(a_scan_leads_to_a_change_and_the_ttl_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_child_of_this_server_has_its_ttl_lowered_as_long_as_it_wants, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(report_mode_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_another_client_has_changed_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(an_order_does_not_outlive_a_change_by_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(a_transaction_that_fails_is_repeated, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_commit_is_read_from_the_zone, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_process_has_left_behind_is_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_committed_before_the_end_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_stored_is_not_done, setup, teardown),
		cmocka_unit_test_setup_teardown(a_notification_changes_times_only, setup, teardown),
		cmocka_unit_test_setup_teardown(a_notification_during_a_scan_is_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_notification_outlives_a_clock_that_is_set, setup, teardown),
		cmocka_unit_test_setup_teardown(where_a_reload_reverts_nothing_is_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(with_a_file_that_the_zone_file_includes_it_is_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_is_missing_is_not_made_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_order_is_settled_before_anything_else, setup, teardown),
		cmocka_unit_test_setup_teardown(ds_without_a_delegation_leaves_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(many_ds_without_delegations_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(ds_without_a_delegation_stays_otherwise, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_left_in_the_file_is_recovered, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_reload_is_not_a_change_of_another_client, setup, teardown),
		cmocka_unit_test_setup_teardown(the_load_class_is_proven_again_at_the_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(report_mode_is_proven_again_at_the_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_lowered_that_is_locked_by_now, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lock_is_proven_again_at_the_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(a_secondary_changes_ds_by_update, setup, teardown),
		cmocka_unit_test_setup_teardown(a_list_of_before_an_update_shows_no_change_by_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(a_primary_that_does_not_restore_the_ttl_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_update_is_asked_for_until_the_primary_says, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_restore_is_not_said_to_be_made, setup, teardown),
		cmocka_unit_test_setup_teardown(an_update_that_was_not_made_is_decided_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_transferred_yet_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(even_if_the_primary_is_down_by_then, setup, teardown),
		cmocka_unit_test_setup_teardown(and_if_the_child_takes_its_signals_back, setup, teardown),
		cmocka_unit_test_setup_teardown(and_if_the_child_asks_for_another_set, setup, teardown),
		cmocka_unit_test_setup_teardown(a_primary_that_has_another_set_by_now_is_not_waited_for, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(an_update_that_is_carried_out_late_is_the_agents, setup, teardown),
		cmocka_unit_test_setup_teardown(the_answer_to_a_former_order_is_none_to_this_one, setup, teardown),
		cmocka_unit_test_setup_teardown(an_update_in_doubt_ends_with_its_zone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refused_update_is_said_and_decided_again, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_connection_the_same_order_is_sent_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_process_has_sent_is_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_are_reported_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_are_not_reported_to_anybody_else, setup, teardown),
		cmocka_unit_test_setup_teardown(an_undo_does_not_wait_for_the_pause, setup, teardown),
		cmocka_unit_test_setup_teardown(delegations_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(a_delegation_that_is_gone_is_stored_as_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_delegation_that_comes_back_is_known_again, setup, teardown),
		cmocka_unit_test_setup_teardown(another_child_of_the_name_begins_as_new, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_that_the_store_has_no_room_for_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(no_row_puts_off_a_scan_for_years, setup, teardown),
		cmocka_unit_test_setup_teardown(trouble_ends_with_its_cause, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_is_remembered, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_during_a_long_pause_does_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(a_locked_delegation_is_left_alone, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
