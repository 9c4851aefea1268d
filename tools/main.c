/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kskroll.h"

#define DB_DEFAULT "/var/lib/knot/kskroll/kskroll.db"
#ifndef KSKROLL_VERSION
#define KSKROLL_VERSION "unknown"
#endif

#define DAY 86400

enum {
	STATUS = 1 << 0,
	PLAN = 1 << 1,
	HISTORY = 1 << 2,
	POLICIES = 1 << 3,
	GATES = 1 << 4,
	AUDIT = 1 << 5,
	STORE = STATUS | PLAN | HISTORY | AUDIT,
	SETTINGS = STATUS | PLAN,
	ANY = STORE | POLICIES | GATES,
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
	  "where every zone is, or everything about one" },
	{ "plan", PLAN, cmd_plan, 1, 1, "plan ZONE", "what happens next, when at the earliest, and why not earlier" },
	{ "history", HISTORY, cmd_history, 0, 1, "history [ZONE]", "what happened; with a zone also what was seen" },
	{ "audit", AUDIT, cmd_audit, 0, INT32_MAX, "audit [ZONE...]",
	  "what is not as it should be, for people and monitoring" },
	{ "policies", POLICIES, cmd_policies, 1, 1, "policies BASE",
	  "the derived policies of BASE, to paste into knot.conf" },
	{ "gates", GATES, cmd_gates, 0, 0, "gates", "everything a zone can wait for, and what to do" },
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
	{ "json", OPT_JSON, NULL, ANY, 0, "for programs" },
	{ "blocked", OPT_BLOCKED, NULL, STATUS, 0, "only what needs a human; exit code 3 if anything does" },
	{ "names", OPT_NAMES, NULL, STATUS, 0, "the names of the zones alone" },
	{ "prometheus", OPT_PROMETHEUS, NULL, STATUS, 0, "for the textfile collector of Prometheus" },
	{ "after", OPT_AFTER, "TIME", STATUS | AUDIT, offsetof(options_t, after),
	  "waiting for others needs a human after this long (1d)" },
	{ "all", OPT_ALL, NULL, AUDIT, 0, "notes as well" },
	{ "zones", OPT_ZONES, "FILE", AUDIT, 0, "list of the zones that should have the module; - is standard input" },
	{ "limit", OPT_LIMIT, "N", HISTORY, 0, "the newest N events only" },
	{ "conf", 'c', "FILE", POLICIES, 0, "knot.conf with the base policy (standard input)" },
	{ "rst", OPT_RST, NULL, GATES, 0, "for the documentation" },
	{ "svg", OPT_SVG, "FILE", PLAN, 0, "a picture of the plan; - is standard output" },
	{ "html", OPT_HTML, "FILE", PLAN, 0, "picture and table as one file for a browser or a mail" },
	{ "ksk-lifetime", OPT_KSK_LIFETIME, "TIME", SETTINGS, SETTING(ksk_lifetime),
	  "instead of the zone's own" },
	{ "ttl", OPT_TTL, "TIME", SETTINGS | POLICIES, SETTING(ttl),
	  "instead of the zone's own; policies: 5m unless given" },
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
	{ "ds-ttl", OPT_DS_TTL, "TIME", SETTINGS, offsetof(options_t, assume.ds_ttl),
	  "DS TTL of the parent, if not seen yet (1d)" },
	{ "help", 'h', NULL, ANY, 0, "this text" },
	{ "version", OPT_VERSION, NULL, ANY, 0, "the version" },
};
/* clang-format on */
#define KNOWN (sizeof(known) / sizeof(known[0]))

static void help(void)
{
	puts("kskroll shows what mod-kskroll does. It only reads the store and works beside a running server.\n\n"
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
	     "Exit codes: 0 fine, 1 error, 2 wrong usage, 3 status --blocked: something needs a human.\n"
	     "Those of audit: 0 ok, 1 warning, 2 critical, 3 unknown (an error, or wrong usage).");
}

static int usage(const char *fmt, const char *what, const char *more)
{
	fputs("kskroll: ", stderr);
	fprintf(stderr, fmt, what, more);
	fputs("; see kskroll --help\n", stderr);
	return EXIT_USAGE;
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
	char *end;
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
	case OPT_PROMETHEUS:
		o->prometheus = true;
		break;
	case OPT_ALL:
		o->all = true;
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
	case 'c':
		o->conf = arg;
		break;
	case OPT_LIMIT:
		o->limit = strtoul(arg, &end, 10);
		if (arg[0] < '1' || arg[0] > '9' || *end != '\0') {
			return usage("--%s '%s' is no number above 0", known[i].name, arg);
		}
		break;
	}
	return EXIT_FINE;
}

static void defaults(options_t *o)
{
	static const forecast_assume_t assume = FORECAST_ASSUME_DEFAULT;
	const char *db = getenv("KSKROLL_DB");
	const char *now = getenv("KSKROLL_NOW");

	o->db = db != NULL && db[0] != '\0' ? db : DB_DEFAULT;
	o->after = DAY;
	o->now = now != NULL ? (time_t)strtoll(now, NULL, 10) : time(NULL);
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
	if (o->json + o->names + o->prometheus + (o->svg != NULL || o->html != NULL) > 1) {
		return usage("%s%s", "only one of --json, --names, --prometheus or a picture at a time", "");
	}
	return -1;
}

/*! Whether the command is audit, wherever options stand, and whatever is wrong with them. */
static bool is_audit(int argc, char **argv)
{
	struct option longs[KNOWN + 1];

	long_options(longs);
	opterr = 0;
	while (getopt_long(argc, argv, SHORT_OPTIONS, longs, NULL) != -1) {
		/* Operands are moved behind all options. */
	}
	bool audit = optind < argc && strcmp(argv[optind], "audit") == 0;
	opterr = 1;
	optind = 0;
	return audit;
}

int main(int argc, char **argv)
{
	options_t o = { 0 };
	size_t command = 0;
	/* Without memory for a buffer of its own stdio may lose output and not tell. */
	static char out[BUFSIZ];
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	/* For monitoring, codes 1 and 2 say something about zones. */
	const bool audit = is_audit(argc, argv);
	const int error = audit ? AUDIT_UNKNOWN : EXIT_ERROR;

	memory_none_code = error;
	defaults(&o);
	int ret = parse(&o, argc, argv, &command);
	if (ret < 0) {
		ret = commands[command].run(&o);
	} else if (ret == EXIT_USAGE && audit) {
		ret = AUDIT_UNKNOWN;
	}
	/* A full disk or a closed pipe is no success. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && ret == EXIT_FINE) {
		perror("kskroll: output");
		ret = error;
	}
	return ret;
}
