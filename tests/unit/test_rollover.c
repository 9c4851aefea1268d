/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine.h"

/* Every state x every fact that matters: change one thing in a zone that is ready to go on. */

static void nothing(machine_t *m)
{
	(void)m;
}
static void control_silent(machine_t *m)
{
	m->facts.own.known = false;
}
static void not_loaded(machine_t *m)
{
	m->facts.own.dnskey = 0;
}
static void frozen(machine_t *m)
{
	m->facts.own.frozen = true;
}
static void zone_transaction(machine_t *m)
{
	m->facts.own.transaction = true;
}
static void hold(machine_t *m)
{
	m->config.hold = true;
}
static void observe_only(machine_t *m)
{
	m->config.observe_only = true;
}
/*! A reload of the configuration has taken the low TTL away; Knot has signed with the high one already. */
static void policy_lost(machine_t *m)
{
	m->facts.own.policy = POLICY_BASE;
	m->facts.own.dnskey_ttl = HOUR;
}
/*! The same where the base policy publishes no CDS. */
static void policy_lost_with_cds(machine_t *m)
{
	policy_lost(m);
	m->facts.own.base_publishes = false;
	machine_signal(m, 0);
}
static void keys_not_known(machine_t *m)
{
	m->row.keys = KEYS_UNKNOWN;
}
static void keys_silent(machine_t *m)
{
	m->row.keys = KEYS_SILENT;
	machine_signal(m, 0);
}
static void keys_signalled(machine_t *m)
{
	m->row.keys = KEYS_SIGNAL_NEW;
	machine_signal(m, NEW);
}
static void too_many(machine_t *m)
{
	m->facts.too_many_keys = true;
}
static void third_key(machine_t *m)
{
	m->facts.own.dnskey |= THIRD;
}
static void old_key_gone(machine_t *m)
{
	machine_serve(m, NEW, 300);
}
static void new_key_gone(machine_t *m)
{
	m->facts.own.dnskey = OLD;
}
static void discovery(machine_t *m)
{
	m->facts.discovery_failed = true;
}
static void insecure(machine_t *m)
{
	m->facts.parent_insecure = true;
}
static void child_down(machine_t *m)
{
	m->child[1].status = ANSWER_UNREACHABLE;
	m->child[1].unreachable_since = m->now - HOUR;
}
static void child_down_long(machine_t *m)
{
	m->child[1].status = ANSWER_UNREACHABLE;
	m->child[1].unreachable_since = m->now - 12 * HOUR;
}
static void children_down_long(machine_t *m)
{
	child_down_long(m);
	m->child[0] = m->child[1];
}
static void child_refuses(machine_t *m)
{
	m->child[1].status = ANSWER_ERROR;
}
static void child_bogus(machine_t *m)
{
	m->child[1].status = ANSWER_BOGUS;
}
static void child_old_ttl(machine_t *m)
{
	m->child[1].dnskey_ttl = HOUR;
}
static void child_without_new(machine_t *m)
{
	m->child[1].dnskey = m->child[1].dnskey_signed_by = OLD;
}
static void child_not_signed_by_new(machine_t *m)
{
	m->child[1].dnskey_signed_by = OLD;
}
static void child_not_signed_by_old(machine_t *m)
{
	m->child[1].dnskey_signed_by = NEW;
}
static void child_other_rrset(machine_t *m)
{
	m->child[1].dnskey_equal = false;
}
static void child_foreign_ksk(machine_t *m)
{
	m->child[1].dnskey_foreign = true;
}
static void child_without_cds(machine_t *m)
{
	m->child[1].cds.present = false;
}
static void child_without_cdnskey(machine_t *m)
{
	m->child[1].cdnskey.present = false;
}
static void child_cds_of_old(machine_t *m)
{
	m->child[1].cds.keys = OLD;
}
static void child_cdnskey_of_both(machine_t *m)
{
	m->child[1].cdnskey.keys = OLD | NEW;
}
static void child_cds_sha1(machine_t *m)
{
	m->child[1].cds.unwanted = true;
}
static void child_cds_signed_by_new_only(machine_t *m)
{
	m->child[1].cds.signed_by = NEW;
}
static void child_cds_left(machine_t *m)
{
	m->child[1].cds.present = true;
	m->child[1].cds.keys = NEW;
}
static void child_cdnskey_left(machine_t *m)
{
	m->child[1].cdnskey.present = true;
	m->child[1].cdnskey.keys = NEW;
}
static void own_without_cds(machine_t *m)
{
	machine_signal(m, 0);
}
static void own_cds_left(machine_t *m)
{
	m->facts.own.cds = m->facts.own.cdnskey = (signal_rrset_t){ .present = true, .keys = NEW };
}
static void parent_down(machine_t *m)
{
	m->parent[1].status = ANSWER_UNREACHABLE;
	m->parent[1].unreachable_since = m->now - HOUR;
}
static void parent_down_long(machine_t *m)
{
	m->parent[1].status = ANSWER_UNREACHABLE;
	m->parent[1].unreachable_since = m->now - 12 * HOUR;
}
static void parent_refuses(machine_t *m)
{
	m->parent[1].status = ANSWER_ERROR;
}
static void parent_bogus(machine_t *m)
{
	m->parent[1].status = ANSWER_BOGUS;
}
static void parents_new(machine_t *m)
{
	machine_ds(m, NEW, 300);
}
static void one_parent_new(machine_t *m)
{
	m->parent[0].ds = NEW;
}
static void one_parent_old(machine_t *m)
{
	machine_ds(m, NEW, 300);
	m->parent[1].ds = OLD;
}
static void one_parent_both(machine_t *m)
{
	machine_ds(m, NEW, 300);
	m->parent[1].ds = OLD | NEW;
}
static void one_parent_foreign(machine_t *m)
{
	machine_ds(m, NEW, 300);
	m->parent[1].ds_foreign = true;
}
static void one_parent_none(machine_t *m)
{
	m->parent[1].ds = 0;
}
static void parents_none(machine_t *m)
{
	machine_ds(m, 0, 300);
}
static void no_ds_one_parent_down(machine_t *m)
{
	parents_none(m);
	parent_down(m);
}
static void no_ds_and_validation_broken(machine_t *m);
static void no_ds_no_new_key(machine_t *m);
static void parents_wrong(machine_t *m)
{
	machine_ds(m, 0, 300);
	m->parent[0].ds_foreign = m->parent[1].ds_foreign = true;
}
static void time_passed(machine_t *m)
{
	m->now += 7 * DAY;
}
static void day_observed(machine_t *m)
{
	m->now += DAY;
	m->row.observed_last = m->now - 300;
}
static void new_ksk_by_somebody(machine_t *m)
{
	machine_serve(m, OLD | NEW, HOUR);
}
static void new_ksk_dry_run(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->config.dry_run = true;
}
static void two_new_ksks(machine_t *m)
{
	machine_serve(m, OLD | NEW | THIRD, HOUR);
}
static void new_algorithm(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->facts.keys[1].algorithm = 15;
}
static void all_algorithms_have_ds(machine_t *m)
{
	new_algorithm(m);
	machine_ds(m, OLD | NEW, DAY);
}
static void foreign_ksk(machine_t *m)
{
	third_key(m);
	m->facts.own.foreign = THIRD;
}
static void foreign_ksk_with_ds(machine_t *m)
{
	foreign_ksk(m);
	machine_ds(m, OLD | THIRD, DAY);
}
static void catalog_member(machine_t *m)
{
	m->facts.own.catalog_member = true;
	m->facts.own.policy = POLICY_BASE;
	m->facts.own.dnskey_ttl = HOUR;
	m->config.ttl = 0;
}
static void catalog_member_without_cds(machine_t *m)
{
	catalog_member(m);
	m->facts.own.base_publishes = false;
}
static void csk(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->facts.own.csk = m->facts.own.csk_wanted = true;
}
static void csk_but_policy_has_two(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->facts.own.csk = true;
}
static void policy_wants_csk(machine_t *m)
{
	m->facts.own.csk_wanted = true;
}
static void new_key_of_csk_policy(machine_t *m)
{
	new_ksk_by_somebody(m);
	policy_wants_csk(m);
}
static void zsk_went(machine_t *m)
{
	m->facts.own.csk = true;
}
static void lifetime_over(machine_t *m)
{
	m->config.ksk_lifetime = DAY;
	m->now += DAY;
}
static void lifetime_running(machine_t *m)
{
	m->config.ksk_lifetime = DAY;
	m->now += DAY - 1;
}
static void lifetime_dry_run(machine_t *m)
{
	lifetime_over(m);
	m->config.dry_run = true;
}
static void parents_disagree(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->parent[0].ds = NEW;
}
static void no_new_key_yet(machine_t *m)
{
	m->row.has_new = false;
	machine_serve(m, OLD, 300);
}
static void foreign_instead_of_new(machine_t *m)
{
	no_new_key_yet(m);
	foreign_ksk(m);
}
static void algorithm_instead_of_new(machine_t *m)
{
	no_new_key_yet(m);
	third_key(m);
	m->facts.keys[2].algorithm = 15;
}
static void ordered_key_is_there(machine_t *m)
{
	no_new_key_yet(m);
	third_key(m);
}
static void cds_names_the_ds_key(machine_t *m)
{
	machine_signal(m, OLD);
}
static void watched(machine_t *m, unsigned failing, unsigned answered)
{
	m->facts.asked |= SURVEY_WATCH;
	m->facts.watch = (watch_facts_t){ .answered = answered, .failing = failing, .parent_ok = true };
}
static void validation_fails_once(machine_t *m)
{
	watched(m, 1, 2);
}
static void validation_broken(machine_t *m)
{
	watched(m, 1, 1);
	m->row.bad_watches = 2;
}
static void parent_does_not_validate(machine_t *m)
{
	validation_broken(m);
	m->row.bad_watches = 0;
	m->facts.watch.parent_ok = false;
}
static void resolvers_are_down(machine_t *m)
{
	watched(m, 0, 0);
}
static void a_minority_fails(machine_t *m)
{
	watched(m, 1, 3);
	m->row.bad_watches = 2;
}
static void broken_after_the_old_key_went(machine_t *m)
{
	machine_serve(m, NEW, 300);
	validation_broken(m);
}
static void no_ds_and_validation_broken(machine_t *m)
{
	parents_none(m);
	validation_broken(m);
}
static void no_ds_no_new_key(machine_t *m)
{
	parents_none(m);
	no_new_key_yet(m);
}
static void parents_both(machine_t *m)
{
	machine_ds(m, OLD | NEW, 300);
}
static void validation_broken_and_parent_begun(machine_t *m)
{
	validation_broken(m);
	machine_ds(m, OLD | NEW, 300);
}
static void hold_is_over(machine_t *m)
{
	m->row.ordered = m->now - HOUR;
}
static void dry_run(machine_t *m)
{
	m->config.dry_run = true;
}
static void swapped_too_early(machine_t *m)
{
	old_key_gone(m);
	machine_ds(m, NEW, 300);
}
static void old_gone_no_ds(machine_t *m)
{
	old_key_gone(m);
	machine_ds(m, 0, 900);
}
static void old_gone_old_ds_left(machine_t *m)
{
	old_key_gone(m);
	machine_ds(m, OLD | NEW, 300);
}
static void old_gone_and_third_key(machine_t *m)
{
	machine_serve(m, NEW, 300);
	third_key(m);
}
static void signals_lost_and_new_key_too(machine_t *m)
{
	own_without_cds(m);
	child_without_new(m);
}
static void policy_lost_with_cds_and_new_key_too(machine_t *m)
{
	policy_lost_with_cds(m);
	child_without_new(m);
}
static void one_parent_old_child_without_new(machine_t *m)
{
	one_parent_old(m);
	child_without_new(m);
}
static void two_in_use_one_ds(machine_t *m)
{
	machine_serve(m, OLD | NEW, HOUR);
	m->row.old[1] = m->facts.keys[1];
	m->row.old_count = 2;
}
/*! The order was sent an hour ago and nothing came of it. */
static void ordered(machine_t *m)
{
	m->row.ordered = m->now - HOUR;
}
static void retire_child_serves_old_only(machine_t *m)
{
	ordered(m);
	child_without_new(m);
}
static void retire_children_bogus(machine_t *m)
{
	ordered(m);
	m->child[0].status = m->child[1].status = ANSWER_BOGUS;
}
/*! It has the zone without the old key, which this server was asked for before. */
static void retire_child_is_ahead(machine_t *m)
{
	ordered(m);
	m->child[1].dnskey = m->child[1].dnskey_signed_by = NEW;
}
static void nothing_seen_for_a_day(machine_t *m)
{
	m->now += DAY;
}
static void old_left_at_one(machine_t *m)
{
	machine_serve(m, NEW, 300);
	m->child[1].dnskey |= OLD;
}

