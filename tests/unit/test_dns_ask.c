/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much is under way at a server, and at all of them: real sockets, servers in the same loop. */

#include <arpa/inet.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ask.h"
#include "asking.h"
#include "fetch.h"

#define SERVERS_MAX 40
#define QUERIES_MAX 2000

typedef struct {
	struct world *world;
	uv_udp_t udp;
	struct sockaddr_storage addr;
	bool silent;
	unsigned seen; /*!< Packets. */
	unsigned open; /*!< Questions without an answer yet. */
	unsigned most; /*!< Of open, ever. */
	uint64_t when[QUERIES_MAX];
	unsigned jobs, answered, failed;
	uint64_t last_done;
} server_t;

/*! An answer that is to be sent later. */
typedef struct {
	server_t *server;
	uv_timer_t timer;
	struct sockaddr_storage to;
	char wire[512];
	size_t len;
} answer_t;

typedef struct world {
	uv_loop_t loop;
	uv_timer_t limit;
	ask_t *ask;
	server_t servers[SERVERS_MAX];
	unsigned count;
	unsigned delay_ms;
	unsigned open, most;
	unsigned pending; /*!< Jobs of servers that answer. */
	uint64_t started;
} world_t;

static uint64_t now_ms(const world_t *world)
{
	return uv_hrtime() / 1000000 - world->started;
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	static char space[4096];
	(void)handle;
	(void)size;
	*buf = uv_buf_init(space, sizeof(space));
}

static void on_answer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_time_to_answer(uv_timer_t *timer)
{
	answer_t *answer = timer->data;
	server_t *server = answer->server;
	uv_buf_t buf = uv_buf_init(answer->wire, answer->len);
	server->open--;
	server->world->open--;
	uv_udp_try_send(&server->udp, &buf, 1, (const struct sockaddr *)&answer->to);
	uv_close((uv_handle_t *)timer, on_answer_closed);
}

/*! The question itself is the answer, as a response. */
static void on_question(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
	(void)flags;
	server_t *server = udp->data;
	world_t *world = server->world;
	if (len < 12 || from == NULL) {
		return;
	}
	assert_true(server->seen < QUERIES_MAX);
	server->when[server->seen++] = now_ms(world);
	if (server->silent) {
		return;
	}

	answer_t *answer = calloc(1, sizeof(*answer));
	assert_non_null(answer);
	answer->server = server;
	memcpy(answer->wire, buf->base, len);
	answer->wire[2] |= 0x84;
	answer->len = len;
	memcpy(&answer->to, from, sizeof(struct sockaddr_in));
	uv_timer_init(&world->loop, &answer->timer);
	answer->timer.data = answer;
	uv_timer_start(&answer->timer, on_time_to_answer, world->delay_ms, 0);

	server->open++;
	server->most = server->open > server->most ? server->open : server->most;
	world->open++;
	world->most = world->open > world->most ? world->open : world->most;
}

static void on_limit(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("not done in time");
}

static void world_init(world_t *world, unsigned rate, unsigned delay_ms)
{
	memset(world, 0, sizeof(*world));
	assert_int_equal(uv_loop_init(&world->loop), 0);
	uv_timer_init(&world->loop, &world->limit);
	uv_timer_start(&world->limit, on_limit, 60000, 0);
	world->delay_ms = delay_ms;
	world->ask = ask_new(&world->loop, rate);
	assert_non_null(world->ask);
	world->started = uv_hrtime() / 1000000;
}

static server_t *add_server(world_t *world, bool silent)
{
	assert_true(world->count < SERVERS_MAX);
	server_t *server = &world->servers[world->count++];
	struct sockaddr_in any;
	int len = sizeof(server->addr);
	server->world = world;
	server->silent = silent;
	server->udp.data = server;
	uv_ip4_addr("127.0.0.1", 0, &any);
	assert_int_equal(uv_udp_init(&world->loop, &server->udp), 0);
	assert_int_equal(uv_udp_bind(&server->udp, (struct sockaddr *)&any, 0), 0);
	assert_int_equal(uv_udp_getsockname(&server->udp, (struct sockaddr *)&server->addr, &len), 0);
	assert_int_equal(uv_udp_recv_start(&server->udp, on_alloc, on_question), 0);
	return server;
}

