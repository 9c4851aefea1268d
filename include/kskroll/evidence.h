/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What was seen, as JSON: written into the store, and read from there. The reader takes any text.
 */

#pragma once

#include "kskroll/delegation.h"
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

/*!
 * \brief What was seen of a delegation, and what follows from it.
 *
 * The server that the verdict is about comes first; servers that have no room are left out.
 *
 * \param[out] out     Valid JSON, always.
 * \param[in] len      EVIDENCE_MIN at least.
 * \param[in] verdict  NULL if it was not judged.
 * \param[in] at       Time of the survey.
 */
void evidence_delegation(char *out, size_t len, const delegation_facts_t *facts, const delegation_verdict_t *verdict,
                         time_t at);

/* -- reading ----------------------------------------------------------------- */

/*! Key tags behind each other: "1001 1002". */
#define EVIDENCE_TAGS (7 * ROLLOVER_KEYS_MAX + 24)
/*! Numbers of algorithms behind each other: "8, 13". */
#define EVIDENCE_ALGORITHMS (4 * 32 + 8)

/*! One server's answer; "" where there is nothing. */
typedef struct {
	bool parent;
	char server[SERVER_NAME_MAX];
	char status[32];
	char detail[160];
	time_t unreachable_since;
	char dnskey[EVIDENCE_TAGS];
	char signed_by[EVIDENCE_TAGS];
	char serial[16]; /*!< Of the zone. */
	char data_algorithms[EVIDENCE_ALGORITHMS];
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
/*! Whether the agent domain was left out, since it is at or below no nameserver of the delegation. */
bool evidence_agent_left_out(json_value_t notification);
/*! What came of a notification, as the rest of a line. \return When it ended; 0 if the value is none. */
time_t evidence_say_notification(json_value_t notification, char *out, size_t len);

/* Of evidence_delegation(). */

/*! DS or CDS records behind each other: "1001 13 2 6e3d..., ..." with digests of at most 64 octets. */
#define EVIDENCE_DS (DELEGATION_DS_MAX * 160)
/*! Key tags behind each other. */
#define EVIDENCE_KEYS (7 * DELEGATION_KEYS_MAX + 24)

/*! What a delegation was judged by, and how; "" and 0 where there is nothing. */
typedef struct {
	time_t time;      /*!< Of the survey. */
	char verdict[16]; /*!< "nothing", "accept", "reject". */
	char gate[48];
	char about[SERVER_NAME_MAX];
	char detail[160];
	char wanted[EVIDENCE_DS];       /*!< The new DS RRset. */
	char zone_ds[EVIDENCE_DS];      /*!< DS in the parent zone. */
	char ds_unmatched[EVIDENCE_DS]; /*!< Those of them that name no key in DNSKEY. */
	char discovery[160];
	bool zone_known;
	uint32_t zone_serial;
	uint32_t ds_ttl;
	unsigned answered; /*!< Servers that agree. */
	unsigned left_out; /*!< Silent servers that no longer count. */
	bool cut;          /*!< There was no room for all servers. */
} evidence_judged_t;

typedef enum {
	EVIDENCE_CHILD,     /*!< An address of a nameserver of the child. */
	EVIDENCE_SIGNALING, /*!< A signaling name (RFC 9615). */
	EVIDENCE_PARENT,    /*!< An address of a server of the parent zone. */
	EVIDENCE_RESOLVER,
} evidence_part_t;

/*! One answer; "" where there is nothing. */
typedef struct {
	evidence_part_t part;
	char server[SERVER_NAME_MAX];
	char status[32];
	char detail[160];
	time_t unreachable_since;
	char dnskey[EVIDENCE_KEYS];
	char signed_by[EVIDENCE_KEYS];
	bool has_cds; /*!< It has the RRset, which may have no record that can be read. */
	char cds[EVIDENCE_DS];
	char cds_signed_by[EVIDENCE_KEYS];
	bool has_cdnskey;
	char cdnskey[EVIDENCE_KEYS]; /*!< "delete" for the delete signal. */
	char cdnskey_signed_by[EVIDENCE_KEYS];
	time_t inception; /*!< Of the newest signature over CDS or CDNSKEY that counts. */
	time_t expires;
	char ds[EVIDENCE_DS];
} evidence_seen_t;

/*! \return False if the text is not JSON; \a out is empty then. */
bool evidence_judged(const char *text, evidence_judged_t *out);
/*! Calls back for every answer, nameservers of the child first. */
void evidence_delegation_each(const char *text, void (*each)(const evidence_seen_t *seen, void *arg), void *arg);
