#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Surveys of a signed world of real servers on loopback, in a network namespace of its own.

Usage: test_dns_survey.py PROBE. Exits with 77 (skipped) without the tools or the right to
create a network namespace.
"""
import base64
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

SKIP = 77
TOOLS = ["nsd", "dnssec-keygen", "dnssec-signzone", "dnssec-dsfromkey", "ip"]
SOA = "@ 300 IN SOA ns mail 1 3600 600 86400 300\n"
# Who is where. Nobody listens on 127.0.2.3.
ROOT, PARENT, CHILD, NO_ZONES, NOBODY = (
    "127.0.0.1", "127.0.1.1", "127.0.2.1", "127.0.2.2", "127.0.2.3")
# Of the parent, for later.
MOVED, OLD = "127.0.1.2", "127.0.1.3"


class World:
    def __init__(self, folder):
        self.folder = folder
        self.servers = {}
        self.signed = {}
        os.environ["PATH"] += ":/usr/sbin:/sbin"

    def run(self, *argv):
        return subprocess.run(argv, cwd=self.folder, check=True, timeout=60, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout

    def keys(self, zone, ksks=1):
        """Makes keys; returns the names of the KSKs."""
        made = [self.run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone).strip()
                for _ in range(ksks)]
        self.run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", zone)
        return made

    def rdata(self, zone, flags=None):
        """DNSKEY RDATA in hex of all key files of a zone."""
        out = []
        for path in sorted(glob.glob(f"{self.folder}/K{zone}+*.key")):
            for line in open(path):
                if line.startswith(";"):
                    continue
                f = line.split()
                at = f.index("DNSKEY")
                key = bytes([int(f[at + 1]) >> 8, int(f[at + 1]) & 255, int(f[at + 2]),
                             int(f[at + 3])]) + base64.b64decode("".join(f[at + 4:]))
                if flags is None or int(f[at + 1]) == flags:
                    out.append((os.path.basename(path)[:-4], key.hex()))
        return out

    def sign(self, zone, records, *options):
        """Writes and signs a zone; returns the file name."""
        self.signed[zone] = (records, *options)
        name = f"{zone}zone"
        with open(f"{self.folder}/{name}", "w") as file:
            file.write(f"$ORIGIN {zone}\n$TTL 300\n" + SOA + records)
        self.run("dnssec-signzone", "-S", "-o", zone, "-f", name + ".signed", *options, name)
        return name + ".signed"

    def new_zsk(self, zone):
        """Without any overlap, as nobody should."""
        for path in glob.glob(f"{self.folder}/K{zone}+*.key"):
            if " DNSKEY 256 " in open(path).read():
                os.remove(path)
                os.remove(path.removesuffix("key") + "private")
        self.run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", zone)

    def serve(self, address, zones, more=""):
        folder = f"{self.folder}/{address}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/nsd.conf", "w") as conf:
            conf.write(f"server:\n ip-address: {address}\n{more} username: \"\"\n database: \"\"\n"
                       f" zonesdir: \"{self.folder}\"\n pidfile: \"{folder}/pid\"\n"
                       f" zonelistfile: \"{folder}/list\"\n xfrdfile: \"{folder}/xfrd\"\n"
                       f" xfrdir: \"{folder}\"\n server-count: 1\n"
                       "remote-control:\n control-enable: no\n")
            for zone, file in zones.items():
                conf.write(f"zone:\n name: \"{zone}\"\n zonefile: \"{file}\"\n")
        self.servers[address] = subprocess.Popen(
            ["nsd", "-d", "-c", f"{folder}/nsd.conf"], stderr=subprocess.DEVNULL)
        self.wait_for(address)

    def wait_for(self, address):
        query = b"\0\1\0\0\0\1\0\0\0\0\0\0\0\0\6\0\1"
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(0.2)
                try:
                    s.connect((address, 53))
                    s.send(query)
                    s.recv(512)
                    return
                except OSError:
                    # Refused at once until the server is up.
                    time.sleep(0.02)
        raise RuntimeError(f"no server at {address}")

    def stop(self, *addresses):
        stopped = [self.servers.pop(address) for address in addresses]
        for server in stopped:
            server.terminate()
        for server in stopped:
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()

    def close(self):
        self.stop(*self.servers)


class Odd:
    """A server with a bad habit at 127.0.3.x, in front of the good one; remembers the questions.

    silent: never answers. noise: first an answer with another ID, one to another question and
    garbage. truncate: UDP answers are truncated, TCP works. hang: truncated, TCP accepts and
    stays silent. reset: truncated, TCP is closed at once. refuse: truncated, no TCP. no_udp: UDP is
    dropped, TCP works. drop_options, formerr_options: as drop or answer what carries an EDNS option;
    formerr_udp: what carries EDNS, over UDP only. no_signals, no_cds, no_dnskey: questions of these types are
    dropped over UDP and TCP. strip_udp: no signatures over UDP.
    """

    DROPPED = {"no_signals": (59, 60), "no_cds": (59,), "no_dnskey": (48,)}

    def __init__(self, habit, address):
        self.habit, self.address, self.seen, self.over_tcp = habit, address, [], []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        threading.Thread(target=self.on_udp, daemon=True).start()
        self.held = []
        if habit == "refuse":
            return
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((address, 53))
        self.tcp.listen()
        threading.Thread(target=self.on_tcp, daemon=True).start()

    @staticmethod
    def ask_good(query):
        with socket.create_connection((CHILD, 53), timeout=5) as good:
            good.sendall(len(query).to_bytes(2, "big") + query)
            file = good.makefile("rb")
            return file.read(int.from_bytes(file.read(2), "big"))

    @staticmethod
    def end_of_question(query):
        return query.index(b"\0", 12) + 5

    def type_of(self, query):
        end = self.end_of_question(query)
        return int.from_bytes(query[end - 4:end - 2], "big")

    def empty(self, query, flags):
        """A response without records: header and question."""
        return query[:2] + flags + b"\0\1\0\0\0\0\0\0" + query[12:self.end_of_question(query)]

    def answers_udp(self, query):
        """What is sent over UDP."""
        has_edns = query[10:12] == b"\0\1"
        has_options = has_edns and query[-2:] != b"\0\0"
        if self.habit in ("silent", "no_udp"):
            return []
        if self.habit == "noise":
            answer = self.ask_good(query)
            other = bytes([answer[0] ^ 1]) + answer[1:]
            question = answer[:14] + bytes([answer[14] ^ 1]) + answer[15:]
            return [other, question, answer]
        if self.habit == "drop_options":
            return [] if has_options else [self.ask_good(query)]
        if self.habit == "formerr_options" and has_options or self.habit == "formerr_udp" and has_edns:
            return [self.empty(query, b"\x80\1")]
        if self.habit in ("formerr_options", "formerr_udp"):
            return [self.ask_good(query)]
        if self.habit in self.DROPPED:
            return [] if self.type_of(query) in self.DROPPED[self.habit] else [self.ask_good(query)]
        if self.habit == "strip_udp":
            # The good server leaves signatures out where DO is missing.
            return [self.ask_good(query[:10] + b"\0\0" + query[12:self.end_of_question(query)])]
        return [self.empty(query, b"\x86\0")]

    def on_udp(self):
        while True:
            query, source = self.udp.recvfrom(4096)
            self.seen.append((query, source[1]))
            for answer in self.answers_udp(query):
                self.udp.sendto(answer, source)

    def on_tcp(self):
        while True:
            connection, _ = self.tcp.accept()
            if self.habit in ("silent", "hang"):
                self.held.append(connection)
                continue
            if self.habit == "reset":
                connection.close()
                continue
            file = connection.makefile("rb")
            query = file.read(int.from_bytes(file.read(2), "big"))
            self.over_tcp.append(query)
            if self.type_of(query) in self.DROPPED.get(self.habit, ()):
                self.held.append(connection)
                continue
            answer = self.ask_good(query)
            connection.sendall(len(answer).to_bytes(2, "big") + answer)
            connection.close()


class Watched:
    """In front of the parent's server; remembers when it was asked for what."""

    def __init__(self, address):
        self.address, self.seen = address, []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            query, source = self.udp.recvfrom(4096)
            end = query.index(b"\0", 12)
            self.seen.append((time.monotonic(), int.from_bytes(query[end + 1:end + 3], "big")))
            with socket.create_connection((PARENT, 53), timeout=5) as good:
                good.sendall(len(query).to_bytes(2, "big") + query)
                file = good.makefile("rb")
                self.udp.sendto(file.read(int.from_bytes(file.read(2), "big")), source)


