/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Checks the zone as validating resolvers see it; see kskroll/dns.h.
 */

#pragma once

#include "ask.h"
#include "kskroll/delegation.h"
#include "kskroll/dns.h"
#include "validator.h"

/*! Checks the same time: each has a resolver of its own, with a thread. */
#define WATCHES_MAX 4

/*! A check ends after this; what is missing then is no evidence. */
#define WATCH_MAX_MS 20000

/*! What one resolver says, for watch_count(). */
typedef struct {
	verdict_t verdict;
	bool authenticated; /*!< Ours, or nobody but this host can have sent its answers. */
	const char *who;
	const char *reason;
} watch_evidence_t;

/*!
 * \brief Counts what resolvers say. No I/O.
 *
 * A remote resolver is asked in plain DNS: whoever can forge packets speaks for it. It therefore has
 * no vote against our own, which validates here; it counts if it says the same. A resolver on this
 * host is authenticated by its address.
 *
 * \param[in] evidence  Our own resolver first.
 * \param[in] count     At least 1.
 * \param[out] result   answered, failing, parent_ok and detail are set.
 */
void watch_count(const watch_evidence_t *evidence, size_t count, watch_result_t *result);

/*! All checks of one asker. */
typedef struct watches watches_t;

/*!
 * \brief Creates the container.
 *
 * \param loop    Event loop.
 * \param ask     For remote resolvers; must outlive the watches.
 * \param config  Of our own resolvers; copied.
 *
 * \return NULL without memory.
 */
watches_t *watches_new(uv_loop_t *loop, ask_t *ask, const dns_config_t *config);

/*! Ends it; checks are called back as cancelled. Not from a callback of \a ask or a resolver. */
void watches_free(watches_t *watches);

/* -- the DNSKEY RRset of a child alone ---------------------------------------- */

/*! Called once; \a view is valid during the call. Our own resolver comes first. */
typedef void (*watch_views_f)(bool cancelled, const delegation_view_t *view, size_t count, void *arg);

/*!
 * \brief Whether resolvers validate the DNSKEY RRset of a zone: what else is bogus a DS does not fix.
 *
 * As for watch_count(), a remote resolver counts only if it says the same as our own.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL. On error the callback is not called.
 */
int watch_views(watches_t *watches, const watch_request_t *request, watch_views_f done, void *arg, watch_t **watch);
