/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/yparser/ypschema.h>
#include <libknot/yparser/yptrafo.h>

#include "epp_account_items.h"
#include "util/knot.h"
#include "util/printable.h"

#define ID_MAX       63
#define NAME_MAX_LEN 253
#define DAY          86400

typedef enum {
	KIND_HOST,   /*!< Name or address. */
	KIND_TEXT,   /*!< Of \a min to \a max characters. */
	KIND_FILE,   /*!< Relative to the folder of the file. */
	KIND_SECRET, /*!< As text; \a max is checked when all items are there. */
	KIND_URIS,   /*!< A list. */
	KIND_PORT,
	KIND_NUMBER,
	KIND_TIME,
	KIND_BOOL,
	KIND_INTERFACE,
} kind_t;

typedef struct {
	const char *name;
	kind_t kind;
	size_t offset;
	int64_t min, max;
} item_t;

enum {
	ITEM_SERVER,
	ITEM_LOGIN,
	ITEM_PASSWORD,
	REQUIRED
}; /* The first of the table. */

/* clang-format off */
#define AT(member) offsetof(epp_account_t, member)
static const item_t table[] = {
	{ "server", KIND_HOST, AT(server), 1, NAME_MAX_LEN },
	{ "login", KIND_TEXT, AT(login), 3, 16 }, /* eppcom-1.0, clIDType. */
	{ "password", KIND_SECRET, AT(password), EPP_PASSWORD_MIN, EPP_PASSWORD_LONG },
	{ "port", KIND_PORT, AT(port), 1, UINT16_MAX },
	{ "server-name", KIND_HOST, AT(name), 1, NAME_MAX_LEN },
	{ "greeting", KIND_TEXT, AT(greeting), 3, 64 }, /* epp-1.0, sIDType. */
	{ "ca", KIND_FILE, AT(ca), 1, 0 },
	{ "cert", KIND_FILE, AT(cert), 1, 0 },
	{ "key", KIND_FILE, AT(key), 1, 0 },
	{ "extension", KIND_URIS, AT(extension), 1, EPP_URI_MAX - 1 },
	{ "login-security", KIND_BOOL, AT(login_security), 0, 0 },
	{ "interface", KIND_INTERFACE, AT(interface), 0, 0 },
	{ "records", KIND_NUMBER, AT(records), 1, EPP_RECORDS_MAX },
	{ "commands", KIND_NUMBER, AT(commands), 1, EPP_COMMANDS_MAX },
	{ "keep-alive", KIND_TIME, AT(keep_alive), 0, DAY },
	{ "idle-close", KIND_TIME, AT(idle_close), 1, DAY },
	{ "timeout", KIND_TIME, AT(timeout), 1, 3600 },
};
/* clang-format on */

#define COUNT (sizeof(table) / sizeof(table[0]))

void epp_words(epp_words_t *words, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(words->text, words->size, format, args);
	va_end(args);
	printable_text(words->text);
}

static int wrong_at(epp_items_t *items, size_t line, const char *name, const char *what)
{
	epp_words(items->why, "%s, line %zu: item `%s` %s", items->path, line, name, what);
	return KNOT_EINVAL;
}

int epp_items_wrong(epp_items_t *items, const char *name, const char *what)
{
	return wrong_at(items, items->parser->line_count, name, what);
}

