/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zone transactions at a knotd that fails at every command in every way, and beside other clients that do the same. It
 * is a model: a zone, a transaction that belongs to nobody, and an operator's record.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <uv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/util/knot.h"
#include "module/server/parent_change.h"
#include "module/server/parent_job.h"
#include "module/server/parent_list.h"
#include "module/server/parent_records.h"

#define ZONE    "z."
#define RECORDS 32
#define TTL     "3600"
#define FOREIGN "x.z."

/* The zone and its server. */

typedef struct {
	char owner[16], ttl[8], type[16], data[80];
} record_t;

typedef struct {
	record_t list[RECORDS];
	size_t count;
} records_t;

/*! What happens at one command. */
typedef enum {
	NOTHING,
	DROP_BEFORE,  // The connection ends, the command is not carried out.
	DROP_AFTER,   // It is carried out.
	LATE,         // It is carried out, after a long time.
	EMPTY,        // It is not carried out: an empty answer after a long time.
	ERROR,        // knotd refuses it.
	BUSY,         // It is busy.
	OTHER_ADDS,   // Another client puts a record into the open transaction, before the command.
	OTHER_ABORTS, // Another client aborts it.
	OTHER_OWN,    // Another client aborts it, and begins its own with a record.
	OTHER_CONF,   // Another client begins a configuration transaction.
	ACTIONS,
} action_t;

static struct {
	records_t zone, txn;
	bool open, conf, frozen, again, loaded, secondary;
	const char *running;
	unsigned at; // The command that the action happens at, from 1.
	action_t action;
	unsigned at_too; // Another one.
	action_t action_too;
	unsigned command; // How many there were.
	unsigned late_ms; // How long LATE lasts.
	bool goes;        // Nobody listens after a connection was dropped.
	bool gone;        // Nobody listens.
	bool connected;   // A connection is open.
	char log[4096];
} knotd;

static void put(records_t *records, const char *owner, const char *ttl, const char *type, const char *data)
{
	assert_true(records->count < RECORDS);
	record_t *r = &records->list[records->count++];
	snprintf(r->owner, sizeof(r->owner), "%s", owner);
	snprintf(r->ttl, sizeof(r->ttl), "%s", ttl);
	snprintf(r->type, sizeof(r->type), "%s", type);
	snprintf(r->data, sizeof(r->data), "%s", data);
}

/*! \return Its place; count: it has none. */
static size_t find(const records_t *records, const char *owner, const char *type, const char *data)
{
	size_t i = 0;
	while (i < records->count && (strcmp(records->list[i].owner, owner) != 0 ||
	                              (type != NULL && strcmp(records->list[i].type, type) != 0) ||
	                              (data != NULL && strcmp(records->list[i].data, data) != 0))) {
		i++;
	}
	return i;
}

static bool has(const records_t *records, const record_t *r)
{
	const size_t i = find(records, r->owner, r->type, r->data);
	return i < records->count && strcmp(records->list[i].ttl, r->ttl) == 0;
}

static void say(control_cmd_t *cmd, const record_t *r, const char *filters)
{
	cmd->units++;
	if (cmd->each != NULL) {
		cmd->each(&(control_unit_t){ .owner = r->owner,
		                             .ttl = r->ttl,
		                             .type = r->type,
		                             .data = r->data,
		                             .filters = filters },
		          cmd->arg);
	}
}

static void say_all(control_cmd_t *cmd, const records_t *records, const records_t *but, const char *filters)
{
	for (size_t i = 0; i < records->count; i++) {
		if ((cmd->owner == NULL || strcmp(records->list[i].owner, cmd->owner) == 0) &&
		    (but == NULL || !has(but, &records->list[i]))) {
			say(cmd, &records->list[i], filters);
		}
	}
}

static void say_status(control_cmd_t *cmd)
{
	const record_t units[] = {
		{ .type = "role" },   { .type = "serial" },  { .type = "transaction" },
		{ .type = "freeze" }, { .type = "re-sign" },
	};
	const char *const values[] = { knotd.secondary ? "slave" : "master", knotd.loaded ? "7" : "-",
		                       knotd.open ? "open" : "-", knotd.frozen ? "yes" : "-",
		                       knotd.running != NULL ? knotd.running : "+1D" };
	for (size_t i = 0; i < 5; i++) {
		record_t unit = units[i];
		snprintf(unit.data, sizeof(unit.data), "%s", values[i]);
		say(cmd, &unit, NULL);
	}
}

/*! \return An error, or KNOT_EOK. */
static int change_records(const control_cmd_t *cmd)
{
	const size_t i = find(&knotd.txn, cmd->owner, cmd->type, cmd->data);
	if (strcmp(cmd->name, "zone-unset") == 0) {
		if (i == knotd.txn.count) {
			return KNOT_ENORECORD;
		}
		knotd.txn.list[i] = knotd.txn.list[--knotd.txn.count];
		return KNOT_EOK;
	}
	const size_t set = find(&knotd.txn, cmd->owner, cmd->type, NULL);
	if (i < knotd.txn.count) {
		return KNOT_EISRECORD;
	}
	if (set < knotd.txn.count && strcmp(knotd.txn.list[set].ttl, cmd->ttl) != 0) {
		return KNOT_ETTL;
	}
	put(&knotd.txn, cmd->owner, cmd->ttl, cmd->type, cmd->data);
	return KNOT_EOK;
}

