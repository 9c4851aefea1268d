# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios of key_timers.py: rollovers of CSKs, of algorithms and between the two schemes, whose steps keymgr holds.

docs/knot-behaviour.rst explains them ("CSK and algorithms by key timers").
"""

from .key_lab import DELAY, HELD, TTL, scenario, state_of
from .wait import stays, wait_until

#: So long that Knot moves no key by it; the date on which it would remove it.
FAR = "+20y"

# What keymgr sets. Each works from any other one of them.
ACTIVE = ("post_active=0", "revoke=0", "retire_active=0", "retire=0", "active=+0")
READY = ("retire_active=0", "retire=0", "ready=+0", "active=0")
ASIDE = ("active=+0", "retire_active=+0", f"retire={FAR}")
REMOVED = ("retire=+0", "remove=+0")
#: A key of a new algorithm is not published before.
SHOWN = ("publish=+0", *ACTIVE)
#: A ZSK that signs and is not published.
HIDDEN = ("post_active=+0", "revoke=+0")
NOT_YET = ("revoke=+0",)
#: The same from any state, and a ZSK that signs DNSKEY as well: what the module sets.
OUT_OF_SIGHT = ("publish=+0", "active=+0", "retire_active=0", "retire=0", *HIDDEN)
STANDING_IN = ("ksk=yes", "sep=no", "publish=+0", *ACTIVE)
#: A KSK that does nothing.
NOTHING = ("pre_active=0", "publish=0", "ready=0", "active=0", "retire_active=0", "retire=0")
#: A CSK has to be a ZSK for that time, with its flags and so its key tag as they are.
AS_ZSK = ("ksk=no", "sep=yes")
AS_CSK = ("ksk=yes", "sep=yes")

OLD_ALGORITHM = {"algorithm": "rsasha256", "ksk_size": 2048, "zsk_size": 1024}
#: The timers that hold nothing are over within HELD.
SHORT = {"zone_max_ttl": TTL}
LATER = {"zone-max-ttl": TTL}


class Keys:
    """The keys of a zone by short names: role (K, Z, C: both), in lower case for the old ones."""

    def __init__(self, lab, zone):
        self.lab, self.zone, self.ids, self.tags = lab, zone, {}, {}
        wait_until(lambda: lab.keys(zone) and lab.signed(zone)[0], 20, f"{zone} is signed")
        self.name(str.lower)
        for name in self.ids.keys() & set("kc"):
            self.set((name, "active=+0"))

    def name(self, case=str.upper):
        """Gives names to those that have none."""
        for key in self.lab.keys(self.zone):
            if key["id"] not in self.ids.values():
                name = case("C" if key["ksk"] and key["zsk"] else "K" if key["ksk"] else "Z")
                self.ids[name], self.tags[key["tag"]] = key["id"], name

    def roll(self):
        """Knot makes a new KSK or CSK."""
        self.lab.rollover(self.zone)
        self.name()

    def change(self):
        """The operator changes the policy, and Knot makes new keys."""
        self.lab.change(self.zone)
        self.name()

    def set(self, *assignments):
        """Each is (name, timer...); then knotd reads the keys."""
        self.assign(*assignments)
        self.lab.load(self.zone)

    def assign(self, *assignments):
        """The same, and knotd does not hear of it."""
        self.lab.set(self.zone, *((self.ids[name], *timers) for name, *timers in assignments), load=False)

    def seen(self):
        """What is served: names of keys published, of signers of DNSKEY and of the zone, of keys in CDS."""
        def names(tags):
            return "".join(sorted(self.tags.get(tag, f"?{tag}") for tag in tags))
        keys, signers, data, cds = self.lab.signed(self.zone)
        data = names(data) if isinstance(data, frozenset) else " ".join(map(names, data))
        return names(keys), names(signers), data, names(cds)

    def states(self, now=None):
        """Name -> state, of the keys that are left."""
        names = {key: name for name, key in self.ids.items()}
        return {names.get(key["id"], "?"): state_of(key, now) for key in self.lab.keys(self.zone)}

    def holds(self):
        """Whether nothing changes: by time, by signing, by reading the keys."""
        seen, states = self.seen(), self.states()
        if not stays(lambda: self.seen() == seen, HELD, 0.2):
            return False
        self.lab.load(self.zone, "zone-sign")
        self.lab.load(self.zone)
        return self.seen() == seen and self.states() == states

    def walk(self, *rows):
        """Orders one after the other: (order, assignments, what is served then, whether to try if it holds)."""
        facts = {}
        for order, assignments, served, tried in rows:
            self.set(*assignments)
            facts[f"{order}: {' '.join(one or '-' for one in served)}"] = (seen := self.seen()) == served or seen
            if tried:
                facts[f"{order} holds"] = self.holds()
        return facts


# CSKs

@scenario(single_type_signing=True, **SHORT)
def csk(lab, zone):
    """The new key is published, then it signs the zone instead of the old one: never both, but in a rollback."""
    keys = Keys(lab, zone)
    keys.roll()
    return keys.walk(
        ("introduce", [("C", *ASIDE)], ("Cc", "Cc", "c", ""), True),
        ("signal", [("C", *READY)], ("Cc", "Cc", "c", "C"), True),
        ("withdraw", [("C", *ASIDE)], ("Cc", "Cc", "c", ""), False),
        ("rollback", [("c", *READY)], ("Cc", "Cc", "Cc", "c"), True),
        ("both", [("C", *READY)], ("Cc", "Cc", "Cc", "Cc"), False),
        ("signal again", [("c", *ACTIVE)], ("Cc", "Cc", "c", "C"), False),
        ("move", [("C", *ACTIVE), ("c", *ASIDE)], ("Cc", "Cc", "C", ""), True),
        ("move back", [("c", *ACTIVE), ("C", *ASIDE)], ("Cc", "Cc", "c", ""), False),
        ("move again", [("C", *ACTIVE), ("c", *ASIDE)], ("Cc", "Cc", "C", ""), False),
        ("remove", [("c", *REMOVED)], ("C", "C", "C", ""), False))


@scenario(single_type_signing=True, **SHORT)
def csk_twice(lab, zone):
    """Both keys sign the zone all the time, also while one of them is signalled."""
    keys = Keys(lab, zone)
    keys.roll()
    return keys.walk(
        ("introduce", [("C", *ACTIVE)], ("Cc", "Cc", "Cc", ""), True),
        ("signal", [("c", *ASIDE), ("C", *READY)], ("Cc", "Cc", "Cc", "C"), True),
        ("withdraw", [("C", *ACTIVE), ("c", *ACTIVE)], ("Cc", "Cc", "Cc", ""), False),
        ("signal with an active old key", [("C", *READY)], ("Cc", "Cc", "c", "C"), False),
        ("rollback", [("C", *ASIDE), ("c", *READY)], ("Cc", "Cc", "Cc", "c"), True),
        ("both", [("C", *READY)], ("Cc", "Cc", "Cc", "Cc"), False),
        ("silent", [("c", *ACTIVE), ("C", *ACTIVE)], ("Cc", "Cc", "Cc", ""), False),
        ("remove", [("c", *REMOVED)], ("C", "C", "C", ""), False))


# Algorithms

@scenario(later=LATER, **OLD_ALGORITHM, **SHORT)
def algorithm(lab, zone):
    """KSK and ZSK. Each step is held, and can be taken back until the old ZSK is removed."""
    keys = Keys(lab, zone)
    keys.change()
    return keys.walk(
        ("born", [], ("kz", "k", "Zz", ""), False),
        ("presign", [("Z", *NOT_YET), ("K", *NOTHING)], ("kz", "k", "Zz", ""), True),
        ("the old KSK aside", [("k", *ASIDE)], ("kz", "k", "Zz", ""), True),
        ("introduce", [("K", *SHOWN), ("Z", *SHOWN), ("k", *ACTIVE)], ("KZkz", "Kk", "Zz", ""), True),
        ("signal", [("K", *READY)], ("KZkz", "Kk", "Zz", "K"), True),
        ("rollback", [("K", *ACTIVE), ("k", *READY)], ("KZkz", "Kk", "Zz", "k"), False),
        ("both", [("K", *READY)], ("KZkz", "Kk", "Zz", "Kk"), False),
        ("abort", [("k", *ACTIVE), ("K", *NOTHING), ("Z", *HIDDEN)], ("kz", "k", "Zz", ""), False),
        ("introduce again", [("K", *SHOWN), ("Z", *SHOWN)], ("KZkz", "Kk", "Zz", ""), False),
        ("unpublish", [("k", *NOTHING), ("z", *HIDDEN)], ("KZ", "K", "Zz", ""), True),
        ("publish again", [("k", *SHOWN), ("z", *SHOWN)], ("KZkz", "Kk", "Zz", ""), False),
        ("unpublish again", [("k", *REMOVED), ("z", *HIDDEN)], ("KZ", "K", "Zz", ""), False),
        ("clean", [("z", "revoke=0", *REMOVED)], ("KZ", "K", "Z", ""), False))


@scenario(later={**LATER, "single_type_signing": True}, **OLD_ALGORITHM, single_type_signing=True, **SHORT)
def algorithm_csk(lab, zone):
    """The same with one key: no moment between two commands."""
    keys = Keys(lab, zone)
    keys.change()
    return keys.walk(
        ("born", [], ("c", "c", "Cc", ""), False),
        ("presign", [("C", *AS_ZSK, *NOT_YET)], ("c", "c", "Cc", ""), True),
        ("the old key aside", [("c", *ASIDE)], ("c", "c", "Cc", ""), True),
        ("introduce", [("C", *AS_CSK, *SHOWN), ("c", *ACTIVE)], ("Cc", "Cc", "Cc", ""), True),
        ("signal", [("C", *READY)], ("Cc", "Cc", "Cc", "C"), True),
        ("rollback", [("C", *ACTIVE), ("c", *READY)], ("Cc", "Cc", "Cc", "c"), False),
        ("both", [("C", *READY)], ("Cc", "Cc", "Cc", "Cc"), False),
        ("abort", [("c", *ACTIVE), ("C", *ACTIVE, *AS_ZSK, *HIDDEN)], ("c", "c", "Cc", ""), False),
        ("introduce again", [("C", *AS_CSK, *SHOWN)], ("Cc", "Cc", "Cc", ""), False),
        ("unpublish", [("c", *AS_ZSK, *HIDDEN)], ("C", "C", "Cc", ""), True),
        ("publish again", [("c", *AS_CSK, *SHOWN)], ("Cc", "Cc", "Cc", ""), False),
        ("unpublish again", [("c", *AS_ZSK, *HIDDEN)], ("C", "C", "Cc", ""), False),
        ("clean", [("c", "revoke=0", *REMOVED)], ("C", "C", "C", ""), False))


@scenario(later=LATER, **OLD_ALGORITHM, **SHORT)
def algorithm_one_by_one(lab, zone):
    """Of the two keys that change together, the ZSK is a KSK as well meanwhile: all sets between are complete."""
    keys = Keys(lab, zone)
    keys.change()
    return keys.walk(
        ("presign", [("Z", "pre_active=0", *SHOWN, *HIDDEN), ("K", *NOTHING)], ("kz", "k", "Zz", ""), False),
        ("introduce the ZSK", [("Z", "ksk=yes", "sep=no", *SHOWN)], ("Zkz", "Zk", "Zz", ""), True),
        ("introduce the KSK", [("K", *SHOWN)], ("KZkz", "KZk", "Zz", ""), False),
        ("the ZSK as it was", [("Z", "ksk=no", "sep=no")], ("KZkz", "Kk", "Zz", ""), False),
        ("unpublish: the ZSK signs DNSKEY", [("z", "ksk=yes", "sep=no")], ("KZkz", "Kkz", "Zz", ""), False),
        ("unpublish the KSK", [("k", *NOTHING)], ("KZz", "Kz", "Zz", ""), True),
        ("unpublish the ZSK", [("z", "ksk=no", "sep=no", *HIDDEN)], ("KZ", "K", "Zz", ""), False))


@scenario(**OLD_ALGORITHM, **SHORT)
def algorithm_alone(lab, zone):
    """Keys of another algorithm than that of the policy: held, until the policy's own is gone."""
    keys = Keys(lab, zone)
    for flags in (["ksk=yes"], []):
        code, text = lab.keymgr(zone, "generate", *flags, "algorithm=13", "publish=+0", "active=+0")
        assert code == 0, text
    lab.load(zone)
    keys.name()
    facts = keys.walk(("introduce", [], ("KZkz", "Kk", "Zz", ""), True))
    keys.set(("k", *REMOVED), ("z", *REMOVED))
    wait_until(lambda: keys.seen()[0] == "KZ", 5, f"{zone} has the new keys alone")
    facts["then Knot begins a rollover to the algorithm of the policy"] = \
        wait_until(lambda: sum(state == "pre-active" for state in map(state_of, lab.keys(zone))) == 2, 5, "it begins")
    return facts


