/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "notify_receive.h"
#include "registry.h"
#include "report_receive.h"
#include "util/printable.h"

/*! From its end to its next start. Each time twice as long, until one lives for four times the last pause. */
#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 60000
#define PAUSE_SHARE  4

#define BUFFER_SIZE (64 * 1024)
/*! Reads in a row: other things are due as well. */
#define READS_MAX 16

/*!
 * Lines of it in knotd's log: so many at once, and so many in a second. Very many zones that resume or roll together
 * bring a line each; a disk must not be filled.
 */
#define LINES_MAX        20000
#define LINES_PER_SECOND 200
/*! The longest line; longer ones are cut. */
#define LINE_SIZE 2048

/*! Between two tries of an address of notify-listen that cannot be used. */
#define LISTEN_AGAIN_MS 30000

/*! From its start to its greeting, on a machine that is very busy. */
#define GREET_MS 60000
/*! One that was asked to end does so by itself in this time, if the server does not wait for it. */
#define END_ITSELF_MS 10000

/*!
 * One that asks to be started again before it has lived so long, for the third time in a row, waits like one that
 * fails at once. It may have waited for a broker that does not answer (BROKER_ANSWER_MS), and for its first order.
 */
#define AGAIN_SOON_MS 30000
#define AGAIN_MAX     2

/*!
 * One that has sent nothing for so long hangs. Its loop sends totals once a second. It waits 5 s for a store that
 * another program has locked, and 10 s at most for its own end; disks and busy machines get ten times as much. The lab
 * has a module with less.
 */
#ifndef SILENCE_MS
#define SILENCE_MS 120000
#endif

uint64_t daemon_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3))) static void say(int priority, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	/* It may have words that kskrolld has sent. */
	printable_text(text);
	registry_lock();
	registry_log(priority, text);
	registry_unlock();
}

/* Its life. */

bool daemon_init(daemon_t *d)
{
	*d = (daemon_t){ .child = { .pidfd = -1, .sock = -1 }, .out_size = BUFFER_SIZE, .lines = LINES_MAX };
	d->lines_at = daemon_now();
	d->out = malloc(BUFFER_SIZE);
	d->in = malloc(BUFFER_SIZE);
	if (d->out == NULL || d->in == NULL) {
		daemon_clear(d);
		return false;
	}
	return true;
}

void daemon_clear(daemon_t *d)
{
	if (d->child.pid != 0) {
		/* Nobody else would: a later knotd would have a second one on the same store. */
		kill(d->child.pid, SIGKILL);
		child_let_go(&d->child);
		close(d->child.pidfd);
	}
	free(d->out);
	free(d->in);
	d->out = d->in = NULL;
	addrs_clear(&d->listen);
}

void daemon_publish(daemon_t *d)
{
	registry_lock();
	registry_daemon(d->child.pid != 0 && d->greeted, d->starts);
	registry_unlock();
}

/*! It is started again later. */
static void back_off(daemon_t *d, uint64_t lived)
{
	if (d->pause == 0 || lived >= PAUSE_SHARE * d->pause) {
		d->pause = PAUSE_MIN_MS;
	} else {
		d->pause = 2 * d->pause < PAUSE_MAX_MS ? 2 * d->pause : PAUSE_MAX_MS;
	}
	d->start_at = daemon_now() + d->pause;
}

/*! What keeps it from running is said once. */
static void refuse(daemon_t *d, const char *why)
{
	if (strcmp(d->said, why) != 0) {
		snprintf(d->said, sizeof(d->said), "%s", why);
		say(LOG_ERR, "%s: no zone is checked, the module tries again", why);
	}
}

static void hello(daemon_t *d)
{
	wire_out_t out = { .data = d->out, .size = d->out_size };
	const wire_hello_t mine = { .version = KSKROLL_VERSION, .pid = getpid() };
	(void)wire_put_hello(&out, &mine);
	d->out_len = out.len;
	d->out_at = 0;
}

/*! What does not work is said once; that of another configuration once more. */
static void open_listeners(daemon_t *d, listeners_t *listeners)
{
	dns_addrs_t addrs;

	registry_lock();
	(void)registry_listen(&addrs);
	registry_unlock();
	listeners_open(&addrs, listeners);
	d->listen_at = daemon_now();
	if (listeners->failed[0] != '\0' && strcmp(listeners->failed, d->listen_failed) != 0) {
		say(LOG_ERR, "%s", listeners->failed);
	}
	memcpy(d->listen_failed, listeners->failed, sizeof(d->listen_failed));
	d->listen_missing = listeners->missing;
	addrs_clear(&d->listen);
	d->listen = addrs;
}