def build(world):
    """root -> test. (NSEC3) -> child.test., nods.test. without DS, plain. unsigned."""
    child_ksks = world.keys("child.test.", 2)
    ksk = child_ksks[0]
    world.keys("nods.test.")
    world.keys("test.")
    root_ksk = world.keys(".")[0]

    def ds(key):
        return world.run("dnssec-dsfromkey", "-2", key)

    cds = world.run("dnssec-dsfromkey", "-2", "-C", ksk).replace("child.test.", "@", 1)
    cdnskey = " ".join(open(f"{world.folder}/{ksk}.key").read().splitlines()[-1].split())
    cdnskey = cdnskey.replace("DNSKEY", "CDNSKEY")
    ns = "@ NS ns1\n@ NS ns2\n@ NS ns3\n@ NS ns4\n"
    addresses = f"ns1 A {CHILD}\nns2 A {NO_ZONES}\nns3 A {NOBODY}\nns4 TXT none\n"
    child = world.sign("child.test.", ns + addresses + cds + cdnskey + "\n")
    nods = world.sign("nods.test.", f"@ NS ns1\n@ NS ns6\nns1 A {CHILD}\nns1 AAAA 2001:db8::1\n"
                                    "ns6 AAAA 2001:db8::6\n")

    world.keys("lost.test.")
    lost = world.sign("lost.test.", f"@ NS ns1\n@ NS nowhere\nns1 A {CHILD}\n")
    bogus = "bogus.zone"
    with open(f"{world.folder}/{bogus}", "w") as file:
        file.write(f"$ORIGIN bogus.test.\n$TTL 300\n{SOA}@ NS ns1\nns1 A {CHILD}\n")

    parent = world.sign(
        "test.",
        f"lost NS ns1.lost\nns1.lost A {CHILD}\nbogus NS ns1.bogus\nns1.bogus A {CHILD}\n"
        + ds(world.rdata("lost.test.", 257)[0][0])
        + ds(ksk).replace("child.test.", "bogus.test.") +
        f"@ NS ns\nns A {PARENT}\nns AAAA 2001:db8::53\n"
        # ns5 is known at the parent only.
        f"child NS ns1.child\nchild NS ns5.child\nns1.child A {CHILD}\nns5.child A {NO_ZONES}\n"
        + ds(ksk) + f"nods NS ns1.nods\nns1.nods A {CHILD}\n", "-3", "aabb")
    parent_ds = ds(world.rdata("test.", 257)[0][0])
    plain = "plain.zone"
    with open(f"{world.folder}/{plain}", "w") as file:
        file.write(f"$ORIGIN plain.\n$TTL 300\n{SOA}@ NS ns\nns A {PARENT}\n"
                   f"sub NS ns.sub\nns.sub A {CHILD}\n")
    root = world.sign(
        ".", f"@ NS ns.\nns. A {ROOT}\ntest. NS ns.test.\nns.test. A {PARENT}\n" + parent_ds +
        f"plain. NS ns.plain.\nns.plain. A {PARENT}\n")

    with open(f"{world.folder}/anchor", "w") as file:
        file.write(ds(root_ksk))
    with open(f"{world.folder}/hints", "w") as file:
        file.write(f". 3600 IN NS ns.\nns. 3600 IN A {ROOT}\n")

    world.serve(ROOT, {".": root})
    world.serve(PARENT, {"test.": parent, "plain.": plain})
    # Parents of zones that break discovery: one without an address, one that is bogus.
    world.serve(CHILD, {"child.test.": child, "nods.test.": nods, "lost.test.": lost,
                        "bogus.test.": bogus}, " ip-address: ::1\n")
    world.serve(NO_ZONES, {})
    return child_ksks


