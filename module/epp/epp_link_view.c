/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>

#include "epp_link_parts.h"
#include "epp_order.h"
#include "kskroll/text_copy.h"

bool epp_link_place(const epp_link_t *link, const void *arg, epp_link_place_t *place)
{
	const uint64_t now = uv_now(link->loop);
	const uint64_t pause =
		link->connection == NULL && link->limits->retry_at > now ? link->limits->retry_at - now : 0;

	if (!epp_orders_before(&link->queue, arg, link->busy && !link->own, &place->before)) {
		return false;
	}
	/* The login is a command, too. */
	place->wait_ms = pause + epp_pace_wait_behind(&link->limits->pace, place->before + !link->ready, now + pause);
	return true;
}

bool epp_link_is_current(const epp_link_t *link)
{
	return epp_tls_credentials_are_current(link->credentials, link->account);
}

bool epp_link_is_stopped(const epp_link_t *link)
{
	return link->stopped;
}

bool epp_link_peer(const epp_link_t *link, epp_link_peer_t *peer)
{
	*peer = link->peer;
	return link->has_peer;
}

const char *epp_link_state(const epp_link_t *link)
{
	char *state = ((epp_link_t *)link)->state;
	const size_t size = sizeof(link->state);

	if (link->stopped) {
		snprintf(state, size, "stopped: %s", link->why);
	} else if (link->session != NULL) {
		snprintf(state, size, "%s %s", link->ready ? "logged in at" : "logging in at",
		         epp_connection_address(link->connection));
	} else if (link->connection != NULL) {
		const char *address = epp_connection_address(link->connection);
		snprintf(state, size, "connecting to %s", address[0] != '\0' ? address : link->account->server);
	} else if (link->limits->retry_at > uv_now(link->loop)) {
		snprintf(state, size, "waiting after a failure: %s", link->why);
	} else {
		text_copy(state, size, "idle");
	}
	return state;
}
