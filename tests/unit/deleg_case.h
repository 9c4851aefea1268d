/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A delegation in the middle of a KSK rollover of the child: DS names key A, the signals name key B.
 */

#pragma once

#include <stdio.h>
#include <string.h>

#include "kskroll/delegation.h"

#define HOUR 3600
#define DAY  86400
#define T0   1800000000

/*! Keys of the child; the first three are of algorithm 13. */
enum {
	A = 1 << 0,
	B = 1 << 1,
	C = 1 << 2,
	OTHER = 1 << 3, /*!< Of algorithm 8. */
	RSASHA1 = 1 << 4,
	STRANGE = 1 << 5, /*!< Of algorithm 17. */
};
#define DELEG_KEYS    6
#define DELEG_SERVERS 3

typedef struct {
	delegation_config_t config;
	delegation_row_t row;
	delegation_facts_t facts;
	delegation_key_t key[DELEG_KEYS];
	delegation_child_t child[DELEG_SERVERS];
	delegation_signaling_t signaling[2];
	delegation_parent_t parent[2];
	delegation_view_t view[2];
	time_t now;
	delegation_verdict_t verdict;
	delegation_decision_t out;
} deleg_t;

static inline delegation_key_t deleg_key(unsigned i)
{
	static const uint8_t algorithms[DELEG_KEYS] = { 13, 13, 13, 8, 5, 17 };
	delegation_key_t key = { .id = { .tag = 1000 + i, .algorithm = algorithms[i] }, .whole = true, .flags = 257 };

	memset(key.id.digest, i + 1, sizeof(key.id.digest));
	memset(key.sha1, 0x20 + i, sizeof(key.sha1));
	memset(key.sha384, 0x40 + i, sizeof(key.sha384));
	return key;
}

/*! A DS of a key. */
static inline ds_record_t deleg_record(unsigned i, uint8_t type)
{
	const delegation_key_t key = deleg_key(i);
	ds_record_t r = { .tag = key.id.tag, .algorithm = key.id.algorithm, .digest_type = type };
	const void *digest = type == 1 ? key.sha1 : type == 4 ? key.sha384 : key.id.digest;

	r.digest_len = type == 1 ? 20 : type == 4 ? 48 : 32;
	memcpy(r.digest, digest, r.digest_len);
	return r;
}

static inline ds_set_t deleg_set_of(delegation_keys_t keys, uint8_t type)
{
	ds_set_t set = { 0 };

	for (unsigned i = 0; i < DELEG_KEYS; i++) {
		const ds_record_t r = deleg_record(i, type);
		if (keys & (1U << i)) {
			ds_set_add(&set, &r);
		}
	}
	return set;
}

static inline ds_set_t deleg_set(delegation_keys_t keys)
{
	return deleg_set_of(keys, 2);
}

static inline ds_set_t deleg_delete(void)
{
	return (ds_set_t){ .count = 1, .record[0] = { .digest_len = 1 } };
}

/*! What all servers of the child have as CDS and CDNSKEY; 0: NODATA, with a proof. */
static inline void deleg_signal_at(deleg_t *d, unsigned server, delegation_keys_t keys)
{
	delegation_child_t *a = &d->child[server];

	a->cds.present = a->cdnskey.present = keys != 0;
	a->cds.proven = a->cdnskey.proven = keys == 0;
	a->cds_set = deleg_set(keys);
	a->cdnskey_keys = keys;
	a->cdnskey_deletes = false;
}

static inline void deleg_signal(deleg_t *d, delegation_keys_t keys)
{
	for (unsigned i = 0; i < DELEG_SERVERS; i++) {
		deleg_signal_at(d, i, keys);
	}
}

static inline void deleg_signal_delete(deleg_t *d)
{
	for (unsigned i = 0; i < DELEG_SERVERS; i++) {
		deleg_signal_at(d, i, A);
		d->child[i].cds_set = deleg_delete();
		d->child[i].cdnskey_keys = 0;
		d->child[i].cdnskey_deletes = true;
	}
}

/*! DNSKEY at all servers, signed by all of these keys. */
static inline void deleg_dnskey(deleg_t *d, delegation_keys_t keys)
{
	for (unsigned i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].dnskey = d->child[i].dnskey_signed_by = keys;
		d->child[i].cds.signed_by = d->child[i].cdnskey.signed_by = keys;
	}
}

static inline void deleg_signed(deleg_t *d, time_t inception)
{
	for (unsigned i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cds.inception = d->child[i].cdnskey.inception = inception;
		d->child[i].cds.expires = d->child[i].cdnskey.expires = inception + 14 * DAY;
	}
}