#define S(name) ROLLOVER_##name

static const struct {
	rollover_state_t state;
	void (*change)(machine_t *m);
	const char *what;
	rollover_state_t next;
	rollover_gate_t gate;
	rollover_action_t action;
} table[] = {
#define ROW(state, change, next, ...) { S(state), change, #state ": " #change, S(next), __VA_ARGS__ }
	ROW(IDLE, nothing, IDLE, GATE_NONE, ACTION_NONE),
	ROW(IDLE, control_silent, IDLE, GATE_KNOT_UNREACHABLE, ACTION_NONE),
	ROW(IDLE, not_loaded, IDLE, GATE_KNOT_UNREACHABLE, ACTION_NONE),
	ROW(IDLE, frozen, IDLE, GATE_FROZEN, ACTION_NONE),
	ROW(IDLE, zone_transaction, IDLE, GATE_KNOT_BUSY, ACTION_NONE),
	ROW(IDLE, hold, IDLE, GATE_HOLD, ACTION_NONE),
	ROW(IDLE, observe_only, IDLE, GATE_OBSERVE_ONLY, ACTION_NONE),
	ROW(IDLE, too_many, IDLE, GATE_TOO_MANY_KEYS, ACTION_NONE),
	ROW(IDLE, new_ksk_by_somebody, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(IDLE, new_ksk_dry_run, IDLE, GATE_DRY_RUN, ACTION_NONE),
	ROW(IDLE, two_new_ksks, IDLE, GATE_UNKNOWN_KEY, ACTION_NONE),
	ROW(IDLE, new_algorithm, IDLE, GATE_ALGORITHM_ROLLOVER, ACTION_NONE),
	ROW(IDLE, all_algorithms_have_ds, IDLE, GATE_ALGORITHM_ROLLOVER, ACTION_NONE),
	ROW(IDLE, foreign_ksk, IDLE, GATE_UNKNOWN_KEY, ACTION_NONE),
	ROW(IDLE, foreign_ksk_with_ds, IDLE, GATE_UNKNOWN_KEY, ACTION_NONE),
	ROW(IDLE, catalog_member, IDLE, GATE_NONE, ACTION_NONE),
	ROW(IDLE, catalog_member_without_cds, IDLE, GATE_OBSERVE_ONLY, ACTION_NONE),
	ROW(IDLE, csk, IDLE, GATE_CSK, ACTION_NONE),
	ROW(IDLE, csk_but_policy_has_two, IDLE, GATE_SCHEME_CHANGE, ACTION_NONE),
	ROW(IDLE, policy_wants_csk, IDLE, GATE_SCHEME_CHANGE, ACTION_NONE),
	ROW(IDLE, new_key_of_csk_policy, IDLE, GATE_SCHEME_CHANGE, ACTION_NONE),
	ROW(IDLE, lifetime_over, PREPARE, GATE_NONE, ACTION_NONE),
	ROW(IDLE, lifetime_running, IDLE, GATE_NONE, ACTION_NONE),
	ROW(IDLE, lifetime_dry_run, IDLE, GATE_DRY_RUN, ACTION_NONE),
	ROW(IDLE, parents_disagree, IDLE, GATE_DS_STALE, ACTION_NONE),
	ROW(IDLE, parents_none, IDLE, GATE_DS_REMOVED, ACTION_NONE),
	ROW(IDLE, parent_down, IDLE, GATE_PARENT_UNREACHABLE, ACTION_NONE),
	ROW(IDLE, discovery, IDLE, GATE_DISCOVERY_FAILED, ACTION_NONE),

	ROW(PREPARE, nothing, PREPARE, GATE_WAITING_LEAD, ACTION_NONE),
	ROW(PREPARE, control_silent, PREPARE, GATE_KNOT_UNREACHABLE, ACTION_NONE),
	ROW(PREPARE, not_loaded, PREPARE, GATE_KNOT_UNREACHABLE, ACTION_NONE),
	ROW(PREPARE, frozen, PREPARE, GATE_FROZEN, ACTION_NONE),
	ROW(PREPARE, hold, PREPARE, GATE_HOLD, ACTION_NONE),
	ROW(PREPARE, policy_lost, PREPARE, GATE_POLICY_PENDING, ACTION_NONE),
	ROW(PREPARE, policy_lost_with_cds, PREPARE, GATE_POLICY_PENDING, ACTION_NONE),
	ROW(PREPARE, own_cds_left, PREPARE, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(PREPARE, child_old_ttl, PREPARE, GATE_TTL_HIGH, ACTION_NONE),
	ROW(PREPARE, child_down, PREPARE, GATE_CHILD_UNREACHABLE, ACTION_NONE),
	ROW(PREPARE, child_down_long, PREPARE, GATE_WAITING_LEAD, ACTION_NONE),
	ROW(PREPARE, children_down_long, PREPARE, GATE_CHILD_UNREACHABLE, ACTION_NONE),
	ROW(PREPARE, child_refuses, PREPARE, GATE_CHILD_ERROR, ACTION_NONE),
	ROW(PREPARE, child_bogus, PREPARE, GATE_BOGUS, ACTION_NONE),
	ROW(PREPARE, child_cds_left, PREPARE, GATE_CDS_REMAINS, ACTION_NONE),
	ROW(PREPARE, parents_none, IDLE, GATE_NONE, ACTION_NONE),
	ROW(PREPARE, parent_bogus, PREPARE, GATE_BOGUS, ACTION_NONE),
	ROW(PREPARE, discovery, PREPARE, GATE_DISCOVERY_FAILED, ACTION_NONE),
	ROW(PREPARE, insecure, PREPARE, GATE_PARENT_INSECURE, ACTION_NONE),
	ROW(PREPARE, new_ksk_by_somebody, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(PREPARE, third_key, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(PREPARE, new_algorithm, IDLE, GATE_NONE, ACTION_NONE),
	ROW(PREPARE, foreign_ksk, IDLE, GATE_NONE, ACTION_NONE),
	ROW(PREPARE, catalog_member, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(PREPARE, catalog_member_without_cds, PREPARE, GATE_OBSERVE_ONLY, ACTION_NONE),
	ROW(PREPARE, policy_wants_csk, PREPARE, GATE_SCHEME_CHANGE, ACTION_NONE),
	ROW(PREPARE, new_key_of_csk_policy, PREPARE, GATE_SCHEME_CHANGE, ACTION_NONE),
	ROW(PREPARE, zsk_went, PREPARE, GATE_SCHEME_CHANGE, ACTION_NONE),

	ROW(INTRODUCE, nothing, INTRODUCE, GATE_WAITING_DNSKEY_TTL, ACTION_NONE),
	ROW(INTRODUCE, zsk_went, INTRODUCE, GATE_SCHEME_CHANGE, ACTION_NONE),
	ROW(INTRODUCE, policy_wants_csk, INTRODUCE, GATE_WAITING_DNSKEY_TTL, ACTION_NONE),
	ROW(INTRODUCE, policy_lost, INTRODUCE, GATE_WAITING_DNSKEY_TTL, ACTION_NONE),
	ROW(INTRODUCE, policy_lost_with_cds, INTRODUCE, GATE_POLICY_PENDING, ACTION_NONE),
	ROW(INTRODUCE, keys_not_known, INTRODUCE, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(INTRODUCE, keys_signalled, INTRODUCE, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(INTRODUCE, own_cds_left, INTRODUCE, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(INTRODUCE, no_new_key_yet, INTRODUCE, GATE_KNOT_NO_NEW_KEY, ACTION_START),
	ROW(INTRODUCE, ordered_key_is_there, INTRODUCE, GATE_DNSKEY_MISSING, ACTION_NONE),
	ROW(INTRODUCE, algorithm_instead_of_new, IDLE, GATE_NONE, ACTION_NONE),
	ROW(INTRODUCE, foreign_instead_of_new, IDLE, GATE_NONE, ACTION_NONE),
	ROW(INTRODUCE, child_without_new, INTRODUCE, GATE_DNSKEY_MISSING, ACTION_NONE),
	ROW(INTRODUCE, child_not_signed_by_new, INTRODUCE, GATE_RRSIG_MISSING, ACTION_NONE),
	ROW(INTRODUCE, child_not_signed_by_old, INTRODUCE, GATE_RRSIG_MISSING, ACTION_NONE),
	ROW(INTRODUCE, child_other_rrset, INTRODUCE, GATE_DNSKEY_DIFFERS, ACTION_NONE),
	ROW(INTRODUCE, child_foreign_ksk, INTRODUCE, GATE_DNSKEY_DIFFERS, ACTION_NONE),
	ROW(INTRODUCE, child_down, INTRODUCE, GATE_CHILD_UNREACHABLE, ACTION_NONE),
	ROW(INTRODUCE, child_down_long, INTRODUCE, GATE_WAITING_DNSKEY_TTL, ACTION_NONE),
	ROW(INTRODUCE, child_refuses, INTRODUCE, GATE_CHILD_ERROR, ACTION_NONE),
	ROW(INTRODUCE, child_bogus, INTRODUCE, GATE_BOGUS, ACTION_NONE),
	ROW(INTRODUCE, child_old_ttl, INTRODUCE, GATE_TTL_HIGH, ACTION_NONE),
	ROW(INTRODUCE, child_cds_left, INTRODUCE, GATE_CDS_REMAINS, ACTION_NONE),
	ROW(INTRODUCE, third_key, INTRODUCE, GATE_UNKNOWN_KEY, ACTION_NONE),
	ROW(INTRODUCE, new_key_gone, IDLE, GATE_NONE, ACTION_NONE),
	ROW(INTRODUCE, hold, INTRODUCE, GATE_HOLD, ACTION_NONE),
	ROW(INTRODUCE, parent_down, INTRODUCE, GATE_PARENT_UNREACHABLE, ACTION_NONE),
	ROW(INTRODUCE, parents_none, INTRODUCE, GATE_DS_REMOVED, ACTION_NONE),
	ROW(INTRODUCE, no_ds_no_new_key, IDLE, GATE_NONE, ACTION_NONE),

	ROW(SIGNAL, nothing, AWAIT_DS, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, policy_lost, AWAIT_DS, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, policy_lost_with_cds, SIGNAL, GATE_POLICY_PENDING, ACTION_NONE),
	ROW(SIGNAL, keys_not_known, SIGNAL, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(SIGNAL, keys_silent, SIGNAL, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(SIGNAL, own_without_cds, SIGNAL, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(SIGNAL, child_without_cds, SIGNAL, GATE_CDS_MISSING, ACTION_NONE),
	ROW(SIGNAL, child_without_cdnskey, SIGNAL, GATE_CDS_MISSING, ACTION_NONE),
	ROW(SIGNAL, child_cds_of_old, SIGNAL, GATE_CDS_DIFFERS, ACTION_NONE),
	ROW(SIGNAL, child_cdnskey_of_both, SIGNAL, GATE_CDS_DIFFERS, ACTION_NONE),
	ROW(SIGNAL, child_cds_sha1, SIGNAL, GATE_CDS_DIFFERS, ACTION_NONE),
	ROW(SIGNAL, child_cds_signed_by_new_only, SIGNAL, GATE_CDS_DIFFERS, ACTION_NONE),
	ROW(SIGNAL, child_down, SIGNAL, GATE_CHILD_UNREACHABLE, ACTION_NONE),
	ROW(SIGNAL, child_down_long, AWAIT_DS, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, child_without_new, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, child_bogus, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, parents_new, AWAIT_DS, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, parent_down, SIGNAL, GATE_PARENT_UNREACHABLE, ACTION_NONE),
	ROW(SIGNAL, cds_names_the_ds_key, SIGNAL, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(SIGNAL, signals_lost_and_new_key_too, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(AWAIT_DS, signals_lost_and_new_key_too, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, policy_lost_with_cds_and_new_key_too, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(AWAIT_DS, policy_lost_with_cds_and_new_key_too, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, third_key, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, new_key_gone, IDLE, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, hold, SIGNAL, GATE_HOLD, ACTION_NONE),
	ROW(SIGNAL, parents_none, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, no_ds_one_parent_down, INTRODUCE, GATE_NONE, ACTION_NONE),

	ROW(AWAIT_DS, nothing, AWAIT_DS, GATE_DS_STALE, ACTION_NONE),
	ROW(AWAIT_DS, policy_lost, AWAIT_DS, GATE_DS_STALE, ACTION_NONE),
	ROW(AWAIT_DS, policy_lost_with_cds, AWAIT_DS, GATE_POLICY_PENDING, ACTION_NONE),
	ROW(AWAIT_DS, keys_not_known, AWAIT_DS, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(AWAIT_DS, own_without_cds, AWAIT_DS, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(AWAIT_DS, catalog_member, AWAIT_DS, GATE_DS_STALE, ACTION_NONE),
	ROW(AWAIT_DS, parents_new, WITHDRAW, GATE_NONE, ACTION_NONE),
	ROW(AWAIT_DS, one_parent_new, AWAIT_DS, GATE_DS_STALE, ACTION_NONE),
	ROW(AWAIT_DS, one_parent_both, AWAIT_DS, GATE_DS_STALE, ACTION_NONE),
	ROW(AWAIT_DS, one_parent_foreign, AWAIT_DS, GATE_DS_FOREIGN, ACTION_NONE),
	ROW(AWAIT_DS, parents_none, AWAIT_DS, GATE_DS_MISSING, ACTION_NONE),
	ROW(AWAIT_DS, parents_wrong, AWAIT_DS, GATE_CHAIN_BROKEN, ACTION_NONE),
	ROW(AWAIT_DS, parent_down, AWAIT_DS, GATE_DS_STALE, ACTION_NONE),
	ROW(AWAIT_DS, parent_refuses, AWAIT_DS, GATE_DS_STALE, ACTION_NONE),
	ROW(AWAIT_DS, child_without_new, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(AWAIT_DS, frozen, AWAIT_DS, GATE_FROZEN, ACTION_NONE),

	ROW(WITHDRAW, nothing, OBSERVE, GATE_NONE, ACTION_NONE),
	ROW(WITHDRAW, own_cds_left, WITHDRAW, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(WITHDRAW, keys_signalled, WITHDRAW, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(WITHDRAW, policy_lost, OBSERVE, GATE_NONE, ACTION_NONE),
	ROW(WITHDRAW, child_cds_left, WITHDRAW, GATE_CDS_REMAINS, ACTION_NONE),
	ROW(WITHDRAW, child_cdnskey_left, WITHDRAW, GATE_CDS_REMAINS, ACTION_NONE),
	ROW(WITHDRAW, one_parent_old, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(WITHDRAW, one_parent_none, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(WITHDRAW, parent_down, WITHDRAW, GATE_PARENT_UNREACHABLE, ACTION_NONE),
	ROW(WITHDRAW, old_key_gone, RETIRE, GATE_NONE, ACTION_NONE),
	ROW(WITHDRAW, parents_none, WITHDRAW, GATE_DS_REMOVED, ACTION_NONE),
	ROW(OBSERVE, parents_none, OBSERVE, GATE_DS_REMOVED, ACTION_NONE),
	ROW(OBSERVE, no_ds_one_parent_down, OBSERVE, GATE_DS_REMOVED, ACTION_NONE),
	ROW(OBSERVE, no_ds_and_validation_broken, OBSERVE, GATE_DS_REMOVED, ACTION_NONE),
	ROW(RETIRE, parents_none, RETIRE, GATE_DS_REMOVED, ACTION_NONE),
	ROW(ROLLED_BACK, parents_none, ROLLED_BACK, GATE_DS_REMOVED, ACTION_NONE),
	ROW(ROLLBACK, parents_none, ROLLED_BACK, GATE_NONE, ACTION_NONE),

	ROW(OBSERVE, nothing, OBSERVE, GATE_WAITING_DS_TTL, ACTION_NONE),
	ROW(OBSERVE, policy_lost, OBSERVE, GATE_WAITING_DS_TTL, ACTION_NONE),
	ROW(OBSERVE, keys_not_known, OBSERVE, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(OBSERVE, time_passed, OBSERVE, GATE_WAITING_OBSERVE, ACTION_NONE),
	ROW(OBSERVE, day_observed, RETIRE, GATE_NONE, ACTION_NONE),
	ROW(OBSERVE, one_parent_old, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(OBSERVE, one_parent_foreign, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(OBSERVE, parent_bogus, OBSERVE, GATE_BOGUS, ACTION_NONE),
	ROW(OBSERVE, parent_down_long, OBSERVE, GATE_WAITING_DS_TTL, ACTION_NONE),
	ROW(OBSERVE, child_not_signed_by_new, OBSERVE, GATE_RRSIG_MISSING, ACTION_NONE),
	ROW(OBSERVE, child_bogus, OBSERVE, GATE_BOGUS, ACTION_NONE),
	ROW(OBSERVE, old_key_gone, RETIRE, GATE_NONE, ACTION_NONE),
	ROW(OBSERVE, hold, OBSERVE, GATE_HOLD, ACTION_NONE),
	ROW(AWAIT_DS, third_key, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(AWAIT_DS, child_without_cds, AWAIT_DS, GATE_CDS_MISSING, ACTION_NONE),
	ROW(AWAIT_DS, child_down_long, AWAIT_DS, GATE_DS_STALE, ACTION_NONE),
	ROW(AWAIT_DS, children_down_long, AWAIT_DS, GATE_CHILD_UNREACHABLE, ACTION_NONE),
	ROW(AWAIT_DS, old_gone_and_third_key, IDLE, GATE_NONE, ACTION_NONE),
	ROW(OBSERVE, one_parent_old_child_without_new, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(RETIRE, third_key, RETIRE, GATE_UNKNOWN_KEY, ACTION_NONE),
	ROW(RETIRE, old_gone_and_third_key, RETIRE, GATE_WAITING_DNSKEY_TTL, ACTION_NONE),
	ROW(IDLE, two_in_use_one_ds, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(OBSERVE, third_key, OBSERVE, GATE_UNKNOWN_KEY, ACTION_NONE),

	ROW(RETIRE, nothing, RETIRE, GATE_KNOT_KEEPS_KEY, ACTION_RETIRE),
	ROW(RETIRE, keys_not_known, RETIRE, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(RETIRE, own_cds_left, RETIRE, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(RETIRE, catalog_member, RETIRE, GATE_KNOT_KEEPS_KEY, ACTION_RETIRE),
	ROW(RETIRE, one_parent_old, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(RETIRE, parent_down, RETIRE, GATE_PARENT_UNREACHABLE, ACTION_NONE),
	ROW(RETIRE, child_not_signed_by_new, RETIRE, GATE_RRSIG_MISSING, ACTION_NONE),
	ROW(RETIRE, frozen, RETIRE, GATE_FROZEN, ACTION_NONE),
	ROW(RETIRE, retire_child_serves_old_only, RETIRE, GATE_DNSKEY_MISSING, ACTION_NONE),
	ROW(RETIRE, retire_children_bogus, RETIRE, GATE_BOGUS, ACTION_NONE),
	ROW(RETIRE, retire_child_is_ahead, RETIRE, GATE_KNOT_KEEPS_KEY, ACTION_RETIRE),
	ROW(RETIRE, nothing_seen_for_a_day, OBSERVE, GATE_NONE, ACTION_NONE),
	ROW(RETIRE, old_left_at_one, RETIRE, GATE_DNSKEY_REMAINS, ACTION_NONE),
	ROW(RETIRE, old_key_gone, RETIRE, GATE_WAITING_DNSKEY_TTL, ACTION_NONE),

	ROW(SETTLE, nothing, SETTLE, GATE_WAITING_SETTLE, ACTION_NONE),
	ROW(SETTLE, policy_lost, SETTLE, GATE_WAITING_SETTLE, ACTION_NONE),
	ROW(SETTLE, policy_lost_with_cds, SETTLE, GATE_POLICY_PENDING, ACTION_NONE),
	ROW(SETTLE, time_passed, IDLE, GATE_NONE, ACTION_NONE),
	ROW(SETTLE, third_key, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(SETTLE, foreign_ksk, IDLE, GATE_NONE, ACTION_NONE),
	ROW(SETTLE, hold, SETTLE, GATE_HOLD, ACTION_NONE),

	ROW(INTRODUCE, old_key_gone, INTRODUCE, GATE_OLD_KEY_GONE, ACTION_NONE),
	ROW(INTRODUCE, old_gone_no_ds, IDLE, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, old_key_gone, SIGNAL, GATE_OLD_KEY_GONE, ACTION_NONE),
	ROW(SIGNAL, old_gone_no_ds, IDLE, GATE_NONE, ACTION_NONE),
	ROW(AWAIT_DS, old_key_gone, AWAIT_DS, GATE_OLD_KEY_GONE, ACTION_NONE),
	ROW(AWAIT_DS, old_gone_no_ds, IDLE, GATE_NONE, ACTION_NONE),
	ROW(AWAIT_DS, old_gone_old_ds_left, RETIRE, GATE_NONE, ACTION_NONE),
	ROW(AWAIT_DS, swapped_too_early, RETIRE, GATE_NONE, ACTION_NONE),
	ROW(OBSERVE, dry_run, OBSERVE, GATE_DRY_RUN, ACTION_NONE),

	ROW(ROLLED_BACK, nothing, ROLLED_BACK, GATE_AWAITING_DECISION, ACTION_NONE),
	ROW(ROLLED_BACK, time_passed, ROLLED_BACK, GATE_AWAITING_DECISION, ACTION_NONE),
	ROW(ROLLED_BACK, hold, ROLLED_BACK, GATE_HOLD, ACTION_NONE),
	ROW(ROLLED_BACK, hold_is_over, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(ROLLED_BACK, new_key_gone, IDLE, GATE_NONE, ACTION_NONE),
	ROW(ROLLED_BACK, old_key_gone, ROLLED_BACK, GATE_OLD_KEY_GONE, ACTION_NONE),
	ROW(ROLLED_BACK, old_gone_no_ds, IDLE, GATE_NONE, ACTION_NONE),
	ROW(ROLLED_BACK, policy_lost, ROLLED_BACK, GATE_AWAITING_DECISION, ACTION_NONE),
	ROW(ROLLED_BACK, keys_not_known, ROLLED_BACK, GATE_KEYS_PENDING, ACTION_NONE),

	ROW(ROLLBACK, nothing, ROLLED_BACK, GATE_NONE, ACTION_NONE),
	ROW(ROLLBACK, parents_both, ROLLED_BACK, GATE_NONE, ACTION_NONE),
	ROW(ROLLBACK, parents_new, ROLLBACK, GATE_DS_MISSING, ACTION_NONE),
	ROW(ROLLBACK, one_parent_old, ROLLBACK, GATE_DS_MISSING, ACTION_NONE),
	ROW(ROLLBACK, parent_down, ROLLBACK, GATE_PARENT_UNREACHABLE, ACTION_NONE),
	ROW(ROLLBACK, policy_lost, ROLLED_BACK, GATE_NONE, ACTION_NONE),
	ROW(ROLLBACK, policy_lost_with_cds, ROLLBACK, GATE_POLICY_PENDING, ACTION_NONE),
	ROW(ROLLBACK, keys_not_known, ROLLBACK, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(ROLLBACK, own_without_cds, ROLLBACK, GATE_KEYS_PENDING, ACTION_NONE),
	ROW(ROLLBACK, validation_broken, ROLLED_BACK, GATE_NONE, ACTION_NONE),

	ROW(INTRODUCE, validation_broken, INTRODUCE, GATE_VALIDATION_FAILS, ACTION_NONE),
	ROW(INTRODUCE, validation_broken_and_parent_begun, ROLLBACK, GATE_NONE, ACTION_NONE),
	ROW(SIGNAL, validation_fails_once, SIGNAL, GATE_VALIDATION_FAILS, ACTION_NONE),
	ROW(SIGNAL, validation_broken, INTRODUCE, GATE_NONE, ACTION_NONE),
	ROW(AWAIT_DS, validation_fails_once, AWAIT_DS, GATE_VALIDATION_FAILS, ACTION_NONE),
	ROW(AWAIT_DS, validation_broken, ROLLBACK, GATE_NONE, ACTION_NONE),
	ROW(WITHDRAW, validation_broken, ROLLBACK, GATE_NONE, ACTION_NONE),
	ROW(OBSERVE, validation_fails_once, OBSERVE, GATE_VALIDATION_FAILS, ACTION_NONE),
	ROW(OBSERVE, validation_broken, ROLLBACK, GATE_NONE, ACTION_NONE),
	ROW(OBSERVE, parent_does_not_validate, OBSERVE, GATE_WAITING_DS_TTL, ACTION_NONE),
	ROW(OBSERVE, resolvers_are_down, OBSERVE, GATE_WAITING_DS_TTL, ACTION_NONE),
	ROW(OBSERVE, a_minority_fails, OBSERVE, GATE_WAITING_DS_TTL, ACTION_NONE),
	ROW(RETIRE, validation_broken, ROLLBACK, GATE_NONE, ACTION_NONE),
	ROW(RETIRE, broken_after_the_old_key_went, RETIRE, GATE_VALIDATION_FAILS, ACTION_NONE),
	ROW(SETTLE, validation_broken, SETTLE, GATE_VALIDATION_FAILS, ACTION_NONE),
};

static void every_state_with_every_fact(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		machine_t m;
		machine_at(&m, table[i].state);
		table[i].change(&m);
		machine_decide(&m);
		if (m.out.row.state != table[i].next || m.out.row.gate != table[i].gate ||
		    m.out.action != table[i].action) {
			print_error("%s: got %s %s action %d, expected %s %s action %d\n", table[i].what,
			            rollover_state_name(m.out.row.state), rollover_gate_info(m.out.row.gate)->name,
			            m.out.action, rollover_state_name(table[i].next),
			            rollover_gate_info(table[i].gate)->name, table[i].action);
			wrong++;
		}
		assert_int_equal(m.out.transition, m.out.row.state != table[i].state);
		if (m.out.transition) {
			assert_int_equal(m.out.row.next_check, m.now);
			assert_int_equal(m.out.action, ACTION_NONE);
		} else {
			assert_true(m.out.row.next_check > m.now);
			assert_true(m.out.row.gate != GATE_KEYS_PENDING || m.out.set_keys);
		}
	}
	assert_int_equal(wrong, 0);
}

static void the_gate_names_the_server(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	one_parent_new(&m);
	machine_decide(&m);
	assert_string_equal(m.out.row.gate_about, "p2.test. 192.0.2.12@53");
	assert_non_null(strstr(m.out.row.gate_detail, "1001"));
}

static void every_word_is_there_and_unique(void **state)
{
	(void)state;
	for (int i = 0; i < GATE__COUNT; i++) {
		const rollover_gate_info_t *g = rollover_gate_info(i);
		assert_true(g->name && g->meaning && g->advice && g->name[0] && g->advice[0]);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(g->name, rollover_gate_info(j)->name);
		}
	}
	for (int i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		assert_string_not_equal(rollover_state_name(i), "unknown");
		assert_string_not_equal(rollover_state_meaning(i), "unknown");
	}
	assert_string_equal(rollover_state_name(99), "unknown");
}

/* TTLs. */

static void a_lowered_ttl_counts_until_it_has_drained(void **state)
{
	(void)state;
	ttl_window_t w = { 0 };
	ttl_window_add(&w, 3600, 1000);
	ttl_window_add(&w, 300, 1600);
	/* The high TTL may have been served until 1600. */
	assert_int_equal(ttl_window_max(&w, 1600), 3600);
	assert_int_equal(ttl_window_max(&w, 5199), 3600);
	assert_int_equal(ttl_window_max(&w, 5200), 300);
	assert_int_equal(ttl_window_expired(&w, 300), 5200);
	assert_int_equal(ttl_window_expired(&w, 3600), 0);
}

static void a_full_window_never_forgets_too_early(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		ttl_window_t w = { 0 };
		struct {
			uint32_t ttl;
			time_t seen;
		} all[40];
		time_t now = 1000;
		int n = 0;
		for (; n < 40; n++) {
			now += rand() % 500;
			if (n > 0) {
				all[n - 1].seen = now;
			}
			all[n].ttl = rand() % 4000 + 1;
			all[n].seen = now;
			ttl_window_add(&w, all[n].ttl, now);
			time_t drained = 0;
			for (int i = 0; i <= n; i++) {
				time_t end = all[i].seen + all[i].ttl;
				drained = end > drained ? end : drained;
			}
			assert_true(ttl_window_expired(&w, 0) >= drained);
			assert_true(w.count <= TTL_WINDOW_MAX);
		}
	}
}

/* Virtual time: the default timings. */

static void run_until(machine_t *m, rollover_state_t leave, time_t *left)
{
	for (int i = 0; i < 1000000 && m->row.state == leave; i++) {
		m->now = m->row.next_check > m->now ? m->row.next_check : m->now;
		machine_step(m);
		machine_obey(m);
	}
	assert_int_not_equal(m->row.state, leave);
	*left = m->now;
}

/*! The delete signal everywhere. */
static void serve_delete(machine_t *m)
{
	signal_rrset_t rrset = { .present = true, .unwanted = true, .remove = true, .signed_by = OLD };
	m->facts.own.cds = m->facts.own.cdnskey = rrset;
	for (int i = 0; i < 2; i++) {
		m->child[i].cds = m->child[i].cdnskey = rrset;
	}
}

/*! A zone that never had a DS. */
static void machine_without_ds(machine_t *m)
{
	machine_init(m);
	machine_serve(m, OLD, HOUR);
	machine_ds(m, 0, 900);
}

static void a_zone_without_ds_gets_its_first_one(void **state)
{
	(void)state;
	machine_t m;
	time_t t;
	machine_without_ds(&m);

	/* One server of the parent has not answered: nothing is known. */
	parent_down(&m);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_PARENT_UNREACHABLE);
	m.parent[0].status = m.parent[1].status = ANSWER_OK;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_true(rollover_is_first(&m.row));
	assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[0]));

	/* A day, since nobody knows the largest TTL of the zone; the DNSKEY TTL is lower. */
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	machine_obey(&m);
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_serve(&m, OLD, 300);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_CHILD | SURVEY_PARENT);
	machine_step(&m);
	time_t low = m.now;
	run_until(&m, ROLLOVER_INTRODUCE, &t);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	assert_int_equal(t, low + ROLLOVER_UNKNOWN_ZONE_TTL);
	assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);
	assert_int_equal(m.row.signalled, t);

	/* Knot has not got that far. */
	machine_signal(&m, 0);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_KEYS_PENDING);
	machine_signal(&m, OLD);
	m.child[1].cds.signed_by = 0;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_DIFFERS);
	machine_signal(&m, OLD);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_AWAIT_DS);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_CHILD | SURVEY_PARENT);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	m.parent[0].ds = OLD;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
	assert_int_equal(m.row.ds_expire, 900); /* The proofs that there is none. */
	assert_int_not_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now) & SURVEY_WATCH, 0);

	/* There is nothing to roll back to: an alarm, and nothing goes on. */
	assert_true(m.out.set_keys);
	machine_obey(&m);
	for (int i = 0; i < 5; i++) {
		watched(&m, 1, 1);
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
		assert_int_equal(m.row.gate, GATE_VALIDATION_FAILS);
	}
	watched(&m, 0, 1);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	time_t observed = m.now + m.config.observe;
	run_until(&m, ROLLOVER_OBSERVE, &t);
	assert_int_equal(m.row.state, ROLLOVER_RETIRE);
	assert_true(t >= observed);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE); /* No key goes. */
	run_until(&m, ROLLOVER_RETIRE, &t);
	assert_int_equal(m.row.state, ROLLOVER_SETTLE);
	run_until(&m, ROLLOVER_SETTLE, &t);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.old_count, 1);
	assert_false(m.row.has_new);
}

static void a_first_ds_brought_by_the_registrar_ends_the_wait(void **state)
{
	(void)state;
	machine_t m;
	machine_without_ds(&m);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	machine_obey(&m);
	machine_serve(&m, OLD, 300);
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_step(&m);
	m.parent[0].ds = OLD; /* On its way: some say so, some not yet. */
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	machine_ds(&m, OLD, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	m.facts.own.policy = POLICY_BASE;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.old_count, 1);
}

static void a_ds_that_was_taken_away_is_not_asked_back(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_step(&m);
	machine_ds(&m, 0, 900);
	for (int i = 0; i < 3; i++) {
		m.now += 10 * DAY;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_PARENT);
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_IDLE);
		assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	}
	/* The word counts where the way to knot or parent was not there for a moment. */
	m.config.hold = true;
	m.facts.own.known = false;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_HOLD);
	assert_string_equal(m.row.gate_detail, "its end requests a first DS");
	m.facts.own.known = true;
	machine_step(&m);
	m.config.hold = false;
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_INTRODUCE);
	m.row.ordered = 0;
	m.row.gate = GATE_DS_REMOVED;
	m.parent[1].status = ANSWER_UNREACHABLE;
	m.parent[1].unreachable_since = m.now;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	m.parent[1].status = ANSWER_OK;
	/* Back by hand: as if nothing had been. */
	machine_ds(&m, OLD, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	/* Removed on hold: nobody has been shown that it is gone. The end of the hold shows it. */
	m.config.hold = true;
	machine_step(&m);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	m.config.hold = false;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_PARENT);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	/* Hold on and off is the operator's word, however long it lasts, unless there was a DS meanwhile. */
	m.config.hold = true;
	machine_step(&m);
	machine_step(&m);
	machine_ds(&m, OLD, HOUR);
	machine_step(&m);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	m.config.hold = false;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	m.config.hold = true;
	machine_step(&m);
	machine_step(&m);
	m.config.hold = false;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_PARENT);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_true(rollover_is_first(&m.row));
	/* Given while there was a DS it is no word for later. */
	machine_at(&m, ROLLOVER_IDLE);
	m.config.hold = true;
	machine_step(&m);
	m.config.hold = false;
	machine_step(&m);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
}

static void a_zone_leaves_on_the_operators_word_only(void **state)
{
	(void)state;
	machine_t m;
	time_t t;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.dry_run = m.config.go_insecure = true;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DRY_RUN);
	m.config.dry_run = false;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	assert_int_equal(m.out.policy, POLICY_DELETE);
	m.facts.own.policy = POLICY_DELETE;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_MISSING);
	/* Another CDS is no delete signal. */
	machine_signal(&m, OLD);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_DIFFERS);
	serve_delete(&m);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMAINS);
	m.parent[0].ds = 0;
	m.now += HOUR;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMAINS);
	/* Insecure is what was asked for: no watch, no alarm, no rollback. */
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_CHILD | SURVEY_PARENT);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_EXPIRE_DS);
	assert_int_equal(m.out.policy, POLICY_LOW_TTL);
	time_t gone = m.now;
	m.facts.own.policy = POLICY_LOW_TTL;
	m.facts.own.cds = m.facts.own.cdnskey = (signal_rrset_t){ 0 };
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_REMAINS);
	machine_signal(&m, 0);
	while (m.row.gate != GATE_MAY_UNSIGN) {
		machine_step(&m);
		t = m.now;
		m.now = m.row.next_check;
		assert_int_equal(m.row.state, ROLLOVER_EXPIRE_DS);
	}
	assert_int_equal(t, gone + DAY); /* The DS TTL that was seen. */
	/* Somebody put a DS back. */
	machine_ds(&m, OLD, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	/* The word is taken back. */
	m.facts.own.policy = POLICY_DELETE;
	m.config.go_insecure = false;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.out.policy, POLICY_BASE);
}

static void a_rollover_with_default_timings(void **state)
{
	(void)state;
	machine_t m;
	time_t t;
	machine_init(&m);
	m.config.ksk_lifetime = 365 * DAY;

	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.old_count, 1);
	run_until(&m, ROLLOVER_IDLE, &t);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	assert_int_equal(t, T0 + 365 * DAY);

	/* The old TTL of an hour was served until the switch; the lead counts from the low TTL on. */
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_TTL_HIGH);
	m.now += 60;
	time_t low = m.now;
	machine_serve(&m, OLD, 300);
	run_until(&m, ROLLOVER_PREPARE, &t);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(t, low + HOUR);

	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_START);
	machine_obey(&m);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE);
	m.now += 10;
	machine_serve(&m, OLD | NEW, 300);
	time_t seen = m.now;
	run_until(&m, ROLLOVER_INTRODUCE, &t);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	assert_int_equal(t, seen + 300);

	/* The signals came out at once: Knot waits for nothing. */
	assert_int_equal(m.row.keys, KEYS_SIGNAL_NEW);
	assert_int_equal(m.row.signalled, t);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_AWAIT_DS);
	assert_int_equal(m.now, t);

	/* The parent swaps on one server, then on the other, and lowers the TTL with it. */
	m.now += 5 * HOUR;
	m.parent[0].ds = NEW;
	m.parent[0].ds_ttl = 300;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_STALE);
	m.now += 2 * HOUR;
	machine_ds(&m, NEW, 300);
	time_t matched = m.now;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
	assert_int_equal(m.row.ds_expire, DAY);

	assert_true(m.out.set_keys);
	machine_obey(&m);
	assert_int_equal(m.row.keys, KEYS_SILENT);
	run_until(&m, ROLLOVER_WITHDRAW, &t);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	run_until(&m, ROLLOVER_OBSERVE, &t);
	assert_int_equal(m.row.state, ROLLOVER_RETIRE);
	assert_true(t >= matched + DAY);

	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	machine_serve(&m, NEW, 300);
	m.now += 5;
	time_t gone = m.now;
	run_until(&m, ROLLOVER_RETIRE, &t);
	assert_int_equal(m.row.state, ROLLOVER_SETTLE);
	assert_int_equal(t, gone + 300);
	run_until(&m, ROLLOVER_SETTLE, &t);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(t, gone + 300 + 3 * DAY);
	assert_int_equal(m.row.old_count, 1);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[1]));
	assert_int_equal(m.row.settled_at, gone + 300);

	/* And the next one starts a lifetime later. */
	run_until(&m, ROLLOVER_IDLE, &t);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	assert_int_equal(t, gone + 300 + 365 * DAY);
}

