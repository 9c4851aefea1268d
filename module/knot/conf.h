/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Section `mod-kskroll` of knot.conf, and what the rest of the configuration says about a zone.
 */

#pragma once

#include <knot/module.h>

#include "kskroll/engine.h"

extern const yp_item_t kskroll_conf[];

/*! Checks a section: one sentence that names item, value and bound. */
int kskroll_conf_check(knotd_conf_check_args_t *args);

/*! Settings of the global instance; freed by conf_global_free(). */
typedef struct {
	engine_settings_t engine;
	char *storage;
	char *control;
	knotd_conf_t resolver, trust_anchor, root_hints;
} conf_global_t;

int conf_global_read(knotd_mod_t *mod, conf_global_t *out);
void conf_global_free(conf_global_t *conf);

/*!
 * Whether the configuration being loaded has the module as a global one. At a reload the zones are
 * loaded before the engine of the old configuration goes: its presence proves nothing.
 */
bool conf_has_engine(knotd_mod_t *mod);

/*! Settings of a zone instance; freed by conf_zone_free(). */
typedef struct {
	engine_zone_settings_t engine;
	char policy[256];
	bool leave_other;	/*!< go-insecure names another zone. */
	bool unsafe_timing;
	bool signals_by_default;	/*!< The base policy publishes CDS by itself. */
	knotd_conf_t nameserver, parent, validator;
} conf_zone_t;

/*! Reads them; a policy that cannot work sets config.observe_only with the reason. */
int conf_zone_read(knotd_mod_t *mod, const knot_dname_t *zone, conf_zone_t *out);
void conf_zone_free(conf_zone_t *conf);
