#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timelines of worlds do not depend on the number of threads: test_threads.py SIM"""

import subprocess
import sys
import unittest

SIM = sys.argv[1]
SEEDS = "1..210"


def checksum(*options):
    """The checksum that the simulator prints for these worlds."""
    done = subprocess.run([SIM, "--seeds", SEEDS, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=True, timeout=600)
    lines = [line for line in done.stdout.splitlines() if "checksum of these worlds" in line]
    return lines[0].split()[-1]


class Threads(unittest.TestCase):
    def test_one_thread_and_many_have_the_same_worlds(self):
        self.assertEqual(checksum("--threads", "1"), checksum("--threads", "3"))

    def test_with_an_agent_as_every_parent(self):
        agents = checksum("--parent", "agent", "--threads", "1")
        self.assertEqual(agents, checksum("--parent", "agent", "--threads", "3"))
        self.assertNotEqual(agents, checksum("--parent", "plain", "--threads", "3"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
