/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Knot in a virtual world: keys, policy, and the versions of the zone that come of both.
 */

#pragma once

#include "kskroll/rollover.h"
#include "sim_events.h"

#define HOUR           3600
#define DAY            86400
#define T0             ((time_t)1000000000)
#define KEYS_MAX       14
#define VERSION_MAX    1024
#define ALGORITHMS_MAX 4
#define ZSKS_MAX       8

typedef struct world world_t;

/*! Who brought a change about. */
typedef enum {
	CAUSE_START = 0, /*!< It was so when the world began. */
	CAUSE_OURS,      /*!< The driver under test: a step of ours. */
	CAUSE_KNOT,      /*!< Knot by itself under the operator's base policy. */
	CAUSE_OPERATOR,  /*!< Also who runs a zone by hand. */
} cause_t;

/*! What the zone's primary publishes. */
typedef struct {
	world_keys_t dnskey; /*!< KSKs. */
	world_keys_t zsks;   /*!< ZSKs beside them, as far as they are modelled. */
	world_keys_t signers;
	world_keys_t data;    /*!< Keys that sign the data; 0: ZSKs that are not modelled do, or nobody. */
	world_keys_t removed; /*!< Keys that had been let go before, or were retired. */
	world_keys_t cds;     /*!< KEY_FOREIGN alone: the delete signal. */
	world_keys_t cdnskey; /*!< The same; Knot always has both alike. */
	world_keys_t
		cds_not_by; /*!< Signers of DNSKEY whose signature of CDS and CDNSKEY is missing, or has expired. */
	bool cds_excess;    /*!< More records than anybody reads. */
	uint32_t ttl;
	uint16_t number;                    /*!< Of the version. */
	uint32_t serial;                    /*!< Of the SOA. */
	time_t dnskey_signed, cds_signed;   /*!< Dates of their signatures, by the wall clock. */
	bool dnskey_misdated, cds_misdated; /*!< By a clock that was wrong. */
	cause_t cds_cause;
	time_t cds_decided; /*!< The step that published CDS. */
	uint32_t data_ttl;
	world_keys_t data_before; /*!< Keys that signed them before these did. */
	cause_t data_cause;
	time_t data_decided; /*!< The step after which these keys sign the data. */
} zone_version_t;

typedef enum {
	KSK_NONE = 0,
	KSK_PUBLISHED,
	KSK_READY,
	KSK_ACTIVE,
	KSK_ASIDE,   /*!< CSK only: in use, and leaves the data to an active one. */
	KSK_RETIRED, /*!< CSK only: in the DNSKEY RRset until caches have lost its signatures, and signs nothing. */
	KSK_REMOVED,
	/* In a change of algorithm. Those that are not in the DNSKEY RRset: */
	KSK_NOTHING,     /*!< It is there, and plays no part. */
	KSK_PRE_ACTIVE,  /*!< Signs the data. */
	KSK_HIDDEN,      /*!< The same, and no timer changes it. */
	KSK_POST_ACTIVE, /*!< Signs the data still. */
	KSK_RETIRING,    /*!< An old ZSK: in use until the DS is there. */
} ksk_state_t;

typedef struct {
	ksk_state_t state;
	uint8_t algorithm;
	time_t since;     /*!< Pre-active, or post-active, since then. */
	time_t published; /*!< 0: never was. */
	cause_t published_cause;
	time_t published_decided;
	time_t created;  /*!< Set by hand; 0: it was made when it was published. */
	bool pre_active; /*!< It was that before it was published. */
	bool flipped;    /*!< A single-type key that has been made a ZSK, or a ZSK that signs DNSKEY as well. */
	bool extra;      /*!< Made by hand, not part of a rollover (yet). */
	bool by_hand;    /*!< Made or set by hand once. */
	cause_t made;
	time_t made_decided;
	uint32_t epoch; /*!< engine_t.epoch when it was made. */
	cause_t ready_cause;
	time_t ready_decided;
	cause_t removed_cause; /*!< Also of one that is retired and goes by itself. */
	time_t removed_decided;
	time_t retired;
	time_t met; /*!< shown_t.by_hand when it was removed. */
} sim_key_t;

/*! Policies that 0.1.0 had; their TTLs are so many seconds above the low one. */
typedef enum {
	FORMER_QUIET = 0,
	FORMER_SIGNAL = 1,
	FORMER_ROLLBACK = 2,
} former_t;

