#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation says what the code does: test_docs.py KSKROLL SOURCE"""

import glob
import json
import os
import re
import subprocess
import sys
import unittest

import prose
from man_items import items, man

sys.path.insert(0, sys.argv[2])

from tests import pages as docs  # pylint: disable=wrong-import-position

KSKROLL, SOURCE = sys.argv[1:3]
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as f:
        return f.read()


def pages():
    return sorted(os.path.relpath(p, SOURCE) for p in glob.glob(os.path.join(SOURCE, "docs/*.rst")))


def kskroll(*args):
    return subprocess.run([KSKROLL, *args], capture_output=True, text=True, check=True, timeout=60).stdout


def table(text, title):
    """Rows of a list-table by their first cell, which must be a ``literal``."""
    lines = text[text.index(f".. list-table:: {title}\n"):].splitlines()[1:]
    rows, row = [], None
    # The first cell may be the place that others refer to.
    lines = re.sub(r"   \* - \.\. _[\w-]+:\n\n {7}", "   * - ", "\n".join(lines)).split("\n")
    for line in lines:
        if line and not line.startswith(" "):
            break
        if m := re.match(r" {3}\* - (.*)", line):
            row = [m.group(1)]
            rows.append(row)
        elif m := re.match(r" {5}- (.*)", line):
            row.append(m.group(1))
    return {r[0].strip("`"): r[1:] for r in rows[1:]}


def seconds(text):
    m = re.fullmatch(r"(\d+)([smhd]?)", text)
    return int(m.group(1)) * UNITS[m.group(2) or "s"]


def evaluate(expression):
    env = {"MINUTE": 60, "HOUR": 3600, "DAY": 86400, "INT32_MAX": 2**31 - 1, "UINT32_MAX": 2**32 - 1}
    if not re.fullmatch(r"[\w* ]+", expression):
        raise ValueError(expression)
    return eval(expression, {"__builtins__": {}}, env)  # pylint: disable=eval-used


