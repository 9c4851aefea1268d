/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Nothing may end the process during a write: stdio would write again at its end. */
static ssize_t write_memory(void *cookie, const char *data, size_t len)
{
	memory_file_t *m = cookie;

	if (m->len + len >= m->room) {
		const size_t room = 2 * (m->len + len + 1);
		char *text = realloc(m->text, room);
		if (text == NULL) {
			m->failed = true;
			return (ssize_t)len;
		}
		m->text = text;
		m->room = room;
	}
	memcpy(m->text + m->len, data, len);
	m->len += len;
	m->text[m->len] = '\0';
	return (ssize_t)len;
}

/*! For ftello(). */
static int tell_memory(void *cookie, off64_t *offset, int whence)
{
	const memory_file_t *m = cookie;

	if (whence != SEEK_CUR || *offset != 0) {
		return -1;
	}
	*offset = (off64_t)m->len;
	return 0;
}

void memory_file_begin(memory_file_t *m)
{
	const cookie_io_functions_t calls = { .write = write_memory, .seek = tell_memory };

	m->file = memory_need(fopencookie(m, "w", calls));
	setvbuf(m->file, m->buffer, _IOFBF, sizeof(m->buffer));
}

void memory_file_end(memory_file_t *m)
{
	const bool failed = ferror(m->file) != 0;
	if (fclose(m->file) != 0 || failed || m->failed || m->text == NULL) {
		memory_none();
	}
}
