/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Derived policies below a knotd whose configuration is a table, and whose memory ends where the test says.
 */

#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/util/knot.h"
#include "module/server/policy.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define MADE      "made by the module kskroll"

#define LOW_TTL "lab-kskroll-ttl"
#define DELETE  "lab-kskroll-delete"
#define DERIVED 2
extern const char *const derived[DERIVED];

/*! What knotd tells. Null: nothing special. */
typedef struct {
	struct {
		char policy[POLICY_NAME_MAX];
		const char *item, *value;
	} lines[128];
	size_t count;
	bool lost;                 /*!< The connection. */
	const char *busy, *silent; /*!< Where this policy is asked for; "zone": the zones. */
	const char *user, *used;   /*!< A zone and its policy. */
	server_status_t reread;
	unsigned rereads;           /*!< How often it was asked. */
	const char *command, *base; /*!< Expected. */
	unsigned until_no_memory;   /*!< Allocations. */
} table_t;

extern table_t knotd;

void has(const char *policy, const char *item, const char *value);
/*! An item that knotd no longer has; it must have it. */
void lacks(const char *policy, const char *item);
/*! An item that it has gets another value, in its place. */
void becomes(const char *policy, const char *item, const char *value);
void is_missing(const char *policy);

/*! The base policy "lab" alone. */
void begin_base(void);
/*! With its derived policies, as the module makes them or as an operator may. */
void begin_derived(bool made);

/*! The policy of the low TTL for a zone that leaves "lab" now. */
extern policy_want_t wanted;
policy_want_t as(policy_role_t role, bool leaves);

typedef struct {
	server_status_t status;
	rollover_gate_t gate;
	char detail[CONTROL_DETAIL_MAX];
	char cmds[4096]; /*!< One a line: "set ttl dnskey-ttl=300". */
} result_t;

result_t prepare(const policy_want_t *want);
void assert_does(const policy_want_t *want, const char *cmds);
void assert_refuses(const policy_want_t *want, server_status_t status, rollover_gate_t gate, const char *words);
