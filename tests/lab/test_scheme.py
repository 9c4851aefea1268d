# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes between KSK and ZSK and a single key, which the operator begins by changing the policy. Each test is there for both ways."""

import contextlib
import json
import time

import dns.dnssec

from . import ask, check
from .daemons import run
from .faults import QUICK, QUICK_MODULE, fault, keymgr
from .flicker import Flicker
from .key_states import AS_ZSK, HIDDEN, NOTHING
from .marks import bound, long_test
from .progress import STEPS, Progress
from .stuck import stuck
from .test_csk import LONG_ZONE_TTL, data_signers
from .test_faults import stuck_after_the_swap, stuck_before_the_new_key
from .test_faults_validation import WATCHED, held, resumed, rolled_back, stale_instance
from .test_notify import kskroll
from .test_rollover import ROLLOVER, ZONE, interrupt_everywhere, module_world, power_cut
from .wait import pause, stays, wait_until
from .world import CHILD_BIND, CHILD_NSD, KNOT, elapsed_since

#: Knot publishes the new keys, and signals them after this delay and the DNSKEY TTL. The module has to act before that.
SLOW_KNOT = 30
#: All that is served during a whole change: DNSKEY, who signs it, who signs the data, CDS. As docs/knot-behaviour.rst has it
#: ("To a CSK", "From a CSK"): in lower case the old keys.
TO_CSK = [("kz", "k", "z", ""), ("Ckz", "Ck", "z", ""), ("Ckz", "Ck", "z", "C"), ("Ckz", "Ck", "z", ""), ("Ckz", "Ck", "C", ""),
          ("C", "C", "C", "")]
FROM_CSK = [("c", "c", "c", ""), ("KZc", "Kc", "c", ""), ("KZc", "Kc", "c", "K"), ("KZc", "Kc", "c", ""), ("KZc", "Kc", "Z", ""),
            ("KZ", "K", "Z", "")]


def before(csk, **settings):
    """Settings of a world whose zones are to have a single key, or are not to have one any more."""
    return {"propagation_delay": SLOW_KNOT, "policy": {"single-type-signing": not csk}, **settings}


def begin(world, csk):
    """The operator's start."""
    world.set_policy(single_type_signing=csk)


@contextlib.contextmanager
def changing(directory, what, csk, **settings):
    """A quick world whose scheme is to change, and a row for the table of faults."""
    kind = "KSK and ZSK become a single-type key" if csk else "A single-type key becomes KSK and ZSK"
    with fault(directory, f"{kind}, and {what}", **before(csk, **settings)) as case:
        yield case


def roles(world):
    """Key tag -> K, Z, or C: both."""
    return {key["tag"]: "C" if key["ksk"] and key["zsk"] else "K" if key["ksk"] else "Z"
            for key in json.loads(keymgr(world, "list", "--json"))}


def served(address, zone):
    """ask.signed() of one version of the zone."""
    serials = [ask.rrset(address, zone, "SOA")[0].serial]
    found = ask.signed(address, zone)
    serials.append(ask.rrset(address, zone, "SOA")[0].serial)
    if serials[0] != serials[1]:
        raise LookupError(f"{zone} has changed in between")
    return found


class Story:
    """What one server serves during a change. Use it as a context manager, from before the change on."""

    def __init__(self, world):
        self.world = world
        self._flicker = Flicker(KNOT, ZONE, served, 0.1)
        self._names = {tag: role.lower() for tag, role in roles(world).items()}

    def __enter__(self):
        self._flicker.__enter__()
        wait_until(lambda: self._flicker.seen, 20, "what is served before")
        return self

    def __exit__(self, *error):
        self._flicker.__exit__(*error)

    def name(self):
        """Gives names to the new keys, once they are there."""
        self._names = {**roles(self.world), **self._names}

    def rows(self):
        """One for each change."""
        def names(tags):
            return "".join(sorted(self._names.get(tag, f"?{tag}") for tag in tags))
        return [(names(keys), names(signers), names(data) if isinstance(data, frozenset) else str([*map(names, data)]), names(cds))
                for _, (keys, signers, data, cds) in self._flicker.seen]


def changes(world, progress, csk):
    """A whole change, as docs/knot-behaviour.rst has it."""
    old, seen = ask.ksks(KNOT, ZONE), len(progress.history)
    with Story(world) as story:
        begin(world, csk)
        # A parent that is quicker than the module's check leaves nothing to wait for: await-ds can be over before it is seen.
        wait_until(lambda: progress.passed("await-ds", seen), ROLLOVER, "await-ds")
        story.name()
        wait_until(lambda: progress.passed("settle", seen), ROLLOVER, "the end of the change")
    progress.wait("idle", 60)
    check.rolled(world, ZONE, old)
    assert story.rows() == (TO_CSK if csk else FROM_CSK), story.rows()
    assert set(roles(world).values()) == ({"C"} if csk else {"K", "Z"})
    order = [state for state in dict.fromkeys(state for _, state, _ in progress.history[seen:]) if state in STEPS]
    assert order == [state for state in STEPS if state in order], order


