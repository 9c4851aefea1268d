# SPDX-License-Identifier: GPL-3.0-or-later
"""A world of many zones that roll, one of which is the parent of many delegations: both halves of the module in one knotd.

    test.            BIND, NSD                     as in every ManyWorld: parent of the zones that roll
    zNNNNN.test.     knotd under test              they roll
    many.test.       knotd under test              it rolls as well, and the agent changes the DS below it
    zNNNNN.many.     knotd under test              they roll, and the agent changes their DS
    rNNNNN.many.     knotd 127.7.1.N, 127.7.2.N    signed here; their keys and CDS change again and again
    cNNNNN.many.     knotd 127.8.N.N               unsigned, without CDS: idle and scanned
"""

import collections
import random
import threading
import time

from tests.lab import ask, watch, zones as zonefiles
from tests.lab.daemons import Knot, file_name
from tests.lab.hand_signed import HandSigned
from tests.lab.observe import Observer
from tests.lab.parent_world import AGENT, KEEPS, notify
from tests.lab.wait import LabError, wait_until
from tests.lab.world import CHILD_BIND, CHILD_NSD, KNOT, PARENT_ZONE, WARM

from .many import WATCHED, ManyWorld
from .plain import ZONE_FILE

PARENT = f"many.{PARENT_ZONE}"
#: DSYNC CDS NOTIFY 53 knot.many.test. (RFC 9859 2, RFC 3597 5).
DSYNC = r"*._dsync TYPE66 \# 21 003b 01 0035 046b6e6f74 046d616e79 0474657374 00"
#: One of so many zones is inside of the parent that this server has.
INSIDE = 5
#: Of those a resolver is asked for so many all along, and an observer the servers.
WATCHED_INSIDE = 3
#: Seconds in which DS and then DNSKEY are asked for: a key stays for longer when its DS goes.
AT_ONE_TIME = 5
#: Addresses of each server of the children that change: no address is surveyed more than ten times a second.
PAIRS = 8
#: Of the server of the idle children.
ADDRESSES = [f"127.8.1.{1 + number}" for number in range(100)]
#: Idle delegations that are scanned in a second.
SCANS = 30
#: Seconds: TTL of the keys of a changing child, and of its first DS. The agent restores the latter after each change.
TTL, DS_TTL = 2, 8
#: Seconds between two versions of a child are this long at most, beside what it waits for.
REST = 10
TICK = 0.5
#: Seconds that a child waits for its DS after another one was set by hand, until it signals another key.
OTHERS = 30
#: Knot's default. With few of them its control threads, of which a busy socket makes eight, take all readers of the key database.
TCP_WORKERS = 10


