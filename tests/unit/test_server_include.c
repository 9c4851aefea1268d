/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DS in a file that the zone file includes, at a knotd that fails at every command in every way. It is a model: a zone
 * file, whether that has the $INCLUDE, and the zone that the last load made of both.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "module/server/ds_file.h"
#include "module/server/parent_include.h"
#include "module/server/parent_records.h"

#define ZONE "z."
#define TTL  "3600"

/* The zone and its server. */

typedef struct {
	char owner[16], ttl[8], type[8], data[80];
} record_t;

typedef struct {
	record_t list[32];
	size_t count;
} records_t;

/*! What happens at one command. */
typedef enum {
	NOTHING,
	DROP_BEFORE, // The connection ends, the command is not carried out.
	DROP_AFTER,  // It is carried out.
	LATE,        // It is carried out, after a long time.
	EMPTY,       // It is not carried out: an empty answer after a long time.
	ERROR,       // knotd refuses it.
	BUSY,        // It is busy.
	ACTIONS,
} action_t;

static struct {
	records_t file, zone;
	bool includes, conf, frozen, open, secondary, unloaded, slow, partly;
	const char *running, *load, *sync, *skip;
	unsigned at, at_too; // The commands that the action happens at, from 1.
	action_t action;
	unsigned command, loads;
	bool goes, gone; // Nobody listens after a connection was dropped; now.
	bool connected;
	bool delays; // Its status takes 50 ms.
	bool full;   // No file can be written from the next load on.
	char log[1024];
} knotd;

static char folder[] = "/tmp/kskroll-include-XXXXXX";
static char path[256], temporary[272];

static void put(records_t *records, const char *owner, const char *ttl, const char *type, const char *data)
{
	assert_true(records->count < 32);
	record_t *r = &records->list[records->count++];
	snprintf(r->owner, sizeof(r->owner), "%s", owner);
	snprintf(r->ttl, sizeof(r->ttl), "%s", ttl);
	snprintf(r->type, sizeof(r->type), "%s", type);
	snprintf(r->data, sizeof(r->data), "%s", data);
}

static bool has(const records_t *records, const char *owner, const char *ttl, const char *data)
{
	for (size_t i = 0; i < records->count; i++) {
		const record_t *r = &records->list[i];
		if (strcmp(r->owner, owner) == 0 &&
		    (data == NULL ? strcmp(r->type, "DS") == 0 : strcmp(r->data, data) == 0) &&
		    (ttl == NULL || strcmp(r->ttl, ttl) == 0)) {
			return true;
		}
	}
	return false;
}

static void load_zone(void)
{
	char detail[DS_FILE_DETAIL_MAX], owner[256], ttl[16];
	ds_file_t file;

	knotd.loads++;
	knotd.zone = knotd.file;
	if (!knotd.includes || ds_file_read(&file, path, ZONE, detail) != KNOT_EOK) {
		return;
	}
	for (size_t i = 0; i < file.count && !(knotd.partly && i > 0); i++) {
		const knot_rdata_t *rdata = file.sets[i].ds.rdata;
		snprintf(ttl, sizeof(ttl), "%u", file.sets[i].ttl);
		for (unsigned k = 0; k < file.sets[i].ds.count; k++) {
			char *text = parent_ds_text(rdata);
			put(&knotd.zone, knot_dname_to_str(owner, file.sets[i].owner, sizeof(owner)), ttl, "DS", text);
			free(text);
			rdata = knot_rdataset_next((knot_rdata_t *)rdata);
		}
	}
	ds_file_clear(&file);
}

static void say(control_cmd_t *cmd, const control_unit_t *unit)
{
	cmd->units++;
	if (cmd->each != NULL) {
		cmd->each(unit, cmd->arg);
	}
}

static void say_status(control_cmd_t *cmd)
{
	const char *const units[][2] = { { "role", knotd.secondary ? "slave" : "master" },
		                         { "serial", knotd.unloaded ? "-" : "7" },
		                         { "transaction", knotd.open ? "open" : "-" },
		                         { "freeze", knotd.frozen ? "yes" : "-" },
		                         { "re-sign", knotd.running != NULL ? knotd.running : "+1D" } };
	for (size_t i = 0; i < 5; i++) {
		say(cmd, &(control_unit_t){ .type = units[i][0], .data = units[i][1] });
	}
}

