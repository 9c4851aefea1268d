# SPDX-License-Identifier: GPL-3.0-or-later
"""`parent-via: update`: the DS travels by DNS UPDATE to the primary of the parent, which reads no CDS."""

from . import ask, check, zones as zonefiles
from .daemons import Knot, Nsd, file_name
from .faults import QUICK, QUICK_MODULE
from .marks import bound, long_test
from .progress import Progress
from .test_notify import kskroll, logged
from .test_rollover import ZONE, start
from .wait import stays, wait_until
from .world import KNOT, PARENT_BIND, PARENT_NSD, PARENT_ZONE, World, module_path
from .zones import Tsig

#: The parent never scans.
NEVER = 100000


class SubmitWorld(World):
    """A parent that takes DNS UPDATE. \\a key: that the module has, if it is not that of the parent."""

    def __init__(self, directory, key=None, **settings):
        self.key = key
        items = {**QUICK_MODULE, "parent-via": "update", "parent-primary": f"{PARENT_BIND}@53", "parent-key": "agent.lab.",
                 "notify-again": 5}
        super().__init__(directory=directory, module=module_path(), agent_interval=NEVER,
                         **{**QUICK, **settings, "module_settings": {**items, **settings.get("module_settings", {})}})

    def knot_sections(self):
        key = self.key or self._update_key
        return [(name, content + [{"id": "agent.lab.", "algorithm": key.algorithm, "secret": key.secret}] if name == "key" else content)
                for name, content in super().knot_sections()]

    def old(self):
        """The KSKs of before, by zone."""
        return {zone: ask.ksks(KNOT, zone) for zone in self.zones}


class KnotParent(SubmitWorld):
    """The primary of the parent is Knot DNS, which signs the zone."""

    def _start_parent(self):
        servers = {"ns1.test.": [PARENT_BIND], "ns2.test.": [PARENT_NSD]}
        lines = [line for zone in self.zones for line in zonefiles.delegation(zone, self._child_hosts(zone))]
        knot = Knot("parent-knot", self.dir, PARENT_BIND, [], [PARENT_ZONE])
        knot.write(file_name(PARENT_ZONE), zonefiles.zone_text(PARENT_ZONE, servers, self._above_ttl, lines))
        keys = [self.transfer_key, self._update_key]
        knot.sections = [
            ("server", {"rundir": knot.dir, "pidfile": knot.path("knot.pid"), "listen": f"{PARENT_BIND}@53", "udp-workers": 1,
                        "tcp-workers": 1, "background-workers": 2}),
            ("control", {"listen": knot.socket}),
            ("log", [{"target": knot.log, "any": "debug"}]),
            ("database", {"storage": knot.path("db"), "journal-db-max-size": "64M", "kasp-db-max-size": "16M", "timer-db-max-size": "16M"}),
            ("key", [{"id": key.name, "algorithm": key.algorithm, "secret": key.secret} for key in keys]),
            ("remote", [{"id": "secondary", "address": PARENT_NSD, "via": PARENT_BIND, "key": self.transfer_key.name}]),
            ("acl", [{"id": "transfer", "key": self.transfer_key.name, "action": "transfer"},
                     # As the guide has it.
                     {"id": "ds-of-child", "key": self._update_key.name, "action": "update", "update-type": "DS", "update-owner": "name",
                      "update-owner-match": "equal", "update-owner-name": self.zones}]),
            ("policy", [{"id": "lab", "algorithm": "ecdsap256sha256", "ksk-lifetime": 0, "zsk-lifetime": 0}]),
            ("zone", [{"domain": PARENT_ZONE, "storage": knot.dir, "file": "%s.zone", "notify": "secondary", "acl": ["transfer", "ds-of-child"],
                       "dnssec-signing": True, "dnssec-policy": "lab", "zonefile-sync": -1, "zonefile-load": "whole",
                       "journal-content": "changes"}]),
        ]
        self.parent_bind = self._up(knot)
        wait_until(lambda: ask.ksks(PARENT_BIND, PARENT_ZONE), 20, "the parent zone is signed")
        self.parent_nsd = self._up(Nsd("parent-nsd", self.dir, [PARENT_NSD], {PARENT_ZONE: {"primary": PARENT_BIND}}, self.transfer_key))


