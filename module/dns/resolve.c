/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "addr.h"
#include "resolve.h"

/*! Trust anchor of the package dns-root-data. */
#define ROOT_ANCHOR	"/usr/share/dns/root.key"

struct lookup {
	resolve_t *resolve;
	struct lookup *prev, *next;
	int id;
	lookup_done_f done;
	void *arg;
};

struct resolve {
	struct ub_ctx *ctx;
	uv_poll_t poll;
	lookup_t *lookups;
};

/*!
 * What is asked decides about keys, so nothing old: a minute is enough to share lookups
 * between zones. The resolver is there to validate, not to be fast or clever.
 */
static const struct {
	const char *name;
	const char *value;
} OPTIONS[] = {
	{ "cache-max-ttl:", "60" },
	{ "cache-max-negative-ttl:", "30" },
	{ "val-bogus-ttl:", "10" },
	{ "infra-host-ttl:", "60" },
	{ "serve-expired:", "no" },
	{ "prefetch:", "no" },
	{ "aggressive-nsec:", "no" },
	{ "rrset-roundrobin:", "no" },
	/* Anchors are the operator's; no RFC 8145 signals from here. */
	{ "trust-anchor-signaling:", "no" },
	/* The library's own defaults, 16 and 2, are for one lookup at a time. */
	{ "outgoing-range:", "128" },
	{ "outgoing-num-tcp:", "16" },
};

static bool set_options(struct ub_ctx *ctx, char *err, size_t err_len)
{
	for (size_t i = 0; i < sizeof(OPTIONS) / sizeof(OPTIONS[0]); i++) {
		int ret = ub_ctx_set_option(ctx, OPTIONS[i].name, OPTIONS[i].value);
		if (ret != UB_NOERROR) {
			snprintf(err, err_len, "libunbound does not know '%s %s'",
			         OPTIONS[i].name, OPTIONS[i].value);
			return false;
		}
	}
	return true;
}

static bool set_anchor(struct ub_ctx *ctx, const char *file, char *err, size_t err_len)
{
	if (file == NULL) {
		if (access(ROOT_ANCHOR, R_OK) != 0) {
			snprintf(err, err_len, "no trust anchor: '%s' is not readable and none is "
			         "configured", ROOT_ANCHOR);
			return false;
		}
		file = ROOT_ANCHOR;
	} else if (access(file, R_OK) != 0) {
		snprintf(err, err_len, "trust anchor '%s' is not readable", file);
		return false;
	}

	if (ub_ctx_add_ta_file(ctx, file) != UB_NOERROR) {
		snprintf(err, err_len, "trust anchor '%s' cannot be used", file);
		return false;
	}
	return true;
}

static bool set_servers(struct ub_ctx *ctx, const dns_config_t *config, char *err, size_t err_len)
{
	bool loopback = config->loopback;
	for (size_t i = 0; i < config->resolver.count; i++) {
		char text[ADDR_TEXT_MAX];
		addr_to_text(&config->resolver.addr[i], text);
		if (ub_ctx_set_fwd(ctx, text) != UB_NOERROR) {
			snprintf(err, err_len, "resolver '%s' cannot be used", text);
			return false;
		}
		loopback = loopback || addr_is_loopback(&config->resolver.addr[i]);
	}

	if (config->root_hints != NULL) {
		if (access(config->root_hints, R_OK) != 0) {
			snprintf(err, err_len, "root hints '%s' are not readable",
			         config->root_hints);
			return false;
		}
		if (ub_ctx_set_option(ctx, "root-hints:", config->root_hints) != UB_NOERROR) {
			snprintf(err, err_len, "root hints '%s' cannot be used",
			         config->root_hints);
			return false;
		}
	}

	if (loopback &&
	    ub_ctx_set_option(ctx, "do-not-query-localhost:", "no") != UB_NOERROR) {
		snprintf(err, err_len, "libunbound cannot be told to ask loopback addresses");
		return false;
	}
	return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;

	resolve_t *resolve = poll->data;
	if (ub_process(resolve->ctx) == UB_PIPE) {
		/* Its thread is gone. Surveys end by their own limit and say so. */
		uv_poll_stop(poll);
	}
}

