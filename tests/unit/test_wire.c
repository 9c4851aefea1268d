/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the module and kskrolld send each other: it comes as it was sent, and nothing else is taken for it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <libknot/errcode.h>

#include "wire/wire.h"

static uint8_t buffer[WIRE_FRAME_MAX + 64];

static struct sockaddr_storage addresses[3];

static void make_addresses(void)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&addresses[0];
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&addresses[1];
	memset(addresses, 0, sizeof(addresses));
	v4->sin_family = AF_INET;
	v4->sin_port = htons(5353);
	inet_pton(AF_INET, "192.0.2.1", &v4->sin_addr);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(53);
	v6->sin6_scope_id = 7;
	inet_pton(AF_INET6, "fe80::1", &v6->sin6_addr);
	addresses[2] = addresses[0];
}

static dns_addrs_t addrs(size_t count)
{
	return (dns_addrs_t){ .addr = count > 0 ? addresses : NULL, .count = count };
}

static void assert_same_addrs(const dns_addrs_t *a, const dns_addrs_t *b)
{
	assert_int_equal(a->count, b->count);
	if (a->count > 0) {
		assert_memory_equal(a->addr, b->addr, a->count * sizeof(*a->addr));
	}
}

/* One of each: as it is written, read, and how what was read is freed. */

static global_settings_t settings(void)
{
	return (global_settings_t){ .resolver = addrs(3),
		                    .trust_anchor = "/anchor",
		                    .storage = "/store",
		                    .key_database = "/keys",
		                    .keymgr = "/usr/bin/keymgr",
		                    .epp_accounts = "/etc/accounts",
		                    .loopback = true,
		                    .parent_rate = 20,
		                    .scan_rate = 50,
		                    .max_rolling = 60,
		                    .max_rolling_parent = 61,
		                    .notify_receive = true,
		                    .report_receive = true,
		                    .notify_listen = addrs(2) };
}

static instance_settings_t zone_settings(void)
{
	instance_settings_t s = {
		.config = {
			.ksk_lifetime = 1, .spread = 14, .ttl = 2, .lead = 3, .observe = 4, .settle = 5, .check_interval = 6,
			.ds_check_interval = 7, .unreachable_after = 8, .bogus_limit = 9, .caches_expired = 10,
			.zone_ttl = 11, .notify_again = UINT32_MAX, .dnskey_refresh = 12, .ds_ttl = 13, .via = PARENT_VIA_UPDATE, .hold = true, .observe_only = true,
			.observe_reason = "because",
		},
		.nameserver = addrs(1), .parent = addrs(0), .validator = addrs(2), .policy = "default",
		.start_window = "Mon 09:00-10:00; 22:00-02:00 Europe/Berlin", .start_dates = "12-24",
		.algorithm_wanted = 253, .ttl_of_soa = true, .base_publishes = true,
		.rollover = true, .delegations = DELEGATIONS_UPDATE, .locked = "a.example. b.example.", .batch = 21, .report_agent = "er.ns1.example.",
		.update_primary = addrs(1),
		.update_key = { .name = "agent.", .algorithm = 4, .secret = (const uint8_t *)"s\0t", .secret_len = 3 },
		.parent_primary = addrs(2),
		.parent_key = { .name = "child.", .algorithm = 5, .secret = (const uint8_t *)"t\0", .secret_len = 2 },
		.parent_epp = "registry",
		.delegation = {
			.apply = DELEGATION_BY_UPDATE, .accept = DELEGATION_ACCEPT_CDNSKEY, .bootstrap = true, .undo = true,
			.ds_max = 1, .hold_down = 2, .scan_interval = 3, .scan_interval_notifying = 4, .check_interval = 5,
			.retry = 6, .unreachable_after = 7, .ds_ttl = 8, .ds_ttl_hold = 9, .ds_ttl_base = UINT32_MAX,
			.verify = 10, .bogus_limit = 11,
		},
	};
	return s;
}

