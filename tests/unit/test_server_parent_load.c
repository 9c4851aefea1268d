/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DS sets that are only in the journal or nowhere, through all that makes a real knotd read a zone file again, with all
 * settings that it accepts: the load class says the same before.
 */

#include <sys/wait.h>

#include "server_case.h"
#include "module/server/own.h"
#include "module/server/parent_load.h"
#include "module/server/parent_records.h"

#define DS_OLD "1 13 2 0000000000000000000000000000000000000000000000000000000000000000"
#define DS_NEW "2 13 2 1111111111111111111111111111111111111111111111111111111111111111"

static const char head[] = "server:\n"
			   "    rundir: @DIR@\n"
			   "    listen: 127.0.0.1@53\n"
			   "    background-workers: 2\n"
			   "control:\n"
			   "    timeout: 20\n"
			   "database:\n"
			   "    storage: @DIR@\n"
			   "    journal-db-max-size: 64M\n"
			   "    kasp-db-max-size: 16M\n"
			   "    timer-db-max-size: 2M\n"
			   "remote:\n"
			   "  - id: nobody\n"
			   "    address: 127.0.0.1@5399\n";

/*! What is done to the zones. */
typedef enum {
	BY_NOTHING, // knotc reload, with files that nobody has touched: no file is read.
	BY_RELOAD,  // knotc zone-reload: every file is read.
	BY_RESTART, // knotd ends and starts.
	BY_FILE,    // An old copy of the file comes back, with another record.
} way_t;

static const struct {
	const char *load, *journal, *sync;
	bool skip; // zonefile-skip: DS, since Knot DNS 3.5.
	parent_load_class_t want;
	bool restart; // Kept if knotd ends in order and starts.
	bool file;    // Kept if an old copy of the file comes back with another record and the same serial.
	const char *advice;
	/* clang-format off */
} rows[] = {
	{ "whole", "changes", "-1", false, PARENT_LOAD_KEPT, true, true, "" },
	{ "whole", "changes", "0", false, PARENT_LOAD_KEPT, true, true, "" },
	{ "whole", "all", "-1", false, PARENT_LOAD_KEPT, true, true, "" },
	{ "difference", "changes", "-1", false, PARENT_LOAD_KEPT, true, true, "" },
	{ "difference", "changes", "0", false, PARENT_LOAD_KEPT, true, true, "" },
	{ "difference", "all", "-1", false, PARENT_LOAD_KEPT, true, true, "" },
	{ "difference", "all", "0", false, PARENT_LOAD_KEPT, true, true, "" },
	{ "whole", "none", "-1", false, PARENT_LOAD_RELOAD, false, false, "zonefile-load whole with journal-content none: set journal-content to changes" },
	{ "whole", "none", "0", false, PARENT_LOAD_KEPT, true, false, "" },
	{ "whole", "none", "1h", false, PARENT_LOAD_RELOAD, true, false, "zonefile-load whole with journal-content none: set journal-content to changes" },
	{ "difference", "none", "-1", false, PARENT_LOAD_RESTART, false, true, "zonefile-load difference with journal-content none: set journal-content to changes" },
	{ "difference", "none", "0", false, PARENT_LOAD_KEPT, true, true, "" },
	{ "difference-no-serial", "all", "-1", false, PARENT_LOAD_RELOAD, false, false, "zonefile-load difference-no-serial with zonefile-sync -1: set zonefile-sync to 0" },
	{ "difference-no-serial", "all", "1h", false, PARENT_LOAD_RELOAD, false, false, "zonefile-load difference-no-serial with zonefile-sync 3600: set zonefile-sync to 0" },
	{ "difference-no-serial", "all", "0", false, PARENT_LOAD_KEPT, true, false, "" },
	{ "none", "all", "-1", false, PARENT_LOAD_KEPT, true, true, "" },
	{ "difference-no-serial", "all", "-1", true, PARENT_LOAD_KEPT, true, true, "" },
	{ "difference-no-serial", "all", "0", true, PARENT_LOAD_KEPT, true, true, "" },
	{ "whole", "none", "0", true, PARENT_LOAD_RELOAD, false, false, "zonefile-load whole with journal-content none: set journal-content to changes" },
	{ "difference", "none", "0", true, PARENT_LOAD_RESTART, false, true, "zonefile-load difference with journal-content none: set journal-content to changes" },
};
/* clang-format on */
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool can_be_used(size_t i)
{
	return !rows[i].skip || !KNOT_BEFORE(3, 5);
}

