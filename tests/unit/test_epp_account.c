/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of accounts: what it may say, who may read it, and where its passwords are. */

#include <fcntl.h>
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

#include "kskroll/epp_account.h"
#include "util/knot.h"

#define SECRET "hunter2-hunter2"
#define USUAL  "account:\n  - id: reg\n    server: epp.example\n    login: client\n    password: " SECRET "\n"
#define LONG16 "abcdefghijklmnop"

static char folder[] = "/tmp/kskroll-epp-XXXXXX";
static char path[64], key[64];
static char why[512];

int __real_munmap(void *data, size_t size);
int __wrap_munmap(void *data, size_t size);

/*! How often memory was unmapped; it must be overwritten by then. */
static size_t pages_freed;

int __wrap_munmap(void *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(((const uint8_t *)data)[i], 0);
	}
	pages_freed++;
	return __real_munmap(data, size);
}

/*! Without a buffer, which would have the password. */
static void write_file(const char *name, const char *text, size_t len, mode_t mode)
{
	(void)unlink(name);
	const int file = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, len), len);
	assert_int_equal(fchmod(file, mode), 0);
	assert_int_equal(close(file), 0);
}

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/epp-accounts", folder);
	snprintf(key, sizeof(key), "%s/key.pem", folder);
	write_file(key, "key", 3, 0600);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(key);
	return rmdir(folder);
}

static int read_text(const char *text, epp_accounts_t **accounts)
{
	write_file(path, text, strlen(text), 0600);
	memset(why, 'x', sizeof(why));
	return epp_accounts_read(path, accounts, why, sizeof(why));
}

static void expect_wrong(const char *text, const char *words)
{
	epp_accounts_t *accounts;
	const int ret = read_text(text, &accounts);
	if (ret != KNOT_EINVAL || strstr(why, words) == NULL) {
		fail_msg("%d \"%s\", and not \"%s\" for %s", ret, why, words, text);
	}
	assert_null(accounts);
	assert_non_null(strstr(why, "epp-accounts"));
	assert_non_null(strstr(why, ", line "));
	assert_null(strstr(why, SECRET));
}

static epp_accounts_t *expect_right(const char *text)
{
	epp_accounts_t *accounts;
	const int ret = read_text(text, &accounts);
	if (ret != KNOT_EOK) {
		fail_msg("%d %s", ret, why);
	}
	assert_string_equal(why, "");
	return accounts;
}

static void an_account_has_defaults(void **state)
{
	(void)state;
	epp_accounts_t *accounts = expect_right(USUAL);
	assert_int_equal(epp_accounts_count(accounts), 1);
	const epp_account_t *account = epp_accounts_get(accounts, 0);
	assert_string_equal(account->id, "reg");
	assert_string_equal(account->server, "epp.example");
	assert_int_equal(account->port, 700);
	assert_string_equal(account->name, "epp.example");
	assert_null(account->greeting);
	assert_null(account->ca);
	assert_null(account->cert);
	assert_null(account->key);
	assert_string_equal(account->login, "client");
	assert_string_equal(account->password, SECRET);
	assert_string_equal(account->extension, "");
	assert_false(account->login_security);
	assert_int_equal(account->interface, EPP_INTERFACE_AUTO);
	assert_int_equal(account->records, 6);
	assert_int_equal(account->commands, 60);
	assert_int_equal(account->keep_alive, 0);
	assert_int_equal(account->idle_close, 60);
	assert_int_equal(account->timeout, 60);
	assert_ptr_equal(epp_accounts_find(accounts, "reg"), account);
	assert_null(epp_accounts_find(accounts, "Reg"));
	/* The file, and the passwords: overwritten. */
	assert_int_equal(pages_freed, 1);
	epp_accounts_free(accounts);
	assert_int_equal(pages_freed, 2);
	epp_accounts_free(NULL);
}

