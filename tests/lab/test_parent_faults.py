# SPDX-License-Identifier: GPL-3.0-or-later
"""The parental agent amid faults: of the parent's operator, of knotd, of children after the change, of whoever sends notifications."""

import contextlib
import os
import time

from . import ask
from .daemons import file_name
from .hand_signed import HandSigned
from .marks import bound
from .parent_world import PARENT_ZONE, ZONE, ParentWorld, flood, notify
from .sanitizers import Sanitizer
from .stuck import stuck
from .test_parent_agent import LISTEN, OTHER, SELDOM, asks_for, never_moves
from .wait import LabError, stays, wait_until
from .world import PARENT_BIND as PARENT_KNOT


def test_a_frozen_parent_zone_is_changed_when_it_is_thawed(directory):
    with ParentWorld(directory) as world:
        child = world.child
        world.knot.knotc("zone-freeze", PARENT_ZONE)
        asks_for(child, "b")
        world.wait_delegation(gate="frozen", state="wait")
        never_moves(world, child)
        world.knot.knotc("zone-thaw", PARENT_ZONE)
        world.wait_ds(ZONE, child.ds("b"))
        world.assert_secure()


def test_an_open_transaction_of_the_operator_is_neither_used_nor_ended(directory):
    with ParentWorld(directory) as world:
        child = world.child
        world.knot.knotc("zone-begin", PARENT_ZONE)
        world.knot.knotc("zone-set", PARENT_ZONE, "operator", "60", "A", "192.0.2.9")
        asks_for(child, "b")
        world.wait_delegation(gate="transaction-open", state="wait")
        never_moves(world, child)
        assert "operator" in world.knot.knotc("zone-diff", PARENT_ZONE), "the transaction is still that of the operator"
        world.knot.knotc("zone-commit", PARENT_ZONE)
        assert ask.rrset(PARENT_KNOT, f"operator.{PARENT_ZONE}", "A"), "the operator's record is there"
        world.wait_ds(ZONE, child.ds("b"))
        world.assert_secure()


def test_a_ds_that_the_operator_sets_meanwhile_wins(directory):
    with ParentWorld(directory, agent={"hold-down": 8}) as world:
        child = world.child
        child.introduce("b", "c")
        child.publish(keys=("a", "b", "c"), cds=("b",))
        world.wait_delegation(gate="hold-down", state="wait")
        by_hand = child.ds("a", "c")
        world.set_ds(ZONE, by_hand)
        world.wait_delegation(gate="overruled", state="held", seconds=40)
        assert stays(lambda: world.has_ds(ZONE, by_hand), 10, poll=0.2), world.said()
        # Other signals, of after that, are followed.
        child.publish(keys=("a", "b", "c"), cds=("b", "c"))
        world.wait_ds(ZONE, child.ds("b", "c"), 40)
        world.assert_secure()


def test_a_zone_file_with_the_old_ds_is_the_operators_word(directory):
    """No reload brings the old DS back in this zone, unless the operator wants it."""
    with ParentWorld(directory) as world:
        child = world.child
        asks_for(child, "b")
        world.wait_ds(ZONE, child.ds("b"))
        world.wait_delegation(state="rest", gate="none", seconds=60)
        # A higher serial: Knot takes the file as it is.
        world.knot.write(file_name(PARENT_ZONE), world.parent_text().replace(" 1 30 1 ", " 1000 30 1 ", 1))
        world.knot.knotc("zone-reload", PARENT_ZONE)
        wait_until(lambda: ask.ds_set(PARENT_KNOT, ZONE) == child.ds("a"), 20, "the reload has brought the old DS back")
        world.wait_delegation(state="held", gate="overruled")
        assert stays(lambda: world.has_ds(ZONE, child.ds("a")), 4, poll=0.2), world.said()
        world.assert_secure()


def test_servers_of_the_child_that_change_meanwhile_are_asked(directory):
    """NS changes while the signals wait: it is what the delegation says at the end that counts."""
    with ParentWorld(directory, agent={"hold-down": 8}) as world:
        child = world.child
        child.introduce("b")
        child.publish("ns1", keys=("a", "b"), cds=("b",))
        child.publish("ns2", keys=("a", "b"), cds=("b",))
        world.wait_delegation(gate="hold-down", state="wait")
        # A third name, at an address where nobody serves the child.
        world.resolvers_may_fail("that server refers resolvers to the child's servers as a parent does, without what they need")
        nobody = f"ns3.{ZONE}"
        world.knot.knotc("zone-begin", PARENT_ZONE)
        world.knot.knotc("zone-set", PARENT_ZONE, ZONE, "60", "NS", nobody)
        world.knot.knotc("zone-set", PARENT_ZONE, nobody, "60", "A", world.parent_servers()["nsd"])
        world.knot.knotc("zone-commit", PARENT_ZONE)
        world.wait_delegation(gate="error-at", about=world.parent_servers()["nsd"], seconds=40)
        never_moves(world, child)


