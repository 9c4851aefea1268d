/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <libknot/libknot.h>

#include "announce.h"
#include "env.h"
#include "kskroll/text_copy.h"
#include "report.h"
#include "zone.h"

/*! A notification is over before the next one of the zone is due: all tries over UDP and the one over TCP. */
static notify_retry_t retry_of(const rollover_config_t *config)
{
	const uint64_t rfc_1996 = 60000;
	const unsigned retransmissions = 5;
	uint64_t share = (uint64_t)config->notify_again * 1000 / (retransmissions + 2);
	unsigned ms = share < rfc_1996 ? share : rfc_1996;

	return (notify_retry_t){
		.interval_ms = ms,
		.retransmissions = retransmissions,
		.tcp_timeout_ms = ms,
	};
}

static void to_log(const zone_t *zone, const notify_result_t *r)
{
	char line[1024];
	report_notify_line(line, sizeof(line), r);
	/* The rollover goes on without it: the parent may check by itself, or the operator informs it. */
	bool plain = r->status == NOTIFY_ACKNOWLEDGED || r->status == NOTIFY_NO_DSYNC ||
	             r->status == NOTIFY_CANCELLED || r->status == NOTIFY_UPDATED ||
	             r->status == NOTIFY_EPP_SUBMITTED || r->status == NOTIFY_EPP_PENDING;
	outbox_log(zone->env->out, plain ? LOG_INFO : LOG_NOTICE, "zone %s, %s", zone->name, line);
}

static void to_store(zone_t *zone, const notify_result_t *r)
{
	const store_t *store = writer_store(&zone->env->writer);

	if (store != NULL && !record_notification(zone, r)) {
		/* Nothing depends on it; a store that stays so stops the zone at its next check. */
		outbox_log(zone->env->out, LOG_WARNING, "zone %s, notification not stored: %s", zone->name,
		           store_error(store));
	}
}

/*! Once while the zone is awake: the parent is notified all the same, and again. */
static void warn_of_agent(zone_t *zone, const notify_result_t *r)
{
	if (r->report_agent == NOTIFY_AGENT_LEFT_OUT && !zone->announce.agent_refused) {
		outbox_log(zone->env->out, LOG_WARNING,
		           "zone %s, report-agent %s is neither a nameserver of the zone nor below one: the parent is "
		           "notified without it (RFC 9859 4.2.1)",
		           zone->name, zone->settings->report_agent != NULL ? zone->settings->report_agent : "");
		zone->announce.agent_refused = true;
	}
}

/*! \return Whether the zone has to be checked. */
static bool note(zone_t *zone, const notify_result_t *result)
{
	env_t *env = zone->env;

	numbers_notify(&env->numbers, result->status);
	warn_of_agent(zone, result);
	to_log(zone, result);
	to_store(zone, result);
	numbers_publish(env, zone->entry);
	if (result->status != NOTIFY_ACKNOWLEDGED) {
		return false;
	}
	zone->announce.acknowledged = time(NULL);
	return true;
}

static void on_notified(notify_result_t *result, void *arg)
{
	zone_t *zone = arg;
	/* Otherwise the asker was replaced, and the new one has to do it again. */
	const bool ended_here = zone->announce.notify == NULL;
	bool check = false;

	zone->announce.notify = NULL;
	if (!zone->gone && result->status == NOTIFY_CANCELLED && !ended_here) {
		zone->kept.row.notified = 0;
		check = true;
	} else if (!zone->gone) {
		check = note(zone, result);
	}
	notify_free(result);
	zone->announce.done(zone, check);
}

/* DNS UPDATE and EPP. */

static bool submits(parent_via_t via)
{
	return via == PARENT_VIA_UPDATE || via == PARENT_VIA_EPP;
}

/*! Whether the parent reads the signals: it may be the agent of this process, which sets a TTL as well. */
static bool follows(parent_via_t via)
{
	return via == PARENT_VIA_CDS || via == PARENT_VIA_AUTO;
}

static bool is_done(notify_status_t status)
{
	return status == NOTIFY_UPDATED || status == NOTIFY_EPP_SUBMITTED;
}

/*! \return Whether it says the same as the last one: it is not written once more. */
static bool keep(announce_failure_t *f, const notify_result_t *r)
{
	const bool same = r->status == f->failed && !is_done(r->status) && strcmp(r->server, f->about) == 0 &&
	                  strncmp(r->detail, f->why, sizeof(f->why) - 1) == 0;

	f->failed = r->status;
	text_copy(f->about, sizeof(f->about), r->server);
	text_copy(f->why, sizeof(f->why), r->detail);
	return same;
}

