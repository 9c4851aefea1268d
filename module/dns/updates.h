/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  All updates (kskroll/update.h) that are under way. */

#pragma once

#include <uv.h>

typedef struct updates updates_t;

/*! \return NULL without memory. */
updates_t *updates_new(uv_loop_t *loop);
/*! Ends them: all are called back as cancelled. NULL is allowed. */
void updates_free(updates_t *updates);
