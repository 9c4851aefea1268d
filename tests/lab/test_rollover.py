# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole rollover with the module: started in each way, interrupted everywhere, never bogus."""

import contextlib
import time

from . import ask, check
from .flicker import Flicker
from .marks import bound, long_test
from .progress import STEPS, Progress
from .stuck import stuck
from .wait import LabError, wait_until
from .world import CHILD_BIND, KNOT, World, module_path

ZONE = "example.test."
#: Seconds for a rollover with the lab's timings.
ROLLOVER = 150


@contextlib.contextmanager
def module_world(directory, **settings):
    """A world whose knotd runs the module, idle; yields it with the KSKs of before by zone."""
    with World(directory=directory, **{"module": module_path(), **settings}) as world:
        yield world, {zone: ask.ksks(KNOT, zone) for zone in world.zones}


def start(world, zone=ZONE):
    """The operator's start."""
    world.knot.knotc("zone-key-rollover", zone, "ksk")


def finish(world, progress, old, zone=ZONE):
    """Waits for the end of the rollover and judges it."""
    progress.wait_visited("settle", ROLLOVER)
    progress.wait("idle", 60)
    check.rolled(world, zone, old[zone])
    check.signals_followed_keys(world, zone)
    check.old_ds_ran_out(world, zone)
    world.assert_secure()


@bound(240)
def test_rollover_started_by_the_operator(directory):
    with module_world(directory) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        finish(world, progress, old)
        assert world.agent.updates[1:], "the agent changed the DS"
        seen = [state for state in progress.states() if state in STEPS]
        # A state may be over before it is read; the order may not differ.
        assert seen == [state for state in STEPS if state in seen], seen


@long_test
@bound(240)
def test_rollover_started_by_the_lifetime_of_the_module(directory):
    rolled_by_the_module(directory)


def rolled_by_the_module(directory, **policy):
    """A whole rollover that `ksk-lifetime` of the module starts. \\a policy: items of the policy."""
    with module_world(directory, policy=policy, module_settings={"ksk-lifetime": 20}) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait_visited("prepare", 60)
        progress.wait_visited("settle", ROLLOVER)
        check.signals_followed_keys(world, ZONE)
        wait_until(lambda: check.other_ksk(world, ZONE, old[ZONE]), 20, "one new KSK is left")
        check.old_ds_ran_out(world, ZONE)
        world.assert_secure()


@long_test
@bound(240)
def test_rollover_started_by_the_policy_of_knot(directory):
    rolled_by_the_policy(directory)


def rolled_by_the_policy(directory, **policy):
    """A whole rollover that `ksk-lifetime` of the policy starts. \\a policy: its other items."""
    # Longer than one rollover, or Knot would start the next one into it.
    with module_world(directory, policy={**policy, "ksk-lifetime": 75}) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        wait_until(lambda: len(world.ksk_tags(ZONE)) == 2, 120, "Knot publishes the next KSK")
        progress.wait_visited("settle", ROLLOVER)
        check.signals_followed_keys(world, ZONE)
        wait_until(lambda: check.other_ksk(world, ZONE, old[ZONE]), 20, "one new KSK is left")
        world.assert_secure()


@long_test
@bound(400)
def test_restart_of_knotd_in_every_state(directory):
    interrupt_everywhere(directory, lambda world: world.knot.restart())


def power_cut(world):
    """knotd is killed, and started again."""
    world.knot.kill9()
    world.knot.launch()


@bound(400)
def test_kill_of_knotd_in_every_state_with_configuration_database(directory):
    interrupt_everywhere(directory, power_cut, confdb=True)


@bound(400)
def test_reload_in_every_state(directory):
    interrupt_everywhere(directory, lambda world: world.knot.reload())


def interrupt_everywhere(directory, interrupt, begin=None, steps=None, **settings):
    """A rollover with one interruption in each state; \\a begin(world) starts it after the one in `idle`.

    Else it is started by the module's lifetime: the only start that passes through `prepare`.
    """
    if not begin:
        settings = {"module_settings": {"ksk-lifetime": 30}, **settings}

    def interrupted(number, state):
        interrupt(world)
        if begin and state == "idle":
            wait_until(lambda: world.knot.gate(ZONE) == "none", 40, "the zone is at rest")
            begin(world)
    with module_world(directory, **settings) as (world, old), \
            Progress(world.knot, ZONE, steps=steps) as progress, Flicker(KNOT, ZONE) as flicker:
        in_every_state(world, progress, interrupted)
        wait_until(lambda: progress.state == "idle" and check.other_ksk(world, ZONE, old[ZONE]),
                   60, "the rollover is over")
        check.rolled(world, ZONE, old[ZONE])
        check.signals_followed_keys(world, ZONE)
        check.old_ds_ran_out(world, ZONE)
        world.assert_secure()
        flicker.one_stretch()


