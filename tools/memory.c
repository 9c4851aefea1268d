/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>

#include "kskroll.h"

int memory_none_code = EXIT_ERROR;

void memory_none(void)
{
	fputs("kskroll: not enough memory\n", stderr);
	exit(memory_none_code);
}

void *memory_need(void *memory)
{
	if (memory == NULL) {
		memory_none();
	}
	return memory;
}
