/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the configuration outside of our section says about a zone: may it be driven, from which policy?
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf.h"
#include "knot_items.h"
#include "kskroll/policy_name.h"
#include "section.h"

/*! Digest type of DS that CDS has to have: SHA-256 (RFC 4509). */
#define DIGEST_SHA256 2

/*! cds-cdnskey-publish: rollover, and always. */
#define PUBLISH_ROLLOVER 2
#define PUBLISH_ALWAYS   3
/*! dnskey-management: incremental. */
#define MGMT_INCREMENTAL 1

#define TEXT_OF_(x) #x
#define TEXT_OF(x)  TEXT_OF_(x)

/* Rules about the policy: what would race with us, or cannot work. */

static bool policy_bool(knotd_mod_t *mod, const knotd_conf_t *policy, const char *item)
{
	return knotd_conf(mod, C_POLICY, item, policy).single.boolean;
}

/*! \return What of the server or the zone forbids to drive it, and what to change; NULL if nothing does. */
static const char *unfit_zone(knotd_mod_t *mod, const knot_dname_t *zone)
{
	const char *version = knotd_conf_env(mod, KNOTD_CONF_ENV_VERSION).single.string;
	unsigned major = 0, minor = 0, patch = 0;

	/* "Knot DNS 3.4.6" */
	version = version != NULL ? strpbrk(version, "0123456789") : NULL;
	if (version == NULL || sscanf(version, "%u.%u.%u", &major, &minor, &patch) < 2 || major < 3 ||
	    (major == 3 && (minor < 2 || (minor == 2 && patch < 10)))) {
		return "this Knot DNS loses its modules at a configuration transaction: use 3.3 or newer";
	}
	if (!knotd_conf_zone(mod, C_DNSSEC_SIGNING, zone).single.boolean) {
		return "dnssec-signing of the zone is off: this server does not sign it";
	}
	return NULL;
}

/*! \return What of a policy forbids to drive its zones. */
static const char *unfit(knotd_mod_t *mod, const knotd_conf_t *policy)
{
	if (policy_bool(mod, policy, C_OFFLINE_KSK)) {
		return "offline-ksk of the policy is on: the module cannot roll keys that this server does not have";
	}
	knotd_conf_t unsafe = knotd_conf(mod, C_POLICY, C_UNSAFE_OPERATION, policy);
	bool is_unsafe = unsafe.count > 0 && unsafe.multi != NULL && unsafe.multi[0].option != 0;
	knotd_conf_free(&unsafe);
	if (is_unsafe) {
		return "unsafe-operation of the policy is set: remove it";
	}
	knotd_conf_t submission = knotd_conf(mod, C_POLICY, C_KSK_SUBMISSION, policy);
	if (submission.count > 0 && submission.single.data != NULL) {
		knotd_conf_t parents = knotd_conf(mod, C_SUBMISSION, C_PARENT, &submission);
		size_t parent_count = parents.count;
		knotd_conf_free(&parents);
		if (parent_count > 0) {
			return "ksk-submission of the policy has a parent, which would remove the old key too early: remove the parent";
		}
		if (knotd_conf(mod, C_SUBMISSION, C_TIMEOUT, &submission).single.integer > 0) {
			return "ksk-submission of the policy has a timeout, which would remove the old key without a check: remove the timeout";
		}
	}
	return NULL;
}

/*! Whether Knot sends the DS to the parent. An item of the zone or its template counts instead of that of the policy.
 */
static bool pushes_ds(knotd_mod_t *mod, const knot_dname_t *zone, const knotd_conf_t *base)
{
	knotd_conf_t of_zone = knotd_conf_zone(mod, C_DS_PUSH, zone);
	knotd_conf_t of_policy = knotd_conf(mod, C_POLICY, C_DS_PUSH, base);
	const bool pushes = of_zone.count + of_policy.count > 0;

	knotd_conf_free(&of_zone);
	knotd_conf_free(&of_policy);
	return pushes;
}

/*!
 * \brief What forbids to drive a zone because of ds-push.
 *
 * Knot sends what CDS says at that moment, propagation-delay after CDS has come, and nothing if it has gone by then.
 * CDS that the module publishes may be obeyed at once. That of a KSK which others have made must have been withdrawn
 * before: the check that does it comes within check-interval.
 */
static const char *unfit_push(knotd_mod_t *mod, const knot_dname_t *zone, const knotd_conf_t *base,
                              const rollover_config_t *config)
{
	if (!pushes_ds(mod, zone, base)) {
		return NULL;
	}
	if (knotd_conf(mod, C_POLICY, C_CDS_CDNSKEY_PUBLISH, base).single.option != PUBLISH_ROLLOVER) {
		return "ds-push sends what CDS says, and cds-cdnskey-publish of the policy is not rollover: set it, or remove ds-push";
	}
	if (knotd_conf(mod, C_POLICY, C_PROPAGATION_DELAY, base).single.integer < 2 * (int64_t)config->check_interval) {
		return "ds-push may act before a check: set propagation-delay of the policy to twice check-interval at least, or remove ds-push";
	}
	return NULL;
}

