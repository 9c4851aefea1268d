/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notify-listen over real sockets: who is answered, over what, how many, and for how long. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "kskroll/notify_listen.h"
#include "notify_case.h"

static uv_loop_t loop;
static notify_listen_t *listener;
static struct sockaddr_in at;
static unsigned notified;
static char child[256], source[64], agent[256];

static void on_notified(const char *its_child, const char *its_source, const char *its_agent, void *arg)
{
	assert_ptr_equal(arg, &loop);
	notified++;
	snprintf(child, sizeof(child), "%s", its_child);
	snprintf(source, sizeof(source), "%s", its_source);
	snprintf(agent, sizeof(agent), "%s", its_agent);
}

/*! A port that UDP and TCP both have. */
static int begin(void **state)
{
	(void)state;
	int fds[2];
	socklen_t len = sizeof(at);

	notified = 0;
	for (int i = 0; i < 100; i++) {
		at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		fds[0] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_int_equal(bind(fds[0], (struct sockaddr *)&at, sizeof(at)), 0);
		assert_int_equal(getsockname(fds[0], (struct sockaddr *)&at, &len), 0);
		if (bind(fds[1], (struct sockaddr *)&at, sizeof(at)) == 0) {
			break;
		}
		close(fds[0]);
		close(fds[1]);
	}
	assert_int_equal(listen(fds[1], 64), 0);
	assert_int_equal(uv_loop_init(&loop), 0);
	listener = notify_listen_start(&loop, fds, 2, on_notified, &loop);
	assert_non_null(listener);
	return 0;
}

static int end(void **state)
{
	(void)state;
	notify_listen_stop(listener);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return 0;
}

static void on_turn(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

/*! The loop has some milliseconds. */
static void turn(unsigned ms)
{
	uv_timer_t timer;
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_turn, ms, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

static int client(int type)
{
	const int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		assert_int_equal(errno, EINPROGRESS);
	}
	return fd;
}

/*! \return Bytes of what comes within 5 s; 0: the end; -1: nothing within \a ms. */
static ssize_t receive(int fd, uint8_t *data, size_t size, unsigned ms)
{
	for (unsigned waited = 0; waited <= ms; waited += 2) {
		const ssize_t got = recv(fd, data, size, MSG_DONTWAIT);
		if (got >= 0) {
			return got;
		}
		if (errno != EAGAIN) {
			return 0;
		}
		turn(2);
	}
	return -1;
}

static void assert_acknowledged(const uint8_t *reply, size_t len)
{
	assert_true(len > KNOT_WIRE_HEADER_SIZE);
	assert_true(knot_wire_get_qr(reply) && knot_wire_get_aa(reply));
	assert_int_equal(knot_wire_get_rcode(reply), KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_opcode(reply), KNOT_OPCODE_NOTIFY);
}

static void a_datagram_is_answered(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX], reply[1024];
	char own[64];
	const size_t len = notify_case_make(wire, "Child.Example.", KNOT_RRTYPE_CDS, NULL, 0);
	const int fd = client(SOCK_DGRAM);
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);

	assert_int_equal(send(fd, wire, len, 0), len);
	const ssize_t got = receive(fd, reply, sizeof(reply), 5000);
	assert_acknowledged(reply, got);
	assert_int_equal(notified, 1);
	assert_string_equal(child, "child.example.");
	assert_string_equal(agent, "");
	assert_int_equal(getsockname(fd, (struct sockaddr *)&from, &from_len), 0);
	snprintf(own, sizeof(own), "127.0.0.1@%u", ntohs(from.sin_port));
	assert_string_equal(source, own);
	/* A query gets a refusal, an answer nothing. */
	knot_wire_set_opcode(wire, KNOT_OPCODE_QUERY);
	assert_int_equal(send(fd, wire, len, 0), len);
	assert_int_equal(receive(fd, reply, sizeof(reply), 5000), len);
	assert_int_equal(knot_wire_get_rcode(reply), KNOT_RCODE_REFUSED);
	knot_wire_set_qr(wire);
	assert_int_equal(send(fd, wire, len, 0), len);
	assert_int_equal(receive(fd, reply, sizeof(reply), 100), -1);
	assert_int_equal(notified, 1);
	close(fd);
}

static void put_message(uint8_t *out, const uint8_t *wire, size_t len)
{
	out[0] = len >> 8;
	out[1] = len;
	memcpy(out + 2, wire, len);
}

/*! In pieces, and several in one. */
static void a_connection_takes_messages_as_they_come(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX], out[2 * NOTIFY_CASE_MAX], reply[2048];
	const size_t len = notify_case_make(wire, "tcp.example.", KNOT_RRTYPE_CDS, NULL, 0);
	const int fd = client(SOCK_STREAM);

	put_message(out, wire, len);
	turn(20);
	for (size_t i = 0; i < len + 2; i++) {
		assert_int_equal(send(fd, out + i, 1, MSG_NOSIGNAL), 1);
		turn(1);
	}
	ssize_t got = receive(fd, reply, sizeof(reply), 5000);
	assert_int_equal(got, len + 2);
	assert_acknowledged(reply + 2, got - 2);
	put_message(out + len + 2, wire, len);
	assert_int_equal(send(fd, out, 2 * (len + 2), MSG_NOSIGNAL), 2 * (len + 2));
	size_t all = 0;
	while (all < 2 * (len + 2)) {
		got = receive(fd, reply + all, sizeof(reply) - all, 5000);
		assert_true(got > 0);
		all += got;
	}
	assert_int_equal(notified, 3);
	assert_string_equal(child, "tcp.example.");
	close(fd);
	turn(20);
}

