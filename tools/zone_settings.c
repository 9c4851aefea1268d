/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings of a zone: as stored with its row, unless others are given.
 */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "kskroll.h"

static const struct {
	const char *name;
	size_t offset;
	/* clang-format off */
} spans[] = {
	{ "ksk-lifetime", offsetof(rollover_config_t, ksk_lifetime) },
	{ "ttl", offsetof(rollover_config_t, ttl) },
	{ "lead", offsetof(rollover_config_t, lead) },
	{ "observe", offsetof(rollover_config_t, observe) },
	{ "settle", offsetof(rollover_config_t, settle) },
	{ "check-interval", offsetof(rollover_config_t, check_interval) },
	{ "ds-check-interval", offsetof(rollover_config_t, ds_check_interval) },
	{ "unreachable-after", offsetof(rollover_config_t, unreachable_after) },
};
/* clang-format on */
#define SPANS (sizeof(spans) / sizeof(spans[0]))

/*! As in knot.conf; a unit test compares. */
static const char *const vias[PARENT_VIA__COUNT] = {
	[PARENT_VIA_CDS] = "cds",       [PARENT_VIA_AUTO] = "auto", [PARENT_VIA_UPDATE] = "update",
	[PARENT_VIA_MANUAL] = "manual", [PARENT_VIA_EPP] = "epp",
};

const char *settings_via(const rollover_config_t *c)
{
	return c->via < PARENT_VIA__COUNT ? vias[c->via] : "unknown";
}

static uint32_t span_of(const rollover_config_t *c, size_t i)
{
	return *(const uint32_t *)((const char *)c + spans[i].offset);
}

void settings_give(options_t *o, size_t offset, uint32_t value)
{
	unsigned i = 0;
	while (i < o->given_count && o->given[i].offset != offset) {
		i++;
	}
	assert(i < GIVEN_MAX);
	o->given[i].offset = offset;
	o->given[i].value = value;
	o->given_count = i == o->given_count ? i + 1 : o->given_count;
}

static void take_given(const options_t *o, rollover_config_t *c)
{
	for (unsigned i = 0; i < o->given_count; i++) {
		*(uint32_t *)((char *)c + o->given[i].offset) = o->given[i].value;
		if (o->given[i].offset == offsetof(rollover_config_t, ttl)) {
			c->ds_ttl = c->ttl;
		}
	}
}

rollover_config_t settings_of(const options_t *o, const store_zone_t *zone)
{
	rollover_config_t c = zone != NULL && zone->configured ? zone->config : ROLLOVER_CONFIG_DEFAULT;
	take_given(o, &c);
	return c;
}

uint32_t settings_zone_ttl(const rollover_config_t *c, bool *set)
{
	*set = c->zone_ttl != 0;
	return *set && c->zone_ttl < ROLLOVER_TTL_COUNTS ? c->zone_ttl : ROLLOVER_TTL_COUNTS;
}

/*! A list with START_SEPARATOR. */
static void json_values(const char *name, const char *list)
{
	json_open(json, name, '[');
	while (*list != '\0') {
		char value[START_TEXT];
		const char *end = strstr(list, START_SEPARATOR);
		const size_t len = end != NULL ? (size_t)(end - list) : strlen(list);
		snprintf(value, sizeof(value), "%.*s", (int)len, list);
		json_string(json, NULL, value);
		list += end != NULL ? len + strlen(START_SEPARATOR) : len;
	}
	json_close(json, ']');
}

void settings_json(const rollover_config_t *c, const store_zone_t *zone)
{
	json_open(json, "settings", '{');
	json_bool(json, "stored", zone->configured);
	for (size_t i = 0; i < SPANS; i++) {
		json_number(json, spans[i].name, span_of(c, i));
	}
	json_number(json, "spread", c->spread);
	json_values("start-window", zone->start_window);
	json_values("no-start", zone->no_start);
	json_number(json, "bogus-limit", c->bogus_limit);
	json_string(json, "parent-via", settings_via(c));
	json_bool(json, "dry-run", c->dry_run);
	json_bool(json, "hold", c->hold);
	json_bool(json, "go-insecure", c->go_insecure);
	json_time(json, "caches-expired", c->caches_expired);
	json_string(json, "observe-only", c->observe_only ? c->observe_reason : NULL);
	json_close(json, '}');
}

void settings_print(const rollover_config_t *c, const store_zone_t *zone)
{
	char text[TEXT_SPAN];

	for (size_t i = 0; i < SPANS; i++) {
		printf("%s%s %s",
		       i == 5 ? ",\n            " :
		       i > 0  ? ", " :
		                "",
		       spans[i].name, text_conf_span(text, span_of(c, i)));
	}
	printf(", parent-via %s%s%s%s%s\n", settings_via(c), c->dry_run ? ", dry-run on" : "",
	       c->hold ? ", hold on" : "", c->go_insecure ? ", go-insecure" : "",
	       c->caches_expired != 0 ? ", caches-expired" : "");
	if (c->spread != 0) {
		printf("            spread %s\n", text_conf_span(text, c->spread));
	}
	if (zone->start_window[0] != '\0') {
		printf("            start-window %s\n", zone->start_window);
	}
	if (zone->no_start[0] != '\0') {
		printf("            no-start %s\n", zone->no_start);
	}
	if (!zone->configured) {
		puts("            (the module's defaults, except those given: the module that wrote the store is older)");
	}
}