def probe(world, binary, zone, *more, timeout=120, meanwhile=None):
    """Rows of what it prints. meanwhile() is called when the first survey is over."""
    argv = [binary, f"zone={zone}", f"anchor={world.folder}/anchor", f"hints={world.folder}/hints"]
    argv += more
    with subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        first = ""
        try:
            while meanwhile is not None and "cost\t" not in first:
                line = run.stdout.readline()
                assert line, "ended before the first survey"
                first += line
            if meanwhile is not None:
                meanwhile()
            out, err = run.communicate(timeout=timeout)
        except BaseException:
            run.kill()
            raise
    out = first + out
    print(" ".join(a for a in more if "key=" not in a), out, err, sep="\n")
    assert run.returncode in (0, 1), run.returncode
    assert "Sanitizer" not in err and "runtime error" not in err
    return [line.split("\t") for line in out.splitlines()]


def expect(rows, *wanted):
    """Every wanted row is there, column by column; None matches anything."""
    for want in wanted:
        assert any(len(row) >= len(want) and
                   all(w is None or w == r for w, r in zip(want, row)) for row in rows), want


def check(world, binary, ksks):
    names = [name for name, _ in world.rdata("child.test.", 257)]
    bit = 1 << names.index(ksks[0])
    both = 3
    keys = [f"key={hex_}" for _, hex_ in world.rdata("child.test.", 257)]
    keys += [f"dnskey={hex_}" for _, hex_ in world.rdata("child.test.")]
    ns = [f"ns=ns{i}.child.test." for i in (1, 2, 3, 4)]

    rows = probe(world, binary, "child.test.", *keys, *ns)
    expect(
        rows,
        # The parent names ns1 and ns5.
        ["survey", "failed=0", "insecure=0", "parent=test.", "detail=", "delegated=2"],
        ["child", f"ns1.child.test. {CHILD}@53", "ok", "", f"dnskey={both}:{both}", "equal=1",
         "foreign=0", "ttl=300", f"cds=1:{bit}:{both}:0", f"cdnskey=1:{bit}:{both}:0", "data=0:0:0"],
        # Named ns2 and, at the parent only, ns5: asked once.
        ["child", f"ns2.child.test. {NO_ZONES}@53", "error", "REFUSED", "dnskey=0:0"],
        ["child", f"ns3.child.test. {NOBODY}@53", "unreachable"],
        ["child", "ns4.child.test.", "unreachable", "no address"],
        ["parent", f"ns.test. {PARENT}@53", "ok", "", f"ds={bit}", "foreign=0", "ttl=300"])
    assert sum(row[0] == "child" for row in rows) == 4, rows
    assert sum(row[0] == "parent" for row in rows) == 1, rows

    # The delegation adds what the zone itself does not name.
    rows = probe(world, binary, "child.test.", *keys, ns[0], "ask=child")
    expect(rows, ["child", f"ns1.child.test. {CHILD}@53", "ok"],
           ["child", f"ns5.child.test. {NO_ZONES}@53", "error", "REFUSED"])
    assert not any(row[0] == "parent" for row in rows)

    # Configured servers: no names, no discovery of the zone's servers.
    rows = probe(world, binary, "child.test.", *keys, ns[0], f"nameserver={CHILD}@53",
                 f"nameserver={CHILD}", f"parent={PARENT}@53", f"parent={NO_ZONES}@53")
    expect(rows, ["survey", "failed=0", None, None, None, "delegated=0"],
           ["child", f"{CHILD}@53", "ok"], ["parent", f"{PARENT}@53", "ok"],
           ["parent", f"{NO_ZONES}@53", "error", "REFUSED"])
    assert sum(row[0] == "child" for row in rows) == 1, rows

    # The child's server does not serve DS of the parent.
    rows = probe(world, binary, "child.test.", *keys, "ask=parent", f"parent={CHILD}@53")
    expect(rows, ["parent", f"{CHILD}@53", "error", "answers from the child zone"])

    # No CDS, no DS, and both proven: NSEC at the child, NSEC3 at the parent.
    nods = [f"key={hex_}" for _, hex_ in world.rdata("nods.test.", 257)]
    rows = probe(world, binary, "nods.test.", *nods, "ns=ns1.nods.test.")
    expect(rows,
           ["child", f"ns1.nods.test. {CHILD}@53", "ok", "", "dnskey=1:1", "equal=0", "foreign=0",
            "ttl=300", "cds=0:0:0:0", "cdnskey=0:0:0:0", f"data=1:1:{1 << 13:x}"],
           ["parent", f"ns.test. {PARENT}@53", "ok", "", "ds=0", "foreign=0", "ttl=300"])

    # A parent zone without a chain of trust.
    rows = probe(world, binary, "sub.plain.", *nods, "ns=ns.sub.plain.")
    expect(rows, ["survey", "failed=0", "insecure=1", "parent=plain."])
    assert not any(row[0] == "parent" for row in rows)

    # IPv6.
    rows = probe(world, binary, "child.test.", *keys, "nameserver=::1", "ask=child")
    expect(rows, ["child", "::1@53", "ok"])

    # What cannot be resolved in the parent zone is named.
    rows = probe(world, binary, "sub.lost.test.", *nods, "ns=ns1.child.test.")
    expect(rows, ["survey", "failed=1", "insecure=0", "parent=lost.test.",
                  "detail=address of nowhere.lost.test.: there is none"])
    rows = probe(world, binary, "sub.bogus.test.", *nods, "ns=ns1.child.test.")
    expect(rows, ["survey", "failed=1"])
    assert rows[0][4].startswith("detail=NS of bogus.test.: bogus: "), rows
    rows = probe(world, binary, ".", *nods, "ns=ns.")
    expect(rows, ["survey", "failed=1", None, None, "detail=NS of .: the root has no parent"])

    # A resolver that is not there.
    rows = probe(world, binary, "child.test.", *keys, *ns, f"resolver={NOBODY}@53")
    expect(rows, ["survey", "failed=1"])
    assert "test." in rows[0][4] and rows[0][4] != "detail=", rows

    # Many at once, and cancelled in the middle of everything.
    rows = probe(world, binary, "child.test.", *keys, ns[0], "repeat=100")
    assert sum(row[:3] == ["child", f"ns1.child.test. {CHILD}@53", "ok"] for row in rows) == 100
    for after in (0, 1, 2, 5, 10, 20, 50, 200, 1000):
        rows = probe(world, binary, "child.test.", *keys, *ns, "repeat=100", f"free-after={after}")
        assert sum(row[0] in ("cancelled", "survey") for row in rows) == 100

    # What cannot be used is refused by name.
    rows = probe(world, binary, "child.test.", *keys, f"anchor={world.folder}/missing")
    expect(rows, ["refused", f"trust anchor '{world.folder}/missing' is not readable"])
    rows = probe(world, binary, "child.test.", *keys, f"hints={world.folder}/missing")
    expect(rows, ["refused", f"root hints '{world.folder}/missing' are not readable"])

    check_odd(world, binary, keys, bit, both)
    check_no_route(world, binary, nods)
    check_middleboxes(world, binary, keys, bit, both)
    check_rate(world, binary, keys, bit, ns)
    check_afresh(world, binary, keys, bit, ns[0])


