/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A parent that is the agent: the production `delegation/` machine, the engine around it (module/agent), and the
 * knotd that serves the parent zone.
 *
 * It takes the place of the parent of parent.c: the same zone versions, the same servers, the same caches.
 */

#pragma once

#include "kskroll/delegation.h"
#include "sim_scanner.h"
#include "rng.h"
#include "update_phase.h"
#include "sim_child.h"

#define PARENT_MAX 4
/*! TTL of the NS RRset of each delegation. */
#define AGENT_NS_TTL 86400

typedef struct {
	world_keys_t ds;
	uint32_t ttl;
	cause_t cause;
	time_t decided; /*!< The step of ours that it comes from. */
	int16_t fault;  /*!< Irregular: index of its fault, or -1. */
	/*! The agent, or a scanner, has put the set in, by what it had asked then; 0: another hand. */
	time_t put, asked;
	bool met; /*!< A check of the module has met it. */
} ds_version_t;

/*! Troubles around one agent. */
#define AGENT_TROUBLES 12
/*! Resolvers that it asks at most. */
#define AGENT_VIEWS 4
/*! Keys of the facts: those of the world, by their numbers, the foreign one, and strangers. */
#define AGENT_KEYS 32

/*! What can be in its way for a while. */
typedef enum {
	TROUBLE_STORE = 0,              /*!< The store cannot be written. */
	TROUBLE_CONTROL,                /*!< The control socket of its knotd is silent. */
	TROUBLE_FROZEN,                 /*!< The parent zone is frozen. */
	TROUBLE_TRANSACTION,            /*!< Another client's transaction is open. */
	TROUBLE_SIGNING,                /*!< The parent zone is being re-signed: zone-begin waits. */
	TROUBLE_DISCOVERY,              /*!< Nameservers of the child cannot be found out. */
	TROUBLE_CUT_OFF,                /*!< Its host reaches nobody. */
	TROUBLE_DEAF,                   /*!< Notifications do not arrive. */
	TROUBLE_RESOLVERS,              /*!< Its resolvers do not validate the child, for a reason of their own. */
	TROUBLE__ANY,                   /*!< Those below belong to one way to change DS (sim_agent_way.c). */
	TROUBLE_PRIMARY = TROUBLE__ANY, /*!< The primary of the parent zone cannot be reached. */
	TROUBLE_ANSWERS,                /*!< It carries everything out, and its answers are lost. */
	TROUBLE_REFUSES,                /*!< It takes no DNS UPDATE. */
	TROUBLE_TRANSFER,               /*!< The agent's server gets no new version of the zone. */
	TROUBLE_FILE,                   /*!< The included file is missing, or cut off. */
	TROUBLE_DROPPED,                /*!< The connection ends while the zone is loaded. */
	TROUBLE__COUNT
} trouble_kind_t;

/*! What others do at the parent zone. */
typedef enum {
	HAND_RELOAD = 0,
	HAND_CLASS,  /*!< The configuration changes what a reload does to DS. */
	HAND_EDIT,   /*!< The zone file is edited, which has the DS of before. */
	HAND_BACKUP, /*!< DS of some time before. */
	HAND_NOTIFY, /*!< Notifications that nobody has a reason for. */
} agent_hand_t;

typedef struct {
	trouble_kind_t kind;
	time_t from, to; /*!< 0: for ever. */
} trouble_t;

/*! What the servers really had when a survey asked them: the world's knowledge, not the agent's. */
typedef struct {
	time_t begun; /*!< The first question; 0: there was no survey. */
	unsigned count;
	struct {
		bool answered;     /*!< And nobody forged it. */
		time_t silent_for; /*!< It had not been reached for so long. */
		zone_version_t version;
	} of[CHILD_MAX];
} agent_proof_t;

/*! An order, from the decision until it is known what came of it. */
typedef struct {
	bool there, running;
	bool lasts; /*!< When it was decided a reload would have kept it. */
	bool sent;  /*!< The commit was, and there is no answer yet. */
	bool met;   /*!< The agent has read a zone that has what was ordered. */
	/*! Another one was ordered since, and refused: how this one ends says nothing of that one. */
	bool former;
	time_t at; /*!< It was sent then, or written into the file; 0: a commit, which compares. */
	delegation_order_t what;
	time_t latest; /*!< In true time: nobody sets the clock that only counts. */
	agent_proof_t proof;
} agent_order_t;

