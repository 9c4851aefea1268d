# SPDX-License-Identifier: GPL-3.0-or-later
"""Knot DNS 3.2 loses its modules at a configuration transaction: there the module checks and acts not."""

from . import ask
from .marks import bound, old_knot
from .test_rollover import ZONE, module_world, start
from .wait import wait_until
from .world import KNOT


@old_knot
@bound(180)
def test_old_knot_is_observed_only_and_says_so(directory):
    with module_world(directory, policy={"cds-cdnskey-publish": "none"}) as (world, old):
        wait_until(lambda: world.knot.gate(ZONE) == "observe-only", 60, "the gate says it")
        assert world.knot.log_lines("use 3.3 or newer"), "the log has no reason"
        ready = "KSK submission"
        before = len(world.knot.log_lines(ready))
        start(world)
        wait_until(lambda: len(world.ksk_tags(ZONE)) == 2, 30, "Knot publishes the next KSK")
        # Knot is ready for the DS after its propagation-delay and the TTL of the DNSKEY.
        wait_until(lambda: len(world.knot.log_lines(ready)) > before, 60, "Knot waits for the DS")
        commands = world.knot.log_lines("received command 'conf-")
        assert not commands, commands
        assert world.ds_everywhere(ZONE, old[ZONE])
        assert not ask.tags(KNOT, ZONE, "CDS")
        world.knot.knotc("reload")
        wait_until(lambda: world.knot.gate(ZONE) == "observe-only", 60, "it goes on after a reload")
        assert world.knot.running()
        world.assert_secure()