def test_a_ds_that_the_operator_removes_suspends_the_agent(directory):
    with ParentWorld(directory) as world:
        child = world.child
        wait_until(world.delegation, 30, "the child was scanned once")
        world.set_ds(ZONE, [])
        child.introduce("b")
        child.publish(keys=("a", "b"), cds=("b",))
        world.wait_delegation(state="suspended", seconds=40)
        assert stays(lambda: world.has_ds(ZONE, []), 5, poll=0.2)
        world.assert_never_bogus()


def whole_life(directory, name):
    """Children come and go, are followed and refused, and so does the agent; a sanitizer finds nothing."""
    sanitizer = Sanitizer(name, directory)
    children = [HandSigned(ZONE), HandSigned(OTHER)]
    with ParentWorld(directory, children, module=sanitizer.module, env=sanitizer.env, agent={"scan-interval-notifying": 2},
                     engine={"notify-receive": True, "notify-listen": f"{LISTEN}@5359"}) as world:
        child, other = children
        child.introduce("b")
        other.introduce("b", "c")
        other.publish("ns1", keys=("a", "b", "c"), cds=("b",))
        other.publish("ns2", keys=("a", "b", "c"), cds=("c",))
        child.publish(keys=("a", "b"), cds=("b",))
        for tcp in (False, True):
            notify(ZONE, LISTEN, 5359, tcp=tcp)
        flood([ZONE, OTHER, f"nobody.{PARENT_ZONE}"], count=300)
        world.wait_ds(ZONE, child.ds("b"), 60)
        world.wait_delegation(OTHER, gate="signals-differ-at", seconds=60)
        # A delegation that comes and goes, while the agent is under way.
        for command in ("zone-set", "zone-unset"):
            world.knot.knotc("zone-begin", PARENT_ZONE)
            world.knot.knotc(command, PARENT_ZONE, "new", *(["60"] if command == "zone-set" else []), "NS", "ns.new.test.")
            world.knot.knotc("zone-commit", PARENT_ZONE)
            number = 3 if command == "zone-set" else 2
            wait_until(lambda n=number: world.knot.totals()["kskroll-delegations"] == n, 60, f"{number} delegations")
        other.publish(keys=("a", "b", "c"), cds="delete")
        world.wait_delegation(OTHER, gate="remove-off", seconds=60)
        world.set_agent(delegations="off")
        wait_until(lambda: world.knot.totals()["kskroll-parent-zones"] == 0, 30, "no zone has the agent")
        world.set_agent(delegations="update", remove=True)
        world.wait_ds(OTHER, [], 60)
        world.assert_never_bogus()
        world.resolvers_may_fail("one server of the parent is stopped")
        # In the middle of a survey, if it can be.
        notify(ZONE)
        assert world.knot.stop(60) and world.knot.process.returncode == 0, world.knot.last_words()
    sanitizer.assert_nothing_found()


@bound(240)
def test_asan_finds_nothing(directory):
    whole_life(directory, "asan")


@bound(240)
def test_tsan_finds_nothing(directory):
    whole_life(directory, "tsan")


@bound(180)
def test_a_child_that_breaks_after_the_change_gets_its_former_ds_back(directory):
    with ParentWorld(directory, agent={"verify": 60}) as world:
        child = world.child
        child.introduce("b")
        good = child.publish(keys=("a", "b"), cds=("b",))
        world.wait_ds(ZONE, child.ds("b"))
        world.wait_delegation(state="verify")
        world.rightly_broken("the child loses its new key after the change")
        child.publish(keys=("a",), cds=("b",))
        world.wait_ds(ZONE, child.ds("a"), 60)
        world.logged(ZONE, "undo")
        world.wait_delegation(state="held", gate="undone", seconds=60)
        # The same signals are not followed again, although the child could be changed now.
        child.serve(child.publish(keys=("a", "b"), cds=("b",)))
        assert good and stays(lambda: world.has_ds(ZONE, child.ds("a")), 6, poll=0.2), world.said()


