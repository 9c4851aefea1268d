# SPDX-License-Identifier: GPL-3.0-or-later
"""A world for the parental agent: knotd with the module serves the parent zone, and children of several kinds sign their zones.

    .             NSD                     127.0.1.1           as in every world
    test.         knotd primary           127.0.2.1  ns1      the server under test: `world.knot`
                  NSD secondary           127.0.2.2  ns2
                  BIND secondary          127.0.2.5  ns3
    children      see hand_signed.py and children.py          127.0.2N.x each
    resolvers     unbound warm, fresh, strict                 as in every world
                  one for each server of the parent           asks it alone about test., and of each child one server at most
"""

import atexit
import contextlib
import json
import os
import socket
import time

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rdatatype

from . import ask, watch, zones as zonefiles
from .daemons import Bind, Knot, Nsd, file_name, run
from .hand_signed import HandSigned
from .observe import Observer
from .wait import LabError, wait_until
from .world import FAR_PARENT, PARENT_BIND as PARENT_KNOT, PARENT_NSD, PARENT_ZONE, World, module_path

PARENT_SECOND_BIND = "127.0.2.5"
ZONE = "example.test."
#: DSYNC CDS NOTIFY 53 ns1.test., for children of the parent zone, as each server takes it (RFC 9859 2, RFC 3597 5).
DSYNC = r"*._dsync TYPE66 \# 15 003b 01 0035 036e7331 0474657374 00"
#: Timings that let a change and the return of its TTL fit into about twenty seconds.
AGENT = {"unsafe-timing": True, "rollover": False, "delegations": "update", "check-interval": 1, "scan-interval": 2,
         "delegation-retry": 1, "ds-ttl": 3, "ds-ttl-hold": 6, "verify": 3}
#: The parent zone comes from a file that a reload reads again without harm, and from the journal.
KEEPS = {"zonefile-sync": -1, "zonefile-load": "whole", "journal-content": "changes"}


