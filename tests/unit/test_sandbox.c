/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kskrolld cannot do any more, tried in processes that end with it. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <cmocka.h>

#include "sandbox.h"

static char folder[] = "/tmp/kskroll-sandbox-XXXXXX";
static char store[64], anchors[64], elsewhere[64], anchor[96], secret[96];

/*! In a process of its own; what it returns is the number of the line that was not as it should be. */
static void in_a_process(int (*what)(void))
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		_exit(what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fail_msg("status %#x: line %i", status, WEXITSTATUS(status));
	}
}

/*! Lines above 255 are told modulo 256. */
#define NEED(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what)) {                                                                                         \
			return __LINE__ & 0xff ? __LINE__ & 0xff : 1;                                                  \
		}                                                                                                      \
	} while (0)

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
	}
	return fd >= 0;
}

static bool creates(const char *in, const char *name)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", in, name);
	return opens(path, O_RDWR | O_CREAT | O_TRUNC) && unlink(path) == 0;
}

static void *work(void *arg)
{
	*(bool *)arg = creates(store, "of-a-thread") && !creates(elsewhere, "of-a-thread");
	return NULL;
}

static int no_privileges(void)
{
	char line[256];
	unsigned seen = 0;
	sandbox_begin();
	FILE *status = fopen("/proc/self/status", "r");
	NEED(status != NULL);
	while (fgets(line, sizeof(line), status) != NULL) {
		unsigned long long set;
		if (sscanf(line, "Cap%*3s: %llx", &set) == 1 || sscanf(line, "Cap%*[A-Za-z]:\t%llx", &set) == 1) {
			NEED(set == 0);
			seen++;
		}
	}
	fclose(status);
	NEED(seen == 5);
	NEED(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	return 0;
}

static int no_programs_and_no_others(void)
{
	char *const argv[] = { "/bin/true", NULL };
	pid_t parent = getppid();
	sandbox_begin();
	if (prctl(PR_GET_SECCOMP) != 2) {
		fprintf(stderr, "no filter of system calls: sanitizers, or this processor is not known\n");
		return 0;
	}
	errno = 0;
	NEED(execv(argv[0], argv) < 0 && errno == EPERM);
	NEED(fork() < 0 && errno == EPERM);
	NEED(vfork() < 0 && errno == EPERM);
	NEED(ptrace(PTRACE_ATTACH, parent, NULL, NULL) < 0 && errno == EPERM);
	NEED(unshare(CLONE_NEWNS) < 0 && errno == EPERM);
	NEED(syscall(SYS_bpf, 0, NULL, 0) < 0 && errno == EPERM);
	NEED(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
	/* knotd and its files: neither limits nor priorities, rights nor times. */
	const struct rlimit second = { 1, 1 };
	const struct sched_param lowest = { 0 };
	cpu_set_t cpus = { 0 };
	CPU_SET(0, &cpus);
	NEED(prlimit(parent, RLIMIT_CPU, &second, NULL) < 0 && errno == EPERM);
	NEED(prlimit(parent, RLIMIT_CPU, NULL, &(struct rlimit){ 0 }) < 0 && errno == EPERM);
	NEED(setpriority(PRIO_PROCESS, parent, 19) < 0 && errno == EPERM);
	NEED(sched_setscheduler(parent, SCHED_IDLE, &lowest) < 0 && errno == EPERM);
	NEED(sched_setaffinity(parent, sizeof(cpus), &cpus) < 0 && errno == EPERM);
	NEED(syscall(SYS_ioprio_set, 1, parent, 3 << 13) < 0 && errno == EPERM);
	NEED(kill(parent, 0) < 0 && errno == EPERM);
	NEED(syscall(SYS_tgkill, parent, parent, 0) < 0 && errno == EPERM);
	NEED(syscall(SYS_tkill, parent, 0) < 0 && errno == EPERM);
	NEED(chmod(secret, 0777) < 0 && errno == EPERM);
	NEED(fchmodat(AT_FDCWD, secret, 0777, 0) < 0 && errno == EPERM);
	NEED(chown(secret, getuid(), getgid()) < 0 && errno == EPERM);
	NEED(fchownat(AT_FDCWD, secret, getuid(), getgid(), AT_SYMLINK_NOFOLLOW) < 0 && errno == EPERM);
	NEED(utimensat(AT_FDCWD, secret, NULL, 0) < 0 && errno == EPERM);
	NEED(setxattr(secret, "user.x", "", 0, 0) < 0 && errno == EPERM);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	NEED(tcp >= 0 && listen(tcp, 1) < 0 && errno == EPERM);
	/* Its own are its own. */
	NEED(kill(getpid(), 0) == 0 && syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0) == 0);
	NEED(getrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0 }) == 0);
	/* What it does all the time. */
	NEED(socket(AF_INET, SOCK_DGRAM, 0) >= 0 && socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	pthread_t thread;
	bool done = false;
	NEED(pthread_create(&thread, NULL, work, &done) == 0);
	NEED(pthread_join(thread, NULL) == 0);
	return 0;
}

