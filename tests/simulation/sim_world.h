/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One virtual world: a zone on a Knot server, its nameservers, its parent, every resolver.
 *
 * Keys have numbers in a world; a set of them is a mask (world_keys_t). Time is virtual, in
 * seconds. docs/simulation.rst says what is modelled and what is not.
 */

#pragma once

#include <stdio.h>

#include "kskroll/rollover.h"
#include "rng.h"
#include "sim_agent.h"
#include "sim_knot.h"
#include "sim_starts.h"

#define FAULT_MAX    32
#define COMMAND_MAX  24
#define EXPOSURE_MAX 512
#define EVENT_MAX    1024

/*! Who drives the rollover. Those before DRIVER_HAND are the baselines. */
typedef enum {
	DRIVER_MODULE = 0,
	DRIVER_KNOT_TIMER,   /*!< Knot's own: DS check of all parents, then the DS TTL seen. */
	DRIVER_KNOT_CONFIRM, /*!< Knot with a confirmation as soon as the first parent has the DS. */
	DRIVER_BIND,         /*!< BIND's rules with its default intervals. */
	DRIVER_HAND,         /*!< Somebody by hand, below an agent only. */
	DRIVER_HOSTILE,      /*!< A child, or one of its nameservers, that means harm, below an agent only. */
	DRIVER__COUNT
} driver_t;

typedef enum {
	PROFILE_COOPERATIVE = 0, /*!< Nothing fails: the progress bound and the duration. */
	PROFILE_FAULTY,          /*!< Servers fail and come back. */
	PROFILE_STUCK,           /*!< One thing never comes back: the gate has to name it. */
	PROFILE_OPERATOR,        /*!< The operator does what he likes. */
	PROFILE_CRASH,           /*!< Crash, restart, reload, lost store, death of the module. */
	PROFILE_MIXED,           /*!< Everything at once. */
	PROFILE_DEAD,            /*!< The module ends for good in some state, and Knot goes on for 400 days. */
	PROFILE__COUNT
} profile_t;

/*! An RRset that resolvers can get from a server now, or may have cached. */
typedef struct {
	world_keys_t keys;    /*!< DNSKEY: KSKs and ZSKs; DS: keys named; data: keys that sign them. */
	world_keys_t signers; /*!< DNSKEY; data: those that signed them before. */
	world_keys_t removed; /*!< Not DS. */
	cause_t cause;        /*!< Not DNSKEY. */
	time_t decided;       /*!< Not DNSKEY. */
	bool data;
	int16_t fault;       /*!< Served irregularly. */
	bool excused;        /*!< By a server that counted as out of service. */
	uint32_t ttl;        /*!< The largest with which it was served. */
	uint8_t active;      /*!< Servers that serve it now. */
	time_t since;        /*!< It could be had since then, without a gap. */
	time_t served_since; /*!< A server has had it since then, unless it is not active. */
	time_t left;         /*!< Last served, unless active. */
	time_t until;        /*!< No cache has it from then on, unless active. */
} exposure_t;

typedef struct {
	exposure_t list[EXPOSURE_MAX];
	unsigned count;
} exposures_t;

/*! What a server has given to resolvers since it last changed. */
typedef struct {
	int16_t exposure; /*!< Index, or -1: nothing. */
	uint32_t ttl;
} served_t;

struct sim_server {
	char name[48];
	uint16_t version;
	uint16_t regress; /*!< While FAULT_REGRESS. */
	uint32_t lag_min, lag_max;
	uint32_t slow;      /*!< Added to each lag. */
	uint32_t ttl_extra; /*!< While FAULT_TTL. */
	int16_t fault;      /*!< Active fault or -1. */
	bool primary;
	bool excused;    /*!< Counted as out of service, has not caught up yet. */
	served_t served; /*!< DNSKEY or DS. */
	served_t data;   /*!< The data of the zone, where KSKs sign them. */
};

typedef enum {
	HABIT_REPLACE = 0,
	HABIT_ADD
} parent_habit_t;

/*! DNS UPDATE that may be made later, of former processes as well. */
#define SUBMIT_MESSAGES 8

