/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sizes.h"

#define DB_DEFAULT "/var/lib/knot/kskroll/kskroll.db"
#ifndef KSKROLL_VERSION
#define KSKROLL_VERSION "unknown"
#endif

#define DAY 86400
/*! A calendar of a year, of ten years. */
#define WEEKS     53
#define WEEKS_MAX 520

enum {
	STATUS = 1 << 0,
	PLAN = 1 << 1,
	HISTORY = 1 << 2,
	POLICIES = 1 << 3,
	GATES = 1 << 4,
	AUDIT = 1 << 5,
	CHECK_SKR = 1 << 6,
	DSYNC = 1 << 7,
	DELEGATION = 1 << 8,
	DELEGATIONS = 1 << 9,
	EPP = 1 << 10,
	REPORT = 1 << 11,
	CALENDAR = 1 << 12,
	FOLLOW = 1 << 13,
	STORE = STATUS | PLAN | HISTORY | AUDIT | DELEGATION | DELEGATIONS | REPORT | CALENDAR | FOLLOW,
	SETTINGS = STATUS | PLAN | CALENDAR,
	MONITORING = AUDIT | CHECK_SKR, /*!< Exit codes 1 and 2 say something about zones. */
	ANY = STORE | POLICIES | GATES | CHECK_SKR | DSYNC | EPP,
};