static void on_closed_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle)) {
		uv_close(handle, handle->data != NULL && handle->type == UV_TIMER ? on_answer_closed : NULL);
	}
}

/*! Ends everything, whatever is under way. */
static void world_end(world_t *world)
{
	uv_run(&world->loop, UV_RUN_NOWAIT);
	ask_free(world->ask);
	uv_walk(&world->loop, on_closed_handle, NULL);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
}

static void on_done(const ask_reply_t *reply, void *arg)
{
	server_t *server = arg;
	world_t *world = server->world;
	server->answered += reply->error == NULL;
	server->failed += reply->error != NULL;
	server->last_done = now_ms(world);
	world->pending -= !server->silent;
	if (world->pending == 0) {
		uv_stop(&world->loop);
	}
}

static void ask_jobs(server_t *server, unsigned jobs, unsigned questions)
{
	static const uint16_t TYPES[] = { KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY };
	for (unsigned i = 0; i < jobs; i++) {
		char text[32];
		knot_dname_storage_t name;
		snprintf(text, sizeof(text), "z%u.test.", i);
		knot_dname_from_str(name, text, sizeof(name));
		assert_non_null(ask_start(server->world->ask, &server->addr, name, TYPES, questions, on_done, server));
	}
	server->jobs += jobs;
	server->world->pending += server->silent ? 0 : jobs;
}

static void one_server_has_few_questions_open(void **state)
{
	(void)state;
	world_t *world = malloc(sizeof(*world));
	world_init(world, 0, 20);
	server_t *one = add_server(world, false), *two = add_server(world, false);
	ask_jobs(one, 100, 3);
	ask_jobs(two, 10, 3);
	uv_run(&world->loop, UV_RUN_DEFAULT);

	assert_int_equal(one->answered, 100);
	assert_int_equal(two->answered, 10);
	assert_int_equal(one->seen, 300);
	assert_int_equal(one->most, ASK_PER_TARGET_MAX);
	/* Two to begin with, and more once it has answered. */
	assert_true(one->when[ASK_PER_TARGET_FIRST] >= 20);
	/* The long queue of the one does not hold back the other. */
	assert_true(two->last_done < one->last_done / 2);
	world_end(world);
	free(world);
}

static void all_servers_together_have_a_bound(void **state)
{
	(void)state;
	world_t *world = malloc(sizeof(*world));
	world_init(world, 0, 20);
	for (unsigned i = 0; i < 20; i++) {
		ask_jobs(add_server(world, false), 40, 1);
	}
	uv_run(&world->loop, UV_RUN_DEFAULT);

	assert_int_equal(world->most, ASK_IN_FLIGHT_MAX);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(world->servers[i].answered, 40);
		assert_true(world->servers[i].most <= ASK_PER_TARGET_MAX);
	}
	world_end(world);
	free(world);
}

static unsigned given_up(const world_t *world)
{
	unsigned count = 0;
	for (unsigned i = 0; i < world->count; i++) {
		count += world->servers[i].failed;
	}
	return count;
}

static void silent_servers_do_not_hold_back_the_others(void **state)
{
	(void)state;
	world_t *world = malloc(sizeof(*world));
	world_init(world, 0, 5);
	for (unsigned i = 0; i < 20; i++) {
		ask_jobs(add_server(world, true), 50, 1);
	}
	server_t *good = add_server(world, false);
	ask_jobs(good, 100, 3);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(good->answered, 100);
	/* It has not waited for one of the others to give up. */
	assert_int_equal(given_up(world), 0);

	/* And once they are known to be silent: half of all is theirs, the rest is not. */
	uv_timer_start(&world->limit, on_limit, 60000, 0);
	while (world->servers[0].failed < 4) {
		uv_run(&world->loop, UV_RUN_ONCE);
	}
	unsigned before = given_up(world);
	ask_jobs(good, 100, 3);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(good->answered, 200);
	assert_true(given_up(world) - before <= 2 * ASK_SILENT_MAX);
	world_end(world);
	free(world);
}

