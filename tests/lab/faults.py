# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of faults share: a quick world, some faults, and a row for docs/faults.rst each."""

import contextlib
import json
import os
import re
import socket
import sqlite3
import subprocess
import threading
import time

import dns.dnssec

from . import ask, check
from .key_lab import state_of
from .progress import Progress
from .test_rollover import ROLLOVER, ZONE, module_world, start
from .wait import LabError, wait_until
from .world import KNOT

#: As short as they can be while a busy machine still tells one state from the next.
QUICK = {"dnskey_ttl": 4, "ds_ttl": 6, "propagation_delay": 1, "pinned": False}
QUICK_MODULE = {"ttl": 3, "lead": 1, "observe": 3, "settle": 2}

_WAITS = re.compile(r"zone \S+, (?P<state>[\w-]+), waits \((?P<gate>[\w-]+)\): [^;]*"
                    r"(?:; server (?P<server>[^;]+))?(?:; (?!run kskroll )(?P<detail>.*?))?(?:; run kskroll status \S+)?$")


class Case:
    """One fault in one world: what the operator was shown, what the zone did, how it ended."""

    def __init__(self, name, fault, world, progress, old):
        self.fault = fault
        self.world, self.progress, self.old = world, progress, old[ZONE]
        self.name = name
        self.seen, self.did, self.ended = [], "", ""
        self._waits_before = len(self.waits())

    # What the operator sees.

    def waits(self):
        """Log lines of gates, as dictionaries, the oldest first."""
        found = (_WAITS.search(line) for line in self.world.knot.log_lines("waits ("))
        return [match.groupdict() for match in found if match]

    def gate(self, gate, server="", state=None, bound=40):
        """Waits until the log names the gate (and the server, by its address), since the last call.

        \\a gate: one, or a tuple of those that are as good.
        """
        gates = gate if isinstance(gate, tuple) else (gate,)

        def named():
            for number, line in enumerate(self.waits()):
                if number >= self._waits_before and line["gate"] in gates and \
                        server in (line["server"] or "") and state in (None, line["state"]):
                    self._waits_before = number + 1
                    return line
            return None
        try:
            line = wait_until(named, bound, f"{gate} at {server or 'no server'}")
        except LabError as error:
            raise LabError(f"{error}; it is in {self.progress.state}, gate {self.progress.gate}; "
                           f"since: {self.waits()[self._waits_before:]}") from None
        self.saw(line["gate"], line["server"], line["detail"])
        return line

    def saw(self, gate, server=None, detail=None):
        """A gate that goes into the table; what differs from run to run is left out."""
        detail = re.sub(r"; until .*|until .*", "", detail or "")
        detail = re.sub(r"\b[0-9A-F]{64}\b", "DIGEST", detail)
        detail = re.sub(r"(key|key tag|DNSKEY|DS|older than|not in the zone:|ZONE set|ZONE delete) \d+( \d+)*", r"\1 N", detail)
        detail = re.sub(r"\bcreated=\d+", "created=T", detail)
        detail = re.sub(r"/\S*/", "", detail)
        row = {"gate": gate, "server": (server or "").strip(), "detail": detail.strip()}
        if row not in self.seen:
            self.seen.append(row)

    # What the zone does.

    def start(self):
        """The operator's start."""
        start(self.world)

    def knotc(self, *args):
        """A command of the operator."""
        return self.world.knot.knotc(*args)

    def stays(self, state, seconds, what, also=lambda: True):
        """For some seconds the zone stays in the state and also() is true all along."""
        self.progress.wait(state, 10)  # what the log has told is read a little later
        end = time.monotonic() + seconds
        while True:
            assert self.progress.state == state, f"{self.progress.state} while {what}"
            assert also(), f"not so any more in {state}: {what}"
            if time.monotonic() > end:
                return
            with contextlib.suppress(LabError):
                wait_until(lambda: self.progress.state != state, 0.5, "a change")

    def no_signals(self):
        """Whether the primary publishes neither CDS nor CDNSKEY."""
        return not ask.tags(KNOT, ZONE, "CDS") and ask.rrset(KNOT, ZONE, "CDNSKEY") is None

    def old_ds(self):
        """Whether the parent still names the old key alone."""
        return self.world.ds_everywhere(ZONE, self.old)

    def both_keys(self):
        """Whether the primary has the old KSK and another one."""
        keys = ask.ksks(KNOT, ZONE)
        return len(keys) == 2 and self.old[0] in keys

    def new(self):
        """The KSKs that were not there before."""
        return [key for key in ask.ksks(KNOT, ZONE) if key not in self.old]

    def state_of_key(self, tag):
        """State of the key with this tag in the server's key database."""
        return next(state_of(key) for key in json.loads(keymgr(self.world, "list", "--json")) if key["tag"] == int(tag))

    def logged(self, text, bound=30):
        """Waits until knotd's log has the text; the last such line."""
        return wait_until(lambda: self.world.knot.log_lines(text), bound, f"in the log: {text}")[-1]

    # The end.

    def given_up(self):
        """Waits until the zone is idle because the new key has gone.

        From await-ds it goes by introduce if a nameserver has lost the key before this server was asked again.
        """
        self.progress.wait("idle", 30)
        self.saw("none", detail="log: -> idle")

    def over(self, bound=ROLLOVER):
        """Waits for the end of the rollover."""
        try:
            self.logged("settle -> idle", bound)
        except LabError as error:
            raise LabError(f"{error}; it is in {self.progress.state}, "
                           f"gate {self.progress.gate}: {self.waits()[-3:]}") from None

    def finish(self, ended="completed by itself", signals=True):
        """The rollover ends as it should, judged at every server. \\a signals: none was Knot's own."""
        self.over()
        check.rolled(self.world, ZONE, self.old)
        if signals:
            check.signals_followed_keys(self.world, ZONE)
        check.old_ds_ran_out(self.world, ZONE)
        self.ended = ended

    def write(self, secure):
        """The row, beside the directories of the tests: those of passed tests are removed."""
        row = {"name": self.name, "fault": self.fault, "seen": self.seen, "did": self.did,
               "ended": self.ended, "secure": secure}
        where = os.path.join(os.path.dirname(self.world.dir), "faults")
        os.makedirs(where, exist_ok=True)
        with open(os.path.join(where, self.name + ".json"), "w", encoding="utf-8") as file:
            json.dump(row, file, indent=1)
        print(json.dumps(row, indent=1))


