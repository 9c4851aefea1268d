/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded: one allocation fails, or all from one on. FAIL_AT=N the N-th, FAIL_FROM=N that and all later ones;
 * with FAIL_COUNT=FILE their number is written there at the end.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static unsigned long count, at, from;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("FAIL_AT");
	at = text != NULL ? strtoul(text, NULL, 10) : 0;
	text = getenv("FAIL_FROM");
	from = text != NULL ? strtoul(text, NULL, 10) : 0;
	count = 0;
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAIL_COUNT");
	int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	if (fd >= 0) {
		dprintf(fd, "%lu\n", count);
		close(fd);
	}
}

static int fails(void)
{
	count++;
	if (count == at || (from != 0 && count >= from)) {
		errno = ENOMEM;
		return 1;
	}
	return 0;
}

EXPORT void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

EXPORT void *realloc(void *memory, size_t size)
{
	return fails() ? NULL : __libc_realloc(memory, size);
}
