# SPDX-License-Identifier: GPL-3.0-or-later
"""Many zones of one parent told to roll at once: how long, how many commits and packets, how smoothly."""

import threading
import time

from tests.lab.daemons import run
from tests.lab.wait import LabError, pause, wait_until
from tests.lab.world import MODULE_SETTINGS

from . import process
from .many import ManyWorld

#: What is told to the servers of a zone, and to those of its parent.
SERVERS = 4
#: Between two checks the DS of a zone at rest: a day, up to an eighth less, by the key (ROLLOVER_DS_CHECK).
DS_CHECK_HOURS = 24 * (1 - 1 / 16)
#: It is not over after so many times the bound: something is wrong.
LONGEST = 100
#: States in which the old key is still there.
EARLIER = ("prepare", "introduce", "signal", "await-ds", "withdraw", "observe")
#: Seconds in which `knotc status` should be answered.
PROMPT = 0.3


class Operator(threading.Thread):
    """Asks `knotc status` all the time and keeps how long it took."""

    def __init__(self, knot):
        super().__init__(name="operator", daemon=True)
        self.knot = knot
        self.taken = []
        self.began = time.monotonic()
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(0.02):
            began = time.monotonic()
            done = run(["knotc", "-t", "30", "-s", self.knot.socket, "status"])
            self.taken.append((time.monotonic() - began, began - self.began))
            if done.returncode != 0:
                break
            if self.taken[-1][0] > PROMPT:
                print(f"knotc status took {self.taken[-1][0]:.2f} s", flush=True)

    def finish(self):
        """Ends asking; LabError if it was refused, otherwise numbers: seconds, when, how many."""
        over = not self.is_alive()
        self._end.set()
        self.join(60)
        if over:
            raise LabError("knotc status failed")
        longest, when = max(self.taken)
        return {"status_longest": longest, "status_longest_at": when, "status_asked": len(self.taken),
                "status_late": sum(seconds > PROMPT for seconds, _ in self.taken)}


def bench(result, directory, options):
    """One world, its zones at rest, then all of them rolling."""
    count = 8 if options.smoke else options.zones[0]
    n = options.scale
    times = {"dnskey_ttl": 10 * n, "ds_ttl": 20 * n, "zone_ttl": 10 * n, "propagation_delay": 2 * n}
    settings = {item: value * n for item, value in MODULE_SETTINGS.items() if not isinstance(value, bool)}
    settings["check-interval"] = options.check_interval or settings["check-interval"]
    if options.smoke:
        times |= {"dnskey_ttl": 4, "ds_ttl": 6, "propagation_delay": 1}
        settings |= {"ttl": 3, "observe": 3, "settle": 1}
    with ManyWorld(count, directory, options.module, module_settings=settings,
                   engine_settings={"parent-rate": options.parent_rate, "unsafe-timing": True},
                   **times) as world:
        knot = world.knot
        process.wait_quiet(knot.pid, 300, share=0.1)
        # A server that has just started, as the one with the module is, too.
        knot.restart()
        process.wait_quiet(knot.pid, 300, share=0.1)
        rest = {"rss_without": process.rss(knot.pid)}
        world.attach()
        wait_until(lambda: world.states().get("idle") == count and
                   world.totals()["kskroll-surveys"] >= count, 300 + count / 10, "all zones are at rest")
        began, used = time.monotonic(), process.cpu(knot.pid)
        pause(2 if options.smoke else settings["check-interval"])  # Each zone is checked once.
        rest |= {"rss_with": process.rss(knot.pid), "queries": world.totals()["kskroll-queries"] / count,
                 "cpu_share": (process.cpu(knot.pid) - used) / (time.monotonic() - began)}
        numbers = roll(world, count, result)
        world.assert_secure()
    numbers["rest"] = rest
    bound = world.dnskey_ttl + world.ds_ttl
    numbers |= {"bound": bound, "propagation_delay": times["propagation_delay"]}
    result.numbers = {"zones": count, "scale": n, "parent_rate": options.parent_rate,
                      "check_interval": settings["check-interval"], **numbers}
    result.table("what", "measured")
    result.rows.clear()
    summary(result, numbers, count, settings["check-interval"])
    result.ratio = numbers["old_keys_gone"] / bound


