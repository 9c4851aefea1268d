# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent is told of the signals (RFC 9859): what it gains, who may not be told, who does not answer."""

import json
import os
import time

from . import ask, check
from .daemons import run
from .faults import QUICK, QUICK_MODULE, store_path
from .marks import bound
from .progress import Progress
from .receiver import ACK, DROP, ELSEWHERE, REFUSE
from .test_operator import commit
from .test_rollover import ZONE, module_world, start
from .wait import wait_until
from .world import KNOT, SCANNER, SCANNER_NAME

QUIET = "quiet.test."
#: Seconds between scans of the agent.
SCAN = 20


def world_of(directory, module_settings=None, **settings):
    """A quick world whose parent wants to be told."""
    return module_world(directory, **{**QUICK, "receiver": ACK, "agent_interval": SCAN, **settings,
                                      "module_settings": {**QUICK_MODULE, **(module_settings or {})}})


def first(world, zone, what, good):
    """When every server that has it had it: the last of the first times."""
    history = world.observer.history(zone, what)
    return max(next(when for when, value in seen if good(value)) for seen in history.values())


def signal_to_ds(world, zone, old):
    """Seconds from the CDS at every server to the new DS at every server of the parent."""
    new = [key for key in ask.ksks(KNOT, zone) if key not in old[zone]]
    wait_until(lambda: world.ds_everywhere(zone, new), 3 * SCAN, f"the new DS of {zone}")
    world.observer.check()
    before = {value for _, value in world.observer.history(zone, "DS")["parent-bind"][:1]}
    return first(world, zone, "DS", lambda value: value[0].isdigit() and value not in before) - \
        first(world, zone, "CDS", lambda value: value[0].isdigit())


def kskroll(world, *args):
    """What the command line prints with --json."""
    program = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
    done = run([program, "--json", *args], env={**os.environ, "KSKROLL_DB": store_path(world)})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def stored(world, zone):
    """The last notification as `kskroll status` shows it."""
    return kskroll(world, "status", zone)["zones"][0]["notification"]


def logged(world, zone, text, limit=60):
    """Waits for a line about the zone; the last one."""
    lines = wait_until(lambda: [line for line in world.knot.log_lines(f"zone {zone}, ")
                                if text in line], limit, f"in the log of {zone}: {text}")
    return lines[-1]


@bound(150)
def test_notify_brings_the_ds_within_seconds(directory):
    """Two zones at the same time, one with NOTIFY, one without; the agent scans every 20 s."""
    with world_of(directory, zones=[ZONE, QUIET],
                  zone_module_settings={QUIET: {"notify": False}}) as (world, old):
        for zone in world.zones:
            start(world, zone)
        waiting = list(world.zones)
        while waiting:  # One of them may have withdrawn it before the other has it.
            waiting.remove(wait_until(lambda: next((zone for zone in waiting if ask.tags(KNOT, zone, "CDS")), None),
                                      60, f"CDS of {waiting}"))
            world.agent.postpone()
        told, untold = (signal_to_ds(world, zone, old) for zone in (ZONE, QUIET))
        print(f"from CDS at every nameserver to DS at every parent server, scans every {SCAN} s:\n"
              f"  with NOTIFY {told:.1f} s, without {untold:.1f} s")

        assert world.receiver.zones() == [ZONE] and not world.receiver.wrong, world.receiver.wrong
        # The DS is at the parent's servers before the agent has noted that it made the update.
        changes = {zone: lambda zone=zone: [update for update in world.agent.updates
                                            if update[1] == zone and "update del " in update[2]]
                   for zone in world.zones}
        changed = {zone: wait_until(found, 10, f"the agent's change of {zone}")[-1]
                   for zone, found in changes.items()}
        assert world.agent.notified == [changed[ZONE]], world.agent.notified
        assert changed[ZONE][0] < changed[QUIET][0]

        line = logged(world, ZONE, "it has acknowledged")
        assert f"target {SCANNER_NAME} at {SCANNER}@" in line, line
        assert not world.knot.log_lines(f"zone {QUIET}, parent")
        told = world.knot.totals()["kskroll-notifications"]
        counts = {name: count for name, count in told.items() if count}
        assert counts == {"acknowledged": 1}, counts
        last = stored(world, ZONE)
        assert (last["status"], last["target"], last["rcode"], last["secure"], last["sent"]) == \
            ("acknowledged", SCANNER_NAME, "NOERROR", True, 1), last
        assert stored(world, QUIET) is None
        events = kskroll(world, "history", ZONE)["events"]
        assert [event["notification"] for event in events if event["notification"]] == [last]
        world.assert_secure()


@bound(200)
def test_a_parent_that_does_not_take_it(directory):
    """Refused, no answer, an answer from elsewhere, DSYNC that is not signed: the scan does it."""
    modes = {"refuse.test.": REFUSE, "drop.test.": DROP, "elsewhere.test.": ELSEWHERE}
    picky = "picky.test."
    with world_of(directory, zones=[*modes, picky], dsync_secure=False, ds_ttl=3,
                  module_settings={"notify-again": 7},
                  zone_module_settings={picky: {"require-secure-dsync": True}}) as (world, old):
        world.receiver.modes = modes
        for zone in world.zones:
            start(world, zone)
        wait_until(lambda: all(ask.tags(KNOT, zone, "CDS") for zone in world.zones), 60, "CDS")
        world.agent.postpone()
        lines = {
            "refuse.test.": "parent not notified (refused)",
            "drop.test.": "parent not notified (no-response)",
            "elsewhere.test.": "parent not notified (no-response)",
            picky: "parent not notified (insecure-dsync)",
        }
        for zone, text in lines.items():
            line = logged(world, zone, text)
            print(line)
            assert stored(world, zone)["status"] in text, stored(world, zone)
            if zone == "refuse.test.":
                assert "; REFUSED; sent 1," in line, line
            elif zone == picky:
                assert "; sent 0," in line, line
            else:
                assert "UDP timeout" in line and "TCP" in line, line
        assert not world.agent.notified and not world.receiver.wrong
        assert set(world.receiver.zones()) == set(modes)
        for zone in world.zones:
            logged(world, zone, "settle -> idle", 120)
            check.rolled(world, zone, old[zone])
        world.assert_secure()


@bound(120)
def test_nothing_is_sent_under_hold(directory):
    held = (f"zone[{ZONE}].module", "mod-kskroll/quiet-test")

    # The other zone is there for its instance, which is held.
    with world_of(directory, zones=[ZONE, QUIET], receiver=DROP, confdb=True,
                  module_settings={"notify-again": 14},
                  zone_module_settings={QUIET: {"hold": True}}) as (world, _), \
            Progress(world.knot, ZONE) as progress:
        world.agent.deaf = True
        start(world)
        # Every 2 s, since nobody answers, for 14 s.
        wait_until(lambda: len(world.receiver.seen) == 2, 60, "the message comes a second time")

        commit(world, ("conf-set", *held))
        wait_until(lambda: progress.gate == "held-by-operator", 30, "rolled-back")
        assert "; sent 2," in logged(world, ZONE, "parent not notified (cancelled)")
        sent = len(world.receiver.seen)
        end = time.monotonic() + 5
        wait_until(lambda: time.monotonic() > end, 10, "time for two more")
        assert len(world.receiver.seen) == sent, world.receiver.seen[sent:]

        commit(world, ("conf-unset", *held))
        wait_until(lambda: len(world.receiver.seen) > sent, 30, "the signals are out anew")
