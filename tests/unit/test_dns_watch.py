#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The validation watch in a signed world of real servers and resolvers on loopback.

Usage: test_dns_watch.py PROBE. Exits with 77 (skipped) without the tools or the right to
create a network namespace.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from test_dns_survey import (  # noqa: E402
    CHILD, NO_ZONES, NOBODY, PARENT, ROOT, TOOLS, Odd, in_world)

# An unbound that validates, one that does not, and one that trusts another root.
UNBOUND, PLAIN, ASTRAY = "127.0.4.1", "127.0.4.2", "127.0.4.3"
# For the module these two are on other hosts. To the first one good.test. is bogus.
REMOTE_ASTRAY, REMOTE = "192.0.2.53", "192.0.2.54"
TRUST = ("good.test.", "wrong.test.", "hollow.test.", "lost.test.", "dnames.test.")


def build(world):
    """root -> test. -> good., wrong. (DS of another key), hollow. (bogus denial), lost. (no DS),
    dnames. (wildcard into wrong.), stale. with the DS of another key -> below.stale.test."""
    def ds(zone, as_zone=None):
        key = world.rdata(zone, 257)[0][0]
        return world.run("dnssec-dsfromkey", "-2", key).replace(zone, as_zone or zone, 1)

    served = {}
    names = TRUST + ("stale.test.", "below.stale.test.")
    for zone in names + ("test.", "."):
        world.keys(zone)
    for zone in names:
        more = {"dnames.test.": "* CNAME nothing.wrong.test.\n",
                "stale.test.": f"below NS ns.below\nns.below A {CHILD}\n" +
                               ds("below.stale.test.")}.get(zone, "")
        served[zone] = world.sign(zone, f"@ NS ns\nns A {CHILD}\n" + more)

    # Signatures of denial only: NSEC records are those of another time.
    path = f"{world.folder}/{served['hollow.test.']}"
    text = open(path).read()
    assert "NSEC\tns.hollow.test." in text.replace(" ", "\t")
    with open(path, "w") as file:
        file.write(text.replace("ns.hollow.test. A NS SOA", "ns.hollow.test. NS SOA")
                   .replace("NSEC\tns.hollow.test. NS SOA", "NSEC\tns.hollow.test. A NS SOA")
                   .replace("NSEC\thollow.test. A", "NSEC\thollow.test. A TXT"))

    records = f"@ NS ns\nns A {PARENT}\n"
    for zone in TRUST + ("stale.test.",):
        label = zone.removesuffix(".test.")
        records += f"{label} NS ns.{label}\nns.{label} A {CHILD}\n"
        if zone in ("wrong.test.", "stale.test."):
            records += ds("good.test.", zone)
        elif zone != "lost.test.":
            records += ds(zone)
    parent = world.sign("test.", records)
    root = world.sign(".", f"@ NS ns.\nns. A {ROOT}\ntest. NS ns.test.\nns.test. A {PARENT}\n"
                      + ds("test."))

    with open(f"{world.folder}/anchor", "w") as file:
        file.write(ds("."))
    with open(f"{world.folder}/anchor-astray", "w") as file:
        file.write(ds("good.test.", ".").replace("good.test.", "."))
    with open(f"{world.folder}/hints", "w") as file:
        file.write(f". 3600 IN NS ns.\nns. 3600 IN A {ROOT}\n")
    world.serve(ROOT, {".": root})
    world.serve(PARENT, {"test.": parent})
    world.serve(CHILD, served)
    world.serve(NO_ZONES, {})
    resolver(world, UNBOUND, "anchor")
    resolver(world, PLAIN, None)
    resolver(world, ASTRAY, "anchor-astray")
    for address in (REMOTE_ASTRAY, REMOTE):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    resolver(world, REMOTE_ASTRAY, "anchor", ds("wrong.test.", "good.test."))
    resolver(world, REMOTE, "anchor")


def resolver(world, address, anchor, also=""):
    modules = "validator iterator" if anchor else "iterator"
    trust = f" trust-anchor-file: \"{world.folder}/{anchor}\"\n" if anchor else ""
    trust += "".join(f" trust-anchor: \"{line}\"\n" for line in also.splitlines())
    path = f"{world.folder}/unbound-{address}.conf"
    with open(path, "w") as conf:
        conf.write(f"server:\n interface: {address}\n access-control: 0.0.0.0/0 allow\n"
                   f" username: \"\"\n chroot: \"\"\n directory: \"{world.folder}\"\n"
                   f" pidfile: \"{path}.pid\"\n use-syslog: no\n do-daemonize: no\n"
                   f" do-not-query-localhost: no\n do-ip6: no\n num-threads: 1\n"
                   f" local-zone: \"test.\" transparent\n root-hints: \"{world.folder}/hints\"\n"
                   f" module-config: \"{modules}\"\n ede: yes\n val-log-level: 2\n"
                   f" trust-anchor-signaling: no\n{trust}"
                   "remote-control:\n control-enable: no\n")
    world.servers[address] = subprocess.Popen(["unbound", "-d", "-c", path],
                                              stderr=subprocess.DEVNULL)
    world.wait_for(address)


