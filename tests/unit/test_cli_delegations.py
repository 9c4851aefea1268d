#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kskroll says of delegations: test_cli_delegations.py KSKROLL CLI_STORE SOURCE"""

import json
import os
import re
import sqlite3

from cli_case import SOURCE, CliCase, main


class Delegations(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parents = cls.make("parents", "delegations")

    def of(self, *args, **more):
        return self.ok(*args, db=self.parents, **more)

    def changed(self, name, sql, *values):
        """A store of its own that a statement has changed."""
        db = self.make(name, "delegations")
        with sqlite3.connect(db) as con:
            con.execute(sql, values)
        return db

    # The list.

    def test_parent_zones_come_first_with_their_numbers(self):
        lines = self.of("delegations").splitlines()
        self.assertRegex(lines[0], r"^PARENT ZONE +MODE +DELEGATIONS +WITH DS +UNDER WAY +REFUSED +NEED A HUMAN +RELOAD$")
        self.assertRegex(lines[1], r"^example\. +update +1000 +100 +0 +0 +0 +keeps$")
        self.assertRegex(lines[2], r"^org\. +report .* secondary +the zone cannot be read; the zone has a master$")
        self.assertRegex(lines[3], r"^test\. +update +1000 +100 +5 +2 +5 +reverts +zonefile-load")
        self.assertEqual(lines[4], "")
        for way in 1, 2:
            out = self.ok("delegations", db=self.changed("ways", "UPDATE parent SET apply = ?", way)).splitlines()
            self.assertRegex(out[2], r"^org\. +report .* - +the zone cannot be read$")
            self.assertRegex(out[3], r"^test\. +update +1000 +100 +5 +2 +5 +-$")

    def test_delegations_that_are_not_in_rest_come_next_the_worst_first(self):
        lines = self.of("delegations").splitlines()[5:]
        self.assertRegex(lines.pop(0), r"^DELEGATION +STATE +FOR +WAITS FOR +OPENS IN +WHO ACTS +NEXT CHECK +AT$")
        self.assertEqual(lines[-2:], ["", "kskroll delegation NAME shows what each server answered, and what to change."])
        lines = lines[:-2]
        names = [line.split()[0] for line in lines]
        self.assertEqual(names[0], "broken.test.")
        self.assertEqual(names[-1], "changed.test.")
        self.assertNotIn("rest.test.", names)
        self.assertRegex("\n".join(lines), r"differs\.test\. +survey +3 d 0 h +signals-differ-at +- +child +10 min +ns2\.example\.net\. 192\.0\.2\.2@53")
        self.assertRegex(lines[-1], r"^changed\.test\. .* verifying +1 h 0 min +nobody +overdue$")
        self.assertIn("rest.test.", self.of("delegations", "--all", "--names").split())

    def test_one_parent_zone_has_its_states_and_nothing_of_others(self):
        out = self.of("delegations", "TEST")
        self.assertIn("test.: rest 4, survey 2, wait 2, verify 1, held 1, refused 1\n", out)
        self.assertNotIn("org.", out)
        self.assertNotIn("test.", self.of("delegations", "org").replace("child.org.", ""))
        self.assertIn("no parent zone none.", self.bad(1, "delegations", "none", db=self.parents))
        self.assertEqual(self.bad(2, "delegations", "a..b", db=self.parents).count("is no domain name"), 1)

    def test_blocked_is_what_needs_a_human(self):
        names = self.of("delegations", "--blocked", "--names", code=3).split()
        self.assertEqual(names, ["broken.test.", "trouble.test.", "undone.test.", "differs.test.", "changed.test."])
        self.assertIn("first.test.", self.of("delegations", "--blocked", "--names", "--after", "10m", code=3).split())
        self.assertNotIn("differs.test.", self.of("delegations", "--blocked", "--names", "--after", "4d", code=3).split())
        self.assertEqual(self.of("delegations", "--blocked", "example"), "Nothing needs a human.\n")

    def test_a_delegation_in_rest_is_not_overdue(self):
        self.assertNotIn("OVERDUE", self.of("delegation", "quiet.test"))
        self.assertIn("OVERDUE", self.of("delegation", "changed.test"))

    def test_that_kskrolld_does_not_run_is_said_where_that_is_known(self):
        line = "kskrolld does not run: no delegation is checked."
        db = self.make("alive", "delegations")
        self.assertNotIn(line, self.ok("delegations", db=db))
        self.assertIsNone(self.json("delegations", db=db)["daemon_running"])
        with open(os.path.join(os.path.dirname(db), "kskrolld.lock"), "w", encoding="ascii"):
            pass
        self.assertIn(line, self.ok("delegations", db=db))
        out = self.ok("delegations", "--blocked", "example", db=db, code=3)
        self.assertTrue(out.startswith(line), out)
        self.assertIs(self.json("delegations", db=db)["daemon_running"], False)

    def test_of_a_delegation_that_is_gone_nothing_is_expected(self):
        self.assertNotIn("gone.test.", self.of("delegations"))
        self.assertNotIn("gone.test.", self.of("delegations", "--blocked", "--all", "--names", code=3))
        self.assertRegex(self.of("delegations", "--all"), r"gone\.test\. .* child +gone\n")
        out = self.of("delegation", "gone.test")
        self.assertIn("Gone        2027-01-05T08:00:00Z (10 d 0 h ago)\n", out)
        self.assertNotIn("OVERDUE", out)
        one = self.json("delegation", "gone.test", db=self.parents)["delegation"]
        self.assertEqual((one["gone"], one["blocked"], one["overdue"]), (1799136000, False, False))
        self.assertEqual(self.findings("gone.test", code=0), [])

    def test_a_store_without_parent_zones_says_so(self):
        self.assertEqual(self.ok("delegations"), "No parent zones yet: they appear when a zone has 'delegations'.\n")
        self.assertIn("it has no parent zones yet", self.bad(1, "delegation", "a.example"))

    def test_status_tells_where_parent_zones_are_shown(self):
        line = "3 parent zones: kskroll delegations shows what is done for children.\n"
        self.assertEqual(self.of("status"), line)
        self.assertNotIn("parent zone", self.ok("status"))

    # One delegation.

    def test_the_server_the_check_and_the_advice_are_named(self):
        out = self.of("delegation", "Differs.Test")
        for text in ("differs.test.  survey: ", "Parent      test.\n", "Waits for   signals-differ-at ns2.example.net. 192.0.2.2@53\n",
                     "seen: CDS 2001, at ns1.example.net. 192.0.2.1@53 it is 2002\n", "child: Serve the same CDS and CDNSKEY at every nameserver.",
                     "TTL 3600 s, serial 2026112901\n", "  verdict: reject, signals-differ-at ns2.example.net. 192.0.2.2@53: CDS 2001"):
            self.assertIn(text, out)
        rows = out[out.index("NAMESERVER"):].splitlines()
        self.assertRegex(rows[1], r"^  ns2\.example\.net\. 192\.0\.2\.2@53 +ok +2001 2002 +2001 2002 +2001 13 2 a1a1a1a1\.\.\. +2001 +2001 +2027-01-14T08:00:00Z$")
        self.assertRegex(rows[2], r"^  ns1\..* 2002 13 2 a2a2a2a2\.\.\. +2002 ")
        self.assertRegex(rows[3], r"^  ns3\.example\.net\. 2001:db8::3@53 +unreachable for 2 d 0 h .* timeout$")
        self.assertRegex(out, r"p1\.test\. 192\.0\.2\.11@53 +ok +2001 13 2 a1a1a1a1\.\.\.\n")
        self.assertRegex(out, r"192\.0\.2\.54@53 +no-evidence +timeout\n")

    def test_what_was_ordered_and_the_set_before_are_shown(self):
        out = self.of("delegation", "changed.test")
        self.assertIn(f"DS ordered  2002 13 2 {32 * 'a2'}\n", out)
        self.assertIn(f"DS before   2001 13 2 {32 * 'a1'}\n", out)
        self.assertIn("DS TTL      1800 s, normally 86400 s\n", out)
        self.assertIn("DS wanted   2002 13 2", self.of("delegation", "accepted.test"))
        self.assertIn("No key for  2003 13 2", self.of("delegation", "broken.test"))

    def test_the_server_of_a_gate_without_at_is_named_with_it(self):
        db = self.changed("at", "UPDATE delegation SET gate = (SELECT gate FROM delegation WHERE name = 'undone.test.')"
                                " WHERE name = 'differs.test.'")
        self.assertIn("Waits for   undone at ns2.example.net. 192.0.2.2@53\n", self.ok("delegation", "differs.test", db=db))

    def surveyed(self, name, **more):
        """A store whose survey of differs.test. has these members."""
        db = self.make(name, "delegations")
        with sqlite3.connect(db) as con:
            (answers,) = con.execute("SELECT answers FROM delegation_answers WHERE name = 'differs.test.'").fetchone()
            con.execute("UPDATE delegation_answers SET answers = ? WHERE name = 'differs.test.'", (json.dumps(json.loads(answers) | more),))
        return db

    def nameserver(self, number, **more):
        return {"server": f"ns{number}.example.net. 192.0.2.{number}@53", "status": "ok", "dnskey": [2001, 2002], "signed_by": [2001, 2002],
                "cds": [f"2002 13 2 {32 * 'a2'}"]} | more

    def test_the_ds_of_signals_that_are_not_followed_is_shown_if_all_nameservers_have_it(self):
        shown, mailed = f"DS in CDS   2002 13 2 {32 * 'a2'}\n", f"by hand):\n  differs.test. IN DS 2002 13 2 {32 * 'a2'}\n"
        one, two = self.nameserver(1), self.nameserver(2)
        remove, same = {"cds": ["0 0 0 00"]}, {"cds": [f"2001 13 2 {32 * 'a1'}"]}
        for name, child, more, is_shown in (
                ("alike", [one, two], {}, True), ("silent", [one, {"server": "ns2. 192.0.2.2@53", "status": "unreachable"}], {}, True),
                ("unlike", [one, two | same], {}, False), ("without", [one, two | {"cds": []}], {}, False),
                ("delete", [one | remove, two | remove], {}, False), ("present", [one | same, two | same], {}, False),
                ("part", [one, two], {"cut": True}, False), ("nothing", [one, two], {"verdict": "nothing"}, False),
                ("accepted", [one, two], {"wanted": [f"2002 13 2 {32 * 'a2'}"]}, False)):
            db = self.surveyed(f"asks-{name}", child=child, **more)
            for text, head, out in ((shown, "DS in CDS", self.ok("delegation", "differs.test", db=db)),
                                    (mailed, "not accepted", self.ok("delegation", "differs.test", "--mail", db=db))):
                self.assertEqual((text in out, head in out), (is_shown, is_shown), (name, head))

    def test_a_change_by_hand_has_a_time_when_signals_are_overruled(self):
        code = {g["code"]: g["number"] for g in self.json("gates", "--delegations")["delegation_gates"]}
        db = self.changed("overruled", "UPDATE delegation SET manual = gate_since, gate = ? WHERE name = 'differs.test.'", code["overruled"])
        self.assertIn("By hand     2027-01-12T08:00:00Z (3 d 0 h ago)\n", self.ok("delegation", "differs.test", db=db))
        self.assertNotIn("By hand", self.of("delegation", "differs.test"))
        out = self.ok("delegation", "differs.test", "--mail", db=db)
        self.assertNotIn("A check has failed", out)
        self.assertIn("What to change:", out)

    def test_a_first_ds_has_its_signaling_names(self):
        out = self.of("delegation", "first.test")
        self.assertIn("DS in zone  none", out)
        self.assertRegex(out, r"ns2\.example\.net\. +failed +- +- +insecure\n")

    def test_answers_that_had_no_room_are_mentioned(self):
        self.assertIn("There were more servers than have room here.", self.of("delegation", "wide.test"))

    def test_the_nearest_parent_zone_has_it(self):
        db = self.changed("nested", "INSERT INTO delegation (zone, name, state) VALUES ('sub.test.', 'x.sub.test.', 4)")
        with sqlite3.connect(db) as con:
            con.execute("INSERT INTO delegation (zone, name, state) VALUES ('test.', 'x.sub.test.', 0)")
            con.execute(r"INSERT INTO delegation (zone, name, state) VALUES ('test.', 'a\.b.test.', 4)")
            # No parent of it: the dot is in a label.
            con.execute(r"INSERT INTO delegation (zone, name, state) VALUES ('b.test.', 'a\.b.test.', 4)")
        self.assertIn("Parent      sub.test.\n", self.ok("delegation", "x.sub.test", db=db))
        self.assertIn("Parent      test.\n", self.ok("delegation", r"a\.b.test", db=db))
        with sqlite3.connect(db) as con:
            con.execute("INSERT INTO delegation (zone, name, state) VALUES ('.', 'top.', 4)")
        self.assertIn("Parent      .\n", self.ok("delegation", "top", db=db))
        self.assertIn("no delegation . in the store", self.bad(1, "delegation", ".", db=db))

    # Mail.

    def test_the_mail_says_what_where_and_what_to_change(self):
        out = self.of("delegation", "differs.test", "--mail")
        self.assertTrue(out.startswith("Subject: DS of differs.test.: nameservers have different CDS or CDNSKEY\n\n"), out)
        for text in ("A check has failed.", "  Nameservers have different CDS or CDNSKEY.\n", "  Code:   signals-differ-at\n", "  At:     ns2.example.net. 192.0.2.2@53\n",
                     "  Seen:   CDS 2001", "What to change:\n  Serve the same CDS and CDNSKEY", f"    CDS 2002 13 2 {32 * 'a2'}\n",
                     "    silent since 2027-01-13T08:00:00Z\n", f"  differs.test. IN DS 2001 13 2 {32 * 'a1'}\n"):
            self.assertIn(text, out)
        # Nothing about others, nothing about the inside of the parent.
        self.assertNotIn("p0.test.", out)
        self.assertNotIn("192.0.2.53", out)
        for line in out.splitlines():
            if " IN DS " not in line and not line.startswith("    "):
                self.assertLessEqual(len(line), 90, line)

    def test_whom_the_gate_does_not_concern_has_nothing_to_change(self):
        out = self.of("delegation", "accepted.test", "--mail")
        self.assertIn("The operator of the child has nothing to change.\n", out)
        self.assertIn("DS that CDS and CDNSKEY ask for:\n  accepted.test. IN DS 2002 13 2", out)
        out = self.of("delegation", "rest.test", "--mail")
        self.assertIn("Subject: DS of rest.test.: Nothing is under way.\n", out)
        self.assertIn("Nothing is under way.", out)

    def test_every_gate_can_be_mailed(self):
        gates = self.json("gates", "--delegations")["delegation_gates"]
        db = self.make("mails", "delegations")
        for gate in gates:
            with sqlite3.connect(db) as con:
                con.execute("UPDATE delegation SET gate = ? WHERE name = 'rest.test.'", (gate["number"],))
            out = re.sub(r"\s+", " ", self.ok("delegation", "rest.test", "--mail", db=db))
            if gate["code"] != "none":
                self.assertIn(gate["meaning"][0].upper() + gate["meaning"][1:], out)
            self.assertEqual(gate["advice"] in out, gate["actor"] == "child", gate["code"])
            # Items of the parent's configuration say nothing to the operator of the child.
            self.assertNotRegex(out, "delegation-(unreachable|retry|lock|apply)|bogus-limit|unreachable-after")

    # History.

    def test_history_is_that_of_the_name(self):
        lines = self.of("history").splitlines()
        self.assertEqual(len(lines), 3)
        self.assertRegex(lines[1], r"^2027-01-12T08:00:00Z  differs\.test\.  seen -> survey waits \(signals-differ-at\): nameservers disagree$")
        out = self.of("history", "differs.test")
        self.assertIn("    ns2.example.net. 192.0.2.2@53: ok, DNSKEY 2001 2002, CDS 2001 13 2 a1a1a1a1..., CDNSKEY 2001\n", out)
        self.assertEqual(out.count("\n2027-"), 2)
        self.assertEqual(self.of("history", "test").count("differs.test."), 3)
        self.assertEqual(self.of("history", "rest.test"), "No history yet.\n")
        self.assertEqual(self.of("history", "--limit", "1").count("\n"), 1)
        self.assertIn("no zone none.test.", self.bad(1, "history", "none.test", db=self.parents))
        events = self.json("history", "differs.test", db=self.parents)["delegation_events"]
        self.assertEqual([(e["from"], e["to"]) for e in events], [("rest", "seen"), ("seen", "survey"), ("survey", "survey")])
        self.assertEqual(events[1]["evidence"]["gate"], "signals-differ-at")

    def test_history_has_the_whole_ds_that_a_change_replaced(self):
        db = self.changed("former", "UPDATE delegation_history SET to_state = 4 WHERE name = 'differs.test.' AND from_state = 1")
        self.assertIn(f"    DS before: 2001 13 2 {32 * 'a1'}, TTL 3600 s\n", self.ok("history", "differs.test", db=db))
        self.assertNotIn("DS before", self.of("history", "differs.test"))

    def test_status_of_a_parent_zone_says_where_its_children_are(self):
        self.assertIn("kskroll delegations test.\n", self.bad(1, "status", "test", db=self.parents))

    # Audit.

    def findings(self, *args, db=None, code=2):
        return [(f["level"], f["zone"], f["check"]) for f in self.json("audit", *args, db=db or self.parents, code=code)["findings"]]

    def test_audit_finds_what_is_wrong(self):
        found = self.findings()
        self.assertEqual(found[0], ("critical", "broken.test.", "delegation-broken"))
        self.assertEqual(set(found), {
            ("critical", "broken.test.", "delegation-broken"), ("critical", "changed.test.", "not-checked"),
            ("warning", "broken.test.", "delegation-ds-without-key"), ("warning", "changed.test.", "delegation-ds-ttl"),
            ("warning", "differs.test.", "child-acts"), ("warning", "old.test.", "ds-algorithm"), ("warning", "org.", "parent-trouble"),
            ("warning", "test.", "parent-reverts"), ("warning", "trouble.test.", "parent-acts"), ("warning", "undone.test.", "child-acts"),
            ("note", "accepted.test.", "parent-acts"), ("note", "first.test.", "child-acts"), ("note", "old.test.", "delegation-ds-without-key"),
            ("note", "old.test.", "ds-digest"), ("note", "org.", "parent-reverts"), ("note", "wide.test.", "child-acts")})
        self.assertEqual([f["detail"] for f in self.json("audit", db=self.parents, code=2)["findings"] if f["check"] == "delegation-ds-ttl"],
                         ["1800 s, after DS was changed", "3600 s in the zone, after DS was changed"])
        first = self.of("audit", code=2).splitlines()[0]
        self.assertIn("0 zones, 13 delegations: 2 critical", first)
        self.assertTrue(first.endswith(" delegations=13"), first)

    def test_audit_says_why_a_child_is_not_followed(self):
        detail = {f["zone"]: f["detail"] for f in self.json("audit", db=self.parents, code=2)["findings"] if f["check"] == "child-acts"}
        self.assertEqual(detail["differs.test."], "signals-differ-at, for 3 d 0 h: nameservers have different CDS or CDNSKEY;"
                                                  " CDS 2001, at ns1.example.net. 192.0.2.1@53 it is 2002")

    def test_audit_of_a_parent_zone_or_a_delegation(self):
        self.assertEqual(self.findings("org", code=1), [("warning", "org.", "parent-trouble"), ("note", "org.", "parent-reverts")])
        self.assertEqual(self.findings("example", code=0), [])
        self.assertEqual(self.findings("old.test", code=1)[0], ("warning", "old.test.", "ds-algorithm"))
        self.assertEqual(self.json("audit", "old.test", db=self.parents, code=1)["delegations"], 1)
        self.assertIn("no zone none.test.", self.call("audit", "none.test", db=self.parents).stderr)
        self.call("audit", "none.test", db=self.parents)

    def test_a_ds_of_sha1_alone_is_no_note(self):
        db = self.make("sha1", "delegations")
        with sqlite3.connect(db) as con:
            (answers,) = con.execute("SELECT answers FROM delegation_answers WHERE name = 'old.test.'").fetchone()
            survey = json.loads(answers)
            survey["zone_ds"] = [f"2001 8 1 {20 * 'b1'}", "nonsense", "1", "x 5 1 ab"]
            con.execute("UPDATE delegation_answers SET answers = ? WHERE name = 'old.test.'", (json.dumps(survey),))
        self.assertIn(("warning", "old.test.", "ds-digest"), self.findings("old.test", db=db, code=1))
        self.assertNotIn("ds-algorithm", [check for _, _, check in self.findings("old.test", db=db, code=1)])

    def test_a_child_that_one_server_alone_serves_is_found(self):
        one, two = self.nameserver(1), self.nameserver(2)
        dead = {"server": two["server"], "status": "unreachable"}
        six = one["server"].replace("192.0.2.1", "2001:db8::1")
        same = two["server"].replace("192.0.2.2", "192.0.2.1")
        cases = (
            ("both", [one, two], {}, None), ("no-ds", [one | {"signed_by": []}, two | {"signed_by": []}], {"zone_ds": []}, None),
            ("cds-lost", [one, two | {"status": "incomplete"}], {}, None), ("cut", [one, dead], {"cut": True}, None),
            ("unfound", [one, dead], {"discovery": "ns3.example.net. has no address"}, None),
            ("no-route", [one, dead | {"status": "no-route"}], {}, None), ("none", [dead], {}, None),
            ("down", [one, dead], {}, ("warning", "no other nameserver at another address serves the child, asked 60 s ago; "
                                       "ns2.example.net. 192.0.2.2@53: unreachable")),
            ("insecure", [one | {"signed_by": []}, dead], {"zone_ds": []}, ("warning", "no other nameserver .*: unreachable")),
            ("family", [one, one | {"server": six}, dead], {}, ("warning", "no other nameserver .*: unreachable")),
            ("lame", [two | {"status": "error"}, one], {}, ("warning", "no other nameserver .*192.0.2.2@53: error")),
            ("stale", [two | {"signed_by": [2002]}, one], {}, ("warning", "no other .*192.0.2.2@53: DNSKEY has no signature of a key that DS names")),
            ("unnamed", [one, two | {"signed_by": [12001, 20011]}], {}, ("warning", "no other .*: DNSKEY has no signature .*")),
            ("address", [one, one | {"server": same}], {}, ("warning", "all nameservers have this address, asked 60 s ago")),
            ("single", [one], {}, ("note", "the delegation has no other nameserver, asked 60 s ago")),
            ("dual", [one, one | {"server": six}], {}, ("note", "the delegation has no other nameserver, asked 60 s ago")),
            ("half", [one, one | {"server": six, "status": "unreachable"}], {}, ("warning", "the delegation has no other .*::1@53: unreachable")),
            ("way", [one, one | {"server": six, "status": "no-route"}], {}, ("note", "the delegation has no other nameserver, asked 60 s ago")))
        for name, child, more, expected in cases:
            db = self.surveyed(f"one-{name}", child=child, **more)
            found = [f for f in self.json("audit", "differs.test", db=db, code=1)["findings"] if f["check"] == "one-nameserver"]
            self.assertEqual(len(found), expected is not None, (name, found))
            for f in found:
                self.assertEqual((f["level"], f["about"], f["zone"]), (expected[0], one["server"], "differs.test."), name)
                self.assertRegex(f["detail"], f"^{expected[1]}$", name)

    def test_a_ds_without_key_is_no_chain(self):
        lost = f"2001 13 2 {32 * 'a1'}"
        db = self.surveyed("no-chain", ds_unmatched=[lost], child=[self.nameserver(1)])
        self.assertNotIn("one-nameserver", [check for _, _, check in self.findings("differs.test", db=db, code=1)])

    def test_a_low_ttl_within_the_window_is_fine(self):
        db = self.changed("ttl", "UPDATE delegation SET ttl_low = 600 WHERE name = 'changed.test.'")
        self.assertEqual([f["detail"] for f in self.json("audit", "changed.test", db=db, code=2)["findings"] if f["check"] == "delegation-ds-ttl"],
                         ["3600 s in the zone, after DS was changed"])

    def test_checks_are_in_the_man_page(self):
        with open(os.path.join(SOURCE, "docs/kskroll.1"), encoding="ascii") as f:
            text = f.read().replace("\\-", "-")
        for check in {check for _, _, check in self.findings()} | {"one-nameserver"}:
            self.assertIn(f".B {check}\n", text)

    # Hostile and damaged stores.

    def test_an_invalid_row_is_an_error_and_hides_no_other(self):
        db = self.changed("invalid", "UPDATE delegation SET put = '1/2' WHERE name = 'rest.test.'")
        p = self.call("delegations", "--names", db=db)
        self.assertEqual(p.returncode, 1)
        self.assertIn("delegation rest.test.: column put is invalid", p.stderr)
        self.assertIn("invalid", self.bad(1, "delegation", "rest.test", db=db))
        p = self.call("audit", db=db)
        self.assertEqual(p.returncode, 2)
        self.assertIn("differs.test.", p.stdout)
        with sqlite3.connect(db) as con:
            con.execute("DELETE FROM delegation WHERE name IN ('broken.test.', 'changed.test.')")
        self.assertEqual(self.call("audit", db=db).returncode, 3)

    def test_nothing_of_the_store_steers_the_terminal(self):
        evil = "a\x1b[2J\r\n\x07\x7f\u009b31m\u202eb"
        db = self.make("evil", "delegations")
        raw = json.dumps({"time": 1, "verdict": evil, "gate": evil, "detail": evil, "zone_ds": [evil], "ds_unmatched": [evil], "wanted": [evil],
                          "child": [{"server": evil, "status": "ok", "detail": evil, "cds": [evil, 1, None], "cdnskey": [evil], "dnskey": {}}],
                          "signaling": [{"server": evil}], "parent": [{"ds": [evil]}, 7], "resolvers": [{"status": evil}], "discovery": evil})
        for text in raw, raw.replace("\\u001b", "\x1b").replace("\\u009b", "\u009b"):
            with sqlite3.connect(db) as con:
                con.execute("UPDATE delegation SET gate_about = ?1, gate_detail = ?1", (evil,))
                con.execute("UPDATE delegation_answers SET answers = ?1", (text,))
                con.execute("UPDATE delegation_history SET text = ?1, evidence = ?2", (evil, text))
                con.execute("UPDATE parent SET load_reason = ?1, trouble = ?1", (evil,))
            for args in (["delegations"], ["delegation", "differs.test"], ["delegation", "differs.test", "--mail"], ["history"],
                         ["history", "differs.test"], ["audit", "--all"]):
                out = self.call(*args, db=db).stdout
                self.assertIn("a?[2J??", out, args)
                self.assertEqual([c for c in out if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0 or ord(c) == 0x202e], [], args)
            for args in (["delegations"], ["delegation", "differs.test"], ["history"], ["audit"]):
                json.loads(self.call(*args, "--json", db=db).stdout)

    def test_any_answers_are_read(self):
        db = self.make("any", "delegations")
        for text in ("", "{", "[]", "7", '{"child":7}', '{"child":[[[]]],"zone_ds":{"a":1}}', '{"time":-1,"ds_ttl":-5}', "\xff{}"):
            with sqlite3.connect(db) as con:
                con.execute("UPDATE delegation_answers SET answers = ?1", (text,))
                con.execute("UPDATE delegation_history SET evidence = ?1", (text,))
            for args in (["delegation", "differs.test"], ["delegation", "differs.test", "--mail"], ["delegation", "differs.test", "--json"],
                         ["history", "differs.test"]):
                self.assertEqual(self.call(*args, db=db).returncode, 0, (args, text))
            self.assertEqual(self.call("audit", db=db).returncode, 2)

    # The plan.

    def plan(self, name, *more):
        return self.json("plan", name, *more, db=self.parents)["delegation_plan"]

    def test_a_plan_shows_a_change_from_its_scan_to_its_end(self):
        plan = self.plan("rest.test", "--transfer-delay", "5m")
        self.assertTrue(plan["imagined"])
        self.assertEqual([stay["state"] for stay in plan["stays"]], ["rest", "spread", "verify", "low", "rest"])
        self.assertAlmostEqual(plan["everywhere"] - plan["changed"], 300, delta=1)
        self.assertEqual((plan["ttl_low"], plan["ttl_back"]), (600, 86400))
        self.assertEqual(plan["expired"] - plan["everywhere"], 86401)
        self.assertEqual(plan["restored"], plan["end"])
        self.assertGreaterEqual(plan["end"] - plan["everywhere"], 3 * 86400)
        text = self.of("plan", "rest.test")
        self.assertIn("nothing is under way: this plan shows a child that asks for another DS now", text)
        self.assertRegex(text, r"Changed +\S+: the zone has the new DS, with a TTL of 10m instead of 1d\n")

    def test_a_plan_goes_on_from_where_the_delegation_is(self):
        plan = self.plan("changed.test")
        self.assertFalse(plan["imagined"])
        self.assertEqual((plan["stays"][0]["state"], plan["stays"][0]["gate"]), ("verify", "verifying"))
        self.assertIsNone(plan["changed"])
        self.assertEqual(plan["stays"][-1]["state"], "rest")

    def test_a_plan_names_what_a_human_must_do_first(self):
        self.assertEqual(self.plan("differs.test")["first"], "signals-differ-at")
        self.assertIn("the operator of the child must resolve 'signals-differ-at'", self.of("plan", "differs.test"))

    def test_a_plan_counts_with_the_ttl_that_the_zone_normally_has(self):
        # The last survey was made while the TTL was low.
        db = self.changed("plan-low", "UPDATE delegation SET state = 0, gate = 0, ttl_normal = 0, ttl_low = 0, before_ttl = 0, all_since = 0"
                                      " WHERE name = 'changed.test.'")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE parent SET ds_ttl = 3600")
        self.assertEqual(self.json("plan", "changed.test", db=db)["delegation_plan"]["assumed"]["ds-ttl"], 86400)
        with sqlite3.connect(db) as con:
            con.execute("UPDATE delegation SET before_ttl = 7200")
        self.assertEqual(self.json("plan", "changed.test", db=db)["delegation_plan"]["assumed"]["ds-ttl"], 7200)

    def test_a_plan_names_what_forbids_changes_in_the_parent_zone(self):
        self.assertEqual(self.plan("rest.test")["first"], "reload-reverts")
        self.assertEqual(self.plan("child.org")["first"], "report-only")

    def test_the_plan_of_a_child_has_the_ttl_that_the_agent_of_this_server_lowers(self):
        def waits(db, zone):
            steps = self.json("plan", zone, "--ksk-lifetime", "365d", db=db)["steps"]
            return {wait["code"] for step in steps if step["state"] == "prepare" for wait in step["waits"]}

        db = self.store_of("child.example.", 13)
        parents = self.make("parents", "delegations")
        with sqlite3.connect(db) as con:
            con.execute("ATTACH ? AS other", (parents,))
            con.execute("INSERT INTO parent SELECT * FROM other.parent WHERE zone = 'example.'")
            con.execute("UPDATE parent SET mode = 2, load = 1, apply = 0, locks = ''")
        self.assertNotIn("waiting-ds-ttl", waits(self.altered(db, parent_zone="test."), "child.example."))
        self.assertIn("waiting-ds-ttl", waits(self.altered(db, parent_zone="example."), "child.example."))
        for column, value in ("mode", 1), ("load", 2), ("locks", "other.example. child.example."):
            with sqlite3.connect(db) as con:
                before = con.execute(f"SELECT {column} FROM parent").fetchone()[0]
                con.execute(f"UPDATE parent SET {column} = ?", (value,))
            self.assertNotIn("waiting-ds-ttl", waits(db, "child.example."), column)
            with sqlite3.connect(db) as con:
                con.execute(f"UPDATE parent SET {column} = ?", (before,))
        self.assertIn("waiting-ds-ttl", waits(db, "child.example."))

    def test_a_plan_names_a_lock(self):
        for locks, first, assumed in (("xrest.test. rest.test.", "locked", False), ("xrest.test. rest.test.x", "reload-reverts", False),
                                      ("", "reload-reverts", False), ("*", "reload-reverts", True)):
            db = self.changed(f"locks-{len(locks)}", "UPDATE parent SET locks = ?", locks)
            self.assertEqual(self.json("plan", "rest.test", db=db)["delegation_plan"]["first"], first)
            self.assertEqual("the delegation is not in delegation-lock" in self.ok("plan", "rest.test", db=db), assumed)

    def test_without_settings_there_is_no_plan(self):
        for name, change in (("no", "DELETE FROM parent"), ("bad", "UPDATE parent SET ds_ttl_hold = -5")):
            self.assertIn("kskroll: ", self.bad(1, "plan", "rest.test", db=self.changed(f"plan-{name}", change)))

    def test_pictures_are_of_zones(self):
        for option in (("--svg", "-"), ("--html", "-"), ("--algorithm", "15")):
            self.assertIn("is known as a delegation", self.bad(1, "plan", "rest.test", *option, db=self.parents))

    def test_a_name_of_both_kinds_has_both_plans(self):
        db = self.make("both", "delegations")
        self.make("both", "rest.test.", "13")
        both = self.json("plan", "rest.test", db=db)
        self.assertEqual((both["zone"], both["delegation_plan"]["name"]), ("rest.test.", "rest.test."))
        text = self.ok("plan", "rest.test", db=db)
        self.assertLess(text.index("plan as of"), text.index("plan of the delegation as of"))


if __name__ == "__main__":
    main()
