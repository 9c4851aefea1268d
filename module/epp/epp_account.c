/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libknot/yparser/yparser.h>

#include "epp_account_items.h"
#include "epp_secret.h"
#include "kskroll/epp_account.h"
#include "util/knot.h"

#define FILE_MAX (1024 * 1024)

struct epp_accounts {
	size_t count;
	epp_secret_t passwords;
	epp_account_t account[EPP_ACCOUNTS_MAX];
};

/*! In memory for secrets: the file, and the parser, which has the value of an item in itself. */
typedef struct {
	yp_parser_t parser;
	size_t len;
	char text[];
} content_t;

/*! The file, opened; \return -1 if it must not be read: \a ret says why. */
static int open_own(const char *path, struct stat *status, int *ret, epp_words_t *why)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file < 0) {
		*ret = knot_map_errno();
		epp_words(why, "%s cannot be opened: %s. Check that the user of this process may read it", path,
		          strerror(errno));
		return -1;
	}
	*ret = KNOT_EACCES;
	if (fstat(file, status) != 0) {
		*ret = knot_map_errno();
		epp_words(why, "%s cannot be read: %s", path, strerror(errno));
	} else if (!S_ISREG(status->st_mode)) {
		*ret = KNOT_EINVAL;
		epp_words(why, "%s is no regular file", path);
	} else if ((status->st_mode & 077) != 0) {
		epp_words(why, "%s can be used by others than its owner (mode %04o): run chmod 600 %s", path,
		          (unsigned)status->st_mode & 07777, path);
	} else if (status->st_uid != geteuid() && status->st_uid != 0 && geteuid() == 0) {
		epp_words(why,
		          "%s belongs to user %u, and this process runs as root. If knotd runs as that user, run this "
		          "as it too; else run chown 0 %s",
		          path, (unsigned)status->st_uid, path);
	} else if (status->st_uid != geteuid() && status->st_uid != 0) {
		epp_words(why,
		          "%s belongs to user %u, and neither to root nor to the user of this process: run chown %u %s",
		          path, (unsigned)status->st_uid, (unsigned)geteuid(), path);
	} else {
		return file;
	}
	close(file);
	return -1;
}

/*! The private key: GnuTLS reads it later, what counts here is who else can. */
static int check_key(const char *path, epp_words_t *why)
{
	struct stat status;
	int ret;

	const int file = open_own(path, &status, &ret, why);
	if (file < 0) {
		return ret;
	}
	close(file);
	return KNOT_EOK;
}

static int read_all(int file, content_t *content, size_t size)
{
	while (content->len < size) {
		const ssize_t got = read(file, content->text + content->len, size - content->len);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return knot_map_errno();
		}
		if (got == 0) {
			break;
		}
		content->len += (size_t)got;
	}
	return KNOT_EOK;
}

/*! The file in memory for secrets. */
static int read_file(const char *path, epp_secret_t *memory, epp_words_t *why)
{
	struct stat status;
	int ret;

	const int file = open_own(path, &status, &ret, why);
	if (file < 0) {
		return ret;
	}
	if (status.st_size > FILE_MAX) {
		epp_words(why, "%s is longer than %u octets", path, FILE_MAX);
		ret = KNOT_EINVAL;
	} else {
		ret = epp_secret_new(memory, sizeof(content_t) + (size_t)status.st_size);
	}
	if (ret == KNOT_EOK) {
		ret = read_all(file, memory->data, (size_t)status.st_size);
	}
	if (ret != KNOT_EOK && why->text[0] == '\0') {
		epp_words(why, "%s cannot be read: %s", path, knot_strerror(ret));
	}
	close(file);
	return ret;
}

/*! A new account, as its id begins it. */
static int begin_account(epp_accounts_t *accounts, epp_items_t *items)
{
	const char *id = items->parser->data;

	if (!epp_items_is_id(id)) {
		return epp_items_wrong(items, "id", "must have 1 to 63 of A-Z, a-z, 0-9, \".\", \"_\" and \"-\"");
	}
	if (epp_accounts_find(accounts, id) != NULL) {
		return epp_items_wrong(items, "id", "is that of another account: rename or remove one of them");
	}
	if (accounts->count == EPP_ACCOUNTS_MAX) {
		return epp_items_wrong(items, "id", "begins more accounts than are possible, 256");
	}
	epp_account_t *account = &accounts->account[accounts->count++];
	return epp_items_begin(items, account, id);
}

