/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registry of module instances and the life of the loop thread.
 *
 * load() and unload() of instances only take the registry's lock and leave the instance in the
 * inbox; no memory is needed for that. The loop thread reads the inbox, and takes the lock only to log and to publish
 * numbers: never across I/O, since a commit of ours makes knotd call load() and unload().
 */

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "engine.h"

/*!
 * Notes are read so long after the first one. knotd loads a hundred thousand zones one after the other: read one by one,
 * each would cost it a system call, and both threads a wait for the lock.
 */
#define NOTES_MS	10

/*! From one first look to the next after a start. knotd has its zones to load at the same time, and both take processor time. */
#define FIRST_LOOK_MS	4

/*! A loaded global instance. */
typedef struct instance {
	void *id;
	settings_t *settings;
	engine_log_f log;
	engine_totals_f totals;
	struct instance *next;
} instance_t;

typedef struct engine {
	pthread_t thread;
	struct engine *predecessor;	/*!< Still ending: joined before this one starts. */
	settings_t *settings;		/*!< Those that are in force. */
	/* The inbox, under the lock. */
	engine_zone_t *attached;	/*!< The oldest first, by `next`. */
	engine_zone_t **attached_last;
	engine_zone_t *detached;	/*!< By `all_next`. */
	bool new_settings;
	bool stop;
	loop_t loop;
} engine_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static instance_t *instances;		/*!< Newest first. */
static engine_zone_t *loaded;		/*!< All zone instances, with or without an engine. */
static engine_t *current;
static engine_t *ending;		/*!< Detached while the server went on. */

/* Log and numbers: the only uses of instances from the loop thread. */

void engine_log(struct engine *engine, int priority, const char *fmt, ...)
{
	char message[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);

	pthread_mutex_lock(&lock);
	if (instances != NULL && current == engine) {
		instances->log(instances->id, priority, message);
	}
	pthread_mutex_unlock(&lock);
}

void engine_publish(const entry_t *entry, const engine_numbers_t *numbers)
{
	pthread_mutex_lock(&lock);
	for (engine_zone_t *i = entry->instances; i != NULL; i = i->next) {
		if (i->publish != NULL) {
			i->publish(i->id, numbers);
		}
	}
	pthread_mutex_unlock(&lock);
}

static void publish_totals(engine_t *engine, const engine_totals_t *totals)
{
	pthread_mutex_lock(&lock);
	for (instance_t *i = instances; i != NULL && current == engine; i = i->next) {
		if (i->totals != NULL) {
			i->totals(i->id, totals);
		}
	}
	pthread_mutex_unlock(&lock);
}

/* Zones of the loop thread (zones.c) and their instances. */

static void engine_zone_free(engine_zone_t *instance)
{
	if (instance != NULL) {
		zone_settings_put(instance->settings);
		free(instance);
	}
}

/*! The engine lets go of an instance that is still loaded: the next engine takes it, or its detach frees it. */
static void orphan(engine_zone_t *instance)
{
	pthread_mutex_lock(&lock);
	bool detached = instance->publish == NULL;
	instance->engine = NULL;
	pthread_mutex_unlock(&lock);
	if (detached) {
		engine_zone_free(instance);
	}
}

static void zone_forget(loop_t *loop, entry_t *entry)
{
	while (entry->instances != NULL) {
		engine_zone_t *instance = entry->instances;
		entry->instances = instance->next;
		orphan(instance);
	}
	zones_remove(loop, entry);
}

/*! The settings of the newest instance count. */
static void instances_changed(entry_t *entry)
{
	if (entry->zone != NULL) {
		entry->zone->settings = entry->instances->settings;
		fit_forget(entry->zone);
	}
}

/*! \return False if there is no memory. */
static bool zone_attach(loop_t *loop, engine_zone_t *instance)
{
	entry_t *entry = zones_find(loop, instance->zone);
	if (entry == NULL) {
		entry = zones_add(loop, instance->zone);
		if (entry == NULL) {
			return false;
		}
	}
	const zone_settings_t *before = entry->instances != NULL ? entry->instances->settings : NULL;
	instance->next = entry->instances;
	entry->instances = instance;
	entry->catalog_member = false;
	instances_changed(entry);
	if (loop->running) {
		zone_publish(loop, entry);
		/* A reload of a hundred thousand zones at rest with the same settings is no reason to look at them. */
		if (entry->kept == NULL || before != instance->settings) {
			wake_now(loop, entry);
		}
	}
	return true;
}

