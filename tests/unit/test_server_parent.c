/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Delegations of a signed zone on a real knotd: listed, and changed beside other clients. KSKROLL_DELEGATIONS=100000
 * measures more than a test needs; what it prints is no criterion.
 */

#include <malloc.h>
#include <sys/resource.h>

#include "old_knot.h"
#include "server_case.h"
#include "module/server/own.h"
#include "module/server/parent_change.h"
#include "module/server/parent_list.h"
#include "module/server/parent_read.h"
#include "module/server/parent_records.h"

#define ZONE "parent.test."
/*! Delegations below ZONE: d0, d1, ... Every second one is secure. */
#define FEW     200
#define TTL     3600
#define NEW_TTL 600

static const char conf[] = "server:\n"
			   "    rundir: @DIR@\n"
			   "    listen: 127.0.0.1@53\n"
			   "    background-workers: 2\n"
			   "    async-start: on\n"
			   "control:\n"
			   "    timeout: 20\n"
			   "database:\n"
			   "    storage: @DIR@\n"
			   "    journal-db-max-size: 1G\n"
			   "    kasp-db-max-size: 16M\n"
			   "    timer-db-max-size: 2M\n"
			   "remote:\n"
			   "  - id: nobody\n"
			   "    address: 127.0.0.1@5399\n"
			   "template:\n"
			   "  - id: default\n"
			   "    storage: @DIR@\n"
			   "    zonefile-load: whole\n"
			   "zone:\n"
			   "  - domain: parent.test.\n"
			   "    file: zone\n"
			   "    dnssec-signing: on\n"
			   "  - domain: second.test.\n"
			   "    file: small\n"
			   "    master: nobody\n"
			   "  - domain: empty.test.\n"
			   "    file: nothing\n";

typedef struct {
	fixture_t f; // First: stop_knotd() frees it.
	unsigned count;
	control_target_t target;
} parent_t;

static void digest_of(unsigned number, unsigned generation, char *hex)
{
	for (unsigned i = 0; i < 32; i++) {
		sprintf(hex + 2 * i, "%02X", (number * 7 + generation * 31 + i * 13 + (number >> 8)) & 0xFF);
	}
}

static void ds_text(unsigned number, unsigned generation, char *out, size_t size)
{
	char hex[65];
	digest_of(number, generation, hex);
	snprintf(out, size, "%u 13 2 %s", (number + generation) % 65536, hex);
}

static char *zone_text(unsigned count)
{
	char *text = NULL, ds[128];
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	fprintf(out, "$TTL %u\n@ SOA ns.parent.test. admin 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n", TTL);
	for (unsigned i = 0; i < count; i++) {
		fprintf(out, "d%u NS NS1.d%u\nd%u NS ns.other.example.\nns1.d%u A 127.0.0.1\n", i, i, i, i);
		if (i % 2 == 1) {
			ds_text(i, 0, ds, sizeof(ds));
			fprintf(out, "d%u DS %s\n", i, ds);
		}
	}
	// Occluded.
	fprintf(out, "below.d1 NS ns.other.example.\n");
	fclose(out);
	return text;
}

static int start(void **state)
{
	parent_t *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	*state = p;
	const char *text = getenv("KSKROLL_DELEGATIONS");
	p->count = text != NULL ? (unsigned)strtoul(text, NULL, 10) : FEW;
	strcpy(p->f.knotd.dir, "/tmp/kskroll-server-XXXXXX");
	assert_non_null(mkdtemp(p->f.knotd.dir));
	char *zone = zone_text(p->count);
	knotd_write(&p->f.knotd, "zone", zone);
	free(zone);
	knotd_write(&p->f.knotd, "small", "@ 60 SOA ns admin 1 1h 1h 1h 60\n@ 60 NS ns\n");
	if (!knotd_start(&p->f.knotd, false, conf)) {
		return -1;
	}
	assert_int_equal(uv_loop_init(&p->f.loop), 0);
	p->f.server = server_at(&p->f.loop, p->f.knotd.socket, TIMEOUT_MS);
	assert_non_null(p->f.server);
	p->target = (control_target_t){ .path = p->f.knotd.socket, .timeout_ms = 60000 };
	const time_t end = time(NULL) + WAIT_S * (1 + p->count / 10000);
	while (check(&p->f, ZONE).dnskeys == 0 && time(NULL) < end) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	assert_true(check(&p->f, ZONE).dnskeys > 0);
	return 0;
}