def check_afresh(world, binary, keys, bit, ns):
    """What is remembered of the parent is not held against it."""
    # Of two surveys with the same resolver, one before and one after the change.
    twice = [*keys, ns, "repeat=2", "spread=10000"]
    before = "test.before"
    shutil.copy(f"{world.folder}/test.zone.signed", f"{world.folder}/{before}")

    def keys_change():
        world.new_zsk("test.")
        world.sign("test.", *world.signed["test."])
        world.stop(PARENT)
        world.serve(PARENT, {"test.": "test.zone.signed"})

    rows = probe(world, binary, "child.test.", *twice, meanwhile=keys_change)
    assert [row[:4] + row[4:5] for row in rows if row[0] == "parent"] == \
        [["parent", f"ns.test. {PARENT}@53", "ok", "", f"ds={bit}"]] * 2, rows

    # Not that everything is believed: signatures of the key that is gone are wrong now.
    world.serve(OLD, {"test.": before})
    rows = probe(world, binary, "child.test.", *keys, ns, f"parent={OLD}", f"parent={PARENT}")
    expect(rows, ["parent", f"{OLD}@53", "bogus"], ["parent", f"{PARENT}@53", "ok"])

    def server_moves():
        world.stop(PARENT, ROOT)
        for zone in ("test.", "."):
            records, *options = world.signed[zone]
            world.sign(zone, records.replace(f" A {PARENT}\n", f" A {MOVED}\n"), *options)
        world.serve(MOVED, {"test.": "test.zone.signed"})
        world.serve(ROOT, {".": ".zone.signed"})

    rows = probe(world, binary, "child.test.", *twice, meanwhile=server_moves)
    assert [row[:3] + row[4:5] for row in rows if row[0] == "parent"] == \
        [["parent", f"ns.test. {address}@53", "ok", f"ds={bit}"] for address in (PARENT, MOVED)], rows
    # A nameserver that only the parent knows is not missed over it.
    assert sum(row[:2] == ["child", f"ns5.child.test. {NO_ZONES}@53"] for row in rows) == 2, rows


