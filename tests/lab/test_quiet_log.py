# SPDX-License-Identifier: GPL-3.0-or-later
"""What zones at rest write to knotd's log: nothing, however many there are and however often they are checked."""

import time

from . import ask
from .marks import bound
from .test_rollover import module_world, start
from .wait import wait_until
from .world import KNOT

ZONES = [f"z{number}.test." for number in range(20)]
#: Configured and without a zone file.
VOID = "void.test."
#: Seconds, and checks each zone as well: check-interval is 1 s in the lab.
WATCHED = 15
#: Lines that all zones together may cost in that time: a handful.
HANDFUL = 5


def commands(world):
    """Lines of knotd about our commands."""
    return [line for line in world.knot.log_lines("received command")
            if "zone-status" in line or "zone-read" in line or "status'" in line]


def at_rest(world, zones):
    """Whether the module knows the keys of all of them: it has said so, or has nothing to say."""
    numbers = [world.knot.stats(zone) for zone in zones]
    return all(number.get("state") == "idle" and number.get("gate") == "none" and number.get("surveys", 0) > 0
               for number in numbers)


def lines_of(world, seconds):
    """Lines about commands, and control errors, in so many seconds."""
    commands_before, errors_before = len(commands(world)), len(world.knot.log_lines("control, error"))
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() - begin > seconds, seconds + 5, "zones at rest are checked")
    return commands(world)[commands_before:], world.knot.log_lines("control, error")[errors_before:]


@bound(180)
def test_zones_at_rest_cost_no_lines_of_the_log(directory):
    with module_world(directory, zones=ZONES, pinned=False) as (world, _):
        wait_until(lambda: at_rest(world, ZONES), 60, "all zones at rest")
        world.knot.transaction(("conf-set", f"zone[{VOID}]"),
                               ("conf-set", f"zone[{VOID}].module", "mod-kskroll/default"))
        wait_until(lambda: world.knot.log_lines(f"zone {VOID}, idle, waits (knot-unreachable)"), 30, "the zone without a file")

        told, errors = lines_of(world, WATCHED)
        assert not errors, errors
        assert len(told) <= HANDFUL, (len(told), told[:10])

        # They were checked all the time: what somebody else does is found at the next check.
        keys = ask.ksk_tags(KNOT, ZONES[7])
        start(world, ZONES[7])
        wait_until(lambda: world.knot.log_lines(f"zone {ZONES[7]}, idle -> introduce"), 5, "the new KSK is found")
        assert len(ask.ksk_tags(KNOT, ZONES[7])) == len(keys) + 1


@bound(180)
def test_zones_that_cannot_be_asked_by_dns_are_read_by_the_control_socket(directory):
    # Refused by a query module of the operator's: as before, two lines for each check, and no error.
    acl = [("mod-queryacl", [{"id": "nobody", "address": "192.0.2.1"}])]
    with module_world(directory, zones=ZONES[:2], pinned=False, extra_sections=acl) as (world, _):
        wait_until(lambda: at_rest(world, ZONES[:2]), 60, "all zones at rest")
        world.knot.transaction(("conf-set", f"zone[{ZONES[0]}].module", "mod-queryacl/nobody"),
                               ("conf-set", f"zone[{ZONES[0]}].module", "mod-kskroll/default"))
        told, errors = lines_of(world, 5)
        assert not errors, errors
        assert len([line for line in told if f"[{ZONES[0]}]" in line]) >= 6, told
        assert not [line for line in told if f"[{ZONES[1]}]" in line], told