/* One delegation. */

static void assert_at_work(const parent_t *p, bool transaction, bool frozen)
{
	parent_read_t read;

	parent_read(&p->target, ZONE, "d1." ZONE, &read);
	assert_int_equal(read.status, SERVER_OK);
	assert_int_equal(read.transaction, transaction);
	assert_int_equal(read.frozen, frozen);
	knot_rdataset_clear(&read.ns, NULL);
	knot_rdataset_clear(&read.ds, NULL);
}

static void assert_read(const parent_t *p, const char *owner, size_t ns, size_t ds)
{
	parent_read_t read;

	parent_read(&p->target, ZONE, owner, &read);
	assert_int_equal(read.status, SERVER_OK);
	assert_int_equal(read.ns.count, ns);
	assert_int_equal(read.ds.count, ds);
	assert_int_equal(read.ns_ttl, ns > 0 ? TTL : 0);
	assert_int_equal(read.ds_ttl, ds > 0 ? TTL : 0);
	assert_true(read.serial > 0);
	assert_false(read.secondary || read.transaction || read.frozen);
	knot_rdataset_clear(&read.ns, NULL);
	knot_rdataset_clear(&read.ds, NULL);
}

static void a_delegation_is_read(void **state)
{
	const parent_t *p = *state;
	parent_read_t read;

	assert_read(p, "d1." ZONE, 2, 1);
	assert_read(p, "d0." ZONE, 2, 0);
	/* It has records, and no delegation. */
	assert_read(p, "ns." ZONE, 0, 0);
	assert_read(p, "nothing." ZONE, 0, 0);
	parent_read(&p->target, "empty.test.", "d1.empty.test.", &read);
	assert_int_equal(read.status, SERVER_REFUSED);
	assert_string_equal(read.detail, CHECK_NOT_LOADED);
	parent_read(&p->target, "unknown.test.", "d1.unknown.test.", &read);
	assert_int_equal(read.status, SERVER_REFUSED);
	assert_true(read.detail[0] != '\0');
	const control_target_t nowhere = { .path = "/tmp/kskroll-nobody", .timeout_ms = 1000 };
	parent_read(&nowhere, ZONE, "d1." ZONE, &read);
	assert_int_equal(read.status, SERVER_UNREACHABLE);
}

/* Lists. */

/*! Octets of the heap that are in use. */
static size_t heap(void)
{
	return mallinfo2().uordblks;
}

typedef struct {
	size_t heap_first, heap; // At the first delegation, and at most.
	size_t secure, insecure;
	bool below;
	char last[300];
} seen_t;

static void on_delegation(const parent_delegation_t *d, void *arg)
{
	seen_t *seen = arg;
	assert_int_equal(d->ns->count, 2);
	assert_int_equal(d->ns_ttl, TTL);
	const size_t now = heap();
	seen->heap_first = seen->heap_first == 0 ? now : seen->heap_first;
	seen->heap = now > seen->heap ? now : seen->heap;
	seen->secure += d->ds->count > 0;
	seen->insecure += d->ds->count == 0;
	assert_int_equal(d->ds_ttl, d->ds->count > 0 ? TTL : 0);
	knot_dname_to_str(seen->last, d->owner, sizeof(seen->last));
	seen->below |= strncmp(seen->last, "below", 5) == 0;
}

static double seconds(void)
{
	return (double)uv_hrtime() / 1e9;
}

