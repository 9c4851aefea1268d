/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include <libknot/libknot.h>

#include "key_list.h"

/*! Times beyond the year 2500 are not Knot's. */
#define TIME_BOUND INT64_C(16725225600)

static const char *const timer_names[KEY_TIMERS] = {
	[KEY_CREATED] = "created", [KEY_PRE_ACTIVE] = "pre-active",   [KEY_PUBLISH] = "publish",
	[KEY_READY] = "ready",     [KEY_ACTIVE] = "active",           [KEY_RETIRE_ACTIVE] = "retire-active",
	[KEY_RETIRE] = "retire",   [KEY_POST_ACTIVE] = "post-active", [KEY_REVOKE] = "revoke",
	[KEY_REMOVE] = "remove",
};

/* A list of flat objects: all of JSON that keymgr prints. */

/*! Never reads behind the end; a failure sticks. */
typedef struct {
	const char *at;
	const char *end;
	bool failed;
} cursor_t;

/*! Text within the list, not terminated. */
typedef struct {
	const char *text;
	size_t len;
} word_t;

typedef struct {
	enum {
		VALUE_TEXT,
		VALUE_NUMBER,
		VALUE_BOOL
	} kind;
	word_t text;
	int64_t number; // Of a bool: 0 or 1.
} value_t;

static void skip_space(cursor_t *in)
{
	while (in->at < in->end && strchr(" \t\r\n", *in->at) != NULL && *in->at != '\0') {
		in->at++;
	}
}

static bool is_next(cursor_t *in, char wanted)
{
	skip_space(in);
	if (in->failed || in->at == in->end || *in->at != wanted) {
		return false;
	}
	in->at++;
	return true;
}

static void expect(cursor_t *in, char wanted)
{
	in->failed = !is_next(in, wanted) || in->failed;
}

/*! None of what keymgr prints needs an escape. */
static word_t read_text(cursor_t *in)
{
	word_t word = { 0 };
	expect(in, '"');
	if (in->failed) {
		return word;
	}
	word.text = in->at;
	while (in->at < in->end && *in->at != '"' && *in->at != '\\' && (unsigned char)*in->at >= ' ') {
		in->at++;
	}
	word.len = in->at - word.text;
	expect(in, '"');
	return word;
}

static bool is_word(word_t word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.text, text, word.len) == 0;
}

static bool skip_word(cursor_t *in, const char *text)
{
	const size_t len = strlen(text);
	if ((size_t)(in->end - in->at) < len || memcmp(in->at, text, len) != 0) {
		return false;
	}
	in->at += len;
	return true;
}

/*! keymgr prints times after 2038 as if they were numbers of 32 bits with a sign. */
static int64_t read_number(cursor_t *in)
{
	int64_t number = 0;
	const bool negative = skip_word(in, "-");
	const char *start = in->at;
	while (in->at < in->end && *in->at >= '0' && *in->at <= '9' && number <= TIME_BOUND) {
		number = 10 * number + (*in->at++ - '0');
	}
	in->failed = in->failed || in->at == start || number > TIME_BOUND ||
	             (negative && (number == 0 || number > INT64_C(0x80000000)));
	return negative ? INT64_C(0x100000000) - number : number;
}

static value_t read_value(cursor_t *in)
{
	value_t value = { .kind = VALUE_BOOL };
	skip_space(in);
	if (in->at < in->end && *in->at == '"') {
		value.kind = VALUE_TEXT;
		value.text = read_text(in);
	} else if (skip_word(in, "true")) {
		value.number = 1;
	} else if (!skip_word(in, "false")) {
		value.kind = VALUE_NUMBER;
		value.number = read_number(in);
	}
	return value;
}

/* Keys. */

/*! Members that have to be there, besides all timers. */
enum {
	HAS_ID = 1 << KEY_TIMERS,
	HAS_TAG = HAS_ID << 1,
	HAS_ALGORITHM = HAS_ID << 2,
	HAS_KSK = HAS_ID << 3,
	HAS_ZSK = HAS_ID << 4
};
#define HAS_ALL (HAS_ZSK | (HAS_ZSK - 1))

static bool set_id(listed_key_t *key, word_t id)
{
	if (id.len == 0 || id.len >= sizeof(key->id)) {
		return false;
	}
	for (size_t i = 0; i < id.len; i++) {
		if (strchr("0123456789abcdef", id.text[i]) == NULL || id.text[i] == '\0') {
			return false;
		}
	}
	memcpy(key->id, id.text, id.len);
	key->id[id.len] = '\0';
	return true;
}

