/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One page about all zones, of the store or of what other servers have written; or what such a page needs, as JSON.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report_page.h"

/*! Takes in what the store has. */
static int take_store(report_t *r)
{
	static memory_file_t w;
	store_t *store = stored_open(r->o);

	if (store == NULL) {
		return EXIT_ERROR;
	}
	memory_file_begin(&w);
	const bool fine = report_json(r->o, store, w.file);
	memory_file_end(&w);
	store_close(store);
	if (!fine) {
		free(w.text);
		return EXIT_ERROR;
	}
	return report_take(r, w.text, w.len, NULL) ? EXIT_FINE : EXIT_ERROR;
}

static int take_all(report_t *r)
{
	const options_t *o = r->o;

	if (o->arg_count == 0) {
		return take_store(r);
	}
	for (int i = 0; i < o->arg_count; i++) {
		if (!report_take_file(r, o->args[i])) {
			return EXIT_ERROR;
		}
	}
	return EXIT_FINE;
}

static int cannot(const char *path)
{
	fprintf(stderr, "kskroll: %s cannot be written: %s\n", path, strerror(errno));
	return EXIT_ERROR;
}

static int write_page(const options_t *o, const memory_file_t *w)
{
	struct stat st;

	if (o->output == NULL || strcmp(o->output, "-") == 0) {
		/* An error of it is found at the end of main(). */
		(void)fwrite(w->text, 1, w->len, stdout);
		return EXIT_FINE;
	}
	/* A device, a pipe or a link is not replaced: /dev/stdout is a link, even to a file. */
	if (lstat(o->output, &st) == 0 && !S_ISREG(st.st_mode)) {
		FILE *out = fopen(o->output, "w");
		const bool fine = out != NULL && fwrite(w->text, 1, w->len, out) == w->len;
		return (out != NULL && fclose(out) == 0 && fine) ? EXIT_FINE : cannot(o->output);
	}
	return replace_file(o->output, w->text, w->len) ? EXIT_FINE : cannot(o->output);
}

static int make_page(const options_t *o)
{
	report_t r = { .o = o };
	static memory_file_t w;

	r.source = memory_need(calloc(o->arg_count + 1, sizeof(*r.source)));
	int ret = take_all(&r);
	if (ret == EXIT_FINE) {
		report_name_sources(&r);
		report_find_twice(&r);
		memory_file_begin(&w);
		report_page(&r, w.file);
		memory_file_end(&w);
		ret = write_page(o, &w);
		/* The page is of use, and not whole. */
		ret = stored_failures() ? EXIT_ERROR : ret;
		free(w.text);
	}
	report_free(&r);
	return ret;
}

int cmd_report(const options_t *o)
{
	static memory_file_t w;

	if (!o->json) {
		return make_page(o);
	}
	if (o->arg_count > 0) {
		fputs("kskroll: report --json is of the store: leave out FILE, or --json for the page\n", stderr);
		return EXIT_USAGE;
	}
	store_t *store = stored_open(o);
	if (store == NULL) {
		return EXIT_ERROR;
	}
	memory_file_begin(&w);
	const bool fine = report_json(o, store, w.file);
	memory_file_end(&w);
	store_close(store);
	const int ret = fine ? write_page(o, &w) : EXIT_ERROR;
	free(w.text);
	return stored_failures() ? EXIT_ERROR : ret;
}
