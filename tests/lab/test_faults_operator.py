# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator may do to a zone, its settings and its DS while it is rolled."""

import json
import re
import time

from . import ask, check
from .faults import QUICK_MODULE, delete_key, fault, keymgr
from .marks import bound, long_test
from .stuck import stuck
from .test_faults_local import tag_of
from .test_faults_parent import ds, to_await_ds
from .test_operator import commit
from .test_rollover import ROLLOVER, ZONE, start
from .wait import wait_until
from .world import CHILD_BIND, CHILD_NSD, KNOT, MODULE_SETTINGS, elapsed_since


def policy_of(world):
    """The zone's own dnssec-policy."""
    return world.knot.knotc("conf-read", f"zone[{ZONE}].dnssec-policy").strip().rpartition(" = ")[2]


@bound(120)
def test_zone_is_removed_and_comes_back(directory):
    with fault(directory, "The zone is removed from the configuration in await-ds, and comes back", confdb=True) as case:
        to_await_ds(case)
        commit(case.world, ("conf-unset", f"zone[{ZONE}]"))
        wait_until(lambda: not ask.answers(KNOT, ZONE), 20, "the zone is gone")
        gone = time.monotonic()
        wait_until(lambda: elapsed_since(gone) > case.world.dnskey_ttl, 20, "a while without it")
        commit(case.world, ("conf-set", f"zone[{ZONE}]"),
               ("conf-set", f"zone[{ZONE}].module", "mod-kskroll/default"))
        case.logged("resuming in state await-ds")
        case.saw("none", detail="log: resuming in state await-ds")
        wait_until(lambda: ask.tags(KNOT, ZONE, "CDS"), 20, "it is signalled")
        assert case.old_ds() and case.both_keys()
        case.did = "nothing while it is away; then continues where it was, signals as before"
        case.world.agent.deaf = False
        case.finish()


@long_test
@bound(120)
def test_zone_gets_another_instance_of_the_module(directory):
    with fault(directory, "The zone is given another instance of the module in introduce: other ttl, longer observe",
               confdb=True) as case:
        other = {**MODULE_SETTINGS, **QUICK_MODULE, "ttl": 2, "observe": 12, "unsafe-timing": "on"}
        case.start()
        case.gate("waiting-dnskey-ttl", state="introduce")
        commit(case.world, ("conf-set", "mod-kskroll[other]"),
               *(("conf-set", f"mod-kskroll[other].{item}", str(value)) for item, value in other.items()),
               ("conf-unset", f"zone[{ZONE}].module"),
               ("conf-set", f"zone[{ZONE}].module", "mod-kskroll/other"))
        case.progress.wait("observe", 60)
        observed = time.monotonic()
        wait_until(lambda: ask.rrset(KNOT, ZONE, "DNSKEY").ttl == 2, 10, "the other ttl")
        assert policy_of(case.world) == "lab-kskroll-ttl-2"
        wait_until(lambda: len(ask.ksks(KNOT, ZONE)) == 1, 40, "the old key goes")
        assert elapsed_since(observed) > other["observe"] - 2, f"observed {elapsed_since(observed):.1f} s"
        case.did = "goes on with the settings of the new instance"
        case.finish()


@long_test
@bound(120)
def test_submission_by_the_operator_in_await_ds(directory):
    with fault(directory, "The operator's zone-ksk-submitted in await-ds, while the parent has the old DS",
               secure=False) as case:
        new = to_await_ds(case)
        case.world.rightly_broken("the operator confirms a DS that is not there, so Knot removes the old key")
        case.knotc("zone-ksk-submitted", ZONE)
        case.gate("old-key-gone", state="await-ds")
        case.stays("await-ds", case.world.dnskey_ttl, "the DS names a key that is gone", case.old_ds)
        case.did = "reports it at once; the command itself breaks validation, and no signal is trusted"
        case.world.agent.insert_ds(ZONE, ds(new))
        case.over()
        check.rolled(case.world, ZONE, case.old)
        case.ended = "fixed by the DS of the new key at the registrar, completed"


