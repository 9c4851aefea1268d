/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A world in one struct for tests of the pure machine: two nameservers, two parent servers.
 */

#pragma once

#include <stdio.h>
#include <string.h>

#include "kskroll/rollover.h"

#define OLD   ((keyset_t)1)
#define NEW   ((keyset_t)2)
#define THIRD ((keyset_t)4)

#define T0   ((time_t)1000000000)
#define HOUR 3600
#define DAY  86400

typedef struct {
	rollover_config_t config;
	rollover_row_t row;
	rollover_facts_t facts;
	child_answer_t child[2];
	parent_answer_t parent[2];
	time_t now;
	rollover_decision_t out;
} machine_t;

static inline key_id_t machine_key(uint8_t n)
{
	key_id_t id = { .tag = 1000 + n, .algorithm = 13 };
	memset(id.digest, n, sizeof(id.digest));
	return id;
}

static inline void machine_init(machine_t *m)
{
	memset(m, 0, sizeof(*m));
	m->config = ROLLOVER_CONFIG_DEFAULT;
	m->now = T0;
	rollover_init(&m->row, T0);
	for (int i = 0; i < 3; i++) {
		m->facts.keys[i] = machine_key(i + 1);
	}
	m->facts.key_count = 3;
	m->facts.own = (own_facts_t){ .known = true, .base_publishes = true, .dnskey = OLD, .dnskey_ttl = HOUR };
	m->facts.child = m->child;
	m->facts.child_count = 2;
	m->facts.parent = m->parent;
	m->facts.parent_count = 2;
	m->facts.asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	m->facts.watch = (watch_facts_t){ .answered = 1, .parent_ok = true };
	for (int i = 0; i < 2; i++) {
		snprintf(m->child[i].server, sizeof(m->child[i].server), "ns%d.example. 192.0.2.%d@53", i + 1, i + 1);
		m->child[i].dnskey = m->child[i].dnskey_signed_by = OLD;
		m->child[i].dnskey_equal = true;
		m->child[i].dnskey_ttl = HOUR;
		snprintf(m->parent[i].server, sizeof(m->parent[i].server), "p%d.test. 192.0.2.1%d@53", i + 1, i + 1);
		m->parent[i].ds = OLD;
		m->parent[i].ds_ttl = DAY;
	}
}

/*! Every nameserver serves these KSKs, and all of them sign. */
static inline void machine_serve(machine_t *m, keyset_t keys, uint32_t ttl)
{
	m->facts.own.dnskey = keys;
	m->facts.own.dnskey_ttl = ttl;
	for (int i = 0; i < 2; i++) {
		m->child[i].dnskey = m->child[i].dnskey_signed_by = keys;
		m->child[i].dnskey_ttl = ttl;
	}
}

/*! CDS and CDNSKEY everywhere; 0 for none. */
static inline void machine_signal(machine_t *m, keyset_t keys)
{
	signal_rrset_t rrset = { .present = keys != 0, .keys = keys, .signed_by = m->facts.own.dnskey };
	m->facts.own.cds = m->facts.own.cdnskey = rrset;
	for (int i = 0; i < 2; i++) {
		m->child[i].cds = m->child[i].cdnskey = rrset;
	}
}

static inline void machine_ds(machine_t *m, keyset_t keys, uint32_t ttl)
{
	for (int i = 0; i < 2; i++) {
		m->parent[i].ds = keys;
		m->parent[i].ds_ttl = ttl;
	}
}

static inline void machine_decide(machine_t *m)
{
	rollover_decide(&m->config, &m->row, &m->facts, m->now, &m->out);
}

/*! Decides and takes the decision over. */
static inline void machine_step(machine_t *m)
{
	machine_decide(m);
	m->row = m->out.row;
}

/*! The keys that CDS names where the KSKs have these states. */
static inline keyset_t machine_named(key_states_t keys)
{
	return keys == KEYS_SIGNAL_NEW ? NEW : keys == KEYS_SIGNAL_BOTH ? OLD | NEW : 0;
}

/*! kskrolld and Knot do what was decided, and every nameserver has it at once. */
static inline void machine_obey(machine_t *m)
{
	const rollover_decision_t *d = &m->out;

	if (d->set_keys) {
		rollover_keys_are(&m->row, d->keys, &m->facts, m->now);
		machine_signal(m, rollover_is_first(&m->row) && d->keys == KEYS_SIGNAL_NEW ? m->facts.own.dnskey :
		                                                                             machine_named(d->keys));
	} else if (rollover_must_switch(&m->facts.own, d)) {
		m->facts.own.policy = d->policy;
	} else if (d->action != ACTION_NONE) {
		rollover_keys_are(&m->row, KEYS_SILENT, &m->facts, m->now);
	}
}

/*! Time in which checks came when they were due, and saw what the last one saw. */
static inline void machine_pass(machine_t *m, time_t seconds)
{
	m->now += seconds;
	m->row.observed_last = m->now - 1;
}

