/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Brings the DS of a zone to the parent: to its primary by DNS UPDATE (`parent-via: update`, RFC 2136), or to
 * its registry by EPP (`parent-via: epp`, RFC 5730, 5910).
 *
 * The DS wanted is what the signals of the zone ask for, or what the parent has, with another TTL; what it replaces is
 * what the survey of this check has found at all servers of the parent. One message; after that only the question what
 * came of it, until that is known. A message that was not made is not sent again from here: the next check decides.
 * What was sent is in the row of the zone before, so that the next process asks what came of it.
 */

#pragma once

#include "forward.h"
#include "kskroll/dns.h"
#include "kskroll/epp.h"

typedef struct submission submission_t;

/*! \a again: nothing was changed, and the next check may send another one. */
typedef void (*submit_done_f)(const notify_result_t *result, bool again, void *arg);

/*! Whether the servers of the parent have different DS: a change is on its way, of whomever, and nothing is sent. */
bool submit_must_wait(const zone_t *zone);

/*! Whether a former process has sent something whose outcome is not known, and this check tells enough to ask. */
bool submit_is_open(const zone_t *zone);

/*! Whether such a thing cannot be asked any more: the settings of the way that it was sent by are gone. */
bool submit_is_out_of_reach(const zone_t *zone);

/*! Whether the settings of now want it, by this way. */
bool submit_is_of_now(const submission_t *submission);

/*! Whether it is not known what came of it. */
bool submit_is_in_doubt(const submission_t *submission);

/*!
 * \brief Sends what the signals of the zone ask for, or a TTL.
 *
 * \param[in]  zone    With the facts of this check; has to outlive it, or submit_cancel().
 * \param[in]  ttl     The DS that the parent has gets this TTL; 0: it gets the DS of the signals, and its TTL stays.
 * \param[in]  doubt   Called when it is not known what came of it, before it is known. The same argument.
 * \param[out] result  Why nothing was sent, of NULL.
 *
 * \return NULL: nothing was sent, and nothing is called.
 */
submission_t *submit_start(zone_t *zone, uint32_t ttl, submit_done_f done, submit_done_f doubt, void *arg,
                           notify_result_t *result);

/*!
 * What it asks for is not wanted any more: what has not been sent will not be. It ends as usual, at once or later; if
 * something was sent, when the outcome of that is known.
 */
void submit_withdraw(submission_t *submission);

/*! Whether it asks for what the zone wants now. \param[in] ttl  As for submit_start(). */
bool submit_is_same(const submission_t *submission, const zone_t *zone, uint32_t ttl);

/*! That it waits for its turn, and until when: "in the queue of ..."; "": it does not. */
void submit_say_place(const submission_t *submission, char *out, size_t len);

/*! Ends it at once, without a call. What was sent may still be made. NULL is allowed. */
void submit_cancel(submission_t *submission);

/*! A message of the registry's queue about an update that was pending. \return Whether it is about this one. */
bool submit_heard(submission_t *submission, const epp_message_t *message);

/*! The records that the signals of the zone ask for: "DS 1 13 2 AB..., DS ...", or that there must be none. */
void submit_words(const zone_t *zone, char *out, size_t len);
