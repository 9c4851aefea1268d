/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Of ask.c alone: its jobs, and whose turn it is.
 *
 * Each address that is asked is a target; targets take turns, those that do not answer apart from the others.
 */

#pragma once

#include "ask.h"
#include "pace.h"
#include "question.h"
#include "util/hash.h"
#include "util/list.h"

/*! Of targets, by address. */
#define BUCKETS 256

/*! Not a header bit: the target is a parent's server. */
#define ASK_PARENT 0x100

typedef enum {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_ENDED, /*!< Waits for the loop, to be called back from a clean stack. */
} job_state_t;

typedef struct target target_t;

struct ask_job {
	ask_t *ask;
	target_t *target;
	list_node_t node; /*!< In target->queued, or in ask->running. */
	job_state_t state;
	bool silent; /*!< Counted in ask->silent. */
	uv_timer_t timer;
	question_t *question; /*!< Under way. */
	question_way_t way;
	unsigned asked;     /*!< Questions that are over. */
	ask_group_t *group; /*!< NULL: none. */

	knot_dname_storage_t name;
	uint16_t types[ASK_QUESTIONS_MAX];
	unsigned count;
	unsigned flags;

	ask_reply_t reply;
	ask_done_f done;
	void *arg;
};

/*! Who is asked; exists while it has jobs. */
struct target {
	ask_t *ask;
	struct sockaddr_storage addr;
	hash_node_t hashed;
	list_t queued;
	unsigned in_flight;
	bool answers;        /*!< There was one. */
	unsigned unanswered; /*!< Jobs in a row without any answer. */
	list_node_t node;    /*!< In one of the lists of ask, or in none. */
};

struct ask {
	uv_loop_t *loop;
	uv_timer_t kick; /*!< Starts queued jobs from a clean stack. */
	list_t running;
	unsigned silent; /*!< Those of them that began when their target was silent. */
	hash_t targets;
	list_t answering;   /*!< Targets that may get one more question; they take turns. */
	list_t silent_ones; /*!< The same, those that do not answer. */
	list_t resting;     /*!< Those that may not be asked yet. */
	pace_t *pace;       /*!< Of parents' servers. */
};

/*! Of a node; NULL for NULL. */
static inline ask_job_t *job_of(const list_node_t *node)
{
	return list_item((list_node_t *)node, ask_job_t, node);
}

static inline target_t *target_of(const list_node_t *node)
{
	return list_item((list_node_t *)node, target_t, node);
}

/*! Makes it if there is none yet. \return NULL without memory. */
target_t *target_get(ask_t *ask, const struct sockaddr_storage *addr);
/*! It has no jobs. */
void target_free(target_t *target);
/*! It does not answer. */
bool target_is_silent(const target_t *target);
/*! Puts a target where it belongs; it keeps its place in a list that it does not leave. */
void target_update(target_t *target);
/*! Those that may be asked again by now no longer pause. */
void targets_wake(ask_t *ask);
/*!
 * Whose turn it is, or NULL. The silent ones cannot hold back the others, since they get half of what there is at
 * most; and they are not forgotten over them.
 */
target_t *targets_next(const ask_t *ask);
/*! Milliseconds until one that rests may be asked; UINT_MAX if none rests. */
unsigned targets_rest(const ask_t *ask);
