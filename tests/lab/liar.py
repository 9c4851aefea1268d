# SPDX-License-Identifier: GPL-3.0-or-later
"""A nameserver that passes questions on to an honest one and does something to the answers."""

import io
import os
import socket
import struct
import threading

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from . import netns
from .daemons import PORT

#: The address that a forged answer comes from.
ELSEWHERE = "127.0.3.98"
KEY_TYPES = (dns.rdatatype.DNSKEY, dns.rdatatype.CDS, dns.rdatatype.CDNSKEY)
JUNK = 65535
#: Seconds from one octet to the next.
DRIBBLE = 0.3
HIGH_TTL = 86400
#: A type that no zone here has.
NO_TYPE = 65400


class Liar:
    """Serves UDP and TCP on one address. `mode` is the name of a method below, and may change.

    A method gets the question, the honest answer and whether it goes over TCP, and returns what is
    sent: a list of packets.
    """

    def __init__(self, address, honest_address, mode="honest"):
        self.address, self.honest_address, self.mode = address, honest_address, mode
        self.other = honest_address
        self.turn = False
        self.questions = 0
        #: Cleared: questions about keys wait for their answer.
        self.go_on = threading.Event()
        self.go_on.set()
        self.waiting = 0
        self._stop = threading.Event()
        netns.add_address(address)
        netns.add_address(ELSEWHERE)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((address, PORT))
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._tcp.bind((address, PORT))
        self._tcp.listen(32)
        self._elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._elsewhere.bind((ELSEWHERE, 0))

    def __enter__(self):
        for target in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=target, name=f"liar {self.address}", daemon=True).start()
        return self

    def start(self):
        """As a part of a world: stop() ends it."""
        self.__enter__()

    def stop(self):
        """Ends it."""
        self.__exit__()

    def __exit__(self, *_):
        self._stop.set()
        self.go_on.set()
        for sock in (self._udp, self._tcp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # UDP is never connected, but wakes up all the same
            sock.close()
        self._elsewhere.close()

    # What can be done to an answer.

    def honest(self, query, answer, tcp):
        """Nothing."""
        return [answer]

    def failing(self, query, answer, tcp):
        """SERVFAIL, whatever is asked."""
        return [query[:2] + b"\x81\x82\x00\x01\x00\x00\x00\x00\x00\x00" + _question(query)]

    def stripped(self, query, answer, tcp):
        """No signatures of keys and signals."""
        return [_edit(answer, lambda rrset: rrset.rdtype != dns.rdatatype.RRSIG and rrset)]

    def corrupted(self, query, answer, tcp):
        """One bit of each signature is another."""
        def corrupt(rrset):
            if rrset.rdtype == dns.rdatatype.RRSIG:
                records = [record.replace(signature=bytes([record.signature[0] ^ 1])
                                          + record.signature[1:]) for record in rrset]
                rrset.clear()
                for record in records:
                    rrset.add(record)
            return rrset
        return [_edit(answer, corrupt)]

    def one_signature(self, query, answer, tcp):
        """The DNSKEY RRset is signed by the key `self.signer` only."""
        def only(rrset):
            if rrset.rdtype == dns.rdatatype.RRSIG and rrset.covers == dns.rdatatype.DNSKEY:
                for record in list(rrset):
                    if record.key_tag != self.signer:
                        rrset.remove(record)
            return rrset
        return [_edit(answer, only)]

    def wrong_id(self, query, answer, tcp):
        """The answer to another question, by its ID."""
        return [bytes([answer[0] ^ 0x55, answer[1] ^ 0xaa]) + answer[2:]]

    def wrong_question(self, query, answer, tcp):
        """The answer to another question, by its name."""
        return [answer[:13] + bytes([answer[13] ^ 1]) + answer[14:]]

    def wrong_source(self, query, answer, tcp):
        """The answer comes from another address."""
        return None

    def truncated(self, query, answer, tcp):
        """Cut off in the middle over UDP; over TCP as well."""
        return [answer[:len(answer) // 2]]

    def never_all(self, query, answer, tcp):
        """UDP says that it is truncated, TCP closes."""
        return [] if tcp else [_truncation(answer)]

    def junk(self, query, answer, tcp):
        """UDP says that it is truncated, TCP brings 64 KiB of anything behind a good header."""
        if not tcp:
            return [_truncation(answer)]
        return [answer[:2] + b"\x84\x00" + os.urandom(JUNK - 4)]

    def junk_counts(self, query, answer, tcp):
        """64 KiB over TCP: a good question, then far more records than there can be."""
        if not tcp:
            return [_truncation(answer)]
        head = query[:2] + b"\x84\x00" + b"\x00\x01" + b"\xff\xff" * 3
        return [(head + _question(query) + os.urandom(JUNK))[:JUNK]]

    def dribbling(self, query, answer, tcp):
        """UDP says that it is truncated, TCP brings an octet now and then."""
        return [answer] if tcp else [_truncation(answer)]

    def loops(self, query, answer, tcp):
        """Names that point at themselves and at each other."""
        question = _question(query)
        at = 12 + len(question)
        itself = struct.pack("!H", 0xc000 | at)
        record = itself + b"\x00\x30\x00\x01\x00\x00\x00\x01\x00\x04\x01\x01\x03\x0d"
        other = struct.pack("!H", 0xc000 | (at + len(record) + 2)) + \
            struct.pack("!H", 0xc000 | (at + len(record)))
        return [query[:2] + b"\x84\x00\x00\x01\x00\x02\x00\x00\x00\x00" + question + record + other
                + b"\x00\x30\x00\x01\x00\x00\x00\x01\x00\x00"]

    def unsigned_nothing(self, query, answer, tcp):
        """An unsigned NODATA: no key, no signal, no DS."""
        return [query[:2] + b"\x84\x00\x00\x01\x00\x00\x00\x00\x00\x00" + _question(query)]

    # What servers do in public reports (docs/reports.rst).

    def by_turns(self, query, answer, tcp):
        """A balancer: every other question about keys goes to the server at `other`."""
        if _type_of(query) != dns.rdatatype.DNSKEY:
            return [answer]
        self.turn = not self.turn
        return [self._forward(query, tcp, self.other)] if self.turn else [answer]

    def mixed_case(self, query, answer, tcp):
        """Owners and signers in any spelling, as a secondary keeps them from a zone file.

        Not the names within NSEC: their case is signed (RFC 6840 5.1).
        """
        try:
            message = dns.message.from_wire(answer)
        except dns.message.UnknownTSIGKey:
            return [answer]  # a transfer or its notification
        body = io.BytesIO()
        for section in (message.answer, message.authority, message.additional):
            for rrset in section:
                rrset.name = dns.name.from_text(rrset.name.to_text().title())
                if rrset.rdtype == dns.rdatatype.RRSIG:
                    records = [record.replace(signer=dns.name.from_text(record.signer.to_text().title()))
                               for record in rrset]
                    rrset.clear()
                    for record in records:
                        rrset.add(record)
                rrset.to_wire(body)
        if message.opt is not None:
            message.opt.to_wire(body)
        additional = sum(map(len, message.additional)) + (message.opt is not None)
        return [answer[:10] + struct.pack("!H", additional) + _question(answer) + body.getvalue()]

    def without_cds(self, query, answer, tcp):
        """The transfer lost CDS, NSEC still lists it."""
        if _type_of(query) != dns.rdatatype.CDS:
            return [answer]
        return [_retyped(self._forward(_retyped(query, NO_TYPE), tcp), dns.rdatatype.CDS)]

    def failing_at_cds(self, query, answer, tcp):
        """SERVFAIL for a type that the server does not know, once the zone has it."""
        has_cds = _type_of(query) == dns.rdatatype.CDS and answer[6:8] != b"\0\0"
        return self.failing(query, answer, tcp) if has_cds else [answer]

    def high_ttl(self, query, answer, tcp):
        """The DNSKEY RRset with a TTL of the server's own making."""
        def raise_ttl(rrset):
            rrset.ttl = HIGH_TTL
            return rrset
        return [_edit(answer, raise_ttl)]

    def from_child(self, query, answer, tcp):
        """DS is answered out of the child zone, which the server at `other` has."""
        return [self._forward(query, tcp, self.other) if _type_of(query) == dns.rdatatype.DS else answer]

    def referring(self, query, answer, tcp):
        """DS is not known to the server: it refers to the child, as it would for any other type."""
        if _type_of(query) != dns.rdatatype.DS:
            return [answer]
        message = dns.message.from_wire(self._forward(_retyped(query, dns.rdatatype.NS), tcp))
        message.authority[:] = [rrset for rrset in message.authority
                                if rrset.rdtype == dns.rdatatype.NS]
        assert not message.flags & dns.flags.AA and message.authority, message
        return [_retyped(message.to_wire(max_size=JUNK), dns.rdatatype.DS)]

    def no_such_name(self, query, answer, tcp):
        """The server does not know of the delegation."""
        if _type_of(query) != dns.rdatatype.DS:
            return [answer]
        return [query[:2] + bytes([0x84, dns.rcode.NXDOMAIN]) + b"\0\1" + b"\0" * 6 + _question(query)]

    # Serving.

    def _answer(self, query, tcp, sender):
        self.questions += 1
        if not self.go_on.is_set() and _type_of(query) in KEY_TYPES:
            self.waiting += 1
            self.go_on.wait(10)
            self.waiting -= 1
        packets = [self._forward(query, tcp)]
        if self.mode == "wrong_source":
            if not tcp:
                self._elsewhere.sendto(packets[0], sender)
            return []
        return getattr(self, self.mode)(query, packets[0], tcp)

    def _forward(self, query, tcp, address=None):
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.settimeout(3)
            sock.connect((address or self.honest_address, PORT))
            if not tcp:
                sock.send(query)
                return sock.recv(JUNK)
            sock.sendall(struct.pack("!H", len(query)) + query)
            return _read(sock)

    def _serve_udp(self):
        while not self._stop.is_set():
            try:
                query, sender = self._udp.recvfrom(JUNK)
            except OSError:
                return
            threading.Thread(target=self._one_udp, args=(query, sender), daemon=True).start()

    def _one_udp(self, query, sender):
        try:
            for packet in self._answer(query, False, sender):
                self._udp.sendto(packet, sender)
        except (OSError, ValueError):
            pass  # the honest one is away, or this one is stopped: no answer

    def _serve_tcp(self):
        while not self._stop.is_set():
            try:
                sock, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._one_tcp, args=(sock,), daemon=True).start()

    def _one_tcp(self, sock):
        with sock:
            sock.settimeout(5)
            try:
                while query := _read(sock):
                    packets = self._answer(query, True, None)
                    for packet in packets:
                        self._send(sock, struct.pack("!H", len(packet)) + packet)
                    if not packets:
                        return
            except (OSError, ValueError):
                pass  # the other side had enough


    def _send(self, sock, data):
        if self.mode != "dribbling":
            sock.sendall(data)
            return
        for octet in data:
            sock.sendall(bytes([octet]))
            if self._stop.wait(DRIBBLE):
                return


def _edit(answer, edit):
    """The answer to a question about keys with edit() applied to each RRset; a false one is left out."""
    message = dns.message.from_wire(answer)
    if not message.question or message.question[0].rdtype not in KEY_TYPES:
        return answer
    for section in (message.answer, message.authority):
        section[:] = [rrset for rrset in section if edit(rrset)]
    return message.to_wire(max_size=JUNK)


def _question(query):
    """The question section of a query without compression."""
    at = 12
    while query[at]:
        at += 1 + query[at]
    return query[12:at + 5]


def _retyped(packet, rdtype):
    """The packet with another type in its question."""
    end = 12 + len(_question(packet))
    return packet[:end - 4] + struct.pack("!H", rdtype) + packet[end - 2:]


def _type_of(query):
    return struct.unpack("!H", _question(query)[-4:-2])[0]


def _truncation(answer):
    """Only the header says anything: TC."""
    question = _question(answer)
    return answer[:2] + bytes([answer[2] | 0x02, answer[3]]) + b"\x00\x01" + b"\x00" * 6 + question


def _read(sock):
    """One packet from a TCP connection; b"" at its end."""
    head = _exactly(sock, 2)
    return _exactly(sock, struct.unpack("!H", head)[0]) if head else b""


def _exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            return b""
        data += more
    return data
