/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The derived policies as text to paste into knot.conf. The module makes the same ones by itself; on
 * a large server it is better to have them there before, since a new policy re-creates all zones.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/derived.h"
#include "kskroll/server.h"
#include "kskroll.h"

#define LINE_MAX_LEN 4096

/*! Lines of the base policy. */
typedef struct {
	char **line;
	size_t count;
	bool found;
} lines_t;

static bool keep(lines_t *l, const char *text)
{
	char **line = realloc(l->line, (l->count + 1) * sizeof(*line));
	if (line == NULL || (line[l->count] = strdup(text)) == NULL) {
		fputs("kskroll: not enough memory\n", stderr);
		l->line = line != NULL ? line : l->line;
		return false;
	}
	l->line = line;
	l->count++;
	return true;
}

/*! "item: value" without comment and quotes; NULL if the line is none. The line is changed. */
static char *split(char *line, char **value)
{
	char *item = line + strspn(line, " \t-");
	char *colon = strchr(item, ':');
	if (*item == '#' || colon == NULL) {
		return NULL;
	}
	*colon = '\0';
	*value = colon + 1 + strspn(colon + 1, " \t\"");
	(*value)[strcspn(*value, " \t\"#\r\n")] = '\0';
	return item;
}

/*! Reads a configuration, or a section of one, up to the end of the base policy. */
static bool read_policy(FILE *in, const char *base, lines_t *l)
{
	char line[LINE_MAX_LEN], copy[LINE_MAX_LEN];
	bool in_section = false, seen_section = false;

	while (fgets(line, sizeof(line), in) != NULL) {
		char *value;
		line[strcspn(line, "\r\n")] = '\0';
		snprintf(copy, sizeof(copy), "%s", line);
		char *item = split(copy, &value);
		if (item == NULL) {
			continue;
		}
		if (line[0] != ' ' && line[0] != '\t' && line[0] != '-') {
			/* The pasted section may lack its head. */
			in_section = strcmp(item, "policy") == 0;
			seen_section = true;
			if (l->found) {
				break;
			}
			continue;
		}
		if (seen_section && !in_section) {
			continue;
		}
		if (strcmp(item, "id") == 0) {
			if (l->found) {
				break;
			}
			l->found = strcmp(value, base) == 0;
		} else if (l->found && !keep(l, line)) {
			return false;
		}
	}
	if (ferror(in)) {
		perror("kskroll: configuration");
		return false;
	}
	return true;
}

/*! Seconds of "1h" and the like; 0 if it is none. */
static uint32_t span(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	unsigned long unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
	return value > UINT32_MAX / unit ? UINT32_MAX : value * unit;
}

/*! Value of an item of the base policy; NULL if it has none. */
static const char *value_of(const lines_t *l, const char *wanted, char copy[LINE_MAX_LEN])
{
	for (size_t i = 0; i < l->count; i++) {
		char *value;
		snprintf(copy, LINE_MAX_LEN, "%s", l->line[i]);
		const char *item = split(copy, &value);
		if (item != NULL && strcmp(item, wanted) == 0) {
			return value;
		}
	}
	return NULL;
}

/*! The TTL never goes up: where the base policy has a lower one, that. \a low: the base policy has it already. */
static uint32_t lower_ttl(const lines_t *l, uint32_t ttl, bool *low)
{
	char copy[LINE_MAX_LEN];
	const char *value = value_of(l, "dnskey-ttl", copy);

	*low = value != NULL && span(value) <= ttl;
	if (!*low) {
		return ttl;
	}
	return span(value) > 0 ? span(value) : 1;
}

/*! Whether CDS of the keys that are ready, and of no others, is published: Knot's default. */
static bool publishes(const lines_t *l)
{
	char copy[LINE_MAX_LEN];
	const char *value = value_of(l, "cds-cdnskey-publish", copy);

	return value == NULL || strcmp(value, "rollover") == 0;
}

static void print_policy(const lines_t *l, const char *base, policy_role_t role, uint32_t ttl)
{
	char name[1024], copy[LINE_MAX_LEN];
	derived_item_t own[DERIVED_OWN];

	server_policy_name(name, sizeof(name), base, role, ttl);
	printf("# %s.\n  - id: %s\n", role == POLICY_DELETE ? "For go-insecure only" : "During a rollover", name);
	for (size_t j = 0; j < l->count; j++) {
		char *value;
		snprintf(copy, sizeof(copy), "%s", l->line[j]);
		if (derived_inherits(split(copy, &value))) {
			printf("    %s\n", l->line[j] + strspn(l->line[j], " \t"));
		}
	}
	derived_own(role, ttl, own);
	for (size_t i = 0; i < DERIVED_OWN; i++) {
		printf("    %s: %s\n", own[i].name, own[i].value);
	}
}

static void json_policies(const char *base, uint32_t ttl, policy_role_t first)
{
	char name[1024];
	derived_item_t own[DERIVED_OWN];

	output_begin();
	json_string(json, "base", base);
	json_open(json, "policies", '[');
	for (policy_role_t role = first; role < DERIVED_END; role++) {
		server_policy_name(name, sizeof(name), base, role, ttl);
		json_open(json, NULL, '{');
		json_string(json, "id", name);
		derived_own(role, ttl, own);
		for (size_t i = 0; i < DERIVED_OWN; i++) {
			(own[i].number ? json_raw : json_string)(json, own[i].name, own[i].value);
		}
		json_close(json, '}');
	}
	json_close(json, ']');
	output_end();
}

int cmd_policies(const options_t *o)
{
	const char *base = o->args[0];
	uint32_t ttl = settings_of(o, NULL).ttl;
	lines_t l = { 0 };
	FILE *in = o->conf != NULL ? fopen(o->conf, "r") : stdin;

	if (in == NULL) {
		fprintf(stderr, "kskroll: %s: %s\n", o->conf, strerror(errno));
		return EXIT_ERROR;
	}
	bool ok = read_policy(in, base, &l);
	if (o->conf != NULL) {
		fclose(in);
	}
	/* Knot has a policy 'default' of its own that nobody has to write down. */
	if (ok && !l.found && strcmp(base, "default") != 0) {
		fprintf(stderr,
		        "kskroll: no policy '%s' in %s (included files are not followed: give the "
		        "file that has it, or knotc conf-export output)\n",
		        base, o->conf != NULL ? o->conf : "the standard input");
		ok = false;
	}
	bool low;
	ttl = lower_ttl(&l, ttl, &low);
	const policy_role_t first = low && publishes(&l) ? POLICY_DELETE : POLICY_LOW_TTL;
	if (ok && o->json) {
		json_policies(base, ttl, first);
	} else if (ok) {
		printf("# Made from policy '%s' by kskroll policies: make them again when it changes.\n", base);
		if (first != POLICY_LOW_TTL) {
			printf("# A rollover needs no other policy: '%s' has a low dnskey-ttl and publishes CDS.\n",
			       base);
		}
		puts("policy:");
		for (policy_role_t role = first; role < DERIVED_END; role++) {
			print_policy(&l, base, role, ttl);
		}
	}
	for (size_t i = 0; i < l.count; i++) {
		free(l.line[i]);
	}
	free(l.line);
	return ok ? EXIT_FINE : EXIT_ERROR;
}
