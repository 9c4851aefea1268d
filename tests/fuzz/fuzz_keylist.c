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

static void check_plan(const key_list_t *list, const key_wish_t *wish)
{
	key_plan_t plan;
	if (!key_plan(list, wish, NOW, &plan)) {
		require(plan.error[0] != '\0');
		return;
	}
	require(plan.error[0] == '\0' && plan.count <= 2);
	for (size_t i = 0; i < plan.count; i++) {
		const key_set_t *set = &plan.keys[i];
		require(set->key >= list->keys && set->key < list->keys + list->count);
		require(set->key->ksk && !set->key->public_only);
		require(set->count > 0 && set->count <= KEY_SETS_MAX);
		require(i == 0 || set->key != plan.keys[0].key);
	}
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
		const key_ref_t old_key = { list.keys[0].tag, list.keys[0].algorithm };
		const key_ref_t new_key = { list.keys[i % KEYS_LISTED_MAX].tag,
			                    list.keys[i % KEYS_LISTED_MAX].algorithm };
		for (int order = 0; order < KEY_ORDERS; order++) {
			check_plan(&list,
			           &(key_wish_t){
					   .order = order, .old_key = &old_key, .new_key = &new_key, .renew = true });
			check_plan(&list, &(key_wish_t){ .order = order, .old_key = &old_key });
			check_plan(&list, &(key_wish_t){ .order = order });
		}
	}
	return 0;
}
