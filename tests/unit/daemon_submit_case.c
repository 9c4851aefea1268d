/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon_submit_case.h"

/*! The clock of the loop is so much faster than that of the world. */
#define SPEED 50

uint64_t __real_uv_now(const uv_loop_t *loop);
uint64_t __wrap_uv_now(const uv_loop_t *loop);
int __real_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);

uint64_t __wrap_uv_now(const uv_loop_t *loop)
{
	return __real_uv_now(loop) * SPEED;
}

int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
	return __real_uv_timer_start(timer, cb, (timeout + SPEED - 1) / SPEED, repeat);
}

static case_t *the;

/* What is said and kept. */
unsigned lines, stored, rows, counted[NOTIFY__COUNT];
char line[1024];
bool store_fails;
unsigned agent_asked;
uint32_t agent_low = 600;
bool agent_restores = true;

void outbox_log(outbox_t *box, int priority, const char *fmt, ...)
{
	va_list list;

	(void)box, (void)priority;
	va_start(list, fmt);
	vsnprintf(line, sizeof(line), fmt, list);
	va_end(list);
	lines++;
}

void numbers_notify(numbers_t *numbers, notify_status_t status)
{
	(void)numbers;
	counted[status]++;
}

void numbers_publish(env_t *env, entry_t *entry)
{
	(void)env, (void)entry;
}

bool record_notification(zone_t *zone, const notify_result_t *result)
{
	(void)zone, (void)result;
	stored++;
	return true;
}

bool record_row(zone_t *zone)
{
	(void)zone;
	rows++;
	return !store_fails;
}

int notify_start(dns_t *dns, const notify_request_t *request, notify_done_f done, void *arg, notify_t **notify)
{
	(void)dns, (void)request, (void)done, (void)arg, (void)notify;
	fail();
	return KNOT_ENOMEM;
}

void notify_cancel(notify_t *notify)
{
	assert_null(notify);
}

void notify_free(notify_result_t *result)
{
	(void)result;
}

bool dns_cds_removes(const knot_rdataset_t *cds)
{
	return cds->count == 1 && cds->rdata->data[2] == 0;
}

entry_t *zones_find(const zones_t *zones, const char *name)
{
	(void)zones;
	return strcmp(name, the->zone.name) == 0 ? &the->entry : NULL;
}

/*! \a asleep: its row is in the store alone. */
zone_t *zone_get(env_t *env, entry_t *entry)
{
	(void)env;
	entry->zone = &the->zone;
	return entry->zone;
}

bool record_load(zone_t *zone)
{
	if (the->asleep && !store_fails) {
		the->asleep = false;
		zone->kept.row = the->in_store;
	}
	return !store_fails;
}

void zone_ref(zone_t *zone)
{
	zone->refs++;
}

void zone_unref(zone_t *zone)
{
	assert_true(zone->refs-- > 0);
}

void zone_wake(env_t *env, entry_t *entry)
{
	(void)env;
	assert_ptr_equal(entry, &the->entry);
	the->woken++;
}

agent_ttl_t parental_ttl(const env_t *env, const char *child, uint32_t before)
{
	(void)env;
	assert_int_equal(before, the->zone.kept.row.ds_ttl_low);
	assert_string_equal(child, the->zone.name);
	return (agent_ttl_t){ .low = agent_low, .restores = agent_restores };
}

void parental_ttl_wanted(env_t *env, const char *child)
{
	(void)env;
	assert_string_equal(child, the->zone.name);
	agent_asked++;
}

store_t *writer_store(const writer_t *writer)
{
	return (store_t *)(uintptr_t)writer;
}

const char *store_error(const store_t *store)
{
	(void)store;
	return "";
}

void report_notify_line(char *out, size_t len, const notify_result_t *r)
{
	snprintf(out, len, "%s %s %s", notify_status_name(r->status), r->server, r->detail);
}

dns_t *resources_dns(const env_t *env)
{
	return (dns_t *)env;
}

static void on_done(zone_t *zone, bool check)
{
	assert_ptr_equal(zone, &the->zone);
	the->done++;
	the->check = check;
}

