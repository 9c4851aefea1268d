# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry behind the EPP server of the lab: domains with DS or keys, TTL, statuses and a sponsor; queues of messages."""

import base64
import collections
import dataclasses
import datetime
import hashlib
import itertools
import struct
import threading

LOCKS = {"clientUpdateProhibited", "serverUpdateProhibited", "pendingUpdate", "pendingDelete", "pendingTransfer"}
#: Octets of a digest by its type.
DIGESTS = {1: 20, 2: 32, 4: 48}
HASHES = {1: "sha1", 2: "sha256", 4: "sha384"}


def now():
    """As XML Schema writes a time."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Refusal(Exception):
    """A command that the registry does not do: \\a code of RFC 5730 3, and its words."""

    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


@dataclasses.dataclass(frozen=True)
class Key:
    """keyData, its public key as it was written."""

    flags: int
    protocol: int
    algorithm: int
    public: str

    def same(self):
        """What is equal for equal records."""
        return self.flags, self.protocol, self.algorithm, base64.b64decode(self.public)

    def digest(self, name, digest_type):
        """Of the DS of this key (RFC 4034 5.1.4), as lower-case hex."""
        owner = b"".join(bytes([len(label)]) + label.encode() for label in name.lower().split(".")) + b"\0"
        data = struct.pack("!HBB", self.flags, self.protocol, self.algorithm) + base64.b64decode(self.public)
        return hashlib.new(HASHES[digest_type], owner + data).hexdigest()


@dataclasses.dataclass(frozen=True)
class Ds:
    """dsData, its digest as it was written. \\a key: the keyData inside."""

    tag: int
    algorithm: int
    digest_type: int
    digest: str
    key: Key | None = None

    def same(self):
        """What is equal for equal records."""
        return self.tag, self.algorithm, self.digest_type, self.digest.lower()


@dataclasses.dataclass
class Policy:
    """How this registry differs from others."""

    interface: str = "ds"  #: "ds" or "key".
    embedded_keys: bool = False  #: dsData is shown with a keyData in it, and may be written so.
    needs_keys: bool = False  #: dsData has to be written with its keyData in it.
    ttl: tuple | None = (300, 3600, 86400)  #: Least, usual and most TTL of DS; None: no ttl-1.0.
    most: int = 8  #: Records of a domain.
    text: bool = False  #: Records are removed by their text, not by what it means.
    lower: bool = False  #: Digests are shown in lower case.
    urgent: bool = False
    pending: bool | tuple = False  #: An update waits for settle(): of all domains, or of these.
    keep_one: bool = True  #: The last record of a domain cannot be removed.


@dataclasses.dataclass
class Domain:
    """One domain. \\a ttl None: that of the registry."""

    name: str
    sponsor: str
    records: list = dataclasses.field(default_factory=list)
    ttl: int | None = None
    statuses: set = dataclasses.field(default_factory=set)
    hosts: tuple = ("ns1.example.net", "ns2.example.net")
    created: str = dataclasses.field(default_factory=now)
    updated: str | None = None
    updated_by: str | None = None
    waiting: tuple | None = None  #: (records, ttl, clTRID, svTRID, client) of the update that is pending.

    def shown_statuses(self):
        """`ok` if there is none (RFC 5731 2.3)."""
        return sorted(self.statuses) or ["ok"]


@dataclasses.dataclass(frozen=True)
class Message:
    """One in the queue of a client. \\a kind: "text", "action" (panData) or "change" (changePoll)."""

    id: str
    date: str
    text: str
    kind: str = "text"
    domain: Domain | None = None  #: As it was.
    result: bool = False
    trids: tuple = (None, "")
    who: str = ""
    operation: str = "update"
    state: str = "after"


class Registry:
    """All domains, clients with their passwords, and queues. Its functions can be called from any thread."""

    def __init__(self, **policy):
        self.policy = Policy(**policy)
        self.domains, self.passwords = {}, {}
        self.queues = collections.defaultdict(collections.deque)
        self.lock = threading.RLock()
        self.on_change = lambda domain: None  #: Called after the DS or the TTL of a domain has changed.
        self._numbers = itertools.count(1)

    def add_client(self, client, password):
        """A registrar that can log in."""
        self.passwords[client] = password

    def add(self, name, sponsor, records=(), **more):
        """A domain; \\return it."""
        with self.lock:
            self.domains[name] = Domain(name, sponsor, list(records), **more)
            return self.domains[name]

    def number(self):
        """A svTRID."""
        return f"SV-{next(self._numbers):08d}"

    def get(self, name):
        """\\throw Refusal 2303."""
        if name.lower() not in self.domains:
            raise Refusal(2303, "the object does not exist")
        return self.domains[name.lower()]

    def update(self, client, name, rem, add, ttl, trids):
        """Removes, then adds, all or nothing. \\a ttl: ("keep",), ("default",) or ("set", seconds).

        \\return Whether it is done; False: it is pending. \\throw Refusal.
        """
        with self.lock:
            domain = self.get(name)
            if domain.sponsor != client:
                raise Refusal(2201, "the domain is not yours")
            if locks := sorted(domain.statuses & LOCKS):
                raise Refusal(2304, f"the domain has the status {locks[0]}")
            records = self._changed(domain, rem, add)
            seconds = self._ttl(domain, ttl)
            if self.policy.pending is True or name in (self.policy.pending or ()):
                domain.waiting = records, seconds, *trids, client
                domain.statuses.add("pendingUpdate")
                return False
            self._apply(domain, records, seconds, client)
            return True

    def _changed(self, domain, rem, add):
        records = list(domain.records)
        for record in [*rem, *add]:
            if isinstance(record, Ds) != (self.policy.interface == "ds"):
                raise Refusal(2306, f"this registry takes {'dsData' if self.policy.interface == 'ds' else 'keyData'} alone")
        for record in rem:
            found = [one for one in records if self._is(one, record)]
            if not found:
                raise Refusal(2306, "there is no such record")
            records.remove(found[0])
        for record in add:
            self._check_inside(domain, record)
            if isinstance(record, Ds) and len(record.digest) != 2 * DIGESTS.get(record.digest_type, 0):
                raise Refusal(2306, "the digest does not fit its type")
            if any(one.same() == record.same() for one in records):
                raise Refusal(2306, "the record is there already")
            records.append(record)
        if len(records) > self.policy.most:
            raise Refusal(2308, f"at most {self.policy.most} records")
        if domain.records and not records and self.policy.keep_one:
            raise Refusal(2308, "the last record stays")
        return records

    def _is(self, one, record):
        """Whether a record that is removed is this one."""
        if not self.policy.text:
            return one.same() == record.same()
        shown = self.shown(one)
        return shown == record or (isinstance(one, Ds) and dataclasses.replace(shown, key=record.key) == record)

    def _check_inside(self, domain, record):
        key = record.key if isinstance(record, Ds) else None
        if key is None and isinstance(record, Ds) and self.policy.needs_keys:
            raise Refusal(2003, "keyData is missing in dsData")
        if key is not None and not (self.policy.needs_keys or self.policy.embedded_keys):
            raise Refusal(2306, "this registry takes no keyData in dsData")
        if key is not None and (key.algorithm != record.algorithm or key.digest(domain.name, record.digest_type) != record.digest.lower()):
            raise Refusal(2306, "keyData in dsData is that of another DS")

    def _ttl(self, domain, ttl):
        if ttl[0] == "keep":
            return domain.ttl
        if self.policy.ttl is None:
            raise Refusal(2103, "TTLs cannot be set here")
        if ttl[0] == "default":
            return None
        least, _, most = self.policy.ttl
        if not least <= ttl[1] <= most:
            raise Refusal(2004, f"a TTL from {least} to {most}")
        return ttl[1]

    def _apply(self, domain, records, ttl, client):
        changed = (records, ttl) != (domain.records, domain.ttl)
        domain.records, domain.ttl, domain.updated, domain.updated_by = records, ttl, now(), client
        if changed:
            self.on_change(domain)

    def shown(self, record):
        """A record as `<info>` shows it."""
        if isinstance(record, Ds):
            return dataclasses.replace(record, digest=record.digest.lower() if self.policy.lower else record.digest.upper())
        return record

    def settle(self, name, result):
        """The end of a pending update: made, or not. Its client finds a message."""
        with self.lock:
            domain = self.domains[name]
            records, ttl, client_trid, server_trid, client = domain.waiting
            domain.waiting = None
            domain.statuses.discard("pendingUpdate")
            if result:
                self._apply(domain, records, ttl, client)
            self.tell(client, "the update was made" if result else "the update was refused", kind="action", domain=domain, result=result,
                      trids=(client_trid, server_trid))

    def change(self, name, records=None, ttl=None, who="other"):
        """Another client, or the registry itself, changes a domain: the sponsor finds a pair of messages (RFC 8590)."""
        with self.lock:
            domain = self.domains[name]
            before = dataclasses.replace(domain, statuses=set(domain.statuses))
            self._apply(domain, domain.records if records is None else list(records), domain.ttl if ttl is None else ttl, who)
            trids = None, self.number()
            for state, seen in ("before", before), ("after", dataclasses.replace(domain, statuses=set(domain.statuses))):
                self.tell(domain.sponsor, "the domain was changed", kind="change", domain=seen, trids=trids, who=who, state=state)

    def tell(self, client, text, **more):
        """One more message in the queue of a client."""
        with self.lock:
            self.queues[client].append(Message(str(next(self._numbers)), now(), text, **more))

    def acknowledge(self, client, number):
        """\\throw Refusal 2303: that is not the first one."""
        with self.lock:
            queue = self.queues[client]
            if not queue or queue[0].id != number:
                raise Refusal(2303, "there is no such message")
            queue.popleft()
