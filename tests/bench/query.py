# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers per second of knotd by turns: without the module, with it, and with queries that pass through it."""

import contextlib
import os
import re
import statistics

from tests.lab.daemons import run
from tests.lab.wait import LabError

from . import process
from .plain import Plain

ZONES = 100
WITHOUT, WITH, RECEIVING = "127.0.9.1", "127.0.9.2", "127.0.9.3"


def bench(result, directory, options):
    """One server each; those that are not asked sleep."""
    # Short and many: what else the machine does comes and goes within seconds.
    rounds, seconds = (1, 1) if options.smoke else (8 * options.rounds, 1)
    servers = [Plain("without", directory, WITHOUT, ZONES),
               Plain("with", directory, WITH, ZONES, options.module),
               Plain("receiving", directory, RECEIVING, ZONES, options.module, items={"notify-receive": "on", "report-receive": "on"})]
    questions = os.path.join(directory, "questions")
    with open(questions, "w", encoding="ascii") as file:
        for zone in servers[0].names:
            file.write(f"www.{zone} A\nx.{zone} A\n")
    rates = {server.name: [] for server in servers}
    answers, used = dict.fromkeys(rates, 0), dict.fromkeys(rates, 0)
    result.table("round", "answers/s without", "with", "receiving", "with / without", "receiving / without")
    with contextlib.ExitStack() as stack:
        for server in servers:
            stack.callback(server.stop)
            server.start()
        for number in range(rounds):
            # Who is first changes: a machine that warms up or gets busy would favour one.
            first = number % len(servers)
            for server in servers[first:] + servers[:first]:
                before = process.cpu(server.pid)
                speed, count = rate(server.address, questions, seconds)
                rates[server.name].append(speed)
                answers[server.name] += count
                used[server.name] += process.cpu(server.pid) - before
            last = [rates[server.name][-1] for server in servers]
            result.row(number + 1, *last, last[1] / last[0], last[2] / last[0])
    medians = {name: statistics.median(values) for name, values in rates.items()}
    cost = {name: 1e6 * used[name] / answers[name] for name in rates}
    result.numbers = {"rates": rates, "medians": medians, "cpu_us_per_answer": cost,
                      "receiving_ratio": medians["receiving"] / medians["without"]}
    result.ratio = medians["with"] / medians["without"]
    result.note(f"processor time of knotd per answer: {cost['without']:.2f} us without, {cost['with']:.2f} us with the module, "
                f"{cost['receiving']:.2f} us with notify-receive and report-receive; it depends less on what else runs")
    result.note(f"with notify-receive and report-receive: {result.numbers['receiving_ratio']:.3f} of the answers per second without the module")
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
