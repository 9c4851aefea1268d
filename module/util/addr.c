/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/errcode.h>

#include "hash.h"
#include "kskroll/addr.h"

bool addrs_copy(dns_addrs_t *copy, const dns_addrs_t *from)
{
	assert(copy && from);

	*copy = (dns_addrs_t){ 0 };
	if (from->count > 0) {
		copy->addr = calloc(from->count, sizeof(*copy->addr));
		if (copy->addr == NULL) {
			return false;
		}
		memcpy(copy->addr, from->addr, from->count * sizeof(*copy->addr));
		copy->count = from->count;
	}
	return true;
}

void addrs_clear(dns_addrs_t *addrs)
{
	free(addrs->addr);
	*addrs = (dns_addrs_t){ 0 };
}

static int parse_port(const char *text, uint16_t *port)
{
	/* Plain digits only: no sign, no blanks, no overflow. */
	size_t len = strlen(text);
	if (len == 0 || len > 5 || strspn(text, "0123456789") != len) {
		return KNOT_EINVAL;
	}

	unsigned value = 0;
	for (const char *c = text; *c != '\0'; c++) {
		value = 10 * value + (unsigned)(*c - '0');
	}
	if (value == 0 || value > UINT16_MAX) {
		return KNOT_EINVAL;
	}
	*port = value;
	return KNOT_EOK;
}

int addr_parse(const char *text, struct sockaddr_storage *addr)
{
	if (text == NULL || addr == NULL) {
		return KNOT_EINVAL;
	}

	char ip[INET6_ADDRSTRLEN];
	uint16_t port = ADDR_PORT;

	const char *at = strchr(text, '@');
	size_t ip_len = at != NULL ? (size_t)(at - text) : strlen(text);
	if (ip_len >= sizeof(ip)) {
		return KNOT_EINVAL;
	}
	memcpy(ip, text, ip_len);
	ip[ip_len] = '\0';
	if (at != NULL && parse_port(at + 1, &port) != KNOT_EOK) {
		return KNOT_EINVAL;
	}

	uint8_t data[sizeof(struct in6_addr)];
	if (inet_pton(AF_INET, ip, data) == 1) {
		addr_from_rdata(data, sizeof(struct in_addr), port, addr);
	} else if (inet_pton(AF_INET6, ip, data) == 1) {
		addr_from_rdata(data, sizeof(struct in6_addr), port, addr);
	} else {
		return KNOT_EINVAL;
	}
	return KNOT_EOK;
}

bool addr_from_rdata(const uint8_t *data, size_t len, uint16_t port, struct sockaddr_storage *addr)
{
	assert(data && addr);

	memset(addr, 0, sizeof(*addr));
	if (len == sizeof(struct in_addr)) {
		struct sockaddr_in *in = (struct sockaddr_in *)addr;
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, data, len);
	} else if (len == sizeof(struct in6_addr)) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, data, len);
	} else {
		return false;
	}
	return true;
}

void addr_to_text(const struct sockaddr_storage *addr, char out[ADDR_TEXT_MAX])
{
	assert(addr && out);

	char ip[INET6_ADDRSTRLEN] = "";
	uint16_t port = 0;
	if (addr->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
		inet_ntop(AF_INET, &in->sin_addr, ip, sizeof(ip));
		port = ntohs(in->sin_port);
	} else if (addr->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
		inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof(ip));
		port = ntohs(in6->sin6_port);
	} else {
		out[0] = '\0';
		return;
	}
	snprintf(out, ADDR_TEXT_MAX, "%s@%u", ip, port);
}

int addr_cmp(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	assert(a && b);

	if (a->ss_family != b->ss_family) {
		/* IPv4 first; AF_INET is the smaller constant everywhere. */
		return a->ss_family < b->ss_family ? -1 : 1;
	}

	int cmp = 0;
	uint16_t port_a = 0, port_b = 0;
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *x = (const struct sockaddr_in *)a;
		const struct sockaddr_in *y = (const struct sockaddr_in *)b;
		cmp = memcmp(&x->sin_addr, &y->sin_addr, sizeof(x->sin_addr));
		port_a = ntohs(x->sin_port);
		port_b = ntohs(y->sin_port);
	} else if (a->ss_family == AF_INET6) {
		const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)a;
		const struct sockaddr_in6 *y = (const struct sockaddr_in6 *)b;
		cmp = memcmp(&x->sin6_addr, &y->sin6_addr, sizeof(x->sin6_addr));
		if (cmp == 0 && x->sin6_scope_id != y->sin6_scope_id) {
			cmp = x->sin6_scope_id < y->sin6_scope_id ? -1 : 1;
		}
		port_a = ntohs(x->sin6_port);
		port_b = ntohs(y->sin6_port);
	}
	if (cmp == 0 && port_a != port_b) {
		cmp = port_a < port_b ? -1 : 1;
	}
	return cmp;
}

uint32_t addr_hash(const struct sockaddr_storage *addr)
{
	assert(addr);

	if (addr->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
		return hash_bytes(HASH_START ^ in->sin_port, &in->sin_addr, sizeof(in->sin_addr));
	}
	if (addr->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
		return hash_bytes(HASH_START ^ in6->sin6_port, &in6->sin6_addr, sizeof(in6->sin6_addr));
	}
	return HASH_START;
}

bool addr_is_loopback(const struct sockaddr_storage *addr)
{
	assert(addr);

	if (addr->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
		return (ntohl(in->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
	}
	if (addr->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	}
	return false;
}
