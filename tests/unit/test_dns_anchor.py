#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root rolls its keys while a resolver lives: the trust anchor is read again when its file changes.

Usage: test_dns_anchor.py PROBE. Exits with 77 (skipped) without the tools or the right to
create a network namespace.
"""
import os
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
from test_dns_survey import ROOT, in_world  # noqa: E402
from tests.lab.wait import stays, wait_until  # noqa: E402

SILENT = "127.0.0.9"
NAMES = 200


class Probe:
    def __init__(self, binary, world):
        self.run = subprocess.Popen([binary, f"{world.folder}/anchor", f"{world.folder}/hints"], text=True,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.next = 0

    def do(self, command):
        """Lines that it prints."""
        self.run.stdin.write(command + "\n")
        self.run.stdin.flush()
        lines = []
        while True:
            line = self.run.stdout.readline()
            assert line, f"ended after {command}, {lines}"
            if line == "done\n":
                print(command, lines)
                return lines
            lines.append(line.split(" ", 2))

    def verdict(self):
        """Of a name that was not asked for before: nothing about it is in a cache."""
        name = f"n{self.next}."
        self.next += 1
        lines = self.do(f"begin {name}") + self.do("wait")
        return next(line[1] for line in lines if line[0] == name)

    def wait_for(self, verdict):
        """The file is checked once a second at the most, later if it was of no use."""
        wait_until(lambda: self.verdict() == verdict, 10, f"verdict {verdict}", poll=0.3)

    def threads(self):
        return int(self.do("threads")[0][1])

    def end(self):
        self.run.stdin.close()
        assert self.run.wait(20) == 0


def serve_root(world):
    """With new keys, and only these."""
    for name in os.listdir(world.folder):
        if name.startswith("K.+"):
            os.remove(f"{world.folder}/{name}")
    world.keys(".")
    names = "".join(f"n{i} A 192.0.2.1\n" for i in range(NAMES))
    root = world.sign(".", f"@ NS ns.\nns. A {ROOT}\n{names}silent NS ns.silent\nns.silent A {SILENT}\n")
    if ROOT in world.servers:
        world.stop(ROOT)
    world.serve(ROOT, {".": root})


def write_anchor(world, text=None):
    """As packages do it: a new file in the place of the old one."""
    with open(f"{world.folder}/anchor.new", "w") as file:
        file.write(text if text is not None else world.run("dnssec-dsfromkey", "-2", world.rdata(".", 257)[0][0]))
    os.replace(f"{world.folder}/anchor.new", f"{world.folder}/anchor")


def check(world, binary):
    serve_root(world)
    write_anchor(world)
    with open(f"{world.folder}/hints", "w") as file:
        file.write(f". 3600 IN NS ns.\nns. 3600 IN A {ROOT}\n")
    nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    nobody.bind((SILENT, 53))

    probe = Probe(binary, world)
    assert probe.verdict() == "secure"
    threads = probe.threads()

    # Nobody has told this resolver of the new key.
    serve_root(world)
    probe.wait_for("bogus")
    # The file that is updated while the process goes on is read by it. What is under way ends as it began.
    probe.do("begin x.silent.")
    write_anchor(world)
    probe.wait_for("secure")
    assert probe.threads() == threads + 1
    probe.do("cancel")
    assert probe.verdict() == "secure"
    assert probe.threads() == threads

    # In place, and again.
    serve_root(world)
    probe.wait_for("bogus")
    with open(f"{world.folder}/anchor", "w") as file:
        file.write(world.run("dnssec-dsfromkey", "-2", world.rdata(".", 257)[0][0]))
    probe.wait_for("secure")

    # With a file that is of no use the old anchors stay in force. One that was cut off is not "nothing is signed".
    good = open(f"{world.folder}/anchor").read()
    write_anchor(world, "")
    assert stays(lambda: probe.verdict() == "secure", 1.5, 0.1)
    probe.end()
    for useless in ("", "; none yet\n\n", "$TTL 3600\n  ;" + good):
        write_anchor(world, useless)
        refused = subprocess.run([binary, f"{world.folder}/anchor", f"{world.folder}/hints"], text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert refused.returncode == 1 and "is empty" in refused.stdout, (useless, refused)
    write_anchor(world, "; ours\n\n" + good)
    probe = Probe(binary, world)
    assert probe.verdict() == "secure"

    # libunbound's thread ends: what is under way ends, and a moment later there is another one. Not for ever.
    for _ in range(3):
        probe.do("begin z.silent.")
        probe.do("break")
        assert probe.do("wait") == [["z.silent.", "failed", "the resolver's thread ended\n"]]
        probe.wait_for("secure")
        assert probe.threads() == threads

    write_anchor(world, "half of a fi")
    assert stays(lambda: probe.verdict() == "secure", 1.5, 0.1)
    os.remove(f"{world.folder}/anchor")
    assert probe.verdict() == "secure"
    assert probe.threads() == threads

    # Ended with all kinds of it under way.
    probe.do("begin y.silent.")
    probe.end()


if __name__ == "__main__":
    sys.exit(in_world("anchor", check))
