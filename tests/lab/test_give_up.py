# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that `kskroll status` prints to give a rollover up, run as they are.

First in the states of keys that the module sets, without it; then with it.
"""

import os
import re
import sqlite3

import dns.rdatatype

from . import ask
from .daemons import run
from .faults import QUICK, QUICK_MODULE
from .key_lab import Lab, TTL, described
from .key_states import ACTIVE, AS_CSK, ASIDE, AS_ZSK, Keys, LATER, NOTHING, NOT_YET, OLD_ALGORITHM, READY, SHORT, SHOWN
from .marks import bound, long_test
from .progress import Progress
from .stuck import stuck
from .test_notify import kskroll as status_of
from .test_rollover import ZONE, module_world, start
from .test_sizes import kskroll, make_store
from .wait import pause, stays, wait_until
from .world import CHILD_BIND, KNOT

CSK = {"single_type_signing": True}
PRESIGN, INTRODUCE, ROLLED_BACK, IDLE = 13, 2, 10, 0
ALGORITHM_ROLLOVER = 35  # A gate.
BOTH_SHOWN = [("K", *SHOWN), ("Z", *SHOWN)]
#: By name: policy, the policy that follows, the states that the new keys have, what is served then, and the state of the zone.
CASES = {
    "presign": (OLD_ALGORITHM, {}, [[("k", *ASIDE), ("Z", *NOT_YET), ("K", *NOTHING)]], ("kz", "k", "Zz", ""), PRESIGN),
    "presign_csk": ({**OLD_ALGORITHM, **CSK}, CSK, [[("c", *ASIDE), ("C", *AS_ZSK, *NOT_YET)]], ("c", "c", "Cc", ""), PRESIGN),
    "introduce": (OLD_ALGORITHM, {}, [BOTH_SHOWN], ("KZkz", "Kk", "Zz", ""), INTRODUCE),
    "introduce_csk": ({**OLD_ALGORITHM, **CSK}, CSK, [[("C", *AS_CSK, *SHOWN)]], ("Cc", "Cc", "Cc", ""), INTRODUCE),
    "back": (OLD_ALGORITHM, {}, [BOTH_SHOWN, [("K", *READY), ("k", *READY)], [("K", *ACTIVE), ("k", *ACTIVE)]],
             ("KZkz", "Kk", "Zz", ""), ROLLED_BACK),
    "by_knot": (OLD_ALGORITHM, {}, [], ("KZkz", "Kk", "Zz", "K"), INTRODUCE),
    "by_knot_csk": ({**OLD_ALGORITHM, **CSK}, CSK, [], ("Cc", "Cc", "Cc", "C"), INTRODUCE),
    "to_csk": ({}, CSK, [[("C", *SHOWN, *ASIDE)]], ("Ckz", "Ck", "z", ""), INTRODUCE),
    "from_csk": (CSK, {"single_type_signing": False}, [[("Z", *READY), ("K", *SHOWN)]], ("KZc", "Kc", "c", ""), INTRODUCE),
    "csk": (CSK, None, [[("C", *SHOWN, *ASIDE)]], ("Cc", "Cc", "c", ""), INTRODUCE),
    "ksk": ({}, None, [[("K", *SHOWN)]], ("Kkz", "Kk", "z", ""), INTRODUCE)}


def typed(commands, kasp, socket):
    """A shell of the operator runs them."""
    # In 3.5 a command may come before knotd has noted the end of the one before it.
    shell = f"""keymgr() {{ command keymgr -D {kasp} "$@"; }}
                knotc() {{
                    until out=$(command knotc -b -s {socket} "$@" 2>&1); do
                        case $out in *"transaction thread mismatch"*) ;; *) echo "$out"; return 1 ;; esac
                    done
                }}
                set -e
                """
    done = run(["sh", "-c", shell + "\n".join(commands)])
    assert done.returncode == 0, f"{commands}: {done.stdout}{done.stderr}"


class Case:
    """A zone of the lab, and a store that has it in a state."""

    def __init__(self, lab, directory, name):
        self.lab, self.name = lab, name
        self.policy, later, assignments, served, self.state = CASES[name]
        self.zone = lab.chosen[name]["zones"][0]
        self.keys = Keys(lab, self.zone)
        self.before = self.keys.seen()
        self.changes = later is not None
        if self.changes:
            self.keys.change()
        else:
            self.keys.roll()
        for together in assignments:
            self.keys.set(*together)
        wait_until(lambda: self.keys.seen() == served, 20, f"{self.zone} has {served}, not {self.keys.seen()}")
        self.path = os.path.join(directory, name, "kskroll.db")
        self.store(later)

    def store(self, later):
        """What the module knows of it."""
        by_name = {key["id"]: key for key in self.lab.keys(self.zone)}
        old, new = (next((by_name[self.keys.ids[name]] for name in names if name in self.keys.ids), None) for names in ("kc", "KC"))
        make_store(self.path, self.zone, old["algorithm"])
        csk, csk_new = "c" in self.keys.ids, "C" in self.keys.ids
        # Since long: no cache has the DS of the new key alone.
        row = {"state": self.state, "since": 1, "csk": csk, "csk_new": csk_new, "old_keys": f"{old['tag']}/{old['algorithm']}/{'11' * 32}",
               "data_algorithms": 1 << old["algorithm"] | 1 << new["algorithm"]}
        if self.state != PRESIGN:
            row["new_key"] = f"{new['tag']}/{new['algorithm']}/{'22' * 32}"
        self.alter(**row)

    def alter(self, **row):
        """Columns of the zone's row."""
        with sqlite3.connect(self.path) as store:
            store.execute(f"UPDATE zone SET {', '.join(f'{name} = ?' for name in row)}", tuple(row.values()))

    def run(self, commands):
        """In this lab."""
        typed(commands, self.lab.kasp, self.lab.knot.socket)

    def give_up(self):
        """All that status prints, in its order."""
        commands = [one["command"] for one in kskroll(self.path, "status", self.zone)["zones"][0]["give_up"]]
        assert commands, self.zone
        if self.changes:
            item = re.fullmatch(r"(algorithm|single-type-signing): (\w+)", commands.pop(0))
            was = self.policy.get(item[1].replace("-", "_"), {"algorithm": "ecdsap256sha256", "single-type-signing": "off"}[item[1]])
            assert item[2] == {True: "on"}.get(was, was), f"{self.zone}: {item[0]}"
            self.lab.change_back(self.zone)
        self.run(commands)

    def rest(self):
        """What is left where the keys were published."""
        self.alter(state=IDLE, gate=ALGORITHM_ROLLOVER, new_key="")
        answer = kskroll(self.path, "status", self.zone)["zones"][0]
        assert answer["give_up"] == []
        self.run([one["command"] for one in answer["commands"]])

    def is_over(self):
        """The old keys alone are there, as before, and Knot makes others by order only."""
        wait_until(lambda: self.keys.seen() == self.before, 10, f"{self.zone} has {self.before}, not {self.keys.seen()}")
        old = {key for name, key in self.keys.ids.items() if name.islower()}
        assert {key["id"] for key in self.lab.keys(self.zone)} == old, self.zone
        return old


