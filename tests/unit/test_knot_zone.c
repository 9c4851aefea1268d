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
#include "notify_receive.h"
#include "relay.h"
#include "report_receive.h"
#include "section.h"
#include "sockets.h"
#include "stats.h"
#include "util/knot.h"

extern const knotd_mod_api_t knotd_mod_api;

static const knot_dname_t ZONE[] = "\x03"
				   "one";

/* The configuration. */
static struct {
	const char *policy;
	bool is_signed;
	const char *base;   /*!< Policy that has these: */
	unsigned publish;   /*!< cds-cdnskey-publish, as Knot numbers them. */
	unsigned algorithm; /*!< algorithm, as DNSSEC numbers them. */
	int64_t lifetime;   /*!< ksk-lifetime. */
	size_t zone_pushes; /*!< Values of ds-push of the zone or its template. */
	size_t policy_pushes;
	int64_t ttl;        /*!< ttl of the module. */
	int64_t dnskey_ttl; /*!< Of the base policy; -1: not set. */
	bool is_manual;
	bool is_offline;
	bool is_shared;
	bool goes_insecure;        /*!< go-insecure of the module names the zone. */
	int64_t refresh;           /*!< rrsig-refresh; -1: not set. */
	int64_t delay;             /*!< propagation-delay of the base policy. */
	int64_t interval;          /*!< check-interval of the module. */
	bool incremental;          /*!< dnskey-management of the base policy. */
	bool rolls;                /*!< rollover of the module. */
	bool receives;             /*!< notify-receive. */
	bool reports;              /*!< report-receive. */
	const knot_dname_t *agent; /*!< report-agent. */
	unsigned delegations;
	unsigned accept;
	unsigned bootstrap;
	const knot_dname_t *locked[3];
	unsigned apply;
	unsigned via;    /*!< parent-via. */
	bool not_notify; /*!< notify is off. */
	bool no_ways;    /*!< Neither parent-primary nor parent-key nor parent-epp. */
	bool has_key;    /*!< Section `key` has those of update-key and parent-key. */
} conf;

