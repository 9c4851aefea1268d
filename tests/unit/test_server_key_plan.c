/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keymgr prints, and which timers an order sets: no program is run. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/server/key_plan.h"

#define NOW 1795878554
#define OLD 7423
#define NEW 60738
#define ALG 13

/* The list. */

#define HEAD                                                                                                           \
	"\"zone\": \"example.test.\", \"id\": \"601aec5f\", \"ksk\": true, \"zsk\": false, \"tag\": 7423, \"algorithm\": 13"
#define TIMERS                                                                                                         \
	"\"created\": 1795878554, \"pre-active\": 0, \"publish\": 1795878554, \"ready\": 1795878555, "                 \
	"\"active\": 1795878556, \"retire-active\": 0, \"retire\": 0, \"post-active\": 0, \"revoke\": 0, \"remove\": 7"
#define KEY "{" HEAD ", \"size\": 256, \"public-only\": false, \"for-later\": false, \"missing\": false, " TIMERS "}"

static int parse_bytes(key_list_t *list, const char *text, size_t len)
{
	// Exactly as long as the text: a sanitizer sees each byte that is read behind it.
	char *copy = malloc(len + 1);
	assert_non_null(copy);
	char *end = memcpy(copy + 1, text, len);
	int ret = key_list_parse(list, end, len);
	free(copy);
	return ret;
}

static int parse(key_list_t *list, const char *text)
{
	return parse_bytes(list, text, strlen(text));
}

static void list_is_read(void **state)
{
	(void)state;
	key_list_t list;

	assert_int_equal(parse(&list, "[\n  " KEY "\n]\n"), KNOT_EOK);
	assert_int_equal(list.count, 1);
	const listed_key_t *key = &list.keys[0];
	assert_string_equal(key->id, "601aec5f");
	assert_int_equal(key->tag, 7423);
	assert_int_equal(key->algorithm, 13);
	assert_true(key->ksk && !key->zsk && !key->public_only);
	assert_int_equal(key->timers[KEY_CREATED], 1795878554);
	assert_int_equal(key->timers[KEY_READY], 1795878555);
	assert_int_equal(key->timers[KEY_ACTIVE], 1795878556);
	assert_int_equal(key->timers[KEY_REMOVE], 7);
	assert_int_equal(parse(&list, "[ ]"), KNOT_EOK);
	assert_int_equal(list.count, 0);
}

static void list_of_another_form_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		" ",
		"[",
		"]",
		"[]]",
		"[] x",
		"{}",
		"[{}]",
		"[" KEY,
		"[" KEY ",]",
		"[" KEY KEY "]",
		"null",
		// Twice the same key, and the same member.
		"[" KEY "," KEY "]",
		"[{" HEAD ", \"tag\": 7423, " TIMERS "}]",
		// A member is missing.
		"[{" HEAD "}]",
		"[{" TIMERS "}]",
		"[{" HEAD ", \"created\": 1}]",
	};
	key_list_t list;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (parse(&list, wrong[i]) != KNOT_EMALF) {
			fail_msg("taken: %s", wrong[i]);
		}
	}
	// Each beginning of a good one.
	static const char good[] = "[" KEY "]";
	for (size_t len = 0; len < sizeof(good) - 1; len++) {
		assert_int_equal(parse_bytes(&list, good, len), KNOT_EMALF);
	}
	// A byte that is no text at all.
	assert_int_equal(parse_bytes(&list, "[\0]", 3), KNOT_EMALF);
}

/*! One key, in which a member has another value, or another member stands for it. */
static int parse_with(key_list_t *list, const char *before, const char *after)
{
	static const char good[] = "[" KEY "]";
	char text[1024];
	const char *at = strstr(good, before);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, after, at + strlen(before));
	return parse(list, text);
}

