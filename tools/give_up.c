/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the operator ends a rollover before the parent has the new DS, or after it has taken that back. Printed and not
 * run: a deleted key does not come back.
 */

#include <stdio.h>
#include <string.h>

#include "sizes.h"

#define COMMAND 512
/*!
 * Takes a key from any state. If other servers sign the zone as well (dnskey-management: incremental), Knot leaves the
 * DNSKEY of a key that it does not have: so it must remove the key itself.
 */
#define REMOVED " publish=+0 active=+0 retire_active=0 retire=+0 remove=+0"

typedef struct {
	const store_zone_t *zone;
	const rollover_row_t *row;
	command_f each;
	void *arg;
} way_t;

static void say(const way_t *w, const char *comment, const char *command)
{
	w->each(command, comment, w->arg);
}

/*! A command about the zone. */
static void for_zone(const way_t *w, const char *comment, const char *before, const char *after)
{
	char command[SHELL_ZONE + COMMAND], zone[SHELL_ZONE];

	shell_word(zone, sizeof(zone), w->zone->zone);
	snprintf(command, sizeof(command), "%s %s%s", before, zone, after);
	say(w, comment, command);
}

/*! The same done with each key in whose line of `keymgr list -e` this is found (awk). */
static void for_keys(const way_t *w, const char *comment, const char *found, const char *what, const char *timers)
{
	char command[2 * (SHELL_ZONE + COMMAND)], zone[SHELL_ZONE];

	shell_word(zone, sizeof(zone), w->zone->zone);
	snprintf(command, sizeof(command),
	         "for id in $(keymgr %s list -e | awk '%s {print $1}'); do keymgr %s %s $id%s; done", zone, found, zone,
	         what, timers);
	say(w, comment, command);
}

static void load(const way_t *w, const char *comment)
{
	for_zone(w, comment, "knotc zone-keys-load", "");
}

/* The parent. */

static bool same_tag(const rollover_row_t *row)
{
	for (unsigned i = 0; i < row->old_count; i++) {
		if (row->old[i].tag == row->new_key.tag) {
			return true;
		}
	}
	return false;
}

typedef struct {
	unsigned tag;
	bool found;
} named_t;

static void find_ds(const evidence_answer_t *a, void *arg)
{
	named_t *named = arg;
	char tags[2 * EVIDENCE_TAGS + 4], wanted[16];

	snprintf(tags, sizeof(tags), " %s %s ", a->ds, a->ds_sha1);
	snprintf(wanted, sizeof(wanted), " %u ", named->tag);
	if (a->parent && strstr(tags, wanted) != NULL) {
		named->found = true;
	}
}

/*! Whether a server of the parent may have the DS of the new key. */
static bool has_new_ds(const store_zone_t *zone)
{
	const rollover_row_t *row = &zone->row;
	named_t named = { .tag = row->new_key.tag };

	if (same_tag(row)) {
		return row->signalled != 0; /* The tag does not tell. */
	}
	evidence_each(zone->answers, find_ds, &named);
	return row->has_new && named.found;
}

/*!
 * Whether the parent may have had the DS of the new key, and caches have it alone. Before that key is published all
 * signals are of the old one.
 */
static bool was_signalled(const rollover_row_t *row)
{
	return rollover_state_info(row->state)->repairs || (row->has_new && row->signalled != 0);
}

static uint32_t longest_ds(const rollover_row_t *row)
{
	return row->ds_ttl.count != 0 ? ttl_window_max(&row->ds_ttl, 0) : ROLLOVER_UNKNOWN_DS_TTL;
}

/*! The state begins when the parent has taken the old DS back, or a part of it has. */
static time_t new_ds_expired(const rollover_row_t *row)
{
	return was_signalled(row) ? ttl_expires(row->since, longest_ds(row)) : 0;
}

/*! \return The length of what the operator must wait for, as the begin of a comment. */
static size_t gone_first(const way_t *w, char *out, size_t len)
{
	out[0] = '\0';
	if (was_signalled(w->row)) {
		snprintf(
			out, len,
			"when the DS of the new key has been gone from every server of the parent for its TTL (%u s): ",
			longest_ds(w->row));
	}
	return strlen(out);
}

/* The policy. */

