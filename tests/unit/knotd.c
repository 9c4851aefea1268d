/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "knotd.h"

#define START_TIMEOUT_S 30

static const char *const knotd_paths[] = { "/usr/sbin/knotd", "/usr/local/sbin/knotd" };
static const char *const knotc_paths[] = { "/usr/sbin/knotc", "/usr/local/sbin/knotc", "/usr/bin/knotc" };

static const char *find(const char *variable, const char *const *paths, size_t count)
{
	const char *path = getenv(variable);
	if (path != NULL) {
		return path;
	}
	for (size_t i = 0; i < count; i++) {
		if (access(paths[i], X_OK) == 0) {
			return paths[i];
		}
	}
	return NULL;
}

static const char *knotd_path(void)
{
	return find("KNOTD", knotd_paths, sizeof(knotd_paths) / sizeof(knotd_paths[0]));
}

static const char *knotc_path(void)
{
	return find("KNOTC", knotc_paths, sizeof(knotc_paths) / sizeof(knotc_paths[0]));
}

/*! \return NULL, or why there is no knotd. */
static const char *knotd_missing(void)
{
	if (knotd_path() == NULL) {
		return "no knotd found (set KNOTD)";
	}
	return (knotc_path() == NULL) ? "no knotc found (set KNOTC)" : NULL;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0) {
		return false;
	}
	bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static const char *knotd_isolate(void)
{
	if (unshare(CLONE_NEWNET) != 0) {
		char map[32];
		snprintf(map, sizeof(map), "0 %u 1", getuid());
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
			return "no network namespace of its own (unshare)";
		}
		if (!write_file("/proc/self/uid_map", map)) {
			return "no user in the user namespace (uid_map)";
		}
	}

	struct ifreq lo = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo) != 0) {
		return "no loopback interface";
	}
	lo.ifr_flags |= IFF_UP | IFF_RUNNING;
	int ret = ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);

	return (ret != 0) ? "the loopback interface cannot be brought up" : NULL;
}

bool knotd_can_be_used(void)
{
	const char *why = knotd_missing();
	if (why == NULL) {
		why = knotd_isolate();
	}
	if (why != NULL) {
		printf("SKIP: %s\n", why);
	}
	return why == NULL;
}

void knotd_write(const knotd_t *knotd, const char *file, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", knotd->dir, file);
	if (!write_file(path, text)) {
		perror(path);
		abort();
	}
}

void knotd_configure(const knotd_t *knotd, const char *conf)
{
	static const char mark[] = "@DIR@";
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const char *next;
	while ((next = strstr(conf, mark)) != NULL) {
		fwrite(conf, 1, next - conf, out);
		fputs(knotd->dir, out);
		conf = next + strlen(mark);
	}
	fputs(conf, out);
	fclose(out);
	knotd_write(knotd, "knot.conf", text);
	free(text);
}

static pid_t spawn(const knotd_t *knotd, char *const argv[])
{
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		// Should the test die, its knotd goes as well.
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) {
			_exit(1);
		}
		char log[96];
		snprintf(log, sizeof(log), "%s/log", knotd->dir);
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		unsetenv("LD_PRELOAD");
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static void show_log(const knotd_t *knotd)
{
	char path[96], line[512];
	snprintf(path, sizeof(path), "%s/log", knotd->dir);
	FILE *log = fopen(path, "r");
	if (log != NULL && fseek(log, -4000, SEEK_END) != 0) {
		rewind(log);
	}
	while (log != NULL && fgets(line, sizeof(line), log) != NULL) {
		fprintf(stderr, "knotd: %s", line);
	}
	if (log != NULL) {
		fclose(log);
	}
}

static bool answers(const char *socket)
{
	knot_ctl_t *ctl = knot_ctl_alloc();
	knot_ctl_set_timeout(ctl, 1000);
	knot_ctl_data_t data = { [KNOT_CTL_IDX_CMD] = "status" };
	knot_ctl_type_t type;
	bool ok = knot_ctl_connect(ctl, socket) == KNOT_EOK &&
	          knot_ctl_send(ctl, KNOT_CTL_TYPE_DATA, &data) == KNOT_EOK &&
	          knot_ctl_send(ctl, KNOT_CTL_TYPE_BLOCK, NULL) == KNOT_EOK &&
	          knot_ctl_receive(ctl, &type, &data) == KNOT_EOK;
	if (ok) {
		knot_ctl_send(ctl, KNOT_CTL_TYPE_END, NULL);
	}
	knot_ctl_close(ctl);
	knot_ctl_free(ctl);
	return ok;
}

bool knotd_start(knotd_t *knotd, bool database, const char *conf)
{
	knotd->database = database;
	snprintf(knotd->socket, sizeof(knotd->socket), "%s/knot.sock", knotd->dir);
	knotd_configure(knotd, conf);

	char file[96], confdb[96];
	snprintf(file, sizeof(file), "%s/knot.conf", knotd->dir);
	snprintf(confdb, sizeof(confdb), "%s/confdb", knotd->dir);

	if (database) {
		char *import[] = { (char *)knotc_path(), "-C", confdb, "conf-import", file, NULL };
		int status;
		if (waitpid(spawn(knotd, import), &status, 0) < 0 || status != 0) {
			show_log(knotd);
			return false;
		}
	}

	char *run[] = { (char *)knotd_path(), database ? "-C" : "-c", database ? confdb : file, NULL };
	knotd->pid = spawn(knotd, run);

	time_t end = time(NULL) + START_TIMEOUT_S;
	while (!answers(knotd->socket)) {
		if (time(NULL) > end || waitpid(knotd->pid, NULL, WNOHANG) != 0) {
			fprintf(stderr, "knotd does not start\n");
			show_log(knotd);
			return false;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	return true;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void knotd_stop(knotd_t *knotd, int signal)
{
	if (knotd->pid > 0) {
		kill(knotd->pid, signal);
		waitpid(knotd->pid, NULL, 0);
		knotd->pid = 0;
	}
	if (getenv("KEEP") == NULL) {
		nftw(knotd->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	}
}
