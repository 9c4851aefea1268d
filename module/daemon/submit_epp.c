/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * By EPP (RFC 5730, 5731, 5910): the registry is asked what it has of the domain, epp_judge() says what to do, and one
 * update goes out at most. What is not known afterwards is asked again, until the registry has decided.
 */

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "env.h"
#include "kskroll/text_copy.h"
#include "submit_channel.h"
#include "zone.h"

#define RETRY_MAX_MS (15 * 60000)
/*! An update that would go out later than this after its decision is not sent: the zone may have changed. */
#define LATEST_MS (60 * 60000)
/*! Of the server's words and ours. */
#define WORDS_MAX 1024

static const char *missing(const zone_t *zone)
{
	return zone->settings->parent_epp == NULL ? "parent-epp is not set" : NULL;
}

/*! In doubt it is asked again; else nothing of it was sent. An account that is stopped waits for its file, not for the
 * zone. */
static void not_sent(submission_t *s, const char *why)
{
	if (s->doubt) {
		submit_doubt(s, s->epp.past == EPP_PAST_PENDING ? NOTIFY_EPP_PENDING : NOTIFY_EPP_LOST, why);
	} else {
		submit_finish(s, NOTIFY_EPP_UNSENT, why, true);
	}
}

/*! The link has answered, or has lost the order. \return False: the zone is gone, and so is the submission. */
static bool came_back(submission_t *s)
{
	epp_link_peer_t peer;

	s->epp.under_way = false;
	if (s->zone == NULL) {
		submit_end(s);
		return false;
	}
	s->result.elapsed_ms = uv_now(&s->zone->env->uv) - s->began;
	if (epp_link_peer(s->epp.link, &peer)) {
		text_copy(s->result.server, sizeof(s->result.server), peer.address);
	}
	return true;
}

/*! The registry has it. \a again: as of submit_done_f. */
static void succeed(submission_t *s, const char *detail, bool again)
{
	char words[64];

	if (s->result.ds_ttl != 0 && s->ttl != s->result.ds_ttl) {
		snprintf(words, sizeof(words), "%u s are wanted, and the registry allows %u s", s->result.ds_ttl,
		         s->ttl);
		s->result.ds_ttl = s->ttl;
		detail = words;
	}
	submit_finish(s, NOTIFY_EPP_SUBMITTED, detail, again);
}

/*! A command that the registry does not do. */
static void not_done(submission_t *s, const epp_event_t *event)
{
	char words[WORDS_MAX];

	if (event->code != 0) {
		snprintf(words, sizeof(words), "%s (%u). %s", event->text, event->code, epp_advice(event->code));
	} else {
		text_copy(words, sizeof(words), event->text);
	}
	switch (event->meaning) {
	case EPP_DONE:
	case EPP_PENDING:
	case EPP_LATER:
		not_sent(s, words);
		break;
	case EPP_LOCKED:
		submit_finish(s, NOTIFY_EPP_LOCKED, words, false);
		break;
	default:
		submit_finish(s, NOTIFY_EPP_REFUSED, words, false);
		break;
	}
}

/* The update. */

static void on_updated(const epp_link_result_t *r, void *arg)
{
	submission_t *s = arg;

	if (!came_back(s)) {
		return;
	}
	switch (r->status) {
	case EPP_LINK_ANSWER:
		if (r->event->meaning == EPP_DONE) {
			succeed(s, "", false);
		} else if (r->event->meaning == EPP_PENDING) {
			s->epp.past = EPP_PAST_PENDING;
			s->epp.since = uv_now(&s->zone->env->uv);
			submit_doubt(s, NOTIFY_EPP_PENDING, r->event->text);
		} else {
			not_done(s, r->event);
		}
		break;
	case EPP_LINK_UNSENT:
	case EPP_LINK_STOPPED:
		not_sent(s, r->why);
		break;
	case EPP_LINK_LOST:
	case EPP_LINK_CANCELLED: /* The accounts were read again. */
		s->epp.past = EPP_PAST_UNKNOWN;
		s->epp.since = uv_now(&s->zone->env->uv);
		submit_doubt(s, NOTIFY_EPP_LOST, r->why);
		break;
	}
}

static void order(submission_t *s, const epp_command_t *command, epp_link_done_f done)
{
	s->result.tries++;
	s->epp.under_way = true;
	if (epp_link_send(s->epp.link, command, EPP_LINK_ONCE, done, s) != KNOT_EOK) {
		s->epp.under_way = false;
		not_sent(s, "out of memory");
	}
}

/*! A name that no other command has had. \return False: there is no random number. */
static bool make_id(char *out, size_t len)
{
	uint8_t octets[12];
	int at = snprintf(out, len, "kskroll-");

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets)) {
		return false;
	}
	for (size_t i = 0; i < sizeof(octets); i++) {
		at += snprintf(out + at, len - at, "%02x", octets[i]);
	}
	return true;
}

