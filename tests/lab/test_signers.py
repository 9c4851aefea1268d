# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones with several signers (RFC 8901): a rollover of ours never drops the DS or the keys of the other one."""

import contextlib
import os
import signal

import dns.rdata
import dns.rdataclass
import dns.rdatatype

from . import ask
from .keys import foreign_ksk
from .marks import bound, long_test, needs_knot
from .progress import STEPS, Progress
from .signers import OTHER, TYPES, BindSignersWorld, SignersWorld, tag_of
from .stuck import stuck
from .test_give_up import typed
from .test_notify import kskroll
from .test_rollover import ZONE, finish, module_world, power_cut
from .test_special import change
from .wait import stays, wait_until
from .world import CHILD_BIND, CHILD_NSD, KNOT, module_path

@contextlib.contextmanager
def signers_world(directory, **settings):
    """A world of two signers, both with the module; yields it with what each of them gets on with."""
    with SignersWorld(directory=directory, module=module_path(), **settings) as world, \
            Progress(world.knot, ZONE) as ours, Progress(world.other, ZONE) as theirs:
        ours.wait("idle", 30)
        theirs.wait("idle", 30)
        yield world, ours, theirs


def start(knot):
    """The operator's start."""
    knot.knotc("zone-key-rollover", ZONE, "ksk")


def rolled(world, tags, other=False):
    """One signer has another key, and every server has it; the DS of all signers are right."""
    now = world.tags(ZONE, other)
    assert len(now) == 1 and not now & tags, (now, tags)
    for address in (KNOT, OTHER, *world.child_servers().values()):
        assert now <= set(ask.ksk_tags(address, ZONE)) and not tags & set(ask.ksk_tags(address, ZONE)), address
    wanted = world.tags(ZONE) | world.tags(ZONE, True)
    assert all(found == wanted for found in world.ds_tags(ZONE)), (world.ds_tags(ZONE), wanted)
    world.assert_secure()


def roll_both(world, *signers):
    """Both signers start, and come to their ends."""
    before = world.tags(ZONE), world.tags(ZONE, True)
    start(world.knot)
    start(world.other)
    for progress in signers:
        progress.wait_visited("settle", 150)
        progress.wait("idle", 60)
    rolled(world, before[0])
    rolled(world, before[1], True)


@long_test
@bound(300)
def test_both_signers_roll_at_the_same_time(directory):
    with signers_world(directory) as (world, ours, theirs):
        roll_both(world, ours, theirs)


@bound(200)
def test_nothing_goes_where_the_policy_would_name_our_key_alone(directory):
    """Knot's default, cds-cdnskey-publish: rollover. The operator starts a rollover all the same; the parent asks one server."""
    with signers_world(directory, publish="rollover", types=["DNSKEY"]) as (world, ours, _):
        before = world.tags(ZONE) | world.tags(ZONE, True)
        world.agent.children[ZONE] = [CHILD_NSD]
        wait_until(lambda: ours.gate == "several-signers", 30, "the gate")
        start(world.knot)
        wait_until(lambda: len(world.tags(ZONE)) == 2, 20, "the next key")

        def untouched():
            return (ours.state, ours.gate) == ("idle", "several-signers") and not ask.tags(KNOT, ZONE, "CDS") \
                and all(ds == before for ds in world.ds_tags(ZONE)) and before <= set(ask.ksk_tags(KNOT, ZONE))
        # Long enough for Knot to make the key ready, and for the parent to obey.
        assert stays(untouched, 2 * (world.dnskey_ttl + world.propagation_delay))
        world.assert_secure()


# Secondaries: BIND has the zone of the other signer.

