/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <ctype.h>
#include <string.h>

#include "knot.h"
#include "report_in.h"

/*! Octets of the label `_er`. */
#define MARK_LEN 4

static bool is_mark(const uint8_t *label)
{
	return label[0] == 3 && label[1] == '_' && tolower(label[2]) == 'e' && tolower(label[3]) == 'r';
}

bool report_in_is_agent(const knot_dname_t *name)
{
	bool found = name[0] != '\0';

	for (; name[0] != '\0'; name = knot_dname_next_label(name)) {
		found = found && !is_mark(name);
	}
	return found;
}

/*! Labels of a name, from left to right. */
typedef struct {
	const uint8_t *at;
	size_t left;
} cursor_t;

/*! \return The next label, which is not the root and is there as a whole; NULL at the end, or where it is no name. */
static const uint8_t *next_label(cursor_t *cursor)
{
	const uint8_t *label = cursor->at;

	if (cursor->left == 0 || label[0] == 0 || label[0] > KNOT_DNAME_MAXLABELLEN || label[0] >= cursor->left) {
		return NULL;
	}
	cursor->at += 1 + label[0];
	cursor->left -= 1 + label[0];
	return label;
}

/*! As the sender must write it: without zeros in front. */
static bool read_number(const uint8_t *label, uint16_t *out)
{
	uint32_t value = 0;

	if (label == NULL || label[0] > 5 || (label[1] == '0' && label[0] > 1)) {
		return false;
	}
	for (unsigned i = 1; i <= label[0]; i++) {
		if (label[i] < '0' || label[i] > '9') {
			return false;
		}
		value = 10 * value + (label[i] - '0');
	}
	*out = value;
	return value <= UINT16_MAX;
}

/*! From \a from to the root, or to \a end, which the root then stands for. */
static void take_name(knot_dname_storage_t out, const uint8_t *from, const uint8_t *end)
{
	const size_t len = end - from;

	memcpy(out, from, len);
	out[len] = 0;
	knot_dname_to_lower(out);
}

bool report_in_read(const uint8_t *name, size_t len, report_in_t *out)
{
	cursor_t cursor = { .at = name, .left = len < KNOT_DNAME_MAXLEN ? len : KNOT_DNAME_MAXLEN };
	const uint8_t *first = next_label(&cursor);

	if (first == NULL || !is_mark(first) || !read_number(next_label(&cursor), &out->type)) {
		return false;
	}
	const uint8_t *const from = cursor.at;
	const uint8_t *before = NULL, *ede = NULL, *mark = NULL, *label;
	while ((label = next_label(&cursor)) != NULL) {
		if (is_mark(label)) {
			mark = label;
			ede = before;
		}
		before = label;
	}
	const bool whole = cursor.left > 0 && cursor.at[0] == 0;
	if (!whole || mark == NULL || ede == NULL || ede == from || mark + MARK_LEN == cursor.at ||
	    !read_number(ede, &out->ede)) {
		return false;
	}
	take_name(out->name, from, ede);
	take_name(out->agent, mark + MARK_LEN, cursor.at);
	return true;
}