/*!
 * \brief What forbids to drive a zone whose KSK is shared; else its policy is never switched.
 *
 * Knot takes the newest key of a policy, by its name, for the next zone that needs one, so that one key is made for all
 * zones of the policy. Under another name there would be another key. The states of the key are those of each zone.
 */
static const char *unfit_shared(policy_role_t role, bool publishes, rollover_config_t *config)
{
	if (!publishes) {
		return "ksk-shared of the policy is on, and its cds-cdnskey-publish is not rollover: set it";
	}
	if (role != POLICY_BASE) {
		return "ksk-shared of the policy is on, and dnssec-policy of the zone is a derived one, which has other keys: set the policy itself";
	}
	if (config->go_insecure) {
		return "ksk-shared of the policy is on, so go-insecure cannot give the zone the policy with the delete signal";
	}
	config->ttl = 0;
	return NULL;
}

/*! \return Why no rollover may start: what resolvers would not take, and the module could not judge. */
static const char *no_start(knotd_mod_t *mod, const knotd_conf_t *base)
{
	if (policy_bool(mod, base, C_NSEC3) &&
	    knotd_conf(mod, C_POLICY, C_NSEC3_ITERATIONS, base).single.integer > DNS_NSEC3_ITERATIONS_MAX) {
		return "nsec3-iterations of the policy is above " TEXT_OF(
			DNS_NSEC3_ITERATIONS_MAX) ", which resolvers treat as insecure (RFC 9276): set it to 0";
	}
	if (knotd_conf(mod, C_POLICY, C_CDS_DIGEST_TYPE, base).single.option != DIGEST_SHA256) {
		return "cds-digest-type of the policy is not sha256, the only type that the module accepts: set it to sha256";
	}
	return NULL;
}

static knotd_conf_t policy_id(const char *name)
{
	return (knotd_conf_t){ .single = { .data = (const uint8_t *)name, .data_len = strlen(name) + 1 }, .count = 1 };
}

/*!
 * How long before signatures over DNSKEY expire later ones are in force, where the KSK is offline. The policy of the
 * signer says it; without the item here, as keymgr does without it there.
 */
static uint32_t dnskey_refresh(knotd_mod_t *mod, const knotd_conf_t *base)
{
	knotd_conf_t refresh = knotd_conf(mod, C_POLICY, C_RRSIG_REFRESH, base);

	if (!policy_bool(mod, base, C_OFFLINE_KSK)) {
		return 0;
	}
	if (refresh.count > 0 && refresh.single.integer > 0 && refresh.single.integer <= INT32_MAX) {
		return refresh.single.integer;
	}
	const int64_t ttl = knotd_conf(mod, C_POLICY, C_DNSKEY_TTL, base).single.integer;
	const int64_t delay = knotd_conf(mod, C_POLICY, C_PROPAGATION_DELAY, base).single.integer;
	return 1 + (ttl > 0 && ttl <= INT32_MAX ? ttl : 0) + (delay > 0 && delay <= INT32_MAX ? delay : 0);
}

/*! What the base policy says. The one in force may be derived from it. */
static void read_base(knotd_mod_t *mod, const knotd_conf_t *base, conf_zone_t *out)
{
	rollover_config_t *c = &out->settings.config;

	out->settings.csk_wanted = policy_bool(mod, base, C_SINGLE_TYPE_SIGNING);
	/* Knot numbers algorithms as DNSSEC does. */
	out->settings.algorithm_wanted = knotd_conf(mod, C_POLICY, C_ALGORITHM, base).single.option;
	out->settings.no_start = no_start(mod, base);
	const unsigned publish = knotd_conf(mod, C_POLICY, C_CDS_CDNSKEY_PUBLISH, base).single.option;
	out->settings.base_publishes = publish == PUBLISH_ROLLOVER;
	out->settings.base_always = publish == PUBLISH_ALWAYS;
	c->dnskey_refresh = dnskey_refresh(mod, base);
	c->manual = policy_bool(mod, base, C_MANUAL);
	out->settings.knot_lifetime = knotd_conf(mod, C_POLICY, C_KSK_LIFETIME, base).single.integer > 0;
	if (knotd_conf(mod, C_POLICY, C_DNSKEY_MGMT, base).single.option == MGMT_INCREMENTAL) {
		/* Knot gives the RRset another TTL only with another key: it stays as it is. */
		c->ttl = ROLLOVER_TTL_COUNTS;
	}
	/* The TTL never goes up. Where none is set Knot takes that of the SOA, which only the zone knows. */
	knotd_conf_t ttl = knotd_conf(mod, C_POLICY, C_DNSKEY_TTL, base);
	out->settings.ttl_of_soa = ttl.count == 0 || ttl.single.integer < 0 || ttl.single.integer > INT32_MAX;
	if (!out->settings.ttl_of_soa && ttl.single.integer < c->ttl) {
		c->ttl = ttl.single.integer > 0 ? ttl.single.integer : 1;
	}
}