static int carry_out(control_cmd_t *cmd)
{
	assert_string_equal(cmd->zone, ZONE);
	if (strcmp(cmd->name, "zone-status") == 0) {
		say_status(cmd);
	} else if (strcmp(cmd->name, "zone-read") == 0) {
		say_all(cmd, &knotd.zone, NULL, NULL);
	} else if (strcmp(cmd->name, "zone-begin") == 0) {
		if (knotd.open || knotd.conf) {
			return KNOT_TXN_EEXISTS;
		}
		if (knotd.again) {
			return KNOT_EAGAIN;
		}
		knotd.open = true;
		knotd.txn = knotd.zone;
	} else if (!knotd.open) {
		return KNOT_TXN_ENOTEXISTS;
	} else if (strcmp(cmd->name, "zone-get") == 0) {
		if (find(&knotd.txn, cmd->owner, NULL, NULL) == knotd.txn.count) {
			return KNOT_ENONODE;
		}
		say_all(cmd, &knotd.txn, NULL, NULL);
	} else if (strcmp(cmd->name, "zone-diff") == 0) {
		say_all(cmd, &knotd.zone, &knotd.txn, "-");
		say_all(cmd, &knotd.txn, &knotd.zone, "+");
	} else if (strcmp(cmd->name, "zone-commit") == 0) {
		knotd.zone = knotd.txn;
		knotd.open = false;
	} else if (strcmp(cmd->name, "zone-abort") == 0) {
		knotd.open = false;
	} else {
		return change_records(cmd);
	}
	return KNOT_EOK;
}

static void fail_with(control_cmd_t *cmd, int code)
{
	if (code != KNOT_EOK) {
		cmd->failed = true;
		cmd->busy = code == KNOT_TXN_EEXISTS || code == KNOT_EBUSY || code == KNOT_EAGAIN;
		snprintf(cmd->error, sizeof(cmd->error), "%s", knot_strerror(code));
	}
}

static void others_act(action_t action)
{
	if (action == OTHER_CONF && !knotd.open) {
		knotd.conf = true;
	}
	if ((action == OTHER_ABORTS || action == OTHER_OWN) && knotd.open) {
		knotd.open = false;
	}
	if (action == OTHER_OWN) {
		knotd.open = true;
		knotd.txn = knotd.zone;
	}
	if ((action == OTHER_OWN || action == OTHER_ADDS) && knotd.open) {
		put(&knotd.txn, FOREIGN, "60", "TXT", "mine");
	}
}

int __wrap_control_open(control_t **control, const control_target_t *target, char *detail);
int __wrap_control_open(control_t **control, const control_target_t *target, char *detail)
{
	(void)target;
	assert_false(knotd.connected);
	if (knotd.gone) {
		snprintf(detail, CONTROL_DETAIL_MAX, "nobody");
		return KNOT_ECONN;
	}
	knotd.connected = true;
	*control = (control_t *)&knotd;
	return KNOT_EOK;
}

int __wrap_control_run(control_t *control, control_cmd_t *cmds, size_t count, char *detail);
int __wrap_control_run(control_t *control, control_cmd_t *cmds, size_t count, char *detail)
{
	assert_ptr_equal(control, &knotd);
	for (size_t i = 0; i < count; i++) {
		control_cmd_t *cmd = &cmds[i];
		knotd.command++;
		const action_t action = knotd.command == knotd.at     ? knotd.action :
		                        knotd.command == knotd.at_too ? knotd.action_too :
		                                                        NOTHING;
		size_t len = strlen(knotd.log);
		snprintf(knotd.log + len, sizeof(knotd.log) - len, "%s ", cmd->name + strlen("zone-"));
		others_act(action);
		if (action == DROP_BEFORE) {
			knotd.gone = knotd.goes;
			snprintf(detail, CONTROL_DETAIL_MAX, "dropped");
			return KNOT_ECONN;
		}
		cmd->doubtful = action == EMPTY;
		if (action == ERROR || action == BUSY) {
			fail_with(cmd, action == ERROR ? KNOT_EINVAL : KNOT_EBUSY);
		} else if (action != EMPTY) {
			fail_with(cmd, carry_out(cmd));
			uv_sleep(action == LATE ? knotd.late_ms : 0);
			cmd->doubtful = action == LATE && !cmd->failed && cmd->units == 0;
		}
		if (action == DROP_AFTER) {
			knotd.gone = knotd.goes;
			snprintf(detail, CONTROL_DETAIL_MAX, "dropped");
			return KNOT_ECONN;
		}
	}
	return KNOT_EOK;
}

void __wrap_control_close(control_t *control);
void __wrap_control_close(control_t *control)
{
	assert_ptr_equal(control, &knotd);
	assert_true(knotd.connected);
	knotd.connected = false;
}

/* The batch: a. is replaced, b. gets its first DS, c. has become another one. */

#define DS_A0 "1 13 2 00AA"
#define DS_A1 "2 13 2 00AB"
#define DS_B0 "3 13 2 00BB"
#define DS_C0 "4 13 2 00CC"
#define DS_C1 "5 13 2 00CD"

static const control_target_t target = { .path = "/fake", .timeout_ms = 1000 };

typedef struct {
	knot_dname_storage_t owners[3];
	knot_rdataset_t ns, none, a0, a1, b0, c1;
	parent_item_t items[3];
	parent_batch_t batch;
} batch_t;

