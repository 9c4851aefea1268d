/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "conf_items.h"
#include "knot_items.h"
#include "listeners.h"
#include "util/report_in.h"
#include "util/time_zone.h"

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/*! Values of parent-via. */
static const knot_lookup_t vias[] = { { PARENT_VIA_CDS, "cds" },       { PARENT_VIA_AUTO, "auto" },
	                              { PARENT_VIA_UPDATE, "update" }, { PARENT_VIA_MANUAL, "manual" },
	                              { PARENT_VIA_EPP, "epp" },       { 0, NULL } };
/*! Values of delegations. */
static const knot_lookup_t modes[] = {
	{ DELEGATIONS_OFF, "off" }, { DELEGATIONS_REPORT, "report" }, { DELEGATIONS_UPDATE, "update" }, { 0, NULL }
};
/*! Values of delegation-apply. */
static const knot_lookup_t applies[] = { { DELEGATION_BY_TRANSACTION, "transaction" },
	                                 { DELEGATION_BY_INCLUDE, "include" },
	                                 { DELEGATION_BY_UPDATE, "update" },
	                                 { 0, NULL } };
/*! Values of accept. */
static const knot_lookup_t accepts[] = { { DELEGATION_ACCEPT_BOTH, "both" },
	                                 { DELEGATION_ACCEPT_CDS, "cds" },
	                                 { DELEGATION_ACCEPT_CDNSKEY, "cdnskey" },
	                                 { 0, NULL } };
/*! Values of bootstrap. */
static const knot_lookup_t bootstraps[] = { { BOOTSTRAP_OFF, "off" },
	                                    { BOOTSTRAP_AUTHENTICATED, "authenticated" },
	                                    { 0, NULL } };

