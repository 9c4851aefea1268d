#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of cases in docs/cases.rst, from the results in docs/cases/.

cases.py RESULTS...: takes results of lab tests over (tests/lab/results.py) and writes the table.
cases.py --check: whether the table is what the results say, and has no test that does not exist.
"""

import ast
import glob
import json
import os
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(PROJECT, "docs", "cases.rst")
RESULTS = os.path.join(PROJECT, "docs", "cases")
PREFIX = "knot-"

#: Versions of Knot DNS that the module drives.
VERSIONS = ["3.4", "3.5"]
WHOLE, BEFORE, AFTER, KILL, RELOAD, ABORT = WHAT = [
    "whole rollover", "secondary stuck before the swap", "secondary stuck after the swap",
    "kill -9 in each state", "reload in each state", "given up"]

#: Case -> what -> the test that shows it. Only tests whose world the cache model judges.
CASES = {
    "KSK": {
        WHOLE: "test_rollover.test_rollover_started_by_the_operator",
        BEFORE: "test_faults.test_secondary_stuck_on_an_old_serial",
        AFTER: "test_faults.test_secondary_stuck_after_the_swap",
        KILL: "test_rollover.test_kill_of_knotd_in_every_state_with_configuration_database",
        RELOAD: "test_rollover.test_reload_in_every_state",
        ABORT: "test_faults_validation.test_rollback_is_given_up"},
    "CSK": {
        WHOLE: "test_csk.test_the_old_key_stays_until_no_cache_has_data_that_it_alone_has_signed",
        BEFORE: "test_csk.test_a_secondary_is_stuck_before_the_swap",
        AFTER: "test_csk.test_a_secondary_is_stuck_after_the_swap",
        KILL: "test_csk.test_kill_in_every_state_with_configuration_database",
        RELOAD: "test_csk.test_reload_in_every_state",
        ABORT: "test_csk.test_a_rollback_is_given_up"},
    "algorithm of KSK and ZSK": {
        WHOLE: "test_algorithm.test_there_and_back",
        BEFORE: "test_algorithm.test_stuck_without_the_new_key",
        AFTER: "test_algorithm.test_stuck_after_the_swap",
        KILL: "test_algorithm.test_kill_in_every_state_with_configuration_database",
        RELOAD: "test_algorithm.test_reload_in_every_state",
        ABORT: "test_algorithm.test_given_up_before_the_signals"},
    "algorithm of a CSK": {
        WHOLE: "test_algorithm.test_there_and_back_of_a_single_key_with_configuration_database",
        BEFORE: "test_algorithm.test_stuck_without_the_new_key_of_a_single_key",
        AFTER: "test_algorithm.test_stuck_after_the_swap_of_a_single_key",
        KILL: "test_algorithm.test_kill_in_every_state_of_a_single_key",
        RELOAD: "test_algorithm.test_reload_in_every_state_of_a_single_key",
        ABORT: "test_algorithm.test_given_up_before_the_signals_of_a_single_key"},
    "KSK and ZSK to a CSK": {
        WHOLE: "test_scheme.test_to_a_single_key",
        BEFORE: "test_scheme.test_stuck_before_the_swap_to_a_single_key",
        AFTER: "test_scheme.test_stuck_after_the_swap_to_a_single_key",
        KILL: "test_scheme.test_kill_in_every_state_to_a_single_key_with_configuration_database",
        RELOAD: "test_scheme.test_reload_in_every_state_to_a_single_key",
        ABORT: "test_scheme.test_a_rollback_to_ksk_and_zsk_is_given_up"},
    "CSK to KSK and ZSK": {
        WHOLE: "test_scheme.test_there_and_back_with_configuration_database",
        BEFORE: "test_scheme.test_stuck_before_the_swap_from_a_single_key",
        AFTER: "test_scheme.test_stuck_after_the_swap_from_a_single_key",
        KILL: "test_scheme.test_kill_in_every_state_from_a_single_key_with_configuration_database",
        RELOAD: "test_scheme.test_reload_in_every_state_from_a_single_key",
        ABORT: "test_scheme.test_a_rollback_to_a_single_key_is_given_up"},
    "several signers": {
        WHOLE: "test_signers.test_both_signers_roll_at_the_same_time",
        BEFORE: "test_signers.test_a_secondary_is_stuck_before_the_swap",
        AFTER: "test_signers.test_a_secondary_is_stuck_after_the_swap",
        KILL: "test_signers.test_kill_in_every_state",
        RELOAD: "test_signers.test_reload_in_every_state",
        ABORT: "test_signers.test_given_up"},
}

HEAD = """\
.. SPDX-License-Identifier: GPL-3.0-or-later
.. Made by ./run cases, or ./run versions, from docs/cases/.

