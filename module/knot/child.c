/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "util/spawn.h"

#define NAME "kskrolld"

const char *child_path(void)
{
	static char beside[4096];
	Dl_info info;

	if (dladdr((const void *)child_path, &info) != 0 && info.dli_fname != NULL) {
		const char *slash = strrchr(info.dli_fname, '/');
		const int len = slash != NULL ? (int)(slash - info.dli_fname) : 0;
		if (len > 0 &&
		    snprintf(beside, sizeof(beside), "%.*s/" NAME, len, info.dli_fname) < (int)sizeof(beside) &&
		    access(beside, F_OK) == 0) {
			return beside;
		}
	}
	return KSKROLL_LIBEXEC "/" NAME;
}

/*! Neither port 53 nor a database may stay open in a process that outlives knotd, be it for a moment. */
static int spawn(pid_t *pid, const char *path, int sock, const listeners_t *listeners)
{
	char *const argv[] = { NAME, NULL };

	return spawn_with(pid, path, argv, (int[]){ sock, SPAWN_SAME, SPAWN_SAME }, listeners->fd, listeners->count);
}

int child_start(child_t *child, const listeners_t *listeners)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		return errno;
	}
	int ret =
		fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0 ? spawn(&child->pid, child_path(), pair[1], listeners) : errno;
	close(pair[1]);
	if (ret != 0) {
		child->pid = 0;
		close(pair[0]);
		return ret;
	}
	child->sock = pair[0];
	child->pidfd = pidfd_open(child->pid, 0);
	return 0;
}

void child_let_go(child_t *child)
{
	if (child->sock >= 0) {
		close(child->sock);
		child->sock = -1;
	}
}

static void describe(const siginfo_t *info, char *how, size_t len)
{
	if (info->si_code == CLD_EXITED) {
		snprintf(how, len, "exit code %d", info->si_status);
		return;
	}
	const char *name = sigabbrev_np(info->si_status);
	if (name != NULL) {
		snprintf(how, len, "signal SIG%s", name);
	} else {
		snprintf(how, len, "signal %d", info->si_status);
	}
}

bool child_ended(child_t *child, char *how, size_t len, int *code)
{
	siginfo_t info = { .si_pid = 0 };

	assert(child->pid > 0);
	int ret;
	do {
		ret = waitid(P_PID, child->pid, &info, WEXITED | WNOHANG);
	} while (ret != 0 && errno == EINTR);
	if (ret == 0 && info.si_pid == 0) {
		return false;
	}
	*code = -1;
	if (ret == 0) {
		describe(&info, how, len);
		*code = info.si_code == CLD_EXITED ? info.si_status : -1;
	} else {
		/* Somebody has made the kernel reap it. */
		snprintf(how, len, "an unknown end");
	}
	if (child->pidfd >= 0) {
		close(child->pidfd);
	}
	child_let_go(child);
	*child = (child_t){ .pidfd = -1, .sock = -1 };
	return true;
}