static void the_delegations_are_listed(void **state)
{
	parent_t *p = *state;
	seen_t seen = { 0 };
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	const double start_s = seconds();
	parent_list_t list = parent_list(&p->target, ZONE, on_delegation, &seen);
	const double took = seconds() - start_s;
	getrusage(RUSAGE_THREAD, &after);
	if (list.status != SERVER_OK) {
		fail_msg("%i: %s", list.status, list.detail);
	}
	assert_int_equal(list.count, p->count);
	assert_int_equal(seen.secure, p->count / 2);
	assert_int_equal(seen.insecure, p->count - p->count / 2);
	assert_false(seen.below);
	assert_int_equal(list.serial, check(&p->f, ZONE).serial);
	assert_true(seen.heap - seen.heap_first < 4096);
	print_message("%u delegations: %.2f s, %.2f s of CPU here, %zu octets of memory more than for the first\n",
	              p->count, took,
	              (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
	                       before.ru_stime.tv_sec) +
	                      (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
	                               before.ru_stime.tv_usec) /
	                              1e6,
	              seen.heap - seen.heap_first);

	list = parent_list(&p->target, "empty.test.", on_delegation, &seen);
	assert_int_equal(list.status, SERVER_REFUSED);
	assert_string_equal(list.detail, "the zone is not loaded");
	list = parent_list(&p->target, "nowhere.test.", on_delegation, &seen);
	assert_int_equal(list.status, SERVER_REFUSED);
	assert_string_equal(list.detail, "no such zone found");
}

/* Changes. */

#define NONE (-1)
#define MANY 256

/*! What is expected and wanted, with an item that points to it. */
typedef struct {
	knot_dname_storage_t owner;
	knot_rdataset_t ns, ds, wanted;
} want_t;

typedef struct {
	want_t wants[MANY];
	parent_item_t items[MANY];
	parent_batch_t batch;
} job_batch_t;

static void add_ds(knot_rdataset_t *set, unsigned number, int generation)
{
	char text[128];
	if (generation != NONE) {
		ds_text(number, (unsigned)generation, text, sizeof(text));
		assert_int_equal(parent_ds_add(set, text), KNOT_EOK);
	}
}

static void add_ns(knot_rdataset_t *set, const char *name)
{
	parent_sets_t sets = { .ns = *set };
	assert_int_equal(parent_sets_add(&sets, &(control_unit_t){ .type = "NS", .ttl = "1", .data = name }), KNOT_EOK);
	*set = sets.ns;
}

/*! Adds the change of d<number> from one generation of its DS to another one. */
static parent_item_t *change_of(job_batch_t *b, unsigned number, int from, int to, uint32_t ttl)
{
	assert_true(b->batch.count < MANY);
	want_t *want = &b->wants[b->batch.count];
	parent_item_t *item = &b->items[b->batch.count++];
	char name[64];

	snprintf(name, sizeof(name), "d%u." ZONE, number);
	assert_true(parent_owner(want->owner, name));
	snprintf(name, sizeof(name), "ns1.d%u." ZONE, number);
	add_ns(&want->ns, name);
	add_ns(&want->ns, "ns.other.example.");
	add_ds(&want->ds, number, from);
	add_ds(&want->wanted, number, to);
	*item = (parent_item_t){
		.owner = want->owner, .ns = &want->ns, .ds = &want->ds, .wanted = &want->wanted, .ttl = ttl
	};
	return item;
}

static job_batch_t *new_batch(void)
{
	job_batch_t *b = calloc(1, sizeof(*b));
	assert_non_null(b);
	b->batch = (parent_batch_t){ .zone = ZONE, .items = b->items };
	return b;
}

static void free_batch(job_batch_t *b)
{
	for (size_t i = 0; i < b->batch.count; i++) {
		knot_rdataset_clear(&b->wants[i].ns, NULL);
		knot_rdataset_clear(&b->wants[i].ds, NULL);
		knot_rdataset_clear(&b->wants[i].wanted, NULL);
	}
	parent_items_clear(b->items, b->batch.count);
	free(b);
}

#define assert_batch(b, want)                                                                                          \
	do {                                                                                                           \
		if ((b)->batch.status != (want)) {                                                                     \
			fail_msg("status %i, not %i: %s", (b)->batch.status, (want), (b)->batch.detail);               \
		}                                                                                                      \
	} while (0)

static void on_set(const control_unit_t *unit, void *arg)
{
	assert_int_equal(parent_sets_add(arg, unit), KNOT_EOK);
}

