/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Asks the world: who serves a zone and its parent, and what every address answers.
 *
 * Discovery goes through libunbound (validating). Every server is then asked directly (RD=0, DO=1), and signatures are
 * verified here with libdnssec. So a forged packet can delay but not decide (I7 in docs/simulation.rst). All functions
 * belong to the thread of the loop given to dns_new().
 */

#pragma once

#include <uv.h>
#include <libknot/libknot.h>

#include "kskroll/addr.h"
#include "kskroll/dns_config.h"
#include "kskroll/rollover.h"
#include "kskroll/settings.h"

/*! A KSK to tell from others. `rdata` is NULL when only its digest is remembered. */
typedef struct {
	key_id_t id;
	const uint8_t *rdata;
	uint16_t rdata_len;
} dns_key_t;

/*! One survey: whom and what to ask. All pointers are copied by survey_start(). */
typedef struct {
	const knot_dname_t *zone;
	unsigned ask;          /*!< SURVEY_CHILD, SURVEY_PARENT. */
	const dns_key_t *keys; /*!< In the order of facts.keys. */
	unsigned key_count;
	const knot_rdataset_t *dnskey; /*!< DNSKEY RRset of the own zone. */
	const knot_rdataset_t *ns;     /*!< NS RRset of the own zone. */
	dns_addrs_t nameserver;        /*!< Overrides discovery of the zone's servers. */
	dns_addrs_t parent;            /*!< Overrides discovery of the parent's servers. */
	time_t now;                    /*!< Clock for signature validity. */
} survey_request_t;

/*! What came back. Freed by survey_free(). */
typedef struct {
	unsigned asked;
	bool cancelled; /*!< dns_free() or survey_cancel() ended it; nothing else is valid. */
	bool discovery_failed;
	bool partial; /*!< It failed for some of the zone's servers only; the others were asked. */
	bool parent_insecure;
	char discovery_detail[160];
	char parent_zone[256]; /*!< Presentation form, "" if unknown. */
	knot_rdataset_t
		delegated_to; /*!< NS, as any server of the parent has them; empty: none was asked. Freed with it. */
	bool ds_agreed;     /*!< All servers of the parent that answered have the same DS RRset, or none of them one: */
	knot_rdataset_t ds; /*!< this one, verified. Freed with it. */
	child_answer_t *child;
	size_t child_count;
	parent_answer_t *parent;
	size_t parent_count;
	bool heard;        /*!< A server that is not on this host has answered something. */
	unsigned no_route; /*!< ROUTE_*: nothing could be sent to any address of this family. */
	unsigned routed;   /*!< ROUTE_*: something could, to another host. */
	unsigned queries;  /*!< Packets sent to servers directly. */
	unsigned elapsed_ms;
} survey_result_t;

typedef struct dns dns_t;
typedef struct survey survey_t;

/*! Called once per survey, on the loop thread. Takes ownership of the result. */
typedef void (*survey_done_f)(survey_result_t *result, void *arg);

/*!
 * \brief Creates the asker.
 *
 * \param[in] loop     Event loop; must outlive the asker.
 * \param[in] config   Copied.
 * \param[out] err     One sentence that names the item at fault.
 * \param[in] err_len  Size of err.
 *
 * \return NULL on error.
 */
dns_t *dns_new(uv_loop_t *loop, const dns_config_t *config, char *err, size_t err_len);

/*!
 * \brief Ends it. Running surveys and notifications are called back as cancelled before this returns.
 *
 * Handles close on the loop: run it until it is empty before freeing the loop.
 */
void dns_free(dns_t *dns);

/*!
 * \brief Starts a survey.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL. On error the callback is not called.
 */
int survey_start(dns_t *dns, const survey_request_t *request, survey_done_f done, void *arg, survey_t **survey);

/*! Ends a running survey now: its callback is called with a cancelled result. */
void survey_cancel(survey_t *survey);

void survey_free(survey_result_t *result);

/* -- NOTIFY(CDS) to the parent, RFC 9859 ------------------------------------- */

/*! When to give up. All zero: 60 s, 5, 60 s (RFC 1996 3.6). */
typedef struct {
	unsigned interval_ms;     /*!< Between transmissions over UDP. */
	unsigned retransmissions; /*!< After the first. */
	unsigned tcp_timeout_ms;  /*!< TCP is tried once, after UDP. */
} notify_retry_t;

/*! One notification. All pointers are copied by notify_start(). */
typedef struct {
	const knot_dname_t *zone;
	bool require_secure; /*!< DSYNC without a chain of trust is not used. */
	notify_retry_t retry;
	/*!
	 * Where the parent reports errors to (RFC 9859 4.2.1); NULL: nowhere. It goes with the message only if it is
	 * one of the nameservers of the delegation, \a ns, or below one. Lower case.
	 */
	const knot_dname_t *report_agent;
	const knot_rdataset_t *ns;
} notify_request_t;

