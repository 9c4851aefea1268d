#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll follow: events as they come, where it goes on, who needs a human: test_cli_follow.py KSKROLL CLI_STORE SOURCE"""

import json
import os
import signal

from cli_case import DAY, HOUR, NOW, QUOTE, main
from follow_case import DELEGATION_GATES, FollowCase, Followed, GATES, wait_for


class Lines(FollowCase):
    def test_each_event_is_a_line_from_now_on(self):
        db = self.rested()
        self.event(db, to="prepare", before="idle")
        state = self.path()
        with Followed("--state", state, db=db) as f:
            self.begun(state)
            number = self.event(db, to="introduce", before="prepare", at=NOW + 5)
            line, = f.take(1)
            self.assertEqual((line["schema"], line["id"], line["time"], line["kind"]), (2, number, NOW + 5, "zone"))
            self.assertEqual((line["zone"], line["name"], line["from"], line["to"], line["gate"]), ("rest.example.", None, "prepare", "introduce", "none"))
            self.assertEqual((line["needs_human"], line["who_acts"], line["about"], line["detail"], line["commands"]), (False, "nobody", None, None, []))
            self.assertEqual(line["meaning"], self.json("status", "rest.example", db=db)["zones"][0]["state_meaning"])
            self.assertEqual(f.end(), ("", 0))
            self.assertEqual(f.said(), "")

    def test_without_a_file_it_begins_now_too(self):
        db = self.rested()
        self.event(db, to="prepare", before="idle", at=1)
        with Followed(db=db, minute=300) as f:
            # When it has begun is not seen, so events come until one is seen.
            numbers = []

            def seen():
                numbers.append(self.event(db, gate="FROZEN", at=NOW + len(numbers)))
                return f.ready()
            wait_for(seen, f.said)
            first = f.take(1)[0]
            self.assertIn(first["id"], numbers)
            self.assertEqual([line["id"] for line in f.take(numbers[-1] - first["id"])], list(range(first["id"] + 1, numbers[-1] + 1)))
            self.assertEqual(f.end(signal.SIGINT), ("", 0))

    def test_a_gate_has_what_is_known_of_it_while_the_zone_is_there(self):
        db = self.rested()
        self.event(db, to="await-ds", gate="DS_STALE", before="signal")
        self.event(db, to="await-ds", gate="DS_REMOVED")
        with self.change(db) as con:
            con.execute("UPDATE zone SET gate_about = 'p1.example. 192.0.2.1@53', gate_detail = 'no DS'")
        with Followed("--state", self.place(), db=db) as f:
            former, now = f.take(2)
            status = self.json("status", "rest.example", db=db)["zones"][0]
            self.assertEqual((now["about"], now["detail"], now["commands"]), ("p1.example. 192.0.2.1@53", "no DS", status["commands"]))
            self.assertEqual((now["meaning"], now["advice"]), (status["gate"]["meaning"], status["gate"]["advice"]))
            self.assertEqual((now["who_acts"], now["needs_human"]), (status["actor"], status["blocked"]))
            self.assertTrue(now["needs_human"])
            # The zone has moved on from this one.
            self.assertFalse({"about", "detail", "commands"} & set(former))
            self.assertEqual((former["who_acts"], former["needs_human"], former["gate"]), ("parent", False, "ds-stale-at"))
            self.assertIn("parent", former["meaning"])

    def test_a_notification_is_an_event_that_needs_nobody(self):
        db = self.rested()
        outcome = {"status": "refused", "target": "parent.example.", "sent": 1}
        self.event(db, to="await-ds", gate="DS_REMOVED", before="signal")
        self.event(db, to="await-ds", gate="DS_REMOVED", evidence=json.dumps({"time": NOW, "notification": outcome}))
        self.event(db, to="await-ds", gate="NONE")
        with Followed("--state", self.place(), db=db) as f:
            _, line, _ = f.take(3)
            self.assertEqual((line["notification"], line["needs_human"]), (outcome, False))
            self.assertIn("parent informed: refused", line["meaning"])
        # It neither needs a human nor ends that.
        with Followed("--state", self.place(), "--blocked", db=db) as f:
            self.assertEqual([line["gate"] for line in f.take(2)], ["ds-removed", "none"])
            self.assertEqual(f.end(), ("", 0))

    def test_events_of_delegations_come_among_those_of_zones(self):
        db = self.make("mixed", "delegations")
        self.add_zone(db, "rest.example.")
        self.event(db, to="prepare", before="idle", at=NOW - 3 * DAY - 1)
        self.event(db, to="introduce", before="prepare", at=NOW - DAY)
        with Followed("--state", self.place(), db=db) as f:
            lines = f.take(5)
            self.assertEqual([(line["kind"], line["time"] - NOW) for line in lines],
                             [("delegation", -4 * DAY), ("zone", -3 * DAY - 1), ("delegation", -3 * DAY), ("delegation", -2 * DAY), ("zone", -DAY)])
            self.assertEqual((lines[2]["zone"], lines[2]["name"], lines[2]["from"], lines[2]["to"]), ("test.", "differs.test.", "seen", "survey"))
            self.assertEqual((lines[2]["gate"], lines[2]["text"], lines[2]["who_acts"]), ("signals-differ-at", "nameservers disagree", "child"))
            self.assertEqual((lines[2]["about"], lines[2]["needs_human"]), ("ns2.example.net. 192.0.2.2@53", False))
            self.assertNotIn("about", lines[0])

    def test_names_of_any_kind_stay_texts(self):
        db = self.rested(f"{QUOTE}.example.")
        self.event(db, f"{QUOTE}.example.", gate="HOLD")
        with self.change(db) as con:
            con.execute("INSERT INTO history (time, zone, from_state, to_state, gate, evidence) VALUES (1, ?, 0, 1, 0, '{')",
                        ('a\x1b[2J\n"$(touch /tmp/x)\u202e;`id`.',))
        state = self.place()
        with Followed("--state", state, db=db) as f:
            self.assertEqual([line["zone"] for line in f.take(2)], [f"{QUOTE}.example.", 'a?[2J?"$(touch /tmp/x)???;`id`.'])
            self.assertEqual(f.end(), ("", 0))
        self.assertEqual(self.kept(state)["needs_human"], [{"zone": f"{QUOTE}.example.", "name": ""}])
        # The name is the same one after a restart.
        self.event(db, f"{QUOTE}.example.")
        with Followed("--state", state, "--blocked", db=db) as f:
            self.assertEqual(f.take(1)[0]["zone"], f"{QUOTE}.example.")

    def test_thousands_of_events_take_no_memory(self):
        db = self.rested()
        self.many(db, 3000)
        with Followed("--state", self.place(), db=db, env={"ASAN_OPTIONS": "quarantine_size_mb=0"}) as f:
            f.take(100)
            before = f.memory()
            ids = [line["id"] for line in f.take(2900)]
            self.assertEqual(ids, list(range(101, 3001)))
            self.assertLess(f.memory() - before, 4 << 20)  # All of them have 36 MB.
            self.assertEqual(f.end(), ("", 0))

    def test_a_reader_that_goes_away_is_an_error(self):
        db = self.rested()
        self.event(db)
        state = self.place()
        with Followed("--state", state, db=db) as f:
            f.take(1)
            wait_for(lambda: self.kept(state)["history"] == 1, lambda: self.kept(state))
            f.close()
            self.event(db)
            self.assertEqual(f.process.wait(40), 1)
            self.assertEqual(f.said(), "kskroll: output: Broken pipe\n")
        self.assertEqual(self.kept(state)["history"], 1)

    def test_a_full_disk_is_an_error(self):
        db = self.rested()
        self.event(db)
        with open("/dev/full", "w", encoding="ascii") as full, Followed("--state", self.place(), db=db, stdout=full) as f:
            self.assertEqual(f.process.wait(40), 1)
            self.assertEqual(f.said(), "kskroll: output: No space left on device\n")

    def test_a_reader_that_does_not_read_delays_the_end_for_a_bounded_time(self):
        db = self.rested()
        self.many(db, 50, member="notification")  # Lines that a pipe does not take at once.
        state = self.place()
        with Followed("--state", state, db=db, minute=500, pipe=4096) as f:
            wait_for(f.is_full, f.said)
            f.process.send_signal(signal.SIGTERM)
            self.assertEqual(f.process.wait(40), 0)
            text, _ = f.end(0)
        self.assertGreater(len(text.rpartition("\n")[2]), 0)  # The last line is not whole.
        whole = [json.loads(line)["id"] for line in text.split("\n")[:-1]]
        self.assertEqual(whole, list(range(1, self.kept(state)["history"] + 1)))
        with Followed("--state", state, db=db) as f:
            self.assertEqual([line["id"] for line in f.take(50 - len(whole))], list(range(len(whole) + 1, 51)))

    def test_wrong_usage(self):
        self.assertIn("usage: kskroll follow", self.bad(2, "follow", "rest.example"))
        self.assertIn("--exec is not for status", self.bad(2, "status", "--exec", "/bin/true"))
        self.assertIn("--names is not for follow", self.bad(2, "follow", "--names"))


