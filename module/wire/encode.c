/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing: a frame that does not fit is taken back as a whole. */

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <libknot/errcode.h>

#include "bytes.h"
#include "wire.h"

typedef struct {
	wire_out_t *out;
	size_t at;
	bool full;
} writer_t;

static void put(writer_t *w, const void *data, size_t len)
{
	if (w->out->data == NULL) {
		w->at += len;
	} else if (w->full || len > w->out->size - w->at) {
		w->full = true;
	} else {
		memcpy(w->out->data + w->at, data, len);
		w->at += len;
	}
}

static void put_number(writer_t *w, uint64_t value, size_t bytes)
{
	uint8_t data[8];

	for (size_t i = 0; i < bytes; i++) {
		data[i] = value >> (8 * (bytes - 1 - i));
	}
	put(w, data, bytes);
}

static void put_u8(writer_t *w, uint8_t value)
{
	put_number(w, value, 1);
}

static void put_u32(writer_t *w, uint32_t value)
{
	put_number(w, value, 4);
}

static void put_u64(writer_t *w, uint64_t value)
{
	put_number(w, value, 8);
}

/*! NULL is kept apart from "": a length of 0 instead of 1. */
static void put_text(writer_t *w, const char *text)
{
	const size_t len = text != NULL ? strlen(text) + 1 : 0;
	put_u32(w, len);
	put(w, text != NULL ? text : "", len);
}

static void put_addr(writer_t *w, const struct sockaddr_storage *addr)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;

	if (addr->ss_family == AF_INET) {
		put_u8(w, 4);
		put_number(w, ntohs(v4->sin_port), 2);
		put(w, &v4->sin_addr, sizeof(v4->sin_addr));
	} else {
		assert(addr->ss_family == AF_INET6);
		put_u8(w, 6);
		put_number(w, ntohs(v6->sin6_port), 2);
		put(w, &v6->sin6_addr, sizeof(v6->sin6_addr));
		put_u32(w, v6->sin6_scope_id);
	}
}

static void put_addrs(writer_t *w, const dns_addrs_t *addrs)
{
	put_u32(w, addrs->count);
	for (size_t i = 0; i < addrs->count; i++) {
		put_addr(w, &addrs->addr[i]);
	}
}

static void put_id(writer_t *w, wire_id_t id)
{
	put_u32(w, id.slot);
	put_u32(w, id.serial);
}

static void put_array(writer_t *w, const uint64_t *values, size_t count)
{
	put_u32(w, count);
	for (size_t i = 0; i < count; i++) {
		put_u64(w, values[i]);
	}
}

static writer_t begin(wire_out_t *out, wire_type_t type)
{
	writer_t w = { .out = out, .at = out->len };
	put_u32(&w, 0);
	put_u8(&w, type);
	return w;
}

static bool end(writer_t *w)
{
	wire_out_t *out = w->out;
	const size_t len = w->at - out->len;

	if (w->full || len > WIRE_FRAME_MAX) {
		return false;
	}
	if (out->data != NULL) {
		writer_t head = { .out = out, .at = out->len };
		put_u32(&head, len - 4);
	}
	out->len = w->at;
	return true;
}

bool wire_put_hello(wire_out_t *out, const wire_hello_t *hello)
{
	writer_t w = begin(out, WIRE_HELLO);
	put_u32(&w, MAGIC);
	put_u32(&w, hello->pid);
	put_text(&w, hello->version);
	return end(&w);
}

bool wire_put_settings(wire_out_t *out, const global_settings_t *settings)
{
	writer_t w = begin(out, WIRE_SETTINGS);
	put_addrs(&w, &settings->resolver);
	put_text(&w, settings->trust_anchor);
	put_text(&w, settings->root_hints);
	put_text(&w, settings->storage);
	put_text(&w, settings->key_database);
	put_text(&w, settings->keymgr);
	put_text(&w, settings->epp_accounts);
	put_u8(&w, settings->loopback);
	put_u32(&w, settings->parent_rate);
	put_u32(&w, settings->scan_rate);
	put_u32(&w, settings->max_rolling);
	put_u32(&w, settings->max_rolling_parent);
	put_u8(&w, settings->notify_receive);
	put_addrs(&w, &settings->notify_listen);
	put_u8(&w, settings->report_receive);
	return end(&w);
}

