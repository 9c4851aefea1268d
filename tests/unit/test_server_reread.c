/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records that are only in the journal, through all settings that Knot accepts for zone file and journal; and derived
 * policies that differ from their base. With a real knotd.
 */

#include "server_case.h"

/*! Gets a second address that its zone file does not have. */
#define RECORD "ns"

static const char zone_file[] = "@ 3600 SOA ns admin 1 3600 600 86400 300\n"
				"@ 3600 NS ns\n"
				"ns 3600 A 127.0.0.1\n";

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
			   "submission:\n"
			   "  - id: sub\n"
			   "remote:\n"
			   "  - id: parent\n"
			   "    address: 127.0.0.1@5300\n"
			   "policy:\n";

/*! A base with its derived policies, all with one more item. */
static void write_policies(FILE *out, const char *base, const char *items, const char *but, const char *item)
{
	static const char *const roles[][3] = { { "ttl", "rollover", "300" }, { "delete", "delete-dnssec", "301" } };
	fprintf(out, "  - id: %s\n    propagation-delay: 1\n%s", base, items);
	for (size_t i = 0; i < 2; i++) {
		fprintf(out,
		        "  - id: %s-kskroll-%s\n    propagation-delay: 1\n    cds-cdnskey-publish: %s\n"
		        "    dnskey-ttl: %s\n%s",
		        base, roles[i][0], roles[i][1], roles[i][2],
		        but != NULL && strcmp(but, roles[i][0]) == 0 ? item : items);
	}
}

/* Classes. */

static const struct {
	const char *load, *journal, *sync;
	bool lost, idle; // By knotd alone. idle: nothing is lost, and the switch has no effect.
			 /* clang-format off */
} classes[] = {
	{ "whole", "none", "-1", true, false },
	{ "whole", "none", "1h", true, false },
	{ "whole", "none", "0", false, false },
	{ "whole", "changes", "-1", false, false },
	{ "whole", "changes", "0", false, false },
	{ "whole", "all", "-1", false, false },
	{ "difference", "none", "-1", false, true },
	{ "difference", "none", "1h", false, true },
	{ "difference", "none", "0", false, false },
	{ "difference", "changes", "-1", false, false },
	{ "difference", "changes", "0", false, false },
	{ "difference", "all", "-1", false, false },
	{ "difference", "all", "1h", false, false },
	{ "difference-no-serial", "all", "-1", true, false },
	{ "difference-no-serial", "all", "1h", true, false },
	{ "difference-no-serial", "all", "0", false, false },
};
/* clang-format on */
#define CLASSES (sizeof(classes) / sizeof(classes[0]))

/*! Zone of a class: signed, with the items in a template, or unsigned. */
static const char *zone_of(char kind, size_t class)
{
	static char names[4][16];
	static unsigned next;
	char *name = names[next++ % 4];
	snprintf(name, sizeof(names[0]), "%c%zu.test.", kind, class);
	return name;
}
#define KINDS "stu"

/*! Whether the zone can be switched; with zonefile-sync its file is written before. */
static bool is_safe(size_t i)
{
	return classes[i].sync[0] != '-' || (!classes[i].lost && !classes[i].idle);
}

static void write_class(FILE *out, size_t i)
{
	fprintf(out, "    zonefile-load: %s\n    journal-content: %s\n    zonefile-sync: %s\n", classes[i].load,
	        classes[i].journal, classes[i].sync);
}

static int start_reread(void **state, const char *conf, bool database)
{
	fixture_t *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	*state = f;
	strcpy(f->knotd.dir, "/tmp/kskroll-server-XXXXXX");
	assert_non_null(mkdtemp(f->knotd.dir));
	for (size_t i = 0; i < CLASSES; i++) {
		for (const char *kind = KINDS; *kind != '\0'; kind++) {
			char file[32];
			snprintf(file, sizeof(file), "%szone", zone_of(*kind, i));
			knotd_write(&f->knotd, file, zone_file);
		}
	}
	if (!knotd_start(&f->knotd, database, conf)) {
		return -1;
	}
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->server = server_at(&f->loop, f->knotd.socket, TIMEOUT_MS);
	assert_non_null(f->server);
	return 0;
}

