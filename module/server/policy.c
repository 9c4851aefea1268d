/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "util/knot.h"
#include "kskroll/derived.h"
#include "policy.h"
#include "reread.h"

/*! Comment of what the module made: that it may correct. */
#define MADE "made by the module kskroll"

static void policy_unit(const control_unit_t *unit, void *arg)
{
	policy_t *policy = arg;

	if (unit->item == NULL) {
		return;
	}
	if (strcmp(unit->item, "id") == 0) {
		policy->exists = true;
		return;
	}

	const char *value = (unit->data != NULL) ? unit->data : "";
	if (strcmp(unit->item, "ksk-shared") == 0) {
		policy->ksk_shared = (strcmp(value, "on") == 0);
	}

	policy_item_t *items = realloc(policy->items, (policy->count + 1) * sizeof(*items));
	if (items == NULL) {
		policy->failed = true;
		return;
	}
	policy->items = items;
	policy_item_t *item = &items[policy->count];
	item->name = strdup(unit->item);
	item->value = strdup(value);
	if (item->name == NULL || item->value == NULL) {
		free(item->name);
		free(item->value);
		policy->failed = true;
		return;
	}
	policy->count++;
}

static void policy_clear(policy_t *policy)
{
	for (size_t i = 0; i < policy->count; i++) {
		free(policy->items[i].name);
		free(policy->items[i].value);
	}
	free(policy->items);
}

static const char *item_value(const policy_t *policy, const char *item, const char *unset)
{
	for (size_t i = 0; i < policy->count; i++) {
		if (strcmp(policy->items[i].name, item) == 0) {
			return policy->items[i].value;
		}
	}
	return unset;
}

/*! What Knot takes for an item that is not set. NULL: unknown, or it differs between versions. */
static const char *default_of(const char *item)
{
	/* clang-format off */
	static const char *const defaults[][2] = {
		{ "algorithm", "ecdsap256sha256" }, { "manual", "off" }, { "single-type-signing", "off" },
		{ "ksk-shared", "off" }, { "keytag-modulo", "0/1" }, { "ksk-lifetime", "0" },
		{ "zsk-lifetime", "2592000" }, { "delete-delay", "0" }, { "propagation-delay", "3600" },
		{ "rrsig-lifetime", "1209600" }, { "reproducible-signing", "off" }, { "nsec3", "off" },
		{ "nsec3-iterations", "0" }, { "nsec3-opt-out", "off" }, { "nsec3-salt-lifetime", "2592000" },
		{ "signing-threads", "1" }, { "cds-cdnskey-publish", "rollover" }, { "cds-digest-type", "sha256" },
		{ "dnskey-management", "full" }, { "offline-ksk", "off" }, { "unsafe-operation", "none" },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (strcmp(item, defaults[i][0]) == 0) {
			return defaults[i][1];
		}
	}
	return NULL;
}

/*! Knot answers with plain seconds. Anything else counts as 0, which is never too low. */
static long long item_seconds(const policy_t *policy, const char *item, const char *unset)
{
	char *end;
	const char *value = item_value(policy, item, unset);
	long long seconds = strtoll(value, &end, 10);
	return (*end == '\0') ? seconds : 0;
}

/*!
 * Whether Knot would accept the policy with the largest dnskey-ttl of the derived ones. It checks that in
 * conf-commit, after which an error cannot be undone before 3.4.10 and 3.5.4.
 */
static bool ttl_fits(const policy_t *base, uint32_t ttl, char *detail)
{
	if (rollover_policy_ttl(POLICY_DELETE, ttl) > ttl) {
		ttl = rollover_policy_ttl(POLICY_DELETE, ttl);
	}
	bool csk = (strcmp(item_value(base, "single-type-signing", "off"), "on") == 0);
	char ttl_text[16];
	snprintf(ttl_text, sizeof(ttl_text), "%u", ttl);
	long long delays = 2 * item_seconds(base, "propagation-delay", "3600") + ttl;
	long long zone_max = item_seconds(base, "zone-max-ttl", ttl_text);
	long long ksk = item_seconds(base, "ksk-lifetime", "0");
	long long zsk = item_seconds(base, "zsk-lifetime", "2592000");

	const char *item = NULL;
	if (ksk != 0 && ksk < delays + (csk ? zone_max : ttl)) {
		item = "ksk-lifetime";
	} else if (!csk && zsk != 0 && zsk < delays + zone_max) {
		item = "zsk-lifetime";
	}
	if (item != NULL) {
		snprintf(detail, CONTROL_DETAIL_MAX,
		         "policy '%.60s' has a %s that Knot finds too low with a dnskey-ttl of %u s", base->name, item,
		         ttl);
	}
	return item == NULL;
}

