# SPDX-License-Identifier: GPL-3.0-or-later
"""A world in which the knotd of the agent is a secondary: DS changes at the primary of the parent zone, by DNS UPDATE.

    primary       Knot DNS or BIND        127.0.2.6           hidden; takes UPDATE of DS with a key of its own
    world.knot    signs what it gets, or serves it as it is   127.0.2.1
"""

import base64

from . import ask
from .daemons import Bind, Knot, file_name
from .parent_world import PARENT_ZONE, ParentWorld
from .wait import wait_until
from .world import PARENT_BIND as PARENT_KNOT

PRIMARY = "127.0.2.6"
KEY = "agent-update."
SECRET = base64.b64encode(b"a secret of 32 octets, as sha256").decode()
OTHER = base64.b64encode(b"another one that nobody has told").decode()


class UpdateWorld(ParentWorld):
    """\a bind: the primary is BIND. \a signs: the knotd of the agent signs the zone; else the primary does (Knot only).

    \a secret: of the agent's key, where it is not that of the primary.
    """

    def __init__(self, directory, children=None, bind=False, signs=True, secret=SECRET, agent=None, **settings):
        self.primary_is_bind, self.signs, self.secret = bind, signs, secret
        items = {"delegation-apply": "update", "update-primary": f"{PRIMARY}@53", "update-key": KEY, **(agent or {})}
        super().__init__(directory, children, agent=items, **settings)

    def _start_parent(self):
        self.primary = self.up(self._bind() if self.primary_is_bind else self._knot())
        super()._start_parent()

    def _bind(self):
        key = self.transfer_key
        bind = Bind("primary-bind", self.dir, [PRIMARY], {},
                    key.bind() + f'\nkey "{KEY}" {{ algorithm hmac-sha256; secret "{SECRET}"; }};')
        bind.write(file_name(PARENT_ZONE), self.parent_text())
        bind.zones[PARENT_ZONE] = (f'\ttype primary;\n\tfile "{bind.path(file_name(PARENT_ZONE))}";\n'
                                   f"\tallow-transfer {{ key {key.name}; }};\n"
                                   f'\tupdate-policy {{ grant "{KEY}" subdomain {PARENT_ZONE} DS; }};\n'
                                   f"\talso-notify {{ {PARENT_KNOT} key {key.name}; }};")
        return bind

    def _knot(self):
        key = self.transfer_key
        knot = Knot("primary-knot", self.dir, PRIMARY, [], [PARENT_ZONE])
        knot.write(file_name(PARENT_ZONE), self.parent_text())
        knot.sections = [
            ("server", {"rundir": knot.dir, "pidfile": knot.path("knot.pid"), "listen": f"{PRIMARY}@53", "udp-workers": 1,
                        "tcp-workers": 1, "background-workers": 2}),
            ("control", {"listen": knot.socket}),
            ("log", [{"target": knot.log, "any": "debug"}]),
            ("database", {"storage": knot.path("db"), "journal-db-max-size": "64M", "kasp-db-max-size": "16M", "timer-db-max-size": "16M"}),
            ("key", [{"id": key.name, "algorithm": key.algorithm, "secret": key.secret},
                     {"id": KEY, "algorithm": "hmac-sha256", "secret": SECRET}]),
            ("remote", [{"id": "secondary", "address": PARENT_KNOT, "via": PRIMARY, "key": key.name}]),
            ("acl", [{"id": "transfer", "key": key.name, "action": "transfer"},
                     {"id": "agent", "key": KEY, "action": "update", "update-type": "DS"}]),
            ("policy", [{"id": "lab", "algorithm": "ecdsap256sha256", "ksk-lifetime": 0, "zsk-lifetime": 0}]),
            ("zone", [{"domain": PARENT_ZONE, "storage": knot.dir, "file": "%s.zone", "notify": "secondary", "acl": ["transfer", "agent"],
                       "dnssec-signing": not self.signs, "dnssec-policy": "lab", "zonefile-sync": -1, "zonefile-load": "whole",
                       "journal-content": "changes"}]),
        ]
        return knot

    def knot_sections(self):
        key = self.transfer_key
        sections = []
        for name, content in super().knot_sections():
            if name == "key":
                content = content + [{"id": KEY, "algorithm": "hmac-sha256", "secret": self.secret}]
            elif name == "remote":
                content = content + [{"id": "primary", "address": PRIMARY, "via": PARENT_KNOT, "key": key.name}]
            elif name == "acl":
                content = content + [{"id": "notify", "address": PRIMARY, "key": key.name, "action": "notify"}]
            elif name == "template":
                content = [{**content[0], "acl": ["transfer", "notify"], "dnssec-signing": self.signs}]
            elif name == "zone":
                keep = {item: value for item, value in content[0].items() if item not in ("zonefile-load", "journal-content")}
                content = [{**keep, "master": "primary"}]
            sections.append((name, content))
        return sections

    def hold_transfers(self):
        """The secondary does not hear of changes any more."""
        self._primary_notify("127.0.0.99")

    def let_transfers(self):
        """It does again."""
        self._primary_notify(PARENT_KNOT)
        self.primary.knotc("zone-notify", PARENT_ZONE)

    def _primary_notify(self, address):
        for name, content in self.primary.sections:
            if name == "remote":
                content[0]["address"] = address
        self.primary.reconfigure()

    def primary_ds(self, zone):
        """DS at the primary, and its TTL."""
        answer = ask.rrset(PRIMARY, zone, "DS")
        return (ask.ds_set(PRIMARY, zone), answer.ttl if answer is not None else None)

    def wait_primary(self, zone, records, seconds=30):
        wait_until(lambda: self.primary_ds(zone)[0] == sorted(records), seconds, f"DS of {zone} at the primary; {self.said(zone)}")

    def set_primary_ds(self, zone, records, ttl=10):
        """The operator changes DS at the primary, which is Knot DNS, by hand."""
        self.primary.knotc("zone-begin", PARENT_ZONE)
        self.primary.knotc("zone-unset", PARENT_ZONE, zone, "DS", check=False)
        for record in records:
            self.primary.knotc("zone-set", PARENT_ZONE, zone, str(ttl), "DS", record)
        self.primary.knotc("zone-commit", PARENT_ZONE)
