# SPDX-License-Identifier: GPL-3.0-or-later
"""What grows: memory, descriptors and threads of knotd and kskrolld from sample to sample, and the store.

knotd lives as long as the run. kskrolld is killed in the first half of it, so each kskrolld begins its samples again. What it loses with
the time is seen in the life that lasts the second half. What a kskrolld takes over from the one before, by the store, is seen
in lives of the same age: the later ones must not be larger.

Memory that comes and goes, for resolvers with an empty cache above all, is as large as a day's loss. So the lowest samples of
windows count, and the slope of a line through them. A slope is growth if it exceeds the bound by three of its own errors.
"""

import collections
import contextlib
import os
import sqlite3
import statistics
import struct

from tests.lab.daemons import children, comm, run
from tests.lab.halt import HERE
from tests.lab.wait import LabError

from . import process

HOUR = 3600
#: Seconds: of a life, or a third of it if that is longer, caches and arenas are still filling.
WARM = 600
#: Seconds of which the lowest sample counts, and the fewest such windows after that time.
WINDOW, WINDOWS = 120, 6
#: The same for resident memory: between two malloc_trim() of kskrolld (TRIM_MS) it rises by ten megabytes, so whole periods count.
TRIM, TRIMS = 600, 3
#: Octets in an hour that are no growth yet: of allocated memory, and of resident memory, which has the gaps between blocks.
USED_HOUR, RSS_HOUR = 0.5e6, 8e6
#: Octets of allocated memory that are no growth yet, of each rollover.
USED_ROLLOVER = 4e3
#: Descriptors in an hour.
FILES_HOUR = 6
#: Octets by which each kskrolld may be larger than the one before.
LIFE = 0.3e6
#: Errors of the slope that are noise. With POWER more of them, 19 of 20 runs notice it.
NOISE, POWER = 3, 1.65
#: In a short run: what is not growth from the second third to the last.
RSS_SHARE, RSS_BYTES = 0.10, 4e6
#: Seconds after which the second third must begin for that: before, a kskrolld reads everything and fills its caches.
FILLED = 20
#: Threads that kskrolld always needs: its loop, the one of the control socket, the resolver's (which comes with the
#: first question after a reload). A resolver with an empty cache, for checks with validation, may be one more.
THREADS = 3
#: Threads for control connections that knotd makes and ends as it needs them (CTL_MAX_CONCURRENT).
CONTROL_THREADS = 8
#: Sockets of questions that are under way when a sample is taken.
DESCRIPTORS = 8
#: Its process that runs keymgr.
BROKER = "kskroll-keys"
#: Fewest lives that are compared.
LIVES = 4
#: Seconds: of a life, the lowest sample from this age on counts, up to that of the shortest life that is compared.
GROWN, AGED = 30, 90
#: Events of one kind that the store keeps of a zone, and of a delegation (STORE_HISTORY, STORE_DELEGATION_HISTORY).
HISTORY = {"history": 1000, "delegation_history": 200}
#: Octets of the store: of each row with its indexes, and of an empty one with pages that are free.
ROW, EMPTY = 1.2e3, 2e6
#: Octets that SQLite's log may have: it is written back from 4 MB on, unless another client reads.
WAL = 32e6

Sample = collections.namedtuple("Sample", "age rss used files threads")
#: Slope of a line, and its standard error.
Trend = collections.namedtuple("Trend", "slope error")


def counting(directory):
    """Environment of a knotd that counts its allocated memory, as its kskrolld does (malloc_use.c), and where the numbers are."""
    library, numbers = os.path.join(directory, "malloc_use.so"), os.path.join(directory, "malloc-use")
    done = run(["gcc", "-O2", "-g", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, os.path.join(HERE, "malloc_use.c")])
    if done.returncode != 0:
        raise LabError(done.stderr)
    os.mkdir(numbers)
    os.chmod(numbers, 0o777)
    return {"LD_PRELOAD": library, "MALLOC_USE": numbers}, numbers


