# SPDX-License-Identifier: GPL-3.0-or-later
"""Knot changes the DS at the parent itself (`ds-push`): never before the module has published CDS."""

from . import ask, check
from .marks import bound, long_test
from .progress import Progress
from .stuck import stuck
from .test_rollover import ROLLOVER, ZONE, module_world, start
from .test_special import at_rest, said
from .wait import stays, wait_until
from .world import KNOT, PARENT_BIND

#: What Knot needs to publish a key, make it ready, and send the DS, with some seconds more.
BY_ITSELF = 2 + 10 + 2 + 4


def pushed(world):
    """How often Knot has sent a DS, and the parent has taken it."""
    return len([line for line in world.knot.log_lines("DS push, outgoing") if "success" in line])


@long_test
@bound(260)
def test_the_ds_is_pushed_when_every_nameserver_is_ready(directory):
    with module_world(directory, ds_push=True) as (world, old), Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        world.agent.deaf = True
        before = pushed(world)
        with stuck(world.child_bind):
            start(world)
            wait_until(lambda: len(world.ksk_tags(ZONE)) == 2, 20, "the next key")
            assert stays(lambda: world.ds_everywhere(ZONE, old[ZONE]) and pushed(world) == before, BY_ITSELF)
        progress.wait_visited("await-ds", 60)
        wait_until(lambda: pushed(world) > before, 20, "Knot has sent the DS")
        progress.wait_visited("settle", ROLLOVER)
        # Its TTL is the one that the DNSKEY RRset has at that time.
        assert ask.rrset(PARENT_BIND, ZONE, "DS").ttl == 5, ask.rrset(PARENT_BIND, ZONE, "DS")
        progress.wait("idle", 60)
        check.rolled(world, ZONE, old[ZONE])
        check.signals_followed_keys(world, ZONE)
        world.assert_secure()


@bound(120)
def test_a_push_that_could_be_quicker_than_a_check_is_observed(directory):
    with module_world(directory, ds_push=True, propagation_delay=1, pinned=False) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        wait_until(lambda: progress.gate == "observe-only", 40, "the gate")
        assert "set propagation-delay of the policy to twice check-interval" in said(world, "observe-only")[0], said(world, "observe-only")
        keys = ask.ksks(KNOT, ZONE)
        assert keys == old[ZONE] and world.ds_everywhere(ZONE, keys)
        world.policy["propagation-delay"] = 2
        world.knot.sections = world.knot_sections()
        world.knot.reconfigure()
        wait_until(lambda: progress.gate == "none", 30, "it is driven")
        world.assert_secure()