@bound(180)
def test_undo_off_leaves_the_change(directory):
    with ParentWorld(directory, agent={"verify": 60, "undo": False}) as world:
        child = world.child
        child.introduce("b")
        child.publish(keys=("a", "b"), cds=("b",))
        world.wait_ds(ZONE, child.ds("b"))
        world.wait_delegation(state="verify")
        world.rightly_broken("the child loses its new key after the change")
        child.publish(keys=("a",), cds=("b",))
        world.wait_delegation(gate="validation-fails", seconds=60)
        assert stays(lambda: world.has_ds(ZONE, child.ds("b")), 5, poll=0.2)


def test_a_server_of_the_parent_that_is_stuck_is_named(directory):
    with ParentWorld(directory) as world:
        child = world.child
        child.introduce("b")
        with stuck(world.parent_bind, PARENT_KNOT):
            child.publish(keys=("a", "b"), cds=("b",))
            wait_until(lambda: ask.ds_set(PARENT_KNOT, ZONE) == child.ds("b"), 30, "the primary has the new DS")
            world.wait_delegation(state="spread", gate="parent-stale-at", about=world.parent_servers()["bind"])
            assert stays(lambda: world.delegation()["state"] == "spread", 5, poll=0.5)
        world.wait_ds(ZONE, child.ds("b"), 60)
        world.wait_delegation(state="rest", gate="none", seconds=60)
        world.assert_secure()


def test_the_store_is_lost(directory):
    with ParentWorld(directory) as world:
        child = world.child
        asks_for(child, "b")
        world.wait_ds(ZONE, child.ds("b"))
        with world.outage(PARENT_KNOT):
            world.knot.stop()
            for name in os.listdir(os.path.dirname(world.store())):
                os.unlink(os.path.join(os.path.dirname(world.store()), name))
            world.knot.launch()
        world.wait_delegation(state="rest", seconds=40)
        child.introduce("b", "c")
        child.publish(keys=("a", "b", "c"), cds=("c",))
        world.wait_ds(ZONE, child.ds("c"))
        world.assert_secure()


def test_children_whose_servers_are_silent_delay_no_sibling(directory):
    silent, quick = [HandSigned(f"silent{number}.test.") for number in range(3)], HandSigned(OTHER)
    with ParentWorld(directory, [*silent, quick], agent=SELDOM, engine={"notify-receive": True}, judged=[OTHER]) as world:
        wait_until(lambda: all(world.delegation(zone) for zone in world.zones), 30, "each child was scanned once")
        quick.introduce("b")
        quick.publish(keys=("a", "b"), cds=("b",))
        for child in silent:
            for host in ("ns1", "ns2"):
                child.daemon(host).stop()
            notify(child.zone)
        sent = time.monotonic()
        notify(OTHER, source="127.0.31.1")
        world.wait_ds(OTHER, quick.ds("b"), 8)
        print(f"DS after {time.monotonic() - sent:.1f} s, beside three children that do not answer")
        for child in silent:
            assert world.has_ds(child.zone, child.first_ds())


def test_a_flood_of_notifications_delays_nobody(directory):
    flooded, quiet = HandSigned(ZONE), HandSigned(OTHER)
    with ParentWorld(directory, [flooded, quiet], agent=SELDOM, engine={"notify-receive": True}) as world:
        wait_until(lambda: all(world.delegation(zone) for zone in world.zones), 30, "each child was scanned once")
        kskrolld, began = world.knot.kskrolld, world.knot.totals()
        asks_for(quiet, "b")
        sources = [f"127.0.30.{number}" for number in range(1, 101)]
        for _ in range(4):
            flood([ZONE, *(f"x{number}.{PARENT_ZONE}" for number in range(9))], count=5000)
            flood([ZONE], count=5000, sources=sources)
        sent = time.monotonic()

        def followed():
            with contextlib.suppress(OSError, LabError, Exception):
                notify(OTHER, source="127.0.31.1")
            return world.has_ds(OTHER, quiet.ds("b"))
        wait_until(followed, 15, "the other child is followed all the same", poll=1)
        print(f"40,000 notifications, then that of another child: its DS after {time.monotonic() - sent:.1f} s")
        assert world.knot.kskrolld == kskrolld, "kskrolld lives"
        ended = world.knot.totals()
        surveys = ended["kskroll-delegation-surveys"] - began["kskroll-delegation-surveys"]
        assert surveys <= 20, f"{surveys} surveys"
        assert ended["kskroll-delegation-ignored"] > 1000, ended
        never_moves(world, flooded, 2)
        world.assert_secure()
