/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders for KSKs, carried out on a real knotd with its keymgr. What came of them is asked by DNS. */

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "old_knot.h"
#include "server_case.h"
#include "key_broker.h"
#include "module/server/glance.h"
#include "module/server/key_actor.h"
#include "module/server/keymgr.h"

/*! Roles in the zone, as bits. */
#define OLD  1
#define NEW  2
#define ELSE 4

static const char conf[] = "server:\n"
			   "    rundir: @DIR@\n"
			   "    listen: 127.0.0.1@53\n"
			   "    background-workers: 2\n"
			   "database:\n"
			   "    storage: @DIR@\n"
			   "    journal-db-max-size: 16M\n"
			   "    kasp-db-max-size: 16M\n"
			   "    timer-db-max-size: 2M\n"
			   "policy:\n"
			   "  - id: slow\n"
			   "    dnskey-ttl: 1h\n"
			   "  - id: quick\n"
			   "    dnskey-ttl: 1\n"
			   "    propagation-delay: 1\n"
			   "    ksk-lifetime: 1d\n"
			   "  - id: rsa\n"
			   "    algorithm: rsasha256\n"
			   "    ksk-size: 1024\n"
			   "    zsk-size: 1024\n"
			   "template:\n"
			   "  - id: default\n"
			   "    storage: @DIR@\n"
			   "    file: zone\n"
			   "    zonefile-sync: -1\n"
			   "    zonefile-load: difference-no-serial\n"
			   "    journal-content: all\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: slow\n"
			   "zone:\n"
			   "  - domain: whole.test\n"
			   "  - domain: abort.test\n"
			   "  - domain: lost.test\n"
			   "  - domain: lazy.test\n"
			   "  - domain: again.test\n"
			   "  - domain: wrong.test\n"
			   "  - domain: quick.test\n"
			   "    dnssec-policy: quick\n"
			   "  - domain: rsa.test\n"
			   "    dnssec-policy: rsa\n";

static const char zone_file[] = "@ 300 SOA ns hostmaster 1 1h 1h 1w 300\n"
				"@ NS ns\n"
				"ns A 127.0.0.1\n";

/*! A zone under test. */
typedef struct {
	fixture_t *f;
	const char *name;
	key_client_t client;
	key_id_t old_key;
	key_id_t new_key; // tag 0: not there yet.
	bool sign_first;
	char detail[CONTROL_DETAIL_MAX];
} case_t;

/* What is served. */

/*! RFC 4034 B. */
static uint16_t tag_of(const knot_rdata_t *rdata)
{
	uint32_t sum = 0;
	for (uint16_t i = 0; i < rdata->len; i++) {
		sum += (i & 1) != 0 ? rdata->data[i] : (uint32_t)rdata->data[i] << 8;
	}
	return (uint16_t)(sum + (sum >> 16));
}

static unsigned role_of(const case_t *c, uint16_t tag)
{
	return tag == c->old_key.tag ? OLD : tag == c->new_key.tag ? NEW : ELSE;
}

