# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll status --watch: a screen on a terminal, lines elsewhere."""

import fcntl
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import tempfile
import termios
import time

from cli_case import CLI_STORE, CliCase, NOW, Running, main

#: What ends the wait for a text that does not come.
BOUND = 40
ENTER, LEAVE, TOP = "\033[?1049h", "\033[?1049l", "\033[H"


class Watched(Running):
    """\\a size: (rows, columns) of its terminal; None: its output is a pipe."""

    def __init__(self, *args, db, size=None):
        fd, inner = pty.openpty() if size else os.pipe()
        if size:
            fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        super().__init__("status", "--watch", *args, inner=inner, fd=fd, db=db)

    def until(self, pattern, behind=0):
        """Reads until the text behind a place has the pattern; returns the place behind it."""
        end = time.monotonic() + BOUND
        while not (found := re.compile(pattern, re.S).search(self.text, behind)):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {pattern!r} in {self.text[behind:][-2000:]!r}")
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # Of a terminal whose other end is closed.
                data = b""
            if not data:
                raise AssertionError(f"it ended without {pattern!r}: {self.text[behind:]!r}")
            self.text += data.decode()
        return found.end()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        try:
            while data := os.read(self.fd, 65536):
                self.text += data.decode()
        except OSError:
            pass
        return self.process.wait(BOUND)


