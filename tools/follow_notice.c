/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An event of the history, or what time alone has brought, as JSON for a hook. */

#include <stdio.h>
#include <string.h>

#include "follow.h"

#define KIND_WAITING "waiting"

/*! Sentences that no table has. */
static const char no_gate[] = "nothing blocks";
static const char over[] = "a human is no longer needed";
static const char gone[] = "the store no longer has it";
static const char late[] = "it should have been checked hours ago";
static const char late_advice[] = "Check that knotd and kskrolld run, and that the zone still has the module.";

static const char *or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

/*! A gate is the news if the state is the same, or if it needs a human. */
static bool gate_is_news(bool moved, bool needs_human, bool gate)
{
	return gate && (!moved || needs_human);
}

/* Zones. */

/*! The row as it was at the event. */
static rollover_row_t row_then(const store_event_t *e, const store_zone_t *still)
{
	rollover_row_t row = { .state = e->to, .gate = e->gate, .gate_since = e->time, .next_check = e->time };

	/* Where it is not known whether the gate opens by itself, the time that makes it a matter for a human is not
	 * over. */
	row.gate_until = still != NULL ? still->row.gate_until : e->time;
	return row;
}

static const char *say_notification(json_value_t notification)
{
	static char text[1200];
	const int len = snprintf(text, sizeof(text), "parent informed: ");

	evidence_say_notification(notification, text + len, sizeof(text) - (size_t)len);
	return text;
}

void notice_event(notice_t *n, const options_t *o, int64_t id, const store_event_t *e, const store_zone_t *now)
{
	const store_zone_t *still = now != NULL && now->row.state == e->to && now->row.gate == e->gate ? now : NULL;
	const rollover_gate_info_t *info = rollover_gate_info(e->gate);
	const rollover_row_t row = row_then(e, still);
	options_t then = *o;

	then.now = e->time;
	*n = (notice_t){
		.id = id,
		.time = e->time,
		.kind = "zone",
		.zone = e->zone,
		.name = "",
		.from = rollover_state_name(e->from),
		.to = rollover_state_name(e->to),
		.gate = info->name,
		.advice = info->advice,
		.who = rollover_actor_name(advice_actor(&then, &row)),
		.notification = evidence_find_notification(e->evidence),
		.still = still,
	};
	n->notified = n->notification != NULL;
	n->needs_human = !n->notified && advice_blocked(&then, &row);
	const bool moved = e->from != e->to;
	n->meaning = n->notified                                               ? say_notification(n->notification) :
	             gate_is_news(moved, n->needs_human, e->gate != GATE_NONE) ? info->meaning :
	             moved                                                     ? rollover_state_meaning(e->to) :
	                                                                         no_gate;
}

void notice_waiting(notice_t *n, const options_t *o, const store_zone_t *z, bool needs)
{
	const rollover_gate_info_t *info = rollover_gate_info(z->row.gate);
	const char *state = rollover_state_name(z->row.state);
	const bool is_late = needs && advice_overdue(o, &z->row);

	*n = (notice_t){
		.time = o->now,
		.kind = KIND_WAITING,
		.zone = z->zone,
		.name = "",
		.from = state,
		.to = state,
		.gate = info->name,
		.advice = is_late ? late_advice : info->advice,
		.who = rollover_actor_name(is_late ? ACTOR_OPERATOR : advice_actor(o, &z->row)),
		.needs_human = needs,
		.meaning = is_late ? late :
		           needs   ? info->meaning :
		                     over,
		.still = z,
	};
}

/* Delegations. */

static delegation_row_t delegation_row_then(const store_delegation_event_t *e, const store_delegation_t *still)
{
	delegation_row_t row = { .state = e->to, .gate = e->gate, .gate_since = e->time, .next_check = e->time };

	row.gate_until = still != NULL ? still->row.gate_until : e->time + 1;
	return row;
}

void notice_delegation_event(notice_t *n, const options_t *o, int64_t id, const store_delegation_event_t *e,
                             const store_delegation_t *now)
{
	const store_delegation_t *still =
		now != NULL && !delegation_gone(now) && now->row.state == e->to && now->row.gate == e->gate ? now :
													      NULL;
	const delegation_gate_info_t *info = delegation_gate_info(e->gate);
	const delegation_row_t row = delegation_row_then(e, still);
	options_t then = *o;

	then.now = e->time;
	*n = (notice_t){
		.id = id,
		.time = e->time,
		.kind = "delegation",
		.zone = e->zone,
		.name = e->name,
		.from = delegation_state_name(e->from),
		.to = delegation_state_name(e->to),
		.gate = info->name,
		.advice = info->advice,
		.who = delegation_actor_name(info->actor),
		.needs_human = delegation_blocked(&then, &row),
		.text = e->text,
		.delegation = still,
	};
	const bool moved = e->from != e->to;
	n->meaning = gate_is_news(moved, n->needs_human, e->gate != DELEGATION_GATE_NONE) ? info->meaning :
	             moved ? delegation_state_info(e->to)->meaning :
	                     no_gate;
}

