/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A batch as text: what was written is read again, and any other text is an error and nothing else. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "agent/batch_text.h"

#define ITEMS 3

static knot_rdataset_t make_set(unsigned records, unsigned seed)
{
	knot_rdataset_t set = { 0 };

	for (unsigned i = 0; i < records; i++) {
		uint8_t data[36], room[64];
		knot_rdata_t *rdata = (knot_rdata_t *)room;
		memset(data, (int)(seed + i), sizeof(data));
		knot_rdata_init(rdata, sizeof(data), data);
		assert_int_equal(knot_rdataset_add(&set, rdata, NULL), KNOT_EOK);
	}
	return set;
}

typedef struct {
	knot_dname_storage_t owner[ITEMS];
	knot_rdataset_t ds[ITEMS], wanted[ITEMS];
	parent_item_t items[ITEMS];
	parent_batch_t batch;
} made_t;

/*! Of n delegations: no DS before, one, two; the reverse afterwards. */
static void make(made_t *m)
{
	static const char *const names[ITEMS] = { "a.test.", "\\032\\\"x.test.", "*.test." };

	static const uint32_t ttls[ITEMS] = { 0, 600, UINT32_MAX };

	memset(m, 0, sizeof(*m));
	for (unsigned i = 0; i < ITEMS; i++) {
		assert_non_null(knot_dname_from_str(m->owner[i], names[i], sizeof(m->owner[i])));
		m->ds[i] = make_set(i, 10 * i);
		m->wanted[i] = make_set(ITEMS - 1 - i, 100 + 10 * i);
		m->items[i] = (parent_item_t){
			.owner = m->owner[i], .ds = &m->ds[i], .wanted = &m->wanted[i], .ttl = ttls[i]
		};
	}
	m->batch = (parent_batch_t){ .zone = "test.", .items = m->items, .count = ITEMS };
}

static void unmake(made_t *m)
{
	for (unsigned i = 0; i < ITEMS; i++) {
		knot_rdataset_clear(&m->ds[i], NULL);
		knot_rdataset_clear(&m->wanted[i], NULL);
	}
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	char text[4096];
	made_t m;
	parent_batch_t read;

	make(&m);
	assert_true(batch_write(&m.batch, text, sizeof(text)));
	assert_int_equal(batch_read("test.", text, &read), KNOT_EOK);
	assert_int_equal(read.count, ITEMS);
	assert_string_equal(read.zone, "test.");
	for (unsigned i = 0; i < ITEMS; i++) {
		assert_true(knot_dname_is_equal(read.items[i].owner, m.owner[i]));
		assert_int_equal(read.items[i].ttl, m.items[i].ttl);
		assert_int_equal(read.items[i].ds->count, i);
		assert_true(i == 0 || knot_rdataset_eq(read.items[i].ds, &m.ds[i]));
		assert_int_equal(read.items[i].wanted->count, ITEMS - 1 - i);
		assert_true(i == ITEMS - 1 || knot_rdataset_eq(read.items[i].wanted, &m.wanted[i]));
	}
	batch_free(&read);
	unmake(&m);
}

static void what_has_no_room_is_not_written(void **state)
{
	(void)state;
	char text[4096];
	made_t m;

	make(&m);
	assert_true(batch_write(&m.batch, text, sizeof(text)));
	const size_t need = strlen(text) + 1;
	assert_true(batch_write(&m.batch, text, need));
	for (size_t len = 1; len < need; len++) {
		memset(text, 'x', sizeof(text));
		assert_false(batch_write(&m.batch, text, len));
		assert_string_equal(text, "");
		assert_int_equal(text[len], 'x');
	}
	unmake(&m);
}

static void other_texts_are_errors(void **state)
{
	(void)state;
	static const char *const texts[] = { "",
		                             "\n",
		                             "- 00\na.test. 1\n",
		                             "a.test. 1\n- \n",
		                             "a.test. 1\n- 0\n",
		                             "a.test. 1\n- zz\n",
		                             "a.test. 1\n- 0a\n",
		                             "a.test. 1\n\nb.test. 1\n",
		                             ".. 1\n",
		                             "a..test. 1\n",
		                             "a.test.\n",
		                             "a.test. \n",
		                             "a.test. A\n",
		                             "a.test. -1\n",
		                             "a.test. 1 \n",
		                             "a.test. 4294967296\n",
		                             "a.test. 99999999999999999999999\n",
		                             " 1\n" };
	parent_batch_t read;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_not_equal(batch_read("test.", texts[i], &read), KNOT_EOK);
		assert_null(read.items);
		assert_int_equal(read.count, 0);
	}
	/* A record of any length, a name of any length, any number of names. */
	const size_t size = 1 << 20;
	char *text = malloc(size);
	assert_non_null(text);
	memset(text, 'A', size);
	text[size - 1] = '\0';
	assert_int_equal(batch_read("test.", text, &read), KNOT_EMALF);
	memcpy(text, "a.test. 1\n- ", 12);
	assert_int_equal(batch_read("test.", text, &read), KNOT_EMALF);
	for (size_t i = 0; i + 4 < size; i += 4) {
		memcpy(text + i, "a 1\n", 4);
	}
	text[size - 4] = '\0';
	assert_int_equal(batch_read("test.", text, &read), KNOT_EMALF);
	free(text);
}

/*! One octet of a good text is another one, or all behind it is missing. */
static void damaged_texts_do_no_harm(void **state)
{
	(void)state;
	char text[4096], damaged[4096];
	made_t m;
	parent_batch_t read;

	make(&m);
	assert_true(batch_write(&m.batch, text, sizeof(text)));
	for (size_t at = 0; at < strlen(text); at++) {
		static const char with[] = "\0\n+- .\\A\xff";
		for (size_t i = 0; i < sizeof(with) - 1; i++) {
			strcpy(damaged, text);
			damaged[at] = with[i];
			if (batch_read("test.", damaged, &read) == KNOT_EOK) {
				assert_true(read.count > 0);
				batch_free(&read);
			}
		}
	}
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_has_no_room_is_not_written),
		cmocka_unit_test(other_texts_are_errors),
		cmocka_unit_test(damaged_texts_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
