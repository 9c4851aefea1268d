/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Plans of orders for keys of two algorithms: pure.
 *
 * Knot signs a zone only if each algorithm in DNSKEY has a KSK that signs DNSKEY and a ZSK that signs the data. It does
 * not even load a zone otherwise. So here an order is about all keys of both algorithms, and after each of its changes
 * the set is complete. See "CSK and algorithms by key timers" in docs/knot-behaviour.rst.
 */

#pragma once

#include <stdbool.h>
#include <time.h>

#include "key_list.h"
#include "key_plan.h"

/*! key_plan() of such an order, which names the keys that it needs. \a plan is empty. */
bool key_algorithms_plan(const key_list_t *list, const server_keys_t *wish, time_t now, key_plan_t *plan);
