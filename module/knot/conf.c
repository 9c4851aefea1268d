/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "knot_items.h"

/* clang-format off */
#define MOD_KSK_LIFETIME	"\x0C""ksk-lifetime"
#define MOD_TTL			"\x03""ttl"
#define MOD_LEAD		"\x04""lead"
#define MOD_OBSERVE		"\x07""observe"
#define MOD_SETTLE		"\x06""settle"
#define MOD_CHECK_INTERVAL	"\x0E""check-interval"
#define MOD_DS_CHECK_INTERVAL	"\x11""ds-check-interval"
#define MOD_UNREACHABLE_AFTER	"\x11""unreachable-after"
#define MOD_NAMESERVER		"\x0A""nameserver"
#define MOD_PARENT		"\x06""parent"
#define MOD_RESOLVER		"\x08""resolver"
#define MOD_TRUST_ANCHOR	"\x0C""trust-anchor"
#define MOD_ROOT_HINTS		"\x0A""root-hints"
#define MOD_STORAGE		"\x07""storage"
#define MOD_KEYMGR		"\x06""keymgr"
#define MOD_BOGUS_LIMIT		"\x0B""bogus-limit"
#define MOD_VALIDATOR		"\x09""validator"
#define MOD_NOTIFY		"\x06""notify"
#define MOD_REQUIRE_SECURE_DSYNC	"\x14""require-secure-dsync"
#define MOD_NOTIFY_AGAIN	"\x0C""notify-again"
#define MOD_PARENT_RATE		"\x0B""parent-rate"
#define MOD_COMPLETE		"\x12""zone-file-complete"
#define MOD_DRY_RUN		"\x07""dry-run"
#define MOD_HOLD		"\x04""hold"
#define MOD_GO_INSECURE		"\x0B""go-insecure"
#define MOD_CACHES_EXPIRED	"\x0E""caches-expired"
#define MOD_UNSAFE_TIMING	"\x0D""unsafe-timing"
/* clang-format on */

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* clang-format off */
/* The schema allows what unsafe-timing allows; kskroll_conf_check() has the real bounds. */
const yp_item_t kskroll_conf[] = {
	{ MOD_KSK_LIFETIME,      YP_TINT,  YP_VINT = { 0, UINT32_MAX, 0, YP_STIME } },
	{ MOD_TTL,               YP_TINT,  YP_VINT = { 1, INT32_MAX, 5 * MINUTE, YP_STIME } },
	{ MOD_LEAD,              YP_TINT,  YP_VINT = { 0, INT32_MAX, HOUR, YP_STIME } },
	{ MOD_OBSERVE,           YP_TINT,  YP_VINT = { 0, INT32_MAX, DAY, YP_STIME } },
	{ MOD_SETTLE,            YP_TINT,  YP_VINT = { 0, INT32_MAX, 3 * DAY, YP_STIME } },
	{ MOD_CHECK_INTERVAL,    YP_TINT,  YP_VINT = { 1, INT32_MAX, 5 * MINUTE, YP_STIME } },
	{ MOD_DS_CHECK_INTERVAL, YP_TINT,  YP_VINT = { 1, INT32_MAX, HOUR, YP_STIME } },
	{ MOD_UNREACHABLE_AFTER, YP_TINT,  YP_VINT = { 1, INT32_MAX, 12 * HOUR, YP_STIME } },
	{ MOD_BOGUS_LIMIT,       YP_TINT,  YP_VINT = { 1, 100, 3 } },
	{ MOD_NOTIFY,            YP_TBOOL, YP_VBOOL = { true } },
	{ MOD_REQUIRE_SECURE_DSYNC, YP_TBOOL, YP_VNONE },
	{ MOD_NOTIFY_AGAIN,      YP_TINT,  YP_VINT = { 1, INT32_MAX, HOUR, YP_STIME } },
	{ MOD_NAMESERVER,        YP_TADDR, YP_VADDR = { 53 }, YP_FMULTI },
	{ MOD_PARENT,            YP_TADDR, YP_VADDR = { 53 }, YP_FMULTI },
	{ MOD_VALIDATOR,         YP_TADDR, YP_VADDR = { 53 }, YP_FMULTI },
	{ MOD_RESOLVER,          YP_TADDR, YP_VADDR = { 53 }, YP_FMULTI },
	{ MOD_TRUST_ANCHOR,      YP_TSTR,  YP_VNONE },
	{ MOD_ROOT_HINTS,        YP_TSTR,  YP_VNONE },
	{ MOD_PARENT_RATE,       YP_TINT,  YP_VINT = { 1, 1000, 20 } },
	{ MOD_STORAGE,           YP_TSTR,  YP_VNONE },
	{ MOD_KEYMGR,            YP_TSTR,  YP_VNONE },
	{ MOD_COMPLETE,          YP_TBOOL, YP_VNONE },
	{ MOD_DRY_RUN,           YP_TBOOL, YP_VNONE },
	{ MOD_HOLD,              YP_TBOOL, YP_VNONE },
	{ MOD_GO_INSECURE,       YP_TDNAME, YP_VNONE },
	{ MOD_CACHES_EXPIRED,    YP_TSTR,  YP_VNONE },
	{ MOD_UNSAFE_TIMING,     YP_TBOOL, YP_VNONE },
	{ NULL }
};
/* clang-format on */

