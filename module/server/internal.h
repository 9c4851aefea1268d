/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  What the tests need besides kskroll/server.h. */

#pragma once

#include "kskroll/server.h"

/*! As server_new(), but talks to whoever listens on \a path. */
server_t *server_new_at(uv_loop_t *loop, const char *path, int timeout_ms);