/*! \return What was set, HAS_* or the bit of a timer; 0 for a member that is not known; -1 on error. */
static int set_member(listed_key_t *key, word_t name, const value_t *value)
{
	if (is_word(name, "id")) {
		return value->kind == VALUE_TEXT && set_id(key, value->text) ? HAS_ID : -1;
	}
	if (is_word(name, "ksk") || is_word(name, "zsk")) {
		*(name.text[0] == 'k' ? &key->ksk : &key->zsk) = value->number != 0;
		return value->kind != VALUE_BOOL ? -1 : name.text[0] == 'k' ? HAS_KSK : HAS_ZSK;
	}
	if (is_word(name, "public-only")) {
		key->public_only = value->number != 0;
		return value->kind == VALUE_BOOL ? 0 : -1;
	}
	if (is_word(name, "tag")) {
		key->tag = (uint16_t)value->number;
		return value->kind == VALUE_NUMBER && value->number <= UINT16_MAX ? HAS_TAG : -1;
	}
	if (is_word(name, "algorithm")) {
		key->algorithm = (uint8_t)value->number;
		return value->kind == VALUE_NUMBER && value->number <= UINT8_MAX ? HAS_ALGORITHM : -1;
	}
	for (int timer = 0; timer < KEY_TIMERS; timer++) {
		if (is_word(name, timer_names[timer])) {
			key->timers[timer] = (time_t)value->number;
			return value->kind == VALUE_NUMBER ? 1 << timer : -1;
		}
	}
	return 0;
}

static void read_key(cursor_t *in, listed_key_t *key)
{
	int has = 0;

	expect(in, '{');
	do {
		const word_t name = read_text(in);
		expect(in, ':');
		const value_t value = read_value(in);
		const int what = in->failed ? -1 : set_member(key, name, &value);
		// One that comes twice is not what keymgr prints.
		in->failed = what < 0 || (has & what) != 0;
		has |= what;
	} while (!in->failed && is_next(in, ','));
	expect(in, '}');
	in->failed = in->failed || has != HAS_ALL;
}

static bool is_listed(const key_list_t *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->keys[i].id, id) == 0) {
			return true;
		}
	}
	return false;
}

int key_list_parse(key_list_t *list, const char *text, size_t len)
{
	assert(list != NULL && (text != NULL || len == 0));

	cursor_t in = { .at = text, .end = text + len };
	*list = (key_list_t){ 0 };

	expect(&in, '[');
	if (!is_next(&in, ']')) {
		do {
			if (list->count == KEYS_LISTED_MAX) {
				return KNOT_ESPACE;
			}
			listed_key_t key = { 0 };
			read_key(&in, &key);
			if (in.failed || is_listed(list, key.id)) {
				return KNOT_EMALF;
			}
			list->keys[list->count++] = key;
		} while (is_next(&in, ','));
		expect(&in, ']');
	}
	skip_space(&in);
	return in.failed || in.at != in.end ? KNOT_EMALF : KNOT_EOK;
}

key_timer_t key_state(const listed_key_t *key, time_t now)
{
	assert(key != NULL);

	for (int timer = KEY_TIMERS - 1; timer > KEY_CREATED; timer--) {
		if (key->timers[timer] != 0 && key->timers[timer] <= now) {
			return timer;
		}
	}
	return KEY_CREATED;
}

const char *key_timer_name(key_timer_t timer)
{
	return timer_names[timer];
}

/*! Whether it takes part in the zone as a KSK. */
static bool is_ksk(const listed_key_t *key, time_t now)
{
	return key->ksk && !key->public_only && key_state(key, now) != KEY_REMOVE;
}

const listed_key_t *key_list_by_id(const key_list_t *list, const char *id, time_t now)
{
	assert(list != NULL && id != NULL);

	for (size_t i = 0; i < list->count && id[0] != '\0'; i++) {
		if (is_ksk(&list->keys[i], now) && strcasecmp(list->keys[i].id, id) == 0) {
			return &list->keys[i];
		}
	}
	return NULL;
}

const listed_key_t *key_list_find(const key_list_t *list, uint16_t tag, uint8_t algorithm, time_t now, bool *several)
{
	assert(list != NULL);

	const listed_key_t *found = NULL;
	size_t count = 0;
	for (size_t i = 0; i < list->count; i++) {
		const listed_key_t *key = &list->keys[i];
		if (is_ksk(key, now) && key->tag == tag && key->algorithm == algorithm) {
			found = found == NULL ? key : found;
			count++;
		}
	}
	if (several != NULL) {
		*several = count > 1;
	}
	return found;
}
