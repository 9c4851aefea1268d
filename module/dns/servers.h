/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The nameservers of one zone: names, their addresses, each address once.
 */

#pragma once

#include <limits.h>
#include <stdbool.h>
#include <libknot/libknot.h>

#include "kskroll/addr.h"

/*! More than any sane zone has; a zone with more is refused, never half checked. */
#define SERVERS_NAMES_MAX 64
#define SERVERS_ADDRS_MAX 512

/*! A name and an address, for people. */
#define SERVERS_LABEL_MAX 320

/*! Families of addresses. */
#define FAMILY_IPV4 (1U << 0)
#define FAMILY_IPV6 (1U << 1)

/*! Index of the name of configured addresses, which have none. */
#define SERVERS_UNNAMED UINT_MAX

typedef struct {
	knot_dname_storage_t name; /*!< Lower case. */
	bool has_addr;
	unsigned families; /*!< FAMILY_*: of its addresses. */
	char error[96];    /*!< Why it has none, or not all; "" if all is well. */
	bool referred;     /*!< By a referral alone, which is not signed. */
	bool unknown;      /*!< Nobody can tell its addresses: no word about the server. */
} server_name_t;

typedef struct {
	unsigned name; /*!< Index of the first name with this address. */
	struct sockaddr_storage addr;
} server_addr_t;

/*! Zeroed: empty. */
typedef struct {
	server_name_t *names;
	unsigned name_count;
	server_addr_t *addrs;
	unsigned addr_count;
} servers_t;

/*!
 * \brief Adds a name, unless it is there.
 *
 * \return KNOT_EOK, KNOT_ELIMIT, KNOT_ENOMEM.
 */
int servers_add_name(servers_t *servers, const knot_dname_t *name);

/*! Adds the names of an NS RRset. */
int servers_add_ns(servers_t *servers, const knot_rdataset_t *ns);

/*! \return Index of a name, or SERVERS_UNNAMED. */
unsigned servers_find(const servers_t *servers, const knot_dname_t *name);

/*!
 * \brief Adds an address, unless it is there.
 *
 * \param servers  Servers.
 * \param name     Index of its name, or SERVERS_UNNAMED.
 * \param addr     Address.
 *
 * \return KNOT_EOK, KNOT_ELIMIT, KNOT_ENOMEM.
 */
int servers_add_addr(servers_t *servers, unsigned name, const struct sockaddr_storage *addr);

/*! FAMILY_* of an address; 0 for none. */
unsigned servers_family(const struct sockaddr_storage *addr);

/*! Adds configured addresses. */
int servers_add_addrs(servers_t *servers, const dns_addrs_t *addrs);

/*! Adds all names and addresses of another set. */
int servers_merge(servers_t *servers, const servers_t *from);

/*! Whether both have the same addresses, in any order. */
bool servers_same_addrs(const servers_t *a, const servers_t *b);

/*! What is wrong when servers cannot be added, for people. */
const char *servers_error(int ret);

/*! The same order at every check, whatever the order of the answers. */
void servers_sort(servers_t *servers);

/*! "name. address@port", or without the name. */
void servers_label(const servers_t *servers, unsigned addr, char out[SERVERS_LABEL_MAX]);

/*! "name." for one without any address. */
void servers_name_label(const servers_t *servers, unsigned name, char out[SERVERS_LABEL_MAX]);

/*! Says that this host cannot reach an address, and its server by no other one. */
void servers_say_no_route(const servers_t *servers, unsigned addr, char *detail, size_t size);

void servers_clear(servers_t *servers);
