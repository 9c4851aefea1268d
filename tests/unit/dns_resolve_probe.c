/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One resolver that lives as long as its standard input: "ANCHOR HINTS" as arguments.
 *
 * Commands, one a line: `begin NAME` asks for its A records; `wait` waits for the last of the answers, which are
 * printed as "NAME STATUS REASON"; `cancel` gives them up; `threads` prints how many this process has; `break` cuts
 * libunbound's threads off, so that they end.
 */

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "resolve.h"

#define ASKED_MAX 256

typedef struct {
	char name[128];
	lookup_t *lookup;
} asked_t;

static asked_t asked[ASKED_MAX];
static unsigned count;

static void on_done(const lookup_result_t *result, void *arg)
{
	asked_t *one = arg;
	one->lookup = NULL;
	printf("%s %s %s\n", one->name,
	       result->status == LOOKUP_FAILED ? (result->bogus ? "bogus" : "failed") :
	       result->secure                  ? "secure" :
	                                         "insecure",
	       result->error != NULL ? result->error : "");
}

static void begin(resolve_t *resolve, const char *text)
{
	knot_dname_storage_t name;
	if (count == ASKED_MAX || knot_dname_from_str(name, text, sizeof(name)) == NULL) {
		abort();
	}
	asked_t *one = &asked[count++];
	snprintf(one->name, sizeof(one->name), "%s", text);
	one->lookup = resolve_start(resolve, name, KNOT_RRTYPE_A, on_done, one);
	if (one->lookup == NULL) {
		printf("%s not-started\n", one->name);
	}
}

static unsigned threads(void)
{
	unsigned found = 0;
	DIR *dir = opendir("/proc/self/task");
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		found += entry->d_name[0] != '.';
	}
	closedir(dir);
	return found;
}

/*! libunbound and its threads talk over pairs of sockets. */
static void break_pairs(void)
{
	for (int fd = 3; fd < 256; fd++) {
		int domain = 0;
		socklen_t len = sizeof(domain);
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX) {
			shutdown(fd, SHUT_RDWR);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		return 2;
	}
	const dns_config_t config = { .trust_anchor = argv[1], .root_hints = argv[2], .loopback = true };
	char err[256], line[128];
	uv_loop_t loop;
	signal(SIGPIPE, SIG_IGN); /* As knotd does. */
	uv_loop_init(&loop);
	resolve_t *resolve = resolve_new(&loop, &config, err, sizeof(err));
	if (resolve == NULL) {
		printf("%s\n", err);
		uv_loop_close(&loop);
		return 1;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		uv_update_time(&loop);
		if (strncmp(line, "begin ", 6) == 0) {
			begin(resolve, line + 6);
			uv_run(&loop, UV_RUN_NOWAIT);
		} else if (strcmp(line, "wait") == 0) {
			while (count > 0 && asked[count - 1].lookup != NULL) {
				uv_run(&loop, UV_RUN_ONCE);
			}
		} else if (strcmp(line, "cancel") == 0) {
			for (unsigned i = 0; i < count; i++) {
				resolve_cancel(asked[i].lookup);
				asked[i].lookup = NULL;
			}
		} else if (strcmp(line, "threads") == 0) {
			printf("threads %u\n", threads());
		} else if (strcmp(line, "break") == 0) {
			break_pairs();
		}
		printf("done\n");
		fflush(stdout);
	}
	resolve_free(resolve);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop) == 0 ? 0 : 3;
}
