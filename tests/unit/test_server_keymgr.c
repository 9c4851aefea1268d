/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running keymgr: programs that do all that it never should. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/server/keymgr.h"

#define TIMEOUT_MS 5000
#define LISTED                                                                                                         \
	"[{\"id\": \"ab\", \"ksk\": true, \"zsk\": false, \"tag\": 1, \"algorithm\": 13, \"created\": 1, "             \
	"\"pre-active\": 0, \"publish\": 1, \"ready\": 0, \"active\": 1, \"retire-active\": 0, \"retire\": 0, "        \
	"\"post-active\": 0, \"revoke\": 0, \"remove\": 0}]"

typedef struct {
	char dir[64];
	char program[96];
} fixture_t;

static int set_up(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	*state = f;
	strcpy(f->dir, "/tmp/kskroll-keymgr-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->program, sizeof(f->program), "%s/keymgr", f->dir);
	return 0;
}

static int tear_down(void **state)
{
	fixture_t *f = *state;
	unlink(f->program);
	rmdir(f->dir);
	free(f);
	return 0;
}

/*! The program is this shell script from now on. */
static keymgr_t script(const fixture_t *f, const char *text, int timeout_ms)
{
	FILE *file = fopen(f->program, "we");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(f->program, 0755), 0);
	return (keymgr_t){ .program = f->program, .folder = f->dir, .timeout_ms = timeout_ms };
}

/*! What the last one has printed. */
static char printed[KEY_LIST_TEXT_MAX];
static size_t printed_len;

static void assert_printed(const char *text)
{
	assert_int_equal(printed_len, strlen(text));
	assert_memory_equal(printed, text, printed_len);
}

static int list_of(const fixture_t *f, const char *text, int timeout_ms, char *detail)
{
	keymgr_t keymgr = script(f, text, timeout_ms);
	detail[0] = '\0';
	return keymgr_list(&keymgr, "example.test.", printed, &printed_len, detail);
}

static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static unsigned open_files(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	while (readdir(dir) != NULL) {
		n++;
	}
	closedir(dir);
	return n;
}

static void arguments_are_not_taken_for_options(void **state)
{
	const fixture_t *f = *state;
	keymgr_t keymgr =
		script(f, "test \"$*\" = \"-D ${0%/*} -j -- -x.test. set ab ready=+0 active=0\" || exit 3", TIMEOUT_MS);
	char detail[KEYMGR_DETAIL_MAX] = "";
	assert_int_equal(keymgr_set(&keymgr, "-x.test.", "ab", KEY_CHANGE_READY, detail), KNOT_EOK);
	assert_string_equal(detail, "");
	assert_int_equal(keymgr_set(&keymgr, "y.test.", "ab", KEY_CHANGE_READY, detail), KNOT_ERROR);
	assert_string_equal(detail, "keymgr set: exit code 3: no reason given");
}

static void list_is_taken(void **state)
{
	const fixture_t *f = *state;
	char detail[KEYMGR_DETAIL_MAX];
	const unsigned before = open_files();

	assert_int_equal(list_of(f, "echo '" LISTED "'", TIMEOUT_MS, detail), KNOT_EOK);
	assert_printed(LISTED "\n");
	// In pieces, with a warning, and after the streams are closed.
	assert_int_equal(list_of(f, "printf '['; sleep 0.1; echo 'warning: odd' >&2; echo '" LISTED "' | cut -c2-",
	                         TIMEOUT_MS, detail),
	                 KNOT_EOK);
	assert_printed(LISTED "\n");
	assert_int_equal(list_of(f, "echo '" LISTED "'; exec >&- 2>&-; sleep 0.2", TIMEOUT_MS, detail), KNOT_EOK);
	assert_printed(LISTED "\n");
	// A zone without keys.
	assert_int_equal(list_of(f, "", TIMEOUT_MS, detail), KNOT_EOK);
	assert_printed("");
	assert_int_equal(open_files(), before);
	assert_no_child();
}

static void what_it_calls_ok_and_does_not_do_is_an_error(void **state)
{
	const fixture_t *f = *state;
	char detail[KEYMGR_DETAIL_MAX];

	// As keymgr does for active=now.
	assert_int_equal(list_of(f, "echo 'error: invalid timestamp: now' >&2; echo '" LISTED "'", TIMEOUT_MS, detail),
	                 KNOT_ERROR);
	assert_string_equal(detail, "keymgr list: exit code 0: error: invalid timestamp: now ");
}

