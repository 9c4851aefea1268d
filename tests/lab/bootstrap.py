# SPDX-License-Identifier: GPL-3.0-or-later
"""A world for RFC 9615: nameservers outside the child, signaling zones made by Knot's own modules.

    ops.test.                   secure, has the names of the nameservers
    example.test.               NS ns1.ops.test. and ns2.ops.test.; no DS
    _signal.nsN.ops.test.       knotd, mod-authsignal and mod-onlinesign; DS in ops.test.
"""

import os

from . import ask, zones as zonefiles
from .daemons import file_name
from .wait import wait_until
from .world import KNOT, World

CHILD = "example.test."
OPERATOR = "ops.test."
HOSTS = ("ns1.ops.test.", "ns2.ops.test.")


class BootstrapWorld(World):
    """\\a signaling: the hosts that have a signaling zone."""

    def __init__(self, *args, signaling=HOSTS, **kwargs):
        super().__init__(*args, zones=(OPERATOR, CHILD), first_ds=(OPERATOR,), **kwargs)
        self.signaling = [f"_signal.{host}" for host in signaling]

    def _child_hosts(self, zone):
        return dict(zip(HOSTS, super()._child_hosts(OPERATOR).values()))

    def knot_sections(self):
        sections = dict(super().knot_sections())
        modules = ["mod-authsignal", "mod-onlinesign/authsignal"]
        # Since 3.5 a new policy loads all zones from their files: with the template's zonefile-load the module creates none.
        sections["zone"] += [{"domain": zone, "dnssec-signing": False, "notify": [], "zonefile-load": "whole",
                              "module": modules} for zone in self.signaling]
        online = ("mod-onlinesign", [{"id": "authsignal", "nsec-bitmap": ["CDS", "CDNSKEY"]}])
        before = list(sections).index("template")
        items = list(sections.items())
        return [*items[:before], online, *items[before:]]

    def _start_children(self):
        directory = os.path.join(self.dir, "knot")
        os.makedirs(directory, exist_ok=True)
        for zone in self.signaling:
            zonefiles.write(os.path.join(directory, file_name(zone)),
                            zonefiles.zone_text(zone, {f"knot.{OPERATOR}": [KNOT]}, 60))
        super()._start_children()
        self._delegate_signaling(directory)

    def _delegate_signaling(self, directory):
        """The operator's zone gets the secure delegations of the signaling zones."""
        lines = [f"knot A {KNOT}"]
        for zone in self.signaling:
            wait_until(lambda z=zone: ask.ksks(KNOT, z), 20, f"{zone} is signed")
            lines.append(f"{zone} NS knot.{OPERATOR}")
            lines += [f"{zone} DS {record}" for record in ask.ds_of(zone, ask.ksks(KNOT, zone))]
        zonefiles.write(os.path.join(directory, file_name(OPERATOR)), zonefiles.zone_text(
            OPERATOR, self._child_hosts(OPERATOR), self.zone_ttl, ["www A 192.0.2.1", *lines]))
        self.knot.knotc("zone-reload", OPERATOR)
        for address in self.child_servers(False).values():
            for zone in self.signaling:
                wait_until(lambda a=address, z=zone: _delegated(a, z), 20,
                           f"{address} has the delegation of {zone}")


def _delegated(address, zone):
    response = ask.ask(address, f"x.{zone}", "A")
    return any(str(rrset.name) == zone for rrset in response.authority) or bool(response.answer)
