/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Copies of the settings that the module in knotd has sent.
 */

#pragma once

#include "kskroll/settings.h"
#include "starts.h"

/*! Of the global instance. */
typedef struct {
	dns_addrs_t resolver;
	char *trust_anchor; /*!< NULL: default. */
	char *root_hints;   /*!< NULL: default. */
	char *storage;
	char *key_database;
	char *keymgr; /*!< NULL: where it usually is. */
	char *epp_accounts;
	bool has_epp_accounts; /*!< The file is there. */
	bool loopback;
	unsigned parent_rate;
	unsigned scan_rate;
	unsigned max_rolling;
	unsigned max_rolling_parent;
} settings_t;

/*! Of zone instances: one for all that have the same. */
typedef struct {
	rollover_config_t config;
	dns_addrs_t nameserver;
	dns_addrs_t parent;
	dns_addrs_t validator;
	char policy[256];
	char *no_start;
	starts_t *starts; /*!< When rollovers may start; NULL: at any time. */
	uint8_t algorithm_wanted;
	bool csk_wanted;
	bool ttl_of_soa;
	bool base_publishes;
	bool base_always;
	bool knot_lifetime;
	bool require_secure_dsync;
	bool rollover;
	delegations_mode_t delegations;
	delegation_config_t delegation;
	char *locked; /*!< NULL: none. */
	bool report_errors;
	char *report_agent; /*!< NULL: none. */
	dns_addrs_t update_primary;
	update_key_t update_key;
	dns_addrs_t parent_primary;
	update_key_t parent_key;
	char *parent_epp; /*!< NULL: none. */
	unsigned batch;
	size_t refs; /*!< Of its number, and of each instance. */
} zone_settings_t;

/*! \return NULL if there is no memory. */
settings_t *settings_copy(const global_settings_t *from);
/*! NULL is allowed. */
void settings_free(settings_t *s);
/*! Whether both need the same files. */
bool settings_same_files(const settings_t *a, const settings_t *b);
/*! Whether keymgr and what it works on are the same. */
bool settings_same_keys(const settings_t *a, const settings_t *b);

/*! \return NULL if there is no memory; the caller has the one reference. */
zone_settings_t *settings_zone_copy(const instance_settings_t *from);
/*! Gives up a reference; NULL is allowed. */
void settings_zone_put(zone_settings_t *settings);
