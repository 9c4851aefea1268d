/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom an event goes to: standard output, or a program that is run for it. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "follow.h"
#include "module/util/spawn.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/*! A file of no name, so that a program which does not read it is no problem. \return A descriptor, or -1. */
static int input_of(const char *text, size_t len)
{
	/* A kernel may insist on the flag, and an older one has none. */
	int fd = memfd_create("event", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	size_t done = 0;

	fd = fd < 0 && errno == EINVAL ? memfd_create("event", MFD_CLOEXEC) : fd;

	while (fd >= 0 && done < len) {
		const ssize_t written = write(fd, text + done, len - done);
		if (written < 0 && errno != EINTR) {
			break;
		}
		done += written > 0 ? (size_t)written : 0;
	}
	if (fd >= 0 && (done < len || lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/*! Says once what becomes of events, until the program succeeds. */
static void say(hook_t *h, hook_said_t what, const char *how)
{
	if (h->said != what) {
		fprintf(stderr, "kskroll: %s %s; until it succeeds, %s\n", h->program, how,
		        what == HOOK_SAID_AGAIN ? "it gets this event again each minute" :
		                                  "events are passed over, and this is not said again");
	}
	h->said = what;
}

static hook_result_t passed_over(hook_t *h, const char *how)
{
	say(h, HOOK_SAID_FAILS, how);
	h->failed++;
	return HOOK_HANDLED;
}

static void say_failed(const hook_t *h, const char *now)
{
	fprintf(stderr, "kskroll: %s %s", h->program, now);
	if (h->failed > 0) {
		fprintf(stderr, "; %zu event%s passed over", h->failed, h->failed == 1 ? " was" : "s were");
	}
	fputc('\n', stderr);
}

static hook_result_t judge(hook_t *h, int status)
{
	char how[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		if (h->said != HOOK_SAID_NOTHING) {
			say_failed(h, "succeeds again");
		}
		h->said = HOOK_SAID_NOTHING;
		h->failed = 0;
		return HOOK_HANDLED;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EX_TEMPFAIL) {
		say(h, HOOK_SAID_AGAIN, "has ended with exit code 75");
		return HOOK_AGAIN;
	}
	if (WIFEXITED(status)) {
		snprintf(how, sizeof(how), "has ended with exit code %d", WEXITSTATUS(status));
	} else {
		snprintf(how, sizeof(how), "was ended by signal %d", WTERMSIG(status));
	}
	return passed_over(h, how);
}

static hook_result_t run(hook_t *h, const char *text, size_t len)
{
	char *const argv[] = { (char *)h->program, NULL };
	char how[160];
	pid_t pid;
	int status = -1;

	const int input = input_of(text, len);
	int ret = input < 0 ? errno : spawn_leader(&pid, h->program, argv, (int[]){ input, SPAWN_SAME, SPAWN_SAME });
	if (input >= 0) {
		close(input);
	}
	if (ret != 0) {
		snprintf(how, sizeof(how), "cannot be run: %s", strerror(ret));
		return passed_over(h, how);
	}
	const int64_t end = ending_clock() + h->bound;
	for (int64_t left; waitpid(pid, &status, WNOHANG) == 0; ending_wait(left)) {
		left = end - ending_clock();
		if (left <= 0) {
			/* It is not waited for yet, so the number of the group is its own. */
			(void)kill(-pid, SIGKILL);
			while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
			}
			snprintf(how, sizeof(how), "was killed after %lld s", (long long)(h->bound + 999) / 1000);
			return passed_over(h, how);
		}
	}
	return judge(h, status);
}

hook_result_t hook_hand(hook_t *h, const char *text, size_t len)
{
	if (h->program != NULL) {
		return ending_came() ? HOOK_ENDED : run(h, text, len);
	}
	if (ending_write(STDOUT_FILENO, text, len, h->bound) == len) {
		return HOOK_HANDLED;
	}
	return errno == EINTR ? HOOK_ENDED : HOOK_BROKEN;
}

void hook_end(const hook_t *h)
{
	if (h->failed > 0) {
		say_failed(h, "has not succeeded since");
	}
}
