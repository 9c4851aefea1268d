/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders for keys of two algorithms: what is set, and what Knot makes of the keys after each `set`. No program is run.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/server/key_plan.h"

#define NOW  1795878554
#define YEAR (365 * 86400L)

#define OLD_ALGORITHM 8
#define NEW_ALGORITHM 13

/*
 * A key is a letter and what it does: "k+" is active. Small letters are of the old algorithm, capitals of the new one:
 * k KSK, z ZSK, c single-type key, y and w further ZSKs, x a further KSK; t is of a third algorithm.
 */

typedef struct {
	char name;
	char state;
	bool sep;
} mark_t;

/*! Keys as keymgr lists them, and what it does not say. */
typedef struct {
	key_list_t list;
	mark_t marks[KEYS_LISTED_MAX];
} zone_t;

static bool is_new(char name)
{
	return name >= 'A' && name <= 'Z';
}

static void set_state(listed_key_t *key, char state)
{
	time_t *t = key->timers;

	switch (state) {
	case 'b': // Born: pre-active.
		t[KEY_PRE_ACTIVE] = NOW - 80;
		break;
	case 'l': // Published after that.
		t[KEY_PRE_ACTIVE] = NOW - 80;
		t[KEY_PUBLISH] = NOW - 70;
		break;
	case 'p':
		t[KEY_PUBLISH] = NOW - 70;
		break;
	case 'R': // Ready after that.
		t[KEY_PRE_ACTIVE] = NOW - 80;
		/* fall through */
	case 'r':
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_READY] = NOW - 60;
		break;
	case '+':
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_ACTIVE] = NOW - 60;
		break;
	case 'u': // Knot has put another one in its place.
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_ACTIVE] = NOW - 60;
		t[KEY_RETIRE_ACTIVE] = NOW - 50;
		break;
	case 'a': // Aside.
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_ACTIVE] = NOW - 60;
		t[KEY_RETIRE_ACTIVE] = NOW - 50;
		t[KEY_RETIRE] = NOW + 20 * YEAR;
		break;
	case 'e': // Retired.
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_ACTIVE] = NOW - 60;
		t[KEY_RETIRE] = NOW - 50;
		break;
	case 'E': // Retired after that.
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_ACTIVE] = NOW - 60;
		t[KEY_RETIRE_ACTIVE] = NOW - 50;
		t[KEY_RETIRE] = NOW - 40;
		break;
	case 'o': // Post-active: Knot has ended its algorithm.
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_ACTIVE] = NOW - 60;
		t[KEY_POST_ACTIVE] = NOW - 50;
		break;
	case 'h': // Hidden.
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_ACTIVE] = NOW - 60;
		t[KEY_POST_ACTIVE] = NOW - 50;
		t[KEY_REVOKE] = NOW - 50;
		key->ksk = false;
		break;
	case 'H': // Hidden since it was born.
		t[KEY_PRE_ACTIVE] = NOW - 80;
		t[KEY_REVOKE] = NOW - 50;
		key->ksk = false;
		break;
	case 's': // Stands in for the KSK.
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_ACTIVE] = NOW - 60;
		key->ksk = true;
		break;
	case 'x':
		t[KEY_PUBLISH] = NOW - 70;
		t[KEY_ACTIVE] = NOW - 60;
		t[KEY_RETIRE] = t[KEY_REMOVE] = NOW - 50;
		break;
	case '-': // Nothing.
		break;
	default:
		fail_msg("no state: %c", state);
	}
}

/*! "k+ z+ K- Zh" */
static zone_t zone_of(const char *text)
{
	zone_t zone = { 0 };

	for (; *text != '\0'; text += text[2] == '\0' ? 2 : 3) {
		listed_key_t *key = &zone.list.keys[zone.list.count];
		mark_t *mark = &zone.marks[zone.list.count++];
		const char kind = (char)(text[0] | 0x20);
		*mark = (mark_t){ .name = text[0], .sep = kind == 'k' || kind == 'c' || kind == 'x' || kind == 't' };
		*key = (listed_key_t){ .tag = text[0],
			               .algorithm = kind == 't'     ? 15 :
			                            is_new(text[0]) ? NEW_ALGORITHM :
			                                              OLD_ALGORITHM,
			               .ksk = mark->sep,
			               .zsk = !mark->sep || kind == 'c' };
		snprintf(key->id, sizeof(key->id), "%02x", text[0]);
		key->timers[KEY_CREATED] = NOW - (is_new(text[0]) ? 80 : 90);
		set_state(key, text[1]);
	}
	return zone;
}

/* What Knot makes of it, as docs/knot-behaviour.rst says. */

static bool is_due(const listed_key_t *key, key_timer_t timer)
{
	return key->timers[timer] != 0 && key->timers[timer] <= NOW;
}

static bool is_gone(const listed_key_t *key)
{
	return is_due(key, KEY_REMOVE);
}

static bool is_public(const listed_key_t *key)
{
	return is_due(key, KEY_PUBLISH) && !is_due(key, KEY_POST_ACTIVE) && !is_gone(key) &&
	       !(is_due(key, KEY_RETIRE) && !key->zsk);
}

static bool signs_dnskey(const listed_key_t *key)
{
	return key->ksk && is_public(key) && !is_due(key, KEY_RETIRE);
}

static bool is_active(const listed_key_t *key)
{
	return is_due(key, KEY_ACTIVE) && !is_due(key, KEY_RETIRE_ACTIVE) && !is_due(key, KEY_RETIRE) && !is_gone(key);
}

static bool has_active(const key_list_t *list, uint8_t algorithm)
{
	for (size_t i = 0; i < list->count; i++) {
		const listed_key_t *key = &list->keys[i];
		if (key->algorithm == algorithm && key->zsk && is_active(key)) {
			return true;
		}
	}
	return false;
}

static bool signs_data(const key_list_t *list, const listed_key_t *key)
{
	const bool early = is_due(key, KEY_PRE_ACTIVE) && !is_due(key, KEY_READY) && !is_due(key, KEY_ACTIVE);
	const bool stopped = is_due(key, KEY_RETIRE) || is_gone(key);
	const bool waits =
		(key->ksk && is_due(key, KEY_READY) && !is_due(key, KEY_ACTIVE)) || is_due(key, KEY_RETIRE_ACTIVE);

	if (!key->zsk || stopped) {
		return false;
	}
	return early || is_active(key) || is_due(key, KEY_POST_ACTIVE) || (waits && !has_active(list, key->algorithm));
}