def check_odd(world, binary, keys, bit, both):
    """Servers that do not behave, and what our own packets look like."""
    habits = {habit: Odd(habit, f"127.0.3.{i}") for i, habit in
              enumerate(("silent", "noise", "truncate", "hang", "reset"), 1)}
    rows = probe(world, binary, "child.test.", *keys, "ask=child",
                 *(f"nameserver={odd.address}" for odd in habits.values()))
    for habit in ("noise", "truncate"):
        expect(rows, ["child", f"{habits[habit].address}@53", "ok", "", f"dnskey={both}:{both}",
                      "equal=1", "foreign=0", "ttl=300", f"cds=1:{bit}:{both}:0",
                      f"cdnskey=1:{bit}:{both}:0"])
    expect(rows, ["child", f"{habits['silent'].address}@53", "unreachable", "timeout"])
    for habit in ("hang", "reset"):
        expect(rows, ["child", f"{habits[habit].address}@53", "incomplete"])
    cost = next(row for row in rows if row[0] == "cost")
    assert int(cost[2].removeprefix("ms=")) < 15000, cost

    # Bounded tries; the other questions get one each where the first has no answer.
    assert len(habits["silent"].seen) == 5, len(habits["silent"].seen)
    assert len(habits["silent"].held) == 1, "TCP is tried once"
    seen = habits["noise"].seen + habits["truncate"].seen
    assert len(seen) == 6, len(seen)
    for query, _ in seen:
        assert query[2] & 1 == 0, "RD is set"
        opt = query.index(b"\0\0\x29")
        assert query[opt + 3:opt + 5] == (1232).to_bytes(2, "big"), query.hex()
        assert query[opt + 7] & 0x80, "DO is not set"
    # A new port and a new ID for every packet.
    assert len({port for _, port in seen}) == len(seen), seen
    assert len({query[:2] for query, _ in seen}) == len(seen), seen
    retries = habits["silent"].seen
    assert len({port for _, port in retries}) == len(retries), retries


