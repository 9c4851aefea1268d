# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnssec-cds does not do for the parental agent: the first DS, and its removal (RFC 8078).

dnspython checks the signatures; none of our code is used.
"""

import dns.dnssec
import dns.flags
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from . import ask

#: The only delete signals (RFC 8078 4, erratum 5049).
DELETE_CDS = "0 0 0 00"
DELETE_CDNSKEY = "0 3 0 AA=="


def first_ds(zone, addresses):
    """DS records that every server of the zone asks for with valid signatures, else None."""
    sets = [_wanted(zone, address) for address in addresses]
    return sets[0] if sets and sets[0] and all(one == sets[0] for one in sets) else None


def authenticated_ds(zone, addresses, nameservers, resolver):
    """The same, if every signaling name has it too (RFC 9615 4.2); \\a resolver validates."""
    records = first_ds(zone, addresses)
    if not records:
        return None
    for host in nameservers:
        response = ask.ask(resolver, f"_dsboot.{zone}_signal.{host}", "CDS", recursive=True)
        found = sorted(record.to_text() for rrset in response.answer
                       if rrset.rdtype == dns.rdatatype.CDS for record in rrset)
        if not response.flags & dns.flags.AD or found != records:
            return None
    return records


def removal(zone, addresses, ds):
    """Whether every server has the delete signal, signed by a key that the current DS names."""
    return bool(addresses) and all(_removes(zone, address, ds) for address in addresses)


def _wanted(zone, address):
    cds, keys = _rrset(address, zone, "CDS"), _rrset(address, zone, "DNSKEY")
    if cds is None or keys is None or any(record.algorithm == 0 for record in cds[0]):
        return None
    trusted = _named(zone, keys[0], cds[0])
    if not trusted or not _valid(keys, trusted) or not _valid(cds, keys[0]):
        return None
    return sorted(record.to_text() for record in cds[0])


def _removes(zone, address, ds):
    cds, cdnskey = _rrset(address, zone, "CDS"), _rrset(address, zone, "CDNSKEY")
    keys = _rrset(address, zone, "DNSKEY")
    if cds is None or cdnskey is None or keys is None:
        return False
    trusted = _named(zone, keys[0], ds)
    return ([record.to_text() for record in cds[0]] == [DELETE_CDS]
            and [record.to_text() for record in cdnskey[0]] == [DELETE_CDNSKEY]
            and bool(trusted) and _valid(keys, trusted)
            and _valid(cds, keys[0]) and _valid(cdnskey, keys[0]))


def _rrset(address, zone, rdtype):
    """(RRset, its signatures), or None."""
    answer = ask.ask(address, zone, rdtype).answer
    name = dns.name.from_text(zone)
    found = [next((rrset for rrset in answer if rrset.name == name and rrset.rdtype == kind
                   and rrset.covers == covers), None)
             for kind, covers in ((dns.rdatatype.from_text(rdtype), dns.rdatatype.NONE),
                                  (dns.rdatatype.RRSIG, dns.rdatatype.from_text(rdtype)))]
    return tuple(found) if all(found) else None


def _named(zone, keys, records):
    """The keys that DS or CDS records name."""
    digests = {record.digest for record in records}
    return [key for key in keys
            if dns.dnssec.make_ds(dns.name.from_text(zone), key, "SHA256").digest in digests]


def _valid(signed, keys):
    rrset, signatures = signed
    trusted = dns.rrset.from_rdata_list(rrset.name, rrset.ttl, list(keys))
    try:
        dns.dnssec.validate(rrset, signatures, {rrset.name: trusted})
        return True
    except dns.dnssec.ValidationFailure:
        return False
