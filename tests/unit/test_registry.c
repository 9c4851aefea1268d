/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What kskrolld receives of what knotd loads: with a kskrolld that only keeps what it hears, and a knotd of the test's
 * own.
 */

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "registry.h"
#include "slots.h"
#include "stats.h"

#define ZONES_MAX 4096

/* knotd. */

struct knotd_mod {
	int dummy;
};

static struct knotd_mod mods[ZONES_MAX];
static unsigned stored_of;
static char logged[256];

void stats_zone(knotd_mod_t *mod, const zone_numbers_t *numbers)
{
	(void)numbers;
	stored_of = mod - mods;
}

void stats_totals(knotd_mod_t *mod, const process_totals_t *totals)
{
	(void)mod, (void)totals;
}

void stats_daemon(knotd_mod_t *mod, bool runs, uint64_t starts)
{
	(void)mod, (void)runs, (void)starts;
}

void knotd_mod_log(knotd_mod_t *mod, int priority, const char *fmt, ...)
{
	char text[128];
	va_list args;
	(void)priority;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(logged, sizeof(logged), "%u:%s", (unsigned)(mod - mods), text);
}

/* kskrolld. */

static struct {
	char storage[64];
	unsigned settings_told;
	struct {
		bool used;
		uint32_t ttl;
		unsigned told;
	} numbered[ZONES_MAX];
	struct {
		bool used;
		uint32_t serial;
		uint32_t ttl;
		char zone[32];
	} slot[ZONES_MAX];
	unsigned zones;
	unsigned frames;
} heard;

static void hear(const wire_frame_t *frame)
{
	global_settings_t settings;
	instance_settings_t zone_settings;
	wire_attach_t attach;
	wire_id_t id;
	uint32_t number;

	heard.frames++;
	switch (frame->type) {
	case WIRE_SETTINGS:
		assert_int_equal(wire_get_settings(frame, &settings), KNOT_EOK);
		snprintf(heard.storage, sizeof(heard.storage), "%s", settings.storage);
		heard.settings_told++;
		wire_free_settings(&settings);
		break;
	case WIRE_ZONE_SETTINGS:
		assert_int_equal(wire_get_zone_settings(frame, &number, &zone_settings), KNOT_EOK);
		assert_true(number < ZONES_MAX);
		assert_false(heard.numbered[number].used);
		heard.numbered[number].used = true;
		heard.numbered[number].ttl = zone_settings.config.ttl;
		wire_free_zone_settings(&zone_settings);
		break;
	case WIRE_ZONE_SETTINGS_GONE:
		assert_int_equal(wire_get_zone_settings_gone(frame, &number), KNOT_EOK);
		assert_true(heard.numbered[number].used);
		heard.numbered[number].used = false;
		break;
	case WIRE_ATTACH:
		assert_int_equal(wire_get_attach(frame, &attach), KNOT_EOK);
		assert_true(attach.id.slot < ZONES_MAX);
		assert_false(heard.slot[attach.id.slot].used);
		assert_true(heard.numbered[attach.settings].used);
		heard.slot[attach.id.slot].used = true;
		heard.slot[attach.id.slot].serial = attach.id.serial;
		heard.slot[attach.id.slot].ttl = heard.numbered[attach.settings].ttl;
		snprintf(heard.slot[attach.id.slot].zone, sizeof(heard.slot[0].zone), "%s", attach.zone);
		heard.zones++;
		break;
	case WIRE_DETACH:
		assert_int_equal(wire_get_detach(frame, &id), KNOT_EOK);
		assert_true(heard.slot[id.slot].used);
		assert_int_equal(heard.slot[id.slot].serial, id.serial);
		heard.slot[id.slot].used = false;
		heard.zones--;
		break;
	default:
		fail();
	}
}

/*! Tells it all that is new, in pieces of that size. */
static void tell(size_t size)
{
	uint8_t *data = malloc(size);
	assert_non_null(data);
	while (registry_waits()) {
		wire_out_t out = { .data = data, .size = size };
		wire_frame_t frame;
		registry_fill(&out);
		assert_true(out.len > 0);
		for (size_t at = 0; at < out.len; at += frame.whole) {
			assert_int_equal(wire_next(data + at, out.len - at, WIRE_FRAME_MAX, &frame), KNOT_EOK);
			hear(&frame);
		}
	}
	free(data);
}

static void begin_kskrolld(void)
{
	memset(&heard, 0, sizeof(heard));
	registry_restart(true);
}

static void add_global(unsigned mod, const char *storage)
{
	const global_settings_t settings = { .storage = storage, .key_database = "/keys" };
	assert_int_equal(registry_add(&mods[mod], &settings, NULL), KNOT_EOK);
}