static void the_old_ds_ttl_counts_even_if_it_was_lowered_before(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, OLD, 7 * DAY);
	machine_step(&m);
	m.now += DAY;
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	m.now += 60;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
	/* Seven days from the last moment it may have been served, a minute of which is over. */
	assert_int_equal(m.row.ds_expire, 7 * DAY - 60);
}

static void an_unseen_old_ds_ttl_is_taken_for_two_days(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	m.row.ds_ttl.count = 0;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.ds_expire, 2 * DAY);
}

static void a_rollover_without_a_store_waits_for_an_old_ds_it_has_not_seen(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	machine_serve(&m, OLD | NEW, 300);
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(ttl_window_expired(&m.row.ds_ttl, 0), T0 + 2 * DAY);
	/* A zone that is to become insecure. */
	machine_init(&m);
	machine_ds(&m, OLD, 300);
	m.config.go_insecure = true;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	assert_int_equal(ttl_window_expired(&m.row.ds_ttl, 0), T0 + 2 * DAY);
	/* One key alone: nothing is under way. Neither does the parent have a DS that could have been replaced. */
	machine_init(&m);
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	assert_int_equal(ttl_window_expired(&m.row.ds_ttl, 0), T0 + 300);
	machine_init(&m);
	machine_serve(&m, OLD | NEW, 300);
	machine_ds(&m, 0, 300);
	machine_step(&m);
	assert_true(ttl_window_expired(&m.row.ds_ttl, 0) <= T0 + 300);
}

