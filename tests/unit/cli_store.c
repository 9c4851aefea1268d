/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes a store with known zones for test_cli.py: cli_store PATH NOW [audit | delegations | many COUNT |
 * portfolio COUNT [blocked | rolling] | ZONE ALGORITHM [csk]] With portfolio: so many zones of three parents, with
 * their history; some roll, few are blocked, or all are. With a zone: it is idle, and its key has that algorithm, and
 * may be a single-type key. With audit: a zone per finding of 'kskroll audit', and one that is as it should be. The
 * answers are written by evidence_write(), as those of kskrolld are.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_delegations.h"
#include "kskroll/evidence.h"
#include "kskroll/store.h"

#define HOUR 3600
#define DAY  86400

static store_t *store;
static store_zone_t z;
static store_event_t e;
static time_t now;

static key_id_t key(int n)
{
	key_id_t id = { .tag = 1000 + n, .algorithm = 13 };
	memset(id.digest, 16 * n + n, sizeof(id.digest));
	return id;
}

static void zone(const char *name, rollover_state_t state, time_t age, rollover_gate_t gate)
{
	memset(&z, 0, sizeof(z));
	snprintf(z.zone, sizeof(z.zone), "%s", name);
	rollover_init(&z.row, now - age);
	z.row.state = state;
	z.row.gate = gate;
	z.row.old[0] = key(1);
	z.row.old_count = 1;
	z.row.next_check = now + 120;
	z.row.settled_at = now - 100 * DAY;
	z.checked = now - 60;
	z.configured = true;
	z.config = ROLLOVER_CONFIG_DEFAULT;
	if (state != ROLLOVER_IDLE) {
		ttl_window_add(&z.row.dnskey_ttl, 300, now - HOUR);
	}
	ttl_window_add(&z.row.ds_ttl, DAY, now - HOUR);
	if ((state >= ROLLOVER_INTRODUCE && state <= ROLLOVER_RETIRE) || state == ROLLOVER_ROLLED_BACK) {
		z.row.has_new = true;
		z.row.new_key = key(2);
		z.row.keys = state == ROLLOVER_SIGNAL || state == ROLLOVER_AWAIT_DS ? KEYS_SIGNAL_NEW : KEYS_SILENT;
	}
}

static void about(const char *server, const char *detail)
{
	snprintf(z.row.gate_about, sizeof(z.row.gate_about), "%s", server);
	snprintf(z.row.gate_detail, sizeof(z.row.gate_detail), "%s", detail);
}

static void save(const store_event_t *event)
{
	if (store_save(store, &z, event) != 0) {
		fprintf(stderr, "%s\n", store_error(store));
		exit(1);
	}
}

static void reported(const char *name, uint16_t type, uint16_t ede, time_t age)
{
	time_t before;
	if (store_report_add(store, name, type, ede, now - age, &before) != 0) {
		fprintf(stderr, "%s\n", store_error(store));
		exit(1);
	}
}

/*! Two keys, of two nameservers one silent, of two parent servers one late. */
static void answers(char *out, size_t len, time_t at, time_t unreachable_since)
{
	child_answer_t child[2] = {
		{
			.server = "ns1.bravo.example. 192.0.2.1@53",
			.dnskey = 3,
			.dnskey_signed_by = 3,
			.dnskey_equal = true,
			.dnskey_ttl = 300,
			.cds = { .present = true, .keys = 2 },
			.cdnskey = { .present = true, .keys = 2 },
		},
		{
			.server = "ns2.bravo.example. 2001:db8::2@53",
			.status = ANSWER_UNREACHABLE,
			.detail = "timeout \"quoted\"",
			.unreachable_since = unreachable_since,
		},
	};
	parent_answer_t parent[2] = {
		{ .server = "p1.example. 192.0.2.11@53", .ds = 2, .ds_ttl = 300 },
		{ .server = "p2.example. 192.0.2.12@5353",
		  .ds = 1,
		  .ds_ttl = DAY,
		  .ds_foreign = true,
		  .ds_sha1 = 2,
		  .ds_ignored = true },
	};
	rollover_facts_t facts = {
		.keys = { key(1), key(2) },
		.key_count = 2,
		.own = { .known = true, .policy = POLICY_LOW_TTL, .dnskey = 3, .dnskey_ttl = 300 },
		.asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		.watch = { .answered = 3, .failing = 1, .parent_ok = true, .detail = "192.0.2.53@53: bogus" },
		.no_route = ROUTE_IPV6,
		.child = child,
		.child_count = 2,
		.parent = parent,
		.parent_count = 2,
	};
	evidence_write(out, len, &facts, "example.", NULL, at);
}

