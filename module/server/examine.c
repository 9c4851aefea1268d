/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "own.h"
#include "switch.h"

void switch_conclude(switch_t *sw, server_status_t status, const char *detail)
{
	if (!sw->done) {
		sw->done = true;
		sw->status = status;
		snprintf(sw->detail, sizeof(sw->detail), "%s", detail);
	}
}

/*! Room for the commands of all zones; NULL with the words. */
static control_cmd_t *new_cmds(size_t count, char *detail)
{
	control_cmd_t *cmds = calloc(count, sizeof(*cmds));
	if (cmds == NULL) {
		snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
	}
	return cmds;
}

static void zone_section_unit(const control_unit_t *unit, void *arg)
{
	switch_t *sw = arg;
	sw->section = true;

	const char *item = (unit->item != NULL) ? unit->item : "";
	const char *data = (unit->data != NULL) ? unit->data : "";
	if (strcmp(item, "dnssec-policy") == 0) {
		sw->has_own = true;
		snprintf(sw->own, sizeof(sw->own), "%s", data);
	} else if (strcmp(item, "template") == 0) {
		snprintf(sw->template, sizeof(sw->template), "%s", data);
	} else {
		reread_item(&sw->reread, unit);
	}
}

/*!
 * Reads the zones' sections with conf-read (configuration in force) or conf-get (our
 * transaction). The whole section: it shows the zone's name at least, so that an answer
 * which was dropped cannot pass for an item that is not set.
 */
int switch_sections(control_t *control, const char *command, switch_t *switches, size_t count, char *detail)
{
	control_cmd_t *cmds = new_cmds(count, detail);
	if (cmds == NULL) {
		return KNOT_ENOMEM;
	}

	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		switch_t *sw = &switches[i];
		if (!sw->done) {
			sw->section = sw->has_own = false;
			memset(&sw->reread, 0, sizeof(sw->reread));
			strcpy(sw->template, "default");
			cmds[n++] = (control_cmd_t){
				.name = command, .section = "zone", .id = sw->zone, .each = zone_section_unit, .arg = sw
			};
		}
	}

	int ret = control_run(control, cmds, n, detail);
	for (size_t i = 0; i < n && ret == KNOT_EOK; i++) {
		switch_t *sw = cmds[i].arg;
		char words[CONTROL_DETAIL_MAX];
		server_status_t status = control_status(&cmds[i], words);
		const char *no_section = knot_strerror(KNOT_YP_EINVAL_ID);
		if (status == SERVER_REFUSED && strncmp(cmds[i].error, no_section, strlen(no_section)) == 0) {
			// Never create one: it would take a catalog member out of its catalog's hands.
			switch_conclude(sw, SERVER_REFUSED, "the configuration has no section of its own for the zone");
		} else if (status != SERVER_OK) {
			switch_conclude(sw, status, words);
		} else if (!sw->section) {
			switch_conclude(sw, SERVER_BUSY,
			                "knotd did not carry out the command: its control socket is busy");
		}
	}

	free(cmds);
	return ret;
}

int switch_zone_status(control_t *control, switch_t *switches, size_t count, char *detail)
{
	control_cmd_t *cmds = calloc(count, sizeof(*cmds));
	zone_status_t *status = calloc(count, sizeof(*status));
	int ret = KNOT_ENOMEM;
	if (cmds == NULL || status == NULL) {
		snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
		goto done;
	}

	for (size_t i = 0; i < count; i++) {
		cmds[i] = (control_cmd_t){
			.name = "zone-status", .zone = switches[i].zone, .each = zone_status_unit, .arg = &status[i]
		};
	}
	ret = control_run(control, cmds, count, detail);
	for (size_t i = 0; i < count && ret == KNOT_EOK; i++) {
		char words[CONTROL_DETAIL_MAX];
		server_status_t st = control_status(&cmds[i], words);
		if (st != SERVER_OK) {
			switch_conclude(&switches[i], st, words);
		} else if (!status[i].answered) {
			switch_conclude(&switches[i], SERVER_BUSY,
			                "knotd did not carry out zone-status: its control socket is busy");
		} else if (status[i].catalog_member) {
			switch_conclude(&switches[i], SERVER_REFUSED,
			                "the zone is a catalog member, its policy cannot be switched");
		} else if (status[i].transaction) {
			// Our commit would abort it.
			switch_conclude(&switches[i], SERVER_BUSY, "another client has an open zone transaction");
		}
	}

done:
	free(status);
	free(cmds);
	return ret;
}

/*! Concludes zones that need no change, and those that somebody has given another policy. */
static void compare(switch_t *sw)
{
	if (sw->done) {
		return;
	}

	char base[POLICY_NAME_MAX];
	policy_role_t role = POLICY_BASE;
	if (sw->has_own) {
		server_policy_parse(sw->own, base, sizeof(base), &role);
	}

	if (sw->role == POLICY_BASE) {
		// What is not a derived policy has been set by the operator and stays.
		if (role == POLICY_BASE) {
			switch_conclude(sw, SERVER_OK, "unchanged");
		}
		snprintf(sw->wanted, sizeof(sw->wanted), "%s", sw->implicit ? "" : sw->base);
		return;
	}

	if (server_policy_name(sw->wanted, sizeof(sw->wanted), sw->base, sw->role, sw->ttl) >=
	    (int)sizeof(sw->wanted)) {
		switch_conclude(sw, SERVER_REFUSED, "the policy name is too long for a derived policy");
	} else if (sw->has_own && strcmp(sw->own, sw->wanted) == 0) {
		switch_conclude(sw, SERVER_OK, "unchanged");
	} else if (sw->has_own && strcmp(base, sw->base) != 0) {
		char words[CONTROL_DETAIL_MAX];
		snprintf(words, sizeof(words), "the zone's dnssec-policy is '%.50s' now, not '%.50s'", sw->own,
		         sw->base);
		switch_conclude(sw, SERVER_REFUSED, words);
	}
}

