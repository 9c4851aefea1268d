/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "registry.h"
#include "slots.h"
#include "stats.h"

/*!
 * Zones of one template have the same settings, and there may be a hundred thousand of them.
 * Only the newest few are compared: zones that all differ must not make it slow.
 */
#define SETTINGS_COMPARED 16
/*! Fewer zones that were unloaded before kskrolld heard of them are no reason to go through its list. */
#define SWEEP_MIN 64

/*! A loaded global instance. */
typedef struct global {
	knotd_mod_t *mod;
	struct global *next;
	char *control;
	size_t len;
	uint8_t frame[];
} global_t;

typedef struct settings {
	uint32_t number;
	uint32_t refs;
	bool sent;
	struct settings *next; /*!< In the list of all; afterwards, of those that kskrolld has to forget. */
	struct settings **at;
	size_t len;
	uint8_t frame[];
} settings_t;

/*!
 * While there is a kskrolld, it is in one list at most, by `next`: loaded, and not yet sent; or unloaded, and that not
 * yet sent. One that is unloaded before it was sent stays in the first, and is freed there (sweep()).
 */
struct registry_zone {
	knotd_mod_t *mod; /*!< NULL: unloaded. */
	settings_t *settings;
	registry_zone_t *next;
	uint32_t slot;
	uint32_t serial : 31;
	uint32_t waits : 1; /*!< In the first list. */
	char name[];
};

typedef struct {
	registry_zone_t *first;
	registry_zone_t **last;
} list_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static global_t *globals; /*!< Newest first. */
static bool listening;    /*!< There is a kskrolld. */
static bool settings_told;
static settings_t *all_settings; /*!< Newest first. */
static settings_t *dead_settings;
static slots_t numbers_of_settings;
static slots_t zones;
static uint32_t last_serial;
static list_t attached = { NULL, &attached.first };
/*! Of the first list: in it, and unloaded meanwhile. */
static size_t waiting, unloaded;
static list_t detached = { NULL, &detached.first };

void registry_lock(void)
{
	pthread_mutex_lock(&lock);
}

void registry_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static void list_append(list_t *list, registry_zone_t *zone)
{
	zone->next = NULL;
	*list->last = zone;
	list->last = &zone->next;
}

static registry_zone_t *list_take(list_t *list)
{
	registry_zone_t *zone = list->first;
	list->first = zone->next;
	if (list->first == NULL) {
		list->last = &list->first;
	}
	return zone;
}

/* Global instances. */

int registry_add(knotd_mod_t *mod, const global_settings_t *settings, const char *control)
{
	wire_out_t measure = { .data = NULL };
	if (!wire_put_settings(&measure, settings)) {
		return KNOT_ESPACE;
	}
	global_t *global = calloc(1, sizeof(*global) + measure.len);
	if (global == NULL) {
		return KNOT_ENOMEM;
	}
	if (control != NULL && (global->control = strdup(control)) == NULL) {
		free(global);
		return KNOT_ENOMEM;
	}
	wire_out_t out = { .data = global->frame, .size = measure.len };
	(void)wire_put_settings(&out, settings);
	global->len = out.len;
	global->mod = mod;
	global->next = globals;
	globals = global;
	settings_told = false;
	return KNOT_EOK;
}

bool registry_remove(knotd_mod_t *mod)
{
	global_t **at = &globals;
	while (*at != NULL && (*at)->mod != mod) {
		at = &(*at)->next;
	}
	global_t *global = *at;
	if (global == NULL) {
		return false;
	}
	/* If it was the newest one, its configuration was refused after all, and that of the one before counts. */
	settings_told = settings_told && global != globals;
	*at = global->next;
	free(global->control);
	free(global);
	return true;
}

knotd_mod_t *registry_global(void)
{
	return globals != NULL ? globals->mod : NULL;
}

const char *registry_control(void)
{
	return globals != NULL ? globals->control : NULL;
}

bool registry_listen(dns_addrs_t *out)
{
	wire_frame_t frame;
	global_settings_t settings;

	*out = (dns_addrs_t){ 0 };
	if (globals == NULL || wire_next(globals->frame, globals->len, WIRE_FRAME_MAX, &frame) != KNOT_EOK ||
	    wire_get_settings(&frame, &settings) != KNOT_EOK) {
		return false;
	}
	*out = settings.notify_listen;
	settings.notify_listen = (dns_addrs_t){ 0 };
	wire_free_settings(&settings);
	return true;
}

