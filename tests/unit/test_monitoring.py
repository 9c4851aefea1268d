#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alert rules and dashboard fit what kskroll prints: test_monitoring.py KSKROLL CLI_STORE SOURCE"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

KSKROLL, CLI_STORE, SOURCE = sys.argv[1:4]
MONITORING = os.path.join(SOURCE, "docs", "monitoring")
NOW = "1800000000"


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as f:
        return f.read()


def printed():
    """metric -> its labels, of a store with zones in all kinds of trouble."""
    with tempfile.TemporaryDirectory(prefix="kskroll-monitoring-") as folder:
        db = os.path.join(folder, "kskroll", "kskroll.db")
        subprocess.run([CLI_STORE, db, NOW], check=True, timeout=60)
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET notify = 4, ds_ttl_before = 86400, ds_ttl_low = 300, ds_ttl_back = 1, ds_ttl_asked = ?", (int(NOW) - 60,))
        parents = os.path.join(folder, "parents.db")
        subprocess.run([CLI_STORE, parents, NOW, "delegations"], check=True, timeout=60)
        # Beside the store of a server: there is a metric whether kskrolld runs.
        with open(os.path.join(os.path.dirname(db), "kskrolld.lock"), "w", encoding="ascii"):
            pass
        text = "".join(subprocess.run([KSKROLL, "status", "--prometheus"], capture_output=True, text=True, check=True,
                                      timeout=60, env={**os.environ, "KSKROLL_DB": store, "KSKROLL_NOW": NOW}).stdout
                       for store in (db, parents))
    found = {}
    for name, labels in re.findall(r"^(kskroll_\w+)(?:\{(.*)\})? \d+$", text, re.M):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


class Monitoring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rules = read("docs/monitoring/kskroll.rules.yml")
        cls.dashboard = json.loads(read("docs/monitoring/kskroll-dashboard.json"))
        targets = [t["expr"] for p in cls.dashboard["panels"] for t in p["targets"]]
        targets += [v["query"] for v in cls.dashboard["templating"]["list"]]
        cls.expressions = targets + [re.sub(r"(?m)^ *(#|summary:|description:|- alert:).*$", "", cls.rules)]
        cls.metrics = printed()
        # As knot-exporter names what Knot's statistics have (seen with 3.4.6).
        stats = read("module/knot/stats.c")
        for item in re.findall(r'\{ "(kskroll-[\w-]+)"', stats[stats.index("\nint stats_add_totals("):]):
            cls.metrics["knot_" + item.replace("-", "_")] = {"section", "type", "instance"}

    def test_every_metric_and_label_is_one_that_is_printed(self):
        used = 0
        for expression in self.expressions:
            for name, matchers in re.findall(r"\b((?:knot_)?kskroll_\w+)(?:\{([^}]*)\})?", expression):
                used += 1
                self.assertIn(name, self.metrics, expression)
                for label in re.findall(r"(\w+) *[=!]", matchers):
                    self.assertIn(label, self.metrics[name] | {"instance"}, expression)
        self.assertGreater(used, 20)

    def test_states_gates_and_actors_are_those_of_the_table(self):
        names = read("module/rollover/names.c")
        words = {
            "state": set(re.findall(r'\[ROLLOVER_\w+\]\s*= \{ "([\w-]+)"', names)),
            "gate": set(re.findall(r'\[GATE_\w+\] = \{ "([\w-]+)"', names)),
            "actor": set(re.findall(r'\[ACTOR_\w+\] = "(\w+)"', names)),
        }
        words["type"] = words["gate"]
        words["status"] = set(re.findall(r'\[NOTIFY_\w+\] = \{ "([\w-]+)"', read("module/dns/notify_names.c")))
        words["via"] = set(re.findall(r'\[PARENT_VIA_\w+\] = "(\w+)"', read("tools/zone_settings.c")))
        names = read("module/delegation/delegation_names.c")
        delegation = {
            "state": set(re.findall(r'\[DELEGATION_\w+\]\s*= \{ "([\w-]+)"', names)),
            "gate": set(re.findall(r'\bROW\("([\w-]+)"', names)),
            "actor": set(re.findall(r'\[DELEGATION_ACTOR_\w+\] = "(\w+)"', names)),
        }
        used = 0
        for expression in self.expressions:
            for metric, matchers in re.findall(r"\b((?:knot_)?kskroll_\w+)\{([^}]*)\}", expression):
                known = delegation if metric.startswith("kskroll_parent") else words
                for label, values in re.findall(r'\b(state|gate|actor|type|status|via) *(?:=~|!~|!=|=) *"([^"$]+)"', matchers):
                    for value in values.split("|"):
                        used += 1
                        self.assertIn(value, known[label], expression)
        self.assertGreater(used, 10)

    def test_panels_have_a_place_and_a_title_of_their_own(self):
        panels = self.dashboard["panels"]
        self.assertEqual(len({p["id"] for p in panels}), len(panels))
        self.assertEqual(len({p["title"] + p["type"] for p in panels}), len(panels))
        taken = set()
        for p in panels:
            g = p["gridPos"]
            cells = {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
            self.assertFalse(cells & taken, p["title"])
            self.assertLessEqual(g["x"] + g["w"], 24)
            taken |= cells

    def test_every_alert_has_a_test(self):
        alerts = re.findall(r"- alert: (\w+)", self.rules)
        self.assertGreater(len(alerts), 5)
        tests = read("docs/monitoring/kskroll.rules.test.yml")
        for alert in alerts:
            # Once when it fires, once when it does not yet.
            self.assertGreaterEqual(tests.count(f"alertname: {alert}\n"), 2, alert)

    def test_queries_of_the_dashboard_are_valid(self):
        queries = [t["expr"].replace("$zone", "a") for p in self.dashboard["panels"] for t in p["targets"]]
        rules = [{"record": f"panel:{n}", "expr": query} for n, query in enumerate(queries)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as f:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, f)  # JSON is YAML
            f.flush()
            self.promtool("check", "rules", f.name)

    def promtool(self, *args):
        if shutil.which("promtool") is None:
            self.skipTest("no promtool")
        done = subprocess.run(["promtool", *args], cwd=MONITORING, capture_output=True, text=True, check=False,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_are_valid(self):
        self.promtool("check", "rules", "--lint=all", "--lint-fatal", "kskroll.rules.yml")

    def test_rules_fire_when_they_should_and_not_before(self):
        self.promtool("test", "rules", "kskroll.rules.test.yml")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
