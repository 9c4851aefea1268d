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
#include "sockets.h"

static const knot_dname_t ZONE[] = "\x03"
				   "one";

/* The configuration: modules of the zone, and what its section says now. */
static const char *modules[3];
static uint32_t observe_now;
static unsigned addresses_now;
static unsigned reads;
static bool running;

bool sockets_running(void)
{
	return running;
}

static void add(knotd_conf_t *conf)
{
	conf->multi = realloc(conf->multi, (conf->count + 1) * sizeof(*conf->multi));
	assert_non_null(conf->multi);
	memset(&conf->multi[conf->count++], 0, sizeof(*conf->multi));
}

knotd_conf_t knotd_conf_zone(knotd_mod_t *mod, const yp_name_t *item, const knot_dname_t *zone)
{
	knotd_conf_t out = { .count = 0 };

	(void)mod;
	assert_string_equal(item, "\x06"
	                          "module");
	assert_ptr_equal(zone, ZONE);
	for (unsigned i = 0; i < 3 && modules[i] != NULL; i++) {
		/* The final zero of an id is part of it. */
		const char *name = modules[i];
		add(&out);
		out.multi[i].data = (const uint8_t *)name;
		out.multi[i].data_len = strlen(name) + (strlen(name) > (size_t)name[0] + 1);
	}
	return out;
}

knotd_conf_t knotd_conf_mod(knotd_mod_t *mod, const yp_name_t *item)
{
	knotd_conf_t out = { .count = 0 };

	(void)mod;
	if (strcmp(item, "\x07"
	                 "observe") == 0) {
		reads++;
		out.count = 1;
		out.single.integer = observe_now;
	} else if (strcmp(item, "\x06"
	                        "parent") == 0) {
		for (unsigned i = 0; i < addresses_now; i++) {
			add(&out);
			out.multi[i].addr.ss_family = AF_INET;
		}
	}
	return out;
}

void knotd_conf_free(knotd_conf_t *conf)
{
	free(conf->multi);
	memset(conf, 0, sizeof(*conf));
}

/* Not needed by zone instances. */
knotd_conf_t knotd_conf(knotd_mod_t *mod, const yp_name_t *section, const yp_name_t *item, const knotd_conf_t *id)
{
	(void)mod, (void)section, (void)item, (void)id;
	fail();
	return (knotd_conf_t){ .count = 0 };
}

knotd_conf_t knotd_conf_check_item(knotd_conf_check_args_t *args, const yp_name_t *item)
{
	(void)args, (void)item;
	fail();
	return (knotd_conf_t){ .count = 0 };
}

static uint32_t observe_of(const char *module)
{
	conf_section_t section;

	modules[0] = module;
	assert_int_equal(section_get(NULL, ZONE, &section), KNOT_EOK);
	assert_int_equal(section.settings.parent.count, addresses_now);
	uint32_t observe = section.settings.config.observe;
	conf_section_free(&section);
	return observe;
}

#define A                                                                                                              \
	"\x0B"                                                                                                         \
	"mod-kskroll"                                                                                                  \
	"a"
#define B                                                                                                              \
	"\x0B"                                                                                                         \
	"mod-kskroll"                                                                                                  \
	"b"
#define NO_ID                                                                                                          \
	"\x0B"                                                                                                         \
	"mod-kskroll"

static unsigned globals;

static void begin(void)
{
	sections_begin();
	globals++;
}

static void end(void)
{
	sections_end();
	globals--;
}

/*! The server starts. */
static int start(void **state)
{
	(void)state;
	memset(modules, 0, sizeof(modules));
	observe_now = 1;
	addresses_now = 2;
	running = false;
	begin();
	reads = 0;
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	while (globals > 0) {
		end();
	}
	return 0;
}

/*! It has started. */
static void run(void)
{
	running = true;
	sections_started();
}

static void a_section_is_read_once_at_a_start(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(observe_of(A), 1);
	}
	assert_int_equal(reads, 1);
}

static void a_section_is_read_once_at_a_reload(void **state)
{
	(void)state;
	run();
	begin();
	reads = 0;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(observe_of(A), 1);
		sections_started(); /* The instance of the configuration before goes on. */
	}
	assert_int_equal(reads, 1);
}

static void sections_are_told_apart_and_no_id_is_one_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(observe_of(A), 1);
	observe_now = 2;
	assert_int_equal(observe_of(B), 2);
	observe_now = 3;
	assert_int_equal(observe_of(NO_ID), 3);
	assert_int_equal(observe_of(A), 1);
	assert_int_equal(observe_of(B), 2);
	assert_int_equal(observe_of(NO_ID), 3);
	assert_int_equal(reads, 3);
}

