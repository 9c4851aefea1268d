# SPDX-License-Identifier: GPL-3.0-or-later
"""What the users of the zone see: validating resolvers are asked all the time.

The warm cache is the thing under observation, so nobody flushes it. An ordinary resolver hides
one broken server by asking another, hence the resolvers pinned to one server each.
"""

import collections
import threading
import time
from dataclasses import dataclass

import dns.edns
import dns.exception
import dns.flags
import dns.rcode

from . import ask
from .wait import wait_until

SECURE = "SECURE"
INSECURE = "INSECURE"
SERVFAIL = "SERVFAIL"
NO_ANSWER = "NO-ANSWER"


@dataclass
class Failure:
    """An answer that was not secure."""
    when: float
    resolver: str
    name: str
    verdict: str
    detail: str

    def __str__(self):
        clock = time.strftime("%H:%M:%S", time.localtime(self.when))
        return f"{clock} {self.resolver} {self.name}: {self.verdict} {self.detail}".rstrip()


class Watch:
    """Asks every resolver for every zone each `interval` seconds, by turns an existing and a new name.

    The new name (NXDOMAIN) is in no cache: its proof has to be validated with the cached keys.
    """

    def __init__(self, resolvers, zones, interval=0.1):
        """\\a resolvers: label -> address."""
        self.resolvers = dict(resolvers)
        self.zones = list(zones)
        self.interval = interval
        self.failures = []
        self._counts = collections.Counter()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=item, daemon=True,
                                          name=f"watch {item[0]}")
                         for item in self.resolvers.items()]

    def start(self):
        """Starts asking."""
        for thread in self._threads:
            thread.start()

    def stop(self):
        """Ends asking."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(15)

    def counts(self, resolver=None, zone=None):
        """Verdict -> number of answers, of one or all resolvers and zones."""
        total = collections.Counter()
        with self._lock:
            for (where, name, verdict), number in self._counts.items():
                if resolver in (None, where) and zone in (None, name):
                    total[verdict] += number
        return total

    def summary(self):
        """One line: verdicts of each resolver."""
        parts = []
        for resolver in self.resolvers:
            counts = self.counts(resolver)
            parts.append(f"{resolver} " + " ".join(f"{verdict} {counts[verdict]}"
                                                   for verdict in sorted(counts)))
        return "; ".join(parts)

    def assert_secure(self):
        """AssertionError with the first failures unless every answer was secure."""
        for resolver in self.resolvers:
            for zone in self.zones:
                # A test that is over at once may be faster than the first answer.
                wait_until(lambda: self.counts(resolver, zone), 15, f"{resolver} answers for {zone}")
                assert self.counts(resolver, zone)[SECURE] > 0, \
                    f"{resolver} gave no secure answer for {zone}"
        with self._lock:
            failures = list(self.failures)
        assert not failures, (f"{len(failures)} answers were not secure: "
                              + "; ".join(str(failure) for failure in failures[:5]))

    def _run(self, resolver, address):
        number = 0
        while not self._stop.wait(self.interval):
            number += 1
            for zone in self.zones:
                label = "www" if number % 2 else f"x{number}"
                self._ask(resolver, address, zone, f"{label}.{zone}")

    def _ask(self, resolver, address, zone, name):
        verdict, detail = verdict_of(address, name)
        with self._lock:
            self._counts[resolver, zone, verdict] += 1
            if verdict != SECURE:
                self.failures.append(Failure(time.time(), resolver, name, verdict, detail))


def verdict_of(address, name, rdtype="A", timeout=8):
    """(verdict, detail) of a validating resolver."""
    try:
        response = ask.ask(address, name, rdtype, timeout=timeout, recursive=True)
    except (OSError, dns.exception.DNSException) as error:
        return NO_ANSWER, f"{type(error).__name__}: {error}"
    if response.rcode() == dns.rcode.SERVFAIL:
        return SERVFAIL, "; ".join(option.to_text() for option in response.options)
    if response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return (SECURE if response.flags & dns.flags.AD else INSECURE), ""
    return NO_ANSWER, dns.rcode.to_text(response.rcode())
