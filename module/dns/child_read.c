/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "child_read.h"
#include "fetched.h"
#include "report_channel.h"
#include "util/knot.h"

/*! DNSKEY RDATA before the key itself: flags, protocol, algorithm. */
#define DNSKEY_FIXED_LEN 4

#define BIT(index) (UINT64_C(1) << (index))

_Static_assert(CHILD_QUESTIONS == ASK_QUESTIONS_MAX, "one job asks all of a server");
_Static_assert(VERIFY_KEYS_MAX <= 64, "a set of DNSKEYs is one number");

static const char *const TYPES[] = { [CHILD_DNSKEY] = "DNSKEY", [CHILD_CDS] = "CDS", [CHILD_CDNSKEY] = "CDNSKEY" };
static const uint16_t NUMBERS[] = {
	[CHILD_DNSKEY] = KNOT_RRTYPE_DNSKEY, [CHILD_CDS] = KNOT_RRTYPE_CDS, [CHILD_CDNSKEY] = KNOT_RRTYPE_CDNSKEY
};

/*! One reply under way. Sets of DNSKEYs: bit i is keys.key[i]. */
typedef struct {
	child_known_t *known;
	delegation_child_t *out;
	work_t work;
	fetched_t answer[CHILD_QUESTIONS];
	fetched_keys_t keys;         /*!< DNSKEY of this server. */
	uint64_t signers;            /*!< Those that have signed DNSKEY. */
	uint64_t trusted;            /*!< Those that the DS RRset names; without a DS all. */
	uint8_t at[VERIFY_KEYS_MAX]; /*!< Their places in the table, or KEY_TABLE_NONE. */
} reading_t;

static void worsen(reading_t *r, unsigned question, answer_status_t status, const char *why)
{
	if (r->out->status == ANSWER_OK) {
		r->out->status = status;
		snprintf(r->out->detail, sizeof(r->out->detail), "%s: %.110s", TYPES[question], why);
	}
}

static fetched_clock_t clock_of(reading_t *r)
{
	return (fetched_clock_t){ .now = r->known->now, .work = &r->work };
}

/* -- keys -------------------------------------------------------------------- */

delegation_keys_t child_read_cdnskey(key_table_t *table, const knot_rdataset_t *rdata, bool *deletes, bool *malformed,
                                     bool *excess)
{
	static const uint8_t DELETE[] = { 0, 0, 3, 0, 0 };
	delegation_keys_t keys = 0;
	bool wrong = false;

	*excess = false;
	*deletes = rdata->count == 1 && rdata->rdata->len == sizeof(DELETE) &&
	           memcmp(rdata->rdata->data, DELETE, sizeof(DELETE)) == 0;
	const knot_rdata_t *rr = rdata->rdata;
	for (uint16_t i = 0; i < rdata->count && !*excess && !*deletes;
	     i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		delegation_key_t key;
		if (!key_table_read(table->child, rr->data, rr->len, &key)) {
			wrong = true;
			continue;
		}
		const unsigned at = key_table_add(table, &key);
		*excess = at == KEY_TABLE_NONE;
		keys |= *excess ? 0 : UINT32_C(1) << at;
	}
	if (malformed != NULL) {
		*malformed = wrong;
	}
	return keys;
}

/*! What CDS and CDNSKEY ask for. Their keys come first: they must find room. */
static void read_signals(reading_t *r)
{
	const fetched_t *cds = &r->answer[CHILD_CDS], *cdnskey = &r->answer[CHILD_CDNSKEY];
	delegation_child_t *out = r->out;

	if (cds->said == FETCHED_RRSET) {
		ds_set_read(&cds->set.rrset.rrs, &out->cds_set);
		key_table_add_named(&r->known->table, &out->cds_set);
	}
	if (cdnskey->said == FETCHED_RRSET) {
		out->cdnskey_keys = child_read_cdnskey(&r->known->table, &cdnskey->set.rrset.rrs, &out->cdnskey_deletes,
		                                       &out->cdnskey_malformed, &out->cdnskey_excess);
	}
}

/*! Whether a table of keys has one of the tag and algorithm. */
static bool may_be_known(const key_table_t *table, uint16_t tag, uint8_t algorithm)
{
	for (unsigned i = 0; i < table->count; i++) {
		if (table->key[i].id.tag == tag && table->key[i].id.algorithm == algorithm) {
			return true;
		}
	}
	return false;
}