typedef struct {
	bool waits; /*!< It is not made yet. */
	bool sent, made, refused;
	world_keys_t base, wanted;
	uint32_t ttl;         /*!< That the set gets. */
	bool only_ttl;        /*!< It is about nothing else. */
	uint32_t shown;       /*!< The TTL that every server of the parent had; 0: not one. */
	bool denied;          /*!< An answer that nobody has signed says that it is refused. */
	uint32_t before, low; /*!< The row's, when it was sent. */
	bool irregular;       /*!< Answers by which it goes were. */
	bool forgotten;       /*!< The store was lost after it was sent, and the TTL of before with it. */
	cause_t cause;        /*!< Of the signals that it follows. */
	time_t decided;
} submit_message_t;

/*! A parent that takes DNS UPDATE of the module, and no CDS. */
typedef struct {
	bool on;
	rng_t rng;
	uint32_t trouble; /*!< Messages of a hundred of which something else comes. */
	bool refuses;     /*!< For good. */
	bool keeps_ttl;   /*!< It refuses messages about a TTL alone. */
	bool under_way, over, missed;
	bool ttl_under_way; /*!< What is under way is about a TTL alone. */
	uint32_t ttl_wanted;
	time_t lands; /*!< The last message; a primary makes one after the other. */
	/*!
	 * The TTL that DS has but for what the module asks for: it was so when the module first asked for another one,
	 * or others have set it since. 0: not known, since the store was lost.
	 */
	uint32_t normal;
	uint32_t others; /*!< The last one that others have set; 0: none. */
	submit_message_t message[SUBMIT_MESSAGES];
	unsigned count;
} submit_t;

typedef struct {
	ds_version_t version[VERSION_MAX];
	unsigned version_count;
	bool deaf;     /*!< Does not read CDS. */
	bool human;    /*!< Somebody copies the CDS into a form instead. */
	bool naive;    /*!< One nameserver, no check of the chain that comes out. */
	bool notified; /*!< Reads when notified. */
	bool strict;   /*!< Takes no signature older than the CDS taken last, not of the DNSKEY RRset either. */
	parent_habit_t habit;
	bool foreign; /*!< Brings a DS of nobody's key with the change, for a while. */
	uint32_t interval, phase, delay;
	uint32_t stale_after; /*!< HABIT_ADD: removes the old DS then; 0 = never. */
	uint32_t swap_ttl;    /*!< DS TTL that comes with the change. */
	uint32_t negative_ttl;
	bool accepting, cleaning;
	submit_t submit;
	world_keys_t last_read; /*!< The CDS that was read last. */
	uint16_t last_number;   /*!< Older ones do not count (RFC 7344 6.2). */
	ds_version_t accepted;
	time_t accepted_signed, taken_signed; /*!< zone_version_t.cds_signed of what is, and was, taken. */
	bool taken_misdated;                  /*!< And one had a wrong date. */
} parent_t;

/*! What the module has seen, in true time. */
typedef struct {
	time_t since, last; /*!< Resolvers were seen to validate from then to then, without a gap; 0: never. */
	int64_t wrong;      /*!< The wall clock when the row was last stored, world_t.clock. */
	time_t believed;    /*!< The last boot with another one. */
	time_t by_hand;     /*!< The operator's last step after which other keys sign the data that it has met. */
	time_t met;         /*!< The same, in a check whose decision is not kept yet. */
	bool ds_known;      /*!< Every server of the parent was seen with a DS of a key of the zone. */
	time_t ds_gone;     /*!< Later none was any more, since then; 0: not so. */
} shown_t;

