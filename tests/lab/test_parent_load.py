# SPDX-License-Identifier: GPL-3.0-or-later
"""Parent zones that the agent must not write: a signing secondary, and a member of a catalog."""

import signal

from .daemons import Bind, file_name
from .parent_world import PARENT_KNOT, PARENT_ZONE, ZONE, ParentWorld
from .test_parent_agent import asks_for, never_moves
from .world import CATALOG_ZONE

HIDDEN = "127.0.2.7"
#: The zone comes from its primary, and from the journal.
FROM_PRIMARY = {"master": "hidden", "zonefile-load": "none", "journal-content": "all"}


class SecondaryWorld(ParentWorld):
    """knotd signs what it gets from a hidden primary."""

    def __init__(self, directory, **settings):
        super().__init__(directory, zone_items=FROM_PRIMARY, **settings)
        self.hidden = Bind("hidden", self.dir, [HIDDEN], {})

    def _start_parent(self):
        path = self.hidden.write(file_name(PARENT_ZONE), self.parent_text())
        self.hidden.zones[PARENT_ZONE] = (f'\ttype primary;\n\tfile "{path}";\n\tallow-transfer {{ any; }};\n'
                                          f"\talso-notify {{ {PARENT_KNOT}; }};")
        self.up(self.hidden)
        super()._start_parent()

    def knot_sections(self):
        sections = super().knot_sections()
        place = [name for name, _ in sections].index("template")
        sections.insert(place, ("remote", [{"id": "hidden", "address": HIDDEN, "via": PARENT_KNOT}]))
        sections.insert(place + 1, ("acl", [{"id": "hidden", "address": HIDDEN, "action": "notify"}]))
        zone = dict(sections[-1][1][0], acl=["transfer", "hidden"])
        return [*sections[:-1], ("zone", [zone])]

    def edit(self, ds):
        """The operator changes the zone at its primary."""
        self.hidden.write(file_name(PARENT_ZONE), self.parent_text(ds).replace(" 1 30 1 ", " 2 30 1 ", 1))
        self.hidden.process.send_signal(signal.SIGHUP)


class MemberWorld(ParentWorld):
    """The parent zone has no section in knot.conf: a catalog names it, and its template has the agent."""

    CATALOG = "\n".join([f"$ORIGIN {CATALOG_ZONE}", "$TTL 0", "@ SOA invalid. invalid. 1 30 1 864000 0", "@ NS invalid.", 'version TXT "2"',
                         f"id0.zones PTR {PARENT_ZONE}", ""])

    def knot_sections(self):
        sections = dict(super().knot_sections())
        (default,), (zone,) = sections.pop("template"), sections.pop("zone")
        items = {item: value for item, value in zone.items() if item != "domain"}
        member = {**default, "id": "member", **items}
        member.pop("global-module", None)
        catalog = {"domain": CATALOG_ZONE, "file": self.knot.write("catalog.zone", self.CATALOG), "dnssec-signing": False, "notify": [], "catalog-role": "interpret",
                   "catalog-template": "member", "zonefile-load": "whole"}
        return [*sections.items(), ("template", [default, member]), ("zone", [catalog])]


def test_a_secondary_is_never_written(directory):
    """Its next transfer would bring the old DS back. What the primary brings is adopted."""
    with SecondaryWorld(directory) as world:
        child = world.child
        asks_for(child, "b")
        one = world.wait_delegation(gate="secondary", state="wait")
        assert "master" in one["detail"], one
        never_moves(world, child, 4)
        assert not world.knot.log_lines("zone-begin"), "no transaction was begun"
        world.edit({ZONE: child.ds("b")})
        world.wait_ds(ZONE, child.ds("b"))
        world.wait_delegation(state="rest", gate="none")
        world.assert_secure()


def test_a_member_of_a_catalog_is_not_written(directory):
    """Nothing says whether a reload would revert DS: knotd does not print the items of a member."""
    with MemberWorld(directory) as world:
        assert PARENT_ZONE not in world.knot.knotc("conf-read", "zone.domain").split(), "the configuration has no section of it"
        child = world.child
        asks_for(child, "b")
        one = world.wait_delegation(gate="load-unknown", state="wait")
        assert "no section of its own" in one["detail"], one
        never_moves(world, child, 4)
        assert not world.knot.log_lines("zone-begin"), "no transaction was begun"
        world.assert_secure()