static int start_classes(void **state, bool database)
{
	char *conf = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&conf, &len);
	fputs(head, out);
	write_policies(out, "ready", "", NULL, NULL);
	fputs("  - id: fresh\n    propagation-delay: 1\n", out);
	fputs("template:\n  - id: default\n    storage: @DIR@\n    file: \"%s.zone\"\n", out);
	for (size_t i = 0; i < CLASSES; i++) {
		fprintf(out,
		        "  - id: t%zu\n    storage: @DIR@\n    file: \"%%s.zone\"\n    dnssec-signing: on\n"
		        "    dnssec-policy: ready\n",
		        i);
		write_class(out, i);
	}
	fputs("zone:\n", out);
	for (size_t i = 0; i < CLASSES; i++) {
		fprintf(out, "  - domain: %s\n    dnssec-signing: on\n    dnssec-policy: ready\n", zone_of('s', i));
		write_class(out, i);
		fprintf(out, "  - domain: %s\n    template: t%zu\n", zone_of('t', i), i);
		fprintf(out, "  - domain: %s\n", zone_of('u', i));
		write_class(out, i);
	}
	fclose(out);
	int ret = start_reread(state, conf, database);
	free(conf);
	return ret;
}

static int start_classes_text(void **state)
{
	return start_classes(state, false);
}

static int start_classes_database(void **state)
{
	return start_classes(state, true);
}

/* The operator's records. */

static bool zone_has(fixture_t *f, const char *zone)
{
	char detail[CONTROL_DETAIL_MAX];
	control_target_t target = { .path = f->knotd.socket, .timeout_ms = TIMEOUT_MS };
	control_cmd_t cmd = { .name = "zone-read", .zone = zone, .owner = RECORD, .type = "A" };
	control_t *control;
	assert_int_equal(control_open(&control, &target, detail), KNOT_EOK);
	assert_int_equal(control_run(control, &cmd, 1, detail), KNOT_EOK);
	control_close(control);
	return !cmd.failed && cmd.units == 2;
}

static void add_record(fixture_t *f, const char *zone)
{
	char detail[CONTROL_DETAIL_MAX];
	control_target_t target = { .path = f->knotd.socket, .timeout_ms = TIMEOUT_MS };
	control_t *control;
	result_t r;
	wait_until(f, zone, r, r.status == SERVER_OK && (zone[0] == 'u' || r.dnskeys > 0));
	for (time_t end = time(NULL) + WAIT_S; !zone_has(f, zone) && time(NULL) < end;) {
		control_cmd_t cmds[] = {
			{ .name = "zone-begin", .zone = zone },
			{ .name = "zone-set", .zone = zone, .owner = RECORD, .type = "A", .data = "192.0.2.1" },
			{ .name = "zone-commit", .zone = zone },
		};
		assert_int_equal(control_open(&control, &target, detail), KNOT_EOK);
		assert_int_equal(control_run(control, cmds, 3, detail), KNOT_EOK);
		control_close(control);
	}
	assert_true(zone_has(f, zone));
}

/*! Every zone has loaded what it had to load. */
static void settle(fixture_t *f)
{
	const control_target_t target = { .path = f->knotd.socket, .timeout_ms = TIMEOUT_MS };
	for (time_t end = time(NULL) + WAIT_S; switch_events(&target) > 0 && time(NULL) < end;) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
}

static void assert_all_kept(fixture_t *f, const char *when)
{
	settle(f);
	for (size_t i = 0; i < CLASSES; i++) {
		for (const char *kind = KINDS; *kind != '\0'; kind++) {
			if (!zone_has(f, zone_of(*kind, i))) {
				fail_msg(
					"%s: %s lost a record (zonefile-load %s, journal-content %s, zonefile-sync %s)",
					when, zone_of(*kind, i), classes[i].load, classes[i].journal, classes[i].sync);
			}
		}
	}
}

typedef struct {
	bool done;
	server_status_t status;
	rollover_gate_t gate;
	char detail[160];
} fit_t;

static void on_fit(server_status_t status, rollover_gate_t gate, const char *detail, void *arg)
{
	fit_t *fit = arg;
	fit->done = true;
	fit->status = status;
	fit->gate = gate;
	snprintf(fit->detail, sizeof(fit->detail), "%s", detail);
}

static fit_t judge(fixture_t *f, const char *zone, const char *base, policy_role_t role, bool leaves)
{
	fit_t fit = { 0 };
	server_fit(f->server, zone, base, role, 300, leaves, on_fit, &fit);
	while (!fit.done) {
		uv_run(&f->loop, UV_RUN_ONCE);
	}
	return fit;
}

