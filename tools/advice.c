/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a row means for a human: must somebody act, who, and with which command.
 */

#include <stdio.h>
#include <string.h>

#include "kskroll.h"
#include "sizes.h"

/*! Idle zones are written once an hour at least, checks vary by an eighth of a day at most. */
#define OVERDUE (4 * 3600)

bool advice_overdue(const options_t *o, const rollover_row_t *row)
{
	return o->now > row->next_check + OVERDUE;
}

bool advice_lasts(const options_t *o, const rollover_row_t *row)
{
	return row->gate != GATE_NONE && row->gate_until == 0 && !rollover_gate_info(row->gate)->patient &&
	       o->now - row->gate_since >= (time_t)o->after;
}

rollover_actor_t advice_actor(const options_t *o, const rollover_row_t *row)
{
	rollover_actor_t actor = rollover_gate_info(row->gate)->actor;
	if (actor == ACTOR_NOBODY &&
	    (advice_lasts(o, row) || (row->state != ROLLOVER_IDLE && advice_overdue(o, row)))) {
		return ACTOR_OPERATOR;
	}
	return actor;
}

bool advice_blocked(const options_t *o, const rollover_row_t *row)
{
	switch (advice_actor(o, row)) {
	case ACTOR_OPERATOR:
		return true;
	case ACTOR_SECONDARY:
	case ACTOR_PARENT:
		/* Transfers and the parent's scan take a while: that is the ordinary course of things. */
		return advice_lasts(o, row) || (row->state != ROLLOVER_IDLE && advice_overdue(o, row));
	default:
		return false;
	}
}

unsigned advice_wanted(const rollover_row_t *row, const key_id_t **keys)
{
	const rollover_ds_t ds = rollover_state_info(row->state)->ds;

	if (row->has_new && ds == DS_NEW) {
		*keys = &row->new_key;
		return 1;
	}
	*keys = row->old;
	return ds == DS_NONE ? 0 : row->old_count;
}

void advice_ds(char *out, size_t len, const char *zone, const key_id_t *key)
{
	char digest[2 * sizeof(key->digest) + 1];
	for (size_t i = 0; i < sizeof(key->digest); i++) {
		snprintf(digest + 2 * i, 3, "%02X", key->digest[i]);
	}
	snprintf(out, len, "%s IN DS %u %u 2 %s", zone, key->tag, key->algorithm, digest);
}

/* Commands. */

/*! What a submission by EPP went to begins with this. */
#define ACCOUNT  "account "
#define POLICIES "kskroll policies BASE -c /etc/knot/knot.conf"

typedef struct {
	const options_t *o;
	const store_zone_t *zone;
	const char *word; /*!< Its name, for a shell. */
	command_f each;
	void *arg;
} commands_t;

static void say(const commands_t *c, const char *comment, const char *command)
{
	c->each(command, comment, c->arg);
}

/*! A command that ends with the zone's name. */
static void for_zone(const commands_t *c, const char *comment, const char *before, const char *after)
{
	char command[SHELL_ZONE + 512];
	snprintf(command, sizeof(command), "%s %s%s", before, c->word, after);
	say(c, comment, command);
}

/*! "name. address@port" taken apart for kdig. */
static void ask_server(const commands_t *c, const char *type)
{
	const char *about = c->zone->row.gate_about;
	const char *space = strrchr(about, ' ');
	const char *address = space != NULL ? space + 1 : about;
	const char *at = strrchr(address, '@');
	char command[SERVER_NAME_MAX + SHELL_ZONE + 320];

	if (address[0] == '\0') {
		return;
	}
	int len = at != NULL ? (int)(at - address) : (int)strlen(address);
	snprintf(command, sizeof(command), "kdig @%.*s -p %s +norec +dnssec %s %s", len, address,
	         at != NULL ? at + 1 : "53", c->word, type);
	say(c, "shows what that server answers", command);
}

static void ds_records(const commands_t *c, const char *comment)
{
	const key_id_t *keys;
	char record[512];
	unsigned count = advice_wanted(&c->zone->row, &keys);

	for (unsigned i = 0; i < count; i++) {
		advice_ds(record, sizeof(record), c->zone->zone, &keys[i]);
		say(c, comment, record);
	}
}

