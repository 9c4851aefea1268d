/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A primary that a zone reaches by DNS UPDATE, in place of update.c, for the tests of submit_update.c.
 */

#pragma once

#include "daemon_submit_case.h"
#include "kskroll/update.h"
#include "submit_channel.h"

/*! What it was sent and asked, and what is under way. */
typedef struct {
	unsigned sent, asked, cancelled, withdrawn;
	bool check_only;
	uint32_t ttl;
	uint16_t ds, wanted, ns;
	uint8_t wanted_tag;
	knot_dname_storage_t zone, owner;
	struct update *under_way;
	int fails;
	bool change_sent; /*!< The next answer is that to the change. */
} primary_t;

extern primary_t primary;

/*! What is under way is over. */
void answer(update_status_t status, const char *detail);

int begin(void **state);

/*! As far as the change. */
void submit(case_t *c);
/*! The primary is asked again what came of it, as long as nobody knows. */
void ask_again(case_t *c, unsigned asked);

#define add      submit_case_add
#define decide   submit_case_decide
#define facts_of submit_case_facts
#define want_ttl submit_case_want_ttl

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, submit_case_end)
