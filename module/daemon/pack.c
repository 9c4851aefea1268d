/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pairs of counts, so many zeros and so many bytes that follow here, until all bytes are there.
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"

/*! A pair of counts costs as much as these zeros. */
#define GAP_MIN 3

static size_t zeros(const uint8_t *data, size_t size)
{
	size_t n = 0;
	while (n < size && n < UINT8_MAX && data[n] == 0) {
		n++;
	}
	return n;
}

/*! Bytes up to the next gap. */
static size_t literals(const uint8_t *data, size_t size)
{
	size_t n = 0;
	while (n < size && n < UINT8_MAX) {
		size_t gap = zeros(data + n, size - n);
		if (gap >= GAP_MIN || n + gap == size) {
			break;
		}
		n += gap > 0 ? gap : 1;
	}
	return n < UINT8_MAX ? n : UINT8_MAX;
}

/*! \return Bytes needed; written if \a out is not NULL. */
static size_t encode(const uint8_t *data, size_t size, uint8_t *out)
{
	size_t len = 0;
	while (size > 0) {
		size_t skip = zeros(data, size);
		size_t copy = literals(data + skip, size - skip);
		if (out != NULL) {
			out[len] = skip;
			out[len + 1] = copy;
			memcpy(out + len + 2, data + skip, copy);
		}
		len += 2 + copy;
		data += skip + copy;
		size -= skip + copy;
	}
	return len;
}

void *pack(const void *data, size_t size)
{
	assert(data);

	uint8_t *packed = malloc(encode(data, size, NULL) + 1);
	if (packed != NULL) {
		encode(data, size, packed);
	}
	return packed;
}

void unpack(const void *packed, void *data, size_t size)
{
	assert(packed && data);

	const uint8_t *in = packed;
	uint8_t *out = data;
	while (size > 0) {
		const size_t skip = in[0], copy = in[1];
		assert(skip + copy > 0 && skip + copy <= size);
		memset(out, 0, skip);
		memcpy(out + skip, in + 2, copy);
		in += 2 + copy;
		out += skip + copy;
		size -= skip + copy;
	}
}
