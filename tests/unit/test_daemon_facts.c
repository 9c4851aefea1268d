/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a zone's own server, its policy and its settings say about it. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "env.h"
#include "zone.h"

/* What facts.c needs of the others. */
uint32_t fit_ttl(const zone_t *zone)
{
	return zone->settings->config.ttl;
}

void fit_facts(const zone_t *zone, own_facts_t *own)
{
	(void)zone;
	own->keys_refused = true;
	snprintf(own->conf_detail, sizeof(own->conf_detail), "words");
}

void clocks_read(const clocks_t *clocks, rollover_clock_t *out)
{
	(void)clocks;
	memset(out, 0, sizeof(*out));
}

store_t *writer_store(const writer_t *writer)
{
	(void)writer;
	return NULL;
}

int store_unreachable_load(store_t *store, const char *zone, const char *server, rollover_silence_t *out)
{
	(void)store, (void)zone, (void)server, (void)out;
	return KNOT_EOK;
}

void writer_unreachable(writer_t *writer, const char *zone, const char *server, const rollover_silence_t *silence)
{
	(void)writer, (void)zone, (void)server, (void)silence;
}

void writer_servers_done(writer_t *writer, const char *zone, time_t now)
{
	(void)writer, (void)zone, (void)now;
}

static own_facts_t facts_of(zone_settings_t *settings, const server_check_t *check)
{
	entry_t entry = { 0 };
	zone_t zone = {
		.entry = &entry, .name = "one.", .dname = (const knot_dname_t *)"\x03one", .settings = settings
	};
	rollover_init(&zone.kept.row, 1700000000);
	gathered_t *gathered = facts_new(&zone, check);
	assert_non_null(gathered);
	const own_facts_t own = gathered->facts.own;
	facts_free(gathered);
	return own;
}

/*! By the whole name: a policy of another TTL is not the one that is wanted. */
static void the_policy_in_force_is_told_by_its_name(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t ttl;
		policy_role_t role;
		/* clang-format off */
	} CASES[] = {
		{ "lab", 300, POLICY_BASE },
		{ "lab-kskroll-loud", 300, POLICY_BASE },
		{ "lab-kskroll-ttl", 300, POLICY_LOW_TTL },
		{ "lab-kskroll-ttl", 600, POLICY__COUNT },
		{ "lab-kskroll-ttl-600", 600, POLICY_LOW_TTL },
		{ "lab-kskroll-ttl-600", 300, POLICY__COUNT },
		{ "lab-kskroll-delete", 300, POLICY_DELETE },
		{ "lab-kskroll-delete-60", 300, POLICY__COUNT },
		/* Of version 0.1.0, whatever TTL they have. */
		{ "lab-kskroll-quiet", 300, POLICY_FORMER },
		{ "lab-kskroll-quiet", 600, POLICY_FORMER },
		{ "lab-kskroll-signal-900", 300, POLICY_FORMER },
		{ "lab-kskroll-rollback", 300, POLICY_FORMER },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		zone_settings_t settings = { .config.ttl = CASES[i].ttl };
		const server_check_t check = { .status = SERVER_OK };
		strcpy(settings.policy, CASES[i].name);
		assert_int_equal(facts_of(&settings, &check).policy, CASES[i].role);
	}
}

static void settings_and_the_last_order_are_facts(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab", .config.ttl = 300 };
	server_check_t check = { .status = SERVER_OK, .catalog_member = true, .dnskey_ttl = 77 };

	own_facts_t own = facts_of(&settings, &check);
	assert_true(own.known && own.catalog_member && own.keys_refused);
	assert_false(own.base_publishes);
	assert_int_equal(own.dnskey_ttl, 77);
	assert_string_equal(own.conf_detail, "words");

	settings.base_publishes = true;
	check = (server_check_t){ .status = SERVER_REFUSED, .detail = "not loaded" };
	own = facts_of(&settings, &check);
	assert_true(own.base_publishes);
	assert_false(own.known || own.catalog_member);
	assert_string_equal(own.conf_detail, "not loaded");
}

/*! The newest signature counts; Knot dates each an hour and a half back (RFC 4034 3.1.5). */
static void a_dnskey_rrset_is_as_new_as_its_newest_signature(void **state)
{
	(void)state;
	static const uint32_t inceptions[] = { 1700000000, 1700001000, 1699999000 };
	zone_settings_t settings = { .policy = "lab" };
	server_check_t check = { .status = SERVER_OK };

	assert_int_equal(facts_of(&settings, &check).dnskey_signed, 0);
	for (size_t i = 0; i < sizeof(inceptions) / sizeof(inceptions[0]); i++) {
		/* 18 octets, the root as signer, a signature. */
		uint8_t rdata[23] = { 0, 48, 13, 1 };
		rdata[12] = inceptions[i] >> 24;
		rdata[13] = inceptions[i] >> 16;
		rdata[14] = inceptions[i] >> 8;
		rdata[15] = inceptions[i];
		rdata[22] = i;
		knot_rdata_t *rr = malloc(knot_rdata_size(sizeof(rdata)));
		assert_non_null(rr);
		knot_rdata_init(rr, sizeof(rdata), rdata);
		assert_int_equal(knot_rdataset_add(&check.rrsig, rr, NULL), KNOT_EOK);
		free(rr);
		const time_t newest = i == 0 ? inceptions[0] : inceptions[1];
		assert_int_equal(facts_of(&settings, &check).dnskey_signed, newest + 5400);
	}
	knot_rdataset_clear(&check.rrsig, NULL);

	/* What is cut off says nothing. */
	uint8_t cut[18] = { 0, 48, 13, 1 };
	memset(cut + 12, 0x7f, 4);
	knot_rdata_t *rr = malloc(knot_rdata_size(sizeof(cut)));
	assert_non_null(rr);
	knot_rdata_init(rr, sizeof(cut), cut);
	assert_int_equal(knot_rdataset_add(&check.rrsig, rr, NULL), KNOT_EOK);
	free(rr);
	assert_int_equal(facts_of(&settings, &check).dnskey_signed, 0);
	knot_rdataset_clear(&check.rrsig, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_policy_in_force_is_told_by_its_name),
		cmocka_unit_test(settings_and_the_last_order_are_facts),
		cmocka_unit_test(a_dnskey_rrset_is_as_new_as_its_newest_signature),
	};
	return cmocka_run_group_tests_name("daemon_facts", tests, NULL, NULL);
}
