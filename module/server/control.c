/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "control.h"
#include "util/knot.h"
#include "peer.h"

/*!
 * Commands sent ahead of their answers. Both ends block when both socket buffers are full,
 * and every answer costs a buffer of its own in the kernel, however short it is.
 */
#define WINDOW 32

/*! The shortest finite `control.timeout` of knotd: a quicker answer did not run into it. */
#define LOCK_WAIT_MS 900

struct control {
	knot_ctl_t *ctl;
	int64_t deadline; // Milliseconds, monotonic.
	bool broken;
};

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/*! knot_ctl_* apply their timeout to each socket operation: shorten it as time goes by. */
static int renew_timeout(control_t *control)
{
	int64_t left = control->deadline - now_ms();
	if (left <= 0) {
		return KNOT_ETIMEOUT;
	}
	knot_ctl_set_timeout(control->ctl, (int)left);
	return KNOT_EOK;
}

int control_open(control_t **control, const control_target_t *target, char *detail)
{
	assert(control != NULL && target != NULL && detail != NULL);

	const char *path = target->path;
	if (path == NULL) {
		snprintf(detail, CONTROL_DETAIL_MAX, "no control socket: knotd is starting or stopping");
		return KNOT_ENOENT;
	}

	control_t *c = calloc(1, sizeof(*c));
	if (c == NULL || (c->ctl = knot_ctl_alloc()) == NULL) {
		free(c);
		snprintf(detail, CONTROL_DETAIL_MAX, "%s", knot_strerror(KNOT_ENOMEM));
		return KNOT_ENOMEM;
	}
	c->deadline = now_ms() + target->timeout_ms;

	int ret = knot_ctl_connect(c->ctl, path);
	if (ret != KNOT_EOK) {
		snprintf(detail, CONTROL_DETAIL_MAX, "control socket %s: %s", path, knot_strerror(ret));
	} else if (target->pid != 0 && !peer_is(path, target->pid)) {
		ret = KNOT_EDENIED;
		snprintf(detail, CONTROL_DETAIL_MAX, "control socket %s belongs to another process", path);
	}
	if (ret != KNOT_EOK) {
		knot_ctl_free(c->ctl);
		free(c);
		return ret;
	}

	*control = c;
	return KNOT_EOK;
}

static int send_command(control_t *control, const control_cmd_t *cmd)
{
	knot_ctl_data_t data = {
		[KNOT_CTL_IDX_CMD] = cmd->name,    [KNOT_CTL_IDX_SECTION] = cmd->section,
		[KNOT_CTL_IDX_ITEM] = cmd->item,   [KNOT_CTL_IDX_ID] = cmd->id,
		[KNOT_CTL_IDX_ZONE] = cmd->zone,   [KNOT_CTL_IDX_OWNER] = cmd->owner,
		[KNOT_CTL_IDX_TTL] = cmd->ttl,     [KNOT_CTL_IDX_TYPE] = cmd->type,
		[KNOT_CTL_IDX_DATA] = cmd->data,   [KNOT_CTL_IDX_FILTERS] = cmd->filters,
		[KNOT_CTL_IDX_FLAGS] = cmd->flags,
	};

	int ret = renew_timeout(control);
	if (ret == KNOT_EOK) {
		ret = knot_ctl_send(control->ctl, KNOT_CTL_TYPE_DATA, &data);
	}
	if (ret == KNOT_EOK) {
		ret = knot_ctl_send(control->ctl, KNOT_CTL_TYPE_BLOCK, NULL);
	}
	return ret;
}

