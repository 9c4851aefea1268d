/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zones read by DNS from this process: what a server may answer, and what is believed of it. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/server/glance.h"

#define TIMEOUT_MS 1500
#define CHECKS     32

typedef enum {
	RIGHT,
	SERVFAIL,
	REFUSED,
	NOT_AA,
	TRUNCATED,
	OTHER_OWNER,
	OTHER_ID,
	OTHER_QUESTION,
	QUERY,
	SHORT,
	NO_SOA,
	TWO_SOA,
	NO_NS,
	GARBAGE,
	HANGS,
	HANGS_LATER,
	CLOSES,
	LIES_ABOUT_LENGTH,
	MANY_KEYS,
	NAMELESS,
} how_t;

typedef struct {
	int fd;
	how_t how;
	pthread_t thread;
	int over[2]; // A byte ends a hang.
	unsigned connections, questions;
} dns_server_t;

static const uint8_t soa[] = { 0, 0, 0, 0, 0, 42, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1 };
static const uint8_t key[] = { 1, 1, 3, 13, 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t ns[] = { 2, 'n', 's', 0 };
static const uint8_t rrsig[] = { 0, 48, 13, 1, 0, 0, 0, 60, 0, 0, 0, 2, 0, 0, 0, 1, 0, 7, 0, 1, 2, 3, 4 };

static bool read_all(int fd, uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(fd, data, len, 0);
		if (got <= 0) {
			return false;
		}
		data += got;
		len -= got;
	}
	return true;
}

static size_t put(uint8_t *wire, size_t len, how_t how, uint16_t type, uint32_t ttl, const void *rdata, size_t rdlen)
{
	static const uint8_t other[] = { 5, 'o', 't', 'h', 'e', 'r', 0 };
	if (how == OTHER_OWNER) {
		memcpy(wire + len, other, sizeof(other));
		len += sizeof(other);
	} else {
		knot_wire_write_u16(wire + len, 0xc00c);
		len += 2;
	}
	knot_wire_write_u16(wire + len, type);
	knot_wire_write_u16(wire + len + 2, KNOT_CLASS_IN);
	knot_wire_write_u32(wire + len + 4, ttl);
	knot_wire_write_u16(wire + len + 8, how == NAMELESS ? 60000 : rdlen);
	memcpy(wire + len + 10, rdata, rdlen);
	knot_wire_set_ancount(wire, knot_wire_get_ancount(wire) + 1);
	return len + 10 + rdlen;
}

/*! An RRSIG over the DNSKEY RRset, and one over the SOA: each answer has both. */
static size_t put_rrsigs(uint8_t *wire, size_t len, how_t how)
{
	static const uint16_t covered[] = { KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_SOA };
	uint8_t sig[sizeof(rrsig)];
	memcpy(sig, rrsig, sizeof(sig));
	for (unsigned i = 0; i < 2; i++) {
		knot_wire_write_u16(sig, covered[i]);
		len = put(wire, len, how, KNOT_RRTYPE_RRSIG, 77, sig, sizeof(sig));
	}
	return len;
}

static size_t records(uint8_t *wire, size_t len, how_t how, uint16_t type)
{
	uint8_t many[sizeof(key)];
	memcpy(many, key, sizeof(many));
	switch (type) {
	case KNOT_RRTYPE_SOA:
		len = how == NO_SOA ? len : put(wire, len, how, type, 60, soa, sizeof(soa));
		if (how == TWO_SOA) {
			uint8_t second[sizeof(soa)];
			memcpy(second, soa, sizeof(soa));
			second[5]++;
			len = put(wire, len, how, type, 60, second, sizeof(second));
		}
		return put_rrsigs(wire, len, how);
	case KNOT_RRTYPE_DNSKEY:
		for (unsigned i = 0; i < (how == MANY_KEYS ? 2000 : 1); i++) {
			many[4] = i >> 8;
			many[5] = i;
			len = put(wire, len, how, type, 77, many, sizeof(many));
		}
		return put_rrsigs(wire, len, how);
	case KNOT_RRTYPE_NS:
		return how == NO_NS ? len : put(wire, len, how, type, 60, ns, sizeof(ns));
	default:
		return len;
	}
}

