/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "descriptors.h"

bool descriptors_each(descriptor_f each, void *arg)
{
	// Not 0..RLIMIT_NOFILE: that is a million system calls on a large server.
	DIR *dir = opendir("/proc/self/fd");
	if (dir == NULL) {
		return false;
	}

	const struct dirent *entry;
	while ((entry = readdir(dir)) != NULL) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);
		if (end == entry->d_name || *end != '\0' || fd == dirfd(dir)) {
			continue;
		}
		if (each((int)fd, arg)) {
			break;
		}
	}
	closedir(dir);
	return true;
}

bool descriptor_option(int fd, int option, int want)
{
	int value;
	socklen_t len = sizeof(value);
	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == want;
}

bool descriptor_is_unix_stream(int fd)
{
	return descriptor_option(fd, SO_DOMAIN, AF_UNIX) && descriptor_option(fd, SO_TYPE, SOCK_STREAM);
}

bool descriptor_unix_path(int fd, bool peer, char *out, size_t out_len)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr);
	if ((peer ? getpeername : getsockname)(fd, (struct sockaddr *)&addr, &len) != 0 || addr.sun_family != AF_UNIX ||
	    len <= offsetof(struct sockaddr_un, sun_path) || addr.sun_path[0] == '\0') {
		return false;
	}

	// The kernel does not promise a final zero for the longest paths.
	size_t path_len = strnlen(addr.sun_path, sizeof(addr.sun_path));
	if (path_len >= out_len) {
		return false;
	}
	memcpy(out, addr.sun_path, path_len);
	out[path_len] = '\0';

	return true;
}
