/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>

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
		.maxtimeout = ASK_TIMEOUT_MS,
		.tries = ASK_TRIES,
		.ednspsz = ASK_UDP_PAYLOAD,
		.udp_max_queries = 1,
		.qcache_max_ttl = 0,
		.lookups = "b",
		.sock_state_cb = on_socket,
		.sock_state_cb_data = arg,
		/* Servers come later; options of the host's resolver are not for us. */
		.resolvconf_path = "/dev/null",
		.hosts_path = "/dev/null",
	};
	const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_MAXTIMEOUTMS |
	                 ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_UDP_MAX_QUERIES |
	                 ARES_OPT_QUERY_CACHE | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB |
	                 ARES_OPT_RESOLVCONF | ARES_OPT_HOSTS_FILE | ARES_OPT_NOROTATE;
	ares_channel channel = NULL;

	return ares_init_options(&channel, &options, mask) == ARES_SUCCESS ? channel : NULL;
}

static void on_record(void *arg, ares_status_t status, size_t timeouts,
                      const ares_dns_record_t *record)
{
	question_t question = *(question_t *)arg;
	unsigned char *wire = NULL;
	size_t len = 0;

	free(arg);
	if (status == ARES_SUCCESS && record != NULL &&
	    ares_dns_write(record, &wire, &len) != ARES_SUCCESS) {
		status = ARES_EBADRESP;
	}
	question.done(question.arg, status, timeouts, wire, len);
	ares_free_string(wire);
}

int channel_send(ares_channel channel, const uint8_t *wire, size_t len,
                 channel_answer_f done, void *arg)
{
	ares_dns_record_t *query = NULL;
	question_t *question = malloc(sizeof(*question));

	if (question == NULL) {
		return KNOT_ENOMEM;
	}
	if (ares_dns_parse(wire, len, 0, &query) != ARES_SUCCESS) {
		free(question);
		return KNOT_EMALF;
	}
	*question = (question_t){ done, arg };

	/* Calls back even when it fails. */
	ares_send_dnsrec(channel, query, on_record, question, NULL);
	ares_dns_record_destroy(query);
	return KNOT_EOK;
}