static void send_update(submission_t *s, const epp_judgement_t *judgement, const char *domain)
{
	const epp_diff_t *diff = &judgement->diff;
	char id[EPP_TRID_MAX];

	/* The first question may have waited behind those of many other zones. */
	if (uv_now(&s->zone->env->uv) - s->began > LATEST_MS) {
		not_sent(s, "other commands came first for too long");
		return;
	}
	/* The row of the zone has its name before it can be under way. */
	if (!make_id(id, sizeof(id)) || !submit_note(s, id)) {
		not_sent(s, "the store cannot be written");
		return;
	}
	const epp_command_t command = {
		.verb = EPP_UPDATE,
		.domain = domain,
		.rem = diff->rem,
		.rem_count = diff->rem_count,
		.add = diff->add,
		.add_count = diff->add_count,
		.ttl_what = s->epp.ttl_what,
		.ttl = s->ttl,
		.trid = id,
	};
	order(s, &command, on_updated);
}

/* What the registry has. */

/*! As EPP calls the zone: without the final dot. */
static void domain_of(const zone_t *zone, char domain[EPP_DOMAIN_MAX])
{
	text_copy(domain, EPP_DOMAIN_MAX, zone->name);
	const size_t len = strlen(domain);
	if (len > 0 && domain[len - 1] == '.') {
		domain[len - 1] = '\0';
	}
}

/*! Records of EPP that point into a set of DS, or of DNSKEY. \return Their number. */
static size_t records_of(const knot_rdataset_t *set, bool is_key, epp_record_t out[EPP_RECORDS_MAX])
{
	const knot_rdata_t *rr = set->rdata;
	size_t count = 0;

	for (uint16_t i = 0; i < set->count && count < EPP_RECORDS_MAX;
	     i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		epp_record_t *r = &out[count++];
		*r = (epp_record_t){ .is_key = is_key, .data = rr->data + 4, .data_len = rr->len - 4 };
		if (is_key) {
			r->flags = knot_dnskey_flags(rr);
			r->protocol = knot_dnskey_proto(rr);
			r->algorithm = knot_dnskey_alg(rr);
		} else {
			r->tag = knot_ds_key_tag(rr);
			r->algorithm = knot_ds_alg(rr);
			r->digest_type = knot_ds_digest_type(rr);
		}
	}
	return count;
}

static void act_on(submission_t *s, const epp_judgement_t *judgement, const char *domain)
{
	const epp_past_t past = s->epp.past;

	switch (judgement->what) {
	case EPP_JUDGED_SAME:
		succeed(s,
		        past == EPP_PAST_NONE ? s->result.ds_ttl != 0 ? "it had it already" : "it had the DS already" :
		                                "",
		        false);
		break;
	case EPP_JUDGED_SEND:
		send_update(s, judgement, domain);
		break;
	case EPP_JUDGED_WAIT:
		submit_doubt(s, past == EPP_PAST_PENDING ? NOTIFY_EPP_PENDING : NOTIFY_EPP_LOST, judgement->why);
		break;
	case EPP_JUDGED_NOT_MADE:
		if (past == EPP_PAST_PENDING) {
			submit_finish(s, NOTIFY_EPP_REFUSED, judgement->why, false);
		} else {
			submit_finish(s, NOTIFY_EPP_LOST, "it was not made", true);
		}
		break;
	case EPP_JUDGED_DIFFERS:
		submit_finish(s, NOTIFY_EPP_DIFFERS, judgement->why, true);
		break;
	case EPP_JUDGED_LOCKED:
		submit_finish(s, NOTIFY_EPP_LOCKED, judgement->why, false);
		break;
	case EPP_JUDGED_CANNOT:
		submit_finish(s, NOTIFY_EPP_REFUSED, judgement->why, false);
		break;
	}
}

/*! The TTL that the registry is asked for: instead of a low one the lowest that it allows. \return False: it is over.
 */
static bool ask_ttl(submission_t *s, const epp_info_t *info)
{
	const rollover_row_t *row = &s->zone->kept.row;
	char words[80];

	if (s->doubt && !s->resumed) {
		return true; /* What was sent counts, whatever is allowed now. */
	}
	s->epp.ttl_what = EPP_TTL_KEEP;
	if (s->result.ds_ttl == 0) {
		return true;
	}
	s->ttl = s->result.ds_ttl;
	if (info->has_ttl && !row->ds_ttl_back) {
		s->ttl = rollover_ds_ttl(s->ttl, info->ttl_min, info->ttl_max);
		if (s->ttl >= row->ds_ttl_before && !s->doubt) {
			snprintf(words, sizeof(words), "the registry allows no TTL of DS below %u s", info->ttl_min);
			submit_finish(s, NOTIFY_EPP_REFUSED, words, false);
			return false;
		}
	}
	s->epp.ttl_what = info->has_ttl && info->ttl_usual == s->ttl ? EPP_TTL_DEFAULT : EPP_TTL_SET;
	return true;
}

