/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>
#include <libzscanner/scanner.h>

#include "own.h"

/*! Text of the wanted records of one zone, in zone file format. */
typedef struct {
	char *text;
	size_t len;
	size_t size;
	bool failed;
} apex_t;

/*! Whether a zone transaction cannot begin before this event of the zone has ended. */
static bool is_change(const char *event)
{
	static const char *const events[] = { "load", "refresh", "update", "expiration", "backup/restore", "re-sign" };
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (strcmp(event, events[i]) == 0) {
			return true;
		}
	}
	return false;
}

void zone_status_unit(const control_unit_t *unit, void *arg)
{
	zone_status_t *status = arg;
	status->answered = true;

	if (unit->type == NULL) {
		return;
	}
	const char *value = (unit->data != NULL) ? unit->data : "";
	bool set = (strcmp(value, "-") != 0);

	if (strcmp(unit->type, "serial") == 0) {
		status->loaded = set;
		status->serial = (uint32_t)strtoul(value, NULL, 10);
	} else if (strcmp(unit->type, "transaction") == 0) {
		status->transaction = set;
	} else if (strcmp(unit->type, "freeze") == 0) {
		// "freezing" and "thawing" too: events do not run at either end.
		status->frozen = set;
	} else if (strcmp(unit->type, "catalog") == 0) {
		// A member shows "catalog.zone.#group", or nothing if its catalog is gone.
		status->catalog_member =
			(set && value[0] != '@' && strcmp(value, "interpret") != 0 && strcmp(value, "generate") != 0);
	} else if (strcmp(unit->type, "role") == 0) {
		status->secondary = (strcmp(value, "slave") == 0);
	} else if (strncmp(value, "running", strlen("running")) == 0 && is_change(unit->type)) {
		snprintf(status->running, sizeof(status->running), "%s", unit->type);
	}
}

static bool is_wanted(const char *type)
{
	static const char *const wanted[] = { "DNSKEY", "RRSIG", "CDS", "CDNSKEY", "NS", "SOA" };
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (strcmp(type, wanted[i]) == 0) {
			return true;
		}
	}
	return false;
}

static void apex_unit(const control_unit_t *unit, void *arg)
{
	apex_t *apex = arg;

	if (unit->owner == NULL || unit->ttl == NULL || unit->type == NULL || unit->data == NULL ||
	    !is_wanted(unit->type)) {
		return;
	}

	size_t need =
		strlen(unit->owner) + strlen(unit->ttl) + strlen(unit->type) + strlen(unit->data) + sizeof("  IN  \n");
	if (apex->size - apex->len < need) {
		size_t size = 2 * apex->size + need;
		char *text = realloc(apex->text, size);
		if (text == NULL) {
			apex->failed = true;
			return;
		}
		apex->text = text;
		apex->size = size;
	}
	apex->len += snprintf(apex->text + apex->len, need, "%s %s IN %s %s\n", unit->owner, unit->ttl, unit->type,
	                      unit->data);
}

static knot_rdataset_t *rdataset_of(server_check_t *check, uint16_t type)
{
	switch (type) {
	case KNOT_RRTYPE_DNSKEY:
		return &check->dnskey;
	case KNOT_RRTYPE_CDS:
		return &check->cds;
	case KNOT_RRTYPE_CDNSKEY:
		return &check->cdnskey;
	case KNOT_RRTYPE_NS:
		return &check->ns;
	case KNOT_RRTYPE_SOA:
		return &check->soa;
	default:
		return NULL;
	}
}

knot_rdataset_t *check_signatures(server_check_t *check, uint16_t type, const uint8_t *rdata, size_t len)
{
	const uint16_t covered = len < 2 ? 0 : knot_wire_read_u16(rdata);

	if (type != KNOT_RRTYPE_ANY && covered != type) {
		return NULL;
	}
	return covered == KNOT_RRTYPE_DNSKEY ? &check->rrsig : covered == KNOT_RRTYPE_SOA ? &check->soa_rrsig : NULL;
}

static void process_record(zs_scanner_t *scanner)
{
	server_check_t *check = scanner->process.data;

	knot_rdataset_t *set = rdataset_of(check, scanner->r_type);
	if (scanner->r_type == KNOT_RRTYPE_RRSIG) {
		set = check_signatures(check, KNOT_RRTYPE_ANY, scanner->r_data, scanner->r_data_length);
	}
	if (set == NULL) {
		return;
	}

	knot_rdata_t *rdata = malloc(knot_rdata_size(scanner->r_data_length));
	if (rdata == NULL) {
		check->status = SERVER_UNREACHABLE;
		scanner->state = ZS_STATE_STOP;
		return;
	}
	knot_rdata_init(rdata, scanner->r_data_length, scanner->r_data);
	if (knot_rdataset_add(set, rdata, NULL) != KNOT_EOK) {
		check->status = SERVER_UNREACHABLE;
		scanner->state = ZS_STATE_STOP;
	}
	free(rdata);

	if (scanner->r_type == KNOT_RRTYPE_DNSKEY) {
		check->dnskey_ttl = scanner->r_ttl;
	} else if (scanner->r_type == KNOT_RRTYPE_SOA) {
		check->soa_ttl = scanner->r_ttl;
	}
}

static int parse_apex(zs_scanner_t *scanner, const check_t *check, const apex_t *apex, server_check_t *out)
{
	if (zs_init(scanner, check->zone, KNOT_CLASS_IN, 3600) != 0) {
		return KNOT_EINVAL;
	}
	int ret = KNOT_EOK;
	if (zs_set_processing(scanner, process_record, NULL, out) != 0 ||
	    zs_set_input_string(scanner, apex->text, apex->len) != 0 || zs_parse_all(scanner) != 0 ||
	    scanner->state == ZS_STATE_STOP) {
		ret = KNOT_EMALF;
	}
	zs_deinit(scanner);
	return ret;
}