/*! What became of the agent domain. */
typedef enum {
	NOTIFY_AGENT_NONE, /*!< There is none. */
	NOTIFY_AGENT_SENT,
	NOTIFY_AGENT_LEFT_OUT, /*!< It is at or below no nameserver of the delegation. */
	NOTIFY_AGENT_REFUSED,  /*!< The target takes no EDNS: it was notified once more, without. */
} notify_agent_t;

/*! What came of it. Freed by notify_free(). Names in presentation form, "" if unknown. */
typedef struct {
	notify_status_t status;
	char dsync_owner[256]; /*!< Name at which the parent has DSYNC. */
	bool secure;           /*!< DSYNC was validated. */
	char target[256];      /*!< Last target tried. */
	char server[64];       /*!< Last address tried, `IP@port`. */
	bool tcp;              /*!< TCP was used there. */
	uint16_t rcode;        /*!< Of the answer: ACKNOWLEDGED (0) and REFUSED. */
	unsigned tries;        /*!< Messages sent, to all addresses. */
	unsigned elapsed_ms;   /*!< Lookups included, waiting for a turn not. */
	char detail[256];      /*!< Who did not do what; "" if there is nothing to say. */
	notify_agent_t report_agent;
	uint32_t ds_ttl; /*!< The parent was asked for this DS TTL alone; 0: it was informed of signals. */
	bool unproven;   /*!< A refusal that nobody has signed: what was sent may have been made. */
} notify_result_t;

typedef struct notify notify_t;

/*! Called once per notification, on the loop thread. Takes ownership of the result. */
typedef void (*notify_done_f)(notify_result_t *result, void *arg);

/*!
 * \brief Finds out where the parent wants to hear about a zone and tells it, once.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL. On error the callback is not called.
 */
int notify_start(dns_t *dns, const notify_request_t *request, notify_done_f done, void *arg, notify_t **notify);

/*! Ends a running notification now: its callback is called with NOTIFY_CANCELLED. */
void notify_cancel(notify_t *notify);

void notify_free(notify_result_t *result);

/* -- signaling names, RFC 9615 ------------------------------------------------ */

/*! Nameservers of which the signaling names are checked. */
#define DSBOOT_NAMES_MAX 32

/*! What is at the signaling name of one nameserver, the best first. */
typedef enum {
	DSBOOT_OK,
	DSBOOT_MISSING,
	DSBOOT_DIFFERS,
	DSBOOT_INSECURE,
	DSBOOT_FAILED,
	DSBOOT_INSIDE,   /*!< The nameserver is in the zone itself: there is none (4.1). */
	DSBOOT_TOO_LONG, /*!< It would have more than 255 octets: there is none. */
	DSBOOT__COUNT,
} dsboot_status_t;

typedef struct {
	knot_dname_txt_storage_t ns; /*!< The nameserver. */
	knot_dname_storage_t owner;  /*!< `_dsboot.ZONE._signal.NS` */
	dsboot_status_t status;
} dsboot_name_t;

/*! Copied by dsboot_start(). */
typedef struct {
	const knot_dname_t *zone;
	const knot_rdataset_t *ns;
	const knot_rdataset_t *cds; /*!< As the zone has them. */
	const knot_rdataset_t *cdnskey;
} dsboot_request_t;

/*! Valid during the callback. */
typedef struct {
	bool cancelled;
	const dsboot_name_t *name;
	unsigned count;
} dsboot_result_t;

typedef struct dsboot dsboot_t;
typedef void (*dsboot_done_f)(const dsboot_result_t *result, void *arg);

/*!
 * \brief Looks for copies of CDS and CDNSKEY at the signaling names, as a parent does that bootstraps.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL. On error the callback is not called.
 */
int dsboot_start(dns_t *dns, const dsboot_request_t *request, dsboot_done_f done, void *arg, dsboot_t **out);

/*! Ends a check now: its callback is called as cancelled. dns_free() does the same. */
void dsboot_cancel(dsboot_t *boot);

/*! Stable name and meaning. Never NULL. */
const char *dsboot_status_name(dsboot_status_t status);
const char *dsboot_status_meaning(dsboot_status_t status);

/* -- keys and addresses ------------------------------------------------------ */

/*!
 * \brief Identity of a DNSKEY: SHA-256 DS digest (RFC 4509), tag, algorithm.
 *
 * \param[in] zone       Owner.
 * \param[in] rdata      DNSKEY RDATA.
 * \param[in] rdata_len  Its length.
 * \param[out] id        Identity.
 *
 * \return KNOT_EOK, KNOT_EMALF for RDATA that is no usable key.
 */
int dns_key_id(const knot_dname_t *zone, const uint8_t *rdata, uint16_t rdata_len, key_id_t *id);

/*!
 * \brief Identifier of a key in Knot's key database, as keymgr lists it: SHA-1 of its public key, hexadecimal.
 *
 * \param[in] key        With RDATA; else there is none.
 * \param[out] keyid     "" if there is none.
 * \param[in] keyid_len  41 at least.
 */
