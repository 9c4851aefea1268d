/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A Signed Key Response from another machine: read, verified, judged.
 */

#include <string.h>

#include "fuzz.h"
#include "skr.h"

#define NOW 1800000000

static void each(skr_check_t check, level_t level, time_t at, const char *detail, void *arg)
{
	const skr_t *skr = arg;

	require(check < SKR__COUNT && level < LEVEL__COUNT);
	require(strlen(detail) < 300 && skr_check_name(check)[0] != '\0');
	require(at == 0 || (at >= skr->set[0].from && at <= skr->set[skr->count - 1].from));
}

static void check_sets(const skr_t *skr)
{
	for (size_t i = 0; i < skr->count; i++) {
		const skr_set_t *set = &skr->set[i];
		require(i == 0 || set->from > skr->set[i - 1].from);
		require((set->signers & ~set->ksks) == 0 && (set->signers != 0) == (set->until != 0));
		require(((set->cds_keys | set->cdnskey_keys | set->ds_keys) & ~set->ksks) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t digest[36] = { 0x04, 0xd2, 13, 2 };
	uint8_t buffer[sizeof(knot_rdata_t) + sizeof(digest)];
	knot_rdata_init((knot_rdata_t *)buffer, sizeof(digest), digest);
	const knot_rdataset_t ds = { .count = 1, .size = sizeof(buffer), .rdata = (knot_rdata_t *)buffer };
	skr_t skr;

	/* Of its own size, so that each octet beyond it is noticed. */
	char *text = malloc(size + 1);
	if (text == NULL) {
		return 0;
	}
	memcpy(text + 1, data, size);
	int ret = skr_read(&skr, text + 1, size);
	free(text);
	if (ret == KNOT_EOK) {
		require(skr.count > 0 && skr.count <= SKR_SETS_MAX);
		ret = skr_verify(&skr, &ds);
	}
	if (ret == KNOT_EOK) {
		check_sets(&skr);
		skr_judge(&skr, &(skr_world_t){ .now = NOW, .has_ds = size % 2, .ds_ttl = 86400 }, each, &skr);
	} else {
		require(ret == KNOT_ENOMEM || skr.error[0] != '\0');
	}
	skr_clear(&skr);
	return 0;
}