static int carry_out(control_cmd_t *cmd)
{
	if (strcmp(cmd->name, "zone-status") == 0) {
		nanosleep(&(struct timespec){ .tv_nsec = knotd.delays ? 50000000 : 0 }, NULL);
		say_status(cmd);
	} else if (strcmp(cmd->name, "conf-diff") == 0) {
		return knotd.conf ? KNOT_EOK : KNOT_TXN_ENOTEXISTS;
	} else if (strcmp(cmd->name, "conf-read") == 0) {
		if (strcmp(cmd->section, "template") == 0) {
			return KNOT_YP_EINVAL_ID;
		}
		say(cmd, &(control_unit_t){ .item = "domain", .data = ZONE });
		say(cmd, &(control_unit_t){ .item = "zonefile-load", .data = knotd.load });
		say(cmd, &(control_unit_t){ .item = "zonefile-sync", .data = knotd.sync });
		if (knotd.skip != NULL) {
			say(cmd, &(control_unit_t){ .item = "zonefile-skip", .data = knotd.skip });
		}
	} else if (strcmp(cmd->name, "zone-reload") == 0) {
		assert_string_equal(cmd->flags, "B");
		load_zone();
	} else if (strcmp(cmd->name, "zone-read") == 0) {
		for (size_t i = 0; i < knotd.zone.count; i++) {
			const record_t *r = &knotd.zone.list[i];
			if (strcmp(r->owner, cmd->owner) == 0) {
				say(cmd, &(control_unit_t){
						 .owner = r->owner, .ttl = r->ttl, .type = r->type, .data = r->data });
			}
		}
		return cmd->units > 0 ? KNOT_EOK : KNOT_ENONODE;
	} else {
		fail_msg("%s", cmd->name);
	}
	return KNOT_EOK;
}

