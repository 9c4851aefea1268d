/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the row of a delegation means for a human, and its JSON. */

#include <stdio.h>
#include <string.h>

#include "delegation_view.h"

/*! As for zones. */
#define OVERDUE (4 * 3600)

bool delegation_gone(const store_delegation_t *d)
{
	return d->gone != 0;
}

bool delegation_overdue(const options_t *o, const delegation_row_t *row)
{
	/* In rest and suspended not every check is written. */
	return row->state != DELEGATION_REST && row->state != DELEGATION_SUSPENDED &&
	       o->now > row->next_check + OVERDUE;
}

bool delegation_lasts(const options_t *o, const delegation_row_t *row)
{
	return row->gate != DELEGATION_GATE_NONE && row->gate_until <= o->now && row->gate_since != 0 &&
	       o->now - row->gate_since >= (time_t)o->after;
}

bool delegation_blocked(const options_t *o, const delegation_row_t *row)
{
	const delegation_gate_info_t *info = delegation_gate_info(row->gate);

	switch (info->severity) {
	case DELEGATION_ALARM:
		return true;
	case DELEGATION_WARNING:
		return info->actor == DELEGATION_ACTOR_PARENT || delegation_lasts(o, row) || delegation_overdue(o, row);
	case DELEGATION_NOTICE:
		return delegation_lasts(o, row) || delegation_overdue(o, row);
	default:
		return delegation_overdue(o, row);
	}
}

void delegation_count(delegation_sums_t *sums, const options_t *o, const store_delegation_t *d)
{
	if (delegation_gone(d)) {
		return;
	}
	const bool blocked = delegation_blocked(o, &d->row);
	sums->all++;
	sums->state[d->row.state]++;
	sums->gate[d->row.gate]++;
	sums->blocked += blocked;
	sums->blocked_at[d->row.gate] += blocked;
}

color_t color_of_delegation(const options_t *o, const delegation_row_t *row)
{
	const delegation_gate_info_t *info = delegation_gate_info(row->gate);

	return info->severity == DELEGATION_ALARM     ? COLOR_RED :
	       delegation_blocked(o, row)             ? COLOR_RED :
	       info->actor != DELEGATION_ACTOR_NOBODY ? COLOR_YELLOW :
	                                                COLOR_GREEN;
}

const char *text_ds(char out[TEXT_DS], const ds_record_t *ds)
{
	int len = snprintf(out, TEXT_DS, "%u %u %u ", ds->tag, ds->algorithm, ds->digest_type);
	for (unsigned i = 0; i < ds->digest_len && i < DELEGATION_DIGEST_MAX; i++) {
		len += snprintf(out + len, TEXT_DS - len, "%02x", ds->digest[i]);
	}
	return out;
}

const char *next_record(const char **at, char *out, size_t len)
{
	const char *p = *at + strspn(*at, ", ");
	const size_t n = strcspn(p, ",");

	*at = p + n;
	snprintf(out, len, "%.*s", (int)n, p);
	return n > 0 ? out : NULL;
}

const char *text_records(char *out, size_t len, const char *records, unsigned digits)
{
	char one[160];
	size_t used = 0;

	out[0] = '\0';
	for (const char *at = records; next_record(&at, one, sizeof(one)) != NULL && used < len;) {
		char *digest = strrchr(one, ' ');
		const bool cut = digest != NULL && strlen(digest + 1) > digits;
		if (cut) {
			digest[1 + digits] = '\0';
		}
		used += snprintf(out + used, len - used, "%s%s%s", used > 0 ? ", " : "", one, cut ? "..." : "");
	}
	return out;
}

const char *text_at(char out[TEXT_AT], const char *gate, const char *server)
{
	const size_t len = strlen(gate);
	const bool said = len > 3 && strcmp(gate + len - 3, "-at") == 0;

	snprintf(out, TEXT_AT, "%s%s", server[0] == '\0' ? "" : said ? " " : " at ", server);
	return out;
}

typedef struct {
	char *cds;
	bool any;
	bool differ;
} asked_t;

static void same_cds(const evidence_seen_t *s, void *arg)
{
	asked_t *a = arg;

	if (s->part != EVIDENCE_CHILD || strcmp(s->status, "ok") != 0) {
		return;
	}
	if (!a->any) {
		snprintf(a->cds, EVIDENCE_DS, "%s", s->cds);
	}
	a->differ = a->differ || strcmp(a->cds, s->cds) != 0;
	a->any = true;
}

