#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hundreds of zones of one parent surveyed at once: what their servers see of it, counted at the servers.

Usage: test_dns_burst.py PROBE. Exits with 77 (skipped) without the tools or the right to
create a network namespace.
"""
import heapq
import select
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
from test_dns_survey import PARENT, ROOT, in_world, probe  # noqa: E402

ZONES = 300
RATE = 100
# As in module/dns/ask.h.
PER_TARGET_MAX, IN_FLIGHT_MAX = 8, 64
# So late is each answer, that questions pile up if they can.
DELAY = 0.03
ROOT_NSD = "127.0.0.2"
PARENTS = ["127.0.3.1", "127.0.3.2"]
CHILDREN = ["127.0.4.1", "127.0.4.2", "127.0.4.3", "127.0.4.4", "127.0.4.5", "127.0.4.6",
            "127.0.4.7", "127.0.4.8", "127.0.4.9"]
NS, DS = 2, 43
SO_TIMESTAMPNS = 35  # asm-generic/socket.h


class Server:
    """One address: counts the questions that it has not answered yet."""

    def __init__(self, address, upstream):
        self.address, self.upstream = address, upstream
        self.open = self.most = 0
        self.seen = []  # (when, type, whether by us or by the resolver)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.udp.bind((address, 53))

    def receive(self):
        query, control, _, source = self.udp.recvmsg(4096, 128)
        sec, nsec = struct.unpack("qq", control[0][2][:16])
        end = query.index(b"\0", 12)
        qtype = int.from_bytes(query[end + 1:end + 3], "big")
        # The resolver asks for the parent and for nameservers, surveys for z0 and so on.
        survey = query[13:14] == b"z"
        self.seen.append((sec + nsec / 1e9, qtype, survey))
        return query, source, survey

    def answer(self, query):
        if self.upstream is None:
            end = query.index(b"\0", 12) + 5
            return query[:2] + b"\x84\5\0\1\0\0\0\0\0\0" + query[12:end]
        self.upstream.send(query)
        while True:
            answer = self.upstream.recv(4096)
            if answer[:2] == query[:2]:
                return answer


class Farm:
    """All of them in one thread."""

    def __init__(self):
        behind = {ROOT: self.connect(ROOT_NSD), **dict.fromkeys(PARENTS, self.connect(PARENT))}
        self.servers = {address: Server(address, behind.get(address))
                        for address in [ROOT, *PARENTS, *CHILDREN]}
        self.open = self.most = 0
        threading.Thread(target=self.run, daemon=True).start()

    @staticmethod
    def connect(address):
        upstream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        upstream.settimeout(5)
        upstream.connect((address, 53))
        return upstream

    def run(self):
        poll = select.epoll()
        by_fd = {server.udp.fileno(): server for server in self.servers.values()}
        for fd in by_fd:
            poll.register(fd, select.EPOLLIN)
        due = []
        while True:
            wait = max(0, due[0][0] - time.monotonic()) if due else 1
            for fd, _ in poll.poll(wait):
                server = by_fd[fd]
                query, source, survey = server.receive()
                answer = server.answer(query)
                heapq.heappush(due, (time.monotonic() + DELAY, len(server.seen), server.address,
                                     answer, source, survey))
                if survey:
                    server.open += 1
                    server.most = max(server.most, server.open)
                    self.open += 1
                    self.most = max(self.most, self.open)
            while due and due[0][0] <= time.monotonic():
                _, _, address, answer, source, survey = heapq.heappop(due)
                server = self.servers[address]
                if survey:
                    server.open -= 1
                    self.open -= 1
                server.udp.sendto(answer, source)


def build(world):
    """root -> test. with two servers -> z0.test. and so on, with nine servers that refuse."""
    world.keys("test.")
    root_ksk = world.keys(".")[0]

    def ds(key):
        return world.run("dnssec-dsfromkey", "-2", key)

    records = "".join(f"@ NS ns{i}\nns{i} A {a}\n" for i, a in enumerate(PARENTS))
    records += "".join(f"c{i} A {a}\n" for i, a in enumerate(CHILDREN))
    for i in range(ZONES):
        records += "".join(f"z{i} NS c{k}\n" for k in range(len(CHILDREN)))
        records += f"z{i} DS {i} 13 2 {i:064x}\n"
    parent = world.sign("test.", records)
    root = world.sign(".", f"@ NS ns.\nns. A {ROOT}\n" +
                      "".join(f"test. NS ns{i}.test.\nns{i}.test. A {a}\n"
                              for i, a in enumerate(PARENTS)) +
                      ds(world.rdata("test.", 257)[0][0]))
    with open(f"{world.folder}/anchor", "w") as file:
        file.write(ds(root_ksk))
    with open(f"{world.folder}/hints", "w") as file:
        file.write(f". 3600 IN NS ns.\nns. 3600 IN A {ROOT}\n")
    world.serve(ROOT_NSD, {".": root})
    world.serve(PARENT, {"test.": parent})


def check_few(world, binary, farm):
    """Two servers with many zones: the bound of each is what counts."""
    rows = probe(world, binary, "test.", f"zones={ZONES}", "ask=child",
                 *(f"nameserver={address}" for address in CHILDREN[:2]))
    for address in CHILDREN[:2]:
        assert sum(row[:4] == ["child", f"{address}@53", "error", "REFUSED"] for row in rows) == ZONES
        print(address, "most at once", farm.servers[address].most)
        assert farm.servers[address].most == PER_TARGET_MAX, farm.servers[address].most


def check_many(world, binary, farm):
    """All bounds at once, with everything that a survey asks."""
    rows = probe(world, binary, "test.", f"zones={ZONES}", f"rate={RATE}",
                 *(f"ns=c{i}.test." for i in range(len(CHILDREN))))

    # Everybody has been asked, and answered.
    for i, address in enumerate(PARENTS):
        assert sum(row[:3] == ["parent", f"ns{i}.test. {address}@53", "ok"] for row in rows) == ZONES
    for i, address in enumerate(CHILDREN):
        assert sum(row[:4] == ["child", f"c{i}.test. {address}@53", "error", "REFUSED"]
                   for row in rows) == ZONES

    for server in farm.servers.values():
        print(server.address, "most at once", server.most, "questions", len(server.seen),
              "of them the resolver's", sum(not survey for _, _, survey in server.seen))
    print("most at once, all together:", farm.most)
    for address in PARENTS + CHILDREN:
        assert 0 < farm.servers[address].most <= PER_TARGET_MAX, (address, farm.servers[address].most)
    # There is enough to do to come close to it.
    assert IN_FLIGHT_MAX - 16 < farm.most <= IN_FLIGHT_MAX, farm.most

    for address in PARENTS:
        when = sorted(t for t, qtype, survey in farm.servers[address].seen
                      if survey and qtype in (NS, DS))
        assert len(when) >= ZONES
        # A second has RATE steps. Both ends of it count, and this machine may be late for the first.
        least = min(b - a for a, b in zip(when, when[RATE + 1:]))
        assert least > 0.9, (address, least)

    # Each zone asks all of them for its delegation.
    for address in PARENTS:
        asked = sum(survey and qtype == NS for _, qtype, survey in farm.servers[address].seen)
        assert ZONES <= asked < ZONES + 10, (address, asked)

    # What the zones have in common is looked up once: parent, keys, names of servers, the referral to the parent.
    common = sum(not survey for server in farm.servers.values() for _, _, survey in server.seen)
    assert common < 60, common


def check(world, binary):
    build(world)
    farm = Farm()
    check_few(world, binary, farm)
    check_many(world, binary, farm)


if __name__ == "__main__":
    sys.exit(in_world("burst", check))