def check_no_route(world, binary, nods):
    """This host has no route to IPv6 addresses but ::1, as most hosts: servers are asked where they can be."""
    rows = probe(world, binary, "nods.test.", *nods, "ns=ns1.nods.test.", "ns=ns6.nods.test.")
    why = "this host has no route to this IPv6 address"
    expect(rows, ["child", f"ns1.nods.test. {CHILD}@53", "ok"],
           ["child", "ns6.nods.test. 2001:db8::6@53", "no-route",
            f"{why}, and the server has no other that can be reached"],
           ["parent", f"ns.test. {PARENT}@53", "ok"], ["route", "no=2", "yes=0"])
    assert sum(row[0] == "child" for row in rows) == 2, rows
    assert sum(row[0] == "parent" for row in rows) == 1, rows
    cost = next(row for row in rows if row[0] == "cost")
    assert int(cost[2].removeprefix("ms=")) < 1500, cost

    # A configured address has no name, so it cannot be known to be of the same server.
    rows = probe(world, binary, "nods.test.", *nods, f"nameserver={CHILD}", "nameserver=2001:db8::1",
                 f"parent={PARENT}", "parent=2001:db8::53")
    expect(rows, ["child", f"{CHILD}@53", "ok"], ["child", "2001:db8::1@53", "no-route", f"{why}, which is configured"],
           ["parent", f"{PARENT}@53", "ok"], ["parent", "2001:db8::53@53", "no-route", f"{why}, which is configured"])


