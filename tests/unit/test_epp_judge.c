/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done about the DS of a domain: each line of the decision. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "epp/epp_coded.h"
#include "kskroll/epp_judge.h"
#include "util/knot.h"

/* The example of RFC 4509 2.3. */
static const uint8_t owner[] = "\5dskey\7example\3com";
static const char public_text[] =
	"AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvx"
	"egXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";
static const char digest_text[] = "D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A";
static uint8_t public[256], digest[64];
static const uint8_t other_data[32] = { 1 }, third_data[32] = { 3 };

static epp_record_t old, fresh, third, old_key, fresh_key;
static epp_account_t account;
static epp_info_t info;
static epp_case_t it;
static epp_judgement_t out;

/*! Registry and servers have the old DS; the new one is wanted. */
static int begin(void **state)
{
	(void)state;
	const uint16_t len = (uint16_t)epp_base64_decode(public_text, public, sizeof(public));
	assert_int_equal(epp_hex_decode(digest_text, digest, sizeof(digest)), 32);
	old = (epp_record_t){ .tag = 60485, .algorithm = 5, .digest_type = 2, .data = digest, .data_len = 32 };
	fresh = (epp_record_t){ .tag = 2, .algorithm = 13, .digest_type = 2, .data = other_data, .data_len = 32 };
	third = (epp_record_t){ .tag = 3, .algorithm = 13, .digest_type = 2, .data = third_data, .data_len = 32 };
	old_key = (epp_record_t){
		.is_key = true, .flags = 256, .protocol = 3, .algorithm = 5, .data = public, .data_len = len
	};
	fresh_key = (epp_record_t){
		.is_key = true, .flags = 257, .protocol = 3, .algorithm = 13, .data = other_data, .data_len = 32
	};
	account = (epp_account_t){ .records = 2 };
	info = (epp_info_t){ .has_secdns = true, .record = &old, .count = 1 };
	it = (epp_case_t){ .account = &account,
		           .info = &info,
		           .owner = owner,
		           .base = &old,
		           .base_count = 1,
		           .ds = &fresh,
		           .ds_count = 1,
		           .keys = &fresh_key,
		           .key_count = 1 };
	return 0;
}

static void judge(epp_judged_t what, const char *words)
{
	epp_judge(&it, &out);
	assert_int_equal(out.what, what);
	assert_non_null(strstr(out.why, words));
	assert_true((out.why[0] == '\0') == (what == EPP_JUDGED_SAME || what == EPP_JUDGED_SEND));
}

static void the_smallest_change_goes_out_from_what_the_servers_have(void **state)
{
	(void)state;
	judge(EPP_JUDGED_SEND, "");
	assert_int_equal(out.diff.rem_count, 1);
	assert_ptr_equal(out.diff.rem[0].data, digest);
	assert_int_equal(out.diff.add_count, 1);
	assert_ptr_equal(out.diff.add[0].data, other_data);
	const epp_record_t both[] = { old, fresh };
	it.ds = both;
	it.ds_count = 2;
	judge(EPP_JUDGED_SEND, "");
	assert_int_equal(out.diff.rem_count, 0);
	assert_int_equal(out.diff.add_count, 1);
}

static void what_the_registry_has_is_not_sent(void **state)
{
	(void)state;
	info.record = &fresh;
	judge(EPP_JUDGED_SAME, ""); /* Though the servers have the old one still. */
	info.locks = EPP_LOCK_CLIENT | EPP_LOCK_SERVER;
	judge(EPP_JUDGED_SAME, "");
	for (it.past = EPP_PAST_PENDING; it.past <= EPP_PAST_UNKNOWN; it.past++) {
		judge(EPP_JUDGED_SAME, "");
	}
}

static void what_another_client_has_changed_wins(void **state)
{
	(void)state;
	info.record = &third;
	judge(EPP_JUDGED_DIFFERS, "another client");
	const epp_record_t both[] = { old, third };
	info.record = both;
	info.count = 2;
	judge(EPP_JUDGED_DIFFERS, "another client");
	info.count = 1; /* The servers have more than the registry. */
	it.base = both;
	it.base_count = 2;
	judge(EPP_JUDGED_DIFFERS, "another client");
	info.count = 0; /* All were removed there. */
	judge(EPP_JUDGED_DIFFERS, "another client");
	info.count = 2; /* When the servers have it as well, it is no obstacle. */
	judge(EPP_JUDGED_SEND, "");
	assert_int_equal(out.diff.rem_count, 2);
}