static void begin(batch_t *b)
{
	static const char *const names[] = { "a.z.", "b.z.", "c.z." };

	memset(&knotd, 0, sizeof(knotd));
	knotd.loaded = true;
	put(&knotd.zone, ZONE, TTL, "SOA", "ns.z. admin.z. 7 1 1 1 1");
	put(&knotd.zone, ZONE, TTL, "NS", "ns.z.");
	for (size_t i = 0; i < 3; i++) {
		put(&knotd.zone, names[i], TTL, "NS", "ns.other.");
	}
	put(&knotd.zone, "a.z.", TTL, "DS", DS_A0);
	put(&knotd.zone, "a.z.", TTL, "RRSIG", "DS 13");
	put(&knotd.zone, "c.z.", TTL, "DS", DS_C0);

	memset(b, 0, sizeof(*b));
	parent_sets_t sets = { 0 };
	assert_int_equal(parent_sets_add(&sets, &(control_unit_t){ .type = "NS", .ttl = TTL, .data = "NS.other." }),
	                 KNOT_EOK);
	b->ns = sets.ns;
	assert_int_equal(parent_ds_add(&b->a0, DS_A0), KNOT_EOK);
	assert_int_equal(parent_ds_add(&b->a1, DS_A1), KNOT_EOK);
	assert_int_equal(parent_ds_add(&b->b0, DS_B0), KNOT_EOK);
	assert_int_equal(parent_ds_add(&b->c1, DS_C1), KNOT_EOK);
	for (size_t i = 0; i < 3; i++) {
		assert_true(parent_owner(b->owners[i], names[i]));
	}
	b->items[0] = (parent_item_t){ .owner = b->owners[0], .ds = &b->a0, .wanted = &b->a1 };
	b->items[1] = (parent_item_t){ .owner = b->owners[1], .ds = &b->none, .wanted = &b->b0 };
	b->items[2] = (parent_item_t){ .owner = b->owners[2], .ds = &b->c1, .wanted = &b->a1 };
	for (size_t i = 0; i < 3; i++) {
		b->items[i].ns = &b->ns;
		b->items[i].ttl = 600;
	}
	b->batch = (parent_batch_t){ .zone = ZONE, .items = b->items, .count = 3 };
}

static void end(batch_t *b)
{
	parent_items_clear(b->items, 3);
	knot_rdataset_t *const sets[] = { &b->ns, &b->a0, &b->a1, &b->b0, &b->c1 };
	for (size_t i = 0; i < 5; i++) {
		knot_rdataset_clear(sets[i], NULL);
	}
	assert_false(knotd.connected);
}

static bool zone_is_new(void)
{
	const record_t new[] = { { "a.z.", "600", "DS", DS_A1 },
		                 { "b.z.", "600", "DS", DS_B0 },
		                 { "c.z.", TTL, "DS", DS_C0 } };
	return has(&knotd.zone, &new[0]) && has(&knotd.zone, &new[1]) && has(&knotd.zone, &new[2]) &&
	       find(&knotd.zone, "a.z.", "DS", DS_A0) == knotd.zone.count;
}

static bool zone_is_old(void)
{
	const record_t old[] = { { "a.z.", TTL, "DS", DS_A0 }, { "c.z.", TTL, "DS", DS_C0 } };
	return has(&knotd.zone, &old[0]) && has(&knotd.zone, &old[1]) &&
	       find(&knotd.zone, "a.z.", "DS", DS_A1) == knotd.zone.count &&
	       find(&knotd.zone, "b.z.", "DS", NULL) == knotd.zone.count;
}

/*! Number of that command in a change that goes well. */
#define COMMIT 10

static void what_is_ordered_is_done_and_no_more(void **state)
{
	(void)state;
	batch_t b;
	begin(&b);
	parent_change(&target, &b.batch);
	assert_int_equal(b.batch.status, PARENT_BATCH_COMMITTED);
	assert_string_equal(knotd.log, "status begin get get get unset set set diff commit ");
	assert_true(zone_is_new());
	assert_int_equal(b.items[0].status, PARENT_ITEM_DONE);
	assert_int_equal(b.items[1].status, PARENT_ITEM_DONE);
	assert_int_equal(b.items[2].status, PARENT_ITEM_DIFFERS);
	assert_true(parent_has(&b.items[0].ds_now, b.a0.rdata));
	end(&b);
}

/*! One change, with one thing that happens at one of its commands or at one of the recovery. */
static void fails_at(action_t action, unsigned at, bool goes, unsigned *lost, unsigned *open)
{
	static const char *const names[] = { "nothing", "drop before", "drop after", "late", "empty", "error",
		                             "busy",    "adds",        "aborts",     "own",  "conf" };
	const char *what = names[action];
	char detail[PARENT_DETAIL_MAX];
	batch_t b;

	begin(&b);
	knotd.at = at;
	knotd.action = action;
	knotd.goes = goes;
	parent_change(&target, &b.batch);
	knotd.at = 0;
	knotd.gone = false;
	const bool new = zone_is_new(), foreign = find(&knotd.txn, FOREIGN, NULL, NULL) < knotd.txn.count;
	if (!new && !zone_is_old()) {
		fail_msg("%s at %u: a part is done", what, at);
	}
	if (find(&knotd.zone, FOREIGN, NULL, NULL) < knotd.zone.count) {
		fail_msg("%s at %u: a record of another client is committed", what, at);
	}
	if (b.batch.status != PARENT_BATCH_LOST && new != (b.batch.status == PARENT_BATCH_COMMITTED)) {
		fail_msg("%s at %u: %i is not true: %s", what, at, b.batch.status, b.batch.detail);
	}
	*lost += b.batch.status == PARENT_BATCH_LOST;
	*open += b.batch.open;
	if (b.batch.open) {
		parent_recover_t end = parent_recover(&target, &b.batch, true, detail);
		assert_true(end == PARENT_RECOVER_ABORTED || end == PARENT_RECOVER_NONE);
	}
	if (knotd.open && !(foreign && action == OTHER_OWN)) {
		fail_msg("%s at %u: open", what, at);
	}
	// One that has orders of ours by then goes, too.
	if (action == OTHER_OWN && at >= COMMIT - 1 && !knotd.open && knotd.command >= at) {
		fail_msg("%s at %u: the other client's own transaction is gone", what, at);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(b.items[i].status == PARENT_ITEM_DONE, b.batch.status == PARENT_BATCH_COMMITTED);
	}
	end(&b);
}

