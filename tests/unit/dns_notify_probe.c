/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Sends notifications as told by its arguments and prints what came of them.
 *
 * Arguments are NAME=VALUE: zone (many), anchor, hints, resolver, secure (1: required),
 * interval, retransmissions, tcp-timeout (ms),
 * rate (at one address, per second), repeat, free-after, cancel-after (ms).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/dns.h"

#define ZONES_MAX   32
#define RUNNING_MAX 1024

typedef struct probe probe_t;

typedef struct {
	probe_t *probe;
	notify_t *notify; /*!< NULL once called back. */
	const char *zone;
} running_t;

struct probe {
	dns_t *dns;
	unsigned left;
	bool cancel;
	uv_timer_t timer;
	running_t running[RUNNING_MAX];
	unsigned count;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(2);
}

static void on_done(notify_result_t *result, void *arg)
{
	running_t *running = arg;
	probe_t *probe = running->probe;
	if (running->notify == NULL) {
		die("called back twice", running->zone);
	}
	running->notify = NULL;
	printf("%s\t%s\towner=%s\tsecure=%d\ttarget=%s\tserver=%s\ttcp=%d\trcode=%u\t"
	       "tries=%u\tms=%u\tagent=%d\tdetail=%s\n",
	       running->zone, notify_status_name(result->status), result->dsync_owner, result->secure, result->target,
	       result->server, result->tcp, result->rcode, result->tries, result->elapsed_ms, result->report_agent,
	       result->detail);
	fflush(stdout);
	notify_free(result);

	if (--probe->left == 0 && probe->dns != NULL) {
		/* From the callback: the hardest place to be freed from. */
		dns_free(probe->dns);
		probe->dns = NULL;
		uv_close((uv_handle_t *)&probe->timer, NULL);
	}
}

static void on_timer(uv_timer_t *timer)
{
	probe_t *probe = timer->data;
	if (probe->cancel) {
		/* Who was cancelled last frees the rest, see above. */
		for (unsigned i = 0; i < probe->count; i++) {
			notify_cancel(probe->running[i].notify);
		}
		return;
	}
	dns_t *dns = probe->dns;
	probe->dns = NULL;
	dns_free(dns);
	uv_close((uv_handle_t *)timer, NULL);
}

int main(int argc, char **argv)
{
	static probe_t probe;
	static knot_dname_storage_t zones[ZONES_MAX];
	static const char *names[ZONES_MAX];
	unsigned zone_count = 0, repeat = 1;
	long after = -1;
	struct sockaddr_storage resolver;
	dns_config_t config = { .loopback = true };
	notify_request_t request = { 0 };
	knot_dname_storage_t agent, host;
	knot_rdataset_t ns = { 0 };
	uint8_t room[2 * sizeof(host)];

	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (value == NULL) {
			die("argument", argv[i]);
		}
		*value++ = '\0';
		const char *name = argv[i];
		if (strcmp(name, "zone") == 0 && zone_count < ZONES_MAX) {
			if (knot_dname_from_str(zones[zone_count], value, sizeof(zones[0])) == NULL) {
				die("zone", value);
			}
			names[zone_count++] = value;
		} else if (strcmp(name, "anchor") == 0) {
			config.trust_anchor = value;
		} else if (strcmp(name, "hints") == 0) {
			config.root_hints = value;
		} else if (strcmp(name, "resolver") == 0) {
			if (addr_parse(value, &resolver) != KNOT_EOK) {
				die("address", value);
			}
			config.resolver = (dns_addrs_t){ &resolver, 1 };
		} else if (strcmp(name, "secure") == 0) {
			request.require_secure = atoi(value);
		} else if (strcmp(name, "agent") == 0) {
			request.report_agent = knot_dname_from_str(agent, value, sizeof(agent));
		} else if (strcmp(name, "ns") == 0 && knot_dname_from_str(host, value, sizeof(host)) != NULL) {
			knot_rdata_t *rdata = (knot_rdata_t *)room;
			knot_rdata_init(rdata, knot_dname_size(host), host);
			(void)knot_rdataset_add(&ns, rdata, NULL);
			request.ns = &ns;
		} else if (strcmp(name, "interval") == 0) {
			request.retry.interval_ms = atoi(value);
		} else if (strcmp(name, "retransmissions") == 0) {
			request.retry.retransmissions = atoi(value);
		} else if (strcmp(name, "tcp-timeout") == 0) {
			request.retry.tcp_timeout_ms = atoi(value);
		} else if (strcmp(name, "rate") == 0) {
			config.parent_rate = atoi(value);
		} else if (strcmp(name, "repeat") == 0) {
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

	uv_loop_t loop;
	uv_loop_init(&loop);
	char err[256];
	probe.dns = dns_new(&loop, &config, err, sizeof(err));
	if (probe.dns == NULL) {
		die("refused", err);
	}
	uv_timer_init(&loop, &probe.timer);
	probe.timer.data = &probe;
	if (after >= 0) {
		uv_timer_start(&probe.timer, on_timer, after, 0);
	}

	probe.left = repeat * zone_count;
	if (probe.left > RUNNING_MAX) {
		die("repeat", "too many");
	}
	for (; probe.count < probe.left; probe.count++) {
		running_t *running = &probe.running[probe.count];
		*running = (running_t){ .probe = &probe, .zone = names[probe.count % zone_count] };
		request.zone = zones[probe.count % zone_count];
		if (notify_start(probe.dns, &request, on_done, running, &running->notify) != KNOT_EOK) {
			die("notify", "cannot start");
		}
	}

	uv_run(&loop, UV_RUN_DEFAULT);
	int ret = uv_loop_close(&loop);
	if (ret != 0 || probe.left != 0) {
		die("end", ret != 0 ? uv_strerror(ret) : "a notification was not called back");
	}
	return 0;
}
