# SPDX-License-Identifier: GPL-3.0-or-later
"""A standby signer takes over during a rollover, as docs/moving-house.rst has it; two signers of one zone with the same keys."""

import contextlib
import os
import shutil
import time

from . import ask, check
from .daemons import Knot, file_name
from .faults import QUICK, QUICK_MODULE, keymgr, store_path
from .marks import bound, long_test
from .progress import Progress
from .test_faults_local import tag_of
from .test_give_up import typed
from .test_notify import kskroll as status_of
from .test_rollover import ROLLOVER, ZONE, start
from .wait import stays, wait_until
from .world import CHILD_BIND, CHILD_NSD, CHILD_NSD6, KNOT, World, module_path

STANDBY = "127.0.3.6"
#: The module starts the rollover; later than the one before has ended.
PREPARING = {"ksk-lifetime": 40, "lead": 5}


class HouseWorld(World):
    """The secondaries take the zones from the first signer, and from a standby that has an address of its own."""

    def _signers(self, zone):
        return [KNOT, STANDBY]

    def _observer(self, zones, public_only=True, **settings):
        return super()._observer(zones, public_only, **settings)

    def new_house(self):
        """The standby, without anything but its folder."""
        return Knot("standby", self.dir, STANDBY, [], self.zones)

    def move_in(self, standby, copy=None):
        """The standby takes over what the first signer has, and this copy of its store, or none."""
        for zone in self.zones:
            shutil.copy(self.knot.path(file_name(zone)), standby.path(file_name(zone)))
        shutil.copytree(self.knot.path("db"), standby.path("db"), ignore=shutil.ignore_patterns("kskroll"))
        self.knot = standby
        if copy:
            os.makedirs(os.path.dirname(store_path(self)))
            shutil.copy(copy, store_path(self))
        self.knot.sections = self.knot_sections()
        self._up(self.knot)


def backed_up(world):
    """Path of a copy of the store, made while it is in use."""
    copy = os.path.join(world.dir, "copy.db")
    typed([f"sqlite3 {store_path(world)} '.backup {copy}'"], "", "")
    return copy


class Moving:
    """The old signer and the new one."""

    def __init__(self, world):
        self.world, self.progress = world, None
        self.old = ask.ksks(KNOT, ZONE)

    def until(self, state, gate=None):
        """The rollover at the first signer, up to this state."""
        with Progress(self.world.knot, ZONE) as progress:
            progress.wait("idle", 30)
            self.world.agent.deaf = state == "await-ds"
            if state != "prepare":  # A rollover of the operator begins behind it.
                start(self.world)
            wait_until(lambda: progress.state == state and gate in (None, progress.gate), ROLLOVER, f"{state} at the first signer")

    def finish(self):
        """The standby ends the rollover."""
        self.world.agent.deaf = False
        self.progress.wait_visited("settle", ROLLOVER)
        self.is_over()
        check.old_ds_ran_out(self.world, ZONE)

    def is_over(self):
        """The standby has the new KSK alone, and is idle."""
        self.progress.wait("idle", 60)
        wait_until(lambda: check.other_ksk(self.world, ZONE, self.old), 30, "the new KSK alone")
        check.rolled(self.world, ZONE, self.old)
        self.world.assert_secure()


@contextlib.contextmanager
def moved(directory, state, lost=False, gate=None, **settings):
    """The standby has taken over in this state; \\a lost: without the store."""
    with HouseWorld(directory=directory, module=module_path(), **QUICK, module_settings={**QUICK_MODULE, **settings}) as world:
        moving = Moving(world)
        moving.until(state, gate)
        standby = world.new_house()
        copy = None if lost else backed_up(world)
        assert world.knot.stop()
        world.move_in(standby, copy)
        with Progress(world.knot, ZONE) as moving.progress:
            if not lost:
                wait_until(lambda: world.knot.log_lines("resuming in state"), 30, "the standby goes on")
            yield moving


@bound(150)
def test_store_copied_in_await_ds(directory):
    with moved(directory, "await-ds") as moving:
        moving.progress.wait("await-ds", 30)
        assert moving.world.ds_everywhere(ZONE, moving.old)
        moving.finish()


@bound(180)
def test_store_lost_in_await_ds(directory):
    """As where the store is deleted: two days for a DS that nobody has seen, or until the operator says that caches are empty."""
    with moved(directory, "await-ds", lost=True) as moving:
        moving.progress.wait("await-ds", 60)
        moving.world.agent.deaf = False
        moving.progress.wait("observe", 60)
        wait_until(lambda: moving.progress.gate == "waiting-ds-ttl", 30, "two days for the DS")
        caches_are_empty(moving)
        moving.finish()


def caches_are_empty(moving):
    """The operator says so, as the gate advises."""
    assert stays(lambda: moving.progress.state == "observe", moving.world.ds_ttl + 2)
    moving.world.set_module("caches-expired", f'"{ZONE} {time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}"')


@long_test
@bound(150)
def test_store_copied_in_prepare(directory):
    with moved(directory, "prepare", **PREPARING) as moving:
        moving.finish()


@long_test
@bound(150)
def test_store_copied_in_observe(directory):
    with moved(directory, "observe", observe=15) as moving:
        moving.finish()


@long_test
@bound(150)
def test_store_copied_in_retire(directory):
    with moved(directory, "retire") as moving:
        moving.finish()


@long_test
@bound(180)
def test_store_lost_in_prepare(directory):
    """There is no new KSK: the rollover begins when it is due by the lifetime, which counts from the move."""
    with moved(directory, "prepare", lost=True, **PREPARING) as moving:
        moving.progress.wait("idle", 30)
        moving.finish()


