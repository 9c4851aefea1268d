/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filter.h"
#include "landlock.h"
#include "sandbox.h"
#include "sanitized.h"

#define SIZE(array) (sizeof(array) / sizeof((array)[0]))
/*! Bytes of a path. */
#define PATH_SIZE 4096

/*! Nor can any be had. */
static void drop_privileges(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	}
	(void)syscall(SYS_capset, &header, none);
}

void sandbox_begin(void)
{
	drop_privileges();
	filter_kskrolld();
}

/* Files. */

/*! The folder of the file, and that where it really is. */
static void allow_folder_of(const landlock_t *rules, const char *path)
{
	char *real = realpath(path, NULL);
	const char *const files[] = { path, real };

	for (size_t i = 0; i < SIZE(files); i++) {
		const char *slash = files[i] != NULL ? strrchr(files[i], '/') : NULL;
		char folder[PATH_SIZE];
		if (slash != NULL && snprintf(folder, sizeof(folder), "%.*s", (int)(slash - files[i] + 1), files[i]) <
		                             (int)sizeof(folder)) {
			landlock_allow(rules, folder, LANDLOCK_READ);
		}
	}
	free(real);
}

#ifndef SANITIZED
static const char *missing(bool calls, bool files)
{
	return !calls && !files ? "seccomp and Landlock" : !calls ? "seccomp" : !files ? "Landlock" : NULL;
}
#endif

const char *sandbox_files(const char *write, const char *const *read, size_t count)
{
#ifdef SANITIZED
	(void)write, (void)read, (void)count, (void)allow_folder_of;
	return NULL;
#else
	/* Libraries, the default trust anchor, time zones; OpenSSL's configuration; what is asked of the kernel. */
	static const char *const always[] = {
		"/usr",
		"/lib",
		"/lib64",
		"/etc/ssl/openssl.cnf",
		"/etc/localtime",
		/* The addresses of EPP servers, and the authorities of the system. */
		"/etc/resolv.conf",
		"/etc/hosts",
		"/etc/host.conf",
		"/etc/nsswitch.conf",
		"/etc/gai.conf",
		"/etc/services",
		"/etc/ssl/certs",
		"/dev/urandom",
		"/dev/null",
		"/proc/self",
		"/proc/sys/kernel/random/boot_id",
		"/sys/devices/system/cpu/online",
	};
	const bool calls = prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER;
	landlock_t rules;
	if (!landlock_begin(&rules)) {
		return missing(calls, false);
	}
	landlock_allow(&rules, write,
	               LANDLOCK_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
	                       LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_TRUNCATE);
	landlock_allow(&rules, "/dev/null", LANDLOCK_READ | LANDLOCK_ACCESS_FS_WRITE_FILE);
	for (size_t i = 0; i < SIZE(always); i++) {
		landlock_allow(&rules, always[i], LANDLOCK_READ);
	}
	for (size_t i = 0; i < count; i++) {
		if (read[i] != NULL) {
			allow_folder_of(&rules, read[i]);
		}
	}
	return missing(calls, landlock_end(&rules));
#endif
}

/* The broker. */

#ifndef SANITIZED
/*! What keymgr opens, found by experiment: docs/knot-behaviour.rst. */
static void allow_keymgr(const landlock_t *rules, const char *folder, const char *program)
{
	static const char *const programs[] = { "/usr", "/lib", "/lib64" };
	static const char *const database[] = { "data.mdb", "lock.mdb" };
	char path[PATH_SIZE];

	for (size_t i = 0; i < SIZE(programs); i++) {
		landlock_allow(rules, programs[i], LANDLOCK_READ | LANDLOCK_ACCESS_FS_EXECUTE);
	}
	if (program != NULL) {
		landlock_allow(rules, program, LANDLOCK_READ | LANDLOCK_ACCESS_FS_EXECUTE);
	}
	landlock_allow(rules, "/etc/ld.so.cache", LANDLOCK_READ);
	landlock_allow(rules, "/dev/null", LANDLOCK_READ | LANDLOCK_ACCESS_FS_WRITE_FILE);
	/* A database of its configuration, made and removed. */
	landlock_allow(rules, "/tmp",
	               LANDLOCK_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
	                       LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
	                       LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_TRUNCATE);
	for (size_t i = 0; i < SIZE(database); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, database[i]) < (int)sizeof(path)) {
			landlock_allow(rules, path, LANDLOCK_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_TRUNCATE);
		}
	}
}
#endif

void sandbox_broker(const char *folder, const char *program, bool files)
{
	if (!files) {
		drop_privileges();
		filter_broker();
		return;
	}
#ifdef SANITIZED
	(void)folder, (void)program;
#else
	landlock_t rules;
	if (landlock_begin(&rules)) {
		allow_keymgr(&rules, folder, program);
		(void)landlock_end(&rules);
	}
#endif
}
