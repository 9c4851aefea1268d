# SPDX-License-Identifier: GPL-3.0-or-later
"""`notify-receive`: knotd takes NOTIFY(CDS) of children (RFC 9859), and treats all else as without the module.

dnspython is the sender.
"""

import contextlib
import os
import socket

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass

from .daemons import Knot, file_name, run
from .marks import bound
from .wait import stays, wait_until
from .world import module_path
from .zones import zone_text

ADDRESS = "127.0.6.1"
PRIMARY = "127.0.6.2"
PARENT = "test."
#: A child that this server has as well, as a secondary.
HERE = "here.test."
BLOCKED = 15
DSYNC = 66


class Server:
    """A knotd with the module, and with a zone that takes NOTIFY(SOA)."""

    def __init__(self, directory, lines=(), wrap=(), agent=None, **engine):
        self.engine, self.agent = engine, agent
        self.knot = Knot("knot", directory, ADDRESS, [], [PARENT], wrap=wrap)
        self.knot.write(file_name(PARENT), zone_text(PARENT, {f"ns.{PARENT}": [ADDRESS]}, 5, ["a NS ns.a.test.", "ns.a A 192.0.2.1", *lines]))
        self.knot.sections = self.sections()
        self.knot.start()
        self.pid, self.starts = self.knot.wait_kskrolld(), 1
        wait_until(lambda: self.totals()["kskroll-daemon-running"] == 1, 20, "kskrolld runs")

    def sections(self):
        path = self.knot.path
        return [
            ("module", [{"id": "mod-kskroll", "file": module_path()}]),
            ("server", {"rundir": self.knot.dir, "pidfile": path("knot.pid"), "listen": [f"{ADDRESS}@53"], "udp-workers": 2,
                        "tcp-workers": 2, "background-workers": 1}),
            ("control", {"listen": self.knot.socket}),
            ("log", [{"target": self.knot.log, "any": "debug"}]),
            ("database", {"storage": path("db"), "journal-db-max-size": "64M", "kasp-db-max-size": "16M", "timer-db-max-size": "16M"}),
            ("remote", [{"id": "primary", "address": PRIMARY}]),
            ("acl", [{"id": "primary", "address": "127.0.0.0/8", "action": "notify"}]),
            ("mod-kskroll", [{"id": "engine", **self.engine}, {"id": "agent", **(self.agent or {})}]),
            ("template", [{"id": "default", "global-module": "mod-kskroll/engine", "storage": self.knot.dir, "file": "%s.zone"}]),
            ("zone", [{"domain": PARENT, **({"module": "mod-kskroll/agent"} if self.agent else {})}, {"domain": HERE, "master": "primary", "acl": "primary"}])]

    def reconfigure(self, **engine):
        """The server takes another global instance."""
        self.engine = engine
        self.knot.sections = self.sections()
        self.knot.reconfigure()

    def wait_other(self):
        """kskrolld has been started once more."""
        self.pid, self.starts = self.knot.wait_kskrolld(other_than=self.pid), self.starts + 1
        wait_until(lambda: self.totals()["kskroll-daemon-running"] == 1, 20, "kskrolld runs")

    def totals(self):
        """Counters of the module."""
        return self.knot.totals()

    def assert_undisturbed(self):
        """knotd and kskrolld are those that were started."""
        assert self.knot.running() and self.knot.kskrolld == self.pid
        # The counters of a new instance start at 0.
        wait_until(lambda: self.totals()["kskroll-daemon-starts"] >= self.starts, 10, "the counters of kskrolld")
        assert self.totals()["kskroll-daemon-starts"] == self.starts and self.knot.kskrolld == self.pid


@contextlib.contextmanager
def server(directory, lines=(), wrap=(), agent=None, **engine):
    """A Server that is stopped at the end."""
    one = Server(directory, lines, wrap, agent, **engine)
    try:
        yield one
        one.assert_undisturbed()
    finally:
        one.knot.stop()


def notify(name, rdtype="CDS", edns=None, options=None):
    """The message, with AA as RFC 1996 has it."""
    message = dns.message.make_query(name, rdtype, use_edns=edns, options=options)
    message.flags = dns.flags.AA
    message.set_opcode(dns.opcode.NOTIFY)  # It is a part of the flags.
    return message


def send(message, tcp=False, source=None, timeout=5, at=ADDRESS, port=53):
    """The reply; dnspython checks ID, question and opcode."""
    ask = dns.query.tcp if tcp else dns.query.udp
    return ask(message, at, port=port, timeout=timeout, source=source)


