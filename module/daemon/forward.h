/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Names of the structs that headers of this folder point to.
 */

#pragma once

typedef struct zone zone_t;   /*!< zone.h */
typedef struct entry entry_t; /*!< zones.h */
typedef struct env env_t;     /*!< env.h */
