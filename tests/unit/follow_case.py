# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll follow while it runs, and events for it: what its tests share."""

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import sqlite3
import struct
import subprocess
import tempfile
import termios
import time

from cli_case import CLI_STORE, CliCase, NOW, Running, SOURCE, STATE_NUMBERS

#: Seconds after which what does not come is an error.
BOUND = 40


def gates(header="names.h", prefix="GATE_"):
    """Numbers of gates by their enumerators."""
    with open(os.path.join(SOURCE, "include/kskroll", header), encoding="ascii") as f:
        return {name: number for number, name in enumerate(re.findall(rf"^\t{prefix}(\w+)(?: = 0)?,", f.read(), re.M))}


GATES = gates()
DELEGATION_GATES = gates("delegation_names.h", "DELEGATION_GATE_")


class Followed(Running):
    """minute: its milliseconds; pipe: room of that to which it writes."""

    def __init__(self, *args, db, now=NOW, minute=3000, stdout=None, pipe=None, env=None):
        fd, inner = (None, stdout) if stdout is not None else os.pipe()
        if pipe:
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, pipe)
        # pylint: disable-next=consider-using-with
        self.errors = tempfile.TemporaryFile("w+")
        super().__init__("follow", *args, inner=inner, fd=fd, db=db, stderr=self.errors,
                         env={"KSKROLL_NOW": str(now), "KSKROLL_MINUTE": str(minute), **(env or {})})

    def __exit__(self, *what):
        super().__exit__(*what)
        self.errors.close()

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def until_said(self, pattern):
        wait_for(lambda: re.search(pattern, self.said(), re.S), lambda: f"no {pattern!r} in {self.said()!r}")
        return self.said()

    def take(self, count):
        """The next lines as objects."""
        end = time.monotonic() + BOUND
        while self.text.count("\n") < count:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"not {count} lines: {self.text[-2000:]!r} {self.said()!r}")
            data = os.read(self.fd, 65536)
            if not data:
                raise AssertionError(f"it ended: {self.text[-2000:]!r} {self.said()!r}")
            self.text += data.decode("ascii")
        *lines, self.text = self.text.split("\n", count)
        return [json.loads(line) for line in lines]

    def ready(self):
        """Whether there is something to be read."""
        return bool(select.select([self.fd], [], [], 0)[0])

    def is_full(self):
        """Whether the pipe that it writes takes nothing more."""
        return struct.unpack("i", fcntl.ioctl(self.fd, termios.FIONREAD, b"\0" * 4))[0] == fcntl.fcntl(self.fd, fcntl.F_GETPIPE_SZ)

    def memory(self):
        """Octets that it has used at most."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1]) * 1024

    def end(self, number=signal.SIGTERM):
        """What was still to be read, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(BOUND)
        while self.fd is not None and (data := os.read(self.fd, 65536)):
            self.text += data.decode("ascii")
        return self.text, code


def wait_for(true, words):
    end = time.monotonic() + BOUND
    while not true():
        if time.monotonic() > end:
            raise AssertionError(words())
        time.sleep(0.02)


class FollowCase(CliCase):
    def script(self, text, name="hook"):
        path = os.path.join(tempfile.mkdtemp(dir=self.folder.name), name)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        os.chmod(path, 0o755)
        return path

    def path(self, name="state"):
        return os.path.join(tempfile.mkdtemp(dir=self.folder.name), name)

    @classmethod
    def altered(cls, db, **columns):
        with cls.change(db) as con:
            con.execute(f"UPDATE zone SET {', '.join(f'{name} = ?' for name in columns)}", tuple(columns.values()))
        return db

    def place(self, history=0, delegations=0, needs=()):
        """A file of --state: events behind these ids were not handled."""
        path = self.path()
        with open(path, "w", encoding="ascii") as f:
            json.dump({"history": history, "delegation_history": delegations,
                       "needs_human": [{"zone": zone, "name": name} for zone, name in needs]}, f)
        return path

    @staticmethod
    def kept(path):
        with open(path, encoding="ascii") as f:
            return json.load(f)

    def begun(self, path):
        """It has written where it begins, in place of what a test has written."""
        wait_for(lambda: os.path.exists(path) and "schema" in self.kept(path), lambda: f"no {path}")

    @staticmethod
    def lines(path):
        """Objects of a file, a line each."""
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as f:
            return [json.loads(line) for line in f.read().split("\n")[:-1]]

    @staticmethod
    @contextlib.contextmanager
    def change(db):
        with contextlib.closing(sqlite3.connect(db, timeout=20)) as con, con:
            yield con

    def event(self, db, zone="rest.example.", to="idle", gate="NONE", before=None, at=NOW, evidence="{}"):
        """An event and its row, written together as kskrolld does. Returns its id."""
        with self.change(db) as con:
            con.execute("UPDATE zone SET state = ?, gate = ?, gate_since = ?, gate_until = 0, gate_about = '', gate_detail = '' WHERE zone = ?",
                        (STATE_NUMBERS[to], GATES[gate], at, zone))
            return con.execute("INSERT INTO history (time, zone, from_state, to_state, gate, evidence) VALUES (?, ?, ?, ?, ?, ?)",
                               (at, zone, STATE_NUMBERS[before or to], STATE_NUMBERS[to], GATES[gate], evidence)).lastrowid

    def many(self, db, count, zone="rest.example.", member="filler"):
        with self.change(db) as con:
            con.executemany("INSERT INTO history (time, zone, from_state, to_state, gate, evidence) VALUES (?, ?, 0, 1, 0, ?)",
                            [(NOW, zone, json.dumps({member: {"detail": "x" * 12000}}))] * count)

    def rested(self, *more):
        """A store with one idle zone, and others."""
        db = self.store_of("rest.example.", 13)
        for zone in more:
            self.add_zone(db, zone)
        return db

    @staticmethod
    def add_zone(db, zone):
        subprocess.run([CLI_STORE, db, str(NOW), zone, "13"], check=True, timeout=60)
