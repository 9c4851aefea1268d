/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding a delegation in the store by its name alone. */

#include <stdio.h>
#include <string.h>

#include <libknot/errcode.h>

#include "stored_delegations.h"

/*! The name without its first label; NULL behind the root. */
static const char *above(const char *name)
{
	if (strcmp(name, ".") == 0) {
		return NULL;
	}
	for (; *name != '\0' && *name != '.'; name++) {
		name += *name == '\\' && name[1] != '\0';
	}
	return name[0] == '\0' ? NULL : name[1] == '\0' ? "." : name + 1;
}

int stored_find(store_t *store, const char *name, store_delegation_t *out)
{
	int ret = KNOT_ENOENT;
	/* Of several parent zones the nearest one has the delegation. */
	for (const char *zone = above(name); zone != NULL && ret == KNOT_ENOENT; zone = above(zone)) {
		ret = store_delegation_load(store, zone, name, out);
	}
	return ret;
}

static int see_any(const store_parent_t *parent, void *arg)
{
	(void)parent;
	++*(unsigned *)arg;
	return 0;
}

int stored_delegation(store_t *store, const char *arg, store_delegation_t *out)
{
	char name[256];
	unsigned parents = 0;

	if (!stored_name(arg, name, sizeof(name))) {
		return EXIT_USAGE;
	}
	switch (stored_find(store, name, out)) {
	case KNOT_EOK:
		return EXIT_FINE;
	case KNOT_ENOENT:
		(void)store_parents(store, see_any, &parents);
		fprintf(stderr, "kskroll: no delegation %s in the store%s\n", name,
		        parents == 0 ? "; it has no parent zones yet: they appear when a zone has 'delegations'" :
		                       "; it appears when its first check is written, without DS and CDS never");
		return EXIT_ERROR;
	default:
		fprintf(stderr, "kskroll: %s\n", store_error(store));
		return EXIT_ERROR;
	}
}
