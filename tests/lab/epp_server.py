# SPDX-License-Identifier: GPL-3.0-or-later
"""A strict EPP server (RFC 5730, 5731, 5734, 5910, 8590, 8807, 9803) with a switch for everything that real ones do.

It runs in threads of the test. Frames of both directions are checked (epp_frames); one of the client that is wrong
makes the test fail when the server is left. All commands are recorded.
"""

import bisect
import collections
import contextlib
import dataclasses
import socket
import ssl
import struct
import threading
import time

from .epp_answers import CLOSES, Conversation
from .epp_frames import Checker, Violation
from .wait import LabError

#: Octets of a unit, with the four of its length.
UNIT_MAX = 256 * 1024


@dataclasses.dataclass(frozen=True)
class Cut:
    """The end of a connection, after so many octets of frames were sent by the server, or received from the client."""

    sent: int | None = None
    received: int | None = None
    how: str = "reset"  #: "reset", "end" (of TCP alone) or "notify" (of TLS).


@dataclasses.dataclass
class Switches:
    """What a server can be like. They can be changed while it runs."""

    name: str = "EPP of the lab"  #: svID.
    extensions: tuple = ("secDNS", "ttl", "changePoll", "loginSec")
    more_uris: tuple = ()  #: Of extensions that nobody here knows.
    other_prefixes: bool = False  #: Those of the usual ones mean something else.
    bom: bool = False
    login_security: bool = False  #: The password has to be in loginSec.
    password_ends: str | None = None  #: A time: logins with loginSec are warned of it.
    sessions: int = 4  #: Of one client; more: 2502.
    failures: int = 3  #: Of logins in a session; then 2501.
    idle: float | None = None  #: Seconds without a command after which the server closes.
    codes: dict = dataclasses.field(default_factory=dict)  #: {verb: [codes of the next answers]}.
    silent: set = dataclasses.field(default_factory=set)  #: Verbs without an answer.
    closes: set = dataclasses.field(default_factory=set)  #: Verbs instead of whose answer the connection ends.
    after: dict = dataclasses.field(default_factory=dict)  #: {verb: called once after its answer was made}.
    delivery: str = "whole"  #: "bytes": one octet each record; "twice": an answer and the same again; "half": then a reset.
    no_trid_on_2001: bool = False
    no_result: bool = False
    wrong_trid: bool = False
    echo: bool = False  #: A refused login is answered with the password in it, as an element and in words.
    raw_greeting: bytes | None = None  #: Octets instead of the unit with the greeting.
    cuts: collections.deque = dataclasses.field(default_factory=collections.deque)  #: Of the next connections, one each; None: none.

    def forced(self, verb):
        """The code that the next answer to this has, whatever it is; 0: none."""
        return self.codes[verb].pop(0) if self.codes.get(verb) else 0

    def without_trid(self, code):
        """Whether the answer lacks the clTRID of its command."""
        return code == 2001 and self.no_trid_on_2001

    def lies(self):
        """Whether the server's own frames are wrong on purpose."""
        return self.no_result


@dataclasses.dataclass(frozen=True)
class Record:
    """A command that has arrived. \\a code 0: a hello, or an answer that was not sent."""

    at: float
    session: int
    client: str | None
    verb: str
    domain: str | None
    trid: str | None
    code: int
    frame: bytes
    answered: int  #: Octets of the answer, with the four of its length.


class _Cut(Exception):
    pass


class Wire:
    """Octets of one connection, counted, and cut where the switch says."""

    def __init__(self, tls, cut):
        self.tls, self.cut, self.sent, self.received = tls, cut, 0, 0

    def read(self, size):
        """So many octets; b"" at the end of the connection."""
        data = b""
        while len(data) < size:
            self._check()
            limit = size - len(data)
            if self.cut and self.cut.received is not None:
                limit = min(limit, self.cut.received - self.received)
            piece = self.tls.recv(limit)
            if not piece:
                return b""
            self.received += len(piece)
            data += piece
        return data

    def write(self, data, step=None):
        """All of it, in records of \\a step octets; None: as few as can be."""
        if self.cut and self.cut.sent is not None:
            data = data[:self.cut.sent - self.sent]
        for at in range(0, len(data), step or max(len(data), 1)):
            self.tls.sendall(data[at:at + (step or len(data))])
        self.sent += len(data)
        self._check()

    def _check(self):
        if self.cut and (self.sent == self.cut.sent or self.received == self.cut.received):
            raise _Cut

    def close(self, how):
        """Ends the connection."""
        with contextlib.suppress(OSError, ValueError):
            if how == "reset":
                self.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif how == "notify":
                # Without waiting for the peer's.
                self.tls.settimeout(0)
                with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLError):
                    self.tls.unwrap()
        self.tls.close()