/*! Commands in one connection, as a client gives them. \return The first error, "" if none. */
static const char *client(parent_t *p, control_cmd_t *cmds, size_t count)
{
	static char error[CONTROL_DETAIL_MAX];
	char detail[CONTROL_DETAIL_MAX];
	control_t *control;

	error[0] = '\0';
	assert_int_equal(control_open(&control, &p->target, detail), KNOT_EOK);
	assert_int_equal(control_run(control, cmds, count, detail), KNOT_EOK);
	control_close(control);
	for (size_t i = 0; i < count && error[0] == '\0'; i++) {
		snprintf(error, sizeof(error), "%s", cmds[i].failed ? cmds[i].error : "");
	}
	return error;
}

/*! The zone, not a transaction, has this set at d<number>. */
static void assert_zone_has(parent_t *p, unsigned number, int generation, uint32_t ttl)
{
	parent_sets_t sets = { 0 };
	knot_rdataset_t want = { 0 };
	char owner[64];

	snprintf(owner, sizeof(owner), "d%u." ZONE, number);
	control_cmd_t cmd = { .name = "zone-read", .zone = ZONE, .owner = owner, .each = on_set, .arg = &sets };
	assert_string_equal(client(p, &cmd, 1), "");
	add_ds(&want, number, generation);
	assert_true(parent_same(&sets.ds, &want));
	assert_int_equal(sets.ds_ttl, generation == NONE ? 0 : ttl);
	assert_int_equal(sets.ns.count, 2);
	parent_sets_clear(&sets);
	knot_rdataset_clear(&want, NULL);
}

static void assert_no_zone_transaction(parent_t *p)
{
	zone_status_t status = { 0 };
	control_cmd_t cmd = { .name = "zone-status", .zone = ZONE, .each = zone_status_unit, .arg = &status };
	assert_string_equal(client(p, &cmd, 1), "");
	assert_true(status.answered);
	assert_false(status.transaction);
}

/*! Again while knotd signs the zone. */
static void change_it(parent_t *p, job_batch_t *b)
{
	const time_t end = time(NULL) + WAIT_S;
	parent_change(&p->target, &b->batch);
	while (b->batch.status == PARENT_BATCH_BUSY && b->batch.busy == PARENT_BUSY_EVENT && time(NULL) < end) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		parent_change(&p->target, &b->batch);
	}
}

static void a_batch_changes_what_is_as_expected(void **state)
{
	parent_t *p = *state;
	job_batch_t *b = new_batch();
	const uint32_t serial = check(&p->f, ZONE).serial;

	change_of(b, 1, 0, 1, NEW_TTL);                      // Replaced.
	change_of(b, 2, NONE, 0, NEW_TTL);                   // First DS.
	change_of(b, 3, 0, NONE, NEW_TTL);                   // Removed.
	change_of(b, 5, 0, 0, NEW_TTL);                      // Another TTL.
	change_of(b, 7, 0, 0, TTL);                          // The same.
	change_of(b, 8, NONE, NONE, NEW_TTL);                // The same.
	change_of(b, 9, 1, 2, NEW_TTL);                      // Another DS than expected.
	change_of(b, 10, 0, 1, NEW_TTL);                     // None at all.
	parent_item_t *ns = change_of(b, 11, 0, 1, NEW_TTL); // Another NS.
	add_ns(&b->wants[b->batch.count - 1].ns, "more.example.");
	change_of(b, p->count, 0, 1, NEW_TTL);             // No such name.
	parent_item_t *both = change_of(b, 13, 0, 0, TTL); // One stays, one comes.
	add_ds(&b->wants[b->batch.count - 1].wanted, 13, 1);
	change_of(b, 191, 0, 1, NEW_TTL)->ds_ttl = TTL;     // The TTL is expected, too,
	change_of(b, 193, 0, 1, NEW_TTL)->ds_ttl = TTL + 1; // and is another one here.

	change_it(p, b);
	assert_batch(b, PARENT_BATCH_COMMITTED);
	assert_false(b->batch.open);
	static const parent_item_status_t want[] = { PARENT_ITEM_DONE,    PARENT_ITEM_DONE,    PARENT_ITEM_DONE,
		                                     PARENT_ITEM_DONE,    PARENT_ITEM_SAME,    PARENT_ITEM_SAME,
		                                     PARENT_ITEM_DIFFERS, PARENT_ITEM_DIFFERS, PARENT_ITEM_DIFFERS,
		                                     PARENT_ITEM_DIFFERS, PARENT_ITEM_DONE,    PARENT_ITEM_DONE,
		                                     PARENT_ITEM_DIFFERS };
	for (size_t i = 0; i < b->batch.count; i++) {
		assert_int_equal(b->items[i].status, want[i]);
		assert_true(b->items[i].read);
	}
	assert_int_equal(b->items[0].ds_ttl_now, TTL);
	assert_int_equal(b->items[1].ds_ttl_now, 0);
	assert_int_equal(b->items[6].ds_now.count, 1);
	assert_int_equal(b->items[7].ds_now.count, 0);
	assert_int_equal(ns->ns_now.count, 2);
	assert_int_equal(b->items[9].ns_now.count, 0);
	assert_int_equal(both->ds_now.count, 1);
	assert_zone_has(p, 1, 1, NEW_TTL);
	assert_zone_has(p, 2, 0, NEW_TTL);
	assert_zone_has(p, 3, NONE, 0);
	assert_zone_has(p, 5, 0, NEW_TTL);
	assert_zone_has(p, 7, 0, TTL);
	assert_zone_has(p, 9, 0, TTL);
	assert_zone_has(p, 10, NONE, 0);
	assert_zone_has(p, 11, 0, TTL);
	assert_int_equal(check(&p->f, ZONE).serial, serial + 1);

	// All is as wanted now: nothing is committed.
	for (size_t i = 0; i < b->batch.count; i++) {
		b->items[i].ds = b->items[i].wanted;
	}
	parent_items_clear(b->items, b->batch.count);
	change_it(p, b);
	assert_batch(b, PARENT_BATCH_NOTHING);
	assert_int_equal(b->items[0].status, PARENT_ITEM_SAME);
	assert_int_equal(check(&p->f, ZONE).serial, serial + 1);
	assert_no_zone_transaction(p);
	free_batch(b);
}

