/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "picture.h"
#include "sizes.h"
#include "stored_delegations.h"

#define BAR 40

static void print_assumptions(const options_t *o, const store_zone_t *z, const rollover_config_t *c)
{
	const forecast_assume_t *a = &o->assume;
	char s[2][TEXT_SPAN];

	fputs("Settings    ", stdout);
	settings_print(c, z);
	printf("Assumed     transfers take %s, the parent has the DS %s after CDS is everywhere,\n"
	       "            every server does what it should\n",
	       text_conf_span(s[0], a->server_delay), text_conf_span(s[1], a->parent_delay));
}

/*! A line from start to end with the step's part marked. */
static void bar(const forecast_t *plan, const forecast_step_t *step, time_t start)
{
	char line[BAR + 1];
	double span = plan->end > start ? plan->end - start : 1;
	time_t from_t = step->from > start ? step->from - start : 0;
	int from = from_t / span * BAR;
	int to = step->to != 0 ? (step->to - start) / span * BAR : BAR;

	from = from < 0 ? 0 : from >= BAR ? BAR - 1 : from;
	to = to > BAR ? BAR : to <= from ? from + 1 : to;
	memset(line, '.', BAR);
	memset(line + from, '#', to - from);
	line[BAR] = '\0';
	printf("|%s|", line);
}

static void print_step(const options_t *o, const forecast_t *plan, const forecast_step_t *step, time_t start)
{
	char text[TEXT_TIME];

	printf("%-20s  ", text_time(text, step->from));
	bar(plan, step, start);
	fputs("  ", stdout);
	color_print(o, COLOR_BOLD, rollover_state_name(step->state));
	printf(": %s\n", rollover_state_meaning(step->state));
	for (unsigned i = 0; i < step->wait_count; i++) {
		const forecast_wait_t *w = &step->wait[i];
		char span[TEXT_SPAN], until[TEXT_TIME];
		const rollover_gate_info_t *info = rollover_gate_info(w->gate);
		if (w->to != 0 && w->to <= o->now) {
			continue;
		}
		bool assumed = rollover_state_info(step->state)->parent_acts && info->actor == ACTOR_PARENT;
		printf("%22s until %s (%s) %s: %s%s\n", "", text_time(until, w->to),
		       text_span(span, w->to != 0 ? w->to - (w->from > o->now ? w->from : o->now) : 0), info->name,
		       info->meaning, assumed ? " (assumed: --parent-delay)" : "");
	}
}

static const char *const when[3] = { "before", "during", "after" };

static void size_cell(table_t *t, unsigned octets)
{
	char text[16];

	snprintf(text, sizeof(text), "%u%s", octets, octets > SIZES_UDP ? " *" : "");
	table_add(t, octets > SIZES_UDP ? COLOR_YELLOW : COLOR_NONE, text);
}

/*! \return Whether an answer is too large. */
static bool print_sizes(const options_t *o, const sizes_rollover_t *sizes)
{
	static const char *const heads[] = { "", "DNSKEY", "NXDOMAIN, NSEC", "NXDOMAIN, NSEC3" };
	table_t *t = table_new(4);
	bool any = false;

	for (int i = 0; i < 4; i++) {
		table_add(t, COLOR_BOLD, heads[i]);
	}
	for (int i = 0; i < 3; i++) {
		const sizes_t *a = &sizes->answer[i];
		table_add(t, COLOR_NONE, when[i]);
		size_cell(t, a->dnskey);
		size_cell(t, a->nsec);
		size_cell(t, a->nsec3);
		any = any || a->dnskey > SIZES_UDP || a->nsec > SIZES_UDP || a->nsec3 > SIZES_UDP;
	}
	table_print(o, t, 12);
	table_free(t);
	return any;
}

