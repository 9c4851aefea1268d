#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache model of the lab, with histories that no server had to serve: test_cache_model.py SOURCE"""

import hashlib
import sys
import unittest

sys.path.insert(0, sys.argv[1])

from tests.lab.cache_model import (DATA, DS, KEYS, LIBERAL, STRICT_DS, STRICT_KEY, VALIDATORS, CacheModel, Ds, Key, Keys,  # noqa: E402
                                   broken_for)

ZONE = "example.test."
DS_TTL, KEY_TTL, DATA_TTL = 20, 10, 10
#: Of a denial, which is what the observer asks for; other data of the same version has DATA_TTL.
DENIAL_TTL = 5
#: Seconds between two questions.
EVERY = 0.5
ALL = set(VALIDATORS)


def key(name, tag, algorithm=13):
    """A key that is known by its name."""
    return Key(tag, algorithm, frozenset((kind, hashlib.sha256(f"{name} {kind}".encode()).digest()) for kind in (1, 2, 4)))


def ds(*keys, digest_type=2):
    """The DS RRset of the keys."""
    return frozenset(Ds(one.tag, one.algorithm, digest_type, dict(one.digests).get(digest_type, b"")) for one in keys)


def pair(one):
    """How a signature names the key."""
    return one.tag, one.algorithm


def keys(published, signed):
    """The DNSKEY RRset and who signs it."""
    return Keys(frozenset(published), frozenset(map(pair, signed)))


def data(*signed):
    """An answer of two RRsets that the same keys sign."""
    return frozenset({frozenset(map(pair, signed))})


OLD, NEW = key("old", 1), key("new", 2)
ZSK = key("zsk", 3)
RSA, RSA_ZSK = key("rsa", 4, 8), key("rsa zsk", 5, 8)


class World:
    """Servers and a parent that serve values from one time to another."""

    def __init__(self, rate=1):
        self.rate = rate
        self.model = CacheModel(DATA_TTL, rate)
        self._answers = []

    def serves(self, kind, server, *phases, every=EVERY):
        """\\a phases: (from, to, value), in seconds; the times of the questions are inside."""
        ttl = {DS: DS_TTL, KEYS: KEY_TTL, DATA: DENIAL_TTL}[kind]
        for begin, end, value in phases:
            now = begin
            while now < end:
                self._answers.append(((now + 0.01) / self.rate, ZONE, kind, server, value, ttl, now / self.rate))
                now += every

    def feed(self):
        """Gives all answers to the model, in the order of their arrival."""
        for arrived, *answer in sorted(self._answers, key=lambda answer: answer[0]):
            self.model.saw(*answer, arrived)
        self._answers.clear()

    def broken(self):
        """Validator -> (first, last) second at which some cache can have something broken."""
        found = {}
        self.feed()
        for validator in VALIDATORS:
            breaks = self.model.breaks(validator)
            if breaks:
                found[validator] = (min(entry.start for entry in breaks) * self.rate, max(entry.end for entry in breaks) * self.rate)
        return found


class Verdicts(unittest.TestCase):
    """One combination."""

    def check(self, expected, records, published, signed):
        self.assertEqual(broken_for(records, published, signed), set(expected))

    def test_one_chain_is_good(self):
        self.check((), ds(OLD), keys([OLD, ZSK], [OLD]), data(ZSK))

    def test_no_ds_is_insecure_not_broken(self):
        self.check((), frozenset(), keys([], []), data())

    def test_a_ds_that_no_validator_uses_is_none(self):
        self.check((), ds(OLD, digest_type=3), keys([], []), data())
        self.check((), ds(key("odd", 9, 200)), keys([], []), data())

    def test_another_key_of_the_same_tag_is_another_key(self):
        self.check(ALL, ds(OLD), keys([key("twin", OLD.tag), ZSK], [OLD]), data(ZSK))

    def test_the_key_of_the_ds_has_to_sign(self):
        self.check(ALL, ds(OLD), keys([OLD, NEW, ZSK], [NEW]), data(ZSK))

    def test_data_without_signature_or_by_a_key_that_is_not_there(self):
        self.check(ALL, ds(OLD), keys([OLD, ZSK], [OLD]), data())
        self.check(ALL, ds(OLD), keys([OLD, ZSK], [OLD]), data(RSA_ZSK))
        self.check(ALL, ds(OLD), keys([OLD, ZSK], [OLD]), frozenset())

    def test_one_rrset_without_signature_is_enough(self):
        self.check(ALL, ds(OLD), keys([OLD, ZSK], [OLD]), data(ZSK) | data())

    def test_sha1_counts_only_where_nothing_better_is_there(self):
        self.check((), ds(OLD, digest_type=1), keys([OLD, ZSK], [OLD]), data(ZSK))
        wrong = frozenset({Ds(OLD.tag, 13, 2, b"wrong")})
        self.check(ALL, ds(OLD, digest_type=1) | wrong, keys([OLD, ZSK], [OLD]), data(ZSK))

    def test_each_algorithm_of_the_ds(self):
        both = keys([OLD, ZSK, RSA, RSA_ZSK], [OLD, RSA])
        self.check((), ds(OLD, RSA), both, data(ZSK, RSA_ZSK))
        self.check({STRICT_DS, STRICT_KEY}, ds(OLD, RSA), both, data(ZSK))
        self.check({STRICT_DS}, ds(OLD, RSA), keys([OLD, ZSK], [OLD]), data(ZSK))
        self.check({STRICT_DS}, ds(OLD, RSA), keys([OLD, ZSK, RSA, RSA_ZSK], [OLD]), data(ZSK, RSA_ZSK))

    def test_each_algorithm_of_the_dnskey(self):
        self.check({STRICT_KEY}, ds(OLD), keys([OLD, ZSK, RSA, RSA_ZSK], [OLD, RSA]), data(ZSK))
        self.check((), ds(OLD), keys([OLD, ZSK, key("odd", 9, 200)], [OLD]), data(ZSK))


