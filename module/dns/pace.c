/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>

#include "kskroll/addr.h"
#include "pace.h"

#define BUCKETS 256

/*! An address that has been asked a short while ago, or will be. */
typedef struct busy {
	struct sockaddr_storage addr;
	uint64_t free_at; /*!< Microseconds. */
	struct busy *next;
} busy_t;

struct pace {
	uint64_t apart; /*!< Microseconds between two questions, 0: no limit. */
	busy_t *buckets[BUCKETS];
};

pace_t *pace_new(unsigned rate)
{
	pace_t *pace = calloc(1, sizeof(*pace));
	if (pace != NULL && rate > 0) {
		pace->apart = (1000000 + rate - 1) / rate;
	}
	return pace;
}

void pace_free(pace_t *pace)
{
	if (pace == NULL) {
		return;
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (pace->buckets[i] != NULL) {
			busy_t *busy = pace->buckets[i];
			pace->buckets[i] = busy->next;
			free(busy);
		}
	}
	free(pace);
}

/*! Finds an address; those whose time has passed go on the way. */
static busy_t *find(pace_t *pace, const struct sockaddr_storage *addr, uint64_t now)
{
	busy_t **at = &pace->buckets[addr_hash(addr) % BUCKETS];
	while (*at != NULL) {
		busy_t *busy = *at;
		if (busy->free_at <= now) {
			*at = busy->next;
			free(busy);
		} else if (addr_cmp(&busy->addr, addr) == 0) {
			return busy;
		} else {
			at = &busy->next;
		}
	}
	return NULL;
}

static void take(pace_t *pace, const struct sockaddr_storage *addr, uint64_t now, uint64_t turn)
{
	busy_t *busy = find(pace, addr, now);
	if (busy == NULL) {
		busy = calloc(1, sizeof(*busy));
		if (busy == NULL) {
			return; /* Asked all the same: to be polite is not worth a check that fails. */
		}
		busy_t **bucket = &pace->buckets[addr_hash(addr) % BUCKETS];
		busy->addr = *addr;
		busy->next = *bucket;
		*bucket = busy;
	}
	busy->free_at = turn + pace->apart;
}

static const struct sockaddr_storage *nth(const struct sockaddr_storage *addr, size_t stride, unsigned i)
{
	return (const struct sockaddr_storage *)((const char *)addr + i * stride);
}

unsigned pace_turn(pace_t *pace, const struct sockaddr_storage *addr, unsigned count, size_t stride, uint64_t now_ms)
{
	assert(pace && (addr || count == 0));

	if (pace->apart == 0) {
		return 0;
	}
	const uint64_t now = now_ms * 1000;
	uint64_t turn = now;
	for (unsigned i = 0; i < count; i++) {
		const busy_t *busy = find(pace, nth(addr, stride, i), now);
		if (busy != NULL && busy->free_at > turn) {
			turn = busy->free_at;
		}
	}
	for (unsigned i = 0; i < count; i++) {
		take(pace, nth(addr, stride, i), now, turn);
	}
	return (turn - now + 999) / 1000;
}

unsigned pace_wait(const pace_t *pace, const struct sockaddr_storage *addr, uint64_t now_ms)
{
	assert(pace && addr);

	const uint64_t now = now_ms * 1000;
	for (const busy_t *busy = pace->buckets[addr_hash(addr) % BUCKETS]; busy != NULL; busy = busy->next) {
		if (addr_cmp(&busy->addr, addr) == 0) {
			return busy->free_at > now ? (busy->free_at - now + 999) / 1000 : 0;
		}
	}
	return 0;
}
