/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Children of an agent that are not ours: Knot by itself, BIND's rules, somebody by hand, somebody hostile.
 *
 * Knot's and BIND's zones are those of knot.c and native.c. The others have no Knot: who runs them writes each version
 * of the zone himself, and now and then one nameserver has another one than its primary.
 */

#pragma once

#include "rng.h"
#include "sim_knot.h"

#define CHILD_MAX 6

typedef struct sim_server sim_server_t;

/*! What a nameserver has instead of a version of its primary. */
typedef struct {
	bool on;
	zone_version_t version;
} fork_t;

/*! A zone that is run by hand. Zeroed where it is not. */
typedef struct {
	rng_t rng;
	zone_version_t draft; /*!< What the primary has, or is about to get. */
	unsigned steps;       /*!< That are left. */
	uint32_t pace;        /*!< Longest time between two of them. */
	uint8_t care;         /*!< Steps of a hundred that are right. */
	bool settles;         /*!< In the end all is as it should be, with signals out, */
	time_t settled;       /*!< since then; 0: not so. */
	time_t before;        /*!< All steps come before. */
	world_keys_t secret;  /*!< Keys that were made and not published. */
	time_t swapped;       /*!< DS has what CDS named since then; 0: not so. */
	fork_t fork[CHILD_MAX];
	unsigned hostile; /*!< Nameservers that are, */
	bool keyed;       /*!< and can sign. */
	unsigned flaps;   /*!< Changes of the present burst that are left, */
	uint32_t apart;   /*!< seconds apart, */
	world_keys_t flap[2];
	unsigned pauses; /*!< How often the host of the agent may stand still. */
	bool splits;     /*!< Questions of one survey have answers of different versions. */
} sim_child_t;

/*! What EV_CHILD is about. */
typedef enum {
	CHILD_STEP = 0,
	CHILD_FLAP,   /*!< Hostile: a change of a burst. */
	CHILD_SETTLE, /*!< From now on all is as it should be. */
} child_event_t;

/* sim_child.c */
/*! A driver_t: all agents have children of that kind; negative: some have. */
extern int generate_children;
/*! By driver_t. */
extern const char *const child_names[];
void child_plan(world_t *w, unsigned zone);
/*! From when on nothing fails and nobody meddles; \a quiet: the same for all that has been planned before. */
time_t child_quiet_from(world_t *w, time_t quiet);
/*! It is run by hand, by whomever. */
bool child_is_by_hand(const world_t *w);
void child_start(world_t *w);
void child_step(world_t *w, child_event_t kind);
bool child_is_done(const world_t *w);
/*! What a nameserver has, unless it fails. */
const zone_version_t *child_version(const world_t *w, const sim_server_t *s);
/*! The answer to the agent's questions, if it is not the same for all of them. */
void child_between(world_t *w, const sim_server_t *s, zone_version_t *v);
/*! For so long the host of the agent stands still before its survey is concluded. */
uint32_t child_pause(world_t *w);

/* What people and machines do to a version. */
/*! A new key; \a published: and in DNSKEY, which it signs. */
world_keys_t child_make_key(world_t *w, bool published);
/*! One of these keys; 0: there is none. */
world_keys_t child_pick(world_t *w, world_keys_t keys);
/*! CDS and CDNSKEY alike. */
void child_signal(world_t *w, world_keys_t keys);
/*! It becomes the newest version, with the dates that it has. */
void child_bring(world_t *w, const zone_version_t *v, const char *how);
/*! The same of the draft, which is signed where it differs; \a renew: all of it. */
void child_publish(world_t *w, bool renew, const char *how);
/*! One nameserver has this instead. */
void child_fork(world_t *w, unsigned server, const zone_version_t *v, const char *how);
/*! Every nameserver has what its primary has. */
void child_join(world_t *w);
void child_notify(world_t *w);
/*! Keys that the draft has in DNSKEY and that sign it. */
world_keys_t child_keys(const world_t *w);

/* sim_child_hand.c */
void child_hand_step(world_t *w);
/*! The next step of a rollover, if it is time for it. */
void child_careful_step(world_t *w);

/* sim_child_hostile.c */
void child_hostile_step(world_t *w);
void child_hostile_flap(world_t *w);

/* sim_child_end.c */
/*! What the agent's gate names is so. */
bool child_explains(const world_t *w);

/*!
 * Whether each nameserver has asked for the same for long, and neither an undo nor a change by hand speaks against it.
 */
bool child_is_clear(const world_t *w);
/*! The set before the last change does not help: a nameserver is silent, has taken its signals back, or does not
 * validate with it, or one was seen that does not. */
bool child_cannot_undo(const world_t *w);
void child_check_end(world_t *w);
