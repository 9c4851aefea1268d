# SPDX-License-Identifier: GPL-3.0-or-later
"""The parental agent at a secondary: DS changes at the primary of the parent zone by DNS UPDATE."""

import os
import signal

from . import results
from .marks import bound
from .parent_world import AGENT, PARENT_ZONE, ZONE, notify
from .test_parent_agent import SELDOM, asks_for
from .update_world import OTHER, PRIMARY, SECRET, UpdateWorld
from .wait import stays, wait_until


def changes_and_restores(world, by_hand=False):
    """A whole change, with its low TTL and the way back. \\a by_hand: the primary says that it has restored the TTL, and has not."""
    child = world.child
    asks_for(child, "b")
    world.wait_ds(ZONE, child.ds("b"), 60)
    assert set(world.ds_ttls(ZONE).values()) == {AGENT["ds-ttl"]}, world.ds_ttls(ZONE)
    world.logged("DNS UPDATE made")
    restores(world, by_hand)
    child.publish(keys=("b",), cds=("b",))
    world.assert_secure()
    assert SECRET not in "".join(world.knot.log_lines()), "the secret is in the log"


def restores(world, by_hand):
    child = world.child
    if by_hand:
        one = world.wait_delegation(gate="commit-failed", state="low", seconds=120)
        assert "changes no TTL alone" in one["detail"], one
        world.set_primary_ds(ZONE, child.ds("b"), child.ds_ttl)
    wait_until(lambda: set(world.ds_ttls(ZONE).values()) == {child.ds_ttl}, 60, "the TTL is restored everywhere")
    assert world.has_ds(ZONE, child.ds("b"))
    world.wait_delegation(state="rest", gate="none")


def by_hand_here():
    return not results.knot_version().startswith("3.4.")


@bound(240)
def test_a_signing_secondary_changes_ds_at_a_knot_primary(directory):
    with UpdateWorld(directory) as world:
        changes_and_restores(world, by_hand=by_hand_here())


@bound(150)
def test_a_plain_secondary_changes_ds_at_a_primary_that_signs(directory):
    with UpdateWorld(directory, signs=False) as world:
        changes_and_restores(world)


@bound(150)
def test_a_signing_secondary_changes_ds_at_a_bind_primary(directory):
    with UpdateWorld(directory, bind=True) as world:
        changes_and_restores(world)


@bound(120)
def test_a_wrong_key_is_named_and_another_one_is_taken(directory):
    with UpdateWorld(directory, secret=OTHER) as world:
        child = world.child
        asks_for(child, "b")
        one = world.wait_delegation(gate="commit-failed", seconds=60)
        assert "NOTAUTH" in str(one) and "BADSIG" in str(one), one
        assert stays(lambda: world.primary_ds(ZONE)[0] == sorted(child.first_ds()), 3)
        world.secret = SECRET
        world.set_agent()
        world.wait_ds(ZONE, child.ds("b"), 60)
        world.assert_secure()


@bound(120)
def test_what_another_client_has_put_at_the_primary_stays(directory):
    """The transfer is held back, so that the agent judges a DS that the primary has no longer."""
    with UpdateWorld(directory, agent=SELDOM, engine={"notify-receive": True}) as world:
        child = world.child
        wait_until(world.delegation, 30, "the child was scanned once")
        world.hold_transfers()
        child.introduce("b", "c")
        child.publish(keys=("a", "b", "c"), cds=("b",))
        world.set_primary_ds(ZONE, child.ds("c"))
        notify(ZONE)
        one = world.wait_delegation(gate="commit-failed", seconds=60)
        assert "another NS or DS RRset" in str(one), one
        assert world.primary_ds(ZONE)[0] == sorted(child.ds("c"))
        world.let_transfers()
        world.wait_ds(ZONE, child.ds("c"))
        assert stays(lambda: world.primary_ds(ZONE)[0] == sorted(child.ds("c")), 5)


@bound(150)
def test_a_frozen_primary_gets_no_change(directory):
    """Knot DNS would make it when the zone is thawed, whatever the child asks for by then."""
    with UpdateWorld(directory) as world:
        child = world.child
        world.primary.knotc("zone-freeze", PARENT_ZONE)
        asks_for(child, "b")
        world.wait_delegation(state="change", gate="committing", seconds=60)
        wait_until(lambda: world.primary.log_lines("allowed, action update"), 20, "the primary has received the question")
        former = world.knot.kskrolld
        os.kill(former, signal.SIGKILL)
        world.knot.wait_kskrolld(other_than=former)
        # By now the child asks for something else.
        child.introduce("c")
        child.publish(keys=("a", "b", "c"), cds=("b", "c"))
        assert stays(lambda: world.primary_ds(ZONE)[0] == sorted(child.first_ds()), 8), world.said()
        world.primary.knotc("zone-thaw", PARENT_ZONE)
        world.wait_ds(ZONE, child.ds("b", "c"), 60)
        assert not world.knot.log_lines("by an earlier message"), "the change of before"
        world.assert_secure()


@bound(300)
def test_a_primary_that_goes_down_before_the_transfer_is_waited_for(directory):
    with UpdateWorld(directory) as world:
        child = world.child
        wait_until(world.delegation, 30, "the child was scanned once")
        world.hold_transfers()
        asks_for(child, "b")
        world.wait_primary(ZONE, child.ds("b"), 60)
        world.logged("DNS UPDATE made")
        with world.outage(PRIMARY):
            world.primary.kill9()
            one = world.wait_delegation(state="change", gate="parent-stale-at", seconds=120)
            assert "the primary has the change" in one["detail"], one
            world.primary.start()
        world.let_transfers()
        world.wait_ds(ZONE, child.ds("b"), 60)
        restores(world, by_hand_here())
        assert not any("by hand" in line for line in world.knot.log_lines(ZONE.rstrip("."))), "the agent's own change"
