# SPDX-License-Identifier: GPL-3.0-or-later
"""The module in a knotd that may do no more than Debian's unit lets it, and less."""

import os
import pwd
import re

from . import check, sandbox
from .faults import QUICK, QUICK_MODULE, store_path
from .marks import bound
from .progress import Progress
from .test_rollover import ROLLOVER, ZONE, module_world, start
from .wait import wait_until

#: CAP_NET_BIND_SERVICE and CAP_SETPCAP.
CAPABILITIES = 1 << 10 | 1 << 8


def status_of(pid):
    """Fields of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(re.findall(r"^(\w+):\t(.*)$", file.read(), re.M))


@bound(150)
def test_as_the_unit_of_debian(directory):
    service = sandbox.unit()
    # What docs/sandbox.rst says of the unit.
    assert service["User"] == service["Group"] == "knot", service
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == \
        "CAP_NET_BIND_SERVICE CAP_SETPCAP", service
    assert service["NoNewPrivileges"] == "yes" and service["StateDirectory"] == service["RuntimeDirectory"] == "knot"
    assert not any(key.startswith(("Protect", "ReadOnly", "ReadWrite", "SystemCall", "Private", "Restrict"))
                   for key in service if key != "Restart"), service

    with module_world(directory, wrap=sandbox.wrap(directory, service), **QUICK,
                      module_settings=QUICK_MODULE) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        status = status_of(world.knot.pid)
        user = pwd.getpwnam("knot").pw_uid
        assert status["Uid"].split() == [str(user)] * 4, status["Uid"]
        for field in ("CapBnd", "CapPrm", "CapEff", "CapAmb"):
            assert int(status[field], 16) | CAPABILITIES == CAPABILITIES, (field, status[field])
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
        progress.wait("idle", 30)
        # kskrolld has less than the unit allows.
        status = status_of(world.knot.wait_kskrolld())
        assert status["Uid"].split() == [str(user)] * 4, status["Uid"]
        for field in ("CapBnd", "CapPrm", "CapEff", "CapAmb", "CapInh"):
            assert int(status[field], 16) == 0 or field == "CapBnd", (field, status[field])
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
        assert int(status["Seccomp_filters"]) == 2, status["Seccomp_filters"]
        start(world)
        progress.wait_visited("settle", ROLLOVER)
        wait_until(lambda: progress.state == "idle", 30, "the end")
        check.rolled(world, ZONE, old[ZONE])
        world.assert_secure()
        made = os.stat(store_path(world))
        assert (made.st_uid, made.st_mode & 0o777) == (user, 0o640), made
        folder = os.stat(os.path.dirname(store_path(world)))
        assert (folder.st_uid, folder.st_mode & 0o777) == (user, 0o750), folder
