/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Answers of servers, byte by byte: nothing a server sends may break the asker.
 *
 * The first byte chooses the question, the rest is the packet.
 */

#include <string.h>

#include "interpret.h"
#include "fuzz.h"
#include "cut.h"

/* Names of the answers that the unit tests write as seeds, see KSKROLL_SEEDS. */
static const char *const ZONE = "child.example.";
static const char *const PARENT = "example.";

typedef struct {
	knot_dname_storage_t zone, parent;
	dns_key_t keys[1];
	knot_rdataset_t dnskey;
} world_t;

static const world_t *world(void)
{
	static world_t w;
	static uint8_t rdata[4 + 64] = { 1, 1, 3, 13 };
	static uint8_t set[sizeof(knot_rdata_t) + sizeof(rdata)];
	if (w.keys[0].rdata == NULL) {
		knot_dname_from_str(w.zone, ZONE, sizeof(w.zone));
		knot_dname_from_str(w.parent, PARENT, sizeof(w.parent));
		/* The base point of P-256 is a valid public key. */
		static const uint8_t point[64] = {
			0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
			0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
			0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
			0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
		};
		memcpy(rdata + 4, point, sizeof(point));
		w.keys[0].rdata = rdata;
		w.keys[0].rdata_len = sizeof(rdata);
		if (dns_key_id(w.zone, rdata, sizeof(rdata), &w.keys[0].id) != KNOT_EOK) {
			abort();
		}
		knot_rdata_init((knot_rdata_t *)set, sizeof(rdata), rdata);
		w.dnskey = (knot_rdataset_t){ 1, knot_rdata_size(sizeof(rdata)), (knot_rdata_t *)set };
	}
	return &w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const world_t *w = world();
	if (size < 1) {
		return 0;
	}

	const interpret_zone_t known = {
		.zone = w->zone,
		.keys = w->keys,
		.key_count = 1,
		.dnskey = &w->dnskey,
		.now = 1800000000,
	};
	const uint8_t *wire = data + 1;
	size_t len = size - 1;
	child_answer_t child = { 0 };
	parent_answer_t parent = { 0 };
	knot_rdataset_t served = { 0 };
	static cut_t delegation;

	work_begin(false);
	switch (data[0] % 5) {
	case 0:
		interpret_dnskey(&known, wire, len, &child, &served);
		knot_rdataset_clear(&served, NULL);
		/* No fuzzer finds a signature: what verifies is a hole. */
		require(child.dnskey_signed_by == 0 && child.dnskey_ttl == 0);
		break;
	case 1:
	case 2:
		interpret_signal(&known, &w->dnskey, data[0] % 5 == 1 ? KNOT_RRTYPE_CDS : KNOT_RRTYPE_CDNSKEY, wire,
		                 len, &child);
		require(child.cds.signed_by == 0 && child.cdnskey.signed_by == 0);
		require(child.status != ANSWER_OK || child.cds.present || child.cdnskey.present);
		require(!child.serial_known && child.data_algorithms == 0 && child.data_signed_by == 0);
		break;
	case 3:
		interpret_ds(&known, w->parent, &w->dnskey, wire, len, &parent, NULL);
		require(parent.status != ANSWER_OK && parent.ds_ttl == 0);
		break;
	default:
		(void)cut_read(w->zone, wire, len, &delegation);
		cut_clear(&delegation);
		break;
	}
	work_end();
	return 0;
}
