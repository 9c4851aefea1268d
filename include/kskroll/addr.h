/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief IP addresses with ports: text form, comparison, lists of them.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*! "IP@port" with its final zero; 45 characters are the longest IPv6 text. */
#define ADDR_TEXT_MAX 64

/*! Port of DNS. */
#define ADDR_PORT 53

/*! A list of addresses. Zeroed: empty. */
typedef struct {
	struct sockaddr_storage *addr;
	size_t count;
} dns_addrs_t;

/*!
 * \brief Copies a list.
 *
 * \param[out] copy  Overwritten; empty on error. To be cleared by addrs_clear().
 * \param[in] from   List.
 *
 * \return False without memory.
 */
bool addrs_copy(dns_addrs_t *copy, const dns_addrs_t *from);

/*! Frees the addresses; the list is empty then. */
void addrs_clear(dns_addrs_t *addrs);

/*!
 * \brief Parses `IP` or `IP@port` (default port 53).
 *
 * \return KNOT_EOK, KNOT_EINVAL.
 */
int addr_parse(const char *text, struct sockaddr_storage *addr);

/*!
 * \brief Fills in an address from the bytes of an A or AAAA record.
 *
 * \return False if \a len is neither 4 nor 16.
 */
bool addr_from_rdata(const uint8_t *data, size_t len, uint16_t port, struct sockaddr_storage *addr);

/*! Writes `IP@port`; "" for an unknown family. */
void addr_to_text(const struct sockaddr_storage *addr, char out[ADDR_TEXT_MAX]);

/*! Total order over family, address, port, scope; 0 if equal. */
int addr_cmp(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

/*! Equal for equal addresses. */
uint32_t addr_hash(const struct sockaddr_storage *addr);

/*! True for 127/8 and ::1. */
bool addr_is_loopback(const struct sockaddr_storage *addr);
