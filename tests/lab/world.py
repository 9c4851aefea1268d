# SPDX-License-Identifier: GPL-3.0-or-later
"""The world: root, parent, child zones, their servers, validating resolvers, parental agent.

    .             NSD                     127.0.1.1           signed once
    test.         BIND primary            127.0.2.1           dnssec-policy, DNS UPDATE with TSIG
                  NSD secondary           127.0.2.2
                  NOTIFY(CDS) receiver    127.0.2.3           where asked for
    example.test. knotd hidden primary    127.0.3.1           the server under test
                  NSD secondary           127.0.3.2, ::1      ns1
                  BIND secondary          127.0.3.3           ns2
    catalog.lab.  BIND primary            127.0.3.4           where zones are members of a catalog
    resolvers     unbound warm, fresh     127.0.4.1, .2       and one pinned to each child server
                  unbound strict          127.0.4.3           as warm, but wants every algorithm of the DS
"""

import atexit
import os
import signal
import tempfile
import time

from . import ask, clock, netns, watch, zones as zonefiles
from .agent import Agent
from .cache_model import VALIDATORS, CacheModel
from .daemons import Bind, Knot, Nsd, Unbound, as_text, file_name
from .observe import Observer
from .receiver import PORT as SCANNER_PORT, Receiver
from .wait import LabError, wait_until

ROOT = "127.0.1.1"
PARENT_BIND = "127.0.2.1"
PARENT_NSD = "127.0.2.2"
KNOT = "127.0.3.1"
CHILD_NSD = "127.0.3.2"
CHILD_NSD6 = "::1"
CHILD_BIND = "127.0.3.3"
CATALOG_BIND = "127.0.3.4"
CATALOG_ZONE = "catalog.lab."
#: Nobody has these addresses, and the namespace has no route to them.
FAR_PARENT = "2001:db8:2::"
FAR_CHILD = "2001:db8:3::"
WARM = "127.0.4.1"
FRESH = "127.0.4.2"
STRICT = "127.0.4.3"
PINNED = "127.0.4.{}"
PARENT_ZONE = "test."
SCANNER = "127.0.2.3"
SCANNER_OTHER = "127.0.2.4"
SCANNER_NAME = "scanner.test."
DSYNC_ZONE = "_dsync.test."
DSYNC = f"* DSYNC CDS NOTIFY {SCANNER_PORT} {SCANNER_NAME}"

#: Timings that let a whole rollover of the module fit into about a minute.
MODULE_SETTINGS = {"unsafe-timing": True, "zone-file-complete": True, "ttl": 5, "lead": 2, "observe": 5, "settle": 5,
                   "check-interval": 1, "ds-check-interval": 2}


