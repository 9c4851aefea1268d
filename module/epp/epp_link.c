/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <gnutls/crypto.h>
#include <libknot/errcode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "epp_link_parts.h"
#include "epp_order.h"
#include "kskroll/text_copy.h"

#define POLL_EVERY_MS 3600000
#define NEVER         UINT64_MAX

static void turn(epp_link_t *link);

static void on_timer(uv_timer_t *timer)
{
	turn(timer->data);
}

static void turn_at(epp_link_t *link, uint64_t at)
{
	const uint64_t now = uv_now(link->loop);

	if (!link->freed && at != NEVER) {
		uv_timer_start(&link->timer, on_timer, at > now ? at - now : 0, 0);
	}
}

static void turn_soon(epp_link_t *link)
{
	turn_at(link, 0);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*! The callback may do whatever it likes with the link. */
static void deliver(epp_link_t *link, epp_order_t *order, epp_link_status_t status, const epp_event_t *event,
                    const char *why)
{
	epp_link_result_t result = { .status = status, .event = event, .offer = link->has_offer ? &link->offer : NULL };

	text_copy(result.why, sizeof(result.why), why);
	list_remove(&order->node);
	order->done(&result, order->arg);
	free(order);
}

/*! All those that were moved to the list of the ending. */
static void deliver_ending(epp_link_t *link, epp_link_status_t status, const char *why)
{
	char kept[WHY_MAX];

	text_copy(kept, sizeof(kept), why);
	while (link->ending.first != NULL && (!link->freed || status == EPP_LINK_CANCELLED)) {
		deliver(link, epp_orders_first(&link->ending), status, NULL, kept);
	}
}

/*! Moves orders to the list of the ending: those that \a is, the one under way left out. */
static void end_those(epp_link_t *link, epp_order_is_f is)
{
	const bool under_way = link->busy && !link->own;

	epp_orders_move(&link->queue, &link->ending, is, uv_now(link->loop), under_way);
}

static void free_old(epp_link_t *link)
{
	if (link->old != NULL) {
		epp_session_free(link->old);
		link->old = NULL;
		link->has_offer = false;
	}
}

/*! Ends connection and session; the order under way, if any, stays where it is. */
static void disconnect(epp_link_t *link)
{
	if (link->busy || (link->session != NULL && link->has_offer && !link->ready)) {
		epp_pace_done(&link->limits->pace, uv_now(link->loop));
	}
	if (link->connection != NULL) {
		epp_connection_close(link->connection);
		link->connection = NULL;
	}
	if (link->session != NULL) {
		free_old(link);
		link->old = link->session;
		link->session = NULL;
	}
	link->ready = link->busy = link->own = link->touched = link->closing = false;
	link->ack[0] = '\0';
}

static void set_why(epp_link_t *link, const char *what, const char *text)
{
	snprintf(link->why, sizeof(link->why), "%s: %s%s", link->account->server, what, text);
}

/*! Connection or session is over. Of its failure, if it is one, the limits know already. */
static void end_failed(epp_link_t *link, const char *text, bool stop)
{
	const bool lost = link->busy && !link->own && link->touched;
	epp_order_t *order = lost ? epp_orders_first(&link->queue) : NULL;

	set_why(link, "", text);
	disconnect(link);
	link->stopped = link->stopped || stop;
	turn_soon(link);
	if (order != NULL) {
		deliver(link, order, EPP_LINK_LOST, NULL, link->why);
	}
	if (!link->freed && !link->stopped) {
		end_those(link, epp_order_is_once);
		deliver_ending(link, EPP_LINK_UNSENT, link->why);
	}
}

/*! Connection or session has failed, which is a reason to wait before the next one. */
static void fail(epp_link_t *link, const char *text, bool stop)
{
	(void)epp_limits_failed(link->limits, false, uv_now(link->loop));
	end_failed(link, text, stop);
}

/*! Nobody knows whether the password is right: who is asked too often with a wrong one locks the account. */
static void fail_login(epp_link_t *link, const epp_event_t *event)
{
	char text[WHY_MAX];
	const bool stop = epp_limits_failed(link->limits, true, uv_now(link->loop));
	const int len = snprintf(text, sizeof(text), "%.160s. ", event->text);

	if (stop) {
		snprintf(text + len, sizeof(text) - (size_t)len,
		         "No login in a row of %d had an answer: check login and password in the file of accounts",
		         EPP_LOGINS_MAX);
	} else {
		snprintf(text + len, sizeof(text) - (size_t)len, "The password may be wrong");
	}
	end_failed(link, text, stop);
}

/*! The server closes a session that nobody used for long, which is its right. */
static void on_failed(epp_link_t *link, const epp_event_t *event)
{
	const bool idle = link->ready && !link->busy && event->code == 0;

	if (link->closing && link->own) {
		disconnect(link);
		turn_soon(link);
		return;
	}
	if (event->open_login) {
		fail_login(link, event);
		return;
	}
	if (idle) {
		end_failed(link, event->text, false);
		return;
	}
	if (event->code == 0) {
		fail(link, event->text, false);
		return;
	}
	char text[WHY_MAX];
	snprintf(text, sizeof(text), "%s. %s", event->text, epp_advice(event->code));
	fail(link, text, event->meaning == EPP_STOP);
}

/*! The logout is answered, or the server closes the session by what it has answered. */
static void on_closed(epp_link_t *link)
{
	epp_order_t *logout = link->busy && !link->own ? epp_orders_first(&link->queue) : NULL;

	if (!link->closing) {
		fail(link, "the server has closed the session", false);
		return;
	}
	disconnect(link);
	turn_soon(link);
	if (logout != NULL) {
		deliver(link, logout, EPP_LINK_LOST, NULL, "the server has closed the connection instead of an answer");
	}
}

/*! To what this file has asked for itself. */
static void on_own_answer(epp_link_t *link, const epp_event_t *event)
{
	const epp_message_t *message = event->message;

	link->poll_from = event->verb != EPP_HELLO && event->meaning == EPP_DONE ? 0 : link->poll_from;
	if (event->verb == EPP_POLL) {
		link->poll_at = uv_now(link->loop) + POLL_EVERY_MS;
		if (event->meaning == EPP_DONE && message != NULL && message->id[0] != '\0' &&
		    link->message(message, link->arg) && !link->freed) {
			text_copy(link->ack, sizeof(link->ack), message->id);
		}
	} else if (event->verb == EPP_ACK) {
		/* There may be more of them; one that cannot be acknowledged waits for the next hour. */
		link->ack[0] = '\0';
		link->poll_at = uv_now(link->loop) + (event->meaning == EPP_DONE ? 0 : POLL_EVERY_MS);
	}
}

static void on_answer(epp_link_t *link, const epp_event_t *event)
{
	const bool own = link->own;

	link->busy = link->own = link->touched = false;
	link->limits->failures = 0;
	epp_pace_done(&link->limits->pace, uv_now(link->loop));
	if (event->meaning == EPP_STOP) {
		link->stopped = true;
		snprintf(link->why, sizeof(link->why), "%s: %s (%u)", link->account->server, event->text, event->code);
	}
	if (own) {
		on_own_answer(link, event);
	} else {
		link->last_user = uv_now(link->loop);
		deliver(link, epp_orders_first(&link->queue), EPP_LINK_ANSWER, event, "");
	}
}

static void on_offer(epp_link_t *link, const epp_event_t *event)
{
	const uint64_t now = uv_now(link->loop);

	link->offer = *event->offer;
	link->has_offer = true;
	link->answer_by = now + (uint64_t)link->account->timeout * 1000;
	/* The login, which goes out now, is a command like others. */
	epp_pace_take(&link->limits->pace, now);
	link->last_sent = now;
}

static void take_events(epp_link_t *link)
{
	epp_event_t event;

	while (!link->freed && link->session != NULL && epp_session_event(link->session, &event)) {
		switch (event.kind) {
		case EPP_EV_OFFER:
			on_offer(link, &event);
			break;
		case EPP_EV_READY:
			link->ready = true;
			link->limits->logins = 0;
			epp_pace_done(&link->limits->pace, uv_now(link->loop));
			text_copy(link->peer.login, sizeof(link->peer.login), event.text);
			link->last_user = uv_now(link->loop);
			epp_link_poll(link);
			break;
		case EPP_EV_ANSWER:
			on_answer(link, &event);
			break;
		case EPP_EV_FAILED:
			on_failed(link, &event);
			return;
		case EPP_EV_CLOSED:
			on_closed(link);
			return;
		}
	}
	turn_soon(link);
}

/* Hooks of the connection. */

static void take_peer(epp_link_t *link)
{
	const epp_tls_t *tls = epp_connection_tls(link->connection);

	text_copy(link->peer.address, sizeof(link->peer.address), epp_connection_address(link->connection));
	text_copy(link->peer.version, sizeof(link->peer.version), epp_tls_version(tls));
	link->peer.expires = epp_tls_expires(tls);
	link->peer.own_expires = epp_tls_credentials_expires(link->credentials);
	link->peer.login[0] = '\0';
	link->has_peer = true;
}

static void on_up(void *arg)
{
	epp_link_t *link = arg;
	uint8_t octets[8];
	char prefix[32];

	take_peer(link);
	/* A clTRID that the server has seen before may be taken for the same command. */
	if (gnutls_rnd(GNUTLS_RND_NONCE, octets, sizeof(octets)) < 0) {
		fail(link, "there is no random number", false);
		return;
	}
	int at = snprintf(prefix, sizeof(prefix), "kskroll-");
	for (size_t i = 0; i < sizeof(octets); i++) {
		at += snprintf(prefix + at, sizeof(prefix) - at, "%02x", octets[i]);
	}
	link->session = epp_session_new(link->account, prefix);
	if (link->session == NULL) {
		fail(link, "there is no memory for a session", false);
		return;
	}
	link->answer_by = uv_now(link->loop) + (uint64_t)link->account->timeout * 1000;
	turn_soon(link);
}

static void on_input(const uint8_t *data, size_t len, void *arg)
{
	epp_link_t *link = arg;

	epp_session_feed(link->session, data, len);
	take_events(link);
}

static size_t on_output(const uint8_t **data, void *arg)
{
	epp_link_t *link = arg;
	const size_t len = link->session != NULL ? epp_session_output(link->session, data) : 0;

	link->touched = link->touched || (len > 0 && link->busy);
	return len;
}

static void on_taken(size_t len, void *arg)
{
	epp_link_t *link = arg;

	epp_session_sent(link->session, len);
	take_events(link);
}

static void on_down(const char *why, void *arg)
{
	epp_link_t *link = arg;

	if (link->session == NULL) {
		fail(link, why, false);
		return;
	}
	epp_session_eof(link->session, why);
	take_events(link);
	if (!link->freed && link->connection != NULL && link->session != NULL) {
		fail(link, why, false);
	}
}

static const epp_connection_hooks_t hooks = { on_up, on_input, on_output, on_taken, on_down };

static void connect_now(epp_link_t *link)
{
	free_old(link);
	link->has_peer = false;
	link->connection = epp_connection_open(link->loop, link->account, link->credentials, &hooks, link);
	if (link->connection == NULL) {
		fail(link, "there is no memory for a connection", false);
	}
}

/*! What waited for too long for an answer. */
static void no_answer(epp_link_t *link)
{
	char why[128];

	snprintf(why, sizeof(why), "%s: no %s within %u s", epp_connection_address(link->connection),
	         link->ready     ? "answer" :
	         link->has_offer ? "answer to the login" :
	                           "greeting",
	         link->account->timeout);
	on_down(why, link);
}

static int give(epp_link_t *link, const epp_command_t *command, bool own)
{
	const uint64_t now = uv_now(link->loop);
	const int ret = epp_session_send(link->session, command, NULL);

	if (ret != KNOT_EOK) {
		return ret;
	}
	link->busy = true;
	link->own = own;
	link->touched = false;
	link->closing = command->verb == EPP_LOGOUT;
	link->last_sent = now;
	link->answer_by = now + (uint64_t)link->account->timeout * 1000;
	epp_pace_take(&link->limits->pace, now);
	epp_connection_write(link->connection);
	return KNOT_EOK;
}

static void give_own(epp_link_t *link, epp_verb_t verb)
{
	const epp_command_t command = { .verb = verb, .id = link->ack };

	link->polled_last = verb == EPP_POLL || verb == EPP_ACK;
	if (link->polled_last) {
		/* Until it is answered: a message that cannot be read is there in each session, and orders go on. */
		link->poll_from = uv_now(link->loop) + POLL_EVERY_MS;
	}
	if (give(link, &command, true) != KNOT_EOK) {
		/* It is of no use to try that again in this session. */
		disconnect(link);
	}
}

static void give_first(epp_link_t *link)
{
	epp_order_t *order = epp_orders_first(&link->queue);

	link->polled_last = false;
	const int ret = give(link, &order->command, false);
	if (ret == KNOT_EOK) {
		link->last_user = link->last_sent;
		return;
	}
	char why[WHY_MAX];
	snprintf(why, sizeof(why), "%s: %s", link->account->server,
	         ret == KNOT_ENOTSUP ? "it does not offer what the command needs" :
	         ret == KNOT_ENOMEM  ? "there is no memory" :
	                               "the command is invalid");
	deliver(link, order, EPP_LINK_UNSENT, NULL, why);
}

/*! A session that is logged in and has nothing under way. */
static void use_session(epp_link_t *link)
{
	const uint64_t now = uv_now(link->loop);
	const unsigned wait = epp_pace_wait(&link->limits->pace, now);
	const bool poll = link->ack[0] != '\0' || link->poll_at <= now;
	const uint64_t close_at = link->last_user + (uint64_t)link->account->idle_close * 1000;
	const uint64_t hello_at =
		link->account->keep_alive > 0 ? link->last_sent + (uint64_t)link->account->keep_alive * 1000 : NEVER;
	const bool due = link->queue.count > 0 || poll || close_at <= now || hello_at <= now;

	if (!due) {
		turn_at(link, sooner(sooner(close_at, hello_at), link->poll_at));
	} else if (wait > 0) {
		turn_at(link, sooner(now + wait, epp_orders_until(&link->queue)));
	} else if (link->queue.count > 0 && !(poll && !link->polled_last)) {
		give_first(link);
		turn_soon(link);
	} else {
		give_own(link, link->ack[0] != '\0' ? EPP_ACK :
		               poll                 ? EPP_POLL :
		               close_at <= now      ? EPP_LOGOUT :
		                                      EPP_HELLO);
		turn_soon(link);
	}
}

/*! Does what is due, and sets the timer for what comes next. */
static void turn(epp_link_t *link)
{
	const uint64_t now = uv_now(link->loop);

	if (!link->connection) {
		free_old(link);
	}
	if (link->stopped) {
		disconnect(link);
		end_those(link, epp_order_is_any);
		deliver_ending(link, EPP_LINK_STOPPED, link->why);
		return;
	}
	end_those(link, epp_order_is_late);
	deliver_ending(link, EPP_LINK_UNSENT, link->why[0] != '\0' ? link->why : "no session in time");
	if (link->freed) {
		return;
	}
	if (link->connection == NULL) {
		const uint64_t at = epp_limits_open_at(link->limits, now);
		if (link->queue.count > 0 && at <= now) {
			connect_now(link);
		} else if (link->queue.count > 0) {
			turn_at(link, sooner(at, epp_orders_until(&link->queue)));
		}
	} else if (link->session == NULL) {
		turn_at(link, epp_orders_until(&link->queue));
	} else if (link->ready && !link->busy) {
		use_session(link);
	} else if (link->answer_by <= now) {
		no_answer(link);
	} else {
		turn_at(link, sooner(link->answer_by, epp_orders_until(&link->queue)));
	}
}

epp_link_t *epp_link_new(uv_loop_t *loop, const epp_account_t *account, epp_limits_t *limits,
                         epp_link_message_f message, void *arg, char *why, size_t why_len)
{
	epp_link_t *link = calloc(1, sizeof(*link));
	epp_limits_t *own = limits == NULL ? epp_limits_new() : NULL;
	epp_limits_t *used = limits == NULL ? own : limits;

	if (link == NULL || used == NULL || !epp_limits_fit(used, account->commands)) {
		snprintf(why, why_len, "there is no memory");
		epp_limits_free(own);
		free(link);
		return NULL;
	}
	link->credentials = epp_tls_credentials_new(account, why, why_len);
	if (link->credentials == NULL) {
		epp_limits_free(own);
		free(link);
		return NULL;
	}
	link->limits = used;
	link->own_limits = own;
	link->loop = loop;
	link->account = account;
	link->message = message;
	link->arg = arg;
	uv_timer_init(loop, &link->timer);
	link->timer.data = link;
	return link;
}

int epp_link_send(epp_link_t *link, const epp_command_t *command, unsigned within_ms, epp_link_done_f done, void *arg)
{
	if (!epp_order_is_complete(command) || done == NULL) {
		return KNOT_EINVAL;
	}
	epp_order_t *order = epp_order_new(command);
	if (order == NULL) {
		return KNOT_ENOMEM;
	}
	order->once = within_ms == EPP_LINK_ONCE;
	order->until = order->once || within_ms == 0 ? NEVER : uv_now(link->loop) + within_ms;
	order->done = done;
	order->arg = arg;
	epp_orders_add(&link->queue, order, link->busy && !link->own);
	turn_soon(link);
	return KNOT_EOK;
}

bool epp_link_cancel(epp_link_t *link, const void *arg)
{
	return epp_orders_drop(&link->ending, arg, false) ||
	       epp_orders_drop(&link->queue, arg, link->busy && !link->own);
}

void epp_link_poll(epp_link_t *link)
{
	link->poll_at = link->message != NULL ? link->poll_from : NEVER;
}

static void on_closed_timer(uv_handle_t *handle)
{
	epp_link_t *link = handle->data;

	free_old(link);
	epp_tls_credentials_free(link->credentials);
	epp_limits_free(link->own_limits);
	free(link);
}

void epp_link_free(epp_link_t *link)
{
	if (link == NULL || link->freed) {
		return;
	}
	link->freed = true;
	disconnect(link);
	end_those(link, epp_order_is_any);
	deliver_ending(link, EPP_LINK_CANCELLED, "it is cancelled");
	uv_close((uv_handle_t *)&link->timer, on_closed_timer);
}
