/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The delegations of one parent zone, by name.
 *
 * There may be very many, and nearly all rest. Then all there is of one is a delegation_t and the octets of its name.
 * It has numbers instead of pointers, and shares what others have as well: nameservers, clock. What a list of the zone
 * says of it (NS, the number of DS) is where a light scan begins; nothing is decided upon it but that a survey is due.
 */

#pragma once

#include "kskroll/delegation.h"
#include "util/numbered.h"
#include "util/octets.h"
#include "util/queue.h"

#include <libknot/libknot.h>

typedef struct parent parent_t;
typedef struct turn turn_t;
typedef struct order order_t;

/*! An NS RRset that many delegations share. */
typedef struct {
	numbered_link_t link;
	uint32_t hash;
	uint32_t refs;
	knot_rdataset_t set;
} ns_set_t;

/*! What is kept of a delegation that does not rest. */
typedef struct {
	parent_t *parent;
	turn_t *turn;        /*!< Under way; NULL: none. */
	order_t *order;      /*!< The same. */
	uint32_t number;     /*!< Of the delegation. */
	uint8_t state, gate; /*!< As counted in the totals. */
	delegation_row_t row;
	uint32_t notified; /*!< Notifications since it woke, */
	uint32_t followed; /*!< and how many of them a survey has followed. */
	delegation_outcome_t outcome;
	char outcome_detail[160];
	char report_agent[256];    /*!< Agent domain for error reports, as the child has named it; "": none. */
	uint8_t reports;           /*!< Those that were sent, */
	time_t report_after;       /*!< and when the next one may be. */
	delegation_survey_t asked; /*!< Its nameservers, since it woke. */
	bool resumed;              /*!< A former process has surveyed it, and this one not yet. */
	bool again;                /*!< Something has happened during the turn. */
	bool unwritten;            /*!< The last row could not be stored. */
	knot_dname_t name[];       /*!< Whole, in wire form, lower case. */
} awake_t;

/*! One of very many: each octet counts. */
typedef struct {
	numbered_link_t link;
	queue_node_t due; /*!< In one of the queues of the agent (pump.c). */
	uint32_t name;    /*!< Its octets: the labels below the zone, wire form, lower case. 0: it is none. */
	uint32_t parent;  /*!< Number of the zone in the agent. */
	uint32_t ns;      /*!< Its NS RRset; 0: not known yet. */
	uint32_t ds_ttl;
	uint64_t ds;        /*!< ds_set_id() of the DS RRset, as listed last. */
	bool ds_excess : 1; /*!< That equals no set. */
	bool listed : 1;    /*!< The list that is under way, or else the last one, has it. */
	bool urgent : 1;    /*!< It is in the queue of those that are under way. */
	bool gone : 1;      /*!< The zone has it no longer. It is awake. */
	bool stored : 1;    /*!< The store has its row. */
	bool is_awake : 1;  /*!< \a of.awake counts, and what follows does not. */

	/* The row of one that rests, see delegation_idle_t. */
	bool known : 1;
	bool notifies : 1;
	uint32_t clock : 24; /*!< Its clock, which many have. */
	uint32_t past; /*!< What the agent has done of it; 0: all of that is 0, and the DS of the row is that of the
	                  zone. */
	union {
		awake_t *awake;
		struct {
			uint32_t clock_wall, since, applied_inception, next_check;
		} idle;
	} of;
} delegation_t;

typedef struct {
	parent_t *parent;
	uint32_t number;          /*!< Of the parent zone in the agent. */
	const knot_dname_t *apex; /*!< Lower case. Borrowed. */
	numbered_t entries;       /*!< delegation_t. */
	octets_t names;
	numbered_t ns;     /*!< ns_set_t. */
	numbered_t clocks; /*!< Of rows that rest, and */
	numbered_t pasts;  /*!< what few of them have. */
	uint64_t secure;   /*!< Delegations with a DS. */
} delegations_t;

/*! \return False without memory. */
bool delegations_init(delegations_t *all, parent_t *parent, uint32_t number, const knot_dname_t *apex);
/*! No turn and no order is under way. */
void delegations_clear(delegations_t *all);

/*! \return NULL if there is none. */
delegation_t *delegations_find(const delegations_t *all, const knot_dname_t *name);
size_t delegations_count(const delegations_t *all);

/*!
 * \brief A delegation as it has never been seen before: its row is that of delegation_init().
 *
 * \return NULL without memory, or if the name is not below the zone.
 */
delegation_t *delegations_add(delegations_t *all, const knot_dname_t *name, time_t now, time_t floor);

/*!
 * \brief Takes what a list says.
 *
 * \return KNOT_EOK; 1 if another DS RRset than before; KNOT_ENOMEM: it is as it was.
 */
int delegations_update(delegations_t *all, delegation_t *d, const knot_rdataset_t *ns, const knot_rdataset_t *ds,
                       uint32_t ds_ttl);

/*! It is not found any more. Freed, unless a turn or an order is under way: then by delegation_free() afterwards. */
void delegations_remove(delegations_t *all, delegation_t *d);
void delegation_free(delegations_t *all, delegation_t *d);

/*! Calls back for each; \a each may remove the one it is called with. */
void delegations_each(delegations_t *all, void (*each)(delegation_t *d, void *arg), void *arg);

const ns_set_t *delegation_ns(const delegations_t *all, const delegation_t *d);
/*! Its name, whole. */
void delegation_name(const delegations_t *all, const delegation_t *d, knot_dname_storage_t out);
/*! Whether a turn or an order is under way. */
bool delegation_is_busy(const delegation_t *d);

/*! A copy of its row. */
void delegation_row(const delegations_t *all, const delegation_t *d, delegation_row_t *out);
/*! Its row, whole. \return NULL without memory. */
awake_t *delegation_wake(delegations_t *all, delegation_t *d);
/*! Makes it small again, if nothing is under way. Forgets notifications. */
void delegation_sleep(delegations_t *all, delegation_t *d);
/*! A row from the store counts. \return False without memory. */
bool delegation_take_row(delegations_t *all, delegation_t *d, const delegation_row_t *row);

/*! Number of an NS RRset: another number, another set. Names in lower case. */
uint64_t ns_number(const knot_rdataset_t *ns);
