/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the files of the command line share. It only ever reads the store.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "kskroll/evidence.h"
#include "kskroll/forecast.h"
#include "kskroll/store.h"

/*! Exit codes (kskroll.1). */
enum {
	EXIT_FINE = 0,
	EXIT_ERROR = 1,
	EXIT_USAGE = 2,
	EXIT_BLOCKED = 3, /*!< status --blocked: something needs a human. */
};

/*! Exit codes of audit and check-skr: those of monitoring plugins. */
enum {
	AUDIT_OK = 0,
	AUDIT_WARNING = 1,
	AUDIT_CRITICAL = 2,
	AUDIT_UNKNOWN = 3,
};

/*! Version of the JSON output. Fields may be added without a new one. */
#define JSON_SCHEMA 2

/*! Settings of a zone that an option can replace. */
#define GIVEN_MAX 8

/*! What was given on the command line. */
typedef struct {
	const char *db;
	const char *conf; /*!< policies: file, NULL for standard input. */
	bool json;
	bool rst;
	bool color;
	bool blocked;
	bool names; /*!< status: names alone. */
	bool watch; /*!< status: it goes on until it is ended. */
	bool prometheus;
	bool all;         /*!< audit: notes as well; delegations: those in rest as well. */
	bool delegations; /*!< gates: those of delegations. */
	bool mail;        /*!< delegation: the text for its operator. */
	const char *svg;  /*!< plan: files for pictures, or NULL. */
	const char *html;
	const char *zones; /*!< audit: list of zones that should be there, or NULL. */
	uint32_t after;    /*!< A wait for others counts as blocked after this long. */
	size_t limit;
	time_t now;
	const char *zone;  /*!< check-skr: the zone that it is for, or NULL. */
	const char *ds[8]; /*!< check-skr: DS records at the parent. */
	unsigned ds_count;
	struct {
		size_t offset; /*!< In rollover_config_t, of a time. */
		uint32_t value;
	} given[GIVEN_MAX]; /*!< Settings that count instead of the zone's. */
	unsigned given_count;
	forecast_assume_t assume;
	uint32_t rsa_size;  /*!< Bits of RSA keys. */
	const char *target; /*!< dsync: who takes NOTIFY, or NULL. */
	uint16_t port;
	const char *accounts; /*!< epp: file of accounts. */
	const char *domain;   /*!< epp: a domain to be shown, or NULL. */
	const char *output;   /*!< report: file, or NULL. */
	bool ics;             /*!< calendar: for programs that show calendars. */
	unsigned weeks;
	const char *exec;  /*!< follow: the program, or NULL. */
	const char *state; /*!< follow: file with where it is, or NULL. */
	unsigned width;    /*!< Columns of a screen, in which tables are cut off; 0: they are not. */
	char **args;       /*!< Operands behind the command. */
	int arg_count;
} options_t;

typedef struct table table_t;

int cmd_status(const options_t *o);
int cmd_audit(const options_t *o);
int cmd_plan(const options_t *o);
int cmd_history(const options_t *o);
int cmd_policies(const options_t *o);
int cmd_gates(const options_t *o);
int cmd_check_skr(const options_t *o);
int cmd_dsync(const options_t *o);
int cmd_epp(const options_t *o);
int cmd_delegation(const options_t *o);
int cmd_delegations(const options_t *o);
int cmd_report(const options_t *o);
int cmd_calendar(const options_t *o);
int cmd_follow(const options_t *o);

/*! main.c: now, or as KSKROLL_NOW says. */
time_t options_now(void);

/* cmd_status.c: a table of zones. */

/*! With its head. */
table_t *status_table(void);
/*! \a plan: of a zone that is not idle. */
void status_row(const options_t *o, table_t *table, const store_zone_t *z, const forecast_t *plan);

/* status_watch.c */

/*! status --watch, until a signal ends it. \return Exit code. */
int status_watch(const options_t *o);

/* ending.c: commands that go on until a signal ends them. */