static void values_are_bounded(void **state)
{
	(void)state;
	static const struct {
		const char *before;
		const char *after;
		int ret;
	} cases[] = {
		{ "\"tag\": 7423", "\"tag\": 65535", KNOT_EOK },
		{ "\"tag\": 7423", "\"tag\": 65536", KNOT_EMALF },
		{ "\"tag\": 7423", "\"tag\": -1", KNOT_EMALF },
		{ "\"tag\": 7423", "\"tag\": \"1\"", KNOT_EMALF },
		{ "\"tag\": 7423", "\"tag\": true", KNOT_EMALF },
		{ "\"algorithm\": 13", "\"algorithm\": 255", KNOT_EOK },
		{ "\"algorithm\": 13", "\"algorithm\": 256", KNOT_EMALF },
		{ "\"ksk\": true", "\"ksk\": 1", KNOT_EMALF },
		{ "\"zsk\": false", "\"zsk\": \"\"", KNOT_EMALF },
		{ "\"public-only\": false", "\"public-only\": 0", KNOT_EMALF },
		{ "601aec5f", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", KNOT_EOK },
		{ "601aec5f", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0", KNOT_EMALF },
		{ "601aec5f", "", KNOT_EMALF },
		{ "601aec5f", "../x", KNOT_EMALF },
		{ "601aec5f", "6 active=0", KNOT_EMALF },
		{ "601aec5f", "601A", KNOT_EMALF },
		{ "601aec5f", "60\\u0000", KNOT_EMALF },
		{ "\"601aec5f\"", "true", KNOT_EMALF },
		{ "\"remove\": 7", "\"remove\": 16725225600", KNOT_EOK },
		{ "\"remove\": 7", "\"remove\": 16725225601", KNOT_EMALF },
		{ "\"remove\": 7", "\"remove\": 99999999999999999999999999999999", KNOT_EMALF },
		{ "\"remove\": 7", "\"remove\": ", KNOT_EMALF },
		{ "\"remove\": 7", "\"remove\": 7 7", KNOT_EMALF },
		{ "\"remove\": 7", "\"remove\": \"7\"", KNOT_EMALF },
		{ "\"size\": 256", "\"unknown\": \"text\"", KNOT_EOK },
		{ "\"size\": 256", "\"unknown\": [1]", KNOT_EMALF },
		{ "\"size\": 256", "\"unknown\": {}", KNOT_EMALF },
		{ "\"size\": 256", "\"unknown\": null", KNOT_EMALF },
	};
	key_list_t list;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (parse_with(&list, cases[i].before, cases[i].after) != cases[i].ret) {
			fail_msg("%s instead of %s", cases[i].after, cases[i].before);
		}
	}
}

static void list_without_end_is_refused(void **state)
{
	(void)state;
	static char text[KEY_LIST_TEXT_MAX * 2];
	size_t len = 0;
	key_list_t list;

	text[len++] = '[';
	for (unsigned i = 0; i <= KEYS_LISTED_MAX; i++) {
		len += snprintf(
			text + len, sizeof(text) - len,
			"%s{\"id\": \"%x\", \"ksk\": true, \"zsk\": false, \"tag\": 1, \"algorithm\": 13, " TIMERS "}",
			i > 0 ? "," : "", i);
		if (i == KEYS_LISTED_MAX - 1) {
			text[len] = ']';
			assert_int_equal(key_list_parse(&list, text, len + 1), KNOT_EOK);
			assert_int_equal(list.count, KEYS_LISTED_MAX);
		}
	}
	text[len++] = ']';
	assert_int_equal(key_list_parse(&list, text, len), KNOT_ESPACE);
}

/* States and plans. */

static listed_key_t key_of(uint16_t tag, key_timer_t timer)
{
	listed_key_t key = { .tag = tag, .algorithm = ALG, .ksk = true };
	snprintf(key.id, sizeof(key.id), "%x", tag);
	key.timers[KEY_CREATED] = NOW - 100;
	if (timer != KEY_CREATED) {
		key.timers[KEY_PUBLISH] = NOW - 90;
	}
	if (timer > KEY_PUBLISH) {
		key.timers[KEY_READY] = NOW - 80;
	}
	key.timers[timer] = NOW - 10;
	return key;
}

static void state_is_that_of_the_last_timer_that_is_due(void **state)
{
	(void)state;
	listed_key_t key = key_of(OLD, KEY_READY);
	assert_int_equal(key_state(&key, NOW), KEY_READY);
	key.timers[KEY_ACTIVE] = NOW + 1;
	assert_int_equal(key_state(&key, NOW), KEY_READY);
	assert_int_equal(key_state(&key, NOW + 1), KEY_ACTIVE);
	key.timers[KEY_REMOVE] = NOW;
	assert_int_equal(key_state(&key, NOW), KEY_REMOVE);
	assert_int_equal(key_state(&(listed_key_t){ 0 }, NOW), KEY_CREATED);
}

/*! Why the last one was refused. */
static const char *refusal;

/*! The plan as text: "new active=+0; old retire=+0 remove=+0", "make", "refused". */
static const char *plan_of(const key_list_t *list, const key_wish_t *wish)
{
	static char text[256];
	static key_plan_t plan;
	size_t len = 0;

	text[0] = '\0';
	if (!key_plan(list, wish, NOW, &plan)) {
		assert_true(strlen(plan.error) > 10);
		refusal = plan.error;
		return "refused";
	}
	assert_string_equal(plan.error, "");
	for (size_t i = 0; i < plan.count; i++) {
		len += snprintf(text + len, sizeof(text) - len, "%s%s", len > 0 ? "; " : "",
		                plan.keys[i].key->tag == OLD ? "old" : "new");
		for (size_t n = 0; n < plan.keys[i].count; n++) {
			len += snprintf(text + len, sizeof(text) - len, " %s", plan.keys[i].set[n]);
		}
	}
	if (plan.make) {
		snprintf(text + len, sizeof(text) - len, "%smake", len > 0 ? "; " : "");
	}
	return text;
}

#define NONE KEY_TIMERS
static const key_ref_t old_ref = { OLD, ALG }, new_ref = { NEW, ALG };

static key_list_t list_of(key_timer_t old_state, key_timer_t new_state)
{
	key_list_t list = { .keys[0] = key_of(1, KEY_ACTIVE), .count = 1 };
	list.keys[0].ksk = false;
	list.keys[0].zsk = true;
	if (old_state != NONE) {
		list.keys[list.count++] = key_of(OLD, old_state);
	}
	if (new_state != NONE) {
		list.keys[list.count++] = key_of(NEW, new_state);
	}
	return list;
}

static void orders_set_what_is_missing(void **state)
{
	(void)state;
	static const struct {
		key_order_t order;
		key_timer_t old_state;
		key_timer_t new_state;
		const char *plan;
	} cases[] = {
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, NONE, "make" },
		{ KEY_ORDER_INTRODUCE, KEY_READY, NONE, "old active=+0; make" },
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_REMOVE, "make" },
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_PUBLISH, "new active=+0" },
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_READY, "new active=+0" },
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_ACTIVE, "" },
		{ KEY_ORDER_INTRODUCE, KEY_RETIRE_ACTIVE, NONE, "refused" },
		{ KEY_ORDER_INTRODUCE, NONE, KEY_ACTIVE, "refused" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_ACTIVE, "new ready=+0 active=0" },
		{ KEY_ORDER_SIGNAL, KEY_READY, KEY_READY, "old active=+0" },
		{ KEY_ORDER_SIGNAL, KEY_READY, KEY_ACTIVE, "old active=+0; new ready=+0 active=0" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_READY, "" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_PUBLISH, "refused" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, NONE, "refused" },
		{ KEY_ORDER_SIGNAL, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "refused" },
		{ KEY_ORDER_WITHDRAW, KEY_ACTIVE, KEY_READY, "new active=+0" },
		{ KEY_ORDER_WITHDRAW, KEY_READY, KEY_ACTIVE, "old active=+0" },
		{ KEY_ORDER_WITHDRAW, KEY_ACTIVE, NONE, "refused" },
		{ KEY_ORDER_BACK, KEY_ACTIVE, KEY_READY, "new active=+0; old ready=+0 active=0" },
		{ KEY_ORDER_BACK, KEY_READY, KEY_ACTIVE, "" },
		{ KEY_ORDER_BACK, KEY_RETIRE, KEY_ACTIVE, "refused" },
		{ KEY_ORDER_BOTH, KEY_ACTIVE, KEY_READY, "old ready=+0 active=0" },
		{ KEY_ORDER_BOTH, KEY_READY, KEY_READY, "" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_ACTIVE, "old retire=+0 remove=+0" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_READY, "new active=+0; old retire=+0 remove=+0" },
		{ KEY_ORDER_RETIRE, KEY_REMOVE, KEY_ACTIVE, "" },
		{ KEY_ORDER_RETIRE, NONE, KEY_ACTIVE, "" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, NONE, "refused" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_REMOVE, "refused" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_RETIRE, "refused" },
		{ KEY_ORDER_ABORT, KEY_ACTIVE, KEY_ACTIVE, "new retire=+0 remove=+0" },
		{ KEY_ORDER_ABORT, KEY_READY, KEY_PUBLISH, "old active=+0; new active=+0 retire=+0 remove=+0" },
		{ KEY_ORDER_ABORT, KEY_ACTIVE, KEY_READY, "new active=+0 retire=+0 remove=+0" },
		{ KEY_ORDER_RETIRE, KEY_READY, KEY_ACTIVE, "old active=+0 retire=+0 remove=+0" },
		{ KEY_ORDER_ABORT, KEY_ACTIVE, NONE, "" },
		{ KEY_ORDER_ABORT, NONE, KEY_ACTIVE, "refused" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const key_list_t list = list_of(cases[i].old_state, cases[i].new_state);
		// The new key by its tag, and as the only other one.
		for (int by_tag = 0; by_tag < 2; by_tag++) {
			const bool is_new = cases[i].order == KEY_ORDER_INTRODUCE &&
			                    (cases[i].new_state == NONE || cases[i].new_state == KEY_REMOVE);
			const key_wish_t wish = { .order = cases[i].order,
				                  .old_key = &old_ref,
				                  .new_key = by_tag && !is_new ? &new_ref : NULL };
			const char *plan = plan_of(&list, &wish);
			if (strcmp(plan, cases[i].plan) != 0) {
				fail_msg("%s, old %s, new %s: \"%s\", not \"%s\"", key_order_name(cases[i].order),
				         cases[i].old_state == NONE ? "none" : key_timer_name(cases[i].old_state),
				         cases[i].new_state == NONE ? "none" : key_timer_name(cases[i].new_state), plan,
				         cases[i].plan);
			}
		}
	}
}

