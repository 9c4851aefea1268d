#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each of these programs, unit tests of a delegation with a mistake, must find it: delegation_mutants.py PROGRAM..."""

import os
import re
import subprocess
import sys


def main(programs):
    missed = 0
    for program in programs:
        run = subprocess.run([program], capture_output=True, text=True, timeout=60)
        failed = re.findall(r"\[  FAILED  \] (\w+)$", run.stdout + run.stderr, re.MULTILINE)
        # cmocka returns the number of tests that fail; a crash proves nothing.
        caught = 0 < run.returncode < 100 and failed
        print(f"{os.path.basename(program):40} {'caught: ' + failed[0] if caught else f'NOT CAUGHT ({run.returncode})'}", flush=True)
        missed += not caught
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
