/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into knotd, and so into kskrolld: allocations fail that are called from one object, wherever in its code.
 * In knotd that is the module, in kskrolld the program itself.
 *
 * FAIL_IN=TEXT is a part of the module's path, FAIL_HIT=N fails the N-th allocation of each place in its code, and
 * every FAIL_EVERY-th of that place after it (0: no more), while the file FAIL_WHEN is there:
 * in threads that have the module's name, and with a letter in that file in all. Each failure is written to FAIL_LOG as
 * the name of the process and an offset in the object. Calls that go through other libraries are theirs.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACES 4096

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static void (*next_free)(void *);
static void *(*next_dlopen)(const char *, int);

static const char *object; /* NULL: the program itself. */
static const char *process;
static uintptr_t begin, end, base;
static unsigned long hit, every;
static const char *when;
static int log_fd = -1;
static pid_t log_pid; /* A process that is forked has closed the log. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	uintptr_t at;
	unsigned long count;
} places[PLACES];

/* What dlsym() asks for before anybody is there to give it. */
static char early[65536];
static size_t early_used;

static void *early_alloc(size_t size)
{
	size = (size + 15) & ~(size_t)15;
	void *memory = early + early_used;
	early_used += size;
	return early_used <= sizeof(early) ? memory : NULL;
}

static bool is_early(const void *memory)
{
	return (const char *)memory >= early && (const char *)memory < early + sizeof(early);
}

__attribute__((constructor)) static void prepare(void)
{
	static bool running;
	if (next_free != NULL || running) {
		return;
	}
	running = true;
	next_malloc = dlsym(RTLD_NEXT, "malloc");
	next_calloc = dlsym(RTLD_NEXT, "calloc");
	next_realloc = dlsym(RTLD_NEXT, "realloc");
	next_dlopen = dlsym(RTLD_NEXT, "dlopen");
	next_free = dlsym(RTLD_NEXT, "free");
	running = false;
}

static int find(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	if (object != NULL ? strstr(info->dlpi_name, object) == NULL : info->dlpi_name[0] != '\0') {
		return 0;
	}
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type == PT_LOAD && (p->p_flags & PF_X)) {
			base = info->dlpi_addr;
			begin = base + p->p_vaddr;
			end = begin + p->p_memsz;
		}
	}
	return 1;
}

static bool is_process(const char *wanted)
{
	char name[32] = "";
	int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	bool is = fd >= 0 && read(fd, name, sizeof(name) - 1) > 0 && strncmp(name, wanted, strlen(wanted)) == 0;
	if (fd >= 0) {
		close(fd);
	}
	process = is ? wanted : process;
	return is;
}

static void watch(const char *path)
{
	const char *number = getenv("FAIL_HIT"), *log = getenv("FAIL_LOG");
	object = path;
	hit = number != NULL ? strtoul(number, NULL, 10) : 0;
	number = getenv("FAIL_EVERY");
	every = number != NULL ? strtoul(number, NULL, 10) : 0;
	when = getenv("FAIL_WHEN");
	log_fd = log != NULL ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	log_pid = getpid();
	dl_iterate_phdr(find, NULL);
}

__attribute__((constructor)) static void watch_program(void)
{
	prepare();
	if (getenv("FAIL_IN") != NULL && is_process("kskrolld")) {
		watch(NULL);
	}
}

void *dlopen(const char *path, int flags)
{
	prepare();
	void *handle = next_dlopen(path, flags);
	const char *wanted = getenv("FAIL_IN");
	if (handle != NULL && end == 0 && path != NULL && wanted != NULL && strstr(path, wanted) != NULL &&
	    is_process("knotd")) {
		watch(wanted);
	}
	return handle;
}

static bool fails(const void *caller)
{
	const uintptr_t at = (uintptr_t)caller;
	struct stat st;
	char name[16] = "";
	if (at < begin || at >= end || when == NULL || stat(when, &st) != 0 ||
	    (st.st_size == 0 && (prctl(PR_GET_NAME, name) != 0 || strncmp(name, "kskroll", 7) != 0))) {
		return false;
	}
	pthread_mutex_lock(&lock);
	/* Counted anew with each new file. */
	static struct timespec since;
	if (since.tv_sec != st.st_mtim.tv_sec || since.tv_nsec != st.st_mtim.tv_nsec) {
		since = st.st_mtim;
		memset(places, 0, sizeof(places));
	}
	size_t i = at % PLACES;
	while (places[i].at != 0 && places[i].at != at) {
		i = (i + 1) % PLACES;
	}
	places[i].at = at;
	const unsigned long count = ++places[i].count;
	pthread_mutex_unlock(&lock);
	if (count != hit && !(every != 0 && count > hit && (count - hit) % every == 0)) {
		return false;
	}
	if (log_fd >= 0 && getpid() == log_pid) {
		dprintf(log_fd, "%s:%#lx\n", process, (unsigned long)(at - base));
	}
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	prepare();
	if (next_malloc == NULL) {
		return early_alloc(size);
	}
	return fails(__builtin_return_address(0)) ? NULL : next_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	prepare();
	if (next_calloc == NULL) {
		return early_alloc(count * size);
	}
	return fails(__builtin_return_address(0)) ? NULL : next_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	prepare();
	return fails(__builtin_return_address(0)) ? NULL : next_realloc(memory, size);
}

void free(void *memory)
{
	if (!is_early(memory)) {
		prepare();
		next_free(memory);
	}
}

char *strdup(const char *text)
{
	prepare();
	if (fails(__builtin_return_address(0))) {
		return NULL;
	}
	size_t size = strlen(text) + 1;
	char *copy = next_malloc(size);
	return copy != NULL ? memcpy(copy, text, size) : NULL;
}