static void fail_with(control_cmd_t *cmd, int code)
{
	if (code != KNOT_EOK) {
		cmd->failed = true;
		cmd->busy = code == KNOT_EBUSY;
		snprintf(cmd->error, sizeof(cmd->error), "%s", knot_strerror(code));
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
		const bool now = knotd.command == knotd.at || knotd.command == knotd.at_too;
		const action_t action = now ? knotd.action : NOTHING;
		const size_t len = strlen(knotd.log);
		snprintf(knotd.log + len, sizeof(knotd.log) - len, "%s ", cmd->name);
		if (knotd.full && strcmp(cmd->name, "zone-reload") == 0) {
			assert_int_equal(mkdir(temporary, 0700), 0);
		}
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
			const bool slow = action == LATE || (knotd.slow && strcmp(cmd->name, "zone-reload") == 0);
			cmd->doubtful = slow && !cmd->failed && cmd->units == 0;
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
	if (control != NULL) {
		assert_ptr_equal(control, &knotd);
		assert_true(knotd.connected);
		knotd.connected = false;
	}
}

/* The batch: a. is replaced, b. gets its first DS, c. has its DS in the zone file, d. has become another one. */

#define DS_A0 "1 13 2 00AA"
#define DS_A1 "2 13 2 00AB"
#define DS_B0 "3 13 2 00BB"
#define DS_C0 "4 13 2 00CC"
#define DS_D0 "5 13 2 00DD"
#define ITEMS 4

/*! Of the command zone-reload in a change that goes well. */
#define RELOAD 7

static const control_target_t target = { .path = "/fake", .timeout_ms = 1000 };

typedef struct {
	knot_dname_storage_t owners[ITEMS];
	knot_rdataset_t ns, none, a0, a1, b0, c0;
	parent_item_t items[ITEMS];
	parent_batch_t batch;
} batch_t;

static void write_exactly(const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

/*! As an operator writes a whole file. */
static void write_text(const char *text)
{
	char whole[512];
	snprintf(whole, sizeof(whole), "%s\n; end, delegations: 0\n", text);
	write_exactly(whole);
}

static void begin(batch_t *b)
{
	static const char *const names[] = { "a.z.", "b.z.", "c.z.", "d.z." };

	memset(&knotd, 0, sizeof(knotd));
	knotd.includes = true;
	knotd.load = "difference-no-serial";
	knotd.sync = "-1";
	put(&knotd.file, ZONE, TTL, "NS", "ns.z.");
	for (size_t i = 0; i < ITEMS; i++) {
		put(&knotd.file, names[i], TTL, "NS", "ns.other.");
	}
	put(&knotd.file, "c.z.", TTL, "DS", DS_C0);
	write_text("; mine\n$TTL 3600\nA DS " DS_A0 "\nd.z. 3600 IN DS ( 5 13 2\n 00 dd ) ; moved");
	load_zone();
	knotd.loads = 0;

	memset(b, 0, sizeof(*b));
	parent_sets_t sets = { 0 };
	assert_int_equal(parent_sets_add(&sets, &(control_unit_t){ .type = "NS", .ttl = TTL, .data = "NS.other." }),
	                 KNOT_EOK);
	b->ns = sets.ns;
	assert_int_equal(parent_ds_add(&b->a0, DS_A0), KNOT_EOK);
	assert_int_equal(parent_ds_add(&b->a1, DS_A1), KNOT_EOK);
	assert_int_equal(parent_ds_add(&b->b0, DS_B0), KNOT_EOK);
	assert_int_equal(parent_ds_add(&b->c0, DS_C0), KNOT_EOK);
	for (size_t i = 0; i < ITEMS; i++) {
		assert_true(parent_owner(b->owners[i], names[i]));
	}
	b->items[0] = (parent_item_t){ .owner = b->owners[0], .ds = &b->a0, .wanted = &b->a1 };
	b->items[1] = (parent_item_t){ .owner = b->owners[1], .ds = &b->none, .wanted = &b->b0 };
	b->items[2] = (parent_item_t){ .owner = b->owners[2], .ds = &b->c0, .wanted = &b->a1 };
	b->items[3] = (parent_item_t){ .owner = b->owners[3], .ds = &b->a0, .wanted = &b->a1 };
	for (size_t i = 0; i < ITEMS; i++) {
		b->items[i].ns = &b->ns;
		b->items[i].ttl = 600;
	}
	b->batch = (parent_batch_t){ .zone = ZONE, .items = b->items, .count = ITEMS };
}

static void end(batch_t *b)
{
	parent_items_clear(b->items, ITEMS);
	knot_rdataset_t *const sets[] = { &b->ns, &b->a0, &b->a1, &b->b0, &b->c0 };
	for (size_t i = 0; i < 5; i++) {
		knot_rdataset_clear(sets[i], NULL);
	}
	assert_false(knotd.connected);
}

static void again(batch_t *b)
{
	parent_items_clear(b->items, ITEMS);
	memset(knotd.log, 0, sizeof(knotd.log));
	knotd.at = knotd.at_too = knotd.command = knotd.loads = 0;
	knotd.gone = false;
	parent_include(&target, path, &b->batch);
}

static bool zone_is_new(void)
{
	return has(&knotd.zone, "a.z.", "600", DS_A1) && has(&knotd.zone, "b.z.", "600", DS_B0) &&
	       !has(&knotd.zone, "a.z.", NULL, DS_A0) && has(&knotd.zone, "c.z.", TTL, DS_C0) &&
	       has(&knotd.zone, "d.z.", TTL, DS_D0);
}

static bool zone_is_old(void)
{
	return has(&knotd.zone, "a.z.", TTL, DS_A0) && !has(&knotd.zone, "a.z.", NULL, DS_A1) &&
	       !has(&knotd.zone, "b.z.", NULL, NULL) && has(&knotd.zone, "c.z.", TTL, DS_C0) &&
	       has(&knotd.zone, "d.z.", TTL, DS_D0);
}

#define assert_batch(b, want)                                                                                          \
	do {                                                                                                           \
		if ((b)->batch.status != (want)) {                                                                     \
			fail_msg("status %i, not %i: %s", (b)->batch.status, (want), (b)->batch.detail);               \
		}                                                                                                      \
	} while (0)

static void a_change_goes_through_the_file(void **state)
{
	(void)state;
	batch_t b;
	struct stat st;

	begin(&b);
	b.batch.count = 2;
	parent_include(&target, path, &b.batch);
	assert_batch(&b, PARENT_BATCH_COMMITTED);
	assert_string_equal(
		knotd.log,
		"zone-status conf-diff conf-read conf-read zone-read zone-read zone-reload zone-read zone-read ");
	assert_true(zone_is_new());
	assert_int_equal(b.items[0].status, PARENT_ITEM_DONE);
	assert_int_equal(b.items[1].status, PARENT_ITEM_DONE);
	assert_true(parent_same(&b.items[0].ds_now, &b.a0));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640, 0);
	/* The same again finds the zone as it wants it. */
	b.items[0].ds = &b.a1;
	b.items[1].ds = &b.b0;
	again(&b);
	assert_batch(&b, PARENT_BATCH_NOTHING);
	assert_int_equal(b.items[0].status, PARENT_ITEM_SAME);
	assert_int_equal(knotd.loads, 0);
	/* Another TTL, and none. */
	b.items[0].ttl = 3600;
	b.items[1].wanted = &b.none;
	again(&b);
	assert_batch(&b, PARENT_BATCH_COMMITTED);
	assert_true(has(&knotd.zone, "a.z.", "3600", DS_A1));
	assert_false(has(&knotd.zone, "b.z.", NULL, NULL));
	end(&b);
}

static void what_differs_is_left_out_and_what_the_zone_file_has_is_refused(void **state)
{
	(void)state;
	batch_t b;

	begin(&b);
	parent_include(&target, path, &b.batch);
	assert_batch(&b, PARENT_BATCH_COMMITTED);
	assert_true(zone_is_new());
	assert_int_equal(b.items[0].status, PARENT_ITEM_DONE);
	assert_int_equal(b.items[1].status, PARENT_ITEM_DONE);
	assert_int_equal(b.items[2].status, PARENT_ITEM_REFUSED);
	assert_non_null(strstr(b.items[2].detail, path));
	assert_non_null(strstr(b.items[2].detail, "move it there"));
	assert_int_equal(b.items[3].status, PARENT_ITEM_DIFFERS);
	end(&b);
	/* Other NS, and a name that is not below the zone. */
	begin(&b);
	knotd.file.list[1].data[0] = 'x';
	load_zone();
	assert_true(parent_owner(b.owners[1], ZONE));
	b.batch.count = 2;
	parent_include(&target, path, &b.batch);
	assert_batch(&b, PARENT_BATCH_NOTHING);
	assert_int_equal(b.items[0].status, PARENT_ITEM_DIFFERS);
	assert_int_equal(b.items[1].status, PARENT_ITEM_DIFFERS);
	assert_true(zone_is_old());
	end(&b);
}

static void without_the_line_in_the_zone_file_nothing_stays(void **state)
{
	(void)state;
	batch_t b;

	/* A small zone, and one whose load takes as long as a wait in vain. */
	for (int slow = 0; slow < 2; slow++) {
		begin(&b);
		write_text("");
		knotd.includes = false;
		knotd.slow = slow;
		load_zone();
		b.batch.items = &b.items[1];
		b.batch.count = 1;
		parent_include(&target, path, &b.batch);
		assert_batch(&b, PARENT_BATCH_REFUSED);
		assert_non_null(strstr(b.batch.detail, "lacks the line $INCLUDE "));
		assert_non_null(strstr(b.batch.detail, path));
		assert_int_equal(b.items[1].status, PARENT_ITEM_PUT_OFF);
		/* If the operator adds it now, the zone does not get what was ordered long ago. */
		knotd.includes = true;
		load_zone();
		assert_false(has(&knotd.zone, "b.z.", NULL, NULL));
		/* A former process has ended before it could take it back. */
		knotd.includes = false;
		write_text("b.z. 600 DS " DS_B0 "\n");
		again(&b);
		assert_batch(&b, PARENT_BATCH_REFUSED);
		knotd.includes = true;
		load_zone();
		assert_false(has(&knotd.zone, "b.z.", NULL, NULL));
		end(&b);
	}
}

static void a_file_that_is_ahead_of_the_zone_counts(void **state)
{
	(void)state;
	batch_t b;

	begin(&b);
	b.batch.count = 2;
	write_text("a.z. 600 DS " DS_A1 "\nb.z. 600 DS " DS_B0 "\nd 3600 DS " DS_D0 "\n");
	parent_include(&target, path, &b.batch);
	assert_batch(&b, PARENT_BATCH_NOTHING);
	assert_true(zone_is_new());
	assert_int_equal(b.items[0].status, PARENT_ITEM_SAME);
	assert_int_equal(b.items[1].status, PARENT_ITEM_SAME);
	end(&b);
	/* Something else than is wanted now is judged again. */
	begin(&b);
	b.batch.count = 2;
	write_text("a.z. 600 DS " DS_B0 "\nd 3600 DS " DS_D0 "\n");
	parent_include(&target, path, &b.batch);
	assert_batch(&b, PARENT_BATCH_COMMITTED);
	assert_int_equal(b.items[0].status, PARENT_ITEM_DIFFERS);
	assert_int_equal(b.items[1].status, PARENT_ITEM_DONE);
	end(&b);
}

static void what_a_process_has_left_in_the_file_is_taken_back(void **state)
{
	(void)state;
	char detail[PARENT_DETAIL_MAX];
	batch_t b;

	/* It was not loaded, and the TTL of one was to be another one. */
	begin(&b);
	b.batch.count = 2;
	write_text("a.z. 600 DS " DS_A1 "\nb.z. 600 DS " DS_B0 "\nd 3600 DS " DS_D0 "\n");
	assert_true(parent_include_settle(&target, path, &b.batch, detail));
	assert_int_equal(knotd.loads, 1);
	assert_true(zone_is_old());
	b.batch.count = 1;
	b.items[0].wanted = &b.a0;
	write_text("a.z. 600 DS " DS_A0 "\nd 3600 DS " DS_D0 "\n");
	assert_true(parent_include_settle(&target, path, &b.batch, detail));
	load_zone();
	assert_true(zone_is_old());
	end(&b);
	/* Another client has changed the zone: that counts. */
	begin(&b);
	b.batch.count = 2;
	knotd.zone.list[6].data[0] = '9';
	assert_true(has(&knotd.zone, "a.z.", TTL, "9 13 2 00AA"));
	write_text("a.z. 600 DS " DS_A1 "\nb.z. 600 DS " DS_B0 "\nd 3600 DS " DS_D0 "\n");
	assert_true(parent_include_settle(&target, path, &b.batch, detail));
	assert_true(has(&knotd.zone, "a.z.", TTL, "9 13 2 00AA"));
	assert_false(has(&knotd.zone, "a.z.", NULL, DS_A1));
	assert_false(has(&knotd.zone, "b.z.", NULL, NULL));
	end(&b);
	/* What the batch has not ordered is the operator's. */
	begin(&b);
	b.batch.count = 2;
	write_text("a.z. 600 DS " DS_C0 "\nd 3600 DS " DS_D0 "\n");
	assert_true(parent_include_settle(&target, path, &b.batch, detail));
	assert_int_equal(knotd.loads, 0);
	load_zone();
	assert_true(has(&knotd.zone, "a.z.", "600", DS_C0));
	end(&b);
	/* It was loaded, or never written. */
	for (int loaded = 0; loaded < 2; loaded++) {
		begin(&b);
		b.batch.count = 2;
		if (loaded) {
			write_text("a.z. 600 DS " DS_A1 "\nb.z. 600 DS " DS_B0 "\nd 3600 DS " DS_D0 "\n");
			load_zone();
			knotd.loads = 0;
		}
		assert_true(parent_include_settle(&target, path, &b.batch, detail));
		assert_int_equal(knotd.loads, 0);
		load_zone();
		assert_true(loaded ? zone_is_new() : zone_is_old());
		end(&b);
	}
	/* knotd is at work: perhaps it loads the file. A zone that is not loaded will be, from the file. */
	begin(&b);
	knotd.running = "running";
	assert_false(parent_include_settle(&target, path, &b.batch, detail));
	knotd.running = NULL;
	knotd.unloaded = true;
	assert_true(parent_include_settle(&target, path, &b.batch, detail));
	knotd.gone = true;
	assert_false(parent_include_settle(&target, path, &b.batch, detail));
	assert_int_equal(knotd.loads, 0);
	end(&b);
}

static void a_part_of_it_does_not_stay(void **state)
{
	(void)state;
	batch_t b;

	begin(&b);
	write_text("a 3600 DS " DS_A0 "\n");
	load_zone();
	b.batch.count = 2;
	knotd.partly = true;
	parent_include(&target, path, &b.batch);
	assert_batch(&b, PARENT_BATCH_ABORTED);
	knotd.partly = false;
	load_zone();
	assert_true(has(&knotd.zone, "a.z.", TTL, DS_A0));
	assert_false(has(&knotd.zone, "b.z.", NULL, NULL));
	end(&b);
}

/*! An empty one instead would take DS from all that the batch does not have. */
static void a_missing_file_is_not_made_again(void **state)
{
	(void)state;
	char detail[PARENT_DETAIL_MAX];
	batch_t b;

	begin(&b);
	assert_int_equal(unlink(path), 0);
	b.batch.items = &b.items[1];
	b.batch.count = 1;
	parent_include(&target, path, &b.batch);
	assert_batch(&b, PARENT_BATCH_REFUSED);
	assert_non_null(strstr(b.batch.detail, path));
	assert_non_null(strstr(b.batch.detail, "put it back from a backup"));
	/* An order of a former process is taken back when it is there again. */
	b.batch.items = b.items;
	b.items[0].wanted = &b.none;
	assert_false(parent_include_settle(&target, path, &b.batch, detail));
	assert_non_null(strstr(detail, "put it back from a backup"));
	assert_int_equal(parent_include_create(path, ZONE, false, detail), KNOT_ENOENT);
	assert_non_null(strstr(detail, "put it back from a backup"));
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(knotd.loads, 0);
	/* It is put back, as the order has left it. */
	write_text("d 3600 DS " DS_D0 "\n");
	assert_true(parent_include_settle(&target, path, &b.batch, detail));
	load_zone();
	assert_true(zone_is_old());
	end(&b);
}

/*! The file has the order then, and the zone has not. Days later another child gets its DS. */
static void what_is_lost_is_settled_before_the_next_batch(void **state)
{
	(void)state;
	char detail[PARENT_DETAIL_MAX];

	for (int full = 0; full < 2; full++) {
		batch_t b;
		begin(&b);
		b.batch.count = 1;
		knotd.at = RELOAD - 1; // One item is read less.
		knotd.action = full ? ERROR : DROP_BEFORE;
		knotd.goes = !full;
		knotd.full = full;
		parent_include(&target, path, &b.batch);
		assert_batch(&b, PARENT_BATCH_LOST);
		assert_true(zone_is_old());
		/* Nothing works yet. */
		knotd.at = 0;
		knotd.full = false;
		assert_false(parent_include_settle(&target, path, &b.batch, detail));
		assert_true((detail[0] != '\0') == full);
		knotd.gone = false;
		if (full) {
			assert_int_equal(rmdir(temporary), 0);
		}
		/* The file is being edited. */
		FILE *file = fopen(path, "a");
		assert_non_null(file);
		fprintf(file, "# an error\n");
		fclose(file);
		assert_false(parent_include_settle(&target, path, &b.batch, detail));
		assert_non_null(strstr(detail, path));
		write_text("a.z. 600 DS " DS_A1 "\nd 3600 DS " DS_D0 "\n");
		assert_true(parent_include_settle(&target, path, &b.batch, detail));
		b.batch.items = &b.items[1];
		again(&b);
		assert_batch(&b, PARENT_BATCH_COMMITTED);
		assert_true(has(&knotd.zone, "a.z.", TTL, DS_A0));
		assert_false(has(&knotd.zone, "a.z.", NULL, DS_A1));
		assert_true(has(&knotd.zone, "d.z.", TTL, DS_D0));
		end(&b);
	}
}

/*! A delegation that is gone leaves its DS in the file. One that has come back by now keeps it. */
static void ds_without_a_delegation_is_removed(void **state)
{
	(void)state;
	batch_t b;

	for (int back = 0; back < 2; back++) {
		begin(&b);
		b.items[0].ns = &b.none;
		b.items[0].wanted = &b.none;
		b.batch.count = 1;
		strcpy(knotd.file.list[1].type, back ? "NS" : "TXT");
		load_zone();
		knotd.loads = 0;
		parent_include(&target, path, &b.batch);
		assert_batch(&b, back ? PARENT_BATCH_NOTHING : PARENT_BATCH_COMMITTED);
		assert_int_equal(b.items[0].status, back ? PARENT_ITEM_DIFFERS : PARENT_ITEM_DONE);
		strcpy(knotd.file.list[1].type, "NS");
		load_zone();
		assert_true(has(&knotd.zone, "a.z.", NULL, DS_A0) == back);
		assert_true(has(&knotd.zone, "d.z.", TTL, DS_D0));
		end(&b);
	}
}

typedef struct {
	const char *text, *words; // Words of the error; NULL: it counts.
} cut_t;

/*! A full disk, or an editor, has left a part of it: the rest must not be written as a whole. */
static void a_file_that_is_cut_off_is_left_alone(void **state)
{
	(void)state;
	static const cut_t cuts[] = {
		{ "", "is cut off" },
		{ "a.z. 3600 DS " DS_A0 "\n", "add the line \"; end, delegations: 1\"" },
		{ "a.z. 3600 DS " DS_A0 "\n; end, delegations", "is cut off" },
		{ "a.z. 3600 DS " DS_A0 " ; end, delegations: 0\n", "is cut off" },
		{ "a.z. 3600 DS " DS_A0 "\n; end, delegations: 2\n", "has 1 of 2 delegations" },
		{ "a.z. 3600 DS " DS_A0 "\n; end, delegations: 99999999999999999999999\n", "has 1 of " },
		{ "a.z. 3600 DS " DS_A0 "\nd.z. 3600 DS " DS_D0 "\n; end, delegations: 2", NULL },
		{ "a.z. 3600 DS " DS_A0 "\n; end, delegations: 1\nd.z. 3600 DS " DS_D0 "\n", NULL },
		{ "; end, delegations: 0\na.z. 3600 DS " DS_A0 "\nd.z. 3600 DS " DS_D0 "\n", NULL },
	};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		char after[512] = "", detail[PARENT_DETAIL_MAX];
		batch_t b;
		begin(&b);
		b.batch.count = 2;
		write_exactly(cuts[i].text);
		parent_include(&target, path, &b.batch);
		assert_batch(&b, cuts[i].words != NULL ? PARENT_BATCH_REFUSED : PARENT_BATCH_COMMITTED);
		if (cuts[i].words == NULL) {
			assert_true(zone_is_new());
			assert_true(has(&knotd.zone, "d.z.", TTL, DS_D0));
			end(&b);
			continue;
		}
		assert_non_null(strstr(b.batch.detail, cuts[i].words));
		assert_false(parent_include_settle(&target, path, &b.batch, detail));
		assert_string_equal(detail, b.batch.detail);
		assert_int_equal(knotd.loads, 0);
		FILE *file = fopen(path, "r");
		assert_int_equal(fread(after, 1, sizeof(after) - 1, file), strlen(cuts[i].text));
		fclose(file);
		assert_string_equal(after, cuts[i].text);
		end(&b);
	}
}

