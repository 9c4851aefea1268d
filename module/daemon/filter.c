/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filter.h"
#include "sanitized.h"

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
#define SIZE(array) (sizeof(array) / sizeof((array)[0]))
/*! Flags of clone() that make namespaces. */
#define CLONE_NEW                                                                                                      \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* A filter is put together of these parts; each instruction jumps within its own line only. */

static const struct sock_filter begin[] = {
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
};

/*!
 * What no process of ours ever does: reach into others, change the system, or change rights and times of files, which
 * Landlock does not cover. A list of what is allowed would break with the next version of a library. fchmod() stays:
 * SQLite calls it, and it needs a file that Landlock let this process open.
 */
static const struct sock_filter never[] = {
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
	ONLY(tgkill, OWN_PID),
	ONLY(prlimit64, 0),
	/* It asks, and nobody asks it. */
	REFUSE(listen),
	/* Its flags are in memory, where a filter cannot check; glibc takes clone() then. */
	IS(SYS_clone3, 0, 1),
	GIVE(SECCOMP_RET_ERRNO | ENOSYS),
};

/*! Neither programs nor processes, but threads. */
static const struct sock_filter of_kskrolld[] = {
	REFUSE(execve),
	ONLY(kill, OWN_PID),
	IS(SYS_clone, 0, 3),
	LOAD(args[0]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
	GIVE(DENY),
};

/*!
 * Programs, and no network. It holds for keymgr as well. One that hangs is killed: of other processes only Landlock
 * knows that they are none of its own.
 */
static const struct sock_filter of_broker[] = {
	REFUSE(socket),
	REFUSE(socketpair),
	REFUSE(connect),
	REFUSE(bind),
	REFUSE(accept),
	REFUSE(accept4),
	REFUSE(sendto),
	REFUSE(sendmsg),
	REFUSE(sendmmsg),
	REFUSE(recvfrom),
	REFUSE(recvmsg),
	REFUSE(recvmmsg),
	IS(SYS_kill, 0, 4),
	LOAD(args[1]),
	IS(SIGKILL, 1, 0),
	GIVE(DENY),
	GIVE(SECCOMP_RET_ALLOW),
	IS(SYS_clone, 0, 4),
	LOAD(args[0]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEW, 0, 1),
	GIVE(DENY),
	GIVE(SECCOMP_RET_ALLOW),
};

static const struct sock_filter end[] = { GIVE(SECCOMP_RET_ALLOW) };

static size_t put(struct sock_filter *program, size_t len, const struct sock_filter *part, size_t count)
{
	memcpy(program + len, part, count * sizeof(*part));
	for (size_t i = len; i < len + count; i++) {
		program[i].k = program[i].k == OWN_PID ? (uint32_t)getpid() : program[i].k;
	}
	return len + count;
}

static void filter_calls(const struct sock_filter *own, size_t count)
{
	struct sock_filter all[SIZE(begin) + SIZE(never) + SIZE(of_kskrolld) + SIZE(of_broker) + SIZE(end)];
	size_t len = put(all, 0, begin, SIZE(begin));
	len = put(all, len, never, SIZE(never));
	len = put(all, len, own, count);
	len = put(all, len, end, SIZE(end));

	const struct sock_fprog program = { .len = len, .filter = all };
	(void)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

void filter_kskrolld(void)
{
	filter_calls(of_kskrolld, SIZE(of_kskrolld));
}

void filter_broker(void)
{
	filter_calls(of_broker, SIZE(of_broker));
}
#else
void filter_kskrolld(void)
{
}

void filter_broker(void)
{
}
#endif
