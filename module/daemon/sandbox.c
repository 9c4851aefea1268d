/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#define SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Capabilities. */

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	}
	(void)syscall(SYS_capset, &header, none);
}

/* System calls. */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#if defined(ARCH) && !defined(SANITIZED)
#define LOAD(field)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define GIVE(what)         BPF_STMT(BPF_RET | BPF_K, (what))
#define DENY               (SECCOMP_RET_ERRNO | EPERM)
/*! The next instruction is the refusal. */
#define REFUSE(nr) IS(SYS_##nr, 0, 1), GIVE(DENY)
/*! In the place of the number of this process, which is known when the filter is loaded. */
#define OWN_PID UINT32_C(0xffffffff)
/*! Allowed if the first argument is that process: a number of 32 bits, the lower half on the processors above. */
#define ONLY(nr, process) IS(SYS_##nr, 0, 4), LOAD(args[0]), IS((process), 1, 0), GIVE(DENY), GIVE(SECCOMP_RET_ALLOW)

/* Headers may be older than the kernel. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#endif
#ifndef SYS_removexattrat
#define SYS_removexattrat 466
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

/*!
 * What nothing in here ever does: start programs and processes, reach into others, change the system, or change rights
 * and times of files, which Landlock does not cover. A list of what is allowed would break with the next version of a
 * library. fchmod() stays: SQLite calls it, and it needs a file that Landlock let this process open.
 */