/*! The part of module/daemon that decides when rollover_decide() is called. */
typedef struct {
	rollover_config_t config;
	rollover_row_t row, stored;
	bool has_stored, loaded, alive, dead, busy, again;
	time_t saved, saved_wall;
	time_t died;    /*!< Its process, or the module for good. */
	uint32_t epoch; /*!< Events of an earlier life are void. */
	uint32_t timer; /*!< Only the last timer counts. */
	bool conf_busy, keys_refused;
	char conf_detail[160];
	char refused[160]; /*!< Why the last order was refused that was neither carried out nor put off. */
	rollover_silence_t silence[2][CHILD_MAX]; /*!< As it is stored. */
	bool silences_lost;                       /*!< This process could not store a change of them. */
	struct {
		time_t last;    /*!< Last check without an answer, 0: it answered. */
		time_t lasted;  /*!< Between checks in which others answered. */
		bool alone;     /*!< In the last one nobody did. */
	} silent[2][CHILD_MAX]; /*!< The same in true time, whatever the module makes of it. */
	rollover_facts_t facts;
	int8_t map[16]; /*!< World's key to facts' key, or -1. */
	world_keys_t own_keys;
	child_answer_t child[CHILD_MAX];
	parent_answer_t parent[PARENT_MAX];
	int16_t seen[2][CHILD_MAX];           /*!< Fault in that server's last answer, or -1. */
	world_keys_t seen_keys[2][CHILD_MAX]; /*!< KSKs or DS in it. */
	uint32_t seen_ttl[2][CHILD_MAX];
	unsigned regular[2][CHILD_MAX];    /*!< Its last answer is that of this version, from 1; 0: it had a fault. */
	bool some_silent;                  /*!< In the last survey. */
	world_keys_t seen_data[CHILD_MAX]; /*!< Keys whose signatures of the data are in it; 0: it tells nothing. */
	unsigned own_count;                /* KSKs of the own zone at this check. */
	shown_t shown;
	unsigned asked, next_answer;
	time_t watched; /*!< The last watch began, by the wall clock. */
	rollover_decision_t decision;
	uint32_t crash_chance; /*!< Per thousand decisions that do something. */
	unsigned crashes_left;
	unsigned decisions, surveys, switches, sets;
	unsigned releases; /*!< So often the operator has let a zone go on that was rolled back. */
	time_t released;   /*!< The last time; 0: never. */
	bool sent_on;      /*!< The module has met that hold, and not left the state since. */
} engine_t;

typedef enum {
	EV_WAKE = 0,
	EV_ANSWER,
	EV_ORDER,
	EV_RESTART,
	EV_KASP,
	EV_SYNC,
	EV_FAULT,
	EV_HEAL,
	EV_SCAN,
	EV_ACCEPT,
	EV_STALE,
	EV_COMMAND,
	EV_NATIVE,
	EV_EXCUSE,
	EV_CLOCK,
	EV_SUBMIT,
	EV_SUBMIT_ANSWER,
	EV_CHILD,
	/* The agent's, which end with its process. */
	EV_AGENT_WAKE,
	EV_AGENT_ASK,
	EV_AGENT_ANSWER,
	EV_AGENT_BATCH,
	EV_AGENT_COMMIT,
	EV_AGENT_RECOVER,
	EV_AGENT_REPLY,
	EV_AGENT_RESTART,
	/* What happens to it whether it runs or not. */
	EV_AGENT_NOTIFY,
	EV_AGENT_MEDDLED,
	EV_AGENT_STORE,
	EV_AGENT_CLOCK,
	EV_AGENT_LAND,
	EV_AGENT_HAND,
	EV_AGENT_PRIMARY,
	EV_AGENT_TRANSFER,
} event_kind_t;

typedef struct {
	time_t at;
	uint32_t order;
	uint8_t kind;
	uint8_t a;
	uint16_t b;
	uint32_t epoch;
} event_t;

typedef enum {
	CLOCK_WRONG = 0,
	CLOCK_RIGHT,
	CLOCK_SLEW
} clock_event_t;

/*! Conditions that explain why a zone does not go on to the end. */
enum {
	WHY_OPERATOR = 1 << 0, /*!< He broke or stopped it and left it so. */
	WHY_PARENT = 1 << 1,   /*!< The parent never does its part. */
	WHY_SERVER = 1 << 2,   /*!< A fault that lasts. */
	WHY_DEAD = 1 << 3,     /*!< The module died. */
	WHY_STORE_LOST = 1 << 5,
	WHY_RESTORED = 1 << 6,   /*!< He restored keys of before a rollover. */
	WHY_DS_BY_HAND = 1 << 4, /*!< The operator gave the parent a DS set of his own. */
};

typedef struct {
	char invariant[12];
	char text[320];
	time_t at;
} violation_t;

/*! The steps of the parent's program, by what they have done to resolvers; and how long the first one took. */
typedef struct {
	bool broke_served; /*!< With a DS set of its a resolver broke that had what a nameserver served at the step, */
	bool broke_caches; /*!< or what only caches had. */
	world_keys_t cds;  /*!< The first signals of another set than the first DS, */
	time_t cds_first, cds_all; /*!< when one nameserver and when all had them, */
	time_t ds_all;             /*!< and when all servers of the parent had that set. */
} steps_t;

