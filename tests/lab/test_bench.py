# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks bring numbers; which ones is not judged here."""

import argparse
import json
import os

from tests.bench import algorithm, idle, mass, notified, one, query, report, scan, sim
from tests.bench.result import Result

from .marks import bound, long_test
from .world import module_path


def smoke(directory, name, bench):
    """The small version of a benchmark has a ratio and numbers, and saves them."""
    options = argparse.Namespace(smoke=True, module=module_path(), rounds=1, zones=None, scale=1,
                                 parent_rate=20, check_interval=None)
    result = Result(name, True)
    where = os.path.join(directory, name)
    os.makedirs(where)
    bench(result, where, options)
    path = result.write(directory)
    result.show()
    with open(path, encoding="utf-8") as file:
        saved = json.load(file)
    assert saved["ratio"] > 0 and saved["knot"].startswith("knotd"), saved


@bound(180)
def test_servers_alone_and_simulation(directory):
    smoke(directory, "query", query.bench)
    smoke(directory, "idle", idle.bench)
    smoke(directory, "sim", sim.bench)
    smoke(directory, "report", report.bench)


@bound(300)
def test_one_rollover(directory):
    smoke(directory, "one", one.bench)


@bound(300)
def test_many_rollovers(directory):
    smoke(directory, "mass", mass.bench)


@long_test
@bound(300)
def test_one_rollover_to_another_algorithm(directory):
    smoke(directory, "algorithm", algorithm.bench)


@bound(180)
def test_delegations(directory):
    smoke(directory, "scan", scan.bench)
    smoke(directory, "notified", notified.bench)
