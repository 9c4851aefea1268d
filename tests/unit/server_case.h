/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A real knotd with a control client beside it: synchronous calls, and the operator's own commands.
 */

#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "knotd.h"
#include "module/util/knot.h"
#include "module/server/control.h"
#include "module/server/switch.h"
#include "server_at.h"

#define TIMEOUT_MS 20000
#define WAIT_S     60

typedef struct {
	knotd_t knotd;
	uv_loop_t loop;
	server_t *server;
} fixture_t;

/* Synchronous calls. */

typedef struct {
	bool done;
	server_status_t status;
	char detail[160];
	server_check_t check; // Without its sets: they are counted.
	uint32_t serial;
	unsigned dnskeys;
	unsigned ns;
	unsigned cds;
	unsigned cdnskey;
} result_t;

static inline void on_check(const server_check_t *check, void *arg)
{
	result_t *result = arg;
	assert_false(result->done);
	result->done = true;
	result->status = check->status;
	snprintf(result->detail, sizeof(result->detail), "%s", check->detail);
	result->check = *check;
	result->dnskeys = check->dnskey.count;
	result->ns = check->ns.count;
	result->cds = check->cds.count;
	result->cdnskey = check->cdnskey.count;
	if (check->status == SERVER_OK) {
		assert_int_equal(check->soa.count, 1);
		result->serial = knot_soa_serial(check->soa.rdata);
	}
}

static inline void on_done(server_status_t status, const char *detail, void *arg)
{
	result_t *result = arg;
	assert_false(result->done);
	result->done = true;
	result->status = status;
	snprintf(result->detail, sizeof(result->detail), "%s", detail);
}

static inline void wait_for(fixture_t *f, const result_t *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		while (!results[i].done) {
			uv_run(&f->loop, UV_RUN_ONCE);
		}
	}
}

static inline result_t check(fixture_t *f, const char *zone)
{
	result_t result = { 0 };
	server_check(f->server, zone, on_check, &result);
	wait_for(f, &result, 1);
	return result;
}

static inline result_t set_policy(fixture_t *f, const char *zone, const char *base, policy_role_t role, uint32_t ttl,
                                  bool implicit)
{
	result_t result = { 0 };
	server_switch(f->server, zone, base, role, ttl, implicit, on_done, &result);
	wait_for(f, &result, 1);
	return result;
}

static inline result_t origin(fixture_t *f, const char *zone)
{
	result_t result = { 0 };
	server_policy_origin(f->server, zone, on_done, &result);
	wait_for(f, &result, 1);
	return result;
}

#define assert_status(result, want)                                                                                    \
	do {                                                                                                           \
		result_t r_ = (result);                                                                                \
		if (r_.status != (want)) {                                                                             \
			fail_msg("status %i, not %i: %s", r_.status, (want), r_.detail);                               \
		}                                                                                                      \
	} while (0)

/* The operator. */

static inline void on_unit(const control_unit_t *unit, void *arg)
{
	char *out = arg;
	size_t len = strlen(out);
	snprintf(out + len, 4096 - len, "%s%s%s%s.%s=%s\n", unit->section ? unit->section : "", unit->id ? "[" : "",
	         unit->id ? unit->id : "", unit->id ? "]" : "", unit->item ? unit->item : "",
	         unit->data ? unit->data : "");
}

static inline const char *operator_tries(fixture_t *f, const char *name, const char *section, const char *id,
                                         const char *item, const char *data, char *out)
{
	static control_cmd_t cmd;
	char detail[CONTROL_DETAIL_MAX];
	control_target_t target = { .path = f->knotd.socket, .timeout_ms = TIMEOUT_MS };
	bool zone = strncmp(name, "zone-", 5) == 0;
	cmd = (control_cmd_t){ .name = name,
		               .section = zone ? NULL : section,
		               .zone = zone ? id : NULL,
		               .id = zone ? NULL : id,
		               .item = item,
		               .data = data,
		               .each = (out != NULL) ? on_unit : NULL,
		               .arg = out };
	if (out != NULL) {
		out[0] = '\0';
	}
	control_t *control;
	assert_int_equal(control_open(&control, &target, detail), KNOT_EOK);
	assert_int_equal(control_run(control, &cmd, 1, detail), KNOT_EOK);
	control_close(control);
	return cmd.failed ? cmd.error : "";
}

static inline bool is_busy(const char *error)
{
	const char *busy = knot_strerror(KNOT_EBUSY), *thread = knot_strerror(KNOT_TXN_ETHREAD);
	return strncmp(error, busy, strlen(busy)) == 0 || strncmp(error, thread, strlen(thread)) == 0;
}

/*!
 * One command in a connection of its own, as knotc does. \return Its error, "" if none.
 *
 * knotd notices the end of a connection late. Until then it does not take the next one for
 * that of the transaction's owner and refuses to end the transaction.
 */
static inline const char *operator_does(fixture_t *f, const char *name, const char *section, const char *id,
                                        const char *item, const char *data, char *out)
{
	time_t end = time(NULL) + WAIT_S;
	const char *error;
	do {
		error = operator_tries(f, name, section, id, item, data, out);
	} while (is_busy(error) && time(NULL) < end);
	return error;
}

#define assert_operator(f, ...) assert_string_equal(operator_does(f, __VA_ARGS__, NULL), "")

static inline char *section_of(fixture_t *f, const char *section, const char *id)
{
	static char out[4096];
	operator_does(f, "conf-read", section, id, NULL, NULL, out);
	return out;
}

static inline unsigned policy_count(fixture_t *f)
{
	char out[4096];
	operator_does(f, "conf-read", "policy", NULL, "id", NULL, out);
	unsigned n = 0;
	for (const char *p = out; (p = strchr(p, '\n')) != NULL; p++) {
		n++;
	}
	return n;
}

static inline void assert_no_transaction(fixture_t *f)
{
	assert_operator(f, "conf-begin", NULL, NULL, NULL, NULL);
	assert_operator(f, "conf-abort", NULL, NULL, NULL, NULL);
}

/*! Checks until a condition holds. */
#define wait_until(f, zone, result, condition)                                                                         \
	do {                                                                                                           \
		time_t end_ = time(NULL) + WAIT_S;                                                                     \
		(result) = check(f, zone);                                                                             \
		while (!(condition)) {                                                                                 \
			if (time(NULL) > end_) {                                                                       \
				fail_msg("%s: never %s (%s)", zone, #condition, (result).detail);                      \
			}                                                                                              \
			nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);                                    \
			(result) = check(f, zone);                                                                     \
		}                                                                                                      \
	} while (0)

static inline int stop_knotd(void **state)
{
	fixture_t *f = *state;
	if (f == NULL) {
		return 0;
	}
	if (f->server != NULL) {
		server_free(f->server);
		uv_run(&f->loop, UV_RUN_DEFAULT);
		assert_int_equal(uv_loop_close(&f->loop), 0);
	}
	knotd_stop(&f->knotd, SIGTERM);
	free(f);
	return 0;
}
