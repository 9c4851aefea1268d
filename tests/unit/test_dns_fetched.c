/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RRsets of a server of which nothing was known before, as a parent reads those of a child. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dns_world.h"
#include "fetched.h"

static fetched_clock_t clock_of(const world_t *w, work_t *work)
{
	return (fetched_clock_t){ .now = w->known.now, .work = work };
}

/*! DNSKEY of the child, and who of its own keys has signed it. */
static uint64_t own_signers(world_t *w)
{
	work_t work = { 0 };
	const fetched_clock_t clock = clock_of(w, &work);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DNSKEY, true, KNOT_RCODE_NOERROR);
	reply_put(&w->reply, &w->dnskey, &w->dnskey_sigs);
	size_t len = reply_end(&w->reply);

	fetched_t fetched;
	fetched_read(&fetched, w->reply.wire, len, w->zone, KNOT_RRTYPE_DNSKEY);
	assert_int_equal(fetched.said, FETCHED_RRSET);
	assert_int_equal(fetched.set.rrset.rrs.count, 3);
	fetched_keys_t keys = { 0 };
	fetched_keys_add(&keys, &fetched.set.rrset.rrs);
	assert_int_equal(keys.count, 3);
	const uint64_t signers = fetched_signers(&fetched, w->zone, keys.key, keys.count, &clock).keys;
	fetched_clear(&fetched);
	return signers;
}

static void keys_of_an_answer_verify_it_with_none_known_before(void **state)
{
	assert_int_not_equal(own_signers(*state), 0);
}

static void an_rrset_without_signature_has_no_signers(void **state)
{
	world_t *w = *state;
	knot_rdataset_clear(&w->dnskey_sigs, NULL);
	assert_int_equal(own_signers(w), 0);
}

static void reading(world_t *w, uint16_t type, bool aa, int rcode, fetched_said_t said, const char *why)
{
	fetched_t fetched;
	reply_begin(&w->reply, w->zone, type, aa, rcode);
	size_t len = reply_end(&w->reply);
	fetched_read(&fetched, w->reply.wire, len, w->zone, KNOT_RRTYPE_CDS);
	assert_int_equal(fetched.said, said);
	assert_string_equal(fetched.why, why);
	fetched_clear(&fetched);
}

static void what_is_of_no_use_says_why(void **state)
{
	world_t *w = *state;
	reading(w, KNOT_RRTYPE_CDS, true, KNOT_RCODE_REFUSED, FETCHED_UNUSABLE, "REFUSED");
	reading(w, KNOT_RRTYPE_CDS, false, KNOT_RCODE_NOERROR, FETCHED_UNUSABLE, "not authoritative");
	reading(w, KNOT_RRTYPE_CDS, true, KNOT_RCODE_NOERROR, FETCHED_NONE, "");
}

/*! The proof that the child has no CDS, by the key of its answers; the SOA signed or not. */
static const char *denied(world_t *w, const test_key_t *soa_signer, uint32_t *ttl)
{
	static const uint16_t TYPES[] = { KNOT_RRTYPE_SOA, KNOT_RRTYPE_NS, KNOT_RRTYPE_DNSKEY, 0 };
	work_t work = { 0 };
	const fetched_clock_t clock = clock_of(w, &work);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, KNOT_RCODE_NOERROR);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->zone, 600, 300, soa_signer);
	put_nsec(w, w->zone, TYPES, &w->zsk, w->zone);
	size_t len = reply_end(&w->reply);

	fetched_t fetched;
	fetched_read(&fetched, w->reply.wire, len, w->zone, KNOT_RRTYPE_CDS);
	assert_int_equal(fetched.said, FETCHED_NONE);
	assert_true(fetched_is_empty(&fetched));
	assert_int_equal(fetched_soa_count(&fetched, w->zone), 1);
	assert_int_equal(fetched_soa_count(&fetched, w->parent), 0);
	fetched_keys_t keys = { 0 };
	fetched_keys_add(&keys, &w->dnskey.rrs);
	fetched_denial_t denial = { 0 };
	const char *error = fetched_denied(&fetched, w->zone, &keys, &clock, ttl != NULL ? &denial : NULL);
	if (ttl != NULL && error == NULL) {
		error = denial.unsigned_soa;
		*ttl = denial.ttl;
	}
	fetched_clear(&fetched);
	return error;
}

static void a_proof_that_there_are_none_has_a_ttl(void **state)
{
	world_t *w = *state;
	uint32_t ttl = 0;
	assert_null(denied(w, &w->zsk, &ttl));
	assert_int_equal(ttl, 300);
}

static void the_ttl_of_a_proof_needs_a_signed_soa(void **state)
{
	world_t *w = *state;
	uint32_t ttl = 7;
	assert_null(denied(w, NULL, NULL));
	assert_string_equal(denied(w, NULL, &ttl), "unproven NODATA");
	assert_int_equal(ttl, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(keys_of_an_answer_verify_it_with_none_known_before),
		T(an_rrset_without_signature_has_no_signers),
		T(what_is_of_no_use_says_why),
		T(a_proof_that_there_are_none_has_a_ttl),
		T(the_ttl_of_a_proof_needs_a_signed_soa),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
