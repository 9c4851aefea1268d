/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copies of what the module in knotd has sent.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

void settings_free(settings_t *s)
{
	if (s != NULL) {
		free(s->resolver.addr);
		free(s->trust_anchor);
		free(s->root_hints);
		free(s->storage);
		free(s);
	}
}

static bool string_copy(char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from == NULL || *to != NULL;
}

settings_t *settings_copy(const engine_settings_t *from)
{
	settings_t *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return NULL;
	}
	if (!addrs_copy(&s->resolver, &from->resolver) || !string_copy(&s->trust_anchor, from->trust_anchor) ||
	    !string_copy(&s->root_hints, from->root_hints) || !string_copy(&s->storage, from->storage)) {
		settings_free(s);
		return NULL;
	}
	s->loopback = from->loopback;
	s->parent_rate = from->parent_rate;
	return s;
}

bool text_set(char **text, const char *value)
{
	if (strcmp(text_of(*text), value) == 0) {
		return true;
	}
	char *copy = value[0] != '\0' ? strdup(value) : NULL;
	if (value[0] != '\0' && copy == NULL) {
		return false;
	}
	free(*text);
	*text = copy;
	return true;
}

void text_clear(char **text)
{
	free(*text);
	*text = NULL;
}

void zone_settings_put(zone_settings_t *settings)
{
	if (settings != NULL && --settings->refs == 0) {
		free(settings->nameserver.addr);
		free(settings->parent.addr);
		free(settings->validator.addr);
		free(settings->no_start);
		free(settings);
	}
}

zone_settings_t *zone_settings_copy(const engine_zone_settings_t *from)
{
	zone_settings_t *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return NULL;
	}
	s->refs = 1;
	if (!addrs_copy(&s->nameserver, &from->nameserver) || !addrs_copy(&s->parent, &from->parent) ||
	    !addrs_copy(&s->validator, &from->validator) || !string_copy(&s->no_start, from->no_start)) {
		zone_settings_put(s);
		return NULL;
	}
	s->config = from->config;
	s->require_secure_dsync = from->require_secure_dsync;
	s->csk_wanted = from->csk_wanted;
	s->ttl_of_soa = from->ttl_of_soa;
	snprintf(s->policy, sizeof(s->policy), "%s", text_of(from->policy));
	return s;
}