@bound(120)
def test_to_a_single_key(directory):
    with module_world(directory, **before(True, **QUICK, module_settings=QUICK_MODULE)) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        changes(world, progress, True)
        check.signals_followed_keys(world, ZONE)
        check.old_ds_ran_out(world, ZONE)
        world.assert_secure()


@long_test
@bound(300)
def test_there_and_back_with_configuration_database(directory):
    """The derived policies of the first change are there in the second, with another scheme."""
    settings = before(False, **{**QUICK, "pinned": True}, module_settings=QUICK_MODULE, confdb=True)
    with module_world(directory, **settings) as (world, _), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        changes(world, progress, False)
        changes(world, progress, True)
        world.assert_secure()


@long_test
@bound(300)
def test_there_and_back_before_it_has_settled(directory):
    """The TTL of the policy is low enough, so Knot makes the keys at once."""
    module = {**QUICK_MODULE, "ttl": QUICK["dnskey_ttl"], "settle": 200}
    with module_world(directory, **before(True, **QUICK, module_settings=module)) as (world, _), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        for csk in (True, False, True):
            begin(world, csk)
            progress.wait("await-ds", ROLLOVER)
            progress.wait("settle", ROLLOVER)
            assert set(roles(world).values()) == ({"C"} if csk else {"K", "Z"}), roles(world)
        assert len(world.knot.log_lines("settle -> idle")) == 2
        world.assert_secure()


# Caches.

def old_keys_stay(directory, csk):
    """A cache may have data that the old end has signed, and the DNSKEY RRset of any moment."""
    settings = before(csk, zone_ttl=LONG_ZONE_TTL, ds_ttl=5)
    with module_world(directory, **settings) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        old_end = set(roles(world))
        world.agent.deaf = True
        begin(world, csk)
        progress.wait("await-ds", 60)
        servers = world.child_servers()
        assert all(data_signers(address) <= old_end for address in servers.values()), old_end
        world.agent.deaf = False
        progress.wait("observe", 60)
        assert not any(data_signers(address) & old_end for address in servers.values()), old_end
        signed = time.monotonic()
        wait_until(lambda: any(old_end - ask.signed(address, ZONE)[0] for address in servers.values()), 90, "a key of the old end goes")
        # The module saw the signatures before this test did.
        assert elapsed_since(signed) > LONG_ZONE_TTL - 5, f"{elapsed_since(signed):.1f} s"
        progress.wait_visited("settle", 60)
        progress.wait("idle", 60)
        check.rolled(world, ZONE, old[ZONE])
        check.old_ds_ran_out(world, ZONE)
        world.assert_secure()


@long_test
@bound(300)
def test_zsk_and_ksk_stay_until_no_cache_has_their_data(directory):
    old_keys_stay(directory, True)


@long_test
@bound(300)
def test_a_single_key_stays_until_no_cache_has_its_data(directory):
    old_keys_stay(directory, False)


# Secondaries.

@long_test
@bound(200)
def test_stuck_before_the_swap_to_a_single_key(directory):
    with changing(directory, "a secondary is stuck before it has the new key", True, pinned=True) as case:
        stuck_before_the_new_key(case, lambda: begin(case.world, True))


@long_test
@bound(200)
def test_stuck_before_the_swap_from_a_single_key(directory):
    with changing(directory, "a secondary is stuck before it has the new key", False, pinned=True) as case:
        stuck_before_the_new_key(case, lambda: begin(case.world, False))


def stuck_with_signals(directory, csk):
    """As long as a secondary has CDS, the data is not moved."""
    with changing(directory, "a secondary is stuck when the DS was swapped", csk, pinned=True) as case:
        old_end = set(roles(case.world))
        stuck_after_the_swap(case, lambda: begin(case.world, csk), lambda: data_signers(KNOT) <= old_end)


@long_test
@bound(200)
def test_stuck_after_the_swap_to_a_single_key(directory):
    stuck_with_signals(directory, True)


@long_test
@bound(200)
def test_stuck_after_the_swap_from_a_single_key(directory):
    stuck_with_signals(directory, False)


def hold(case, value):
    """The operator switches it."""
    case.world.knot.transaction(("conf-set", "mod-kskroll[default].hold", value))


