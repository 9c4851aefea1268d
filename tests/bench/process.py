# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process uses, from /proc, with those that it has started: knotd, kskrolld, the broker and each keymgr.

Of one process alone: `alone(pid)` instead of the pid.
"""

import collections
import contextlib
import os
import time

from tests.lab.daemons import children
from tests.lab.wait import LabError

_TICK = os.sysconf("SC_CLK_TCK")
#: A process or a thread has ended: there is no file of it, or reading it fails.
ENDED = (FileNotFoundError, ProcessLookupError)


def alone(pid):
    """This process without those that it has started."""
    return (pid,)


def _all(pid):
    if isinstance(pid, tuple):
        return pid
    return (pid, *(one for child in children(pid) for one in _all(child)))


def status(pid, field):
    """A number of /proc/PID/status, e.g. VmRSS in kB, of all of them."""
    return sum(_status(one, field) for one in _all(pid))


def _status(pid, field):
    with contextlib.suppress(*ENDED):  # a keymgr that has ended meanwhile
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
    return 0


def rss(pid):
    """Resident memory that is its own, in bytes: code shared with others does not count."""
    return status(pid, "RssAnon") * 1024


def peak(pid):
    """The most that was resident at one time, in bytes; of several processes the sum, with code that they share in each."""
    return status(pid, "VmHWM") * 1024


def _tasks(pid):
    for one in _all(pid):
        with contextlib.suppress(*ENDED):  # it ended meanwhile
            for task in os.listdir(f"/proc/{one}/task"):
                yield f"/proc/{one}/task/{task}"


def threads(pid):
    """Name of a thread -> number of threads with that name."""
    found = collections.Counter()
    for task in _tasks(pid):
        with contextlib.suppress(*ENDED):
            with open(f"{task}/comm", encoding="utf-8") as file:
                found[file.read().strip()] += 1
    return found


def descriptors(pid):
    """Number of open file descriptors."""
    found = 0
    for one in _all(pid):
        with contextlib.suppress(*ENDED):
            found += len(os.listdir(f"/proc/{one}/fd"))
    return found


def cpu(pid):
    """Seconds of processor time so far, with that of processes that have ended."""
    used = 0
    for one in _all(pid):
        with contextlib.suppress(*ENDED):
            used += _cpu(f"/proc/{one}/stat", ended=not isinstance(pid, tuple))[1]
    return used


def _cpu(path, ended=False):
    with open(path, encoding="ascii") as file:
        head, tail = file.read().rsplit(")", 1)
    fields = tail.split()
    return head.split("(", 1)[1], sum(map(int, fields[11:15 if ended else 13])) / _TICK


def cpu_by_thread(pid):
    """Name of a thread -> seconds of processor time of all threads with that name."""
    used = collections.Counter()
    for task in _tasks(pid):
        with contextlib.suppress(*ENDED):
            name, seconds = _cpu(f"{task}/stat")
            used[name] += seconds
    return used


def wait_quiet(pid, bound, share=0.02, window=1.0):
    """Waits until the process uses less than that share of a processor; returns the seconds."""
    begin = time.monotonic()
    while time.monotonic() - begin < bound:
        before = cpu(pid)
        time.sleep(window)
        if cpu(pid) - before <= share * window:
            return time.monotonic() - begin - window
    raise LabError(f"process {pid} is not quiet after {bound} s")
