/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many worlds, over seeds and threads. Results do not depend on the number of threads.
 */

#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim_orders.h"
#include "summary.h"

typedef struct {
	uint64_t from, to;
	unsigned zones;
	int profile; /*!< -1: by seed. */
	baselines_t baselines;
	parents_t parents;
	bool first;
	_Atomic uint64_t next;
	_Atomic uint64_t worlds;
	_Atomic uint64_t failed;
	_Atomic unsigned running;
	pthread_mutex_t lock;
	summary_t sum;
} job_t;

/*! Options without which a seed makes another world, as they were given. */
static char world_options[200];

static void keep_option(const char *name, const char *value)
{
	const size_t at = strlen(world_options);

	snprintf(world_options + at, sizeof(world_options) - at, " --%s%s%s", name, value != NULL ? " " : "",
	         value != NULL ? value : "");
}

static void say_violation(FILE *out, const kept_t *k)
{
	char zone[32] = "";

	if (isatty(fileno(out))) {
		fputs("\r\033[K", out); /* Over the line of progress. */
	}
	if (k->zone > 0) {
		snprintf(zone, sizeof(zone), " --zone %u", k->zone);
	}
	fprintf(out, "seed %" PRIu64 " violates %s: %s (--replay %" PRIu64 " --profile %s%s%s)\n", k->seed,
	        k->violation.invariant, k->violation.text, k->seed, profile_names[k->profile], zone, world_options);
	fflush(out);
}

static void run_seed(job_t *job, world_t *w, summary_t *sum, uint64_t seed)
{
	profile_t profile = profile_of(seed, job->profile);

	for (unsigned zone = 0; zone < job->zones; zone++) {
		if (job->baselines == BASELINES_PARENT) {
			compare_seed(&sum->compare, w, seed, zone, profile);
			atomic_fetch_add(&job->worlds, 1);
			continue;
		}
		int last = job->baselines == BASELINES_CHILD ? DRIVER_HAND : 1;
		for (int driver = 0; driver < last; driver++) {
			w->trace = NULL;
			driver_t child = driver;
			parents_t parents = job->parents;
			if (job->baselines == BASELINES_NONE) {
				child_choose(seed, zone, &child, &parents);
			}
			world_generate(w, seed, zone, profile, child, parents);
			world_run(w);
			summary_add(sum, w, zone);
			if (driver == DRIVER_MODULE) {
				atomic_fetch_add(&job->worlds, 1);
				atomic_fetch_add(&job->failed, w->failed);
				if (w->failed) {
					/* The list at the end of a long run comes late, and has the lowest seeds only.
					 */
					const kept_t one = { seed, zone, profile, w->violation };
					say_violation(stderr, &one);
				}
			}
		}
	}
}