def probe(world, binary, zone, *more):
    argv = [binary, f"zone={zone}", f"anchor={world.folder}/anchor",
            f"hints={world.folder}/hints", *more]
    done = subprocess.run(argv, timeout=120, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    print(zone, *more, done.stdout, done.stderr, sep="\n", flush=True)
    assert done.returncode == 0, done.returncode
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def watch(world, binary, zone, *validators):
    """One check; returns (answered, failing, parent_ok, detail)."""
    row = probe(world, binary, zone, *(f"validator={v}" for v in validators))[0]
    assert row[0] == "watch", row
    assert int(row[5].removeprefix("ms=")) < 21000, row
    return (int(row[1].removeprefix("answered=")), int(row[2].removeprefix("failing=")),
            int(row[3].removeprefix("parent=")), row[4].removeprefix("detail="))


def expect(seen, answered, failing, parent_ok, *words):
    assert seen[:3] == (answered, failing, parent_ok), seen
    for word in words:
        assert word in seen[3], (word, seen)


def check(world, binary):
    build(world)
    def sees(zone, *validators):
        return watch(world, binary, zone, *validators)

    # A zone in order. Who is down, refuses or does not validate is not counted.
    assert sees("good.test.") == (1, 0, 1, "")
    assert sees("good.test.", UNBOUND) == (2, 0, 1, "")
    expect(sees("good.test.", NOBODY), 1, 0, 1, f"{NOBODY}@53: DNSKEY: ")
    expect(sees("good.test.", NO_ZONES), 1, 0, 1, "REFUSED")
    expect(sees("good.test.", PLAIN), 1, 0, 1, "without validation")
    expect(sees("good.test.", ASTRAY, UNBOUND), 2, 0, 1, f"{ASTRAY}@53: SOA of the parent: ")
    silent = Odd("silent", "127.0.3.1")
    expect(sees("good.test.", silent.address), 1, 0, 1, "DNSKEY: timeout")
    for query, _ in silent.seen:
        assert query[2] & 1 and not query[3] & 0x10, "RD=1, CD=0"
        assert query[query.index(b"\0\0\x29") + 7] & 0x80, "DO is not set"

    # The DS names another key.
    expect(sees("wrong.test."), 1, 1, 1, "own resolver: DNSKEY: bogus: ")
    expect(sees("wrong.test.", UNBOUND, PLAIN, NOBODY), 2, 2, 1, "own resolver: DNSKEY: bogus: ")
    # Only the remote resolver sees it: ours cannot ask anybody.
    rows = probe(world, binary, "wrong.test.", f"validator={UNBOUND}", f"resolver={NOBODY}")
    assert rows[0][1:4] == ["answered=1", "failing=1", "parent=1"], rows
    assert f"{UNBOUND}@53: DNSKEY: SERVFAIL, EDE " in rows[0][4], rows

    # What a resolver of another host says in plain DNS confirms, and decides nothing.
    expect(sees("good.test.", REMOTE_ASTRAY), 1, 0, 1, f"{REMOTE_ASTRAY}@53: not counted: DNSKEY: SERVFAIL")
    expect(sees("good.test.", REMOTE_ASTRAY, REMOTE), 2, 0, 1, f"{REMOTE_ASTRAY}@53: not counted: ")
    expect(sees("wrong.test.", REMOTE), 2, 2, 1, "own resolver: DNSKEY: bogus: ")
    rows = probe(world, binary, "wrong.test.", f"validator={REMOTE}", f"resolver={NOBODY}")
    assert rows[0][1:4] == ["answered=0", "failing=0", "parent=0"], rows

    # Denial of existence is bogus, the rest is not.
    expect(sees("hollow.test.", UNBOUND), 2, 2, 1, "own resolver: nonexistent name: bogus: ")
    # The DS is gone: the remote resolver cannot say whether it shall be there.
    expect(sees("lost.test.", UNBOUND), 1, 1, 1, "own resolver: DNSKEY: insecure")
    # A wildcard alias into a bogus zone is the other zone's trouble.
    assert sees("dnames.test.", UNBOUND) == (2, 0, 1, "")

    # The parent is bogus.
    expect(sees("below.stale.test.", UNBOUND), 0, 0, 0, "own resolver: SOA of the parent: bogus")

    # Nobody answers at all.
    rows = probe(world, binary, "good.test.", f"validator={NOBODY}", f"resolver={NOBODY}")
    assert rows[0][1:4] == ["answered=0", "failing=0", "parent=0"], rows

    # Many at once, and ended in the middle of everything.
    rows = probe(world, binary, "good.test.", f"validator={UNBOUND}", "repeat=32")
    assert sum(row[:4] == ["watch", "answered=2", "failing=0", "parent=1"] for row in rows) == 32
    for how in ("free", "cancel"):
        for after in (0, 1, 2, 5, 10, 20, 50, 200, 1000):
            rows = probe(world, binary, "wrong.test.", f"validator={UNBOUND}",
                         f"validator={NOBODY}", "repeat=32", f"{how}-after={after}")
            assert sum(row[0] in ("cancelled", "watch") for row in rows) == 32, rows


if __name__ == "__main__":
    sys.exit(in_world("watch", check, TOOLS + ["unbound"]))