/*! Bounds in force unless unsafe-timing is on, in seconds. */
static const struct {
	const char *item;
	int64_t min;
	int64_t max;
	const char *why;
	/* clang-format off */
} bounds[] = {
	{ MOD_TTL,               300, 900, "5m and 15m (RFC 10026)" },
	{ MOD_LEAD,              HOUR, INT32_MAX, "1h at least" },
	{ MOD_OBSERVE,           HOUR, INT32_MAX, "1h at least" },
	{ MOD_SETTLE,            DAY, INT32_MAX, "1d at least" },
	{ MOD_CHECK_INTERVAL,    MINUTE, DAY, "1m and 1d" },
	{ MOD_DS_CHECK_INTERVAL, MINUTE, DAY, "1m and 1d" },
	{ MOD_UNREACHABLE_AFTER, HOUR, INT32_MAX, "1h at least" },
	{ MOD_NOTIFY_AGAIN,      10 * MINUTE, 7 * DAY, "10m and 7d" },
};
/* clang-format on */

static int check_error(knotd_conf_check_args_t *args, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int check_error(knotd_conf_check_args_t *args, const char *fmt, ...)
{
	/* knotd takes a pointer that has to stay valid after the call. */
	static _Thread_local char message[256];
	va_list list;
	va_start(list, fmt);
	vsnprintf(message, sizeof(message), fmt, list);
	va_end(list);
	args->err_str = message;
	return KNOT_EINVAL;
}

static int check_addresses(knotd_conf_check_args_t *args, const char *item)
{
	knotd_conf_t list = knotd_conf_check_item(args, item);
	int ret = KNOT_EOK;
	for (size_t i = 0; i < list.count && ret == KNOT_EOK; i++) {
		if (list.multi[i].addr.ss_family != AF_INET && list.multi[i].addr.ss_family != AF_INET6) {
			ret = check_error(args, "%s must be an IP address with an optional @port", item + 1);
		}
	}
	knotd_conf_free(&list);
	return ret;
}

static int check_file(knotd_conf_check_args_t *args, const char *item)
{
	knotd_conf_t file = knotd_conf_check_item(args, item);
	if (file.count > 0 && file.single.string != NULL && file.single.string[0] != '/') {
		return check_error(args, "%s '%s' must be an absolute path", item + 1, file.single.string);
	}
	return KNOT_EOK;
}

/*! "ZONE TIME", where TIME is as in 2026-11-28T10:00:00Z. */
static bool parse_expired(const char *text, uint8_t *zone, time_t *time)
{
	char name[KNOT_DNAME_TXT_MAXLEN + 1];
	struct tm tm = { 0 };
	const char *space = strchr(text, ' ');

	if (space == NULL || (size_t)(space - text) >= sizeof(name)) {
		return false;
	}
	memcpy(name, text, space - text);
	name[space - text] = '\0';
	const char *end = strptime(space + 1, "%Y-%m-%dT%H:%M:%SZ", &tm);
	*time = timegm(&tm);
	return end != NULL && *end == '\0' && *time > 0 && knot_dname_from_str(zone, name, KNOT_DNAME_MAXLEN) != NULL;
}

static int check_expired(knotd_conf_check_args_t *args)
{
	knotd_conf_t expired = knotd_conf_check_item(args, MOD_CACHES_EXPIRED);
	uint8_t zone[KNOT_DNAME_MAXLEN];
	time_t time;

	if (expired.count > 0 && !parse_expired(expired.single.string, zone, &time)) {
		return check_error(args,
		                   "caches-expired '%s' must be a zone and a time, as in "
		                   "\"example.com 2026-11-28T10:00:00Z\"",
		                   expired.single.string);
	}
	return KNOT_EOK;
}

int kskroll_conf_check(knotd_conf_check_args_t *args)
{
	if (!knotd_conf_check_item(args, MOD_UNSAFE_TIMING).single.boolean) {
		for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
			int64_t value = knotd_conf_check_item(args, bounds[i].item).single.integer;
			if (value < bounds[i].min || value > bounds[i].max) {
				return check_error(args, "%s is %" PRId64 "s, must be %s%s", bounds[i].item + 1, value,
				                   bounds[i].max == INT32_MAX ? "" : "between ", bounds[i].why);
			}
		}
		int64_t lifetime = knotd_conf_check_item(args, MOD_KSK_LIFETIME).single.integer;
		int64_t settle = knotd_conf_check_item(args, MOD_SETTLE).single.integer;
		if (lifetime != 0 && lifetime < settle + 7 * DAY) {
			return check_error(args, "ksk-lifetime is %" PRId64 "s, must be 0 or settle plus 7d at least",
			                   lifetime);
		}
	}
	static const char *const lists[] = { MOD_NAMESERVER, MOD_PARENT, MOD_RESOLVER, MOD_VALIDATOR };
	static const char *const files[] = { MOD_TRUST_ANCHOR, MOD_ROOT_HINTS, MOD_STORAGE, MOD_KEYMGR };
	int ret = KNOT_EOK;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && ret == KNOT_EOK; i++) {
		ret = check_addresses(args, lists[i]);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && ret == KNOT_EOK; i++) {
		ret = check_file(args, files[i]);
	}
	return ret == KNOT_EOK ? check_expired(args) : ret;
}

