# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the chain of trust itself: a DS that somebody removed, keys that somebody restored."""

import json
import os

from . import ask
from .daemons import run
from .faults import fault, store_path
from .marks import bound, long_test
from .test_faults_local import tag_of
from .test_faults_parent import ds, to_await_ds
from .test_rollover import ZONE
from .wait import wait_until
from .world import KNOT


def status(case):
    """What `kskroll status --blocked` says: exit code and zones."""
    program = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
    done = run([program, "--db", store_path(case.world), "status", "--blocked", "--json"])
    return done.returncode, json.loads(done.stdout)["zones"]


@bound(150)
def test_key_database_from_before_a_rollover_is_restored(directory):
    with fault(directory, "zone-restore +kaspdb of a backup from before the rollover", secure=False,
               module_settings={"ds-check-interval": 1}) as case:
        backup = case.world.knot.path("backup")
        only_keys = ("+backupdir", backup, "+kaspdb", "+nozonefile", "+nojournal", "+notimers", "+nocatalog")
        case.knotc("zone-backup", ZONE, *only_keys)
        wait_until(lambda: os.path.exists(os.path.join(backup, "knot_backup.label")), 20, "the backup")
        case.start()
        case.over()
        new = ask.ksks(KNOT, ZONE)
        assert case.world.ds_everywhere(ZONE, new)

        case.world.rightly_broken("a key is restored that the DS does not name any more")
        case.knotc("zone-restore", ZONE, *only_keys)
        wait_until(lambda: ask.ksks(KNOT, ZONE) == case.old, 20, "the old key is back")
        line = case.gate("chain-broken", state="idle", bound=60)
        assert tag_of(new) in line["detail"], line
        assert " error: " in case.logged("waits (chain-broken)"), "an outage is an error"
        # The row of an idle zone is written a little later.
        wait_until(lambda: status(case)[1], 20, "status --blocked has the zone")
        code, zones = status(case)
        assert code == 3 and zones[0]["zone"] == ZONE and zones[0]["gate"]["outage"], zones
        commands = [c["command"] for c in zones[0]["commands"]]
        assert f"keymgr {ZONE} ds" in commands and any("zone-restore" in c for c in commands), commands
        case.did = "reports an error, with the two ways out; it cannot help"

        # The first way out: the DS of the key that is there.
        case.world.agent.deaf = True
        case.world.agent.insert_ds(ZONE, ds(case.old))
        wait_until(lambda: case.progress.gate == "none", 60, "the gate is gone")
        case.ended = "fixed by the DS of the key in the zone at the registrar"


@bound(150)
def test_ds_is_removed_in_observe(directory):
    with fault(directory, "The DS is removed at the registrar in observe, to move to an unsigned provider",
               secure=False, module_settings={"observe": 30}) as case:
        case.start()
        case.gate(("waiting-ds-ttl", "waiting-observe"), state="observe")
        case.world.agent.insert_ds(ZONE, [])
        case.gate("ds-removed", state="observe")
        case.stays("observe", case.world.ds_ttl + 10, "the DS is gone", case.no_signals)
        assert case.both_keys() and case.world.ds_everywhere(ZONE, [])
        case.world.assert_never_bogus()
        case.did = "asks for no DS, both keys stay"
        case.world.agent.insert_ds(ZONE, ds(case.new()))
        case.over()
        case.world.assert_never_bogus()
        case.ended = "the DS of the new key at the registrar: observed again, completed"


@long_test
@bound(150)
def test_ds_is_removed_in_await_ds(directory):
    with fault(directory, "The DS is removed at the registrar in await-ds", secure=False,
               module_settings={"check-interval": 2}) as case:
        to_await_ds(case)
        case.world.agent.deaf = True
        case.world.agent.insert_ds(ZONE, [])
        case.logged("await-ds -> introduce")
        case.gate("ds-removed", state="introduce")
        wait_until(case.no_signals, 20, "the signals are withdrawn")
        case.stays("introduce", 10, "the DS is gone", case.no_signals)
        case.world.assert_never_bogus()
        case.did = "withdraws the signals, both keys stay"
        case.world.agent.insert_ds(ZONE, ds(case.old))
        case.world.agent.deaf = False
        case.over()
        case.world.assert_never_bogus()
        case.ended = "the DS of the old key at the registrar: completed"
