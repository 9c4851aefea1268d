/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What is concluded from what a primary says of an order, and from its silence. Pure: the simulator runs it.
 */

#pragma once

#include "kskroll/delegation.h"
#include "kskroll/update.h"

/*! Until the primary is asked again what came of an order; doubled each time up to the other. */
#define ORDER_DOUBT_MIN_MS 2000
#define ORDER_DOUBT_MAX_MS 300000

/*! What becomes of an order after a message. */
typedef enum {
	ORDER_OVER,  /*!< It has an outcome. */
	ORDER_DOUBT, /*!< Nobody knows whether it was carried out, or will be: the primary is asked. */
	ORDER_AGAIN, /*!< Nothing was sent. */
} order_fate_t;

/*! An order that was sent. */
typedef struct {
	bool doubt;   /*!< An earlier message of it was lost. */
	bool gone;    /*!< Its delegation is. */
	bool late;    /*!< The facts are too old that it was decided on. */
	bool stopped; /*!< Its zone, or the process, ends. */
} order_sent_t;

/*!
 * \brief What becomes of an order whose message has that result.
 *
 * \param[out] outcome  If it is over.
 */
order_fate_t order_fate(update_status_t status, const order_sent_t *sent, delegation_outcome_t *outcome);

/*! \param[in] ms  The wait before; 0: none. \return Until the primary is asked, ms. */
unsigned order_doubt_ms(unsigned ms);

/*! Why the primary is asked about an order that this process does not have. */
typedef enum {
	ORDER_KNOWN,   /*!< It is not. */
	ORDER_UNKNOWN, /*!< A former process has sent it, perhaps. */
	ORDER_MADE,    /*!< It has said that it has made it, and this server still has the former set. */
} order_doubt_t;

/*!
 * \brief Whether the primary has to be asked what came of the order of a row.
 *
 * So it is about an order that a former process has sent; and, while what it has made does not come by transfer, about
 * whether it still has it.
 *
 * \param[in] ds       DS RRset of the zone.
 * \param[in] outcome  Of the order, as far as this process knows.
 * \param[in] words    With words: then no outcome is one that is known.
 */
order_doubt_t order_in_doubt(const delegation_config_t *config, const delegation_row_t *row, const ds_set_t *ds,
                             delegation_outcome_t outcome, bool words, time_t now);

/*! The action that a state waits for. */
delegation_action_t order_action(delegation_state_t state);

/*! Whether the row waits for an order still: it does not once another client has changed DS, whatever DS is by then. */
bool order_is_awaited(const delegation_row_t *row, delegation_action_t action);
