/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>
#include <syslog.h>
#include <time.h>

#include "act.h"
#include "env.h"
#include "text.h"
#include "zone.h"

static void on_acted(server_status_t status, const char *detail, void *arg)
{
	zone_t *zone = arg;

	if (!zone->gone) {
		fit_note(zone, status, detail);
		if (status == SERVER_OK) {
			rollover_carried_out(&zone->kept.row, false, clocks_now(&zone->env->clocks, &zone->kept.row));
		}
	}
	zone->act.done(zone, true);
}

static void send_switch(zone_t *zone, policy_role_t role)
{
	const record_t *record = &zone->record;

	server_switch(resources_server(zone->env), zone->name, text_of(record->base_policy), role, fit_ttl(zone),
	              record->policy_implicit, on_acted, zone);
}

/*! Before the first switch: was the policy the zone's own or a template's? To be undone the same way. */
static void on_origin(server_status_t status, const char *detail, void *arg)
{
	zone_t *zone = arg;

	if (zone->gone) {
		zone->act.done(zone, true);
		return;
	}
	if (status != SERVER_OK) {
		fit_note(zone, status, detail);
		zone->act.done(zone, true);
		return;
	}
	const rollover_decision_t d = { .row = zone->kept.row };
	char base[256];
	policy_role_t role;
	server_policy_parse(zone->settings->policy, base, sizeof(base), &role);
	if (record_base_policy(zone, base, strcmp(detail, "template") == 0) &&
	    record_save(zone, &d, time(NULL), false)) {
		send_switch(zone, zone->act.policy);
	} else {
		record_no_base_policy(zone);
		zone->act.done(zone, false);
	}
}

static void switch_policy(zone_t *zone, policy_role_t wanted)
{
	char base[256];
	policy_role_t role;

	server_policy_parse(zone->settings->policy, base, sizeof(base), &role);
	if (role == POLICY_BASE) {
		/* The operator may have given the zone another policy meanwhile: that one counts. */
		record_no_base_policy(zone);
		if (wanted == POLICY_BASE) {
			zone->act.done(zone, true); /* Already there. */
		} else {
			zone->act.policy = wanted;
			server_policy_origin(resources_server(zone->env), zone->name, on_origin, zone);
		}
		return;
	}
	/* A derived policy that we did not record: the store was lost. Its name tells the base. */
	if (zone->record.base_policy == NULL && !record_base_policy(zone, base, false)) {
		zone->kept.row.next_check = clocks_now(&zone->env->clocks, &zone->kept.row) + NO_MEMORY_AGAIN;
		zone->act.done(zone, true);
		return;
	}
	send_switch(zone, wanted);
}

/* Keys. */

static void on_keys(server_status_t status, const char *detail, void *arg)
{
	zone_t *zone = arg;

	if (!zone->gone) {
		const time_t now = clocks_now(&zone->env->clocks, &zone->kept.row);
		fit_note_order(zone, status, detail);
		if (status == SERVER_OK) {
			rollover_keys_are(&zone->kept.row, zone->act.keys, &zone->gathered->facts, now);
			rollover_carried_out(&zone->kept.row, zone->act.again, now);
		} else if (status != SERVER_REFUSED) {
			rollover_keys_unsure(&zone->kept.row, zone->act.keys);
		}
	}
	zone->act.done(zone, true);
}

/*! \return Whether the zone has the key. */
static bool name_key(const zone_t *zone, const key_id_t *id, key_id_t *key, char keyid[SERVER_KEYID_SIZE])
{
	const gathered_t *gathered = zone->gathered;
	const int at = key_id_find(gathered->facts.keys, gathered->own_key_count, id);

	*key = *id;
	if (at >= 0) {
		dns_keyid(zone->dname, &gathered->keys[at], keyid, SERVER_KEYID_SIZE);
	}
	return at >= 0;
}

/*! Knot makes the first KSK of a zone ready at once: its signals are out before the module has seen the zone. */
static void say_early(const zone_t *zone, const rollover_decision_t *d)
{
	if (d->set_keys && d->transition && d->keys == KEYS_SILENT && zone->gathered->facts.own.cds.present &&
	    rollover_is_first(&d->row)) {
		outbox_log(
			zone->env->out, LOG_NOTICE,
			"zone %s, Knot has published CDS and CDNSKEY of the first KSK: the module withdraws them until every "
			"nameserver has the key",
			zone->name);
	}
}

static void send_order(zone_t *zone, const rollover_decision_t *d)
{
	const rollover_row_t *row = &d->row;
	/* In idle it is not known yet which key is which: all of them. */
	const bool idle = row->state == ROLLOVER_IDLE;
	const key_id_t *old = idle ? zone->gathered->facts.keys : row->old;
	const unsigned count = idle ? zone->gathered->own_key_count : row->old_count;
	server_keys_t keys = {
		.order = server_key_order(d),
		.has_new = row->has_new && !idle,
		.aside = row->signers && zone->settings->base_always,
		.renew = zone->settings->knot_lifetime,
		.sign_first = d->sign_first,
	};

	for (unsigned i = 0; i < count && keys.old_count < ROLLOVER_OLD_MAX; i++) {
		const unsigned at = keys.old_count;
		const bool there = name_key(zone, &old[i], &keys.old_keys[at], keys.old_keyids[at]);
		/* One that has gone is silent. */
		keys.old_count += there || !(d->set_keys && rollover_are_silent(d->keys));
	}
	if (keys.has_new) {
		(void)name_key(zone, &row->new_key, &keys.new_key, keys.new_keyid);
	}
	say_early(zone, d);
	zone->act.keys = rollover_ordered(d);
	zone->act.again = d->again;
	server_keys(resources_server(zone->env), zone->name, &keys, on_keys, zone);
}

void act_upon(zone_t *zone, const rollover_decision_t *d, act_done_f done)
{
	zone->act.done = done;
	if (d->set_keys) {
		send_order(zone, d);
	} else if (rollover_must_switch(&zone->gathered->facts.own, d)) {
		switch_policy(zone, d->policy);
	} else if (d->action != ACTION_NONE) {
		send_order(zone, d);
	} else {
		done(zone, true);
	}
}