int switch_examine(control_t *control, const char *command, switch_t *switches, size_t count, char *detail)
{
	int ret = switch_sections(control, command, switches, count, detail);
	for (size_t i = 0; i < count && ret == KNOT_EOK; i++) {
		compare(&switches[i]);
	}
	return ret;
}

/*! What matters of a template. */
typedef struct {
	const char *name;
	bool answered;
	reread_t reread;
} template_t;

static void template_unit(const control_unit_t *unit, void *arg)
{
	template_t *template = arg;
	template->answered = true;
	reread_item(&template->reread, unit);
}

static void judge_template(switch_t *sw, const template_t *template, const control_cmd_t *cmd,
                           const complete_t *complete, rollover_gate_t *gate)
{
	char words[CONTROL_DETAIL_MAX];

	// The template "default" need not exist.
	if (!template->answered && !cmd->failed) {
		snprintf(words, sizeof(words), "knotd did not carry out %s: its control socket is busy", cmd->name);
		switch_conclude(sw, SERVER_BUSY, words);
	} else {
		reread_fate_t fate = reread_judge(&sw->reread, &template->reread, complete, words);
		sw->flush = fate == REREAD_FLUSH;
		if (fate == REREAD_LOSES) {
			*gate = GATE_SWITCH_LOSES_DATA;
			switch_conclude(sw, SERVER_REFUSED, words);
		}
	}
}

int switch_templates(control_t *control, const char *command, switch_t *switches, size_t count, rollover_gate_t *gate,
                     char *detail)
{
	template_t *templates = calloc(count, sizeof(*templates));
	control_cmd_t *cmds = calloc(count + 1, sizeof(*cmds));
	complete_t complete = { 0 };
	rollover_gate_t unused;
	int ret = KNOT_ENOMEM;
	if (templates == NULL || cmds == NULL) {
		snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
		goto done;
	}

	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		bool known = switches[i].done;
		for (size_t j = 0; j < n && !known; j++) {
			known = (strcmp(templates[j].name, switches[i].template) == 0);
		}
		if (!known) {
			templates[n].name = switches[i].template;
			cmds[n] = (control_cmd_t){ .name = command,
				                   .section = "template",
				                   .id = switches[i].template,
				                   .each = template_unit,
				                   .arg = &templates[n] };
			n++;
		}
	}
	cmds[n] = complete_command(command, &complete);

	ret = control_run(control, cmds, n + 1, detail);
	if (ret == KNOT_EOK && complete.failed) {
		snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
		ret = KNOT_ENOMEM;
	}
	const bool unknown = cmds[n].busy || cmds[n].doubtful;
	for (size_t i = 0; i < count && ret == KNOT_EOK; i++) {
		switch_t *sw = &switches[i];
		if (sw->done) {
			continue;
		}
		if (unknown) {
			switch_conclude(sw, SERVER_BUSY,
			                "knotd did not carry out zone-file-complete: its control socket is busy");
			continue;
		}
		size_t j = 0;
		while (strcmp(templates[j].name, sw->template) != 0) {
			j++;
		}
		judge_template(sw, &templates[j], &cmds[j], &complete, gate != NULL ? gate : &unused);
	}

done:
	complete_clear(&complete);
	free(cmds);
	free(templates);
	return ret;
}

int switch_flush(control_t *control, switch_t *switches, size_t count, char *detail)
{
	control_cmd_t *cmds = new_cmds(count, detail);
	if (cmds == NULL) {
		return KNOT_ENOMEM;
	}
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		if (!switches[i].done && switches[i].flush) {
			cmds[n++] = (control_cmd_t){
				.name = "zone-flush", .zone = switches[i].zone, .flags = "B", .arg = &switches[i]
			};
		}
	}
	int ret = control_run(control, cmds, n, detail);
	for (size_t i = 0; i < n && ret == KNOT_EOK; i++) {
		char words[CONTROL_DETAIL_MAX];
		server_status_t status = control_status(&cmds[i], words);
		if (status != SERVER_OK) {
			char text[CONTROL_DETAIL_MAX];
			snprintf(text, sizeof(text), "the zone file cannot be written: %.120s", words);
			switch_conclude(cmds[i].arg, status, text);
		}
	}
	free(cmds);
	return ret;
}

server_status_t switch_fit(const control_target_t *target, const char *zone, const char *base, uint32_t ttl,
                           policy_role_t role, bool leaves, rollover_gate_t *gate, char *detail)
{
	switch_t sw = { .zone = zone, .base = base, .role = POLICY_LOW_TTL, .ttl = ttl };
	control_t *control;

	*gate = GATE_OBSERVE_ONLY;
	if (control_open(&control, target, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}
	server_status_t ret = SERVER_UNREACHABLE;
	if (switch_sections(control, "conf-read", &sw, 1, detail) == KNOT_EOK &&
	    switch_templates(control, "conf-read", &sw, 1, gate, detail) == KNOT_EOK) {
		if (sw.done) {
			snprintf(detail, CONTROL_DETAIL_MAX, "%s", sw.detail);
			ret = sw.status;
		} else if (role == POLICY_BASE) {
			ret = SERVER_OK;
		} else {
			const policy_want_t want = {
				.command = "conf-read", .base = base, .role = role, .ttl = ttl, .leaves = leaves
			};
			cmd_list_t none = { 0 };
			ret = policy_prepare(control, &want, &none, gate, detail);
			cmd_list_clear(&none);
		}
	}
	control_close(control);
	return ret;
}