@contextlib.contextmanager
def fault(directory, text, secure=True, module_settings=None, **settings):
    """A quick world at rest in which a fault is to happen; writes the row when all went well.

    \\a secure: no resolver may ever see anything but secure answers.
    """
    settings = {**QUICK, **settings, "module_settings": {**QUICK_MODULE, **(module_settings or {})}}
    with module_world(directory, **settings) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        wait_until(lambda: progress.state == "idle" and progress.gate == "none"
                   and world.knot.stats(ZONE).get("surveys"), 40, "the zone is at rest")
        case = Case(os.path.basename(directory), text, world, progress, old)
        yield case
        assert world.knot.running(), "knotd died"
        if secure:
            world.assert_secure()
        case.write(secure)


# Faults.

@contextlib.contextmanager
def unreachable_socket(path):
    """Nobody can connect to the control socket: its file is elsewhere for a while."""
    os.rename(path, path + ".moved")
    try:
        yield
    finally:
        # knotd may have been started anew meanwhile.
        if not os.path.exists(path):
            os.rename(path + ".moved", path)


class Busy:
    """Programs of the operator that keep knotd's control socket busy: they connect and say nothing."""

    def __init__(self, path, count=40):
        self.path, self.count = path, count
        self._sockets = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="busy", daemon=True)

    def __enter__(self):
        self._fill()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)
        for connection in self._sockets:
            connection.close()

    def _fill(self):
        while len(self._sockets) < self.count:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(1)
            try:
                connection.connect(self.path)
            except OSError:  # the backlog is full, or knotd is gone
                connection.close()
                return
            self._sockets.append(connection)

    def _run(self):
        while not self._stop.wait(0.05):
            for connection in list(self._sockets):
                if self._closed(connection):
                    self._sockets.remove(connection)
                    connection.close()
            self._fill()

    @staticmethod
    def _closed(connection):
        try:
            # An error message of knotd is not worth reading; b"" is the end.
            return connection.recv(4096, socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


# The store.

def store_path(world):
    """The module's database where `storage` is not set."""
    return world.knot.path("db", "kskroll", "kskroll.db")


def stored(path, column="state"):
    """A field of the zone's row, as another process sees it."""
    with contextlib.closing(sqlite3.connect(path, timeout=5)) as database:
        return database.execute(f"SELECT {column} FROM zone").fetchone()[0]


def remove_store(path):
    """Database and its companions."""
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.remove(path + end)


def small_disk(path, size="1m"):
    """A file system of its own at the path, in the mount namespace of the test only."""
    os.makedirs(path, exist_ok=True)
    mount_point = _run("stat", "-c", "%m", path).strip()
    _run("mount", "--make-private", mount_point)
    _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", path)
    return path


def remount(path, how):
    """\\a how: "ro" or "rw"."""
    _run("mount", "-o", f"remount,{how}", path)


def fill_disk(path):
    """Writes a file until nothing is left; returns its path."""
    filler = os.path.join(path, "filler")
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    return filler


def keymgr(world, *args):
    """Runs keymgr on the keys of the zone; returns its output."""
    return _run("keymgr", "-c", world.knot.path("knot.conf"), ZONE, *args)


def delete_key(world, key):
    """keymgr delete and zone-keys-load, as the guide advises: again if the key is still listed.

    keymgr and knotd each read all keys, change one, and write all: of two at the same moment one is lost.
    """
    tag = dns.dnssec.key_id(key)

    def gone():
        if all(listed["tag"] != tag for listed in json.loads(keymgr(world, "list", "--json"))):
            # knotd serves what it has read: it does not write the key again.
            return key not in ask.ksks(KNOT, ZONE)
        keymgr(world, "delete", str(tag))
        world.knot.knotc("zone-keys-load", ZONE)
        return False
    wait_until(gone, 10, f"key {tag} is deleted")


def _run(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=30)
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {(done.stderr + done.stdout).strip()}")
    return done.stdout
