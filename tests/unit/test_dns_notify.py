#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""NOTIFY(CDS) to parents that publish DSYNC and to targets of all kinds, on loopback.

Usage: test_dns_notify.py PROBE. Exits with 77 (skipped) without the tools or the right to
create a network namespace.
"""
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
from test_dns_survey import CHILD, PARENT, ROOT, SKIP, SOA, World, alone  # noqa: E402

PORT = 5300
CDS, SCHEME_NOTIFY = 59, 1
QUICK = ("interval=200", "retransmissions=3", "tcp-timeout=600")
# Lookups of a child that has a target; its name is also the name of the target.
HABITS = ("ack", "refuse", "notimp", "bare", "drop", "stranger", "noise", "tcponly", "truncate",
          "silent", "formerr", "hang", "close", "badvers")


def wire(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".") if x) + b"\0"


def dsync(target, rrtype=CDS, scheme=SCHEME_NOTIFY, port=PORT):
    rdata = struct.pack("!HBH", rrtype, scheme, port) + wire(target)
    return f"TYPE66 \\# {len(rdata)} {rdata.hex()}"


class Parents(World):
    def sign(self, zone, records, *options):
        """The signer may know DSYNC and NSD's parser only half: back to the generic form."""
        def generic(match):
            rrtype, scheme, port, target = match.groups()
            rrtype = {"CDS": CDS, "CSYNC": 62}.get(rrtype, rrtype)
            return dsync(target, int(rrtype), int(scheme.replace("NOTIFY", "1")),
                         int(port)) + "\n"

        name = super().sign(zone, records, *options)
        with open(f"{self.folder}/{name}") as file:
            text = re.sub(r"\bDSYNC\s+(\S+) (\S+) (\d+) (\S+\.)\n", generic, file.read())
        with open(f"{self.folder}/{name}", "w") as file:
            file.write(re.sub(r"\bDSYNC\b", "TYPE66", text))
        return name


class Receiver:
    """A target with a habit; keeps what arrived as (time, transport, message, source port).

    ack, refuse (REFUSED), notimp, badvers: answers with that RCODE. bare: NOTIMP, header only.
    drop: does not see the first two. stranger: answers from another address and another port.
    noise: other IDs, questions, opcodes and garbage, but no answer. tcponly: nobody at UDP.
    truncate: TC over UDP. silent: reads and is silent. formerr: FORMERR to EDNS. hang, close:
    nobody at UDP; over TCP half an answer, and a byte and the end.
    """

    def __init__(self, habit, address):
        self.habit, self.address, self.seen = habit, address, []
        self.sockets = []
        self.held = []
        if habit not in ("tcponly", "hang", "close"):
            udp = self.bind(socket.SOCK_DGRAM, address, PORT)
            threading.Thread(target=self.on_udp, args=(udp,), daemon=True).start()
        if habit == "stranger":
            self.others = [self.bind(socket.SOCK_DGRAM, "127.0.9.9", PORT),
                           self.bind(socket.SOCK_DGRAM, address, PORT + 1)]
        if habit in ("ack", "tcponly", "truncate", "silent", "hang", "close"):
            tcp = self.bind(socket.SOCK_STREAM, address, PORT)
            tcp.listen()
            threading.Thread(target=self.on_tcp, args=(tcp,), daemon=True).start()

    @staticmethod
    def bind(kind, address, port):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        return sock

    @staticmethod
    def answer(message, rcode=0, flags=0):
        """The message with QR, without EDNS."""
        end = message.index(b"\0", 12) + 5
        head = message[:2] + bytes([message[2] | 0x80 | flags, rcode]) + b"\0\1" + b"\0" * 6
        return head + message[12:end]

    def on_udp(self, sock):
        while True:
            message, source = sock.recvfrom(4096)
            self.seen.append((time.monotonic(), "udp", message, source[1]))
            for answer in self.answers(message):
                sock.sendto(answer, source)
            if self.habit == "stranger":
                for other in self.others:
                    other.sendto(self.answer(message), source)

    def answers(self, message):
        answer = self.answer(message)
        if self.habit == "noise":
            return [bytes([answer[0] ^ 1]) + answer[1:],
                    answer[:13] + bytes([answer[13] ^ 1]) + answer[14:],
                    answer[:2] + b"\x84" + answer[3:], answer[:2] + b"\x24" + answer[3:],
                    answer[:-3] + b"\x3c" + answer[-2:], answer[:-1], answer + b"x", b"",
                    b"\xff" * 600, message]
        if self.habit == "drop" and len(self.seen) < 3 or self.habit in ("silent", "stranger"):
            return []
        if self.habit == "formerr":
            return [self.answer(message, 1) if message[11] else answer]
        if self.habit == "bare":
            return [answer[:3] + b"\4" + b"\0" * 8]
        if self.habit == "badvers":
            return [answer[:11] + b"\1" + answer[12:] + b"\0\0\x29\4\xd0\1\0\0\0\0\0"]
        rcode = {"refuse": 5, "notimp": 4}.get(self.habit, 0)
        return [self.answer(message, rcode, 2 if self.habit == "truncate" else 0)]

    def on_tcp(self, sock):
        while True:
            connection, source = sock.accept()
            connection.settimeout(20)
            file = connection.makefile("rb")
            message = file.read(int.from_bytes(file.read(2), "big"))
            self.seen.append((time.monotonic(), "tcp", message, source[1]))
            answer = self.answer(message)
            answer = len(answer).to_bytes(2, "big") + answer
            if self.habit == "silent":
                self.held.append((connection, file))
                continue
            if self.habit == "hang":
                connection.sendall(answer[:9])
                self.held.append((connection, file))
                continue
            # In pieces, so that the length is split as well.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(1 if self.habit == "close" else len(answer)):
                connection.sendall(answer[at:at + 1])
            file.close()
            connection.close()