static void *worker(void *arg)
{
	job_t *job = arg;
	summary_t sum = { 0 };
	world_t *w = calloc(1, sizeof(*w));

	while (w != NULL && !(job->first && atomic_load(&job->failed) > 0)) {
		uint64_t seed = atomic_fetch_add(&job->next, 1);
		if (seed > job->to) {
			break;
		}
		run_seed(job, w, &sum, seed);
	}
	free(w);
	pthread_mutex_lock(&job->lock);
	summary_merge(&job->sum, &sum);
	pthread_mutex_unlock(&job->lock);
	summary_free(&sum);
	atomic_fetch_sub(&job->running, 1);
	return NULL;
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/*! A line that a terminal overwrites, five times a second; elsewhere one line in so many seconds. */
#define PROGRESS_SECONDS 30

static void progress(job_t *job, double start)
{
	const bool terminal = isatty(STDERR_FILENO);
	const uint64_t total = (job->to - job->from + 1) * job->zones;
	double said = start;

	while (atomic_load(&job->running) > 0) {
		const struct timespec nap = { .tv_nsec = terminal ? 200000000 : 20000000 };
		const double now = seconds();
		if (terminal || now - said >= PROGRESS_SECONDS) {
			const uint64_t done = atomic_load(&job->worlds);
			const double rate = done / (now - start + 1e-6);
			const unsigned long left = rate > 0 ? (total - done) / rate : 0;
			fprintf(stderr,
			        "%s%" PRIu64 " of %" PRIu64 " worlds, %.0f a second, %lu min %02lu s left, %" PRIu64
			        " violations%s",
			        terminal ? "\r\033[K" : "sim: ", done, total, rate, left / 60, left % 60,
			        (uint64_t)atomic_load(&job->failed), terminal ? "" : "\n");
			said = now;
		}
		nanosleep(&nap, NULL);
	}
	if (terminal) {
		fprintf(stderr, "\r\033[K");
	}
}

bool replay(uint64_t seed, unsigned zone, profile_t profile, driver_t driver, parents_t parents, unsigned last)
{
	char *text = NULL;
	size_t size = 0;
	world_t *w = calloc(1, sizeof(*w));

	if (w == NULL || (w->trace = open_memstream(&text, &size)) == NULL) {
		free(w);
		return false;
	}
	child_choose(seed, zone, &driver, &parents);
	world_generate(w, seed, zone, profile, driver, parents);
	const rollover_config_t *c = &w->engine.config;
	char scheme[64] = "";
	if (data_matters(w)) {
		snprintf(scheme, sizeof(scheme), "; %szone TTL %u", w->csk ? "one key for all, " : "",
		         knot_zone_ttl(w));
	}
	fprintf(w->trace,
	        "seed %" PRIu64 ", zone %u, %s: %u nameservers, %u parent servers; DNSKEY TTL %u, DS TTL %u, "
	        "propagation-delay %u, %s configuration%s%s\n"
	        "ksk-lifetime %u, ttl %u, lead %u, observe %u, settle %u, check %u, ds-check %u, unreachable-after %u; "
	        "parent: every %u s%s%s%s%s%s\n",
	        seed, zone, profile_names[profile], w->child_count, w->parent_count, w->knot.base_ttl,
	        w->up.version[0].ttl, w->knot.propagation_delay, w->knot.text_config ? "text" : "database",
	        w->knot.member       ? ", member of a catalog" :
	        w->knot.base_signals ? "" :
	                               ", base policy publishes nothing",
	        scheme, c->ksk_lifetime, c->ttl, c->lead, c->observe, c->settle, c->check_interval,
	        c->ds_check_interval, c->unreachable_after, w->up.interval,
	        w->up.submit.on ? ", by DNS UPDATE" :
	        w->up.notified  ? ", notified" :
	                          "",
	        w->up.naive ? ", naive" : "", w->up.strict ? ", strict" : "", w->up.human ? ", by hand" : "",
	        w->up.habit == HABIT_ADD ? ", adds" : "");
	if (w->agent.on) {
		const delegation_config_t *d = &w->agent.config;
		fprintf(w->trace,
		        "the agent: by %s, scan %u (notifying %u), check %u, hold-down %u, unreachable-after %u, ds-ttl %u for "
		        "%u, verify %u, undo %s; child: %s\n",
		        agent_way_names[d->apply], d->scan_interval, d->scan_interval_notifying, d->check_interval,
		        d->hold_down, d->unreachable_after, d->ds_ttl, d->ds_ttl_hold, d->verify,
		        d->undo ? "on" : "off", child_names[w->driver]);
	}
	if (w->scanner.kind != PARENTS_SOME) {
		fprintf(w->trace, "the parent: %s every %u s\n", parents_names[w->scanner.kind], w->scanner.interval);
	}
	world_run(w);
	fclose(w->trace);
	const char *from = text;
	if (last > 0) {
		unsigned lines = 0;
		for (from = text + size; from > text && lines <= last; from--) {
			lines += from[-1] == '\n';
		}
		if (from > text) {
			printf("%.*s  ...\n", (int)(strchr(strchr(text, '\n') + 1, '\n') - text + 1), text);
			from += 2;
		}
	}
	fputs(from, stdout);
	bool failed = w->failed;
	free(text);
	free(w);
	return failed;
}

/*! \return \a status. */
static int usage(FILE *out, int status)
{
	fputs("usage: sim [OPTION...]\n"
	      "  --seeds A..B     worlds to run (default 1..1000)\n"
	      "  --profile P      cooperative, faulty, stuck, operator, crash, mixed, dead (default: by seed)\n"
	      "  --zones N        zones that share the server of a seed (default 1)\n"
	      "  --threads N      default: one for each processor\n"
	      "  --baselines B    in the same worlds: child: Knot's own rollover and BIND's rules;\n"
	      "                   parent: BIND's dnssec-cds and scanners of one nameserver, with each child\n"
	      "  --replay SEED    the timeline of one world (with --profile and --zone as printed)\n"
	      "  --zone N         which of its zones (default 0)\n"
	      "  --child C        module, knot, knot-confirm, bind, hand, hostile: every parent is the agent, with that\n"
	      "                   child; default: some agents have others than the module. To replay a baseline: knot,\n"
	      "                   knot-confirm, bind with --parent plain\n"
	      "  --only I4        count violations of one invariant only\n"
	      "  --scheme S       all zones have csk: one key for all; or split: KSK and ZSK\n"
	      "  --algorithm C    all: every zone gets another algorithm; none; default: some\n"
	      "  --parent P       agent: the parent of every zone is the agent; update: it takes DNS UPDATE; plain: neither;\n"
	      "                   default: of some; dnssec-cds, scanner, blind: the parent is that baseline\n"
	      "  --way W          of all agents: transaction, include, update\n"
	      "  --starts         zones that ksk-lifetime rolls have start-window, no-start, spread and max-rolling\n"
	      "  --defaults       settings, policy and DNSKEY TTL as they are where nobody has set them\n"
	      "  --first          stop at the first violation\n"
	      "  --mutants        run the variants with a mistake; each has to be caught\n",
	      out);
	return status;
}

static int find_name(const char *name, const char *const names[], int count)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(name, names[i]) == 0) {
			return i;
		}
	}
	return -1;
}