/*! Zone of a row: with the items of its own, or in a template. */
static const char *zone_of(size_t i)
{
	static char names[4][16];
	static unsigned next;
	char *name = names[next++ % 4];
	snprintf(name, sizeof(names[0]), "z%zu.test.", i);
	return name;
}

static void write_zone(const knotd_t *knotd, size_t i, const char *more)
{
	char text[512], file[32];
	snprintf(file, sizeof(file), "%szone", zone_of(i));
	snprintf(text, sizeof(text),
	         "@ 3600 SOA ns admin 1 3600 600 86400 300\n@ 3600 NS ns\nns 3600 A 127.0.0.1\n"
	         "d 3600 NS ns.other.example.\nd 3600 DS " DS_OLD "\n%s",
	         more);
	knotd_write(knotd, file, text);
}

static char *write_conf(bool signing)
{
	char *conf = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&conf, &len);
	fputs(head, out);
	fputs("template:\n  - id: default\n    storage: @DIR@\n    file: \"%s.zone\"\n", out);
	for (size_t i = 0; i < ROWS; i++) {
		if (can_be_used(i)) {
			fprintf(out,
			        "  - id: t%zu\n    storage: @DIR@\n    file: \"%%s.zone\"\n    zonefile-load: %s\n"
			        "    journal-content: %s\n    zonefile-sync: %s\n%s%s",
			        i, rows[i].load, rows[i].journal, rows[i].sync,
			        rows[i].skip ? "    zonefile-skip: [TXT, DS]\n" : "",
			        signing ? "    dnssec-signing: on\n" : "");
		}
	}
	fputs("  - id: secondary\n    master: nobody\n    file: \"%s.zone\"\n    storage: @DIR@\nzone:\n", out);
	for (size_t i = 0; i < ROWS; i++) {
		if (can_be_used(i)) {
			fprintf(out, "  - domain: %s\n    template: t%zu\n", zone_of(i), i);
		}
	}
	fputs("  - domain: plain.test.\n"
	      "  - domain: second.test.\n    template: secondary\n"
	      "  - domain: signer.test.\n    master: nobody\n    dnssec-signing: on\n"
	      "  - domain: own.test.\n    template: t0\n    journal-content: none\n",
	      out);
	fclose(out);
	return conf;
}

typedef struct {
	fixture_t f; // First: stop_knotd() frees it.
	control_target_t target;
	char *conf;
} load_t;

static int start(void **state, bool signing)
{
	load_t *l = calloc(1, sizeof(*l));
	assert_non_null(l);
	*state = l;
	strcpy(l->f.knotd.dir, "/tmp/kskroll-server-XXXXXX");
	assert_non_null(mkdtemp(l->f.knotd.dir));
	l->conf = write_conf(signing);
	for (size_t i = 0; i < ROWS; i++) {
		write_zone(&l->f.knotd, i, "");
	}
	if (!knotd_start(&l->f.knotd, false, l->conf)) {
		return -1;
	}
	assert_int_equal(uv_loop_init(&l->f.loop), 0);
	l->f.server = server_at(&l->f.loop, l->f.knotd.socket, TIMEOUT_MS);
	assert_non_null(l->f.server);
	l->target = (control_target_t){ .path = l->f.knotd.socket, .timeout_ms = TIMEOUT_MS };
	return 0;
}

static int start_signed(void **state)
{
	return start(state, true);
}

static int start_unsigned(void **state)
{
	return start(state, false);
}

static int stop_load(void **state)
{
	load_t *l = *state;
	if (l != NULL) {
		free(l->conf);
	}
	return stop_knotd(state);
}