static const struct {
	const char *name;
	unsigned bit;
	int (*run)(const options_t *o);
	int min_args, max_args;
	const char *usage;
	const char *what;
} commands[] = {
	{ "status", STATUS, cmd_status, 0, INT32_MAX, "status [ZONE...]",
	  "show the state of all zones, or everything about one" },
	{ "plan", PLAN, cmd_plan, 1, 1, "plan NAME",
	  "show the coming steps of a zone or delegation, their earliest times and reasons" },
	{ "history", HISTORY, cmd_history, 0, 1, "history [ZONE]",
	  "show past events; for one zone also the answers of its servers" },
	{ "follow", FOLLOW, cmd_follow, 0, 0, "follow",
	  "print each new event as JSON, or run a program for it, until a signal" },
	{ "audit", AUDIT, cmd_audit, 0, INT32_MAX, "audit [ZONE...]",
	  "list faults, for people and monitoring systems" },
	{ "report", REPORT, cmd_report, 0, INT32_MAX, "report [FILE...]",
	  "write one HTML page about all zones, or about files of report --json from several servers" },
	{ "calendar", CALENDAR, cmd_calendar, 0, INT32_MAX, "calendar [NAME...]",
	  "count the rollovers that begin and end in each week" },
	{ "policies", POLICIES, cmd_policies, 1, 1, "policies BASE",
	  "print the derived policies of BASE, to paste into knot.conf" },
	{ "gates", GATES, cmd_gates, 0, 0, "gates", "list all gates: meaning, who acts, what to do" },
	{ "check-skr", CHECK_SKR, cmd_check_skr, 1, 1, "check-skr FILE",
	  "check a Signed Key Response before keymgr imports it" },
	{ "dsync", DSYNC, cmd_dsync, 1, 1, "dsync ZONE",
	  "print the DSYNC record for ZONE: children send NOTIFY(CDS) to its target" },
	{ "delegations", DELEGATIONS, cmd_delegations, 0, INT32_MAX, "delegations [ZONE...]",
	  "show parent zones, and their delegations that are not in rest" },
	{ "delegation", DELEGATION, cmd_delegation, 1, 1, "delegation NAME",
	  "show everything about one delegation, and the change that its child needs" },
	{ "epp", EPP, cmd_epp, 1, 2, "epp check [ACCOUNT]",
	  "log in to EPP servers and show what they offer; nothing changes there" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

enum {
	OPT_DB = 256,
	OPT_JSON,
	OPT_RST,
	OPT_BLOCKED,
	OPT_NAMES,
	OPT_PROMETHEUS,
	OPT_AFTER,
	OPT_ALL,
	OPT_MAIL,
	OPT_DELEGATIONS,
	OPT_ZONES,
	OPT_SVG,
	OPT_HTML,
	OPT_LIMIT,
	OPT_KSK_LIFETIME,
	OPT_TTL,
	OPT_LEAD,
	OPT_OBSERVE,
	OPT_SETTLE,
	OPT_PARENT_DELAY,
	OPT_TRANSFER_DELAY,
	OPT_BASE_TTL,
	OPT_DS_TTL,
	OPT_ALGORITHM,
	OPT_RSA_SIZE,
	OPT_ZONE,
	OPT_DS,
	OPT_TARGET,
	OPT_PORT,
	OPT_ACCOUNTS,
	OPT_DOMAIN,
	OPT_OUTPUT,
	OPT_ICS,
	OPT_WEEKS,
	OPT_WATCH,
	OPT_EXEC,
	OPT_STATE,
	OPT_VERSION,
};

/*! Place of a zone's setting, told apart from places in options_t. */
#define SETTING(field) (sizeof(options_t) + offsetof(rollover_config_t, field))

/*! An option, the commands that know it, and for times where they go. */
static const struct {
	const char *name;
	int id;
	const char *arg;
	unsigned commands;
	size_t offset; /*!< In options_t, or a SETTING(), for times. */
	const char *what;
	/* clang-format off */
} known[] = {
	{ "db", OPT_DB, "PATH", STORE, 0, "the store (KSKROLL_DB; " DB_DEFAULT ")" },
	{ "json", OPT_JSON, NULL, ANY, 0, "print JSON" },
	{ "blocked", OPT_BLOCKED, NULL, STATUS | DELEGATIONS | FOLLOW, 0, "only what needs a human; status (without --watch) and delegations then exit with 3" },
	{ "names", OPT_NAMES, NULL, STATUS | DELEGATIONS, 0, "print names only" },
	{ "watch", OPT_WATCH, NULL, STATUS, 0, "refresh one screen until Ctrl-C; without a terminal print a line for each change" },
	{ "prometheus", OPT_PROMETHEUS, NULL, STATUS, 0, "print metrics for the textfile collector of Prometheus" },
	{ "after", OPT_AFTER, "TIME", STATUS | AUDIT | DELEGATION | DELEGATIONS | REPORT | FOLLOW, offsetof(options_t, after),
	  "a wait for others needs a human after this time (1d)" },
	{ "all", OPT_ALL, NULL, MONITORING | DELEGATIONS, 0, "also notes; delegations: also those in rest" },
	{ "mail", OPT_MAIL, NULL, DELEGATION, 0, "print a text for the operator of the child" },
	{ "zones", OPT_ZONES, "FILE", AUDIT, 0, "the zones that should have the module; - is standard input" },
	{ "limit", OPT_LIMIT, "N", HISTORY, 0, "the newest N events only" },
	{ "conf", 'c', "FILE", POLICIES, 0, "knot.conf with the base policy (standard input)" },
	{ "delegations", OPT_DELEGATIONS, NULL, GATES, 0, "list the gates of delegations" },
	{ "rst", OPT_RST, NULL, GATES, 0, "print reStructuredText" },
	{ "svg", OPT_SVG, "FILE", PLAN, 0, "write a picture of the plan; - is standard output" },
	{ "html", OPT_HTML, "FILE", PLAN, 0, "write picture and table as one HTML file" },
	{ "ksk-lifetime", OPT_KSK_LIFETIME, "TIME", SETTINGS, SETTING(ksk_lifetime),
	  "instead of the zone's own" },
	{ "ttl", OPT_TTL, "TIME", SETTINGS | POLICIES, SETTING(ttl),
	  "instead of the zone's own; policies: default 5m" },
	{ "lead", OPT_LEAD, "TIME", SETTINGS, SETTING(lead), "instead of the zone's own" },
	{ "observe", OPT_OBSERVE, "TIME", SETTINGS, SETTING(observe),
	  "instead of the zone's own" },
	{ "settle", OPT_SETTLE, "TIME", SETTINGS, SETTING(settle),
	  "instead of the zone's own" },
	{ "parent-delay", OPT_PARENT_DELAY, "TIME", SETTINGS, offsetof(options_t, assume.parent_delay),
	  "from CDS everywhere until DS at all parent servers (1d)" },
	{ "transfer-delay", OPT_TRANSFER_DELAY, "TIME", SETTINGS, offsetof(options_t, assume.server_delay),
	  "until all nameservers have a change (1m)" },
	{ "base-ttl", OPT_BASE_TTL, "TIME", SETTINGS, offsetof(options_t, assume.dnskey_ttl),
	  "DNSKEY TTL of the base policy, if not seen yet (1h)" },
	{ "ds-ttl", OPT_DS_TTL, "TIME", SETTINGS | CHECK_SKR, offsetof(options_t, assume.ds_ttl),
	  "DS TTL of the parent, if not seen yet (1d)" },
	{ "algorithm", OPT_ALGORITHM, "ALG", PLAN, 0, "plan a rollover to this algorithm: name as in knot.conf, or number" },
	{ "rsa-size", OPT_RSA_SIZE, "BITS", PLAN, 0, "size of RSA keys, for sizes of answers (2048)" },
	{ "zone", OPT_ZONE, "ZONE", CHECK_SKR, 0, "the zone that the response must be for" },
	{ "ds", OPT_DS, "RECORD", CHECK_SKR, 0, "a DS that the parent has now, as dig +short prints it; may be repeated" },
	{ "target", OPT_TARGET, "NAME", DSYNC, 0, "the name of the server that takes NOTIFY" },
	{ "port", OPT_PORT, "N", DSYNC, 0, "its port (53)" },
	{ "accounts", OPT_ACCOUNTS, "FILE", EPP, 0, "the accounts (" EPP_ACCOUNTS_FILE ")" },
	{ "domain", OPT_DOMAIN, "DOMAIN", EPP, 0, "also show DS or keys, TTL and locks of this domain" },
	{ "output", OPT_OUTPUT, "FILE", REPORT, 0, "write the page to FILE, which is replaced as a whole; - is standard output" },
	{ "weeks", OPT_WEEKS, "N", CALENDAR, 0, "number of weeks (53)" },
	{ "ics", OPT_ICS, NULL, CALENDAR, 0, "print iCalendar (RFC 5545): an event for each day" },
	{ "exec", OPT_EXEC, "PROGRAM", FOLLOW, 0, "run PROGRAM for each event, on its standard input; its exit code 75: try again after a minute" },
	{ "state", OPT_STATE, "FILE", FOLLOW, 0, "store the position in FILE, so that a restart continues there" },
	{ "help", 'h', NULL, ANY, 0, "this text" },
	{ "version", OPT_VERSION, NULL, ANY, 0, "the version" },
};
/* clang-format on */
#define KNOWN (sizeof(known) / sizeof(known[0]))

static void help(void)
{
	puts("kskroll shows what mod-kskroll does. It only reads the store, whether the server runs or not; epp asks registries.\n\n"
	     "usage: kskroll COMMAND [OPTION...]\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		printf("  %-20s %s\n", commands[i].usage, commands[i].what);
	}
	puts("\nOptions, for the commands named:");
	for (size_t i = 0; i < KNOWN; i++) {
		char text[64];
		snprintf(text, sizeof(text), "%s%s%s%s",
		         known[i].id < 256 ? (known[i].id == 'c' ? "-c, --" : "-h, --") : "--", known[i].name,
		         known[i].arg != NULL ? " " : "", known[i].arg != NULL ? known[i].arg : "");
		printf("  %-26s %s", text, known[i].what);
		const char *gap = " [";
		for (size_t j = 0; j < COMMANDS && known[i].commands != ANY; j++) {
			if (known[i].commands & commands[j].bit) {
				printf("%s%s", gap, commands[j].name);
				gap = ", ";
			}
		}
		puts(known[i].commands != ANY ? "]" : "");
	}
	puts("\nTIME is in seconds or with a unit: 90, 5m, 1h, 3d, 2w.\n"
	     "Exit codes: 0 success, 1 error, 2 wrong usage, 3 with --blocked: something needs a human.\n"
	     "Exit codes of audit and check-skr: 0 ok, 1 warning, 2 critical, 3 unknown (error or wrong usage).");
}

static int usage(const char *fmt, const char *what, const char *more)
{
	fputs("kskroll: ", stderr);
	fprintf(stderr, fmt, what, more);
	fputs("; see kskroll --help\n", stderr);
	return EXIT_USAGE;
}

static int take_algorithm(options_t *o, const char *arg)
{
	char names[ALGORITHM_NAMES];

	if (algorithm_parse(arg, &o->assume.algorithm)) {
		return EXIT_FINE;
	}
	algorithm_list(names);
	return usage("--algorithm '%s' is no algorithm to roll to: use %s", arg, names);
}

/*! A number within bounds, and nothing else. \return False if it is none. */
static bool take_number(const char *arg, unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;

	*out = strtoul(arg, &end, 10);
	return arg[0] >= '1' && arg[0] <= '9' && *end == '\0' && *out >= min && *out <= max;
}

/*! Takes one option over. \return Exit code. */
static int take(options_t *o, size_t i, const char *arg)
{
	if (known[i].offset != 0) {
		uint32_t seconds;
		if (!text_parse_span(arg, &seconds)) {
			return usage("--%s '%s' is no time: use seconds, or 5m, 1h, 3d, 2w", known[i].name, arg);
		}
		if (known[i].offset >= sizeof(*o)) {
			settings_give(o, known[i].offset - sizeof(*o), seconds);
		} else {
			*(uint32_t *)((char *)o + known[i].offset) = seconds;
		}
		return EXIT_FINE;
	}
	unsigned long number;
	switch (known[i].id) {
	case OPT_DB:
		o->db = arg;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_RST:
		o->rst = true;
		break;
	case OPT_BLOCKED:
		o->blocked = true;
		break;
	case OPT_NAMES:
		o->names = true;
		break;
	case OPT_WATCH:
		o->watch = true;
		break;
	case OPT_PROMETHEUS:
		o->prometheus = true;
		break;
	case OPT_ALL:
		o->all = true;
		break;
	case OPT_DELEGATIONS:
		o->delegations = true;
		break;
	case OPT_MAIL:
		o->mail = true;
		break;
	case OPT_SVG:
		o->svg = arg;
		break;
	case OPT_HTML:
		o->html = arg;
		break;
	case OPT_ZONES:
		o->zones = arg;
		break;
	case OPT_ZONE:
		o->zone = arg;
		break;
	case OPT_DS:
		if (o->ds_count == sizeof(o->ds) / sizeof(o->ds[0])) {
			return usage("--%s is given too often: put several records into one, each on its line%s",
			             known[i].name, "");
		}
		o->ds[o->ds_count++] = arg;
		break;
	case 'c':
		o->conf = arg;
		break;
	case OPT_LIMIT:
		if (!take_number(arg, 1, SIZE_MAX, &number)) {
			return usage("--%s '%s' is no number above 0", known[i].name, arg);
		}
		o->limit = number;
		break;
	case OPT_ALGORITHM:
		return take_algorithm(o, arg);
	case OPT_RSA_SIZE:
		if (!take_number(arg, SIZES_RSA_MIN, SIZES_RSA_MAX, &number)) {
			return usage("--%s '%s' is no number from 1024 to 4096", known[i].name, arg);
		}
		o->rsa_size = number;
		break;
	case OPT_TARGET:
		o->target = arg;
		break;
	case OPT_PORT:
		if (!take_number(arg, 1, UINT16_MAX, &number)) {
			return usage("--%s '%s' is no number from 1 to 65535", known[i].name, arg);
		}
		o->port = number;
		break;
	case OPT_ACCOUNTS:
		o->accounts = arg;
		break;
	case OPT_DOMAIN:
		o->domain = arg;
		break;
	case OPT_ICS:
		o->ics = true;
		break;
	case OPT_WEEKS:
		if (!take_number(arg, 1, WEEKS_MAX, &number)) {
			return usage("--%s '%s' is no number from 1 to 520", known[i].name, arg);
		}
		o->weeks = number;
		break;
	case OPT_OUTPUT:
		o->output = arg;
		break;
	case OPT_EXEC:
		o->exec = arg;
		break;
	case OPT_STATE:
		o->state = arg;
		break;
	}
	return EXIT_FINE;
}

time_t options_now(void)
{
	const char *now = getenv("KSKROLL_NOW");

	return now != NULL ? (time_t)strtoll(now, NULL, 10) : time(NULL);
}

static void defaults(options_t *o)
{
	static const forecast_assume_t assume = FORECAST_ASSUME_DEFAULT;
	const char *db = getenv("KSKROLL_DB");

	o->db = db != NULL && db[0] != '\0' ? db : DB_DEFAULT;
	o->after = DAY;
	o->rsa_size = SIZES_RSA;
	o->weeks = WEEKS;
	o->port = ADDR_PORT;
	o->accounts = EPP_ACCOUNTS_FILE;
	o->now = options_now();
	o->assume = assume;
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	o->color = isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') &&
	           (term == NULL || strcmp(term, "dumb") != 0);
}

#define SHORT_OPTIONS "c:h"

static void long_options(struct option longs[KNOWN + 1])
{
	memset(longs, 0, (KNOWN + 1) * sizeof(*longs));
	for (size_t i = 0; i < KNOWN; i++) {
		longs[i].name = known[i].name;
		longs[i].has_arg = known[i].arg != NULL ? required_argument : no_argument;
		longs[i].val = known[i].id;
	}
}

/*! Parses all. \return -1 to go on, an exit code to end. */
static int parse(options_t *o, int argc, char **argv, size_t *command)
{
	struct option longs[KNOWN + 1];
	size_t given[64], count = 0;

	long_options(longs);
	int opt;
	while ((opt = getopt_long(argc, argv, SHORT_OPTIONS, longs, NULL)) != -1) {
		if (opt == 'h') {
			help();
			return EXIT_FINE;
		}
		if (opt == OPT_VERSION) {
			puts("kskroll " KSKROLL_VERSION);
			return EXIT_FINE;
		}
		size_t i = 0;
		while (i < KNOWN && known[i].id != opt) {
			i++;
		}
		if (i == KNOWN || count == sizeof(given) / sizeof(given[0])) {
			fputs("see kskroll --help\n", stderr);
			return EXIT_USAGE;
		}
		given[count++] = i;
		int ret = take(o, i, optarg);
		if (ret != EXIT_FINE) {
			return ret;
		}
	}
	if (optind == argc) {
		return usage("%s%s", "a command is missing", "");
	}
	const char *name = argv[optind++];
	for (*command = 0; *command < COMMANDS && strcmp(commands[*command].name, name) != 0;) {
		(*command)++;
	}
	if (*command == COMMANDS) {
		return usage("no command '%s'%s", name, "");
	}
	for (size_t i = 0; i < count; i++) {
		if (!(known[given[i]].commands & commands[*command].bit)) {
			return usage("--%s is not for %s", known[given[i]].name, name);
		}
	}
	o->args = argv + optind;
	o->arg_count = argc - optind;
	if (o->arg_count < commands[*command].min_args || o->arg_count > commands[*command].max_args) {
		return usage("usage: kskroll %s%s", commands[*command].usage, "");
	}
	if (o->json + o->names + o->prometheus + o->watch + o->mail + o->ics + (o->svg != NULL || o->html != NULL) >
	    1) {
		return usage("%s%s",
		             "only one of --json, --names, --prometheus, --watch, --mail, --ics or a picture at a time",
		             "");
	}
	return -1;
}

/*! Whether the command is one for monitoring, wherever options stand, and whatever is wrong with them. */
static bool is_monitoring(int argc, char **argv)
{
	struct option longs[KNOWN + 1];
	unsigned bit = 0;

	long_options(longs);
	opterr = 0;
	while (getopt_long(argc, argv, SHORT_OPTIONS, longs, NULL) != -1) {
		/* Operands are moved behind all options. */
	}
	for (size_t i = 0; optind < argc && i < COMMANDS; i++) {
		bit |= strcmp(argv[optind], commands[i].name) == 0 ? commands[i].bit : 0;
	}
	opterr = 1;
	optind = 0;
	return bit & MONITORING;
}

int main(int argc, char **argv)
{
	options_t o = { 0 };
	size_t command = 0;
	/* Without memory for a buffer of its own stdio may lose output and not tell. */
	static char out[BUFSIZ];
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	const bool monitoring = is_monitoring(argc, argv);
	const int error = monitoring ? AUDIT_UNKNOWN : EXIT_ERROR;

	memory_none_code = error;
	defaults(&o);
	int ret = parse(&o, argc, argv, &command);
	if (ret < 0) {
		ret = commands[command].run(&o);
	} else if (ret == EXIT_USAGE && monitoring) {
		ret = AUDIT_UNKNOWN;
	}
	/* A full disk or a closed pipe is no success. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && ret == EXIT_FINE) {
		perror("kskroll: output");
		ret = error;
	}
	return ret;
}