static void an_account_has_all_items(void **state)
{
	(void)state;
	epp_accounts_t *accounts = expect_right(
		"# Accounts\naccount:\n- id: a.b_C-1\n  server: 2001:db8::1\n  port: 7001\n  server-name: epp.example\n"
		"  greeting: \"EPP of é, 1\"\n  ca: /etc/ca.pem\n  cert: tls/cert.pem\n  key: key.pem\n  login: \"cli#nt é\"\n"
		"  password: \"a pass \\\"word\\\" of more than 16 [é]\"\n  extension: [urn:x, \"urn:y#z\"]\n  extension: urn:w\n"
		"  login-security: on\n  interface: key\n  records: 32\n  commands: 6000\n  keep-alive: 5m\n  idle-close: 1h\n"
		"  timeout: 30s\n\n- id: second\n  server: b.example\n  login: abc\n  password: " LONG16
		"\n  interface: ds\n- id: third\n  server: c.example\n  login: abc\n  password: " LONG16
		"\n  interface: ds-with-key\n");
	char cert[64];
	snprintf(cert, sizeof(cert), "%s/tls/cert.pem", folder);
	assert_int_equal(epp_accounts_count(accounts), 3);
	assert_int_equal(epp_accounts_get(accounts, 2)->interface, EPP_INTERFACE_DS_KEY);
	const epp_account_t *account = epp_accounts_get(accounts, 0);
	assert_string_equal(account->id, "a.b_C-1");
	assert_string_equal(account->server, "2001:db8::1");
	assert_int_equal(account->port, 7001);
	assert_string_equal(account->name, "epp.example");
	assert_string_equal(account->greeting, "EPP of é, 1");
	assert_string_equal(account->ca, "/etc/ca.pem");
	assert_string_equal(account->cert, cert);
	assert_string_equal(account->key, key);
	assert_string_equal(account->login, "cli#nt é");
	assert_string_equal(account->password, "a pass \"word\" of more than 16 [é]");
	assert_string_equal(account->extension, "urn:x\nurn:y#z\nurn:w\n");
	assert_true(account->login_security);
	assert_int_equal(account->interface, EPP_INTERFACE_KEY);
	assert_int_equal(account->records, 32);
	assert_int_equal(account->commands, 6000);
	assert_int_equal(account->keep_alive, 300);
	assert_int_equal(account->idle_close, 3600);
	assert_int_equal(account->timeout, 30);
	account = epp_accounts_find(accounts, "second");
	assert_ptr_equal(account, epp_accounts_get(accounts, 1));
	assert_string_equal(account->password, LONG16);
	assert_int_equal(account->interface, EPP_INTERFACE_DS);
	assert_string_equal(epp_accounts_get(accounts, 0)->password, "a pass \"word\" of more than 16 [é]");
	epp_accounts_free(accounts);
}

