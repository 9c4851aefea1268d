#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON and Prometheus: test_cli_formats.py KSKROLL CLI_STORE SOURCE"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import unittest

from cli_case import CliCase, DAY, HOUR, NOW, SOURCE, main
from skr_maker import Key, Set, response


class JsonDoc:
    """docs/json.rst, held against values."""

    def __init__(self, gates, delegation_gates):
        with open(os.path.join(SOURCE, "docs/json.rst"), encoding="ascii") as f:
            blocks = re.findall(r"^([A-Z_]+)(?:,[^\n]*)?::\n\n((?:   .*\n)+)", f.read(), re.M)
        self.objects = {name: [self.member(line) for line in block.splitlines()] for name, block in blocks}
        self.seen = set()
        self.words = {"gate": gates, "delegation_gate": delegation_gates,
                      "delegation_state": self.names("module/delegation/delegation_names.c", r"DELEGATION_\w+\] = \{"),
                      "state": self.names("module/rollover/names.c", r"ROLLOVER_\w+\]\s*= \{"),
                      "actor": self.names("module/rollover/names.c", r"ACTOR_\w+\] ="),
                      "check": self.names("tools/checks.c", r"CHECK_\w+\] = \{"),
                      "skr_check": self.names("tools/skr_judge.c", r"SKR_\w+\] = \{")}

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