def check_middleboxes(world, binary, keys, bit, both):
    """Every resolver reaches these servers: so does the survey, and who sends a packet is alive."""
    all_well = ["equal=1", "foreign=0", "ttl=300", f"cds=1:{bit}:{both}:0", f"cdnskey=1:{bit}:{both}:0"]
    habits = {habit: Odd(habit, f"127.0.3.{i}") for i, habit in
              enumerate(("drop_options", "formerr_options", "no_udp", "formerr_udp", "strip_udp"), 21)}
    rows = probe(world, binary, "child.test.", *keys, "ask=child",
                 *(f"nameserver={odd.address}" for odd in habits.values()))
    for odd in habits.values():
        expect(rows, ["child", f"{odd.address}@53", "ok", "", f"dnskey={both}:{both}", *all_well])
        for query in [query for query, _ in odd.seen] + odd.over_tcp:
            assert query[10:12] == b"\0\1", "no EDNS"
            opt = query[odd.end_of_question(query):]
            assert len(opt) == 11 and opt[-2:] == b"\0\0", "an option that resolvers do not send"
    for habit in ("drop_options", "formerr_options"):
        assert len(habits[habit].seen) == 3 and not habits[habit].over_tcp, habit
    # All tries over UDP for the first question only.
    assert len(habits["no_udp"].seen) == 3 and len(habits["no_udp"].over_tcp) == 3

    # Half an answer.
    habits = {habit: Odd(habit, f"127.0.3.{i}") for i, habit in
              enumerate(("no_signals", "no_cds", "no_dnskey", "refuse", "hang", "reset"), 31)}
    rows = probe(world, binary, "child.test.", *keys, "ask=child",
                 *(f"nameserver={odd.address}" for odd in habits.values()))
    known = [f"dnskey={both}:{both}", "equal=1", "foreign=0", "ttl=300"]
    expect(rows,
           ["child", f"{habits['no_signals'].address}@53", "ok", "CDS: timeout", *known,
            "cds=unanswered", "cdnskey=unanswered"],
           ["child", f"{habits['no_cds'].address}@53", "ok", "CDS: timeout", *known,
            "cds=unanswered", f"cdnskey=1:{bit}:{both}:0"],
           ["child", f"{habits['no_dnskey'].address}@53", "incomplete", "DNSKEY: timeout"],
           ["child", f"{habits['refuse'].address}@53", "incomplete",
            "DNSKEY: truncated over UDP; TCP: connection refused"],
           ["child", f"{habits['hang'].address}@53", "incomplete", "DNSKEY: truncated over UDP; TCP: timeout"],
           ["child", f"{habits['reset'].address}@53", "incomplete"])
    # A question has all its tries whatever became of the one before, and TCP after them.
    assert len(habits["no_signals"].seen) == 7 and len(habits["no_signals"].over_tcp) == 2

    # The same at the parent.
    one = Odd("refuse", "127.0.3.41")
    rows = probe(world, binary, "child.test.", *keys, "ask=parent", f"parent={PARENT}", f"parent={one.address}")
    expect(rows, ["parent", f"{PARENT}@53", "ok"],
           ["parent", f"{one.address}@53", "incomplete", "truncated over UDP; TCP: connection refused"])


def check_rate(world, binary, keys, bit, ns):
    """Over all surveys a server of the parent is asked so often and no more, and nobody goes without."""
    one, two = Watched("127.0.3.11"), Watched("127.0.3.12")
    parents = [f"parent={server.address}" for server in (one, two)]
    rows = probe(world, binary, "child.test.", *keys, *ns[:1], *parents, "rate=20", "repeat=12")
    for server in (one, two):
        assert sum(row[:3] == ["parent", f"{server.address}@53", "ok"] for row in rows) == 12, rows
    # DS and the delegation: both of all servers.
    assert [sorted(qtype for _, qtype in server.seen) for server in (one, two)] == \
        [[2] * 12 + [43] * 12] * 2, (one.seen, two.seen)
    ds = [[when for when, qtype in server.seen if qtype == 43] for server in (one, two)]
    for times in ds:
        # 11 steps of 100 ms; a thread here may be late for the first.
        assert times[-1] - times[0] > 0.95, times

    # Ended while they wait for their turn.
    for after in (1, 50, 300):
        rows = probe(world, binary, "child.test.", *keys, *ns, *parents, "rate=5", "repeat=50",
                     f"free-after={after}")
        assert sum(row[0] == "cancelled" for row in rows) > 40, rows


def alone(tools=TOOLS):
    """Enters a network namespace of its own; False, with the reason printed, if that or a tool is not to be had."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        print("skipped, not installed:", *missing)
        return False
    try:
        os.unshare(os.CLONE_NEWNET)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    except (OSError, AttributeError, subprocess.CalledProcessError) as error:
        print("skipped, no network namespace:", error)
        return False
    return True


def in_world(name, test, tools=TOOLS):
    """Calls test(world, probe) in a namespace with an empty world; returns the exit code."""
    if not alone(tools):
        return SKIP
    with tempfile.TemporaryDirectory(prefix=f"kskroll-{name}-") as folder:
        world = World(folder)
        try:
            test(world, os.path.abspath(sys.argv[1]))
        finally:
            world.close()
    return 0


if __name__ == "__main__":
    sys.exit(in_world("survey", lambda world, probe_path: check(world, probe_path, build(world))))
