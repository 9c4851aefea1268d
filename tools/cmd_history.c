/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>

#include <libknot/errcode.h>

#include "stored_delegations.h"

typedef struct {
	const options_t *o;
	unsigned count;
	bool known; /*!< The name is one of a parent zone or of a delegation. */
} history_t;

static void json_event(const store_event_t *e)
{
	json_open(json, NULL, '{');
	json_time(json, "time", e->time);
	json_string(json, "zone", e->zone);
	json_string(json, "from", rollover_state_name(e->from));
	json_string(json, "to", rollover_state_name(e->to));
	json_string(json, "gate", rollover_gate_info(e->gate)->name);
	const json_value_t notification = evidence_find_notification(e->evidence);
	output_stored("notification", notification);
	output_stored("evidence", notification == NULL ? json_read(e->evidence) : NULL);
	json_close(json, '}');
}

/*! One line per server that is not plainly fine would hide what was seen: all are listed. */
static void print_answer(const evidence_answer_t *a, void *arg)
{
	(void)arg;
	printf("    %s: ", a->server);
	if (a->parent) {
		printf("%s%s%s", a->status, a->ds[0] != '\0' ? ", DS " : "", a->ds);
		if (a->differs) {
			fputs(", foreign DS", stdout);
		}
	} else {
		printf("%s%s%s", a->status, a->dnskey[0] != '\0' ? ", DNSKEY " : "", a->dnskey);
		if (a->cds[0] != '\0') {
			printf(", CDS %s", a->cds);
		}
		if (a->cdnskey[0] != '\0') {
			printf(", CDNSKEY %s", a->cdnskey);
		}
	}
	if (a->ttl[0] != '\0') {
		printf(", TTL %s s", a->ttl);
	}
	if (a->detail[0] != '\0') {
		printf(", %s", a->detail);
	}
	putchar('\n');
}

static int each(const store_event_t *e, void *arg)
{
	history_t *h = arg;
	char text[TEXT_TIME];

	h->count++;
	if (h->o->json) {
		json_event(e);
		return 0;
	}
	printf("%s  %s  ", text_time(text, e->time), e->zone);
	const json_value_t notification = evidence_find_notification(e->evidence);
	if (notification != NULL) {
		color_print(h->o, COLOR_BOLD, rollover_state_name(e->to));
		fputs(" parent informed: ", stdout);
		char outcome[1024];
		evidence_say_notification(notification, outcome, sizeof(outcome));
		puts(outcome);
		return 0;
	}
	if (e->from != e->to) {
		printf("%s -> ", rollover_state_name(e->from));
	}
	color_print(h->o, COLOR_BOLD, rollover_state_name(e->to));
	if (e->from != e->to) {
		printf(": %s\n", rollover_state_meaning(e->to));
	} else if (e->gate == GATE_NONE) {
		puts(": nothing blocks");
	} else {
		const rollover_gate_info_t *info = rollover_gate_info(e->gate);
		printf(" waits (%s): %s\n", info->name, info->meaning);
	}
	if (h->o->arg_count > 0) {
		evidence_each(e->evidence, print_answer, NULL);
	}
	return 0;
}

/* Delegations. */

static void print_seen(const evidence_seen_t *s, void *arg)
{
	char text[EVIDENCE_DS];

	(void)arg;
	printf("    %s: %s%s%s", s->server, s->status, s->dnskey[0] != '\0' ? ", DNSKEY " : "", s->dnskey);
	if (s->has_cds) {
		printf(", CDS %s", text_records(text, sizeof(text), s->cds, 8));
	}
	if (s->has_cdnskey) {
		printf(", CDNSKEY %s", s->cdnskey);
	}
	if (s->part == EVIDENCE_PARENT) {
		text_records(text, sizeof(text), s->ds, 8);
		printf(", %s%s", text[0] != '\0' ? "DS " : "no DS", text);
	}
	printf("%s%s\n", s->detail[0] != '\0' ? ", " : "", s->detail);
}