static void answers_of_one_that_leaves(char *out, size_t len, time_t at)
{
	const signal_rrset_t remove = { .present = true, .unwanted = true, .remove = true };
	child_answer_t child = {
		.server = "ns1.india.example. 192.0.2.1@53",
		.dnskey = 1,
		.dnskey_signed_by = 1,
		.dnskey_equal = true,
		.dnskey_ttl = 300,
		.cds = remove,
		.cdnskey = remove,
	};
	parent_answer_t parent = { .server = "p1.example. 192.0.2.11@53", .ds = 1, .ds_ttl = 300 };
	rollover_facts_t facts = {
		.keys = { key(1) },
		.key_count = 1,
		.own = { .known = true, .policy = POLICY_DELETE, .dnskey = 1, .dnskey_ttl = 300, .cds = remove },
		.no_route = ROUTE_IPV6,
		.asked = SURVEY_CHILD | SURVEY_PARENT,
		.child = &child,
		.child_count = 1,
		.parent = &parent,
		.parent_count = 1,
	};
	evidence_write(out, len, &facts, "example.", NULL, at);
}

static void event(time_t age, rollover_state_t from, rollover_state_t to, rollover_gate_t gate)
{
	memset(&e, 0, sizeof(e));
	e.time = now - age;
	e.from = from;
	e.to = to;
	e.gate = gate;
	snprintf(e.zone, sizeof(e.zone), "%s", z.zone);
	answers(e.evidence, sizeof(e.evidence), e.time, e.time);
	save(&e);
}

static void notified(notify_status_t status, time_t age)
{
	notify_result_t r = {
		.status = status,
		.dsync_owner = "bravo._dsync.example.",
		.secure = true,
		.target = "scanner.example.",
		.server = "192.0.2.61@5359",
		.tries = 1,
		.elapsed_ms = 12,
	};
	if (status == NOTIFY_NO_RESPONSE) {
		r.tries = 7;
		r.elapsed_ms = 420000;
		snprintf(r.detail, sizeof(r.detail), "192.0.2.61@5359: UDP timeout, TCP \"refused\"");
	}
	evidence_notification(z.notification, sizeof(z.notification), &r, now - age);
	z.row.submitted = now - age;
	snprintf(z.row.submitted_id, sizeof(z.row.submitted_id), "kskroll-01");
	memset(&e, 0, sizeof(e));
	e.time = now - age;
	e.from = e.to = z.row.state;
	e.gate = z.row.gate;
	snprintf(e.zone, sizeof(e.zone), "%s", z.zone);
	snprintf(e.evidence, sizeof(e.evidence), "{\"time\":%lld,\"notification\":%s}", (long long)e.time,
	         z.notification);
	save(&e);
}

