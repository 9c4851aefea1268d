/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a row means for a human: must somebody act, who, and with which command.
 */

#include <stdio.h>
#include <string.h>

#include "kskroll.h"

/*! Idle zones are written once an hour at least (engine), looks vary by an eighth of a day at most. */
#define OVERDUE		(4 * 3600)

bool judge_overdue(const options_t *o, const rollover_row_t *row)
{
	return o->now > row->wake + OVERDUE;
}

bool judge_lasts(const options_t *o, const rollover_row_t *row)
{
	return row->gate != GATE_NONE && row->gate_until == 0 &&
	       o->now - row->gate_since >= (time_t)o->after;
}

rollover_actor_t judge_actor(const options_t *o, const rollover_row_t *row)
{
	rollover_actor_t actor = rollover_gate_info(row->gate)->actor;
	if (actor == ACTOR_NOBODY &&
	    (judge_lasts(o, row) || (row->state != ROLLOVER_IDLE && judge_overdue(o, row)))) {
		return ACTOR_OPERATOR;
	}
	return actor;
}

bool judge_blocked(const options_t *o, const rollover_row_t *row)
{
	switch (judge_actor(o, row)) {
	case ACTOR_OPERATOR:
		return true;
	case ACTOR_SECONDARY:
	case ACTOR_PARENT:
		/* Transfers and the parent's scan take a while: that is the ordinary course of things. */
		return judge_lasts(o, row) || (row->state != ROLLOVER_IDLE && judge_overdue(o, row));
	default:
		return false;
	}
}

unsigned judge_wanted(const rollover_row_t *row, const key_id_t **keys)
{
	if (row->has_new && row->state >= ROLLOVER_SIGNAL && row->state <= ROLLOVER_RETIRE) {
		*keys = &row->new_key;
		return 1;
	}
	*keys = row->old;
	return row->state == ROLLOVER_LEAVE || row->state == ROLLOVER_LEFT ? 0 : row->old_count;
}

void judge_ds(char *out, size_t len, const char *zone, const key_id_t *key)
{
	char digest[2 * sizeof(key->digest) + 1];
	for (size_t i = 0; i < sizeof(key->digest); i++) {
		snprintf(digest + 2 * i, 3, "%02X", key->digest[i]);
	}
	snprintf(out, len, "%s IN DS %u %u 2 %s", zone, key->tag, key->algorithm, digest);
}

/* Commands. */

#define POLICIES	"kskroll policies BASE -c /etc/knot/knot.conf"

typedef struct {
	const options_t *o;
	const store_zone_t *zone;
	void (*each)(const char *command, const char *comment, void *arg);
	void *arg;
} commands_t;

static void say(const commands_t *c, const char *comment, const char *command)
{
	c->each(command, comment, c->arg);
}

/*! A command that ends with the zone's name. */
static void for_zone(const commands_t *c, const char *comment, const char *before, const char *after)
{
	char command[512];
	snprintf(command, sizeof(command), "%s %s%s", before, c->zone->zone, after);
	say(c, comment, command);
}

/*! "name. address@port" taken apart for kdig. */
static void ask_server(const commands_t *c, const char *type)
{
	const char *about = c->zone->row.gate_about;
	const char *space = strrchr(about, ' ');
	const char *address = space != NULL ? space + 1 : about;
	const char *at = strrchr(address, '@');
	char command[SERVER_NAME_MAX + 320];

	if (address[0] == '\0') {
		return;
	}
	int len = at != NULL ? (int)(at - address) : (int)strlen(address);
	snprintf(command, sizeof(command), "kdig @%.*s -p %s +norec +dnssec %s %s", len, address,
	         at != NULL ? at + 1 : "53", c->zone->zone, type);
	say(c, "shows what that server answers", command);
}