static int find_parents(const char *name)
{
	for (int i = PARENTS_PLAIN; i < PARENTS__COUNT; i++) {
		if (strcmp(name, parents_names[i]) == 0) {
			return i;
		}
	}
	return -1;
}

static int find_way(const char *name)
{
	for (int i = 0; i <= DELEGATION_BY_UPDATE; i++) {
		if (strcmp(name, agent_way_names[i]) == 0) {
			return i;
		}
	}
	return -1;
}

/*! Children that are not ours have an agent, but for the baselines. \return False: there is no such world. */
static bool choose_child(bool replays, driver_t *driver, parents_t *parents)
{
	if (generate_children < 0) {
		return true;
	}
	if (*parents != PARENTS_PLAIN) {
		*parents = PARENTS_AGENT;
		return true;
	}
	*driver = generate_children;
	return *driver == DRIVER_MODULE || (replays && *driver < DRIVER_HAND);
}

static int run_all(job_t *job, unsigned threads)
{
	pthread_t thread[64];
	double start = seconds();

	atomic_store(&job->next, job->from);
	atomic_store(&job->running, threads);
	for (unsigned i = 0; i < threads; i++) {
		if (pthread_create(&thread[i], NULL, worker, job) != 0) {
			fputs("sim: no thread\n", stderr);
			return 2;
		}
	}
	progress(job, start);
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
	}
	for (unsigned i = 0; i < job->sum.kept_count; i++) {
		say_violation(stdout, &job->sum.kept[i]);
	}
	if (job->sum.kept_count > 0 && !job->first) {
		const kept_t *k = &job->sum.kept[0];
		replay(k->seed, k->zone, k->profile, DRIVER_MODULE, job->parents, 60);
	}
	int ret = job->sum.failed > 0;
	if (job->baselines == BASELINES_PARENT) {
		ret = compare_print(&job->sum.compare);
	} else {
		summary_print(&job->sum, seconds() - start,
		              job->profile >= 0 ? profile_names[job->profile] : "all profiles",
		              job->baselines == BASELINES_CHILD);
	}
	summary_free(&job->sum);
	return ret;
}

