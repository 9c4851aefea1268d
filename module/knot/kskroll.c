/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The adapter between knotd and kskrolld. It registers hooks for notify-receive and report-receive alone: else queries
 * do not pass here.
 */

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "conf.h"
#include "notify_receive.h"
#include "relay.h"
#include "report_receive.h"
#include "section.h"
#include "stats.h"

/*! Context of global instances. Since Knot DNS 3.5 one without a context is freed without unload(). */
static char global;

/*! Never fails: since Knot DNS 3.5 knotd refuses the configuration if load() of a global instance fails. */
static void receive_notify(knotd_mod_t *mod)
{
	int ret = notify_receive_open();
	if (ret == KNOT_EOK) {
		ret = knotd_mod_hook(mod, KNOTD_STAGE_BEGIN, notify_receive);
	}
	if (ret != KNOT_EOK) {
		knotd_mod_log(mod, LOG_ERR, "notify-receive: NOTIFY(CDS) cannot be taken (%s) until the next reload",
		              knot_strerror(ret));
	}
}

/*! The same. */
static void receive_reports(knotd_mod_t *mod)
{
	int ret = report_receive_open();
	if (ret == KNOT_EOK) {
		ret = knotd_mod_hook(mod, KNOTD_STAGE_BEGIN, report_receive);
	}
	if (ret != KNOT_EOK) {
		knotd_mod_log(mod, LOG_ERR, "report-receive: error reports cannot be taken (%s) until the next reload",
		              knot_strerror(ret));
	}
}

static int load_global(knotd_mod_t *mod)
{
	conf_global_t conf;

	sections_begin();
	int ret = conf_global_read(mod, &conf);
	if (ret == KNOT_EOK) {
		ret = stats_add_totals(mod);
	}
	if (ret == KNOT_EOK) {
		ret = relay_attach(mod, &conf.settings, conf.control);
	}
	if (ret == KNOT_EOK) {
		knotd_mod_ctx_set(mod, &global);
		if (conf.settings.notify_receive) {
			receive_notify(mod);
		}
		if (conf.settings.report_receive) {
			receive_reports(mod);
		}
	} else {
		sections_end();
	}
	if (conf.settings.loopback) {
		knotd_mod_log(mod, LOG_WARNING, "unsafe-timing is on: for laboratories only");
	}
	conf_global_free(&conf);
	return ret;
}

static void warn_of_key(knotd_mod_t *mod, const char *item, const update_key_t *key)
{
	if (key->name != NULL && key->secret_len == 0) {
		knotd_mod_log(mod, LOG_ERR, "%s '%s' is not in section key: DS cannot be changed", item, key->name);
	}
}

static void warn(knotd_mod_t *mod, const conf_zone_t *conf)
{
	if (conf->unsafe_timing) {
		knotd_mod_log(mod, LOG_WARNING, "unsafe-timing is on: for laboratories only");
	}
	if (conf->other_go_insecure) {
		knotd_mod_log(mod, LOG_WARNING, "go-insecure names another zone than this one: ignored here");
	}
	warn_of_key(mod, "update-key", &conf->settings.update_key);
	if (conf->settings.config.via == PARENT_VIA_UPDATE) {
		warn_of_key(mod, "parent-key", &conf->settings.parent_key);
	}
	if (conf->expired_other) {
		knotd_mod_log(mod, LOG_WARNING,
		              "caches-expired names another zone than this one, or a time to come: ignored");
	}
}

static int attach_zone(knotd_mod_t *mod)
{
	conf_zone_t conf;
	knot_dname_t wire[KNOT_DNAME_MAXLEN];
	knot_dname_txt_storage_t name;

	if (knot_dname_to_wire(wire, knotd_mod_zone(mod), sizeof(wire)) < 0) {
		return KNOT_EINVAL;
	}
	knot_dname_to_lower(wire);
	if (knot_dname_to_str(name, wire, sizeof(name)) == NULL) {
		return KNOT_EINVAL;
	}
	int ret = conf_zone_read(mod, knotd_mod_zone(mod), &conf);
	if (ret == KNOT_EOK) {
		ret = stats_add_zone(mod);
	}
	if (ret == KNOT_EOK) {
		warn(mod, &conf);
		registry_zone_t *handle = NULL;
		ret = relay_zone_attach(mod, name, &conf.settings, &handle);
		knotd_mod_ctx_set(mod, handle);
		if (!conf.has_engine) {
			knotd_mod_log(mod, LOG_WARNING,
			              "does nothing: add 'global-module: mod-kskroll' "
			              "to the template 'default'");
		}
	}
	conf_zone_free(&conf);
	return ret;
}

/*!
 * Never fails: since Knot DNS 3.5 a zone is removed from service if load() of one of its modules fails. Without the
 * instance the zone is served and signed as before.
 */
static int load_zone(knotd_mod_t *mod)
{
	int ret = attach_zone(mod);
	if (ret != KNOT_EOK) {
		knotd_mod_log(mod, LOG_ERR, "cannot be loaded (%s): this zone is not checked until the next reload",
		              knot_strerror(ret));
	}
	return KNOT_EOK;
}

static int kskroll_load(knotd_mod_t *mod)
{
	return knotd_mod_zone(mod) == NULL ? load_global(mod) : load_zone(mod);
}

/*! The instance's zone cannot be asked for any more: knotd frees it before. */
static void kskroll_unload(knotd_mod_t *mod)
{
	void *ctx = knotd_mod_ctx(mod);

	knotd_mod_ctx_set(mod, NULL);
	if (ctx == &global) {
		sections_end();
		relay_detach(mod);
	} else {
		relay_zone_detach(ctx);
	}
}

KNOTD_MOD_API(kskroll, KNOTD_MOD_FLAG_SCOPE_ANY | KNOTD_MOD_FLAG_OPT_CONF, kskroll_load, kskroll_unload, kskroll_conf,
              kskroll_conf_check);
