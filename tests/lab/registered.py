# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones whose DS travel by EPP: their registry, which puts into the zone of the parent what it has accepted."""

import base64
import os
import threading

from . import ask
from .epp_certs import Authority
from .epp_objects import Ds, Key, Registry
from .epp_server import EppServer
from .faults import QUICK, QUICK_MODULE
from .world import KNOT, World, module_path

CLIENT, PASSWORD, NAME = "lab-client", "secret-pw-1", "epp.test"
#: The parent never scans.
NEVER = 100000
#: The registry puts a DS into its zone so many seconds after it has accepted it.
PUBLISHES = 0.5


def domain_of(zone):
    """As EPP calls it."""
    return zone.rstrip(".")


class AtRegistry:
    """What a world has besides: registry, its servers, the file of accounts. `serve()` has to be entered for each server before the world."""

    def open_registry(self, directory, interface="ds", accounts=None, ttl=None):
        """\\return items of the module."""
        self.folder = os.path.join(directory, "epp")
        os.makedirs(self.folder)
        self.authority = Authority(self.folder)
        self.client = self.authority.issue("client", client=True)
        self.registry = Registry(interface=interface)
        self.registry.policy.ttl = ttl
        self.registry.add_client(CLIENT, PASSWORD)
        self.registry.on_change = self._publish
        self.accounts = {"lab": {}, **(accounts or {})}
        self.path = os.path.join(self.folder, "accounts.conf")
        return {**QUICK_MODULE, "parent-via": "epp", "parent-epp": "lab", "epp-accounts": self.path}

    def serve(self, **switches):
        """One more server of the registry."""
        return EppServer(self.registry, self.authority.issue("server", [NAME]), self.authority.ca, **switches)

    def write(self, **ports):
        """The file of accounts. \\a ports: of the server of each account."""
        usual = {"server": "127.0.0.1", "server-name": NAME, "ca": self.authority.ca, "cert": self.client[0], "key": self.client[1],
                 "login": CLIENT, "password": PASSWORD, "timeout": 5, "commands": 600}
        lines = ["account:"]
        for name, items in self.accounts.items():
            lines += [f"  - id: {name}"]
            lines += [f"    {item}: {value}" for item, value in {**usual, "port": ports[name], **items}.items()]
        with open(self.path, "w", encoding="ascii", opener=lambda where, flags: os.open(where, flags, 0o600)) as file:
            file.write("\n".join(lines) + "\n")

    def records(self, zone):
        """What the registry has for the keys of a zone."""
        if self.registry.policy.interface == "key":
            return [key_of(key) for key in ask.ksks(KNOT, zone)]
        return [ds_of_text(text) for text in ask.ds_of(zone, ask.ksks(KNOT, zone))]

    def sent(self, server, zone):
        """Updates of a zone that the registry has taken."""
        return [frame for name, frame in server.submitted() if name == domain_of(zone)]

    def _publish(self, domain):
        raise NotImplementedError


class Registered(AtRegistry, World):
    """Zones at a registry. \\a accounts: what the accounts of zones have besides the usual, by their id, which is the zone's account.

    \\a ttl: the least, the usual and the most TTL of DS, where the registry has ttl-1.0.
    """

    def __init__(self, directory, zones, interface="ds", accounts=None, ttl=None, **settings):
        items = {**self.open_registry(directory, interface, accounts, ttl), "notify-again": 4}
        if settings.get("first_ds") is False:
            for zone in zones:
                self.registry.add(domain_of(zone), CLIENT)
        super().__init__(directory=directory, zones=zones, module=module_path(), agent_interval=NEVER,
                         **{**QUICK, **settings, "module_settings": {**items, **settings.get("module_settings", {})}})

    def attach(self, attached=True):
        """The registry has what the parent has when the module comes."""
        for zone in self.zones:
            if domain_of(zone) not in self.registry.domains:
                self.registry.add(domain_of(zone), CLIENT, self.records(zone))
        super().attach(attached)

    def _publish(self, domain):
        zone = f"{domain.name}."
        if self.registry.policy.interface == "key":
            wanted = {record.same() for record in domain.records}
            texts = ask.ds_of(zone, [key for key in ask.ksks(KNOT, zone) if key_of(key).same() in wanted])
        else:
            texts = [f"{one.tag} {one.algorithm} {one.digest_type} {one.digest.lower()}" for one in domain.records]
        threading.Timer(PUBLISHES, self.agent.insert_ds, (zone, texts, domain.ttl)).start()


def key_of(key):
    """A DNSKEY as keyData."""
    return Key(key.flags, key.protocol, int(key.algorithm), base64.b64encode(key.key).decode())


def ds_of_text(text):
    tag, algorithm, digest_type, digest = text.split(" ", 3)
    return Ds(int(tag), int(algorithm), int(digest_type), digest.replace(" ", "").upper())
