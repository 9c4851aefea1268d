/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Error reports that are received (RFC 9567 6.1.1): the names of the questions that carry them.
 *
 * For knotd's threads: nothing here allocates, logs or waits.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! What a report says. Nobody has proven any of it. */
typedef struct {
	uint16_t type; /*!< RR type with the error. */
	uint16_t ede;  /*!< Extended DNS error (RFC 8914). */
	/*! \name Lower case, never the root. */
	knot_dname_storage_t name;  /*!< With the error. */
	knot_dname_storage_t agent; /*!< Where the report was sent to. */
} report_in_t;

/*! Whether an agent domain can be recognised in the name of a report: not the root, and no label `_er`. */
bool report_in_is_agent(const knot_dname_t *name);

/*!
 * \brief Reads `_er.TYPE.NAME.EDE._er.AGENT`.
 *
 * The last label `_er` counts: an agent domain has none, a name with an error may.
 *
 * \param[in] name  Wire form, not compressed.
 * \param[in] len   Octets that may be read.
 *
 * \return False if it is anything else: \a out is undefined then.
 */
bool report_in_read(const uint8_t *name, size_t len, report_in_t *out);
