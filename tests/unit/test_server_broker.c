/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that runs keymgr: what it is asked by somebody who has taken kskrolld over, and what it may answer. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "kskroll/broker.h"
#include "module/server/broker_wire.h"
#include "module/server/key_client.h"

#define KEYMGR_MS 3000
#define LISTED                                                                                                         \
	"[{\"id\": \"ab\", \"ksk\": true, \"zsk\": false, \"tag\": 1, \"algorithm\": 13, \"created\": 1, "             \
	"\"pre-active\": 0, \"publish\": 1, \"ready\": 0, \"active\": 1, \"retire-active\": 0, \"retire\": 0, "        \
	"\"post-active\": 0, \"revoke\": 0, \"remove\": 0}]"
/*! A keymgr that notes how it was called. */
#define NOTES "printf '%s|' \"$@\" >> ${0%/*}/calls; echo >> ${0%/*}/calls; "

/*! A broker with a keymgr of the test's. */
typedef struct {
	char dir[64];
	char program[96];
	char calls[96];
	char data[96];
	char lock[96];
	pid_t pid;
	key_client_t client;
	char detail[KEY_CLIENT_DETAIL_MAX];
} fixture_t;

static void touch(const char *path)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
}

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static void start_broker(fixture_t *f, int keymgr_ms)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		close(pair[0]);
		broker_run(&(broker_t){ .sock = pair[1], .keymgr_ms = keymgr_ms });
		_exit(0);
	}
	close(pair[1]);
	f->client = (key_client_t){ .sock = pair[0], .timeout_ms = 2 * KEYMGR_MS };
}

