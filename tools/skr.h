/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Signed Key Responses of `keymgr ZONE sign-ksr`: for a zone whose KSK is offline, the DNSKEY RRset, its signals
 * and their signatures of months to come.
 *
 * A response is a sequence of sets. Each is in force from its time until the next one begins. The file comes from
 * another machine: reading it is bounded in size, in records, and in signatures that are verified.
 */

#pragma once

#include <libknot/libknot.h>

#include "kskroll.h"
#include "kskroll/dns.h"

/*! Octets of a file: more than a hundred years of a zone with two RSA keys. */
#define SKR_SIZE_MAX (4 << 20)
/*! Sets of a file. */
#define SKR_SETS_MAX 1024
/*! DNSKEY, CDS or CDNSKEY records of a set, each. */
#define SKR_RECORDS_MAX 32
/*! RRSIGs of a set: all KSKs over all three RRsets. */
#define SKR_SIGNATURES_MAX (3 * ROLLOVER_KEYS_MAX)
/*! DS records that the parent may have. */
#define SKR_DS_MAX 32
/*! Different KSKs of a file. */
#define SKR_KSKS_MAX 64

/*! KSKs of a file: bit i is ksk[i]. */
typedef uint64_t skr_keys_t;

/*! What the zone has from one moment on. */
typedef struct {
	time_t from;
	uint32_t ttl; /*!< Of the DNSKEY RRset, seconds. */
	knot_rdataset_t dnskey;
	knot_rdataset_t cds;
	knot_rdataset_t cdnskey;
	knot_rdataset_t rrsig;

	/* What skr_verify() adds. */
	skr_keys_t ksks;
	skr_keys_t signers;  /*!< KSKs with a valid signature over DNSKEY at `from`. */
	skr_keys_t cds_keys; /*!< KSKs that CDS names. */
	skr_keys_t cdnskey_keys;
	skr_keys_t ds_keys; /*!< KSKs that the DS of the parent names. */
	bool cds_foreign;   /*!< CDS or CDNSKEY names a key that is no KSK of the set. */
	bool cds_removes;   /*!< The delete signal (RFC 8078 4). */
	bool cds_signed;    /*!< By a KSK of the set; so is CDNSKEY. An absent RRset counts as signed. */
	time_t until;       /*!< The first signature of the signers ends; 0 without signers. */
	unsigned zsk_count;
} skr_set_t;

/*! A whole file. */
typedef struct {
	knot_dname_storage_t zone;
	bool has_zone; /*!< A record was read. */
	skr_set_t *set;
	size_t count;
	key_id_t ksk[SKR_KSKS_MAX];
	unsigned ksk_count;
	bool ds_foreign; /*!< A DS of the parent names a key of no set. */
	size_t line;     /*!< Where it is wrong; 0: as a whole. */
	char error[160]; /*!< "" if it could be read. */
} skr_t;

/*!
 * \brief Reads a response.
 *
 * \param[out] skr  To be freed by skr_clear(), whatever comes of it.
 * \param[in] text  The file; need not end with a zero.
 * \param[in] len   Its length.
 *
 * \return KNOT_EOK; KNOT_EMALF with skr->error; KNOT_ENOMEM.
 */
int skr_read(skr_t *skr, const char *text, size_t len);

/*!
 * \brief Verifies the signatures of all sets that were read.
 *
 * \param[in] ds  What the parent has now, at most SKR_DS_MAX records; empty: not known.
 *
 * \return KNOT_EOK; KNOT_EMALF with skr->error for keys that cannot be used, or too many of them.
 */
int skr_verify(skr_t *skr, const knot_rdataset_t *ds);

/* skr_judge.c: what is wrong with it. */

/*! Values are places in a table of names (skr_check_name()). */
typedef enum {
	SKR_MALFORMED,
	SKR_OTHER_ZONE,
	SKR_NO_KSK,
	SKR_NO_ZSK,
	SKR_NOT_SIGNED,
	SKR_KSK_IDLE,
	SKR_GAP,
	SKR_SHORT_OVERLAP,
	SKR_JUMP,
	SKR_SHORT_PHASE,
	SKR_CDS_KEYS,
	SKR_CDS_DIFFERS,
	SKR_CDS_NOT_SIGNED,
	SKR_CDS_EARLY,
	SKR_CDS_REMOVES,
	SKR_NO_CDS,
	SKR_CDS_LATE,
	SKR_DS_WITHOUT_KEY,
	SKR_DS_FOREIGN,
	SKR_DS_CHANGES,
	SKR_STARTS_LATER,
	SKR_ENDS_SOON,
	SKR_EXPIRED,
	SKR__COUNT
} skr_check_t;

/*! Stable code, and what it means in one sentence. */
const char *skr_check_name(skr_check_t check);
const char *skr_check_meaning(skr_check_t check);

/*! What a response is judged by. */
typedef struct {
	time_t now;
	bool has_ds;
	uint32_t ds_ttl; /*!< Of the parent, seconds. */
} skr_world_t;

/*! \a at: beginning of the set that it is about, 0 for the whole. \a detail is valid in the callback only. */
typedef void (*skr_finding_f)(skr_check_t check, level_t level, time_t at, const char *detail, void *arg);

/*! Calls back for everything that is wrong with a response that is verified, in the order of time. */
void skr_judge(const skr_t *skr, const skr_world_t *world, skr_finding_f each, void *arg);

/*! Tags of keys: "1001 1002". */
void skr_tags(const skr_t *skr, skr_keys_t keys, char *out, size_t out_len);

/*! Frees what it holds. */
void skr_clear(skr_t *skr);

/*! Whether it looks like a request (KSR), which the wrong file often is. */
bool skr_is_request(const char *text, size_t len);
