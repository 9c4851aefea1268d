#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of kskroll on stores with known rows: test_cli.py KSKROLL CLI_STORE SOURCE"""

import fcntl
import json
import os
import pty
import re
import sqlite3
import struct
import subprocess

from cli_case import CliCase, DAY, HOUR, KSKROLL, NOW, QUOTE, SOURCE, main


class Cli(CliCase):
    # Table.

    def test_one_line_per_zone_says_where_it_is_and_who_acts(self):
        lines = self.ok("status").splitlines()
        self.assertTrue(lines.pop().startswith("This host has no route"))
        self.assertEqual(len(lines), 14)
        self.assertRegex(lines[0], r"^ZONE +STATE +FOR +WAITS FOR +WHO ACTS +NEXT CHECK +EARLIEST END +AT$")
        self.assertRegex(lines[1], r"^alpha\.example\. +idle +90 d 0 h +- +nobody +2 min +-$")
        self.assertRegex(lines[2], r"^bravo\.example\. +await-ds +3 h 0 min +ds-stale-at +parent +2 min "
                                   r"+20\S+Z +p2\.example\. 192\.0\.2\.12@5353$")
        self.assertRegex(lines[4], r"^delta\.example\. .* operator +soon ")
        self.assertRegex(lines[6], r"^foxtrot\.example\. +settle .* operator +overdue ")

    def test_blocked_is_what_needs_a_human(self):
        out = self.ok("status", "--blocked", code=3)
        zones = [line.split()[0] for line in out.splitlines()[1:]]
        # A zone that nobody can resolve comes first.
        self.assertEqual(zones, ["zulu.example.", "charlie.example.", "delta.example.", "foxtrot.example.", "golf.example.",
                                 "juliett.example.", "kilo.example."])

    def test_a_broken_chain_has_two_ways_out(self):
        out = self.ok("status", "zulu.example")
        self.assertIn("keymgr zulu.example. ds", out)
        self.assertIn("zone-restore +backupdir DIR +nozonefile +nojournal +notimers +kaspdb +nocatalog zulu.example.", out)
        gates = {z["zone"]: z["gate"] for z in self.json("status")["zones"]}
        self.assertTrue(gates["zulu.example."]["outage"])
        self.assertFalse(gates["bravo.example."]["outage"])
        first = self.ok("audit", code=2).splitlines()[1]
        self.assertIn("chain-broken", first)

    def test_a_missing_route_is_said_once_for_the_host(self):
        line = "This host has no route to IPv6 addresses. Servers that have only such addresses block."
        self.assertEqual(self.ok("status").splitlines().count(line), 1)
        self.assertEqual(self.json("status")["no_route"], ["IPv6"])
        # Nobody has asked servers for this zone yet.
        self.assertNotIn("route", self.ok("status", "alpha.example"))
        self.assertEqual(self.json("status", "alpha.example")["no_route"], [])

    def test_a_parent_may_take_its_time_until_after(self):
        self.assertEqual(self.ok("status", "--blocked", "bravo.example"), "Nothing needs a human.\n")
        self.ok("status", "--blocked", "--after", "1h", "bravo.example", code=3)
        self.ok("status", "--blocked", "--after", "3d", "charlie.example")

    def test_that_kskrolld_does_not_run_is_said_where_that_is_known(self):
        line = "kskrolld does not run: no zone is checked. Check whether knotd runs, and read its log."
        db = self.make("alive")
        commands = (("status",), ("status", "alpha.example"), ("status", "--blocked", "bravo.example"))

        def lines(*codes):
            return [self.ok(*command, db=db, code=code).splitlines().count(line)
                    for command, code in zip(commands, codes, strict=True)]

        def metric():
            return re.findall(r"^kskroll_daemon_running (\d)$", self.ok("status", "--prometheus", db=db), re.M)
        # A copy.
        self.assertEqual(lines(0, 0, 0), [0, 0, 0])
        self.assertIsNone(self.json("status", db=db)["daemon_running"])
        self.assertEqual(metric(), [])
        with open(os.path.join(os.path.dirname(db), "kskrolld.lock"), "w", encoding="ascii") as file:
            self.assertEqual(lines(0, 0, 3), [1, 1, 1])
            self.assertIs(self.json("status", db=db)["daemon_running"], False)
            self.assertEqual(metric(), ["0"])
            # A lock of the file description, of the byte whose number is the process: struct flock.
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 4711, 1, 0))
            self.assertEqual(lines(0, 0, 0), [0, 0, 0])
            self.assertIs(self.json("status", db=db)["daemon_running"], True)
            self.assertEqual(metric(), ["1"])
        self.assertEqual(metric(), ["0"])

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

    def test_a_change_of_algorithm_shows_which_version_each_server_has(self):
        def shown(zone, change, **what):
            db = self.make("algorithms", "audit")
            with sqlite3.connect(db) as con:
                con.execute(f"UPDATE zone SET {change} WHERE zone = '{zone}.'", what)
            return self.ok("status", zone, db=db)

        def answers(**what):
            server = {"server": "ns1.test. 192.0.2.1@53", "status": "ok", "dnskey": [1001], "detail": "slow", **what}
            return json.dumps({"time": NOW - 60, "child": [server]})

        data = "serial 2026112903, data signed by"
        both = "13/" + "33" * 32
        for zone, change, is_shown in (("fine.test", "state = 0", False), ("fine.test", "state = 13", True),
                                       ("cds-at-one.test", "state = 6", False),
                                       ("cds-at-one.test", f"new_key = '1003/15/{both[3:]}'", True)):
            out = shown(zone, change)
            self.assertEqual(f"{data} algorithms 8, 13\n" in out, is_shown, (zone, change, out))
            self.assertEqual("serial" in out, is_shown, (zone, change))
        # A detail comes last. Without a serial it is all.
        for what, words in ((answers(serial=2026112903, data_algorithms=[8]), f"{data} algorithm 8; slow"),
                            (answers(serial=2026112903, data_algorithms=[]), f"{data} no algorithm; slow"),
                            (answers(data_algorithms=[8]), "slow")):
            self.assertRegex(shown("fine.test", "state = 13, answers = :answers", answers=what), f"- {{2,}}{words}\n")

    def test_the_exact_command_is_named(self):
        self.assertIn("knotc zone-thaw golf.example.", self.ok("status", "golf.example"))
        self.assertIn("keymgr delta.example. ds", self.ok("status", "delta.example"))

    def test_a_zone_that_leaves_wants_no_ds(self):
        for zone, command in (("india.example", "kdig @192.0.2.11 -p 53 +norec +dnssec india.example. DS"),
                              ("juliett.example", "dnssec-signing: off")):
            self.assertEqual(self.zone(zone)["wanted_ds"], [])
            out = self.ok("status", zone)
            self.assertNotIn("DS wanted", out)
            self.assertIn(command, out)
        self.assertTrue(self.zone("india.example")["settings"]["go-insecure"])
        db = self.altered(self.make("decision"), since=NOW - 3 * DAY)
        out = self.ok("status", "kilo.example", db=db)
        for command in ("kskroll history kilo.example.", "keymgr kilo.example. set keytag=1002",
                        "knotc zone-keys-load kilo.example."):
            self.assertIn(command, out)

    def test_skipping_the_watch_is_not_offered_while_the_old_ds_is_in_caches(self):
        for zone in self.json("status")["zones"]:
            self.assertNotIn("keytag=1001", self.ok("status", zone["zone"]))

    def test_skipping_the_watch_retires_the_old_key(self):
        db = self.make("watched")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET gate = 22, ds_all_since = ?, ds_expire = 3600 WHERE zone = 'echo.example.'",
                        (NOW - 2 * HOUR,))
        out = self.ok("status", "echo.example", db=db)
        self.assertIn("keymgr echo.example. set keytag=1001 retire=+0 remove=+0", out)
        self.assertIn("knotc zone-keys-load echo.example.", out)
        self.assertNotIn("keytag=1002", out)
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET new_key = replace(new_key, '/13/', '/15/') WHERE zone = 'echo.example.'")
        self.assertNotIn("keytag=1001", self.ok("status", "echo.example", db=db))

    def test_the_scheme_is_shown(self):
        db = self.make("scheme")
        for csk, fresh, text in (0, 0, None), (1, 1, "a single key signs all"), (0, 1, "KSK and ZSK to a single key"), \
                (1, 0, "a single key to KSK and ZSK"):
            self.altered(db, csk=csk, csk_new=fresh)
            out = self.ok("status", "echo.example", db=db)
            self.assertEqual(text is not None and f"Scheme      {text}\n" in out, "Scheme" in out)
            self.assertEqual("Scheme" in out, text is not None)
            zone = self.json("status", "echo.example", db=db)["zones"][0]
            self.assertEqual((zone["csk"], zone["new_csk"]), (bool(csk), bool(fresh)))
        self.assertIsNone(self.json("status", "alpha.example", db=db)["zones"][0]["new_csk"])

    def test_broken_answers_are_null_and_harmless(self):
        self.assertIsNone(self.zone("golf.example")["answers"])
        self.assertIn("No server has been asked", self.ok("status", "golf.example"))

    # JSON.

    def test_json_has_what_the_table_has(self):
        all_zones = self.json("status")
        self.assertEqual([z["zone"] for z in all_zones["zones"]],
                         [n + ".example." for n in ("alpha", "bravo", "charlie", "delta", "echo",
                                                    "foxtrot", "golf", "hotel", "india", "juliett",
                                                    "kilo")] + [QUOTE + ".example.", "zulu.example."])
        self.assertEqual(all_zones["blocked"], 7)
        z = self.zone("bravo.example")
        self.assertEqual(z["state"], "await-ds")
        self.assertEqual(z["since"], NOW - 3 * HOUR)
        self.assertEqual(z["gate"]["code"], "ds-stale-at")
        self.assertEqual(z["gate"]["about"], "p2.example. 192.0.2.12@5353")
        self.assertEqual(z["actor"], "parent")
        self.assertFalse(z["blocked"])
        self.assertEqual(z["next_check"], NOW + 120)
        self.assertEqual(z["new_key"], {"tag": 1002, "algorithm": 13, "sha256": "22" * 32})
        self.assertEqual(z["answers"]["parent"][1]["ds"], [1001])
        self.assertIsNone(self.zone("alpha.example")["earliest_end"])

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

    def gate_number(self, code):
        return next(g["number"] for g in self.json("gates")["gates"] if g["code"] == code)

    def test_a_start_waits_for_its_window(self):
        """NOW is Friday 2027-01-15, 08:00 UTC, 09:00 in Berlin."""
        lifetime = ("--ksk-lifetime", "90d")
        db = self.altered(self.store_of("alpha.example.", 13), ksk_lifetime=90 * DAY,
                          start_window="Mon-Thu 09:00-15:00 Europe/Berlin; Fri 10:00-10:30 Europe/Berlin",
                          no_start="2027-01-15..2027-01-18 Europe/Berlin; 01-19")
        tuesday = NOW + 5 * DAY
        p = self.json("plan", "alpha.example", *lifetime, db=db)
        self.assertEqual(p["start"], tuesday)
        self.assertEqual(p["steps"][0]["waits"][0]["code"], "start-window")
        self.assertEqual(p["settings"]["start-window"], ["Mon-Thu 09:00-15:00 Europe/Berlin", "Fri 10:00-10:30 Europe/Berlin"])
        self.assertEqual(p["settings"]["no-start"], ["2027-01-15..2027-01-18 Europe/Berlin", "01-19"])
        self.assertIn("start-window Mon-Thu 09:00-15:00", self.ok("plan", "alpha.example", db=db))
        # Waiting is nobody's matter, and there is one command.
        self.altered(db, gate=self.gate_number("start-window"), gate_since=NOW - 30 * DAY, gate_until=tuesday)
        z = self.json("status", "alpha.example", db=db)["zones"][0]
        self.assertEqual((z["actor"], z["blocked"]), ("nobody", False))
        self.assertEqual([c["command"] for c in z["commands"]], ["knotc zone-key-rollover alpha.example. ksk"])
        self.altered(db, gate=self.gate_number("max-rolling"), gate_until=0)
        z = self.json("status", "alpha.example", db=db)["zones"][0]
        self.assertEqual((z["actor"], z["blocked"]), ("nobody", False))
        self.assertEqual([c["command"] for c in z["commands"]], ["knotc zone-key-rollover alpha.example. ksk"])

    def test_a_share_of_the_spread_is_taken_from_the_lifetime(self):
        db = self.altered(self.store_of("alpha.example.", 13), ksk_lifetime=365 * DAY, spread=60 * DAY)
        settled = NOW - 100 * DAY
        start = self.json("plan", "alpha.example", db=db)["start"]
        self.assertLess(start, settled + 365 * DAY)
        self.assertGreater(start, settled + 305 * DAY)
        other = self.altered(self.store_of("bravo.example.", 13), ksk_lifetime=365 * DAY, spread=60 * DAY)
        self.assertNotEqual(self.json("plan", "bravo.example", db=other)["start"], start)

    def test_a_time_zone_that_this_host_does_not_have_is_said(self):
        db = self.altered(self.store_of("alpha.example.", 13), ksk_lifetime=90 * DAY, start_window="09:00-15:00 Europe/Bonn")
        done = self.call("plan", "alpha.example", db=db)
        self.assertEqual(done.returncode, 0)
        self.assertIn("time zone Europe/Bonn is not in /usr/share/zoneinfo of this host", done.stderr)

    def test_plan_names_what_has_to_be_done_first(self):
        self.assertEqual(self.json("plan", "charlie.example")["first"], "child-unreachable")
        self.assertIn("the secondary must resolve 'child-unreachable'", self.ok("plan", "charlie.example"))

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
        self.assertIn("the operator must resolve 'dry-run'", self.ok("plan", "hotel.example"))

    def test_a_store_of_an_older_version_is_read_with_defaults(self):
        path = os.path.join(self.folder.name, "old.db")
        with open(os.path.join(SOURCE, "tests/unit/store_schema_1.sql"), encoding="ascii") as f:
            with sqlite3.connect(path) as con:
                con.executescript(f.read())
        z = self.json("status", "bravo.example", db=path)["zones"][0]
        self.assertEqual((z["state"], z["checked"], z["settings"]["stored"]), ("await-ds", None, False))
        self.assertEqual(z["settings"], dict(self.zone("bravo.example")["settings"], stored=False))
        self.assertEqual(z["earliest_end"], self.zone("bravo.example")["earliest_end"])
        self.assertIn("the module that wrote the store is older", self.ok("plan", "bravo.example", db=path))

    def test_a_plan_that_ends_where_it_is_says_so_once(self):
        db = self.make("stuck")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET state = 10, gate = 42 WHERE zone = 'bravo.example.'")
        for args in ([], ["--svg", "-"]):
            out = self.ok("plan", "bravo.example", *args, db=db).replace("&apos;", "'")
            self.assertIn("It stays at 'awaiting-decision'", out)
            self.assertNotIn("But first", out)

    def test_the_last_notification_of_the_parent(self):
        self.assertEqual(self.zone("bravo.example")["notification"]["status"], "acknowledged")
        self.assertIsNone(self.zone("alpha.example")["notification"])
        self.assertRegex(self.ok("status", "bravo.example"), r"(?m)^Informed +\S+ \(1 h[^)]* ago\): acknowledged, "
                         r"target scanner.example. at 192.0.2.61@5359, NOERROR, sent 1, took 12 ms$")
        self.assertNotIn("Informed", self.ok("status", "alpha.example"))

    def test_what_was_submitted_and_has_no_outcome(self):
        self.assertEqual([self.zone("bravo.example")[name] is None for name in ("submitted", "submitted_id")], [False, False])
        self.assertRegex(self.ok("status", "bravo.example"),
                         r"(?m)^Submitted +\S+ \(1 h[^)]* ago\): the outcome is not known yet, clTRID kskroll-01$")
        self.assertEqual([self.zone("alpha.example")[name] for name in ("submitted", "submitted_id")], [None, None])
        self.assertNotIn("Submitted", self.ok("status", "alpha.example"))

    def test_error_reports_have_name_and_meaning(self):
        reports = self.zone("bravo.example")["error_reports"]
        self.assertEqual([(r["type"], r["error"], r["error_name"], r["count"], r["last"] - r["first"]) for r in reports],
                         [("CDS", 24, "Invalid Data", 2, 7200), ("TYPE65280", 4711, "unknown", 1, 0)])
        self.assertIn("contradict", reports[0]["error_meaning"])
        out = self.ok("status", "bravo.example")
        self.assertRegex(out, r"(?m)^Reported +errors, .*nobody has proven them.*\n  CDS, error 24 \(Invalid Data\): .*\n"
                              r" +2 reports, the last one \S+Z \(1 h 0 min ago\), the first one \S+Z\n  TYPE65280, error 4711 \(unknown\)")
        self.assertEqual(self.zone("alpha.example")["error_reports"], [])
        self.assertNotIn("Reported", self.ok("status", "alpha.example"))

    # History.

    def test_history_is_oldest_first_with_evidence(self):
        events = self.json("history", "bravo.example")["events"]
        told = [e for e in events if e["notification"]]
        events = [e for e in events if not e["notification"]]
        self.assertEqual([e["to"] for e in events], ["introduce", "signal", "signal", "await-ds"])
        self.assertEqual([(e["notification"]["status"], e["evidence"]) for e in told],
                         [("no-response", None), ("acknowledged", None)])
        self.assertEqual(events[2]["gate"], "knot-not-ready")
        self.assertEqual(events[3]["evidence"]["child"][0]["cds"], [1002])
        self.assertEqual(len(self.json("history", "--limit", "1")["events"]), 1)
        out = self.ok("history", "bravo.example", "--limit", "3")
        self.assertIn("await-ds parent informed: no-response, target scanner.example. at "
                      "192.0.2.61@5359, sent 7, took 420000 ms, 192.0.2.61@5359: UDP timeout, "
                      "TCP \"refused\"\n", out)
        self.assertIn(": acknowledged, target scanner.example. at 192.0.2.61@5359, NOERROR, sent 1, took 12 ms\n", out)
        self.assertIn("signal -> await-ds", out)
        self.assertIn("p2.example. 192.0.2.12@5353: ok, DS 1001, foreign DS, TTL 86400 s", out)
        self.assertEqual(self.ok("history", "alpha.example"), "No history yet.\n")

    # Errors.

    def test_unknown_zones_list_names_like_it(self):
        self.assertIn("did you mean alpha.example.", self.bad(1, "status", "alfa.example"))
        self.assertIn("did you mean bravo.example.", self.bad(1, "plan", "bravo"))
        self.assertIn("no zone nothing.like.it. in the store of 13", self.bad(1, "history", "nothing.like.it"))

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
        self.assertEqual(self.call("status", "--nonsense").returncode, 2)

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
        with open(os.path.join(SOURCE, "module/server/derived.c"), encoding="ascii") as f:
            publish = re.findall(r'\[(POLICY_\w+)\]\s*=\s*"([\w-]+)"', f.read())
        with open(os.path.join(SOURCE, "module/server/policy_name.c"), encoding="ascii") as f:
            suffixes = re.findall(r'\{ "(\w+)", (POLICY_\w+) \}', f.read())
        roles = [(suffix, dict(publish)[role]) for suffix, role in suffixes if role != "POLICY_FORMER"]
        self.assertEqual(roles, [("ttl", "rollover"), ("delete", "delete-dnssec")])
        out = self.ok("policies", "standard", text=self.CONF)
        found = re.findall(r"- id: standard-kskroll-(\w+)\n(?:    .*\n)*?    cds-cdnskey-publish: ([\w-]+)\n"
                           r"    dnskey-ttl: (?:300|301)\n", out)
        self.assertEqual(found, roles)
        for item in "algorithm: ecdsap256sha256", "reproducible-signing: on", "ds-push: parent":
            self.assertEqual(out.count(item), 2)
        self.assertNotIn("ed25519", out)
        self.assertIn("standard-kskroll-ttl-600", self.ok("policies", "standard", "--ttl", "10m", text=self.CONF))
        # None of version 0.1.0.
        for former in "quiet", "signal", "rollback":
            self.assertNotIn("-kskroll-" + former, out)

    def test_the_ttl_of_derived_policies_never_goes_up(self):
        for ttl, seconds in ("60", 60), ("1m", 60), ("5m", 300), ("2h", 300), ("0", 1):
            text = self.CONF.replace("dnskey-ttl: 1h", f"dnskey-ttl: {ttl}").replace("publish: rollover", "publish: none")
            out = self.ok("policies", "standard", text=text)
            name = "standard-kskroll-ttl" + ("" if seconds == 300 else f"-{seconds}")
            self.assertIn(f"- id: {name}\n", out)
            self.assertIn(f"    cds-cdnskey-publish: rollover\n    dnskey-ttl: {seconds}\n", out)

    def test_a_low_ttl_needs_no_policy_where_the_base_publishes(self):
        for ttl, default, needed in (("60", False, False), ("5m", False, False), ("5m", True, False), ("301", False, True),
                                     (None, True, True)):
            text = self.CONF.replace("    dnskey-ttl: 1h\n", f"    dnskey-ttl: {ttl}\n" if ttl else "")
            if default:
                text = text.replace("    cds-cdnskey-publish: rollover\n", "")
            out = self.ok("policies", "standard", text=text)
            self.assertEqual("standard-kskroll-ttl" in out, needed, out)
            self.assertEqual("A rollover needs no other policy" in out, not needed)
            self.assertIn("# For go-insecure only.\n  - id: standard-kskroll-delete", out)
            found = [p["id"] for p in json.loads(self.ok("policies", "standard", "--json", text=text))["policies"]]
            self.assertEqual(len(found), 2 if needed else 1)
        for publish in "none", "always", "double-ds", "delete-dnssec":
            out = self.ok("policies", "standard", text=self.CONF.replace("publish: rollover", f"publish: {publish}")
                          .replace("dnskey-ttl: 1h", "dnskey-ttl: 60"))
            self.assertIn("standard-kskroll-ttl-60\n", out)

    def test_a_pasted_policy_has_no_comment_of_its_base(self):
        # The comment says whose it is: the module corrects only what it made.
        out = self.ok("policies", "standard", text=self.CONF.replace("    ds-push", "    comment: x\n    ds-push"))
        self.assertNotIn("comment", out)

    def test_what_the_configuration_forbids_has_its_command(self):
        db = self.make("forbidden")
        for gate, detail, words in (
                (50, "zonefile-load x: knotc -f zone-flush", ("knotc -f zone-flush alpha.example.", "zonefile-sync: 0",
                                                              "zone-file-complete: on")),
                (50, "put what 'kskroll policies lab' says into knot.conf", ("kskroll policies BASE -c ",)),
                (51, "policy 'x' has ksk-size", ("kskroll policies BASE -c ",)),
                (52, "", ("keymgr alpha.example. list",)),
                (53, "keymgr list: exit code 1", ("keys-pending", "keymgr list: exit code 1", "keymgr alpha.example. list")),
                (54, "keymgr is not there", ("keys-refused", "keymgr is not there", "keymgr alpha.example. list"))):
            with sqlite3.connect(db) as con:
                con.execute("UPDATE zone SET gate = ?, gate_detail = ? WHERE zone = 'alpha.example.'", (gate, detail))
            out = self.ok("status", "alpha.example", db=db)
            for word in words:
                self.assertIn(word, out)
            self.assertEqual("zone-flush alpha" in out, gate == 50 and "flush" in detail)

    def test_a_missing_policy_is_named(self):
        self.assertIn("no policy 'nope'", self.bad(1, "policies", "nope", text=self.CONF))
        self.assertIn("default-kskroll-ttl", self.ok("policies", "default", text=self.CONF))
        self.assertIn("/nonexistent", self.bad(1, "policies", "x", "-c", "/nonexistent"))

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
            self.assertIn(f"{gate['code']} ({gate['actor']}, number {gate['number']})", text)
            self.assertIn(gate["advice"], text)


if __name__ == "__main__":
    main()
