/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  What writing and reading must agree on. */

#pragma once

/*! The first bytes of each side. */
#define MAGIC 0x4b534b52

/*! Bytes of an address: family, port, IPv4; the same with IPv6 and its scope. */
#define ADDR_V4 (1 + 2 + 4)
#define ADDR_V6 (1 + 2 + 16 + 4)

#define SIZE(array) (sizeof(array) / sizeof((array)[0]))
