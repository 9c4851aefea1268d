/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulator must be able to fail: variants of the production sources with one mistake each,
 * built beside the simulator (meson.build, mutate.py). Each has to be caught.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "summary.h"

static const struct {
	const char *name;
	const char *where; /*!< Options for the worlds to check; NULL: all. */
	const char *mistake;
	/* clang-format off */
} MUTANTS[] = {
	{ "first-parent", NULL, "acts on the first parent server only" },
	{ "new-ds-ttl", NULL, "waits for the new DS TTL instead of the old one" },
	{ "no-drain", NULL, "skips the drain of the old DNSKEY TTL" },
	{ "cds-timer", NULL, "publishes CDS on a timer" },
	{ "early-retire", NULL, "lets the old key go when the DS is there" },
	{ "unreachable-agrees", NULL, "treats unreachable as agreeing" },
	{ "no-wakeup", "--profile crash", "forgets the wake-up at restart" },
	{ "early-withdraw", NULL, "withdraws before all parents match" },
	{ "first-at-once", NULL, "asks for the first DS while the unsigned zone is in caches" },
	{ "unsign-early", NULL, "calls unsigning safe while caches have the DS" },
	{ "own-ttl", NULL, "does not count the own zone's DNSKEY TTL (a bug that the simulator found)" },
	{ "blind-resignal", "--profile mixed", "signals again after a restart without a check (another)" },
	{ "sign-never", NULL, "signals again with the signatures of before (a bug that the lab found)" },
	{ "unread-keys", NULL, "does not read the states of the keys back" },
	{ "left-published", NULL, "leaves a published key to Knot's timer" },
	{ "early-signal", NULL, "sets the signal before every nameserver has the key" },
	{ "retire-blind", NULL, "removes the old key although the DS is its own again" },
	{ "trusted-clock", "--profile crash", "after a boot the wall clock is believed" },
	{ "silence-alone", "--profile faulty", "takes the outage of the own host for the silence of a server" },
	{ "unproven-order", "--profile mixed", "gives the order without a check" },
	{ "blind-observe", "--profile mixed", "time in which nobody checked counts as observed" },
	{ "asked-back", "--profile operator", "asks back a DS that was taken away on all servers" },
	{ "unsigned-data", "--scheme csk", "lets a single-type key go whoever signs the data" },
	{ "no-zone-ttl", "--scheme csk", "lets a single-type key go while caches have its data" },
	{ "first-signatures", "--scheme csk", "checks who signs the data on the first nameserver only" },
	{ "early-move", "--scheme csk", "moves the data to a single-type key that caches do not have" },
	{ "no-data-ttl", "--algorithm all", "publishes a new algorithm while caches have data without it" },
	{ "serial-blind", "--algorithm all --profile faulty", "believes signatures that nobody can verify" },
	{ "marks-blind", "--algorithm all --profile faulty", "believes the serial, whichever signatures there are" },
	{ "former-keys", "--profile mixed --seeds 10082751..10082800",
	  "takes signatures of a former key for those of the new one (a bug that the simulator found)" },
	{ "early-clean", "--algorithm all", "ends the old signatures while caches have the old DNSKEY" },
	{ "retire-unsigned", "--algorithm all --scheme split", "ends the old signatures with the old DNSKEY" },
	{ "data-kept", "--algorithm all --profile faulty", "forgets nothing that it has seen of the data" },
	{ "half-published", "--algorithm all --profile crash", "takes half an order for an algorithm given up (a bug that the simulator found)" },
	{ "clean-again", "--algorithm all --profile operator", "removes keys that the policy brings back (another)" },
	{ "hidden-signs", "--algorithm all --scheme csk --profile mixed --parent plain --seeds 4501..6500",
	  "takes the signatures of a hidden key for those of another one (another)" },
	{ "one-address", "--parent agent", "the agent believes one nameserver" },
	{ "superset", "--parent agent", "the agent takes a larger DS set for equal" },
	{ "restore-early", "--parent agent", "the agent counts the low TTL from the change" },
	{ "undo-blind", "--parent agent --profile faulty", "the agent undoes a change without a forecast" },
	{ "undo-late", "--parent agent --seeds 6501..6550", "the agent undoes a change when the child is done with it (a bug that the simulator found)" },
	{ "back-at-once", "--profile faulty --child hand --seeds 7701..7750", "the agent undoes a change when the child is back, and caches have its other keys" },
	{ "first-ttl", "--parent agent --way include --seeds 951..1000", "the agent takes the TTL of another client for its low one (another)" },
	{ "ordered-ttl", "--parent agent --way update --profile mixed --seeds 10521101..10521150", "the agent loses a TTL that another client sets during an order (another)" },
	{ "undone-again", "--parent agent --profile faulty", "the agent follows again what it has undone" },
	{ "new-ttl", "--parent agent", "the agent counts the low TTL instead of the old one" },
	{ "low-is-normal", "--parent agent", "the agent takes the low TTL for the normal one" },
	{ "reload-ignored", "--parent agent --profile mixed", "the agent changes what the next reload reverts" },
	{ "notified-at-once", "--parent agent", "a notification ends the hold-down" },
	{ "notified-unseen", "--parent agent", "a notification changes DS without a survey" },
	{ "silent-agrees", "--parent agent --profile mixed", "the agent does not wait for a silent nameserver" },
	{ "blind-swap", "--parent agent --profile mixed", "the agent swaps DS whatever it is" },
	{ "any-signer", "--child hand", "the agent trusts any key of DNSKEY" },
	{ "replayed", "--child hostile", "the agent takes an older signature for as good as a newer one" },
	{ "stale-survey", "--child hostile", "the agent orders a change on facts of an hour ago" },
	{ "two-orders", "--parent agent --profile crash", "the agent gives up an order that may still be carried out" },
	{ "restore-wanted", "--parent agent", "the agent restores the TTL while its child is about to change its keys" },
	{ "late-order", "--parent agent", "the agent changes DS on facts that are too old" },
	{ "blind-update", "--parent agent --way update", "the DNS UPDATE has no prerequisites" },
	{ "ordered-again", "--parent agent --way update", "a DNS UPDATE without an answer is taken for not carried out" },
	{ "unasked-update", "--parent agent --way update --profile mixed --seeds 9302001..9302050", "a change goes to a primary that does not answer now (another)" },
	{ "half-retired", "--profile mixed --seeds 21022301..21022350", "a ZSK that is left of an order goes without proof (a bug that the simulator found)" },
	{ "release-ignored", "--profile mixed", "a zone that was rolled back stays so when the operator sends it on" },
	{ "undone-kept", "--parent agent --profile faulty", "an undo counts against all that the child asks for later" },
	{ "manual-kept", "--parent agent --profile operator", "after a change by hand no signals count any more" },
	{ "suspended-kept", "--parent agent --profile operator", "a delegation stays suspended when it has a DS again" },
	{ "held-deaf", "--parent agent --profile operator", "the agent scans for nothing once signals were held" },
	{ "base-ttl-lost", "--parent agent --profile crash", "without its store the agent leaves its low TTL" },
	{ "left-aside", "--profile mixed --seeds 152251..152300", "the old key stays aside when a new algorithm is given up (another)" },
	{ "blind-write", "--parent agent --way include", "the included file is written whatever the zone has" },
	{ "left-in-file", "--parent agent --way include", "what a process has left in the included file stays there" },
	{ "ds-ttl-early", "--parent update", "restores the DS TTL while validation is still observed" },
	{ "ds-ttl-left", "--parent update", "takes what the servers show for a proof that nothing has lowered the DS TTL" },
	{ "ds-ttl-forgotten", "--parent update", "forgets the DS TTL of before" },
	{ "ds-ttl-denied", "--parent update --seeds 2051..2200", "takes a refusal that nobody has signed for the parent's word" },
	{ "ds-ttl-replaced", "--parent update --seeds 506801..506850", "takes the new DS with the TTL of before for a proof as well (another)" },
	{ "presigned-is-new", "--parent update --profile crash --seeds 8022501..8022550", "takes a zone whose data a new algorithm signs for a new one (another)" },
	{ "any-hour", "--starts", "starts a rollover that is due outside of its window" },
	{ "full-house", "--starts", "starts one more rollover than may be under way" },
	{ "early-share", "--starts --profile cooperative", "takes the share of the spread twice" },
	{ "lost-second", NULL, "takes a time that was rounded down for exact" },
	{ "set-clock", "--profile crash", "what the wall clock is set by counts as passed" },
};
/* clang-format on */
#define MUTANTS_COUNT (sizeof(MUTANTS) / sizeof(MUTANTS[0]))