static void fail(server_check_t *check, server_status_t status, const char *detail)
{
	check_clear(check);
	check->status = status;
	snprintf(check->detail, sizeof(check->detail), "%s", detail);
}

static void conclude(check_t *check, const control_cmd_t *status_cmd, const control_cmd_t *read_cmd,
                     const zone_status_t *status, const apex_t *apex, zs_scanner_t *scanner)
{
	server_check_t *out = &check->check;
	char detail[CONTROL_DETAIL_MAX];

	server_status_t ret = control_status(status_cmd, detail);
	if (ret != SERVER_OK) {
		fail(out, ret, detail);
		return;
	}
	if (!status->answered) {
		fail(out, SERVER_BUSY, "knotd did not carry out zone-status: its control socket is busy");
		return;
	}
	out->frozen = status->frozen;
	out->transaction = status->transaction;
	out->catalog_member = status->catalog_member;
	if (!status->loaded) {
		fail(out, SERVER_REFUSED, CHECK_NOT_LOADED);
		return;
	}

	ret = control_status(read_cmd, detail);
	if (ret != SERVER_OK) {
		fail(out, ret, detail);
		return;
	}
	if (apex->failed) {
		fail(out, SERVER_UNREACHABLE, "not enough memory");
		return;
	}
	if (apex->len > 0 && parse_apex(scanner, check, apex, out) != KNOT_EOK) {
		bool no_memory = out->status == SERVER_UNREACHABLE;
		fail(out, no_memory ? SERVER_UNREACHABLE : SERVER_REFUSED,
		     no_memory ? "not enough memory" : "zone-read gave a record that cannot be parsed");
		return;
	}
	// A loaded zone has a SOA: an empty answer is one of a busy knotd.
	if (out->soa.count == 0) {
		fail(out, SERVER_BUSY, "knotd did not carry out zone-read: its control socket is busy");
		return;
	}
	out->status = SERVER_OK;
	out->detail[0] = '\0';
}

/*! Memory and commands of one run. */
typedef struct {
	control_cmd_t *status_cmds;
	control_cmd_t *read_cmds;
	zone_status_t *status;
	apex_t *apex;
	zs_scanner_t *scanner;
} run_t;

static bool run_init(run_t *run, size_t count)
{
	run->status_cmds = calloc(count, sizeof(*run->status_cmds));
	run->read_cmds = calloc(count, sizeof(*run->read_cmds));
	run->status = calloc(count, sizeof(*run->status));
	run->apex = calloc(count, sizeof(*run->apex));
	run->scanner = malloc(sizeof(*run->scanner));
	return run->status_cmds != NULL && run->read_cmds != NULL && run->status != NULL && run->apex != NULL &&
	       run->scanner != NULL;
}

static void run_clear(run_t *run, size_t count)
{
	for (size_t i = 0; run->apex != NULL && i < count; i++) {
		free(run->apex[i].text);
	}
	free(run->status_cmds);
	free(run->read_cmds);
	free(run->status);
	free(run->apex);
	free(run->scanner);
}

/*! Only a zone that is loaded is read: for the others knotd would log an error. */
static int ask(control_t *control, run_t *run, const check_t *checks, size_t count, char *detail)
{
	for (size_t i = 0; i < count; i++) {
		run->status_cmds[i] = (control_cmd_t){
			.name = "zone-status", .zone = checks[i].zone, .each = zone_status_unit, .arg = &run->status[i]
		};
	}
	int ret = control_run(control, run->status_cmds, count, detail);

	size_t loaded = 0;
	for (size_t i = 0; i < count; i++) {
		if (run->status[i].loaded) {
			// One command for all types: the RRsets are then of one version of the zone.
			run->read_cmds[loaded++] = (control_cmd_t){ .name = "zone-read",
				                                    .zone = checks[i].zone,
				                                    .owner = "@",
				                                    .each = apex_unit,
				                                    .arg = &run->apex[i] };
		}
	}
	return ret == KNOT_EOK ? control_run(control, run->read_cmds, loaded, detail) : ret;
}

void check_run(const control_target_t *target, check_t *checks, size_t count)
{
	assert(target != NULL && checks != NULL);

	char detail[CONTROL_DETAIL_MAX] = "not enough memory";
	control_t *control = NULL;
	bool done = false;
	run_t run;

	if (run_init(&run, count) && control_open(&control, target, detail) == KNOT_EOK) {
		done = (ask(control, &run, checks, count, detail) == KNOT_EOK);
		control_close(control);
	}

	for (size_t i = 0, loaded = 0; i < count; i++) {
		if (done) {
			conclude(&checks[i], &run.status_cmds[i], &run.read_cmds[loaded], &run.status[i], &run.apex[i],
			         run.scanner);
			loaded += run.status[i].loaded ? 1 : 0;
		} else {
			fail(&checks[i].check, SERVER_UNREACHABLE, detail);
		}
	}
	run_clear(&run, count);
}

void check_clear(server_check_t *check)
{
	knot_rdataset_clear(&check->dnskey, NULL);
	knot_rdataset_clear(&check->rrsig, NULL);
	knot_rdataset_clear(&check->soa_rrsig, NULL);
	knot_rdataset_clear(&check->cds, NULL);
	knot_rdataset_clear(&check->cdnskey, NULL);
	knot_rdataset_clear(&check->ns, NULL);
	knot_rdataset_clear(&check->soa, NULL);
}
