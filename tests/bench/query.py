# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers per second of knotd without and with the module, by turns."""

import os
import re
import statistics

from tests.lab.daemons import run
from tests.lab.wait import LabError

from . import process
from .plain import Plain

ZONES = 100
WITHOUT, WITH = "127.0.9.1", "127.0.9.2"


def bench(result, directory, options):
    """One server each; the one that is not asked sleeps."""
    # Short and many: what else the machine does comes and goes within seconds.
    rounds, seconds = (1, 1) if options.smoke else (8 * options.rounds, 1)
    without = Plain("without", directory, WITHOUT, ZONES)
    attached = Plain("with", directory, WITH, ZONES, options.module)
    questions = os.path.join(directory, "questions")
    with open(questions, "w", encoding="ascii") as file:
        for zone in without.names:
            file.write(f"www.{zone} A\nx.{zone} A\n")
    rates = {"without": [], "with": []}
    answers, used = dict.fromkeys(rates, 0), dict.fromkeys(rates, 0)
    result.table("round", "answers/s without", "answers/s with", "ratio")
    try:
        without.start()
        attached.start()
        for number in range(rounds):
            # Who is first changes: a machine that warms up or gets busy would favour one.
            order = [without, attached] if number % 2 == 0 else [attached, without]
            for server in order:
                before = process.cpu(server.pid)
                speed, count = rate(server.address, questions, seconds)
                rates[server.name].append(speed)
                answers[server.name] += count
                used[server.name] += process.cpu(server.pid) - before
            result.row(number + 1, rates["without"][-1], rates["with"][-1],
                       rates["with"][-1] / rates["without"][-1])
    finally:
        attached.stop()
        without.stop()
    medians = {name: statistics.median(values) for name, values in rates.items()}
    cost = {name: 1e6 * used[name] / answers[name] for name in rates}
    result.numbers = {"rates": rates, "medians": medians, "cpu_us_per_answer": cost}
    result.ratio = medians["with"] / medians["without"]
    result.note(f"processor time of knotd per answer: {cost['without']:.2f} us without, {cost['with']:.2f} us "
                f"with the module, ratio {cost['without'] / cost['with']:.3f}; it depends less on what else runs")
    result.note("ratio: answers per second with the module over those without, medians")


def rate(address, questions, seconds):
    """Answers per second and their number, by dnsperf."""
    done = run(["dnsperf", "-s", address, "-d", questions, "-l", str(seconds), "-c", "4", "-T", "1",
                "-q", "200"])
    found = re.search(r"Queries per second:\s+([0-9.]+)", done.stdout)
    count = re.search(r"Queries completed:\s+([0-9]+)", done.stdout)
    if not found or not count:
        raise LabError(f"dnsperf: {done.stdout[-400:]} {done.stderr[-400:]}")
    return float(found[1]), int(count[1])
