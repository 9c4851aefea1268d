/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "epp_unit.h"
#include "kskroll/epp.h"
#include "util/knot.h"

#define ROOM_FIRST 4096

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void take(epp_unit_t *unit, uint8_t *to, size_t count, const uint8_t **data, size_t *len)
{
	memcpy(to, *data, count);
	unit->have += count;
	*data += count;
	*len -= count;
}

static int make_room(epp_unit_t *unit, size_t need)
{
	if (need <= unit->room) {
		return KNOT_EOK;
	}
	size_t room = unit->room > 0 ? unit->room : ROOM_FIRST;
	while (room < need) {
		room *= 2;
	}
	uint8_t *body = realloc(unit->body, room);
	if (body == NULL) {
		return KNOT_ENOMEM;
	}
	unit->body = body;
	unit->room = room;
	return KNOT_EOK;
}

int epp_unit_feed(epp_unit_t *unit, const uint8_t **data, size_t *len)
{
	if (unit->have < EPP_HEAD_LEN) {
		take(unit, unit->head + unit->have, smaller(EPP_HEAD_LEN - unit->have, *len), data, len);
		if (unit->have < EPP_HEAD_LEN) {
			return KNOT_EAGAIN;
		}
		unit->total = knot_wire_read_u32(unit->head);
		if (unit->total <= EPP_HEAD_LEN || unit->total > EPP_UNIT_MAX) {
			return KNOT_EMALF;
		}
	}
	const size_t count = smaller(unit->total - unit->have, *len);
	const int ret = make_room(unit, unit->have - EPP_HEAD_LEN + count);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (count > 0) {
		take(unit, unit->body + unit->have - EPP_HEAD_LEN, count, data, len);
	}
	return unit->have == unit->total ? KNOT_EOK : KNOT_EAGAIN;
}

size_t epp_unit_len(const epp_unit_t *unit)
{
	return unit->total - EPP_HEAD_LEN;
}

void epp_unit_clear(epp_unit_t *unit)
{
	free(unit->body);
	*unit = (epp_unit_t){ 0 };
}