/*! Whether Knot signs the zone: each algorithm that is published is complete. */
static bool is_complete(const zone_t *zone)
{
	unsigned of[256] = { 0 };

	for (size_t i = 0; i < zone->list.count; i++) {
		const listed_key_t *key = &zone->list.keys[i];
		of[key->algorithm] |= (key->ksk && is_public(key) ? 1 : 0) | (key->zsk && is_public(key) ? 2 : 0) |
		                      (signs_dnskey(key) ? 4 : 0) | (signs_data(&zone->list, key) ? 8 : 0);
	}
	bool any = false;
	for (size_t i = 0; i < 256; i++) {
		if ((of[i] & 3) != 0 && of[i] != 15) {
			return false;
		}
		any = any || of[i] == 15;
	}
	return any;
}

/*! Whether Knot begins no rollover, whoever orders one. */
static bool is_rolling(const zone_t *zone)
{
	unsigned ksks = 0, zsks = 0;

	for (size_t i = 0; i < zone->list.count; i++) {
		const listed_key_t *key = &zone->list.keys[i];
		switch (key_state(key, NOW)) {
		case KEY_PRE_ACTIVE:
		case KEY_PUBLISH:
		case KEY_RETIRE_ACTIVE:
		case KEY_POST_ACTIVE:
			return true;
		case KEY_READY:
			ksks += key->ksk;
			break;
		case KEY_ACTIVE:
			ksks += key->ksk;
			zsks += key->zsk;
			break;
		default:
			break;
		}
	}
	return ksks > 1 || zsks > 1;
}

/*! "Kk Kk/..": DNSKEY, who signs it, who signs the data, CDS; names in the order of the list. */
static const char *served(const zone_t *zone)
{
	static char text[4 * KEYS_LISTED_MAX];
	size_t len = 0;

	for (int what = 0; what < 4; what++) {
		const size_t start = len;
		for (size_t i = 0; i < zone->list.count; i++) {
			const listed_key_t *key = &zone->list.keys[i];
			const bool ready = signs_dnskey(key) && is_due(key, KEY_READY) && !is_due(key, KEY_ACTIVE);
			const bool has[] = { is_public(key), signs_dnskey(key), signs_data(&zone->list, key), ready };
			if (has[what]) {
				text[len++] = zone->marks[i].name;
			}
		}
		if (len == start) {
			text[len++] = '-';
		}
		text[len++] = what < 3 ? ' ' : '\0';
	}
	return text;
}

/* What keymgr does. */

static int64_t moment(const listed_key_t *key, key_timer_t timer)
{
	return key->timers[timer] != 0 ? key->timers[timer] : INT64_MAX;
}

static void assert_keymgr_takes(const listed_key_t *key)
{
	if (key->timers[KEY_PRE_ACTIVE] != 0) {
		assert_true(moment(key, KEY_PRE_ACTIVE) <= moment(key, KEY_PUBLISH));
	}
	assert_true(moment(key, KEY_PUBLISH) <= moment(key, KEY_ACTIVE));
	assert_true(moment(key, KEY_ACTIVE) <= moment(key, KEY_RETIRE_ACTIVE));
	assert_true(moment(key, KEY_ACTIVE) <= moment(key, KEY_RETIRE));
	assert_true(moment(key, KEY_ACTIVE) <= moment(key, KEY_POST_ACTIVE));
	if (key->timers[KEY_POST_ACTIVE] == 0) {
		assert_true(moment(key, KEY_RETIRE) <= moment(key, KEY_REMOVE));
	}
}

static void set_one(listed_key_t *key, mark_t *mark, const char *assignment)
{
	const char *value = strchr(assignment, '=');

	assert_non_null(value);
	const size_t len = value++ - assignment;
	if (strncmp(assignment, "ksk", len) == 0 || strncmp(assignment, "sep", len) == 0) {
		*(assignment[0] == 'k' ? &key->ksk : &mark->sep) = strcmp(value, "yes") == 0;
		return;
	}
	for (int timer = 0; timer < KEY_TIMERS; timer++) {
		if (strlen(key_timer_name(timer)) == len && strncmp(assignment, key_timer_name(timer), len) == 0) {
			key->timers[timer] = value[0] != '+' ? 0 : NOW + atol(value + 1) * YEAR;
			return;
		}
	}
	fail_msg("keymgr knows no %s", assignment);
}

static void set(zone_t *zone, const key_step_t *step)
{
	const size_t at = step->key - zone->list.keys;

	for (const char *const *one = key_change_timers(step->change); *one != NULL; one++) {
		set_one(&zone->list.keys[at], &zone->marks[at], *one);
	}
	assert_keymgr_takes(&zone->list.keys[at]);
	/* Neither flags nor key tag ever change, and none is published as revoked. */
	const char kind = (char)(zone->marks[at].name | 0x20);
	assert_int_equal(zone->marks[at].sep, kind == 'k' || kind == 'c' || kind == 'x');
	assert_false(zone->list.keys[at].ksk && is_due(&zone->list.keys[at], KEY_REVOKE) &&
	             !is_gone(&zone->list.keys[at]));
}

/* Orders. */

static server_keys_t wish_of(key_order_t order, const char *old, char fresh)
{
	server_keys_t wish = { .order = order, .has_new = fresh != '\0' };

	for (; *old != '\0'; old++) {
		wish.old_keys[wish.old_count++] =
			(key_id_t){ .tag = *old, .algorithm = is_new(*old) ? NEW_ALGORITHM : OLD_ALGORITHM };
	}
	wish.new_key = (key_id_t){ .tag = fresh, .algorithm = is_new(fresh) ? NEW_ALGORITHM : OLD_ALGORITHM };
	return wish;
}

/*! In those, keys of the new algorithm that Knot does not see sign the data. */
static bool order_is_early(key_order_t order)
{
	return order == KEY_ORDER_PRESIGN || order == KEY_ORDER_PUBLISH;
}

