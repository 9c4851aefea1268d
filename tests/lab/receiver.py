# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the parent hears about changed CDS: a receiver of NOTIFY(CDS) as RFC 9859 4.3 describes it.

None of our code judges the messages here: dnspython reads them.
"""

import socket
import struct
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from . import netns

#: Not 53: the port is what DSYNC says.
PORT = 5359

ACK, REFUSE, DROP, ELSEWHERE = MODES = ("ack", "refuse", "drop", "elsewhere")


class Receiver:
    """Listens over UDP and TCP; \\a scan(zone) is called for a notification that is acknowledged.

    `mode` can be changed while it runs; `modes`: zone -> mode of zones of which it differs. ack: answers and scans at once. refuse: answers REFUSED.
    drop: reads and is silent. elsewhere: the answer comes from \\a other, which nobody has asked.
    `seen`: (monotonic time, transport, zone) of every good message. `wrong`: what is not allowed.
    """

    def __init__(self, address, other, scan, mode=ACK):
        self.address = address
        self.other = other
        self.scan = scan
        self.mode = mode
        self.modes = {}
        self.seen = []
        self.wrong = []
        self._udp = self._tcp = self._elsewhere = None
        self._threads = []

    def start(self):
        """Binds and listens."""
        for address in (self.address, self.other):
            netns.add_address(address)
        self._udp = _bind(socket.SOCK_DGRAM, self.address)
        self._elsewhere = _bind(socket.SOCK_DGRAM, self.other)
        self._tcp = _bind(socket.SOCK_STREAM, self.address)
        self._tcp.listen()
        for run in (self._on_udp, self._on_tcp):
            thread = threading.Thread(target=run, name=f"receiver {run.__name__}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self):
        """Ends listening and waits for a scan under way."""
        for sock in (self._udp, self._tcp):
            # Wakes who waits for it; a listening TCP socket is not connected, a UDP one neither.
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(30)
        for sock in (self._udp, self._tcp, self._elsewhere):
            sock.close()

    def zones(self):
        """Zones of the good messages, in their order."""
        return [zone for _, _, zone in list(self.seen)]

    def _on_udp(self):
        while True:
            try:
                wire, source = self._udp.recvfrom(65535)
            except OSError:
                return
            if not source:
                return
            mode, answer, zone = self._judge(wire, "udp")
            if answer is not None:
                sock = self._elsewhere if mode == ELSEWHERE else self._udp
                sock.sendto(answer, source)
            self._act(mode, zone)

    def _on_tcp(self):
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as file:
                connection.settimeout(10)
                try:
                    wire = file.read(*struct.unpack("!H", file.read(2)))
                except (OSError, struct.error):
                    continue
                # Over TCP an answer cannot come from elsewhere: none comes.
                mode, answer, zone = self._judge(wire, "tcp")
                if answer is not None and mode != ELSEWHERE:
                    file.write(struct.pack("!H", len(answer)) + answer)
                    file.flush()
            self._act(mode, zone)

    def _judge(self, wire, transport):
        """(mode, answer or None, zone); nothing for what is wrong."""
        try:
            message = dns.message.from_wire(wire)
        except dns.exception.DNSException as error:
            self.wrong.append(f"{type(error).__name__}: {wire.hex()}")
            return None, None, None
        reason = fault_of(message)
        if reason:
            self.wrong.append(f"{reason}: {message.to_text()}")
            return None, None, None
        zone = message.question[0].name.to_text()
        self.seen.append((time.monotonic(), transport, zone))
        mode = self.modes.get(zone, self.mode)
        if mode == DROP:
            return mode, None, zone
        response = dns.message.make_response(message)
        response.flags |= dns.flags.AA
        if mode == REFUSE:
            response.set_rcode(dns.rcode.REFUSED)
        return mode, response.to_wire(), zone

    def _act(self, mode, zone):
        if mode == ACK:
            self.scan(zone)


def fault_of(message):
    """What is wrong with a NOTIFY(CDS), or None (RFC 1996 3 and 4, RFC 9859 4 and 4.3)."""
    if message.opcode() != dns.opcode.NOTIFY:
        return "opcode"
    if message.flags & 0x87F0 != dns.flags.AA or message.rcode() != dns.rcode.NOERROR:
        return "flags"
    if len(message.question) != 1:
        return "not one question"
    question = message.question[0]
    if question.rdtype != dns.rdatatype.CDS or question.rdclass != dns.rdataclass.IN:
        return "question"
    if message.answer or message.authority or message.additional:
        return "more than a question"
    return None


def _bind(kind, address):
    sock = socket.socket(socket.AF_INET, kind)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, PORT))
    return sock