/*! From now on SIGINT, SIGTERM and SIGHUP end the command. They and SIGCHLD come in the two calls below alone. */
void ending_catch(void);
bool ending_came(void);
/*! Waits so long, or until a signal comes. */
void ending_wait(int64_t ms);
/*! Milliseconds of a clock that nobody sets. */
int64_t ending_clock(void);
/*!
 * \brief Writes a text, and waits for who reads it.
 *
 * \param[in] bound  If a signal ends the command in the middle of the text: its rest is waited for so long.
 *
 * \return What was written; errno is EINTR if a signal came before its end.
 */
size_t ending_write(int fd, const char *text, size_t len, int64_t bound);

/* replace_file.c */

/*! Who reads the file has the old text or the new one, never half of one. \return False, with errno. */
bool replace_file(const char *path, const char *text, size_t len);

/* stored_zones.c: the store. */

/*! Opens it or says on stderr why not. */
store_t *stored_open(const options_t *o);
/*! Says on stderr, once, why a part of the store could not be read. \a ret: what has failed with; KNOT_EMALF: rows. */
void stored_failed(const store_t *store, int ret);
bool stored_failures(void);
/*! All that was said, as the member "errors". \return Whether more than single rows could not be read. */
bool stored_failures_json(void);
/*! Canonical name: lower case, final dot. \return False (and words on stderr) if it is no name. */
bool stored_name(const char *arg, char *out, size_t out_len);
/*! Loads one zone. Unknown: names like it are listed on stderr. \return Exit code. */
int stored_load(store_t *store, const char *arg, store_zone_t *out);
/*! To which TTL the parental agent of the same server, by the store opened last, lowers the DS of a zone; 0: none does.
 */
uint32_t stored_agent_ttl(const char *parent_zone, const char *zone);
/*! Number of parent zones; one that is invalid is an error of the command about them alone. */
unsigned stored_parents(store_t *store);
/*! The member daemon_running: null if nothing is known, as beside a copy of the store. */
void stored_alive_json(const options_t *o);

/* zone_starts.c: when rollovers may start. */

/*! Those of the zone, until this is called for another one; NULL: at any time. */
const start_rules_t *starts_of(const options_t *o, const store_zone_t *z);
/*! Whether there is no moment for the next one that `ksk-lifetime` makes due. */
bool starts_never(const options_t *o, const store_zone_t *z, const rollover_config_t *config);
/*! Whether a time zone of its windows or dates is not on this host: none starts in kskrolld, either. */
bool starts_unknown(const options_t *o, const store_zone_t *z);

/* zone_json.c: where a zone is. */

/*! What comes, by these settings of the zone. */
void zone_forecast(const options_t *o, const store_zone_t *z, const rollover_config_t *config, forecast_t *plan);
/*! What comes, by the settings of the zone, unless others are given. */
void zone_plan(const options_t *o, const store_zone_t *z, forecast_t *plan);
/*! Its state, gate, times and commands: members of the object that is open. \a plan: of a zone that is not idle. */
void zone_json(const options_t *o, const store_zone_t *z, const forecast_t *plan);
/*! A COMMAND of the array that is open: a command_f. */
void zone_json_command(const char *command, const char *comment, void *arg);

/* zone_settings.c */

/*! Keeps a setting that was given. */
void settings_give(options_t *o, size_t offset, uint32_t value);
/*! What counts for a zone: given, else stored, else default. \a zone may be NULL. */
rollover_config_t settings_of(const options_t *o, const store_zone_t *zone);
/*! Largest TTL of data that counts, seconds. \a set: the policy has zone-max-ttl. */
uint32_t settings_zone_ttl(const rollover_config_t *c, bool *set);
/*! The setting parent-via, as in knot.conf. */
const char *settings_via(const rollover_config_t *c);
void settings_json(const rollover_config_t *c, const store_zone_t *zone);
/*! Prints them after a label. */
void settings_print(const rollover_config_t *c, const store_zone_t *zone);

/* error_reports_view.c: error reports about a zone (RFC 9567). */

void error_reports_json(store_t *store, const char *zone);
/*! Prints them after a label, if there are any. */
void error_reports_print(const options_t *o, store_t *store, const char *zone);
/*! How many of them the store has. */
int64_t error_reports_count(store_t *store, const char *zone);

/* shell.c */

/*! Octets of shell_word() for an item of a zone. */
#define SHELL_ZONE (4 * 300)
/*! A word of a command, quoted if a shell would change it: at most four octets for each of its own, and three more. */
const char *shell_word(char *out, size_t len, const char *word);

