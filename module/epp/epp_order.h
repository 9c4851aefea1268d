/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A command that waits for its session, with its own copy of all that it points to.
 */

#pragma once

#include "kskroll/epp_link.h"
#include "util/list.h"

typedef struct {
	list_node_t node;
	epp_command_t command;
	uint64_t until; /*!< Of the loop's clock: it has to be sent by then; UINT64_MAX: whenever. */
	bool once;      /*!< EPP_LINK_ONCE. */
	epp_link_done_f done;
	void *arg;
	size_t at; /*!< Octets of \a copies that are taken. */
	_Alignas(epp_record_t) uint8_t copies[];
} epp_order_t;

/*! Whether a command has what its verb needs. */
bool epp_order_is_complete(const epp_command_t *command);

/*! \return NULL without memory. To be freed by free(). */
epp_order_t *epp_order_new(const epp_command_t *command);

typedef bool (*epp_order_is_f)(const epp_order_t *order, uint64_t now);

bool epp_order_is_late(const epp_order_t *order, uint64_t now);
bool epp_order_is_once(const epp_order_t *order, uint64_t now);
bool epp_order_is_any(const epp_order_t *order, uint64_t now);

/*! \return NULL: there is none. */
epp_order_t *epp_orders_first(const list_t *orders);

/*! \return When the first of them is late; UINT64_MAX: never. */
uint64_t epp_orders_until(const list_t *orders);

/*!
 * \brief Counts what comes before the first one with \a arg: updates once, others twice, since an update may follow.
 *
 * \return False: there is none, or it is the first of all and \a under_way.
 */
bool epp_orders_before(const list_t *orders, const void *arg, bool under_way, unsigned *before);

/*! Updates go before all others, in the order of their arrival. \param[in] but_first  The first one stays it. */
void epp_orders_add(list_t *orders, epp_order_t *order, bool but_first);

/*! Frees those with \a arg. \param[in] but_first  The first one stays. \return Whether that is one of them. */
bool epp_orders_drop(list_t *orders, const void *arg, bool but_first);

/*! Moves those that \a is to the end of another list. \param[in] but_first  The first one stays, whatever it is. */
void epp_orders_move(list_t *from, list_t *to, epp_order_is_f is, uint64_t now, bool but_first);