static int end_account(epp_items_t *items)
{
	const int ret = items->account != NULL ? epp_items_end(items) : KNOT_EOK;
	return ret == KNOT_EOK && items->account != NULL && items->account->key != NULL ?
	               check_key(items->account->key, items->why) :
	               ret;
}

static int take_event(epp_accounts_t *accounts, epp_items_t *items, bool *in_section)
{
	const yp_parser_t *parser = items->parser;
	int ret;

	switch (parser->event) {
	case YP_EKEY0:
		*in_section = strcmp(parser->key, "account") == 0 && parser->data_len == 0;
		return *in_section ? KNOT_EOK :
		                     epp_items_wrong(items, parser->key,
		                                     "is no section of this file, which has `account:` alone");
	case YP_EID:
		ret = *in_section && strcmp(parser->key, "id") == 0 ?
		              end_account(items) :
		              epp_items_wrong(items, parser->key, "must be `- id:` in section `account:`");
		return ret == KNOT_EOK ? begin_account(accounts, items) : ret;
	default:
		return items->account != NULL ?
		               epp_items_take(items) :
		               epp_items_wrong(items, parser->key, "belongs to no account: begin it with `- id:`");
	}
}

static int parse(epp_accounts_t *accounts, content_t *content, epp_items_t *items)
{
	bool in_section = false;
	int ret = yp_set_input_string(&content->parser, content->text, content->len);

	while (ret == KNOT_EOK && (ret = yp_parse(&content->parser)) == KNOT_EOK) {
		ret = take_event(accounts, items, &in_section);
	}
	if (ret == KNOT_EOF) {
		return end_account(items);
	}
	if (items->why->text[0] == '\0') {
		epp_words(items->why, "%s, line %zu: the syntax is not that of knot.conf: %s", items->path,
		          content->parser.line_count, knot_strerror(ret));
		/* What the parser calls it is no error of this function's list. */
		ret = ret == KNOT_ENOMEM ? ret : KNOT_EINVAL;
	}
	return ret;
}

int epp_accounts_read(const char *path, epp_accounts_t **out, char *why, size_t why_len)
{
	epp_words_t words = { .text = why, .size = why_len };
	epp_secret_t memory = { 0 };

	*out = NULL;
	why[0] = '\0';
	epp_accounts_t *accounts = calloc(1, sizeof(*accounts));
	int ret = accounts != NULL ? read_file(path, &memory, &words) : KNOT_ENOMEM;
	content_t *content = memory.data;
	if (ret == KNOT_EOK) {
		/* More than all passwords, with what is needed to check one of them. */
		ret = epp_secret_new(&accounts->passwords, 2 * content->len + 2);
	}
	if (ret == KNOT_EOK) {
		yp_init(&content->parser);
		epp_items_t items = { .path = path, .why = &words, .parser = &content->parser };
		items.password = accounts->passwords.data;
		ret = parse(accounts, content, &items);
		yp_deinit(&content->parser);
	}
	epp_secret_free(&memory);
	if (ret != KNOT_EOK) {
		if (why[0] == '\0') {
			epp_words(&words, "%s cannot be read: %s", path, knot_strerror(ret));
		}
		epp_accounts_free(accounts);
		return ret;
	}
	*out = accounts;
	return KNOT_EOK;
}

void epp_accounts_free(epp_accounts_t *accounts)
{
	if (accounts == NULL) {
		return;
	}
	epp_secret_free(&accounts->passwords);
	for (size_t i = 0; i < accounts->count; i++) {
		epp_items_free(&accounts->account[i]);
	}
	free(accounts);
}

size_t epp_accounts_count(const epp_accounts_t *accounts)
{
	return accounts->count;
}

const epp_account_t *epp_accounts_get(const epp_accounts_t *accounts, size_t index)
{
	return &accounts->account[index];
}

const epp_account_t *epp_accounts_find(const epp_accounts_t *accounts, const char *id)
{
	for (size_t i = 0; i < accounts->count; i++) {
		if (strcmp(accounts->account[i].id, id) == 0) {
			return &accounts->account[i];
		}
	}
	return NULL;
}