bool wire_put_where(wire_out_t *out, const wire_where_t *where)
{
	writer_t w = begin(out, WIRE_WHERE);
	put_text(&w, where->control);
	put_addrs(&w, &where->dns);
	return end(&w);
}

static void put_update(writer_t *w, const dns_addrs_t *primary, const update_key_t *key)
{
	put_addrs(w, primary);
	put_text(w, key->name);
	put_u8(w, key->algorithm);
	put_number(w, key->secret_len, 2);
	put(w, key->secret != NULL ? key->secret : (const uint8_t *)"", key->secret_len);
}

static void put_delegations(writer_t *w, const instance_settings_t *settings)
{
	const delegation_config_t *d = &settings->delegation;
	const uint32_t numbers[] = {
		d->ds_max,
		d->hold_down,
		d->scan_interval,
		d->scan_interval_notifying,
		d->check_interval,
		d->retry,
		d->unreachable_after,
		d->ds_ttl,
		d->ds_ttl_hold,
		d->ds_ttl_base,
		d->verify,
		d->bogus_limit,
		settings->batch,
	};
	const bool flags[] = {
		settings->rollover,      d->report_only, d->locked, d->bootstrap, d->remove, d->undo,
		settings->report_errors,
	};

	for (size_t i = 0; i < SIZE(numbers); i++) {
		put_u32(w, numbers[i]);
	}
	for (size_t i = 0; i < SIZE(flags); i++) {
		put_u8(w, flags[i]);
	}
	put_u8(w, settings->delegations);
	put_u8(w, d->apply);
	put_u8(w, d->accept);
	put_text(w, settings->locked);
	put_text(w, settings->report_agent);
	put_update(w, &settings->update_primary, &settings->update_key);
}

bool wire_put_zone_settings(wire_out_t *out, uint32_t number, const instance_settings_t *settings)
{
	const rollover_config_t *c = &settings->config;
	const uint32_t times[] = {
		c->ksk_lifetime,
		c->spread,
		c->ttl,
		c->lead,
		c->observe,
		c->settle,
		c->check_interval,
		c->ds_check_interval,
		c->unreachable_after,
		c->bogus_limit,
		c->zone_ttl,
		c->notify_again,
		c->dnskey_refresh,
		c->ds_ttl,
		c->via,
	};
	const bool flags[] = {
		c->go_insecure,
		c->dry_run,
		c->hold,
		c->observe_only,
		settings->csk_wanted,
		settings->ttl_of_soa,
		settings->require_secure_dsync,
		settings->base_publishes,
		settings->base_always,
		settings->knot_lifetime,
		c->manual,
	};

	writer_t w = begin(out, WIRE_ZONE_SETTINGS);
	put_u32(&w, number);
	for (size_t i = 0; i < SIZE(times); i++) {
		put_u32(&w, times[i]);
	}
	put_u64(&w, c->caches_expired);
	for (size_t i = 0; i < SIZE(flags); i++) {
		put_u8(&w, flags[i]);
	}
	put_u8(&w, settings->algorithm_wanted);
	put_text(&w, c->observe_reason);
	put_addrs(&w, &settings->nameserver);
	put_addrs(&w, &settings->parent);
	put_addrs(&w, &settings->validator);
	put_text(&w, settings->policy);
	put_text(&w, settings->no_start);
	put_text(&w, settings->start_window);
	put_text(&w, settings->start_dates);
	put_delegations(&w, settings);
	put_update(&w, &settings->parent_primary, &settings->parent_key);
	put_text(&w, settings->parent_epp);
	return end(&w);
}

void wire_renumber(uint8_t *frame, uint32_t number)
{
	wire_out_t out = { .data = frame, .size = WIRE_HEADER + 4 };
	writer_t w = { .out = &out, .at = WIRE_HEADER };
	assert(frame[4] == WIRE_ZONE_SETTINGS);
	put_u32(&w, number);
}