static void keep_nothing(announce_failure_t *f)
{
	*f = (announce_failure_t){ .failed = NOTIFY_UPDATED };
}

static void note_submission(zone_t *zone, const notify_result_t *r)
{
	announce_t *a = &zone->announce;

	numbers_notify(&zone->env->numbers, r->status);
	if (!keep(r->ds_ttl != 0 ? &a->ds_ttl.failure : &a->signals, r)) {
		to_log(zone, r);
		to_store(zone, r);
	}
	numbers_publish(zone->env, zone->entry);
}

/*! Facts have changed, and the next decision may send another one. */
static void again(zone_t *zone)
{
	zone->kept.row.notified = 0;
}

static void on_doubt(const notify_result_t *result, bool next, void *arg)
{
	zone_t *zone = arg;

	(void)next;
	if (!zone->announce.over) {
		note_submission(zone, result);
	}
}

static void on_ttl(announce_t *a, const notify_result_t *r, bool next)
{
	const bool refused =
		r->status == NOTIFY_UPDATE_REFUSED || r->status == NOTIFY_EPP_REFUSED || r->status == NOTIFY_EPP_LOCKED;

	a->ds_ttl.made = is_done(r->status) ? r->ds_ttl : 0;
	a->ds_ttl.refused = refused ? r->ds_ttl : 0;
	a->ds_ttl.unproven = refused && r->unproven;
	a->ds_ttl.again |= next;
}

static void on_submitted(const notify_result_t *result, bool next, void *arg)
{
	zone_t *zone = arg;
	announce_t *a = &zone->announce;
	const bool over = a->over, missed = a->missed;

	a->submission = NULL;
	a->over = a->missed = false;
	if (!over) {
		note_submission(zone, result);
	}
	if (result->ds_ttl != 0 && !over) {
		on_ttl(a, result, next);
	} else if (!over) {
		a->acknowledged = is_done(result->status) ? time(NULL) : 0;
	}
	if (missed || (result->ds_ttl == 0 && next && !over)) {
		again(zone);
	}
	/* Not at once after what was not made: a check of its own time decides. */
	a->done(zone, missed || (!over && is_done(result->status)));
}

/*! \param[in] ttl  As for submit_start(). \return Whether one was sent. */
static bool submit(zone_t *zone, uint32_t ttl)
{
	announce_t *a = &zone->announce;
	notify_result_t result;

	/* It is on its way, and may wait in a queue for longer than notify-again. */
	if (a->submission != NULL && !a->over && submit_is_same(a->submission, zone, ttl)) {
		return false;
	}
	if (ttl != 0) {
		a->ds_ttl.made = a->ds_ttl.refused = 0;
		a->ds_ttl.again = true;
	}
	if (a->submission != NULL) {
		a->missed = true;
		return false;
	}
	if (submit_must_wait(zone)) {
		again(zone);
		return false;
	}
	a->submission = submit_start(zone, ttl, on_submitted, on_doubt, zone, &result);
	a->ttl = ttl;
	/* Only the question what came of what was sent by the way of before: then comes that of now. */
	a->missed = a->submission != NULL && !submit_is_of_now(a->submission);
	if (a->submission == NULL) {
		note_submission(zone, &result);
		again(zone);
	} else if (ttl != 0) {
		a->ds_ttl.again = false;
	}
	return a->submission != NULL;
}

bool announce_outcome(zone_t *zone, const epp_account_t *account, const epp_message_t *message)
{
	rollover_row_t *row = &zone->kept.row;
	notify_result_t result = { .status = message->result ? NOTIFY_EPP_SUBMITTED : NOTIFY_EPP_REFUSED, .tcp = true };

	/* What was sent by DNS UPDATE has no name, and what another client has sent may have none. */
	if (message->trid[0] == '\0') {
		return false;
	}
	/* Nobody may be waiting for it yet, as after a restart. */
	if (zone->announce.submission != NULL) {
		(void)submit_heard(zone->announce.submission, message);
		return false;
	}
	if (row->submitted == 0 || strcmp(row->submitted_id, message->trid) != 0) {
		return false;
	}
	row->submitted = 0;
	row->submitted_id[0] = '\0';
	snprintf(result.target, sizeof(result.target), "account %s", account->id);
	text_copy(result.detail, sizeof(result.detail), message->text);
	note_submission(zone, &result);
	if (message->result) {
		/* What a former process has asked for may not be what is wanted now. */
		again(zone);
	}
	return true;
}

/* By hand. */

static void leave_to_operator(zone_t *zone)
{
	notify_result_t result = { .status = NOTIFY_MANUAL };

	submit_words(zone, result.detail, sizeof(result.detail));
	numbers_notify(&zone->env->numbers, result.status);
	to_log(zone, &result);
	to_store(zone, &result);
	numbers_publish(zone->env, zone->entry);
}

