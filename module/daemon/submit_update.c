/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * By DNS UPDATE (RFC 2136). One message; after that only the question what came of it, until that is known. A message
 * that was not made is not sent again from here: the next check decides.
 */

#include <stdio.h>

#include "env.h"
#include "kskroll/text_copy.h"
#include "submit_channel.h"
#include "zone.h"

/*! A message that waits longer for its turn is not sent: what it was decided on would be too old. */
#define LATEST_NS    (60 * UINT64_C(1000000000))
#define RETRY_MAX_MS 300000

static const char *missing(const zone_t *zone)
{
	return zone->settings->parent_primary.count == 0  ? "parent-primary is not set" :
	       zone->settings->parent_key.secret_len == 0 ? "parent-key is not in section key" :
	                                                    NULL;
}

/*! An answer that nobody has signed refuses the change. It may have been made all the same: the primary is asked. */
static void doubt_refusal(submission_t *s, const char *detail)
{
	char words[160];

	text_copy(s->refusal, sizeof(s->refusal), detail);
	snprintf(words, sizeof(words), "an answer without a signature refuses it: %.110s", detail);
	submit_doubt(s, NOTIFY_UPDATE_LOST, words);
}

/*! The primary has what it had before, as it has signed. */
static void not_made(submission_t *s)
{
	if (s->refusal[0] != '\0') {
		submit_finish(s, NOTIFY_UPDATE_REFUSED, s->refusal, false);
	} else {
		submit_finish(s, NOTIFY_UPDATE_LOST, "it was not made", true);
	}
}

static void on_updated(const update_result_t *r, void *arg)
{
	submission_t *s = arg;

	s->update = NULL;
	s->result.elapsed_ms += r->elapsed_ms;
	if (s->zone == NULL) {
		submit_end(s);
		return;
	}
	switch (r->status) {
	case UPDATE_SAME:
		if (s->result.ds_ttl != 0) {
			/* It has that DS in any case. One that is refused is not sent at each check. */
			submit_finish(s, NOTIFY_UPDATE_LOST, "it is not known whether it was made",
			              s->refusal[0] == '\0');
			break;
		}
		/* fallthrough */
	case UPDATE_DONE:
		submit_finish(s, NOTIFY_UPDATED, r->status == UPDATE_SAME ? "it had the DS already" : "", false);
		break;
	case UPDATE_BASE:
		not_made(s);
		break;
	case UPDATE_DIFFERS:
		submit_finish(s, NOTIFY_UPDATE_DIFFERS, r->detail, true);
		break;
	case UPDATE_UNSENT:
		if (s->doubt) {
			submit_doubt(s, NOTIFY_UPDATE_LOST, r->detail);
		} else {
			submit_finish(s, NOTIFY_UPDATE_UNSENT, r->detail, true);
		}
		break;
	case UPDATE_REFUSED:
	case UPDATE_REFUSED_UNSIGNED:
		/* Of the question, after a message that had no answer: nothing is known of that. */
		if (s->doubt) {
			submit_doubt(s, NOTIFY_UPDATE_LOST, r->detail);
		} else if (r->status == UPDATE_REFUSED_UNSIGNED && r->sent) {
			doubt_refusal(s, r->detail);
		} else {
			s->result.unproven = r->status == UPDATE_REFUSED_UNSIGNED;
			submit_finish(s, NOTIFY_UPDATE_REFUSED, r->detail, false);
		}
		break;
	case UPDATE_LOST:
	case UPDATE_CANCELLED: /* The asker was replaced. */
	default:
		submit_doubt(s, NOTIFY_UPDATE_LOST, r->status == UPDATE_LOST ? r->detail : "settings have changed");
		break;
	}
}

static void go(submission_t *s)
{
	dns_t *dns = resources_dns(s->zone->env);
	const zone_settings_t *settings = s->zone->settings;

	const update_request_t request = {
		.zone = s->parent,
		.owner = s->zone->dname,
		.ns = &s->ns,
		.ds = &s->ds,
		.wanted = &s->wanted,
		.ttl = s->ttl,
		.check_only = s->doubt,
		.latest = s->doubt ? 0 : uv_hrtime() + LATEST_NS,
		.primary = settings->parent_primary.addr[0],
		.key = settings->parent_key,
	};
	addr_to_text(&request.primary, s->result.server);
	if (!s->doubt && !submission_is_wanted(s)) {
		submit_finish(s, NOTIFY_UPDATE_UNSENT, SUBMIT_NOT_WANTED, true);
		return;
	}
	if (!s->doubt && !submit_note(s, "")) {
		submit_finish(s, NOTIFY_UPDATE_UNSENT, "the store cannot be written", true);
		return;
	}
	s->result.tries++;
	const int ret = dns != NULL ? update_start(dns, &request, on_updated, s, &s->update) : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		return;
	}
	if (s->doubt) {
		submit_doubt(s, NOTIFY_UPDATE_LOST, knot_strerror(ret));
	} else {
		submit_finish(s, NOTIFY_UPDATE_UNSENT,
		              ret == KNOT_ESPACE ? "the DNS UPDATE would be too long" :
		              ret == KNOT_ENOMEM ? "out of memory" :
		                                   "parent-key cannot be used",
		              ret == KNOT_ENOMEM);
	}
}

static void withdraw(submission_t *s)
{
	if (s->update != NULL) {
		update_withdraw(s->update);
	} else {
		submit_finish(s, NOTIFY_UPDATE_UNSENT, SUBMIT_NOT_WANTED, false);
	}
}

static bool cancel(submission_t *s)
{
	if (s->update == NULL) {
		return false;
	}
	update_cancel(s->update); /* Its callback ends it. */
	return true;
}

const submit_channel_t submit_update_channel = {
	.via = PARENT_VIA_UPDATE,
	.unsent = NOTIFY_UPDATE_UNSENT,
	.lost = NOTIFY_UPDATE_LOST,
	.retry_max_ms = RETRY_MAX_MS,
	.missing = missing,
	.go = go,
	.withdraw = withdraw,
	.cancel = cancel,
};