static void a_first_ds_that_was_there_is_not_forgotten(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const bool there = i & 1, was_everywhere = i & 2;
		machine_t m;
		machine_at(&m, was_everywhere ? ROLLOVER_OBSERVE : ROLLOVER_AWAIT_DS);
		m.row.new_key = machine_key(1);
		m.row.old_count = 0;
		m.row.ds_all_since = 0;
		machine_ds(&m, there ? OLD : 0, 300);
		machine_serve(&m, OLD | NEW, 300); /* The operator begins the next rollover. */
		m.facts.own.dnskey = NEW;          /* And lets the first key go. */
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_IDLE);
		assert_int_equal(m.row.ds_ttl.count != 0, there || was_everywhere);
	}
}

static void a_parent_that_falls_back_restarts_the_wait(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.now += 23 * HOUR;
	m.parent[1].ds = OLD;
	m.parent[1].ds_ttl = DAY;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.ds_all_since, 0);
	/* The nameservers are asked and waited for as before the first signals. */
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	m.now = m.row.gate_until;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	assert_true(m.out.sign_first);
	machine_obey(&m);
	machine_step(&m);
	m.now += HOUR;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.ds_all_since, m.now);
	assert_int_equal(m.row.ds_expire, DAY);
}

static void an_unreachable_server_in_between_does_not_end_a_wait_early(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	time_t until = m.row.gate_until;
	child_down(&m);
	m.now += 10;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CHILD_UNREACHABLE);
	m.child[1].status = ANSWER_OK;
	m.now += 10;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.gate_until, until);
}

