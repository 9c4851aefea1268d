# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole rollover in the shortest timings that are legal: a day and more, in a clock x60.

Everywhere else the lab lifts the bounds and counts in seconds. Here the zone's instance has them in
force; only the engine's instance has `unsafe-timing`, for the servers are on loopback.
"""

import os

from . import ask, check, clock
from .daemons import render, run
from .marks import bound, long_test
from .progress import STEPS, Progress
from .wait import wait_until
from .world import KNOT, World, module_path

ZONE = "example.test."
RATE = 60
MINUTE, HOUR, DAY = 60, 3600, 86400
DNSKEY_TTL = HOUR
DS_TTL = 2 * HOUR
#: The least that the module accepts, each.
TIMING = {"unsafe-timing": False, "ttl": 5 * MINUTE, "lead": HOUR, "observe": HOUR, "settle": DAY,
          "ksk-lifetime": DAY + 7 * DAY, "check-interval": MINUTE, "ds-check-interval": MINUTE,
          "unreachable-after": HOUR}
#: Seconds of the world: what is seen is as old as one check of all servers.
SLACK = 30
#: Real seconds that the way to `settle` may take; its timings alone make 240.
BEFORE_SETTLE = 900


def world_of(directory):
    """A world of hours and days; what waits for this machine only gets its real time back."""
    return World(directory=directory, module=module_path(), rate=RATE, pinned=False,
                 dnskey_ttl=DNSKEY_TTL, ds_ttl=DS_TTL, zone_ttl=5 * MINUTE,
                 propagation_delay=5 * MINUTE, module_settings=TIMING,
                 engine_settings={"unsafe-timing": True},
                 server={"tcp-io-timeout": 500 * RATE, "tcp-remote-io-timeout": 5000 * RATE,
                         "tcp-idle-timeout": 10 * RATE})


@long_test
@bound(2700)
def test_minimum_legal_timings(directory):
    with world_of(directory) as world:
        legal_bounds_are_in_force(world)
        old = ask.ksks(KNOT, ZONE)
        wait_until(lambda: world.knot.state(ZONE) == "idle" and world.knot.gate(ZONE) == "none",
                   60, "the module knows the zone")
        last_rollover_was_a_lifetime_ago(world)
        with Progress(world.knot, ZONE, interval=0.25, listener=say) as progress:
            try:
                progress.wait_visited("settle", BEFORE_SETTLE)
                world.assert_secure()
                progress.wait("idle", 1.2 * TIMING["settle"] / RATE)
            finally:
                report(world)
            judge(world, progress, old)


def legal_bounds_are_in_force(world):
    """One second less of anything is refused, although the engine's instance has no bounds."""
    for item in ("ttl", "lead", "observe", "settle", "check-interval", "ds-check-interval",
                 "unreachable-after", "ksk-lifetime"):
        path = os.path.join(world.dir, "refused.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(render(less(world.knot.sections, item)))
        checked = run(["knotc", "-c", path, "conf-check"])
        assert checked.returncode != 0 and item in checked.stderr, \
            f"{item} less than the least: {checked.stderr.strip() or 'accepted'}"
    warnings = world.knot.log_lines("unsafe-timing is on")
    assert not [line for line in warnings if ZONE.rstrip(".") in line], warnings


def less(sections, item):
    """The sections with one second less in the module's instance of the zones."""
    return [(name, [{**block, item: block[item] - 1} if block["id"] == "default" else block
                    for block in content] if name == "mod-kskroll" else content)
            for name, content in sections]


def last_rollover_was_a_lifetime_ago(world):
    """Nobody can wait eight days for the start, so the store is told that they have nearly passed.

    Nearly: the servers are to be seen with the old TTL after this restart.
    """
    passed = TIMING["ksk-lifetime"] - 15 * MINUTE
    world.knot.stop()
    store = world.knot.path("db", "kskroll", "kskroll.db")
    done = run(["sqlite3", store, f"UPDATE zone SET settled_at = settled_at - {passed}"
                " WHERE settled_at > 0; SELECT changes();"])
    assert done.stdout.strip() == "1", f"{store}: {done.stdout} {done.stderr}"
    world.knot.launch()


def say(when, state, gate):
    """A line of the timeline."""
    print(f"{clock.current.of_world(when):8.0f} s  {state} {gate}", flush=True)


def report(world):
    """The numbers, for whoever ran it."""
    for what in ("DNSKEY", "CDS", "DS"):
        for server, history in sorted(world.observer.history(ZONE, what).items()):
            values = [f"{clock.current.of_world(when):.0f} s {value}" for when, value in history]
            print(f"{what} at {server}: " + "; ".join(values))
    print(world.watch.summary())
    print(world.knot.stats(ZONE), flush=True)


def judge(world, progress, old):
    """The order, and every wait that was promised, in seconds of the world."""
    seen = [state for state in progress.states() if state in STEPS]
    assert seen == [state for state in STEPS if state in seen], seen
    assert {"prepare", "introduce", "observe", "settle"} <= set(seen), seen
    check.rolled(world, ZONE, old)
    check.signals_followed_keys(world, ZONE)
    check.old_ds_ran_out(world, ZONE)
    world.assert_secure()

    keys = world.observer.history(ZONE, "DNSKEY").values()
    low = max(first(history, lambda text: text.endswith(f" TTL {TIMING['ttl']}"))
              for history in keys)
    new = min(first(history, lambda text: "+" in text) for history in keys)
    both = max(first(history, lambda text: "+" in text) for history in keys)
    gone = min(first(history, lambda text: "+" not in text, both) for history in keys)
    base = min(first(history, lambda text: text.endswith(f" TTL {DNSKEY_TTL}"), both)
               for history in keys)
    signal = min(first(history, lambda text: text[0].isdigit())
                 for history in world.observer.history(ZONE, "CDS").values())
    matched = max(history[-1][0] for history in world.observer.history(ZONE, "DS").values())

    at_least("low TTL everywhere before the new KSK", new - low, max(TIMING["lead"], DNSKEY_TTL))
    at_least("both KSKs everywhere before CDS", signal - both, TIMING["ttl"])
    at_least("DS at all parents before the old KSK goes", gone - matched,
             max(DS_TTL, TIMING["observe"]))
    at_least("low TTL after the old KSK went", base - gone, TIMING["settle"])


def at_least(what, real_seconds, wanted):
    """Says how long it was, and that it was long enough."""
    seconds = real_seconds * clock.current.rate
    print(f"{what}: {seconds:.0f} s, at least {wanted} s", flush=True)
    assert seconds >= wanted - SLACK, f"{what}: {seconds:.0f} s, must be {wanted} s at least"


def first(history, wanted, after=0.0):
    """When a server first showed what is wanted, after a moment; LookupError if it never did."""
    for when, value in history:
        if when > after and not value.startswith("no answer") and wanted(value):
            return when
    raise LookupError(f"never seen in {history}")
