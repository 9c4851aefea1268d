/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief All that one server of a child answers, byte by byte, up to the verdict of the parental agent.
 *
 * The first octet: 1 a DS names the key, 2 signatures that begin with 0x55 verify (work.c), 4 UDP and TCP: read twice.
 * Then the answers to DNSKEY, CDS and CDNSKEY, each behind its length in two octets.
 */

#include <string.h>

#include "child_read.h"
#include "fuzz.h"
#include "kskroll/dns.h"

enum {
	HAS_DS = 1,
	ACCEPTS = 2,
	TWICE = 4,
};

#define NOW 1800000000

/*! The base point of P-256 is a valid public key. */
static const uint8_t KEY[4 + 64] = {
	1,    1,    3,    13,   0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63,
	0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98,
	0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e,
	0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};

static void check_rrset(const delegation_rrset_t *rrset, bool accepts, delegation_keys_t known)
{
	require((rrset->signed_by & ~known) == 0);
	/* An inception before 1970 counts as none. */
	require(rrset->inception == 0 || rrset->expires != 0);
	require(rrset->inception <= NOW && (rrset->expires == 0 || rrset->expires >= NOW));
	require(!rrset->proven || !rrset->present);
	/* No fuzzer finds a signature: what verifies is a hole. */
	require(accepts || (rrset->signed_by == 0 && rrset->inception == 0 && !rrset->proven));
}

static void check_answer(const delegation_child_t *a, const key_table_t *table, bool accepts)
{
	const delegation_keys_t known = table->count == 32 ? UINT32_MAX : (UINT32_C(1) << table->count) - 1;

	require(table->count <= DELEGATION_KEYS_MAX && table->unnamed <= KEY_TABLE_UNNAMED_MAX);
	require((a->dnskey & ~known) == 0 && (a->dnskey_signed_by & ~a->dnskey) == 0 &&
	        (a->cdnskey_keys & ~known) == 0);
	require(accepts || (a->dnskey_signed_by == 0 && a->dnskey_ttl == 0 && a->dnskey_inception == 0));
	require(a->dnskey_inception <= NOW);
	require(!a->cdnskey_deletes || a->cdnskey_keys == 0);
	require(a->cds_set.count <= DELEGATION_DS_MAX);
	require(a->status == ANSWER_OK || a->detail[0] != '\0');
	check_rrset(&a->cds, accepts, known);
	check_rrset(&a->cdnskey, accepts, known);
}

/*! The DS of a child that serves nothing valid is not touched. */
static void check_verdict(const child_known_t *known, const delegation_child_t *a, bool accepts)
{
	const delegation_config_t config = DELEGATION_CONFIG_DEFAULT;
	const delegation_facts_t facts = {
		.zone = { .known = true, .delegated = true, .ds = known->ds },
		.asked = DELEGATION_ASK_SURVEY,
		.surveyed = NOW,
		.key = known->table.key,
		.key_count = known->table.count,
		.too_many_keys = known->table.excess,
		.child = a,
		.child_count = 1,
	};
	delegation_row_t row;
	delegation_verdict_t verdict;
	delegation_init(&row, NOW, 0);
	delegation_accept(&config, &row, &facts, NOW, &verdict);
	require(accepts || verdict.kind != DELEGATION_VERDICT_ACCEPT);
	/* Nothing but the delete signal leaves no DS, and that is not configured. */
	require(verdict.kind != DELEGATION_VERDICT_ACCEPT || verdict.wanted.count > 0);
}

static void take(const uint8_t **data, size_t *size, ask_reply_t *reply, unsigned at)
{
	static uint8_t none[1];
	size_t len = *size >= 2 ? (*data)[0] << 8 | (*data)[1] : 0;
	const size_t head = *size >= 2 ? 2 : 0;
	len = len < *size - head ? len : *size - head;
	reply->answer[at].wire = len > 0 ? (uint8_t *)*data + head : none;
	reply->answer[at].len = len;
	reply->answered++;
	*data += head + len;
	*size -= head + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static knot_dname_storage_t zone;
	if (size < 1) {
		return 0;
	}
	const unsigned flags = *data++;
	const bool accepts = (flags & ACCEPTS) != 0;
	size--;

	knot_dname_from_str(zone, "child.example.", sizeof(zone));
	child_known_t known = { .child = zone, .now = NOW, .table = { .child = zone } };
	delegation_child_t out = { 0 };
	if (flags & HAS_DS) {
		key_id_t id;
		require(dns_key_id(zone, KEY, sizeof(KEY), &id) == KNOT_EOK);
		ds_record_t ds = { .tag = id.tag, .algorithm = 13, .digest_type = 2, .digest_len = 32 };
		memcpy(ds.digest, id.digest, sizeof(id.digest));
		(void)ds_set_add(&known.ds, &ds);
		key_table_add_named(&known.table, &known.ds);
	}
	ask_reply_t reply = { 0 };
	for (unsigned i = 0; i < CHILD_QUESTIONS; i++) {
		take(&data, &size, &reply, i);
	}

	for (unsigned i = 0; i < (flags & TWICE ? 2 : 1); i++) {
		work_begin(accepts);
		child_read(&known, &reply, &out);
		work_end();
		check_answer(&out, &known.table, accepts);
		check_verdict(&known, &out, accepts);
	}
	require(memchr(known.report_agent, '\0', sizeof(known.report_agent)) != NULL);
	return 0;
}
