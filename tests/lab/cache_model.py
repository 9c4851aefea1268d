# SPDX-License-Identifier: GPL-3.0-or-later
"""Which validators could fail, judged by every combination of DS, DNSKEY and signatures that some cache can hold at one moment.

The resolvers of the lab show a few caches. A cache that asked at another moment, or another server, may hold another combination.
Three validators are judged:

    liberal    one good path is enough (RFC 6840 5.11)
    strictDS   every algorithm of the DS RRset needs a path: a key of the DS RRset that is in the DNSKEY RRset and signs it, and a
               signature over the data. This is the second demand of RFC 4035 2.2, and unbound with `harden-algo-downgrade: yes`.
    strictKEY  one good path to the DNSKEY RRset, and every algorithm of that RRset signs the data. This is the first demand of
               RFC 4035 2.2. The DNSKEY RRset itself needs the algorithms of the DS RRset only, which strictDS judges.

A report is certain: a value counts as served from the arrival of its first answer until the last question that it answered was sent,
and as cached for its TTL after that. An error or no answer is no value. An empty DS RRset is insecure, not broken.

The model has limits. It goes by key tag and algorithm of a signature, and verifies none. A corrupted or expired signature counts as
good, and so does that of another key of the same tag. The resolvers of the lab verify. It judges the servers that the observer asks,
and expects the parent to be good.
"""

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import NamedTuple

LIBERAL = "liberal"
STRICT_DS = "strictDS"
STRICT_KEY = "strictKEY"
VALIDATORS = (LIBERAL, STRICT_DS, STRICT_KEY)

DS = "DS"
KEYS = "DNSKEY"
DATA = "data"
KINDS = (DS, KEYS, DATA)

#: Validators ignore a DS, and a DNSKEY, of other algorithms and digest types.
ALGORITHMS = {5, 7, 8, 10, 13, 14, 15, 16}
DIGESTS = {1, 2, 4}
SHA1 = 1

#: A server that gave the same answer twice within this many seconds had it all the time.
STEADY = 1.0
#: What no cache holds any longer is judged and removed so often, in seconds.
TIDY_EVERY = 20
#: No answer arrives so many seconds after its question was sent.
LATE = 10


class Ds(NamedTuple):
    """A DS record."""
    tag: int
    algorithm: int
    digest_type: int
    digest: bytes


class Key(NamedTuple):
    """A DNSKEY record that is a zone key. \\a digests: (digest type, digest) of its DS records; they identify the key."""
    tag: int
    algorithm: int
    digests: frozenset


class Keys(NamedTuple):
    """The DNSKEY RRset, and the (tag, algorithm) of its signatures."""
    keys: frozenset
    signed: frozenset


def usable(records):
    """The DS records that a validator uses: RFC 4509 3 leaves SHA-1 out where a better digest is there."""
    known = [ds for ds in records if ds.algorithm in ALGORITHMS and ds.digest_type in DIGESTS]
    return [ds for ds in known if ds.digest_type != SHA1] or known


def broken_for(records, keys, data):
    """The validators that fail with this combination.

    \\a records: set of Ds. \\a keys: Keys. \\a data: for each RRset of an answer, the (tag, algorithm) of its signatures.
    """
    used = usable(records)
    if not used:
        return frozenset()
    signing = {(key.tag, key.algorithm) for key in keys.keys}
    trusted = {ds.algorithm for ds in used for key in keys.keys
               if (ds.tag, ds.algorithm) == (key.tag, key.algorithm) and (ds.digest_type, ds.digest) in key.digests
               and (key.tag, key.algorithm) in keys.signed}
    # The algorithms that are good for all RRsets; an RRset without any good signature makes the answer bogus.
    good = [{algorithm for tag, algorithm in signed if (tag, algorithm) in signing} for signed in data]
    common = set.intersection(*good) if good else set()
    found = set()
    if not trusted or not good or not all(good):
        found |= {LIBERAL, STRICT_KEY}
    if any(ds.algorithm not in trusted or ds.algorithm not in common for ds in used):
        found.add(STRICT_DS)
    if not {key.algorithm for key in keys.keys if key.algorithm in ALGORITHMS} <= common:
        found.add(STRICT_KEY)
    return frozenset(found)


@dataclass(eq=False)
class Variant:
    """A value that caches can hold: served by one server from `start` to `last`, cached until `end`. Times: monotonic seconds."""
    value: object
    server: str
    start: float
    last: float
    end: float


@dataclass
class Break:
    """A combination that is broken for some validators, and when a cache can have it."""
    zone: str
    validators: frozenset
    start: float
    end: float
    variants: tuple = field(repr=False)

    def text(self, origin):
        """One line; times are seconds after \\a origin."""
        ds, keys, data = self.variants
        signed = sorted({pair for rrset in data.value for pair in rrset})
        return (f"{self.zone} {'+'.join(name for name in VALIDATORS if name in self.validators)}"
                f" from {self.start - origin:.1f} to {self.end - origin:.1f} s: "
                f"DS {_pairs(ds.value)} ({_span(ds, origin)}), "
                f"DNSKEY {_pairs(keys.value.keys)} signed by {_pairs(keys.value.signed)} ({_span(keys, origin)}), "
                f"data signed by {_pairs(signed)} ({_span(data, origin)})")