/*! Attaches a list of instances; those for which there is no memory are tried again by the timer. */
static void attach_all(loop_t *loop, engine_zone_t *instance, bool again)
{
	for (engine_zone_t *next; instance != NULL; instance = next) {
		next = instance->next;
		if (!zone_attach(loop, instance)) {
			if (!again) {
				engine_log(loop->engine, LOG_ERR, "zone %s, out of memory", instance->zone);
			}
			instance->next = loop->unattached;
			loop->unattached = instance;
		}
	}
}

static void attach_again(loop_t *loop)
{
	engine_zone_t *instance = loop->unattached;
	loop->unattached = NULL;
	attach_all(loop, instance, true);
}

/*! Takes an instance out of a list by `next`, if it is in there. */
static void list_remove(engine_zone_t **at, const engine_zone_t *instance)
{
	while (*at != NULL && *at != instance) {
		at = &(*at)->next;
	}
	if (*at != NULL) {
		*at = instance->next;
	}
}

static void zone_detach(loop_t *loop, engine_zone_t *instance)
{
	entry_t *entry = zones_find(loop, instance->zone);

	list_remove(&loop->unattached, instance);
	if (entry != NULL) {
		list_remove(&entry->instances, instance);
		if (entry->instances == NULL) {
			zone_forget(loop, entry);
		} else {
			instances_changed(entry);
		}
	}
	engine_zone_free(instance);
}

/* Start, settings, totals, end. */

/*! Puts the settings of the newest global instance in force, unless they are. */
static void apply_settings(loop_t *loop)
{
	engine_t *engine = loop->engine;

	pthread_mutex_lock(&lock);
	settings_t *before = engine->settings;
	bool changed = current == engine && instances->settings != before;
	if (changed) {
		engine->settings = instances->settings;
		engine->settings->refs++;
		settings_put(before);
	}
	pthread_mutex_unlock(&lock);
	if (changed) {
		open_dns(loop, engine->settings);
		open_store(loop, engine->settings);
		open_server(loop, engine->settings);
	}
}

static void totals(loop_t *loop)
{
	for (zone_t *z = loop->awake; z != NULL; z = z->next) {
		if (z->kept.row.state != ROLLOVER_IDLE) {
			zone_publish(loop, z->entry);
		}
	}
	publish_totals(loop->engine, &loop->totals);
}

/*! Zones at rest, when all of them were loaded at once: in groups, which share connections. */
static void wake_soon(loop_t *loop, entry_t *entry)
{
	wake_in(loop, entry, 1 + loop->queue.count / LOOKING_MAX * LOOKING_MAX * FIRST_LOOK_MS);
}

static int wake_active(const char *name, void *arg)
{
	entry_t *entry = zones_find(arg, name);
	if (entry != NULL) {
		wake_now(arg, entry);
	}
	return KNOT_EOK;
}

static void on_timer(uv_timer_t *timer)
{
	loop_t *loop = timer->data;

	if (loop->running) {
		clock_check(loop);
		attach_again(loop);
		open_again(loop, loop->engine->settings);
		prune(loop);
		(void)write_out(loop);
		totals(loop);
		return;
	}
	/* A second knotd on the same folder loads us and exits: it must not touch the store. */
	if (!server_running()) {
		return;
	}
	clock_start(loop);
	apply_settings(loop);
	loop->running = true;
	uv_timer_start(timer, on_timer, 1000, 1000);
	zones_each(loop, wake_soon);
	/* Rollovers first: with a configuration file their policies have gone with the restart. */
	if (loop->store != NULL) {
		(void)store_active(loop->store, wake_active, loop);
	}
}

static void stop(loop_t *loop)
{
	loop->stopping = true;
	pthread_mutex_lock(&lock);
	settings_put(loop->engine->settings);
	loop->engine->settings = NULL;
	pthread_mutex_unlock(&lock);
	for (size_t i = 0; i < loop->bucket_count; i++) {
		while (loop->buckets[i] != NULL) {
			zone_forget(loop, loop->buckets[i]);
		}
	}
	while (loop->unattached != NULL) {
		engine_zone_t *instance = loop->unattached;
		loop->unattached = instance->next;
		orphan(instance);
	}
	dns_free(loop->dns);
	loop->dns = NULL;
	server_free(loop->server);
	loop->server = NULL;
	(void)write_out(loop);
	store_close(loop->store);
	loop->store = NULL;
	uv_close((uv_handle_t *)&loop->timer, NULL);
	uv_close((uv_handle_t *)&loop->alarm, NULL);
	uv_close((uv_handle_t *)&loop->notes, NULL);
	uv_close((uv_handle_t *)&loop->inbox, NULL);
}

