# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the clock of this server: it is set by an hour in the middle of a rollover."""

import time

from . import ask
from .clock import WrongClock
from .faults import fault
from .marks import bound
from .test_rollover import ZONE
from .wait import wait_until
from .world import KNOT, elapsed_since

HOUR = 3600
#: Where the clock begins. What BIND and Knot have just signed is valid from 60 and 90 min before.
BEGIN = -55 * 60
OBSERVE = 14
#: Seconds beyond its wait that a step may take: checks are a second or two apart, and machines busy.
SLACK = 15


@bound(150)
def test_clock_is_set_forward_and_back(directory):
    """Back only to where no key of Knot was made later: Knot would clear its times and drop it from the zone."""
    clock = WrongClock(directory, BEGIN)

    def set_clock(by, word):
        clock.set(clock.ahead + by)
        case.logged(f"the clock was set {word} by 3600 s", 10)
    # With TSIG all transfers would be refused (RFC 8945 5.2.3).
    with fault(directory, "The clock of this server is set an hour forward in introduce, forward and back again in observe",
               env=clock.environment, tsig=False, dnskey_ttl=10,
               module_settings={"ttl": 10, "observe": OBSERVE, "keymgr": clock.keymgr}) as case:
        case.start()
        wait_until(lambda: len(case.new()) == 1, 20, "the new key")
        published = time.monotonic()
        case.gate("waiting-dnskey-ttl", state="introduce")
        set_clock(HOUR, "forward")
        case.saw("none", detail="log: the clock was set forward by N s")
        wait_until(lambda: ask.tags(KNOT, ZONE, "CDS"), 40, "the signal")
        assert elapsed_since(published) >= case.world.dnskey_ttl, \
            f"signals {elapsed_since(published):.1f} s after the new key"

        wait_until(lambda: case.world.ds_everywhere(ZONE, case.new()), 30, "the swap")
        swapped = time.monotonic()
        case.gate(("waiting-observe", "waiting-ds-ttl"), state="observe")
        set_clock(HOUR, "forward")
        case.stays("observe", 3, "nothing has passed but three seconds", case.both_keys)
        set_clock(-HOUR, "back")
        wait_until(lambda: len(ask.ksks(KNOT, ZONE)) == 1, OBSERVE + SLACK, "the old key goes")
        assert elapsed_since(swapped) >= OBSERVE - 1, f"the old KSK was gone {elapsed_since(swapped):.1f} s after the swap"
        case.did = "counts the time that has really passed: no early signal, no early removal, no longer wait"
        case.finish()


@bound(150)
def test_server_starts_with_a_clock_that_is_ahead(directory):
    """As machines do whose clock is set right only when the network is there: by the stored times all waits are over."""
    clock = WrongClock(directory, BEGIN)
    with fault(directory, "The server is killed in observe and starts with a clock that is an hour ahead",
               env=clock.environment, tsig=False, ds_ttl=20,
               module_settings={"observe": OBSERVE, "keymgr": clock.keymgr}) as case:
        case.start()
        wait_until(lambda: case.new() and case.world.ds_everywhere(ZONE, case.new()), 60, "the swap")
        swapped = time.monotonic()
        case.gate("waiting-ds-ttl", state="observe")
        case.world.knot.kill9()
        clock.set(BEGIN + HOUR)
        case.world.knot.launch()
        case.stays("observe", 3, "the old DS is in caches", case.both_keys)
        wait_until(lambda: len(ask.ksks(KNOT, ZONE)) == 1, case.world.ds_ttl + SLACK, "the old key goes")
        assert elapsed_since(swapped) >= case.world.ds_ttl - 1, \
            f"the old KSK was gone {elapsed_since(swapped):.1f} s after the swap"
        case.did = "counts the time that has really passed: stays in observe until the old DS has expired from caches"
        case.finish()