static void a_connection_that_sends_no_message_is_closed(void **state)
{
	(void)state;
	static const uint8_t LENGTHS[][2] = { { 0, 0 }, { 0, 11 }, { 4, 1 }, { 255, 255 } };
	uint8_t reply[64], answer[NOTIFY_CASE_MAX], out[NOTIFY_CASE_MAX + 2];

	for (size_t i = 0; i < 4; i++) {
		const int fd = client(SOCK_STREAM);
		turn(10);
		assert_int_equal(send(fd, LENGTHS[i], 2, MSG_NOSIGNAL), 2);
		assert_int_equal(receive(fd, reply, sizeof(reply), 5000), 0);
		close(fd);
	}
	const int fd = client(SOCK_STREAM);
	const size_t len = notify_case_make(answer, "a.example.", KNOT_RRTYPE_CDS, NULL, 0);
	knot_wire_set_qr(answer);
	put_message(out, answer, len);
	turn(10);
	assert_int_equal(send(fd, out, len + 2, MSG_NOSIGNAL), len + 2);
	assert_int_equal(receive(fd, reply, sizeof(reply), 5000), 0);
	close(fd);
	assert_int_equal(notified, 0);
}

/*! Whoever opens many has them closed; the others are still served over UDP. */
static void one_source_has_few_connections(void **state)
{
	(void)state;
	int fds[100];
	uint8_t reply[64], wire[NOTIFY_CASE_MAX];
	unsigned open = 0;

	for (int i = 0; i < 100; i++) {
		fds[i] = client(SOCK_STREAM);
		turn(1);
	}
	turn(50);
	for (int i = 0; i < 100; i++) {
		open += receive(fds[i], reply, sizeof(reply), 0) < 0;
	}
	assert_int_equal(open, 8);
	const int fd = client(SOCK_DGRAM);
	const size_t len = notify_case_make(wire, "udp.example.", KNOT_RRTYPE_CDS, NULL, 0);
	assert_int_equal(send(fd, wire, len, 0), len);
	assert_acknowledged(reply, receive(fd, reply, sizeof(reply), 5000));
	close(fd);
	/* A place is free again when its connection has ended. */
	for (int i = 0; i < 100; i++) {
		close(fds[i]);
	}
	turn(50);
	const int again = client(SOCK_STREAM);
	turn(20);
	assert_int_equal(receive(again, reply, sizeof(reply), 100), -1);
	close(again);
	turn(20);
}

static void an_idle_connection_is_closed(void **state)
{
	(void)state;
	uint8_t reply[64];
	const int silent = client(SOCK_STREAM), slow = client(SOCK_STREAM);
	turn(20);
	const uint64_t began = uv_hrtime();
	/* A byte now and then is no message. */
	uint64_t sent = 0;
	while (receive(silent, reply, sizeof(reply), 20) < 0) {
		if (uv_hrtime() - sent > 1000000000) {
			sent = uv_hrtime();
			(void)send(slow, "", 1, MSG_NOSIGNAL);
		}
		assert_true(uv_hrtime() - began < 30000000000);
	}
	assert_true(uv_hrtime() - began > 9000000000);
	assert_int_equal(receive(slow, reply, sizeof(reply), 2000), 0);
	close(silent);
	close(slow);
}

static void a_flood_is_acknowledged_and_counted(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX], reply[1024];
	const int fd = client(SOCK_DGRAM);
	const size_t len = notify_case_make(wire, "flood.example.", KNOT_RRTYPE_CDS, "", 0);

	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(send(fd, wire, len, 0), len);
		const ssize_t got = receive(fd, reply, sizeof(reply), 5000);
		assert_acknowledged(reply, got);
		/* With an extended error it is six octets longer. */
		assert_int_equal(got - (ssize_t)len, i < 5 ? -4 : 2);
	}
	assert_int_equal(notified, 5);
	assert_int_equal(notify_listen_ignored(listener), 195);
	assert_int_equal(notify_listen_ignored(NULL), 0);
	/* What is no notification is answered up to a limit, and not counted. */
	unsigned refused = 0;
	const uint64_t began = uv_hrtime();
	knot_wire_set_opcode(wire, KNOT_OPCODE_UPDATE);
	for (unsigned i = 0; i < 1000; i++) {
		(void)send(fd, wire, len, 0);
		/* All that are answered are read, and none is lost. */
		while (receive(fd, reply, sizeof(reply), i % 50 == 49 ? 4 : 0) > 0) {
			refused++;
		}
	}
	assert_true(refused >= 100 && refused <= 101 + (uv_hrtime() - began) / 10000000);
	assert_int_equal(notify_listen_ignored(listener), 195);
	close(fd);
}

static void all_ends_in_the_middle(void **state)
{
	(void)state;
	int fds[5];
	for (int i = 0; i < 5; i++) {
		fds[i] = client(SOCK_STREAM);
	}
	turn(20);
	assert_int_equal(end(state), 0);
	for (int i = 0; i < 5; i++) {
		close(fds[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_datagram_is_answered, begin, end),
		cmocka_unit_test_setup_teardown(a_connection_takes_messages_as_they_come, begin, end),
		cmocka_unit_test_setup_teardown(a_connection_that_sends_no_message_is_closed, begin, end),
		cmocka_unit_test_setup_teardown(one_source_has_few_connections, begin, end),
		cmocka_unit_test_setup_teardown(an_idle_connection_is_closed, begin, end),
		cmocka_unit_test_setup_teardown(a_flood_is_acknowledged_and_counted, begin, end),
		cmocka_unit_test_setup(all_ends_in_the_middle, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
