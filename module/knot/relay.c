/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "handover.h"
#include "relay.h"
#include "section.h"

/*!
 * What was loaded is sent so long after the first of it. knotd loads a hundred thousand zones one after the other: sent
 * one by one, each would cost a system call, and both threads a wait for the lock.
 */
#define NOTES_MS 10
/*! Between two checks whether the server runs, while it starts and while it does. */
#define STARTING_MS 100
#define RUNNING_MS  1000
/*! Between two checks a child that has no pidfd. */
#define NO_PIDFD_MS 50

/*!
 * Of liburcu, which knotd links and this module does not. knotd_mod_log() reads a table that a reload replaces; the old
 * one is freed when all registered threads are past it. A thread that is not registered reads freed memory.
 */
extern void urcu_memb_register_thread(void) __attribute__((weak));
extern void urcu_memb_unregister_thread(void) __attribute__((weak));

static pthread_t thread;
static bool has_thread; /*!< To be joined; it may have ended. */
static bool runs;       /*!< The thread has not decided to end. */
static bool stopping;   /*!< The server is. */
static bool posted;     /*!< The thread has been woken and has not checked yet. */
static int wakeup = -1;

/*! What the thread has. */
typedef struct {
	daemon_t daemon;
	uint64_t checked;    /*!< Time of daemon_now(). */
	knotd_mod_t *global; /*!< At the last check: another one is a reload. */
} relay_t;

/*! With the lock held: there is something for the thread. */
static void post(void)
{
	static const uint64_t one = 1;

	if (runs && !posted) {
		posted = true;
		/* It cannot fail: the counter is read before it is written again. */
		ssize_t ret = write(wakeup, &one, sizeof(one));
		(void)ret;
	}
}

/* The thread. */

/*! Checks whether the server runs, and where. */
static bool check_at_server(relay_t *r, uint64_t now, knotd_mod_t *global)
{
	const bool reload = global != r->global;

	if (r->daemon.child.pid != 0 && !reload && now - r->checked < RUNNING_MS) {
		return true;
	}
	r->checked = now;
	if (r->daemon.child.pid != 0 && !reload && sockets_are_there(&r->daemon.sockets)) {
		return true;
	}
	char control[SOCKETS_PATH_MAX] = "";
	sockets_t found;
	registry_lock();
	if (registry_control() != NULL) {
		snprintf(control, sizeof(control), "%s", registry_control());
	}
	registry_unlock();
	const bool running = sockets_find(control, &found);
	r->global = global;
	if (running &&
	    (strcmp(found.control, r->daemon.sockets.control) != 0 || found.dns_count != r->daemon.sockets.dns_count ||
	     memcmp(found.dns, r->daemon.sockets.dns, sizeof(found.dns)) != 0)) {
		r->daemon.where_due = true;
	}
	if (running) {
		r->daemon.sockets = found;
		sections_started();
	}
	return running;
}

/*! \return Milliseconds until something is due by itself. */
static int step(relay_t *r, knotd_mod_t *global)
{
	const uint64_t now = daemon_now();

	daemon_reap(&r->daemon);
	if (global != NULL && global != r->global) {
		/* Its numbers start at 0. */
		daemon_publish(&r->daemon);
	}
	if (global == NULL) {
		if (r->daemon.child.pid != 0) {
			daemon_end(&r->daemon);
		}
	} else if (check_at_server(r, now, global) && r->daemon.child.pid == 0 && now >= r->daemon.start_at) {
		daemon_start(&r->daemon);
	}
	if (global != NULL) {
		daemon_listen(&r->daemon);
	}
	if (r->daemon.child.pid == 0) {
		return now < r->daemon.start_at ? (int)(r->daemon.start_at - now) : STARTING_MS;
	}
	if (r->daemon.child.sock >= 0) {
		daemon_transmit(&r->daemon);
	}
	return r->daemon.child.pidfd < 0 ? NO_PIDFD_MS : RUNNING_MS;
}