/*! Else Knot makes the keys again. A derived policy is a copy of the one that has been changed. */
static void policy_back(const way_t *w, const char *item, const char *value)
{
	const store_zone_t *zone = w->zone;
	char command[2 * SHELL_ZONE + COMMAND], item_of[sizeof(zone->zone) + 32], word[SHELL_ZONE], policy[SHELL_ZONE];

	if (zone->base_policy[0] == '\0') {
		snprintf(command, sizeof(command), "%s: %s", item, value);
		say(w, "in the policy of the zone, then knotc reload: before all else, or Knot makes such keys again",
		    command);
		return;
	}
	say(w, "the policy comes first, or Knot makes such keys again", "knotc conf-begin");
	snprintf(item_of, sizeof(item_of), "policy[%s].%s", zone->base_policy, item);
	snprintf(command, sizeof(command), "knotc conf-set %s %s", shell_word(word, sizeof(word), item_of), value);
	say(w, "as before the rollover", command);
	snprintf(item_of, sizeof(item_of), "zone[%s].dnssec-policy", zone->zone);
	snprintf(command, sizeof(command), "knotc conf-%s %s%s%s", zone->policy_implicit ? "unset" : "set",
	         shell_word(word, sizeof(word), item_of), zone->policy_implicit ? "" : " ",
	         zone->policy_implicit ? "" : shell_word(policy, sizeof(policy), zone->base_policy));
	say(w, "the derived policy is a copy of what was changed", command);
	say(w, "with a configuration file: change the policy there and knotc reload instead", "knotc conf-commit");
}

/* Another algorithm. */

/*! When the keys may be deleted. */
static void lost(const way_t *w, char *out, size_t len)
{
	snprintf(out, len,
	         "when every nameserver has lost their DNSKEY, and its TTL (%u s) is over: deletes keys that are not "
	         "published",
	         ttl_window_max(&w->row->dnskey_ttl, 0));
}

/*! Nothing refers to the keys any more. */
static void delete_algorithm(const way_t *w, uint8_t old, uint8_t fresh, const char *comment)
{
	char found[64];

	snprintf(found, sizeof(found), "/ algorithm=%u /", fresh);
	for_keys(w, comment, found, "delete", "");
	/* Knot sets that where it has begun the rollover by itself, and refuses every other one while it is there. */
	snprintf(found, sizeof(found), "/ algorithm=%u / && !/ retire-active=0 /", old);
	for_keys(w, "frees old keys that Knot has begun to retire, if there are any", found, "set",
	         " retire_active=0 retire=0");
	load(w, "the server reloads its keys");
}

/*! Validators may want a signature of each algorithm in DNSKEY, so signatures are removed last. */
static void hide_algorithm(const way_t *w, uint8_t fresh, const char *last)
{
	char found[64], text[256];
	const size_t len = gone_first(w, text, sizeof(text));

	snprintf(found, sizeof(found), "/ ksk=no .* algorithm=%u /", fresh);
	if (!w->row->csk) {
		snprintf(text + len, sizeof(text) - len, "the new ZSK signs the zone still, and is not published");
		for_keys(w, text, found, "set", " post_active=+0 revoke=+0");
	}
	snprintf(found, sizeof(found), "/ ksk=yes .* algorithm=%u /", fresh);
	snprintf(text + len, sizeof(text) - len, "%s",
	         w->row->csk ? "the new key signs the zone still, and is not published" :
	                       "the new KSK is not published");
	/* One that Knot has made ready is not active, and keymgr refuses to end that. */
	for_keys(w, text, found, "set",
	         w->row->csk ? " ksk=no sep=yes active=+0 post_active=+0 revoke=+0" :
	                       " pre_active=0 publish=0 ready=0 active=0");
	load(w, last);
}

/*! Of algorithms that are not published; 0: not known. */
static uint8_t unpublished(const rollover_row_t *row)
{
	const algset_t others = row->old_count > 0 ? row->data_algorithms & ~ALGSET_OF(row->old[0].algorithm) : 0;

	return others != 0 && (others & (others - 1)) == 0 ? __builtin_ctz(others) : 0;
}

