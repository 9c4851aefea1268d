# SPDX-License-Identifier: GPL-3.0-or-later
"""Sanitizers for the module in knotd and for kskrolld: what the server is started with, and what they found.

kskrolld gets the environment from knotd. knotd and the libraries are Debian's and not instrumented: of memory, what the module itself reads and writes is
seen, from whatever thread, and of the others what they allocate, and free, and lock. For TSan there may be a knotd
that is instrumented as well (KSKROLL_KNOT_TSAN, made by knot_tsan.sh): then it sees both sides.
"""

import glob
import os
import re

from .daemons import run
from .wait import LabError

#: Name -> libraries that have to be there before all others.
LIBRARIES = {"asan": ("libasan.so", "libubsan.so"), "tsan": ("libtsan.so",)}
#: Parts of a report of TSan that say where something comes from, not what went wrong.
_ORIGIN = re.compile(r"\s*(Location is|Thread T|Mutex M\d+ \([^)]*\) created)")


class Sanitizer:
    """The module built with a sanitizer, and the environment of the knotd that loads it."""

    def __init__(self, name, directory):
        self.name = name
        self.log = os.path.join(directory, "sanitizer")
        self.env = {
            "LD_PRELOAD": ":".join(run(["gcc", f"-print-file-name={library}"]).stdout.strip()
                                   for library in LIBRARIES[name]),
            "ASAN_OPTIONS": f"detect_leaks=1:log_path={self.log}",
            "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={self.log}",
            # The exit code of knotd is its own; old accesses are remembered for long.
            "TSAN_OPTIONS": f"log_path={self.log}:exitcode=0:history_size=5:second_deadlock_stack=1",
        }
        knot = os.environ.get("KSKROLL_KNOT_TSAN")
        if name == "tsan" and knot:
            self.env |= {"PATH": f"{knot}/sbin:{os.environ['PATH']}", "LD_LIBRARY_PATH": f"{knot}/lib"}

    @property
    def module(self):
        """Path of the module that was built with it; LabError if there is none."""
        variable = f"KSKROLL_MODULE_{self.name.upper()}"
        path = os.environ.get(variable, "")
        if not os.path.exists(path):
            raise LabError(f"no module with {self.name}: {variable} names no file")
        return path

    def reports(self):
        """What was found."""
        found = []
        for path in glob.glob(self.log + ".*"):
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            found += races(text) if self.name == "tsan" else [text[:4000]]
        return found

    def assert_nothing_found(self):
        """AssertionError with the reports."""
        assert not self.reports(), "\n".join(self.reports()[:5])


#: libuv closes its descriptors by a raw system call (uv__close_nocancel), so TSan takes the next owner of the number for
#: a second one.
_UNSEEN_CLOSE = re.compile(r"Location is file descriptor \d+ created by .*\n +#0 .*\n +#1 .*\(libuv\.so")

#: A reload publishes the queries' plan, to which the module has added its hook, by liburcu, and knotd's threads read it.
_UNSEEN_PUBLICATION = re.compile(r" query_plan_step knot/nameserver/query_module\.c:.*\n +#\d+ knotd_mod_hook ")


def races(text):
    """The reports of TSan that are about the module.

    Others are of code that is not instrumented: what synchronises it, TSan does not see.
    """
    return [report for report in re.split(r"^=+$", text, flags=re.MULTILINE)
            if "WARNING: ThreadSanitizer" in report and not _UNSEEN_CLOSE.search(report) and not _UNSEEN_PUBLICATION.search(report) and any(
                ("(kskroll.so+" in part or "(kskrolld+" in part) and not _ORIGIN.match(part) for part in report.split("\n\n"))]
