# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about zones that another one signs as well (RFC 8901): its keys are in DNSKEY, and in CDS. Printed and asserted with those of key_timers.py."""

import os

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdatatype
from cryptography.hazmat.primitives.asymmetric import ec

from . import ask
from .key_lab import ADDRESS, HELD, TTL, scenario
from .wait import wait_until

#: What Knot recommends for several signers.
SIGNERS = {"dnskey_management": "incremental", "delete_delay": 3600, "cds_cdnskey_publish": "always"}


def foreign_key():
    """DNSKEY RDATA of a KSK of another signer."""
    private = ec.generate_private_key(ec.SECP256R1())
    return dns.dnssec.make_dnskey(private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=ask.ZONE_KEY | ask.SEP)


def records(zone, key):
    """(type, RDATA) of all that a signer gives another one about its KSK."""
    ds = dns.dnssec.make_ds(dns.name.from_text(zone), key, "SHA256")
    return (("DNSKEY", key.to_text()), ("CDS", ds.to_text()), ("CDNSKEY", key.to_text()))


class Signers:
    """A zone with the KSK of another signer in DNSKEY, CDS and CDNSKEY."""

    def __init__(self, lab, zone):
        self.lab, self.zone = lab, zone
        self.old = lab.first(zone)
        self.key = foreign_key()
        self.tags = {"f": dns.dnssec.key_id(self.key), "o": lab.tag(zone, self.old)}
        self.facts = {}

    def add(self):
        """The other signer's records come by an update."""
        knotc = self.lab.knot.knotc
        knotc("zone-begin", self.zone)
        for rdtype, rdata in records(self.zone, self.key):
            knotc("zone-set", self.zone, "@", "2", rdtype, *rdata.split())
        knotc("zone-commit", self.zone)

    def roll(self):
        """Knot has made another KSK."""
        self.new = self.lab.rollover(self.zone)
        self.tags["n"] = self.lab.tag(self.zone, self.new)

    def seen(self):
        """(keys, signers of DNSKEY, CDS, CDNSKEY), each as letters: f the other signer's, o and n our old and new one."""
        served = self.lab.served(self.zone)
        return tuple("".join(name for name, tag in self.tags.items() if tag in served[part])
                     for part in ("keys", "signers", "cds", "cdnskey"))

    def fact(self, name, keys, signers, cds, holds=True):
        """This is what is served, and that holds."""
        want = keys, signers, cds, cds
        try:
            wait_until(lambda: self.seen() == want, 10, name)
            self.facts[name] = not holds or self.lab.holds(self.zone, HELD)
        except AssertionError:
            self.facts[name] = f"it has {self.seen()}, not {want}"

    def set(self, *assignments):
        """As Lab.set(), with letters."""
        self.lab.set(self.zone, *((getattr(self, {"o": "old", "n": "new"}[key]), *timers) for key, *timers in assignments))


ASIDE = ("active=+0", "retire_active=+0", "retire=+20y")
BACK = ("retire_active=0", "retire=0")


def _walk(it):
    """All states of a rollover; CDS never lacks the other signer's key, and always names one of ours."""
    it.set(("o", "active=+0"))
    it.fact("idle: both", "fo", "o", "fo")
    it.roll()
    it.set(("n", *ASIDE))
    it.fact("introduce: the new key is aside, CDS names the old one", "fon", "on", "fo")
    it.set(("n", "ready=+0", "active=0", *BACK))
    it.fact("signal: CDS names the new one instead", "fon", "on", "fn")
    it.lab.thrice("zone-sign", it.zone)
    it.fact("zone-sign changes nothing", "fon", "on", "fn", holds=False)
    it.lab.thrice("reload")
    it.fact("reload changes nothing", "fon", "on", "fn", holds=False)
    it.set(("o", "ready=+0", "active=0"))
    it.fact("rollback: CDS names all", "fon", "on", "fon")
    it.set(("o", "active=+0"), ("n", *ASIDE))
    it.fact("rolled back: CDS names the old one", "fon", "on", "fo")
    it.set(("n", "ready=+0", "active=0", *BACK))
    it.fact("signal again", "fon", "on", "fn", holds=False)
    it.set(("n", "active=+0"))
    it.fact("between the two commands of the move CDS names all", "fon", "on", "fon", holds=False)
    it.set(("o", *ASIDE))
    it.fact("moved: the old key is aside", "fon", "on", "fn")
    it.set(("o", "retire=+0", "remove=+0"))
    it.fact("retired", "fn", "n", "fn")
    return it.facts


@scenario(**SIGNERS)
def signers(lab, zone):
    """Records of the other signer come by an update, as those of dnskey-sync."""
    it = Signers(lab, zone)
    it.add()
    it.fact("the first key is ready: CDS names it and the other signer's", "fo", "o", "fo")
    return _walk(it)


@scenario(delete_delay=3600, cds_cdnskey_publish="always")
def signers_imported(lab, zone):
    """The other signer's key is imported, public only, and ready."""
    it = Signers(lab, zone)
    file = os.path.join(lab.knot.dir, "other.key")
    with open(file, "w", encoding="ascii") as out:
        out.write(f"{zone} 2 IN DNSKEY {it.key.to_text()}\n")
    code, text = lab.keymgr(zone, "import-pub", file)
    assert code == 0, text
    lab.set(zone, (text.split()[0], "ready=+0"))
    it.fact("the first key is ready: CDS names it and the other signer's", "fo", "o", "fo")
    return _walk(it)


@scenario(dnskey_management="incremental", delete_delay=3600)
def signers_rollover(lab, zone):
    """Knot's default, cds-cdnskey-publish: rollover. The other signer's records stay while ours come and go."""
    it = Signers(lab, zone)
    it.add()
    it.set(("o", "active=+0"))
    it.fact("idle: CDS names the other signer's alone: ours would be dropped", "fo", "o", "f")
    it.roll()
    it.set(("n", "active=+0"))
    it.fact("introduce: the same", "fon", "on", "f")
    it.set(("n", "ready=+0", "active=0"))
    it.fact("signal: both", "fon", "on", "fn")
    return it.facts


@scenario()
def signers_full(lab, zone):
    """Knot's default, dnskey-management: full. The other signer's records go when Knot next signs."""
    it = Signers(lab, zone)
    it.add()
    it.set(("o", "active=+0"))
    it.fact("nothing of the other signer is left", "o", "o", "")
    assert ask.answers(ADDRESS, zone)
    return it.facts


@scenario(dnskey_management="incremental", delete_delay=3600)
def incremental_ttl(lab, zone):
    """The policy gets another dnskey-ttl: Knot adds to the RRset and takes from it, else it leaves it alone."""
    lab.first_active(zone)
    with lab.without_reload():
        lab.knot.transaction(("conf-set", "policy[incremental_ttl].dnskey-ttl", "1"))
        lab.load(zone, "zone-sign")
        facts = {"the TTL stays": ask.rrset(ADDRESS, zone, "DNSKEY").ttl == TTL}
        lab.rollover(zone)
        facts["it changes with another key"] = ask.rrset(ADDRESS, zone, "DNSKEY").ttl == 1
    return facts
