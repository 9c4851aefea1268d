/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "discover.h"
#include "util/knot.h"

/*! Instead of a type: A and AAAA. */
#define ANY_ADDRESS 0

struct discover {
	shared_t *shared;
	above_t *above;
	ask_t *ask;
	discover_request_t request;
	discover_done_f parents;
	discover_done_f done;
	void *arg;
	discovery_t result;

	const knot_dname_t *candidate; /*!< Climbing: a suffix of the zone. */
	share_t *lookup;               /*!< NS of the candidate, or DNSKEY of the parent. */
	addresses_t *addresses;        /*!< Of servers of the parent, then of the zone. */
	addresses_t *addresses_above;  /*!< Of servers of the parent that only its own parent names. */
	unsigned pending;
	void (*stage_done)(discover_t *);

	above_wait_t *above_wait;
	referral_t *referral; /*!< Kept for what the servers said. */
	bool delegated;       /*!< The names of the zone's servers are known, only addresses are missing. */
	bool stopped;
};

static void find_parent(discover_t *discover);
static void parent_found(discover_t *discover);
static void find_child_servers(discover_t *discover);

static void finish(discover_t *discover)
{
	servers_sort(&discover->result.parent_servers);
	servers_sort(&discover->result.child_servers);
	discover->stopped = true;
	discover->done(discover->arg);
}

static const char *type_name(uint16_t type)
{
	switch (type) {
	case KNOT_RRTYPE_NS:
		return "NS";
	case KNOT_RRTYPE_DNSKEY:
		return "DNSKEY";
	default:
		return "address";
	}
}

/*! Notes the first trouble: "DNSKEY of example.: SERVFAIL". */
static void trouble(discover_t *discover, uint16_t type, const knot_dname_t *name, const char *error)
{
	knot_dname_txt_storage_t text;
	if (discover->result.detail[0] != '\0') {
		return;
	}
	if (knot_dname_to_str(text, name, sizeof(text)) == NULL) {
		text[0] = '\0';
	}
	snprintf(discover->result.detail, sizeof(discover->result.detail), "%s of %.90s: %.50s", type_name(type), text,
	         error);
}

/*! The parent, or what it says of the zone, cannot be found out. */
static void no_parent(discover_t *discover)
{
	discover->result.failed = discover->result.of_parent = true;
	finish(discover);
}

/* -- lookups of one stage -------------------------------------------------- */

static void one_done(discover_t *discover)
{
	assert(discover->pending > 0);
	if (--discover->pending == 0) {
		discover->stage_done(discover);
	}
}

static void take_keys(discover_t *discover, const lookup_result_t *result)
{
	if (result->status == LOOKUP_FAILED) {
		trouble(discover, KNOT_RRTYPE_DNSKEY, discover->result.parent, result->error);
	} else if (!result->secure) {
		discover->result.insecure = true;
	} else if (result->status == LOOKUP_NONE || result->alias) {
		trouble(discover, KNOT_RRTYPE_DNSKEY, discover->result.parent, "no such record");
	} else if (knot_rdataset_copy(&discover->result.parent_keys, &result->rrs, NULL) != KNOT_EOK) {
		trouble(discover, KNOT_RRTYPE_DNSKEY, discover->result.parent, "out of memory");
	}
}

static void on_keys(const lookup_result_t *result, void *arg)
{
	discover_t *discover = arg;
	discover->lookup = NULL;
	take_keys(discover, result);
	one_done(discover);
}

static void look_up_keys(discover_t *discover)
{
	discover->lookup = shared_start(discover->shared, discover->result.parent, KNOT_RRTYPE_DNSKEY,
	                                discover->request.fresh, on_keys, discover);
	if (discover->lookup != NULL) {
		discover->pending++;
	} else {
		trouble(discover, KNOT_RRTYPE_DNSKEY, discover->result.parent, shared_error(discover->shared));
	}
}

/*!
 * \brief Begins a stage of parallel lookups.
 *
 * One more is counted as pending until stage_go(), or the first failure would end the stage.
 */
static void stage_begin(discover_t *discover, void (*done)(discover_t *))
{
	discover->pending = 1;
	discover->stage_done = done;
}