/*! \return False: no more of this connection. */
static bool answer(dns_server_t *s, int fd, const uint8_t *question, size_t question_len)
{
	static uint8_t wire[2 + 65535];
	const size_t body = question_len - 11; // Without OPT.
	uint8_t *reply = wire + 2;
	const uint16_t type = knot_wire_read_u16(question + body - 4);

	memcpy(reply, question, body);
	knot_wire_set_arcount(reply, 0);
	knot_wire_set_aa(reply);
	size_t len = body;
	if (s->how != QUERY) {
		knot_wire_set_qr(reply);
	}
	switch (s->how) {
	case SERVFAIL:
		knot_wire_set_rcode(reply, KNOT_RCODE_SERVFAIL);
		break;
	case REFUSED:
		knot_wire_set_rcode(reply, KNOT_RCODE_REFUSED);
		break;
	case NOT_AA:
		knot_wire_clear_aa(reply);
		break;
	case TRUNCATED:
		knot_wire_set_tc(reply);
		break;
	case OTHER_ID:
		knot_wire_set_id(reply, knot_wire_get_id(reply) + 1);
		break;
	case OTHER_QUESTION:
		knot_wire_write_u16(reply + body - 4, KNOT_RRTYPE_TXT);
		break;
	case CLOSES:
		return false;
	default:
		break;
	}
	if (s->how == HANGS || (s->how == HANGS_LATER && s->questions > 7)) {
		char end;
		(void)!read(s->over[0], &end, 1);
		return false;
	}
	if (s->how != SERVFAIL && s->how != REFUSED) {
		len = records(reply, len, s->how, type);
	}
	if (s->how == SHORT) {
		len = 5;
	} else if (s->how == GARBAGE) {
		memset(reply + 4, 0xa5, len - 4);
	}
	knot_wire_write_u16(wire, s->how == LIES_ABOUT_LENGTH ? len + 9 : len);
	return send(fd, wire, 2 + len, MSG_NOSIGNAL) == (ssize_t)(2 + len) && s->how != LIES_ABOUT_LENGTH;
}

static void *serve(void *arg)
{
	dns_server_t *s = arg;
	int fd;
	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		uint8_t prefix[2], question[512];
		s->connections++;
		while (read_all(fd, prefix, 2) && read_all(fd, question, knot_wire_read_u16(prefix))) {
			s->questions++;
			if (!answer(s, fd, question, knot_wire_read_u16(prefix))) {
				break;
			}
		}
		close(fd);
	}
	return NULL;
}

