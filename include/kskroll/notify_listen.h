/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief `notify-listen`: NOTIFY(CDS) (RFC 9859) at sockets of this process, over UDP and TCP.
 *
 * The rules and limits are those of knotd's hook (util/notify_in.h). All functions belong to the thread of the loop.
 */

#pragma once

#include <stddef.h>
#include <uv.h>

#include "kskroll/addr.h"

typedef struct notify_listen notify_listen_t;

/*!
 * \brief A notification was acknowledged.
 *
 * \param[in] child         Presentation form, lower case, with final dot.
 * \param[in] source        "IP@port".
 * \param[in] report_agent  Of its Report-Channel option; "" if there was none.
 */
typedef void (*notify_listen_f)(const char *child, const char *source, const char *report_agent, void *arg);

/*!
 * \brief Reads from now on.
 *
 * \param[in] fds  Sockets that are bound, and those of TCP that listen; none of them blocks. They are taken over,
 *                 whatever is returned.
 *
 * \return NULL without memory.
 */
notify_listen_t *notify_listen_start(uv_loop_t *loop, const int *fds, size_t count, notify_listen_f each, void *arg);

/*! Notifications that had no effect: too many. */
uint64_t notify_listen_ignored(const notify_listen_t *listen);

/*! Ends; memory is freed once its handles have closed on the loop. NULL is allowed. */
void notify_listen_stop(notify_listen_t *listen);
