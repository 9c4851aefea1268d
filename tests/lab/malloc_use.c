/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded: counts the octets that knotd or kskrolld has allocated. A file of 8 octets, MALLOC_USE/PID, always has the
 * number. Resident memory says less: it has the gaps between blocks as well.
 */

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static _Atomic long own;
static _Atomic long *used = &own;

/* A child that is no program of its own yet must not count for its parent. */
static void in_child(void)
{
	used = &own;
}

__attribute__((constructor)) static void begin(void)
{
	const char *directory = getenv("MALLOC_USE");
	if (directory == NULL || (strcmp(program_invocation_short_name, "knotd") != 0 &&
	                          strncmp(program_invocation_short_name, "kskroll", 7) != 0)) {
		return;
	}
	char path[4096];
	snprintf(path, sizeof(path), "%s/%li", directory, (long)getpid());
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		return;
	}
	void *page = MAP_FAILED;
	if (ftruncate(fd, sizeof(*used)) == 0) {
		page = mmap(NULL, sizeof(*used), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	close(fd);
	if (page != MAP_FAILED) {
		used = page;
		*used = own;
		pthread_atfork(NULL, NULL, in_child);
	}
}

static void *counted(void *memory)
{
	if (memory != NULL) {
		atomic_fetch_add_explicit(used, (long)malloc_usable_size(memory), memory_order_relaxed);
	}
	return memory;
}

void *malloc(size_t size)
{
	return counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return counted(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size)
{
	long old = (long)malloc_usable_size(memory);
	void *grown = __libc_realloc(memory, size);
	if (grown != NULL || size == 0) {
		atomic_fetch_sub_explicit(used, old, memory_order_relaxed);
	}
	return counted(grown);
}

void *memalign(size_t alignment, size_t size)
{
	return counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	void *made = memalign(alignment, size);
	if (made == NULL) {
		return ENOMEM;
	}
	*memory = made;
	return 0;
}

void free(void *memory)
{
	atomic_fetch_sub_explicit(used, (long)malloc_usable_size(memory), memory_order_relaxed);
	__libc_free(memory);
}
