/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A survey of a delegation, read from any text. */

#include <stdio.h>
#include <string.h>

#include "kskroll/evidence.h"
#include "members.h"

static void text_of(json_value_t object, const char *name, char *out, size_t len)
{
	(void)json_text(json_member(object, name), out, len);
}

static int64_t integer_of(json_value_t object, const char *name)
{
	return json_integer(json_member(object, name));
}

/*! A number that cannot be true is 0. */
static uint32_t number_of(json_value_t object, const char *name)
{
	const int64_t value = integer_of(object, name);
	return value > 0 && value <= UINT32_MAX ? value : 0;
}

/*! The texts and numbers of an array. */
static void list_of(json_value_t object, const char *name, const char *gap, char *out, size_t len)
{
	const json_value_t array = json_member(object, name);
	char one[160];
	size_t used = 0;

	out[0] = '\0';
	for (json_value_t v = json_element(array, NULL); v != NULL && used < len; v = json_element(array, v)) {
		if (json_text(v, one, sizeof(one))) {
			used += snprintf(out + used, len - used, "%s%s", used > 0 ? gap : "", one);
		}
	}
}

#define TEXT(object, name, out)      text_of((object), (name), (out), sizeof(out))
#define LIST(object, name, gap, out) list_of((object), (name), (gap), (out), sizeof(out))

bool evidence_judged(const char *text, evidence_judged_t *out)
{
	const json_value_t all = json_read(text);

	memset(out, 0, sizeof(*out));
	out->time = integer_of(all, M_TIME);
	TEXT(all, M_VERDICT, out->verdict);
	TEXT(all, M_GATE, out->gate);
	TEXT(all, M_ABOUT, out->about);
	TEXT(all, M_DETAIL, out->detail);
	LIST(all, M_WANTED, ", ", out->wanted);
	LIST(all, M_ZONE_DS, ", ", out->zone_ds);
	LIST(all, M_DS_UNMATCHED, ", ", out->ds_unmatched);
	TEXT(all, M_DISCOVERY, out->discovery);
	out->zone_known = json_member(all, M_ZONE_DS) != NULL;
	out->zone_serial = number_of(all, M_ZONE_SERIAL);
	out->ds_ttl = number_of(all, M_DS_TTL);
	out->answered = number_of(all, M_ANSWERED);
	out->left_out = number_of(all, M_LEFT_OUT);
	out->cut = json_true(json_member(all, M_CUT));
	return all != NULL;
}

static void read_seen(json_value_t server, evidence_part_t part, evidence_seen_t *out)
{
	memset(out, 0, sizeof(*out));
	out->part = part;
	TEXT(server, M_SERVER, out->server);
	TEXT(server, M_STATUS, out->status);
	TEXT(server, M_DETAIL, out->detail);
	out->unreachable_since = integer_of(server, M_UNREACHABLE_SINCE);
	LIST(server, M_DNSKEY, " ", out->dnskey);
	LIST(server, M_SIGNED_BY, " ", out->signed_by);
	out->has_cds = json_member(server, M_CDS) != NULL;
	LIST(server, M_CDS, ", ", out->cds);
	LIST(server, M_CDS_SIGNED_BY, " ", out->cds_signed_by);
	out->has_cdnskey = json_member(server, M_CDNSKEY) != NULL;
	LIST(server, M_CDNSKEY, " ", out->cdnskey);
	if (json_true(json_member(server, M_CDNSKEY_REMOVE))) {
		snprintf(out->cdnskey, sizeof(out->cdnskey), "delete");
	}
	LIST(server, M_CDNSKEY_SIGNED_BY, " ", out->cdnskey_signed_by);
	out->inception = integer_of(server, M_INCEPTION);
	out->expires = integer_of(server, M_EXPIRES);
	LIST(server, M_DS, ", ", out->ds);
}

void evidence_delegation_each(const char *text, void (*each)(const evidence_seen_t *seen, void *arg), void *arg)
{
	static const char *const names[] = {
		[EVIDENCE_CHILD] = M_CHILD,
		[EVIDENCE_SIGNALING] = M_SIGNALING,
		[EVIDENCE_PARENT] = M_PARENT,
		[EVIDENCE_RESOLVER] = M_RESOLVERS,
	};
	const json_value_t all = json_read(text);
	evidence_seen_t seen;

	for (unsigned part = 0; part < sizeof(names) / sizeof(names[0]); part++) {
		const json_value_t list = json_member(all, names[part]);
		for (json_value_t v = json_element(list, NULL); v != NULL; v = json_element(list, v)) {
			read_seen(v, part, &seen);
			each(&seen, arg);
		}
	}
}
