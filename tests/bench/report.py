# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line needs for many zones: the page of a portfolio, the year ahead, one page of two servers."""

import os
import subprocess
import tempfile
import time

from tests.lab.daemons import run
from tests.lab.wait import LabError

from .result import exponent

#: Seconds and octets of the page of 10,000 zones.
GOAL_SECONDS, GOAL_SIZE = 2, 5e6
NOW = 1800000000


def bench(result, directory, options):
    """Stores in which each zone has something to say; the largest one is judged by."""
    sizes = [100, 400] if options.smoke else options.zones
    result.table("zones", "report s", "MB", "all blocked s", "MB", "of two files s", "status s", "calendar s", "report MB of memory")
    points = []
    for size in sizes:
        stores = {kind: store(directory, size, *kind) for kind in ((), ("blocked",))}
        page, blocked = (timed(["report", "--db", path]) for path in stores.values())
        files = []
        for number, path in enumerate(stores.values()):
            files.append(os.path.join(directory, f"{size}-{number}.json"))
            with open(files[-1], "wb") as file:
                file.write(timed(["report", "--json", "--db", path])["text"])
        both = timed(["report", *files])
        status = timed(["status", "--db", stores[()]])
        calendar = timed(["calendar", "--db", stores[()]])
        result.row(size, page["seconds"], page["size"] / 1e6, blocked["seconds"], blocked["size"] / 1e6, both["seconds"],
                   status["seconds"], calendar["seconds"], page["rss"] / 1e6)
        parts = {"report": page, "blocked": blocked, "of_two_files": both, "status": status, "calendar": calendar}
        result.numbers[str(size)] = {name: {item: value for item, value in part.items() if item != "text"} for name, part in parts.items()}
        points.append((size, max(page["seconds"], blocked["seconds"])))
    growth = exponent(points)
    result.numbers["exponent"] = growth
    worst = max(blocked["size"], page["size"])
    result.note(f"exponent of the growth of a page's time: {growth:.2f}" if growth else "one size: no growth")
    result.note(f"goals for 10,000 zones: {GOAL_SECONDS} s, {GOAL_SIZE / 1e6:g} MB; the largest page has {worst / 1e6:.1f} MB")
    result.note(f"ratio: seconds of the slower page for each 10,000 of the most zones, over {GOAL_SECONDS}")
    result.ratio = points[-1][1] * 10000 / points[-1][0] / GOAL_SECONDS


def store(directory, size, *kind):
    """Path of a store with so many zones."""
    path = os.path.join(directory, f"{size}-{'-'.join(kind) or 'idle'}", "kskroll.db")
    done = run([os.path.join(os.environ["KSKROLL_BUILD"], "tests", "unit", "cli_store"), path, str(NOW), "portfolio", str(size), *kind])
    if done.returncode != 0:
        raise LabError(f"cli_store: {done.stderr.strip()}")
    return path


def timed(args):
    """What a command prints, its seconds, processor time, and resident memory."""
    tool = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        # pylint: disable=consider-using-with
        process = subprocess.Popen([tool, *args], stdin=subprocess.DEVNULL, stdout=output, env={**os.environ, "KSKROLL_NOW": str(NOW)})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode != 0 or not text:
        raise LabError(f"kskroll {' '.join(args)}: exit code {process.returncode}, {len(text)} octets")
    return {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss * 1024, "size": len(text), "text": text}
