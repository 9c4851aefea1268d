/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Signed answers, byte by byte: what happens once signatures verify, NSEC3 above all.
 *
 * A signature verifies if its first octet is 0x55 (work.c), so that what lies behind it is reached.
 * The first octet chooses the question and the names, the rest is the packet.
 */

#include <string.h>

#include "interpret.h"
#include "denial.h"
#include "fuzz.h"
#include "packet.h"

/*! DNSKEY RDATA of P-256 keys; the point is never used, since no signature is really checked. */
#define KEY_LEN (4 + 64)

static const char *const ZONES[] = {
	"a.example.",
	"c.example.",
	"example.",
	/* So deep that hashing all names above it is too much. */
	"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
	"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.example.",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The base point of P-256 is a valid public key. */
	static const uint8_t POINT[64] = {
		0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
		0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
		0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
		0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
	};
	if (size < 1) {
		return 0;
	}

	knot_dname_storage_t zone, parent;
	knot_dname_from_str(zone, ZONES[data[0] >> 6], sizeof(zone));
	knot_dname_from_str(parent, "example.", sizeof(parent));
	const uint8_t *wire = data + 1;
	size_t len = size - 1;

	uint8_t rdata[KEY_LEN] = { 1, 1, 3, 13 };
	memcpy(rdata + 4, POINT, sizeof(POINT));
	uint8_t set[sizeof(knot_rdata_t) + KEY_LEN];
	knot_rdata_init((knot_rdata_t *)set, KEY_LEN, rdata);
	const knot_rdataset_t keys = { 1, knot_rdata_size(KEY_LEN), (knot_rdata_t *)set };
	dns_key_t key = { .rdata = (data[0] & 0x20) ? NULL : rdata, .rdata_len = KEY_LEN };
	require(dns_key_id(zone, rdata, KEY_LEN, &key.id) == KNOT_EOK);

	work_t work = { 0 };
	const interpret_zone_t known = {
		.zone = zone,
		.keys = &key,
		.key_count = 1,
		.dnskey = &keys,
		.now = 1800000000,
		.work = &work,
	};
	child_answer_t child = { 0 };
	parent_answer_t up = { 0 };
	knot_rdataset_t served = { 0 };

	work_begin(true);
	switch (data[0] & 3) {
	case 0:
		interpret_ds(&known, parent, &keys, wire, len, &up, NULL);
		require(up.status == ANSWER_OK || (up.ds | up.ds_sha1 | up.ds_ttl) == 0);
		break;
	case 1:
	case 2:
		interpret_signal(&known, &keys, (data[0] & 3) == 1 ? KNOT_RRTYPE_CDS : KNOT_RRTYPE_CDNSKEY, wire, len,
		                 &child);
		break;
	default:
		interpret_dnskey(&known, wire, len, &child, &served);
		require(child.dnskey_ttl == 0 || child.dnskey_signed_by != 0);
		knot_rdataset_clear(&served, NULL);
		break;
	}
	/* What was counted is what was done, and an answer that was not judged to the end is not fine. */
	require(work.hashes == work_hashes());
	require(!work.exhausted || (child.status != ANSWER_OK && (data[0] & 3) != 0) ||
	        ((data[0] & 3) == 0 && up.status != ANSWER_OK));
	work_end();
	return 0;
}
