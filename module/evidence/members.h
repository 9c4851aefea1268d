/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Names of members of the JSON in the store, for who writes and who reads them. An operator sees them, too:
 * docs/json.rst.
 */

#pragma once

#define M_TIME "time"
#define M_CUT  "cut" /*!< There was no room for all. */

/* The zone as the server itself has it, and the parent. */

#define M_OWN_DNSKEY     "own_dnskey"
#define M_OWN_DNSKEY_TTL "own_dnskey_ttl"
#define M_OWN_POLICY     "own_policy"
#define M_OWN_CDS        "own_cds"
#define M_PARENT_ZONE    "parent_zone"
#define M_DISCOVERY      "discovery"
#define M_NO_ROUTE       "no_route"
#define V_IPV4           "IPv4"
#define V_IPV6           "IPv6"
#define M_SIGNALING      "signaling"
#define M_WATCH          "watch"
#define M_ANSWERED       "answered"
#define M_FAILING        "failing"
#define M_PARENT_OK      "parent_ok"
#define M_CHILD          "child"
#define M_PARENT         "parent"

/* What a server answered. */

#define M_SERVER            "server"
#define M_STATUS            "status"
#define M_DETAIL            "detail"
#define M_UNREACHABLE_SINCE "unreachable_since"
#define M_DNSKEY            "dnskey"
#define M_SIGNED_BY         "signed_by"
#define M_DATA_SIGNED_BY    "data_signed_by"
#define M_DATA_ALGORITHMS   "data_algorithms"
#define M_SERIAL            "serial"
#define M_DNSKEY_TTL        "dnskey_ttl"
#define M_DNSKEY_EQUAL      "dnskey_equal"
#define M_CDS               "cds"
#define M_CDNSKEY           "cdnskey"
#define M_DS                "ds"
#define M_DS_SHA1           "ds_sha1"
#define M_DS_TTL            "ds_ttl"
#define M_DS_FOREIGN        "ds_foreign"
#define M_DS_IGNORED        "ds_ignored"
#define M_NS_UNANSWERED     "ns_unanswered"

/* Behind the name of an RRset. */

#define M_UNANSWERED "_unanswered"
#define M_REMOVE     "_remove"
#define M_UNWANTED   "_unwanted"

/* A notification of the parent, and an event that is one. */

#define M_NOTIFICATION "notification"
#define M_TARGET       "target"
#define M_RCODE        "rcode"
#define M_TCP          "tcp"
#define M_SECURE       "secure"
#define M_SENT         "sent"
#define M_ELAPSED_MS   "elapsed_ms"
#define M_DSYNC        "dsync"
#define M_REPORT_AGENT "report_agent"
#define V_LEFT_OUT     "left-out"

/* A delegation, from the side of the parent. */

#define M_VERDICT           "verdict"
#define M_GATE              "gate"
#define M_ABOUT             "about"
#define M_WANTED            "wanted"
#define M_LEFT_OUT          "left_out"
#define M_ZONE_SERIAL       "zone_serial"
#define M_ZONE_DS           "zone_ds"
#define M_DS_UNMATCHED      "ds_unmatched" /*!< DS of the zone that name no key in DNSKEY of any nameserver. */
#define M_RESOLVERS         "resolvers"
#define M_CDS_SIGNED_BY     "cds_signed_by"
#define M_CDNSKEY_SIGNED_BY "cdnskey_signed_by"
#define M_CDS_DENIED        "cds_denied" /*!< NODATA with a proof. */
#define M_CDNSKEY_DENIED    "cdnskey_denied"
#define M_CDNSKEY_REMOVE    M_CDNSKEY M_REMOVE
#define M_CDNSKEY_MALFORMED "cdnskey_malformed"
#define M_INCEPTION         "inception"
#define M_EXPIRES           "expires"