static const char *refusal;

/*! Carries it out up to so many changes. \return What was done, "Z for-ksk, K publish"; NULL: refused. */
static const char *obey(zone_t *zone, const server_keys_t *wish, size_t steps)
{
	static const char *const names[KEY_CHANGES] = {
		[KEY_CHANGE_RENEW] = "renewed",         [KEY_CHANGE_ACTIVE] = "active",
		[KEY_CHANGE_READY] = "ready",           [KEY_CHANGE_REMOVE] = "removed",
		[KEY_CHANGE_ACTIVE_REMOVE] = "removed", [KEY_CHANGE_SIGNING] = "active",
		[KEY_CHANGE_SIGNAL] = "ready",          [KEY_CHANGE_ASIDE] = "aside",
		[KEY_CHANGE_NOTHING] = "nothing",       [KEY_CHANGE_PUBLISH] = "published",
		[KEY_CHANGE_ZSK_SIGNING] = "signing",   [KEY_CHANGE_ZSK_FOR_KSK] = "standing-in",
		[KEY_CHANGE_ZSK_HIDDEN] = "hidden",     [KEY_CHANGE_CSK_SIGNING] = "published",
		[KEY_CHANGE_CSK_HIDDEN] = "hidden",     [KEY_CHANGE_FORGET] = "gone",
	};
	static char text[1024];
	static key_plan_t plan;
	const bool before = is_complete(zone), early = order_is_early(wish->order);
	bool rolling = is_rolling(zone);
	size_t len = 0;

	text[0] = '\0';
	if (!key_plan(&zone->list, wish, NOW, &plan)) {
		assert_true(strlen(plan.error) > 10 && strlen(plan.error) < KEY_ERROR_MAX - 1);
		refusal = plan.error;
		return NULL;
	}
	assert_string_equal(plan.error, "");
	for (size_t i = 0; i < plan.count && i < steps; i++) {
		const size_t at = plan.steps[i].key - zone->list.keys;
		set(zone, &plan.steps[i]);
		if (before && !is_complete(zone)) {
			fail_msg("%s: Knot would not sign after %s: %s", key_order_name(wish->order), text,
			         served(zone));
		}
		if (early && rolling && !is_rolling(zone)) {
			fail_msg("%s: Knot would begin a rollover after %s: %s", key_order_name(wish->order), text,
			         served(zone));
		}
		rolling = rolling || is_rolling(zone);
		len += snprintf(text + len, sizeof(text) - len, "%s%c %s", len > 0 ? ", " : "", zone->marks[at].name,
		                names[plan.steps[i].change]);
	}
	return text;
}

typedef struct {
	key_order_t order;
	const char *old;
	char fresh;
	const char *plan;
	const char *served;
} step_case_t;

/*! One order after the other. */
static void walk(const char *start, const step_case_t *cases, size_t count)
{
	zone_t zone = zone_of(start);

	for (size_t i = 0; i < count; i++) {
		const server_keys_t wish = wish_of(cases[i].order, cases[i].old, cases[i].fresh);
		const char *plan = obey(&zone, &wish, SIZE_MAX);
		if (plan == NULL || strcmp(plan, cases[i].plan) != 0) {
			fail_msg("%s (%zu): \"%s\", not \"%s\"", key_order_name(wish.order), i,
			         plan != NULL ? plan : refusal, cases[i].plan);
		}
		if (strcmp(served(&zone), cases[i].served) != 0) {
			fail_msg("%s (%zu): %s, not %s", key_order_name(wish.order), i, served(&zone), cases[i].served);
		}
		assert_string_equal(obey(&zone, &wish, SIZE_MAX), "");
	}
}

static void each_step_of_a_rollover_of_ksk_and_zsk(void **state)
{
	(void)state;
	static const step_case_t whole[] = {
		{ KEY_ORDER_PRESIGN, "k", 0, "k aside, K nothing, Z hidden", "kz k zZ -" },
		{ KEY_ORDER_PUBLISH, "k", 0, "Z standing-in, K published, Z signing, k active", "kzKZ kK zZ -" },
		{ KEY_ORDER_SILENT, "k", 'K', "", "kzKZ kK zZ -" },
		{ KEY_ORDER_INTRODUCE, "k", 'K', "", "kzKZ kK zZ -" },
		{ KEY_ORDER_SIGNAL, "k", 'K', "K ready", "kzKZ kK zZ K" },
		{ KEY_ORDER_BOTH, "k", 'K', "k ready", "kzKZ kK zZ kK" },
		{ KEY_ORDER_SIGNAL, "k", 'K', "k active", "kzKZ kK zZ K" },
		{ KEY_ORDER_SILENT, "k", 'K', "K active", "kzKZ kK zZ -" },
		{ KEY_ORDER_RETIRE, "k", 'K', "z standing-in, k removed, z hidden", "KZ K zZ -" },
		/* The row has lost the old key meanwhile. */
		{ KEY_ORDER_SILENT, "", 'K', "", "KZ K zZ -" },
		{ KEY_ORDER_SILENT, "k", 'K', "", "KZ K zZ -" },
		{ KEY_ORDER_RETIRE, "k", 'K', "", "KZ K zZ -" },
		{ KEY_ORDER_CLEAN, "k", 'K', "z gone", "KZ K Z -" },
		{ KEY_ORDER_SILENT, "k", 'K', "", "KZ K Z -" },
	};
	static const step_case_t back[] = {
		{ KEY_ORDER_PRESIGN, "k", 0, "k aside, K nothing, Z hidden", "kz k zZ -" },
		{ KEY_ORDER_PUBLISH, "k", 0, "Z standing-in, K published, Z signing, k active", "kzKZ kK zZ -" },
		/* A nameserver has lost the signatures. */
		{ KEY_ORDER_PRESIGN, "k", 0, "k aside, Z standing-in, K nothing, Z hidden", "kz k zZ -" },
		{ KEY_ORDER_PUBLISH, "k", 0, "Z standing-in, K published, Z signing, k active", "kzKZ kK zZ -" },
		{ KEY_ORDER_BOTH, "k", 'K', "k ready, K ready", "kzKZ kK zZ kK" },
		{ KEY_ORDER_ABORT, "k", 'K', "k active, Z standing-in, K nothing, Z hidden", "kz k zZ -" },
		/* What goes then is the new algorithm. */
		{ KEY_ORDER_CLEAN, "K", 'k', "K gone, Z gone", "kz k z -" },
		{ KEY_ORDER_ABORT, "k", 'K', "", "kz k z -" },
	};

	walk("k+ z+ Kb Zb", whole, sizeof(whole) / sizeof(whole[0]));
	walk("k+ z+ Kb Zb", back, sizeof(back) / sizeof(back[0]) - 1);
	/* An order came to an early end, and Knot has published the KSK alone: the ZSK does not come out for that. */
	static const step_case_t alone[] = {
		{ KEY_ORDER_PRESIGN, "k", 0, "k aside, K nothing", "kz k zZ -" },
	};
	walk("k+ z+ Kl ZH", alone, 1);
	walk("k+ z+ KR ZH", alone, 1);
	/* Knot was faster. */
	static const step_case_t published[] = {
		{ KEY_ORDER_SILENT, "k", 'K', "K active, Z signing", "kzKZ kK zZ -" },
	};
	static const step_case_t ready[] = {
		{ KEY_ORDER_SIGNAL, "k", 'K', "z signing", "kzKZ kK zZ K" },
		{ KEY_ORDER_SILENT, "k", 'K', "K active", "kzKZ kK zZ -" },
	};
	static const step_case_t confirmed[] = {
		{ KEY_ORDER_SILENT, "", 'K', "z hidden", "KZ K zZ -" },
		{ KEY_ORDER_RETIRE, "k", 'K', "k gone", "KZ K zZ -" },
		{ KEY_ORDER_CLEAN, "k", 'K', "z gone", "KZ K Z -" },
	};
	walk("k+ z+ Kl Zl", published, 1);
	walk("k+ zu KR Z+", ready, 2);
	walk("ko zo K+ Z+", confirmed, 3);
}

