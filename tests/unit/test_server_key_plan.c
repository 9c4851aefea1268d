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

#define NOW  1795878554
#define OLD  7423
#define OLD2 7424
#define NEW  60738
#define ALG  13
#define ZSK  1

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
		{ "\"remove\": 7", "\"remove\": -1868327404", KNOT_EOK },
		{ "\"remove\": 7", "\"remove\": -2147483648", KNOT_EOK },
		{ "\"remove\": 7", "\"remove\": -2147483649", KNOT_EMALF },
		{ "\"remove\": 7", "\"remove\": -0", KNOT_EMALF },
		{ "\"remove\": 7", "\"remove\": -", KNOT_EMALF },
		{ "\"remove\": 7", "\"remove\": --1", KNOT_EMALF },
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

static const char *name_of(uint16_t tag)
{
	return tag == OLD ? "old" : tag == OLD2 ? "second" : tag == ZSK ? "zsk" : "new";
}

/*! The plan as text: "new active=+0; old retire=+0 remove=+0", "make", "refused". */
static const char *plan_of(const key_list_t *list, const server_keys_t *wish)
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
		                name_of(plan.steps[i].key->tag));
		for (const char *const *timer = key_change_timers(plan.steps[i].change); *timer != NULL; timer++) {
			len += snprintf(text + len, sizeof(text) - len, " %s", *timer);
		}
	}
	if (plan.make) {
		snprintf(text + len, sizeof(text) - len, "%smake", len > 0 ? "; " : "");
	}
	return text;
}

#define NONE   KEY_TIMERS
#define ID(of) { .tag = (of), .algorithm = ALG }

/*! What is named; whether it is there is another matter. */
static server_keys_t wish_of(key_order_t order, unsigned old_count, bool has_new)
{
	return (server_keys_t){ .order = order,
		                .old_keys = { ID(OLD), ID(OLD2) },
		                .old_count = old_count,
		                .has_new = has_new,
		                .new_key = ID(NEW) };
}

static void put_key(key_list_t *list, uint16_t tag, key_timer_t state)
{
	if (state != NONE) {
		list->keys[list->count++] = key_of(tag, state);
	}
}

static key_list_t three_of(key_timer_t old_state, key_timer_t second_state, key_timer_t new_state)
{
	key_list_t list = { .keys[0] = key_of(1, KEY_ACTIVE), .count = 1 };
	list.keys[0].ksk = false;
	list.keys[0].zsk = true;
	put_key(&list, OLD, old_state);
	put_key(&list, OLD2, second_state);
	put_key(&list, NEW, new_state);
	return list;
}

static key_list_t list_of(key_timer_t old_state, key_timer_t new_state)
{
	return three_of(old_state, NONE, new_state);
}

static const char *state_name(key_timer_t state)
{
	return state == NONE ? "none" : key_timer_name(state);
}

/*! What an order does with two keys in these states. */
typedef struct {
	key_order_t order;
	key_timer_t old_state;
	key_timer_t new_state;
	const char *plan;
} plan_case_t;

static void assert_plans(const plan_case_t *cases, size_t count, key_list_t (*list_of_two)(key_timer_t, key_timer_t))
{
	for (size_t i = 0; i < count; i++) {
		const key_list_t list = list_of_two(cases[i].old_state, cases[i].new_state);
		const server_keys_t wish = wish_of(cases[i].order, 1, true);
		const char *plan = plan_of(&list, &wish);
		if (strcmp(plan, cases[i].plan) != 0) {
			fail_msg("%s, old %s, new %s: \"%s\", not \"%s\"", key_order_name(cases[i].order),
			         state_name(cases[i].old_state), state_name(cases[i].new_state), plan, cases[i].plan);
		}
	}
}

static void orders_set_what_is_missing(void **state)
{
	(void)state;
	static const plan_case_t cases[] = {
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, NONE, "refused" },
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_PUBLISH, "new active=+0" },
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_READY, "new active=+0" },
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_ACTIVE, "" },
		{ KEY_ORDER_INTRODUCE, NONE, KEY_ACTIVE, "refused" },
		{ KEY_ORDER_SILENT, KEY_ACTIVE, KEY_READY, "new active=+0" },
		{ KEY_ORDER_SILENT, KEY_READY, KEY_ACTIVE, "old active=+0" },
		{ KEY_ORDER_SILENT, KEY_READY, KEY_READY, "old active=+0; new active=+0" },
		{ KEY_ORDER_SILENT, KEY_ACTIVE, NONE, "refused" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_ACTIVE, "new ready=+0 active=0" },
		{ KEY_ORDER_SIGNAL, KEY_READY, KEY_READY, "old active=+0" },
		{ KEY_ORDER_SIGNAL, KEY_READY, KEY_ACTIVE, "old active=+0; new ready=+0 active=0" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_READY, "" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_PUBLISH, "refused" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, NONE, "refused" },
		{ KEY_ORDER_SIGNAL, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "refused" },
		{ KEY_ORDER_BOTH, KEY_ACTIVE, KEY_READY, "old ready=+0 active=0" },
		{ KEY_ORDER_BOTH, KEY_READY, KEY_READY, "" },
		{ KEY_ORDER_BOTH, KEY_RETIRE, KEY_READY, "refused" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_ACTIVE, "old retire=+0 remove=+0" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_READY, "new active=+0; old retire=+0 remove=+0" },
		{ KEY_ORDER_RETIRE, KEY_READY, KEY_ACTIVE, "old active=+0 retire=+0 remove=+0" },
		{ KEY_ORDER_RETIRE, KEY_REMOVE, KEY_ACTIVE, "" },
		{ KEY_ORDER_RETIRE, NONE, KEY_ACTIVE, "" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, NONE, "refused" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_REMOVE, "refused" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_RETIRE, "refused" },
		{ KEY_ORDER_ABORT, KEY_ACTIVE, KEY_ACTIVE, "new retire=+0 remove=+0" },
		{ KEY_ORDER_ABORT, KEY_READY, KEY_PUBLISH, "old active=+0; new active=+0 retire=+0 remove=+0" },
		{ KEY_ORDER_ABORT, KEY_ACTIVE, KEY_READY, "new active=+0 retire=+0 remove=+0" },
		{ KEY_ORDER_ABORT, KEY_ACTIVE, NONE, "" },
		{ KEY_ORDER_ABORT, NONE, KEY_ACTIVE, "refused" },
	};
	assert_plans(cases, sizeof(cases) / sizeof(cases[0]), list_of);
}

