/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A whole session with an EPP server that says anything, at any time, in pieces of any size.
 *
 * The first octet has switches. What follows are documents, each ended by NUL, which get their heads here; or, with
 * SWITCH_RAW, units as they are. Whenever the session takes a command it gets the next one, so that seeds know the
 * clTRIDs.
 */

#include <string.h>

#include "fuzz.h"
#include "kskroll/epp.h"
#include "util/knot.h"

#define PASSWORD "s3cret-s3cret"
/*! Of records: the unit that removes them may be too long. */
#define SPELLED_MUCH (EPP_UNIT_MAX / 2)

enum {
	SWITCH_RAW = 1,
	SWITCH_LOGIN_SECURITY = 2,
	SWITCH_SINGLE = 4, /*!< One octet at a time. */
	SWITCH_EOF = 8,    /*!< The connection ends in the middle of what is sent. */
	SWITCH_LATE = 16,  /*!< Events are taken after all of a document. */
};

typedef struct {
	epp_session_t *session;
	uint8_t switches;
	unsigned commands;
	bool is_logged_in; /*!< The login was handed over. */
	bool is_over;
	bool is_update; /*!< Under way. */
	bool is_sent;   /*!< A part of it. */
	unsigned units, events;
} driver_t;

static void check_text(const char *text, size_t size)
{
	require(memchr(text, '\0', size) != NULL);
	for (const char *p = text; *p != '\0'; p++) {
		require((uint8_t)*p >= ' ' && (uint8_t)*p != 0x7f);
	}
}

static size_t check_info(const epp_info_t *info)
{
	size_t spelled = 0, octets = 0;

	check_text(info->domain, sizeof(info->domain));
	check_text(info->registrar, sizeof(info->registrar));
	check_text(info->statuses, sizeof(info->statuses));
	require(info->count <= EPP_RECORDS_MAX && (info->has_secdns || info->count == 0));
	require(info->ttl <= 0x7fffffff && info->ttl_min <= 0x7fffffff && info->ttl_max <= 0x7fffffff);
	for (size_t i = 0; i < info->count; i++) {
		const epp_record_t *record = &info->record[i];
		require(record->is_key == info->record[0].is_key);
		require(record->data_len > 0 && record->data_len <= (record->is_key ? EPP_KEY_MAX : EPP_DIGEST_MAX));
		for (size_t at = 0; at < record->data_len; at++) {
			octets += record->data[at];
		}
		spelled += strlen(record->spelled) + 200;
	}
	/* All of it was read. */
	require(octets <= info->count * EPP_KEY_MAX * UINT8_MAX);
	return spelled;
}

/*! Whatever was read can be compared, and removed as it was spelled. */
static void replace(driver_t *driver, const epp_info_t *info)
{
	static const uint8_t digest[32] = { 1 };
	const size_t spelled = check_info(info);
	const bool is_key = info->count > 0 && info->record[0].is_key;
	const epp_record_t wanted = {
		.is_key = is_key, .algorithm = 13, .digest_type = 2, .data = digest, .data_len = 32
	};
	epp_diff_t diff;

	const int ret = epp_diff(info, &wanted, 1, 6, &diff);
	require(ret == (info->has_secdns ? KNOT_EOK : KNOT_ENOENT));
	if (ret != KNOT_EOK || diff.rem_count + diff.add_count == 0) {
		return;
	}
	require(diff.rem_count + diff.add_count <= info->count + 1);
	const epp_command_t command = { .verb = EPP_UPDATE,
		                        .domain = "a.test",
		                        .rem = diff.rem,
		                        .rem_count = diff.rem_count,
		                        .add = diff.add,
		                        .add_count = diff.add_count };
	const int sent = epp_session_send(driver->session, &command, NULL);
	require(sent == KNOT_EOK || sent == KNOT_EBUSY || (sent == KNOT_EINVAL && spelled > SPELLED_MUCH));
	if (sent == KNOT_EOK) {
		driver->is_update = true;
		driver->is_sent = false;
	}
}

static void check_message(const epp_message_t *message)
{
	check_text(message->date, sizeof(message->date));
	check_text(message->text, sizeof(message->text));
	check_text(message->domain, sizeof(message->domain));
	check_text(message->who, sizeof(message->who));
	check_text(message->operation, sizeof(message->operation));
	require(memchr(message->id, '\0', sizeof(message->id)) != NULL);
	require(memchr(message->trid, '\0', sizeof(message->trid)) != NULL);
	require(!message->is_action || message->domain[0] != '\0');
}

