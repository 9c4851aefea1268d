/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a Signed Key Response: lines that begin a set, and between them records in the format of zone files.
 *
 * keymgr takes each comment that reads "; SignedKeyResponse" for the beginning of a set, wherever it stands. Here each
 * line with that word must be such a beginning in the exact form that keymgr prints: what is checked is what would be
 * imported. The scanner never sees a whole file, and follows no $INCLUDE.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libzscanner/scanner.h>

#include "skr.h"

#define WORD    "SignedKeyResponse"
#define REQUEST "KeySigningRequest"

/*! RRSIG RDATA before the signer's name (RFC 4034 3.1). */
#define RRSIG_FIXED 18
/*! Digits of a time: the year 2286 has one more. */
#define TIME_DIGITS 10

/*! Where the file is being read. */
typedef struct {
	skr_t *skr;
	const char *at;
	const char *end;
	size_t line; /*!< Of `at`, from 1. */
	bool ended;  /*!< The last line of keymgr was there. */
} reader_t;

static int wrong(skr_t *skr, size_t line, const char *error)
{
	skr->line = line;
	snprintf(skr->error, sizeof(skr->error), "%s", error);
	return KNOT_EMALF;
}

/*! \return Length of the line, without its end. */
static size_t line_length(const reader_t *r)
{
	const char *newline = memchr(r->at, '\n', r->end - r->at);
	return (newline != NULL ? newline : r->end) - r->at;
}

static void next_line(reader_t *r, size_t len)
{
	r->at += len;
	if (r->at < r->end) {
		r->at++;
	}
	r->line++;
}

static bool has_word(const char *line, size_t len, const char *word)
{
	return memmem(line, len, word, strlen(word)) != NULL;
}

bool skr_is_request(const char *text, size_t len)
{
	return has_word(text, len, REQUEST) && !has_word(text, len, WORD);
}

/*! \return What follows the text in the line, or NULL. */
static const char *after(const char *line, const char *end, const char *text)
{
	const size_t len = strlen(text);
	return (size_t)(end - line) >= len && memcmp(line, text, len) == 0 ? line + len : NULL;
}

/*! A set begins, or the response ends. */
static int read_beginning(reader_t *r, size_t len)
{
	skr_t *skr = r->skr;
	const char *end = r->at + len;
	const char *c = after(r->at, end, ";; " WORD " 1.");

	while (c != NULL && c < end && *c >= '0' && *c <= '9') {
		c++;
	}
	c = c != NULL ? after(c, end, " ") : NULL;
	if (c == NULL) {
		return wrong(skr, r->line, "a line with '" WORD "' is not as keymgr prints it");
	}
	if (after(c, end, "generated ") != NULL) {
		r->ended = true;
		return KNOT_EOK;
	}

	uint64_t from = 0;
	unsigned digits = 0;
	for (; c < end && *c >= '0' && *c <= '9' && digits <= TIME_DIGITS; c++, digits++) {
		from = 10 * from + (*c - '0');
	}
	if (digits == 0 || digits > TIME_DIGITS || from == 0 || (c < end && *c != ' ')) {
		return wrong(skr, r->line, "a set has no time in seconds since 1970");
	}
	if (skr->count > 0 && (time_t)from <= skr->set[skr->count - 1].from) {
		return wrong(skr, r->line, "a set is not later than the one before");
	}
	if (skr->count == SKR_SETS_MAX) {
		return wrong(skr, r->line, "too many sets");
	}
	skr_set_t *larger = realloc(skr->set, (skr->count + 1) * sizeof(*larger));
	if (larger == NULL) {
		return KNOT_ENOMEM;
	}
	skr->set = larger;
	skr->set[skr->count++] = (skr_set_t){ .from = from };
	return KNOT_EOK;
}

/*! Makes the signer's name canonical (RFC 4034 6.2). \return The type that is covered, 0 if it is malformed. */
static uint16_t open_rrsig(uint8_t *rdata, size_t len)
{
	if (len <= RRSIG_FIXED || knot_dname_wire_check(rdata + RRSIG_FIXED, rdata + len, NULL) <= 0) {
		return 0;
	}
	knot_dname_to_lower(rdata + RRSIG_FIXED);
	return knot_wire_read_u16(rdata);
}

static bool may_be_signed(uint16_t type)
{
	return type == KNOT_RRTYPE_DNSKEY || type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_CDNSKEY;
}

/*! Where the record belongs. \return NULL: no such record belongs into a response. */
static knot_rdataset_t *place_of(skr_set_t *set, zs_scanner_t *s, unsigned *max)
{
	*max = SKR_RECORDS_MAX;
	switch (s->r_type) {
	case KNOT_RRTYPE_DNSKEY:
		return &set->dnskey;
	case KNOT_RRTYPE_CDS:
		return &set->cds;
	case KNOT_RRTYPE_CDNSKEY:
		return &set->cdnskey;
	case KNOT_RRTYPE_RRSIG:
		*max = SKR_SIGNATURES_MAX;
		return may_be_signed(open_rrsig(s->r_data, s->r_data_length)) ? &set->rrsig : NULL;
	default:
		return NULL;
	}
}

