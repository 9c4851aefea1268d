/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NOTIFY messages for tests, byte by byte: libknot makes no wrong ones. */

#pragma once

#include <assert.h>
#include <string.h>

#include <libknot/libknot.h>

#define NOTIFY_CASE_MAX 1024

/*! Appended to a message: \a len 0 and \a data NULL leave out OPT, else it has option 18 with these bytes. */
static inline size_t notify_case_opt(uint8_t *at, const void *data, size_t len)
{
	if (data == NULL) {
		return 0;
	}
	const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, (len + 4) >> 8, len + 4, 0, 18, len >> 8, len };
	memcpy(at, opt, sizeof(opt));
	memcpy(at + sizeof(opt), data, len);
	return sizeof(opt) + len;
}

/*! \return Bytes written to \a wire. */
static inline size_t notify_case_make(uint8_t wire[NOTIFY_CASE_MAX], const char *child, uint16_t type,
                                      const void *option, size_t option_len)
{
	memset(wire, 0, NOTIFY_CASE_MAX);
	knot_wire_set_id(wire, 4711);
	knot_wire_set_opcode(wire, KNOT_OPCODE_NOTIFY);
	knot_wire_set_aa(wire);
	knot_wire_set_qdcount(wire, 1);
	size_t len = KNOT_WIRE_HEADER_SIZE;
	const knot_dname_t *name = knot_dname_from_str(wire + len, child, KNOT_DNAME_MAXLEN);
	assert(name != NULL);
	len += knot_dname_size(name);
	wire[len++] = type >> 8;
	wire[len++] = type;
	wire[len++] = 0;
	wire[len++] = KNOT_CLASS_IN;
	const size_t opt = notify_case_opt(wire + len, option, option_len);
	knot_wire_set_arcount(wire, opt > 0);
	return len + opt;
}

/*! As knotd does before a hook. Freed by knot_pkt_free(). \a wire must stay. */
static inline knot_pkt_t *notify_case_parse(const uint8_t *wire, size_t len)
{
	knot_pkt_t *pkt = knot_pkt_new((uint8_t *)wire, len, NULL);
	assert(pkt != NULL);
	(void)knot_pkt_parse(pkt, 0);
	return pkt;
}
