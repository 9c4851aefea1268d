# SPDX-License-Identifier: GPL-3.0-or-later
"""Two servers with half of the zones each, as docs/scale.rst has it: groups of a catalog divide them, their parent is one."""

import json
import os
import sqlite3
import time

from . import ask, check
from .daemons import Knot, file_name, run
from .faults import QUICK, QUICK_MODULE
from .liar import Liar
from .marks import bound
from .prometheus import Prometheus
from .wait import wait_until
from .world import CATALOG_ZONE, KNOT, PARENT_NSD, World, module_path

OTHER = "127.0.3.6"
#: A server of the parent that the two kskrolld alone ask.
COUNTED = "127.0.2.8"
#: Questions a second to one server of the parent: half of what it can be asked, for each of the two.
RATE = 3
STUCK = "z3.test."
#: One of `knot` that `other` gets.
MOVED = "z2.test."
#: zone -> the group of its server.
GROUPS = {f"z{number}.test.": ("one", "two")[number % 2] for number in range(6)}


class CountedServer(Liar):
    """Notes when it is asked."""

    def __init__(self):
        super().__init__(COUNTED, PARENT_NSD)
        self.times = []

    def honest(self, query, answer, tcp):
        self.times.append(time.monotonic())
        return [answer]

    def busiest(self, seconds):
        """The largest number of questions in so many seconds."""
        times = sorted(self.times)
        return max(sum(1 for at in times if first <= at < first + seconds) for first in times)


class TwoServers(World):
    """`knot` signs the zones of group "one", and `other` those of "two". Each is a secondary of the other's zones."""

    def __init__(self, directory):
        super().__init__(zones=list(GROUPS), directory=directory, module=module_path(), catalog=GROUPS, **QUICK,
                         module_settings={**QUICK_MODULE, "parent": [COUNTED]},
                         engine_settings={"parent-rate": RATE, "unsafe-timing": True})
        self.other = Knot("other", self.dir, OTHER, [], [])

    def both(self):
        """group -> its server."""
        return {"one": self.knot, "two": self.other}

    def signer(self, zone):
        return self.both()[GROUPS[zone]]

    def sections_of(self, group):
        """The configuration of one of them: its own group is signed, all other members are only served."""
        first, self.knot = self.knot, self.both()[group]
        sections = self.knot_sections()
        self.knot = first
        twin = {"id": "twin", "address": KNOT if group == "two" else OTHER, "key": self.transfer_key.name}
        twins = [("remote", [{**twin, "via": self.both()[group].address}]), ("acl", [{**twin, "action": "notify"}])]
        found = []
        for name, content in sections:
            if name == "remote" and content[0]["id"] == "catalog":
                content = [{**content[0], "via": self.both()[group].address}]
            if name == "template":
                own = next(one for one in content if one["id"] == group)
                own["notify"] = [*own["notify"], "twin"]
                served = {"id": "served", "storage": own["storage"], "master": "twin", "acl": ["transfer", "twin"], "zonefile-sync": -1,
                          "zonefile-load": "none", "journal-content": "none", "refresh-max-interval": 5, "retry-max-interval": 2}
                content = [one for one in content if one["id"] == "default"] + [served, own]
            if name == "zone":
                content = [{**one, "catalog-template": ["served", group]} for one in content if one["domain"] == CATALOG_ZONE]
            found.append((name, content))
            if name == "key":
                found += twins
        return found

    def attach(self, attached=True):
        self._attached = attached
        for group, knot in self.both().items():
            knot.sections = self.sections_of(group)
            knot.reconfigure()

    def _observer(self, zones, public_only=True, **settings):
        return super()._observer(zones, public_only, **settings)

    def _first_ds(self):
        for zone in self.zones:
            keys = ask.ksks(self.signer(zone).address, zone)
            self.agent.insert_ds(zone, ask.ds_of(zone, keys))
            wait_until(lambda z=zone, k=keys: self.ds_everywhere(z, k), 20, f"the first DS of {zone}")
            self.signer(zone).knotc("zone-ksk-submitted", zone)
            wait_until(lambda z=zone: not ask.tags(self.signer(z).address, z, "CDS"), 20, f"no signals of the first KSK of {zone}")
        self.attach()

    def _start_children(self):
        self.knot = Knot("knot", self.dir, KNOT, [], [])
        self._up(self.catalog.primary)
        for zone in self.zones:
            self.signer(zone).write(file_name(zone), self.child_text(zone))
        for group, knot in self.both().items():
            knot.sections = self.sections_of(group)
            self._up(knot)
        wait_until(lambda: all(ask.ksks(address, zone) for zone in self.zones for address in (KNOT, OTHER)), 30, "both servers have all zones")
        self._start_secondaries()

    def _signers(self, zone):
        return [KNOT, OTHER]


