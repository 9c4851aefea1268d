/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "kskroll/child_survey.h"

/*! DS RDATA before the digest: tag, algorithm, digest type (RFC 4034 5.1). */
#define DS_FIXED_LEN 4

void ds_set_read(const knot_rdataset_t *rdata, ds_set_t *out)
{
	assert(rdata && out);

	memset(out, 0, sizeof(*out));
	const knot_rdata_t *rr = rdata->rdata;
	for (uint16_t i = 0; i < rdata->count && !out->excess; i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		/* A record that is cut equals no other one either. */
		if (rr->len < DS_FIXED_LEN || rr->len > DS_FIXED_LEN + DELEGATION_DIGEST_MAX) {
			out->excess = true;
			return;
		}
		ds_record_t record = {
			.tag = knot_ds_key_tag(rr),
			.algorithm = knot_ds_alg(rr),
			.digest_type = knot_ds_digest_type(rr),
			.digest_len = rr->len - DS_FIXED_LEN,
		};
		memcpy(record.digest, rr->data + DS_FIXED_LEN, record.digest_len);
		(void)ds_set_add(out, &record);
	}
}