static process_totals_t totals(void)
{
	process_totals_t t = { .zones = UINT64_MAX, .no_route = { false, true } };
	for (unsigned i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		t.state[i] = i + 1;
	}
	for (unsigned i = 0; i < GATE__COUNT; i++) {
		t.gate[i] = 1000 + i;
	}
	t.counts = (zone_counts_t){ 1, 2, 3, 4 };
	t.answers[0] = 5;
	t.watches[WATCH__COUNT - 1] = 6;
	t.notifies[NOTIFY__COUNT - 1] = 7;
	t.reports = 17;
	t.reports_ignored = 18;
	t.delegations = (delegation_totals_t){ .zones = 8,
		                               .delegations = 9,
		                               .scans = 10,
		                               .surveys = 11,
		                               .queries = 12,
		                               .changes = 13,
		                               .undos = 14,
		                               .restores = 15,
		                               .notified = 16,
		                               .ignored = UINT64_MAX };
	for (unsigned i = 0; i < DELEGATION_STATE__COUNT; i++) {
		t.delegations.state[i] = 2000 + i;
	}
	for (unsigned i = 0; i < DELEGATION_GATE__COUNT; i++) {
		t.delegations.gate[i] = 3000 + i;
	}
	return t;
}

static const wire_hello_t HELLO = { .version = "0.1.0", .pid = 4711 };
static const wire_attach_t ATTACH = { .id = { 70000, 12 }, .settings = 3, .zone = "a.example." };
static const wire_id_t ID = { 1, UINT32_MAX };
static const wire_notified_t NOTIFIED = { .child = "a.example.", .source = "2001:db8::1@53", .report_agent = "" };
static const wire_reported_t REPORTED = {
	.name = "a.example.", .agent = "er.ns1.example.", .source = "2001:db8::1@53", .type = 59, .ede = UINT16_MAX
};
static const wire_log_t LOG = { .priority = LOG_ERR, .text = "zone a.example., 100 % broken" };
static const wire_numbers_t NUMBERS = {
	.id = { 5, 6 },
	.numbers = { .state = ROLLOVER_STATE__COUNT - 1,
	             .gate = GATE__COUNT - 1,
	             .state_seconds = 1,
	             .next_check_seconds = 2,
	             .dnskey_ttl = 3,
	             .ds_ttl = 4,
	             .counts = { 5, 6, 7, 8 } },
};

static bool put(wire_type_t type, wire_out_t *out)
{
	const global_settings_t s = settings();
	const instance_settings_t z = zone_settings();
	const process_totals_t t = totals();
	const wire_where_t where = { .control = "/run/knot.sock", .dns = addrs(2) };

	switch (type) {
	case WIRE_HELLO:
		return wire_put_hello(out, &HELLO);
	case WIRE_SETTINGS:
		return wire_put_settings(out, &s);
	case WIRE_WHERE:
		return wire_put_where(out, &where);
	case WIRE_ZONE_SETTINGS:
		return wire_put_zone_settings(out, 9, &z);
	case WIRE_ZONE_SETTINGS_GONE:
		return wire_put_zone_settings_gone(out, 9);
	case WIRE_ATTACH:
		return wire_put_attach(out, &ATTACH);
	case WIRE_DETACH:
		return wire_put_detach(out, ID);
	case WIRE_NOTIFIED:
		return wire_put_notified(out, &NOTIFIED);
	case WIRE_REPORTED:
		return wire_put_reported(out, &REPORTED);
	case WIRE_LOG:
		return wire_put_log(out, &LOG);
	case WIRE_NUMBERS:
		return wire_put_numbers(out, &NUMBERS);
	case WIRE_TOTALS:
		return wire_put_totals(out, &t);
	}
	fail();
	return false;
}