void notice_delegation_waiting(notice_t *n, const options_t *o, const store_delegation_t *d, bool needs)
{
	const delegation_gate_info_t *info = delegation_gate_info(d->row.gate);
	const char *state = delegation_state_name(d->row.state);
	const bool is_late = needs && delegation_overdue(o, &d->row);

	*n = (notice_t){
		.time = o->now,
		.kind = KIND_WAITING,
		.zone = d->zone,
		.name = d->name,
		.from = state,
		.to = state,
		.gate = info->name,
		.advice = is_late ? late_advice : info->advice,
		.who = delegation_actor_name(is_late ? DELEGATION_ACTOR_PARENT : info->actor),
		.needs_human = needs,
		.meaning = is_late ? late :
		           needs   ? info->meaning :
		                     over,
		.delegation = d,
	};
}

void notice_gone(notice_t *n, const options_t *o, const needing_t *was)
{
	*n = (notice_t){
		.time = o->now,
		.kind = KIND_WAITING,
		.zone = was->zone,
		.name = was->name,
		.meaning = gone,
		.who = rollover_actor_name(ACTOR_NOBODY),
	};
}

/* JSON. */

/*! Where a gate is, and what was seen there. */
static void add_place(char *out, size_t len, const char *about, const char *detail)
{
	if (about[0] != '\0' || detail[0] != '\0') {
		snprintf(out, len, " (%s%s%s)", about, about[0] != '\0' && detail[0] != '\0' ? ": " : "", detail);
	}
}

/*! All in one line for people. */
static const char *summary(const notice_t *n)
{
	static char text[2048];
	char place[768] = "";

	if (n->still != NULL) {
		add_place(place, sizeof(place), n->still->row.gate_about, n->still->row.gate_detail);
	} else if (n->delegation != NULL) {
		add_place(place, sizeof(place), n->delegation->row.gate_about, n->delegation->row.gate_detail);
	}
	const bool gate = n->gate != NULL && strcmp(n->gate, rollover_gate_info(GATE_NONE)->name) != 0;
	snprintf(text, sizeof(text), "%s: %s%s%s%s%s%s%s%s%s", n->name[0] != '\0' ? n->name : n->zone,
	         n->to != NULL ? n->to : "", gate ? ", " : "", gate ? n->gate : "",
	         n->needs_human ? ", needs a human" : "", n->to != NULL ? ": " : "", n->meaning, place,
	         or_null(n->text) != NULL ? "; " : "", n->text != NULL ? n->text : "");
	return text;
}

/*! What is known of the present alone. */
static void print_present(const options_t *o, const notice_t *n)
{
	const char *about = n->still != NULL ? n->still->row.gate_about : n->delegation->row.gate_about;
	const char *detail = n->still != NULL ? n->still->row.gate_detail : n->delegation->row.gate_detail;

	json_string(json, "about", or_null(about));
	json_string(json, "detail", or_null(detail));
	json_open(json, "commands", '[');
	if (n->still != NULL) {
		advice_commands(o, n->still, zone_json_command, NULL);
	}
	json_close(json, ']');
}

void notice_print(const options_t *o, const notice_t *n, FILE *out)
{
	output_to(out);
	output_begin();
	if (n->id != 0) {
		json_number(json, "id", n->id);
	} else {
		json_string(json, "id", NULL);
	}
	json_time(json, "time", n->time);
	json_string(json, "kind", n->kind);
	json_string(json, "zone", n->zone);
	json_string(json, "name", or_null(n->name));
	json_string(json, "from", n->from);
	json_string(json, "to", n->to);
	json_string(json, "gate", n->gate);
	json_string(json, "summary", summary(n));
	json_string(json, "meaning", n->meaning);
	json_string(json, "advice", or_null(n->advice));
	json_string(json, "who_acts", n->who);
	json_bool(json, "needs_human", n->needs_human);
	json_string(json, "text", or_null(n->text));
	output_stored("notification", n->notification);
	if (n->still != NULL || n->delegation != NULL) {
		print_present(o, n);
	}
	output_end();
	output_to(NULL);
}