static void each_step_of_a_rollover_of_single_type_keys(void **state)
{
	(void)state;
	static const step_case_t whole[] = {
		{ KEY_ORDER_PRESIGN, "c", 0, "c aside, C hidden", "c c cC -" },
		{ KEY_ORDER_PUBLISH, "c", 0, "C published, c active", "cC cC cC -" },
		{ KEY_ORDER_SILENT, "c", 'C', "", "cC cC cC -" },
		{ KEY_ORDER_INTRODUCE, "c", 'C', "", "cC cC cC -" },
		{ KEY_ORDER_SIGNAL, "c", 'C', "C ready", "cC cC cC C" },
		{ KEY_ORDER_BOTH, "c", 'C', "c ready", "cC cC cC cC" },
		{ KEY_ORDER_SILENT, "c", 'C', "C active, c active", "cC cC cC -" },
		{ KEY_ORDER_RETIRE, "c", 'C', "c hidden", "C C cC -" },
		{ KEY_ORDER_RETIRE, "c", 'C', "", "C C cC -" },
		{ KEY_ORDER_SILENT, "", 'C', "", "C C cC -" },
		{ KEY_ORDER_SILENT, "c", 'C', "", "C C cC -" },
		{ KEY_ORDER_CLEAN, "c", 'C', "c gone", "C C C -" },
	};
	static const step_case_t back[] = {
		{ KEY_ORDER_PRESIGN, "c", 0, "c aside, C hidden", "c c cC -" },
		{ KEY_ORDER_PUBLISH, "c", 0, "C published, c active", "cC cC cC -" },
		{ KEY_ORDER_PRESIGN, "c", 0, "c aside, C hidden", "c c cC -" },
		{ KEY_ORDER_PUBLISH, "c", 0, "C published, c active", "cC cC cC -" },
		{ KEY_ORDER_SIGNAL, "c", 'C', "C ready", "cC cC cC C" },
		{ KEY_ORDER_ABORT, "c", 'C', "C hidden", "c c cC -" },
		{ KEY_ORDER_CLEAN, "C", 'c', "C gone", "c c c -" },
	};
	static const step_case_t late[] = {
		{ KEY_ORDER_SILENT, "c", 'C', "C active, c active", "cC cC cC -" },
	};

	walk("c+ Cb", whole, sizeof(whole) / sizeof(whole[0]));
	walk("c+ Cb", back, sizeof(back) / sizeof(back[0]));
	walk("cr Cl", late, 1);
	walk("cr CR", late, 1);
}

static void all_zsks_have_their_part(void **state)
{
	(void)state;
	static const step_case_t cases[] = {
		/* y is retired, w comes. */
		{ KEY_ORDER_PUBLISH, "k", 0, "Z standing-in, K published, Y signing, Z signing", "kzywKZY kK zZY -" },
		{ KEY_ORDER_SIGNAL, "k", 'K', "K ready", "kzywKZY kK zZY K" },
		{ KEY_ORDER_RETIRE, "k", 'K', "K active, z standing-in, k removed, y gone, w gone, z hidden",
		  "KZY K zZY -" },
		{ KEY_ORDER_CLEAN, "k", 'K', "z gone", "KZY K ZY -" },
	};

	walk("k+ z+ ye wp K- ZH YH", cases, sizeof(cases) / sizeof(cases[0]));
}

