/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often a server is asked over all zones: turns in virtual time. */

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kskroll/dns.h"
#include "pace.h"

#define T0 UINT64_C(1000000)

static struct sockaddr_storage addr(const char *text)
{
	struct sockaddr_storage out;
	assert_int_equal(addr_parse(text, &out), KNOT_EOK);
	return out;
}

static unsigned turn(pace_t *pace, const struct sockaddr_storage *list, unsigned count, uint64_t now)
{
	return pace_turn(pace, list, count, sizeof(*list), now);
}

static void turns_of_a_server_are_apart(void **state)
{
	(void)state;
	pace_t *pace = pace_new(20);
	struct sockaddr_storage a = addr("192.0.2.1");
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(turn(pace, &a, 1, T0), 50 * i);
	}
	/* Nobody is forgotten while the queue is long, and the time that has passed counts. */
	assert_int_equal(turn(pace, &a, 1, T0 + 10000), 40000);
	pace_free(pace);
}

static void a_rate_that_does_not_divide_a_second_is_not_exceeded(void **state)
{
	(void)state;
	pace_t *pace = pace_new(300);
	struct sockaddr_storage a = addr("192.0.2.1");
	unsigned within = 0;
	for (unsigned i = 0; i < 1000; i++) {
		within += turn(pace, &a, 1, T0) < 1000;
	}
	assert_int_equal(within, 300);
	pace_free(pace);
}

static void servers_do_not_wait_for_each_other(void **state)
{
	(void)state;
	pace_t *pace = pace_new(1);
	/* Another port is another server. */
	struct sockaddr_storage list[] = { addr("192.0.2.1"), addr("192.0.2.2"), addr("192.0.2.1@5353"),
		                           addr("2001:db8::1") };
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(turn(pace, &list[i], 1, T0), 0);
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(turn(pace, &list[i], 1, T0), 1000);
	}
	pace_free(pace);
}

static void servers_that_are_asked_together_have_their_turn_together(void **state)
{
	(void)state;
	pace_t *pace = pace_new(10);
	struct sockaddr_storage list[] = { addr("192.0.2.1"), addr("192.0.2.2") };
	assert_int_equal(turn(pace, &list[0], 1, T0), 0);
	assert_int_equal(turn(pace, &list[0], 1, T0), 100);
	/* The second is free, but not asked before the first, and not again right after it. */
	assert_int_equal(turn(pace, list, 2, T0), 200);
	assert_int_equal(turn(pace, &list[1], 1, T0), 300);
	pace_free(pace);
}

static void an_idle_server_is_asked_at_once(void **state)
{
	(void)state;
	pace_t *pace = pace_new(20);
	struct sockaddr_storage a = addr("192.0.2.1");
	assert_int_equal(turn(pace, &a, 1, T0), 0);
	assert_int_equal(turn(pace, &a, 1, T0 + 49), 1);
	assert_int_equal(turn(pace, &a, 1, T0 + 100), 0);
	assert_int_equal(turn(pace, &a, 0, T0 + 100), 0);
	pace_free(pace);
}

static void without_a_rate_nobody_waits(void **state)
{
	(void)state;
	pace_t *pace = pace_new(0);
	struct sockaddr_storage a = addr("192.0.2.1");
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(turn(pace, &a, 1, T0), 0);
	}
	pace_free(pace);
}

/*! Thousands of addresses at the same time; under ASan and LSan also: all are freed. */
static void many_servers(void **state)
{
	(void)state;
	pace_t *pace = pace_new(2);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 5000; i++) {
			char text[32];
			snprintf(text, sizeof(text), "10.0.%u.%u", i / 250, i % 250);
			struct sockaddr_storage a = addr(text);
			assert_int_equal(turn(pace, &a, 1, T0), 500 * round);
		}
	}
	struct sockaddr_storage a = addr("10.0.0.7");
	assert_int_equal(turn(pace, &a, 1, T0 + 100000), 0);
	pace_free(pace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_of_a_server_are_apart),
		cmocka_unit_test(a_rate_that_does_not_divide_a_second_is_not_exceeded),
		cmocka_unit_test(servers_do_not_wait_for_each_other),
		cmocka_unit_test(servers_that_are_asked_together_have_their_turn_together),
		cmocka_unit_test(an_idle_server_is_asked_at_once),
		cmocka_unit_test(without_a_rate_nobody_waits),
		cmocka_unit_test(many_servers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