static void on_all_asked(void *arg)
{
	(void)arg;
	fail_msg("512 silent addresses cannot be over yet");
}

/*! One zone with as many addresses as there may be, and nobody there: others are asked meanwhile. */
static void many_slow_addresses_of_one_zone_do_not_hold_back_others(void **state)
{
	(void)state;
	world_t *world = malloc(sizeof(*world));
	world_init(world, 0, 5);
	server_t *good = add_server(world, false);
	/* Each address is one of its own; all lead to the same silent socket. */
	server_t *all = &world->servers[world->count++];
	struct sockaddr_in any;
	int len = sizeof(all->addr);
	*all = (server_t){ .world = world, .silent = true };
	uv_ip4_addr("0.0.0.0", 0, &any);
	assert_int_equal(uv_udp_init(&world->loop, &all->udp), 0);
	all->udp.data = all;
	assert_int_equal(uv_udp_bind(&all->udp, (struct sockaddr *)&any, 0), 0);
	assert_int_equal(uv_udp_getsockname(&all->udp, (struct sockaddr *)&all->addr, &len), 0);
	assert_int_equal(uv_udp_recv_start(&all->udp, on_alloc, on_question), 0);

	discovery_t found = { 0 };
	for (unsigned i = 0; i < SERVERS_ADDRS_MAX; i++) {
		struct sockaddr_storage addr = all->addr;
		((struct sockaddr_in *)&addr)->sin_addr.s_addr = htonl(0x7f060001 + i);
		assert_int_equal(servers_add_addr(&found.child_servers, SERVERS_UNNAMED, &addr), KNOT_EOK);
	}
	survey_result_t *result = calloc(1, sizeof(*result));
	const interpret_zone_t zone = { .zone = (const uint8_t *)"\4slow\4test" };
	asking_t *asking = asking_new(world->ask, &zone, &found, false, result, on_all_asked, world);
	assert_non_null(asking);
	asking_start(asking);

	ask_jobs(good, 100, 3);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(good->answered, 100);
	assert_true(all->seen > 0 && all->seen <= FETCH_MAX);

	asking_free(asking);
	survey_free(result);
	servers_clear(&found.child_servers);
	world_end(world);
	free(world);
}

static void a_silent_server_gets_one_packet_per_job_until_it_answers(void **state)
{
	(void)state;
	world_t *world = malloc(sizeof(*world));
	world_init(world, 0, 5);
	server_t *server = add_server(world, true);
	ask_jobs(server, 2 + ASK_PER_TARGET_MAX, 3);
	while (server->failed < server->jobs) {
		uv_run(&world->loop, UV_RUN_ONCE);
	}
	/* Until it is known to be silent: all tries of the first question, one of each of the others. */
	const unsigned known = ASK_SILENT_AFTER * (ASK_TRIES + 2) + ASK_PER_TARGET_MAX;
	assert_int_equal(server->seen, known);

	/* Idle is forgotten: the next one who asks gives it all tries. */
	ask_jobs(server, 1, 1);
	while (server->failed < server->jobs) {
		uv_run(&world->loop, UV_RUN_ONCE);
	}
	assert_int_equal(server->seen, known + ASK_TRIES);
	world_end(world);
	free(world);
}

static void on_parent_done(const ask_reply_t *reply, void *arg)
{
	on_done(reply, arg);
}