static void assert_busy(parent_t *p, parent_busy_t busy, const char *detail)
{
	job_batch_t *b = new_batch();
	change_of(b, 21, 0, 1, NEW_TTL);
	change_it(p, b);
	assert_batch(b, PARENT_BATCH_BUSY);
	assert_int_equal(b->batch.busy, busy);
	assert_string_equal(b->batch.detail, detail);
	assert_false(b->batch.open);
	assert_int_equal(b->items[0].status, PARENT_ITEM_PUT_OFF);
	free_batch(b);
	assert_zone_has(p, 21, 0, TTL);
}

static void other_clients_are_left_alone(void **state)
{
	parent_t *p = *state;
	control_cmd_t begins[] = {
		{ .name = "zone-begin", .zone = ZONE },
		{ .name = "zone-set", .zone = ZONE, .owner = "txt", .ttl = "60", .type = "TXT", .data = "mine" }
	};
	control_cmd_t commits[] = { { .name = "zone-commit", .zone = ZONE } };

	assert_string_equal(client(p, begins, 2), "");
	assert_busy(p, PARENT_BUSY_TRANSACTION, "another client has a zone transaction open");
	assert_at_work(p, true, false);
	assert_string_equal(client(p, commits, 1), "");

	assert_operator(&p->f, "conf-begin", NULL, NULL, NULL, NULL);
	assert_busy(p, PARENT_BUSY_CONF, "a configuration transaction is open");
	assert_operator(&p->f, "conf-abort", NULL, NULL, NULL, NULL);

	control_cmd_t freeze = { .name = "zone-freeze", .zone = ZONE, .flags = "B" };
	control_cmd_t thaw = { .name = "zone-thaw", .zone = ZONE, .flags = "B" };
	assert_string_equal(client(p, &freeze, 1), "");
	assert_busy(p, PARENT_BUSY_FROZEN, "the zone is frozen");
	assert_at_work(p, false, true);
	assert_string_equal(client(p, &thaw, 1), "");

	job_batch_t *b = new_batch();
	change_of(b, 21, 0, 1, NEW_TTL);
	change_it(p, b);
	assert_batch(b, PARENT_BATCH_COMMITTED);
	free_batch(b);
	assert_zone_has(p, 21, 1, NEW_TTL);
}

