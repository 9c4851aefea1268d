/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the files of the engine share. Everything here belongs to the loop thread.
 */

#pragma once

#include <uv.h>

#include "kskroll/dns.h"
#include "kskroll/engine.h"
#include "kskroll/server.h"
#include "kskroll/store.h"

/*! Settings of zone instances: one for all that have the same. */
typedef struct zone_settings {
	rollover_config_t config;
	dns_addrs_t nameserver;
	dns_addrs_t parent;
	dns_addrs_t validator;
	char policy[256];
	char *no_start;
	bool csk_wanted;
	bool ttl_of_soa;
	bool require_secure_dsync;
	size_t refs; /*!< Of its number, and of each instance. */
} zone_settings_t;

/*! Zones that wait for the server's answer at the same time; the others wait in the queue. */
#define CHECKING_MAX 128

/*! Seconds until a zone for which there was no memory is checked again. */
#define NO_MEMORY_AGAIN 10

/*! Copy of the global settings. */
typedef struct {
	dns_addrs_t resolver;
	char *trust_anchor;
	char *root_hints;
	char *storage;
	bool loopback;
	unsigned parent_rate;
} settings_t;

typedef struct zone zone_t;
typedef struct entry entry_t;
typedef struct loop loop_t;

/*! A place in the module's table of loaded zone instances, with the one that is there. */
typedef struct {
	entry_t *entry; /*!< NULL: the place is free. */
	zone_settings_t *settings;
	uint32_t serial; /*!< Grows with each instance that is loaded. */
	uint32_t next;   /*!< The next older instance of the zone: its place and one, 0: none. */
} instance_t;

/*! What is kept of a zone between two checks, without its zeros (pack.h). */
typedef struct {
	rollover_row_t row;
	time_t saved; /*!< The row was last written. */
	engine_counts_t counts;
} kept_t;

/*! Of every zone with the module. There may be very many, and nearly all are at rest: then this is all there is. */
struct entry {
	zone_t *zone;        /*!< NULL: at rest. */
	void *kept;          /*!< Packed kept_t of a zone at rest; NULL: never checked. */
	entry_t *next;       /*!< In its hash bucket. */
	uint32_t instance;   /*!< The newest instance, whose settings count: its place and one. */
	uint32_t due;        /*!< Position in the loop's queue of checks, 0: not in it. */
	uint8_t state, gate; /*!< As counted in the totals. */
	bool catalog_member; /*!< At the last check that told, if that was after the newest instance was loaded. */
	bool examined;       /*!< The control socket has told about it once. */
	char name[];
};

/*! How the configuration was judged: once before a rollover starts, and before each switch (fit.c). */
typedef struct {
	time_t at;
	bool base_only; /*!< Whether the zone can be switched back, and nothing else. */
	conf_fit_t fit;
	rollover_gate_t gate;
	char reason[160];
} fit_t;

/*! A zone that is being checked or rolls. What few of these need is allocated when it is needed. */
struct zone {
	loop_t *loop;
	entry_t *entry;                  /*!< Freed with this one, if the zone is gone. */
	const char *name;                /*!< Of the entry. */
	const knot_dname_t *dname;       /*!< Behind this struct. */
	const zone_settings_t *settings; /*!< Of the newest instance, which owns them. */
	zone_t *prev, *next;             /*!< In the loop's list of those not at rest. */

	kept_t kept;
	char *base_policy; /*!< A text; "" while the base policy is in force. */
	bool policy_implicit;
	char *parent_zone; /*!< A text; "" if it was not checked. */
	bool loaded;       /*!< The row was read from the store. */

	unsigned refs;             /*!< The registry and calls under way. */
	bool busy;                 /*!< A check is under way. */
	bool glance;               /*!< It is by DNS: nothing is done upon it (check.c). */
	bool again;                /*!< Something happened meanwhile: check again at once. */
	bool gone;                 /*!< No instance is left. */
	struct check_state *check; /*!< Facts being gathered. */
	survey_t *survey;
	watch_t *watch;
	unsigned asking;    /*!< Survey and watch that have not come back. */
	bool asked_in_vain; /*!< One of them was cancelled. */
	time_t watched;     /*!< The last watch began. */
	notify_t *notify;   /*!< A notification of the parent under way, over many checks. */
	dsboot_t *dsboot;   /*!< A check of the signaling names. */
	char *signaling;    /*!< What was found there, JSON; NULL: not checked. */
	time_t signaling_at;
	time_t acknowledged; /*!< Of the signals that are out; not stored: only checks depend on it. */

	bool conf_busy;
	char *conf_detail;  /*!< A text. */
	uint32_t soa_ttl;   /*!< At the last check. */
	fit_t *fit;         /*!< NULL: not judged since the configuration last changed. */
	bool switched;      /*!< At the last check a derived policy was in force. */
	bool fit_base_only; /*!< Of the judgement under way. */
	bool fit_void;      /*!< The configuration has changed since that was asked for. */
};

/*! When a zone is to be checked. */
typedef struct {
	uint64_t at; /*!< By the loop's clock, ms. */
	entry_t *entry;
} due_t;

