# SPDX-License-Identifier: GPL-3.0-or-later
"""What every server serves, over time: the timeline of the demo and the evidence of the tests."""

import collections
import hashlib
import threading
from dataclasses import dataclass

import dns.dnssec
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from . import ask, cache_model
from .poll import Poll, Question

#: No zone of the lab has it. Servers keep no answers, so it may always be the same.
NO_NAME = "no-such-name"


@dataclass(frozen=True)
class Event:
    """Something that changed at a server: when (monotonic), where, what, and the new value.

    \\a before: when the last question was sent that was answered with the old value.
    """
    when: float
    zone: str
    server: str
    what: str
    value: str
    before: float


class Observer:
    """Asks every server of child and parent again and again, keeps what changed, and feeds the cache model.

    \\a listener(event) is called for every change, in the observer's thread.
    """

    def __init__(self, children, parents, interval=0.2, listener=None, model=None, hidden=()):
        """\\a children, \\a parents: zone -> {label: address}. \\a hidden: labels of servers that no cache asks."""
        self.zones = list(children)
        self.interval = interval
        self.listener = listener
        self.events = []
        self.now = {}
        self._asked = {}
        self._model, self._hidden = model, hidden
        self._poll = Poll([question for zone, servers in children.items() for question in self._questions(zone, servers, parents[zone])])
        self._checking = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)

    def start(self):
        """Starts checking."""
        self._thread.start()

    def stop(self):
        """Ends checking."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(15)
        self._poll.close()

    def history(self, zone, what):
        """server -> list of (when, value), for one kind of fact."""
        found = collections.defaultdict(list)
        for event in list(self.events):
            if event.zone == zone and event.what == what:
                found[event.server].append((event.when, event.value))
        return dict(found)

    def last_seen(self, zone, what):
        """server -> when it last had a value that it has no more, for one kind of fact."""
        return {event.server: event.before for event in list(self.events) if event.zone == zone and event.what == what}

    def _run(self):
        while True:
            self.check()
            if self._stop.wait(self.interval):
                return

    def check(self):
        """One check of every server."""
        with self._checking:
            self._poll.check()

    def _questions(self, zone, servers, parents):
        """Of one zone: to its own servers and to those of the parent."""
        owner = dns.name.from_text(zone)
        for server, address in servers.items():
            yield self._question(zone, server, address, "DNSKEY", lambda message: _keys(owner, message))
            yield self._question(zone, server, address, "CDS", lambda message: _tags_text(_rrset(message, owner, "CDS")))
            if server not in self._hidden:
                yield Question(address, f"{NO_NAME}.{zone}", "A", _denial, self._taker(zone, server, "data"))
        for server, address in parents.items():
            yield self._question(zone, server, address, "DS", lambda message: _ds(owner, message))

    def _question(self, zone, server, address, rdtype, read):
        return Question(address, zone, rdtype, read, self._taker(zone, server, rdtype))

    def _taker(self, zone, server, what):
        """Where an answer goes."""
        def took(answer, sent, arrived):
            error = isinstance(answer, Exception)
            self._note(zone, server, what, sent, arrived, f"no answer ({type(answer).__name__})" if error else answer.text)
            if self._model and not error and answer.kind and server not in self._hidden:
                self._model.saw(zone, answer.kind, server, answer.value, answer.ttl, sent, arrived)
        return took

    def _note(self, zone, server, what, sent, when, value):
        before = self._asked.get((zone, server, what), sent)
        self._asked[zone, server, what] = sent
        if self.now.get((zone, server, what)) == value:
            return
        self.now[zone, server, what] = value
        event = Event(when, zone, server, what, value, before)
        self.events.append(event)
        if self.listener:
            self.listener(event)


@dataclass(frozen=True)
class Answer:
    """What an answer says: for people, and for the cache model if it is of a kind that this judges."""
    text: str
    kind: str = ""
    value: object = None
    ttl: int = 0


def _rrset(message, owner, rdtype, covers="NONE"):
    """The RRset, or None; LookupError if there is no such name."""
    if message.rcode() != dns.rcode.NOERROR:
        raise LookupError(f"no name {owner}")
    return message.get_rrset(message.answer, owner, dns.rdataclass.IN, dns.rdatatype.from_text(rdtype),
                             dns.rdatatype.from_text(covers))


def _tags_text(rrset):
    return Answer("+".join(map(str, sorted({record.key_tag for record in rrset or []}))) or "none")


def _ds(owner, message):
    found = _rrset(message, owner, "DS")
    value = frozenset(cache_model.Ds(record.key_tag, int(record.algorithm), int(record.digest_type), bytes(record.digest))
                      for record in found or [])
    return Answer(_tags_text(found).text, cache_model.DS, value, _ttl(found, _rrset(message, owner, "RRSIG", "DS")))


def _keys(owner, message):
    found = _rrset(message, owner, "DNSKEY")
    tags = sorted(dns.dnssec.key_id(key) for key in found or [] if key.flags & ask.SEP)
    keys = frozenset(_key(owner, key) for key in found or [] if key.flags & ask.ZONE_KEY and key.protocol == 3)
    signatures = _rrset(message, owner, "RRSIG", "DNSKEY")
    return Answer(f"{'+'.join(map(str, tags)) or 'none'} TTL {found.ttl if found else '-'}", cache_model.KEYS,
                  cache_model.Keys(keys, _signed(signatures)), _ttl(found, signatures))


def _key(owner, key):
    text = owner.canonicalize().to_wire() + key.to_wire()
    return cache_model.Key(dns.dnssec.key_id(key), int(key.algorithm), frozenset({
        (1, hashlib.sha1(text).digest()), (2, hashlib.sha256(text).digest()), (4, hashlib.sha384(text).digest())}))


def _ttl(rrset, signatures):
    """The TTL of a validated RRset: no higher than the one that is signed (RFC 4035 5.3.3)."""
    return min([rrset.ttl, *(signature.original_ttl for signature in signatures or [])]) if rrset else 0


def _names(algorithms):
    return "+".join(dns.dnssec.algorithm_to_text(algorithm) for algorithm in sorted(algorithms)) or "none"


def _signed(rrset):
    return frozenset((signature.key_tag, int(signature.algorithm)) for signature in rrset or [])


def _denial(message):
    """Signatures over each RRset of the proof that there is no such name."""
    signed = {(rrset.name, rrset.covers): _signed(rrset) for rrset in message.authority if rrset.rdtype == dns.rdatatype.RRSIG}
    proof = [rrset for rrset in message.authority if rrset.rdtype != dns.rdatatype.RRSIG]
    value = frozenset(signed.get((rrset.name, rrset.rdtype), frozenset()) for rrset in proof)
    algorithms = {algorithm for pairs in value for _, algorithm in pairs}
    return Answer(f"signed by {_names(algorithms)}", cache_model.DATA, value, min((rrset.ttl for rrset in proof), default=0))