static void no_failure_leaves_a_transaction_open_or_a_part_done(void **state)
{
	(void)state;
	unsigned lost = 0, open = 0;

	for (action_t action = DROP_BEFORE; action < ACTIONS; action++) {
		for (unsigned at = 1; at <= COMMIT + 4; at++) {
			// Between zone-diff and zone-commit nothing tells, and the next check of the zone does.
			if (at != COMMIT || (action != OTHER_ADDS && action != OTHER_OWN)) {
				fails_at(action, at, false, &lost, &open);
				fails_at(action, at, true, &lost, &open);
			}
		}
	}
	// The answer to the commit, and nobody there who could say more.
	assert_int_equal(lost, 3);
	// From zone-begin to zone-commit.
	assert_int_equal(open, 18);
}

static void the_first_failure_ends_the_batch(void **state)
{
	(void)state;
	batch_t b;

	// The second record.
	begin(&b);
	knotd.at = 7;
	knotd.action = ERROR;
	parent_change(&target, &b.batch);
	assert_int_equal(b.batch.status, PARENT_BATCH_ABORTED);
	assert_string_equal(knotd.log, "status begin get get get unset set set abort ");
	assert_int_equal(b.items[0].status, PARENT_ITEM_REFUSED);
	assert_string_equal(b.items[0].detail, knot_strerror(KNOT_EINVAL));
	assert_int_equal(b.items[1].status, PARENT_ITEM_PUT_OFF);
	assert_int_equal(b.items[2].status, PARENT_ITEM_DIFFERS);
	end(&b);

	begin(&b);
	knotd.at = 6;
	knotd.action = OTHER_ABORTS;
	parent_change(&target, &b.batch);
	assert_int_equal(b.batch.status, PARENT_BATCH_ABORTED);
	assert_string_equal(b.batch.detail, "another client has ended the transaction");
	assert_int_equal(b.items[0].status, PARENT_ITEM_PUT_OFF);
	end(&b);

	begin(&b);
	knotd.at = COMMIT - 1;
	knotd.action = OTHER_ADDS;
	parent_change(&target, &b.batch);
	assert_int_equal(b.batch.status, PARENT_BATCH_ABORTED);
	assert_string_equal(b.batch.detail, "the transaction has something else than was ordered: +x.z. TXT");
	end(&b);

	begin(&b);
	knotd.at = COMMIT - 1;
	knotd.action = OTHER_OWN;
	parent_change(&target, &b.batch);
	assert_int_equal(b.batch.status, PARENT_BATCH_ABORTED);
	assert_string_equal(b.batch.detail, "another client has ended the transaction and begun one: +x.z. TXT");
	end(&b);
}

/* The facts were fresh when the batch was ordered: what waits too long is not committed. */
static void what_comes_too_late_is_not_committed(void **state)
{
	(void)state;
	batch_t b;

	begin(&b);
	b.batch.latest = uv_hrtime();
	parent_change(&target, &b.batch);
	assert_int_equal(b.batch.status, PARENT_BATCH_ABORTED);
	assert_string_equal(knotd.log, "");
	assert_int_equal(b.items[0].status, PARENT_ITEM_PUT_OFF);
	end(&b);

	// zone-begin waits for a re-signing.
	begin(&b);
	knotd.at = 2;
	knotd.action = LATE;
	knotd.late_ms = 200;
	b.batch.latest = uv_hrtime() + 100 * UINT64_C(1000000);
	parent_change(&target, &b.batch);
	assert_int_equal(b.batch.status, PARENT_BATCH_ABORTED);
	assert_true(zone_is_old());
	assert_false(knotd.open);
	assert_int_equal(b.items[0].status, PARENT_ITEM_PUT_OFF);
	end(&b);

	begin(&b);
	b.batch.latest = uv_hrtime() + 60 * UINT64_C(1000000000);
	parent_change(&target, &b.batch);
	assert_int_equal(b.batch.status, PARENT_BATCH_COMMITTED);
	end(&b);
}

/*! Changes a batch of one item. */
static void change_one(batch_t *b, parent_item_status_t want, const char *log)
{
	b->batch.count = 1;
	parent_change(&target, &b->batch);
	assert_int_equal(b->items[0].status, want);
	assert_string_equal(knotd.log, log);
	end(b);
}