/* Reading. */

static int read_addresses(knotd_mod_t *mod, const char *item, dns_addrs_t *out)
{
	knotd_conf_t list = knotd_conf_mod(mod, item);
	out->count = 0;
	out->addr = list.count > 0 ? calloc(list.count, sizeof(*out->addr)) : NULL;
	int ret = list.count > 0 && out->addr == NULL ? KNOT_ENOMEM : KNOT_EOK;
	for (size_t i = 0; i < list.count && ret == KNOT_EOK; i++) {
		out->addr[out->count++] = list.multi[i].addr;
	}
	knotd_conf_free(&list);
	return ret;
}

static const char *string_of(const knotd_conf_t *conf)
{
	return conf->count > 0 && conf->single.string != NULL && conf->single.string[0] != '\0' ? conf->single.string :
	                                                                                          NULL;
}

/*! As Knot does it: below a folder, which is an absolute path if \a base is NULL. \return NULL if memory is short. */
static char *absolute(const char *name, const char *base)
{
	char *path = NULL;

	if (name[0] == '/') {
		return strdup(name);
	}
	char *here = base == NULL ? getcwd(NULL, 0) : NULL;
	if ((base != NULL || here != NULL) && asprintf(&path, "%s/%s", base != NULL ? base : here, name) < 0) {
		path = NULL;
	}
	free(here);
	return path;
}

static const char *database_item(knotd_mod_t *mod, const char *item, const char *otherwise)
{
	knotd_conf_t conf = knotd_conf(mod, C_DATABASE, item, NULL);
	return string_of(&conf) != NULL ? string_of(&conf) : otherwise;
}

static char *key_database_path(knotd_mod_t *mod)
{
	char *storage = absolute(database_item(mod, C_STORAGE, "/var/lib/knot"), NULL);
	char *path = storage != NULL ? absolute(database_item(mod, C_KASP_DB, "keys"), storage) : NULL;
	free(storage);
	return path;
}

static char *storage_path(knotd_mod_t *mod)
{
	char *path = NULL;
	knotd_conf_t own = knotd_conf_mod(mod, MOD_STORAGE);
	if (string_of(&own) != NULL) {
		return strdup(string_of(&own));
	}
	knotd_conf_t db = knotd_conf(mod, C_DATABASE, C_STORAGE, NULL);
	const char *base = db.single.string != NULL ? db.single.string : "/var/lib/knot";
	return asprintf(&path, "%s/kskroll", base) < 0 ? NULL : path;
}

static char *control_path(knotd_mod_t *mod)
{
	char *path = NULL;
	knotd_conf_t listen = knotd_conf(mod, C_CONTROL, C_LISTEN, NULL);
	const char *name = listen.multi != NULL ? listen.multi[0].string : listen.single.string;
	if (name != NULL && name[0] == '/') {
		path = strdup(name);
	} else if (name != NULL) {
		knotd_conf_t rundir = knotd_conf(mod, C_SERVER, C_RUNDIR, NULL);
		if (rundir.single.string == NULL || asprintf(&path, "%s/%s", rundir.single.string, name) < 0) {
			path = NULL;
		}
	}
	knotd_conf_free(&listen);
	return path;
}

