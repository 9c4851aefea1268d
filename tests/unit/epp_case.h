/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Sessions with an EPP server that is the test's.
 *
 * Every unit that a session sends is checked: its head, and against the schemas of the RFCs where these are at hand.
 */

#pragma once

#include "kskroll/epp.h"

#define SERVER   "EPP of the test"
#define PASSWORD "s3cret<&>\"pw"

#define NS     "urn:ietf:params:xml:ns:"
#define XML    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
#define EPP(x) XML "<epp xmlns=\"" NS "epp-1.0\">" x "</epp>"

#define GREETING_OF(id, menu)                                                                                          \
	EPP("<greeting><svID>" id "</svID><svDate>2027-01-15T08:00:00.0Z</svDate><svcMenu>" menu                       \
	    "</svcMenu><dcp><access><all/></access><statement><purpose><prov/></purpose><recipient><ours/>"            \
	    "</recipient><retention><stated/></retention></statement></dcp></greeting>")
#define VERSION                    "<version>1.0</version><lang>fr</lang><lang>en</lang>"
#define OBJECTS                    "<objURI>" NS "domain-1.0</objURI><objURI>" NS "host-1.0</objURI>"
#define SECDNS                     "<extURI>" NS "secDNS-1.1</extURI>"
#define TTL                        "<extURI>" NS "epp:ttl-1.0</extURI>"
#define CHANGE                     "<extURI>" NS "changePoll-1.0</extURI>"
#define LOGIN_SEC                  "<extURI>" NS "epp:loginSec-1.0</extURI>"
#define EXT(uris)                  "<svcExtension>" uris "</svcExtension>"
#define GREETING                   GREETING_OF(SERVER, VERSION OBJECTS EXT(SECDNS TTL CHANGE LOGIN_SEC))
#define TRID(trid)                 "<trID><clTRID>" trid "</clTRID><svTRID>SV-1</svTRID></trID>"
#define RESULT(code, words)        "<result code=\"" code "\"><msg>" words "</msg></result>"
#define RESPONSE(code, more, trid) EPP("<response>" RESULT(code, "Words") more TRID(trid) "</response>")

/*! A session of an account, begun with the prefix "t"; freed by epp_case_end(). */
typedef struct {
	epp_account_t account;
	epp_session_t *session;
	epp_event_t event;
	char heard[64 * 1024];
} epp_case_t;

/*! Memory that each test frees. Its account has the usual items. */
epp_case_t *epp_case_new(void);
void epp_case_begin(epp_case_t *c);
/*! After the login, its two events taken. */
void epp_case_log_in(epp_case_t *c);
void epp_case_free(epp_case_t *c);

/*! A unit of this document. \return Its octets. */
size_t epp_case_unit(uint8_t *to, const char *xml);
/*! The server says a document, as one unit. */
void epp_case_say(epp_case_t *c, const char *xml);
/*! What the session sends: one unit, or ""; in c->heard. All of it counts as sent. */
const char *epp_case_hear(epp_case_t *c);

/*! The next event must be of this kind; it is in c->event. */
const epp_event_t *epp_case_event(epp_case_t *c, epp_event_kind_t kind);
/*! There is no event. */
void epp_case_quiet(epp_case_t *c);
/*! It fails, says these words, and neither sends nor takes anything any more. */
const epp_event_t *epp_case_failed(epp_case_t *c, const char *words);
/*! Sends a command; it must be accepted, and is heard. */
const char *epp_case_send(epp_case_t *c, const epp_command_t *command);

/*! Whether frames are validated against schemas; says why not. */
bool epp_case_has_schemas(void);
/*! Whether the schemas, which must be there, allow a document. */
bool epp_case_allows(const char *xml);
