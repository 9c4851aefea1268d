# SPDX-License-Identifier: GPL-3.0-or-later
"""What the users of the zone see: validating resolvers are asked all the time.

The warm cache is the thing under observation, so nobody flushes it. An ordinary resolver hides
one broken server by asking another, hence the resolvers pinned to one server each.
"""

import collections
import contextlib
import threading
import time
from dataclasses import dataclass

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode

from . import ask
from .wait import wait_until

SECURE = "SECURE"
INSECURE = "INSECURE"
#: Good answers in a row, to an existing and to a new name, until a resolver counts again after an outage.
RECOVERED = 2
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
    arrived: float  # monotonic

    def __str__(self):
        clock = time.strftime("%H:%M:%S", time.localtime(self.when))
        return f"{clock} {self.resolver} {self.name}: {self.verdict} {self.detail}".rstrip()


class Watch:
    """Asks every resolver for every zone each `interval` seconds, by turns an existing and a new name.

    The new name (NXDOMAIN) is in no cache: its proof has to be validated with the cached keys.
    """

    def __init__(self, resolvers, zones, interval=0.1, intervals=None, reason=None):
        """\\a resolvers: label -> address. \\a intervals: label -> seconds, where it is another interval.

        \\a reason: (resolver, name) -> what the resolver says of its SERVFAIL; a resolver that reached no server says it there alone.
        """
        self.resolvers = dict(resolvers)
        self._reason = reason or (lambda resolver, name: "")
        self.zones = list(zones)
        self.interval = interval
        self._intervals = intervals or {}
        self.failures = []
        self._counts = collections.Counter()
        self._outages = {}  # (resolver, zone) -> good answers in a row since the outage; None: it lasts.
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

    @contextlib.contextmanager
    def outage(self, pairs):
        """\\a pairs: (resolver, zone), where servers are away meanwhile and the resolver asks no others.

        What it answers is not judged until it finds the zone right again, with the servers back.
        """
        with self._lock:
            self._outages.update(dict.fromkeys(pairs))
        try:
            yield
        finally:
            with self._lock:
                self._outages.update(dict.fromkeys(pairs, 0))

    def wait_recovered(self):
        """Waits for the end of all outages."""
        wait_until(lambda: not self._outages, 30, "resolvers find their zones right again after the outage")

    def assert_never_bogus(self, since=float("inf")):
        """AssertionError with the first answers that were neither secure nor insecure, before \\a since (monotonic time)."""
        self.wait_recovered()
        with self._lock:
            failures = [failure for failure in self.failures if failure.verdict != INSECURE and failure.arrived < since]
        assert not failures, f"{len(failures)} answers were bogus or none: " + self._listed(failures)

    def assert_secure(self):
        """AssertionError with the first failures unless every answer was secure."""
        self.wait_recovered()
        for resolver in self.resolvers:
            for zone in self.zones:
                # A test that is over at once may be faster than the first answer.
                wait_until(lambda: self.counts(resolver, zone), 15, f"{resolver} answers for {zone}")
                assert self.counts(resolver, zone)[SECURE] > 0, \
                    f"{resolver} gave no secure answer for {zone}"
        with self._lock:
            failures = list(self.failures)
        assert not failures, f"{len(failures)} answers were not secure: " + self._listed(failures)

    def _listed(self, failures):
        """The first failures, each with its reason."""
        return "; ".join(f"{failure} {self._reason(failure.resolver, failure.name)}".rstrip() for failure in failures[:5])

    def _run(self, resolver, address):
        number = 0
        while not self._stop.wait(self._intervals.get(resolver, self.interval)):
            number += 1
            for zone in self.zones:
                label = "www" if number % 2 else f"x{number}"
                self._ask(resolver, address, zone, f"{label}.{zone}")

    def _ask(self, resolver, address, zone, name):
        verdict, detail = verdict_of(address, name)
        with self._lock:
            if self._is_excused((resolver, zone), verdict):
                return
            self._counts[resolver, zone, verdict] += 1
            if verdict != SECURE:
                self.failures.append(Failure(time.time(), resolver, name, verdict, detail, time.monotonic()))

    def _is_excused(self, pair, verdict):
        if pair not in self._outages:
            return False
        if self._outages[pair] is not None:
            self._outages[pair] = self._outages[pair] + 1 if verdict in (SECURE, INSECURE) else 0
            if self._outages[pair] == RECOVERED:
                del self._outages[pair]
        return True


def verdict_of(address, name, rdtype="A", timeout=8):
    """(verdict, detail) of a validating resolver. It is asked very often: only a failure is parsed."""
    try:
        packet = ask.packet(address, name, rdtype, timeout)
        rcode = packet[3] & 0x0f
        if rcode == dns.rcode.SERVFAIL:
            return SERVFAIL, "; ".join(option.to_text() for option in dns.message.from_wire(packet).options)
    except (OSError, dns.exception.DNSException) as error:
        return NO_ANSWER, f"{type(error).__name__}: {error}"
    if rcode in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return (SECURE if packet[3] & dns.flags.AD else INSECURE), ""
    return NO_ANSWER, dns.rcode.to_text(rcode)
