# SPDX-License-Identifier: GPL-3.0-or-later
"""The EPP server of the lab, judged by a client that is not ours, Net::EPP of Debian; and how strict it is."""

import contextlib
import os
import socket
import ssl
import struct
import subprocess

from lxml import etree

from .epp_certs import Authority
from .epp_frames import Checker, URIS, Violation, Writer, check_tree
from .epp_objects import Ds, Key, Registry
from .epp_server import EppServer
from .marks import bound
from .wait import LabError, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT, PASSWORD, DOMAIN = "lab-client", "secret-pw-1", "example.test"


def ask(server, authority, password=PASSWORD):
    """What the foreign client prints, as (name, value) pairs, and its exit code."""
    certificate, key = authority.issue("registrar", client=True)
    argv = ["perl", os.path.join(HERE, "epp_foreign.pl"), server.address, str(server.port), authority.ca, certificate, key, CLIENT, password, DOMAIN]
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    assert not result.stderr, result.stderr
    return [tuple(line.split(": ", 1)) for line in result.stdout.splitlines()], result.returncode


@bound(60)
def test_net_epp_agrees_with_the_server(directory):
    authority = Authority(directory)
    certificate = authority.issue("epp.test", ["epp.test", "127.0.0.1"])
    registry = Registry()
    registry.add_client(CLIENT, PASSWORD)
    registry.add(DOMAIN, CLIENT, [Ds(12345, 13, 2, "A1" * 32)], ttl=3600)
    registry.policy.pending = True
    registry.add("pending.test", CLIENT, [Ds(1, 13, 2, "A1" * 32)])
    registry.update(CLIENT, "pending.test", [], [Ds(2, 13, 2, "B2" * 32)], ("keep",), ("CL-1", "SV-1"))
    registry.settle("pending.test", True)
    registry.policy.pending = False
    registry.change("pending.test", [Ds(3, 13, 2, "C3" * 32)])
    with EppServer(registry, certificate, authority.ca) as server:
        said, code = ask(server, authority)
        assert code == 0, said
        assert said == [
            ("domain", f"{DOMAIN} of {CLIENT}"), ("ds", f"12345 13 2 {'A1' * 32}"), ("replaced", "1000"), ("absent", "2306"),
            ("domain", f"{DOMAIN} of {CLIENT}"), ("ds", f"54321 13 2 {'B2' * 32}"),
            ("poll", "1301"), ("message", "panData"), ("ack", "1000"),
            ("poll", "1301"), ("message", "changeData"), ("ack", "1000"), ("poll", "1301"), ("message", "changeData"), ("ack", "1000"),
            ("poll", "1300"), ("logout", "1500")], said
        assert registry.domains[DOMAIN].ttl == 600
        assert server.verbs() == ["login", "info", "update", "update", "info"] + ["poll"] * 7 + ["logout"]
        assert len(server.submitted()) == 1 and server.open_sessions() == 0
        said, code = ask(server, authority, "another-pw")
        assert code == 1 and said[0][1].startswith("2200 "), said