static int set_up(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	*state = f;
	strcpy(f->dir, "/tmp/kskroll-broker-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->program, sizeof(f->program), "%s/keymgr", f->dir);
	snprintf(f->calls, sizeof(f->calls), "%s/calls", f->dir);
	snprintf(f->data, sizeof(f->data), "%s/data.mdb", f->dir);
	snprintf(f->lock, sizeof(f->lock), "%s/lock.mdb", f->dir);
	touch(f->data);
	touch(f->lock);
	start_broker(f, KEYMGR_MS);
	return 0;
}

/*! Its exit code after the connection has ended, or that of a signal above 1000. */
static int end_of(fixture_t *f)
{
	int status = 0;
	close(f->client.sock);
	f->client.sock = -1;
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int tear_down(void **state)
{
	fixture_t *f = *state;
	if (f->pid > 0) {
		assert_int_equal(end_of(f), 0);
	}
	const char *const files[] = { f->program, f->calls, f->data, f->lock };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		unlink(files[i]);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void script(const fixture_t *f, const char *text)
{
	FILE *file = fopen(f->program, "we");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(f->program, 0755), 0);
}

static void configure(fixture_t *f)
{
	if (!broker_configure(f->client.sock, f->dir, f->program, f->detail)) {
		fail_msg("%s", f->detail);
	}
}

static int list(fixture_t *f)
{
	static key_list_t keys;
	f->detail[0] = '\0';
	return key_client_list(&f->client, "example.test.", &keys, f->detail);
}

/* What is a request. */

#define MESSAGE(text) { (text), sizeof(text) - 1 }

static const struct {
	const char *data;
	size_t len;
} none[] = {
	MESSAGE("\0"),
	MESSAGE("\2"),
	MESSAGE("\2\0"),
	MESSAGE("\2\0a."),
	MESSAGE("\2\0a.\0"),
	MESSAGE("\2\0a.\0\0\0"),
	MESSAGE("\2\0a.\0b\0"),
	MESSAGE("\2\1a.\0\0"),
	MESSAGE("\2\0\0\0"),
	MESSAGE("\2\0-c\0\0"),
	MESSAGE("\2\0--help\0\0"),
	MESSAGE("\2\0a..\0\0"),
	MESSAGE("\2\0a. list\0\0"),
	MESSAGE("\2\0a.\n\0\0"),
	MESSAGE("\2\0\x1b[1m.\0\0"),
	MESSAGE("\2\0\xff.\0\0"),
	MESSAGE("\3\0a.\0\0"),
	MESSAGE("\3\20a.\0ab\0"),
	MESSAGE("\3\377a.\0ab\0"),
	MESSAGE("\3\1a.\0AB\0"),
	MESSAGE("\3\1a.\0ab active=0\0"),
	MESSAGE("\3\1a.\0ab;id\0"),
	MESSAGE("\3\1a.\0$(id)\0"),
	MESSAGE("\3\1a.\0"
	        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"
	        "\0"),
	MESSAGE("\3\1a.\0-c\0"),
	MESSAGE("\3\1a.\0ab\0remove=+0\0"),
	MESSAGE("\3\1-c\0ab\0"),
	MESSAGE("\1\0keys\0\0"),
	MESSAGE("\1\0/keys\0keymgr\0"),
	MESSAGE("\1\1/keys\0/keymgr\0"),
	MESSAGE("\1\0/keys\0"),
	MESSAGE("\4\0a.\0\0"),
	MESSAGE("\377\377\377\377\377\377\377\377"),
	MESSAGE("GET / HTTP/1.0\r\n\r\n"),
};

static void what_is_no_request_is_none(void **state)
{
	(void)state;
	broker_request_t request;
	uint8_t long_one[BROKER_REQUEST_MAX + 100];

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		// Exactly as long as the message: a sanitizer sees each byte that is read behind it.
		uint8_t *copy = malloc(none[i].len);
		assert_non_null(copy);
		memcpy(copy, none[i].data, none[i].len);
		if (broker_get_request(copy, none[i].len, &request)) {
			fail_msg("taken: message %zu", i);
		}
		free(copy);
	}
	assert_false(broker_get_request(NULL, 0, &request));
	// Names and paths that are too long, with and without an end.
	memset(long_one, 'a', sizeof(long_one));
	long_one[0] = BROKER_LIST;
	long_one[1] = 0;
	assert_false(broker_get_request(long_one, sizeof(long_one), &request));
	for (size_t len = 60; len < BROKER_PATH_MAX + 10; len += 7) {
		memset(long_one + 2, 'a', len);
		long_one[2 + len] = '.';
		long_one[3 + len] = long_one[4 + len] = '\0';
		assert_int_equal(broker_get_request(long_one, len + 5, &request), len <= 63);
	}
}

static void each_request_comes_as_it_was_sent(void **state)
{
	(void)state;
	static const broker_request_t sent[] = {
		{ .kind = BROKER_CONFIGURE, .folder = "/var/lib/knot/keys", .program = "" },
		{ .kind = BROKER_CONFIGURE, .folder = "/k", .program = "/usr/bin/key mgr" },
		{ .kind = BROKER_LIST, .zone = "-x.test." },
		{ .kind = BROKER_LIST, .zone = "." },
		{ .kind = BROKER_LIST, .zone = "a\\000\\.b.test." },
		{ .kind = BROKER_SET, .zone = "a.", .id = "0123456789abcdef", .change = KEY_CHANGES - 1 },
	};
	uint8_t message[BROKER_REQUEST_MAX];
	broker_request_t got;

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		const size_t len = broker_put_request(&sent[i], message);
		assert_true(len > 0);
		assert_true(broker_get_request(message, len, &got));
		assert_int_equal(got.kind, sent[i].kind);
		assert_int_equal(got.change, sent[i].change);
		if (got.kind == BROKER_CONFIGURE) {
			assert_string_equal(got.folder, sent[i].folder);
			assert_string_equal(got.program, sent[i].program);
		} else {
			assert_string_equal(got.zone, sent[i].zone);
		}
		if (got.kind == BROKER_SET) {
			assert_string_equal(got.id, sent[i].id);
		}
	}
	// What does not fit is not sent.
	char long_path[BROKER_PATH_MAX + 1];
	memset(long_path, '/', sizeof(long_path));
	long_path[BROKER_PATH_MAX] = '\0';
	assert_int_equal(
		broker_put_request(&(broker_request_t){ .kind = BROKER_CONFIGURE, .folder = long_path, .program = "" },
	                           message),
		0);
}

