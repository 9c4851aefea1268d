/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of a turn: what the machine decides is stored, then said, then ordered.
 */

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "order_fate.h"
#include "orders.h"
#include "parent_state.h"
#include "deleg_turn.h"
#include "words.h"
#include "kskroll/evidence.h"
#include "kskroll/text_copy.h"

/*! Seconds after the second error report in a row; it doubles with each one more. */
#define REPORT_PAUSE ((time_t)3600)

static void count(delegation_t *d)
{
	awake_t *awake = d->of.awake;
	delegation_totals_t *totals = &awake->parent->agent->totals;

	totals->state[awake->state]--;
	totals->gate[awake->gate]--;
	awake->state = awake->row.state;
	awake->gate = awake->row.gate;
	totals->state[awake->state]++;
	totals->gate[awake->gate]++;
}

/*! What was seen, as JSON; once for all decisions of a turn. */
static void write_evidence(turn_t *turn, const delegation_config_t *config, const delegation_row_t *row, time_t now,
                           char *out, size_t len)
{
	delegation_verdict_t verdict;

	out[0] = '\0';
	if (turn->survey == NULL) {
		return;
	}
	const bool judged = turn->facts.asked & DELEGATION_ASK_SURVEY;
	if (judged) {
		delegation_accept(config, row, &turn->facts, now, &verdict);
	}
	evidence_delegation(out, len, &turn->facts, judged ? &verdict : NULL, now);
}

/*! A delegation without DS of which nothing was ever asked needs no row: it is as it would be without one. */
static bool is_blank(const delegation_row_t *row)
{
	delegation_idle_t idle;

	return row->ds == 0 && row->former == 0 && row->applied == 0 && row->notified == 0 && row->manual == 0 &&
	       row->all_since == 0 && delegation_pack(row, &idle);
}

/*! \return False if it is not stored: then it is no decision. */
static bool save(turn_t *turn, const delegation_decision_t *decision, delegation_state_t before, const char *words,
                 time_t now)
{
	delegation_t *d = turn->d;
	agent_t *agent = d->of.awake->parent->agent;
	store_delegation_t *row = &agent->row;
	store_delegation_event_t *event = &agent->event;
	const bool news = decision->transition || decision->gate_changed;

	if (!news && !d->stored && is_blank(&decision->row)) {
		return true;
	}
	text_copy(row->zone, sizeof(row->zone), d->of.awake->parent->name);
	if (knot_dname_to_str(row->name, d->of.awake->name, sizeof(row->name)) == NULL) {
		return false;
	}
	row->row = decision->row;
	row->checked = now;
	if (news) {
		event->time = now;
		text_copy(event->zone, sizeof(event->zone), row->zone);
		text_copy(event->name, sizeof(event->name), row->name);
		event->from = before;
		event->to = decision->row.state;
		event->gate = decision->row.gate;
		text_copy(event->text, sizeof(event->text), words);
		text_copy(event->evidence, sizeof(event->evidence), row->answers);
	}
	const bool soon = decision->order.action == DELEGATION_DO_NOTHING;
	if (!agent->env.save(row, news ? event : NULL, soon, agent->env.arg)) {
		return false;
	}
	d->stored = true;
	return true;
}

static int priority_of(const delegation_decision_t *decision)
{
	static const int priorities[DELEGATION_SEVERITY__COUNT] = {
		[DELEGATION_INFO] = LOG_INFO,
		[DELEGATION_NOTICE] = LOG_NOTICE,
		[DELEGATION_WARNING] = LOG_WARNING,
		[DELEGATION_ALARM] = LOG_ERR,
	};
	const int gate = priorities[delegation_gate_info(decision->row.gate)->severity];
	const bool turns = decision->order.action != DELEGATION_DO_NOTHING ||
	                   (decision->transition && decision->row.state != DELEGATION_SEEN);

	return turns && gate > LOG_NOTICE ? LOG_NOTICE : gate;
}

static void say(const delegation_t *d, const delegation_decision_t *decision, delegation_state_t before,
                const char *words)
{
	const agent_t *agent = d->of.awake->parent->agent;
	const delegation_row_t *row = &decision->row;
	char gate[64] = "", line[1024], next[TEXT_LOG_LINE];

	if (row->gate != DELEGATION_GATE_NONE) {
		snprintf(gate, sizeof(gate), ", waits (%s)", delegation_gate_name(row->gate));
	}
	const int priority = priority_of(decision);
	snprintf(line, sizeof(line), "zone %s, delegation %s: %s%s%s%s: %s", d->of.awake->parent->name, agent->row.name,
	         decision->transition ? delegation_state_name(before) : "", decision->transition ? " -> " : "",
	         delegation_state_name(row->state), gate, words);
	if (priority <= LOG_WARNING) {
		const bool fits = strlen(agent->row.name) < TEXT_LOG_LINE / 3;
		snprintf(next, sizeof(next), "; run kskroll delegation %s", fits ? agent->row.name : "NAME");
		text_end(line, TEXT_LOG_LINE, next);
	}
	agent_log(agent, priority, "%s", line);
}

/* Error reports. */

/*! Two in a row, then ever more rarely (RFC 10026 5.1). */
static time_t until_next_report(unsigned reports)
{
	const unsigned shift = reports < 2 ? 0 : reports - 2;

	return reports < 2 ? 0 : REPORT_PAUSE << (shift < 8 ? shift : 8);
}

