/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Zones that lose records when knotd reads their zone file again.
 *
 * A zone that a transaction changes is loaded from its file, unlike at `knotc reload`, which checks the time of the
 * file. Since Knot DNS 3.5 all zones are, also those without the module, if a policy is created or changed
 * (KNOT_POLICY_REREADS). What then becomes of records that came by DNS UPDATE or `zone-set` was measured with all
 * settings that Knot accepts.
 */

#pragma once

#include "control.h"

/*! What a zone, or a template, says about its file. "" where it says nothing. */
typedef struct {
	char load[24];    /*!< zonefile-load */
	char sync[16];    /*!< zonefile-sync, seconds */
	char journal[16]; /*!< journal-content */
	bool generated;   /*!< Records of other zones go into it: read as difference-no-serial. */
	bool has_module;  /*!< Modules are assigned; those of the template do not count then. */
	char module[64];  /*!< Section of this module's instance. */
} reread_t;

/*! Sections of the module that say zone-file-complete. */
typedef struct {
	char **ids;
	size_t count;
	bool failed; /*!< Memory. */
} complete_t;

/*! Command that reads them. \param[in] name  conf-read (configuration in force) or conf-get (our transaction). */
control_cmd_t complete_command(const char *name, complete_t *complete);
void complete_clear(complete_t *complete);

/*! Takes an item of a section `zone` or `template`. */
void reread_item(reread_t *out, const control_unit_t *unit);

/*! What becomes of records that the zone file does not have. */
typedef enum {
	REREAD_KEEPS = 0,
	REREAD_FLUSH, /*!< Kept if the file is written before: zonefile-sync allows that. */
	REREAD_LOSES, /*!< Lost; with `difference` kept, but the switch has no effect. */
} reread_fate_t;

/*!
 * \brief Judges a zone.
 *
 * \param[in] zone      What the zone says.
 * \param[in] template  What its template says.
 * \param[in] complete  Sections of the module that vouch for their zones.
 * \param[out] detail   CONTROL_DETAIL_MAX bytes: the items and what to set, if REREAD_LOSES.
 */
reread_fate_t reread_judge(const reread_t *zone, const reread_t *template, const complete_t *complete, char *detail);

/*!
 * \brief Whether any zone of this server would lose records if a policy is created.
 *
 * \param[in] name     conf-read or conf-get.
 * \param[in] base     The policy from which others are made.
 * \param[out] detail  Which zone, and what to do; or the error.
 *
 * \return SERVER_OK, SERVER_REFUSED, SERVER_BUSY, SERVER_UNREACHABLE (connection lost).
 */
server_status_t reread_all(control_t *control, const char *name, const char *base, char *detail);
