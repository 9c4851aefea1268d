/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kskroll.h"
#include "kskroll/delegation_store.h"

#define NEAR_MAX     5
#define NAME_MAX_LEN 256

store_t *stored_open(const options_t *o)
{
	char err[1024];
	store_t *store = store_open(o->db, true, err, sizeof(err));
	if (store == NULL) {
		fprintf(stderr, "kskroll: %s%s\n", err,
		        strstr(err, "locked") != NULL ? "; another process has it, try again" : "");
	}
	return store;
}

bool stored_name(const char *arg, char *out, size_t out_len)
{
	knot_dname_storage_t wire;
	if (knot_dname_from_str(wire, arg, sizeof(wire)) != NULL) {
		knot_dname_to_lower(wire);
		if (knot_dname_to_str(out, wire, out_len) != NULL) {
			return true;
		}
	}
	fprintf(stderr, "kskroll: '%s' is no domain name\n", arg);
	return false;
}

/*! Edit distance of two names. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_LEN + 1];
	size_t len = strlen(b);

	for (size_t j = 0; j <= len; j++) {
		row[j] = j;
	}
	for (size_t i = 0; a[i] != '\0'; i++) {
		unsigned diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			unsigned best = diagonal + (a[i] != b[j]);
			diagonal = row[j + 1];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j + 1] = diagonal + 1 < best ? diagonal + 1 : best;
		}
	}
	return row[len];
}

typedef struct {
	const char *name;
	unsigned count; /*!< Of all zones. */
	struct {
		char zone[NAME_MAX_LEN];
		unsigned distance;
	} near[NEAR_MAX];
	unsigned near_count;
} search_t;

static int compare(const store_zone_t *zone, void *arg)
{
	search_t *s = arg;
	size_t len = strlen(s->name);
	unsigned d = distance(s->name, zone->zone);

	s->count++;
	/* "example" for "example.com." is near, too. */
	if (strncmp(zone->zone, s->name, len - 1) == 0) {
		d = 1;
	} else if (d > 1 + len / 4) {
		return 0;
	}
	unsigned at = s->near_count;
	while (at > 0 && s->near[at - 1].distance > d) {
		at--;
	}
	if (at == NEAR_MAX) {
		return 0;
	}
	unsigned last = s->near_count < NEAR_MAX ? s->near_count++ : NEAR_MAX - 1;
	memmove(&s->near[at + 1], &s->near[at], (last - at) * sizeof(s->near[0]));
	snprintf(s->near[at].zone, sizeof(s->near[at].zone), "%s", zone->zone);
	s->near[at].distance = d;
	return 0;
}

static void unknown(store_t *store, const char *name)
{
	search_t s = { .name = name };
	static store_parent_t parent;

	(void)store_zones(store, compare, &s);
	fprintf(stderr, "kskroll: no zone %s in the store", name);
	if (store_parent_load(store, name, &parent) == KNOT_EOK) {
		fprintf(stderr, " whose KSK is rolled; its children: kskroll delegations %s\n", name);
	} else if (s.near_count > 0) {
		fputs("; did you mean", stderr);
		for (unsigned i = 0; i < s.near_count; i++) {
			fprintf(stderr, "%s %s", i > 0 ? "," : "", s.near[i].zone);
		}
		fputs("?\n", stderr);
	} else if (s.count == 0) {
		fputs("; it has no zones yet: they appear when a zone has 'module: mod-kskroll'\n", stderr);
	} else {
		fprintf(stderr, " of %u zones; has it 'module: mod-kskroll'?\n", s.count);
	}
}

int stored_load(store_t *store, const char *arg, store_zone_t *out)
{
	char name[NAME_MAX_LEN];

	if (!stored_name(arg, name, sizeof(name))) {
		return EXIT_USAGE;
	}
	switch (store_load(store, name, out)) {
	case KNOT_EOK:
		return EXIT_FINE;
	case KNOT_ENOENT:
		unknown(store, name);
		return EXIT_ERROR;
	default:
		fprintf(stderr, "kskroll: %s\n", store_error(store));
		return EXIT_ERROR;
	}
}
