/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kskrolld: everything but the adapter in knotd. The module starts it, with a socket as its standard input, and it ends
 * when nobody is at the other end of that any more: knotd stops, unloads the module, or is killed.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "broker_start.h"
#include "inbox.h"
#include "kskroll/notify_listen.h"
#include "outbox.h"
#include "sandbox.h"
#include "util/descriptors.h"

/*! Until what there was no memory for is tried again. */
#define AGAIN_MS 1000
/*! More sockets than the module opens for notify-listen. */
#define INHERITED_MAX 64
/*! The end takes no longer, whatever waits for whom: s. */
#define END_MAX 10

typedef struct {
	loop_t *loop;
	uv_poll_t poll;
	uv_timer_t again;
	uv_prepare_t prepare;
	uv_poll_t broker; /* Nothing but its end. */
	notify_listen_t *listen;
	inbox_t in;
	outbox_t out;
	int broker_sock;
	int exit_code;
} daemon_t;

static void listen_to(daemon_t *d);

static void finish(daemon_t *d)
{
	/* A thread that waits for a connection, a disk that does not answer: nobody misses us. */
	alarm(END_MAX);
	loop_stop(d->loop);
	d->loop->env.listen = NULL;
	notify_listen_stop(d->listen);
	d->listen = NULL;
	outbox_flush(&d->out);
	uv_close((uv_handle_t *)&d->poll, NULL);
	uv_close((uv_handle_t *)&d->again, NULL);
	uv_close((uv_handle_t *)&d->prepare, NULL);
	if (d->broker_sock >= 0) {
		uv_close((uv_handle_t *)&d->broker, NULL);
	}
}

/*! Without it no key can be set. With a new process comes a new one; the module makes the pauses longer. */
static void without_broker(daemon_t *d, const char *why)
{
	outbox_log(&d->out, LOG_ERR, "the process that runs keymgr %s: kskrolld starts again", why);
	d->exit_code = WIRE_EXIT_AGAIN;
	finish(d);
}

/*! It has ended, or was given up by those who ask it. */
static void on_broker(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;

	uv_poll_stop(poll);
	without_broker(poll->data, "has ended");
}

static void on_again(uv_timer_t *timer)
{
	listen_to(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	listen_to(poll->data);
}

static void listen_to(daemon_t *d)
{
	switch (inbox_read(&d->in)) {
	case INBOX_MORE:
		uv_poll_start(&d->poll, UV_READABLE, on_readable);
		break;
	case INBOX_LATER:
		uv_poll_stop(&d->poll);
		uv_timer_start(&d->again, on_again, AGAIN_MS, 0);
		break;
	case INBOX_END:
		finish(d);
		break;
	case INBOX_OTHER:
		/* The module has our version by now, and says so in knotd's log. */
		finish(d);
		break;
	case INBOX_BROKEN:
		outbox_log(&d->out, LOG_ERR, "kskrolld received an invalid message from the module");
		d->exit_code = 2;
		finish(d);
		break;
	}
}

/*! Before the loop waits: what was said in one turn of it goes together. */
static void on_prepare(uv_prepare_t *prepare)
{
	daemon_t *d = prepare->data;

	if (loop_is_outdated(d->loop)) {
		d->exit_code = WIRE_EXIT_AGAIN;
		finish(d);
	} else {
		outbox_flush(&d->out);
	}
}

static bool is_socket(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);
	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

/*! Sockets of notify-listen: the module has opened them. */
typedef struct {
	int fd[INHERITED_MAX];
	size_t count;
} inherited_t;

static bool inherit(int fd, void *arg)
{
	inherited_t *inherited = arg;

	if (fd > STDERR_FILENO && inherited->count < INHERITED_MAX &&
	    (descriptor_option(fd, SO_DOMAIN, AF_INET) || descriptor_option(fd, SO_DOMAIN, AF_INET6))) {
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		inherited->fd[inherited->count++] = fd;
	}
	return false;
}

static void on_notified(const char *child, const char *source, const char *report_agent, void *arg)
{
	daemon_t *d = arg;
	const wire_notified_t notified = { .child = child, .source = source, .report_agent = report_agent };

	loop_notified(d->loop, &notified);
}

/*! A file that is opened must not get the number of standard output or error. */
static void fill_descriptors(void)
{
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0) {
			(void)open("/dev/null", O_RDWR);
		}
	}
}

/*! systemd and terminals signal the whole group: knotd says when it is over. */
static void ignore_signals(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2 };
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		signal(signals[i], SIG_IGN);
	}
}

static bool start(daemon_t *d, const inherited_t *inherited)
{
	d->in = (inbox_t){ .fd = STDIN_FILENO, .version = KSKROLL_VERSION };
	d->out.fd = STDIN_FILENO;
	d->loop = d->in.loop = loop_new(&d->out, d->broker_sock);
	if (d->loop == NULL) {
		return false;
	}
	uv_loop_t *uv = &d->loop->env.uv;
	d->poll.data = d->again.data = d->prepare.data = d->broker.data = d;
	if (uv_poll_init(uv, &d->poll, STDIN_FILENO) != 0) {
		return false;
	}
	uv_timer_init(uv, &d->again);
	uv_prepare_init(uv, &d->prepare);
	uv_prepare_start(&d->prepare, on_prepare);
	if (d->broker_sock >= 0) {
		if (uv_poll_init(uv, &d->broker, d->broker_sock) != 0) {
			return false;
		}
		uv_poll_start(&d->broker, UV_DISCONNECT, on_broker);
	}
	if (inherited->count > 0) {
		d->listen = notify_listen_start(uv, inherited->fd, inherited->count, on_notified, d);
		if (d->listen == NULL) {
			return false;
		}
		d->loop->env.listen = d->listen;
	}
	outbox_hello(&d->out, KSKROLL_VERSION);
	return true;
}

int main(void)
{
	static daemon_t d;
	inherited_t inherited = { .count = 0 };

	if (!is_socket(STDIN_FILENO)) {
		fputs("kskrolld " KSKROLL_VERSION " is started by the Knot DNS module kskroll, and by nothing else\n",
		      stderr);
		return EXIT_FAILURE;
	}
	ignore_signals();
	fill_descriptors();
	(void)descriptors_each(inherit, &inherited);
	d.broker_sock = broker_start();
	const int broker_error = errno;
	sandbox_begin();
	if (!start(&d, &inherited)) {
		fputs("kskrolld: no memory\n", stderr);
		return EXIT_FAILURE;
	}
	if (d.broker_sock < 0) {
		char why[128];
		snprintf(why, sizeof(why), "cannot be started (%s)", strerror(broker_error));
		without_broker(&d, why);
	} else {
		listen_to(&d);
	}
	uv_run(&d.loop->env.uv, UV_RUN_DEFAULT);
	loop_free(d.loop);
	free(d.in.data);
	return d.exit_code;
}
