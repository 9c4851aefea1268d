/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Orders for keys of many zones on a real knotd with its keymgr: one at a time, then all at once. Prints how many a
 * second, which is no criterion: the machine may be busy. KSKROLL_ZONES=100 measures more zones than a test needs,
 * KSKROLL_BESIDE=100000 with so many zones that are configured beside them.
 */

#include <sys/socket.h>
#include <uv.h>

#include "old_knot.h"
#include "server_case.h"
#include "key_broker.h"
#include "module/server/keymgr.h"

#define ZONES_MAX 1000

static const char conf[] = "server:\n"
			   "    rundir: @DIR@\n"
			   "    listen: 127.0.0.1@53\n"
			   "    background-workers: 2\n"
			   "database:\n"
			   "    storage: @DIR@\n"
			   "    journal-db-max-size: 64M\n"
			   "    kasp-db-max-size: 64M\n"
			   "    timer-db-max-size: 8M\n"
			   "policy:\n"
			   "  - id: slow\n"
			   "    dnskey-ttl: 1h\n"
			   "template:\n"
			   "  - id: default\n"
			   "    storage: @DIR@\n"
			   "    file: zone\n"
			   "    zonefile-sync: -1\n"
			   "    zonefile-load: difference-no-serial\n"
			   "    journal-content: all\n"
			   "    dnssec-signing: on\n"
			   "    dnssec-policy: slow\n"
			   "  - id: beside\n"
			   "    storage: @DIR@\n"
			   "    file: zone\n"
			   "    zonefile-sync: -1\n"
			   "zone:\n";

static const char zone_file[] = "@ 300 SOA ns hostmaster 1 1h 1h 1w 300\n"
				"@ NS ns\n"
				"ns A 127.0.0.1\n";

typedef struct {
	fixture_t f; // First: stop_knotd() frees it.
	int broker;
	unsigned count;
	char names[ZONES_MAX][24];
	server_keys_t orders[ZONES_MAX];
	result_t results[ZONES_MAX];
} many_t;

static unsigned number_of(const char *name, unsigned most, unsigned otherwise)
{
	const char *text = getenv(name);
	const unsigned long number = text != NULL ? strtoul(text, NULL, 10) : 0;
	return number > 0 && number <= most ? (unsigned)number : otherwise;
}

/*! The only KSK, which Knot has made ready. */
static void name_key(many_t *many, unsigned i)
{
	const key_client_t client = { .sock = many->broker, .timeout_ms = TIMEOUT_MS };
	char detail[KEY_CLIENT_DETAIL_MAX];
	key_list_t list;

	assert_int_equal(key_client_list(&client, many->names[i], &list, detail), KNOT_EOK);
	for (size_t k = 0; k < list.count; k++) {
		if (list.keys[k].ksk) {
			many->orders[i].has_new = true;
			many->orders[i].new_key =
				(key_id_t){ .tag = list.keys[k].tag, .algorithm = list.keys[k].algorithm };
		}
	}
	assert_true(many->orders[i].has_new);
}

static int start(void **state)
{
	many_t *many = calloc(1, sizeof(*many));
	assert_non_null(many);
	*state = many;
	fixture_t *f = &many->f;
	strcpy(f->knotd.dir, "/tmp/kskroll-server-XXXXXX");
	assert_non_null(mkdtemp(f->knotd.dir));
	knotd_write(&f->knotd, "zone", zone_file);

	many->count = number_of("KSKROLL_ZONES", ZONES_MAX, 24);
	const unsigned beside = number_of("KSKROLL_BESIDE", 1000000, 0);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	fputs(conf, out);
	for (unsigned i = 0; i < many->count; i++) {
		snprintf(many->names[i], sizeof(many->names[i]), "z%u.test.", i);
		fprintf(out, "  - domain: %s\n", many->names[i]);
	}
	for (unsigned i = 0; i < beside; i++) {
		fprintf(out, "  - domain: b%u.test.\n    template: beside\n", i);
	}
	fclose(out);
	const bool started = knotd_start(&f->knotd, false, text);
	free(text);
	if (!started) {
		return -1;
	}
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->server = server_at(&f->loop, f->knotd.socket, TIMEOUT_MS);
	assert_non_null(f->server);
	for (unsigned i = 0; i < many->count; i++) {
		result_t r;
		wait_until(f, many->names[i], r, r.status == SERVER_OK && r.dnskeys > 0);
	}
	char folder[128];
	pid_t pid;
	snprintf(folder, sizeof(folder), "%s/keys", f->knotd.dir);
	many->broker = broker_start(folder, NULL, &pid);
	for (unsigned i = 0; i < many->count; i++) {
		name_key(many, i);
	}
	server_broker(f->server, many->broker);
	return 0;
}

/*! Those that Knot had no time for are repeated, and count as one. \return Orders a second. */
static double carry_out(many_t *many, key_order_t order, bool together)
{
	const uint64_t start = uv_hrtime();
	unsigned left = many->count, repeated = 0;

	memset(many->results, 0, sizeof(many->results));
	while (left > 0) {
		for (unsigned i = 0; i < many->count; i++) {
			if (many->results[i].done && many->results[i].status == SERVER_OK) {
				continue;
			}
			repeated += many->results[i].done ? 1 : 0;
			many->results[i].done = false;
			many->orders[i].order = order;
			server_keys(many->f.server, many->names[i], &many->orders[i], on_done, &many->results[i]);
			if (!together) {
				wait_for(&many->f, &many->results[i], 1);
			}
		}
		wait_for(&many->f, many->results, many->count);
		left = 0;
		for (unsigned i = 0; i < many->count; i++) {
			const result_t *r = &many->results[i];
			if (r->status != SERVER_OK && r->status != SERVER_BUSY) {
				fail_msg("%s: %s", many->names[i], r->detail);
			}
			left += r->status != SERVER_OK ? 1 : 0;
		}
		assert_true(uv_hrtime() - start < WAIT_S * UINT64_C(1000000000));
	}
	const double rate = many->count / ((double)(uv_hrtime() - start) / 1e9);
	print_message("%u orders, %s: %.1f a second, %u repeated\n", many->count,
	              together ? "all at once" : "one at a time", rate, repeated);
	return rate;
}

static void assert_signals(many_t *many, bool wanted)
{
	for (unsigned i = 0; i < many->count; i++) {
		result_t r;
		wait_until(&many->f, many->names[i], r, r.status == SERVER_OK && (r.cds > 0) == wanted);
	}
}

static void many_zones_at_once_get_what_is_ordered(void **state)
{
	many_t *many = *state;

	const double alone = carry_out(many, KEY_ORDER_SILENT, false);
	assert_signals(many, false);
	const double together = carry_out(many, KEY_ORDER_SIGNAL, true);
	assert_signals(many, true);
	print_message("%.2f times as many\n", together / alone);
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
		cmocka_unit_test(many_zones_at_once_get_what_is_ordered),
	};
	return cmocka_run_group_tests(tests, start, stop_knotd);
}