static void zones_and_names_that_cannot_be_changed(void **state)
{
	parent_t *p = *state;
	job_batch_t *b = new_batch();

	change_of(b, 23, 0, 1, NEW_TTL);
	parent_item_t *apex = change_of(b, 25, NONE, 0, NEW_TTL);
	want_t *want = &b->wants[1];
	assert_true(parent_owner(want->owner, ZONE));
	knot_rdataset_clear(&want->ns, NULL);
	add_ns(&want->ns, "ns." ZONE);
	change_it(p, b);
	assert_batch(b, PARENT_BATCH_COMMITTED);
	assert_int_equal(b->items[0].status, PARENT_ITEM_DONE);
	assert_int_equal(apex->status, PARENT_ITEM_DIFFERS);
	assert_zone_has(p, 23, 1, NEW_TTL);
	assert_no_zone_transaction(p);
	parent_items_clear(b->items, b->batch.count);

	b->batch.count = 1;
	b->batch.zone = "second.test.";
	change_it(p, b);
	assert_batch(b, PARENT_BATCH_REFUSED);
	assert_string_equal(b->batch.detail, "the zone is a secondary: the next transfer would undo the change");
	b->batch.zone = "empty.test.";
	change_it(p, b);
	assert_batch(b, PARENT_BATCH_REFUSED);
	assert_string_equal(b->batch.detail, "the zone is not loaded");
	b->batch.zone = "nowhere.test.";
	change_it(p, b);
	assert_batch(b, PARENT_BATCH_REFUSED);
	assert_string_equal(b->batch.detail, "no such zone found");

	const control_target_t nobody = { .path = "/nonexistent", .timeout_ms = 1000 };
	parent_change(&nobody, &b->batch);
	assert_batch(b, PARENT_BATCH_UNREACHABLE);
	b->batch.count = 2;
	free_batch(b);
}

/*! Begins as the module does and says no more, as when its process ends. */
static void leave_open(parent_t *p, unsigned number, unsigned generation, const char *type)
{
	char ds[128], owner[64];
	ds_text(number, generation, ds, sizeof(ds));
	snprintf(owner, sizeof(owner), "d%u", number);
	control_cmd_t cmds[] = {
		{ .name = "zone-begin", .zone = ZONE },
		{ .name = "zone-set", .zone = ZONE, .owner = owner, .ttl = "600", .type = type, .data = ds },
	};
	if (strcmp(type, "TXT") == 0) {
		cmds[1].data = "mine";
	}
	assert_string_equal(client(p, cmds, type[0] != '\0' ? 2 : 1), "");
}

static void only_our_lost_transaction_is_ended(void **state)
{
	parent_t *p = *state;
	job_batch_t *b = new_batch();
	control_cmd_t abort_it = { .name = "zone-abort", .zone = ZONE };
	char detail[PARENT_DETAIL_MAX];

	change_of(b, 26, NONE, 0, NEW_TTL);
	change_of(b, 27, 0, 1, NEW_TTL);
	assert_int_equal(parent_recover(&p->target, &b->batch, true, detail), PARENT_RECOVER_NONE);

	leave_open(p, 26, 0, "DS");
	assert_int_equal(parent_recover(&p->target, &b->batch, false, detail), PARENT_RECOVER_ABORTED);
	assert_no_zone_transaction(p);
	assert_zone_has(p, 26, NONE, 0);

	// Another DS at the same name, another name, another type.
	leave_open(p, 26, 5, "DS");
	assert_int_equal(parent_recover(&p->target, &b->batch, true, detail), PARENT_RECOVER_FOREIGN);
	assert_string_equal(detail, "another client has a transaction open: +d26.parent.test. DS");
	assert_string_equal(client(p, &abort_it, 1), "");
	leave_open(p, 28, 0, "DS");
	assert_int_equal(parent_recover(&p->target, &b->batch, true, detail), PARENT_RECOVER_FOREIGN);
	assert_string_equal(client(p, &abort_it, 1), "");
	leave_open(p, 26, 0, "TXT");
	assert_int_equal(parent_recover(&p->target, &b->batch, true, detail), PARENT_RECOVER_FOREIGN);
	assert_string_equal(client(p, &abort_it, 1), "");

	leave_open(p, 26, 0, "");
	assert_int_equal(parent_recover(&p->target, &b->batch, false, detail), PARENT_RECOVER_EMPTY);
	assert_int_equal(parent_recover(&p->target, &b->batch, true, detail), PARENT_RECOVER_ABORTED);
	assert_no_zone_transaction(p);
	assert_operator(&p->f, "reload", NULL, NULL, NULL, NULL);
	free_batch(b);
}

