# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit tests, as `meson test` runs them, counted one by one."""

import json
import os
import subprocess

from .wait import PATIENCE

#: At a time. Tests of servers wait most of the time, and start first.
AT_ONCE = 4
#: Bounds of meson are for a machine with nothing else to do, and 30 s where none is set: a test of 28 s there has one.
TIMES = 3


def run(build, names, environment=None):
    """Runs the unit tests whose name contains one of the names; returns (passed, failed, skipped)."""
    listed = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--list"],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    tests = [line.split(" / ")[-1].strip() for line in listed.stdout.splitlines() if line.strip()]
    chosen = [test for test in tests if not names or any(name in test for name in names)]
    if listed.returncode != 0 or not tests:
        print(f"FAIL unit: there are no unit tests: {listed.stderr.strip()}")
        return 0, 1, 0
    if not chosen:
        return 0, 0, 0
    subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--quiet", "--num-processes", str(AT_ONCE),
                    "--timeout-multiplier", f"{TIMES * PATIENCE:g}", *chosen],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                   env=environment, check=False)
    return _report(os.path.join(build, "meson-logs", "testlog.json"))


def _report(path):
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            name, result = test["name"].split(" / ")[-1], test["result"]
            if result in ("OK", "EXPECTEDFAIL"):
                passed += 1
                print(f"ok   unit {name} {test['duration']:.1f} s")
            elif result == "SKIP":
                skipped += 1
                print(f"skip unit {name}: {_last_lines(test, 1)}")
            else:
                failed += 1
                print(f"FAIL unit {name} {result}\n     {_last_lines(test, 12)}\n     log: {path}")
    return passed, failed, skipped


def _last_lines(test, count):
    text = (test.get("stdout") or "") + (test.get("stderr") or "")
    return "\n     ".join(text.strip().splitlines()[-count:])
