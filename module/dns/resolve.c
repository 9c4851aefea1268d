/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#include "config.h"
#include "libunbound.h"
#include "resolve.h"
#include "util/list.h"

/*! How often the files are checked, and how long after they could not be used. */
#define CHECK_MS 1000
#define RETRY_MS 60000

/*! Libunbound reads its files once: one context for each time that they have changed. */
typedef struct context {
	resolve_t *resolve;
	struct ub_ctx *ctx;
	uv_poll_t poll;
	bool begun;           /*!< Its thread runs. */
	unsigned lookups;     /*!< Under way. */
	bool processing;      /*!< Its callbacks are being called. */
	bool dead;            /*!< Its thread is gone: nothing is answered any more. */
	struct context *next; /*!< An older one. */
} context_t;

struct lookup {
	context_t *context;
	list_node_t node;
	int id;
	lookup_done_f done;
	void *arg;
};

struct resolve {
	uv_loop_t *loop;
	dns_config_t config;
	unbound_files_t files; /*!< As the first context has read them. */
	uint64_t check_at;     /*!< Milliseconds. */
	context_t *contexts;   /*!< The first takes questions, the others end what they have begun. */
	list_t lookups;
};

static void on_context_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void context_free(context_t *context)
{
	/* The descriptor belongs to the context: libuv must let go of it before its number may be somebody else's. */
	uv_close((uv_handle_t *)&context->poll, on_context_closed);
	ub_ctx_delete(context->ctx);
}

/*! Frees contexts that have been replaced and have answered everything. */
static void free_drained(resolve_t *resolve)
{
	context_t **at = &resolve->contexts->next;
	while (*at != NULL) {
		context_t *context = *at;
		if (context->lookups == 0 && !context->processing) {
			*at = context->next;
			context_free(context);
		} else {
			at = &context->next;
		}
	}
}

static lookup_t *lookup_of(const list_node_t *node)
{
	return list_item((list_node_t *)node, lookup_t, node);
}

static void lookup_free(lookup_t *lookup);

