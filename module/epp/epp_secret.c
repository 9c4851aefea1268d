/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "epp_secret.h"
#include "util/knot.h"

int epp_secret_new(epp_secret_t *secret, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	size = (size + page - 1) / page * page;
	void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED) {
		return KNOT_ENOMEM;
	}
	/* RLIMIT_MEMLOCK may be small; the secret is needed all the same. */
	(void)mlock(data, size);
	(void)madvise(data, size, MADV_DONTDUMP);
	*secret = (epp_secret_t){ .data = data, .size = size };
	return KNOT_EOK;
}

void epp_secret_free(epp_secret_t *secret)
{
	if (secret->data != NULL) {
		explicit_bzero(secret->data, secret->size);
		(void)munmap(secret->data, secret->size);
	}
	*secret = (epp_secret_t){ 0 };
}