class TestWatch(CliCase):
    def many(self, count=60):
        """A store of so many zones of which some roll."""
        path = os.path.join(tempfile.mkdtemp(dir=self.folder.name), "kskroll.db")
        subprocess.run([CLI_STORE, path, str(NOW), "portfolio", str(count), "rolling"], check=True, timeout=60)
        return path

    @staticmethod
    def change(db, text, *values):
        with sqlite3.connect(db, timeout=20) as con:
            con.execute(text, values)

    @staticmethod
    def screens(text):
        return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen).replace("\r\n", "\n") for screen in text.split(TOP)[1:]]

    def test_each_change_is_a_line(self):
        db = self.make("lines")
        with Watched(db=db) as w:
            place = w.until(r"(\d+) of \d+ zones roll or need a human; each change follows\n")
            self.assertNotIn("\033", w.text)
            for name in self.call("status", "--blocked", "--names", db=db).stdout.split():
                self.assertRegex(w.text, rf"Z  {re.escape(name)}  .*  needs a human\n")
            rolling = next(zone["zone"] for zone in self.json("status", db=db)["zones"] if zone["state"] == "await-ds")
            self.change(db, "UPDATE zone SET state = 0, gate = 0 WHERE zone = ?", rolling)
            place = w.until(rf"Z  {re.escape(rolling)}  await-ds.* -> idle\n", place)
            self.change(db, "DELETE FROM zone WHERE zone = (SELECT max(zone) FROM zone)")
            w.until(r"Z  \S+  no longer in the store\n", place)
            self.assertEqual(w.end(), 0)

    def test_only_what_needs_a_human(self):
        db = self.many()
        with Watched("--blocked", db=db) as w:
            place = w.until("need a human; each change follows\n")
            self.assertEqual(len(re.findall("  needs a human\n", w.text)), len(self.call("status", "--blocked", "--names", db=db).stdout.split()))
            self.change(db, "UPDATE zone SET gate = 0 WHERE gate != 0")
            w.until(r"Z  \S+  \S+, \S+ -> \S+\n", place)
            self.assertEqual(w.end(), 0)

    def test_a_screen_fits_its_terminal(self):
        db = self.many()
        rolling = sum(zone["state"] != "idle" for zone in self.json("status", db=db)["zones"])
        with Watched(db=db, size=(14, 70)) as w:
            place = w.until(r"Ctrl-C ends\. (\d+) more: kskroll status")
            screen = self.screens(w.text)[-1]
            self.assertIn(f"60 zones, {rolling} in a rollover, ", screen)
            lines = screen.split("\n")
            self.assertLessEqual(len(lines), 14)
            self.assertEqual([line for line in lines if len(line) > 70], [])
            shown = lines[4:lines.index("", 4)]
            self.assertEqual(len(shown) + int(re.search(r"(\d+) more", screen)[1]),
                             len(set(self.call("status", "--blocked", "--names", db=db).stdout.split()) |
                                 {zone["zone"] for zone in self.json("status", db=db)["zones"] if zone["state"] != "idle"}))
            # Who needs a human comes first.
            blocked = self.call("status", "--blocked", "--names", db=db).stdout.split()
            first = [line.split()[0] for line in shown[:len(blocked)]]
            self.assertTrue(set(first) <= set(blocked) or set(blocked) <= set(first), (first, blocked))
            # A rollover that ends, and one that begins.
            self.change(db, "UPDATE zone SET state = 0 WHERE zone = (SELECT zone FROM zone WHERE state = 4 LIMIT 1)")
            place = w.until("0 begun, 1 done", place)
            self.change(db, "UPDATE zone SET state = 1 WHERE zone = (SELECT zone FROM zone WHERE state = 0 LIMIT 1)")
            w.until("1 begun, 1 done", place)
            self.assertEqual(w.end(), 0)
            self.assertTrue(w.text.startswith(ENTER) and w.text.endswith(LEAVE), (w.text[:20], w.text[-20:]))

    def test_a_named_zone_is_shown_at_rest(self):
        db = self.store_of("rest.example.", 13)
        with Watched("REST.example", db=db, size=(24, 80)) as w:
            w.until(r"rest\.example\..*idle.*Ctrl-C")
            self.assertEqual(w.end(), 0)
        with Watched(db=db, size=(24, 80)) as w:
            w.until("No zone is in a rollover.")
            self.assertEqual(w.end(), 0)

    def test_a_store_that_is_away_for_a_while(self):
        db = self.store_of("rest.example.", 13)
        with Watched(db=db) as w:
            place = w.until("each change follows\n")
            os.rename(db, f"{db}.away")
            place = w.until("kskroll: .*\n", place)
            os.rename(f"{db}.away", db)
            self.change(db, "UPDATE zone SET state = 1")
            w.until(r"rest\.example\.  idle -> prepare", place)
            self.assertEqual(w.end(), 0)

    def test_an_invalid_row_is_said_once_and_no_change_is_lost(self):
        db = self.many(10)
        first, second = self.call("status", "--names", db=db).stdout.split()[1:3]
        with Watched(db=db) as w:
            place = w.until("each change follows\n")
            self.change(db, "UPDATE zone SET state = 99 WHERE zone = ?", first)
            place = w.until(rf"kskroll: .*{re.escape(first)}.*\n", place)
            self.change(db, "UPDATE zone SET state = 0 WHERE zone = ?", second)
            place = w.until(rf"Z  {re.escape(second)}  \S+ -> idle\n", place)
            self.change(db, "UPDATE zone SET state = 0 WHERE zone = ?", first)
            w.until(rf"Z  {re.escape(first)}  \S+ -> idle\n", place)
            self.assertEqual(w.end(), 0)
            self.assertEqual(w.text.count("is invalid"), 1)
            self.assertEqual(w.text.count("the store can be read again"), 1)
            self.assertNotIn("no longer in the store", w.text)
        # From the begin as well.
        self.change(db, "UPDATE zone SET state = 99 WHERE zone = ?", first)
        with Watched(db=db) as w:
            w.until(r"9 zones roll or need a human|of 9 zones")
            self.assertEqual(w.end(), 0)

    def test_it_is_for_people(self):
        self.assertIn("only one of", self.bad(2, "status", "--watch", "--json"))
        self.assertIn("is no domain name", self.bad(2, "status", "--watch", ".."))
        self.assertIn("--watch is not for plan", self.bad(2, "plan", "--watch", "a.example"))
        self.assertIn("no zone typo.example.", self.bad(1, "status", "--watch", "typo.example"))
        self.bad(1, "status", "--watch", db=os.path.join(self.folder.name, "none.db"))


if __name__ == "__main__":
    main()