/*! What the states of the keys were read to be in this state. */
static inline key_states_t machine_keys(rollover_state_t state)
{
	switch (state) {
	case ROLLOVER_PREPARE: /* Nobody has had to set them. */
	case ROLLOVER_REMOVE_DS:
	case ROLLOVER_EXPIRE_DS:
		return KEYS_UNKNOWN;
	case ROLLOVER_SIGNAL:
	case ROLLOVER_AWAIT_DS:
		return KEYS_SIGNAL_NEW;
	case ROLLOVER_ROLLBACK:
		return KEYS_SIGNAL_BOTH;
	case ROLLOVER_PRESIGN:
		return KEYS_PRESIGN;
	default: /* In idle: since the last rollover. */
		return KEYS_SILENT;
	}
}

/*! The algorithm changes. The data is signed by these, everywhere, since serial 7. */
#define OLD_ALGORITHM ALGSET_OF(13)
#define NEW_ALGORITHM ALGSET_OF(15)

static inline void machine_sign(machine_t *m, algset_t algorithms)
{
	m->facts.own.data_algorithms = algorithms;
	for (int i = 0; i < 2; i++) {
		m->child[i].data_algorithms = m->child[i].cds.present ? 0 : algorithms;
		m->child[i].serial_known = !m->child[i].cds.present;
		m->child[i].serial = 7;
	}
}

/*! The new key is of another algorithm. After machine_at() or machine_serve(). */
static inline void machine_algorithm(machine_t *m)
{
	own_facts_t *own = &m->facts.own;
	const rollover_state_t state = m->row.state;

	m->facts.keys[1].algorithm = m->row.new_key.algorithm = 15;
	own->algorithm_wanted = 15;
	own->algorithms = ((own->dnskey & OLD) ? OLD_ALGORITHM : 0) | ((own->dnskey & NEW) ? NEW_ALGORITHM : 0);
	own->serial_known = true;
	own->serial = m->row.data_serial = 7;
	machine_sign(m, state == ROLLOVER_CLEAN || state == ROLLOVER_SETTLE ? NEW_ALGORITHM :
	                                                                      OLD_ALGORITHM | NEW_ALGORITHM);
	m->row.data_algorithms = own->data_algorithms;
	m->row.data_since = T0 - 8 * DAY;
	m->row.data_last = m->now - 1;
}

/*! The zone as it is when nothing is in the way of leaving \a state but time. */
static inline void machine_at(machine_t *m, rollover_state_t state)
{
	machine_init(m);
	m->row.state = state;
	m->row.old[0] = m->facts.keys[0];
	m->row.old_count = 1;
	m->row.settled_at = m->row.parent_seen = T0;
	ttl_window_add(&m->row.dnskey_ttl, 300, T0);
	ttl_window_add(&m->row.ds_ttl, DAY, T0);
	if ((state >= ROLLOVER_INTRODUCE && state <= ROLLOVER_RETIRE) || state == ROLLOVER_ROLLBACK ||
	    state == ROLLOVER_ROLLED_BACK || state == ROLLOVER_CLEAN) {
		m->row.has_new = true;
		m->row.new_key = m->facts.keys[1];
		machine_serve(m, state == ROLLOVER_CLEAN ? NEW : OLD | NEW, 300);
	} else {
		machine_serve(m, OLD, state == ROLLOVER_IDLE ? HOUR : 300);
	}
	rollover_keys_are(&m->row, machine_keys(state), &m->facts, T0);
	m->row.signalled = state >= ROLLOVER_SIGNAL && state <= ROLLOVER_ROLLED_BACK ? T0 : 0;
	machine_signal(m, machine_named(m->row.keys));
	if ((state >= ROLLOVER_WITHDRAW && state <= ROLLOVER_RETIRE) || state == ROLLOVER_CLEAN) {
		machine_ds(m, NEW, 300);
		m->row.ds_all_since = T0;
		m->row.ds_expire = DAY;
	}
	if (state == ROLLOVER_OBSERVE) {
		m->row.observed_since = m->row.observed_last = T0;
	}
	if (state == ROLLOVER_RETIRE) {
		m->now = T0 + DAY;
		m->row.since = m->now;
		m->row.observed_since = T0;
		m->row.observed_last = m->row.parent_seen = m->now - 300;
	}
	if (state == ROLLOVER_PRESIGN || state == ROLLOVER_CLEAN) {
		machine_algorithm(m);
	}
	m->facts.own.policy = rollover_policy(&m->row);
}

/*! The keys sign the data as well, and each that is served has signed it. After machine_at() or machine_serve(). */
static inline void machine_single_type(machine_t *m)
{
	m->row.csk = m->row.csk_new = m->facts.own.csk = m->facts.own.csk_wanted = true;
	if (m->row.state >= ROLLOVER_WITHDRAW && m->row.state <= ROLLOVER_RETIRE) {
		m->row.keys = KEYS_MOVED;
	}
	for (int i = 0; i < 2; i++) {
		m->child[i].data_signed_by = m->child[i].cds.present ? 0 : m->child[i].dnskey;
	}
}
