/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Finds the sockets of the knotd this code runs in.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*!
 * \brief Path of a socket on which this process listens.
 *
 * \param[in] preferred  Path to prefer among several, or NULL.
 * \param[out] path      The path; may be NULL if only the result matters.
 * \param[in] path_len   Size of path.
 *
 * \return KNOT_EOK, KNOT_ENOENT if the process listens on no AF_UNIX socket.
 */
int socket_find(const char *preferred, char *path, size_t path_len);

/*!
 * \brief Whether all connections of this process to a path end in this process.
 *
 * A second knotd that started on the same path has replaced the socket file. The
 * descriptor is hidden in knot_ctl_t, hence all descriptors with that peer are asked.
 *
 * \return False also if there is no such connection.
 */
bool socket_peer_is_self(const char *path);

/*!
 * \brief Addresses at which this process accepts TCP connections, each once.
 *
 * Where it listens on all addresses, the loopback one. Which of them speak DNS and which TLS it cannot tell.
 *
 * \param[out] found  So many at most.
 *
 * \return Their number.
 */
size_t socket_dns(struct sockaddr_storage *found, size_t max);
