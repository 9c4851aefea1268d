/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Scans and surveys children as its arguments say, and prints the results.
 *
 * Arguments are NAME=VALUE: child, parent, ns, ds (RDATA in hex), ask (of survey, parents, watch, names, scan;
 * several), parent-server, validator, anchor, hints, rate (parent's servers), now, repeat, children (so many, c0.CHILD
 * and so on, instead of CHILD), free-after (ms).
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kskroll/child_survey.h"

#define MANY 80

typedef struct {
	struct sockaddr_storage addr[MANY];
	size_t count;
} addrs_t;

typedef struct {
	dns_t *dns;
	unsigned running;
	uv_timer_t timer;
} probe_t;

typedef struct {
	probe_t *probe;
	knot_dname_storage_t name;
	char text[256];
	knot_rdataset_t ns, ds;
} kid_t;

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

static void add_rdata(knot_rdataset_t *rrs, const uint8_t *data, size_t len)
{
	uint8_t buf[sizeof(knot_rdata_t) + 512];
	knot_rdata_init((knot_rdata_t *)buf, len, data);
	knot_rdataset_add(rrs, (knot_rdata_t *)buf, NULL);
}

static void add_hex(knot_rdataset_t *rrs, const char *hex)
{
	uint8_t data[256];
	const size_t len = strlen(hex) / 2;
	for (size_t i = 0; i < len && i < sizeof(data); i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		data[i] = strtoul(byte, NULL, 16);
	}
	add_rdata(rrs, data, len);
}

static void one_over(probe_t *probe)
{
	fflush(stdout);
	if (--probe->running == 0 && probe->dns != NULL) {
		/* From the callback: the hardest place to be freed from. */
		dns_free(probe->dns);
		probe->dns = NULL;
		uv_close((uv_handle_t *)&probe->timer, NULL);
	}
}

static const char *set_text(const ds_set_t *set)
{
	static char text[512];
	size_t len = snprintf(text, sizeof(text), "%s", set->excess ? "excess" : "");
	for (unsigned i = 0; i < set->count && len < sizeof(text); i++) {
		len += snprintf(text + len, sizeof(text) - len, "%s%u/%u", len > 0 ? "," : "", set->record[i].tag,
		                set->record[i].digest_type);
	}
	return text;
}

static const char *keys_text(const delegation_facts_t *facts, delegation_keys_t keys)
{
	static char text[4][512];
	static unsigned at;
	char *out = text[at++ % 4];
	size_t len = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < facts->key_count && len < sizeof(text[0]); i++) {
		if (keys & (UINT32_C(1) << i)) {
			len += snprintf(out + len, sizeof(text[0]) - len, "%s%u", len > 0 ? "," : "",
			                facts->key[i].id.tag);
		}
	}
	return out;
}

static void print_rrset(const char *name, const delegation_facts_t *facts, const delegation_rrset_t *rrset)
{
	printf("\t%s=%s:%s:%" PRIi64 ":%" PRIi64, name,
	       rrset->present ? "present" :
	       rrset->proven  ? "proven" :
	                        "unproven",
	       keys_text(facts, rrset->signed_by), (int64_t)rrset->inception, (int64_t)rrset->expires);
}

static void print_child(const delegation_facts_t *facts, const delegation_child_t *a, const char *status)
{
	printf("child\t%s\t%s\t%s\tdnskey=%s:%s", a->server, status, a->detail, keys_text(facts, a->dnskey),
	       keys_text(facts, a->dnskey_signed_by));
	printf("\tset=%s\tkeys=%s\tflags=%s%s%s", set_text(&a->cds_set), keys_text(facts, a->cdnskey_keys),
	       a->cdnskey_deletes ? "deletes" : "", a->cdnskey_malformed ? "malformed" : "",
	       a->cdnskey_excess ? "excess" : "");
	print_rrset("cds", facts, &a->cds);
	print_rrset("cdnskey", facts, &a->cdnskey);
	printf("\n");
}

