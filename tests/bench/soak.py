# SPDX-License-Identifier: GPL-3.0-or-later
"""Endurance: zones roll and delegations change over and over while faults happen at random and kskrolld is killed.

Nothing may grow, no zone and no delegation be forgotten.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import traceback

from tests.lab import netns
from tests.lab.faults import Busy, fill_disk, small_disk
from tests.lab.parent_world import flood
from tests.lab.sanitizers import LIBRARIES, Sanitizer
from tests.lab.wait import LabError, wait_until
from tests.lab.watch import INSECURE, SECURE, SERVFAIL
from tests.lab.world import KNOT, module_path

from .both import INSIDE, PARENT, BothWorld
from .growth import HISTORY, Growth, counting

#: Seconds between samples.
EVERY = 1
#: Seconds between lines of progress.
SAID_EVERY = 60
#: A zone and a delegation must have made a step within this time when the faults are over.
PROGRESS = 300
#: Of this share of the time kskrolld is killed; then one lives to the end.
KILLED_SHARE = 0.5
#: Most seconds until there is another one: knotd waits longer with each that dies young.
RESTART = 90
#: Changes of state in a rollover.
CHANGES = 8
#: Rows of a zone or a delegation: servers are those that one has in this world; EDE as in STORE_REPORTS.
SERVERS, REPORTS = 8, 16
#: NOTIFY(CDS) of one flood, from so many addresses.
FLOOD, SOURCES = 1000, [f"127.0.30.{number}" for number in range(1, 21)]
#: The file system of the store, in the directory of the world, and its room.
STORE, DISK = "store", "96m"
#: What the log says of a transaction that is perhaps the agent's own.
LEFT = b"a transaction without changes is open"
#: Delegations that the operator of the parent adds and removes: of these names.
COMING = [f"new{number}.{PARENT}" for number in range(8)]


class Faults(threading.Thread):
    """One fault after the other, with some seconds of rest between them."""

    def __init__(self, world, seed):
        super().__init__(name="faults", daemon=True)
        self.world = world
        self.random = random.Random(seed)
        self.happened = {}
        self.error = None
        self._end = threading.Event()
        self._read = 0  # Octets of knotd's log.

    def run(self):
        kinds = [self.silent, self.restarted, self.reload, self.transaction, self.busy, self.deaf, self.full, self.child_silent,
                 self.child_behind, self.lagging, self.frozen, self.zone_transaction, self.edited, self.overruled, self.flooded]
        try:
            while not self._end.wait(self.random.uniform(0.5, 4)):
                self._end_left()
                kind = self.random.choice(kinds)
                print(f"fault: {kind.__name__}", flush=True)
                if kind() is not False:
                    self.happened[kind.__name__] = self.happened.get(kind.__name__, 0) + 1
        except Exception as error:  # told by check()
            self.error = error

    def check(self):
        """LabError if a fault could not be made."""
        if self.error:
            raise LabError(f"faults: {self.error}")

    def finish(self):
        """No more faults."""
        self._end.set()
        self.join(120)
        self._end_left()
        self.check()
        if self.is_alive() or not self.happened:
            raise LabError(f"faults: {self.happened or 'none happened'}")

    def _a_while(self):
        time.sleep(self.random.uniform(0.5, 4))

    def _server(self):
        return self.random.choice([self.world.child_nsd, self.world.child_bind,
                                   self.world.parent_nsd])

    # Of both halves.

    def silent(self):
        """A server says nothing for a while: of the zones, the parent among them, or of their own parent."""
        server = self._server()
        server.pause()
        self._a_while()
        server.resume()

    def restarted(self):
        """Such a server is restarted."""
        self._server().restart()

    def lagging(self):
        """A secondary takes no new version of any zone for a while."""
        server = self.random.choice([self.world.child_nsd, self.world.child_bind])
        server.knotc("zone-freeze")
        self._a_while()
        server.knotc("zone-thaw")

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

    def full(self):
        """The disk of the store is full for a while."""
        filler = fill_disk(self.world.storage)
        self._a_while()
        os.remove(filler)

    # Of the half of the zones.

    def deaf(self):
        """The parental agent of the zones sleeps."""
        self.world.agent.asleep = True
        self._a_while()
        self.world.agent.asleep = False

    # Of the half of the delegations.

    def child_silent(self):
        """A server of the changing children says nothing for a while."""
        host = self.random.choice("ab")
        with self._away(host):
            self.world.child_hosts[host].pause()
            self._a_while()
            self.world.child_hosts[host].resume()

    def child_behind(self):
        """A server of the changing children gets no new versions for a while."""
        with self._away(self.random.choice("ab")):
            self._a_while()

    def frozen(self):
        """The operator freezes the zone of the parent for a while."""
        self._retried("zone-freeze", PARENT)
        self._a_while()
        self._retried("zone-thaw", PARENT)

    def zone_transaction(self):
        """The operator has a transaction open on the zone of the parent for a while."""
        self._retried("zone-begin", PARENT)
        self.world.knot.knotc_ok("zone-unset", PARENT, f"operator.{PARENT}")
        self._retried("zone-set", PARENT, f"operator.{PARENT}", "60", "A", "192.0.2.9")
        self._a_while()
        self._retried(self.random.choice(["zone-abort", "zone-commit"]), PARENT)

    def edited(self):
        """The operator adds delegations by hand, or removes those that are there."""
        there = {name for name in COMING if self.world.knot.knotc_ok("zone-read", PARENT, name, "NS")}
        if there:
            commands = [("zone-unset", name) for name in there]
        else:
            chosen = self.random.sample(COMING, self.random.randint(1, len(COMING)))
            commands = [("zone-set", name, "60", "NS", f"h0.{PARENT}") for name in chosen]
        wait_until(lambda: self._end_left() or self.world.edit(*commands), 60, "knotd takes delegations by hand", poll=0.2)

    def overruled(self):
        """The operator sets another DS of a child by hand, if one is in such a state."""
        return self.world.operators.overrule(self.random)

    def flooded(self):
        """Notifications of children, and of names that are none."""
        flood([*(child.zone for child in self.world.changing[:5]), f"nobody.{PARENT}"], KNOT, count=FLOOD, sources=SOURCES)

    @contextlib.contextmanager
    def _away(self, host):
        self.world.operators.away.add(host)
        yield
        self.world.operators.away.discard(host)

    def _end_left(self):
        """The operator ends a transaction as the log advises: a kskrolld was killed that had just begun it.

        The next one cannot tell whose it is, and ends it after ten minutes.
        """
        with open(self.world.knot.log, "rb") as log:
            log.seek(self._read)
            text = log.read()
        self._read += len(text)
        if LEFT in text:
            print("the operator ends a transaction that was left open", flush=True)
            self.world.knot.knotc_ok("zone-abort", PARENT)

    def _retried(self, *command):
        # The module may have a transaction open at this moment.
        wait_until(lambda: self._end_left() or self.world.knot.knotc_ok(*command), 60, f"knotd takes {' '.join(command)}", poll=0.2)


class Killer:
    """Kills kskrolld at random. \\a every: mean seconds; 0: never."""

    def __init__(self, world, every, seed, until):
        self.world = world
        self.kills = 0
        self._every, self._random, self._until = every, random.Random(seed), until
        self.kskrolld = world.knot.wait_kskrolld()
        self.born = self._next = None
        self._begin()

    def _begin(self):
        self.born = time.monotonic()
        self._next = self.born + self._every * self._random.uniform(0.5, 1.5)

    def kill(self):
        """Kills it if it is time for that; returns whether there is another one now."""
        assert self.world.knot.kskrolld == self.kskrolld, f"kskrolld died:\n{self.world.knot.last_words()}"
        if not self._every or not self._next <= time.monotonic() < self._until:
            return False
        print("kskrolld is killed", flush=True)
        os.kill(self.kskrolld, signal.SIGKILL)
        self.kskrolld = self.world.knot.wait_kskrolld(self.kskrolld, RESTART)
        self.kills += 1
        self._begin()
        return True


def store_of(world):
    """The store, to read it."""
    return contextlib.closing(sqlite3.connect(f"file:{world.store()}?mode=ro", uri=True, timeout=10))


def forgotten(world, since):
    """Zones that made no step after that time."""
    with store_of(world) as db:
        when = dict(db.execute("SELECT zone, since FROM zone"))
    return [zone for zone in world.zones if when.get(zone, 0) <= since]


def unchecked(world, since):
    """Delegations that were not checked after that time."""
    with store_of(world) as db:
        when = dict(db.execute("SELECT name, checked FROM delegation WHERE gone = 0"))
    return [name for name in world.delegations() if when.get(name, 0) <= since]


def steps(world):
    """Changes of state of all zones, as the store has them."""
    with store_of(world) as db:
        return next(db.execute("SELECT count(*) FROM history WHERE from_state <> to_state"))[0]


def wrong_coming(world):
    """Delegations that come and go: those in the zone that have no row, and those that are not and whose row is not marked as gone."""
    with store_of(world) as db:
        gone = dict(db.execute("SELECT name, gone FROM delegation"))
    there = {name for name in COMING if world.knot.knotc_ok("zone-read", PARENT, name, "NS")}
    return [name for name in COMING if (gone.get(name) == 0) != (name in there)]


def most_rows(zones, delegations):
    """Table -> rows that it may have with so many zones and names."""
    return {"zone": zones, "history": 2 * HISTORY["history"] * zones, "server": SERVERS * zones, "report": REPORTS * zones, "parent": 1,
            "delegation": delegations, "delegation_history": 2 * HISTORY["delegation_history"] * delegations,
            "delegation_server": SERVERS * delegations, "delegation_answers": delegations}


def incomplete(world, faults, growth, begun):
    """The run ends early: what growth says nevertheless. Nothing here may hide the reason."""
    try:
        faults.finish()
    except Exception as error:  # pylint: disable=broad-except
        print(f"soak: {error}", flush=True)
    try:
        for line in growth.found((steps(world) - begun) // CHANGES):
            print(f"grown: {line}")
    except Exception as error:  # pylint: disable=broad-except
        print(f"soak: growth cannot be judged: {error!r}")
    print(f"incomplete: the run ended after {growth.server[-1].age if growth.server else 0:.0f} s", flush=True)


def wait_remembered(world, over):
    """Each zone makes a step after that time, and each delegation is checked; children that signal have the DS that they signal."""
    wait_until(lambda: not wrong_coming(world), PROGRESS, "delegations that were added or removed by hand are stored so", poll=1)
    wait_until(lambda: not forgotten(world, over), PROGRESS, "every zone makes a step after the faults", poll=1)
    wait_until(lambda: not unchecked(world, over), PROGRESS, "every delegation is checked after the faults", poll=1)

    operators = world.operators
    wait_until(lambda: operators.check() or not operators.late(over), PROGRESS, "the signals of every child are followed after the faults", poll=1)
    operators.may_begin = False
    wait_until(lambda: operators.check() or not operators.busy(), PROGRESS, "the last signals of every child are followed", poll=1)


def soak(seconds, zones, seed, directory, sanitizer=None, delegations=40, changing=4, kill_every=15):
    """One world for that time. \\a sanitizer: "asan", "tsan" or None."""
    sane = Sanitizer(sanitizer, directory) if sanitizer else None
    module, env, engine = (sane.module, sane.env, {}) if sane else (module_path(), None, {})
    numbers = None
    if sanitizer == "tsan" and os.environ.get("KSKROLL_KNOT_TSAN"):
        # Its libraries come first, and Debian's keymgr was not built for them.
        engine["keymgr"] = os.path.join(os.environ["KSKROLL_KNOT_TSAN"], "sbin", "keymgr")
    if sane:
        # Freed memory that ASan keeps back would look like growth.
        env["ASAN_OPTIONS"] += ":quarantine_size_mb=8"
    else:
        # The sanitizers have their own malloc().
        env, numbers = counting(directory)
    settings = {"ttl": 3, "lead": 1, "observe": 3, "settle": 2, "ksk-lifetime": 10}
    print(f"seed {seed}", flush=True)
    storage = small_disk(os.path.join(directory, "store"), DISK)
    with BothWorld(zones, delegations, changing, seed, directory, module, storage, engine, module_settings=settings, dnskey_ttl=4, ds_ttl=6,
                   propagation_delay=1, env=env) as world:
        world.attach()
        pid = world.knot.pid
        wait_until(lambda: world.totals()["kskroll-surveys"] >= zones, 300, "all zones are seen")
        wait_until(lambda: not unchecked(world, 0), 300, "all delegations are seen")
        begun = steps(world)
        growth = Growth(pid, world.store(), numbers)
        growth.life()
        faults = Faults(world, seed)
        started = said = time.monotonic()
        killer = Killer(world, kill_every, seed, started + seconds * KILLED_SHARE)
        faults.start()
        whole = False
        try:
            while time.monotonic() < started + seconds:
                time.sleep(EVERY)
                assert world.knot.pid == pid, f"knotd died:\n{world.knot.last_words()}"
                faults.check()
                world.operators.check()
                if killer.kill():
                    growth.life()
                growth.sample(killer.kskrolld, time.monotonic() - started, time.monotonic() - killer.born)
                if time.monotonic() > said + SAID_EVERY:
                    said = time.monotonic()
                    print(growth.said(), flush=True)
            faults.finish()
            whole = True
        finally:
            if not whole:
                incomplete(world, faults, growth, begun)
        # TSan's own memory grows with every page that is touched, and it is slow: a short run is all warming up.
        grown = growth.found((steps(world) - begun) // CHANGES) if sanitizer != "tsan" else []
        for line in grown:
            print(f"grown: {line}", flush=True)
        over = int(time.time())
        wait_remembered(world, over)
        made = steps(world) - begun
        print(f"{zones} zones, {delegations} delegations, {changing} of them change, {seconds} s, seed {seed}: {made} changes of state, about "
              f"{made // CHANGES} rollovers; {world.operators.changes()} changes of DS; kskrolld killed {killer.kills} times; "
              f"faults: {faults.happened}; resolver: {world.watch.summary()}; {time.time() - over:.0f} s to the end")
        assert not (wrong := world.wrong_ds()), f"other DS than what the child signals, or than the idle ones had: {wrong}"
        assert not (wrong := wrong_coming(world)), f"delegations that were added or removed by hand, and are stored otherwise: {wrong}"
        assert not (wrong := world.insecure_inside()), f"zones inside of {PARENT} whose chain is broken: {wrong}"
        growth.judge_store(most_rows(zones + 1, delegations + len(COMING)))
        # A resolver that gets no answer from a silent server is not the module's affair; bogus would be.
        seen = world.watch.counts()
        assert seen[SECURE] and not seen[SERVFAIL] and not seen[INSECURE], world.watch.failures[:5]
        assert world.knot.stop(60), "knotd did not stop"
        assert not grown, "; ".join(grown)
    if sane:
        sane.assert_nothing_found()


def keep_store(directory):
    """A copy of the store, whose file system ends with the namespace. Perhaps there is none yet; the reason of the end counts more."""
    try:
        shutil.copytree(os.path.join(directory, STORE), os.path.join(directory, f"{STORE}-at-the-end"))
    except (OSError, shutil.Error) as error:
        print(f"soak: the store is not kept: {error}", file=sys.stderr)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(prog="./run soak", description=__doc__)
    parser.add_argument("seconds", type=int, help="how long faults happen; 120 is a short one")
    parser.add_argument("--zones", type=int, default=40, help="1 to 200 (default 40)")
    parser.add_argument("--delegations", type=int, default=2000, help="of the parent zone (default 2000)")
    parser.add_argument("--changing", type=int, default=40, help="of them: signed, and CDS changes again and again (default 40)")
    parser.add_argument("--kill-every", type=int, default=180, help="seconds between two kills of kskrolld, on average; 0: never (default 180)")
    parser.add_argument("--seed", type=int, default=random.randrange(10 ** 6))
    parser.add_argument("--sanitizer", choices=sorted(LIBRARIES),
                        help="asan: the module built with ASan and UBSan, tsan: with TSan")
    parser.add_argument("--keep", action="store_true", help="keep the directory of the world")
    args = parser.parse_args()
    if args.zones < 1 or args.changing < 1 or args.delegations < args.changing + args.zones // INSIDE + 1:
        parser.error(f"there must be a zone and a changing delegation, and {args.changing + args.zones // INSIDE + 1} delegations "
                     "for those that change and the zones inside of the parent")
    netns.enter("tests.bench.soak")
    directory = tempfile.mkdtemp(prefix="soak-", dir=os.environ.get("KSKROLL_LAB_DIR"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    keep = True
    try:
        soak(args.seconds, args.zones, args.seed, directory, args.sanitizer, args.delegations, args.changing, args.kill_every)
        keep = args.keep
    except KeyboardInterrupt:
        sys.exit(f"soak: interrupted; see {directory}")
    except (LabError, AssertionError) as error:
        sys.exit(f"soak: {error}\nsee {directory}")
    except Exception as error:  # pylint: disable=broad-except
        traceback.print_exc()
        sys.exit(f"soak: {error!r}; see {directory}")
    finally:
        if keep:
            keep_store(directory)
        else:
            shutil.rmtree(directory, ignore_errors=True)
    print("no races were found, no zone was forgotten" if args.sanitizer == "tsan" else
          "nothing grew, no zone and no delegation was forgotten")


if __name__ == "__main__":
    main()