/* Settings of zones. */

/*! Behind the number, which is the only thing in which two of the same differ. */
static bool same(const settings_t *a, const settings_t *b)
{
	const size_t from = WIRE_HEADER + 4;
	return a->len == b->len && memcmp(a->frame + from, b->frame + from, a->len - from) == 0;
}

static settings_t *find_same(const settings_t *wanted)
{
	settings_t *s = all_settings;
	for (unsigned i = 0; s != NULL && i < SETTINGS_COMPARED; i++, s = s->next) {
		if (same(s, wanted)) {
			return s;
		}
	}
	return NULL;
}

/*! A frame may have the secret of a key. */
static void frame_free(settings_t *s)
{
	explicit_bzero(s->frame, s->len);
	free(s);
}

static int settings_get(const instance_settings_t *from, settings_t **found)
{
	wire_out_t measure = { .data = NULL };
	if (!wire_put_zone_settings(&measure, 0, from)) {
		return KNOT_ESPACE;
	}
	settings_t *s = malloc(sizeof(*s) + measure.len);
	if (s == NULL) {
		return KNOT_ENOMEM;
	}
	memset(s, 0, sizeof(*s));
	wire_out_t out = { .data = s->frame, .size = measure.len };
	(void)wire_put_zone_settings(&out, 0, from);
	s->len = out.len;

	*found = find_same(s);
	if (*found != NULL) {
		frame_free(s);
	} else if ((s->number = slots_put(&numbers_of_settings, s)) == SLOT_NONE) {
		frame_free(s);
		return KNOT_ENOMEM;
	} else {
		wire_renumber(s->frame, s->number);
		s->next = all_settings;
		s->at = &all_settings;
		if (all_settings != NULL) {
			all_settings->at = &s->next;
		}
		all_settings = s;
		*found = s;
	}
	(*found)->refs++;
	return KNOT_EOK;
}

static void settings_free(settings_t *s)
{
	slots_drop(&numbers_of_settings, s->number);
	frame_free(s);
}

static void settings_put(settings_t *s)
{
	if (--s->refs > 0) {
		return;
	}
	*s->at = s->next;
	if (s->next != NULL) {
		s->next->at = s->at;
	}
	if (s->sent) {
		s->next = dead_settings;
		dead_settings = s;
	} else {
		settings_free(s);
	}
}

/* Zones. */

bool registry_has_zones(void)
{
	return zones.used > 0;
}

