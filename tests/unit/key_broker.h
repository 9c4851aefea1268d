/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  A broker for a test, in a process of its own and confined as that of kskrolld. After cmocka. */

#pragma once

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "module/daemon/sandbox.h"
#include "module/server/key_client.h"
#include "kskroll/broker.h"

/*! \return Its socket. \a program: NULL for that of the system. */
static inline int broker_start(const char *folder, const char *program, pid_t *pid)
{
	char detail[KEY_CLIENT_DETAIL_MAX];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	*pid = fork();
	assert_true(*pid >= 0);
	if (*pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		closefrom(pair[1] + 1);
		close(pair[0]);
		broker_run(&(broker_t){ .sock = pair[1], .keymgr_ms = TIMEOUT_MS, .confine = sandbox_broker });
		_exit(0);
	}
	close(pair[1]);
	if (!broker_configure(pair[0], folder, program, detail)) {
		fail_msg("%s", detail);
	}
	return pair[0];
}
