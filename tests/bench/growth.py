# SPDX-License-Identifier: GPL-3.0-or-later
"""What grows: memory, descriptors and threads of knotd and kskrolld from sample to sample, and the store.

knotd lives as long as the run. kskrolld is killed in the first half of it, so each kskrolld begins its samples again. What it loses with
the time is seen in the life that lasts the second half. What a kskrolld takes over from the one before, by the store, is seen
in lives of the same age: the later ones must not be larger.
"""

import collections
import contextlib
import os
import sqlite3
import statistics

from tests.lab.daemons import children, comm

from . import process

#: What is not growth: pages that come and go, and arenas that are still filling.
RSS_SHARE, RSS_BYTES = 0.10, 4e6
#: Threads that kskrolld always needs: its loop, the one of the control socket, the resolver's (which comes with the
#: first question after a reload). A resolver with an empty cache, for checks with validation, may be one more.
THREADS = 3
#: Threads for control connections that knotd makes and ends as it needs them (CTL_MAX_CONCURRENT).
CONTROL_THREADS = 8
#: Sockets of questions that are under way when a sample is taken.
DESCRIPTORS = 8
#: Its process that runs keymgr.
BROKER = "kskroll-keys"
#: Lives that tell how large they usually are.
LIVES = 2
#: Seconds of age that are compared with each other, of one life with another.
AGE = 10
#: Events of one kind that the store keeps of a zone, and of a delegation (STORE_HISTORY, STORE_DELEGATION_HISTORY).
HISTORY = {"history": 1000, "delegation_history": 200}
#: Octets that SQLite's log may have: it is written back from 4 MB on, unless somebody reads.
WAL = 32e6

Sample = collections.namedtuple("Sample", "age rss files threads")


class Growth:
    """Samples of a knotd, of each kskrolld of it, and of the store at that path."""

    def __init__(self, knotd, store):
        self._store = store
        self.knotd = knotd
        self.server, self.lives, self.store = [], [], []

    def life(self):
        """The samples that follow are of another kskrolld."""
        self.lives.append([])

    def sample(self, kskrolld, now, age):
        """Samples both processes. The broker counts with kskrolld, programs that it runs do not."""
        self.server.append(_sample((self.knotd,), now))
        own = (kskrolld, *(pid for pid in children(kskrolld) if comm(pid) == BROKER))
        self.lives[-1].append(_sample(own, age))
        self.store.append(sum(map(_size, (self._store, self._store + "-wal"))))

    def said(self):
        """A line for whoever waits."""
        parts = [f"{name} {one.rss / 1e6:.1f} MB, {one.files} descriptors, {one.threads} threads"
                 for name, one in (("knotd", self.server[-1]), ("kskrolld", self.lives[-1][-1]))]
        return f"{self.server[-1].age:.0f} s: {'; '.join(parts)}; store {self.store[-1] / 1e6:.1f} MB"

    def judge(self):
        """AssertionError if anything grew."""
        _flat("knotd", self.server, CONTROL_THREADS)
        _flat(f"kskrolld, the last of {len(self.lives)}", self.lives[-1], 0)
        threads = [one.threads for one in _thirds(self.lives[-1])[2]]
        assert max(threads) >= THREADS, f"threads of kskrolld that are gone: {threads}"
        self._judge_lives()

    def _judge_lives(self):
        """Memory at the same age, of the earlier and of the later lives. The first one began with an empty store, and with idle zones."""
        lives = self.lives[1:]
        half = len(lives) // 2
        at_age = [collections.defaultdict(list), collections.defaultdict(list)]
        for number, life in enumerate(lives):
            for one in life:
                at_age[number >= half][one.age // AGE].append(one.rss)
        # In the first seconds the caches of the resolver are empty, and everything is read.
        ages = sorted(age for age in at_age[0].keys() & at_age[1].keys() if age)
        if half < LIVES or not ages:
            return
        earlier, later = ([statistics.median(found[age]) for age in ages] for found in at_age)
        more = statistics.median(after - before for before, after in zip(earlier, later))
        print(f"kskrolld at the same age, {len(ages)} ages up to {(ages[-1] + 1) * AGE:.0f} s, the last {len(lives) - half} "
              f"against the {half} before: {more / 1e6:+.1f} MB of {statistics.median(earlier) / 1e6:.1f}")
        assert more <= statistics.median(earlier) * RSS_SHARE + RSS_BYTES, f"each kskrolld is larger than the last: {earlier} {later}"

    def judge_store(self, rows):
        """AssertionError if the store keeps more than it should. \\a rows: table -> the most rows that it may have."""
        sizes = [self.store[at] / 1e6 for at in (0, len(self.store) // 2, -1)]
        with contextlib.closing(sqlite3.connect(f"file:{self._store}?mode=ro", uri=True, timeout=30)) as database:
            longest = {table: next(database.execute(
                f"SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM {table} GROUP BY {key}, from_state = to_state)"))[0]
                for table, key in (("history", "zone"), ("delegation_history", "zone, name"))}
            counts = {table: next(database.execute(f"SELECT count(*) FROM {table}"))[0] for table in rows}
        print(f"store {' -> '.join(f'{size:.1f}' for size in sizes)} MB, its log {_size(self._store + '-wal') / 1e6:.1f} MB; "
              f"rows: {counts}; longest: {longest}")
        assert all(longest[table] <= most for table, most in HISTORY.items()), f"history is not bounded: {longest}"
        assert all(counts[table] <= most for table, most in rows.items()), f"rows that nobody needs: {counts}, at most {rows}"
        assert _size(self._store + "-wal") <= WAL, "the log of the store is not written back"


def _sample(pids, age):
    return Sample(age, process.rss(pids), process.descriptors(pids), process.threads(pids).total())


def _size(path):
    with contextlib.suppress(FileNotFoundError):
        return os.path.getsize(path)
    return 0


def _thirds(samples):
    third = len(samples) // 3
    assert third >= 3, f"only {len(samples)} samples"
    return [samples[:third], samples[third:2 * third], samples[-third:]]


def _flat(name, samples, threads_more):
    """AssertionError if something grew from the second third to the last; the first is for warming up."""
    _, *parts = _thirds(samples)
    memory = [statistics.median(one.rss for one in part) for part in parts]
    files = [min(one.files for one in part) for part in parts]
    # One thread too many that stays is in every sample of the last third.
    usual, least = statistics.median_high(one.threads for one in parts[0]), min(one.threads for one in parts[1])
    print(f"{name}: memory {memory[0] / 1e6:.1f} -> {memory[1] / 1e6:.1f} MB, descriptors {files[0]} -> {files[1]}, "
          f"threads {usual} -> {least}")
    assert memory[1] <= memory[0] * (1 + RSS_SHARE) + RSS_BYTES, f"memory of {name} grows: {memory}"
    assert files[1] <= files[0] + DESCRIPTORS, f"descriptors of {name} grow: {files}"
    assert least <= usual + threads_more, f"threads of {name} that have not ended: {usual} {least}"
