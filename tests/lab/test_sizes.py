# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that two algorithms have signed are as large as `kskroll plan --algorithm` says."""

import json
import os
import socket
import time

import dns.message
import dns.rdatatype

from . import ask
from .daemons import file_name, run
from .key_lab import ADDRESS, Lab, PARENT, described
from .key_states import Keys, LATER, OLD_ALGORITHM, SHORT, SHOWN
from .marks import bound
from .wait import wait_until
from .zones import zone_text

#: Part by which the plan may be wrong. A proof has names besides that of the zone, of about 10 letters.
TOLERANCE = {"dnskey": 0, "nxdomain_nsec": 0.04, "nxdomain_nsec3": 0.04}
HOSTS = [f"host-{number:05}" for number in range(0, 200, 2)]
#: RRsets of a proof that has nothing in common with another one.
PROOFS = {"nsec": 2, "nsec3": 3}
#: Without salt each run has the same hashes.
HASHED = {"nsec3": True, "nsec3-salt-length": 0}
#: By name of its zone: policy, policy after the change, algorithms, and the proof of a name that does not exist.
CASES = {
    "ec_to_ed": ({}, {"algorithm": "ed25519"}, (13, 15), "nsec"),
    "ec_to_rsa": (HASHED, {"algorithm": "rsasha256", **HASHED}, (13, 8), "nsec3"),
    "rsa_to_ec": ({**OLD_ALGORITHM, "zsk_size": 2048}, {}, (8, 13), "nsec"),
    "csk_to_ec": ({**OLD_ALGORITHM, "single_type_signing": True}, {"single_type_signing": True}, (8, 13), "nsec")}


def octets(name, rdtype):
    """Size of the answer over TCP."""
    query = dns.message.make_query(name, rdtype, want_dnssec=True, payload=1232).to_wire()
    with socket.create_connection((ADDRESS, 53), timeout=5) as connection:
        connection.sendall(len(query).to_bytes(2, "big") + query)
        return int.from_bytes(connection.recv(2, socket.MSG_WAITALL), "big")


def unknown(zone, proof):
    """A name that does not exist, for which no RRset of the proof serves twice."""
    rdtype = dns.rdatatype.from_text(proof)
    for host in HOSTS:
        name = f"{host[:-1]}{int(host[-1]) + 1}.{zone}"
        if sum(rrset.rdtype == rdtype for rrset in ask.ask(ADDRESS, name, "A").authority) == PROOFS[proof]:
            return name
    raise LookupError(f"{zone} has no proof of {PROOFS[proof]} RRsets")


def measured(zone, proof):
    """What a validator fetches: by the names that the plan has."""
    return {"dnskey": octets(zone, "DNSKEY"), f"nxdomain_{proof}": octets(unknown(zone, proof), "A")}


def add_hosts(lab, zone):
    """The zone has the names."""
    lab.knot.write(file_name(zone), zone_text(zone, {f"ns.{PARENT}": [ADDRESS]}, 5, [f"{host} A 192.0.2.1" for host in HOSTS]))
    lab.knot.knotc("-b", "zone-reload", zone)
    wait_until(lambda: ask.answers(ADDRESS, f"{HOSTS[-1]}.{zone}", "A"), 10, f"{zone} has its names")


def signers(name, rdtype):
    """Algorithms of the signatures of an answer."""
    response = ask.ask(ADDRESS, name, rdtype)
    return {int(signature.algorithm) for rrset in (*response.answer, *response.authority) for signature in rrset
            if rrset.rdtype == dns.rdatatype.RRSIG}


def before_and_during(lab, zone, algorithms, proof):
    """Sizes with the old algorithm, and with both."""
    keys = Keys(lab, zone)
    add_hosts(lab, zone)
    before = measured(zone, proof)
    keys.change()
    keys.set(*((name, *SHOWN) for name in keys.ids if name.isupper()))
    for name, rdtype in ((zone, "DNSKEY"), (unknown(zone, proof), "A")):
        assert signers(name, rdtype) == set(algorithms), f"{name} {rdtype}: {signers(name, rdtype)}"
    return before, measured(zone, proof)


def make_store(path, zone, algorithm, *more):
    """A store with one idle zone."""
    program = os.path.join(os.environ["KSKROLL_BUILD"], "tests/unit/cli_store")
    made = run([program, path, str(int(time.time())), zone, str(algorithm), *more])
    assert made.returncode == 0, made.stderr


def kskroll(path, *args):
    """What the command line says of a store."""
    done = run([os.path.join(os.environ["KSKROLL_BUILD"], "tools/kskroll"), *args, "--json", "--db", path])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def planned(directory, zone, csk, old, new):
    """What the command line says."""
    path = os.path.join(directory, zone, "kskroll.db")
    make_store(path, zone, old, *(["csk"] if csk else []))
    return {size["when"]: size for size in kskroll(path, "plan", zone, "--algorithm", str(new))["algorithm"]["sizes"]}


@bound(90)
def test_sizes_are_those_of_the_plan(directory):
    """Two schemes, two proofs, RSA, ECDSA and Ed25519."""
    lab = Lab(directory, {name: described(None, name, later={**LATER, **later}, **SHORT, **policy)
                          for name, (policy, later, _, _) in CASES.items()})
    wrong = []
    try:
        for name, (policy, _, algorithms, proof) in CASES.items():
            zone = lab.chosen[name]["zones"][0]
            plan = planned(directory, zone, policy.get("single_type_signing"), *algorithms)
            for when, sizes in zip(("before", "during"), before_and_during(lab, zone, algorithms, proof), strict=True):
                for what, size in sizes.items():
                    print(f"{zone} {when} {what}: planned {plan[when][what]}, measured {size}")
                    if abs(plan[when][what] - size) > TOLERANCE[what] * size:
                        wrong.append(f"{zone} {when} {what}: planned {plan[when][what]}, measured {size}")
    finally:
        lab.knot.stop()
    assert not wrong, wrong
