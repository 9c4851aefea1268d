# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a server for CDS, or for something else, every 20 ms: does it go away and come back?"""

import threading
import time

import dns.exception

from . import ask

INTERVAL = 0.02


def cds(address, zone):
    """Tags in CDS. The zone has to be there: without SOA an answer says nothing of CDS."""
    return ask.tags(address, zone, "CDS")


class Flicker:
    """Use it as a context manager. `seen`: (when, tags) of each change; no answer, as of a knotd that restarts, is none.

    \\a read(address, zone): what is asked for instead.
    """

    def __init__(self, address, zone, read=None, interval=INTERVAL):
        self.address, self.zone = address, zone
        self._read, self._interval = read or cds, interval
        self.seen = []
        self.asked = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"flicker {zone}", daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(15)

    def _run(self):
        while not self._stop.wait(self._interval):
            try:
                found = self._read(self.address, self.zone)
            except (OSError, LookupError, dns.exception.DNSException):
                continue
            self.asked += 1
            if not self.seen or self.seen[-1][1] != found:
                self.seen.append((time.monotonic(), found))

    def stretches(self):
        """How often CDS came out."""
        return sum(1 for _, tags in self.seen if tags)

    def one_stretch(self):
        """CDS came out once, named one key, and stayed until it went for good."""
        assert self.asked > 200, f"only {self.asked} questions were answered"
        values = [tags for _, tags in self.seen]
        assert self.stretches() == 1, f"CDS over time: {self.seen}"
        assert len(values[1 if not values[0] else 0]) == 1 and not values[-1], values
