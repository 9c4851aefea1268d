/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading: a cursor that cannot run over. After a failure everything reads as nothing. */

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <libknot/errcode.h>

#include "bytes.h"
#include "wire.h"

typedef struct {
	const uint8_t *data;
	size_t left;
	int ret;
} reader_t;

static const uint8_t *take(reader_t *r, size_t len)
{
	if (r->ret != KNOT_EOK || len > r->left) {
		r->ret = r->ret != KNOT_EOK ? r->ret : KNOT_EMALF;
		r->left = 0;
		return NULL;
	}
	const uint8_t *data = r->data;
	r->data += len;
	r->left -= len;
	return data;
}

static uint64_t get_number(reader_t *r, size_t bytes)
{
	const uint8_t *data = take(r, bytes);
	uint64_t value = 0;
	for (size_t i = 0; data != NULL && i < bytes; i++) {
		value = value << 8 | data[i];
	}
	return value;
}

static uint8_t get_u8(reader_t *r)
{
	return get_number(r, 1);
}

static uint32_t get_u32(reader_t *r)
{
	return get_number(r, 4);
}

static uint64_t get_u64(reader_t *r)
{
	return get_number(r, 8);
}

static void malformed(reader_t *r)
{
	if (r->ret == KNOT_EOK) {
		r->ret = KNOT_EMALF;
	}
}

static bool get_bool(reader_t *r)
{
	uint8_t value = get_u8(r);
	if (value > 1) {
		malformed(r);
	}
	return value == 1;
}

/*! A number below \a count. */
static unsigned get_below(reader_t *r, unsigned count)
{
	uint8_t value = get_u8(r);
	if (value >= count) {
		malformed(r);
		return 0;
	}
	return value;
}

/*! \return NULL if there was none. */
static const char *get_text(reader_t *r)
{
	const size_t len = get_u32(r);
	const uint8_t *data = take(r, len);
	if (data == NULL || len == 0) {
		return NULL;
	}
	if (memchr(data, 0, len) != data + len - 1) {
		malformed(r);
		return NULL;
	}
	return (const char *)data;
}

/*! One that must be there. */
static const char *get_words(reader_t *r)
{
	const char *text = get_text(r);
	if (text == NULL) {
		malformed(r);
		return "";
	}
	return text;
}

static void get_addr(reader_t *r, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	const uint8_t family = get_u8(r);
	const uint16_t port = get_number(r, 2);
	const uint8_t *addr = take(r, family == 4 ? sizeof(v4->sin_addr) : sizeof(v6->sin6_addr));

	memset(out, 0, sizeof(*out));
	if (addr == NULL || (family != 4 && family != 6)) {
		malformed(r);
	} else if (family == 4) {
		out->ss_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, addr, sizeof(v4->sin_addr));
	} else {
		out->ss_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, addr, sizeof(v6->sin6_addr));
		v6->sin6_scope_id = get_u32(r);
	}
}

/*! Allocated, also after a failure: the caller frees them. */
static void get_addrs(reader_t *r, dns_addrs_t *out)
{
	const size_t count = get_u32(r);

	out->addr = NULL;
	out->count = 0;
	if (r->ret != KNOT_EOK || count == 0) {
		return;
	}
	/* What cannot be there is not allocated. */
	if (count > r->left / ADDR_V4) {
		malformed(r);
		return;
	}
	out->addr = calloc(count, sizeof(*out->addr));
	if (out->addr == NULL) {
		r->ret = KNOT_ENOMEM;
		return;
	}
	out->count = count;
	for (size_t i = 0; i < count; i++) {
		get_addr(r, &out->addr[i]);
	}
}

static wire_id_t get_id(reader_t *r)
{
	wire_id_t id = { .slot = get_u32(r) };
	id.serial = get_u32(r);
	return id;
}

static void get_array(reader_t *r, uint64_t *values, size_t count)
{
	if (get_u32(r) != count) {
		malformed(r);
	}
	for (size_t i = 0; i < count; i++) {
		values[i] = get_u64(r);
	}
}

int wire_next(const uint8_t *data, size_t len, size_t max, wire_frame_t *frame)
{
	assert(frame != NULL && (data != NULL || len == 0));

	reader_t r = { .data = data, .left = len };
	memset(frame, 0, sizeof(*frame));
	const size_t rest = get_u32(&r);
	if (r.ret != KNOT_EOK) {
		return KNOT_EAGAIN;
	}
	if (rest < 1 || rest > max - 4) {
		return KNOT_EMALF;
	}
	frame->whole = rest + 4;
	if (len < frame->whole) {
		return KNOT_EAGAIN;
	}
	frame->type = data[4];
	frame->data = data + WIRE_HEADER;
	frame->len = rest - 1;
	return KNOT_EOK;
}

static reader_t read_frame(const wire_frame_t *frame, wire_type_t type)
{
	return (reader_t){ .data = frame->data,
		           .left = frame->len,
		           .ret = frame->type == type ? KNOT_EOK : KNOT_EMALF };
}

static int finish(reader_t *r)
{
	if (r->left > 0) {
		malformed(r);
	}
	return r->ret;
}