static void the_ttl_of_a_silent_server_is_not_taken_for_lowered(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_PREPARE);
	machine_serve(&m, OLD, HOUR);
	machine_step(&m);
	machine_serve(&m, OLD, 300);
	child_down(&m);
	m.now += 30 * 60;
	machine_step(&m);
	m.child[1].status = ANSWER_OK;
	time_t low = m.now + 60;
	m.now = low;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.gate_until, low + HOUR);
}

static void an_order_is_repeated_only_after_a_while(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	m.now += 59;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE);
	m.now += 1;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
}

static void checks_back_off_and_stay_below_the_ceiling(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	time_t wait = 0, before = 0;
	for (int i = 0; i < 30; i++) {
		machine_step(&m);
		wait = m.row.next_check - m.now;
		assert_true(wait >= before);
		assert_true(wait <= HOUR);
		before = wait;
		m.now = m.row.next_check;
	}
	assert_int_equal(wait, HOUR);

	machine_at(&m, ROLLOVER_INTRODUCE);
	child_down(&m);
	const time_t minutes[] = { 5, 10, 20, 40, 40 };
	for (int i = 0; i < 5; i++) {
		machine_step(&m);
		assert_int_equal(m.row.next_check - m.now, minutes[i] * 60);
		m.now = m.row.next_check;
	}
}