static void wait_for_something(relay_t *r, int ms)
{
	/* clang-format off */
	struct pollfd fds[] = {
		{ .fd = wakeup, .events = POLLIN },
		{ .fd = r->daemon.child.pid != 0 ? r->daemon.child.sock : -1, .events = POLLIN },
		{ .fd = r->daemon.child.pid != 0 ? r->daemon.child.pidfd : -1, .events = POLLIN },
		{ .fd = handover_fd(), .events = POLLIN },
	};
	/* clang-format on */
	uint64_t count;

	if (r->daemon.out_at < r->daemon.out_len) {
		fds[1].events |= POLLOUT;
	}
	if (poll(fds, 4, ms) <= 0) {
		return;
	}
	if (fds[3].revents != 0) {
		handover_awake();
	}
	if (fds[1].revents != 0 || fds[2].revents != 0) {
		daemon_receive(&r->daemon);
	}
	if (fds[0].revents != 0) {
		/* What comes next comes with it. */
		nanosleep(&(struct timespec){ .tv_nsec = NOTES_MS * 1000000L }, NULL);
		ssize_t ret = read(wakeup, &count, sizeof(count));
		(void)ret;
	}
}

static void *run(void *arg)
{
	relay_t *r = arg;

	urcu_memb_register_thread();
	for (;;) {
		registry_lock();
		knotd_mod_t *global = registry_global();
		const bool late = r->daemon.ending && stopping && daemon_now() >= r->daemon.end_by;
		posted = false;
		if (global == NULL && (r->daemon.child.pid == 0 || late)) {
			runs = false;
			registry_unlock();
			break;
		}
		registry_unlock();
		wait_for_something(r, step(r, global));
	}
	daemon_clear(&r->daemon);
	free(r);
	urcu_memb_unregister_thread();
	return NULL;
}

/*! With the lock held. \return KNOT_EOK, KNOT_ENOMEM, KNOT_ERROR, KNOT_ENOTSUP for a knotd without liburcu. */
static int start_thread(void)
{
	if (runs) {
		return KNOT_EOK;
	}
	if (urcu_memb_register_thread == NULL || urcu_memb_unregister_thread == NULL) {
		return KNOT_ENOTSUP;
	}
	if (has_thread) {
		/* It has decided to end under the lock: there is nothing left for it to do. */
		pthread_join(thread, NULL);
		has_thread = false;
	}
	if (wakeup < 0 && (wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
		return KNOT_ERROR;
	}
	relay_t *r = calloc(1, sizeof(*r));
	if (r == NULL || !daemon_init(&r->daemon)) {
		free(r);
		return KNOT_ENOMEM;
	}

	/* knotd handles signals in its main thread; ours must not take any. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	runs = true;
	stopping = posted = false;
	int ret = pthread_create(&thread, NULL, run, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret != 0) {
		runs = false;
		daemon_clear(&r->daemon);
		free(r);
		return KNOT_ERROR;
	}
	pthread_setname_np(thread, "kskroll");
	has_thread = true;
	return KNOT_EOK;
}

int relay_attach(knotd_mod_t *mod, const global_settings_t *settings, const char *control)
{
	assert(mod && settings);

	registry_lock();
	int ret = registry_add(mod, settings, control);
	if (ret == KNOT_EOK) {
		ret = start_thread();
		if (ret != KNOT_EOK) {
			(void)registry_remove(mod);
		}
		if (ret == KNOT_ENOTSUP) {
			knotd_mod_log(mod, LOG_ERR,
			              "this knotd does not link liburcu dynamically: the module cannot log safely");
		}
	}
	post();
	registry_unlock();
	return ret;
}

void relay_detach(knotd_mod_t *mod)
{
	bool join = false;

	registry_lock();
	if (registry_remove(mod)) {
		post();
		if (registry_global() == NULL && !sockets_running()) {
			join = stopping = has_thread;
			has_thread = false;
		} else if (registry_global() == NULL && registry_has_zones()) {
			/* Without a join, which would block the thread that serves the control socket. */
			knotd_mod_log(mod, LOG_WARNING, "the global module was removed: no zone is checked");
		}
	}
	registry_unlock();

	if (join) {
		pthread_join(thread, NULL);
		close(wakeup);
		wakeup = -1;
	}
}

int relay_zone_attach(knotd_mod_t *mod, const char *zone, const instance_settings_t *settings, registry_zone_t **out)
{
	assert(mod && zone && settings && out);

	registry_lock();
	int ret = registry_zone_add(mod, zone, settings, out);
	if (ret == KNOT_EOK) {
		post();
	}
	registry_unlock();
	return ret;
}

void relay_zone_detach(registry_zone_t *zone)
{
	if (zone == NULL) {
		return;
	}
	registry_lock();
	registry_zone_remove(zone);
	post();
	registry_unlock();
}
