# SPDX-License-Identifier: GPL-3.0-or-later
"""An independent parental agent: BIND's dnssec-cds decides, a TSIG-signed DNS UPDATE acts.

None of our code judges the CDS here: the agent is the other side of RFC 7344 and stays so.
"""

import os
import threading
import time

import dns.exception
import dns.rdatatype

from . import ask, clock, special
from .daemons import run

#: The first replay limit. Knot back-dates inceptions by 90 minutes, so "now" would refuse all.
REPLAY_SLACK = 86400


class Agent:
    """Scans every zone each `interval` seconds and changes the DS at the parent's primary.

    `bootstrap`: what a zone without DS gets, by zone and addresses; by default what its CDS says.
    `deaf`: never acts. `delay`: seconds between seeing a change wanted and making it. `unscanned`: zones that it checks only when it is notified.
    These can be changed while it runs. `updates`: (monotonic time, zone, script) of every change;
    `notified`: the same of those that a notification was the reason for.
    """

    def __init__(self, directory, parent, parent_zone, tsig, children, ds_ttl, interval=1.0):
        """\\a children: zone -> addresses of its public servers; all have to agree."""
        self.dir = os.path.join(directory, "agent")
        os.makedirs(self.dir, exist_ok=True)
        self.parent = parent
        self.parent_zone = parent_zone
        self.children = dict(children)
        self.ds_ttl = ds_ttl
        self.interval = interval
        self.bootstrap = special.first_ds
        self.deaf = False
        self.unscanned = ()
        self.delay = 0.0
        self.updates = []
        self.notified = []
        self._limit = {zone: clock.current.time() - REPLAY_SLACK for zone in self.children}
        self._wanted = {}
        self._keyfile = os.path.join(self.dir, "tsig.key")
        with open(self._keyfile, "w", encoding="ascii") as file:
            file.write(tsig.bind())
        self._lock = threading.Lock()
        self._next = time.monotonic() + interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="agent", daemon=True)

    def postpone(self):
        """The next scan is one interval away."""
        self._next = time.monotonic() + self.interval

    def start(self):
        """Starts scanning."""
        self.postpone()
        self._thread.start()

    def stop(self):
        """Ends scanning and waits for a scan under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def insert_ds(self, zone, records, ttl=None):
        """What a registrant hands in by other means, as the first DS set. \\a ttl: if it is not the usual one."""
        script = [f"update delete {zone} DS"]
        script += [f"update add {zone} {ttl or self.ds_ttl} DS {record}" for record in records]
        self._update(zone, "\n".join(script) + "\n")

    def scan(self, zone):
        """One check of a zone; returns whether the parent was changed."""
        with self._lock:
            return self._scan(zone)

    def notify(self, zone):
        """One check of a zone because somebody said that its CDS has changed (RFC 9859 4.3)."""
        self._note(f"{zone}: notified")
        if zone not in self.children:
            return
        with self._lock:
            if self._try(zone):
                self.notified.append(self.updates[-1])

    def _scan(self, zone):
        current = ask.rrset(self.parent, zone, "DS")
        script = self._special(zone, current)
        if script:
            if not self._due(zone, script):
                return False
            self._update(zone, script)
            return True
        answers = [self._child(address, zone) for address in self.children[zone]]
        if current is None or not answers or any(answer is None for answer in answers):
            self._wanted.pop(zone, None)
            return False
        scripts = {self._decide(zone, answer[0], current) for answer in answers}
        script = scripts.pop()
        if scripts or not script:
            self._wanted.pop(zone, None)
            return False
        if not self._due(zone, script):
            return False
        self._update(zone, script)
        # What was accepted must not be replaced by anything signed before it (RFC 7344 4.1).
        self._limit[zone] = max(min(answer[1] for answer in answers), self._limit[zone])
        return True

    def _special(self, zone, current):
        """The update script for a first DS or the end of the last, "" otherwise."""
        if current is None:
            records = self.bootstrap(zone, self.children[zone])
            return "".join(f"update add {zone} {self.ds_ttl} DS {record}\n"
                           for record in records or [])
        if special.removal(zone, self.children[zone], current):
            return f"update delete {zone} DS\n"
        return ""

    def parent_of(self, zone):
        """The zone that has the DS of this one."""
        return self.parent_zone

    def seen(self, zone):
        """Whether it sees a change wanted that it has not made."""
        return zone in self._wanted

    def _run(self):
        while not self._stop.wait(min(self.interval, 0.2)):
            if time.monotonic() < self._next:
                continue
            self.postpone()
            for zone in self.children:
                if zone not in self.unscanned:
                    with self._lock:
                        self._try(zone)

    def _try(self, zone):
        try:
            return self._scan(zone)
        except (OSError, LookupError, dns.exception.DNSException) as error:
            self._note(f"{zone}: {type(error).__name__}: {error}")
            return False

    def _due(self, zone, script):
        """Whether a wanted change may be made now: the agent may be deaf or slow."""
        now = time.monotonic()
        wanted, since = self._wanted.get(zone, (None, 0))
        if wanted != script:
            self._wanted[zone] = (script, now)
            since = now
        return not self.deaf and now - since >= self.delay

    def _child(self, address, zone):
        """(text with CDS, CDNSKEY, DNSKEY and RRSIG; inception), or None without CDS.

        A delete signal counts as no CDS: dnssec-cds would remove the DS and add garbage.
        """
        lines, inception = [], None
        for rdtype in ("CDS", "CDNSKEY", "DNSKEY"):
            for rrset in ask.ask(address, zone, rdtype).answer:
                lines.append(rrset.to_text(relativize=False))
                if rrset.rdtype == dns.rdatatype.CDS:
                    if any(record.algorithm == 0 for record in rrset):
                        return None
                if rrset.rdtype == dns.rdatatype.RRSIG and rrset.covers == dns.rdatatype.CDS:
                    inception = max(record.inception for record in rrset)
        return ("\n".join(lines) + "\n", inception) if inception is not None else None

    def _decide(self, zone, child, current):
        """The update script of dnssec-cds, "" if nothing is to change."""
        label = zone.rstrip(".").replace("/", "_")
        dsset = os.path.join(self.dir, f"dsset-{label}.")
        with open(dsset, "w", encoding="ascii") as file:
            file.write(current.to_text() + "\n" if current else "")
        limit = self._limit[zone]
        os.utime(dsset, (limit, limit))
        keys = os.path.join(self.dir, f"child-{label}")
        with open(keys, "w", encoding="ascii") as file:
            file.write(child)
        result = run(["dnssec-cds", "-u", "-T", str(self.ds_ttl), "-f", keys, "-d", dsset, zone])
        if result.returncode != 0:
            self._note(f"{zone}: dnssec-cds: {result.stderr.strip()}")
            return ""
        changes = [line for line in result.stdout.splitlines()
                   if line.startswith(("update add", "update del"))]
        return "\n".join(changes) + "\n" if changes else ""

    def _update(self, zone, script):
        text = f"server {self.parent} 53\nzone {self.parent_of(zone)}\n{script}send\n"
        # The time-outs of one packet and of all.
        patience = ["-u", str(3 * clock.current.rate), "-t", str(300 * clock.current.rate)]
        result = run(["nsupdate", *patience, "-k", self._keyfile], input=text)
        self._note(f"{zone}: nsupdate {result.returncode}: {script!r} {result.stderr.strip()}")
        if result.returncode == 0:
            self.updates.append((time.monotonic(), zone, script))
        self._wanted.pop(zone, None)

    def _note(self, text):
        with open(os.path.join(self.dir, "log"), "a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%H:%M:%S')} {text}\n")