@long_test
@bound(240)
def test_a_secondary_is_stuck_before_the_swap(directory):
    """It is without our new key, which validators that trust ours alone need with data of its own signer."""
    with signers_world(directory) as (world, ours, _):
        tags, ds = world.tags(ZONE), world.ds_tags(ZONE)
        with stuck(world.child_bind, OTHER):
            start(world.knot)
            at_bind(world, ours, "introduce", "dnskey-missing-at")
            assert stays(lambda: ours.state == "introduce" and world.ds_tags(ZONE) == ds and set(ask.tags(KNOT, ZONE, "CDS")) == ds[0],
                         2 * world.dnskey_ttl)
        ours.wait_visited("settle", 120)
        ours.wait("idle", 60)
        rolled(world, tags)


@long_test
@bound(300)
def test_a_secondary_is_stuck_after_the_swap(directory):
    """It keeps our old key, beside the new one, and is waited for."""
    with signers_world(directory) as (world, ours, _):
        tags = world.tags(ZONE)
        world.agent.deaf = True
        start(world.knot)
        ours.wait("await-ds", 90)
        with stuck(world.child_bind, OTHER):
            world.agent.deaf = False
            at_bind(world, ours, "retire", "dnskey-remains-at", 120)
            swapped = world.ds_tags(ZONE)
            assert not any(tags & ds for ds in swapped), swapped
            assert stays(lambda: ours.state == "retire" and world.ds_tags(ZONE) == swapped and set(ask.tags(KNOT, ZONE, "CDS")) == swapped[0],
                         2 * world.dnskey_ttl)
        ours.wait_visited("settle", 60)
        ours.wait("idle", 60)
        rolled(world, tags)


def at_bind(world, ours, state, gate, bound=60):
    """Waits until the zone is at the gate, in this state, because of the BIND secondary."""
    wait_until(lambda: (ours.state, ours.gate) == (state, gate), bound, f"{state}, {gate}")
    status = wait_until(lambda: next((zone for zone in kskroll(world, "status", ZONE)["zones"] if zone["gate"]["code"] == gate), None), 10, f"status has {gate}")
    assert CHILD_BIND in status["gate"]["about"], status["gate"]
    return status


# The server.

def interrupted(directory, interrupt):
    """A rollover of ours with one interruption in each state. \a interrupt(world)."""
    # As docs/keys.rst has it: a start must not lose the records of the other signer.
    with signers_world(directory, pinned=False, template={"zonefile-sync": 0}) as (world, ours, _):
        before, children, missed = world.tags(ZONE), world.agent.children[ZONE], []
        world.agent.deaf = True
        start(world.knot)
        for state in STEPS[1:]:
            wait_until(lambda s=state: ours.passed(s), 120, f"{ZONE} gets to {state}")
            if ours.state != state:
                missed.append(state)
                continue
            interrupt(world)
            if state == "introduce":
                # The other signer is without our signals, so that all can see the next state.
                world.exchange.ours = ["DNSKEY"]
            if state == "await-ds":
                # In withdraw nothing changes where CDS is always there: a silent secondary keeps it.
                world.agent.children[ZONE] = [CHILD_NSD]
                world.child_bind.pause()
                world.agent.deaf = False
            if state == "signal":
                world.exchange.ours = None
            if state == "withdraw":
                world.child_bind.resume()
                world.agent.children[ZONE] = children
        assert not missed, f"over before the interruption: {missed}"
        ours.wait("idle", 120)
        rolled(world, before)


@long_test
@bound(400)
def test_kill_in_every_state(directory):
    interrupted(directory, power_cut)


@long_test
@bound(400)
def test_reload_in_every_state(directory):
    interrupted(directory, lambda world: world.knot.reload())


@long_test
@bound(400)
def test_kill_of_kskrolld_in_every_state(directory):
    def killed(world):
        os.kill(world.knot.wait_kskrolld(), signal.SIGKILL)
        world.knot.reload()
    interrupted(directory, killed)


# The other signer, and the operator.

