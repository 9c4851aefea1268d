/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The open files of this process, and which of them are sockets of a kind.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

/*! Called for a descriptor. \return True to go no further. */
typedef bool (*descriptor_f)(int fd, void *arg);

/*! Calls back for every descriptor of this process. \return False if they are not known. */
bool descriptors_each(descriptor_f each, void *arg);

/*! Whether an option of a socket (level SOL_SOCKET) has that value. */
bool descriptor_option(int fd, int option, int want);
bool descriptor_is_unix_stream(int fd);

/*!
 * \brief Path of a Unix socket.
 *
 * \param[in] peer  That of the other end; else the one where this end listens.
 *
 * \return False for unnamed and abstract sockets, and where the path does not fit.
 */
bool descriptor_unix_path(int fd, bool peer, char *out, size_t out_len);