static registry_zone_t *add(unsigned mod, const char *zone, uint32_t ttl)
{
	const instance_settings_t settings = { .config.ttl = ttl, .policy = "default" };
	registry_zone_t *out = NULL;
	assert_int_equal(registry_zone_add(&mods[mod], zone, &settings, &out), KNOT_EOK);
	assert_non_null(out);
	return out;
}

static unsigned settings_in_use(void)
{
	unsigned count = 0;
	for (unsigned i = 0; i < ZONES_MAX; i++) {
		count += heard.numbered[i].used;
	}
	return count;
}

static int teardown(void **state)
{
	(void)state;
	while (registry_global() != NULL) {
		registry_remove(registry_global());
	}
	registry_restart(false);
	assert_false(registry_has_zones());
	return 0;
}

static void zones_that_were_loaded_before_it_started_are_told(void **state)
{
	(void)state;
	registry_zone_t *a = add(1, "a.", 300), *b = add(2, "b.", 300);
	assert_false(registry_waits());
	add_global(0, "/one");
	begin_kskrolld();
	tell(1000);
	assert_int_equal(heard.zones, 2);
	assert_string_equal(heard.storage, "/one");
	assert_int_equal(settings_in_use(), 1);
	registry_zone_remove(a);
	registry_zone_remove(b);
	tell(1000);
	assert_int_equal(heard.zones, 0);
	assert_int_equal(settings_in_use(), 0);
}

static void a_zone_is_never_without_an_instance_in_a_reload(void **state)
{
	(void)state;
	begin_kskrolld();
	registry_zone_t *before = add(1, "a.", 300);
	tell(1000);
	registry_zone_t *after = add(2, "a.", 300);
	registry_zone_remove(before);
	/* One frame at a time: of the two there is always one. */
	for (unsigned zones = 2; registry_waits(); zones--) {
		uint8_t data[64];
		wire_out_t out = { .data = data, .size = 34 };
		wire_frame_t frame;
		registry_fill(&out);
		assert_int_equal(wire_next(data, out.len, WIRE_FRAME_MAX, &frame), KNOT_EOK);
		assert_int_equal(frame.whole, out.len);
		hear(&frame);
		assert_int_equal(heard.zones, zones);
	}
	assert_int_equal(heard.zones, 1);
	registry_zone_remove(after);
}

static void what_came_and_went_meanwhile_is_not_told(void **state)
{
	(void)state;
	begin_kskrolld();
	registry_zone_remove(add(1, "a.", 300));
	registry_zone_t *b = add(2, "b.", 301);
	registry_zone_remove(add(3, "c.", 302));
	tell(1000);
	/* Settings and zone. */
	assert_int_equal(heard.frames, 2);
	registry_zone_remove(b);
}

static void a_new_kskrolld_is_told_all_again(void **state)
{
	(void)state;
	add_global(0, "/one");
	begin_kskrolld();
	registry_zone_t *a = add(1, "a.", 300), *b = add(2, "b.", 600), *c = add(3, "c.", 300);
	tell(1000);
	registry_zone_remove(b);
	/* It dies before it is told of that; while there is none, more happens. */
	registry_restart(false);
	assert_false(registry_waits());
	registry_zone_t *d = add(4, "d.", 900);
	registry_zone_remove(c);
	registry_zone_remove(add(5, "e.", 1000));
	begin_kskrolld();
	tell(1000);
	assert_int_equal(heard.zones, 2);
	assert_int_equal(heard.settings_told, 1);
	assert_int_equal(settings_in_use(), 2);
	registry_zone_remove(a);
	registry_zone_remove(d);
}

/*! Without a kskrolld nothing is kept of what was unloaded: it may be missing for as long as it likes. */
static void nothing_gathers_while_there_is_none(void **state)
{
	(void)state;
	registry_restart(false);
	for (int i = 0; i < 10000; i++) {
		registry_zone_remove(add(1, "a.", i));
	}
	assert_false(registry_has_zones());
}

/*! A kskrolld that does not read must not make knotd grow with each reload. */
static void nothing_gathers_while_one_does_not_read(void **state)
{
	(void)state;
	begin_kskrolld();
	registry_zone_t *stays = add(1, "a.", 300);
	for (unsigned i = 0; i < 1000; i++) {
		registry_zone_remove(add(2, "b.", 301));
	}
	const size_t before = mallinfo2().uordblks;
	for (unsigned i = 0; i < 100000; i++) {
		registry_zone_remove(add(2, "b.", 301));
	}
	assert_true(mallinfo2().uordblks < before + 20000);
	registry_zone_remove(stays);
}

static void the_newest_global_instance_counts(void **state)
{
	(void)state;
	begin_kskrolld();
	add_global(0, "/one");
	tell(1000);
	add_global(1, "/two");
	tell(1000);
	assert_string_equal(heard.storage, "/two");
	registry_log(3, "words");
	assert_string_equal(logged, "1:words");
	/* The one of before goes: nothing changes. */
	assert_true(registry_remove(&mods[0]));
	assert_false(registry_waits());
	add_global(2, "/three");
	tell(1000);
	/* Knot has refused that configuration after all. */
	assert_true(registry_remove(&mods[2]));
	tell(1000);
	assert_string_equal(heard.storage, "/two");
	assert_false(registry_remove(&mods[2]));
}

