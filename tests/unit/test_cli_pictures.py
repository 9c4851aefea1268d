#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans as pictures: test_cli_pictures.py KSKROLL CLI_STORE SOURCE"""

import datetime
import os
import re
import sqlite3
from xml.etree import ElementTree

from cli_case import CliCase, NOW, SOURCE, main


class Pictures(CliCase):
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

    def test_every_state_has_a_colour_of_its_own(self):
        with open(os.path.join(SOURCE, "module/rollover/names.c"), encoding="ascii") as f:
            states = re.findall(r'\[ROLLOVER_\w+\]\s*= \{ "([\w-]+)"', f.read())
        db, colours = self.make("states"), set()
        for i, state in enumerate(states):
            with sqlite3.connect(db) as con:
                con.execute("UPDATE zone SET state = ?, gate = 0 WHERE zone = 'bravo.example.'", (i,))
            text = self.ok("plan", "bravo.example", "--svg", "-", db=db)
            self.assertNotIn("(null)", text)
            root = ElementTree.fromstring(text)
            shown = [t.text for t in root.iter(self.SVG + "text") if t.get("class") == "step"]
            swatches = [r.get("fill") for r in root.iter(self.SVG + "rect") if r.get("width") == "14"]
            colours |= set(zip(shown, swatches))
            self.assertTrue(i == 0 or shown[0] == state)
        self.assertEqual(len({state for state, _ in colours}), len(states))
        self.assertEqual(len({colour for _, colour in colours}), len(states))

    def test_no_text_of_a_picture_is_outside(self):
        for zone in "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo":
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


if __name__ == "__main__":
    main()