/* NOTIFY. */

/*! As the parent delegates to them; if no server of the parent was asked for that, as the zone has them. */
static const knot_rdataset_t *nameservers_of(const zone_t *zone)
{
	const gathered_t *gathered = zone->gathered;
	const survey_result_t *survey = gathered != NULL ? gathered->survey : NULL;

	return gathered == NULL                                 ? NULL :
	       survey != NULL && survey->delegated_to.count > 0 ? &survey->delegated_to :
	                                                          &gathered->ns;
}

static bool start(zone_t *zone)
{
	const char *agent = zone->settings->report_agent;
	knot_dname_storage_t domain;
	const notify_request_t request = {
		.zone = zone->dname,
		.require_secure = zone->settings->require_secure_dsync,
		.retry = retry_of(&zone->settings->config),
		.report_agent = agent != NULL ? knot_dname_from_str(domain, agent, sizeof(domain)) : NULL,
		.ns = nameservers_of(zone),
	};
	dns_t *dns = resources_dns(zone->env);

	if (zone->announce.notify != NULL || dns == NULL) {
		return false;
	}
	if (notify_start(dns, &request, on_notified, zone, &zone->announce.notify) != KNOT_EOK) {
		outbox_log(zone->env->out, LOG_ERR, "zone %s, parent not notified: out of memory", zone->name);
		return false;
	}
	return true;
}

static void end_notify(zone_t *zone)
{
	notify_t *notify = zone->announce.notify;

	zone->announce.notify = NULL;
	notify_cancel(notify);
}

/*! A change that was sent may still be made: until that is known, no other one is sent. One that was not is not. */
static void end(zone_t *zone)
{
	announce_t *a = &zone->announce;

	end_notify(zone);
	a->over = a->over || (a->submission != NULL && a->ttl == 0);
	a->missed = false;
	a->acknowledged = 0;
	keep_nothing(&a->signals);
	if (a->submission != NULL && a->ttl == 0) {
		submit_withdraw(a->submission);
	}
}

/*! The DS TTL that the zone wants; 0: none, also where nothing may be done now. */
static uint32_t ttl_wanted(const zone_t *zone, const rollover_decision_t *d)
{
	const rollover_config_t *config = &zone->settings->config;

	return config->hold || config->dry_run ? 0 : rollover_ds_ttl_wanted(&d->row);
}

/*! The same for the TTL of DS. \return Whether another one is wanted than before. */
static bool end_ttl(zone_t *zone, uint32_t wanted)
{
	announce_t *a = &zone->announce;

	if (wanted == a->ds_ttl.wanted) {
		return false;
	}
	a->over = a->over || (a->submission != NULL && a->ttl != 0);
	memset(&a->ds_ttl, 0, sizeof(a->ds_ttl));
	keep_nothing(&a->ds_ttl.failure);
	a->ds_ttl.wanted = wanted;
	if (a->submission != NULL && a->ttl != 0) {
		submit_withdraw(a->submission);
	}
	return true;
}

void announce_review(zone_t *zone)
{
	announce_t *a = &zone->announce;

	if (a->submission == NULL || a->over || submit_is_of_now(a->submission)) {
		return;
	}
	a->missed = true;
	if (!submit_is_in_doubt(a->submission)) {
		a->over = true;
		a->ds_ttl.again = a->ds_ttl.again || a->ttl != 0; /* It is still wanted, and was not sent. */
		submit_withdraw(a->submission);
	}
}

/*! The operator has removed the settings by which it could be asked, and chosen a way that sends nothing. */
static void forget_open(zone_t *zone)
{
	rollover_row_t *row = &zone->kept.row;

	outbox_log(
		zone->env->out, LOG_NOTICE,
		"zone %s, the outcome of the %s that was sent to the parent stays unknown: its settings were removed",
		zone->name, row->submitted_id[0] != '\0' ? "EPP" : "DNS UPDATE");
	row->submitted = 0;
	row->submitted_id[0] = '\0';
	/* If that cannot be written, the next process forgets it. */
	(void)record_row(zone);
}