static void read_inbox(uv_timer_t *timer)
{
	loop_t *loop = timer->data;
	engine_t *engine = loop->engine;

	pthread_mutex_lock(&lock);
	engine_zone_t *attached = engine->attached, *detached = engine->detached;
	bool new_settings = engine->new_settings, end = engine->stop;
	engine->attached = engine->detached = NULL;
	engine->attached_last = &engine->attached;
	engine->new_settings = engine->stop = false;
	pthread_mutex_unlock(&lock);

	/* An instance in both lists was loaded first. */
	attach_all(loop, attached, false);
	for (engine_zone_t *next; detached != NULL; detached = next) {
		next = detached->all_next;
		zone_detach(loop, detached);
	}
	/* Nothing comes after a stop: whoever posts looks whether the engine is the current one. */
	if (end) {
		stop(loop);
	} else if (new_settings && loop->running) {
		apply_settings(loop);
	}
}

static void on_inbox(uv_async_t *async)
{
	loop_t *loop = async->data;
	uv_timer_start(&loop->notes, read_inbox, NOTES_MS, 0);
}

static void engine_free(engine_t *engine)
{
	assert(engine->attached == NULL && engine->detached == NULL && engine->settings == NULL);
	free(engine->loop.store_path);
	free(engine->loop.buckets);
	free(engine->loop.queue.due);
	free(engine);
}

/*! With the lock held: something comes into the inbox. The loop is woken by the first thing in it. */
static void post(engine_t *engine)
{
	if (engine->attached == NULL && engine->detached == NULL && !engine->new_settings && !engine->stop) {
		uv_async_send(&engine->loop.inbox);
	}
}

/*! With the lock held. */
static void post_attached(engine_t *engine, engine_zone_t *instance)
{
	post(engine);
	instance->engine = engine;
	instance->next = NULL;
	*engine->attached_last = instance;
	engine->attached_last = &instance->next;
}

/*! With the lock held: zones that were loaded before there was an engine, or outlived the last one. */
static void adopt_zones(engine_t *engine)
{
	for (engine_zone_t *i = loaded; i != NULL; i = i->all_next) {
		if (i->engine == NULL) {
			post_attached(engine, i);
		}
	}
}

static void *run(void *arg)
{
	engine_t *engine = arg;
	loop_t *loop = &engine->loop;

	if (engine->predecessor != NULL) {
		pthread_join(engine->predecessor->thread, NULL);
		engine_free(engine->predecessor);
		engine->predecessor = NULL;
		/* It had not let go of its zones when this one was made. */
		pthread_mutex_lock(&lock);
		if (current == engine) {
			adopt_zones(engine);
		}
		pthread_mutex_unlock(&lock);
	}
	uv_timer_start(&loop->timer, on_timer, 0, 100);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	uv_loop_close(&loop->uv);
	return NULL;
}

