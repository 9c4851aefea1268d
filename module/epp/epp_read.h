/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What a server says: one document, a greeting or a response (RFC 5730 2.4, 2.6).
 */

#pragma once

#include <libxml/tree.h>

#include "epp_reply.h"

/*!
 * \brief Reads a document.
 *
 * \param[out] reply  To be cleared afterwards, also on error.
 * \param[out] why    On error: what is wrong, the end of a sentence about the document.
 *
 * \return KNOT_EOK; KNOT_EMALF: it is not what a server may say; KNOT_ENOMEM.
 */
int epp_read(const uint8_t *xml, size_t len, epp_reply_t *reply, const char **why);

/*!
 * \brief What `<resData>` and `<extension>` of a response have of domains (epp_read_data.c). Either may be NULL.
 *
 * What is invalid there is left out.
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int epp_read_data(const xmlNode *data, const xmlNode *extension, epp_reply_t *reply);