/*! Instants of one rollover, for the duration. 0 = not yet. */
typedef struct {
	time_t started, published, published_all, signalled, signalled_all, ds_all, gone_all;
	uint32_t dnskey_ttl, ds_ttl;
} milestones_t;

struct world {
	uint64_t seed;
	profile_t profile;
	driver_t driver;
	parents_t parents; /*!< Asked for. */
	time_t now, end;
	rng_t rng, watch_rng, key_rng;
	struct {
		rng_t rng;
		int64_t wrong; /*!< Seconds by which the server's wall clock is ahead. */
		time_t booted;
		int64_t boot;
	} clock;
	FILE *trace;        /*!< NULL unless the world is replayed. */
	uint64_t trace_sum; /*!< Of all lines of the timeline, printed or not. */

	knot_t knot;
	parent_t up;
	agent_t agent;
	scanner_t scanner;
	steps_t steps;
	sim_child_t by_hand;
	sim_server_t child[CHILD_MAX], parent[PARENT_MAX];
	unsigned child_count, parent_count;
	exposures_t dnskey, ds, data;
	bool csk;               /*!< The KSKs sign the data as well (single-type-signing). */
	bool changes_algorithm; /*!< The operator changes it, and ZSKs are modelled where there are any. */
	struct {
		uint8_t number;
		world_keys_t keys; /*!< All that were ever made. */
	} algorithm[ALGORITHMS_MAX];
	unsigned algorithm_count;
	engine_t engine;

	fault_t fault[FAULT_MAX];
	unsigned fault_count;
	unsigned active[FAULT__COUNT]; /*!< How many of a kind there are now. */
	command_t command[COMMAND_MAX];
	unsigned command_count;
	starts_t starts;
	bool collide; /*!< All key tags are the same. */
	unsigned rolls_wanted;
	time_t quiet_from; /*!< From then on nothing fails and nobody meddles. */
	uint32_t bound;    /*!< Longest a rollover may take from there. */
	unsigned why;
	unsigned validators;     /*!< Configured resolvers that are asked how the zone validates. */
	bool first;              /*!< The zone starts without a DS. */
	bool upgraded;           /*!< 0.1.0 has begun the rollover. */
	rollover_state_t former; /*!< Upgraded in this state. */
	struct {
		rollover_state_t state;
		unsigned countdown;  /*!< Points at which the process may end, in that state; 0: it does not die so. */
		uint32_t afterwards; /*!< Knot goes on alone for so long. */
	} dies;
	bool low_ttl_signals;      /*!< A KSK got ready by itself that only the policy with the low TTL signals. */
	unsigned told_times;       /*!< So often he has changed or given up an algorithm because of a gate. */
	bool told_twin, told_back; /*!< The operator is about to do what the gate says about the algorithm. */
	bool told_pending;       /*!< Knot is about to renew signatures, and begins with the algorithm of the policy. */
	bool told_left;          /*!< The operator is about to remove keys that are left of an algorithm. */
	bool told_older;         /*!< The operator is about to delete the KSK that is older. */
	time_t left_published;   /*!< A key of ours got ready by itself after so many seconds; 0: none. */
	bool leaves;             /*!< The operator wants it insecure, for good. */
	bool leaves_held;        /*!< The operator does nothing about a zone that was rolled back. */
	time_t submitted_native; /*!< Baselines: the removal is due then. */

	event_t heap[EVENT_MAX];
	unsigned heap_count;
	uint32_t order;

	milestones_t mile;
	bool reached; /*!< The goal was, once nobody meddled any more, in a zone that rolls by itself. */
	bool done;
	bool failed;   /*!< The violation is filled in. */
	bool overflow; /*!< A table was too small: the world does not count. */
	unsigned excused_pairs;
	bool algorithm_alone; /*!< Knot published a new algorithm by its own timer. */
	violation_t violation;
	unsigned rolls_done;
	double ratio, ratio_waits, took; /*!< Of the first rollover; took: seconds. */
};

/* events.c */
void event_add(world_t *w, time_t at, event_kind_t kind, unsigned a, unsigned b);
bool event_next(world_t *w, event_t *out);

