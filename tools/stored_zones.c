/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "kskroll.h"
#include "kskroll/delegation_store.h"
#include "kskroll/settings.h"

#define NEAR_MAX     5
#define NAME_MAX_LEN 256
#define FAILURES_MAX 16

/*! Parent zones whose agent changes DS, by the store that was opened last. */
static struct {
	struct {
		char *zone, *locks;
		uint32_t ttl;
	} *of;
	size_t count;
} agents;

/*! What was said of stores that could not be read as a whole. */
static struct {
	char *text[FAILURES_MAX];
	size_t count;
	bool ended; /*!< More than rows are wrong. */
} failures;

static int keep_agent(const store_parent_t *parent, void *arg)
{
	(void)arg;
	const bool by_transaction = parent->config.apply == DELEGATION_BY_TRANSACTION;

	if (parent->mode == DELEGATIONS_UPDATE && (!by_transaction || parent->load == DELEGATION_LOAD_KEEPS)) {
		agents.of = memory_need(realloc(agents.of, (agents.count + 1) * sizeof(*agents.of)));
		agents.of[agents.count].zone = memory_need(strdup(parent->zone));
		agents.of[agents.count].locks = memory_need(strdup(parent->locks));
		agents.of[agents.count++].ttl = parent->config.ds_ttl;
	}
	return 0;
}

static void find_agents(store_t *store)
{
	while (agents.count > 0) {
		agents.count--;
		free(agents.of[agents.count].zone);
		free(agents.of[agents.count].locks);
	}
	/* An invalid one is an error of the command about it. */
	(void)store_parents(store, keep_agent, NULL);
}

uint32_t stored_agent_ttl(const char *parent_zone, const char *zone)
{
	for (size_t i = 0; i < agents.count; i++) {
		if (strcmp(agents.of[i].zone, parent_zone) == 0) {
			const char *locks = agents.of[i].locks;
			const bool locked = strcmp(locks, STORE_LOCKS_MANY) != 0 && delegation_is_locked(locks, zone);
			return locked ? 0 : agents.of[i].ttl;
		}
	}
	return 0;
}

void stored_failed(const store_t *store, int ret)
{
	const char *words = store_error(store);

	failures.ended = failures.ended || ret != KNOT_EMALF;
	for (size_t i = 0; i < failures.count; i++) {
		if (strcmp(failures.text[i], words) == 0) {
			return;
		}
	}
	fprintf(stderr, "kskroll: %s\n", words);
	if (failures.count < FAILURES_MAX) {
		failures.text[failures.count++] = memory_need(strdup(words));
	}
}

bool stored_failures(void)
{
	return failures.count > 0;
}

bool stored_failures_json(void)
{
	json_open(json, "errors", '[');
	for (size_t i = 0; i < failures.count; i++) {
		json_string(json, NULL, failures.text[i]);
	}
	json_close(json, ']');
	return failures.ended;
}

store_t *stored_open(const options_t *o)
{
	char err[1024];
	store_t *store = store_open(o->db, true, err, sizeof(err));
	if (store == NULL) {
		fprintf(stderr, "kskroll: %s%s\n", err,
		        strstr(err, "locked") != NULL ? "; another process has it, try again" : "");
		return NULL;
	}
	find_agents(store);
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

static int count_parent(const store_parent_t *parent, void *arg)
{
	(void)parent;
	++*(unsigned *)arg;
	return 0;
}

unsigned stored_parents(store_t *store)
{
	unsigned count = 0;

	(void)store_parents(store, count_parent, &count);
	return count;
}

void stored_alive_json(const options_t *o)
{
	const store_alive_t alive = store_alive(o->db, NULL);

	if (alive == STORE_ALIVE_UNKNOWN) {
		json_string(json, "daemon_running", NULL);
	} else {
		json_bool(json, "daemon_running", alive == STORE_ALIVE_YES);
	}
}
