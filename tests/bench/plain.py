# SPDX-License-Identifier: GPL-3.0-or-later
"""knotd alone, with many unsigned zones from one file: what the module costs without the rest."""

import contextlib
import os
import sqlite3
import time

import dns.exception
import dns.message
import dns.query

from tests.lab.daemons import KNOTC_TIMEOUT, Knot, run
from tests.lab.wait import LabError, wait_until

ZONE_FILE = """\
$TTL 3600
@ SOA ns hostmaster 1 3600 600 864000 300
@ NS ns
ns A 192.0.2.1
www A 192.0.2.2
"""

#: Seconds between two checks a zone: so many that the first checks 100000 zones are over long before the second.
CHECK_INTERVAL = 3600


class Plain(Knot):
    """A server with `count` zones, which a template attaches to our module (its path, items), or to one of Knot's own."""

    ready_bound = 300

    def __init__(self, name, directory, address, count, module=None, stock=None, items=None):
        self.names = [f"z{number:06}.bench.test." for number in range(count)]
        super().__init__(name, directory, address, [], [self.names[0], self.names[-1]])
        self.store = self.path("db", "kskroll", "kskroll.db")
        path = self.write("bench.zone", ZONE_FILE)
        template = {"id": "default", "storage": self.dir, "file": path, "zonefile-sync": -1,
                    "zonefile-load": "whole", "journal-content": "none"}
        sections = []
        if module:
            sections.append(("module", [{"id": "mod-kskroll", "file": module}]))
            template |= {"global-module": "mod-kskroll/default", "module": "mod-kskroll/default"}
        if stock:
            template["module"] = stock
        sections += [
            ("server", {"rundir": self.dir, "pidfile": self.path("knot.pid"),
                        "listen": f"{address}@53", "udp-workers": 1, "tcp-workers": 1,
                        "background-workers": 1}),
            ("control", {"listen": self.socket, "timeout": 120}),
            ("log", [{"target": self.log, "any": "info"}]),
            ("database", {"storage": self.path("db"), "journal-db-max-size": "16M",
                          "kasp-db-max-size": "16M", "timer-db-max-size": "64M"}),
        ]
        if module:
            sections.append(("mod-kskroll", [{"id": "default", "check-interval": CHECK_INTERVAL, **(items or {})}]))
        sections += [("template", [template]),
                     ("zone", [{"domain": zone} for zone in self.names])]
        self.sections = sections

    def launch_timed(self):
        """Starts; returns the seconds until it answers for the last zone."""
        began = time.monotonic()
        self.launch(poll=0.002)
        return time.monotonic() - began

    def ready(self):
        # Asked often, and without a control command in the way: the time is measured.
        return all(_answers(self.address, zone) for zone in self.zones)

    def reload_timed(self):
        """Reloads; returns the seconds until knotd has answered."""
        began = time.monotonic()
        done = run(["knotc", "-t", "120", "-s", self.socket, "reload"])
        if done.returncode != 0:
            raise LabError(f"{self.name}: reload: {done.stderr.strip()}")
        return time.monotonic() - began

    def commit_timed(self):
        """A transaction that changes one zone; returns the seconds of its commit."""
        return self.transaction(("conf-set", f"zone[{self.names[0]}].semantic-checks", "on"))

    def wait_control(self):
        """Waits until commands are answered."""
        wait_until(lambda: run(["knotc", "-t", str(KNOTC_TIMEOUT), "-s", self.socket,
                                "status"]).returncode == 0, 60, f"{self.name} takes commands")

    def total(self, item):
        """A number of the global statistics of the module."""
        return self.totals()[item]

    def wait_checked(self, bound):
        """Waits until every zone has a row in the module's database: it was checked."""
        def rows():
            with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", timeout=5, uri=True)) as store:
                return store.execute("SELECT count(*) FROM zone").fetchone()[0]
        wait_until(lambda: rows() == len(self.names), bound, f"{self.name} has checked all zones", poll=0.5)

    def store_size(self):
        """Bytes of the module's database."""
        return sum(os.path.getsize(self.store + end) for end in ("", "-wal")
                   if os.path.exists(self.store + end))


def _answers(address, zone):
    try:
        query = dns.message.make_query(zone, "SOA")
        return bool(dns.query.udp(query, address, timeout=0.02).answer)
    except (OSError, dns.exception.DNSException):
        return False
