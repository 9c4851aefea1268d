/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One thing of machine_t that is other than it should be, each with a name; and the time in which it lasts.
 */

#pragma once

#include "machine.h"

static inline void nothing(machine_t *m)
{
	(void)m;
}
static inline void control_silent(machine_t *m)
{
	m->facts.own.known = false;
}
static inline void not_loaded(machine_t *m)
{
	m->facts.own.dnskey = 0;
}
static inline void frozen(machine_t *m)
{
	m->facts.own.frozen = true;
}
static inline void zone_transaction(machine_t *m)
{
	m->facts.own.transaction = true;
}
static inline void hold(machine_t *m)
{
	m->config.hold = true;
}
static inline void observe_only(machine_t *m)
{
	m->config.observe_only = true;
}
/*! A reload of the configuration has taken the low TTL away; Knot has signed with the high one already. */
static inline void policy_lost(machine_t *m)
{
	m->facts.own.policy = POLICY_BASE;
	m->facts.own.dnskey_ttl = HOUR;
}
/*! The same where the base policy publishes no CDS. */
static inline void policy_lost_with_cds(machine_t *m)
{
	policy_lost(m);
	m->facts.own.base_publishes = false;
	machine_signal(m, 0);
}
static inline void keys_not_known(machine_t *m)
{
	m->row.keys = KEYS_UNKNOWN;
}
static inline void keys_silent(machine_t *m)
{
	m->row.keys = KEYS_SILENT;
	machine_signal(m, 0);
}
static inline void keys_signalled(machine_t *m)
{
	m->row.keys = KEYS_SIGNAL_NEW;
	machine_signal(m, NEW);
}
static inline void too_many(machine_t *m)
{
	m->facts.too_many_keys = true;
}
static inline void third_key(machine_t *m)
{
	m->facts.own.dnskey |= THIRD;
}
static inline void old_key_gone(machine_t *m)
{
	machine_serve(m, NEW, 300);
}
static inline void new_key_gone(machine_t *m)
{
	m->facts.own.dnskey = OLD;
}
static inline void discovery(machine_t *m)
{
	m->facts.discovery_failed = true;
}
static inline void insecure(machine_t *m)
{
	m->facts.parent_insecure = true;
}
static inline void child_down(machine_t *m)
{
	m->child[1].status = ANSWER_UNREACHABLE;
	m->child[1].unreachable_since = m->now - HOUR;
}
static inline void child_down_long(machine_t *m)
{
	m->child[1].status = ANSWER_UNREACHABLE;
	m->child[1].unreachable_since = m->now - 12 * HOUR;
}
static inline void children_down_long(machine_t *m)
{
	child_down_long(m);
	m->child[0] = m->child[1];
}
static inline void child_refuses(machine_t *m)
{
	m->child[1].status = ANSWER_ERROR;
}
static inline void child_bogus(machine_t *m)
{
	m->child[1].status = ANSWER_BOGUS;
}
static inline void child_old_ttl(machine_t *m)
{
	m->child[1].dnskey_ttl = HOUR;
}
static inline void child_without_new(machine_t *m)
{
	m->child[1].dnskey = m->child[1].dnskey_signed_by = OLD;
}
static inline void child_not_signed_by_new(machine_t *m)
{
	m->child[1].dnskey_signed_by = OLD;
}
static inline void child_not_signed_by_old(machine_t *m)
{
	m->child[1].dnskey_signed_by = NEW;
}
static inline void child_other_rrset(machine_t *m)
{
	m->child[1].dnskey_equal = false;
}
static inline void child_foreign_ksk(machine_t *m)
{
	m->child[1].dnskey_foreign = true;
}
static inline void child_without_cds(machine_t *m)
{
	m->child[1].cds.present = false;
}
static inline void child_without_cdnskey(machine_t *m)
{
	m->child[1].cdnskey.present = false;
}
static inline void child_cds_of_old(machine_t *m)
{
	m->child[1].cds.keys = OLD;
}
static inline void child_cdnskey_of_both(machine_t *m)
{
	m->child[1].cdnskey.keys = OLD | NEW;
}
static inline void child_cds_sha1(machine_t *m)
{
	m->child[1].cds.unwanted = true;
}
static inline void child_cds_signed_by_new_only(machine_t *m)
{
	m->child[1].cds.signed_by = NEW;
}
static inline void child_cds_left(machine_t *m)
{
	m->child[1].cds.present = true;
	m->child[1].cds.keys = NEW;
}
static inline void child_cdnskey_left(machine_t *m)
{
	m->child[1].cdnskey.present = true;
	m->child[1].cdnskey.keys = NEW;
}
static inline void own_without_cds(machine_t *m)
{
	machine_signal(m, 0);
}
static inline void own_cds_left(machine_t *m)
{
	m->facts.own.cds = m->facts.own.cdnskey = (signal_rrset_t){ .present = true, .keys = NEW };
}
static inline void parent_down(machine_t *m)
{
	m->parent[1].status = ANSWER_UNREACHABLE;
	m->parent[1].unreachable_since = m->now - HOUR;
}
static inline void parent_down_long(machine_t *m)
{
	m->parent[1].status = ANSWER_UNREACHABLE;
	m->parent[1].unreachable_since = m->now - 12 * HOUR;
}
static inline void parent_refuses(machine_t *m)
{
	m->parent[1].status = ANSWER_ERROR;
}
static inline void parent_bogus(machine_t *m)
{
	m->parent[1].status = ANSWER_BOGUS;
}
static inline void parents_new(machine_t *m)
{
	machine_ds(m, NEW, 300);
}
static inline void one_parent_new(machine_t *m)
{
	m->parent[0].ds = NEW;
}
static inline void one_parent_old(machine_t *m)
{
	machine_ds(m, NEW, 300);
	m->parent[1].ds = OLD;
}
static inline void one_parent_both(machine_t *m)
{
	machine_ds(m, NEW, 300);
	m->parent[1].ds = OLD | NEW;
}
static inline void one_parent_foreign(machine_t *m)
{
	machine_ds(m, NEW, 300);
	m->parent[1].ds_foreign = true;
}
static inline void one_parent_none(machine_t *m)
{
	m->parent[1].ds = 0;
}
static inline void parents_none(machine_t *m)
{
	machine_ds(m, 0, 300);
}
static inline void no_ds_one_parent_down(machine_t *m)
{
	parents_none(m);
	parent_down(m);
}
static inline void no_ds_and_validation_broken(machine_t *m);
static inline void no_ds_no_new_key(machine_t *m);
static inline void parents_wrong(machine_t *m)
{
	machine_ds(m, 0, 300);
	m->parent[0].ds_foreign = m->parent[1].ds_foreign = true;
}
static inline void time_passed(machine_t *m)
{
	m->now += 7 * DAY;
}
static inline void day_observed(machine_t *m)
{
	m->now += DAY;
	m->row.observed_last = m->now - 300;
}
static inline void new_ksk_by_somebody(machine_t *m)
{
	machine_serve(m, OLD | NEW, HOUR);
}
static inline void new_ksk_dry_run(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->config.dry_run = true;
}
static inline void two_new_ksks(machine_t *m)
{
	machine_serve(m, OLD | NEW | THIRD, HOUR);
}
static inline void new_algorithm(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->facts.keys[1].algorithm = 15;
}
static inline void all_algorithms_have_ds(machine_t *m)
{
	new_algorithm(m);
	machine_ds(m, OLD | NEW, DAY);
}
static inline void foreign_ksk(machine_t *m)
{
	m->facts.own.foreign = THIRD;
}
static inline void foreign_ksk_with_ds(machine_t *m)
{
	foreign_ksk(m);
	machine_ds(m, OLD | THIRD, DAY);
}
static inline void catalog_member(machine_t *m)
{
	m->facts.own.catalog_member = true;
	m->facts.own.policy = POLICY_BASE;
	m->facts.own.dnskey_ttl = HOUR;
	m->config.ttl = 0;
}
static inline void catalog_member_without_cds(machine_t *m)
{
	catalog_member(m);
	m->facts.own.base_publishes = false;
}
static inline void csk(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->facts.own.csk = m->facts.own.csk_wanted = true;
}
static inline void csk_but_policy_has_two(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->facts.own.csk = true;
}
static inline void policy_wants_csk(machine_t *m)
{
	m->facts.own.csk_wanted = true;
}
static inline void new_key_of_csk_policy(machine_t *m)
{
	new_ksk_by_somebody(m);
	policy_wants_csk(m);
}
static inline void zsk_went(machine_t *m)
{
	m->facts.own.csk = true;
}
static inline void lifetime_over(machine_t *m)
{
	m->config.ksk_lifetime = DAY;
	m->now += DAY;
}
static inline void lifetime_running(machine_t *m)
{
	m->config.ksk_lifetime = DAY;
	m->now += DAY - 1;
}
static inline void lifetime_dry_run(machine_t *m)
{
	lifetime_over(m);
	m->config.dry_run = true;
}
static inline void parents_disagree(machine_t *m)
{
	new_ksk_by_somebody(m);
	m->parent[0].ds = NEW;
}
static inline void no_new_key_yet(machine_t *m)
{
	m->row.has_new = false;
	machine_serve(m, OLD, 300);
}
static inline void foreign_instead_of_new(machine_t *m)
{
	no_new_key_yet(m);
	foreign_ksk(m);
}
static inline void algorithm_instead_of_new(machine_t *m)
{
	no_new_key_yet(m);
	third_key(m);
	m->facts.keys[2].algorithm = 15;
}
static inline void ordered_key_is_there(machine_t *m)
{
	no_new_key_yet(m);
	third_key(m);
	m->row.ordered = m->now - 1; /* And the order was carried out. */
}
static inline void cds_names_the_ds_key(machine_t *m)
{
	machine_signal(m, OLD);
}
static inline void watched(machine_t *m, unsigned failing, unsigned answered)
{
	m->facts.asked |= SURVEY_WATCH;
	m->facts.watch = (watch_facts_t){ .answered = answered, .failing = failing, .parent_ok = true };
}
static inline void validation_fails_once(machine_t *m)
{
	watched(m, 1, 2);
}
static inline void validation_broken(machine_t *m)
{
	watched(m, 1, 1);
	m->row.bad_watches = 2;
}
static inline void parent_does_not_validate(machine_t *m)
{
	validation_broken(m);
	m->row.bad_watches = 0;
	m->facts.watch.parent_ok = false;
}
static inline void resolvers_are_down(machine_t *m)
{
	watched(m, 0, 0);
}
static inline void a_minority_fails(machine_t *m)
{
	watched(m, 1, 3);
	m->row.bad_watches = 2;
}
static inline void broken_after_the_old_key_went(machine_t *m)
{
	machine_serve(m, NEW, 300);
	validation_broken(m);
}
static inline void no_ds_and_validation_broken(machine_t *m)
{
	parents_none(m);
	validation_broken(m);
}
static inline void no_ds_no_new_key(machine_t *m)
{
	parents_none(m);
	no_new_key_yet(m);
}
static inline void parents_both(machine_t *m)
{
	machine_ds(m, OLD | NEW, 300);
}
static inline void validation_broken_and_parent_begun(machine_t *m)
{
	validation_broken(m);
	machine_ds(m, OLD | NEW, 300);
}
static inline void hold_is_over(machine_t *m)
{
	m->row.ordered = m->now - HOUR;
}
static inline void dry_run(machine_t *m)
{
	m->config.dry_run = true;
}
static inline void swapped_too_early(machine_t *m)
{
	old_key_gone(m);
	machine_ds(m, NEW, 300);
}
static inline void old_gone_no_ds(machine_t *m)
{
	old_key_gone(m);
	machine_ds(m, 0, 900);
}
static inline void old_gone_old_ds_left(machine_t *m)
{
	old_key_gone(m);
	machine_ds(m, OLD | NEW, 300);
}
static inline void old_gone_and_third_key(machine_t *m)
{
	machine_serve(m, NEW, 300);
	third_key(m);
}
static inline void signals_lost_and_new_key_too(machine_t *m)
{
	own_without_cds(m);
	child_without_new(m);
}
static inline void policy_lost_with_cds_and_new_key_too(machine_t *m)
{
	policy_lost_with_cds(m);
	child_without_new(m);
}
static inline void one_parent_old_child_without_new(machine_t *m)
{
	one_parent_old(m);
	child_without_new(m);
}
static inline void two_in_use_one_ds(machine_t *m)
{
	machine_serve(m, OLD | NEW, HOUR);
	m->row.old[1] = m->facts.keys[1];
	m->row.old_count = 2;
}
/*! The order was sent an hour ago and nothing came of it. */
static inline void ordered(machine_t *m)
{
	m->row.ordered = m->now - HOUR;
}
static inline void retire_child_serves_old_only(machine_t *m)
{
	ordered(m);
	child_without_new(m);
}
static inline void retire_children_bogus(machine_t *m)
{
	ordered(m);
	m->child[0].status = m->child[1].status = ANSWER_BOGUS;
}
/*! It has the zone without the old key, which this server was asked for before. */
static inline void retire_child_is_ahead(machine_t *m)
{
	ordered(m);
	m->child[1].dnskey = m->child[1].dnskey_signed_by = NEW;
}
static inline void nothing_seen_for_a_day(machine_t *m)
{
	m->now += DAY;
}
static inline void old_left_at_one(machine_t *m)
{
	machine_serve(m, NEW, 300);
	m->child[1].dnskey |= OLD;
}

/*! Virtual time: checks when they are due, and all that is decided is done, until the state is left. After cmocka.h. */
static inline void run_until(machine_t *m, rollover_state_t leave, time_t *left)
{
	for (int i = 0; i < 1000000 && m->row.state == leave; i++) {
		m->now = m->row.next_check > m->now ? m->row.next_check : m->now;
		machine_step(m);
		machine_obey(m);
	}
	assert_int_not_equal(m->row.state, leave);
	*left = m->now;
}