static uint16_t wire16(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

typedef struct {
	unsigned keys;    // KSKs that are published.
	unsigned signers; // Of these, those that sign DNSKEY.
	unsigned cds;
	unsigned cdnskey;
	uint32_t serial;
	uint32_t inception; // Of the newest signature over DNSKEY.
} served_t;

static served_t ask(case_t *c)
{
	glance_t glance = { .known_count = 1 };
	struct sockaddr_in *address = (struct sockaddr_in *)&glance.known[0];
	*address = (struct sockaddr_in){ .sin_family = AF_INET,
		                         .sin_port = htons(53),
		                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	check_t asked = { .zone = c->name };
	served_t served = { 0 };

	glance_run(&glance, &asked, 1, TIMEOUT_MS);
	assert_int_equal(asked.check.status, SERVER_OK);
	knot_rdata_t *rdata = asked.check.dnskey.rdata;
	for (uint16_t i = 0; i < asked.check.dnskey.count; i++, rdata = knot_rdataset_next(rdata)) {
		if (wire16(rdata->data) == 257) {
			served.keys |= role_of(c, tag_of(rdata));
		}
	}
	rdata = asked.check.rrsig.rdata;
	for (uint16_t i = 0; i < asked.check.rrsig.count; i++, rdata = knot_rdataset_next(rdata)) {
		served.signers |= role_of(c, wire16(rdata->data + 16));
		const uint32_t inception = (uint32_t)wire16(rdata->data + 12) << 16 | wire16(rdata->data + 14);
		served.inception = inception > served.inception ? inception : served.inception;
	}
	rdata = asked.check.cds.rdata;
	for (uint16_t i = 0; i < asked.check.cds.count; i++, rdata = knot_rdataset_next(rdata)) {
		served.cds |= role_of(c, wire16(rdata->data));
	}
	rdata = asked.check.cdnskey.rdata;
	for (uint16_t i = 0; i < asked.check.cdnskey.count; i++, rdata = knot_rdataset_next(rdata)) {
		served.cdnskey |= role_of(c, tag_of(rdata));
	}
	served.serial = knot_soa_serial(asked.check.soa.rdata);
	check_clear(&asked.check);
	return served;
}

/*! Knot signs in its own time. */
static void assert_served_at(case_t *c, unsigned keys, unsigned cds, int line)
{
	const time_t end = time(NULL) + WAIT_S;
	served_t served = ask(c);
	while ((served.keys != keys || served.signers != keys || served.cds != cds || served.cdnskey != cds) &&
	       time(NULL) < end) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		served = ask(c);
	}
	if (served.keys != keys || served.signers != keys || served.cds != cds || served.cdnskey != cds) {
		fail_msg("line %d: keys %u, signers %u, CDS %u, CDNSKEY %u instead of %u and %u", line, served.keys,
		         served.signers, served.cds, served.cdnskey, keys, cds);
	}
}

#define assert_served(c, keys, cds) assert_served_at(c, keys, cds, __LINE__)

/* Orders. */

static pid_t brokers[32];
static unsigned broker_count;

/*! A broker for a folder of the server's. */
static key_client_t broker_at(const fixture_t *f, const char *name, const char *program)
{
	char folder[128];

	assert_true(broker_count < 32);
	snprintf(folder, sizeof(folder), "%s/%s", f->knotd.dir, name);
	const int sock = broker_start(folder, program, &brokers[broker_count++]);
	return (key_client_t){ .sock = sock, .timeout_ms = 2 * TIMEOUT_MS };
}

static control_target_t target_of(const fixture_t *f)
{
	return (control_target_t){ .path = f->knotd.socket, .timeout_ms = TIMEOUT_MS };
}

static key_list_t list_of(case_t *c)
{
	key_list_t list;
	assert_int_equal(key_client_list(&c->client, c->name, &list, c->detail), KNOT_EOK);
	return list;
}

static const listed_key_t *newest_ksk(const key_list_t *list, uint16_t other_than)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->keys[i].ksk && list->keys[i].tag != other_than) {
			return &list->keys[i];
		}
	}
	return NULL;
}

static server_status_t try_order(case_t *c, key_order_t order, bool first)
{
	const control_target_t target = target_of(c->f);
	const server_keys_t wish = { .order = order,
		                     .old_keys = { c->old_key },
		                     .old_count = first ? 0 : 1,
		                     .has_new = first || c->new_key.tag != 0,
		                     .new_key = first ? c->old_key : c->new_key,
		                     .renew = true,
		                     .sign_first = c->sign_first };
	key_task_t task = { .zone = c->name, .wish = &wish };
	key_actor_run(&target, &c->client, &task, 1);
	assert_true(task.begun);
	snprintf(c->detail, sizeof(c->detail), "%s", task.detail);
	return task.status;
}

/*! The order, once Knot leaves the keys alone. */
static server_status_t order(case_t *c, key_order_t what)
{
	const time_t end = time(NULL) + WAIT_S;
	server_status_t status;
	while ((status = try_order(c, what, false)) == SERVER_BUSY && time(NULL) < end) {
		nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	}
	if (status == SERVER_OK) {
		assert_string_equal(c->detail, "");
	}
	return status;
}