static void zones_for_status(void)
{
	zone("alpha.example.", ROLLOVER_IDLE, 90 * DAY, GATE_NONE);
	save(NULL);

	zone("bravo.example.", ROLLOVER_AWAIT_DS, 3 * HOUR, GATE_DS_STALE);
	about("p2.example. 192.0.2.12@5353", "DS of key 1001");
	snprintf(z.base_policy, sizeof(z.base_policy), "standard");
	snprintf(z.parent_zone, sizeof(z.parent_zone), "example.");
	answers(z.answers, sizeof(z.answers), now - 60, now - HOUR);
	event(6 * HOUR, ROLLOVER_PREPARE, ROLLOVER_INTRODUCE, GATE_NONE);
	event(4 * HOUR, ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL, GATE_NONE);
	event(4 * HOUR - 60, ROLLOVER_SIGNAL, ROLLOVER_SIGNAL, GATE_KNOT_NOT_READY);
	event(3 * HOUR, ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS, GATE_NONE);
	notified(NOTIFY_NO_RESPONSE, 2 * HOUR);
	notified(NOTIFY_ACKNOWLEDGED, HOUR);
	reported("bravo.example.", 59, 24, 3 * HOUR);
	reported("bravo.example.", 59, 24, HOUR);
	reported("bravo.example.", 65280, 4711, 2 * HOUR);

	zone("charlie.example.", ROLLOVER_INTRODUCE, 2 * DAY, GATE_CHILD_UNREACHABLE);
	about("ns2.charlie.example. 192.0.2.2@53", "timeout");
	save(NULL);

	zone("delta.example.", ROLLOVER_IDLE, DAY, GATE_DS_REMOVED);
	z.row.old_count = 0;
	z.row.next_check = now - 600;
	save(NULL);

	zone("echo.example.", ROLLOVER_OBSERVE, HOUR, GATE_WAITING_DS_TTL);
	z.config.observe = 5 * DAY;
	z.config.settle = 7 * DAY;
	z.row.ds_all_since = now - 2 * HOUR;
	z.row.ds_expire = 2 * DAY;
	z.row.gate_until = z.row.ds_all_since + 2 * DAY;
	z.row.observed_since = now - HOUR;
	z.row.observed_last = now - 60;
	save(NULL);

	zone("foxtrot.example.", ROLLOVER_SETTLE, DAY, GATE_WAITING_SETTLE);
	z.row.gate_until = now + 2 * DAY;
	z.row.next_check = now - 5 * HOUR;
	save(NULL);

	/* Broken text of an older server must not break the output. */
	zone("golf.example.", ROLLOVER_IDLE, DAY, GATE_FROZEN);
	snprintf(z.answers, sizeof(z.answers), "{\"time\":");
	save(NULL);

	zone("india.example.", ROLLOVER_REMOVE_DS, HOUR, GATE_DS_REMAINS);
	about("p1.example. 192.0.2.11@53", "");
	z.config.go_insecure = true;
	z.config.caches_expired = now - DAY;
	answers_of_one_that_leaves(z.answers, sizeof(z.answers), now - 60);
	save(NULL);

	zone("juliett.example.", ROLLOVER_EXPIRE_DS, DAY, GATE_MAY_UNSIGN);
	save(NULL);

	zone("kilo.example.", ROLLOVER_ROLLED_BACK, DAY, GATE_AWAITING_DECISION);
	save(NULL);

	zone("quo\\\"te\\032.example.", ROLLOVER_IDLE, DAY, GATE_NONE);
	z.checked = 0;
	save(NULL);

	zone("hotel.example.", ROLLOVER_IDLE, DAY, GATE_NONE);
	z.config.dry_run = true;
	save(NULL);

	zone("zulu.example.", ROLLOVER_IDLE, DAY, GATE_CHAIN_BROKEN);
	about("p1.example. 192.0.2.11@53", "DS of a key that is not in the zone: 1002");
	save(NULL);
}

/* For audit: one nameserver, two servers of the parent, all well unless changed. */

static child_answer_t child;
static parent_answer_t parent[2];
static rollover_facts_t facts;

