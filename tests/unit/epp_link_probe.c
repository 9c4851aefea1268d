/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A connection to an EPP server, driven by the lines of its standard input: epp_link_probe ACCOUNTS ID SPEED
 *
 * Time passes SPEED times as fast for the connection. Lines: `NAME info DOMAIN [WITHIN_MS|once]`, `NAME hello`, `NAME
 * logout`, `NAME update DOMAIN [(+|-)TAG/ALGORITHM/TYPE/DIGEST]... [ttl=SECONDS|ttl=default]`, `state`,
 * `place` (of the last one), `current` (its certificates), `cancel` (that one which was ordered last), `leave`
 * (messages stay in the queue), `free-in NAME` (in the callback of that one), `cancel-in NAME` (the last one, in the
 * callback of that one). Each answer is a line `NAME STATUS CODE TEXT`, each message `message ID KIND DOMAIN RESULT`.
 * The end of the input frees it.
 */

#include <libknot/errcode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/epp_link.h"

#define ORDER_NAME 32
#define GIVEN_MAX  8
#define INPUT_MAX  65536

static unsigned speed;

uint64_t __real_uv_now(const uv_loop_t *loop);
uint64_t __wrap_uv_now(const uv_loop_t *loop);
int __real_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);

uint64_t __wrap_uv_now(const uv_loop_t *loop)
{
	return __real_uv_now(loop) * speed;
}

int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
	return __real_uv_timer_start(timer, cb, (timeout + speed - 1) / speed, repeat);
}

typedef struct {
	uv_loop_t loop;
	uv_pipe_t input;
	epp_link_t *link;
	bool leave;
	void *last;
	char free_in[ORDER_NAME], cancel_in[ORDER_NAME];
	char line[INPUT_MAX];
	size_t len;
} probe_t;

typedef struct {
	probe_t *probe;
	char name[ORDER_NAME];
} waiting_t;

static void free_link(probe_t *p)
{
	epp_link_free(p->link);
	p->link = NULL;
}

static void cancel_last(probe_t *p)
{
	const bool under_way = epp_link_cancel(p->link, p->last);

	printf("cancel %d\n", under_way);
	if (!under_way) {
		free(p->last);
	}
}

static void on_done(const epp_link_result_t *result, void *arg)
{
	static const char *const names[] = { "answer", "unsent", "lost", "stopped", "cancelled" };
	waiting_t *w = arg;
	probe_t *p = w->probe;
	const epp_event_t *e = result->event;
	const bool now = strcmp(p->free_in, w->name) == 0;

	if (now) {
		p->free_in[0] = '\0';
		free_link(p);
	}
	if (strcmp(p->cancel_in, w->name) == 0) {
		p->cancel_in[0] = '\0';
		cancel_last(p);
	}
	printf("%s %s %u %s\n", w->name, names[result->status], e != NULL ? e->code : 0,
	       e != NULL ? e->text : result->why);
	free(w);
}

static bool on_message(const epp_message_t *message, void *arg)
{
	probe_t *p = arg;

	printf("message %s %s %s %d\n", message->id,
	       message->is_action ? "action" :
	       message->is_change ? "change" :
	                            "text",
	       message->domain, message->result);
	return !p->leave;
}

static bool read_record(const char *text, epp_record_t *r, uint8_t *data)
{
	unsigned tag, algorithm, type, octet;
	int at;

	if (sscanf(text, "%u/%u/%u/%n", &tag, &algorithm, &type, &at) != 3) {
		return false;
	}
	*r = (epp_record_t){ .tag = tag, .algorithm = algorithm, .digest_type = type, .data = data };
	for (text += at; r->data_len < EPP_DIGEST_MAX && sscanf(text, "%2x", &octet) == 1; text += 2) {
		data[r->data_len++] = octet;
	}
	return true;
}