static instance_settings_t attached;
/*! Its own text is gone when the load is over. */
static char locked[64];
static update_key_t key; /*!< Of what was attached last. */
static size_t primaries; /*!< The same. */
static update_key_t parent_key;
static char parent_epp[16];
static size_t parent_primaries;
static char agent[64];

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
	} else if (strcmp(item, "\x0B"
	                        "go-insecure") == 0) {
		out.count = conf.goes_insecure;
		out.single.dname = ZONE;
	} else if (strcmp(item, "\x0E"
	                        "check-interval") == 0) {
		out.single.integer = conf.interval;
	} else if (strcmp(item, "\x08"
	                        "rollover") == 0) {
		out.single.boolean = conf.rolls;
	} else if (strcmp(item, "\x0B"
	                        "delegations") == 0) {
		out.single.option = conf.delegations;
	} else if (strcmp(item, "\x06"
	                        "accept") == 0) {
		out.single.option = conf.accept;
	} else if (strcmp(item, "\x0E"
	                        "notify-receive") == 0) {
		out.single.boolean = conf.receives;
	} else if (strcmp(item, "\x0E"
	                        "report-receive") == 0) {
		out.single.boolean = conf.reports;
	} else if (strcmp(item, "\x0C"
	                        "report-agent") == 0) {
		out.single.dname = conf.agent;
		out.count = conf.agent != NULL;
	} else if (strcmp(item, "\x09"
	                        "bootstrap") == 0) {
		out.single.option = conf.bootstrap;
	} else if (strcmp(item, "\x0B"
	                        "bogus-limit") == 0) {
		out.single.integer = 7;
	} else if (strcmp(item, "\x06"
	                        "ds-ttl") == 0) {
		out.single.integer = 600;
	} else if (strcmp(item, "\x10"
	                        "delegation-apply") == 0) {
		out.single.option = conf.apply;
	} else if (strcmp(item, "\x0A"
	                        "parent-via") == 0) {
		out.single.option = conf.via;
	} else if (strcmp(item, "\x06"
	                        "notify") == 0) {
		out.single.boolean = !conf.not_notify;
	} else if (strcmp(item, "\x0A"
	                        "parent-key") == 0) {
		out.count = !conf.no_ways;
		out.single.dname = (const knot_dname_t *)"\x05"
							 "Child";
	} else if (strcmp(item, "\x0A"
	                        "parent-epp") == 0) {
		out.count = !conf.no_ways;
		out.single.string = conf.no_ways ? NULL : "registry";
	} else if (strcmp(item, "\x0E"
	                        "update-primary") == 0) {
		out.count = 1;
		out.single.addr.ss_family = AF_INET;
	} else if (strcmp(item, "\x0E"
	                        "parent-primary") == 0) {
		out.count = !conf.no_ways;
		out.single.addr.ss_family = AF_INET;
	} else if (strcmp(item, "\x0A"
	                        "update-key") == 0) {
		out.count = 1;
		out.single.dname = (const knot_dname_t *)"\x05"
							 "Agent";
	} else if (strcmp(item, "\x0F"
	                        "delegation-lock") == 0) {
		out.multi = calloc(3, sizeof(*out.multi));
		assert_non_null(out.multi);
		while (out.count < 3 && conf.locked[out.count] != NULL) {
			out.multi[out.count].dname = conf.locked[out.count];
			out.count++;
		}
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
	} else if (strcmp(section, "\x03"
	                           "key") == 0) {
		/* As the item has it, not in lower case. */
		assert_int_equal(id->single.data_len, 7);
		assert_true(memcmp(id->single.data,
		                   "\x05"
		                   "Agent",
		                   7) == 0 ||
		            memcmp(id->single.data,
		                   "\x05"
		                   "Child",
		                   7) == 0);
		out.count = conf.has_key;
		if (conf.has_key && item[1] == 's') {
			out.single.data = (const uint8_t *)"hush";
			out.single.data_len = 4;
		} else {
			out.single.option = 4;
		}
	} else if (strcmp(item, "\x13"
	                        "cds-cdnskey-publish") == 0) {
		out.single.option = of_base ? conf.publish : 0;
	} else if (strcmp(item, "\x09"
	                        "algorithm") == 0) {
		out.single.option = of_base ? conf.algorithm : 13;
	} else if (strcmp(item, "\x0C"
	                        "ksk-lifetime") == 0) {
		out.single.integer = of_base ? conf.lifetime : 0;
	} else if (strcmp(item, "\x07"
	                        "ds-push") == 0) {
		out.count = of_base ? conf.policy_pushes : 0;
	} else if (strcmp(item, "\x0D"
	                        "rrsig-refresh") == 0) {
		out.count = conf.refresh >= 0;
		out.single.integer = conf.refresh >= 0 ? conf.refresh : INT64_MIN;
	} else if (strcmp(item, "\x11"
	                        "propagation-delay") == 0) {
		out.single.integer = of_base ? conf.delay : 0;
	} else if (strcmp(item, "\x06"
	                        "manual") == 0) {
		out.single.boolean = of_base && conf.is_manual;
	} else if (strcmp(item, "\x0A"
	                        "ksk-shared") == 0) {
		out.single.boolean = of_base && conf.is_shared;
	} else if (strcmp(item, "\x0B"
	                        "offline-ksk") == 0) {
		out.single.boolean = of_base && conf.is_offline;
	} else if (strcmp(item, "\x0F"
	                        "cds-digest-type") == 0) {
		out.single.option = 2;
	} else if (strcmp(item, "\x11"
	                        "dnskey-management") == 0) {
		out.single.option = of_base && conf.incremental;
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

/*! As the interface of modules declares it. */
#if KNOT_BEFORE(3, 4)
#define CONST
#else
#define CONST const
#endif

/*! The instance is the global one. */
static bool is_global;

const knot_dname_t *knotd_mod_zone(CONST knotd_mod_t *mod)
{
	(void)mod;
	return is_global ? NULL : ZONE;
}

/*! Hooks that were registered. */
static unsigned hooks;

int knotd_mod_hook(knotd_mod_t *mod, knotd_stage_t stage, knotd_mod_hook_f hook)
{
	(void)mod;
	assert_int_equal(stage, KNOTD_STAGE_BEGIN);
	assert_ptr_equal(hook, hooks == 0 || !conf.reports ? notify_receive : report_receive);
	hooks++;
	return KNOT_EOK;
}

static int open_result;

int notify_receive_open(void)
{
	return open_result;
}

knotd_state_t notify_receive(knotd_state_t state, knot_pkt_t *answer, knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	(void)answer, (void)qdata, (void)mod;
	return state;
}

int report_receive_open(void)
{
	return open_result;
}

knotd_state_t report_receive(knotd_state_t state, knot_pkt_t *answer, knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	(void)answer, (void)qdata, (void)mod;
	return state;
}

void knotd_mod_ctx_set(knotd_mod_t *mod, void *ctx)
{
	(void)mod;
	context = ctx;
}

void *knotd_mod_ctx(CONST knotd_mod_t *mod)
{
	(void)mod;
	return context;
}

/*! Nothing else is worth a line, once for each zone of ten thousand. */
void knotd_mod_log(knotd_mod_t *mod, int priority, const char *fmt, ...)
{
	(void)mod;
	const bool has_key = (conf.apply != DELEGATION_BY_UPDATE && conf.via != PARENT_VIA_UPDATE) || conf.has_key;
	if (stats_result == KNOT_EOK && attach_result == KNOT_EOK && open_result == KNOT_EOK && has_key) {
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
		update_key_clear(&key);
		assert_true(update_key_copy(&key, &settings->update_key));
		primaries = settings->update_primary.count;
		update_key_clear(&parent_key);
		assert_true(update_key_copy(&parent_key, &settings->parent_key));
		parent_primaries = settings->parent_primary.count;
		snprintf(parent_epp, sizeof(parent_epp), "%s",
		         settings->parent_epp != NULL ? settings->parent_epp : "none");
		snprintf(locked, sizeof(locked), "%s", settings->locked != NULL ? settings->locked : "none");
		snprintf(agent, sizeof(agent), "%s", settings->report_agent != NULL ? settings->report_agent : "none");
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
	conf.is_signed = conf.rolls = true;
	conf.base = "lab";
	conf.publish = 2;
	conf.ttl = 300;
	conf.dnskey_ttl = conf.refresh = -1;
	conf.delay = 3600;
	conf.interval = 300;
	stats_result = attach_result = open_result = KNOT_EOK;
	is_global = false;
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
			assert_int_equal(attached.base_always, conf.publish == 3);
			/* It is judged where it matters. */
			assert_false(attached.config.observe_only);
		}
	}
}

