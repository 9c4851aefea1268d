# SPDX-License-Identifier: GPL-3.0-or-later
"""Endurance: zones roll over and over while faults happen at random; nothing may grow, no zone be forgotten."""

import argparse
import contextlib
import os
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time

from tests.lab import netns
from tests.lab.faults import Busy
from tests.lab.sanitizers import LIBRARIES, Sanitizer
from tests.lab.wait import LabError, wait_until
from tests.lab.watch import INSECURE, SECURE, SERVFAIL
from tests.lab.world import module_path

from . import process
from .many import ManyWorld

#: Seconds between samples.
EVERY = 2
#: Seconds between lines of progress.
SAID_EVERY = 60
#: What is not growth: pages that come and go, and arenas that are still filling.
RSS_SHARE, RSS_BYTES = 0.10, 4e6
#: Threads that kskrolld always needs: its loop, the one of the control socket, the resolver's (which comes with the
#: first question after a reload). A resolver with an empty cache, for checks with validation, may be one more.
THREADS = 3
#: Threads for control connections that knotd makes and ends as it needs them (CTL_MAX_CONCURRENT).
CONTROL_THREADS = 8
#: Sockets of questions that are under way when a sample is taken.
DESCRIPTORS = 8
#: A zone must have made a step within this time when the faults are over.
PROGRESS = 300


class Faults(threading.Thread):
    """One fault after the other, with some seconds of rest between them."""

    def __init__(self, world, seed):
        super().__init__(name="faults", daemon=True)
        self.world = world
        self.random = random.Random(seed)
        self.happened = {}
        self.error = None
        self._end = threading.Event()

    def run(self):
        kinds = [self.silent, self.restarted, self.reload, self.transaction, self.busy, self.deaf]
        try:
            while not self._end.wait(self.random.uniform(0.5, 4)):
                kind = self.random.choice(kinds)
                print(f"fault: {kind.__name__}", flush=True)
                kind()
                self.happened[kind.__name__] = self.happened.get(kind.__name__, 0) + 1
        except Exception as error:  # told by finish()
            self.error = error

    def finish(self):
        """No more faults; LabError if one could not be made."""
        self._end.set()
        self.join(120)
        if self.error or self.is_alive() or not self.happened:
            raise LabError(f"faults: {self.error or self.happened or 'none happened'}")

    def _a_while(self):
        time.sleep(self.random.uniform(0.5, 4))

    def _server(self):
        return self.random.choice([self.world.child_nsd, self.world.child_bind,
                                   self.world.parent_nsd])

    def silent(self):
        """A server of zone or parent says nothing for a while."""
        server = self._server()
        server.pause()
        self._a_while()
        server.resume()

    def restarted(self):
        """A server of zone or parent is started anew."""
        self._server().restart()

    def reload(self):
        """The operator reloads, which drops all switches of a text configuration."""
        self._retried("reload")

    def transaction(self):
        """The operator has a transaction open for a while."""
        self._retried("conf-begin")
        self._a_while()
        self._retried("conf-abort")

    def busy(self):
        """Others keep the control socket busy."""
        with Busy(self.world.knot.socket, 10):
            self._a_while()

    def deaf(self):
        """The parental agent sleeps."""
        self.world.agent.asleep = True
        self._a_while()
        self.world.agent.asleep = False

    def _retried(self, command):
        # The module may have a transaction open at this moment.
        wait_until(lambda: self.world.knot.knotc_ok(command), 60, f"knotd takes {command}")


def sample(pid):
    """(memory, descriptors, threads)."""
    return process.rss(pid), process.descriptors(pid), process.threads(pid)


def progress(seconds, last):
    """A line for whoever waits."""
    rss, files, threads = last
    print(f"{seconds:.0f} s: {rss / 1e6:.1f} MB, {files} descriptors, {threads.total()} threads", flush=True)


def flat(samples):
    """AssertionError if something grew from the second third to the last; the first is for warming up."""
    third = len(samples) // 3
    assert third >= 3, f"only {len(samples)} samples"
    middle, last = samples[third:2 * third], samples[-third:]
    memory = [statistics.median(rss for rss, _, _ in part) for part in (middle, last)]
    files = [min(count for _, count, _ in part) for part in (middle, last)]
    threads = [statistics.median_low(names.total() for _, _, names in part) for part in (middle, last)]
    ours = [[names["kskrolld"] for _, _, names in part] for part in (middle, last)]
    print(f"memory {memory[0] / 1e6:.1f} -> {memory[1] / 1e6:.1f} MB, descriptors {files[0]} -> "
          f"{files[1]}, threads {threads[0]} -> {threads[1]}")
    assert memory[1] <= memory[0] * (1 + RSS_SHARE) + RSS_BYTES, f"memory grows: {memory}"
    assert files[1] <= files[0] + DESCRIPTORS, f"descriptors grow: {files}"
    # Those of kskrolld have its name. One too many that stays is in every sample of the last third.
    assert min(ours[1]) <= statistics.median(ours[0]), f"threads that have not ended: {ours}"
    assert max(ours[1]) >= THREADS, f"threads that are gone: {ours}"
    # knotd makes and ends some for control connections.
    assert abs(threads[1] - threads[0]) <= CONTROL_THREADS, f"threads: {threads}"


