/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control client against a real knotd, with a text configuration and with a database. */

#include <netinet/in.h>
#include <sys/socket.h>

#include "server_case.h"

#define DATABASES                                                                                                      \
	"database:\n"                                                                                                  \
	"    storage: @DIR@\n"                                                                                         \
	"    journal-db-max-size: 16M\n"                                                                               \
	"    kasp-db-max-size: 16M\n"                                                                                  \
	"    timer-db-max-size: 2M\n"                                                                                  \
	"    catalog-db-max-size: 16M\n"

static const char conf[] = "server:\n"
			   "    rundir: @DIR@\n"
			   "    listen: 127.0.0.1@53\n"
			   "    background-workers: 2\n"
			   "control:\n"
			   "    timeout: 20\n" DATABASES "remote:\n"
			   "  - id: parent\n"
			   "    address: 127.0.0.1@5300\n"
			   "submission:\n"
			   "  - id: sub\n"
			   "    check-interval: 1h\n"
			   "policy:\n"
			   "  - id: lab\n"
			   "    dnskey-ttl: 1h\n"
			   "    zone-max-ttl: 1d\n"
			   "    propagation-delay: 1\n"
			   "    ksk-lifetime: 365d\n"
			   "    rrsig-lifetime: 14d\n"
			   "    rrsig-refresh: 3d\n"
			   "    ksk-submission: sub\n"
			   "    ds-push: parent\n"
			   "    cds-cdnskey-publish: rollover\n"
			   "    unsafe-operation: [ no-check-keyset, no-update-expired ]\n"
			   "    comment: \"it's \\\"quoted\\\", [really]\"\n"
			   "  - id: short\n"
			   "    ksk-lifetime: 100\n"
			   "    zsk-lifetime: 0\n"
			   "    dnskey-ttl: 10\n"
			   "    propagation-delay: 1\n"
			   "  - id: shared\n"
			   "    ksk-shared: on\n"
			   "  - id: other\n"
			   "    dnskey-ttl: 1h\n"
			   "  - id: loud\n"
			   "  - id: loud-kskroll-ttl\n"
			   "    cds-cdnskey-publish: always\n"
			   "  - id: ready\n"
			   "  - id: ready-kskroll-ttl\n"
			   "    dnskey-ttl: 300\n"
			   "    algorithm: ecdsap256sha256\n"
			   "  - id: stale\n"
			   "    algorithm: ed25519\n"
			   "  - id: stale-kskroll-ttl\n"
			   "    dnskey-ttl: 300\n"
			   "  - id: stale-kskroll-delete\n"
			   "    cds-cdnskey-publish: delete-dnssec\n"
			   "    dnskey-ttl: 301\n"
			   "  - id: former\n"
			   "    cds-cdnskey-publish: none\n"
			   "    dnskey-ttl: 1h\n"
			   "  - id: former-kskroll-signal\n"
			   "    dnskey-ttl: 301\n"
			   "    comment: \"made by the module kskroll\"\n"
			   "template:\n"
			   "  - id: default\n"
			   "    storage: @DIR@\n"
			   "    file: zone\n"
			   "    zonefile-sync: -1\n"
			   "    zonefile-load: difference\n"
			   "    journal-content: all\n"
			   "  - id: signed\n"
			   "    storage: @DIR@\n"
			   "    file: zone\n"
			   "    zonefile-sync: -1\n"
			   "    zonefile-load: difference\n"
			   "    journal-content: all\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: lab\n"
			   "zone:\n"
			   "  - domain: a.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: lab\n"
			   "  - domain: b.test\n"
			   "    template: signed\n"
			   "  - domain: d.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: lab\n"
			   "  - domain: stale.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: stale\n"
			   "  - domain: rolling.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: stale-kskroll-ttl\n"
			   "  - domain: former.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: former-kskroll-signal\n"
			   "  - domain: short.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: short\n"
			   "  - domain: shared.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: shared\n"
			   "  - domain: builtin.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: default\n"
			   "  - domain: other.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: other\n"
			   "  - domain: push.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: lab\n"
			   "    ds-push: parent\n"
			   "  - domain: loud.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: loud\n"
			   "  - domain: ready.test\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: ready\n"
			   "  - domain: plain.test\n"
			   "  - domain: missing.test\n"
			   "    file: no-such-file\n"
			   "  - domain: catalog.test\n"
			   "    file: members\n"
			   "    catalog-role: interpret\n"
			   "    catalog-template: signed\n";

