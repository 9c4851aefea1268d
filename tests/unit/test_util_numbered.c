/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Things and octets by number, beside a plain array of what they must be. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "util/hash.h"
#include "util/numbered.h"
#include "util/octets.h"

#define THINGS 3000
#define STEPS  60000

typedef struct {
	numbered_link_t link;
	uint32_t key;
	uint64_t value[3];
} thing_t;

static uint32_t hash_key(uint32_t key)
{
	return hash_bytes(HASH_START, &key, sizeof(key)) % 1000; /* Some have the same. */
}

static uint32_t hash_thing(const void *thing, const void *arg)
{
	assert_string_equal(arg, "arg");
	return hash_key(((const thing_t *)thing)->key);
}

static bool is_key(const void *thing, const void *key, const void *arg)
{
	assert_string_equal(arg, "arg");
	return ((const thing_t *)thing)->key == *(const uint32_t *)key;
}

static uint32_t find(const numbered_t *table, uint32_t key)
{
	return numbered_find(table, hash_key(key), is_key, &key);
}

static void add(numbered_t *table, uint32_t key, uint64_t value)
{
	static const thing_t zero = { .key = 0 };
	const uint32_t number = numbered_new(table);

	assert_int_not_equal(number, 0);
	thing_t *thing = numbered_at(table, number);
	assert_memory_equal(thing, &zero, sizeof(zero));
	thing->key = key;
	thing->value[2] = value;
	assert_int_equal(find(table, key), 0);
	numbered_add(table, number);
}

/* Whatever is added and removed, each is found, stays where it is, and keeps what it has. */
static void things_are_found_by_hash(void **state)
{
	(void)state;
	static const thing_t *at[THINGS];
	static uint64_t value[THINGS];
	numbered_t table;
	uint32_t count = 0;

	srandom(7);
	assert_true(numbered_init(&table, sizeof(thing_t), hash_thing, "arg"));
	for (unsigned step = 1; step <= STEPS; step++) {
		const uint32_t key = (uint32_t)random() % THINGS, number = find(&table, key);
		if (at[key] == NULL) {
			add(&table, key, step);
			at[key] = numbered_at(&table, find(&table, key));
			value[key] = step;
			count++;
			continue;
		}
		assert_ptr_equal(numbered_at(&table, number), at[key]);
		assert_int_equal(at[key]->value[2], value[key]);
		if (random() % 3 == 0) {
			numbered_remove(&table, number);
			assert_int_equal(find(&table, key), 0);
			assert_int_equal(at[key]->value[2], value[key]); /* It is still there. */
			numbered_free(&table, number);
			at[key] = NULL;
			count--;
		}
		assert_int_equal(table.count, count);
	}
	assert_true(table.top >= count && table.top <= THINGS);
	for (uint32_t key = 0; key < THINGS; key++) {
		const uint32_t number = find(&table, key);
		assert_ptr_equal(number != 0 ? numbered_at(&table, number) : NULL, at[key]);
	}
	numbered_clear(&table);
	assert_int_equal(table.top, 0);
}

/* Numbers of those that are gone come back first. */
static void numbers_are_used_again(void **state)
{
	(void)state;
	numbered_t table;

	assert_true(numbered_init(&table, sizeof(thing_t), NULL, NULL));
	for (uint32_t i = 1; i <= 600; i++) {
		assert_int_equal(numbered_new(&table), i);
		((thing_t *)numbered_at(&table, i))->value[0] = i;
	}
	for (uint32_t i = 1; i <= 600; i += 2) {
		numbered_free(&table, i);
	}
	for (uint32_t i = 1; i <= 300; i++) {
		const uint32_t number = numbered_new(&table);
		assert_int_equal(number % 2, 1);
		assert_int_equal(((thing_t *)numbered_at(&table, number))->value[0], 0);
	}
	assert_int_equal(table.top, 600);
	for (uint32_t i = 2; i <= 600; i += 2) {
		assert_int_equal(((thing_t *)numbered_at(&table, i))->value[0], i);
	}
	numbered_clear(&table);
}

typedef struct {
	uint32_t number;
	uint8_t data[OCTETS_MAX];
	size_t len;
} string_t;

static void check(const octets_t *octets, const string_t *string)
{
	size_t len;
	const uint8_t *data = octets_at(octets, string->number, &len);

	assert_int_equal(len, string->len);
	assert_memory_equal(data, string->data, len);
}

static void octets_stay_what_they_are(void **state)
{
	(void)state;
	static string_t strings[THINGS];
	octets_t octets = { .used = 0 };

	srandom(8);
	for (unsigned step = 0; step < STEPS; step++) {
		string_t *string = &strings[random() % THINGS];
		if (string->number != 0) {
			check(&octets, string);
			octets_free(&octets, string->number);
			string->number = 0;
			continue;
		}
		string->len = (size_t)random() % (step % 2 == 0 ? OCTETS_MAX + 1 : 8);
		memset(string->data, (int)random(), string->len);
		string->number = octets_put(&octets, string->data, string->len);
		assert_int_not_equal(string->number, 0);
	}
	for (unsigned i = 0; i < THINGS; i++) {
		if (strings[i].number != 0) {
			check(&octets, &strings[i]);
		}
	}
	octets_clear(&octets);
}

/* One that is freed makes room for the next one of its length. */
static void octets_do_not_grow_without_need(void **state)
{
	(void)state;
	octets_t octets = { .used = 0 };
	uint32_t numbers[1000];

	for (unsigned i = 0; i < 1000; i++) {
		numbers[i] = octets_put(&octets, (const uint8_t *)"0123456789", i % 10 + 1);
	}
	const uint32_t used = octets.used;
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 1000; i++) {
			octets_free(&octets, numbers[i]);
		}
		for (unsigned i = 0; i < 1000; i++) {
			numbers[i] = octets_put(&octets, (const uint8_t *)"abcdefghij", i % 10 + 1);
		}
	}
	assert_int_equal(octets.used, used);
	octets_clear(&octets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(things_are_found_by_hash),
		cmocka_unit_test(numbers_are_used_again),
		cmocka_unit_test(octets_stay_what_they_are),
		cmocka_unit_test(octets_do_not_grow_without_need),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
