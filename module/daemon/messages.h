/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Messages of registries (RFC 5730 2.9.2.3): to the log, and to the zone that they are about.
 */

#pragma once

#include "forward.h"
#include "kskroll/epp.h"

/*!
 * As accounts.h calls it. The message leaves the queue: whoever else reads that has to find it in the log.
 *
 * \return False: it has to stay there, since nobody can say yet whether its zone waits for it.
 */
bool messages_take(env_t *env, const epp_account_t *account, const epp_message_t *message);