/*! DS at all servers of the parent. */
static inline void deleg_spread(deleg_t *d, const ds_set_t *ds)
{
	d->parent[0].ds = d->parent[1].ds = *ds;
}

/*! DS in the zone: the agent's copy first, which has been transferred everywhere. */
static inline void deleg_ds(deleg_t *d, delegation_keys_t keys)
{
	d->facts.zone.ds = deleg_set(keys);
	deleg_spread(d, &d->facts.zone.ds);
}

static inline void deleg_views(deleg_t *d, delegation_view_status_t status)
{
	d->view[0].status = d->view[1].status = status;
}

/*! Time passes, and all is asked again. */
static inline void deleg_later(deleg_t *d, time_t seconds)
{
	d->now += seconds;
	d->facts.surveyed = d->now - 5;
}

static inline void deleg_init(deleg_t *d)
{
	memset(d, 0, sizeof(*d));
	d->now = T0;
	d->config = DELEGATION_CONFIG_DEFAULT;
	d->facts.zone = (delegation_zone_t){ .known = true,
		                             .delegated = true,
		                             .serial = 7,
		                             .ns = 77,
		                             .ns_ttl = DAY,
		                             .ds_ttl = DAY,
		                             .load = DELEGATION_LOAD_KEEPS };
	d->facts.asked = DELEGATION_ASK_SCAN | DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH;
	d->facts.surveyed = T0 - 5;
	d->facts.surveyed_ns = 77;
	d->facts.key = d->key;
	d->facts.key_count = DELEG_KEYS;
	d->facts.child = d->child;
	d->facts.child_count = DELEG_SERVERS;
	d->facts.parent = d->parent;
	d->facts.parent_count = 2;
	d->facts.view = d->view;
	d->facts.view_count = 2;
	for (unsigned i = 0; i < DELEG_KEYS; i++) {
		d->key[i] = deleg_key(i);
	}
	for (unsigned i = 0; i < DELEG_SERVERS; i++) {
		snprintf(d->child[i].server, sizeof(d->child[i].server), "ns%u.", i + 1);
	}
	for (unsigned i = 0; i < 2; i++) {
		snprintf(d->parent[i].server, sizeof(d->parent[i].server), "p%u.", i + 1);
		snprintf(d->signaling[i].nameserver, sizeof(d->signaling[i].nameserver), "ns%u.", i + 1);
		snprintf(d->view[i].resolver, sizeof(d->view[i].resolver), "resolver %u", i + 1);
	}
	deleg_views(d, DELEGATION_VIEW_SECURE);
	deleg_dnskey(d, A | B);
	deleg_signal(d, B);
	deleg_signed(d, T0 - HOUR);
	deleg_ds(d, A);
	d->facts.scan = (delegation_scan_t){ .answered = true, .differs = true };
	d->facts.scan.content = delegation_content(&d->child[0].cds_set);
	delegation_init(&d->row, T0 - 10 * DAY, 0);
	d->row.known = true;
	d->row.ds = ds_set_id(&d->facts.zone.ds);
}

/*! The child has no DS, and the signaling names of its nameservers confirm its signals. */
static inline void deleg_first(deleg_t *d)
{
	deleg_init(d);
	d->config.bootstrap = true;
	d->facts.zone.ds = (ds_set_t){ 0 };
	d->facts.zone.ds_ttl = 0;
	d->row.ds = 0;
	deleg_spread(d, &d->facts.zone.ds);
	deleg_views(d, DELEGATION_VIEW_INSECURE);
	d->facts.signaling = d->signaling;
	d->facts.signaling_count = 2;
	for (unsigned i = 0; i < 2; i++) {
		d->signaling[i].cds = deleg_set(B);
		d->signaling[i].cdnskey = B;
	}
	for (unsigned i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].cds.inception = d->child[i].cdnskey.inception = 0;
	}
}

static inline void deleg_accept(deleg_t *d)
{
	delegation_accept(&d->config, &d->row, &d->facts, d->now, &d->verdict);
}

/*! Decides once, and takes the row. */
static inline void deleg_step(deleg_t *d)
{
	delegation_decide(&d->config, &d->row, &d->facts, d->now, &d->out);
	d->row = d->out.row;
}

/*! What is ordered is carried out: the zone has it, and the servers of the parent too. */
static inline void deleg_obey(deleg_t *d)
{
	const delegation_order_t *order = &d->out.order;

	d->facts.zone.ds = order->put;
	d->facts.zone.ds_ttl = order->ttl;
	d->facts.zone.serial++;
	deleg_spread(d, &order->put);
}
