/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What parents and their targets send, byte by byte: DSYNC, negative answers, responses.
 *
 * The first byte chooses, the rest is the input.
 */

#include "dsync.h"
#include "fuzz.h"
#include "notify_message.h"

static void fuzz_record(const uint8_t *data, size_t size)
{
	dsync_t dsync;
	if (dsync_parse(data, size, &dsync) != NULL) {
		return;
	}
	require(size >= 6 && knot_dname_size(dsync.target) == size - 5);
	require(dsync_unusable(&dsync) != NULL || (dsync.port != 0 && dsync.scheme == 1));
}

/*! A name out of the input, if there is one at its place. */
static const knot_dname_t *take_name(const uint8_t **data, size_t *size)
{
	int len = knot_dname_wire_check(*data, *data + *size, NULL);
	if (len <= 0) {
		return NULL;
	}
	const knot_dname_t *name = *data;
	*data += len;
	*size -= len;
	return name;
}

/*! A child and the owners of as many SOA records as there are. */
static void fuzz_search(const uint8_t *data, size_t size)
{
	dsync_search_t search;
	const knot_dname_t *child = size > 0 ? take_name(&data, &size) : NULL;
	if (child == NULL || dsync_search_begin(&search, child) != KNOT_EOK) {
		return;
	}
	unsigned queries = 0;
	int ret;
	do {
		queries++;
		require(knot_dname_wire_check(search.query, search.query + sizeof(search.query), NULL) > 0);
		ret = dsync_search_next(&search, size > 0 ? take_name(&data, &size) : NULL);
	} while (ret == KNOT_EOK);
	require(queries <= DSYNC_QUERIES_MAX);
}

static void fuzz_answer(const uint8_t *data, size_t size)
{
	static const knot_dname_t ZONE[] = "\5child\7example";
	uint16_t rcode = 0;
	message_match_t match = message_match(data, size, ZONE, 0x1234, &rcode);
	require(match == MESSAGE_OTHER || (size >= 12 && data[0] == 0x12 && data[1] == 0x34));
	/* Nothing is acknowledged without its name. */
	require(match != MESSAGE_ANSWER || rcode != 0 || size >= 12 + sizeof(ZONE) + 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1) {
		return 0;
	}
	switch (data[0] % 3) {
	case 0:
		fuzz_record(data + 1, size - 1);
		break;
	case 1:
		fuzz_search(data + 1, size - 1);
		break;
	default:
		fuzz_answer(data + 1, size - 1);
		break;
	}
	return 0;
}
