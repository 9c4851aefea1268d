#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutants are what they should be, and a few of them run: test_mutation.py PROJECT BUILD"""

import argparse
import contextlib
import io
import os
import subprocess
import sys
import unittest

PROJECT, BUILD = (os.path.realpath(path) for path in sys.argv[1:3])
sys.path.insert(0, PROJECT)
sys.dont_write_bytecode = True

from tests.mutation import mutate     # noqa: E402
from tests.mutation.source import Mutant, Source     # noqa: E402

SNIPPET = """\
#include <a.h>
#define MOST 7	/*!< Not 8. */
#define NAME "-7-"
static const int table[2] = { 1, 2 };

static int f(const int *p, int n) // n < 3
{
	int a[3] = { 0 };
	assert(p != NULL && n > 3);
	if (n < 3) {
		return -1;	/* n < 3 */
	}
	go(p, "n < 3",
	   '<');
	return !n && true ? n & ~4 : n;
}
"""


def mistakes(text):
    """The mutants of a text, as (operator, before, after)."""
    return [(m.operator, m.before, m.after) for m in Source("f.c", text).mutants]


def in_body(statement):
    """The mutants of a statement, as after."""
    return [after for _, _, after in mistakes(f"void f(void)\n{{\n\t{statement}\n}}\n")]


class Sources(unittest.TestCase):
    def test_each_small_mistake_of_a_function_and_nothing_else(self):
        answer = "return !n && true ? n & ~4 : n;"
        self.assertEqual(sorted(mistakes(SNIPPET)), sorted([
            ("constant off by one", "#define MOST 7", "#define MOST 8"),
            ("constant off by one", "#define MOST 7", "#define MOST 6"),
            ("constant off by one", "int a[3] = { 0 };", "int a[3] = { 1 };"),
            ("relation turned", "if (n < 3) {", "if (n <= 3) {"),
            ("relation turned", "if (n < 3) {", "if (n >= 3) {"),
            ("constant off by one", "if (n < 3) {", "if (n < 4) {"),
            ("constant off by one", "if (n < 3) {", "if (n < 2) {"),
            ("constant off by one", "return -1;", "return -2;"),
            ("constant off by one", "return -1;", "return -0;"),
            ("statement dropped", "go(p, \"n < 3\", '<');", ";"),
            ("negation dropped", answer, "return n && true ? n & ~4 : n;"),
            ("relation turned", answer, "return !n || true ? n & ~4 : n;"),
            ("boolean swapped", answer, "return !n && false ? n & ~4 : n;"),
            ("condition negated", answer, "return !(!n && true) ? n & ~4 : n;"),
            ("operator turned", answer, "return !n && true ? n | ~4 : n;"),
            ("negation dropped", answer, "return !n && true ? n & 4 : n;"),
            ("constant off by one", answer, "return !n && true ? n & ~5 : n;"),
            ("constant off by one", answer, "return !n && true ? n & ~3 : n;"),
        ]))

    def test_statements_of_all_kinds(self):
        self.assertEqual(in_body("for (i = a; i < n; i++) {\n\tcontinue;\n\t}"), [
            "for (i = a; i <= n; i++) {", "for (i = a; i >= n; i++) {", ";"])
        self.assertEqual(in_body("do x = y; while (ok(x));"), ["do ; while (ok(x));", "do x = y; while (!(ok(x)));"])
        self.assertEqual(in_body("switch (x) {\n\tcase A:\n\tx += y;\n\tbreak;\n\t}"), [";", "x -= y;", ";"])
        self.assertEqual(in_body("if (a || b) x++;\n\telse return;"), [
            "if (!(a || b)) x++;", "if (a && b) x++;", "if (a || b) ;", "if (a || b) x--;", "else ;"])
        self.assertEqual(in_body("key_t *k = f(&x, -y);\n\tgoto end;\n\tend:\n\tfree(k);"), [";"])

    def test_lines_keep_their_numbers(self):
        for mutant in Source("f.c", SNIPPET).mutants:
            self.assertEqual(mutant.text().count("\n"), SNIPPET.count("\n"), mutant.after)

    def test_a_mutant_keeps_its_name_when_other_lines_change(self):
        names = [mutant.id for mutant in Source("f.c", SNIPPET).mutants]
        moved = SNIPPET.replace("static int f", "int g(void)\n{\n\treturn 1;\n}\n\nstatic int f").replace("\tgo", "\t\tgo")
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual(set(names), {mutant.id for mutant in Source("f.c", moved).mutants})

    def test_two_equal_lines_have_mutants_with_two_names(self):
        both = Source("f.c", "void f(void)\n{\n\tx = y;\n\tx = y;\n}\n").mutants
        self.assertEqual(len({mutant.id for mutant in both}), 2)
        self.assertEqual(both[0].key(), both[1].key())


class Equivalent(unittest.TestCase):
    def test_every_entry_is_of_a_mutant_that_there_is(self):
        keys = {mutant.key() for source in mutate.read_sources() for mutant in source.mutants}
        stale = [key for key in mutate.read_equivalent() if key not in keys]
        self.assertEqual(stale, [], "take them out of tests/mutation/equivalent.txt, or bring them up to date")


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.source = next(source for source in mutate.read_sources() if source.path.endswith("/ttl.c"))
        cls.judge = mutate.Judge(BUILD, None, 20)
        cls.judge.prepare([cls.source])

    def verdict(self, old, new):
        at = self.source.text.index(old)
        return self.judge.verdict(Mutant(self.source, "f", "test", [(at, at + len(old), new)]))[0]

    def test_a_mistake_that_a_test_notices_is_killed(self):
        self.assertEqual(self.verdict("window->count++;", ";"), mutate.KILLED)

    def test_a_mutant_without_end_is_killed(self):
        self.assertEqual(self.verdict("window->count++;", "while (now) { }"), mutate.KILLED)

    def test_what_nobody_notices_survives(self):
        self.assertEqual(self.verdict("window->count++;", "window->count++; static volatile int more; more++;"),
                         mutate.SURVIVED)

    def test_the_same_object_code_is_no_mutant(self):
        self.assertEqual(self.verdict("window->count++;", "window->count += 1;"), mutate.SAME)

    def test_what_is_no_c_is_not_counted(self):
        self.assertEqual(self.verdict("window->count++;", "window->count+++;"), mutate.INVALID)

    def test_three_random_mutants(self):
        args = argparse.Namespace(only=None, source=None, random=3, seed=1, jobs=1, verbose=False)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            result = mutate.run_all(self.judge, mutate.choose(list(self.source.mutants), args), {}, args)
        self.assertEqual(sum(map(len, result.values())), 3)
        self.assertEqual(out.getvalue().count("SURVIVED"), len(result[mutate.SURVIVED]))

    def test_the_virtual_worlds_run(self):
        simulator = self.judge.simulators[""]
        why, printed = simulator.outcome(simulator.path())
        self.assertEqual(why, "")
        self.assertEqual(mutate.checksum(printed), self.judge.checksums[""])
        self.assertRegex(self.judge.checksums[""], "^[0-9a-f]{16}$")

    def test_the_command_lists_what_it_would_run(self):
        done = subprocess.run([sys.executable, mutate.__file__, "--list", "--random", "3", "--seed", "5"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], "3 mutants")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
