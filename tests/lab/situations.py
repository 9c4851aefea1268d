# SPDX-License-Identifier: GPL-3.0-or-later
"""What a child can get wrong, each with the expected record of the parental agent, and what dnssec-cds makes of the same answers.

A situation has a child of its own. All children of a table are served by the same two NSD, some by a third one as well.
"""

import os
import random
import signal
import time
from dataclasses import dataclass
from typing import Callable

import dns.dnssec
import dns.rdata
import dns.rdatatype

from . import ask
from .daemons import Nsd, file_name, run
from .hand_signed import HandSigned
from .special import DELETE_CDNSKEY, DELETE_CDS
from .wait import wait_until
from . import zones as zonefiles

FOLLOWED = ""
HOSTS = ("ns1", "ns2")
#: A name of the delegation that only some children have, at a server that not all of them have given their zone.
THIRD = "ns3"
KEYTRAP_KEYS = 40
HUGE = 1000
#: ds-max of the agent.
DS_MAX = 6


@dataclass
class Situation:
    """\\a make(child): host -> text of its version. \\a gate: that of the record, FOLLOWED: DS is that of key "b".

    \\a about: the host that the record names, if it is a certain one. \\a bind: why dnssec-cds decides otherwise, "": it does not,
    None: it is not asked. \\a rightly: why resolvers and cache model do not judge this child.
    """
    gate: str
    make: Callable
    about: str = ""
    bind: str | None = ""
    third: bool = False
    rightly: str = ""


class TableChild(HandSigned):
    """The child of a situation: keys "a", which DS names, "b" and "c" from the beginning, so nothing need be waited for."""

    KEYS = ("a", "b", "c")

    def __init__(self, zone, servers, third=False):
        super().__init__(zone)
        self._shared = servers
        self.third = third
        servers.children.append(self)

    def all(self, **version):
        """The same version at both servers."""
        return dict.fromkeys(HOSTS, self.of(**version))

    def of(self, keys=KEYS, **version):
        """A version, by default with all keys, signed by all."""
        return self.version(keys=keys, **version)

    def place(self, number):
        self._addresses = {host: self._shared.addresses[host] for host in HOSTS}

    def hosts(self):
        third = {f"{THIRD}.{self.zone}": [self._shared.addresses[THIRD]]} if self.third else {}
        return {**super().hosts(), **third}

    def asked(self):
        """Addresses of all names of the delegation."""
        return [address for addresses in self.hosts().values() for address in addresses]

    def start(self, world):
        self._shared.start(world)

    def begin(self):
        """What the servers have at first."""
        return self.all()

    def put(self, texts):
        """Files of these versions; the servers read them at Servers.reload()."""
        self._texts.update(texts)
        self._shared.write(self, texts)

    def serve(self, text, *hosts):
        self.put(dict.fromkeys(hosts or HOSTS, text))
        self._shared.reload()


class Servers:
    """The servers of all children of a table."""

    def __init__(self, subnet=20):
        self.addresses = {host: f"127.0.{subnet}.{number}" for number, host in enumerate((*HOSTS, THIRD), 1)}
        self.children = []
        self._daemons = {}
        self._changed = []

    def start(self, world):
        """Starts them, once."""
        if self._daemons:
            return
        for host, address in self.addresses.items():
            self._daemons[host] = Nsd(f"children-{host}", world.dir, [address], {})
        for child in self.children:
            child.put(child.begin())
        # One zone at least, and none of a child that the third server is lame for.
        for host, daemon in self._daemons.items():
            daemon.zones = {child.zone: {"file": daemon.path(file_name(child.zone))} for child in self.children
                            if host in child._texts}
            world.up(daemon)
        self._changed = []

    def write(self, child, texts):
        """The file of each version."""
        for host, text in texts.items():
            path = self._daemons[host].path(file_name(child.zone))
            zonefiles.write(path + ".new", text)
            # NSD compares times in seconds; this file is never as old as the last one.
            moment = os.stat(path).st_mtime + 2 if os.path.exists(path) else None
            if moment:
                os.utime(path + ".new", (moment, moment))
            os.replace(path + ".new", path)
            self._changed.append((child, host, text))

    def publish(self, child, texts):
        """The servers have these versions from now on."""
        child.put(texts)
        self.reload()

    def reload(self):
        """Returns when each server has what was written."""
        for daemon in self._daemons.values():
            daemon.process.send_signal(signal.SIGHUP)
        for child, host, text in self._changed:
            wait_until(lambda c=child, h=host, t=text: has(c, self.addresses[h], t), 20, f"{host} of {child.zone} serves the version")
        self._changed = []