/*! What a rollover to another algorithm changes besides. */
static void print_algorithm(const options_t *o, const store_zone_t *z, const rollover_config_t *c,
                            const forecast_t *plan)
{
	const sizes_rollover_t sizes = sizes_of(o, z, plan);
	char text[2][ALGORITHM_TEXT], span[TEXT_SPAN];
	bool set;

	if (plan->algorithm_new == 0) {
		return;
	}
	printf("Algorithm   %s to %s\n", algorithm_text(text[0], plan->algorithm_old),
	       algorithm_text(text[1], plan->algorithm_new));
	text_conf_span(span, settings_zone_ttl(c, &set));
	printf("Zone TTL    %s, %s\n", span,
	       set ? "by zone-max-ttl of the policy" : "the longest that counts: the policy has no zone-max-ttl");
	if (!sizes.known) {
		puts("Sizes       not known of these algorithms");
		return;
	}
	fputs("Sizes       of answers in octets, names of 10 letters", stdout);
	if (sizes.rsa != 0) {
		printf(", RSA keys of %u bits (assumed: --rsa-size)", sizes.rsa);
	}
	putchar('\n');
	if (print_sizes(o, &sizes)) {
		printf("            * over %u octets: comes over TCP where fragments are avoided (RFC 9715)\n",
		       SIZES_UDP);
	}
}

static void print_start(const store_zone_t *z, const forecast_t *plan)
{
	char text[TEXT_TIME], name[ALGORITHM_TEXT], command[128];

	if (!plan->imagined) {
		printf("Start       %s\n", text_time(text, plan->start));
		return;
	}
	fputs("Start       no rollover is due: this plan shows one that starts now, with\n            ", stdout);
	if (plan->algorithm_new != 0) {
		printf("'algorithm: %s' in the policy of the zone, then knotc reload\n",
		       algorithm_text(name, plan->algorithm_new));
	} else if (z->config.manual) {
		advice_make_key(command, sizeof(command), &z->row);
		printf("keymgr %s%s, then knotc zone-keys-load %s\n", z->zone, command, z->zone);
	} else {
		printf("knotc zone-key-rollover %s ksk\n", z->zone);
	}
}

static void print_plan(const options_t *o, const store_zone_t *z, const rollover_config_t *config,
                       const forecast_t *plan)
{
	char text[TEXT_TIME], span[TEXT_SPAN];

	color_print(o, COLOR_BOLD, z->zone);
	printf("  plan as of %s\n", text_time(text, o->now));
	print_assumptions(o, z, config);
	print_algorithm(o, z, config, plan);
	print_start(z, plan);
	if (plan->lifted != GATE_NONE && plan->lifted != plan->stuck) {
		printf("But first   the %s must resolve '%s' (kskroll status %s);\n            the plan assumes that "
		       "this is done now\n",
		       rollover_actor_name(rollover_gate_info(plan->lifted)->actor),
		       rollover_gate_info(plan->lifted)->name, z->zone);
	}
	printf("\n%-20s  %-*s  %s\n", "EARLIEST", BAR + 2, "", "STEP, AND WHY NOT EARLIER");
	time_t start = plan->start > o->now ? plan->start : o->now;
	for (unsigned i = 0; i < plan->count; i++) {
		const forecast_step_t *step = &plan->step[i];
		/* At rest until it starts: not part of the line. */
		if (i == 0 && step->state == ROLLOVER_IDLE && plan->count > 1) {
			continue;
		}
		print_step(o, plan, step, start);
	}
	putchar('\n');
	if (plan->safe != 0) {
		printf("Safe        %s: the old KSK is gone everywhere, after %s\n", text_time(text, plan->safe),
		       text_span(span, plan->safe - start));
	}
	if (plan->end != 0) {
		printf("End         %s: policy and TTLs restored, after %s\n", text_time(text, plan->end),
		       text_span(span, plan->end - start));
		puts("Checks come up to one check-interval (at the parent ds-check-interval) later at each step.");
	} else {
		printf("It stays at '%s': %s\n", rollover_gate_info(plan->stuck)->name,
		       rollover_gate_info(plan->stuck)->advice);
	}
}

