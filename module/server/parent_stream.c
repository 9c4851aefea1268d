/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "parent_stream.h"

/*! How many are pushed before the loop is woken. */
#define WAKE_EACH 64

typedef struct waiting {
	struct waiting *next;
	size_t size;
	parent_delegation_t delegation;
	knot_rdataset_t ns, ds;
	uint8_t owner[];
} waiting_t;

struct parent_stream {
	parent_delegation_f each;
	void *arg;
	void (*wake)(void *arg);
	void *wake_arg;
	unsigned pushed; // Since the loop was woken; of the control thread.

	pthread_mutex_t lock; // Of all below.
	pthread_cond_t room;
	waiting_t *head, **tail;
	size_t size; // Octets that wait.
	bool stopped;
	bool dropped;
};

parent_stream_t *parent_stream_new(parent_delegation_f each, void *arg)
{
	assert(each != NULL);

	parent_stream_t *stream = calloc(1, sizeof(*stream));
	if (stream != NULL) {
		stream->each = each;
		stream->arg = arg;
		stream->tail = &stream->head;
		pthread_mutex_init(&stream->lock, NULL);
		pthread_cond_init(&stream->room, NULL);
	}
	return stream;
}

void parent_stream_on_push(parent_stream_t *stream, void (*wake)(void *arg), void *arg)
{
	stream->wake = wake;
	stream->wake_arg = arg;
}

static void waiting_free(waiting_t *waiting)
{
	if (waiting != NULL) {
		knot_rdataset_clear(&waiting->ns, NULL);
		knot_rdataset_clear(&waiting->ds, NULL);
		free(waiting);
	}
}

static waiting_t *copy(const parent_delegation_t *delegation)
{
	const size_t len = knot_dname_size(delegation->owner);
	waiting_t *waiting = calloc(1, sizeof(*waiting) + len);
	if (waiting == NULL || knot_rdataset_copy(&waiting->ns, delegation->ns, NULL) != KNOT_EOK ||
	    knot_rdataset_copy(&waiting->ds, delegation->ds, NULL) != KNOT_EOK) {
		waiting_free(waiting);
		return NULL;
	}
	memcpy(waiting->owner, delegation->owner, len);
	waiting->size = sizeof(*waiting) + len + waiting->ns.size + waiting->ds.size;
	waiting->delegation = *delegation;
	waiting->delegation.owner = waiting->owner;
	waiting->delegation.ns = &waiting->ns;
	waiting->delegation.ds = &waiting->ds;
	return waiting;
}

static void wake(parent_stream_t *stream)
{
	stream->pushed = 0;
	if (stream->wake != NULL) {
		stream->wake(stream->wake_arg);
	}
}

void parent_stream_push(const parent_delegation_t *delegation, void *arg)
{
	parent_stream_t *stream = arg;
	waiting_t *waiting = copy(delegation);

	pthread_mutex_lock(&stream->lock);
	while (waiting != NULL && !stream->stopped && stream->head != NULL &&
	       stream->size + waiting->size > PARENT_STREAM_MAX) {
		wake(stream);
		pthread_cond_wait(&stream->room, &stream->lock);
	}
	if (waiting == NULL || stream->stopped) {
		stream->dropped = true;
	}
	if (stream->dropped) {
		waiting_free(waiting);
	} else {
		*stream->tail = waiting;
		stream->tail = &waiting->next;
		stream->size += waiting->size;
	}
	pthread_mutex_unlock(&stream->lock);

	if (++stream->pushed >= WAKE_EACH) {
		wake(stream);
	}
}

void parent_stream_deliver(parent_stream_t *stream)
{
	pthread_mutex_lock(&stream->lock);
	waiting_t *waiting = stream->head;
	stream->head = NULL;
	stream->tail = &stream->head;
	stream->size = 0;
	pthread_cond_signal(&stream->room);
	pthread_mutex_unlock(&stream->lock);

	while (waiting != NULL) {
		waiting_t *next = waiting->next;
		stream->each(&waiting->delegation, stream->arg);
		waiting_free(waiting);
		waiting = next;
	}
}

void parent_stream_stop(parent_stream_t *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->stopped = true;
	pthread_cond_signal(&stream->room);
	pthread_mutex_unlock(&stream->lock);
}

bool parent_stream_is_whole(parent_stream_t *stream)
{
	pthread_mutex_lock(&stream->lock);
	const bool whole = !stream->dropped;
	pthread_mutex_unlock(&stream->lock);
	return whole;
}

void parent_stream_free(parent_stream_t *stream)
{
	if (stream == NULL) {
		return;
	}
	while (stream->head != NULL) {
		waiting_t *next = stream->head->next;
		waiting_free(stream->head);
		stream->head = next;
	}
	pthread_cond_destroy(&stream->room);
	pthread_mutex_destroy(&stream->lock);
	free(stream);
}
