#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the endurance test calls growth, with series that no server had to make: test_growth.py SOURCE"""

import contextlib
import io
import random
import sys
import unittest

sys.path.insert(0, sys.argv[1])

from tests.bench.growth import HOUR, Growth, Sample, lows, trend  # noqa: E402

#: Each minute of an hour of ./run soak 3600 --zones 200 --delegations 2000 (1 December 2026): resident MB of knotd, and its descriptors.
#: The same of the kskrolld that lived from second 1800 on. malloc_trim() made it smaller every ten minutes.
KNOTD = (
    12.0, 13.3, 13.6, 13.8, 14.2, 16.5, 15.7, 16.4, 18.6, 17.2, 16.2, 17.5, 16.3, 17.6, 17.8, 18.4, 17.3, 18.7, 19.7, 18.5, 18.5, 19.1,
    21.2, 18.8, 18.9, 21.3, 18.9, 19.2, 20.2, 20.8, 20.6, 18.4, 20.3, 20.1, 20.0, 19.2, 19.9, 19.9, 19.9, 19.6, 19.7, 20.2, 21.2, 19.9,
    19.7, 19.2, 20.3, 19.7, 21.5, 19.6, 19.6, 20.8, 19.7, 20.2, 20.1, 19.1, 20.3, 22.7)
KNOTD_FILES = (
    35, 35, 35, 35, 35, 39, 35, 35, 38, 35, 35, 35, 35, 35, 36, 35, 35, 35, 41, 35, 37, 35, 41, 37, 35, 39, 35, 35, 37, 38, 37, 35, 35, 35,
    38, 37, 35, 35, 35, 36, 35, 35, 42, 35, 35, 35, 35, 35, 35, 35, 35, 40, 37, 35, 35, 35, 41, 36)
LAST = (
    51.4, 54.4, 56.9, 62.4, 64.5, 64.6, 66.7, 61.4, 61.5, 61.6, 50.5, 52.2, 52.3, 53.0, 54.2, 54.3, 56.4, 58.3, 58.5, 58.8, 53.3, 53.6,
    55.5, 57.5, 58.2, 58.7, 59.1, 59.7, 59.7)
LAST_FILES = (
    54, 31, 35, 36, 41, 42, 34, 31, 26, 27, 28, 37, 28, 26, 33, 26, 26, 26, 41, 40, 26, 26, 28, 63, 33, 56, 26, 28, 26)
MINUTE = 60
#: Octets of a resolver with an empty cache, and how many there are at most. As in that hour, there is none in about half of the samples.
RESOLVER, RESOLVERS = 6e6, 4
SEEDS = range(20)


