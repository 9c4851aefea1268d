/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Algorithms of DNSSEC, and how large answers are that keys of one or of two of them have signed.
 */

#pragma once

#include "kskroll.h"

/*! Largest answer that is sent over UDP where fragments are avoided, octets (RFC 9715 Appendix A). */
#define SIZES_UDP 1232
/*! Bits of an RSA key where nobody says otherwise: Knot's default of ksk-size and zsk-size. */
#define SIZES_RSA 2048
/*! Bits of RSA keys that Knot makes. */
#define SIZES_RSA_MIN 1024
#define SIZES_RSA_MAX 4096
/*! Octets of each label below the zone: of hosts, and of the name that does not exist. */
#define SIZES_LABEL 10
/*! Room for the names of all algorithms. */
#define ALGORITHM_NAMES 192
/*! Room for one name, or for a number. */
#define ALGORITHM_TEXT 24

/*! Name as in knot.conf, or the number of one that Knot does not have. */
const char *algorithm_text(char out[ALGORITHM_TEXT], uint8_t number);
/*!
 * \brief A name as in knot.conf, or a number.
 *
 * \return False if no zone should roll to it: Knot does not have it, or it hashes with SHA-1 (RFC 9905).
 */
bool algorithm_parse(const char *text, uint8_t *number);
/*! All that it takes: "rsasha256 (8), ...". */
void algorithm_list(char out[ALGORITHM_NAMES]);
bool algorithm_is_rsa(uint8_t number);

/*! Octets of whole answers with EDNS and DO. */
typedef struct {
	unsigned dnskey;
	unsigned nsec;  /*!< NXDOMAIN, with a proof by NSEC. */
	unsigned nsec3; /*!< The same by NSEC3. */
} sizes_t;

/*! Answers of a zone before, during and after a rollover to another algorithm. */
typedef struct {
	bool known;        /*!< Knot has both algorithms. */
	unsigned rsa;      /*!< Bits assumed of RSA keys; 0: there are none. */
	sizes_t answer[3]; /*!< Of the old algorithm, of both, of the new one. */
} sizes_rollover_t;

/*! \a plan: of a rollover to another algorithm. */
sizes_rollover_t sizes_of(const options_t *o, const store_zone_t *zone, const forecast_t *plan);