static void each_field_of_a_ds_counts(void **state)
{
	(void)state;
	epp_record_t shown[5] = { old, old, old, old, old };
	shown[0].tag++;
	shown[1].algorithm++;
	shown[2].digest_type = 4;
	shown[3].data = other_data;
	shown[4].data_len = 31;
	for (size_t i = 0; i < 5; i++) {
		info.record = &shown[i];
		judge(EPP_JUDGED_DIFFERS, "another client");
	}
}

/*! A first DS needs the word of all servers: a registry that shows none proves nothing (RFC 5910 2). */
static void a_registry_that_shows_nothing_proves_nothing(void **state)
{
	(void)state;
	info.has_secdns = false;
	info.count = 0;
	judge(EPP_JUDGED_DIFFERS, "shows no DS");
	it.removes = true;
	judge(EPP_JUDGED_DIFFERS, "shows no DS");
	it.past = EPP_PAST_UNKNOWN; /* What was sent may have removed them. */
	judge(EPP_JUDGED_SAME, "");
	it.removes = false;
	judge(EPP_JUDGED_WAIT, "answer was lost");
	it.over = true;
	judge(EPP_JUDGED_NOT_MADE, "does not have");
	it.past = EPP_PAST_NONE;
	it.base_count = 0;
	judge(EPP_JUDGED_SEND, "");
	assert_int_equal(out.diff.rem_count, 0);
	assert_int_equal(out.diff.add_count, 1);
	info.locks = EPP_LOCK_CLIENT;
	judge(EPP_JUDGED_LOCKED, "clientUpdateProhibited");
	it.removes = true;
	judge(EPP_JUDGED_SAME, "");
}

static void going_insecure_removes_each_record_by_itself(void **state)
{
	(void)state;
	const epp_record_t both[] = { old, third };
	info.record = it.base = both;
	info.count = it.base_count = 2;
	it.removes = true;
	it.ds_count = it.key_count = 0;
	judge(EPP_JUDGED_SEND, "");
	assert_int_equal(out.diff.rem_count, 2);
	assert_int_equal(out.diff.add_count, 0);
	it.base_count = 1;
	judge(EPP_JUDGED_DIFFERS, "another client");
	info.count = 0;
	judge(EPP_JUDGED_SAME, "");
}

static void a_lock_is_named(void **state)
{
	(void)state;
	info.locks = EPP_LOCK_CLIENT;
	judge(EPP_JUDGED_LOCKED, "clientUpdateProhibited: remove it at the registrar");
	info.locks = EPP_LOCK_SERVER;
	judge(EPP_JUDGED_LOCKED, "serverUpdateProhibited: only the registry");
	info.locks |= EPP_LOCK_CLIENT;
	judge(EPP_JUDGED_LOCKED, "; clientUpdateProhibited");
	info.record = &third; /* Another client's change comes first: the next survey knows more. */
	judge(EPP_JUDGED_DIFFERS, "another client");
}

static void while_a_change_is_pending_nothing_is_sent(void **state)
{
	(void)state;
	strcpy(info.statuses, "pendingUpdate");
	info.locks = EPP_LOCK_PENDING | EPP_LOCK_CLIENT;
	judge(EPP_JUDGED_LOCKED, "another change of the domain is pending (pendingUpdate)");
	info.record = &fresh; /* Even if it is shown as it will be. */
	judge(EPP_JUDGED_LOCKED, "pendingUpdate");
	for (it.past = EPP_PAST_PENDING; it.past <= EPP_PAST_UNKNOWN; it.past++) {
		judge(EPP_JUDGED_WAIT, "has not decided");
	}
}

static void what_is_unknown_is_asked_until_the_server_cannot_work_on_it_any_more(void **state)
{
	(void)state;
	it.past = EPP_PAST_PENDING; /* It is not pending any more, and not made; or not shown yet. */
	judge(EPP_JUDGED_WAIT, "does not show the update yet");
	it.past = EPP_PAST_UNKNOWN;
	judge(EPP_JUDGED_WAIT, "answer was lost");
	it.over = true;
	judge(EPP_JUDGED_NOT_MADE, "does not have");
	it.past = EPP_PAST_PENDING;
	judge(EPP_JUDGED_NOT_MADE, "does not have");
	info.record = &third; /* Whatever it has: the next survey decides. */
	judge(EPP_JUDGED_NOT_MADE, "does not have");
	it.ds_count = 0; /* What is wrong here does not matter before. */
	judge(EPP_JUDGED_NOT_MADE, "does not have");
}