/* clock.c */
/*! The server's wall clock; of its times are the rows and facts. */
time_t clock_wall(const world_t *w);
void clock_now(const world_t *w, rollover_clock_t *out);
/*! Clocks that are set while the server runs. */
void clock_plan(world_t *w, uint32_t span);
/*! knotd starts again, and perhaps the machine. */
void clock_start(world_t *w);
void clock_event(world_t *w, clock_event_t kind);
/*! By how many seconds a clock may be wrong. */
int64_t clock_error(const world_t *w, rng_t *rng);

/* caches.c */
/*! What resolvers get from a server changed. */
void server_serves(world_t *w, sim_server_t *server, bool parent);
bool exposure_reachable(const exposure_t *e, time_t now);
/*!
 * The fault of an answer is no excuse for a step decided at \a decided: the module had met it with these keys and a TTL
 * that is no smaller.
 */
bool fault_known(const world_t *w, const exposure_t *e, time_t decided);

/*! Every server of the parent served an older version at that time: what the parent really had could not be seen. */
bool parent_hidden(const world_t *w, time_t decided);

/*! The zone as some resolver sees it now. */
bool resolver_fails(world_t *w, bool warm);

/* validators.c */
/*! How a resolver validates what it got. */
typedef enum {
	VALIDATOR_LIBERAL = 0, /*!< One good path is enough (RFC 6840 5.11). */
	VALIDATOR_STRICT_DS,   /*!< Each algorithm of the DS set has to have one. */
	VALIDATOR_STRICT_KEY,  /*!< Each algorithm of the DNSKEY RRset has to sign all. */
	VALIDATOR__COUNT
} validator_t;
extern const char *const validator_names[VALIDATOR__COUNT];
/*! Whether the DNSKEY RRset is valid with a DS set, which is not empty. */
bool view_chain(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey);
/*! Whether data are valid with both. Of zones with ZSKs they are kept where the algorithm changes. */
bool view_data(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
               const exposure_t *data);
/* views.c */
/*! The RRset has just appeared, or is back: what becomes bogus with it? */
void views_check(world_t *w, const exposure_t *fresh);

/* charged.c */
/*! A chain, or data, that a validator finds bogus: the words for what the module has done wrong; NULL: nothing. */
const char *charged_chain(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey);
const char *charged_data(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                         const exposure_t *data);

/* servers.c */
/*! The RRset that a server gives to resolvers; false: none. */
bool child_serves(const world_t *w, const sim_server_t *s, zone_version_t *out, int *fault);
bool parent_serves(const world_t *w, const sim_server_t *s, ds_version_t *out, int *fault);
void servers_publish(world_t *w, bool parent);
void servers_sync(world_t *w, bool parent, unsigned index);
void fault_begin(world_t *w, unsigned index);
void fault_end(world_t *w, unsigned index);
bool fault_active(const world_t *w, fault_kind_t kind);
/*! A server counts as out of service from now on. */
void server_excuse(world_t *w, sim_server_t *server, bool parent);

/* sim_submit.c */
void submit_make(world_t *w, unsigned zone);
/*! The machine wants the parent to be informed, or to have another TTL. */
void submit_send(world_t *w, uint32_t ttl);
/*! The TTL that the machine wants; 0: none. What asks for another one is over. */
void submit_ttl_over(world_t *w, uint32_t wanted);
/*! The parent has a new version; \a irregular: by others. */
void submit_others(world_t *w, bool irregular);
void submit_store_lost(world_t *w);
/*! The invariant "ds-ttl", for a decision and at the end. */
void submit_check(world_t *w, const rollover_decision_t *d);
void submit_check_end(world_t *w);
/*! The signals of which it was informed are over. */
void submit_over(world_t *w);
/*! The process has ended. */
void submit_forget(world_t *w);
void submit_lands(world_t *w, unsigned number);
void submit_answer(world_t *w, unsigned number);

/* parent.c */
void parent_scan(world_t *w, bool notified);
void parent_accept(world_t *w);
/*! Of the DS set only these stay. */
void parent_keep(world_t *w, world_keys_t keep);
void parent_change(world_t *w, world_keys_t ds, uint32_t ttl, cause_t cause, time_t decided, bool irregular);
/*! The agent, or a scanner, does it, by what it has asked at \a asked. */
void parent_step(world_t *w, world_keys_t ds, uint32_t ttl, cause_t cause, time_t decided, time_t asked);
world_keys_t parent_ds(const world_t *w);