/*! Reads the frame as one of that type, whatever it is, and frees it. */
static int get(wire_type_t type, const wire_frame_t *frame)
{
	union {
		wire_hello_t hello;
		global_settings_t settings;
		wire_where_t where;
		instance_settings_t zone_settings;
		wire_attach_t attach;
		wire_id_t id;
		wire_notified_t notified;
		wire_reported_t reported;
		wire_log_t log;
		wire_numbers_t numbers;
		process_totals_t totals;
		uint32_t number;
	} u;
	uint32_t number;
	int ret = KNOT_EINVAL;

	switch (type) {
	case WIRE_HELLO:
		return wire_get_hello(frame, &u.hello);
	case WIRE_SETTINGS:
		ret = wire_get_settings(frame, &u.settings);
		if (ret == KNOT_EOK) {
			wire_free_settings(&u.settings);
		}
		return ret;
	case WIRE_WHERE:
		ret = wire_get_where(frame, &u.where);
		if (ret == KNOT_EOK) {
			wire_free_where(&u.where);
		}
		return ret;
	case WIRE_ZONE_SETTINGS:
		ret = wire_get_zone_settings(frame, &number, &u.zone_settings);
		if (ret == KNOT_EOK) {
			wire_free_zone_settings(&u.zone_settings);
		}
		return ret;
	case WIRE_ZONE_SETTINGS_GONE:
		return wire_get_zone_settings_gone(frame, &u.number);
	case WIRE_ATTACH:
		return wire_get_attach(frame, &u.attach);
	case WIRE_DETACH:
		return wire_get_detach(frame, &u.id);
	case WIRE_NOTIFIED:
		return wire_get_notified(frame, &u.notified);
	case WIRE_REPORTED:
		return wire_get_reported(frame, &u.reported);
	case WIRE_LOG:
		return wire_get_log(frame, &u.log);
	case WIRE_NUMBERS:
		return wire_get_numbers(frame, &u.numbers);
	case WIRE_TOTALS:
		return wire_get_totals(frame, &u.totals);
	}
	fail();
	return ret;
}

static const wire_type_t TYPES[] = {
	WIRE_HELLO,  WIRE_SETTINGS, WIRE_WHERE,    WIRE_ZONE_SETTINGS, WIRE_ZONE_SETTINGS_GONE,
	WIRE_ATTACH, WIRE_DETACH,   WIRE_NOTIFIED, WIRE_LOG,           WIRE_NUMBERS,
	WIRE_TOTALS, WIRE_REPORTED,
};
#define COUNT (sizeof(TYPES) / sizeof(TYPES[0]))

/*! Writes one frame and finds it again. */
static wire_frame_t frame_of(wire_type_t type)
{
	wire_out_t out = { .data = buffer, .size = sizeof(buffer) };
	wire_frame_t frame;
	assert_true(put(type, &out));
	assert_int_equal(wire_next(buffer, out.len, WIRE_FRAME_MAX, &frame), KNOT_EOK);
	assert_int_equal(frame.whole, out.len);
	assert_int_equal(frame.type, type);
	return frame;
}

