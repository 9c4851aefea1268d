# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks for test functions."""

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


def time_bound_of(function):
    """Seconds that the test may take."""
    return getattr(function, "bound", USUAL_BOUND)


def is_long(function):
    """Whether it runs only with --long."""
    return getattr(function, "long", False)
