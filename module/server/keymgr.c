/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "keymgr.h"
#include "util/spawn.h"

/*! Milliseconds until a process that was killed has ended, if it can. */
#define END_MS 1000
/*! Milliseconds in which the keymgr of a broker that has ended should end: it takes 40. */
#define LOCK_MS 1000

/*! keymgr -D FOLDER -j -- ZONE COMMAND ID TIMER... and the final NULL. */
#define ARGUMENTS_MAX (9 + KEY_CHANGE_TIMERS_MAX)

/*! What a run has printed. */
typedef struct {
	char *text; // KEY_LIST_TEXT_MAX bytes.
	size_t len;
	char words[KEYMGR_DETAIL_MAX / 2]; // First line of errors.
	size_t words_len;
} output_t;

const char *keymgr_path(void)
{
	static const char *const paths[] = { KSKROLL_KEYMGR, "/usr/sbin/keymgr", "/usr/bin/keymgr",
		                             "/usr/local/sbin/keymgr" };
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (paths[i][0] == '/' && access(paths[i], X_OK) == 0) {
			return paths[i];
		}
	}
	return NULL;
}

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/*! \return False at the end of the stream, or if it is more than keymgr ever prints. */
static bool take_list(int fd, output_t *output)
{
	const ssize_t got = read(fd, output->text + output->len, KEY_LIST_TEXT_MAX - output->len);
	output->len += got > 0 ? (size_t)got : 0;
	return (got > 0 || (got < 0 && errno == EINTR)) && output->len < KEY_LIST_TEXT_MAX;
}

/*! Keeps the beginning, drops the rest. */
static bool take_words(int fd, output_t *output)
{
	char bytes[256];
	const ssize_t got = read(fd, bytes, sizeof(bytes));
	for (ssize_t i = 0; i < got && output->words_len < sizeof(output->words) - 1; i++) {
		const char byte = bytes[i];
		output->words[output->words_len++] = (byte >= ' ' && byte <= '~') ? byte : ' ';
	}
	return got > 0 || (got < 0 && errno == EINTR);
}

/*! Reads until both streams have ended. \return False: the time is over, or it prints without end. */
static bool read_all(int out, int err, int64_t deadline, output_t *output)
{
	struct pollfd fds[] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		const int64_t left = deadline - now_ms();
		if (left <= 0 || (poll(fds, 2, (int)left) < 0 && errno != EINTR)) {
			return false;
		}
		if (fds[0].fd >= 0 && fds[0].revents != 0 && !take_list(out, output)) {
			fds[0].fd = -1;
			if (output->len == KEY_LIST_TEXT_MAX) {
				return false;
			}
		}
		if (fds[1].fd >= 0 && fds[1].revents != 0 && !take_words(err, output)) {
			fds[1].fd = -1;
		}
	}
	return true;
}

/*! A program that has closed its streams may still run. \return False: the time is over. */
static bool wait_for_end(pid_t pid, int64_t deadline, int *status)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	while (true) {
		const pid_t ended = waitpid(pid, status, WNOHANG);
		if (ended == pid) {
			return true;
		}
		if (ended < 0 && errno != EINTR) {
			*status = -1; // Its end is not known. The list says what it has done.
			return true;
		}
		if (now_ms() >= deadline) {
			return false;
		}
		nanosleep(&nap, NULL);
	}
}

/*!
 * A keymgr has the database locked as its standard input. So the lock is there as long as that process is, whoever has
 * started it: also if the broker has ended. LMDB does not use this lock.
 *
 * \param[out] lock  Descriptor; SPAWN_NULL: the file is not there, or its file system has no locks.
 *
 * \return False: another keymgr has it.
 */
static bool take_lock(const char *folder, int *lock)
{
	char path[PATH_MAX];
	const int64_t deadline = now_ms() + LOCK_MS;
	const struct timespec nap = { .tv_nsec = 5000000 };

	*lock = SPAWN_NULL;
	snprintf(path, sizeof(path), "%s/data.mdb", folder);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return true;
	}
	int ret;
	while ((ret = flock(fd, LOCK_EX | LOCK_NB)) != 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
		if (now_ms() >= deadline) {
			close(fd);
			return false;
		}
		nanosleep(&nap, NULL);
	}
	if (ret != 0) {
		close(fd);
		return true;
	}
	*lock = fd;
	return true;
}

/*! Whether one that was killed is still there. */
static bool one_is_left(keymgr_t *keymgr)
{
	int status;

	if (keymgr->left != 0 && wait_for_end(keymgr->left, 0, &status)) {
		keymgr->left = 0;
	}
	return keymgr->left != 0;
}

static int judge(const char *what, int status, const output_t *output, char *detail)
{
	// With "error: invalid timestamp" its exit code is 0 as well.
	if (status == 0 && strstr(output->words, "error") == NULL) {
		return KNOT_EOK;
	}
	const char *words = output->words_len > 0 ? output->words : "no reason given";
	if (status >= 0 && WIFSIGNALED(status)) {
		snprintf(detail, KEYMGR_DETAIL_MAX, "keymgr %s: signal %d: %s", what, WTERMSIG(status), words);
	} else {
		snprintf(detail, KEYMGR_DETAIL_MAX, "keymgr %s: exit code %d: %s", what,
		         status >= 0 ? WEXITSTATUS(status) : -1, words);
	}
	return KNOT_ERROR;
}