static void what_the_module_sends_comes_as_it_was(void **state)
{
	(void)state;
	wire_hello_t hello;
	wire_frame_t frame = frame_of(WIRE_HELLO);
	assert_int_equal(wire_get_hello(&frame, &hello), KNOT_EOK);
	assert_string_equal(hello.version, HELLO.version);
	assert_int_equal(hello.pid, HELLO.pid);

	const global_settings_t want = settings();
	global_settings_t got;
	frame = frame_of(WIRE_SETTINGS);
	assert_int_equal(wire_get_settings(&frame, &got), KNOT_EOK);
	assert_same_addrs(&got.resolver, &want.resolver);
	assert_string_equal(got.trust_anchor, want.trust_anchor);
	assert_null(got.root_hints);
	assert_string_equal(got.storage, want.storage);
	assert_string_equal(got.key_database, want.key_database);
	assert_string_equal(got.keymgr, want.keymgr);
	assert_string_equal(got.epp_accounts, want.epp_accounts);
	assert_true(got.loopback);
	assert_int_equal(got.parent_rate, want.parent_rate);
	assert_int_equal(got.scan_rate, want.scan_rate);
	assert_int_equal(got.max_rolling, want.max_rolling);
	assert_int_equal(got.max_rolling_parent, want.max_rolling_parent);
	assert_true(got.notify_receive);
	assert_same_addrs(&got.notify_listen, &want.notify_listen);
	wire_free_settings(&got);

	wire_where_t where;
	const dns_addrs_t dns = addrs(2);
	frame = frame_of(WIRE_WHERE);
	assert_int_equal(wire_get_where(&frame, &where), KNOT_EOK);
	assert_string_equal(where.control, "/run/knot.sock");
	assert_same_addrs(&where.dns, &dns);
	wire_free_where(&where);

	wire_attach_t attach;
	frame = frame_of(WIRE_ATTACH);
	assert_int_equal(wire_get_attach(&frame, &attach), KNOT_EOK);
	assert_int_equal(attach.id.slot, ATTACH.id.slot);
	assert_int_equal(attach.id.serial, ATTACH.id.serial);
	assert_int_equal(attach.settings, ATTACH.settings);
	assert_string_equal(attach.zone, ATTACH.zone);

	wire_id_t id;
	frame = frame_of(WIRE_DETACH);
	assert_int_equal(wire_get_detach(&frame, &id), KNOT_EOK);
	assert_int_equal(id.slot, ID.slot);
	assert_int_equal(id.serial, ID.serial);

	wire_notified_t notified;
	frame = frame_of(WIRE_NOTIFIED);
	assert_int_equal(wire_get_notified(&frame, &notified), KNOT_EOK);
	assert_string_equal(notified.child, NOTIFIED.child);
	assert_string_equal(notified.source, NOTIFIED.source);
	assert_string_equal(notified.report_agent, "");

	wire_reported_t reported;
	frame = frame_of(WIRE_REPORTED);
	assert_int_equal(wire_get_reported(&frame, &reported), KNOT_EOK);
	assert_string_equal(reported.name, REPORTED.name);
	assert_string_equal(reported.agent, REPORTED.agent);
	assert_string_equal(reported.source, REPORTED.source);
	assert_int_equal(reported.type, REPORTED.type);
	assert_int_equal(reported.ede, REPORTED.ede);
}

/*! A new member of the settings that is not sent would be seen here: all bytes are compared. */
static void settings_of_zones_come_as_they_were(void **state)
{
	(void)state;
	const instance_settings_t want = zone_settings();
	instance_settings_t got;
	uint32_t number;
	wire_frame_t frame = frame_of(WIRE_ZONE_SETTINGS);
	assert_int_equal(wire_get_zone_settings(&frame, &number, &got), KNOT_EOK);
	assert_int_equal(number, 9);
	assert_memory_equal(&got.config, &want.config, sizeof(want.config));
	assert_same_addrs(&got.nameserver, &want.nameserver);
	assert_same_addrs(&got.parent, &want.parent);
	assert_same_addrs(&got.validator, &want.validator);
	assert_string_equal(got.policy, want.policy);
	assert_null(got.no_start);
	assert_string_equal(got.start_window, want.start_window);
	assert_string_equal(got.start_dates, want.start_dates);
	assert_int_equal(got.algorithm_wanted, 253);
	assert_false(got.csk_wanted);
	assert_true(got.ttl_of_soa);
	assert_false(got.require_secure_dsync);
	assert_memory_equal(&got.delegation, &want.delegation, sizeof(want.delegation));
	assert_int_equal(got.delegations, want.delegations);
	assert_string_equal(got.locked, want.locked);
	assert_string_equal(got.report_agent, want.report_agent);
	assert_same_addrs(&got.update_primary, &want.update_primary);
	assert_true(update_key_same(&got.update_key, &want.update_key));
	assert_same_addrs(&got.parent_primary, &want.parent_primary);
	assert_true(update_key_same(&got.parent_key, &want.parent_key));
	assert_string_equal(got.parent_epp, want.parent_epp);
	assert_int_equal(got.batch, want.batch);
	assert_true(got.rollover);
	wire_free_zone_settings(&got);

	wire_renumber(buffer, 77);
	assert_int_equal(wire_get_zone_settings(&frame, &number, &got), KNOT_EOK);
	assert_int_equal(number, 77);
	wire_free_zone_settings(&got);
	frame = frame_of(WIRE_ZONE_SETTINGS_GONE);
	assert_int_equal(wire_get_zone_settings_gone(&frame, &number), KNOT_EOK);
	assert_int_equal(number, 9);
}

