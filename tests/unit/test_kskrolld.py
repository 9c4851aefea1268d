#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program kskrolld with this test in the place of knotd: how it greets, what it refuses, when it ends."""

import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

PROGRAM, VERSION, FAIL_FORK = sys.argv[1:4]
HELLO, SETTINGS, ATTACH, LOG = 1, 2, 6, 64


def frame(kind, data=b""):
    return struct.pack("!IB", len(data) + 1, kind) + data


def text(words):
    data = words.encode() + b"\0"
    return struct.pack("!I", len(data)) + data


def hello(version=VERSION, pid=None, magic=0x4B534B52):
    return frame(HELLO, struct.pack("!II", magic, os.getpid() if pid is None else pid) + text(version))


class Kskrolld:
    """One process."""

    def __init__(self, *args, **kwargs):
        self.ours, theirs = socket.socketpair()
        self.process = subprocess.Popen([PROGRAM, *args], stdin=theirs, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, **kwargs)
        theirs.close()
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ours.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def send(self, data):
        """Sends what it still takes."""
        try:
            self.ours.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def frame(self, bound=10):
        """The next frame; None at the end."""
        end = time.monotonic() + bound
        while True:
            if len(self.data) >= 4:
                whole = struct.unpack("!I", self.data[:4])[0] + 4
                if len(self.data) >= whole:
                    found, self.data = self.data[:whole], self.data[whole:]
                    return found[4], found[5:]
            if not select.select([self.ours], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"nothing after {bound} s")
            try:
                more = self.ours.recv(65536)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.data += more

    def logged(self):
        """What it says until its end."""
        said = []
        while (found := self.frame()) is not None:
            if found[0] == LOG:
                said.append(found[1][5:-1].decode())
        return said

    def ended(self, bound=10):
        """Its exit code."""
        return self.process.wait(bound)


class Test(unittest.TestCase):
    def test_started_by_hand_it_says_who_starts_it(self):
        for stdin in (subprocess.DEVNULL, subprocess.PIPE):
            done = subprocess.run([PROGRAM], stdin=stdin, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("is started by the Knot DNS module", done.stderr)

    def test_it_greets_first_and_ends_with_the_connection(self):
        for greet in (b"", hello()):
            with Kskrolld() as kskrolld:
                kskrolld.send(greet)
                kind, data = kskrolld.frame()
                self.assertEqual(kind, HELLO)
                self.assertEqual(data, hello(pid=kskrolld.process.pid)[5:])
                began = time.monotonic()
                kskrolld.ours.shutdown(socket.SHUT_WR)
                self.assertEqual(kskrolld.ended(), 0)
                self.assertLess(time.monotonic() - began, 1)

    def test_it_answers_notify_at_sockets_that_it_inherits(self):
        """As the module opens them for notify-listen; it opens none itself, and has no right to."""
        message = bytes.fromhex("12342400000100000000000005636869") + b"ld\4test\0" + bytes.fromhex("003b0001")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            udp.bind(("127.0.0.1", 0))
            tcp.bind(("127.0.0.1", 0))
            tcp.listen()
            for sock in udp, tcp:
                sock.setblocking(False)
            with Kskrolld(pass_fds=[udp.fileno(), tcp.fileno()]) as kskrolld:
                kskrolld.send(hello())
                kskrolld.frame()
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                    client.settimeout(10)
                    client.sendto(message, udp.getsockname())
                    reply = client.recv(512)
                    self.assertEqual(reply, bytes.fromhex("1234a400") + message[4:])
                with socket.create_connection(tcp.getsockname(), 10) as client:
                    client.sendall(struct.pack("!H", len(message)) + message)
                    self.assertEqual(client.recv(512)[2:4], b"\x12\x34")
                kskrolld.ours.shutdown(socket.SHUT_WR)
                self.assertEqual(kskrolld.ended(), 0)

    def test_no_signal_that_a_group_gets_ends_it(self):
        with Kskrolld() as kskrolld:
            kskrolld.send(hello())
            kskrolld.frame()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT, signal.SIGUSR1):
                kskrolld.process.send_signal(number)
            # It is still there to refuse what comes next.
            kskrolld.send(frame(200))
            self.assertEqual(kskrolld.logged(), ["kskrolld received an invalid message from the module"])
            self.assertEqual(kskrolld.ended(), 2)

    def test_without_standard_output_and_error_files_do_not_get_their_numbers(self):
        with Kskrolld(preexec_fn=lambda: (os.close(1), os.close(2))) as kskrolld:
            kskrolld.frame()
            for number in (1, 2):
                self.assertEqual(os.readlink(f"/proc/{kskrolld.process.pid}/fd/{number}"), "/dev/null")

    def test_without_the_process_for_keymgr_it_asks_to_be_started_again(self):
        with Kskrolld(env={**os.environ, "LD_PRELOAD": FAIL_FORK}) as kskrolld:
            kskrolld.send(hello())
            self.assertEqual(kskrolld.logged(), ["the process that runs keymgr cannot be started (Resource temporarily unavailable): "
                                                 "kskrolld starts again"])
            self.assertEqual(kskrolld.ended(), 75)

    def test_another_version_ends_it_without_a_word(self):
        for version in ("", "0.0.0", VERSION + "x"):
            with Kskrolld() as kskrolld:
                kskrolld.send(hello(version))
                self.assertEqual(kskrolld.frame()[0], HELLO)
                self.assertEqual(kskrolld.logged(), [])
                self.assertEqual(kskrolld.ended(), 0)

    def test_who_has_not_started_it_is_not_served(self):
        for greet in (hello(pid=1), hello(pid=os.getpid() + 1), hello(pid=0), hello(magic=0), frame(ATTACH),
                      b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 100, b"\0" * 5):
            with Kskrolld() as kskrolld:
                kskrolld.send(greet)
                self.assertEqual(kskrolld.frame()[0], HELLO)
                self.assertEqual(kskrolld.logged(), ["kskrolld received an invalid message from the module"], greet)
                self.assertEqual(kskrolld.ended(), 2)

    def test_frames_that_are_none_end_it(self):
        attach = struct.pack("!III", 0, 1, 0) + text("a.example.")
        for data in (frame(200), frame(LOG), frame(SETTINGS), frame(SETTINGS, b"\xff" * 40), frame(ATTACH, attach),
                     frame(ATTACH, attach[:-1]), struct.pack("!I", 0), struct.pack("!I", 1 << 30)):
            with Kskrolld() as kskrolld:
                kskrolld.send(hello() + data)
                self.assertEqual(kskrolld.frame()[0], HELLO)
                self.assertEqual(kskrolld.logged(), ["kskrolld received an invalid message from the module"], data)
                self.assertEqual(kskrolld.ended(), 2)

    def test_noise_of_any_kind_ends_it_or_is_waited_for(self):
        rng = random.Random(4711)
        for _ in range(50):
            with Kskrolld() as kskrolld:
                kskrolld.send(hello())
                for _ in range(20):
                    kind, size = rng.choice([2, 3, 4, 5, 6, 7, rng.randrange(256)]), rng.randrange(60)
                    kskrolld.send(frame(kind, rng.randbytes(size)))
                kskrolld.ours.shutdown(socket.SHUT_WR)
                kskrolld.logged()
                self.assertIn(kskrolld.ended(), (0, 2))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
