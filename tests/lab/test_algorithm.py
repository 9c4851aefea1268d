# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollovers to another algorithm, which the operator begins by changing the policy: of KSK and ZSK, and of a single key."""

import contextlib
import json

from . import ask, check
from .cache_model import STRICT_KEY
from .faults import QUICK, QUICK_MODULE, fault, keymgr
from .key_lab import state_of
from .key_states import AS_ZSK, HIDDEN, NOTHING
from .marks import bound, long_test
from .progress import ALGORITHM_STEPS, Progress
from .stuck import stuck
from .test_faults_validation import WATCHED, held, rolled_back, stale_instance
from .test_notify import kskroll
from .test_rollover import ROLLOVER, ZONE, interrupt_everywhere, module_world
from .wait import pause, wait_until
from .world import CHILD_BIND, CHILD_NSD, KNOT

RSA, P256, ED25519 = "rsasha256", "ecdsap256sha256", "ed25519"
NUMBERS = {RSA: 8, P256: 13, ED25519: 15}
#: Knot leaves keys of a new algorithm alone for this delay and the zone TTL, and published ones for the delay and the
#: DNSKEY TTL. The module has to act before that, and does not wait for it.
SLOW_KNOT = 30
TIMES = {"zone_ttl": 6, "propagation_delay": SLOW_KNOT}
CSK = {"single-type-signing": True}
#: Longer than the DNSKEY TTL of before, so that it is waited for by itself.
LONG_ZONE_TTL = {"zone_ttl": 16}


def policy(algorithm, **others):
    """Settings of a world with this algorithm."""
    return {**TIMES, "policy": {"algorithm": algorithm, **others}}


def begin(world, algorithm=ED25519):
    """The operator's start."""
    world.set_policy(algorithm=algorithm)


def signed_twice(address):
    """Whether signatures of two algorithms are there."""
    return len(ask.data_algorithms(address, ZONE)) == 2


def has_algorithm(world, algorithm):
    """Waits until every server has keys and signatures of this algorithm alone."""
    only = {NUMBERS[algorithm]}
    for label, address in world.child_servers(public_only=False).items():
        wait_until(lambda a=address: ask.algorithms(a, ZONE) == ask.data_algorithms(a, ZONE) == only, 10, f"{label} has {algorithm} alone")


def blocked_by(case, gate, server):
    """The command line says what the log has said."""
    row, = kskroll(case.world, "status", ZONE)["zones"]
    assert row["gate"]["code"] == gate and server in row["gate"]["about"], row["gate"]


def rolls(world, progress, algorithm):
    """A whole rollover to this algorithm."""
    old, before = ask.ksks(KNOT, ZONE), len(progress.history)
    begin(world, algorithm)
    wait_until(lambda: any(state == "settle" for _, state, _ in progress.history[before:]), ROLLOVER, f"the end of the rollover to {algorithm}")
    progress.wait("idle", 60)
    check.rolled(world, ZONE, old)
    has_algorithm(world, algorithm)
    seen = [state for _, state, _ in progress.history[before:] if state in ALGORITHM_STEPS]
    order = [state for number, state in enumerate(seen) if number == 0 or seen[number - 1] != state]
    assert order == [state for state in ALGORITHM_STEPS if state in order] and "presign" in order, order


def finishes(case, algorithm=ED25519, **kwargs):
    """The rollover ends as it should, with this algorithm alone."""
    case.finish(**kwargs)
    has_algorithm(case.world, algorithm)


@bound(150)
def test_a_secondary_is_stuck_before_the_zone_is_signed_twice(directory):
    """What breaks Knot's own rollover of an algorithm for validators that go by DNSKEY."""
    with fault(directory, "The algorithm changes, and a secondary is stuck before the zone is signed by both", **TIMES) as case:
        with stuck(case.world.child_bind):
            begin(case.world)
            case.gate("signatures-missing-at", CHILD_BIND, "presign")
            blocked_by(case, "signatures-missing-at", CHILD_BIND)
            case.stays("presign", 2 * case.world.zone_ttl, "the secondary is stuck",
                       lambda: ask.ksks(KNOT, ZONE) == case.old and case.no_signals() and signed_twice(KNOT))
            case.did = "signs with both, publishes no new key"
        case.gate("waiting-zone-ttl", state="presign")
        finishes(case)


