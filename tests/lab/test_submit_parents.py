# SPDX-License-Identifier: GPL-3.0-or-later
"""`parent-via: update` and `manual` with other parents than those of test_submit.py, and with a primary that has another DS."""

import os

from . import ask, check, zones as zonefiles
from .children import PowerDns
from .daemons import Knot, file_name
from .faults import QUICK_MODULE
from .marks import bound, long_test, needs
from .progress import Progress
from .test_notify import logged
from .test_rollover import ZONE, start
from .test_submit import KnotParent, SubmitWorld, ds_is_of, gate
from .wait import stays, wait_until
from .world import PARENT_BIND, PARENT_NSD, PARENT_ZONE

#: Serves the parent zone with a DS of before, and no parent delegates to it.
STRAY = "127.0.2.9"


class PowerDnsParent(SubmitWorld):
    """Two PowerDNS with one database, which sign each answer."""

    def _start_parent(self):
        servers = {"ns1.test.": [PARENT_BIND], "ns2.test.": [PARENT_NSD]}
        lines = [line for zone in self.zones for line in zonefiles.delegation(zone, self._child_hosts(zone))]
        database, key = os.path.join(self.dir, "parent.sqlite3"), self._update_key
        self.parent_bind, self.parent_nsd = (PowerDns(name, self.dir, address, database, PARENT_ZONE, dnsupdate="yes")
                                             for name, address in (("parent-one", PARENT_BIND), ("parent-two", PARENT_NSD)))
        self.parent_bind.load(zonefiles.zone_text(PARENT_ZONE, servers, self._above_ttl, lines))
        self.parent_bind.pdnsutil("import-tsig-key", key.name.rstrip("."), key.algorithm, key.secret)
        self.parent_bind.pdnsutil("set-meta", PARENT_ZONE, "TSIG-ALLOW-DNSUPDATE", key.name.rstrip("."))
        self.parent_bind.pdnsutil("set-meta", PARENT_ZONE, "ALLOW-DNSUPDATE-FROM", "127.0.0.0/8")
        for server in (self.parent_bind, self.parent_nsd):
            self._up(server)


def rolled(world, old, progress):
    """Waits for the end of the rollover, and judges it."""
    progress.wait_visited("settle", 90)
    progress.wait("idle", 60)
    check.rolled(world, ZONE, old[ZONE])
    check.signals_followed_keys(world, ZONE)
    world.assert_secure()


@long_test
@needs(PowerDns.missing)
@bound(200)
def test_the_parent_is_powerdns(directory):
    with PowerDnsParent(directory) as world:
        old = world.old()
        with Progress(world.knot, ZONE) as progress:
            start(world)
            rolled(world, old, progress)
        assert "sent 1" in logged(world, ZONE, "DS brought to the parent by DNS UPDATE")


@long_test
@bound(200)
def test_an_open_transaction_of_the_parent_delays_the_message(directory):
    """Knot DNS would make the change when the transaction is over, whatever the zone asks for by then: it is not sent."""
    with KnotParent(directory, ds_ttl=QUICK_MODULE["ttl"]) as world:  # Nothing has to be lowered.
        old, primary = world.old(), world.parent_bind
        with Progress(world.knot, ZONE) as progress:
            start(world)
            progress.wait_visited("introduce", 60)
            primary.knotc("zone-begin", PARENT_ZONE)
            zone = gate(world, "parent-not-informed", 120)
            assert "update-unsent" in zone["gate"]["detail"], zone["gate"]
            assert stays(lambda: ds_is_of(world, old[ZONE]), 5)
            primary.knotc("zone-abort", PARENT_ZONE)
            rolled(world, old, progress)
        assert "it had the DS already" not in logged(world, ZONE, "DS brought to the parent by DNS UPDATE")


def stray(world):
    """A server that has the delegation of the zone, and no DS of it."""
    knot = Knot("stray", world.dir, STRAY, [], [PARENT_ZONE])
    lines = zonefiles.delegation(ZONE, world._child_hosts(ZONE))
    knot.write(file_name(PARENT_ZONE), zonefiles.zone_text(PARENT_ZONE, {"ns1.test.": [PARENT_BIND]}, 60, lines))
    key = world._update_key
    knot.sections = [
        ("server", {"rundir": knot.dir, "pidfile": knot.path("knot.pid"), "listen": f"{STRAY}@53", "udp-workers": 1, "tcp-workers": 1,
                    "background-workers": 1}),
        ("control", {"listen": knot.socket}),
        ("log", [{"target": knot.log, "any": "debug"}]),
        ("database", {"storage": knot.path("db"), "journal-db-max-size": "64M", "kasp-db-max-size": "16M", "timer-db-max-size": "16M"}),
        ("key", [{"id": key.name, "algorithm": key.algorithm, "secret": key.secret}]),
        ("acl", [{"id": "update", "key": key.name, "action": "update"}]),
        ("zone", [{"domain": PARENT_ZONE, "storage": knot.dir, "file": "%s.zone", "acl": "update", "zonefile-sync": -1}]),
    ]
    return world._up(knot)


@long_test
@bound(200)
def test_a_primary_with_another_ds_is_not_changed(directory):
    """The DS of the primary is not what the servers of the parent have: somebody has changed it, or it is a wrong server."""
    with SubmitWorld(directory, ds_ttl=QUICK_MODULE["ttl"], module_settings={"parent-primary": f"{STRAY}@53"}) as world:
        other, old = stray(world), world.old()
        with Progress(world.knot, ZONE) as progress:
            start(world)
            zone = gate(world, "parent-not-informed")
            assert "update-differs" in zone["gate"]["detail"] and zone["gate"]["about"] == f"{STRAY}@53", zone["gate"]
            assert not ask.ds_set(STRAY, ZONE) and ds_is_of(world, old[ZONE])
            world.set_module("parent-primary", f"{PARENT_BIND}@53")
            rolled(world, old, progress)
        assert not ask.ds_set(STRAY, ZONE) and other.log_lines("action update"), "it was asked, and not changed"


@bound(150)
def test_the_operator_brings_the_ds(directory):
    """`parent-via: manual`: the record is in status and log, and nothing is sent."""
    with SubmitWorld(directory, module_settings={"parent-via": "manual"}) as world:
        old = world.old()
        with Progress(world.knot, ZONE) as progress:
            start(world)
            progress.wait_visited("await-ds", 60)
            new = [key for key in ask.ksks(world.knot.address, ZONE) if key not in old[ZONE]]
            record, = ask.ds_of(ZONE, new)
            words = wait_until(lambda: world.knot.log_lines("DS " + " ".join(record.split()[:3])), 20, "the record is in the log")
            assert record.split()[-1].upper() in words[0].upper(), (record, words)
            assert stays(lambda: ds_is_of(world, old[ZONE]), 3)
            world.agent.insert_ds(ZONE, [record])
            rolled(world, old, progress)
        counts = {name: count for name, count in world.knot.totals()["kskroll-notifications"].items() if count}
        assert set(counts) == {"manual"}, counts
