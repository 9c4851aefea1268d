# SPDX-License-Identifier: GPL-3.0-or-later
"""Worlds per second of the simulation, and what a second processor brings."""

import os
import re

from tests.lab.daemons import run
from tests.lab.wait import LabError


def bench(result, _, options):
    """The same seeds with one thread and with one for each processor."""
    seeds = f"1..{100 if options.smoke else 2000}"
    rates = {}
    result.table("threads", "worlds/s")
    for count in (1, os.cpu_count()):
        rates[count] = rate(seeds, count)
        result.row(count, rates[count])
    result.numbers = {"worlds_per_second": {str(count): value for count, value in rates.items()}}
    result.ratio = rates[os.cpu_count()] / rates[1]
    result.note("ratio: worlds per second with a thread for each processor over one thread")


def rate(seeds, count):
    """Worlds per second."""
    program = os.path.join(os.environ["KSKROLL_BUILD"], "tests/simulation/sim")
    done = run([program, "--seeds", seeds, "--threads", str(count)])
    found = re.search(r"(\d+) worlds .* in ([0-9.]+) s, (\d+) a second", done.stdout)
    if done.returncode != 0 or not found:
        raise LabError(f"sim: {done.stdout[-400:]} {done.stderr[-400:]}")
    return float(found[3])
