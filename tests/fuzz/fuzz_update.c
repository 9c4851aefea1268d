/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What a primary answers to DNS UPDATE, as a whole message: nothing is authentic without the key, and the words
 *        are whole.
 */

#include <string.h>

#include <libdnssec/tsig.h>

#include "fuzz.h"
#include "update_message.h"

#define ID 0x1234

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const update_key_t key = { .name = "update.test.",
		                          .algorithm = DNSSEC_TSIG_HMAC_SHA256,
		                          .secret = (const uint8_t *)"a secret",
		                          .secret_len = 8 };
	static update_message_t message = { .id = ID, .mac_len = 32 };
	update_answer_t answer;
	uint8_t *wire = malloc(size + 1); /* Of its size: what is read behind it is an error. */

	if (wire == NULL) {
		return 0;
	}
	memcpy(wire, data, size);
	const char *error = update_answer_read(&message, (const knot_dname_t *)"\x04test", &key, wire, size, &answer);
	require(!answer.authentic);
	require(memchr(answer.detail, '\0', sizeof(answer.detail)) != NULL);
	require(error != NULL || answer.detail[0] != '\0');
	require(error == NULL || answer.rcode == 0);
	free(wire);
	return 0;
}
