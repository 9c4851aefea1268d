/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker_start.h"
#include "kskroll/broker.h"
#include "sandbox.h"

/*! As ps and top show it. */
#define NAME "kskroll-keys"

/*! Standard error stays, for assertions and sanitizers. */
static void keep_only(int sock)
{
	const int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	dup2(sock, STDERR_FILENO + 1);
	closefrom(STDERR_FILENO + 2);
}

int broker_start(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		return -1;
	}
	const pid_t pid = fork();
	if (pid == 0) {
		const broker_t broker = { .sock = STDERR_FILENO + 1,
			                  .keymgr_ms = BROKER_KEYMGR_MS,
			                  .confine = sandbox_broker };
		prctl(PR_SET_NAME, NAME, 0, 0, 0);
		keep_only(pair[1]);
		broker_run(&broker);
		exit(EXIT_SUCCESS);
	}
	const int error = errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		errno = error;
		return -1;
	}
	return pair[0];
}