static void a_cycle_of_switches_loses_nothing_or_is_refused(void **state)
{
	fixture_t *f = *state;
	static const policy_role_t cycle[] = { POLICY_LOW_TTL, POLICY_DELETE, POLICY_LOW_TTL,
		                               POLICY_BASE,    POLICY_DELETE, POLICY_BASE };
	static const unsigned ttls[] = { 300, 301, 300, 3600, 301, 3600 };

	for (size_t i = 0; i < CLASSES; i++) {
		for (const char *kind = KINDS; *kind != '\0'; kind++) {
			add_record(f, zone_of(*kind, i));
		}
	}
	for (size_t step = 0; step < sizeof(cycle) / sizeof(cycle[0]); step++) {
		result_t results[2 * CLASSES] = { 0 };
		for (size_t i = 0; i < 2 * CLASSES; i++) {
			const char *zone = zone_of(KINDS[i % 2], i / 2);
			const bool safe = is_safe(i / 2);
			if (step == 0) {
				fit_t fit = judge(f, zone, "ready", POLICY_LOW_TTL, true);
				assert_int_equal(fit.status, safe ? SERVER_OK : SERVER_REFUSED);
				assert_int_equal(fit.gate == GATE_SWITCH_LOSES_DATA, !safe);
				assert_true(safe || strstr(fit.detail, classes[i / 2].load) != NULL);
				assert_true(safe ||
				            strstr(fit.detail,
				                   "zone-flush, then zonefile-sync 0; or zone-file-complete on") !=
				                    NULL);
			}
			server_switch(f->server, zone, "ready", cycle[step], 300, i % 2 == 1, on_done, &results[i]);
		}
		wait_for(f, results, 2 * CLASSES);
		for (size_t i = 0; i < 2 * CLASSES; i++) {
			const char *zone = zone_of(KINDS[i % 2], i / 2);
			const bool safe = is_safe(i / 2);
			result_t r;
			assert_status(results[i], safe || cycle[step] == POLICY_BASE ? SERVER_OK : SERVER_REFUSED);
			if (safe) {
				wait_until(f, zone, r, r.check.dnskey_ttl == ttls[step]);
			} else {
				assert_int_equal(check(f, zone).check.dnskey_ttl, 3600);
			}
		}
		assert_all_kept(f, "switch");
	}
	assert_no_transaction(f);
}

static void a_new_policy_loses_nothing_of_any_zone_or_is_refused(void **state)
{
	fixture_t *f = *state;
	size_t safe = 0;
	while (strcmp(classes[safe].load, "difference") != 0 || strcmp(classes[safe].journal, "all") != 0) {
		safe++;
	}
	const char *zone = zone_of('s', safe);
	unsigned before = policy_count(f);

	assert_operator(f, "conf-begin", NULL, NULL, NULL, NULL);
	assert_operator(f, "conf-set", "zone", zone, "dnssec-policy", "fresh");
	assert_operator(f, "conf-commit", NULL, NULL, NULL, NULL);
	assert_all_kept(f, "the operator's commit");

	fit_t fit = judge(f, zone, "fresh", POLICY_LOW_TTL, true);
	result_t r = set_policy(f, zone, "fresh", POLICY_LOW_TTL, 300, false);
	if (KNOT_POLICY_REREADS) {
		assert_int_equal(fit.status, SERVER_REFUSED);
		assert_int_equal(fit.gate, GATE_SWITCH_LOSES_DATA);
		assert_non_null(strstr(fit.detail, "kskroll policies fresh"));
		assert_status(r, SERVER_REFUSED);
		assert_string_equal(r.detail, fit.detail);
		assert_int_equal(policy_count(f), before);
	} else {
		assert_int_equal(fit.status, SERVER_OK);
		assert_status(r, SERVER_OK);
		assert_int_equal(policy_count(f), before + 1);
	}
	assert_all_kept(f, "a new policy");
	assert_no_transaction(f);
}

static void write_behind(char *conf, size_t size, const char *sync)
{
	snprintf(conf, size,
	         "%s"
	         "  - id: base\n    propagation-delay: 1\n"
	         "template:\n  - id: default\n    storage: @DIR@\n    file: \"%%s.zone\"\n"
	         "zone:\n  - domain: s0.test\n    zonefile-load: difference-no-serial\n    journal-content: all\n"
	         "    dnssec-signing: on\n    dnssec-policy: base\n    zonefile-sync: %s\n",
	         head, sync);
}

/*! The item does not make knotd write the file: only the next change of the zone does. */
static void a_file_that_is_behind_is_written_before(void **state)
{
	fixture_t *f = *state;
	char conf[2048];
	result_t r;

	add_record(f, "s0.test.");
	write_behind(conf, sizeof(conf), "0");
	knotd_configure(&f->knotd, conf);
	assert_operator(f, "reload", NULL, NULL, NULL, NULL);
	settle(f);
	assert_true(zone_has(f, "s0.test."));
	assert_status(set_policy(f, "s0.test.", "base", POLICY_LOW_TTL, 300, false), SERVER_OK);
	wait_until(f, "s0.test.", r, r.check.dnskey_ttl == 300);
	assert_true(zone_has(f, "s0.test."));
}

