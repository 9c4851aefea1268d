#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll audit: test_cli_audit.py KSKROLL CLI_STORE SOURCE"""

import fcntl
import os
import sqlite3
import struct

from cli_case import CliCase, main


class Audit(CliCase):
    FINDINGS = [
        ("broken.test.", "ds-without-key", "critical"),
        ("broken.test.", "ds-without-key", "critical"),
        ("bogus.test.", "wrong-answer", "critical"),
        ("danger.test.", "needs-operator", "critical"),
        ("late-roll.test.", "not-checked", "critical"),
        ("agent.test.", "report-agent", "warning"),
        ("bogus.test.", "wrong-answer", "warning"),
        ("broken.test.", "key-without-ds", "warning"),
        ("cds-at-one.test.", "cds-remains", "warning"),
        ("cds.test.", "cds-remains", "warning"),
        ("extra-key.test.", "key-without-ds", "warning"),
        ("half.test.", "wrong-answer", "warning"),
        ("half.test.", "wrong-answer", "warning"),
        ("half.test.", "wrong-answer", "warning"),
        ("late.test.", "not-checked", "warning"),
        ("never.test.", "start-never", "warning"),
        ("old-key.test.", "old-key-remains", "warning"),
        ("other-zsk.test.", "nameservers-differ", "warning"),
        ("own-old-key.test.", "old-key-remains", "warning"),
        ("parents.test.", "parents-differ", "warning"),
        ("sha1.test.", "ds-sha1", "warning"),
        ("sha1.test.", "ds-sha1", "warning"),
        ("sha1.test.", "ds-without-key", "warning"),
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
        self.assertEqual(lines[0], "CRITICAL - 25 zones: 5 critical, 22 warnings, 3 notes (--all shows them)"
                                   " | zones=25 critical=5 warning=22 note=3")
        # An outage comes first among what is critical.
        self.assertRegex(lines[1], r"^critical +danger\.test\. +needs-operator .*old-key-gone")
        self.assertRegex(lines[2], r"^critical +bogus\.test\. +wrong-answer +p1\.test\. 192\.0\.2\.11@53 "
                                   r"+bogus: RRSIG expired$")
        self.assertEqual(len(lines), 1 + 27)
        self.assertIn("and none that matches: the zone does not validate", lines[3])
        lines = self.ok("audit", "--all", "ttl.test", code=1, db=self.audited).splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn("ds-ttl", lines[2])
        self.assertIn("86400 s, after the DS was replaced", lines[2])
        self.assertRegex(self.ok("audit", "fine.test", db=self.audited), r"^OK - 1 zone: 0 critical, .*\n$")

    def test_a_ds_ttl_that_a_rollover_lowers_is_said_to_be_so(self):
        def detail(db):
            findings = self.json("audit", "--all", "ttl.test.", db=db, code=1)["findings"]
            return next(f["detail"] for f in findings if f["check"] == "ds-ttl")

        db = self.make("lowers", "audit")
        self.altered(db, parent_zone="example.")
        self.assertNotIn("the module sees to a low one", detail(db))
        with sqlite3.connect(db) as con:
            con.execute("ATTACH ? AS other", (self.make("parents", "delegations"),))
            con.execute("INSERT INTO parent SELECT * FROM other.parent WHERE zone = 'example.'")
            con.execute("UPDATE parent SET mode = 2, load = 1, apply = 0, locks = ''")
        self.assertIn("the module sees to a low one", detail(db))

    def test_audit_of_a_parent_that_may_still_take_its_time(self):
        self.assertEqual(self.findings("stuck.test", "--after", "3d", code=0), [])
        self.assertIn(("parents-swap.test.", "stuck", "warning"),
                      self.findings("parents-swap.test", "--after", "1h", code=1))

    def test_that_kskrolld_does_not_run_is_critical_where_that_is_known(self):
        db = self.make("audited-down", "audit")
        self.assertEqual(self.ok("audit", "fine.test", db=db).count("\n"), 1)
        with open(os.path.join(os.path.dirname(db), "kskrolld.lock"), "w", encoding="ascii") as file:
            lines = self.ok("audit", "fine.test", db=db, code=2).splitlines()
            self.assertIn("CRITICAL - 1 zone: 1 critical, 0 warnings", lines[0])
            self.assertRegex(lines[1], r"^critical +- +daemon-down +- +kskrolld does not run: no zone is checked$")
            # Behind the outages, before what else is critical.
            self.assertRegex(self.ok("audit", db=db, code=2), r"\ncritical +danger\.test\. .*\ncritical +- +daemon-down ")
            findings = self.json("audit", "fine.test", db=db, code=2)["findings"]
            self.assertEqual([(f["zone"], f["check"], f["level"]) for f in findings], [(None, "daemon-down", "critical")])
            # A lock of the file description, of the byte whose number is the process: struct flock.
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 4711, 1, 0))
            self.ok("audit", "fine.test", db=db)

    def test_audit_compares_with_a_list_in_the_forms_that_knotc_prints(self):
        here = [f"{n}.test" for n in ("fine", "stray", "held")]
        for text in ("\n".join(here + ["new.test"]),
                     "".join(f"[{n}.] role: master | serial: 1\n" for n in here + ["NEW.test"]),
                     "# a remark\n\n" + "".join(f"zone.domain = {n}.\n" for n in here + ["new.test", "new.test"])):
            found = self.findings("--zones", "-", code=2, text=text)
            self.assertEqual([f for f in found if f[1] == "no-module"], [("new.test.", "no-module", "warning")])
            unlisted = {f[0] for f in found if f[1] == "not-listed"}
            self.assertEqual(len(unlisted), 25 - 3 - 2)
            # Rows of zones that are gone: nobody checks them, the list does not have them.
            self.assertFalse(any(f[0].startswith("late") for f in found))

    def test_audit_that_cannot_see_is_unknown(self):
        self.bad(3, "audit", db="/nonexistent/kskroll.db")
        self.bad(3, "audit", "--zones", "/nonexistent")
        self.bad(3, "audit", "--zones", "-", text="not..a..name\n")
        self.bad(3, "audit", "--limit", "3")
        p = self.call("audit", "nothing.test", db=self.audited)
        self.assertEqual((p.returncode, p.stdout.split()[0]), (3, "UNKNOWN"))


if __name__ == "__main__":
    main()