static void only_what_differs_is_ordered(void **state)
{
	(void)state;
	batch_t b;

	// The TTL alone, then one of two records.
	begin(&b);
	b.items[0].wanted = &b.a0;
	change_one(&b, PARENT_ITEM_DONE, "status begin get unset set diff commit ");
	assert_true(has(&knotd.zone, &(record_t){ "a.z.", "600", "DS", DS_A0 }));
	begin(&b);
	assert_int_equal(parent_ds_add(&b.a1, DS_A0), KNOT_EOK);
	b.items[0].ttl = 3600;
	change_one(&b, PARENT_ITEM_DONE, "status begin get set diff commit ");
	begin(&b);
	assert_int_equal(parent_ds_add(&b.a1, DS_A0), KNOT_EOK);
	change_one(&b, PARENT_ITEM_DONE, "status begin get unset set set diff commit ");
	begin(&b);
	b.items[0].wanted = &b.a0;
	b.items[0].ttl = 3600;
	change_one(&b, PARENT_ITEM_SAME, "status begin get abort ");
}

static void what_is_not_as_expected_is_left_out(void **state)
{
	(void)state;
	batch_t b;

	// DS where none is expected, none where one is, another NS, no such name, the apex.
	begin(&b);
	b.items[0].ds = &b.none;
	change_one(&b, PARENT_ITEM_DIFFERS, "status begin get abort ");
	begin(&b);
	assert_true(parent_owner(b.owners[0], "b.z."));
	change_one(&b, PARENT_ITEM_DIFFERS, "status begin get abort ");
	begin(&b);
	snprintf(knotd.zone.list[2].data, sizeof(knotd.zone.list[2].data), "ns2.other.");
	change_one(&b, PARENT_ITEM_DIFFERS, "status begin get abort ");
	begin(&b);
	assert_true(parent_owner(b.owners[0], "nobody.z."));
	change_one(&b, PARENT_ITEM_DIFFERS, "status begin get abort ");
	begin(&b);
	assert_true(parent_owner(b.owners[0], ZONE));
	snprintf(knotd.zone.list[1].data, sizeof(knotd.zone.list[1].data), "ns.other.");
	b.items[0].ds = &b.none;
	change_one(&b, PARENT_ITEM_DIFFERS, "status begin get abort ");
}

static void an_answer_that_comes_late_is_verified(void **state)
{
	(void)state;
	batch_t b;

	begin(&b);
	knotd.at = 2;
	knotd.action = LATE;
	change_one(&b, PARENT_ITEM_DONE, "status begin diff get unset set diff commit ");
	begin(&b);
	knotd.at = 2;
	knotd.action = EMPTY;
	change_one(&b, PARENT_ITEM_PUT_OFF, "status begin diff ");
	assert_int_equal(b.batch.status, PARENT_BATCH_BUSY);
	// Another client was faster.
	begin(&b);
	knotd.at = 2;
	knotd.action = EMPTY;
	knotd.at_too = 3;
	knotd.action_too = OTHER_OWN;
	change_one(&b, PARENT_ITEM_PUT_OFF, "status begin diff ");
	assert_int_equal(b.batch.busy, PARENT_BUSY_TRANSACTION);
	assert_true(knotd.open);
	// An order, and one that was not carried out.
	begin(&b);
	knotd.at = 4;
	knotd.action = LATE;
	change_one(&b, PARENT_ITEM_DONE, "status begin get unset set diff commit ");
	begin(&b);
	knotd.at = 5;
	knotd.action = EMPTY;
	change_one(&b, PARENT_ITEM_PUT_OFF, "status begin get unset set diff abort ");
	assert_string_equal(b.batch.detail, "the transaction has something else than was ordered");
	// A commit, and one that was not carried out.
	begin(&b);
	knotd.at = 7;
	knotd.action = LATE;
	change_one(&b, PARENT_ITEM_DONE, "status begin get unset set diff commit read ");
	begin(&b);
	b.items[0].ttl = 3600;
	knotd.at = 7;
	knotd.action = EMPTY;
	change_one(&b, PARENT_ITEM_PUT_OFF, "status begin get unset set diff commit read status diff abort ");
	assert_int_equal(b.batch.status, PARENT_BATCH_ABORTED);
	assert_true(zone_is_old());
}

static void a_failure_after_a_failure_is_recovered(void **state)
{
	(void)state;
	batch_t b;

	begin(&b);
	knotd.at = 4;
	knotd.action = ERROR;
	knotd.at_too = 6;
	knotd.action_too = BUSY;
	change_one(&b, PARENT_ITEM_REFUSED, "status begin get unset set abort status diff abort ");
	assert_false(knotd.open);
	begin(&b);
	knotd.at = 4;
	knotd.action = BUSY;
	change_one(&b, PARENT_ITEM_PUT_OFF, "status begin get unset set abort ");
	assert_int_equal(b.batch.status, PARENT_BATCH_BUSY);
	// Nothing was begun, nothing is recovered.
	begin(&b);
	knotd.at = 2;
	knotd.action = ERROR;
	change_one(&b, PARENT_ITEM_PUT_OFF, "status begin ");
	assert_int_equal(b.batch.status, PARENT_BATCH_REFUSED);
	begin(&b);
	knotd.conf = true;
	knotd.at = 3;
	knotd.action = DROP_BEFORE;
	change_one(&b, PARENT_ITEM_PUT_OFF, "status begin status ");
	assert_int_equal(b.batch.status, PARENT_BATCH_UNREACHABLE);
}

