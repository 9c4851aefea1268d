/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kskroll.h"

/*! Durable before it takes the name. */
static bool write_whole(int fd, const char *text, size_t len)
{
	size_t done = 0;

	while (done < len) {
		const ssize_t written = write(fd, text + done, len - done);
		if (written < 0 && errno != EINTR) {
			return false;
		}
		done += written > 0 ? (size_t)written : 0;
	}
	return fsync(fd) == 0;
}

/*! The new name is durable as well, where the file system can do that. */
static void sync_folder(const char *path)
{
	char *copy = memory_need(strdup(path));
	const int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(copy);
}

bool replace_file(const char *path, const char *text, size_t len)
{
	const mode_t mask = umask(0);
	char *beside;

	(void)umask(mask);
	if (asprintf(&beside, "%s.XXXXXX", path) < 0) {
		memory_none();
	}
	const int fd = mkstemp(beside);
	const bool fine =
		fd >= 0 && write_whole(fd, text, len) && fchmod(fd, 0666 & ~mask) == 0 && rename(beside, path) == 0;
	const int code = errno;
	if (fd >= 0) {
		close(fd);
	}
	if (fine) {
		sync_folder(path);
	} else if (fd >= 0) {
		(void)unlink(beside);
	}
	free(beside);
	errno = code;
	return fine;
}