resolve_t *resolve_new(uv_loop_t *loop, const dns_config_t *config, char *err, size_t err_len)
{
	assert(loop && config && err && err_len > 0);

	resolve_t *resolve = calloc(1, sizeof(*resolve));
	struct ub_ctx *ctx = ub_ctx_create();
	if (resolve == NULL || ctx == NULL) {
		snprintf(err, err_len, "no memory or descriptors for the resolver");
		goto fail;
	}
	ub_ctx_debugout(ctx, NULL);
	ub_ctx_async(ctx, true);

	if (!set_options(ctx, err, err_len) ||
	    !set_anchor(ctx, config->trust_anchor, err, err_len) ||
	    !set_servers(ctx, config, err, err_len)) {
		goto fail;
	}

	/*
	 * libunbound reads its files at the first use. Make it do so now, while an error can be
	 * reported. `test.` (RFC 6761) is empty by default and where laboratories live.
	 */
	int ret = config->loopback ? ub_ctx_zone_remove(ctx, "test.")
	                           : ub_ctx_data_remove(ctx, "kskroll.invalid.");
	if (ret != UB_NOERROR) {
		snprintf(err, err_len,
		         "resolver cannot start, trust anchor '%s', root hints '%s': %s",
		         config->trust_anchor != NULL ? config->trust_anchor : ROOT_ANCHOR,
		         config->root_hints != NULL ? config->root_hints : "built in",
		         ub_strerror(ret));
		goto fail;
	}

	ret = uv_poll_init(loop, &resolve->poll, ub_fd(ctx));
	if (ret != 0) {
		snprintf(err, err_len, "resolver cannot be watched: %s", uv_strerror(ret));
		goto fail;
	}
	resolve->ctx = ctx;
	resolve->poll.data = resolve;
	uv_poll_start(&resolve->poll, UV_READABLE, on_readable);
	return resolve;

fail:
	if (ctx != NULL) {
		ub_ctx_delete(ctx);
	}
	free(resolve);
	return NULL;
}