/*! As long as the new keys are hidden, Knot begins no rollover beside them, and the old ones serve what they served. */
static void an_old_key_that_is_aside_keeps_knot_from_another_rollover(void **state)
{
	(void)state;
	static const struct {
		const char *start;
		const char *old;
		key_order_t order;
		const char *plan;
		const char *served;
	} cases[] = {
		/* What an earlier version has left. */
		{ "k+ z+ K- ZH", "k", KEY_ORDER_PRESIGN, "k aside", "kz k zZ -" },
		{ "c+ CH", "c", KEY_ORDER_PRESIGN, "c aside", "c c cC -" },
		{ "kr z+ K- ZH", "k", KEY_ORDER_PRESIGN, "k aside", "kz k zZ -" },
		/* Two are a rollover for Knot as well. */
		{ "k+ x+ z+ K- ZH", "kx", KEY_ORDER_PRESIGN, "", "kxz kx zZ -" },
		{ "ka x+ z+ K- ZH", "kx", KEY_ORDER_PRESIGN, "k active", "kxz kx zZ -" },
		/* One that has gone does not count. */
		{ "k+ xx z+ K- ZH", "k", KEY_ORDER_PRESIGN, "k aside", "kz k zZ -" },
		/* Given up, in the middle of the order or before. */
		{ "ka z+", "k", KEY_ORDER_SILENT, "k active", "kz k z -" },
		{ "ca", "c", KEY_ORDER_SILENT, "c active", "c c c -" },
		{ "ka z+ K- ZH", "k", KEY_ORDER_SILENT, "k active", "kz k zZ -" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		zone_t zone = zone_of(cases[i].start);
		const server_keys_t wish = wish_of(cases[i].order, cases[i].old, 0);
		const char *plan = obey(&zone, &wish, SIZE_MAX);
		if (plan == NULL || strcmp(plan, cases[i].plan) != 0) {
			fail_msg("%s: \"%s\"", cases[i].start, plan != NULL ? plan : refusal);
		}
		assert_string_equal(served(&zone), cases[i].served);
		assert_int_equal(is_rolling(&zone), cases[i].order == KEY_ORDER_PRESIGN);
	}
}

/*! What each order leaves, whatever there was. */
static void assert_outcome(const zone_t *zone, key_order_t order)
{
	bool old_key = false, new_key = false, old_data = false, new_data = false, old_cds = false, new_cds = false;
	const char *at = served(zone);

	for (int what = 0; *at != '\0'; at++) {
		const bool fresh = is_new(*at);
		what += *at == ' ';
		if (*at == ' ' || *at == '-') {
			continue;
		}
		*(what == 0 ? (fresh ? &new_key : &old_key) :
		  what == 2 ? (fresh ? &new_data : &old_data) :
		  what == 3 ? (fresh ? &new_cds : &old_cds) :
		              &(bool){ false }) = true;
	}
	assert_true(new_cds == (order == KEY_ORDER_SIGNAL || order == KEY_ORDER_BOTH));
	assert_true(old_cds == (order == KEY_ORDER_BOTH));
	assert_true(is_rolling(zone) || !order_is_early(order));
	switch (order) {
	case KEY_ORDER_PRESIGN:
	case KEY_ORDER_ABORT:
		assert_true(old_key && !new_key && old_data && new_data);
		break;
	case KEY_ORDER_RETIRE:
		assert_true(!old_key && new_key && new_data);
		break;
	case KEY_ORDER_CLEAN:
		assert_true(!old_key && new_key && !old_data && new_data);
		break;
	case KEY_ORDER_SILENT:
		break;
	default:
		assert_true(old_key && new_key && old_data && new_data);
	}
}

/*! All orders from one state, and again after each change of each. \return How many changes there were. */
static unsigned try_all(const char *text, const char *old, char fresh)
{
	unsigned changes = 0;

	for (key_order_t order = 0; order < KEY_ORDERS; order++) {
		const bool unnamed = order_is_early(order);
		const server_keys_t wish = wish_of(order, old, unnamed ? 0 : fresh);
		zone_t whole = zone_of(text);
		if (obey(&whole, &wish, SIZE_MAX) == NULL) {
			continue;
		}
		if (!is_complete(&whole) && order != KEY_ORDER_SILENT) {
			fail_msg("%s, from %s: %s", key_order_name(order), text, served(&whole));
		}
		assert_outcome(&whole, order);
		assert_string_equal(obey(&whole, &wish, SIZE_MAX), "");
		const zone_t start = zone_of(text);
		key_plan_t plan;
		assert_true(key_plan(&start.list, &wish, NOW, &plan));
		for (size_t i = 0; i < plan.count; i++, changes++) {
			zone_t part = zone_of(text);
			obey(&part, &wish, i);
			const zone_t left = part;
			if (obey(&part, &wish, SIZE_MAX) == NULL) {
				fail_msg("%s, from %s: refused after %zu changes: %s", key_order_name(order), text, i,
				         refusal);
			}
			assert_int_equal(is_complete(&part), is_complete(&whole));
			assert_outcome(&part, order);
			/* Another order instead. */
			for (key_order_t next = 0; next < KEY_ORDERS; next++) {
				const server_keys_t other = wish_of(next, old, order_is_early(next) ? 0 : fresh);
				part = left;
				if (obey(&part, &other, SIZE_MAX) != NULL) {
					assert_string_equal(obey(&part, &other, SIZE_MAX), "");
				}
			}
		}
	}
	return changes;
}

static void orders_complete_from_wherever_they_were_left(void **state)
{
	(void)state;
	static const char K[] = "-blRr+a", Z[] = "bhHl+us", k[] = "pr+xoa", z[] = "+uhseox", y[] = " pE";
	char text[64];
	unsigned changes = 0;

	for (size_t i = 0; i < 7 * 7 * 6 * 7 * 3; i++) {
		const char extra[] = { ' ', 'y', y[i % 3], '\0' };
		snprintf(text, sizeof(text), "k%c z%c K%c Z%c%s", k[i / 3 % 6], z[i / 18 % 7], K[i / 126 % 7],
		         Z[i / 882], y[i % 3] != ' ' ? extra : "");
		changes += try_all(text, "k", 'K');
	}
	static const char C[] = "blRr+hHa", c[] = "pr+hxa";
	for (size_t i = 0; i < 8 * 6; i++) {
		snprintf(text, sizeof(text), "c%c C%c", c[i % 6], C[i / 6]);
		changes += try_all(text, "c", 'C');
	}
	assert_true(changes > 10000);
}

static void assert_refused(const char *text, key_order_t order, const char *old, char fresh, const char *why)
{
	zone_t zone = zone_of(text);
	const server_keys_t wish = wish_of(order, old, fresh);

	if (obey(&zone, &wish, SIZE_MAX) != NULL) {
		fail_msg("%s, from %s: not refused", key_order_name(order), text);
	}
	if (strcmp(refusal, why) != 0) {
		fail_msg("%s, from %s: %s", key_order_name(order), text, refusal);
	}
}

static void doubtful_keys_are_refused(void **state)
{
	(void)state;
	/* Names: x 120, X 88, z 122, Z 90, k 107, K 75, t 116. */
	assert_refused("k+ z+", KEY_ORDER_PRESIGN, "k", 0, "all keys are of algorithm 8");
	assert_refused("k+ z+", KEY_ORDER_PUBLISH, "k", 0, "all keys are of algorithm 8");
	assert_refused("k+ z+ Kb Zb t-", KEY_ORDER_PRESIGN, "k", 0,
	               "the keys of key tags 90 and 116 are of a second and a third algorithm");
	assert_refused("k+ z+ Kb Zb Xb", KEY_ORDER_PRESIGN, "k", 0,
	               "two KSKs have algorithm 13, those of key tags 75 and 88");
	assert_refused("k+ z+ K- ZH X-", KEY_ORDER_PUBLISH, "k", 0,
	               "two KSKs have algorithm 13, those of key tags 75 and 88");
	assert_refused(
		"k+ z+ ZH", KEY_ORDER_PUBLISH, "k", 0,
		"beside the key of key tag 90 there is no KSK of algorithm 13; when caches have lost its DNSKEY: "
		"keymgr ZONE delete 90");
	assert_refused("k+ z+ K-", KEY_ORDER_PUBLISH, "k", 0, "no ZSK of algorithm 13 signs the zone");
	assert_refused("z+ Kb Zb", KEY_ORDER_PRESIGN, "k", 0, "the KSK of key tag 107 is not among the keys");
	assert_refused("k+ z+ x+ Kb Zb", KEY_ORDER_PRESIGN, "k", 0,
	               "the KSK of key tag 120 belongs to neither end of the rollover");
	assert_refused("k+ z+ KR Zl", KEY_ORDER_PRESIGN, "k", 0, "the KSK of key tag 75 has signals already");
	assert_refused("ke z+ Kb Zb", KEY_ORDER_PRESIGN, "k", 0,
	               "the KSK of key tag 107 is in the state of \"retire\", which Knot has begun to change");
	assert_refused("k+ z+ K- ZH", KEY_ORDER_SILENT, "k", 'K', "the KSK of key tag 75 is not published");
	assert_refused("k+ z+ Kl Zl", KEY_ORDER_SIGNAL, "k", 'K', "the KSK of key tag 75 is not introduced");
	assert_refused("k+ z+ K+ Z+", KEY_ORDER_MOVE, "k", 'K',
	               "the keys of key tags 107 and 75 have different algorithms: both sign the data");
	assert_refused("k+ z+ K+ Z+ X+", KEY_ORDER_RETIRE, "k", 'K',
	               "the KSK of key tag 88 belongs to neither end of the rollover");
	assert_refused("k+ z+ K+ Z+ t+", KEY_ORDER_RETIRE, "k", 'K',
	               "the KSK of key tag 116 belongs to neither end of the rollover");
	assert_refused("k+ z+ K+ Ze", KEY_ORDER_RETIRE, "k", 'K', "no ZSK of algorithm 13 signs the zone");
	assert_refused("k+ z+ K+ Z+", KEY_ORDER_CLEAN, "k", 'K',
	               "the key of key tag 107 and algorithm 8 is published still");
	assert_refused("z+ K+ Z+", KEY_ORDER_CLEAN, "k", 'K',
	               "the key of key tag 122 and algorithm 8 is published still");
	assert_refused("zh K+ Z+", KEY_ORDER_CLEAN, "K", 'K', "clean needs keys of two algorithms");
	assert_refused(
		"zh Z+", KEY_ORDER_CLEAN, "k", 'K',
		"the new KSK is not among the keys, and Knot does not sign while the ZSK of key tag 90 has none: "
		"restore it, or hide that as well");
	assert_refused("k+ z+", KEY_ORDER_SILENT, "k", 'K', "the new KSK is not among the keys");
	assert_refused("k+ z+ ZH", KEY_ORDER_SIGNAL, "k", 'K', "the new KSK is not among the keys");
	assert_refused("zh K- Z+", KEY_ORDER_CLEAN, "k", 'K', "the KSK of key tag 75 is not published");
	assert_refused("c+ CR", KEY_ORDER_RETIRE, "c", 'C', "the KSK of key tag 67 does not sign the zone");
	assert_refused("ch Cr", KEY_ORDER_CLEAN, "c", 'C', "the KSK of key tag 67 does not sign the zone");
	assert_refused("k+ z+ C+", KEY_ORDER_SIGNAL, "k", 'C',
	               "the keys of key tags 107 and 67 differ in algorithm, and one signs the zone as well");
	assert_refused("k+ z+ Cb", KEY_ORDER_PRESIGN, "k", 0,
	               "beside the key of key tag 67 there is no KSK of algorithm 13");
	assert_refused("k+ X+ z+ K+ Z+", KEY_ORDER_SIGNAL, "kX", 'K',
	               "the old KSKs of key tags 107 and 88 have different algorithms");
	/* The store was lost after the DS was replaced. */
	assert_refused("k+ z+ K+ Z+", KEY_ORDER_SIGNAL, "K", 'k',
	               "the KSK of key tag 107 is older than 75, which the DS names: remove it, or roll to it: keymgr "
	               "ZONE set 107 created=1795878474");
	/* Those of another signer, and what was removed, are none. */
	zone_t zone = zone_of("k+ z+ Kb Zb t+ Xx");
	zone.list.keys[4].public_only = true;
	const server_keys_t wish = wish_of(KEY_ORDER_PRESIGN, "k", 0);
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "k aside, K nothing, Z hidden");
	/* A KSK that was removed by hand is in the zone still, while Knot does not sign. That is not for silence to
	 * change. */
	const server_keys_t silent = wish_of(KEY_ORDER_SILENT, "k", 'K');
	zone = zone_of("z+ KR Z+");
	assert_string_equal(obey(&zone, &silent, SIZE_MAX), "K active");
	/* The rollover of a first DS has nothing to do with a new algorithm that signs already. */
	const server_keys_t first = wish_of(KEY_ORDER_SILENT, "", 'k');
	zone = zone_of("kr z+ K- ZH");
	assert_string_equal(obey(&zone, &first, SIZE_MAX), "k active");
	zone = zone_of("kr z+ Kb Zb");
	assert_string_equal(obey(&zone, &first, SIZE_MAX), "k active");
	/* What presign left does nothing by itself, so it is in the way of a new KSK only. */
	const server_keys_t signal = wish_of(KEY_ORDER_SIGNAL, "", 'k');
	zone = zone_of("k+ z+ K- ZH");
	assert_string_equal(obey(&zone, &signal, SIZE_MAX), "k ready");
	assert_refused("k+ z+ Kb Zb", KEY_ORDER_SIGNAL, "", 'k',
	               "the KSK of key tag 75 belongs to neither end of the rollover");
	assert_refused("k+ z+ K- ZH", KEY_ORDER_INTRODUCE, "k", 0,
	               "the KSK of key tag 75 belongs to neither end of the rollover");
}