static void well(const char *name, rollover_state_t state, rollover_gate_t gate, keyset_t keys, keyset_t ds)
{
	zone(name, state, HOUR, gate);
	child = (child_answer_t){
		.server = "ns1.test. 192.0.2.1@53",
		.dnskey = keys,
		.dnskey_signed_by = keys,
		.dnskey_equal = true,
		.dnskey_ttl = 300,
		.data_signed_by = keys,
		.serial_known = true,
		.serial = 2026112903,
		.data_algorithms = ALGSET_OF(8) | ALGSET_OF(13),
	};
	parent[0] = (parent_answer_t){ .server = "p1.test. 192.0.2.11@53", .ds = ds, .ds_ttl = 900 };
	parent[1] = (parent_answer_t){ .server = "p2.test. 192.0.2.12@53", .ds = ds, .ds_ttl = 900 };
	facts = (rollover_facts_t){
		.keys = { key(1), key(2) },
		.key_count = 2,
		.own = { .known = true, .dnskey = keys, .dnskey_ttl = 300 },
		.asked = SURVEY_CHILD | SURVEY_PARENT,
		.child = &child,
		.child_count = 1,
		.parent = parent,
		.parent_count = 2,
	};
}

static void done(void)
{
	evidence_write(z.answers, sizeof(z.answers), &facts, "test.",
	               "[{\"server\":\"ns1.example.net.\",\"status\":\"missing\"}]", now - 60);
	save(NULL);
}

