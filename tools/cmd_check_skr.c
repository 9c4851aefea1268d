/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checks a Signed Key Response before it is imported: findings for people and for programs, and what it has.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>
#include <libzscanner/scanner.h>

#include "skr.h"

/*! A finding with a text of its own. */
typedef struct {
	skr_check_t check;
	level_t level;
	time_t at;
	char *detail;
} kept_t;

typedef struct {
	const options_t *o;
	skr_t skr;
	bool readable; /*!< The sets can be shown. */
	char zone[KNOT_DNAME_TXT_MAXLEN + 1];
	kept_t *kept;
	size_t count;
	level_counts_t levels;
} run_t;

static void keep(skr_check_t check, level_t level, time_t at, const char *detail, void *arg)
{
	run_t *r = arg;
	r->kept = memory_need(realloc(r->kept, (r->count + 1) * sizeof(*r->kept)));
	r->kept[r->count++] = (kept_t){ check, level, at, memory_need(strdup(detail)) };
	r->levels[level]++;
}

/*! The whole file, one octet more than is allowed at most. \return NULL with words on stderr. */
static char *read_file(const char *path, size_t *len)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	if (in == NULL) {
		fprintf(stderr, "kskroll: %s cannot be read: %s\n", path, strerror(errno));
		return NULL;
	}
	char *text = memory_need(malloc(SKR_SIZE_MAX + 1));
	*len = fread(text, 1, SKR_SIZE_MAX + 1, in);
	if (ferror(in)) {
		fprintf(stderr, "kskroll: %s cannot be read: %s\n", path, strerror(errno));
		free(text);
		text = NULL;
	}
	if (in != stdin) {
		fclose(in);
	}
	return text;
}

/* The DS of the parent. */

/*! One record: its data alone, as `dig +short DS` prints it, or a whole one. */
static bool add_ds(const char *text, size_t len, knot_rdataset_t *out)
{
	const char *data = text;
	for (size_t i = 0; i + 2 <= len; i++) {
		data = memcmp(text + i, "DS", 2) == 0 ? text + i + 2 : data; /* No digit of a digest is an S. */
	}
	char line[1024];
	const int used = snprintf(line, sizeof(line), ". 1 IN DS %.*s\n", (int)(text + len - data), data);
	if (used < 0 || (size_t)used >= sizeof(line)) {
		return false;
	}

	zs_scanner_t *s = memory_need(malloc(sizeof(*s)));
	bool ok = zs_init(s, ".", KNOT_CLASS_IN, 1) == 0 && zs_set_input_string(s, line, used) == 0 &&
	          zs_parse_record(s) == 0 && s->state == ZS_STATE_DATA && s->r_type == KNOT_RRTYPE_DS;
	if (ok) {
		uint8_t buffer[sizeof(knot_rdata_t) + sizeof(line)];
		knot_rdata_t *rdata = (knot_rdata_t *)buffer;
		ok = s->r_data_length < sizeof(line);
		if (ok) {
			knot_rdata_init(rdata, s->r_data_length, s->r_data);
			ok = knot_rdataset_add(out, rdata, NULL) == KNOT_EOK;
		}
	}
	zs_deinit(s);
	free(s);
	return ok;
}

/*! All that were given, one a line. \return False with words on stderr. */
static bool read_ds(const options_t *o, knot_rdataset_t *out)
{
	for (unsigned i = 0; i < o->ds_count; i++) {
		for (const char *line = o->ds[i]; *line != '\0';) {
			const size_t len = strcspn(line, "\n");
			if (len > strspn(line, " \t") && (out->count == SKR_DS_MAX || !add_ds(line, len, out))) {
				fprintf(stderr, "kskroll: '%.*s' is no DS record\n", (int)len, line);
				return false;
			}
			line += len + (line[len] != '\0');
		}
	}
	if (o->ds_count > 0 && out->count == 0) {
		fputs("kskroll: --ds has no DS record\n", stderr);
		return false;
	}
	return true;
}

