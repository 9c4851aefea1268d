# SPDX-License-Identifier: GPL-3.0-or-later
"""A world of many zones with one parent: what the lab's world does for a few, in batches.

The secondaries are knotd, too, since what they need with many zones is not the matter here. The
parental agent believes what a secondary says (its check is no part of what is measured) and
changes the DS of all zones that it found in as few updates as it can.
"""

import atexit
import concurrent.futures
import os
import threading
import time

from tests.lab import ask, watch, zones as zonefiles
from tests.lab.daemons import Knot, Unbound, file_name, run
from tests.lab.wait import LabError, wait_until
from tests.lab.world import (CHILD_BIND, CHILD_NSD, KNOT, PARENT_BIND, PARENT_ZONE, WARM, World)

#: Zones that a resolver is asked for all along.
WATCHED = 4
#: knotc at the same time, for commands that take one zone each: knotd's backlog is 5.
AT_ONCE = 2
#: Zones that the agent checks a second, if they are so many that it would be all that the machine does.
SCANNED_PER_SECOND = 2000
#: Zones that a secondary checks a second, in case a NOTIFY was lost.
REFRESHED_PER_SECOND = 20
#: Connections that are over and that the kernel remembers: transfers bind their source address, which takes
#: longer the more there are.
TIME_WAIT = 256
#: Zones in one update: a message has 64 KiB.
UPDATE_ZONES = 200


