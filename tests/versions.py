#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of versions in README.md, from the results in docs/versions/.

versions.py RESULTS...: takes results of `./run test` over and writes the table.
versions.py --check: whether the table is what the results say.
"""

import glob
import json
import os
import shutil
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
README = os.path.join(PROJECT, "README.md")
RESULTS = os.path.join(PROJECT, "docs", "versions")
BEGIN, END = "<!-- versions: made by ./run versions -->\n", "<!-- versions: end -->\n"


def table(results):
    """Markdown; a line for each version, the oldest first."""
    lines = ["| Knot DNS | system | unit tests | lab tests |", "|---|---|---|---|"]
    for result in sorted(results, key=lambda r: [int(n) for n in r["knot"].split(".")]):
        cells = [result["knot"], result["system"],
                 *(_cell(result["parts"].get(part)) for part in ("unit", "lab"))]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(part):
    if not part:
        return "not run"
    counts = [f"{part[what]} {what}" for what in ("passed", "failed", "skipped")
              if part[what] or what == "passed"]
    some = f" (only {' '.join(part['names'])})" if part["names"] else ""
    return f"{', '.join(counts)}{some}, {part['date']}"


def stored():
    """The results that are part of the project."""
    found = []
    for path in sorted(glob.glob(os.path.join(RESULTS, "*.json"))):
        with open(path, encoding="utf-8") as file:
            found.append(json.load(file))
    return found


def main():
    """Command line."""
    with open(README, encoding="utf-8") as file:
        text = file.read()
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    if sys.argv[1:] != ["--check"]:
        os.makedirs(RESULTS, exist_ok=True)
        for path in sys.argv[1:]:
            shutil.copyfile(path, os.path.join(RESULTS, os.path.basename(path)))
    wanted = head + BEGIN + table(stored()) + END + tail
    if sys.argv[1:] == ["--check"]:
        assert text == wanted, "README.md is not what docs/versions says: ./run versions"
        return
    with open(README, "w", encoding="utf-8") as file:
        file.write(wanted)


if __name__ == "__main__":
    main()