class Raw:
    """A client of the lab: each frame as the test wants it."""

    def __init__(self, server, authority, extensions=("secDNS", "ttl", "changePoll")):
        context = ssl.create_default_context(cafile=authority.ca)
        context.load_cert_chain(*authority.issue("registrar", client=True))
        self.tls = context.wrap_socket(socket.create_connection((server.address, server.port), 20), server_hostname="127.0.0.1")
        self.e, self.number, self.extensions = Writer().element, 0, extensions
        self.greeting = self.receive()

    def receive(self):
        """The next frame; None at the end."""
        head = self._read(4)
        return etree.fromstring(self._read(struct.unpack("!I", head)[0] - 4)) if head else None

    def _read(self, size):
        data = b""
        while len(data) < size:
            piece = self.tls.recv(size - len(data))
            if not piece:
                return b""
            data += piece
        return data

    def send(self, frame):
        """The octets of a frame."""
        self.tls.sendall(struct.pack("!I", len(frame) + 4) + frame)

    def command(self, *children):
        """\\return (code, answer)."""
        self.number += 1
        self.send(Writer().frame(self.e("epp:command", *children, self.e("epp:clTRID", text=f"RAW-{self.number}"))))
        answer = self.receive()
        # There may be another one before it, in panData.
        assert answer.findtext(f"*/{{{URIS['epp']}}}trID/{{{URIS['epp']}}}clTRID") == f"RAW-{self.number}"
        return int(answer.find(f".//{{{URIS['epp']}}}result").get("code")), answer

    def login(self, password=PASSWORD):
        """\\return The code."""
        e = self.e
        svcs = e("epp:svcs", e("epp:objURI", text=URIS["domain"]), e("epp:svcExtension", *[e("epp:extURI", text=URIS[one]) for one in self.extensions]))
        return self.command(e("epp:login", e("epp:clID", text=CLIENT), e("epp:pw", text=password),
                              e("epp:options", e("epp:version", text="1.0"), e("epp:lang", text="en")), svcs))[0]

    def info(self, policy=True):
        """\\return The answer."""
        e = self.e
        return self.command(e("epp:info", e("domain:info", e("domain:name", text=DOMAIN))),
                            e("epp:extension", e("ttl:info", policy="true" if policy else None)) if "ttl" in self.extensions else None)[1]

    def records(self, part, records):
        """`rem` or `add`; None without records."""
        e = self.e
        return e(f"secDNS:{part}", *[
            e("secDNS:dsData", e("secDNS:keyTag", text=one.tag), e("secDNS:alg", text=one.algorithm), e("secDNS:digestType", text=one.digest_type),
              e("secDNS:digest", text=one.digest)) if isinstance(one, Ds) else
            e("secDNS:keyData", e("secDNS:flags", text=one.flags), e("secDNS:protocol", text=one.protocol), e("secDNS:alg", text=one.algorithm),
              e("secDNS:pubKey", text=one.public)) for one in records]) if records else None

    def update(self, rem=(), add=(), ttl=None, **attributes):
        """\\return The code."""
        e = self.e
        secdns = e("secDNS:update", self.records("rem", rem), self.records("add", add), **attributes) if rem or add else None
        ttls = e("ttl:update", e("ttl:ttl", for_="DS", text=ttl)) if ttl is not None else None
        return self.command(e("epp:update", e("domain:update", e("domain:name", text=DOMAIN))), e("epp:extension", secdns, ttls))[0]

    def poll(self, number=None):
        """\\return (code, answer); with a number: that one is acknowledged."""
        return self.command(self.e("epp:poll", op="req" if number is None else "ack", msgID=number))


def lab(directory, **policy):
    """\\return (authority, registry, certificate of the server)."""
    authority, registry = Authority(directory), Registry(**policy)
    registry.add_client(CLIENT, PASSWORD)
    registry.add(DOMAIN, CLIENT, [Ds(1, 13, 2, "A1" * 32)])
    return authority, registry, authority.issue("epp.test", ["epp.test", "127.0.0.1"])


def ds(tag):
    """One that the domain does not have, unless it is 1."""
    return Ds(tag, 13, 2, "A1" * 32)