class World:
    """Everything between the root and the resolvers. Use it as a context manager.

    Settings are mappings of knot.conf items and come on top of the lab's own:
    `policy` (an attribute, too), `template`, `server`, `database`: of the section; `zone_settings`: zone -> items;
    `module_settings`: of the module's instance `default`;
    `zone_module_settings`: zone -> items of an instance of its own.
    `extra_sections`: list of (section, content) put before the policies.
    `engine_settings`: the global instance is one of its own, `engine`, with these items.
    `first_ds`: the parent has the DS before the module is attached; False: none, or only that of these zones.
    `rate`: all programs live that many times as fast, see clock.py.
    `secure_parent`: the root has a DS of the parent.
    `parent_denial`: what BIND's dnssec-policy of the parent says about NSEC3; `above_ttl`: TTL of parent and root.
    `parent_lines`, `child_lines`: further records of the parent and of each child zone.
    `receiver`: the parent has DSYNC, and a receiver in this mode that makes the agent scan at once.
    `far`: each server has an IPv6 address besides, to which this host has no route.
    `catalog`: zone -> name of its template; such zones have no section, but are members of a catalog that is transferred.
    `templates`: items of those templates.
    `ds_push`: Knot may change the DS at the parent itself (`ds-push` of the policy), by DNS UPDATE.
    `dsync_secure`: if not, DSYNC is in a zone `_dsync.test.` of its own, which nobody signs.
    """

    AGENT = Agent

    def __init__(self, zones=("example.test.",), directory=None, module=None, confdb=False,
                 tsig=True, dnskey_ttl=10, ds_ttl=20, zone_ttl=10, propagation_delay=2,
                 policy=None, template=None, server=None, database=None, zone_settings=None,
                 module_settings=None, zone_module_settings=None, extra_sections=(),
                 wrap=(), env=None, pinned=True, agent_interval=1.0,
                 engine_settings=None, first_ds=True, rate=1, receiver=None, dsync_secure=True,
                 secure_parent=True, far=False, parent_denial="", above_ttl=60, parent_lines=(), child_lines=(), catalog=None, templates=None, ds_push=False):
        self.zones = list(zones)
        self.dir = directory or tempfile.mkdtemp(prefix="kskroll-lab-")
        os.makedirs(self.dir, exist_ok=True)
        if rate != 1:
            clock.use(clock.FastClock(rate, self.dir))
        self.module = clock.current.module(module) if module else None
        self.dnskey_ttl, self.ds_ttl, self.zone_ttl = dnskey_ttl, ds_ttl, zone_ttl
        self.propagation_delay = propagation_delay
        self.pinned = pinned
        self._first_ds_zones = (self.zones if first_ds else []) if isinstance(first_ds, bool) \
            else list(first_ds)
        self._attached = not self._first_ds_zones
        self._confdb, self._wrap, self._env = confdb, wrap, env
        self._agent_interval = agent_interval
        self._ds_push = ds_push
        self._receiver_mode, self._dsync_secure = receiver, dsync_secure
        self._secure_parent, self._is_far = secure_parent, far
        self._parent_denial, self._above_ttl = parent_denial, above_ttl
        self._parent_lines, self._child_lines = list(parent_lines), list(child_lines)
        self.catalog = Catalog(self.dir, catalog, templates) if catalog else None
        self.policy = {**({"ds-push": "parent"} if ds_push else {}), **(policy or {})}
        self._given = {"policy": self.policy, "template": template or {}, "server": server or {}, "database": database or {},
                       "zone": zone_settings or {}, "module": dict(module_settings or {}),
                       "zone-module": zone_module_settings or {}, "engine": engine_settings}
        self._extra_sections = list(extra_sections)
        self._update_key = zonefiles.Tsig("agent.lab.")
        self.transfer_key = zonefiles.Tsig("transfer.lab.") if tsig else None
        self._ipv6 = netns.has_ipv6()
        self._running = []
        self.hints = zonefiles.write_hints(self.dir, ROOT)
        self.anchor = os.path.join(self.dir, "root.key")
        self.root = self.parent_bind = self.parent_nsd = None
        self.child_nsd = self.child_bind = self.knot = None
        self.warm = self.fresh = self.strict = self.agent = self.watch = self.observer = self.receiver = None
        self.resolvers = {}
        self._servfails = {}
        self.model = CacheModel(zone_ttl, clock.current.rate)
        self._broken = None  # (since, reason, validators) of rightly_broken()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, error, *_):
        try:
            if error is None:
                self.watch.wait_recovered()
            if error is None and self._broken:
                # A resolver may have been quicker than the observer.
                _, reason, validators = self._broken
                wait_until(lambda: all(map(self.model.breaks, validators)), 10, f"broken for {' '.join(validators)} of the model: {reason}")
        finally:
            self.stop()
        if error is None:
            self._judge()

    # What users of the zones see.

    def assert_secure(self):
        """No resolver had anything but secure answers so far, and no cache can have anything broken."""
        self.watch.assert_secure()
        self._judge()

    def assert_never_bogus(self):
        """As assert_secure(), but insecure answers are right as well: a zone without DS."""
        self.watch.assert_never_bogus()
        self._judge()

    def rightly_broken(self, reason, *validators):
        """From now on the zone is broken for these validators of the cache model (all if none is named), for this reason.

        The model has to see it before the world ends, and may see nothing else.
        """
        assert reason and not self._broken, self._broken
        self._broken = time.monotonic(), reason, validators or VALIDATORS

    def _judge(self):
        """Every world is judged by the cache model at its end."""
        for zone in self.observer.zones:
            assert self.model.has_seen(zone), f"the cache model has nothing of {zone}"
        since, reason, validators = self._broken or (float("inf"), "", ())
        self.model.assert_never_broken(validators, since)
        for validator in validators:
            assert self.model.breaks(validator), f"never broken for {validator}, but: {reason}"

    # Who serves what.

    def child_servers(self, public_only=True):
        """label -> address of the servers of the child zones."""
        servers = {"nsd": CHILD_NSD, "bind": CHILD_BIND}
        if self._ipv6:
            servers["nsd6"] = CHILD_NSD6
        return servers if public_only else {"knot": self.knot.address, **servers}

    def parent_servers(self, zone=None):
        """label -> address of the servers of the parent zone; of that of \\a zone, which can be another zone of the children."""
        if zone and zone.partition(".")[2] in self.zones:
            return self.child_servers()
        return {"parent-bind": PARENT_BIND, "parent-nsd": PARENT_NSD}

    def ksk_tags(self, zone):
        """KSK tags in the zone as knotd has it."""
        return ask.ksk_tags(self.knot.address, zone)

    def ds_everywhere(self, zone, keys):
        """Whether each parent server has exactly the SHA-256 DS records of the keys."""
        wanted = ask.ds_of(zone, keys)
        return all(ask.ds_set(address, zone) == wanted
                   for address in self.parent_servers().values())

    def _is_current(self, address, zone):
        """Whether a secondary has what Knot has."""
        return ask.rrset(address, zone, "SOA") == ask.rrset(KNOT, zone, "SOA")

    def verdicts(self, zone):
        """label -> verdict of each resolver, now."""
        return {label: watch.verdict_of(address, f"www.{zone}")[0]
                for label, address in self.resolvers.items()}

    def set_policy(self, **items):
        """The operator changes items of the policy: in the file, and a reload; or in one transaction."""
        changed = {item.replace("_", "-"): value for item, value in items.items()}
        self.policy.update(changed)
        self.knot.sections = self.knot_sections()
        if self._confdb:
            self.knot.transaction(*(("conf-set", f"policy[lab].{item}", as_text(value)) for item, value in changed.items()))
        else:
            self.knot.reconfigure()

    # Life.

    def start(self):
        """Starts everything; returns when every resolver finds every zone secure."""
        atexit.register(self.stop)
        self._start_parent()
        self._start_root()
        self._start_children()
        self.agent = self.AGENT(self.dir, PARENT_BIND, PARENT_ZONE, self._update_key,
                                {zone: list(self.child_servers().values()) for zone in self.zones},
                                self.ds_ttl, self._agent_interval)
        if self._first_ds_zones:
            self._first_ds()
        self._start_resolvers()
        for label, address in self.child_servers().items():
            # Knot signals its first KSK; a secondary that has that for longer must not count as one that signals too early.
            wait_until(lambda a=address: all(self._is_current(a, zone) for zone in self.zones), 20, f"{label} has the zones of Knot")
        self.watch = watch.Watch(self.resolvers, self.zones, reason=self._servfail)
        self.observer = self._observer(self.zones)
        parts = [self.observer, self.agent, self.watch]
        if self._receiver_mode:
            self.receiver = Receiver(SCANNER, SCANNER_OTHER, self.agent.notify,
                                     self._receiver_mode)
            parts.append(self.receiver)
        for part in parts:
            self._running.append(part)
            part.start()

    def stop(self):
        """Stops everything that was started, the last first. Does not raise, may be called twice."""
        atexit.unregister(self.stop)
        while self._running:
            part = self._running.pop()
            try:
                part.stop()
            except Exception as error:  # the others have to be stopped all the same
                print(f"stopping {part}: {error}")

    def _observer(self, zones, public_only=False, **settings):
        """An observer of these zones that has seen each of them once."""
        observer = Observer({zone: self.child_servers(public_only) for zone in zones}, {zone: self.parent_servers(zone) for zone in zones},
                            model=self.model, hidden=("knot",), **settings)
        wait_until(lambda: observer.check() or all(map(self.model.has_seen, zones)), 20, "every server answers the observer")
        return observer

    def _up(self, daemon):
        self._running.append(daemon)
        daemon.start()
        return daemon

    def _start_parent(self):
        servers = self._far({"ns1.test.": [PARENT_BIND], "ns2.test.": [PARENT_NSD]}, FAR_PARENT)
        lines = []
        for zone in self._children_of(PARENT_ZONE):
            lines += zonefiles.delegation(zone, self._child_hosts(zone))
        lines += self._dsync_lines() + self._parent_lines
        text = zonefiles.zone_text(PARENT_ZONE, servers, self._above_ttl, lines)
        bind = Bind("parent-bind", self.dir, [PARENT_BIND], {}, self._parent_statements())
        transfer = f"key {self.transfer_key.name}" if self.transfer_key else "any"
        notify = f"{PARENT_NSD} key {self.transfer_key.name}" if self.transfer_key else PARENT_NSD
        for zone, content in {PARENT_ZONE: text, **self._further_parents()}.items():
            bind.zones[zone] = (
                f'\ttype primary;\n\tfile "{bind.write(file_name(zone), content)}";\n\tdnssec-policy lab;\n\tinline-signing no;\n'
                f"\tallow-update {{ key {self._update_key.name}; }};\n"
                f"\tallow-transfer {{ {transfer}; }};\n\talso-notify {{ {notify}; }};")
        if self._receiver_mode and not self._dsync_secure:
            plain = zonefiles.zone_text(DSYNC_ZONE, {"ns1.test.": [], "ns2.test.": []}, 60, [DSYNC])
            bind.zones[DSYNC_ZONE] = (
                f'\ttype primary;\n\tfile "{bind.write(file_name(DSYNC_ZONE), plain)}";\n'
                f"\tallow-transfer {{ {transfer}; }};")
        self.parent_bind = self._up(bind)
        wait_until(lambda: ask.ksks(PARENT_BIND, PARENT_ZONE), 20, "the parent zone is signed")
        self.parent_nsd = self._up(Nsd("parent-nsd", self.dir, [PARENT_NSD],
                                       {zone: {"primary": PARENT_BIND} for zone in bind.zones},
                                       self.transfer_key))

    def _children_of(self, parent):
        """Zones that it delegates."""
        return self.zones

    def _further_parents(self):
        """Zone -> text of its file: further parents on the same servers."""
        return {}

    def _dsync_lines(self):
        """DSYNC as RFC 9859 3 recommends it, or a delegation of where it is."""
        if not self._receiver_mode:
            return []
        where = [f"*.{DSYNC_ZONE} {DSYNC.split(' ', 1)[1]}"] if self._dsync_secure else \
            [f"{DSYNC_ZONE} NS ns1.test.", f"{DSYNC_ZONE} NS ns2.test."]
        return [*where, f"{SCANNER_NAME} A {SCANNER}"]

    def _parent_statements(self):
        # BIND caps the TTL of a DS at max-zone-ttl.
        policy = ('dnssec-policy "lab" {\n\tkeys { ksk lifetime unlimited algorithm ecdsap256sha256;'
                  " zsk lifetime unlimited algorithm ecdsap256sha256; };\n"
                  f"\tdnskey-ttl {self._above_ttl};\n\tmax-zone-ttl {max(self.ds_ttl, 86400)};\n"
                  f"\t{self._parent_denial}\n}};\n")
        keys = self._update_key.bind()
        return keys + (self.transfer_key.bind() if self.transfer_key else "") + policy

    def _root_text(self, records):
        """The root zone, with these DS records of the parent."""
        parent = self._far({"ns1.test.": [PARENT_BIND], "ns2.test.": [PARENT_NSD]}, FAR_PARENT)
        lines = zonefiles.delegation(PARENT_ZONE, parent)
        lines += [f"{PARENT_ZONE} DS {record}" for record in records]
        return zonefiles.zone_text(".", {zonefiles.ROOT_SERVER: [ROOT]}, self._above_ttl, lines)

    def set_parent_ds(self, right):
        """The root has the DS of the parent's key, or one that matches none."""
        self.set_root_ds(ask.ds_of(PARENT_ZONE if right else "other.", ask.ksks(PARENT_BIND, PARENT_ZONE)))

    def set_root_ds(self, records):
        """The root has these DS of the parent."""
        zonefiles.sign_again(os.path.join(self.dir, "root"), self._root_text(records))
        self.root.process.send_signal(signal.SIGHUP)
        wait_until(lambda: ask.ds_set(ROOT, PARENT_ZONE) == records, 20, "the root has the DS")

    def _start_root(self):
        keys = ask.ksks(PARENT_BIND, PARENT_ZONE) if self._secure_parent else []
        signed, anchor = self._sign_root("root", keys)
        os.replace(anchor, self.anchor)
        self.root = self._up(Nsd("root", self.dir, [ROOT], {".": {"file": signed}}))

    def _sign_root(self, name, keys):
        directory = os.path.join(self.dir, name)
        os.makedirs(directory, exist_ok=True)
        return zonefiles.sign_root(directory, self._root_text(ask.ds_of(PARENT_ZONE, keys)))

    def roll_root(self):
        """The root has new keys, and only these; returns the new trust anchor, which nobody has yet."""
        signed, anchor = self._sign_root("root-rolled", ask.ksks(PARENT_BIND, PARENT_ZONE))
        self.root.zones["."] = {"file": signed}
        self.root.stop()
        self.root.start()
        return anchor

    def take_anchor(self, anchor):
        """The file is replaced, as by a package. Resolvers are restarted, knotd is not."""
        os.replace(anchor, self.anchor)
        for resolver in (part for part in self._running if isinstance(part, Unbound)):
            resolver.restart()

    def _child_hosts(self, zone):
        # No name of a host may have a slash (RFC 1123 2.1).
        inside = zone if "/" not in zone else f"hosts.{PARENT_ZONE}"
        nsd = [CHILD_NSD, CHILD_NSD6] if self._ipv6 else [CHILD_NSD]
        return self._far({f"ns1.{inside}": nsd, f"ns2.{inside}": [CHILD_BIND]}, FAR_CHILD)

    def _far(self, hosts, prefix):
        """The hosts, each with one more address if the world is to have them."""
        return {host: addresses + [f"{prefix}{index}"] * self._is_far
                for index, (host, addresses) in enumerate(hosts.items(), 1)}

    def _start_children(self):
        self.knot = Knot("knot", self.dir, KNOT, [], self.zones, confdb=self._confdb,
                         wrap=self._wrap, env=self._env)
        for zone in self.zones:
            self.knot.write(file_name(zone), self.child_text(zone))
        self.knot.sections = self.knot_sections()
        if self.catalog:
            self._up(self.catalog.primary)
            self.knot.zones = [zone for zone in self.zones if zone not in self.catalog.members]
        self._up(self.knot)
        wait_until(lambda: all(ask.ksks(KNOT, zone) for zone in self.zones), 20,
                   "the child zones are signed")
        self._start_secondaries()

    def child_text(self, zone):
        """The file of a child zone."""
        lines = ["www A 192.0.2.1", "www AAAA 2001:db8::1", *self._child_lines]
        return zonefiles.zone_text(zone, self._child_hosts(zone), self.zone_ttl, lines)

    def _start_secondaries(self):
        self.child_nsd = self._up(Nsd(
            "nsd", self.dir, [CHILD_NSD, CHILD_NSD6] if self._ipv6 else [CHILD_NSD],
            {zone: {"primary": self._signers(zone)} for zone in self.zones}, self.transfer_key))
        self.child_bind = self.further_bind("bind", CHILD_BIND)

    def _signers(self, zone):
        """Addresses from which the secondaries take the child zone."""
        return [KNOT]

    def further_bind(self, name, address):
        """Starts a secondary of the child zones; what it is asked for is what somebody says that it serves."""
        return self._up(self._child_bind(name, address))

    def _child_bind(self, name, address):
        key = self.transfer_key
        bind = Bind(name, self.dir, [address], {}, key.bind() if key else "")
        notify = f"key {key.name}" if key else "127.0.0.0/8"
        for zone in self.zones:
            primaries = " ".join(f"{address} key {key.name};" if key else f"{address};" for address in self._signers(zone))
            bind.zones[zone] = (f'\ttype secondary;\n\tfile "{bind.path(file_name(zone))}";\n'
                                f"\tprimaries {{ {primaries} }};\n"
                                f"\tallow-notify {{ {notify}; }};\n\tnotify no;")
        return bind

    def _first_ds(self):
        for zone in self._first_ds_zones:
            self.agent.insert_ds(zone, ask.ds_of(zone, ask.ksks(KNOT, zone)))
        for zone in self._first_ds_zones:
            wait_until(lambda z=zone: self.ds_everywhere(z, ask.ksks(KNOT, z)), 20,
                       f"the first DS of {zone} is at every parent server")
            # Otherwise Knot's first KSK stays "ready" for ever, as in a zone never delegated.
            self.knot.knotc("zone-ksk-submitted", zone)
            if "cds-cdnskey-publish" not in self.policy:
                wait_until(lambda z=zone: not ask.tags(KNOT, z, "CDS"), 20, f"Knot withdraws the signals of the first KSK of {zone}")
        self.attach()

    def attach(self, attached=True):
        """The module is given to the zones, or taken from them."""
        self._attached = attached
        if self.module:
            self.knot.sections = self.knot_sections()
            self.knot.reconfigure()

    def _pins(self):
        """Name of a resolver -> {zone: the one server that it asks about the zone}."""
        return {f"only-{label}": dict.fromkeys(self.zones, address) for label, address in self.child_servers().items()} if self.pinned else {}

    def _start_resolvers(self):
        self.warm = Unbound("warm", self.dir, WARM, self.hints, self.anchor)
        self.fresh = Unbound("fresh", self.dir, FRESH, self.hints, self.anchor, fresh=True)
        self.strict = Unbound("strict", self.dir, STRICT, self.hints, self.anchor, strict=True)
        resolvers = [self.warm, self.fresh, self.strict]
        for number, (label, pins) in enumerate(self._pins().items()):
            resolvers.append(Unbound(label, self.dir, PINNED.format(10 + number), self.hints, self.anchor, pins=pins))
        for resolver in resolvers:
            self._up(resolver)
            self.resolvers[resolver.name] = resolver.address
            self._servfails[resolver.name] = resolver.servfail
        for zone in self.zones:
            secure = zone in self._first_ds_zones and self._secure_parent
            verdict = watch.SECURE if secure else watch.INSECURE
            wait_until(lambda z=zone, v=verdict: set(self.verdicts(z).values()) == {v}, 20,
                       f"every resolver finds {zone} {verdict}")

    def _servfail(self, resolver, name):
        return self._servfails[resolver](name)

    # knot.conf.

    def knot_sections(self):
        """The configuration of the server under test, as render() takes it."""
        sections = []
        if self.module:
            sections.append(("module", [{"id": "mod-kskroll", "file": self.module}]))
        sections += [
            ("server", {"rundir": self.knot.dir, "pidfile": self.knot.path("knot.pid"),
                        "listen": f"{self.knot.address}@53", "udp-workers": 1, "tcp-workers": 1,
                        "background-workers": 2, **self._given["server"]}),
            ("control", {"listen": self.knot.socket, "timeout": 10 * clock.current.rate}),
            ("log", [{"target": self.knot.log, "any": "debug"}]),
            ("database", {"storage": self.knot.path("db"), "journal-db-max-size": "64M",
                          "kasp-db-max-size": "16M", "timer-db-max-size": "16M", **self._given["database"]}),
        ]
        sections += self._transfer_sections()
        sections += self._extra_sections
        sections += self._module_sections()
        sections.append(("policy", [self._policy()]))
        templates, blocks = [self._template()], [self._zone(zone) for zone in self.zones]
        if self.catalog:
            sections.append(("remote", [{"id": "catalog", "address": CATALOG_BIND, "via": KNOT}]))
            sections.append(("acl", [{"id": "catalog", "address": CATALOG_BIND, "action": "notify"}]))
            module = {"module": "mod-kskroll/default"} if self.module and self._attached else {}
            common = {item: value for item, value in templates[0].items() if item != "global-module"}
            templates += [{**common, "id": name, **module, **items} for name, items in self.catalog.templates.items()]
            blocks = [block for block in blocks if block["domain"] not in self.catalog.members]
            blocks.append({"domain": CATALOG_ZONE, "master": "catalog", "acl": "catalog", "dnssec-signing": False,
                           "notify": [], "catalog-role": "interpret", "catalog-template": list(self.catalog.templates)})
        sections.append(("template", templates))
        sections.append(("zone", blocks))
        return sections

    def set_module(self, item, value):
        """The operator changes an item of the instance `default`."""
        self._given["module"][item] = value
        dict(self.knot.sections)["mod-kskroll"][0][item] = value
        if self._confdb:
            self.knot.transaction(("conf-set", f"mod-kskroll[default].{item}", str(value)))
        else:
            self.knot.reconfigure()

    def _transfer_sections(self):
        key = {"key": self.transfer_key.name} if self.transfer_key else {}
        remotes = [{"id": label, "address": address, "via": self.knot.address, **key}
                   for label, address in (("nsd", CHILD_NSD), ("bind", CHILD_BIND))]
        if self._ds_push:
            remotes.append({"id": "parent", "address": PARENT_BIND, "via": self.knot.address, "key": self._update_key.name})
        acl = {"id": "transfer", **(key or {"address": "127.0.0.0/8"}), "action": "transfer"}
        used = [one for one in (self.transfer_key, self._update_key if self._ds_push else None) if one]
        keys = [("key", [{"id": one.name, "algorithm": one.algorithm, "secret": one.secret} for one in used])] if used else []
        return [*keys, ("remote", remotes), ("acl", [acl])]

    def _policy(self):
        return {"id": "lab", "algorithm": "ecdsap256sha256", "dnskey-ttl": self.dnskey_ttl,
                "zone-max-ttl": self.zone_ttl, "propagation-delay": self.propagation_delay,
                "ksk-lifetime": 0, "zsk-lifetime": 0, **self._given["policy"]}

    def _template(self):
        # Without an id knotd uses built-in defaults, not the section's instance "default".
        engine = "default" if self._given["engine"] is None else "engine"
        module = {"global-module": f"mod-kskroll/{engine}"} if self.module else {}
        return {"id": "default", **module, "storage": self.knot.dir, "file": "%s.zone",
                "zonefile-sync": -1, "zonefile-load": "difference-no-serial",
                "journal-content": "all", "notify": ["nsd", "bind"], "acl": "transfer",
                "dnssec-signing": True, "dnssec-policy": "lab", **self._given["template"]}

    def _zone(self, zone):
        module = {}
        if self.module and self._attached:
            own = zone in self._given["zone-module"]
            module = {"module": f"mod-kskroll/{_instance(zone) if own else 'default'}"}
        return {"domain": zone, **module, **self._given["zone"].get(zone, {})}

    def _module_sections(self):
        if not self.module:
            return []
        common = {**MODULE_SETTINGS, "trust-anchor": self.anchor, "root-hints": self.hints,
                  **self._given["module"]}
        blocks = [{"id": "default", **common}]
        if self._given["engine"] is not None:
            blocks.append({"id": "engine", "trust-anchor": self.anchor, "root-hints": self.hints,
                           **self._given["engine"]})
        for zone, settings in self._given["zone-module"].items():
            blocks.append({"id": _instance(zone), **common, **settings})
        return [("mod-kskroll", blocks)]


