# SPDX-License-Identifier: GPL-3.0-or-later
"""Children of the parental agent that sign and roll by themselves, as their operators would have them do it.

    KnotChild       knotd ns1 (Knot's own rollover, or that of the module), NSD secondary ns2
    BindChild       BIND ns1 (dnssec-policy), NSD secondary ns2
    PowerDnsChild   two PowerDNS with one database, which sign each answer
    LdnsChild       files that ldns-signzone signs, on two NSD
"""

import json
import os
import shutil

import dns.rdata

from . import ask, zones as zonefiles
from .daemons import Bind, Daemon, Knot, Nsd, file_name, run
from .hand_signed import KSK, LIFETIME, HandSigned
from .wait import LabError, wait_until
from .world import MODULE_SETTINGS


class Child:
    """A zone with two servers. \\a ttl: of its DNSKEY and data, \\a ds_ttl: of its first DS."""

    def __init__(self, zone="example.test.", ttl=4, ds_ttl=8):
        self.zone, self.ttl, self.ds_ttl = zone, ttl, ds_ttl
        self._addresses = {}
        self._first = []

    def place(self, number):
        """It gets addresses of its own."""
        self._addresses = {f"ns{host}": f"127.0.{20 + number}.{host}" for host in (1, 2)}

    def hosts(self):
        """host -> addresses, as the parent delegates to them."""
        return {f"{host}.{self.zone}": [address] for host, address in self._addresses.items()}

    def servers(self):
        """label -> address."""
        return dict(self._addresses)

    def first_ds(self):
        """DS that the parent begins with."""
        self._first = ask.ksks(self._addresses["ns1"], self.zone)
        return ask.ds_of(self.zone, self._first)

    def attach(self, world):
        """The parent is there, with the first DS."""

    def roll(self):
        """Its operator starts a rollover of the KSK."""
        raise NotImplementedError

    def poke(self):
        """What the operator does again and again until the rollover is over."""

    def new_ds(self):
        """DS of the KSKs that it did not begin with."""
        return ask.ds_of(self.zone, [key for key in ask.ksks(self._addresses["ns1"], self.zone) if key not in self._first])

    def rolled(self):
        """Whether only new KSKs are left, at each server."""
        return all(not set(ask.ds_of(self.zone, self._first)) & set(ask.ds_of(self.zone, ask.ksks(address, self.zone)))
                   for address in self._addresses.values())

    def _label(self, name):
        return f"{self.zone.rstrip('.')}-{name}"

    def _text(self):
        return zonefiles.zone_text(self.zone, self.hosts(), self.ttl, ["www A 192.0.2.1", "www AAAA 2001:db8::1"])

    def _secondary(self, world):
        world.up(Nsd(self._label("ns2"), world.dir, [self._addresses["ns2"]], {self.zone: {"primary": self._addresses["ns1"]}}))


