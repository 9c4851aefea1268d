# SPDX-License-Identifier: GPL-3.0-or-later
"""The control protocol of knotd (libknot, control.c), for what is read many times a second: knotc would be started each time.

A unit is its kind, an octet, and for data any number of items: an octet that says which, a length of two octets, and text.
"""

import socket
import struct
import time

from .wait import LabError, POLL, pause

END, DATA, EXTRA, BLOCK = range(4)
FIRST_ITEM = 16
COMMAND, FLAGS, ERROR, SECTION, ITEM, ID, ZONE = range(FIRST_ITEM, FIRST_ITEM + 7)
VALUE = FIRST_ITEM + 10
FORCE = "F"


def _items(items):
    return b"".join(struct.pack("!BH", code, len(text)) + text
                    for code, text in ((code, str(value).encode()) for code, value in sorted(items.items())))


def _units(stream):
    """The units of an answer, (kind, items), without the block that ends it."""
    items, kind = {}, None
    while True:
        code = stream.read(1)
        if not code:
            raise LabError("knotd has closed the control connection")
        code = code[0]
        if code >= FIRST_ITEM:
            length = int.from_bytes(stream.read(2), "big")
            items[code] = stream.read(length).decode()
            continue
        if kind in (DATA, EXTRA):
            yield dict(items)
        if code in (END, BLOCK):
            return
        # One of several values repeats only what differs.
        kind, items = code, items if code == EXTRA else {}


def _connect(peer, path, timeout):
    """Waits for a place: knotd keeps five connections that it has not accepted (listen() of Knot), and a test asks for many zones at once."""
    end = time.monotonic() + timeout
    while True:
        try:
            return peer.connect(path)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
        pause(POLL)


def command(path, items, timeout):
    """Sends a command and returns the data of its answer: a list of items by their code. LabError if it is refused."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(timeout)
            _connect(peer, path, timeout)
            peer.sendall(bytes([DATA]) + _items(items) + bytes([BLOCK]))
            with peer.makefile("rb") as stream:
                found = list(_units(stream))
            peer.sendall(bytes([END]))
    except OSError as error:
        raise LabError(f"control socket {path}: {error}") from None
    errors = [unit[ERROR] for unit in found if unit.get(ERROR)]
    if errors:
        raise LabError(f"{items[COMMAND]}: {errors[0]}")
    return found


def stats(path, module, zone=None, timeout=10):
    """The numbers of a module, zeros too: item -> number, or item -> {name: number}."""
    where = {COMMAND: "zone-stats", ZONE: zone} if zone else {COMMAND: "stats"}
    values = {}
    for unit in command(path, {**where, FLAGS: FORCE, SECTION: module}, timeout):
        if unit.get(SECTION) != module or not unit.get(VALUE, "").isdigit():
            continue
        if unit.get(ID):
            values.setdefault(unit[ITEM], {})[unit[ID]] = int(unit[VALUE])
        else:
            values[unit[ITEM]] = int(unit[VALUE])
    return values