/*! Zero is never. */
static int64_t moment(const listed_key_t *key, key_timer_t timer)
{
	return key->timers[timer] != 0 ? key->timers[timer] : INT64_MAX;
}

/*! What keymgr checks: check_timers() of Knot DNS. */
static void assert_keymgr_takes(const listed_key_t *key)
{
	assert_true(moment(key, KEY_PUBLISH) <= moment(key, KEY_ACTIVE));
	assert_true(moment(key, KEY_ACTIVE) <= moment(key, KEY_RETIRE));
	assert_true(moment(key, KEY_RETIRE) <= moment(key, KEY_REMOVE));
}

static void a_plan_that_is_carried_out_needs_nothing_more(void **state)
{
	(void)state;
	static const key_timer_t states[] = { KEY_PUBLISH, KEY_READY,  KEY_ACTIVE, KEY_RETIRE_ACTIVE,
		                              KEY_RETIRE,  KEY_REMOVE, NONE };
	unsigned planned = 0;

	for (int order = 0; order < KEY_ORDERS; order++) {
		for (size_t i = 0; i < 7 * 7; i++) {
			key_list_t list = list_of(states[i / 7], states[i % 7]);
			const key_wish_t wish = { .order = order, .old_key = &old_ref, .new_key = &new_ref };
			key_plan_t plan;
			if (!key_plan(&list, &wish, NOW, &plan) || plan.make) {
				continue;
			}
			for (size_t k = 0; k < plan.count; k++) {
				listed_key_t *key = &list.keys[plan.keys[k].key - list.keys];
				for (size_t n = 0; n < plan.keys[k].count; n++) {
					const char *set = plan.keys[k].set[n], *value = strchr(set, '=');
					for (int timer = 0; timer < KEY_TIMERS; timer++) {
						if (strncmp(set, key_timer_name(timer), value - set) == 0 &&
						    strlen(key_timer_name(timer)) == (size_t)(value - set)) {
							key->timers[timer] = value[1] == '+' ? NOW : 0;
						}
					}
				}
				assert_keymgr_takes(key);
				planned++;
			}
			assert_string_equal(plan_of(&list, &wish), "");
			// One that signs DNSKEY is always left.
			bool signs = false;
			for (size_t k = 1; k < list.count; k++) {
				const key_timer_t now = key_state(&list.keys[k], NOW);
				signs = signs || now == KEY_READY || now == KEY_ACTIVE;
			}
			assert_true(signs);
		}
	}
	assert_true(planned > 30);
}

