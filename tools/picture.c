/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the pictures of a plan say, whatever their format.
 */

#include <stdio.h>
#include <string.h>

#include "picture.h"
#include "sizes.h"

/* clang-format off */
static const char *const state_colors[ROLLOVER_STATE__COUNT] = {
	[ROLLOVER_IDLE] = "#b8bcc2",
	[ROLLOVER_PREPARE] = "#7fb2d9",
	[ROLLOVER_INTRODUCE] = "#3b7fb8",
	[ROLLOVER_SIGNAL] = "#2f9e98",
	[ROLLOVER_AWAIT_DS] = "#e39b3a",
	[ROLLOVER_WITHDRAW] = "#6dbb8d",
	[ROLLOVER_OBSERVE] = "#8d7cc3",
	[ROLLOVER_RETIRE] = "#c97b84",
	[ROLLOVER_SETTLE] = "#8fa860",
	[ROLLOVER_ROLLBACK] = "#c0392b",
	[ROLLOVER_ROLLED_BACK] = "#8a5a44",
	[ROLLOVER_REMOVE_DS] = "#b0679f",
	[ROLLOVER_EXPIRE_DS] = "#9a8fa0",
	[ROLLOVER_PRESIGN] = "#5a96a8",
	[ROLLOVER_CLEAN] = "#b39c6b",
};
/* clang-format on */

static const struct {
	const char *color;
	const char *meaning;
	/* clang-format off */
} actors[ACTOR__COUNT] = {
	[ACTOR_NOBODY] = { "#5f6b76", "time, or the server itself" },
	[ACTOR_SECONDARY] = { "#d8a200", "whoever runs the nameserver" },
	[ACTOR_PARENT] = { "#d06b00", "the parent zone or its registrar" },
	[ACTOR_OPERATOR] = { "#c0392b", "the operator of this server" },
};
/* clang-format on */

const char *picture_time(char out[TEXT_TIME], time_t at)
{
	struct tm tm;
	if (at == 0 || gmtime_r(&at, &tm) == NULL || strftime(out, TEXT_TIME, "%Y-%m-%d %H:%M", &tm) == 0) {
		snprintf(out, TEXT_TIME, "-");
	}
	return out;
}

const char *picture_state_color(rollover_state_t state)
{
	return state_colors[state];
}

const char *picture_actor_color(rollover_actor_t actor)
{
	return actors[actor].color;
}

const char *picture_actor_meaning(rollover_actor_t actor)
{
	return actors[actor].meaning;
}

bool picture_shows(const forecast_t *plan, unsigned step)
{
	return step > 0 || plan->step[0].state != ROLLOVER_IDLE || plan->count == 1;
}

bool picture_waits(const picture_t *p, const forecast_wait_t *wait)
{
	return wait->to == 0 || wait->to > p->o->now;
}

void picture_wait(char out[PICTURE_TEXT], const picture_t *p, const forecast_step_t *step, const forecast_wait_t *wait)
{
	const rollover_gate_info_t *info = rollover_gate_info(wait->gate);
	bool assumed = rollover_state_info(step->state)->parent_acts && info->actor == ACTOR_PARENT;
	char until[TEXT_TIME], span[TEXT_SPAN];
	time_t from = wait->from > p->o->now ? wait->from : p->o->now;

	if (wait->to == 0) {
		snprintf(out, PICTURE_TEXT, "%s, for an unknown time: %s", info->name, info->meaning);
	} else {
		snprintf(out, PICTURE_TEXT, "%s until %s (%s): %s%s", info->name, picture_time(until, wait->to),
		         text_span(span, wait->to - from), info->meaning, assumed ? " (assumed: --parent-delay)" : "");
	}
}

void picture_stay(char out[PICTURE_TEXT], const forecast_step_t *step)
{
	char from[TEXT_TIME], to[TEXT_TIME], span[TEXT_SPAN];

	picture_time(from, step->from);
	if (step->to == 0) {
		snprintf(out, PICTURE_TEXT, "from %s", from);
	} else {
		snprintf(out, PICTURE_TEXT, "%s - %s, %s", from, picture_time(to, step->to),
		         text_span(span, step->to - step->from));
	}
}

static bool note_start(char out[PICTURE_TEXT], const picture_t *p)
{
	const forecast_step_t *first = &p->plan->step[0];
	char now[TEXT_TIME], start[TEXT_TIME];

	picture_time(now, p->o->now);
	if (p->plan->imagined) {
		snprintf(out, PICTURE_TEXT, "As of %s UTC no rollover is due: this plan shows one that starts now.",
		         now);
	} else if (first->state == ROLLOVER_IDLE) {
		snprintf(out, PICTURE_TEXT, "As of %s UTC. The rollover starts %s.", now,
		         picture_time(start, p->plan->start));
	} else {
		snprintf(out, PICTURE_TEXT, "As of %s UTC. In the step %s since %s.", now,
		         rollover_state_name(first->state), picture_time(start, first->from));
	}
	return true;
}

