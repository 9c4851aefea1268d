# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dies in the middle of a rollover, and nobody comes for 400 days: what Knot alone makes of the zones."""

import time

import dns.rdatatype

from . import ask
from .clock import WrongClock
from .key_lab import ADDRESS, HELD, Lab, state_of
from .key_states import ACTIVE, AS_ZSK, ASIDE, HIDDEN, NOTHING, OUT_OF_SIGHT, READY, SHOWN, STANDING_IN, Keys
from .marks import bound
from .wait import stays, wait_until

DAY = 86400
#: What the module leaves behind, by its states: states of the old and the new KSK.
LEFT = {"introduce": ("active", "active"), "signal": ("active", "ready"), "rollback": ("ready", "ready"),
        "retire": (None, "active")}
#: Of other policies: the policy, and what was set. Names of keys as in key_states.py.
LEFT_OTHERS = {
    "csk-introduce": ("csk", [("C", *ASIDE)]),
    "csk-signal": ("csk", [("C", *READY)]),
    "csk-move": ("csk", [("C", *ACTIVE), ("c", *ASIDE)]),
    "presign": ("algorithm", [("k", *ASIDE), ("Z", *OUT_OF_SIGHT), ("K", *NOTHING)]),
    "half-publish": ("algorithm", [("K", *NOTHING), ("Z", *STANDING_IN)]),
    "double": ("algorithm", [("K", *SHOWN), ("Z", *SHOWN)]),
    "half-retire": ("algorithm", [("K", *SHOWN), ("Z", *SHOWN), ("z", *STANDING_IN), ("k", *NOTHING)]),
    "unpublish": ("algorithm", [("K", *SHOWN), ("Z", *SHOWN), ("k", *NOTHING), ("z", *HIDDEN)]),
    "csk-presign": ("algorithm-csk", [("c", *ASIDE), ("C", *AS_ZSK, *OUT_OF_SIGHT)]),
    "csk-unpublish": ("algorithm-csk", [("C", *SHOWN), ("c", *AS_ZSK, *HIDDEN)]),
}
# Without a lifetime: where the old ZSK is not published any more, Knot would replace the new one meanwhile.
RSA = {"algorithm": "rsasha256", "ksk-size": 2048, "zsk-size": 1024, "zsk-lifetime": 0}
CSK = {"single-type-signing": True}
POLICIES = {"csk": (CSK, None), "algorithm": (RSA, {"zsk-lifetime": 0}), "algorithm-csk": ({**RSA, **CSK}, CSK)}


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


def leave_other(lab, zone, policy, assignments):
    """The same for a zone whose keys sign it as well, or that changes the algorithm."""
    keys = Keys(lab, zone)
    if POLICIES[policy][1] is None:
        keys.roll()
    else:
        keys.change()
    keys.set(*assignments)
    return keys


@bound(150)
def test_zones_stay_valid_and_as_they_are(directory):
    zones = {f"{name}.test.": states for name, states in LEFT.items()}
    # Knot's default of a month for ZSKs: they are to be replaced meanwhile.
    others = {f"{name}.test.": left for name, left in LEFT_OTHERS.items()}
    common = {"submission": None, "template": {}}
    lab = Lab(directory, {"dead": {"zones": list(zones), "policy": {}, **common}} | {
        name: {"zones": [zone for zone, left in others.items() if left[0] == name], "policy": policy, "later": later, **common}
        for name, (policy, later) in POLICIES.items()})
    try:
        left = {zone: leave(lab, zone, states) for zone, states in zones.items()}
        served = {zone: lab.served(zone) for zone in zones}
        keys = {zone: leave_other(lab, zone, *how) for zone, how in others.items()}
        seen = {zone: one.seen() for zone, one in keys.items()}
        states = {zone: one.states() for zone, one in keys.items()}
        assert sorted(len(one) for one in states.values()) == [2] * 5 + [4] * 5, states
        lab.thrice("reload")
        assert stays(lambda: all(one.seen() == seen[zone] for zone, one in keys.items()), HELD, 0.5), seen
        assert [len(one["cds"]) for one in served.values()] == [0, 1, 2, 0], served
        for days in (30, 120, 400):
            lab.knot.stop()
            clock = WrongClock(lab.knot.dir, days * DAY)
            lab.knot.env.update(clock.environment)
            lab.knot.start()

            def now(ahead=days * DAY):
                return time.time() + ahead
            for zone in (*zones, *others):
                wait_until(lambda z=zone: is_valid(z, now()), 30, f"{zone} is valid after {days} days")
            assert {zone: one.states(now()) for zone, one in keys.items()} == states, days
            for zone in zones:
                ksks = [key for key in lab.keys(zone) if key["ksk"]]
                assert {key["id"]: state_of(key, now()) for key in ksks} == left[zone], (zone, days, ksks)
            # The time in which Knot moves a key that nobody holds.
            assert stays(lambda: all(lab.served(zone) == served[zone] for zone in zones), HELD, 0.1), (days, served)
            assert {zone: one.seen() for zone, one in keys.items()} == seen, days
            assert not lab.knot.log_lines("error:"), lab.knot.log_lines("error:")
    finally:
        lab.knot.stop()
