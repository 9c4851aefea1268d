#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every literal block of the documentation is understood or marked: test_docs_commands.py SOURCE

The lab test of the same name runs the commands. This one needs no lab, and sees a mark that nothing needs any more.
"""

import glob
import os
import re
import sys
import unittest

SOURCE = sys.argv[1]
sys.path.insert(0, SOURCE)

from tests import pages  # pylint: disable=wrong-import-position

#: Who reads the options of a command of ./run, if ./run does not.
PROGRAMS = {"bench": "tests/bench/*.py", "cases": "run", "demo": "tests/lab/demo*.py", "fuzz": "tests/fuzz/run.py", "mutants": "tests/mutation/*.py",
            "sim": "tests/simulation/main.c", "soak": "tests/bench/soak.py"}


def blocks(text, page="docs/x.rst"):
    return pages._read_blocks(page, text)  # pylint: disable=protected-access


class Reading(unittest.TestCase):
    """What is found in a page."""

    def test_commands_and_pieces_of_knot_conf(self):
        found = blocks("Run this::\n\n  knotc reload   # at once\n  kskroll status | \\\n    cat\n\nAnd::\n\n  policy:\n    - id: a\n\nText.\n")
        self.assertEqual([(one.kind(), one.line) for one in found], [("commands", 3), ("conf", 9)])
        self.assertEqual(found[0].commands(), ["knotc reload", "kskroll status |  cat"])

    def test_a_block_of_an_item_ends_with_the_item(self):
        found = blocks("#. Do::\n\n     knotc reload\n\n   Then::\n\n     zone:\n       - domain: a.\n\n#. Next.\n")
        self.assertEqual([(one.kind(), one.text) for one in found], [("commands", "knotc reload\n"), ("conf", "zone:\n  - domain: a.\n")])

    def test_a_block_of_both_has_parts(self):
        found, = blocks("::\n\n  policy:\n    - id: a\n\n  knotc reload\n")
        self.assertEqual([part.kind() for part in found.parts()], ["conf", "commands"])

    def test_what_is_neither_is_other(self):
        for text in ("Output::\n\n  zone is idle\n", "Typed::\n\n  knotc reload\n  frobnicate it\n", "A lie::\n\n  knotctl reload\n"):
            self.assertEqual(blocks(text)[0].kind(), "other")

    def test_marks(self):
        self.assertEqual(blocks(".. not run: a reason\n\nText::\n\n  whatever\n\nMore::\n\n  else\n")[0].reason, "a reason")
        self.assertIsNone(blocks(".. not run: a reason\n\nText::\n\n  whatever\n\nMore::\n\n  else\n")[1].reason)
        self.assertEqual(blocks("<!-- not run: why -->\n\n    whatever\n", "x.md")[0].reason, "why")
        self.assertEqual(blocks('.\\" not run: why\n.nf\nwhatever \\-\\-all\n.fi\n', "x.1")[0].text, "whatever --all\n")
        self.assertIsNone(blocks(".. not run: ``knotc x``: a reason\n\nText::\n\n  whatever\n")[0].reason)

    def test_names_and_commands(self):
        self.assertTrue(pages.is_name("knotc zone-reload"))
        self.assertFalse(pages.is_name("knotc zone-reload ZONE"))
        self.assertFalse(pages.is_name("kskroll --version"))


class Pages(unittest.TestCase):
    def test_every_block_is_run_or_checked_or_marked(self):
        parts, kinds = pages.all_parts(), {}
        for part in parts:
            kinds[part.kind()] = kinds.get(part.kind(), 0) + 1
            if part.kind() == "other":
                self.assertTrue(part.reason, f"{part.where} is neither commands nor knot.conf: mark it, .. not run: REASON\n{part.text}")
        self.assertGreater(kinds["commands"], 15)
        self.assertGreater(kinds["conf"], 10)

    def test_commands_that_no_test_may_run_are_marked(self):
        marked = pages.marks()
        for part in pages.all_parts():
            if part.kind() == "commands" and not part.reason:
                for command in part.commands():
                    self.assertTrue(command in marked or not pages.must_be_marked(command), f"{part.where}: {command}")
        for page in pages.pages():
            for command in pages.sentence_commands(page):
                self.assertTrue(command in marked or not pages.must_be_marked(command), f"{page}: {command}")

    def test_every_mark_has_its_command(self):
        shown = {command for page in pages.pages() for command in pages.sentence_commands(page)}
        shown |= {command for part in pages.all_parts() if part.kind() == "commands" for command in part.commands()}
        for command, (page, _) in pages.marks().items():
            self.assertIn(command, shown, f"{page}: nothing needs this mark any more")

    def test_every_mark_has_its_block(self):
        for page in pages.pages():
            self.assertEqual(pages.block_marks(page), sum(bool(block.reason) for block in pages.blocks(page)), page)

    def test_tests_that_marks_name_exist(self):
        reasons = [(page, reason) for page, reason in pages.marks().values()]
        reasons += [(part.page, part.reason) for part in pages.all_parts() if part.reason]
        named = 0
        for page, reason in reasons:
            for module, function in re.findall(r"\b(test_\w+)(?:\.(test_\w+))?", reason):
                path = next((p for p in pages.found(f"tests/lab/{module}.py", f"tests/unit/{module}*.py")), None)
                self.assertTrue(path, f"{page}: {reason}")
                self.assertTrue(not function or f"\ndef {function}(" in pages.read(path), f"{page}: {reason}")
                named += 1
        self.assertGreater(named, 5)

    def test_commands_of_run_exist_with_their_options(self):
        script = pages.read("run")
        commands = set(re.search(r"\n\t(setup\|[\w|]+)\) ;;", script).group(1).split("|")) | {"help", "--help"}
        shown = [(page, command) for page in pages.pages() for command in pages.sentence_commands(page) + pages.names(page)]
        shown += [(part.where, command) for part in pages.all_parts() if part.kind() == "commands" for command in part.commands()]
        checked = 0
        for where, command in shown:
            if not command.startswith("./run "):
                continue
            words = command.split()
            self.assertIn(words[1], commands, f"{where}: {command}")
            text = script + "".join(pages.read(path) for path in pages.found(*[PROGRAMS.get(words[1], "run")]))
            for option in [word for word in words[2:] if word.startswith("--")]:
                self.assertIn(option, text, f"{where}: {command}")
            for test in words[2:] if words[1] == "test" else ():
                if test.startswith("test_"):
                    self.assertTrue(glob.glob(os.path.join(SOURCE, f"tests/lab/{test}*.py")), f"{where}: {command}")
            if words[2:4] == ["python3", "-m"]:
                self.assertTrue(os.path.exists(os.path.join(SOURCE, words[4].replace(".", "/") + ".py")), f"{where}: {command}")
            checked += 1
        self.assertGreater(checked, 20)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