/*! DNS UPDATE: messages that the primary has and has not handled yet, and what the agent knows of them. */
#define AGENT_MESSAGES 8
typedef struct {
	agent_order_t order;
	update_phase_t phase;
	unsigned number;
} agent_message_t;

typedef struct {
	bool remote;                           /*!< Its server is a secondary of the parent zone. */
	uint32_t lag_min, lag_max;             /*!< Of the transfer to it. */
	unsigned own;                          /*!< Version of DS that its server has, */
	time_t transferred;                    /*!< and since when; 0: since the beginning. */
	agent_message_t queue[AGENT_MESSAGES]; /*!< In the order of arrival. */
	unsigned queued;
	bool handling;    /*!< The primary is about to look at them. */
	unsigned number;  /*!< Of the last message. */
	unsigned awaited; /*!< The message that an answer is awaited to; 0: none. */
	update_phase_t phase;
	bool doubt, made; /*!< As in an order of the agent. */
	unsigned doubt_ms;
	time_t not_before; /*!< Nothing is sent. */
	bool words;        /*!< The outcome has some. */
} agent_update_t;

/*! The file that the zone file includes. */
typedef struct {
	ds_version_t has;
	bool ordered; /*!< By an order that no load of the zone has brought yet. */
	agent_order_t order;
} agent_include_t;

/*! What it has done, for the checks. In true time. */
typedef struct {
	bool changed;             /*!< It has followed signals once. */
	world_keys_t before, put; /*!< DS before its last change, and after. */
	time_t signed_at;         /*!< The oldest signature that was followed last. */
	bool misdated;            /*!< By a clock that was wrong. */
	time_t acted;             /*!< Its last change or undo; 0: none. */
	time_t changed_at;        /*!< Its last change, unless others have changed DS since; 0: none. */
	world_keys_t undone;      /*!< Signals that were undone; 0: none. */
	world_keys_t undone_last; /*!< The same, also after the child has asked for something else. */
	world_keys_t overruled;   /*!< Signals of the first survey after another client's change. */
	time_t overruled_at;      /*!< When that was. */
	unsigned undone_version;  /*!< Versions of the child zone until then. */
	time_t by_hand;           /*!< DS was changed by another client then, which the agent has met; 0: never. */
	time_t wished;            /*!< The same, whether it has met that or not. */
	time_t touched;           /*!< The same, or by a reload that brought something back. */
	bool looked;              /*!< It has kept facts. */
	world_keys_t met;         /*!< DS in the last facts that it has kept. */
	time_t met_another;       /*!< They last had another one than those before. */
	bool outgrown;            /*!< A survey since the last change has met what only the new set validates. */
	world_keys_t seen;        /*!< CDS that every nameserver had in its last survey. */
	time_t seen_since;        /*!< And in each survey since then. */
	time_t lost;              /*!< The store was, last. */
	time_t alive_since;
	uint32_t normal_ttl; /*!< DS TTL before it was lowered; 0: it is not low. */
	uint32_t judged_ttl; /*!< The same, as the change was judged. */
	uint32_t unmet_ttl;  /*!< The same, before another client has set a TTL that the agent has not met; 0: none. */
	uint32_t low_ttl;
	world_keys_t served[PARENT_MAX]; /*!< DS that each server has, unless by a fault, */
	time_t served_since[PARENT_MAX]; /*!< and since when. */
	unsigned left_out;               /*!< Servers of the parent that did not count when all had the set. */
	struct {
		time_t since,
			last; /*!< A nameserver was really silent at each survey from then to then; 0: it was not. */
	} silent[CHILD_MAX];
} agent_deeds_t;

/*! What it has done on one day of true time, and what it may have had a reason for. */
typedef struct {
	time_t day;
	unsigned surveys, orders, notifications, starts;
} agent_work_t;

