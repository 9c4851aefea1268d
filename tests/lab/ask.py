# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking one server directly, and what the lab wants to know of the answers."""

import contextlib
import socket
import time

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

from .wait import PATIENCE

SEP = 0x0001
ZONE_KEY = 0x0100
#: Octets of the header of a message.
HEADER = 12


def ask(address, name, rdtype, timeout=1.0, recursive=False):
    """The response of the server, over TCP if UDP truncates; raises what dnspython raises."""
    query = dns.message.make_query(name, rdtype, want_dnssec=True, payload=1232)
    if not recursive:
        query.flags &= ~dns.flags.RD
    response, _ = dns.query.udp_with_fallback(query, address, timeout=timeout)
    return response


def packet(address, name, rdtype, timeout=1.0):
    """The answer of a resolver to a question with DO, not parsed; OSError without one. A truncated one is an answer as well."""
    query = dns.message.make_query(name, rdtype, want_dnssec=True, payload=1232).to_wire()
    end = time.monotonic() + timeout
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.connect((address, 53))
        peer.send(query)
        while True:
            peer.settimeout(max(0.001, end - time.monotonic()))
            answer = peer.recv(65535)
            if len(answer) > HEADER and answer[:2] == query[:2] and answer[2] & 0x80:
                return answer


def rrset(address, name, rdtype, timeout=1.0):
    """The RRset that the server serves authoritatively, or None for NODATA; LookupError else."""
    response = ask(address, name, rdtype, timeout)
    if response.rcode() != dns.rcode.NOERROR or not response.flags & dns.flags.AA:
        raise LookupError(f"{address} answers {dns.rcode.to_text(response.rcode())} "
                          f"for {name} {rdtype}")
    return response.get_rrset(response.answer, dns.name.from_text(name), dns.rdataclass.IN,
                              dns.rdatatype.from_text(rdtype))


def listens(address, port=53):
    """Whether anything has this UDP port: a closed one refuses at once, but only a connected socket hears of it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, port))
        probe.send(b"")
        return probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def answers(address, name, rdtype="SOA"):
    """Whether the server serves the zone."""
    try:
        return listens(address) and rrset(address, name, rdtype, timeout=0.5 * PATIENCE) is not None
    except (LookupError, OSError, dns.exception.DNSException):
        return False


class Scanner:
    """Asks a server for one RRset of very many names, some hundred of them at a time: over UDP, each once."""

    AT_ONCE = 200

    def __init__(self, address, names, rdtype):
        self._queries = [dns.message.make_query(name, rdtype).to_wire() for name in names]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0.2)
        self._socket.connect((address, 53))
        self._rdtype = dns.rdatatype.from_text(rdtype)

    def found(self):
        """name -> RRset, of those that have one; what is lost is missing."""
        found = {}
        for first in range(0, len(self._queries), self.AT_ONCE):
            queries = self._queries[first:first + self.AT_ONCE]
            # A server that is gone refuses; one that is silent costs one time-out.
            with contextlib.suppress(OSError):
                for query in queries:
                    self._socket.send(query)
                for _ in queries:
                    self._take(self._socket.recv(4096), found)
        return found

    def _take(self, data, found):
        if data[6:8] in (b"", b"\0\0"):
            return  # Nothing is parsed where nothing was found.
        with contextlib.suppress(dns.exception.DNSException):
            response = dns.message.from_wire(data)
            for rrset_ in response.answer:
                if rrset_.rdtype == self._rdtype:
                    found[rrset_.name.to_text()] = rrset_

    def close(self):
        """Ends asking."""
        self._socket.close()


def ksks(address, zone):
    """DNSKEY records with the SEP flag."""
    found = rrset(address, zone, "DNSKEY")
    return [key for key in found or [] if key.flags & SEP]


def ksk_tags(address, zone):
    """Key tags of the KSKs that the server publishes, sorted."""
    return sorted(dns.dnssec.key_id(key) for key in ksks(address, zone))


def tags(address, zone, rdtype):
    """Key tags in the DS or CDS RRset, sorted; () if there is none."""
    return sorted({record.key_tag for record in rrset(address, zone, rdtype) or []})


def algorithms(address, zone):
    """Algorithms of all keys in DNSKEY."""
    return {int(key.algorithm) for key in rrset(address, zone, "DNSKEY")}


def data_algorithms(address, zone):
    """Algorithms of the signatures over the SOA."""
    response = ask(address, zone, "SOA")
    return {int(record.algorithm) for rrset_ in response.answer if rrset_.rdtype == dns.rdatatype.RRSIG for record in rrset_}


def signed(address, zone, host="www"):
    """Tags of all keys that are published, that sign DNSKEY, that sign the zone, that CDS names.

    The zone: SOA, an address, and a denial. If not all three have the same signers: these of each.
    """
    def signers(name, rdtype, covered):
        response = ask(address, name, rdtype)
        return frozenset(signature.key_tag for found in (*response.answer, *response.authority) for signature in found
                         if found.rdtype == dns.rdatatype.RRSIG and dns.rdatatype.to_text(found.covers) == covered)
    published = frozenset(dns.dnssec.key_id(key) for key in rrset(address, zone, "DNSKEY") or ())
    data = [signers(zone, "SOA", "SOA"), signers(f"{host}.{zone}", "A", "A"), signers(f"none.{zone}", "A", "NSEC")]
    return (published, signers(zone, "DNSKEY", "DNSKEY"), data[0] if len(set(data)) == 1 else tuple(data),
            frozenset(tags(address, zone, "CDS")))


def ds_of(zone, keys):
    """SHA-256 DS records of the keys, as text."""
    name = dns.name.from_text(zone)
    return sorted(dns.dnssec.make_ds(name, key, "SHA256").to_text() for key in keys)


def ds_set(address, zone):
    """DS records at one server of the parent, as sorted text."""
    return sorted(record.to_text() for record in rrset(address, zone, "DS") or [])