static void answers_are_bounded(void **state)
{
	(void)state;
	static uint8_t message[BROKER_ANSWER_MAX + 1];
	static char text[KEY_LIST_TEXT_MAX];
	broker_answer_t got;
	char words[1000];

	memset(text, 'x', sizeof(text));
	memset(words, 'w', sizeof(words));
	words[0] = '\n'; // A path may have it.
	words[sizeof(words) - 1] = '\0';
	size_t len = broker_put_answer(
		&(broker_answer_t){ .status = BROKER_DONE, .detail = "", .list = text, .list_len = sizeof(text) },
		message);
	assert_true(len <= BROKER_ANSWER_MAX && broker_get_answer(message, len, &got));
	assert_int_equal(got.list_len, sizeof(text));
	len = broker_put_answer(&(broker_answer_t){ .status = BROKER_FAILED, .detail = words }, message);
	assert_true(broker_get_answer(message, len, &got));
	assert_int_equal(strlen(got.detail), KEYMGR_DETAIL_MAX - 1);
	assert_int_equal(got.detail[0], '?');

	static const struct {
		const char *data;
		size_t len;
	} wrong[] = {
		MESSAGE("\0"),          MESSAGE("\4words\0"),   MESSAGE("\4\0"),
		MESSAGE("\0words\0"),   // Done, and words.
		MESSAGE("\1\0"),        // Failed without a reason.
		MESSAGE("\1words\0[]"), // Failed with a list.
		MESSAGE("\1words"),     MESSAGE("\1wo\nrds\0"), MESSAGE("\1wo\x1brds\0"),
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (broker_get_answer((const uint8_t *)wrong[i].data, wrong[i].len, &got)) {
			fail_msg("taken: answer %zu", i);
		}
	}
	memset(message, 'w', sizeof(message));
	message[0] = BROKER_FAILED;
	assert_false(broker_get_answer(message, sizeof(message), &got));
	message[KEYMGR_DETAIL_MAX + 1] = '\0';
	assert_false(broker_get_answer(message, KEYMGR_DETAIL_MAX + 2, &got));
	message[0] = BROKER_DONE;
	message[1] = '\0';
	assert_false(broker_get_answer(message, sizeof(message), &got));
	assert_false(broker_get_answer(message, KEY_LIST_TEXT_MAX + 3, &got));
	assert_true(broker_get_answer(message, KEY_LIST_TEXT_MAX + 2, &got));
}

/* The broker. */

/*! Words of the last answer. */
static char answer_words[KEYMGR_DETAIL_MAX];

/*! What it answers to these bytes. */
static broker_status_t ask(fixture_t *f, const void *data, size_t len)
{
	static uint8_t message[BROKER_ANSWER_MAX];
	broker_answer_t answer;

	assert_int_equal(send(f->client.sock, data, len, MSG_NOSIGNAL), len);
	struct pollfd fd = { .fd = f->client.sock, .events = POLLIN };
	assert_int_equal(poll(&fd, 1, 2 * KEYMGR_MS), 1);
	const ssize_t got = recv(f->client.sock, message, sizeof(message), 0);
	assert_true(got > 0);
	assert_true(broker_get_answer(message, got, &answer));
	snprintf(answer_words, sizeof(answer_words), "%s", answer.detail);
	return answer.status;
}