/* Checks. */

static void malformed(run_t *r)
{
	char text[224];
	if (r->skr.line > 0) {
		snprintf(text, sizeof(text), "line %zu: %s", r->skr.line, r->skr.error);
	} else {
		snprintf(text, sizeof(text), "%s", r->skr.error);
	}
	keep(SKR_MALFORMED, LEVEL_CRITICAL, 0, text, r);
}

static void check(run_t *r, const char *text, size_t len, const knot_rdataset_t *ds, const char *wanted)
{
	int ret = skr_read(&r->skr, text, len);
	if (ret == KNOT_EOK) {
		ret = skr_verify(&r->skr, ds);
	}
	if (ret == KNOT_ENOMEM) {
		memory_none();
	}
	if (ret != KNOT_EOK) {
		malformed(r);
		return;
	}
	r->readable = true;
	(void)knot_dname_to_str(r->zone, r->skr.zone, sizeof(r->zone));
	if (wanted[0] != '\0' && strcmp(wanted, r->zone) != 0) {
		keep(SKR_OTHER_ZONE, LEVEL_CRITICAL, 0, r->zone, r);
	}
	const skr_world_t world = { .now = r->o->now, .has_ds = ds->count > 0, .ds_ttl = r->o->assume.ds_ttl };
	skr_judge(&r->skr, &world, keep, r);
}

static int compare(const void *a, const void *b)
{
	const kept_t *x = a, *y = b;
	if (x->level != y->level) {
		return x->level > y->level ? -1 : 1;
	}
	return x->at != y->at ? (x->at < y->at ? -1 : 1) : (int)x->check - (int)y->check;
}

/* Output. */

static time_t end_of(const run_t *r)
{
	return r->readable ? r->skr.set[r->skr.count - 1].until : 0;
}

static void json_tags(const skr_t *skr, const char *name, skr_keys_t keys)
{
	json_open(json, name, '[');
	for (unsigned i = 0; i < skr->ksk_count; i++) {
		if (keys & ((skr_keys_t)1 << i)) {
			json_number(json, NULL, skr->ksk[i].tag);
		}
	}
	json_close(json, ']');
}

static void print_json(const run_t *r, int code)
{
	const size_t sets = r->readable ? r->skr.count : 0;

	output_begin();
	json_time(json, "time", r->o->now);
	json_string(json, "zone", r->zone[0] != '\0' ? r->zone : NULL);
	level_json(r->levels, code);
	json_time(json, "until", end_of(r));
	json_open(json, "findings", '[');
	for (size_t i = 0; i < r->count; i++) {
		const kept_t *f = &r->kept[i];
		json_open(json, NULL, '{');
		json_string(json, "level", level_name(f->level));
		json_string(json, "check", skr_check_name(f->check));
		json_string(json, "meaning", skr_check_meaning(f->check));
		json_time(json, "at", f->at);
		json_string(json, "detail", f->detail[0] != '\0' ? f->detail : NULL);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "sets", '[');
	for (size_t i = 0; i < sets; i++) {
		const skr_set_t *set = &r->skr.set[i];
		json_open(json, NULL, '{');
		json_time(json, "from", set->from);
		json_time(json, "until", set->until);
		json_number(json, "dnskey_ttl", set->ttl);
		json_tags(&r->skr, "ksk", set->ksks);
		json_tags(&r->skr, "signed_by", set->signers);
		json_number(json, "zsks", set->zsk_count);
		json_tags(&r->skr, "cds", set->cds_keys);
		json_tags(&r->skr, "cdnskey", set->cdnskey_keys);
		json_close(json, '}');
	}
	json_close(json, ']');
	output_end();
}

