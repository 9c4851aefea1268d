# SPDX-License-Identifier: GPL-3.0-or-later
"""Second opinions of a delegation, by programs of others: DNSViz and Zonemaster."""

from . import dnsviz, zonemaster

_JUDGES = {"DNSViz": (dnsviz.missing, dnsviz.errors), "Zonemaster": (zonemaster.missing, zonemaster.findings)}


def missing():
    """What is not installed, or None."""
    lacks = [text for text in (lack() for lack, _ in _JUDGES.values()) if text]
    return "; ".join(lacks) or None


def of(world, zone):
    """Who -> what is wrong with the zone, of those who find anything."""
    found = {who: judge(world, zone) for who, (_, judge) in _JUDGES.items()}
    return {who: codes for who, codes in found.items() if codes}


def assert_good(world, zone):
    """Nobody finds anything wrong."""
    found = of(world, zone)
    assert not found, f"{zone}: {found}"
