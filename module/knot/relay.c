/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "relay.h"
#include "section.h"
#include "sockets.h"

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

/*! From its end to its next start. Each time twice as long, until one lives for four times the last pause. */
#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 60000
#define PAUSE_SHARE  4

#define BUFFER_SIZE (64 * 1024)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t thread;
static bool has_thread; /*!< To be joined; it may have ended. */
static bool runs;       /*!< The thread has not decided to end. */
static bool stopping;   /*!< The server is. */
static bool posted;     /*!< The thread has been woken and has not checked yet. */
static int wakeup = -1;

/*! What the thread has. */
typedef struct {
	child_t child;
	uint64_t started; /*!< Times of now_ms(). */
	uint64_t start_at;
	uint64_t pause;
	uint64_t starts;
	bool greeted; /*!< It is of our version. */
	bool ending;  /*!< It has been told to end. */
	uint64_t end_by;
	bool killed; /*!< For what it has sent. */
	sockets_t sockets;
	uint64_t checked;
	knotd_mod_t *global; /*!< At the last check: another one is a reload. */
	bool where_due;
	uint8_t *out;
	size_t out_size, out_len, out_at;
	uint8_t in[BUFFER_SIZE];
	size_t in_len;
	char said[512]; /*!< Why it could not be started: said once. */
} relay_t;

static uint64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

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

__attribute__((format(printf, 2, 3))) static void say(int priority, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	pthread_mutex_lock(&lock);
	registry_log(priority, text);
	pthread_mutex_unlock(&lock);
}

/* The child's life. */

static void publish(relay_t *r)
{
	pthread_mutex_lock(&lock);
	registry_daemon(r->child.pid != 0 && r->greeted, r->starts);
	pthread_mutex_unlock(&lock);
}

/*! It is started again later. */
static void back_off(relay_t *r, uint64_t lived)
{
	if (r->pause == 0 || lived >= PAUSE_SHARE * r->pause) {
		r->pause = PAUSE_MIN_MS;
	} else {
		r->pause = 2 * r->pause < PAUSE_MAX_MS ? 2 * r->pause : PAUSE_MAX_MS;
	}
	r->start_at = now_ms() + r->pause;
}

/*! What keeps it from running is said once. */
static void refuse(relay_t *r, const char *why)
{
	if (strcmp(r->said, why) != 0) {
		snprintf(r->said, sizeof(r->said), "%s", why);
		say(LOG_ERR, "%s: no zone is checked, the module tries again", why);
	}
}

static void hello(relay_t *r)
{
	wire_out_t out = { .data = r->out, .size = r->out_size };
	const wire_hello_t mine = { .version = KSKROLL_VERSION, .pid = getpid() };
	(void)wire_put_hello(&out, &mine);
	r->out_len = out.len;
	r->out_at = 0;
}

static void start(relay_t *r)
{
	char why[512];

	int ret = child_start(&r->child);
	if (ret != 0) {
		snprintf(why, sizeof(why), "cannot start %.400s (%s)", child_path(), strerror(ret));
		refuse(r, why);
		back_off(r, 0);
		return;
	}
	r->starts++;
	r->started = now_ms();
	r->greeted = r->ending = r->killed = false;
	r->in_len = 0;
	r->where_due = true;
	hello(r);
	pthread_mutex_lock(&lock);
	registry_restart(true);
	pthread_mutex_unlock(&lock);
	publish(r);
}

/*! Nothing more is sent: it finishes and ends. What it still says is read. */
static void end(relay_t *r)
{
	if (!r->ending) {
		r->ending = true;
		r->end_by = now_ms() + RELAY_END_MS;
		shutdown(r->child.sock, SHUT_WR);
	}
}

static void ended(relay_t *r, const char *how, int code)
{
	const bool expected = r->ending || code == WIRE_EXIT_AGAIN;

	r->greeted = false;
	pthread_mutex_lock(&lock);
	registry_restart(false);
	pthread_mutex_unlock(&lock);
	publish(r);
	if (expected) {
		/* Not in a circle. */
		r->start_at = code == WIRE_EXIT_AGAIN ? r->started + PAUSE_MIN_MS : 0;
		return;
	}
	back_off(r, now_ms() - r->started);
	if (r->killed) {
		return;
	}
	say(LOG_ERR, "kskrolld ended (%s): no zone is checked, the module restarts it in %u s", how,
	    (unsigned)(r->pause / 1000));
}

/*! It is not what it should be. */
static void kill_it(relay_t *r, const char *why)
{
	refuse(r, why);
	r->killed = true;
	kill(r->child.pid, SIGKILL);
	child_let_go(&r->child);
}

/* What it says. */