static void one_without_changes_is_not_ours_after_the_commit(void **state)
{
	(void)state;
	char detail[PARENT_DETAIL_MAX];
	batch_t b;

	begin(&b);
	knotd.open = true;
	knotd.txn = knotd.zone;
	b.batch.status = PARENT_BATCH_LOST;
	parent_settle(&target, &b.batch);
	assert_true(knotd.open);
	assert_false(b.batch.open);
	assert_int_equal(b.batch.status, PARENT_BATCH_LOST);
	b.batch.status = PARENT_BATCH_ABORTED;
	parent_settle(&target, &b.batch);
	assert_false(knotd.open);
	end(&b);

	// It ends between two commands.
	begin(&b);
	knotd.open = true;
	knotd.txn = knotd.zone;
	knotd.at = 3;
	knotd.action = OTHER_ABORTS;
	assert_int_equal(parent_recover(&target, &b.batch, true, detail), PARENT_RECOVER_NONE);
	end(&b);
}

static void assert_stays_out(batch_t *b, parent_batch_status_t status, parent_busy_t busy, const char *detail)
{
	parent_change(&target, &b->batch);
	assert_int_equal(b->batch.status, status);
	assert_int_equal(b->batch.busy, busy);
	assert_string_equal(b->batch.detail, detail);
	assert_false(b->batch.open);
	assert_true(zone_is_old());
	end(b);
}

static void a_zone_at_work_is_left_alone(void **state)
{
	(void)state;
	batch_t b;

	begin(&b);
	knotd.open = true;
	assert_stays_out(&b, PARENT_BATCH_BUSY, PARENT_BUSY_TRANSACTION, "another client has a zone transaction open");
	assert_string_equal(knotd.log, "status ");
	assert_true(knotd.open);
	begin(&b);
	knotd.conf = true;
	assert_stays_out(&b, PARENT_BATCH_BUSY, PARENT_BUSY_CONF, "a configuration transaction is open");
	begin(&b);
	knotd.again = true;
	assert_stays_out(&b, PARENT_BATCH_BUSY, PARENT_BUSY_EVENT,
	                 "knotd is at work on the zone, and a client waits for it");
	begin(&b);
	knotd.frozen = true;
	assert_stays_out(&b, PARENT_BATCH_BUSY, PARENT_BUSY_FROZEN, "the zone is frozen");
	begin(&b);
	knotd.running = "running(1s)";
	assert_stays_out(&b, PARENT_BATCH_BUSY, PARENT_BUSY_EVENT, "knotd is at work on the zone: re-sign");
	begin(&b);
	knotd.at = 1;
	knotd.action = EMPTY;
	assert_stays_out(&b, PARENT_BATCH_BUSY, PARENT_BUSY_SERVER,
	                 "zone-status: knotd was busy, unknown if carried out");
	begin(&b);
	knotd.secondary = true;
	assert_stays_out(&b, PARENT_BATCH_REFUSED, PARENT_BUSY_NOT,
	                 "the zone is a secondary: the next transfer would undo the change");
	begin(&b);
	knotd.loaded = false;
	assert_stays_out(&b, PARENT_BATCH_REFUSED, PARENT_BUSY_NOT, "the zone is not loaded");
	begin(&b);
	knotd.gone = true;
	assert_stays_out(&b, PARENT_BATCH_UNREACHABLE, PARENT_BUSY_NOT, "nobody");
}

/*! A transaction in which knotd does not say what there is. */
static void a_transaction_that_cannot_be_read_is_left_alone(void **state)
{
	(void)state;
	static const action_t actions[] = { DROP_BEFORE, EMPTY, ERROR, BUSY };
	char detail[PARENT_DETAIL_MAX];

	for (unsigned at = 1; at <= 2; at++) {
		for (size_t i = 0; i < 4; i++) {
			batch_t b;
			begin(&b);
			knotd.open = true;
			knotd.txn = knotd.zone;
			put(&knotd.txn, "b.z.", "600", "DS", DS_B0);
			knotd.at = at;
			knotd.action = actions[i];
			// A zone that is not there has no transaction.
			const bool none = at == 1 && actions[i] == ERROR;
			assert_int_equal(parent_recover(&target, &b.batch, true, detail),
			                 none ? PARENT_RECOVER_NONE : PARENT_RECOVER_AGAIN);
			assert_true(knotd.open);
			end(&b);
		}
	}
}

static void only_what_the_batch_has_is_ours(void **state)
{
	(void)state;
	static const struct {
		const char *owner, *ttl, *type, *data;
		parent_recover_t want;
	} cases[] = {
		{ "b.z.", "600", "DS", DS_B0, PARENT_RECOVER_ABORTED },
		{ "b.z.", "601", "DS", DS_B0, PARENT_RECOVER_FOREIGN },
		{ "b.z.", "600", "DS", DS_A1, PARENT_RECOVER_FOREIGN },
		{ "a.z.", "600", "DS", DS_B0, PARENT_RECOVER_FOREIGN },
		{ "d.z.", "600", "DS", DS_B0, PARENT_RECOVER_FOREIGN },
		{ "b.z.", "600", "NS", "ns.other.", PARENT_RECOVER_FOREIGN },
		{ "b.z.", "600", "DS", "what", PARENT_RECOVER_FOREIGN },
	};
	char detail[PARENT_DETAIL_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		batch_t b;
		begin(&b);
		knotd.open = true;
		knotd.txn = knotd.zone;
		put(&knotd.txn, cases[i].owner, cases[i].ttl, cases[i].type, cases[i].data);
		assert_int_equal(parent_recover(&target, &b.batch, true, detail), cases[i].want);
		assert_int_equal(knotd.open, cases[i].want == PARENT_RECOVER_FOREIGN);
		end(&b);
	}
	// Records that it removes: the base of an item, and another one.
	for (size_t i = 0; i < 2; i++) {
		batch_t b;
		begin(&b);
		knotd.open = true;
		knotd.txn = knotd.zone;
		const size_t gone = find(&knotd.txn, i == 0 ? "a.z." : "c.z.", "DS", NULL);
		knotd.txn.list[gone] = knotd.txn.list[--knotd.txn.count];
		assert_int_equal(parent_recover(&target, &b.batch, true, detail),
		                 i == 0 ? PARENT_RECOVER_ABORTED : PARENT_RECOVER_FOREIGN);
		end(&b);
	}
}

