/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "config.h"

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
	       addrs_copy(&copy->resolver, &config->resolver);
}

void dns_config_clear(dns_config_t *config)
{
	free((char *)config->trust_anchor);
	free((char *)config->root_hints);
	addrs_clear(&config->resolver);
}