def has(child, address, text):
    """Whether the server has this version."""
    wanted = next(line for line in text.splitlines() if " SOA " in line).split()[6]
    return str(ask.rrset(address, child.zone, "SOA")[0].serial) == wanted


# The situations.

def raw_cds(*records):
    """Lines of CDS."""
    return [f"@ CDS {record}" for record in records]


def raw_cdnskey(child, *names):
    """Lines of CDNSKEY of these keys."""
    return [f"@ CDNSKEY {child.key(name)[1].to_text()}" for name in names]


def without_signatures(text, *types):
    """The version without RRSIG of these types, of all if none is named."""
    def stripped(line):
        words = line.split()
        return len(words) > 4 and words[3] == "RRSIG" and (not types or words[4] in types)
    return "\n".join(line for line in text.splitlines() if not stripped(line)) + "\n"


def digest(child, name, number):
    """CDS of the key with this digest type, which nobody knows, and a digest of nothing."""
    return f"{child.tag(name)} 13 {number} " + "ab" * 32


def colliding(count):
    """(tag, DNSKEY records): RSA keys that nobody can sign with, all of one key tag (CVE-2023-50387)."""
    chance, found = random.Random(count), []
    while len(found) < count:
        modulus = bytearray([0x80, *chance.randbytes(126), 1])
        modulus[8:10] = bytes(2)
        if found:
            # The tag is a sum of words: this one makes up for the others.
            missing = (dns.dnssec.key_id(found[0]) - dns.dnssec.key_id(rsa(modulus))) % 65535
            modulus[8:10] = missing.to_bytes(2, "big")
        if not found or dns.dnssec.key_id(rsa(modulus)) == dns.dnssec.key_id(found[0]):
            found.append(rsa(modulus))
    return dns.dnssec.key_id(found[0]), found


def rsa(modulus):
    """DNSKEY of an RSA/SHA-256 ZSK."""
    wire = bytes([1, 0, 3, 8, 3, 1, 0, 1]) + bytes(modulus)
    return dns.rdata.from_wire("IN", "DNSKEY", wire, 0, len(wire))


def keytrap(child):
    """Many keys of one tag, and as many signatures by it at each RRset of keys and signals: each key is tried with each."""
    tag, keys = colliding(KEYTRAP_KEYS)
    text = child.of(cds=("b",), more=[f"@ DNSKEY {key.to_text()}" for key in keys])
    signatures = []
    for line in text.splitlines():
        words = line.split()
        if len(words) > 4 and words[3] == "RRSIG" and words[4] in ("DNSKEY", "CDS", "CDNSKEY") and words[10] == str(child.tag("a")):
            for number in range(KEYTRAP_KEYS):
                junk = ("%04d" % number) * 42 + "AAA="
                signatures.append(" ".join([*words[:5], "8", *words[6:10], str(tag), words[11], junk]))
    return dict.fromkeys(HOSTS, text + "\n".join(signatures) + "\n")


def at_second(change):
    """ns1 asks for "b", ns2 has what change(child) makes."""
    def make(child):
        return {"ns1": child.of(cds=("b",)), "ns2": change(child)}
    return make


def replaying(child):
    """The second server has signals of before, whose signatures are valid."""
    yesterday = child.of(cds=("a",), inception=int(time.time()) - 3600)
    return {"ns1": child.of(cds=("b",)), "ns2": yesterday}


