/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "handover.h"

/*! Of all rings. Never closed. */
static _Atomic int wakeup = -1;
static _Atomic bool woken;
static uint32_t seed;

int handover_open(handover_t *ring)
{
	if (atomic_load(&wakeup) < 0) {
		const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fd < 0) {
			return knot_map_errno();
		}
		if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0) {
			seed = getpid();
		}
		atomic_store(&wakeup, fd);
	}
	if (!atomic_load_explicit(&ring->open, memory_order_relaxed)) {
		for (uint64_t i = 0; i < HANDOVER_MAX; i++) {
			atomic_store(&ring->place[i].turn, i);
		}
		atomic_store_explicit(&ring->open, true, memory_order_release);
	}
	return KNOT_EOK;
}

handed_t *handover_claim(handover_t *ring, uint64_t *number)
{
	uint64_t n = atomic_load_explicit(&ring->next_in, memory_order_relaxed);

	for (;;) {
		handed_t *place = &ring->place[n % HANDOVER_MAX];
		const uint64_t turn = atomic_load_explicit(&place->turn, memory_order_acquire);
		if (turn < n) {
			return NULL;
		}
		if (turn > n) {
			n = atomic_load_explicit(&ring->next_in, memory_order_relaxed);
		} else if (atomic_compare_exchange_weak_explicit(&ring->next_in, &n, n + 1, memory_order_relaxed,
		                                                 memory_order_relaxed)) {
			*number = n;
			return place;
		}
	}
}

void handover_put(handed_t *place, uint64_t number)
{
	static const uint64_t one = 1;

	atomic_store_explicit(&place->turn, number + 1, memory_order_release);
	if (!atomic_exchange(&woken, true)) {
		/* It cannot fail: the counter is read before it is written again. */
		ssize_t ret = write(atomic_load(&wakeup), &one, sizeof(one));
		(void)ret;
	}
}

void handover_ignore(handover_t *ring)
{
	atomic_fetch_add_explicit(&ring->ignored, 1, memory_order_relaxed);
}

uint64_t handover_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

uint32_t handover_seed(void)
{
	return seed;
}

/* The other side. */

int handover_fd(void)
{
	return atomic_load(&wakeup);
}

void handover_awake(void)
{
	uint64_t count;
	ssize_t ret = read(atomic_load(&wakeup), &count, sizeof(count));
	(void)ret;
	atomic_store(&woken, false);
}

const handed_t *handover_next(handover_t *ring)
{
	const handed_t *place = &ring->place[ring->next_out % HANDOVER_MAX];

	if (!atomic_load_explicit(&ring->open, memory_order_acquire)) {
		return NULL;
	}
	return atomic_load_explicit(&place->turn, memory_order_acquire) == ring->next_out + 1 ? place : NULL;
}

void handover_done(handover_t *ring)
{
	handed_t *place = &ring->place[ring->next_out % HANDOVER_MAX];

	atomic_store_explicit(&place->turn, ring->next_out + HANDOVER_MAX, memory_order_release);
	ring->next_out++;
}

uint64_t handover_ignored(const handover_t *ring)
{
	return atomic_load_explicit(&ring->ignored, memory_order_relaxed);
}
