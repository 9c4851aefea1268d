/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Colours and tables on a terminal. */

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll.h"

color_t color_of_actor(rollover_actor_t actor)
{
	switch (actor) {
	case ACTOR_OPERATOR:
		return COLOR_RED;
	case ACTOR_SECONDARY:
	case ACTOR_PARENT:
		return COLOR_YELLOW;
	default:
		return COLOR_GREEN;
	}
}

void color_print(const options_t *o, color_t color, const char *text)
{
	static const char *const codes[] = { "0", "1", "32", "33", "31" };
	if (o->color && color != COLOR_NONE) {
		printf("\033[%sm%s\033[0m", codes[color], text);
	} else {
		fputs(text, stdout);
	}
}

typedef struct {
	char *text;
	color_t color;
} cell_t;

struct table {
	unsigned columns;
	cell_t *cells;
	size_t count, size;
};

table_t *table_new(unsigned columns)
{
	table_t *t = memory_need(calloc(1, sizeof(*t)));
	t->columns = columns;
	return t;
}

void table_add(table_t *t, color_t color, const char *text)
{
	if (t->count == t->size) {
		t->size = 2 * t->size + 64;
		t->cells = memory_need(realloc(t->cells, t->size * sizeof(*t->cells)));
	}
	t->cells[t->count].color = color;
	t->cells[t->count++].text = memory_need(strdup(text));
}

size_t table_rows(const table_t *t)
{
	return t->count / t->columns;
}

void table_print(const options_t *o, const table_t *t, unsigned indent)
{
	int width[16] = { 0 };
	assert(t->columns <= 16 && t->count % t->columns == 0);

	for (size_t i = 0; i < t->count; i++) {
		int len = strlen(t->cells[i].text);
		int *w = &width[i % t->columns];
		*w = len > *w ? len : *w;
	}
	for (size_t i = 0; i < t->count; i += t->columns) {
		int gap = (int)indent;
		int left = o->width > 0 ? (int)o->width : INT_MAX;
		for (unsigned column = 0; column < t->columns; column++) {
			/* Nothing is printed behind the last text of a row. */
			cell_t *c = &t->cells[i + column];
			int len = strlen(c->text);
			if (len > 0 && gap < left) {
				printf("%*s", gap, "");
				left -= gap;
				c->text[len < left ? len : left] = '\0';
				color_print(o, c->color, c->text);
				left -= len < left ? len : left;
				gap = 0;
			}
			gap += width[column] - len + 2;
		}
		putchar('\n');
	}
}

void table_free(table_t *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->cells[i].text);
	}
	free(t->cells);
	free(t);
}
