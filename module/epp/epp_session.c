/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "epp_frame.h"
#include "epp_read.h"
#include "epp_unit.h"
#include "epp_write.h"
#include "kskroll/text_copy.h"
#include "util/knot.h"
#include "util/printable.h"

#define PREFIX_MAX 40
/*! A unit causes two at most, and after one that nobody has asked for the session is over. */
#define EVENTS_MAX 4
#define HIDDEN     "(the server's words contain the password)"

typedef enum {
	STEP_GREETING, /*!< Nothing is sent before it was read (RFC 5734 2). */
	STEP_LOGIN,
	STEP_READY,
	STEP_COMMAND, /*!< One is under way. */
	STEP_OVER,
} step_t;

struct epp_session {
	const epp_account_t *account;
	char prefix[PREFIX_MAX + 1];
	uint64_t number; /*!< Of the last clTRID. */
	step_t step;
	epp_unit_t in;
	epp_frame_t out;
	size_t sent; /*!< Octets of \a out that were handed to the connection. */
	bool login_answered;
	epp_verb_t verb;
	char domain[EPP_DOMAIN_MAX]; /*!< Of the command, if it has one. */
	char trid[EPP_TRID_MAX];
	epp_offer_t offer; /*!< Of the first greeting. */
	epp_reply_t reply; /*!< What events point into. */
	epp_event_t event[EVENTS_MAX];
	size_t first, count;
};

/* --- events ----------------------------------------------------------------------------------- */

static epp_event_t *push(epp_session_t *session, epp_event_kind_t kind)
{
	assert(session->count < EVENTS_MAX);

	epp_event_t *event = &session->event[(session->first + session->count++) % EVENTS_MAX];
	*event = (epp_event_t){ .kind = kind, .verb = session->verb };
	event->offer = session->offer.uris != NULL ? &session->offer : NULL;
	return event;
}

/*! Whether the server has all of what is under way. */
static bool is_all_sent(const epp_session_t *session)
{
	return session->sent == session->out.len;
}

static void end_session(epp_session_t *session)
{
	session->step = STEP_OVER;
	session->sent = 0;
	epp_frame_clear(&session->out);
	epp_unit_clear(&session->in);
}

__attribute__((format(printf, 4, 5))) static void fail(epp_session_t *session, unsigned code, epp_meaning_t meaning,
                                                       const char *format, ...)
{
	epp_event_t *event = push(session, EPP_EV_FAILED);
	va_list args;

	va_start(args, format);
	vsnprintf(event->text, sizeof(event->text), format, args);
	va_end(args);
	printable_text(event->text);
	event->code = code;
	event->meaning = meaning;
	if (session->step == STEP_LOGIN || session->step == STEP_COMMAND) {
		text_copy(event->trid, sizeof(event->trid), session->trid);
	}
	event->unsure = session->step == STEP_COMMAND && session->verb == EPP_UPDATE && session->sent > 0;
	event->open_login = session->step == STEP_LOGIN && !session->login_answered && session->sent > 0;
	end_session(session);
}

static bool has_password(const epp_session_t *session, const char *text)
{
	return session->account->password[0] != '\0' && strstr(text, session->account->password) != NULL;
}

/*! All that is shown of a reply, but its words. */
static void hide_password(const epp_session_t *session, epp_reply_t *reply)
{
	epp_message_t *message = &reply->message;
	const struct {
		char *text;
		size_t size;
	} texts[] = {
		{ reply->offer.server, sizeof(reply->offer.server) },
		{ reply->offer.date, sizeof(reply->offer.date) },
		{ reply->server_trid, sizeof(reply->server_trid) },
		{ reply->info.registrar, sizeof(reply->info.registrar) },
		{ reply->info.statuses, sizeof(reply->info.statuses) },
		{ message->date, sizeof(message->date) },
		{ message->text, sizeof(message->text) },
		{ message->domain, sizeof(message->domain) },
		{ message->trid, sizeof(message->trid) },
		{ message->who, sizeof(message->who) },
		{ message->operation, sizeof(message->operation) },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (has_password(session, texts[i].text)) {
			text_copy(texts[i].text, texts[i].size, HIDDEN);
		}
	}
}

