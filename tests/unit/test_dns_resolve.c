/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a resolver needs of the process: libevent ends it if a descriptor is missing at the wrong moment. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "root_anchor.h"
#include "kskroll/dns.h"
#include "resolve.h"

#define LIVED    42
#define LEFT_MAX 64

static void on_done(const lookup_result_t *result, void *arg)
{
	(void)result;
	*(bool *)arg = true;
}

/*!
 * \param left   Descriptors that the process may still open.
 * \param early  When the resolver is made; else when its first lookup begins.
 */
static void live(unsigned left, bool early)
{
	struct sockaddr_storage at;
	const dns_addrs_t nobody = { &at, 1 };
	const dns_config_t config = { .trust_anchor = anchor, .resolver = nobody, .loopback = true };
	char err[256];
	bool done = false;
	uv_loop_t loop;
	(void)addr_parse("127.0.0.1@1", &at);
	uv_loop_init(&loop);
	const int last = dup(0);
	const struct rlimit limit = { last + left, last + left };
	close(last);
	if (early) {
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	resolve_t *resolve = resolve_new(&loop, &config, err, sizeof(err));
	if (!early) {
		const int now = dup(0);
		close(now);
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){ now + left, now + left });
	}
	if (resolve != NULL) {
		lookup_t *lookup = resolve_start(resolve, (const uint8_t *)"\4test", KNOT_RRTYPE_A, on_done, &done);
		for (unsigned i = 0; lookup != NULL && !done && i < 20; i++) {
			uv_run(&loop, UV_RUN_NOWAIT);
			usleep(1000);
		}
	}
	_exit(LIVED);
}

static void a_process_without_descriptors_goes_on(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * LEFT_MAX; i++) {
		int status = 0;
		fflush(NULL);
		pid_t child = fork();
		if (child == 0) {
			live(i / 2, i % 2);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != LIVED) {
			fail_msg("%u descriptors left when %s: status %x", i / 2, i % 2 ? "made" : "asked", status);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_without_descriptors_goes_on),
	};
	return cmocka_run_group_tests_name("dns_resolve", tests, write_anchor, remove_anchor);
}
