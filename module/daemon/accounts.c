/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/libknot.h>

#include "accounts.h"
#include "env.h"
#include "kskroll/text_copy.h"

struct account {
	env_t *env;
	const epp_account_t *account;
	epp_limits_t *limits;
	epp_link_t *link; /*!< NULL: nobody has needed it. */
};

/*! Of an account, also after the file has changed. */
struct account_limits {
	list_node_t node;
	epp_limits_t *limits;
	bool used; /*!< The file has such an account. */
	char name[];
};

void accounts_init(accounts_t *accounts, accounts_message_f message)
{
	*accounts = (accounts_t){ .message = message };
}

static bool on_message(const epp_message_t *message, void *arg)
{
	account_t *one = arg;

	return one->env->accounts.message(one->env, one->account, message);
}

/*! Connections and list; what accounts were given of late stays. */
static void close_list(env_t *env)
{
	accounts_t *a = &env->accounts;
	epp_accounts_t *list = a->list;
	account_t *account = a->account;

	/* A callback may ask for a link. */
	a->list = NULL;
	a->account = NULL;
	for (size_t i = 0; list != NULL && i < epp_accounts_count(list); i++) {
		epp_link_free(account[i].link);
	}
	free(account);
	free(a->path);
	a->path = NULL;
	/* Links are closed by the loop, and look at their accounts no more. */
	epp_accounts_free(list);
}

/*! \param[in] all  Also those of accounts that the file has. */
static void drop_limits(accounts_t *a, bool all)
{
	for (list_node_t *node = a->limits.first, *next; node != NULL; node = next) {
		account_limits_t *one = list_item(node, account_limits_t, node);
		next = node->next;
		if (all || !one->used) {
			list_remove(node);
			epp_limits_free(one->limits);
			free(one);
		}
	}
}

void accounts_close(env_t *env)
{
	close_list(env);
	drop_limits(&env->accounts, true);
}

/*! Those of the same login at the same server; what has failed there may be tried again. \return NULL without memory.
 */
static epp_limits_t *limits_of(accounts_t *a, const epp_account_t *account)
{
	char name[512];

	snprintf(name, sizeof(name), "%s@%u %s", account->server, account->port, account->login);
	for (list_node_t *node = a->limits.first; node != NULL; node = node->next) {
		account_limits_t *one = list_item(node, account_limits_t, node);
		if (strcmp(one->name, name) == 0) {
			one->used = true;
			epp_limits_forgive(one->limits);
			return one->limits;
		}
	}
	account_limits_t *one = calloc(1, sizeof(*one) + strlen(name) + 1);
	epp_limits_t *limits = epp_limits_new();
	if (one == NULL || limits == NULL) {
		free(one);
		epp_limits_free(limits);
		return NULL;
	}
	one->limits = limits;
	one->used = true;
	strcpy(one->name, name);
	list_add(&a->limits, &one->node);
	return limits;
}

/*! \return False without memory. */
static bool take_limits(accounts_t *a)
{
	for (list_node_t *node = a->limits.first; node != NULL; node = node->next) {
		list_item(node, account_limits_t, node)->used = false;
	}
	for (size_t i = 0; i < epp_accounts_count(a->list); i++) {
		a->account[i].limits = limits_of(a, a->account[i].account);
		if (a->account[i].limits == NULL) {
			return false;
		}
	}
	drop_limits(a, false);
	return true;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_as_read(const accounts_t *a, const char *path)
{
	const struct stat *was = &a->as_read;
	struct stat is;

	return a->list != NULL && strcmp(a->path, path) == 0 && stat(path, &is) == 0 && is.st_ino == was->st_ino &&
	       is.st_dev == was->st_dev && is.st_size == was->st_size && is_same_time(&is.st_mtim, &was->st_mtim) &&
	       is_same_time(&is.st_ctim, &was->st_ctim);
}

/*! \return False: \a why says what is wrong. */
static bool read_again(env_t *env, const char *path)
{
	accounts_t *a = &env->accounts;

	close_list(env);
	/* Before it is read: whoever changes it meanwhile has it read once more. */
	memset(&a->as_read, 0, sizeof(a->as_read));
	(void)stat(path, &a->as_read);
	if (epp_accounts_read(path, &a->list, a->why, sizeof(a->why)) != KNOT_EOK) {
		a->list = NULL;
		return false;
	}
	a->path = strdup(path);
	a->account = calloc(epp_accounts_count(a->list) + 1, sizeof(*a->account));
	for (size_t i = 0; a->account != NULL && i < epp_accounts_count(a->list); i++) {
		a->account[i] = (account_t){ .env = env, .account = epp_accounts_get(a->list, i) };
	}
	if (a->path == NULL || a->account == NULL || !take_limits(a)) {
		close_list(env);
		text_copy(a->why, sizeof(a->why), "out of memory");
		return false;
	}
	return true;
}

epp_link_t *accounts_link(env_t *env, const char *id, const epp_account_t **account, char *why, size_t why_len)
{
	accounts_t *a = &env->accounts;
	const char *path = resources_epp_accounts(env);

	if (!is_as_read(a, path) && !read_again(env, path)) {
		text_copy(why, why_len, a->why);
		return NULL;
	}
	const epp_account_t *found = epp_accounts_find(a->list, id);
	if (found == NULL) {
		snprintf(why, why_len, "%s has no account %s: correct parent-epp, or add the account", path, id);
		return NULL;
	}
	account_t *one = a->account;
	while (one->account != found) {
		one++;
	}
	if (one->link == NULL) {
		one->link = epp_link_new(&env->uv, found, one->limits, on_message, one, why, why_len);
	}
	*account = found;
	return one->link;
}

void accounts_reloaded(env_t *env)
{
	accounts_t *a = &env->accounts;

	for (size_t i = 0; a->list != NULL && i < epp_accounts_count(a->list); i++) {
		epp_link_t *link = a->account[i].link;
		if (link != NULL && !epp_link_is_stopped(link) && !epp_link_is_current(link)) {
			a->account[i].link = NULL;
			epp_link_free(link);
		}
	}
}