@long_test
@bound(110)
def test_what_status_prints_gives_a_rollover_up(directory):
    """Each kind of rollover, before the parent has the new DS."""
    lab = Lab(directory, {name: described(None, name, later=None if later is None else {**LATER, **later}, **SHORT, **policy)
                          for name, (policy, later, *_) in CASES.items()})
    try:
        cases = [Case(lab, directory, name) for name in CASES]
        for case in cases:
            case.give_up()
        hidden = [case for case in cases if case.state != PRESIGN and "algorithm" in case.policy]
        for case in hidden:
            # The signatures are there until caches have lost the DNSKEY.
            published, signers, data, _ = case.keys.seen()
            assert (published, signers) == case.before[:2] and data.lower() in ("cc", "zz"), f"{case.zone}: {case.keys.seen()}"
        assert stays(lambda: all(len(case.keys.seen()[2]) == 2 for case in hidden), TTL + 1)
        for case in hidden:
            case.rest()
        old = {case.zone: case.is_over() for case in cases}
        assert stays(lambda: all({key["id"] for key in lab.keys(zone)} == keys for zone, keys in old.items()), 2 * TTL, 0.5)
        # Nothing is left that keeps Knot from the next one.
        for case in cases:
            lab.rollover(case.zone)
    finally:
        lab.knot.stop()


# With the module.

P256, ED25519 = 13, 15


def world_of(directory, **settings):
    """Knot leaves new keys alone until the module has seen them."""
    return module_world(directory, **{**QUICK, "zone_ttl": 15, "propagation_delay": 30}, module_settings=QUICK_MODULE, **settings)


def data_algorithms(address):
    """Of the signatures of an address in the zone."""
    return {int(signature.algorithm) for rrset in ask.ask(address, f"www.{ZONE}", "A").answer for signature in rrset
            if rrset.rdtype == dns.rdatatype.RRSIG}


