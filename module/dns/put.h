/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  Octets one behind the other, into a place that they cannot run over. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
	uint8_t *at;
	size_t left;
	bool full; /*!< Stays once something had no room. */
} out_t;

static inline void put(out_t *out, const void *data, size_t len)
{
	if (out->full || len > out->left) {
		out->full = true;
		return;
	}
	memcpy(out->at, data, len);
	out->at += len;
	out->left -= len;
}