static const char *client(load_t *l, control_cmd_t *cmds, size_t count)
{
	static char error[CONTROL_DETAIL_MAX];
	char detail[CONTROL_DETAIL_MAX];
	control_t *control;

	error[0] = '\0';
	assert_int_equal(control_open(&control, &l->target, detail), KNOT_EOK);
	assert_int_equal(control_run(control, cmds, count, detail), KNOT_EOK);
	control_close(control);
	for (size_t i = 0; i < count && error[0] == '\0'; i++) {
		snprintf(error, sizeof(error), "%s", cmds[i].failed ? cmds[i].error : "");
	}
	return error;
}

static void on_record(const control_unit_t *unit, void *arg)
{
	assert_int_equal(parent_sets_add(arg, unit), KNOT_EOK);
}

/*! Tag of the only DS that the zone serves; 0: none, or the zone is not loaded. */
static unsigned tag_of(load_t *l, size_t i)
{
	parent_sets_t sets = { 0 };
	control_cmd_t cmd = { .name = "zone-read", .zone = zone_of(i), .owner = "d", .each = on_record, .arg = &sets };
	(void)client(l, &cmd, 1);
	unsigned tag = sets.ds.count == 1 ? knot_wire_read_u16(sets.ds.rdata->data) : 0;
	parent_sets_clear(&sets);
	return tag;
}

/*! Every zone has done what it has to do. */
static void settle(load_t *l)
{
	for (time_t end = time(NULL) + WAIT_S; switch_events(&l->target) > 0 && time(NULL) < end;) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	for (size_t i = 0; i < ROWS; i++) {
		zone_status_t status = { 0 };
		time_t end = time(NULL) + WAIT_S;
		while (can_be_used(i) && time(NULL) < end) {
			memset(&status, 0, sizeof(status));
			control_cmd_t cmd = {
				.name = "zone-status", .zone = zone_of(i), .each = zone_status_unit, .arg = &status
			};
			assert_string_equal(client(l, &cmd, 1), "");
			if (status.running[0] == '\0' && (status.loaded || strcmp(rows[i].load, "none") == 0)) {
				break;
			}
			nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		}
	}
}

/*! \a old: NULL if there is none. */
static void set_ds(load_t *l, size_t i, const char *old, const char *new)
{
	const char *zone = zone_of(i);
	control_cmd_t cmds[4] = { { .name = "zone-begin", .zone = zone } };
	size_t count = 1;

	if (old != NULL) {
		cmds[count++] =
			(control_cmd_t){ .name = "zone-unset", .zone = zone, .owner = "d", .type = "DS", .data = old };
	}
	cmds[count++] = (control_cmd_t){
		.name = "zone-set", .zone = zone, .owner = "d", .ttl = "600", .type = "DS", .data = new
	};
	cmds[count++] = (control_cmd_t){ .name = "zone-commit", .zone = zone };
	assert_string_equal(client(l, cmds, count), "");
	assert_int_equal(tag_of(l, i), atoi(new));
}

/*! A zone without a file begins with a transaction. */
static void fill(load_t *l, size_t i)
{
	const char *zone = zone_of(i);
	control_cmd_t cmds[] = {
		{ .name = "zone-begin", .zone = zone },
		{ .name = "zone-set",
		  .zone = zone,
		  .owner = "@",
		  .ttl = "3600",
		  .type = "SOA",
		  .data = "ns admin 1 3600 600 86400 300" },
		{ .name = "zone-set", .zone = zone, .owner = "@", .ttl = "3600", .type = "NS", .data = "ns" },
		{ .name = "zone-set", .zone = zone, .owner = "ns", .ttl = "3600", .type = "A", .data = "127.0.0.1" },
		{ .name = "zone-set",
		  .zone = zone,
		  .owner = "d",
		  .ttl = "3600",
		  .type = "NS",
		  .data = "ns.other.example." },
		{ .name = "zone-set", .zone = zone, .owner = "d", .ttl = "3600", .type = "DS", .data = DS_OLD },
		{ .name = "zone-commit", .zone = zone },
	};
	assert_string_equal(client(l, cmds, sizeof(cmds) / sizeof(cmds[0])), "");
}