static void each_flag_and_time_is_itself(void **state)
{
	(void)state;
	for (int i = 0; i < 18; i++) {
		instance_settings_t one = { .policy = "p" }, got;
		bool *const flags[] = {
			&one.config.go_insecure,
			&one.config.dry_run,
			&one.config.hold,
			&one.config.observe_only,
			&one.csk_wanted,
			&one.ttl_of_soa,
			&one.require_secure_dsync,
			&one.base_publishes,
			&one.knot_lifetime,
			&one.base_always,
			&one.config.manual,
			&one.rollover,
			&one.delegation.report_only,
			&one.delegation.locked,
			&one.delegation.bootstrap,
			&one.delegation.remove,
			&one.delegation.undo,
			&one.report_errors,
		};
		*flags[i] = true;
		wire_out_t out = { .data = buffer, .size = sizeof(buffer) };
		wire_frame_t frame;
		uint32_t number;
		assert_true(wire_put_zone_settings(&out, 0, &one));
		assert_int_equal(wire_next(buffer, out.len, WIRE_FRAME_MAX, &frame), KNOT_EOK);
		assert_int_equal(wire_get_zone_settings(&frame, &number, &got), KNOT_EOK);
		assert_memory_equal(&got.config, &one.config, sizeof(one.config));
		assert_int_equal(got.algorithm_wanted, 0);
		assert_int_equal(got.csk_wanted, one.csk_wanted);
		assert_int_equal(got.ttl_of_soa, one.ttl_of_soa);
		assert_int_equal(got.require_secure_dsync, one.require_secure_dsync);
		assert_int_equal(got.base_publishes, one.base_publishes);
		assert_int_equal(got.base_always, one.base_always);
		assert_int_equal(got.knot_lifetime, one.knot_lifetime);
		assert_int_equal(got.rollover, one.rollover);
		assert_memory_equal(&got.delegation, &one.delegation, sizeof(one.delegation));
		assert_null(got.locked);
		assert_null(got.report_agent);
		assert_null(got.start_window);
		assert_null(got.start_dates);
	}
}

static void what_kskrolld_sends_comes_as_it_was(void **state)
{
	(void)state;
	wire_log_t log;
	wire_frame_t frame = frame_of(WIRE_LOG);
	assert_int_equal(wire_get_log(&frame, &log), KNOT_EOK);
	assert_int_equal(log.priority, LOG.priority);
	assert_string_equal(log.text, LOG.text);

	wire_numbers_t numbers;
	memset(&numbers, 0, sizeof(numbers));
	frame = frame_of(WIRE_NUMBERS);
	assert_int_equal(wire_get_numbers(&frame, &numbers), KNOT_EOK);
	assert_memory_equal(&numbers, &NUMBERS, sizeof(numbers));

	const process_totals_t want = totals();
	process_totals_t got;
	memset(&got, 0, sizeof(got));
	frame = frame_of(WIRE_TOTALS);
	assert_int_equal(wire_get_totals(&frame, &got), KNOT_EOK);
	assert_memory_equal(&got, &want, sizeof(got));
}

static void a_long_line_of_the_log_is_cut(void **state)
{
	(void)state;
	static char text[2 * WIRE_ANSWER_MAX];
	memset(text, 'x', sizeof(text) - 1);
	const wire_log_t line = { .priority = LOG_INFO, .text = text };
	wire_out_t out = { .data = buffer, .size = sizeof(buffer) };
	wire_frame_t frame;
	wire_log_t got;
	assert_true(wire_put_log(&out, &line));
	assert_int_equal(wire_next(buffer, out.len, WIRE_ANSWER_MAX, &frame), KNOT_EOK);
	assert_int_equal(wire_get_log(&frame, &got), KNOT_EOK);
	assert_true(strlen(got.text) > WIRE_ANSWER_MAX - 64 && strlen(got.text) < WIRE_ANSWER_MAX);
}

static void all_that_kskrolld_sends_fits_into_its_bound(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		if (TYPES[i] >= WIRE_LOG || TYPES[i] == WIRE_HELLO) {
			assert_true(frame_of(TYPES[i]).whole <= WIRE_ANSWER_MAX);
		}
	}
}