typedef struct {
	const char *server;
	bool parent;
} side_t;

static void find_side(const evidence_answer_t *a, void *arg)
{
	side_t *side = arg;
	if (strcmp(a->server, side->server) == 0) {
		side->parent = a->parent;
	}
}

static bool is_parent_server(const store_zone_t *zone)
{
	side_t side = { .server = zone->row.gate_about };
	evidence_each(zone->answers, find_side, &side);
	return side.parent;
}

static void module_of_zone(const commands_t *c)
{
	char command[SHELL_ZONE + 512], item[sizeof(c->zone->zone) + 16], word[SHELL_ZONE];
	say(c, "takes the module instance with hold from the zone", "knotc conf-begin");
	snprintf(item, sizeof(item), "zone[%s].module", c->zone->zone);
	/* To set what the zone has already, besides the other one, changes nothing. */
	snprintf(command, sizeof(command), "knotc conf-unset %s mod-kskroll/held",
	         shell_word(word, sizeof(word), item));
	say(c, "if the id of that instance is held; if it is the only one, set another one instead", command);
	say(c, "with a configuration file: change it there and knotc reload", "knotc conf-commit");
}

static void dry_run(const commands_t *c)
{
	say(c, "in the section mod-kskroll of knot.conf, then knotc reload", "dry-run: off");
}

static void thaw(const commands_t *c)
{
	for_zone(c, "when the work on the zone is done", "knotc zone-thaw", "");
}

static void transaction(const commands_t *c)
{
	if (strstr(c->zone->row.gate_detail, "zone") != NULL) {
		for_zone(c, "or zone-commit: ends the open transaction", "knotc zone-abort", "");
	} else {
		say(c, "or conf-commit: ends the open transaction", "knotc conf-abort");
	}
}

static void zone_status(const commands_t *c)
{
	for_zone(c, "shows whether the server and the zone are there", "knotc zone-status", "");
}

static void keys(const commands_t *c)
{
	for_zone(c, "shows the keys and their timers", "keymgr", " list");
}

/*! What an algorithm that was given up has left in an idle zone. */
static void algorithm(const commands_t *c)
{
	keys(c);
	give_up_rest(c->zone, c->each, c->arg);
}

static void ask_dnskey(const commands_t *c)
{
	ask_server(c, "DNSKEY");
}

static void ask_child(const commands_t *c)
{
	ask_server(c, "DNSKEY");
	ask_server(c, "CDS");
	ask_server(c, "CDNSKEY");
}

/*! A registry has an account there, and answers no DNS. */
static void ask_registry(const commands_t *c)
{
	char target[256], word[SHELL_ZONE], command[2 * SHELL_ZONE + 64];
	const char *account = "";

	(void)json_text(json_member(json_read(c->zone->notification), "target"), target, sizeof(target));
	if (strncmp(target, ACCOUNT, strlen(ACCOUNT)) == 0) {
		account = target + strlen(ACCOUNT);
	}
	snprintf(command, sizeof(command), "kskroll epp check%s%s --domain %s", account[0] != '\0' ? " " : "",
	         account[0] != '\0' ? shell_word(word, sizeof(word), account) : "", c->word);
	say(c, "shows what the registry has, and locks; with --accounts FILE if epp-accounts is set", command);
}

static void ask_parent(const commands_t *c)
{
	const rollover_gate_t gate = c->zone->row.gate;

	if (c->zone->config.via == PARENT_VIA_EPP && (gate == GATE_NOT_INFORMED || gate == GATE_DS_TTL_NOT_SET)) {
		ask_registry(c);
	} else {
		ask_server(c, "DS");
	}
}

static void ask_ds_tcp(const commands_t *c)
{
	ask_server(c, "DS +tcp");
}

static void ask_either(const commands_t *c)
{
	ask_server(c, is_parent_server(c->zone) ? "DS" : "DNSKEY");
}

static void notify_secondaries(const commands_t *c)
{
	for_zone(c, "notifies the secondaries again", "knotc zone-notify", "");
}

static void transfer_dnskey(const commands_t *c)
{
	ask_server(c, "DNSKEY");
	notify_secondaries(c);
}