class Places(FollowCase):
    """Where it goes on."""

    def test_a_restart_goes_on_where_it_was(self):
        db = self.rested()
        state = self.path()
        ids = []
        for number in range(4):
            with Followed("--state", state, db=db) as f:
                self.begun(state)
                ids += [line["id"] for line in f.take(1 if number else 0)]
                ids.append(self.event(db))
                ids_now = [line["id"] for line in f.take(1)]
                self.assertEqual(ids_now, ids[-1:])
                self.assertEqual(f.end(), ("", 0))
            self.event(db)  # While it is down.
        self.assertEqual(ids, list(range(1, 8)))

    def test_a_kill_repeats_the_last_event_at_most(self):
        db = self.rested()
        self.many(db, 200)
        state = self.place()
        seen = []
        for _ in range(3):
            with Followed("--state", state, db=db) as f:
                seen += [line["id"] for line in f.take(20)]
                f.process.kill()
                f.process.wait(40)
                text, _ = f.end(0)
                seen += [json.loads(line)["id"] for line in text.split("\n")[:-1]]
                if not seen or seen[-1] == 200:
                    break
        self.assertEqual(sorted(set(seen)), list(range(1, seen[-1] + 1)))
        self.assertLessEqual(len(seen), len(set(seen)) + 3)

    def test_a_damaged_file_is_an_error_with_the_way_out(self):
        db = self.rested()
        for text in "", "{", "[]", "{}", '{"history": 1}', '{"history": -1, "delegation_history": 0, "needs_human": []}', \
                '{"history": 1, "delegation_history": 0, "needs_human": {}}', '{"history": "1", "delegation_history": 0, "needs_human": []}', \
                '{"history": 1, "delegation_history": 0, "needs_human": [7]}', \
                '{"history": 1, "delegation_history": 0, "needs_human": []}\0x', '{"history": 1e999, "delegation_history": 0, "needs_human": []}':
            state = self.path()
            with open(state, "w", encoding="ascii") as f:
                f.write(text)
            with self.subTest(text):
                words = self.bad(1, "follow", "--state", state, db=db)
                self.assertIn(f"{state} is damaged, or no file of kskroll follow: remove it to go on with what happens from now on", words)
                with open(state, encoding="ascii") as f:
                    self.assertEqual(f.read(), text)
        self.assertIn("cannot be read: Is a directory", self.bad(1, "follow", "--state", self.folder.name, db=db))

    def test_a_file_that_cannot_be_written_is_an_error_at_the_start(self):
        words = self.bad(1, "follow", "--state", "/nonexistent/state", db=self.rested())
        self.assertEqual(words, "kskroll: /nonexistent/state cannot be written: No such file or directory\n")

    def test_a_file_that_cannot_be_written_later_is_said_once(self):
        db = self.rested()
        state = self.path()
        folder = os.path.dirname(state)
        with Followed("--state", state, db=db) as f:
            self.begun(state)
            os.rename(folder, f"{folder}.away")
            for _ in range(3):
                self.event(db)
            f.take(3)
            os.rename(f"{folder}.away", folder)
            wait_for(lambda: self.kept(state)["history"] == 3, lambda: self.kept(state))
            self.assertEqual(f.end(), ("", 0))
            self.assertEqual(f.said(), f"kskroll: {state} cannot be written: No such file or directory; after a restart, events since then would come again\n")
        self.assertEqual(os.listdir(folder), ["state"])

    def test_another_store_begins_with_its_oldest_event(self):
        db, other = self.rested(), self.rested()
        for _ in range(5):
            self.event(db)
        self.event(other)
        state = self.place()
        with Followed("--state", state, db=db) as f:
            f.take(5)
            os.rename(other, db)
            self.assertEqual(f.take(1)[0]["id"], 1)
            self.assertIn(f"{db} is another store than before: its events come from the oldest on\n", f.said())
            self.assertEqual(f.end(), ("", 0))

    def test_a_store_that_has_lost_its_newest_events_is_the_same(self):
        db = self.rested("gone.example.")
        self.event(db)
        self.event(db, "gone.example.")
        state = self.place(history=2)
        with self.change(db) as con:  # As store_forget() does.
            con.execute("DELETE FROM history WHERE zone = 'gone.example.'")
            con.execute("DELETE FROM zone WHERE zone = 'gone.example.'")
        with Followed("--state", state, db=db, minute=300) as f:
            self.begun(state)
            self.event(db)
            self.assertEqual([line["id"] for line in f.take(1)], [3])
            self.assertEqual((f.end(), f.said()), (("", 0), ""))

    def test_a_store_that_is_away_is_said_once(self):
        db = self.rested()
        os.rename(db, f"{db}.away")
        state = self.path()
        with Followed("--state", state, db=db, minute=300) as f:
            f.until_said(f"{db} cannot be read: .*; it is tried again until it succeeds\n")
            os.rename(f"{db}.away", db)
            f.until_said(f"{db} can be read again\n")
            self.begun(state)
            self.event(db)
            self.assertEqual(len(f.take(1)), 1)
            self.assertEqual(f.end(), ("", 0))
            self.assertEqual(f.said().count("\n"), 2)

    def test_an_invalid_event_is_passed_over(self):
        db = self.rested()
        for _ in range(4):
            self.event(db)
        with self.change(db) as con:
            con.execute("UPDATE history SET to_state = 99 WHERE id IN (2, 4)")
        state = self.place()
        with Followed("--state", state, db=db, minute=300) as f:
            self.assertEqual([line["id"] for line in f.take(2)], [1, 3])
            wait_for(lambda: self.kept(state)["history"] == 4, lambda: self.kept(state))
            self.event(db)
            f.take(1)
            self.assertEqual(f.end(), ("", 0))
            self.assertEqual(f.said(), "".join(f"kskroll: {db}: event {number} of the history is invalid: it is passed over\n" for number in (2, 4)))