@bound(60)
def test_the_registry_refuses_what_registries_refuse(directory):
    authority, registry, certificate = lab(directory, most=3, text=True, lower=True)
    domain = registry.domains[DOMAIN]
    with EppServer(registry, certificate, authority.ca, sessions=1) as server:
        raw = Raw(server, authority)
        assert raw.update(add=[ds(2)]) == 2002 and raw.login("wrong-password") == 2200 and raw.login() == 1000 and raw.login() == 2002
        assert Raw(server, authority).login() == 2502
        assert raw.update(rem=[ds(1)]) == 2306, "that is not how it spells the digest"
        shown = Ds(1, 13, 2, "a1" * 32)
        assert raw.update(rem=[shown]) == 2308 and raw.update(add=[ds(1)]) == 2306 and raw.update(add=[ds(2), ds(3), ds(4)]) == 2308
        assert raw.update(add=[Ds(2, 13, 4, "A1" * 32)]) == 2306 and raw.update(add=[Key(257, 3, 13, "AwEAAcFcGg==")]) == 2306
        assert raw.update(rem=[shown], add=[ds(2)], urgent="true") == 2102 and raw.update(add=[ds(2)], ttl=1) == 2004
        assert domain.records == [ds(1)] and domain.ttl is None, "all or nothing"
        for status in "clientUpdateProhibited", "serverUpdateProhibited", "pendingUpdate":
            domain.statuses = {status}
            assert raw.update(add=[ds(2)]) == 2304
        domain.statuses = set()
        domain.sponsor = "another"
        assert raw.update(add=[ds(2)]) == 2201
        domain.sponsor = CLIENT
        assert raw.update(rem=[shown], add=[ds(2), ds(3)], ttl=600) == 1000 and domain.records == [ds(2), ds(3)] and domain.ttl == 600
        assert raw.info().find(f".//{{{URIS['ttl']}}}ttl[@for='DS']").attrib == {"for": "DS", "min": "300", "default": "3600", "max": "86400"}
        assert raw.update(ttl="") == 1000 and domain.ttl is None
        assert len(server.submitted()) == 2
        # Another client changes it between `info` and `update`.
        server.switches.after["info"] = lambda: registry.change(DOMAIN, [ds(9)])
        raw.info()
        assert raw.update(rem=[Ds(2, 13, 2, "a1" * 32)], add=[ds(4)]) == 2306 and domain.records == [ds(9)]
    with contextlib.suppress(OSError):
        assert raw.receive() is None


@bound(60)
def test_what_is_pending_is_told_in_the_queue(directory):
    authority, registry, certificate = lab(directory, pending=True)
    with EppServer(registry, certificate, authority.ca) as server:
        raw = Raw(server, authority, ["secDNS"])
        assert raw.login() == 1000 and raw.poll()[0] == 1300
        for result in False, True:
            assert raw.update(add=[ds(2)]) == 1001 and raw.update(add=[ds(3)]) == 2304
            registry.settle(DOMAIN, result)
            code, answer = raw.poll()
            pan = answer.find(f".//{{{URIS['domain']}}}panData/{{{URIS['domain']}}}name")
            number = answer.find(f".//{{{URIS['epp']}}}msgQ").get("id")
            assert code == 1301 and pan.get("paResult") == str(int(result)), answer
            assert raw.poll("4711")[0] == 2303 and raw.poll()[0] == 1301
            assert raw.poll(number)[0] == 1000 and raw.poll()[0] == 1300
            assert registry.domains[DOMAIN].records == [ds(1)] + [ds(2)] * result
        # Without TTLs and changePoll in the login there are none in answers.
        registry.change(DOMAIN, [ds(7)], ttl=600)
        for state in "before", "after":
            code, answer = raw.poll()
            assert code == 1301 and "changePoll" not in etree.tostring(answer).decode(), state
            raw.poll(answer.find(f".//{{{URIS['epp']}}}msgQ").get("id"))
        assert b"ttl-1.0" not in etree.tostring(raw.info())


@bound(60)
def test_the_server_ends_what_is_idle(directory):
    authority, registry, certificate = lab(directory)
    with EppServer(registry, certificate, authority.ca, idle=0.3) as server:
        raw = Raw(server, authority)
        assert raw.login() == 1000 and server.open_sessions() == 1
        with contextlib.suppress(OSError):
            assert raw.receive() is None
        wait_until(lambda: server.open_sessions() == 0, 10, "the session is gone")


