/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the commands about delegations share: what a row means for a human, and how it is printed.
 */

#pragma once

#include "kskroll.h"
#include "kskroll/delegation_forecast.h"
#include "kskroll/delegation_store.h"
#include "kskroll/evidence.h"
#include "kskroll/settings.h"

/* delegation_view.c */

/*! The parent zone has it no longer: nothing is expected of it. */
bool delegation_gone(const store_delegation_t *d);
/*! The delegation was not checked for hours although something is under way. */
bool delegation_overdue(const options_t *o, const delegation_row_t *row);
/*! It has waited for longer than --after at a gate that does not open by itself. */
bool delegation_lasts(const options_t *o, const delegation_row_t *row);
/*! Whether a human must act now. */
bool delegation_blocked(const options_t *o, const delegation_row_t *row);

/*! What delegations of a parent zone amount to. */
typedef struct {
	size_t all;
	size_t blocked;
	size_t state[DELEGATION_STATE__COUNT];
	size_t gate[DELEGATION_GATE__COUNT];
	size_t blocked_at[DELEGATION_GATE__COUNT];
} delegation_sums_t;

/*! Adds one; nothing for one that is gone. */
void delegation_count(delegation_sums_t *sums, const options_t *o, const store_delegation_t *d);

color_t color_of_delegation(const options_t *o, const delegation_row_t *row);

#define TEXT_AT (SERVER_NAME_MAX + 8)
/*! Room for a DS record as text. */
#define TEXT_DS (32 + 2 * DELEGATION_DIGEST_MAX)
/*! "1001 13 2 6e3d...": the data of a record. */
const char *text_ds(char out[TEXT_DS], const ds_record_t *ds);
/*! Records of evidence, "1001 13 2 6e3d..., ...", with digests that are cut to \a digits. */
const char *text_records(char *out, size_t len, const char *records, unsigned digits);
/*! The next record of such a list; NULL at the end. \a at is the list at first. */
const char *next_record(const char **at, char *out, size_t len);

/*! " SERVER" at a gate, " at SERVER" if its code does not end so; "" without a server. */
const char *text_at(char out[TEXT_AT], const char *gate, const char *server);
/*! Of signals that were rejected: the CDS of every nameserver that answers; "" if they differ or ask for no other DS.
 */
void delegation_asked(const store_delegation_t *d, char out[EVIDENCE_DS]);

/*! One delegation; \a whole: with answers. */
void delegation_json(const options_t *o, const store_delegation_t *d, const char *name, bool whole);
void delegation_event_json(const store_delegation_event_t *e);

const char *mode_name(unsigned mode);
const char *load_name(unsigned load);

/* cmd_delegations.c */

/*!
 * \brief Parent zones and delegations, members of the document that is open, as `delegations --json` has them.
 *
 * \param[in] o  With json set.
 */
void delegations_json(const options_t *o, store_t *store);

/* prometheus.c */

/*! Takes a parent zone in, with its delegations in the store. \return KNOT_EOK, KNOT_ERROR (store_error() has the
 * words). */
int prometheus_parent(prometheus_t *p, const options_t *o, store_t *store, const store_parent_t *parent);

/* delegation_mail.c */

/*! A text for the operator of the child, or of its nameserver. */
void delegation_mail(const store_delegation_t *d);

/* delegation_plan.c */

/*!
 * \brief What happens next, as text or as an object of the JSON document that is open.
 *
 * \return False, with words on stderr: the settings of the parent zone are not known.
 */
bool delegation_plan(const options_t *o, store_t *store, const store_delegation_t *d);
/*! The plan alone, by the settings of its parent zone. */
void delegation_planned(const options_t *o, const store_parent_t *parent, const store_delegation_t *d,
                        delegation_forecast_t *out);

/* delegation_checks.c */

void checks_delegation(const options_t *o, const store_delegation_t *d, finding_f each, void *arg);
void checks_parent(const store_parent_t *parent, finding_f each, void *arg);
