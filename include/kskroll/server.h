/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Asks and tells the knotd that has started this process, through its control socket.
 *
 * One thread does all blocking `knot_ctl_*` calls, one connection at a time,
 * each connection pipelined and closed (docs/knot-behaviour.rst). Calls queue and
 * return; callbacks run on the loop thread. No lock is held across I/O, since
 * our own commit makes knotd call our own load and unload.
 */

#pragma once

#include <uv.h>
#include <libknot/libknot.h>

#include "kskroll/policy_name.h"
#include "kskroll/rollover.h"
#include "kskroll/settings.h"

typedef struct server server_t;

/*! Outcome of a control operation. */
typedef enum {
	SERVER_OK = 0,
	SERVER_UNREACHABLE, /*!< No socket, refused, timeout, reset: try again later. */
	SERVER_BUSY,        /*!< Another client's transaction is open: try again later. */
	SERVER_REFUSED,     /*!< knotd answered with an error; `detail` has its words. */
	SERVER_CANCELLED,   /*!< server_free() came first. */
} server_status_t;

/*! One zone as knotd has it. The RDATA sets are owned by the check, valid in the callback only. */
typedef struct {
	server_status_t status;
	char detail[160];
	bool frozen;
	bool transaction;
	bool catalog_member;
	knot_rdataset_t dnskey; /*!< Empty count: no such RRset. */
	uint32_t dnskey_ttl;
	uint32_t soa_ttl;
	knot_rdataset_t rrsig;     /*!< Over the DNSKEY RRset. */
	knot_rdataset_t soa_rrsig; /*!< Over the SOA. */
	knot_rdataset_t cds;
	knot_rdataset_t cdnskey;
	knot_rdataset_t ns;
	knot_rdataset_t soa;
} server_check_t;

typedef void (*server_check_f)(const server_check_t *check, void *arg);
typedef void (*server_done_f)(server_status_t status, const char *detail, void *arg);
/*! \a gate: what is in the way if SERVER_REFUSED. */
typedef void (*server_fit_f)(server_status_t status, rollover_gate_t gate, const char *detail, void *arg);

/*!
 * \brief Starts the control thread. It needs server_is_at() before it can do anything.
 *
 * \param[in] loop        Loop for the callbacks; must outlive the server.
 * \param[in] timeout_ms  Of one control operation.
 *
 * \return NULL if memory or threads are short.
 */
server_t *server_new(uv_loop_t *loop, int timeout_ms);

/*! Where knotd is. */
typedef struct {
	const char *control; /*!< Path of its control socket. */
	pid_t pid;           /*!< Another process that listens there is not talked to; 0: whoever listens is. */
	dns_addrs_t dns;     /*!< Where it accepts TCP connections. Only the first few are used. */
} server_where_t;

/*! Counts from the next operation on; copied. */
void server_is_at(server_t *server, const server_where_t *where);

/*!
 * \brief Who runs keymgr, for server_keys(). Counts from the next operation on.
 *
 * \param[in] sock  To a broker that is configured (broker_configure()); nobody else uses it as long as there is a
 * server, and the caller closes it. It is shut down when the broker does not do what it should. -1: there is none.
 */
void server_broker(server_t *server, int sock);

/*!
 * \brief Stops the control thread and joins it; pending calls are called back as cancelled.
 *
 * Called on the loop thread. May take as long as one operation's timeout, unless
 * knotd is stopping: then the socket fails at once. Never call it from load() or unload().
 */
void server_free(server_t *server);

/*!
 * \brief Reads a zone: status, apex DNSKEY, CDS, CDNSKEY, NS, SOA.
 *
 * Checks queued together share a connection.
 */
void server_check(server_t *server, const char *zone, server_check_f done, void *arg);

/*!
 * \brief Reads the same RRsets by DNS from this knotd, which leaves no line in knotd's log.
 *
 * Nothing may be done upon it: it says whether a server_check() is worth its two lines. Status SERVER_REFUSED if the
 * zone is not loaded, SERVER_UNREACHABLE if DNS does not show it (a query module, no TCP). Says nothing of
 * frozen, transaction and catalog_member.
 */
void server_glance(server_t *server, const char *zone, server_check_f done, void *arg);

/*!
 * \brief Switches the zone's policy.
 *
 * Switches queued together share one transaction and one commit. The derived
 * policy is created from the running configuration in the same commit if it is missing. With POLICY_BASE the item is
 * set back to \a base, or unset if \a implicit.
 *
 * \param[in] zone      Zone, presentation form.
 * \param[in] base      Name of the operator's policy.
 * \param[in] role      Which derived policy.
 * \param[in] ttl       DNSKEY TTL around a change, seconds: dnskey-ttl of the derived policy follows
 * (rollover_policy_ttl()).
 * \param[in] implicit  The zone had no dnssec-policy of its own (it comes from a template).
 */
void server_switch(server_t *server, const char *zone, const char *base, policy_role_t role, uint32_t ttl,
                   bool implicit, server_done_f done, void *arg);