def assert_acknowledged(reply):
    assert reply.rcode() == dns.rcode.NOERROR and reply.opcode() == dns.opcode.NOTIFY, reply
    assert reply.flags & dns.flags.QR and reply.flags & dns.flags.AA, reply
    assert not reply.answer and not reply.authority, reply


@bound(60)
def test_notify_cds_is_acknowledged_and_nothing_else_is(directory):
    with server(directory, **{"notify-receive": True}) as one:
        for name in ("a.test.", "deep.a.test.", "nobodys.example."):
            for tcp in (False, True):
                assert_acknowledged(send(notify(name), tcp))
        reply = send(notify("a.test.", edns=0, options=[dns.edns.GenericOption(18, b"\3rep\4test\0")]))
        assert_acknowledged(reply)
        assert reply.edns == 0, reply
        for rdtype in ("SOA", "CDNSKEY", "CSYNC", "DS"):
            assert send(notify("a.test.", rdtype)).rcode() == dns.rcode.NOTAUTH, rdtype
        assert send(notify(".")).rcode() == dns.rcode.NOTAUTH
        # Two questions: RFC 9859 4.3.
        wire = bytearray(notify("a.test.").to_wire())
        wire[5] = 2
        wire += wire[12:]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1)
            sock.sendto(wire, (ADDRESS, 53))
            with contextlib.suppress(TimeoutError):
                answer = dns.message.from_wire(sock.recv(512), ignore_trailing=True, question_only=True)
                assert answer.rcode() == dns.rcode.FORMERR, answer
        assert dns.query.udp(dns.message.make_query("a.test.", "CDS"), ADDRESS, timeout=5).rcode() == dns.rcode.NOERROR


@bound(60)
def test_a_child_that_is_served_here_keeps_its_own_notify(directory):
    with server(directory, **{"notify-receive": True}) as one:
        incoming = "notify, incoming"
        assert_acknowledged(send(notify(HERE)))
        assert not one.knot.log_lines(incoming)
        # Knot answers that one without AA.
        assert send(notify(HERE, "SOA")).rcode() == dns.rcode.NOERROR
        wait_until(lambda: [line for line in one.knot.log_lines(incoming) if HERE in line], 10, "Knot has the NOTIFY(SOA)")


@bound(60)
def test_without_the_item_knot_answers_as_ever(directory):
    with server(directory) as one:
        for tcp in (False, True):
            assert send(notify("a.test."), tcp).rcode() == dns.rcode.NOTAUTH
        assert send(notify(HERE, "SOA")).rcode() == dns.rcode.NOERROR
        one.reconfigure(**{"notify-receive": True})
        assert_acknowledged(send(notify("a.test.")))
        one.reconfigure()
        assert send(notify("a.test.")).rcode() == dns.rcode.NOTAUTH


@bound(60)
def test_knot_publishes_the_dsync_record_that_kskroll_prints(directory):
    tool = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
    lines = run([tool, "dsync", PARENT, "--target", "ns.test", "--port", "5359"]).stdout.splitlines()
    with server(directory, lines, **{"notify-receive": True}):
        answer = dns.query.udp(dns.message.make_query("child._dsync.test.", DSYNC), ADDRESS, timeout=5)
        rdata, = answer.answer[0]
        assert rdata.to_wire() == b"\0\x3b\1" + (5359).to_bytes(2, "big") + b"\2ns\4test\0", answer


def is_blocked(reply):
    """Acknowledged, and has no effect."""
    assert_acknowledged(reply)
    return any(option.otype == dns.edns.EDE and option.code == BLOCKED for option in reply.options)


@bound(120)
def test_a_flood_is_acknowledged_counted_and_has_no_effect(directory):
    with server(directory, **{"notify-receive": True}) as one:
        before = one.totals()["kskroll-delegation-ignored"]
        # One child, from many sources: 5 at once, then one in 5 s.
        many = [is_blocked(send(notify("a.test.", edns=0), source=f"127.0.7.{n}")) for n in range(1, 101)]
        assert many[:5] == [False] * 5 and sum(many) >= 90, many
        # One source, many children: 200 at once, then 50 a second.
        one_source = [is_blocked(send(notify(f"c{n}.test.", edns=0), source="127.0.8.1")) for n in range(1000)]
        assert one_source[:200] == [False] * 200 and any(one_source), one_source
        ignored = sum(many) + sum(one_source)
        wait_until(lambda: one.totals()["kskroll-delegation-ignored"] >= before + ignored, 10, "they are counted")
        assert stays(lambda: one.knot.kskrolld == one.pid, 1)
        assert_acknowledged(send(notify("other.test."), source="127.0.8.2"))