/*! The server's words of the last response. A server that repeats the password must not get it into a log. */
static void copy_words(const epp_session_t *session, char *text, size_t size)
{
	const char *words = session->reply.words;
	const char *end = words;

	if (has_password(session, words)) {
		text_copy(text, size, HIDDEN);
		return;
	}
	/* Whole characters alone. */
	for (const char *p = words; (size_t)(p - words) < size; p++) {
		if (((uint8_t)*p & 0xc0) != 0x80) {
			end = p;
		}
		if (*p == '\0') {
			break;
		}
	}
	memcpy(text, words, (size_t)(end - words));
	text[end - words] = '\0';
}

/* --- greeting and login ----------------------------------------------------------------------- */

static void next_trid(epp_session_t *session)
{
	snprintf(session->trid, sizeof(session->trid), "%s-%04llu", session->prefix,
	         (unsigned long long)++session->number);
}

static void log_in(epp_session_t *session)
{
	session->verb = EPP_INFO;
	session->domain[0] = '\0';
	next_trid(session);
	session->sent = 0;
	if (epp_write_login(&session->out, session->account, &session->offer, session->reply.lang, session->trid) !=
	    KNOT_EOK) {
		fail(session, 0, EPP_LATER, "there is no memory for the login");
		return;
	}
	session->step = STEP_LOGIN;
}

/*! The first greeting: the server must be the right one, and have what is needed, before it gets a password. */
static void take_offer(epp_session_t *session)
{
	const epp_account_t *account = session->account;
	const epp_reply_t *reply = &session->reply;

	session->offer = reply->offer;
	session->reply.offer.uris = NULL; /* They live as long as the session. */
	push(session, EPP_EV_OFFER);
	if (account->greeting != NULL && strcmp(account->greeting, session->offer.server) != 0) {
		fail(session, 0, EPP_REFUSED,
		     "the greeting has the svID \"%.64s\", and not \"%.64s\" as `greeting` requires",
		     session->offer.server, account->greeting);
	} else if (!reply->has_version || reply->lang[0] == '\0') {
		fail(session, 0, EPP_REFUSED, "the server does not offer version 1.0 of EPP in any language");
	} else if (!reply->has_domain || !session->offer.secdns) {
		fail(session, 0, EPP_REFUSED, "the server does not offer %s: DS cannot be changed there",
		     reply->has_domain ? "secDNS-1.1" : "domain-1.0");
	} else if (account->login_security && !session->offer.login_security) {
		fail(session, 0, EPP_REFUSED,
		     "the server does not offer loginSec-1.0, which `login-security` requires");
	} else {
		log_in(session);
	}
}

/*! The command under way has its answer. */
static void end_command(epp_session_t *session)
{
	session->step = STEP_READY;
	session->sent = 0;
	epp_frame_clear(&session->out);
}

