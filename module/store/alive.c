/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether someone writes the store: whoever does holds a lock on a file beside it, which the kernel drops with the
 * process. It is that of the byte whose number is the process, so it tells which, and two do not keep each other out.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kskroll/store.h"

#define NAME "kskrolld.lock"

/*! Beside the store. */
static bool lock_path(char *out, size_t size, const char *path)
{
	const char *slash = strrchr(path, '/');
	const int len = slash != NULL ? (int)(slash + 1 - path) : 0;
	return snprintf(out, size, "%.*s" NAME, len, path) < (int)size;
}

int store_alive_begin(const char *path)
{
	char name[4096];
	if (!lock_path(name, sizeof(name), path)) {
		return -1;
	}
	int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = getpid(), .l_len = 1 };
	if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

store_alive_t store_alive(const char *path, pid_t *pid)
{
	char name[4096];
	int fd = lock_path(name, sizeof(name), path) ? open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	if (fd < 0) {
		return STORE_ALIVE_UNKNOWN;
	}
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int ret = fcntl(fd, F_OFD_GETLK, &lock);
	close(fd);
	if (ret != 0) {
		return STORE_ALIVE_UNKNOWN;
	}
	if (lock.l_type == F_UNLCK) {
		return STORE_ALIVE_NO;
	}
	if (pid != NULL) {
		*pid = lock.l_start;
	}
	return STORE_ALIVE_YES;
}
