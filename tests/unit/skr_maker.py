# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes Signed Key Responses as keymgr prints them, right and wrong ones."""

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec

DAY = 86400
TTL = 3600


class Key:
    """A key of algorithm 13."""

    def __init__(self, flags=257):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.rdata = dns.dnssec.make_dnskey(self.private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=flags)
        self.tag = dns.dnssec.key_id(self.rdata)

    def ds(self, zone, kind="SHA256"):
        """Data of its DS, as text."""
        return dns.dnssec.make_ds(dns.name.from_text(zone), self.rdata, kind).to_text()


class Set:
    """One set of keys. \\a signers: default all KSKs; \\a signals: keys that CDS and CDNSKEY name."""

    def __init__(self, start, ksks, zsks, signers=None, lasts=14 * DAY, ttl=TTL, signals=(), cdnskey=None, extra=(),
                 cds_signers=None, inception=-5400):
        self.start, self.ksks, self.zsks, self.lasts, self.ttl = start, list(ksks), list(zsks), lasts, ttl
        self.signers = self.ksks if signers is None else list(signers)
        self.signals = list(signals)
        self.cdnskey = self.signals if cdnskey is None else list(cdnskey)
        self.cds_signers = self.signers if cds_signers is None else list(cds_signers)
        self.extra, self.inception = list(extra), inception

    def _rrset(self, zone, kind, ttl, rdatas):
        rrset = dns.rrset.RRset(dns.name.from_text(zone), dns.rdataclass.IN, dns.rdatatype.from_text(kind))
        for rdata in rdatas:
            rrset.add(dns.rdata.from_text(dns.rdataclass.IN, rrset.rdtype, rdata), ttl)
        return rrset

    def text(self, zone):
        """As keymgr prints it, with what it begins with."""
        dnskey = self._rrset(zone, "DNSKEY", self.ttl, [key.rdata.to_text() for key in self.ksks + self.zsks])
        cdnskey = self._rrset(zone, "CDNSKEY", 0, [key.rdata.to_text() for key in self.cdnskey])
        cds = self._rrset(zone, "CDS", 0, [key.ds(zone) if isinstance(key, Key) else key for key in self.signals])
        lines = [f";; SignedKeyResponse 1.0 {self.start} (2026-11-29T06:53:21Z) ========="]
        for rrset, signers in ((dnskey, self.signers), (cdnskey, self.cds_signers), (cds, self.cds_signers)):
            if rrset:
                lines += rrset.to_text().splitlines()
                lines += [f"{zone} {rrset.ttl} IN RRSIG " + self._sign(rrset, zone, key) for key in signers]
        return "\n".join([*lines, *self.extra]) + "\n"

    def _sign(self, rrset, zone, key):
        return dns.dnssec.sign(rrset, key.private, dns.name.from_text(zone), key.rdata, inception=self.start + self.inception,
                               expiration=self.start + self.lasts).to_text()


def response(zone, sets):
    """The whole file."""
    return "".join(one.text(zone) for one in sets) + ";; SignedKeyResponse 1.0 generated at 2026-11-29T06:53:21Z by Knot DNS 3.4.6\n"