static engine_t *engine_start(void)
{
	engine_t *engine = calloc(1, sizeof(*engine));
	if (engine == NULL) {
		return NULL;
	}
	loop_t *loop = &engine->loop;
	engine->attached_last = &engine->attached;
	loop->engine = engine;
	loop->bucket_count = 64;
	loop->buckets = calloc(loop->bucket_count, sizeof(*loop->buckets));
	if (loop->buckets == NULL || uv_loop_init(&loop->uv) != 0) {
		engine_free(engine);
		return NULL;
	}
	/* It needs descriptors. */
	if (uv_async_init(&loop->uv, &loop->inbox, on_inbox) != 0) {
		uv_loop_close(&loop->uv);
		engine_free(engine);
		return NULL;
	}
	uv_timer_init(&loop->uv, &loop->timer);
	uv_timer_init(&loop->uv, &loop->alarm);
	uv_timer_init(&loop->uv, &loop->notes);
	loop->inbox.data = loop;
	loop->timer.data = loop;
	loop->alarm.data = loop;
	loop->notes.data = loop;
	engine->predecessor = ending;
	ending = NULL;

	/* knotd handles signals in its main thread; ours must not take any. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int ret = pthread_create(&engine->thread, NULL, run, engine);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret != 0) {
		ending = engine->predecessor;
		uv_close((uv_handle_t *)&loop->inbox, NULL);
		uv_close((uv_handle_t *)&loop->timer, NULL);
		uv_close((uv_handle_t *)&loop->alarm, NULL);
		uv_close((uv_handle_t *)&loop->notes, NULL);
		uv_run(&loop->uv, UV_RUN_DEFAULT);
		uv_loop_close(&loop->uv);
		engine_free(engine);
		return NULL;
	}
	pthread_setname_np(engine->thread, "kskroll");
	return engine;
}

int engine_attach(void *id, const engine_settings_t *settings,
                  engine_log_f log, engine_totals_f totals_f)
{
	assert(id && settings && log);

	instance_t *instance = calloc(1, sizeof(*instance));
	settings_t *copy = settings_copy(settings);
	if (instance == NULL || copy == NULL) {
		free(instance);
		settings_put(copy);
		return KNOT_ENOMEM;
	}
	instance->id = id;
	instance->settings = copy;
	instance->log = log;
	instance->totals = totals_f;

	pthread_mutex_lock(&lock);
	if (current == NULL) {
		current = engine_start();
	}
	if (current == NULL) {
		settings_put(copy);
		pthread_mutex_unlock(&lock);
		free(instance);
		return KNOT_ERROR;
	}
	instance->next = instances;
	instances = instance;
	post(current);
	current->new_settings = true;
	adopt_zones(current);
	pthread_mutex_unlock(&lock);
	return KNOT_EOK;
}

/*! With the lock held: takes the newest instance of this identity out of the list. */
static instance_t *instance_remove(void *id)
{
	instance_t **at = &instances;
	while (*at != NULL && (*at)->id != id) {
		at = &(*at)->next;
	}
	instance_t *found = *at;
	if (found != NULL) {
		*at = found->next;
	}
	return found;
}

void engine_detach(void *id)
{
	engine_t *stopped = NULL;

	pthread_mutex_lock(&lock);
	instance_t *instance = instance_remove(id);
	if (instance != NULL && instances == NULL) {
		stopped = current;
		current = NULL;
		post(stopped);
		stopped->stop = true;
		if (server_running()) {
			if (loaded != NULL) {
				instance->log(id, LOG_WARNING, "no global module is left: zones with the module rest");
			}
			/* Not now: a join would block the thread that serves the control socket. */
			assert(ending == NULL);
			ending = stopped;
			stopped = NULL;
		}
	} else if (instance != NULL) {
		/* If it was the newest one, its configuration was refused after all, and that of the one before counts. */
		post(current);
		current->new_settings = true;
	}
	if (instance != NULL) {
		settings_put(instance->settings);
	}
	pthread_mutex_unlock(&lock);
	free(instance);

	if (stopped != NULL) {
		pthread_join(stopped->thread, NULL);
		engine_free(stopped);
	}
}

engine_zone_t *engine_zone_attach(void *id, const char *zone, const engine_zone_settings_t *settings,
                                  engine_publish_f publish)
{
	assert(id && zone && settings && publish);

	const size_t name_size = strlen(zone) + 1;
	engine_zone_t *instance = calloc(1, sizeof(*instance) + name_size);
	if (instance == NULL || (instance->settings = zone_settings_get(settings)) == NULL) {
		free(instance);
		return NULL;
	}
	instance->id = id;
	instance->publish = publish;
	memcpy(instance->zone, zone, name_size);

	pthread_mutex_lock(&lock);
	instance->all_next = loaded;
	instance->all_at = &loaded;
	if (loaded != NULL) {
		loaded->all_at = &instance->all_next;
	}
	loaded = instance;
	if (current != NULL) {
		post_attached(current, instance);
	}
	pthread_mutex_unlock(&lock);
	return instance;
}

void engine_zone_detach(engine_zone_t *instance)
{
	if (instance == NULL) {
		return;
	}

	pthread_mutex_lock(&lock);
	*instance->all_at = instance->all_next;
	if (instance->all_next != NULL) {
		instance->all_next->all_at = instance->all_at;
	}
	instance->publish = NULL;
	if (instance->engine != NULL) {
		if (instance->engine == current) {
			post(current);
			instance->all_next = current->detached;
			current->detached = instance;
		}
		/* An engine that is ending frees it. */
		instance = NULL;
	}
	pthread_mutex_unlock(&lock);
	engine_zone_free(instance);
}