static void a_server_of_a_parent_is_asked_at_a_rate(void **state)
{
	(void)state;
	const unsigned rate = 50, jobs = 75;
	world_t *world = malloc(sizeof(*world));
	world_init(world, rate, 1);
	server_t *one = add_server(world, false), *two = add_server(world, false);
	for (unsigned i = 0; i < jobs; i++) {
		assert_non_null(ask_parent(world->ask, &one->addr, (const uint8_t *)"\1z\4test", KNOT_RRTYPE_DS,
		                           on_parent_done, one));
		assert_non_null(ask_parent(world->ask, &two->addr, (const uint8_t *)"\1z\4test", KNOT_RRTYPE_DS,
		                           on_parent_done, two));
	}
	world->pending = 2 * jobs;
	uv_run(&world->loop, UV_RUN_DEFAULT);

	server_t *both[] = { one, two };
	for (unsigned k = 0; k < 2; k++) {
		server_t *server = both[k];
		assert_int_equal(server->answered, jobs);
		for (unsigned i = 0; i + rate + 1 < jobs; i++) {
			/* The first and the one after a second's worth; the first may have been late on its way. */
			assert_true(server->when[i + rate + 1] - server->when[i] >= 900);
		}
	}
	world_end(world);
	free(world);
}

static void on_none(const ask_reply_t *reply, void *arg)
{
	(void)reply;
	(void)arg;
	fail_msg("called back after it was cancelled");
}

static void jobs_are_cancelled_in_every_state(void **state)
{
	(void)state;
	world_t *world = malloc(sizeof(*world));
	world_init(world, 5, 5);
	server_t *server = add_server(world, true);
	const uint16_t type = KNOT_RRTYPE_DNSKEY;
	ask_job_t *jobs[60];
	for (unsigned i = 0; i < 60; i++) {
		jobs[i] =
			i % 2 ? ask_start(world->ask, &server->addr, (const uint8_t *)"\4test", &type, 1, on_none,
		                          server) :
				ask_parent(world->ask, &server->addr, (const uint8_t *)"\4test", type, on_none, server);
		assert_non_null(jobs[i]);
	}
	while (server->seen < 3) {
		uv_run(&world->loop, UV_RUN_ONCE);
	}
	/* From the middle, so that neither queue ends with its first one. */
	for (unsigned i = 0; i < 50; i++) {
		ask_cancel(jobs[(i + 25) % 60]);
		uv_run(&world->loop, UV_RUN_NOWAIT);
	}
	world_end(world);
	free(world);
}

static void on_where(const ask_reply_t *reply, void *arg)
{
	*(int *)arg = reply->no_route ? -2 : reply->here;
}

/*! An answer of this host says nothing about the network, by whatever name the host is called. */
static void addresses_of_this_host_are_known(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool here;
		/* clang-format off */
	} addrs[] = {
		{ "127.0.0.1", true }, { "0.0.0.0", true }, { "127.0.9.9", false },
		{ "::", true }, { "::1", true }, { "::ffff:127.0.0.1", true },
	};
	/* clang-format on */
	world_t *world = malloc(sizeof(*world));
	world_init(world, 0, 0);
	for (unsigned i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		struct sockaddr_storage addr = { 0 };
		const uint16_t type = KNOT_RRTYPE_DNSKEY;
		int here = -1;
		/* A port where nobody listens: it is refused at once, or there is no route. */
		if (uv_ip4_addr(addrs[i].text, 1, (struct sockaddr_in *)&addr) != 0) {
			assert_int_equal(uv_ip6_addr(addrs[i].text, 1, (struct sockaddr_in6 *)&addr), 0);
		}
		assert_non_null(ask_start(world->ask, &addr, (const uint8_t *)"\4test", &type, 1, on_where, &here));
		while (here == -1) {
			uv_run(&world->loop, UV_RUN_ONCE);
		}
		/* Where there is no IPv6. */
		if (here != addrs[i].here && !(here == -2 && addr.ss_family == AF_INET6)) {
			fail_msg("%s: %d", addrs[i].text, here);
		}
	}
	world_end(world);
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_this_host_are_known),
		cmocka_unit_test(one_server_has_few_questions_open),
		cmocka_unit_test(all_servers_together_have_a_bound),
		cmocka_unit_test(silent_servers_do_not_hold_back_the_others),
		cmocka_unit_test(many_slow_addresses_of_one_zone_do_not_hold_back_others),
		cmocka_unit_test(a_silent_server_gets_one_packet_per_job_until_it_answers),
		cmocka_unit_test(a_server_of_a_parent_is_asked_at_a_rate),
		cmocka_unit_test(jobs_are_cancelled_in_every_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
