#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll on a store with known rows: test_cli.py KSKROLL CLI_STORE SOURCE"""

import datetime
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

KSKROLL, CLI_STORE, SOURCE = sys.argv[1:4]
NOW = 1800000000
HOUR = 3600
QUOTE = r'quo\"te\032'
DAY = 86400


def run(*args, db=None, text=None, env=None, user=None):
    environ = {"PATH": os.environ["PATH"], "KSKROLL_NOW": str(NOW), "TERM": "xterm"}
    for name in os.environ:
        if name.startswith(("ASAN_", "UBSAN_", "LSAN_")):
            environ[name] = os.environ[name]
    environ["KSKROLL_DB"] = db or Cli.db
    environ.update(env or {})
    if os.geteuid() != 0:
        user = None
    return subprocess.run([KSKROLL, *args], capture_output=True, text=True, input=text or "",
                          env=environ, timeout=60, user=user, group=user, extra_groups=[] if user else None)


class JsonDoc:
    """docs/json.rst, held against values."""

    def __init__(self, gates):
        with open(os.path.join(SOURCE, "docs/json.rst"), encoding="ascii") as f:
            blocks = re.findall(r"^([A-Z_]+)(?:,[^\n]*)?::\n\n((?:   .*\n)+)", f.read(), re.M)
        self.objects = {name: [self.member(line) for line in block.splitlines()] for name, block in blocks}
        self.seen = set()
        self.words = {"gate": gates, "state": self.names("module/rollover/names.c", r"ROLLOVER_\w+\]\s*= \{"),
                      "actor": self.names("module/rollover/names.c", r"ACTOR_\w+\] ="),
                      "check": self.names("tools/checks.c", r"CHECK_\w+\] = \{")}

    @staticmethod
    def names(path, before):
        with open(os.path.join(SOURCE, path), encoding="ascii") as f:
            return set(re.findall(before + r' "([\w-]+)"', f.read()))

    @staticmethod
    def member(line):
        return re.fullmatch(r" {3}([\w-]+)(\??): (.+?)(?: +-- .*)?", line).groups()

    def check(self, name, value, where=""):
        members = self.objects[name]
        unknown = set(value) - {m for m, _, _ in members}
        assert not unknown, f"{where}{name} has {unknown}"
        for member, optional, kind in members:
            if member in value:
                self.check_type(kind, value[member], f"{where}{name}.{member} ")
                if value[member] is not None:
                    self.seen.add((name, member))
            else:
                assert optional, f"{where}{name} lacks {member}"

    def check_type(self, kind, value, where):
        if kind.endswith(" or null"):
            if value is None:
                return
            kind = kind[:-8]
        if kind[0] == "[":
            assert isinstance(value, list), where
            for v in value:
                self.check_type(kind[1:-1], v, where)
        elif kind.isupper():
            self.check(kind, value, where)
        else:
            number = isinstance(value, int) and not isinstance(value, bool)
            text = isinstance(value, str)
            fine = {
                "bool": isinstance(value, bool), "number": number and value >= 0, "span": number and value >= 0,
                "time": number and value > 10**9, "tag": number and 0 <= value < 65536,
                "text": text, "name": text and value.endswith("."),
                "server": text and re.fullmatch(r"\S+ \S+@\d+", value) is not None,
            }.get(kind)
            if kind in self.words:
                fine = value in self.words[kind]
            elif fine is None:
                fine = json.dumps(value) in kind.split(" | ")
            assert fine, f"{where} is {value!r}, not {kind}"

    def never_seen(self):
        return {(name, m[0]) for name, members in self.objects.items() for m in members} - self.seen