typedef struct {
	const char *what;
	parent_batch_status_t status;
	parent_busy_t busy;
	const char *words;
} obstacle_t;

static void a_zone_that_cannot_be_changed_is_left_alone(void **state)
{
	(void)state;
	static const obstacle_t obstacles[] = {
		{ "unloaded", PARENT_BATCH_REFUSED, PARENT_BUSY_NOT, "not loaded" },
		{ "secondary", PARENT_BATCH_REFUSED, PARENT_BUSY_NOT, "secondary" },
		{ "open", PARENT_BATCH_BUSY, PARENT_BUSY_TRANSACTION, "transaction" },
		{ "frozen", PARENT_BATCH_BUSY, PARENT_BUSY_FROZEN, "frozen" },
		{ "running", PARENT_BATCH_BUSY, PARENT_BUSY_EVENT, "re-sign" },
		{ "conf", PARENT_BATCH_BUSY, PARENT_BUSY_CONF, "configuration" },
		{ "load", PARENT_BATCH_REFUSED, PARENT_BUSY_NOT, "zonefile-load" },
		{ "sync", PARENT_BATCH_REFUSED, PARENT_BUSY_NOT, "zonefile-sync" },
		{ "skip", PARENT_BATCH_REFUSED, PARENT_BUSY_NOT, "zonefile-skip" },
		{ "bad file", PARENT_BATCH_REFUSED, PARENT_BUSY_NOT, "line 2" },
		{ "other type", PARENT_BATCH_REFUSED, PARENT_BUSY_NOT, "no DS" },
		{ "nested", PARENT_BATCH_REFUSED, PARENT_BUSY_NOT, "$INCLUDE" },
	};

	for (size_t i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++) {
		const obstacle_t *o = &obstacles[i];
		char before[512] = "", after[512] = "";
		batch_t b;
		begin(&b);
		knotd.unloaded = i == 0;
		knotd.secondary = i == 1;
		knotd.open = i == 2;
		knotd.frozen = i == 3;
		knotd.running = i == 4 ? "running" : NULL;
		knotd.conf = i == 5;
		knotd.load = i == 6 ? "difference" : knotd.load;
		knotd.sync = i == 7 ? "0" : knotd.sync;
		knotd.skip = i == 8 ? "DS" : NULL;
		if (i >= 9) {
			write_text(i == 9  ? "a DS " DS_A0 "\na DS x\n" :
			           i == 10 ? "a NS b\n" :
			                     "$INCLUDE /etc/passwd\n");
		}
		FILE *file = fopen(path, "r");
		assert_true(fread(before, 1, sizeof(before), file) > 0);
		fclose(file);
		parent_include(&target, path, &b.batch);
		if (b.batch.status != o->status || b.batch.busy != o->busy ||
		    strstr(b.batch.detail, o->words) == NULL) {
			fail_msg("%s: %i %i %s", o->what, b.batch.status, b.batch.busy, b.batch.detail);
		}
		assert_int_equal(knotd.loads, 0);
		file = fopen(path, "r");
		assert_true(fread(after, 1, sizeof(after), file) > 0);
		fclose(file);
		assert_string_equal(before, after);
		end(&b);
	}
}