static void several_old_keys_go_together(void **state)
{
	(void)state;
	static const struct {
		key_order_t order;
		key_timer_t old_state;
		key_timer_t second_state;
		key_timer_t new_state;
		const char *plan;
	} cases[] = {
		{ KEY_ORDER_INTRODUCE, KEY_READY, KEY_ACTIVE, KEY_PUBLISH, "old active=+0; new active=+0" },
		{ KEY_ORDER_SILENT, KEY_READY, KEY_READY, KEY_READY, "old active=+0; second active=+0; new active=+0" },
		{ KEY_ORDER_SIGNAL, KEY_READY, KEY_READY, KEY_ACTIVE,
		  "old active=+0; second active=+0; new ready=+0 active=0" },
		{ KEY_ORDER_BOTH, KEY_ACTIVE, KEY_ACTIVE, KEY_ACTIVE,
		  "old ready=+0 active=0; second ready=+0 active=0; new ready=+0 active=0" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_ACTIVE, KEY_READY,
		  "new active=+0; old retire=+0 remove=+0; second retire=+0 remove=+0" },
		{ KEY_ORDER_RETIRE, KEY_REMOVE, KEY_ACTIVE, KEY_ACTIVE, "second retire=+0 remove=+0" },
		{ KEY_ORDER_RETIRE, NONE, NONE, KEY_ACTIVE, "" },
		{ KEY_ORDER_ABORT, KEY_READY, KEY_READY, KEY_ACTIVE,
		  "old active=+0; second active=+0; new retire=+0 remove=+0" },
		// One of them is gone: it has no signals, and nothing else is done without it.
		{ KEY_ORDER_SILENT, KEY_ACTIVE, NONE, KEY_READY, "new active=+0" },
		{ KEY_ORDER_SILENT, NONE, NONE, KEY_READY, "new active=+0" },
		{ KEY_ORDER_SILENT, KEY_READY, KEY_READY, NONE, "refused" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, NONE, KEY_ACTIVE, "refused" },
		{ KEY_ORDER_SIGNAL, NONE, KEY_ACTIVE, KEY_ACTIVE, "refused" },
		{ KEY_ORDER_ABORT, KEY_ACTIVE, NONE, KEY_ACTIVE, "refused" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_RETIRE, KEY_ACTIVE, "refused" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const key_list_t list = three_of(cases[i].old_state, cases[i].second_state, cases[i].new_state);
		const server_keys_t wish = wish_of(cases[i].order, 2, true);
		const char *plan = plan_of(&list, &wish);
		if (strcmp(plan, cases[i].plan) != 0) {
			fail_msg("case %zu, %s: \"%s\", not \"%s\"", i, key_order_name(cases[i].order), plan,
			         cases[i].plan);
		}
	}
	// As many as a rollover can have.
	server_keys_t wish = wish_of(KEY_ORDER_RETIRE, ROLLOVER_OLD_MAX, true);
	key_list_t list = { 0 };
	for (unsigned i = 0; i < ROLLOVER_OLD_MAX; i++) {
		wish.old_keys[i] = (key_id_t)ID(10 + i);
		put_key(&list, 10 + i, KEY_ACTIVE);
	}
	put_key(&list, NEW, KEY_READY);
	key_plan_t plan;
	assert_true(key_plan(&list, &wish, NOW, &plan));
	assert_int_equal(plan.count, ROLLOVER_OLD_MAX + 1);
	assert_int_equal(plan.steps[0].key->tag, NEW);
}

static void new_key_is_made_once(void **state)
{
	(void)state;
	const server_keys_t wish = wish_of(KEY_ORDER_INTRODUCE, 1, false);
	key_list_t list = list_of(KEY_ACTIVE, NONE);
	assert_string_equal(plan_of(&list, &wish), "make");
	list = list_of(KEY_READY, NONE);
	assert_string_equal(plan_of(&list, &wish), "old active=+0; make");
	list = list_of(KEY_ACTIVE, KEY_REMOVE);
	assert_string_equal(plan_of(&list, &wish), "make");
	list = list_of(KEY_RETIRE_ACTIVE, NONE);
	assert_string_equal(plan_of(&list, &wish), "refused");
	// The only other one is it.
	list = list_of(KEY_ACTIVE, KEY_PUBLISH);
	assert_string_equal(plan_of(&list, &wish), "new active=+0");
	list = list_of(KEY_ACTIVE, KEY_READY);
	assert_string_equal(plan_of(&list, &wish), "new active=+0");
	// Not if there are two, or for any other order: what is not named does not go. Silence is for all.
	list = three_of(KEY_ACTIVE, KEY_ACTIVE, KEY_PUBLISH);
	assert_string_equal(plan_of(&list, &wish), "refused");
	list = list_of(KEY_ACTIVE, KEY_ACTIVE);
	for (int order = KEY_ORDER_INTRODUCE + 1; order < KEY_ORDERS; order++) {
		const server_keys_t other = wish_of(order, 1, false);
		assert_string_equal(plan_of(&list, &other), order == KEY_ORDER_SILENT ? "" : "refused");
	}
	const server_keys_t silent = wish_of(KEY_ORDER_SILENT, 1, false);
	list = list_of(KEY_ACTIVE, KEY_PUBLISH);
	assert_string_equal(plan_of(&list, &silent), "new active=+0");
	list = list_of(KEY_ACTIVE, KEY_READY);
	assert_string_equal(plan_of(&list, &silent), "new active=+0");
	list.keys[2].algorithm = 8;
	assert_string_equal(plan_of(&list, &silent), "new active=+0");
	put_key(&list, OLD2, KEY_PUBLISH);
	list.keys[3].algorithm = 8;
	assert_string_equal(plan_of(&list, &silent), "");
	const server_keys_t second = wish_of(KEY_ORDER_INTRODUCE, 2, false);
	list = three_of(KEY_ACTIVE, KEY_ACTIVE, NONE);
	assert_string_equal(plan_of(&list, &second), "make");
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
	assert_true(key->timers[KEY_RETIRE_ACTIVE] <= moment(key, KEY_RETIRE));
	assert_true(moment(key, KEY_RETIRE) <= moment(key, KEY_REMOVE));
}

/*! As `keymgr set` does. */
static void set_timers(listed_key_t *key, key_change_t change)
{
	for (const char *const *set = key_change_timers(change); *set != NULL; set++) {
		const char *value = strchr(*set, '=');
		bool known = false;
		for (int timer = 0; timer < KEY_TIMERS; timer++) {
			if (strncmp(*set, key_timer_name(timer), value - *set) == 0 &&
			    strlen(key_timer_name(timer)) == (size_t)(value - *set)) {
				key->timers[timer] = value[1] != '+' ? 0 : NOW + atol(value + 2) * 365 * 86400;
				known = true;
			}
		}
		assert_true(known);
	}
}

/*! Whether a key signs DNSKEY that is there before the plan, or is named by it. */
static bool one_signs(const key_list_t *list)
{
	for (size_t k = 1; k < list->count; k++) {
		const key_timer_t now = key_state(&list->keys[k], NOW);
		if (now == KEY_READY || now == KEY_ACTIVE) {
			return true;
		}
	}
	return false;
}

static void a_plan_that_is_carried_out_needs_nothing_more(void **state)
{
	(void)state;
	static const key_timer_t states[] = { KEY_PUBLISH, KEY_READY,  KEY_ACTIVE, KEY_RETIRE_ACTIVE,
		                              KEY_RETIRE,  KEY_REMOVE, NONE };
	unsigned planned = 0;

	for (size_t i = 0; i < 7 * 7 * 7 * KEY_ORDERS; i++) {
		const size_t s = i / KEY_ORDERS;
		key_list_t list = three_of(states[s / 49], states[s / 7 % 7], states[s % 7]);
		const unsigned old_count = states[s / 7 % 7] == NONE ? 1 : 2;
		const server_keys_t wish = wish_of(i % KEY_ORDERS, old_count, true);
		key_plan_t plan;
		if (!key_plan(&list, &wish, NOW, &plan)) {
			continue;
		}
		const bool signed_before = one_signs(&list);
		for (size_t k = 0; k < plan.count; k++) {
			listed_key_t *key = &list.keys[plan.steps[k].key - list.keys];
			set_timers(key, plan.steps[k].change);
			assert_keymgr_takes(key);
			// Not even for a moment is there none.
			assert_true(one_signs(&list) || !signed_before);
			planned++;
		}
		assert_string_equal(plan_of(&list, &wish), "");
		assert_true(one_signs(&list));
	}
	assert_true(planned > 200);
}

/*! As keymgr of 3.4.6 and 3.5.8 prints a time in 2046. */
static void times_after_2038_are_read(void **state)
{
	(void)state;
	key_list_t list;
	assert_int_equal(parse_with(&list, "\"remove\": 7", "\"remove\": -1868327404"), KNOT_EOK);
	assert_int_equal(list.keys[0].timers[KEY_REMOVE], 2426639892);
	assert_int_equal(parse_with(&list, "\"remove\": 7", "\"remove\": 2426639892"), KNOT_EOK);
	assert_int_equal(list.keys[0].timers[KEY_REMOVE], 2426639892);
	assert_int_equal(parse_with(&list, "\"remove\": 7", "\"remove\": -1"), KNOT_EOK);
	assert_int_equal(list.keys[0].timers[KEY_REMOVE], UINT32_MAX);
}

/* Single-type keys. */

#define SIGNING " active=+0 retire-active=0 retire=0"
#define SIGNAL  " ready=+0 active=0 retire-active=0 retire=0"
#define ASIDE   " active=+0 retire-active=+0 retire=+20y"

/*! A list of two single-type keys; KEY_RETIRE_ACTIVE: aside. */
static key_list_t csks_of(key_timer_t old_state, key_timer_t new_state)
{
	key_list_t list = list_of(old_state, new_state);
	size_t kept = 0;
	for (size_t i = 0; i < list.count; i++) {
		listed_key_t key = list.keys[i];
		if (key.ksk) {
			key.zsk = true;
			key.timers[KEY_RETIRE] =
				key.timers[KEY_RETIRE_ACTIVE] != 0 ? NOW + 20L * 365 * 86400 : key.timers[KEY_RETIRE];
			list.keys[kept++] = key;
		}
	}
	list.count = kept;
	return list;
}

static void one_single_type_key_signs_the_data(void **state)
{
	(void)state;
	static const plan_case_t cases[] = {
		/* In the order of a rollover. */
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_PUBLISH, "new" ASIDE },
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "" },
		{ KEY_ORDER_SILENT, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "" },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "new" SIGNAL },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_READY, "" },
		{ KEY_ORDER_MOVE, KEY_ACTIVE, KEY_READY, "new" SIGNING "; old" ASIDE },
		{ KEY_ORDER_MOVE, KEY_ACTIVE, KEY_ACTIVE, "old" ASIDE },
		{ KEY_ORDER_MOVE, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "" },
		{ KEY_ORDER_RETIRE, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "old retire=+0 remove=+0" },
		{ KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "refused" },
		{ KEY_ORDER_RETIRE, KEY_RETIRE_ACTIVE, KEY_READY, "refused" },
		/* And back. */
		{ KEY_ORDER_BOTH, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "old" SIGNAL "; new" SIGNAL },
		{ KEY_ORDER_BOTH, KEY_READY, KEY_READY, "" },
		{ KEY_ORDER_SILENT, KEY_READY, KEY_READY, "old" SIGNING "; new" ASIDE },
		{ KEY_ORDER_SILENT, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "old" SIGNING "; new" ASIDE },
		{ KEY_ORDER_ABORT, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "new retire=+0 remove=+0" },
		/* An old one that has gone signs nothing. */
		{ KEY_ORDER_SILENT, NONE, KEY_READY, "new" SIGNING },
		{ KEY_ORDER_MOVE, NONE, KEY_READY, "new" SIGNING },
		{ KEY_ORDER_MOVE, KEY_ACTIVE, NONE, "refused" },
	};
	assert_plans(cases, sizeof(cases) / sizeof(cases[0]), csks_of);
}