static void hostile_requests_never_reach_keymgr(void **state)
{
	fixture_t *f = *state;
	static uint8_t huge[100000];
	static const char good[] = "\2\0a.\0\0";

	script(f, NOTES "echo '" LISTED "'");
	// Nothing before it knows where.
	assert_int_equal(ask(f, good, sizeof(good) - 1), BROKER_REFUSED);
	assert_int_equal(ask(f, "\3\0a.\0ab\0", 9), BROKER_REFUSED);
	configure(f);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (ask(f, none[i].data, none[i].len) != BROKER_REFUSED) {
			fail_msg("taken: message %zu", i);
		}
	}
	// One whose beginning is a good request.
	memcpy(huge, good, sizeof(good) - 1);
	for (size_t len = sizeof(good); len <= sizeof(huge); len = len * 2) {
		assert_int_equal(ask(f, huge, len), BROKER_REFUSED);
	}
	// The longest one, and a byte behind it.
	memset(huge, '/', BROKER_REQUEST_MAX + 1);
	huge[0] = BROKER_CONFIGURE;
	huge[1] = huge[1 + BROKER_PATH_MAX] = huge[1 + 2 * BROKER_PATH_MAX] = '\0';
	broker_request_t request;
	assert_true(broker_get_request(huge, BROKER_REQUEST_MAX, &request));
	assert_int_equal(ask(f, huge, BROKER_REQUEST_MAX + 1), BROKER_REFUSED);
	assert_string_equal(answer_words, "no request for keys");
	// It is told once.
	assert_false(broker_configure(f->client.sock, "/", "/bin/sh", f->detail));
	assert_string_equal(f->detail, "where keymgr works is known already");
	assert_int_equal(access(f->calls, F_OK), -1);
	// It is as it was.
	assert_int_equal(list(f), KNOT_EOK);
	assert_int_equal(access(f->calls, F_OK), 0);
}

static void arguments_are_those_of_the_request(void **state)
{
	fixture_t *f = *state;
	char wanted[256], got[1024] = "";
	static key_list_t keys;

	script(f, NOTES "case $* in *list*) echo '" LISTED "';; esac");
	configure(f);
	// A name is a name, whatever a shell would make of it.
	assert_int_equal(key_client_list(&f->client, "-c.`id`$(id).", &keys, f->detail), KNOT_EOK);
	assert_int_equal(keys.count, 1);
	assert_string_equal(keys.keys[0].id, "ab");
	assert_int_equal(key_client_set(&f->client, "b.", "ab", KEY_CHANGE_ACTIVE_REMOVE, f->detail), KNOT_EOK);
	assert_string_equal(f->detail, "");
	FILE *file = fopen(f->calls, "re");
	assert_non_null(file);
	assert_true(fread(got, 1, sizeof(got) - 1, file) > 0);
	fclose(file);
	snprintf(wanted, sizeof(wanted),
	         "-D|%s|-j|--|-c.`id`$(id).|list|\n-D|%s|-j|--|b.|set|ab|active=+0|retire=+0|remove=+0|\n", f->dir,
	         f->dir);
	assert_string_equal(got, wanted);
}

static void each_change_reaches_keymgr_whole(void **state)
{
	fixture_t *f = *state;
	static char wanted[16384], got[16384];
	size_t len = 0;

	script(f, NOTES);
	configure(f);
	for (key_change_t change = 0; change < KEY_CHANGES; change++) {
		assert_int_equal(key_client_set(&f->client, "b.", "ab", change, f->detail), KNOT_EOK);
		len += snprintf(wanted + len, sizeof(wanted) - len, "-D|%s|-j|--|b.|set|ab|", f->dir);
		const char *const *timer = key_change_timers(change);
		for (; *timer != NULL; timer++) {
			len += snprintf(wanted + len, sizeof(wanted) - len, "%s|", *timer);
		}
		len += snprintf(wanted + len, sizeof(wanted) - len, "\n");
		assert_true(timer - key_change_timers(change) <= KEY_CHANGE_TIMERS_MAX && len < sizeof(wanted));
	}
	FILE *file = fopen(f->calls, "re");
	assert_non_null(file);
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(got, wanted);
}

