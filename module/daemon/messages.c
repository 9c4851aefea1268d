/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <syslog.h>

#include "env.h"
#include "messages.h"
#include "zone.h"

/*! \return NULL: it is about no zone of this server. */
static entry_t *entry_of(const env_t *env, const epp_message_t *message)
{
	char name[EPP_DOMAIN_MAX + 1];

	snprintf(name, sizeof(name), "%s.", message->domain);
	/* Some registries write capitals. */
	for (char *p = name; *p != '\0'; p++) {
		*p = *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p;
	}
	return message->domain[0] != '\0' ? zones_find(&env->zones, name) : NULL;
}

/*!
 * \brief What came of an update that was pending.
 *
 * A zone at rest, or that has had no check yet, may have sent it in a former process: its row says so.
 *
 * \return False: its row cannot be read.
 */
static bool take_outcome(env_t *env, entry_t *entry, const epp_account_t *account, const epp_message_t *message)
{
	zone_t *zone = entry != NULL ? zone_get(env, entry) : NULL;

	if (entry == NULL) {
		return true;
	}
	if (zone == NULL || !record_load(zone)) {
		zone_wake(env, entry);
		return false;
	}
	zone_ref(zone);
	if (announce_outcome(zone, account, message)) {
		zone_wake(env, entry);
	}
	zone_unref(zone);
	return true;
}

bool messages_take(env_t *env, const epp_account_t *account, const epp_message_t *message)
{
	entry_t *entry = entry_of(env, message);
	bool taken = true;

	if (message->is_action) {
		outbox_log(env->out, LOG_INFO, "account %s, the registry has %s the update %s of %s: %s", account->id,
		           message->result ? "made" : "refused", message->trid, message->domain, message->text);
		taken = take_outcome(env, entry, account, message);
	} else if (message->is_change) {
		outbox_log(env->out, LOG_NOTICE, "account %s, %s was changed at the registry (%s) by %s", account->id,
		           message->domain, message->operation, message->who);
		if (entry != NULL) {
			zone_wake(env, entry);
		}
	} else {
		outbox_log(env->out, LOG_NOTICE, "account %s, message of the registry: %s", account->id, message->text);
	}
	return taken;
}