static void ds_records(const commands_t *c, const char *comment)
{
	const key_id_t *keys;
	char record[512];
	unsigned count = judge_wanted(&c->zone->row, &keys);

	for (unsigned i = 0; i < count; i++) {
		judge_ds(record, sizeof(record), c->zone->zone, &keys[i]);
		say(c, comment, record);
	}
}

typedef struct {
	const char *server;
	bool parent;
} side_t;

static void find_side(const answer_t *a, void *arg)
{
	side_t *side = arg;
	if (strcmp(a->server, side->server) == 0) {
		side->parent = a->parent;
	}
}

static bool is_parent_server(const store_zone_t *zone)
{
	side_t side = { .server = zone->row.gate_about };
	answers_each(zone->answers, find_side, &side);
	return side.parent;
}

static void module_of_zone(const commands_t *c)
{
	char command[512];
	say(c, "gives the zone a module instance without hold", "knotc conf-begin");
	snprintf(command, sizeof(command), "knotc conf-set 'zone[%s].module' mod-kskroll", c->zone->zone);
	say(c, "or conf-unset, if the template has the module", command);
	say(c, "with a configuration file: change it there and knotc reload", "knotc conf-commit");
}

/*! Printed and not run: a deleted key does not come back. */
static void give_up(const commands_t *c)
{
	const rollover_row_t *row = &c->zone->row;
	char after[64];

	for (unsigned i = 0; i < row->old_count; i++) {
		if (row->old[i].tag == row->new_key.tag) {
			for_zone(c, "old and new KSK have the same tag: find the identifier of the new one", "keymgr", " list");
			snprintf(after, sizeof(after), " delete IDENTIFIER");
			for_zone(c, "to give up: deletes the new KSK", "keymgr", after);
			for_zone(c, "and the server forgets it", "knotc zone-keys-load", "");
			return;
		}
	}
	snprintf(after, sizeof(after), " delete %u", row->new_key.tag);
	for_zone(c, "to give up: deletes the new KSK", "keymgr", after);
	for_zone(c, "and the server forgets it", "knotc zone-keys-load", "");
}