static const struct sock_filter filter[] = {
	LOAD(arch),
	IS(ARCH, 1, 0),
	GIVE(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
#ifdef __x86_64__
	/* The other ABI of this processor. */
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
	GIVE(DENY),
	REFUSE(fork),
	REFUSE(vfork),
	REFUSE(iopl),
	REFUSE(ioperm),
	REFUSE(modify_ldt),
	REFUSE(chmod),
	REFUSE(chown),
	REFUSE(lchown),
	REFUSE(utime),
	REFUSE(utimes),
	REFUSE(futimesat),
#endif
	REFUSE(execve),
	REFUSE(execveat),
	REFUSE(ptrace),
	REFUSE(process_vm_readv),
	REFUSE(process_vm_writev),
	REFUSE(kcmp),
	REFUSE(pidfd_getfd),
	REFUSE(mount),
	REFUSE(umount2),
	REFUSE(pivot_root),
	REFUSE(chroot),
	REFUSE(unshare),
	REFUSE(setns),
	REFUSE(open_by_handle_at),
	REFUSE(init_module),
	REFUSE(finit_module),
	REFUSE(delete_module),
	REFUSE(kexec_load),
	REFUSE(reboot),
	REFUSE(swapon),
	REFUSE(swapoff),
	REFUSE(acct),
	REFUSE(settimeofday),
	REFUSE(clock_settime),
	REFUSE(adjtimex),
	REFUSE(clock_adjtime),
	REFUSE(sethostname),
	REFUSE(setdomainname),
	REFUSE(bpf),
	REFUSE(perf_event_open),
	REFUSE(userfaultfd),
	REFUSE(io_uring_setup),
	REFUSE(add_key),
	REFUSE(request_key),
	REFUSE(keyctl),
	REFUSE(quotactl),
	REFUSE(syslog),
	REFUSE(personality),
	REFUSE(setuid),
	REFUSE(setgid),
	REFUSE(setreuid),
	REFUSE(setregid),
	REFUSE(setresuid),
	REFUSE(setresgid),
	REFUSE(fchmodat),
	REFUSE(fchmodat2),
	REFUSE(fchownat),
	REFUSE(utimensat),
	REFUSE(setxattr),
	REFUSE(lsetxattr),
	REFUSE(setxattrat),
	REFUSE(removexattr),
	REFUSE(lremovexattr),
	REFUSE(removexattrat),
	/* Other processes of this user, knotd above all: their limits, priorities, memory, and signals to them. */
	REFUSE(setpriority),
	REFUSE(ioprio_set),
	REFUSE(sched_setscheduler),
	REFUSE(sched_setparam),
	REFUSE(sched_setattr),
	REFUSE(sched_setaffinity),
	REFUSE(migrate_pages),
	REFUSE(move_pages),
	REFUSE(process_madvise),
	REFUSE(process_mrelease),
	REFUSE(tkill),
	REFUSE(rt_sigqueueinfo),
	REFUSE(rt_tgsigqueueinfo),
	REFUSE(pidfd_send_signal),
	ONLY(kill, OWN_PID),
	ONLY(tgkill, OWN_PID),
	ONLY(prlimit64, 0),
	/* It asks, and nobody asks it. */
	REFUSE(listen),
	/* Its flags are in memory, where a filter cannot check; glibc takes clone() then. */
	IS(SYS_clone3, 0, 1),
	GIVE(SECCOMP_RET_ERRNO | ENOSYS),
	/* Threads only. */
	IS(SYS_clone, 0, 3),
	LOAD(args[0]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
	GIVE(DENY),
	GIVE(SECCOMP_RET_ALLOW),
};

static void filter_calls(void)
{
	struct sock_filter own[SIZE(filter)];
	const struct sock_fprog program = { .len = SIZE(filter), .filter = own };

	memcpy(own, filter, sizeof(filter));
	for (size_t i = 0; i < SIZE(filter); i++) {
		own[i].k = own[i].k == OWN_PID ? (uint32_t)getpid() : own[i].k;
	}
	(void)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
#else
static void filter_calls(void)
{
}
#endif

void sandbox_begin(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	drop_capabilities();
	filter_calls();
}

/* Files. */

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/*! What the first version knows. */
#define ALL ((UINT64_C(1) << 13) - 1)
/* Those of later versions, which older headers do not have. */
#define REFER          (UINT64_C(1) << 13)
#define TRUNCATE       (UINT64_C(1) << 14)
#define IOCTL_DEV      (UINT64_C(1) << 15)
#define SCOPE_ABSTRACT (UINT64_C(1) << 0)
#define SCOPE_SIGNAL   (UINT64_C(1) << 1)

/*! As struct landlock_ruleset_attr; older kernels take a shorter one. */
typedef struct {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
} ruleset_t;

static void allow(int rules, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	struct stat st;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0) {
		return;
	}
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE;
	}
	(void)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

/*! The folder of the file, and that where it really is. */
static void allow_folder_of(int rules, const char *path)
{
	char *real = realpath(path, NULL);
	const char *const files[] = { path, real };

	for (size_t i = 0; i < SIZE(files); i++) {
		const char *slash = files[i] != NULL ? strrchr(files[i], '/') : NULL;
		char folder[4096];
		if (slash != NULL && snprintf(folder, sizeof(folder), "%.*s", (int)(slash - files[i] + 1), files[i]) <
		                             (int)sizeof(folder)) {
			allow(rules, folder, READ);
		}
	}
	free(real);
}

void sandbox_files(const char *write, const char *const *read, size_t count)
{
#ifdef SANITIZED
	(void)write, (void)read, (void)count, (void)allow_folder_of;
#else
	/* Libraries, the default trust anchor, time zones; OpenSSL's configuration; what is asked of the kernel. */
	static const char *const always[] = {
		"/usr",
		"/lib",
		"/lib64",
		"/etc/ssl/openssl.cnf",
		"/etc/localtime",
		"/dev/urandom",
		"/dev/null",
		"/proc/self",
		"/proc/sys/kernel/random/boot_id",
		"/sys/devices/system/cpu/online",
	};
	const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1) {
		return;
	}
	ruleset_t ruleset = { .files = ALL };
	ruleset.files |= (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0) | (version >= 5 ? IOCTL_DEV : 0);
	ruleset.scoped = version >= 6 ? SCOPE_ABSTRACT | SCOPE_SIGNAL : 0;
	const size_t size = version >= 6 ? sizeof(ruleset) : version >= 4 ? 16 : 8;
	int rules = syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (rules < 0) {
		return;
	}
	allow(rules, write,
	      (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	       TRUNCATE) &
	              ruleset.files);
	allow(rules, "/dev/null", (READ | LANDLOCK_ACCESS_FS_WRITE_FILE) & ruleset.files);
	for (size_t i = 0; i < SIZE(always); i++) {
		allow(rules, always[i], READ);
	}
	for (size_t i = 0; i < count; i++) {
		if (read[i] != NULL) {
			allow_folder_of(rules, read[i]);
		}
	}
	(void)syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
#endif
}
