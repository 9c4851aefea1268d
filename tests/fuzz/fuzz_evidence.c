/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The JSON in the store as the command line reads it: any text at all.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kskroll/evidence.h"

static unsigned seen;

static void check_at(const evidence_answer_t *answer, void *arg)
{
	const char *const texts[] = {
		answer->server,    answer->status,  answer->detail, answer->dnskey,
		answer->signed_by, answer->ttl,     answer->cds,    answer->cdnskey,
		answer->ds,        answer->ds_sha1, answer->serial, answer->data_algorithms,
	};
	(void)arg;
	seen++;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (const char *c = texts[i]; *c != '\0'; c++) {
			require((unsigned char)*c >= 0x20 && *c != 0x7f);
		}
	}
}

static void require_printable(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
}

static void check_seen(const evidence_seen_t *s, void *arg)
{
	const char *const texts[] = { s->server,
		                      s->status,
		                      s->detail,
		                      s->dnskey,
		                      s->signed_by,
		                      s->cds,
		                      s->cds_signed_by,
		                      s->cdnskey,
		                      s->cdnskey_signed_by,
		                      s->ds };
	(void)arg;
	seen++;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		require_printable(texts[i]);
	}
}

/*! What a survey of a delegation is read by. */
static void read_delegation(const char *text, bool is_json)
{
	static evidence_judged_t judged;
	require(evidence_judged(text, &judged) == is_json);
	require_printable(judged.verdict);
	require_printable(judged.gate);
	require_printable(judged.about);
	require_printable(judged.detail);
	require_printable(judged.wanted);
	require_printable(judged.zone_ds);
	require_printable(judged.ds_unmatched);
	require_printable(judged.discovery);
	evidence_delegation_each(text, check_seen, NULL);
	require(seen == 0 || is_json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static evidence_own_t own;
	char line[1024];
	char *text = malloc(size + 1);
	if (text == NULL) {
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';

	seen = 0;
	const json_value_t all = json_read(text);
	require(all == NULL || (all >= text && json_length(all) <= strlen(all)));
	require(evidence_own(text, &own) == (all != NULL));
	require(evidence_each(text, check_at, NULL) == 0 || all != NULL);
	require(seen == 0 || all != NULL);
	seen = 0;
	read_delegation(text, all != NULL);
	const json_value_t notification = evidence_find_notification(text);
	require(notification == NULL || (notification > all && notification < text + strlen(text)));
	(void)evidence_say_notification(notification, line, sizeof(line));
	(void)evidence_say_notification(all, line, sizeof(line));
	free(text);
	return 0;
}