/*! Keeps the first error: the later ones only follow from it. */
static void note_error(control_cmd_t *cmd, const knot_ctl_data_t data)
{
	if (cmd->failed) {
		return;
	}
	cmd->failed = true;

	const char *error = data[KNOT_CTL_IDX_ERROR];
	if (*error == '\0') {
		error = "an error without a message";
	}
	// The last one: a zone is restored, or has an event for which another client waits.
	static const int busy[] = { KNOT_TXN_EEXISTS, KNOT_TXN_ETHREAD, KNOT_EBUSY, KNOT_EAGAIN };
	for (size_t i = 0; i < sizeof(busy) / sizeof(busy[0]); i++) {
		cmd->busy |= strcmp(error, knot_strerror(busy[i])) == 0;
	}

	const char *section = data[KNOT_CTL_IDX_SECTION];
	const char *id = data[KNOT_CTL_IDX_ID];
	const char *item = data[KNOT_CTL_IDX_ITEM];
	const char *value = data[KNOT_CTL_IDX_DATA];
	if (section == NULL) {
		snprintf(cmd->error, sizeof(cmd->error), "%s", error);
		return;
	}
	snprintf(cmd->error, sizeof(cmd->error), "%s: %s%s%s%s%s%s%s%s", error, section, id != NULL ? "[" : "",
	         id != NULL ? id : "", id != NULL ? "]" : "", item != NULL ? "." : "", item != NULL ? item : "",
	         value != NULL ? " = " : "", value != NULL ? value : "");
}

static int receive_answer(control_t *control, control_cmd_t *cmd)
{
	int64_t start = now_ms();

	while (true) {
		int ret = renew_timeout(control);
		if (ret != KNOT_EOK) {
			return ret;
		}

		knot_ctl_type_t type;
		knot_ctl_data_t data;
		ret = knot_ctl_receive(control->ctl, &type, &data);
		if (ret != KNOT_EOK) {
			return ret;
		}

		switch (type) {
		case KNOT_CTL_TYPE_BLOCK:
			cmd->doubtful = (!cmd->failed && cmd->units == 0 && now_ms() - start >= LOCK_WAIT_MS);
			return KNOT_EOK;
		case KNOT_CTL_TYPE_END:
			return KNOT_EOF;
		default:
			break;
		}

		if (data[KNOT_CTL_IDX_ERROR] != NULL) {
			note_error(cmd, data);
			continue;
		}

		cmd->units++;
		if (cmd->each != NULL) {
			control_unit_t unit = {
				.section = data[KNOT_CTL_IDX_SECTION],
				.id = data[KNOT_CTL_IDX_ID],
				.item = data[KNOT_CTL_IDX_ITEM],
				.zone = data[KNOT_CTL_IDX_ZONE],
				.owner = data[KNOT_CTL_IDX_OWNER],
				.ttl = data[KNOT_CTL_IDX_TTL],
				.type = data[KNOT_CTL_IDX_TYPE],
				.data = data[KNOT_CTL_IDX_DATA],
				.filters = data[KNOT_CTL_IDX_FILTERS],
			};
			cmd->each(&unit, cmd->arg);
		}
	}
}

int control_run(control_t *control, control_cmd_t *cmds, size_t count, char *detail)
{
	assert(control != NULL && (cmds != NULL || count == 0) && detail != NULL);

	int ret = control->broken ? KNOT_ECONN : KNOT_EOK;
	size_t sent = 0;
	for (size_t answered = 0; answered < count && ret == KNOT_EOK; answered++) {
		while (ret == KNOT_EOK && sent < count && sent < answered + WINDOW) {
			ret = send_command(control, &cmds[sent++]);
		}
		if (ret == KNOT_EOK) {
			ret = receive_answer(control, &cmds[answered]);
		}
	}

	if (ret != KNOT_EOK) {
		control->broken = true;
		snprintf(detail, CONTROL_DETAIL_MAX, "control socket: %s",
		         ret == KNOT_EOF ? "closed by knotd" : knot_strerror(ret));
	}
	return ret;
}

void control_close(control_t *control)
{
	if (control == NULL) {
		return;
	}

	if (!control->broken && renew_timeout(control) == KNOT_EOK) {
		(void)knot_ctl_send(control->ctl, KNOT_CTL_TYPE_END, NULL);
	}
	knot_ctl_close(control->ctl);
	knot_ctl_free(control->ctl);
	free(control);
}

server_status_t control_status(const control_cmd_t *cmd, char *detail)
{
	if (cmd->failed) {
		snprintf(detail, CONTROL_DETAIL_MAX, "%s", cmd->error);
		return cmd->busy ? SERVER_BUSY : SERVER_REFUSED;
	}
	if (cmd->doubtful) {
		snprintf(detail, CONTROL_DETAIL_MAX, "%s: knotd was busy, unknown if carried out", cmd->name);
		return SERVER_BUSY;
	}
	return SERVER_OK;
}