static void lookup_free(lookup_t *lookup)
{
	if (lookup->prev != NULL) {
		lookup->prev->next = lookup->next;
	} else {
		lookup->resolve->lookups = lookup->next;
	}
	if (lookup->next != NULL) {
		lookup->next->prev = lookup->prev;
	}
	free(lookup);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void resolve_free(resolve_t *resolve)
{
	if (resolve == NULL) {
		return;
	}

	/* The descriptor belongs to the context: libuv must let go of it before its number may be somebody else's. */
	uv_close((uv_handle_t *)&resolve->poll, on_closed);
	ub_ctx_delete(resolve->ctx);
	while (resolve->lookups != NULL) {
		lookup_free(resolve->lookups);
	}
}

static int gather(const struct ub_result *answer, uint16_t type, knot_rdataset_t *rrs)
{
	for (unsigned i = 0; answer->havedata && answer->data[i] != NULL; i++) {
		int len = answer->len[i];
		if (len <= 0 || len > UINT16_MAX) {
			continue;
		}

		/* Names in RDATA were decompressed by libunbound; check the ones we read. */
		const uint8_t *data = (const uint8_t *)answer->data[i];
		if (type == KNOT_RRTYPE_NS &&
		    knot_dname_wire_check(data, data + len, NULL) != len) {
			continue;
		}

		uint8_t buf[sizeof(knot_rdata_t) + len + 1];
		knot_rdata_init((knot_rdata_t *)buf, len, data);
		int ret = knot_rdataset_add(rrs, (knot_rdata_t *)buf, NULL);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

static bool is_alias(const struct ub_result *answer)
{
	if (answer->canonname == NULL || answer->qname == NULL) {
		return false;
	}

	knot_dname_storage_t asked, canonical;
	return knot_dname_from_str(asked, answer->qname, sizeof(asked)) == NULL ||
	       knot_dname_from_str(canonical, answer->canonname, sizeof(canonical)) == NULL ||
	       !knot_dname_is_case_equal(asked, canonical);
}

/*! Owner of the SOA record that comes with a negative answer (RFC 2308 3). */
static bool negative_soa(const struct ub_result *answer, knot_dname_storage_t soa)
{
	if (answer->answer_packet == NULL || answer->answer_len < KNOT_WIRE_HEADER_SIZE) {
		return false;
	}
	knot_pkt_t *pkt = knot_pkt_new(answer->answer_packet, answer->answer_len, NULL);
	if (pkt == NULL) {
		return false;
	}

	bool found = false;
	if (knot_pkt_parse(pkt, KNOT_PF_KEEPWIRE) == KNOT_EOK) {
		const knot_pktsection_t *authority = knot_pkt_section(pkt, KNOT_AUTHORITY);
		for (uint16_t i = 0; i < authority->count && !found; i++) {
			const knot_rrset_t *rr = knot_pkt_rr(authority, i);
			if (rr->type == KNOT_RRTYPE_SOA && rr->owner != NULL) {
				knot_dname_copy_lower(soa, rr->owner);
				found = true;
			}
		}
	}
	knot_pkt_free(pkt);
	return found;
}

static void judge(const struct ub_result *answer, uint16_t type, lookup_result_t *out,
                  char *error, size_t error_size)
{
	out->status = LOOKUP_FAILED;
	out->error = error;
	if (answer->bogus) {
		out->bogus = true;
		snprintf(error, error_size, "bogus: %s",
		         answer->why_bogus != NULL ? answer->why_bogus : "no reason given");
	} else if (answer->rcode != KNOT_RCODE_NOERROR && answer->rcode != KNOT_RCODE_NXDOMAIN) {
		const knot_lookup_t *rcode = knot_lookup_by_id(knot_rcode_names, answer->rcode);
		snprintf(error, error_size, "%s", rcode != NULL ? rcode->name : "error");
	} else if (gather(answer, type, &out->rrs) != KNOT_EOK) {
		snprintf(error, error_size, "out of memory");
	} else {
		out->status = out->rrs.count > 0 ? LOOKUP_DATA : LOOKUP_NONE;
		out->secure = answer->secure;
		out->alias = is_alias(answer);
		out->error = NULL;
		out->ttl = answer->ttl > 0 ? answer->ttl : 0;
	}
}

static void on_result(void *arg, int err, struct ub_result *answer)
{
	lookup_t *lookup = arg;
	lookup_result_t result = { .status = LOOKUP_FAILED };
	char error[160];
	knot_dname_storage_t soa;

	if (err != UB_NOERROR || answer == NULL) {
		result.error = ub_strerror(err);
	} else {
		judge(answer, answer->qtype, &result, error, sizeof(error));
		if (result.status == LOOKUP_NONE && negative_soa(answer, soa)) {
			result.soa = soa;
		}
	}

	lookup_done_f done = lookup->done;
	void *done_arg = lookup->arg;
	lookup_free(lookup);
	done(&result, done_arg);

	knot_rdataset_clear(&result.rrs, NULL);
	ub_resolve_free(answer);
}

lookup_t *resolve_start(resolve_t *resolve, const knot_dname_t *name, uint16_t type,
                        lookup_done_f done, void *arg)
{
	assert(resolve && name && done);

	knot_dname_txt_storage_t text;
	lookup_t *lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL || knot_dname_to_str(text, name, sizeof(text)) == NULL) {
		free(lookup);
		return NULL;
	}

	lookup->resolve = resolve;
	lookup->done = done;
	lookup->arg = arg;
	if (ub_resolve_async(resolve->ctx, text, type, KNOT_CLASS_IN, lookup, on_result,
	                     &lookup->id) != UB_NOERROR) {
		free(lookup);
		return NULL;
	}

	lookup->next = resolve->lookups;
	if (lookup->next != NULL) {
		lookup->next->prev = lookup;
	}
	resolve->lookups = lookup;
	return lookup;
}

void resolve_cancel(lookup_t *lookup)
{
	if (lookup != NULL) {
		ub_cancel(lookup->resolve->ctx, lookup->id);
		lookup_free(lookup);
	}
}