class KnotChild(Child):
    """\\a module: it drives the rollover, and notifies the parent. Else Knot does, and asks each server of the parent for DS.

    \\a agent: agent domain of error reports, a label below ns1: a zone of its own, which ns1 alone has. The module then
    asks ns1 alone, so that it does not wait for ns2.
    """

    def __init__(self, *args, module=False, agent=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.module = module
        self.agent = agent and f"{agent}.ns1.{self.zone}"
        self._transfers = True
        self.knot = None
        self._world = None

    def start(self, world):
        """Starts the servers, without the module."""
        self._world = world
        address = self._addresses["ns1"]
        self.knot = Knot(self._label("ns1"), world.dir, address, [], [self.zone])
        self.knot.write(file_name(self.zone), self._text())
        if self.agent:
            self.knot.write(file_name(self.agent), zonefiles.zone_text(self.agent, {f"ns1.{self.zone}": []}, self.ttl,
                                                                       ['* 3600 TXT "report received"']))
        self.knot.sections = self._sections(False)
        world.up(self.knot)
        wait_until(lambda: ask.ksks(address, self.zone), 20, f"{self.zone} is signed")
        self._secondary(world)

    def attach(self, world):
        if self.module:
            self.knot.knotc("zone-ksk-submitted", self.zone)
            self.knot.sections = self._sections(True)
            self.knot.reconfigure()
            wait_until(lambda: self.knot.gate(self.zone) == "none", 30, "the module of the child is idle")

    def roll(self):
        self.knot.knotc("zone-key-rollover", self.zone, "ksk")

    def _text(self):
        lines = [f"{self.agent} NS ns1.{self.zone}"] if self.agent else []
        return zonefiles.zone_text(self.zone, self.hosts(), self.ttl, ["www A 192.0.2.1", "www AAAA 2001:db8::1", *lines])

    def cut_off(self):
        """ns2 gets no new version any more."""
        self._transfers = False
        self.knot.sections = self._sections(True)
        self.knot.reconfigure()

    def error_reports(self):
        """Those that the command line shows."""
        program = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
        env = {**os.environ, "KSKROLL_DB": self.knot.path("db", "kskroll", "kskroll.db")}
        done = run([program, "--json", "status", self.zone], env=env)
        zones = json.loads(done.stdout)["zones"]
        return zones[0]["error_reports"] if zones else [], run([program, "status", self.zone], env=env).stdout

    def _sections(self, module):
        address, world = self._addresses["ns1"], self._world
        submission = [] if self.module else [
            # Else Knot retires the old key while caches have the DS of that key alone.
            ("submission", [{"id": "parent", "parent": list(world.parent_servers()), "check-interval": 1, "parent-delay": self.ds_ttl + 1}])]
        policy = {"id": "lab", "algorithm": "ecdsap256sha256", "dnskey-ttl": self.ttl, "zone-max-ttl": self.ttl, "propagation-delay": 1,
                  "ksk-lifetime": 0, "zsk-lifetime": 0, **({} if self.module else {"ksk-submission": "parent"})}
        reports = {"report-agent": self.agent, "report-receive": True, "nameserver": address} if self.agent else {}
        instance = [("module", [{"id": "mod-kskroll", "file": world.module}]),
                    ("mod-kskroll", [{"id": "default", **MODULE_SETTINGS, "ttl": 3, "observe": 4, "settle": 2, "trust-anchor": world.anchor,
                                      "root-hints": world.hints, **reports}])] if module else []
        template = {"id": "default", "storage": self.knot.dir, "file": "%s.zone", "zonefile-sync": -1, "journal-content": "all",
                    "zonefile-load": "difference-no-serial", "notify": "ns2", **({"acl": "all"} if self._transfers else {}), "dnssec-signing": True, "dnssec-policy": "lab",
                    **({"global-module": "mod-kskroll/default"} if module else {})}
        return [
            *instance[:1],
            ("server", {"rundir": self.knot.dir, "pidfile": self.knot.path("knot.pid"), "listen": f"{address}@53", "udp-workers": 1,
                        "tcp-workers": 1, "background-workers": 2}),
            ("control", {"listen": self.knot.socket}),
            ("log", [{"target": self.knot.log, "any": "debug"}]),
            ("database", {"storage": self.knot.path("db"), "journal-db-max-size": "64M", "kasp-db-max-size": "16M",
                          "timer-db-max-size": "16M"}),
            ("remote", [{"id": "ns2", "address": self._addresses["ns2"], "via": address},
                        *({"id": label, "address": server} for label, server in world.parent_servers().items())]),
            ("acl", [{"id": "all", "address": "127.0.0.0/8", "action": "transfer"}]),
            *submission, *instance[1:],
            ("policy", [policy]), ("template", [template]),
            ("zone", [{"domain": self.zone, **({"module": "mod-kskroll/default"} if module else {})},
                      # Knot 3.5 loads every zone when there is a new policy.
                      *([{"domain": self.agent, "dnssec-signing": False, "zonefile-load": "whole", "journal-content": "changes"}] if self.agent else [])]),
        ]


class BindChild(Child):
    """It asks every server of the parent for DS (checkds). It acts when it is made to look: by itself an hour later."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._bind = self._rndc_conf = None

    def start(self, world):
        """Starts the servers."""
        address = self._addresses["ns1"]
        key = zonefiles.Tsig("rndc")
        parents = " ".join(f"{server};" for server in world.parent_servers().values())
        policy = ('dnssec-policy "child" {\n\tkeys { ksk lifetime unlimited algorithm ecdsap256sha256;'
                  " zsk lifetime unlimited algorithm ecdsap256sha256; };\n"
                  f"\tdnskey-ttl {self.ttl};\n\tmax-zone-ttl {self.ttl};\n\tpublish-safety 1;\n\tretire-safety 1;\n"
                  f"\tzone-propagation-delay 1;\n\tparent-ds-ttl {self.ds_ttl};\n\tparent-propagation-delay 1;\n\tpurge-keys 0;\n}};\n"
                  f'remote-servers "parents" {{ {parents} }};\n')
        bind = self._bind = Bind(self._label("ns1"), world.dir, [address], {}, key.bind() + policy)
        bind.controls = f'inet {address} port 953 allow {{ any; }} keys {{ "rndc"; }};'
        self._rndc_conf = bind.write("rndc.conf", key.bind() + f'options {{ default-server {address}; default-key "rndc"; }};\n')
        file = bind.write(file_name(self.zone), self._text())
        bind.zones[self.zone] = (f'\ttype primary;\n\tfile "{file}";\n\tdnssec-policy child;\n\tinline-signing yes;\n'
                                 f'\tkey-directory "{bind.dir}";\n\tallow-transfer {{ any; }};\n'
                                 f'\talso-notify {{ {self._addresses["ns2"]}; }};\n\tparental-agents {{ "parents"; }};\n\tcheckds explicit;')
        world.up(bind)
        wait_until(lambda: ask.ksks(address, self.zone), 20, f"{self.zone} is signed")
        self._secondary(world)

    def attach(self, world):
        """BIND rolls a key at any time, but as it should only once caches have nothing from before that key."""
        wait_until(self._is_established, 30, f"the keys of {self.zone} are in all caches", poll=0.5)

    def _is_established(self):
        self.poke()
        states = [line.split(":", 1)[1].strip() for line in self.rndc("dnssec", "-status", self.zone).splitlines()
                  if line.strip().startswith(("- dnskey:", "- key rrsig:", "- zone rrsig:"))]
        return states and set(states) == {"omnipresent"}

    def roll(self):
        tag = ask.ksk_tags(self._addresses["ns1"], self.zone)[0]
        # Only a key whose DS has been seen can be rolled.
        self.rndc("dnssec", "-checkds", "-key", str(tag), "published", self.zone)
        self.rndc("dnssec", "-rollover", "-key", str(tag), self.zone)

    def poke(self):
        self.rndc("loadkeys", self.zone)

    def rndc(self, *args):
        """Runs rndc."""
        done = run(["rndc", "-c", self._rndc_conf, *args])
        if done.returncode != 0:
            raise LabError(f"rndc {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout


class PowerDns(Daemon):
    """PowerDNS with a database that may have another server beside it. Nothing is cached."""

    SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"

    def __init__(self, name, directory, address, database, zone, **items):
        """\\a items: further ones of the configuration."""
        super().__init__(name, directory, [address])
        self.database, self.zone, self.items = database, zone, items

    @staticmethod
    def missing():
        """Why it cannot be had here, or None."""
        return None if shutil.which("pdnsutil") and os.path.exists(PowerDns.SCHEMA) else \
            "PowerDNS is not installed (apt-get install pdns-server pdns-backend-sqlite3)"

    def command(self):
        return ["pdns_server", f"--config-dir={self.dir}", "--daemon=no", "--guardian=no"]

    def configure(self):
        items = {"local-address": self.addresses[0], "local-port": 53, "launch": "gsqlite3", "gsqlite3-database": self.database,
                 "gsqlite3-dnssec": "yes", "socket-dir": ".",  # A path may be too long for a socket.
                 "cache-ttl": 0, "query-cache-ttl": 0, "negquery-cache-ttl": 0,
                 "dnssec-key-cache-ttl": 0, "domain-metadata-cache-ttl": 0, "zone-cache-refresh-interval": 0, "loglevel": 5,
                 "default-ksk-algorithm": "ecdsa256", "security-poll-suffix": "", "setuid": 0, "setgid": 0, **self.items}
        self.write("pdns.conf", "".join(f"{item}={value}\n" for item, value in items.items()))

    def ready(self):
        return ask.answers(self.addresses[0], self.zone)

    def load(self, text):
        """Before it starts: a new database, with the zone, which is signed from now on."""
        with open(self.SCHEMA, encoding="utf-8") as schema:
            done = run(["sqlite3", self.database], input=schema.read())
        if done.returncode != 0:
            raise LabError(f"schema of PowerDNS: {done.stderr}")
        self.configure()
        self.pdnsutil("load-zone", self.zone, self.write("zone", text))
        self.pdnsutil("secure-zone", self.zone)

    def pdnsutil(self, *args):
        """Runs pdnsutil."""
        done = run(["pdnsutil", f"--config-dir={self.dir}", *args])
        if done.returncode != 0:
            raise LabError(f"pdnsutil {' '.join(args)}: {done.stderr.strip()} {done.stdout.strip()}")
        return done.stdout


class PowerDnsChild(Child):
    """One key signs all. The rollover is that of its guide: a second key, both DS, then the first key goes."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._server = None

    def start(self, world):
        """Starts the servers."""
        database = os.path.join(world.dir, "pdns.sqlite3")
        daemons = [PowerDns(self._label(host), world.dir, address, database, self.zone, **{"disable-axfr": "yes"})
                   for host, address in self._addresses.items()]
        self._server = daemons[0]
        self._server.load(self._text())
        self._server.pdnsutil("set-publish-cds", self.zone)
        self._server.pdnsutil("set-publish-cdnskey", self.zone)
        for daemon in daemons:
            world.up(daemon)

    def roll(self):
        self._server.pdnsutil("add-zone-key", self.zone, "ksk", "active", "published", "ecdsa256")

    def retire(self):
        """The first key goes."""
        tags = self._first_tags()
        for line in self._server.pdnsutil("list-keys", self.zone).splitlines():
            words = line.split()
            number = next((word for word in words if word.isdigit() and int(word) < 100), None)
            if number and any(str(tag) in words for tag in tags):
                self._server.pdnsutil("remove-zone-key", self.zone, number)
                return
        raise LabError(f"no key {tags} in {self._server.pdnsutil('list-keys', self.zone)}")

    def _first_tags(self):
        return [int(record.split()[0]) for record in ask.ds_of(self.zone, self._first)]


class LdnsChild(HandSigned):
    """As HandSigned, but signed by ldns-signzone, with the same keys for everything."""

    def __init__(self, directory, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._dir = os.path.join(directory, "ldns")
        self._files = {}

    @staticmethod
    def missing():
        """Why it cannot be had here, or None."""
        return None if shutil.which("ldns-signzone") else "ldns is not installed (apt-get install ldnsutils)"

    def key(self, name, flags=KSK):
        if name not in self._files:
            os.makedirs(self._dir, exist_ok=True)
            base = self._ldns("ldns-keygen", "-k", "-a", "ECDSAP256SHA256", self.zone).strip()
            self._files[name] = os.path.join(self._dir, base)
            with open(self._files[name] + ".key", encoding="ascii") as file:
                words = next(line for line in file if not line.startswith(";")).split(";")[0].split()
            text = " ".join(words[words.index("DNSKEY") + 1:])
            self._keys[name] = None, dns.rdata.from_text("IN", "DNSKEY", text)
        return self._keys[name]

    def _sign(self, text, keys, signers, inception):
        source, target = (os.path.join(self._dir, name) for name in ("unsigned", "signed"))
        for name in keys:
            self.key(name)
        zonefiles.write(source, text)
        self._ldns("ldns-signzone", "-o", self.zone, "-i", str(inception), "-e", str(inception + LIFETIME), "-f", target, source,
                   *(self._files[name] for name in keys))
        with open(target, encoding="ascii") as file:
            return file.read()

    def _ldns(self, *args):
        done = run(args, cwd=self._dir)
        if done.returncode != 0:
            raise LabError(f"{' '.join(args)}: {done.stderr.strip()}")
        return done.stdout
