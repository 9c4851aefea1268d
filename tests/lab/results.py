# SPDX-License-Identifier: GPL-3.0-or-later
"""How runs of the tests came out, one file for each Knot DNS: what the table of versions is made of."""

import json
import os
import re
import subprocess
import time


def save(directory, parts, names):
    """\\a parts: "unit" or "lab" -> counts. A part keeps its last whole run beside one of some tests."""
    version = knot_version()
    path = os.path.join(directory, version + ".json")
    data = {"knot": version, "system": _system(), "parts": {}}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            data["parts"] = json.load(file)["parts"]
    for part, counts in parts.items():
        if not any(counts.values()):
            continue
        before = data["parts"].get(part)
        # A few tests chosen by name say less than all of them.
        if before and not before["names"] and names:
            continue
        data["parts"][part] = {**counts, "names": names, "date": time.strftime("%Y-%m-%d")}
    os.makedirs(directory, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")


def append(directory, version, test, passed):
    """How one lab test came out, a line in the folder cases: what the table of cases is made of."""
    folder = os.path.join(directory, "cases")
    os.makedirs(folder, exist_ok=True)
    run = {"test": test, "passed": passed, "date": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
           "commit": os.environ.get("KSKROLL_COMMIT", "")}
    # One write: another run may append at the same time.
    with open(os.path.join(folder, f"knot-{version}.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")


def knot_version():
    """Version of the knotd that is tested."""
    words = subprocess.run(["knotd", "-V"], stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, check=True).stdout
    return re.search(r"\d+(\.\d+)+", words)[0]


def _system():
    with open("/etc/os-release", encoding="utf-8") as file:
        fields = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    # Testing and unstable have no number.
    return "Debian " + fields.get("VERSION_ID", '"sid"').strip('"')
