/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What knotd has loaded, and the life of the loop.
 */

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "loop.h"

/*!
 * From one first check to the next after a start. knotd has its zones to load at the same time, and both take processor
 * time.
 */
#define FIRST_CHECK_MS 4

/*! No table gets larger, whatever number is asked for. */
#define TABLE_MAX (1 << 26)

struct engine {
	loop_t loop;
	engine_out_t out;
	settings_t *settings; /*!< NULL: not told yet. */
	bool confined;        /*!< To the files of its first settings. */
	bool has_where;
	server_where_t where;  /*!< Its texts and addresses are ours. */
	instance_t *instances; /*!< By place. */
	uint32_t instance_count;
	zone_settings_t **numbered; /*!< Settings of zones, by number; NULL: not in use. */
	uint32_t numbered_count;
};

/* Log and numbers. */

void engine_log(engine_t *engine, int priority, const char *fmt, ...)
{
	char message[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	engine->out.log(engine->out.arg, priority, message);
}

void engine_publish(engine_t *engine, const entry_t *entry, const engine_numbers_t *numbers)
{
	for (uint32_t at = entry->instance; at != 0; at = engine->instances[at - 1].next) {
		const engine_id_t id = { .slot = at - 1, .serial = engine->instances[at - 1].serial };
		engine->out.numbers(engine->out.arg, id, numbers);
	}
}

/* Zones and their instances. */

const zone_settings_t *engine_settings_of(engine_t *engine, const entry_t *entry)
{
	assert(entry->instance != 0);
	return engine->instances[entry->instance - 1].settings;
}

/*! The settings of the newest instance count. */
static void instances_changed(engine_t *engine, entry_t *entry)
{
	if (entry->zone != NULL) {
		entry->zone->settings = engine_settings_of(engine, entry);
		fit_forget(entry->zone);
	}
}

/*! \return The table with room for that place, zeroed; NULL if there is no memory, and the table is as before. */
static void *room_for(void *table, uint32_t *count, size_t size, uint32_t place)
{
	if (place < *count) {
		return table;
	}
	if (place >= TABLE_MAX) {
		return NULL;
	}
	const uint32_t wanted = place + place / 4 + 64;
	char *larger = realloc(table, wanted * size);
	if (larger != NULL) {
		memset(larger + *count * size, 0, (wanted - *count) * size);
		*count = wanted;
	}
	return larger;
}

int engine_zone_settings(engine_t *engine, uint32_t number, const engine_zone_settings_t *from)
{
	assert(engine && from);

	void *table = room_for(engine->numbered, &engine->numbered_count, sizeof(*engine->numbered), number);
	if (table == NULL) {
		return KNOT_ENOMEM;
	}
	engine->numbered = table;
	if (engine->numbered[number] != NULL) {
		return KNOT_EINVAL;
	}
	engine->numbered[number] = zone_settings_copy(from);
	return engine->numbered[number] != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

void engine_zone_settings_gone(engine_t *engine, uint32_t number)
{
	if (number < engine->numbered_count) {
		zone_settings_put(engine->numbered[number]);
		engine->numbered[number] = NULL;
	}
}

/*!
 * Puts a new instance into its zone's list. The order is that in which they were loaded, whatever order they come in.
 */
static void list_add(engine_t *engine, entry_t *entry, uint32_t slot)
{
	uint32_t *at = &entry->instance;
	while (*at != 0 && (int32_t)((engine->instances[*at - 1].serial - engine->instances[slot].serial) << 1) > 0) {
		at = &engine->instances[*at - 1].next;
	}
	engine->instances[slot].next = *at;
	*at = slot + 1;
}

int engine_attach(engine_t *engine, engine_id_t id, const char *zone, uint32_t settings)
{
	loop_t *loop = &engine->loop;

	if (settings >= engine->numbered_count || engine->numbered[settings] == NULL) {
		return KNOT_EINVAL;
	}
	void *table = room_for(engine->instances, &engine->instance_count, sizeof(*engine->instances), id.slot);
	if (table == NULL) {
		return KNOT_ENOMEM;
	}
	engine->instances = table;
	instance_t *instance = &engine->instances[id.slot];
	if (instance->entry != NULL) {
		return KNOT_EINVAL;
	}
	entry_t *entry = zones_find(loop, zone);
	if (entry == NULL && (entry = zones_add(loop, zone)) == NULL) {
		return KNOT_ENOMEM;
	}
	const zone_settings_t *before = entry->instance != 0 ? engine_settings_of(engine, entry) : NULL;
	*instance = (instance_t){ .entry = entry, .settings = engine->numbered[settings], .serial = id.serial };
	instance->settings->refs++;
	list_add(engine, entry, id.slot);
	entry->catalog_member = false;
	instances_changed(engine, entry);
	if (loop->running) {
		zone_publish(loop, entry);
		/* A reload of a hundred thousand zones at rest with the same settings is no reason to check them. */
		if (entry->kept == NULL || before != instance->settings) {
			wake_now(loop, entry);
		}
	}
	return KNOT_EOK;
}

static void instance_free(instance_t *instance)
{
	zone_settings_put(instance->settings);
	*instance = (instance_t){ .entry = NULL };
}

void engine_detach(engine_t *engine, engine_id_t id)
{
	instance_t *instance = id.slot < engine->instance_count ? &engine->instances[id.slot] : NULL;
	if (instance == NULL || instance->entry == NULL || instance->serial != id.serial) {
		return;
	}
	entry_t *entry = instance->entry;
	uint32_t *at = &entry->instance;
	while (*at != id.slot + 1) {
		at = &engine->instances[*at - 1].next;
	}
	*at = instance->next;
	if (entry->instance == 0) {
		zones_remove(&engine->loop, entry);
	} else {
		instances_changed(engine, entry);
	}
	instance_free(instance);
}

/* Start, settings, totals, end. */

static void totals(loop_t *loop)
{
	for (zone_t *z = loop->awake; z != NULL; z = z->next) {
		if (z->kept.row.state != ROLLOVER_IDLE) {
			zone_publish(loop, z->entry);
		}
	}
	loop->engine->out.totals(loop->engine->out.arg, &loop->totals);
}

static void on_timer(uv_timer_t *timer)
{
	loop_t *loop = timer->data;

	clock_check(loop);
	open_again(loop, loop->engine->settings);
	if (!loop->engine->confined && loop->store != NULL) {
		/*
		 * It could not be opened at first. Threads that are there already are not confined by what comes later.
		 */
		loop->engine->out.again(loop->engine->out.arg);
		return;
	}
	prune(loop);
	(void)write_out(loop);
	totals(loop);
}

/*! Zones at rest, when all of them were loaded at once: in groups, which share connections. */
static void wake_soon(loop_t *loop, entry_t *entry)
{
	wake_in(loop, entry, 1 + loop->queue.count / CHECKING_MAX * CHECKING_MAX * FIRST_CHECK_MS);
}

static int wake_active(const char *name, void *arg)
{
	entry_t *entry = zones_find(arg, name);
	if (entry != NULL) {
		wake_now(arg, entry);
	}
	return KNOT_EOK;
}

/*! Before there is a thread, or a byte from elsewhere. */
static void confine(engine_t *engine)
{
	const settings_t *s = engine->settings;
	const engine_settings_t settings = { .trust_anchor = s->trust_anchor,
		                             .root_hints = s->root_hints,
		                             .storage = s->storage };

	engine->confined = engine->loop.store != NULL;
	if (engine->confined) {
		engine->out.confine(engine->out.arg, &settings);
	}
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_files(const settings_t *a, const settings_t *b)
{
	return same_text(a->storage, b->storage) && same_text(a->trust_anchor, b->trust_anchor) &&
	       same_text(a->root_hints, b->root_hints);
}

/*! Works as soon as knotd runs and the settings are known. */
static void go(engine_t *engine)
{
	loop_t *loop = &engine->loop;

	if (loop->running || !engine->has_where || engine->settings == NULL) {
		return;
	}
	clock_start(loop);
	open_store(loop, engine->settings);
	confine(engine);
	open_dns(loop, engine->settings);
	open_server(loop);
	loop->running = true;
	uv_timer_start(&loop->timer, on_timer, 0, 1000);
	zones_each(loop, wake_soon);
	/* Rollovers first: with a configuration file their policies have gone with the restart. */
	if (loop->store != NULL) {
		(void)store_active(loop->store, wake_active, loop);
	}
}

int engine_settings(engine_t *engine, const engine_settings_t *from)
{
	assert(engine && from);

	settings_t *settings = settings_copy(from);
	if (settings == NULL) {
		return KNOT_ENOMEM;
	}
	const bool again = engine->confined && !same_files(settings, engine->settings);
	settings_free(engine->settings);
	engine->settings = settings;
	if (again) {
		engine->out.again(engine->out.arg);
	} else if (engine->loop.running) {
		open_dns(&engine->loop, settings);
		open_store(&engine->loop, settings);
		open_server(&engine->loop);
	}
	go(engine);
	return KNOT_EOK;
}

static void where_free(server_where_t *where)
{
	free((char *)where->control);
	addrs_clear(&where->dns);
	*where = (server_where_t){ .pid = 0 };
}

void engine_tell_server(engine_t *engine)
{
	if (engine->has_where && engine->loop.server != NULL) {
		server_is_at(engine->loop.server, &engine->where);
	}
}

int engine_server_is_at(engine_t *engine, const server_where_t *from)
{
	assert(engine && from && from->control);

	server_where_t where = { .control = strdup(from->control), .pid = from->pid };
	if (!addrs_copy(&where.dns, &from->dns) || where.control == NULL) {
		where_free(&where);
		return KNOT_ENOMEM;
	}
	where_free(&engine->where);
	engine->where = where;
	engine->has_where = true;
	engine_tell_server(engine);
	go(engine);
	return KNOT_EOK;
}

engine_t *engine_new(const engine_out_t *out)
{
	assert(out && out->log && out->numbers && out->totals && out->confine && out->again);

	engine_t *engine = calloc(1, sizeof(*engine));
	if (engine == NULL) {
		return NULL;
	}
	loop_t *loop = &engine->loop;
	engine->out = *out;
	loop->engine = engine;
	loop->alive = -1;
	loop->bucket_count = 64;
	loop->buckets = calloc(loop->bucket_count, sizeof(*loop->buckets));
	if (loop->buckets == NULL || uv_loop_init(&loop->uv) != 0) {
		free(loop->buckets);
		free(engine);
		return NULL;
	}
	uv_timer_init(&loop->uv, &loop->timer);
	uv_timer_init(&loop->uv, &loop->alarm);
	loop->timer.data = loop;
	loop->alarm.data = loop;
	return engine;
}

uv_loop_t *engine_loop(engine_t *engine)
{
	return &engine->loop.uv;
}

void engine_stop(engine_t *engine)
{
	loop_t *loop = &engine->loop;

	loop->stopping = true;
	for (uint32_t i = 0; i < engine->instance_count; i++) {
		if (engine->instances[i].entry != NULL) {
			engine_detach(engine, (engine_id_t){ .slot = i, .serial = engine->instances[i].serial });
		}
	}
	dns_free(loop->dns);
	loop->dns = NULL;
	server_free(loop->server);
	loop->server = NULL;
	close_store(loop);
	uv_close((uv_handle_t *)&loop->timer, NULL);
	uv_close((uv_handle_t *)&loop->alarm, NULL);
}

void engine_free(engine_t *engine)
{
	if (engine == NULL) {
		return;
	}
	assert(engine->loop.stopping);
	uv_loop_close(&engine->loop.uv);
	for (uint32_t i = 0; i < engine->numbered_count; i++) {
		zone_settings_put(engine->numbered[i]);
	}
	settings_free(engine->settings);
	where_free(&engine->where);
	free(engine->instances);
	free(engine->numbered);
	free(engine->loop.store_path);
	free(engine->loop.buckets);
	free(engine->loop.queue.due);
	free(engine);
}
