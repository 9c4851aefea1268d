# SPDX-License-Identifier: GPL-3.0-or-later
"""A minute of hostile input for everything that reads bytes of others (tests/fuzz)."""

import os

from tests.fuzz import run

from .marks import bound, long_test, usual_knot

#: Of the seven targets together.
SECONDS = 60


@long_test
@usual_knot("the fuzzers do not depend on it, and need clang in its environment")
@bound(300)
def test_a_minute_of_hostile_input(directory):
    build = os.environ["KSKROLL_FUZZ"]
    each = SECONDS // len(run.targets(build, []))
    assert run.main([build, directory, str(each)]) == 0, f"see {directory}"
