# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of what children get wrong: all in one world, each with its record; dnssec-cds judges the same answers."""

import time

from . import ask, opinions, watch
from .hand_signed import HandSigned
from .liar import Liar
from .marks import bound, long_test, needs
from .parent_world import PARENT_KNOT, PARENT_ZONE, ParentWorld, notify
from .situations import FOLLOWED, SITUATIONS, Servers, TableChild, dnssec_cds, raw_cdnskey, raw_cds
from .test_parent_agent import SELDOM, asks_for
from .wait import LabError, pause, wait_until


class TableWorld(ParentWorld):
    """Many children, hence fewer questions to each."""

    # NSD answers 200 questions a second to each source.
    WATCHED, OBSERVED = 0.5, 0.5


def table_of(names, **where):
    """(servers, name -> child): all are on the same servers."""
    servers = Servers(**where)
    return servers, {name: TableChild(f"{name}.test.", servers, SITUATIONS[name].third if name in SITUATIONS else False) for name in names}


@bound(150)
def test_what_children_get_wrong_is_recorded(directory):
    servers, children = table_of(SITUATIONS)
    judged = [child.zone for name, child in children.items() if not SITUATIONS[name].rightly]
    with TableWorld(directory, list(children.values()), judged=judged) as world:
        versions = {name: SITUATIONS[name].make(child) for name, child in children.items()}
        for name, texts in versions.items():
            children[name].put(texts)
        servers.reload()
        began = time.monotonic()
        world.wait_ds(children["good"].zone, children["good"].ds("b"), 20)
        print(f"good: DS after {time.monotonic() - began:.1f} s")
        wrong = records(world, children)
        assert not wrong, wrong
        for name, child in children.items():
            if SITUATIONS[name].gate != FOLLOWED:
                if child.zone in judged:
                    world.assert_never_changed(child.zone)
                else:
                    assert world.has_ds(child.zone, child.first_ds())
        wrong = outcomes(world, children, directory)
        assert not wrong, wrong
        world.assert_secure()


def outcomes(world, children, directory):
    """name -> what dnssec-cds decides otherwise, at all servers of the child together, and is not said to."""
    wrong = {}
    for name, child in children.items():
        expected = SITUATIONS[name]
        if expected.bind is None:
            continue
        found = dnssec_cds(child, directory, child.ds("a"))
        sets = [records for records, _ in found]
        wanted = sets[0] if all(one == sets[0] for one in sets) else child.ds("a")
        agrees = wanted == ask.ds_set(PARENT_KNOT, child.zone)
        print(f"{name}: dnssec-cds {'agrees' if agrees else 'would change DS'}: {[words for _, words in found]}")
        if agrees == bool(expected.bind):
            wrong[name] = found
    return wrong


def records(world, children):
    """name -> what is wrong with its record."""
    wrong = {}
    for name, child in children.items():
        expected = SITUATIONS[name]
        if expected.gate == FOLLOWED:
            continue
        address = dict(zip(("ns1", "ns2", "ns3"), child.asked())).get(expected.about, "")
        try:
            one = world.wait_delegation(child.zone, gate=expected.gate, about=address, seconds=20)
            print(f"{name}: {one['state']} at {one['gate']}, {one['about']}: {one['detail']}")
        except LabError as error:
            wrong[name] = str(error)
    return wrong


def test_a_child_that_flaps_is_followed_when_it_stays(directory):
    servers, children = table_of(["flapping"])
    child = children["flapping"]
    with TableWorld(directory, [child], judged=[child.zone], agent={"hold-down": 6, "scan-interval": 1}) as world:
        for wanted in "bcb":
            servers.publish(child, child.all(cds=(wanted,)))
            world.wait_delegation(child.zone, state="wait", gate="hold-down")
            # Longer than from one scan to the next: only what a scan has met counts.
            pause(2.5)
        world.assert_never_changed(child.zone)
        world.wait_ds(child.zone, child.ds("b"))
        # DS went there once: none of the others was followed in between.
        for server, history in world.observer.history(child.zone, "DS").items():
            assert len(history) <= 2, f"{server}: {history}"
        world.assert_secure()


