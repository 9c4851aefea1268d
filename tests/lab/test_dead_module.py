# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dies in the middle of a rollover, and nobody comes for 400 days: what Knot alone makes of the zones."""

import time

import dns.rdatatype

from . import ask
from .clock import WrongClock
from .key_lab import ADDRESS, HELD, Lab, state_of
from .marks import bound
from .wait import stays, wait_until

DAY = 86400
#: What the module leaves behind, by its states: states of the old and the new KSK.
LEFT = {"introduce": ("active", "active"), "signal": ("active", "ready"), "rollback": ("ready", "ready"),
        "retire": (None, "active")}


def signatures(zone, rdtype):
    """The RRSIGs over an RRset at the apex."""
    return [signature for rrset in ask.ask(ADDRESS, zone, rdtype).answer if rrset.rdtype == dns.rdatatype.RRSIG
            for signature in rrset]


def is_valid(zone, now):
    """Whether all that a validator needs at the apex is signed, and each signature counts now."""
    return all(found and all(one.inception <= now < one.expiration for one in found)
               for found in (signatures(zone, rdtype) for rdtype in ("DNSKEY", "SOA")))


def leave(lab, zone, states):
    """A zone as the module leaves it; returns the states by key."""
    old = lab.first_active(zone)
    new = lab.rollover(zone)
    lab.set(zone, (new, "active=+0"))
    for key, state in zip((old, new), states):
        if state == "ready":
            lab.set(zone, (key, "ready=+0", "active=0"))
        elif state is None:
            lab.set(zone, (key, "retire=+0", "remove=+0"))
    return {key: state for key, state in zip((old, new), states) if state}


@bound(150)
def test_zones_stay_valid_and_as_they_are(directory):
    zones = {f"{name}.test.": states for name, states in LEFT.items()}
    # Knot's default of a month for ZSKs: they are to be replaced meanwhile.
    lab = Lab(directory, {"dead": {"zones": list(zones), "policy": {}, "submission": None, "template": {}}})
    try:
        left = {zone: leave(lab, zone, states) for zone, states in zones.items()}
        served = {zone: lab.served(zone) for zone in zones}
        assert [len(one["cds"]) for one in served.values()] == [0, 1, 2, 0], served
        for days in (30, 120, 400):
            lab.knot.stop()
            clock = WrongClock(lab.knot.dir, days * DAY)
            lab.knot.env.update(clock.environment)
            lab.knot.start()

            def now(ahead=days * DAY):
                return time.time() + ahead
            for zone in zones:
                wait_until(lambda z=zone: is_valid(z, now()), 30, f"{zone} is valid after {days} days")
                keys = [key for key in lab.keys(zone) if key["ksk"]]
                assert {key["id"]: state_of(key, now()) for key in keys} == left[zone], (zone, days, keys)
            # The time in which Knot moves a key that nobody holds.
            assert stays(lambda: all(lab.served(zone) == served[zone] for zone in zones), HELD, 0.1), (days, served)
            assert not lab.knot.log_lines("error:"), lab.knot.log_lines("error:")
    finally:
        lab.knot.stop()
