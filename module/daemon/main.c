/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kskrolld: everything but the adapter in knotd. The module starts it, with a socket as its standard input, and it ends
 * when nobody is at the other end of that any more: knotd stops, unloads the module, or is killed.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "inbox.h"
#include "outbox.h"
#include "sandbox.h"

/*! Until what there was no memory for is tried again. */
#define AGAIN_MS 1000
/*! The end takes no longer, whatever waits for whom: s. */
#define END_MAX 10

typedef struct {
	engine_t *engine;
	uv_poll_t poll;
	uv_timer_t again;
	uv_prepare_t prepare;
	inbox_t in;
	outbox_t out;
	int exit_code;
} daemon_t;

static void on_again(uv_timer_t *timer);
static void listen_to(daemon_t *d);

static void on_log(void *arg, int priority, const char *text)
{
	daemon_t *d = arg;
	outbox_log(&d->out, priority, text);
}

static void on_numbers(void *arg, engine_id_t id, const engine_numbers_t *numbers)
{
	daemon_t *d = arg;
	outbox_numbers(&d->out, (wire_id_t){ .slot = id.slot, .serial = id.serial }, numbers);
}

static void on_totals(void *arg, const engine_totals_t *totals)
{
	daemon_t *d = arg;
	outbox_totals(&d->out, totals);
}

static void on_confine(void *arg, const engine_settings_t *settings)
{
	const char *const read[] = { settings->trust_anchor, settings->root_hints };
	(void)arg;
	sandbox_files(settings->storage, read, sizeof(read) / sizeof(read[0]));
}

/*! From a clean stack: the engine may be in the middle of something. */
static void on_restart(void *arg)
{
	daemon_t *d = arg;
	d->exit_code = WIRE_EXIT_AGAIN;
	uv_poll_stop(&d->poll);
	uv_timer_start(&d->again, on_again, 0, 0);
}

static void finish(daemon_t *d)
{
	/* A thread that waits for a connection, a disk that does not answer: nobody misses us. */
	alarm(END_MAX);
	engine_stop(d->engine);
	outbox_flush(&d->out);
	uv_close((uv_handle_t *)&d->poll, NULL);
	uv_close((uv_handle_t *)&d->again, NULL);
	uv_close((uv_handle_t *)&d->prepare, NULL);
}

static void on_again(uv_timer_t *timer)
{
	daemon_t *d = timer->data;
	if (d->exit_code != 0) {
		finish(d);
	} else {
		listen_to(d);
	}
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
		if (d->exit_code == 0) {
			uv_poll_start(&d->poll, UV_READABLE, on_readable);
		}
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

/*! What was said in one turn of the loop goes together, before the loop waits. */
static void on_prepare(uv_prepare_t *prepare)
{
	daemon_t *d = prepare->data;
	outbox_flush(&d->out);
}

static bool is_socket(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);
	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
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

static bool start(daemon_t *d)
{
	const engine_out_t out = { .log = on_log,
		                   .numbers = on_numbers,
		                   .totals = on_totals,
		                   .confine = on_confine,
		                   .again = on_restart,
		                   .arg = d };

	d->in = (inbox_t){ .fd = STDIN_FILENO, .version = KSKROLL_VERSION };
	d->out.fd = STDIN_FILENO;
	d->engine = d->in.engine = engine_new(&out);
	if (d->engine == NULL) {
		return false;
	}
	uv_loop_t *loop = engine_loop(d->engine);
	d->poll.data = d->again.data = d->prepare.data = d;
	if (uv_poll_init(loop, &d->poll, STDIN_FILENO) != 0) {
		return false;
	}
	uv_timer_init(loop, &d->again);
	uv_prepare_init(loop, &d->prepare);
	uv_prepare_start(&d->prepare, on_prepare);
	outbox_hello(&d->out, KSKROLL_VERSION);
	return true;
}

int main(void)
{
	static daemon_t d;

	if (!is_socket(STDIN_FILENO)) {
		fputs("kskrolld " KSKROLL_VERSION " is started by the Knot DNS module kskroll, and by nothing else\n",
		      stderr);
		return EXIT_FAILURE;
	}
	ignore_signals();
	fill_descriptors();
	sandbox_begin();
	if (!start(&d)) {
		fputs("kskrolld: no memory\n", stderr);
		return EXIT_FAILURE;
	}
	listen_to(&d);
	uv_run(engine_loop(d.engine), UV_RUN_DEFAULT);
	engine_free(d.engine);
	free(d.in.data);
	return d.exit_code;
}
