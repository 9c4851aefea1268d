# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios of key_timers.py: what Knot serves after each order for the keys of two algorithms, carried out by the code of kskrolld.

docs/knot-behaviour.rst explains them ("CSK and algorithms by key timers"). Names of keys as in key_states.py.
"""

import os
import time

from .key_lab import SCENARIOS, scenario
from .key_states import Keys, OLD_ALGORITHM, SHORT
from .wait import stays, wait_until

CSK = {"single_type_signing": True}
#: Knot publishes a new algorithm after a second more.
LATER = {"zone_max_ttl": 5}
#: Knot's own steps take so long that none comes before the module's.
LONG = {"zone_max_ttl": 30}
#: So long that Knot takes none of them, however slow the machine is.
NEVER = {"zone_max_ttl": 3600}
#: So long a new KSK is published before it is ready.
STEADY = 8
ANY = -1


class Ordered(Keys):
    """The keys of a zone, by orders of kskrolld."""

    def _run(self, order, old, new, *steps):
        keys = {key["id"]: f"{key['tag']}/{key['algorithm']}" for key in self.lab.keys(self.zone)}
        # A key that is gone is still named.
        self.named = {**getattr(self, "named", {}), **{name: keys[key] for name, key in self.ids.items() if key in keys}}
        program = os.path.join(os.environ["KSKROLL_BUILD"], "tests", "unit", "key_order")
        done = self.lab.alone([program, self.lab.kasp, self.zone, order, ",".join(self.named[name] for name in old) or "-",
                                    self.named[new] if new else "-", self.lab.knot.socket, *map(str, steps)])
        return done.stdout.strip(), done.returncode == 0

    def left(self, order, old, new):
        """How many changes the order would make, or why it makes none."""
        return self._run(order, old, new, 0)[0]

    def order(self, order, old, new=""):
        """The order as kskrolld carries it out and repeats it. Returns what came of it."""
        return wait_until(lambda: None if (one := self._run(order, old, new)[0]).startswith("busy") else one, 60,
                          f"{order} is not busy", poll=0.5)

    def change_one(self, order, old, new=""):
        """The next change of the order, which knotd does not hear of."""
        text, done = self._run(order, old, new, 1)
        assert done, text

    def one_by_one(self, order, old, new=""):
        """Its changes, with all that Knot does after each of them. Returns how many there were, and why one failed."""
        count = 0
        while (left := self.left(order, old, new)) != "0":
            text, done = self._run(order, old, new, 1)
            if not done or count > 9:
                return count, text
            self.lab.load(self.zone, "zone-sign")
            self.lab.load(self.zone)
            count += 1
        return count, left

    def follow(self, *rows):
        """Orders one after the other, with an end after each change: (order, old, new, changes, served then, tried if it holds).

        ANY number of changes: Knot may have begun before the first order.
        """
        facts = {}
        for order, old, new, changes, served, tried in rows:
            name = f"{order} {old}{new}: {' '.join(one or '-' for one in served)}"
            made, left = self.one_by_one(order, old, new)
            found = (changes if changes == ANY else made, left, self.seen())
            facts[name] = found == (changes, "0", served) or found
            if tried:
                facts[f"{name} holds"] = self.holds()
        facts["Knot has signed the zone after each change"] = not self.lab.said(self.zone, "missing active")
        assert all(value is True for value in facts.values()), facts
        return facts

    def acted(self, *rows):
        """The same as kskrolld does it: (order, old, new, served then)."""
        facts = {}
        for order, old, new, served in rows:
            said = self.order(order, old, new)
            seen = said == "done" and not stays(lambda: self.seen() != served, 10, 0.1)
            assert seen, (order, said, self.seen(), served)
            facts[f"{order} {old}{new}: {' '.join(one or '-' for one in served)}"] = True
        return facts


@scenario(later=LATER, **OLD_ALGORITHM, **SHORT)
def orders_of_algorithms(lab, zone):
    """KSK and ZSK. All changes of all orders, each with all that Knot does after it."""
    keys = Ordered(lab, zone)
    keys.change()
    return keys.follow(
        ("presign", "k", "", ANY, ("kz", "k", "Zz", ""), True),
        ("publish", "k", "", 4, ("KZkz", "Kk", "Zz", ""), True),
        ("silent", "k", "K", 0, ("KZkz", "Kk", "Zz", ""), False),
        ("signal", "k", "K", 1, ("KZkz", "Kk", "Zz", "K"), True),
        ("both", "k", "K", 1, ("KZkz", "Kk", "Zz", "Kk"), True),
        ("silent", "k", "K", 2, ("KZkz", "Kk", "Zz", ""), False),
        ("retire", "k", "K", 3, ("KZ", "K", "Zz", ""), True),
        ("silent", "", "K", 0, ("KZ", "K", "Zz", ""), False),
        ("clean", "k", "K", 1, ("KZ", "K", "Z", ""), True))


@scenario(later={**LATER, **CSK}, **OLD_ALGORITHM, **CSK, **SHORT)
def orders_of_algorithms_csk(lab, zone):
    """The same with single-type keys."""
    keys = Ordered(lab, zone)
    keys.change()
    return keys.follow(
        ("presign", "c", "", ANY, ("c", "c", "Cc", ""), True),
        ("publish", "c", "", 2, ("Cc", "Cc", "Cc", ""), True),
        ("silent", "c", "C", 0, ("Cc", "Cc", "Cc", ""), False),
        ("signal", "c", "C", 1, ("Cc", "Cc", "Cc", "C"), True),
        ("both", "c", "C", 1, ("Cc", "Cc", "Cc", "Cc"), True),
        ("silent", "c", "C", 2, ("Cc", "Cc", "Cc", ""), False),
        ("retire", "c", "C", 1, ("C", "C", "Cc", ""), True),
        ("silent", "", "C", 0, ("C", "C", "Cc", ""), False),
        ("clean", "c", "C", 1, ("C", "C", "C", ""), True))


@scenario(zones=2, later=LATER, **OLD_ALGORITHM, **SHORT)
def orders_back(lab, zone, signalled):
    """Given up: before the keys are published, and after both were signalled. The policy is as it was."""
    facts = {}
    keys = Ordered(lab, zone)
    keys.change()
    facts.update(keys.follow(
        ("publish", "k", "", ANY, ("KZkz", "Kk", "Zz", ""), False),
        ("presign", "k", "", 4, ("kz", "k", "Zz", ""), True)))
    keys = Ordered(lab, signalled)
    keys.change()
    facts.update(keys.follow(
        ("publish", "k", "", ANY, ("KZkz", "Kk", "Zz", ""), False),
        ("both", "k", "K", 2, ("KZkz", "Kk", "Zz", "Kk"), False),
        ("abort", "k", "K", 4, ("kz", "k", "Zz", ""), True)))
    lab.change_back(signalled)
    facts.update(keys.follow(("clean", "K", "k", 2, ("kz", "k", "z", ""), True)))
    facts["no key is made for it again"] = len(lab.keys(signalled)) == 2
    return facts


@scenario(later={**LATER, **CSK}, **OLD_ALGORITHM, **CSK, **SHORT)
def orders_back_csk(lab, zone):
    """The same with single-type keys."""
    keys = Ordered(lab, zone)
    keys.change()
    facts = keys.follow(
        ("publish", "c", "", ANY, ("Cc", "Cc", "Cc", ""), False),
        ("both", "c", "C", 2, ("Cc", "Cc", "Cc", "Cc"), False),
        ("abort", "c", "C", 2, ("c", "c", "Cc", ""), True))
    lab.change_back(zone)
    facts.update(keys.follow(("clean", "C", "c", 1, ("c", "c", "c", ""), True)))
    facts["no key is made for it again"] = len(lab.keys(zone)) == 1
    return facts


def _others(lab, zone, kinds, old, served):
    """What comes of rollovers that others order in presign, also between two changes of an order."""
    keys = Ordered(lab, zone)
    keys.change()
    facts = {}

    def ignored(when):
        for kind in kinds:
            said = f"ignoring forced {kind.upper()} rollover"
            before, states, seen = len(lab.said(zone, said)), keys.states(), keys.seen()
            lab.knot.knotc("-b", "zone-key-rollover", zone, kind)
            facts[f"{kind}, {when}: nothing begins"] = \
                len(lab.said(zone, said)) == before + 1 and keys.states() == states and keys.seen() == seen

    for order in ("presign", "publish"):
        for count in range(9):
            ignored(f"after {count} changes of {order}")
            if keys.left(order, old, "") == "0":
                break
            keys.change_one(order, old)
            lab.load(zone)
        facts[f"{order}: {' '.join(one or '-' for one in served[order])}"] = keys.seen() == served[order]
    return facts


@scenario(zones=2, later=NEVER, **OLD_ALGORITHM, **NEVER)
def orders_of_others(lab, zone, given_up):
    """KSK and ZSK: as long as a key is hidden, Knot begins no rollover. Afterwards it does."""
    facts = _others(lab, zone, ("ksk", "zsk"), "k", {"presign": ("kz", "k", "Zz", ""), "publish": ("KZkz", "Kk", "Zz", "")})
    keys = Ordered(lab, given_up)
    keys.change()
    keys.one_by_one("presign", "k")
    lab.change_back(given_up)
    for name in "KZ":
        code, text = lab.keymgr(given_up, "delete", keys.ids[name])
        assert code == 0, text
    facts["given up, silent frees the old KSK"] = keys.order("silent", "k") == "done"
    facts["given up, then Knot begins one"] = bool(lab.rollover(given_up))
    return facts


@scenario(later={**NEVER, **CSK}, **OLD_ALGORITHM, **CSK, **NEVER)
def orders_of_others_csk(lab, zone):
    """The same with single-type keys."""
    return _others(lab, zone, ("ksk", "zsk"), "c", {"presign": ("c", "c", "Cc", ""), "publish": ("Cc", "Cc", "Cc", "")})


#: Lifetime of a ZSK, seconds: over in presign.
LIFETIME = 20
#: The largest TTL of the zone that it allows.
MEDIUM = {"zone_max_ttl": 12}


@scenario(later={**MEDIUM, "zsk_lifetime": LIFETIME}, **OLD_ALGORITHM, **MEDIUM, zsk_lifetime=LIFETIME)
def orders_beside_a_lifetime(lab, zone):
    """The lifetime of the old ZSK ends in presign: its rollover waits until that was given up."""
    keys = Ordered(lab, zone)
    made = time.time()
    keys.change()
    facts = keys.follow(("presign", "k", "", ANY, ("kz", "k", "Zz", ""), False))
    wait_until(lambda: time.time() > made + LIFETIME, LIFETIME + 5, "the lifetime is over")
    facts["no ZSK of the old algorithm is made"] = keys.holds()
    lab.change_back(zone)
    facts["nor if the policy has that algorithm again"] = keys.holds()
    for name in "KZ":
        code, text = lab.keymgr(zone, "delete", keys.ids[name])
        assert code == 0, text
    facts["given up, the order succeeds"] = keys.order("silent", "k") == "done"
    facts["then it is made"] = bool(wait_until(lambda: len(lab.keys(zone)) == 3, 10, "there are two ZSKs"))
    return facts


def _late(lab, zone, key, state):
    """The keys of a zone in which Knot goes on until the new KSK has a state."""
    keys = Ordered(lab, zone)
    keys.change()
    wait_until(lambda: keys.states()[key] == state, 40, f"{zone}: {key} is {state}", poll=0.1)
    return keys


@scenario(zones=2, later={**LATER, "dnskey_ttl": STEADY}, **OLD_ALGORITHM, **SHORT)
def orders_late(lab, zone, idle):
    """The module comes when Knot has published the new keys by itself."""
    keys = _late(lab, zone, "K", "publish")
    facts = {"signals come later": "is not introduced" in keys.left("signal", "k", "K"),
             "the new ZSK signs": keys.seen() == ("KZkz", "Kk", "Zz", ""),
             **keys.follow(("silent", "k", "K", 2, ("KZkz", "Kk", "Zz", ""), True))}
    keys = _late(lab, idle, "K", "publish")
    facts.update({f"idle, {fact}": value for fact, value in keys.follow(
        ("silent", "k", "", 1, ("KZkz", "Kk", "Zz", ""), False)).items()})
    moved = {"k": "active", "K": "active", "z": "retire-active", "Z": "active"}
    wait_until(lambda: keys.states() == moved, 40, "Knot moves the ZSKs")
    facts["idle, Knot moves the ZSKs, and both sign"] = keys.holds() and keys.seen() == ("KZkz", "Kk", "Zz", "")
    facts.update({f"idle, then {fact}": value for fact, value in keys.follow(
        ("silent", "k", "K", 1, ("KZkz", "Kk", "Zz", ""), False)).items()})
    return facts


@scenario(zones=2, later=LATER, **OLD_ALGORITHM, **SHORT)
def orders_later(lab, zone, signalled):
    """The module comes when Knot has signalled the new KSK."""
    facts = _late(lab, zone, "K", "ready").follow(("silent", "k", "K", 2, ("KZkz", "Kk", "Zz", ""), True))
    return {**facts, **_late(lab, signalled, "K", "ready").follow(("signal", "k", "K", 1, ("KZkz", "Kk", "Zz", "K"), True))}


@scenario(later=LATER, **OLD_ALGORITHM, **SHORT)
def orders_left(lab, zone):
    """Knot has moved the ZSKs, and the new keys are deleted: it makes no key until the old ZSK is active again."""
    keys = _late(lab, zone, "K", "ready")
    wait_until(lambda: keys.states()["z"] == "retire-active", 40, f"{zone}: Knot moves the ZSKs")
    lab.change_back(zone)
    for name in "KZ":
        code, text = lab.keymgr(zone, "delete", keys.ids[name])
        assert code == 0, text
    lab.load(zone)
    facts = {"the old ZSK stays retire-active": keys.states() == {"k": "active", "z": "retire-active"}}
    lab.knot.knotc_ok("-b", "zone-key-rollover", zone, "ksk")
    facts["Knot makes no KSK"] = len(lab.keys(zone)) == 2
    facts["silent is done"] = keys.order("silent", "k") == "done"
    facts["the old ZSK is active"] = keys.states() == {"k": "active", "z": "active"}
    facts["then Knot makes one"] = bool(lab.rollover(zone))
    return facts


@scenario(zones=2, later={**LATER, **CSK}, **OLD_ALGORITHM, **CSK, **SHORT)
def orders_late_csk(lab, zone, signalled):
    """The same with single-type keys. One that was published does not sign the zone less when it is ready."""
    facts = _late(lab, zone, "C", "publish").follow(("silent", "c", "C", 1, ("Cc", "Cc", "Cc", ""), True))
    return {**facts, **_late(lab, signalled, "C", "ready").follow(
        ("signal", "c", "C", 0, ("Cc", "Cc", "Cc", "C"), True),
        ("silent", "c", "C", 1, ("Cc", "Cc", "Cc", ""), False))}


@scenario(zones=2, later=LONG, **OLD_ALGORITHM, **LONG)
def orders_acted(lab, zone, back):
    """As kskrolld does: not beside what Knot does, and read back."""
    keys = Ordered(lab, zone)
    keys.change()
    facts = keys.acted(
        ("presign", "k", "", ("kz", "k", "Zz", "")),
        ("publish", "k", "", ("KZkz", "Kk", "Zz", "")),
        ("publish", "k", "", ("KZkz", "Kk", "Zz", "")),
        ("silent", "k", "K", ("KZkz", "Kk", "Zz", "")),
        ("signal", "k", "K", ("KZkz", "Kk", "Zz", "K")),
        ("both", "k", "K", ("KZkz", "Kk", "Zz", "Kk")),
        ("silent", "k", "K", ("KZkz", "Kk", "Zz", "")),
        ("retire", "k", "K", ("KZ", "K", "Zz", "")),
        ("retire", "k", "K", ("KZ", "K", "Zz", "")),
        ("clean", "k", "K", ("KZ", "K", "Z", "")),
        ("clean", "k", "K", ("KZ", "K", "Z", "")))
    keys = Ordered(lab, back)
    keys.change()
    facts.update(keys.acted(("publish", "k", "", ("KZkz", "Kk", "Zz", "")), ("abort", "k", "K", ("kz", "k", "Zz", ""))))
    lab.change_back(back)
    return {**facts, **keys.acted(("clean", "K", "k", ("kz", "k", "z", "")))}


@scenario(later={**LONG, **CSK}, **OLD_ALGORITHM, **CSK, **LONG)
def orders_acted_csk(lab, zone):
    """The same with single-type keys."""
    keys = Ordered(lab, zone)
    keys.change()
    return keys.acted(
        ("presign", "c", "", ("c", "c", "Cc", "")),
        ("publish", "c", "", ("Cc", "Cc", "Cc", "")),
        ("signal", "c", "C", ("Cc", "Cc", "Cc", "C")),
        ("silent", "c", "C", ("Cc", "Cc", "Cc", "")),
        ("retire", "c", "C", ("C", "C", "Cc", "")),
        ("clean", "c", "C", ("C", "C", "C", "")))


def names():
    """Of the scenarios of this file."""
    return [name for name, one in SCENARIOS.items() if one["run"].__module__ == __name__]
