/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parent zones and delegations for the command line: one for each thing that it says. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_delegations.h"
#include "kskroll/evidence.h"

#define HOUR 3600
#define DAY  86400

static store_t *store;
static store_delegation_t d;
static store_delegation_event_t e;
static store_parent_t p;
static time_t now;

static delegation_key_t key[3];
static delegation_child_t child[3];
static delegation_parent_t server[2];
static delegation_signaling_t signaling[2];
static delegation_view_t view[2];
static delegation_facts_t facts;
static delegation_verdict_t verdict;

static void fail_unless(int ret)
{
	if (ret != 0) {
		fprintf(stderr, "%s\n", store_error(store));
		exit(1);
	}
}

static void parent(const char *zone, unsigned mode, delegation_load_t load, const char *reason, const char *trouble)
{
	memset(&p, 0, sizeof(p));
	snprintf(p.zone, sizeof(p.zone), "%s", zone);
	p.listed = now - HOUR;
	p.serial = 2026112901;
	p.delegations = 1000;
	p.secure = 100;
	p.mode = mode;
	p.load = load;
	snprintf(p.load_reason, sizeof(p.load_reason), "%s", reason);
	snprintf(p.trouble, sizeof(p.trouble), "%s", trouble);
	p.config = DELEGATION_CONFIG_DEFAULT;
	fail_unless(store_parent_save(store, &p));
}

static void delegation(const char *name, delegation_state_t state, delegation_gate_t gate, time_t age)
{
	memset(&d, 0, sizeof(d));
	snprintf(d.zone, sizeof(d.zone), "%s", strchr(name, '.') + 1);
	snprintf(d.name, sizeof(d.name), "%s", name);
	delegation_init(&d.row, now - age, 0);
	d.row.known = true;
	d.row.ds = 4711;
	d.row.state = state;
	d.row.gate = gate;
	d.row.gate_since = now - age;
	d.row.next_check = now + 600;
	d.checked = now - 60;
}

static void about(const char *where, const char *detail)
{
	snprintf(d.row.gate_about, sizeof(d.row.gate_about), "%s", where);
	snprintf(d.row.gate_detail, sizeof(d.row.gate_detail), "%s", detail);
}

static void save(void)
{
	fail_unless(store_delegation_save(store, &d, NULL));
}

static ds_record_t ds_of(unsigned n, uint8_t type)
{
	ds_record_t ds = { .tag = key[n].id.tag, .algorithm = key[n].id.algorithm, .digest_type = type };
	ds.digest_len = type == 1 ? 20 : 32;
	memcpy(ds.digest, type == 1 ? key[n].sha1 : key[n].id.digest, ds.digest_len);
	return ds;
}

static ds_set_t set_of(unsigned keys)
{
	ds_set_t set = { 0 };
	for (unsigned i = 0; i < 3; i++) {
		if (keys & 1U << i) {
			ds_record_t ds = ds_of(i, 2);
			(void)ds_set_add(&set, &ds);
		}
	}
	return set;
}

/*! DS names key 0, CDS asks for key 1; key 2 is in no DNSKEY RRset. */
static void seen(void)
{
	for (unsigned i = 0; i < 3; i++) {
		key[i] = (delegation_key_t){ .id = { .tag = 2001 + i, .algorithm = 13 }, .whole = i < 2 };
		memset(key[i].id.digest, 0xa1 + i, sizeof(key[i].id.digest));
		memset(key[i].sha1, 0xb1 + i, sizeof(key[i].sha1));
	}
	for (unsigned i = 0; i < 3; i++) {
		child[i] = (delegation_child_t){
			.dnskey = 3,
			.dnskey_signed_by = 3,
			.cds = { .present = true, .signed_by = 1, .inception = now - DAY, .expires = now + 13 * DAY },
			.cds_set = set_of(2),
			.cdnskey = { .present = true,
			             .signed_by = 1,
			             .inception = now - DAY,
			             .expires = now + 13 * DAY },
			.cdnskey_keys = 2,
		};
		snprintf(child[i].server, sizeof(child[i].server), "ns%u.example.net. 192.0.2.%u@53", i + 1, i + 1);
	}
	for (unsigned i = 0; i < 2; i++) {
		server[i] = (delegation_parent_t){ .ds = set_of(1) };
		snprintf(server[i].server, sizeof(server[i].server), "p%u.test. 192.0.2.1%u@53", i, i);
	}
	view[0] = (delegation_view_t){ .resolver = "192.0.2.53@53", .status = DELEGATION_VIEW_SECURE };
	view[1] = (delegation_view_t){ .resolver = "192.0.2.54@53", .detail = "timeout" };
	facts = (delegation_facts_t){
		.zone = { .known = true, .serial = 2026112901, .ds = set_of(1), .ds_ttl = 3600 },
		.asked = DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH,
		.key = key,
		.key_count = 3,
		.child = child,
		.child_count = 3,
		.parent = server,
		.parent_count = 2,
		.view = view,
		.view_count = 2,
	};
	verdict = (delegation_verdict_t){ .about = "" };
}