/*! Runs one; \a line gets the words of the first violation. \return 1 caught, 0 not, -1 could not run. */
static int run_one(const char *self, const char *name, const char *where, const char *seeds, char *line, size_t size)
{
	char command[1024];
	int found = 0;

	snprintf(command, sizeof(command), "'%.600s-mutant-%s' --first --seeds '%.60s' %s 2>&1", self, name, seeds,
	         where != NULL ? where : "");
	FILE *out = popen(command, "r");
	if (out == NULL) {
		return -1;
	}
	char buffer[1024];
	while (fgets(buffer, sizeof(buffer), out) != NULL) {
		if (!found && strncmp(buffer, "seed ", 5) == 0) {
			found = 1;
			snprintf(line, size, "%s", buffer);
			line[strcspn(line, "\n")] = '\0';
		}
	}
	int status = pclose(out);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		return -1;
	}
	return found && WEXITSTATUS(status) == 1;
}

int mutants_run(const char *self, const char *seeds)
{
	int missed = 0;

	for (size_t i = 0; i < MUTANTS_COUNT; i++) {
		char line[1024] = "";
		int ret = run_one(self, MUTANTS[i].name, MUTANTS[i].where, seeds, line, sizeof(line));
		printf("%-20s %-10s %s\n", MUTANTS[i].name, ret == 1 ? "caught" : (ret == 0 ? "NOT CAUGHT" : "NOT RUN"),
		       MUTANTS[i].mistake);
		if (ret == 1) {
			printf("%31s %.200s\n", "", line);
		}
		fflush(stdout);
		missed += ret != 1;
	}
	printf("%zu mutants, %d not caught\n", MUTANTS_COUNT, missed);
	return missed;
}