/*! Knotd answers again at the third question, or never. */
static bool comes_back(void *arg)
{
	unsigned *asked = arg;
	knotd.gone = ++*asked < 3;
	return false;
}

static bool ends(void *arg)
{
	unsigned *asked = arg;
	return ++*asked == 2;
}

static void a_lost_transaction_is_ended_before_the_call_ends(void **state)
{
	(void)state;
	for (unsigned at = 2; at <= COMMIT; at++) {
		unsigned asked = 0;
		batch_t b;
		begin(&b);
		knotd.at = at;
		knotd.action = DROP_AFTER;
		knotd.goes = true;
		parent_job_t job = { .kind = PARENT_JOB_CHANGE, .of.batch = &b.batch };
		parent_job_run(&job, &target, ZONE, comes_back, &asked);
		assert_false(knotd.open);
		assert_false(b.batch.open);
		assert_int_equal(asked, 3);
		assert_int_equal(b.batch.status, at < COMMIT ? PARENT_BATCH_ABORTED : PARENT_BATCH_LOST);
		end(&b);
	}
	unsigned asked = 0;
	batch_t b;
	begin(&b);
	knotd.at = 5;
	knotd.action = DROP_AFTER;
	knotd.goes = true;
	parent_job_t job = { .kind = PARENT_JOB_CHANGE, .of.batch = &b.batch };
	parent_job_run(&job, &target, ZONE, ends, &asked);
	assert_true(b.batch.open);
	assert_true(knotd.open);
	end(&b);
}

/* Lists. */

typedef struct {
	char text[512];
} listed_t;

static void on_delegation(const parent_delegation_t *d, void *arg)
{
	listed_t *listed = arg;
	char owner[300];
	knot_dname_to_str(owner, d->owner, sizeof(owner));
	const size_t len = strlen(listed->text);
	snprintf(listed->text + len, sizeof(listed->text) - len, "%s %u/%u %u/%u, ", owner, d->ns->count, d->ns_ttl,
	         d->ds->count, d->ds_ttl);
}

static parent_list_t list(listed_t *listed)
{
	memset(listed, 0, sizeof(*listed));
	return parent_list(&target, ZONE, on_delegation, listed);
}

static void begin_zone(void)
{
	memset(&knotd, 0, sizeof(knotd));
	knotd.loaded = true;
	put(&knotd.zone, ZONE, TTL, "SOA", "ns.z. ad\\032min.z. 4294967295 1 1 1 1");
	put(&knotd.zone, ZONE, TTL, "NS", "ns.z.");
	put(&knotd.zone, ZONE, TTL, "DS", DS_A0);
	put(&knotd.zone, "a.z.", "60", "NS", "ns.a.z.");
	put(&knotd.zone, "a.z.", "60", "NS", "ns.other.");
	put(&knotd.zone, "a.z.", "61", "DS", DS_A0);
	put(&knotd.zone, "a.z.", "61", "DS", DS_A1);
	put(&knotd.zone, "a.z.", "61", "RRSIG", "DS 13");
	put(&knotd.zone, "b.a.z.", "60", "NS", "ns.other.");
	put(&knotd.zone, "ns.a.z.", "60", "A", "192.0.2.1");
	put(&knotd.zone, "ns.a.z.", "60", "DS", DS_A0);
	put(&knotd.zone, "aa.z.", "60", "NS", "ns.other.");
	put(&knotd.zone, "left.z.", "60", "DS", DS_A0);
	put(&knotd.zone, "q.left.z.", "60", "NS", "ns.other.");
}

static void delegations_are_listed_with_ns_and_ds(void **state)
{
	(void)state;
	listed_t listed;

	begin_zone();
	parent_list_t l = list(&listed);
	assert_int_equal(l.status, SERVER_OK);
	assert_int_equal(l.count, 4);
	assert_int_equal(l.serial, UINT32_MAX);
	assert_string_equal(listed.text, "a.z. 2/60 2/61, aa.z. 1/60 0/0, left.z. 0/0 1/60, q.left.z. 1/60 0/0, ");
	assert_string_equal(knotd.log, "status read ");
}

