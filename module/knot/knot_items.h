/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Sections and items of knot.conf that are not ours, as Knot DNS names them: the length comes first.
 */

#pragma once

/* clang-format off */
#define C_ALGORITHM           "\x09""algorithm"
#define C_CDS_CDNSKEY_PUBLISH "\x13""cds-cdnskey-publish"
#define C_CDS_DIGEST_TYPE     "\x0F""cds-digest-type"
#define C_CONTROL             "\x07""control"
#define C_DATABASE            "\x08""database"
#define C_DNSKEY_MGMT         "\x11""dnskey-management"
#define C_DNSKEY_TTL          "\x0A""dnskey-ttl"
#define C_DNSSEC_POLICY       "\x0D""dnssec-policy"
#define C_DNSSEC_SIGNING      "\x0E""dnssec-signing"
#define C_DS_PUSH             "\x07""ds-push"
#define C_GLOBAL_MODULE       "\x0D""global-module"
#define C_KASP_DB             "\x07""kasp-db"
#define C_KEY                 "\x03""key"
#define C_KSK_LIFETIME        "\x0C""ksk-lifetime"
#define C_KSK_SHARED          "\x0A""ksk-shared"
#define C_KSK_SUBMISSION      "\x0E""ksk-submission"
#define C_LISTEN              "\x06""listen"
#define C_MANUAL              "\x06""manual"
#define C_MODULE              "\x06""module"
#define C_MOD_KSKROLL         "\x0B""mod-kskroll"
#define C_NSEC3               "\x05""nsec3"
#define C_NSEC3_ITERATIONS    "\x10""nsec3-iterations"
#define C_OFFLINE_KSK         "\x0B""offline-ksk"
#define C_PARENT              "\x06""parent"
#define C_POLICY              "\x06""policy"
#define C_PROPAGATION_DELAY   "\x11""propagation-delay"
#define C_RRSIG_REFRESH       "\x0D""rrsig-refresh"
#define C_RUNDIR              "\x06""rundir"
#define C_SECRET              "\x06""secret"
#define C_SERVER              "\x06""server"
#define C_SINGLE_TYPE_SIGNING "\x13""single-type-signing"
#define C_STORAGE             "\x07""storage"
#define C_SUBMISSION          "\x0A""submission"
#define C_TEMPLATE            "\x08""template"
#define C_TIMEOUT             "\x07""timeout"
#define C_UNSAFE_OPERATION    "\x10""unsafe-operation"
#define C_ZONE_MAX_TTL        "\x0C""zone-max-ttl"
/* clang-format on */