static void order(probe_t *p, const char *name, epp_command_t *command, char *rest)
{
	uint8_t data[2 * GIVEN_MAX][EPP_DIGEST_MAX];
	epp_record_t rem[GIVEN_MAX], add[GIVEN_MAX];
	unsigned within = 0;

	command->rem = rem;
	command->add = add;
	for (char *word; (word = strsep(&rest, " ")) != NULL;) {
		if (word[0] == '-' && read_record(word + 1, &rem[command->rem_count], data[command->rem_count])) {
			command->rem_count++;
		} else if (word[0] == '+' &&
		           read_record(word + 1, &add[command->add_count], data[GIVEN_MAX + command->add_count])) {
			command->add_count++;
		} else if (strcmp(word, "ttl=default") == 0) {
			command->ttl_what = EPP_TTL_DEFAULT;
		} else if (sscanf(word, "ttl=%u", &command->ttl) == 1) {
			command->ttl_what = EPP_TTL_SET;
		} else {
			within = strcmp(word, "once") == 0 ? EPP_LINK_ONCE : (unsigned)atoi(word);
		}
	}
	waiting_t *w = calloc(1, sizeof(*w));
	if (w == NULL) {
		abort();
	}
	w->probe = p;
	snprintf(w->name, sizeof(w->name), "%s", name);
	p->last = w;
	const int ret = epp_link_send(p->link, command, within, on_done, w);
	if (ret != KNOT_EOK) {
		printf("%s error %d\n", name, ret);
		free(w);
	}
}

static void take_line(probe_t *p, char *line)
{
	static const struct {
		const char *name;
		epp_verb_t verb;
		bool domain;
	} verbs[] = {
		{ "info", EPP_INFO, true },
		{ "update", EPP_UPDATE, true },
		{ "hello", EPP_HELLO, false },
		{ "logout", EPP_LOGOUT, false },
	};
	char *first = strsep(&line, " "), *word = line != NULL ? strsep(&line, " ") : NULL;

	if (strcmp(first, "state") == 0) {
		printf("state %s\n", epp_link_state(p->link));
	} else if (strcmp(first, "current") == 0) {
		printf("current %d\n", epp_link_is_current(p->link));
	} else if (strcmp(first, "place") == 0) {
		epp_link_place_t place;
		if (epp_link_place(p->link, p->last, &place)) {
			printf("place %u %llu\n", place.before, (unsigned long long)place.wait_ms);
		} else {
			puts("place none");
		}
	} else if (strcmp(first, "cancel") == 0) {
		cancel_last(p);
	} else if (strcmp(first, "leave") == 0) {
		p->leave = true;
	} else if (strcmp(first, "free-in") == 0 && word != NULL) {
		snprintf(p->free_in, sizeof(p->free_in), "%s", word);
	} else if (strcmp(first, "cancel-in") == 0 && word != NULL) {
		snprintf(p->cancel_in, sizeof(p->cancel_in), "%s", word);
	}
	for (size_t i = 0; word != NULL && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(word, verbs[i].name) == 0) {
			epp_command_t command = { .verb = verbs[i].verb };
			command.domain = verbs[i].domain ? strsep(&line, " ") : NULL;
			order(p, first, &command, line);
		}
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	probe_t *p = handle->data;

	(void)suggested;
	*buf = uv_buf_init(p->line + p->len, sizeof(p->line) - 1 - p->len);
}

static void on_input(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	probe_t *p = stream->data;
	char *end;

	(void)buf;
	if (len < 0) {
		uv_close((uv_handle_t *)stream, NULL);
		free_link(p);
		return;
	}
	p->len += len;
	p->line[p->len] = '\0';
	while ((end = strchr(p->line, '\n')) != NULL) {
		*end = '\0';
		take_line(p, p->line);
		p->len -= end + 1 - p->line;
		memmove(p->line, end + 1, p->len + 1);
	}
}

int main(int argc, char **argv)
{
	static probe_t p;
	epp_accounts_t *accounts;
	char why[512];

	if (argc != 4 || epp_accounts_read(argv[1], &accounts, why, sizeof(why)) != KNOT_EOK) {
		fprintf(stderr, "%s\n", argc == 4 ? why : "epp_link_probe ACCOUNTS ID SPEED");
		return 2;
	}
	speed = atoi(argv[3]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	uv_loop_init(&p.loop);
	p.link = epp_link_new(&p.loop, epp_accounts_find(accounts, argv[2]), NULL, on_message, &p, why, sizeof(why));
	if (p.link == NULL) {
		fprintf(stderr, "%s\n", why);
		return 2;
	}
	uv_pipe_init(&p.loop, &p.input, 0);
	p.input.data = &p;
	uv_pipe_open(&p.input, 0);
	uv_read_start((uv_stream_t *)&p.input, on_alloc, on_input);
	uv_run(&p.loop, UV_RUN_DEFAULT);
	const int busy = uv_loop_close(&p.loop);
	epp_accounts_free(accounts);
	return busy == 0 ? 0 : 3;
}