/* Comparing. */

/*! What a derived policy is compared with: its base, but for what makes its role. */
typedef struct {
	const policy_t *base;
	derived_item_t own[DERIVED_OWN];
	bool leaves;
} model_t;

/*! The one value that the role asks for; NULL if the item is that of the base. */
static const char *of_role(const model_t *model, const char *item)
{
	for (size_t i = 0; i < DERIVED_OWN; i++) {
		if (strcmp(item, model->own[i].name) == 0) {
			return model->own[i].value;
		}
	}
	return NULL;
}

static bool has_value(const policy_t *policy, const char *item, const char *value)
{
	for (size_t i = 0; i < policy->count; i++) {
		if (strcmp(policy->items[i].name, item) == 0 && strcmp(policy->items[i].value, value) == 0) {
			return true;
		}
	}
	return false;
}

/*! Whether every value that one has for the item is also one of the other's. */
static bool covers(const policy_t *other, const policy_t *one, const char *item)
{
	const char *unset = default_of(item);
	const bool is_set = item_value(other, item, NULL) != NULL;

	for (size_t i = 0; i < one->count; i++) {
		const char *value = one->items[i].value;
		if (strcmp(one->items[i].name, item) == 0 &&
		    (is_set ? !has_value(other, item, value) : unset == NULL || strcmp(unset, value) != 0)) {
			return false;
		}
	}
	return true;
}

static bool is_equal(const model_t *model, const policy_t *derived, const char *item)
{
	if (strcmp(item, "comment") == 0) {
		return true;
	}
	// Knot would roll to the other algorithm or scheme at once: the rollover under way is ended first.
	if (!model->leaves && (strcmp(item, "algorithm") == 0 || strcmp(item, "single-type-signing") == 0)) {
		return true;
	}
	const char *wanted = of_role(model, item);
	if (wanted != NULL) {
		const char *unset = default_of(item);
		return strcmp(item_value(derived, item, unset != NULL ? unset : ""), wanted) == 0;
	}
	return covers(model->base, derived, item) && covers(derived, model->base, item);
}

/*! \return The first item that differs; NULL if none does. */
static const char *first_difference(const model_t *model, const policy_t *derived)
{
	for (size_t i = 0; i < DERIVED_OWN; i++) {
		if (!is_equal(model, derived, model->own[i].name)) {
			return model->own[i].name;
		}
	}
	for (size_t i = 0; i < derived->count; i++) {
		if (!is_equal(model, derived, derived->items[i].name)) {
			return derived->items[i].name;
		}
	}
	for (size_t i = 0; i < model->base->count; i++) {
		if (!is_equal(model, derived, model->base->items[i].name)) {
			return model->base->items[i].name;
		}
	}
	return NULL;
}

static void say_difference(const model_t *model, const policy_t *derived, const char *item, char *detail)
{
	const char *wanted = of_role(model, item);
	if (wanted == NULL) {
		wanted = item_value(model->base, item, default_of(item));
	}
	const char *got = item_value(derived, item, default_of(item));

	snprintf(detail, CONTROL_DETAIL_MAX, "policy '%.60s' has %.24s %s%.16s%s, must be %s%.16s%s", derived->name,
	         item, got != NULL ? "'" : "", got != NULL ? got : "unset", got != NULL ? "'" : "",
	         wanted != NULL ? "'" : "", wanted != NULL ? wanted : "unset", wanted != NULL ? "'" : "");
}

/* Making. */

/*! All values that the derived policy has to have for the item. */
static int set_item(cmd_list_t *list, const model_t *model, const char *name, const char *item)
{
	const char *wanted = of_role(model, item);
	if (wanted != NULL) {
		return cmd_list_add(list, "conf-set", "policy", name, item, wanted);
	}
	int ret = KNOT_EOK;
	for (size_t i = 0; i < model->base->count && ret == KNOT_EOK; i++) {
		if (strcmp(model->base->items[i].name, item) == 0) {
			ret = cmd_list_add(list, "conf-set", "policy", name, item, model->base->items[i].value);
		}
	}
	return ret;
}

