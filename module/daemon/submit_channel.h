/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What submit.c and its channels share (submission.c). Each channel is a file: DNS UPDATE (submit_update.c) and
 * EPP (submit_epp.c).
 */

#pragma once

#include <uv.h>

#include "kskroll/epp_judge.h"
#include "kskroll/epp_link.h"
#include "kskroll/update.h"
#include "submit.h"

#define SUBMIT_NOT_WANTED "it is not wanted any more"

/*! A way to the parent. */
typedef struct {
	parent_via_t via; /*!< The setting for it. */
	notify_status_t unsent, lost;
	uint64_t retry_max_ms; /*!< Between two questions what came of it. */
	/*! \return What the settings of the zone lack; NULL: nothing. */
	const char *(*missing)(const zone_t *zone);
	/*! Sends it, or asks what came of it: at the start, and after each submit_doubt(). */
	void (*go)(submission_t *s);
	/*! Nothing was sent, as far as that is known: nothing is sent any more. */
	void (*withdraw)(submission_t *s);
	/*! As submit_say_place(); \a out is "". NULL: nothing waits for long. */
	void (*say_place)(const submission_t *s, char *out, size_t len);
	/*! It is over for the zone. \return Whether it ends in a callback of its own, by submit_end(). */
	bool (*cancel)(submission_t *s);
} submit_channel_t;

extern const submit_channel_t submit_update_channel, submit_epp_channel;

/*! Of EPP. */
typedef struct {
	epp_link_t *link;             /*!< Of the order under way. */
	const epp_account_t *account; /*!< The same. */
	bool under_way;               /*!< The link has an order of this. */
	epp_ttl_t ttl_what;           /*!< Asked of the TTL. */
	epp_past_t past;
	uint64_t since; /*!< Of the loop's clock: nothing is known since. */
} submit_epp_t;

/*! It ends in submit_finish() or submit_end(), once, and is freed by the loop. */
struct submission {
	const submit_channel_t *channel;
	zone_t *zone; /*!< NULL: cancelled. */
	uv_timer_t timer;
	knot_dname_storage_t parent;
	knot_rdataset_t ns, ds; /*!< What all servers of the parent have. */
	knot_rdataset_t wanted; /*!< DS; empty: none. */
	knot_rdataset_t keys;   /*!< The same as DNSKEY, if the zone has CDNSKEY. */
	bool removes;           /*!< No DS is wanted. */
	uint32_t ttl;           /*!< Of the wanted set. */
	bool doubt;             /*!< Something was sent whose outcome is not known: nothing else may be sent. */
	bool resumed;           /*!< By a former process, and nobody knows what it asked for. */
	bool withdrawn;         /*!< Not wanted any more, before it was in doubt. */
	char refusal[160];      /*!< What refuses it, and is not proven; "": nothing. */
	bool said;              /*!< That it is in doubt, */
	notify_status_t about;  /*!< and how. */
	uint64_t began;         /*!< Of the loop's clock. */
	uint64_t retry_ms;
	notify_result_t result;
	submit_done_f done, doubtful;
	void *arg;
	update_t *update;
	submit_epp_t epp;
};

/*! Has the channel go on, so much later. */
void submission_go(submission_t *s, uint64_t ms);

/*! Whether what has not been sent may still be sent, by the settings of now. */
bool submission_is_wanted(const submission_t *s);

/*! One that has not begun. NULL is allowed. */
void submission_free(submission_t *s);

/*! What is sent now has a place in the row of the zone, durable. \param[in] id  Its name; "": none. \return False: it
 * must not be sent. */
bool submit_note(submission_t *s, const char *id);

/*! Nothing is known of what was sent: asks again later, at growing intervals. */
void submit_doubt(submission_t *s, notify_status_t status, const char *detail);

/*! The outcome is known. \a again: as of submit_done_f. */
void submit_finish(submission_t *s, notify_status_t status, const char *detail, bool again);

/*! The end of one that was cancelled. */
void submit_end(submission_t *s);
