/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy.h"

#define INFIX		"-kskroll-"
#define TTL_DEFAULT	300

/*! What makes a derived policy; the base policy has no entry. */
static const struct {
	const char *suffix;
	const char *publish;	// Value of cds-cdnskey-publish.
} roles[POLICY__COUNT] = {
	[POLICY_QUIET]    = { "quiet",    "none" },
	[POLICY_SIGNAL]   = { "signal",   "rollover" },
	[POLICY_ROLLBACK] = { "rollback", "double-ds" },
	[POLICY_DELETE]   = { "delete",   "delete-dnssec" },
};

int server_policy_name(char *out, size_t out_len, const char *base,
                       policy_role_t role, uint32_t ttl)
{
	assert(role < POLICY__COUNT);

	if (roles[role].suffix == NULL) {
		return snprintf(out, out_len, "%s", base);
	}
	if (ttl == TTL_DEFAULT) {
		return snprintf(out, out_len, "%s" INFIX "%s", base, roles[role].suffix);
	}
	return snprintf(out, out_len, "%s" INFIX "%s-%u", base, roles[role].suffix, ttl);
}

/*! The role and TTL of "quiet-600"; POLICY_BASE if it is anything else. */
static policy_role_t parse_suffix(const char *suffix, uint32_t *ttl)
{
	for (policy_role_t role = 0; role < POLICY__COUNT; role++) {
		size_t len = (roles[role].suffix != NULL) ? strlen(roles[role].suffix) : 0;
		if (len == 0 || strncmp(suffix, roles[role].suffix, len) != 0) {
			continue;
		}
		suffix += len;
		*ttl = TTL_DEFAULT;
		if (*suffix == '\0') {
			return role;
		}
		if (*suffix++ != '-') {
			return POLICY_BASE;
		}
		char *end;
		unsigned long long value = strtoull(suffix, &end, 10);
		if (end == suffix || *end != '\0' || value > UINT32_MAX) {
			return POLICY_BASE;
		}
		*ttl = value;
		return role;
	}
	return POLICY_BASE;
}

void server_policy_parse(const char *name, char *base, size_t base_len, policy_role_t *role)
{
	*role = POLICY_BASE;

	// The last one: the operator's own name may contain the infix.
	const char *infix = NULL;
	for (const char *p = strstr(name, INFIX); p != NULL; p = strstr(p + 1, INFIX)) {
		infix = p;
	}

	if (infix != NULL && infix != name && (size_t)(infix - name) < POLICY_NAME_MAX) {
		char stem[POLICY_NAME_MAX];
		memcpy(stem, name, infix - name);
		stem[infix - name] = '\0';

		// Only what server_policy_name() writes: not "-0600", "-+600" or "-300".
		uint32_t ttl;
		policy_role_t parsed = parse_suffix(infix + strlen(INFIX), &ttl);
		char again[2 * POLICY_NAME_MAX];
		if (parsed != POLICY_BASE &&
		    server_policy_name(again, sizeof(again), stem, parsed, ttl) < (int)sizeof(again) &&
		    strcmp(again, name) == 0) {
			*role = parsed;
			snprintf(base, base_len, "%s", stem);
			return;
		}
	}

	snprintf(base, base_len, "%s", name);
}

static char *keep_string(cmd_list_t *list, const char *text)
{
	if (list->string_count == list->string_size) {
		size_t size = 2 * list->string_size + 64;
		char **strings = realloc(list->strings, size * sizeof(*strings));
		if (strings == NULL) {
			return NULL;
		}
		list->strings = strings;
		list->string_size = size;
	}
	char *copy = strdup(text);
	if (copy != NULL) {
		list->strings[list->string_count++] = copy;
	}
	return copy;
}

int cmd_list_add(cmd_list_t *list, const char *name, const char *section, const char *id,
                 const char *item, const char *data)
{
	if (list->count == list->size) {
		size_t size = 2 * list->size + 16;
		control_cmd_t *cmds = realloc(list->cmds, size * sizeof(*cmds));
		if (cmds == NULL) {
			return KNOT_ENOMEM;
		}
		list->cmds = cmds;
		list->size = size;
	}

	control_cmd_t cmd = { .name = name, .section = section };
	if ((cmd.id = keep_string(list, id)) == NULL ||
	    (item != NULL && (cmd.item = keep_string(list, item)) == NULL) ||
	    (data != NULL && (cmd.data = keep_string(list, data)) == NULL)) {
		return KNOT_ENOMEM;
	}
	list->cmds[list->count++] = cmd;

	return KNOT_EOK;
}

void cmd_list_clear(cmd_list_t *list)
{
	for (size_t i = 0; i < list->string_count; i++) {
		free(list->strings[i]);
	}
	free(list->strings);
	free(list->cmds);
	memset(list, 0, sizeof(*list));
}

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

/*! Whether an item of the base policy goes into the derived one unchanged. */
static bool is_inherited(const char *item, policy_role_t role)
{
	if (strcmp(item, "cds-cdnskey-publish") == 0 || strcmp(item, "dnskey-ttl") == 0) {
		return false;
	}
	// Knot refuses ds-push where no CDS is published.
	return role != POLICY_QUIET || strcmp(item, "ds-push") != 0;
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

static const char *algorithm_of(const policy_t *policy)
{
	return item_value(policy, "algorithm", "ecdsap256sha256");
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
	if (rollover_policy_ttl(POLICY_ROLLBACK, ttl) > ttl) {
		ttl = rollover_policy_ttl(POLICY_ROLLBACK, ttl);
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
		         "policy '%.60s' has a %s that Knot finds too low with a dnskey-ttl of %u s",
		         base->name, item, ttl);
	}
	return item == NULL;
}