static int start_behind(void **state)
{
	char conf[2048];
	write_behind(conf, sizeof(conf), "-1");
	return start_reread(state, conf, false);
}

/* Policies that differ. */

static const struct {
	const char *base, *role, *of_base, *of_derived, *words;
	bool under_way; // Refused under way as well.
			/* clang-format off */
} differing[] = {
	{ "same", NULL, "    ksk-size: 256\n", NULL, NULL, false },
	{ "size", "ttl", "    algorithm: rsasha256\n    ksk-size: 2048\n",
	  "    algorithm: rsasha256\n    ksk-size: 1024\n",
	  "policy 'size-kskroll-ttl' has ksk-size '1024', must be '2048'", true },
	{ "scheme", "ttl", "    single-type-signing: on\n", "",
	  "policy 'scheme-kskroll-ttl' has single-type-signing 'off', must be 'on'", false },
	{ "submit", "ttl", "", "    ksk-submission: sub\n",
	  "policy 'submit-kskroll-ttl' has ksk-submission 'sub', must be unset", true },
	{ "push", "ttl", "", "    ds-push: parent\n",
	  "policy 'push-kskroll-ttl' has ds-push 'parent', must be unset", true },
	{ "unsafe", "delete", "", "    unsafe-operation: [no-check-keyset]\n",
	  "policy 'unsafe-kskroll-delete' has unsafe-operation 'no-check-keyset', must be 'none'", true },
	{ "life", "ttl", "    rrsig-lifetime: 10d\n", "",
	  "policy 'life-kskroll-ttl' has rrsig-lifetime '1209600', must be '864000'", true },
	{ "dflt", NULL, "    algorithm: ecdsap256sha256\n", "", NULL, false },
};
/* clang-format on */
#define DIFFERING (sizeof(differing) / sizeof(differing[0]))

static int start_policies(void **state, bool database)
{
	char *conf = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&conf, &len);
	fputs(head, out);
	for (size_t i = 0; i < DIFFERING; i++) {
		write_policies(out, differing[i].base, differing[i].of_base, differing[i].role,
		               differing[i].of_derived);
	}
	fputs("  - id: mine\n    propagation-delay: 1\n", out);
	fputs("template:\n  - id: default\n    storage: @DIR@\n    file: \"s0.test.zone\"\n    dnssec-signing: on\n"
	      "    zonefile-sync: -1\n    zonefile-load: difference\n    journal-content: all\n",
	      out);
	fputs("zone:\n  - domain: mine.test\n    dnssec-policy: mine\n  - domain: other.test\n    dnssec-policy: mine\n",
	      out);
	for (size_t i = 0; i < DIFFERING; i++) {
		fprintf(out, "  - domain: %s.test\n    dnssec-policy: %s\n", differing[i].base, differing[i].base);
	}
	fclose(out);
	int ret = start_reread(state, conf, database);
	free(conf);
	return ret;
}

static int start_policies_text(void **state)
{
	return start_policies(state, false);
}

static int start_policies_database(void **state)
{
	return start_policies(state, true);
}

static policy_role_t role_of(const char *name)
{
	return name != NULL && strcmp(name, "delete") == 0 ? POLICY_DELETE : POLICY_LOW_TTL;
}

static void what_the_operator_wrote_is_compared_and_refused(void **state)
{
	fixture_t *f = *state;

	for (size_t i = 0; i < DIFFERING; i++) {
		const policy_role_t role = role_of(differing[i].role);
		char zone[32];
		snprintf(zone, sizeof(zone), "%s.test.", differing[i].base);
		fit_t fit = judge(f, zone, differing[i].base, role, true);
		if (differing[i].words == NULL) {
			if (fit.status != SERVER_OK) {
				fail_msg("%s: %s", zone, fit.detail);
			}
			continue;
		}
		assert_int_equal(fit.status, SERVER_REFUSED);
		assert_int_equal(fit.gate, GATE_POLICY_DIFFERS);
		assert_string_equal(fit.detail, differing[i].words);
		if (differing[i].under_way) {
			result_t r = set_policy(f, zone, differing[i].base, role, 300, false);
			assert_status(r, SERVER_REFUSED);
			assert_string_equal(r.detail, differing[i].words);
		}
		fit = judge(f, zone, differing[i].base, role, false);
		if (fit.status != (differing[i].under_way ? SERVER_REFUSED : SERVER_OK)) {
			fail_msg("%s under way: %s", zone, fit.detail);
		}
		// Only what is needed now counts.
		fit = judge(f, zone, differing[i].base, role == POLICY_DELETE ? POLICY_LOW_TTL : POLICY_DELETE, true);
		if (fit.status != SERVER_OK) {
			fail_msg("%s, the other role: %s", zone, fit.detail);
		}
	}
	assert_no_transaction(f);
}