static void a_registry_of_keys_gets_keys(void **state)
{
	(void)state;
	info.record = &old_key;
	judge(EPP_JUDGED_SEND, "");
	assert_true(out.diff.rem[0].is_key && out.diff.add[0].is_key);
	account.interface = EPP_INTERFACE_KEY;
	judge(EPP_JUDGED_SEND, "");
	info.record = &fresh_key;
	judge(EPP_JUDGED_SAME, "");
	info.record = &old_key;
	it.key_count = 0;
	judge(EPP_JUDGED_CANNOT, "no CDNSKEY");
	it.key_count = 1;
	info.record = &old;
	judge(EPP_JUDGED_CANNOT, "`interface` of the account is key");
	account.interface = EPP_INTERFACE_DS;
	judge(EPP_JUDGED_SEND, "");
	info.record = &old_key;
	judge(EPP_JUDGED_CANNOT, "`interface` of the account is ds");
	/* Where there is nothing yet, the account says it. */
	info.count = it.base_count = 0;
	judge(EPP_JUDGED_SEND, "");
	assert_false(out.diff.add[0].is_key);
	account.interface = EPP_INTERFACE_KEY;
	judge(EPP_JUDGED_SEND, "");
	assert_true(out.diff.add[0].is_key);
	account.interface = EPP_INTERFACE_AUTO;
	judge(EPP_JUDGED_SEND, "");
	assert_false(out.diff.add[0].is_key);
	it.ds_count = 0;
	judge(EPP_JUDGED_CANNOT, "no CDS");
}

/*! The servers have DS, whatever the registry takes: they are compared by their digests. */
static void keys_are_compared_with_the_ds_of_the_servers(void **state)
{
	(void)state;
	const epp_record_t keys[] = { old_key, fresh_key };
	info.record = keys;
	epp_record_t ds = old;
	it.base = &ds;
	judge(EPP_JUDGED_SEND, "");
	ds.algorithm = 13;
	judge(EPP_JUDGED_DIFFERS, "another client");
	ds = old;
	ds.data = other_data;
	judge(EPP_JUDGED_DIFFERS, "another client");
	ds.data = digest;
	ds.digest_type = 4;
	judge(EPP_JUDGED_DIFFERS, "another client");
	ds.digest_type = 1;
	judge(EPP_JUDGED_DIFFERS, "another client");
	ds.digest_type = 3; /* Cannot be computed here. */
	judge(EPP_JUDGED_SEND, "");
	ds = old;
	info.count = 2; /* A key more than DS. */
	it.keys = &keys[1];
	judge(EPP_JUDGED_DIFFERS, "another client");
}