Cases and versions
==================

This page is for contributors and reviewers. It shows which kind of rollover was tested in which situation, and when.

Each row is a test with real servers. "Passed" means that the rollover ended as it should, and that the cache model found no
break for any of its three validators (:ref:`labs-judges`). A swap is the replacement of the DS at the parent.

Each cell has the last run of its test: result, day, and commit. A ``+`` after the commit means that the checkout had other
changes. A pass holds for that commit only: compare it with yours. "No test" means that the test does not exist.
To run all tests of the table, use ``./run cases``, and ``./run cases --knot 3.5`` for the second version.
"""


def tests():
    """Names of all tests of the table."""
    return [test for shown in CASES.values() for test in shown.values()]


def stored(folder=RESULTS):
    """Version of Knot DNS -> test -> its last result."""
    found = {}
    for path in sorted(glob.glob(os.path.join(folder, PREFIX + "*.json"))):
        with open(path, encoding="utf-8") as file:
            found[os.path.basename(path)[len(PREFIX):-len(".json")]] = json.load(file)
    return found


def take(paths):
    """Results of runs, a line for each, into docs/cases/; the newer one of a test counts."""
    os.makedirs(RESULTS, exist_ok=True)
    known, results = set(tests()), stored()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            runs = [json.loads(line) for line in file]
        version = os.path.basename(path)[len(PREFIX):-len(".jsonl")]
        ours = results.setdefault(version, {})
        for run in runs:
            test = run.pop("test")
            if test in known and run["date"] >= ours.get(test, run)["date"]:
                ours[test] = run
    for version, ours in results.items():
        kept = {test: run for test, run in ours.items() if test in known}
        if not kept:
            continue
        with open(os.path.join(RESULTS, f"{PREFIX}{version}.json"), "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1, sort_keys=True)
            file.write("\n")


def page(results):
    """The text of docs/cases.rst."""
    newest = [max((version for version in results if version.startswith(f"{minor}.")), default=minor,
                  key=lambda version: [int(number) for number in version.split(".")]) for minor in VERSIONS]
    lines = [HEAD, ".. list-table::", "   :header-rows: 1", ""]
    rows = [["Case", "Shown", "Test", *(f"Knot DNS {version}" for version in newest)]]
    for case, shown in CASES.items():
        for what in WHAT:
            test = shown.get(what)
            cells = [_cell(results.get(version, {}).get(test)) if test else "no test" for version in newest]
            rows.append([case, what, f"``{test}``" if test else "", *cells])
    for row in rows:
        lines += [f"   {' ' if number else '*'} - {cell}".rstrip() for number, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def _cell(run):
    if not run:
        return "not run"
    how = "passed" if run["passed"] else "**failed**"
    return f"{how} {run['date'][:10]}, {run['commit'] or 'no commit'}"


def missing():
    """Tests of the table that no file of the lab has."""
    there = set()
    for path in glob.glob(os.path.join(PROJECT, "tests", "lab", "test_*.py")):
        with open(path, encoding="utf-8") as file:
            body = ast.parse(file.read()).body
        there |= {f"{os.path.basename(path)[:-3]}.{node.name}" for node in body if isinstance(node, ast.FunctionDef)}
    return sorted(set(tests()) - there)


def main():
    """Command line."""
    gone = missing()
    assert not gone, f"tests/cases.py has tests that do not exist: {' '.join(gone)}"
    unknown = {what for shown in CASES.values() for what in shown} - set(WHAT)
    assert not unknown and len(set(tests())) == len(tests()), f"a test twice, or no column for {unknown}"
    if sys.argv[1:] == ["--check"]:
        results = stored()
        old = {test for runs in results.values() for test in runs} - set(tests())
        assert not old, f"docs/cases has results of other tests: {' '.join(sorted(old))}; ./run versions removes them"
        with open(PAGE, encoding="utf-8") as file:
            assert file.read() == page(results), "docs/cases.rst is not what docs/cases says: ./run versions"
        return
    take(path for path in sys.argv[1:] if os.path.exists(path))
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page(stored()))


if __name__ == "__main__":
    main()
