/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "kskroll/delegation.h"

bool delegation_is_locked(const char *locked, const char *name)
{
	const size_t len = strlen(name);

	while (*locked != '\0') {
		const size_t word = strcspn(locked, " ");
		if (word == len && memcmp(locked, name, len) == 0) {
			return true;
		}
		locked += word + (locked[word] == ' ');
	}
	return false;
}