/*!
 * Whether the configuration being loaded has the module as a global one. At a reload the zones are
 * loaded before the instance of the old configuration goes: its presence proves nothing.
 */
static bool has_engine(knotd_mod_t *mod)
{
	static const char name[] = C_MOD_KSKROLL;
	static const char dflt[] = "default";
	knotd_conf_t id = { .single = { .data = (const uint8_t *)dflt, .data_len = sizeof(dflt) }, .count = 1 };
	bool found = false;

	knotd_conf_t list = knotd_conf(mod, C_TEMPLATE, C_GLOBAL_MODULE, &id);
	for (size_t i = 0; i < list.count && list.multi != NULL && !found; i++) {
		found = list.multi[i].data_len >= sizeof(name) - 1 &&
		        memcmp(list.multi[i].data, name, sizeof(name) - 1) == 0;
	}
	knotd_conf_free(&list);
	return found;
}

/*! What the section says; it is the zone's own copy. */
static int read_section(knotd_mod_t *mod, const knot_dname_t *zone, conf_zone_t *out)
{
	conf_section_t section;
	int ret = section_get(mod, zone, &section);
	if (ret != KNOT_EOK) {
		return ret;
	}
	out->settings = section.settings;
	out->settings.config.go_insecure =
		section.has_go_insecure && knot_dname_is_case_equal(section.go_insecure, zone);
	out->other_go_insecure = section.has_go_insecure && !out->settings.config.go_insecure;
	if (section.has_expired && knot_dname_is_case_equal(section.expired_zone, zone) &&
	    section.expired <= time(NULL)) {
		out->settings.config.caches_expired = section.expired;
	}
	out->expired_other = section.has_expired && out->settings.config.caches_expired == 0;
	out->unsafe_timing = section.unsafe_timing;
	return KNOT_EOK;
}

/*! \return Why the zone's own keys are not driven, or NULL. Delegations in the zone need none of that. */
static const char *not_driven(knotd_mod_t *mod, const knot_dname_t *zone, const knotd_conf_t *policy,
                              const knotd_conf_t *base, policy_role_t role, instance_settings_t *settings)
{
	if (!settings->rollover) {
		return "rollover of the module is off: it leaves the keys of this zone alone";
	}
	const char *reason = unfit_zone(mod, zone);
	if (reason == NULL) {
		reason = unfit(mod, base);
	}
	if (reason == NULL && role != POLICY_BASE) {
		reason = unfit(mod, policy);
	}
	if (reason == NULL && policy_bool(mod, base, C_KSK_SHARED)) {
		reason = unfit_shared(role, settings->base_publishes, &settings->config);
	}
	return reason != NULL ? reason : unfit_push(mod, zone, base, &settings->config);
}

int conf_zone_read(knotd_mod_t *mod, const knot_dname_t *zone, conf_zone_t *out)
{
	memset(out, 0, sizeof(*out));
	out->has_engine = has_engine(mod);
	int ret = read_section(mod, zone, out);
	if (ret != KNOT_EOK) {
		return ret;
	}

	/* Without an item the server uses its policy named default. */
	static const char dflt[] = "default";
	knotd_conf_t policy = knotd_conf_zone(mod, C_DNSSEC_POLICY, zone);
	if (policy.count == 0 || policy.single.data == NULL) {
		policy.single.data = (const uint8_t *)dflt;
		policy.single.data_len = sizeof(dflt);
		policy.count = 1;
	}
	snprintf(out->policy, sizeof(out->policy), "%.*s", (int)policy.single.data_len,
	         (const char *)policy.single.data);
	out->settings.policy = out->policy;

	knotd_conf_t zone_ttl = knotd_conf(mod, C_POLICY, C_ZONE_MAX_TTL, &policy);
	if (zone_ttl.single.integer > 0 && zone_ttl.single.integer <= UINT32_MAX) {
		out->settings.config.zone_ttl = zone_ttl.single.integer;
	}

	char base[256];
	policy_role_t role;
	server_policy_parse(out->policy, base, sizeof(base), &role);
	knotd_conf_t base_id = policy_id(base);
	read_base(mod, &base_id, out);

	const char *reason = not_driven(mod, zone, &policy, &base_id, role, &out->settings);
	if (reason != NULL) {
		rollover_config_t *c = &out->settings.config;
		c->observe_only = true;
		snprintf(c->observe_reason, sizeof(c->observe_reason), "%s", reason);
	}
	return KNOT_EOK;
}

void conf_zone_free(conf_zone_t *conf)
{
	conf_settings_clear(&conf->settings);
}