def kskroll(*args, of=None):
    """What the command prints for these files, or for the store of a server."""
    store = of.path("db", "kskroll", "kskroll.db") if of else "/nonexistent"
    done = run([os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll"), *args], env={**os.environ, "KSKROLL_DB": store})
    assert done.returncode == 0, done.stderr
    return done.stdout


def zones_of(knot, **members):
    """Zones of its report that have these members."""
    return sorted(one["zone"] for one in json.loads(kskroll("report", "--json", of=knot))["zones"] if all(one[name] == value for name, value in members.items()))


def page_of(world, *args):
    """The page of both servers."""
    files = []
    for group, knot in world.both().items():
        files.append(os.path.join(world.dir, f"{group}.json"))
        kskroll("report", "--json", *args, "--output", files[-1], of=knot)
    return kskroll("report", *files)


def one_dashboard(world, halves):
    """A real Prometheus asks both: the dashboard shows each zone once, and STUCK on its server."""
    with Prometheus(world.dir, {group: lambda k=knot: kskroll("status", "--prometheus", of=k) for group, knot in world.both().items()}) as prometheus:
        wait_until(lambda: len(prometheus.query("kskroll_zone_state")) == len(world.zones), 20, "Prometheus has asked both servers")
        assert sorted((labels["instance"], labels["zone"]) for labels, _ in prometheus.query("kskroll_zone_state")) == sorted(
            (GROUPS[zone], zone) for zone in world.zones)
        for instance, zones in {".*": world.zones, **halves}.items():
            panels = prometheus.panels(instance)
            stuck = [STUCK] if STUCK in zones else []
            assert panels["Zones", "stat"] == [({}, len(zones))], panels
            assert panels["In a rollover", "stat"] == [({}, len(stuck))], panels
            assert sum(value for _, value in panels["Zones by state", "timeseries"]) == len(zones), panels
            rolling = panels["Rollovers, the longest in their state first", "table"]
            assert [(labels["instance"], labels["zone"], labels["state"]) for labels, _ in rolling] == [("two", zone, "await-ds") for zone in stuck], panels
            waiting = panels["Waiting for somebody, the longest first", "table"]
            assert [(labels["instance"], labels["zone"]) for labels, _ in waiting] == [("two", zone) for zone in stuck], panels


@bound(240)
def test_two_servers_roll_their_halves_below_one_parent(directory):
    with CountedServer() as counted, TwoServers(directory) as world:
        old = {zone: ask.ksks(world.signer(zone).address, zone) for zone in world.zones}
        halves = {group: sorted(zone for zone in world.zones if GROUPS[zone] == group) for group in world.both()}
        for group, knot in world.both().items():
            wait_until(lambda g=group, k=knot: zones_of(k, state="idle") == halves[g], 60, f"the zones of {group}, and no other")
        world.agent.unscanned = (STUCK,)
        counted.times.clear()
        began = time.monotonic()
        for zone in world.zones:
            world.signer(zone).knotc("zone-key-rollover", zone, "ksk")

        def is_over(zone):
            keys = ask.ksks(world.signer(zone).address, zone)
            return len(keys) == 1 and keys != old[zone]

        def all_but(stuck):
            idle = [zone for knot in world.both().values() for zone in zones_of(knot, state="idle")]
            return sorted([*idle, *stuck]) == world.zones and all(map(is_over, idle))
        wait_until(lambda: all_but([STUCK]), 150, "all zones but one have rolled")
        took = time.monotonic() - began

        # Each holds to its half, so both together to the whole: with what a second may catch up on.
        busiest, seconds = counted.busiest(5), 5
        print(f"{len(counted.times)} questions in {took:.0f} s, {busiest} in the busiest {seconds} s", flush=True)
        assert busiest <= 2 * RATE * (seconds + 1), busiest
        assert busiest > RATE * (seconds + 1), "one server alone could have asked so much"

        # One report has each zone once, and says which server's zone is stuck.
        page = page_of(world, "--after", "1s")
        assert f"{len(world.zones)} zones of 2 servers" in page and "1 needs a human" in page, page[:3000]
        assert "several servers" not in page
        stuck = page[page.index('id="blocked"'):page.index('id="rolling"')]
        assert f"<b>{STUCK}</b> on {os.uname().nodename} (two.json) (await-ds)" in stuck, stuck
        for zone in world.zones:
            assert page[page.index('id="zones"'):].count(f">{zone}<") == 1, zone

        one_dashboard(world, halves)

        # Nothing is stuck for ever.
        world.agent.unscanned = ()
        wait_until(lambda: all_but([]), 60, "the last zone has rolled")
        for zone in world.zones:
            wait_until(lambda z=zone: ask.ksks(KNOT, z) == ask.ksks(OTHER, z), 20, "the secondary follows")
            check.rolled(world, zone, old[zone])
            check.old_ds_ran_out(world, zone)
        world.assert_secure()


@bound(240)
def test_an_idle_zone_moves_to_the_other_server(directory):
    """Its keys first, then its group, then the row of the store that stays behind."""
    with CountedServer(), TwoServers(directory) as world:
        former, new = world.knot, world.other
        for group, knot in world.both().items():
            wait_until(lambda g=group, k=knot: zones_of(k, state="idle") == [zone for zone in world.zones if GROUPS[zone] == g], 60, f"the zones of {group}")
        keys, copy = ask.ksks(KNOT, MOVED), os.path.join(world.dir, "keys")
        former.knotc("-b", "zone-backup", "+kaspdb", "+backupdir", copy, MOVED)
        new.knotc("-b", "zone-restore", "+kaspdb", "+backupdir", copy, MOVED)
        new.write(file_name(MOVED), world.child_text(MOVED))
        world.catalog.change(former, **{**GROUPS, MOVED: "two"})
        new.knotc("zone-retransfer", CATALOG_ZONE)
        wait_until(lambda: f"[{MOVED}] role: master" in new.knotc("zone-status", MOVED), 20, "the new server has it in its group")
        # Knot gives a member the module of its new template with the next reload, not with the change of its group.
        for knot in (former, new):
            knot.knotc("reload")
        new.knotc("zone-reload", MOVED)
        wait_until(lambda: "re-sign" in new.knotc("zone-status", MOVED), 20, "the new server signs it")
        for server in (KNOT, *world.child_servers().values()):
            wait_until(lambda s=server: ask.rrset(s, MOVED, "SOA") == ask.rrset(OTHER, MOVED, "SOA"), 30, f"{server} has the zone of the new server")
        assert ask.ksks(OTHER, MOVED) == keys
        wait_until(lambda: MOVED in zones_of(new, state="idle"), 60, "the module of the new server has it")
        page = page_of(world)
        assert "Zones on several servers" in page and f"{len(world.zones)} zones of 2 servers" in page, page[:3000]
        with sqlite3.connect(former.path("db", "kskroll", "kskroll.db"), timeout=10) as store:
            store.execute("DELETE FROM zone WHERE zone = ?", (MOVED,))
        page = page_of(world)
        assert "several servers" not in page and f"{len(world.zones)} zones of 2 servers" in page, page[:3000]
        new.knotc("zone-key-rollover", MOVED, "ksk")
        wait_until(lambda: zones_of(new, state="introduce"), 30, "the rollover begins")
        wait_until(lambda: MOVED in zones_of(new, state="idle"), 120, "it is over")
        wait_until(lambda: ask.ksks(KNOT, MOVED) == ask.ksks(OTHER, MOVED), 20, "the secondary follows")
        check.rolled(world, MOVED, keys)
        world.assert_secure()
