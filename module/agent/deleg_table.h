/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The delegations of one parent zone, by name.
 *
 * There may be very many, and nearly all rest: then this is all there is of one. What a list of the zone says of it
 * (NS, DS) is where a light scan begins; nothing is decided upon it.
 */

#pragma once

#include "kskroll/delegation.h"
#include "util/hash.h"
#include "util/queue.h"

#include <libknot/libknot.h>

typedef struct parent parent_t;
typedef struct turn turn_t;
typedef struct order order_t;

/*! An NS RRset that many delegations share. */
typedef struct {
	hash_node_t hashed;
	uint32_t refs;
	knot_rdataset_t set;
} ns_set_t;

/*! What is kept of a delegation that does not rest. */
typedef struct {
	delegation_row_t row;
	uint32_t notified; /*!< Notifications since it woke, */
	uint32_t followed; /*!< and how many of them a survey has followed. */
	delegation_outcome_t outcome;
	char outcome_detail[160];
	char report_agent[256]; /*!< Agent domain for error reports, as the child has named it; "": none. */
	uint8_t reports;        /*!< Those that were sent, */
	time_t report_after;    /*!< and when the next one may be. */
	time_t surveyed;        /*!< The last survey since it woke; 0: none. */
	uint64_t surveyed_ms;   /*!< The same by the loop's clock. */
	bool resumed;           /*!< It was under way when a former process ended. */
	bool again;             /*!< Something has happened during the turn. */
	bool unwritten;         /*!< The last row could not be stored. */
} awake_t;

typedef struct {
	hash_node_t hashed;
	queue_node_t due; /*!< In one of the queues of the agent (pump.c). */
	uint32_t list;    /*!< Number of the last list that had it. */
	uint32_t ns_ttl, ds_ttl;
	bool urgent : 1;     /*!< It is in the queue of those that are under way. */
	bool is_awake : 1;   /*!< \a of.awake counts. */
	bool gone : 1;       /*!< The zone has it no longer. */
	bool stored : 1;     /*!< The store has its row. */
	uint8_t state, gate; /*!< As counted in the totals. */
	uint16_t crowd;      /*!< Of its turn, as counted in the agent (pump.c). */
	parent_t *parent;
	ns_set_t *ns;
	turn_t *turn;   /*!< Under way; NULL: none. */
	order_t *order; /*!< The same. */
	knot_rdataset_t ds;
	union {
		delegation_idle_t idle;
		awake_t *awake;
	} of;
	knot_dname_t name[]; /*!< Wire form, lower case. */
} delegation_t;

typedef struct {
	hash_t by_name;
	hash_t ns;       /*!< NS RRsets. */
	uint64_t secure; /*!< Delegations with a DS. */
} delegations_t;

/*! \return False without memory. */
bool delegations_init(delegations_t *all);
/*! No turn and no order is under way. */
void delegations_clear(delegations_t *all);

/*! \return NULL if there is none. */
delegation_t *delegations_find(const delegations_t *all, const knot_dname_t *name);

/*! A delegation as it has never been seen before: its row is that of delegation_init(). \return NULL without memory. */
delegation_t *delegations_add(delegations_t *all, parent_t *parent, const knot_dname_t *name, time_t now, time_t floor);

/*!
 * \brief Takes what a list says.
 *
 * \return KNOT_EOK; 1 if another DS RRset than before; KNOT_ENOMEM: it is as it was.
 */
int delegations_update(delegations_t *all, delegation_t *d, const knot_rdataset_t *ns, uint32_t ns_ttl,
                       const knot_rdataset_t *ds, uint32_t ds_ttl);

/*! It is not found any more, and still there: freed by delegation_free(). */
void delegations_remove(delegations_t *all, delegation_t *d);
void delegation_free(delegations_t *all, delegation_t *d);

/*! Calls back for each; \a each may remove the one it is called with. */
void delegations_each(delegations_t *all, void (*each)(delegation_t *d, void *arg), void *arg);

/*! Its row, whole. \return NULL without memory. */
awake_t *delegation_wake(delegation_t *d);
/*! Makes it small again, if nothing is under way. */
void delegation_sleep(delegation_t *d);
/*! A row from the store counts. \return False without memory. */
bool delegation_take_row(delegation_t *d, const delegation_row_t *row);

/*! Number of an NS RRset: another number, another set. Names in lower case. */
uint64_t ns_number(const knot_rdataset_t *ns);