/* sim_agent_facts.c */
/*! \return How a server answers the host of the agent; ANSWER_OK: as the zone version says. */
answer_status_t agent_reply(const world_t *w, const sim_server_t *s, bool parent);

/* sim_steps.c */
/*! A validator finds the RRsets bogus, \a data NULL: the chain. Is it because of a step of the parent's program? */
void steps_judge(world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                 const exposure_t *data);
/*! A server has another version. */
void steps_follow(world_t *w);

/* sim_child.c */
/*! Who drives a child below an agent, if not the module, and that it has one. Draws from a stream of its own. */
void child_choose(uint64_t seed, unsigned zone, driver_t *driver, parents_t *parents);

/* sim_agent_check.c */
/*! A server of the parent gives this DS to resolvers, and not by a fault. */
void agent_served(world_t *w, const sim_server_t *server, world_keys_t ds);
/*! For how long the agent has really not reached a server. */
time_t agent_silent_for(const world_t *w, const sim_server_t *server);

/* operator.c */
/*! A gate has begun that needs him: the zone was rolled back. */
void operator_is_told(world_t *w);
void command_run(world_t *w, const command_t *command);

/* driver.c */
void engine_poke(world_t *w);
void engine_wake(world_t *w);
/*! As module/daemon/zone_turn.c does it before it uses the row. \return Now, as the times of the row count. */
time_t engine_now(world_t *w);
void engine_answer(world_t *w);
void engine_order(world_t *w);
/*! Whether the process dies here. \a does_something: between two steps. */
bool engine_may_crash(world_t *w, bool does_something);
void engine_restart(world_t *w);
void engine_crash(world_t *w);
void engine_die(world_t *w);

/* facts.c */
void facts_key_id(const world_t *w, unsigned k, key_id_t *id);
unsigned facts_own(world_t *w);
void facts_child(world_t *w, unsigned index);
void facts_parent(world_t *w, unsigned index);
void facts_finish(world_t *w);
/*! store_ready() of module/store. \return False: it cannot be written. */
bool engine_store_ready(world_t *w);

/* native.c */
void native_check(world_t *w);

/* check.c */
void violate(world_t *w, const char *invariant, const char *format, ...) __attribute__((format(printf, 3, 4)));
/*! The decision is kept: what it was made of is known from now on. */
void check_excuse(world_t *w);
void check_learn(world_t *w);
void check_decision(world_t *w, const rollover_row_t *before, const rollover_decision_t *d);
void check_signal(world_t *w, const zone_version_t *version);
void check_removal(world_t *w, world_keys_t removed, cause_t cause, time_t decided);
void check_end(world_t *w);
/*! Only this invariant fails a world; NULL: any. */
extern const char *check_only;
bool goal_reached(const world_t *w);

/* shown.c */
/*! A check is complete. */
void shown_check(world_t *w);
/*! The decision on it is kept. */
void shown_keep(world_t *w);
/*! The module meets a version of the zone. */
void shown_version(world_t *w, const zone_version_t *version);
/*! The data were signed by these keys because of a step of the operator, and the module has met none after \a met. */
bool shown_nothing(const exposure_t *data, time_t met);
/*! The store is lost, or the operator's word asks for a DS. */
void shown_forget(world_t *w);
/*! The machine has booted, with the clock that it has now. */
void shown_boot(world_t *w);
void shown_order(world_t *w, const rollover_row_t *before, const rollover_decision_t *d);
void shown_signal(world_t *w, const zone_version_t *version);

/* sim_starts.c */
void starts_make(world_t *w, unsigned zone);
void starts_facts_of(world_t *w);
void starts_check(world_t *w, const rollover_row_t *before, const rollover_decision_t *d);
/*! Zones whose lifetime starts rollovers have rules for that. */
extern bool generate_starts;

/* duration.c */
void duration_follow(world_t *w);

/* generate.c */
void world_generate(world_t *w, uint64_t seed, unsigned zone, profile_t profile, driver_t driver, parents_t parents);
extern const char *const profile_names[PROFILE__COUNT];
extern const char *const fault_names[FAULT__COUNT];
extern const char *const command_names[COMMAND__COUNT];

/* run.c */
void world_run(world_t *w);

/* trace.c */
void trace(world_t *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*! "1001 1002", in a buffer that lasts for some calls. */
const char *keys_text(world_keys_t keys);