class Configuration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.conf = "".join(read(f"module/knot/{name}") for name in ("conf_items.h", "conf.c", "conf_read.c"))
        cls.items = items(read("docs/reference.rst"))
        cls.names = dict(re.findall(r'#define (MOD_\w+)\s+"(?:\\x..|\\\w)+"\s*"([\w-]+)"', cls.conf))
        schema = cls.conf[cls.conf.index("kskroll_conf[] = {"):]
        schema = schema[:schema.index("{ NULL }")]
        cls.schema = {cls.names[m]: (t, rest) for m, t, rest in
                      re.findall(r"\{ (MOD_\w+),\s+(YP_T\w+),\s*(.*?) \},\n", schema)}
        limits = cls.conf[cls.conf.index("} bounds[] = {"):]
        limits = limits[:limits.index("};")]
        cls.bounds = {cls.names[m]: (evaluate(low), evaluate(high)) for m, low, high in
                      re.findall(r"\{ (MOD_\w+),\s+([\w *]+), ([\w *]+), \"", limits)}

    def test_every_item_is_documented_and_no_other(self):
        self.assertGreater(len(self.schema), 10)
        self.assertEqual(list(self.items), list(self.schema))
        self.assertEqual(len(self.names), len(self.schema))

    def test_defaults(self):
        for item, (kind, rest) in self.schema.items():
            default = self.items[item][0]
            with self.subTest(item):
                if kind == "YP_TOPT":
                    values, first = re.match(r"YP_VOPT = \{ (\w+), (\w+) \}", rest).groups()
                    self.assertEqual(default, self.values(values)[first])
                elif kind == "YP_TINT":
                    value = re.match(r"YP_VINT = \{ [^,]+, [^,]+, ([^,}]+?)(?:, YP_STIME)? \}", rest).group(1)
                    self.assertEqual(seconds(default), evaluate(value))
                elif kind == "YP_TBOOL":
                    self.assertEqual(default, "on" if rest == "YP_VBOOL = { true }" else "off")
                else:
                    self.assertEqual(default, "none")

    def values(self, table_of):
        """Of an item, by their enumerators."""
        rows = self.conf[self.conf.index(f"knot_lookup_t {table_of}[] = {{"):]
        return dict(re.findall(r'\{ (\w+), "([\w-]+)" \}', rows[:rows.index("NULL")]))

    def test_bounds(self):
        counts = {"bogus-limit", "parent-rate", "ds-max", "delegation-batch", "scan-rate", "max-rolling", "max-rolling-parent"}
        numbers = [i for i, (kind, _) in self.schema.items() if kind == "YP_TINT"]
        self.assertEqual(set(numbers), set(self.bounds) | {"ksk-lifetime", "spread"} | counts)
        for item in counts:
            low, high = re.match(r"YP_VINT = \{ (\d+), (\d+),", self.schema[item][1]).groups()
            self.assertEqual(self.items[item][1], f"{low} to {high}")
        for item, (low, high) in self.bounds.items():
            text = self.items[item][1]
            with self.subTest(item):
                if high == 2**31 - 1:
                    self.assertEqual(seconds(re.fullmatch(r"(\w+) at least", text).group(1)), low)
                else:
                    m = re.fullmatch(r"(\w+) to (\w+)", text)
                    self.assertEqual((seconds(m.group(1)), seconds(m.group(2))), (low, high))
        self.assertIn("lifetime < settle + 7 * DAY", self.conf)
        self.assertEqual(self.items["ksk-lifetime"][1], "0, or settle plus 7d at least")
        for item, (kind, _) in self.schema.items():
            text = {"YP_TBOOL": "on or off", "YP_TADDR": "addresses", "YP_TSTR": "absolute path"}.get(kind)
            if item == "caches-expired":
                text = "zone and time, in quotes"
            if item in ("start-window", "no-start"):
                text = {"start-window": "days, hours", "no-start": "dates"}[item] + " and time zone, in quotes"
            if item == "parent-epp":
                text = "id in the file of accounts"
            if kind == "YP_TADDR" and "YP_FMULTI" not in self.schema[item][1]:
                text = "address"
            if kind == "YP_TOPT":
                words = list(self.values(re.match(r"YP_VOPT = \{ (\w+),", self.schema[item][1]).group(1)).values())
                text = ", ".join(words[:-1]) + " or " + words[-1]
            if text:
                self.assertEqual(self.items[item][1], text, item)

    def test_examples_are_within_the_bounds(self):
        for item, (_, bounds, _, example, _) in self.items.items():
            with self.subTest(item):
                name, value = example.split(": ", 1)
                self.assertEqual(name, item)
                if m := re.fullmatch(r"(?:.* or )?(\w+) (?:to (\w+)|at least)", bounds):
                    self.assertGreaterEqual(seconds(value), seconds(m.group(1)))
                    self.assertLessEqual(seconds(value), seconds(m.group(2) or "99999d"))
                elif self.schema[item][0] in ("YP_TOPT", "YP_TBOOL"):
                    self.assertIn(value, re.split(r", | or ", bounds))
                elif bounds == "absolute path":
                    self.assertRegex(value, "^/")

    def test_items_of_the_man_page_are_those_of_the_reference(self):
        self.assertTrue(man(read("docs/reference.rst")) in read("docs/mod-kskroll.7"), "make it again: tests/unit/man_items.py .")

    def test_the_instance_that_reads_an_item(self):
        def body(name, kind="int"):
            start = self.conf.index(f"\n{kind} {name}(")
            return self.conf[start:self.conf.index("\n}\n", start)]
        readers = {"global": body("conf_global_read") + "MOD_STORAGE", "zone": body("conf_section_read") + body("read_delegations", "static void") + body("read_updates", "static int") + body("read_via", "static parent_via_t") + body("read_account", "static int") + "MOD_COMPLETE"}  # by reread.c
        for item in self.schema:
            macro = next(m for m, n in self.names.items() if n == item)
            by = [r for r, text in readers.items() if re.search(rf"\b{macro}\b", text)]
            self.assertEqual(self.items[item][2], "both" if len(by) == 2 else by[0], item)

    def test_defaults_of_the_command_line_are_those_of_the_module(self):
        text = read("include/kskroll/rollover.h")
        text = text[text.index("#define ROLLOVER_CONFIG_DEFAULT"):].split("clang-format on")[0]
        found = dict(re.findall(r"\.(\w+) = ([\w *]+),", text))
        self.assertEqual(len(found), 9)
        for item, value in found.items():
            name = {"ds_ttl": "ttl"}.get(item, item.replace("_", "-"))
            self.assertEqual(evaluate(value), seconds(self.items[name][0]), name)


    def test_defaults_of_the_parent_side_are_those_of_the_machine(self):
        text = read("include/kskroll/delegation.h")
        text = text[text.index("#define DELEGATION_CONFIG_DEFAULT"):].split("clang-format on")[0]
        found = dict(re.findall(r"\.(\w+) = ([\w *]+),", text))
        named = {"retry": "delegation-retry", "unreachable_after": "delegation-unreachable-after"}
        self.assertEqual(found.pop("undo"), "true")
        self.assertEqual(self.items["undo"][0], "on")
        # The module has these from the child side.
        found.pop("check_interval"), found.pop("bogus_limit")
        self.assertEqual(len(found), 8)
        for item, value in found.items():
            self.assertEqual(evaluate(value), seconds(self.items[named.get(item, item.replace("_", "-"))][0]), item)

    def test_the_largest_ds_rrset_is_that_of_the_machine(self):
        text = read("include/kskroll/delegation.h")
        most = re.search(r"#define DELEGATION_DS_MAX (\d+)", text).group(1)
        self.assertEqual(self.items["ds-max"][1], f"1 to {most}")