/*! The other half of presign was lost: Knot does not sign, so the zone has the KSK still. */
static void a_ksk_that_half_an_order_has_hidden_comes_back(void **state)
{
	(void)state;
	static const char *const refused[] = { "ka z+ K- ZH", "ka z+ K- Zh", "ka z+ K- Zs", "ka z+ Kb Zl" };
	server_keys_t wish = wish_of(KEY_ORDER_SILENT, "k", 'K');
	zone_t zone = zone_of("ka z+ K- Zl");

	/* It is not known to be in the zone. */
	assert_null(obey(&zone, &wish, SIZE_MAX));
	assert_string_equal(refusal, "the KSK of key tag 75 is not published");
	snprintf(wish.new_keyid, sizeof(wish.new_keyid), "%.40s", zone.list.keys[2].id);
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "K published, Z signing, k active");
	assert_string_equal(served(&zone), "kzKZ kK zZ -");
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "");
	zone = zone_of("k+ z+ K- Z+");
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "K published");
	/* Knot signs the zone without it, or has never published it. */
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		zone = zone_of(refused[i]);
		assert_null(obey(&zone, &wish, SIZE_MAX));
		assert_string_equal(refusal, "the KSK of key tag 75 is not published");
	}
	/* Signals are for a KSK that is in use. */
	wish.order = KEY_ORDER_SIGNAL;
	zone = zone_of("k+ z+ K- Z+");
	assert_null(obey(&zone, &wish, SIZE_MAX));
}

