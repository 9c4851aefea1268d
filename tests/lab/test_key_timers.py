# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about key states that are set by keymgr, on which driving by key timers relies: red with a Knot DNS that differs.

The same Knot DNS gives the same facts, so the usual run has those of the common orders. All of them, several minutes of processor time,
are for another version: they run with --long.
"""

import os

import dns.rcode

from . import ask, key_orders
from .key_lab import ADDRESS, Lab, described
from .key_orders import LATER, Ordered
from .key_states import HIDDEN, NOTHING, OLD_ALGORITHM, SHORT, SHOWN
from .key_timers import SCENARIOS, examine
from .marks import bound, long_test
from .results import knot_version
from .wait import wait_until

#: Chance decides there: how often each of two that write at the same moment is first.
NUMBERS = ("race",)
#: Of the usual run.
IN_SHORT = ("orders", "started", "csk", "orders_acted")
#: It changes a policy. Since Knot 3.5 all zones are then read from their files: records of other scenarios would be lost.
APART = "incremental_ttl"


def false_facts(found):
    """Those facts of each scenario that are not true."""
    return {name: false for name, facts in found.items()
            if (false := {fact: value for fact, value in facts.items() if value is not True})}


def assert_true(names, directory):
    """Each fact of each of these scenarios."""
    found, reasons = examine(names, directory)
    for name, reason in reasons.items():
        print(f"not examined: {name}: {reason}")
    assert len(found) + len(reasons) == len(names) and all(found.values()), found
    wrong = false_facts(found)
    if wrong:
        # Timers are of seconds: where much else runs, a step comes after the next timer. A fresh knotd, and nothing beside.
        print(f"examined once more: {wrong}")
        again = os.path.join(directory, "again")
        os.makedirs(again)
        found, _ = examine(list(wrong), again)
        wrong = false_facts(found)
    assert not wrong, wrong


def half(part):
    """Every other scenario: all at once wait for one another, and keys get older meanwhile."""
    return [name for name in SCENARIOS if name not in (*NUMBERS, APART, *key_orders.names())][part::2]


def test_key_timers_in_short(directory):
    """The orders of a rollover, what Knot does by its own timer, and the orders of kskrolld."""
    assert_true(IN_SHORT, directory)


@long_test
@bound(240)
def test_key_timers(directory):
    """What Knot does with keys that keymgr sets."""
    assert_true(half(0), directory)


@long_test
@bound(300)  # By its order among the tests far from the first half.
def test_key_timers_of_others(directory):
    """The same, the other half."""
    assert_true(half(1), directory)


def test_ttl_of_incremental_keys(directory):
    """What becomes of the TTL when the policy changes: it stays, unless the zone file is read again."""
    found, _ = examine([APART], directory)
    rereads = knot_version().startswith("3.5")
    assert found[APART] == {"the TTL stays": not rereads, "it changes with another key": True}, found


@long_test
@bound(240)
def test_key_orders(directory):
    """What it does with the orders of kskrolld."""
    assert_true(key_orders.names(), directory)


#: Orders in the middle of which the machine stops, and after how many changes; what is served when they are completed.
CHANGES = {"publish": 4, "retire": 3}
HALVES = [(order, changes + 1) for order, count in CHANGES.items() for changes in range(count)]
DONE = {"publish": ("KZkz", "Kk", "Zz", ""), "retire": ("KZ", "K", "Zz", "")}
#: Without a ZSK that stands in for the KSK.
ALONE = {"the KSK is shown": [("K", *SHOWN)], "the ZSK is shown": [("Z", *SHOWN)],
         "the old KSK has gone": [("K", *SHOWN), ("Z", *SHOWN), ("k", *NOTHING)],
         "the old ZSK has gone": [("K", *SHOWN), ("Z", *SHOWN), ("z", *HIDDEN)]}


@long_test
def test_half_an_order(directory):
    """Knot loads a zone in the middle of an order. It does not if KSK and ZSK change one after the other."""
    lab = Lab(directory, {"half": described(None, "half", len(HALVES) + len(ALONE), later=LATER, **OLD_ALGORITHM, **SHORT)})

    def answers(keys):
        answer = ask.ask(ADDRESS, keys.zone, "SOA")
        return answer.rcode() == dns.rcode.NOERROR and bool(answer.answer)
    try:
        zones = [Ordered(lab, zone) for zone in lab.chosen["half"]["zones"]]
        for keys, (order, changes) in zip(zones, HALVES):
            keys.change()
            keys.one_by_one("presign", "k")
            if order == "retire":
                keys.one_by_one("publish", "k")
            for _ in range(changes):
                keys.change_one(order, "k", "K" if order == "retire" else "")
        alone = dict(zip(ALONE, zones[len(HALVES):]))
        for name, keys in alone.items():
            keys.change()
            keys.one_by_one("presign", "k")
            keys.assign(*ALONE[name])
        lab.knot.stop()
        lab.knot.start()
        for keys in zones[:len(HALVES)]:
            wait_until(lambda one=keys: answers(one), 10, f"{keys.zone} is loaded, {keys.states()}")
        for name, keys in alone.items():
            wait_until(lambda one=keys: lab.said(one.zone, "zone event 'load' failed"), 10, f"{name}: the zone is not loaded")
        assert not [name for name, keys in alone.items() if answers(keys)]
        for keys, (order, changes) in zip(zones, HALVES):
            made = keys.one_by_one(order, "k", "K" if order == "retire" else "")
            lab.load(keys.zone)
            assert (made, keys.seen()) == ((CHANGES[order] - changes, "0"), DONE[order]), (keys.zone, made, keys.seen())
    finally:
        lab.knot.stop()