def gate(world, code, seconds=60):
    """Waits until the zone is at the gate."""
    return wait_until(lambda: next((zone for zone in kskroll(world, "status", ZONE)["zones"] if zone["gate"]["code"] == code), None),
                      seconds, f"the gate {code}")


def ds_ttls(world):
    """The TTL of the DS at the servers of the parent."""
    return [ask.rrset(address, ZONE, "DS").ttl for address in (PARENT_BIND, PARENT_NSD)]


def ttl_was_lowered_and_restored(world, low=QUICK_MODULE["ttl"]):
    """Before the new DS, and after the rollover. The new DS has come with the low one."""
    normal = QUICK["ds_ttl"]
    wait_until(lambda: ds_ttls(world) == [normal, normal], 60, f"the DS TTL is {normal} s again")
    logged(world, ZONE, f"DS at the parent has TTL {low} s by DNS UPDATE")
    logged(world, ZONE, f"DS at the parent has TTL {normal} s by DNS UPDATE")
    events = [event["notification"] for event in kskroll(world, "history", ZONE)["events"] if event["notification"]]
    made = [event.get("ds_ttl") for event in events if event["status"] == "updated"]
    assert made == [low, None, normal], made
    wait_until(lambda: kskroll(world, "status", ZONE)["zones"][0]["ds_ttl_before"] == 0, 30, "nothing is left to restore")


def ds_is_of(world, keys):
    return ask.ds_set(PARENT_BIND, ZONE) == sorted(ask.ds_of(ZONE, keys))


@bound(150)
def test_a_whole_rollover_by_dns_update(directory):
    with SubmitWorld(directory) as world:
        old = world.old()
        with Progress(world.knot, ZONE) as progress:
            start(world)
            progress.wait_visited("settle", 90)
            progress.wait("idle", 60)
        check.rolled(world, ZONE, old[ZONE])
        check.signals_followed_keys(world, ZONE)
        ttl_was_lowered_and_restored(world)
        line = logged(world, ZONE, "DS brought to the parent by DNS UPDATE")
        assert f"at {PARENT_BIND}@53" in line and "sent 1" in line, line
        counts = {name: count for name, count in world.knot.totals()["kskroll-notifications"].items() if count}
        assert counts == {"updated": 3}, counts
        assert not world.agent.updates[1:], "somebody else has changed the DS"
        world.assert_secure()


@bound(150)
def test_a_wrong_key_is_quoted_and_the_right_one_is_taken(directory):
    with SubmitWorld(directory, key=Tsig("agent.lab.")) as world:
        old = world.old()
        with Progress(world.knot, ZONE) as progress:
            start(world)
            zone = gate(world, "parent-not-informed")
            assert "NOTAUTH" in zone["gate"]["detail"] and zone["gate"]["about"] == f"{PARENT_BIND}@53", zone["gate"]
            assert zone["blocked"] and zone["actor"] == "operator", zone
            assert ds_is_of(world, old[ZONE])
            world.key = None
            world.attach()
            progress.wait_visited("settle", 60)
            progress.wait("idle", 60)
        check.rolled(world, ZONE, old[ZONE])
        # The primary had refused another TTL as well: the rollover did without.
        assert ds_ttls(world) == [QUICK["ds_ttl"]] * 2, ds_ttls(world)
        world.assert_secure()


@long_test
@bound(200)
def test_a_frozen_primary_gets_no_change(directory):
    """Knot DNS would make it when its zone is thawed, whatever the zone asks for by then."""
    with KnotParent(directory, ds_ttl=QUICK_MODULE["ttl"]) as world:  # Nothing has to be lowered.
        old, primary = world.old(), world.parent_bind
        with Progress(world.knot, ZONE) as progress:
            primary.knotc("zone-freeze", PARENT_ZONE)
            start(world)
            zone = gate(world, "parent-not-informed", 120)
            assert "update-unsent" in zone["gate"]["detail"], zone["gate"]
            assert stays(lambda: ds_is_of(world, old[ZONE]), 5)
            primary.knotc("zone-thaw", PARENT_ZONE)
            progress.wait_visited("settle", 60)
            progress.wait("idle", 60)
        line = logged(world, ZONE, "DS brought to the parent by DNS UPDATE")
        assert "it had the DS already" not in line, line
        check.rolled(world, ZONE, old[ZONE])
        world.assert_secure()
