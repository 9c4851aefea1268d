/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an instance of a zone reads and says when it is loaded, with a knotd of the test's own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "conf.h"
#include "kskroll/policy_name.h"
#include "relay.h"
#include "section.h"
#include "sockets.h"
#include "stats.h"

extern const knotd_mod_api_t knotd_mod_api;

static const knot_dname_t ZONE[] = "\x03"
				   "one";

/* The configuration. */
static struct {
	const char *policy;
	bool is_signed;
	bool dry_run;
	unsigned publish;   /*!< cds-cdnskey-publish; 0 = none. */
	int64_t ttl;        /*!< ttl of the module. */
	int64_t dnskey_ttl; /*!< Of the base policy; -1: not set. */
} conf;

static unsigned warnings;
static instance_settings_t attached;

knotd_conf_t knotd_conf_zone(knotd_mod_t *mod, const yp_name_t *item, const knot_dname_t *zone)
{
	knotd_conf_t out = { .count = 0 };

	(void)mod, (void)zone;
	if (strcmp(item, "\x0D"
	                 "dnssec-policy") == 0) {
		out.count = 1;
		out.single.data = (const uint8_t *)conf.policy;
		out.single.data_len = strlen(conf.policy) + 1;
	} else if (strcmp(item, "\x0E"
	                        "dnssec-signing") == 0) {
		out.single.boolean = conf.is_signed;
	}
	return out;
}

knotd_conf_t knotd_conf_mod(knotd_mod_t *mod, const yp_name_t *item)
{
	knotd_conf_t out = { .count = 0 };

	(void)mod;
	if (strcmp(item, "\x07"
	                 "dry-run") == 0) {
		out.single.boolean = conf.dry_run;
	} else if (strcmp(item, "\x03"
	                        "ttl") == 0) {
		out.single.integer = conf.ttl;
	}
	return out;
}

knotd_conf_t knotd_conf(knotd_mod_t *mod, const yp_name_t *section, const yp_name_t *item, const knotd_conf_t *id)
{
	static const char name[] = "\x0B"
				   "mod-kskroll";
	knotd_conf_t out = { .count = 0 };

	(void)mod, (void)section, (void)id;
	if (strcmp(item, "\x0D"
	                 "global-module") == 0) {
		out.multi = calloc(1, sizeof(*out.multi));
		assert_non_null(out.multi);
		out.count = 1;
		out.multi[0].data = (const uint8_t *)name;
		out.multi[0].data_len = sizeof(name) - 1;
	} else if (strcmp(item, "\x13"
	                        "cds-cdnskey-publish") == 0) {
		out.single.option = conf.publish;
	} else if (strcmp(item, "\x0F"
	                        "cds-digest-type") == 0) {
		out.single.option = 2;
	} else if (strcmp(item, "\x0A"
	                        "dnskey-ttl") == 0) {
		out.count = conf.dnskey_ttl >= 0;
		out.single.integer = conf.dnskey_ttl >= 0 ? conf.dnskey_ttl : UINT32_MAX;
	}
	return out;
}

knotd_conf_t knotd_conf_env(knotd_mod_t *mod, knotd_conf_env_t env)
{
	(void)mod, (void)env;
	return (knotd_conf_t){ .single.string = "Knot DNS 3.4.6", .count = 1 };
}

knotd_conf_t knotd_conf_check_item(knotd_conf_check_args_t *args, const yp_name_t *item)
{
	(void)args, (void)item;
	return (knotd_conf_t){ .count = 0 };
}

void knotd_conf_free(knotd_conf_t *value)
{
	free(value->multi);
	memset(value, 0, sizeof(*value));
}

const knot_dname_t *knotd_mod_zone(const knotd_mod_t *mod)
{
	(void)mod;
	return ZONE;
}

void knotd_mod_ctx_set(knotd_mod_t *mod, void *ctx)
{
	(void)mod, (void)ctx;
}

void *knotd_mod_ctx(const knotd_mod_t *mod)
{
	(void)mod;
	return NULL;
}

void knotd_mod_log(knotd_mod_t *mod, int priority, const char *fmt, ...)
{
	char line[512];
	va_list list;

	(void)mod;
	assert_int_equal(priority, LOG_WARNING);
	va_start(list, fmt);
	vsnprintf(line, sizeof(line), fmt, list);
	va_end(list);
	assert_non_null(strstr(line, "publishes CDS by itself"));
	assert_non_null(strstr(line, conf.policy));
	warnings++;
}

