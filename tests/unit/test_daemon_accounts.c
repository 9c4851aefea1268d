/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the file of accounts is read, and which connection a zone gets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "env.h"

/* Links, by the test's own. */
struct epp_limits {
	unsigned forgiven;
};

struct epp_link {
	const epp_account_t *account;
	epp_limits_t *limits;
	bool other_certificates;
	epp_link_message_f message;
	void *arg;
	bool stopped;
};

static unsigned made, freed, messages, limits;
static env_t env;
static char path[64], why[640];
static const epp_account_t *account;

epp_limits_t *epp_limits_new(void)
{
	limits++;
	return calloc(1, sizeof(epp_limits_t));
}

void epp_limits_free(epp_limits_t *one)
{
	limits -= one != NULL;
	free(one);
}

void epp_limits_forgive(epp_limits_t *one)
{
	one->forgiven++;
}

bool epp_link_is_current(const epp_link_t *link)
{
	return !link->other_certificates;
}

epp_link_t *epp_link_new(uv_loop_t *loop, const epp_account_t *of, epp_limits_t *some, epp_link_message_f message,
                         void *arg, char *words, size_t len)
{
	(void)words, (void)len;
	assert_ptr_equal(loop, &env.uv);
	made++;
	epp_link_t *link = calloc(1, sizeof(*link));
	*link = (epp_link_t){ .account = of, .limits = some, .message = message, .arg = arg };
	return link;
}

void epp_link_free(epp_link_t *link)
{
	freed += link != NULL;
	free(link);
}

bool epp_link_is_stopped(const epp_link_t *link)
{
	return link->stopped;
}

const char *resources_epp_accounts(const env_t *e)
{
	assert_ptr_equal(e, &env);
	return path;
}

static bool leave;

static bool on_message(env_t *e, const epp_account_t *of, const epp_message_t *message)
{
	assert_ptr_equal(e, &env);
	assert_string_equal(of->id, "a");
	assert_string_equal(message->text, "words");
	messages++;
	return !leave;
}

static void write_file(const char *password)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file,
	        "account:\n  - id: a\n    server: a.test\n    login: client\n    password: %s\n"
	        "  - id: b\n    server: b.test\n    login: client\n    password: %s\n",
	        password, password);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static epp_link_t *link_of(const char *id)
{
	why[0] = '\0';
	return accounts_link(&env, id, &account, why, sizeof(why));
}

static int begin(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/kskroll-accounts-XXXXXX");
	const int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	write_file("secret-1");
	made = freed = messages = 0;
	accounts_init(&env.accounts, on_message);
	return 0;
}

static int end(void **state)
{
	(void)state;
	accounts_close(&env);
	assert_int_equal(made, freed);
	assert_int_equal(limits, 0);
	(void)unlink(path);
	return 0;
}

static void all_zones_share_the_connection_of_an_account(void **state)
{
	(void)state;
	epp_link_t *a = link_of("a");
	assert_non_null(a);
	assert_string_equal(account->id, "a");
	assert_ptr_equal(a->account, account);
	assert_ptr_equal(link_of("a"), a);
	assert_int_equal(made, 1);
	epp_link_t *b = link_of("b");
	assert_ptr_not_equal(a, b);
	assert_string_equal(b->account->id, "b");
	assert_null(link_of("c"));
	assert_non_null(strstr(why, "has no account c: correct parent-epp"));
	assert_int_equal(made, 2);
	const epp_message_t message = { .text = "words" };
	assert_true(a->message(&message, a->arg));
	leave = true;
	assert_false(a->message(&message, a->arg));
	leave = false;
	assert_int_equal(messages, 2);
}

static void a_file_that_cannot_be_used_is_named_and_tried_again(void **state)
{
	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_null(link_of("a"));
	assert_non_null(strstr(why, path));
	write_file("secret-1");
	assert_int_equal(chmod(path, 0644), 0);
	assert_null(link_of("a"));
	assert_non_null(strstr(why, path));
	assert_int_equal(chmod(path, 0600), 0);
	assert_non_null(link_of("a"));
	/* One that gets worse is not used any more. */
	write_file("x");
	assert_null(link_of("a"));
	assert_non_null(strstr(why, "password"));
	assert_int_equal(freed, 1);
	assert_null(strstr(why, "secret"));
}

static void a_changed_file_is_read_again(void **state)
{
	(void)state;
	epp_link_t *a = link_of("a");
	a->stopped = true;
	assert_ptr_equal(link_of("a"), a);
	write_file("secret-12");
	assert_non_null(link_of("a"));
	assert_int_equal(made, 2);
	assert_int_equal(freed, 1);
	assert_string_equal(account->password, "secret-12");
}

/*! A registry counts commands, whatever is read again here. The operator who has acted need not wait. */
static void a_changed_file_changes_no_pace(void **state)
{
	(void)state;
	epp_limits_t *a = link_of("a")->limits, *b = link_of("b")->limits;
	assert_ptr_not_equal(a, b);
	write_file("secret-12");
	assert_ptr_equal(link_of("a")->limits, a);
	assert_ptr_equal(link_of("b")->limits, b);
	assert_int_equal(a->forgiven, 1);
	/* Not even one that cannot be used for a while. */
	write_file("x");
	assert_null(link_of("a"));
	write_file("secret-123");
	assert_ptr_equal(link_of("a")->limits, a);
	assert_int_equal(a->forgiven, 2);
	assert_int_equal(limits, 2);
}

/*! Whoever reloads has not corrected a password, and what was given to a server counts. */
static void a_reload_leaves_accounts_alone(void **state)
{
	(void)state;
	accounts_reloaded(&env);
	epp_link_t *a = link_of("a"), *b = link_of("b");
	a->stopped = true;
	accounts_reloaded(&env);
	assert_int_equal(freed, 0);
	/* Certificates are another matter, but for one that is stopped. */
	epp_limits_t *before = b->limits;
	a->other_certificates = b->other_certificates = true;
	accounts_reloaded(&env);
	assert_int_equal(freed, 1);
	assert_ptr_equal(link_of("a"), a);
	assert_int_equal(made, 2);
	assert_ptr_equal(link_of("b")->limits, before);
	assert_int_equal(made, 3);
	assert_int_equal(before->forgiven, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_zones_share_the_connection_of_an_account),
		TEST(a_file_that_cannot_be_used_is_named_and_tried_again),
		TEST(a_changed_file_is_read_again),
		TEST(a_changed_file_changes_no_pace),
		TEST(a_reload_leaves_accounts_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
