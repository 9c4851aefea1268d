/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The sockets on which the knotd that this code runs in listens.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/*! Addresses for DNS over TCP that are of interest. */
#define SOCKETS_DNS_MAX  4
#define SOCKETS_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) + 1)

typedef struct {
	int control_fd; /*!< Who listens at the path; -1: none. */
	char control[SOCKETS_PATH_MAX];
	struct sockaddr_storage dns[SOCKETS_DNS_MAX];
	size_t dns_count;
} sockets_t;

/*!
 * \brief Finds them. The server runs if there is a control socket.
 *
 * \param[in] preferred  Path to prefer among several, or NULL.
 * \param[out] out       Where the server listens on all addresses, the loopback one. Which of them speak DNS and
 *                       which TLS is not known.
 *
 * \return Whether there is a control socket: a listening AF_UNIX socket.
 */
bool sockets_find(const char *preferred, sockets_t *out);

/*! Whether the control socket is still the one that was found. Cheap. */
bool sockets_are_there(const sockets_t *sockets);

/*! Whether the server runs: not while it starts, nor while it stops. */
bool sockets_running(void);
