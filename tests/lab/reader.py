# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who types what the documentation shows, on a server that has its files where the documentation says."""

import os
import re
import shlex
import subprocess

from tests import pages

from .daemons import run
from .wait import LabError

#: Commands that tell more by their exit code than that all went well.
_CODES = ((r"^kskroll audit|\| kskroll audit", (0, 1, 2)), (r"--blocked", (0, 3)))
#: These go on until somebody stops them.
_ENDLESS = re.compile(r"^kskroll (?:follow|status .*--watch)\b")
#: 124 is the code of timeout.
_STOPPED = 124
#: Folders that a documented command writes to, or that are not there in the lab.
_PLACES = ("/srv/www", "/srv/dir", "/var/backups", "/var/lib/knot", "/var/lib/kskroll-follow", "/var/lib/kskroll-report", "/usr/local/lib/kskroll")


class Reader:
    """\a words: what the documentation has -> what it is in this world, as regular expressions, the first ones first.

    The files of knotd are bound to where Debian has them, in the namespace of the test.
    """

    def __init__(self, world, words, resolver):
        self.world, self.words = world, [*_COMMON.items(), *words.items()]
        self.dir = os.path.join(world.dir, "reader")
        self.typed = []
        for name, text in (("kskroll", f'exec {os.environ["KSKROLL_BUILD"]}/tools/kskroll "$@"'),
                           ("dig", f'case " $* " in *" @"*) ;; *) set -- @{resolver} "$@" ;; esac; exec /usr/bin/dig "$@"'),
                           ("sendmail", "cat > /dev/null")):
            self._program(name, text)
        self._move_in()

    def _program(self, name, text):
        os.makedirs(os.path.join(self.dir, "bin"), exist_ok=True)
        path = os.path.join(self.dir, "bin", name)
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, 0o755)

    def _move_in(self):
        """Makes the places. In a chroot without a mount at / nothing propagates anyway."""
        run(["mount", "--make-rslave", "/"])
        for place in ("/srv", "/usr/local", "/var/lib", "/var/backups", "/run/knot"):
            os.makedirs(place, exist_ok=True)
            self._mount("-t", "tmpfs", "tmpfs", place)
        for place in _PLACES:
            os.makedirs(place, exist_ok=True)
        self._mount("--bind", self.world.knot.dir, "/etc/knot")
        self._mount("--bind", self.world.knot.path("db"), "/var/lib/knot")
        for hook in pages.found("conf-examples/hooks/*"):
            run(["install", "-m", "755", os.path.join(pages.SOURCE, hook), "/usr/local/lib/kskroll"])

    @staticmethod
    def _mount(*arguments):
        done = run(["mount", *arguments])
        if done.returncode != 0:
            raise LabError(f"mount {' '.join(arguments)}: {done.stderr}")

    def here(self, command):
        """A command with the names of this world."""
        for pattern, name in self.words:
            command = re.sub(pattern, name, command)
        return command

    def types(self, shown, where="the test"):
        """Runs a command as it is shown; returns its output."""
        assert not pages.must_be_marked(shown), f"{where}: {shown}: no test may run it"
        command = self.here(shown)
        codes = next((codes for pattern, codes in _CODES if re.search(pattern, command)), (0,))
        if _ENDLESS.search(command):
            command, codes = f"timeout -s KILL 2 {command}", (_STOPPED, 137)
        done = subprocess.run(["sh", "-c", command], cwd=self.dir, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "PATH": f"{self.dir}/bin:{os.environ['PATH']}", "MAILTO": "root", "NO_COLOR": "1"})
        self.typed.append(shown)
        print(f"{where}: {command}: {done.returncode}", flush=True)
        if done.returncode not in codes:
            raise LabError(f"{where}: {shown}\nas {command}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def types_all(self, scripts):
        """Runs scripts, a list of (where, commands); tells of all that fail."""
        failed = []
        for where, commands in scripts:
            if any(re.match(r"knotc conf-(?:un)?set", one) for one in commands) and "knotc conf-begin" not in commands:
                # A sentence names one command of a transaction.
                commands = ["knotc conf-begin", *commands, "knotc conf-commit"]
            for command in commands:
                try:
                    self.types(command, where)
                except (LabError, subprocess.TimeoutExpired) as error:
                    failed.append(str(error))
                    break
        if failed:
            raise LabError("\n".join(failed))


#: What is the same in every world.
_COMMON = {
    r" \[[A-Z]+(?:\.\.\.)?\]": "",
    r"^(knotc .*)\bNAME\b": r"\1NAME.",
    r"\bDIR\b": "/srv/dir",
    r"\bFILE \.backup COPY": "/var/lib/knot/kskroll/kskroll.db '.backup copy.db'",
    r"\breport FILE\.\.\.": "report ns1.json ns2.json",
    r"\bFILE\b": "plan.svg",
    r"\bPROGRAM\b": "/usr/local/lib/kskroll/mail.sh",
    r"\bpolicies (?:BASE|default)\b": "policies lab -c /etc/knot/knot.conf",
    r"(-c /etc/knot/knot.conf)( -c /etc/knot/knot.conf)": r"\1",
    r"\bBASE\b": "lab",
}


def scripts(belongs):
    """(where, commands) of all that can be run and for which \a belongs(page, command) holds: blocks, then sentences, each once."""
    marked, seen, found = pages.marks(), set(), []

    def can(page, command):
        return command not in marked and belongs(page, command)
    for part in pages.all_parts():
        if part.kind() == "commands" and not part.reason:
            commands = [one for one in part.commands() if can(part.page, one)]
            if not set(commands) <= seen:
                seen |= set(commands)
                found.append((part.where, commands))
    for page in pages.pages():
        for command in pages.sentence_commands(page):
            if command not in seen and can(page, command):
                seen.add(command)
                found.append((page, [command]))
    return found


def words_of(command):
    """The words of a command as a shell splits them."""
    return shlex.split(command)
