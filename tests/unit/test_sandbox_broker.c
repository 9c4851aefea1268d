/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the process that runs keymgr cannot do any more, and what keymgr needs, tried in processes that end with it. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
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
#include <unistd.h>
#include <cmocka.h>

#include "sandbox.h"

extern char **environ;

/*! Outside of /tmp, which keymgr may write. */
static char folder[] = "/var/tmp/kskroll-broker-XXXXXX";
static char data[96], lock[96], keys[96], key[128], program[96], other[96], in_tmp[64];

/*! A process that was there before, and is none of its own. */
static pid_t bystander;

/*! In a process of its own; what it returns is the number of the line that was not as it should be. */
static void in_a_process(int (*what)(void))
{
	int status;
	bystander = fork();
	assert_true(bystander >= 0);
	if (bystander == 0) {
		pause();
		_exit(0);
	}
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(30);
		_exit(what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	kill(bystander, SIGKILL);
	assert_int_equal(waitpid(bystander, NULL, 0), bystander);
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
#define NEED_EPERM(what) NEED((what) < 0 && errno == EPERM)

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
	}
	return fd >= 0;
}

/*! \return Its exit code; -1 if it cannot be started. */
static int run(const char *path)
{
	char *const argv[] = { "program", NULL };
	pid_t pid;
	int status;

	if (posix_spawn(&pid, path, NULL, NULL, argv, environ) != 0) {
		return -1;
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

/*! Whether this build filters system calls on this processor. */
static bool is_filtered(void)
{
#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	return true;
#else
	fprintf(stderr, "no filter of system calls: sanitizers, or this processor is not known\n");
	return false;
#endif
}

static int no_privileges(void)
{
	char line[256];
	unsigned seen = 0;
	sandbox_broker(folder, program, false);
	FILE *status = fopen("/proc/self/status", "r");
	NEED(status != NULL);
	while (fgets(line, sizeof(line), status) != NULL) {
		unsigned long long set;
		if (sscanf(line, "Cap%*[A-Za-z]:\t%llx", &set) == 1) {
			NEED(set == 0);
			seen++;
		}
	}
	fclose(status);
	NEED(seen == 5);
	NEED(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	return 0;
}

static int no_network(void)
{
	int pair[2];
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct sockaddr_storage to = { .ss_family = AF_INET };
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	const int tcp = socket(AF_INET, SOCK_STREAM, 0);
	NEED(tcp >= 0);
	sandbox_broker(folder, program, false);
	if (!is_filtered()) {
		return 0;
	}
	NEED(prctl(PR_GET_SECCOMP) == 2);
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_ALG };
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		NEED_EPERM(socket(families[i], SOCK_DGRAM, 0));
	}
	int other_pair[2];
	NEED_EPERM(socketpair(AF_UNIX, SOCK_STREAM, 0, other_pair));
	// Not even with one that it had.
	NEED_EPERM(connect(tcp, (struct sockaddr *)&to, sizeof(to)));
	NEED_EPERM(bind(tcp, (struct sockaddr *)&to, sizeof(to)));
	NEED_EPERM(listen(tcp, 1));
	NEED_EPERM(accept(tcp, NULL, NULL));
	NEED_EPERM(accept4(tcp, NULL, NULL, 0));
	NEED_EPERM(send(pair[0], &byte, 1, 0));
	NEED_EPERM(sendmsg(pair[0], &message, 0));
	NEED_EPERM(sendmmsg(pair[0], &(struct mmsghdr){ .msg_hdr = message }, 1, 0));
	NEED(write(pair[0], &byte, 1) == 1);
	NEED_EPERM(recv(pair[1], &byte, 1, 0));
	NEED_EPERM(recvmsg(pair[1], &message, 0));
	NEED_EPERM(recvmmsg(pair[1], &(struct mmsghdr){ .msg_hdr = message }, 1, 0, NULL));
	NEED(read(pair[1], &byte, 1) == 1);
	return 0;
}

static int no_others(void)
{
	const struct rlimit second = { 1, 1 };
	sandbox_broker(folder, program, false);
	if (!is_filtered()) {
		return 0;
	}
	NEED(prctl(PR_GET_SECCOMP) == 2);
	NEED_EPERM(ptrace(PTRACE_ATTACH, bystander, NULL, NULL));
	NEED_EPERM(kill(bystander, SIGTERM));
	NEED_EPERM(kill(bystander, SIGSTOP));
	NEED_EPERM(kill(bystander, 0));
	NEED_EPERM(syscall(SYS_tgkill, bystander, bystander, SIGKILL));
	NEED_EPERM(prlimit(bystander, RLIMIT_CPU, &second, NULL));
	NEED_EPERM(setpriority(PRIO_PROCESS, bystander, 19));
	NEED_EPERM(unshare(CLONE_NEWNS));
	NEED_EPERM(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
	NEED_EPERM(syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, NULL, NULL, NULL, NULL));
	NEED_EPERM(syscall(SYS_execveat, -1, "/bin/true", NULL, NULL, 0));
	NEED_EPERM(syscall(SYS_bpf, 0, NULL, 0));
	NEED_EPERM(chmod(key, 0777));
	NEED(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
	// What it is for: programs, and an end of those that hang.
	NEED(run("/bin/true") == 0 && run("/bin/false") == 1);
	const pid_t own = fork();
	NEED(own >= 0);
	if (own == 0) {
		alarm(10);
		pause();
	}
	NEED(kill(own, SIGKILL) == 0 && waitpid(own, NULL, 0) == own);
	return 0;
}

static int only_its_files(void)
{
	const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	char path[160];

	sandbox_broker(folder, program, false);
	sandbox_broker(folder, program, true);
	if (!opens(key, O_RDONLY)) {
		NEED(errno == EACCES);
	} else {
		fprintf(stderr, "no Landlock (%ld), or sanitizers\n", version);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		NEED(version < 1);
#endif
		return 0;
	}
	NEED(opens(data, O_RDWR) && opens(lock, O_RDWR) && opens("/dev/null", O_RDWR));
	NEED(truncate(data, 0) == 0);
	// Neither private keys nor anything else beside the database.
	NEED(!opens(keys, O_RDONLY | O_DIRECTORY) && !opens(folder, O_RDONLY | O_DIRECTORY) && !opens(other, O_RDONLY));
	snprintf(path, sizeof(path), "%s/new", folder);
	NEED(!opens(path, O_RDWR | O_CREAT));
	NEED(unlink(data) != 0 && rename(data, path) != 0 && link(data, path) != 0 && symlink(data, path) != 0);
	NEED(!opens("/etc/passwd", O_RDONLY) && !opens("/proc/self/environ", O_RDONLY) && !opens("/var/lib", O_RDONLY));
	// The folder of keymgr's own configuration.
	snprintf(path, sizeof(path), "%s/new", in_tmp);
	NEED(mkdir(path, 0700) == 0 && rmdir(path) == 0);
	NEED(opens(path, O_RDWR | O_CREAT) && opens(path, O_RDONLY) && unlink(path) == 0);
	// Programs of the system, and the one that is configured.
	NEED(run("/bin/true") == 0 && run(program) == 7);
	NEED(run(other) == -1);
	snprintf(path, sizeof(path), "%s/program", in_tmp);
	NEED(run(path) == -1);
	if (version >= 6) {
		NEED_EPERM(kill(bystander, SIGKILL));
	}
	const pid_t own = fork();
	NEED(own >= 0);
	if (own == 0) {
		alarm(10);
		pause();
	}
	NEED(kill(own, SIGKILL) == 0 && waitpid(own, NULL, 0) == own);
	return 0;
}

static void it_has_no_privileges(void **state)
{
	(void)state;
	in_a_process(no_privileges);
}

static void it_has_no_network(void **state)
{
	(void)state;
	in_a_process(no_network);
}

static void it_reaches_no_other_process(void **state)
{
	(void)state;
	in_a_process(no_others);
}

static void it_opens_its_own_files_only(void **state)
{
	(void)state;
	in_a_process(only_its_files);
}

static void make(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
	char path[96];
	(void)state;
	strcpy(in_tmp, "/tmp/kskroll-broker-XXXXXX");
	if (mkdtemp(folder) == NULL || mkdtemp(in_tmp) == NULL) {
		return -1;
	}
	snprintf(data, sizeof(data), "%s/data.mdb", folder);
	snprintf(lock, sizeof(lock), "%s/lock.mdb", folder);
	snprintf(keys, sizeof(keys), "%s/keys", folder);
	snprintf(key, sizeof(key), "%s/key.pem", keys);
	snprintf(program, sizeof(program), "%s/program", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	snprintf(path, sizeof(path), "%s/program", in_tmp);
	mkdir(keys, 0700);
	make(data, "data", 0600);
	make(lock, "lock", 0600);
	make(key, "key", 0600);
	make(program, "#!/bin/sh\nexit 7\n", 0700);
	make(other, "#!/bin/sh\nexit 7\n", 0700);
	make(path, "#!/bin/sh\nexit 7\n", 0700);
	return 0;
}

static int teardown(void **state)
{
	char path[96];
	(void)state;
	snprintf(path, sizeof(path), "%s/program", in_tmp);
	const char *const files[] = { data, lock, key, program, other, path };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		unlink(files[i]);
	}
	rmdir(keys);
	rmdir(in_tmp);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_no_privileges),
		cmocka_unit_test(it_has_no_network),
		cmocka_unit_test(it_reaches_no_other_process),
		cmocka_unit_test(it_opens_its_own_files_only),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
