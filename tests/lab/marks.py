# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks for test functions."""

import os

#: Seconds a test may take unless it says otherwise.
USUAL_BOUND = 120


def bound(seconds):
    """The test may take this long."""
    def mark(function):
        function.bound = seconds
        return function
    return mark


def long_test(function):
    """The test runs only with --long."""
    function.long = True
    return function


def old_knot(function):
    """The test is for a Knot DNS that the module only observes, and runs with nothing else."""
    function.old_knot = True
    return function


def needs_knot(version, why):
    """The test is skipped with an older Knot DNS, and the reason is said."""
    def mark(function):
        function.needs_knot = version, why
        return function
    return mark


def usual_knot(why):
    """The test is skipped with another Knot DNS than that of Debian 13, and the reason is said."""
    def mark(function):
        function.usual_knot = why
        return function
    return mark


def needs(missing):
    """The test is skipped where \a missing() says what it lacks, and that is the reason; None: nothing."""
    def mark(function):
        function.missing = missing
        return function
    return mark


def reason_to_skip(function, version):
    """Why the test cannot be run here, with this version of Knot DNS; "" if it can."""
    usual = getattr(function, "usual_knot", "")
    if usual and os.environ.get("KSKROLL_KNOT", "3.4") != "3.4":
        return f"only with Knot DNS 3.4: {usual}"
    lacks = getattr(function, "missing", lambda: None)()
    if lacks:
        return lacks
    needed, why = getattr(function, "needs_knot", ("0", ""))
    return f"needs Knot DNS {needed}: {why}" if _numbers(version) < _numbers(needed) else ""


def _numbers(version):
    return [int(number) for number in version.split(".")]


def fits_knot(function):
    """Whether the test is for the Knot DNS that is tested (`./run test --knot`)."""
    return getattr(function, "old_knot", False) == (os.environ.get("KSKROLL_KNOT") == "3.2")


def time_bound_of(function):
    """Seconds that the test may take."""
    return getattr(function, "bound", USUAL_BOUND)


def is_long(function):
    """Whether it runs only with --long."""
    return getattr(function, "long", False)