def zone_file(world, zone, records):
    name = f"{zone}plain"
    with open(f"{world.folder}/{name}", "w") as file:
        file.write(f"$ORIGIN {zone}\n$TTL 300\n{SOA}@ NS ns\nns A {CHILD}\n{records}")
    return name


def build(world, addresses):
    """Parents with different ways to publish DSYNC, all signed but plain. and bogus.test."""
    zones = ("wild.test.", "bare.test.", "own.test.", "_dsync.own.test.", "none.test.",
             "multi.test.")
    for zone in (*zones, "test.", "."):
        world.keys(zone)

    def ds(zone, owner=None):
        text = world.run("dnssec-dsfromkey", "-2", world.rdata(zone, 257)[0][0])
        return text.replace(zone, owner, 1) if owner else text

    ack = dsync("ack.target.test.")
    apex = "@ NS ns.test.\n"
    files = {
        "wild.test.": world.sign("wild.test.", f"{apex}*._dsync {ack}\n"),
        "bare.test.": world.sign("bare.test.", f"{apex}_dsync {ack}\n"),
        "none.test.": world.sign("none.test.", apex),
        "_dsync.own.test.": world.sign("_dsync.own.test.", f"{apex}@ {ack}\n"),
        "own.test.": world.sign("own.test.", f"{apex}_dsync NS ns.test.\n" +
                                ds("_dsync.own.test.")),
        # One target without an address, one that does not answer, one that does.
        "multi.test.": world.sign(
            "multi.test.", f"{apex}*._dsync {dsync('ack.target.test.')}\n"
            f"*._dsync {dsync('nobody.target.test.')}\n*._dsync {dsync('a.target.test.')}\n"
            f"*._dsync {dsync('b.target.test.', scheme=0)}\n"),
        "bogus.test.": zone_file(world, "bogus.test.", f"*._dsync {ack}\n"),
        "plain.": zone_file(world, "plain.", f"*._dsync {ack}\n"),
    }

    records = f"@ NS ns\nns A {PARENT}\n"
    for habit, address in addresses.items():
        records += f"{habit}._dsync {dsync(habit + '.target.test.')}\n"
        records += f"{habit}.target {'AAAA' if ':' in address else 'A'} {address}\n"
    records += (
        f"twice._dsync {dsync('twice.target.test.')}\n"
        f"twice.target A {addresses['nobody']}\ntwice.target A {addresses['ack']}\n"
        f"nowhere._dsync {dsync('nowhere.target.test.')}\n"
        f"lame._dsync {dsync('x.bogus.test.')}\n"
        f"odd._dsync {dsync('odd.target.test.')}\n"
        "odd.target A 0.0.0.0\nodd.target A 224.0.0.1\nodd.target AAAA ::ffff:127.0.5.1\n"
        # What must be passed over, next to what is good; and alone.
        f"mixed._dsync {dsync('refuse.target.test.', port=0)}\n"
        f"mixed._dsync {dsync('refuse.target.test.', scheme=0)}\n"
        f"mixed._dsync {dsync('refuse.target.test.', scheme=200)}\n"
        f"mixed._dsync {dsync('refuse.target.test.', rrtype=62)}\n"
        f"mixed._dsync {ack}\n"
        f"useless._dsync {dsync('ack.target.test.', port=0)}\n"
        f"_dsync {ack}\n"
        "alias._dsync CNAME ack._dsync\n"
        "outside._dsync CNAME nothing.none.test.\n")
    for zone in zones:
        if zone != "_dsync.own.test.":
            records += f"{zone} NS ns\n" + ds(zone)
    records += "bogus NS ns\n" + ds("none.test.", "bogus.test.")
    test = world.sign("test.", records)
    root = world.sign(
        ".", f"@ NS ns.\nns. A {ROOT}\ntest. NS ns.test.\nns.test. A {PARENT}\n" + ds("test.") +
        f"plain. NS ns.plain.\nns.plain. A {CHILD}\n*._dsync. {ack}\n")
    with open(f"{world.folder}/anchor", "w") as file:
        file.write(ds("."))
    with open(f"{world.folder}/hints", "w") as file:
        file.write(f". 3600 IN NS ns.\nns. 3600 IN A {ROOT}\n")

    world.serve(ROOT, {".": root})
    world.serve(PARENT, {"test.": test, **{z: f for z, f in files.items() if z != "plain."}})
    world.serve(CHILD, {"plain.": files["plain."]})