static void a_list_that_is_not_whole_is_an_error(void **state)
{
	(void)state;
	static const struct {
		unsigned at;
		action_t action;
		server_status_t want;
	} cases[] = {
		{ 1, DROP_BEFORE, SERVER_UNREACHABLE },
		{ 1, EMPTY, SERVER_BUSY },
		{ 1, ERROR, SERVER_REFUSED },
		{ 2, DROP_AFTER, SERVER_UNREACHABLE },
		{ 2, EMPTY, SERVER_BUSY },
		{ 2, ERROR, SERVER_REFUSED },
		{ 2, BUSY, SERVER_BUSY },
		{ 2, NOTHING, SERVER_OK },
	};
	static const char *const bad[] = { "1 13",       "x 13 2 00",     "1 13 2 0",    "1 13 2 0G",  "1 13 2 ",
		                           "1 256 2 00", "65536 13 2 00", "1 13 256 00", "-1 13 2 00", "1 13 2 00 00" };
	listed_t listed;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_zone();
		knotd.at = cases[i].at;
		knotd.action = cases[i].action;
		assert_int_equal(list(&listed).status, cases[i].want);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin_zone();
		put(&knotd.zone, "r.z.", "60", "NS", "ns.other.");
		put(&knotd.zone, "r.z.", "60", "DS", bad[i]);
		put(&knotd.zone, "s.z.", "60", "NS", "ns.other.");
		parent_list_t l = list(&listed);
		assert_int_equal(l.status, SERVER_REFUSED);
		assert_string_equal(l.detail, "zone-read gave a record that cannot be read: r.z. DS");
		assert_null(strstr(listed.text, "r.z."));
		assert_null(strstr(listed.text, "s.z."));
	}
	begin_zone();
	knotd.loaded = false;
	parent_list_t l = list(&listed);
	assert_int_equal(l.status, SERVER_REFUSED);
	assert_string_equal(l.detail, "the zone is not loaded");
	begin_zone();
	knotd.gone = true;
	assert_int_equal(list(&listed).status, SERVER_UNREACHABLE);
}

/* Text. */

static void a_ds_is_read_and_written(void **state)
{
	(void)state;
	knot_rdataset_t set = { 0 };

	assert_int_equal(parent_ds_add(&set, "65535 255 254 00aAFf"), KNOT_EOK);
	assert_int_equal(set.count, 1);
	assert_memory_equal(set.rdata->data, "\xFF\xFF\xFF\xFE\x00\xAA\xFF", 7);
	assert_int_equal(set.rdata->len, 7);
	char *text = parent_ds_text(set.rdata);
	assert_string_equal(text, "65535 255 254 00AAFF");
	free(text);
	knot_rdataset_clear(&set, NULL);

	uint8_t room[64];
	knot_rdata_t *rdata = (knot_rdata_t *)room;
	knot_rdata_init(rdata, 4, (const uint8_t *)"\0\1\15\2");
	assert_null(parent_ds_text(rdata));
	knot_rdata_init(rdata, 0, NULL);
	assert_null(parent_ds_text(rdata));
}

static void names_are_compared_in_any_order_and_case(void **state)
{
	(void)state;
	static const char *const texts[][2] = { { "a.x.", "b.x." }, { "B.x.", "A.x." }, { "a.x.", "c.x." } };
	knot_rdataset_t sets[3] = { 0 };

	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < 2; k++) {
			knot_dname_storage_t name;
			uint8_t room[300];
			assert_non_null(knot_dname_from_str(name, texts[i][k], sizeof(name)));
			knot_rdata_init((knot_rdata_t *)room, (uint16_t)knot_dname_size(name), name);
			assert_int_equal(knot_rdataset_add(&sets[i], (knot_rdata_t *)room, NULL), KNOT_EOK);
		}
	}
	knot_dname_storage_t one, two;
	assert_true(parent_owner(one, "A.z.") && parent_owner(two, "a.Z."));
	assert_true(knot_dname_is_equal(one, two));
	assert_false(parent_owner(one, "a..z."));
	const knot_rdataset_t none = { 0 };
	assert_true(parent_same_names(&sets[0], &sets[1]));
	assert_false(parent_same_names(&sets[0], &sets[2]));
	assert_false(parent_same_names(&sets[2], &sets[0]));
	assert_false(parent_same_names(&sets[0], &none));
	assert_true(parent_same_names(&none, &none));
	for (size_t i = 0; i < 3; i++) {
		knot_rdataset_clear(&sets[i], NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_ordered_is_done_and_no_more),
		cmocka_unit_test(no_failure_leaves_a_transaction_open_or_a_part_done),
		cmocka_unit_test(the_first_failure_ends_the_batch),
		cmocka_unit_test(what_comes_too_late_is_not_committed),
		cmocka_unit_test(only_what_differs_is_ordered),
		cmocka_unit_test(what_is_not_as_expected_is_left_out),
		cmocka_unit_test(an_answer_that_comes_late_is_verified),
		cmocka_unit_test(a_failure_after_a_failure_is_recovered),
		cmocka_unit_test(one_without_changes_is_not_ours_after_the_commit),
		cmocka_unit_test(a_zone_at_work_is_left_alone),
		cmocka_unit_test(a_transaction_that_cannot_be_read_is_left_alone),
		cmocka_unit_test(only_what_the_batch_has_is_ours),
		cmocka_unit_test(a_lost_transaction_is_ended_before_the_call_ends),
		cmocka_unit_test(delegations_are_listed_with_ns_and_ds),
		cmocka_unit_test(a_list_that_is_not_whole_is_an_error),
		cmocka_unit_test(a_ds_is_read_and_written),
		cmocka_unit_test(names_are_compared_in_any_order_and_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
