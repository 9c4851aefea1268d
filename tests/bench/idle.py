# SPDX-License-Identifier: GPL-3.0-or-later
"""What zones at rest cost: memory, processor, start, reload, against the same server without the module.

And against a module of Knot's own that keeps numbers for each zone, mod-stats: what knotd does for an instance, ours
pays as well. Plain zones, which nobody signs, are checked as often as others and write their row; but nobody
asks anybody about them. `mass` has the same numbers for signed zones with a parent.
"""

import shutil
import statistics
import time

from . import process
from .plain import Plain
from .result import exponent, slope

ADDRESS = "127.0.9.1"
PEER = "mod-stats"
#: Of each server; the median counts.
RELOADS = 5


def bench(result, directory, options):
    """Servers one after the other, by turns without and with the module."""
    # One zone alone shows what every server pays.
    sizes = [1, *([50, 200] if options.smoke else options.zones)]
    rounds = 1 if options.smoke else options.rounds
    kinds = ["without", "with", PEER]
    measured = {size: {name: [] for name in kinds} for size in sizes}
    result.table("zones", "module", "RSS MB", "start s", "reload s", "commit s", "CPU s", "quiet after s")
    for size in sizes:
        for number in range(rounds):
            for name in kinds if number % 2 == 0 else reversed(kinds):
                module = options.module if name == "with" else None
                numbers = measure(f"{name}-{size}", directory, size, module, PEER if name == PEER else None)
                measured[size][name].append(numbers)
                result.row(size, name, numbers["rss"] / 1e6, numbers["start"], numbers["reload"],
                           numbers["commit"], numbers["cpu"], numbers["quiet"])
    summary(result, measured)


def measure(name, directory, size, module, stock):
    """One server from its start to its end."""
    server = Plain(name, directory, ADDRESS, size, module, stock)
    numbers = {}
    try:
        server.configure()
        numbers["start"] = server.launch_timed()
        server.wait_control()
        began = time.monotonic()
        if module:
            server.wait_checked(60 + size / 100)
        process.wait_quiet(server.pid, 600)
        numbers["quiet"] = time.monotonic() - began
        numbers["rss"], numbers["cpu"] = process.rss(server.pid), process.cpu(server.pid)
        numbers["rss_knotd"] = process.rss(process.alone(server.pid))
        numbers["threads"] = process.threads(server.pid).total()
        numbers["store"] = server.store_size()
        reloads, used = [], process.cpu(server.pid)
        for _ in range(RELOADS):
            reloads.append(server.reload_timed())
            process.wait_quiet(server.pid, 600)
        numbers["reload"], numbers["reload_cpu"] = statistics.median(reloads), (process.cpu(server.pid) - used) / RELOADS
        numbers["rss_reloaded"] = process.rss(server.pid)
        numbers["commit"] = server.commit_timed()
    finally:
        server.stop(60)
        shutil.rmtree(server.dir, ignore_errors=True)
    return numbers


def summary(result, measured):
    """Medians, the cost of one more zone, and how costs grow."""
    extra = {}
    for size, both in measured.items():
        middle = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
                  for name, runs in both.items()}
        extra[size] = {key: middle["with"][key] - middle["without"][key] for key in middle["with"]}
        extra[size]["all_in_all"] = middle["with"]
        extra[size]["start_ratio"] = middle["with"]["start"] / middle["without"]["start"]
        extra[size]["reload_ratio"] = middle["with"]["reload"] / middle["without"]["reload"]
        extra[size]["peer"] = {"start_ratio": middle[PEER]["start"] / middle["without"]["start"],
                               "reload_ratio": middle[PEER]["reload"] / middle["without"]["reload"],
                               "rss": middle[PEER]["rss"] - middle["without"]["rss"]}
    one, sizes = extra[1], sorted(size for size in extra if size > 1)
    knotd_per_zone, knotd_fixed = slope([(size, extra[size]["rss_knotd"]) for size in sizes])
    per_zone, fixed = slope([(size, extra[size]["rss"]) for size in sizes])
    largest = extra[sizes[-1]]
    check_ms = 1000 * largest["cpu"] / sizes[-1]
    peer_per_zone, _ = slope([(size, extra[size]["peer"]["rss"]) for size in sizes])
    # What every server pays is no cost of a zone.
    growth = {key: exponent([(size, extra[size][what] - one[what]) for size in sizes])
              for key, what in (("memory", "rss"), ("processor", "cpu"))}
    for key in ("start", "reload", "commit"):
        growth[key] = exponent([(size, extra[size]["all_in_all"][key]) for size in sizes])
    result.numbers = {"runs": measured, "extra": extra, "rss_per_zone": per_zone, "rss_fixed": fixed,
                      "knotd_rss_per_zone": knotd_per_zone, "knotd_rss_fixed": knotd_fixed,
                      "peer": PEER, "peer_rss_per_zone": peer_per_zone,
                      "cpu_ms_per_first_check": check_ms, "exponents": growth, "zones": sizes[-1]}
    result.ratio = largest["start_ratio"]
    result.note(f"memory: {per_zone:.0f} bytes per zone and {fixed / 1e6:.1f} MB for module and kskrolld themselves, "
                f"of that in knotd {knotd_per_zone:.0f} bytes and {knotd_fixed / 1e6:.1f} MB; "
                f"the store has {largest['store'] / sizes[-1]:.0f} bytes per zone; "
                f"{PEER}: {peer_per_zone:.0f} bytes per zone")
    result.note(f"processor: {check_ms:.2f} ms for attaching, first check and first row of a zone")
    for size in sizes:
        result.note(f"{size} zones: start x{extra[size]['start_ratio']:.2f}, "
                    f"reload x{extra[size]['reload_ratio']:.2f} "
                    f"({PEER}: x{extra[size]['peer']['start_ratio']:.2f}, "
                    f"x{extra[size]['peer']['reload_ratio']:.2f}); "
                    f"a reload costs {1e6 * extra[size]['reload'] / size:.0f} us more per zone until knotc returns, "
                    f"and {1e6 * extra[size]['reload_cpu'] / size:.0f} us of processor time until all is quiet; "
                    f"after {RELOADS} of them the module has {extra[size]['rss_reloaded'] / 1e6:.1f} MB instead of {extra[size]['rss'] / 1e6:.1f}")
    result.note("exponents (1: in proportion to zones): of what the module adds, memory "
                f"{_digits(growth['memory'])}, processor {_digits(growth['processor'])}; of the whole server with it, "
                f"start {_digits(growth['start'])}, reload {_digits(growth['reload'])}, "
                f"a commit of one zone {_digits(growth['commit'])}")
    result.note(f"ratio: time to start with the module over that without, {sizes[-1]} zones")


def _digits(value):
    return "not measurable" if value is None else f"{value:.2f}"
