# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator makes the keys (`manual: on` of the policy), and the module does all the rest."""

import json

from . import ask, check
from .faults import QUICK, QUICK_MODULE, keymgr
from .marks import bound, long_test
from .progress import Progress
from .test_offline import kskroll
from .test_rollover import ROLLOVER, ZONE, module_world
from .test_special import at_rest, said
from .wait import wait_until
from .world import KNOT

SETTINGS = {**QUICK, "module_settings": QUICK_MODULE}


def by_hand(world, progress):
    """From here on Knot does nothing with keys by itself."""
    world.policy["manual"] = True
    world.knot.sections = world.knot_sections()
    world.knot.reconfigure()
    at_rest(progress)


def make(world, *kind):
    """The operator makes a key."""
    keymgr(world, "generate", *kind, "publish=+0", "active=+0")
    world.knot.knotc("zone-keys-load", ZONE)


def ends(world, progress, old):
    """The rollover comes to its end; the old key is a key that Knot keeps, and that the zone does not have."""
    wait_until(lambda: check.other_ksk(world, ZONE, old[ZONE]), ROLLOVER, "one new KSK is left")
    at_rest(progress)
    check.rolled(world, ZONE, old[ZONE])


@bound(200)
def test_a_key_that_the_operator_makes_is_rolled_to(directory):
    with module_world(directory, **SETTINGS) as (world, old), Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        by_hand(world, progress)
        make(world, "ksk=yes")
        ends(world, progress, old)
        check.signals_followed_keys(world, ZONE)
        # Knot keeps the old one in its database: the next rollover is not confused by it.
        assert len([key for key in json.loads(keymgr(world, "list", "--json")) if key["ksk"]]) == 2
        old = {ZONE: ask.ksks(KNOT, ZONE)}
        make(world, "ksk=yes")
        ends(world, progress, old)
        world.assert_secure()


@bound(200)
def test_the_module_says_when_a_key_is_wanted(directory):
    settings = {**SETTINGS, "module_settings": {**QUICK_MODULE, "ksk-lifetime": 20}}
    with module_world(directory, policy={}, **settings) as (world, old), Progress(world.knot, ZONE) as progress:
        by_hand(world, progress)
        wait_until(lambda: progress.gate == "key-wanted", 60, "the gate")
        assert len(said(world, "key-wanted")) == 1, said(world, "key-wanted")

        def shown():
            zone = json.loads(kskroll(world, "status", ZONE, "--json")[1])["zones"][0]
            return zone["gate"]["code"] == "key-wanted" and [one["command"] for one in zone["commands"]]
        commands = wait_until(shown, 10, "the command line shows it")
        assert commands == [f"keymgr {ZONE} generate algorithm=ecdsap256sha256 ksk=yes publish=+0 active=+0", f"knotc zone-keys-load {ZONE}"], commands
        make(world, "ksk=yes")
        wait_until(lambda: check.other_ksk(world, ZONE, old[ZONE]), ROLLOVER, "one new KSK is left")
        world.assert_secure()


@long_test
@bound(200)
def test_a_single_key_that_the_operator_makes_is_rolled_to(directory):
    with module_world(directory, policy={"single-type-signing": True}, **SETTINGS) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        by_hand(world, progress)
        make(world, "ksk=yes", "zsk=yes")
        ends(world, progress, old)
        check.signals_followed_keys(world, ZONE)
        world.assert_secure()