static void assert_way(load_t *l, way_t way)
{
	static const char *const names[] = { "reload", "zone-reload", "restart", "edited file" };
	unsigned wrong = 0;

	settle(l);
	for (size_t i = 0; i < ROWS; i++) {
		if (!can_be_used(i)) {
			continue;
		}
		const bool kept = way == BY_NOTHING ? true :
		                  way == BY_RELOAD  ? rows[i].want != PARENT_LOAD_RELOAD :
		                  way == BY_RESTART ? rows[i].restart :
		                                      rows[i].file;
		const unsigned tag = tag_of(l, i);
		if ((tag == 2) != kept) {
			print_message("%s: %s %s %s%s: DS %u\n", names[way], rows[i].load, rows[i].journal,
			              rows[i].sync, rows[i].skip ? " skip" : "", tag);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void set_all(load_t *l)
{
	settle(l);
	for (size_t i = 0; i < ROWS; i++) {
		const unsigned tag = can_be_used(i) ? tag_of(l, i) : 2;
		if (tag == 0) {
			set_ds(l, i, NULL, DS_NEW);
		} else if (tag != 2) {
			set_ds(l, i, DS_OLD, DS_NEW);
		}
	}
}

static void a_change_becomes_what_the_class_says(void **state)
{
	load_t *l = *state;

	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].load, "none") == 0) {
			fill(l, i);
		}
	}
	set_all(l);
	assert_operator(&l->f, "reload", NULL, NULL, NULL, NULL);
	assert_way(l, BY_NOTHING);

	for (size_t i = 0; i < ROWS; i++) {
		control_cmd_t reload = { .name = "zone-reload", .zone = zone_of(i), .flags = "B" };
		if (can_be_used(i)) {
			// Knot DNS refuses the file of zonefile-load difference, which has an old serial.
			(void)client(l, &reload, 1);
		}
	}
	assert_way(l, BY_RELOAD);

	set_all(l);
	kill(l->f.knotd.pid, SIGTERM);
	waitpid(l->f.knotd.pid, NULL, 0);
	assert_true(knotd_start(&l->f.knotd, false, l->conf));
	assert_way(l, BY_RESTART);

	set_all(l);
	for (size_t i = 0; i < ROWS; i++) {
		write_zone(&l->f.knotd, i, "more 3600 TXT more\n");
	}
	assert_operator(&l->f, "reload", NULL, NULL, NULL, NULL);
	assert_way(l, BY_FILE);
}

static void the_class_is_read_from_the_configuration(void **state)
{
	load_t *l = *state;
	parent_load_t load;

	for (size_t i = 0; i < ROWS; i++) {
		if (can_be_used(i)) {
			load = parent_load_class(&l->target, zone_of(i));
			assert_int_equal(load.status, SERVER_OK);
			assert_int_equal(load.load_class, rows[i].want);
			assert_string_equal(load.detail, rows[i].advice);
			assert_int_equal(load.skips_ds, rows[i].skip);
		}
	}
	load = parent_load_class(&l->target, "plain.test.");
	assert_int_equal(load.status, SERVER_OK);
	assert_int_equal(load.load_class, PARENT_LOAD_KEPT);
	static const char *const secondaries[] = { "second.test.", "signer.test." };
	for (size_t i = 0; i < 2; i++) {
		load = parent_load_class(&l->target, secondaries[i]);
		assert_int_equal(load.status, SERVER_OK);
		assert_int_equal(load.load_class, PARENT_LOAD_NEVER);
		assert_string_equal(load.detail, "the zone is a secondary (master): change the DS at its primary");
	}
	load = parent_load_class(&l->target, "own.test.");
	assert_int_equal(load.load_class, PARENT_LOAD_RELOAD);
	load = parent_load_class(&l->target, "nowhere.test.");
	assert_int_equal(load.status, SERVER_REFUSED);
	assert_string_equal(load.detail, "the configuration has no section of its own for the zone");
	const control_target_t nobody = { .path = "/nonexistent", .timeout_ms = 1000 };
	assert_int_equal(parent_load_class(&nobody, "plain.test.").status, SERVER_UNREACHABLE);
}

int main(void)
{
	if (!knotd_can_be_used()) {
		return 77;
	}
	alarm(300);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_class_is_read_from_the_configuration),
		cmocka_unit_test(a_change_becomes_what_the_class_says),
	};
	int failed = cmocka_run_group_tests_name("signed", tests, start_signed, stop_load);
	return failed + cmocka_run_group_tests_name("unsigned", tests, start_unsigned, stop_load);
}
