# SPDX-License-Identifier: GPL-3.0-or-later
"""When rollovers start: start-window, no-start, spread and max-rolling."""

import json
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from .faults import QUICK, QUICK_MODULE
from .marks import bound
from .progress import Progress
from .test_offline import kskroll
from .test_rollover import ROLLOVER, ZONE, module_world, start
from .wait import wait_until

MINUTE = 60
BERLIN = "Europe/Berlin"
ZONES = ("one.test.", "two.test.", "three.test.")


def window(begins, zone, minutes=20):
    """A value of start-window from that time on."""
    def clock(at):
        return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%H:%M")
    return f'"{clock(begins)}-{clock(begins + minutes * MINUTE)} {zone}"'


def shown(world, zone=ZONE):
    """What the command line shows of a zone."""
    return json.loads(kskroll(world, "status", zone, "--json")[1])["zones"][0]


def waits(world, gate, zone=ZONE):
    """The zone, once it waits there."""
    return wait_until(lambda: (z := shown(world, zone))["gate"]["code"] == gate and z, 60, f"{zone} at {gate}")


def started(world, zone=ZONE):
    """When the rollover of the zone started, by the history."""
    events = json.loads(kskroll(world, "history", zone, "--json")[1])["events"]
    return next((event["time"] for event in events if event["from"] == "idle" and event["to"] != "idle"), None)


@bound(240)
def test_a_rollover_that_is_due_starts_in_its_window(directory):
    """The window opens 20 s to 80 s later; kskrolld reads the time zone within its sandbox."""
    begins = (int(time.time()) + 20 + MINUTE) // MINUTE * MINUTE
    settings = {**QUICK, "module_settings": {**QUICK_MODULE, "ksk-lifetime": 5, "start-window": [window(begins, BERLIN)]}}
    with module_world(directory, **settings) as (world, _), Progress(world.knot, ZONE) as progress:
        zone = waits(world, "start-window")
        assert zone["gate"]["until"] == begins, (zone["gate"], begins)
        assert (zone["actor"], zone["blocked"]) == ("nobody", False), zone
        assert [one["command"] for one in zone["commands"]] == [f"knotc zone-key-rollover {ZONE} ksk"], zone["commands"]
        plan = json.loads(kskroll(world, "plan", ZONE, "--json")[1])
        assert plan["start"] == begins, (plan, begins)
        wait_until(lambda: started(world), begins - time.time() + 30, "the start")
        assert begins <= started(world) <= begins + 20, (begins, started(world))
        progress.wait_visited("settle", ROLLOVER)
        world.assert_secure()


@bound(200)
def test_the_operator_starts_a_rollover_outside_of_the_window(directory):
    settings = {**QUICK, "module_settings": {**QUICK_MODULE, "ksk-lifetime": 5, "no-start": ['"01-01..12-31 Pacific/Apia"']}}
    with module_world(directory, **settings) as (world, _), Progress(world.knot, ZONE) as progress:
        zone = waits(world, "start-never")
        assert (zone["actor"], zone["blocked"]) == ("operator", True), zone
        assert "no moment of the next two years" in zone["gate"]["detail"], zone["gate"]
        start(world)
        progress.wait_visited("introduce", 30)
        progress.wait_visited("settle", ROLLOVER)
        world.assert_secure()


def one_at_a_time(directory, item):
    """Of zones that are due together one rolls, also after a restart, and another one follows."""
    settings = {**QUICK, "zones": ZONES, "module_settings": {**QUICK_MODULE, "ksk-lifetime": 30, item: 1}}
    with module_world(directory, **settings) as (world, _):
        def states():
            zones = json.loads(kskroll(world, "status", "--json")[1])["zones"]
            rolling = [zone["zone"] for zone in zones if zone["state"] != "idle"]
            assert len(rolling) <= 1, rolling
            details = [zone["gate"]["detail"] for zone in zones if zone["gate"]["code"] == "max-rolling"]
            assert all(detail.endswith(f"{item} is 1") for detail in details), details
            return rolling, details
        wait_until(lambda: (now := states())[0] and len(now[1]) == 2, 90, "one rolls, and two wait")
        first = states()[0]
        # Whoever waits is checked as soon as whoever rolls, and does not start for that.
        world.knot.restart()
        wait_until(lambda: (now := states())[0] and now[0] != first, ROLLOVER, "another one follows")


@bound(240)
def test_no_more_zones_roll_than_may(directory):
    one_at_a_time(directory, "max-rolling")


@bound(240)
def test_no_more_zones_of_a_parent_roll_than_may(directory):
    one_at_a_time(directory, "max-rolling-parent")
