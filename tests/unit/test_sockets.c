/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which sockets of a process are a control socket and which speak DNS over TCP: this one's. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "sockets.h"

static char folder[] = "/tmp/kskroll-sockets-XXXXXX";

static int listen_at(const char *name, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", folder, name);
	unlink(addr.sun_path);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	assert_return_code(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	if (type == SOCK_STREAM) {
		assert_return_code(listen(fd, 1), 0);
	}
	return fd;
}

static int listen_tcp(in_addr_t address)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_return_code(listen(fd, 1), 0);
	return fd;
}

static void without_one_nothing_runs(void **state)
{
	(void)state;
	sockets_t found;
	int datagram = listen_at("datagram", SOCK_DGRAM), pair[2];
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_false(sockets_running());
	assert_false(sockets_find(NULL, &found));
	assert_false(sockets_are_there(&found));
	close(datagram);
	close(pair[0]);
	close(pair[1]);
}

static void the_preferred_one_is_found(void **state)
{
	(void)state;
	sockets_t found;
	char path[128];
	int one = listen_at("one", SOCK_STREAM), two = listen_at("two", SOCK_STREAM);
	assert_true(sockets_running());
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, i == 0 ? "one" : "two");
		assert_true(sockets_find(path, &found));
		assert_string_equal(found.control, path);
		assert_int_equal(found.control_fd, i == 0 ? one : two);
		assert_true(sockets_are_there(&found));
	}
	assert_true(sockets_find("/nowhere", &found));
	assert_true(sockets_find(NULL, &found));
	snprintf(path, sizeof(path), "%s/two", folder);
	assert_true(sockets_find(path, &found));
	close(two);
	assert_false(sockets_are_there(&found));
	/* The number is used again, by something else, and by a control socket with another path. */
	assert_int_equal(dup2(STDOUT_FILENO, two), two);
	assert_false(sockets_are_there(&found));
	assert_int_equal(dup2(one, two), two);
	assert_false(sockets_are_there(&found));
	close(one);
	close(two);
	assert_false(sockets_running());
}

static void dns_is_where_tcp_connections_are_accepted(void **state)
{
	(void)state;
	sockets_t found;
	int control = listen_at("control", SOCK_STREAM);
	int any = listen_tcp(INADDR_ANY), local = listen_tcp(INADDR_LOOPBACK), same = dup(local);
	assert_true(sockets_find(NULL, &found));
	assert_int_equal(found.dns_count, 2);
	for (size_t i = 0; i < found.dns_count; i++) {
		const struct sockaddr_in *addr = (const struct sockaddr_in *)&found.dns[i];
		assert_int_equal(addr->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
		assert_int_not_equal(addr->sin_port, 0);
	}
	int more[8];
	for (int i = 0; i < 8; i++) {
		more[i] = listen_tcp(INADDR_LOOPBACK);
	}
	assert_true(sockets_find(NULL, &found));
	assert_int_equal(found.dns_count, SOCKETS_DNS_MAX);
	for (int i = 0; i < 8; i++) {
		close(more[i]);
	}
	close(any);
	close(local);
	close(same);
	close(control);
}

int main(void)
{
	if (mkdtemp(folder) == NULL) {
		return 1;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_one_nothing_runs),
		cmocka_unit_test(the_preferred_one_is_found),
		cmocka_unit_test(dns_is_where_tcp_connections_are_accepted),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = { "one", "two", "control", "datagram" };
		char path[128];
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	return failed;
}
