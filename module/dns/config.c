/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

bool dns_addrs_copy(dns_addrs_t *copy, const dns_addrs_t *from)
{
	if (from->count > 0) {
		copy->addr = calloc(from->count, sizeof(*copy->addr));
		if (copy->addr == NULL) {
			return false;
		}
		memcpy(copy->addr, from->addr, from->count * sizeof(*copy->addr));
		copy->count = from->count;
	}
	return true;
}

bool dns_config_copy(dns_config_t *copy, const dns_config_t *config)
{
	copy->loopback = config->loopback;
	if (config->trust_anchor != NULL) {
		copy->trust_anchor = strdup(config->trust_anchor);
	}
	if (config->root_hints != NULL) {
		copy->root_hints = strdup(config->root_hints);
	}
	return (config->trust_anchor == NULL || copy->trust_anchor != NULL) &&
	       (config->root_hints == NULL || copy->root_hints != NULL) &&
	       dns_addrs_copy(&copy->resolver, &config->resolver);
}

void dns_config_clear(dns_config_t *config)
{
	free((char *)config->trust_anchor);
	free((char *)config->root_hints);
	free(config->resolver.addr);
}
