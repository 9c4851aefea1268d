/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What keymgr prints, and each order for the keys that it lists.
 */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "fuzz.h"
#include "server/key_plan.h"

#define NOW 1795878554

static void check_plan(const key_list_t *list, const server_keys_t *wish)
{
	key_plan_t plan;
	if (!key_plan(list, wish, NOW, &plan)) {
		require(plan.error[0] != '\0');
		return;
	}
	require(plan.error[0] == '\0' && plan.count <= KEY_STEPS_MAX);
	for (size_t i = 0; i < plan.count; i++) {
		const key_step_t *step = &plan.steps[i];
		require(step->key >= list->keys && step->key < list->keys + list->count);
		require(!step->key->public_only && step->change < KEY_CHANGES);
		// Where an algorithm or the scheme changes, orders are about ZSKs as well.
		require(step->key->ksk ||
		        (step->key->zsk && step->change != KEY_CHANGE_NOTHING && step->change != KEY_CHANGE_PUBLISH) ||
		        step->change == KEY_CHANGE_FORGET);
		for (size_t j = 0; j < i; j++) {
			const key_change_t first = plan.steps[j].change;
			require(step->key != plan.steps[j].key || step->change == KEY_CHANGE_RENEW ||
			        first == KEY_CHANGE_ZSK_FOR_KSK);
		}
	}
}

static key_id_t id_of(const key_list_t *list, size_t i)
{
	const listed_key_t *key = &list->keys[i % KEYS_LISTED_MAX];
	return (key_id_t){ .tag = key->tag, .algorithm = key->algorithm };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static key_list_t list;
	char *text = malloc(size + 1);
	if (text == NULL) {
		return 0;
	}
	memcpy(text + 1, data, size);
	const int ret = key_list_parse(&list, text + 1, size);
	free(text);
	if (ret != KNOT_EOK) {
		return 0;
	}
	require(list.count <= KEYS_LISTED_MAX);
	for (size_t i = 0; i < list.count; i++) {
		require(strspn(list.keys[i].id, "0123456789abcdef") == strlen(list.keys[i].id) &&
		        list.keys[i].id[0] != '\0');
		require(key_state(&list.keys[i], NOW) < KEY_TIMERS);
	}
	for (size_t i = 0; i <= list.count; i++) {
		server_keys_t wish = { .renew = true,
			               .new_key = id_of(&list, i),
			               .old_keys = { id_of(&list, 0), id_of(&list, i + 1), id_of(&list, i + 2) } };
		for (int order = 0; order < KEY_ORDERS; order++) {
			wish.order = order;
			for (wish.old_count = 0; wish.old_count <= 3; wish.old_count++) {
				wish.has_new = false;
				check_plan(&list, &wish);
				wish.has_new = true;
				check_plan(&list, &wish);
			}
		}
	}
	return 0;
}
