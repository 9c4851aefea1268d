# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll on stores with known rows: what its tests share."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest

KSKROLL, CLI_STORE, SOURCE = sys.argv[1:4]
NOW = 1800000000
HOUR = 3600
DAY = 86400
STATE_NUMBERS = {"idle": 0, "prepare": 1, "introduce": 2, "signal": 3, "await-ds": 4, "withdraw": 5, "observe": 6, "retire": 7,
                 "settle": 8, "rollback": 9, "rolled-back": 10, "presign": 13, "clean": 14}
# As Knot writes it: everything that a shell, JSON or a label has to escape.
QUOTE = r'quo\"te\032'


class Running:
    """A command while it runs, which may go on for ever. `fd`: where its output is read, or None."""

    def __init__(self, *args, inner, fd, db, env=None, stderr=None):
        environ = {"PATH": os.environ["PATH"], "KSKROLL_NOW": str(NOW), "TERM": "xterm", "KSKROLL_DB": db, **(env or {})}
        environ.update({k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_"))})
        self.fd, self.text = fd, ""
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([KSKROLL, *args], stdin=subprocess.DEVNULL, stdout=inner, stderr=stderr or inner, env=environ)
        if fd is not None:
            os.close(inner)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self.close()

    def close(self):
        """Nobody reads its output any more."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])


class CliCase(unittest.TestCase):
    """Two stores: `db` has a zone per situation, `audited` one per finding of audit."""

    db = audited = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="kskroll-cli-")
        os.chmod(cls.folder.name, 0o755)
        cls.db = cls.make("a")
        cls.audited = cls.make("audit", "audit")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def make(cls, name, *what):
        path = os.path.join(cls.folder.name, name, "kskroll.db")
        subprocess.run([CLI_STORE, path, str(NOW), *what], check=True, timeout=60)
        return path

    def store_of(self, zone, algorithm, *more):
        """A store with one idle zone, whose key has the algorithm."""
        path = os.path.join(tempfile.mkdtemp(dir=self.folder.name), "kskroll.db")
        subprocess.run([CLI_STORE, path, str(NOW), zone, str(algorithm), *more], check=True, timeout=60)
        return path

    @staticmethod
    def altered(db, **columns):
        """The same store, with these columns of all zones changed."""
        with sqlite3.connect(db) as con:
            con.execute(f"UPDATE zone SET {', '.join(f'{name} = ?' for name in columns)}", tuple(columns.values()))
        return db

    @classmethod
    def call(cls, *args, db=None, text=None, env=None, user=None):
        environ = {"PATH": os.environ["PATH"], "KSKROLL_NOW": str(NOW), "TERM": "xterm"}
        environ.update({k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_"))})
        environ["KSKROLL_DB"] = db or cls.db
        environ.update(env or {})
        if os.geteuid() != 0:
            user = None
        return subprocess.run([KSKROLL, *args], capture_output=True, text=True, input=text or "", check=False,
                              env=environ, timeout=60, user=user, group=user, extra_groups=[] if user else None)

    def ok(self, *args, code=0, **more):
        p = self.call(*args, **more)
        self.assertEqual(p.returncode, code, p.stdout + p.stderr)
        self.assertEqual(p.stderr, "")
        return p.stdout

    def bad(self, code, *args, **more):
        p = self.call(*args, **more)
        self.assertEqual(p.returncode, code, p.stdout + p.stderr)
        self.assertEqual(len(p.stderr.strip().splitlines()), 1, p.stderr)
        return p.stderr

    def json(self, *args, code=0, **more):
        out = self.ok(*args, "--json", code=code, **more)
        self.assertEqual(out.count("\n"), 1)
        value = json.loads(out)
        self.assertEqual(value["schema"], 2)
        return value

    def zone(self, name):
        return self.json("status", name)["zones"][0]
