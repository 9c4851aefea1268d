# SPDX-License-Identifier: GPL-3.0-or-later
"""What every server serves, over time: the timeline of the demo and the evidence of the tests."""

import collections
import threading
import time
from dataclasses import dataclass

import dns.dnssec
import dns.exception

from . import ask


@dataclass(frozen=True)
class Event:
    """Something that changed at a server: when (monotonic), where, what, and the new value."""
    when: float
    zone: str
    server: str
    what: str
    value: str


class Observer:
    """Asks every server of child and parent in turn and keeps what changed.

    \\a listener(event) is called for every change, in the observer's thread.
    """

    def __init__(self, children, parents, interval=0.2, listener=None):
        """\\a children: zone -> {label: address}; \\a parents: label -> address."""
        self.children = children
        self.parents = parents
        self.interval = interval
        self.listener = listener
        self.events = []
        self.now = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)

    def start(self):
        """Starts checking."""
        self._thread.start()

    def stop(self):
        """Ends checking."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(15)

    def history(self, zone, what):
        """server -> list of (when, value), for one kind of fact."""
        found = collections.defaultdict(list)
        for event in list(self.events):
            if event.zone == zone and event.what == what:
                found[event.server].append((event.when, event.value))
        return dict(found)

    def _run(self):
        while True:
            self.check()
            if self._stop.wait(self.interval):
                return

    def check(self):
        """One check of every server."""
        for zone, servers in self.children.items():
            for server, address in servers.items():
                self._note(zone, server, "DNSKEY", _read(_ksk_text, address, zone))
                self._note(zone, server, "CDS", _read(_tags_text, address, zone, "CDS"))
            for server, address in self.parents.items():
                self._note(zone, server, "DS", _read(_tags_text, address, zone, "DS"))

    def _note(self, zone, server, what, value):
        if self.now.get((zone, server, what)) == value:
            return
        self.now[zone, server, what] = value
        event = Event(time.monotonic(), zone, server, what, value)
        self.events.append(event)
        if self.listener:
            self.listener(event)


def _read(function, *args):
    try:
        return function(*args)
    except (OSError, LookupError, dns.exception.DNSException) as error:
        return f"no answer ({type(error).__name__})"


def _ksk_text(address, zone):
    found = ask.rrset(address, zone, "DNSKEY")
    tags = sorted(dns.dnssec.key_id(key) for key in found or [] if key.flags & ask.SEP)
    return f"{'+'.join(map(str, tags)) or 'none'} TTL {found.ttl if found else '-'}"


def _tags_text(address, zone, rdtype):
    return "+".join(map(str, ask.tags(address, zone, rdtype))) or "none"
