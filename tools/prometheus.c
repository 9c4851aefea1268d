/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text format of Prometheus, for the textfile collector of its node exporter. All samples of a metric
 * stand together, so each metric gathers its own text while the zones go by.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "delegation_view.h"

typedef enum {
	METRIC_STATE,
	METRIC_STATE_SECONDS,
	METRIC_GATE,
	METRIC_GATE_SECONDS,
	METRIC_DNSKEY_TTL,
	METRIC_DS_TTL,
	METRIC_LAST_CHECK,
	METRIC_UNREACHABLE,
	METRIC_NOTIFICATION,
	METRIC_UNINFORMED,
	METRIC_SUBMITTED,
	METRIC_DS_TTL_RESTORE,
	METRIC_REPORTS,
	METRIC_DELEGATIONS,
	METRIC_SECURE,
	METRIC_DELEGATION_STATE,
	METRIC_DELEGATION_BLOCKED,
	METRIC_PARENT_TROUBLE,
	METRIC_ZONES,
	METRIC_RUNNING,
	METRIC__COUNT
} metric_t;

static const struct {
	const char *name;
	const char *help;
	/* clang-format off */
} infos[METRIC__COUNT] = {
	[METRIC_STATE] = { "kskroll_zone_state", "State of the zone's KSK rollover: 1 for the one it is in." },
	[METRIC_STATE_SECONDS] = { "kskroll_zone_state_seconds", "Time since the state was entered." },
	[METRIC_GATE] = { "kskroll_zone_gate", "What the zone waits for, and who must act: 1 for the one it waits at." },
	[METRIC_GATE_SECONDS] = { "kskroll_zone_gate_seconds", "Time for which the zone has waited at its gate." },
	[METRIC_DNSKEY_TTL] = { "kskroll_zone_dnskey_ttl_seconds", "Largest DNSKEY TTL that caches may hold." },
	[METRIC_DS_TTL] = { "kskroll_zone_ds_ttl_seconds", "Largest TTL of a DS other than the new one that caches may hold." },
	[METRIC_LAST_CHECK] = { "kskroll_zone_last_check_timestamp_seconds", "Last check of the zone that was written to the store." },
	[METRIC_UNREACHABLE] = { "kskroll_server_unreachable", "1 for a server of the zone or its parent that did not answer at the last check." },
	[METRIC_NOTIFICATION] = { "kskroll_zone_notification", "Channel of the zone to its parent, and outcome of the last notification: 1 for that one." },
	[METRIC_UNINFORMED] = { "kskroll_zone_uninformed_seconds", "Time in await-ds without that DNS UPDATE or EPP has brought the DS to the parent." },
	[METRIC_SUBMITTED] = { "kskroll_zone_submitted_seconds", "Time since a change of the DS was sent to the parent whose outcome is not known." },
	[METRIC_DS_TTL_RESTORE] = { "kskroll_zone_ds_ttl_restore_seconds", "Time for which the parent has been asked to restore the TTL of the DS, and does not have it yet." },
	[METRIC_REPORTS] = { "kskroll_zone_error_reports", "Error reports about the zone (RFC 9567) that the store has. Nobody has proven them." },
	[METRIC_DELEGATIONS] = { "kskroll_parent_delegations", "Delegations of the parent zone." },
	[METRIC_SECURE] = { "kskroll_parent_secure", "Delegations of the parent zone with DS." },
	[METRIC_DELEGATION_STATE] = { "kskroll_parent_state", "Delegations of the parent zone that are in this state." },
	[METRIC_DELEGATION_BLOCKED] = { "kskroll_parent_blocked", "Delegations of the parent zone that need a human, by gate and by who must act." },
	[METRIC_PARENT_TROUBLE] = { "kskroll_parent_trouble", "1 if nothing can be done for the delegations of the parent zone at the moment." },
	[METRIC_ZONES] = { "kskroll_zones", "Zones in the store." },
	[METRIC_RUNNING] = { "kskroll_daemon_running", "1 while kskrolld runs, else 0: no zone is checked." },
};
/* clang-format on */