static void each_item_is_checked(void **state)
{
	(void)state;
	const char *cases[][2] = {
		{ "    server: \"a b\"\n", "line 6: item `server` is there twice" },
		{ "    port: 0\n", "line 6: item `port` must be a number from 1 to 65535" },
		{ "    port: 65536\n", "item `port`" },
		{ "    port: 70x\n", "item `port`" },
		{ "    server-name: \"a b\"\n", "item `server-name` must be a host name" },
		{ "    greeting: ab\n", "item `greeting` must have 3 to 64" },
		{ "    extension: [urn:x, \"urn: y\"]\n", "item `extension` must be a list of URIs" },
		{ "    extension: \"urn:é\"\n", "item `extension` must be a list of URIs" },
		{ "    login-security: maybe\n", "item `login-security` must be on or off" },
		{ "    interface: both\n", "item `interface` must be auto, ds, key or ds-with-key" },
		{ "    records: 0\n", "item `records` must be a number from 1 to 32" },
		{ "    records: 33\n", "item `records`" },
		{ "    records: 5m\n", "item `records`" },
		{ "    commands: 0\n", "item `commands`" },
		{ "    commands: 6001\n", "item `commands`" },
		{ "    keep-alive: 25h\n", "item `keep-alive` must be a time in seconds from 0 to 86400" },
		{ "    idle-close: 0\n", "item `idle-close`" },
		{ "    timeout: -1\n", "item `timeout`" },
		{ "    timeout:\n", "item `timeout` has no value" },
		{ "    urgent: on\n", "line 6: item `urgent` is unknown: remove it" },
		{ "    cert: x.pem\n", "line 2: item `key` is missing" },
		{ "    key: key.pem\n", "line 2: item `cert` is missing" },
		{ "  - id: reg\n", "item `id` is that of another account" },
		{ "  - id: \"a b\"\n", "item `id` must have" },
		{ "  - id: second\n", "line 6: item `server` is missing" },
		{ "  - id: second\n    server: x\n    login: abc\n", "line 6: item `password` is missing" },
		{ "server:\n", "line 6: item `server` is no section" },
		{ "account: x\n", "item `account` is no section" },
		{ "include: /etc/passwd\n", "item `include` is no section" },
		{ "\tport: 1\n", "line 6: the syntax is not that of knot.conf: tabulator" },
		{ "    port 1\n", "line 6: the syntax is not that of knot.conf" },
		{ "    password: \"" SECRET "x\n", "line 6: the syntax is not that of knot.conf" },
		{ "    password: " SECRET "\n", "item `password` is there twice" },
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", USUAL, cases[i][0]);
		expect_wrong(text, cases[i][1]);
	}
	expect_wrong("account:\n    server: x\n", "line 2: item `server` belongs to no account");
	expect_wrong("    server: x\n", "item `server` belongs to no account");
	expect_wrong("- id: x\n", "item `id` must be `- id:` in section `account:`");
	expect_wrong("account:\n  - server: x\n", "item `server` must be `- id:`");
	expect_wrong("account:\n  - id: a\n    server: \"a/b\"\n", "item `server` must be a host name");
	expect_wrong("account:\n  - id: a\n    login: ab\n", "item `login` must have 3 to 16");
	expect_wrong("account:\n  - id: a\n    login: " LONG16 "q\n", "item `login` must have 3 to 16");
	expect_wrong("account:\n  - id: a\n    login: \"a  b\"\n", "item `login` must have 3 to 16");
}

/* epp-1.0, pwType; loginSec-1.0, pwType. */
static void passwords_are_what_xml_carries(void **state)
{
	(void)state;
#define ACCOUNT "account:\n  - id: a\n    server: x\n    login: abc\n    password: "
	char text[1024], long_one[140];

	expect_wrong(ACCOUNT "abcde\n", "line 2: item `password` must have 6 to 16");
	expect_wrong(ACCOUNT LONG16 "q\n",
	             "item `password` must have 6 to 16 characters: change it, or set `login-security");
	expect_wrong(ACCOUNT "\" abcdef\"\n", "line 5: item `password` has characters");
	expect_wrong(ACCOUNT "\"abcdef \"\n", "item `password` has characters");
	expect_wrong(ACCOUNT "\"abc  def\"\n", "item `password` has characters");
	expect_wrong(ACCOUNT "\"abc\xff"
	                     "def\"\n",
	             "item `password` has characters");
	expect_wrong(ACCOUNT "abcde\n    login-security: on\n", "item `password` must have 6 to 128");
	memset(long_one, 'a', sizeof(long_one));
	for (int len = EPP_PASSWORD_LONG; len <= EPP_PASSWORD_LONG + 1; len++) {
		snprintf(text, sizeof(text), ACCOUNT "%.*s\n    login-security: on\n", len, long_one);
		if (len > EPP_PASSWORD_LONG) {
			expect_wrong(text, "item `password` must have 6 to 128");
		} else {
			epp_accounts_free(expect_right(text));
		}
	}
	/* Characters count, not octets. */
	epp_accounts_free(expect_right(ACCOUNT "éééééééééééééééé\n"));
	epp_accounts_free(expect_right(ACCOUNT "abcdef\n"));
}

