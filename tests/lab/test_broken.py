# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollovers of Knot alone that break validation: what judges every test of the lab has to see it."""

from . import ask, watch
from .cache_model import STRICT_KEY, VALIDATORS
from .marks import bound, long_test
from .stuck import stuck
from .wait import pause, wait_until
from .world import CHILD_BIND, CHILD_NSD, KNOT, World

ZONE = "example.test."
#: Knot's waits as short as they can be.
SHORT = {"dnskey_ttl": 4, "ds_ttl": 6, "zone_ttl": 4, "propagation_delay": 1}
CSK = {"policy": {"single-type-signing": True}, **SHORT}


def swap(world):
    """The operator rolls the key, the parent asks NSD alone and swaps the DS; returns the old key and the new one."""
    old = ask.ksks(KNOT, ZONE)
    world.agent.children[ZONE] = [CHILD_NSD]
    world.knot.knotc("zone-key-rollover", ZONE, "ksk")
    wait_until(lambda: len(ask.ksks(KNOT, ZONE)) == 2, 20, "the new key")
    new = [key for key in ask.ksks(KNOT, ZONE) if key not in old]
    wait_until(lambda: world.ds_everywhere(ZONE, new), 40, "Knot signals and the parent swaps the DS")
    return old, new


def servers_of(world, validator):
    """Labels of servers in the combinations that are broken for the validator."""
    return {variant.server for entry in world.model.breaks(validator) for variant in entry.variants}


@bound(120)
def test_a_server_that_is_stuck_before_the_new_key(directory):
    """A resolver that asks the stuck server alone fails, and the model says so of all validators."""
    with World(directory=directory, **CSK) as world:
        world.rightly_broken("Knot does not wait for a stuck secondary")
        with stuck(world.child_bind):
            swap(world)
            wait_until(lambda: world.watch.counts("only-bind")[watch.SERVFAIL], 30, "the resolver at it is bogus")
        assert not world.watch.counts("only-nsd")[watch.SERVFAIL], world.watch.summary()
        for validator in VALIDATORS:
            assert "bind" in servers_of(world, validator), world.model.breaks(validator)


@long_test
@bound(120)
def test_a_server_that_is_stuck_after_the_swap_of_a_single_key(directory):
    """Keys of one server, signatures of the other: resolvers that ask again get along, a cache between need not."""
    with World(directory=directory, **CSK) as world:
        old, new = swap(world)
        # The DS TTL has passed, which Knot would not have waited for by itself.
        pause(world.ds_ttl + 1)
        world.assert_secure()
        world.rightly_broken("Knot removes a single key while a stuck secondary has its signatures")
        with stuck(world.child_bind):
            world.knot.knotc("zone-ksk-submitted", ZONE)
            wait_until(lambda: ask.ksks(CHILD_NSD, ZONE) == new, 30, "the old key goes")
            assert len(ask.ksks(CHILD_BIND, ZONE)) == 2
            wait_until(lambda: all(map(world.model.breaks, VALIDATORS)), 10, "the model sees it")
        for entry in world.model.breaks():
            ds, keys, data = entry.variants
            assert len(ds.value) == len(keys.value.keys) == 1 and keys.server != "bind" == data.server, entry


@bound(120)
def test_an_algorithm_rollover_with_a_server_that_is_stuck(directory):
    """Stuck before Knot signs with both: broken for strictKEY alone, until the DS is swapped and confirmed at once."""
    with World(directory=directory, **SHORT) as world:
        world.agent.deaf = True
        world.rightly_broken("Knot waits for no nameserver and no cache")
        with stuck(world.child_bind):
            world.set_policy(algorithm="ed25519")
            wait_until(lambda: ask.tags(CHILD_NSD, ZONE, "CDS"), 40, "Knot publishes the new keys and signals")
            # A resolver that asks the stuck server alone, and any that mixes what it has of both servers.
            wait_until(lambda: "bind" in servers_of(world, STRICT_KEY), 10, "the model sees it")
        assert {name for entry in world.model.breaks() for name in entry.validators} == {STRICT_KEY}, world.model.breaks()
        world.watch.assert_secure()
        new = [key for key in ask.ksks(CHILD_NSD, ZONE) if key.algorithm == 15]
        wait_until(lambda: len(ask.ksks(CHILD_BIND, ZONE)) == 2, 20, "the secondary is not stuck any more")
        world.agent.deaf = False
        wait_until(lambda: world.ds_everywhere(ZONE, new), 20, "the parent swaps the DS")
        world.knot.knotc("zone-ksk-submitted", ZONE)
        wait_until(lambda: all(map(world.model.breaks, VALIDATORS)), 20, "the model sees it")