static void stage_go(discover_t *discover)
{
	one_done(discover);
}

static void take_addresses(discover_t *discover, const servers_t *servers, int ret, unsigned name)
{
	if (ret != KNOT_EOK) {
		discover->result.failed = true;
		trouble(discover, ANY_ADDRESS, servers->names[name].name, "too many of them");
	}
	one_done(discover);
}

static void on_parent_addresses(int ret, unsigned name, void *arg)
{
	discover_t *discover = arg;
	take_addresses(discover, &discover->result.parent_servers, ret, name);
}

static void on_child_addresses(int ret, unsigned name, void *arg)
{
	discover_t *discover = arg;
	take_addresses(discover, &discover->result.child_servers, ret, name);
}

/*! Of the names from this one on. */
static void look_up_addresses(discover_t *discover, addresses_t **addresses, servers_t *servers, unsigned first)
{
	const bool parent = servers == &discover->result.parent_servers;
	addresses_free(*addresses);
	*addresses = addresses_new(discover->shared, servers, first, parent ? on_parent_addresses : on_child_addresses,
	                           discover);
	if (*addresses == NULL) {
		discover->result.failed = true;
		trouble(discover, ANY_ADDRESS, discover->request.zone, "out of memory");
	} else if (addresses_start(*addresses, parent && discover->request.fresh) > 0) {
		discover->pending++;
	}
}

/* -- the parent zone -------------------------------------------------------- */

/*!
 * Every name of the parent must have been resolved as a whole: DS decides at all of them. A dead name that is left
 * over in a referral is a server that cannot be reached.
 */
static void check_parent_names(discover_t *discover)
{
	const servers_t *servers = &discover->result.parent_servers;
	for (unsigned i = 0; i < servers->name_count; i++) {
		const server_name_t *name = &servers->names[i];
		if (name->error[0] != '\0') {
			trouble(discover, ANY_ADDRESS, name->name, name->error);
		} else if (!name->has_addr && !name->referred) {
			trouble(discover, ANY_ADDRESS, name->name, "there is none");
		}
	}
}

static void parent_found(discover_t *discover)
{
	discovery_t *result = &discover->result;
	check_parent_names(discover);

	if (result->failed || result->detail[0] != '\0') {
		no_parent(discover);
	} else {
		servers_sort(&result->parent_servers);
		discover->parents(discover->arg);
	}
}

/*! The delegation of the parent itself: resolvers may follow it to servers that its own NS RRset does not name. */
static void on_above(const above_result_t *above, void *arg)
{
	discover_t *discover = arg;
	discovery_t *result = &discover->result;
	discover->above_wait = NULL;

	const unsigned known = result->parent_servers.name_count;
	int ret = servers_merge(&result->parent_servers, above->servers);
	if (above->error != NULL && result->detail[0] == '\0') {
		snprintf(result->detail, sizeof(result->detail), "%s", above->error);
	}
	if (ret != KNOT_EOK) {
		trouble(discover, KNOT_RRTYPE_NS, result->parent, servers_error(ret));
	} else {
		for (unsigned i = known; i < result->parent_servers.name_count; i++) {
			result->parent_servers.names[i].referred = true;
		}
		look_up_addresses(discover, &discover->addresses_above, &result->parent_servers, known);
	}
	one_done(discover);
}

static void look_up_above(discover_t *discover)
{
	const discovery_t *result = &discover->result;
	if (*result->parent == '\0' || discover->request.parent->count > 0) {
		return;
	}
	discover->pending++;
	discover->above_wait =
		above_start(discover->above, result->parent, discover->request.fresh, on_above, discover);
	if (discover->above_wait == NULL) {
		trouble(discover, KNOT_RRTYPE_NS, result->parent, "out of memory");
		discover->pending--;
	}
}

