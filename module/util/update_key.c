/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "kskroll/update_key.h"

bool update_key_copy(update_key_t *copy, const update_key_t *from)
{
	*copy = (update_key_t){ 0 };
	if (from->name == NULL) {
		return true;
	}
	uint8_t *secret = malloc(from->secret_len > 0 ? from->secret_len : 1);
	char *name = strdup(from->name);
	if (secret == NULL || name == NULL) {
		free(secret);
		free(name);
		return false;
	}
	if (from->secret_len > 0) {
		memcpy(secret, from->secret, from->secret_len);
	}
	*copy = (update_key_t){
		.name = name, .algorithm = from->algorithm, .secret = secret, .secret_len = from->secret_len
	};
	return true;
}

void update_key_clear(update_key_t *key)
{
	if (key->secret != NULL) {
		explicit_bzero((uint8_t *)key->secret, key->secret_len);
	}
	free((uint8_t *)key->secret);
	free((char *)key->name);
	*key = (update_key_t){ 0 };
}

bool update_key_same(const update_key_t *a, const update_key_t *b)
{
	if (a->name == NULL || b->name == NULL) {
		return a->name == b->name;
	}
	return strcmp(a->name, b->name) == 0 && a->algorithm == b->algorithm && a->secret_len == b->secret_len &&
	       (a->secret_len == 0 || memcmp(a->secret, b->secret, a->secret_len) == 0);
}