/*! Old key, new key, ZSK: states, NONE if it is not there. KEY_RETIRE_ACTIVE: aside. */
static key_list_t scheme_of(bool to_csk, key_timer_t old_state, key_timer_t new_state, key_timer_t zsk_state)
{
	key_list_t list = { 0 };

	put_key(&list, OLD, old_state);
	put_key(&list, NEW, new_state);
	for (size_t i = 0; i < list.count; i++) {
		list.keys[i].zsk = (list.keys[i].tag == NEW) == to_csk;
	}
	put_key(&list, ZSK, zsk_state);
	for (size_t i = 0; i < list.count; i++) {
		listed_key_t *key = &list.keys[i];
		if (key->tag == ZSK) {
			key->ksk = false;
			key->zsk = true;
		}
		if (key->timers[KEY_RETIRE_ACTIVE] != 0) {
			key->timers[KEY_RETIRE] = NOW + 20L * 365 * 86400;
		}
	}
	return list;
}

static void zsks_go_with_the_end_that_has_them(void **state)
{
	(void)state;
	static const struct {
		bool to_csk;
		key_order_t order;
		key_timer_t old_state, new_state, zsk_state;
		const char *plan;
	} cases[] = {
		/* To a single key, in the order of a rollover. */
		{ true, KEY_ORDER_SILENT, KEY_ACTIVE, KEY_PUBLISH, KEY_ACTIVE, "new" ASIDE },
		{ true, KEY_ORDER_SILENT, KEY_ACTIVE, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "" },
		{ true, KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "new" SIGNAL },
		{ true, KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_PUBLISH, KEY_ACTIVE, "refused" },
		{ true, KEY_ORDER_MOVE, KEY_ACTIVE, KEY_READY, KEY_ACTIVE, "new" SIGNING "; zsk" ASIDE },
		{ true, KEY_ORDER_MOVE, KEY_ACTIVE, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "" },
		{ true, KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_ACTIVE, KEY_RETIRE_ACTIVE,
		  "old retire=+0 remove=+0; zsk retire=+0 remove=+0" },
		{ true, KEY_ORDER_RETIRE, NONE, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "zsk retire=+0 remove=+0" },
		{ true, KEY_ORDER_RETIRE, NONE, KEY_ACTIVE, NONE, "" },
		{ true, KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "refused" },
		{ true, KEY_ORDER_BOTH, KEY_ACTIVE, KEY_ACTIVE, KEY_RETIRE_ACTIVE,
		  "zsk" SIGNING "; old ready=+0 active=0; new" SIGNAL },
		{ true, KEY_ORDER_SILENT, KEY_READY, KEY_READY, KEY_ACTIVE, "old active=+0; new" ASIDE },
		{ true, KEY_ORDER_SILENT, KEY_ACTIVE, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "zsk" SIGNING "; new" ASIDE },
		/* Knot's own rollover of the ZSK goes on. */
		{ true, KEY_ORDER_SILENT, KEY_ACTIVE, KEY_RETIRE_ACTIVE, KEY_PUBLISH, "" },
		{ true, KEY_ORDER_MOVE, KEY_ACTIVE, KEY_READY, KEY_PUBLISH, "new" SIGNING "; zsk" ASIDE },
		{ true, KEY_ORDER_SILENT, KEY_ACTIVE, KEY_PUBLISH, NONE, "refused" },

		{ false, KEY_ORDER_SILENT, KEY_ACTIVE, KEY_PUBLISH, KEY_PUBLISH, "new active=+0; zsk" SIGNAL },
		{ false, KEY_ORDER_SILENT, KEY_ACTIVE, KEY_ACTIVE, KEY_READY, "" },
		{ false, KEY_ORDER_SILENT, KEY_ACTIVE, KEY_ACTIVE, KEY_ACTIVE, "zsk" SIGNAL },
		{ false, KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_ACTIVE, KEY_READY, "new ready=+0 active=0" },
		{ false, KEY_ORDER_MOVE, KEY_ACTIVE, KEY_READY, KEY_READY, "new active=+0; zsk" SIGNING "; old" ASIDE },
		{ false, KEY_ORDER_MOVE, KEY_RETIRE_ACTIVE, KEY_ACTIVE, KEY_ACTIVE, "" },
		{ false, KEY_ORDER_MOVE, KEY_ACTIVE, KEY_READY, NONE, "refused" },
		{ false, KEY_ORDER_RETIRE, KEY_RETIRE_ACTIVE, KEY_ACTIVE, KEY_ACTIVE, "old retire=+0 remove=+0" },
		{ false, KEY_ORDER_RETIRE, KEY_ACTIVE, KEY_ACTIVE, KEY_READY, "refused" },
		{ false, KEY_ORDER_BOTH, KEY_RETIRE_ACTIVE, KEY_ACTIVE, KEY_ACTIVE,
		  "old" SIGNAL "; new ready=+0 active=0; zsk" SIGNAL },
		{ false, KEY_ORDER_SILENT, KEY_READY, KEY_READY, KEY_READY, "old" SIGNING "; new active=+0" },
		{ false, KEY_ORDER_ABORT, KEY_ACTIVE, KEY_ACTIVE, KEY_READY,
		  "new retire=+0 remove=+0; zsk active=+0 retire=+0 remove=+0" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const key_list_t list =
			scheme_of(cases[i].to_csk, cases[i].old_state, cases[i].new_state, cases[i].zsk_state);
		const server_keys_t wish = wish_of(cases[i].order, 1, true);
		const char *plan = plan_of(&list, &wish);
		if (strcmp(plan, cases[i].plan) != 0) {
			fail_msg("%s %s, old %s, new %s, zsk %s: \"%s\", not \"%s\"", cases[i].to_csk ? "to" : "from",
			         key_order_name(cases[i].order), state_name(cases[i].old_state),
			         state_name(cases[i].new_state), state_name(cases[i].zsk_state), plan, cases[i].plan);
		}
	}
}

/*! The keys of another algorithm, to which Knot has begun to change, were removed. */
static void a_zsk_that_is_left_alone_is_active_again(void **state)
{
	(void)state;
	static const struct {
		key_order_t order;
		key_timer_t zsk_state, other_state;
		const char *plan;
	} cases[] = {
		{ KEY_ORDER_SILENT, KEY_RETIRE_ACTIVE, NONE, "zsk" SIGNING },
		{ KEY_ORDER_SILENT, KEY_RETIRE_ACTIVE, KEY_REMOVE, "zsk" SIGNING },
		{ KEY_ORDER_INTRODUCE, KEY_RETIRE_ACTIVE, NONE, "zsk" SIGNING "; make" },
		{ KEY_ORDER_SILENT, KEY_ACTIVE, NONE, "" },
		{ KEY_ORDER_SILENT, KEY_PUBLISH, NONE, "" },
		{ KEY_ORDER_SILENT, KEY_RETIRE, NONE, "" },
		/* Knot goes on with the change. */
		{ KEY_ORDER_SILENT, KEY_RETIRE_ACTIVE, KEY_PRE_ACTIVE, "" },
		{ KEY_ORDER_SILENT, KEY_RETIRE_ACTIVE, KEY_PUBLISH, "" },
		{ KEY_ORDER_SILENT, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		key_list_t list = list_of(KEY_ACTIVE, NONE);
		const server_keys_t wish = wish_of(cases[i].order, 1, false);
		memcpy(list.keys[0].timers, key_of(ZSK, cases[i].zsk_state).timers, sizeof(list.keys[0].timers));
		put_key(&list, NEW, cases[i].other_state);
		if (cases[i].other_state != NONE) {
			list.keys[2].ksk = false;
			list.keys[2].zsk = true;
			list.keys[2].algorithm = ALG + 2;
		}
		const char *plan = plan_of(&list, &wish);
		if (strcmp(plan, cases[i].plan) != 0) {
			fail_msg("%s, zsk %s, other %s: \"%s\", not \"%s\"", key_order_name(cases[i].order),
			         state_name(cases[i].zsk_state), state_name(cases[i].other_state), plan, cases[i].plan);
		}
	}
}

/*! What Knot has made is silent before a rollover begins. */
static void a_key_of_the_other_scheme_is_silent_in_idle(void **state)
{
	(void)state;
	const server_keys_t wish = wish_of(KEY_ORDER_SILENT, 1, false);
	key_list_t list = scheme_of(true, KEY_ACTIVE, KEY_READY, KEY_ACTIVE);
	assert_string_equal(plan_of(&list, &wish), "new" ASIDE);
	list = scheme_of(false, KEY_ACTIVE, KEY_READY, KEY_PUBLISH);
	assert_string_equal(plan_of(&list, &wish), "new active=+0");
}

/*! Where CDS always names the active key, a KSK that is not signalled is aside. Other signers' keys are left alone. */
static void a_ksk_is_aside_where_cds_is_always_there(void **state)
{
	(void)state;
	static const plan_case_t cases[] = {
		{ KEY_ORDER_INTRODUCE, KEY_ACTIVE, KEY_PUBLISH, "new" ASIDE },
		{ KEY_ORDER_SILENT, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "" },
		{ KEY_ORDER_SILENT, KEY_ACTIVE, KEY_ACTIVE, "new" ASIDE },
		{ KEY_ORDER_SIGNAL, KEY_ACTIVE, KEY_RETIRE_ACTIVE, "new" SIGNAL },
		{ KEY_ORDER_MOVE, KEY_ACTIVE, KEY_READY, "new active=+0; old" ASIDE },
		{ KEY_ORDER_MOVE, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "" },
		{ KEY_ORDER_RETIRE, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "old retire=+0 remove=+0" },
		{ KEY_ORDER_BOTH, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "old" SIGNAL "; new ready=+0 active=0" },
		{ KEY_ORDER_SILENT, KEY_READY, KEY_READY, "old active=+0; new" ASIDE },
		{ KEY_ORDER_SILENT, KEY_RETIRE_ACTIVE, KEY_ACTIVE, "old" SIGNING "; new" ASIDE },
		{ KEY_ORDER_SILENT, NONE, KEY_READY, "new active=+0" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		key_list_t list = csks_of(cases[i].old_state, cases[i].new_state);
		for (size_t k = 0; k < list.count; k++) {
			list.keys[k].zsk = false;
		}
		/* Of the same tag as one of ours. */
		listed_key_t theirs = key_of(NEW, KEY_READY);
		theirs.public_only = true;
		list.keys[list.count++] = theirs;
		server_keys_t wish = wish_of(cases[i].order, 1, true);
		wish.aside = true;
		if (strcmp(plan_of(&list, &wish), cases[i].plan) != 0) {
			fail_msg("%zu: %s, not %s", i, plan_of(&list, &wish), cases[i].plan);
		}
	}
	/* Other signers have gone in the middle of a rollover: as without them. */
	key_list_t list = csks_of(KEY_ACTIVE, KEY_RETIRE_ACTIVE);
	list.keys[0].zsk = list.keys[1].zsk = false;
	const server_keys_t wish = wish_of(KEY_ORDER_SILENT, 1, true);
	assert_string_equal(plan_of(&list, &wish), "new" SIGNING);
}

/*! Of an algorithm rollover of which nobody knows any more. */
static void a_hidden_single_type_key_goes_with_an_old_one(void **state)
{
	(void)state;
	static const char gone[] = "old retire=+0 remove=+0; zsk publish=+0 active=+0 retire-active=0 retire=+0 "
				   "post-active=0 revoke=0 remove=+0";
	listed_key_t hidden = key_of(ZSK, KEY_ACTIVE);
	hidden.ksk = false;
	hidden.zsk = true;
	hidden.timers[KEY_POST_ACTIVE] = hidden.timers[KEY_REVOKE] = NOW - 5;

	for (key_order_t order = 0; order < KEY_ORDERS; order++) {
		key_list_t list = csks_of(order == KEY_ORDER_RETIRE ? KEY_RETIRE_ACTIVE : KEY_ACTIVE, KEY_ACTIVE);
		list.keys[list.count++] = hidden;
		const server_keys_t wish = wish_of(order, 1, true);
		const char *plan = plan_of(&list, &wish);
		if (order == KEY_ORDER_RETIRE) {
			assert_string_equal(plan, gone);
		} else {
			assert_null(strstr(plan, "zsk"));
		}
	}
	/* Of another algorithm it may be the next one; beside ZSKs that sign the data none is so. */
	const server_keys_t wish = wish_of(KEY_ORDER_RETIRE, 1, true);
	key_list_t list = csks_of(KEY_RETIRE_ACTIVE, KEY_ACTIVE);
	list.keys[list.count++] = hidden;
	list.keys[2].algorithm++;
	assert_string_equal(plan_of(&list, &wish), "old retire=+0 remove=+0");
	list = list_of(KEY_ACTIVE, KEY_ACTIVE);
	list.keys[list.count++] = hidden;
	assert_string_equal(plan_of(&list, &wish), "old retire=+0 remove=+0");
}

/*! Nobody knows yet which is the old one: who signs the data goes on. */
static void in_an_idle_zone_a_stranger_is_aside(void **state)
{
	(void)state;
	server_keys_t wish = wish_of(KEY_ORDER_SILENT, 2, false);
	wish.old_keys[1] = (key_id_t)ID(NEW);
	static const struct {
		key_timer_t old_state;
		key_timer_t new_state;
		const char *plan;
	} cases[] = {
		{ KEY_ACTIVE, KEY_PUBLISH, "new" ASIDE },
		{ KEY_PUBLISH, KEY_ACTIVE, "old" ASIDE },
		{ KEY_ACTIVE, KEY_READY, "new" ASIDE },
		{ KEY_ACTIVE, KEY_ACTIVE, "" },
		{ KEY_RETIRE_ACTIVE, KEY_ACTIVE, "" },
		{ KEY_READY, KEY_PUBLISH, "old" SIGNING "; new" ASIDE },
		{ KEY_READY, KEY_READY, "old" SIGNING "; new" SIGNING },
		{ KEY_RETIRE_ACTIVE, KEY_PUBLISH, "old" SIGNING "; new" ASIDE },
		/* Again, after the change of the first one was lost. */
		{ KEY_READY, KEY_RETIRE_ACTIVE, "old" SIGNING },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const key_list_t list = csks_of(cases[i].old_state, cases[i].new_state);
		assert_string_equal(plan_of(&list, &wish), cases[i].plan);
	}

	/* The first DS: there is no old one. */
	wish = wish_of(KEY_ORDER_SILENT, 0, true);
	key_list_t list = csks_of(NONE, KEY_READY);
	assert_string_equal(plan_of(&list, &wish), "new" SIGNING);
	wish.order = KEY_ORDER_SIGNAL;
	list = csks_of(NONE, KEY_ACTIVE);
	assert_string_equal(plan_of(&list, &wish), "new" SIGNAL);

	/* A third one is aside in any case: it is not everywhere. */
	for (int i = 0; i < 4; i++) {
		const bool moved = i < 2, has_old = i % 2 == 0;
		wish = wish_of(moved ? KEY_ORDER_MOVE : KEY_ORDER_SILENT, has_old, true);
		list = csks_of(!has_old ? NONE :
		               moved    ? KEY_RETIRE_ACTIVE :
		                          KEY_ACTIVE,
		               moved || !has_old ? KEY_ACTIVE : KEY_RETIRE_ACTIVE);
		list.keys[list.count] = key_of(OLD2, KEY_PUBLISH);
		list.keys[list.count++].zsk = true;
		assert_string_equal(plan_of(&list, &wish), "second" ASIDE);
	}

	/* What retires soon is not aside: Knot or another client has begun. */
	wish = wish_of(KEY_ORDER_MOVE, 1, true);
	list = csks_of(KEY_RETIRE_ACTIVE, KEY_ACTIVE);
	list.keys[0].timers[KEY_RETIRE] = NOW + 86400;
	assert_string_equal(plan_of(&list, &wish), "refused");
}

static void retire_begins_a_lifetime(void **state)
{
	(void)state;
	server_keys_t wish = wish_of(KEY_ORDER_RETIRE, 1, true);
	wish.renew = true;
	key_list_t list = list_of(KEY_ACTIVE, KEY_READY);
	assert_string_equal(plan_of(&list, &wish), "new active=+0; new created=+0; old retire=+0 remove=+0");
	list = list_of(KEY_ACTIVE, KEY_ACTIVE);
	assert_string_equal(plan_of(&list, &wish), "new created=+0; old retire=+0 remove=+0");
	list = list_of(NONE, KEY_ACTIVE);
	assert_string_equal(plan_of(&list, &wish), "");
	wish.old_count = 2;
	list = three_of(NONE, KEY_ACTIVE, KEY_ACTIVE);
	assert_string_equal(plan_of(&list, &wish), "new created=+0; second retire=+0 remove=+0");
	// No other order does.
	for (int order = 0; order < KEY_ORDERS; order++) {
		server_keys_t other = wish_of(order, 1, true);
		other.renew = true;
		list = list_of(KEY_ACTIVE, KEY_ACTIVE);
		assert_true((strstr(plan_of(&list, &other), "created") != NULL) == (order == KEY_ORDER_RETIRE));
	}
}

static void one_end_of_a_rollover_is_enough_to_be_silent(void **state)
{
	(void)state;
	// First DS: a new key only.
	key_list_t list = list_of(NONE, KEY_READY);
	server_keys_t wish = wish_of(KEY_ORDER_SILENT, 0, true);
	assert_string_equal(plan_of(&list, &wish), "new active=+0");
	wish.order = KEY_ORDER_SIGNAL;
	assert_string_equal(plan_of(&list, &wish), "");
	list = list_of(NONE, KEY_ACTIVE);
	assert_string_equal(plan_of(&list, &wish), "new ready=+0 active=0");
	for (int order = 0; order < KEY_ORDERS; order++) {
		if (order != KEY_ORDER_SIGNAL && order != KEY_ORDER_SILENT && order != KEY_ORDER_MOVE) {
			wish.order = order;
			assert_string_equal(plan_of(&list, &wish), "refused");
		}
	}
	// No rollover: old keys only.
	wish = wish_of(KEY_ORDER_SILENT, 2, false);
	list = three_of(KEY_READY, KEY_ACTIVE, NONE);
	assert_string_equal(plan_of(&list, &wish), "old active=+0");
	list = three_of(KEY_READY, NONE, NONE);
	assert_string_equal(plan_of(&list, &wish), "old active=+0");
	list = three_of(NONE, NONE, KEY_READY);
	assert_string_equal(plan_of(&list, &wish), "refused");
	for (int order = 0; order < KEY_ORDERS; order++) {
		if (order != KEY_ORDER_INTRODUCE && order != KEY_ORDER_SILENT) {
			wish.order = order;
			assert_string_equal(plan_of(&list, &wish), "refused");
		}
	}
	// None at all.
	for (int order = 0; order < KEY_ORDERS; order++) {
		wish = wish_of(order, 0, false);
		assert_string_equal(plan_of(&list, &wish), "refused");
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
	const server_keys_t wish = wish_of(KEY_ORDER_RETIRE, 1, true);
	const key_list_t good = list_of(KEY_ACTIVE, KEY_ACTIVE);
	assert_string_equal(plan_of(&good, &wish), "old retire=+0 remove=+0");

	// No key at all: another folder.
	assert_refused(&(key_list_t){ 0 }, &wish, "keymgr lists no key");
	// A third KSK; one that is removed does not count, nor that of another signer.
	key_list_t list = good;
	list.keys[list.count++] = key_of(3, KEY_PUBLISH);
	assert_refused(&list, &wish, "tag 3 belongs to neither end");
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
	list = good;
	list.keys[list.count++] = key_of(NEW, KEY_ACTIVE);
	assert_refused(&list, &wish, "two KSKs have the key tag 60738");
	// Another algorithm.
	list = good;
	list.keys[1].algorithm = 8;
	assert_refused(&list, &wish, "belongs to neither end");
	// Two CSKs are as good as two KSKs; two old keys, of which one is a CSK, are not.
	list = good;
	list.keys[1].zsk = list.keys[2].zsk = true;
	assert_string_equal(plan_of(&list, &wish), "old retire=+0 remove=+0");
	list = three_of(KEY_ACTIVE, KEY_ACTIVE, KEY_ACTIVE);
	list.keys[1].zsk = true;
	const server_keys_t three = wish_of(KEY_ORDER_SIGNAL, 2, true);
	assert_refused(&list, &three, "tag 7423 signs the zone as well, that of 7424 does not");
	// The old one is the new one, or another old one.
	server_keys_t same = wish;
	same.new_key = same.old_keys[0];
	list = list_of(KEY_ACTIVE, NONE);
	assert_refused(&list, &same, "is named twice");
	same = wish_of(KEY_ORDER_RETIRE, 2, true);
	same.old_keys[1] = same.old_keys[0];
	assert_refused(&good, &same, "is named twice");
	// A new key that is named is not made again.
	const server_keys_t gone = wish_of(KEY_ORDER_INTRODUCE, 1, true);
	list = list_of(KEY_ACTIVE, NONE);
	assert_refused(&list, &gone, "the new KSK is not among the keys");
}

/*! Two KSKs of one tag and algorithm are two keys all the same. */
static void keys_are_found_by_their_identifiers(void **state)
{
	(void)state;
	key_list_t list = list_of(KEY_ACTIVE, KEY_ACTIVE);
	for (size_t i = 0; i < list.count; i++) {
		snprintf(list.keys[i].id, sizeof(list.keys[i].id), "a%zu", i);
		list.keys[i].tag = list.keys[i].ksk ? OLD : list.keys[i].tag;
	}
	server_keys_t wish = wish_of(KEY_ORDER_RETIRE, 1, true);
	wish.new_key.tag = OLD;
	assert_refused(&list, &wish, "two KSKs have the key tag 7423");
	strcpy(wish.old_keyids[0], "A1");
	strcpy(wish.new_keyid, "a2");
	key_plan_t plan;
	assert_true(key_plan(&list, &wish, NOW, &plan));
	assert_int_equal(plan.count, 1);
	assert_string_equal(plan.steps[0].key->id, "a1");
	strcpy(wish.old_keyids[0], "a2");
	strcpy(wish.new_keyid, "a1");
	assert_true(key_plan(&list, &wish, NOW, &plan));
	assert_string_equal(plan.steps[0].key->id, "a2");
	// A key of a token may have another identifier.
	strcpy(wish.new_keyid, "ffff");
	assert_refused(&list, &wish, "two KSKs have the key tag 7423");
}

/*! The store was lost after the DS was replaced: the key without a DS is the old one. */
static void an_older_key_is_not_signalled(void **state)
{
	(void)state;
	key_list_t list = list_of(KEY_ACTIVE, KEY_ACTIVE);
	server_keys_t wish = wish_of(KEY_ORDER_SIGNAL, 1, true);
	list.keys[1].timers[KEY_CREATED] = NOW - 100;
	list.keys[2].timers[KEY_CREATED] = NOW - 101;
	assert_refused(&list, &wish, "60738 is older than 7423");
	// The advice works though the clock was ahead when the old one was made: now would still be earlier.
	list.keys[1].timers[KEY_CREATED] = NOW + 864000;
	assert_refused(&list, &wish, "roll to it: keymgr ZONE set 60738 created=1796742554");
	list.keys[2].timers[KEY_CREATED] = NOW;
	assert_refused(&list, &wish, "created=1796742554");
	list.keys[2].timers[KEY_CREATED] = 1796742554;
	assert_string_not_equal(plan_of(&list, &wish), "refused");
	// Of several, the last one counts.
	list = three_of(KEY_ACTIVE, KEY_ACTIVE, KEY_ACTIVE);
	wish.old_count = 2;
	list.keys[1].timers[KEY_CREATED] = NOW - 2;
	list.keys[2].timers[KEY_CREATED] = NOW - 1;
	assert_refused(&list, &wish, "60738 is older than 7424");
	assert_non_null(strstr(refusal, "created=1795878553"));
	list.keys[3].timers[KEY_CREATED] = NOW - 1;
	assert_string_not_equal(plan_of(&list, &wish), "refused");
	// keymgr does not take a tag that several keys have, that of the ZSK among them.
	list = list_of(KEY_ACTIVE, KEY_ACTIVE);
	wish.old_count = 1;
	list.keys[0].tag = NEW;
	snprintf(list.keys[2].id, sizeof(list.keys[2].id), "%040d", 7);
	list.keys[2].timers[KEY_CREATED] = NOW - 101;
	assert_refused(&list, &wish, "keymgr ZONE set id=00000000 created=1795878454");
	assert_true(strlen(refusal) < KEY_ERROR_MAX - 1);
	list = list_of(KEY_ACTIVE, KEY_ACTIVE);
	list.keys[1].timers[KEY_CREATED] = NOW - 100;
	list.keys[2].timers[KEY_CREATED] = NOW - 100;
	assert_string_not_equal(plan_of(&list, &wish), "refused");
	list.keys[2].timers[KEY_CREATED] = 0; // Not known.
	assert_string_not_equal(plan_of(&list, &wish), "refused");
	// Silence is right in any case.
	list.keys[2].timers[KEY_CREATED] = NOW - 101;
	wish.order = KEY_ORDER_SILENT;
	assert_string_not_equal(plan_of(&list, &wish), "refused");
}

/*! The operator has made a KSK for later. */
static void a_key_that_is_not_published_is_named(void **state)
{
	(void)state;
	server_keys_t wish = wish_of(KEY_ORDER_INTRODUCE, 1, false);
	key_list_t list = list_of(KEY_ACTIVE, NONE);
	put_key(&list, 3, KEY_PUBLISH);
	listed_key_t *later = &list.keys[2];
	later->timers[KEY_PUBLISH] = NOW + 86400;
	later->timers[KEY_ACTIVE] = NOW + 3 * 86400;
	assert_refused(
		&list, &wish,
		"the KSK of key tag 3 is made for 2026-11-29T15:09:14Z and not published: keymgr ZONE delete 3, or "
		"set 3 publish=+0 to roll to it");
	// The advice works.
	later->timers[KEY_PUBLISH] = NOW;
	assert_string_equal(plan_of(&list, &wish), "new active=+0");
	// In a rollover it would be the third.
	list = list_of(KEY_ACTIVE, KEY_ACTIVE);
	put_key(&list, 3, KEY_PUBLISH);
	later = &list.keys[3];
	for (key_order_t order = 0; order < KEY_ORDERS; order++) {
		wish = wish_of(order, 1, true);
		later->timers[KEY_PUBLISH] = NOW + 1;
		if (order == KEY_ORDER_SILENT || order == KEY_ORDER_MOVE) {
			assert_string_equal(plan_of(&list, &wish), "");
			continue;
		}
		if (order >= KEY_ORDER_PRESIGN) {
			assert_string_equal(plan_of(&list, &wish), "refused");
			continue;
		}
		assert_refused(&list, &wish, "tag 3 is made for 2026-11-28T15:09:15Z and not published");
		later->timers[KEY_PUBLISH] = 0;
		plan_of(&list, &wish);
		assert_string_equal(refusal, "the KSK of key tag 3 is not published: keymgr ZONE delete 3");
	}
	// The clock was set back: keys of the zone must not be removed.
	wish = wish_of(KEY_ORDER_RETIRE, 1, true);
	list = list_of(KEY_ACTIVE, KEY_PUBLISH);
	list.keys[2].timers[KEY_PUBLISH] = NOW + 1;
	assert_refused(&list, &wish, "which Knot has begun to change");
	// The longest text.
	for (size_t i = 0; i < list.count; i++) {
		list.keys[i].tag = 65535;
		snprintf(list.keys[i].id, sizeof(list.keys[i].id), "%064zu", i);
	}
	wish = wish_of(KEY_ORDER_INTRODUCE, 1, false);
	strcpy(wish.old_keyids[0], "a1");
	strcpy(list.keys[1].id, "a1");
	assert_refused(&list, &wish, "delete id=00000000, or set id=00000000 publish=+0 to roll to it");
}

static void keys_that_play_no_part_are_in_nobodys_way(void **state)
{
	(void)state;
	static const key_timer_t OUT[] = { KEY_RETIRE, KEY_POST_ACTIVE, KEY_REVOKE, KEY_REMOVE };
	const server_keys_t wish = wish_of(KEY_ORDER_RETIRE, 1, true);

	for (size_t i = 0; i < sizeof(OUT) / sizeof(OUT[0]); i++) {
		key_list_t list = list_of(KEY_ACTIVE, KEY_ACTIVE);
		list.keys[list.count++] = key_of(3, OUT[i]);
		assert_string_equal(plan_of(&list, &wish), "old retire=+0 remove=+0");
		list.keys[list.count - 1] = key_of(3, KEY_RETIRE_ACTIVE);
		assert_refused(&list, &wish, "tag 3 belongs to neither end");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_read),
		cmocka_unit_test(list_of_another_form_is_refused),
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(times_after_2038_are_read),
		cmocka_unit_test(list_without_end_is_refused),
		cmocka_unit_test(state_is_that_of_the_last_timer_that_is_due),
		cmocka_unit_test(orders_set_what_is_missing),
		cmocka_unit_test(several_old_keys_go_together),
		cmocka_unit_test(new_key_is_made_once),
		cmocka_unit_test(a_plan_that_is_carried_out_needs_nothing_more),
		cmocka_unit_test(one_single_type_key_signs_the_data),
		cmocka_unit_test(zsks_go_with_the_end_that_has_them),
		cmocka_unit_test(a_zsk_that_is_left_alone_is_active_again),
		cmocka_unit_test(a_key_of_the_other_scheme_is_silent_in_idle),
		cmocka_unit_test(a_ksk_is_aside_where_cds_is_always_there),
		cmocka_unit_test(a_hidden_single_type_key_goes_with_an_old_one),
		cmocka_unit_test(in_an_idle_zone_a_stranger_is_aside),
		cmocka_unit_test(retire_begins_a_lifetime),
		cmocka_unit_test(one_end_of_a_rollover_is_enough_to_be_silent),
		cmocka_unit_test(doubtful_keys_are_refused),
		cmocka_unit_test(keys_are_found_by_their_identifiers),
		cmocka_unit_test(an_older_key_is_not_signalled),
		cmocka_unit_test(a_key_that_is_not_published_is_named),
		cmocka_unit_test(keys_that_play_no_part_are_in_nobodys_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