def many(child):
    names = ["b", *(f"k{number}" for number in range(DS_MAX))]
    return child.all(keys=("a", *names), signed_by=("a", "b"), cds=names)


def huge(child):
    """Signals of a thousand keys, over TCP."""
    return child.all(more=raw_cds(*(f"{number} 13 2 " + "ab" * 32 for number in range(HUGE))) + raw_cdnskey(child, "b"))


ALONE = "dnssec-cds reads CDS, and CDNSKEY only where there is no CDS of SHA-256"
SITUATIONS = {
    "good": Situation(FOLLOWED, lambda c: c.all(cds=("b",))),
    "missing": Situation("signal-missing-at", at_second(lambda c: c.of()), "ns2"),
    "differing": Situation("signals-differ-at", at_second(lambda c: c.of(cds=("c",)))),
    "replaying": Situation("signals-differ-at", replaying),
    "lame": Situation("error-at", lambda c: c.all(cds=("b",)), THIRD, third=True),
    "unsigned": Situation("unsigned-at", at_second(lambda c: without_signatures(c.of(cds=("b",)), "CDS", "CDNSKEY")), "ns2"),
    "stripped": Situation("bogus-at", at_second(lambda c: without_signatures(c.of(cds=("b",)))), "ns2",
                          rightly="one of its servers has no signatures"),
    "types": Situation("types-differ-at", lambda c: c.all(more=raw_cds(*c.ds("b")) + raw_cdnskey(c, "c")), bind=ALONE),
    "digest": Situation("digest-unusable-at", lambda c: c.all(more=raw_cds(digest(c, "b", 200)) + raw_cdnskey(c, "b")), bind=ALONE),
    "digest-alone": Situation("digest-unusable-at", lambda c: c.all(more=raw_cds(digest(c, "b", 200)))),
    "delete-malformed": Situation("malformed-at", lambda c: c.all(more=raw_cds("0 0 0 01") + [f"@ CDNSKEY {DELETE_CDNSKEY}"]), bind=None),
    "delete-mixed": Situation("malformed-at", lambda c: c.all(
        more=raw_cds(DELETE_CDS, *c.ds("b")) + [f"@ CDNSKEY {DELETE_CDNSKEY}"] + raw_cdnskey(c, "b")), bind=None),
    "delete": Situation("remove-off", lambda c: c.all(cds="delete"), bind=None),
    "breaks": Situation("would-break-at", at_second(lambda c: c.of(keys=("a", "c"), cds=("b",))), "ns2"),
    "many": Situation("too-many-records", many, bind="ds-max is this parent's own limit"),
    "huge": Situation("bogus-at", huge, bind=None),
    "keytrap": Situation("bogus-at", keytrap, bind=None, rightly="no validator verifies so much"),
}


# The other judge.

def dnssec_cds(child, folder, ds):
    """DS records, sorted, that dnssec-cds wants at each server of the child; the present ones where it refuses."""
    wanted = []
    for number, address in enumerate(child.asked()):
        base = os.path.join(folder, f"{child.zone}{number}")
        answers = [ask.ask(address, child.zone, rdtype).answer for rdtype in ("DNSKEY", "CDS", "CDNSKEY")]
        # It would follow a delete signal, and those that are none.
        assert not any(record.algorithm == 0 for answer in answers for rrset in answer for record in rrset), child.zone
        text = "\n".join(rrset.to_text() for answer in answers for rrset in answer)
        zonefiles.write(base + "child", text + "\n")
        zonefiles.write(base + "dsset", "".join(f"{child.zone} IN DS {record}\n" for record in ds))
        done = run(["dnssec-cds", "-s", "now-86400", "-f", base + "child", "-d", base + "dsset", child.zone])
        records = [line.split(" DS ", 1)[1] for line in done.stdout.splitlines() if " DS " in line]
        found = sorted(dns.rdata.from_text("IN", "DS", record).to_text() for record in records)
        wanted.append((found if done.returncode == 0 and found else sorted(ds), done.stderr.strip()))
    return wanted