def in_every_state(world, progress, interrupt, without=()):
    """Calls \\a interrupt(number, state) once in each state of a rollover, as soon as the state is seen.

    Some states would be over before anybody can see them. The agent waits for the end of `await-ds`. A secondary has
    no CDS until `signal` was interrupted, keeps CDS until `withdraw` was, and signatures of the old algorithm until
    `clean` was. \\a without: states that are over at once.
    """
    world.agent.deaf = True
    missed = []
    with contextlib.ExitStack() as late:
        for number, state in enumerate(state for state in ["idle", *progress.steps] if state not in without):
            wait_until(lambda s=state: progress.passed(s), ROLLOVER, f"{ZONE} gets to {state}")
            if progress.state != state:
                missed.append(state)
                continue
            if state == "observe":
                # On a busy machine the new KSK is old enough for the next rollover as soon as this one is over.
                world.set_module("ksk-lifetime", 0)
            if state == "await-ds":
                keep_secondary(world, late, lambda: ask.tags(CHILD_BIND, ZONE, "CDS"), "CDS")
            interrupt(number, state)
            if state == "introduce":
                keep_secondary(world, late, lambda: has_new_key(world), "the new key")
            if state == "retire" and "clean" in progress.steps:
                keep_secondary(world, late, lambda: unpublished(world), "the new key alone, and signatures of both")
            if state == "await-ds":
                world.agent.deaf = False
            if state in ("signal", "withdraw", "clean"):
                late.close()
    assert not missed, f"over before the interruption: {missed}"


def has_new_key(world):
    """Whether the secondary has all that ends `introduce`, and no CDS yet. The TTL of a member stays."""
    return len(ask.ksks(CHILD_BIND, ZONE)) == 2 and not ask.tags(CHILD_BIND, ZONE, "CDS") and \
        (world.catalog is not None or ask.rrset(CHILD_BIND, ZONE, "DNSKEY").ttl < world.dnskey_ttl)


def unpublished(world):
    """Whether the secondary has all that ends `retire`, and is to lose signatures."""
    return len(ask.algorithms(CHILD_BIND, ZONE)) == 1 and len(ask.data_algorithms(CHILD_BIND, ZONE)) == 2


def keep_secondary(world, stack, ready, what):
    """A secondary is stuck with what \\a ready says that it has, until \\a stack is closed.

    A reload takes CDS and the low TTL away for a moment, and a secondary that got stuck with that would end the
    rollover. So it has to be of the serial that Knot has when it is stuck already: then no transfer is under way.
    """
    def current():
        serials = [ask.rrset(server, ZONE, "SOA")[0].serial for server in (CHILD_BIND, KNOT)]
        return serials[0] == serials[1] and ready()
    for _ in range(5):
        wait_until(current, 30, f"the secondary has {what}")
        with contextlib.ExitStack() as trial:
            trial.enter_context(stuck(world.child_bind))
            if current():
                stack.push(trial.pop_all())
                return
    raise LabError(f"the secondary is never stuck with {what}")


@long_test
@bound(300)
def test_two_zones_at_once(directory):
    roll_together(directory, [ZONE, "other.test."])


def roll_together(directory, zones, **settings):
    """Whole rollovers of several zones that begin at the same time."""
    with module_world(directory, zones=zones, **settings) as (world, old), contextlib.ExitStack() as stack:
        progress = {zone: stack.enter_context(Progress(world.knot, zone)) for zone in zones}
        for zone in zones:
            progress[zone].wait("idle", 60)
        for zone in zones:
            start(world, zone)
        for zone in zones:
            finish(world, progress[zone], old, zone)


@long_test
@bound(240)
def test_rollover_with_configuration_database_and_without_tsig(directory):
    with module_world(directory, confdb=True, tsig=False) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        finish(world, progress, old)


@bound(240)
def test_a_silent_secondary_blocks_the_signal(directory):
    """The fault that breaks Knot's own rollover: one public secondary does not get the new key."""
    with module_world(directory, pinned=False) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        world.child_bind.pause()
        start(world)
        wait_until(lambda: (progress.gate or "").startswith("child-unreachable"), 60,
                   "the gate says that a secondary is silent")
        # Knot by itself would have signalled by now: DNSKEY TTL and propagation-delay are over.
        silent = time.monotonic()
        wait_until(lambda: time.monotonic() - silent > 2 * world.dnskey_ttl, 60, "two DNSKEY TTLs")
        assert not ask.tags(KNOT, ZONE, "CDS")
        assert world.ds_everywhere(ZONE, old[ZONE])
        world.child_bind.resume()
        progress.wait_visited("settle", ROLLOVER)
        check.signals_followed_keys(world, ZONE)
        check.old_ds_ran_out(world, ZONE)