#define assert_order(c, what)                                                                                          \
	do {                                                                                                           \
		if (order(c, what) != SERVER_OK) {                                                                     \
			fail_msg("%s: %s", #what, (c)->detail);                                                        \
		}                                                                                                      \
	} while (0)

/*! The first KSK is active: its DS is at the parent. */
static case_t begin(fixture_t *f, const char *name)
{
	case_t c = { .f = f, .name = name };
	c.client = broker_at(f, "keys", NULL);
	const key_list_t list = list_of(&c);
	const listed_key_t *key = newest_ksk(&list, 0);
	assert_non_null(key);
	c.old_key = (key_id_t){ .tag = key->tag, .algorithm = key->algorithm };

	const time_t end = time(NULL) + WAIT_S;
	server_status_t status;
	while ((status = try_order(&c, KEY_ORDER_SILENT, true)) == SERVER_BUSY && time(NULL) < end) {
		nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	}
	if (status != SERVER_OK) {
		fail_msg("%s: %s", name, c.detail);
	}
	assert_served(&c, OLD, 0);
	return c;
}

static void introduce(case_t *c)
{
	assert_order(c, KEY_ORDER_INTRODUCE);
	const key_list_t list = list_of(c);
	const listed_key_t *key = newest_ksk(&list, c->old_key.tag);
	assert_non_null(key);
	c->new_key = (key_id_t){ .tag = key->tag, .algorithm = key->algorithm };
}

static void whole_rollover_of(fixture_t *f, const char *zone)
{
	case_t c = begin(f, zone);

	introduce(&c);
	assert_served(&c, OLD | NEW, 0);
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_served(&c, OLD | NEW, NEW);
	assert_order(&c, KEY_ORDER_SILENT);
	assert_served(&c, OLD | NEW, 0);
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_served(&c, OLD | NEW, NEW);
	assert_order(&c, KEY_ORDER_BOTH);
	assert_served(&c, OLD | NEW, OLD | NEW);
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_served(&c, OLD | NEW, NEW);
	assert_order(&c, KEY_ORDER_RETIRE);
	assert_served(&c, NEW, 0);
	// It is over: nothing that needs the old key can be done, and the rest is done.
	assert_int_equal(order(&c, KEY_ORDER_BOTH), SERVER_REFUSED);
	assert_non_null(strstr(c.detail, "not among the keys"));
	assert_order(&c, KEY_ORDER_RETIRE);
	assert_served(&c, NEW, 0);
}

static void whole_rollover(void **state)
{
	whole_rollover_of(*state, "whole.test.");
}

static void new_key_is_of_the_policy(void **state)
{
	case_t c = begin(*state, "rsa.test.");
	introduce(&c);
	assert_int_equal(c.new_key.algorithm, 8);
	assert_served(&c, OLD | NEW, 0);
}

static void abort_is_the_way_back_from_introduce(void **state)
{
	case_t c = begin(*state, "abort.test.");
	introduce(&c);
	assert_served(&c, OLD | NEW, 0);
	assert_order(&c, KEY_ORDER_ABORT);
	assert_served(&c, OLD, 0);
	assert_order(&c, KEY_ORDER_ABORT);
	// Another one, signalled, then aborted.
	c.new_key = (key_id_t){ 0 };
	introduce(&c);
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_served(&c, OLD | NEW, NEW);
	// Again: nothing is signed again.
	const uint32_t serial = ask(&c).serial;
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_int_equal(ask(&c).serial, serial);
	assert_order(&c, KEY_ORDER_ABORT);
	assert_served(&c, OLD, 0);
}

static void an_order_goes_on_where_a_crash_left_it(void **state)
{
	case_t c = begin(*state, "lost.test.");
	introduce(&c);
	// The state is set, and knotd has not read it.
	key_list_t list = list_of(&c);
	const listed_key_t *key = key_list_find(&list, c.new_key.tag, c.new_key.algorithm, time(NULL), NULL);
	assert_non_null(key);
	assert_int_equal(key_client_set(&c.client, c.name, key->id, KEY_CHANGE_READY, c.detail), KNOT_EOK);
	assert_served(&c, OLD | NEW, 0);
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_served(&c, OLD | NEW, NEW);
}

/*! RFC 4034 3.1: when the signature over DNSKEY was made. */
static uint32_t signed_at(case_t *c)
{
	const served_t served = ask(c);
	return served.inception;
}

static void zone_is_signed_before_a_repeated_signal(void **state)
{
	case_t c = begin(*state, "again.test.");
	introduce(&c);
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_order(&c, KEY_ORDER_SILENT);
	const uint32_t before = signed_at(&c), now = (uint32_t)time(NULL);
	while ((uint32_t)time(NULL) <= now + 1) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	// The keys are the same as at the last signal: the RRset is, and so is its signature.
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_int_equal(signed_at(&c), before);
	assert_order(&c, KEY_ORDER_SILENT);
	// Knot signs, which may take long: nothing else is done meanwhile.
	c.sign_first = true;
	const time_t end = time(NULL) + WAIT_S;
	do {
		assert_int_equal(try_order(&c, KEY_ORDER_SIGNAL, false), SERVER_BUSY);
	} while (strstr(c.detail, "signs the zone again") == NULL && time(NULL) < end);
	assert_non_null(strstr(c.detail, "signs the zone again"));
	while (signed_at(&c) == before && time(NULL) < end) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	const uint32_t after = signed_at(&c);
	assert_true(after > before);
	assert_served(&c, OLD | NEW, 0);
	c.sign_first = false;
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_served(&c, OLD | NEW, NEW);
	// What is so already needs no signature.
	c.sign_first = true;
	const uint32_t serial = ask(&c).serial;
	assert_order(&c, KEY_ORDER_SIGNAL);
	assert_int_equal(ask(&c).serial, serial);
	assert_int_equal(signed_at(&c), after);
}

static void zone_transaction_of_the_operator_is_waited_for(void **state)
{
	case_t c = begin(*state, "again.test.");
	assert_operator(c.f, "zone-begin", NULL, "again.test", NULL, NULL);
	const time_t end = time(NULL) + WAIT_S;
	do {
		assert_int_equal(try_order(&c, KEY_ORDER_SILENT, false), SERVER_BUSY);
	} while (strstr(c.detail, "about to sign") != NULL && time(NULL) < end);
	assert_string_equal(c.detail, "another client has an open zone transaction");
	assert_operator(c.f, "zone-abort", NULL, "again.test", NULL, NULL);
}

/*! A keymgr that says OK and sets nothing. */
static void what_is_not_done_is_found_by_reading_back(void **state)
{
	case_t c = begin(*state, "lazy.test.");
	introduce(&c);
	char path[128];
	snprintf(path, sizeof(path), "%s/lazy", c.f->knotd.dir);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\ncase \"$*\" in *\" set \"*) echo OK ;; *) exec %s \"$@\" ;; esac\n", keymgr_path());
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
	c.client = broker_at(c.f, "keys", path);
	assert_int_equal(try_order(&c, KEY_ORDER_SIGNAL, false), SERVER_BUSY);
	assert_string_equal(c.detail, "Knot undoes what keymgr sets");
	unlink(path);
}

