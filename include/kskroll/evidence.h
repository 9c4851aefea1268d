/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What was seen, as JSON: written into the store, and read from there. The reader takes any text.
 */

#pragma once

#include "kskroll/dns.h"
#include "kskroll/json.h"
#include "kskroll/rollover.h"

/* -- writing ----------------------------------------------------------------- */

/*! Room for all that is not about single servers. */
#define EVIDENCE_MIN 4096

/*!
 * \brief What a decision was based on. Servers that have no room are left out.
 *
 * \param[out] out       Valid JSON, always.
 * \param[in] len        EVIDENCE_MIN at least.
 * \param[in] signaling  Text of evidence_signaling(), or NULL.
 * \param[in] at         Time of the survey.
 */
void evidence_write(char *out, size_t len, const rollover_facts_t *facts, const char *parent_zone,
                    const char *signaling, time_t at);

/*! What the signaling names have (RFC 9615). \return A text to be freed; NULL without memory. */
char *evidence_signaling(const dsboot_result_t *result);
/*! What came of a notification of the parent. \a len: 2048 at least. */
void evidence_notification(char *out, size_t len, const notify_result_t *result, time_t at);
/*! The evidence of an event that is about a notification: text of evidence_notification(). */
void evidence_notified(char *out, size_t len, const char *notification, time_t at);
/*! Name of a response code; of an unknown one it is written to \a out. */
const char *evidence_rcode(uint16_t rcode, char out[16]);

/* -- reading ----------------------------------------------------------------- */

/*! Key tags behind each other: "1001 1002". */
#define EVIDENCE_TAGS (7 * ROLLOVER_KEYS_MAX + 24)

/*! One server's answer; "" where there is nothing. */
typedef struct {
	bool parent;
	char server[SERVER_NAME_MAX];
	char status[32];
	char detail[160];
	time_t unreachable_since;
	char dnskey[EVIDENCE_TAGS];
	char signed_by[EVIDENCE_TAGS];
	char ttl[16]; /*!< Of DNSKEY or DS. */
	bool differs; /*!< Another DNSKEY RRset, or a DS that matches no key. */
	char cds[EVIDENCE_TAGS];
	char cdnskey[EVIDENCE_TAGS];
	char ds[EVIDENCE_TAGS];
	char ds_sha1[EVIDENCE_TAGS]; /*!< Keys with a DS of SHA-1 alone. */
	bool incomplete;             /*!< Of an answer that is ok: CDS, CDNSKEY or the delegation was not answered. */
} evidence_answer_t;

/*! The zone as the server itself had it at that survey; "" where there is nothing. */
typedef struct {
	char dnskey[EVIDENCE_TAGS]; /*!< Tags of the KSKs. */
	char ttl[16];
	char cds[EVIDENCE_TAGS];
	char watch[512];     /*!< How it validated, in words. */
	char signaling[512]; /*!< What the signaling names have (RFC 9615), in words. */
} evidence_own_t;

typedef void (*evidence_answer_f)(const evidence_answer_t *answer, void *arg);

/*! Calls back for every server. \return Time of the survey, 0 if the text holds none. */
time_t evidence_each(const char *text, evidence_answer_f each, void *arg);
/*! \return False if the text is not JSON; \a out is empty then. */
bool evidence_own(const char *text, evidence_own_t *out);
/*!
 * \brief The families of addresses that the host had no way to, ROUTE_*.
 *
 * \param[in,out] newest  A survey that is older is passed over; becomes the time of this one.
 */
void evidence_no_route(const char *text, time_t *newest, unsigned *routes);
/*! The notification that an event is about, in its evidence; NULL if it is about none. */
json_value_t evidence_find_notification(const char *text);
/*! What came of a notification, as the rest of a line. \return When it ended; 0 if the value is none. */
time_t evidence_say_notification(json_value_t notification, char *out, size_t len);
