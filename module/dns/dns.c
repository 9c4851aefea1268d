/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Start and end of all that asks the world; what a survey is, survey.c has.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "asker.h"

/*! What asks about children. */
static bool new_children(dns_t *dns, uv_loop_t *loop, const dns_config_t *config)
{
	dns->child_ask = ask_new(loop, 0);
	if (dns->child_ask == NULL) {
		return false;
	}
	dns->child_watches = watches_new(loop, dns->child_ask, config);
	dns->scans = scans_new(loop, dns->shared, dns->child_ask);
	const child_means_t means = {
		.shared = dns->shared,
		.above = dns->above,
		.ask = dns->ask,
		.child_ask = dns->child_ask,
		.pace = dns->pace,
		.resolve = dns->resolve,
		.watches = dns->child_watches,
	};
	dns->children = child_tasks_new(loop, &means);
	return dns->child_watches != NULL && dns->scans != NULL && dns->children != NULL;
}

dns_t *dns_new(uv_loop_t *loop, const dns_config_t *config, char *err, size_t err_len)
{
	assert(loop && config && err && err_len > 0);

	dns_t *dns = calloc(1, sizeof(*dns));
	if (dns == NULL) {
		snprintf(err, err_len, "out of memory");
		return NULL;
	}
	surveys_init(&dns->surveys, loop);
	dns->resolve = resolve_new(loop, config, err, err_len);
	if (dns->resolve == NULL) {
		dns_free(dns);
		return NULL;
	}
	dns->ask = ask_new(loop, config->parent_rate);
	if (dns->ask == NULL) {
		snprintf(err, err_len, "out of memory");
		dns_free(dns);
		return NULL;
	}
	dns->shared = shared_new(loop, dns->resolve, config);
	dns->above = dns->shared != NULL ? above_new(loop, dns->shared, dns->ask) : NULL;
	dns->pace = pace_new(config->parent_rate);
	dns->watches = watches_new(loop, dns->ask, config);
	dns->notifies = notifies_new(loop, dns->resolve, config->loopback, config->parent_rate);
	dns->dsboots = dsboots_new(loop, dns->resolve);
	dns->updates = updates_new(loop);
	if (dns->above == NULL || dns->pace == NULL || dns->watches == NULL || dns->notifies == NULL ||
	    dns->dsboots == NULL || dns->updates == NULL || !new_children(dns, loop, config)) {
		snprintf(err, err_len, "out of memory");
		dns_free(dns);
		return NULL;
	}
	return dns;
}

void dns_free(dns_t *dns)
{
	if (dns == NULL) {
		return;
	}

	tasks_close(&dns->surveys);
	/* Those that are called back may try to start more. */
	child_tasks_free(dns->children);
	dns->children = NULL;
	scans_free(dns->scans);
	dns->scans = NULL;
	updates_free(dns->updates);
	dns->updates = NULL;
	watches_free(dns->child_watches);
	ask_free(dns->child_ask);
	notifies_free(dns->notifies);
	dns->notifies = NULL;
	dsboots_free(dns->dsboots);
	watches_free(dns->watches);
	pace_free(dns->pace);
	above_free(dns->above);
	ask_free(dns->ask);
	shared_free(dns->shared);
	resolve_free(dns->resolve);
	free(dns);
}
