/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Whether the child validates with a DS RRset, now and after a change.
 */

#pragma once

#include "kskroll/delegation.h"

/*! Fills a verdict with the reason of a refusal. \return False, for the caller to return. */
bool verdict_reject(delegation_verdict_t *out, delegation_gate_t gate, const char *about, const char *detail);

/*! Appends " 12 345" and so on, the tags of the records that another set does not have; NULL: of all. */
void verdict_tags(char *text, size_t size, const ds_set_t *set, const ds_set_t *but);

/*! Keys of the set that are in the server's DNSKEY RRset and have signed it. */
delegation_keys_t outlook_chain(const delegation_facts_t *facts, const delegation_child_t *child, const ds_set_t *ds);

/*! Whether it has a record that any validator uses: without one the child is insecure to all (RFC 6840 5.2). */
bool outlook_secures(const ds_set_t *ds);
