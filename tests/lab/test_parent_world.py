# SPDX-License-Identifier: GPL-3.0-or-later
"""The world of the parent side itself, without the module: each server of the parent has a resolver that judges it."""

from . import ask, watch
from .hand_signed import HandSigned
from .parent_world import PARENT_KNOT, ZONE, ParentWorld
from .stuck import stuck
from .wait import pause, wait_until


def test_one_server_of_the_parent_with_a_ds_that_breaks_is_seen(directory):
    """A resolver that may ask the others sees it by chance. The resolvers of the others never do."""
    with ParentWorld(directory, [HandSigned(ds_ttl=2)], module=False) as world:
        child = world.child
        others = {label: address for label, address in world.parent_servers().items() if label != "bind"}
        child.introduce("b")
        with stuck(world.parent_bind, PARENT_KNOT):
            world.set_ds(ZONE, child.ds("b"), ttl=2)
            wait_until(lambda: all(ask.ds_set(address, ZONE) == child.ds("b") for address in others.values()), 20, "all others have the new DS")
            # For longer than caches have the old one.
            pause(child.ds_ttl + 1)
            world.assert_secure()
            world.rightly_broken("one server of the parent has the DS of a key that is removed")
            child.publish(keys=("b",))
            wait_until(lambda: world.watch.counts("only-bind")[watch.SERVFAIL] > 2, 20, "the resolver that asks this server alone fails")
            pinned = {failure.resolver for failure in world.watch.failures if failure.resolver.startswith("only-")}
            assert pinned == {"only-bind"}, world.watch.summary()
            for judgement in (world.watch.assert_secure, world.watch.assert_never_bogus):
                assert is_red(judgement), "the judgement counts it"


def is_red(judgement):
    """Whether it fails."""
    try:
        judgement()
    except AssertionError as error:
        print(error)
        return True
    return False


def test_a_server_of_the_parent_that_is_away_is_no_fault_while_that_is_said(directory):
    with ParentWorld(directory, [HandSigned(ds_ttl=2)], module=False) as world:
        address = world.parent_servers()["bind"]
        with world.outage(address):
            world.parent_bind.stop()
            wait_until(lambda: watch.verdict_of(world.resolvers["only-bind"], f"new.{ZONE}")[0] == watch.SERVFAIL, 20, "its resolver fails")
            world.parent_bind.launch()
        world.assert_secure()
        assert world.watch.counts("only-bind")[watch.SECURE]