static bool note_ends(char out[PICTURE_TEXT], const picture_t *p)
{
	const forecast_t *plan = p->plan;
	char safe[TEXT_TIME], end[TEXT_TIME];

	if (plan->end == 0) {
		snprintf(out, PICTURE_TEXT, "It stays at '%s': %s", rollover_gate_info(plan->stuck)->name,
		         rollover_gate_info(plan->stuck)->advice);
	} else {
		snprintf(out, PICTURE_TEXT,
		         "Earliest: the old KSK is gone everywhere %s; policy and TTLs are "
		         "restored %s.",
		         plan->safe != 0 ? picture_time(safe, plan->safe) : "already", picture_time(end, plan->end));
	}
	return true;
}

static bool note_first(char out[PICTURE_TEXT], const picture_t *p)
{
	const rollover_gate_info_t *info = rollover_gate_info(p->plan->lifted);

	if (p->plan->lifted == GATE_NONE || p->plan->lifted == p->plan->stuck) {
		return false;
	}
	snprintf(out, PICTURE_TEXT,
	         "But first: %s (%s), which the %s must resolve. The plan assumes that this is done now.",
	         info->meaning, info->name, rollover_actor_name(info->actor));
	return true;
}

static bool note_algorithm(char out[PICTURE_TEXT], const picture_t *p)
{
	char text[2][ALGORITHM_TEXT], span[TEXT_SPAN];
	bool set;

	if (p->plan->algorithm_new == 0) {
		return false;
	}
	text_conf_span(span, settings_zone_ttl(p->config, &set));
	snprintf(out, PICTURE_TEXT,
	         "The algorithm changes from %s to %s. The largest TTL of the zone that counts is %s, %s.",
	         algorithm_text(text[0], p->plan->algorithm_old), algorithm_text(text[1], p->plan->algorithm_new), span,
	         set ? "by zone-max-ttl of the policy" : "since the policy has no zone-max-ttl");
	return true;
}

static bool note_sizes(char out[PICTURE_TEXT], const picture_t *p)
{
	const sizes_rollover_t sizes = sizes_of(p->o, p->zone, p->plan);
	const sizes_t *a = sizes.answer;
	char rsa[64] = "";

	if (p->plan->algorithm_new == 0 || !sizes.known) {
		return false;
	}
	if (sizes.rsa != 0) {
		snprintf(rsa, sizeof(rsa), ", RSA keys of %u bits assumed", sizes.rsa);
	}
	snprintf(
		out, PICTURE_TEXT,
		"Octets of answers before, during and after it: DNSKEY %u, %u, %u; NXDOMAIN by NSEC %u, %u, %u, by NSEC3 "
		"%u, %u, %u (names of 10 letters%s). Over %u octets an answer comes over TCP where fragments are "
		"avoided (RFC 9715).",
		a[0].dnskey, a[1].dnskey, a[2].dnskey, a[0].nsec, a[1].nsec, a[2].nsec, a[0].nsec3, a[1].nsec3,
		a[2].nsec3, rsa, SIZES_UDP);
	return true;
}

static bool note_assumed(char out[PICTURE_TEXT], const picture_t *p)
{
	const forecast_assume_t *a = &p->o->assume;
	char s[2][TEXT_SPAN];

	snprintf(out, PICTURE_TEXT,
	         "Assumed: a change is on all nameservers after %s, the parent has the DS %s after CDS is "
	         "there; every server does what it should. Real checks come up to one check-interval later at "
	         "each step.",
	         text_conf_span(s[0], a->server_delay), text_conf_span(s[1], a->parent_delay));
	return true;
}

static bool note_settings(char out[PICTURE_TEXT], const picture_t *p)
{
	const rollover_config_t *c = p->config;
	char s[7][TEXT_SPAN];

	snprintf(out, PICTURE_TEXT,
	         "Settings: ttl %s, lead %s, observe %s, settle %s, ksk-lifetime %s, "
	         "check-interval %s, ds-check-interval %s.",
	         text_conf_span(s[0], c->ttl), text_conf_span(s[1], c->lead), text_conf_span(s[2], c->observe),
	         text_conf_span(s[3], c->settle), text_conf_span(s[4], c->ksk_lifetime),
	         text_conf_span(s[5], c->check_interval), text_conf_span(s[6], c->ds_check_interval));
	return true;
}

bool picture_note(char out[PICTURE_TEXT], const picture_t *p, unsigned i)
{
	switch (i) {
	case 0:
		return note_start(out, p);
	case 1:
		return note_ends(out, p);
	case 2:
		return note_first(out, p);
	case 3:
		return note_algorithm(out, p);
	case 4:
		return note_sizes(out, p);
	case 5:
		return note_settings(out, p);
	default:
		return note_assumed(out, p);
	}
}