class Catalog:
    """The catalog of which zones are members (RFC 9432), at its primary. `members`: zone -> group."""

    def __init__(self, directory, members, templates):
        self.members = dict(members)
        self.templates = {group: {} for group in self.members.values()} | (templates or {})
        self.primary = Bind("catalog", directory, [CATALOG_BIND], {})
        self._ids, self._serial = {}, 1
        self.primary.zones[CATALOG_ZONE] = (
            f'\ttype primary;\n\tfile "{self.primary.path("catalog.zone")}";\n'
            f"\tallow-transfer {{ any; }};\n\talso-notify {{ {KNOT}; }};")
        self._write()

    def change(self, knot, **members):
        """Other members from here on; the server under test is notified."""
        self.members = dict(members)
        self._serial += 1
        self._write()
        self.primary.process.send_signal(signal.SIGHUP)
        wait_until(lambda: f" {self._serial} 30 1 " in knot.knotc("zone-read", CATALOG_ZONE, "@", "SOA"), 20, "the catalog is transferred")

    def _write(self):
        lines = [f"$ORIGIN {CATALOG_ZONE}", "$TTL 0", f"@ SOA invalid. invalid. {self._serial} 30 1 864000 0", "@ NS invalid.",
                 'version TXT "2"']
        for zone, group in self.members.items():
            # The name of a member stays, else its keys are others.
            unique = self._ids.setdefault(zone, f"id{len(self._ids)}")
            lines += [f"{unique}.zones PTR {zone}", f'group.{unique}.zones TXT "{group}"']
        self.primary.write("catalog.zone", "\n".join(lines) + "\n")


def _instance(zone):
    return zone.rstrip(".").replace(".", "-")


def module_path():
    """The module that `./run build` made; LabError if there is none."""
    path = os.environ.get("KSKROLL_MODULE", "")
    if not path or not os.path.exists(path):
        raise LabError("module not built: KSKROLL_MODULE names no file "
                       f"({path or 'unset'}); `./run build` says why")
    return path


def elapsed_since(start):
    """Seconds since a time.monotonic() value."""
    return time.monotonic() - start
