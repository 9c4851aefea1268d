/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of the log. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine.h"
#include "report.h"

/*! What kind of rollover it is, where that is not a KSK for another. */
static void a_change_of_state_names_what_changes(void **state)
{
	(void)state;
	static const struct {
		bool csk, csk_new;
		uint8_t algorithm;
		const char *text;
	} CASES[] = {
		{ false, false, 13, NULL },
		{ true, true, 13, NULL },
		{ false, true, 13, "; KSK and ZSK to a single key" },
		{ true, false, 13, "; a single key to KSK and ZSK" },
		{ false, false, 15, "; algorithm 13 to 15" },
		{ true, true, 15, "; algorithm 13 to 15" },
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		machine_t m;
		char line[640];
		machine_at(&m, ROLLOVER_SIGNAL);
		m.out = (rollover_decision_t){ .row = m.row, .transition = true };
		m.out.row.csk = CASES[i].csk;
		m.out.row.csk_new = CASES[i].csk_new;
		m.out.row.new_key.algorithm = CASES[i].algorithm;
		report_line(line, sizeof(line), &m.out, ROLLOVER_INTRODUCE, &m.facts);
		assert_memory_equal(line, "introduce -> signal: ", strlen("introduce -> signal: "));
		assert_int_equal(strstr(line, "; algorithm") != NULL || strstr(line, " single key") != NULL,
		                 CASES[i].text != NULL);
		assert_true(CASES[i].text == NULL || strstr(line, CASES[i].text) != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_of_state_names_what_changes),
	};
	return cmocka_run_group_tests_name("daemon_report", tests, NULL, NULL);
}