class ParentWorld(World):
    """\a children: as HandSigned. \a agent, \a engine: items of the zone's instance of the module and of the global one.

    \a zone_items: items of the parent zone in knot.conf. \a parent_lines: further records of it. \a module: False: without; a path: this one.
    \a judged: zones of children that resolvers and cache model judge, all by default.
    """

    #: Seconds between two questions to a resolver about one zone, and to a server.
    WATCHED, OBSERVED = 0.1, 0.2
    #: So many times as long between two questions to one that is pinned: what it finds wrong lasts for its caches' TTLs.
    PINNED_WATCHED = 3

    def __init__(self, directory, children=None, agent=None, engine=None, zone_items=None, module=True, judged=None,
                 **settings):
        self.children = {child.zone: child for child in (children or [HandSigned()])}
        for number, child in enumerate(self.children.values()):
            child.place(number)
        signed = [zone for zone, child in self.children.items() if not getattr(child, "insecure", False)]
        super().__init__(list(self.children), directory, module_path() if module is True else module or None, first_ds=signed, **settings)
        self._attached = False
        self.agent_items = {**AGENT, **(agent or {})}
        self._engine_items, self._zone_items = engine or {}, zone_items or {}
        self.judged = list(self.children) if judged is None else judged
        self._may_fail = float("inf")  # Since when: resolvers_may_fail().
        self._parent_servers = {"knot": PARENT_KNOT, "nsd": PARENT_NSD, "bind": PARENT_SECOND_BIND}

    @property
    def child(self):
        """The first child."""
        return next(iter(self.children.values()))

    def up(self, daemon):
        """Starts a daemon that ends with the world."""
        return self._up(daemon)

    # Who serves what.

    def child_servers(self, public_only=True):
        return {f"{zone} {label}": address for zone, child in self.children.items() for label, address in child.servers().items()}

    def parent_servers(self, zone=None):
        return dict(self._parent_servers)

    def _parent_hosts(self):
        return self._far({f"ns{number}.{PARENT_ZONE}": [address] for number, address in enumerate(self._parent_servers.values(), 1)},
                         FAR_PARENT)

    def _root_text(self, records):
        lines = zonefiles.delegation(PARENT_ZONE, self._parent_hosts()) + [f"{PARENT_ZONE} DS {record}" for record in records]
        return zonefiles.zone_text(".", {zonefiles.ROOT_SERVER: ["127.0.1.1"]}, self._above_ttl, lines)

    def _pins(self):
        """The first one asks the first server of the parent and the first server of each child, and so on.

        A child with fewer servers than the parent is asked as that server of the parent delegates it.
        """
        pins = {}
        for number, (label, address) in enumerate(self._parent_servers.items() if self.pinned else ()):
            asked = {zone: list(child.servers().values())[number:number + 1] for zone, child in self.children.items()}
            pins[f"only-{label}"] = {PARENT_ZONE: address, **{zone: found[0] for zone, found in asked.items() if found}}
        return pins

    def _observer(self, zones, public_only=False, **settings):
        observer = Observer({zone: self.children[zone].servers() for zone in zones}, {zone: self.parent_servers() for zone in zones},
                            model=self.model, interval=self.OBSERVED, **settings)
        wait_until(lambda: observer.check() or all(map(self.model.has_seen, zones)), 20, "every server answers the observer")
        return observer

    # Life.

    def start(self):
        atexit.register(self.stop)
        for child in self.children.values():
            child.start(self)
        self._start_parent()
        self._start_root()
        self._start_resolvers()
        if self.module:
            # Only now is there a trust anchor.
            self._attached = True
            self.knot.sections = self.knot_sections()
            self.knot.reconfigure()
            self.knot.wait_kskrolld()
        for child in self.children.values():
            child.attach(self)
        self.watch = watch.Watch(self.resolvers, self.judged, self.WATCHED, dict.fromkeys(self._pins(), self.PINNED_WATCHED * self.WATCHED),
                                 self._servfail)
        self.observer = self._observer(self.judged)
        for part in (self.observer, self.watch):
            self._running.append(part)
            part.start()

    def _start_parent(self):
        self.knot = Knot("parent-knot", self.dir, PARENT_KNOT, [], [PARENT_ZONE], confdb=self._confdb, wrap=self._wrap, env=self._env)
        self.knot.write(file_name(PARENT_ZONE), self.parent_text())
        self.knot.sections = self.knot_sections()
        self._up(self.knot)
        wait_until(lambda: ask.ksks(PARENT_KNOT, PARENT_ZONE), 20, "the parent zone is signed")
        self.parent_nsd = self._up(Nsd("parent-nsd", self.dir, [PARENT_NSD], {PARENT_ZONE: {"primary": PARENT_KNOT}}, self.transfer_key))
        key = self.transfer_key
        bind = Bind("parent-bind", self.dir, [PARENT_SECOND_BIND], {}, key.bind())
        bind.zones[PARENT_ZONE] = (f'\ttype secondary;\n\tfile "{bind.path(file_name(PARENT_ZONE))}";\n'
                                   f"\tprimaries {{ {PARENT_KNOT} key {key.name}; }};\n\tallow-notify {{ key {key.name}; }};\n\tnotify no;")
        self.parent_bind = self._up(bind)

    def parent_text(self, ds=None):
        """The file of the parent zone. \a ds: zone -> DS records, where they are not those of the beginning."""
        lines = []
        for zone, child in self.children.items():
            lines += zonefiles.delegation(zone, child.hosts())
            lines += [f"{zone} {child.ds_ttl} DS {record}" for record in (ds or {}).get(zone, child.first_ds())]
        lines = list(dict.fromkeys(lines + self._parent_lines))
        return zonefiles.zone_text(PARENT_ZONE, self._parent_hosts(), self._above_ttl, lines)

    # knot.conf of the parent.

    def knot_sections(self):
        key = self.transfer_key
        module = [("module", [{"id": "mod-kskroll", "file": self.module}])] if self._attached else []
        instances = [("mod-kskroll", [
            {"id": "engine", "unsafe-timing": True, "trust-anchor": self.anchor, "root-hints": self.hints, **self._engine_items},
            {"id": "agent", **self.agent_items}])] if self._attached else []
        engine = {"global-module": "mod-kskroll/engine"} if self._attached else {}
        agent = {"module": "mod-kskroll/agent"} if self._attached else {}
        return [
            *module,
            ("server", {"rundir": self.knot.dir, "pidfile": self.knot.path("knot.pid"), "listen": f"{PARENT_KNOT}@53",
                        "udp-workers": 1, "tcp-workers": 1, "background-workers": 2, **self._given["server"]}),
            ("control", {"listen": self.knot.socket}),
            ("log", [{"target": self.knot.log, "any": "debug"}]),
            ("database", {"storage": self.knot.path("db"), "journal-db-max-size": "64M", "kasp-db-max-size": "16M",
                          "timer-db-max-size": "16M"}),
            ("key", [{"id": key.name, "algorithm": key.algorithm, "secret": key.secret}]),
            ("remote", [{"id": label, "address": address, "via": PARENT_KNOT, "key": key.name}
                        for label, address in (("nsd", PARENT_NSD), ("bind", PARENT_SECOND_BIND))]),
            ("acl", [{"id": "transfer", "key": key.name, "action": "transfer"}]),
            *instances,
            ("policy", [{"id": "lab", "algorithm": "ecdsap256sha256", "ksk-lifetime": 0, "zsk-lifetime": 0}]),
            ("template", [{"id": "default", **engine, "storage": self.knot.dir, "file": "%s.zone",
                           "notify": ["nsd", "bind"], "acl": "transfer", "dnssec-signing": True, "dnssec-policy": "lab"}]),
            ("zone", [{"domain": PARENT_ZONE, **agent, **KEEPS, **self._zone_items}]),
        ]

    def set_agent(self, **items):
        """The operator of the parent changes items of the agent."""
        self.agent_items.update({item.replace("_", "-"): value for item, value in items.items()})
        self.knot.sections = self.knot_sections()
        self.knot.reconfigure()

    def set_engine(self, **items):
        """The operator changes items of the global instance."""
        self._engine_items = {**self._engine_items, **{item.replace("_", "-"): value for item, value in items.items()}}
        self.knot.sections = self.knot_sections()
        self.knot.reconfigure()

    # What the agent does and says.

    def has_ds(self, zone, records):
        """Whether every server of the parent has exactly these DS records."""
        return all(ask.ds_set(address, zone) == sorted(records) for address in self._parent_servers.values())

    def ds_ttls(self, zone):
        """The TTL of DS at each server of the parent."""
        return {label: ask.rrset(address, zone, "DS").ttl for label, address in self._parent_servers.items()}

    def wait_ds(self, zone, records, seconds=30):
        """Waits until every server of the parent has these DS records."""
        try:
            wait_until(lambda: self.has_ds(zone, records), seconds, f"DS of {zone} at every server of the parent")
        except LabError as error:
            raise LabError(f"{error}; {self.said(zone)}") from None

    def kskroll(self, *args):
        """What the command line prints, with --json as an object."""
        program = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
        done = run([program, *args], env={**os.environ, "KSKROLL_DB": self.store()})
        if done.returncode != 0:
            raise LabError(f"kskroll {' '.join(args)}: {done.stderr.strip()}")
        return json.loads(done.stdout) if "--json" in args else done.stdout

    def store(self):
        """Path of the store."""
        return self.knot.path("db", "kskroll", "kskroll.db")

    def delegation(self, zone=ZONE):
        """What `kskroll --json delegation` says of a child, with the code of its gate for the gate; {} if there is no row yet."""
        try:
            one = self.kskroll("--json", "delegation", zone)["delegation"]
        except LabError:
            return {}
        return {**one, "gate": one["gate"]["code"], "about": one["gate"]["about"], "detail": one["gate"]["detail"]}

    def wait_delegation(self, zone=ZONE, gate=None, state=None, about="", seconds=30):
        """Waits for state and gate of a child; returns what the command line says of it."""
        def there():
            one = self.delegation(zone)
            return one if state in (None, one.get("state")) and gate in (None, one.get("gate")) and \
                about in (one.get("about") or "") else None
        try:
            return wait_until(there, seconds, f"{zone} in {state or 'any state'} at gate {gate}", poll=0.2)
        except LabError as error:
            raise LabError(f"{error}; {self.said(zone)}") from None

    def said(self, zone=ZONE):
        """State and gate as they are, for messages."""
        one = self.delegation(zone)
        return " ".join(f"{item}={one.get(item)!r}" for item in ("state", "gate", "about", "detail")) + \
            "; log: " + " | ".join(self.knot.log_lines(zone.rstrip("."))[-4:])

    def logged(self, *texts, seconds=30):
        """Waits for a line of the log of knotd that has all the texts."""
        found = wait_until(lambda: [line for line in self.knot.log_lines(texts[0]) if all(text in line for text in texts)],
                           seconds, f"in the log: {' .. '.join(texts)}")
        return found[-1]

    # What users of the zones see.

    def _judge(self):
        """The resolvers as well, whether the test asks or not."""
        super()._judge()
        self.watch.assert_never_bogus(min(self._broken[0] if self._broken else float("inf"), self._may_fail))

    def resolvers_may_fail(self, reason):
        """From now on what resolvers answer is not judged, for this reason; the cache model judges all the same."""
        assert reason and self._may_fail == float("inf"), reason
        self._may_fail = time.monotonic()

    @contextlib.contextmanager
    def outage(self, *addresses):
        """These servers are away meanwhile. Resolvers that ask no others are not judged until they find the zones right again."""
        away, pins = set(addresses), self._pins()

        def is_cut_off(resolver, zone):
            pinned = pins.get(resolver, {})
            asked = (({pinned[one]} if one in pinned else set(servers.values()))
                     for one, servers in ((zone, self.children[zone].servers()), (PARENT_ZONE, self._parent_servers)))
            return any(servers <= away for servers in asked)
        with self.watch.outage([(resolver, zone) for resolver in self.resolvers for zone in self.judged if is_cut_off(resolver, zone)]):
            yield

    # What others do to the parent zone.

    def set_ds(self, zone, records, ttl=10):
        """The operator changes DS by hand."""
        self.knot.knotc("zone-begin", PARENT_ZONE)
        self.knot.knotc("zone-unset", PARENT_ZONE, zone, "DS", check=False)
        for record in records:
            self.knot.knotc("zone-set", PARENT_ZONE, zone, str(ttl), "DS", record)
        self.knot.knotc("zone-commit", PARENT_ZONE)

    def assert_never_changed(self, zone=ZONE):
        """No server of the parent ever had another DS RRset than at the beginning."""
        for server, history in self.observer.history(zone, "DS").items():
            values = {value for _, value in history if not value.startswith("no answer")}
            assert len(values) <= 1, f"{server}: {history}"


def notification(zone, rdtype="CDS"):
    """A NOTIFY message for the child (RFC 9859 4)."""
    message = dns.message.make_query(zone, rdtype)
    message.set_opcode(dns.opcode.NOTIFY)
    message.flags = (message.flags | dns.flags.AA) & ~dns.flags.RD
    return message


def notify(zone, address=PARENT_KNOT, port=53, source="127.0.0.1", tcp=False, rdtype="CDS"):
    """Sends it; returns the response."""
    send = dns.query.tcp if tcp else dns.query.udp
    return send(notification(zone, rdtype), address, timeout=3, port=port, source=source)


def flood(zones, address=PARENT_KNOT, port=53, count=3000, sources=("127.0.0.1",)):
    """Sends so many, by turns for each zone from each source; waits for no answer."""
    sockets = []
    for source in sources:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((source, 0))
        sockets.append(one)
    wires = [notification(zone).to_wire() for zone in zones]
    for number in range(count):
        sockets[number % len(sockets)].sendto(wires[number % len(wires)], (address, port))
    for one in sockets:
        one.close()
