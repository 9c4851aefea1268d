/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Names of the items of the section mod-kskroll, as knotd takes them: a length, then the name.
 */

#pragma once

/* clang-format off */
#define MOD_KSK_LIFETIME	"\x0C""ksk-lifetime"
#define MOD_SPREAD		"\x06""spread"
#define MOD_START_WINDOW	"\x0C""start-window"
#define MOD_NO_START		"\x08""no-start"
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
#define MOD_PARENT_VIA		"\x0A""parent-via"
#define MOD_PARENT_PRIMARY	"\x0E""parent-primary"
#define MOD_PARENT_KEY		"\x0A""parent-key"
#define MOD_PARENT_EPP		"\x0A""parent-epp"
#define MOD_EPP_ACCOUNTS	"\x0C""epp-accounts"
#define MOD_PARENT_RATE		"\x0B""parent-rate"
#define MOD_MAX_ROLLING		"\x0B""max-rolling"
#define MOD_MAX_ROLLING_PARENT	"\x12""max-rolling-parent"
#define MOD_COMPLETE		"\x12""zone-file-complete"
#define MOD_DRY_RUN		"\x07""dry-run"
#define MOD_HOLD		"\x04""hold"
#define MOD_GO_INSECURE		"\x0B""go-insecure"
#define MOD_CACHES_EXPIRED	"\x0E""caches-expired"
#define MOD_ROLLOVER		"\x08""rollover"
#define MOD_DELEGATIONS		"\x0B""delegations"
#define MOD_DELEGATION_APPLY	"\x10""delegation-apply"
#define MOD_UPDATE_PRIMARY	"\x0E""update-primary"
#define MOD_UPDATE_KEY		"\x0A""update-key"
#define MOD_DELEGATION_LOCK	"\x0F""delegation-lock"
#define MOD_ACCEPT		"\x06""accept"
#define MOD_BOOTSTRAP		"\x09""bootstrap"
#define MOD_REMOVE		"\x06""remove"
#define MOD_DS_MAX		"\x06""ds-max"
#define MOD_HOLD_DOWN		"\x09""hold-down"
#define MOD_SCAN_INTERVAL	"\x0D""scan-interval"
#define MOD_SCAN_INTERVAL_NOTIFYING	"\x17""scan-interval-notifying"
#define MOD_DELEGATION_RETRY	"\x10""delegation-retry"
#define MOD_DELEGATION_UNREACHABLE_AFTER	"\x1C""delegation-unreachable-after"
#define MOD_DS_TTL		"\x06""ds-ttl"
#define MOD_DS_TTL_HOLD		"\x0B""ds-ttl-hold"
#define MOD_DS_TTL_BASE		"\x0B""ds-ttl-base"
#define MOD_VERIFY		"\x06""verify"
#define MOD_UNDO		"\x04""undo"
#define MOD_REPORT_ERRORS	"\x0D""report-errors"
#define MOD_DELEGATION_BATCH	"\x10""delegation-batch"
#define MOD_SCAN_RATE		"\x09""scan-rate"
#define MOD_NOTIFY_RECEIVE	"\x0E""notify-receive"
#define MOD_NOTIFY_LISTEN	"\x0D""notify-listen"
#define MOD_REPORT_AGENT	"\x0C""report-agent"
#define MOD_REPORT_RECEIVE	"\x0E""report-receive"
#define MOD_UNSAFE_TIMING	"\x0D""unsafe-timing"
/* clang-format on */

enum {
	BOOTSTRAP_OFF,
	BOOTSTRAP_AUTHENTICATED
};
