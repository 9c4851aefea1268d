/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Sockets of `notify-listen`: opened in knotd, and inherited by kskrolld.
 *
 * kskrolld itself may not listen anywhere (docs/sandbox.rst). No byte that comes in is read here. Of ports below 1024
 * none can be had: knotd gives up that right before it loads modules.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kskroll/addr.h"

/*! Most addresses. */
#define LISTENERS_MAX 16

typedef struct {
	int fd[2 * LISTENERS_MAX]; /*!< UDP and TCP of each address. */
	size_t count;
	uint32_t missing; /*!< Bit by bit, in the order of \a fd: those that could not be opened. */
	char failed[256]; /*!< Which address cannot be used, why, and what to do; "" if all can. */
} listeners_t;

/*! Opens what can be opened. */
void listeners_open(const dns_addrs_t *addrs, listeners_t *out);
void listeners_close(listeners_t *listeners);

/*! Whether any of the missing ones can be opened now. */
bool listeners_can(const dns_addrs_t *addrs, uint32_t missing);

/*! Whether both are the same addresses in the same order. */
bool listeners_same(const dns_addrs_t *a, const dns_addrs_t *b);