static void on_survey(child_survey_t *result, void *arg)
{
	static const char *const STATUS[] = { "ok", "unreachable", "error", "bogus", "incomplete", "no-route" };
	static const char *const NAMES[] = { "ok", "inside", "failed" };
	static const char *const VIEWS[] = { "none", "insecure", "secure", "bogus" };
	const delegation_facts_t *f = &result->facts;
	const kid_t *kid = arg;

	if (result->cancelled) {
		printf("cancelled\n");
		child_survey_free(result);
		one_over(kid->probe);
		return;
	}
	printf("survey\tfailed=%d\tdetail=%s\tkeys=%u%s\tagent=%s\theard=%d\n", f->discovery_failed,
	       f->discovery_detail, f->key_count, f->too_many_keys ? "+" : "", result->report_agent, result->heard);
	for (size_t i = 0; i < f->child_count; i++) {
		print_child(f, &f->child[i], STATUS[f->child[i].status]);
	}
	for (size_t i = 0; i < f->parent_count; i++) {
		const delegation_parent_t *a = &f->parent[i];
		printf("parent\t%s\t%s\t%s\tds=%s\n", a->server, STATUS[a->status], a->detail, set_text(&a->ds));
	}
	for (size_t i = 0; i < f->view_count; i++) {
		printf("view\t%s\t%s\t%s\n", f->view[i].resolver, VIEWS[f->view[i].status], f->view[i].detail);
	}
	for (size_t i = 0; i < f->signaling_count; i++) {
		const delegation_signaling_t *a = &f->signaling[i];
		printf("name\t%s\t%s\t%s\tset=%s\tkeys=%s\n", a->nameserver, NAMES[a->status], a->detail,
		       set_text(&a->cds), keys_text(f, a->cdnskey));
	}
	printf("cost\tqueries=%u\tms=%u\tsurveyed=%" PRIi64 "\t%s\n", result->queries, result->elapsed_ms,
	       (int64_t)f->surveyed, kid->text);
	child_survey_free(result);
	one_over(kid->probe);
}

static void on_scan(const scan_result_t *result, void *arg)
{
	if (result->cancelled) {
		printf("cancelled\n");
	} else {
		printf("scan\t%s\t%d\t%s\tset=%s\tqueries=%u\n", result->server, result->answered, result->detail,
		       set_text(&result->cds), result->queries);
	}
	one_over(((kid_t *)arg)->probe);
}

static void on_timer(uv_timer_t *timer)
{
	probe_t *probe = timer->data;
	dns_t *dns = probe->dns;
	probe->dns = NULL;
	dns_free(dns);
	uv_close((uv_handle_t *)timer, NULL);
}

static unsigned ask_of(const char *text)
{
	return strcmp(text, "survey") == 0  ? DELEGATION_ASK_SURVEY :
	       strcmp(text, "parents") == 0 ? DELEGATION_ASK_PARENTS :
	       strcmp(text, "watch") == 0   ? DELEGATION_ASK_WATCH :
	                                      0;
}

static void start(kid_t *kid, child_request_t *request, bool scan)
{
	request->child = kid->name;
	request->ns = &kid->ns;
	request->ds = &kid->ds;
	const scan_request_t one = { .child = request->child, .parent = request->parent, .ns = request->ns };
	int ret = scan ? scan_start(kid->probe->dns, &one, on_scan, kid, NULL) :
	                 child_survey_start(kid->probe->dns, request, on_survey, kid, NULL);
	if (ret != KNOT_EOK) {
		die("start", knot_strerror(ret));
	}
}

/*! All that are started, one after the other. */
typedef struct {
	uv_timer_t timer;
	kid_t *kids;
	unsigned count, begun, all;
	child_request_t *request;
	bool scan;
} starter_t;

static void start_next(uv_timer_t *timer)
{
	starter_t *s = timer->data;
	start(&s->kids[s->begun % s->count], s->request, s->scan);
	if (++s->begun == s->all) {
		uv_close((uv_handle_t *)timer, NULL);
	}
}

