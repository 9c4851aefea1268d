/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <netinet/in.h>

#include "hash.h"
#include "notify_in.h"

/*! EDNS option Report-Channel (RFC 9567 5). */
#define OPTION_REPORT_CHANNEL 18
/*! Threads that take from one place at the same moment. One that is always overtaken gives up. */
#define TRIES 16

bool notify_in_is(const knot_pkt_t *query)
{
	const uint8_t *wire = query->wire;

	if (query->size < KNOT_WIRE_HEADER_SIZE || knot_wire_get_qr(wire) ||
	    knot_wire_get_opcode(wire) != KNOT_OPCODE_NOTIFY || knot_wire_get_qdcount(wire) != 1 ||
	    knot_wire_get_tc(wire)) {
		return false;
	}
	const knot_dname_t *child = knot_pkt_qname(query);
	return child != NULL && child[0] != '\0' && knot_pkt_qtype(query) == KNOT_RRTYPE_CDS &&
	       knot_pkt_qclass(query) == KNOT_CLASS_IN && !knot_pkt_has_tsig(query);
}

size_t notify_in_agent(const knot_pkt_t *query, uint8_t out[KNOT_DNAME_MAXLEN])
{
	uint8_t *option = knot_pkt_edns_option(query, OPTION_REPORT_CHANNEL);
	if (option == NULL) {
		return 0;
	}
	const uint16_t len = knot_edns_opt_get_length(option);
	const uint8_t *name = knot_edns_opt_get_data(option);
	/* Without a packet to point into, a compressed name is refused. The root is no agent. */
	const int size = len > 1 && len <= KNOT_DNAME_MAXLEN ? knot_dname_wire_check(name, name + len, NULL) : 0;
	if (size <= 1 || size != len) {
		return 0;
	}
	memcpy(out, name, size);
	return size;
}

/*! \a place: when it is used up; it may be \a burst times \a ms ahead of now. */
static bool take(_Atomic uint64_t *place, uint64_t now, uint64_t ms, uint64_t burst)
{
	uint64_t until = atomic_load_explicit(place, memory_order_relaxed);

	for (int i = 0; i < TRIES; i++) {
		const uint64_t from = until > now ? until : now;
		if (from - now > ms * (burst - 1)) {
			return false;
		}
		if (atomic_compare_exchange_weak_explicit(place, &until, from + ms, memory_order_relaxed,
		                                          memory_order_relaxed)) {
			return true;
		}
	}
	return false;
}

static uint32_t source_hash(uint32_t seed, const struct sockaddr_storage *source)
{
	if (source->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)source;
		return hash_bytes(seed, &v4->sin_addr, sizeof(v4->sin_addr));
	}
	if (source->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)source;
		return hash_bytes(seed, &v6->sin6_addr, sizeof(v6->sin6_addr) / 2);
	}
	return seed;
}

bool notify_in_take(notify_in_limits_t *limits, const struct sockaddr_storage *source, const knot_dname_t *child,
                    uint64_t now)
{
	const uint32_t seed = HASH_START ^ limits->seed;
	const uint32_t of_source = source_hash(seed, source);
	const uint32_t of_child = hash_bytes(seed, child, knot_dname_size(child));

	return take(&limits->source[of_source % NOTIFY_IN_SOURCES], now, NOTIFY_IN_SOURCE_MS, NOTIFY_IN_SOURCE_BURST) &&
	       take(&limits->child[of_child % NOTIFY_IN_CHILDREN], now, NOTIFY_IN_CHILD_MS, NOTIFY_IN_CHILD_BURST) &&
	       take(&limits->all, now, NOTIFY_IN_ALL_MS, NOTIFY_IN_ALL_BURST);
}