bool wire_put_zone_settings_gone(wire_out_t *out, uint32_t number)
{
	writer_t w = begin(out, WIRE_ZONE_SETTINGS_GONE);
	put_u32(&w, number);
	return end(&w);
}

bool wire_put_attach(wire_out_t *out, const wire_attach_t *attach)
{
	writer_t w = begin(out, WIRE_ATTACH);
	put_id(&w, attach->id);
	put_u32(&w, attach->settings);
	put_text(&w, attach->zone);
	return end(&w);
}

bool wire_put_detach(wire_out_t *out, wire_id_t id)
{
	writer_t w = begin(out, WIRE_DETACH);
	put_id(&w, id);
	return end(&w);
}

bool wire_put_notified(wire_out_t *out, const wire_notified_t *notified)
{
	writer_t w = begin(out, WIRE_NOTIFIED);
	put_text(&w, notified->child);
	put_text(&w, notified->source);
	put_text(&w, notified->report_agent);
	return end(&w);
}

bool wire_put_reported(wire_out_t *out, const wire_reported_t *reported)
{
	writer_t w = begin(out, WIRE_REPORTED);
	put_text(&w, reported->name);
	put_text(&w, reported->agent);
	put_text(&w, reported->source);
	put_number(&w, reported->type, 2);
	put_number(&w, reported->ede, 2);
	return end(&w);
}

bool wire_put_log(wire_out_t *out, const wire_log_t *log)
{
	const size_t max = WIRE_ANSWER_MAX - WIRE_HEADER - 1 - 4 - 1;
	const size_t len = strnlen(log->text, max);

	writer_t w = begin(out, WIRE_LOG);
	put_u8(&w, log->priority);
	put_u32(&w, len + 1);
	put(&w, log->text, len);
	put_u8(&w, 0);
	return end(&w);
}

bool wire_put_numbers(wire_out_t *out, const wire_numbers_t *numbers)
{
	const zone_numbers_t *n = &numbers->numbers;

	writer_t w = begin(out, WIRE_NUMBERS);
	put_id(&w, numbers->id);
	put_u8(&w, n->state);
	put_u8(&w, n->gate);
	put_u64(&w, n->state_seconds);
	put_u64(&w, n->next_check_seconds);
	put_u32(&w, n->dnskey_ttl);
	put_u32(&w, n->ds_ttl);
	put_u64(&w, n->counts.surveys);
	put_u64(&w, n->counts.queries);
	put_u64(&w, n->counts.steps);
	put_u64(&w, n->counts.alarms);
	return end(&w);
}

bool wire_put_totals(wire_out_t *out, const process_totals_t *t)
{
	const delegation_totals_t *d = &t->delegations;
	writer_t w = begin(out, WIRE_TOTALS);
	put_u64(&w, t->zones);
	put_array(&w, t->state, SIZE(t->state));
	put_array(&w, t->gate, SIZE(t->gate));
	put_u64(&w, t->counts.surveys);
	put_u64(&w, t->counts.queries);
	put_u64(&w, t->counts.steps);
	put_u64(&w, t->counts.alarms);
	put_array(&w, t->answers, SIZE(t->answers));
	put_array(&w, t->watches, SIZE(t->watches));
	put_array(&w, t->notifies, SIZE(t->notifies));
	put_u8(&w, t->no_route[0]);
	put_u8(&w, t->no_route[1]);
	put_u64(&w, d->zones);
	put_u64(&w, d->delegations);
	put_array(&w, d->state, SIZE(d->state));
	put_array(&w, d->gate, SIZE(d->gate));
	put_u64(&w, d->scans);
	put_u64(&w, d->surveys);
	put_u64(&w, d->queries);
	put_u64(&w, d->changes);
	put_u64(&w, d->undos);
	put_u64(&w, d->restores);
	put_u64(&w, d->notified);
	put_u64(&w, d->ignored);
	put_u64(&w, t->reports);
	put_u64(&w, t->reports_ignored);
	return end(&w);
}