class CacheModel:
    """Collects what servers answer and judges what caches can make of it. Answers come in the order of their arrival. May be used by several threads."""

    def __init__(self, data_ttl, rate=1):
        """\\a data_ttl: TTL of the data in seconds, if answers have no higher one. \\a rate: TTLs expire so many times as fast."""
        self._data_ttl, self._rate = data_ttl, rate
        self._variants = {}  # (zone, kind) -> variants in the order of their start
        self._current = {}   # (zone, kind, server) -> the variant of its last answer
        self._breaks = {}
        self._verdicts = {}
        self._excused = {}
        self._lock = threading.RLock()
        self._tidied = self.origin = None

    def saw(self, zone, kind, server, value, ttl, sent, arrived):
        """An answer. \\a kind: one of KINDS. \\a ttl: seconds. \\a sent, \\a arrived: monotonic times of question and answer."""
        with self._lock:
            if self.origin is None:
                self._tidied = self.origin = arrived
            if sent <= self._excused.get(server, (0, ""))[0]:
                return
            if kind == DATA:
                ttl = max(ttl, self._data_ttl)
            end = sent + ttl / self._rate
            current = self._current.get((zone, kind, server))
            if current and current.value == value and sent <= max(current.end, current.last + STEADY):
                current.last, current.end = sent, max(current.end, end)
            else:
                current = Variant(value, server, arrived, max(sent, arrived), max(end, arrived))
                self._current[zone, kind, server] = current
                self._variants.setdefault((zone, kind), []).append(current)
            if arrived - self._tidied > TIDY_EVERY:
                self._tidy(arrived)

    def has_seen(self, zone):
        """Whether there is something to judge."""
        with self._lock:
            return all((zone, kind) in self._variants for kind in KINDS)

    @contextlib.contextmanager
    def excused(self, server, reason):
        """What this server answers meanwhile is not judged, since no honest server would answer that."""
        assert reason
        with self._lock:
            self._excused[server] = float("inf"), reason
        try:
            yield
        finally:
            with self._lock:
                self._excused[server] = time.monotonic(), reason

    def breaks(self, validator=None, zone=None):
        """Every combination so far that is broken (for that validator, in that zone), the first that was possible first."""
        with self._lock:
            for name in {name for name, _ in self._variants}:
                self._judge(name)
            found = [entry for entry in self._breaks.values()
                     if (validator is None or validator in entry.validators) and zone in (None, entry.zone)]
        return sorted(found, key=lambda entry: (entry.start, entry.end))

    def assert_never_broken(self, but=(), since=float("inf")):
        """AssertionError with the first breaks, if there are any. \\a but: validators that may fail after \\a since (monotonic time)."""
        found = [entry for entry in self.breaks() if entry.start < since or entry.validators - set(but)]
        assert not found, (f"caches can hold {len(found)} combinations that are broken: "
                           + "; ".join(entry.text(self.origin) for entry in found[:5]))

    def _judge(self, zone):
        every, keys, data = (self._variants.get((zone, kind), ()) for kind in KINDS)
        for one in every:
            for two in keys:
                start, end = max(one.start, two.start), min(one.end, two.end)
                if start > end:
                    continue
                for three in data:
                    begin, until = max(start, three.start), min(end, three.end)
                    if begin <= until:
                        validators = self._verdict(one.value, two.value, three.value)
                        if validators:
                            self._note(zone, validators, begin, until, (one, two, three))

    def _verdict(self, *values):
        if values not in self._verdicts:
            self._verdicts[values] = broken_for(*values)
        return self._verdicts[values]

    def _note(self, zone, validators, start, end, variants):
        key = (zone, *(variant.value for variant in variants))
        known = self._breaks.get(key)
        if known is None:
            self._breaks[key] = Break(zone, validators, start, end, variants)
        else:
            known.start, known.end = min(known.start, start), max(known.end, end)

    def _tidy(self, now):
        """What ended is in no combination with an answer that is still to come, so it is judged for the last time."""
        self._tidied = now
        for zone in {zone for zone, _ in self._variants}:
            self._judge(zone)
        for variants in self._variants.values():
            variants[:] = [variant for variant in variants if variant.end >= now - LATE]
        self._verdicts.clear()


def _pairs(values):
    return "+".join(f"{value[0]}/{value[1]}" for value in sorted(values, key=lambda value: value[:2])) or "none"


def _span(variant, origin):
    return f"{variant.server} {variant.start - origin:.1f} to {variant.last - origin:.1f}, cached to {variant.end - origin:.1f}"