static void survey(delegation_verdict_kind_t kind, unsigned at)
{
	verdict.kind = kind;
	verdict.gate = kind == DELEGATION_VERDICT_REJECT ? d.row.gate : DELEGATION_GATE_NONE;
	verdict.about = at < 3 ? child[at].server : "";
	verdict.answered = 2;
	verdict.wanted = set_of(2);
	snprintf(verdict.detail, sizeof(verdict.detail), "%s", d.row.gate_detail);
	evidence_delegation(d.answers, sizeof(d.answers), &facts, &verdict, now - 60);
	save();
}

static void event(time_t age, delegation_state_t from, delegation_state_t to, delegation_gate_t gate, const char *text)
{
	memset(&e, 0, sizeof(e));
	e.time = now - age;
	snprintf(e.zone, sizeof(e.zone), "%s", d.zone);
	snprintf(e.name, sizeof(e.name), "%s", d.name);
	e.from = from;
	e.to = to;
	e.gate = gate;
	snprintf(e.text, sizeof(e.text), "%s", text);
	snprintf(e.evidence, sizeof(e.evidence), "%s", d.answers);
	fail_unless(store_delegation_save(store, &d, &e));
}

/*! Nameservers disagree: the one that lags is named. */
static void differs(void)
{
	delegation("differs.test.", DELEGATION_SURVEY, DELEGATION_GATE_SIGNALS_DIFFER, 3 * DAY);
	seen();
	child[1].cds_set = set_of(1);
	child[1].cdnskey_keys = 1;
	child[2] = (delegation_child_t){ .server = "ns3.example.net. 2001:db8::3@53",
		                         .status = ANSWER_UNREACHABLE,
		                         .detail = "timeout",
		                         .unreachable_since = now - 2 * DAY };
	about(child[1].server, "CDS 2001, at ns1.example.net. 192.0.2.1@53 it is 2002");
	survey(DELEGATION_VERDICT_REJECT, 1);
	event(4 * DAY, DELEGATION_REST, DELEGATION_SEEN, DELEGATION_GATE_NONE, "");
	event(3 * DAY, DELEGATION_SEEN, DELEGATION_SURVEY, DELEGATION_GATE_SIGNALS_DIFFER, "nameservers disagree");
	event(2 * DAY, DELEGATION_SURVEY, DELEGATION_SURVEY, DELEGATION_GATE_NONE, "");
}