static void take_parent(discover_t *discover, const lookup_result_t *ns)
{
	discovery_t *result = &discover->result;
	knot_dname_copy_lower(result->parent, discover->candidate);
	result->parent_known = true;
	result->insecure = !ns->secure;

	int ret = discover->request.parent->count > 0 ?
	                  servers_add_addrs(&result->parent_servers, discover->request.parent) :
	                  servers_add_ns(&result->parent_servers, &ns->rrs);
	if (ret != KNOT_EOK) {
		trouble(discover, KNOT_RRTYPE_NS, result->parent, servers_error(ret));
		no_parent(discover);
		return;
	}

	stage_begin(discover, parent_found);
	if (discover->request.parent_keys && !result->insecure) {
		look_up_keys(discover);
	}
	look_up_addresses(discover, &discover->addresses, &result->parent_servers, 0);
	look_up_above(discover);
	stage_go(discover);
}

static void on_parent_ns(const lookup_result_t *result, void *arg)
{
	discover_t *discover = arg;
	discover->lookup = NULL;

	if (result->status == LOOKUP_FAILED) {
		trouble(discover, KNOT_RRTYPE_NS, discover->candidate, result->error);
		no_parent(discover);
	} else if (result->status == LOOKUP_DATA && !result->alias) {
		take_parent(discover, result);
	} else if (*discover->candidate == '\0') {
		trouble(discover, KNOT_RRTYPE_NS, discover->candidate, "no such record");
		no_parent(discover);
	} else {
		discover->candidate = knot_dname_next_label(discover->candidate);
		find_parent(discover);
	}
}

/*! Is there a zone at the candidate? Its NS RRset is the proof. */
static void find_parent(discover_t *discover)
{
	discover->lookup = shared_start(discover->shared, discover->candidate, KNOT_RRTYPE_NS, discover->request.fresh,
	                                on_parent_ns, discover);
	if (discover->lookup == NULL) {
		trouble(discover, KNOT_RRTYPE_NS, discover->candidate, shared_error(discover->shared));
		no_parent(discover);
	}
}

/* -- the delegation --------------------------------------------------------- */

static void child_found(discover_t *discover);

static void look_up_child_servers(discover_t *discover)
{
	discover->delegated = true;
	stage_begin(discover, child_found);
	look_up_addresses(discover, &discover->addresses, &discover->result.child_servers, 0);
	stage_go(discover);
}

static void no_child_servers(discover_t *discover, const char *error)
{
	discover->result.failed = true;
	trouble(discover, KNOT_RRTYPE_NS, discover->request.zone, error);
	finish(discover);
}

/*!
 * Without any referral the list of the zone's servers is not complete. If all servers of the parent host the
 * zone, no resolver gets a referral either: it asks them, and they are among the zone's servers now.
 */
static void on_referral(int ret, void *arg)
{
	discover_t *discover = arg;
	const referral_t *referral = discover->referral;
	discover->result.packets += referral_packets(referral);

	if (ret != KNOT_EOK) {
		no_child_servers(discover, servers_error(ret));
	} else if (referral_count(referral, CUT_REFERRAL) > 0 || referral_all_host(referral)) {
		look_up_child_servers(discover);
	} else {
		char error[96], reason[80];
		referral_reason(referral, reason, sizeof(reason));
		snprintf(error, sizeof(error), "no referral: %s", reason);
		trouble(discover, KNOT_RRTYPE_NS, discover->request.zone, error);
		no_parent(discover);
	}
}

/*! RFC 9975 3: the parent's view of the delegation counts, with its glue, besides the zone's own. */
static void ask_delegation(discover_t *discover)
{
	discovery_t *result = &discover->result;
	referral_free(discover->referral);
	discover->referral = referral_start(discover->ask, discover->request.zone, &result->parent_servers,
	                                    &result->child_servers, on_referral, discover);
	if (discover->referral == NULL) {
		no_child_servers(discover,
		                 result->parent_servers.addr_count == 0 ? "no server of the parent" : "out of memory");
	}
}

const referral_said_t *discover_said(const discover_t *discover, unsigned index)
{
	bool asked = discover->referral != NULL && index < discover->result.parent_servers.addr_count;
	return asked ? referral_said(discover->referral, index) : NULL;
}

const knot_rdataset_t *discover_delegated_to(const discover_t *discover)
{
	return discover->referral != NULL ? referral_ns(discover->referral) : NULL;
}

/* -- the zone's servers ----------------------------------------------------- */

/*!
 * A name that cannot be looked up says nothing about its server, which may well answer others: that is no silence.
 * In the zone itself the servers that fail are its own, and asked by their glue if there is any.
 */
