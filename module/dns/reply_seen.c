/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "reply_seen.h"

void reply_seen_clear(reply_seen_t *seen)
{
	for (unsigned i = 0; i < seen->answered; i++) {
		free(seen->answer[i].wire);
	}
	memset(seen, 0, sizeof(*seen));
}

bool reply_seen_has(const reply_seen_t *seen, const ask_reply_t *reply)
{
	const size_t id = sizeof(uint16_t);
	if (reply->error != NULL || reply->answered == 0 || reply->answered != seen->answered) {
		return false;
	}
	for (unsigned i = 0; i < reply->answered; i++) {
		const size_t len = reply->answer[i].len;
		if (len < id || len != seen->answer[i].len ||
		    memcmp(reply->answer[i].wire + id, seen->answer[i].wire + id, len - id) != 0) {
			return false;
		}
	}
	return true;
}

void reply_seen_keep(reply_seen_t *seen, const ask_reply_t *reply, size_t index)
{
	if (reply->error != NULL) {
		return;
	}
	reply_seen_clear(seen);
	for (unsigned i = 0; i < reply->answered; i++) {
		seen->answer[i].wire = malloc(reply->answer[i].len);
		if (seen->answer[i].wire == NULL) {
			reply_seen_clear(seen);
			return;
		}
		memcpy(seen->answer[i].wire, reply->answer[i].wire, reply->answer[i].len);
		seen->answer[i].len = reply->answer[i].len;
		seen->answered++;
	}
	seen->index = index;
}