class Follower:
    """Prints the states when they change, and notes when all old keys have left."""

    def __init__(self, world, told):
        self.world, self.told = world, told
        self.gone = None
        self._last = None
        self._left = dict(world.first_keys)

    def is_over(self):
        """Whether all zones have one key and are idle."""
        states = self.world.states()
        if states != self._last:
            print(f"{time.monotonic() - self.told:6.1f} s  " +
                  "  ".join(f"{state} {number}" for state, number in states.items()), flush=True)
            self._last = states
        if not self.world.knot.running():
            raise LabError(f"knotd has ended: {states}")
        if self.gone is None and not any(state in states for state in EARLIER):
            self._left = {zone: keys for zone, keys in self._left.items() if not self.world.only_new(zone)}
            self.gone = None if self._left else time.monotonic()
        return self.gone is not None and states.get("idle") == len(self.world.first_keys)


def roll(world, count, result):
    """All zones roll; returns what was measured."""
    knot = world.knot
    before = world.totals()
    commits = len(knot.log_lines("received command 'conf-commit'"))
    operator = Operator(knot)
    operator.start()
    used, threads = process.cpu(knot.pid), process.cpu_by_thread(knot.pid)
    print(f"telling {count} zones to roll", flush=True)
    began = time.monotonic()
    telling = world.roll(world.zones)
    told = time.monotonic()
    print(f"told in {telling:.1f} s", flush=True)
    follower = Follower(world, told)
    wait_until(follower.is_over, LONGEST * (world.dnskey_ttl + world.ds_ttl), "all zones have rolled", poll=0.25)
    gone, idle = follower.gone, time.monotonic()
    status = operator.finish()
    after = world.totals()
    queries = after["kskroll-queries"] - before["kskroll-queries"]
    return {"telling": telling, "old_keys_gone": gone - began, "old_keys_gone_since_last": gone - told, "idle_again": idle - began,
            "commits": len(knot.log_lines("received command 'conf-commit'")) - commits,
            "steps": after["kskroll-steps"] - before["kskroll-steps"],
            "queries": queries, "queries_per_rollover_and_server": queries / count / SERVERS,
            "surveys": after["kskroll-surveys"] - before["kskroll-surveys"],
            **status, "cpu": process.cpu(knot.pid) - used,
            "cpu_by_thread": dict(process.cpu_by_thread(knot.pid) - threads),
            "peak": process.peak(knot.pid), "agent_updates": world.agent.updates}


def summary(result, numbers, count, interval):
    """Lines of the table."""
    rest = numbers["rest"]
    result.row("zones", count)
    result.row("lower bound: DNSKEY TTL + DS TTL, s", numbers["bound"])
    result.row("telling all of them, s", numbers["telling"])
    result.row("old KSK gone everywhere, since the first order, s", numbers["old_keys_gone"])
    result.row("that over the bound and Knot's propagation-delay",
               numbers["old_keys_gone"] / (numbers["bound"] + numbers["propagation_delay"]))
    result.row("since the last order, over the bound", numbers["old_keys_gone_since_last"] / numbers["bound"])
    result.row("all at rest again, s", numbers["idle_again"])
    result.row("configuration commits", numbers["commits"])
    result.row("surveys per rollover", numbers["surveys"] / count)
    result.row("packets per rollover and server", numbers["queries_per_rollover_and_server"])
    result.row("processor per rollover, ms", 1000 * numbers["cpu"] / count)
    result.row("longest knotc status, s", numbers["status_longest"])
    result.row("after how many seconds", numbers["status_longest_at"])
    result.row(f"of {numbers['status_asked']} longer than {PROMPT:g} s", numbers["status_late"])
    result.row("peaks of the processes' memory, in sum, MB", numbers["peak"] / 1e6)
    result.row(f"at rest, check-interval {interval} s: processor, %", 100 * rest["cpu_share"])
    result.row("at rest: packets for a zone's check of its DS", rest["queries"])
    result.row("at rest: packets per zone and hour", rest["queries"] / DS_CHECK_HOURS)
    result.row("at rest: memory with over without, kB per zone",
               (rest["rss_with"] - rest["rss_without"]) / count / 1e3)
    threads = sorted(numbers["cpu_by_thread"].items(), key=lambda item: -item[1])
    result.note("processor by thread, ms per rollover: " +
                ", ".join(f"{name} {1000 * used / count:.0f}" for name, used in threads))
    result.note("ratio: time from the first order until all old keys have left, over the bound")
