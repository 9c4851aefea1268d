/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "landlock.h"

/*! What the first version knows. */
#define ALL ((UINT64_C(1) << 13) - 1)
/* Those of later versions, which older headers do not have. */
#define REFER          (UINT64_C(1) << 13)
#define IOCTL_DEV      (UINT64_C(1) << 15)
#define SCOPE_ABSTRACT (UINT64_C(1) << 0)
#define SCOPE_SIGNAL   (UINT64_C(1) << 1)
/*! Rights to a file that is no folder. */
#define OF_FILES                                                                                                       \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_TRUNCATE)

/*! As struct landlock_ruleset_attr; older kernels take a shorter one. */
typedef struct {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
} ruleset_t;

bool landlock_begin(landlock_t *rules)
{
	const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1) {
		return false;
	}
	ruleset_t ruleset = { .files = ALL };
	ruleset.files |=
		(version >= 2 ? REFER : 0) | (version >= 3 ? LANDLOCK_TRUNCATE : 0) | (version >= 5 ? IOCTL_DEV : 0);
	ruleset.scoped = version >= 6 ? SCOPE_ABSTRACT | SCOPE_SIGNAL : 0;
	const size_t size = version >= 6 ? sizeof(ruleset) : version >= 4 ? 16 : 8;
	rules->rights = ruleset.files;
	rules->fd = syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	return rules->fd >= 0;
}

void landlock_allow(const landlock_t *rules, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights & rules->rights };
	struct stat st;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0) {
		return;
	}
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		rule.allowed_access &= OF_FILES;
	}
	(void)syscall(SYS_landlock_add_rule, rules->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

bool landlock_end(landlock_t *rules)
{
	const bool fine = syscall(SYS_landlock_restrict_self, rules->fd, 0) == 0;

	close(rules->fd);
	return fine;
}