class EppServer:
    """The server. \\a certificate: (path, path of the key); \\a ca: who has to have issued the client's certificate, or None."""

    def __init__(self, registry, certificate, ca, address="127.0.0.1", port=0, versions=(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), **switches):
        self.registry, self.switches = registry, Switches(**switches)
        self.commands, self.violations, self.refused, self.connections = [], [], [], 0
        self.totals = []  #: (received, sent) of each session, in octets of frames.
        self._checker = Checker()
        self._open, self._lock, self._threads, self._sockets = collections.Counter(), threading.Lock(), [], set()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        if versions[0] < ssl.TLSVersion.TLSv1_2:
            self._context.set_ciphers("ALL:@SECLEVEL=0")
        self._context.minimum_version, self._context.maximum_version = versions
        if ca:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(ca)
        self._listener = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET, backlog=64)
        self.address, self.port = self._listener.getsockname()[:2]
        self._running = True

    def __enter__(self):
        self._threads.append(threading.Thread(target=self._accept, daemon=True))
        self._threads[0].start()
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None:
            self.check()

    def stop(self):
        """Ends all sessions at once."""
        self._running = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in list(self._sockets):
                with contextlib.suppress(OSError):
                    # That of SSLSocket forgets TLS first: its thread would read records as if they were frames.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)

    def check(self):
        """\\throw LabError if a frame was wrong."""
        if self.violations:
            raise LabError("frames of EPP that are wrong: " + "; ".join(self.violations[:5]))

    def verbs(self):
        """What has arrived, in order."""
        return [record.verb for record in self.commands]

    def busiest_minute(self):
        """Most commands that have arrived in any minute of the server's clock."""
        at = sorted(record.at for record in self.commands)
        return max((bisect.bisect_left(at, first + 60) - index for index, first in enumerate(at)), default=0)

    def submitted(self):
        """Updates that the registry has taken: (domain, frame without its clTRID), for "nothing is submitted twice"."""
        return [(record.domain, record.frame.replace((record.trid or "").encode(), b"")) for record in self.commands
                if record.verb == "update" and record.code in (1000, 1001)]

    def open_sessions(self):
        """Sessions that are logged in, now."""
        return sum(self._open.values())

    def enter(self, client):
        """Whether one more session of the client may begin."""
        with self._lock:
            if self._open[client] >= self.switches.sessions:
                return False
            self._open[client] += 1
            return True

    def _accept(self):
        while self._running:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number, cut = self.connections, self.switches.cuts.popleft() if self.switches.cuts else None
            thread = threading.Thread(target=self._connection, args=(plain, number, cut), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _connection(self, plain, number, cut):
        plain.settimeout(30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            tls = self._context.wrap_socket(plain, server_side=True)
        except (OSError, ValueError) as error:
            self.refused.append(str(error))
            plain.close()
            return
        with self._lock:
            self._sockets.add(tls)
        tls.settimeout(self.switches.idle or 60)
        wire, conversation, how = Wire(tls, cut), Conversation(self), "notify"
        try:
            self._session(wire, conversation, number)
        except _Cut:
            how = cut.how
        except (TimeoutError, ssl.SSLError, OSError):
            how = "reset" if self.switches.delivery == "half" else "end"
        finally:
            with self._lock:
                self._sockets.discard(tls)
                self.totals.append((wire.received, wire.sent))
                if conversation.client:
                    self._open[conversation.client] -= 1
            wire.close(how)
            self._threads.remove(threading.current_thread())

    def _session(self, wire, conversation, number):
        if self.switches.raw_greeting is not None:
            wire.write(self.switches.raw_greeting)
        else:
            self._send(wire, conversation.greeting())
        while True:
            data = self._receive(wire)
            if data is None:
                return
            try:
                tree = self._checker.check(data)
            except Violation as violation:
                self.violations.append(f"{violation}: {data[:400]!r}")
                return
            verb, domain, trid, code, answer = conversation.answer(tree)
            self.commands.append(Record(time.monotonic(), number, conversation.client, verb, domain, trid, code, data, len(answer) + 4))
            if hook := self.switches.after.pop(verb, None):
                hook()
            if verb in self.switches.closes:
                return
            if verb not in self.switches.silent:
                self._send(wire, answer)
            if code in CLOSES:
                return

    def _receive(self, wire):
        """The octets of a frame; None: the connection has ended."""
        head = wire.read(4)
        if not head:
            return None
        length, = struct.unpack("!I", head)
        if not 4 < length <= UNIT_MAX:
            self.violations.append(f"a unit of {length} octets")
            return None
        return wire.read(length - 4) or None

    def _send(self, wire, frame):
        if not self.switches.lies():
            try:
                self._checker.check(frame)
            except Violation as violation:
                self.violations.append(f"our own: {violation}: {frame[:400]!r}")
        unit = struct.pack("!I", len(frame) + 4) + frame
        delivery = self.switches.delivery
        if delivery == "twice" and self.commands:
            unit += unit
        if delivery == "half" and self.commands:
            wire.write(unit[:len(unit) // 2])
            raise ConnectionError("half an answer")
        wire.write(unit, 1 if delivery == "bytes" else None)