/*! While knotd signs the zone, which takes long if it is large. */
static void a_begin_that_was_not_waited_for_is_ended(void **state)
{
	parent_t *p = *state;
	job_batch_t *b = new_batch();
	const control_target_t hasty = { .path = p->target.path, .timeout_ms = 50 };
	control_cmd_t cmds[] = { { .name = "zone-sign", .zone = ZONE }, { .name = "zone-begin", .zone = ZONE } };
	char detail[CONTROL_DETAIL_MAX];
	control_t *control;

	change_of(b, 26, NONE, 0, NEW_TTL);
	assert_int_equal(control_open(&control, &hasty, detail), KNOT_EOK);
	(void)control_run(control, cmds, 2, detail);
	control_close(control);
	const double before = seconds();
	unsigned tries = 0;
	// None: knotd has not got to it yet.
	parent_recover_t result;
	do {
		result = parent_recover(&hasty, &b->batch, true, detail);
		tries++;
	} while ((result == PARENT_RECOVER_AGAIN || result == PARENT_RECOVER_NONE) && seconds() - before < WAIT_S);
	assert_int_equal(result, PARENT_RECOVER_ABORTED);
	print_message("ended after %.2f s, at try %u\n", seconds() - before, tries);
	assert_no_zone_transaction(p);
	free_batch(b);
}

/* Calls of the loop. */

typedef struct {
	seen_t seen;
	unsigned ended;
	parent_list_t list;
	parent_load_t load;
	parent_recover_t recovered;
	parent_batch_t *batch;
} ended_t;

static void on_each(const parent_delegation_t *d, void *arg)
{
	ended_t *ended = arg;
	assert_int_equal(ended->ended, 0);
	ended->seen.secure += d->ds->count > 0;
	ended->seen.insecure += d->ds->count == 0;
	knot_dname_to_str(ended->seen.last, d->owner, sizeof(ended->seen.last));
}

static void on_list(const parent_list_t *list, void *arg)
{
	ended_t *ended = arg;
	ended->ended++;
	ended->list = *list;
}

static void on_batch(parent_batch_t *batch, void *arg)
{
	ended_t *ended = arg;
	ended->ended++;
	ended->batch = batch;
}

static void on_recover(parent_recover_t result, const char *detail, void *arg)
{
	ended_t *ended = arg;
	assert_non_null(detail);
	ended->ended++;
	ended->recovered = result;
}

static void on_load(const parent_load_t *load, void *arg)
{
	ended_t *ended = arg;
	ended->ended++;
	ended->load = *load;
}

static void wait_for_end(fixture_t *f, const ended_t *ended, unsigned count)
{
	while (ended->ended < count) {
		uv_run(&f->loop, UV_RUN_ONCE);
	}
	assert_int_equal(ended->ended, count);
}

