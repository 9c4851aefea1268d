/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What was read of a document of a server.
 */

#pragma once

#include "kskroll/epp.h"

#define EPP_WORDS_MAX (4 * EPP_TEXT_MAX) /*!< Of what is read of the server's words, before secrets are removed. */
#define EPP_LANG_MAX  36

/*! Zeroed: nothing was read. */
typedef struct {
	bool is_greeting;
	/* Of a greeting. */
	epp_offer_t offer; /*!< Its URIs belong to this. */
	bool has_domain;   /*!< It offers domain-1.0, */
	bool has_version;  /*!< and version 1.0 of EPP. */
	char lang[EPP_LANG_MAX];
	/* Of a response. */
	unsigned code; /*!< Of several the one that weighs most. */
	char words[EPP_WORDS_MAX];
	char trid[EPP_TRID_MAX]; /*!< clTRID; "": none. */
	char server_trid[EPP_TRID_MAX];
	bool has_info;
	epp_info_t info; /*!< Its records belong to this. */
	bool has_queue;  /*!< There is a valid msgQ, in \a message. */
	epp_message_t message;
	/* Memory of the records. */
	size_t count;
	epp_record_t record[EPP_RECORDS_MAX];
	epp_record_t inside[EPP_RECORDS_MAX]; /*!< Keys inside of these. */
} epp_reply_t;

/*! Frees what belongs to it, and zeroes it. */
void epp_reply_clear(epp_reply_t *reply);

/*! Adds to the server's words, if there is room; \a before: what parts them from those that are there. */
void epp_reply_add(epp_reply_t *reply, const char *before, const char *text);
