/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which section a zone gets while configurations are loaded, with a knotd that counts what it is asked for. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "section.h"

static const knot_dname_t ZONE[] = "\x03""one";

/* The configuration: modules of the zone, and what each section says now. */
static const char *modules[3];
static uint32_t observe_now;
static unsigned reads;
static bool no_memory;

knotd_conf_t knotd_conf_zone(knotd_mod_t *mod, const yp_name_t *item, const knot_dname_t *zone)
{
	(void)mod;
	assert_string_equal(item, "\x06""module");
	assert_ptr_equal(zone, ZONE);
	knotd_conf_t out = { .multi = calloc(3, sizeof(*out.multi)) };
	for (; out.count < 3 && modules[out.count] != NULL; out.count++) {
		/* The final zero of an id is part of it. */
		const char *name = modules[out.count];
		out.multi[out.count].data = (const uint8_t *)name;
		out.multi[out.count].data_len = strlen(name) + (strlen(name) > (size_t)name[0] + 1);
	}
	return out;
}

void knotd_conf_free(knotd_conf_t *conf)
{
	free(conf->multi);
	memset(conf, 0, sizeof(*conf));
}

int conf_section_read(knotd_mod_t *mod, conf_section_t *out)
{
	(void)mod;
	memset(out, 0, sizeof(*out));
	if (no_memory) {
		return KNOT_ENOMEM;
	}
	out->engine.config.observe = observe_now;
	reads++;
	return KNOT_EOK;
}

int conf_section_copy(const conf_section_t *from, conf_section_t *out)
{
	*out = *from;
	return KNOT_EOK;
}

void conf_section_free(conf_section_t *section)
{
	memset(section, 0, sizeof(*section));
}

static uint32_t observe_of(const char *module, bool is_ours)
{
	conf_section_t section;
	modules[0] = module;
	assert_int_equal(section_get(NULL, ZONE, is_ours, &section), KNOT_EOK);
	return section.engine.config.observe;
}

#define A	"\x0B""mod-kskroll""a"
#define B	"\x0B""mod-kskroll""b"
#define NO_ID	"\x0B""mod-kskroll"

static int start(void **state)
{
	(void)state;
	memset(modules, 0, sizeof(modules));
	observe_now = 1;
	no_memory = false;
	sections_begin();
	reads = 0;
	return 0;
}

static void a_section_is_read_once_while_a_configuration_is_loaded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(observe_of(A, true), 1);
	}
	assert_int_equal(reads, 1);
}

static void sections_are_told_apart_and_no_id_is_one_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(observe_of(A, true), 1);
	observe_now = 2;
	assert_int_equal(observe_of(B, true), 2);
	observe_now = 3;
	assert_int_equal(observe_of(NO_ID, true), 3);
	assert_int_equal(observe_of(A, true), 1);
	assert_int_equal(observe_of(B, true), 2);
	assert_int_equal(observe_of(NO_ID, true), 3);
	assert_int_equal(reads, 3);
}

static void more_sections_than_are_remembered_are_right_all_the_same(void **state)
{
	(void)state;
	char name[] = A;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 20; i++) {
			name[sizeof(name) - 2] = 'a' + i;
			observe_now = i;
			assert_int_equal(observe_of(name, true), i);
		}
	}
	assert_int_equal(reads, 40);
}

static void another_configuration_forgets_what_the_last_one_said(void **state)
{
	(void)state;
	assert_int_equal(observe_of(A, true), 1);
	observe_now = 2;
	sections_begin();
	assert_int_equal(observe_of(A, true), 2);
	assert_int_equal(reads, 2);
}

static void nothing_is_remembered_after_the_load(void **state)
{
	(void)state;
	assert_int_equal(observe_of(A, true), 1);
	sections_end();
	for (observe_now = 2; observe_now < 5; observe_now++) {
		assert_int_equal(observe_of(A, true), observe_now);
	}
}

/* The global module was taken out, and the section changed, in one go: nobody said that this is another configuration. */
static void without_a_global_module_what_is_remembered_does_not_count(void **state)
{
	(void)state;
	assert_int_equal(observe_of(A, true), 1);
	observe_now = 2;
	assert_int_equal(observe_of(A, false), 2);
}

static void *load_in_a_worker(void *arg)
{
	*(uint32_t *)arg = observe_of(A, true);
	return NULL;
}

/* zone-restore loads an instance in a worker, from the configuration before or after. */
static void other_threads_neither_use_nor_fill_what_is_remembered(void **state)
{
	(void)state;
	pthread_t worker;
	uint32_t got;

	observe_now = 7;	/* What the worker's configuration says. */
	assert_int_equal(pthread_create(&worker, NULL, load_in_a_worker, &got), 0);
	pthread_join(worker, NULL);
	assert_int_equal(got, 7);
	observe_now = 1;
	assert_int_equal(observe_of(A, true), 1);
	observe_now = 8;
	assert_int_equal(pthread_create(&worker, NULL, load_in_a_worker, &got), 0);
	pthread_join(worker, NULL);
	assert_int_equal(got, 8);
	assert_int_equal(observe_of(A, true), 1);
}

static void a_zone_with_two_sections_has_each_instance_read_its_own(void **state)
{
	(void)state;
	modules[1] = B;
	assert_int_equal(observe_of(A, true), 1);
	observe_now = 2;
	assert_int_equal(observe_of(A, true), 2);
	/* Another module beside ours is no matter. */
	modules[1] = "\x09""mod-stats";
	assert_int_equal(observe_of(A, true), 2);
	observe_now = 3;
	assert_int_equal(observe_of(A, true), 2);
}

static void a_section_that_could_not_be_read_is_not_remembered(void **state)
{
	(void)state;
	conf_section_t section;
	modules[0] = A;
	no_memory = true;
	assert_int_equal(section_get(NULL, ZONE, true, &section), KNOT_ENOMEM);
	no_memory = false;
	assert_int_equal(observe_of(A, true), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_section_is_read_once_while_a_configuration_is_loaded, start),
		cmocka_unit_test_setup(sections_are_told_apart_and_no_id_is_one_of_its_own, start),
		cmocka_unit_test_setup(more_sections_than_are_remembered_are_right_all_the_same, start),
		cmocka_unit_test_setup(another_configuration_forgets_what_the_last_one_said, start),
		cmocka_unit_test_setup(nothing_is_remembered_after_the_load, start),
		cmocka_unit_test_setup(without_a_global_module_what_is_remembered_does_not_count, start),
		cmocka_unit_test_setup(other_threads_neither_use_nor_fill_what_is_remembered, start),
		cmocka_unit_test_setup(a_zone_with_two_sections_has_each_instance_read_its_own, start),
		cmocka_unit_test_setup(a_section_that_could_not_be_read_is_not_remembered, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
