/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "epp_reply.h"

void epp_reply_add(epp_reply_t *reply, const char *before, const char *text)
{
	const size_t used = strlen(reply->words);

	before = used > 0 ? before : "";
	/* Half a character must not be left of what is cut. */
	if (text[0] != '\0' && used + strlen(before) + strlen(text) < sizeof(reply->words)) {
		stpcpy(stpcpy(reply->words + used, before), text);
	}
}

void epp_reply_clear(epp_reply_t *reply)
{
	free((char *)reply->offer.uris);
	for (size_t i = 0; i < reply->count; i++) {
		free((char *)reply->record[i].spelled);
		free((char *)reply->inside[i].spelled);
	}
	*reply = (epp_reply_t){ 0 };
}