void daemon_listen(daemon_t *d)
{
	dns_addrs_t addrs;

	if (d->child.pid == 0 || d->ending || d->killed) {
		return;
	}
	registry_lock();
	const bool known = registry_listen(&addrs);
	registry_unlock();
	bool others = known && !listeners_same(&addrs, &d->listen);
	if (!others && d->listen_missing != 0 && daemon_now() - d->listen_at >= LISTEN_AGAIN_MS) {
		d->listen_at = daemon_now();
		others = listeners_can(&d->listen, d->listen_missing);
	}
	addrs_clear(&addrs);
	if (others) {
		daemon_end(d);
	}
}

void daemon_start(daemon_t *d)
{
	char why[512];
	listeners_t listeners;

	open_listeners(d, &listeners);
	int ret = child_start(&d->child, &listeners);
	listeners_close(&listeners);
	if (ret != 0) {
		snprintf(why, sizeof(why), "cannot start %.400s (%s)", child_path(), strerror(ret));
		refuse(d, why);
		back_off(d, 0);
		return;
	}
	d->starts++;
	d->started = daemon_now();
	d->greeted = d->ending = d->killed = false;
	d->end_by = d->started + GREET_MS;
	d->in_len = 0;
	d->where_due = true;
	silence_end(&d->silence, d->started);
	hello(d);
	registry_lock();
	registry_restart(true);
	registry_unlock();
	daemon_publish(d);
}

/*! Nothing more is sent: it finishes and ends. What it still says is read. */
void daemon_end(daemon_t *d)
{
	if (!d->ending) {
		d->ending = true;
		d->end_by = daemon_now() + DAEMON_END_MS;
		shutdown(d->child.sock, SHUT_WR);
	}
}

static void ended(daemon_t *d, const char *how, int code)
{
	const bool expected = d->ending || code == WIRE_EXIT_AGAIN;

	d->greeted = false;
	registry_lock();
	registry_restart(false);
	registry_unlock();
	daemon_publish(d);
	const uint64_t lived = daemon_now() - d->started;
	d->again = code == WIRE_EXIT_AGAIN && lived < AGAIN_SOON_MS ? d->again + 1 : 0;
	if (expected && d->again <= AGAIN_MAX) {
		d->start_at = code == WIRE_EXIT_AGAIN ? d->started + PAUSE_MIN_MS : 0;
		return;
	}
	back_off(d, d->again > AGAIN_MAX ? 0 : lived);
	if (d->killed) {
		return;
	}
	say(LOG_ERR, "kskrolld ended (%s): no zone is checked, the module restarts it in %u s", how,
	    (unsigned)(d->pause / 1000));
}

/*! It is not what it should be. */
static void kill_it(daemon_t *d, const char *why)
{
	refuse(d, why);
	d->killed = true;
	kill(d->child.pid, SIGKILL);
	child_let_go(&d->child);
}

/*! So many more lines of it may go to the log. */
static void count_lines(daemon_t *d)
{
	const uint64_t seconds = (daemon_now() - d->lines_at) / 1000;
	const uint64_t lines = d->lines + seconds * LINES_PER_SECOND;

	d->lines = lines < LINES_MAX ? lines : LINES_MAX;
	d->lines_at += seconds * 1000;
	if (seconds > 0 && d->dropped > 0) {
		say(LOG_WARNING, "kskrolld: %u lines dropped, there were too many", d->dropped);
		d->dropped = 0;
	}
}

void daemon_reap(daemon_t *d)
{
	char text[64];
	int code;

	count_lines(d);

	if (d->child.pid == 0) {
		return;
	}
	if (child_ended(&d->child, text, sizeof(text), &code)) {
		ended(d, text, code);
	} else if (d->end_by != 0 && !d->killed && daemon_now() >= d->end_by + (d->ending ? END_ITSELF_MS : 0)) {
		kill_it(d, d->greeted || d->ending ? "kskrolld does not end and is killed" :
		                                     "kskrolld sent no greeting and is killed");
	} else if (silence_lasts(&d->silence, daemon_now(), SILENCE_MS) && !d->killed) {
		snprintf(text, sizeof(text), "kskrolld sent nothing for %u s and is killed", SILENCE_MS / 1000);
		kill_it(d, text);
	}
}

/* What it says. */

static void greet(daemon_t *d, const wire_frame_t *frame)
{
	wire_hello_t its;
	char why[512];

	if (wire_get_hello(frame, &its) != KNOT_EOK) {
		snprintf(why, sizeof(why), "%.400s is not kskrolld", child_path());
		kill_it(d, why);
	} else if (strcmp(its.version, KSKROLL_VERSION) != 0) {
		snprintf(why, sizeof(why),
		         "%.300s is version %.40s, the module in knotd is " KSKROLL_VERSION ": restart knotd",
		         child_path(), its.version);
		kill_it(d, why);
	} else {
		d->greeted = true;
		d->end_by = d->ending ? d->end_by : 0;
		d->said[0] = '\0';
		say(LOG_INFO, "kskrolld runs, pid %d", (int)d->child.pid);
		daemon_publish(d);
	}
}