/*! The operator has made another one, and removed the old key. */
static void a_single_type_key_that_presign_has_hidden_is_cleaned_alone(void **state)
{
	(void)state;
	const server_keys_t wish = wish_of(KEY_ORDER_CLEAN, "c", 'C');

	for (int early = 0; early < 2; early++) {
		zone_t zone = zone_of(early ? "C+ ZH" : "C+ Zh");
		assert_string_equal(obey(&zone, &wish, SIZE_MAX), "Z gone");
		assert_string_equal(served(&zone), "C C C -");
		assert_string_equal(obey(&zone, &wish, SIZE_MAX), "");
	}
}

static void too_many_keys_are_refused(void **state)
{
	(void)state;
	zone_t zone = zone_of("k+ z+ K- ZH");
	const server_keys_t wish = wish_of(KEY_ORDER_PUBLISH, "k", 0);

	while (zone.list.count < KEYS_LISTED_MAX) {
		listed_key_t *key = &zone.list.keys[zone.list.count];
		*key = zone.list.keys[3];
		snprintf(key->id, sizeof(key->id), "%02zx", zone.list.count);
		zone.marks[zone.list.count++] = zone.marks[3];
	}
	assert_null(obey(&zone, &wish, SIZE_MAX));
	assert_string_equal(refusal, "algorithms 8 and 13 have too many keys");
	zone.list.count = 4 + KEY_STEPS_MAX - 2;
	assert_null(obey(&zone, &wish, SIZE_MAX));
	zone.list.count--;
	assert_non_null(obey(&zone, &wish, SIZE_MAX));
}

static void lifetime_begins_when_the_old_algorithm_goes(void **state)
{
	(void)state;
	server_keys_t wish = wish_of(KEY_ORDER_RETIRE, "k", 'K');
	wish.renew = true;
	zone_t zone = zone_of("k+ z+ Kr Z+");
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "K active, K renewed, z standing-in, k removed, z hidden");
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "");
}

/*! Where the policy has CDS of active keys, as with other signers, none of the orders would be silent. */
static void active_keys_that_are_signalled_are_set_aside(void **state)
{
	(void)state;
	zone_t zone = zone_of("k+ z+ Kl Zl");

	for (key_order_t order = 0; order < KEY_ORDERS; order++) {
		server_keys_t wish = wish_of(order, "k", 'K');
		wish.aside = true;
		if (order != KEY_ORDER_SILENT && order != KEY_ORDER_MOVE) {
			assert_null(obey(&zone, &wish, SIZE_MAX));
			assert_string_equal(refusal,
			                    "the policy has CDS of active keys: algorithm 8 is not changed to 13");
		}
	}
	server_keys_t wish = wish_of(KEY_ORDER_SILENT, "k", 'K');
	wish.aside = true;
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "K aside, Z signing");
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "");
}

