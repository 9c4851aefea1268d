/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zones of a template have the same section, and there may be a hundred thousand of them: reading its items is most of
 * what loading an instance costs. What is remembered is of the configuration that is being loaded, and ends with that:
 * one whose load failed half-way may be followed by a commit that loads zones and no global instance. It is for the
 * thread that loads: others that load an instance meanwhile, as zone-restore does in a worker, may have the
 * configuration before.
 */

#include <pthread.h>
#include <string.h>

#include "knot_items.h"
#include "section.h"
#include "sockets.h"

/*! Sections in use at the same time; more are read again and again. */
#define SECTIONS 8

typedef struct {
	uint8_t id[YP_MAX_ID_LEN];
	size_t id_len;
	conf_section_t section;
} known_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned globals; /*!< Global instances: two of them during a reload. */
static bool loading;
static pthread_t loader;
static known_t known[SECTIONS];
static unsigned count; /*!< Of all that were put there; the oldest ones have been replaced. */

/*! With the lock held. */
static void forget(void)
{
	for (unsigned i = 0; i < SECTIONS; i++) {
		conf_section_free(&known[i].section);
	}
	memset(known, 0, sizeof(known));
	count = 0;
	loading = false;
}

void sections_begin(void)
{
	/* One that is added to a server that runs: nothing would say that the load is over. */
	bool running = sockets_running();

	pthread_mutex_lock(&lock);
	forget();
	loading = ++globals > 1 || !running;
	loader = pthread_self();
	pthread_mutex_unlock(&lock);
}

void sections_end(void)
{
	pthread_mutex_lock(&lock);
	forget();
	globals--;
	pthread_mutex_unlock(&lock);
}

void sections_started(void)
{
	pthread_mutex_lock(&lock);
	if (loading && globals == 1) {
		forget();
	}
	pthread_mutex_unlock(&lock);
}

/*! \return Whether it is known which section the instance has; not if the zone has several of ours. */
static bool section_id(knotd_mod_t *mod, const knot_dname_t *zone, uint8_t *id, size_t *id_len)
{
	static const char name[] = C_MOD_KSKROLL;
	const size_t name_len = sizeof(name) - 1;
	unsigned found = 0;

	knotd_conf_t list = knotd_conf_zone(mod, C_MODULE, zone);
	for (size_t i = 0; i < list.count && list.multi != NULL; i++) {
		const knotd_conf_val_t *val = &list.multi[i];
		if (val->data_len >= name_len && val->data_len - name_len <= YP_MAX_ID_LEN &&
		    memcmp(val->data, name, name_len) == 0) {
			*id_len = val->data_len - name_len;
			memcpy(id, val->data + name_len, *id_len);
			found++;
		}
	}
	knotd_conf_free(&list);
	return found == 1;
}

static const known_t *find(const uint8_t *id, size_t id_len)
{
	for (unsigned i = 0; i < count && i < SECTIONS; i++) {
		if (known[i].id_len == id_len && memcmp(known[i].id, id, id_len) == 0) {
			return &known[i];
		}
	}
	return NULL;
}

/*! With the lock held. */
static int get_known(knotd_mod_t *mod, const uint8_t *id, size_t id_len, conf_section_t *out)
{
	const known_t *found = find(id, id_len);
	if (found == NULL) {
		conf_section_t section;
		int ret = conf_section_read(mod, &section);
		if (ret != KNOT_EOK) {
			return ret;
		}
		known_t *place = &known[count++ % SECTIONS];
		conf_section_free(&place->section);
		memcpy(place->id, id, id_len);
		place->id_len = id_len;
		place->section = section;
		found = place;
	}
	return conf_section_copy(&found->section, out);
}

int section_get(knotd_mod_t *mod, const knot_dname_t *zone, conf_section_t *out)
{
	uint8_t id[YP_MAX_ID_LEN];
	size_t id_len;
	int ret = KNOT_ENOENT;

	pthread_mutex_lock(&lock);
	if (loading && pthread_equal(loader, pthread_self()) && section_id(mod, zone, id, &id_len)) {
		ret = get_known(mod, id, id_len, out);
	}
	pthread_mutex_unlock(&lock);
	return ret == KNOT_ENOENT ? conf_section_read(mod, out) : ret;
}