def test_one_type_of_signals_is_followed_where_the_parent_reads_it(directory):
    servers, children = table_of(["cds", "cdnskey"])
    cds, cdnskey = children.values()
    zones = [cds.zone, cdnskey.zone]
    with TableWorld(directory, list(children.values()), judged=zones, agent={"accept": "cds"}, engine={"notify-receive": True}) as world:
        wait_until(lambda: all(world.delegation(zone) for zone in zones), 30, "each child was scanned once")

        def ask_for(name):
            servers.publish(cds, cds.all(more=raw_cds(*cds.ds(name))))
            servers.publish(cdnskey, cdnskey.all(more=raw_cdnskey(cdnskey, name)))
            for number, zone in enumerate(zones):
                notify(zone, source=f"127.0.31.{number + 1}")
        ask_for("b")
        world.wait_ds(cds.zone, cds.ds("b"))
        world.wait_delegation(cdnskey.zone, gate="type-unwanted", state="refused")
        world.set_agent(accept="cdnskey")
        world.wait_ds(cdnskey.zone, cdnskey.ds("b"))
        for zone in zones:
            world.wait_delegation(zone, state="rest", gate="none", seconds=60)
        ask_for("c")
        world.wait_ds(cdnskey.zone, cdnskey.ds("c"))
        world.wait_delegation(cds.zone, gate="type-unwanted", state="refused")
        world.set_agent(accept="both")
        world.wait_ds(cds.zone, cds.ds("c"))
        # The other one alone as well.
        world.wait_delegation(cdnskey.zone, state="rest", gate="none", seconds=60)
        servers.publish(cdnskey, cdnskey.all(more=raw_cdnskey(cdnskey, "b")))
        notify(cdnskey.zone, source="127.0.31.3")
        world.wait_ds(cdnskey.zone, cdnskey.ds("b"))
        world.assert_secure()


class Slow(HandSigned):
    """A child whose servers can be slow: who asks them has to wait for each octet."""

    def place(self, number):
        super().place(number)
        self.liars = [Liar(f"127.0.{40 + number}.{host}", address) for host, address in enumerate(self._addresses.values(), 1)]

    def hosts(self):
        return {f"ns{number}.{self.zone}": [liar.address] for number, liar in enumerate(self.liars, 1)}

    def start(self, world):
        super().start(world)
        for liar in self.liars:
            world.up(liar)


def hostile_children(directory, patient):
    """NOTIFYs of children whose answers cost much or take long, then that of a good one.

    \\a patient: the slow ones are scanned by then, and surveyed; until each is recorded.
    """
    servers, children = table_of(["huge", "keytrap", "good"], subnet=30)
    slow, good = [Slow(f"slow{number}.test.") for number in range(3)], children["good"]
    with TableWorld(directory, [*slow, *children.values()], judged=[good.zone], agent=SELDOM, engine={"notify-receive": True}) as world:
        wait_until(lambda: all(world.delegation(zone) for zone in world.zones), 60, "each child was scanned once")
        for name, child in children.items():
            child.put(SITUATIONS[name].make(child))
        servers.reload()
        for child in slow:
            child.publish(keys=("a", "b"), cds=("b",))
            for liar in child.liars:
                liar.mode = "dribbling"
        hostile = [*slow, children["huge"], children["keytrap"]]
        for number, child in enumerate(hostile):
            notify(child.zone, source=f"127.0.31.{number + 2}")
        if patient:
            for child in slow:
                world.wait_delegation(child.zone, state="seen", seconds=60)
        sent = time.monotonic()
        notify(good.zone, source="127.0.31.1")
        world.wait_ds(good.zone, good.ds("b"), 8)
        print(f"DS after {time.monotonic() - sent:.1f} s, beside {len(hostile)} children that are hostile")
        for name in ("huge", "keytrap"):
            world.wait_delegation(children[name].zone, gate=SITUATIONS[name].gate)
        if patient:
            for child in slow:
                one = world.wait_delegation(child.zone, gate="incomplete-at", about=child.liars[0].address, seconds=120)
                assert "timeout" in one["detail"], one
        assert all(world.has_ds(child.zone, child.first_ds()) for child in hostile)
        assert all(liar.questions for child in slow for liar in child.liars), "each slow server was asked"
        world.assert_secure()


@bound(120)
def test_hostile_children_delay_no_sibling(directory):
    hostile_children(directory, patient=False)


@long_test
@bound(240)
def test_slow_servers_are_named_in_the_end(directory):
    hostile_children(directory, patient=True)


@long_test
@needs(opinions.missing)
def test_others_find_nothing_wrong_after_a_change(directory):
    with ParentWorld(directory) as world:
        child = world.child
        opinions.assert_good(world, child.zone)
        asks_for(child, "b")
        world.wait_ds(child.zone, child.ds("b"))
        opinions.assert_good(world, child.zone)
        opinions.assert_good(world, PARENT_ZONE)
        world.assert_secure()
        # They would say so.
        world.rightly_broken("a DS by hand that names no key")
        world.set_ds(child.zone, child.ds("nobody"))
        world.wait_ds(child.zone, child.ds("nobody"))
        found = opinions.of(world, child.zone)
        print(found)
        assert set(found) == {"DNSViz", "Zonemaster"}, "each finds a DS that names no key"
        wait_until(lambda: set(world.verdicts(child.zone).values()) == {watch.SERVFAIL}, 40, "no resolver validates the child")