static void nothing_is_set_beside_knots_own_events(void **state)
{
	case_t c = begin(*state, "quick.test.");
	const control_target_t target = target_of(c.f);
	control_t *control;
	control_cmd_t cmd = { .name = "zone-key-rollover", .zone = c.name, .type = "ksk", .flags = "B" };

	// Knot's own rollover: the key gets ready in two seconds.
	assert_int_equal(control_open(&control, &target, c.detail), KNOT_EOK);
	assert_int_equal(control_run(control, &cmd, 1, c.detail), KNOT_EOK);
	control_close(control);
	assert_false(cmd.failed);
	assert_int_equal(try_order(&c, KEY_ORDER_INTRODUCE, false), SERVER_BUSY);
	assert_non_null(strstr(c.detail, "about to sign"));
	// It is the new key, although it was signalled for a moment.
	introduce(&c);
	assert_served(&c, OLD | NEW, 0);
	assert_order(&c, KEY_ORDER_RETIRE);
	assert_served(&c, NEW, 0);
	// Its lifetime has begun again.
	const key_list_t list = list_of(&c);
	const listed_key_t *key = key_list_find(&list, c.new_key.tag, c.new_key.algorithm, time(NULL), NULL);
	assert_non_null(key);
	assert_true(key->timers[KEY_CREATED] > key->timers[KEY_PUBLISH]);
}

static void what_is_in_the_way_is_said(void **state)
{
	case_t c = begin(*state, "wrong.test.");
	assert_operator(c.f, "zone-freeze", NULL, "wrong.test", NULL, NULL);
	assert_int_equal(order(&c, KEY_ORDER_INTRODUCE), SERVER_REFUSED);
	assert_string_equal(c.detail, "the zone is frozen");
	assert_operator(c.f, "zone-thaw", NULL, "wrong.test", NULL, NULL);

	// Another folder is not made. The thaw takes a moment.
	c.client = broker_at(c.f, "none", NULL);
	const time_t end = time(NULL) + WAIT_S;
	do {
		assert_int_equal(order(&c, KEY_ORDER_INTRODUCE), SERVER_REFUSED);
	} while (strstr(c.detail, "frozen") != NULL && time(NULL) < end);
	assert_non_null(strstr(c.detail, "No such file"));
	char none[128];
	snprintf(none, sizeof(none), "%s/none", c.f->knotd.dir);
	assert_int_equal(access(none, F_OK), -1);
	// Nor is a database in it.
	assert_int_equal(mkdir(none, 0700), 0);
	assert_int_equal(order(&c, KEY_ORDER_INTRODUCE), SERVER_REFUSED);
	assert_non_null(strstr(c.detail, "/none/data.mdb: No such file"));

	c.client = broker_at(c.f, "keys", "/bin/false");
	assert_int_equal(order(&c, KEY_ORDER_INTRODUCE), SERVER_REFUSED);
	assert_string_equal(c.detail, "keymgr list: exit code 1: no reason given");
	// There is no broker, or it has gone.
	kill(brokers[broker_count - 1], SIGKILL);
	assert_int_equal(order(&c, KEY_ORDER_INTRODUCE), SERVER_UNREACHABLE);
	assert_string_equal(c.detail, "the process that runs keymgr has ended");
	c.client = (key_client_t){ .sock = -1 };
	assert_int_equal(order(&c, KEY_ORDER_INTRODUCE), SERVER_UNREACHABLE);
	assert_string_equal(c.detail, "the process that runs keymgr could not be started");
	c.client = broker_at(c.f, "keys", NULL);
	c.name = "nowhere.test.";
	assert_int_equal(order(&c, KEY_ORDER_INTRODUCE), SERVER_REFUSED);
	assert_non_null(strstr(c.detail, "no such zone"));
}

