/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of gates, for people, for programs and for the documentation.
 */

#include <stdio.h>
#include <string.h>

#include "delegation_view.h"

/*! One gate of either table. */
typedef struct {
	const char *name;
	const char *actor;
	const char *severity; /*!< NULL for a gate of a zone. */
	const char *meaning;
	const char *advice;
	color_t color;
} gate_t;

static gate_t gate_of(const options_t *o, int number)
{
	static const color_t colors[] = { COLOR_GREEN, COLOR_YELLOW, COLOR_RED };
	if (o->delegations) {
		const delegation_gate_info_t *info = delegation_gate_info(number);
		return (gate_t){ info->name,
			         delegation_actor_name(info->actor),
			         delegation_severity_name(info->severity),
			         info->meaning,
			         info->advice,
			         colors[info->actor] };
	}
	const rollover_gate_info_t *info = rollover_gate_info(number);
	return (gate_t){ info->name,   rollover_actor_name(info->actor), NULL, info->meaning,
		         info->advice, color_of_actor(info->actor) };
}

static void print_rst(const options_t *o, int count)
{
	printf(".. SPDX-License-Identifier: GPL-3.0-or-later\n"
	       ".. Made by 'kskroll gates%s --rst' from module/%s; a test compares them.\n\n",
	       o->delegations ? " --delegations" : "",
	       o->delegations ? "delegation/delegation_names.c" : "rollover/names.c");
	for (int i = 1; i < count; i++) {
		const gate_t gate = gate_of(o, i);
		printf(".. _%sgate-%s:\n\n%s\n", o->delegations ? "delegation-" : "", gate.name, gate.name);
		for (size_t j = strlen(gate.name); j > 0; j--) {
			putchar('-');
		}
		printf("\n\n:Means: %s\n:Who acts: %s\n", gate.meaning, gate.actor);
		if (gate.severity != NULL) {
			printf(":Severity: %s\n", gate.severity);
		}
		printf(":What to do: %s\n:Number: %d\n", gate.advice, i);
		fputs(i + 1 < count ? "\n" : "", stdout);
	}
}

static void print_json(const options_t *o, int count)
{
	output_begin();
	json_open(json, o->delegations ? "delegation_gates" : "gates", '[');
	for (int i = 0; i < count; i++) {
		const gate_t gate = gate_of(o, i);
		json_open(json, NULL, '{');
		json_string(json, "code", gate.name);
		json_number(json, "number", i);
		json_string(json, "actor", gate.actor);
		if (gate.severity != NULL) {
			json_string(json, "severity", gate.severity);
		}
		json_string(json, "meaning", gate.meaning);
		json_string(json, "advice", gate.advice);
		json_close(json, '}');
	}
	json_close(json, ']');
	output_end();
}

int cmd_gates(const options_t *o)
{
	const int count = o->delegations ? (int)DELEGATION_GATE__COUNT : (int)GATE__COUNT;

	if (o->rst) {
		print_rst(o, count);
		return EXIT_FINE;
	}
	if (o->json) {
		print_json(o, count);
		return EXIT_FINE;
	}
	for (int i = 0; i < count; i++) {
		const gate_t gate = gate_of(o, i);
		color_print(o, COLOR_BOLD, gate.name);
		fputs(" (", stdout);
		color_print(o, gate.color, gate.actor);
		printf(", number %d)\n    %s\n    %s\n", i, gate.meaning, gate.advice);
	}
	return EXIT_FINE;
}