static void transfer_cds(const commands_t *c)
{
	if (c->zone->row.gate_about[0] == '\0') {
		keys(c); /* It is this server that lacks signatures, or has them still. */
		return;
	}
	ask_server(c, "CDS");
	notify_secondaries(c);
}

static void ds(const commands_t *c)
{
	ask_parent(c);
	ds_records(c, "for the registrar, where the parent does not read CDS");
}

static void only_ds(const commands_t *c)
{
	ask_server(c, "DS");
	ds_records(c, c->zone->row.signers ? "the only DS of this server's keys that belongs there" :
	                                     "the only DS that belongs there");
}

static void ds_at_once(const commands_t *c)
{
	ds_records(c, "for the registrar, at once");
}

static void new_ds(const commands_t *c)
{
	for_zone(c, "shows the DS for the registrar", "keymgr", " ds");
}

static void chain(const commands_t *c)
{
	ask_server(c, "DS");
	for_zone(c, "for the registrar: the DS of a KSK that is in the zone", "keymgr", " ds");
	for_zone(c, "or restores the key that the DS names, from a backup in DIR that has it",
	         "knotc zone-restore +backupdir DIR +nozonefile +nojournal +notimers +kaspdb +nocatalog", "");
}

static void history(const commands_t *c)
{
	for_zone(c, "shows what was seen, and when", "kskroll history", "");
}

static void keep_records(const commands_t *c)
{
	if (strstr(c->zone->row.gate_detail, "kskroll policies") != NULL) {
		say(c, "for knot.conf, then knotc reload: what the module then need not create", POLICIES);
	} else {
		for_zone(c, "writes all records into the zone file", "knotc -f zone-flush", "");
		say(c, "for the zone in knot.conf, then knotc reload", "zonefile-sync: 0");
		say(c, "or, for the module, if the file has all records", "zone-file-complete: on");
	}
}

static void policies(const commands_t *c)
{
	say(c, "makes the derived policies again: paste them into knot.conf, then knotc reload", POLICIES);
}

static void stop_watching(const commands_t *c)
{
	const rollover_row_t *row = &c->zone->row;
	const time_t expired = rollover_old_expired(&c->zone->config, row);

	/*
	 * Harmless only when no cache can have the old DS any more. Signatures of an old algorithm must outlive its
	 * DNSKEY, and those of a single key would go with it.
	 */
	if (!rollover_changes_algorithm(row) && expired != 0 && c->o->now >= expired) {
		for (unsigned i = 0; i < row->old_count; i++) {
			char set[64];
			snprintf(set, sizeof(set), " set keytag=%u retire=+0 remove=+0", row->old[i].tag);
			for_zone(c, "optional: ends the observation, and the old KSK goes for ever", "keymgr", set);
		}
		for_zone(c, "and the server reloads its keys", "knotc zone-keys-load", "");
	}
}

static void unsign(const commands_t *c)
{
	say(c, "and no dnssec-policy, for the zone in knot.conf, then knotc reload", "dnssec-signing: off");
}

static void zone_ttl(const commands_t *c)
{
	char text[TEXT_TIME], command[512];

	if (c->zone->config.zone_ttl == 0) {
		say(c, "with the largest TTL of the zone, in its policy, then knotc reload: without it a week counts",
		    "zone-max-ttl: TTL");
	}
	snprintf(command, sizeof(command), "caches-expired: \"%s %s\"", c->zone->zone, text_time(text, c->o->now));
	say(c,
	    "only if you know that no cache has older data: in an instance of the module for the zone, then knotc reload",
	    command);
}

void advice_make_key(char *out, size_t len, const rollover_row_t *row)
{
	char name[ALGORITHM_TEXT], algorithm[ALGORITHM_TEXT + sizeof(" algorithm=")] = "";

	/* Without it keymgr takes that of the policy, which the operator may have changed meanwhile. */
	if (row->old_count > 0) {
		snprintf(algorithm, sizeof(algorithm), " algorithm=%s", algorithm_text(name, row->old[0].algorithm));
	}
	/* A single-type key signs the data as well. */
	snprintf(out, len, " generate%s ksk=yes%s publish=+0 active=+0", algorithm, row->csk ? " zsk=yes" : "");
}