@long_test
@bound(180)
def test_ds_is_changed_by_hand(directory):
    with fault(directory, "The DS is changed by hand: that of the new key beside the old one in introduce, "
               "the old one alone in observe") as case:
        case.start()
        case.gate("waiting-dnskey-ttl", state="introduce")
        wait_until(lambda: len(ask.ksks(CHILD_NSD, ZONE)) == len(ask.ksks(CHILD_BIND, ZONE)) == 2, 20, "both keys")
        case.world.agent.insert_ds(ZONE, ds([*case.old, *case.new()]))
        # The parent reads CDS as ever and leaves the new one.
        case.progress.wait("observe", 60)
        assert case.world.ds_everywhere(ZONE, case.new())
        case.world.agent.deaf = True
        case.world.agent.insert_ds(ZONE, ds(case.old))
        case.logged("observe -> introduce")
        case.gate("ds-stale-at", state="await-ds")
        case.stays("await-ds", case.world.ds_ttl + 2, "the old DS is back", case.both_keys)
        case.did = "takes the first for a parent that has begun; after the second it waits for the DNSKEY TTL and signals again, both keys stay"
        # dnssec-cds takes nothing signed before what it took last, the DNSKEY RRset included.
        updates = len(case.world.agent.updates)
        case.world.agent.deaf = False
        case.progress.wait_visited("settle", 60)
        assert len(case.world.agent.updates) == updates + 1, "the agent reads CDS once more"
        case.finish()


@long_test
@bound(120)
def test_ds_of_the_old_key_comes_back_after_its_end(directory):
    with fault(directory, "The DS of the old key alone is put back by hand in settle, when that key has gone",
               secure=False, module_settings={"settle": 10}) as case:
        case.start()
        case.progress.wait("settle", 90)
        new = case.new()
        case.world.agent.deaf = True
        case.world.rightly_broken("the DS of a key that has gone is put back by hand")
        case.world.agent.insert_ds(ZONE, ds(case.old))
        case.gate("chain-broken", state="settle")
        case.did = "reports at once that the zone does not validate; the key cannot come back"
        case.world.agent.insert_ds(ZONE, ds(new))
        case.over()
        check.rolled(case.world, ZONE, case.old)
        case.ended = "fixed by the DS of the new key at the registrar, settles"


@long_test
@bound(180)
def test_a_further_key_does_not_get_ready(directory):
    """Left to Knot the further key would get ready, and the new one count as confirmed."""
    with fault(directory, "A further KSK of keymgr appears in await-ds, and is deleted after Knot's own wait") as case:
        new = to_await_ds(case)
        # Without times it would be in use at once.
        keymgr(case.world, "generate", "ksk=yes", "created=+0", "publish=+0", "ready=+1y", "active=+1y")
        case.knotc("zone-keys-load", ZONE)
        case.gate("unknown-key", state="introduce")
        third = [key for key in case.new() if key not in new]
        wait_until(lambda: in_use(case.world, new) and in_use(case.world, third), 40, "both are in use")
        case.stays("introduce", case.world.propagation_delay + case.world.dnskey_ttl + 2, "a further key is there",
                   lambda: case.no_signals() and case.old_ds())
        case.did = "withdraws the signals; all keys stay, none gets ready by itself"
        delete_key(case.world, third[0])
        case.world.agent.deaf = False
        case.finish("completed after keymgr delete and zone-keys-load")


@long_test
@bound(120)
def test_a_further_key_is_made_for_the_next_day(directory):
    """Knot clears times in the future when it signs the zone: it would never publish that key."""
    with fault(directory, "A KSK is made for the next day with keymgr before the rollover, and deleted in signal") as case:
        made = keymgr(case.world, "generate", "algorithm=13", "ksk=yes", "created=+0", "publish=+1d", "ready=+2d",
                      "active=+3d").split()[-1]
        case.start()
        line = case.gate("keys-refused", state="signal", bound=60)
        command = re.search(r"the KSK of key tag (\d+) is not published: keymgr ZONE (delete \1)$", line["detail"])
        assert command, line
        assert case.no_signals() and case.both_keys() and case.old_ds()
        case.did = "introduces the new key and signals nothing; the other one stays out of the zone"
        keymgr(case.world, *command[2].split())
        assert made not in keymgr(case.world, "list"), "the command is for that key"
        case.finish("completed after the command of the gate")


def in_use(world, keys):
    """Whether the server's key database has the key as active, not only ready."""
    listed = json.loads(keymgr(world, "list", "--json"))
    return 0 < next(key["active"] for key in listed if key["tag"] == int(tag_of(keys))) <= time.time()


@long_test
@bound(150)
def test_another_rollover_is_ordered_under_way(directory):
    with fault(directory, "zone-key-rollover again in introduce, await-ds and observe; a KSK of keymgr in observe",
               module_settings={"observe": 15}) as case:
        case.start()
        case.gate("waiting-dnskey-ttl", state="introduce")
        two = ask.ksks(KNOT, ZONE)
        start(case.world)
        case.world.agent.deaf = True
        case.progress.wait("await-ds")
        start(case.world)
        case.gate("ds-stale-at", state="await-ds")
        case.world.agent.deaf = False
        case.progress.wait("observe", 30)
        start(case.world)
        assert sorted(ask.ksks(KNOT, ZONE)) == sorted(two), "Knot has begun another rollover"
        keymgr(case.world, "generate", "ksk=yes")
        case.knotc("zone-keys-load", ZONE)
        case.gate("unknown-key", state="observe")
        third = [key for key in ask.ksks(KNOT, ZONE) if key not in two]
        case.stays("observe", 5, "a third key is there", lambda: case.old[0] in ask.ksks(KNOT, ZONE))
        case.did = "Knot ignores the orders; with a third key nothing goes on, both keys stay"
        delete_key(case.world, third[0])
        case.finish("completed after keymgr delete and zone-keys-load")


