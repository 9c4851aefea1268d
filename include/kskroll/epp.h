/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A session with an EPP server: bytes in, bytes and events out (RFC 5730, 5731, 5734, 5910, 9803, 8590).
 *
 * Pure: no socket, no clock, no thread. Whoever has the connection feeds what arrives, sends the output, and
 * takes the events. What arrives is hostile, so units are bounded (EPP_UNIT_MAX). XML is read without network,
 * entities, DTD, or depth beyond its limit, by namespace and never by prefix (libxml2). One command is under way at a
 * time; its answer has to carry its clTRID.
 *
 * Nothing here says that a DS is published: an answer 1000 says that the registry has it. Every server of the parent
 * has to be asked.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kskroll/epp_account.h"

#define EPP_UNIT_MAX   (256 * 1024) /*!< Of one unit, with its four octets (RFC 5734 4). */
#define EPP_DOMAIN_MAX 256
#define EPP_TEXT_MAX   256 /*!< Of a message of the server, printable, UTF-8; longer ones are cut. */
#define EPP_TRID_MAX   65  /*!< 3 to 64 characters (eppcom-1.0, trIDStringType). */
#define EPP_DIGEST_MAX 64  /*!< Octets. */
#define EPP_KEY_MAX    4096
#define EPP_ID_MAX     256 /*!< Of a message in the queue. */

/*! A DS, or a key, of a domain. Of DS the digest, of keys the public key. */
typedef struct epp_record {
	bool is_key;
	uint16_t tag;     /*!< DS: key tag. */
	uint16_t flags;   /*!< Key: 257 as a rule. */
	uint8_t protocol; /*!< Key: 3. */
	uint8_t algorithm;
	uint8_t digest_type; /*!< DS. */
	uint16_t data_len;
	const uint8_t *data; /*!< Digest or public key; not text. */
	const char *spelled; /*!< As the server wrote digest or key: some compare text, so removals repeat it. NULL:
	                        ours. */
	const struct epp_record *key; /*!< DS: the key inside of it (RFC 5910 4.1); NULL: none. It counts in no
	                                 comparison: the digest names it. */
} epp_record_t;

/*! What locks a domain (RFC 5731 2.3). */
typedef enum {
	EPP_LOCK_CLIENT = 1 << 0,  /*!< clientUpdateProhibited: the registrar can lift it. */
	EPP_LOCK_SERVER = 1 << 1,  /*!< serverUpdateProhibited: the registry's. */
	EPP_LOCK_PENDING = 1 << 2, /*!< pendingUpdate, or another pending*. */
} epp_lock_t;

/*! An answer to `<info>`. Valid until the next call for the session. */
typedef struct {
	char domain[EPP_DOMAIN_MAX];
	char registrar[EPP_TEXT_MAX]; /*!< clID that sponsors it; "": not shown. */
	unsigned locks;               /*!< Bits of epp_lock_t. */
	char statuses[EPP_TEXT_MAX];  /*!< All of them, by spaces. */
	bool has_secdns;              /*!< There is infData. Without it nothing is known of DS (RFC 5910 2). */
	const epp_record_t *record;
	size_t count;
	bool embedded_keys;                   /*!< dsData came with keyData. */
	bool has_ttl;                         /*!< infData of ttl-1.0 for DS. */
	bool ttl_default;                     /*!< The domain has no DS TTL of its own, */
	uint32_t ttl;                         /*!< or this one. */
	uint32_t ttl_min, ttl_max, ttl_usual; /*!< Policy; 0: not shown. */
} epp_info_t;

/*! What a server offers in its greeting, and what is used of it. */
typedef struct {
	char server[EPP_TEXT_MAX]; /*!< svID. */
	char date[64];             /*!< svDate. */
	bool secdns, ttl, change_poll, login_security;
	const char *uris; /*!< All objURI and extURI, each ended by "\n". Valid as long as the session. */
} epp_offer_t;