class Formats(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # One of the two stores is a server's, and so tells whether kskrolld runs.
        with open(os.path.join(os.path.dirname(cls.db), "kskrolld.lock"), "w", encoding="ascii"):
            pass

    def test_json_is_as_documented(self):
        delegation_gates = self.json("gates", "--delegations")
        doc = JsonDoc({g["code"] for g in self.json("gates")["gates"]}, {g["code"] for g in delegation_gates["delegation_gates"]})
        doc.check("DELEGATION_GATES", delegation_gates)
        db = self.make("delegations", "delegations")
        with open(os.path.join(os.path.dirname(db), "kskrolld.lock"), "w", encoding="ascii"):
            pass
        doc.check("DELEGATIONS", self.json("delegations", db=db))
        for name in self.ok("delegations", "--all", "--names", db=db).split():
            doc.check("ONE_DELEGATION", self.json("delegation", name, db=db))
            doc.check("PARENT_PLAN", self.json("plan", name, db=db))
        doc.check("AUDIT", self.json("audit", db=db, code=2))
        doc.check("HISTORY", self.json("history", db=db))
        for db in self.db, self.audited:
            doc.check("STATUS", self.json("status", db=db))
            doc.check("HISTORY", self.json("history", db=db))
            doc.check("AUDIT", self.json("audit", db=db, code=2))
        for zone in self.ok("status", "--names").splitlines():
            doc.check("PLAN", self.json("plan", zone))
        doc.check("PLAN", self.json("plan", "alpha.example", "--algorithm", "rsasha256"))
        db = self.make("awaiting-decision")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET state = 10 WHERE zone = 'bravo.example.'")
        doc.check("PLAN", self.json("plan", "bravo.example", db=db))
        db = self.make("both", "delegations")
        self.make("both", "undone.test.", "13")
        doc.check("PLAN", self.json("plan", "undone.test", db=db))
        with sqlite3.connect(db) as con:
            con.execute("UPDATE delegation SET gone = ?, state = 11 WHERE name = 'undone.test.'", (NOW,))
        doc.check("PLAN", self.json("plan", "undone.test", db=db))
        doc.check("POLICIES", self.json("policies", "default"))
        doc.check("DSYNC", self.json("dsync", "example.", "--target", "ns.example."))
        doc.check("GATES", self.json("gates"))
        key = Key()
        skr = response("example.", [Set(NOW, [key], [], signals=[key])])
        doc.check("CHECK_SKR", self.json("check-skr", "-", text=skr, code=2))
        doc.check("CHECK_SKR", self.json("check-skr", "-", code=2))
        self.assertEqual(doc.never_seen(), set())


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
        self.assertEqual(m["kskroll_zones"], {None: 13})
        self.assertEqual(m["kskroll_zone_state"][bravo + ',state="await-ds"}'], 1)
        self.assertEqual(m["kskroll_zone_gate"][bravo + ',gate="ds-stale-at",actor="parent"}'], 1)
        self.assertEqual(m["kskroll_zone_gate"]['{zone="alpha.example.",gate="none",actor="nobody"}'], 1)
        self.assertEqual((len(m["kskroll_zone_state"]), len(m["kskroll_zone_gate"])), (13, 13))
        self.assertEqual(m["kskroll_zone_state_seconds"][bravo + "}"], 3 * HOUR)
        self.assertEqual(m["kskroll_zone_gate_seconds"][bravo + "}"], 3 * HOUR)
        self.assertNotIn('{zone="alpha.example."}', m["kskroll_zone_gate_seconds"])
        self.assertEqual(m["kskroll_zone_dnskey_ttl_seconds"][bravo + "}"], 300)
        self.assertNotIn('{zone="alpha.example."}', m["kskroll_zone_dnskey_ttl_seconds"])
        self.assertEqual(m["kskroll_zone_ds_ttl_seconds"][bravo + "}"], DAY)
        self.assertEqual(m["kskroll_zone_last_check_timestamp_seconds"][bravo + "}"], NOW - 60)
        self.assertEqual(m["kskroll_server_unreachable"],
                         {bravo + ',server="ns2.bravo.example. 2001:db8::2@53"}': 1})
        quote = r'{zone="quo\\\"te\\032.example."}'
        self.assertEqual(m["kskroll_zone_state_seconds"][quote], DAY)
        self.assertNotIn(quote, m["kskroll_zone_last_check_timestamp_seconds"])
        self.assertEqual(self.metrics("bravo.example")["kskroll_zones"], {None: 1})

    def test_prometheus_has_parent_zones_and_what_their_delegations_wait_for(self):
        db = self.make("measured", "delegations")
        m = self.metrics(db=db)
        said = {one["zone"]: one for one in self.json("delegations", db=db)["parents"]}
        listed = self.json("delegations", "--all", db=db)["delegations"]
        self.assertEqual(m["kskroll_zones"], {None: 0})
        self.assertEqual(m["kskroll_parent_delegations"]['{zone="test."}'], 1000)
        self.assertEqual(m["kskroll_parent_secure"]['{zone="test."}'], 100)
        self.assertEqual(m["kskroll_parent_trouble"], {'{zone="example."}': 0, '{zone="org."}': 1, '{zone="test."}': 0})
        # Every state has a sample, and the sum is that of the delegations that are not gone.
        states = {labels: count for labels, count in m["kskroll_parent_state"].items() if 'zone="test."' in labels}
        self.assertEqual(states['{zone="test.",state="rest"}'], 4)
        self.assertEqual(states['{zone="test.",state="undo"}'], 0)
        self.assertEqual((len(states), sum(states.values())), (13, said["test."]["known"]))
        blocked = {}
        for one in listed:
            if one["blocked"]:
                labels = f'{{zone="{one["zone"]}",gate="{one["gate"]["code"]}",actor="{one["actor"]}"}}'
                blocked[labels] = blocked.get(labels, 0) + 1
        self.assertEqual(m["kskroll_parent_blocked"], blocked)
        self.assertEqual(sum(blocked.values()), sum(one["blocked"] for one in said.values()))
        self.assertIn('{zone="test.",gate="reload-reverts",actor="parent"}', blocked)
        # What waits for less than --after does not count yet.
        self.assertGreater(sum(self.metrics("--after", "10m", db=db)["kskroll_parent_blocked"].values()), sum(blocked.values()))
        self.assertFalse([name for name in self.metrics() if "parent" in name])

    @unittest.skipUnless(shutil.which("promtool"), "no promtool")
    def test_promtool_has_nothing_to_say(self):
        for db in self.db, self.audited, self.make("promtool", "delegations"):
            text = self.ok("status", "--prometheus", db=db)
            p = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True,
                               check=False, timeout=60)
            self.assertEqual((p.returncode, p.stdout, p.stderr), (0, "", ""))

    def test_every_metric_is_in_the_man_page(self):
        with open(os.path.join(SOURCE, "docs/kskroll.1"), encoding="ascii") as f:
            documented = set(re.findall(r"kskroll_\w+", f.read()))
        self.assertEqual(documented, set(self.metrics()) | set(self.metrics(db=self.make("man", "delegations"))))


if __name__ == "__main__":
    main()
