/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The DSYNC record with which a parent says where NOTIFY(CDS) goes (RFC 9859), as the Knot DNS that is installed reads
 * it. Nothing is asked: the name in it has to lead to somebody who answers, and only the operator knows that.
 */

#include <stdio.h>
#include <string.h>

#include "kskroll.h"
#include "module/dns/dsync.h"

#define TTL 3600
/*! A name as text, with its final dot. */
#define NAME_TEXT (KNOT_DNAME_TXT_MAXLEN + 1)
/*! Type, scheme and port. */
#define FIXED 5

typedef struct {
	char zone[NAME_TEXT];
	char target[NAME_TEXT];
	char owner[NAME_TEXT];
	char bare[NAME_TEXT];
	unsigned port;
	char plain[NAME_TEXT + 64];                         /*!< RFC 9859 2.2. */
	char generic[2 * (FIXED + KNOT_DNAME_MAXLEN) + 32]; /*!< RFC 3597 5. */
	char type[32];                                      /*!< As Knot reads it. */
	bool known;                                         /*!< Knot has a name for the type. */
} record_t;

static void describe_rdata(record_t *r, const knot_dname_t *target)
{
	const uint8_t fixed[FIXED] = { KNOT_RRTYPE_CDS >> 8, KNOT_RRTYPE_CDS & 0xff, DSYNC_SCHEME_NOTIFY, r->port >> 8,
		                       r->port & 0xff };
	const size_t size = knot_dname_size(target);

	snprintf(r->plain, sizeof(r->plain), "CDS NOTIFY %u %s", r->port, r->target);
	size_t at = snprintf(r->generic, sizeof(r->generic), "\\# %zu ", FIXED + size);
	for (size_t i = 0; i < FIXED + size; i++) {
		at += snprintf(r->generic + at, sizeof(r->generic) - at, "%02X",
		               i < FIXED ? fixed[i] : target[i - FIXED]);
	}
	r->known =
		knot_rrtype_to_string(DSYNC_RRTYPE, r->type, sizeof(r->type)) > 0 && strncmp(r->type, "TYPE", 4) != 0;
	if (!r->known) {
		snprintf(r->type, sizeof(r->type), "TYPE%d", DSYNC_RRTYPE);
	}
}

/*! A name in front of the zone. \return False, with words on stderr, if it would be too long. */
static bool in_front(const char *labels, const char *zone, char out[NAME_TEXT])
{
	knot_dname_storage_t wire;
	char name[2 * NAME_TEXT];

	snprintf(name, sizeof(name), "%s%s", labels, strcmp(zone, ".") == 0 ? "" : zone);
	if (knot_dname_from_str(wire, name, sizeof(wire)) == NULL || knot_dname_to_str(out, wire, NAME_TEXT) == NULL) {
		fprintf(stderr, "kskroll: %s is too long for a name of DSYNC in it\n", zone);
		return false;
	}
	return true;
}

static void print_json(const record_t *r)
{
	output_begin();
	json_string(json, "zone", r->zone);
	json_string(json, "target", r->target);
	json_number(json, "port", r->port);
	json_string(json, "owner", r->owner);
	json_string(json, "owner_without_wildcard", r->bare);
	json_number(json, "ttl", TTL);
	json_string(json, "type", r->type);
	json_string(json, "rdata", r->known ? r->plain : r->generic);
	json_string(json, "plain", r->plain);
	json_string(json, "generic", r->generic);
	output_end();
}

static void print_text(const record_t *r)
{
	const char *rdata = r->known ? r->plain : r->generic;

	printf("; NOTIFY for CDS of the children of %s goes to %s, port %u.\n", r->zone, r->target, r->port);
	puts("; Publish it when that name has addresses, and notify-receive or notify-listen is in force there.");
	printf("%s %d IN %s %s\n", r->owner, TTL, r->type, rdata);
	if (!r->known) {
		printf("; This is DSYNC %s\n", r->plain);
	}
	puts("; Only where the zone cannot have a wildcard (RFC 9859 3.1), instead of it:");
	printf("; %s %d IN %s %s\n", r->bare, TTL, r->type, rdata);
}

int cmd_dsync(const options_t *o)
{
	record_t r = { .port = o->port };
	knot_dname_storage_t target;

	if (o->target == NULL) {
		fputs("kskroll: dsync needs --target NAME: the name of the server that takes NOTIFY\n", stderr);
		return EXIT_USAGE;
	}
	if (!stored_name(o->args[0], r.zone, sizeof(r.zone)) || !stored_name(o->target, r.target, sizeof(r.target))) {
		return EXIT_ERROR;
	}
	if (strcmp(r.target, ".") == 0) {
		fputs("kskroll: the root is no name of a server: give another --target\n", stderr);
		return EXIT_ERROR;
	}
	if (!in_front("*._dsync.", r.zone, r.owner) || !in_front("_dsync.", r.zone, r.bare)) {
		return EXIT_ERROR;
	}
	(void)knot_dname_from_str(target, r.target, sizeof(target));
	describe_rdata(&r, target);
	(o->json ? print_json : print_text)(&r);
	return EXIT_FINE;
}