static void what_does_not_fit_is_not_begun(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		wire_out_t measure = { .data = NULL };
		assert_true(put(TYPES[i], &measure));
		for (size_t size = 0; size <= measure.len; size++) {
			/* Of the exact size, behind something else. */
			uint8_t *exact = malloc(size + 3);
			assert_non_null(exact);
			wire_out_t out = { .data = exact, .size = size + 3, .len = 3 };
			assert_int_equal(put(TYPES[i], &out), size == measure.len);
			assert_int_equal(out.len, size == measure.len ? size + 3 : 3);
			free(exact);
		}
	}
}

static void more_than_a_frame_holds_is_refused(void **state)
{
	(void)state;
	const size_t many = WIRE_FRAME_MAX / 7;
	global_settings_t s = settings();
	s.resolver = (dns_addrs_t){ .addr = calloc(many, sizeof(*s.resolver.addr)), .count = many };
	assert_non_null(s.resolver.addr);
	for (size_t i = 0; i < many; i++) {
		s.resolver.addr[i] = addresses[0];
	}
	wire_out_t out = { .data = buffer, .size = sizeof(buffer) }, measure = { .data = NULL };
	assert_false(wire_put_settings(&out, &s));
	assert_false(wire_put_settings(&measure, &s));
	assert_int_equal(out.len, 0);
	free(s.resolver.addr);
}

/* Hostile frames. */

static void nothing_is_read_before_all_of_it_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		wire_frame_t frame = frame_of(TYPES[i]), part;
		for (size_t len = 0; len < frame.whole; len++) {
			uint8_t *exact = malloc(len + 1);
			assert_non_null(exact);
			memcpy(exact, buffer, len);
			assert_int_equal(wire_next(exact, len, WIRE_FRAME_MAX, &part), KNOT_EAGAIN);
			assert_int_equal(part.whole, len < 4 ? 0 : frame.whole);
			free(exact);
		}
	}
}

static void lengths_that_cannot_be_are_refused(void **state)
{
	(void)state;
	static const uint32_t LENGTHS[] = { 0, WIRE_FRAME_MAX - 3, 0x7fffffff, UINT32_MAX };
	wire_frame_t frame;
	for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
		uint32_t length = htonl(LENGTHS[i]);
		memcpy(buffer, &length, sizeof(length));
		assert_int_equal(wire_next(buffer, sizeof(length), WIRE_FRAME_MAX, &frame), KNOT_EMALF);
	}
	uint32_t length = htonl(WIRE_FRAME_MAX - 4);
	memcpy(buffer, &length, sizeof(length));
	assert_int_equal(wire_next(buffer, sizeof(length), WIRE_FRAME_MAX, &frame), KNOT_EAGAIN);
	assert_int_equal(wire_next(buffer, sizeof(length), WIRE_ANSWER_MAX, &frame), KNOT_EMALF);
}

/*! The frame without its last bytes, with one too many, and of another type. */
static void shorter_longer_and_other_frames_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		const wire_frame_t frame = frame_of(TYPES[i]);
		for (size_t len = 0; len <= frame.len + 1; len++) {
			uint8_t *exact = calloc(1, len + 1);
			assert_non_null(exact);
			memcpy(exact, frame.data, len < frame.len ? len : frame.len);
			const wire_frame_t other = { .type = TYPES[i], .data = exact, .len = len };
			assert_int_equal(get(TYPES[i], &other), len == frame.len ? KNOT_EOK : KNOT_EMALF);
			free(exact);
		}
		for (size_t j = 0; j < COUNT; j++) {
			assert_int_equal(get(TYPES[j], &frame), i == j ? KNOT_EOK : KNOT_EMALF);
		}
	}
}

