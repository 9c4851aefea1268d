/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A file with DS records that a zone file includes.
 *
 * kskrolld owns it and writes it as a whole. An operator may have added records by hand, in any form that a zone file
 * may have; the next time it is written they are in the form of the others. Its last line has the number of
 * delegations: without it, or with fewer of them, it was cut off, and nothing may be written that rests on it.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#define DS_FILE_DETAIL_MAX 160

/*! The DS of one delegation. */
typedef struct {
	knot_dname_t *owner; /*!< Wire form, lower case. */
	uint32_t ttl;
	uint32_t place;     /*!< While it is read. */
	knot_rdataset_t ds; /*!< Not empty. */
} ds_file_set_t;

/*! What a file has, or is to get; zeros: nothing. ds_file_clear() frees it. */
typedef struct {
	ds_file_set_t *sets; /*!< In canonical order. */
	size_t count;
	size_t size;
} ds_file_t;

void ds_file_clear(ds_file_t *file);

/*!
 * \brief Reads a file.
 *
 * \param[out] file    Need not be initialized; empty on error.
 * \param[in] zone     Origin of relative names: presentation form, with the final dot.
 * \param[out] detail  DS_FILE_DETAIL_MAX bytes, one sentence on error.
 *
 * \return KNOT_EOK; KNOT_ENOENT: there is none; KNOT_EMALF: it has something else than DS records, or
 * is cut off; KNOT_ERANGE: it is
 * too large; KNOT_ENOMEM, KNOT_EFILE.
 */
int ds_file_read(ds_file_t *file, const char *path, const char *zone, char *detail);

int ds_file_copy(ds_file_t *to, const ds_file_t *from);

/*! \return NULL if it has none. */
const ds_file_set_t *ds_file_find(const ds_file_t *file, const knot_dname_t *owner);

/*! The DS of a delegation from now on; empty: none. \return KNOT_EOK, KNOT_ENOMEM. */
int ds_file_put(ds_file_t *file, const knot_dname_t *owner, uint32_t ttl, const knot_rdataset_t *ds);

/*!
 * \brief Writes a file in place of the present one, at once and durable.
 *
 * \param[out] detail  DS_FILE_DETAIL_MAX bytes, one sentence on error.
 *
 * \return KNOT_EOK; KNOT_EFILE, KNOT_ENOMEM: the present file is as it was.
 */
int ds_file_write(const ds_file_t *file, const char *path, const char *zone, char *detail);
