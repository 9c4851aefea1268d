/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <syslog.h>

#include "loop.h"
#include "messages.h"
#include "zone.h"
#include "zone_turn.h"

#define TRIM_MS 600000

/* Zones and their instances. */

int loop_zone_settings(loop_t *loop, uint32_t number, const instance_settings_t *settings)
{
	assert(loop && settings);

	return instances_settings_add(&loop->env.instances, number, settings);
}

void loop_zone_settings_gone(loop_t *loop, uint32_t number)
{
	instances_settings_remove(&loop->env.instances, number);
}

/*! \return The zone's entry, perhaps a new one; NULL if there is no memory. */
static entry_t *get_entry(env_t *env, const char *zone)
{
	entry_t *entry = zones_find(&env->zones, zone);

	if (entry == NULL && schedule_reserve(&env->schedule, env->zones.count + 1)) {
		entry = zones_add(&env->zones, zone);
		if (entry != NULL) {
			numbers_enter(&env->numbers, entry);
		}
	}
	return entry;
}

int loop_attach(loop_t *loop, wire_id_t id, const char *zone, uint32_t number)
{
	env_t *env = &loop->env;

	int ret = instances_reserve(&env->instances, id, number);
	if (ret != KNOT_EOK) {
		return ret;
	}
	entry_t *entry = get_entry(env, zone);
	if (entry == NULL) {
		return KNOT_ENOMEM;
	}
	const zone_settings_t *before = instances_settings(&env->instances, entry);
	instances_add(&env->instances, id, entry, number);
	check_loaded(entry);
	const bool others = zone_instance_changed(env, entry, before);
	if (loop->running) {
		if (others) {
			parental_zone(env, entry);
		}
		numbers_publish(env, entry);
		/* A reload of a hundred thousand zones at rest with the same settings is no reason to check them. */
		if (entry->kept == NULL || others) {
			zone_wake(env, entry);
		}
	}
	return KNOT_EOK;
}

void loop_detach(loop_t *loop, wire_id_t id)
{
	env_t *env = &loop->env;

	entry_t *entry = instances_find(&env->instances, id);
	if (entry == NULL) {
		return;
	}
	const zone_settings_t *before = instances_settings(&env->instances, entry);
	instances_remove(&env->instances, id);
	if (instances_settings(&env->instances, entry) != NULL) {
		if (zone_instance_changed(env, entry, before) && loop->running) {
			parental_zone(env, entry);
			zone_wake(env, entry);
		}
		return;
	}
	parental_zone_gone(env, entry->name);
	zones_remove(&env->zones, entry);
	schedule_remove(&env->schedule, entry);
	numbers_resumed(&env->numbers, entry);
	numbers_leave(&env->numbers, entry);
	zone_end(entry);
}

/* Start and settings. */

/*! What changes with the time. Those at rest say it at their checks. */
static void publish(zone_t *zone)
{
	if (zone->kept.row.state != ROLLOVER_IDLE) {
		numbers_publish(zone->env, zone->entry);
	}
}

static void say_clock_was_set(env_t *env, int64_t ms)
{
	outbox_log(env->out, LOG_WARNING,
	           "the clock was set %s by %lld s: waits continue by the time that really passed",
	           ms > 0 ? "forward" : "back", (llabs((long long)ms) + 500) / 1000);
}

static void on_timer(uv_timer_t *timer)
{
	env_t *env = &((loop_t *)timer->data)->env;

	const int64_t step = clocks_step(&env->clocks);
	if (step != 0) {
		say_clock_was_set(env, step);
	}
	resources_open_again(env);
	if (resources_outdated(env)) {
		return;
	}
	forget_gone(env);
	(void)writer_flush(&env->writer);
	zone_each(env, publish);
	parental_totals(env);
	numbers_send(env);
}

/*!
 * The resolvers of validation come and go, with 6 MB each in small blocks. What others allocate between them keeps
 * glibc from returning these pages by itself.
 */
static void on_trim(uv_timer_t *timer)
{
	(void)timer;
	(void)malloc_trim(0);
}