/*! Each byte of each frame as each other byte: read within bounds, and what is taken is what could have been sent. */
static void any_other_byte_is_survived(void **state)
{
	(void)state;
	unsigned refused = 0;
	for (size_t i = 0; i < COUNT; i++) {
		wire_frame_t frame = frame_of(TYPES[i]);
		uint8_t *exact = malloc(frame.len);
		assert_non_null(exact);
		for (size_t at = 0; at < frame.len; at++) {
			for (unsigned value = 0; value < 256; value++) {
				memcpy(exact, frame.data, frame.len);
				exact[at] = value;
				const wire_frame_t other = { .type = TYPES[i], .data = exact, .len = frame.len };
				int ret = get(TYPES[i], &other);
				assert_true(ret == KNOT_EOK || ret == KNOT_EMALF);
				refused += ret != KNOT_EOK;
			}
		}
		free(exact);
	}
	assert_true(refused > 1000);
}

/*! So many addresses cannot be in the frame: nothing is allocated for them. */
static void a_count_is_no_promise(void **state)
{
	(void)state;
	const uint8_t data[] = { 0xff, 0xff, 0xff, 0xff, 4, 0, 53, 192, 0, 2, 1 };
	const wire_frame_t frame = { .type = WIRE_SETTINGS, .data = data, .len = sizeof(data) };
	assert_int_equal(get(WIRE_SETTINGS, &frame), KNOT_EMALF);
}

static void states_and_gates_that_are_none_are_refused(void **state)
{
	(void)state;
	wire_numbers_t n = NUMBERS;
	for (int i = 0; i < 2; i++) {
		n.numbers.state = i == 0 ? ROLLOVER_STATE__COUNT : 0;
		n.numbers.gate = i == 1 ? GATE__COUNT : 0;
		wire_out_t out = { .data = buffer, .size = sizeof(buffer) };
		wire_frame_t frame;
		assert_true(wire_put_numbers(&out, &n));
		assert_int_equal(wire_next(buffer, out.len, WIRE_ANSWER_MAX, &frame), KNOT_EOK);
		assert_int_equal(get(WIRE_NUMBERS, &frame), KNOT_EMALF);
	}
}

static void texts_end_where_they_say(void **state)
{
	(void)state;
	/* Priority, length, text. */
	static const struct {
		const char *data;
		size_t len;
		int ret;
		/* clang-format off */
	} CASES[] = {
		{ "\3\0\0\0\2a", 7, KNOT_EOK },
		{ "\3\0\0\0\1", 6, KNOT_EOK },
		{ "\3\0\0\0\0", 5, KNOT_EMALF },	/* None at all. */
		{ "\3\0\0\0\1a", 6, KNOT_EMALF },	/* Without its zero. */
		{ "\3\0\0\0\3a\0", 8, KNOT_EMALF },	/* With one too many. */
		{ "\3\0\0\0\3a", 7, KNOT_EMALF },	/* Longer than the frame. */
		{ "\10\0\0\0\2a", 7, KNOT_EMALF },	/* No priority. */
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		uint8_t *exact = malloc(CASES[i].len);
		assert_non_null(exact);
		memcpy(exact, CASES[i].data, CASES[i].len);
		const wire_frame_t frame = { .type = WIRE_LOG, .data = exact, .len = CASES[i].len };
		assert_int_equal(get(WIRE_LOG, &frame), CASES[i].ret);
		free(exact);
	}
}

int main(void)
{
	make_addresses();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_module_sends_comes_as_it_was),
		cmocka_unit_test(settings_of_zones_come_as_they_were),
		cmocka_unit_test(each_flag_and_time_is_itself),
		cmocka_unit_test(what_kskrolld_sends_comes_as_it_was),
		cmocka_unit_test(a_long_line_of_the_log_is_cut),
		cmocka_unit_test(all_that_kskrolld_sends_fits_into_its_bound),
		cmocka_unit_test(what_does_not_fit_is_not_begun),
		cmocka_unit_test(more_than_a_frame_holds_is_refused),
		cmocka_unit_test(nothing_is_read_before_all_of_it_is_there),
		cmocka_unit_test(lengths_that_cannot_be_are_refused),
		cmocka_unit_test(shorter_longer_and_other_frames_are_refused),
		cmocka_unit_test(any_other_byte_is_survived),
		cmocka_unit_test(a_count_is_no_promise),
		cmocka_unit_test(states_and_gates_that_are_none_are_refused),
		cmocka_unit_test(texts_end_where_they_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
