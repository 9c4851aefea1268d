# SPDX-License-Identifier: GPL-3.0-or-later
"""KSKs that Knot did not make: of another signer, and of the same key tag as one that is there."""

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
import dns.dnssec
import dns.rdata
import dns.rdataclass
import dns.rdatatype

#: RDATA of an ECDSA P-256 KSK before the key itself (RFC 6605 4).
HEAD = "257 3 13 "
#: One tag among 65536: hardly ever more than this many keys have to be made.
TRIES = 20 * 65536


def foreign_ksk():
    """DNSKEY RDATA, as text, of a key that nobody here can sign with."""
    return HEAD + base64.b64encode(_point(_new())).decode()


def twin(key):
    """PEM of another private key whose DNSKEY has the same key tag."""
    wanted = dns.dnssec.key_id(key)
    head = bytes([1, 1, 3, 13])
    for _ in range(TRIES):
        private = _new()
        if _tag(head + _point(private)) == wanted:
            found = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY,
                                        HEAD + base64.b64encode(_point(private)).decode())
            assert dns.dnssec.key_id(found) == wanted and found != key
            return private.private_bytes(serialization.Encoding.PEM,
                                         serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption()).decode()
    raise AssertionError(f"no key of the tag {wanted} among {TRIES}")


def _new():
    return ec.generate_private_key(ec.SECP256R1())


def _point(private):
    numbers = private.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def _tag(rdata):
    """RFC 4034 B, for an even number of octets."""
    total = sum(rdata[::2]) * 256 + sum(rdata[1::2])
    return (total + (total >> 16)) & 0xffff