struct prometheus {
	char *text[METRIC__COUNT];
	size_t len[METRIC__COUNT];
	FILE *out[METRIC__COUNT];
	unsigned zones;
};

prometheus_t *prometheus_new(void)
{
	prometheus_t *p = memory_need(calloc(1, sizeof(*p)));
	for (int i = 0; i < METRIC__COUNT; i++) {
		p->out[i] = memory_need(open_memstream(&p->text[i], &p->len[i]));
	}
	return p;
}

/*! A stream in memory need not remember that something did not fit (glibc of Debian sid): each write is asked. */
static void put(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(FILE *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const int len = vfprintf(out, format, args);
	va_end(args);
	if (len < 0) {
		memory_none();
	}
}

static void label(FILE *out, char before, const char *name, const char *value)
{
	put(out, "%c%s=\"", before, name);
	for (const char *c = value; *c != '\0'; c++) {
		switch (*c) {
		case '\\':
			put(out, "\\\\");
			break;
		case '"':
			put(out, "\\\"");
			break;
		case '\n':
			put(out, "\\n");
			break;
		default:
			put(out, "%c", *c);
		}
	}
	put(out, "\"");
}

/*! Begins a sample. \return Where the other labels and the value go. */
static FILE *sample(prometheus_t *p, metric_t metric, const char *zone)
{
	FILE *out = p->out[metric];
	put(out, "%s", infos[metric].name);
	label(out, '{', "zone", zone);
	return out;
}

static void number(prometheus_t *p, metric_t metric, const char *zone, int64_t value)
{
	put(sample(p, metric, zone), "} %" PRId64 "\n", value);
}

static int64_t age(const options_t *o, time_t since)
{
	return o->now > since ? o->now - since : 0;
}

typedef struct {
	prometheus_t *p;
	const char *zone;
} servers_t;

static void server(const evidence_answer_t *answer, void *arg)
{
	servers_t *s = arg;
	if (answer->unreachable_since != 0) {
		FILE *out = sample(s->p, METRIC_UNREACHABLE, s->zone);
		label(out, ',', "server", answer->server);
		put(out, "} 1\n");
	}
}

/*! How the DS gets to the parent. */
static void channel(prometheus_t *p, const options_t *o, const store_zone_t *z)
{
	const rollover_row_t *row = &z->row;
	char status[64];

	if (z->configured && json_text(json_member(json_read(z->notification), "status"), status, sizeof(status))) {
		FILE *out = sample(p, METRIC_NOTIFICATION, z->zone);
		label(out, ',', "via", settings_via(&z->config));
		label(out, ',', "status", status);
		put(out, "} 1\n");
	}
	/* Other channels may rightly inform nobody: the parent scans, or the operator acts. */
	const bool carries = z->config.via == PARENT_VIA_UPDATE || z->config.via == PARENT_VIA_EPP;
	if (z->configured && carries && row->state == ROLLOVER_AWAIT_DS && row->notified == 0) {
		number(p, METRIC_UNINFORMED, z->zone, age(o, row->since));
	}
	if (row->submitted != 0) {
		number(p, METRIC_SUBMITTED, z->zone, age(o, row->submitted));
	}
	if (row->ds_ttl_before != 0 && row->ds_ttl_back) {
		number(p, METRIC_DS_TTL_RESTORE, z->zone, age(o, row->ds_ttl_asked));
	}
}

void prometheus_zone(prometheus_t *p, const options_t *o, store_t *store, const store_zone_t *z)
{
	const rollover_row_t *row = &z->row;

	p->zones++;
	FILE *out = sample(p, METRIC_STATE, z->zone);
	label(out, ',', "state", rollover_state_name(row->state));
	put(out, "} 1\n");
	number(p, METRIC_STATE_SECONDS, z->zone, age(o, row->since));

	out = sample(p, METRIC_GATE, z->zone);
	label(out, ',', "gate", rollover_gate_info(row->gate)->name);
	label(out, ',', "actor", rollover_actor_name(advice_actor(o, row)));
	put(out, "} 1\n");
	if (row->gate != GATE_NONE) {
		number(p, METRIC_GATE_SECONDS, z->zone, age(o, row->gate_since));
	}
	/* What is not known has no sample: 0 would be a TTL. */
	if (row->dnskey_ttl.count > 0) {
		number(p, METRIC_DNSKEY_TTL, z->zone, ttl_window_max(&row->dnskey_ttl, o->now));
	}
	if (row->ds_ttl.count > 0) {
		number(p, METRIC_DS_TTL, z->zone, ttl_window_max(&row->ds_ttl, o->now));
	}
	if (z->checked != 0) {
		number(p, METRIC_LAST_CHECK, z->zone, z->checked);
	}
	servers_t s = { .p = p, .zone = z->zone };
	evidence_each(z->answers, server, &s);
	channel(p, o, z);
	/* Also without any: the first ones are an increase. */
	number(p, METRIC_REPORTS, z->zone, error_reports_count(store, z->zone));
}

typedef struct {
	const options_t *o;
	delegation_sums_t sums;
} counting_t;

static int count_delegation(const store_delegation_t *d, void *arg)
{
	counting_t *c = arg;
	delegation_count(&c->sums, c->o, d);
	return 0;
}

int prometheus_parent(prometheus_t *p, const options_t *o, store_t *store, const store_parent_t *parent)
{
	counting_t c = { .o = o };
	const int ret = store_delegations(store, parent->zone, false, count_delegation, &c);
	if (ret != KNOT_EOK) {
		return ret;
	}
	number(p, METRIC_DELEGATIONS, parent->zone, (int64_t)parent->delegations);
	number(p, METRIC_SECURE, parent->zone, (int64_t)parent->secure);
	number(p, METRIC_PARENT_TROUBLE, parent->zone, parent->trouble[0] != '\0');
	/* A count of 0 has a sample: a sum over states does not lose its zone. */
	for (int i = 0; i < DELEGATION_STATE__COUNT; i++) {
		FILE *out = sample(p, METRIC_DELEGATION_STATE, parent->zone);
		label(out, ',', "state", delegation_state_name(i));
		put(out, "} %zu\n", c.sums.state[i]);
	}
	for (int i = 0; i < DELEGATION_GATE__COUNT; i++) {
		if (c.sums.blocked_at[i] > 0) {
			FILE *out = sample(p, METRIC_DELEGATION_BLOCKED, parent->zone);
			label(out, ',', "gate", delegation_gate_name(i));
			label(out, ',', "actor", delegation_actor_name(delegation_gate_info(i)->actor));
			put(out, "} %zu\n", c.sums.blocked_at[i]);
		}
	}
	return KNOT_EOK;
}

void prometheus_end(prometheus_t *p, store_alive_t alive)
{
	put(p->out[METRIC_ZONES], "%s %u\n", infos[METRIC_ZONES].name, p->zones);
	if (alive != STORE_ALIVE_UNKNOWN) {
		put(p->out[METRIC_RUNNING], "%s %d\n", infos[METRIC_RUNNING].name, alive == STORE_ALIVE_YES);
	}
	for (int i = 0; i < METRIC__COUNT; i++) {
		/* It is made shorter at the end, which may fail without a word. */
		if (fclose(p->out[i]) != 0 || p->text[i] == NULL) {
			memory_none();
		}
		if (p->len[i] > 0) {
			printf("# HELP %s %s\n# TYPE %s gauge\n", infos[i].name, infos[i].help, infos[i].name);
			fwrite(p->text[i], 1, p->len[i], stdout);
		}
		free(p->text[i]);
	}
	free(p);
}