static int add_policy(cmd_list_t *list, const policy_t *base, const char *name,
                      policy_role_t role, uint32_t ttl)
{
	char ttl_text[16];
	snprintf(ttl_text, sizeof(ttl_text), "%u", rollover_policy_ttl(role, ttl));

	int ret = cmd_list_add(list, "conf-set", "policy", name, NULL, NULL);
	for (size_t i = 0; i < base->count && ret == KNOT_EOK; i++) {
		if (is_inherited(base->items[i].name, role)) {
			ret = cmd_list_add(list, "conf-set", "policy", name,
			                   base->items[i].name, base->items[i].value);
		}
	}
	if (ret == KNOT_EOK) {
		ret = cmd_list_add(list, "conf-set", "policy", name, "cds-cdnskey-publish",
		                   roles[role].publish);
	}
	if (ret == KNOT_EOK) {
		ret = cmd_list_add(list, "conf-set", "policy", name, "dnskey-ttl", ttl_text);
	}
	return ret;
}

/*! Reads the base policy (index 0) and \a count - 1 derived ones (index role). */
static server_status_t read_policies(control_t *control, policy_t policies[POLICY__COUNT],
                                     policy_role_t count, char *detail)
{
	control_cmd_t cmds[POLICY__COUNT];
	for (policy_role_t role = 0; role < count; role++) {
		cmds[role] = (control_cmd_t) {
			.name = "conf-get", .section = "policy", .id = policies[role].name,
			.each = policy_unit, .arg = &policies[role]
		};
	}
	if (control_run(control, cmds, count, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}

	for (policy_role_t role = 0; role < count; role++) {
		if (policies[role].failed) {
			snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
			return SERVER_BUSY;
		}
		if (cmds[role].busy) {
			return control_status(&cmds[role], detail);
		}
		// A section shows its identifier at least: silence is not absence.
		if (!policies[role].exists && !cmds[role].failed) {
			snprintf(detail, CONTROL_DETAIL_MAX,
			         "knotd did not get to conf-get, its control is busy");
			return SERVER_BUSY;
		}
	}
	return SERVER_OK;
}

server_status_t policy_prepare(control_t *control, const char *base, policy_role_t role,
                               uint32_t ttl, bool leaves, cmd_list_t *list, char *detail)
{
	assert(role != POLICY_BASE && role < POLICY__COUNT);

	policy_t policies[POLICY__COUNT] = { 0 };
	/* The one that removes the DS is nobody's until it is needed. */
	const policy_role_t count = role == POLICY_DELETE ? POLICY__COUNT : POLICY_DELETE;
	for (policy_role_t i = 0; i < count; i++) {
		if (server_policy_name(policies[i].name, POLICY_NAME_MAX, base, i, ttl) >=
		    POLICY_NAME_MAX) {
			snprintf(detail, CONTROL_DETAIL_MAX,
			         "the policy name is too long for a derived policy");
			return SERVER_REFUSED;
		}
	}

	server_status_t ret = read_policies(control, policies, count, detail);
	if (ret != SERVER_OK) {
		goto done;
	}

	// Knot's built-in policy "default" has no section.
	if (!policies[POLICY_BASE].exists && strcmp(base, "default") != 0) {
		snprintf(detail, CONTROL_DETAIL_MAX, "no policy '%.100s' in the configuration", base);
		ret = SERVER_REFUSED;
		goto done;
	}
	// Knot finds the shared key by the policy's name: a derived policy would get another key.
	if (policies[POLICY_BASE].ksk_shared || policies[role].ksk_shared) {
		snprintf(detail, CONTROL_DETAIL_MAX,
		         "policy '%.100s' has ksk-shared, its zones cannot be switched", base);
		ret = SERVER_REFUSED;
		goto done;
	}

	if (policies[role].exists) {
		const char *publish = item_value(&policies[role], "cds-cdnskey-publish", "rollover");
		if (strcmp(publish, roles[role].publish) != 0) {
			snprintf(detail, CONTROL_DETAIL_MAX,
			         "policy '%.60s' has cds-cdnskey-publish '%.20s', must be '%s'",
			         policies[role].name, publish, roles[role].publish);
			ret = SERVER_REFUSED;
		} else if (leaves && strcmp(algorithm_of(&policies[role]), algorithm_of(&policies[POLICY_BASE])) != 0) {
			// Knot would roll to it. Under way it is left as it is: the next rollover finds it.
			snprintf(detail, CONTROL_DETAIL_MAX, "policy '%.40s' has algorithm %.16s, '%.30s' has %.16s: remove it",
			         policies[role].name, algorithm_of(&policies[role]), base,
			         algorithm_of(&policies[POLICY_BASE]));
			ret = SERVER_REFUSED;
		}
		goto done;
	}
	if (!ttl_fits(&policies[POLICY_BASE], ttl, detail)) {
		ret = SERVER_REFUSED;
		goto done;
	}

	size_t before = list->count;
	for (policy_role_t i = POLICY_QUIET; i < count; i++) {
		if (policies[i].exists) {
			continue;
		}
		if (add_policy(list, &policies[POLICY_BASE], policies[i].name, i, ttl) != KNOT_EOK) {
			// Half a policy must not be committed for the sake of other zones.
			list->count = before;
			snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
			ret = SERVER_BUSY;
			break;
		}
	}

done:
	for (policy_role_t i = 0; i < count; i++) {
		policy_clear(&policies[i]);
	}
	return ret;
}