int conf_global_read(knotd_mod_t *mod, conf_global_t *out)
{
	memset(out, 0, sizeof(*out));
	int ret = read_addresses(mod, MOD_RESOLVER, &out->settings.resolver);
	out->trust_anchor = knotd_conf_mod(mod, MOD_TRUST_ANCHOR);
	out->root_hints = knotd_conf_mod(mod, MOD_ROOT_HINTS);
	out->settings.trust_anchor = string_of(&out->trust_anchor);
	out->settings.root_hints = string_of(&out->root_hints);
	out->settings.parent_rate = knotd_conf_mod(mod, MOD_PARENT_RATE).single.integer;
	out->settings.loopback = knotd_conf_mod(mod, MOD_UNSAFE_TIMING).single.boolean;
	out->storage = storage_path(mod);
	out->control = control_path(mod);
	out->key_database = key_database_path(mod);
	out->keymgr = knotd_conf_mod(mod, MOD_KEYMGR);
	out->settings.storage = out->storage;
	out->settings.key_database = out->key_database;
	out->settings.keymgr = string_of(&out->keymgr);
	return out->storage == NULL || out->key_database == NULL ? KNOT_ENOMEM : ret;
}

void conf_global_free(conf_global_t *conf)
{
	free(conf->settings.resolver.addr);
	free(conf->storage);
	free(conf->key_database);
	free(conf->control);
}

int conf_section_read(knotd_mod_t *mod, conf_section_t *out)
{
	memset(out, 0, sizeof(*out));
	rollover_config_t *c = &out->settings.config;
	const struct {
		const char *item;
		uint32_t *value;
		/* clang-format off */
	} numbers[] = {
		{ MOD_KSK_LIFETIME, &c->ksk_lifetime },
		{ MOD_TTL, &c->ttl },
		{ MOD_LEAD, &c->lead },
		{ MOD_OBSERVE, &c->observe },
		{ MOD_SETTLE, &c->settle },
		{ MOD_CHECK_INTERVAL, &c->check_interval },
		{ MOD_DS_CHECK_INTERVAL, &c->ds_check_interval },
		{ MOD_UNREACHABLE_AFTER, &c->unreachable_after },
		{ MOD_BOGUS_LIMIT, &c->bogus_limit },
		{ MOD_NOTIFY_AGAIN, &c->notify_again },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		*numbers[i].value = knotd_conf_mod(mod, numbers[i].item).single.integer;
	}
	c->notify = knotd_conf_mod(mod, MOD_NOTIFY).single.boolean;
	out->settings.require_secure_dsync = knotd_conf_mod(mod, MOD_REQUIRE_SECURE_DSYNC).single.boolean;
	c->dry_run = knotd_conf_mod(mod, MOD_DRY_RUN).single.boolean;
	c->hold = knotd_conf_mod(mod, MOD_HOLD).single.boolean;
	knotd_conf_t insecure = knotd_conf_mod(mod, MOD_GO_INSECURE);
	out->has_go_insecure = insecure.count > 0 && insecure.single.dname != NULL &&
	                       knot_dname_store(out->go_insecure, insecure.single.dname) > 0;
	knotd_conf_t expired = knotd_conf_mod(mod, MOD_CACHES_EXPIRED);
	out->has_expired =
		string_of(&expired) != NULL && parse_expired(string_of(&expired), out->expired_zone, &out->expired);
	out->unsafe_timing = knotd_conf_mod(mod, MOD_UNSAFE_TIMING).single.boolean;

	int ret = read_addresses(mod, MOD_NAMESERVER, &out->settings.nameserver);
	if (ret == KNOT_EOK) {
		ret = read_addresses(mod, MOD_PARENT, &out->settings.parent);
	}
	if (ret == KNOT_EOK) {
		ret = read_addresses(mod, MOD_VALIDATOR, &out->settings.validator);
	}
	if (ret != KNOT_EOK) {
		conf_section_free(out);
	}
	return ret;
}

int conf_section_copy(const conf_section_t *from, conf_section_t *out)
{
	*out = *from;
	out->settings.parent.addr = out->settings.validator.addr = NULL;
	bool copied = addrs_copy(&out->settings.nameserver, &from->settings.nameserver) &&
	              addrs_copy(&out->settings.parent, &from->settings.parent) &&
	              addrs_copy(&out->settings.validator, &from->settings.validator);
	if (!copied) {
		conf_section_free(out);
	}
	return copied ? KNOT_EOK : KNOT_ENOMEM;
}

void conf_section_free(conf_section_t *section)
{
	free(section->settings.nameserver.addr);
	free(section->settings.parent.addr);
	free(section->settings.validator.addr);
	memset(section, 0, sizeof(*section));
}
