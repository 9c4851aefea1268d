/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <inttypes.h>
#include <stdio.h>

#include <libknot/libknot.h>

#include "kskroll.h"
#include "kskroll/ede_names.h"

static const char *type_name(uint16_t type, char out[32])
{
	if (knot_rrtype_to_string(type, out, 32) < 0) {
		snprintf(out, 32, "TYPE%u", type);
	}
	return out;
}

static int json_one(const store_report_t *report, void *arg)
{
	char type[32];

	(void)arg;
	json_open(json, NULL, '{');
	json_string(json, "type", type_name(report->type, type));
	json_number(json, "error", report->ede);
	json_string(json, "error_name", ede_name(report->ede));
	json_string(json, "error_meaning", ede_meaning(report->ede));
	json_number(json, "count", report->count);
	json_time(json, "first", report->first);
	json_time(json, "last", report->last);
	json_close(json, '}');
	return KNOT_EOK;
}

static void complain(store_t *store, int ret)
{
	if (ret != KNOT_EOK) {
		fprintf(stderr, "kskroll: %s\n", store_error(store));
	}
}

void error_reports_json(store_t *store, const char *zone)
{
	json_open(json, "error_reports", '[');
	complain(store, store_reports(store, zone, json_one, NULL));
	json_close(json, ']');
}

static int add_one(const store_report_t *report, void *arg)
{
	int64_t *count = arg;
	const uint64_t room = (uint64_t)(INT64_MAX - *count);

	*count += (int64_t)(report->count < room ? report->count : room);
	return KNOT_EOK;
}

int64_t error_reports_count(store_t *store, const char *zone)
{
	int64_t count = 0;

	complain(store, store_reports(store, zone, add_one, &count));
	return count;
}

typedef struct {
	const options_t *o;
	bool any;
} print_t;

static int print_one(const store_report_t *report, void *arg)
{
	print_t *p = arg;
	char type[32], first[TEXT_TIME], last[TEXT_TIME], span[TEXT_SPAN];

	if (!p->any) {
		detail_label("Reported");
		puts("errors, by resolvers or the parent (RFC 9567; nobody has proven them):");
		p->any = true;
	}
	printf("  %s, error %u (%s): %s\n      %" PRIu64 " %s, the last one %s (%s ago), the first one %s\n",
	       type_name(report->type, type), report->ede, ede_name(report->ede), ede_meaning(report->ede),
	       report->count, report->count == 1 ? "report" : "reports", text_time(last, report->last),
	       text_span(span, p->o->now - report->last), text_time(first, report->first));
	return KNOT_EOK;
}

void error_reports_print(const options_t *o, store_t *store, const char *zone)
{
	print_t p = { .o = o };

	complain(store, store_reports(store, zone, print_one, &p));
}