static void wake_soon(entry_t *entry, void *arg)
{
	env_t *env = arg;
	schedule_soon(&env->schedule, entry);
	parental_zone(env, entry);
}

static int wake_active(const char *name, void *arg)
{
	env_t *env = arg;

	entry_t *entry = zones_find(&env->zones, name);
	if (entry != NULL) {
		if (instances_settings(&env->instances, entry)->rollover) {
			numbers_resume(&env->numbers, entry);
		}
		zone_wake(env, entry);
	}
	return KNOT_EOK;
}

/*! Works as soon as knotd runs and the settings are known. */
static void begin(loop_t *loop)
{
	env_t *env = &loop->env;

	if (loop->running || !resources_known(env)) {
		return;
	}
	clocks_start(&env->clocks);
	resources_open(env);
	loop->running = true;
	uv_timer_start(&loop->timer, on_timer, 0, 1000);
	uv_timer_start(&loop->trim, on_trim, TRIM_MS, TRIM_MS);
	zones_each(&env->zones, wake_soon, env);
	/* Rollovers first: with a configuration file their policies have gone with the restart. */
	if (writer_store(&env->writer) != NULL) {
		(void)store_active(writer_store(&env->writer), wake_active, env);
	}
}

int loop_settings(loop_t *loop, const global_settings_t *settings)
{
	assert(loop && settings);

	int ret = resources_settings(&loop->env, settings);
	if (ret == KNOT_EOK) {
		accounts_reloaded(&loop->env);
		parental_settings(&loop->env);
		begin(loop);
	}
	return ret;
}

int loop_server_is_at(loop_t *loop, const server_where_t *where)
{
	assert(loop && where && where->control);

	int ret = resources_where(&loop->env, where);
	if (ret == KNOT_EOK) {
		parental_where(&loop->env);
		begin(loop);
	}
	return ret;
}

void loop_notified(loop_t *loop, const wire_notified_t *notified)
{
	if (loop->running) {
		(void)parental_notified(&loop->env, notified->child, notified->report_agent);
	}
}

void loop_reported(loop_t *loop, const wire_reported_t *reported)
{
	if (loop->running) {
		error_reports_take(&loop->env, reported);
	}
}

bool loop_is_outdated(const loop_t *loop)
{
	return resources_outdated(&loop->env);
}

/* The loop itself. */

loop_t *loop_new(outbox_t *out, int broker)
{
	assert(out);

	loop_t *loop = calloc(1, sizeof(*loop));
	if (loop == NULL) {
		return NULL;
	}
	env_t *env = &loop->env;
	if (!zones_init(&env->zones) || uv_loop_init(&env->uv) != 0) {
		zones_free(&env->zones);
		free(loop);
		return NULL;
	}
	env->out = out;
	resources_init(&env->resources, broker);
	writer_init(&env->writer, out);
	accounts_init(&env->accounts, messages_take);
	schedule_init(&env->schedule, &env->uv, zone_turn, env);
	uv_timer_init(&env->uv, &loop->timer);
	loop->timer.data = loop;
	uv_timer_init(&env->uv, &loop->trim);
	return loop;
}

void loop_stop(loop_t *loop)
{
	env_t *env = &loop->env;
	wire_id_t id;

	loop->stopping = true;
	schedule_stop(&env->schedule);
	for (uint32_t slot = 0; instances_first(&env->instances, slot, &id); slot = id.slot + 1) {
		loop_detach(loop, id);
	}
	parental_stop(env);
	accounts_close(env);
	resources_close(env);
	parental_close(env);
	uv_close((uv_handle_t *)&loop->timer, NULL);
	uv_close((uv_handle_t *)&loop->trim, NULL);
}

void loop_free(loop_t *loop)
{
	if (loop == NULL) {
		return;
	}
	env_t *env = &loop->env;
	assert(loop->stopping);
	uv_loop_close(&env->uv);
	parental_free(env);
	resources_free(&env->resources);
	instances_free(&env->instances);
	zones_free(&env->zones);
	schedule_free(&env->schedule);
	free(loop);
}