static void the_file_is_bounded(void **state)
{
	(void)state;
	static char text[2 * 1024 * 1024];
	size_t used = 0;
	epp_accounts_t *accounts;

	used += (size_t)sprintf(text, "account:\n");
	for (unsigned i = 0; i <= EPP_ACCOUNTS_MAX; i++) {
		if (i == EPP_ACCOUNTS_MAX) {
			accounts = expect_right(text);
			assert_int_equal(epp_accounts_count(accounts), EPP_ACCOUNTS_MAX);
			epp_accounts_free(accounts);
		}
		used += (size_t)sprintf(text + used, "- id: a%u\n  server: x\n  login: abc\n  password: " SECRET "\n",
		                        i);
	}
	expect_wrong(text, "item `id` begins more accounts than are possible");

	used = (size_t)sprintf(text, USUAL);
	for (unsigned i = 0; i <= EPP_URIS_MAX; i++) {
		if (i == EPP_URIS_MAX) {
			epp_accounts_free(expect_right(text));
		}
		used += (size_t)sprintf(text + used, "    extension: urn:%u\n", i);
	}
	expect_wrong(text, "item `extension` has more URIs than are possible");

	memset(text, '#', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(read_text(text, &accounts), KNOT_EINVAL);
	assert_non_null(strstr(why, "is longer than 1048576 octets"));

	accounts = expect_right("");
	assert_int_equal(epp_accounts_count(accounts), 0);
	epp_accounts_free(accounts);
	accounts = expect_right("account:\n# none yet\n");
	assert_int_equal(epp_accounts_count(accounts), 0);
	epp_accounts_free(accounts);
	write_file(path, USUAL "\0password", sizeof(USUAL) + 8, 0600);
	assert_int_equal(epp_accounts_read(path, &accounts, why, sizeof(why)), KNOT_EINVAL);
}

static void expect_denied(const char *name, int error, const char *words)
{
	epp_accounts_t *accounts = (epp_accounts_t *)why;
	assert_int_equal(epp_accounts_read(name, &accounts, why, sizeof(why)), error);
	assert_null(accounts);
	if (strstr(why, words) == NULL) {
		fail_msg("\"%s\", and not \"%s\"", why, words);
	}
}

static void others_must_not_read_it(void **state)
{
	(void)state;
	const mode_t bad[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666 }, good[] = { 0600, 0400, 0700 };
	char words[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file(path, USUAL, strlen(USUAL), bad[i]);
		snprintf(words, sizeof(words), "(mode %04o): run chmod 600 %s", (unsigned)bad[i], folder);
		expect_denied(path, KNOT_EACCES, words);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		epp_accounts_t *accounts;
		write_file(path, USUAL, strlen(USUAL), good[i]);
		assert_int_equal(epp_accounts_read(path, &accounts, why, sizeof(why)), KNOT_EOK);
		epp_accounts_free(accounts);
	}
	write_file(path, USUAL, strlen(USUAL), 0600);
	/* Only root can give a file away. */
	if (chown(path, 12345, (gid_t)-1) == 0) {
		expect_denied(path, KNOT_EACCES, "belongs to user 12345");
		assert_non_null(strstr(why, "If knotd runs as that user, run this as it too; else run chown 0 "));
	}
	expect_denied(folder, KNOT_EINVAL, "is no regular file");
	expect_denied("/nonexistent/epp-accounts", KNOT_ENOENT, "cannot be opened: No such file");
	expect_denied("/dev/null", KNOT_EINVAL, "is no regular file");
}

static void others_must_not_read_the_key(void **state)
{
	(void)state;
	const char text[] = USUAL "    cert: cert.pem\n    key: key.pem\n";
	write_file(path, text, strlen(text), 0600);
	write_file(key, "key", 3, 0640);
	expect_denied(path, KNOT_EACCES, "key.pem can be used by others than its owner");
	assert_int_equal(unlink(key), 0);
	expect_denied(path, KNOT_ENOENT, "key.pem cannot be opened");
	write_file(key, "key", 3, 0600);
	epp_accounts_free(expect_right(text));
	/* Of each account, not of the last one alone. */
	assert_int_equal(chmod(key, 0644), 0);
	const char two[] = USUAL
		"    cert: cert.pem\n    key: key.pem\n  - id: b\n    server: x\n    login: abc\n    password: abcdef\n";
	write_file(path, two, strlen(two), 0600);
	expect_denied(path, KNOT_EACCES, "key.pem can be used by others");
	assert_int_equal(chmod(key, 0600), 0);
}

/*!
 * \brief Whether the secret is in memory that can be written, beside where it must be, and the stack, where the test
 * has it.
 *
 * \param[out] is_hidden  Whether the right place is left out of dumps.
 */
static unsigned find_secret(const char *secret, const void *right, bool *is_hidden)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	FILE *memory = fopen("/proc/self/mem", "r");
	char *line = NULL;
	size_t size = 0;
	unsigned long from = 0, to = 0;
	unsigned found = 0;
	bool is_read = false, is_right = false;

	*is_hidden = false;
	assert_non_null(maps);
	assert_non_null(memory);
	while (getline(&line, &size, maps) > 0) {
		char mode[5];
		unsigned long begin, end;
		if (sscanf(line, "%lx-%lx %4s", &begin, &end, mode) == 3) {
			from = begin;
			to = end;
			is_read = strncmp(mode, "rw", 2) == 0 && strstr(line, "[v") == NULL &&
			          strstr(line, "[stack]") == NULL;
			is_right = (unsigned long)right >= from && (unsigned long)right < to;
		} else if (strncmp(line, "VmFlags:", 8) == 0 && is_right) {
			*is_hidden = strstr(line, " dd") != NULL;
		} else if (strncmp(line, "Rss:", 4) == 0 && is_read && !is_right) {
			char *copy = malloc(to - from);
			assert_non_null(copy);
			if (fseek(memory, (long)from, SEEK_SET) == 0 &&
			    fread(copy, 1, to - from, memory) == to - from) {
				found += memmem(copy, to - from, secret, strlen(secret)) != NULL;
			}
			explicit_bzero(copy, to - from);
			free(copy);
		}
	}
	free(line);
	fclose(maps);
	fclose(memory);
	return found;
}

