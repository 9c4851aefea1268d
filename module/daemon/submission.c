/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "env.h"
#include "kskroll/text_copy.h"
#include "submit_channel.h"
#include "zone.h"

/*! Until it is asked again what came of a message; doubled each time up to the channel's most. */
#define DOUBT_MIN_MS 2000

static void say_detail(notify_result_t *result, notify_status_t status, const char *detail)
{
	result->status = status;
	snprintf(result->detail, sizeof(result->detail), "%s", detail);
}

void submission_free(submission_t *s)
{
	if (s != NULL) {
		knot_rdataset_clear(&s->ns, NULL);
		knot_rdataset_clear(&s->ds, NULL);
		knot_rdataset_clear(&s->wanted, NULL);
		knot_rdataset_clear(&s->keys, NULL);
		free(s);
	}
}

static void on_closed(uv_handle_t *handle)
{
	submission_free(handle->data);
}

static void end_as(submission_t *s, notify_status_t status, const char *detail, bool again)
{
	say_detail(&s->result, status, detail);
	s->done(&s->result, again, s->arg);
	submit_end(s);
}

static void on_timer(uv_timer_t *timer)
{
	submission_t *s = timer->data;
	const char *gone = s->channel->missing(s->zone);

	if (gone != NULL) {
		/* It cannot be known from here: the next submission of the zone asks first. */
		end_as(s, s->doubt ? s->channel->lost : s->channel->unsent, gone, false);
	} else {
		s->channel->go(s);
	}
}

void submission_go(submission_t *s, uint64_t ms)
{
	(void)uv_timer_start(&s->timer, on_timer, ms, 0);
}

bool submission_is_wanted(const submission_t *s)
{
	const zone_settings_t *settings = s->zone->settings;
	const rollover_config_t *config = &settings->config;

	return !s->withdrawn && settings->rollover && !config->hold && !config->dry_run && !config->observe_only &&
	       config->via == s->channel->via;
}

bool submit_note(submission_t *s, const char *id)
{
	rollover_row_t *row = &s->zone->kept.row;

	row->submitted = time(NULL);
	text_copy(row->submitted_id, sizeof(row->submitted_id), id);
	if (record_row(s->zone)) {
		return true;
	}
	row->submitted = 0;
	row->submitted_id[0] = '\0';
	return false;
}

void submit_doubt(submission_t *s, notify_status_t status, const char *detail)
{
	const bool news = !s->said || status != s->about;
	const uint64_t most = s->channel->retry_max_ms;

	s->doubt = s->said = true;
	s->about = status;
	s->retry_ms = s->retry_ms == 0 ? DOUBT_MIN_MS : s->retry_ms < most / 2 ? 2 * s->retry_ms : most;
	submission_go(s, s->retry_ms);
	if (news) {
		say_detail(&s->result, status, detail);
		s->doubtful(&s->result, false, s->arg);
	}
}

void submit_end(submission_t *s)
{
	s->zone = NULL;
	(void)uv_timer_stop(&s->timer);
	uv_close((uv_handle_t *)&s->timer, on_closed);
}

void submit_finish(submission_t *s, notify_status_t status, const char *detail, bool again)
{
	rollover_row_t *row = &s->zone->kept.row;

	if (row->submitted != 0) {
		row->submitted = 0;
		row->submitted_id[0] = '\0';
		/* If that cannot be written, the next process asks what came of it, and is answered. */
		(void)record_row(s->zone);
	}
	end_as(s, status, detail, again);
}