static void make_key(const commands_t *c)
{
	char arguments[128];

	advice_make_key(arguments, sizeof(arguments), &c->zone->row);
	for_zone(c, "makes the KSK, with the configuration of this server", "keymgr", arguments);
	for_zone(c, "and the server reloads its keys", "knotc zone-keys-load", "");
}

/*! What makes the rollover start, whatever keeps it. */
static void start(const commands_t *c)
{
	if (c->zone->config.manual) {
		make_key(c);
	} else {
		for_zone(c, "starts the rollover now, in spite of start-window, no-start and max-rolling",
		         "knotc zone-key-rollover", " ksk");
	}
}

static void next_response(const commands_t *c)
{
	say(c, "checks the next Signed Key Response, which is in FILE", "kskroll check-skr FILE");
	for_zone(c, "and imports it, with the configuration of this server", "keymgr", " import-skr FILE");
	for_zone(c, "and the server uses it", "knotc zone-keys-load", "");
}

/*! Commands for this server: either it stops, or its zone replaces that of the other one. */
static void one_signer(const commands_t *c)
{
	ask_server(c, "SOA");
	ask_server(c, "DNSKEY");
	keys(c);
	say(c,
	    "here, if the other server goes on: no zone is served here then; for one zone of many remove it from "
	    "knot.conf, then knotc reload",
	    "systemctl disable --now knot");
	for_zone(c, "here, if this one goes on and the other one is stopped: begins the change of the serial",
	         "knotc zone-begin", "");
	for_zone(c, "with a SERIAL above the one that the detail has, the rest as it is", "knotc zone-set",
	         " @ TTL SOA PRIMARY CONTACT SERIAL REFRESH RETRY EXPIRE MINIMUM");
	for_zone(c, "and the secondaries get that zone", "knotc zone-commit", "");
}

/* clang-format off */
/*! Which gate has which help is a trait of the gate. */
static void (*const helps[HELP__COUNT])(const commands_t *c) = {
	[HELP_MODULE] = module_of_zone,
	[HELP_DRY_RUN] = dry_run,
	[HELP_THAW] = thaw,
	[HELP_TRANSACTION] = transaction,
	[HELP_ZONE_STATUS] = zone_status,
	[HELP_KEYS] = keys,
	[HELP_ASK_DNSKEY] = ask_dnskey,
	[HELP_ASK_CHILD] = ask_child,
	[HELP_ASK_DS] = ask_parent,
	[HELP_ASK_DS_TCP] = ask_ds_tcp,
	[HELP_ASK_EITHER] = ask_either,
	[HELP_TRANSFER_DNSKEY] = transfer_dnskey,
	[HELP_TRANSFER_CDS] = transfer_cds,
	[HELP_DS] = ds,
	[HELP_ONLY_DS] = only_ds,
	[HELP_DS_AT_ONCE] = ds_at_once,
	[HELP_NEW_DS] = new_ds,
	[HELP_CHAIN] = chain,
	[HELP_HISTORY] = history,
	[HELP_ALGORITHM] = algorithm,
	[HELP_KEEP_RECORDS] = keep_records,
	[HELP_POLICIES] = policies,
	[HELP_STOP_WATCHING] = stop_watching,
	[HELP_UNSIGN] = unsign,
	[HELP_ZONE_TTL] = zone_ttl,
	[HELP_SKR] = next_response,
	[HELP_MAKE_KEY] = make_key,
	[HELP_START] = start,
	[HELP_ONE_SIGNER] = one_signer,
};
/* clang-format on */

void advice_commands(const options_t *o, const store_zone_t *zone, command_f each, void *arg)
{
	char word[SHELL_ZONE];
	commands_t c = { .o = o, .zone = zone, .each = each, .arg = arg };

	c.word = shell_word(word, sizeof(word), zone->zone);
	if (advice_overdue(o, &zone->row)) {
		for_zone(&c, "does the server run, and has the zone the module?", "knotc zone-stats", " mod-kskroll");
	}
	void (*help)(const commands_t *c) = helps[rollover_gate_info(zone->row.gate)->help];
	if (help != NULL) {
		help(&c);
	}
}
