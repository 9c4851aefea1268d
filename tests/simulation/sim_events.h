/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What happens to a virtual world: faults of servers and of what surrounds the module, and what is typed.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*! Set of keys by their number in the world: KSKs, and above them ZSKs. */
typedef uint32_t world_keys_t;
/*! A KSK or DS of somebody else. */
#define KEY_FOREIGN ((world_keys_t)1 << 15)
/*! All KSKs of the zone. */
#define KEYS_OWN ((world_keys_t)0x7fff)
/*! Number of the first ZSK. */
#define ZSK_FIRST 16
#define ZSKS_ALL  (~(world_keys_t)0 << ZSK_FIRST)
/*! Keys of nobody that CDS of a hostile child may name: no ZSK has these numbers. */
#define STRANGER_FIRST 24
#define STRANGERS_MAX  8
#define KEYS_STRANGE   (~(world_keys_t)0 << STRANGER_FIRST)

/*! Different sets that a server has while it has a fault. */
#define FAULT_KNOWN_MAX 16

/*! What can be wrong, with whom. */
typedef enum {
	/* Servers of child and parent. */
	FAULT_DOWN = 0,  /*!< Nobody reaches it. */
	FAULT_PARTITION, /*!< The module does not reach it, resolvers do. */
	FAULT_ERROR,     /*!< SERVFAIL to everybody. */
	FAULT_STUCK,     /*!< It no longer takes new versions. */
	FAULT_REGRESS,   /*!< It serves an older version again. */
	FAULT_STRIP,     /*!< It serves without signatures. */
	FAULT_STRIP_NEW, /*!< Child: without the signature of the newest KSK. */
	FAULT_FOREIGN,   /*!< Child: a KSK that the own zone does not have. */
	FAULT_TTL,       /*!< It serves with a higher TTL. */
	FAULT_FORGED,    /*!< The module gets forged answers in its name that say what it waits for. */
	FAULT_MARKED, /*!< Child: it no longer takes new versions, and the module is shown RRSIGs that it does not have.
	               */
	/* Around the module. */
	FAULT_CONTROL,   /*!< The control socket does not answer. */
	FAULT_CONF_TXN,  /*!< Somebody's configuration transaction is open. */
	FAULT_KEYS,      /*!< The states of keys cannot be set: keymgr is missing, the key database locked. */
	FAULT_ZONE_TXN,  /*!< Somebody's zone transaction is open. */
	FAULT_STORE,     /*!< The store cannot be written. */
	FAULT_DISCOVERY, /*!< Nameservers cannot be found out. */
	FAULT_INSECURE,  /*!< The parent seems insecure. */
	FAULT_WATCH,     /*!< Validation fails for a reason of its own, at every resolver asked. */
	/* Irregular DS versions, with the same bookkeeping. */
	FAULT_CUT_OFF, /*!< The module reaches nobody on other hosts, resolvers do. */

	FAULT_DS_CHANGE, /*!< DS or its TTL changed at the parent by nobody's signal. */
	FAULT__COUNT
} fault_kind_t;

typedef struct {
	fault_kind_t kind;
	bool parent;
	uint8_t server;
	bool active;
	time_t from;
	time_t to; /*!< 0: for ever. */
	/*! KSKs (child) or DS (parent) that came with it, and the first decision of the module that knew. */
	struct {
		world_keys_t keys;
		uint32_t ttl; /*!< The largest. */
		bool data;    /*!< The keys are those that sign the data. */
		time_t at;
		time_t lost; /*!< With the store; 0: not so. */
	} known[FAULT_KNOWN_MAX];
	unsigned known_count;
} fault_t;

typedef enum {
	COMMAND_ROLL = 0, /*!< zone-key-rollover, or Knot's own lifetime. */
	COMMAND_SUBMIT,   /*!< zone-ksk-submitted */
	COMMAND_FREEZE,
	COMMAND_THAW,
	COMMAND_HOLD,
	COMMAND_UNHOLD,
	COMMAND_DRY_RUN,
	COMMAND_WET_RUN,
	COMMAND_DS_NEW,          /*!< DS of the newest KSK alone, by hand. */
	COMMAND_DS_BOTH,         /*!< DS of all KSKs of the zone, by hand. */
	COMMAND_DS_OLDEST,       /*!< DS of the oldest KSK of the zone, by hand. */
	COMMAND_DS_FOREIGN,      /*!< A DS of nobody's key besides. */
	COMMAND_DS_CLEAN,        /*!< That one away again. */
	COMMAND_DS_TTL,          /*!< The DS TTL changes. */
	COMMAND_GENERATE,        /*!< One KSK more, by keymgr. */
	COMMAND_DELETE_EXTRA,    /*!< And away. */
	COMMAND_ABORT,           /*!< keymgr delete of the new KSK, where nobody has its DS. */
	COMMAND_RELOAD,          /*!< knotc reload */
	COMMAND_LOSE_STORE,      /*!< The store is deleted while the server is down. */
	COMMAND_DIE,             /*!< The module never works again. */
	COMMAND_NEW_ALGORITHM,   /*!< algorithm of the base policy is another one. */
	COMMAND_LEAVE,           /*!< go-insecure */
	COMMAND_STAY,            /*!< And not any more. */
	COMMAND_DS_NONE,         /*!< The DS taken away by hand. */
	COMMAND_RESTORE,         /*!< zone-restore +kaspdb of the newest backup. */
	COMMAND_BACKUP,          /*!< zone-backup +kaspdb. */
	COMMAND_KEY_READY,       /*!< keymgr set ready=+0 active=0 of the newest KSK. */
	COMMAND_KEY_ACTIVE,      /*!< keymgr set active=+0 of the newest KSK. */
	COMMAND_DELETE_OLDER,    /*!< The KSK away that is older than that of the DS, as the gate advises. */
	COMMAND_RETIRE_OLD,      /*!< keymgr set retire=+0 remove=+0 of the oldest KSK. */
	COMMAND_ZONE_TTL,        /*!< The largest TTL of the zone changes, and zone-max-ttl with it. */
	COMMAND_OLD_ALGORITHM,   /*!< algorithm is what it was, and he leaves it at that. */
	COMMAND_ABORT_ALGORITHM, /*!< The same, and he takes the new keys out of the zone. */
	COMMAND_ABORTED,         /*!< He removes them, when caches have lost their DNSKEY. */
	COMMAND_DELETE_TWIN,     /*!< The KSK away, or the ZSK hidden, that keeps Knot from signing. */
	COMMAND_SERIAL_BACK,     /*!< Serials begin again at a lower one. */
	COMMAND__COUNT
} command_kind_t;

typedef struct {
	command_kind_t kind;
	time_t at;
} command_t;