/*! Knot has published it before the module has seen that a rollover begins. */
static void a_new_algorithm_in_an_idle_zone_is_silenced(void **state)
{
	(void)state;
	static const struct {
		const char *start;
		const char *old;
		const char *plan;
	} cases[] = {
		/* Whether DNSKEY had it at the last check or not. Knot makes Z active, and goes on signing with z. */
		{ "k+ z+ Kl Zl", "k", "K active" },
		{ "k+ z+ Kl Zl", "kK", "K active" },
		{ "k+ zu KR Z+", "k", "K active" },
		{ "k+ z+ Kb Zb", "k", "" },
		{ "k+ z+ K- ZH", "k", "" },
		{ "k+ z+ K+ Z+", "kK", "" },
		{ "kr z+ Kl Zl", "kK", "k active, K active" },
		/* Not if it is not clear which is the one. */
		{ "k+ z+ Kl Xl Zl", "k", "" },
		{ "c+ Cl", "c", "C active" },
		{ "c+ Cl", "cC", "C active" },
		{ "c+ CR", "cC", "C active" },
		/* Two single-type keys of one algorithm are another matter. */
		{ "k+ z+ Cl", "k", "C active" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		zone_t zone = zone_of(cases[i].start);
		const server_keys_t wish = wish_of(KEY_ORDER_SILENT, cases[i].old, 0);
		const char *plan = obey(&zone, &wish, SIZE_MAX);
		if (plan == NULL || strcmp(plan, cases[i].plan) != 0) {
			fail_msg("%s: \"%s\"", cases[i].start, plan != NULL ? plan : refusal);
		}
	}
	/* A rollover in one algorithm does not take the keys of another one for its own, nor have them deleted. */
	zone_t zone = zone_of("k+ z+ K- ZH");
	const server_keys_t wish = wish_of(KEY_ORDER_INTRODUCE, "k", 0);
	assert_null(obey(&zone, &wish, SIZE_MAX));
	assert_string_equal(refusal, "the KSK of key tag 75 belongs to neither end of the rollover");
	zone = zone_of("k+ z+ Kl Zl");
	assert_null(obey(&zone, &wish, SIZE_MAX));
}

/*! The operator has changed the algorithm during a rollover of KSKs, and Knot has published the new keys by itself. */
static void a_new_algorithm_during_another_rollover_is_silenced(void **state)
{
	(void)state;
	static const struct {
		const char *start;
		key_order_t order;
		const char *old;
		char fresh;
		const char *plan;
	} cases[] = {
		{ "k+ x+ z+ Kl Zl", KEY_ORDER_SILENT, "k", 'x', "K active" },
		{ "k+ xr z+ KR Z+", KEY_ORDER_SILENT, "k", 'x', "K active, x active" },
		{ "k+ x+ z+ Kb Zb", KEY_ORDER_SILENT, "k", 'x', "" },
		{ "k+ x+ z+ K- ZH", KEY_ORDER_SILENT, "k", 'x', "" },
		{ "x+ z+ Kl Zl", KEY_ORDER_SILENT, "k", 'x', "K active" },
		{ "kr z+ Kl Zl", KEY_ORDER_SILENT, "", 'k', "K active, k active" },
		{ "k+ x+ z+ Kl Xl Zl", KEY_ORDER_SILENT, "k", 'x', "" },
		{ "c+ Cl", KEY_ORDER_SILENT, "", 'c', "C active" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		zone_t zone = zone_of(cases[i].start);
		const server_keys_t wish = wish_of(cases[i].order, cases[i].old, cases[i].fresh);
		const char *plan = obey(&zone, &wish, SIZE_MAX);
		if (plan == NULL || strcmp(plan, cases[i].plan) != 0) {
			fail_msg("%s: \"%s\"", cases[i].start, plan != NULL ? plan : refusal);
		}
	}
}

/*! It is not everywhere: if the set of the new one is lost, the data stays with that. */
static void a_single_key_that_turns_up_takes_no_data(void **state)
{
	(void)state;
	zone_t zone = zone_of("c+ CR Xl");
	const server_keys_t wish = wish_of(KEY_ORDER_SILENT, "c", 'C');

	zone.list.keys[2].zsk = true;
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "C active, X aside");
	zone = zone_of("c+ Cr Xa");
	zone.list.keys[2].zsk = true;
	assert_string_equal(obey(&zone, &wish, SIZE_MAX), "C active");
}

static void old_keys_go_whoever_has_come_meanwhile(void **state)
{
	(void)state;
	static const struct {
		const char *start;
		const char *plan;
		const char *served;
	} cases[] = {
		/* A further KSK of the new algorithm. */
		{ "zh K+ X+ Z+", "z gone", "KXZ KX Z -" },
		{ "zh K+ Xl Z+", "z gone", "KXZ KX Z -" },
		/* It was hidden, and another one has come instead. */
		{ "ch C+ XH", "X gone, c gone", "C C C -" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		zone_t zone = zone_of(cases[i].start);
		const bool single = cases[i].start[0] == 'c';
		zone.list.keys[2].zsk = zone.list.keys[2].zsk || single;
		const server_keys_t wish = wish_of(KEY_ORDER_CLEAN, single ? "c" : "k", single ? 'C' : 'K');
		const char *plan = obey(&zone, &wish, SIZE_MAX);
		if (plan == NULL || strcmp(plan, cases[i].plan) != 0) {
			fail_msg("%s: \"%s\"", cases[i].start, plan != NULL ? plan : refusal);
		}
		assert_string_equal(served(&zone), cases[i].served);
	}
	/* The old KSK has gone, and the ZSK that stands in for it has its tag. */
	zone_t zone = zone_of("zs K+ Z+");
	zone.list.keys[0].tag = 'k';
	const server_keys_t wish = wish_of(KEY_ORDER_RETIRE, "k", 'K');
	const char *plan = obey(&zone, &wish, SIZE_MAX);
	assert_string_equal(plan != NULL ? plan : refusal, "z hidden");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_of_a_rollover_of_ksk_and_zsk),
		cmocka_unit_test(each_step_of_a_rollover_of_single_type_keys),
		cmocka_unit_test(all_zsks_have_their_part),
		cmocka_unit_test(an_old_key_that_is_aside_keeps_knot_from_another_rollover),
		cmocka_unit_test(orders_complete_from_wherever_they_were_left),
		cmocka_unit_test(doubtful_keys_are_refused),
		cmocka_unit_test(a_ksk_that_half_an_order_has_hidden_comes_back),
		cmocka_unit_test(a_single_type_key_that_presign_has_hidden_is_cleaned_alone),
		cmocka_unit_test(too_many_keys_are_refused),
		cmocka_unit_test(lifetime_begins_when_the_old_algorithm_goes),
		cmocka_unit_test(active_keys_that_are_signalled_are_set_aside),
		cmocka_unit_test(a_new_algorithm_in_an_idle_zone_is_silenced),
		cmocka_unit_test(a_new_algorithm_during_another_rollover_is_silenced),
		cmocka_unit_test(a_single_key_that_turns_up_takes_no_data),
		cmocka_unit_test(old_keys_go_whoever_has_come_meanwhile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
