/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers.h"

/*! Longest part of a name in a label; escaped names can be longer. */
#define LABEL_NAME_MAX 250

int servers_add_name(servers_t *servers, const knot_dname_t *name)
{
	assert(servers && name);

	if (servers_find(servers, name) != SERVERS_UNNAMED) {
		return KNOT_EOK;
	}
	if (servers->name_count == SERVERS_NAMES_MAX) {
		return KNOT_ELIMIT;
	}

	size_t count = servers->name_count + 1;
	server_name_t *names = reallocarray(servers->names, count, sizeof(*names));
	if (names == NULL) {
		return KNOT_ENOMEM;
	}
	servers->names = names;

	server_name_t *new = &names[servers->name_count++];
	memset(new, 0, sizeof(*new));
	knot_dname_copy_lower(new->name, name);
	return KNOT_EOK;
}

int servers_add_ns(servers_t *servers, const knot_rdataset_t *ns)
{
	int ret = KNOT_EOK;
	knot_rdata_t *rr = ns->rdata;
	for (uint16_t i = 0; ret == KNOT_EOK && i < ns->count; i++, rr = knot_rdataset_next(rr)) {
		if (knot_dname_wire_check(rr->data, rr->data + rr->len, NULL) > 0) {
			ret = servers_add_name(servers, rr->data);
		}
	}
	return ret;
}

unsigned servers_find(const servers_t *servers, const knot_dname_t *name)
{
	for (unsigned i = 0; i < servers->name_count; i++) {
		if (knot_dname_is_case_equal(servers->names[i].name, name)) {
			return i;
		}
	}
	return SERVERS_UNNAMED;
}

unsigned servers_family(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET ? FAMILY_IPV4 : addr->ss_family == AF_INET6 ? FAMILY_IPV6 : 0;
}

int servers_add_addr(servers_t *servers, unsigned name, const struct sockaddr_storage *addr)
{
	assert(servers && addr);
	assert(name == SERVERS_UNNAMED || name < servers->name_count);

	if (name != SERVERS_UNNAMED) {
		servers->names[name].has_addr = true;
		servers->names[name].families |= servers_family(addr);
	}
	for (unsigned i = 0; i < servers->addr_count; i++) {
		if (addr_cmp(&servers->addrs[i].addr, addr) == 0) {
			/* The lowest name gives the label, whoever answered first. */
			if (name < servers->addrs[i].name) {
				servers->addrs[i].name = name;
			}
			return KNOT_EOK;
		}
	}
	if (servers->addr_count == SERVERS_ADDRS_MAX) {
		return KNOT_ELIMIT;
	}

	size_t count = servers->addr_count + 1;
	server_addr_t *addrs = reallocarray(servers->addrs, count, sizeof(*addrs));
	if (addrs == NULL) {
		return KNOT_ENOMEM;
	}
	servers->addrs = addrs;
	addrs[servers->addr_count++] = (server_addr_t){ name, *addr };
	return KNOT_EOK;
}

int servers_add_addrs(servers_t *servers, const dns_addrs_t *addrs)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < addrs->count; i++) {
		ret = servers_add_addr(servers, SERVERS_UNNAMED, &addrs->addr[i]);
	}
	return ret;
}

int servers_merge(servers_t *servers, const servers_t *from)
{
	int ret = KNOT_EOK;
	for (unsigned i = 0; ret == KNOT_EOK && i < from->name_count; i++) {
		ret = servers_add_name(servers, from->names[i].name);
	}
	for (unsigned i = 0; ret == KNOT_EOK && i < from->addr_count; i++) {
		unsigned name = from->addrs[i].name;
		name = name != SERVERS_UNNAMED ? servers_find(servers, from->names[name].name) : name;
		ret = servers_add_addr(servers, name, &from->addrs[i].addr);
	}
	return ret;
}

bool servers_same_addrs(const servers_t *a, const servers_t *b)
{
	if (a->addr_count != b->addr_count) {
		return false;
	}
	/* Each address is there once; the names are for people. */
	for (unsigned i = 0; i < a->addr_count; i++) {
		unsigned k = 0;
		while (k < b->addr_count && addr_cmp(&a->addrs[i].addr, &b->addrs[k].addr) != 0) {
			k++;
		}
		if (k == b->addr_count) {
			return false;
		}
	}
	return true;
}

const char *servers_error(int ret)
{
	return ret == KNOT_ELIMIT ? "too many nameservers" : ret == KNOT_ENOENT ? "no nameserver" : knot_strerror(ret);
}

static int cmp(const void *a, const void *b)
{
	const server_addr_t *x = a, *y = b;
	if (x->name != y->name) {
		return x->name < y->name ? -1 : 1;
	}
	return addr_cmp(&x->addr, &y->addr);
}

void servers_sort(servers_t *servers)
{
	if (servers->addr_count > 0) {
		qsort(servers->addrs, servers->addr_count, sizeof(*servers->addrs), cmp);
	}
}

void servers_name_label(const servers_t *servers, unsigned name, char out[SERVERS_LABEL_MAX])
{
	knot_dname_txt_storage_t text;
	if (knot_dname_to_str(text, servers->names[name].name, sizeof(text)) == NULL) {
		text[0] = '\0';
	}
	snprintf(out, SERVERS_LABEL_MAX, "%.*s", LABEL_NAME_MAX, text);
}

void servers_label(const servers_t *servers, unsigned addr, char out[SERVERS_LABEL_MAX])
{
	char text[ADDR_TEXT_MAX], name[SERVERS_LABEL_MAX];
	addr_to_text(&servers->addrs[addr].addr, text);
	if (servers->addrs[addr].name == SERVERS_UNNAMED) {
		snprintf(out, SERVERS_LABEL_MAX, "%s", text);
	} else {
		servers_name_label(servers, servers->addrs[addr].name, name);
		snprintf(out, SERVERS_LABEL_MAX, "%.*s %s", LABEL_NAME_MAX, name, text);
	}
}

void servers_say_no_route(const servers_t *servers, unsigned addr, char *detail, size_t size)
{
	const bool named = servers->addrs[addr].name != SERVERS_UNNAMED;
	snprintf(detail, size, "this host has no route to %s%s",
	         servers_family(&servers->addrs[addr].addr) == FAMILY_IPV6 ? "this IPv6 address" : "this IPv4 address",
	         named ? ", and the server has no other that can be reached" : ", which is configured");
}

void servers_clear(servers_t *servers)
{
	free(servers->names);
	free(servers->addrs);
	memset(servers, 0, sizeof(*servers));
}