def _ordered(keys, kinds):
    """What Knot makes of rollovers that are ordered: keys, and whether it signs the zone."""
    facts = {}
    for kind in kinds:
        count = len(keys.lab.keys(keys.zone))
        keys.lab.knot.knotc_ok("-b", "zone-key-rollover", keys.zone, kind)
        facts[kind] = len(keys.lab.keys(keys.zone)) - count
    return facts


@scenario(zones=3, later={"zone_max_ttl": 3600}, **OLD_ALGORITHM, zone_max_ttl=3600)
def algorithm_and_order(lab, *zones):
    """Knot takes no notice of hidden keys when a rollover is ordered: it makes a key without the other kind, and does not sign."""
    facts = {}
    for zone, kinds in zip(zones, (("ksk",), ("zsk",), ("ksk", "zsk"))):
        keys = Keys(lab, zone)
        keys.change()
        keys.set(("K", *NOTHING), ("Z", *NOT_YET))
        if len(kinds) == 2:
            keys.set(("k", *ASIDE))
        made = _ordered(keys, kinds)
        lab.knot.knotc_ok("-b", "zone-sign", zone)
        failed = bool(lab.said(zone, "missing active KSK or ZSK"))
        if len(kinds) == 1:
            facts[f"{kinds[0]}: a key is made, and the zone is not signed"] = made == {kinds[0]: 1} and failed
        else:
            facts["the old KSK is aside: none is made"] = not any(made.values()) and not failed
    return facts