static void algorithm(const way_t *w)
{
	const rollover_row_t *row = w->row;
	const uint8_t old = row->old[0].algorithm;
	const uint8_t fresh = row->has_new ? row->new_key.algorithm : unpublished(row);
	char name[ALGORITHM_TEXT], comment[256];

	if (fresh == 0) {
		return;
	}
	policy_back(w, "algorithm", algorithm_text(name, old));
	if (!row->has_new && row->ordered == 0) {
		delete_algorithm(w, old, fresh, "deletes the new keys: none is published");
	} else if (!row->has_new) {
		/* The order to publish may have been carried out since, or a part of it. */
		hide_algorithm(w, fresh, "the server reloads its keys");
		lost(w, comment, sizeof(comment));
		delete_algorithm(w, old, fresh, comment);
	} else {
		/* The rest is not printed yet: caches need the signatures. */
		hide_algorithm(
			w, fresh,
			"the server reloads its keys, and the zone returns to idle: then kskroll status has the rest");
	}
}

/* One key for another. */

static void remove_key(const way_t *w)
{
	char after[128], text[256];
	const size_t len = gone_first(w, text, sizeof(text));

	if (same_tag(w->row)) {
		for_zone(w, "old and new KSK have the same tag: find the identifier of the new one", "keymgr", " list");
		snprintf(after, sizeof(after), " set IDENTIFIER" REMOVED);
	} else {
		/* A number alone may be the start of the identifier of another key. */
		snprintf(after, sizeof(after), " set keytag=%u" REMOVED, w->row->new_key.tag);
	}
	snprintf(text + len, sizeof(text) - len, "removes the new KSK");
	for_zone(w, text, "keymgr", after);
}

/*!
 * From a single key also the ZSK is new. Each is named by what it is: a pattern that fails to match the single key must
 * not remove it.
 */
static void scheme(const way_t *w)
{
	policy_back(w, "single-type-signing", w->row->csk ? "on" : "off");
	if (w->row->csk) {
		for_keys(w, "removes KSK and ZSK, not the single key", "/ ksk=(yes +zsk=no|no +zsk=yes) /", "set",
		         REMOVED);
	} else {
		remove_key(w);
	}
	load(w, "the server reloads its keys");
}

/* Which of them. */

/*! A key whose DS the parent has must stay, unless another one of its algorithm does. */
static bool ds_first(const way_t *w)
{
	const rollover_row_t *row = w->row;
	char record[COMMAND];

	if (!has_new_ds(w->zone)) {
		return false;
	}
	for (unsigned i = 0; i < row->old_count; i++) {
		advice_ds(record, sizeof(record), w->zone->zone, &row->old[i]);
		say(w, "for the registrar: the only DS that belongs there, for its TTL before all else", record);
	}
	return true;
}

/*! Without the new key, nobody who has its DS alone can validate the zone. */
static bool is_too_early(const options_t *o, const way_t *w)
{
	const time_t until = new_ds_expired(w->row);
	char when[TEXT_TIME], text[256];

	if (o->now >= until) {
		return false;
	}
	snprintf(
		text, sizeof(text),
		"caches may have the DS of the new key alone until %s: it must stay until then, and then this shows how "
		"to give up",
		text_time(when, until));
	for_zone(w, text, "kskroll status", "");
	return true;
}

static void rolling(const options_t *o, const way_t *w)
{
	const rollover_row_t *row = w->row;
	const bool back = rollover_state_info(row->state)->repairs;

	if (rollover_changes_algorithm(row)) {
		if (!ds_first(w) && !is_too_early(o, w)) {
			algorithm(w);
		}
		return;
	}
	if (!row->has_new || (back ? o->now < rollover_new_expired(&w->zone->config, row) : has_new_ds(w->zone)) ||
	    is_too_early(o, w)) {
		return;
	}
	if (rollover_changes_scheme(row)) {
		scheme(w);
		return;
	}
	remove_key(w);
	load(w, "and the server reloads its keys");
}

void give_up_commands(const options_t *o, const store_zone_t *zone, command_f each, void *arg)
{
	const way_t w = { .zone = zone, .row = &zone->row, .each = each, .arg = arg };

	/* Without old keys the new one is the only one. */
	if (rollover_state_info(zone->row.state)->given_up && zone->row.old_count > 0) {
		rolling(o, &w);
	}
}

void give_up_rest(const store_zone_t *zone, command_f each, void *arg)
{
	const way_t w = { .zone = zone, .row = &zone->row, .each = each, .arg = arg };
	const uint8_t fresh = unpublished(&zone->row);
	char comment[256];

	/* Elsewhere there is more to do. */
	if (fresh != 0 && !rollover_state_info(zone->row.state)->given_up) {
		lost(&w, comment, sizeof(comment));
		delete_algorithm(&w, zone->row.old[0].algorithm, fresh, comment);
	}
}