static void take_login(epp_session_t *session)
{
	char words[EPP_TEXT_MAX];

	session->login_answered = true;
	copy_words(session, words, sizeof(words));
	if (session->reply.code != 1000) {
		const unsigned code = session->reply.code;
		/* That the account may not log in is no matter of one domain. */
		fail(session, code, code == 2201 ? EPP_STOP : epp_meaning(code), "login refused, %u: %s", code, words);
		return;
	}
	end_command(session);
	epp_event_t *event = push(session, EPP_EV_READY);
	event->code = session->reply.code;
	text_copy(event->text, sizeof(event->text), words);
	text_copy(event->trid, sizeof(event->trid), session->trid);
	text_copy(event->server_trid, sizeof(event->server_trid), session->reply.server_trid);
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool is_closing(unsigned code)
{
	return code == 1500 || (code >= 2500 && code < 2600);
}

/*! Whether it has the message that its code promises. */
static bool is_complete(const epp_session_t *session)
{
	const epp_reply_t *reply = &session->reply;

	return session->verb != EPP_POLL || reply->code != 1301 || (reply->has_queue && reply->message.id[0] != '\0');
}

/*! An answer to `<info>`. One about another domain ends no session, which others use. */
static void take_info(const epp_session_t *session, epp_event_t *event)
{
	const epp_info_t *info = &session->reply.info;

	if (session->reply.has_info && strcasecmp(info->domain, session->domain) == 0) {
		event->info = info;
		return;
	}
	event->code = 0;
	event->meaning = EPP_REFUSED;
	text_copy(event->text, sizeof(event->text), "the server's answer does not have the domain that was asked for");
}

static void take_answer(epp_session_t *session)
{
	epp_reply_t *reply = &session->reply;

	if (!is_complete(session)) {
		fail(session, reply->code, EPP_LATER, "the server's answer announces a message and has none");
		return;
	}
	if (reply->code == 1300) {
		reply->message.id[0] = '\0';
	}
	epp_event_t *event = push(session, EPP_EV_ANSWER);
	event->code = reply->code;
	event->meaning = epp_meaning(reply->code);
	copy_words(session, event->text, sizeof(event->text));
	text_copy(event->trid, sizeof(event->trid), session->trid);
	text_copy(event->server_trid, sizeof(event->server_trid), reply->server_trid);
	if (session->verb == EPP_INFO && reply->code == 1000) {
		take_info(session, event);
	}
	event->message = session->verb == EPP_POLL || session->verb == EPP_ACK ? &reply->message : NULL;
	end_command(session);
	if (session->verb == EPP_LOGOUT || is_closing(reply->code)) {
		push(session, EPP_EV_CLOSED);
		end_session(session);
	}
}

/*! The greeting that `<hello>` was answered by. What the session uses stays that of the first one. */
static void take_greeting(epp_session_t *session)
{
	if (strcmp(session->reply.offer.server, session->offer.server) != 0) {
		fail(session, 0, EPP_REFUSED, "the svID has changed from \"%.64s\" to \"%.64s\"", session->offer.server,
		     session->reply.offer.server);
		return;
	}
	text_copy(session->offer.date, sizeof(session->offer.date), session->reply.offer.date);
	push(session, EPP_EV_ANSWER);
	end_command(session);
}

/*! Whether a response belongs to the command. A server that cannot read a command does not have its clTRID. */
static bool is_ours(const epp_session_t *session)
{
	const epp_reply_t *reply = &session->reply;
	return strcmp(reply->trid, session->trid) == 0 || (reply->trid[0] == '\0' && reply->code == 2001);
}

static void take_response(epp_session_t *session)
{
	const epp_reply_t *reply = &session->reply;
	const bool is_awaited =
		session->step == STEP_LOGIN || (session->step == STEP_COMMAND && session->verb != EPP_HELLO);

	if (is_awaited && is_all_sent(session) && is_ours(session)) {
		if (session->step == STEP_LOGIN) {
			take_login(session);
		} else {
			take_answer(session);
		}
		return;
	}
	char words[EPP_TEXT_MAX];
	copy_words(session, words, sizeof(words));
	/* As most servers end an idle session. Whatever else it says, the next session is to hear it as an answer. */
	fail(session, reply->code, is_closing(reply->code) ? epp_meaning(reply->code) : EPP_LATER,
	     is_awaited && is_all_sent(session) ? "an answer has another clTRID than the command, %u: %s" :
	                                          "the server says what it was not asked for, %u: %s",
	     reply->code, words);
}

static void take_unit(epp_session_t *session)
{
	const char *why = NULL;

	epp_reply_clear(&session->reply);
	const int ret = epp_read(session->in.body, epp_unit_len(&session->in), &session->reply, &why);
	epp_unit_clear(&session->in);
	hide_password(session, &session->reply);
	if (ret != KNOT_EOK) {
		fail(session, 0, EPP_LATER, "what the server says %s", why);
	} else if (!session->reply.is_greeting && session->step != STEP_GREETING) {
		take_response(session);
	} else if (session->reply.is_greeting && session->step == STEP_GREETING) {
		take_offer(session);
	} else if (session->reply.is_greeting && session->step == STEP_COMMAND && session->verb == EPP_HELLO &&
	           is_all_sent(session)) {
		take_greeting(session);
	} else {
		fail(session, 0, EPP_LATER,
		     session->reply.is_greeting ? "the server sends a greeting that it was not asked for" :
		                                  "the server does not begin with a greeting");
	}
}

/* --- for the owner of the connection ---------------------------------------------------------- */

epp_session_t *epp_session_new(const epp_account_t *account, const char *prefix)
{
	assert(strlen(prefix) <= PREFIX_MAX);

	epp_session_t *session = calloc(1, sizeof(*session));
	if (session != NULL) {
		session->account = account;
		text_copy(session->prefix, sizeof(session->prefix), prefix);
	}
	return session;
}

void epp_session_free(epp_session_t *session)
{
	if (session == NULL) {
		return;
	}
	end_session(session);
	epp_reply_clear(&session->reply);
	free((char *)session->offer.uris);
	free(session);
}

void epp_session_feed(epp_session_t *session, const uint8_t *data, size_t len)
{
	while (len > 0 && session->step != STEP_OVER) {
		const int ret = epp_unit_feed(&session->in, &data, &len);
		if (ret == KNOT_EOK) {
			take_unit(session);
		} else if (ret == KNOT_EMALF) {
			fail(session, 0, EPP_LATER, "the server sends a unit of an invalid length, %zu octets",
			     session->in.total);
		} else if (ret == KNOT_ENOMEM) {
			fail(session, 0, EPP_LATER, "there is no memory for what the server sends");
		}
	}
}

void epp_session_eof(epp_session_t *session, const char *why)
{
	if (session->step == STEP_OVER) {
		return;
	}
	/* Many servers close at once. */
	if (session->step == STEP_COMMAND && session->verb == EPP_LOGOUT && is_all_sent(session)) {
		push(session, EPP_EV_CLOSED);
		end_session(session);
		return;
	}
	fail(session, 0, EPP_LATER, "%s%s", why, session->in.have > 0 ? ", within an answer" : "");
}

size_t epp_session_output(const epp_session_t *session, const uint8_t **data)
{
	*data = session->out.data != NULL ? session->out.data + session->sent : NULL;
	return session->out.len - session->sent;
}

void epp_session_sent(epp_session_t *session, size_t len)
{
	assert(len <= session->out.len - session->sent);

	/* The login has a password: what is out is no longer needed. */
	explicit_bzero(session->out.data + session->sent, len);
	session->sent += len;
}

bool epp_session_event(epp_session_t *session, epp_event_t *event)
{
	if (session->count == 0) {
		return false;
	}
	*event = session->event[session->first];
	session->first = (session->first + 1) % EVENTS_MAX;
	session->count--;
	return true;
}

bool epp_session_is_ready(const epp_session_t *session)
{
	return session->step == STEP_READY && session->count == 0;
}

int epp_session_send(epp_session_t *session, const epp_command_t *command, char *trid)
{
	if (!epp_session_is_ready(session)) {
		return KNOT_EBUSY;
	}
	int ret = epp_write_check(command, &session->offer);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (command->trid != NULL) {
		text_copy(session->trid, sizeof(session->trid), command->trid);
	} else {
		next_trid(session);
	}
	session->sent = 0;
	ret = epp_write_command(&session->out, command, &session->offer, session->trid);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (session->out.len > EPP_UNIT_MAX) {
		epp_frame_clear(&session->out);
		return KNOT_EINVAL;
	}
	/* The records of the command may be those of the last answer. */
	epp_reply_clear(&session->reply);
	session->step = STEP_COMMAND;
	session->verb = command->verb;
	text_copy(session->domain, sizeof(session->domain), command->domain != NULL ? command->domain : "");
	if (trid != NULL) {
		text_copy(trid, EPP_TRID_MAX, session->trid);
	}
	return KNOT_EOK;
}
