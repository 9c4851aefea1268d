/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Section `mod-kskroll` of knot.conf, and what the rest of the configuration says about a zone.
 */

#pragma once

#include <knot/module.h>

#include "kskroll/settings.h"
#include "kskroll/start.h"

extern const yp_item_t kskroll_conf[];

/*! Checks a section: one sentence that names item, value and bound. */
int kskroll_conf_check(knotd_conf_check_args_t *args);

/*! "ZONE TIME", where TIME is as in 2026-11-28T10:00:00Z. \param[out] zone  KNOT_DNAME_MAXLEN octets. */
bool conf_parse_expired(const char *text, uint8_t *zone, time_t *time);

/*! The values of a list of texts, with START_SEPARATOR. \return False if they are too long. */
bool conf_join(const knotd_conf_t *list, char out[START_TEXT]);

/*! Settings of the global instance; freed by conf_global_free(). */
typedef struct {
	global_settings_t settings;
	char *storage;
	char *key_database;
	char *control;
	knotd_conf_t trust_anchor, root_hints, keymgr, epp_accounts;
} conf_global_t;

int conf_global_read(knotd_mod_t *mod, conf_global_t *out);
void conf_global_free(conf_global_t *conf);

/*! What a section says, of no zone yet; freed by conf_section_free(). */
typedef struct {
	instance_settings_t settings;           /*!< With addresses and names of its own; without a policy. */
	uint8_t go_insecure[KNOT_DNAME_MAXLEN]; /*!< go-insecure. */
	bool has_go_insecure;
	uint8_t expired_zone[KNOT_DNAME_MAXLEN]; /*!< caches-expired: whose, since when. */
	time_t expired;
	bool has_expired;
	bool unsafe_timing;
} conf_section_t;

/*! Reads the instance's section. \return KNOT_EOK, KNOT_ENOMEM. */
int conf_section_read(knotd_mod_t *mod, conf_section_t *out);
int conf_section_copy(const conf_section_t *from, conf_section_t *out);
void conf_section_free(conf_section_t *section);
/*! Frees what settings of either kind have allocated. */
void conf_settings_clear(instance_settings_t *settings);

/*! Settings of a zone instance; freed by conf_zone_free(). */
typedef struct {
	instance_settings_t settings;
	char policy[256];
	bool has_engine;        /*!< The configuration has the module as a global one. */
	bool other_go_insecure; /*!< go-insecure names another zone. */
	bool expired_other;     /*!< caches-expired names another zone, or a time to come. */
	bool unsafe_timing;
} conf_zone_t;

/*! Reads them; a policy that cannot work sets config.observe_only with the reason. \return KNOT_EOK, KNOT_ENOMEM. */
int conf_zone_read(knotd_mod_t *mod, const knot_dname_t *zone, conf_zone_t *out);
void conf_zone_free(conf_zone_t *conf);
