/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the parental agent asks the world about one delegation.
 *
 * A light scan is one question for CDS at one server, of which nothing is verified. A survey asks every address of
 * every nameserver of the child, and of every server of the parent zone. It asks resolvers and signaling names, as far
 * as is wanted. It verifies each answer by itself (RFC 9975 3, RFC 10026 4.1, RFC 9615 4.2). All functions belong to
 * the thread of the loop given to dns_new().
 */

#pragma once

#include "kskroll/delegation.h"
#include "kskroll/dns.h"

/* -- the light scan ------------------------------------------------------------ */

/*! Copied by scan_start(). Names in lower case. */
typedef struct {
	const knot_dname_t *child;
	const knot_dname_t *parent; /*!< The parent zone. */
	const knot_rdataset_t *ns;  /*!< NS of the delegation, as the parent zone has them. Not empty. */
} scan_request_t;

/*! Valid during the callback. */
typedef struct {
	bool cancelled;               /*!< Nothing else is valid. */
	bool answered;                /*!< A server has answered with CDS, or authoritatively that there are none. */
	ds_set_t cds;                 /*!< Not verified. Empty: NODATA. */
	char server[SERVER_NAME_MAX]; /*!< Who answered, or who was asked last; "" if no address was found. */
	char detail[160];             /*!< Why there is no answer; "" if there is one. */
	unsigned queries;             /*!< Packets sent to servers directly. */
} scan_result_t;

typedef struct scan scan_t;
typedef void (*scan_done_f)(const scan_result_t *result, void *arg);

/*!
 * \brief Asks one nameserver of the child for CDS, over UDP, over TCP if the answer is truncated.
 *
 * The nameserver and its address are chosen at random, so that each is asked in time. One that does not answer is
 * followed by another, three in all. An address is asked ten times a second, by all scans together: who starts many for
 * one hoster waits for them.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL. On error the callback is not called.
 */
int scan_start(dns_t *dns, const scan_request_t *request, scan_done_f done, void *arg, scan_t **scan);

/*! Ends it now: its callback is called as cancelled. dns_free() does the same. */
void scan_cancel(scan_t *scan);

/* -- the survey ---------------------------------------------------------------- */

/*! Copied by child_survey_start(). Names in lower case. */
typedef struct {
	const knot_dname_t *child;
	const knot_dname_t *parent; /*!< The parent zone. */
	unsigned ask;               /*!< DELEGATION_ASK_SURVEY, DELEGATION_ASK_PARENTS, DELEGATION_ASK_WATCH. */
	const knot_rdataset_t *ns;  /*!< NS of the delegation, as the parent zone has them. */
	const knot_rdataset_t *ds;  /*!< Its DS; empty: none. */
	bool signaling;             /*!< Without DS: the signaling names of RFC 9615 as well. */
	dns_addrs_t parent_server;  /*!< Overrides discovery of the servers of the parent zone. */
	dns_addrs_t validator;      /*!< Validating resolvers for the watch, besides our own. */
	time_t now;                 /*!< Clock for signature validity, and time of the first question. */
} child_request_t;

/*! What came back. Freed by child_survey_free(). */
typedef struct {
	bool cancelled; /*!< Nothing else is valid. */
	/*!
	 * Filled are those that were asked for: \a asked, surveyed, discovery_*, key*, too_many_keys, child*,
	 * signaling*, parent*, view*. Times of unreachable servers (unreachable_since) are 0: only the caller
	 * remembers. Zone, scan, notified, outcome and surveyed_ns are the caller's.
	 */
	delegation_facts_t facts;
	bool heard;       /*!< The network has answered: a server that is not on this host, or our own resolver. */
	unsigned queries; /*!< Packets sent to servers directly. */
	unsigned elapsed_ms;
	/*! Where errors of this child are reported (RFC 9567), by a Report-Channel option in an answer; "" if none. */
	char report_agent[256];
} child_survey_t;

typedef struct child_task child_task_t;
typedef void (*child_survey_done_f)(child_survey_t *result, void *arg);

/*!
 * \brief Asks.
 *
 * Ends within 90 s, whatever the child does. Added to that is the wait for a turn. The servers of all children together
 * get ten questions a second at each address. Those of the parent get as many as is configured.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL. On error the callback is not called.
 */
int child_survey_start(dns_t *dns, const child_request_t *request, child_survey_done_f done, void *arg,
                       child_task_t **task);

/*! Ends it now: its callback is called as cancelled. dns_free() does the same. */
void child_survey_cancel(child_task_t *task);

void child_survey_free(child_survey_t *result);

/*! Reads DS or CDS RDATA into a set, as it stands: what is longer or more than fits is an excess. */
void ds_set_read(const knot_rdataset_t *rdata, ds_set_t *out);

/* -- error reports ------------------------------------------------------------- */

/*!
 * \brief The name that is asked for to report an error: `_er.TYPE.NAME.EDE._er.AGENT` (RFC 9567 6.1.1).
 *
 * \param[in] name   Of the child.
 * \param[in] type   RR type with the error.
 * \param[in] ede    Code of an extended DNS error (RFC 8914 4).
 * \param[in] agent  Agent domain.
 *
 * \return False: there is none, since it would have more than 255 octets, or the agent is the root.
 */
bool error_report_name(const knot_dname_t *name, uint16_t type, uint16_t ede, const knot_dname_t *agent,
                       knot_dname_storage_t report);

/*!
 * \brief Whether reports may go to an agent domain that nobody has authenticated. It must be a nameserver of the
 *        delegation, or below one (RFC 9859 4.2.1).
 *
 * \param[in] agent  In lower case.
 * \param[in] ns     NS of the delegation.
 */
bool error_report_allowed(const knot_dname_t *agent, const knot_rdataset_t *ns);

/*! Sends a report: a question through our own resolver, whose answer does not matter. \return False if it cannot. */
bool error_report_send(dns_t *dns, const knot_dname_t *report);
