/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  A trust anchor file for tests whose resolver only has to start: set-up and tear-down of a group. */

#pragma once

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char anchor[32];

static int write_anchor(void **state)
{
	(void)state;
	static const char root[] =
		". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n";
	strcpy(anchor, "/tmp/kskroll-anchor-XXXXXX");
	int fd = mkstemp(anchor);
	return fd >= 0 && write(fd, root, strlen(root)) == (ssize_t)strlen(root) && close(fd) == 0 ? 0 : -1;
}

static int remove_anchor(void **state)
{
	(void)state;
	return unlink(anchor);
}