/*! It is known to be there, besides those that are. */
static void start(dns_server_t *s, how_t how, glance_t *glance)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	memset(s, 0, sizeof(*s));
	s->how = how;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(s->fd, 0);
	assert_return_code(bind(s->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_return_code(listen(s->fd, 8), 0);
	assert_return_code(getsockname(s->fd, (struct sockaddr *)&addr, &len), 0);
	memcpy(&glance->known[glance->known_count++], &addr, sizeof(addr));
	assert_return_code(pipe(s->over), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop_fake(dns_server_t *s)
{
	assert_int_equal(write(s->over[1], "", 1), 1);
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	close(s->over[0]);
	close(s->over[1]);
}

static int64_t ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static void assert_found(const server_check_t *check)
{
	assert_int_equal(check->status, SERVER_OK);
	assert_int_equal(knot_soa_serial(check->soa.rdata), 42);
	assert_int_equal(check->soa.count, 1);
	assert_int_equal(check->dnskey.count, 1);
	assert_int_equal(check->dnskey_ttl, 77);
	assert_int_equal(check->rrsig.count, 1);
	assert_int_equal(knot_rrsig_type_covered(check->rrsig.rdata), KNOT_RRTYPE_DNSKEY);
	assert_int_equal(check->soa_rrsig.count, 1);
	assert_int_equal(knot_rrsig_type_covered(check->soa_rrsig.rdata), KNOT_RRTYPE_SOA);
	assert_int_equal(check->ns.count, 1);
	assert_int_equal(check->cds.count, 0);
	assert_int_equal(check->cdnskey.count, 0);
}

static void assert_empty(const server_check_t *check)
{
	assert_int_equal(check->soa.count + check->dnskey.count + check->rrsig.count + check->ns.count, 0);
	assert_int_equal(check->soa_rrsig.count, 0);
}

static server_check_t glance_at(how_t how)
{
	dns_server_t s;
	glance_t glance = { 0 };
	check_t check = { .zone = "a.test." };
	start(&s, how, &glance);
	glance_run(&glance, &check, 1, TIMEOUT_MS);
	stop_fake(&s);
	return check.check;
}

static void zones_are_read_over_one_connection(void **state)
{
	(void)state;
	char names[CHECKS][16];
	check_t checks[CHECKS] = { 0 };
	glance_t glance = { 0 };
	dns_server_t s;
	start(&s, RIGHT, &glance);
	for (unsigned i = 0; i < CHECKS; i++) {
		snprintf(names[i], sizeof(names[i]), "z%u.test.", i);
		checks[i].zone = names[i];
	}
	glance_run(&glance, checks, CHECKS, TIMEOUT_MS);
	for (unsigned i = 0; i < CHECKS; i++) {
		assert_found(&checks[i].check);
		check_clear(&checks[i].check);
	}
	// Where it answers is known then.
	glance_run(&glance, checks, 1, TIMEOUT_MS);
	assert_found(&checks[0].check);
	check_clear(&checks[0].check);
	stop_fake(&s);
	assert_int_equal(s.connections, 2);
	assert_int_equal(s.questions, 5 * (CHECKS + 1));
}

static void zone_that_is_not_loaded_is_told_in_the_words_of_the_control_socket(void **state)
{
	(void)state;
	server_check_t check = glance_at(SERVFAIL);
	assert_int_equal(check.status, SERVER_REFUSED);
	assert_string_equal(check.detail, CHECK_NOT_LOADED);
	assert_empty(&check);
}

static void other_answers_tell_nothing(void **state)
{
	(void)state;
	static const how_t how[] = {
		REFUSED, NOT_AA,  TRUNCATED, OTHER_OWNER, OTHER_ID, OTHER_QUESTION,    QUERY,    SHORT,
		NO_SOA,  TWO_SOA, NO_NS,     GARBAGE,     CLOSES,   LIES_ABOUT_LENGTH, NAMELESS,
	};
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		server_check_t check = glance_at(how[i]);
		if (check.status != SERVER_UNREACHABLE) {
			print_error("kind %d was believed\n", how[i]);
		}
		assert_int_equal(check.status, SERVER_UNREACHABLE);
		assert_empty(&check);
	}
}

static void many_records_are_read(void **state)
{
	(void)state;
	server_check_t check = glance_at(MANY_KEYS);
	assert_int_equal(check.status, SERVER_OK);
	assert_int_equal(check.dnskey.count, 2000);
	check_clear(&check);
}

static void silence_is_bounded_and_not_tried_again_at_once(void **state)
{
	(void)state;
	dns_server_t s;
	glance_t glance = { 0 };
	check_t check = { .zone = "a.test." };
	start(&s, HANGS, &glance);
	int64_t begin = ms();
	glance_run(&glance, &check, 1, TIMEOUT_MS);
	assert_int_equal(check.check.status, SERVER_UNREACHABLE);
	assert_true(ms() - begin < TIMEOUT_MS);
	glance_run(&glance, &check, 1, TIMEOUT_MS);
	stop_fake(&s);
	assert_int_equal(s.connections, 1);
}

static void zones_that_were_answered_count(void **state)
{
	(void)state;
	dns_server_t s;
	glance_t glance = { 0 };
	check_t checks[3] = { { .zone = "a.test." }, { .zone = "b.test." }, { .zone = "c.test." } };
	start(&s, HANGS_LATER, &glance);
	int64_t begin = ms();
	glance_run(&glance, checks, 3, TIMEOUT_MS);
	assert_true(ms() - begin < 2 * TIMEOUT_MS);
	stop_fake(&s);
	assert_found(&checks[0].check);
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(checks[i].check.status, SERVER_UNREACHABLE);
		assert_empty(&checks[i].check);
	}
	check_clear(&checks[0].check);
}

static void port_with_another_protocol_is_passed_by(void **state)
{
	(void)state;
	dns_server_t tls, dns;
	glance_t glance = { 0 };
	check_t check = { .zone = "a.test." };
	start(&tls, CLOSES, &glance);
	start(&dns, RIGHT, &glance);
	glance_run(&glance, &check, 1, TIMEOUT_MS);
	assert_found(&check.check);
	check_clear(&check.check);
	glance_run(&glance, &check, 1, TIMEOUT_MS);
	assert_found(&check.check);
	check_clear(&check.check);
	stop_fake(&tls);
	stop_fake(&dns);
	assert_int_equal(tls.connections, 1);
}

static void no_socket_no_answer(void **state)
{
	(void)state;
	glance_t glance = { 0 };
	check_t check = { .zone = "a.test." };
	glance_run(&glance, &check, 1, TIMEOUT_MS);
	assert_int_equal(check.check.status, SERVER_UNREACHABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_are_read_over_one_connection),
		cmocka_unit_test(zone_that_is_not_loaded_is_told_in_the_words_of_the_control_socket),
		cmocka_unit_test(other_answers_tell_nothing),
		cmocka_unit_test(many_records_are_read),
		cmocka_unit_test(silence_is_bounded_and_not_tried_again_at_once),
		cmocka_unit_test(zones_that_were_answered_count),
		cmocka_unit_test(port_with_another_protocol_is_passed_by),
		cmocka_unit_test(no_socket_no_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