@bound(150)
def test_a_secondary_keeps_the_old_signatures_of_a_single_key(directory):
    with fault(directory, "The algorithm of a single-type key changes, and a secondary is stuck before the old signatures go",
               confdb=True, **policy(P256, **CSK)) as case:
        begin(case.world)
        case.progress.wait_visited("retire", ROLLOVER)
        wait_until(lambda: len(ask.ksks(CHILD_BIND, ZONE)) == 1, 20, "the secondary has the new key alone")
        with stuck(case.world.child_bind):
            case.gate("signatures-remain-at", CHILD_BIND, "clean")
            blocked_by(case, "signatures-remain-at", CHILD_BIND)
            case.stays("clean", 4, "the secondary is stuck", lambda: ask.data_algorithms(KNOT, ZONE) == {15})
            case.did = "has the new key and its signatures, waits for the secondary"
        finishes(case)


def listed(world):
    """All keys, as keymgr lists them."""
    return json.loads(keymgr(world, "list", "--json"))


def states(world):
    """ID -> state of each key."""
    return {key["id"]: state_of(key) for key in listed(world)}


def others_roll(case):
    """The operator orders rollovers in presign: Knot begins none, and the zone goes on as before."""
    with stuck(case.world.child_bind):
        begin(case.world)
        case.gate("signatures-missing-at", CHILD_BIND, "presign")
        before = states(case.world)
        for kind in ("ksk", "zsk"):
            case.knotc("-b", "zone-key-rollover", ZONE, kind)
            assert case.world.knot.log_lines(f"ignoring forced {kind.upper()} rollover"), f"Knot begins a rollover of a {kind}"
        case.knotc("-b", "zone-sign", ZONE)
        assert states(case.world) == before
        assert ask.ksks(KNOT, ZONE) == case.old and case.no_signals() and signed_twice(KNOT)
    case.did = "begins no rollover beside that of the algorithm"
    finishes(case)


@long_test
@bound(150)
def test_others_order_rollovers_in_presign(directory):
    with fault(directory, "Rollovers of KSK and ZSK are ordered in presign", **TIMES) as case:
        others_roll(case)


@long_test
@bound(150)
def test_others_order_rollovers_in_presign_of_a_single_key(directory):
    with fault(directory, "Rollovers of a single-type key are ordered in presign", **policy(P256, **CSK)) as case:
        others_roll(case)


@long_test
@bound(300)
def test_there_and_back(directory):
    with module_world(directory, **{**QUICK, **policy(RSA), **LONG_ZONE_TTL}, module_settings=QUICK_MODULE) as (world, _), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        rolls(world, progress, P256)
        rolls(world, progress, RSA)
        world.assert_secure()


@long_test
@bound(300)
def test_there_and_back_of_a_single_key_with_configuration_database(directory):
    """The derived policy of the first rollover is there in the second, with another algorithm."""
    with module_world(directory, confdb=True, **{**QUICK, **policy(P256, **CSK), **LONG_ZONE_TTL}, module_settings=QUICK_MODULE) as (world, _), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        rolls(world, progress, ED25519)
        rolls(world, progress, P256)
        world.assert_secure()


@bound(120)
def test_knot_cannot_sign_with_the_new_algorithm(directory):
    """A rollover is ordered before Knot has signed by the changed policy: it makes a KSK, and no ZSK."""
    with module_world(directory, **{**QUICK, **policy(P256)}, module_settings=QUICK_MODULE) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        world.knot.knotc("zone-freeze", ZONE)
        begin(world)
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        (key, role), = wait_until(lambda: new_keys(world), 20, "the new KSK")
        assert role == "K"
        world.knot.knotc("zone-thaw", ZONE)
        wait_until(lambda: progress.gate == "algorithm-pending", 30, "the gate")
        assert progress.state == "idle" and ask.ksks(KNOT, ZONE) == old[ZONE] and not signed_twice(KNOT)
        keymgr(world, "delete", f"id={key}")
        world.knot.knotc("zone-keys-load", ZONE)
        progress.wait("presign", 30)
        world.assert_secure()