typedef struct {
	bool on; /*!< This world has one. */
	rng_t rng;
	struct {
		int64_t wrong;
		time_t booted;
		int64_t boot;
	} clock;

	delegation_config_t config;
	delegation_row_t row, stored;
	bool has_stored, loaded, resumed, alive, busy, again, unwritten;
	bool misled; /*!< By a clock that was wrong it took signatures for invalid when nothing else was in the way. */
	bool may_boot;  /*!< Its clocks are set, and its machine boots. */
	uint32_t epoch; /*!< Events of an earlier life are void. */
	uint32_t timer; /*!< Only the last timer counts. */
	time_t notified;
	delegation_outcome_t outcome;
	delegation_silence_t silence[2][CHILD_MAX]; /*!< As it is stored: by the wall clock. */
	bool silences_lost;                         /*!< This process could not store a change of them. */
	delegation_survey_t asked[2];               /*!< Those of the child, and of the parent. */
	unsigned listed;                            /*!< Version of the parent zone that the list is of. */
	time_t listed_at;                           /*!< 0: there is a newer one. */
	unsigned read;                              /*!< Version of DS that its last turn had. */
	delegation_load_t load;                     /*!< As it is. */
	struct {
		delegation_load_t load;
		time_t at; /*!< 0: never. */
	} known;           /*!< As it was read last. */
	unsigned file;     /*!< Version of DS that the zone file has. */

	/* A turn. */
	unsigned asks, next_answer;
	time_t requested, requested_wall; /*!< The survey was asked for then. */
	agent_proof_t proof;
	delegation_facts_t facts;
	delegation_key_t key[AGENT_KEYS];
	delegation_child_t child[CHILD_MAX];
	delegation_parent_t parent[PARENT_MAX];
	delegation_view_t view[AGENT_VIEWS];
	delegation_signaling_t signaling;

	agent_order_t order;
	agent_update_t update;
	agent_include_t include;
	bool batch_stored;  /*!< What the transaction changes is in the store. */
	agent_order_t left; /*!< Its commit was sent, and the process has ended. */
	bool open;          /*!< A transaction of ours is open in knotd. */
	bool changes;       /*!< And has something in it. */
	bool recovering;    /*!< What a former process has left behind is not ended yet. */
	time_t empty_since;

	trouble_t trouble[AGENT_TROUBLES];
	unsigned trouble_count;
	uint32_t crash_chance; /*!< Per thousand decisions that do something. */
	unsigned crashes_left;
	bool shared;  /*!< The server of the child has it: the module has it lower the TTL of DS ahead of a change. */
	bool unlucky; /*!< Resolvers often fail after a change. */
	bool meddled_with;  /*!< Others have their hands in the parent zone, */
	time_t hands_until; /*!< the last time then. */
	uint8_t lossy;      /*!< Notifications of a hundred that are lost, answers to commits that are. */

	agent_deeds_t deeds;
	agent_work_t work;
	unsigned decisions, surveys, changes_made, undos_made, restores_made;
} agent_t;

/* sim_agent_make.c */
/*! The parent of a world is an agent, unless it is asked for. Draws from a stream of its own. */
bool agent_is_wanted(uint64_t seed, unsigned zone);
/*! An agent, or a scanner in its place: its parent zone, its settings and its troubles. */
void agent_make(world_t *w, unsigned zone);
/*! \a to: 0: for ever. */
void agent_add_trouble(world_t *w, trouble_kind_t kind, time_t from, time_t to);
/*! When the last trouble has ended; 0: there is none. */
time_t agent_quiet_from(const world_t *w);
/*! The longest that it may take from a signal that is everywhere until its DS is in the zone. */
uint32_t agent_bound(const world_t *w);
/*! The longest from there until the TTL is restored. */
uint32_t agent_bound_ttl(const world_t *w);

/* sim_agent.c */
void agent_start(world_t *w);
time_t agent_wall(const world_t *w);
/*! Its times are those of the clock as it is now. \return The wall clock. */
time_t agent_now(world_t *w);
bool agent_trouble(const world_t *w, trouble_kind_t kind);
/*! The delegation has a turn at once. */
void agent_poke(world_t *w);
void agent_wake(world_t *w);
void agent_ask(world_t *w);
void agent_answer(world_t *w);
/*! NOTIFY(CDS) has reached its host. */
void agent_notified(world_t *w);
/*! Another client changes DS, or its TTL; \a another: the set. \a ttl: 0 without DS. */
void agent_by_hand(world_t *w, bool another, uint32_t ttl);
/*! The list of the zone shows that. */
void agent_meddled(world_t *w);
/*! Whether the process dies here. */
bool agent_may_crash(world_t *w, bool does_something);
void agent_crash(world_t *w);
void agent_restart(world_t *w);
void agent_lose_store(world_t *w);
/*! The wall clock is set: wrong, or right. */
void agent_clock(world_t *w, bool right);