/*! With the lock held. Who has taken kskrolld over must neither fill the disk nor write lines of knotd's. */
static void log_line(daemon_t *d, const wire_log_t *log)
{
	char line[LINE_SIZE];

	if (d->lines == 0) {
		d->dropped++;
		return;
	}
	d->lines--;
	snprintf(line, sizeof(line), "%s", log->text);
	printable_text(line);
	registry_log(log->priority, line);
}

/*! With the lock held. \return KNOT_EOK, or that it was none. */
static int obey(daemon_t *d, const wire_frame_t *frame)
{
	union {
		wire_log_t log;
		wire_numbers_t numbers;
		process_totals_t totals;
	} u;
	int ret = KNOT_EMALF;

	switch (frame->type) {
	case WIRE_LOG:
		ret = wire_get_log(frame, &u.log);
		if (ret == KNOT_EOK) {
			log_line(d, &u.log);
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
			u.totals.delegations.ignored += notify_receive_ignored();
			u.totals.reports_ignored += report_receive_ignored();
			registry_totals(&u.totals);
		}
		break;
	}
	return ret;
}

/*! Whole frames of what has come; the rest waits for more. */
static void obey_all(daemon_t *d)
{
	wire_frame_t frame;
	size_t at = 0;
	int ret;

	while ((ret = wire_next(d->in + at, d->in_len - at, WIRE_ANSWER_MAX, &frame)) == KNOT_EOK && !d->greeted) {
		greet(d, &frame);
		if (d->killed) {
			return;
		}
		at += frame.whole;
	}
	registry_lock();
	while (ret == KNOT_EOK && (ret = obey(d, &frame)) == KNOT_EOK) {
		at += frame.whole;
		ret = wire_next(d->in + at, d->in_len - at, WIRE_ANSWER_MAX, &frame);
	}
	registry_unlock();
	if (ret != KNOT_EAGAIN) {
		kill_it(d, d->greeted ? "kskrolld sent an invalid message" : "kskrolld sent no greeting");
		return;
	}
	memmove(d->in, d->in + at, d->in_len - at);
	d->in_len -= at;
}

void daemon_receive(daemon_t *d)
{
	for (unsigned i = 0; i < READS_MAX && d->child.sock >= 0; i++) {
		ssize_t got = recv(d->child.sock, d->in + d->in_len, BUFFER_SIZE - d->in_len, 0);
		if (got > 0) {
			d->in_len += got;
			silence_end(&d->silence, daemon_now());
			obey_all(d);
		} else if (got < 0 && errno == EINTR) {
			continue;
		} else if (got < 0 && errno == EAGAIN) {
			return;
		} else {
			child_let_go(&d->child);
			d->end_by = d->end_by != 0 ? d->end_by : daemon_now() + DAEMON_END_MS;
		}
	}
}

/* What is sent to it. */

static bool put_where(daemon_t *d)
{
	const wire_where_t where = { .control = d->sockets.control,
		                     .dns = { .addr = d->sockets.dns, .count = d->sockets.dns_count } };
	wire_out_t out = { .data = d->out, .size = d->out_size };

	if (!wire_put_where(&out, &where)) {
		return false;
	}
	d->out_len = out.len;
	d->where_due = false;
	return true;
}

static bool put_received(daemon_t *d)
{
	wire_out_t out = { .data = d->out, .size = d->out_size };

	notify_receive_fill(&out);
	report_receive_fill(&out);
	d->out_len = out.len;
	return out.len > 0;
}

/*! \return Whether there is something to send. */
static bool fill(daemon_t *d)
{
	if (d->out_at < d->out_len) {
		return true;
	}
	if (!d->greeted || d->ending) {
		return false;
	}
	d->out_at = d->out_len = 0;
	wire_out_t out = { .data = d->out, .size = d->out_size };
	registry_lock();
	registry_fill(&out);
	bool more = registry_waits();
	registry_unlock();
	d->out_len = out.len;
	if (out.len == 0 && more) {
		/* A large frame. Without memory for it, it is tried again. */
		uint8_t *larger = realloc(d->out, WIRE_FRAME_MAX + WIRE_HEADER);
		if (larger != NULL) {
			d->out = larger;
			d->out_size = WIRE_FRAME_MAX + WIRE_HEADER;
		}
		return false;
	}
	if (out.len > 0) {
		return true;
	}
	/* Last: kskrolld begins with it. Notifications and reports are of zones that it knows then. */
	return d->where_due ? put_where(d) : put_received(d);
}

void daemon_transmit(daemon_t *d)
{
	while (d->child.sock >= 0 && fill(d)) {
		ssize_t sent = send(d->child.sock, d->out + d->out_at, d->out_len - d->out_at, MSG_NOSIGNAL);
		if (sent >= 0) {
			d->out_at += sent;
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			/* It has ended: what it said before is still there to be read. */
			d->out_at = d->out_len = 0;
			return;
		}
	}
}