/* The rest of the module. */

bool sockets_running(void)
{
	return true;
}

/*! As module/server/policy_name.c does with the names of this test. */
void server_policy_parse(const char *name, char *base, size_t base_len, policy_role_t *role)
{
	const char *infix = strstr(name, "-kskroll-");

	*role = infix == NULL ? POLICY_BASE : strcmp(infix, "-kskroll-quiet") == 0 ? POLICY_QUIET : POLICY_SIGNAL;
	snprintf(base, base_len, "%.*s", infix != NULL ? (int)(infix - name) : (int)strlen(name), name);
}

int stats_add_zone(knotd_mod_t *mod)
{
	(void)mod;
	return KNOT_EOK;
}

int stats_add_totals(knotd_mod_t *mod)
{
	(void)mod;
	return KNOT_EOK;
}

int relay_attach(knotd_mod_t *mod, const global_settings_t *settings, const char *control)
{
	(void)mod, (void)settings, (void)control;
	return KNOT_EOK;
}

void relay_detach(knotd_mod_t *mod)
{
	(void)mod;
}

int relay_zone_attach(knotd_mod_t *mod, const char *zone, const instance_settings_t *settings, registry_zone_t **out)
{
	static char handle;

	(void)mod;
	assert_string_equal(zone, "one.");
	attached = *settings;
	*out = (registry_zone_t *)&handle;
	return KNOT_EOK;
}

void relay_zone_detach(registry_zone_t *zone)
{
	(void)zone;
}

static unsigned load(const char *policy)
{
	conf.policy = policy;
	warnings = 0;
	assert_int_equal(knotd_mod_api.load(NULL), KNOT_EOK);
	return warnings;
}

static int configure(void **state)
{
	(void)state;
	memset(&conf, 0, sizeof(conf));
	conf.is_signed = true;
	conf.publish = 1;
	conf.ttl = 300;
	conf.dnskey_ttl = -1;
	return 0;
}

static void a_policy_that_publishes_cds_is_said_once(void **state)
{
	(void)state;
	assert_int_equal(load("once"), 1);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(load("once"), 0);
	}
}

static void who_need_not_care_is_not_told(void **state)
{
	(void)state;
	conf.is_signed = false;
	assert_int_equal(load("unsigned"), 0);
	conf.is_signed = true;
	conf.dry_run = true;
	assert_int_equal(load("unsigned"), 0);
	conf.dry_run = false;
	conf.publish = 0;
	assert_int_equal(load("unsigned"), 0);
	conf.publish = 1;
	assert_int_equal(load("unsigned-kskroll-quiet"), 0);
	/* Not because it had been said. */
	assert_int_equal(load("unsigned"), 1);
}

/*! However many there are: neither for ever nor for none. */
static void of_many_policies_each_is_said_once(void **state)
{
	static char names[300][16];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 300; i++) {
			snprintf(names[i], sizeof(names[i]), "many-%d", i);
			assert_int_equal(load(names[i]), round == 0);
		}
	}
}

static void the_ttl_of_the_base_policy_counts_where_it_is_lower(void **state)
{
	static const struct {
		int64_t base;
		uint32_t ttl;
		bool of_soa;
		/* clang-format off */
	} CASES[] = {
		{ 60, 60, false }, { 299, 299, false }, { 300, 300, false }, { 3600, 300, false }, { 0, 1, false },
		{ -1, 300, true },
	};
	/* clang-format on */

	(void)state;
	conf.publish = 0;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		conf.dnskey_ttl = CASES[i].base;
		(void)load("ttl");
		assert_int_equal(attached.config.ttl, CASES[i].ttl);
		assert_int_equal(attached.ttl_of_soa, CASES[i].of_soa);
		/* With a derived policy in force its base counts all the same. */
		(void)load("ttl-kskroll-signal");
		assert_int_equal(attached.config.ttl, CASES[i].ttl);
		assert_int_equal(attached.ttl_of_soa, CASES[i].of_soa);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_policy_that_publishes_cds_is_said_once, configure),
		cmocka_unit_test_setup(who_need_not_care_is_not_told, configure),
		cmocka_unit_test_setup(of_many_policies_each_is_said_once, configure),
		cmocka_unit_test_setup(the_ttl_of_the_base_policy_counts_where_it_is_lower, configure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
