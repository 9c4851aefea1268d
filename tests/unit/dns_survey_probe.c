/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Carries out surveys as told by its arguments and prints the results.
 *
 * Arguments are NAME=VALUE: zone, ns, key, dnskey (RDATA in hex), nameserver, parent,
 * resolver, anchor, hints, ask (child, parent, both), rate (parent's servers, per second), repeat,
 * zones (so many, z0.ZONE and so on, instead of ZONE), spread (ms over which surveys begin), free-after (ms).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kskroll/dns.h"

#define MANY 16

typedef struct {
	struct sockaddr_storage addr[MANY];
	size_t count;
} addrs_t;

typedef struct {
	dns_t *dns;
	unsigned running;
	uv_timer_t timer;
} probe_t;

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

static size_t unhex(const char *hex, uint8_t *out, size_t max)
{
	size_t len = strlen(hex) / 2;
	if (len > max) {
		die("too long", hex);
	}
	for (size_t i = 0; i < len; i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		out[i] = strtoul(byte, NULL, 16);
	}
	return len;
}

static void add_rdata(knot_rdataset_t *rrs, const uint8_t *data, size_t len)
{
	uint8_t buf[sizeof(knot_rdata_t) + len + 1];
	knot_rdata_init((knot_rdata_t *)buf, len, data);
	knot_rdataset_add(rrs, (knot_rdata_t *)buf, NULL);
}

static void print_signal(const char *name, const signal_rrset_t *set)
{
	if (set->unanswered) {
		printf("\t%s=unanswered", name);
		return;
	}
	printf("\t%s=%d:%u:%u:%d", name, set->present, set->keys, set->signed_by, set->unwanted);
}

static void on_done(survey_result_t *result, void *arg)
{
	static const char *const STATUS[] = { "ok", "unreachable", "error", "bogus", "incomplete", "no-route" };
	probe_t *probe = arg;

	if (result->cancelled) {
		printf("cancelled\n");
	} else {
		printf("survey\tfailed=%d\tinsecure=%d\tparent=%s\tdetail=%s\tdelegated=%u\n", result->discovery_failed,
		       result->parent_insecure, result->parent_zone, result->discovery_detail,
		       result->delegated_to.count);
		for (size_t i = 0; i < result->child_count; i++) {
			const child_answer_t *a = &result->child[i];
			printf("child\t%s\t%s\t%s\tdnskey=%u:%u\tequal=%d\tforeign=%d\tttl=%u", a->server,
			       STATUS[a->status], a->detail, a->dnskey, a->dnskey_signed_by, a->dnskey_equal,
			       a->dnskey_foreign, a->dnskey_ttl);
			print_signal("cds", &a->cds);
			print_signal("cdnskey", &a->cdnskey);
			printf("\tdata=%d:%u:%x\n", a->serial_known, a->serial, a->data_algorithms);
		}
		for (size_t i = 0; i < result->parent_count; i++) {
			const parent_answer_t *a = &result->parent[i];
			printf("parent\t%s\t%s\t%s\tds=%u\tforeign=%d\tttl=%u\tno_referral=%d\n", a->server,
			       STATUS[a->status], a->detail, a->ds, a->ds_foreign, a->ds_ttl, a->no_referral);
		}
		printf("route\tno=%u\tyes=%u\n", result->no_route, result->routed);
		printf("cost\tqueries=%u\tms=%u\n", result->queries, result->elapsed_ms);
	}
	fflush(stdout);
	survey_free(result);

	if (--probe->running == 0 && probe->dns != NULL) {
		/* From the callback: the hardest place to be freed from. */
		dns_free(probe->dns);
		probe->dns = NULL;
		uv_close((uv_handle_t *)&probe->timer, NULL);
	}
}

/*! What the surveys of one zone are to ask; begins one, and one more of the next zone. */
typedef struct {
	probe_t *probe;
	const survey_request_t *request;
	knot_dname_t *zone;
	const char *base;
	unsigned begun, repeat, zones;
	uv_timer_t timer;
} starter_t;

static void start_one(starter_t *starter)
{
	survey_t *survey;
	if (starter->zones > 0) {
		char name[300];
		snprintf(name, sizeof(name), "z%u.%s", starter->begun % starter->zones, starter->base);
		knot_dname_from_str(starter->zone, name, KNOT_DNAME_MAXLEN);
	}
	starter->begun++;
	if (survey_start(starter->probe->dns, starter->request, on_done, starter->probe, &survey) != KNOT_EOK) {
		die("survey", "cannot start");
	}
}

static void on_start(uv_timer_t *timer)
{
	starter_t *starter = timer->data;
	start_one(starter);
	if (starter->begun == starter->repeat) {
		uv_close((uv_handle_t *)timer, NULL);
	}
}

static unsigned cpu_ms(int who)
{
	struct rusage usage;
	getrusage(who, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static void on_timer(uv_timer_t *timer)
{
	probe_t *probe = timer->data;
	dns_t *dns = probe->dns;
	probe->dns = NULL;
	dns_free(dns);
	uv_close((uv_handle_t *)timer, NULL);
}

int main(int argc, char **argv)
{
	static uint8_t rdata[MANY][1024];
	dns_key_t keys[MANY] = { 0 };
	unsigned key_count = 0, repeat = 1, zones = 0, spread = 0;
	const char *base = "";
	long free_after = -1;
	knot_rdataset_t dnskey = { 0 }, ns = { 0 };
	addrs_t nameserver = { 0 }, parent = { 0 }, resolver = { 0 };
	dns_config_t config = { .loopback = true };
	knot_dname_storage_t zone = { 0 };
	survey_request_t request = {
		.zone = zone,
		.ask = SURVEY_CHILD | SURVEY_PARENT,
		.keys = keys,
		.dnskey = &dnskey,
		.ns = &ns,
		.now = time(NULL),
	};

	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (value == NULL) {
			die("argument", argv[i]);
		}
		*value++ = '\0';
		const char *name = argv[i];
		uint8_t buf[1024];
		if (strcmp(name, "zone") == 0) {
			knot_dname_from_str(zone, value, sizeof(zone));
			base = value;
		} else if (strcmp(name, "ns") == 0) {
			knot_dname_storage_t server;
			knot_dname_from_str(server, value, sizeof(server));
			add_rdata(&ns, server, knot_dname_size(server));
		} else if (strcmp(name, "key") == 0 && key_count < MANY) {
			dns_key_t *key = &keys[key_count];
			key->rdata = rdata[key_count];
			key->rdata_len = unhex(value, rdata[key_count], sizeof(rdata[0]));
			if (dns_key_id(zone, key->rdata, key->rdata_len, &key->id) != KNOT_EOK) {
				die("key", value);
			}
			key_count++;
		} else if (strcmp(name, "dnskey") == 0) {
			add_rdata(&dnskey, buf, unhex(value, buf, sizeof(buf)));
		} else if (strcmp(name, "nameserver") == 0) {
			add_addr(&nameserver, value);
		} else if (strcmp(name, "parent") == 0) {
			add_addr(&parent, value);
		} else if (strcmp(name, "resolver") == 0) {
			add_addr(&resolver, value);
		} else if (strcmp(name, "anchor") == 0) {
			config.trust_anchor = value;
		} else if (strcmp(name, "hints") == 0) {
			config.root_hints = value;
		} else if (strcmp(name, "ask") == 0) {
			request.ask = strcmp(value, "child") == 0  ? SURVEY_CHILD :
			              strcmp(value, "parent") == 0 ? SURVEY_PARENT :
			                                             request.ask;
		} else if (strcmp(name, "rate") == 0) {
			config.parent_rate = atoi(value);
		} else if (strcmp(name, "repeat") == 0) {
			repeat = atoi(value);
		} else if (strcmp(name, "zones") == 0) {
			zones = repeat = atoi(value);
		} else if (strcmp(name, "spread") == 0) {
			spread = atoi(value);
		} else if (strcmp(name, "free-after") == 0) {
			free_after = atol(value);
		} else {
			die("argument", name);
		}
	}
	request.key_count = key_count;
	request.nameserver = (dns_addrs_t){ nameserver.addr, nameserver.count };
	request.parent = (dns_addrs_t){ parent.addr, parent.count };
	config.resolver = (dns_addrs_t){ resolver.addr, resolver.count };

	uv_loop_t loop;
	uv_loop_init(&loop);
	char err[256];
	probe_t probe = { .running = repeat };
	probe.dns = dns_new(&loop, &config, err, sizeof(err));
	if (probe.dns == NULL) {
		printf("refused\t%s\n", err);
		knot_rdataset_clear(&dnskey, NULL);
		knot_rdataset_clear(&ns, NULL);
		uv_run(&loop, UV_RUN_DEFAULT);
		return uv_loop_close(&loop) == 0 ? 1 : 3;
	}
	uv_timer_init(&loop, &probe.timer);
	probe.timer.data = &probe;
	if (free_after >= 0) {
		uv_timer_start(&probe.timer, on_timer, free_after, 0);
	}
	starter_t starter = { &probe, &request, zone, base, 0, repeat, zones, { 0 } };
	if (spread >= repeat) {
		uv_timer_init(&loop, &starter.timer);
		starter.timer.data = &starter;
		uv_timer_start(&starter.timer, on_start, 0, spread / repeat);
	} else {
		while (starter.begun < repeat) {
			start_one(&starter);
		}
	}

	uint64_t began = uv_hrtime();
	uv_run(&loop, UV_RUN_DEFAULT);
	printf("total\tms=%u\tcpu=%u\tthread=%u\n", (unsigned)((uv_hrtime() - began) / 1000000), cpu_ms(RUSAGE_SELF),
	       cpu_ms(RUSAGE_THREAD));
	knot_rdataset_clear(&dnskey, NULL);
	knot_rdataset_clear(&ns, NULL);
	int ret = uv_loop_close(&loop);
	if (ret != 0 || probe.running != 0) {
		die("end", ret != 0 ? uv_strerror(ret) : "a survey was not called back");
	}
	return 0;
}