class BatchAgent:
    """Sets the DS of every zone to its CDS, all that changed in one go."""

    def __init__(self, directory, zones, tsig, ds_ttl, interval):
        self.dir = os.path.join(directory, "agent")
        os.makedirs(self.dir, exist_ok=True)
        self.zones = zones
        self.ds_ttl = ds_ttl
        self.interval = interval
        self.asleep = False
        self.updates = 0
        self.last = None
        self._have = {}
        self._scanner = ask.Scanner(CHILD_NSD, zones, "CDS")
        self._keyfile = zonefiles.write(os.path.join(self.dir, "tsig.key"), tsig.bind())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="agent", daemon=True)

    def start(self):
        """Starts scanning."""
        self._thread.start()

    def stop(self):
        """Ends scanning and waits for a scan under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(60)
        self._scanner.close()

    def set_ds(self, wanted):
        """\\a wanted: zone -> DS records as text."""
        lines = [f"server {PARENT_BIND} 53", f"zone {PARENT_ZONE}"]
        for number, (zone, records) in enumerate(wanted.items()):
            lines.append(f"update delete {zone} DS")
            lines += [f"update add {zone} {self.ds_ttl} DS {record}" for record in records]
            if number % UPDATE_ZONES == UPDATE_ZONES - 1:
                lines.append("send")
        done = run(["nsupdate", "-v", "-t", "60", "-k", self._keyfile],
                   input="\n".join([*lines, "send"]) + "\n")
        if done.returncode != 0:
            raise LabError(f"nsupdate: {done.stderr.strip()}")
        self._have.update(wanted)
        self.updates += 1
        self.last = time.monotonic()

    def _run(self):
        while not self._stop.wait(self.interval):
            found = {zone: sorted(record.to_text() for record in cds)
                     for zone, cds in self._scanner.found().items()}
            wanted = {zone: records for zone, records in found.items() if records != self._have.get(zone)}
            if wanted and not self.asleep:
                try:
                    self.set_ds(wanted)
                except LabError:
                    continue  # a server of the parent that is slow or gone: again in a moment


class ManyWorld(World):
    """World with `count` zones (or these); their DS is at the parent, the module is attached on attach()."""

    def __init__(self, count, directory, module=None, zones=None, **settings):
        super().__init__(zones or [f"z{number:05}.test." for number in range(count)], directory, module,
                         pinned=False, **settings)
        self.first_keys = {}

    def child_servers(self, public_only=True):
        servers = {"nsd": CHILD_NSD, "bind": CHILD_BIND}
        return servers if public_only else {"knot": KNOT, **servers}

    def _child_hosts(self, zone):
        return {f"ns1.{zone}": [CHILD_NSD], f"ns2.{zone}": [CHILD_BIND]}

    def start(self):
        atexit.register(self.stop)
        zonefiles.write("/proc/sys/net/ipv4/tcp_max_tw_buckets", f"{TIME_WAIT}\n")  # of this namespace
        self._start_parent()
        self._start_root()
        self._start_children()
        outside = self._children_of(PARENT_ZONE)
        self.agent = BatchAgent(self.dir, outside, self._update_key, self.ds_ttl,
                                interval=max(1.0, len(self.zones) / SCANNED_PER_SECOND))
        keys = self.first_keys = {zone: ask.ksks(KNOT, zone) for zone in self.zones}
        self.agent.set_ds({zone: ask.ds_of(zone, keys[zone]) for zone in outside})
        wait_until(lambda: all(self.ds_everywhere(zone, keys[zone]) for zone in
                               (self.zones[0], self.zones[-1])), 60, "the DS are at the parent")
        for first in range(0, len(self.zones), UPDATE_ZONES):  # One command for all takes longer than knotc waits.
            self.knot.knotc("zone-ksk-submitted", *self.zones[first:first + UPDATE_ZONES])
        self.warm = self._up(Unbound("warm", self.dir, WARM, self.hints, self.anchor))
        self.resolvers = {"warm": WARM}
        sample = self._watched()
        wait_until(lambda: all(watch.verdict_of(WARM, f"www.{zone}")[0] == watch.SECURE
                               for zone in sample), 60, "the resolver finds the zones secure")
        self.watch = watch.Watch(self.resolvers, sample, interval=0.5)
        self.observer = self._observer(sample, public_only=True, interval=1)
        for part in (self.observer, self.agent, self.watch):
            self._running.append(part)
            part.start()

    def _watched(self):
        """Zones that a resolver is asked for all along."""
        return self.zones[::max(1, len(self.zones) // WATCHED)][:WATCHED]

    def _zone_lines(self, zone):
        """Records of a zone beside those of its apex and its servers."""
        return ["www A 192.0.2.1"]

    def attach(self):
        """The module is given to the zones: knotd is started anew, with the keys it has."""
        self._attached = True
        self.knot.sections = self.knot_sections()
        self.knot.configure()
        self.knot.restart()

    def _start_children(self):
        self._attached = False
        self.knot = Knot("knot", self.dir, KNOT, [], [self.zones[0], self.zones[-1]],
                         env=self._env)
        for zone in self.zones:
            self.knot.write(file_name(zone), zonefiles.zone_text(
                zone, self._child_hosts(zone), self.zone_ttl, self._zone_lines(zone)))
        self.knot.sections = self.knot_sections()
        self.knot.ready_bound = 120
        self._up(self.knot)
        wait_until(lambda: all(ask.ksks(KNOT, zone) for zone in self.zones), 300,
                   "the child zones are signed", poll=1)
        self.child_nsd = self._up(self._secondary("nsd", CHILD_NSD))
        self.child_bind = self._up(self._secondary("bind", CHILD_BIND))
        for address in (CHILD_NSD, CHILD_BIND):
            wait_until(lambda a=address: all(ask.ksks(a, zone) for zone in self.zones), 300,
                       f"{address} has the zones", poll=1)

    def knot_sections(self):
        return [(name, content | {"journal-db-max-size": "1G"} if name == "database" else content)
                for name, content in super().knot_sections()]

    def _secondary(self, name, address):
        server = Knot(name, self.dir, address, [], [self.zones[0], self.zones[-1]])
        key = {"key": self.transfer_key.name}
        server.sections = [
            ("server", {"rundir": server.dir, "pidfile": server.path("knot.pid"),
                        "listen": f"{address}@53", "udp-workers": 1, "tcp-workers": 1,
                        "background-workers": 1}),
            ("control", {"listen": server.socket}),
            ("log", [{"target": server.log, "any": "info"}]),
            ("database", {"storage": server.path("db"), "journal-db-max-size": "64M",
                          "kasp-db-max-size": "16M", "timer-db-max-size": "16M"}),
            ("key", [{"id": self.transfer_key.name, "algorithm": self.transfer_key.algorithm,
                      "secret": self.transfer_key.secret}]),
            ("remote", [{"id": "primary", "address": KNOT, "via": address, **key}]),
            ("acl", [{"id": "notify", **key, "action": "notify"}]),
            ("template", [{"id": "default", "storage": server.dir, "master": "primary",
                           "acl": "notify", "zonefile-sync": -1, "zonefile-load": "none",
                           "journal-content": "none", "semantic-checks": "off",
                           "refresh-max-interval": max(30, len(self.zones) // REFRESHED_PER_SECOND),
                           "retry-max-interval": 2}]),
            ("zone", [{"domain": zone} for zone in self.zones]),
        ]
        server.ready_bound = 120
        return server

    # What the module says of all zones together.

    def totals(self):
        """Item -> number, or item -> {state or gate: number}."""
        return self.knot.totals()

    def states(self):
        """State -> number of zones in it, those that have any."""
        return {state: number for state, number in
                self.totals().get("kskroll-state", {}).items() if number}

    def only_new(self, zone):
        """Whether every nameserver has one KSK, and not the first one."""
        keys = [ask.ksks(address, zone) for address in self.child_servers().values()]
        return all(len(found) == 1 and found != self.first_keys[zone] for found in keys)

    def _order(self, zone):
        wait_until(lambda: self.knot.knotc_ok("zone-key-rollover", zone, "ksk"), 60,
                   f"knotd takes the order for {zone}")

    def roll(self, zones):
        """The operator starts a rollover of each zone; returns the seconds that telling took."""
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._order, zones))
        return time.monotonic() - began
