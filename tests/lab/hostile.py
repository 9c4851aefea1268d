# SPDX-License-Identifier: GPL-3.0-or-later
"""A kskrolld that was taken over: hostile.py VERSION MODE, with the module's socket as standard input."""

import os
import signal
import socket
import struct
import sys

HELLO, LOG = 1, 64


def frame(kind, data):
    """What module and kskrolld send each other (module/wire/wire.h)."""
    return struct.pack("!IB", len(data) + 1, kind) + data


def text(words):
    data = words.encode() + b"\0"
    return struct.pack("!I", len(data)) + data


def line(priority, words):
    return frame(LOG, struct.pack("!B", priority) + text(words))


def main(version, mode):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    module = socket.socket(fileno=0)
    module.setblocking(True)
    module.sendall(frame(HELLO, struct.pack("!II", 0x4B534B52, os.getpid()) + text(version)))
    if mode == "flood":
        lines = line(3, "a line of many") * 1000
        while True:
            module.sendall(lines)
    if mode == "forges":
        module.sendall(line(3, "one\n2026-01-01T00:00:00+0000 info: two \033[2J three"))
    if mode == "alarms":
        module.sendall(line(0, "to all terminals"))
    if mode == "closes":
        module.shutdown(socket.SHUT_WR)
    while True:
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:3])