class Times(unittest.TestCase):
    """What counts as served, and as cached."""

    def swap(self, removed, rate=1, late=None):
        """The old key goes at that time, in seconds after the DS swap at 10."""
        world = World(rate)
        world.serves(DS, "parent", (0, 10, ds(OLD)), (10, 80, ds(NEW)))
        world.serves(KEYS, "a", (0, 10 + removed, keys([OLD, NEW, ZSK], [OLD, NEW])), (10 + removed, 80, keys([NEW, ZSK], [NEW])))
        world.serves(DATA, "a", (0, 80, data(ZSK)))
        return world.broken()

    def test_the_old_key_goes_when_the_old_ds_has_expired(self):
        self.assertEqual(self.swap(DS_TTL), {})

    def test_the_old_key_goes_a_second_too_early(self):
        broken = self.swap(DS_TTL - 1)
        self.assertEqual(set(broken), ALL)
        begin, end = broken[LIBERAL]
        self.assertAlmostEqual(begin, 29.01, delta=0.01)
        self.assertAlmostEqual(end, 9.5 + DS_TTL, delta=0.01)

    def test_ttls_expire_as_fast_as_the_clock_goes(self):
        self.assertEqual(self.swap(DS_TTL, rate=60), {})
        self.assertEqual(set(self.swap(DS_TTL - 1, rate=60)), ALL)

    def test_a_silent_server_serves_nothing(self):
        for seen, broken in (((0, 5), (27, 40)), set()), (((0, 5), (16, 16.5), (27, 40)), ALL), (((0, 40),), ALL):
            world = World()
            world.serves(DS, "parent", (0, 40, ds(OLD)))
            world.serves(KEYS, "a", *((begin, end, keys([OLD, ZSK], [OLD])) for begin, end in seen))
            world.serves(DATA, "b", (15.5, 16, data(NEW)), (27, 40, data(ZSK)))
            self.assertEqual(set(world.broken()), broken, seen)

    def test_every_server_counts(self):
        world = World()
        world.serves(DS, "parent a", (0, 80, ds(OLD)))
        world.serves(DS, "parent b", (0, 20, ds(OLD)), (20, 80, ds(NEW)))
        world.serves(KEYS, "a", (0, 80, keys([OLD, ZSK], [OLD])))
        world.serves(DATA, "a", (0, 80, data(ZSK)))
        self.assertEqual({validator: round(begin) for validator, (begin, _) in world.broken().items()}, dict.fromkeys(ALL, 20))

    def test_what_no_honest_server_answers_is_excused_by_name(self):
        world = World()
        world.serves(DS, "parent", (0, 80, ds(OLD)))
        world.serves(KEYS, "a", (0, 80, keys([OLD, ZSK], [OLD])))
        world.serves(DATA, "a", (0, 80, data(ZSK)))
        world.serves(DATA, "liar", (10, 20, data()))
        with world.model.excused("liar", "it strips signatures"):
            self.assertEqual(world.broken(), {})
        world.serves(DATA, "b", (80, 90, data()))
        self.assertEqual(set(world.broken()), ALL)
        with self.assertRaisesRegex(AssertionError, "data signed by none"):
            world.model.assert_never_broken()
        world.model.assert_never_broken(VALIDATORS, since=79)
        with self.assertRaises(AssertionError):
            world.model.assert_never_broken(VALIDATORS, since=81)
        with self.assertRaises(AssertionError):
            world.model.assert_never_broken({LIBERAL}, since=79)

    def test_memory_is_bounded(self):
        world, one, two = World(), ds(OLD), ds(OLD, NEW)
        world.serves(KEYS, "a", (0, 2000, keys([OLD, ZSK], [OLD])))
        world.serves(DATA, "a", (0, 2000, data(ZSK)))
        for number in range(400):
            begin = number * 5
            world.serves(DS, "parent", (begin, begin + 2.5, one), (begin + 2.5, begin + 5, two))
        self.assertEqual(world.broken(), {})
        self.assertLess(sum(map(len, world.model._variants.values())), 40)


