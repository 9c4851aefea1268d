/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What kskrolld may not do: it reads bytes from all the world. And what the broker may not do, which it could
 * ask.
 *
 * Each part is left out where the kernel does not have it. Not with sanitizers, which write reports, start programs and
 * check other processes.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

/*! From the beginning, before there is a thread: no privileges, no capabilities, no programs, no other processes. */
void sandbox_begin(void);

/*!
 * \brief From now on only these files, and those that libraries need, can be opened. The threads to come inherit that.
 *
 * \param[in] write  The folder of the store, which exists.
 * \param[in] read   Files that are read again and again. They may be replaced: what counts is the folder. NULL: none.
 * \param[in] count  Their number.
 *
 * \return What the kernel does not have, of what confines this process, as words; NULL: nothing is missing.
 */
const char *sandbox_files(const char *write, const char *const *read, size_t count);

/*!
 * \brief Of the broker, a broker_confine_f: first no privileges, no capabilities and no network; then, with \a files,
 * programs and libraries, /tmp, and of the key database the two files, but not the private keys.
 */
void sandbox_broker(const char *folder, const char *program, bool files);
