/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "spawn.h"

extern char **environ;

static int add_files(posix_spawn_file_actions_t *files, const int stdio[3], const int *more, size_t count)
{
	int ret = 0;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && ret == 0; fd++) {
		if (stdio[fd] == SPAWN_NULL) {
			ret = posix_spawn_file_actions_addopen(files, fd, "/dev/null", O_RDONLY, 0);
		} else if (stdio[fd] != SPAWN_SAME) {
			ret = posix_spawn_file_actions_adddup2(files, stdio[fd], fd);
		}
	}
	const int first = STDERR_FILENO + 1;
	for (size_t i = 0; i < count && ret == 0; i++) {
		assert(more[i] >= first + (int)count);
		ret = posix_spawn_file_actions_adddup2(files, more[i], first + i);
	}
	return ret != 0 ? ret : posix_spawn_file_actions_addclosefrom_np(files, first + count);
}

/*! \param[in] flags  POSIX_SPAWN_SETPGROUP, or 0. */
static int spawn(pid_t *pid, const char *path, char *const *argv, const int stdio[3], const int *more, size_t count,
                 short flags)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;

	assert(pid && path && argv && stdio);

	int ret = posix_spawn_file_actions_init(&files);
	if (ret != 0) {
		return ret;
	}
	ret = posix_spawnattr_init(&attributes);
	if (ret != 0) {
		posix_spawn_file_actions_destroy(&files);
		return ret;
	}
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | flags);
	ret = add_files(&files, stdio, more, count);
	if (ret == 0) {
		ret = posix_spawn(pid, path, &files, &attributes, argv, environ);
	}
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return ret;
}

int spawn_program(pid_t *pid, const char *path, char *const *argv, const int stdio[3])
{
	return spawn(pid, path, argv, stdio, NULL, 0, 0);
}

int spawn_leader(pid_t *pid, const char *path, char *const *argv, const int stdio[3])
{
	return spawn(pid, path, argv, stdio, NULL, 0, POSIX_SPAWN_SETPGROUP);
}

int spawn_with(pid_t *pid, const char *path, char *const *argv, const int stdio[3], const int *more, size_t count)
{
	return spawn(pid, path, argv, stdio, more, count, 0);
}