static void place_key(reading_t *r, unsigned index)
{
	const verify_key_t *rdata = &r->keys.key[index];
	const dnssec_binary_t bin = { .data = (uint8_t *)rdata->rdata, .size = rdata->len };
	const bool signs = (r->signers & BIT(index)) != 0;
	key_table_t *table = &r->known->table;
	uint16_t tag = 0;

	r->at[index] = KEY_TABLE_NONE;
	if (rdata->len <= DNSKEY_FIXED_LEN || dnssec_keytag(&bin, &tag) != DNSSEC_EOK) {
		return;
	}
	/* Tags only save the work of computing digests. */
	const uint8_t algorithm = rdata->rdata[3];
	delegation_key_t key;
	if ((!signs && !key_table_may_name(&r->known->ds, tag, algorithm) &&
	     !key_table_may_name(&r->out->cds_set, tag, algorithm) && !may_be_known(table, tag, algorithm)) ||
	    !key_table_read(r->known->child, rdata->rdata, rdata->len, &key)) {
		return;
	}
	const bool of_ds = key_table_names(&r->known->ds, &key);
	if (of_ds || key_table_names(&r->out->cds_set, &key) || key_table_find(table, &key.id) != KEY_TABLE_NONE) {
		r->at[index] = key_table_add(table, &key);
	} else if (signs) {
		r->at[index] = key_table_add_unnamed(table, &key);
	}
	r->trusted |= of_ds ? BIT(index) : 0;
}

/*! From DNSKEYs of this server to keys of the table. */
static delegation_keys_t keys_of(const reading_t *r, uint64_t dnskeys)
{
	delegation_keys_t keys = 0;
	for (unsigned i = 0; i < r->keys.count; i++) {
		if ((dnskeys & BIT(i)) && r->at[i] != KEY_TABLE_NONE) {
			keys |= UINT32_C(1) << r->at[i];
		}
	}
	return keys;
}

static void place_keys(reading_t *r)
{
	for (unsigned i = 0; i < r->keys.count; i++) {
		place_key(r, i);
	}
	if (r->known->ds.count == 0 && !r->known->ds.excess) {
		r->trusted = UINT64_MAX;
	}
	r->out->dnskey = keys_of(r, UINT64_MAX);
	r->out->dnskey_signed_by = keys_of(r, r->signers);
}

/* -- signatures -------------------------------------------------------------- */

/*! RFC 4034 3.1.5: the times are serial numbers. */
static time_t instant_of(uint32_t serial, time_t now)
{
	return now + (int32_t)(serial - (uint32_t)now);
}

static time_t later(time_t a, time_t b)
{
	return a > b ? a : b;
}

/*! One signature after the other: that of a trusted key counts with its own times. */
static void verify_signal(reading_t *r, unsigned question, delegation_rrset_t *out)
{
	const fetched_t *answer = &r->answer[question];
	const time_t now = r->known->now;
	uint64_t signers = 0;

	if (answer->set.rrsigs.count > CHILD_RRSIGS_MAX) {
		worsen(r, question, ANSWER_BOGUS, "too many signatures");
		return;
	}
	knot_rdata_t *rr = answer->set.rrsigs.rdata;
	for (uint16_t i = 0; i < answer->set.rrsigs.count; i++, rr = knot_rdataset_next(rr)) {
		const knot_rdataset_t one = { 1, knot_rdata_size(rr->len), rr };
		const verify_result_t result = verify_rrset(r->known->child, &answer->set.rrset, &one, r->keys.key,
		                                            r->keys.count, now, &r->work);
		signers |= result.keys;
		if (result.keys & r->trusted) {
			out->inception = later(out->inception, instant_of(knot_rrsig_sig_inception(rr), now));
			out->expires = later(out->expires, instant_of(knot_rrsig_sig_expiration(rr), now));
		}
	}
	out->signed_by = keys_of(r, signers);
}

/*! Whether DNSKEY can prove something: a key that is trusted has signed it. */
static bool is_chained(const reading_t *r)
{
	return (r->signers & r->trusted) != 0;
}

static void read_signal(reading_t *r, unsigned question, delegation_rrset_t *out)
{
	const fetched_t *answer = &r->answer[question];

	switch (answer->said) {
	case FETCHED_RRSET:
		out->present = true;
		verify_signal(r, question, out);
		break;
	case FETCHED_NONE:
		if (!fetched_is_empty(answer) || fetched_soa_count(answer, r->known->child) <= 0) {
			worsen(r, question, ANSWER_ERROR, "neither records nor NODATA");
		} else if (is_chained(r)) {
			const fetched_clock_t clock = clock_of(r);
			out->proven = fetched_denied(answer, r->known->child, &r->keys, &clock, NULL) == NULL;
		}
		break;
	case FETCHED_TOO_MANY:
		worsen(r, question, ANSWER_BOGUS, answer->why);
		break;
	default:
		worsen(r, question, ANSWER_ERROR, answer->why);
	}
}

