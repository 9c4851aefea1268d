/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <inttypes.h>
#include <stdlib.h>

#include "baselines.h"

static const struct {
	driver_t driver;
	const char *name;
} CHILDREN[] = {
	{ DRIVER_MODULE, "the module" },
	{ DRIVER_KNOT_TIMER, "Knot by itself" },
	{ DRIVER_BIND, "BIND's rules" },
};
#define CHILDREN_COUNT (sizeof(CHILDREN) / sizeof(CHILDREN[0]))

static const struct {
	parents_t parents;
	const char *name;
} PARENTS[] = {
	{ PARENTS_AGENT, "the agent" },
	{ PARENTS_CDS_LOOP, "dnssec-cds in a loop" },
	{ PARENTS_SCANNER, "one nameserver, checked" },
	{ PARENTS_BLIND, "one nameserver, unchecked" },
};
#define PARENTS_COUNT (sizeof(PARENTS) / sizeof(PARENTS[0]))

static void add_time(compare_cell_t *cell, double hours)
{
	if (cell->count == cell->room) {
		const size_t room = cell->room * 2 + 256;
		double *took = realloc(cell->took, room * sizeof(*took));
		if (took == NULL) {
			return;
		}
		cell->took = took;
		cell->room = room;
	}
	cell->took[cell->count++] = hours;
}

static void add_world(compare_cell_t *cell, const world_t *w)
{
	const steps_t *s = &w->steps;

	cell->worlds++;
	cell->broke_served += s->broke_served;
	cell->broke_caches += s->broke_caches && !s->broke_served;
	cell->signalled += s->cds_all != 0;
	cell->followed += s->cds_all != 0 && s->ds_all != 0;
	if (s->ds_all != 0) {
		add_time(cell, (s->ds_all - s->cds_first) / (double)HOUR);
	}
}

void compare_seed(compare_t *sum, world_t *w, uint64_t seed, unsigned zone, profile_t profile)
{
	for (unsigned c = 0; c < CHILDREN_COUNT; c++) {
		for (unsigned p = 0; p < PARENTS_COUNT; p++) {
			w->trace = NULL;
			world_generate(w, seed, zone, profile, CHILDREN[c].driver, PARENTS[p].parents);
			world_run(w);
			add_world(&sum->cell[CHILDREN[c].driver][PARENTS[p].parents], w);
		}
	}
}

void compare_merge(compare_t *to, const compare_t *from)
{
	for (unsigned c = 0; c < DRIVER__COUNT; c++) {
		for (unsigned p = 0; p < PARENTS__COUNT; p++) {
			compare_cell_t *sum = &to->cell[c][p];
			const compare_cell_t *one = &from->cell[c][p];
			sum->worlds += one->worlds;
			sum->broke_served += one->broke_served;
			sum->broke_caches += one->broke_caches;
			sum->signalled += one->signalled;
			sum->followed += one->followed;
			for (size_t i = 0; i < one->count; i++) {
				add_time(sum, one->took[i]);
			}
		}
	}
}

void compare_free(compare_t *sum)
{
	for (unsigned c = 0; c < DRIVER__COUNT; c++) {
		for (unsigned p = 0; p < PARENTS__COUNT; p++) {
			free(sum->cell[c][p].took);
			sum->cell[c][p].took = NULL;
		}
	}
}

static int compare_hours(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * part / whole : 0;
}

static void print_cell(const char *child, const char *parent, compare_cell_t *cell)
{
	printf("%-15s %-26s %8.2f %% %8.2f %% %8.1f %%", child, parent, share(cell->broke_served, cell->worlds),
	       share(cell->broke_caches, cell->worlds), share(cell->followed, cell->signalled));
	if (cell->count > 0) {
		qsort(cell->took, cell->count, sizeof(*cell->took), compare_hours);
		printf(" %9.2f h %9.2f h", cell->took[cell->count / 2], cell->took[cell->count * 9 / 10]);
	}
	printf("\n");
}

int compare_print(compare_t *sum)
{
	bool agent_broke = false, found[PARENTS__COUNT] = { false };

	printf("%" PRIu64 " worlds of each child below each parent\n", sum->cell[DRIVER_MODULE][PARENTS_AGENT].worlds);
	printf("%-15s %-26s %10s %10s %10s %11s %11s\n", "child", "parent", "breaks", "in caches", "followed", "median",
	       "9 of 10");
	for (unsigned c = 0; c < CHILDREN_COUNT; c++) {
		for (unsigned p = 0; p < PARENTS_COUNT; p++) {
			compare_cell_t *cell = &sum->cell[CHILDREN[c].driver][PARENTS[p].parents];
			print_cell(CHILDREN[c].name, PARENTS[p].name, cell);
			found[PARENTS[p].parents] |= cell->broke_served > 0;
			agent_broke |= PARENTS[p].parents == PARENTS_AGENT && cell->broke_served > 0;
		}
	}
	for (unsigned p = 0; p < PARENTS_COUNT; p++) {
		if (PARENTS[p].parents != PARENTS_AGENT && !found[PARENTS[p].parents]) {
			printf("%s has broken no resolver: too few worlds\n", PARENTS[p].name);
			return 1;
		}
	}
	return agent_broke;
}