class Rollovers(unittest.TestCase):
    """What Knot does by itself, with its servers in sync or one of them stuck."""

    def algorithm(self, stuck=None, swap=40, submitted=62, both=False):
        """From RSA to ECDSA in Knot's order. \\a stuck: from, to: a server keeps what it has. \\a both: the old DS stays."""
        world = World()
        key_phases = [(0, 12, keys([RSA, RSA_ZSK], [RSA])), (12, submitted, keys([RSA, RSA_ZSK, NEW, ZSK], [RSA, NEW])),
                      (submitted, 130, keys([NEW, ZSK], [NEW]))]
        data_phases = [(0, 1, data(RSA_ZSK)), (1, submitted + 12, data(RSA_ZSK, ZSK)), (submitted + 12, 130, data(ZSK))]
        world.serves(DS, "parent", (0, swap, ds(RSA)), (swap, 130, ds(RSA, NEW) if both else ds(NEW)))
        for server in ("a", "b"):
            hold = stuck if server == "b" else None
            world.serves(KEYS, server, *held(key_phases, hold))
            world.serves(DATA, server, *held(data_phases, hold))
        return world.broken()

    def csk(self, stuck=None, swap=40, submitted=62):
        """A single key is replaced in Knot's order: at the confirmation all signatures move at once."""
        world = World()
        key_phases = [(0, 1, keys([OLD], [OLD])), (1, submitted, keys([OLD, NEW], [OLD, NEW])),
                      (submitted, submitted + 12, keys([OLD, NEW], [NEW])), (submitted + 12, 130, keys([NEW], [NEW]))]
        data_phases = [(0, submitted, data(OLD)), (submitted, 130, data(NEW))]
        world.serves(DS, "parent", (0, swap, ds(OLD)), (swap, 130, ds(NEW)))
        for server in ("a", "b"):
            hold = stuck if server == "b" else None
            world.serves(KEYS, server, *held(key_phases, hold))
            world.serves(DATA, server, *held(data_phases, hold))
        return world.broken()

    def test_in_sync_and_with_the_ds_ttl_never(self):
        self.assertEqual(self.algorithm(), {})
        self.assertEqual(self.csk(), {})

    def test_confirmed_at_the_swap_for_one_ds_ttl(self):
        for broken in (self.algorithm(submitted=40), self.csk(submitted=40)):
            self.assertEqual(set(broken), ALL)
            for begin, end in broken.values():
                self.assertAlmostEqual(begin, 40, delta=EVERY)
                self.assertAlmostEqual(end, 40 + DS_TTL, delta=EVERY)

    def test_csk_with_a_server_stuck_after_the_swap_without_end(self):
        broken = self.csk(stuck=(45, 130))
        self.assertEqual(set(broken), ALL)
        for begin, end in broken.values():
            self.assertAlmostEqual(begin, 62 + 12, delta=EVERY)  # the removal of the old DNSKEY
            self.assertGreater(end, 130)

    def test_algorithm_with_a_server_stale_from_before_double_signing(self):
        broken = self.algorithm(stuck=(0.5, 39), swap=200, submitted=200)
        self.assertEqual(set(broken), {STRICT_KEY})
        begin, end = broken[STRICT_KEY]
        self.assertAlmostEqual(begin, 12, delta=EVERY)  # the new DNSKEY
        self.assertAlmostEqual(end, 39 + DATA_TTL, delta=2 * EVERY)

    def test_algorithm_with_the_old_ds_kept_beside_the_new(self):
        broken = self.algorithm(both=True)
        self.assertEqual(set(broken), {STRICT_DS})
        begin, end = broken[STRICT_DS]
        self.assertAlmostEqual(begin, 62, delta=EVERY)  # the removal of the old DNSKEY
        self.assertGreater(end, 130)

    def test_algorithm_with_a_server_stuck_after_the_swap(self):
        broken = self.algorithm(stuck=(45, 130))
        self.assertEqual(set(broken), {STRICT_KEY})
        begin, end = broken[STRICT_KEY]
        self.assertAlmostEqual(begin, 62 + 12, delta=EVERY)  # the old signatures are gone
        self.assertGreater(end, 130)


def held(phases, stuck):
    """The phases of a server that keeps from one time to another what it has."""
    if not stuck:
        return phases
    begin, end = stuck
    kept = next(value for start, until, value in phases if start <= begin < until)
    return [(start, min(until, begin), value) for start, until, value in phases if start < begin] + [(begin, end, kept)] + \
        [(max(start, end), until, value) for start, until, value in phases if until > end]


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