static void json_algorithm(const options_t *o, const store_zone_t *z, const rollover_config_t *c,
                           const forecast_t *plan)
{
	const sizes_rollover_t sizes = sizes_of(o, z, plan);
	bool set;

	if (plan->algorithm_new == 0) {
		json_string(json, "algorithm", NULL);
		return;
	}
	json_open(json, "algorithm", '{');
	json_number(json, "old", plan->algorithm_old);
	json_number(json, "new", plan->algorithm_new);
	json_number(json, "zone_ttl", settings_zone_ttl(c, &set));
	json_bool(json, "zone_ttl_set", set);
	json_number(json, "rsa_size", sizes.rsa);
	json_number(json, "udp_size", SIZES_UDP);
	json_open(json, "sizes", '[');
	for (int i = 0; i < 3 && sizes.known; i++) {
		json_open(json, NULL, '{');
		json_string(json, "when", when[i]);
		json_number(json, "dnskey", sizes.answer[i].dnskey);
		json_number(json, "nxdomain_nsec", sizes.answer[i].nsec);
		json_number(json, "nxdomain_nsec3", sizes.answer[i].nsec3);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void json_plan(const options_t *o, const store_zone_t *z, const rollover_config_t *config,
                      const forecast_t *plan)
{
	json_string(json, "zone", z->zone);
	settings_json(config, z);
	json_open(json, "assumed", '{');
	json_number(json, "transfer-delay", o->assume.server_delay);
	json_number(json, "parent-delay", o->assume.parent_delay);
	json_number(json, "base-ttl", o->assume.dnskey_ttl);
	json_number(json, "ds-ttl", o->assume.ds_ttl);
	json_close(json, '}');
	json_algorithm(o, z, config, plan);
	json_bool(json, "imagined", plan->imagined);
	json_string(json, "first", plan->lifted != GATE_NONE ? rollover_gate_info(plan->lifted)->name : NULL);
	json_string(json, "stuck", plan->stuck != GATE_NONE ? rollover_gate_info(plan->stuck)->name : NULL);
	json_time(json, "start", plan->start);
	json_time(json, "safe", plan->safe);
	json_time(json, "end", plan->end);
	json_open(json, "steps", '[');
	for (unsigned i = 0; i < plan->count; i++) {
		const forecast_step_t *step = &plan->step[i];
		json_open(json, NULL, '{');
		json_string(json, "state", rollover_state_name(step->state));
		json_string(json, "meaning", rollover_state_meaning(step->state));
		json_time(json, "from", step->from);
		json_time(json, "to", step->to);
		json_open(json, "waits", '[');
		for (unsigned j = 0; j < step->wait_count; j++) {
			const rollover_gate_info_t *info = rollover_gate_info(step->wait[j].gate);
			json_open(json, NULL, '{');
			json_string(json, "code", info->name);
			json_string(json, "meaning", info->meaning);
			json_time(json, "from", step->wait[j].from);
			json_time(json, "to", step->wait[j].to);
			json_close(json, '}');
		}
		json_close(json, ']');
		json_close(json, '}');
	}
	json_close(json, ']');
}

/*! Writes one file. \return Exit code. */
static int write_file(const picture_t *p, const char *path, bool html)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
	if (out != NULL) {
		if (html) {
			html_write(out, p);
		} else {
			svg_write(out, p, true);
		}
	}
	bool failed = out == NULL || ferror(out) != 0;
	if (out != NULL && out != stdout && fclose(out) != 0) {
		failed = true;
	}
	if (failed) {
		fprintf(stderr, "kskroll: %s cannot be written: %s\n", path, strerror(errno));
		return EXIT_ERROR;
	}
	return EXIT_FINE;
}

static int pictures(const options_t *o, const store_zone_t *z, const rollover_config_t *config, const forecast_t *plan)
{
	const picture_t p = { .o = o, .zone = z, .config = config, .plan = plan };
	int ret = EXIT_FINE;

	if (o->svg != NULL) {
		ret = write_file(&p, o->svg, false);
	}
	if (o->html != NULL && ret == EXIT_FINE) {
		ret = write_file(&p, o->html, true);
	}
	return ret;
}

/*! Whether the zone can roll to the algorithm that was given. If not, stderr says why. */
static bool can_change(const options_t *o, const store_zone_t *z, const forecast_t *plan)
{
	const rollover_row_t *row = &z->row;
	const uint8_t wanted = o->assume.algorithm;
	char name[ALGORITHM_TEXT];

	if (wanted == 0) {
		return true;
	}
	if (z->config.manual) {
		fprintf(stderr, "kskroll: %s has 'manual: on': neither Knot nor the module changes the algorithm\n",
		        z->zone);
		return false;
	}
	if (row->signers) {
		fprintf(stderr, "kskroll: other servers sign %s as well: the module does not change the algorithm\n",
		        z->zone);
		return false;
	}
	if (plan->algorithm_new == wanted) {
		return true;
	}
	if (row->old_count == 0) {
		fprintf(stderr, "kskroll: the keys of %s are not known yet\n", z->zone);
	} else if (row->state != ROLLOVER_IDLE) {
		fprintf(stderr, "kskroll: %s is in %s: --algorithm shows a rollover of an idle zone\n", z->zone,
		        rollover_state_name(row->state));
	} else if (plan->algorithm_new != 0) {
		fprintf(stderr, "kskroll: %s has begun a rollover to another algorithm\n", z->zone);
	} else {
		fprintf(stderr, "kskroll: %s has %s already\n", z->zone, algorithm_text(name, wanted));
	}
	return false;
}

/*! What the store has of a name: a zone, a delegation, or both. */
typedef struct {
	store_zone_t zone;
	store_delegation_t delegation;
	bool is_zone, is_delegation;
} found_t;

/*! \return Exit code. */
static int find(store_t *store, const char *arg, found_t *found)
{
	char name[256];

	if (!stored_name(arg, name, sizeof(name))) {
		return EXIT_USAGE;
	}
	const int of_delegation = stored_find(store, name, &found->delegation);
	const int of_zone = of_delegation == KNOT_EOK || of_delegation == KNOT_ENOENT ?
	                            store_load(store, name, &found->zone) :
	                            KNOT_ERROR;
	found->is_delegation = of_delegation == KNOT_EOK;
	found->is_zone = of_zone == KNOT_EOK;
	if (of_zone != KNOT_EOK && of_zone != KNOT_ENOENT) {
		fprintf(stderr, "kskroll: %s\n", store_error(store));
		return EXIT_ERROR;
	}
	if (!found->is_zone && !found->is_delegation) {
		/* It has the words for what is neither. */
		const int ret = stored_load(store, arg, &found->zone);
		found->is_zone = ret == EXIT_FINE;
		return ret;
	}
	return EXIT_FINE;
}

static int show_plans(const options_t *o, store_t *store, const found_t *found, const rollover_config_t *config,
                      const forecast_t *plan)
{
	/* Of another algorithm the parent side knows nothing. */
	const bool both = found->is_delegation && o->assume.algorithm == 0;
	bool known = true;

	if (o->json) {
		output_begin();
		json_time(json, "time", o->now);
	}
	if (found->is_zone && o->json) {
		json_plan(o, &found->zone, config, plan);
	} else if (found->is_zone) {
		print_plan(o, &found->zone, config, plan);
	}
	if (both) {
		fputs(found->is_zone && !o->json ? "\n" : "", stdout);
		known = delegation_plan(o, store, &found->delegation);
	}
	if (o->json) {
		output_end();
	}
	return known ? EXIT_FINE : EXIT_ERROR;
}

static int show(const options_t *o, store_t *store, const found_t *found)
{
	const store_zone_t *z = &found->zone;
	rollover_config_t config = { 0 };
	forecast_t plan = { 0 };

	if (found->is_zone) {
		config = settings_of(o, z);
		zone_forecast(o, z, &config, &plan);
		if (!can_change(o, z, &plan)) {
			return EXIT_ERROR;
		}
		if (o->svg != NULL || o->html != NULL) {
			return pictures(o, z, &config, &plan);
		}
	} else if (o->svg != NULL || o->html != NULL || o->assume.algorithm != 0) {
		fprintf(stderr, "kskroll: %s is known as a delegation: pictures and --algorithm are for zones\n",
		        found->delegation.name);
		return EXIT_ERROR;
	}
	return show_plans(o, store, found, &config, &plan);
}

int cmd_plan(const options_t *o)
{
	store_t *store = stored_open(o);
	found_t *found = memory_need(calloc(1, sizeof(*found)));
	int ret = EXIT_ERROR;

	if (store != NULL) {
		ret = find(store, o->args[0], found);
		if (ret == EXIT_FINE) {
			ret = show(o, store, found);
		}
	}
	free(found);
	store_close(store);
	return ret;
}