static void a_load_is_ordered_again_and_read_after_a_lost_connection(void **state)
{
	(void)state;
	static const action_t actions[] = { EMPTY, LATE, DROP_AFTER };
	batch_t b;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		begin(&b);
		b.batch.count = 2;
		knotd.at = RELOAD;
		knotd.action = actions[i];
		parent_include(&target, path, &b.batch);
		assert_batch(&b, PARENT_BATCH_COMMITTED);
		assert_true(zone_is_new());
		end(&b);
	}
}

static void what_comes_too_late_is_not_written(void **state)
{
	(void)state;
	batch_t b;

	begin(&b);
	b.batch.latest = 1;
	parent_include(&target, path, &b.batch);
	assert_batch(&b, PARENT_BATCH_ABORTED);
	assert_string_equal(knotd.log, "");
	/* It has waited on the way. */
	b.batch.latest = uv_hrtime() + 20000000;
	knotd.delays = true;
	again(&b);
	assert_batch(&b, PARENT_BATCH_ABORTED);
	assert_true(knotd.command > 1);
	load_zone();
	assert_true(zone_is_old());
	end(&b);
}

/*! One change of two delegations, with one thing that happens at one or two of its commands. */
static bool fails_at(action_t action, unsigned at, unsigned too, bool goes, unsigned *lost)
{
	static const char *const names[] = { "nothing", "drop before", "drop after", "late", "empty", "error", "busy" };
	batch_t b;

	begin(&b);
	b.batch.count = 2;
	knotd.at = at;
	knotd.at_too = too;
	knotd.action = action;
	knotd.goes = goes;
	parent_include(&target, path, &b.batch);
	const parent_batch_status_t status = b.batch.status;
	const bool reached = knotd.command >= at;
	bool new = zone_is_new();
	if (!new && !zone_is_old()) {
		fail_msg("%s at %u, %u: a part is done", names[action], at, too);
	}
	if (status != PARENT_BATCH_LOST && new != (status == PARENT_BATCH_COMMITTED)) {
		fail_msg("%s at %u, %u: %i is not true: %s", names[action], at, too, status, b.batch.detail);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(b.items[i].status == PARENT_ITEM_DONE, status == PARENT_BATCH_COMMITTED);
	}
	*lost += status == PARENT_BATCH_LOST;
	/* A later load brings nothing else, and never a part. */
	load_zone();
	if (!zone_is_new() && !zone_is_old()) {
		fail_msg("%s at %u, %u: a part is in the file", names[action], at, too);
	}
	if (status != PARENT_BATCH_LOST && zone_is_new() != new) {
		fail_msg("%s at %u, %u: %i, and a load brings another zone", names[action], at, too, status);
	}
	/* The agent repeats it. */
	new = zone_is_new();
	again(&b);
	assert_batch(&b, new ? PARENT_BATCH_NOTHING : PARENT_BATCH_COMMITTED);
	assert_true(zone_is_new());
	end(&b);
	return reached;
}