/*! Knot's KASP for the zone. */
typedef struct {
	bool up;
	bool frozen;
	bool text_config;  /*!< A policy switch is lost by reload and restart. */
	bool base_signals; /*!< Base policy with cds-cdnskey-publish: rollover. */
	bool member;       /*!< Of a catalog: its policy is the template's. */
	bool busy_often;   /*!< Orders for keys are lost or late more often than once in a hundred. */
	uint16_t
		loses; /*!< Sets of states, of a thousand, that are lost because Knot writes all keys at that moment. */
	uint8_t busy;  /*!< Orders, of a hundred, that Knot is about to sign at. */
	uint8_t unheard; /*!< Orders, of a hundred, that are carried out without an answer. */
	former_t former;
	key_states_t ordered; /*!< The last order of the module. */
	policy_role_t policy;
	policy_role_t pending; /*!< Committed while frozen. */
	time_t policy_decided;
	cause_t states_cause; /*!< Who last changed the state of a key. */
	time_t states_decided;
	uint32_t base_ttl;
	uint32_t propagation_delay;
	uint8_t algorithm; /*!< Of the base policy. */
	time_t begins;     /*!< It signs then by that policy. */
	uint32_t serial;   /*!< Of version 0, and of those after it one more each. */
	sim_key_t key[ZSK_FIRST + ZSKS_MAX];
	unsigned key_count;                       /*!< KSKs, from 0. */
	unsigned zsk_count;                       /*!< ZSKs, from ZSK_FIRST. */
	ksk_state_t backup[ZSK_FIRST + ZSKS_MAX]; /*!< The newest backup of the key database. */
	world_keys_t backup_flipped;
	unsigned backup_count; /*!< KSKs in it; 0: there is none. */
	unsigned backup_zsks;
	zone_version_t version[VERSION_MAX];
	unsigned version_count;
	time_t alarm; /*!< Next KASP timer. */
} knot_t;

/* knot.c */
void knot_start(world_t *w);
/*! Adds a key. */
void knot_make(world_t *w, const sim_key_t *key);
/*! KASP checks its timers and signs: a new version if anything changed. */
void knot_update(world_t *w);
void knot_switch(world_t *w, policy_role_t role, time_t decided);
void knot_freeze(world_t *w, bool frozen);
void knot_down(world_t *w);
void knot_restart(world_t *w);
void knot_reload(world_t *w);
bool knot_roll(world_t *w, uint8_t algorithm, bool extra, cause_t cause, time_t decided);
bool knot_submit(world_t *w, cause_t cause, time_t decided);
void knot_delete(world_t *w, unsigned key, cause_t cause);
/*! New signatures of everything (zone-sign). */
void knot_sign(world_t *w);
/*! keymgr set; Knot reads it with the next knot_update(). */
void knot_set(world_t *w, unsigned key, ksk_state_t state, cause_t cause, time_t decided);
/*! The same for keys that retire and are removed at once. */
void knot_remove(world_t *w, world_keys_t set, cause_t cause, time_t decided);
void knot_backup(world_t *w);
/*! The key database of the newest backup. \return There is one, and it has other keys. */
bool knot_restore(world_t *w);
world_keys_t knot_keys(const world_t *w);
/*! Those of them that are not retired. */
world_keys_t knot_signers(const world_t *w);
/*! ZSKs in the DNSKEY RRset. */
world_keys_t knot_zsks(const world_t *w);
/*! Keys, of both kinds, that were in it and are not any more, or sign nothing any more. */
world_keys_t knot_gone(const world_t *w);
/*! A key leaves the DNSKEY RRset, and goes on signing the data. */
void knot_unpublish(world_t *w, unsigned key, ksk_state_t state, cause_t cause, time_t decided);
/*! Whoever changes the state of a key changes what it signs. */
void knot_states_by(world_t *w, cause_t cause, time_t decided);
/*! The DNSKEY TTL of the policy in force. */
uint32_t knot_ttl(const world_t *w);
/*! Longest TTL of the data, s. Caches may have them with another one. */
uint32_t knot_zone_ttl(const world_t *w);
const zone_version_t *knot_version(const world_t *w);

/* knot_blame.c */
/*!
 * A published key gets ready by itself: nobody has set it. Who is to blame? Knot, if it could have done so without the
 * module as well: another one made the key, or the process that made it ended before it could go on.
 */
void blame_ready(world_t *w, sim_key_t *key);
/*! A key of a new algorithm is about to be published by Knot's timer. */
void blame_published(world_t *w, unsigned key);

/* knot_algorithm.c */
/*! Signatures of the data are kept, for each RRset that resolvers can get. */
bool data_matters(const world_t *w);
bool algorithm_published(ksk_state_t state);
/*! Keys that sign the data. */
world_keys_t algorithm_signers(const world_t *w);
/*! ZSKs that sign DNSKEY as well, for as long as the KSK of their algorithm comes or goes. */
world_keys_t algorithm_stand_ins(const world_t *w);
/*! Algorithms of keys. */
algset_t algorithm_set(const world_t *w, world_keys_t keys);
/*! All keys of an algorithm that ever were. */
world_keys_t algorithm_keys(const world_t *w, uint8_t algorithm);
/*! The zone gets a ZSK, which makes a KSK of its algorithm as well. */
void algorithm_start(world_t *w);
/*! Knot makes the keys of the policy's algorithm, if there are none and nothing rolls. */
void algorithm_begin(world_t *w);
/*! Knot's running_rollover(). */
bool algorithm_rolls(const world_t *w);
/*! Each published algorithm has both kinds of keys in use: else Knot does not sign. */
bool algorithm_complete(const world_t *w);
/*! When something happens to the key by itself, in those states that only a change of algorithm has; 0: never. */
time_t algorithm_timer(const world_t *w, const sim_key_t *key);
/*! \return Whether it was one of these. */
bool algorithm_timer_ends(world_t *w, unsigned key);
/*! zone-ksk-submitted of a key that has another algorithm than the old one. */
void algorithm_submit(world_t *w, unsigned old, cause_t cause, time_t decided);
