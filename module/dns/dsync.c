/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "dsync.h"
#include "util/knot.h"

static const uint8_t LABEL[] = { 6, '_', 'd', 's', 'y', 'n', 'c' };

/* -- records ---------------------------------------------------------------- */

/*! A place in RDATA that cannot run over; `bad` stays once something was missing. */
typedef struct {
	const uint8_t *at;
	size_t left;
	bool bad;
} cursor_t;

static uint8_t read_u8(cursor_t *cursor)
{
	if (cursor->bad || cursor->left < 1) {
		cursor->bad = true;
		return 0;
	}
	cursor->left--;
	return *cursor->at++;
}

static uint16_t read_u16(cursor_t *cursor)
{
	uint16_t high = read_u8(cursor);
	return high << 8 | read_u8(cursor);
}

const char *dsync_parse(const uint8_t *rdata, size_t len, dsync_t *dsync)
{
	assert(dsync && (rdata != NULL || len == 0));

	memset(dsync, 0, sizeof(*dsync));
	cursor_t cursor = { .at = rdata, .left = len };
	dsync->rrtype = read_u16(&cursor);
	dsync->scheme = read_u8(&cursor);
	dsync->port = read_u16(&cursor);
	if (cursor.bad || cursor.left == 0) {
		return "RDATA is too short";
	}

	/* Without a packet to point into, a compressed name is refused as well. */
	int size = knot_dname_wire_check(cursor.at, cursor.at + cursor.left, NULL);
	if (size <= 0) {
		return "target is no uncompressed name";
	}
	if ((size_t)size != cursor.left) {
		return "data after the target";
	}
	knot_dname_copy_lower(dsync->target, cursor.at);
	return NULL;
}

const char *dsync_unusable(const dsync_t *dsync)
{
	assert(dsync);

	if (dsync->rrtype != KNOT_RRTYPE_CDS) {
		return "is not about CDS";
	} else if (dsync->scheme != DSYNC_SCHEME_NOTIFY) {
		return "scheme is not NOTIFY";
	} else if (dsync->port == 0) {
		return "port is 0";
	}
	return NULL;
}

/* -- search ----------------------------------------------------------------- */

static const knot_dname_t *skip_labels(const knot_dname_t *name, size_t count)
{
	while (count-- > 0) {
		name = knot_dname_next_label(name);
	}
	return name;
}

/*! Writes the query: `_dsync` directly in front of the assumed parent. */
static int make_query(dsync_search_t *search)
{
	const knot_dname_t *parent = skip_labels(search->child, search->parent_at);
	size_t front = search->bare ? 0 : (size_t)(parent - search->child);
	size_t back = knot_dname_size(parent);
	if (front + sizeof(LABEL) + back > sizeof(search->query)) {
		return KNOT_ESPACE;
	}

	memcpy(search->query, search->child, front);
	memcpy(search->query + front, LABEL, sizeof(LABEL));
	memcpy(search->query + front + sizeof(LABEL), parent, back);
	search->queries++;
	return KNOT_EOK;
}

int dsync_search_begin(dsync_search_t *search, const knot_dname_t *child)
{
	assert(search && child);

	memset(search, 0, sizeof(*search));
	if (*child == '\0') {
		return KNOT_ENOENT;
	}
	knot_dname_copy_lower(search->child, child);
	search->parent_at = 1;
	return make_query(search);
}

/*!
 * True if the SOA belongs to a zone above the assumed parent, which then is none.
 *
 * Any other owner says nothing about the parent: `_dsync` may be a zone of its own
 * (RFC 9859 3), and an alias leads to a zone elsewhere.
 */
static bool soa_is_above(const dsync_search_t *search, const knot_dname_t *soa)
{
	const knot_dname_t *parent = skip_labels(search->child, search->parent_at);
	return knot_dname_in_bailiwick(parent, soa) > 0;
}

int dsync_search_next(dsync_search_t *search, const knot_dname_t *soa)
{
	assert(search);

	if (search->queries == 0 || search->queries >= DSYNC_QUERIES_MAX) {
		return KNOT_ENOENT;
	}

	knot_dname_storage_t apex;
	if (soa != NULL) {
		knot_dname_copy_lower(apex, soa);
	}
	if (soa != NULL && soa_is_above(search, apex)) {
		search->parent_at = knot_dname_labels(search->child, NULL) - knot_dname_labels(apex, NULL);
		search->bare = false;
	} else if (!search->bare) {
		search->bare = true;
	} else {
		return KNOT_ENOENT;
	}
	return make_query(search);
}