static void a_held_zone_asks_nobody_for_anything(void **state)
{
	(void)state;
	for (int s = ROLLOVER_PREPARE; s <= ROLLOVER_SETTLE; s++) {
		machine_t m;
		machine_at(&m, s);
		m.config.hold = true;
		m.now += 30 * DAY;
		m.row.parent_seen = m.now;
		machine_decide(&m);
		assert_int_equal(m.out.row.state, s);
		assert_int_equal(m.out.action, ACTION_NONE);
		assert_true(m.out.driven);
		assert_int_equal(m.out.keys, KEYS_SILENT);
		assert_int_equal(m.out.set_keys, m.row.keys == KEYS_SIGNAL_NEW);
		assert_int_equal(m.out.policy, POLICY_LOW_TTL);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 2, m.now), 0);
		/* But that its chain holds is seen to once a day. */
		m.now += DAY;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 2, m.now), SURVEY_PARENT);
	}
}

static void observing_and_dry_run_change_nothing(void **state)
{
	(void)state;
	for (int s = ROLLOVER_IDLE; s <= ROLLOVER_ROLLED_BACK; s++) {
		machine_t m;
		machine_at(&m, s);
		m.config.observe_only = true;
		m.now += 30 * DAY;
		machine_decide(&m);
		assert_false(m.out.driven);
		assert_false(m.out.set_keys);
		assert_false(m.out.transition);
		assert_int_equal(m.out.action, ACTION_NONE);
	}
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	lifetime_dry_run(&m);
	machine_decide(&m);
	assert_false(m.out.driven);
}