static void a_bad_keymgr_harms_nobody(void **state)
{
	fixture_t *f = *state;
	static const struct {
		const char *script;
		int ret;
		const char *words;
	} cases[] = {
		{ "exec sleep 60", KNOT_ETIMEOUT, "keymgr list: no end after 3000 ms: killed" },
		{ "exec yes", KNOT_ETIMEOUT, "more than 65536 bytes: killed" },
		{ "echo no >&2; exit 3", KNOT_ERROR, "keymgr list: exit code 3: no " },
		{ "echo 'error: invalid timestamp' >&2; echo '" LISTED "'", KNOT_ERROR, "exit code 0: error: invalid" },
		{ "kill -9 $$", KNOT_ERROR, "keymgr list: signal 9" },
		{ "echo '[{}]'", KNOT_EMALF, "keymgr list: it prints what the module does not understand" },
		{ "printf '\\033[2J'", KNOT_EMALF, "does not understand" },
		{ "printf '\\033[2J' >&2; exit 1", KNOT_ERROR, "exit code 1:  [2J" },
		{ "", KNOT_EOK, "" },
		{ "echo '" LISTED "'", KNOT_EOK, "" },
	};
	script(f, "");
	configure(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		script(f, cases[i].script);
		const int ret = list(f);
		if (ret != cases[i].ret || strstr(f->detail, cases[i].words) == NULL) {
			fail_msg("%s: %i, \"%s\"", cases[i].script, ret, f->detail);
		}
	}
	// Another one, or none any more, is not that to which it is confined.
	unlink(f->program);
	assert_int_equal(list(f), KNOT_ECONN);
	assert_string_equal(f->detail, "the process that runs keymgr has ended");
}

static void end_of_kskrolld_is_its_end(void **state)
{
	fixture_t *f = *state;
	static const char good[] = "\2\0a.\0\0";

	configure(f);
	assert_int_equal(end_of(f), 0);
	// While a keymgr runs, which is killed, since it does not end.
	start_broker(f, 300);
	script(f, NOTES "exec sleep 60");
	configure(f);
	assert_int_equal(send(f->client.sock, good, sizeof(good) - 1, 0), sizeof(good) - 1);
	const int64_t begin = now_ms();
	while (access(f->calls, F_OK) != 0 && now_ms() - begin < 5000) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	assert_int_equal(access(f->calls, F_OK), 0);
	assert_int_equal(end_of(f), 0);
	assert_true(now_ms() - begin < 5000);
}

/*! \return Its process, once it runs. */
static pid_t ask_one_that_hangs(fixture_t *f)
{
	static const char good[] = "\2\0a.\0\0";
	const int64_t begin = now_ms();
	int pid = 0;

	script(f, "echo $$ > ${0%/*}/calls; exec sleep 60");
	configure(f);
	assert_int_equal(send(f->client.sock, good, sizeof(good) - 1, 0), sizeof(good) - 1);
	while (pid == 0 && now_ms() - begin < 5000) {
		FILE *file = fopen(f->calls, "re");
		if (file != NULL) {
			pid = fscanf(file, "%d", &pid) == 1 ? pid : 0;
			fclose(file);
		}
	}
	assert_true(pid > 0);
	return pid;
}

/*! A process that a disk keeps cannot be killed. Here the kernel keeps its end from the broker: this test traces it. */
static void one_that_cannot_be_killed_blocks_nothing(void **state)
{
	fixture_t *f = *state;
	char answer[256] = "", wanted[KEY_CLIENT_DETAIL_MAX];

	assert_int_equal(end_of(f), 0);
	start_broker(f, 300);
	const pid_t pid = ask_one_that_hangs(f);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0) {
		print_message("skipped: ptrace: %s\n", strerror(errno));
		skip();
	}
	assert_true(recv(f->client.sock, answer, sizeof(answer) - 1, 0) > 2);
	snprintf(wanted, sizeof(wanted), "keymgr list: no end after 300 ms: process %d was killed and is still there",
	         pid);
	assert_string_equal(answer + 1, wanted);
	// The next ones fail at once, and start none.
	script(f, NOTES "echo '" LISTED "'");
	unlink(f->calls);
	const int64_t begin = now_ms();
	assert_int_equal(list(f), KNOT_ERROR);
	snprintf(wanted, sizeof(wanted),
	         "keymgr (process %d) was killed and is still there, so no other one runs: check the disk", pid);
	assert_string_equal(f->detail, wanted);
	assert_true(now_ms() - begin < 300);
	assert_int_equal(access(f->calls, F_OK), -1);
	// Until it has ended.
	assert_int_equal(waitpid(pid, NULL, __WALL), pid);
	assert_int_equal(list(f), KNOT_EOK);
}

