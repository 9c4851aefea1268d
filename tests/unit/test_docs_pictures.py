#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/plan-*.svg are those of the tables, and say what kskroll plan says: test_docs_pictures.py KSKROLL CLI_STORE SOURCE"""

import os
import sys
import unittest
from unittest import mock
from xml.etree import ElementTree

from cli_case import CliCase, SOURCE, main

sys.path.insert(0, os.path.join(SOURCE, "tests"))

import pictures  # pylint: disable=wrong-import-position

SVG = "{http://www.w3.org/2000/svg}"


class Files(unittest.TestCase):
    def test_they_are_those_of_the_tables(self):
        for name in pictures.TITLES:
            path = f"docs/plan-{name.replace('_', '-')}.svg"
            with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
                self.assertEqual(file.read(), pictures.svg(name), f"{path}: draw it again, ./run pictures")

    def test_a_change_of_a_table_changes_them(self):
        read = pictures.read
        for old, new, name in ((".expire = { EXPIRE_DS, EXPIRE_OBSERVATION, EXPIRE_DATA },\n\t\t.next = ROLLOVER_RETIRE", ".next = ROLLOVER_RETIRE", "ksk"),
                               (".next = ROLLOVER_OBSERVE", ".next = ROLLOVER_RETIRE", "ksk"), (".order = ACTION_RETIRE, ", "", "ksk"),
                               ("COND_DS_DONE, COND_SERVERS, COND_DS_ASKED }", "COND_SERVERS }", "insecure"),
                               (".data = DATA_CLEAN", ".data = DATA_BOTH", "algorithm"), (".invalid = ROLLOVER_ROLLBACK", "", "ksk")):
            self.assertIn(old, read("module/rollover/plans.c"))
            before = pictures.svg(name)
            with mock.patch.object(pictures, "read", lambda path, o=old, n=new: read(path).replace(o, n)):
                try:
                    self.assertNotEqual(pictures.svg(name), before, old)
                except (ValueError, StopIteration, AttributeError):
                    pass  # It cannot be drawn any more.

    def test_every_expiry_and_every_order_of_the_tables_has_words(self):
        header = pictures.read("module/rollover/plans.h")
        for name in ("KSK", "FIRST_DS", "INSECURE"):
            for row in pictures.rows(name):
                self.assertLessEqual(set(row.get("expire", [])), set(pictures.EXPIRES), row)
                self.assertIn(row.get("order", "START"), pictures.ORDERS)
        for expire in pictures.EXPIRES:
            self.assertIn(f"EXPIRE_{expire},", header)

    def test_for_readers_of_screens_and_in_the_dark(self):
        for name in pictures.TITLES:
            text = pictures.svg(name)
            root = ElementTree.fromstring(text.encode())
            self.assertEqual((root.get("role"), root.get("aria-labelledby")), ("img", "title desc"))
            self.assertTrue(root.find(SVG + "title").text)
            for step in pictures.plan_of(name):
                self.assertIn(f"State {step.name}. ", root.find(SVG + "desc").text)
            self.assertIn("prefers-color-scheme: dark", text)
            for fetched in ("href", "url(", "<script", "@import", "<image"):
                self.assertNotIn(fetched, text)

    def test_nothing_is_outside_of_its_picture(self):
        for name in pictures.TITLES:
            root = ElementTree.fromstring(pictures.svg(name).encode())
            width, height = (int(root.get(k)) for k in ("width", "height"))
            for text in root.iter(SVG + "text"):
                letters = len(text.text) * {"title": 10.5, "name": 9.5, "who": 7}.get((text.get("class") or "").split(" ")[0], 6.1 if "lane" in (text.get("class") or "") else pictures.LETTER)
                start = float(text.get("x")) - (letters / 2 if text.get("text-anchor") == "middle" else 0)
                self.assertGreaterEqual(start, 0, text.text)
                self.assertLess(start + letters, width - 6, text.text)
                self.assertLess(float(text.get("y")), height)
            for rect in root.iter(SVG + "rect"):
                self.assertGreater(float(rect.get("height")), 0)


class Forecasts(CliCase):
    """The machine itself, run forward, goes through a picture from top to bottom, and waits where the picture says."""

    def states_of(self, name):
        return [step.name for step in pictures.plan_of(name)]

    def in_order(self, states, name):
        there = iter(self.states_of(name))
        self.assertTrue(all(state in there for state in states), (states, name))

    def plans(self):
        """Forecasts of many zones, and of a change of the algorithm."""
        for zone in self.json("status")["zones"]:
            yield self.json("plan", zone["zone"])
        yield self.json("plan", "a.example", "--algorithm", "ed25519", db=self.store_of("a.example.", 13))

    def test_rollovers(self):
        checked, seen = 0, set()
        for plan in self.plans():
            states = [step["state"] for step in plan["steps"] if step["state"] != "idle"]
            name = next((n for n in ("ksk", "algorithm", "first_ds", "insecure") if set(states) <= set(self.states_of(n))), None)
            if not states or plan["stuck"] or {"rollback", "rolled-back"} & set(states):
                continue
            self.assertTrue(name, states)
            self.in_order(list(dict.fromkeys(states)), name)
            seen.add(name)
            gates = {step.name: {pictures.EXPIRES[one][1] for row in step.rows for one in row.get("expire", [])} for step in pictures.plan_of(name)}
            for step in plan["steps"]:
                for wait in step["waits"]:
                    if wait["code"].startswith("waiting-") and step["state"] in gates:
                        self.assertIn(wait["code"], gates[step["state"]], (name, step))
                        checked += 1
        self.assertGreater(checked, 20)
        self.assertLessEqual({"ksk", "algorithm"}, seen)

    def test_changes_of_ds(self):
        db, checked = self.make("parents", "delegations"), 0
        for one in self.json("delegations", "--all", db=db)["delegations"]:
            stays = self.json("plan", one["name"], db=db)["delegation_plan"]["stays"]
            states = list(dict.fromkeys(stay["state"] for stay in stays))
            if len(states) > 2 and not set(states) & {pictures.DELEGATION_INFO[state][0] for state in pictures.DelegationStep.ASIDE}:
                self.in_order([state for state in states if state != "rest"], "delegation")
                checked += 1
        self.assertGreater(checked, 0)


if __name__ == "__main__":
    main()