/* sim_agent_facts.c */
/*! Signatures that are dated later than now are not valid yet. What Knot has dated right it renews in time. */
bool agent_signature_valid(const world_t *w, time_t dated, bool misdated);
/*! What the row of the child wants of the TTL, as module/daemon/parental.c has it. */
delegation_ttl_t agent_ttl_wanted(const world_t *w);
/*! The delegation in the parent zone. \a listed: as the list has it. */
void agent_see_zone(world_t *w, bool listed);
/*! A light scan. */
void agent_see_scan(world_t *w);
void agent_see_child(world_t *w, unsigned index);
void agent_see_parent(world_t *w, unsigned index);
/*! All have answered. */
void agent_see_rest(world_t *w);
/*! store_ready() of module/store. \return False: it cannot be written. */
bool agent_store_ready(world_t *w);
void agent_ds_set(const world_t *w, world_keys_t keys, ds_set_t *out);
world_keys_t agent_ds_keys(const ds_set_t *set);

/* sim_agent_orders.c */
void agent_order(world_t *w, const delegation_order_t *order);
/*! Its batch begins. */
void agent_batch(world_t *w);
/*! The transaction is open: compare, and commit. */
void agent_commit(world_t *w);
/*! What a former process has left open. */
void agent_recover(world_t *w);

/*! A commit that a former process has sent is carried out. */
void agent_land(world_t *w);
/*! It comes into the zone. */
void agent_carry_out(world_t *w, const agent_order_t *order);
/*! The order is over; its delegation has a turn at once. */
void agent_order_end(world_t *w, delegation_outcome_t outcome, const char *detail);
/*! The batch is over; what it has is stored no more. */
void agent_batch_end(world_t *w);
bool agent_order_is_old(const world_t *w);
/*! The zone has what the decision rests on. \a ttl: its TTL as well. */
bool agent_order_compares(const world_t *w, const agent_order_t *order, bool ttl);

/* sim_agent_way.c */
/*! How the agents of a run change DS; -1: by a stream of their own. */
extern int generate_way;
extern const char *const agent_way_names[DELEGATION_BY_UPDATE + 1];
/*! The settings of an agent are there; the world has no plan yet of what gets in its way. */
void agent_way_make(world_t *w, unsigned zone);
/*! The zone has another version of DS. */
void agent_way_published(world_t *w, bool irregular);
/*! Version of DS that the agent's server has. */
unsigned agent_way_version(const world_t *w);

/* sim_agent_update.c */
/*! The order waits: it, or the question what came of it, goes to the primary. */
void agent_update_send(world_t *w);
/*! The primary looks at what has come. */
void agent_update_handle(world_t *w);
/*! An answer, or none in time. \a answer: agent_reply_t. */
void agent_update_reply(world_t *w, unsigned answer, unsigned number);
/*! Before the decision of a turn: an order of which the process knows nothing. */
void agent_update_settle(world_t *w);
/*! A new order comes. \return False: the former one waits for its answer. */
bool agent_update_drop(world_t *w);
/*! The agent's server gets the zone. */
void agent_update_transferred(world_t *w);

/* sim_agent_include.c */
void agent_include_begin(world_t *w);
/*! knotd has loaded the zone for the agent. */
void agent_include_end(world_t *w);
/*! The zone is loaded, by whomever. */
void agent_include_load(world_t *w);
/*! What a process has left in the file leaves it. \return False: it has to be tried again. */
bool agent_include_settle(world_t *w);
/*! The operator puts that into the file. */
void agent_include_edit(world_t *w, const ds_version_t *has);

/* sim_agent_hands.c */
void agent_hand(world_t *w, agent_hand_t hand);
/*! knotd reads the zone file again, or starts. */
void agent_reload(world_t *w);

/* sim_agent_work.c */
/*! A survey has begun. */
void agent_count_survey(world_t *w);
void agent_count_notification(world_t *w);
void agent_count_start(world_t *w);
/*! What every nameserver had in the survey that is over. */
void agent_work_seen(world_t *w);
/*! Before a change. */
void agent_check_pace(world_t *w, const agent_order_t *order);
/*! The signals that a nameserver has; KEY_FOREIGN: delete. */
world_keys_t agent_signals(const zone_version_t *v);

/* sim_agent_check.c */
void agent_check_decision(world_t *w, const delegation_row_t *before, const delegation_decision_t *d);
/*! The decision is stored: what it was made of is known from now on. */
void agent_check_kept(world_t *w);
/*! Before DS is changed. */
void agent_check_commit(world_t *w, const agent_order_t *order);
/*! Nothing is under way, and nothing is left to restore. */
bool agent_rests(const world_t *w);
/*! Its last turn had the current version of DS. */
bool agent_is_current(const world_t *w);
void agent_check_end(world_t *w);
/*! Why the child waits for its DS in vain. */
bool agent_explains(const world_t *w);