class Humans(FollowCase):
    """Who needs a human, by an event or by time alone."""

    def test_blocked_has_begin_and_end_alone(self):
        db = self.rested("other.example.")
        for event in ({"to": "prepare", "before": "idle"}, {"to": "prepare", "gate": "HOLD"}, {"zone": "other.example.", "gate": "NONE"},
                      {"to": "prepare", "gate": "FROZEN"}, {"to": "prepare", "gate": "WAITING_DNSKEY_TTL"}, {"to": "introduce", "before": "prepare"}):
            self.event(db, **event)
        state = self.place()
        with Followed("--state", state, "--blocked", db=db) as f:
            self.assertEqual([(line["id"], line["needs_human"]) for line in f.take(3)], [(2, True), (4, True), (5, False)])
            wait_for(lambda: self.kept(state)["history"] == 6, lambda: self.kept(state))
            self.assertEqual(f.end(), ("", 0))

    def test_an_end_is_known_over_a_restart(self):
        db = self.rested()
        state = self.place()
        self.event(db, gate="HOLD")
        with Followed("--state", state, "--blocked", db=db) as f:
            f.take(1)
            self.assertEqual(f.end(), ("", 0))
        self.event(db)
        self.event(db, to="prepare", before="idle")
        with Followed("--state", state, "--blocked", db=db) as f:
            self.assertEqual([(line["id"], line["needs_human"]) for line in f.take(1)], [(2, False)])
            wait_for(lambda: self.kept(state)["history"] == 3, lambda: self.kept(state))
            self.assertEqual(f.end(), ("", 0))

    def waits(self, **columns):
        """A store whose zone waits for the parent since three hours."""
        db = self.rested()
        self.event(db, to="await-ds", gate="DS_STALE", before="signal", at=NOW - 3 * HOUR)
        return self.altered(db, **columns) if columns else db

    def at(self, db, state, now, *args):
        """All lines at that time, when a check of all zones is over."""
        with Followed("--state", state, *args, db=db, now=now, minute=100) as f:
            self.begun(state)
            lines = []
            # A zone of its own needs a human by its row alone: the check finds it.
            mark = f"mark{len(os.listdir(os.path.dirname(state)))}-{now}-{os.getpid()}.example."
            self.add_zone(db, mark)
            with self.change(db) as con:
                con.execute("UPDATE zone SET gate = 3, next_check = ? WHERE zone = ?", (now, mark))
            while not lines or lines[-1]["zone"] != mark:
                lines += f.take(1)
            with self.change(db) as con:
                con.execute("DELETE FROM zone WHERE zone = ?", (mark,))
            while lines[-1]["from"] is not None:
                lines += f.take(1)
            self.assertEqual(f.end(), ("", 0))
            self.assertEqual(f.said(), "")
        return [line for line in lines if line["zone"] != mark]

    def test_a_wait_that_has_lasted_comes_once(self):
        db, state = self.waits(next_check=NOW + 9 * DAY), self.path()
        self.assertEqual(self.at(db, state, NOW), [])
        self.assertEqual(self.at(db, state, NOW + 21 * HOUR - 1), [])
        line, = self.at(db, state, NOW + 21 * HOUR)
        self.assertEqual((line["id"], line["kind"], line["time"], line["needs_human"]), (None, "waiting", NOW + 21 * HOUR, True))
        self.assertEqual((line["from"], line["to"], line["gate"], line["who_acts"]), ("await-ds", "await-ds", "ds-stale-at", "parent"))
        self.assertTrue(line["commands"])
        self.assertEqual(self.at(db, state, NOW + 22 * HOUR), [])
        # The clock of the host is of no account, nor what happens to others.
        self.assertEqual(self.at(db, state, NOW + 21 * HOUR), [])
        self.event(db, to="withdraw", before="await-ds", at=NOW + 22 * HOUR)
        self.assertEqual([(line["kind"], line["needs_human"]) for line in self.at(db, state, NOW + 22 * HOUR, "--blocked")], [("zone", False)])

    def test_an_event_is_judged_by_its_own_time(self):
        db, state = self.waits(next_check=NOW + 99 * DAY), self.place()
        self.assertEqual([(line["kind"], line["needs_human"]) for line in self.at(db, state, NOW + 9 * DAY)], [("zone", False), ("waiting", True)])

    def test_a_gate_that_may_open_by_itself_is_no_matter_for_a_human(self):
        db = self.make("unknown", "delegations")
        with self.change(db) as con:  # Of neither it is known until when it waits.
            con.execute("DELETE FROM delegation_history")
            con.execute("INSERT INTO history (time, zone, from_state, to_state, gate, evidence) VALUES (?, 'x.example.', 1, 1, ?, '')", (NOW, GATES["WAITING_DNSKEY_TTL"]))
            con.execute("INSERT INTO delegation_history (time, zone, name, from_state, to_state, gate, text, evidence) VALUES (?, 'test.', 'x.test.', 1, 2, ?, '', '')",
                        (NOW, DELEGATION_GATES["SIGNALS_DIFFER"]))
        with Followed("--state", self.place(), "--after", "0", db=db) as f:
            self.assertEqual([line["needs_human"] for line in f.take(2)], [False, False])

    def test_what_waited_before_it_began_is_no_news(self):
        db, state = self.waits(next_check=NOW + 9 * DAY), self.path()
        self.assertEqual(self.at(db, state, NOW + 30 * HOUR), [])
        self.event(db, to="withdraw", before="await-ds", at=NOW + 31 * HOUR)
        # But its end is.
        self.assertEqual([line["kind"] for line in self.at(db, state, NOW + 31 * HOUR, "--blocked")], ["zone"])

    def test_after_is_that_of_status(self):
        db, state = self.waits(next_check=NOW + 9 * DAY), self.path()
        self.assertEqual(self.at(db, state, NOW - 2 * HOUR - 1, "--after", "1h"), [])
        self.assertEqual([line["kind"] for line in self.at(db, state, NOW - 2 * HOUR, "--after", "1h")], ["waiting"])

    def test_a_check_that_is_overdue_begins_and_ends(self):
        db, state = self.waits(next_check=NOW + 100), self.path()
        self.assertEqual(self.at(db, state, NOW), [])
        line, = self.at(db, state, NOW + 5 * HOUR, "--blocked")
        self.assertEqual((line["kind"], line["needs_human"], line["meaning"]), ("waiting", True, "it should have been checked hours ago"))
        self.assertEqual((line["who_acts"], line["advice"]), ("operator", "Check that knotd and kskrolld run, and that the zone still has the module."))
        self.altered(db, next_check=NOW + 9 * DAY)
        line, = self.at(db, state, NOW + 5 * HOUR, "--blocked")
        self.assertEqual((line["kind"], line["needs_human"], line["meaning"]), ("waiting", False, "a human is no longer needed"))

    def test_a_zone_that_the_store_no_longer_has_needs_nobody(self):
        db, state = self.waits(next_check=NOW + 9 * DAY), self.place(history=1, needs=[("rest.example.", "")])
        with self.change(db) as con:
            con.execute("DELETE FROM zone")
        line, = self.at(db, state, NOW + 30 * HOUR)
        self.assertEqual((line["zone"], line["kind"], line["needs_human"], line["to"]), ("rest.example.", "waiting", False, None))
        self.assertEqual(self.kept(state)["needs_human"], [])

    def test_delegations_wait_as_zones_do(self):
        db, state = self.make("waiting", "delegations"), self.path()
        with self.change(db) as con:
            con.execute("DELETE FROM delegation WHERE name != 'differs.test.'")
            con.execute("UPDATE delegation SET gate_since = ?, next_check = ?", (NOW - HOUR, NOW + 9 * DAY))
        self.assertEqual(self.at(db, state, NOW), [])
        line, = self.at(db, state, NOW + DAY, "--blocked")
        self.assertEqual((line["kind"], line["zone"], line["name"], line["needs_human"], line["gate"]), ("waiting", "test.", "differs.test.", True, "signals-differ-at"))
        self.assertEqual(self.at(db, state, NOW + DAY, "--blocked"), [])
        with self.change(db) as con:
            con.execute("UPDATE delegation SET state = 0, gate = 0")
            con.execute("INSERT INTO delegation_history (time, zone, name, from_state, to_state, gate, text, evidence) VALUES (?, 'test.', 'differs.test.', 2, 0, 0, '', '')", (NOW + DAY,))
        self.assertEqual([(line["kind"], line["needs_human"]) for line in self.at(db, state, NOW + DAY, "--blocked")], [("delegation", False)])

    def test_an_alarm_of_a_delegation_needs_a_human_at_once(self):
        db = self.make("alarm", "delegations")
        with self.change(db) as con:
            for gate in "FAILS", "LOAD_REVERTS", "BOGUS", "NONE":
                con.execute("INSERT INTO delegation_history (time, zone, name, from_state, to_state, gate, text, evidence) VALUES (?, 'test.', 'rest.test.', 1, 2, ?, '', '')",
                            (NOW, DELEGATION_GATES[gate]))
        with Followed("--state", self.place(delegations=3), db=db) as f:
            self.assertEqual([(line["needs_human"], line["who_acts"]) for line in f.take(4)],
                             [(True, "child"), (True, "parent"), (False, "child"), (False, "nobody")])


