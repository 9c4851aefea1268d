/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A registry that a zone reaches by EPP, in place of the link, for the tests of submit_epp.c. Its account is
 * "lab".
 */

#pragma once

#include "daemon_submit_case.h"
#include "submit_channel.h"

/*! What it was asked, and the order that waits for an answer. */
typedef struct {
	unsigned asked, sent, cancelled, polled;
	bool waits; /*!< An order is there, */
	bool under_way;
	epp_verb_t verb;        /*!< this one, */
	epp_link_place_t place; /*!< there. */
	char domain[EPP_DOMAIN_MAX], trid[EPP_TRID_MAX];
	size_t rem, add;
	epp_ttl_t ttl_what;
	uint32_t ttl;
	epp_link_done_f done;
	void *arg;
	const char *bad; /*!< What is wrong with the accounts. */
} registry_t;

extern registry_t registry;
extern epp_account_t account;
extern epp_record_t shown; /*!< The record of the domain: the DS 1. */
extern epp_info_t info;

/*! The order that waits is over. */
void back(epp_link_status_t status, const epp_event_t *event, const char *why);
void answer(epp_verb_t verb, unsigned code, epp_meaning_t meaning);
/*! `<info>` is answered. */
void is_shown(void);

/*! A zone in await-ds, against the DS 1, for the DS 2. */
int begin(void **state);
int end(void **state);

rollover_facts_t facts_of(const case_t *c);
/*! Until an order is there. */
void wait_for(case_t *c, epp_verb_t verb);
/*! As far as the question. */
void start(case_t *c);
/*! As far as the update. */
void submit(case_t *c);
/*! As far as the answer 1001. */
void pend(case_t *c);
/*! Of the queue, about the update that the row has. */
epp_message_t message_about(const case_t *c, bool result);

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
