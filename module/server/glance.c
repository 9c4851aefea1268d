/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions over one TCP connection to a socket on which knotd listens. What answers there is not trusted
 * with more than "nothing has changed": it is read with bounds, and nothing is done upon it.
 */

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "glance.h"

/*! For the first answer of an address: it is on this machine. */
#define FIRST_MS 500
/*! After nobody has answered. */
#define AGAIN_MS 60000
/*! Questions ahead of their answers: they fit into the socket's buffer, so sending does not block. */
#define WINDOW 64

static const uint16_t types[] = { KNOT_RRTYPE_SOA, KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY,
	                          KNOT_RRTYPE_NS };
#define TYPES (sizeof(types) / sizeof(types[0]))

/*! Length, header, question, OPT. */
#define QUESTION_MAX (2 + KNOT_WIRE_HEADER_SIZE + KNOT_DNAME_MAXLEN + 4 + 11)

typedef struct {
	int fd;
	int64_t deadline;
	uint8_t wire[KNOT_WIRE_MAX_PKTSIZE];
} conn_t;

/*! How an answer came out. */
typedef enum {
	TOLD, // The RRset, or that there is none.
	NOT_LOADED,
	CANNOT_TELL, // Another answer than one about the zone's apex.
	BROKEN,      // Nor anything else over this connection.
} told_t;

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static bool wait_for(const conn_t *conn, short events)
{
	int64_t left = conn->deadline - now_ms();
	struct pollfd fd = { .fd = conn->fd, .events = events };
	return left > 0 && poll(&fd, 1, (int)left) == 1;
}

static bool send_all(const conn_t *conn, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(conn->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent > 0) {
			data += sent;
			len -= sent;
		} else if ((errno != EAGAIN && errno != EINTR) || !wait_for(conn, POLLOUT)) {
			return false;
		}
	}
	return true;
}

static bool receive_all(const conn_t *conn, uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(conn->fd, data, len, MSG_DONTWAIT);
		if (got > 0) {
			data += got;
			len -= got;
		} else if (got == 0 || (errno != EAGAIN && errno != EINTR) || !wait_for(conn, POLLIN)) {
			return false;
		}
	}
	return true;
}

/*! A question without recursion, with EDNS and DO: RRSIGs say which keys sign. */
static size_t make_question(uint8_t *out, const knot_dname_t *zone, uint16_t type, uint16_t id)
{
	static const uint8_t opt[11] = { 0, 0, KNOT_RRTYPE_OPT, 0xff, 0xff, 0, 0, 0x80, 0, 0, 0 };
	uint8_t *wire = out + 2;

	memset(wire, 0, KNOT_WIRE_HEADER_SIZE);
	knot_wire_set_id(wire, id);
	knot_wire_set_qdcount(wire, 1);
	knot_wire_set_arcount(wire, 1);
	size_t len = KNOT_WIRE_HEADER_SIZE;
	const size_t name_len = knot_dname_size(zone);
	memcpy(wire + len, zone, name_len);
	len += name_len;
	knot_wire_write_u16(wire + len, type);
	knot_wire_write_u16(wire + len + 2, KNOT_CLASS_IN);
	len += 4;
	memcpy(wire + len, opt, sizeof(opt));
	len += sizeof(opt);
	knot_wire_write_u16(out, len);
	return 2 + len;
}

static knot_rdataset_t *set_of(server_check_t *check, const knot_rrset_t *rr, uint16_t type)
{
	if (rr->type == KNOT_RRTYPE_RRSIG) {
		return check_signatures(check, type, rr->rrs.rdata->data, rr->rrs.rdata->len);
	}
	if (rr->type != type) {
		return NULL;
	}
	switch (type) {
	case KNOT_RRTYPE_SOA:
		return &check->soa;
	case KNOT_RRTYPE_DNSKEY:
		return &check->dnskey;
	case KNOT_RRTYPE_CDS:
		return &check->cds;
	case KNOT_RRTYPE_CDNSKEY:
		return &check->cdnskey;
	default:
		return &check->ns;
	}
}

static told_t take_records(const knot_pkt_t *pkt, const knot_dname_t *zone, uint16_t type, server_check_t *check)
{
	const knot_pktsection_t *answer = knot_pkt_section(pkt, KNOT_ANSWER);

	for (uint16_t i = 0; i < answer->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(answer, i);
		if (rr->owner == NULL || rr->rclass != KNOT_CLASS_IN || rr->rrs.count != 1 || rr->rrs.rdata->len == 0 ||
		    !knot_dname_is_case_equal(rr->owner, zone)) {
			return CANNOT_TELL;
		}
		knot_rdataset_t *set = set_of(check, rr, type);
		if (set != NULL && knot_rdataset_add(set, rr->rrs.rdata, NULL) != KNOT_EOK) {
			return CANNOT_TELL;
		}
		if (set == &check->dnskey) {
			check->dnskey_ttl = rr->ttl;
		} else if (set == &check->soa) {
			check->soa_ttl = rr->ttl;
		}
	}
	/* A zone has a SOA and NS; without them the name is not the apex of one of ours. */
	bool must = type == KNOT_RRTYPE_SOA || type == KNOT_RRTYPE_NS;
	return must && (type == KNOT_RRTYPE_SOA ? check->soa.count != 1 : check->ns.count == 0) ? CANNOT_TELL : TOLD;
}

