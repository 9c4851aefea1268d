/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that go on until a signal ends them. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "kskroll.h"

static volatile sig_atomic_t ended;
/*! While nothing is done but waiting. */
static sigset_t waiting;

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

static void on_other(int number)
{
	(void)number; /* The wait ends. */
}

void ending_catch(void)
{
	static const struct {
		int number;
		void (*handler)(int number);
	} signals[] = {
		{ SIGINT, on_end },     { SIGTERM, on_end },   { SIGHUP, on_end },
		{ SIGWINCH, on_other }, { SIGCHLD, on_other },
	};
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction action = { .sa_handler = signals[i].handler };
		sigaction(signals[i].number, &action, NULL);
		sigaddset(&blocked, signals[i].number);
	}
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigdelset(&waiting, signals[i].number); /* Blocked by who has started this process. */
	}
}

bool ending_came(void)
{
	return ended;
}

int64_t ending_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int wait_for(struct pollfd *fd, int64_t ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	return ppoll(fd, fd != NULL, ms < 0 ? NULL : &pause, &waiting);
}

void ending_wait(int64_t ms)
{
	(void)wait_for(NULL, ms > 0 ? ms : 0);
}

/*! \return As write(); a signal ends it. */
static ssize_t write_some(int fd, const char *text, size_t len)
{
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, &waiting, &blocked);
	const ssize_t written = write(fd, text, len);
	const int code = errno;
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	errno = code;
	return written;
}

/*! Octets at a time: a pipe that can be written takes so many at once. */
#define CHUNK 4096

size_t ending_write(int fd, const char *text, size_t len, int64_t bound)
{
	int64_t until = -1;
	size_t done = 0;

	while (done < len) {
		if (ended && until < 0) {
			until = ending_clock() + bound;
		}
		const int64_t left = until < 0 ? -1 : until - ending_clock();
		struct pollfd one = { .fd = fd, .events = POLLOUT };
		if (until >= 0 && (done == 0 || left <= 0)) {
			errno = EINTR;
			break;
		}
		if (wait_for(&one, left) <= 0) {
			continue; /* A signal, or the bound. */
		}
		const ssize_t written = write_some(fd, text + done, len - done < CHUNK ? len - done : CHUNK);
		if (written < 0 && errno != EINTR && errno != EAGAIN) {
			break;
		}
		done += written > 0 ? (size_t)written : 0;
	}
	return done;
}
