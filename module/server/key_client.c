/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <libknot/libknot.h>

#include "broker_wire.h"
#include "key_client.h"
#include "kskroll/broker.h"

/*! Milliseconds in which the broker confines itself. */
#define CONFIGURE_MS 5000

/*! What came, with room for a byte more than may come. */
typedef struct {
	uint8_t data[BROKER_ANSWER_MAX + 1];
	broker_answer_t answer;
} reply_t;

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static int give_up(const key_client_t *client, const char *why, char *detail)
{
	shutdown(client->sock, SHUT_RDWR);
	snprintf(detail, KEY_CLIENT_DETAIL_MAX, "the process that runs keymgr %s", why);
	return KNOT_ECONN;
}

/*! \return Length of the message; 0: it has ended; -1: none in time. */
static ssize_t receive(const key_client_t *client, reply_t *reply)
{
	const int64_t deadline = now_ms() + client->timeout_ms;

	while (true) {
		struct pollfd fd = { .fd = client->sock, .events = POLLIN };
		const int64_t left = deadline - now_ms();
		if (left <= 0) {
			return -1;
		}
		if (poll(&fd, 1, (int)left) <= 0) {
			continue;
		}
		const ssize_t got = recv(client->sock, reply->data, sizeof(reply->data), MSG_DONTWAIT);
		if (got >= 0) {
			return got;
		}
		if (errno != EINTR && errno != EAGAIN) {
			return 0;
		}
	}
}

static int call(const key_client_t *client, const broker_request_t *request, reply_t *reply, char *detail)
{
	uint8_t message[BROKER_REQUEST_MAX];

	if (client->sock < 0) {
		snprintf(detail, KEY_CLIENT_DETAIL_MAX, "the process that runs keymgr could not be started");
		return KNOT_ECONN;
	}
	const size_t len = broker_put_request(request, message);
	if (len == 0) {
		snprintf(detail, KEY_CLIENT_DETAIL_MAX, "a name or path is too long for keymgr");
		return KNOT_ERROR;
	}
	if (recv(client->sock, reply->data, sizeof(reply->data), MSG_DONTWAIT) > 0) {
		return give_up(client, "says what it was not asked", detail);
	}
	if (send(client->sock, message, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len) {
		return give_up(client, "has ended", detail);
	}
	const ssize_t got = receive(client, reply);
	if (got <= 0) {
		return give_up(client, got == 0 ? "has ended" : "does not answer", detail);
	}
	if (!broker_get_answer(reply->data, got, &reply->answer)) {
		return give_up(client, "answers what it should not", detail);
	}
	snprintf(detail, KEY_CLIENT_DETAIL_MAX, "%s", reply->answer.detail);
	return reply->answer.status == BROKER_DONE   ? KNOT_EOK :
	       reply->answer.status == BROKER_KILLED ? KNOT_ETIMEOUT :
	                                               KNOT_ERROR;
}

static int read_list(const broker_answer_t *answer, key_list_t *list, char *detail)
{
	if (answer->list_len == 0) {
		*list = (key_list_t){ 0 }; // It prints nothing of a zone without keys.
		return KNOT_EOK;
	}
	const int ret = key_list_parse(list, answer->list, answer->list_len);
	if (ret != KNOT_EOK) {
		snprintf(detail, KEY_CLIENT_DETAIL_MAX, "keymgr list: %s",
		         ret == KNOT_ESPACE ? "too many keys" : "it prints what the module does not understand");
	}
	return ret;
}

/*! \a list: NULL for a request that has none. */
static int ask(const key_client_t *client, const broker_request_t *request, key_list_t *list, char *detail)
{
	reply_t *reply = malloc(sizeof(*reply));
	if (reply == NULL) {
		snprintf(detail, KEY_CLIENT_DETAIL_MAX, "%s", knot_strerror(KNOT_ENOMEM));
		return KNOT_ENOMEM;
	}
	int ret = call(client, request, reply, detail);
	if (ret == KNOT_EOK && list != NULL) {
		ret = read_list(&reply->answer, list, detail);
	} else if (ret == KNOT_EOK && reply->answer.list_len != 0) {
		ret = give_up(client, "answers what it should not", detail);
	}
	free(reply);
	return ret;
}

int key_client_list(const key_client_t *client, const char *zone, key_list_t *list, char *detail)
{
	assert(client != NULL && zone != NULL && list != NULL && detail != NULL);

	const broker_request_t request = { .kind = BROKER_LIST, .zone = zone };
	return ask(client, &request, list, detail);
}

int key_client_set(const key_client_t *client, const char *zone, const char *id, key_change_t change, char *detail)
{
	assert(client != NULL && zone != NULL && id != NULL && change < KEY_CHANGES && detail != NULL);

	const broker_request_t request = { .kind = BROKER_SET, .zone = zone, .id = id, .change = change };
	return ask(client, &request, NULL, detail);
}

bool broker_configure(int sock, const char *folder, const char *program, char *detail)
{
	assert(folder != NULL && detail != NULL);

	const key_client_t client = { .sock = sock, .timeout_ms = CONFIGURE_MS };
	const broker_request_t request = { .kind = BROKER_CONFIGURE,
		                           .folder = folder,
		                           .program = program != NULL ? program : "" };
	return ask(&client, &request, NULL, detail) == KNOT_EOK;
}