static void greet(relay_t *r, const wire_frame_t *frame)
{
	wire_hello_t its;
	char why[512];

	if (wire_get_hello(frame, &its) != KNOT_EOK) {
		snprintf(why, sizeof(why), "%.400s is not kskrolld", child_path());
		kill_it(r, why);
	} else if (strcmp(its.version, KSKROLL_VERSION) != 0) {
		snprintf(why, sizeof(why),
		         "%.300s is version %.40s, the module in knotd is " KSKROLL_VERSION ": restart knotd",
		         child_path(), its.version);
		kill_it(r, why);
	} else {
		r->greeted = true;
		r->said[0] = '\0';
		say(LOG_INFO, "kskrolld runs, pid %d", (int)r->child.pid);
		publish(r);
	}
}

/*! With the lock held. \return KNOT_EOK, or that it was none. */
static int obey(const wire_frame_t *frame)
{
	union {
		wire_log_t log;
		wire_numbers_t numbers;
		engine_totals_t totals;
	} u;
	int ret = KNOT_EMALF;

	switch (frame->type) {
	case WIRE_LOG:
		ret = wire_get_log(frame, &u.log);
		if (ret == KNOT_EOK) {
			registry_log(u.log.priority, u.log.text);
		}
		break;
	case WIRE_NUMBERS:
		ret = wire_get_numbers(frame, &u.numbers);
		if (ret == KNOT_EOK) {
			registry_numbers(&u.numbers);
		}
		break;
	case WIRE_TOTALS:
		ret = wire_get_totals(frame, &u.totals);
		if (ret == KNOT_EOK) {
			registry_totals(&u.totals);
		}
		break;
	}
	return ret;
}

/*! Whole frames of what has come; the rest waits for more. */
static void obey_all(relay_t *r)
{
	wire_frame_t frame;
	size_t at = 0;
	int ret;

	while ((ret = wire_next(r->in + at, r->in_len - at, WIRE_ANSWER_MAX, &frame)) == KNOT_EOK && !r->greeted) {
		greet(r, &frame);
		if (r->killed) {
			return;
		}
		at += frame.whole;
	}
	pthread_mutex_lock(&lock);
	while (ret == KNOT_EOK && (ret = obey(&frame)) == KNOT_EOK) {
		at += frame.whole;
		ret = wire_next(r->in + at, r->in_len - at, WIRE_ANSWER_MAX, &frame);
	}
	pthread_mutex_unlock(&lock);
	if (ret != KNOT_EAGAIN) {
		kill_it(r, r->greeted ? "kskrolld sent an invalid message" : "kskrolld sent no greeting");
		return;
	}
	memmove(r->in, r->in + at, r->in_len - at);
	r->in_len -= at;
}

static void receive(relay_t *r)
{
	while (r->child.sock >= 0) {
		ssize_t got = recv(r->child.sock, r->in + r->in_len, sizeof(r->in) - r->in_len, 0);
		if (got > 0) {
			r->in_len += got;
			obey_all(r);
		} else if (got < 0 && errno == EINTR) {
			continue;
		} else if (got < 0 && errno == EAGAIN) {
			return;
		} else {
			child_let_go(&r->child);
		}
	}
}

/* What it is told. */

static bool put_where(relay_t *r)
{
	const wire_where_t where = { .control = r->sockets.control,
		                     .dns = { .addr = r->sockets.dns, .count = r->sockets.dns_count } };
	wire_out_t out = { .data = r->out, .size = r->out_size };

	if (!wire_put_where(&out, &where)) {
		return false;
	}
	r->out_len = out.len;
	r->where_due = false;
	return true;
}

/*! \return Whether there is something to send. */
static bool fill(relay_t *r)
{
	if (r->out_at < r->out_len) {
		return true;
	}
	if (!r->greeted || r->ending) {
		return false;
	}
	r->out_at = r->out_len = 0;
	wire_out_t out = { .data = r->out, .size = r->out_size };
	pthread_mutex_lock(&lock);
	registry_fill(&out);
	bool more = registry_waits();
	pthread_mutex_unlock(&lock);
	r->out_len = out.len;
	if (out.len == 0 && more) {
		/* A large frame. Without memory for it, it is tried again. */
		uint8_t *larger = realloc(r->out, WIRE_FRAME_MAX + WIRE_HEADER);
		if (larger != NULL) {
			r->out = larger;
			r->out_size = WIRE_FRAME_MAX + WIRE_HEADER;
		}
		return false;
	}
	/* Last: kskrolld begins with it. */
	return out.len > 0 || (r->where_due && put_where(r));
}

static void transmit(relay_t *r)
{
	while (r->child.sock >= 0 && fill(r)) {
		ssize_t sent = send(r->child.sock, r->out + r->out_at, r->out_len - r->out_at, MSG_NOSIGNAL);
		if (sent >= 0) {
			r->out_at += sent;
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			/* It has ended: what it said before is still there to be read. */
			r->out_at = r->out_len = 0;
			return;
		}
	}
}

/* The thread. */