static void any_command_may_fail(void **state)
{
	(void)state;
	unsigned lost = 0, count = 0;

	for (action_t action = DROP_BEFORE; action < ACTIONS; action++) {
		for (unsigned at = 1; fails_at(action, at, 0, false, &lost); at++) {
			(void)fails_at(action, at, 0, true, &lost);
			for (unsigned too = at + 1; too < at + 12; too++, count++) {
				(void)fails_at(action, at, too, false, &lost);
			}
		}
	}
	assert_true(count > 100);
	assert_true(lost > 0);
}

#define MANY 60000

/*! Seconds of CPU to read three records for each of many names: in canonical order, or in another one. */
static double read_many(bool in_order)
{
	char detail[DS_FILE_DETAIL_MAX], name[32];
	ds_file_t file;
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	for (unsigned i = MANY; i > 0 && !in_order; i--) {
		fprintf(out, "a%06u.z. %u DS %s\n", i, 1000 + i % 7, DS_A0);
	}
	for (unsigned i = 1; i <= MANY; i++) {
		if (in_order) {
			fprintf(out, "a%06u.z. %u DS %s\n", i, 1000 + i % 7, DS_A0);
		}
		fprintf(out, "A%06u 9 DS %s\na%06u 9 DS %s\n", i, DS_A1, i, DS_A0);
	}
	fprintf(out, "; end, delegations: %u", MANY);
	assert_int_equal(fclose(out), 0);
	const clock_t begun = clock();
	assert_int_equal(ds_file_read(&file, path, ZONE, detail), KNOT_EOK);
	const double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
	assert_int_equal(file.count, MANY);
	for (unsigned i = 1; i <= MANY; i++) {
		knot_dname_storage_t owner;
		snprintf(name, sizeof(name), "a%06u.z.", i);
		assert_true(parent_owner(owner, name));
		const ds_file_set_t *set = ds_file_find(&file, owner);
		assert_ptr_equal(set, &file.sets[i - 1]);
		assert_int_equal(set->ds.count, 2);
		assert_int_equal(set->ttl, 1000 + i % 7);
	}
	ds_file_clear(&file);
	return seconds;
}