/* memory.c */

/*! Ends the command line: there is no memory. */
_Noreturn void memory_none(void);
/*! As its argument, which is not NULL. */
void *memory_need(void *memory);
/*! Exit code of memory_none(), EXIT_ERROR unless it is set. */
extern int memory_none_code;

/*! A file in memory. \a text is there when it has ended, with a zero behind it, to be freed. */
typedef struct {
	FILE *file;
	char *text;
	size_t len, room;
	bool failed;
	char buffer[BUFSIZ];
} memory_file_t;

/*! Zeroed before. Unlike open_memstream() it tells, at its end, that memory was short for a while. */
void memory_file_begin(memory_file_t *m);
void memory_file_end(memory_file_t *m);

/* time_text.c: times for people. */

#define TEXT_TIME 32
#define TEXT_SPAN 32

/*! "2026-11-24T06:03:00Z", as in the log; "-" for 0. */
const char *text_time(char out[TEXT_TIME], time_t at);
/*! "2 d 3 h": two units at most. */
const char *text_span(char out[TEXT_SPAN], int64_t seconds);
/*! "5m", "1h", "300": as in knot.conf. \return False if it is none of these. */
bool text_parse_span(const char *text, uint32_t *seconds);
/*! As the opposite: the shortest form that knot.conf takes. */
const char *text_conf_span(char out[TEXT_SPAN], uint32_t seconds);

/* table.c: colours and tables. */

typedef enum {
	COLOR_NONE = 0,
	COLOR_BOLD,
	COLOR_GREEN,
	COLOR_YELLOW,
	COLOR_RED,
} color_t;

/*! Who must act, by colour. */
color_t color_of_actor(rollover_actor_t actor);
/*! Prints a piece of text in a colour if colours are wanted. */
void color_print(const options_t *o, color_t color, const char *text);

/*! A table that knows its widths when all rows are there. */
table_t *table_new(unsigned columns);
/*! Adds a cell, copied; a row ends after as many cells as there are columns. */
void table_add(table_t *t, color_t color, const char *text);
size_t table_rows(const table_t *t);
void table_print(const options_t *o, const table_t *t, unsigned indent);
void table_free(table_t *t);

/* output.c: JSON on standard output. */

extern json_t *const json;
/*! Documents that begin from now on go to this file instead; NULL: to standard output. */
void output_to(FILE *file);
/*! The document, an object, begins or ends. */
void output_begin(void);
void output_end(void);
/*! A value from the store; NULL is null. What a terminal acts upon is replaced. */
void output_stored(const char *name, json_value_t value);

/* advice.c: what the row means for a human. */

/*! Who must act. A gate of nobody's that does not open for too long is the operator's. */
rollover_actor_t advice_actor(const options_t *o, const rollover_row_t *row);
/*! Whether a human must act now. */
bool advice_blocked(const options_t *o, const rollover_row_t *row);
/*! The zone was not checked when it should have been: the server does not run, or no longer has the module. */
bool advice_overdue(const options_t *o, const rollover_row_t *row);
/*! The zone has waited for longer than --after at a gate that does not open by itself. */
bool advice_lasts(const options_t *o, const rollover_row_t *row);
/*! The keys that the parent's DS must name now. \return Their number. */
unsigned advice_wanted(const rollover_row_t *row, const key_id_t **keys);
/*! A DS record in presentation form. */
void advice_ds(char *out, size_t len, const char *zone, const key_id_t *key);
/*! What follows keymgr and the zone to make a new KSK where Knot makes none. */
void advice_make_key(char *out, size_t len, const rollover_row_t *row);
/*! A command or record for the operator; \a comment says what it is for. */
typedef void (*command_f)(const char *command, const char *comment, void *arg);
/*! Calls back for everything that helps. */
void advice_commands(const options_t *o, const store_zone_t *zone, command_f each, void *arg);

/* give_up.c */

/*! Calls back for every command, in their order, that ends the rollover with the old key; for none where that is
 * unsafe. */
void give_up_commands(const options_t *o, const store_zone_t *zone, command_f each, void *arg);
/*! The last of them, of an idle zone: keys of an algorithm that is not published any more. */
void give_up_rest(const store_zone_t *zone, command_f each, void *arg);