/*! Checks whether the server runs, and where. */
static bool check_at_server(relay_t *r, uint64_t now, knotd_mod_t *global)
{
	const bool reload = global != r->global;

	if (r->child.pid != 0 && !reload && now - r->checked < RUNNING_MS) {
		return true;
	}
	r->checked = now;
	if (r->child.pid != 0 && !reload && sockets_are_there(&r->sockets)) {
		return true;
	}
	char control[SOCKETS_PATH_MAX] = "";
	sockets_t found;
	pthread_mutex_lock(&lock);
	if (registry_control() != NULL) {
		snprintf(control, sizeof(control), "%s", registry_control());
	}
	pthread_mutex_unlock(&lock);
	const bool running = sockets_find(control, &found);
	r->global = global;
	if (running && (strcmp(found.control, r->sockets.control) != 0 || found.dns_count != r->sockets.dns_count ||
	                memcmp(found.dns, r->sockets.dns, sizeof(found.dns)) != 0)) {
		r->where_due = true;
	}
	if (running) {
		r->sockets = found;
		sections_started();
	}
	return running;
}

/*! \return Milliseconds until something is due by itself. */
static int step(relay_t *r, knotd_mod_t *global)
{
	const uint64_t now = now_ms();
	char how[64];
	int code;

	if (r->child.pid != 0 && child_ended(&r->child, how, sizeof(how), &code)) {
		ended(r, how, code);
	}
	if (global != NULL && global != r->global) {
		/* Its numbers start at 0. */
		publish(r);
	}
	if (global == NULL) {
		if (r->child.pid != 0) {
			end(r);
		}
	} else if (check_at_server(r, now, global) && r->child.pid == 0 && now >= r->start_at) {
		start(r);
	}
	if (r->child.pid == 0) {
		return now < r->start_at ? (int)(r->start_at - now) : STARTING_MS;
	}
	if (r->child.sock >= 0) {
		transmit(r);
	}
	return r->child.pidfd < 0 ? NO_PIDFD_MS : RUNNING_MS;
}

static void wait_for_something(relay_t *r, int ms)
{
	/* clang-format off */
	struct pollfd fds[] = {
		{ .fd = wakeup, .events = POLLIN },
		{ .fd = r->child.pid != 0 ? r->child.sock : -1, .events = POLLIN },
		{ .fd = r->child.pid != 0 ? r->child.pidfd : -1, .events = POLLIN },
	};
	/* clang-format on */
	uint64_t count;

	if (r->out_at < r->out_len) {
		fds[1].events |= POLLOUT;
	}
	if (poll(fds, 3, ms) <= 0) {
		return;
	}
	if (fds[1].revents != 0 || fds[2].revents != 0) {
		receive(r);
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

	for (;;) {
		pthread_mutex_lock(&lock);
		knotd_mod_t *global = registry_global();
		const bool late = r->ending && stopping && now_ms() >= r->end_by;
		posted = false;
		if (global == NULL && (r->child.pid == 0 || late)) {
			runs = false;
			pthread_mutex_unlock(&lock);
			break;
		}
		pthread_mutex_unlock(&lock);
		wait_for_something(r, step(r, global));
	}
	if (r->child.pid != 0) {
		child_let_go(&r->child);
		close(r->child.pidfd);
	}
	free(r->out);
	free(r);
	return NULL;
}

/*! With the lock held. \return KNOT_EOK, KNOT_ENOMEM, KNOT_ERROR. */
static int start_thread(void)
{
	if (runs) {
		return KNOT_EOK;
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
	if (r == NULL || (r->out = malloc(BUFFER_SIZE)) == NULL) {
		free(r);
		return KNOT_ENOMEM;
	}
	r->out_size = BUFFER_SIZE;
	r->child = (child_t){ .pidfd = -1, .sock = -1 };

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
		free(r->out);
		free(r);
		return KNOT_ERROR;
	}
	pthread_setname_np(thread, "kskroll");
	has_thread = true;
	return KNOT_EOK;
}

int relay_attach(knotd_mod_t *mod, const engine_settings_t *settings, const char *control)
{
	assert(mod && settings);

	pthread_mutex_lock(&lock);
	int ret = registry_add(mod, settings, control);
	if (ret == KNOT_EOK) {
		ret = start_thread();
		if (ret != KNOT_EOK) {
			(void)registry_remove(mod);
		}
	}
	post();
	pthread_mutex_unlock(&lock);
	return ret;
}

void relay_detach(knotd_mod_t *mod)
{
	bool join = false;

	pthread_mutex_lock(&lock);
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
	pthread_mutex_unlock(&lock);

	if (join) {
		pthread_join(thread, NULL);
		close(wakeup);
		wakeup = -1;
	}
}

int relay_zone_attach(knotd_mod_t *mod, const char *zone, const engine_zone_settings_t *settings, registry_zone_t **out)
{
	assert(mod && zone && settings && out);

	pthread_mutex_lock(&lock);
	int ret = registry_zone_add(mod, zone, settings, out);
	if (ret == KNOT_EOK) {
		post();
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

void relay_zone_detach(registry_zone_t *zone)
{
	if (zone == NULL) {
		return;
	}
	pthread_mutex_lock(&lock);
	registry_zone_remove(zone);
	post();
	pthread_mutex_unlock(&lock);
}