static int add_policy(cmd_list_t *list, const model_t *model, const char *name)
{
	int ret = cmd_list_add(list, "conf-set", "policy", name, NULL, NULL);
	for (size_t i = 0; i < model->base->count && ret == KNOT_EOK; i++) {
		const policy_item_t *item = &model->base->items[i];
		if (derived_inherits(item->name)) {
			ret = cmd_list_add(list, "conf-set", "policy", name, item->name, item->value);
		}
	}
	for (size_t i = 0; i < DERIVED_OWN && ret == KNOT_EOK; i++) {
		ret = set_item(list, model, name, model->own[i].name);
	}
	return ret == KNOT_EOK ? cmd_list_add(list, "conf-set", "policy", name, "comment", MADE) : ret;
}

/*! Makes an item of a policy of ours what it has to be. */
static int correct_item(cmd_list_t *list, const model_t *model, const policy_t *derived, const char *item)
{
	int ret = KNOT_EOK;
	if (item_value(derived, item, NULL) != NULL) {
		ret = cmd_list_add(list, "conf-unset", "policy", derived->name, item, NULL);
	}
	return ret == KNOT_EOK ? set_item(list, model, derived->name, item) : ret;
}

/*! Whether an item came up earlier in the list: an item with several values has several entries. */
static bool is_repeated(const policy_t *policy, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (strcmp(policy->items[i].name, policy->items[at].name) == 0) {
			return true;
		}
	}
	return false;
}

static int correct_policy(cmd_list_t *list, const model_t *model, const policy_t *derived)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < derived->count && ret == KNOT_EOK; i++) {
		const char *item = derived->items[i].name;
		if (!is_repeated(derived, i) && !is_equal(model, derived, item)) {
			ret = correct_item(list, model, derived, item);
		}
	}
	for (size_t i = 0; i < model->base->count && ret == KNOT_EOK; i++) {
		const char *item = model->base->items[i].name;
		if (!is_repeated(model->base, i) && item_value(derived, item, NULL) == NULL &&
		    !is_equal(model, derived, item)) {
			ret = correct_item(list, model, derived, item);
		}
	}
	return ret;
}

/*! Base policy and derived one. */
enum {
	BASE,
	DERIVED,
	PAIR
};

