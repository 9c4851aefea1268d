# SPDX-License-Identifier: GPL-3.0-or-later
"""What the delegations of a parent zone cost: one light scan of each, and memory at rest, beside BIND's dnssec-cds.

The children are unsigned zones on a server of their own, at many addresses, since no address is asked more than ten times a second.
Each delegation has a DS, so each one is asked. dnssec-cds judges files that are there already: its share has no packet in it.
"""

import contextlib
import os
import resource
import signal
import sqlite3
import time

from tests.lab.daemons import Knot, run
from tests.lab.parent_world import ParentWorld
from tests.lab.wait import LabError, pause, wait_until
from tests.lab.world import PARENT_ZONE

from . import process
from .mass import Operator
from .plain import ZONE_FILE
from .result import exponent, slope

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
    # One alone shows what every server pays.
    sizes = [1, *([50, 200] if options.smoke else options.zones)]
    result.table("delegations", "list and scan s", "scans/s", "CPU us/scan", "packets/scan", "kskrolld MB", "store B each",
                 "list again: CPU ms", "knotd ms", "knotc status s", "restart s", "CPU s")
    found = {}
    for size in sizes:
        found[size] = numbers = measure(directory, size)
        result.row(size, numbers["seconds"], numbers["rate"], numbers["cpu"] * 1e6, numbers["packets"], numbers["rss"] / 1e6, numbers["store"],
                   numbers["list_cpu"] * 1e3, numbers["list_cpu_knotd"] * 1e3, numbers["status_longest"], numbers["restart"], numbers["restart_cpu"])
        result.numbers[str(size)] = numbers
    each, fixed = slope([(size, numbers["rss"]) for size, numbers in found.items()])
    growth = {what: exponent([(size, of(found[size], size) - of(found[1], 1)) for size in sizes[1:]])
              for what, of in (("processor", lambda numbers, size: numbers["cpu"] * size), ("memory", lambda numbers, _: numbers["rss"]))}
    numbers, peer = found[sizes[-1]], measure_peer(directory)
    result.numbers |= {"bytes_each": each, "bytes_fixed": fixed, "peer_cpu": peer, "exponents": growth}
    result.ratio = numbers["cpu"] / peer
    result.note(f"memory: {each:.0f} B for each delegation (goal {GOAL}), {fixed / 1e6:.1f} MB without any")
    result.note("exponents (1: in proportion to delegations), above one delegation: " +
                ", ".join(f"{what} {value:.2f}" if value else f"{what} not measurable" for what, value in growth.items()))
    result.note("list again: by one change of the zone. knotd's share has the change, and the answers to "
                f"{numbers['status_asked']} knotc status in the largest zone: the longest is shown")
    result.note("restart: kskrolld is killed, and has read its store and listed the zone")
    result.note(f"scans are limited by {len(ADDRESSES)} addresses with ten questions a second each")
    result.note(f"dnssec-cds: {peer * 1e3:.2f} ms of CPU for each run, on files that are there already. It verifies, and makes an update: a scan "
                "only finds out whether there is something to do")
    result.note(f"one million scans a day: {numbers['cpu'] * 1e6 / DAY:.2%} of one core, lists not included")
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
        with contextlib.closing(sqlite3.connect(world.store(), timeout=10)) as store:
            store.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return {"seconds": seconds, "rate": scans / seconds, "cpu": used / scans, "packets": world.total("delegation-queries") / scans,
                "rss": process.rss(pid), "store": os.path.getsize(world.store()) / size, **listed(world), **restarted(world)}


def listed(world):
    """What it costs to list the zone again after a change; and for how long the operator waits meanwhile."""
    def lists():
        return len(world.knot.log_lines("received command 'zone-read'"))
    pids = {"list_cpu": process.alone(world.knot.kskrolld), "list_cpu_knotd": process.alone(world.knot.pid)}
    process.wait_quiet(world.knot.pid, 600, share=0.05)
    operator, listings = Operator(world.knot), lists()
    operator.start()
    before = {name: process.cpu(pid) for name, pid in pids.items()}
    for command in (("zone-begin",), ("zone-set", f"bench.{PARENT_ZONE}", "60", "TXT", "changed"), ("zone-commit",)):
        world.knot.knotc(command[0], PARENT_ZONE, *command[1:])
    wait_until(lambda: lists() > listings, 600, "the zone is listed again", poll=0.1)
    process.wait_quiet(world.knot.kskrolld, 600, share=0.05)
    used = {name: process.cpu(pid) - before[name] for name, pid in pids.items()}
    return used | operator.finish()


def restarted(world):
    """Seconds from the end of kskrolld until the next one has read the store and listed the zone; and their processor time."""
    former, began = world.knot.kskrolld, time.monotonic()
    os.kill(former, signal.SIGKILL)
    pid = world.knot.wait_kskrolld(former, 60)
    process.wait_quiet(pid, 600, share=0.05)
    # The last second was quiet.
    return {"restart": time.monotonic() - began - 1, "restart_cpu": process.cpu(process.alone(pid))}


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