void dns_keyid(const knot_dname_t *zone, const dns_key_t *key, char *keyid, size_t keyid_len);

/*!
 * \brief Which of the keys have signed the DNSKEY RRset, by verified signatures.
 *
 * \param[in] zone       Owner.
 * \param[in] dnskey     DNSKEY RDATA set.
 * \param[in] rrsigs     RRSIG RDATA over it.
 * \param[in] keys       Keys; those without RDATA are skipped.
 * \param[in] key_count  Their number.
 * \param[in] now        Clock for the validity period.
 */
keyset_t dns_signers(const knot_dname_t *zone, const knot_rdataset_t *dnskey, const knot_rdataset_t *rrsigs,
                     const dns_key_t *keys, unsigned key_count, time_t now);

/*!
 * \brief The same for another RRset at the zone's apex.
 *
 * \param[in] rrset  With names in canonical case and sorted RDATA.
 */
keyset_t dns_rrset_signers(const knot_dname_t *zone, const knot_rrset_t *rrset, const knot_rdataset_t *rrsigs,
                           const dns_key_t *keys, unsigned key_count, time_t now);

/*! What a DS RRset says, read as validators read it (RFC 4035 5.2, RFC 9905 3). */
typedef struct {
	keyset_t keys;    /*!< Keys with a DS of SHA-256 or SHA-384. */
	keyset_t sha1;    /*!< Keys with a DS of SHA-1 only. */
	bool foreign;     /*!< A DS that names none of the keys, and that validators read. */
	unsigned ignored; /*!< Records of a digest type or an algorithm that is not supported: validators skip them. */
	uint16_t ignored_tag; /*!< The first of them. */
	uint8_t ignored_algorithm;
	uint8_t ignored_digest;
} dns_ds_t;

/*!
 * \brief Which of the keys a DS RRset names, by recomputed digest.
 *
 * \param[in] zone       Owner.
 * \param[in] ds         DS RDATA set.
 * \param[in] keys       Keys; those without RDATA match by SHA-256 only.
 * \param[in] key_count  Their number.
 * \param[out] out       Result.
 */
void dns_ds_match(const knot_dname_t *zone, const knot_rdataset_t *ds, const dns_key_t *keys, unsigned key_count,
                  dns_ds_t *out);

/*!
 * \brief Which of the keys a CDS RRset names by SHA-256, the only digest type that the module asks a parent for.
 *
 * \param[in] zone       Owner.
 * \param[in] cds        CDS RDATA set.
 * \param[in] keys       Keys.
 * \param[in] key_count  Their number.
 * \param[out] unwanted  A record of another digest type, of no known key, or a delete signal.
 */
keyset_t dns_cds_match(const knot_dname_t *zone, const knot_rdataset_t *cds, const dns_key_t *keys, unsigned key_count,
                       bool *unwanted);

/*! The same for CDNSKEY, by identity. */
keyset_t dns_cdnskey_match(const knot_dname_t *zone, const knot_rdataset_t *cdnskey, const dns_key_t *keys,
                           unsigned key_count, bool *foreign);

/*! Whether the RRset is the delete signal and nothing else (RFC 8078 4, erratum 5049). */
bool dns_cds_removes(const knot_rdataset_t *cds);
bool dns_cdnskey_removes(const knot_rdataset_t *cdnskey);

/* -- validation watch -------------------------------------------------------- */

/*! One check: does the zone validate? Copied by watch_start(). */
typedef struct {
	const knot_dname_t *zone; /*!< Not the root. */
	dns_addrs_t validator;    /*!< Validating resolvers to ask as well. */
} watch_request_t;

/*!
 * \brief What resolvers see.
 *
 * Our own resolver with an empty cache is one of them. Who is down, refuses, does not
 * validate, or does not validate the parent zone either is no evidence: not counted at all.
 */
typedef struct {
	bool cancelled;    /*!< Nothing else is valid. */
	unsigned answered; /*!< Resolvers that validate the zone, or refuse to because of it. */
	unsigned failing;  /*!< Those of them to which the zone is bogus, or has lost its DS. */
	bool parent_ok;    /*!< At least one resolver validates the parent zone. */
	char detail[160];  /*!< Who failed, on which question, why. Without failure: who gave no evidence. */
	unsigned elapsed_ms;
} watch_result_t;

typedef struct watch watch_t;

/*! Called once per check, on the loop thread. The result is valid during the call. */
typedef void (*watch_done_f)(const watch_result_t *result, void *arg);

/*!
 * \brief Starts a check: SOA, DNSKEY and a name that does not exist.
 *
 * A check ends within 20 s; few run at the same time, the others wait for their turn.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL. On error the callback is not called.
 */
int watch_start(dns_t *dns, const watch_request_t *request, watch_done_f done, void *arg, watch_t **watch);

/*! Ends a running check now: its callback is called as cancelled. dns_free() does the same. */
void watch_cancel(watch_t *watch);
