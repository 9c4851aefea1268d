# SPDX-License-Identifier: GPL-3.0-or-later
"""What the delegations of a parent zone cost: one light scan of each, and memory at rest, beside BIND's dnssec-cds.

The children are unsigned zones on a server of their own, at many addresses, since no address is asked more than ten times a second.
Each delegation has a DS, so each one is asked. dnssec-cds judges files that are there already: its share has no packet in it.
"""

import os
import resource
import time

from tests.lab.daemons import Knot, run
from tests.lab.parent_world import ParentWorld
from tests.lab.wait import LabError, pause, wait_until
from tests.lab.world import PARENT_ZONE

from . import process
from .plain import ZONE_FILE
from .result import slope

#: Of the server of the children.
ADDRESSES = [f"127.8.{number // 200}.{1 + number % 200}" for number in range(200)]
DAY = 86400
#: Seconds until a server with very many zones answers.
READY = 300
#: Octets of kskrolld for each delegation at rest.
GOAL = 100
PEER_RUNS = 50
AGENT = {"delegations": "report", "scan-interval": DAY, "scan-interval-notifying": DAY, "check-interval": 60}


class Many(ParentWorld):
    """A parent zone with `count` more delegations, whose zones are on one more server."""

    def __init__(self, directory, count, agent=None, engine=None):
        names = [f"c{number:06}.{PARENT_ZONE}" for number in range(count)]
        lines = [f"h{number}.many.{PARENT_ZONE} A {address}" for number, address in enumerate(ADDRESSES)]
        for number, name in enumerate(names):
            lines.append(f"{name} NS h{number % len(ADDRESSES)}.many.{PARENT_ZONE}")
            lines.append(f"{name} DS {number % 65536} 13 2 {number:064X}")
        super().__init__(directory, agent=agent or AGENT, engine={"scan-rate": 10000, **(engine or {})}, parent_lines=lines, pinned=False)
        self.names = names

    def start_children(self):
        """The server of the many zones."""
        knot = Knot("many", self.dir, ADDRESSES[0], [], [self.names[0], self.names[-1]])
        path = knot.write("many.zone", ZONE_FILE)
        knot.sections = [
            ("server", {"rundir": knot.dir, "pidfile": knot.path("knot.pid"), "listen": [f"{address}@53" for address in ADDRESSES],
                        "udp-workers": 1, "tcp-workers": 1, "background-workers": 1}),
            ("control", {"listen": knot.socket}),
            ("log", [{"target": knot.log, "any": "info"}]),
            ("database", {"storage": knot.path("db"), "journal-db-max-size": "16M", "kasp-db-max-size": "16M", "timer-db-max-size": "64M"}),
            ("template", [{"id": "default", "storage": knot.dir, "file": path, "zonefile-sync": -1, "zonefile-load": "whole",
                           "journal-content": "none"}]),
            ("zone", [{"domain": zone} for zone in self.names]),
        ]
        return self.up(knot)

    def _up(self, daemon):
        daemon.ready_bound = READY
        return super()._up(daemon)

    def knot_sections(self):
        # The parent zone has to fit, with all its signatures.
        fits = {"database": lambda content: content | {"journal-db-max-size": "8G"},
                "template": lambda content: [one | {"journal-max-usage": "4G"} for one in content]}
        return [(name, fits.get(name, lambda content: content)(content)) for name, content in super().knot_sections()]

    def start(self):
        self.start_children()
        super().start()

    def total(self, item, of=""):
        """A number of the module's global statistics, or one of its parts."""
        text = self.knot.knotc("-f", "stats", f"mod-kskroll.kskroll-{item}", check=False)
        return sum(int(line.rsplit("=", 1)[1]) for line in text.splitlines() if f"{item}{of} = " in line)


def bench(result, directory, options):
    """A world for each number of delegations; then dnssec-cds as often as it takes to measure it."""
    sizes = [50, 200] if options.smoke else options.zones
    result.table("delegations", "list and scan s", "scans/s", "CPU us/scan", "packets/scan", "kskrolld MB", "store B each")
    memory, numbers = [], {}
    for size in sizes:
        numbers = measure(directory, size)
        memory.append((size, numbers["rss"]))
        result.row(size, numbers["seconds"], numbers["rate"], numbers["cpu"] * 1e6, numbers["packets"], numbers["rss"] / 1e6,
                   numbers["store"])
        result.numbers[str(size)] = numbers
    each, fixed = slope(memory)
    peer = measure_peer(directory)
    result.numbers |= {"bytes_each": each, "bytes_fixed": fixed, "peer_cpu": peer}
    result.ratio = numbers["cpu"] / peer
    result.note(f"memory: {each:.0f} B for each delegation (goal {GOAL}), {fixed / 1e6:.1f} MB without any")
    result.note(f"dnssec-cds: {peer * 1e3:.2f} ms of CPU for each run, on files that are there already")
    result.note(f"one million scans a day: {numbers['cpu'] * 1e6 / DAY:.2%} of one core")
    result.note("ratio: CPU of a light scan / CPU of dnssec-cds")


def measure(directory, size):
    """The first pass over all delegations."""
    with Many(os.path.join(directory, str(size)), size) as world:
        pid = process.alone(world.knot.kskrolld)
        began = time.monotonic()
        used = process.cpu(pid)
        wait_until(lambda: world.total("delegation-scans") >= size, 120 + size / 100, "every delegation is asked", poll=0.2)
        seconds = time.monotonic() - began
        wait_until(lambda: world.total("delegation-state", "[rest]") >= size, 60, "all are at rest", poll=0.2)
        used = process.cpu(pid) - used
        pause(1.5)  # what was seen last is written within a second
        scans = world.total("delegation-scans")
        return {"seconds": seconds, "rate": scans / seconds, "cpu": used / scans, "packets": world.total("delegation-queries") / scans,
                "rss": process.rss(pid), "store": os.path.getsize(world.store()) / size}


def measure_peer(directory):
    """Seconds of CPU of one dnssec-cds."""
    from tests.lab.hand_signed import HandSigned  # pylint: disable=import-outside-toplevel
    child = HandSigned()
    child.place(0)
    zone = os.path.join(directory, "peer.zone")
    with open(zone, "w", encoding="ascii") as file:
        file.write(child.version(keys=("a", "b"), cds=("b",)))
    dsset = os.path.join(directory, f"dsset-{child.zone}")
    with open(dsset, "w", encoding="ascii") as file:
        file.writelines(f"{child.zone} 600 IN DS {record}\n" for record in child.ds("a"))
    os.utime(dsset, (time.time() - DAY, time.time() - DAY))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(PEER_RUNS):
        done = run(["dnssec-cds", "-u", "-f", zone, "-d", dsset, child.zone])
        if done.returncode != 0 or "update add" not in done.stdout:
            raise LabError(f"dnssec-cds: {done.stderr.strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / PEER_RUNS
