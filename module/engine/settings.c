/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copies of what load() read: knotd's own configuration must not be touched later.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

static int addrs_copy(dns_addrs_t *to, const dns_addrs_t *from)
{
	to->count = 0;
	to->addr = NULL;
	if (from->count > 0) {
		to->addr = malloc(from->count * sizeof(*from->addr));
		if (to->addr == NULL) {
			return KNOT_ENOMEM;
		}
		memcpy(to->addr, from->addr, from->count * sizeof(*from->addr));
		to->count = from->count;
	}
	return KNOT_EOK;
}

void settings_put(settings_t *s)
{
	if (s != NULL && --s->refs == 0) {
		free(s->resolver.addr);
		free(s->trust_anchor);
		free(s->root_hints);
		free(s->storage);
		free(s->control);
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
	s->refs = 1;
	if (addrs_copy(&s->resolver, &from->resolver) != KNOT_EOK ||
	    !string_copy(&s->trust_anchor, from->trust_anchor) ||
	    !string_copy(&s->root_hints, from->root_hints) ||
	    !string_copy(&s->storage, from->storage) ||
	    !string_copy(&s->control, from->control)) {
		settings_put(s);
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

/*
 * Zones of one template have the same settings, and there may be a hundred thousand of them.
 * Only the newest few are compared: zones that all differ must not make it slow.
 */
#define SETTINGS_COMPARED	16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static zone_settings_t *newest;

static void zone_settings_free(zone_settings_t *settings)
{
	free(settings->nameserver.addr);
	free(settings->parent.addr);
	free(settings->validator.addr);
	free(settings);
}

static zone_settings_t *zone_settings_copy(const engine_zone_settings_t *from)
{
	zone_settings_t *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return NULL;
	}
	if (addrs_copy(&s->nameserver, &from->nameserver) != KNOT_EOK ||
	    addrs_copy(&s->parent, &from->parent) != KNOT_EOK ||
	    addrs_copy(&s->validator, &from->validator) != KNOT_EOK) {
		zone_settings_free(s);
		return NULL;
	}
	s->config = from->config;
	s->require_secure_dsync = from->require_secure_dsync;
	s->no_start = from->no_start;
	s->csk_wanted = from->csk_wanted;
	s->ttl_of_soa = from->ttl_of_soa;
	snprintf(s->policy, sizeof(s->policy), "%s", text_of(from->policy));
	return s;
}

static bool same_addrs(const dns_addrs_t *a, const dns_addrs_t *b)
{
	return a->count == b->count &&
	       (a->count == 0 || memcmp(a->addr, b->addr, a->count * sizeof(*a->addr)) == 0);
}

/*! Padding counts: what differs there only is not shared, which harms nobody. */
static bool same_settings(const zone_settings_t *s, const engine_zone_settings_t *from)
{
	return memcmp(&s->config, &from->config, sizeof(s->config)) == 0 &&
	       s->require_secure_dsync == from->require_secure_dsync && s->no_start == from->no_start &&
	       s->csk_wanted == from->csk_wanted && s->ttl_of_soa == from->ttl_of_soa &&
	       strncmp(s->policy, text_of(from->policy), sizeof(s->policy) - 1) == 0 &&
	       same_addrs(&s->nameserver, &from->nameserver) && same_addrs(&s->parent, &from->parent) &&
	       same_addrs(&s->validator, &from->validator);
}

static zone_settings_t *find_same(const engine_zone_settings_t *from)
{
	zone_settings_t *s = newest;
	for (unsigned i = 0; s != NULL && i < SETTINGS_COMPARED; i++, s = s->next) {
		if (same_settings(s, from)) {
			return s;
		}
	}
	return NULL;
}

const zone_settings_t *zone_settings_get(const engine_zone_settings_t *from)
{
	pthread_mutex_lock(&lock);
	zone_settings_t *s = find_same(from);
	if (s == NULL && (s = zone_settings_copy(from)) != NULL) {
		s->next = newest;
		s->at = &newest;
		if (newest != NULL) {
			newest->at = &s->next;
		}
		newest = s;
	}
	if (s != NULL) {
		s->refs++;
	}
	pthread_mutex_unlock(&lock);
	return s;
}

void zone_settings_put(const zone_settings_t *settings)
{
	/* Only the users' view of it is const. */
	zone_settings_t *s = (zone_settings_t *)settings;
	if (s == NULL) {
		return;
	}
	pthread_mutex_lock(&lock);
	bool last = --s->refs == 0;
	if (last) {
		*s->at = s->next;
		if (s->next != NULL) {
			s->next->at = s->at;
		}
	}
	pthread_mutex_unlock(&lock);
	if (last) {
		zone_settings_free(s);
	}
}
