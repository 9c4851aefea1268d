# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollover that version 0.1.0 has begun is carried on: its policies, its store and its states of keys are taken over."""

import contextlib
import shutil
import sqlite3

from . import ask, check
from .faults import keymgr, store_path
from .flicker import Flicker
from .marks import bound
from .progress import Progress
from .test_faults_local import tag_of
from .test_rollover import ZONE, module_world, start
from .wait import wait_until
from .world import KNOT

#: The derived policies of 0.1.0: cds-cdnskey-publish, and what was added to the TTL.
FORMER = {"quiet": ("none", 0), "signal": ("rollover", 1), "rollback": ("double-ds", 2)}
#: Columns of schema 3 that have another name now.
RENAMED = {"all_expired": "all_drained", "ds_expire": "ds_drain", "ordered": "acted", "checks": "looks",
           "next_check": "wake", "checked": "looked", "go_insecure": "leave"}
#: 0.1.0 asked for this base policy.
SETTINGS = {"policy": {"cds-cdnskey-publish": "none"}, "confdb": True, "pinned": False,
            "module_settings": {"observe": 8}}


def former_store(path):
    """The store as 0.1.0 wrote it."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        for column in ("key_states", "signalled"):
            database.execute(f"ALTER TABLE zone DROP COLUMN {column}")
        database.execute("DROP INDEX zone_checked")
        for name, was in RENAMED.items():
            database.execute(f"ALTER TABLE zone RENAME COLUMN {name} TO {was}")
        database.execute("CREATE INDEX zone_looked ON zone (looked)")
        database.execute("PRAGMA user_version = 3")
        database.commit()


def former_sections(world, role):
    """knot.conf as 0.1.0 left it: its policies, one of them in force."""
    base = world._policy()
    made = [{**base, "id": f"lab-kskroll-{name}-5", "cds-cdnskey-publish": publish, "dnskey-ttl": 5 + apart,
             "comment": '"made by the module kskroll"'} for name, (publish, apart) in FORMER.items()]
    sections = []
    for name, content in world.knot_sections():
        if name == "policy":
            content = [*content, *made]
        elif name == "zone":
            content = [{**block, "dnssec-policy": f"lab-kskroll-{role}-5"} if block["domain"] == ZONE else block
                       for block in content]
        sections.append((name, content))
    return sections


def carried_on(directory, state, role, *timers):
    """Up to the state with this version, then all as 0.1.0 had it there."""
    with module_world(directory, **SETTINGS) as (world, old), Progress(world.knot, ZONE) as progress:
        world.agent.deaf = state != "observe"
        progress.wait("idle", 30)
        start(world)
        progress.wait(state, 90)
        wait_until(lambda: progress.gate != "keys-pending" and len(ask.ksks(KNOT, ZONE)) == 2, 20, "both keys")
        new = [key for key in ask.ksks(KNOT, ZONE) if key not in old[ZONE]]
        world.knot.stop()
        if timers:
            keymgr(world, "set", tag_of(new), *timers)
        former_store(store_path(world))
        world.knot.sections = former_sections(world, role)
        shutil.rmtree(world.knot.path("confdb"))
        with Flicker(KNOT, ZONE) as flicker:
            world.knot.start()
            wait_until(lambda: world.knot.log_lines(f"resuming in state {state}"), 30, "it resumes")
            world.agent.deaf = False
            progress.wait_visited("settle", 150)
            progress.wait("idle", 60)
            check.rolled(world, ZONE, old[ZONE])
            assert ask.ksks(KNOT, ZONE) == new, "the key of that rollover"
            check.signals_followed_keys(world, ZONE)
            check.old_ds_ran_out(world, ZONE)
            check.secure_all_along(world)
            named = {tag for _, tags in flicker.seen for tag in tags}
            assert named <= {int(tag_of(new))}, f"CDS over time: {flicker.seen}"
            if state != "observe":
                flicker.one_stretch()
        assert "kskroll" not in world.knot.knotc("conf-read", f"zone[{ZONE}].dnssec-policy")


@bound(240)
def test_introduce_of_the_former_version(directory):
    carried_on(directory, "introduce", "quiet", "ready=0", "active=0")


@bound(240)
def test_await_ds_of_the_former_version(directory):
    carried_on(directory, "await-ds", "signal")


@bound(240)
def test_observe_of_the_former_version(directory):
    carried_on(directory, "observe", "quiet", "ready=+0", "active=0")
