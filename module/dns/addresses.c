/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "addresses.h"
#include "kskroll/addr.h"

/*! One lookup. */
typedef struct {
	addresses_t *addresses;
	share_t *lookup; /*!< NULL once it is done. */
	uint16_t type;
	unsigned name; /*!< Index in the servers. */
} query_t;

struct addresses {
	shared_t *shared;
	servers_t *servers;
	addresses_done_f done;
	void *arg;
	unsigned pending;
	int ret;
	unsigned failed; /*!< The name that \a ret is about. */
	unsigned count;
	query_t queries[];
};

static void fail(const query_t *query, const char *error)
{
	server_name_t *name = &query->addresses->servers->names[query->name];
	snprintf(name->error, sizeof(name->error), "%s: %.80s", query->type == KNOT_RRTYPE_A ? "A" : "AAAA", error);
}

static void add(const query_t *query, const knot_rdataset_t *rrs)
{
	addresses_t *addresses = query->addresses;
	knot_rdata_t *rr = rrs->rdata;
	for (uint16_t i = 0; i < rrs->count; i++, rr = knot_rdataset_next(rr)) {
		struct sockaddr_storage addr;
		if (!addr_from_rdata(rr->data, rr->len, ADDR_PORT, &addr)) {
			continue;
		}
		int ret = servers_add_addr(addresses->servers, query->name, &addr);
		if (ret != KNOT_EOK && addresses->ret == KNOT_EOK) {
			addresses->ret = ret;
			addresses->failed = query->name;
		}
	}
}

static void on_lookup(const lookup_result_t *result, void *arg)
{
	query_t *query = arg;
	addresses_t *addresses = query->addresses;
	query->lookup = NULL;

	if (result->status == LOOKUP_FAILED) {
		fail(query, result->error);
	} else if (result->status == LOOKUP_DATA) {
		add(query, &result->rrs);
	}
	if (--addresses->pending == 0) {
		addresses->done(addresses->ret, addresses->failed, addresses->arg);
	}
}

addresses_t *addresses_new(shared_t *shared, servers_t *servers, unsigned first, addresses_done_f done, void *arg)
{
	assert(shared && servers && first <= servers->name_count && done);

	const unsigned count = 2 * (servers->name_count - first);
	addresses_t *addresses = calloc(1, sizeof(*addresses) + count * sizeof(query_t));
	if (addresses == NULL) {
		return NULL;
	}
	addresses->shared = shared;
	addresses->servers = servers;
	addresses->done = done;
	addresses->arg = arg;
	addresses->count = count;
	for (unsigned i = 0; i < count; i++) {
		addresses->queries[i] = (query_t){
			.addresses = addresses,
			.type = i % 2 == 0 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA,
			.name = first + i / 2,
		};
	}
	return addresses;
}

unsigned addresses_start(addresses_t *addresses, bool fresh)
{
	for (unsigned i = 0; i < addresses->count; i++) {
		query_t *query = &addresses->queries[i];
		const knot_dname_t *name = addresses->servers->names[query->name].name;
		query->lookup = shared_start(addresses->shared, name, query->type, fresh, on_lookup, query);
		if (query->lookup != NULL) {
			addresses->pending++;
		} else {
			fail(query, shared_error(addresses->shared));
		}
	}
	return addresses->pending;
}

void addresses_give_up(addresses_t *addresses)
{
	assert(addresses);

	for (unsigned i = 0; i < addresses->count; i++) {
		query_t *query = &addresses->queries[i];
		if (query->lookup != NULL) {
			shared_cancel(query->lookup);
			query->lookup = NULL;
			fail(query, "no answer in time");
		}
	}
}

void addresses_free(addresses_t *addresses)
{
	if (addresses == NULL) {
		return;
	}
	for (unsigned i = 0; i < addresses->count; i++) {
		shared_cancel(addresses->queries[i].lookup);
	}
	free(addresses);
}