static void zones_for_audit(void)
{
	well("fine.test.", ROLLOVER_IDLE, GATE_NONE, 1, 1);
	done();

	well("agent.test.", ROLLOVER_IDLE, GATE_NONE, 1, 1);
	const notify_result_t result = { .report_agent = NOTIFY_AGENT_LEFT_OUT, .ds_ttl = 300 };
	evidence_notification(z.notification, sizeof(z.notification), &result, now - HOUR);
	done();

	well("never.test.", ROLLOVER_IDLE, GATE_NONE, 1, 1);
	z.config.ksk_lifetime = 200 * DAY;
	snprintf(z.no_start, sizeof(z.no_start), "01-01..12-31");
	done();

	well("stray.test.", ROLLOVER_IDLE, GATE_NONE, 1, 1);
	parent[1].ds_foreign = true;
	done();

	well("sha1.test.", ROLLOVER_IDLE, GATE_NONE, 1, 1);
	parent[0].ds = 0;
	parent[0].ds_sha1 = 1;
	parent[0].ds_foreign = true;
	parent[1].ds = 0;
	parent[1].ds_sha1 = 1;
	done();

	well("broken.test.", ROLLOVER_IDLE, GATE_NONE, 1, 1);
	parent[0].ds = parent[1].ds = 2;
	done();

	well("extra-key.test.", ROLLOVER_IDLE, GATE_NONE, 3, 1);
	done();

	well("cds.test.", ROLLOVER_IDLE, GATE_NONE, 1, 1);
	facts.own.cds = (signal_rrset_t){ .present = true, .keys = 1 };
	done();

	well("cds-at-one.test.", ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE, 3, 2);
	z.row.gate_until = now + DAY;
	child.cdnskey.present = true;
	done();

	well("parents.test.", ROLLOVER_OBSERVE, GATE_NONE, 3, 2);
	parent[1].ds = 3;
	done();

	well("parents-swap.test.", ROLLOVER_AWAIT_DS, GATE_DS_STALE, 3, 2);
	parent[1].ds = 1;
	done();

	well("old-key.test.", ROLLOVER_SETTLE, GATE_WAITING_SETTLE, 2, 2);
	z.row.gate_until = now + DAY;
	z.row.old[0] = key(2);
	child.dnskey = 3;
	done();

	well("own-old-key.test.", ROLLOVER_SETTLE, GATE_WAITING_SETTLE, 3, 2);
	z.row.gate_until = now + DAY;
	z.row.old[0] = key(2);
	done();

	well("other-zsk.test.", ROLLOVER_OBSERVE, GATE_NONE, 3, 2);
	child.dnskey_equal = false;
	done();

	well("silent.test.", ROLLOVER_OBSERVE, GATE_NONE, 3, 2);
	child = (child_answer_t){ .server = "ns1.test. 192.0.2.1@53",
		                  .status = ANSWER_UNREACHABLE,
		                  .detail = "timeout",
		                  .unreachable_since = now - 13 * HOUR };
	parent[0] = (parent_answer_t){ .server = "p1.test. 192.0.2.11@53",
		                       .status = ANSWER_UNREACHABLE,
		                       .detail = "timeout",
		                       .unreachable_since = now - HOUR };
	done();

	well("half.test.", ROLLOVER_OBSERVE, GATE_CHILD_INCOMPLETE, 3, 2);
	about("ns1.test. 192.0.2.1@53", "CDS: timeout");
	child.cds.unanswered = child.cdnskey.unanswered = true;
	snprintf(child.detail, sizeof(child.detail), "CDS: timeout");
	parent[0] = (parent_answer_t){ .server = "p1.test. 192.0.2.11@53",
		                       .status = ANSWER_INCOMPLETE,
		                       .detail = "truncated over UDP; TCP: connection refused" };
	parent[1].no_referral = true;
	snprintf(parent[1].detail, sizeof(parent[1].detail), "NS: timeout");
	done();

	well("bogus.test.", ROLLOVER_OBSERVE, GATE_NONE, 3, 2);
	child.status = ANSWER_ERROR;
	parent[0].status = ANSWER_BOGUS;
	snprintf(parent[0].detail, sizeof(parent[0].detail), "RRSIG expired");
	done();

	well("odd.test.", ROLLOVER_AWAIT_DS, GATE_DS_STALE, 3, 1);
	facts.own.cds = (signal_rrset_t){ .present = true, .keys = 2, .unwanted = true };
	child.cds = child.cdnskey = facts.own.cds;
	snprintf(facts.discovery_detail, sizeof(facts.discovery_detail), "ns2.test. has no address");
	z.config.observe_only = true;
	snprintf(z.config.observe_reason, sizeof(z.config.observe_reason), "ds-push is set");
	done();

	well("wide.test.", ROLLOVER_AWAIT_DS, GATE_DS_STALE, 3, 1);
	static child_answer_t many[200];
	for (size_t i = 0; i < 200; i++) {
		many[i] = child;
	}
	facts.child = many;
	facts.child_count = 200;
	done();

	well("ttl.test.", ROLLOVER_OBSERVE, GATE_NONE, 3, 2);
	child.dnskey_ttl = 3600;
	parent[0].ds_ttl = DAY;
	done();

	well("stuck.test.", ROLLOVER_AWAIT_DS, GATE_DS_STALE, 3, 1);
	z.row.gate_since = now - 2 * DAY;
	about("p1.test. 192.0.2.11@53", "");
	done();

	well("danger.test.", ROLLOVER_AWAIT_DS, GATE_OLD_KEY_GONE, 3, 1);
	done();

	well("held.test.", ROLLOVER_IDLE, GATE_HOLD, 1, 1);
	done();

	well("late.test.", ROLLOVER_IDLE, GATE_NONE, 1, 1);
	z.row.next_check = now - 5 * HOUR;
	done();

	well("late-roll.test.", ROLLOVER_OBSERVE, GATE_NONE, 3, 2);
	z.row.next_check = now - 5 * HOUR;
	done();
}

/* For report. */

static void changed(time_t at, rollover_state_t from, rollover_state_t to)
{
	memset(&e, 0, sizeof(e));
	e.time = at;
	e.from = from;
	e.to = to;
	snprintf(e.zone, sizeof(e.zone), "%s", z.zone);
	snprintf(e.evidence, sizeof(e.evidence), "{}");
	save(&e);
}

