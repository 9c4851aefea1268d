/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of gates, for people, for programs and for the documentation.
 */

#include <stdio.h>
#include <string.h>

#include "kskroll.h"

static void print_rst(void)
{
	puts(".. SPDX-License-Identifier: GPL-3.0-or-later\n"
	     ".. Made by 'kskroll gates --rst' from module/rollover/names.c; a test compares them.\n");
	for (int i = GATE_NONE + 1; i < GATE__COUNT; i++) {
		const rollover_gate_info_t *info = rollover_gate_info(i);
		printf(".. _gate-%s:\n\n%s\n", info->name, info->name);
		for (size_t j = strlen(info->name); j > 0; j--) {
			putchar('-');
		}
		printf("\n\n:Means: %s\n:Who acts: %s\n:What to do: %s\n:Number: %d\n", info->meaning,
		       rollover_actor_name(info->actor), info->advice, i);
		fputs(i + 1 < GATE__COUNT ? "\n" : "", stdout);
	}
}

static void print_json(void)
{
	output_begin();
	json_open(json, "gates", '[');
	for (int i = 0; i < GATE__COUNT; i++) {
		const rollover_gate_info_t *info = rollover_gate_info(i);
		json_open(json, NULL, '{');
		json_string(json, "code", info->name);
		json_number(json, "number", i);
		json_string(json, "actor", rollover_actor_name(info->actor));
		json_string(json, "meaning", info->meaning);
		json_string(json, "advice", info->advice);
		json_close(json, '}');
	}
	json_close(json, ']');
	output_end();
}

int cmd_gates(const options_t *o)
{
	if (o->rst) {
		print_rst();
		return EXIT_FINE;
	}
	if (o->json) {
		print_json();
		return EXIT_FINE;
	}
	for (int i = 0; i < GATE__COUNT; i++) {
		const rollover_gate_info_t *info = rollover_gate_info(i);
		color_print(o, COLOR_BOLD, info->name);
		fputs(" (", stdout);
		color_print(o, color_of_actor(info->actor), rollover_actor_name(info->actor));
		printf(", number %d)\n    %s\n    %s\n", i, info->meaning, info->advice);
	}
	return EXIT_FINE;
}