typedef enum {
	EPP_INFO,   /*!< Domain; DS, TTL with its policy, locks. */
	EPP_UPDATE, /*!< Domain; removes, adds, DS TTL: what is there of them. */
	EPP_POLL,   /*!< The first message of the queue. */
	EPP_ACK,    /*!< Message \a id is taken from the queue. */
	EPP_HELLO,  /*!< The greeting again; keeps a session alive. */
	EPP_LOGOUT,
} epp_verb_t;

typedef enum {
	EPP_TTL_KEEP = 0,
	EPP_TTL_SET,
	EPP_TTL_DEFAULT, /*!< The server's own (an empty element, RFC 9803 1.2). */
} epp_ttl_t;

/*! A command. Copied by epp_session_send(). */
typedef struct {
	epp_verb_t verb;
	const char *domain;            /*!< INFO, UPDATE: A-labels, lower case, no final dot. */
	const epp_record_t *rem, *add; /*!< UPDATE: all of one interface. Never "all". */
	size_t rem_count, add_count;
	epp_ttl_t ttl_what;
	uint32_t ttl;   /*!< Seconds, 0 to 2^31 - 1. */
	const char *id; /*!< ACK. */
	const char
		*trid; /*!< Its clTRID, of 3 to 64 characters of [A-Za-z0-9._-], unique for ever; NULL: one is made. */
} epp_command_t;

/*! What an answer means for what was asked, by its code (RFC 5730 3). */
typedef enum {
	EPP_DONE = 0, /*!< 1000, 1300, 1301, 1500. */
	EPP_PENDING,  /*!< 1001: the outcome comes in the queue. */
	EPP_LATER,    /*!< 2400, 2500, 2502, 2002: back off. */
	EPP_LOCKED,   /*!< 2304: its status forbids it; rarely tried again. */
	EPP_REFUSED,  /*!< Permanent: an operator has to act. */
	EPP_STOP,     /*!< 2200, 2501, and 2201 to a login: nothing is tried again with this account. */
} epp_meaning_t;

typedef enum {
	EPP_EV_OFFER,  /*!< The first greeting: \a offer. `<login>` goes out by itself. */
	EPP_EV_READY,  /*!< Logged in: commands can be sent. \a text may warn that the password ends (RFC 8807). */
	EPP_EV_ANSWER, /*!< To the command under way. */
	EPP_EV_FAILED, /*!< The session is over: \a text. Nothing more comes, no byte is sent. \a meaning: LATER if
	                  another session may succeed. REFUSED: a wrong server, or it lacks what is needed. Of a login
	                  that was refused: that of its code. */
	EPP_EV_CLOSED, /*!< After EPP_LOGOUT, or a code by which the server closes. */
} epp_event_kind_t;

/*! A message of the queue (RFC 5730 2.9.2.3). */
typedef struct {
	char id[EPP_ID_MAX]; /*!< As the server has it, not for a terminal; "": the queue is empty. */
	unsigned count;      /*!< Messages in the queue, this one with them. */
	char date[64];
	char text[EPP_TEXT_MAX];
	bool is_action; /*!< panData of a domain (RFC 5731 3.3): an action that was pending, \a result. */
	bool is_change; /*!< changePoll (RFC 8590): \a domain was changed, by \a who. */
	bool result;    /*!< paResult: it was made. */
	char domain[EPP_DOMAIN_MAX];
	char trid[EPP_TRID_MAX]; /*!< clTRID of the command that was pending. */
	char who[EPP_TEXT_MAX];
	char operation[32];
} epp_message_t;

