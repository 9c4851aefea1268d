/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Knot begins an algorithm rollover, as a real knotd does: DNSKEY stays, and only RRSIGs of the data show it. */

#include <netinet/in.h>
#include <sys/socket.h>

#include "server_case.h"
#include "module/server/glance.h"

/* Knot keeps the new keys back for as long as its propagation-delay and the zone TTL are. */
static const char conf[] = "server:\n"
			   "    rundir: @DIR@\n"
			   "    listen: 127.0.0.1@53\n"
			   "database:\n"
			   "    storage: @DIR@\n"
			   "    journal-db-max-size: 16M\n"
			   "    kasp-db-max-size: 16M\n"
			   "    timer-db-max-size: 2M\n"
			   "    catalog-db-max-size: 16M\n"
			   "policy:\n"
			   "  - id: two\n"
			   "    propagation-delay: 1h\n"
			   "  - id: single\n"
			   "    propagation-delay: 1h\n"
			   "    single-type-signing: on\n"
			   "template:\n"
			   "  - id: default\n"
			   "    storage: @DIR@\n"
			   "    file: zone\n"
			   "    zonefile-sync: -1\n"
			   "    zonefile-load: difference\n"
			   "    journal-content: all\n"
			   "    dnssec-signing: on\n"
			   "zone:\n"
			   "  - domain: two.test\n"
			   "    dnssec-policy: two\n"
			   "  - domain: single.test\n"
			   "    dnssec-policy: single\n";

static const char zone_file[] = "@ 3600 SOA ns admin 1 3600 600 86400 300\n"
				"@ 3600 NS ns\n"
				"ns 3600 A 127.0.0.1\n";

/*! What a check says of the algorithms, and of the version. */
typedef struct {
	bool found;
	algset_t dnskey, data;
	uint32_t serial;
} shown_t;

static shown_t shown(check_t *check)
{
	server_check_t *c = &check->check;
	shown_t out = { .found = c->status == SERVER_OK };

	knot_rdata_t *rr = c->dnskey.rdata;
	for (uint16_t i = 0; i < c->dnskey.count; i++, rr = knot_rdataset_next(rr)) {
		out.dnskey |= ALGSET_OF(knot_dnskey_alg(rr));
	}
	rr = c->soa_rrsig.rdata;
	for (uint16_t i = 0; i < c->soa_rrsig.count; i++, rr = knot_rdataset_next(rr)) {
		out.data |= ALGSET_OF(knot_rrsig_alg(rr));
	}
	out.serial = out.found ? knot_soa_serial(c->soa.rdata) : 0;
	check_clear(c);
	return out;
}

static shown_t by_control(fixture_t *f, const char *zone)
{
	const control_target_t target = { .path = f->knotd.socket, .timeout_ms = TIMEOUT_MS };
	check_t check = { .zone = zone };
	check_run(&target, &check, 1);
	return shown(&check);
}

static shown_t by_dns(const char *zone)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		                    .sin_port = htons(53),
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	glance_t glance = { .known_count = 1 };
	check_t check = { .zone = zone };
	memcpy(&glance.known[0], &addr, sizeof(addr));
	glance_run(&glance, &check, 1, TIMEOUT_MS);
	return shown(&check);
}

static shown_t wait_for_data(fixture_t *f, const char *zone, algset_t data)
{
	const time_t end = time(NULL) + WAIT_S;
	shown_t found = by_control(f, zone);
	while (found.data != data && time(NULL) < end) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		found = by_control(f, zone);
	}
	assert_int_equal(found.data, data);
	return found;
}

static int start(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	*state = f;
	strcpy(f->knotd.dir, "/tmp/kskroll-server-XXXXXX");
	assert_non_null(mkdtemp(f->knotd.dir));
	knotd_write(&f->knotd, "zone", zone_file);
	return knotd_start(&f->knotd, false, conf) ? 0 : -1;
}

#define ECDSA   ALGSET_OF(13)
#define ED25519 ALGSET_OF(15)

static void a_rollover_that_knot_begins_is_in_the_rrsigs_of_the_soa(void **state)
{
	fixture_t *f = *state;
	static const char *const ZONES[][2] = { { "two", "two.test." }, { "single", "single.test." } };

	for (size_t i = 0; i < 2; i++) {
		const char *zone = ZONES[i][1];
		const shown_t before = wait_for_data(f, zone, ECDSA);
		assert_int_equal(before.dnskey, ECDSA);

		assert_operator(f, "conf-begin", NULL, NULL, NULL, NULL);
		assert_operator(f, "conf-set", "policy", ZONES[i][0], "algorithm", "ed25519");
		assert_operator(f, "conf-commit", NULL, NULL, NULL, NULL);
		const shown_t control = wait_for_data(f, zone, ECDSA | ED25519), dns = by_dns(zone);
		assert_true(dns.found);
		assert_int_equal(dns.data, control.data);
		assert_int_equal(dns.serial, control.serial);
		assert_int_equal(dns.dnskey, ECDSA);
		assert_int_equal(control.dnskey, ECDSA);
		assert_true((int32_t)(control.serial - before.serial) > 0);
	}
}

int main(void)
{
	if (!knotd_can_be_used()) {
		return 77;
	}
	alarm(300);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rollover_that_knot_begins_is_in_the_rrsigs_of_the_soa),
	};
	return cmocka_run_group_tests(tests, start, stop_knotd);
}
