/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Carries out an order for keys as kskrolld does, for the lab.
 *
 *     key_order FOLDER ZONE ORDER OLD NEW SOCKET [STEPS]
 *
 * FOLDER is that of the key database. OLD and NEW are keys, TAG/ALGORITHM[,...]; "-": none. With STEPS it ends after so
 * many changes of keys, as in a crash, and says how many there would have been. Prints what came of it.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_MS 10000

#include "key_broker.h"
#include "module/server/key_actor.h"
#include "module/server/key_plan.h"

static unsigned read_keys(const char *text, key_id_t *keys)
{
	unsigned count = 0, tag, algorithm;
	int len;

	while (count < ROLLOVER_OLD_MAX && sscanf(text, "%u/%u%n", &tag, &algorithm, &len) == 2) {
		keys[count++] = (key_id_t){ .tag = (uint16_t)tag, .algorithm = (uint8_t)algorithm };
		text += len;
		text += *text == ',';
	}
	return count;
}

static bool read_order(const char *name, key_order_t *order)
{
	for (*order = 0; *order < KEY_ORDERS; (*order)++) {
		if (strcmp(key_order_name(*order), name) == 0) {
			return true;
		}
	}
	return false;
}

/*! \return Exit code. */
static int end_early(const key_client_t *client, const char *zone, const server_keys_t *wish, size_t steps)
{
	static key_list_t list;
	static key_plan_t plan;
	char detail[KEY_CLIENT_DETAIL_MAX] = "";

	if (key_client_list(client, zone, &list, detail) != KNOT_EOK) {
		printf("%s\n", detail);
		return EXIT_FAILURE;
	}
	if (!key_plan(&list, wish, time(NULL), &plan)) {
		printf("refused: %s\n", plan.error);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < plan.count && i < steps; i++) {
		if (key_client_set(client, zone, plan.steps[i].key->id, plan.steps[i].change, detail) != KNOT_EOK) {
			printf("%s\n", detail);
			return EXIT_FAILURE;
		}
	}
	printf("%zu\n", plan.count);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const char *const statuses[] = {
		[SERVER_OK] = "done",
		[SERVER_BUSY] = "busy",
		[SERVER_REFUSED] = "refused",
		[SERVER_UNREACHABLE] = "unreachable",
		[SERVER_CANCELLED] = "cancelled",
	};
	server_keys_t wish = { 0 };
	pid_t broker;

	if (argc < 7 || !read_order(argv[3], &wish.order)) {
		fprintf(stderr, "usage: key_order FOLDER ZONE ORDER OLD NEW SOCKET [STEPS]\n");
		return EXIT_FAILURE;
	}
	wish.old_count = read_keys(argv[4], wish.old_keys);
	wish.has_new = read_keys(argv[5], &wish.new_key) > 0;
	const key_client_t client = { .sock = broker_start(argv[1], NULL, &broker), .timeout_ms = 2 * TIMEOUT_MS };
	if (argc > 7) {
		return end_early(&client, argv[2], &wish, strtoul(argv[7], NULL, 10));
	}
	const control_target_t target = { .path = argv[6], .timeout_ms = TIMEOUT_MS };
	key_task_t task = { .zone = argv[2], .wish = &wish };
	key_actor_run(&target, &client, &task, 1);
	printf("%s%s%s\n", statuses[task.status], task.detail[0] != '\0' ? ": " : "", task.detail);
	return task.status == SERVER_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
