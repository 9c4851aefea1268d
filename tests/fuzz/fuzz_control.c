/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What knotd's control socket answers to a check of two zones, unit by unit.
 *
 * The linker leads the calls of libknot here (--wrap). Each unit is an octet for its type and
 * whether the connection fails, one for each eight of its fields, and the texts of those that
 * are there, each with its final zero.
 */

#include <string.h>

#include <libknot/libknot.h>

#include "fuzz.h"
#include "server/own.h"

static struct {
	const uint8_t *at;
	size_t left;
	knot_ctl_data_t data;
	char text[KNOT_CTL_IDX__COUNT][2048];
} input;

int __wrap_knot_ctl_connect(knot_ctl_t *ctl, const char *path);
int __wrap_knot_ctl_send(knot_ctl_t *ctl, knot_ctl_type_t type, knot_ctl_data_t *data);
int __wrap_knot_ctl_receive(knot_ctl_t *ctl, knot_ctl_type_t *type, knot_ctl_data_t *data);
void __wrap_knot_ctl_close(knot_ctl_t *ctl);

int __wrap_knot_ctl_connect(knot_ctl_t *ctl, const char *path)
{
	(void)ctl;
	(void)path;
	return KNOT_EOK;
}

int __wrap_knot_ctl_send(knot_ctl_t *ctl, knot_ctl_type_t type, knot_ctl_data_t *data)
{
	(void)ctl;
	(void)type;
	(void)data;
	return KNOT_EOK;
}

void __wrap_knot_ctl_close(knot_ctl_t *ctl)
{
	(void)ctl;
}

static uint8_t take(void)
{
	if (input.left == 0) {
		return 0;
	}
	input.left--;
	return *input.at++;
}

static void take_text(char *out, size_t size)
{
	size_t len = 0;
	for (uint8_t c = take(); c != 0; c = take()) {
		if (len < size - 1) {
			out[len++] = c;
		}
	}
	out[len] = '\0';
}

int __wrap_knot_ctl_receive(knot_ctl_t *ctl, knot_ctl_type_t *type, knot_ctl_data_t *data)
{
	(void)ctl;
	if (input.left == 0) {
		return KNOT_EOF;
	}
	uint8_t what = take();
	if (what & 0x80) {
		return KNOT_ETIMEOUT;
	}
	*type = (knot_ctl_type_t[]){ KNOT_CTL_TYPE_DATA, KNOT_CTL_TYPE_EXTRA, KNOT_CTL_TYPE_BLOCK,
		                     KNOT_CTL_TYPE_END }[what & 3];
	if (*type == KNOT_CTL_TYPE_DATA) {
		memset(input.data, 0, sizeof(input.data));
	}
	if (*type == KNOT_CTL_TYPE_DATA || *type == KNOT_CTL_TYPE_EXTRA) {
		uint16_t mask = take() | take() << 8;
		for (unsigned i = 0; i < KNOT_CTL_IDX__COUNT; i++) {
			if (mask & (1U << i)) {
				take_text(input.text[i], sizeof(input.text[i]));
				input.data[i] = input.text[i];
			}
		}
	}
	memcpy(data, input.data, sizeof(*data));
	return KNOT_EOK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const control_target_t target = { .path = "nowhere", .timeout_ms = 60000 };
	check_t checks[] = { { .zone = "a.example." }, { .zone = "b.example." } };

	input.at = data;
	input.left = size;
	memset(input.data, 0, sizeof(input.data));
	check_run(&target, checks, 2);
	for (unsigned i = 0; i < 2; i++) {
		server_check_t *check = &checks[i].check;
		require(memchr(check->detail, '\0', sizeof(check->detail)) != NULL);
		require(check->status == SERVER_OK ? check->soa.count > 0 : check->detail[0] != '\0');
		require(check->status == SERVER_OK || check->dnskey.count == 0);
		check_clear(check);
	}
	return 0;
}