void delegation_asked(const store_delegation_t *d, char out[EVIDENCE_DS])
{
	static evidence_judged_t judged;
	asked_t asked = { .cds = out };
	char one[160];
	unsigned algorithm;

	out[0] = '\0';
	if (!evidence_judged(d->answers, &judged) || judged.cut || strcmp(judged.verdict, "reject") != 0) {
		return;
	}
	evidence_delegation_each(d->answers, same_cds, &asked);
	bool wrong = asked.differ || strcmp(out, judged.zone_ds) == 0;
	for (const char *at = out; !wrong && next_record(&at, one, sizeof(one)) != NULL;) {
		/* The delete signal is no DS. */
		wrong = sscanf(one, "%*u %3u", &algorithm) != 1 || algorithm == 0;
	}
	if (wrong) {
		out[0] = '\0';
	}
}

const char *mode_name(unsigned mode)
{
	static const char *const names[] = { "off", "report", "update" };
	return mode < sizeof(names) / sizeof(names[0]) ? names[mode] : "unknown";
}

const char *load_name(unsigned load)
{
	static const char *const names[] = { "unknown", "keeps", "reverts", "secondary" };
	return load < sizeof(names) / sizeof(names[0]) ? names[load] : "unknown";
}

/* JSON. */

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void json_set(const char *name, const ds_set_t *set)
{
	char text[TEXT_DS];

	json_open(json, name, '[');
	for (unsigned i = 0; i < set->count; i++) {
		json_string(json, NULL, text_ds(text, &set->record[i]));
	}
	json_close(json, ']');
}

static void json_gate(const delegation_row_t *row)
{
	const delegation_gate_info_t *info = delegation_gate_info(row->gate);

	json_open(json, "gate", '{');
	json_string(json, "code", info->name);
	json_string(json, "about", or_null(row->gate_about));
	json_string(json, "detail", or_null(row->gate_detail));
	json_time(json, "since", row->gate_since);
	json_time(json, "until", row->gate_until);
	json_string(json, "severity", delegation_severity_name(info->severity));
	json_string(json, "meaning", info->meaning);
	json_string(json, "advice", info->advice);
	json_close(json, '}');
}

void delegation_json(const options_t *o, const store_delegation_t *d, const char *name, bool whole)
{
	const delegation_row_t *row = &d->row;

	json_open(json, name, '{');
	json_string(json, "zone", d->zone);
	json_string(json, "name", d->name);
	json_string(json, "state", delegation_state_name(row->state));
	json_string(json, "state_meaning", delegation_state_info(row->state)->meaning);
	json_time(json, "since", row->since);
	json_gate(row);
	json_string(json, "actor", delegation_actor_name(delegation_gate_info(row->gate)->actor));
	json_bool(json, "blocked", !delegation_gone(d) && delegation_blocked(o, row));
	json_time(json, "checked", d->checked);
	json_time(json, "next_check", row->next_check);
	json_bool(json, "overdue", !delegation_gone(d) && delegation_overdue(o, row));
	json_time(json, "gone", d->gone);
	json_set("put", &row->put);
	if (row->may_undo) {
		json_set("before", &row->before);
	}
	json_number(json, "ttl_normal", row->ttl_normal);
	json_number(json, "ttl_low", row->ttl_low);
	json_time(json, "all_since", row->all_since);
	json_time(json, "secure_since", row->secure_since);
	json_time(json, "back_since", row->back_since);
	json_time(json, "notified", row->notified);
	json_time(json, "undone", row->undone_at);
	json_time(json, "manual", row->manual);
	if (whole) {
		output_stored("answers", json_read(d->answers));
	}
	json_close(json, '}');
}

void delegation_event_json(const store_delegation_event_t *e)
{
	json_open(json, NULL, '{');
	json_time(json, "time", e->time);
	json_string(json, "zone", e->zone);
	json_string(json, "name", e->name);
	json_string(json, "from", delegation_state_name(e->from));
	json_string(json, "to", delegation_state_name(e->to));
	json_string(json, "gate", delegation_gate_name(e->gate));
	json_string(json, "text", or_null(e->text));
	output_stored("evidence", json_read(e->evidence));
	json_close(json, '}');
}
