/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command that waits has its own copy of all that it points to. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "epp/epp_order.h"

#define COUNT 3

/*! What a caller has, for a while. */
typedef struct {
	uint8_t data[2 * COUNT][2];
	uint8_t inside[COUNT][5];
	char spelled[COUNT][8];
	char domain[16], trid[16];
	epp_record_t rem[COUNT], add[COUNT], key[COUNT];
} caller_t;

static void everything_is_copied(void **state)
{
	(void)state;
	static caller_t callers;
	caller_t *caller = &callers;

	strcpy(caller->domain, "a.test");
	strcpy(caller->trid, "kskroll-1");
	for (unsigned i = 0; i < COUNT; i++) {
		memset(caller->data[i], (int)i + 1, sizeof(caller->data[i]));
		memset(caller->data[COUNT + i], (int)i + 11, sizeof(caller->data[i]));
		memset(caller->inside[i], (int)i + 21, sizeof(caller->inside[i]));
		strcpy(caller->spelled[i], "0a0a");
		caller->key[i] = (epp_record_t){ .is_key = true,
			                         .flags = 257,
			                         .data = caller->inside[i],
			                         .data_len = 5,
			                         .spelled = caller->spelled[i] };
		caller->rem[i] = (epp_record_t){
			.tag = (uint16_t)i, .data = caller->data[i], .data_len = 2, .spelled = caller->spelled[i]
		};
		caller->add[i] = (epp_record_t){ .tag = (uint16_t)(i + 10),
			                         .data = caller->data[COUNT + i],
			                         .data_len = 2,
			                         .key = &caller->key[i] };
	}
	caller->rem[1].key = &caller->key[2];
	caller->add[2].key = NULL;
	const epp_command_t command = {
		.verb = EPP_UPDATE,
		.domain = caller->domain,
		.rem = caller->rem,
		.rem_count = COUNT,
		.add = caller->add,
		.add_count = COUNT,
		.trid = caller->trid,
	};
	epp_order_t *order = epp_order_new(&command);
	explicit_bzero(caller, sizeof(*caller));

	assert_string_equal(order->command.domain, "a.test");
	assert_string_equal(order->command.trid, "kskroll-1");
	assert_null(order->command.id);
	for (unsigned i = 0; i < COUNT; i++) {
		const epp_record_t *rem = &order->command.rem[i], *add = &order->command.add[i];
		assert_int_equal(rem->tag, i);
		assert_int_equal(rem->data[1], i + 1);
		assert_string_equal(rem->spelled, "0a0a");
		assert_int_equal(add->tag, i + 10);
		assert_int_equal(add->data[1], i + 11);
		assert_null(add->spelled);
		assert_int_equal(rem->key != NULL, i == 1);
		assert_int_equal(add->key != NULL, i != 2);
		const epp_record_t *key = i == 1 ? rem->key : add->key;
		if (key != NULL) {
			assert_true(key->is_key);
			assert_int_equal((uintptr_t)key % _Alignof(epp_record_t), 0);
			assert_int_equal(key->flags, 257);
			assert_int_equal(key->data_len, 5);
			assert_int_equal(key->data[4], i == 1 ? 23 : 21 + i);
			assert_string_equal(key->spelled, "0a0a");
		}
	}
	free(order);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(everything_is_copied) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
