/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings_copy.h"

void settings_free(settings_t *s)
{
	if (s != NULL) {
		addrs_clear(&s->resolver);
		free(s->trust_anchor);
		free(s->root_hints);
		free(s->storage);
		free(s->key_database);
		free(s->keymgr);
		free(s->epp_accounts);
		free(s);
	}
}

static bool string_copy(char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from == NULL || *to != NULL;
}

settings_t *settings_copy(const global_settings_t *from)
{
	settings_t *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return NULL;
	}
	if (!addrs_copy(&s->resolver, &from->resolver) || !string_copy(&s->trust_anchor, from->trust_anchor) ||
	    !string_copy(&s->root_hints, from->root_hints) || !string_copy(&s->storage, from->storage) ||
	    !string_copy(&s->key_database, from->key_database) || !string_copy(&s->keymgr, from->keymgr) ||
	    !string_copy(&s->epp_accounts, from->epp_accounts != NULL ? from->epp_accounts : EPP_ACCOUNTS_FILE)) {
		settings_free(s);
		return NULL;
	}
	s->has_epp_accounts = access(s->epp_accounts, F_OK) == 0;
	s->loopback = from->loopback;
	s->parent_rate = from->parent_rate;
	s->scan_rate = from->scan_rate;
	s->max_rolling = from->max_rolling;
	s->max_rolling_parent = from->max_rolling_parent;
	return s;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool settings_same_files(const settings_t *a, const settings_t *b)
{
	return same_text(a->storage, b->storage) && same_text(a->trust_anchor, b->trust_anchor) &&
	       same_text(a->root_hints, b->root_hints) && a->has_epp_accounts == b->has_epp_accounts &&
	       (!a->has_epp_accounts || same_text(a->epp_accounts, b->epp_accounts));
}

bool settings_same_keys(const settings_t *a, const settings_t *b)
{
	return same_text(a->key_database, b->key_database) && same_text(a->keymgr, b->keymgr);
}

void settings_zone_put(zone_settings_t *settings)
{
	if (settings != NULL && --settings->refs == 0) {
		free(settings->nameserver.addr);
		free(settings->parent.addr);
		free(settings->validator.addr);
		free(settings->no_start);
		starts_free(settings->starts);
		free(settings->locked);
		free(settings->report_agent);
		addrs_clear(&settings->update_primary);
		update_key_clear(&settings->update_key);
		addrs_clear(&settings->parent_primary);
		update_key_clear(&settings->parent_key);
		free(settings->parent_epp);
		free(settings);
	}
}

zone_settings_t *settings_zone_copy(const instance_settings_t *from)
{
	zone_settings_t *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return NULL;
	}
	s->refs = 1;
	if (!addrs_copy(&s->nameserver, &from->nameserver) || !addrs_copy(&s->parent, &from->parent) ||
	    !addrs_copy(&s->validator, &from->validator) || !string_copy(&s->no_start, from->no_start) ||
	    !starts_new(&s->starts, from->start_window, from->start_dates) || !string_copy(&s->locked, from->locked) ||
	    !string_copy(&s->report_agent, from->report_agent) ||
	    !addrs_copy(&s->update_primary, &from->update_primary) ||
	    !update_key_copy(&s->update_key, &from->update_key) ||
	    !addrs_copy(&s->parent_primary, &from->parent_primary) ||
	    !update_key_copy(&s->parent_key, &from->parent_key) || !string_copy(&s->parent_epp, from->parent_epp)) {
		settings_zone_put(s);
		return NULL;
	}
	s->config = from->config;
	s->require_secure_dsync = from->require_secure_dsync;
	s->algorithm_wanted = from->algorithm_wanted;
	s->csk_wanted = from->csk_wanted;
	s->ttl_of_soa = from->ttl_of_soa;
	s->base_publishes = from->base_publishes;
	s->base_always = from->base_always;
	s->knot_lifetime = from->knot_lifetime;
	s->rollover = from->rollover;
	s->delegations = from->delegations;
	s->delegation = from->delegation;
	s->batch = from->batch;
	s->report_errors = from->report_errors;
	snprintf(s->policy, sizeof(s->policy), "%s", from->policy != NULL ? from->policy : "");
	return s;
}