/*! One worker and more zones than it can serve: their primary takes connections and says nothing. */
static const char busy_conf[] = "server:\n"
				"    rundir: @DIR@\n"
				"    listen: 127.0.0.1@53\n"
				"    background-workers: 1\n"
				"    tcp-remote-io-timeout: 1000\n" DATABASES "remote:\n"
				"  - id: silent\n"
				"    address: 127.0.0.1@5399\n"
				"template:\n"
				"  - id: default\n"
				"    storage: @DIR@\n"
				"    master: silent\n"
				"zone:\n"
				"  - domain: s1.test\n"
				"  - domain: s2.test\n"
				"  - domain: s3.test\n"
				"  - domain: s4.test\n"
				"  - domain: s5.test\n";
#define BUSY_ZONES 5

static const char zone_file[] = "@ 3600 SOA ns admin 1 3600 600 86400 300\n"
				"@ 3600 NS ns\n"
				"@ 3600 TXT \"semi; colon\" \"second\"\n"
				"ns 3600 A 127.0.0.1\n";

static const char catalog_file[] = "@ 3600 SOA invalid. admin.invalid. 1 3600 600 86400 300\n"
				   "@ 3600 NS invalid.\n"
				   "version 0 TXT \"2\"\n"
				   "m1.zones 0 PTR member.test.\n";

/* Set-up. */

static int start(void **state, bool database)
{
	fixture_t *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	*state = f;

	strcpy(f->knotd.dir, "/tmp/kskroll-server-XXXXXX");
	assert_non_null(mkdtemp(f->knotd.dir));
	knotd_write(&f->knotd, "zone", zone_file);
	knotd_write(&f->knotd, "members", catalog_file);
	if (!knotd_start(&f->knotd, database, conf)) {
		return -1;
	}

	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->server = server_at(&f->loop, f->knotd.socket, TIMEOUT_MS);
	assert_non_null(f->server);

	static const char *const zones[] = { "a.test.",     "b.test.",       "d.test.",     "other.test.",
		                             "short.test.", "builtin.test.", "member.test." };
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		result_t r;
		wait_until(f, zones[i], r, r.status == SERVER_OK && r.dnskeys > 0);
	}
	return 0;
}

static int start_text(void **state)
{
	return start(state, false);
}

static int start_database(void **state)
{
	return start(state, true);
}

/* Checks. */

static void check_gives_the_apex(void **state)
{
	fixture_t *f = *state;

	result_t r = check(f, "a.test.");
	assert_status(r, SERVER_OK);
	assert_int_equal(r.dnskeys, 2);
	assert_int_equal(r.check.dnskey_ttl, 3600);
	assert_int_equal(r.ns, 1);
	assert_false(r.check.frozen);
	assert_false(r.check.transaction);
	assert_false(r.check.catalog_member);

	r = check(f, "plain.test");
	assert_status(r, SERVER_OK);
	assert_int_equal(r.dnskeys, 0);
	assert_int_equal(r.cds, 0);
	assert_int_equal(r.cdnskey, 0);
	assert_int_equal(r.serial, 1);

	r = check(f, "member.test.");
	assert_status(r, SERVER_OK);
	assert_true(r.check.catalog_member);
	assert_false(check(f, "catalog.test.").check.catalog_member);
}

static void check_of_unknown_or_empty_zone_is_refused(void **state)
{
	fixture_t *f = *state;

	result_t r = check(f, "nowhere.test.");
	assert_status(r, SERVER_REFUSED);
	assert_string_equal(r.detail, "no such zone found");

	r = check(f, "missing.test.");
	assert_status(r, SERVER_REFUSED);
	assert_string_equal(r.detail, "the zone is not loaded");
}

static void check_shows_what_the_operator_does(void **state)
{
	fixture_t *f = *state;
	result_t r;

	assert_operator(f, "zone-freeze", NULL, "d.test", NULL, NULL);
	wait_until(f, "d.test.", r, r.check.frozen);
	assert_operator(f, "zone-thaw", NULL, "d.test", NULL, NULL);
	wait_until(f, "d.test.", r, !r.check.frozen);

	assert_operator(f, "zone-begin", NULL, "d.test", NULL, NULL);
	assert_true(check(f, "d.test.").check.transaction);
	assert_operator(f, "zone-abort", NULL, "d.test", NULL, NULL);
	assert_false(check(f, "d.test.").check.transaction);
}