@scenario(later={**LATER, "single_type_signing": True}, **OLD_ALGORITHM, **SHORT)
def algorithm_and_scheme(lab, zone):
    """Both at once: presign cannot be held, since Knot misses the scheme and makes a second key for it."""
    keys = Keys(lab, zone)
    keys.change()
    keys.set(("C", *AS_ZSK, *NOT_YET))
    wait_until(lambda: len(lab.keys(zone)) == 4, 5, f"{zone} has a fourth key")
    return {"the second one gets ready by itself":
            bool(wait_until(lambda: keys.states().get("?") == "ready", 2 * HELD, "it is ready"))}


# Schemes

@scenario(later={**LATER, "single_type_signing": True}, **SHORT)
def to_csk(lab, zone):
    """From KSK and ZSK to a CSK."""
    keys = Keys(lab, zone)
    keys.change()
    return keys.walk(
        ("introduce", [("C", *ASIDE)], ("Ckz", "Ck", "z", ""), True),
        ("signal", [("C", *READY)], ("Ckz", "Ck", "z", "C"), True),
        ("rollback", [("C", *ASIDE), ("k", *READY)], ("Ckz", "Ck", "z", "k"), False),
        ("both", [("C", *READY)], ("Ckz", "Ck", "z", "Ck"), False),
        ("move", [("k", *ACTIVE), ("C", *ACTIVE), ("z", *ASIDE)], ("Ckz", "Ck", "C", ""), True),
        ("move back", [("z", *ACTIVE), ("C", *ASIDE)], ("Ckz", "Ck", "z", ""), False),
        ("move again", [("C", *ACTIVE), ("z", *ASIDE)], ("Ckz", "Ck", "C", ""), False),
        ("remove the KSK", [("k", *REMOVED)], ("Cz", "C", "C", ""), True),
        ("remove the ZSK", [("z", *REMOVED)], ("C", "C", "C", ""), False))


