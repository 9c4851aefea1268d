# SPDX-License-Identifier: GPL-3.0-or-later
"""The same questions to many servers, again and again, at little cost: all at once, and an answer that is known is not parsed."""

import os
import selectors
import socket
import struct
import time

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from .daemons import PORT

#: Seconds that a server has for its answer.
PATIENCE = 1.0
#: Answers of one question that are kept: BIND turns the records of an RRset.
KNOWN = 32

_HEAD = struct.Struct("!HHHHHH")
_NO_ID = slice(2, None)
_OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, 0)


class Question:
    """A question to one server. \\a read(message): what the answer says. \\a took(value, sent, arrived): where that goes.

    The value is an error where there is no answer.
    """

    def __init__(self, address, name, rdtype, read, took):
        self.address, self._reader, self.took = address, read, took
        self._section = dns.name.from_text(name).to_wire() + struct.pack("!HH", dns.rdatatype.from_text(rdtype), 1)
        self._what = f"{name} {rdtype}"
        self._known = {}
        self.sent = None

    def packet(self, number):
        """The packet, with this id."""
        return _HEAD.pack(number, 0, 1, 0, 0, 1) + self._section + _OPT

    def fits(self, packet):
        """Whether this is an answer to the question; servers may change the case of letters."""
        end = _HEAD.size + len(self._section)
        return packet[2] & 0x80 and packet[4:6] == b"\0\1" and packet[_HEAD.size:end].lower() == self._section.lower()

    def read(self, packet):
        """What an answer says; LookupError if it is not authoritative, or an error."""
        body = packet[_NO_ID]
        if body not in self._known:
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[body] = self._parse(packet)
        return self._known[body]

    def _parse(self, packet):
        message = dns.message.from_wire(packet)
        if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) or not message.flags & dns.flags.AA:
            raise LookupError(f"{self.address} answers {dns.rcode.to_text(message.rcode())} for {self._what}")
        return self._reader(message)


class Poll:
    """Asks all questions at once. One thread at a time."""

    def __init__(self, questions):
        self._selector = selectors.DefaultSelector()
        self._peers = {}
        self._number = int.from_bytes(os.urandom(2), "big")
        for question in questions:
            peer = self._peers.get(question.address) or self._connect(question.address)
            peer.questions.append(question)

    def close(self):
        """Ends asking."""
        self._selector.close()
        for peer in self._peers.values():
            peer.socket.close()

    def check(self):
        """Asks each question once, and returns when all have their answer or PATIENCE is over."""
        for peer in self._peers.values():
            for question in peer.questions:
                self._send(peer, question)
        end = time.monotonic() + PATIENCE
        while any(peer.pending for peer in self._peers.values()) and time.monotonic() < end:
            for key, _ in self._selector.select(max(0, end - time.monotonic())):
                self._receive(key.data)
        for peer in self._peers.values():
            peer.fail(TimeoutError())

    def _connect(self, address):
        peer = self._peers[address] = _Peer(address)
        self._selector.register(peer.socket, selectors.EVENT_READ, peer)
        return peer

    def _send(self, peer, question):
        self._number = (self._number + 1) & 0xffff
        peer.pending[self._number] = question
        question.sent = time.monotonic()
        try:
            peer.socket.send(question.packet(self._number))
        except OSError as error:  # that of an earlier question, too
            peer.fail(error)

    @staticmethod
    def _receive(peer):
        try:
            packet = peer.socket.recv(65535)
        except OSError as error:
            peer.fail(error)
            return
        if len(packet) <= _HEAD.size:
            return
        number = int.from_bytes(packet[:2], "big")
        question = peer.pending.get(number)
        if question is None or not question.fits(packet):
            return
        del peer.pending[number]
        try:
            if packet[2] & 0x02:
                packet = _over_tcp(question, number)
            arrived = time.monotonic()
            value = question.read(packet)
        except (OSError, LookupError, dns.exception.DNSException) as error:
            arrived, value = time.monotonic(), error
        question.took(value, question.sent, arrived)


class _Peer:
    """One server: its socket, and the questions without an answer by their id."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect((address, PORT))
        self.questions, self.pending = [], {}

    def fail(self, error):
        """None of the questions gets an answer."""
        pending, self.pending = self.pending, {}
        for question in pending.values():
            question.took(error, question.sent, time.monotonic())


def _over_tcp(question, number):
    """The answer to the question again, over TCP; others wait meanwhile."""
    with socket.create_connection((question.address, PORT), timeout=PATIENCE) as connection:
        packet = question.packet(number)
        question.sent = time.monotonic()
        connection.sendall(len(packet).to_bytes(2, "big") + packet)
        with connection.makefile("rb") as stream:
            size = int.from_bytes(stream.read(2), "big")
            answer = stream.read(size)
    if len(answer) != size or size <= _HEAD.size or not question.fits(answer):
        raise LookupError(f"{question.address} has no answer over TCP")
    return answer