static int take_record(skr_t *skr, zs_scanner_t *s, size_t line)
{
	skr_set_t *set = &skr->set[skr->count - 1];
	unsigned max;

	knot_dname_to_lower(s->r_owner);
	if (!skr->has_zone) {
		skr->has_zone = knot_dname_store(skr->zone, s->r_owner) > 0;
	}
	if (!knot_dname_is_equal(skr->zone, s->r_owner)) {
		return wrong(skr, line, "a record belongs to another zone than the first one");
	}
	knot_rdataset_t *place = s->r_class == KNOT_CLASS_IN ? place_of(set, s, &max) : NULL;
	if (place == NULL) {
		return wrong(skr, line, "a record is not DNSKEY, CDS, CDNSKEY, or an RRSIG of these");
	}
	if (place->count >= max) {
		return wrong(skr, line, "a set has too many records of one type");
	}
	if (s->r_type == KNOT_RRTYPE_DNSKEY) {
		if (set->dnskey.count > 0 && set->ttl != s->r_ttl) {
			return wrong(skr, line, "the records of a DNSKEY RRset have different TTLs");
		}
		set->ttl = s->r_ttl;
	}

	uint8_t buffer[knot_rdata_size(s->r_data_length)];
	knot_rdata_t *rdata = (knot_rdata_t *)buffer;
	knot_rdata_init(rdata, s->r_data_length, s->r_data);
	return knot_rdataset_add(place, rdata, NULL);
}

/*! All records between two beginnings. */
static int read_records(reader_t *r, zs_scanner_t *s, const char *text, size_t len, size_t line)
{
	skr_t *skr = r->skr;

	if (zs_init(s, ".", KNOT_CLASS_IN, 0) != 0 || zs_set_input_string(s, text, len) != 0) {
		zs_deinit(s);
		return KNOT_ENOMEM;
	}
	int ret = KNOT_EOK;
	bool more = true;
	while (ret == KNOT_EOK && more) {
		more = zs_parse_record(s) == 0;
		const size_t here = line + (s->line_counter > 0 ? s->line_counter - 1 : 0);
		switch (s->state) {
		case ZS_STATE_DATA:
			ret = skr->count > 0 && !r->ended ? take_record(skr, s, here) :
			                                    wrong(skr, here, "a record stands outside of the sets");
			break;
		case ZS_STATE_EOF:
			more = false;
			break;
		case ZS_STATE_INCLUDE:
			ret = wrong(skr, here, "it includes another file");
			break;
		default:
			ret = wrong(skr, here, zs_strerror(s->error.code));
			break;
		}
	}
	zs_deinit(s);
	return ret;
}

static int read_sets(reader_t *r, zs_scanner_t *s)
{
	const char *text = r->at;
	size_t line = r->line;

	while (r->at < r->end) {
		const size_t len = line_length(r);
		if (!has_word(r->at, len, WORD)) {
			next_line(r, len);
			continue;
		}
		int ret = read_records(r, s, text, r->at - text, line);
		if (ret == KNOT_EOK && r->ended) {
			ret = wrong(r->skr, r->line, "it goes on behind its last line");
		}
		if (ret == KNOT_EOK) {
			ret = read_beginning(r, len);
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
		next_line(r, len);
		text = r->at;
		line = r->line;
	}
	return read_records(r, s, text, r->at - text, line);
}

int skr_read(skr_t *skr, const char *text, size_t len)
{
	memset(skr, 0, sizeof(*skr));
	if (len > SKR_SIZE_MAX) {
		return wrong(skr, 0, "it is too large");
	}
	if (skr_is_request(text, len)) {
		return wrong(skr, 0, "it is a request (KSR): its response is what 'keymgr ZONE sign-ksr' prints");
	}

	if (!has_word(text, len, WORD)) {
		return wrong(skr, 0, "it has no line with '" WORD "'");
	}
	zs_scanner_t *s = malloc(sizeof(*s));
	if (s == NULL) {
		return KNOT_ENOMEM;
	}
	reader_t r = { .skr = skr, .at = text, .end = text + len, .line = 1 };
	int ret = read_sets(&r, s);
	free(s);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (skr->count == 0) {
		return wrong(skr, 0, "it has no set of keys");
	}
	if (!r.ended) {
		return wrong(skr, 0, "its last line is missing: the file is cut");
	}
	return KNOT_EOK;
}

void skr_clear(skr_t *skr)
{
	for (size_t i = 0; i < skr->count; i++) {
		skr_set_t *set = &skr->set[i];
		knot_rdataset_clear(&set->dnskey, NULL);
		knot_rdataset_clear(&set->cds, NULL);
		knot_rdataset_clear(&set->cdnskey, NULL);
		knot_rdataset_clear(&set->rrsig, NULL);
	}
	free(skr->set);
	skr->set = NULL;
	skr->count = 0;
}