bool epp_items_is_id(const char *id)
{
	const size_t len = strlen(id);
	return len >= 1 && len <= ID_MAX &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/*! Characters of UTF-8. */
static int64_t characters(const char *text)
{
	int64_t count = 0;

	for (; *text != '\0'; text++) {
		count += ((uint8_t)*text & 0xc0) != 0x80;
	}
	return count;
}

/*!
 * \brief Whether XML carries a text as it is (XML Schema 2, 3.3.2, token), and a terminal shows it.
 *
 * \param[in] copy  Memory for a copy of it, which is overwritten.
 */
static bool is_token(const char *text, char *copy)
{
	const size_t len = strlen(text);

	memcpy(copy, text, len + 1);
	printable_text(copy);
	const bool is_printable = memcmp(copy, text, len) == 0;
	explicit_bzero(copy, len + 1);
	return is_printable && strstr(text, "  ") == NULL && text[0] != ' ' && (len == 0 || text[len - 1] != ' ');
}

static char **string_of(epp_account_t *account, const item_t *item)
{
	return (char **)((char *)account + item->offset);
}

static void *number_of(epp_account_t *account, const item_t *item)
{
	return (char *)account + item->offset;
}

/* --- values ----------------------------------------------------------------------------------- */

static int take_host(epp_items_t *items, const item_t *item, const char *value)
{
	if (strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:_-") != strlen(value) ||
	    characters(value) > item->max) {
		return epp_items_wrong(items, item->name, "must be a host name (A-labels) or an address");
	}
	char **string = string_of(items->account, item);
	*string = strdup(value);
	return *string != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static int take_text(epp_items_t *items, const item_t *item, const char *value)
{
	char copy[YP_MAX_TXT_DATA_LEN + 1], what[100];

	if (!is_token(value, copy) || characters(value) < item->min || characters(value) > item->max) {
		snprintf(what, sizeof(what),
		         "must have %d to %d printable characters, without spaces beside each other", (int)item->min,
		         (int)item->max);
		return epp_items_wrong(items, item->name, what);
	}
	char **string = string_of(items->account, item);
	*string = strdup(value);
	return *string != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static int take_secret(epp_items_t *items, const item_t *item, const char *value)
{
	const size_t len = strlen(value);

	memcpy(items->password, value, len + 1);
	if (!is_token(value, items->password + len + 1)) {
		return epp_items_wrong(
			items, item->name,
			"has characters that cannot be printed, or spaces that XML does not keep: change it");
	}
	*string_of(items->account, item) = items->password;
	items->password += len + 1;
	return KNOT_EOK;
}

static int take_file(epp_items_t *items, const item_t *item, const char *value)
{
	const char *slash = strrchr(items->path, '/');
	const int folder = value[0] != '/' && slash != NULL ? (int)(slash - items->path) + 1 : 0;

	char **string = string_of(items->account, item);
	if (asprintf(string, "%.*s%s", folder, items->path, value) < 0) {
		*string = NULL;
		return KNOT_ENOMEM;
	}
	return KNOT_EOK;
}

static int take_uri(epp_items_t *items, const item_t *item, const char *value)
{
	unsigned count = 0;
	char **string = string_of(items->account, item);

	for (const char *p = *string; *p != '\0'; p++) {
		count += *p == '\n';
	}
	if (count == EPP_URIS_MAX) {
		return epp_items_wrong(items, item->name, "has more URIs than are possible, 32");
	}
	for (const char *p = value; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~') {
			return epp_items_wrong(items, item->name,
			                       "must be a list of URIs, as the greeting of the server has them");
		}
	}
	if (characters(value) > item->max) {
		return epp_items_wrong(items, item->name, "has a URI that is too long");
	}
	char *all;
	if (asprintf(&all, "%s%s\n", *string, value) < 0) {
		return KNOT_ENOMEM;
	}
	free(*string);
	*string = all;
	return KNOT_EOK;
}

static int take_number(epp_items_t *items, const item_t *item, const char *value)
{
	const yp_item_t rule = {
		.type = YP_TINT,
		.var.i = { .min = item->min, .max = item->max, .unit = item->kind == KIND_TIME ? YP_STIME : YP_SNONE },
	};
	uint8_t number[sizeof(int64_t)];
	size_t len = sizeof(number);
	char what[100];

	if (yp_item_to_bin(&rule, value, strlen(value), number, &len) != KNOT_EOK) {
		snprintf(what, sizeof(what), "must be a %s from %d to %d",
		         item->kind == KIND_TIME ? "time in seconds" : "number", (int)item->min, (int)item->max);
		return epp_items_wrong(items, item->name, what);
	}
	if (item->kind == KIND_PORT) {
		*(uint16_t *)number_of(items->account, item) = (uint16_t)yp_int(number);
	} else {
		*(uint32_t *)number_of(items->account, item) = (uint32_t)yp_int(number);
	}
	return KNOT_EOK;
}

static int take_bool(epp_items_t *items, const item_t *item, const char *value)
{
	const yp_item_t rule = { .type = YP_TBOOL };
	uint8_t yes;
	size_t len = sizeof(yes);

	if (yp_item_to_bin(&rule, value, strlen(value), &yes, &len) != KNOT_EOK) {
		return epp_items_wrong(items, item->name, "must be on or off");
	}
	*(bool *)number_of(items->account, item) = yp_bool(&yes);
	return KNOT_EOK;
}

static int take_interface(epp_items_t *items, const item_t *item, const char *value)
{
	static const char *names[] = {
		[EPP_INTERFACE_AUTO] = "auto",
		[EPP_INTERFACE_DS] = "ds",
		[EPP_INTERFACE_KEY] = "key",
		[EPP_INTERFACE_DS_KEY] = "ds-with-key",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], value) == 0) {
			*(epp_interface_t *)number_of(items->account, item) = (epp_interface_t)i;
			return KNOT_EOK;
		}
	}
	return epp_items_wrong(items, item->name, "must be auto, ds, key or ds-with-key");
}