@long_test
@bound(200)
def test_given_up(directory):
    """Our new key is in the zone of the other signer as well. What status prints removes it from both."""
    with signers_world(directory) as (world, ours, _):
        tags, theirs, ds = world.tags(ZONE), world.tags(ZONE, True), world.ds_tags(ZONE)
        with stuck(world.child_bind, OTHER):
            start(world.knot)
            status = at_bind(world, ours, "introduce", "dnskey-missing-at")
            wait_until(lambda: len(ask.ksk_tags(OTHER, ZONE)) == 3, 20, "the other signer has our new key")
            typed([one["command"] for one in status["give_up"]], world.knot.path("db", "keys"), world.knot.socket)
            ours.wait("idle", 40)
        for address in (KNOT, OTHER, *world.child_servers().values()):
            wait_until(lambda a=address: set(ask.ksk_tags(a, ZONE)) == set(ask.tags(a, ZONE, "CDS")) == tags | theirs, 20,
                       f"{address} is as before")
        assert stays(lambda: (ours.state, world.ds_tags(ZONE), world.tags(ZONE)) == ("idle", ds, tags), 2 * world.dnskey_ttl)
        world.assert_secure()


@long_test
@bound(300)
def test_the_records_of_the_other_signer_are_lost(directory):
    """While ours is signalled, somebody removes the other signer's CDS from our zone, then its key. The parent does not see that we go on."""
    with signers_world(directory) as (world, ours, _):
        before = world.tags(ZONE)
        world.agent.deaf = True
        start(world.knot)
        ours.wait("await-ds", 90)
        world.exchange.types = []
        for rdtype in ("CDS", "CDNSKEY", "DNSKEY"):
            remove(world, rdtype)
            wait_until(lambda: ours.gate == "several-signers", 20, f"the gate, without {rdtype}")
        assert ours.state == "await-ds"
        world.exchange.types = list(TYPES)
        wait_until(lambda: ours.gate != "several-signers", 30, "the records are back")
        world.agent.deaf = False
        ours.wait_visited("settle", 120)
        ours.wait("idle", 60)
        rolled(world, before)


def remove(world, rdtype):
    """The other signer's records of a type go from our zone, of DNSKEY only that of its KSK."""
    world.knot.knotc("zone-begin", ZONE)
    for record in ask.rrset(KNOT, ZONE, rdtype):
        if world.whose(tag_of(record)) and (rdtype == "CDS" or record.flags & ask.SEP):
            world.knot.knotc("zone-unset", ZONE, "@", rdtype, *record.to_text().split())
    world.knot.knotc("zone-commit", ZONE)


@long_test
@needs_knot("3.5", "dnskey-sync came with 3.5")
@bound(300)
def test_with_dnskey_sync(directory):
    """Knot gives the keys by itself."""
    with signers_world(directory, sync=True) as (world, ours, theirs):
        roll_both(world, ours, theirs)


@long_test
@bound(300)
def test_the_other_signer_is_bind(directory):
    """Ours rolls; BIND's keys, its CDS and its DS stay."""
    with BindSignersWorld(directory=directory, module=module_path()) as world, Progress(world.knot, ZONE) as ours:
        ours.wait("idle", 30)
        before, theirs = world.tags(ZONE), world.tags(ZONE, True)
        start(world.knot)
        ours.wait_visited("settle", 150)
        ours.wait("idle", 60)
        assert world.tags(ZONE, True) == theirs
        rolled(world, before)


@long_test
@bound(240)
def test_zsks_of_other_signers_stay(directory):
    """All KSKs are here (RFC 8901, model 1): the ZSK of another signer is in DNSKEY, before, during and after."""
    policy = {"dnskey-management": "incremental", "delete-delay": 60}
    with module_world(directory, policy=policy) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        text = foreign_ksk().replace("257 ", "256 ", 1)
        change(world, "zone-set", text)
        zsk = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, text)

        def is_everywhere():
            return all(zsk in ask.rrset(address, ZONE, "DNSKEY") for address in (KNOT, *world.child_servers().values()))
        wait_until(is_everywhere, 20, "the ZSK is everywhere")
        start(world.knot)
        progress.wait("observe", 120)
        assert is_everywhere()
        finish(world, progress, old)
        assert is_everywhere()