/*! The registry wants the key in the DS, so that it can compute it. */
static void ds_are_added_with_their_keys_where_they_are_wanted(void **state)
{
	(void)state;
	const epp_record_t keys[] = { fresh_key, old_key };
	/* The DS of the example is wanted. */
	it.ds = &old;
	it.keys = keys;
	it.key_count = 2;
	it.base = &fresh;
	epp_record_t has = fresh;
	has.key = &fresh_key;
	info.record = &has;
	info.embedded_keys = true;
	account.interface = EPP_INTERFACE_DS_KEY;
	judge(EPP_JUDGED_SEND, "");
	assert_ptr_equal(out.diff.add[0].key, &keys[1]);
	assert_ptr_equal(out.diff.rem[0].key, &fresh_key); /* As it is shown. */
	/* Where they are not shown, too. */
	info.record = &fresh;
	info.embedded_keys = false;
	judge(EPP_JUDGED_SEND, "");
	assert_ptr_equal(out.diff.add[0].key, &keys[1]);
	assert_null(out.diff.rem[0].key);
	/* By itself only where they are shown; never against the account. */
	account.interface = EPP_INTERFACE_AUTO;
	judge(EPP_JUDGED_SEND, "");
	assert_null(out.diff.add[0].key);
	info.record = &has;
	info.embedded_keys = true;
	judge(EPP_JUDGED_SEND, "");
	assert_ptr_equal(out.diff.add[0].key, &keys[1]);
	assert_ptr_equal(out.diff.rem[0].key, &fresh_key);
	account.interface = EPP_INTERFACE_DS;
	judge(EPP_JUDGED_SEND, "");
	assert_null(out.diff.add[0].key);
	assert_null(out.diff.rem[0].key);
	/* Without the key nothing is sent, but by itself. */
	it.key_count = 1;
	account.interface = EPP_INTERFACE_AUTO;
	judge(EPP_JUDGED_SEND, "");
	assert_null(out.diff.add[0].key);
	account.interface = EPP_INTERFACE_DS_KEY;
	judge(EPP_JUDGED_CANNOT, "no CDNSKEY of the DS 60485");
	it.key_count = 2;
	epp_record_t unknown = old;
	unknown.digest_type = 3; /* Cannot be computed here, so the key may be another one. */
	it.ds = &unknown;
	judge(EPP_JUDGED_CANNOT, "no CDNSKEY");
	/* It counts in no comparison. */
	it.ds = &old;
	has = old;
	info.record = &has;
	has.key = &fresh_key;
	judge(EPP_JUDGED_SAME, "");
	has.key = NULL;
	judge(EPP_JUDGED_SAME, "");
	/* All are removed as they are shown. */
	it.base = &old;
	has.key = &old_key;
	it.removes = true;
	it.ds_count = it.key_count = 0;
	judge(EPP_JUDGED_SEND, "");
	assert_ptr_equal(out.diff.rem[0].key, &old_key);
	/* Keys alone are something else. */
	it.removes = false;
	it.ds_count = it.key_count = 1;
	info.record = &old_key;
	judge(EPP_JUDGED_CANNOT, "`interface` of the account is ds-with-key");
}

static void more_records_than_the_registry_takes_are_not_sent(void **state)
{
	(void)state;
	const epp_record_t all[] = { old, fresh, third };
	it.ds = all;
	it.ds_count = 3;
	judge(EPP_JUDGED_CANNOT, "3 records are wanted");
	account.records = 3;
	judge(EPP_JUDGED_SEND, "");
}

static void the_ttl_is_set_alone_or_with_the_records(void **state)
{
	(void)state;
	it.ttl_what = EPP_TTL_SET;
	it.ttl = 300;
	judge(EPP_JUDGED_CANNOT, "ttl-1.0");
	info.has_ttl = true;
	info.ttl_default = true;
	info.ttl_min = 300;
	info.ttl_max = 600;
	judge(EPP_JUDGED_SEND, "");
	assert_int_equal(out.diff.add_count, 1);
	it.keeps = true;
	judge(EPP_JUDGED_SEND, "");
	assert_int_equal(out.diff.add_count + out.diff.rem_count, 0);
	info.ttl = 300; /* Not what the domain has: it has none of its own. */
	judge(EPP_JUDGED_SEND, "");
	info.ttl_default = false;
	judge(EPP_JUDGED_SAME, "");
	it.ttl = 299;
	judge(EPP_JUDGED_CANNOT, "allows 300 to 600");
	it.ttl = 601;
	judge(EPP_JUDGED_CANNOT, "allows 300 to 600");
	info.ttl_min = info.ttl_max = 0; /* Not shown. */
	judge(EPP_JUDGED_SEND, "");
	it.ttl_what = EPP_TTL_DEFAULT;
	judge(EPP_JUDGED_SEND, "");
	info.ttl_default = true;
	judge(EPP_JUDGED_SAME, "");
	it.keeps = false;
	info.record = &fresh;
	judge(EPP_JUDGED_SAME, "");
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_smallest_change_goes_out_from_what_the_servers_have),
		TEST(what_the_registry_has_is_not_sent),
		TEST(what_another_client_has_changed_wins),
		TEST(each_field_of_a_ds_counts),
		TEST(a_registry_that_shows_nothing_proves_nothing),
		TEST(going_insecure_removes_each_record_by_itself),
		TEST(a_lock_is_named),
		TEST(while_a_change_is_pending_nothing_is_sent),
		TEST(what_is_unknown_is_asked_until_the_server_cannot_work_on_it_any_more),
		TEST(a_registry_of_keys_gets_keys),
		TEST(keys_are_compared_with_the_ds_of_the_servers),
		TEST(ds_are_added_with_their_keys_where_they_are_wanted),
		TEST(more_records_than_the_registry_takes_are_not_sent),
		TEST(the_ttl_is_set_alone_or_with_the_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