static void print_findings(const run_t *r)
{
	table_t *t = table_new(4);
	char when[TEXT_TIME];

	for (size_t i = 0; i < r->count; i++) {
		const kept_t *f = &r->kept[i];
		if (f->level == LEVEL_NOTE && !r->o->all) {
			continue;
		}
		char text[512];
		snprintf(text, sizeof(text), "%s%s%s", skr_check_meaning(f->check), f->detail[0] != '\0' ? "; " : "",
		         f->detail);
		table_add(t, level_color(f->level), level_name(f->level));
		table_add(t, COLOR_NONE, text_time(when, f->at));
		table_add(t, COLOR_BOLD, skr_check_name(f->check));
		table_add(t, COLOR_NONE, text);
	}
	table_print(r->o, t, 0);
	table_free(t);
}

static void add_tags(table_t *t, const skr_t *skr, skr_keys_t keys)
{
	char tags[256];
	skr_tags(skr, keys, tags, sizeof(tags));
	table_add(t, COLOR_NONE, tags[0] != '\0' ? tags : "-");
}

static void print_sets(const run_t *r)
{
	static const char *const heads[] = { "FROM", "SIGNED UNTIL", "SIGNED BY", "ZSKS", "CDS", "CDNSKEY" };
	table_t *t = table_new(sizeof(heads) / sizeof(heads[0]));
	char when[TEXT_TIME], number[16];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		table_add(t, COLOR_BOLD, heads[i]);
	}
	for (size_t i = 0; r->readable && i < r->skr.count; i++) {
		const skr_set_t *set = &r->skr.set[i];
		table_add(t, COLOR_NONE, text_time(when, set->from));
		table_add(t, COLOR_NONE, text_time(when, set->until));
		add_tags(t, &r->skr, set->signers);
		snprintf(number, sizeof(number), "%u", set->zsk_count);
		table_add(t, COLOR_NONE, number);
		add_tags(t, &r->skr, set->cds_keys);
		add_tags(t, &r->skr, set->cdnskey_keys);
	}
	if (r->readable) {
		putchar('\n');
		table_print(r->o, t, 0);
	}
	table_free(t);
}

static void print_text(const run_t *r, int code)
{
	char from[TEXT_TIME], until[TEXT_TIME];

	level_print_result(r->o, code);
	if (r->readable) {
		printf(" - %s %zu sets from %s, signed until %s:", r->zone, r->skr.count,
		       text_time(from, r->skr.set[0].from), text_time(until, end_of(r)));
	} else {
		fputs(" - not a response:", stdout);
	}
	printf(" %zu critical, %zu warning%s, %zu note%s%s\n", r->levels[LEVEL_CRITICAL], r->levels[LEVEL_WARNING],
	       r->levels[LEVEL_WARNING] == 1 ? "" : "s", r->levels[LEVEL_NOTE], r->levels[LEVEL_NOTE] == 1 ? "" : "s",
	       r->levels[LEVEL_NOTE] > 0 && !r->o->all ? " (--all shows them)" : "");
	print_findings(r);
	print_sets(r);
}

static void forget(run_t *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->kept[i].detail);
	}
	free(r->kept);
	skr_clear(&r->skr);
}

int cmd_check_skr(const options_t *o)
{
	char wanted[KNOT_DNAME_TXT_MAXLEN + 1] = "";
	if (o->zone != NULL && !stored_name(o->zone, wanted, sizeof(wanted))) {
		return AUDIT_UNKNOWN;
	}
	knot_rdataset_t ds = { 0 };
	size_t len = 0;
	char *text = read_ds(o, &ds) ? read_file(o->args[0], &len) : NULL;
	if (text == NULL) {
		knot_rdataset_clear(&ds, NULL);
		return AUDIT_UNKNOWN;
	}

	run_t r = { .o = o };
	check(&r, text, len, &ds, wanted);
	free(text);
	knot_rdataset_clear(&ds, NULL);
	if (r.count > 0) {
		qsort(r.kept, r.count, sizeof(*r.kept), compare);
	}
	const int code = level_result(r.levels, true);
	if (o->json) {
		print_json(&r, code);
	} else {
		print_text(&r, code);
	}
	forget(&r);
	return code;
}