static void take_events(driver_t *driver)
{
	epp_event_t event;

	while (epp_session_event(driver->session, &event)) {
		driver->events++;
		require(!driver->is_over);
		check_text(event.text, sizeof(event.text));
		check_text(event.server_trid, sizeof(event.server_trid));
		require(!event.unsure || (event.kind == EPP_EV_FAILED && driver->is_update && driver->is_sent));
		require(event.kind != EPP_EV_FAILED || event.unsure == (driver->is_update && driver->is_sent));
		require(event.info == NULL || (event.kind == EPP_EV_ANSWER && event.code == 1000));
		driver->is_over = event.kind == EPP_EV_FAILED || event.kind == EPP_EV_CLOSED;
		if (event.kind == EPP_EV_ANSWER) {
			driver->is_update = driver->is_sent = false;
		}
		if (event.message != NULL) {
			check_message(event.message);
		}
		if (event.info != NULL) {
			replace(driver, event.info);
		}
		require(epp_meaning(event.code) <= EPP_STOP && epp_advice(event.code)[0] != '\0');
	}
}

static void send_next(driver_t *driver)
{
	static const epp_record_t add = {
		.tag = 1, .algorithm = 13, .digest_type = 2, .data = (const uint8_t *)"x", .data_len = 1
	};
	static const epp_command_t commands[] = {
		{ .verb = EPP_INFO, .domain = "a.test" },
		{ .verb = EPP_UPDATE, .domain = "a.test", .add = &add, .add_count = 1 },
		{ .verb = EPP_POLL },
		{ .verb = EPP_ACK, .id = "7<" },
		{ .verb = EPP_HELLO },
		{ .verb = EPP_LOGOUT },
	};
	const epp_command_t *command = &commands[driver->commands % (sizeof(commands) / sizeof(commands[0]))];

	if (epp_session_is_ready(driver->session)) {
		require(epp_session_send(driver->session, command, NULL) == KNOT_EOK);
		require(epp_session_send(driver->session, command, NULL) == KNOT_EBUSY);
		driver->commands++;
		driver->is_update = command->verb == EPP_UPDATE;
		driver->is_sent = false;
	}
}

/*! Takes the output: the whole, or with SWITCH_EOF a part, and the connection ends. */
static void send_output(driver_t *driver)
{
	const uint8_t *data;
	size_t len = epp_session_output(driver->session, &data);

	require(len == 0 || !driver->is_over);
	if (len == 0) {
		return;
	}
	require(len > 4 && len <= EPP_UNIT_MAX && knot_wire_read_u32(data) == len);
	require((memmem(data, len, PASSWORD, strlen(PASSWORD)) != NULL) == !driver->is_logged_in);
	driver->is_logged_in = true;
	driver->is_sent = true;
	const bool is_cut = (driver->switches & SWITCH_EOF) != 0 && driver->commands % 3 == 2;
	len = is_cut ? len / 2 : len;
	epp_session_sent(driver->session, len);
	for (size_t i = 0; i < len; i++) {
		require(data[i] == 0);
	}
	if (is_cut) {
		epp_session_eof(driver->session, "cut");
		take_events(driver);
	}
}

static void turn(driver_t *driver)
{
	take_events(driver);
	send_next(driver);
	send_output(driver);
}

static void feed(driver_t *driver, const uint8_t *data, size_t len)
{
	const size_t piece = (driver->switches & SWITCH_SINGLE) != 0 ? 1 : len;

	for (size_t at = 0; at < len; at += piece) {
		epp_session_feed(driver->session, data + at, piece);
		if ((driver->switches & SWITCH_LATE) == 0) {
			turn(driver);
		}
	}
	turn(driver);
	driver->units++;
}

/*! Each document in memory of its own size, so that each octet beyond it is noticed. */
static void say(driver_t *driver, const uint8_t *document, size_t len)
{
	uint8_t *unit = malloc(len + 4);
	if (unit == NULL) {
		return;
	}
	knot_wire_write_u32(unit, (uint32_t)len + 4);
	memcpy(unit + 4, document, len);
	feed(driver, unit, len + 4);
	free(unit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t switches = size > 0 ? data[0] : 0;
	const epp_account_t account = {
		.id = "a",
		.login = "client",
		.password = PASSWORD,
		.extension = "urn:x\n",
		.greeting = (switches & SWITCH_LATE) != 0 ? NULL : "EPP",
		.login_security = (switches & SWITCH_LOGIN_SECURITY) != 0,
	};
	driver_t driver = { .session = epp_session_new(&account, "t"), .switches = switches };

	if (driver.session == NULL) {
		return 0;
	}
	turn(&driver);
	require(!driver.is_logged_in && driver.events == 0);
	if ((switches & SWITCH_RAW) != 0) {
		uint8_t *copy = malloc(size);
		if (copy != NULL) {
			memcpy(copy, data + 1, size - 1);
			feed(&driver, copy, size - 1);
		}
		free(copy);
	} else {
		for (size_t at = 1; at < size;) {
			const uint8_t *end = memchr(data + at, '\0', size - at);
			const size_t len = end != NULL ? (size_t)(end - data) - at : size - at;
			say(&driver, data + at, len);
			at += len + 1;
		}
		require(driver.events <= 2 * driver.units + 1);
	}
	epp_session_eof(driver.session, "end");
	take_events(&driver);
	require(driver.is_over);
	epp_session_free(driver.session);
	return 0;
}
