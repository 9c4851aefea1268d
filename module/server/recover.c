/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "switch.h"

/*! Whether all changes of a transaction could be ours. */
typedef struct {
	bool foreign;
	char derived[KNOT_DNAME_TXT_MAXLEN + 1]; // Zone that gets or loses a derived policy.
	char plain[KNOT_DNAME_TXT_MAXLEN + 1];   // Zone that loses another one, for what?
} diff_t;

static void diff_unit(const control_unit_t *unit, void *arg)
{
	diff_t *diff = arg;

	const char *section = (unit->section != NULL) ? unit->section : "";
	const char *item = (unit->item != NULL) ? unit->item : "";
	const char *id = (unit->id != NULL) ? unit->id : "";
	const char *data = (unit->data != NULL) ? unit->data : "";
	char base[POLICY_NAME_MAX];
	policy_role_t role = POLICY_BASE;

	if (strcmp(section, "policy") == 0) {
		server_policy_parse(strcmp(item, "id") == 0 ? data : id, base, sizeof(base), &role);
		diff->foreign = diff->foreign || role == POLICY_BASE;
	} else if (strcmp(section, "zone") == 0 && strcmp(item, "dnssec-policy") == 0) {
		// The old value comes first. Of a zone's two values one is a derived policy.
		server_policy_parse(data, base, sizeof(base), &role);
		if (role != POLICY_BASE) {
			snprintf(diff->derived, sizeof(diff->derived), "%s", id);
			if (strcmp(diff->plain, id) == 0) {
				diff->plain[0] = '\0';
			}
		} else if (strcmp(diff->derived, id) != 0) {
			diff->foreign = diff->foreign || diff->plain[0] != '\0';
			snprintf(diff->plain, sizeof(diff->plain), "%s", id);
		}
	} else {
		diff->foreign = true;
	}
}

bool switch_recover(const control_target_t *target)
{
	char detail[CONTROL_DETAIL_MAX];
	control_t *control;
	if (control_open(&control, target, detail) != KNOT_EOK) {
		// Without a socket there is no knotd and no transaction any more.
		return target->path == NULL;
	}

	diff_t diff = { 0 };
	control_cmd_t show = { .name = "conf-diff", .each = diff_unit, .arg = &diff };
	control_cmd_t undo = { .name = "conf-abort" };
	bool settled = false;
	if (control_run(control, &show, 1, detail) == KNOT_EOK && !show.doubtful) {
		// Busy: knotd has not noticed yet that our old connection is gone, and asks another
		// thread than the transaction's. Another error: no transaction is open.
		settled = (show.failed && !show.busy) || diff.foreign || diff.plain[0] != '\0';
		if (!settled && !show.failed) {
			// "Busy" for the same reason.
			settled =
				(control_run(control, &undo, 1, detail) == KNOT_EOK && !undo.failed && !undo.doubtful);
		}
	}
	control_close(control);

	return settled;
}
