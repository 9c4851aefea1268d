# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for conditions: the only place in the lab that sleeps."""

import os
import time

POLL = 0.05

#: Everything takes longer under valgrind or on a busy machine: one factor for all bounds.
PATIENCE = float(os.environ.get("KSKROLL_PATIENCE", "1"))


class LabError(Exception):
    """Something in the lab did not happen as it should; the text says what and where to check."""


def wait_until(condition, bound, what, poll=POLL):
    """Returns the first true value of condition(); LabError when the bound (seconds) has passed.

    The last false value or error is part of the message, since "timed out" alone explains nothing.
    """
    bound *= PATIENCE
    end = time.monotonic() + bound
    while True:
        last = None
        try:
            value = condition()
            if value:
                return value
            last = value
        except LabError:
            raise
        except Exception as error:  # a daemon that is still starting answers in many ways
            last = f"{type(error).__name__}: {error}"
        if time.monotonic() >= end:
            raise LabError(f"{what}: not within {bound:g} s (last: {last!r})")
        time.sleep(poll)


def stays(condition, seconds, poll=POLL):
    """Whether condition() is true each time that it is asked during these seconds."""
    end = time.monotonic() + seconds
    while condition():
        if time.monotonic() >= end:
            return True
        time.sleep(poll)
    return False


def pause(seconds):
    """Until the time to do something; not for waiting until something has been done."""
    time.sleep(seconds)
