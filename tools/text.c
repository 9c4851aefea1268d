/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll.h"

static const struct {
	char unit;
	uint32_t seconds;
	/* clang-format off */
} units[] = {
	{ 'w', 7 * 86400 },
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};
/* clang-format on */

const char *text_time(char out[TEXT_TIME], time_t at)
{
	struct tm tm;
	if (at == 0 || gmtime_r(&at, &tm) == NULL || strftime(out, TEXT_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		snprintf(out, TEXT_TIME, "-");
	}
	return out;
}

const char *text_span(char out[TEXT_SPAN], int64_t s)
{
	s = s < 0 ? 0 : s;
	if (s < 120) {
		snprintf(out, TEXT_SPAN, "%" PRId64 " s", s);
	} else if (s < 3600) {
		snprintf(out, TEXT_SPAN, "%" PRId64 " min", s / 60);
	} else if (s < 86400) {
		snprintf(out, TEXT_SPAN, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
	} else {
		snprintf(out, TEXT_SPAN, "%" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
	}
	return out;
}

const char *text_conf_span(char out[TEXT_SPAN], uint32_t seconds)
{
	/* Knot has no w before 3.3. */
	for (size_t i = 1; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds != 0 && seconds % units[i].seconds == 0) {
			snprintf(out, TEXT_SPAN, "%u%c", seconds / units[i].seconds, units[i].unit);
			return out;
		}
	}
	snprintf(out, TEXT_SPAN, "0");
	return out;
}

bool text_parse_span(const char *text, uint32_t *seconds)
{
	char *end;
	uint64_t unit = 1;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (end == text || text[0] < '0' || text[0] > '9' || errno != 0) {
		return false;
	}
	if (*end != '\0') {
		size_t i = 0;
		while (i < sizeof(units) / sizeof(units[0]) && units[i].unit != *end) {
			i++;
		}
		if (i == sizeof(units) / sizeof(units[0]) || end[1] != '\0') {
			return false;
		}
		unit = units[i].seconds;
	}
	if (value > INT32_MAX / unit) {
		return false;
	}
	*seconds = value * unit;
	return true;
}

color_t text_actor_color(rollover_actor_t actor)
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

void text_colored(const options_t *o, color_t color, const char *text)
{
	static const char *const codes[] = { "0", "1", "32", "33", "31" };
	if (o->color && color != COLOR_NONE) {
		printf("\033[%sm%s\033[0m", codes[color], text);
	} else {
		fputs(text, stdout);
	}
}

/* Tables. */

typedef struct {
	char *text;
	color_t color;
} cell_t;

struct table {
	unsigned columns;
	cell_t *cells;
	size_t count, size;
};

int text_no_memory_code = EXIT_ERROR;

void text_no_memory(void)
{
	fputs("kskroll: not enough memory\n", stderr);
	exit(text_no_memory_code);
}

void *text_need(void *memory)
{
	if (memory == NULL) {
		text_no_memory();
	}
	return memory;
}

table_t *table_new(unsigned columns)
{
	table_t *t = text_need(calloc(1, sizeof(*t)));
	t->columns = columns;
	return t;
}

void table_add(table_t *t, color_t color, const char *text)
{
	if (t->count == t->size) {
		t->size = 2 * t->size + 64;
		t->cells = text_need(realloc(t->cells, t->size * sizeof(*t->cells)));
	}
	t->cells[t->count].color = color;
	t->cells[t->count++].text = text_need(strdup(text));
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
		for (unsigned column = 0; column < t->columns; column++) {
			/* Nothing is printed behind the last text of a row. */
			const cell_t *c = &t->cells[i + column];
			int len = strlen(c->text);
			if (len > 0) {
				printf("%*s", gap, "");
				text_colored(o, c->color, c->text);
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