static void retire_begins_a_lifetime(void **state)
{
	(void)state;
	const key_wish_t wish = { .order = KEY_ORDER_RETIRE, .old_key = &old_ref, .new_key = &new_ref, .renew = true };
	key_list_t list = list_of(KEY_ACTIVE, KEY_READY);
	assert_string_equal(plan_of(&list, &wish), "new created=+0 active=+0; old retire=+0 remove=+0");
	list = list_of(KEY_ACTIVE, KEY_ACTIVE);
	assert_string_equal(plan_of(&list, &wish), "new created=+0; old retire=+0 remove=+0");
	list = list_of(NONE, KEY_ACTIVE);
	assert_string_equal(plan_of(&list, &wish), "");
	// No other order does.
	for (int order = 0; order < KEY_ORDERS; order++) {
		const key_wish_t other = { .order = order, .old_key = &old_ref, .new_key = &new_ref, .renew = true };
		list = list_of(KEY_ACTIVE, KEY_ACTIVE);
		assert_true((strstr(plan_of(&list, &other), "created") != NULL) == (order == KEY_ORDER_RETIRE));
	}
}

static void first_key_is_signalled_and_withdrawn(void **state)
{
	(void)state;
	const key_list_t list = list_of(NONE, KEY_READY);
	key_wish_t wish = { .order = KEY_ORDER_WITHDRAW };
	assert_string_equal(plan_of(&list, &wish), "new active=+0");
	wish.order = KEY_ORDER_SIGNAL;
	assert_string_equal(plan_of(&list, &wish), "");
	for (int order = 0; order < KEY_ORDERS; order++) {
		if (order != KEY_ORDER_SIGNAL && order != KEY_ORDER_WITHDRAW) {
			wish.order = order;
			assert_string_equal(plan_of(&list, &wish), "refused");
		}
	}
}

