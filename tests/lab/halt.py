# SPDX-License-Identifier: GPL-3.0-or-later
"""kskrolld stops at a chosen command to knotd, so that a test can do something in between."""

import contextlib
import os
import signal

from .daemons import comm, run
from .wait import LabError, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))


def stops_at(directory, when):
    """Environment of a knotd whose kskrolld stops "before COMMAND" or "after COMMAND", each time (stop_at.c)."""
    library = os.path.join(directory, "stop_at.so")
    done = run(["gcc", "-O1", "-g", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, os.path.join(HERE, "stop_at.c")])
    if done.returncode != 0:
        raise LabError(done.stderr)
    return {"LD_PRELOAD": library, "STOP_AT": when}


def _stands(pid):
    """Whether each thread of the process has stopped."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="utf-8", errors="replace") as file:
            if file.read().rsplit(")", 1)[1].split()[0] != "T":
                return False
    return True


@contextlib.contextmanager
def stopped(knot, seconds=60):
    """Waits until kskrolld has stopped; gives its pid, and lets it go on in the end."""
    def pid_of_one_that_stands():
        pid = knot.kskrolld
        return pid if pid and _stands(pid) else None
    pid = wait_until(pid_of_one_that_stands, seconds, f"kskrolld stops at {knot.env.get('STOP_AT')}")
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def kill(pid):
    """SIGKILL for a kskrolld that has stopped."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: comm(pid) == "", 10, "kskrolld has ended")


def cut_power(world, kskrolld):
    """SIGKILL for the knotd of the agent and for kskrolld, which has stopped; knotd is started again."""
    with world.outage(*world.knot.addresses):
        world.knot.kill9()
        kill(kskrolld)
        world.knot.launch()
