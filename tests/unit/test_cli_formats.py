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
from follow_case import Followed
from json_doc import JsonDoc
from skr_maker import Key, Set, response


class Formats(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # One of the two stores is a server's, and so tells whether kskrolld runs.
        with open(os.path.join(os.path.dirname(cls.db), "kskrolld.lock"), "w", encoding="ascii"):
            pass

    def followed(self):
        """Lines of follow about zones and delegations, one of a notification and one about a zone that is no longer there."""
        db = self.make("followed", "delegations")
        self.make("followed", "audit")
        state = os.path.join(self.folder.name, "followed", "state")
        with open(state, "w", encoding="ascii") as f:
            json.dump({"history": 0, "delegation_history": 0, "needs_human": [{"zone": "gone.example.", "name": ""}]}, f)
        with sqlite3.connect(db) as con, sqlite3.connect(self.db) as of_status:
            con.executemany("INSERT INTO history (time, zone, from_state, to_state, gate, evidence) VALUES (?, ?, ?, ?, ?, ?)",
                            of_status.execute("SELECT time, zone, from_state, to_state, gate, evidence FROM history"))
            count = con.execute("SELECT (SELECT count(*) FROM history) + (SELECT count(*) FROM delegation_history)").fetchone()[0]
        lines = []
        with Followed("--state", state, db=db) as f:
            while len(lines) < count or lines[-1]["to"] is not None:
                lines += f.take(1)
        return lines

    def test_json_is_as_documented(self):
        delegation_gates = self.json("gates", "--delegations")
        doc = JsonDoc({g["code"] for g in self.json("gates")["gates"]}, {g["code"] for g in delegation_gates["delegation_gates"]})
        doc.check("DELEGATION_GATES", delegation_gates)
        db = self.make("delegations", "delegations")
        with open(os.path.join(os.path.dirname(db), "kskrolld.lock"), "w", encoding="ascii"):
            pass
        doc.check("DELEGATIONS", self.json("delegations", db=db))
        doc.check("REPORT", self.json("report", db=db))
        for name in self.ok("delegations", "--all", "--names", db=db).split():
            doc.check("ONE_DELEGATION", self.json("delegation", name, db=db))
            doc.check("PARENT_PLAN", self.json("plan", name, db=db))
        doc.check("AUDIT", self.json("audit", db=db, code=2))
        doc.check("HISTORY", self.json("history", db=db))
        for db in self.db, self.audited:
            doc.check("STATUS", self.json("status", db=db))
            doc.check("HISTORY", self.json("history", db=db))
            doc.check("AUDIT", self.json("audit", db=db, code=2))
            doc.check("REPORT", self.json("report", db=db))
        doc.check("REPORT", self.json("report", db=self.make("portfolio", "portfolio", "3")))
        doc.check("CALENDAR", self.json("calendar", "--ksk-lifetime", "365d"))
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
        for line in self.followed():
            doc.check("FOLLOW", line)
        doc.check("POLICIES", self.json("policies", "default"))
        doc.check("DSYNC", self.json("dsync", "example.", "--target", "ns.example."))
        doc.check("GATES", self.json("gates"))
        key = Key()
        skr = response("example.", [Set(NOW, [key], [], signals=[key])])
        doc.check("CHECK_SKR", self.json("check-skr", "-", text=skr, code=2))
        doc.check("CHECK_SKR", self.json("check-skr", "-", code=2))
        # Those of EPP need a server: test_cli_epp.py.
        self.assertEqual({(name, member) for name, member in doc.never_seen() if not name.startswith("EPP")}, set())


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

    def test_prometheus_has_how_the_ds_gets_to_the_parent(self):
        m = self.metrics()
        bravo = '{zone="bravo.example."'
        self.assertEqual(m["kskroll_zone_notification"], {bravo + ',via="cds",status="acknowledged"}': 1})
        self.assertEqual(m["kskroll_zone_submitted_seconds"], {bravo + "}": HOUR})
        self.assertEqual(m["kskroll_zone_error_reports"][bravo + "}"], 3)
        self.assertEqual(m["kskroll_zone_error_reports"]['{zone="alpha.example."}'], 0)
        # Without DNS UPDATE or EPP it may be right that the parent is never informed.
        self.assertNotIn("kskroll_zone_uninformed_seconds", m)
        self.assertNotIn("kskroll_zone_ds_ttl_restore_seconds", m)
        m = self.metrics(db=self.with_channel("channel"))
        self.assertEqual(m["kskroll_zone_notification"], {bravo + ',via="epp",status="acknowledged"}': 1})
        self.assertEqual(m["kskroll_zone_uninformed_seconds"], {bravo + "}": 3 * HOUR})
        self.assertEqual(len(m["kskroll_zone_ds_ttl_restore_seconds"]), 13)
        self.assertEqual(m["kskroll_zone_ds_ttl_restore_seconds"][bravo + "}"], 5 * HOUR)
        # Lowered for the rollover that is under way, nothing is restored yet; then nothing is left to inform about.
        m = self.metrics(db=self.altered(self.with_channel("informed"), ds_ttl_back=0, notified=NOW, submitted=0))
        for gone in ("uninformed", "ds_ttl_restore", "submitted"):
            self.assertNotIn(f"kskroll_zone_{gone}_seconds", m)

    def with_channel(self, name):
        """A store of zones whose DS goes to the parent by EPP, and whose TTL of DS has to come back."""
        return self.altered(self.make(name), notify=4, ds_ttl_before=DAY, ds_ttl_low=300, ds_ttl_back=1, ds_ttl_asked=NOW - 5 * HOUR)

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
        for db in self.db, self.audited, self.make("promtool", "delegations"), self.with_channel("checked"):
            text = self.ok("status", "--prometheus", db=db)
            p = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True,
                               check=False, timeout=60)
            self.assertEqual((p.returncode, p.stdout, p.stderr), (0, "", ""))

    def test_every_metric_is_in_the_man_page(self):
        with open(os.path.join(SOURCE, "docs/kskroll.1"), encoding="ascii") as f:
            documented = set(re.findall(r"kskroll_\w+", f.read()))
        self.assertEqual(documented, set(self.metrics()) | set(self.metrics(db=self.with_channel("man"))) | set(self.metrics(db=self.make("man-parents", "delegations"))))


if __name__ == "__main__":
    main()
