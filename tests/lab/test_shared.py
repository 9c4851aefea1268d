# SPDX-License-Identifier: GPL-3.0-or-later
"""One KSK for all zones of a policy (`ksk-shared`): each zone rolls by itself, to the key that the first one has made."""

from . import ask, check
from .faults import QUICK, QUICK_MODULE
from .marks import bound, long_test
from .progress import Progress
from .test_rollover import ROLLOVER, ZONE, module_world, start
from .test_special import at_rest, policies
from .wait import wait_until
from .world import KNOT

OTHER = "other.test."
SETTINGS = {**QUICK, "zones": (ZONE, OTHER), "module_settings": QUICK_MODULE}


def keys(zone):
    """Public keys of the KSKs: the same in all zones, as their tags are."""
    return sorted(key.to_text() for key in ask.ksks(KNOT, zone))


def roll(world, progress, zone, old):
    """A whole rollover of one zone, which has been started."""
    wait_until(lambda: check.other_ksk(world, zone, old[zone]), ROLLOVER, f"{zone} has one new KSK")
    at_rest(progress)
    check.rolled(world, zone, old[zone])


def one_after_the_other(directory, **policy):
    with module_world(directory, policy={"ksk-shared": True, **policy}, **SETTINGS) as (world, old), \
            Progress(world.knot, ZONE) as one, Progress(world.knot, OTHER) as two:
        wait_until(lambda: one.gate == two.gate == "none" and one.state == two.state == "idle", 60, "both are at rest")
        assert keys(ZONE) == keys(OTHER) and len(keys(ZONE)) == 1
        before = policies(world)
        start(world)
        roll(world, one, ZONE, old)
        new = keys(ZONE)
        # The other zone has its key, its DS, and nothing in its way.
        assert ask.ksks(KNOT, OTHER) == old[OTHER] and world.ds_everywhere(OTHER, old[OTHER])
        assert two.states() == ["idle"] and two.gate == "none"
        start(world, OTHER)
        roll(world, two, OTHER, old)
        assert keys(OTHER) == new
        assert policies(world) == before
        world.assert_secure()


@bound(200)
def test_zones_of_a_shared_ksk_roll_one_after_the_other(directory):
    one_after_the_other(directory)


@long_test
@bound(200)
def test_zones_of_a_shared_single_key_roll_one_after_the_other(directory):
    one_after_the_other(directory, **{"single-type-signing": True})


@bound(150)
def test_zones_of_a_shared_ksk_roll_together(directory):
    """Both need a key at the same moment, and have the same one."""
    with module_world(directory, policy={"ksk-shared": True}, **SETTINGS) as (world, old), \
            Progress(world.knot, ZONE) as one, Progress(world.knot, OTHER) as two:
        wait_until(lambda: one.gate == two.gate == "none" and one.state == two.state == "idle", 60, "both are at rest")
        start(world)
        start(world, OTHER)
        roll(world, one, ZONE, old)
        roll(world, two, OTHER, old)
        assert keys(ZONE) == keys(OTHER)
        world.assert_secure()