@scenario(later=LATER, single_type_signing=True, **SHORT)
def from_csk(lab, zone):
    """From a CSK to KSK and ZSK. A ready ZSK is published and does nothing."""
    keys = Keys(lab, zone)
    keys.change()
    return keys.walk(
        ("introduce", [("Z", "ready=+0", "active=0"), ("K", *ACTIVE)], ("KZc", "Kc", "c", ""), True),
        ("signal", [("K", *READY)], ("KZc", "Kc", "c", "K"), True),
        ("rollback", [("K", *ACTIVE), ("c", *READY)], ("KZc", "Kc", "c", "c"), False),
        ("both", [("K", *READY)], ("KZc", "Kc", "c", "Kc"), False),
        ("move", [("K", *ACTIVE), ("Z", *ACTIVE), ("c", *ASIDE)], ("KZc", "Kc", "Z", ""), True),
        ("move back", [("c", *ACTIVE), ("Z", *READY)], ("KZc", "Kc", "c", ""), False),
        ("move again", [("Z", *ACTIVE), ("c", *ASIDE)], ("KZc", "Kc", "Z", ""), False),
        ("remove", [("c", *REMOVED)], ("KZ", "K", "Z", ""), False))


# What does not hold

@scenario(zones=4, single_type_signing=True, **SHORT)
def fleeting(lab, *zones):
    """States of a CSK that Knot leaves by its own timers, and what keymgr refuses."""
    facts = {}
    ways = {"retire alone": ("retire=+0",), "retire, and remove in a year": ("retire=+0", "remove=+1y"),
            "retire-active alone": ("retire_active=+0",), "post-active": ("retire_active=+0", "post_active=+0")}
    for zone, (way, timers) in zip(zones, ways.items()):
        keys = Keys(lab, zone)
        keys.roll()
        keys.set(("C", *ACTIVE))
        if way == "retire alone":
            code, text = lab.keymgr(zone, "set", keys.ids["c"], "retire_active=+0", "retire=+20Y")
            facts["keymgr exits with 0 for a unit in upper case"] = code == 0 and "invalid timestamp" in text
            keys.set(("c", "retire_active=0"))
            for timers_refused in (("publish=0",), ("retire_active=+0", "remove=+1y")):
                facts[f"keymgr refuses {' '.join(timers_refused)}"] = \
                    lab.keymgr(zone, "set", keys.ids["c"], *timers_refused)[0] == 1
        keys.set(("c", *timers))
        facts[f"{way}: the key goes"] = lab.becomes(zone, keys.ids["c"], "gone", 3 * HELD)
    return facts


