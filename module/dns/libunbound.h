/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Sets up libunbound: options, trust anchor, root hints, forwarders.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "kskroll/dns_config.h"

/*! Tells one content of a file from another. */
typedef struct {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
} file_id_t;

/*! The files that a context reads. */
typedef struct {
	file_id_t anchor, hints;
} unbound_files_t;

struct ub_ctx;

/*!
 * \brief Creates a context. It reads its files now, and never again.
 *
 * \return NULL on error, with one sentence. To be freed by ub_ctx_delete().
 */
struct ub_ctx *unbound_new(const dns_config_t *config, char *err, size_t err_len);

/*!
 * \brief Whether there are descriptors for a context that is made, or that begins.
 *
 * Libevent, which libunbound's thread begins with, ends the whole process if it gets none (evsig_init_()).
 */
bool unbound_has_descriptors(void);

/*! Which content the files have now; all zero for one that is not there. */
void unbound_files(const dns_config_t *config, unbound_files_t *files);
