# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be true after a rollover, and was true during it: asked of the servers, not of us."""

from . import ask, clock
from .wait import wait_until


def other_ksk(world, zone, old):
    """Whether exactly one KSK is left in the zone, and none of the old ones."""
    keys = ask.ksks(world.knot.address, zone)
    return len(keys) == 1 and keys[0] not in old


def rolled(world, zone, old):
    """Every server has the new KSK only, no CDS, the DNSKEY TTL of before; every parent its DS."""
    new = ask.ksks(world.knot.address, zone)
    assert len(new) == 1 and new[0] not in old, f"{zone}: KSKs {world.ksk_tags(zone)}"
    assert world.ds_everywhere(zone, new), f"{zone}: the DS is not that of the new KSK everywhere"
    for label, address in world.child_servers(public_only=False).items():
        wait_until(lambda a=address: ask.ksks(a, zone) == new, 5, f"{label} has the new KSK only")
        assert not ask.tags(address, zone, "CDS"), f"{label} still serves CDS for {zone}"
        assert ask.rrset(address, zone, "CDNSKEY") is None, f"{label} still serves CDNSKEY"
        wait_until(lambda a=address: ask.rrset(a, zone, "DNSKEY").ttl == world.dnskey_ttl, 10,
                   f"the DNSKEY TTL of {zone} at {label} is {world.dnskey_ttl} again")


def signals_followed_keys(world, zone):
    """No server showed CDS before every server had shown both KSKs (invariant I1)."""
    keys = world.observer.history(zone, "DNSKEY")
    both = max(_first(history, lambda value: "+" in value.split(" ")[0])
               for history in keys.values())
    signals = world.observer.history(zone, "CDS")
    first = min(_first(history, lambda value: value[0].isdigit())
                for history in signals.values())
    assert both < first, f"{zone}: CDS {both - first:.1f} s before the DNSKEY was everywhere"


def old_ds_ran_out(world, zone):
    """The old KSK left no server before the old DS TTL had passed at every parent (invariant I2)."""
    changed = max(world.observer.last_seen(zone, "DS").values())
    gone = min(history[-1][0] if len(history[-1][1].split("+")) == 1 else float("inf")
               for history in _key_sets(world, zone).values())
    assert gone - changed >= world.ds_ttl / clock.current.rate, \
        f"{zone}: the old KSK was gone {gone - changed:.1f} s after the DS change"


def _key_sets(world, zone):
    """server -> list of (when, tags), TTL changes left out."""
    found = {}
    for server, history in world.observer.history(zone, "DNSKEY").items():
        found[server] = []
        for when, value in history:
            tags = value.split(" ")[0]
            if tags.replace("+", "").isdigit() and (
                    not found[server] or found[server][-1][1] != tags):
                found[server].append((when, tags))
    return found


def _first(history, wanted):
    return next((when for when, value in history if wanted(value)), float("inf"))