static void what_the_module_made_is_corrected(void **state)
{
	fixture_t *f = *state;

	assert_status(set_policy(f, "mine.test.", "mine", POLICY_LOW_TTL, 300, false), SERVER_OK);
	assert_status(set_policy(f, "mine.test.", "mine", POLICY_DELETE, 300, false), SERVER_OK);
	unsigned count = policy_count(f);

	// The base changes under way, and somebody adds items to the other one.
	assert_operator(f, "conf-begin", NULL, NULL, NULL, NULL);
	assert_operator(f, "conf-set", "policy", "mine", "rrsig-lifetime", "10d");
	assert_operator(f, "conf-set", "policy", "mine", "algorithm", "ed25519");
	assert_operator(f, "conf-set", "policy", "mine-kskroll-ttl", "unsafe-operation", "no-check-keyset");
	assert_operator(f, "conf-set", "policy", "mine-kskroll-ttl", "ksk-submission", "sub");
	assert_operator(f, "conf-commit", NULL, NULL, NULL, NULL);
	assert_int_equal(judge(f, "mine.test.", "mine", POLICY_LOW_TTL, false).status, SERVER_OK);
	assert_status(set_policy(f, "mine.test.", "mine", POLICY_LOW_TTL, 300, false), SERVER_OK);
	const char *section = section_of(f, "policy", "mine-kskroll-ttl");
	assert_non_null(strstr(section, "rrsig-lifetime=864000\n"));
	assert_null(strstr(section, "unsafe-operation"));
	assert_null(strstr(section, "ksk-submission"));
	assert_null(strstr(section, "ed25519"));

	// Another zone of the base must not make it roll to the algorithm, and waits: the policy is in use.
	fit_t fit = judge(f, "other.test.", "mine", POLICY_LOW_TTL, true);
	assert_int_equal(fit.status, SERVER_REFUSED);
	assert_int_equal(fit.gate, GATE_POLICY_DIFFERS);
	assert_string_equal(fit.detail,
	                    "policy 'mine' has another algorithm than 'mine-kskroll-ttl', which zone mine.test. "
	                    "needs as it is");
	assert_status(set_policy(f, "other.test.", "mine", POLICY_LOW_TTL, 300, false), SERVER_REFUSED);
	assert_null(strstr(section_of(f, "policy", "mine-kskroll-ttl"), "ed25519"));

	// The next rollover takes the algorithm as well.
	assert_status(set_policy(f, "mine.test.", "mine", POLICY_BASE, 300, false), SERVER_OK);
	assert_int_equal(judge(f, "other.test.", "mine", POLICY_LOW_TTL, true).status, SERVER_OK);
	assert_status(set_policy(f, "mine.test.", "mine", POLICY_LOW_TTL, 300, false), SERVER_OK);
	assert_non_null(strstr(section_of(f, "policy", "mine-kskroll-ttl"), "algorithm=ed25519\n"));
	assert_int_equal(policy_count(f), count);
	assert_no_transaction(f);
}

int main(void)
{
	if (!knotd_can_be_used()) {
		return 77;
	}
	alarm(600);

	const struct CMUnitTest classes_tests[] = {
		cmocka_unit_test(a_cycle_of_switches_loses_nothing_or_is_refused),
		cmocka_unit_test(a_new_policy_loses_nothing_of_any_zone_or_is_refused),
	};
	const struct CMUnitTest policies_tests[] = {
		cmocka_unit_test(what_the_operator_wrote_is_compared_and_refused),
		cmocka_unit_test(what_the_module_made_is_corrected),
	};
	const struct CMUnitTest behind_tests[] = {
		cmocka_unit_test(a_file_that_is_behind_is_written_before),
	};
	int failed = cmocka_run_group_tests_name("behind", behind_tests, start_behind, stop_knotd);
	failed += cmocka_run_group_tests_name("classes, text", classes_tests, start_classes_text, stop_knotd);
	failed += cmocka_run_group_tests_name("classes, database", classes_tests, start_classes_database, stop_knotd);
	failed += cmocka_run_group_tests_name("policies, text", policies_tests, start_policies_text, stop_knotd);
	failed +=
		cmocka_run_group_tests_name("policies, database", policies_tests, start_policies_database, stop_knotd);
	return failed;
}
