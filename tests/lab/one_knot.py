# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent zone and children of it on one knotd: the module there rolls the KSKs of all, and sets the DS of the children.

    test.           knotd primary, NSD and BIND secondaries    as in every ParentWorld
    example.test.   that knotd ns1, NSD secondary ns2          a public primary
    hidden.test.    that knotd, NSD secondary ns1 and ns2      a hidden primary
"""

from . import ask
from .children import Child
from .daemons import Nsd, file_name
from .parent_world import PARENT_KNOT, PARENT_ZONE, ParentWorld
from .wait import wait_until
from .world import MODULE_SETTINGS


class SharedChild(Child):
    """A child on the knotd of the parent, which the module rolls. \\a hidden: that knotd is no nameserver of it."""

    def __init__(self, *args, hidden=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.hidden = hidden
        self.knot = None

    def place(self, number):
        super().place(number)
        if not self.hidden:
            self._addresses["ns1"] = PARENT_KNOT

    def start(self, world):
        """The parent's knotd comes later, and it is the primary."""

    def first_ds(self):
        return super().first_ds() if self.knot else []

    def begin(self, world):
        """That knotd serves the zone: the secondary comes up, and the first KSK gets its DS."""
        self.knot = world.knot
        wait_until(lambda: ask.ksks(PARENT_KNOT, self.zone), 20, f"{self.zone} is signed")
        outside = [address for address in self._addresses.values() if address != PARENT_KNOT]
        world.up(Nsd(self._label("nsd"), world.dir, outside, {self.zone: {"primary": PARENT_KNOT}}, world.transfer_key))
        world.set_ds(self.zone, self.first_ds(), self.ds_ttl)
        self.knot.knotc("zone-ksk-submitted", self.zone)

    def attach(self, world):
        wait_until(lambda: self.knot.gate(self.zone) == "none", 30, f"the module is idle for {self.zone}")

    def roll(self):
        self.knot.knotc("zone-key-rollover", self.zone, "ksk")

    def text(self):
        """Its zone file."""
        return self._text()

    def sections(self, world, attached):
        """name -> content that knot.conf of the parent has besides."""
        remote, policy = self._label("nsd"), self._label("policy")
        address = next(address for address in self._addresses.values() if address != PARENT_KNOT)
        return {
            "remote": [{"id": remote, "address": address, "via": PARENT_KNOT, "key": world.transfer_key.name}],
            "policy": [{"id": policy, "algorithm": "ecdsap256sha256", "dnskey-ttl": self.ttl, "zone-max-ttl": self.ttl,
                        "propagation-delay": 1, "ksk-lifetime": 0, "zsk-lifetime": 0}],
            "zone": [{"domain": self.zone, "zonefile-sync": -1, "journal-content": "all", "zonefile-load": "difference-no-serial",
                      "notify": remote, "dnssec-policy": policy, **({"module": "mod-kskroll/child"} if attached else {})}],
        }


class OneKnot(ParentWorld):
    """Its children are of the kind above. \\a own: the module rolls the KSK of the parent zone as well, with these TTLs."""

    def __init__(self, *args, own=None, **kwargs):
        self._own = {"dnskey-ttl": own, "zone-max-ttl": own, "propagation-delay": 1} if own else {}
        super().__init__(*args, **({"above_ttl": own} if own else {}), **kwargs)

    def _start_parent(self):
        super()._start_parent()
        self.knot.knotc("zone-ksk-submitted", PARENT_ZONE)
        for child in self.children.values():
            child.begin(self)
        for child in self.children.values():
            self.wait_ds(child.zone, child.first_ds())

    def idle(self):
        """Zones whose rollover is idle, as the command line shows them."""
        return {one["zone"] for one in self.kskroll("--json", "status")["zones"] if (one["state"], one["gate"]["code"]) == ("idle", "none")}

    def knot_sections(self):
        sections = dict(super().knot_sections())
        for child in self.children.values():
            if not self._attached:
                self.knot.write(file_name(child.zone), child.text())
            for name, content in child.sections(self, self._attached).items():
                sections[name] = sections[name] + content
        sections["policy"][0].update(self._own)
        if self._attached:
            sections["mod-kskroll"].append({"id": "child", **MODULE_SETTINGS, "ttl": 3, "observe": 4, "settle": 2})
        return list(sections.items())
