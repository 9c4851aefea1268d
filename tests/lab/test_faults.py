# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of nameservers: a server that is stuck, silent or wrong keeps the rollover from going on.

Each test writes a row of docs/faults.rst (fault_table.py), as do those of the other test_faults_*.py.
"""

import os

from . import ask
from .faults import QUICK, QUICK_MODULE, fault
from .liar import Liar
from .marks import bound, long_test
from .progress import Progress
from .stuck import stuck
from .test_rollover import ZONE
from .wait import wait_until
from .watch import SERVFAIL
from .world import CHILD_BIND, CHILD_NSD, KNOT, World, module_path


def stuck_before_the_new_key(case, begin=None):
    """A secondary does not get the new key for a while; whole rollover. \\a begin(): another start than the usual one."""
    with stuck(case.world.child_bind):
        (begin or case.start)()
        case.gate("dnskey-missing-at", CHILD_BIND, "introduce")
        # Knot by itself would have signalled by now.
        case.stays("introduce", 2 * case.world.dnskey_ttl, "the secondary is stuck",
                   lambda: case.no_signals() and case.old_ds())
        case.did = "publishes both keys, does not signal, the DS stays"
    case.finish()


def stuck_after_the_swap(case, begin=None, also=lambda: True):
    """A secondary keeps CDS and what was signed until then; whole rollover. \\a begin(): another start than the usual one."""
    case.world.agent.deaf = True
    (begin or case.start)()
    case.progress.wait("await-ds", 60)
    wait_until(lambda: ask.tags(CHILD_BIND, ZONE, "CDS"), 20, "the secondary has CDS")
    with stuck(case.world.child_bind):
        case.world.agent.deaf = False
        case.gate("cds-remains-at", CHILD_BIND, "withdraw")
        case.stays("withdraw", case.world.ds_ttl + case.world.zone_ttl, "the secondary is stuck",
                   lambda: case.both_keys() and also())
        case.did = "keeps both keys"
    case.finish()


@bound(120)
def test_secondary_stuck_on_an_old_serial(directory):
    with fault(directory, "A secondary is stuck on an old serial") as case:
        stuck_before_the_new_key(case)


@long_test
@bound(150)
def test_secondary_stuck_after_the_swap(directory):
    with fault(directory, "A secondary is stuck when the DS was swapped", pinned=True) as case:
        stuck_after_the_swap(case)


@bound(120)
def test_secondary_down_and_back(directory):
    with fault(directory, "A secondary is down (connections refused), and back") as case:
        case.world.agent.deaf = True
        case.start()
        case.progress.wait("await-ds")
        case.world.child_bind.stop()
        case.gate("child-unreachable", CHILD_BIND, "await-ds")
        case.world.agent.children[ZONE] = [CHILD_NSD]
        case.world.agent.deaf = False
        case.progress.wait("withdraw")
        case.gate("child-unreachable", CHILD_BIND, "withdraw")
        case.stays("withdraw", 4, "the secondary is down", case.both_keys)
        case.did = "has the DS of the new key, keeps both keys, does not go on"
        case.world.child_bind.launch()
        case.finish()


@bound(120)
def test_secondary_with_stripped_and_corrupted_signatures(directory):
    with fault(directory, "A secondary serves the DNSKEY without RRSIG, with a corrupted one, "
               "without that of the new key") as case:
        case.world.child_bind.stop()
        with case.world.model.excused("bind", "it strips and corrupts signatures"), Liar(CHILD_BIND, CHILD_NSD, "stripped") as liar:
            case.start()
            case.gate("bogus-at", CHILD_BIND, "introduce")
            liar.signer = ask.ksk_tags(KNOT, ZONE)[0]
            wait_until(case.both_keys, 10, "both keys")
            old_tag = next(tag for tag in case.world.ksk_tags(ZONE) if tag in
                           ask.tags(case.world.parent_bind.addresses[0], ZONE, "DS"))
            liar.signer = old_tag
            liar.mode = "one_signature"
            case.gate("rrsig-missing-at", CHILD_BIND, "introduce")
            liar.mode = "corrupted"
            case.gate("bogus-at", CHILD_BIND, "introduce")
            case.stays("introduce", 2 * case.world.dnskey_ttl, "signatures are wrong",
                       lambda: case.no_signals() and case.old_ds())
            case.did = "publishes both keys, does not signal, the DS stays"
            liar.mode = "honest"
            case.finish()


@bound(120)
def test_signature_lost_after_the_signal(directory):
    with fault(directory, "A secondary loses the RRSIG of the new key while CDS is published") as case:
        case.world.child_bind.stop()
        case.world.agent.deaf = True
        with case.world.model.excused("bind", "it loses a signature"), Liar(CHILD_BIND, CHILD_NSD) as liar:
            case.start()
            case.progress.wait("await-ds")
            liar.signer = ask.tags(case.world.parent_bind.addresses[0], ZONE, "DS")[0]
            liar.mode = "one_signature"
            case.progress.wait("introduce")
            case.gate("rrsig-missing-at", CHILD_BIND, "introduce")
            wait_until(case.no_signals, 10, "the signal is gone")
            assert case.old_ds()
            case.did = "withdraws CDS and CDNSKEY at once, goes back to introduce"
            liar.mode = "honest"
            case.world.agent.deaf = False
            case.finish("waits for the DNSKEY TTL, signals again, completed by itself")


def bogus_at(world, resolver):
    """How many answers of the resolver failed."""
    return world.watch.counts(resolver)[SERVFAIL]


def swapped_behind_the_stuck_server(world):
    """Whether the parent has swapped the DS while the stuck secondary has the old key only."""
    new = [key for key in ask.ksks(KNOT, ZONE) if key not in ask.ksks(CHILD_BIND, ZONE)]
    return bool(new) and world.ds_everywhere(ZONE, new)


@long_test
@bound(150)
def test_comparison_with_knots_own_rollover_at_a_stuck_secondary(directory):
    """The same lab twice, a parent that asks one of the nameservers, the other one is stuck.

    A resolver that knows only the stuck one tells which of the two breaks validation.
    """
    broken = {}
    own = os.path.join(directory, "own")
    with World(directory=own, **{**QUICK, "pinned": True}) as world:
        world.agent.children[ZONE] = [CHILD_NSD]
        world.rightly_broken("Knot does not wait for a stuck secondary")
        with stuck(world.child_bind):
            world.knot.knotc("zone-key-rollover", ZONE, "ksk")
            wait_until(lambda: swapped_behind_the_stuck_server(world), 40,
                       "Knot signals and the parent swaps the DS")
            wait_until(lambda: bogus_at(world, "only-bind") > 5, 30, "the resolver at it is bogus")
            broken["knot"] = bogus_at(world, "only-bind")
        print("Knot alone: " + world.watch.summary())

    with fault(directory, "A secondary is stuck and the parent asks only another one "
               "(compared with Knot's own rollover)", pinned=True) as case:
        world = case.world
        world.agent.children[ZONE] = [CHILD_NSD]
        with stuck(world.child_bind):
            case.start()
            case.gate("dnskey-missing-at", CHILD_BIND, "introduce")
            case.stays("introduce", 3 * world.dnskey_ttl, "the secondary is stuck",
                       lambda: case.no_signals() and case.old_ds())
        world.assert_secure()
        broken["kskroll"] = bogus_at(world, "only-bind")
        print("with the module: " + world.watch.summary())
        print(f"SERVFAIL at the stuck secondary's resolver: {broken}")
        assert broken["knot"] and not broken["kskroll"], broken
        case.did = ("does not signal, the DS stays: no answer fails. Knot's own rollover signals, the DS is swapped, and a resolver that reaches only the stuck server is bogus")
        case.finish()