/* Not in the heap, where a parser or the file has left it, and not after it was freed. */
static void passwords_are_in_one_place(void **state)
{
	(void)state;
	bool is_hidden;
	epp_accounts_t *accounts;
#ifdef __SANITIZE_ADDRESS__
	print_message("with ASan the stack is in the heap\n");
	skip();
#endif

	/* In a file alone: this program must not have it as a text. */
	char text[] = ACCOUNT "XYZXYZXYZXYZ\n", secret[] = "XYZXYZXYZXYZ";
	for (char *p = text; *p != '\0'; p++) {
		*p = *p == 'X' ? 'q' : *p == 'Y' ? 'w' : *p == 'Z' ? 'e' : *p;
	}
	write_file(path, text, strlen(text), 0600);
	explicit_bzero(text, sizeof(text));
	assert_int_equal(epp_accounts_read(path, &accounts, why, sizeof(why)), KNOT_EOK);
	const char *password = epp_accounts_get(accounts, 0)->password;
	assert_int_equal(strlen(password), 12);
	for (char *p = secret; *p != '\0'; p++) {
		*p = *p == 'X' ? 'q' : *p == 'Y' ? 'w' : 'e';
	}
	assert_string_equal(password, secret);
	assert_int_equal(find_secret(secret, password, &is_hidden), 0);
	assert_true(is_hidden);
	epp_accounts_free(accounts);
	assert_int_equal(find_secret(secret, NULL, &is_hidden), 0);

	/* The search finds what is there. */
	char *copy = strdup(secret);
	assert_true(find_secret(secret, NULL, &is_hidden) > 0);
	/* A copy that nobody reads may not be made at all (gcc 16). */
	assert_string_equal(copy, secret);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_account_has_defaults),      cmocka_unit_test(an_account_has_all_items),
		cmocka_unit_test(each_item_is_checked),         cmocka_unit_test(passwords_are_what_xml_carries),
		cmocka_unit_test(the_file_is_bounded),          cmocka_unit_test(others_must_not_read_it),
		cmocka_unit_test(others_must_not_read_the_key), cmocka_unit_test(passwords_are_in_one_place),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
