/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What module and kskrolld send each other. What is read as a frame is written again: it has to be the same.
 */

#include <string.h>

#include <libknot/errcode.h>

#include "fuzz.h"
#include "wire/wire.h"

/*! Larger than any input. */
static uint8_t again[1 << 17];

/*! \return Whether the frame is one of its type; written to \a out if it is. */
static bool copy(const wire_frame_t *frame, wire_out_t *out)
{
	union {
		wire_hello_t hello;
		global_settings_t settings;
		wire_where_t where;
		instance_settings_t zone_settings;
		wire_attach_t attach;
		wire_id_t id;
		wire_notified_t notified;
		wire_reported_t reported;
		wire_log_t log;
		wire_numbers_t numbers;
		process_totals_t totals;
	} u;
	uint32_t number;
	bool put = false;

	switch (frame->type) {
	case WIRE_HELLO:
		return wire_get_hello(frame, &u.hello) == KNOT_EOK && wire_put_hello(out, &u.hello);
	case WIRE_SETTINGS:
		if (wire_get_settings(frame, &u.settings) == KNOT_EOK) {
			put = wire_put_settings(out, &u.settings);
			wire_free_settings(&u.settings);
		}
		return put;
	case WIRE_WHERE:
		if (wire_get_where(frame, &u.where) == KNOT_EOK) {
			put = wire_put_where(out, &u.where);
			wire_free_where(&u.where);
		}
		return put;
	case WIRE_ZONE_SETTINGS:
		if (wire_get_zone_settings(frame, &number, &u.zone_settings) == KNOT_EOK) {
			put = wire_put_zone_settings(out, number, &u.zone_settings);
			wire_free_zone_settings(&u.zone_settings);
		}
		return put;
	case WIRE_ZONE_SETTINGS_GONE:
		return wire_get_zone_settings_gone(frame, &number) == KNOT_EOK &&
		       wire_put_zone_settings_gone(out, number);
	case WIRE_ATTACH:
		return wire_get_attach(frame, &u.attach) == KNOT_EOK && wire_put_attach(out, &u.attach);
	case WIRE_DETACH:
		return wire_get_detach(frame, &u.id) == KNOT_EOK && wire_put_detach(out, u.id);
	case WIRE_NOTIFIED:
		return wire_get_notified(frame, &u.notified) == KNOT_EOK && wire_put_notified(out, &u.notified);
	case WIRE_REPORTED:
		return wire_get_reported(frame, &u.reported) == KNOT_EOK && wire_put_reported(out, &u.reported);
	case WIRE_LOG:
		return wire_get_log(frame, &u.log) == KNOT_EOK && strlen(u.log.text) < WIRE_ANSWER_MAX / 2 &&
		       wire_put_log(out, &u.log);
	case WIRE_NUMBERS:
		return wire_get_numbers(frame, &u.numbers) == KNOT_EOK && wire_put_numbers(out, &u.numbers);
	case WIRE_TOTALS:
		return wire_get_totals(frame, &u.totals) == KNOT_EOK && wire_put_totals(out, &u.totals);
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	wire_frame_t frame;

	while (wire_next(data, size, WIRE_FRAME_MAX, &frame) == KNOT_EOK) {
		wire_out_t out = { .data = again, .size = sizeof(again) };
		require(frame.whole <= size && frame.whole == frame.len + WIRE_HEADER);
		if (copy(&frame, &out)) {
			require(out.len == frame.whole && memcmp(again, data, out.len) == 0);
		}
		data += frame.whole;
		size -= frame.whole;
	}
	return 0;
}