class Cli(unittest.TestCase):
    db = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="kskroll-cli-")
        os.chmod(cls.folder.name, 0o755)
        cls.db = cls.make("a")
        cls.audited = cls.make("audit", "audit")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def make(cls, name, *what):
        path = os.path.join(cls.folder.name, name, "kskroll.db")
        subprocess.run([CLI_STORE, path, str(NOW), *what], check=True, timeout=60)
        return path

    def ok(self, *args, code=0, **more):
        p = run(*args, **more)
        self.assertEqual(p.returncode, code, p.stdout + p.stderr)
        self.assertEqual(p.stderr, "")
        return p.stdout

    def bad(self, code, *args, **more):
        p = run(*args, **more)
        self.assertEqual(p.returncode, code, p.stdout + p.stderr)
        self.assertEqual(len(p.stderr.strip().splitlines()), 1, p.stderr)
        return p.stderr

    def json(self, *args, code=0, **more):
        out = self.ok(*args, "--json", code=code, **more)
        self.assertEqual(out.count("\n"), 1)
        value = json.loads(out)
        self.assertEqual(value["schema"], 1)
        return value

    def zone(self, name):
        return self.json("status", name)["zones"][0]

    # Table.

    def test_one_line_per_zone_says_where_it_is_and_who_acts(self):
        lines = self.ok("status").splitlines()
        self.assertEqual(len(lines), 10)
        self.assertRegex(lines[0], r"^ZONE +STATE +FOR +WAITS FOR +WHO ACTS +NEXT LOOK +EARLIEST END +AT$")
        self.assertRegex(lines[1], r"^alpha\.example\. +idle +90 d 0 h +- +nobody +2 min +-$")
        self.assertRegex(lines[2], r"^bravo\.example\. +await-ds +3 h 0 min +ds-stale-at +parent +2 min "
                                   r"+20\S+Z +p2\.example\. 192\.0\.2\.12@5353$")
        self.assertRegex(lines[4], r"^delta\.example\. .* operator +soon ")
        self.assertRegex(lines[6], r"^foxtrot\.example\. +settle .* operator +overdue ")

    def test_blocked_is_what_needs_a_human(self):
        out = self.ok("status", "--blocked", code=3)
        zones = [line.split()[0] for line in out.splitlines()[1:]]
        self.assertEqual(zones, ["charlie.example.", "delta.example.", "foxtrot.example.", "golf.example."])

    def test_a_parent_may_take_its_time_until_after(self):
        self.assertEqual(self.ok("status", "--blocked", "bravo.example"), "Nothing needs a human.\n")
        self.ok("status", "--blocked", "--after", "1h", "bravo.example", code=3)
        self.ok("status", "--blocked", "--after", "3d", "charlie.example")

    def test_names_alone(self):
        self.assertEqual(self.ok("status", "--names").splitlines(),
                         [z["zone"] for z in self.json("status")["zones"]])
        self.assertEqual(self.ok("status", "--names", "--blocked", "golf.example", code=3), "golf.example.\n")

    def test_a_name_is_taken_in_any_form(self):
        for name in "bravo.example", "bravo.example.", "BRAVO.Example":
            self.assertIn("await-ds", self.ok("status", name))

    # One zone.

    def test_details_show_every_server_and_the_ds_wanted(self):
        out = self.ok("status", "bravo.example")
        self.assertIn("DS wanted   bravo.example. IN DS 1002 13 2 " + "22" * 32, out)
        self.assertRegex(out, r"ns1\.bravo\.example\. 192\.0\.2\.1@53 +ok +1001 1002 +1001 1002 +1002 +1002 +300")
        self.assertRegex(out, r"ns2\.bravo\.example\. 2001:db8::2@53 +unreachable for 1 h 0 min .* timeout \"quoted\"")
        self.assertRegex(out, r"p1\.example\. 192\.0\.2\.11@53 +ok +1002 +300")
        self.assertRegex(out, r"p2\.example\. 192\.0\.2\.12@5353 +ok, foreign DS +1001 +86400")
        self.assertIn("kdig @192.0.2.12 -p 5353 +norec +dnssec bravo.example. DS", out)
        self.assertIn("standard comes back at the end", out)
        self.assertIn("validation: 2 of 3 resolvers find it secure: 192.0.2.53@53: bogus", out)

    def test_the_exact_command_is_named(self):
        self.assertIn("knotc zone-thaw golf.example.", self.ok("status", "golf.example"))
        self.assertIn("keymgr delta.example. ds", self.ok("status", "delta.example"))

    def test_skipping_the_watch_is_not_offered_while_the_old_ds_is_in_caches(self):
        self.assertNotIn("zone-ksk-submitted", self.ok("status", "echo.example"))

    def test_broken_answers_are_null_and_harmless(self):
        self.assertIsNone(self.zone("golf.example")["answers"])
        self.assertIn("No server has been asked", self.ok("status", "golf.example"))

    # JSON.

    def test_json_has_what_the_table_has(self):
        all_zones = self.json("status")
        self.assertEqual([z["zone"] for z in all_zones["zones"]],
                         [n + ".example." for n in ("alpha", "bravo", "charlie", "delta", "echo",
                                                    "foxtrot", "golf", "hotel", QUOTE)])
        self.assertEqual(all_zones["blocked"], 4)
        z = self.zone("bravo.example")
        self.assertEqual(z["state"], "await-ds")
        self.assertEqual(z["since"], NOW - 3 * HOUR)
        self.assertEqual(z["gate"]["code"], "ds-stale-at")
        self.assertEqual(z["gate"]["about"], "p2.example. 192.0.2.12@5353")
        self.assertEqual(z["actor"], "parent")
        self.assertFalse(z["blocked"])
        self.assertEqual(z["next_look"], NOW + 120)
        self.assertEqual(z["new_key"], {"tag": 1002, "algorithm": 13, "sha256": "22" * 32})
        self.assertEqual(z["answers"]["parent"][1]["ds"], [1001])
        self.assertIsNone(self.zone("alpha.example")["earliest_end"])

    def test_json_is_as_documented(self):
        doc = JsonDoc({g["code"] for g in self.json("gates")["gates"]})
        for db in self.db, self.audited:
            doc.check("STATUS", self.json("status", db=db))
            doc.check("HISTORY", self.json("history", db=db))
            doc.check("AUDIT", self.json("audit", db=db, code=2))
        for zone in self.ok("status", "--names").splitlines():
            doc.check("PLAN", self.json("plan", zone))
        db = self.make("rolled-back")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET state = 10 WHERE zone = 'bravo.example.'")
        doc.check("PLAN", self.json("plan", "bravo.example", db=db))
        doc.check("POLICIES", self.json("policies", "default"))
        doc.check("GATES", self.json("gates"))
        self.assertEqual(doc.never_seen(), set())

    # Plan.

    def test_plan_goes_to_the_end(self):
        p = self.json("plan", "bravo.example")
        self.assertEqual([s["state"] for s in p["steps"]],
                         ["await-ds", "withdraw", "observe", "retire", "settle", "idle"])
        self.assertEqual(p["steps"][0]["to"], NOW - 3 * HOUR + DAY)
        self.assertEqual(p["end"], p["safe"] + 3 * DAY)
        self.assertEqual(p["end"], self.zone("bravo.example")["earliest_end"])
        later = self.json("plan", "bravo.example", "--parent-delay", "3d")
        self.assertEqual(later["end"] - p["end"], 2 * DAY)
        for step in p["steps"]:
            for wait in step["waits"]:
                self.assertLess(wait["from"], wait["to"])

    def test_plan_of_a_zone_at_rest_shows_how_one_would_go(self):
        p = self.json("plan", "alpha.example")
        self.assertTrue(p["imagined"])
        self.assertIsNone(p["first"])
        self.assertIn("knotc zone-key-rollover alpha.example. ksk", self.ok("plan", "alpha.example"))
        p = self.json("plan", "alpha.example", "--ksk-lifetime", "365d")
        self.assertFalse(p["imagined"])
        self.assertEqual(p["start"], NOW + 265 * DAY)

    def test_plan_names_what_has_to_be_done_first(self):
        self.assertEqual(self.json("plan", "charlie.example")["first"], "child-unreachable")
        self.assertIn("secondary has to deal with 'child-unreachable'", self.ok("plan", "charlie.example"))

    def test_the_settings_are_those_of_the_zone(self):
        p = self.json("plan", "echo.example")
        self.assertEqual((p["settings"]["stored"], p["settings"]["settle"]), (True, 7 * DAY))
        observed = next(s["to"] for s in p["steps"] if s["state"] == "observe")
        self.assertEqual(observed, NOW - HOUR + 5 * DAY)
        self.assertEqual(p["end"] - p["safe"], 7 * DAY)
        self.assertEqual(p["end"], self.zone("echo.example")["earliest_end"])
        self.assertIn("settle 7d", self.ok("plan", "echo.example"))
        given = self.json("plan", "echo.example", "--settle", "1d", "--settle", "2d")
        self.assertEqual(given["end"] - given["safe"], 2 * DAY)

    def test_what_the_settings_forbid_is_said(self):
        self.assertEqual(self.json("plan", "hotel.example")["first"], "dry-run")
        self.assertIn("operator has to deal with 'dry-run'", self.ok("plan", "hotel.example"))

    def test_a_store_of_an_older_version_is_read_with_defaults(self):
        path = os.path.join(self.folder.name, "old.db")
        with open(os.path.join(SOURCE, "tests/unit/store_schema_1.sql"), encoding="ascii") as f:
            with sqlite3.connect(path) as con:
                con.executescript(f.read())
        z = self.json("status", "bravo.example", db=path)["zones"][0]
        self.assertEqual((z["state"], z["looked"], z["settings"]["stored"]), ("await-ds", None, False))
        self.assertEqual(z["settings"], dict(self.zone("bravo.example")["settings"], stored=False))
        self.assertEqual(z["earliest_end"], self.zone("bravo.example")["earliest_end"])
        self.assertIn("the module that wrote the store is older", self.ok("plan", "bravo.example", db=path))

    # Pictures.

    SVG = "{http://www.w3.org/2000/svg}"

    def svg(self, *args):
        text = self.ok("plan", *args, "--svg", "-")
        for fetched in "href", "url(", "<script", "@import", "<image", "http":
            self.assertNotIn(fetched, text.replace('xmlns="http://www.w3.org/2000/svg"', ""))
        root = ElementTree.fromstring(text)
        self.assertEqual(root.tag, self.SVG + "svg")
        return root

    @staticmethod
    def stamp(text):
        return datetime.datetime.strptime(text + "+0000", "%Y-%m-%d %H:%M%z").timestamp()

    def test_a_picture_has_its_bars_where_the_axis_says(self):
        for args in (["bravo.example"], ["alpha.example"], ["charlie.example", "--parent-delay", "20d"],
                     ["alpha.example", "--ksk-lifetime", "365d"], ["echo.example"]):
            root = self.svg(*args)
            # Ticks: a clock each, and a date where it changes.
            texts = [(float(t.get("x")), t.get("class"), t.text) for t in root.iter(self.SVG + "text")]
            dates = {x: text for x, c, text in texts if c == "tick mid" and "-" in text}
            ticks, date = [], None
            for x, c, text in texts:
                if c == "tick mid" and ":" in text:
                    date = dates.get(x, date)
                    ticks.append((x, self.stamp(f"{date} {text}")))
            self.assertGreater(len(ticks), 3)
            scale = (ticks[-1][0] - ticks[0][0]) / (ticks[-1][1] - ticks[0][1])

            def x_of(at):
                return ticks[0][0] + (at - ticks[0][1]) * scale
            for x, at in ticks:
                self.assertAlmostEqual(x, x_of(at), delta=0.2)
            p = self.json("plan", *args)
            steps = [s for s in p["steps"] if s["state"] != "idle"]
            bars = [r for r in root.iter(self.SVG + "rect") if r.find(self.SVG + "title") is not None]
            self.assertEqual(len(bars), len(steps))
            for bar, step in zip(bars, steps):
                self.assertTrue(bar.find(self.SVG + "title").text.startswith(step["state"] + ": "))
                self.assertAlmostEqual(float(bar.get("x")), x_of(step["from"]), delta=0.2)
                width = max(3, x_of(step["to"]) - x_of(step["from"]))
                self.assertAlmostEqual(float(bar.get("width")), width, delta=0.3)
            marks = {line.get("class"): float(line.get("x1")) for line in root.iter(self.SVG + "line")}
            if p["start"] <= NOW:
                self.assertAlmostEqual(marks["now"], x_of(NOW), delta=0.2)
            self.assertAlmostEqual(marks["goal"], x_of(p["end"]), delta=0.2)

    def test_a_picture_says_what_each_step_waits_for(self):
        texts = " ".join("".join(t.itertext()) for t in self.svg("bravo.example").iter(self.SVG + "text"))
        for step in self.json("plan", "bravo.example")["steps"]:
            self.assertIn(step["state"] + " ", texts)
            self.assertIn(step["meaning"], texts)
            for wait in step["waits"]:
                self.assertIn(f"{wait['code']} until ", texts)
                self.assertIn(wait["meaning"], texts)
        self.assertIn("In the step await-ds since 2027-01-15 05:00", texts)
        self.assertIn("But first: a nameserver of the zone does not answer (child-unreachable)",
                      self.ok("plan", "charlie.example", "--svg", "-"))

    def test_no_text_of_a_picture_is_outside(self):
        for zone in "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel":
            root = self.svg(zone + ".example")
            width, height = (int(root.get(k)) for k in ("width", "height"))
            self.assertEqual(root.get("viewBox"), f"0 0 {width} {height}")
            for t in root.iter(self.SVG + "text"):
                self.assertLess(float(t.get("y")), height - 4)
                if not t.get("class").endswith(("end", "mid")):
                    # 6 px a letter at 11 px is what wide fonts take.
                    size = {"title": 14, "step": 8, "mark": 7}.get(t.get("class").split()[0], 6.3)
                    self.assertLess(float(t.get("x")) + size * len("".join(t.itertext())), width + 1,
                                    "".join(t.itertext()))

    def test_html_is_one_file_with_the_picture_and_a_table(self):
        path = os.path.join(self.folder.name, "plan.html")
        picture = os.path.join(self.folder.name, "plan.svg")
        self.assertEqual(self.ok("plan", "bravo.example", "--html", path, "--svg", picture), "")
        with open(path, encoding="ascii") as f:
            text = f.read()
        with open(picture, encoding="ascii") as f:
            self.assertEqual(f.readline(), '<?xml version="1.0" encoding="UTF-8"?>\n')
            self.assertIn(f.read(), text)
        self.assertNotIn("<script", text)
        self.assertNotIn("href", text)
        root = ElementTree.fromstring(text)
        rows = root.findall("body/table/tbody/tr")
        self.assertEqual([r.find("td").text for r in rows],
                         [s["state"] for s in self.json("plan", "bravo.example")["steps"]])
        self.assertIn("ds-stale-at until 2027-01-16 05:00", rows[0].findall("td/ul/li")[0].text)
        self.assertIn("/nonexistent/x.svg cannot be written",
                      self.bad(1, "plan", "bravo.example", "--svg", "/nonexistent/x.svg"))

    def test_names_are_escaped_in_pictures(self):
        db = self.make("names")
        with sqlite3.connect(db) as con:
            con.execute(r"UPDATE zone SET zone = 'a\<b\>\&c.example.' WHERE zone = 'alpha.example.'")
        title = ElementTree.fromstring(self.ok("plan", "a<b>&c.example", "--svg", "-", db=db)).find(self.SVG + "title")
        self.assertEqual(title.text, "Plan of the KSK rollover of a\\<b\\>\\&c.example.")

    # Audit.

    FINDINGS = [
        ("broken.test.", "ds-without-key", "critical"),
        ("broken.test.", "ds-without-key", "critical"),
        ("bogus.test.", "wrong-answer", "critical"),
        ("danger.test.", "needs-operator", "critical"),
        ("late-roll.test.", "not-looked-at", "critical"),
        ("bogus.test.", "wrong-answer", "warning"),
        ("broken.test.", "key-without-ds", "warning"),
        ("cds-at-one.test.", "cds-left", "warning"),
        ("cds.test.", "cds-left", "warning"),
        ("extra-key.test.", "key-without-ds", "warning"),
        ("late.test.", "not-looked-at", "warning"),
        ("old-key.test.", "old-key-left", "warning"),
        ("other-zsk.test.", "nameservers-differ", "warning"),
        ("own-old-key.test.", "old-key-left", "warning"),
        ("parents.test.", "parents-differ", "warning"),
        ("silent.test.", "unreachable", "warning"),
        ("stray.test.", "ds-without-key", "warning"),
        ("stuck.test.", "stuck", "warning"),
        ("ttl.test.", "dnskey-ttl", "warning"),
        ("held.test.", "needs-operator", "note"),
        ("silent.test.", "unreachable", "note"),
        ("ttl.test.", "ds-ttl", "note"),
    ]

    def findings(self, *args, code, **more):
        a = self.json("audit", *args, code=code, db=self.audited, **more)
        self.assertEqual(a["result"], ("ok", "warning", "critical", "unknown")[code])
        found = [(f["zone"], f["check"], f["level"]) for f in a["findings"]]
        for level in "critical", "warning", "note":
            self.assertEqual(a[level], sum(f[2] == level for f in found))
        return found

    def test_audit_finds_what_is_wrong_and_nothing_else(self):
        self.assertEqual(sorted(self.findings(code=2)), sorted(self.FINDINGS))
        for zone in {f[0] for f in self.FINDINGS} | {"fine.test.", "parents-swap.test."}:
            mine = [f for f in self.FINDINGS if f[0] == zone]
            code = max([("note", "warning", "critical").index(f[2]) for f in mine], default=0)
            self.assertEqual(sorted(self.findings(zone, code=code)), sorted(mine))

    def test_audit_says_it_in_one_line_and_shows_the_worst_first(self):
        lines = self.ok("audit", code=2, db=self.audited).splitlines()
        self.assertEqual(lines[0], "CRITICAL - 21 zones: 5 critical, 14 warnings, 3 notes (--all shows them)"
                                   " | zones=21 critical=5 warning=14 note=3")
        self.assertRegex(lines[1], r"^critical +bogus\.test\. +wrong-answer +p1\.test\. 192\.0\.2\.11@53 "
                                   r"+bogus: RRSIG expired$")
        self.assertEqual(len(lines), 1 + 19)
        self.assertIn("and none that matches: the zone does not validate", lines[2])
        lines = self.ok("audit", "--all", "ttl.test", code=1, db=self.audited).splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn("ds-ttl", lines[2])
        self.assertIn("86400 s, after the DS was replaced", lines[2])
        self.assertRegex(self.ok("audit", "fine.test", db=self.audited), r"^OK - 1 zones: 0 critical, .*\n$")

    def test_audit_of_a_parent_that_may_still_take_its_time(self):
        self.assertEqual(self.findings("stuck.test", "--after", "3d", code=0), [])
        self.assertIn(("parents-swap.test.", "stuck", "warning"),
                      self.findings("parents-swap.test", "--after", "1h", code=1))

    def test_audit_compares_with_a_list_in_the_forms_that_knotc_prints(self):
        here = [f"{n}.test" for n in ("fine", "stray", "held")]
        for text in ("\n".join(here + ["new.test"]),
                     "".join(f"[{n}.] role: master | serial: 1\n" for n in here + ["NEW.test"]),
                     "# a remark\n\n" + "".join(f"zone.domain = {n}.\n" for n in here + ["new.test", "new.test"])):
            found = self.findings("--zones", "-", code=2, text=text)
            self.assertEqual([f for f in found if f[1] == "no-module"], [("new.test.", "no-module", "warning")])
            unlisted = {f[0] for f in found if f[1] == "not-listed"}
            self.assertEqual(len(unlisted), 21 - 3 - 2)
            # Rows of zones that are gone: nobody looks at them, the list does not have them.
            self.assertFalse(any(f[0].startswith("late") for f in found))

    def test_audit_that_cannot_see_is_unknown(self):
        self.bad(3, "audit", db="/nonexistent/kskroll.db")
        self.bad(3, "audit", "--zones", "/nonexistent")
        self.bad(3, "audit", "--zones", "-", text="not..a..name\n")
        self.bad(3, "audit", "--limit", "3")
        p = run("audit", "nothing.test", db=self.audited)
        self.assertEqual((p.returncode, p.stdout.split()[0]), (3, "UNKNOWN"))

    # History.

    def test_history_is_oldest_first_with_evidence(self):
        events = self.json("history", "bravo.example")["events"]
        self.assertEqual([e["to"] for e in events], ["introduce", "signal", "signal", "await-ds"])
        self.assertEqual(events[2]["gate"], "knot-not-ready")
        self.assertEqual(events[3]["evidence"]["child"][0]["cds"], [1002])
        self.assertEqual(len(self.json("history", "--limit", "1")["events"]), 1)
        out = self.ok("history", "bravo.example", "--limit", "1")
        self.assertIn("signal -> await-ds", out)
        self.assertIn("p2.example. 192.0.2.12@5353: ok, DS 1001, foreign DS, TTL 86400 s", out)
        self.assertEqual(self.ok("history", "alpha.example"), "No history yet.\n")

    # Prometheus.

    def metrics(self, *args, **more):
        """{metric: {labels as written: value}}; HELP and TYPE stand before the samples of each."""
        found, name = {}, None
        for line in self.ok("status", "--prometheus", *args, **more).splitlines():
            if m := re.fullmatch(r"# HELP (kskroll_[a-z_]+) \S.*", line):
                name = m.group(1)
                self.assertNotIn(name, found)
                found[name] = None
            elif line.startswith("#"):
                self.assertEqual(line, f"# TYPE {name} gauge")
                found[name] = {}
            else:
                m = re.fullmatch(rf'{name}(\{{(?:\w+="(?:[^"\\]|\\[\\"n])*",?)*\}})? (\d+)', line)
                self.assertIsNotNone(m, line)
                self.assertNotIn(m.group(1), found[name])
                found[name][m.group(1)] = int(m.group(2))
        return found

    def test_prometheus_has_what_the_table_has(self):
        m = self.metrics()
        bravo = '{zone="bravo.example."'
        self.assertEqual(m["kskroll_zones"], {None: 9})
        self.assertEqual(m["kskroll_zone_state"][bravo + ',state="await-ds"}'], 1)
        self.assertEqual(m["kskroll_zone_gate"][bravo + ',gate="ds-stale-at",actor="parent"}'], 1)
        self.assertEqual(m["kskroll_zone_gate"]['{zone="alpha.example.",gate="none",actor="nobody"}'], 1)
        self.assertEqual((len(m["kskroll_zone_state"]), len(m["kskroll_zone_gate"])), (9, 9))
        self.assertEqual(m["kskroll_zone_state_seconds"][bravo + "}"], 3 * HOUR)
        self.assertEqual(m["kskroll_zone_gate_seconds"][bravo + "}"], 3 * HOUR)
        self.assertNotIn('{zone="alpha.example."}', m["kskroll_zone_gate_seconds"])
        self.assertEqual(m["kskroll_zone_dnskey_ttl_seconds"][bravo + "}"], 300)
        self.assertNotIn('{zone="alpha.example."}', m["kskroll_zone_dnskey_ttl_seconds"])
        self.assertEqual(m["kskroll_zone_ds_ttl_seconds"][bravo + "}"], DAY)
        self.assertEqual(m["kskroll_zone_last_look_timestamp_seconds"][bravo + "}"], NOW - 60)
        self.assertEqual(m["kskroll_server_unreachable"],
                         {bravo + ',server="ns2.bravo.example. 2001:db8::2@53"}': 1})
        quote = r'{zone="quo\\\"te\\032.example."}'
        self.assertEqual(m["kskroll_zone_state_seconds"][quote], DAY)
        self.assertNotIn(quote, m["kskroll_zone_last_look_timestamp_seconds"])
        self.assertEqual(self.metrics("bravo.example")["kskroll_zones"], {None: 1})

    @unittest.skipUnless(shutil.which("promtool"), "no promtool")
    def test_promtool_has_nothing_to_say(self):
        for db in self.db, self.audited:
            text = self.ok("status", "--prometheus", db=db)
            p = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True,
                               check=False, timeout=60)
            self.assertEqual((p.returncode, p.stdout, p.stderr), (0, "", ""))

    def test_every_metric_is_in_the_man_page(self):
        with open(os.path.join(SOURCE, "docs/kskroll.1"), encoding="ascii") as f:
            documented = set(re.findall(r"kskroll_\w+", f.read()))
        self.assertEqual(documented, set(self.metrics()))

    # Errors.

    def test_unknown_zones_list_names_like_it(self):
        self.assertIn("did you mean alpha.example.", self.bad(1, "status", "alfa.example"))
        self.assertIn("did you mean bravo.example.", self.bad(1, "plan", "bravo"))
        self.assertIn("no zone nothing.like.it. in the store of 9", self.bad(1, "history", "nothing.like.it"))

    def test_a_missing_store_is_said_to_be_missing(self):
        err = self.bad(1, "status", db="/nonexistent/kskroll.db")
        self.assertIn("/nonexistent/kskroll.db", err)
        self.assertFalse(os.path.exists("/nonexistent"))

    def test_a_store_that_may_not_be_read_says_who_may(self):
        db = self.make("private")
        os.chmod(os.path.dirname(db), 0o755)
        for closed in db, os.path.dirname(db):
            os.chmod(closed, 0)
            err = self.bad(1, "status", db=db, user=65534)
            self.assertIn(f"{db} cannot be read: Permission denied; root may, and members of the group", err)
            os.chmod(closed, 0o755)
        self.assertIn("is a folder", self.bad(1, "status", db=os.path.dirname(db)))

    def test_a_newer_schema_is_refused(self):
        db = self.make("newer")
        with sqlite3.connect(db) as con:
            con.execute("PRAGMA user_version = 99")
        self.assertIn("schema 99", self.bad(1, "status", db=db))

    def test_a_file_of_something_else_is_refused(self):
        path = os.path.join(self.folder.name, "garbage")
        with open(path, "w", encoding="ascii") as f:
            f.write("not a database at all, and long enough to be read as one" * 40)
        self.assertIn("garbage", self.bad(1, "status", db=path))

    def test_a_locked_store_is_said_to_be_locked(self):
        db = self.make("locked")
        con = sqlite3.connect(db, isolation_level=None)
        con.execute("PRAGMA locking_mode = EXCLUSIVE")
        con.execute("BEGIN EXCLUSIVE")
        con.execute("CREATE TABLE x (y)")
        self.assertIn("locked; another process has it, try again", self.bad(1, "status", db=db))
        con.close()

    def test_it_reads_beside_a_writer_and_never_writes(self):
        db = self.make("busy")
        con = sqlite3.connect(db, isolation_level=None)
        con.execute("BEGIN IMMEDIATE")
        con.execute("DELETE FROM zone WHERE zone = 'alpha.example.'")
        with open(db, "rb") as f:
            before = f.read()
        self.assertIn("alpha.example.", self.ok("status", db=db))
        con.execute("ROLLBACK")
        with open(db, "rb") as f:
            self.assertEqual(f.read(), before)
        con.close()

    def test_wrong_usage(self):
        for args in ([], ["nonsense"], ["plan"], ["plan", "a", "b"], ["status", "--limit", "3"],
                     ["status", "--lead", "5x"], ["history", "--limit", "0"], ["status", "..a"],
                     ["plan", "a", "--ttl", "-1"], ["status", "--json", "--names"],
                     ["plan", "a", "--json", "--svg", "-"], ["plan", "a", "--ttl", "99999999999999999999"]):
            self.bad(2, *args)
        self.assertEqual(run("status", "--nonsense").returncode, 2)

    # Colours.

    def colored(self, env):
        out, child = pty.openpty()
        environ = dict(os.environ, KSKROLL_DB=self.db, KSKROLL_NOW=str(NOW), TERM="xterm")
        environ.pop("NO_COLOR", None)
        environ.update(env)
        p = subprocess.Popen([KSKROLL, "status"], stdout=child, env=environ)
        os.close(child)
        text = b""
        try:
            while chunk := os.read(out, 4096):
                text += chunk
        except OSError:
            pass
        os.close(out)
        self.assertEqual(p.wait(timeout=60), 0)
        return b"\033[" in text

    def test_colours_on_a_terminal_only_and_not_if_unwanted(self):
        self.assertTrue(self.colored({}))
        self.assertFalse(self.colored({"NO_COLOR": "1"}))
        self.assertFalse(self.colored({"TERM": "dumb"}))
        self.assertNotIn("\033", self.ok("status"))

    # Policies.

    CONF = """
policy:
  - id: other
    algorithm: ed25519
  - id: "standard"  # ours
    algorithm: ecdsap256sha256
    dnskey-ttl: 1h
    cds-cdnskey-publish: rollover
    ds-push: parent
    # a remark: with a colon
    reproducible-signing: on

zone:
  - id: example.com
    dnssec-policy: standard
"""

    def test_derived_policies_are_those_that_the_module_makes(self):
        with open(os.path.join(SOURCE, "module/server/policy.c"), encoding="ascii") as f:
            roles = re.findall(r'\[POLICY_\w+\]\s*=\s*\{ "(\w+)",\s*"([\w-]+)" \}', f.read())
        # The one for the delete signal is made when it is needed.
        self.assertEqual(roles.pop(), ("delete", "delete-dnssec"))
        self.assertEqual(len(roles), 3)
        out = self.ok("policies", "standard", text=self.CONF)
        found = re.findall(r"- id: standard-kskroll-(\w+)\n(?:    .*\n)*?    cds-cdnskey-publish: ([\w-]+)\n"
                           r"    dnskey-ttl: (?:300|299)\n", out)
        self.assertEqual(found, roles)
        self.assertEqual(out.count("algorithm: ecdsap256sha256"), 3)
        self.assertEqual(out.count("reproducible-signing: on"), 3)
        self.assertEqual(out.count("ds-push"), 2)
        self.assertNotIn("ed25519", out)
        self.assertIn("standard-kskroll-signal-600", self.ok("policies", "standard", "--ttl", "10m",
                                                             text=self.CONF))

    def test_a_missing_policy_is_named(self):
        self.assertIn("no policy 'nope'", self.bad(1, "policies", "nope", text=self.CONF))
        self.assertIn("default-kskroll-quiet", self.ok("policies", "default", text=self.CONF))
        self.assertIn("/nonexistent", self.bad(1, "policies", "x", "-c", "/nonexistent"))

    # Completion.

    def complete(self, *words, env=None):
        """What bash offers for the last word."""
        script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kskroll; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        path = os.path.join(SOURCE, "tools/completion/kskroll.bash")
        environ = {"PATH": os.path.dirname(KSKROLL) + ":" + os.environ["PATH"], "KSKROLL_DB": self.db}
        p = subprocess.run(["bash", "--norc", "-c", script, path, "kskroll", *words], capture_output=True,
                           text=True, env={**environ, **(env or {})}, check=True, timeout=60)
        self.assertEqual(p.stderr, "")
        return p.stdout.split()

    def options(self):
        """{command: options}, from the help; those of every command without brackets."""
        every, found = {"--help", "--version", "--json"}, {}
        for option, where in re.findall(r"^  (?:-\w, )?(--[a-z-]+).*?(?: \[([a-z, ]+)\])?$", self.ok("--help"), re.M):
            for command in where.split(", ") if where else ():
                found.setdefault(command, set(every)).add(option)
        return found

    def test_bash_completes_commands_and_options(self):
        options = self.options()
        self.assertEqual(set(self.complete("")), set(options))
        self.assertEqual(self.complete("st"), ["status"])
        self.assertEqual(self.complete("--db", "/tmp/x", "pl"), ["plan"])
        self.assertEqual(self.complete("--db", "=", "/tmp/x", "pl"), ["plan"])
        for command, expected in options.items():
            self.assertEqual(set(self.complete(command, "--")), expected, command)
        self.assertEqual(self.complete("plan", "--after", ""), [])

    def test_bash_completes_zones_of_the_store(self):
        self.assertEqual(self.complete("plan", "b"), ["bravo.example."])
        self.assertEqual(self.complete("plan", "BR"), ["bravo.example."])
        self.assertEqual(self.complete("status", "--after", "1d", "bravo.example.", "ch"), ["charlie.example."])
        self.assertEqual(self.complete("status", "--db", self.audited, "fi"), ["fine.test."])
        self.assertEqual(self.complete("status", "--db", "=", self.audited, "fi"), ["fine.test."])
        self.assertEqual(self.complete("history", "qu"), [r'quo\\\"te\\032.example.'])
        self.assertEqual(self.complete("policies", "b"), [])
        self.assertEqual(self.complete("status", "b", env={"KSKROLL_DB": "/nonexistent"}), [])

    def test_bash_completes_files(self):
        for words in (["audit", "--zones"], ["plan", "--svg"], ["status", "--db"], ["status", "--db", "="]):
            self.assertEqual(self.complete(*words, os.path.join(SOURCE, "docs/kskroll.")),
                             [os.path.join(SOURCE, "docs/kskroll.1")])

    def test_bash_never_runs_what_a_name_says(self):
        db = self.make("evil")
        mark = os.path.join(self.folder.name, "mark")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET zone = ? WHERE zone = 'alpha.example.'", (f"a$(touch${{IFS}}{mark}).example.",))
        self.assertEqual(len(self.complete("status", "--db", db, "a")), 1)
        self.assertFalse(os.path.exists(mark))

    def test_zsh_knows_every_option(self):
        with open(os.path.join(SOURCE, "tools/completion/_kskroll"), encoding="ascii") as f:
            text = f.read()
        found = set(re.findall(r"--[a-z-]+(?=\[|[},])", text))
        self.assertEqual(found, set.union(*self.options().values()))

    # Help.

    def test_the_man_page_has_every_command_and_option(self):
        with open(os.path.join(SOURCE, "docs/kskroll.1"), encoding="ascii") as f:
            man = f.read().replace("\\-", "-")
        text = self.ok("--help")
        options = set(re.findall(r"--[a-z-]+", text))
        self.assertGreater(len(options), 15)
        for option in options:
            self.assertIn(option, man)
        for command in "status", "plan", "history", "audit", "policies", "gates":
            self.assertIn(f"kskroll {command}", man)
        with open(os.path.join(SOURCE, "tools/checks.c"), encoding="ascii") as f:
            checks = re.findall(r'\[CHECK_\w+\] = \{ "([\w-]+)",\s*"([^"]+)"', f.read())
        self.assertGreater(len(checks), 10)
        for name, meaning in checks:
            self.assertIn(f".B {name}\n{meaning[0].upper()}{meaning[1:]}.\n", man)
        self.assertRegex(self.ok("--version"), r"^kskroll \d")

    def test_gates_list_every_code(self):
        gates = self.json("gates")["gates"]
        text = self.ok("gates")
        for gate in gates:
            self.assertIn(f"{gate['code']} ({gate['actor']})", text)
            self.assertIn(gate["advice"], text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
