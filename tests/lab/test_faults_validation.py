# SPDX-License-Identifier: GPL-3.0-or-later
"""The zone stops validating after the DS was swapped: rollback, and what the operator does then."""

import contextlib

from . import ask, watch
from .daemons import Nsd, Unbound, file_name, run
from .faults import delete_key, fault
from .marks import bound, long_test
from .test_faults_parent import ds, to_await_ds
from .test_operator import commit
from .test_rollover import ZONE
from .wait import wait_until
from .world import KNOT

#: An instance of an anycast address that no check of ours can reach, and a resolver that is sent there.
ELSEWHERE = "127.0.3.4"
VALIDATOR = "127.0.4.30"
#: Long enough for a failing watch to be noticed before the observation is over.
WATCHED = {"module_settings": {"observe": 40, "validator": VALIDATOR}, "confdb": True}


@contextlib.contextmanager
def stale_instance(world):
    """A nameserver that keeps the zone as it is now, seen by one validating resolver."""
    text = run(["kdig", f"@{KNOT}", "-y", world.transfer_key.kdig(), ZONE, "AXFR", "+noall",
                "+answer"]).stdout
    # The SOA record ends the answer as well.
    text = "\n".join(dict.fromkeys(text.splitlines())) + "\n"
    server = Nsd("elsewhere", world.dir, [ELSEWHERE], {})
    server.zones = {ZONE: {"file": server.write(file_name(ZONE), text)}}
    resolver = Unbound("validator", world.dir, VALIDATOR, world.hints, world.anchor,
                       pins={ZONE: ELSEWHERE})
    with contextlib.ExitStack() as stack:
        for daemon in (server, resolver):
            daemon.start()
            stack.callback(daemon.stop)
        yield server


def rolled_back(case, begin=None):
    """The swap is undone by the watch; waits for that. \\a begin(): another start than the usual one."""
    (begin or case.start)()
    case.gate("validation-fails", bound=60)
    line = case.logged("-> rollback", 60)
    assert VALIDATOR in line and "validation-fails" in line, line
    wait_until(lambda: len(ask.tags(KNOT, ZONE, "CDS")) == 2, 20, "CDS of both keys")


def held(case):
    """Both keys stay, signals are gone; waits for that."""
    case.progress.wait("rolled-back", 60)
    case.gate("awaiting-decision", state="rolled-back")
    for label, address in case.world.child_servers(public_only=False).items():
        wait_until(lambda a=address: not ask.tags(a, ZONE, "CDS"), 20, f"{label} has no CDS")
    case.stays("rolled-back", case.world.ds_ttl, "nobody has decided", lambda: case.both_keys() and case.no_signals())


def resumed(case):
    """The cause is gone. Hold on and off again: once more from introduce."""
    for value in ("on", "off"):
        commit(case.world, ("conf-set", "mod-kskroll[default].hold", value))
        if value == "on":
            case.gate("held-by-operator", state="rolled-back")


def given_up(case):
    """The operator deletes the new key; the zone is as before."""
    case.did = "asks for the old DS back, then rolled-back; both keys stay"
    delete_key(case.world, case.new()[0])
    case.logged("rolled-back -> idle")
    for label, address in case.world.child_servers(public_only=False).items():
        wait_until(lambda a=address: ask.ksks(a, ZONE) == case.old, 20, f"{label} is as before")
    case.stays("idle", case.world.ds_ttl, "given up", lambda: ask.ksks(KNOT, ZONE) == case.old)
    case.ended = "the old key alone, after keymgr delete of the new one and zone-keys-load"


@long_test
@bound(150)
def test_validation_fails_elsewhere(directory):
    with fault(directory, "A nameserver that no check reaches (anycast) keeps the old keys, "
               "and a configured validator sees it", **WATCHED) as case:
        with stale_instance(case.world):
            rolled_back(case)
            held(case)
            # The parent of the lab reads CDS: it took the old DS back beside the new one.
            assert case.world.ds_everywhere(ZONE, ask.ksks(KNOT, ZONE))
            case.did = "asks for the old DS back (CDS of both keys), then rolled-back; both keys stay"
        resumed(case)
        case.finish("completed after the cause was fixed, and hold was switched on and off")


@long_test
@bound(150)
def test_rollback_is_given_up(directory):
    with fault(directory, "The same, and the operator gives the rollover up", **WATCHED) as case:
        with stale_instance(case.world):
            rolled_back(case)
            held(case)
            given_up(case)


@long_test
@bound(150)
def test_parent_does_not_take_the_old_ds_back(directory):
    with fault(directory, "The same, and the parent does not read CDS any more", **WATCHED) as case:
        with stale_instance(case.world):
            before = len(case.world.agent.updates)
            case.start()
            wait_until(lambda: len(case.world.agent.updates) > before, 60, "the DS is swapped")
            case.world.agent.deaf = True
            case.logged("-> rollback", 60)
            line = case.gate("ds-missing-at", state="rollback")
            wanted = ds(case.old)[0].upper()
            assert wanted in line["detail"].upper(), (wanted, line)
            case.stays("rollback", case.world.ds_ttl, "the parent does nothing", case.both_keys)
            case.did = "stays in rollback with the exact DS for the registrar in the log; both keys stay"
            case.world.agent.insert_ds(ZONE, ds([*case.old, *case.new()]))
            held(case)
            case.ended = "rolled-back, after the DS of the log was given to the registrar by hand"


@long_test
@bound(220)
def test_parent_installs_only_a_wrong_ds(directory):
    with fault(directory, "The parent swaps to a DS that matches no key", secure=False) as case:
        new = to_await_ds(case)
        case.world.rightly_broken("the parent has a DS that matches no key")
        case.world.agent.insert_ds(ZONE, [ds(new)[0].replace(ds(new)[0][-8:], "deadbeef")])
        case.gate("chain-broken", state="await-ds")
        case.logged("await-ds -> rollback", 60)
        line = case.gate("chain-broken", state="rollback")
        wanted = ds(case.old)[0].upper()
        assert wanted in line["detail"].upper(), (wanted, line)
        case.did = "goes to rollback, says which DS has to be restored; both keys stay"
        # No CDS can help: nothing in the zone is signed by a key that the wrong DS names.
        case.world.agent.insert_ds(ZONE, ds(case.old))
        held(case)
        wait_until(lambda: set(case.world.verdicts(ZONE).values()) == {watch.SECURE}, 90,
                   # unbound keeps a bogus key for a minute.
                   "every resolver finds the zone secure again")
        case.ended = "rolled-back, after the DS of the log was given to the registrar by hand"