int main(int argc, char **argv)
{
	static kid_t kids[MANY];
	unsigned repeat = 1, count = 0, pause = 0;
	bool scan = false;
	long free_after = -1;
	addrs_t parent_server = { 0 }, validator = { 0 };
	dns_config_t config = { .loopback = true };
	knot_dname_storage_t parent = { 0 }, server;
	child_request_t request = { .parent = parent, .now = time(NULL) };

	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (value == NULL) {
			die("argument", argv[i]);
		}
		*value++ = '\0';
		const char *name = argv[i];
		kid_t *kid = &kids[count > 0 ? count - 1 : 0];
		if (strcmp(name, "child") == 0 && count < MANY) {
			kid = &kids[count++];
			knot_dname_from_str(kid->name, value, sizeof(kid->name));
			snprintf(kid->text, sizeof(kid->text), "%s", value);
		} else if (strcmp(name, "parent") == 0) {
			knot_dname_from_str(parent, value, sizeof(parent));
		} else if (strcmp(name, "ns") == 0) {
			knot_dname_from_str(server, value, sizeof(server));
			add_rdata(&kid->ns, server, knot_dname_size(server));
		} else if (strcmp(name, "ds") == 0) {
			add_hex(&kid->ds, value);
		} else if (strcmp(name, "ask") == 0) {
			request.ask |= ask_of(value);
			request.signaling |= strcmp(value, "names") == 0;
			scan |= strcmp(value, "scan") == 0;
		} else if (strcmp(name, "parent-server") == 0) {
			add_addr(&parent_server, value);
		} else if (strcmp(name, "validator") == 0) {
			add_addr(&validator, value);
		} else if (strcmp(name, "anchor") == 0) {
			config.trust_anchor = value;
		} else if (strcmp(name, "hints") == 0) {
			config.root_hints = value;
		} else if (strcmp(name, "rate") == 0) {
			config.parent_rate = atoi(value);
		} else if (strcmp(name, "now") == 0) {
			request.now = atol(value);
		} else if (strcmp(name, "repeat") == 0) {
			repeat = atoi(value);
		} else if (strcmp(name, "pause") == 0) {
			pause = atoi(value);
		} else if (strcmp(name, "free-after") == 0) {
			free_after = atol(value);
		} else {
			die("argument", name);
		}
	}
	request.parent_server = (dns_addrs_t){ parent_server.addr, parent_server.count };
	request.validator = (dns_addrs_t){ validator.addr, validator.count };

	uv_loop_t loop;
	uv_loop_init(&loop);
	char err[256];
	probe_t probe = { .running = repeat * count };
	probe.dns = dns_new(&loop, &config, err, sizeof(err));
	if (probe.dns == NULL) {
		die("dns", err);
	}
	uv_timer_init(&loop, &probe.timer);
	probe.timer.data = &probe;
	if (free_after >= 0) {
		uv_timer_start(&probe.timer, on_timer, free_after, 0);
	}
	const uint64_t began = uv_hrtime();
	starter_t starter = { .kids = kids, .count = count, .all = repeat * count, .request = &request, .scan = scan };
	for (unsigned i = 0; i < count; i++) {
		kids[i].probe = &probe;
	}
	if (pause > 0) {
		uv_timer_init(&loop, &starter.timer);
		starter.timer.data = &starter;
		uv_timer_start(&starter.timer, start_next, 0, pause);
	}
	for (unsigned i = 0; i < repeat * count && pause == 0; i++) {
		start(&kids[i % count], &request, scan);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("total\tms=%u\tcpu=%u\n", (unsigned)((uv_hrtime() - began) / 1000000),
	       (unsigned)(usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000));
	for (unsigned i = 0; i < count; i++) {
		knot_rdataset_clear(&kids[i].ns, NULL);
		knot_rdataset_clear(&kids[i].ds, NULL);
	}
	int ret = uv_loop_close(&loop);
	if (ret != 0 || probe.running != 0) {
		die("end", ret != 0 ? uv_strerror(ret) : "something was not called back");
	}
	return 0;
}
