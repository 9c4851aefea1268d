# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll calendar: what begins and ends in which week."""

import datetime
import json
import os
import re
import sqlite3
import subprocess
import tempfile

from cli_case import CLI_STORE, CliCase, DAY, KSKROLL, NOW, main

WEEK = 7 * DAY
#: The Monday before NOW.
MONDAY = NOW - (NOW - 4 * DAY) % WEEK
YEAR = ("--ksk-lifetime", "365d")


def unfolded(text):
    """Lines of iCalendar (RFC 5545 3.1)."""
    return text.replace("\r\n ", "").split("\r\n")


class TestCalendar(CliCase):
    def portfolio(self, count):
        path = os.path.join(tempfile.mkdtemp(dir=self.folder.name), "kskroll.db")
        subprocess.run([CLI_STORE, path, str(NOW), "portfolio", str(count)], check=True, timeout=60)
        return path

    def test_every_entry_is_that_of_the_plan(self):
        entries = self.json("calendar", *YEAR)["entries"]
        zones = {zone["zone"]: zone for zone in self.json("status")["zones"]}
        found = {entry["name"]: entry for entry in entries if entry["kind"] == "zone"}
        self.assertGreater(len(found), 10)
        for name, entry in found.items():
            plan = self.json("plan", name, *YEAR)
            self.assertEqual((entry["start"], entry["end"]), (plan["start"], plan["end"]), name)
            self.assertEqual(entry["under_way"], zones[name]["state"] != "idle")
        self.assertEqual(entries, sorted(entries, key=lambda entry: (entry["start"], entry["name"])))

    def test_weeks_are_the_sums_of_entries(self):
        calendar = self.json("calendar", *YEAR)
        self.assertEqual(len(calendar["weeks"]), 53)
        for week in calendar["weeks"]:
            start, end = week["from"], week["from"] + WEEK
            self.assertEqual(datetime.datetime.fromtimestamp(start, datetime.UTC).strftime("%G-W%V %H:%M:%S"), f"{week['week']} 00:00:00")
            self.assertEqual(week["starts"], sum(start <= e["start"] < end and not e["under_way"] for e in calendar["entries"]), week)
            self.assertEqual(week["ends"], sum(e["end"] is not None and start <= e["end"] < end for e in calendar["entries"]), week)
            # At the begin of the week, or of any entry within it.
            moments = [start] + [e["start"] for e in calendar["entries"] if start <= e["start"] < end]
            at_once = max(sum(e["start"] <= at and (e["end"] is None or at < e["end"]) for e in calendar["entries"]) for at in moments)
            self.assertEqual(week["at_once"], at_once, week)
        self.assertEqual(calendar["weeks"][0]["from"], MONDAY)

    def test_what_has_no_date_is_counted(self):
        calendar = self.json("calendar")
        idle = [zone["zone"] for zone in self.json("status")["zones"] if zone["state"] == "idle"]
        self.assertEqual(calendar["undue"] + sum(not entry["under_way"] for entry in calendar["entries"]), len(idle))
        text = self.ok("calendar")
        self.assertIn(f"{calendar['undue']} zones have no date: they roll when you start it", text)
        stuck = sum(entry["end"] is None for entry in calendar["entries"])
        self.assertGreater(stuck, 0)
        self.assertIn(f"{stuck} have no end in sight", text)

    def test_text_has_the_numbers_of_the_weeks(self):
        db = self.portfolio(200)
        weeks = {week["week"]: week for week in self.json("calendar", *YEAR, db=db)["weeks"]}
        text = self.ok("calendar", *YEAR, db=db)
        rows = re.findall(r"^(\d{4}-W\d\d)  (\S+)\s+(\S+)\s+(\S+)\s+(\S+)", text, re.M)
        self.assertEqual({row[0] for row in rows} & {name for name, week in weeks.items() if week["starts"] + week["ends"]},
                         {name for name, week in weeks.items() if week["starts"] + week["ends"]})
        for name, day, *numbers in rows:
            week = weeks[name]
            self.assertEqual([int(number.replace("-", "0")) for number in numbers], [week["starts"], week["ends"], week["at_once"]])
            self.assertEqual(datetime.datetime.fromtimestamp(week["from"], datetime.UTC).strftime("%Y-%m-%d"), day)
        self.assertRegex(text, r"\n\.\.\.       \d+ weeks +-      -    -")
        peak = max(weeks.values(), key=lambda week: week["starts"])
        self.assertIn(f"Most start in week {peak['week']}: {peak['starts']}.", text)
        self.assertIn(f"customer-00001.example., customer-00002.co.uk., customer-00003.com., and {peak['starts'] - 3} more", text)

    def test_what_starts_behind_the_last_week(self):
        db = self.portfolio(20)
        calendar = self.json("calendar", "--weeks", "4", *YEAR, db=db)
        self.assertEqual((len(calendar["weeks"]), calendar["later"]), (4, 19))
        self.assertIn("19 start later: --weeks shows more.", self.ok("calendar", "--weeks", "4", *YEAR, db=db))
        for number in "0", "521", "x", "-1", "4x":
            self.assertIn("--weeks", self.bad(2, "calendar", f"--weeks={number}"))

    def test_names_that_were_given(self):
        db = self.portfolio(20)
        names = ["customer-00003.com.", "customer-00000.com."]
        entries = self.json("calendar", names[0].upper(), names[1], *YEAR, db=db)["entries"]
        self.assertEqual({entry["name"] for entry in entries}, set(names))
        self.assertIn("no zone nobody.example.", self.bad(1, "calendar", "nobody.example", db=db))

    def test_delegations_under_way(self):
        db = self.make("delegations", "delegations")
        entries = {entry["name"]: entry for entry in self.json("calendar", db=db)["entries"] if entry["kind"] == "delegation"}
        rows = self.json("delegations", "--all", db=db)["delegations"]
        self.assertEqual(set(entries), {row["name"] for row in rows if row["state"] != "rest" and not row["gone"]})
        for name, entry in entries.items():
            plan = self.json("plan", name, db=db)["delegation_plan"]
            self.assertEqual(entry["end"], plan["end"], name)

    def test_icalendar(self):
        db = self.portfolio(200)
        text = self.ok_bytes("calendar", "--ics", *YEAR, db=db).decode("ascii")
        for line in text.split("\r\n"):
            self.assertLessEqual(len(line), 75)
            self.assertNotIn("\n", line)
        lines = unfolded(text)
        self.assertEqual((lines[0], lines[-2], lines[-1]), ("BEGIN:VCALENDAR", "END:VCALENDAR", ""))
        self.assertEqual(lines.count("BEGIN:VEVENT"), lines.count("END:VEVENT"))
        uids = [line for line in lines if line.startswith("UID:")]
        self.assertEqual(len(uids), len(set(uids)))
        days = {}
        for entry in self.json("calendar", *YEAR, db=db)["entries"]:
            for what, at in ("start", None if entry["under_way"] else entry["start"]), ("end", entry["end"]):
                if at is not None:
                    day = datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y%m%d")
                    days.setdefault(f"{what}-{day}", []).append(entry["name"])
        self.assertEqual({uid[4:].split(".")[0] for uid in uids}, set(days))
        for event in "\n".join(lines).split("BEGIN:VEVENT\n")[1:]:
            key = re.search(r"UID:(\S+?)\.kskroll@", event)[1]
            names = days[key]
            summary = re.search(r"SUMMARY:(.*)", event)[1]
            self.assertTrue(summary.endswith(names[0]) if len(names) == 1 else summary.startswith(f"{len(names)} KSK rollovers"), (summary, names))
            description = re.search(r"DESCRIPTION:(.*)", event)[1].split("\\n")
            self.assertEqual(len(description), min(len(names), 50) + (len(names) > 50))
            if len(names) > 50:
                self.assertEqual(description[-1], f"and {len(names) - 50} more")
            day = re.search(r"DTSTART;VALUE=DATE:(\d+)", event)[1]
            self.assertEqual(key.split("-")[1], day)

    def test_a_hostile_name_in_icalendar(self):
        db = self.store_of(r"a\;b\\\044c.example.", 13)
        text = "\n".join(unfolded(self.ok_bytes("calendar", "--ics", *YEAR, db=db).decode("ascii")))
        self.assertIn(r"SUMMARY:KSK rollover starts: a\\\;b\\\\\\044c.example.", text)

    def test_many_hostile_names_of_one_day(self):
        db = self.portfolio(200)
        label = r"\;" * 61
        with sqlite3.connect(db) as con:
            zones = [row[0] for row in con.execute("SELECT zone FROM zone")]
            for number, zone in enumerate(zones):
                con.execute("UPDATE zone SET zone = ? WHERE zone = ?", (f"{label}.{label}.{number:05}.", zone))
        text = "\n".join(unfolded(self.ok_bytes("calendar", "--ics", *YEAR, db=db).decode("ascii")))
        day = next(event for event in text.split("BEGIN:VEVENT\n")[1:] if "SUMMARY:190 " in event)
        names = re.search(r"DESCRIPTION:(.*)", day)[1].split(r" UTC\n")
        more = int(re.fullmatch(r"and (\d+) more", names[-1])[1])
        self.assertEqual(len(names) - 1 + more, 190)
        self.assertEqual(names[0].count(r"\\\;"), 122)

    def test_what_ends_before_it_begins_counts_as_nothing(self):
        """Rows of a clock that was ahead, and has been put right."""
        calendar = self.json("calendar", *YEAR, env={"KSKROLL_NOW": str(NOW - 116 * DAY)})
        for week in calendar["weeks"]:
            self.assertTrue(0 <= week["at_once"] <= len(calendar["entries"]), week)

    def test_an_invalid_row_hides_no_other(self):
        db = self.portfolio(20)
        whole = self.json("calendar", *YEAR, db=db)["entries"]
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET state = 99 WHERE zone = ?", (whole[-1]["name"],))
        p = self.call("calendar", *YEAR, "--json", db=db)
        self.assertEqual(p.returncode, 1)
        self.assertIn(whole[-1]["name"], p.stderr)
        self.assertEqual(json.loads(p.stdout)["entries"], whole[:-1])

    def test_a_zone_that_may_never_start_has_no_date(self):
        db = self.portfolio(20)
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET no_start = '01-01..12-31' WHERE zone = 'customer-00001.example.'")
            con.execute("UPDATE zone SET start_window = 'Mon 09:00-10:00 Nowhere/Town' WHERE zone = 'customer-00002.co.uk.'")
        calendar = json.loads(self.call("calendar", *YEAR, "--json", db=db).stdout)
        self.assertEqual(calendar["never"], 2)
        names = {entry["name"] for entry in calendar["entries"]}
        self.assertFalse(names & {"customer-00001.example.", "customer-00002.co.uk."})
        self.assertIn("2 zones may never start, by start-window and no-start: kskroll audit", self.call("calendar", *YEAR, db=db).stdout)
        self.assertEqual(self.ok("calendar", "customer-00001.example", db=db), "1 zone has no date: it rolls when you start it (ksk-lifetime is 0).\n")

    def test_many_settings_of_starts_are_read_once_each(self):
        """In order of names they come by turns."""
        db = self.portfolio(40)
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET start_window = 'Mon 09:00-10:00 ' || CASE rowid % 2 WHEN 0 THEN 'Nowhere/A' ELSE 'Nowhere/B' END")
        self.assertEqual(self.call("calendar", *YEAR, db=db).stderr.count("is not in"), 2)

    def test_an_empty_store(self):
        db = self.store_of("a.example.", 13)
        with sqlite3.connect(db) as con:
            con.execute("DELETE FROM zone")
        self.assertIn("No zones yet.", self.ok("calendar", db=db))
        self.assertEqual(self.json("calendar", db=db)["entries"], [])

    def ok_bytes(self, *args, db):
        """Standard output as it is."""
        with tempfile.NamedTemporaryFile(dir=self.folder.name) as file:
            environ = {"PATH": os.environ["PATH"], "KSKROLL_NOW": str(NOW), "KSKROLL_DB": db}
            environ.update({k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_"))})
            subprocess.run([KSKROLL, *args], stdout=file, check=True, env=environ, timeout=60)
            file.seek(0)
            return file.read()


if __name__ == "__main__":
    main()