static void many_checks_are_all_answered(void **state)
{
	fixture_t *f = *state;
	static const char *const zones[] = { "a.test.", "nowhere.test.", "plain.test.", "b.test." };
	result_t results[200] = { 0 };

	for (size_t i = 0; i < 200; i++) {
		server_check(f->server, zones[i % 4], on_check, &results[i]);
	}
	wait_for(f, results, 200);
	for (size_t i = 0; i < 200; i++) {
		assert_status(results[i], i % 4 == 1 ? SERVER_REFUSED : SERVER_OK);
	}
}

static void origin_tells_own_from_template(void **state)
{
	fixture_t *f = *state;

	assert_string_equal(origin(f, "a.test.").detail, "own");
	assert_string_equal(origin(f, "b.test.").detail, "template");
	assert_status(origin(f, "b.test."), SERVER_OK);
	assert_status(origin(f, "member.test."), SERVER_REFUSED);
	assert_status(origin(f, "nowhere.test."), SERVER_REFUSED);
}

/* Switches. */

static void a_switch_creates_the_policy_once(void **state)
{
	fixture_t *f = *state;
	unsigned before = policy_count(f);
	result_t r;

	assert_status(set_policy(f, "a.test.", "lab", POLICY_LOW_TTL, 600, false), SERVER_OK);
	assert_int_equal(policy_count(f), before + 1);
	// Signals are as they were: the first key is ready.
	wait_until(f, "a.test.", r, r.check.dnskey_ttl == 600 && r.cds == 1 && r.cdnskey == 1);
	assert_int_equal(check(f, "d.test.").check.dnskey_ttl, 3600);

	assert_status(set_policy(f, "d.test.", "lab", POLICY_LOW_TTL, 600, false), SERVER_OK);
	assert_int_equal(policy_count(f), before + 1);
	wait_until(f, "d.test.", r, r.check.dnskey_ttl == 600);

	// Repeated: nothing to do, also while the operator has a transaction.
	assert_operator(f, "conf-begin", NULL, NULL, NULL, NULL);
	r = set_policy(f, "d.test.", "lab", POLICY_LOW_TTL, 600, false);
	assert_status(r, SERVER_OK);
	assert_string_equal(r.detail, "unchanged");
	assert_operator(f, "conf-abort", NULL, NULL, NULL, NULL);

	assert_status(set_policy(f, "d.test.", "lab", POLICY_DELETE, 600, false), SERVER_OK);
	assert_int_equal(policy_count(f), before + 2);
	wait_until(f, "d.test.", r, r.check.dnskey_ttl == 601);

	assert_status(set_policy(f, "a.test.", "lab", POLICY_BASE, 600, false), SERVER_OK);
	assert_status(set_policy(f, "d.test.", "lab", POLICY_BASE, 600, false), SERVER_OK);
	assert_non_null(strstr(section_of(f, "zone", "a.test"), "dnssec-policy=lab\n"));
	wait_until(f, "a.test.", r, r.check.dnskey_ttl == 3600);
	assert_no_transaction(f);
}

static void a_zone_of_the_former_version_gets_the_low_ttl_and_its_base(void **state)
{
	fixture_t *f = *state;
	result_t r;

	wait_until(f, "former.test.", r, r.check.dnskey_ttl == 301);
	assert_status(set_policy(f, "former.test.", "former", POLICY_LOW_TTL, 300, false), SERVER_OK);
	wait_until(f, "former.test.", r, r.check.dnskey_ttl == 300 && r.cds == 1);
	assert_non_null(strstr(section_of(f, "zone", "former.test"), "dnssec-policy=former-kskroll-ttl\n"));
	assert_status(set_policy(f, "former.test.", "former", POLICY_BASE, 300, false), SERVER_OK);
	wait_until(f, "former.test.", r, r.check.dnskey_ttl == 3600 && r.cds == 0);
	assert_non_null(strstr(section_of(f, "zone", "former.test"), "dnssec-policy=former\n"));

	// Idle: straight to the base. What the former version made is left, and may be removed.
	assert_operator(f, "conf-begin", NULL, NULL, NULL, NULL);
	assert_operator(f, "conf-set", "zone", "former.test", "dnssec-policy", "former-kskroll-signal");
	assert_operator(f, "conf-commit", NULL, NULL, NULL, NULL);
	assert_status(set_policy(f, "former.test.", "former", POLICY_BASE, 300, false), SERVER_OK);
	assert_non_null(strstr(section_of(f, "zone", "former.test"), "dnssec-policy=former\n"));
	assert_non_null(strstr(section_of(f, "policy", "former-kskroll-signal"), "dnskey-ttl=301\n"));
	assert_no_transaction(f);
}