static void child_found(discover_t *discover)
{
	const servers_t *servers = &discover->result.child_servers;
	for (unsigned i = 0; i < servers->name_count; i++) {
		server_name_t *name = &servers->names[i];
		bool outside = knot_dname_in_bailiwick(name->name, discover->request.zone) < 0;
		if (name->error[0] != '\0' && (outside || !name->has_addr)) {
			name->unknown = discover->result.partial = true;
			trouble(discover, ANY_ADDRESS, name->name, name->error);
		}
	}
	finish(discover);
}

static void find_child_servers(discover_t *discover)
{
	servers_t *servers = &discover->result.child_servers;
	const dns_addrs_t *configured = discover->request.nameserver;
	if (!discover->request.child) {
		finish(discover);
		return;
	}

	int ret = configured->count > 0 ? servers_add_addrs(servers, configured) :
	                                  servers_add_ns(servers, discover->request.ns);
	if (ret == KNOT_EOK && servers->name_count == 0 && servers->addr_count == 0) {
		ret = KNOT_ENOENT;
	}
	if (ret != KNOT_EOK) {
		no_child_servers(discover, servers_error(ret));
	} else if (configured->count > 0) {
		finish(discover);
	} else if (*discover->request.zone == '\0') {
		look_up_child_servers(discover);
	} else {
		ask_delegation(discover);
	}
}

discover_t *discover_new(shared_t *shared, above_t *above, ask_t *ask, const discover_request_t *request,
                         discover_done_f parents, discover_done_f done, void *arg)
{
	assert(shared && above && ask && request && parents && done);

	discover_t *discover = calloc(1, sizeof(*discover));
	if (discover != NULL) {
		discover->shared = shared;
		discover->above = above;
		discover->ask = ask;
		discover->request = *request;
		discover->parents = parents;
		discover->done = done;
		discover->arg = arg;
	}
	return discover;
}

void discover_run(discover_t *discover)
{
	assert(discover);

	bool configured = discover->request.nameserver->count > 0;
	if (discover->request.parent_keys && *discover->request.zone == '\0') {
		discover->result.failed = true;
		trouble(discover, KNOT_RRTYPE_NS, discover->request.zone, "the root has no parent");
		finish(discover);
	} else if (*discover->request.zone != '\0' && (discover->request.parent_keys || !configured)) {
		discover->candidate = knot_dname_next_label(discover->request.zone);
		find_parent(discover);
	} else {
		find_child_servers(discover);
	}
}

void discover_go_on(discover_t *discover)
{
	find_child_servers(discover);
}

bool discover_hurry(discover_t *discover)
{
	assert(discover);

	if (discover->stopped || !discover->delegated || discover->addresses == NULL) {
		return false;
	}
	addresses_give_up(discover->addresses);
	child_found(discover);
	return true;
}

void discover_stop(discover_t *discover)
{
	if (discover == NULL || discover->stopped) {
		return;
	}

	discover->stopped = true;
	shared_cancel(discover->lookup);
	discover->lookup = NULL;
	addresses_free(discover->addresses);
	addresses_free(discover->addresses_above);
	discover->addresses = discover->addresses_above = NULL;
	above_cancel(discover->above_wait);
	discover->above_wait = NULL;
	referral_free(discover->referral);
	discover->referral = NULL;
}

discovery_t *discover_result(discover_t *discover)
{
	return &discover->result;
}

bool discovery_same_parent(const discovery_t *a, const discovery_t *b)
{
	return a->insecure == b->insecure && knot_dname_is_equal(a->parent, b->parent) &&
	       knot_rdataset_eq(&a->parent_keys, &b->parent_keys) &&
	       servers_same_addrs(&a->parent_servers, &b->parent_servers);
}

void discover_free(discover_t *discover)
{
	if (discover == NULL) {
		return;
	}

	discover_stop(discover);
	addresses_free(discover->addresses);
	addresses_free(discover->addresses_above);
	referral_free(discover->referral);
	knot_rdataset_clear(&discover->result.parent_keys, NULL);
	servers_clear(&discover->result.parent_servers);
	servers_clear(&discover->result.child_servers);
	free(discover);
}
