# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/faults.rst of the rows that a run of the tests left.

After ./run test --lab --long test_faults:
    ./run shell sh -c 'python3 -m tests.lab.fault_table $KSKROLL_LAB_DIR/faults' > docs/faults.rst
"""

import glob
import importlib
import json
import os
import sys

HEAD = """\
.. SPDX-License-Identifier: GPL-3.0-or-later
.. Made by tests/lab/fault_table.py from the rows that the tests test_faults* left in a run.

Faults and what becomes of them
===============================

This page is for operators who ask what the module does in a fault, and for reviewers. It is made from tests.

Each row is a test with real servers (``./run test --lab --long test_faults``). The test makes the fault in the middle of a
rollover. The gate is what log and statistics showed. Three resolvers asked for the zone ten times a second. One has a warm
cache, one has none, and one wants every algorithm of the DS. Unless the row says otherwise, every answer that they got was
secure, and no cache could hold anything broken (:ref:`labs-judges`).

"Completed" means that the rollover ended with the new key alone. Faults of a parent zone with the agent are in :doc:`lab`.
"""


def rows(folder):
    """The rows in the order of the test files."""
    found = {}
    for path in glob.glob(os.path.join(folder, "*.json")):
        with open(path, encoding="utf-8") as file:
            row = json.load(file)
        found[row["name"]] = row
    return [found[name] for name in sorted(found, key=_place)]


def _place(name):
    module, function = f"test_{name}".split(".")
    code = getattr(importlib.import_module(f"tests.lab.{module}"), function).__code__
    return module, code.co_firstlineno


def seen(row):
    """What the operator sees: gates with their servers and reasons."""
    parts = []
    for item in row["seen"]:
        gate = item["gate"]
        text = "" if gate == "none" else f":ref:`gate-{gate}`"
        if item["server"]:
            text += f" ({item['server'].removesuffix('@53')})"
        if item["detail"]:
            text += f"{': ' if text else ''}{item['detail']}"
        if text not in parts:
            parts.append(text)
    return "; ".join(filter(None, parts)) or "nothing"


def table(found):
    """The page."""
    lines = [HEAD, ".. list-table::", "   :header-rows: 1", "   :widths: 25 30 25 20", "",
             "   * - Fault", "     - What the operator sees", "     - What the zone does",
             "     - How it ends"]
    for row in found:
        ended = row["ended"] + ("" if row["secure"] else "; resolvers saw SERVFAIL until then")
        lines += [f"   * - {row['fault']}", f"     - {seen(row)}", f"     - {row['did']}",
                  f"     - {ended}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table(rows(sys.argv[1])))
