/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an instance of a zone reads when it is loaded, with a knotd of the test's own. */

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
	const char *base;   /*!< Policy that has these: */
	unsigned publish;   /*!< cds-cdnskey-publish, as Knot numbers them. */
	int64_t lifetime;   /*!< ksk-lifetime. */
	size_t zone_pushes; /*!< Values of ds-push of the zone or its template. */
	size_t policy_pushes;
	int64_t ttl;        /*!< ttl of the module. */
	int64_t dnskey_ttl; /*!< Of the base policy; -1: not set. */
} conf;

static instance_settings_t attached;

/*! Results of what an instance needs to be loaded. */
static int stats_result, attach_result;
/*! What an instance that is not attached logs, once. */
static char logged[256];
static void *context;

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
	} else if (strcmp(item, "\x07"
	                        "ds-push") == 0) {
		out.count = conf.zone_pushes;
		out.multi = calloc(1 + out.count, sizeof(*out.multi)); /* Freed by the one who asks. */
		assert_non_null(out.multi);
	}
	return out;
}

knotd_conf_t knotd_conf_mod(knotd_mod_t *mod, const yp_name_t *item)
{
	knotd_conf_t out = { .count = 0 };

	(void)mod;
	if (strcmp(item, "\x03"
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

	(void)mod, (void)section;
	const bool of_base = id != NULL && id->single.data != NULL && conf.base != NULL &&
	                     strcmp((const char *)id->single.data, conf.base) == 0;
	if (strcmp(item, "\x0D"
	                 "global-module") == 0) {
		out.multi = calloc(1, sizeof(*out.multi));
		assert_non_null(out.multi);
		out.count = 1;
		out.multi[0].data = (const uint8_t *)name;
		out.multi[0].data_len = sizeof(name) - 1;
	} else if (strcmp(item, "\x13"
	                        "cds-cdnskey-publish") == 0) {
		out.single.option = of_base ? conf.publish : 0;
	} else if (strcmp(item, "\x0C"
	                        "ksk-lifetime") == 0) {
		out.single.integer = of_base ? conf.lifetime : 0;
	} else if (strcmp(item, "\x07"
	                        "ds-push") == 0) {
		out.count = of_base ? conf.policy_pushes : 0;
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
	(void)mod;
	context = ctx;
}

void *knotd_mod_ctx(const knotd_mod_t *mod)
{
	(void)mod;
	return context;
}

/*! Nothing else is worth a line, once for each zone of ten thousand. */
void knotd_mod_log(knotd_mod_t *mod, int priority, const char *fmt, ...)
{
	(void)mod;
	if (stats_result == KNOT_EOK && attach_result == KNOT_EOK) {
		fail_msg("%s", fmt);
	}
	assert_int_equal(priority, LOG_ERR);
	assert_string_equal(logged, "");
	va_list args;
	va_start(args, fmt);
	vsnprintf(logged, sizeof(logged), fmt, args);
	va_end(args);
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

	*role = infix == NULL ? POLICY_BASE : strcmp(infix, "-kskroll-ttl") == 0 ? POLICY_LOW_TTL : POLICY_FORMER;
	snprintf(base, base_len, "%.*s", infix != NULL ? (int)(infix - name) : (int)strlen(name), name);
}

int stats_add_zone(knotd_mod_t *mod)
{
	(void)mod;
	return stats_result;
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
	if (attach_result == KNOT_EOK) {
		attached = *settings;
		*out = (registry_zone_t *)&handle;
	}
	return attach_result;
}

void relay_zone_detach(registry_zone_t *zone)
{
	assert_true(zone == NULL || attach_result == KNOT_EOK);
}

static void load(const char *policy)
{
	conf.policy = policy;
	memset(&attached, 0, sizeof(attached));
	assert_int_equal(knotd_mod_api.load(NULL), KNOT_EOK);
}

static int configure(void **state)
{
	(void)state;
	memset(&conf, 0, sizeof(conf));
	conf.is_signed = true;
	conf.base = "lab";
	conf.publish = 2;
	conf.ttl = 300;
	conf.dnskey_ttl = -1;
	stats_result = attach_result = KNOT_EOK;
	logged[0] = '\0';
	context = NULL;
	return 0;
}

/*! Whichever policy is in force, the base is asked. */
static const char *const IN_FORCE[] = { "lab", "lab-kskroll-ttl", "lab-kskroll-signal" };
#define POLICIES (sizeof(IN_FORCE) / sizeof(IN_FORCE[0]))

/*! Of none, delete-dnssec, rollover (Knot's default), always and double-ds only one publishes keys that are ready. */
static void the_base_publishes_by_the_states_of_keys_or_not(void **state)
{
	(void)state;
	for (conf.publish = 0; conf.publish < 5; conf.publish++) {
		for (size_t i = 0; i < POLICIES; i++) {
			load(IN_FORCE[i]);
			assert_int_equal(attached.base_publishes, conf.publish == 2);
			/* It is judged where it matters. */
			assert_false(attached.config.observe_only);
		}
	}
}

static void a_lifetime_of_the_base_is_knots_own_rollover(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i++) {
		conf.lifetime = 0;
		load(IN_FORCE[i]);
		assert_false(attached.knot_lifetime);
		conf.lifetime = 1;
		load(IN_FORCE[i]);
		assert_true(attached.knot_lifetime);
	}
}

static void ds_push_acts_before_the_checks_wherever_it_is_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i++) {
		conf.zone_pushes = 2;
		conf.policy_pushes = 0;
		load(IN_FORCE[i]);
		assert_true(attached.config.observe_only);
		assert_non_null(strstr(attached.config.observe_reason, "ds-push of the zone or its template"));
		conf.zone_pushes = 0;
		conf.policy_pushes = 1;
		load(IN_FORCE[i]);
		assert_true(attached.config.observe_only);
		assert_non_null(strstr(attached.config.observe_reason, "ds-push of the policy"));
		conf.policy_pushes = 0;
		load(IN_FORCE[i]);
		assert_false(attached.config.observe_only);
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
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		conf.dnskey_ttl = CASES[i].base;
		load("lab");
		assert_int_equal(attached.config.ttl, CASES[i].ttl);
		assert_int_equal(attached.ttl_of_soa, CASES[i].of_soa);
		/* With a derived policy in force its base counts all the same. */
		load("lab-kskroll-ttl");
		assert_int_equal(attached.config.ttl, CASES[i].ttl);
		assert_int_equal(attached.ttl_of_soa, CASES[i].of_soa);
	}
}