/*! Nothing answers these any more. Their callbacks may cancel others. */
static void fail_lookups(context_t *context)
{
	const lookup_result_t result = { .status = LOOKUP_FAILED, .error = "the resolver's thread ended" };
	list_node_t *node = context->resolve->lookups.first;

	while (node != NULL) {
		lookup_t *lookup = lookup_of(node);
		if (lookup->context != context) {
			node = node->next;
			continue;
		}
		lookup_done_f done = lookup->done;
		void *done_arg = lookup->arg;
		lookup_free(lookup);
		done(&result, done_arg);
		node = context->resolve->lookups.first;
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;

	context_t *context = poll->data;
	context->processing = true;
	if (ub_process(context->ctx) == UB_PIPE) {
		uv_poll_stop(poll);
		context->dead = true;
		fail_lookups(context);
	}
	context->processing = false;
	free_drained(context->resolve);
}

static context_t *context_new(resolve_t *resolve, char *err, size_t err_len)
{
	context_t *context = calloc(1, sizeof(*context));
	if (context == NULL) {
		snprintf(err, err_len, "no memory or descriptors for the resolver");
		return NULL;
	}
	struct ub_ctx *ctx = unbound_new(&resolve->config, err, err_len);
	if (ctx == NULL) {
		free(context);
		return NULL;
	}

	int ret = uv_poll_init(resolve->loop, &context->poll, ub_fd(ctx));
	if (ret != 0) {
		snprintf(err, err_len, "resolver cannot be watched: %s", uv_strerror(ret));
		ub_ctx_delete(ctx);
		free(context);
		return NULL;
	}
	context->resolve = resolve;
	context->ctx = ctx;
	context->poll.data = context;
	uv_poll_start(&context->poll, UV_READABLE, on_readable);
	return context;
}

/*!
 * Whoever updates the trust anchor, by a package or by RFC 5011, does not know of us. With a file that cannot be
 * used the old anchors stay in force. A context without its thread is replaced, too.
 */
static void read_again(resolve_t *resolve)
{
	const uint64_t now = uv_now(resolve->loop);
	if (now < resolve->check_at) {
		return;
	}
	resolve->check_at = now + CHECK_MS;

	/* Before they are read: what is written meanwhile is a change again. */
	unbound_files_t files;
	unbound_files(&resolve->config, &files);
	if (memcmp(&files, &resolve->files, sizeof(files)) == 0 && !resolve->contexts->dead) {
		return;
	}
	char err[256];
	context_t *context = context_new(resolve, err, sizeof(err));
	if (context == NULL) {
		resolve->check_at = now + RETRY_MS;
		return;
	}
	resolve->files = files;
	context->next = resolve->contexts;
	resolve->contexts = context;
	free_drained(resolve);
}

resolve_t *resolve_new(uv_loop_t *loop, const dns_config_t *config, char *err, size_t err_len)
{
	assert(loop && config && err && err_len > 0);

	resolve_t *resolve = calloc(1, sizeof(*resolve));
	if (resolve == NULL) {
		snprintf(err, err_len, "out of memory");
		return NULL;
	}
	resolve->loop = loop;
	bool copied = dns_config_copy(&resolve->config, config);
	unbound_files(&resolve->config, &resolve->files);
	if (!copied) {
		snprintf(err, err_len, "out of memory");
	} else {
		resolve->contexts = context_new(resolve, err, err_len);
	}
	if (resolve->contexts == NULL) {
		dns_config_clear(&resolve->config);
		free(resolve);
		return NULL;
	}
	resolve->check_at = uv_now(loop) + CHECK_MS;
	return resolve;
}

static void lookup_free(lookup_t *lookup)
{
	lookup->context->lookups--;
	list_remove(&lookup->node);
	free(lookup);
}

void resolve_free(resolve_t *resolve)
{
	if (resolve == NULL) {
		return;
	}

	/* Before their contexts: what they hold on to. */
	while (resolve->lookups.first != NULL) {
		lookup_free(lookup_of(resolve->lookups.first));
	}
	while (resolve->contexts != NULL) {
		context_t *context = resolve->contexts;
		resolve->contexts = context->next;
		context_free(context);
	}
	dns_config_clear(&resolve->config);
	free(resolve);
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
		if (type == KNOT_RRTYPE_NS && knot_dname_wire_check(data, data + len, NULL) != len) {
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

static void judge(const struct ub_result *answer, uint16_t type, lookup_result_t *out, char *error, size_t error_size)
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

lookup_t *resolve_start(resolve_t *resolve, const knot_dname_t *name, uint16_t type, lookup_done_f done, void *arg)
{
	assert(resolve && name && done);

	knot_dname_txt_storage_t text;
	lookup_t *lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL || knot_dname_to_str(text, name, sizeof(text)) == NULL) {
		free(lookup);
		return NULL;
	}

	read_again(resolve);
	if (resolve->contexts->dead) {
		free(lookup);
		return NULL;
	}
	lookup->context = resolve->contexts;
	lookup->done = done;
	lookup->arg = arg;
	if (!lookup->context->begun && !unbound_has_descriptors()) {
		free(lookup);
		return NULL;
	}
	if (ub_resolve_async(lookup->context->ctx, text, type, KNOT_CLASS_IN, lookup, on_result, &lookup->id) !=
	    UB_NOERROR) {
		free(lookup);
		return NULL;
	}

	lookup->context->begun = true;
	list_add(&resolve->lookups, &lookup->node);
	lookup->context->lookups++;
	return lookup;
}

void resolve_cancel(lookup_t *lookup)
{
	if (lookup != NULL) {
		ub_cancel(lookup->context->ctx, lookup->id);
		lookup_free(lookup);
	}
}
