/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "libunbound.h"

/*! Trust anchor of the package dns-root-data. */
#define ROOT_ANCHOR "/usr/share/dns/root.key"

/*! Descriptors that a resolver takes when it is made and when it begins, and some for who is faster. */
#define SPARE_FDS 16

/*!
 * What is asked decides about keys, so nothing old: a minute is enough to share lookups
 * between zones. The resolver is there to validate, not to be fast or clever.
 */
static const struct {
	const char *name;
	const char *value;
	/* clang-format off */
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
/* clang-format on */

bool unbound_has_descriptors(void)
{
	int fds[SPARE_FDS];
	unsigned count = 0;
	while (count < SPARE_FDS && (fds[count] = count == 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) :
	                                                       fcntl(fds[0], F_DUPFD_CLOEXEC, 0)) >= 0) {
		count++;
	}
	for (unsigned i = 0; i < count; i++) {
		close(fds[i]);
	}
	return count == SPARE_FDS;
}

static bool set_options(struct ub_ctx *ctx, char *err, size_t err_len)
{
	for (size_t i = 0; i < sizeof(OPTIONS) / sizeof(OPTIONS[0]); i++) {
		int ret = ub_ctx_set_option(ctx, OPTIONS[i].name, OPTIONS[i].value);
		if (ret != UB_NOERROR) {
			snprintf(err, err_len, "libunbound does not know '%s %s'", OPTIONS[i].name, OPTIONS[i].value);
			return false;
		}
	}
	return true;
}

static void file_id(const char *path, file_id_t *id)
{
	struct stat st;
	memset(id, 0, sizeof(*id));
	if (path != NULL && stat(path, &st) == 0) {
		id->device = st.st_dev;
		id->inode = st.st_ino;
		id->size = st.st_size;
		id->modified = st.st_mtim;
		id->changed = st.st_ctim;
	}
}

void unbound_files(const dns_config_t *config, unbound_files_t *ids)
{
	memset(ids, 0, sizeof(*ids));
	file_id(config->trust_anchor != NULL ? config->trust_anchor : ROOT_ANCHOR, &ids->anchor);
	file_id(config->root_hints, &ids->hints);
}

/*!
 * Whether a file in the format of zone files has a record. Libunbound takes one without any for no anchor at all: it
 * would validate nothing, and find every zone insecure. A writer that ran out of disk leaves such a file.
 */
static bool has_record(const char *path)
{
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		return false;
	}
	bool found = false, line_start = true;
	for (int c = fgetc(file); c != EOF && !found; c = fgetc(file)) {
		if (c == '\n') {
			line_start = true;
		} else if (line_start && !isspace(c)) {
			found = c != ';' && c != '$';
			line_start = false;
		}
	}
	fclose(file);
	return found;
}

static bool set_anchor(struct ub_ctx *ctx, const char *file, char *err, size_t err_len)
{
	if (file == NULL) {
		if (access(ROOT_ANCHOR, R_OK) != 0) {
			snprintf(err, err_len,
			         "no trust anchor: '%s' is not readable and none is "
			         "configured",
			         ROOT_ANCHOR);
			return false;
		}
		file = ROOT_ANCHOR;
	} else if (access(file, R_OK) != 0) {
		snprintf(err, err_len, "trust anchor '%s' is not readable", file);
		return false;
	}

	if (!has_record(file)) {
		snprintf(err, err_len, "trust anchor '%s' is empty", file);
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
			snprintf(err, err_len, "root hints '%s' are not readable", config->root_hints);
			return false;
		}
		if (ub_ctx_set_option(ctx, "root-hints:", config->root_hints) != UB_NOERROR) {
			snprintf(err, err_len, "root hints '%s' cannot be used", config->root_hints);
			return false;
		}
	}

	if (loopback && ub_ctx_set_option(ctx, "do-not-query-localhost:", "no") != UB_NOERROR) {
		snprintf(err, err_len, "libunbound cannot query loopback addresses");
		return false;
	}
	return true;
}

struct ub_ctx *unbound_new(const dns_config_t *config, char *err, size_t err_len)
{
	struct ub_ctx *ctx = unbound_has_descriptors() ? ub_ctx_create() : NULL;
	if (ctx == NULL) {
		snprintf(err, err_len, "no memory or descriptors for the resolver");
		return NULL;
	}
	ub_ctx_debugout(ctx, NULL);
	ub_ctx_async(ctx, true);

	if (!set_options(ctx, err, err_len) || !set_anchor(ctx, config->trust_anchor, err, err_len) ||
	    !set_servers(ctx, config, err, err_len)) {
		ub_ctx_delete(ctx);
		return NULL;
	}

	/*
	 * libunbound reads its files at the first use. Make it do so now, while an error can be
	 * reported. `test.` (RFC 6761) is empty by default and where laboratories live.
	 */
	int ret = config->loopback ? ub_ctx_zone_remove(ctx, "test.") : ub_ctx_data_remove(ctx, "kskroll.invalid.");
	if (ret != UB_NOERROR) {
		snprintf(err, err_len, "resolver cannot start, trust anchor '%s', root hints '%s': %s",
		         config->trust_anchor != NULL ? config->trust_anchor : ROOT_ANCHOR,
		         config->root_hints != NULL ? config->root_hints : "built in", ub_strerror(ret));
		ub_ctx_delete(ctx);
		return NULL;
	}
	return ctx;
}