/* clang-format off */
/* The schema allows what unsafe-timing allows; kskroll_conf_check() has the real bounds. */
const yp_item_t kskroll_conf[] = {
	{ MOD_KSK_LIFETIME,      YP_TINT,  YP_VINT = { 0, UINT32_MAX, 0, YP_STIME } },
	{ MOD_SPREAD,            YP_TINT,  YP_VINT = { 0, UINT32_MAX, 0, YP_STIME } },
	{ MOD_START_WINDOW,      YP_TSTR,  YP_VNONE, YP_FMULTI },
	{ MOD_NO_START,          YP_TSTR,  YP_VNONE, YP_FMULTI },
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
	{ MOD_PARENT_VIA,        YP_TOPT,  YP_VOPT = { vias, PARENT_VIA_AUTO } },
	{ MOD_PARENT_PRIMARY,    YP_TADDR, YP_VADDR = { 53 } },
	{ MOD_PARENT_KEY,        YP_TDNAME, YP_VNONE },
	{ MOD_PARENT_EPP,        YP_TSTR,  YP_VNONE },
	{ MOD_NAMESERVER,        YP_TADDR, YP_VADDR = { 53 }, YP_FMULTI },
	{ MOD_PARENT,            YP_TADDR, YP_VADDR = { 53 }, YP_FMULTI },
	{ MOD_VALIDATOR,         YP_TADDR, YP_VADDR = { 53 }, YP_FMULTI },
	{ MOD_RESOLVER,          YP_TADDR, YP_VADDR = { 53 }, YP_FMULTI },
	{ MOD_TRUST_ANCHOR,      YP_TSTR,  YP_VNONE },
	{ MOD_ROOT_HINTS,        YP_TSTR,  YP_VNONE },
	{ MOD_PARENT_RATE,       YP_TINT,  YP_VINT = { 1, 1000, 20 } },
	{ MOD_MAX_ROLLING,       YP_TINT,  YP_VINT = { 0, 1000000, 0 } },
	{ MOD_MAX_ROLLING_PARENT, YP_TINT, YP_VINT = { 0, 1000000, 0 } },
	{ MOD_STORAGE,           YP_TSTR,  YP_VNONE },
	{ MOD_KEYMGR,            YP_TSTR,  YP_VNONE },
	{ MOD_EPP_ACCOUNTS,      YP_TSTR,  YP_VNONE },
	{ MOD_COMPLETE,          YP_TBOOL, YP_VNONE },
	{ MOD_DRY_RUN,           YP_TBOOL, YP_VNONE },
	{ MOD_HOLD,              YP_TBOOL, YP_VNONE },
	{ MOD_GO_INSECURE,       YP_TDNAME, YP_VNONE },
	{ MOD_CACHES_EXPIRED,    YP_TSTR,  YP_VNONE },
	{ MOD_ROLLOVER,          YP_TBOOL, YP_VBOOL = { true } },
	{ MOD_DELEGATIONS,       YP_TOPT,  YP_VOPT = { modes, DELEGATIONS_OFF } },
	{ MOD_DELEGATION_APPLY,  YP_TOPT,  YP_VOPT = { applies, DELEGATION_BY_TRANSACTION } },
	{ MOD_UPDATE_PRIMARY,    YP_TADDR, YP_VADDR = { 53 } },
	/* A module that is loaded cannot refer to a section of the server by YP_TREF. */
	{ MOD_UPDATE_KEY,        YP_TDNAME, YP_VNONE },
	{ MOD_DELEGATION_LOCK,   YP_TDNAME, YP_VNONE, YP_FMULTI },
	{ MOD_ACCEPT,            YP_TOPT,  YP_VOPT = { accepts, DELEGATION_ACCEPT_BOTH } },
	{ MOD_BOOTSTRAP,         YP_TOPT,  YP_VOPT = { bootstraps, BOOTSTRAP_OFF } },
	{ MOD_REMOVE,            YP_TBOOL, YP_VNONE },
	{ MOD_DS_MAX,            YP_TINT,  YP_VINT = { 1, 16, 6 } },
	{ MOD_HOLD_DOWN,         YP_TINT,  YP_VINT = { 0, INT32_MAX, 0, YP_STIME } },
	{ MOD_SCAN_INTERVAL,     YP_TINT,  YP_VINT = { 1, INT32_MAX, DAY, YP_STIME } },
	{ MOD_SCAN_INTERVAL_NOTIFYING, YP_TINT, YP_VINT = { 1, INT32_MAX, 7 * DAY, YP_STIME } },
	{ MOD_DELEGATION_RETRY,  YP_TINT,  YP_VINT = { 1, INT32_MAX, 5 * MINUTE, YP_STIME } },
	{ MOD_DELEGATION_UNREACHABLE_AFTER, YP_TINT, YP_VINT = { 1, INT32_MAX, 3 * DAY, YP_STIME } },
	{ MOD_DS_TTL,            YP_TINT,  YP_VINT = { 1, INT32_MAX, 10 * MINUTE, YP_STIME } },
	{ MOD_DS_TTL_HOLD,       YP_TINT,  YP_VINT = { 0, INT32_MAX, 3 * DAY, YP_STIME } },
	{ MOD_DS_TTL_BASE,       YP_TINT,  YP_VINT = { 0, INT32_MAX, 0, YP_STIME } },
	{ MOD_VERIFY,            YP_TINT,  YP_VINT = { 0, INT32_MAX, HOUR, YP_STIME } },
	{ MOD_UNDO,              YP_TBOOL, YP_VBOOL = { true } },
	{ MOD_REPORT_ERRORS,     YP_TBOOL, YP_VBOOL = { true } },
	{ MOD_DELEGATION_BATCH,  YP_TINT,  YP_VINT = { 1, 1000, 256 } },
	{ MOD_SCAN_RATE,         YP_TINT,  YP_VINT = { 1, 10000, 50 } },
	{ MOD_NOTIFY_RECEIVE,    YP_TBOOL, YP_VNONE },
	{ MOD_NOTIFY_LISTEN,     YP_TADDR, YP_VADDR = { 5359 }, YP_FMULTI },
	{ MOD_REPORT_AGENT,      YP_TDNAME, YP_VNONE },
	{ MOD_REPORT_RECEIVE,    YP_TBOOL, YP_VNONE },
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
	{ MOD_HOLD_DOWN,         0, 30 * DAY, "0 and 30d" },
	{ MOD_SCAN_INTERVAL,     HOUR, 30 * DAY, "1h and 30d" },
	{ MOD_SCAN_INTERVAL_NOTIFYING, HOUR, 30 * DAY, "1h and 30d" },
	{ MOD_DELEGATION_RETRY,  MINUTE, 6 * HOUR, "1m and 6h" },
	{ MOD_DELEGATION_UNREACHABLE_AFTER, DAY, INT32_MAX, "1d at least" },
	{ MOD_DS_TTL,            300, 900, "5m and 15m (RFC 10026)" },
	{ MOD_DS_TTL_HOLD,       DAY, INT32_MAX, "1d at least" },
	{ MOD_DS_TTL_BASE,       0, 7 * DAY, "0 and 7d" },
	{ MOD_VERIFY,            10 * MINUTE, 7 * DAY, "10m and 7d" },
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

/*! A reply from a socket of all addresses could have another one than the question went to. */
static int check_listen(knotd_conf_check_args_t *args)
{
	knotd_conf_t list = knotd_conf_check_item(args, MOD_NOTIFY_LISTEN);
	int ret = list.count > LISTENERS_MAX ? check_error(args, "notify-listen has %zu addresses, must be %d at most",
	                                                   list.count, LISTENERS_MAX) :
	                                       KNOT_EOK;
	for (size_t i = 0; i < list.count && ret == KNOT_EOK; i++) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)&list.multi[i].addr;
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&list.multi[i].addr;
		if (v4->sin_family == AF_INET ? v4->sin_addr.s_addr == INADDR_ANY :
		                                IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr)) {
			ret = check_error(
				args, "notify-listen must be an address of this host, not all of them: name each one");
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

static int check_expired(knotd_conf_check_args_t *args)
{
	knotd_conf_t expired = knotd_conf_check_item(args, MOD_CACHES_EXPIRED);
	uint8_t zone[KNOT_DNAME_MAXLEN];
	time_t time;

	if (expired.count > 0 && !conf_parse_expired(expired.single.string, zone, &time)) {
		return check_error(args,
		                   "caches-expired '%s' must be a zone and a time, as in "
		                   "\"example.com 2026-11-28T10:00:00Z\"",
		                   expired.single.string);
	}
	return KNOT_EOK;
}

static int check_report_agent(knotd_conf_check_args_t *args)
{
	knotd_conf_t agent = knotd_conf_check_item(args, MOD_REPORT_AGENT);

	return agent.count == 0 || agent.single.dname == NULL || report_in_is_agent(agent.single.dname) ?
	               KNOT_EOK :
	               check_error(args, "report-agent must not be the root, nor have a label _er (RFC 9567)");
}

/*! Items of the parent side that must fit one another. */
static int check_delegations(knotd_conf_check_args_t *args)
{
	const int64_t scan = knotd_conf_check_item(args, MOD_SCAN_INTERVAL).single.integer;
	const int64_t notifying = knotd_conf_check_item(args, MOD_SCAN_INTERVAL_NOTIFYING).single.integer;
	const int64_t low = knotd_conf_check_item(args, MOD_DS_TTL).single.integer;
	const int64_t base = knotd_conf_check_item(args, MOD_DS_TTL_BASE).single.integer;

	if (notifying < scan) {
		return check_error(args,
		                   "scan-interval-notifying is %" PRId64 "s, must be scan-interval (%" PRId64
		                   "s) at least: raise it, or lower scan-interval",
		                   notifying, scan);
	}
	if (base != 0 && base < low) {
		return check_error(args,
		                   "ds-ttl-base is %" PRId64 "s, must be 0 (the TTL of NS) or ds-ttl (%" PRId64
		                   "s) at least: raise it, or remove it",
		                   base, low);
	}
	return KNOT_EOK;
}

/*! DNS UPDATE goes to one address, and is signed. \a by: the item that asks for it. */
static int check_update(knotd_conf_check_args_t *args, const char *by, bool wanted, const char *primary,
                        const char *key)
{
	knotd_conf_t address = knotd_conf_check_item(args, primary);

	if (address.count > 0 && address.single.addr.ss_family != AF_INET &&
	    address.single.addr.ss_family != AF_INET6) {
		return check_error(args, "%s must be an IP address with an optional @port", primary + 1);
	}
	if (wanted && (address.count == 0 || knotd_conf_check_item(args, key).count == 0)) {
		return check_error(args, "%s is update, which needs %s and %s: set both", by + 1, primary + 1, key + 1);
	}
	return KNOT_EOK;
}

static int check_updates(knotd_conf_check_args_t *args)
{
	const bool agent = knotd_conf_check_item(args, MOD_DELEGATION_APPLY).single.option == DELEGATION_BY_UPDATE;
	const unsigned via = knotd_conf_check_item(args, MOD_PARENT_VIA).single.option;

	if (!knotd_conf_check_item(args, MOD_NOTIFY).single.boolean && via != PARENT_VIA_AUTO &&
	    via != PARENT_VIA_CDS) {
		return check_error(args, "notify is off, but parent-via is %s: remove notify", vias[via].name);
	}
	if (via == PARENT_VIA_EPP && knotd_conf_check_item(args, MOD_PARENT_EPP).count == 0) {
		return check_error(args, "parent-via is epp, which needs parent-epp: name an account of epp-accounts");
	}
	const int ret =
		check_update(args, MOD_PARENT_VIA, via == PARENT_VIA_UPDATE, MOD_PARENT_PRIMARY, MOD_PARENT_KEY);
	return ret == KNOT_EOK ? check_update(args, MOD_DELEGATION_APPLY, agent, MOD_UPDATE_PRIMARY, MOD_UPDATE_KEY) :
	                         ret;
}

/*! The values of an item of texts with START_SEPARATOR. \return False if they are too long. */
static bool join_values(knotd_conf_check_args_t *args, const char *item, char out[START_TEXT])
{
	knotd_conf_t list = knotd_conf_check_item(args, item);
	const bool fits = conf_join(&list, out);
	knotd_conf_free(&list);
	return fits;
}

/*! Zones that have come due before they are settled would roll without end. */
static int check_spread(knotd_conf_check_args_t *args)
{
	const bool unsafe = knotd_conf_check_item(args, MOD_UNSAFE_TIMING).single.boolean;
	const int64_t lifetime = knotd_conf_check_item(args, MOD_KSK_LIFETIME).single.integer;
	const int64_t settle = knotd_conf_check_item(args, MOD_SETTLE).single.integer;
	const int64_t spread = knotd_conf_check_item(args, MOD_SPREAD).single.integer;
	const int64_t most = lifetime - (unsafe ? 0 : settle + 7 * DAY);

	return lifetime == 0 || spread <= most ? KNOT_EOK :
	                                         check_error(args,
	                                                     "spread is %" PRId64 "s, must be %" PRId64
	                                                     "s at most: ksk-lifetime without settle and 7d",
	                                                     spread, most);
}

static int check_starts(knotd_conf_check_args_t *args)
{
	char windows[START_TEXT], dates[START_TEXT], err[200];
	start_rules_t rules;

	if (!join_values(args, MOD_START_WINDOW, windows) || !join_values(args, MOD_NO_START, dates)) {
		return check_error(args, "start-window or no-start is too long, must be %d characters at most",
		                   START_TEXT - 1);
	}
	if (!start_parse(&rules, windows, dates, err, sizeof(err))) {
		return check_error(args, "%s", err);
	}
	for (unsigned i = 0; i < rules.zone_count; i++) {
		if (!time_zone_exists(rules.zone[i].name)) {
			return check_error(
				args,
				"start-window or no-start has the time zone '%s', which is not in %s: correct "
				"it, or install tzdata",
				rules.zone[i].name, TIME_ZONES);
		}
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
	static const char *const lists[] = { MOD_NAMESERVER, MOD_PARENT, MOD_RESOLVER, MOD_VALIDATOR,
		                             MOD_NOTIFY_LISTEN };
	static const char *const files[] = { MOD_TRUST_ANCHOR, MOD_ROOT_HINTS, MOD_STORAGE, MOD_KEYMGR,
		                             MOD_EPP_ACCOUNTS };
	int ret = check_delegations(args);
	if (ret == KNOT_EOK) {
		ret = check_updates(args);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && ret == KNOT_EOK; i++) {
		ret = check_addresses(args, lists[i]);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && ret == KNOT_EOK; i++) {
		ret = check_file(args, files[i]);
	}
	ret = ret == KNOT_EOK ? check_spread(args) : ret;
	ret = ret == KNOT_EOK ? check_starts(args) : ret;
	ret = ret == KNOT_EOK ? check_listen(args) : ret;
	ret = ret == KNOT_EOK ? check_report_agent(args) : ret;
	return ret == KNOT_EOK ? check_expired(args) : ret;
}