class Changing(HandSigned):
    """A child that rolls its KSK by hand, again and again. It goes on only with what both of its servers have."""

    def __init__(self, number, chance):
        super().__init__(f"r{number:05}.{PARENT}", TTL, DS_TTL)
        self.number = number
        self.chance = chance
        self.wanted = ("0",)  # What CDS names, when the last change is over or under way.
        self.introduced = ("0",)  # Keys that both servers and all caches have.
        self.overruled = False  # Another DS was set by hand since the last signals.
        self._by_hand = False  # The same, since the last change that was followed.
        self.is_idle = True
        self.followed = []  # When each change of DS was at all servers of the parent.
        self.put = None  # The version that the servers do not have yet.
        self.behind = set()
        self.has = []  # What servers of the parent have as DS.
        self._life = None
        self._last = 0

    def place(self, number):
        self._addresses = {"a": f"127.7.1.{1 + self.number % PAIRS}", "b": f"127.7.2.{1 + self.number % PAIRS}"}

    def hosts(self):
        return {f"{host}{self.number % PAIRS}.{PARENT}": [address] for host, address in self._addresses.items()}

    def first_ds(self):
        return self.ds("0")

    def overrule(self):
        """Another DS was set by hand."""
        self.overruled = self._by_hand = True

    def tick(self, may_begin):
        """A step of its life, if it is time for one."""
        if self._life is None:
            self._life = self._changes()
        if may_begin or not self.is_idle:
            next(self._life)

    def _publish(self, keys, cds):
        self.put = self.version(keys=keys, cds=cds, inception=int(time.time()))
        self.behind = set(self._addresses)

    def _until(self, condition):
        while not condition():
            yield

    def _pause(self, seconds):
        end = time.monotonic() + seconds
        yield from self._until(lambda: time.monotonic() >= end)

    def _has_new(self):
        return self.has and all(found == self.ds(*self.wanted) for found in self.has)

    def _changes(self):
        while True:
            yield from self._pause(self.chance.uniform(0, REST))
            self.is_idle = False
            yield from self._signal()
            self._publish(self.wanted, self.wanted)
            yield from self._until(lambda: not self.behind)
            self.is_idle = True
            yield

    def _signal(self):
        while True:
            self._last += 1
            keys = (*self.introduced, str(self._last))
            self._publish(keys, self.wanted)
            yield from self._until(lambda: not self.behind)
            yield from self._pause(TTL + 1)
            self.introduced, self.wanted, self.overruled = keys, keys[-1:], False
            self._publish(keys, self.wanted)
            notified = self.chance.random() < 0.5
            yield from self._until(lambda: len(self.behind) < 2)
            if notified:
                try:
                    notify(self.zone, KNOT)
                except Exception:  # pylint: disable=broad-except
                    pass  # the parent does not answer at this moment: then a scan has to do
            # A DS that was set by hand may be noticed after the first of these signals. Then they are refused, and only others followed.
            others = time.monotonic() + OTHERS if self._by_hand else float("inf")
            yield from self._until(lambda: self.overruled or self._has_new() or time.monotonic() >= others)
            self.overruled = self.overruled or not self._has_new()
            if not self.overruled:
                yield from self._pause(DS_TTL + 1)
            if not self.overruled:
                break
        self.introduced, self._by_hand = self.wanted, False
        self.followed.append(time.time())


class Operators(threading.Thread):
    """Those of the children that change: they give the servers new versions, all that are due in one go."""

    def __init__(self, world, children):
        super().__init__(name="operators", daemon=True)
        self.world, self.children = world, children
        self.lock = threading.Lock()
        self.away = set()  # Servers that get no new versions.
        self.may_begin = True
        self.error = None
        self._scanners = [ask.Scanner(address, [child.zone for child in children], "DS") for address in (KNOT, CHILD_NSD, CHILD_BIND)]
        self._end = threading.Event()

    def run(self):
        try:
            while not self._end.wait(TICK):
                found = [scanner.found() for scanner in self._scanners]
                with self.lock:
                    for child in self.children:
                        child.has = [sorted(record.to_text() for record in one.get(child.zone, ())) for one in found]
                        child.tick(self.may_begin)
                for host in {"a", "b"} - self.away:
                    self._serve(host)
        except Exception as error:  # told by check()
            self.error = error

    def _serve(self, host):
        server = self.world.child_hosts[host]
        late = [child for child in self.children if host in child.behind]
        for child in late:
            server.write(file_name(child.zone), child.put)
        if late and server.knotc_ok("-b", "zone-reload", *(child.zone for child in late)):
            for child in late:
                child.behind.discard(host)

    def overrule(self, chance):
        """The operator of the parent sets another DS by hand, with which the child validates; False: no child is in such a state."""
        with self.lock:
            able = [child for child in self.children if len(child.introduced) > 1 and not child.overruled]
            if not able:
                return False
            child = chance.choice(able)
            if not self.world.edit(("zone-unset", child.zone, "DS"), *(
                    ("zone-set", child.zone, str(DS_TTL), "DS", record) for record in child.ds(*child.introduced))):
                return False
            child.overrule()
            return True

    def check(self):
        """LabError if they are not at work."""
        if self.error or not self.is_alive():
            raise LabError(f"operators of the children: {self.error!r}")

    def changes(self):
        """Number of DS that were changed."""
        return sum(len(child.followed) for child in self.children)

    def late(self, since):
        """Children whose signals were not followed since that time."""
        return [child.zone for child in self.children if not child.followed or child.followed[-1] <= since]

    def busy(self):
        """Children that are in a change."""
        return [child.zone for child in self.children if not child.is_idle]

    def stop(self):
        """Ends."""
        self._end.set()
        if self.is_alive():
            self.join(60)
        for scanner in self._scanners:
            scanner.close()