static void three_failing_checks_roll_back_and_two_do_not(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++) {
			watched(&m, 1, 1);
			machine_step(&m);
			assert_int_equal(m.row.gate, GATE_VALIDATION_FAILS);
			assert_int_equal(m.row.next_check, m.now + m.config.check_interval);
			m.now = m.row.next_check;
		}
		watched(&m, 0, 1);
		machine_step(&m);
		assert_int_equal(m.row.bad_watches, 0);
	}
	/* Time alone does not end an observation while validation fails. */
	m.now += 30 * DAY;
	for (int i = 0; i < 3; i++) {
		watched(&m, 1, 1);
		snprintf(m.facts.watch.detail, sizeof(m.facts.watch.detail), "own resolver, SOA: no keys");
		machine_step(&m);
	}
	assert_int_equal(m.row.state, ROLLOVER_ROLLBACK);
	assert_int_equal(m.out.keys, KEYS_SIGNAL_BOTH);
	assert_true(m.out.set_keys);
	assert_true(m.out.sign_first);
	assert_non_null(strstr(m.row.gate_detail, "no keys"));
	/* The parent ignores CDS: the exact record to be given to the registrar. */
	machine_obey(&m);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	assert_non_null(strstr(m.row.gate_detail, "DS 1001 13 2 0101010101"));
	assert_int_equal(strlen(strstr(m.row.gate_detail, "0101")), 64);
	machine_ds(&m, OLD | NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_ROLLED_BACK);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	/* The operator switches hold on and off: everything is checked anew. */
	machine_obey(&m);
	watched(&m, 0, 1);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_AWAITING_DECISION);
	m.config.hold = true;
	machine_step(&m);
	m.config.hold = false;
	m.now += HOUR;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
}

static void signals_go_while_validation_is_broken(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_SIGNAL);
	validation_broken(&m);
	machine_decide(&m);
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	machine_ds(&m, OLD | NEW, 300);
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_ROLLBACK);
}

static void a_failing_watch_brings_no_signal_back(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	validation_fails_once(&m);
	machine_decide(&m);
	assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);
	assert_false(m.out.set_keys);
	child_without_new(&m);
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_INTRODUCE);
	/* However they were lost. */
	void (*const lost[])(machine_t *m) = { own_without_cds, keys_silent, policy_lost_with_cds };
	for (int i = 0; i < 3; i++) {
		machine_at(&m, ROLLOVER_AWAIT_DS);
		validation_fails_once(&m);
		lost[i](&m);
		machine_decide(&m);
		assert_int_equal(m.out.keys, KEYS_SILENT);
		assert_int_equal(m.out.row.gate, GATE_VALIDATION_FAILS);
	}
}

static void between_two_watches_the_last_one_counts(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	watched(&m, 1, 1);
	snprintf(m.facts.watch.detail, sizeof(m.facts.watch.detail), "own resolver, SOA: no keys");
	machine_step(&m);
	m.facts.asked &= ~SURVEY_WATCH;
	memset(&m.facts.watch, 0, sizeof(m.facts.watch));
	for (int i = 0; i < 5; i++) {
		m.now += 30 * DAY;
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
		assert_int_equal(m.row.gate, GATE_VALIDATION_FAILS);
		assert_string_equal(m.row.gate_detail, "own resolver, SOA: no keys");
		assert_int_equal(m.row.bad_watches, 1);
	}
	watched(&m, 0, 1);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	assert_int_equal(m.row.gate, GATE_WAITING_OBSERVE);
	assert_int_equal(m.row.bad_watches, 0);
	/* No rollover, no watch: nothing is left of it. */
	machine_at(&m, ROLLOVER_IDLE);
	m.row.bad_watches = 3;
	machine_step(&m);
	assert_int_equal(m.row.bad_watches, 0);
	assert_int_not_equal(m.row.gate, GATE_VALIDATION_FAILS);
}

/* Both had a DS, the next rollover is under way, and one of the two is deleted by hand: nobody waits for that. */
static void one_of_two_old_keys_is_let_go_by_hand(void **state)
{
	(void)state;
	const rollover_state_t states[] = { ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS, ROLLOVER_OBSERVE };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		machine_t m;
		machine_at(&m, states[i]);
		m.row.old[m.row.old_count++] = m.facts.keys[2];
		machine_step(&m);
		assert_int_equal(m.row.old_count, 1);
		assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[0]));
		assert_int_not_equal(m.row.gate, GATE_DNSKEY_MISSING);
	}
}

static void a_bogus_answer_lowers_no_ttl(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_step(&m);
	m.now += 60;
	machine_serve(&m, OLD | NEW, 300);
	m.child[1].status = ANSWER_BOGUS;
	m.child[1].dnskey_ttl = 1;
	machine_step(&m);
	m.now += 600;
	machine_serve(&m, OLD | NEW, 300);
	m.child[1].status = ANSWER_OK;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.gate_until, m.now + HOUR);
}

static void a_rollover_that_somebody_started_waits_for_the_high_ttl(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	machine_step(&m);
	m.now += DAY;
	m.facts.own.dnskey = OLD | NEW; /* Only the own zone is known: idle asks no nameserver. */
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	machine_obey(&m);
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_serve(&m, OLD | NEW, 300);
	m.now += 60;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.gate_until, m.now + HOUR);
}

