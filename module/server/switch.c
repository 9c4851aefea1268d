/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "switch.h"

/*! How a try of several zones in one connection ended. */
typedef enum {
	TRY_DONE,   // Every zone has its status.
	TRY_ALONE,  // A zone among several spoiled the transaction: try each alone.
	TRY_BROKEN, // The connection was lost while the transaction may have been open.
} try_t;

static void conclude_all(switch_t *switches, size_t count, server_status_t status, const char *detail)
{
	for (size_t i = 0; i < count; i++) {
		switch_conclude(&switches[i], status, detail);
	}
}

static size_t left(const switch_t *switches, size_t count)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		n += !switches[i].done;
	}
	return n;
}

/*! Whether the zone has its base policy now. */
static bool leaves_base(const switch_t *sw)
{
	char base[POLICY_NAME_MAX];
	policy_role_t role = POLICY_BASE;

	if (sw->has_own) {
		server_policy_parse(sw->own, base, sizeof(base), &role);
	}
	return role == POLICY_BASE;
}

/*! Whether what holds for the policies of one zone holds for those of the other. */
static bool alike(const switch_t *a, const switch_t *b)
{
	return a->role == b->role && a->ttl == b->ttl && leaves_base(a) == leaves_base(b) &&
	       strcmp(a->base, b->base) == 0;
}

/*! Adds the commands for the derived policies of all zones left, each base and TTL once. */
static int prepare_policies(control_t *control, switch_t *switches, size_t count, cmd_list_t *list, char *detail)
{
	for (size_t i = 0; i < count; i++) {
		switch_t *sw = &switches[i];
		if (sw->done || sw->role == POLICY_BASE) {
			continue;
		}
		bool seen = false;
		for (size_t j = 0; j < i && !seen; j++) {
			seen = !switches[j].done && alike(&switches[j], sw);
		}
		if (seen) {
			continue;
		}
		// The same base in another role comes with the same commands.
		bool listed = false;
		for (size_t j = 0; j < list->count && !listed; j++) {
			listed = (strcmp(list->cmds[j].id, sw->wanted) == 0);
		}

		const policy_want_t want = { .command = "conf-get",
			                     .base = sw->base,
			                     .role = sw->role,
			                     .ttl = sw->ttl,
			                     .leaves = leaves_base(sw) };
		cmd_list_t none = { 0 };
		char words[CONTROL_DETAIL_MAX];
		rollover_gate_t gate;
		server_status_t st = policy_prepare(control, &want, listed ? &none : list, &gate, words);
		cmd_list_clear(&none);
		if (st == SERVER_UNREACHABLE) {
			snprintf(detail, CONTROL_DETAIL_MAX, "%s", words);
			return KNOT_ECONN;
		}
		if (st == SERVER_OK) {
			continue;
		}
		for (size_t j = i; j < count; j++) {
			if (alike(&switches[j], sw)) {
				switch_conclude(&switches[j], st, words);
			}
		}
	}
	return KNOT_EOK;
}

static int add_zone(cmd_list_t *list, const switch_t *sw)
{
	if (sw->wanted[0] == '\0') {
		return cmd_list_add(list, "conf-unset", "zone", sw->zone, "dnssec-policy", NULL);
	}
	return cmd_list_add(list, "conf-set", "zone", sw->zone, "dnssec-policy", sw->wanted);
}

static const control_cmd_t *first_failed(const cmd_list_t *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->cmds[i].failed || list->cmds[i].doubtful) {
			return &list->cmds[i];
		}
	}
	return NULL;
}

/*!
 * After a commit without an error that took suspiciously long: whether it was carried out
 * shows in the configuration in force.
 */
static int verify_commit(control_t *control, switch_t *switches, size_t count, char *detail)
{
	int ret = switch_examine(control, "conf-read", switches, count, detail);
	if (ret == KNOT_EOK && left(switches, count) > 0) {
		control_cmd_t undo = { .name = "conf-abort" };
		ret = control_run(control, &undo, 1, detail);
		conclude_all(switches, count, SERVER_BUSY, "conf-commit was not carried out");
	}
	return ret;
}

