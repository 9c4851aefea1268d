/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Preloaded: kskrolld stops itself (SIGSTOP) at a control command. STOP_AT="before zone-commit": it is not sent yet;
 * "after zone-commit": knotd has answered, and nobody has read the answer. SIGCONT lets it go on.
 */

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/control/control.h>

/* Sent by this thread, and to be stopped after. */
static _Thread_local bool waits;

static bool is_at(const char *when, const char *command)
{
	const char *at = getenv("STOP_AT");
	const size_t len = strlen(when);

	return at != NULL && strcmp(program_invocation_short_name, "kskrolld") == 0 && strncmp(at, when, len) == 0 &&
	       strcmp(at + len, command) == 0;
}

int knot_ctl_send(knot_ctl_t *ctl, knot_ctl_type_t type, knot_ctl_data_t *data)
{
	int (*real)(knot_ctl_t *, knot_ctl_type_t, knot_ctl_data_t *) = dlsym(RTLD_NEXT, "knot_ctl_send");
	const char *command = type == KNOT_CTL_TYPE_DATA && data != NULL ? (*data)[KNOT_CTL_IDX_CMD] : NULL;

	if (command != NULL && is_at("before ", command)) {
		raise(SIGSTOP);
	}
	waits = waits || (command != NULL && is_at("after ", command));
	return real(ctl, type, data);
}

int knot_ctl_receive(knot_ctl_t *ctl, knot_ctl_type_t *type, knot_ctl_data_t *data)
{
	int (*real)(knot_ctl_t *, knot_ctl_type_t *, knot_ctl_data_t *) = dlsym(RTLD_NEXT, "knot_ctl_receive");
	const int ret = real(ctl, type, data);

	if (waits) {
		waits = false;
		raise(SIGSTOP);
	}
	return ret;
}