def gated(world, progress, state, gate):
    """Waits until the zone is at a gate. What status says of it then."""
    wait_until(lambda: (progress.state, progress.gate) == (state, gate), 60, f"{state}, {gate}")
    return wait_until(lambda: next((zone for zone in status_of(world, "status", ZONE)["zones"] if zone["gate"]["code"] == gate), None),
                      10, f"status has {gate}")


def commands(entries):
    """Without what they are for."""
    return [entry["command"] for entry in entries]


def given_up(world, progress, old):
    """Nothing is left of the new algorithm, and nothing begins again."""
    assert stays(lambda: progress.state == "idle" and ask.ksks(KNOT, ZONE) == old[ZONE], 2 * world.dnskey_ttl)
    servers = world.child_servers(public_only=False).values()
    wait_until(lambda: all(data_algorithms(address) == {P256} for address in servers), 20, "the old algorithm alone signs")
    wait_until(lambda: (progress.state, progress.gate) == ("idle", "none"), 40, "idle")
    world.assert_secure()


@bound(150)
def test_a_new_algorithm_is_given_up_in_presign(directory):
    """With a configuration database, where a derived policy has the new algorithm as well."""
    with world_of(directory, confdb=True) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        world.set_policy(algorithm="ed25519")
        zone = gated(world, progress, "presign", "waiting-zone-ttl")
        world.policy["algorithm"] = "ecdsap256sha256"
        typed(commands(zone["give_up"]), world.knot.path("db", "keys"), world.knot.socket)
        progress.wait("idle", 30)
        given_up(world, progress, old)


@long_test
@bound(150)
def test_a_new_algorithm_is_given_up_in_introduce(directory):
    """A secondary has the new DNSKEY later than others, and loses it later."""
    with world_of(directory) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        world.set_policy(algorithm="ed25519")
        gated(world, progress, "presign", "waiting-zone-ttl")
        with stuck(world.child_bind):
            zone = gated(world, progress, "introduce", "dnskey-missing-at")
            assert CHILD_BIND in zone["gate"]["about"]
            begin, algorithm, _, commit, *others = commands(zone["give_up"])
            assert (begin, commit) == ("knotc conf-begin", "knotc conf-commit") and algorithm.endswith(".algorithm' ecdsap256sha256")
            # As they say: with a configuration file, there.
            world.set_policy(algorithm="ecdsap256sha256")
            typed(others, world.knot.path("db", "keys"), world.knot.socket)
            zone = gated(world, progress, "idle", "algorithm-rollover")
        assert data_algorithms(KNOT) == {P256, ED25519}
        # As the comment says.
        wait_until(lambda: all(ask.ksks(address, ZONE) == old[ZONE] for address in world.child_servers(public_only=False).values()),
                   20, "every nameserver has the old keys alone")
        pause(world.dnskey_ttl + 1)
        assert commands(zone["give_up"]) == []
        typed(commands(zone["commands"]), world.knot.path("db", "keys"), world.knot.socket)
        given_up(world, progress, old)


@long_test
@bound(240)
def test_the_new_key_stays_while_caches_may_have_its_ds(directory):
    """During the observation the parent takes the old DS back. What status prints at once must not harm, and what it prints later ends it."""
    # Introduce is longer than a cache keeps the DS.
    settings = {**QUICK, "dnskey_ttl": 40, "ds_ttl": 15, "module_settings": {**QUICK_MODULE, "ttl": 40, "observe": 60}}
    with module_world(directory, confdb=True, **settings) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        progress.wait("observe", 120)
        world.agent.deaf = True
        wait_until(lambda: progress.gate == "waiting-observe", 60, "the old DS has expired from caches")
        world.agent.insert_ds(ZONE, ask.ds_of(ZONE, old[ZONE]))
        progress.wait("introduce", 30)

        def given():
            zone, = status_of(world, "status", ZONE)["zones"]
            return commands(zone["give_up"])
        shown = wait_until(given, 20, "status has a command")
        assert shown == [f"kskroll status {ZONE}"], shown
        wait_until(lambda: given()[:1] and given()[0].startswith("keymgr"), 40, "status says how it is given up")
        typed(given(), world.knot.path("db", "keys"), world.knot.socket)
        progress.wait("idle", 30)
        assert stays(lambda: ask.ksks(KNOT, ZONE) == old[ZONE], world.ds_ttl + 2)
        world.assert_secure()