def stuck_with_old_data(directory, csk):
    """A secondary has no CDS any more, and the data that the old end has signed."""
    with changing(directory, "a secondary is stuck before it has the signatures of the new end", csk, confdb=True, pinned=True) as case:
        world, old_end = case.world, set(roles(case.world))
        world.agent.deaf = True
        begin(world, csk)
        case.progress.wait("await-ds", 60)
        wait_until(lambda: ask.tags(CHILD_BIND, ZONE, "CDS"), 20, "the secondary has CDS")
        with stuck(world.child_bind):
            world.agent.deaf = False
            case.progress.wait("withdraw", 60)
            hold(case, "on")
            case.gate("held-by-operator", state="withdraw")
        wait_until(lambda: not ask.tags(CHILD_BIND, ZONE, "CDS"), 60, "the secondary has no CDS")
        with stuck(world.child_bind):
            assert data_signers(KNOT) <= old_end
            hold(case, "off")
            case.gate("signatures-missing-at", CHILD_BIND)
            assert data_signers(CHILD_BIND) <= old_end and not data_signers(KNOT) & old_end
            assert stays(lambda: old_end <= ask.signed(CHILD_NSD, ZONE)[0], world.ds_ttl + world.dnskey_ttl + world.zone_ttl, 0.5)
            assert case.progress.state in ("withdraw", "observe")
        ended = time.monotonic()
        case.did = "keeps all keys, waits for the zone TTL from when the secondary has the signatures"
        wait_until(lambda: old_end - ask.signed(KNOT, ZONE)[0], 90, "a key of the old end goes")
        assert elapsed_since(ended) >= world.zone_ttl, elapsed_since(ended)
        case.finish()


@long_test
@bound(200)
def test_stuck_with_data_of_zsks(directory):
    stuck_with_old_data(directory, True)


@long_test
@bound(200)
def test_stuck_with_data_of_a_single_key(directory):
    stuck_with_old_data(directory, False)


# The server.

def interrupted(directory, interrupt, csk, **settings):
    """A change with one interruption in each state."""
    interrupt_everywhere(directory, interrupt, begin=lambda world: begin(world, csk), steps=STEPS[1:], **before(csk, **settings))


@long_test
@bound(400)
def test_restart_in_every_state_to_a_single_key(directory):
    interrupted(directory, lambda world: world.knot.restart(), True)


@long_test
@bound(400)
def test_restart_in_every_state_from_a_single_key(directory):
    interrupted(directory, lambda world: world.knot.restart(), False)


@long_test
@bound(400)
def test_kill_in_every_state_to_a_single_key_with_configuration_database(directory):
    interrupted(directory, power_cut, True, confdb=True)


@long_test
@bound(400)
def test_kill_in_every_state_from_a_single_key_with_configuration_database(directory):
    interrupted(directory, power_cut, False, confdb=True)


@long_test
@bound(400)
def test_reload_in_every_state_to_a_single_key(directory):
    interrupted(directory, lambda world: world.knot.reload(), True)


@long_test
@bound(400)
def test_reload_in_every_state_from_a_single_key(directory):
    interrupted(directory, lambda world: world.knot.reload(), False)


# Back.

def again_after_rollback(directory, csk):
    """The watch undoes the swap; then the cause is gone, and the operator lets it go on."""
    with changing(directory, "validation fails after the swap", csk, **WATCHED) as case:
        with stale_instance(case.world):
            rolled_back(case, lambda: begin(case.world, csk))
            held(case)
            assert case.world.ds_everywhere(ZONE, ask.ksks(KNOT, ZONE))
            case.did = "asks for the old DS back (CDS of both keys), then rolled-back; all keys stay"
        resumed(case)
        case.finish("completed after the cause was removed, and hold was switched on and off")
        assert set(roles(case.world).values()) == ({"C"} if csk else {"K", "Z"})


@long_test
@bound(240)
def test_validation_fails_after_the_swap_to_a_single_key(directory):
    again_after_rollback(directory, True)


@long_test
@bound(240)
def test_validation_fails_after_the_swap_from_a_single_key(directory):
    again_after_rollback(directory, False)


def ways_to_give_up(case):
    """Commands of `kskroll status`; None while there are none, or it is too early."""
    row, = kskroll(case.world, "status", ZONE)["zones"]
    commands = [one["command"] for one in row["give_up"]]
    return None if commands == [f"kskroll status {ZONE}"] else commands


