/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What must expire before a step ends.
 */

#pragma once

#include "decision.h"

/*!
 * \brief Waits until no cache has a DNSKEY RRset from before the condition held on all servers.
 *
 * The end is fixed when the condition is first seen: an RRset without it may have been served until just then.
 *
 * \return True if the zone waits.
 */
bool expire_dnskey(dec_t *c);

/*!
 * \brief After a time without checks what expire_dnskey() waits for is seen for the first time again.
 *
 * A check of some nameservers is one: who is silent voids nothing. `prepare` only waits for the TTLs, which are
 * remembered.
 */
void expire_note_checks(dec_t *c);

/*!
 * How long caches may hold data of the zone, seconds: `zone-max-ttl`. Where the policy has none, a day; of single-type
 * keys as long as any TTL counts, since what the old key has signed must not outlive it.
 */
uint32_t expire_zone_ttl(const rollover_config_t *config, bool csk);

/*! \a v: how the nameservers' data was judged, where the algorithm changes. */
void expire_note_data(dec_t *c, const judge_verdict_t *v);

/*! Waits until caches have lost the data of before \a all_since. \return True if the zone waits. */
bool expire_data(dec_t *c);

/*! Whether caches have lost the data that only one of the algorithms has signed, where the algorithm changes. */
bool expire_data_is_over(const dec_t *c);

/*! Waits until caches have lost data without signatures of the new algorithm. \return True if the zone waits. */
bool expire_old_data(dec_t *c);

/*! The data of this check is not judged, only the keys (\a v). What held is void if these are wrong. */
void expire_skip_data(dec_t *c, const judge_verdict_t *v);

/*! Waits for all that the step lists, one after the other. \return True if the zone waits. */
bool expire_wait(dec_t *c);

/*! Whether the old DS, the observation and old data are over. \a why is set if not. Nothing changes. */
bool expire_is_over(const dec_t *c, judge_verdict_t *why);

/*!
 * \brief Keeps observed_since and observed_last.
 *
 * Only time in which resolvers were seen to validate the zone counts as observed. After a longer time without evidence
 * (the server was off, the zone on hold or frozen, no network) the observation begins again.
 */
void expire_note_observed(dec_t *c);
