/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Random numbers that are the same on every machine (splitmix64).
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint64_t state;
} rng_t;

static inline uint64_t rng_next(rng_t *rng)
{
	uint64_t z = (rng->state += 0x9e3779b97f4a7c15ULL);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline void rng_seed(rng_t *rng, uint64_t seed, uint64_t stream)
{
	rng->state = seed * 0xd1342543de82ef95ULL + stream * 0x2545f4914f6cdd1dULL + 1;
	(void)rng_next(rng);
	(void)rng_next(rng);
}

/*! 0 to \a bound - 1; 0 if \a bound is 0. */
static inline uint32_t rng_below(rng_t *rng, uint32_t bound)
{
	return bound > 0 ? (rng_next(rng) >> 32) * bound >> 32 : 0;
}

/*! \a min to \a max, both included. */
static inline uint32_t rng_between(rng_t *rng, uint32_t min, uint32_t max)
{
	return min + rng_below(rng, max - min + 1);
}

static inline bool rng_chance(rng_t *rng, unsigned percent)
{
	return rng_below(rng, 100) < percent;
}

#define RNG_PICK(rng, array) ((array)[rng_below((rng), sizeof(array) / sizeof((array)[0]))])