@long_test
@bound(150)
def test_policy_is_changed_in_the_database(directory):
    with fault(directory, "dnskey-ttl of the policy is changed in introduce, its algorithm in await-ds (configuration database)",
               confdb=True) as case:
        case.start()
        case.gate("waiting-dnskey-ttl", state="introduce")
        commit(case.world, ("conf-set", "policy[lab].dnskey-ttl", "6"))
        case.world.agent.deaf = True
        case.progress.wait("await-ds")
        commit(case.world, ("conf-set", "policy[lab].algorithm", "rsasha256"))
        case.world.agent.deaf = False
        case.over()
        new = [key for key in case.new() if key.algorithm == 13]
        assert case.world.ds_everywhere(ZONE, new)
        check.old_ds_ran_out(case.world, ZONE)
        case.did = "goes on with the derived policies as they are; the changes count when the policy is back"
        case.logged("idle -> presign")
        assert case.world.ds_everywhere(ZONE, new) and case.no_signals()
        case.ended = "completed by itself; then the rollover to the other algorithm begins"


@long_test
@bound(150)
def test_algorithm_is_changed_in_the_file(directory):
    with fault(directory, "The policy's algorithm is changed in knot.conf in await-ds, knotc reload") as case:
        to_await_ds(case)
        keys = ask.ksks(KNOT, ZONE)
        case.world.set_policy(algorithm="rsasha256")
        case.stays("await-ds", case.world.dnskey_ttl, "the algorithm is another", case.both_keys)
        assert ask.tags(KNOT, ZONE, "CDS")
        assert sorted(ask.ksks(KNOT, ZONE)) == sorted(keys)
        case.world.agent.deaf = False
        case.logged("settle -> presign", ROLLOVER)
        new = [key for key in case.new() if key in keys]
        assert case.world.ds_everywhere(ZONE, new)
        check.old_ds_ran_out(case.world, ZONE)
        case.did = "goes on: Knot does not begin with the other algorithm before the old key has gone"
        assert case.world.ds_everywhere(ZONE, new) and case.no_signals()
        case.ended = "completed by itself; then the rollover to the other algorithm begins"


@long_test
@bound(300)
def test_hold_in_every_state(directory):
    """Where a state would be over too soon a stuck secondary keeps it."""
    with fault(directory, "hold is switched on and off again in every state", confdb=True,
               module_settings={"observe": 8, "settle": 8}) as case:
        def quiet(address):
            return not ask.tags(address, ZONE, "CDS") and ask.rrset(address, ZONE, "CDNSKEY") is None

        def hold(state):
            case.progress.wait(state, 60)
            keys = ask.ksks(KNOT, ZONE)
            commit(case.world, ("conf-set", "mod-kskroll[default].hold", "on"))
            case.gate("held-by-operator", state=state)
            wait_until(lambda: quiet(KNOT) and quiet(CHILD_NSD), 10, f"no signal while held in {state}")
            case.stays(state, 2, "it is held", lambda: quiet(KNOT) and ask.ksks(KNOT, ZONE) == keys)
            commit(case.world, ("conf-set", "mod-kskroll[default].hold", "off"))
            wait_until(lambda: case.progress.gate != "held-by-operator", 20, f"no hold in {state}")
        case.world.agent.deaf = True
        hold("idle")
        case.start()
        case.gate("waiting-dnskey-ttl", state="introduce")
        hold("introduce")
        with stuck(case.world.child_bind):
            case.gate("cds-missing-at", CHILD_BIND, "signal")
            hold("signal")
        case.progress.wait("await-ds", 60)
        case.gate("ds-stale-at", state="await-ds")
        hold("await-ds")
        case.progress.wait("await-ds", 60)
        wait_until(lambda: ask.tags(CHILD_BIND, ZONE, "CDS") and ask.tags(CHILD_NSD, ZONE, "CDS"), 30, "signals")
        with stuck(case.world.child_bind):
            case.world.agent.deaf = False
            case.gate("cds-remains-at", CHILD_BIND, "withdraw")
            hold("withdraw")
        hold("observe")
        with stuck(case.world.child_bind):
            case.gate("dnskey-remains-at", CHILD_BIND, "retire")
            hold("retire")
        hold("settle")
        case.did = "no CDS and no step while it is on; earlier conditions are proven again"
        case.finish()