/*! All checks that are to come, the next one first: a binary heap (queue.c). */
typedef struct {
	due_t *due; /*!< From 1 to count. */
	size_t count, size;
} queue_t;

/*! The loop thread's world. */
struct loop {
	uv_loop_t uv;
	uv_timer_t timer; /*!< Once a second. */
	uv_timer_t alarm; /*!< The next check of the queue. */
	struct engine *engine;
	store_t *store;
	char *store_path;
	int alive;             /*!< Says that the store is in use; -1: it is not. */
	char store_error[512]; /*!< Why it could not be opened. */
	time_t tried;          /*!< The last time that something was to be opened. */
	server_t *server;
	dns_t *dns;
	char dns_error[160];
	int64_t clock_ahead; /*!< rollover_clock_t.ahead at the last check. */
	int64_t boot;        /*!< rollover_clock_t.boot */
	bool running;        /*!< knotd does, and store, server and dns are there. */
	bool stopping;
	entry_t **buckets;
	size_t bucket_count;
	queue_t queue;
	zone_t *awake;     /*!< The zones that are not at rest. */
	unsigned checking; /*!< Zones that wait for the server's answer. */
	engine_totals_t totals;
	unsigned no_route;       /*!< ROUTE_*: addresses of these families cannot be reached from here. */
	time_t no_route_said[2]; /*!< In the log; 0: not yet. */
	store_zone_t scratch;    /*!< For one call to the store. */
	unsigned unwritten;      /*!< Rows in the store's open transaction. */
	uint64_t prune_at;       /*!< By the loop's clock, ms; 0: not yet set. */
	bool write_failed;       /*!< A transaction could not be ended: what is stored is older than what is known. */
	store_event_t event;
};