@bound(60)
def test_wrong_frames_are_caught(directory):
    """Each is one mistake away from a good one. The schemas, where they are at hand, are of the same opinion."""
    e = Writer().element
    trid = "<clTRID>RAW-1</clTRID>"
    domain = f"<d:name xmlns:d='{URIS['domain']}'>a.test</d:name>"
    record = "<s:keyTag>1</s:keyTag><s:alg>13</s:alg><s:digestType>2</s:digestType><s:digest>A1</s:digest>"

    def command(inside):
        return f"<epp xmlns='{URIS['epp']}'><command>{inside}</command></epp>"

    def update(inside, attributes=""):
        return command(f"<update><d:update xmlns:d='{URIS['domain']}'>{domain}</d:update></update>"
                       f"<extension><s:update xmlns:s='{URIS['secDNS']}'{attributes}>{inside}</s:update></extension>{trid}")
    good = [command(f"<logout/>{trid}"), command(f"<poll op='req'/>{trid}"), update(f"<s:rem><s:dsData>{record}</s:dsData></s:rem>"),
            update(f"<s:rem><s:all>true</s:all></s:rem><s:add><s:dsData>{record}</s:dsData></s:add>", " urgent='false'"),
            f"<epp xmlns='{URIS['epp']}'><hello/></epp>"]
    wrong = [
        command(f"{trid}<logout/>"), command(f"<logout/><logout/>{trid}"), command(f"<logout/>{trid}{trid}"), command("<logout/><clTRID>12</clTRID>"),
        command(f"<logout/><clTRID>{'1' * 65}</clTRID>"), command(f"<poll/>{trid}"), command(f"<poll op='get'/>{trid}"), command(f"<poll op='req' x='1'/>{trid}"),
        command(f"<logout>now</logout>{trid}").replace("now", "<a/>"), command(f"words<logout/>{trid}"),
        f"<epp><command><logout/>{trid}</command></epp>", command(f"<logout xmlns=''/>{trid}"),
        update(f"<s:add><s:dsData>{record}</s:dsData></s:add><s:rem><s:dsData>{record}</s:dsData></s:rem>"),
        update(f"<s:add><s:dsData>{record}</s:dsData><s:keyData/></s:add>"), update("<s:add/>"), update("<s:rem/>"),
        update(f"<s:rem><s:dsData>{record}</s:dsData></s:rem>", " urgent='yes'"),
        *[update(f"<s:rem><s:dsData>{record}</s:dsData></s:rem>").replace(old, new) for old, new in (
            ("secDNS-1.1", "secDNS-1.0"), (">13<", ">256<"), (">1<", ">65536<"), (">A1<", ">A<"), (">A1<", ">G1<"), ("<s:alg>13</s:alg>", ""),
            ("<s:keyTag>1</s:keyTag><s:alg>13</s:alg>", "<s:alg>13</s:alg><s:keyTag>1</s:keyTag>"))],
        f"<epp xmlns='{URIS['epp']}'><hello/><hello/></epp>", f"<epp xmlns='{URIS['epp']}'></epp>", "<epp", "",
        f"<!DOCTYPE epp><epp xmlns='{URIS['epp']}'><hello/></epp>",
    ]
    checker = Checker()
    for frame in good:
        checker.check(frame.encode())
    for frame in wrong:
        try:
            checker.check(frame.encode())
        except Violation:
            pass
        else:
            raise AssertionError(frame)
        with contextlib.suppress(etree.XMLSyntaxError):
            tree = etree.fromstring(frame)
            # The schema of `logout` and `hello` allows whatever is in them.
            assert checker.schema is None or not checker.schema.validate(tree) or "DOCTYPE" in frame or "<a/>" in frame, frame
            with contextlib.suppress(Violation):
                check_tree(tree)
                assert "DOCTYPE" in frame, frame
    authority, registry, certificate = lab(directory)
    caught = False
    try:
        with EppServer(registry, certificate, authority.ca) as server:
            raw = Raw(server, authority)
            raw.send(Writer().frame(e("epp:command", e("epp:clTRID", text="RAW-1"), e("epp:logout"))))
            assert raw.receive() is None
    except LabError as error:
        caught = "clTRID" in str(error)
    assert caught, "the test would have passed"
