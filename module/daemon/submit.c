/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "submit_channel.h"
#include "zone.h"

/*! Of a first DS: no server of the parent has a TTL for it. */
#define FIRST_TTL 3600

static void say_detail(notify_result_t *result, notify_status_t status, const char *detail)
{
	result->status = status;
	snprintf(result->detail, sizeof(result->detail), "%s", detail);
}

/*! \return NULL: that one sends nothing to the parent. */
static const submit_channel_t *way_of(parent_via_t via)
{
	return via == PARENT_VIA_EPP ? &submit_epp_channel : via == PARENT_VIA_UPDATE ? &submit_update_channel : NULL;
}

/*! What is open is asked by the way that it was sent by, which has named it, or not. */
static const submit_channel_t *channel_of(const zone_t *zone)
{
	const rollover_row_t *row = &zone->kept.row;

	return row->submitted == 0          ? way_of(zone->settings->config.via) :
	       row->submitted_id[0] != '\0' ? &submit_epp_channel :
	                                      &submit_update_channel;
}

static const survey_result_t *survey_of(const zone_t *zone)
{
	return zone->gathered != NULL ? zone->gathered->survey : NULL;
}

bool submit_must_wait(const zone_t *zone)
{
	const survey_result_t *survey = survey_of(zone);

	return survey != NULL && !survey->ds_agreed;
}

static uint32_t ttl_of(const zone_t *zone)
{
	const survey_result_t *survey = zone->gathered->survey;
	const uint32_t ttl = survey->ds.count == 0 ?
	                             0 :
	                             rollover_ds_ttl_of_change(&zone->kept.row, survey->parent, survey->parent_count,
	                                                       zone->announce.ds_ttl.refused);

	return ttl > 0 ? ttl : FIRST_TTL;
}

/*! \return Why nothing can be sent; NULL: it can. */
static const char *missing(const zone_t *zone, uint32_t ttl)
{
	const survey_result_t *survey = survey_of(zone);
	const char *setting = channel_of(zone)->missing(zone);

	if (setting != NULL && channel_of(zone) != way_of(zone->settings->config.via)) {
		return channel_of(zone) == &submit_epp_channel ?
		               "it is not known what came of an update by EPP: set parent-epp until it is" :
		               "it is not known what came of a DNS UPDATE: set parent-primary and parent-key until it is";
	}
	return setting != NULL                                  ? setting :
	       survey == NULL || survey->parent_zone[0] == '\0' ? "the parent zone is not known" :
	       survey->delegated_to.count == 0            ? "no server of the parent has said who serves the zone" :
	       ttl == 0 && zone->gathered->cds.count == 0 ? "the zone has no CDS" :
	       ttl != 0 && survey->ds.count == 0          ? "the parent has no DS of the zone" :
	                                                    NULL;
}

bool submit_is_open(const zone_t *zone)
{
	return zone->kept.row.submitted != 0 && missing(zone, 0) == NULL;
}

bool submit_is_out_of_reach(const zone_t *zone)
{
	return zone->kept.row.submitted != 0 && channel_of(zone)->missing(zone) != NULL;
}

bool submit_is_of_now(const submission_t *s)
{
	return submission_is_wanted(s);
}

bool submit_is_in_doubt(const submission_t *s)
{
	return s->doubt;
}

/*! What is wanted, and what it replaces. \return False without memory. */
static bool take_sets(submission_t *s, const gathered_t *gathered)
{
	const survey_result_t *survey = gathered->survey;
	const bool keeps = s->result.ds_ttl != 0;
	const knot_rdataset_t *wanted = keeps ? &survey->ds : &gathered->cds;

	s->removes = !keeps && dns_cds_removes(&gathered->cds);
	return knot_dname_from_str(s->parent, survey->parent_zone, sizeof(s->parent)) != NULL &&
	       knot_rdataset_copy(&s->ns, &survey->delegated_to, NULL) == KNOT_EOK &&
	       knot_rdataset_copy(&s->ds, &survey->ds, NULL) == KNOT_EOK &&
	       (s->removes || (knot_rdataset_copy(&s->wanted, wanted, NULL) == KNOT_EOK &&
	                       knot_rdataset_copy(&s->keys, &gathered->cdnskey, NULL) == KNOT_EOK));
}

submission_t *submit_start(zone_t *zone, uint32_t ttl, submit_done_f done, submit_done_f doubtful, void *arg,
                           notify_result_t *result)
{
	const char *why = missing(zone, ttl);

	*result = (notify_result_t){ .tcp = true, .ds_ttl = ttl };
	if (why != NULL) {
		say_detail(result, channel_of(zone)->unsent, why);
		return NULL;
	}
	submission_t *s = calloc(1, sizeof(*s));
	if (s != NULL) {
		s->result = *result;
	}
	if (s == NULL || !take_sets(s, zone->gathered) || uv_timer_init(&zone->env->uv, &s->timer) != 0) {
		submission_free(s);
		say_detail(result, channel_of(zone)->unsent, "out of memory");
		return NULL;
	}
	s->timer.data = s;
	s->zone = zone;
	s->channel = channel_of(zone);
	s->doubt = s->resumed = zone->kept.row.submitted != 0;
	s->epp.past = s->resumed ? EPP_PAST_UNKNOWN : EPP_PAST_NONE;
	s->began = s->epp.since = uv_now(&zone->env->uv);
	snprintf(s->result.target, sizeof(s->result.target), "%s", zone->gathered->survey->parent_zone);
	s->ttl = ttl != 0 ? ttl : ttl_of(zone);
	s->done = done;
	s->doubtful = doubtful;
	s->arg = arg;
	submission_go(s, 0);
	return s;
}

bool submit_is_same(const submission_t *s, const zone_t *zone, uint32_t ttl)
{
	const gathered_t *gathered = zone->gathered;

	if (ttl != 0 || s->result.ds_ttl != 0) {
		return ttl == s->result.ds_ttl;
	}
	return s->removes == dns_cds_removes(&gathered->cds) &&
	       (s->removes || knot_rdataset_eq(&s->wanted, &gathered->cds));
}

void submit_say_place(const submission_t *s, char *out, size_t len)
{
	out[0] = '\0';
	if (s->channel->say_place != NULL) {
		s->channel->say_place(s, out, len);
	}
}

void submit_withdraw(submission_t *s)
{
	if (!s->doubt) {
		s->withdrawn = true;
		s->channel->withdraw(s);
	}
}

void submit_cancel(submission_t *s)
{
	if (s == NULL) {
		return;
	}
	s->zone = NULL;
	(void)uv_timer_stop(&s->timer);
	if (!s->channel->cancel(s)) {
		submit_end(s);
	}
}

void submit_words(const zone_t *zone, char *out, size_t len)
{
	const gathered_t *gathered = zone->gathered;
	size_t at = 0;

	out[0] = '\0';
	if (gathered == NULL || dns_cds_removes(&gathered->cds)) {
		snprintf(out, len, "the parent must have no DS of the zone");
		return;
	}
	const knot_rdata_t *rr = gathered->cds.rdata;
	for (uint16_t i = 0; i < gathered->cds.count && at < len; i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		at += snprintf(out + at, len - at, "%sDS %u %u %u ", i > 0 ? ", " : "", knot_ds_key_tag(rr),
		               knot_ds_alg(rr), knot_ds_digest_type(rr));
		for (uint16_t k = 4; k < rr->len && at < len; k++) {
			at += snprintf(out + at, len - at, "%02X", rr->data[k]);
		}
	}
}