/* checks.c: what is not as it should be. */

typedef enum {
	CHECK_DAEMON_DOWN,
	CHECK_NO_MODULE,
	CHECK_NOT_LISTED,
	CHECK_NOT_CHECKED,
	CHECK_NEEDS_OPERATOR,
	CHECK_STUCK,
	CHECK_WRONG_ANSWER,
	CHECK_UNREACHABLE,
	CHECK_DS_WITHOUT_KEY,
	CHECK_KEY_WITHOUT_DS,
	CHECK_PARENTS_DIFFER,
	CHECK_NAMESERVERS_DIFFER,
	CHECK_OLD_KEY_REMAINS,
	CHECK_CDS_REMAINS,
	CHECK_DNSKEY_TTL,
	CHECK_DS_TTL,
	CHECK_DS_SHA1,
	CHECK_PARENT_TROUBLE,
	CHECK_PARENT_REVERTS,
	CHECK_DELEGATION_BROKEN,
	CHECK_PARENT_ACTS,
	CHECK_CHILD_ACTS,
	CHECK_DELEGATION_DS_WITHOUT_KEY,
	CHECK_DELEGATION_DS_TTL,
	CHECK_DS_ALGORITHM,
	CHECK_DS_DIGEST,
	CHECK_ONE_NAMESERVER,
	CHECK_REPORT_AGENT,
	CHECK_START_NEVER,
	CHECK__COUNT
} check_t;

/*! How bad it is. A note is worth knowing and no reason to act. */
typedef enum {
	LEVEL_NOTE,
	LEVEL_WARNING,
	LEVEL_CRITICAL,
	LEVEL__COUNT
} level_t;

/*! How many findings of each level there are. */
typedef size_t level_counts_t[LEVEL__COUNT];

const char *level_name(level_t level);
color_t level_color(level_t level);
/*! Exit code for these findings; \a complete: everything could be checked. */
int level_result(const level_counts_t counts, bool complete);
/*! The exit code as the first word of the output, in its colour. */
void level_print_result(const options_t *o, int code);
/*! "result", and a member for each level. */
void level_json(const level_counts_t counts, int code);

typedef struct {
	const char *name;    /*!< Stable code. */
	const char *meaning; /*!< One sentence. */
} check_info_t;

typedef struct {
	const char *zone; /*!< Or a delegation; "" if it is about the server. */
	check_t check;
	level_t level;
	const char *about;  /*!< Server, "" if none. */
	const char *detail; /*!< What was seen, "" if nothing to add. */
	bool outage;        /*!< The zone does not validate now, or may not: listed first. */
} finding_t;

/*! Texts are valid in the callback only. */
typedef void (*finding_f)(const finding_t *finding, void *arg);

const check_info_t *checks_info(check_t check);
/*! cmd_audit.c: all findings, as the member "audit" of the document that is open. */
void audit_json(const options_t *o, store_t *store);
/*! Calls back for everything that is not as it should be with a zone. */
void checks_zone(const options_t *o, const store_zone_t *zone, finding_f each, void *arg);

/* prometheus.c */

typedef struct prometheus prometheus_t;
prometheus_t *prometheus_new(void);
/*! Takes a zone in. */
void prometheus_zone(prometheus_t *p, const options_t *o, store_t *store, const store_zone_t *z);
/*! Prints everything and ends. */
void prometheus_end(prometheus_t *p, store_alive_t alive);

/* zone_list.c */

typedef struct {
	char **name; /*!< Sorted, canonical, each once. */
	bool *seen;
	size_t count;
} zone_list_t;

/*! Reads names or what knotc prints; "-" is the standard input. \return False with words on stderr. */
bool zone_list_read(const char *path, zone_list_t *out);
/*! The operands of the command. \return False with words on stderr: one of them is no name. */
bool zone_list_take(const options_t *o, zone_list_t *out);
/*! Marks a name as seen. \return Whether the list has it. */
bool zone_list_see(zone_list_t *list, const char *name);
void zone_list_free(zone_list_t *list);

/* detail.c */

/*! Prints the store's error reports about the zone as well. */
void detail_print(const options_t *o, store_t *store, const store_zone_t *zone, const forecast_t *plan);
/*! A word in front of a value. */
void detail_label(const char *name);
