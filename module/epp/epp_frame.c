/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "epp_frame.h"
#include "epp_unit.h"
#include "util/knot.h"

#define ROOM_FIRST 2048

/*! realloc() would leave the former memory as it is. */
static bool make_room(epp_frame_t *frame, size_t need)
{
	if (need <= frame->room) {
		return true;
	}
	size_t room = frame->room > 0 ? frame->room : ROOM_FIRST;
	while (room < need) {
		room *= 2;
	}
	uint8_t *data = malloc(room);
	if (data == NULL) {
		return false;
	}
	if (frame->data != NULL) {
		memcpy(data, frame->data, frame->len);
		explicit_bzero(frame->data, frame->room);
		free(frame->data);
	}
	frame->data = data;
	frame->room = room;
	return true;
}

static void put(epp_frame_t *frame, const void *data, size_t len)
{
	if (frame->failed || !make_room(frame, frame->len + len)) {
		frame->failed = true;
		return;
	}
	memcpy(frame->data + frame->len, data, len);
	frame->len += len;
}

void epp_frame_begin(epp_frame_t *frame)
{
	static const uint8_t head[EPP_HEAD_LEN];

	epp_frame_clear(frame);
	put(frame, head, sizeof(head));
}

void epp_frame_add(epp_frame_t *frame, const char *xml)
{
	put(frame, xml, strlen(xml));
}

void epp_frame_text(epp_frame_t *frame, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		switch (*p) {
		case '&':
			epp_frame_add(frame, "&amp;");
			break;
		case '<':
			epp_frame_add(frame, "&lt;");
			break;
		case '>':
			epp_frame_add(frame, "&gt;");
			break;
		case '"':
			epp_frame_add(frame, "&quot;");
			break;
		default:
			put(frame, p, 1);
		}
	}
}

void epp_frame_element(epp_frame_t *frame, const char *name, const char *text)
{
	epp_frame_add(frame, "<");
	epp_frame_add(frame, name);
	epp_frame_add(frame, ">");
	epp_frame_text(frame, text);
	epp_frame_add(frame, "</");
	epp_frame_add(frame, name);
	epp_frame_add(frame, ">");
}

int epp_frame_end(epp_frame_t *frame)
{
	if (frame->failed) {
		epp_frame_clear(frame);
		return KNOT_ENOMEM;
	}
	knot_wire_write_u32(frame->data, (uint32_t)frame->len);
	return KNOT_EOK;
}

void epp_frame_clear(epp_frame_t *frame)
{
	if (frame->data != NULL) {
		explicit_bzero(frame->data, frame->room);
	}
	free(frame->data);
	*frame = (epp_frame_t){ 0 };
}
