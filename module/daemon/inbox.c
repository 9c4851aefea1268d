/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inbox.h"

#define SIZE_MIN (64 * 1024)
/*! Reads in a row: the loop has other things to do. */
#define READS_MAX 16

static int obey_settings(inbox_t *box, const wire_frame_t *frame)
{
	global_settings_t settings;
	int ret = wire_get_settings(frame, &settings);
	if (ret == KNOT_EOK) {
		ret = loop_settings(box->loop, &settings);
		wire_free_settings(&settings);
	}
	return ret;
}

static int obey_where(inbox_t *box, const wire_frame_t *frame)
{
	wire_where_t where;
	int ret = wire_get_where(frame, &where);
	if (ret == KNOT_EOK) {
		const server_where_t server = { .control = where.control, .pid = box->server, .dns = where.dns };
		ret = loop_server_is_at(box->loop, &server);
		wire_free_where(&where);
	}
	return ret;
}

static int obey_zone_settings(inbox_t *box, const wire_frame_t *frame)
{
	instance_settings_t settings;
	uint32_t number;
	int ret = wire_get_zone_settings(frame, &number, &settings);
	if (ret == KNOT_EOK) {
		ret = loop_zone_settings(box->loop, number, &settings);
		wire_free_zone_settings(&settings);
		if (ret == KNOT_EOK) {
			/* It may have had the secret of a key; without memory it is read again. */
			explicit_bzero((uint8_t *)frame->data, frame->len);
		}
	}
	return ret;
}

static int obey(inbox_t *box, const wire_frame_t *frame)
{
	wire_attach_t attach;
	wire_notified_t notified;
	wire_reported_t reported;
	wire_id_t id;
	uint32_t number;
	int ret;

	switch (frame->type) {
	case WIRE_SETTINGS:
		return obey_settings(box, frame);
	case WIRE_WHERE:
		return obey_where(box, frame);
	case WIRE_ZONE_SETTINGS:
		return obey_zone_settings(box, frame);
	case WIRE_ZONE_SETTINGS_GONE:
		ret = wire_get_zone_settings_gone(frame, &number);
		if (ret == KNOT_EOK) {
			loop_zone_settings_gone(box->loop, number);
		}
		return ret;
	case WIRE_ATTACH:
		ret = wire_get_attach(frame, &attach);
		return ret == KNOT_EOK ? loop_attach(box->loop, attach.id, attach.zone, attach.settings) : ret;
	case WIRE_DETACH:
		ret = wire_get_detach(frame, &id);
		if (ret == KNOT_EOK) {
			loop_detach(box->loop, id);
		}
		return ret;
	case WIRE_NOTIFIED:
		ret = wire_get_notified(frame, &notified);
		if (ret == KNOT_EOK) {
			loop_notified(box->loop, &notified);
		}
		return ret;
	case WIRE_REPORTED:
		ret = wire_get_reported(frame, &reported);
		if (ret == KNOT_EOK) {
			loop_reported(box->loop, &reported);
		}
		return ret;
	default:
		return KNOT_EMALF;
	}
}

/*! The first frame: who is there? */
static inbox_status_t greet(inbox_t *box, const wire_frame_t *frame)
{
	wire_hello_t hello;

	if (wire_get_hello(frame, &hello) != KNOT_EOK || hello.pid <= 1) {
		return INBOX_BROKEN;
	}
	if (strcmp(hello.version, box->version) != 0) {
		return INBOX_OTHER;
	}
	if (hello.pid != getppid()) {
		return INBOX_BROKEN;
	}
	box->server = hello.pid;
	return INBOX_MORE;
}

static inbox_status_t obey_all(inbox_t *box)
{
	wire_frame_t frame;
	int ret;

	while ((ret = wire_next(box->data + box->at, box->len - box->at, WIRE_FRAME_MAX, &frame)) == KNOT_EOK) {
		if (box->server == 0) {
			const inbox_status_t status = greet(box, &frame);
			if (status != INBOX_MORE) {
				return status;
			}
		} else if ((ret = obey(box, &frame)) != KNOT_EOK) {
			return ret == KNOT_ENOMEM ? INBOX_LATER : INBOX_BROKEN;
		}
		box->at += frame.whole;
	}
	return ret == KNOT_EAGAIN ? INBOX_MORE : INBOX_BROKEN;
}

/*! \return False if there is no memory. */
static bool make_room(inbox_t *box)
{
	if (box->at > 0) {
		memmove(box->data, box->data + box->at, box->len - box->at);
		box->len -= box->at;
		box->at = 0;
	}
	if (box->len < box->size) {
		return true;
	}
	/* A frame that is larger than the buffer; how large it can get is bounded. */
	const size_t size = box->size > 0 ? 2 * box->size : SIZE_MIN;
	uint8_t *larger = realloc(box->data, size);
	if (larger == NULL) {
		return false;
	}
	box->data = larger;
	box->size = size;
	return true;
}

inbox_status_t inbox_read(inbox_t *box)
{
	for (int i = 0; i < READS_MAX; i++) {
		/* What was put off comes first. */
		inbox_status_t status = box->len > box->at ? obey_all(box) : INBOX_MORE;
		if (status != INBOX_MORE) {
			return status;
		}
		if (!make_room(box)) {
			return INBOX_LATER;
		}
		ssize_t got = recv(box->fd, box->data + box->len, box->size - box->len, MSG_DONTWAIT);
		if (got > 0) {
			box->len += got;
		} else if (got == 0) {
			return INBOX_END;
		} else if (errno == EAGAIN) {
			return INBOX_MORE;
		} else if (errno != EINTR) {
			return INBOX_END;
		}
	}
	return INBOX_MORE;
}
