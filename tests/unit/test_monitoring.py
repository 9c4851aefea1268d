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


#: What two servers print: metric with labels, value. Times are before second 0, in which queries are evaluated.
TWO_SERVERS = [(f'kskroll_{name}{{instance="ns{server}:9100"{"".join(f", {label}" for label in labels)}}}', f"{value}x1") for server, name, labels, value in (
    (1, "zones", [], 1), (2, "zones", [], 2),
    (1, "zone_state", ['zone="a."', 'state="idle"'], 1),
    (2, "zone_state", ['zone="a."', 'state="await-ds"'], 1),
    (2, "zone_state", ['zone="b."', 'state="await-ds"'], 1),
    (1, "zone_state_seconds", ['zone="a."'], 100),
    (2, "zone_state_seconds", ['zone="a."'], 200),
    (2, "zone_state_seconds", ['zone="b."'], 300),
    (1, "zone_gate", ['zone="a."', 'gate="held-by-operator"', 'actor="operator"'], 1),
    (2, "zone_gate", ['zone="a."', 'gate="ds-stale-at"', 'actor="parent"'], 1),
    (2, "zone_gate", ['zone="b."', 'gate="none"', 'actor="nobody"'], 1),
    (1, "zone_gate_seconds", ['zone="a."'], 1000),
    (2, "zone_gate_seconds", ['zone="a."'], 2000),
    (2, "zone_gate_seconds", ['zone="b."'], 3000),
    (1, "zone_last_check_timestamp_seconds", ['zone="a."'], -20),
    (2, "zone_last_check_timestamp_seconds", ['zone="a."'], -10),
    (1, "zone_notification", ['zone="a."', 'via="update"', 'status="update-refused"'], 1),
    (2, "zone_notification", ['zone="a."', 'via="update"', 'status="update-lost"'], 1),
    (2, "server_unreachable", ['zone="b."', 'server="192.0.2.1@53"'], 1),
    (1, "parent_state", ['zone="p."', 'state="verify"'], 2),
    (2, "parent_state", ['zone="q."', 'state="verify"'], 3),
    (1, "parent_blocked", ['zone="p."', 'gate="bogus-at"', 'actor="child"'], 2),
    (2, "parent_blocked", ['zone="q."', 'gate="bogus-at"', 'actor="child"'], 4),
)]


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
        rules = [{"record": f"panel:{n}", "expr": query} for n, (_, query) in enumerate(self.queries("a", "a"))]
        self.promtool_file("check", {"groups": [{"name": "dashboard", "rules": rules}]})

    def queries(self, zone, instance):
        """(title, query) of all panels, for these zones and servers."""
        return [(p["title"], t["expr"].replace("$zone", zone).replace("$instance", instance))
                for p in self.dashboard["panels"] for t in p["targets"]]

    def shown(self, instance, expected):
        """With both servers in Prometheus, each query brings these samples, of \\a instance alone, and no error. Else: title -> samples."""
        tests = []
        for title, query in self.queries(".*", instance):
            samples = expected.pop(f"{title}: {query}" if f"{title}: {query}" in expected else title, [])
            tests.append({"expr": query, "eval_time": "0", "exp_samples": [{"labels": labels, "value": value} for labels, value in samples]})
        self.assertEqual(expected, {})
        self.promtool_file("test", {"rule_files": [], "tests": [{
            "interval": "1m", "input_series": [{"series": series, "values": value} for series, value in TWO_SERVERS], "promql_expr_test": tests}]})

    def test_panels_show_each_server_once(self):
        """A zone of both servers, and one that the second alone has; and a parent zone with delegations."""
        a1, a2, b2 = (f'instance="ns{server}:9100", zone="{zone}."' for server, zone in ((1, "a"), (2, "a"), (2, "b")))
        self.shown(".*", {
            "Zones": [("{}", 3)],
            "In a rollover": [("{}", 2)],
            "Wait for the operator": [("{}", 1)],
            "Rolled back": [("{}", 0)],
            "Servers that do not answer": [("{}", 1)],
            "Oldest check": [("{}", 20)],
            "Zones by state": [('{state="await-ds"}', 2), ('{state="idle"}', 1)],
            "Zones by who has to act": [('{actor="operator"}', 1), ('{actor="parent"}', 1)],
            # Each zone has the time of its own server.
            "Rollovers, the longest in their state first": [(f'{{{a2}, state="await-ds"}}', 200), (f'{{{b2}, state="await-ds"}}', 300)],
            "Waiting for somebody, the longest first": [(f'{{{a1}, gate="held-by-operator", actor="operator"}}', 1000),
                                                        (f'{{{a2}, gate="ds-stale-at", actor="parent"}}', 2000)],
            # What the server of the idle zone sent once is over.
            "Channels to parents that fail": [(f'kskroll_zone_notification{{{a2}, via="update", status="update-lost"}}', 1)],
            "Last notifications of parents, by channel and outcome": [('{status="update-refused", via="update"}', 1), ('{status="update-lost", via="update"}', 1)],
            "Delegations that are not in rest, by state": [('{state="verify"}', 5)],
            "Delegations that need a human, by who has to act": [('{actor="child"}', 6)],
            "Delegations that need a human, by gate": [('kskroll_parent_blocked{instance="ns1:9100", zone="p.", gate="bogus-at", actor="child"}', 2),
                                                       ('kskroll_parent_blocked{instance="ns2:9100", zone="q.", gate="bogus-at", actor="child"}', 4)],
            "Rollovers that wait for their start": [],
        } | {f"Servers that do not answer: {self.table('Servers that do not answer', '.*')}":
             [(f'kskroll_server_unreachable{{{b2}, server="192.0.2.1@53"}}', 1)]})

    def test_panels_show_one_server_alone_if_that_is_chosen(self):
        b1 = 'instance="ns1:9100", zone="a."'
        self.shown("ns1:9100", {
            "Zones": [("{}", 1)],
            "In a rollover": [("{}", 0)],
            "Wait for the operator": [("{}", 1)],
            "Rolled back": [("{}", 0)],
            "Servers that do not answer": [("{}", 0)],
            "Oldest check": [("{}", 20)],
            "Zones by state": [('{state="idle"}', 1)],
            "Zones by who has to act": [('{actor="operator"}', 1)],
            "Waiting for somebody, the longest first": [(f'{{{b1}, gate="held-by-operator", actor="operator"}}', 1000)],
            "Last notifications of parents, by channel and outcome": [('{status="update-refused", via="update"}', 1)],
            "Delegations that are not in rest, by state": [('{state="verify"}', 2)],
            "Delegations that need a human, by who has to act": [('{actor="child"}', 2)],
            "Delegations that need a human, by gate": [('kskroll_parent_blocked{instance="ns1:9100", zone="p.", gate="bogus-at", actor="child"}', 2)],
        } | {f"Servers that do not answer: {self.table('Servers that do not answer', 'ns1:9100')}": []})

    def table(self, title, instance):
        """The query of a table, which has the title of a number besides."""
        return next(t["expr"].replace("$zone", ".*").replace("$instance", instance) for p in self.dashboard["panels"]
                    for t in p["targets"] if p["title"] == title and p["type"] == "table")

    def promtool_file(self, command, content):
        with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as f:
            json.dump(content, f)  # JSON is YAML
            f.flush()
            self.promtool(command, "rules", f.name)

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
