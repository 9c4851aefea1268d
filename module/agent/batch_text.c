/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_text.h"

/*! Items that are read, and octets of a record. */
#define ITEMS_MAX  4096
#define RECORD_MAX 512

typedef struct {
	char *at;
	size_t left;
	bool full;
} out_t;

static void put(out_t *out, const char *text, size_t len)
{
	if (out->full || len >= out->left) {
		out->full = true;
		return;
	}
	memcpy(out->at, text, len);
	out->at += len;
	out->left -= len;
	*out->at = '\0';
}

static void put_records(out_t *out, char sign, const knot_rdataset_t *set)
{
	const knot_rdata_t *rdata = set->rdata;

	for (unsigned i = 0; i < set->count; i++, rdata = knot_rdataset_next((knot_rdata_t *)rdata)) {
		put(out, &sign, 1);
		put(out, " ", 1);
		for (size_t k = 0; k < rdata->len; k++) {
			char hex[3];
			snprintf(hex, sizeof(hex), "%02X", rdata->data[k]);
			put(out, hex, 2);
		}
		put(out, "\n", 1);
	}
}

bool batch_write(const parent_batch_t *batch, char *text, size_t len)
{
	out_t out = { .at = text, .left = len };

	assert(len > 0);
	text[0] = '\0';
	for (size_t i = 0; i < batch->count; i++) {
		const parent_item_t *item = &batch->items[i];
		knot_dname_txt_storage_t name;
		if (knot_dname_to_str(name, item->owner, sizeof(name)) == NULL) {
			out.full = true;
			break;
		}
		char ttl[16];
		put(&out, name, strlen(name));
		put(&out, ttl, (size_t)snprintf(ttl, sizeof(ttl), " %" PRIu32 "\n", item->ttl));
		put_records(&out, '-', item->ds);
		put_records(&out, '+', item->wanted);
	}
	if (out.full) {
		text[0] = '\0';
	}
	return !out.full;
}

/* Reading. */

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int read_record(const char *hex, size_t len, knot_rdataset_t *set)
{
	uint8_t data[RECORD_MAX];
	uint8_t room[RECORD_MAX + sizeof(knot_rdata_t) + 1];
	knot_rdata_t *rdata = (knot_rdata_t *)room;

	if (len == 0 || len % 2 != 0 || len / 2 > sizeof(data)) {
		return KNOT_EMALF;
	}
	for (size_t i = 0; i < len / 2; i++) {
		const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
		if (high < 0 || low < 0) {
			return KNOT_EMALF;
		}
		data[i] = (uint8_t)(high << 4 | low);
	}
	knot_rdata_init(rdata, len / 2, data);
	return knot_rdataset_add(set, rdata, NULL);
}

/*! What an item of a batch that was read points to. */
typedef struct {
	knot_dname_storage_t owner;
	knot_rdataset_t ns, ds, wanted;
} owned_t;

/*! A space within the name is escaped. */
static int read_ttl(const char *line, size_t len, size_t *name_len, uint32_t *ttl)
{
	const char *space = memchr(line, ' ', len);
	uint64_t number = 0;

	if (space == NULL || space + 1 == line + len) {
		return KNOT_EMALF;
	}
	for (const char *at = space + 1; at < line + len; at++) {
		const int value = digit(*at);
		if (value < 0 || value > 9) {
			return KNOT_EMALF;
		}
		number = number * 10 + (unsigned)value;
		if (number > UINT32_MAX) {
			return KNOT_EMALF;
		}
	}
	*name_len = (size_t)(space - line);
	*ttl = (uint32_t)number;
	return KNOT_EOK;
}

static int add_item(parent_batch_t *batch, const knot_dname_t *owner, uint32_t ttl)
{
	parent_item_t *items = realloc(batch->items, (batch->count + 1) * sizeof(*items));
	owned_t *owned = calloc(1, sizeof(*owned));

	batch->items = items != NULL ? items : batch->items;
	if (items == NULL || owned == NULL) {
		free(owned);
		return KNOT_ENOMEM;
	}
	memcpy(owned->owner, owner, knot_dname_size(owner));
	knot_dname_to_lower(owned->owner);
	items[batch->count++] = (parent_item_t){
		.owner = owned->owner, .ns = &owned->ns, .ds = &owned->ds, .wanted = &owned->wanted, .ttl = ttl
	};
	return KNOT_EOK;
}

static int begin_item(parent_batch_t *batch, const char *line, size_t line_len)
{
	knot_dname_txt_storage_t text;
	knot_dname_storage_t owner;
	size_t len = 0;
	uint32_t ttl = 0;

	if (batch->count == ITEMS_MAX || read_ttl(line, line_len, &len, &ttl) != KNOT_EOK || len >= sizeof(text)) {
		return KNOT_EMALF;
	}
	memcpy(text, line, len);
	text[len] = '\0';
	if (knot_dname_from_str(owner, text, sizeof(owner)) == NULL) {
		return KNOT_EMALF;
	}
	return add_item(batch, owner, ttl);
}

static owned_t *owned_of(const parent_item_t *item)
{
	return (owned_t *)((char *)item->owner - offsetof(owned_t, owner));
}

static int read_line(parent_batch_t *batch, const char *line, size_t len)
{
	const bool record = len > 1 && (line[0] == '-' || line[0] == '+') && line[1] == ' ';

	if (!record) {
		return begin_item(batch, line, len);
	}
	if (batch->count == 0) {
		return KNOT_EMALF;
	}
	owned_t *owned = owned_of(&batch->items[batch->count - 1]);
	return read_record(line + 2, len - 2, line[0] == '-' ? &owned->ds : &owned->wanted);
}

int batch_read(const char *zone, const char *text, parent_batch_t *batch)
{
	int ret = KNOT_EOK;

	*batch = (parent_batch_t){ .zone = zone };
	while (*text != '\0' && ret == KNOT_EOK) {
		const size_t len = strcspn(text, "\n");
		ret = len > 0 ? read_line(batch, text, len) : KNOT_EMALF;
		text += len + (text[len] == '\n');
	}
	if (ret == KNOT_EOK && batch->count == 0) {
		ret = KNOT_EMALF;
	}
	if (ret != KNOT_EOK) {
		batch_free(batch);
	}
	return ret;
}

int batch_add(parent_batch_t *batch, const knot_dname_t *owner, const knot_rdataset_t *ds)
{
	int ret = batch->count < ITEMS_MAX ? add_item(batch, owner, 0) : KNOT_EMALF;

	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = knot_rdataset_copy(&owned_of(&batch->items[batch->count - 1])->ds, ds, NULL);
	if (ret != KNOT_EOK) {
		batch_pop(batch);
	}
	return ret;
}

void batch_pop(parent_batch_t *batch)
{
	owned_t *owned = owned_of(&batch->items[--batch->count]);

	knot_rdataset_clear(&owned->ds, NULL);
	knot_rdataset_clear(&owned->wanted, NULL);
	free(owned);
}

void batch_free(parent_batch_t *batch)
{
	while (batch->count > 0) {
		batch_pop(batch);
	}
	free(batch->items);
	*batch = (parent_batch_t){ .zone = NULL };
}