/*! Whole, since it is needed if the change must be undone by hand. */
static void print_former(const store_delegation_event_t *e, const evidence_judged_t *judged)
{
	char one[160];
	const char *at = judged->zone_ds;

	if (e->from == e->to || e->to != DELEGATION_CHANGE) {
		return;
	}
	while (next_record(&at, one, sizeof(one)) != NULL) {
		printf("    DS before: %s, TTL %u s\n", one, judged->ds_ttl);
	}
}

static int each_of_delegations(const store_delegation_event_t *e, void *arg)
{
	history_t *h = arg;
	char text[TEXT_TIME];

	h->count++;
	if (h->o->json) {
		delegation_event_json(e);
		return 0;
	}
	printf("%s  %s  ", text_time(text, e->time), e->name);
	if (e->from != e->to) {
		printf("%s -> ", delegation_state_name(e->from));
	}
	color_print(h->o, COLOR_BOLD, delegation_state_name(e->to));
	if (e->gate != DELEGATION_GATE_NONE) {
		printf(" waits (%s)", delegation_gate_name(e->gate));
	}
	printf(": %s\n", e->text[0] != '\0'              ? e->text :
	                 e->gate != DELEGATION_GATE_NONE ? delegation_gate_info(e->gate)->meaning :
	                 e->from != e->to                ? delegation_state_info(e->to)->meaning :
	                                                   "nothing blocks");
	if (h->o->arg_count > 0) {
		static evidence_judged_t judged;
		if (evidence_judged(e->evidence, &judged)) {
			print_former(e, &judged);
		}
		evidence_delegation_each(e->evidence, print_seen, NULL);
	}
	return 0;
}

/*! Of a parent zone, or of a delegation, or of all without a name. */
static int read_delegations(history_t *h, store_t *store)
{
	static store_parent_t parent;
	static store_delegation_t d;
	char name[256];
	const char *zone = NULL, *child = NULL;

	if (h->o->arg_count > 0) {
		if (!stored_name(h->o->args[0], name, sizeof(name))) {
			return EXIT_USAGE;
		}
		if (stored_find(store, name, &d) == KNOT_EOK) {
			zone = d.zone;
			child = name;
		} else if (store_parent_load(store, name, &parent) == KNOT_EOK) {
			zone = name;
		} else {
			return EXIT_FINE;
		}
		h->known = true;
	}
	if (store_delegation_history(store, zone, child, h->o->limit, each_of_delegations, h) != KNOT_EOK) {
		fprintf(stderr, "kskroll: %s\n", store_error(store));
		return EXIT_ERROR;
	}
	return EXIT_FINE;
}

static int read_history(history_t *h, store_t *store)
{
	char name[256];
	const char *zone = NULL;

	if (h->o->arg_count > 0) {
		if (!stored_name(h->o->args[0], name, sizeof(name))) {
			return EXIT_USAGE;
		}
		zone = name;
	}
	if (store_history(store, zone, h->o->limit, each, h) != KNOT_EOK) {
		fprintf(stderr, "kskroll: %s\n", store_error(store));
		return EXIT_ERROR;
	}
	return EXIT_FINE;
}

int cmd_history(const options_t *o)
{
	history_t h = { .o = o };
	store_t *store = stored_open(o);
	if (store == NULL) {
		return EXIT_ERROR;
	}
	if (o->json) {
		output_begin();
		json_time(json, "time", o->now);
		json_open(json, "events", '[');
	}
	int ret = read_history(&h, store);
	if (o->json) {
		json_close(json, ']');
		json_open(json, "delegation_events", '[');
	}
	ret = ret == EXIT_FINE ? read_delegations(&h, store) : ret;
	if (o->json) {
		json_close(json, ']');
		output_end();
	}
	if (h.count == 0 && ret == EXIT_FINE) {
		/* A name that was never there is worth a word; a zone that never moved is not an error. */
		static store_zone_t zone;
		if (o->arg_count > 0 && !h.known) {
			ret = stored_load(store, o->args[0], &zone);
		}
		if (ret == EXIT_FINE && !o->json) {
			puts("No history yet.");
		}
	}
	store_close(store);
	return ret;
}
