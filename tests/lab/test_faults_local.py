# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults at this server: its resolver, its control socket, and what its operator does to the keys."""

import dns.dnssec

from . import ask, check
from .faults import Busy, delete_key, fault, keymgr, unreachable_socket
from .liar import Liar
from .marks import bound, long_test
from .stuck import stuck
from .test_faults_parent import ds
from .test_rollover import ZONE
from .wait import stays, wait_until
from .world import CHILD_BIND, KNOT, WARM

RESOLVER = "127.0.4.30"


def tag_of(keys):
    """The key tag of the only key."""
    assert len(keys) == 1, keys
    return str(dns.dnssec.key_id(keys[0]))


@long_test
@bound(120)
def test_resolver_down_and_back(directory):
    with Liar(RESOLVER, WARM) as resolver, \
            fault(directory, "The resolver of the module is down, and back",
                  module_settings={"resolver": RESOLVER}) as case:
        resolver.mode = "failing"
        case.start()
        case.gate("discovery-failed")
        case.stays("introduce", case.world.dnskey_ttl + 2, "the resolver is down",
                   lambda: case.no_signals() and case.old_ds())
        case.did = "stays in introduce: no signal, the DS stays"
        resolver.mode = "honest"
        case.finish()


@long_test
@bound(300)
def test_root_rolls_its_keys(directory):
    with fault(directory, "The root rolls its keys; the file of the trust anchor is updated, nobody reloads knotd",
               secure=False) as case:
        case.world.child_bind.stop()  # Or it would be over before anything is looked up again.
        case.start()
        case.gate("child-unreachable", CHILD_BIND)
        anchor = case.world.roll_root()
        case.gate("discovery-failed", bound=120)
        assert case.progress.state == "introduce" and case.no_signals() and case.old_ds()
        case.world.take_anchor(anchor)
        case.world.child_bind.start()
        case.did = "reports no nameserver, waits, validates with the new key without a reload"
        case.finish()


@long_test
@bound(120)
def test_control_socket_is_busy(directory):
    """Knot 3.4 serves connections side by side; here nothing of the module may depend on who was first."""
    with fault(directory, "Programs of the operator hold 40 connections to the control socket open") as case:
        with Busy(case.world.knot.socket):
            # The operator's own command finds the backlog full at times.
            wait_until(lambda: case.world.knot.knotc_ok("zone-key-rollover", ZONE, "ksk"), 20, "the start is taken")
            case.did = "continues"
            case.saw("none")
            case.finish()


@bound(120)
def test_control_socket_is_refused(directory):
    with fault(directory, "The control socket cannot be connected to (its file was moved)") as case:
        case.start()
        case.progress.wait("introduce")
        with unreachable_socket(case.world.knot.socket):
            case.gate("knot-unreachable", state="introduce")
            assert case.no_signals() and case.old_ds()
        case.did = "stays where it is: no signal, the DS stays"
        case.finish()


@bound(120)
def test_the_operator_skips_the_observation(directory):
    with fault(directory, "The operator removes the old KSK with keymgr in observe, as kskroll status advises",
               module_settings={"observe": 90}) as case:
        case.start()
        # As long as the old DS may be in caches the operator would break them.
        case.gate("waiting-observe", state="observe", bound=60)
        case.stays("observe", case.world.ds_ttl + 2, "it is observed", case.both_keys)
        keymgr(case.world, "set", tag_of(case.old), "retire=+0", "remove=+0")
        case.knotc("zone-keys-load", ZONE)
        case.did = "skips the observation, goes to retire"
        case.finish()
        assert any("observe -> retire" in line for line in case.world.knot.log_lines("mod-kskroll"))


@long_test
@bound(120)
def test_the_operator_removes_the_old_key_too_early(directory):
    with fault(directory, "The operator removes the old KSK with keymgr in introduce, before any DS of the new key",
               secure=False) as case:
        with stuck(case.world.child_bind):
            case.start()
            case.gate("dnskey-missing-at", CHILD_BIND, "introduce")
            # No key is ready, so there is nothing that this could confirm.
            assert not case.world.knot.knotc_ok("zone-ksk-submitted", ZONE)
            case.world.rightly_broken("the operator removes the only key that the DS names")
            keymgr(case.world, "set", tag_of(case.old), "retire=+0", "remove=+0")
            case.knotc("zone-keys-load", ZONE)
            case.gate("old-key-gone", state="introduce")
            assert case.old_ds() and case.no_signals()
            case.did = "reports it at once; the command itself breaks validation, and no signal is trusted"
            new = case.new()
            case.world.agent.insert_ds(ZONE, ds(new))
            case.gate("dnskey-remains-at", CHILD_BIND, "retire")
        case.over()
        check.rolled(case.world, ZONE, case.old)
        case.ended = "fixed by the DS of the new key at the registrar, completed"


@bound(120)
def test_a_third_ksk_appears(directory):
    with fault(directory, "A third KSK appears in await-ds") as case:
        case.world.agent.deaf = True
        case.start()
        case.progress.wait("await-ds")
        known = ask.ksks(KNOT, ZONE)
        keymgr(case.world, "generate", "ksk=yes")
        case.knotc("zone-keys-load", ZONE)
        case.gate("unknown-key", state="introduce")
        third = [key for key in ask.ksks(KNOT, ZONE) if key not in known]
        wait_until(case.no_signals, 10, "the signals are gone")
        case.stays("introduce", case.world.dnskey_ttl + 2, "a third key is there",
                   lambda: case.old_ds() and case.no_signals())
        case.did = "withdraws the signals, goes back to introduce and stays there"
        delete_key(case.world, third[0])
        case.world.agent.deaf = False
        case.finish("completed after keymgr delete and zone-keys-load")


@bound(90)
def test_rollover_is_aborted(directory):
    with fault(directory, "The operator aborts: keymgr delete of the new KSK and zone-keys-load") as case:
        case.world.agent.deaf = True
        case.start()
        case.progress.wait("await-ds")
        delete_key(case.world, case.new()[0])
        case.given_up()
        case.did = "withdraws the signals, goes back to idle"
        for label, address in case.world.child_servers(public_only=False).items():
            wait_until(lambda a=address: ask.ksks(a, ZONE) == case.old
                       and not ask.tags(a, ZONE, "CDS") and ask.rrset(a, ZONE, "CDNSKEY") is None
                       and ask.rrset(a, ZONE, "DNSKEY").ttl == case.world.dnskey_ttl,
                       20, f"{label} is as before")
        # What the agent has read earlier would bring the DS of a key that is deleted.
        wait_until(lambda: not case.world.agent.seen(ZONE), 10, "the agent has read all nameservers again")
        case.world.agent.deaf = False
        wait_until(lambda: case.progress.state == "idle" and case.progress.gate == "none", 20, "rest")
        assert stays(case.old_ds, 2 * case.world.agent.interval)
        case.ended = "as before the rollover"