static int follow(pid_t pid, int out, int err, keymgr_t *keymgr, const char *what, output_t *output, char *detail)
{
	const int64_t deadline = now_ms() + keymgr->timeout_ms;
	int status = 0;

	if (read_all(out, err, deadline, output) && wait_for_end(pid, deadline, &status)) {
		return judge(what, status, output, detail);
	}
	// It is a child that nobody has waited for, so the number is still its own.
	kill(pid, SIGKILL);
	if (!wait_for_end(pid, now_ms() + END_MS, &status)) {
		// As while it waits for a disk. Whoever waited for it would not answer.
		keymgr->left = pid;
		snprintf(detail, KEYMGR_DETAIL_MAX,
		         "keymgr %s: no end after %d ms: process %d was killed and is still there", what,
		         keymgr->timeout_ms, (int)pid);
		return KNOT_ETIMEOUT;
	}
	if (output->len == KEY_LIST_TEXT_MAX) {
		snprintf(detail, KEYMGR_DETAIL_MAX, "keymgr %s prints more than %u bytes: killed", what,
		         KEY_LIST_TEXT_MAX);
		return KNOT_ESPACE;
	}
	snprintf(detail, KEYMGR_DETAIL_MAX, "keymgr %s: no end after %d ms: killed", what, keymgr->timeout_ms);
	return KNOT_ETIMEOUT;
}

/*! \a tail: command and what follows, ended by NULL. */
static int run(keymgr_t *keymgr, const char *zone, const char *const *tail, output_t *output, char *detail)
{
	const char *program = keymgr->program != NULL ? keymgr->program : keymgr_path();
	// The name of a zone may begin with '-'.
	const char *argv[ARGUMENTS_MAX] = { "keymgr", "-D", keymgr->folder, "-j", "--", zone };
	size_t argc = 6;
	int out[2], err[2];
	pid_t pid;

	if (program == NULL) {
		snprintf(detail, KEYMGR_DETAIL_MAX, "keymgr is not installed");
		return KNOT_ENOENT;
	}
	if (access(keymgr->folder, X_OK) != 0) {
		snprintf(detail, KEYMGR_DETAIL_MAX, "the key database %.80s: %s", keymgr->folder, strerror(errno));
		return KNOT_ENOENT;
	}
	if (one_is_left(keymgr)) {
		snprintf(detail, KEYMGR_DETAIL_MAX,
		         "keymgr (process %d) was killed and is still there, so no other one runs: check the disk",
		         (int)keymgr->left);
		return KNOT_EBUSY;
	}
	for (size_t i = 0; tail[i] != NULL && argc < ARGUMENTS_MAX - 1; i++) {
		argv[argc++] = tail[i];
	}
	if (pipe2(out, O_CLOEXEC) != 0) {
		snprintf(detail, KEYMGR_DETAIL_MAX, "keymgr %s: %s", tail[0], strerror(errno));
		return knot_map_errno();
	}
	if (pipe2(err, O_CLOEXEC) != 0) {
		snprintf(detail, KEYMGR_DETAIL_MAX, "keymgr %s: %s", tail[0], strerror(errno));
		close(out[0]);
		close(out[1]);
		return knot_map_errno();
	}
	int lock = SPAWN_NULL, ret = EBUSY;
	const bool free_to_run = take_lock(keymgr->folder, &lock);
	if (free_to_run) {
		ret = spawn_program(&pid, program, (char *const *)argv, (int[]){ lock, out[1], err[1] });
	}
	close(out[1]);
	close(err[1]);
	if (lock >= 0) {
		close(lock);
	}
	if (!free_to_run) {
		snprintf(detail, KEYMGR_DETAIL_MAX,
		         "another keymgr of kskrolld is still there, so no other one runs: check the disk");
		ret = KNOT_EBUSY;
	} else if (ret == 0) {
		ret = follow(pid, out[0], err[0], keymgr, tail[0], output, detail);
	} else {
		snprintf(detail, KEYMGR_DETAIL_MAX, "%.80s: %s", program, strerror(ret));
		ret = KNOT_ERROR;
	}
	close(out[0]);
	close(err[0]);
	return ret;
}

int keymgr_list(keymgr_t *keymgr, const char *zone, char *text, size_t *len, char *detail)
{
	assert(keymgr != NULL && zone != NULL && text != NULL && len != NULL && detail != NULL);

	const char *const tail[] = { "list", NULL };
	output_t output = { .text = text };

	*len = 0;
	const int ret = run(keymgr, zone, tail, &output, detail);
	if (ret == KNOT_EOK) {
		*len = output.len;
	}
	return ret;
}

int keymgr_set(keymgr_t *keymgr, const char *zone, const char *id, key_change_t change, char *detail)
{
	assert(keymgr != NULL && zone != NULL && id != NULL && change < KEY_CHANGES && detail != NULL);

	const char *tail[3 + KEY_CHANGE_TIMERS_MAX] = { "set", id };
	const char *const *timers = key_change_timers(change);
	for (size_t i = 0; timers[i] != NULL; i++) {
		tail[2 + i] = timers[i];
	}
	output_t output = { .text = malloc(KEY_LIST_TEXT_MAX) };
	if (output.text == NULL) {
		snprintf(detail, KEYMGR_DETAIL_MAX, "%s", knot_strerror(KNOT_ENOMEM));
		return KNOT_ENOMEM;
	}
	int ret = run(keymgr, zone, tail, &output, detail);
	free(output.text);
	return ret;
}