def lows(samples, value, window=WINDOW):
    """(Age, least value) of each whole window."""
    found = collections.defaultdict(list)
    for one in samples:
        found[(one.age - samples[0].age) // window].append(value(one))
    whole = (samples[-1].age - samples[0].age) // window
    return [(number * window, min(values)) for number, values in sorted(found.items()) if number < whole]


def trend(points):
    """Theil-Sen: the median of the slopes between all points. The error is that of the residuals, by their median."""
    slope = statistics.median((b[1] - a[1]) / (b[0] - a[0]) for at, a in enumerate(points) for b in points[at + 1:])
    rest = [y - slope * x for x, y in points]
    middle, mean = statistics.median(rest), statistics.mean(x for x, _ in points)
    spread = 1.4826 * statistics.median(abs(one - middle) for one in rest)
    return Trend(slope, spread / sum((x - mean) ** 2 for x, _ in points) ** 0.5)


def grows(found, bound):
    """Whether it is more than the bound, and more than noise."""
    return found.slope - NOISE * found.error > bound


def noticed(found, bound):
    """The slope that 19 of 20 runs with that noise notice."""
    return bound + (NOISE + POWER) * found.error


class Growth:
    """Samples of a knotd, of each kskrolld of it, and of the store at that path. \\a numbers: of counting(), if there is any."""

    def __init__(self, knotd, store, numbers=None):
        self._store, self._numbers = store, numbers
        self.knotd = knotd
        self.server, self.lives, self.store = [], [], []

    def life(self):
        """The samples that follow are of another kskrolld."""
        self.lives.append([])

    def sample(self, kskrolld, now, age):
        """Samples both processes. The broker counts with kskrolld, programs that it runs do not."""
        self.server.append(self._sample((self.knotd,), now))
        own = (kskrolld, *(pid for pid in children(kskrolld) if comm(pid) == BROKER))
        self.lives[-1].append(self._sample(own, age))
        self.store.append(sum(map(_size, (self._store, self._store + "-wal"))))

    def _sample(self, pids, age):
        return Sample(age, process.rss(pids), sum(map(self._used, pids)), process.descriptors(pids), process.threads(pids).total())

    def _used(self, pid):
        with contextlib.suppress(OSError, struct.error, TypeError):
            with open(os.path.join(self._numbers, str(pid)), "rb") as file:
                return struct.unpack("=q", file.read(8))[0]
        return 0

    def said(self):
        """A line for whoever waits."""
        parts = [f"{name} {one.rss / 1e6:.1f} MB with {one.used / 1e6:.2f} allocated, {one.files} descriptors, {one.threads} threads"
                 for name, one in (("knotd", self.server[-1]), ("kskrolld", self.lives[-1][-1]))]
        return f"{self.server[-1].age:.0f} s: {'; '.join(parts)}; store {self.store[-1] / 1e6:.1f} MB"

    def judge(self, rollovers=0):
        """AssertionError if anything grew. \\a rollovers: of all zones, in the whole time."""
        found = self.found(rollovers)
        assert not found, "; ".join(found)

    def found(self, rollovers=0):
        """Says what there is, and returns what grew."""
        a_second = rollovers / self.server[-1].age if self.server and self.server[-1].age else 0
        life = self.lives[-1] if self.lives else []
        last = f"kskrolld, the last of {len(self.lives)}"
        wrong = [*_flat("knotd", self.server, CONTROL_THREADS), *_slow("knotd", self.server, a_second),
                 *_flat(last, life, 0), *_slow(last, life, a_second), *_lives(self.lives[1:])]
        if len(life) >= 9 and max(threads := [one.threads for one in _thirds(life)[2]]) < THREADS:
            wrong.append(f"threads of kskrolld that are gone: {threads}")
        return wrong

    def judge_store(self, rows):
        """AssertionError if the store keeps more than it should. \\a rows: table -> the most rows that it may have."""
        sizes = [self.store[at] / 1e6 for at in (0, len(self.store) // 2, -1)]
        with contextlib.closing(sqlite3.connect(f"file:{self._store}?mode=ro", uri=True, timeout=30)) as database:
            longest = {table: next(database.execute(
                f"SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM {table} GROUP BY {key}, from_state = to_state)"))[0]
                for table, key in (("history", "zone"), ("delegation_history", "zone, name"))}
            counts = {table: next(database.execute(f"SELECT count(*) FROM {table}"))[0] for table in rows}
        print(f"store {' -> '.join(f'{one:.1f}' for one in sizes)} MB, its log {_size(self._store + '-wal') / 1e6:.1f} MB; "
              f"rows: {counts}; longest: {longest}")
        assert all(longest[table] <= most for table, most in HISTORY.items()), f"history is not bounded: {longest}"
        assert all(counts[table] <= most for table, most in rows.items()), f"rows that nobody needs: {counts}, at most {rows}"
        assert _size(self._store + "-wal") <= WAL, "the log of the store is not written back"
        size, most = _size(self._store), EMPTY + ROW * sum(counts.values())
        assert size <= most, f"the store has {size / 1e6:.1f} MB, at most {most / 1e6:.1f} with {counts}"


def _size(path):
    with contextlib.suppress(FileNotFoundError):
        return os.path.getsize(path)
    return 0


def _thirds(samples):
    third = len(samples) // 3
    return [samples[:third], samples[third:2 * third], samples[-third:]]


def _flat(name, samples, threads_more):
    """What grew much from the second third to the last; the first is for warming up."""
    if len(samples) < 9:
        return [f"only {len(samples)} samples of {name}"]
    _, *parts = _thirds(samples)
    memory = [statistics.median(one.rss for one in part) for part in parts]
    files = [min(one.files for one in part) for part in parts]
    # One thread too many that stays is in every sample of the last third.
    usual, least = statistics.median_high(one.threads for one in parts[0]), min(one.threads for one in parts[1])
    print(f"{name}: memory {memory[0] / 1e6:.1f} -> {memory[1] / 1e6:.1f} MB, descriptors {files[0]} -> {files[1]}, "
          f"threads {usual} -> {least}")
    wrong = []
    if parts[0][0].age < FILLED:
        print(f"{name}: {samples[-1].age:.0f} s are too short to judge memory at all")
    elif memory[1] > memory[0] * (1 + RSS_SHARE) + RSS_BYTES:
        wrong.append(f"memory of {name} grows: {memory}")
    if files[1] > files[0] + DESCRIPTORS:
        wrong.append(f"descriptors of {name} grow: {files}")
    if least > usual + threads_more:
        wrong.append(f"threads of {name} that have not ended: {usual} {least}")
    return wrong


def _slow(name, samples, rollovers):
    """What grew slowly. \\a rollovers: in a second."""
    grown = [one for one in samples if one.age >= samples[0].age + max(WARM, (samples[-1].age - samples[0].age) / 3)]
    if not grown or grown[-1].age - grown[0].age < WINDOW * WINDOWS:
        print(f"{name}: {samples[-1].age - samples[0].age if samples else 0:.0f} s are too short to see a slow loss of memory or descriptors")
        return []
    # A life of knotd that was not counted, or of a sanitizer, has none allocated.
    kinds = [("descriptors", lambda one: one.files, FILES_HOUR, 1, "", WINDOW)]
    if all(one.used for one in grown):
        kinds.append(("allocated memory", lambda one: one.used, USED_HOUR, 1e6, " MB", WINDOW))
    if grown[-1].age - grown[0].age >= TRIM * TRIMS:
        kinds.append(("resident memory", lambda one: one.rss, RSS_HOUR, 1e6, " MB", TRIM))
    wrong = []
    for kind, value, bound, unit, text, window in kinds:
        slope = trend(lows(grown, value, window))
        hourly = Trend(*(one * HOUR / unit for one in slope))
        line = f"{name}: {kind} {hourly.slope:+.2f} +- {hourly.error:.2f}{text} an hour, from {noticed(hourly, bound / unit):.1f} on it is noticed"
        each = kind.startswith("allocated") and rollovers > 0
        if each:
            line += f"; {slope.slope / rollovers:+.0f} octets each rollover"
        print(line)
        if grows(slope, bound / HOUR) or each and grows(slope, USED_ROLLOVER * rollovers):
            wrong.append(f"it grows: {line}")
    return wrong


def _lives(lives):
    """What grew from one life to the next, at the same age. The first one, which began with an empty store, is not among them."""
    lives = [(number, life) for number, life in enumerate(lives) if life and life[-1].age >= AGED]
    if len(lives) < LIVES:
        print(f"kskrolld: {len(lives)} lives are too few to compare them")
        return []
    counted = all(one.used for _, life in lives for one in life if one.age >= GROWN)
    until = min(life[-1].age for _, life in lives)
    points = [(number, min(one.used if counted else one.rss for one in life if GROWN <= one.age <= until)) for number, life in lives]
    found = trend(points)
    line = (f"kskrolld at the same age, {GROWN} to {until:.0f} s, {len(points)} lives: {'allocated' if counted else 'resident'} memory "
            f"{found.slope / 1e6:+.2f} +- {found.error / 1e6:.2f} MB each, from {noticed(found, LIFE) / 1e6:.1f} on it is noticed")
    print(line)
    return [f"each is larger than the last: {line}"] if grows(found, LIFE) else []