static void the_loop_calls_and_is_called_back(void **state)
{
	parent_t *p = *state;
	ended_t ended = { 0 };

	parent_zone_list(p->f.server, ZONE, 60000, on_each, on_list, &ended);
	wait_for_end(&p->f, &ended, 1);
	assert_int_equal(ended.list.status, SERVER_OK);
	assert_int_equal(ended.list.count, p->count);
	assert_int_equal(ended.seen.secure + ended.seen.insecure, p->count);

	parent_zone_load(p->f.server, ZONE, on_load, &ended);
	wait_for_end(&p->f, &ended, 2);
	assert_int_equal(ended.load.status, SERVER_OK);
	assert_int_equal(ended.load.load_class, PARENT_LOAD_KEPT);

	job_batch_t *b = new_batch();
	change_of(b, 16, NONE, 0, NEW_TTL);
	leave_open(p, 16, 0, "DS");
	parent_zone_recover(p->f.server, NULL, &b->batch, false, on_recover, &ended);
	wait_for_end(&p->f, &ended, 3);
	assert_int_equal(ended.recovered, PARENT_RECOVER_ABORTED);

	// Queued together with a list, which comes first.
	do {
		ended_t changed = { 0 };
		parent_items_clear(b->items, b->batch.count);
		memset(&ended, 0, sizeof(ended));
		parent_zone_list(p->f.server, ZONE, 60000, on_each, on_list, &ended);
		parent_zone_change(p->f.server, &b->batch, 60000, on_batch, &changed);
		wait_for_end(&p->f, &changed, 1);
		assert_int_equal(ended.ended, 1);
		assert_ptr_equal(changed.batch, &b->batch);
	} while (b->batch.status == PARENT_BATCH_BUSY && b->batch.busy == PARENT_BUSY_EVENT);
	assert_batch(b, PARENT_BATCH_COMMITTED);
	assert_zone_has(p, 16, 0, NEW_TTL);
	free_batch(b);
}

static void what_is_queued_is_cancelled_at_the_end(void **state)
{
	parent_t *p = *state;
	ended_t listed = { 0 }, others = { 0 };
	job_batch_t *b = new_batch();
	change_of(b, 18, NONE, 0, NEW_TTL);

	server_t *server = server_at(&p->f.loop, "/nonexistent", TIMEOUT_MS);
	assert_non_null(server);
	// The first may have been carried out before the end.
	parent_zone_list(server, ZONE, 60000, on_each, on_list, &listed);
	for (unsigned i = 0; i < 50; i++) {
		parent_zone_list(server, ZONE, 60000, on_each, on_list, &others);
	}
	parent_zone_change(server, &b->batch, 60000, on_batch, &others);
	parent_zone_recover(server, NULL, &b->batch, false, on_recover, &others);
	parent_zone_load(server, ZONE, on_load, &others);
	server_free(server);
	assert_int_equal(listed.ended, 1);
	assert_true(listed.list.status == SERVER_CANCELLED || listed.list.status == SERVER_UNREACHABLE);
	assert_int_equal(others.ended, 53);
	assert_int_equal(b->batch.status, PARENT_BATCH_UNREACHABLE);
	assert_false(b->batch.open);
	assert_int_equal(others.recovered, PARENT_RECOVER_AGAIN);
	assert_true(others.load.status == SERVER_CANCELLED || others.load.status == SERVER_UNREACHABLE);
	free_batch(b);
}

static void batches_are_measured(void **state)
{
	parent_t *p = *state;
	static const unsigned sizes[] = { 1, 100, 256 };
	unsigned next = 31;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		job_batch_t *b = new_batch();
		for (unsigned k = 0; k < sizes[i] && next < p->count; k++, next += 2) {
			change_of(b, next, 0, 1, NEW_TTL);
		}
		double before;
		do {
			before = seconds();
			parent_change(&p->target, &b->batch);
		} while (b->batch.status == PARENT_BATCH_BUSY && b->batch.busy == PARENT_BUSY_EVENT);
		assert_batch(b, PARENT_BATCH_COMMITTED);
		print_message("%zu of %u delegations: %.3f s\n", b->batch.count, p->count, seconds() - before);
		free_batch(b);
		if (next >= p->count) {
			return;
		}
	}
}

int main(void)
{
	if (old_knot() || !knotd_can_be_used()) {
		return 77;
	}
	alarm(250);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delegation_is_read),
		cmocka_unit_test(the_delegations_are_listed),
		cmocka_unit_test(a_batch_changes_what_is_as_expected),
		cmocka_unit_test(other_clients_are_left_alone),
		cmocka_unit_test(zones_and_names_that_cannot_be_changed),
		cmocka_unit_test(only_our_lost_transaction_is_ended),
		cmocka_unit_test(a_begin_that_was_not_waited_for_is_ended),
		cmocka_unit_test(the_loop_calls_and_is_called_back),
		cmocka_unit_test(what_is_queued_is_cancelled_at_the_end),
		cmocka_unit_test(batches_are_measured),
	};
	return cmocka_run_group_tests(tests, start, stop_knotd);
}