# Secondaries.

def stuck_without_the_new_key(case):
    """Signed by both, but without the new DNSKEY."""
    begin(case.world)
    # With a low TTL, too.
    case.gate("waiting-zone-ttl", state="presign")
    with stuck(case.world.child_bind):
        case.gate("dnskey-missing-at", CHILD_BIND, "introduce")
        case.stays("introduce", 2 * case.world.dnskey_ttl, "the secondary is stuck",
                   lambda: case.both_keys() and case.no_signals() and case.old_ds())
        case.did = "publishes both keys, does not signal"
    finishes(case)


def stuck_after_the_swap(case):
    """With CDS, both keys, and both signatures."""
    case.world.agent.deaf = True
    begin(case.world)
    case.progress.wait("await-ds", 60)
    wait_until(lambda: ask.tags(CHILD_BIND, ZONE, "CDS"), 20, "the secondary has CDS")
    with stuck(case.world.child_bind):
        case.world.agent.deaf = False
        case.gate("cds-remains-at", CHILD_BIND, "withdraw")
        case.stays("withdraw", case.world.ds_ttl + case.world.zone_ttl, "the secondary is stuck",
                   lambda: case.both_keys() and signed_twice(KNOT))
        case.did = "keeps both keys and all signatures"
    finishes(case)


def stuck_with_the_old_key(case):
    """The old DNSKEY is on one server still."""
    begin(case.world)
    case.progress.wait("observe", ROLLOVER)
    wait_until(lambda: not ask.tags(CHILD_BIND, ZONE, "CDS"), 20, "the secondary has no CDS")
    with stuck(case.world.child_bind):
        case.gate("dnskey-remains-at", CHILD_BIND, "retire")
        case.stays("retire", 2 * case.world.dnskey_ttl, "the secondary is stuck", lambda: signed_twice(KNOT))
        assert len(ask.ksks(CHILD_NSD, ZONE)) == 1
        case.did = "keeps the signatures of the old algorithm"
    finishes(case)


@contextlib.contextmanager
def changing(directory, what, csk=False, **settings):
    """A quick world whose algorithm is to change, and a row for the table of faults."""
    kind = "of a single-type key " if csk else ""
    with fault(directory, f"The algorithm {kind}changes, and {what}", **{**policy(P256, **(CSK if csk else {})), **settings}) as case:
        yield case


@long_test
@bound(200)
def test_stuck_without_the_new_key(directory):
    with changing(directory, "a secondary is stuck before it has the new key", pinned=True, **LONG_ZONE_TTL) as case:
        stuck_without_the_new_key(case)


@long_test
@bound(200)
def test_stuck_without_the_new_key_of_a_single_key(directory):
    with changing(directory, "a secondary is stuck before it has the new key", csk=True, pinned=True, **LONG_ZONE_TTL) as case:
        stuck_without_the_new_key(case)


@long_test
@bound(200)
def test_stuck_after_the_swap(directory):
    with changing(directory, "a secondary is stuck when the DS was swapped", pinned=True) as case:
        stuck_after_the_swap(case)


@long_test
@bound(200)
def test_stuck_after_the_swap_of_a_single_key(directory):
    with changing(directory, "a secondary is stuck when the DS was swapped", csk=True, pinned=True) as case:
        stuck_after_the_swap(case)


@long_test
@bound(200)
def test_stuck_with_the_old_key(directory):
    with changing(directory, "a secondary is stuck before the old key goes", pinned=True) as case:
        stuck_with_the_old_key(case)


@long_test
@bound(200)
def test_stuck_with_the_old_key_of_a_single_key(directory):
    with changing(directory, "a secondary is stuck before the old key goes", csk=True, pinned=True) as case:
        stuck_with_the_old_key(case)


# The server.

def power_cut(world):
    """Killed, and started again."""
    world.knot.kill9()
    world.knot.launch()