/*! Adds the commands for all zones that need a change. \return KNOT_EOK, or that the connection was lost. */
static int fill(control_t *control, switch_t *switches, size_t count, cmd_list_t *list, size_t *changes, char *detail)
{
	if (switch_examine(control, "conf-get", switches, count, detail) != KNOT_EOK ||
	    switch_templates(control, "conf-get", switches, count, NULL, detail) != KNOT_EOK ||
	    switch_flush(control, switches, count, detail) != KNOT_EOK ||
	    prepare_policies(control, switches, count, list, detail) != KNOT_EOK) {
		return KNOT_ECONN;
	}
	*changes = left(switches, count);
	for (size_t i = 0; i < count; i++) {
		if (!switches[i].done && add_zone(list, &switches[i]) != KNOT_EOK) {
			switch_conclude(&switches[i], SERVER_BUSY, "not enough memory");
		}
	}
	return KNOT_EOK;
}

/*!
 * \brief Sends the commands, and the last one, which commits.
 *
 * \param[in,out] commit  That one.
 * \param[out] failed     The one that failed: the transaction is open. NULL: it is not, every zone has its status.
 *
 * \return KNOT_EOK, or that the connection was lost.
 */
static int carry_out(control_t *control, switch_t *switches, size_t count, const cmd_list_t *list,
                     control_cmd_t *commit, const control_cmd_t **failed, char *detail)
{
	if (control_run(control, list->cmds, list->count, detail) != KNOT_EOK) {
		return KNOT_ECONN;
	}
	*failed = first_failed(list);
	if (*failed != NULL) {
		return KNOT_EOK;
	}
	if (control_run(control, commit, 1, detail) != KNOT_EOK) {
		return KNOT_ECONN;
	}
	if (commit->doubtful) {
		return verify_commit(control, switches, count, detail);
	}
	if (commit->failed) {
		// A commit with a semantic error leaves the transaction open.
		*failed = commit;
	} else {
		conclude_all(switches, count, SERVER_OK, "");
	}
	return KNOT_EOK;
}

/*! Aborts our transaction. \a failed: because of this command; NULL: memory was short, or nothing was to be done. */
static try_t abort_ours(control_t *control, switch_t *switches, size_t count, size_t changes,
                        const control_cmd_t *failed, char *detail)
{
	control_cmd_t undo = { .name = "conf-abort" };
	char words[CONTROL_DETAIL_MAX];

	if (control_run(control, &undo, 1, detail) != KNOT_EOK) {
		return TRY_BROKEN;
	}
	if (failed == NULL) {
		conclude_all(switches, count, SERVER_BUSY, "not enough memory");
	} else if (undo.failed) {
		// Knot 3.4.0 to 3.4.9 and 3.5.0 to 3.5.3 cannot abort after such an error. That is
		// why so much is checked before: nothing but this message can be done about it.
		snprintf(words, sizeof(words), "restart knotd, it keeps a transaction open after: %.100s",
		         failed->error);
		conclude_all(switches, count, SERVER_REFUSED, words);
	} else if (changes > 1 && !failed->busy && !failed->doubtful) {
		return TRY_ALONE;
	} else {
		server_status_t status = control_status(failed, words);
		conclude_all(switches, count, status, words);
	}
	return TRY_DONE;
}

/*! Our transaction is open: fills and commits it, or aborts it. */
static try_t transact(control_t *control, switch_t *switches, size_t count, char *detail)
{
	control_cmd_t commit = { .name = "conf-commit" };
	const control_cmd_t *failed = NULL;
	cmd_list_t list = { 0 };
	size_t changes = 0;
	try_t result = TRY_BROKEN;

	if (fill(control, switches, count, &list, &changes, detail) == KNOT_EOK) {
		if (changes == 0 || left(switches, count) < changes) {
			result = abort_ours(control, switches, count, changes, NULL, detail);
		} else if (carry_out(control, switches, count, &list, &commit, &failed, detail) == KNOT_EOK) {
			result = failed == NULL ? TRY_DONE :
			                          abort_ours(control, switches, count, changes, failed, detail);
		}
	}
	cmd_list_clear(&list);
	return result;
}

