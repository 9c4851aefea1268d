/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the settings say has to be opened: the store, the asker of the world, the way to knotd.
 *
 * What cannot be opened is tried again, now and then, and said once.
 */

#pragma once

#include "forward.h"
#include "kskroll/dns.h"
#include "kskroll/server.h"
#include "settings_copy.h"

typedef struct {
	settings_t *settings; /*!< NULL: not known yet. */
	server_where_t where; /*!< Its texts and addresses are ours; without control: not known yet. */
	bool opened;          /*!< resources_open() was called. */
	bool confined;        /*!< To the files of the settings at that time. */
	bool outdated;
	time_t tried; /*!< The last time that opening something was tried. */

	char *store_path;
	char store_error[512]; /*!< Why it could not be opened. */
	int alive;             /*!< Says that the store is in use; -1: it is not. */
	dns_t *dns;
	char dns_error[160];
	server_t *server;
	int broker; /*!< Socket to who runs keymgr; -1: there is none. */
} resources_t;

/*! \a broker: as in loop_new(). */
void resources_init(resources_t *resources, int broker);

/*! Settings of the global instance, which count from now on; copied. \return KNOT_EOK, KNOT_ENOMEM. */
int resources_settings(env_t *env, const global_settings_t *settings);
/*! Where knotd is; copied. \return KNOT_EOK, KNOT_ENOMEM. */
int resources_where(env_t *env, const server_where_t *where);
/*! Whether both are known. */
bool resources_known(const env_t *env);

/*! Opens all, and from here on no other files can be opened, if the store can. */
void resources_open(env_t *env);
/*! Tries again what could not be opened. */
void resources_open_again(env_t *env);
/*! The process has to start again, since other files have to be opened. */
bool resources_outdated(const env_t *env);

/*! The file of the accounts at EPP servers, there or not. */
const char *resources_epp_accounts(const env_t *env);

/*! NULL: memory or threads are short, see the error. */
dns_t *resources_dns(const env_t *env);
const char *resources_dns_error(const env_t *env);
/*! NULL: memory or threads are short. */
server_t *resources_server(const env_t *env);
/*! Why the store could not be opened, or why the last call to it failed. */
const char *resources_store_error(const env_t *env);

/*! Ends all that is under way, and writes what is due. */
void resources_close(env_t *env);
/*! After that. */
void resources_free(resources_t *resources);