static int only_its_files(void)
{
	const char *const read[] = { anchor, NULL };
	pid_t parent = getppid();
	const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	sandbox_begin();
	const char *missing = sandbox_files(store, read, 2);
	if (!opens(secret, O_RDONLY)) {
		NEED(errno == EACCES);
		NEED(missing == NULL || strcmp(missing, "seccomp") == 0);
	} else {
		fprintf(stderr, "no Landlock (%ld), or sanitizers\n", version);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		NEED(version < 1);
		NEED(missing != NULL && strstr(missing, "Landlock") != NULL);
#else
		NEED(missing == NULL);
#endif
		return 0;
	}
	NEED(creates(store, "kskroll.db") && creates(store, "kskroll.db-wal"));
	NEED(!creates(elsewhere, "x") && !creates(anchors, "x") && !creates("/tmp", "x"));
	NEED(opens(anchor, O_RDONLY) && !opens(anchor, O_RDWR));
	NEED(!opens(secret, O_RDONLY) && !opens("/etc/passwd", O_RDONLY));
	/* A link into the store's folder leads nowhere else. */
	char link[96];
	snprintf(link, sizeof(link), "%s/link", store);
	NEED(symlink(secret, link) != 0);
	NEED(opens("/dev/urandom", O_RDONLY) && opens("/proc/self/fd", O_RDONLY | O_DIRECTORY) &&
	     opens("/dev/null", O_RDWR));
	NEED(opens("/proc/sys/kernel/random/boot_id", O_RDONLY));
	/* Replaced, as by a package. */
	NEED(opens(anchor, O_RDONLY));
	pthread_t thread;
	bool done = false;
	NEED(pthread_create(&thread, NULL, work, &done) == 0 && pthread_join(thread, NULL) == 0 && done);
	if (version >= 6) {
		NEED(kill(parent, 0) != 0 && errno == EPERM);
	}
	return 0;
}

static void it_has_no_privileges(void **state)
{
	(void)state;
	in_a_process(no_privileges);
}

static void it_starts_no_programs_and_checks_into_no_process(void **state)
{
	(void)state;
	in_a_process(no_programs_and_no_others);
}

static void it_opens_its_own_files_only(void **state)
{
	(void)state;
	in_a_process(only_its_files);
}

static void make(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	snprintf(store, sizeof(store), "%s/store", folder);
	snprintf(anchors, sizeof(anchors), "%s/anchors", folder);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", folder);
	snprintf(anchor, sizeof(anchor), "%s/root.key", anchors);
	snprintf(secret, sizeof(secret), "%s/secret", elsewhere);
	mkdir(store, 0700);
	mkdir(anchors, 0700);
	mkdir(elsewhere, 0700);
	make(anchor, "anchor");
	make(secret, "secret");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(anchor);
	unlink(secret);
	rmdir(store);
	rmdir(anchors);
	rmdir(elsewhere);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_no_privileges),
		cmocka_unit_test(it_starts_no_programs_and_checks_into_no_process),
		cmocka_unit_test(it_opens_its_own_files_only),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
