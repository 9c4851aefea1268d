/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>

#include <libknot/errcode.h>

#include "kskroll.h"

typedef struct {
	const options_t *o;
	unsigned count;
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
		fputs(" notification of the parent: ", stdout);
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
		output_end();
	}
	if (h.count == 0 && ret == EXIT_FINE) {
		/* A name that was never there is worth a word; a zone that never moved is not an error. */
		static store_zone_t zone;
		if (o->arg_count > 0) {
			ret = stored_load(store, o->args[0], &zone);
		}
		if (ret == EXIT_FINE && !o->json) {
			puts("No history yet.");
		}
	}
	store_close(store);
	return ret;
}