def at(series, age):
    """The value of the minute."""
    return series[min(int(age // MINUTE), len(series) - 1)]


class Run:
    """An hour, or less, with the noise of the real one. Losses are in a second of knotd, and of kskrolld."""

    def __init__(self, seed, seconds=3600, knotd=0.0, kskrolld=0.0, files=0.0, life=0.0, counted=True, rollovers=1200):
        self.chance = random.Random(seed)
        self.counted, self._resolvers = counted, []
        growth = Growth(1, "")
        growth.life()
        born, kill = 0, self._next(0)
        for now in range(1, seconds):
            if now > kill and now < seconds / 2:
                growth.life()
                born, kill = now, self._next(now)
            age = now - born
            growth.server.append(self._sample(now, KNOTD, KNOTD_FILES, 17e6, knotd, 0, files if not kskrolld else 0, 0))
            growth.lives[-1].append(self._sample(age, LAST, LAST_FILES, 10e6, kskrolld, life * len(growth.lives), files,
                                                 self._resolvers_now(now)))
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.wrong = growth.found(rollovers * seconds // HOUR)
        self.said = said.getvalue()

    def _next(self, now):
        return now + 180 * self.chance.uniform(0.5, 1.5)

    def _resolvers_now(self, now):
        self._resolvers = [end for end in self._resolvers if end > now]
        if len(self._resolvers) < RESOLVERS and self.chance.random() < 0.015:
            self._resolvers.append(now + self.chance.uniform(2, 80))
        return len(self._resolvers)

    def _sample(self, age, resident, descriptors, used, rate, more, files, resolvers):
        lost = rate * age + more
        warm = 3e6 * (1 - 2 ** (-age / 120))
        used += warm + resolvers * RESOLVER + self.chance.gauss(0, 1e5) + lost
        return Sample(age, at(resident, age) * 1e6 + self.chance.gauss(0, 3e5) + lost, used if self.counted else 0,
                      at(descriptors, age) + self.chance.randrange(3) + int(files * age), 5)


class Hours(unittest.TestCase):
    """What an hour notices, and what not."""

    def share(self, **losses):
        """Part of the runs that something grew in."""
        runs = [Run(seed, **losses) for seed in SEEDS]
        return sum(bool(run.wrong) for run in runs) / len(SEEDS), runs

    def assert_none(self, **losses):
        share, runs = self.share(**losses)
        self.assertEqual(share, 0, next((run.wrong for run in runs if run.wrong), None))

    def assert_all(self, text, **losses):
        _, runs = self.share(**losses)
        for run in runs:
            self.assertTrue(any(text in line for line in run.wrong), (run.wrong, run.said))

    def test_nothing_is_lost(self):
        self.assert_none()

    def test_nothing_is_lost_and_nothing_counted(self):
        self.assert_none(counted=False)

    def test_a_loss_of_two_megabytes_in_an_hour(self):
        self.assert_all("knotd: allocated", knotd=2e6 / HOUR)
        self.assert_all("the last of", kskrolld=2e6 / HOUR)

    def test_the_losses_that_were_once_overlooked(self):
        self.assert_all("knotd: allocated", knotd=5e3)
        self.assert_all("knotd: resident", knotd=5e3, counted=False)
        self.assert_all("the last of", kskrolld=17e3)

    def test_few_rollovers_that_lose_much_each(self):
        share, _ = self.share(knotd=0.45e6 / HOUR, rollovers=10)
        self.assertGreaterEqual(share, 0.9)

    def test_a_descriptor_lost_each_80_seconds(self):
        self.assert_all("descriptors", files=1 / 80)

    def test_each_life_is_larger(self):
        self.assert_all("larger than the last", life=1.5e6)
        self.assert_all("larger than the last", life=1.5e6, counted=False)

    def test_a_short_run_says_what_it_cannot_judge(self):
        for seconds in (24, 120, 480):
            run = Run(1, seconds=seconds)
            self.assertEqual(run.wrong, [])
            self.assertEqual(run.said.count("too short to see a slow loss"), 2)

    def test_half_a_minute_does_not_judge_memory(self):
        run = Run(1, seconds=24, kskrolld=1e6)
        self.assertEqual(run.wrong, [])
        self.assertEqual(run.said.count("too short to judge memory at all"), 2)

    def test_a_short_run_sees_a_gross_loss(self):
        self.assertTrue(any("memory of kskrolld" in line for line in Run(1, seconds=120, kskrolld=1e6).wrong))
        self.assertTrue(any("descriptors of kskrolld" in line for line in Run(1, seconds=120, files=1).wrong))


class Lines(unittest.TestCase):
    """The slope and its error."""

    def test_a_line(self):
        found = trend([(x, 3 * x + 1) for x in range(0, 100, 10)])
        self.assertAlmostEqual(found.slope, 3)
        self.assertAlmostEqual(found.error, 0)

    def test_one_that_is_far_off_counts_little(self):
        points = [(x, 2 * x) for x in range(10)]
        points[5] = (5, 1000)
        self.assertAlmostEqual(trend(points).slope, 2, delta=0.5)

    def test_only_whole_windows(self):
        samples = [Sample(age, 0, 0, age, 0) for age in range(100, 205)]
        self.assertEqual(lows(samples, lambda one: one.files, 50), [(0, 100), (50, 150)])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