static try_t try_together(const control_target_t *target, switch_t *switches, size_t count)
{
	char detail[CONTROL_DETAIL_MAX];
	try_t result = TRY_DONE;

	control_t *control;
	if (control_open(&control, target, detail) != KNOT_EOK) {
		conclude_all(switches, count, SERVER_UNREACHABLE, detail);
		return TRY_DONE;
	}

	if (switch_zone_status(control, switches, count, detail) != KNOT_EOK ||
	    switch_examine(control, "conf-read", switches, count, detail) != KNOT_EOK) {
		conclude_all(switches, count, SERVER_UNREACHABLE, detail);
		goto done;
	}
	if (left(switches, count) == 0) {
		goto done;
	}

	control_cmd_t begin = { .name = "conf-begin" };
	if (control_run(control, &begin, 1, detail) != KNOT_EOK) {
		result = TRY_BROKEN;
	} else if (begin.failed) {
		// Somebody else's transaction. It must not be touched, least of all aborted.
		conclude_all(switches, count, SERVER_BUSY, begin.error);
	} else if (begin.doubtful) {
		result = TRY_BROKEN;
		snprintf(detail, sizeof(detail), "conf-begin: knotd was busy");
	} else {
		result = transact(control, switches, count, detail);
	}
	if (result == TRY_BROKEN) {
		conclude_all(switches, count, begin.doubtful ? SERVER_BUSY : SERVER_UNREACHABLE, detail);
	}

done:
	control_close(control);
	return result;
}

void switch_run(const control_target_t *target, switch_t *switches, size_t count, bool (*stop)(void *arg), void *arg,
                bool *orphan)
{
	assert(target != NULL && switches != NULL && orphan != NULL);

	try_t result = try_together(target, switches, count);
	for (size_t i = 0; i < count && result == TRY_ALONE; i++) {
		if (switches[i].done) {
			continue;
		}
		if (stop != NULL && stop(arg)) {
			conclude_all(switches, count, SERVER_CANCELLED, "");
			return;
		}
		if (try_together(target, &switches[i], 1) == TRY_BROKEN) {
			result = TRY_BROKEN;
			conclude_all(switches, count, SERVER_UNREACHABLE, switches[i].detail);
		}
	}

	*orphan = (result == TRY_BROKEN && !switch_recover(target));
}

server_status_t switch_origin(const control_target_t *target, const char *zone, char *detail)
{
	control_t *control;
	if (control_open(&control, target, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}
	switch_t sw = { .zone = zone };
	int ret = switch_sections(control, "conf-read", &sw, 1, detail);
	control_close(control);
	if (ret != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}
	if (sw.done) {
		snprintf(detail, CONTROL_DETAIL_MAX, "%s", sw.detail);
		return sw.status;
	}
	snprintf(detail, CONTROL_DETAIL_MAX, "%s", sw.has_own ? "own" : "template");
	return SERVER_OK;
}

/*! Reads "..., background workers: 4 (running: 4, pending: 17)". */
static void on_workers(const control_unit_t *unit, void *arg)
{
	static const char label[] = "pending: ";
	const char *at = unit->data != NULL ? strstr(unit->data, label) : NULL;
	if (at != NULL) {
		*(unsigned long *)arg = strtoul(at + strlen(label), NULL, 10);
	}
}

unsigned long switch_events(const control_target_t *target)
{
	unsigned long waiting = 0;
	control_cmd_t cmd = { .name = "status", .type = "workers", .each = on_workers, .arg = &waiting };
	char detail[CONTROL_DETAIL_MAX];
	control_t *control;
	if (control_open(&control, target, detail) == KNOT_EOK) {
		(void)control_run(control, &cmd, 1, detail);
		control_close(control);
	}
	return waiting;
}