/*! Knot DNS 3.5 removes a zone from service where load() fails. */
static void an_instance_that_cannot_be_loaded_leaves_the_zone_in_service(void **state)
{
	static const struct {
		int stats, attach;
		const char *reason;
		/* clang-format off */
	} CASES[] = {
		{ KNOT_ENOMEM, KNOT_EOK, "not enough memory" }, { KNOT_EOK, KNOT_ENOMEM, "not enough memory" },
		{ KNOT_EOK, KNOT_ESPACE, "not enough space" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		configure(state);
		stats_result = CASES[i].stats;
		attach_result = CASES[i].attach;
		load("lab");
		assert_null(context);
		assert_non_null(strstr(logged, CASES[i].reason));
		assert_non_null(strstr(logged, "not checked until the next reload"));
		knotd_mod_api.unload(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_base_publishes_by_the_states_of_keys_or_not, configure),
		cmocka_unit_test_setup(a_lifetime_of_the_base_is_knots_own_rollover, configure),
		cmocka_unit_test_setup(ds_push_acts_before_the_checks_wherever_it_is_set, configure),
		cmocka_unit_test_setup(the_ttl_of_the_base_policy_counts_where_it_is_lower, configure),
		cmocka_unit_test_setup(an_instance_that_cannot_be_loaded_leaves_the_zone_in_service, configure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