@scenario(later=LATER, **OLD_ALGORITHM, **SHORT)
def algorithm_left_alone(lab, zone):
    """Knot's own way, without a hold: DNSKEY after delay and zone TTL, CDS after delay and DNSKEY TTL."""
    keys = Keys(lab, zone)
    keys.change()
    wait_until(lambda: keys.states()["K"] == "ready", 2 * (2 * DELAY + TTL + TTL), f"{zone}: the new KSK is ready")
    keys.lab.load(zone)
    facts = {"the old ZSK is retire-active then": keys.states()["z"] == "retire-active"}
    return {**facts, **keys.walk(("taken over late", [("K", *ACTIVE), ("z", *ACTIVE)], ("KZkz", "Kk", "Zz", ""), True))}


# Who confirms

@scenario(zones=3, submission={"timeout": 3})
def confirmed(lab, zone, back, plain):
    """Knot's own confirmation retires an active key: one that is aside stays."""
    facts, keys = {}, {}
    for one in (zone, back, plain):
        keys[one] = Keys(lab, one)
        keys[one].roll()
        keys[one].set(("K", *ACTIVE))
    keys[zone].set(("k", *ASIDE), ("K", *READY))
    keys[back].set(("K", *ASIDE), ("k", *READY))
    keys[plain].set(("K", *READY))
    facts["an active old key goes"] = lab.becomes(plain, keys[plain].ids["k"], "gone", 10)
    for one, ready, what in ((zone, "K", "signal"), (back, "k", "rollback")):
        facts[f"{what}: the key is confirmed"] = lab.becomes(one, keys[one].ids[ready], "active", 10)
        facts[f"{what}: the other one stays"] = keys[one].seen() == ("Kkz", "Kk", "z", "") and keys[one].holds()
    return facts


@scenario(submission={"parent": "parent", "check-interval": 1}, single_type_signing=True, **SHORT)
def confirmed_csk(lab, zone):
    """The same for a CSK, of a parent that has the DS."""
    keys = Keys(lab, zone)
    keys.roll()
    lab.put_ds(zone, keys.ids["C"])
    keys.set(("C", *ACTIVE))
    keys.set(("c", *ASIDE), ("C", *READY))
    return {"the key is confirmed": lab.becomes(zone, keys.ids["C"], "active", 10),
            "the old one stays, and signs DNSKEY": keys.seen() == ("Cc", "Cc", "C", "") and keys.holds()}