int main(int argc, char **argv)
{
	/* clang-format off */
	static const struct option OPTIONS[] = {
		{ "seeds", required_argument, NULL, 's' }, { "profile", required_argument, NULL, 'p' },
		{ "zones", required_argument, NULL, 'z' }, { "threads", required_argument, NULL, 't' },
		{ "baselines", required_argument, NULL, 'b' }, { "replay", required_argument, NULL, 'r' },
		{ "zone", required_argument, NULL, 'Z' }, { "child", required_argument, NULL, 'c' },
		{ "only", required_argument, NULL, 'o' }, { "first", no_argument, NULL, 'f' }, { "mutants", no_argument, NULL, 'm' },
		{ "scheme", required_argument, NULL, 'S' }, { "algorithm", required_argument, NULL, 'A' },
		{ "way", required_argument, NULL, 'w' }, { "starts", no_argument, NULL, 'T' }, { "defaults", no_argument, NULL, 'D' }, { "parent", required_argument, NULL, 'P' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	/* clang-format on */
	static job_t job = { .from = 1, .to = 1000, .zones = 1, .profile = -1, .lock = PTHREAD_MUTEX_INITIALIZER };
	unsigned threads = sysconf(_SC_NPROCESSORS_ONLN), zone = 0;
	driver_t driver = DRIVER_MODULE;
	const char *seeds = NULL, *again = NULL;
	bool mutants = false;
	int opt, which = 0;

	while ((opt = getopt_long(argc, argv, "", OPTIONS, &which)) != -1) {
		if (strchr("cSAPwDT", opt) != NULL) {
			keep_option(OPTIONS[which].name, optarg);
		}
		switch (opt) {
		case 's':
			seeds = optarg;
			if (sscanf(optarg, "%" SCNu64 "..%" SCNu64, &job.from, &job.to) != 2 || job.to < job.from) {
				return usage(stderr, 2);
			}
			break;
		case 'p':
			job.profile = find_name(optarg, profile_names, PROFILE__COUNT);
			if (job.profile < 0) {
				return usage(stderr, 2);
			}
			break;
		case 'z':
			job.zones = strtoul(optarg, NULL, 10);
			break;
		case 't':
			threads = strtoul(optarg, NULL, 10);
			break;
		case 'b':
			if (strcmp(optarg, "child") != 0 && strcmp(optarg, "parent") != 0) {
				return usage(stderr, 2);
			}
			job.baselines = optarg[0] == 'c' ? BASELINES_CHILD : BASELINES_PARENT;
			break;
		case 'r':
			again = optarg;
			break;
		case 'Z':
			zone = strtoul(optarg, NULL, 10);
			break;
		case 'c':
			generate_children = find_name(optarg, child_names, DRIVER__COUNT);
			if (generate_children < 0) {
				return usage(stderr, 2);
			}
			break;
		case 'f':
			job.first = true;
			break;
		case 'S':
			if (strcmp(optarg, "csk") != 0 && strcmp(optarg, "split") != 0) {
				return usage(stderr, 2);
			}
			generate_kinds = optarg[0] == 'c' ? KINDS_CSK : KINDS_SPLIT;
			break;
		case 'A':
			if (strcmp(optarg, "all") != 0 && strcmp(optarg, "none") != 0) {
				return usage(stderr, 2);
			}
			generate_changes = optarg[0] == 'a' ? CHANGES_ALL : CHANGES_NONE;
			break;
		case 'P':
			if (find_parents(optarg) < 0) {
				return usage(stderr, 2);
			}
			job.parents = find_parents(optarg);
			break;
		case 'w':
			generate_way = find_way(optarg);
			if (generate_way < 0) {
				return usage(stderr, 2);
			}
			break;
		case 'D':
			generate_defaults = true;
			break;
		case 'T':
			generate_starts = true;
			break;
		case 'o':
			check_only = optarg;
			break;
		case 'm':
			mutants = true;
			break;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, 2);
		}
	}
	if (optind < argc || job.zones == 0 || !choose_child(again != NULL, &driver, &job.parents)) {
		return usage(stderr, 2);
	}
	if (mutants) {
		return mutants_run(argv[0], seeds != NULL ? seeds : "1..6000") > 0;
	}
	if (again != NULL) {
		uint64_t seed = strtoull(again, NULL, 10);
		return replay(seed, zone, profile_of(seed, job.profile), driver, job.parents, 0);
	}
	check_only = job.baselines == BASELINES_PARENT ? "step" : check_only;
	return run_all(&job, threads < 1 ? 1 : (threads > 64 ? 64 : threads));
}