class BothWorld(ManyWorld):
    """ManyWorld with `count` zones, and a parent of `delegations`, of which `changing` change.

    \\a storage: where the store is. \\a engine: more items of the global instance.
    """

    def __init__(self, count, delegations, changing, seed, directory, module, storage, engine=None, **settings):
        chance = random.Random(seed)
        self.changing = [Changing(number, random.Random(chance.random())) for number in range(changing)]
        for child in self.changing:
            child.place(child.number)
        zones = [f"z{number:05}.{PARENT_ZONE if number % INSIDE else PARENT}" for number in range(count)]
        self.inside = [zone for zone in zones if zone.endswith(f".{PARENT}")]
        self.idle = [f"c{number:05}.{PARENT}" for number in range(delegations - changing - len(self.inside))]
        self.scan_interval = max(5, delegations // SCANS)
        self.child_hosts = {}
        self.storage = storage
        agent = {item: value for item, value in AGENT.items() if item != "rollover"}
        agent |= {"scan-interval": self.scan_interval, "scan-interval-notifying": self.scan_interval}
        super().__init__(count, directory, module, [*zones, PARENT], zone_module_settings={PARENT: agent}, zone_settings={PARENT: KEEPS},
                         engine_settings={"unsafe-timing": True, "storage": storage, "notify-receive": True, "scan-rate": 200, **(engine or {})},
                         server={"tcp-workers": TCP_WORKERS}, **settings)
        self.operators = Operators(self, self.changing)

    def start(self):
        self._start_child_hosts()
        super().start()

    def attach(self):
        super().attach()
        self._running.append(self.operators)
        self.operators.start()

    def store(self):
        """Path of the store."""
        return f"{self.storage}/kskroll.db"

    def idle_ds(self, number):
        """The DS of an idle delegation."""
        return f"{number % 65536} 13 2 {number:064x}"

    def edit(self, *commands):
        """One transaction of the operator of the parent; False if another one is open, or the zone is frozen."""
        if not self.knot.knotc_ok("zone-begin", PARENT):
            return False
        try:
            for command, *what in commands:
                self.knot.knotc(command, PARENT, *what)
            self.knot.knotc("zone-commit", PARENT)
            return True
        except LabError:
            self.knot.knotc_ok("zone-abort", PARENT)
            raise

    def delegations(self):
        """Names of all children of the parent zone, but for those that come and go."""
        return [*self.inside, *(child.zone for child in self.changing), *self.idle]

    def ds_everywhere(self, zone, keys):
        return all(ask.ds_set(address, zone) == ask.ds_of(zone, keys) for address in self.parent_servers(zone).values())

    def _children_of(self, parent):
        return [zone for zone in self.zones if zone not in self.inside]

    def _start_children(self):
        super()._start_children()
        first = {zone: ask.ds_of(zone, ask.ksks(KNOT, zone)) for zone in self.inside}
        assert self.edit(*(("zone-set", zone, str(DS_TTL), "DS", record) for zone, records in first.items() for record in records))
        wait_until(lambda: all(ask.ds_set(address, zone) == records for zone, records in first.items()
                               for address in (CHILD_NSD, CHILD_BIND)), 60, f"the DS of zones inside of {PARENT}")

    def _zone_lines(self, zone):
        if zone != PARENT:
            return super()._zone_lines(zone)
        lines = [f"h{number}.many.{PARENT_ZONE} A {address}" for number, address in enumerate(ADDRESSES)]
        lines += [f"knot A {KNOT}", DSYNC]
        for zone in self.inside:
            lines += zonefiles.delegation(zone, self._child_hosts(zone))
        for child in self.changing:
            lines += zonefiles.delegation(child.zone, child.hosts())
            lines += [f"{child.zone} {DS_TTL} DS {record}" for record in child.first_ds()]
        for number, name in enumerate(self.idle):
            lines += [f"{name} NS h{number % len(ADDRESSES)}.{PARENT}", f"{name} DS {self.idle_ds(number)}"]
        return list(dict.fromkeys(lines))

    def _start_child_hosts(self):
        for number, host in enumerate(("a", "b"), 1):
            addresses = [f"127.7.{number}.{1 + pair}" for pair in range(PAIRS)]
            server = self.child_hosts[host] = Knot(f"children-{host}", self.dir, addresses[0], [], [self.changing[0].zone])
            server.sections = _plain_server(server, addresses, [child.zone for child in self.changing], "%s.zone")
        for child in self.changing:
            text = child.version(keys=("0",), cds=("0",))
            for server in self.child_hosts.values():
                server.write(file_name(child.zone), text)
        for server in self.child_hosts.values():
            self._up(server)
        if self.idle:
            server = Knot("children-idle", self.dir, ADDRESSES[0], [], [self.idle[0], self.idle[-1]])
            server.ready_bound = 120
            server.sections = _plain_server(server, ADDRESSES, self.idle, server.write("idle.zone", ZONE_FILE))
            self._up(server)

    # What users of the zones see.

    def _watched(self):
        return [*super()._watched(), PARENT, *self.inside[-WATCHED_INSIDE:], *(child.zone for child in self.changing[:WATCHED])]

    def _observer(self, zones, public_only=False, **settings):
        changing = {child.zone: child for child in self.changing}
        own = {"nsd": CHILD_NSD, "bind": CHILD_BIND}
        observer = Observer({zone: changing[zone].servers() if zone in changing else self.child_servers(public_only) for zone in zones},
                            {zone: own if zone in changing else self.parent_servers(zone) for zone in zones},
                            model=self.model, hidden=("knot",), **settings)
        wait_until(lambda: observer.check() or all(map(self.model.has_seen, zones)), 20, "every server answers the observer")
        return observer

    # What the agent has done.

    def wrong_ds(self):
        """Delegations that have another DS at a server than they should have."""
        expected = {name: [self.idle_ds(number)] for number, name in enumerate(self.idle)}
        expected |= {child.zone: child.ds(*child.wanted) for child in self.changing}
        wrong = collections.Counter()
        for address in (KNOT, CHILD_NSD, CHILD_BIND):
            scanner = ask.Scanner(address, list(expected), "DS")
            found = {}
            wait_until(lambda s=scanner, f=found: f.update(s.found()) or len(f) == len(expected), 60, f"{address} answers for each delegation")
            scanner.close()
            wrong.update(zone for zone, records in expected.items() if sorted(record.to_text() for record in found[zone]) != records)
        return wrong

    def insecure_inside(self):
        """Zones inside of the parent that lack a chain: zone -> reason. They go on rolling."""
        return {zone: reason for zone in self.inside if (reason := wait_until(lambda z=zone: self._chain(z), 60, f"all servers of {zone} answer")[0])}

    def _chain(self, zone):
        """(Reason,), which is "" if each server of the parent has a DS of a key that each server of the zone has; None if that took too long."""
        begin = time.monotonic()
        servers = (KNOT, CHILD_NSD, CHILD_BIND)
        have = {address: set(ask.ds_set(address, zone)) for address in servers}
        keys = {address: set(ask.ds_of(zone, ask.ksks(address, zone))) for address in servers}
        if time.monotonic() > begin + AT_ONE_TIME:
            return None
        alone = [(parent, child) for parent in servers for child in servers if not have[parent] & keys[child]]
        if alone:
            return (f"DS at {alone[0][0]}: {have[alone[0][0]]}, keys at {alone[0][1]}: {keys[alone[0][1]]}",)
        verdict = watch.verdict_of(WARM, f"www.{zone}")[0]
        return ("" if verdict == watch.SECURE else f"the resolver says {verdict}",)


def _plain_server(server, addresses, zones, file):
    """knot.conf of a server that has zones from files and does nothing else."""
    return [
        ("server", {"rundir": server.dir, "pidfile": server.path("knot.pid"), "listen": [f"{address}@53" for address in addresses],
                    "udp-workers": 1, "tcp-workers": 1, "background-workers": 1}),
        ("control", {"listen": server.socket}),
        ("log", [{"target": server.log, "any": "warning"}]),
        ("database", {"storage": server.path("db"), "journal-db-max-size": "16M", "kasp-db-max-size": "16M", "timer-db-max-size": "64M"}),
        ("template", [{"id": "default", "storage": server.dir, "file": file, "zonefile-sync": -1, "zonefile-load": "whole",
                       "journal-content": "none", "semantic-checks": "off"}]),
        ("zone", [{"domain": zone} for zone in zones]),
    ]
