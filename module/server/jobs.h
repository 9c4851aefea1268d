/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Calls that wait for the control thread, and their order.
 *
 * Nothing here locks, waits or talks to anybody.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "parent_job.h"
#include "policy.h"

/*! Zones checked over one connection: an operator's knotc may have to wait that long. */
#define CHECKS_MAX 32
/*! Zones switched in one transaction. */
#define SWITCHES_MAX 256
/*!
 * Orders for keys that are carried out together. Three hide the pause of 50 ms that each of them needs. More spare only
 * the pause at the end of a batch, and all other calls wait that long: 16 orders of 25 ms take 0.4 s. On a machine
 * where keymgr takes 0.2 s, they still end within the timeout of 10 s.
 */
#define KEYS_MAX 16
/*! A number of switches that never comes together. */
#define SWITCHES_NEVER SIZE_MAX
/*! An order that cannot be taken back, from Knot or from caches, does not wait for longer, seconds. */
#define STALE_AFTER 60
/*! How far ahead the queue is searched for calls that can share a connection. */
#define LOOKAHEAD 512

/*! What is called. */
typedef enum {
	JOB_CHECK,
	JOB_GLANCE,
	JOB_SWITCH,
	JOB_ORIGIN,
	JOB_FIT,
	JOB_KEYS,
	JOB_PARENT,
} job_kind_t;

/*! A call and its outcome. */
typedef struct job {
	struct job *next; /*!< In its list. */
	job_kind_t kind;
	union {
		server_check_f check;
		server_done_f done;
		server_fit_f fit;
	} callback;
	void *arg; /*!< Of the callback. */

	char *zone; /*!< Owned, as is base. */
	char *base; /*!< NULL unless a switch, or whether it can be done. */
	policy_role_t role;
	uint32_t ttl; /*!< Of a derived policy, or that the old key stays for; seconds. */
	bool implicit;
	bool leaves;          /*!< See policy_want_t. */
	server_keys_t *keys;  /*!< Owned; NULL unless an order for keys. */
	parent_job_t *parent; /*!< Owned; NULL unless JOB_PARENT. */
	uint64_t called;      /*!< uv_hrtime() of the call that brought \a keys. */
	bool put_off;         /*!< Not begun: see jobs_put_back(). */

	server_status_t status;
	rollover_gate_t gate;
	char detail[CONTROL_DETAIL_MAX];
	server_check_t check;
} job_t;

/*! Jobs in the order of their calls; job_list_init() makes an empty one. Owns them. */
typedef struct {
	job_t *head;
	job_t **tail;
	size_t count;
} job_list_t;

void job_list_init(job_list_t *list);
void job_list_append(job_list_t *list, job_t *job);
/*! \return The job that \a at points to, which is in no list any more. */
job_t *job_list_remove(job_list_t *list, job_t **at);
/*! Moves all of \a from to the end of \a to. */
void job_list_move(job_list_t *to, job_list_t *from);

/*! \return NULL if there is no memory. \a base may be NULL; texts are copied. */
job_t *job_new(job_kind_t kind, const char *zone, const char *base, void *arg);
/*! \return uv_hrtime() after which an order for keys must not begin, ns: it removes keys, moves the data or publishes
 * an algorithm, and what it rests on must be proven again; 0: no limit. */
uint64_t job_latest(const job_t *job);
/*! What it has come to, whatever it was. JOB_PARENT: it was not carried out. */
void job_set(job_t *job, server_status_t status, const char *detail);
/*! Calls back and frees. */
void job_finish(job_t *job);

/*!
 * \brief The first job whose time has come.
 *
 * Switches have to wait until there are \a enough for a transaction; others then go first, but never
 * before an earlier one of the same zone.
 *
 * \return What points to it in the queue, for jobs_take(); NULL if there is none.
 */
job_t **jobs_first_due(job_list_t *queue, size_t enough);

/*!
 * \brief Takes this job, and those that can share its connection or its pauses.
 *
 * Jobs of one zone keep their order: none overtakes another one, and a batch has each zone once.
 *
 * \param[in] first   From jobs_first_due(), with the queue unchanged but for jobs appended since.
 * \param[out] batch  Jobs of one kind; need not be initialized.
 */
void jobs_take(job_list_t *queue, job_t **first, job_list_t *batch);

/*! Moves the jobs of a batch that were put off back to the head of the queue, in their order. Each goes on before all
 * others then, so that the same job cannot hold it back again. */
void jobs_put_back(job_list_t *queue, job_list_t *batch);

/*! Queues a call at the server, or calls back at once if that stops. Takes ownership. On the loop thread. */
void server_enqueue(server_t *server, job_t *job);
