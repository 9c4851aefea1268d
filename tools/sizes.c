/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers as Knot writes them: each owner below the question is compressed, names in NSEC and RRSIG are not.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libknot/libknot.h>

#include "sizes.h"

static const struct {
	const char *name;
	unsigned key, signature; /*!< Octets; 0: by the bits of the key. */
	bool sha1;
	/* clang-format off */
} algorithms[] = {
	[5] = { "rsasha1", .sha1 = true },
	[7] = { "rsasha1-nsec3-sha1", .sha1 = true },
	[8] = { "rsasha256" },
	[10] = { "rsasha512" },
	[13] = { "ecdsap256sha256", 64, 64 }, /* RFC 6605 4 */
	[14] = { "ecdsap384sha384", 96, 96 },
	[15] = { "ed25519", 32, 64 }, /* RFC 8080 3 and 4 */
	[16] = { "ed448", 57, 114 },
	/* clang-format on */
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static bool is_known(unsigned long number)
{
	return number < ALGORITHMS && algorithms[number].name != NULL;
}

const char *algorithm_text(char out[ALGORITHM_TEXT], uint8_t number)
{
	if (is_known(number)) {
		return algorithms[number].name;
	}
	snprintf(out, ALGORITHM_TEXT, "algorithm %u", number);
	return out;
}

bool algorithm_is_rsa(uint8_t number)
{
	return is_known(number) && algorithms[number].key == 0;
}

bool algorithm_parse(const char *text, uint8_t *number)
{
	for (unsigned i = 0; i < ALGORITHMS; i++) {
		char digits[4];
		snprintf(digits, sizeof(digits), "%u", i);
		if (is_known(i) && !algorithms[i].sha1 &&
		    (strcasecmp(text, algorithms[i].name) == 0 || strcmp(text, digits) == 0)) {
			*number = i;
			return true;
		}
	}
	return false;
}

void algorithm_list(char out[ALGORITHM_NAMES])
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < ALGORITHMS && len < ALGORITHM_NAMES; i++) {
		if (is_known(i) && !algorithms[i].sha1) {
			len += snprintf(out + len, ALGORITHM_NAMES - len, "%s%s (%u)", len > 0 ? ", " : "",
			                algorithms[i].name, i);
		}
	}
}

/* Parts of a message, octets (RFC 1035 4.1, RFC 6891 6.1.2). */

#define HEADER   12
#define QUESTION 4 /*!< Behind the name. */
#define OPT      11
#define POINTER  2
#define RR       10 /*!< Type, class, TTL and length. */
/*! Primary and mailbox of the SOA: "ns1" and "hostmaster" below the zone, and five numbers. */
#define SOA (POINTER + RR + (1 + 3 + POINTER) + (1 + 10 + POINTER) + 20)
/*! Bitmaps with the types of an apex up to NSEC3PARAM, and of a host. */
#define TYPES_APEX (2 + 7)
#define TYPES_HOST (2 + 6)
/*! NSEC3 with the salt of 8 octets that Knot makes; its owner is a hash in Base32. */
#define NSEC3 ((1 + 32 + POINTER) + RR + (5 + 8) + (1 + 20))

/*! What signs a zone. */
typedef struct {
	unsigned zone; /*!< Octets of its name. */
	struct {
		uint8_t algorithm;
		unsigned ksks; /*!< Published, and signing DNSKEY. */
		unsigned zsks; /*!< Published; 0: the KSK is a single-type key. */
	} by[2];
	unsigned count;
	unsigned rsa; /*!< Bits. */
} signed_t;

static unsigned dnskey(const signed_t *s, uint8_t algorithm)
{
	const unsigned fixed = is_known(algorithm) ? algorithms[algorithm].key : 0;

	/* RFC 3110 2: length, the exponent 65537, the modulus. */
	return POINTER + RR + 4 + (fixed != 0 ? fixed : 1 + 3 + s->rsa / 8);
}

static unsigned rrsig(const signed_t *s, uint8_t algorithm)
{
	const unsigned fixed = is_known(algorithm) ? algorithms[algorithm].signature : 0;

	return POINTER + RR + 18 + s->zone + (fixed != 0 ? fixed : s->rsa / 8);
}

static unsigned of_dnskey(const signed_t *s)
{
	unsigned size = HEADER + s->zone + QUESTION + OPT;

	for (unsigned i = 0; i < s->count; i++) {
		size += (s->by[i].ksks + s->by[i].zsks) * dnskey(s, s->by[i].algorithm);
		size += s->by[i].ksks * rrsig(s, s->by[i].algorithm);
	}
	return size;
}

/*! Signatures of each algorithm over so many RRsets. */
static unsigned signatures(const signed_t *s, unsigned rrsets)
{
	unsigned size = 0;

	for (unsigned i = 0; i < s->count; i++) {
		size += rrsets * rrsig(s, s->by[i].algorithm);
	}
	return size;
}

static unsigned of_denial(const signed_t *s)
{
	return HEADER + 1 + SIZES_LABEL + s->zone + QUESTION + OPT + SOA;
}

/*! One NSEC covers the name, that of the apex covers the wildcard (RFC 4035 3.1.3.2). */
static unsigned of_nsec(const signed_t *s)
{
	const unsigned next = 1 + SIZES_LABEL + s->zone;
	const unsigned apex = POINTER + RR + next + TYPES_APEX;
	const unsigned host = 1 + SIZES_LABEL + POINTER + RR + next + TYPES_HOST;

	return of_denial(s) + apex + host + signatures(s, 3);
}

/*! The closest encloser, the name below it and the wildcard (RFC 5155 7.2.2). */
static unsigned of_nsec3(const signed_t *s)
{
	return of_denial(s) + NSEC3 + TYPES_APEX + 2 * (NSEC3 + TYPES_HOST) + signatures(s, 4);
}

static sizes_t answers_of(const signed_t *s)
{
	return (sizes_t){ .dnskey = of_dnskey(s), .nsec = of_nsec(s), .nsec3 = of_nsec3(s) };
}

static unsigned name_size(const char *zone)
{
	knot_dname_storage_t wire;

	return knot_dname_from_str(wire, zone, sizeof(wire)) != NULL ? knot_dname_size(wire) : 1;
}

sizes_rollover_t sizes_of(const options_t *o, const store_zone_t *zone, const forecast_t *plan)
{
	const bool rsa = algorithm_is_rsa(plan->algorithm_old) || algorithm_is_rsa(plan->algorithm_new);
	sizes_rollover_t out = { .known = is_known(plan->algorithm_old) && is_known(plan->algorithm_new) };

	if (!out.known) {
		return out;
	}
	/* A change of scheme does not come with one of the algorithm. */
	const unsigned zsks = zone->row.csk ? 0 : 1;
	signed_t both = {
		.zone = name_size(zone->zone),
		.by = { { plan->algorithm_old, zone->row.old_count, zsks }, { plan->algorithm_new, 1, zsks } },
		.count = 2,
		.rsa = o->rsa_size,
	};
	signed_t one = both;

	one.count = 1;
	out.rsa = rsa ? both.rsa : 0;
	out.answer[0] = answers_of(&one);
	out.answer[1] = answers_of(&both);
	one.by[0] = both.by[1];
	out.answer[2] = answers_of(&one);
	return out;
}