/*!
 * \brief Whether the configuration in force lets the zone's policy be switched: for the judgement before a rollover
 * starts.
 *
 * The same is checked again in the transaction of server_switch(). Costs a connection and some lines of knotd's log.
 *
 * \param[in] base    Name of the operator's policy.
 * \param[in] role    POLICY_BASE: only whether switching loses records. Else the derived policy of this role is
 * compared with \a base, too.
 * \param[in] ttl     As in server_switch().
 * \param[in] leaves  No rollover is under way: algorithm and scheme have to be those of \a base as well.
 *
 * The callback gets SERVER_REFUSED with GATE_SWITCH_LOSES_DATA, GATE_POLICY_DIFFERS, or GATE_OBSERVE_ONLY for anything
 * else.
 */
void server_fit(server_t *server, const char *zone, const char *base, policy_role_t role, uint32_t ttl, bool leaves,
                server_fit_f done, void *arg);

/*! Whether the zone's own section sets dnssec-policy: status SERVER_OK with detail "own" or "template". */
void server_policy_origin(server_t *server, const char *zone, server_done_f done, void *arg);

/*!
 * \brief What is to become of a zone's KSKs: their states, with signals (CDS, CDNSKEY) or without.
 *
 * What is already so is not done again. So an order may be repeated at any time, also after the end of a process in the
 * middle of it.
 */
typedef enum {
	KEY_ORDER_INTRODUCE =
		0, /*!< All are in use, no signals. Makes the new key if none is named and there is no other KSK. */
	/*!
	 * All are in use, no signals: those that are named, and others of their algorithms. Without a new one also the
	 * only KSK of another algorithm.
	 */
	KEY_ORDER_SILENT,
	KEY_ORDER_MOVE,   /*!< The same, and single-type keys: the new one signs the data, the old ones do not. */
	KEY_ORDER_SIGNAL, /*!< Signals of the new one. First DS: it is the only one. */
	KEY_ORDER_BOTH,   /*!< Signals of old and new. */
	KEY_ORDER_RETIRE, /*!< The old ones go. With Knot's default `delete-delay` there is no way back. */
	/*!
	 * The new one goes. The same holds; but that of another algorithm and its ZSKs are no longer published, and
	 * KEY_ORDER_CLEAN removes them, with them as the old ones.
	 */
	KEY_ORDER_ABORT,
	/*!
	 * Silent as well. The keys of one other algorithm in the list, which Knot has made and nobody can name yet,
	 * sign the data, and are not published.
	 */
	KEY_ORDER_PRESIGN,
	KEY_ORDER_PUBLISH, /*!< These are published, and in use without signals. */
	KEY_ORDER_CLEAN,   /*!< The keys of the old algorithm go that sign the data, and are not published. */
	KEY_ORDERS,        /*!< Their number. */
} key_order_t;

/*! The order that a decision gives; for one that sets the states of keys, or has an action. */
key_order_t server_key_order(const rollover_decision_t *d);

/*! Bytes of an identifier and the final zero: SHA-1 of the public key (GnuTLS's key ID). */
#define SERVER_KEYID_SIZE 41

/*!
 * An order. All KSKs of the zone have to be named, but for the new one of KEY_ORDER_INTRODUCE, KEY_ORDER_PRESIGN and
 * KEY_ORDER_PUBLISH.
 */
typedef struct {
	key_order_t order;
	key_id_t old_keys[ROLLOVER_OLD_MAX];
	unsigned old_count;
	bool has_new;
	key_id_t new_key;
	/* Their identifiers in the key database, hexadecimal; "": not known, then tag and algorithm have to be unique.
	 */
	char old_keyids[ROLLOVER_OLD_MAX][SERVER_KEYID_SIZE];
	char new_keyid[SERVER_KEYID_SIZE];
	bool aside;      /*!< A KSK that is not signalled is aside, not active: `cds-cdnskey-publish` is always. */
	bool renew;      /*!< RETIRE: the lifetime of the key that stays begins again (`ksk-lifetime`). */
	bool sign_first; /*!< Knot signs the zone instead, and the order is repeated later: a signal that was out
	                    before. */
} server_keys_t;

/*!
 * \brief Carries out an order for a zone's KSKs, has knotd read them, and reads them back.
 *
 * \param[in] keys  Copied.
 *
 * Knot makes keys and signs in its own time, and nobody waits for it at the control socket. Orders of several zones
 * that are queued together are carried out together, in the timeout of one operation. Those that do not begin within it
 * are done next.
 *
 * The callback gets SERVER_OK: the keys have the states that are ordered, and knotd is ordered to read them.
 * SERVER_BUSY, for a later try: Knot is about to write the keys, makes the new one, signs the zone, or has undone what
 * was set. Or a zone transaction is open. SERVER_REFUSED: the order does not fit the keys, the zone is frozen, or
 * keymgr or knotd refuse. SERVER_UNREACHABLE: no answer. What was done is not known, and the order has to be repeated.
 */
void server_keys(server_t *server, const char *zone, const server_keys_t *keys, server_done_f done, void *arg);
