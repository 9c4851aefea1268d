/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets of notify-listen: which are opened, and what is said of the others. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "listeners.h"

static struct sockaddr_storage addr(const char *text)
{
	struct sockaddr_storage out;
	assert_int_equal(addr_parse(text, &out), 0);
	return out;
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, name, &value, &len), 0);
	return value;
}

/*! A free port of this host, as an address. */
static struct sockaddr_storage free_port(void)
{
	struct sockaddr_storage out = addr("127.0.0.1@1");
	socklen_t len = sizeof(struct sockaddr_in);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	((struct sockaddr_in *)&out)->sin_port = 0;
	assert_int_equal(bind(fd, (struct sockaddr *)&out, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&out, &len), 0);
	close(fd);
	return out;
}

static void each_address_has_udp_and_tcp(void **state)
{
	(void)state;
	struct sockaddr_storage one = free_port();
	const dns_addrs_t addrs = { .addr = &one, .count = 1 };
	listeners_t found;

	listeners_open(&addrs, &found);
	assert_string_equal(found.failed, "");
	assert_int_equal(found.count, 2);
	assert_int_equal(option(found.fd[0], SO_TYPE), SOCK_DGRAM);
	assert_int_equal(option(found.fd[1], SO_TYPE), SOCK_STREAM);
	assert_int_equal(option(found.fd[1], SO_ACCEPTCONN), 1);
	/* No other program takes the port of UDP. */
	assert_int_equal(option(found.fd[0], SO_REUSEADDR), 0);
	for (size_t i = 0; i < found.count; i++) {
		/* Above those that they become in kskrolld. */
		assert_true(found.fd[i] >= 3 + 2 * LISTENERS_MAX);
	}
	/* Once more: both are in use. */
	listeners_t again;
	listeners_open(&addrs, &again);
	assert_int_equal(again.count, 0);
	assert_int_equal(again.missing, 3);
	assert_non_null(strstr(again.failed, "over UDP (Address already in use): knotd itself or another program"));
	assert_false(listeners_can(&addrs, again.missing));
	assert_false(listeners_can(&addrs, 0));
	listeners_close(&found);
	assert_int_equal(found.count, 0);
	assert_true(listeners_can(&addrs, again.missing));
}

static void what_cannot_be_opened_leaves_the_others(void **state)
{
	(void)state;
	struct sockaddr_storage list[] = { addr("192.0.2.1@5359"), free_port() };
	const dns_addrs_t addrs = { .addr = list, .count = 2 };
	listeners_t found;

	listeners_open(&addrs, &found);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.missing, 3);
	assert_non_null(strstr(found.failed, "notify-listen: no NOTIFY at 192.0.2.1@5359 over UDP (Cannot assign"));
	assert_non_null(strstr(found.failed, "this host does not have the address"));
	listeners_close(&found);
	const dns_addrs_t none = { .count = 0 };
	listeners_open(&none, &found);
	assert_int_equal(found.count, 0);
	assert_string_equal(found.failed, "");
}

static void lists_are_compared_with_their_ports(void **state)
{
	(void)state;
	struct sockaddr_storage a[] = { addr("192.0.2.1@53"), addr("2001:db8::1@53") };
	struct sockaddr_storage b[] = { addr("192.0.2.1@53"), addr("2001:db8::1@54") };
	assert_true(listeners_same(&(dns_addrs_t){ a, 2 }, &(dns_addrs_t){ a, 2 }));
	assert_true(listeners_same(&(dns_addrs_t){ a, 1 }, &(dns_addrs_t){ b, 1 }));
	assert_false(listeners_same(&(dns_addrs_t){ a, 2 }, &(dns_addrs_t){ b, 2 }));
	assert_false(listeners_same(&(dns_addrs_t){ a, 2 }, &(dns_addrs_t){ a, 1 }));
	assert_true(listeners_same(&(dns_addrs_t){ 0 }, &(dns_addrs_t){ 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_has_udp_and_tcp),
		cmocka_unit_test(what_cannot_be_opened_leaves_the_others),
		cmocka_unit_test(lists_are_compared_with_their_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