static void its_words_are_kept(void **state)
{
	const fixture_t *f = *state;
	char detail[KEYMGR_DETAIL_MAX];

	assert_int_equal(list_of(f, "printf 'error: \\033[1mkey\\n not found' >&2; exit 1", TIMEOUT_MS, detail),
	                 KNOT_ERROR);
	assert_string_equal(detail, "keymgr list: exit code 1: error:  [1mkey  not found");
	// More of them than anybody reads.
	assert_int_equal(list_of(f, "yes 'error: x' | head -c 300000 >&2; exit 1", TIMEOUT_MS, detail), KNOT_ERROR);
	assert_true(strlen(detail) < KEYMGR_DETAIL_MAX - 1);
	assert_int_equal(list_of(f, "kill -SEGV $$", TIMEOUT_MS, detail), KNOT_ERROR);
	assert_string_equal(detail, "keymgr list: signal 11: no reason given");
	// Of a run that failed nothing counts.
	assert_int_equal(list_of(f, "echo '" LISTED "'; exit 1", TIMEOUT_MS, detail), KNOT_ERROR);
	assert_printed("");
	assert_no_child();
}

static void time_and_output_are_bounded(void **state)
{
	const fixture_t *f = *state;
	char detail[KEYMGR_DETAIL_MAX];
	const time_t begin = time(NULL);
	const unsigned before = open_files();

	assert_int_equal(list_of(f, "exec sleep 60", 100, detail), KNOT_ETIMEOUT);
	assert_string_equal(detail, "keymgr list: no end after 100 ms: killed");
	// It has closed its streams, ignores signals, or leaves the streams to another one.
	assert_int_equal(list_of(f, "exec >&- 2>&-; exec sleep 60", 100, detail), KNOT_ETIMEOUT);
	assert_int_equal(list_of(f, "trap '' TERM INT HUP; while :; do :; done", 100, detail), KNOT_ETIMEOUT);
	assert_int_equal(list_of(f, "sleep 1 & exit 0", 100, detail), KNOT_ETIMEOUT);
	assert_int_equal(list_of(f, "exec cat /dev/zero", 20000, detail), KNOT_ESPACE);
	assert_non_null(strstr(detail, "more than 65536 bytes"));
	assert_int_equal(list_of(f, "exec cat /dev/zero >&2", 100, detail), KNOT_ETIMEOUT);
	assert_true(time(NULL) - begin < 30);
	assert_int_equal(open_files(), before);
	assert_no_child();
}

/*! This very program as keymgr: a shell would set its signals itself. \return Exit code. */
static int be_keymgr(void)
{
	sigset_t blocked;
	struct sigaction action;
	char target[32] = "";

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int number = 1; number < 32; number++) {
		if (sigismember(&blocked, number) == 1) {
			return 4;
		}
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
			return 5;
		}
	}
	for (int fd = STDERR_FILENO + 1; fd < 64; fd++) {
		if (fcntl(fd, F_GETFD) >= 0) {
			return 6;
		}
	}
	if (readlink("/proc/self/fd/0", target, sizeof(target) - 1) < 0 || strcmp(target, "/dev/null") != 0) {
		return 7;
	}
	puts(LISTED);
	return 0;
}

static void it_gets_no_descriptor_and_no_signal_mask(void **state)
{
	const fixture_t *f = *state;
	char detail[KEYMGR_DETAIL_MAX] = "", self[4096] = "";
	sigset_t all, before;
	int leak = open("/dev/null", O_RDONLY);

	assert_true(leak > STDERR_FILENO);
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	keymgr_t keymgr = { .program = self, .folder = f->dir, .timeout_ms = TIMEOUT_MS };
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGPIPE, SIG_IGN);
	const int ret = keymgr_list(&keymgr, "example.test.", printed, &printed_len, detail);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(leak);
	assert_string_equal(detail, "");
	assert_int_equal(ret, KNOT_EOK);
}

static void what_is_not_there_is_said(void **state)
{
	const fixture_t *f = *state;
	char detail[KEYMGR_DETAIL_MAX];
	keymgr_t keymgr = script(f, "echo '" LISTED "'", TIMEOUT_MS);

	// keymgr would make the folder, and list no keys.
	keymgr.folder = "/tmp/kskroll-keymgr-none";
	assert_int_equal(keymgr_list(&keymgr, "example.test.", printed, &printed_len, detail), KNOT_ENOENT);
	assert_string_equal(detail, "the key database /tmp/kskroll-keymgr-none: No such file or directory");
	keymgr.folder = f->dir;
	keymgr.program = "/nonexistent";
	assert_int_equal(keymgr_list(&keymgr, "example.test.", printed, &printed_len, detail), KNOT_ERROR);
	assert_string_equal(detail, "/nonexistent: No such file or directory");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "-D") == 0) {
		return be_keymgr();
	}
	alarm(120);
	const struct CMUnitTest tests[] = {
		test(arguments_are_not_taken_for_options),
		test(list_is_taken),
		test(what_it_calls_ok_and_does_not_do_is_an_error),
		test(its_words_are_kept),
		test(time_and_output_are_bounded),
		test(it_gets_no_descriptor_and_no_signal_mask),
		test(what_is_not_there_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
