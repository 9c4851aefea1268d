/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The JSON in the store as the command line reads it: any text at all.
 */

#include <stdio.h>
#include <string.h>

#include "../../tools/kskroll.h"
#include "fuzz.h"

static unsigned seen;

static void check_at(const answer_t *answer, void *arg)
{
	const char *const texts[] = {
		answer->server, answer->status, answer->detail,  answer->dnskey, answer->signed_by,
		answer->ttl,    answer->cds,    answer->cdnskey, answer->ds,
	};
	(void)arg;
	seen++;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		require(texts[i] != NULL && strlen(texts[i]) < 1000000);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static own_answer_t own;
	char *text = malloc(size + 1);
	if (text == NULL) {
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';

	seen = 0;
	bool valid = answers_valid(text);
	require(answers_own(text, &own) == valid);
	require(answers_each(text, check_at, NULL) == 0 || valid);
	require(seen == 0 || valid);
	(void)answers_notified(text);
	char *notification = answers_notification(text);
	require(notification == NULL || valid);
	if (notification != NULL && answers_valid(notification)) {
		answers_print_notification(notification);
	}
	free(notification);
	free(text);
	return 0;
}
