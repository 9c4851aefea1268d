/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "util/hash.h"
#include "util/list.h"

typedef struct {
	int value;
	list_node_t node;
	hash_node_t hashed;
} thing_t;

static void assert_order(const list_t *list, const char *expected)
{
	size_t count = 0;
	const list_node_t *prev = NULL;
	for (list_node_t *node = list->first; node != NULL; prev = node, node = node->next, count++) {
		assert_int_equal(list_item(node, thing_t, node)->value, expected[count]);
		assert_ptr_equal(node->list, list);
		assert_ptr_equal(node->prev, prev);
	}
	assert_ptr_equal(list->last, prev);
	assert_int_equal(expected[count], '\0');
	assert_int_equal(list->count, count);
}

static void a_list_keeps_the_order_whatever_is_removed(void **state)
{
	(void)state;
	thing_t a = { .value = 'a' }, b = { .value = 'b' }, c = { .value = 'c' };
	list_t list = { 0 }, other = { 0 };

	list_add(&list, &a.node);
	list_add(&list, &b.node);
	list_add(&list, &c.node);
	assert_order(&list, "abc");
	list_remove(&b.node);
	assert_order(&list, "ac");
	list_add(&list, &b.node);
	list_remove(&a.node);
	assert_order(&list, "cb");
	list_remove(&b.node);
	assert_order(&list, "c");
	list_move(&other, &c.node);
	assert_order(&list, "");
	assert_order(&other, "c");
	list_move(&other, &a.node);
	assert_order(&other, "ca");
}

static void what_is_in_no_list_can_be_removed(void **state)
{
	(void)state;
	thing_t a = { .value = 'a' };
	list_t list = { 0 };

	list_remove(&a.node);
	list_add(&list, &a.node);
	list_remove(&a.node);
	list_remove(&a.node);
	assert_order(&list, "");
	assert_null(a.node.list);
}

static bool is(const hash_node_t *node, const void *key)
{
	return hash_item((hash_node_t *)node, thing_t, hashed)->value == *(const int *)key;
}

static thing_t *find(const hash_t *table, uint32_t hash, int value)
{
	return hash_item(hash_find(table, hash, is, &value), thing_t, hashed);
}

static void a_table_tells_apart_what_has_one_hash(void **state)
{
	(void)state;
	thing_t a = { .value = 1 }, b = { .value = 2 }, c = { .value = 1 };
	hash_t table;
	assert_true(hash_init(&table, 4));
	assert_null(hash_any(&table));

	hash_add(&table, &a.hashed, 7);
	hash_add(&table, &b.hashed, 7);
	hash_add(&table, &c.hashed, 11); /* The same bucket. */
	assert_ptr_equal(find(&table, 7, 1), &a);
	assert_ptr_equal(find(&table, 7, 2), &b);
	assert_ptr_equal(find(&table, 11, 1), &c);
	assert_null(find(&table, 11, 2));
	hash_remove(&table, &b.hashed);
	assert_null(find(&table, 7, 2));
	assert_ptr_equal(find(&table, 7, 1), &a);
	assert_int_equal(table.count, 2);
	hash_remove(&table, &a.hashed);
	assert_ptr_equal(hash_any(&table), &c.hashed);
	hash_remove(&table, &c.hashed);
	assert_null(hash_any(&table));
	hash_clear(&table);
}

static hash_t many;

static void drop_odd(hash_node_t *node, void *arg)
{
	thing_t *thing = hash_item(node, thing_t, hashed);
	++*(int *)arg;
	if (thing->value % 2 != 0) {
		hash_remove(&many, node);
		free(thing);
	}
}

static void what_is_met_in_a_table_may_be_removed(void **state)
{
	(void)state;
	int met = 0;
	assert_true(hash_init(&many, 3));
	for (int i = 0; i < 100; i++) {
		thing_t *thing = calloc(1, sizeof(*thing));
		assert_non_null(thing);
		thing->value = i;
		hash_add(&many, &thing->hashed, hash_bytes(HASH_START, &i, sizeof(i)));
	}
	hash_each(&many, drop_odd, &met);
	assert_int_equal(met, 100);
	assert_int_equal(many.count, 50);
	for (int i = 0; i < 100; i++) {
		thing_t *thing = find(&many, hash_bytes(HASH_START, &i, sizeof(i)), i);
		assert_int_equal(thing != NULL, i % 2 == 0);
		if (thing != NULL) {
			hash_remove(&many, &thing->hashed);
			free(thing);
		}
	}
	hash_clear(&many);
}

static void the_hash_is_fnv_1a(void **state)
{
	(void)state;
	assert_int_equal(hash_bytes(HASH_START, "", 0), 0x811c9dc5);
	assert_int_equal(hash_bytes(HASH_START, "foobar", 6), 0xbf9cf968);
	assert_int_equal(hash_bytes(hash_bytes(HASH_START, "foo", 3), "bar", 3), 0xbf9cf968);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_keeps_the_order_whatever_is_removed),
		cmocka_unit_test(what_is_in_no_list_can_be_removed),
		cmocka_unit_test(a_table_tells_apart_what_has_one_hash),
		cmocka_unit_test(what_is_met_in_a_table_may_be_removed),
		cmocka_unit_test(the_hash_is_fnv_1a),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