def given_up(case):
    """The operator runs what status prints, as it is: policy, keys. The zone is as before."""
    commands = wait_until(lambda: ways_to_give_up(case), 60, "status says how it is given up")
    shell = f"""keymgr() {{ command keymgr -c {case.world.knot.path("knot.conf")} "$@"; }}
                knotc() {{ command knotc -b -s {case.world.knot.socket} "$@"; }}
                set -e
                """
    done = run(["sh", "-c", shell + "\n".join(commands)])
    assert done.returncode == 0, f"{commands}: {done.stdout}{done.stderr}"
    case.logged("-> idle")


def given_up_after_rollback(directory, csk):
    """The old end signs the data from the rollback on, and stays."""
    with changing(directory, "validation fails after the swap, and the operator gives it up", csk, **WATCHED) as case:
        old_end = set(roles(case.world))
        with stale_instance(case.world):
            rolled_back(case, lambda: begin(case.world, csk))
            held(case)
            case.did = "asks for the old DS back (CDS of both keys), then rolled-back; all keys stay"
        # The parent of the lab has both.
        case.world.agent.insert_ds(ZONE, ask.ds_of(ZONE, case.old))
        given_up(case)
        assert set(roles(case.world)) == old_end
        for label, address in case.world.child_servers(public_only=False).items():
            wait_until(lambda a=address: ask.signed(a, ZONE)[0] == old_end, 20, f"{label} is as before")
        case.stays("idle", case.world.ds_ttl, "given up", lambda: ask.signed(KNOT, ZONE)[0] == old_end)
        case.ended = "the old keys alone, after what `kskroll status` prints"


@long_test
@bound(300)
def test_a_rollback_to_ksk_and_zsk_is_given_up(directory):
    given_up_after_rollback(directory, True)


@long_test
@bound(300)
def test_a_rollback_to_a_single_key_is_given_up(directory):
    given_up_after_rollback(directory, False)


# With the algorithm.

def both_and_back(case, csk, back):
    """Nothing holds what Knot makes for both. One is set back, the keys are removed, and the other change goes its way."""
    world, old_end = case.world, set(roles(case.world))
    world.agent.deaf = True
    world.set_policy(algorithm="ed25519", single_type_signing=csk)
    case.gate("scheme-change", state="idle")
    # The zone TTL and Knot's delay.
    wait_until(lambda: len(ask.ksks(KNOT, ZONE)) == 2, 60, "Knot publishes the new key")
    def both():
        gate = kskroll(world, "status", ZONE)["zones"][0]["gate"]
        return gate["code"] == "scheme-change" and f"made for both, key {dns.dnssec.key_id(case.new()[0])}" in json.dumps(gate)
    wait_until(both, 20, "status names the key")
    world.set_policy(**back)
    case.stays("idle", 3 * world.dnskey_ttl, "Knot has signalled keys of both", lambda: case.old_ds() and both())
    # As docs/algorithm.rst says: first they are not published, and sign until caches have lost them.
    new = {tag: role for tag, role in roles(world).items() if tag not in old_end}
    for tag, role in new.items():
        keymgr(world, "set", str(tag), *{"C": (*AS_ZSK, "active=+0", *HIDDEN), "K": NOTHING, "Z": HIDDEN}[role])
    case.knotc("zone-keys-load", ZONE)
    # Knot 3.5 counts no KSK without timers, so it may begin the other change at once.
    for label, address in world.child_servers(public_only=False).items():
        wait_until(lambda a=address: set(new).isdisjoint(ask.signed(a, ZONE)[0]), 20, f"{label} has no key that was made for both")
        assert old_end <= ask.signed(address, ZONE)[0], f"{label} lacks an old key"
    pause(world.dnskey_ttl + 1)
    assert case.no_signals(), "a key is signalled beside those that were made for both"
    for tag in new:
        keymgr(world, "delete", str(tag))
    case.knotc("zone-keys-load", ZONE)
    case.did = "does not begin, and says that both were changed; after one was set back and the keys were removed, the other change begins"
    world.agent.deaf = False
    case.finish("completed by itself", signals=False)


@long_test
@bound(240)
def test_algorithm_and_scheme_at_once_and_the_scheme_is_set_back(directory):
    with changing(directory, "the algorithm changes at the same time; the scheme is set back", True, propagation_delay=3) as case:
        both_and_back(case, True, {"single_type_signing": False})
        assert ask.data_algorithms(KNOT, ZONE) == {15} and set(roles(case.world).values()) == {"K", "Z"}


@long_test
@bound(240)
def test_algorithm_and_scheme_at_once_and_the_algorithm_is_set_back(directory):
    with changing(directory, "the algorithm changes at the same time, and is set back", False, propagation_delay=3) as case:
        both_and_back(case, False, {"algorithm": "ecdsap256sha256"})
        assert ask.data_algorithms(KNOT, ZONE) == {13} and set(roles(case.world).values()) == {"K", "Z"}
