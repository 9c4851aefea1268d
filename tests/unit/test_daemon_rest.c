/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What zones at rest cost: structs without their zeros, and the queue of checks. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pack.h"
#include "util/queue.h"
#include "zone.h"
#include "zones.h"

#define ROUNDS 20000
#define ZONES  500

static void packs_and_unpacks(const uint8_t *data, size_t size)
{
	uint8_t out[1024];
	memset(out, 0xAA, sizeof(out));
	void *packed = pack(data, size);
	assert_non_null(packed);
	unpack(packed, out, size);
	assert_memory_equal(out, data, size);
	/* Not a byte behind it. */
	for (size_t i = size; i < sizeof(out); i++) {
		assert_int_equal(out[i], 0xAA);
	}
	free(packed);
}

static void whatever_is_packed_comes_back(void **state)
{
	(void)state;
	uint8_t data[1000];
	srandom(1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t size = random() % sizeof(data);
		unsigned dense = 1 + random() % 100;
		bool zero = false;
		for (size_t i = 0; i < size; i++) {
			zero = random() % dense == 0 ? !zero : zero;
			data[i] = zero ? 0 : 1 + random() % 255;
		}
		packs_and_unpacks(data, size);
	}
	/* Runs around the longest that a count can tell. */
	for (size_t size = 250; size < 520; size++) {
		memset(data, 0, size);
		packs_and_unpacks(data, size);
		memset(data, 7, size);
		packs_and_unpacks(data, size);
		data[size - 1] = data[254] = data[253] = 0;
		packs_and_unpacks(data, size);
	}
}

static void a_zone_at_rest_is_small(void **state)
{
	(void)state;
	kept_t kept;
	memset(&kept, 0, sizeof(kept));
	rollover_init(&kept.row, 1800000000);
	kept.row.old_count = 1;
	memset(kept.row.old[0].digest, 7, sizeof(kept.row.old[0].digest));
	kept.row.settled_at = kept.saved = 1800000000;
	ttl_window_add(&kept.row.ds_ttl, 86400, 1800000000);
	/* What it has of memory is what malloc() has rounded it up to. */
	uint8_t *packed = pack(&kept, sizeof(kept));
	size_t len = 0, out = 0;
	while (out < sizeof(kept)) {
		out += packed[len] + packed[len + 1];
		len += 2 + packed[len + 1];
	}
	assert_true(len < 120);
	free(packed);
}

static entry_t *zone[ZONES];
static uint64_t due[ZONES]; /* 0: not in the queue. */

static size_t first(void)
{
	size_t best = ZONES;
	for (size_t i = 0; i < ZONES; i++) {
		if (due[i] != 0 && (best == ZONES || due[i] < due[best])) {
			best = i;
		}
	}
	return best;
}

static void the_next_check_comes_first(void **state)
{
	(void)state;
	queue_t queue = { 0 };
	size_t count = 0;

	srandom(2);
	assert_true(queue_reserve(&queue, ZONES));
	for (size_t i = 0; i < ZONES; i++) {
		zone[i] = calloc(1, sizeof(*zone[i]) + 1);
		assert_non_null(zone[i]);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t i = random() % ZONES;
		count -= due[i] != 0;
		if (random() % 3 == 0) {
			queue_remove(&queue, &zone[i]->due);
			due[i] = 0;
			assert_int_equal(zone[i]->due.place, 0);
		} else {
			due[i] = 1 + random() % 1000;
			queue_put(&queue, &zone[i]->due, due[i]);
			assert_ptr_equal(queue.due[zone[i]->due.place].node, &zone[i]->due);
		}
		count += due[i] != 0;
		assert_int_equal(queue.count, count);
		if (count > 0) {
			assert_int_equal(queue_next(&queue)->at, due[first()]);
		}
	}
	while (queue_next(&queue) != NULL) {
		entry_t *next = queue_item(queue_next(&queue)->node, entry_t, due);
		size_t i = first();
		assert_int_equal(queue.due[1].at, due[i]);
		for (i = 0; zone[i] != next; i++)
			;
		due[i] = 0;
		queue_remove(&queue, &next->due);
	}
	assert_int_equal(first(), ZONES);
	for (size_t i = 0; i < ZONES; i++) {
		free(zone[i]);
	}
	queue_free(&queue);
}

static void room_grows_with_zones(void **state)
{
	(void)state;
	queue_t queue = { 0 };
	for (size_t i = 0; i < 10000; i++) {
		assert_true(queue_reserve(&queue, i + 1));
		assert_true(queue.size > i + 1);
		assert_true(queue.size < 2 * (i + 1) + 32);
	}
	queue_free(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_packed_comes_back),
		cmocka_unit_test(a_zone_at_rest_is_small),
		cmocka_unit_test(the_next_check_comes_first),
		cmocka_unit_test(room_grows_with_zones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