static void numbers_of_another_instance_are_dropped(void **state)
{
	(void)state;
	begin_kskrolld();
	registry_zone_t *a = add(1, "a.", 300);
	tell(1000);
	wire_numbers_t n = { .id = { .slot = 0, .serial = heard.slot[0].serial } };
	stored_of = 0;
	registry_numbers(&n);
	assert_int_equal(stored_of, 1);
	registry_zone_remove(a);
	stored_of = 0;
	registry_numbers(&n);
	tell(1000);
	registry_zone_t *b = add(2, "b.", 300);
	tell(1000);
	assert_true(heard.slot[0].used);
	registry_numbers(&n);
	n.id.slot = 12345678;
	registry_numbers(&n);
	assert_int_equal(stored_of, 0);
	registry_zone_remove(b);
}

static void too_many_addresses_are_refused(void **state)
{
	(void)state;
	const size_t many = WIRE_FRAME_MAX / 7;
	struct sockaddr_storage *addr = calloc(many, sizeof(*addr));
	assert_non_null(addr);
	for (size_t i = 0; i < many; i++) {
		addr[i].ss_family = AF_INET;
	}
	const instance_settings_t settings = { .policy = "default", .parent = { .addr = addr, .count = many } };
	registry_zone_t *out;
	assert_int_equal(registry_zone_add(&mods[1], "a.", &settings, &out), KNOT_ESPACE);
	free(addr);
}

/*! What zones and kskrolld go through at random: afterwards both know the same. */
static void whatever_happens_both_know_the_same(void **state)
{
	(void)state;
	static registry_zone_t *zone[500];
	static uint32_t ttl[500];
	const unsigned count = sizeof(zone) / sizeof(zone[0]);
	srandom(4711);
	memset(zone, 0, sizeof(zone));
	add_global(0, "/one");
	begin_kskrolld();
	for (int round = 0; round < 2000; round++) {
		for (int i = 0; i < 50; i++) {
			const unsigned at = random() % count;
			char name[16];
			snprintf(name, sizeof(name), "z%u.", at);
			if (zone[at] != NULL) {
				registry_zone_remove(zone[at]);
				zone[at] = NULL;
			} else {
				ttl[at] = random() % 40;
				zone[at] = add(at + 1, name, ttl[at]);
			}
		}
		if (random() % 8 == 0) {
			begin_kskrolld();
		}
		if (random() % 3 == 0) {
			tell(300 + random() % 2000); /* Settings of a zone fit into the least. */
			unsigned loaded = 0;
			for (unsigned i = 0; i < count; i++) {
				loaded += zone[i] != NULL;
			}
			assert_int_equal(heard.zones, loaded);
			for (unsigned i = 0; i < ZONES_MAX; i++) {
				if (heard.slot[i].used) {
					unsigned at = strtoul(heard.slot[i].zone + 1, NULL, 10);
					assert_non_null(zone[at]);
					assert_int_equal(heard.slot[i].ttl, ttl[at]);
				}
			}
		}
	}
	for (unsigned i = 0; i < count; i++) {
		if (zone[i] != NULL) {
			registry_zone_remove(zone[i]);
		}
	}
	tell(1000);
	assert_int_equal(heard.zones, 0);
	assert_int_equal(settings_in_use(), 0);
}

static void places_are_used_again(void **state)
{
	(void)state;
	static uint64_t things[1000];
	slots_t slots = { 0 };
	assert_null(slots_get(&slots, 0));
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(slots_put(&slots, &things[i]), i);
	}
	for (uint32_t i = 0; i < 1000; i += 2) {
		slots_drop(&slots, i);
		assert_null(slots_get(&slots, i));
	}
	for (uint32_t i = 0; i < 500; i++) {
		assert_true(slots_put(&slots, &things[i]) < 1000);
	}
	assert_int_equal(slots.used, 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_non_null(slots_get(&slots, i));
		slots_drop(&slots, i);
	}
	assert_null(slots.at);
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
		T(zones_that_were_loaded_before_it_started_are_told),
		T(a_zone_is_never_without_an_instance_in_a_reload),
		T(what_came_and_went_meanwhile_is_not_told),
		T(a_new_kskrolld_is_told_all_again),
		T(nothing_gathers_while_there_is_none),
		T(nothing_gathers_while_one_does_not_read),
		T(the_newest_global_instance_counts),
		T(numbers_of_another_instance_are_dropped),
		T(too_many_addresses_are_refused),
		T(whatever_happens_both_know_the_same),
		T(places_are_used_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
