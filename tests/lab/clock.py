# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of the world: the real one, or libfaketime's, that many times as fast.

The daemons and tools of the world live in it. The lab's own Python stays in real time, so that its
waits and time-outs are what they say; seconds of the world are real seconds times `rate`. knotc,
which only passes on what is asked, stays there as well.

Each process is given the time of the world at its start. libfaketime counts from the moment it is
loaded, so each process is late by that moment times the rate: a few seconds of the world.
"""

import glob
import os
import shutil
import subprocess
import tempfile
import time

from .wait import LabError

HERE = os.path.dirname(os.path.abspath(__file__))
_LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"
_REAL_TIME = ("knotc",)


class RealClock:
    """Time as it is."""

    rate = 1

    def __init__(self):
        self._started = time.monotonic()

    def time(self):
        """Now, in the world."""
        return time.time()

    def of_world(self, when):
        """Seconds of the world from its start to a time.monotonic() value."""
        return when - self._started

    def environment(self, program):
        """What the program needs in its environment to live in this clock."""
        return {}

    def module(self, path):
        """The module as knotd is to load it."""
        return path


class FastClock:
    """Time that runs `rate` times as fast, from now on. \\a directory: for the preload."""

    def __init__(self, rate, directory):
        self.rate = rate
        self._directory = directory
        self.base = time.time()
        self._started = time.monotonic()
        # libc before jemalloc, which the programs bring along: see libc_malloc.c.
        self._preload = f"{_library()} {_build_preload(directory)} libc.so.6"

    def time(self):
        return self.base + self.of_world(time.monotonic())

    def of_world(self, when):
        return (when - self._started) * self.rate

    def environment(self, program):
        if program in _REAL_TIME:
            return {}
        return {"LD_PRELOAD": self._preload, "FAKETIME_FMT": "%s",
                "FAKETIME": f"@{self.time():.0f} x{self.rate}",
                # Faked file times confuse dnssec-cds and TSIG. Memory shared with child processes
                # is not needed, since each program is told the time, and would cost a lock each time.
                "NO_FAKE_STAT": "1", "FAKETIME_DISABLE_SHM": "1"}


    def module(self, path):
        """The module with a kskrolld beside it that is told the time of its own start, not that of knotd's."""
        folder = os.path.join(self._directory, "module")
        os.makedirs(folder, exist_ok=True)
        link, script = os.path.join(folder, os.path.basename(path)), os.path.join(folder, "kskrolld")
        if not os.path.exists(link):
            os.symlink(path, link)
            with open(script, "w", encoding="ascii") as file:
                file.write(_START.format(base=self.time(), now=time.time(), rate=self.rate,
                                         program=os.path.join(os.path.dirname(path), "kskrolld")))
            os.chmod(script, 0o755)
        return link


_START = """\
#!/bin/sh
now=$(env -u LD_PRELOAD date +%s.%N)
FAKETIME=$(env -u LD_PRELOAD awk "BEGIN {{ printf \"@%.0f x{rate}\", {base:.3f} + ($now - {now:.3f}) * {rate} }}")
export FAKETIME
exec {program}
"""


class WrongClock:
    """The wall clock of one program, that can be set while it runs. Its monotonic clock stays right.

    `keymgr`: a program for the module's item of that name. keymgr may read no file of the world, but those in /tmp.
    """

    def __init__(self, directory, ahead=0):
        self._file = os.path.join(directory, "clock")
        self._folder = tempfile.TemporaryDirectory(prefix="kskroll-clock-")
        self._copy = os.path.join(self._folder.name, "clock")
        self.keymgr = os.path.join(directory, "keymgr")
        with open(self.keymgr, "w", encoding="ascii") as file:
            program = shutil.which("keymgr", path="/usr/sbin:/usr/bin")
            file.write(f'#!/bin/sh\nFAKETIME_TIMESTAMP_FILE={self._copy} exec {program} "$@"\n')
        os.chmod(self.keymgr, 0o755)
        self.environment = {"LD_PRELOAD": _library(), "FAKETIME_TIMESTAMP_FILE": self._file,
                            "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
                            "NO_FAKE_STAT": "1", "FAKETIME_DISABLE_SHM": "1"}
        self.set(ahead)

    def set(self, seconds):
        """It is so many seconds ahead from now on."""
        self.ahead = seconds
        for path in (self._file, self._copy):
            with open(path + ".new", "w", encoding="ascii") as file:
                file.write(f"{seconds:+d}\n")
            os.replace(path + ".new", path)


def _library():
    libraries = glob.glob(_LIBRARY)
    if not libraries:
        raise LabError(f"libfaketime is not installed: no {_LIBRARY}")
    return libraries[0]


def _build_preload(directory):
    library = os.path.join(directory, "libc_malloc.so")
    built = subprocess.run(["cc", "-O2", "-Wall", "-Werror", "-fPIC", "-shared", "-o", library,
                            os.path.join(HERE, "libc_malloc.c")], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise LabError(f"the preload for BIND cannot be built: {built.stderr.strip()}")
    return library


#: The one clock of this process's world; World sets it.
current = RealClock()


def use(clock):
    """All programs started from now on live in this clock."""
    global current
    current = clock