class Statistics(unittest.TestCase):
    def test_every_counter_is_documented_in_the_table_of_its_instance(self):
        stats, text = read("module/knot/stats.c"), read("docs/reference.rst")

        def between(first, last):
            return stats[stats.index(first):stats.index(last, stats.index(first))]
        zone = re.findall(r'\[ZONE_\w+\] = "([\w-]+)"', between("*zone_name(", "return"))
        self.assertEqual(len(zone), between("ZONE_STATE,", "ZONE__COUNT").count(","))
        self.assertEqual([f"kskroll-zone[{name}]" for name in zone], list(table(text, "Of a zone")))
        totals = re.findall(r'\{ "(kskroll-[\w-]+)"', between("int stats_add_totals(", "\n}\n"))
        self.assertGreater(len(totals), 5)
        rows = text[text.index("list-table:: Totals"):text.index("A zone in a rollover is brought")]
        documented = [name for row in re.findall(r"   \* - (.*)\n", rows) for name in re.findall(r"``([\w-]+)``", row)]
        self.assertEqual(sorted(documented), sorted(totals))
        outcomes = re.findall(r'\] = \{ "([\w-]+)",\n', read("module/dns/notify_names.c"))
        self.assertEqual(list(table(text, "Outcomes of ``kskroll-notifications``, in the log, and ``status`` in JSON")), outcomes)


    def test_values_of_totals_are_documented(self):
        text = read("docs/reference.rst")

        def names(path, pattern, first="", last="\n};"):
            source = read(path)
            source = source[source.index(first):] if first else source
            return re.findall(pattern, source[:source.index(last)])
        watches = re.search(r"names\[WATCH__COUNT\] = \{ (.*?) \}", read("module/knot/stats.c")).group(1)
        for total, values in (("kskroll-answers", names("module/rollover/names.c", r'\[ANSWER_\w+\] = "([\w-]+)"', "answers[ANSWER__COUNT]")),
                              ("kskroll-watches", re.findall(r'"([\w-]+)"', watches))):
            cell = text[text.index(f"   * - ``{total}``\n"):]
            cell = cell[:cell.index("   * - ", 10)]
            self.assertGreater(len(values), 2, total)
            for value in values:
                self.assertIn(f"``{value}``", cell, total)