static void a_fall_back_seen_behind_a_gate_counts(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.now += DAY - 60;
	zone_transaction(&m);
	machine_ds(&m, OLD, 2 * DAY);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_KNOT_BUSY);
	m.now += 60;
	m.facts.own.transaction = false;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
	assert_int_equal(m.row.gate_until, m.now + 2 * DAY);
}

static void the_ttl_of_a_ds_that_came_back_is_learnt_at_once(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.row.ds_ttl.count = 0;
	ttl_window_add(&m.row.ds_ttl, 300, T0);
	m.now += HOUR;
	machine_ds(&m, OLD, 2 * DAY);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	machine_step(&m);
	machine_pass(&m, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	machine_obey(&m);
	m.now += HOUR;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.ds_expire, 2 * DAY);
}

static void the_ttl_of_the_new_ds_is_known_to_the_next_rollover(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	machine_ds(&m, NEW, 2 * DAY);
	machine_step(&m);
	m.now += HOUR;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.gate_until, T0 + DAY);
	m.row.state = ROLLOVER_RETIRE;
	machine_serve(&m, NEW, 300);
	machine_step(&m);
	machine_pass(&m, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_SETTLE);
	assert_int_equal(ttl_window_expired(&m.row.ds_ttl, 0), T0 + HOUR + 2 * DAY);
}

static void trouble_at_the_parent_stays_in_sight_in_idle(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.parent[1].ds = 0;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now + 1), SURVEY_PARENT);
	machine_ds(&m, OLD, DAY);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now + 1), 0);
}

static void keys_that_lost_their_ds_stay_in_sight_in_idle(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW | THIRD, HOUR);
	machine_ds(&m, OLD | NEW | THIRD, DAY);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.old_count, 3);
	machine_ds(&m, THIRD, DAY);
	for (int i = 0; i < 3; i++) {
		machine_step(&m);
		assert_int_equal(m.row.gate, GATE_UNKNOWN_KEY);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 3, m.now + 1), SURVEY_PARENT);
	}
	machine_serve(&m, THIRD, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.old_count, 1);
}

/*! The state's machine, decided on what lets it leave its state. */
static rollover_decision_t decided(machine_t *m, rollover_state_t state)
{
	rollover_decision_t d;
	machine_at(m, state);
	if (state == ROLLOVER_WITHDRAW) {
		machine_signal(m, 0);
	} else if (state == ROLLOVER_OBSERVE) {
		day_observed(m);
	}
	m->facts.asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	rollover_decide(&m->config, &m->row, &m->facts, m->now, &d);
	assert_true(d.transition);
	return d;
}

static void the_same_facts_do_for_the_next_state(void **state)
{
	(void)state;
	machine_t m;
	const rollover_decision_t d = decided(&m, ROLLOVER_WITHDRAW);
	rollover_decision_t changed;

	assert_int_equal(d.row.state, ROLLOVER_OBSERVE);
	assert_true(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));

	/* Not if something has to be done first, or told, */
	m.facts.own.policy = POLICY_DELETE;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
	m.facts.own.policy = d.policy;
	changed = d;
	changed.set_keys = true;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &changed));
	changed = d;
	changed.action = ACTION_RETIRE;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &changed));
	changed = d;
	changed.notify = true;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &changed));
	/* nor if not all was asked; the watch need not be, it has its own times. */
	m.facts.asked = SURVEY_CHILD | SURVEY_PARENT;
	assert_true(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
	m.facts.asked = SURVEY_PARENT | SURVEY_WATCH;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
	m.facts.asked = 0;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
	/* Without a change of state the next check is when the row says. */
	m.facts.asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	changed = d;
	changed.transition = false;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &changed));
}

static void the_step_that_cannot_be_taken_back_has_a_check_of_its_own(void **state)
{
	(void)state;
	machine_t m;
	const rollover_decision_t d = decided(&m, ROLLOVER_OBSERVE);

	assert_int_equal(d.row.state, ROLLOVER_RETIRE);
	assert_int_equal(m.facts.own.policy, d.policy);
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
}

/*! Seconds after which a zone at rest, with a key of this digest, asks for its DS again. */
static time_t ds_asked_after(uint8_t digest)
{
	machine_t m;
	time_t after = 0;
	machine_at(&m, ROLLOVER_IDLE);
	memset(m.row.old[0].digest, digest, sizeof(m.row.old[0].digest));
	while (rollover_needs(&m.config, &m.row, m.row.old, 1, T0 + after) == 0) {
		after += 60;
	}
	return after;
}

static void zones_of_the_same_day_do_not_march_together(void **state)
{
	(void)state;
	assert_int_equal(ds_asked_after(0), DAY);
	assert_true(ds_asked_after(255) >= DAY - DAY / 8 && ds_asked_after(255) <= DAY - DAY / 8 + 60);
	for (int digest = 1; digest < 256; digest++) {
		const time_t apart = ds_asked_after(digest - 1) - ds_asked_after(digest);
		assert_true(apart >= 0 && apart <= 60);
	}
}

static void the_ttl_of_each_derived_policy_is_its_own_and_in_the_window(void **state)
{
	(void)state;
	static const uint32_t ttls[] = { 1, 2, 5, 300, 301, 600, 897, 898, 899, 900, HOUR, UINT32_MAX };

	for (size_t i = 0; i < sizeof(ttls) / sizeof(ttls[0]); i++) {
		const uint32_t low = rollover_policy_ttl(POLICY_LOW_TTL, ttls[i]);
		const uint32_t other = rollover_policy_ttl(POLICY_DELETE, ttls[i]);
		assert_int_equal(low, ttls[i]);
		assert_true(other > 0 && labs((long)other - (long)low) == 1);
		if (low >= 300 && low <= 900) {
			assert_true(other >= 300 && other <= 900);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_with_every_fact),
		cmocka_unit_test(the_gate_names_the_server),
		cmocka_unit_test(every_word_is_there_and_unique),
		cmocka_unit_test(a_lowered_ttl_counts_until_it_has_drained),
		cmocka_unit_test(a_full_window_never_forgets_too_early),
		cmocka_unit_test(a_rollover_with_default_timings),
		cmocka_unit_test(a_rollover_that_somebody_started_waits_for_the_high_ttl),
		cmocka_unit_test(the_old_ds_ttl_counts_even_if_it_was_lowered_before),
		cmocka_unit_test(an_unseen_old_ds_ttl_is_taken_for_two_days),
		cmocka_unit_test(a_rollover_without_a_store_waits_for_an_old_ds_it_has_not_seen),
		cmocka_unit_test(a_first_ds_that_was_there_is_not_forgotten),
		cmocka_unit_test(a_parent_that_falls_back_restarts_the_wait),
		cmocka_unit_test(a_fall_back_seen_behind_a_gate_counts),
		cmocka_unit_test(the_ttl_of_a_ds_that_came_back_is_learnt_at_once),
		cmocka_unit_test(the_ttl_of_the_new_ds_is_known_to_the_next_rollover),
		cmocka_unit_test(trouble_at_the_parent_stays_in_sight_in_idle),
		cmocka_unit_test(keys_that_lost_their_ds_stay_in_sight_in_idle),
		cmocka_unit_test(an_unreachable_server_in_between_does_not_end_a_wait_early),
		cmocka_unit_test(the_ttl_of_a_silent_server_is_not_taken_for_lowered),
		cmocka_unit_test(an_order_is_repeated_only_after_a_while),
		cmocka_unit_test(checks_back_off_and_stay_below_the_ceiling),
		cmocka_unit_test(a_held_zone_asks_nobody_for_anything),
		cmocka_unit_test(observing_and_dry_run_change_nothing),
		cmocka_unit_test(three_failing_checks_roll_back_and_two_do_not),
		cmocka_unit_test(signals_go_while_validation_is_broken),
		cmocka_unit_test(a_failing_watch_brings_no_signal_back),
		cmocka_unit_test(between_two_watches_the_last_one_counts),
		cmocka_unit_test(a_zone_without_ds_gets_its_first_one),
		cmocka_unit_test(a_first_ds_brought_by_the_registrar_ends_the_wait),
		cmocka_unit_test(a_ds_that_was_taken_away_is_not_asked_back),
		cmocka_unit_test(a_zone_leaves_on_the_operators_word_only),
		cmocka_unit_test(a_bogus_answer_lowers_no_ttl),
		cmocka_unit_test(one_of_two_old_keys_is_let_go_by_hand),
		cmocka_unit_test(the_same_facts_do_for_the_next_state),
		cmocka_unit_test(the_step_that_cannot_be_taken_back_has_a_check_of_its_own),
		cmocka_unit_test(zones_of_the_same_day_do_not_march_together),
		cmocka_unit_test(the_ttl_of_each_derived_policy_is_its_own_and_in_the_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