/*! The broker was killed, its keymgr not. */
static void there_is_one_keymgr_whoever_has_started_it(void **state)
{
	fixture_t *f = *state;

	const pid_t pid = ask_one_that_hangs(f);
	assert_true(pid > 0);
	kill(f->pid, SIGKILL);
	assert_int_equal(end_of(f), 1000 + SIGKILL);
	assert_int_equal(kill(pid, 0), 0);
	unlink(f->calls);
	script(f, NOTES "echo '" LISTED "'");
	start_broker(f, KEYMGR_MS);
	configure(f);
	const int64_t begin = now_ms();
	assert_int_equal(list(f), KNOT_ERROR);
	assert_string_equal(f->detail,
	                    "another keymgr of kskrolld is still there, so no other one runs: check the disk");
	assert_true(now_ms() - begin < 2500);
	assert_int_equal(access(f->calls, F_OK), -1);
	kill(pid, SIGKILL);
	assert_int_equal(list(f), KNOT_EOK);
}

static void a_new_server_has_no_database_yet(void **state)
{
	fixture_t *f = *state;

	script(f, NOTES "echo '" LISTED "'");
	unlink(f->data);
	configure(f);
	assert_int_equal(list(f), KNOT_ERROR);
	assert_non_null(strstr(f->detail, "data.mdb: No such file"));
	assert_int_equal(access(f->calls, F_OK), -1);
	touch(f->data);
	assert_int_equal(list(f), KNOT_EOK);
	// Another one in its place is not that to which it is confined: kskrolld starts again.
	char other[128];
	snprintf(other, sizeof(other), "%s.new", f->data);
	touch(other);
	assert_int_equal(rename(other, f->data), 0);
	assert_int_equal(list(f), KNOT_ECONN);
	assert_string_equal(f->detail, "the process that runs keymgr has ended");
	assert_int_equal(end_of(f), 0);
}

/*! Where it may be called: how often, and whether the files were there. */
static unsigned confined, confined_files;

static void confine(const char *folder, const char *program, bool files)
{
	(void)folder, (void)program;
	assert_true(confined_files == 0);
	confined += !files;
	confined_files += files;
	// keymgr must not have run before.
	char calls[128];
	snprintf(calls, sizeof(calls), "%s/calls", folder);
	if (access(calls, F_OK) == 0) {
		abort();
	}
	snprintf(calls, sizeof(calls), "%s/confined", folder);
	if (files) {
		touch(calls);
	}
}

static void it_is_confined_before_keymgr_runs(void **state)
{
	fixture_t *f = *state;
	char path[128];

	assert_int_equal(end_of(f), 0);
	snprintf(path, sizeof(path), "%s/confined", f->dir);
	for (int with_files = 0; with_files < 2; with_files++) {
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
		f->pid = fork();
		if (f->pid == 0) {
			signal(SIGPIPE, SIG_IGN);
			close(pair[0]);
			broker_run(&(broker_t){ .sock = pair[1], .keymgr_ms = KEYMGR_MS, .confine = confine });
			_exit(confined == 1 && confined_files == 1 ? 0 : 1);
		}
		close(pair[1]);
		f->client = (key_client_t){ .sock = pair[0], .timeout_ms = 2 * KEYMGR_MS };
		script(f, NOTES "test -e ${0%/*}/confined || exit 9; echo '" LISTED "'");
		if (!with_files) {
			unlink(f->lock);
		}
		configure(f);
		assert_int_equal(access(path, F_OK), with_files ? 0 : -1);
		touch(f->lock);
		assert_int_equal(list(f), KNOT_EOK);
		assert_int_equal(list(f), KNOT_EOK);
		assert_int_equal(end_of(f), 0);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(unlink(f->calls), 0);
	}
}

/* The other end. */

/*! Whether whoever watches the socket is told. */
static bool is_shut(const key_client_t *client)
{
	struct pollfd fd = { .fd = client->sock, .events = POLLRDHUP };
	return poll(&fd, 1, 0) == 1 && (fd.revents & (POLLRDHUP | POLLHUP)) != 0;
}