int wire_get_hello(const wire_frame_t *frame, wire_hello_t *out)
{
	reader_t r = read_frame(frame, WIRE_HELLO);
	if (get_u32(&r) != MAGIC) {
		malformed(&r);
	}
	out->pid = get_u32(&r);
	out->version = get_words(&r);
	return finish(&r);
}

int wire_get_settings(const wire_frame_t *frame, global_settings_t *out)
{
	reader_t r = read_frame(frame, WIRE_SETTINGS);
	get_addrs(&r, &out->resolver);
	out->trust_anchor = get_text(&r);
	out->root_hints = get_text(&r);
	out->storage = get_words(&r);
	out->key_database = get_words(&r);
	out->keymgr = get_text(&r);
	out->epp_accounts = get_text(&r);
	out->loopback = get_bool(&r);
	out->parent_rate = get_u32(&r);
	out->scan_rate = get_u32(&r);
	out->max_rolling = get_u32(&r);
	out->max_rolling_parent = get_u32(&r);
	out->notify_receive = get_bool(&r);
	get_addrs(&r, &out->notify_listen);
	out->report_receive = get_bool(&r);
	int ret = finish(&r);
	if (ret != KNOT_EOK) {
		wire_free_settings(out);
	}
	return ret;
}

void wire_free_settings(global_settings_t *settings)
{
	addrs_clear(&settings->resolver);
	addrs_clear(&settings->notify_listen);
}

int wire_get_where(const wire_frame_t *frame, wire_where_t *out)
{
	reader_t r = read_frame(frame, WIRE_WHERE);
	out->control = get_words(&r);
	get_addrs(&r, &out->dns);
	int ret = finish(&r);
	if (ret != KNOT_EOK) {
		wire_free_where(out);
	}
	return ret;
}

void wire_free_where(wire_where_t *where)
{
	addrs_clear(&where->dns);
}

static void get_update(reader_t *r, dns_addrs_t *primary, update_key_t *key)
{
	get_addrs(r, primary);
	key->name = get_text(r);
	key->algorithm = get_u8(r);
	key->secret_len = get_number(r, 2);
	key->secret = take(r, key->secret_len);
}

static void get_delegations(reader_t *r, instance_settings_t *out)
{
	delegation_config_t *d = &out->delegation;
	uint32_t *const numbers[] = {
		&d->ds_max,
		&d->hold_down,
		&d->scan_interval,
		&d->scan_interval_notifying,
		&d->check_interval,
		&d->retry,
		&d->unreachable_after,
		&d->ds_ttl,
		&d->ds_ttl_hold,
		&d->ds_ttl_base,
		&d->verify,
		&d->bogus_limit,
		&out->batch,
	};
	bool *const flags[] = {
		&out->rollover, &d->report_only, &d->locked, &d->bootstrap, &d->remove, &d->undo, &out->report_errors,
	};

	for (size_t i = 0; i < SIZE(numbers); i++) {
		*numbers[i] = get_u32(r);
	}
	for (size_t i = 0; i < SIZE(flags); i++) {
		*flags[i] = get_bool(r);
	}
	out->delegations = get_below(r, DELEGATIONS_UPDATE + 1);
	d->apply = get_below(r, DELEGATION_BY_UPDATE + 1);
	d->accept = get_below(r, DELEGATION_ACCEPT_CDNSKEY + 1);
	out->locked = get_text(r);
	out->report_agent = get_text(r);
	get_update(r, &out->update_primary, &out->update_key);
}

int wire_get_zone_settings(const wire_frame_t *frame, uint32_t *number, instance_settings_t *out)
{
	rollover_config_t *c = &out->config;
	uint32_t via;
	uint32_t *const times[] = {
		&c->ksk_lifetime,
		&c->spread,
		&c->ttl,
		&c->lead,
		&c->observe,
		&c->settle,
		&c->check_interval,
		&c->ds_check_interval,
		&c->unreachable_after,
		&c->bogus_limit,
		&c->zone_ttl,
		&c->notify_again,
		&c->dnskey_refresh,
		&c->ds_ttl,
		&via,
	};
	bool *const flags[] = {
		&c->go_insecure,
		&c->dry_run,
		&c->hold,
		&c->observe_only,
		&out->csk_wanted,
		&out->ttl_of_soa,
		&out->require_secure_dsync,
		&out->base_publishes,
		&out->base_always,
		&out->knot_lifetime,
		&c->manual,
	};

	memset(out, 0, sizeof(*out));
	reader_t r = read_frame(frame, WIRE_ZONE_SETTINGS);
	*number = get_u32(&r);
	for (size_t i = 0; i < SIZE(times); i++) {
		*times[i] = get_u32(&r);
	}
	if (via >= PARENT_VIA__COUNT) {
		malformed(&r);
	}
	c->via = via;
	c->caches_expired = get_u64(&r);
	for (size_t i = 0; i < SIZE(flags); i++) {
		*flags[i] = get_bool(&r);
	}
	out->algorithm_wanted = get_u8(&r);
	const char *reason = get_words(&r);
	if (strlen(reason) >= sizeof(c->observe_reason)) {
		malformed(&r);
	} else {
		strcpy(c->observe_reason, reason);
	}
	get_addrs(&r, &out->nameserver);
	get_addrs(&r, &out->parent);
	get_addrs(&r, &out->validator);
	out->policy = get_words(&r);
	out->no_start = get_text(&r);
	out->start_window = get_text(&r);
	out->start_dates = get_text(&r);
	get_delegations(&r, out);
	get_update(&r, &out->parent_primary, &out->parent_key);
	out->parent_epp = get_text(&r);
	int ret = finish(&r);
	if (ret != KNOT_EOK) {
		wire_free_zone_settings(out);
	}
	return ret;
}

