/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Replays files, and all files of folders, through a fuzz target.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static unsigned replayed;

static int replay(const char *path)
{
	static uint8_t data[1 + 65535];
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		return 1;
	}
	size_t len = fread(data, 1, sizeof(data), file);
	fclose(file);

	/* A copy of the exact size, so that a sanitizer sees any read beyond it. */
	uint8_t *exact = malloc(len > 0 ? len : 1);
	if (exact == NULL) {
		return 1;
	}
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	replayed++;
	return 0;
}

static int replay_folder(const char *path)
{
	int ret = 0;
	DIR *folder = opendir(path);
	if (folder == NULL) {
		perror(path);
		return 1;
	}
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		char name[4096];
		if (entry->d_name[0] != '.' &&
		    (size_t)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) < sizeof(name)) {
			ret |= replay(name);
		}
	}
	closedir(folder);
	return ret;
}

int main(int argc, char **argv)
{
	int ret = 0;
	for (int i = 1; i < argc; i++) {
		struct stat st;
		bool folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
		ret |= folder ? replay_folder(argv[i]) : replay(argv[i]);
	}
	fprintf(stderr, "%u files\n", replayed);
	/* An empty corpus shows nothing. */
	return replayed > 0 ? ret : 1;
}