/*! The child's operator learns of what is in the way, if the child has named where (RFC 9859 4.3, RFC 9567). */
static void report_error(turn_t *turn, const delegation_decision_t *decision, time_t now)
{
	const delegation_t *d = turn->d;
	const agent_t *agent = d->of.awake->parent->agent;
	awake_t *awake = d->of.awake;
	const delegation_gate_info_t *gate = delegation_gate_info(decision->row.gate);
	knot_dname_storage_t domain, report;
	dns_t *dns = agent->env.dns(agent->env.arg);

	if (decision->row.gate == DELEGATION_GATE_NONE) {
		awake->reports = 0;
		return;
	}
	if (!d->of.awake->parent->settings.report_errors || gate->ede == 0 || awake->report_agent[0] == '\0' ||
	    dns == NULL || now < awake->report_after || (!decision->gate_changed && awake->reports >= 2)) {
		return;
	}
	if (knot_dname_from_str(domain, awake->report_agent, sizeof(domain)) == NULL) {
		return;
	}
	knot_dname_to_lower(domain);
	if (!error_report_allowed(domain, &turn->ns) ||
	    !error_report_name(d->of.awake->name, KNOT_RRTYPE_CDS, gate->ede, domain, report)) {
		return;
	}
	if (error_report_send(dns, report)) {
		awake->reports += awake->reports < UINT8_MAX;
		awake->report_after = now + until_next_report(awake->reports);
		agent_log(agent, LOG_INFO, "zone %s, delegation %s: reported to %s: extended error %u",
		          d->of.awake->parent->name, agent->row.name, awake->report_agent, gate->ede);
	}
}

/*! \return False: nothing more is decided in this turn. */
static bool decide_once(turn_t *turn, const delegation_config_t *config, time_t now)
{
	delegation_t *d = turn->d;
	awake_t *awake = d->of.awake;
	delegation_decision_t decision;
	char words[512];

	const delegation_row_t *row = &awake->row;
	const delegation_state_t before = row->state;
	delegation_decide(config, row, &turn->facts, now, &decision);
	words_of(&decision, &turn->facts, now, words, sizeof(words));
	if (!save(turn, &decision, before, words, now)) {
		awake->unwritten = true;
		return false;
	}
	awake->unwritten = false;
	awake->row = decision.row;
	if (decision.row.notified == turn->facts.notified) {
		awake->followed = turn->notified;
	}
	count(d);
	if (decision.transition || decision.gate_changed) {
		say(d, &decision, before, words);
	}
	report_error(turn, &decision, now);
	if (decision.order.action != DELEGATION_DO_NOTHING) {
		awake->outcome = DELEGATION_OUTCOME_RUNNING;
		awake->outcome_detail[0] = '\0';
		if (!orders_add(d, &decision.order, &turn->ns, &turn->ds)) {
			awake->outcome = DELEGATION_OUTCOME_FAILED;
			text_copy(awake->outcome_detail, sizeof(awake->outcome_detail),
			          awake->order != NULL ? "the primary has not answered yet" : "not enough memory");
		}
	}
	return delegation_goes_on(&turn->facts, now, &decision);
}

/*! An order of which this process knows nothing is one in doubt (order_fate.h). */
static void settle(turn_t *turn, const delegation_config_t *config, time_t now)
{
	delegation_t *d = turn->d;
	awake_t *awake = d->of.awake;
	const delegation_row_t *row = &awake->row;
	const delegation_order_t order = { .action = order_action(row->state), .put = row->put, .ttl = row->put_ttl };
	const order_doubt_t doubt = order_in_doubt(config, row, &turn->facts.zone.ds, awake->outcome,
	                                           awake->outcome_detail[0] != '\0', now);

	if (doubt == ORDER_KNOWN || awake->order != NULL || turn->ns.count == 0) {
		return;
	}
	if (orders_add(d, &order, &turn->ns, &turn->ds)) {
		const bool made = doubt == ORDER_MADE;
		awake->order->doubt = true;
		awake->order->made = made;
		awake->outcome = turn->facts.outcome = made ? DELEGATION_OUTCOME_DONE : DELEGATION_OUTCOME_RUNNING;
	}
}

/*! \return A time after that of the last one that was followed, if there is one that this turn can follow. */
static time_t notified_at(const turn_t *turn, time_t now)
{
	const awake_t *awake = turn->d->of.awake;
	const time_t last = awake->row.notified;

	return turn->notified == awake->followed ? last : now > last ? now : last + 1;
}

/*! What the child wants, if the module of this server rolls it. */
static delegation_ttl_t ttl_wanted(const agent_t *agent, const delegation_t *d)
{
	knot_dname_txt_storage_t name;

	return agent->env.ttl == NULL || knot_dname_to_str(name, d->of.awake->name, sizeof(name)) == NULL ?
	               DELEGATION_TTL_FREE :
	               agent->env.ttl(name, agent->env.arg);
}

void turn_conclude(turn_t *turn)
{
	delegation_t *d = turn->d;
	agent_t *agent = d->of.awake->parent->agent;
	awake_t *awake = d->of.awake;
	delegation_config_t config;

	parent_config(d->of.awake->parent, d, &config);
	const time_t now = agent_now_of(agent, &awake->row);
	settle(turn, &config, now);
	turn->facts.notified = notified_at(turn, now);
	turn->facts.ttl = ttl_wanted(agent, d);
	write_evidence(turn, &config, &awake->row, now, agent->row.answers, sizeof(agent->row.answers));
	for (unsigned i = 0; i < DELEGATION_DECISIONS_MAX && decide_once(turn, &config, now); i++) {
	}
}