/*! Without a DS nobody demands signatures; a child that has one needs its keys. */
static void read_dnskey(reading_t *r)
{
	const fetched_t *answer = &r->answer[CHILD_DNSKEY];
	const bool secure = r->known->ds.count > 0 || r->known->ds.excess;
	const fetched_clock_t clock = clock_of(r);
	verify_result_t result;

	switch (answer->said) {
	case FETCHED_RRSET:
		if (answer->set.rrset.rrs.count > VERIFY_KEYS_MAX || answer->set.rrsigs.count > CHILD_RRSIGS_MAX) {
			worsen(r, CHILD_DNSKEY, ANSWER_BOGUS, "too many records");
			return;
		}
		fetched_keys_add(&r->keys, &answer->set.rrset.rrs);
		result = fetched_signers(answer, r->known->child, r->keys.key, r->keys.count, &clock);
		r->signers = result.keys;
		if (result.keys != 0) {
			r->out->dnskey_ttl = fetched_ttl(result.original_ttl, answer->set.rrset.ttl);
			r->out->dnskey_inception = instant_of(result.inception, r->known->now);
		}
		if (result.keys == 0 && secure) {
			worsen(r, CHILD_DNSKEY, ANSWER_BOGUS, result.reason);
		}
		break;
	case FETCHED_NONE:
		if (!fetched_is_empty(answer) || fetched_soa_count(answer, r->known->child) <= 0) {
			worsen(r, CHILD_DNSKEY, ANSWER_ERROR, "neither records nor NODATA");
		} else if (secure) {
			worsen(r, CHILD_DNSKEY, ANSWER_BOGUS, "there is none, but there is a DS");
		}
		break;
	case FETCHED_TOO_MANY:
		worsen(r, CHILD_DNSKEY, ANSWER_BOGUS, answer->why);
		break;
	default:
		worsen(r, CHILD_DNSKEY, ANSWER_ERROR, answer->why);
	}
}

/* -- the reply --------------------------------------------------------------- */

/*! A part of what the server has sent proves nothing: it chooses what comes first. */
static void charge(reading_t *r)
{
	work_t *spent = &r->known->spent;

	spent->signatures += r->work.signatures;
	spent->hashes += r->work.hashes;
	if (r->work.exhausted) {
		r->out->dnskey_signed_by = 0;
		r->out->dnskey_ttl = 0;
		r->out->dnskey_inception = 0;
		r->out->cds = (delegation_rrset_t){ .present = r->out->cds.present };
		r->out->cdnskey = (delegation_rrset_t){ .present = r->out->cdnskey.present };
		r->out->status = ANSWER_OK;
		worsen(r, CHILD_DNSKEY, ANSWER_BOGUS, "too much to verify");
	}
}

static void read_all(reading_t *r)
{
	read_dnskey(r);
	read_signals(r);
	place_keys(r);
	read_signal(r, CHILD_CDS, &r->out->cds);
	read_signal(r, CHILD_CDNSKEY, &r->out->cdnskey);
	charge(r);
	for (unsigned i = 0; i < CHILD_QUESTIONS && r->known->report_agent[0] == '\0'; i++) {
		report_channel_read(r->answer[i].pkt, r->known->report_agent, sizeof(r->known->report_agent));
	}
}

/*! \return Whether all questions are answered. */
static bool is_whole(const ask_reply_t *reply, delegation_child_t *out)
{
	for (unsigned i = 0; i < CHILD_QUESTIONS; i++) {
		if (reply->answer[i].wire == NULL) {
			out->status = reply->no_route ? ANSWER_NO_ROUTE :
			              reply->alive    ? ANSWER_INCOMPLETE :
			                                ANSWER_UNREACHABLE;
			snprintf(out->detail, sizeof(out->detail), "%s%s%.95s",
			         out->status == ANSWER_INCOMPLETE ? TYPES[i] : "",
			         out->status == ANSWER_INCOMPLETE ? ": " : "", reply->answer[i].error);
			return false;
		}
	}
	return true;
}

void child_read(child_known_t *known, const ask_reply_t *reply, delegation_child_t *out)
{
	assert(known && reply && out);

	reading_t r = { .known = known, .out = out };
	delegation_child_t clean = { .status = ANSWER_OK };
	memcpy(clean.server, out->server, sizeof(clean.server));
	*out = clean;
	if (!is_whole(reply, out)) {
		return;
	}
	if (known->spent.signatures > CHILD_SIGNATURES_MAX || known->spent.hashes > CHILD_HASHES_MAX) {
		worsen(&r, CHILD_DNSKEY, ANSWER_BOGUS, "other servers of the child have sent too much to verify");
		return;
	}
	for (unsigned i = 0; i < CHILD_QUESTIONS; i++) {
		fetched_read(&r.answer[i], reply->answer[i].wire, reply->answer[i].len, known->child, NUMBERS[i]);
	}
	read_all(&r);
	for (unsigned i = 0; i < CHILD_QUESTIONS; i++) {
		fetched_clear(&r.answer[i]);
	}
}

static bool is_doubted(const delegation_rrset_t *rrset)
{
	return rrset->present ? rrset->inception == 0 : !rrset->proven;
}

bool child_read_doubts(const delegation_child_t *answer)
{
	return answer->status == ANSWER_BOGUS || (answer->status == ANSWER_OK && answer->dnskey != 0 &&
	                                          (is_doubted(&answer->cds) || is_doubted(&answer->cdnskey)));
}
