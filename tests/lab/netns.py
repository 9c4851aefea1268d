# SPDX-License-Identifier: GPL-3.0-or-later
"""A network and process namespace of the lab's own.

Port 53 of the host may be taken, and a killed test must not leave a daemon behind: in a network
namespace nothing collides, and when the first process of a PID namespace ends, all others end.
"""

import os
import signal
import subprocess
import sys

from .wait import LabError

MARK = "KSKROLL_NAMESPACE"
_UNSHARE = ["unshare", "--net", "--pid", "--mount", "--propagation", "unchanged",
            "--fork", "--kill-child"]


def command(args):
    """The command line that runs Python with args inside fresh namespaces."""
    return [*_UNSHARE, sys.executable, *args]


def environment():
    """Environment for command(): tells the new process that it may prepare its namespace."""
    return {**os.environ, MARK: "new"}


def enter(module):
    """Re-executes `python3 -m module` with the same arguments in fresh namespaces, once."""
    if os.environ.get(MARK) is None:
        if os.geteuid() != 0:
            raise LabError("the lab needs root, to make a network namespace and to use port 53")
        argv = command(["-m", module, *sys.argv[1:]])
        os.execvpe(argv[0], argv, environment())
    prepare()


def prepare():
    """Brings up loopback, gives the namespace a /proc of its own, ends in order on SIGTERM."""
    if os.environ.get(MARK) != "new":
        raise LabError("refusing to change a namespace that was not made for the lab")
    os.environ[MARK] = "ready"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Private first: in a chroot of a shared tree the new /proc would show up on the host.
    _run("mount", "--make-private", "/proc")
    _run("mount", "-t", "proc", "proc", "/proc")
    _run("ip", "link", "set", "lo", "up")


def add_address(address):
    """Puts an address on lo: BIND listens only on addresses that an interface has."""
    if os.environ.get(MARK) != "ready":
        raise LabError("the lab runs in its own namespaces only: netns.enter() first")
    if ":" not in address:
        _run("ip", "address", "replace", f"{address}/32", "dev", "lo")


def has_ipv6():
    """Whether ::1 can be used here; containers without IPv6 are common."""
    try:
        with open("/proc/net/if_inet6", encoding="ascii") as table:
            return any(line.split()[0] == "0" * 31 + "1" for line in table)
    except OSError:
        return False


def other_processes():
    """Command lines of all other living processes of this PID namespace."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as file:
                    command_line = file.read().replace("\0", " ").strip()
            except OSError:
                continue  # it ended meanwhile
            if command_line:  # empty: ended, and nobody has waited for it
                found.append(f"{entry}: {command_line}")
    return found


def _run(*argv):
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            check=False)
    if result.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {result.stderr.strip()}")
