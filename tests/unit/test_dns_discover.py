#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves a zone: servers of the parent that disagree, that host the zone, that are silent.

Usage: test_dns_discover.py PROBE. Exits with 77 (skipped) without the tools or the right to
create a network namespace.
"""
import os
import shutil
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from test_dns_survey import expect, in_world, probe  # noqa: E402

# Of the root, which is the parent of most zones here; of the zones; nobody listens on the last.
ONE, TWO = "127.0.0.1", "127.0.0.2"
NEW, STALE, NOBODY = "127.0.2.1", "127.0.2.3", "127.0.2.9"
# Of the zone up., of which the root knows one server more.
UP, UP_LEFT = "127.0.1.1", "127.0.1.2"
PROXY = "127.0.3.1"
NS, DS = 2, 43


class Deaf:
    """In front of a server; does not answer NS questions."""

    def __init__(self, address, upstream):
        self.address, self.upstream = address, upstream
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            query, source = self.udp.recvfrom(4096)
            end = query.index(b"\0", 12)
            if int.from_bytes(query[end + 1:end + 3], "big") == NS:
                continue
            with socket.create_connection((self.upstream, 53), timeout=5) as good:
                good.sendall(len(query).to_bytes(2, "big") + query)
                file = good.makefile("rb")
                self.udp.sendto(file.read(int.from_bytes(file.read(2), "big")), source)


def delegation(zone, *servers):
    """NS records with glue: (name of the server in the zone, its address)."""
    return "".join(f"{zone} NS {name}.{zone}\n{name}.{zone} A {address}\n"
                   for name, address in servers)


def own(*servers):
    return "".join(f"@ NS {name}\n{name} A {address}\n" for name, address in servers)


def ds(world, key):
    return world.run("dnssec-dsfromkey", "-2", key)


def copy(world, zone, name):
    """The zone as it is now, to be served for ever by somebody."""
    shutil.copy(f"{world.folder}/{zone}zone.signed", f"{world.folder}/{name}")
    return name


def rolled(world, zone, records):
    """A zone whose KSK has been rolled; returns (file of yesterday, file of today)."""
    old = world.keys(zone)[0]
    world.sign(zone, records)
    yesterday = copy(world, zone, f"{zone}yesterday")
    for end in ("key", "private"):
        os.remove(f"{world.folder}/{old}.{end}")
    world.run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone)
    return yesterday, world.sign(zone, records)


def keys(world, zone):
    return [f"key={hex_}" for _, hex_ in world.rdata(zone, 257)] + \
        [f"dnskey={hex_}" for _, hex_ in world.rdata(zone)]


#: Servers of the zones that have been rolled: their own NS RRset does not name the last.
TWO_NEW = [("ns1", NEW), ("ns2", NEW)]
THREE = [*TWO_NEW, ("ns3", STALE)]


def build(world):
    """root, by two servers that do not agree, -> lag., host., both., plain., none., many., up., bad."""
    zones = {}
    for zone in ("lag.", "host.", "both."):
        zones[zone] = rolled(world, zone, own(*TWO_NEW))
    common = "".join(ds(world, world.rdata(zone, 257)[0][0]) for zone in zones)

    # up. says that it has one server; the root knows another, with the DS of yesterday.
    zones["low.up."] = rolled(world, "low.up.", own(*TWO_NEW))
    world.keys("up.")
    low = delegation("low.up.", *TWO_NEW) + own(("ns1", UP))
    world.sign("up.", low + f"low.up. DS 1 13 2 {1:064x}\n")
    up_old = copy(world, "up.", "up.yesterday")
    up = world.sign("up.", low + ds(world, world.rdata("low.up.", 257)[0][0]))
    common += delegation("up.", ("ns1", UP), ("ns2", UP_LEFT)) + "up. NS dead.up.\n" + \
        ds(world, world.rdata("up.", 257)[0][0])

    # A zone with a DS that no key has; one whose servers are out; one without names.
    world.keys("bad.")
    bad = world.sign("bad.", own(("ns1", NEW)) + f"server A {NEW}\n")
    common += delegation("bad.", ("ns1", NEW)) + f"bad. DS 1 13 2 {2:064x}\n"
    common += delegation("out.", ("ns1", NOBODY))

    world.keys("many.")
    many = world.sign("many.", own(*TWO_NEW))
    common += "".join(f"many. NS ns{i}.many.\n" for i in range(63)) + f"ns1.many. A {NEW}\n"
    common += delegation("both.", *TWO_NEW)
    for zone, servers in (("foreign.", ["ns1.bad.", "server.bad."]), ("gone.", ["ns1.gone.", "ns.nowhere."]),
                          ("lame.", ["ns1.lame.", "ns.out."])):
        common += "".join(f"{zone} NS {server}\n" for server in servers) + f"ns1.{zone} A {NEW}\n"

    world.keys(".")
    root = own(("ns1.", ONE), ("ns2.", TWO)) + common
    world.sign(".", root + delegation("lag.", *TWO_NEW) + delegation("host.", *THREE))
    root_two = copy(world, ".", "root.two")
    root_one = world.sign(".", root + delegation("lag.", *THREE) + delegation("host.", *TWO_NEW))
    with open(f"{world.folder}/anchor", "w") as file:
        file.write(ds(world, world.rdata(".", 257)[0][0]))
    with open(f"{world.folder}/hints", "w") as file:
        file.write(f". 3600 IN NS ns1.\n. 3600 IN NS ns2.\nns1. 3600 IN A {ONE}\nns2. 3600 IN A {TWO}\n")

    # One server of the root hosts one of the zones as it was yesterday, both host another.
    world.serve(ONE, {".": root_one, "host.": zones["host."][0], "both.": zones["both."][1]})
    world.serve(TWO, {".": root_two, "both.": zones["both."][1]})
    world.serve(NEW, {zone: today for zone, (_, today) in zones.items()} | {"many.": many, "bad.": bad})
    world.serve(STALE, {zone: yesterday for zone, (yesterday, _) in zones.items()})
    world.serve(UP, {"up.": up})
    world.serve(UP_LEFT, {"up.": up_old})


def named(rows, kind):
    return sorted(row[1] for row in rows if row[0] == kind)


def check_delegation(world, binary):
    """The union of what all servers of the parent say, and the zone itself."""
    two = ["ns=ns1.{}", "ns=ns2.{}"]

    def survey(zone, *more):
        return probe(world, binary, zone, *keys(world, zone), *(ns.format(zone) for ns in two), *more)

    stale = "equal=0", "foreign=1"
    # Either server of the parent may be the one that names ns3, which serves the old key.
    rows = survey("lag.")
    expect(rows, ["survey", "failed=0", "insecure=0", "parent=.", "detail="],
           ["child", f"ns1.lag. {NEW}@53", "ok"],
           ["child", f"ns3.lag. {STALE}@53", None, None, None, *stale])
    assert len(named(rows, "child")) == 2 and len(named(rows, "parent")) == 2, rows

    # A server of the parent that hosts the zone gives no referral: the other does. Resolvers take its
    # own answers for the zone, so it is asked like a server of it.
    rows = survey("host.")
    expect(rows, ["survey", "failed=0"], ["child", f"ns1.host. {NEW}@53", "ok"],
           ["child", f"ns3.host. {STALE}@53", None, None, None, *stale],
           ["child", f"{ONE}@53", None, None, None, *stale])
    assert len(named(rows, "child")) == 3, rows

    # All of them host the zone: nobody gets a referral, resolvers ask them.
    rows = survey("both.")
    expect(rows, ["survey", "failed=0"], ["child", f"{ONE}@53", "ok"], ["child", f"{TWO}@53", "ok"],
           ["child", f"ns1.both. {NEW}@53", "ok"])
    assert len(named(rows, "child")) == 3, rows

    # Not delegated at all.
    rows = probe(world, binary, "none.", "ns=ns1.lag.")
    expect(rows, ["survey", "failed=1", None, None, f"detail=NS of none.: no referral: {ONE}@53: not delegated"])

    # 63 names at the parent and two more in the zone: never a part of them.
    rows = probe(world, binary, "many.", *keys(world, "many."), "ns=a.lag.", "ns=b.lag.")
    expect(rows, ["survey", "failed=1", None, None, "detail=NS of many.: too many nameservers"])


def check_silence(world, binary):
    """A server of the parent that does not say who serves the zone."""
    # One that answers, but not this question: its DS alone is not enough.
    Deaf(PROXY, TWO)
    lag = [*keys(world, "lag."), "ns=ns1.lag.", "ns=ns2.lag."]
    rows = probe(world, binary, "lag.", *lag, f"parent={ONE}", f"parent={PROXY}")
    expect(rows, ["survey", "failed=0"], ["child", f"ns3.lag. {STALE}@53"],
           ["parent", f"{ONE}@53", "ok", "", "ds=1", "foreign=0", "ttl=300", "no_referral=0"],
           ["parent", f"{PROXY}@53", "ok", None, "ds=1", "foreign=0", "ttl=300", "no_referral=1"])
    assert any(row[:2] == ["parent", f"{PROXY}@53"] and row[3].startswith("NS: timeout") for row in rows), rows
    # It is not the only one.
    rows = probe(world, binary, "lag.", *lag, f"parent={PROXY}")
    expect(rows, ["survey", "failed=1"])
    assert rows[0][4].startswith(f"detail=NS of lag.: no referral: {PROXY}@53: timeout"), rows

    world.stop(TWO)
    rows = probe(world, binary, "lag.", *lag)
    expect(rows, ["survey", "failed=0"], ["child", f"ns3.lag. {STALE}@53"],
           ["parent", f"ns1. {ONE}@53", "ok"], ["parent", f"ns2. {TWO}@53", "unreachable"])
    # The one that is left hosts the zone: the referral is what the other knows.
    rows = probe(world, binary, "both.", *keys(world, "both."), "ns=ns1.both.")
    expect(rows, ["survey", "failed=1", None, None, None])
    assert rows[0][4].startswith(f"detail=NS of both.: no referral: {TWO}@53: "), rows


def check_above(world, binary):
    """A server of the parent that only the zone above it names."""
    rows = probe(world, binary, "low.up.", *keys(world, "low.up."), "ns=ns1.low.up.")
    expect(rows, ["survey", "failed=0", None, "parent=up."],
           ["parent", f"ns1.up. {UP}@53", "ok", "", "ds=1", "foreign=0"],
           ["parent", f"ns2.up. {UP_LEFT}@53", "ok", "", "ds=0", "foreign=1"],
           # Left over there, of no use to anybody: no reason to give up everything.
           ["parent", "dead.up.", "unreachable", "no address"])
    assert len(named(rows, "parent")) == 3, rows


def check_names(world, binary):
    """Names of nameservers that have no address, or of which nobody can tell."""
    # Who cannot be found because a zone on the way is broken has not been silent.
    rows = probe(world, binary, "foreign.", "ns=ns1.bad.", "ns=server.bad.")
    expect(rows, ["survey", "failed=1"])
    assert rows[0][4].startswith("detail=address of ns1.bad.: A"), rows
    assert ": bogus: " in rows[0][4] and not {"ns1.bad.", "server.bad."} & set(named(rows, "child")), rows
    rows = probe(world, binary, "lame.", "ns=ns1.lame.")
    expect(rows, ["survey", "failed=1"])
    assert rows[0][4].startswith("detail=address of ns.out.: A") and "SERVFAIL" in rows[0][4], rows
    # The others are asked all the same: what is wrong with them counts.
    expect(rows, ["child", f"ns1.lame. {NEW}@53", "error", "REFUSED"])
    assert "ns.out." not in named(rows, "child"), rows
    # That a name has no address is an answer, about this server.
    rows = probe(world, binary, "gone.", "ns=ns1.gone.")
    expect(rows, ["survey", "failed=0"], ["child", "ns.nowhere.", "unreachable", "no address"],
           ["child", f"ns1.gone. {NEW}@53", "error"])
    # In the zone itself its own servers are to blame, and its glue is still asked.
    rows = probe(world, binary, "bad.", *keys(world, "bad."), "ns=ns1.bad.")
    expect(rows, ["survey", "failed=0"], ["child", f"ns1.bad. {NEW}@53", "ok"], ["child", "ns1.bad.", "unreachable"])
    # Without glue nobody is asked in the place of this one.
    rows = probe(world, binary, "bad.", *keys(world, "bad."), "ns=ns1.bad.", "ns=server.bad.")
    expect(rows, ["survey", "failed=1"], ["child", f"ns1.bad. {NEW}@53", "ok"])
    assert rows[0][4].startswith("detail=address of server.bad.: A") and \
        "server.bad." not in named(rows, "child"), rows


def check(world, binary):
    build(world)
    check_names(world, binary)
    check_above(world, binary)
    check_delegation(world, binary)
    check_silence(world, binary)


if __name__ == "__main__":
    sys.exit(in_world("discover", check))