void wire_free_zone_settings(instance_settings_t *settings)
{
	addrs_clear(&settings->nameserver);
	addrs_clear(&settings->parent);
	addrs_clear(&settings->validator);
	addrs_clear(&settings->update_primary);
	addrs_clear(&settings->parent_primary);
}

int wire_get_zone_settings_gone(const wire_frame_t *frame, uint32_t *number)
{
	reader_t r = read_frame(frame, WIRE_ZONE_SETTINGS_GONE);
	*number = get_u32(&r);
	return finish(&r);
}

int wire_get_attach(const wire_frame_t *frame, wire_attach_t *out)
{
	reader_t r = read_frame(frame, WIRE_ATTACH);
	out->id = get_id(&r);
	out->settings = get_u32(&r);
	out->zone = get_words(&r);
	return finish(&r);
}

int wire_get_detach(const wire_frame_t *frame, wire_id_t *id)
{
	reader_t r = read_frame(frame, WIRE_DETACH);
	*id = get_id(&r);
	return finish(&r);
}

int wire_get_notified(const wire_frame_t *frame, wire_notified_t *out)
{
	reader_t r = read_frame(frame, WIRE_NOTIFIED);
	out->child = get_words(&r);
	out->source = get_words(&r);
	out->report_agent = get_words(&r);
	return finish(&r);
}

int wire_get_reported(const wire_frame_t *frame, wire_reported_t *out)
{
	reader_t r = read_frame(frame, WIRE_REPORTED);
	out->name = get_words(&r);
	out->agent = get_words(&r);
	out->source = get_words(&r);
	out->type = get_number(&r, 2);
	out->ede = get_number(&r, 2);
	return finish(&r);
}

int wire_get_log(const wire_frame_t *frame, wire_log_t *out)
{
	reader_t r = read_frame(frame, WIRE_LOG);
	out->priority = get_below(&r, LOG_DEBUG + 1);
	out->text = get_words(&r);
	/* What is worse than an error is knotd's to say, and goes to all terminals. */
	return out->priority < LOG_ERR ? KNOT_EMALF : finish(&r);
}

int wire_get_numbers(const wire_frame_t *frame, wire_numbers_t *out)
{
	zone_numbers_t *n = &out->numbers;

	reader_t r = read_frame(frame, WIRE_NUMBERS);
	out->id = get_id(&r);
	n->state = get_below(&r, ROLLOVER_STATE__COUNT);
	n->gate = get_below(&r, GATE__COUNT);
	n->state_seconds = get_u64(&r);
	n->next_check_seconds = get_u64(&r);
	n->dnskey_ttl = get_u32(&r);
	n->ds_ttl = get_u32(&r);
	n->counts.surveys = get_u64(&r);
	n->counts.queries = get_u64(&r);
	n->counts.steps = get_u64(&r);
	n->counts.alarms = get_u64(&r);
	return finish(&r);
}

int wire_get_totals(const wire_frame_t *frame, process_totals_t *t)
{
	delegation_totals_t *d = &t->delegations;
	reader_t r = read_frame(frame, WIRE_TOTALS);
	t->zones = get_u64(&r);
	get_array(&r, t->state, SIZE(t->state));
	get_array(&r, t->gate, SIZE(t->gate));
	t->counts.surveys = get_u64(&r);
	t->counts.queries = get_u64(&r);
	t->counts.steps = get_u64(&r);
	t->counts.alarms = get_u64(&r);
	get_array(&r, t->answers, SIZE(t->answers));
	get_array(&r, t->watches, SIZE(t->watches));
	get_array(&r, t->notifies, SIZE(t->notifies));
	t->no_route[0] = get_bool(&r);
	t->no_route[1] = get_bool(&r);
	d->zones = get_u64(&r);
	d->delegations = get_u64(&r);
	get_array(&r, d->state, SIZE(d->state));
	get_array(&r, d->gate, SIZE(d->gate));
	d->scans = get_u64(&r);
	d->surveys = get_u64(&r);
	d->queries = get_u64(&r);
	d->changes = get_u64(&r);
	d->undos = get_u64(&r);
	d->restores = get_u64(&r);
	d->notified = get_u64(&r);
	d->ignored = get_u64(&r);
	t->reports = get_u64(&r);
	t->reports_ignored = get_u64(&r);
	return finish(&r);
}
