#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll where memory is short and where the store is hostile: test_cli_hostile.py KSKROLL CLI_STORE SOURCE FAIL_ALLOC"""

import json
import os
import sqlite3
import subprocess
import sys

from cli_case import KSKROLL, CliCase, main

FAIL_ALLOC = sys.argv.pop(4)
#: Runs of one command, spread over its allocations.
RUNS = 30
#: What a terminal acts upon: ESC, CR, BEL, DEL, C1 as such and in UTF-8, and what turns the direction of writing.
EVIL = "a\x1b[2J\r\n\x07\x7f\x9b31m\u202eb\tc"
RAW = b"\x9b0;title\x07"


class Memory(CliCase):
    """One allocation fails, or all from one on: an error with its words, or the same output."""

    COMMANDS = [
        (("audit",), 2, 3),
        (("audit", "fine.test"), 0, 3),
        (("audit", "--json", "--all"), 2, 3),
        (("status",), 0, 1),
        (("status", "--json"), 0, 1),
        (("status", "--prometheus"), 0, 1),
        (("status", "ttl.test"), 0, 1),
        (("history", "stuck.test"), 0, 1),
        (("plan", "stuck.test"), 0, 1),
        (("report",), 0, 1),
        (("report", "--json"), 0, 1),
    ]
    #: In a store with delegations.
    OF_DELEGATIONS = [
        (("delegations",), 0, 1),
        (("delegations", "--json", "--all"), 0, 1),
        (("delegation", "differs.test"), 0, 1),
        (("delegation", "differs.test", "--mail"), 0, 1),
        (("plan", "differs.test"), 0, 1),
        (("plan", "differs.test", "--json"), 0, 1),
        (("history", "differs.test"), 0, 1),
        (("report",), 0, 1),
        (("audit", "test"), 2, 3),
    ]

    def counted(self, args, db):
        path = os.path.join(self.folder.name, "count")
        self.call(*args, db=db, env={"LD_PRELOAD": FAIL_ALLOC, "FAIL_COUNT": path})
        with open(path, encoding="ascii") as file:
            return int(file.read())

    def test_no_command_crashes_or_lies_when_memory_is_short(self):
        if any(name in os.environ for name in ("ASAN_OPTIONS_SET", "LD_PRELOAD")):
            self.skipTest("another allocator is preloaded")
        errors = 0
        parents = self.make("parents", "delegations")
        cases = [(self.audited, *case) for case in self.COMMANDS] + [(parents, *case) for case in self.OF_DELEGATIONS]
        for db, args, fine, error in cases:
            good = self.call(*args, db=db)
            self.assertEqual(good.returncode, fine, good.stderr)
            count = self.counted(args, db)
            self.assertGreater(count, 20)
            for number in range(1, count + 1, max(1, count // RUNS)):
                for kind in "FAIL_AT", "FAIL_FROM":
                    with self.subTest(args=args, kind=kind, number=number):
                        p = self.call(*args, db=db, env={"LD_PRELOAD": FAIL_ALLOC, kind: str(number)})
                        if p.returncode == error and p.stderr:
                            errors += 1
                            continue
                        self.assertEqual((p.returncode, p.stdout), (fine, good.stdout), p.stderr)
        self.assertGreater(errors, 100)


class Usage(CliCase):
    """Codes 1 and 2 of audit say something about zones, so an error has neither."""

    def test_wrong_usage_of_audit_is_unknown_wherever_it_stands(self):
        for args in (["audit", "--bad"], ["--db", self.db, "audit", "--bad"], ["--bad", "audit"], ["--db", self.db, "--bad", "audit"],
                     ["--json", "audit", "--limit", "3"], ["--after", "x", "audit"], ["audit", "--db"], ["--all", "audit", "--after", "1y"],
                     ["audit", "--json", "--names"], ["check-skr"], ["--bad", "check-skr", "x"]):
            p = self.call(*args)
            self.assertEqual(p.returncode, 3, (args, p.stderr))
            self.assertTrue(p.stderr)
        for args in (["status", "--bad"], ["--bad", "status", "audit"], ["--db", self.db, "history", "--bad"], ["--db", "audit"],
                     ["plan", "audit", "x"], [], ["--bad"]):
            p = self.call(*args)
            self.assertEqual(p.returncode, 2, (args, p.stderr))

    def test_output_that_cannot_be_written_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            for args, code in (("status",), 1), (("audit", "fine.test"), 3), (("gates",), 1), (("status", "--json"), 1):
                self.assertEqual(self.to(full, *args), code, args)

    def to(self, output, *args):
        environ = {"PATH": os.environ["PATH"], "KSKROLL_NOW": "1800000000", "KSKROLL_DB": self.audited}
        return subprocess.run([KSKROLL, *args], stdout=output, stderr=subprocess.DEVNULL, env=environ,
                              timeout=60, check=False).returncode

    def test_a_configuration_that_cannot_be_read_is_an_error(self):
        self.assertIn("directory", self.bad(1, "policies", "default", "-c", "/tmp"))


class Terminal(CliCase):
    """Whoever wrote the store: nothing of it steers the terminal, and JSON stays JSON."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.evil = cls.make("evil", "audit")
        db = sqlite3.connect(cls.evil)
        escaped = json.dumps({
            "time": 1799999000, "own_dnskey": [1001], "own_dnskey_ttl": 300, "own_cds": [1], "parent_zone": EVIL,
            "watch": {"answered": 2, "failing": 1, "parent_ok": True, "detail": EVIL},
            "signaling": [{"server": EVIL, "status": EVIL}],
            "child": [{"server": EVIL, "status": "unreachable", "detail": EVIL, "unreachable_since": 1700000000},
                      {"server": "ns.", "status": "ok", "detail": EVIL, "dnskey": [7], "dnskey_equal": False, "cds": [],
                       "serial": EVIL, "data_algorithms": [EVIL, 8]}],
            "parent": [{"server": EVIL, "status": "bogus", "detail": EVIL, "ds": [7], "ds_foreign": True}]})
        raw = escaped.replace("\\u001b", "\x1b").replace("\\u009b", "\x9b").replace("\\u007f", "\x7f").replace("\\u202e", "\u202e")
        told = json.dumps({"time": 1799999000, "status": EVIL, "target": EVIL, "server": EVIL, "rcode": EVIL, "sent": 1,
                           "elapsed_ms": 1, "detail": EVIL})
        db.execute("UPDATE zone SET gate_about = ?1, gate_detail = ?1, parent_zone = ?1, base_policy = ?1, observe_reason = ?1,"
                   " answers = ?2, notification = ?3", (EVIL, escaped, told))
        db.execute("UPDATE zone SET zone = ?1, observe_only = 1, gate = 1 WHERE zone = 'late.test.'", (f"{EVIL}.test.",))
        db.execute("UPDATE zone SET answers = ?1 WHERE zone = 'stuck.test.'", (raw,))
        db.execute("UPDATE zone SET gate_detail = CAST(?1 AS TEXT), gate = 5 WHERE zone = 'ttl.test.'", (RAW,))
        for number, evidence in enumerate((escaped, raw, json.dumps({"notification": json.loads(told)}))):
            db.execute("INSERT INTO history (time, zone, from_state, to_state, gate, evidence) VALUES (?1, ?2, 0, 0, 5, ?3)",
                       (1799999000 + number, f"{EVIL}.test." if number == 1 else "stuck.test.", evidence))
        db.commit()
        db.close()

    def raw_call(self, *args):
        environ = {"PATH": os.environ["PATH"], "KSKROLL_NOW": "1800000000", "KSKROLL_DB": self.evil, "TERM": "xterm"}
        p = subprocess.run([KSKROLL, *args], capture_output=True, env=environ, timeout=60, check=False)
        return p.returncode, p.stdout, p.stderr

    def assert_tame(self, text, args):
        for byte in text:
            self.assertFalse(byte < 0x20 and byte != 0x0a or byte == 0x7f, (args, byte, text[:3000]))
        decoded = text.decode("utf-8")  # What is no UTF-8 may be C1 in a terminal of eight bits.
        for char in decoded:
            self.assertFalse(0x80 <= ord(char) < 0xa0 or ord(char) in (0x202e,), (args, char))

    def test_no_text_output_steers_the_terminal(self):
        zones = ["stuck.test", "ttl.test", "fine.test"]
        commands = [["status"], ["status", "--blocked"], ["status", "--names"], ["status", "--prometheus"], ["audit"], ["audit", "--all"],
                    ["history"], *[["history", zone] for zone in zones], *[["plan", zone] for zone in zones],
                    *[["status", zone] for zone in zones], ["plan", "stuck.test", "--svg", "-"], ["plan", "stuck.test", "--html", "-"],
                    ["report"], ["status", "stuc.test"]]
        shown = b""
        for args in commands:
            _, out, err = self.raw_call(*args)
            self.assert_tame(out, args)
            self.assert_tame(err, args)
            shown += out
        # It was there: its harmless part is.
        self.assertGreater(shown.count(b"a?[2J??"), 10)

    def test_json_is_json_and_escaped(self):
        for args in (["status", "--json"], ["audit", "--json"], ["history", "--json"], ["plan", "stuck.test", "--json"]):
            _, out, err = self.raw_call(*args)
            self.assert_tame(out, args)
            self.assertEqual(err, b"")
            json.loads(out)

    def test_an_error_about_the_store_is_tame_too(self):
        path = self.make("evil2")
        db = sqlite3.connect(path)
        db.execute("UPDATE zone SET old_keys = ?1, zone = ?1 || zone", (EVIL,))
        db.commit()
        db.close()
        for args in (["status"], ["audit"], ["status", "--json"]):
            p = self.call(*args, db=path)
            self.assertNotEqual(p.returncode, 0)
            self.assertIn("a?[2J", p.stderr)
            self.assert_tame(p.stderr.encode(), args)


if __name__ == "__main__":
    main()
