/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "policy_case.h"

#include "module/server/reread.h"

table_t knotd;

static bool fails(void)
{
	return knotd.until_no_memory != 0 && --knotd.until_no_memory == 0;
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

/*! Which zone has which policy. */
static void tell_users(control_cmd_t *cmd)
{
	assert_string_equal(cmd->item, "dnssec-policy");
	assert_null(cmd->id);
	cmd->busy = knotd.busy != NULL && strcmp(knotd.busy, "zone") == 0;
	cmd->failed = cmd->busy || knotd.used == NULL;
	if (!cmd->failed) {
		control_unit_t unit = {
			.section = "zone", .id = knotd.user, .item = "dnssec-policy", .data = knotd.used
		};
		cmd->each(&unit, cmd->arg);
		cmd->units++;
	}
}

int control_run(control_t *control, control_cmd_t *cmds, size_t count, char *detail)
{
	(void)control;
	if (knotd.lost) {
		snprintf(detail, CONTROL_DETAIL_MAX, "connection lost");
		return KNOT_ECONN;
	}
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(cmds[i].name, knotd.command);
		if (strcmp(cmds[i].section, "zone") == 0) {
			tell_users(&cmds[i]);
			continue;
		}
		assert_string_equal(cmds[i].section, "policy");
		assert_null(cmds[i].item);
		assert_null(cmds[i].data);
		if (knotd.silent != NULL && strcmp(knotd.silent, cmds[i].id) == 0) {
			continue;
		}
		for (size_t k = 0; k < knotd.count; k++) {
			if (strcmp(knotd.lines[k].policy, cmds[i].id) == 0) {
				control_unit_t unit = { .section = "policy",
					                .id = cmds[i].id,
					                .item = knotd.lines[k].item,
					                .data = knotd.lines[k].value };
				cmds[i].each(&unit, cmds[i].arg);
				cmds[i].units++;
			}
		}
		cmds[i].busy = knotd.busy != NULL && strcmp(knotd.busy, cmds[i].id) == 0;
		cmds[i].failed = cmds[i].busy || cmds[i].units == 0;
	}
	return KNOT_EOK;
}

server_status_t control_status(const control_cmd_t *cmd, char *detail)
{
	snprintf(detail, CONTROL_DETAIL_MAX, "%s is busy", cmd->id != NULL ? cmd->id : cmd->section);
	return SERVER_BUSY;
}

server_status_t reread_all(control_t *control, const char *name, const char *base, char *detail)
{
	(void)control;
	assert_string_equal(name, knotd.command);
	assert_string_equal(base, knotd.base);
	knotd.rereads++;
	if (knotd.reread != SERVER_OK) {
		snprintf(detail, CONTROL_DETAIL_MAX, "z. would lose records");
	}
	return knotd.reread;
}

void has(const char *policy, const char *item, const char *value)
{
	assert_true(knotd.count < LENGTH(knotd.lines));
	snprintf(knotd.lines[knotd.count].policy, sizeof(knotd.lines[0].policy), "%s", policy);
	knotd.lines[knotd.count].item = item;
	knotd.lines[knotd.count++].value = value;
}

static size_t find(const char *policy, const char *item)
{
	size_t i = 0;
	while (i < knotd.count &&
	       (strcmp(knotd.lines[i].policy, policy) != 0 || strcmp(knotd.lines[i].item, item) != 0)) {
		i++;
	}
	assert_true(i < knotd.count);
	return i;
}

void lacks(const char *policy, const char *item)
{
	knotd.lines[find(policy, item)].policy[0] = '\0';
}

void becomes(const char *policy, const char *item, const char *value)
{
	knotd.lines[find(policy, item)].value = value;
}

void is_missing(const char *policy)
{
	for (size_t i = 0; i < knotd.count; i++) {
		if (strcmp(knotd.lines[i].policy, policy) == 0) {
			knotd.lines[i].policy[0] = '\0';
		}
	}
}

const char *const derived[DERIVED] = { LOW_TTL, DELETE };

void begin_base(void)
{
	memset(&knotd, 0, sizeof(knotd));
	knotd.command = "conf-read";
	knotd.user = "user.";
	has("lab", "id", "lab");
}

void begin_derived(bool made)
{
	static const char *const publish[] = { "rollover", "delete-dnssec" };
	static const char *const ttl[] = { "300", "301" };

	begin_base();
	for (size_t i = 0; i < DERIVED; i++) {
		has(derived[i], "id", derived[i]);
		has(derived[i], "cds-cdnskey-publish", publish[i]);
		has(derived[i], "dnskey-ttl", ttl[i]);
		if (made) {
			has(derived[i], "comment", MADE);
		}
	}
}

/* Calls. */

policy_want_t wanted = { .command = "conf-read", .base = "lab", .role = POLICY_LOW_TTL, .ttl = 300, .leaves = true };

result_t prepare(const policy_want_t *want)
{
	result_t r = { 0 };
	cmd_list_t list = { 0 };
	// Those of another zone, which stay whatever comes of this one.
	assert_int_equal(cmd_list_add(&list, "conf-set", "zone", "z.", "dnssec-policy", "x"), KNOT_EOK);
	knotd.base = want->base;
	r.status = policy_prepare(NULL, want, &list, &r.gate, r.detail);
	assert_true(list.count >= 1);
	assert_string_equal(list.cmds[0].id, "z.");
	for (size_t i = 1; i < list.count; i++) {
		const control_cmd_t *cmd = &list.cmds[i];
		assert_string_equal(cmd->section, "policy");
		size_t len = strlen(r.cmds);
		snprintf(r.cmds + len, sizeof(r.cmds) - len, "%s %s%s%s%s%s\n", cmd->name + strlen("conf-"),
		         strncmp(cmd->id, "lab-kskroll-", 12) == 0 ? cmd->id + 12 : cmd->id,
		         cmd->item != NULL ? " " : "", cmd->item != NULL ? cmd->item : "", cmd->data != NULL ? "=" : "",
		         cmd->data != NULL ? cmd->data : "");
	}
	cmd_list_clear(&list);
	assert_int_equal(list.count, 0);
	return r;
}

void assert_does(const policy_want_t *want, const char *cmds)
{
	result_t r = prepare(want);
	if (r.status != SERVER_OK) {
		fail_msg("status %i: %s", r.status, r.detail);
	}
	assert_string_equal(r.cmds, cmds);
	assert_int_equal(knotd.rereads, KNOT_POLICY_REREADS && cmds[0] != '\0');
	knotd.rereads = 0;
}

void assert_refuses(const policy_want_t *want, server_status_t status, rollover_gate_t gate, const char *words)
{
	result_t r = prepare(want);
	assert_string_equal(r.detail, words);
	assert_int_equal(r.status, status);
	assert_int_equal(r.gate, gate);
	assert_string_equal(r.cmds, "");
}

policy_want_t as(policy_role_t role, bool leaves)
{
	policy_want_t want = wanted;
	want.role = role;
	want.leaves = leaves;
	return want;
}