static void more_sections_than_are_remembered_are_right_all_the_same(void **state)
{
	(void)state;
	char name[] = A;
	for (unsigned i = 0; i < 20; i++) {
		name[sizeof(name) - 2] = 'a' + i;
		observe_now = i;
		assert_int_equal(observe_of(name), i);
		assert_int_equal(observe_of(name), i);
	}
	assert_int_equal(reads, 20);
	/* The first one was pushed out, the last one was not. */
	observe_now = 99;
	assert_int_equal(observe_of(name), 19);
	assert_int_equal(observe_of(A), 99);
}

static void a_reload_forgets_what_the_start_has_read(void **state)
{
	(void)state;
	assert_int_equal(observe_of(A), 1);
	observe_now = 2;
	begin();
	assert_int_equal(observe_of(A), 2);
}

static void nothing_is_remembered_after_a_start(void **state)
{
	(void)state;
	assert_int_equal(observe_of(A), 1);
	run();
	for (observe_now = 2; observe_now < 5; observe_now++) {
		assert_int_equal(observe_of(A), observe_now);
	}
}

/* The instance of the configuration before is unloaded; or the new one is, since the reload failed. */
static void nothing_is_remembered_after_a_reload(void **state)
{
	(void)state;
	run();
	begin();
	assert_int_equal(observe_of(A), 1);
	end();
	for (observe_now = 2; observe_now < 5; observe_now++) {
		assert_int_equal(observe_of(A), observe_now);
	}
}

/* Then nothing tells the end of the load: no instance is unloaded, and the server runs already. */
static void nothing_is_remembered_if_the_first_global_instance_comes_to_a_running_server(void **state)
{
	(void)state;
	run();
	end();
	begin();
	for (observe_now = 2; observe_now < 5; observe_now++) {
		assert_int_equal(observe_of(A), observe_now);
	}
}

static void *load_in_a_worker(void *name)
{
	return (void *)(uintptr_t)observe_of(name);
}

static uint32_t observe_of_worker(const char *name)
{
	pthread_t worker;
	void *got;
	assert_int_equal(pthread_create(&worker, NULL, load_in_a_worker, (void *)name), 0);
	pthread_join(worker, &got);
	return (uintptr_t)got;
}

/* zone-restore loads an instance in a worker, from the configuration before or after. */
static void other_threads_neither_use_nor_fill_what_is_remembered(void **state)
{
	(void)state;
	observe_now = 7; /* What the worker's configuration says. */
	assert_int_equal(observe_of_worker(A), 7);
	observe_now = 1;
	assert_int_equal(observe_of(A), 1);
	observe_now = 8;
	assert_int_equal(observe_of_worker(A), 8);
	assert_int_equal(observe_of_worker(B), 8);
	observe_now = 2;
	assert_int_equal(observe_of(A), 1);
	assert_int_equal(observe_of(B), 2);
}

static void a_zone_with_two_sections_has_each_instance_read_its_own(void **state)
{
	(void)state;
	modules[1] = B;
	assert_int_equal(observe_of(A), 1);
	observe_now = 2;
	assert_int_equal(observe_of(A), 2);
	/* Another module beside ours is no matter. */
	modules[1] = "\x09"
		     "mod-stats";
	assert_int_equal(observe_of(A), 2);
	observe_now = 3;
	assert_int_equal(observe_of(A), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_section_is_read_once_at_a_start, start, end_all),
		cmocka_unit_test_setup_teardown(a_section_is_read_once_at_a_reload, start, end_all),
		cmocka_unit_test_setup_teardown(sections_are_told_apart_and_no_id_is_one_of_its_own, start, end_all),
		cmocka_unit_test_setup_teardown(more_sections_than_are_remembered_are_right_all_the_same, start,
		                                end_all),
		cmocka_unit_test_setup_teardown(a_reload_forgets_what_the_start_has_read, start, end_all),
		cmocka_unit_test_setup_teardown(nothing_is_remembered_after_a_start, start, end_all),
		cmocka_unit_test_setup_teardown(nothing_is_remembered_after_a_reload, start, end_all),
		cmocka_unit_test_setup_teardown(
			nothing_is_remembered_if_the_first_global_instance_comes_to_a_running_server, start, end_all),
		cmocka_unit_test_setup_teardown(other_threads_neither_use_nor_fill_what_is_remembered, start, end_all),
		cmocka_unit_test_setup_teardown(a_zone_with_two_sections_has_each_instance_read_its_own, start,
		                                end_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