/*! A rollover up to \a last, which the zone entered at \a at; the parent took \a ds_after. */
static void rolled(time_t at, rollover_state_t last, time_t ds_after)
{
	static const rollover_state_t states[] = { ROLLOVER_IDLE,    ROLLOVER_PREPARE,  ROLLOVER_INTRODUCE,
		                                   ROLLOVER_SIGNAL,  ROLLOVER_AWAIT_DS, ROLLOVER_WITHDRAW,
		                                   ROLLOVER_OBSERVE, ROLLOVER_RETIRE,   ROLLOVER_SETTLE,
		                                   ROLLOVER_IDLE };
	unsigned end = 1;

	while (states[end] != last) {
		end++;
	}
	for (unsigned i = end; i > 0; i--) {
		at -= i < end ? (states[i] == ROLLOVER_AWAIT_DS ? ds_after : 6 * HOUR) : 0;
	}
	for (unsigned i = 1; i <= end; i++) {
		changed(at, states[i - 1], states[i]);
		at += states[i] == ROLLOVER_AWAIT_DS ? ds_after : 6 * HOUR;
	}
}

static void portfolio(unsigned count, bool blocked, bool rolling)
{
	static const char *const parents[] = { "com.", "example.", "co.uk." };
	static const parent_via_t vias[] = { PARENT_VIA_CDS, PARENT_VIA_AUTO, PARENT_VIA_MANUAL };
	static const rollover_state_t states[] = { ROLLOVER_PREPARE,  ROLLOVER_INTRODUCE, ROLLOVER_AWAIT_DS,
		                                   ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE,   ROLLOVER_SETTLE };
	const key_id_t first = key(1);

	store_begin(store);
	for (unsigned i = 0; i < count; i++) {
		char name[64];
		const unsigned of = i % 3;
		const bool rolls = rolling || i % 20 == 0, stuck = blocked || i % 200 == 0;
		snprintf(name, sizeof(name), "customer-%05u.%s", i, parents[of]);
		well(name, ROLLOVER_IDLE, GATE_NONE, 1, 1);
		const rollover_state_t state = stuck ? ROLLOVER_AWAIT_DS : states[i / 20 % 6];
		if (stuck || rolls) {
			/* Entered 2 hours ago, or, where that is long, a few days ago. */
			const time_t age = stuck ? 3 * DAY : 2 * HOUR + i % 7 * HOUR;
			zone(name, state, age, stuck ? GATE_DS_STALE : GATE_NONE);
			z.row.gate_since = now - age;
		} else {
			z.row.since = now - (1 + i % 300) * DAY;
		}
		if (stuck) {
			about("a.nic.example. 192.0.2.11@53", "DS of key 1001");
		}
		z.row.old[0] = first;
		z.config.via = vias[of];
		snprintf(z.parent_zone, sizeof(z.parent_zone), "%s", parents[of]);
		done();
		if (stuck || rolls) {
			rolled(z.row.since, z.row.state, DAY + of * DAY);
		} else {
			rolled(z.row.since, ROLLOVER_IDLE, (1 + i % 3) * (of + 1) * HOUR);
		}
	}
	store_commit(store);
}

int main(int argc, char **argv)
{
	char err[512];
	if (argc < 3) {
		return 2;
	}
	now = strtoll(argv[2], NULL, 10);
	store = store_open(argv[1], false, err, sizeof(err));
	if (store == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	if (argc == 3) {
		zones_for_status();
	} else if (strcmp(argv[3], "delegations") == 0) {
		delegations_for_cli(store, now);
	} else if (strcmp(argv[3], "many") == 0) {
		delegations_many(store, now, argc > 4 ? atoi(argv[4]) : 10000);
	} else if (strcmp(argv[3], "portfolio") == 0) {
		const char *all = argc > 5 ? argv[5] : "";
		portfolio(argc > 4 ? atoi(argv[4]) : 10000, strcmp(all, "blocked") == 0, strcmp(all, "rolling") == 0);
	} else if (argc > 4) {
		zone(argv[3], ROLLOVER_IDLE, DAY, GATE_NONE);
		z.row.old[0].algorithm = atoi(argv[4]);
		z.row.csk = argc > 5;
		save(NULL);
	} else {
		zones_for_audit();
	}
	store_close(store);
	return 0;
}