class Outside(unittest.TestCase):
    """What programs and people meet: exit codes, members of JSON, files, log lines."""

    def man(self, section):
        text = docs.unroff(read("docs/kskroll.1"))
        return re.search(rf"^\.SH {section}\n(.*?)(?=^\.SH|\Z)", text, re.M | re.DOTALL).group(1)

    def test_exit_codes(self):
        header, text = read("tools/kskroll.h"), self.man("EXIT STATUS")
        own, monitoring = text.split("have the exit codes of monitoring plugins")
        for prefix, part in (("EXIT", own), ("AUDIT", monitoring)):
            codes = re.findall(rf"^\t{prefix}_\w+ = (\d),", header, re.M)
            self.assertEqual(len(codes), 4)
            self.assertEqual(sorted(re.findall(r"^\.B (\d)$", part, re.M)), codes)

    def test_members_of_json_in_the_man_page(self):
        block = next(block for block in docs.blocks("docs/kskroll.1") if block.text.startswith("status "))
        grammar = read("docs/json.rst")
        members = set(re.findall(r"^   ([\w-]+)\??: ", grammar, re.M))
        commands = set(re.findall(r"^(?=\S)([\w-]+) ", block.text, re.M))
        self.assertGreater(len(commands), 8)
        for name in set(re.findall(r"[\w-]+", block.text)) - commands:
            self.assertIn(name, members)

    def strings(self):
        """All text of the C sources, each string without its breaks."""
        return "\n".join(re.sub(r'"\s*(?:PRI\w+\s*)?"', "", read(path)) for path in docs.found("module/*/*.[ch]", "tools/*.[ch]"))

    def test_files(self):
        strings, found = self.strings(), 0
        for page in docs.pages():
            for name in set(re.findall(r"/var/lib/knot/kskroll/([\w.*-]*\w)", docs.unroff(read(page)))):
                # The file of a parent zone has its name.
                self.assertTrue(re.search(rf'[/"]{re.escape(name)}"', strings) or name.endswith(".ds") and '.ds"' in strings, f"{page}: {name}")
                found += 1
        self.assertGreater(found, 2)

    def test_log_lines_and_output_that_pages_show_are_those_of_the_code(self):
        strings, found = self.strings(), 0
        for part in docs.all_parts():
            if part.reason not in ("log lines", "output of kskroll status"):
                continue
            for line in part.text.splitlines():
                # The first words, until something that differs from zone to zone.
                start = re.match(r"\s*([A-Za-z][A-Za-z -]*?)(?=  | ?[:;,(\d]| at | of |$)", line).group(1)
                self.assertTrue(start in strings, f"{part.where}: no text of the code has {start!r}")
                found += 1
        self.assertGreater(found, 5)


class Words(unittest.TestCase):
    def test_gates_are_those_of_the_table(self):
        self.assertEqual(read("docs/stuck-gates.rst"), kskroll("gates", "--rst"),
                         "make it again: kskroll gates --rst > docs/stuck-gates.rst")

    def test_gates_of_delegations_are_those_of_the_table(self):
        self.assertEqual(read("docs/delegation-gates.rst"), kskroll("gates", "--delegations", "--rst"),
                         "make it again: kskroll gates --delegations --rst > docs/delegation-gates.rst")

    def test_each_gate_has_a_reason(self):
        reasons = re.findall(r":ref:`((?:delegation-)?gate-[\w-]+)`", read("docs/reasons.rst"))
        gates = [one for page in ("stuck-gates", "delegation-gates") for one in re.findall(r"^\.\. _([\w-]+):$", read(f"docs/{page}.rst"), re.M)]
        self.assertEqual(sorted(reasons), sorted(gates))

    def test_states_of_delegations_are_those_of_the_table(self):
        names = read("module/delegation/delegation_names.c")
        states = re.findall(r'\[DELEGATION_\w+\] = \{ "([\w-]+)",\s*"([^"]+)",\n\s*\.asks', names)
        self.assertGreater(len(states), 9)
        text = read("docs/delegations.rst")
        for number, (name, meaning) in enumerate(states):
            self.assertIn(f"   * - {number}\n     - ``{name}``\n     - {meaning}\n", text)

    def test_states_are_those_of_the_table(self):
        names = read("module/rollover/names.c")
        states = re.findall(r'\[ROLLOVER_\w+\]\s*= \{ "([\w-]+)", "([^"]+)",\n', names)
        self.assertGreater(len(states), 9)
        text = read("docs/reference.rst")
        for number, (name, meaning) in enumerate(states):
            self.assertIn(f"   * - {number}\n     - ``{name}``\n     - {meaning}\n", text)

    def test_gates_that_the_documentation_names_exist(self):
        codes = {g["code"] for g in json.loads(kskroll("gates", "--json"))["gates"]}
        codes |= {g["code"] for g in json.loads(kskroll("gates", "--delegations", "--json"))["delegation_gates"]}
        for path in pages():
            for code in re.findall(r"gate ``([\w-]+)``", read(path)):
                self.assertIn(code, codes, path)

    def test_commands_in_the_documentation_exist(self):
        commands = set(re.findall(r'^\t\{ "([\w-]+)", [A-Z_]+, cmd_', read("tools/main.c"), re.M))
        self.assertLessEqual({"status", "plan", "history"}, commands)
        for path in pages():
            for command in re.findall(r"(?:``|^ +)kskroll ([a-z][\w-]*)", read(path), re.M):
                self.assertIn(command, commands, path)

    def test_limits_that_hosters_read(self):
        text = read("docs/many-zones.rst")
        for name, source, words in (("CHECKS_MAX", "module/server/jobs.h", "{} zones are checked"),
                                    ("SWITCHES_MAX", "module/server/jobs.h", "{} zones are switched"),
                                    ("DISCOVERIES_MAX", "module/dns/survey.c", "{} surveys find out"),
                                    ("ASK_IN_FLIGHT_MAX", "module/dns/ask.h", "{} addresses are being asked"),
                                    ("ASK_PER_TARGET_MAX", "module/dns/ask.h", "one address has {} questions")):
            value = re.search(rf"#define {name}\s+(\d+)", read(source)).group(1)
            self.assertIn(words.format(value), text)

    def test_no_advice_makes_knotd_read_its_file_again(self):
        """With a text configuration a commit that touches these loses what was set before."""
        trap = re.compile(r"conf-(?:un)?set['\"\s,(]*(?:mod-kskroll|template\[\w+\]\.global-module)")
        found = 0
        for folder, _, names in os.walk(SOURCE):
            if any(part in os.path.relpath(folder, SOURCE).split(os.sep) for part in (".git", "tests")):
                continue
            for name in names:
                if name.endswith((".c", ".h", ".rst", ".md", ".1", ".conf")):
                    path = os.path.relpath(os.path.join(folder, name), SOURCE)
                    text = read(path)
                    self.assertIsNone(trap.search(text), path)
                    found += text.count("conf-set")
        self.assertGreater(found, 5)

    def test_files_that_pages_for_contributors_name_exist(self):
        found = 0
        for page in ("docs/internals.rst", "docs/knot-behaviour.rst", "docs/lab.rst", "docs/security.rst", "docs/sandbox.rst",
                     "CONTRIBUTING.md"):
            names = re.findall(r"`((?:module|include|tools|tests|docs|conf-examples)/[\w./-]*)`", read(page))
            found += len(names)
            for name in names:
                self.assertTrue(os.path.exists(os.path.join(SOURCE, name)), f"{page}: {name}")
        self.assertGreater(found, 200)