static void for_gate(const commands_t *c)
{
	const rollover_row_t *row = &c->zone->row;

	switch (row->gate) {
	case GATE_HELD:
		module_of_zone(c);
		break;
	case GATE_DRY_RUN:
		say(c, "in the section mod-kskroll of knot.conf, then knotc reload", "dry-run: off");
		break;
	case GATE_FROZEN:
		for_zone(c, "when the work on the zone is done", "knotc zone-thaw", "");
		break;
	case GATE_KNOT_BUSY:
		if (strstr(row->gate_detail, "zone") != NULL) {
			for_zone(c, "or zone-commit: ends the open transaction", "knotc zone-abort", "");
		} else {
			say(c, "or conf-commit: ends the open transaction", "knotc conf-abort");
		}
		break;
	case GATE_KNOT_UNREACHABLE:
		for_zone(c, "shows whether the server and the zone are there", "knotc zone-status", "");
		break;
	case GATE_KNOT_NO_NEW_KEY:
	case GATE_KNOT_NOT_READY:
	case GATE_KNOT_KEEPS_KEY:
	case GATE_UNKNOWN_KEY:
	case GATE_TOO_MANY_KEYS:
	case GATE_ALGORITHM_ROLLOVER:
	case GATE_CSK:
		for_zone(c, "shows the keys and their timers", "keymgr", " list");
		break;
	case GATE_CHILD_INCOMPLETE:
		ask_server(c, "DNSKEY");
		ask_server(c, "CDS");
		ask_server(c, "CDNSKEY");
		break;
	case GATE_PARENT_INCOMPLETE:
		ask_server(c, "DS +tcp");
		break;
	case GATE_CHILD_UNREACHABLE:
	case GATE_CHILD_ERROR:
	case GATE_RRSIG_MISSING:
	case GATE_DNSKEY_DIFFERS:
		ask_server(c, "DNSKEY");
		break;
	case GATE_TTL_HIGH:
	case GATE_DNSKEY_MISSING:
	case GATE_DNSKEY_LEFT:
		ask_server(c, "DNSKEY");
		for_zone(c, "tells the secondaries again", "knotc zone-notify", "");
		break;
	case GATE_CDS_MISSING:
	case GATE_CDS_DIFFERS:
	case GATE_CDS_LEFT:
		ask_server(c, "CDS");
		for_zone(c, "tells the secondaries again", "knotc zone-notify", "");
		break;
	case GATE_BOGUS_AT:
		ask_server(c, is_parent_server(c->zone) ? "DS" : "DNSKEY");
		break;
	case GATE_PARENT_UNREACHABLE:
	case GATE_PARENT_ERROR:
		ask_server(c, "DS");
		break;
	case GATE_DS_MISSING_AT:
	case GATE_DS_STALE_AT:
		ask_server(c, "DS");
		ds_records(c, "for the registrar, where the parent does not read CDS");
		break;
	case GATE_DS_FOREIGN_AT:
		ask_server(c, "DS");
		ds_records(c, "the only DS that belongs there");
		break;
	case GATE_DS_LEFT_AT:
		ask_server(c, "DS");
		break;
	case GATE_MAY_UNSIGN:
		say(c, "and no dnssec-policy, for the zone in knot.conf, then knotc reload", "dnssec-signing: off");
		break;
	case GATE_ROLLED_BACK:
		for_zone(c, "shows what was seen, and when", "kskroll history", "");
		give_up(c);
		break;
	case GATE_VALIDATION_FAILS:
		for_zone(c, "shows what was seen, and when", "kskroll history", "");
		break;
	case GATE_OLD_KEY_GONE:
		ds_records(c, "for the registrar, at once");
		break;
	case GATE_SWITCH_LOSES_DATA:
		if (strstr(row->gate_detail, "kskroll policies") != NULL) {
			say(c, "for knot.conf, then knotc reload: what the module then need not create", POLICIES);
		} else {
			for_zone(c, "writes all records into the zone file", "knotc -f zone-flush", "");
			say(c, "for the zone in knot.conf, then knotc reload", "zonefile-sync: 0");
			say(c, "or, for the module, if the file has all records", "zone-file-complete: on");
		}
		break;
	case GATE_POLICY_DIFFERS:
		say(c, "makes the derived policies again: paste them into knot.conf, then knotc reload", POLICIES);
		break;
	case GATE_SCHEME_CHANGE:
		for_zone(c, "shows the keys and their timers", "keymgr", " list");
		break;
	case GATE_CHAIN_BROKEN:
		ask_server(c, "DS");
		for_zone(c, "for the registrar: the DS of a KSK that is in the zone", "keymgr", " ds");
		for_zone(c, "or restores the key that the DS names, from a backup in DIR that has it",
		         "knotc zone-restore +backupdir DIR +nozonefile +nojournal +notimers +kaspdb +nocatalog", "");
		break;
	case GATE_FIRST_DS:
		for_zone(c, "shows the DS for the registrar", "keymgr", " ds");
		break;
	case GATE_WAITING_OBSERVE:
		/* Harmless only when no cache can have the old DS any more. */
		if (c->o->now >= row->ds_all_since + (time_t)row->ds_drain) {
			for_zone(c, "if you want: ends the watching now", "knotc zone-ksk-submitted", "");
		}
		break;
	default:
		break;
	}
}

void judge_commands(const options_t *o, const store_zone_t *zone,
                    void (*each)(const char *command, const char *comment, void *arg), void *arg)
{
	commands_t c = { .o = o, .zone = zone, .each = each, .arg = arg };

	if (judge_overdue(o, &zone->row)) {
		for_zone(&c, "does the server run, and has the zone the module?", "knotc zone-stats",
		         " mod-kskroll");
	}
	for_gate(&c);
}
