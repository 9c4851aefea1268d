#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scans and surveys of children, as the parental agent makes them, in a signed world of real servers on loopback.

Usage: test_dns_child.py PROBE. Exits with 77 (skipped) without the tools or the right to create a network namespace.
"""
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from test_dns_survey import (  # noqa: E402
    CHILD, NO_ZONES, NOBODY, PARENT, ROOT, Odd, expect, in_world)

from test_dns_watch import resolver  # noqa: E402

TOOLS = ["nsd", "unbound", "dnssec-keygen", "dnssec-signzone", "dnssec-dsfromkey", "ip"]
# A second server of the children, and another one of the parent, whose zone has another DS.
SECOND, STALE = "127.0.2.4", "127.0.1.9"
# Servers with a bad habit.
SILENT, TRUNCATING, HANGING, STRIPPING = "127.0.3.1", "127.0.3.2", "127.0.3.3", "127.0.3.4"
# Resolvers: one that validates, and one on another host to which good.test. is bogus.
UNBOUND, REMOTE_ASTRAY = "127.0.4.1", "192.0.2.53"
# Of one child, more than it may ask for at a time.
CROWD = [f"127.0.5.{i}" for i in range(1, 17)]


class Child:
    """A child of test. with two nameservers, ns1 at CHILD and ns2 at SECOND."""

    def __init__(self, world, label, ksks=1, first=CHILD, second=SECOND, ns="ns1 ns2"):
        self.world, self.label, self.zone = world, label, f"{label}.test."
        self.names = [f"{name}.{self.zone}" for name in ns.split()]
        self.ksks = world.keys(self.zone, ksks)
        self.addresses = {"ns1": first, "ns2": second}
        self.apex = "".join(f"@ NS {name}\n" for name in ns.split()) + \
            "".join(f"{name} A {self.addresses[name]}\n" for name in ns.split())

    def tag(self, index=0):
        return int(self.ksks[index].rsplit("+", 1)[1])

    def signals(self, *indexes):
        """CDS and CDNSKEY of keys."""
        out = ""
        for index in indexes:
            key = self.ksks[index]
            out += self.world.run("dnssec-dsfromkey", "-2", "-C", key).replace(self.zone, "@", 1)
            line = open(f"{self.world.folder}/{key}.key").read().splitlines()[-1].split()
            out += " ".join(["@", *line[1:]]).replace("DNSKEY", "CDNSKEY") + "\n"
        return out

    def sign(self, records, name, *options):
        """The zone with these records, as a file of its own."""
        signed = self.world.sign(self.zone, self.apex + records, "-x", *options)
        os.replace(f"{self.world.folder}/{signed}", f"{self.world.folder}/{self.label}.{name}")
        return f"{self.label}.{name}"

    def ds(self, index=0, digest="-2"):
        return self.world.run("dnssec-dsfromkey", digest, self.ksks[index])

    def ds_hex(self, index=0):
        f = self.ds(index).split()
        return f"{int(f[3]):04x}{int(f[4]):02x}{int(f[5]):02x}{''.join(f[6:])}"

    def delegation(self, ds=True, glue=None):
        out = "".join(f"{self.label} NS {name}\n" for name in self.names)
        for name in glue if glue is not None else [n for n in self.names if n.endswith(self.zone)]:
            out += f"{name} A {self.addresses[name.split('.')[0]]}\n"
        return out + (self.ds() if ds else "")


def build(world):
    """:return: the children by label."""
    kids = {label: Child(world, label, ksks) for label, ksks in
            (("good", 2), ("mixed", 2), ("plain", 1), ("gone", 1), ("first", 1), ("moved", 2), ("broken", 1))}
    first, second = {}, {}

    def serve(child, records, other=None, *options):
        first[child.zone] = child.sign(records, "1", *options)
        second[child.zone] = child.sign(records if other is None else other, "2", *options)

    good = kids["good"]
    serve(good, good.signals(1))
    mixed = kids["mixed"]
    serve(mixed, mixed.signals(0), mixed.signals(0, 1))
    serve(kids["plain"], "")
    serve(kids["gone"], "@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 AA==\n")
    serve(kids["moved"], kids["moved"].signals(1))
    serve(kids["broken"], kids["broken"].signals(0))
    lame = Child(world, "lame", second=NO_ZONES)
    down = Child(world, "down", second=NOBODY)
    # Their servers have other names: a resolver finds these at once.
    odd, slow = Child(world, "odd", ns=""), Child(world, "slow", ns="")
    odd.names, slow.names = ["silent.op.test.", "truncating.op.test."], ["hanging.op.test.", "ns2.op.test."]
    for child in (odd, slow):
        child.apex = "".join(f"@ NS {name}\n" for name in child.names)
    # A box in front of its server knows nothing of DO.
    strip = Child(world, "strip", ns="")
    strip.names, strip.apex = ["stripping.op.test."], "@ NS stripping.op.test.\n"
    many = Child(world, "many", ns="")
    many.names, many.apex = ["many.op.test."], "@ NS many.op.test.\n"
    mute = Child(world, "mute", first=SILENT, second=SILENT)
    crowd = Child(world, "crowd", ns="")
    crowd.names, crowd.apex = ["crowd.op.test."], "@ NS crowd.op.test.\n"
    kids.update(lame=lame, down=down, odd=odd, slow=slow, mute=mute, crowd=crowd, strip=strip, many=many)
    for child in (lame, down, odd, slow, mute, crowd, strip, many):
        first[child.zone] = child.sign(child.signals(0), "1")
    # Names of its servers that nobody can find.
    lost = Child(world, "lost", ns="ns1")
    kids["lost"] = lost
    first[lost.zone] = lost.sign(lost.signals(0), "1")
    lost.names.append("ns9.lost.test.")

    # Signaling names: first.test. has servers in op.test.
    op = Child(world, "op")
    kids["op"] = op
    new = kids["first"]
    new.names = ["ns1.op.test.", "ns2.op.test."]
    new.apex = "@ NS ns1.op.test.\n@ NS ns2.op.test.\n"
    serve(new, new.signals(0))
    op.apex += f"silent A {SILENT}\ntruncating A {TRUNCATING}\nhanging A {HANGING}\n" \
        f"stripping A {STRIPPING}\n"
    op.apex += "".join(f"many A 127.0.6.{i}\n" for i in range(1, 66))
    op.apex += "".join(f"crowd A {address}\n" for address in CROWD)
    serve(op, "".join(new.signals(0).replace("@", f"_dsboot.first.test._signal.{name}") for name in ("ns1", "ns2"))
          .replace("_signal.ns2 ", "_signal.nsX "))

    world.keys("test.")
    root_ksk = world.keys(".")[0]
    def other_ds(label):
        """The DS of a key that is not there."""
        return world.run("dnssec-dsfromkey", "-2", good.ksks[0]).replace("good.test.", f"{label}.test.")

    rest = f"@ NS ns\n@ NS ns2\nns A {PARENT}\nns2 A {STALE}\n"
    for label, child in kids.items():
        if label == "lost":
            rest += child.delegation(glue=["ns1.lost.test."])
        elif label != "moved":
            rest += child.delegation(ds=label not in ("first", "broken"))
    rest += other_ds("broken")
    moved = kids["moved"]
    parent = world.sign("test.", rest + moved.delegation())
    os.replace(f"{world.folder}/{parent}", f"{world.folder}/test.stale")
    parent = world.sign("test.", rest + moved.delegation(ds=False) + other_ds("moved"))
    root = world.sign(".", f"@ NS ns.\nns. A {ROOT}\ntest. NS ns.test.\ntest. NS ns2.test.\n"
                           f"ns.test. A {PARENT}\nns2.test. A {STALE}\n" +
                      world.run("dnssec-dsfromkey", "-2", world.rdata("test.", 257)[0][0]))
    with open(f"{world.folder}/anchor", "w") as file:
        file.write(world.run("dnssec-dsfromkey", "-2", root_ksk))
    with open(f"{world.folder}/hints", "w") as file:
        file.write(f". 3600 IN NS ns.\nns. 3600 IN A {ROOT}\n")
    world.serve(ROOT, {".": root})
    world.serve(PARENT, {"test.": parent})
    world.serve(STALE, {"test.": "test.stale"})
    world.serve(CHILD, first)
    world.serve(SECOND, second)
    world.serve(NO_ZONES, {})
    return kids


def probe(world, binary, children, *more, ds=True, timeout=150):
    """Rows of what it prints, of one child or several."""
    children = children if isinstance(children, list) else [children]
    argv = [binary, "parent=test.", f"anchor={world.folder}/anchor", f"hints={world.folder}/hints", *more]
    for child in children:
        argv += [f"child={child.zone}", *(f"ns={name}" for name in child.names)]
        argv += [f"ds={child.ds_hex()}"] if ds else []
    done = subprocess.run(argv, timeout=timeout, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    print(*(child.zone for child in children), *more, done.stdout, done.stderr, sep="\n", flush=True)
    assert done.returncode == 0, done.returncode
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def at(child, name, address):
    return f"{name}.{child.zone} {address}@53"


def check_survey(world, binary, kids):
    good = kids["good"]
    old, new = good.tag(0), good.tag(1)
    both = ",".join(str(tag) for tag in (old, new))
    rows = probe(world, binary, good, "ask=survey")
    expect(rows, ["survey", "failed=0", "detail=", "keys=2", "agent=", "heard=1"])
    for name, address in (("ns1", CHILD), ("ns2", SECOND)):
        expect(rows, ["child", at(good, name, address), "ok", "", f"dnskey={both}:{both}", f"set={new}/2", f"keys={new}",
                      "flags="])
    assert sum(row[0] == "child" for row in rows) == 2, rows
    assert not any(row[0] in ("parent", "view", "name") for row in rows), rows
    kid = next(row for row in rows if row[0] == "child")
    for rrset in kid[8:10]:
        present, signers, inception, expires = rrset.split("=")[1].split(":")
        assert present == "present" and signers in (both, f"{new},{old}"), rrset
        assert int(inception) < time.time() < int(expires), rrset

    # In the time of the signatures, and after it.
    rows = probe(world, binary, good, "ask=survey", f"now={int(time.time()) + 90 * 86400}")
    expect(rows, ["child", at(good, "ns1", CHILD), "bogus", "DNSKEY: RRSIG expired"])

    mixed = kids["mixed"]
    rows = probe(world, binary, mixed, "ask=survey")
    sets = {row[1]: row[5] for row in rows if row[0] == "child"}
    assert sets[at(mixed, "ns1", CHILD)] == f"set={mixed.tag(0)}/2", sets
    assert sets[at(mixed, "ns2", SECOND)].count("/2") == 2, sets

    rows = probe(world, binary, kids["plain"], "ask=survey")
    expect(rows, ["child", at(kids["plain"], "ns1", CHILD), "ok", "", None, "set=", "keys=", "flags=", "cds=proven::0:0",
                  "cdnskey=proven::0:0"])

    rows = probe(world, binary, kids["gone"], "ask=survey")
    expect(rows, ["child", at(kids["gone"], "ns2", SECOND), "ok", "", None, "set=0/0", "keys=", "flags=deletes"])

    rows = probe(world, binary, kids["lame"], "ask=survey")
    expect(rows, ["child", at(kids["lame"], "ns1", CHILD), "ok"],
           ["child", at(kids["lame"], "ns2", NO_ZONES), "error", "DNSKEY: REFUSED"])
    rows = probe(world, binary, kids["down"], "ask=survey")
    expect(rows, ["child", at(kids["down"], "ns1", CHILD), "ok"],
           ["child", at(kids["down"], "ns2", NOBODY), "unreachable"])

    # A name in the child without address and glue.
    rows = probe(world, binary, kids["lost"], "ask=survey")
    expect(rows, ["survey", "failed=1", "detail=address of ns9.lost.test.: there is none, and no glue"],
           ["child", at(kids["lost"], "ns1", CHILD), "ok"])

    # A resolver has no address of what is bogus: there is glue.
    broken = kids["broken"]
    rows = probe(world, binary, broken, "ask=survey", "ask=watch")
    expect(rows, ["survey", "failed=0"], ["child", at(broken, "ns1", CHILD), "ok"],
           ["view", "own resolver", "bogus"])

    rows = probe(world, binary, kids["many"], "ask=survey")
    expect(rows, ["survey", "failed=1", "detail=the nameservers have 65 addresses, at most 64 are asked"])
    assert not any(row[0] == "child" for row in rows), rows

    # What is no child of this parent.
    rows = probe(world, binary, kids["good"], "ask=survey", "parent=.")
    expect(rows, ["survey", "failed=1", "detail=there is a zone in between: test."])


def check_parents(world, binary, kids):
    moved = kids["moved"]
    rows = probe(world, binary, moved, "ask=parents", "ask=watch")
    expect(rows, ["parent", f"ns.test. {PARENT}@53", "ok", "", f"ds={kids['good'].tag(0)}/2"],
           ["parent", f"ns2.test. {STALE}@53", "ok", "", f"ds={moved.tag(0)}/2"])
    assert not any(row[0] == "child" for row in rows), rows
    # No DS, proven; and servers that are configured.
    rows = probe(world, binary, kids["first"], "ask=parents", f"parent-server={PARENT}", f"parent-server={CHILD}",
                 f"parent-server={NOBODY}", ds=False)
    expect(rows, ["parent", f"{PARENT}@53", "ok", "", "ds="],
           ["parent", f"{CHILD}@53", "error", "answers from the child zone"],
           ["parent", f"{NOBODY}@53", "unreachable"])
    rows = probe(world, binary, kids["good"], "ask=parents", "parent=nothing.")
    expect(rows, ["parent", "nothing.", "incomplete"])
    # Where nobody answers, this host may be cut off. A resolver that begins at the root tells as well.
    lonely = ["ask=parents", f"parent-server={NOBODY}"]
    for more, heard in (([f"parent-server={PARENT}"], 1), ([], 0), (["ask=watch"], 1)):
        rows = probe(world, binary, kids["good"], *lonely, *more)
        expect(rows, ["survey", None, None, None, None, f"heard={heard}"], ["parent", f"{NOBODY}@53", "unreachable"])


def check_names(world, binary, kids):
    new = kids["first"]
    rows = probe(world, binary, new, "ask=survey", "ask=names", ds=False)
    expect(rows, ["name", "ns1.op.test.", "ok", "", f"set={new.tag()}/2", f"keys={new.tag()}"],
           ["name", "ns2.op.test.", "ok", "", "set=", "keys="],
           ["child", f"ns1.op.test. {CHILD}@53", "ok", "", f"dnskey={new.tag()}:{new.tag()}"])
    # With a DS they are not asked; servers inside the child have none.
    rows = probe(world, binary, new, "ask=survey", "ask=names")
    assert not any(row[0] == "name" for row in rows), rows
    rows = probe(world, binary, kids["good"], "ask=survey", "ask=names", ds=False)
    expect(rows, ["name", "ns1.good.test.", "inside"])


def check_watch(world, binary, kids):
    rows = probe(world, binary, kids["good"], "ask=watch", f"validator={NOBODY}")
    expect(rows, ["view", "own resolver", "secure", ""], ["view", f"{NOBODY}@53", "none", "DNSKEY: connection refused"])
    rows = probe(world, binary, kids["first"], "ask=watch", ds=False)
    expect(rows, ["view", "own resolver", "insecure"])
    subprocess.run(["ip", "address", "add", f"{REMOTE_ASTRAY}/32", "dev", "lo"], check=True)
    resolver(world, UNBOUND, "anchor")
    resolver(world, REMOTE_ASTRAY, "anchor", kids["mixed"].ds().replace("mixed.test.", "good.test."))
    both = [f"validator={UNBOUND}", f"validator={REMOTE_ASTRAY}"]
    # What another host says in plain DNS may be forged: it has no vote against our own resolver.
    rows = probe(world, binary, kids["good"], "ask=watch", *both)
    expect(rows, ["view", "own resolver", "secure"], ["view", f"{UNBOUND}@53", "secure"],
           ["view", f"{REMOTE_ASTRAY}@53", "none"])
    assert any(row[0] == "view" and row[3].startswith("not counted: DNSKEY: SERVFAIL") for row in rows), rows
    rows = probe(world, binary, kids["broken"], "ask=watch", *both)
    expect(rows, *(["view", who, "bogus"] for who in ("own resolver", f"{UNBOUND}@53", f"{REMOTE_ASTRAY}@53")))
    # The parent zone is bogus itself: that says nothing about the child.
    below = SimpleNamespace(zone="below.broken.test.", names=["ns1.op.test."])
    rows = probe(world, binary, below, "ask=watch", *both, ds=False)
    expect(rows, *(["view", who, "none"] for who in ("own resolver", f"{UNBOUND}@53", f"{REMOTE_ASTRAY}@53")))
    rows = probe(world, binary, kids["first"], "ask=watch", *both, ds=False)
    expect(rows, ["view", f"{UNBOUND}@53", "none", "DNSKEY: answered without validation"])


def check_scan(world, binary, kids):
    good = kids["good"]
    rows = probe(world, binary, good, "ask=scan", "repeat=20")
    servers = {row[1] for row in rows if row[0] == "scan"}
    assert servers == {at(good, "ns1", CHILD), at(good, "ns2", SECOND)}, servers
    assert all(row[2] == "1" and row[4] == f"set={good.tag(1)}/2" for row in rows if row[0] == "scan"), rows
    # 20 questions at two addresses, ten a second at each: all at once they are not.
    total = int(next(row for row in rows if row[0] == "total")[1].removeprefix("ms="))
    assert 700 < total < 5000, total

    rows = probe(world, binary, kids["plain"], "ask=scan")
    expect(rows, ["scan", None, "1", "", "set="])
    # One that does not answer is followed by the other.
    for label in ("lame", "down"):
        rows = probe(world, binary, kids[label], "ask=scan", "repeat=6")
        assert [row[1:3] for row in rows if row[0] == "scan"] == [[at(kids[label], "ns1", CHILD), "1"]] * 6, rows


def check_odd(world, binary, kids):
    """Servers that do not behave cost time, but not much."""
    odd, slow, mute = kids["odd"], kids["slow"], kids["mute"]
    rows = probe(world, binary, [odd, slow, mute], "ask=survey")
    expect(rows, ["child", f"silent.op.test. {SILENT}@53", "unreachable", "timeout"],
           ["child", f"truncating.op.test. {TRUNCATING}@53", "ok", ""],
           ["child", f"hanging.op.test. {HANGING}@53", "incomplete", "DNSKEY: truncated over UDP; TCP: timeout"],
           ["child", f"ns2.op.test. {SECOND}@53", "error"])
    took = {row[4]: int(row[2].removeprefix("ms=")) for row in rows if row[0] == "cost"}
    assert max(took["odd.test."], took["slow.test."]) < 25000 and took["mute.test."] < 60000, took
    # No resolver finds the addresses of the last one's servers, which are silent: they are asked by their glue.
    assert sum(row[:2] == ["survey", "failed=0"] for row in rows) == 3, rows
    expect(rows, ["child", at(mute, "ns1", SILENT), "unreachable", "timeout"])


def check_new_keys(world, binary, kids):
    """Keys of the parent that are cached and no longer true are looked up again, for the next survey."""
    def change():
        world.new_zsk("test.")
        world.sign("test.", *world.signed["test."])
        os.replace(f"{world.folder}/test.zone.signed", f"{world.folder}/test.stale")
        world.stop(PARENT, STALE)
        for address in (PARENT, STALE):
            world.serve(address, {"test.": "test.stale"})

    changed = threading.Timer(3, change)
    changed.start()
    rows = probe(world, binary, kids["good"], "ask=parents", "repeat=3", "pause=8000")
    changed.join()
    seen = [row[2] for row in rows if row[0] == "parent"]
    assert seen == ["ok"] * 2 + ["bogus"] * 2 + ["ok"] * 2, seen


def check_strip(world, binary, kids):
    """What has no signatures over UDP is asked once more, over TCP."""
    Odd("strip_udp", STRIPPING)
    strip = kids["strip"]
    rows = probe(world, binary, strip, "ask=survey")
    expect(rows, ["child", f"stripping.op.test. {STRIPPING}@53", "ok", "", f"dnskey={strip.tag()}:{strip.tag()}"])


def check_odd_scan(world, binary, kids):
    rows = probe(world, binary, kids["odd"], "ask=scan", "repeat=4")
    assert [row[1:3] for row in rows if row[0] == "scan"] == \
        [[f"truncating.op.test. {TRUNCATING}@53", "1"]] * 4, rows


def check_siblings(world, binary, kids):
    """A child whose many servers take long does not hold back the others."""
    rows = probe(world, binary, [kids["crowd"]] * 4 + [kids["good"], kids["mixed"]], "ask=survey")
    took = {row[4]: int(row[2].removeprefix("ms=")) for row in rows if row[0] == "cost"}
    print("== took", took, flush=True)
    assert took["crowd.test."] < 90000, took
    assert max(took["good.test."], took["mixed.test."]) < 10000, took
    assert sum(row[0] == "child" and row[2] == "incomplete" for row in rows) == 4 * len(CROWD), rows


def check_ends(world, binary, kids):
    """Cancelled in the middle of everything."""
    asks = ["ask=survey", "ask=parents", "ask=watch", "ask=names"]
    for after in (0, 1, 3, 10, 30, 100, 300, 1000):
        rows = probe(world, binary, kids["first"], *asks, "repeat=20", f"free-after={after}", ds=False)
        assert sum(row[0] in ("cancelled", "survey") for row in rows) == 20
        rows = probe(world, binary, kids["down"], "ask=scan", "repeat=20", f"free-after={after}")
        assert sum(row[0] in ("cancelled", "scan") for row in rows) == 20


def check(world, binary):
    kids = build(world)

    def timed(part):
        began = time.monotonic()
        part(world, binary, kids)
        print(f"== {part.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    for part in (check_survey, check_parents, check_names, check_watch, check_scan, check_strip,
                 check_ends):
        timed(part)
    # These wait most of the time.
    odd = [Odd("silent", SILENT), Odd("truncate", TRUNCATING), Odd("hang", HANGING)]
    odd += [Odd("hang", address) for address in CROWD]
    with ThreadPoolExecutor() as pool:
        list(pool.map(timed, (check_odd, check_odd_scan, check_siblings)))
    timed(check_new_keys)
    assert all(server.seen for server in odd) and odd[1].over_tcp
    for query in [query for server in odd for query, _ in server.seen]:
        assert query[2] & 1 == 0, "RD is set"


if __name__ == "__main__":
    sys.exit(in_world("child", check, TOOLS))
