/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What kskrolld and the broker send each other. What is taken for a request is safe as an argument of keymgr.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "fuzz.h"
#include "server/broker_wire.h"

static void check_request(const uint8_t *data, size_t size)
{
	static uint8_t again[BROKER_REQUEST_MAX];
	broker_request_t request;

	if (!broker_get_request(data, size, &request)) {
		return;
	}
	require(broker_put_request(&request, again) == size && memcmp(again, data, size) == 0);
	if (request.kind == BROKER_CONFIGURE) {
		require(request.folder[0] == '/' && (request.program[0] == '/' || request.program[0] == '\0'));
		return;
	}
	const size_t len = strlen(request.zone);
	require(len > 0 && len <= KNOT_DNAME_TXT_MAXLEN && request.zone[len - 1] == '.');
	for (size_t i = 0; i < len; i++) {
		require(request.zone[i] > ' ' && request.zone[i] <= '~');
	}
	if (request.kind == BROKER_SET) {
		require(strlen(request.id) > 0 && strlen(request.id) < KEY_ID_SIZE);
		require(strspn(request.id, "0123456789abcdef") == strlen(request.id));
		require(key_change_timers(request.change)[0] != NULL);
	} else {
		require(request.kind == BROKER_LIST);
	}
}

static void check_answer(const uint8_t *data, size_t size)
{
	static uint8_t again[BROKER_ANSWER_MAX];
	broker_answer_t answer;

	if (!broker_get_answer(data, size, &answer)) {
		return;
	}
	require(strlen(answer.detail) < KEYMGR_DETAIL_MAX && answer.list_len <= KEY_LIST_TEXT_MAX);
	require(broker_put_answer(&answer, again) == size && memcmp(again, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	// Exactly as long as the message: a sanitizer sees each byte that is read behind it.
	uint8_t *copy = malloc(size > 0 ? size : 1);
	if (copy == NULL) {
		return 0;
	}
	memcpy(copy, data, size);
	check_request(copy, size);
	check_answer(copy, size);
	free(copy);
	return 0;
}