static void dead_knotd_is_unreachable(void **state)
{
	fixture_t *f = *state;
	case_t c = begin(f, "wrong.test.");
	kill(f->knotd.pid, SIGKILL);
	assert_int_equal(order(&c, KEY_ORDER_INTRODUCE), SERVER_UNREACHABLE);
}

/* Events. */

static void events_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *type;
		const char *data;
		bool frozen;
		bool quiet;
		bool transaction;
	} cases[] = {
		{ "freeze", "-", false, true, false },
		{ "freeze", "freezing", true, true, false },
		{ "re-sign", "-", false, true, false },
		{ "re-sign", "1000", false, false, false },
		{ "re-sign", "1002", false, false, false },
		{ "re-sign", "1003", false, true, false },
		{ "re-sign", "pending(999)", false, false, false },
		{ "re-sign", "running(999)", false, false, false },
		{ "re-sign", "frozen(999)", false, false, false },
		{ "re-sign", "", false, false, false },
		{ "load", "1001", false, false, false },
		{ "DS-check", "1001", false, false, false },
		{ "flush", "1001", false, true, false },
		{ "transaction", "-", false, true, false },
		{ "transaction", "open", false, true, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		key_events_t events = { 0 };
		assert_false(key_events_quiet(&events, 1000)); // knotd was busy.
		key_events_unit(&(control_unit_t){ .type = "notify", .data = "-" }, &events);
		key_events_unit(&(control_unit_t){ .type = cases[i].type, .data = cases[i].data }, &events);
		key_events_unit(&(control_unit_t){ .type = "DS-check", .data = "5000" }, &events);
		key_events_unit(&(control_unit_t){ .type = "role" }, &events);
		assert_int_equal(events.frozen, cases[i].frozen);
		assert_int_equal(events.transaction, cases[i].transaction);
		assert_int_equal(key_events_quiet(&events, 1000), cases[i].quiet);
	}
}

static int start(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	*state = f;
	strcpy(f->knotd.dir, "/tmp/kskroll-server-XXXXXX");
	assert_non_null(mkdtemp(f->knotd.dir));
	knotd_write(&f->knotd, "zone", zone_file);
	if (!knotd_start(&f->knotd, false, conf)) {
		return -1;
	}
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->server = server_at(&f->loop, f->knotd.socket, TIMEOUT_MS);
	assert_non_null(f->server);
	static const char *const zones[] = { "whole.test.", "abort.test.", "lost.test.", "again.test.",
		                             "wrong.test.", "quick.test.", "rsa.test." };
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		result_t r;
		wait_until(f, zones[i], r, r.status == SERVER_OK && r.dnskeys > 0);
	}
	return 0;
}

int main(void)
{
	if (old_knot() || !knotd_can_be_used()) {
		return 77;
	}
	if (keymgr_path() == NULL) {
		printf("SKIP: no keymgr found\n");
		return 77;
	}
	alarm(250);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_read),
		cmocka_unit_test(whole_rollover),
		cmocka_unit_test(new_key_is_of_the_policy),
		cmocka_unit_test(abort_is_the_way_back_from_introduce),
		cmocka_unit_test(an_order_goes_on_where_a_crash_left_it),
		cmocka_unit_test(zone_transaction_of_the_operator_is_waited_for),
		cmocka_unit_test(zone_is_signed_before_a_repeated_signal),
		cmocka_unit_test(what_is_not_done_is_found_by_reading_back),
		cmocka_unit_test(nothing_is_set_beside_knots_own_events),
		cmocka_unit_test(what_is_in_the_way_is_said),
		cmocka_unit_test(dead_knotd_is_unreachable),
	};
	return cmocka_run_group_tests(tests, start, stop_knotd);
}