static told_t read_answer(conn_t *conn, const knot_dname_t *zone, uint16_t type, uint16_t id, server_check_t *check)
{
	uint8_t prefix[2];
	if (!receive_all(conn, prefix, sizeof(prefix))) {
		return BROKEN;
	}
	const size_t len = knot_wire_read_u16(prefix);
	if (len < KNOT_WIRE_HEADER_SIZE || !receive_all(conn, conn->wire, len) || knot_wire_get_id(conn->wire) != id ||
	    !knot_wire_get_qr(conn->wire)) {
		return BROKEN;
	}
	knot_pkt_t *pkt = knot_pkt_new(conn->wire, len, NULL);
	if (pkt == NULL) {
		return CANNOT_TELL;
	}
	told_t told = CANNOT_TELL;
	if (knot_pkt_parse(pkt, 0) == KNOT_EOK && knot_wire_get_qdcount(conn->wire) == 1 &&
	    knot_pkt_qtype(pkt) == type && knot_dname_is_case_equal(knot_pkt_qname(pkt), zone)) {
		uint8_t rcode = knot_wire_get_rcode(conn->wire);
		if (rcode == KNOT_RCODE_SERVFAIL && type == KNOT_RRTYPE_SOA) {
			told = NOT_LOADED;
		} else if (rcode == KNOT_RCODE_NOERROR && knot_wire_get_aa(conn->wire) &&
		           !knot_wire_get_tc(conn->wire)) {
			told = take_records(pkt, zone, type, check);
		}
	}
	knot_pkt_free(pkt);
	return told;
}

static void conclude(server_check_t *check, told_t told)
{
	if (told != TOLD) {
		check_clear(check);
	}
	if (told == TOLD) {
		check->status = SERVER_OK;
		check->detail[0] = '\0';
	} else if (told == NOT_LOADED) {
		check->status = SERVER_REFUSED;
		snprintf(check->detail, sizeof(check->detail), "%s", CHECK_NOT_LOADED);
	} else {
		check->status = SERVER_UNREACHABLE;
		snprintf(check->detail, sizeof(check->detail), "the zone cannot be read by DNS");
	}
}

/*! \return Answers that came. Checks without all of theirs are left as they are. */
static size_t ask_all(conn_t *conn, check_t *checks, size_t count, int timeout_ms)
{
	uint8_t question[QUESTION_MAX];
	knot_dname_storage_t zone;
	const size_t questions = count * TYPES;
	told_t worst = TOLD;

	for (size_t sent = 0, answered = 0; answered < questions; answered++) {
		for (; sent < questions && sent < answered + WINDOW; sent++) {
			if (knot_dname_from_str(zone, checks[sent / TYPES].zone, sizeof(zone)) == NULL ||
			    !send_all(conn, question, make_question(question, zone, types[sent % TYPES], sent))) {
				return answered;
			}
		}
		check_t *check = &checks[answered / TYPES];
		const size_t at = answered % TYPES;
		if (knot_dname_from_str(zone, check->zone, sizeof(zone)) == NULL) {
			return answered;
		}
		told_t told = read_answer(conn, zone, types[at], answered, &check->check);
		if (told == BROKEN) {
			return answered;
		}
		if (answered == 0) {
			conn->deadline = now_ms() + timeout_ms;
		}
		/* The SOA comes first: that the zone is not loaded says all. */
		worst = at == 0 ? told : (worst == TOLD ? told : worst);
		if (at == TYPES - 1) {
			conclude(&check->check, worst);
		}
	}
	return questions;
}

static bool ask_at(const struct sockaddr_storage *addr, socklen_t len, check_t *checks, size_t count, int timeout_ms)
{
	conn_t conn = { .deadline = now_ms() + (timeout_ms < FIRST_MS ? timeout_ms : FIRST_MS) };

	conn.fd = socket(addr->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn.fd < 0) {
		return false;
	}
	int error = 0;
	socklen_t error_len = sizeof(error);
	size_t answered = 0;
	if ((connect(conn.fd, (const struct sockaddr *)addr, len) == 0 || errno == EINPROGRESS) &&
	    wait_for(&conn, POLLOUT) && getsockopt(conn.fd, SOL_SOCKET, SO_ERROR, &error, &error_len) == 0 &&
	    error == 0) {
		answered = ask_all(&conn, checks, count, timeout_ms);
	}
	close(conn.fd);
	return answered > 0;
}

/*! \return False if nobody has answered. */
static bool ask_somebody(glance_t *glance, check_t *checks, size_t count, int timeout_ms)
{
	if (glance->addr_len > 0 && ask_at(&glance->addr, glance->addr_len, checks, count, timeout_ms)) {
		return true;
	}
	for (size_t i = 0; i < glance->known_count; i++) {
		const struct sockaddr_storage *known = &glance->known[i];
		socklen_t len = known->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
		if (ask_at(known, len, checks, count, timeout_ms)) {
			glance->addr = *known;
			glance->addr_len = len;
			return true;
		}
	}
	glance->addr_len = 0;
	return false;
}

void glance_run(glance_t *glance, check_t *checks, size_t count, int timeout_ms)
{
	assert(glance != NULL && checks != NULL);

	for (size_t i = 0; i < count; i++) {
		conclude(&checks[i].check, CANNOT_TELL);
	}
	if (now_ms() >= glance->again && !ask_somebody(glance, checks, count, timeout_ms)) {
		glance->again = now_ms() + AGAIN_MS;
	}
	for (size_t i = 0; i < count; i++) {
		if (checks[i].check.status == SERVER_UNREACHABLE) {
			check_clear(&checks[i].check);
		}
	}
}
