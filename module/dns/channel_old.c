/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * c-ares before 1.28: packets are bytes. A question has its own port and ID, as in channel.c, but the
 * tries of one question share them: they are easier to forge, which signatures forgive (design.md I7).
 */

#include <libdnssec/random.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "channel.h"

/*! c-ares keeps one pointer for us, we have two. */
typedef struct {
	channel_answer_f done;
	void *arg;
} question_t;

ares_channel channel_new(ares_sock_state_cb on_socket, void *arg)
{
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP |
		         ARES_FLAG_NORECURSE | ARES_FLAG_EDNS,
		.timeout = CHANNEL_FIRST_TRY_MS,
		.tries = ASK_TRIES,
		.ednspsz = ASK_UDP_PAYLOAD,
		.lookups = "b",
		.sock_state_cb = on_socket,
		.sock_state_cb_data = arg,
		/* Servers come later; options of the host's resolver are not for us. */
		.resolvconf_path = "/dev/null",
	};
	const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
	                 ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF |
	                 ARES_OPT_NOROTATE;
	ares_channel channel = NULL;

	return ares_init_options(&channel, &options, mask) == ARES_SUCCESS ? channel : NULL;
}

static void on_bytes(void *arg, int status, int timeouts, unsigned char *wire, int len)
{
	question_t question = *(question_t *)arg;

	free(arg);
	question.done(question.arg, status, timeouts, status == ARES_SUCCESS ? wire : NULL, len);
}

int channel_send(ares_channel channel, const uint8_t *wire, size_t len,
                 channel_answer_f done, void *arg)
{
	uint8_t query[KNOT_WIRE_MIN_PKTSIZE];
	question_t *question = malloc(sizeof(*question));

	if (question == NULL) {
		return KNOT_ENOMEM;
	}
	if (len < KNOT_WIRE_HEADER_SIZE || len > sizeof(query)) {
		free(question);
		return KNOT_EINVAL;
	}
	*question = (question_t){ done, arg };

	/* This c-ares sends the ID that it is given. */
	memcpy(query, wire, len);
	knot_wire_set_id(query, dnssec_random_uint16_t());

	/* Calls back even when it fails. */
	ares_send(channel, query, len, on_bytes, question);
	return KNOT_EOK;
}