static void judge(submission_t *s, const epp_info_t *info)
{
	if (!ask_ttl(s, info)) {
		return;
	}

	epp_record_t base[EPP_RECORDS_MAX], ds[EPP_RECORDS_MAX], keys[EPP_RECORDS_MAX];
	char domain[EPP_DOMAIN_MAX];
	epp_judgement_t judgement;
	const uint64_t now = uv_now(&s->zone->env->uv);
	const epp_case_t c = {
		.account = s->epp.account,
		.info = info,
		.owner = s->zone->dname,
		.base = base,
		.base_count = records_of(&s->ds, false, base),
		.ds = ds,
		.ds_count = records_of(&s->wanted, false, ds),
		.keys = keys,
		.key_count = records_of(&s->keys, true, keys),
		.removes = s->removes,
		.keeps = s->result.ds_ttl != 0,
		.ttl_what = s->epp.ttl_what,
		.ttl = s->ttl,
		.past = s->epp.past,
		/* So long the account waits for an answer; a server that works on it for longer is none of those. */
		.over = now - s->epp.since >= (uint64_t)s->epp.account->timeout * 1000,
	};

	if (s->epp.past == EPP_PAST_UNKNOWN && (info->locks & EPP_LOCK_PENDING)) {
		s->epp.past = EPP_PAST_PENDING; /* Its answer would have been 1001. */
	}
	domain_of(s->zone, domain);
	epp_judge(&c, &judgement);
	if (judgement.what == EPP_JUDGED_SAME && s->resumed && s->epp.past == EPP_PAST_UNKNOWN && !c.over) {
		judgement.what = EPP_JUDGED_WAIT;
		text_copy(judgement.why, sizeof(judgement.why),
		          "the registry has the DS, and may still work on a former update");
	}
	act_on(s, &judgement, domain);
}

static void on_info(const epp_link_result_t *r, void *arg)
{
	submission_t *s = arg;

	if (!came_back(s)) {
		return;
	}
	if (!s->doubt && !submission_is_wanted(s)) {
		submit_finish(s, NOTIFY_EPP_UNSENT, SUBMIT_NOT_WANTED, true);
	} else if (r->status != EPP_LINK_ANSWER) {
		not_sent(s, r->why);
	} else if (r->event->info != NULL) {
		judge(s, r->event->info);
	} else if (s->doubt) {
		/* Of the question: nothing is known of what was sent. */
		not_sent(s, r->event->text);
	} else {
		not_done(s, r->event);
	}
}

static void go(submission_t *s)
{
	char why[WORDS_MAX], domain[EPP_DOMAIN_MAX];
	const char *id = s->zone->settings->parent_epp;

	snprintf(s->result.target, sizeof(s->result.target), "account %s", id);
	s->epp.link = accounts_link(s->zone->env, id, &s->epp.account, why, sizeof(why));
	if (s->epp.link == NULL) {
		not_sent(s, why);
		return;
	}
	snprintf(s->result.server, sizeof(s->result.server), "%.50s@%u", s->epp.account->server, s->epp.account->port);
	domain_of(s->zone, domain);
	if (s->doubt) {
		epp_link_poll(s->epp.link);
	}
	const epp_command_t command = { .verb = EPP_INFO, .domain = domain };
	order(s, &command, on_info);
}

static bool cancel(submission_t *s)
{
	return s->epp.under_way && epp_link_cancel(s->epp.link, s);
}

static void withdraw(submission_t *s)
{
	/* Under way: the question ends in on_info(), and what came of the update has to be known. */
	if (!cancel(s)) {
		submit_finish(s, NOTIFY_EPP_UNSENT, SUBMIT_NOT_WANTED, false);
	}
}

static void say_place(const submission_t *s, char *out, size_t len)
{
	epp_link_place_t place;
	char when[32];
	struct tm tm;

	if (!s->epp.under_way || !epp_link_place(s->epp.link, s, &place) || (place.before == 0 && place.wait_ms == 0)) {
		return;
	}
	const time_t until = time(NULL) + (time_t)((place.wait_ms + 999) / 1000);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&until, &tm));
	snprintf(out, len, "in the queue of account %s: %u commands come first, until about %s", s->epp.account->id,
	         place.before, when);
}

bool submit_heard(submission_t *s, const epp_message_t *message)
{
	if (s->channel != &submit_epp_channel || s->zone == NULL ||
	    strcmp(message->trid, s->zone->kept.row.submitted_id) != 0 || cancel(s)) {
		return false;
	}
	if (message->result) {
		/* What a former process has asked for may not be what is wanted now. */
		succeed(s, message->text, s->resumed);
	} else {
		submit_finish(s, NOTIFY_EPP_REFUSED, message->text, false);
	}
	return true;
}

const submit_channel_t submit_epp_channel = {
	.via = PARENT_VIA_EPP,
	.unsent = NOTIFY_EPP_UNSENT,
	.lost = NOTIFY_EPP_LOST,
	.retry_max_ms = RETRY_MAX_MS,
	.missing = missing,
	.go = go,
	.withdraw = withdraw,
	.say_place = say_place,
	.cancel = cancel,
};