static void the_algorithm_of_the_base_is_wanted(void **state)
{
	static const uint8_t ALGORITHMS[] = { 8, 15, 0 };

	(void)state;
	for (size_t i = 0; i < POLICIES; i++) {
		for (size_t a = 0; a < sizeof(ALGORITHMS); a++) {
			conf.algorithm = ALGORITHMS[a];
			load(IN_FORCE[i]);
			assert_int_equal(attached.algorithm_wanted, ALGORITHMS[a]);
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

static void ds_push_acts_after_the_checks_or_the_zone_is_observed(void **state)
{
	static const struct {
		size_t of_zone, of_policy;
		unsigned publish;
		int64_t delay;
		const char *reason;
		/* clang-format off */
	} CASES[] = {
		{ 0, 0, 0, 0, NULL }, { 0, 1, 2, 600, NULL }, { 2, 0, 2, 600, NULL },
		{ 0, 1, 2, 599, "propagation-delay of the policy to twice" }, { 2, 0, 2, 599, "propagation-delay of the policy to twice" },
		{ 0, 1, 3, 3600, "cds-cdnskey-publish of the policy is not rollover" },
		{ 2, 0, 0, 3600, "cds-cdnskey-publish of the policy is not rollover" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		for (size_t p = 0; p < POLICIES; p++) {
			conf.zone_pushes = CASES[i].of_zone;
			conf.policy_pushes = CASES[i].of_policy;
			conf.publish = CASES[i].publish;
			conf.delay = CASES[i].delay;
			load(IN_FORCE[p]);
			assert_int_equal(attached.config.observe_only, CASES[i].reason != NULL);
			if (CASES[i].reason != NULL) {
				assert_non_null(strstr(attached.config.observe_reason, CASES[i].reason));
				/* Nothing of the sentence is cut off. */
				assert_non_null(strstr(attached.config.observe_reason, "remove ds-push"));
			}
		}
	}
}

/*! Knot requires manual with it. */
static void an_offline_ksk_is_observed_and_its_signatures_are(void **state)
{
	(void)state;
	conf.is_manual = true;
	for (size_t i = 0; i < POLICIES; i++) {
		conf.is_offline = false;
		load(IN_FORCE[i]);
		assert_true(attached.config.manual && !attached.config.observe_only);
		assert_int_equal(attached.config.dnskey_refresh, 0);
		conf.is_offline = true;
		conf.refresh = 7 * 86400;
		load(IN_FORCE[i]);
		assert_non_null(strstr(attached.config.observe_reason, "offline-ksk of the policy"));
		assert_true(attached.config.observe_only);
		assert_int_equal(attached.config.dnskey_refresh, 7 * 86400);
		/* As keymgr does without it. */
		conf.refresh = -1;
		conf.dnskey_ttl = 300;
		load(IN_FORCE[i]);
		assert_true(attached.config.dnskey_refresh >= 3900 && attached.config.dnskey_refresh <= 3901);
		conf.dnskey_ttl = -1;
		load(IN_FORCE[i]);
		assert_int_not_equal(attached.config.dnskey_refresh, 0);
	}
}

/*! Under another name of the policy Knot would make another key. */
static void the_policy_of_a_shared_ksk_is_never_switched(void **state)
{
	(void)state;
	load("lab");
	assert_int_equal(attached.config.ttl, 300);
	conf.is_shared = true;
	load("lab");
	assert_false(attached.config.observe_only);
	assert_int_equal(attached.config.ttl, 0);
	conf.dnskey_ttl = 60;
	load("lab");
	assert_int_equal(attached.config.ttl, 0);
	load("lab-kskroll-ttl");
	assert_non_null(strstr(attached.config.observe_reason, "set the policy itself"));
	conf.goes_insecure = true;
	load("lab");
	assert_non_null(strstr(attached.config.observe_reason, "delete signal"));
	conf.goes_insecure = false;
	for (conf.publish = 0; conf.publish < 5; conf.publish++) {
		load("lab");
		assert_int_equal(attached.config.observe_only, conf.publish != 2);
	}
	assert_non_null(strstr(attached.config.observe_reason, "cds-cdnskey-publish is not rollover: set it"));
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

/*! Knot changes it only with the keys, so nobody would ever see the low one. */
static void the_ttl_stays_where_records_of_others_are_in_dnskey(void **state)
{
	(void)state;
	static const struct {
		int64_t base;
		uint32_t ttl;
	} CASES[] = { { 60, 60 }, { 3600, 3600 }, { -1, ROLLOVER_TTL_COUNTS }, { 30 * 86400, ROLLOVER_TTL_COUNTS } };

	conf.incremental = true;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		conf.dnskey_ttl = CASES[i].base;
		load("lab");
		assert_int_equal(attached.config.ttl, CASES[i].ttl);
	}
	conf.incremental = false;
}

/*! A zone that holds delegations may be unsigned here, or have a policy that the child side refuses. */
static void a_zone_that_is_not_driven_has_the_agent_all_the_same(void **state)
{
	(void)state;
	conf.rolls = conf.is_signed = false;
	conf.is_offline = true;
	for (conf.delegations = DELEGATIONS_OFF; conf.delegations <= DELEGATIONS_UPDATE; conf.delegations++) {
		load("lab");
		assert_false(attached.rollover);
		assert_int_equal(attached.delegations, conf.delegations);
		assert_int_equal(attached.delegation.report_only, conf.delegations == DELEGATIONS_REPORT);
		/* Should anything drive it nevertheless, it only observes. */
		assert_true(attached.config.observe_only);
		assert_non_null(strstr(attached.config.observe_reason, "rollover of the module is off"));
	}
	conf.rolls = true;
	load("lab");
	assert_true(attached.rollover);
	assert_non_null(strstr(attached.config.observe_reason, "dnssec-signing"));
	conf.is_signed = true;
	conf.is_offline = false;
	load("lab");
	assert_false(attached.config.observe_only);
}

static void the_agent_has_items_of_its_own_and_two_of_the_child_side(void **state)
{
	(void)state;
	for (conf.accept = 0; conf.accept <= DELEGATION_ACCEPT_CDNSKEY; conf.accept++) {
		conf.bootstrap = conf.accept == DELEGATION_ACCEPT_CDS;
		conf.apply = conf.accept == DELEGATION_ACCEPT_CDS ? DELEGATION_BY_INCLUDE : DELEGATION_BY_TRANSACTION;
		load("lab");
		assert_int_equal(attached.delegation.accept, conf.accept);
		assert_int_equal(attached.delegation.bootstrap, conf.bootstrap);
		assert_int_equal(attached.delegation.check_interval, 300);
		assert_int_equal(attached.delegation.bogus_limit, 7);
		assert_int_equal(attached.delegation.ds_ttl, 600);
		assert_int_equal(attached.delegation.apply, conf.apply);
		assert_false(attached.delegation.locked);
	}
}

static void locked_delegations_are_names_in_lower_case(void **state)
{
	(void)state;
	load("lab");
	assert_string_equal(locked, "none");
	conf.locked[0] = (const knot_dname_t *)"\x01"
					       "A"
					       "\x03"
					       "oNe";
	load("lab");
	assert_string_equal(locked, "a.one.");
	conf.locked[1] = (const knot_dname_t *)"\x03"
					       "b C"
					       "\x03"
					       "one";
	load("lab");
	assert_string_equal(locked, "a.one. b\\032c.one.");
}

static void the_agent_domain_is_a_name_in_lower_case(void **state)
{
	(void)state;
	load("lab");
	assert_string_equal(agent, "none");
	conf.agent = (const knot_dname_t *)"\x02"
					   "eR"
					   "\x03"
					   "ns1";
	load("lab");
	assert_string_equal(agent, "er.ns1.");
}

/*! A secret goes only where it is used, and a key that is missing is said. */
static void the_key_of_dns_update_is_read_where_it_is_used(void **state)
{
	(void)state;
	conf.has_key = true;
	for (conf.apply = DELEGATION_BY_TRANSACTION; conf.apply < DELEGATION_BY_UPDATE; conf.apply++) {
		load("lab");
		assert_null(key.name);
		assert_null(key.secret);
		assert_int_equal(primaries, 0);
	}
	load("lab");
	assert_int_equal(attached.delegation.apply, DELEGATION_BY_UPDATE);
	assert_string_equal(key.name, "agent.");
	assert_int_equal(key.algorithm, 4);
	assert_int_equal(key.secret_len, 4);
	assert_memory_equal(key.secret, "hush", 4);
	assert_int_equal(primaries, 1);
	conf.has_key = false;
	load("lab");
	assert_int_equal(key.secret_len, 0);
	assert_non_null(strstr(logged, "update-key 'agent.' is not in section key"));
	update_key_clear(&key);
}

/*! The DS of the zone itself has a key of its own. What is open may have been sent by another way than that of now. */
static void what_leads_to_the_parent_is_read_if_it_is_set(void **state)
{
	(void)state;
	conf.has_key = true;
	for (unsigned i = 0; i < 2 * PARENT_VIA__COUNT; i++) {
		conf.via = i / 2;
		conf.no_ways = i % 2;
		load("lab");
		assert_int_equal(attached.config.via, conf.via);
		assert_int_equal(parent_primaries, !conf.no_ways);
		assert_int_equal(parent_key.name != NULL, !conf.no_ways);
		assert_string_equal(parent_epp, conf.no_ways ? "none" : "registry");
		if (!conf.no_ways) {
			assert_string_equal(parent_key.name, "child.");
			assert_memory_equal(parent_key.secret, "hush", 4);
		}
		assert_null(key.name);
	}
	conf.has_key = conf.no_ways = false;
	conf.via = PARENT_VIA_EPP;
	load("lab");
	assert_string_equal(logged, "");
	conf.via = PARENT_VIA_UPDATE;
	load("lab");
	assert_non_null(strstr(logged, "parent-key 'child.' is not in section key"));
	update_key_clear(&parent_key);
}

/*! knot.conf of 0.1.0 keeps its meaning. */
static void notify_off_means_that_the_parent_scans(void **state)
{
	(void)state;
	conf.not_notify = true;
	conf.via = PARENT_VIA_AUTO;
	load("lab");
	assert_int_equal(attached.config.via, PARENT_VIA_CDS);
	conf.not_notify = false;
	load("lab");
	assert_int_equal(attached.config.via, PARENT_VIA_AUTO);
}

/*! Queries pass through the module only where the operator wants it to take notifications, or reports. */
static void hooks_are_registered_where_wanted(void **state)
{
	(void)state;
	hooks = 0;
	load("lab");
	conf.receives = true;
	load("lab");
	is_global = true;
	conf.receives = false;
	load("lab");
	assert_int_equal(hooks, 0);
	knotd_mod_api.unload(NULL);
	conf.receives = true;
	load("lab");
	assert_int_equal(hooks, 1);
	knotd_mod_api.unload(NULL);
	hooks = 0;
	conf.reports = true;
	load("lab");
	assert_int_equal(hooks, 2);
	knotd_mod_api.unload(NULL);
	hooks = 0;
	/* Since Knot DNS 3.5 a failing load() refuses the whole configuration. */
	open_result = KNOT_EMFILE;
	conf.receives = false;
	load("lab");
	assert_non_null(strstr(logged, "report-receive: error reports cannot be taken"));
	knotd_mod_api.unload(NULL);
	logged[0] = '\0';
	conf.receives = true;
	conf.reports = false;
	load("lab");
	assert_int_equal(hooks, 0);
	assert_non_null(strstr(logged, "notify-receive: NOTIFY(CDS) cannot be taken"));
	knotd_mod_api.unload(NULL);
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
		cmocka_unit_test_setup(the_algorithm_of_the_base_is_wanted, configure),
		cmocka_unit_test_setup(a_lifetime_of_the_base_is_knots_own_rollover, configure),
		cmocka_unit_test_setup(ds_push_acts_after_the_checks_or_the_zone_is_observed, configure),
		cmocka_unit_test_setup(an_offline_ksk_is_observed_and_its_signatures_are, configure),
		cmocka_unit_test_setup(the_policy_of_a_shared_ksk_is_never_switched, configure),
		cmocka_unit_test_setup(the_ttl_stays_where_records_of_others_are_in_dnskey, configure),
		cmocka_unit_test_setup(the_ttl_of_the_base_policy_counts_where_it_is_lower, configure),
		cmocka_unit_test_setup(a_zone_that_is_not_driven_has_the_agent_all_the_same, configure),
		cmocka_unit_test_setup(the_agent_has_items_of_its_own_and_two_of_the_child_side, configure),
		cmocka_unit_test_setup(the_key_of_dns_update_is_read_where_it_is_used, configure),
		cmocka_unit_test_setup(what_leads_to_the_parent_is_read_if_it_is_set, configure),
		cmocka_unit_test_setup(notify_off_means_that_the_parent_scans, configure),
		cmocka_unit_test_setup(locked_delegations_are_names_in_lower_case, configure),
		cmocka_unit_test_setup(the_agent_domain_is_a_name_in_lower_case, configure),
		cmocka_unit_test_setup(hooks_are_registered_where_wanted, configure),
		cmocka_unit_test_setup(an_instance_that_cannot_be_loaded_leaves_the_zone_in_service, configure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