class Programs(FollowCase):
    """--exec."""

    def logger(self, more=""):
        """A program that keeps what it gets, and its path."""
        kept = self.path("kept")
        return self.script(f'#!/bin/sh\ncat >>"{kept}"\n{more}\n'), kept

    def handled(self, state, number):
        wait_for(lambda: self.kept(state)["history"] == number, lambda: self.kept(state))

    def test_the_event_is_its_standard_input(self):
        db = self.rested()
        state = self.path()
        hook, kept = self.logger(more="echo out; echo err >&2")
        with Followed("--exec", hook, "--state", state, db=db) as f:
            self.begun(state)
            for number in range(1, 4):
                self.event(db, gate="HOLD" if number % 2 else "NONE")
            self.handled(state, 3)
            lines = self.lines(kept)
            self.assertEqual([line["id"] for line in lines], [1, 2, 3])
            self.assertEqual([line["needs_human"] for line in lines], [True, False, True])
            self.assertEqual(f.end(), ("out\n" * 3, 0))
            self.assertEqual(f.said(), "err\n" * 3)

    def test_one_at_a_time(self):
        db = self.rested()
        for _ in range(5):
            self.event(db)
        running = self.path("running")
        hook = self.script(f'#!/bin/sh\nset -e\nmkdir "{running}"\ncat >/dev/null\nrmdir "{running}"\n')
        state = self.place()
        with Followed("--exec", hook, "--state", state, db=db) as f:
            self.handled(state, 5)
            self.assertEqual((f.end(), f.said()), (("", 0), ""))

    def test_it_gets_no_other_descriptor_and_no_signal_is_blocked(self):
        # Python itself ignores SIGPIPE and SIGXFSZ, and glibc 2.36 (Debian 12) leaves its own two signals ignored.
        db = self.rested()
        self.event(db)
        hook = self.script("#!/usr/bin/env python3\nimport os\nopen_ = [fd for fd in range(200) if os.path.lexists(f'/proc/self/fd/{fd}')]\n"
                           "words = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
                           "print(open_, int(words['SigBlk'], 16), int(words['SigIgn'], 16) & ~(1 << 12 | 1 << 24 | 3 << 31), os.getpgrp() == os.getpid())\n")
        state = self.place()
        with Followed("--exec", hook, "--state", state, db=db) as f:
            self.handled(state, 1)
            self.assertEqual(f.end(), ("[0, 1, 2] 0 0 True\n", 0))

    def test_a_program_that_does_not_read_is_no_problem(self):
        db = self.rested()
        self.many(db, 50)
        state = self.place()
        with Followed("--exec", "/bin/true", "--state", state, db=db) as f:
            self.handled(state, 50)
            self.assertEqual((f.end(), f.said()), (("", 0), ""))

    def test_failures_are_said_once_until_it_succeeds(self):
        for text, mode, words in (("#!/bin/sh\nexit 3\n", 0o755, "has ended with exit code 3"), ("#!/bin/sh\nkill -KILL $$\n", 0o755, "was ended by signal 9"),
                                  (None, 0, "cannot be run: No such file or directory"), ("#!/bin/sh\n", 0o644, "cannot be run: Permission denied"),
                                  ("echo\n", 0o755, "cannot be run: Exec format error"), ("#!/nonexistent\n", 0o755, "cannot be run: No such file or directory")):
            db = self.rested()
            state = self.place()
            hook = self.script(text or "")
            os.chmod(hook, mode)
            if text is None:
                os.remove(hook)
            with self.subTest(words), Followed("--exec", hook, "--state", state, db=db) as f:
                for _ in range(3):
                    self.event(db)
                self.handled(state, 3)
                once = f"kskroll: {hook} {words}; until it succeeds, events are passed over, and this is not said again\n"
                self.assertEqual(f.said(), once)
                good = self.script("#!/bin/sh\n")
                os.rename(good, hook)
                self.event(db)
                self.handled(state, 4)
                again = f"kskroll: {hook} succeeds again; 3 events were passed over\n"
                self.assertEqual(f.said(), once + again)
                os.remove(hook)
                self.event(db)
                self.handled(state, 5)
                self.assertEqual(f.end(), ("", 0))
                self.assertEqual(f.said().count("\n"), 4)
                self.assertTrue(f.said().endswith(f"kskroll: {hook} has not succeeded since; 1 event was passed over\n"), f.said())

    def test_one_that_hangs_is_killed_with_all_that_it_has_started(self):
        db = self.rested()
        self.event(db)
        self.event(db)
        child, state = self.path("child"), self.place()
        hook = self.script(f'#!/bin/sh\n[ ! -e "{child}" ] || exit 0\nsleep 1000 &\necho $! >"{child}.new"\nmv "{child}.new" "{child}"\ntrap "" TERM\nwait\n')
        with Followed("--exec", hook, "--state", state, db=db, minute=1000) as f:
            self.handled(state, 2)
            self.assertIn(f"kskroll: {hook} was killed after 1 s; until it succeeds", f.said())
            self.assertIn("succeeds again; 1 event was passed over", f.said())
            with open(child, encoding="ascii") as file:
                number = int(file.read())
            wait_for(lambda: self.is_dead(number), f.said)
            self.assertEqual(f.end(), ("", 0))

    @staticmethod
    def is_dead(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                return f.read().rpartition(")")[2].split()[0] in "ZX"
        except FileNotFoundError:
            return True

    def test_exit_code_75_gets_the_same_event_again(self):
        db = self.rested()
        state = self.place()
        hook, kept = self.logger(more='date +%s%N >>"$0.times"; [ -e "$0.go" ] || exit 75')
        self.event(db)
        self.event(db)
        with Followed("--exec", hook, "--state", state, db=db, minute=300) as f:
            wait_for(lambda: len(self.lines(kept)) >= 3, f.said)
            self.assertEqual({line["id"] for line in self.lines(kept)}, {1})
            self.assertEqual(self.kept(state)["history"], 0)
            self.assertEqual(f.said(), f"kskroll: {hook} has ended with exit code 75; until it succeeds, it gets this event again each minute\n")
            with open(f"{hook}.go", "w", encoding="ascii"):
                pass
            self.handled(state, 2)
            self.assertEqual(f.end(), ("", 0))
            ids = [line["id"] for line in self.lines(kept)]
            self.assertEqual(ids, [1] * (len(ids) - 1) + [2])
            with open(f"{hook}.times", encoding="ascii") as file:
                times = [int(line) for line in file][:-1]
            self.assertGreater(min(b - a for a, b in zip(times, times[1:])), 200e6)  # A minute, and not at once.
            self.assertTrue(f.said().endswith(f"\nkskroll: {hook} succeeds again\n"), f.said())

    def test_the_program_has_the_same_store(self):
        db = self.rested()
        self.event(db)
        kept = self.path("kept")
        hook = self.script(f'#!/bin/sh\ncat >/dev/null\necho "$KSKROLL_DB" >>{kept}\n')
        with Followed("--exec", hook, "--state", self.place(), "--db", db, db="/nonexistent.db") as f:
            wait_for(lambda: os.path.exists(kept) and os.stat(kept).st_size, f.said)
            f.end()
        with open(kept, encoding="ascii") as file:
            self.assertEqual(file.read(), f"{db}\n")

    def test_the_end_waits_for_an_event_under_way(self):
        db = self.rested()
        self.event(db)
        self.event(db)
        state = self.place()
        hook, kept = self.logger(more='while [ ! -e "$0.go" ]; do sleep 0.02; done')
        with Followed("--exec", hook, "--state", state, db=db, minute=60000) as f:
            wait_for(lambda: self.lines(kept), f.said)
            f.process.send_signal(signal.SIGTERM)
            with open(f"{hook}.go", "w", encoding="ascii"):
                pass
            self.assertEqual(f.process.wait(40), 0)
            self.assertEqual(f.said(), "")
        self.assertEqual([line["id"] for line in self.lines(kept)], [1])
        self.assertEqual(self.kept(state)["history"], 1)

    def test_the_end_waits_no_longer_than_the_bound(self):
        db = self.rested()
        self.event(db)
        state = self.place()
        hook, kept = self.logger(more="exec sleep 1000")
        with Followed("--exec", hook, "--state", state, db=db, minute=1000) as f:
            wait_for(lambda: self.lines(kept), f.said)
            self.assertEqual(f.end(), ("", 0))
            self.assertIn("was killed after 1 s", f.said())
        self.assertEqual(self.kept(state)["history"], 1)

    def test_what_an_event_tells_is_no_wait(self):
        """The event of a zone comes while a program runs for the wait of another."""
        db = self.rested("z.example.")
        for zone in "rest.example.", "z.example.":
            self.event(db, zone, to="await-ds", gate="DS_STALE", before="signal", at=NOW - 3 * HOUR)
        kept = self.path("kept")
        hook = self.script(f"""#!/usr/bin/env python3
import contextlib, sqlite3, sys
with open({kept!r}, "a") as f:
    f.write(sys.stdin.read())
with contextlib.closing(sqlite3.connect({db!r})) as con, con:
    if con.execute("SELECT count(*) FROM history").fetchone() == (2,):
        con.execute("UPDATE zone SET gate = {GATES['HOLD']} WHERE zone = 'z.example.'")
        con.execute("INSERT INTO history (time, zone, from_state, to_state, gate, evidence) VALUES ({NOW}, 'z.example.', 4, 4, {GATES['HOLD']}, '')")
""")
        state = self.place(history=2)
        with Followed("--exec", hook, "--state", state, "--after", "1h", db=db, minute=10000) as f:
            wait_for(lambda: len(self.kept(state)["needs_human"]) == 2, f.said)
            self.assertEqual((f.end(), f.said()), (("", 0), ""))
        self.assertEqual([(line["kind"], line["zone"], line["id"]) for line in self.lines(kept)],
                         [("waiting", "rest.example.", None), ("zone", "z.example.", 3)])

    def test_a_wait_is_an_event_for_it_as_well(self):
        db = self.rested()
        self.event(db, to="await-ds", gate="DS_STALE", before="signal", at=NOW - 3 * HOUR)
        state = self.place(history=1)
        hook, kept = self.logger(more='[ -e "$0.go" ] || { touch "$0.go"; exit 75; }')
        with Followed("--exec", hook, "--state", state, "--after", "1h", db=db, minute=200) as f:
            wait_for(lambda: self.kept(state)["needs_human"], f.said)
            self.assertEqual(f.end(), ("", 0))
        self.assertEqual([(line["kind"], line["id"]) for line in self.lines(kept)], [("waiting", None)] * 2)


if __name__ == "__main__":
    main()