#define assert_refused(list, wish, why)                                                                                \
	do {                                                                                                           \
		assert_string_equal(plan_of(list, wish), "refused");                                                   \
		assert_non_null(strstr(refusal, why));                                                                 \
	} while (0)

static void doubtful_keys_are_refused(void **state)
{
	(void)state;
	const key_wish_t wish = { .order = KEY_ORDER_RETIRE, .old_key = &old_ref, .new_key = &new_ref };
	const key_wish_t any_new = { .order = KEY_ORDER_RETIRE, .old_key = &old_ref };
	const key_list_t good = list_of(KEY_ACTIVE, KEY_ACTIVE);
	assert_string_equal(plan_of(&good, &wish), "old retire=+0 remove=+0");

	// No key at all: another folder.
	assert_refused(&(key_list_t){ 0 }, &wish, "keymgr lists no key");
	// A third KSK; one that is removed does not count, nor that of another signer.
	key_list_t list = good;
	list.keys[list.count++] = key_of(3, KEY_PUBLISH);
	assert_refused(&list, &wish, "tag 3 belongs to neither end");
	assert_refused(&list, &any_new, "belongs to neither end");
	list.keys[3] = key_of(3, KEY_REMOVE);
	assert_string_equal(plan_of(&list, &wish), "old retire=+0 remove=+0");
	list.keys[3] = key_of(3, KEY_ACTIVE);
	list.keys[3].public_only = true;
	assert_string_equal(plan_of(&list, &wish), "old retire=+0 remove=+0");
	// The KSK of another signer is not one to be driven.
	list = good;
	list.keys[2].public_only = true;
	assert_refused(&list, &wish, "the new KSK is not among the keys");
	// Two of one tag.
	list = good;
	list.keys[list.count++] = key_of(OLD, KEY_ACTIVE);
	assert_refused(&list, &wish, "two KSKs have the key tag 7423");
	// Another algorithm.
	list = good;
	list.keys[1].algorithm = 8;
	assert_refused(&list, &wish, "belongs to neither end");
	// A CSK.
	list = good;
	list.keys[1].zsk = true;
	assert_refused(&list, &wish, "signs the zone as well");
	// The old one is the new one.
	const key_wish_t same = { .order = KEY_ORDER_RETIRE, .old_key = &old_ref, .new_key = &old_ref };
	list = list_of(KEY_ACTIVE, NONE);
	assert_refused(&list, &same, "are one");
	// A new key that is named is not made again.
	const key_wish_t gone = { .order = KEY_ORDER_INTRODUCE, .old_key = &old_ref, .new_key = &new_ref };
	assert_refused(&list, &gone, "the new KSK is not among the keys");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_read),
		cmocka_unit_test(list_of_another_form_is_refused),
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(list_without_end_is_refused),
		cmocka_unit_test(state_is_that_of_the_last_timer_that_is_due),
		cmocka_unit_test(orders_set_what_is_missing),
		cmocka_unit_test(a_plan_that_is_carried_out_needs_nothing_more),
		cmocka_unit_test(retire_begins_a_lifetime),
		cmocka_unit_test(first_key_is_signalled_and_withdrawn),
		cmocka_unit_test(doubtful_keys_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