@long_test
@bound(150)
def test_store_lost_in_observe(directory):
    """The older key has no DS: it might be the one that has to come. The operator removes it, as the gate advises."""
    with moved(directory, "observe", lost=True, observe=15) as moving:
        world, old = moving.world, tag_of(moving.old)
        wait_until(lambda: moving.progress.gate == "keys-refused", 60, "the gate")
        assert stays(lambda: len(world.ksk_tags(ZONE)) == 2 and not ask.tags(STANDBY, ZONE, "CDS"), world.ds_ttl + world.dnskey_ttl)
        keymgr(world, "set", old, "retire=+0", "remove=+0")
        world.knot.knotc("zone-keys-load", ZONE)
        moving.is_over()


@long_test
@bound(150)
def test_store_lost_in_retire(directory):
    """The old key is gone: nothing is left to do but to raise the TTL again."""
    with moved(directory, "retire", lost=True, gate="waiting-dnskey-ttl") as moving:
        moving.is_over()


class Signer:
    """One of two servers that sign the zone."""

    def __init__(self, knot, progress):
        self.knot, self.progress = knot, progress

    def status(self, world):
        """What the command line says of its zone."""
        world.knot = self.knot  # Whose store is read.
        return status_of(world, "status", ZONE)["zones"][0]


@contextlib.contextmanager
def two_signers(directory):
    """Each makes a key of its own, and the parent does nothing yet. Yields the world, who goes on, who waits, and the keys of before."""
    with HouseWorld(directory=directory, module=module_path(), **QUICK, module_settings=QUICK_MODULE) as world:
        first, old = world.knot, ask.ksks(KNOT, ZONE)
        world.agent.deaf = True
        with Progress(first, ZONE) as ours:
            ours.wait("idle", 30)
            copy = backed_up(world)
            assert first.stop()
            world.move_in(world.new_house(), copy)
            with Progress(world.knot, ZONE) as theirs:
                theirs.wait("idle", 30)
                first.launch()
                signers = [Signer(first, ours), Signer(world.knot, theirs)]
                for signer in signers:
                    signer.knot.knotc("zone-key-rollover", ZONE, "ksk")
                wait_until(lambda: any(signer.progress.visited("signal") for signer in signers), 60, "one goes on")
                signers.sort(key=lambda signer: not signer.progress.visited("signal"))
                goes, waits = signers
                wait_until(lambda: waits.progress.gate == "another-signer-at", 30, f"the gate of the other one: {waits.progress.history}")
                assert not any(gate == "another-signer-at" for _, _, gate in goes.progress.history), goes.progress.history
                yield world, goes, waits, old


def is_over(world, signer, old):
    """Its rollover has come to its end."""
    signer.progress.wait_visited("settle", ROLLOVER)
    signer.progress.wait("idle", 60)
    world.knot = signer.knot
    check.rolled(world, ZONE, old)
    world.assert_secure()


def advice(world, signer):
    """The server that the gate names, and the commands that it advises."""
    zone = signer.status(world)
    gate = zone["gate"]
    assert (gate["code"], zone["actor"]) == ("another-signer-at", "operator"), zone
    assert any(address in gate["about"] for address in (CHILD_NSD, CHILD_BIND, CHILD_NSD6)), gate
    return gate, [entry["command"] for entry in zone["commands"]]


@bound(180)
def test_of_two_signers_that_both_roll_one_waits(directory):
    """The secondaries have the zone with the higher serial. The other signer waits, signals nothing, and says why: it is stopped."""
    with two_signers(directory) as (world, goes, waits, old):
        key, = set(ask.ksks(waits.knot.address, ZONE)) - set(old)

        def keeps_still():
            return waits.progress.state == "introduce" and key not in ask.ksks(CHILD_NSD, ZONE) and not ask.tags(waits.knot.address, ZONE, "CDS")
        gate, commands = advice(world, waits)
        assert "a KSK that this server does not have" in gate["detail"], gate
        assert "systemctl disable --now knot" in commands, commands
        world.agent.deaf = False
        wait_until(lambda: goes.progress.visited("withdraw") or not keeps_still(), 60, "the DS is replaced")
        assert keeps_still(), (goes.progress.history, waits.progress.history)
        wait_until(lambda: waits.progress.gate == "chain-broken", 30, "the alarm of the other one")
        assert keeps_still(), (goes.progress.history, waits.progress.history)
        # The zone of the other one must not come out any more: it has no key that the DS names.
        assert waits.knot.stop()
        is_over(world, goes, old)


@bound(180)
def test_the_signer_that_waits_takes_over(directory):
    """The other one is switched off, and the zone gets a serial above that of the nameservers, as the gate advises."""
    with two_signers(directory) as (world, goes, waits, old):
        _, commands = advice(world, waits)
        assert goes.knot.stop()
        soa = ask.ask(CHILD_NSD, ZONE, "SOA").answer[0]
        served, = soa
        raised = [command.replace("TTL SOA PRIMARY CONTACT SERIAL REFRESH RETRY EXPIRE MINIMUM",
                                  f"{soa.ttl} SOA {served.replace(serial=served.serial + 10).to_text()}")
                  for command in commands if command.startswith("knotc zone-")]
        assert len(raised) == 3 and str(served.serial + 10) in raised[1], commands
        typed(raised, waits.knot.path("db", "keys"), waits.knot.socket)
        waits.progress.wait_visited("await-ds", 60)
        world.agent.deaf = False
        is_over(world, waits, old)
