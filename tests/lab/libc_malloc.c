/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * BIND is linked with jemalloc, which asks the clock while it starts; libfaketime then starts, needs
 * memory, asks jemalloc, and waits for ever. Preloading this and libc.so.6 gives every standard name
 * (malloc, free, ...) back to libc; here are the other names of jemalloc that BIND uses, on top of it.
 */

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* jemalloc(3): the low six bits are the logarithm of the alignment. */
#define ALIGNMENT(flags) ((size_t)1 << ((flags) & 0x3f))
#define ZERO             0x40

void *mallocx(size_t size, int flags)
{
	size_t align = ALIGNMENT(flags);
	void *memory = NULL;
	if (align <= sizeof(void *) * 2) {
		memory = malloc(size);
	} else if (posix_memalign(&memory, align, size) != 0) {
		return NULL;
	}
	if (memory != NULL && (flags & ZERO)) {
		memset(memory, 0, size);
	}
	return memory;
}

size_t sallocx(void *memory, int flags)
{
	(void)flags;
	return malloc_usable_size(memory);
}

void dallocx(void *memory, int flags)
{
	(void)flags;
	free(memory);
}

void sdallocx(void *memory, size_t size, int flags)
{
	(void)size;
	(void)flags;
	free(memory);
}

void *rallocx(void *memory, size_t size, int flags)
{
	size_t old = malloc_usable_size(memory);
	void *fresh = mallocx(size, flags);
	if (fresh != NULL) {
		memcpy(fresh, memory, old < size ? old : size);
		if ((flags & ZERO) && size > old) {
			memset((char *)fresh + old, 0, size - old);
		}
		free(memory);
	}
	return fresh;
}

/* Statistics and tuning: BIND goes on without. */
int mallctl(const char *name, void *old, size_t *old_size, void *fresh, size_t fresh_size)
{
	(void)name;
	(void)old;
	(void)old_size;
	(void)fresh;
	(void)fresh_size;
	return ENOENT;
}