/*! The lines of a policy's section without identifier and without the lines of some items. */
static void policy_body(char *section, const char *name, char *out, const char *const *without)
{
	char prefix[256];
	snprintf(prefix, sizeof(prefix), "policy[%s].", name);
	out[0] = '\0';
	for (char *line = strtok(section, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		bool skip = strncmp(line, prefix, strlen(prefix)) != 0;
		const char *item = line + strlen(prefix);
		for (size_t i = 0; !skip && without[i] != NULL; i++) {
			skip = strncmp(item, without[i], strlen(without[i])) == 0;
		}
		if (!skip) {
			strcat(strcat(out, item), "\n");
		}
	}
}

static void derived_policies_differ_in_two_items_only(void **state)
{
	fixture_t *f = *state;
	static const char *const changed[] = { "dnskey-ttl=", "cds-cdnskey-publish=", "comment=", NULL };
	static const char *const publish[] = { NULL, "rollover", "delete-dnssec" };
	char base[4096], derived[4096], name[256], line[300];

	assert_status(set_policy(f, "a.test.", "lab", POLICY_LOW_TTL, 600, false), SERVER_OK);
	policy_body(section_of(f, "policy", "lab"), "lab", base, changed);
	assert_non_null(strstr(base, "unsafe-operation=no-check-keyset\nunsafe-operation=no-update-expired\n"));
	assert_non_null(strstr(base, "ds-push=parent\n"));
	assert_non_null(strstr(section_of(f, "policy", "lab"), "comment=it's \"quoted\", [really]\n"));
	assert_status(set_policy(f, "a.test.", "lab", POLICY_DELETE, 600, false), SERVER_OK);

	for (policy_role_t role = POLICY_LOW_TTL; role < POLICY_FORMER; role++) {
		server_policy_name(name, sizeof(name), "lab", role, 600);
		char *section = section_of(f, "policy", name);
		snprintf(line, sizeof(line), "policy[%s].cds-cdnskey-publish=%s\n", name, publish[role]);
		assert_non_null(strstr(section, line));
		snprintf(line, sizeof(line), "policy[%s].dnskey-ttl=%u\n", name, role == POLICY_DELETE ? 601 : 600);
		assert_non_null(strstr(section, line));
		policy_body(section, name, derived, changed);
		assert_string_equal(derived, base);
	}
	assert_status(set_policy(f, "a.test.", "lab", POLICY_BASE, 600, false), SERVER_OK);
}

static void template_zone_ends_without_own_item(void **state)
{
	fixture_t *f = *state;
	result_t r;

	assert_status(set_policy(f, "b.test.", "lab", POLICY_LOW_TTL, 600, true), SERVER_OK);
	assert_string_equal(origin(f, "b.test.").detail, "own");
	wait_until(f, "b.test.", r, r.check.dnskey_ttl == 600);
	assert_status(set_policy(f, "b.test.", "lab", POLICY_DELETE, 600, true), SERVER_OK);
	assert_status(set_policy(f, "b.test.", "lab", POLICY_BASE, 600, true), SERVER_OK);
	assert_string_equal(origin(f, "b.test.").detail, "template");
	wait_until(f, "b.test.", r, r.check.dnskey_ttl == 3600);
	assert_string_equal(set_policy(f, "b.test.", "lab", POLICY_BASE, 600, true).detail, "unchanged");
}

static void builtin_policy_can_be_derived_from(void **state)
{
	fixture_t *f = *state;
	result_t r;

	assert_status(set_policy(f, "builtin.test.", "default", POLICY_LOW_TTL, 300, false), SERVER_OK);
	wait_until(f, "builtin.test.", r, r.check.dnskey_ttl == 300);
	assert_status(set_policy(f, "builtin.test.", "default", POLICY_BASE, 300, false), SERVER_OK);
	wait_until(f, "builtin.test.", r, r.check.dnskey_ttl == 3600);
}

static void configured_policy_is_used_as_it_is(void **state)
{
	fixture_t *f = *state;
	unsigned before = policy_count(f);
	result_t r;

	assert_status(set_policy(f, "ready.test.", "ready", POLICY_LOW_TTL, 300, false), SERVER_OK);
	wait_until(f, "ready.test.", r, r.check.dnskey_ttl == 300);
	assert_null(strstr(section_of(f, "policy", "ready-kskroll-ttl"), "comment="));

	assert_int_equal(policy_count(f), before);
}

static void operators_transaction_is_busy_and_survives(void **state)
{
	fixture_t *f = *state;

	assert_operator(f, "conf-begin", NULL, NULL, NULL, NULL);
	assert_operator(f, "conf-set", "zone", "plain.test", "comment", "mine");
	result_t r = set_policy(f, "a.test.", "lab", POLICY_LOW_TTL, 600, false);
	assert_status(r, SERVER_BUSY);
	assert_string_equal(r.detail, "too many transactions");
	assert_status(check(f, "a.test."), SERVER_OK);
	assert_operator(f, "conf-commit", NULL, NULL, NULL, NULL);
	assert_non_null(strstr(section_of(f, "zone", "plain.test"), "comment=mine"));
	assert_null(strstr(section_of(f, "zone", "a.test"), "kskroll"));
}

static void operators_zone_transaction_is_busy_and_survives(void **state)
{
	fixture_t *f = *state;

	assert_operator(f, "zone-begin", NULL, "a.test", NULL, NULL);
	result_t r = set_policy(f, "a.test.", "lab", POLICY_LOW_TTL, 600, false);
	assert_status(r, SERVER_BUSY);
	assert_true(check(f, "a.test.").check.transaction);
	assert_operator(f, "zone-abort", NULL, "a.test", NULL, NULL);
	assert_no_transaction(f);
}

static void bad_zones_do_not_spoil_the_others(void **state)
{
	fixture_t *f = *state;
	static const struct {
		const char *zone, *base;
		server_status_t status;
		const char *detail;
		/* clang-format off */
	} calls[] = {
		{ "a.test.", "lab", SERVER_OK, "" },
		{ "nowhere.test.", "lab", SERVER_REFUSED, "no such zone found" },
		{ "member.test.", "lab", SERVER_REFUSED, "catalog member" },
		{ "short.test.", "short", SERVER_REFUSED, "has a ksk-lifetime that Knot finds too low" },
		{ "shared.test.", "shared", SERVER_REFUSED, "ksk-shared" },
		{ "other.test.", "lab", SERVER_REFUSED, "dnssec-policy is 'other' now" },
		{ "push.test.", "lab", SERVER_OK, "" },
		{ "plain.test.", "none", SERVER_REFUSED, "no policy 'none'" },
		{ "loud.test.", "loud", SERVER_REFUSED, "must be 'rollover'" },
		{ "d.test.", "lab", SERVER_OK, "" },
	};
	/* clang-format on */
	enum {
		COUNT = sizeof(calls) / sizeof(calls[0])
	};
	result_t results[COUNT] = { 0 };
	unsigned before = policy_count(f);

	for (size_t i = 0; i < COUNT; i++) {
		server_switch(f->server, calls[i].zone, calls[i].base, POLICY_LOW_TTL,
		              strcmp(calls[i].base, "loud") == 0 ? 300 : 900, false, on_done, &results[i]);
	}
	wait_for(f, results, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		assert_status(results[i], calls[i].status);
		if (strstr(results[i].detail, calls[i].detail) == NULL) {
			fail_msg("%s: %s", calls[i].zone, results[i].detail);
		}
	}

	assert_no_transaction(f);
	assert_int_equal(policy_count(f), before + 1);
	assert_string_equal(section_of(f, "zone", "member.test"), "");
	assert_string_equal(section_of(f, "zone", "nowhere.test"), "");
	assert_non_null(strstr(section_of(f, "zone", "short.test"), "dnssec-policy=short\n"));
	assert_non_null(strstr(section_of(f, "zone", "d.test"), "dnssec-policy=lab-kskroll-ttl-900\n"));

	assert_status(set_policy(f, "a.test.", "lab", POLICY_BASE, 900, false), SERVER_OK);
	assert_status(set_policy(f, "d.test.", "lab", POLICY_BASE, 900, false), SERVER_OK);
	assert_status(set_policy(f, "push.test.", "lab", POLICY_BASE, 900, false), SERVER_OK);
}

static void a_derived_policy_of_another_algorithm_is_not_switched_to(void **state)
{
	fixture_t *f = *state;

	result_t r = set_policy(f, "stale.test.", "stale", POLICY_LOW_TTL, 300, false);
	assert_status(r, SERVER_REFUSED);
	if (strstr(r.detail, "'stale-kskroll-ttl' has algorithm 'ecdsap256sha256', must be 'ed25519'") == NULL) {
		fail_msg("%s", r.detail);
	}
	assert_non_null(strstr(section_of(f, "zone", "stale.test"), "dnssec-policy=stale\n"));

	/* The base was changed in the middle: that rollover comes to its end. */
	assert_status(set_policy(f, "rolling.test.", "stale", POLICY_DELETE, 300, false), SERVER_OK);
	assert_no_transaction(f);
}

static void operators_own_choice_is_not_overwritten(void **state)
{
	fixture_t *f = *state;

	result_t r = set_policy(f, "other.test.", "lab", POLICY_BASE, 300, false);
	assert_status(r, SERVER_OK);
	assert_string_equal(r.detail, "unchanged");
	assert_non_null(strstr(section_of(f, "zone", "other.test"), "dnssec-policy=other\n"));
}

static void calls_for_one_zone_keep_their_order(void **state)
{
	fixture_t *f = *state;
	result_t results[4] = { 0 };

	server_switch(f->server, "a.test.", "lab", POLICY_LOW_TTL, 600, false, on_done, &results[0]);
	server_switch(f->server, "a.test.", "lab", POLICY_DELETE, 600, false, on_done, &results[1]);
	server_policy_origin(f->server, "a.test.", on_done, &results[2]);
	server_switch(f->server, "a.test.", "lab", POLICY_LOW_TTL, 600, false, on_done, &results[3]);
	wait_for(f, results, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_status(results[i], SERVER_OK);
	}
	assert_non_null(strstr(section_of(f, "zone", "a.test"), "dnssec-policy=lab-kskroll-ttl-600\n"));
	assert_status(set_policy(f, "a.test.", "lab", POLICY_BASE, 600, false), SERVER_OK);
}

static void orphaned_transaction_of_ours_is_aborted(void **state)
{
	fixture_t *f = *state;
	control_target_t target = { .path = f->knotd.socket, .timeout_ms = TIMEOUT_MS };

	assert_true(switch_recover(&target));

	assert_operator(f, "conf-begin", NULL, NULL, NULL, NULL);
	assert_operator(f, "conf-set", "policy", "x-kskroll-ttl", NULL, NULL);
	assert_operator(f, "conf-set", "policy", "x-kskroll-ttl", "dnskey-ttl", "300");
	assert_operator(f, "conf-set", "zone", "a.test", "dnssec-policy", "x-kskroll-ttl");
	assert_operator(f, "conf-set", "zone", "b.test", "dnssec-policy", "x-kskroll-ttl");
	time_t end = time(NULL) + WAIT_S;
	while (!switch_recover(&target)) {
		assert_true(time(NULL) < end);
	}
	assert_no_transaction(f);
	assert_null(strstr(section_of(f, "zone", "a.test"), "kskroll"));
}

static void operators_transaction_is_not_aborted(void **state)
{
	fixture_t *f = *state;
	control_target_t target = { .path = f->knotd.socket, .timeout_ms = TIMEOUT_MS };
	/* clang-format off */
	static const char *const changes[][4] = {
		{ "zone", "a.test", "comment", "x" },
		{ "zone", "a.test", "dnssec-policy", "other" },
		{ "zone", "new.test", NULL, NULL },
		{ "policy", "new", NULL, NULL },
		{ "policy", "lab", "ksk-lifetime", "400d" },
		{ "server", NULL, "identity", "x" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		assert_operator(f, "conf-begin", NULL, NULL, NULL, NULL);
		assert_operator(f, "conf-set", changes[i][0], changes[i][1], changes[i][2], changes[i][3]);
		assert_true(switch_recover(&target));
		assert_string_equal(operator_does(f, "conf-begin", NULL, NULL, NULL, NULL, NULL),
		                    "too many transactions");
		assert_operator(f, "conf-abort", NULL, NULL, NULL, NULL);
	}
}

/* The end of knotd: the last test of its group. */

static void dead_knotd_is_unreachable(void **state)
{
	fixture_t *f = *state;
	result_t results[300] = { 0 };

	for (size_t i = 0; i < 300; i++) {
		// Each in a connection of its own.
		server_policy_origin(f->server, "a.test.", on_done, &results[i]);
	}
	wait_for(f, results, 1);
	kill(f->knotd.pid, SIGKILL);
	wait_for(f, results, 300);
	assert_status(results[0], SERVER_OK);
	assert_status(results[299], SERVER_UNREACHABLE);
	for (size_t i = 0; i < 300; i++) {
		assert_true(results[i].status == SERVER_OK || results[i].status == SERVER_UNREACHABLE);
	}
	assert_status(check(f, "a.test."), SERVER_UNREACHABLE);
	assert_status(set_policy(f, "a.test.", "lab", POLICY_BASE, 300, false), SERVER_UNREACHABLE);
}

/* A knotd that has much to do. */

static int start_busy(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	*state = f;

	strcpy(f->knotd.dir, "/tmp/kskroll-server-XXXXXX");
	assert_non_null(mkdtemp(f->knotd.dir));
	return knotd_start(&f->knotd, false, busy_conf) ? 0 : -1;
}

static void zone_events_that_wait_are_counted(void **state)
{
	fixture_t *f = *state;
	const control_target_t target = { .path = f->knotd.socket, .timeout_ms = TIMEOUT_MS };
	const struct timespec nap = { .tv_nsec = 20000000 };

	// The system takes the connections.
	int silent = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_port = htons(5399),
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(silent, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(silent, 64), 0);

	// Whatever it did on its own is over some time.
	time_t end = time(NULL) + WAIT_S;
	while (switch_events(&target) > 0 && time(NULL) < end) {
		nanosleep(&nap, NULL);
	}
	assert_int_equal(switch_events(&target), 0);

	// One is being served, or none yet.
	assert_operator(f, "zone-refresh", NULL, NULL, NULL, NULL);
	unsigned long waiting;
	do {
		waiting = switch_events(&target);
		assert_true(waiting <= BUSY_ZONES);
		nanosleep(&nap, NULL);
	} while (waiting < BUSY_ZONES - 1 && time(NULL) < end);
	assert_true(waiting >= BUSY_ZONES - 1);
	close(silent);
}

int main(void)
{
	if (!knotd_can_be_used()) {
		return 77;
	}
	alarm(600);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_gives_the_apex),
		cmocka_unit_test(check_of_unknown_or_empty_zone_is_refused),
		cmocka_unit_test(check_shows_what_the_operator_does),
		cmocka_unit_test(many_checks_are_all_answered),
		cmocka_unit_test(origin_tells_own_from_template),
		cmocka_unit_test(a_switch_creates_the_policy_once),
		cmocka_unit_test(a_zone_of_the_former_version_gets_the_low_ttl_and_its_base),
		cmocka_unit_test(derived_policies_differ_in_two_items_only),
		cmocka_unit_test(template_zone_ends_without_own_item),
		cmocka_unit_test(builtin_policy_can_be_derived_from),
		cmocka_unit_test(configured_policy_is_used_as_it_is),
		cmocka_unit_test(operators_transaction_is_busy_and_survives),
		cmocka_unit_test(operators_zone_transaction_is_busy_and_survives),
		cmocka_unit_test(bad_zones_do_not_spoil_the_others),
		cmocka_unit_test(a_derived_policy_of_another_algorithm_is_not_switched_to),
		cmocka_unit_test(operators_own_choice_is_not_overwritten),
		cmocka_unit_test(calls_for_one_zone_keep_their_order),
		cmocka_unit_test(orphaned_transaction_of_ours_is_aborted),
		cmocka_unit_test(operators_transaction_is_not_aborted),
		cmocka_unit_test(dead_knotd_is_unreachable),
	};
	int failed = cmocka_run_group_tests_name("text configuration", tests, start_text, stop_knotd);
	failed += cmocka_run_group_tests_name("configuration database", tests, start_database, stop_knotd);
	const struct CMUnitTest busy[] = {
		cmocka_unit_test(zone_events_that_wait_are_counted),
	};
	failed += cmocka_run_group_tests_name("busy", busy, start_busy, stop_knotd);
	return failed;
}