/*! A line for knotd's log. */
void engine_log(struct engine *engine, int priority, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/*! Hands the numbers to the zone's instances. */
void engine_publish(struct engine *engine, const entry_t *entry, const engine_numbers_t *numbers);
/*! Those of the newest instance. */
const zone_settings_t *engine_settings_of(struct engine *engine, const entry_t *entry);

/* settings.c. \return NULL if there is no memory. */
settings_t *settings_copy(const engine_settings_t *from);
/*! NULL is allowed. */
void settings_free(settings_t *s);
/*! \return With one reference. */
zone_settings_t *zone_settings_copy(const engine_zone_settings_t *from);
/*! Gives up a reference; NULL is allowed. */
void zone_settings_put(zone_settings_t *settings);

/*! A text that is "" for most zones, which costs nothing: NULL. */
static inline const char *text_of(const char *text)
{
	return text != NULL ? text : "";
}

/*! \return False if there is no memory; the text is as before. */
bool text_set(char **text, const char *value);
void text_clear(char **text);

/*! The loop's zones, by name (zones.c). */
entry_t *zones_find(const loop_t *loop, const char *name);
/*! \return A new one without instances, at rest; NULL if there is no memory. */
entry_t *zones_add(loop_t *loop, const char *name);
/*! The zone is gone: takes the entry out, drops its zone, frees both. */
void zones_remove(loop_t *loop, entry_t *entry);
void zones_each(loop_t *loop, void (*each)(loop_t *loop, entry_t *entry));

/*! Makes room for so many zones (queue.c). \return False if there is no memory. */
bool queue_reserve(queue_t *queue, size_t count);
/*! Puts a zone into the queue of checks, or moves it there. */
void queue_put(queue_t *queue, entry_t *entry, uint64_t at);
void queue_remove(queue_t *queue, entry_t *entry);

/*! The zone is checked in so many milliseconds; never earlier, later if very many wait (schedule.c). */
void wake_in(loop_t *loop, entry_t *entry, uint64_t ms);
/*! The zone is checked now, or right after the check under way. */
void wake_now(loop_t *loop, entry_t *entry);
/*! There may be room for more checks the server. */
void wake_more(loop_t *loop);

/*! Logs that the wall clock was set since the last call (clocks.c). Rows follow it when they are used. */
void clock_check(loop_t *loop);
void clock_start(loop_t *loop);
void clock_read(const loop_t *loop, rollover_clock_t *out);
/*! Now, by the wall clock; the times of the zone's row are of the same clock from here on. */
time_t zone_now(zone_t *zone);

/*! \return The entry's zone, which is no longer at rest; NULL if there is no memory. */
zone_t *zone_get(loop_t *loop, entry_t *entry);
/*! Checks a zone that is not being checked. */
void zone_check(zone_t *zone);
/*! A check of the own zone begins (check.c). */
void check_start(zone_t *zone);
/*! Whether nothing follows from a decision on what DNS says but when to check again. */
bool glance_suffices(const zone_t *zone, const rollover_decision_t *decision);
/*! Asks the control socket, since it does not. What DNS has said, and the world has answered, waits in zone->check. */
void check_closer(zone_t *zone);
/*! DNSKEY TTL around a change: never higher than that of the base policy (fit.c). */
uint32_t zone_ttl(const zone_t *zone);
/*! What is known of how the configuration was judged goes into the facts. */
void fit_facts(const zone_t *zone, own_facts_t *own);
/*! Whether a decision starts a rollover or switches the policy, and the configuration is not judged for that yet. */
bool fit_missing(zone_t *zone, const rollover_decision_t *decision);
/*! Has it judged; then decides again. */
void fit_ask(zone_t *zone, const rollover_decision_t *decision);
/*! The configuration changed. */
void fit_forget(zone_t *zone);
/*! Says in the log if the module's switch, or a hold, has gone with a new configuration. */
void fit_say_lost(zone_t *zone);
/*! Forgets what is too old. */
void fit_expire(zone_t *zone);
/*! How a call that changes something ended. */
void zone_acted(zone_t *zone, server_status_t status, const char *detail);
/*! The check has all that it asked for: decides and acts. */
void zone_decide(zone_t *zone);
/*! A step is over: sleep, or go on at once if something happened meanwhile. */
void zone_rest(zone_t *zone);
/*! The callback of a call under way: false if the zone has been dropped meanwhile. */
bool zone_came_back(zone_t *zone);
/*! The last one to let go of a zone that has nothing to do sends it to rest. */
void zone_unref(zone_t *zone);
/*! Sends it to rest if nothing is under way and nothing but what is kept has to be remembered. */
void zone_fold(zone_t *zone);
/*! Ends driving: cancels what is under way, releases the registry's reference. The entry goes with the zone. */
void zone_drop(zone_t *zone);
/*! Works out the zone's numbers, counts it by them, and hands them to its instances. */
void zone_publish(loop_t *loop, entry_t *entry);

/*! The asker with these settings instead of the present one; loop->dns_error if there is none (resources.c). */
void open_dns(loop_t *loop, const settings_t *settings);
/*! The store of these settings, unless it is open. What is wrong is said once, however often it is tried. */
void open_store(loop_t *loop, const settings_t *settings);
/*! Writes what is to be written before. */
void close_store(loop_t *loop);
/*! The thread for the control socket, unless there is one; loop->server stays NULL if memory or threads are short. */
void open_server(loop_t *loop);
/*! It is told where knotd is, if there is one. */
void engine_tell_server(struct engine *engine);
/*! Tries again, now and then, what could not be opened. */
void open_again(loop_t *loop, const settings_t *settings);

/*! Asks what rollover_needs() wants, at the zone's check; zone_answered() is called once, perhaps at once (world.c). */
void world_ask(zone_t *zone, unsigned ask);
/*! What is under way comes back as cancelled before this returns. */
void world_cancel(zone_t *zone);
void zone_answered(zone_t *zone, bool cancelled);

/*! The zone as it goes to the store, in the loop's scratch; what is not known here stays as it was stored. */
void zone_to_scratch(zone_t *zone, const rollover_row_t *row);
/*!
 * Writes the scratch, and an event with it if there is one: durable on return, or \a soon, within a second
 * and together with others (writer.c). \return False if it cannot be written; store_error() has the words.
 */
bool write_scratch(loop_t *loop, const store_event_t *event, bool soon);
/*!
 * Begins the transaction that ends within a second, unless it is open; write_joined() says that something was written
 * in it.
 * \return False if it cannot be begun: each write is then a transaction of its own.
 */
bool write_join(loop_t *loop);
void write_joined(loop_t *loop);
/*! For how long a server has not answered; NULL: it has. Within a second, together with others. */
void write_unreachable(loop_t *loop, const char *zone, const char *server, const rollover_silence_t *silence);
/*! All servers of a survey are written: bounds their number. */
void write_servers_done(loop_t *loop, const char *zone, time_t now);
/*! Removes from the store what is no more, now and then (forget.c). */
void prune(loop_t *loop);
/*! Ends the store's open transaction, if there is one. */
bool write_out(loop_t *loop);

/*! Starts or ends a notification of the parent, as the decision wants it (announce.c). */
void tell_parent(zone_t *zone, const rollover_decision_t *decision);
/*! Ends one under way. */
void tell_parent_end(zone_t *zone);

/*! For a first DS: checks the signaling names, now and then, and says what changed (signaling.c). */
void signaling_check(zone_t *zone);
/*! Ends one under way. */
void signaling_end(zone_t *zone);

/*! Facts of one check, with what they point to. */
typedef struct check_state {
	rollover_facts_t facts;
	dns_key_t keys[ROLLOVER_KEYS_MAX];
	unsigned own_key_count;
	survey_result_t *survey;
	knot_rdataset_t dnskey;
	knot_rdataset_t ns;
	knot_rdataset_t cds;
	knot_rdataset_t cdnskey;
} check_state_t;

check_state_t *check_state_new(const zone_t *zone, const server_check_t *check);
void check_state_free(check_state_t *check);
/*! Takes a survey over; unreachable servers get the time since when from the store. */
void check_state_add_survey(check_state_t *check, zone_t *zone, survey_result_t *survey);

/*! One line for the log about what a decision was based on. */
void report_line(char *out, size_t len, const zone_t *zone, const rollover_decision_t *decision,
                 rollover_state_t before, const rollover_facts_t *facts);
/*! What came of a notification, for the log. */
void report_notify_line(char *out, size_t len, const notify_result_t *result);