static void broker_that_is_killed_is_said(void **state)
{
	fixture_t *f = *state;

	configure(f);
	assert_false(is_shut(&f->client));
	kill(f->pid, SIGKILL);
	assert_int_equal(list(f), KNOT_ECONN);
	assert_string_equal(f->detail, "the process that runs keymgr has ended");
	assert_true(is_shut(&f->client));
	assert_int_equal(end_of(f), 1000 + SIGKILL);
}

static void broker_that_hangs_is_given_up(void **state)
{
	fixture_t *f = *state;

	configure(f);
	kill(f->pid, SIGSTOP);
	f->client.timeout_ms = 200;
	const int64_t begin = now_ms();
	assert_int_equal(list(f), KNOT_ECONN);
	assert_string_equal(f->detail, "the process that runs keymgr does not answer");
	assert_int_equal(list(f), KNOT_ECONN); // Nobody waits a second time.
	assert_string_equal(f->detail, "the process that runs keymgr has ended");
	assert_true(now_ms() - begin < 2000);
	assert_true(is_shut(&f->client));
	kill(f->pid, SIGCONT);
	assert_int_equal(end_of(f), 0);
}

/*! A broker that was taken over. \return What the client makes of what it sends, before or after the question. */
static int answered(const void *data, size_t len, bool before, bool set, char *detail)
{
	int pair[2];
	static key_list_t keys;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	const pid_t pid = fork();
	if (pid == 0) {
		char question[BROKER_REQUEST_MAX];
		close(pair[0]);
		_exit(read(pair[1], question, sizeof(question)) > 0 && write(pair[1], data, len) == (ssize_t)len ? 0 :
		                                                                                                   1);
	}
	if (before) {
		assert_int_equal(write(pair[1], data, len), len);
	}
	close(pair[1]);
	key_client_t client = { .sock = pair[0], .timeout_ms = 5000 };
	const int ret = set ? key_client_set(&client, "a.", "ab", KEY_CHANGE_READY, detail) :
	                      key_client_list(&client, "a.", &keys, detail);
	close(pair[0]);
	waitpid(pid, NULL, 0);
	return ret;
}

static void broker_is_not_believed_either(void **state)
{
	(void)state;
	char detail[KEY_CLIENT_DETAIL_MAX];
	static uint8_t huge[BROKER_ANSWER_MAX + 1000];
	static const char wrong[] = "the process that runs keymgr answers what it should not";

	assert_int_equal(answered("\0\0" LISTED, sizeof(LISTED) + 1, false, false, detail), KNOT_EOK);
	assert_int_equal(answered("\0\0", 2, false, true, detail), KNOT_EOK);
	// A list that nobody has asked for.
	assert_int_equal(answered("\0\0[]", 4, false, true, detail), KNOT_ECONN);
	assert_string_equal(detail, wrong);
	assert_int_equal(answered("\7\0", 2, false, false, detail), KNOT_ECONN);
	assert_string_equal(detail, wrong);
	assert_int_equal(answered(huge, sizeof(huge), false, false, detail), KNOT_ECONN);
	assert_string_equal(detail, wrong);
	assert_int_equal(answered("\0\0" LISTED, sizeof(LISTED) + 1, true, false, detail), KNOT_ECONN);
	assert_string_equal(detail, "the process that runs keymgr says what it was not asked");
	// Too many keys, or none that this version knows.
	assert_int_equal(answered("\0\0[{\"id\": 1}]", 14, false, false, detail), KNOT_EMALF);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	alarm(120);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_request_is_none),
		cmocka_unit_test(each_request_comes_as_it_was_sent),
		cmocka_unit_test(answers_are_bounded),
		test(hostile_requests_never_reach_keymgr),
		test(arguments_are_those_of_the_request),
		test(each_change_reaches_keymgr_whole),
		test(a_bad_keymgr_harms_nobody),
		test(end_of_kskrolld_is_its_end),
		test(one_that_cannot_be_killed_blocks_nothing),
		test(there_is_one_keymgr_whoever_has_started_it),
		test(a_new_server_has_no_database_yet),
		test(it_is_confined_before_keymgr_runs),
		test(broker_that_is_killed_is_said),
		test(broker_that_hangs_is_given_up),
		cmocka_unit_test(broker_is_not_believed_either),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