static int take_value(epp_items_t *items, const item_t *item, const char *value)
{
	switch (item->kind) {
	case KIND_HOST:
		return take_host(items, item, value);
	case KIND_TEXT:
		return take_text(items, item, value);
	case KIND_FILE:
		return take_file(items, item, value);
	case KIND_SECRET:
		return take_secret(items, item, value);
	case KIND_URIS:
		return take_uri(items, item, value);
	case KIND_BOOL:
		return take_bool(items, item, value);
	case KIND_INTERFACE:
		return take_interface(items, item, value);
	default:
		return take_number(items, item, value);
	}
}

int epp_items_take(epp_items_t *items)
{
	const yp_parser_t *parser = items->parser;
	size_t i = 0;

	while (i < COUNT && strcmp(table[i].name, parser->key) != 0) {
		i++;
	}
	if (i == COUNT) {
		return epp_items_wrong(items, parser->key, "is unknown: remove it");
	}
	if (parser->data_len == 0) {
		return epp_items_wrong(items, parser->key, "has no value: add it, or remove the item");
	}
	const uint64_t bit = UINT64_C(1) << i;
	if ((items->given & bit) != 0 && table[i].kind != KIND_URIS) {
		return epp_items_wrong(items, parser->key, "is there twice in the account: remove one");
	}
	items->given |= bit;
	return take_value(items, &table[i], parser->data);
}

/* --- accounts --------------------------------------------------------------------------------- */

int epp_items_begin(epp_items_t *items, epp_account_t *account, const char *id)
{
	items->account = account;
	items->given = 0;
	items->line = items->parser->line_count;
	*account = (epp_account_t){
		.id = strdup(id),
		.extension = strdup(""),
		.port = EPP_PORT,
		.records = EPP_RECORDS_DEFAULT,
		.commands = EPP_COMMANDS_DEFAULT,
		.idle_close = 60,
		.timeout = 60,
	};
	return account->id != NULL && account->extension != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static int check_password(epp_items_t *items)
{
	const epp_account_t *account = items->account;
	const int64_t count = characters(account->password);

	if (count < EPP_PASSWORD_MIN || count > (account->login_security ? EPP_PASSWORD_LONG : EPP_PASSWORD_MAX)) {
		return wrong_at(
			items, items->line, table[ITEM_PASSWORD].name,
			account->login_security ?
				"must have 6 to 128 characters" :
				"must have 6 to 16 characters: change it, or set `login-security: on` (RFC 8807)");
	}
	return KNOT_EOK;
}

int epp_items_end(epp_items_t *items)
{
	epp_account_t *account = items->account;

	for (size_t i = 0; i < REQUIRED; i++) {
		if ((items->given & UINT64_C(1) << i) == 0) {
			return wrong_at(items, items->line, table[i].name,
			                "is missing in the account that begins here: add it");
		}
	}
	if ((account->cert == NULL) != (account->key == NULL)) {
		return wrong_at(items, items->line, account->cert == NULL ? "cert" : "key",
		                "is missing in the account that begins here: `cert` and `key` belong together");
	}
	if (account->name == NULL) {
		account->name = strdup(account->server);
	}
	return account->name != NULL ? check_password(items) : KNOT_ENOMEM;
}

void epp_items_free(epp_account_t *account)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (table[i].kind <= KIND_URIS && table[i].kind != KIND_SECRET) {
			free(*string_of(account, &table[i]));
		}
	}
	free((char *)account->id);
	*account = (epp_account_t){ 0 };
}