def interrupted(directory, interrupt, confdb=False, **items):
    """A rollover to another algorithm with one interruption in each state."""
    interrupt_everywhere(directory, interrupt, begin=begin, steps=ALGORITHM_STEPS, confdb=confdb, **policy(P256, **items))


@long_test
@bound(400)
def test_restart_in_every_state(directory):
    interrupted(directory, lambda world: world.knot.restart())


@long_test
@bound(400)
def test_kill_in_every_state_with_configuration_database(directory):
    interrupted(directory, power_cut, confdb=True)


@long_test
@bound(400)
def test_reload_in_every_state(directory):
    interrupted(directory, lambda world: world.knot.reload())


@long_test
@bound(400)
def test_kill_in_every_state_of_a_single_key(directory):
    interrupted(directory, power_cut, **CSK)


@long_test
@bound(400)
def test_reload_in_every_state_of_a_single_key(directory):
    interrupted(directory, lambda world: world.knot.reload(), **CSK)


# Late.

def late(case, there):
    """Knot goes its own way until \\a there() says so; then the zone gets the module."""
    world = case.world
    world.agent.deaf = True
    world.attach(False)
    world.set_policy(algorithm=ED25519, propagation_delay=1)
    wait_until(there, 60, "Knot goes on by itself")
    world.policy["propagation-delay"] = SLOW_KNOT
    world.attach()


@long_test
@bound(200)
def test_the_keys_are_published_before_the_module_comes(directory):
    with changing(directory, "the module comes when Knot has published the new keys, a secondary has none of that", **LONG_ZONE_TTL) as case:
        with stuck(case.world.child_bind):
            case.world.rightly_broken("Knot does not wait for a stuck secondary", STRICT_KEY)
            late(case, lambda: len(ask.algorithms(KNOT, ZONE)) == 2)
            case.gate(("dnskey-missing-at", "signatures-missing-at"), CHILD_BIND, "introduce")
            case.stays("introduce", 2 * case.world.dnskey_ttl, "the secondary is stuck", case.no_signals)
        case.gate("waiting-zone-ttl", state="introduce")
        case.world.agent.deaf = False
        case.did = "does not signal; waits for the secondary, and the zone TTL from then on"
        finishes(case, signals=False)


@long_test
@bound(200)
def test_the_new_key_is_signalled_before_the_module_comes(directory):
    with changing(directory, "the module comes when Knot has signalled the new key", **LONG_ZONE_TTL) as case:
        late(case, lambda: ask.tags(KNOT, ZONE, "CDS"))
        case.progress.wait_visited("introduce", 30)
        wait_until(case.no_signals, 20, "the signals are gone")
        case.gate("waiting-zone-ttl", state="introduce")
        case.world.agent.deaf = False
        case.did = "takes the signals back, and begins where all servers have both algorithms"
        finishes(case, signals=False)


@long_test
@bound(200)
def test_the_new_key_is_signalled_by_a_single_key_before_the_module_comes(directory):
    with changing(directory, "the module comes when Knot has signalled the new key", csk=True) as case:
        late(case, lambda: ask.tags(KNOT, ZONE, "CDS"))
        case.progress.wait_visited("introduce", 30)
        wait_until(case.no_signals, 20, "the signals are gone")
        case.world.agent.deaf = False
        case.did = "takes the signals back, and begins where all servers have both algorithms"
        finishes(case, signals=False)


# Back.

def again_after_rollback(case):
    """The watch undoes the swap; then the cause is gone, and the operator lets it go on."""
    with stale_instance(case.world):
        rolled_back(case, lambda: begin(case.world))
        held(case)
        assert case.world.ds_everywhere(ZONE, ask.ksks(KNOT, ZONE))
        assert all(map(signed_twice, case.world.child_servers(public_only=False).values()))
        case.did = "asks for the old DS back (CDS of both keys), then rolled-back; both algorithms sign"
    for value in ("on", "off"):
        case.world.knot.transaction(("conf-set", "mod-kskroll[default].hold", value))
        if value == "on":
            case.gate("held-by-operator", state="rolled-back")
    finishes(case, ended="completed after the cause was removed, and hold was switched on and off")