bool announce_upon(zone_t *zone, const rollover_decision_t *d, announce_done_f done)
{
	if (d->row.notified == 0) {
		/* What it was about is over, or nobody may be notified any more. */
		end(zone);
	}
	const bool other_ttl = end_ttl(zone, ttl_wanted(zone, d));
	const parent_via_t via = zone->settings->config.via;
	zone->announce.done = done;
	if (d->ds_ttl != 0 && submits(via)) {
		return submit(zone, d->ds_ttl);
	}
	if ((d->ds_ttl != 0 || other_ttl) && follows(via)) {
		/* If the parent is the agent of this process, that asks what the row wants (parental.c). */
		parental_ttl_wanted(zone->env, zone->name);
	}
	if (!submits(via) && zone->announce.submission == NULL && submit_is_out_of_reach(zone)) {
		forget_open(zone);
	}
	/* What a former process, or another way, has left open is asked at once. */
	const bool open = zone->announce.submission == NULL && submit_is_open(zone);
	if (!d->notify && !open) {
		return false;
	}
	if (zone->announce.submission != NULL || zone->kept.row.submitted != 0) {
		return submit(zone, 0); /* Never two ways at once. */
	}
	switch (via) {
	case PARENT_VIA_UPDATE:
	case PARENT_VIA_EPP:
		return submit(zone, 0);
	case PARENT_VIA_MANUAL:
		leave_to_operator(zone);
		return false;
	default:
		return start(zone);
	}
}

void announce_cancel(zone_t *zone)
{
	submission_t *submission = zone->announce.submission;

	end_notify(zone);
	zone->announce.submission = NULL;
	if (zone->announce.ds_ttl.wanted != 0) {
		parental_ttl_wanted(zone->env, zone->name);
	}
	if (submission != NULL) {
		submit_cancel(submission);
		zone->announce.done(zone, false);
	}
}

bool announce_is_busy(const zone_t *zone)
{
	return zone->announce.notify != NULL || zone->announce.submission != NULL;
}

/*! Whether the parent cannot have it, as far as that is known. */
static bool is_failure(notify_status_t status)
{
	switch (status) {
	case NOTIFY_UPDATE_REFUSED:
	case NOTIFY_UPDATE_DIFFERS:
	case NOTIFY_UPDATE_UNSENT:
	case NOTIFY_UPDATE_LOST:
	case NOTIFY_EPP_REFUSED:
	case NOTIFY_EPP_LOCKED:
	case NOTIFY_EPP_DIFFERS:
	case NOTIFY_EPP_UNSENT:
	case NOTIFY_EPP_LOST:
		return true;
	default:
		return false;
	}
}

/*! "update-refused: REFUSED" */
static void say_failure(const announce_failure_t *f, char *out, size_t len)
{
	out[0] = '\0';
	if (is_failure(f->failed)) {
		snprintf(out, len, "%s%s%s", notify_status_name(f->failed), f->why[0] != '\0' ? ": " : "", f->why);
	}
}

void announce_facts(const zone_t *zone, rollover_facts_t *facts)
{
	const announce_t *a = &zone->announce;
	const rollover_config_t *config = &zone->settings->config;
	/* Where nothing is signalled, only a TTL that is asked for asks what came of that as well. */
	const bool left_open = zone->kept.row.submitted != 0 && a->submission == NULL;

	facts->acknowledged = a->acknowledged;
	/* Signals that wait for a message about a TTL wait for the same server. */
	const bool behind = a->submission != NULL && a->ttl != 0 && a->missed;
	const announce_failure_t *f = behind ? &a->ds_ttl.failure : &a->signals;
	say_failure(f, facts->not_informed, sizeof(facts->not_informed));
	text_copy(facts->not_informed_at, sizeof(facts->not_informed_at),
	          facts->not_informed[0] != '\0' ? f->about : "");
	const agent_ttl_t agent = follows(config->via) ?
	                                  parental_ttl(zone->env, zone->name, zone->kept.row.ds_ttl_low) :
	                                  (agent_ttl_t){ 0 };
	facts->ds_ttl = (ds_ttl_facts_t){
		.low = submits(config->via) ? rollover_ds_ttl(config->ds_ttl, 0, 0) : agent.low,
		.by_agent = agent.low != 0,
		.returns = agent.low != 0 && agent.restores,
		.made = a->ds_ttl.made,
		.refused = a->ds_ttl.refused,
		.unproven = a->ds_ttl.unproven,
		.again = a->ds_ttl.again || left_open,
	};
	say_failure(&a->ds_ttl.failure, facts->ds_ttl.why, sizeof(facts->ds_ttl.why));
	text_copy(facts->ds_ttl.at, sizeof(facts->ds_ttl.at),
	          facts->ds_ttl.why[0] != '\0' ? a->ds_ttl.failure.about : "");
	facts->in_queue[0] = '\0';
	if (a->submission != NULL && (a->ttl == 0 || behind)) {
		submit_say_place(a->submission, facts->in_queue, sizeof(facts->in_queue));
	}
	if (a->submission != NULL && a->ttl != 0) {
		submit_say_place(a->submission, facts->ds_ttl.queue, sizeof(facts->ds_ttl.queue));
	}
}
