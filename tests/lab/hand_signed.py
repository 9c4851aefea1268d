# SPDX-License-Identifier: GPL-3.0-or-later
"""A child zone that the test signs itself: every server can have another version, signed by any keys, at any time.

    example.test.   NSD     ns1, ns2    one process each; each has its own file
"""

import os
import signal
import time

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

from . import ask, zones as zonefiles
from .daemons import Nsd, file_name
from .special import DELETE_CDNSKEY, DELETE_CDS
from .wait import pause, wait_until

KSK, ZSK = 257, 256
LIFETIME = 86400
SIGNALS = (dns.rdatatype.CDS, dns.rdatatype.CDNSKEY)


class HandSigned:
    """\a zone on two servers, which begins with key "a" and without CDS. Keys have names; the first use of a name makes the key.

    \a operator: zone of the names of the servers, if it is another one. \a insecure: the parent has no DS at the beginning.
    """

    def __init__(self, zone="example.test.", ttl=2, ds_ttl=8, operator=None, insecure=False):
        self.zone, self.ttl, self.ds_ttl = zone, ttl, ds_ttl
        self.insecure = insecure
        self.lines = []
        self._host_zone = operator or zone
        self._prefix = "dns" if operator else "ns"
        self._keys = {}
        self._serial = 1
        self._signed = 0
        self._daemons = {}
        self._addresses = {}
        self._texts = {}

    # Keys.

    def key(self, name, flags=KSK):
        """(private key, DNSKEY) of that name."""
        if name not in self._keys:
            private = ec.generate_private_key(ec.SECP256R1())
            public = dns.dnssec.make_dnskey(private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags)
            self._keys[name] = private, public
        return self._keys[name]

    def tag(self, name):
        """Key tag."""
        return dns.dnssec.key_id(self.key(name)[1])

    def ds(self, *names):
        """DS records of the keys, as sorted text."""
        return ask.ds_of(self.zone, [self.key(name)[1] for name in names])

    # Versions.

    def version(self, keys=("a",), cds=(), signed_by=None, signals_by=None, more=(), inception=None):
        """Text of a signed version.

        \a keys: KSKs in DNSKEY. \a cds: keys that CDS and CDNSKEY name, "delete": the delete signal. \a signed_by:
        keys that sign DNSKEY (all), \a signals_by: that sign CDS and CDNSKEY (those that sign DNSKEY).
        """
        self._serial += 1
        signed_by = keys if signed_by is None else signed_by
        signers = {dns.rdatatype.DNSKEY: signed_by, **dict.fromkeys(SIGNALS, signed_by if signals_by is None else signals_by)}
        if inception is None:
            # Each version is later than the one before: the agent compares seconds.
            wait_until(lambda: time.time() >= self._signed + 1, 5, "the next second")
            inception = self._signed = int(time.time())
        lines = ["www A 192.0.2.1", "www AAAA 2001:db8::1", *self._signals(cds), *self.lines, *more]
        text = zonefiles.zone_text(self.zone, self.hosts(), self.ttl, lines).replace(" 1 30 1 ", f" {self._serial} 30 1 ", 1)
        return self._sign(text, keys, signers, inception)

    def _sign(self, text, keys, signers, inception):
        """Text of a signed zone. \a signers: type -> keys, where it is not the ZSK."""
        dnskeys = [f"@ DNSKEY {self.key(name)[1].to_text()}" for name in keys]
        dnskeys.append(f"@ DNSKEY {self.key('zone', ZSK)[1].to_text()}")
        zone = dns.zone.from_text("\n".join([text, *dnskeys, ""]), origin=self.zone, relativize=False)

        def sign(txn, rrset):
            for name in signers.get(rrset.rdtype, ["zone"]):
                private, public = self.key(name)
                txn.add(rrset.name, rrset.ttl, dns.dnssec.sign(
                    rrset, private, dns.name.from_text(self.zone), public, inception=inception, lifetime=LIFETIME))
        dns.dnssec.sign_zone(zone, add_dnskey=False, rrset_signer=sign)
        return zone.to_text(relativize=False)

    def _signals(self, cds):
        if cds == "delete":
            return [f"@ CDS {DELETE_CDS}", f"@ CDNSKEY {DELETE_CDNSKEY}"]
        return [f"@ CDS {record}" for record in self.ds(*cds)] + [f"@ CDNSKEY {self.key(name)[1].to_text()}" for name in cds]

    def serve(self, text, *hosts):
        """The servers have this version from now on (all, if none is named)."""
        for host in hosts or self._daemons:
            self._texts[host] = text
            daemon = self._daemons[host]
            path = daemon.path(file_name(self.zone))
            zonefiles.write(path + ".new", text)
            # NSD compares times in seconds; this file is never as old as the last one.
            moment = time.time() + self._serial
            os.utime(path + ".new", (moment, moment))
            os.replace(path + ".new", path)
            daemon.process.send_signal(signal.SIGHUP)
        for host in hosts or self._daemons:
            wait_until(lambda h=host: self._has(h, text), 20, f"{host} of {self.zone} serves the version")

    def publish(self, *hosts, **version):
        """serve() of a version(); returns its text."""
        text = self.version(**version)
        self.serve(text, *hosts)
        return text

    def introduce(self, name, *others):
        """A KSK joins "a", and \a others; returns when caches cannot have DNSKEY without it."""
        self.publish(keys=("a", *others, name))
        pause(self.ttl + 1)

    def signals(self, *names):
        """What asks for the DS of these keys: lines of CDS and CDNSKEY without their owner."""
        return [line.removeprefix("@ ") for line in self._signals(names)]

    def text(self, host="ns1"):
        """The version that a server has."""
        return self._texts[host]

    def _has(self, host, text):
        wanted = dns.zone.from_text(text, origin=self.zone, relativize=False).get_soa()
        return ask.rrset(self._addresses[host], self.zone, "SOA")[0] == wanted

    # What a world asks of a child.

    def place(self, number):
        """It gets addresses of its own."""
        self._addresses = {f"ns{host}": f"127.0.{20 + number}.{host}" for host in (1, 2)}

    def hosts(self):
        """host -> addresses, as the parent delegates to them."""
        return {f"{self._prefix}{host[2:]}.{self._host_zone}": [address] for host, address in self._addresses.items()}

    def servers(self):
        """label -> address."""
        return dict(self._addresses)

    def daemon(self, host):
        """The server of that name."""
        return self._daemons[host]

    def start(self, world):
        """Starts the servers."""
        text = self.version()
        for host, address in self._addresses.items():
            label = f"{self.zone.rstrip('.')}-{host}"
            daemon = Nsd(label, world.dir, [address], {})
            daemon.zones = {self.zone: {"file": zonefiles.write(daemon.path(file_name(self.zone)), text)}}
            self._texts[host] = text
            self._daemons[host] = world.up(daemon)

    def attach(self, world):
        """The parent is there."""

    def first_ds(self):
        """DS that the parent begins with."""
        return [] if self.insecure else self.ds("a")
