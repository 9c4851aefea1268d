/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief JSON (RFC 8259): a writer to a file or a buffer, and a reader that takes any bytes. Neither allocates memory.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/*! Where JSON is written. A copy of it is a mark to which json_fits() goes back, in a buffer. */
typedef struct {
	FILE *file; /*!< NULL: the buffer. */
	char *at;   /*!< The buffer's next character, a zero. */
	size_t left;
	bool full;
	bool first; /*!< Nothing has been written since the last opening bracket. */
} json_t;

/*! Both stay the caller's. */
json_t json_to_file(FILE *file);
json_t json_to_buffer(char *out, size_t len);

/* Values; commas come by themselves. A name is NULL in an array. */

void json_open(json_t *json, const char *name, char bracket);
void json_close(json_t *json, char bracket);
/*! A NULL \a value is written as null. What is not ASCII is escaped, a byte as a character. */
void json_string(json_t *json, const char *name, const char *value);
void json_number(json_t *json, const char *name, int64_t value);
void json_bool(json_t *json, const char *name, bool value);
/*! Seconds since 1970; 0 is written as null. */
void json_time(json_t *json, const char *name, time_t at);
/*! Text that is JSON already. */
void json_raw(json_t *json, const char *name, const char *text);

/*! Takes back what was added since \a mark if less than \a keep bytes are left. \return Whether it stays. */
bool json_fits(json_t *json, const json_t *mark, size_t keep);

/*! A value in a JSON text, which stays the caller's; NULL for none. */
typedef const char *json_value_t;

/*!
 * \brief Checks a text that ends with a zero.
 *
 * A string may have control characters and bytes that are no UTF-8: json_text() replaces them. Nesting is bounded.
 *
 * \return Its value; NULL if it is no JSON. All functions below take values that come from here.
 */
json_value_t json_read(const char *text);
/*! The same. \param[out] fault  Of a text that is no JSON: where the name, value or separator begins that is wrong. */
json_value_t json_read_or(const char *text, const char **fault);
/*! The first member of an object that has the name; NULL if there is none, or the value is no object. */
json_value_t json_member(json_value_t object, const char *name);
/*! The next element of an array, the first one after NULL; NULL at the end, or if the value is no array. */
json_value_t json_element(json_value_t array, json_value_t before);
/*! Bytes of the value in the text. */
size_t json_length(json_value_t value);

/*! A string or number for people: printable, cut if need be. \return False, and "", for anything else. */
bool json_text(json_value_t value, char *out, size_t len);
/*! 0 if it is no integer that fits. */
int64_t json_integer(json_value_t value);
bool json_true(json_value_t value);