class Tests(unittest.TestCase):
    def test_tests_that_pages_name_exist(self):
        found = [(page, *names) for page in pages() for names in re.findall(r"``(test_\w+)\.(test_\w+)``", read(page))]
        self.assertGreater(len(found), 20)
        for page, module, function in found:
            with self.subTest(page, module=module):
                self.assertIn(f"\ndef {function}(", read(f"tests/lab/{module}.py"))


class Style(unittest.TestCase):
    """Texts that operators read, and public comments, have the words of docs/style.rst."""
    def test_the_words_are_those_of_the_style_guide(self):
        words = re.findall(r" {3}\* - (.*)\n", read("docs/style.rst").split("Words that this project does not use")[1])
        self.assertEqual(words[1:], list(prose.AVOIDED))

    def test_texts_and_public_comments_have_them(self):
        wrong, texts, comments = [], 0, 0
        for path in glob.glob(os.path.join(SOURCE, "module/*/*.[ch]")) + glob.glob(os.path.join(SOURCE, "tools/*.[ch]")) \
                + glob.glob(os.path.join(SOURCE, "include/kskroll/*.h")):
            where = os.path.relpath(path, SOURCE)
            for m in re.finditer(r"/\*.*?\*/|//[^\n]*|'(?:[^'\\]|\\.)'|\"(?:[^\"\\\n]|\\.)*\"(?:\s*\"(?:[^\"\\\n]|\\.)*\")*", read(where), re.DOTALL):
                text = m.group(0)
                if text.startswith('"') and " " in text:
                    texts += 1
                    wrong += prose.avoided(re.sub(r'"\s*"', "", text), where)
                elif text.startswith("/*") and path.endswith(".h"):
                    comments += 1
                    wrong += prose.avoided(re.sub(r"\n\s*\* ?", " ", text), where)
        self.assertGreater(texts, 500)
        self.assertGreater(comments, 300)
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
