/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Carries out checks of the validation watch and prints the results.
 *
 * Arguments are NAME=VALUE: zone, validator, resolver, anchor, hints, repeat,
 * free-after, cancel-after (ms).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/dns.h"

#define MANY 64

typedef struct {
	struct sockaddr_storage addr[MANY];
	size_t count;
} addrs_t;

typedef struct {
	dns_t *dns;
	watch_t *watches[MANY];
	unsigned started, running;
	bool cancel;
	uint64_t ticked;
	unsigned blocked_ms;
	uv_timer_t timer;
	uv_timer_t tick;
} probe_t;

typedef struct {
	probe_t *probe;
	unsigned index;
} check_t;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(2);
}

static void add_addr(addrs_t *addrs, const char *text)
{
	if (addrs->count == MANY || addr_parse(text, &addrs->addr[addrs->count++]) != KNOT_EOK) {
		die("address", text);
	}
}

/*! How long the loop did not come round. */
static void on_tick(uv_timer_t *tick)
{
	probe_t *probe = tick->data;
	uint64_t now = uv_hrtime() / 1000000;
	if (probe->ticked != 0 && now - probe->ticked > probe->blocked_ms) {
		probe->blocked_ms = now - probe->ticked;
	}
	probe->ticked = now;
}

static void close_timers(probe_t *probe)
{
	uv_close((uv_handle_t *)&probe->timer, NULL);
	uv_close((uv_handle_t *)&probe->tick, NULL);
}

static void on_done(const watch_result_t *result, void *arg)
{
	check_t *check = arg;
	probe_t *probe = check->probe;
	if (probe->watches[check->index] == NULL) {
		die("check", "called back twice");
	}
	probe->watches[check->index] = NULL;

	if (result->cancelled) {
		printf("cancelled\n");
	} else {
		printf("watch\tanswered=%u\tfailing=%u\tparent=%d\tdetail=%s\tms=%u\n", result->answered,
		       result->failing, result->parent_ok, result->detail, result->elapsed_ms);
	}
	fflush(stdout);

	if (--probe->running == 0 && probe->dns != NULL) {
		/* From the callback: the hardest place to be freed from. */
		dns_free(probe->dns);
		probe->dns = NULL;
		close_timers(probe);
	}
}

static void on_timer(uv_timer_t *timer)
{
	probe_t *probe = timer->data;
	if (probe->cancel) {
		for (unsigned i = 0; i < probe->started; i++) {
			watch_cancel(probe->watches[i]);
		}
		return;
	}
	dns_t *dns = probe->dns;
	probe->dns = NULL;
	dns_free(dns);
	close_timers(probe);
}

int main(int argc, char **argv)
{
	unsigned repeat = 1;
	long after = -1;
	addrs_t validator = { 0 }, resolver = { 0 };
	dns_config_t config = { .loopback = true };
	knot_dname_storage_t zone = { 0 };
	probe_t probe = { 0 };

	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (value == NULL) {
			die("argument", argv[i]);
		}
		*value++ = '\0';
		const char *name = argv[i];
		if (strcmp(name, "zone") == 0) {
			knot_dname_from_str(zone, value, sizeof(zone));
		} else if (strcmp(name, "validator") == 0) {
			add_addr(&validator, value);
		} else if (strcmp(name, "resolver") == 0) {
			add_addr(&resolver, value);
		} else if (strcmp(name, "anchor") == 0) {
			config.trust_anchor = value;
		} else if (strcmp(name, "hints") == 0) {
			config.root_hints = value;
		} else if (strcmp(name, "repeat") == 0 && atoi(value) <= MANY) {
			repeat = atoi(value);
		} else if (strcmp(name, "free-after") == 0) {
			after = atol(value);
		} else if (strcmp(name, "cancel-after") == 0) {
			after = atol(value);
			probe.cancel = true;
		} else {
			die("argument", name);
		}
	}
	config.resolver = (dns_addrs_t){ resolver.addr, resolver.count };
	const watch_request_t request = {
		.zone = zone,
		.validator = { validator.addr, validator.count },
	};

	uv_loop_t loop;
	uv_loop_init(&loop);
	char err[256];
	probe.dns = dns_new(&loop, &config, err, sizeof(err));
	if (probe.dns == NULL) {
		die("refused", err);
	}
	uv_timer_init(&loop, &probe.timer);
	uv_timer_init(&loop, &probe.tick);
	probe.timer.data = probe.tick.data = &probe;
	uv_timer_start(&probe.tick, on_tick, 0, 1);
	if (after >= 0) {
		uv_timer_start(&probe.timer, on_timer, after, 0);
	}

	check_t checks[MANY];
	for (unsigned i = 0; i < repeat; i++) {
		checks[i] = (check_t){ &probe, i };
		if (watch_start(probe.dns, &request, on_done, &checks[i], &probe.watches[i]) != KNOT_EOK) {
			die("watch", "cannot start");
		}
		probe.started++;
		probe.running++;
	}

	uv_run(&loop, UV_RUN_DEFAULT);
	printf("cost\tblocked=%u\n", probe.blocked_ms);
	int ret = uv_loop_close(&loop);
	if (ret != 0 || probe.running != 0) {
		die("end", ret != 0 ? uv_strerror(ret) : "a check was not called back");
	}
	return 0;
}