static server_status_t read_policies(control_t *control, const char *command, policy_t policies[PAIR], char *detail)
{
	control_cmd_t cmds[PAIR];
	for (size_t i = 0; i < PAIR; i++) {
		cmds[i] = (control_cmd_t){ .name = command,
			                   .section = "policy",
			                   .id = policies[i].name,
			                   .each = policy_unit,
			                   .arg = &policies[i] };
	}
	if (control_run(control, cmds, PAIR, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}

	for (size_t i = 0; i < PAIR; i++) {
		if (policies[i].failed) {
			snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
			return SERVER_BUSY;
		}
		if (cmds[i].busy) {
			return control_status(&cmds[i], detail);
		}
		// A section shows its identifier at least: silence is not absence.
		if (!policies[i].exists && !cmds[i].failed) {
			snprintf(detail, CONTROL_DETAIL_MAX, "knotd did not carry out %s: its control socket is busy",
			         command);
			return SERVER_BUSY;
		}
	}
	return SERVER_OK;
}

/*! What forbids to derive policies from this one. */
static server_status_t judge_base(const policy_want_t *want, const policy_t policies[PAIR], char *detail)
{
	// Knot's built-in policy "default" has no section.
	if (!policies[BASE].exists && strcmp(want->base, "default") != 0) {
		snprintf(detail, CONTROL_DETAIL_MAX, "no policy '%.100s' in the configuration", want->base);
		return SERVER_REFUSED;
	}
	// Knot finds the shared key by the policy's name: a derived policy would get another key.
	if (policies[BASE].ksk_shared || policies[DERIVED].ksk_shared) {
		snprintf(detail, CONTROL_DETAIL_MAX, "policy '%.100s' has ksk-shared, its zones cannot be switched",
		         want->base);
		return SERVER_REFUSED;
	}
	return SERVER_OK;
}

/*! Creates, corrects, or refuses one. \return KNOT_E*; KNOT_EDENIED with \a detail. */
static int prepare_one(const policy_want_t *want, const policy_t *base, const policy_t *derived, cmd_list_t *list,
                       char *detail)
{
	model_t model = { .base = base, .leaves = want->leaves };
	derived_own(want->role, want->ttl, model.own);

	if (!derived->exists) {
		return add_policy(list, &model, derived->name);
	}
	const char *item = first_difference(&model, derived);
	if (item == NULL) {
		return KNOT_EOK;
	}
	if (strcmp(item_value(derived, "comment", ""), MADE) == 0) {
		return correct_policy(list, &model, derived);
	}
	say_difference(&model, derived, item, detail);
	return KNOT_EDENIED;
}

/*!
 * A zone under way with a policy of ours would roll to what that gets for the sake of another zone, which has to wait.
 */
static server_status_t check_users(control_t *control, const policy_want_t *want, const policy_t *base,
                                   const policy_t *derived, rollover_gate_t *gate, char *detail)
{
	model_t model = { .base = base, .leaves = true };
	derived_own(want->role, want->ttl, model.own);
	const char *item = !is_equal(&model, derived, "algorithm")           ? "algorithm" :
	                   !is_equal(&model, derived, "single-type-signing") ? "single-type-signing" :
	                                                                       NULL;
	char user[64] = "";

	if (!want->leaves || item == NULL || strcmp(item_value(derived, "comment", ""), MADE) != 0) {
		return SERVER_OK;
	}
	server_status_t ret = policy_user(control, want->command, derived->name, user, sizeof(user), detail);
	if (ret != SERVER_OK || user[0] == '\0') {
		return ret;
	}
	*gate = GATE_POLICY_DIFFERS;
	snprintf(detail, CONTROL_DETAIL_MAX,
	         "policy '%.20s' has another %s than '%.40s', which zone %.20s needs as it is", base->name, item,
	         derived->name, user);
	return SERVER_REFUSED;
}

server_status_t policy_prepare(control_t *control, const policy_want_t *want, cmd_list_t *list, rollover_gate_t *gate,
                               char *detail)
{
	policy_t policies[PAIR] = { 0 };
	*gate = GATE_OBSERVE_ONLY;
	if (server_policy_name(policies[BASE].name, POLICY_NAME_MAX, want->base, POLICY_BASE, 0) >= POLICY_NAME_MAX ||
	    server_policy_name(policies[DERIVED].name, POLICY_NAME_MAX, want->base, want->role, want->ttl) >=
	            POLICY_NAME_MAX) {
		snprintf(detail, CONTROL_DETAIL_MAX, "the policy name is too long for a derived policy");
		return SERVER_REFUSED;
	}

	server_status_t ret = read_policies(control, want->command, policies, detail);
	if (ret == SERVER_OK) {
		ret = judge_base(want, policies, detail);
	}
	if (ret == SERVER_OK) {
		ret = check_users(control, want, &policies[BASE], &policies[DERIVED], gate, detail);
	}
	size_t before = list->count;
	if (ret == SERVER_OK) {
		switch (prepare_one(want, &policies[BASE], &policies[DERIVED], list, detail)) {
		case KNOT_EOK:
			break;
		case KNOT_EDENIED:
			*gate = GATE_POLICY_DIFFERS;
			ret = SERVER_REFUSED;
			break;
		default:
			snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
			ret = SERVER_BUSY;
		}
	}
	if (ret == SERVER_OK && list->count > before && !ttl_fits(&policies[BASE], want->ttl, detail)) {
		ret = SERVER_REFUSED;
	}
	if (ret == SERVER_OK && list->count > before && KNOT_POLICY_REREADS) {
		*gate = GATE_SWITCH_LOSES_DATA;
		ret = reread_all(control, want->command, want->base, detail);
	}
	if (ret != SERVER_OK) {
		// Half a policy must not be committed for the sake of other zones.
		list->count = before;
	}
	policy_clear(&policies[BASE]);
	policy_clear(&policies[DERIVED]);
	return ret;
}