void submit_case_add(knot_rdataset_t *set, uint8_t tag, uint8_t digest_type)
{
	const uint8_t data[] = { 0, tag, digest_type == 0 ? 0 : 13, digest_type, 0xab, 0xcd };
	knot_rdata_t *rdata = malloc(knot_rdata_size(sizeof(data)));

	knot_rdata_init(rdata, sizeof(data), data);
	assert_int_equal(knot_rdataset_add(set, rdata, NULL), KNOT_EOK);
	free(rdata);
}

int submit_case_begin(void **state)
{
	case_t *c = calloc(1, sizeof(*c));

	memset(counted, 0, sizeof(counted));
	lines = stored = rows = 0;
	store_fails = false;
	uv_loop_init(&c->env.uv);
	c->zone.env = &c->env;
	c->zone.entry = &c->entry;
	c->entry.zone = &c->zone;
	c->zone.name = "child.example.";
	c->zone.dname = knot_dname_from_str(c->name, "child.example.", sizeof(c->name));
	c->zone.settings = &c->settings;
	c->zone.gathered = &c->gathered;
	c->settings.rollover = true;
	c->settings.config.via = PARENT_VIA_UPDATE;
	c->settings.parent_primary.addr = calloc(1, sizeof(struct sockaddr_storage));
	c->settings.parent_primary.count = 1;
	assert_int_equal(addr_parse("192.0.2.1@53", c->settings.parent_primary.addr), KNOT_EOK);
	c->settings.parent_key = (update_key_t){ .name = "k.", .secret = (const uint8_t *)"s", .secret_len = 1 };
	c->gathered.survey = &c->survey;
	c->survey.parent = c->parent;
	c->survey.parent_count = 2;
	c->parent[0].ds_ttl = 1800;
	c->parent[1].ds_ttl = 7200;
	c->survey.ds_agreed = true;
	snprintf(c->survey.parent_zone, sizeof(c->survey.parent_zone), "example.");
	submit_case_add(&c->survey.ds, 1, 2);
	submit_case_add(&c->survey.delegated_to, 9, 2);
	submit_case_add(&c->gathered.cds, 2, 2);
	*state = the = c;
	return 0;
}

int submit_case_end(void **state)
{
	case_t *c = *state;

	if (announce_is_busy(&c->zone)) {
		announce_cancel(&c->zone);
	}
	uv_run(&c->env.uv, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&c->env.uv), 0);
	knot_rdataset_clear(&c->survey.ds, NULL);
	knot_rdataset_clear(&c->survey.delegated_to, NULL);
	knot_rdataset_clear(&c->gathered.cds, NULL);
	free(c->settings.parent_primary.addr);
	free(c);
	return 0;
}

/*! The machine says so. \return Whether something is under way. */
bool submit_case_decide(case_t *c, bool notify, time_t notified)
{
	rollover_decision_t d = { .notify = notify };

	d.row.notified = c->zone.kept.row.notified = notified;
	return announce_upon(&c->zone, &d, on_done);
}

bool submit_case_decision(case_t *c, const rollover_decision_t *d)
{
	rollover_row_t *row = &c->zone.kept.row;
	const time_t submitted = row->submitted;
	char id[sizeof(row->submitted_id)];

	memcpy(id, row->submitted_id, sizeof(id));
	*row = d->row;
	row->submitted = submitted; /* The machine leaves these alone. */
	memcpy(row->submitted_id, id, sizeof(id));
	return announce_upon(&c->zone, d, on_done);
}

bool submit_case_want_ttl(case_t *c, uint32_t before, bool back, bool asks)
{
	rollover_decision_t d = { .row = { .ds_ttl_before = before, .ds_ttl_low = 300, .ds_ttl_back = back } };

	d.ds_ttl = asks ? rollover_ds_ttl_wanted(&d.row) : 0;
	const bool sent = submit_case_decision(c, &d);
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	return sent;
}

rollover_facts_t submit_case_facts(const case_t *c)
{
	rollover_facts_t facts = { 0 };

	announce_facts(&c->zone, &facts);
	return facts;
}