def steps(world):
    """zone -> when its state was entered, from the module's store."""
    path = world.knot.path("db", "kskroll", "kskroll.db")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
        return dict(db.execute("SELECT zone, since FROM zone"))


def forgotten(world, since):
    """Zones that made no step after that time."""
    when = steps(world)
    return [zone for zone in world.zones if when.get(zone, 0) <= since]


def soak(seconds, zones, seed, directory, sanitizer=None):
    """One world for that time. \\a sanitizer: "asan", "tsan" or None."""
    sane = Sanitizer(sanitizer, directory) if sanitizer else None
    module, env = (sane.module, sane.env) if sane else (module_path(), None)
    if sane:
        # Freed memory that ASan keeps back would look like growth.
        env["ASAN_OPTIONS"] += ":quarantine_size_mb=8"
    settings = {"ttl": 3, "lead": 1, "observe": 3, "settle": 2, "ksk-lifetime": 10}
    with ManyWorld(zones, directory, module, module_settings=settings, dnskey_ttl=4, ds_ttl=6,
                   propagation_delay=1, env=env) as world:
        world.attach()
        pid, kskrolld = world.knot.pid, world.knot.wait_kskrolld()
        wait_until(lambda: world.totals()["kskroll-surveys"] >= zones, 300, "all zones are seen")
        begun = world.totals()["kskroll-steps"]
        samples = []
        faults = Faults(world, seed)
        faults.start()
        started = said = time.monotonic()
        while time.monotonic() < started + seconds:
            time.sleep(EVERY)
            assert world.knot.pid == pid, f"knotd died:\n{world.knot.last_words()}"
            assert world.knot.kskrolld == kskrolld, f"kskrolld died:\n{world.knot.last_words()}"
            samples.append(sample(pid))
            if time.monotonic() > said + SAID_EVERY:
                said = time.monotonic()
                progress(said - started, samples[-1])
        faults.finish()
        over = int(time.time())
        wait_until(lambda: not forgotten(world, over), PROGRESS,
                   "every zone makes a step after the faults", poll=1)
        made = world.totals()["kskroll-steps"] - begun
        print(f"{zones} zones, {seconds} s, seed {seed}: {made} changes of state, about {made // 8} rollovers; "
              f"faults: {faults.happened}; resolver: {world.watch.summary()}")
        # TSan's own memory grows with every page that is touched, and it is slow: a short run is all warming up.
        if sanitizer != "tsan":
            flat(samples)
        # A resolver that gets no answer from a silent server is not the module's affair; bogus would be.
        seen = world.watch.counts()
        assert seen[SECURE] and not seen[SERVFAIL] and not seen[INSECURE], world.watch.failures[:5]
        assert world.knot.stop(60), "knotd did not stop"
    if sane:
        sane.assert_nothing_found()


def main():
    """Command line."""
    parser = argparse.ArgumentParser(prog="./run soak", description=__doc__)
    parser.add_argument("seconds", type=int, help="how long faults happen; 120 is a short one")
    parser.add_argument("--zones", type=int, default=40, help="1 to 200 (default 40)")
    parser.add_argument("--seed", type=int, default=random.randrange(10 ** 6))
    parser.add_argument("--sanitizer", choices=sorted(LIBRARIES),
                        help="asan: the module built with ASan and UBSan, tsan: with TSan")
    parser.add_argument("--keep", action="store_true", help="keep the directory of the world")
    args = parser.parse_args()
    try:
        netns.enter("tests.bench.soak")
        directory = tempfile.mkdtemp(prefix="soak-", dir=os.environ.get("KSKROLL_LAB_DIR"))
        soak(args.seconds, args.zones, args.seed, directory, args.sanitizer)
    except (LabError, AssertionError) as error:
        sys.exit(f"soak: {error}")
    if not args.keep:
        shutil.rmtree(directory, ignore_errors=True)
    print("no races were found, no zone was forgotten" if args.sanitizer == "tsan" else
          "nothing grew, no zone was forgotten")


if __name__ == "__main__":
    main()
