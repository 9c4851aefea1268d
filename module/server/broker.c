/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The broker's side. It stays what it is whatever comes: a request that is none is refused, and only the end of the
 * connection ends it, or another key database or program in the place of the one that it is confined to.
 */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "broker_wire.h"
#include "kskroll/broker.h"

/*! Database, its lock, the program. */
#define FILES 3

typedef struct {
	dev_t device;
	ino_t inode;
} file_t;

typedef struct {
	const broker_t *broker;
	bool configured;
	bool confined; // To the files of the database, and the program, namely these:
	file_t files[FILES];
	keymgr_t keymgr;
	char folder[BROKER_PATH_MAX];
	char program[BROKER_PATH_MAX];
	char detail[KEYMGR_DETAIL_MAX];
	char list[KEY_LIST_TEXT_MAX];
	size_t list_len;
	// One byte more than is taken, so that a longer message is seen.
	uint8_t request[BROKER_REQUEST_MAX + 1];
	uint8_t answer[BROKER_ANSWER_MAX];
} work_t;

#define REFUSE(work, status, ...)                                                                                      \
	do {                                                                                                           \
		snprintf((work)->detail, sizeof((work)->detail), __VA_ARGS__);                                         \
		return (status);                                                                                       \
	} while (0)

/*! Which file is there now; zeros: none. */
static file_t file_at(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (file_t){ st.st_dev, st.st_ino } : (file_t){ 0, 0 };
}

/*!
 * Confines to the files of the database, which knotd makes with the first key. keymgr would make them, and list no
 * keys. \return BROKER_DONE: they are there, and the same as before.
 */
static broker_status_t find_database(work_t *work)
{
	char data[BROKER_PATH_MAX + 16], lock[BROKER_PATH_MAX + 16];
	snprintf(data, sizeof(data), "%s/data.mdb", work->folder);
	snprintf(lock, sizeof(lock), "%s/lock.mdb", work->folder);
	// Below /usr a program may be replaced, as by a package: the folder is what counts there.
	const bool of_system = strncmp(work->program, "/usr/", 5) == 0;
	const char *const paths[FILES] = { data, lock, of_system ? "" : work->program };

	for (size_t i = 0; i < FILES; i++) {
		const file_t file = file_at(paths[i]);
		if (file.inode == 0 && (paths[i] == data || paths[i] == lock)) {
			REFUSE(work, BROKER_FAILED, "the key database %.80s: %s", paths[i], strerror(errno));
		}
		if (!work->confined) {
			work->files[i] = file;
		} else if (work->files[i].inode != file.inode || work->files[i].device != file.device) {
			// It cannot be opened. A new process can.
			exit(EXIT_SUCCESS);
		}
	}
	if (!work->confined && work->broker->confine != NULL) {
		work->broker->confine(work->folder, work->keymgr.program, true);
	}
	work->confined = true;
	return BROKER_DONE;
}

static broker_status_t configure(work_t *work, const broker_request_t *request)
{
	if (work->configured) {
		REFUSE(work, BROKER_REFUSED, "where keymgr works is known already");
	}
	const char *program = request->program[0] != '\0' ? request->program : keymgr_path();
	work->configured = true;
	snprintf(work->folder, sizeof(work->folder), "%s", request->folder);
	snprintf(work->program, sizeof(work->program), "%s", program != NULL ? program : "");
	work->keymgr = (keymgr_t){ .folder = work->folder,
		                   .program = work->program[0] != '\0' ? work->program : NULL,
		                   .timeout_ms = work->broker->keymgr_ms };
	if (work->broker->confine != NULL) {
		work->broker->confine(work->folder, work->keymgr.program, false);
	}
	// Without them, as before the first key is made, it comes with the first request.
	(void)find_database(work);
	work->detail[0] = '\0';
	return BROKER_DONE;
}

static broker_status_t status_of(int ret)
{
	return ret == KNOT_EOK                            ? BROKER_DONE :
	       ret == KNOT_ETIMEOUT || ret == KNOT_ESPACE ? BROKER_KILLED :
	                                                    BROKER_FAILED;
}

static broker_status_t obey(work_t *work, size_t len)
{
	broker_request_t request;

	work->detail[0] = '\0';
	work->list_len = 0;
	if (!broker_get_request(work->request, len, &request)) {
		REFUSE(work, BROKER_REFUSED, "no request for keys");
	}
	if (request.kind == BROKER_CONFIGURE) {
		return configure(work, &request);
	}
	if (!work->configured) {
		REFUSE(work, BROKER_REFUSED, "where keymgr works is not known");
	}
	const broker_status_t status = find_database(work);
	if (status != BROKER_DONE) {
		return status;
	}
	if (request.kind == BROKER_SET) {
		return status_of(keymgr_set(&work->keymgr, request.zone, request.id, request.change, work->detail));
	}
	return status_of(keymgr_list(&work->keymgr, request.zone, work->list, &work->list_len, work->detail));
}

static void obey_and_answer(work_t *work, size_t len)
{
	const broker_status_t status = obey(work, len);
	const broker_answer_t answer = {
		.status = status, .detail = work->detail, .list = work->list, .list_len = work->list_len
	};
	const size_t size = broker_put_answer(&answer, work->answer);
	// Nobody is there any more: the next read says so.
	while (write(work->broker->sock, work->answer, size) < 0 && errno == EINTR) {
	}
}

void broker_run(const broker_t *broker)
{
	assert(broker != NULL);

	work_t *work = calloc(1, sizeof(*work));
	if (work == NULL) {
		return;
	}
	work->broker = broker;
	while (true) {
		// recv() and send() are calls for the network: refused here.
		const ssize_t got = read(broker->sock, work->request, sizeof(work->request));
		if (got > 0) {
			obey_and_answer(work, got);
		} else if (got == 0 || errno != EINTR) {
			break;
		}
	}
	free(work);
}
