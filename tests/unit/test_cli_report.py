#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of all zones: test_cli_report.py KSKROLL CLI_STORE SOURCE"""

import html.parser
import json
import os
import re
import shlex
import sqlite3
import stat

from cli_case import CliCase, DAY, HOUR, NOW, SOURCE, main

VOID = {"meta", "br", "rect", "path"}
#: Their text stands by itself.
BLOCKS = {"td", "th", "li", "p", "h1", "h2", "h3", "summary", "caption", "br", "ul", "dt", "dd", "small"}
HOST = os.uname().nodename
#: What HTML, CSS or a terminal acts upon.
EVIL = "a\"'><script>alert(1)</script></style><img src=x onerror=y>&amp;\x1b[2J\u202eb"


class Page(html.parser.HTMLParser):
    """A page as a list of elements that is checked while it is read: each is closed, each reference within the page."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.elements, self.data = [], [], []
        self.feed(text)
        self.close()
        assert not self.stack, self.stack
        self.text = self.words(self.all("html")[0])
        ids = [e["id"] for e in self.elements if "id" in e]
        assert len(ids) == len(set(ids)), ids
        for e in self.elements:
            for name in "href", "aria-labelledby":
                assert name not in e or e[name].lstrip("#") in ids, e

    def handle_starttag(self, tag, attrs):
        if tag in BLOCKS:
            self.data.append(" ")
        element = {**dict(attrs), "tag": tag, "begin": len(self.data)}
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append({**dict(attrs), "tag": tag})

    def handle_endtag(self, tag):
        element = self.stack.pop()
        assert element["tag"] == tag, (tag, element)
        element["end"] = len(self.data)
        if tag in BLOCKS:
            self.data.append(" ")

    def handle_data(self, data):
        self.data.append(data)

    def words(self, element):
        return " ".join("".join(self.data[element["begin"]:element["end"]]).split())

    def all(self, tag, **attrs):
        return [e for e in self.elements if e["tag"] == tag and all(e.get(k) == v for k, v in attrs.items())]

    def texts(self, tag):
        return [self.words(e) for e in self.all(tag)]

    def section(self, name):
        return self.words(self.all("section", id=name)[0])


class Report(CliCase):
    def page(self, *args, **more):
        text = self.ok("report", *args, **more)
        self.assertTrue(text.isascii())
        page = Page(text)
        # Nothing is run, nothing is fetched.
        self.assertEqual({e["tag"] for e in page.elements} & {"script", "link", "iframe", "img", "object", "form", "base"}, set())
        self.assertEqual({k for e in page.elements for k in e if k.startswith("on") or k in ("src", "srcset", "action")}, set())
        self.assertEqual([e for e in page.all("a") if not e["href"].startswith("#")], [])
        self.assertEqual(len(page.all("style")), 1)
        self.assertNotRegex(page.texts("style")[0], "@import|url\\(|http")
        return page

    def file(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def dump(self, name, db=None, **members):
        """A report in a file, with members replaced."""
        value = json.loads(self.ok("report", "--json", db=db))
        value.update(members)
        return self.file(name, json.dumps(value))

    # The JSON.

    def test_json_has_the_zones_of_status(self):
        report = self.json("report")
        zones = {z["zone"]: z for z in self.json("status")["zones"]}
        self.assertEqual(report["host"], HOST)
        self.assertEqual([z["zone"] for z in report["zones"]], list(zones))
        for z in report["zones"]:
            for member in set(z) - {"parent_via", "notified", "timeline", "ds_after"}:
                self.assertEqual(z[member], zones[z["zone"]][member])
            self.assertEqual(bool(z["timeline"]), z["state"] != "idle")
        self.assertEqual(report["audit"]["findings"], self.json("audit", code=2)["findings"])
        bravo = next(z for z in report["zones"] if z["zone"] == "bravo.example.")
        self.assertEqual((bravo["parent_via"], bravo["notified"]), ("cds", "acknowledged"))

    def test_a_time_line_is_what_was_and_what_is_expected(self):
        report = self.json("report")
        line = next(z for z in report["zones"] if z["zone"] == "bravo.example.")["timeline"]
        self.assertEqual([p["state"] for p in line][:4], ["introduce", "signal", "await-ds", "withdraw"])
        self.assertEqual([p["from"] for p in line][:3], [NOW - 6 * HOUR, NOW - 4 * HOUR, NOW - 3 * HOUR])
        for before, after in zip(line, line[1:]):
            self.assertLessEqual(before["to"], after["from"])
        steps = [s for s in self.json("plan", "bravo.example")["steps"] if s["state"] != "idle"]
        self.assertEqual([(p["state"], p["to"]) for p in line[2:]], [(s["state"], s["to"]) for s in steps])

    def test_the_history_says_how_long_the_parent_takes(self):
        report = self.json("report", db=self.make("history", "portfolio", "40"))
        by = {z["zone"]: z for z in report["zones"]}
        self.assertEqual(by["customer-00001.example."]["ds_after"], [4 * HOUR])
        self.assertEqual(by["customer-00002.co.uk."]["ds_after"], [9 * HOUR])
        self.assertEqual(by["customer-00002.co.uk."]["parent_via"], "manual")
        self.assertEqual(len(report["months"]), 13)
        self.assertEqual((report["months"][0]["month"], report["months"][-1]["month"]), ("2026-01", "2027-01"))
        # Of 40 zones 38 are idle after a rollover, one waits for DS and one has just begun.
        self.assertEqual(sum(m["finished"] for m in report["months"]), 38)
        self.assertEqual(sum(m["started"] for m in report["months"]), 40)
        self.assertEqual(sum(m["rolled_back"] for m in report["months"]), 0)

    def test_history_of_more_than_a_year_is_left_out(self):
        db = self.make("old", "portfolio", "3")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE history SET time = time - ?", (500 * DAY,))
        report = self.json("report", db=db)
        self.assertEqual([z["ds_after"] for z in report["zones"]], [[], [], []])
        self.assertEqual(sum(m["started"] for m in report["months"]), 0)

    # The page.

    def test_what_needs_a_human_is_first_with_server_and_command(self):
        page = self.page()
        text = page.section("blocked")
        self.assertEqual(page.all("section")[0]["id"], "blocked")
        headings = page.texts("h3")
        self.assertEqual(headings[0], "Does not validate, or may not soon: chain-broken at p1.example. 192.0.2.11@53")
        blocked = [z for z in self.json("status")["zones"] if z["blocked"]]
        self.assertEqual(len(blocked), 7)
        self.assertIn("7 need a human.", page.text)
        for z in blocked:
            self.assertIn(f"{z['zone']} ({z['state']}), waits since ", text)
            for command in z["commands"]:
                self.assertIn(f"{command['command']} {command['comment']}", text)
            if not z["overdue"]:
                self.assertIn(z["gate"]["meaning"], text)
                self.assertIn(z["gate"]["advice"], text)
        self.assertNotIn("alpha.example.", text)
        self.assertIn("overdue", headings)
        self.assertNotIn("waiting-settle", headings)
        self.assertIn("No zone and no delegation needs a human.", self.page(db=self.store_of("fine.test.", 13)).section("blocked"))

    def test_one_cause_is_said_once_for_all_its_zones(self):
        page = self.page(db=self.make("cause", "portfolio", "60", "blocked"))
        self.assertEqual(page.texts("h3"), ["ds-stale-at a.nic.example. 192.0.2.11@53"])
        text = page.section("blocked")
        self.assertEqual(text.count("customer-"), 60 + 2 * 20 + 20)  # With a question, a DS and status each, for 20.
        self.assertIn("60 zones", text)
        self.assertNotIn("open", page.all("details")[0])

    def test_everything_that_rolls_has_a_time_line_with_words(self):
        page = self.page()
        lines = page.all("svg", role="img")
        rolling = [z for z in self.json("status")["zones"] if z["state"] != "idle"]
        self.assertEqual(len(lines), len(rolling))
        self.assertTrue(any(e["aria-label"].startswith("introduce from 2027-01-15 02:00 to 2027-01-15 04:00; signal from 2027-01-15 04:00 to "
                                                       "2027-01-15 05:00; now: await-ds from 2027-01-15 05:00 to ") for e in lines))
        self.assertTrue(all("expected: " in e["aria-label"] or "now: " in e["aria-label"] for e in lines))
        text = page.section("rolling")
        for z in rolling:
            self.assertIn(z["zone"] + " " + z["state"], text)
        # Solid up to the line of now, pale behind it.
        places = [int(re.fullmatch(r"M(\d+) 0V20", e["d"]).group(1)) for e in page.all("path")]
        self.assertEqual(len(set(places)), 1)
        bars = [e for e in page.all("rect") if "x" in e]
        self.assertGreater(len(bars), 2 * len(rolling))
        for bar in bars:
            left, right = int(bar["x"]), int(bar["x"]) + int(bar["width"])
            if "next" in bar["class"]:
                self.assertGreaterEqual(left, places[0])
            else:
                self.assertLessEqual(right, places[0] + 4)
        self.assertEqual(text.count("needs a human"), len([z for z in rolling if z["blocked"]]) + 1)

    def test_parents_are_side_by_side(self):
        text = self.page(db=self.make("sides", "portfolio", "300")).section("parents")
        self.assertIn("co.uk. 100 5 1, the first one since 2027-01-12 08:00 manual 100 - 9 h 0 min 3.0 days", text)
        self.assertIn("com. 100 5", text)
        text = self.page().section("parents")
        self.assertIn("example. 1 1 1, the first one since 2027-01-15 05:00 cds 1 acknowledged 1 - - 0", text)
        self.assertIn("not known yet 12", text)

    def test_delegations_and_audit(self):
        db = self.make("delegated", "delegations")
        page = self.page(db=db)
        said = self.json("delegations", db=db)
        for one in said["delegations"]:
            self.assertIn(one["name"], page.section("delegations"))
            self.assertEqual(one["blocked"], f"kskroll delegation {one['name']}" in page.section("blocked"), one["name"])
        self.assertIn("Parent zone org. The DS of no child is changed: the zone cannot be read", page.section("blocked"))
        self.assertEqual(said["blocked"], int(re.search(r"(\d+) need a human", page.text).group(1)))
        page = self.page(db=self.audited)
        for f in self.json("audit", db=self.audited, code=2)["findings"]:
            self.assertIn(f["meaning"], page.section("audit"))
            self.assertIn(f"{f['zone']} {f['about'] or '-'} {f['detail'] or '-'}", page.section("audit"))

    def test_the_page_is_for_everybody(self):
        """Headings in order, tables with captions and scopes, what scrolls can be reached by keyboard."""
        for page in self.page(db=self.make("all", "portfolio", "50")), self.page(db=self.make("all-parents", "delegations")):
            self.assertEqual(page.all("html")[0]["lang"], "en")
            self.assertTrue(page.texts("title")[0].startswith("KSK rollovers of "))
            levels = [int(e["tag"][1]) for e in page.elements if re.fullmatch(r"h\d", e["tag"])]
            self.assertEqual(levels.count(1), 1)
            for before, after in zip(levels, levels[1:]):
                self.assertLessEqual(after, before + 1)
            tables = page.all("table")
            self.assertEqual(len(tables), len(page.all("caption")))
            self.assertTrue(all(e["scope"] in ("col", "row") for e in page.all("th")))
            self.assertEqual(len(page.all("div", tabindex="0", role="region")), len(tables))
            self.assertTrue(all(e.get("aria-label") for e in page.all("div", role="region")))
            self.assertTrue(all("aria-label" in e or e.get("aria-hidden") == "true" for e in page.all("svg")))
            self.assertTrue(page.all("main") and page.all("nav") and page.all("header"))
            style = page.texts("style")[0]
            self.assertIn("prefers-color-scheme:dark", style)
            self.assertIn("@media print", style)
            for name in {name for e in page.elements for name in e.get("class", "").split()} - {"s0"}:
                self.assertIn(f".{name}", style)

    def test_ten_thousand_zones_are_a_page_that_stays_small(self):
        for what, least, most in ((), 1000000, 3000000), (("blocked",), 1000000, 5000000):
            db = self.make("-".join(("many", *what)), "portfolio", "10000", *what)
            text = self.ok("report", db=db)
            self.assertTrue(least < len(text) < most, (what, len(text)))
            page = Page(text)
            self.assertIn("10000 zones of 1 server", page.text)
            self.assertIn("customer-09999.com.", page.section("zones"))
            for name in "rolling", "zones":
                section = page.all("section", id=name)[0]
                folds = [e for e in page.all("details") if section["begin"] <= e["begin"] < section["end"] and e["end"] - e["begin"] > 2000]
                self.assertTrue(folds)
                self.assertTrue(all("open" not in e for e in folds), name)

    def test_long_lists_end_with_a_sentence(self):
        """Names of the largest size: the page has its bound whatever they are."""
        zones = json.loads(self.ok("report", "--json"))["zones"]
        zone = next(z for z in zones if z["zone"] == "charlie.example.")
        many = [{**zone, "zone": f"{i}." + "x" * 240, "gate": {**zone["gate"], "about": f"ns{i}." + "y" * 200}} for i in range(20000)]
        text = self.ok("report", self.dump("long.json", zones=many))
        self.assertLess(len(text), 5000000)
        page = Page(text)
        for name in "blocked", "rolling", "zones":
            self.assertRegex(page.section(name), r"\d+ more are left out of this page: kskroll status")
        self.assertIn("20000 need a human", page.text)

    # Files.

    def test_files_of_two_servers_are_one_page(self):
        one = self.dump("one.json", host="ns1.example.net")
        db = self.make("second", "portfolio", "300")
        two = self.dump("two.json", db=db, host="ns2.example.net", daemon_running=False)
        page = self.page(one, two)
        self.assertIn("313 zones of 2 servers", page.text)
        self.assertEqual(page.texts("title")[0], "KSK rollovers")
        self.assertIn("zulu.example. on ns1.example.net (idle)", page.section("blocked"))
        self.assertIn("customer-00000.com. on ns2.example.net (await-ds)", page.section("blocked"))
        self.assertTrue(page.section("blocked").startswith("What needs a human ns2.example.net: kskrolld does not run"))
        self.assertIn("alpha.example. ns1.example.net idle", page.section("zones"))
        self.assertIn("example. 101 6", page.section("parents"))
        self.assertRegex(page.section("trends"), r"2026-10 29 29 0")
        self.assertRegex(page.section("servers"), r"ns2.example.net 2027-01-15 08:00 0 s ago 300 15 2 does not run 0")
        # The page of one file is that of its store.
        self.assertEqual(self.ok("report", self.file("same.json", self.ok("report", "--json"))), self.ok("report"))

    def test_servers_of_one_name_are_told_apart_by_their_files(self):
        text = self.page(self.dump("x.json"), self.dump("y.json", db=self.audited)).text
        self.assertIn(f"{HOST} (x.json)", text)
        self.assertIn(f"{HOST} (y.json)", text)

    def test_servers_without_a_name_or_with_files_of_one_name_have_their_paths(self):
        one, two = (self.dump(name, host="") for name in ("a.json", "b.json"))
        text = self.page(one, two, self.dump("c.json", host="ns3")).section("servers")
        self.assertRegex(text, "a.json 2027.* b.json 2027.* ns3 2027")
        self.assertNotIn("this server", text)
        paths = []
        for folder in "x", "y":
            os.makedirs(os.path.join(self.folder.name, folder))
            paths.append(self.dump(f"{folder}/report.json"))
        text = self.page(*paths).section("servers")
        for path in paths:
            self.assertIn(f"{HOST} ({path}) 2027", text)

    def zones(self, states, **members):
        """Zones of a report: those with these names, as they are in the store but for these members."""
        return [{**z, **members} for z in json.loads(self.ok("report", "--json"))["zones"] if z["zone"] in states]

    def test_a_zone_on_two_servers_is_one_zone_and_named(self):
        both = self.zones(["alpha.example.", "zulu.example."], overdue=False)
        page = self.page(self.dump("one.json", host="ns1", zones=both), self.dump("two.json", host="ns2", zones=both[:1]))
        self.assertIn(" 2 zones of 2 servers", page.text)
        self.assertIn("Zones on several servers", page.section("blocked"))
        self.assertRegex(page.section("blocked"), "2 rows alpha.example. on ns1 alpha.example. on ns2$")
        # Not where each zone has one server.
        page = self.page(self.dump("one.json", host="ns1", zones=both[1:]), self.dump("two.json", host="ns2", zones=both[:1]))
        self.assertNotIn("several servers", page.text)
        # A server may be named once only.
        self.assertNotIn("several servers", self.page(self.dump("one.json", host="ns1", zones=both)).text)

    def test_a_zone_that_has_moved_counts_at_its_new_server(self):
        new = self.zones(["bravo.example.", "charlie.example."], overdue=False, checked=NOW - HOUR, blocked=False)
        old = self.zones(["bravo.example.", "charlie.example.", "alpha.example."], overdue=True, checked=NOW - 5 * HOUR, blocked=True)
        gone = {"zones": old, "parents": [], "delegations": [], "audit": {}}
        for former in {"host": "ns1"}, {"host": "ns1", "daemon_running": False}, {"host": "ns1", "time": NOW - 2 * HOUR}:
            with self.subTest(former):
                page = self.page(self.dump("one.json", **{**gone, **former}), self.dump("two.json", host="ns2", **{**gone, "zones": new}))
                self.assertIn(" 3 zones of 2 servers", page.text)
                # What needs a human is the zone alone that nobody has taken over.
                self.assertIn("1 needs a human", page.text)
                self.assertIn("alpha.example. on ns1", page.section("blocked"))
                self.assertNotIn("bravo.example. on ns1", page.text)
                self.assertNotIn("several servers", page.text)
                self.assertIn("bravo.example. ns2 ", page.section("zones"))
                self.assertNotIn("bravo.example. ns1 ", page.section("zones"))
                self.assertRegex(page.section("servers"), r"ns1 .* 1 \d 1 (runs|not known|does not run) 2 ns2 .* 2 2 0 (runs|not known|does not run) 0$")
        # A row that was checked later than the one that is current is no former one.
        later = [{**z, "checked": NOW} for z in old[:2]]
        page = self.page(self.dump("one.json", host="ns1", **{**gone, "zones": later}), self.dump("two.json", host="ns2", **{**gone, "zones": new}))
        self.assertIn("bravo.example. on ns1", page.section("blocked"))
        self.assertIn(" 3 zones of 2 servers", page.text)

    def test_a_parent_zone_with_two_agents_is_named(self):
        db = self.make("parents", "delegations")
        one, two = (self.dump(f"{host}.json", db=db, host=host) for host in ("ns1", "ns2"))
        parents = [p["zone"] for p in json.loads(self.ok("report", "--json", db=db))["parents"] if p["mode"] == "update"]
        self.assertTrue(parents)
        text = self.page(one, two).section("blocked")
        for parent in parents:
            self.assertIn(f"{parent} on ns1 {parent} on ns2", text)
        reports = [{**p, "mode": "report"} for p in json.loads(self.ok("report", "--json", db=db))["parents"]]
        self.assertNotIn("on several servers", self.page(one, self.dump("two.json", db=db, host="ns2", parents=reports)).section("blocked"))

    def test_an_old_report_is_said_to_be_old(self):
        text = self.page(self.dump("old.json", time=NOW - 3 * HOUR)).section("blocked")
        self.assertTrue(text.startswith(f"What needs a human {HOST}: the report is 3 h 0 min old"), text[:200])
        self.assertNotIn("old", self.page(self.dump("new.json", time=NOW - HOUR)).section("blocked")[:100])

    def test_a_bad_file_is_named_with_its_line_and_what_to_do(self):
        good = json.dumps(json.loads(self.ok("report", "--json")), indent=1)
        lines = good.split("\n")
        at = next(i for i, line in enumerate(lines) if '"state": ' in line)
        wrong = [*lines[:at], lines[at].replace('":', '"', 1), *lines[at + 1:]]
        cases = [("empty", "", "line 1, character 1: the file ends too early"),
                 ("cut", good[:2000], r"line \d\d, character \d+: the file ends too early"),
                 ("wrong", "\n".join(wrong), f"line {at + 1}, character {wrong[at].index(' ', 5) + 2}: this is no valid JSON"),
                 ("html", "<html>", "line 1, character 1: this is no valid JSON"),
                 ("behind", good + "\nx", rf"line {len(lines) + 1}, character 1: this is no valid JSON"),
                 ("zero", good[:400] + "\0" + good[400:], r"line \d+, character \d+: a zero byte"),
                 ("array", "[]", "line 1, character 1: this is JSON, but not that of 'kskroll report --json'"),
                 ("status", self.ok("status", "--json"), "line 1, character 1: this is JSON, but not"),
                 ("deep", "[" * 100 + "]" * 100, "line 1, character 33: this is no valid JSON"),
                 ("newer", good.replace('"schema": 2', '"schema": 3'), "line 2, character 12: another version of kskroll has written this; use the same")]
        fine = self.dump("fine.json")
        for name, text, expected in cases:
            with self.subTest(name):
                path = self.file(name, text)
                out = os.path.join(self.folder.name, "page.html")
                error = self.bad(1, "report", fine, path, "--output", out)
                self.assertRegex(error, f"^kskroll: {re.escape(path)}: {expected}")
                if name != "newer":
                    self.assertIn("; make it again with 'kskroll report --json > FILE' on its server", error)
                self.assertFalse(os.path.exists(out))
        self.assertIn("/nonexistent cannot be read: No such file", self.bad(1, "report", "/nonexistent"))
        self.assertIn("/ cannot be read: Is a directory", self.bad(1, "report", "/"))

    def test_a_report_of_the_future_is_said_to_be_one(self):
        for ahead, said in ((600, "10 min"), (400 * DAY, "400 d 0 h")):
            page = self.page(self.dump("ahead.json", time=NOW + ahead))
            self.assertTrue(page.section("blocked").startswith(f"What needs a human {HOST}: the report is of a time {said} from now "
                                                               "The clock of that server is wrong, or the one here."), page.section("blocked")[:200])
        self.assertNotIn("from now", self.page(self.dump("close.json", time=NOW + 200)).text)
        # All else of it lies in the future as well.
        zones = json.loads(self.ok("report", "--json"))["zones"]
        for zone in zones:
            zone["gate"]["since"] = zone["since"] = zone["checked"] = NOW + 9 * DAY
        text = self.page(self.dump("far.json", time=NOW + 9 * DAY, zones=zones)).section("blocked")
        self.assertNotRegex(text, r"-\d+ (s|min|h|d)\b")

    def test_commands_of_a_zone_are_folded_and_bounded(self):
        zones = json.loads(self.ok("report", "--json"))["zones"]
        zone = next(z for z in zones if z["zone"] == "charlie.example.")
        for count in 11, 20000:
            commands = [{"command": f"kdig number-{i} " + "x" * 400, "comment": "y" * 400} for i in range(count)]
            text = self.ok("report", self.dump("commands.json", zones=[{**zone, "commands": commands}]))
            self.assertLess(len(text), 100000)
            page = Page(text)
            said = page.section("blocked")
            fold, = [e for e in page.all("details") if "more command" in page.words(e) and "open" not in e and "zone" not in page.words(e)[:12]]
            self.assertTrue(page.words(fold).startswith(f"{count - 10} more command"))
            self.assertNotIn("number-9 ", page.words(fold))
            self.assertIn("number-10 ", page.words(fold))
            self.assertIn("number-9 ", said)
            self.assertEqual("and others" in said, count == 20000)
            self.assertIn(f"kskroll status {zone['zone']}", said)

    def test_a_phase_in_every_second_is_a_bounded_time_line(self):
        zones = json.loads(self.ok("report", "--json"))["zones"]
        zone = next(z for z in zones if z["zone"] == "charlie.example.")
        many = [{"state": "signal", "from": NOW - i, "to": NOW - i + 1} for i in range(20000, 0, -1)]
        text = self.ok("report", self.dump("phases.json", zones=[{**zone, "timeline": many, "ds_after": [3600] * 20000}]))
        self.assertLess(len(text), 60000)

    # What cannot be read.

    def test_an_invalid_row_is_named_and_hides_no_other(self):
        db = self.make("invalid")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET state = 99 WHERE zone = 'charlie.example.'")
        named = "zone charlie.example.: column state is invalid: '99'"
        before = {z["zone"] for z in self.json("report")["zones"]}
        path = os.path.join(self.folder.name, "invalid.html")
        self.assertIn(named, self.bad(1, "report", "--output", path, db=db))
        with open(path, encoding="ascii") as file:
            page = Page(file.read())
        self.assertTrue(page.section("blocked").startswith(f"What needs a human {HOST}: not all of the store can be read"))
        self.assertIn(named, page.section("blocked"))
        self.assertIn("7 need a human.", page.text)  # One of seven is the invalid row now.
        self.assertIn("zulu.example.", page.section("zones"))
        p = self.call("report", "--json", db=db)
        value = json.loads(p.stdout)
        self.assertEqual((p.returncode, [named in error for error in value["errors"]]), (1, [True]))
        self.assertEqual({z["zone"] for z in value["zones"]}, before - {"charlie.example."})
        # Another host has no error of its own, and its page says what the file says.
        page = self.page(self.file("invalid.json", p.stdout), self.dump("valid.json", host="other"))
        self.assertIn(named, page.section("blocked"))
        for args in ["status", "--blocked"], ["status"], ["audit"]:
            p = self.call(*args, db=db)
            self.assertIn(named, p.stderr)
            self.assertIn("zulu.example.", p.stdout)

    def test_many_invalid_rows_are_one_sentence(self):
        db = self.make("rotten", "portfolio", "300")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET state = 99 WHERE zone LIKE '%.com.'")
        error = self.bad(1, "report", "--output", "/dev/null", db=db)
        self.assertIn("zone customer-00000.com.: column state is invalid: '99'; 99 more rows are invalid", error)

    def test_an_invalid_delegation_or_event_is_named_and_hides_no_other(self):
        db = self.make("both", "delegations")
        whole = self.json("report", db=db)
        self.assertEqual(whole["errors"], [])
        with sqlite3.connect(db) as con:
            con.execute("UPDATE delegation SET put = '1/2' WHERE name = 'rest.test.'")
            con.execute("UPDATE parent SET mode = 77 WHERE zone = 'org.'")
        p = self.call("report", "--json", db=db)
        value = json.loads(p.stdout)
        self.assertEqual(p.returncode, 1)
        self.assertEqual(sorted(error.partition(".db: ")[2] for error in value["errors"]),
                         ["delegation rest.test.: column put is invalid: '1/2'", "parent org.: column mode is invalid: '77'"])
        self.assertEqual([one["name"] for one in value["delegations"]], [one["name"] for one in whole["delegations"] if one["name"] != "rest.test."])
        db = self.make("past", "portfolio", "40")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE history SET gate = 9999 WHERE id = (SELECT min(id) FROM history WHERE from_state != to_state)")
        p = self.call("report", db=db)
        self.assertEqual(p.returncode, 1)
        self.assertIn("an event of the history is invalid", p.stderr)
        self.assertIn("40 zones of 1 server", Page(p.stdout).text)

    def test_a_store_that_cannot_be_read_keeps_the_former_page(self):
        db = self.make("broken", "portfolio", "300")
        path = os.path.join(self.folder.name, "kept.html")
        self.ok("report", "--output", path, db=db)
        with open(path, "rb") as file:
            before = file.read()
        with open(db, "r+b") as file:
            size = os.path.getsize(db)
            file.seek(size // 2)
            file.write(b"\xff" * (size - size // 2))
        p = self.call("report", "--output", path, db=db)
        self.assertEqual(p.returncode, 1)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)

    # Names.

    def test_a_name_in_a_command_is_one_word_of_a_shell(self):
        for name in r"quo\"te\032x.example.", "a'b.example.", "x; reboot #.example.", "$(reboot).example.", "0/26.2.test.", "-x.example.", "":
            zones = json.loads(self.ok("report", "--json"))["zones"]
            zone = next(z for z in zones if z["zone"] == "charlie.example.")
            text = self.ok("report", self.dump("name.json", zones=[{**zone, "zone": name, "commands": []}]))
            command, = re.findall(r"kskroll status [^\n]*?(?= shows all of it)", Page(text).section("blocked"))
            self.assertEqual(shlex.split(command), ["kskroll", "status", name])
        # The command line itself does the same.
        db = self.store_of(r"quo\"te\032'x.example.", 13)
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET gate = 3, gate_since = ?", (NOW - HOUR,))
        zone, = self.json("report", db=db)["zones"]
        commands = [shlex.split(one["command"]) for one in zone["commands"]]
        self.assertEqual(commands[1][1:3], ["conf-unset", f"zone[{zone['zone']}].module"])

    def test_a_registry_is_asked_by_epp(self):
        """It answers no DNS, so kdig is of no use there."""
        db = self.store_of("epp.example.", 13)
        with open(os.path.join(SOURCE, "include/kskroll/names.h"), encoding="ascii") as file:
            gates = re.findall(r"^\t(GATE_\w+)", file.read(), re.M)
        for gate in "GATE_NOT_INFORMED", "GATE_DS_TTL_NOT_SET":
            for target, command in (("account my-registry", "kskroll epp check my-registry --domain epp.example."),
                                    ("com.", "kskroll epp check --domain epp.example.")):
                self.altered(db, gate=gates.index(gate), gate_about="192.0.2.9@700", gate_since=NOW - HOUR, notify=4,
                             notification=json.dumps({"status": "epp-locked", "target": target}))
                commands = [one["command"] for one in self.json("report", db=db)["zones"][0]["commands"]]
                self.assertEqual(commands[0], command)
                self.assertFalse([one for one in commands if one.startswith("kdig")], commands)

    def test_members_that_are_missing_or_wrong_are_left_out(self):
        base = json.loads(self.ok("report", "--json", db=self.make("shapes", "delegations")))
        base["zones"] = json.loads(self.ok("report", "--json"))["zones"]
        full = lambda: json.loads(json.dumps(base))
        wrong = [None, [], {}, "", "x" * 3000, -1, 10**30, 1.5, True, [[]], [None], {"a": {}}]

        def spoil(value, number):
            """Each member in turn, everywhere, becomes another kind of value."""
            for key in list(value):
                if isinstance(value[key], dict):
                    spoil(value[key], number)
                elif isinstance(value[key], list):
                    for one in value[key]:
                        if isinstance(one, dict):
                            spoil(one, number)
                    if number % 3 == 0:
                        value[key] = wrong[number % len(wrong)]
                else:
                    value[key] = wrong[number % len(wrong)]
                number += 1
        for number in range(len(wrong)):
            value = full()
            spoil(value, number)
            value.update(schema=2, host=value["host"] if number % 2 else wrong[number % len(wrong)])
            value["zones"] = value["zones"] if isinstance(value["zones"], list) else []
            self.page(self.file("spoilt.json", json.dumps(value)))
            value = full()
            key = list(base)[number % len(base)]
            value[key] = wrong[number - 1]
            self.assertIn(self.call("report", self.file("spoilt.json", json.dumps(value))).returncode, (0, 1))

    def test_nothing_in_a_file_or_a_store_becomes_markup(self):
        db = self.make("evil", "delegations")
        self.make("evil")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET gate_about = ?1, gate_detail = ?1, parent_zone = ?1, zone = zone || ?1", (EVIL,))
            con.execute("UPDATE delegation SET gate_about = ?1, gate_detail = ?1", (EVIL,))
            con.execute("UPDATE parent SET trouble = ?1, load_reason = ?1", (EVIL,))
        value = json.loads(self.ok("report", "--json"))

        def poison(value):
            return [poison(v) for v in value] if isinstance(value, list) else \
                {k: poison(v) for k, v in value.items()} if isinstance(value, dict) else \
                value + EVIL if isinstance(value, str) else value
        for page in self.page(db=db), self.page(self.file("evil.json", json.dumps(poison(value)))):
            self.assertIn("<script>alert(1)</script>", page.text)

    # Where it goes.

    def test_output_replaces_a_file_as_a_whole(self):
        path = os.path.join(self.folder.name, "index.html")
        with open(path, "w", encoding="ascii") as f:
            f.write("old")
        before = os.stat(path).st_ino
        self.assertEqual(self.ok("report", "--output", path), "")
        with open(path, encoding="ascii") as f:
            self.assertEqual(f.read(), self.ok("report"))
        self.assertNotEqual(os.stat(path).st_ino, before)
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o666 & ~mask)
        self.assertEqual([n for n in os.listdir(self.folder.name) if n.startswith("index.html")], ["index.html"])
        self.assertEqual(self.ok("report", "--output", "-"), self.ok("report"))
        self.assertEqual(self.ok("report", "--output", "/dev/null"), "")
        link, target = os.path.join(self.folder.name, "link"), os.path.join(self.folder.name, "target")
        for where in target, "/proc/self/fd/1":
            os.symlink(where, link)
            self.assertEqual(self.ok("report", "--output", link), self.ok("report") if where != target else "")
            self.assertEqual(os.readlink(link), where)
            os.unlink(link)
        with open(target, encoding="ascii") as file:
            self.assertEqual(file.read(), self.ok("report"))
        self.assertIn("/nonexistent/x cannot be written: No such file", self.bad(1, "report", "--output", "/nonexistent/x"))
        self.assertIn("/dev/full cannot be written: No space", self.bad(1, "report", "--output", "/dev/full"))
        self.ok("report", "--json", "--output", path)
        with open(path, encoding="ascii") as f:
            self.assertEqual(f.read(), self.ok("report", "--json"))

    def test_wrong_usage(self):
        self.assertIn("report --json is of the store: leave out FILE", self.bad(2, "report", "--json", "x.json"))
        self.assertIn("--names is not for report", self.bad(2, "report", "--names"))
        self.assertIn("cannot be read: No such file", self.bad(1, "report", db="/nonexistent/kskroll.db"))

    def test_reports_come_by_standard_input(self):
        self.assertEqual(self.ok("report", "-", text=self.ok("report", "--json")), self.ok("report"))

    def test_after_is_that_of_status(self):
        blocked = self.json("status", "--after", "1h")["blocked"]
        self.assertGreater(blocked, 7)
        self.assertIn(f"{blocked} need a human.", self.page("--after", "1h").text)

    def test_what_knot_calls_ways_to_the_parent(self):
        with open(os.path.join(SOURCE, "module/knot/conf.c"), encoding="ascii") as f:
            conf = dict(re.findall(r'\{ (PARENT_VIA_\w+), "(\w+)" \}', f.read()))
        with open(os.path.join(SOURCE, "tools/zone_settings.c"), encoding="ascii") as f:
            self.assertEqual(dict(re.findall(r'\[(PARENT_VIA_\w+)\] = "(\w+)"', f.read())), conf)

    def test_the_example_for_systemd_runs_commands_that_exist(self):
        with open(os.path.join(SOURCE, "docs/monitoring/kskroll-report.service"), encoding="ascii") as f:
            commands = re.findall(r"ExecStart=/usr/bin/kskroll (report.*)", f.read())
        self.assertEqual(len(commands), 2)
        for command in commands:
            args = command.replace("/var/lib/kskroll-report/", self.folder.name + "/").replace("%H", "host").split()
            self.assertEqual(self.ok(*args), "")
        self.assertTrue(os.path.exists(os.path.join(self.folder.name, "host.json")))


if __name__ == "__main__":
    main()