def probe(world, binary, zones, *more, quick=QUICK, timeout=120):
    argv = [binary, f"anchor={world.folder}/anchor", f"hints={world.folder}/hints",
            *(f"zone={zone}" for zone in zones), *quick, *more]
    done = subprocess.run(argv, timeout=timeout, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    print(*more, done.stdout, done.stderr, sep="\n")
    assert done.returncode == 0, done.returncode
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr
    rows = []
    for line in done.stdout.splitlines():
        columns = line.split("\t")
        row = dict(column.split("=", 1) for column in columns[2:])
        rows.append({"zone": columns[0], "status": columns[1], **row})
    return rows


def expect(row, status, **wanted):
    assert row["status"] == status, row
    for key, value in wanted.items():
        assert row[key] == str(value), (key, value, row)


def check_targets(world, binary, receivers):
    """Every habit at once; they do not disturb each other."""
    rows = probe(world, binary, [f"{habit}.test." for habit in (*receivers, "nobody")])
    got = {row["zone"].split(".")[0]: row for row in rows}
    for habit, row in got.items():
        assert row["owner"] == f"{habit}._dsync.test." and row["secure"] == "1", row
        assert row["target"] == f"{habit}.target.test.", row
    server = {habit: f"{r.address}@{PORT}" for habit, r in receivers.items()}

    expect(got["ack"], "acknowledged", server=server["ack"], tcp=0, rcode=0, tries=1, detail="")
    expect(got["ipv6"], "acknowledged", server=server["ipv6"], tries=1)
    expect(got["refuse"], "refused", server=server["refuse"], rcode=5, tries=1)
    expect(got["notimp"], "refused", rcode=4, tries=1)
    expect(got["bare"], "refused", rcode=4, tries=1)
    expect(got["badvers"], "refused", rcode=16, tries=1)
    expect(got["drop"], "acknowledged", tcp=0, tries=3)
    assert int(got["drop"]["ms"]) >= 400, got["drop"]
    expect(got["tcponly"], "acknowledged", tcp=1, tries=2, detail="")
    expect(got["truncate"], "acknowledged", tcp=1, tries=2)
    expect(got["formerr"], "acknowledged", tries=1)
    for habit in ("stranger", "noise"):
        expect(got[habit], "no-response", tries=4, tcp=1,
               detail=f"{server[habit]}: UDP timeout, TCP connection refused")
    expect(got["silent"], "no-response", tries=5, tcp=1,
           detail=f"{server['silent']}: UDP timeout, TCP timeout")
    expect(got["nobody"], "no-response", tries=1,
           detail=f"127.0.4.1@{PORT}: UDP connection refused, TCP connection refused")
    expect(got["hang"], "no-response",
           detail=f"{server['hang']}: UDP connection refused, TCP timeout")
    expect(got["close"], "no-response",
           detail=f"{server['close']}: UDP connection refused, TCP connection closed")

    # What was sent: exactly this, the same copy every time, at the interval asked for.
    for habit, receiver in receivers.items():
        for _, _, message, _ in receiver.seen:
            assert message[2:] == (b"\x24\0\0\1\0\0\0\0\0\0" + wire(f"{habit}.test.") +
                                   b"\0\x3b\0\1"), message.hex()
    silent = receivers["silent"].seen
    assert [transport for _, transport, _, _ in silent] == ["udp"] * 4 + ["tcp"], silent
    assert len({message for _, _, message, _ in silent}) == 1, silent
    assert len({port for _, transport, _, port in silent if transport == "udp"}) == 1, silent
    for before, after in zip(silent, silent[1:]):
        assert after[0] - before[0] > 0.15, silent
    firsts = [receiver.seen[0] for receiver in receivers.values()]
    assert len({message[:2] for _, _, message, _ in firsts}) > len(firsts) - 3, "IDs repeat"


def check_report_channel(world, binary, receivers):
    """The agent domain goes with the message only if it is at or below a nameserver, and not to a target without EDNS."""
    option = b"\0\0\x29\x04\xd0\0\0\0\0" + struct.pack("!HHH", 4 + len(wire("er.NS1.x.")), 18, len(wire("er.NS1.x.")))
    for habit, agent, ns, status, arcounts in (
            ("ack", "er.ns1.x.", ("ns.y.", "NS1.x."), 1, [1]), ("ack", "ns1.x.", ("NS1.x.",), 1, [1]),
            ("ack", "er.ns1.x.", ("ns2.x.", "ns.er.ns1.x."), 2, [0]), ("ack", "er.ns1.x.", (), 2, [0]),
            ("ack", ".", ("ns1.x.",), 0, [0]), ("formerr", "er.ns1.x.", ("ns1.x.",), 3, [1, 0])):
        receivers[habit].seen.clear()
        rows = probe(world, binary, [f"{habit}.test."], f"agent={agent}", *(f"ns={name}" for name in ns))
        expect(rows[0], "acknowledged", agent=status)
        seen = [message for _, _, message, _ in receivers[habit].seen]
        assert [message[11] for message in seen] == arcounts, (habit, agent, seen)
        if status == 1 and agent.startswith("er"):
            assert option + wire(agent) in seen[0], seen


def check_discovery(world, binary):
    expected = {
        # Where the parent is not one label away, and where _dsync is a zone.
        "a.wild.test.": ("acknowledged", "a._dsync.wild.test."),
        "c.b.a.wild.test.": ("acknowledged", "c.b.a._dsync.wild.test."),
        "a.bare.test.": ("acknowledged", "_dsync.bare.test."),
        "c.b.a.bare.test.": ("acknowledged", "_dsync.bare.test."),
        "a.own.test.": ("acknowledged", "_dsync.own.test."),
        "b.a.own.test.": ("acknowledged", "_dsync.own.test."),
        "other.test.": ("acknowledged", "_dsync.test."),
        "tld.": ("acknowledged", "tld._dsync."),
        "alias.test.": ("acknowledged", "alias._dsync.test."),
        "outside.test.": ("acknowledged", "_dsync.test."),
        "mixed.test.": ("acknowledged", "mixed._dsync.test."),
        "A.Wild.TEST.": ("acknowledged", "a._dsync.wild.test."),
        # A positive answer ends the search, although `_dsync` has a good one.
        "useless.test.": ("no-dsync", "useless._dsync.test."),
        "a.none.test.": ("no-dsync", ""),
        "b.a.none.test.": ("no-dsync", ""),
        ".": ("no-dsync", ""),
        "a.bogus.test.": ("lookup-failed", ""),
        "nowhere.test.": ("target-unresolvable", "nowhere._dsync.test."),
        "lame.test.": ("target-unresolvable", "lame._dsync.test."),
        "odd.test.": ("target-unresolvable", "odd._dsync.test."),
        "twice.test.": ("acknowledged", "twice._dsync.test."),
        "a.multi.test.": ("acknowledged", "a._dsync.multi.test."),
    }
    got = {row["zone"]: row for row in probe(world, binary, expected)}
    for zone, (status, owner) in expected.items():
        expect(got[zone], status, owner=owner)
        if status == "acknowledged":
            expect(got[zone], status, server=f"127.0.5.1@{PORT}", secure=1)
    assert got["a.bogus.test."]["detail"].startswith("DSYNC of a._dsync.bogus.test.: bogus: ")
    assert "nowhere.target.test. has no address" in got["nowhere.test."]["detail"]
    assert "A of x.bogus.test.: bogus" in got["lame.test."]["detail"], got["lame.test."]
    for address in ("0.0.0.0", "224.0.0.1", "::ffff:127.0.5.1"):
        assert f"{address}@{PORT} is no address of a server" in got["odd.test."]["detail"]
    assert got["useless.test."]["detail"] == "no usable DSYNC, the last one port is 0"
    # All addresses in order; of several records one is told.
    expect(got["twice.test."], "acknowledged", tries=1 + 1)
    assert got["twice.test."]["detail"].startswith(f"127.0.4.1@{PORT}: UDP connection refused")
    assert "a.target.test. has no address" in got["a.multi.test."]["detail"]

    # Not signed: taken, or not if that is not wanted. What is signed does not mind.
    expect(probe(world, binary, ["a.plain."])[0], "acknowledged", secure=0,
           owner="a._dsync.plain.")
    got = {row["zone"]: row for row in
           probe(world, binary, ["a.plain.", "a.wild.test.", "a.bogus.test."], "secure=1")}
    expect(got["a.plain."], "insecure-dsync", owner="a._dsync.plain.", tries=0)
    expect(got["a.wild.test."], "acknowledged", secure=1)
    expect(got["a.bogus.test."], "lookup-failed")

    # A resolver that is not there.
    row = probe(world, binary, ["a.wild.test."], "resolver=127.0.4.1@53")[0]
    expect(row, "lookup-failed")
    assert row["detail"].startswith("DSYNC of a._dsync.wild.test.: "), row


def check_rate(world, binary, receiver):
    """A parent hears of many zones, but not of all at once."""
    before = len(receiver.seen)
    rows = probe(world, binary, ["ack.test."], "repeat=12", "rate=20", quick=())
    assert sum(row["status"] == "acknowledged" for row in rows) == 12
    when = [seen[0] for seen in receiver.seen[before:]]
    # 11 steps of 50 ms; a thread here may be late for the first.
    assert len(when) == 12 and when[-1] - when[0] > 0.5, when


def check_ends(world, binary):
    """Many at once, more than may run at a time, and ended in the middle of everything."""
    rows = probe(world, binary, ["ack.test."], "repeat=600", quick=())
    assert sum(row["status"] == "acknowledged" for row in rows) == 600
    zones = ["silent.test.", "tcponly.test.", "hang.test.", "twice.test.", "c.b.a.wild.test.",
             "nobody.test."]
    # Over TCP they wait so long that some are under way at the end, however busy the machine is.
    patient = (*QUICK[:2], "tcp-timeout=60000")
    for how in ("free-after", "cancel-after"):
        for after in (0, 1, 3, 10, 30, 100, 300, 700, 1000):
            rows = probe(world, binary, zones, f"{how}={after}", "repeat=60", quick=patient)
            assert len(rows) == 360, len(rows)
            assert any(row["status"] == "cancelled" for row in rows), (how, after)
    # Without a word about retries they are those of RFC 1996: not over within a second.
    rows = probe(world, binary, ["silent.test."], "free-after=1500", quick=())
    expect(rows[0], "cancelled", tries=1)


def main():
    binary = os.path.abspath(sys.argv[1])
    if not alone():
        return SKIP

    addresses = {habit: f"127.0.5.{i}" for i, habit in enumerate(HABITS, 1)}
    receivers = {habit: Receiver(habit, address) for habit, address in addresses.items()}
    try:
        receivers["ipv6"] = Receiver("ack", "::1")
    except OSError as error:
        print("no IPv6 here:", error)
        receivers["ipv6"] = Receiver("ack", "127.0.6.1")
    addresses["ipv6"] = receivers["ipv6"].address
    addresses["nobody"] = "127.0.4.1"
    with tempfile.TemporaryDirectory(prefix="kskroll-notify-") as folder:
        world = Parents(folder)
        try:
            build(world, addresses)
            check_targets(world, binary, receivers)
            check_report_channel(world, binary, receivers)
            check_discovery(world, binary)
            check_rate(world, binary, receivers["ack"])
            check_ends(world, binary)
        finally:
            world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
