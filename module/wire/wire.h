/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the module in knotd and kskrolld send each other: frames, written and read with bounds.
 *
 * A frame is a length of four bytes, a type of one, and what belongs to that type; the length counts what follows it.
 * Numbers are big-endian. A text has its final zero, so it is used where it lies. Nothing here does I/O.
 *
 * The first frame in each direction is WIRE_HELLO. Its layout is the same in all versions. Both programs come from
 * one package: if their versions differ, neither reads anything else.
 */

#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "kskroll/settings.h"

/*! Bytes of length and type. */
#define WIRE_HEADER 5
/*! Most bytes of a frame: some ten thousand configured addresses. */
#define WIRE_FRAME_MAX (1 << 20)
/*! Most bytes of a frame from kskrolld. */
#define WIRE_ANSWER_MAX (1 << 14)

/*! Exit code of kskrolld that asks for another start at once: what it may open has changed. */
#define WIRE_EXIT_AGAIN 75

typedef enum {
	WIRE_HELLO = 1, /*!< Both directions. */
	WIRE_SETTINGS,  /*!< Of the global instance. */
	WIRE_WHERE,     /*!< The server runs, and where it is reached. */
	WIRE_ZONE_SETTINGS,
	WIRE_ZONE_SETTINGS_GONE,
	WIRE_ATTACH,
	WIRE_DETACH,
	WIRE_NOTIFIED, /*!< knotd has received a NOTIFY(CDS). */
	WIRE_REPORTED, /*!< knotd has received an error report. */
	WIRE_LOG = 64, /*!< From kskrolld, as all that follow. */
	WIRE_NUMBERS,
	WIRE_TOTALS,
} wire_type_t;

/*! A loaded zone instance: a place in the module's table, and which of those that were there it is. */
typedef struct {
	uint32_t slot;
	uint32_t serial; /*!< Grows with each instance that is loaded. */
} wire_id_t;

typedef struct {
	const char *version;
	pid_t pid; /*!< Of the sender. */
} wire_hello_t;

typedef struct {
	const char *control; /*!< Path of knotd's control socket. */
	dns_addrs_t dns;     /*!< Where knotd accepts TCP connections. */
} wire_where_t;

typedef struct {
	wire_id_t id;
	uint32_t settings; /*!< Number of its settings. */
	const char *zone;  /*!< Presentation form, lower case, with final dot. */
} wire_attach_t;

/*! A NOTIFY(CDS) (RFC 9859). Names are in presentation form, lower case, with final dot. */
typedef struct {
	const char *child;
	const char *source;       /*!< The address that has sent it, as text. */
	const char *report_agent; /*!< Of its Report-Channel option (RFC 9567); "" if there was none. */
} wire_notified_t;

/*! An error report (RFC 9567). Names as above. Nobody has proven any of it. */
typedef struct {
	const char *name;
	const char *agent;  /*!< The agent domain that it was sent to. */
	const char *source; /*!< The address that has sent it, as text. */
	uint16_t type;      /*!< RR type with the error. */
	uint16_t ede;       /*!< Extended DNS error (RFC 8914). */
} wire_reported_t;

typedef struct {
	int priority; /*!< As in syslog(3). */
	const char *text;
} wire_log_t;

typedef struct {
	wire_id_t id;
	zone_numbers_t numbers;
} wire_numbers_t;

/* Writing. */

/*! Where frames are written. Without \a data they are only measured. */
typedef struct {
	uint8_t *data;
	size_t size;
	size_t len; /*!< Written so far, whole frames only. */
} wire_out_t;

/*! \return False if it does not fit: nothing is written. */
bool wire_put_hello(wire_out_t *out, const wire_hello_t *hello);
bool wire_put_settings(wire_out_t *out, const global_settings_t *settings);
bool wire_put_where(wire_out_t *out, const wire_where_t *where);
bool wire_put_zone_settings(wire_out_t *out, uint32_t number, const instance_settings_t *settings);
bool wire_put_zone_settings_gone(wire_out_t *out, uint32_t number);
bool wire_put_attach(wire_out_t *out, const wire_attach_t *attach);
bool wire_put_detach(wire_out_t *out, wire_id_t id);
bool wire_put_notified(wire_out_t *out, const wire_notified_t *notified);
bool wire_put_reported(wire_out_t *out, const wire_reported_t *reported);
/*! A longer text than WIRE_ANSWER_MAX allows is cut. */
bool wire_put_log(wire_out_t *out, const wire_log_t *log);
bool wire_put_numbers(wire_out_t *out, const wire_numbers_t *numbers);
bool wire_put_totals(wire_out_t *out, const process_totals_t *totals);

/*! Overwrites the number in a frame of wire_put_zone_settings(). */
void wire_renumber(uint8_t *frame, uint32_t number);

/* Reading. */

typedef struct {
	uint8_t type;
	const uint8_t *data; /*!< Behind the type. */
	size_t len;
	size_t whole; /*!< Of the frame, with its header. */
} wire_frame_t;

/*!
 * \brief The frame at the beginning of what was received.
 *
 * \param[in] max     Most bytes of a frame.
 * \param[out] frame  It points into \a data. If there is not enough, only \a whole is set: 0, or how much it is.
 *
 * \return KNOT_EOK, KNOT_EAGAIN if there is not enough yet, KNOT_EMALF if it can be no frame.
 */
int wire_next(const uint8_t *data, size_t len, size_t max, wire_frame_t *frame);

/*!
 * \brief Reads a frame of that type. Texts point into it.
 *
 * \return KNOT_EOK; KNOT_EMALF if it is anything else than what the writer makes; KNOT_ENOMEM.
 */
int wire_get_hello(const wire_frame_t *frame, wire_hello_t *out);
/*! Addresses are allocated: freed by wire_free_settings(). */
int wire_get_settings(const wire_frame_t *frame, global_settings_t *out);
void wire_free_settings(global_settings_t *settings);
/*! Addresses are allocated: freed by wire_free_where(). */
int wire_get_where(const wire_frame_t *frame, wire_where_t *out);
void wire_free_where(wire_where_t *where);
/*! Addresses are allocated: freed by wire_free_zone_settings(). */
int wire_get_zone_settings(const wire_frame_t *frame, uint32_t *number, instance_settings_t *out);
void wire_free_zone_settings(instance_settings_t *settings);
int wire_get_zone_settings_gone(const wire_frame_t *frame, uint32_t *number);
int wire_get_attach(const wire_frame_t *frame, wire_attach_t *out);
int wire_get_detach(const wire_frame_t *frame, wire_id_t *id);
int wire_get_notified(const wire_frame_t *frame, wire_notified_t *out);
int wire_get_reported(const wire_frame_t *frame, wire_reported_t *out);
int wire_get_log(const wire_frame_t *frame, wire_log_t *out);
int wire_get_numbers(const wire_frame_t *frame, wire_numbers_t *out);
int wire_get_totals(const wire_frame_t *frame, process_totals_t *out);