static void well_known_cases(void)
{
	delegation("rest.test.", DELEGATION_REST, DELEGATION_GATE_NONE, 90 * DAY);
	save();
	delegation("quiet.test.", DELEGATION_REST, DELEGATION_GATE_NONE, 90 * DAY);
	d.row.next_check = now - 5 * DAY; /* Not every check is written. */
	save();

	delegation("accepted.test.", DELEGATION_WAIT, DELEGATION_GATE_REPORT_ONLY, HOUR);
	seen();
	survey(DELEGATION_VERDICT_ACCEPT, 3);

	delegation("broken.test.", DELEGATION_REST, DELEGATION_GATE_PRESENT_FAILS, HOUR);
	seen();
	facts.zone.ds = set_of(4);
	facts.discovery_failed = true;
	snprintf(facts.discovery_detail, sizeof(facts.discovery_detail), "ns9.example.net. has no address");
	about(child[0].server, "DNSKEY is signed by 2001");
	survey(DELEGATION_VERDICT_REJECT, 0);

	delegation("first.test.", DELEGATION_SURVEY, DELEGATION_GATE_SIGNALING_FAILED, HOUR);
	seen();
	facts.zone.ds = (ds_set_t){ 0 };
	signaling[0] = (delegation_signaling_t){ .nameserver = "ns1.example.net.", .cds = set_of(2), .cdnskey = 2 };
	signaling[1] = (delegation_signaling_t){ .nameserver = "ns2.example.net.",
		                                 .status = DELEGATION_SIGNALING_FAILED,
		                                 .detail = "insecure" };
	signaling[0].cdnskey_deletes = true;
	server[1] = (delegation_parent_t){ .server = "p1.test. 192.0.2.11@53",
		                           .status = ANSWER_UNREACHABLE,
		                           .unreachable_since = now - HOUR,
		                           .detail = "timeout" };
	facts.signaling = signaling;
	facts.signaling_count = 2;
	child[0].cds = (delegation_rrset_t){ .proven = true };
	child[0].cdnskey = (delegation_rrset_t){ .proven = true };
	child[1].cdnskey_deletes = true;
	child[2].cdnskey_malformed = true;
	about("ns2.example.net.", "insecure");
	survey(DELEGATION_VERDICT_REJECT, 3);

	/* DS was changed an hour ago, with a TTL that is too high. */
	delegation("changed.test.", DELEGATION_VERIFY, DELEGATION_GATE_VERIFYING, HOUR);
	seen();
	d.row.put = set_of(2);
	d.row.before = set_of(1);
	d.row.may_undo = true;
	d.row.ttl_normal = 86400;
	d.row.ttl_low = 1800;
	d.row.all_since = now - HOUR + 60;
	d.row.secure_since = now - HOUR + 120;
	d.row.back_since = now - HOUR / 2;
	d.row.notified = now - 2 * HOUR;
	d.row.gate_until = now + HOUR;
	d.row.next_check = now - 5 * HOUR;
	facts.zone.ds = set_of(2);
	facts.zone.ds_ttl = 3600;
	survey(DELEGATION_VERDICT_NOTHING, 3);

	delegation("undone.test.", DELEGATION_HELD, DELEGATION_GATE_UNDONE, 2 * DAY);
	d.row.undone_at = now - 2 * DAY;
	d.row.manual = now - 3 * DAY;
	save();

	/* A standby key, and algorithms and digests of the past. */
	delegation("old.test.", DELEGATION_REST, DELEGATION_GATE_NONE, DAY);
	seen();
	key[0].id.algorithm = 8;
	key[1].id.algorithm = 7;
	key[2].id.algorithm = 13;
	facts.zone.ds = set_of(7);
	ds_record_t sha1 = ds_of(0, 1);
	(void)ds_set_add(&facts.zone.ds, &sha1);
	survey(DELEGATION_VERDICT_NOTHING, 3);

	/* Very many answers. */
	delegation("wide.test.", DELEGATION_REFUSED, DELEGATION_GATE_TOO_MANY, HOUR);
	seen();
	static delegation_child_t many[200];
	for (size_t i = 0; i < 200; i++) {
		many[i] = child[i % 3];
	}
	facts.child = many;
	facts.child_count = 200;
	survey(DELEGATION_VERDICT_REJECT, 3);

	delegation("gone.test.", DELEGATION_SURVEY, DELEGATION_GATE_PRESENT_FAILS, 10 * DAY);
	d.row.next_check = now - 10 * DAY;
	d.gone = now - 10 * DAY;
	save();

	delegation("trouble.test.", DELEGATION_WAIT, DELEGATION_GATE_LOAD_REVERTS, 2 * HOUR);
	about("", "zonefile-load is no-serial");
	save();
}

void delegations_for_cli(store_t *to, time_t at)
{
	store = to;
	now = at;
	parent("test.", DELEGATIONS_UPDATE, DELEGATION_LOAD_REVERTS, "zonefile-load is no-serial: set it to difference",
	       "");
	parent("org.", DELEGATIONS_REPORT, DELEGATION_LOAD_SECONDARY, "the zone has a master",
	       "the zone cannot be read");
	parent("example.", DELEGATIONS_UPDATE, DELEGATION_LOAD_KEEPS, "", "");
	snprintf(p.batch, sizeof(p.batch), "{}");
	fail_unless(store_parent_save(store, &p));
	differs();
	well_known_cases();
	delegation("child.org.", DELEGATION_REST, DELEGATION_GATE_NONE, DAY);
	save();
}

void delegations_many(store_t *to, time_t at, unsigned count)
{
	store = to;
	now = at;
	parent("test.", DELEGATIONS_UPDATE, DELEGATION_LOAD_KEEPS, "", "");
	fail_unless(store_begin(store));
	for (unsigned i = 0; i < count; i++) {
		char name[64];
		snprintf(name, sizeof(name), "some-domain-%06u.test.", i);
		delegation(name, DELEGATION_REST, DELEGATION_GATE_NONE, 90 * DAY);
		d.row.ds = 0x123456789abcdefULL * (i + 1);
		d.row.applied = 0xfedcba987654321ULL * (i + 1);
		d.row.applied_inception = now - 80 * DAY;
		d.row.clock.wall = now;
		d.row.clock.ahead = (int64_t)now * 1000 - 4711;
		d.row.clock.boot = 0x1234567812345678LL;
		if (i % 10 == 0) {
			d.row.state = DELEGATION_SURVEY;
			d.row.gate = DELEGATION_GATE_SIGNALS_DIFFER;
			seen();
			about(child[1].server, "CDS 2001");
			survey(DELEGATION_VERDICT_REJECT, 1);
		} else {
			save();
		}
	}
	fail_unless(store_commit(store));
}