int registry_zone_add(knotd_mod_t *mod, const char *name, const instance_settings_t *settings, registry_zone_t **out)
{
	const size_t name_size = strlen(name) + 1;
	registry_zone_t *zone = calloc(1, sizeof(*zone) + name_size);
	if (zone == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = settings_get(settings, &zone->settings);
	if (ret != KNOT_EOK) {
		free(zone);
		return ret;
	}
	zone->slot = slots_put(&zones, zone);
	if (zone->slot == SLOT_NONE) {
		settings_put(zone->settings);
		free(zone);
		return KNOT_ENOMEM;
	}
	zone->mod = mod;
	zone->serial = ++last_serial;
	memcpy(zone->name, name, name_size);
	if (listening) {
		zone->waits = true;
		list_append(&attached, zone);
		waiting++;
	}
	*out = zone;
	return KNOT_EOK;
}

static void zone_free(registry_zone_t *zone)
{
	settings_put(zone->settings);
	slots_drop(&zones, zone->slot);
	free(zone);
}

/*! The first of the first list. */
static registry_zone_t *take_attached(void)
{
	registry_zone_t *zone = list_take(&attached);
	waiting--;
	unloaded -= zone->mod == NULL;
	zone->waits = false;
	return zone;
}

/*!
 * Frees what was loaded and unloaded again and kskrolld has not heard of. One that does not read must not make knotd
 * grow with each reload.
 */
static void sweep(void)
{
	for (size_t i = waiting; i > 0; i--) {
		registry_zone_t *zone = list_take(&attached);
		if (zone->mod == NULL) {
			zone_free(zone);
			waiting--;
		} else {
			list_append(&attached, zone);
		}
	}
	unloaded = 0;
}

void registry_zone_remove(registry_zone_t *zone)
{
	zone->mod = NULL;
	if (!listening) {
		zone_free(zone);
	} else if (!zone->waits) {
		list_append(&detached, zone);
	} else if (++unloaded > waiting / 2 + SWEEP_MIN) {
		sweep();
	}
}

static wire_id_t id_of(const registry_zone_t *zone)
{
	return (wire_id_t){ .slot = zone->slot, .serial = zone->serial };
}

/* What kskrolld does not know yet. */

void registry_restart(bool there_is_one)
{
	listening = there_is_one;
	settings_told = false;
	while (attached.first != NULL) {
		registry_zone_t *zone = take_attached();
		if (zone->mod == NULL) {
			zone_free(zone);
		}
	}
	while (detached.first != NULL) {
		zone_free(list_take(&detached));
	}
	while (dead_settings != NULL) {
		settings_t *s = dead_settings;
		dead_settings = s->next;
		settings_free(s);
	}
	for (settings_t *s = all_settings; s != NULL; s = s->next) {
		s->sent = false;
	}
	for (uint32_t i = 0; i < zones.count && listening; i++) {
		registry_zone_t *zone = slots_get(&zones, i);
		if (zone != NULL) {
			zone->waits = true;
			list_append(&attached, zone);
			waiting++;
		}
	}
}

bool registry_waits(void)
{
	return listening && ((globals != NULL && !settings_told) || attached.first != NULL || detached.first != NULL ||
	                     dead_settings != NULL);
}

static bool put_frame(wire_out_t *out, const uint8_t *frame, size_t len)
{
	if (len > out->size - out->len) {
		return false;
	}
	memcpy(out->data + out->len, frame, len);
	out->len += len;
	return true;
}

static bool fill_attached(wire_out_t *out)
{
	while (attached.first != NULL) {
		registry_zone_t *zone = attached.first;
		settings_t *s = zone->settings;
		if (zone->mod == NULL) {
			zone_free(take_attached());
			continue;
		}
		if (!s->sent && !put_frame(out, s->frame, s->len)) {
			return false;
		}
		s->sent = true;
		const wire_attach_t attach = { .id = id_of(zone), .settings = s->number, .zone = zone->name };
		if (!wire_put_attach(out, &attach)) {
			return false;
		}
		take_attached();
	}
	return true;
}

void registry_fill(wire_out_t *out)
{
	assert(out->data != NULL);

	if (globals != NULL && !settings_told) {
		if (!put_frame(out, globals->frame, globals->len)) {
			return;
		}
		settings_told = true;
	}
	/*
	 * At a reload new instances are loaded before old ones are unloaded: in that order no zone is ever without one.
	 */
	if (!fill_attached(out)) {
		return;
	}
	while (detached.first != NULL && wire_put_detach(out, id_of(detached.first))) {
		zone_free(list_take(&detached));
	}
	/* After the zones that had them. */
	while (detached.first == NULL && dead_settings != NULL &&
	       wire_put_zone_settings_gone(out, dead_settings->number)) {
		settings_t *s = dead_settings;
		dead_settings = s->next;
		settings_free(s);
	}
}

/* To knotd. */

void registry_numbers(const wire_numbers_t *n)
{
	registry_zone_t *zone = slots_get(&zones, n->id.slot);
	if (zone != NULL && zone->mod != NULL && zone->serial == n->id.serial) {
		stats_zone(zone->mod, &n->numbers);
	}
}

void registry_totals(const process_totals_t *totals)
{
	for (global_t *g = globals; g != NULL; g = g->next) {
		stats_totals(g->mod, totals);
	}
}

void registry_daemon(bool runs, uint64_t starts)
{
	for (global_t *g = globals; g != NULL; g = g->next) {
		stats_daemon(g->mod, runs, starts);
	}
}

void registry_log(int priority, const char *text)
{
	if (globals != NULL) {
		knotd_mod_log(globals->mod, priority, "%s", text);
	}
}
