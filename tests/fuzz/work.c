/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The linker leads these calls of libdnssec here (--wrap).
 */

#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/key.h>
#include <libdnssec/nsec.h>
#include <libdnssec/sign.h>

#include "fuzz.h"
#include "packet.h"
#include "work.h"

static struct {
	bool accept;
	unsigned signatures, hashes, keys;
} work;

int __wrap_dnssec_sign_verify(dnssec_sign_ctx_t *ctx, bool sign_cmp, const dnssec_binary_t *signature);
int __real_dnssec_sign_verify(dnssec_sign_ctx_t *ctx, bool sign_cmp, const dnssec_binary_t *signature);
int __wrap_dnssec_nsec3_hash(const dnssec_binary_t *data, const dnssec_nsec3_params_t *params, dnssec_binary_t *hash);
int __real_dnssec_nsec3_hash(const dnssec_binary_t *data, const dnssec_nsec3_params_t *params, dnssec_binary_t *hash);
int __wrap_dnssec_key_set_rdata(dnssec_key_t *key, const dnssec_binary_t *rdata);
int __real_dnssec_key_set_rdata(dnssec_key_t *key, const dnssec_binary_t *rdata);

int __wrap_dnssec_sign_verify(dnssec_sign_ctx_t *ctx, bool sign_cmp, const dnssec_binary_t *signature)
{
	work.signatures++;
	if (work.accept) {
		return signature->size > 0 && signature->data[0] == 0x55 ? DNSSEC_EOK : DNSSEC_INVALID_SIGNATURE;
	}
	return __real_dnssec_sign_verify(ctx, sign_cmp, signature);
}

int __wrap_dnssec_nsec3_hash(const dnssec_binary_t *data, const dnssec_nsec3_params_t *params, dnssec_binary_t *hash)
{
	work.hashes += params->iterations + 1;
	return __real_dnssec_nsec3_hash(data, params, hash);
}

int __wrap_dnssec_key_set_rdata(dnssec_key_t *key, const dnssec_binary_t *rdata)
{
	work.keys++;
	return __real_dnssec_key_set_rdata(key, rdata);
}

void work_begin(bool accept)
{
	memset(&work, 0, sizeof(work));
	work.accept = accept;
}

void work_end(void)
{
	require(work.signatures <= WORK_SIGNATURES_MAX);
	require(work.hashes <= WORK_HASHES_MAX);
	/* Besides the checks, each record of an RRset may name a key. */
	require(work.keys <= WORK_SIGNATURES_MAX + 2 * PACKET_RRS_MAX);
	work.accept = false;
}

unsigned work_hashes(void)
{
	return work.hashes;
}