static void the_order_of_records_does_not_matter(void **state)
{
	(void)state;
	const double sorted = read_many(true), unsorted = read_many(false);

	print_message("%u records in order: %.2f s, in another one: %.2f s\n", 3 * MANY, sorted, unsorted);
	assert_true(unsorted < 5 * sorted + 0.1);
}

static void a_file_has_a_safe_name_of_its_own(void **state)
{
	(void)state;
	char out[64], detail[PARENT_DETAIL_MAX], text[512] = "", zone[300];

	assert_true(parent_include_path("/s", "a-b_1.test.", out, sizeof(out)));
	assert_string_equal(out, "/s/a-b_1.test.ds");
	assert_true(parent_include_path("/s", "0\\/25.test.", out, sizeof(out)));
	assert_string_equal(out, "/s/0%5C%2F25.test.ds");
	assert_true(parent_include_path("/s", ".", out, sizeof(out)));
	assert_string_equal(out, "/s/%2E.ds");
	memset(zone, 'a', sizeof(zone));
	zone[sizeof(zone) - 1] = '\0';
	assert_false(parent_include_path("/s", zone, out, sizeof(out)));
	assert_false(parent_include_path("/s", zone, text, sizeof(text)));

	unlink(path);
	assert_int_equal(parent_include_create(path, ZONE, true, detail), KNOT_EOK);
	FILE *file = fopen(path, "r");
	memset(text, 0, sizeof(text));
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_true(text[0] == ';');
	assert_non_null(strstr(text, "owns this file"));
	assert_non_null(strstr(text, "$INCLUDE"));
	/* What is there stays. */
	write_text("a.z. 600 DS " DS_A0 "\n");
	assert_int_equal(parent_include_create(path, ZONE, false, detail), KNOT_EEXIST);
	ds_file_t read;
	assert_int_equal(ds_file_read(&read, path, ZONE, detail), KNOT_EOK);
	assert_int_equal(read.count, 1);
	ds_file_clear(&read);
	assert_int_equal(parent_include_create("/proc/nowhere/z.ds", ZONE, true, detail), KNOT_EFILE);
	assert_non_null(strstr(detail, "cannot be written"));
	/* Nothing is left of a try in vain: remove_folder() fails otherwise. */
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(ds_file_write(&(ds_file_t){ 0 }, path, ZONE, detail), KNOT_EFILE);
	assert_int_equal(rmdir(path), 0);
	snprintf(zone, sizeof(zone), "%s.tmp", path);
	assert_int_not_equal(access(zone, F_OK), 0);
}

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/z.ds", folder);
	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	/* No temporary file is left. */
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_goes_through_the_file),
		cmocka_unit_test(what_differs_is_left_out_and_what_the_zone_file_has_is_refused),
		cmocka_unit_test(without_the_line_in_the_zone_file_nothing_stays),
		cmocka_unit_test(a_file_that_is_ahead_of_the_zone_counts),
		cmocka_unit_test(what_a_process_has_left_in_the_file_is_taken_back),
		cmocka_unit_test(a_missing_file_is_not_made_again),
		cmocka_unit_test(ds_without_a_delegation_is_removed),
		cmocka_unit_test(a_file_that_is_cut_off_is_left_alone),
		cmocka_unit_test(what_is_lost_is_settled_before_the_next_batch),
		cmocka_unit_test(a_part_of_it_does_not_stay),
		cmocka_unit_test(a_zone_that_cannot_be_changed_is_left_alone),
		cmocka_unit_test(a_load_is_ordered_again_and_read_after_a_lost_connection),
		cmocka_unit_test(what_comes_too_late_is_not_written),
		cmocka_unit_test(any_command_may_fail),
		cmocka_unit_test(the_order_of_records_does_not_matter),
		cmocka_unit_test(a_file_has_a_safe_name_of_its_own),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