@long_test
@bound(240)
def test_validation_fails_after_the_swap(directory):
    with changing(directory, "validation fails after the swap", **WATCHED) as case:
        again_after_rollback(case)


@long_test
@bound(240)
def test_validation_fails_after_the_swap_of_a_single_key(directory):
    with changing(directory, "validation fails after the swap", csk=True, **WATCHED) as case:
        again_after_rollback(case)


#: What takes a new key out of DNSKEY, and leaves its signatures of the data.
OUT_OF_DNSKEY = {"C": (*AS_ZSK, "active=+0", *HIDDEN), "K": NOTHING, "Z": HIDDEN}


def new_keys(world):
    """Those of the new algorithm: (ID, role)."""
    return [(key["id"], "C" if key["ksk"] and key["zsk"] else "K" if key["ksk"] else "Z")
            for key in listed(world) if key["algorithm"] == NUMBERS[ED25519]]


def deleted(case):
    """The operator deletes the new keys, the policy being as before; nothing of them is left."""
    for key, _ in new_keys(case.world):
        keymgr(case.world, "delete", f"id={key}")
    case.knotc("zone-keys-load", ZONE)
    has_algorithm(case.world, P256)
    wait_until(lambda: case.world.knot.gate(ZONE) == "none" and case.progress.state == "idle", 40, "the zone is at rest")
    wait_until(lambda: set(states(case.world).values()) == {"active"}, 20, "the old keys are in use")
    case.stays("idle", case.world.dnskey_ttl, "it is given up", lambda: ask.ksks(KNOT, ZONE) == case.old and case.old_ds() and not new_keys(case.world))
    case.ended = "the old keys alone, idle, after keymgr delete of the new ones and zone-keys-load"


@long_test
@bound(120)
def test_given_up_before_the_new_key_is_published(directory):
    with changing(directory, "the operator gives it up before the new key is published") as case:
        with stuck(case.world.child_bind):
            begin(case.world)
            case.gate("signatures-missing-at", CHILD_BIND, "presign")
            begin(case.world, P256)
            deleted(case)
        case.did = "ends the rollover"


def given_up_in_two_steps(case):
    """Caches with the new DNSKEY want the new signatures."""
    begin(case.world)
    case.gate("waiting-zone-ttl", state="presign")
    with stuck(case.world.child_bind):
        case.gate("dnskey-missing-at", CHILD_BIND, "introduce")
        begin(case.world, P256)
        for key, role in new_keys(case.world):
            keymgr(case.world, "set", f"id={key}", *OUT_OF_DNSKEY[role])
        case.knotc("zone-keys-load", ZONE)
        case.logged("introduce -> idle")
        for address in case.world.child_servers(public_only=False).values():
            wait_until(lambda a=address: ask.algorithms(a, ZONE) == {13}, 20, "the new keys are not published")
        case.gate("algorithm-rollover", state="idle")
        pause(case.world.dnskey_ttl + 1)
        assert signed_twice(KNOT)
    deleted(case)
    case.did = "ends the rollover, leaves the hidden keys to the operator"


@long_test
@bound(150)
def test_given_up_before_the_signals(directory):
    with changing(directory, "the operator gives it up when the new keys are published", **LONG_ZONE_TTL) as case:
        given_up_in_two_steps(case)


@long_test
@bound(150)
def test_given_up_before_the_signals_of_a_single_key(directory):
    with changing(directory, "the operator gives it up when the new key is published", csk=True, **LONG_ZONE_TTL) as case:
        given_up_in_two_steps(case)


@long_test
@bound(120)
def test_algorithm_and_scheme_at_once_are_not_begun(directory):
    """Nothing holds Knot then."""
    with changing(directory, "the scheme changes at the same time") as case:
        case.world.agent.deaf = True
        case.world.set_policy(algorithm=ED25519, single_type_signing=True)
        case.gate("scheme-change", state="idle")
        assert case.old_ds()
        case.did = "does not begin, and says which one is to be changed first"
        case.ended = "nothing was ordered"