/*! Valid until the next call for the session. */
typedef struct {
	epp_event_kind_t kind;
	const epp_offer_t *offer; /*!< NULL before the greeting. */
	epp_verb_t verb;          /*!< ANSWER: to what. */
	unsigned code;            /*!< RFC 5730 3; 0: none, also of an `<info>` that was answered by another domain. */
	epp_meaning_t meaning;
	char text[EPP_TEXT_MAX]; /*!< The server's words (msg, value, reason), unless they have the password; FAILED:
	                            what is wrong, in ours. */
	char trid[EPP_TRID_MAX]; /*!< clTRID of the command. */
	char server_trid[EPP_TRID_MAX];
	const epp_info_t *info;       /*!< NULL unless a `<info>` was answered by 1000. */
	const epp_message_t *message; /*!< NULL unless to POLL or ACK. */
	bool unsure;                  /*!< FAILED: an UPDATE was sent, or partly sent, and has no answer. */
	bool open_login;              /*!< FAILED: the same of the login. Many a server closes upon a wrong password. */
} epp_event_t;

typedef struct epp_session epp_session_t;

/*!
 * \brief A new session, on a connection whose peer is proven to be the account's server.
 *
 * Not a byte goes out before a greeting was read, and no password before its svID is that of the account.
 *
 * \param[in] account  Has to outlive it.
 * \param[in] prefix   Of all clTRIDs, at most 40 characters of [A-Za-z0-9._-], different for each session.
 *
 * \return NULL without memory.
 */
epp_session_t *epp_session_new(const epp_account_t *account, const char *prefix);

/*! Overwrites what it has of the password. */
void epp_session_free(epp_session_t *session);

/*! Takes what has arrived, in pieces of any size. After FAILED or CLOSED it is ignored. */
void epp_session_feed(epp_session_t *session, const uint8_t *data, size_t len);

/*! The connection has ended, or broken. \a why: one sentence, for FAILED. */
void epp_session_eof(epp_session_t *session, const char *why);

/*! \return Octets to send, from \a data on, which is valid until the next call; 0: none. */
size_t epp_session_output(const epp_session_t *session, const uint8_t **data);

/*! So many of them were handed to the connection. What has held a password is overwritten. */
void epp_session_sent(epp_session_t *session, size_t len);

/*! \return Whether there was an event. To be called until there is none, after feed, eof and sent. */
bool epp_session_event(epp_session_t *session, epp_event_t *event);

/*! \return Whether a command can be sent now. */
bool epp_session_is_ready(const epp_session_t *session);

/*!
 * \brief Sends a command.
 *
 * \param[out] trid  Its clTRID, EPP_TRID_MAX octets, for whoever stores that it was submitted; NULL: not wanted.
 *
 * \return KNOT_EOK, KNOT_ENOMEM; KNOT_EBUSY: not ready; KNOT_ENOTSUP: the server does not offer what it needs.
 *         KNOT_EINVAL: a command that is invalid, as one with records of both kinds.
 */
int epp_session_send(epp_session_t *session, const epp_command_t *command, char *trid);

/*! What a code means. An unknown one of 1xxx is done, of 2xxx refused. */
epp_meaning_t epp_meaning(unsigned code);

/*! \return What to do about a code: one sentence for an operator; never NULL. */
const char *epp_advice(unsigned code);

/*! What has to be removed and added so that a domain has exactly the wanted records. */
typedef struct {
	epp_record_t rem[EPP_RECORDS_MAX], add[EPP_RECORDS_MAX]; /*!< They point into \a info and \a wanted. */
	size_t rem_count, add_count;
} epp_diff_t;

/*!
 * \brief Compares what a domain has with what is wanted.
 *
 * Equal records stay, whatever their spelling; removals have that of the server.
 *
 * \param[in] wanted  All of one interface. At least one: a domain is never left without records by this.
 *
 * \return KNOT_EOK, also if nothing has to be done; KNOT_ENOENT: \a info has no infData, nothing is known. KNOT_EINVAL:
 *         none wanted, or records of the other interface are there; KNOT_ESPACE: more than \a most.
 */
int epp_diff(const epp_info_t *info, const epp_record_t *wanted, size_t count, unsigned most, epp_diff_t *diff);
