/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loaded before kskrolld: no process can be made, as with TasksMax reached. */

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

__attribute__((visibility("default"))) pid_t fork(void)
{
	errno = EAGAIN;
	return -1;
}
