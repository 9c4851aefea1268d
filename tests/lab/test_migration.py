# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollover that version 0.1.0 began is carried on: its store, its policies, the states in which it left the keys.

The present module brings the zone into the state; then all is made what 0.1.0 would have left there.
"""

import contextlib
import json
import shutil
import sqlite3

from . import ask, check
from .daemons import run
from .faults import store_path
from .flicker import Flicker
from .key_lab import state_of
from .marks import bound, long_test
from .progress import Progress
from .test_rollover import ROLLOVER, ZONE, module_world, start
from .wait import wait_until
from .world import KNOT

#: 0.1.0 asked for it: only its own policies signalled.
BASE = {"cds-cdnskey-publish": "none"}
MADE = "made by the module kskroll"
#: Derived policies of 0.1.0: cds-cdnskey-publish, what is added to the TTL of the module.
FORMER = {"quiet": ("none", 0), "signal": ("rollover", 1), "rollback": ("double-ds", 2)}
TTL = 5
#: Of table zone: names of today, names of schema 3.
RENAMED = {"all_expired": "all_drained", "ds_expire": "ds_drain", "ordered": "acted", "checks": "looks", "next_check": "wake",
           "checked": "looked", "go_insecure": "leave"}
ADDED = ("key_states", "signalled", "csk", "zone_ttl_max", "zone_ttl_seen", "zone_ttl_until",
         "data_algorithms", "data_keys", "data_serial", "data_since", "data_last", "csk_new", "signers", "dnskey_refresh",
         "manual", "submitted", "submitted_id", "ds_ttl_before", "ds_ttl_low", "ds_ttl_back", "ds_ttl_asked", "ds_ttl_since",
         "ds_ttl_sent", "ds_ttl_around", "spread", "start_window", "no_start")


def downgrade(path):
    """The store as 0.1.0 wrote it: schema 3, see tests/unit/store_schema_3.sql."""
    with contextlib.closing(sqlite3.connect(path)) as database, open("tests/unit/store_schema_3.sql", encoding="utf-8") as file, \
            contextlib.closing(sqlite3.connect(":memory:")) as former:
        for table in ("delegation", "delegation_answers", "delegation_history", "delegation_server", "parent", "report"):
            database.execute(f"DROP TABLE {table}")
        database.execute("DROP INDEX zone_checked")
        for name in ADDED:
            database.execute(f"ALTER TABLE zone DROP COLUMN {name}")
        for name, was in RENAMED.items():
            database.execute(f"ALTER TABLE zone RENAME COLUMN {name} TO {was}")
        database.execute("CREATE INDEX zone_looked ON zone (looked)")
        database.execute("PRAGMA user_version = 3")
        database.commit()
        former.executescript(file.read())
        for table in ("zone", "server", "history"):
            shapes = [[(row[1], row[2]) for row in one.execute(f"PRAGMA table_info({table})")] for one in (database, former)]
            assert shapes[0] == shapes[1], f"{table}: {shapes}"


def policy_name(role):
    """Name of a policy that 0.1.0 derived."""
    return f"lab-kskroll-{role}-{TTL}"


def former_sections(world, role):
    """The configuration of 0.1.0 in the middle of a rollover; \\a role: the policy of the zone."""
    made = [{**world._policy(), "id": policy_name(name), "cds-cdnskey-publish": publish, "dnskey-ttl": TTL + apart,
             "comment": f'"{MADE}"'} for name, (publish, apart) in FORMER.items()]
    added = {"policy": lambda content: [*content, *made],
             "zone": lambda content: [{**block, "dnssec-policy": policy_name(role)} for block in content]}
    return [(name, added.get(name, lambda content: content)(content)) for name, content in world.knot_sections()]


def keymgr(world, *args):
    """keymgr on the keys of the zone."""
    done = run(["keymgr", "-D", world.knot.path("db", "keys"), ZONE, *args])
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def signals_in_journal(world):
    """CDS after each version of the zone in Knot's journal: what was out for less than a question takes is there, too."""
    done = run(["kjournalprint", "-D", world.knot.path("db", "journal"), ZONE])
    assert done.returncode == 0, done.stderr
    present, adds, versions = set(), True, []
    for line in done.stdout.splitlines():
        if line.startswith(";; Changes"):
            versions.append(sorted(present))
        elif line.startswith((";; Added", ";; Removed")):
            adds = line.startswith(";; Added")
        elif line.split()[2:3] == ["CDS"]:
            (present.add if adds else present.discard)(int(line.split()[3]))
    return [*versions, sorted(present)]


def key_states(world):
    """Key tag -> state, of the KSKs."""
    return {key["tag"]: state_of(key) for key in json.loads(keymgr(world, "list", "-j")) if key["ksk"]}


@contextlib.contextmanager
def carried_on(directory, state, role, left, timers, confdb=True):
    """A zone in this state of 0.1.0; the new key has \\a left, the last of its timers. Yields once knotd runs again, judges the end."""
    with module_world(directory, confdb=confdb, policy=BASE, module_settings={"observe": 8}) as (world, old), \
            Progress(world.knot, ZONE) as progress, Flicker(KNOT, ZONE) as flicker:
        before = ask.ksk_tags(KNOT, ZONE)
        progress.wait("idle", 30)
        world.agent.deaf = True
        start(world)
        if state == "observe":
            progress.wait_visited("await-ds", ROLLOVER)
            world.agent.deaf = False
        progress.wait(state, ROLLOVER)
        wait_until(lambda: progress.gate != "keys-pending" and len(world.ksk_tags(ZONE)) == 2, 30, "the new key is there")
        new = next(tag for tag in world.ksk_tags(ZONE) if tag not in before)
        assert world.knot.stop()
        keymgr(world, "set", str(new), *timers)
        assert key_states(world) == {before[0]: "active", new: left}, key_states(world)
        downgrade(store_path(world))
        if confdb:
            shutil.rmtree(world.knot.path("confdb"))
            world.knot.sections = former_sections(world, role)
        world.knot.start()
        wait_until(lambda: world.knot.log_lines(f"resuming in state {state}"), 30, "it goes on where it was")
        yield world, progress, flicker, new
        world.agent.deaf = False
        progress.wait_visited("settle", ROLLOVER)
        progress.wait("idle", 60)
        check.rolled(world, ZONE, old[ZONE])
        assert ask.ksk_tags(KNOT, ZONE) == [new], "the key of that rollover"
        check.signals_followed_keys(world, ZONE)
        check.old_ds_ran_out(world, ZONE)
        world.assert_secure()
        assert all(set(tags) <= {new} for _, tags in flicker.seen), f"not of {new}: {flicker.seen}"
        assert not {"rollback", "rolled-back"} & set(progress.states()), progress.states()
        assert "kskroll" not in world.knot.knotc("conf-read", f"zone[{ZONE}].dnssec-policy"), "the policy is the base policy"
        if confdb:
            flicker.one_stretch()
            versions = signals_in_journal(world)
            # Knot's own signals of its first key are not ours.
            out = [number for number, tags in enumerate(versions) if tags not in ([], before)]
            assert out and out == list(range(out[0], out[-1] + 1)) and all(versions[number] == [new] for number in out), versions
            ids = world.knot.knotc("conf-read", "policy.id")
            assert all(policy_name(name) in ids for name in FORMER), ids


@bound(240)
def test_await_ds_of_the_former_version(directory):
    """Signals stay out while the zone passes from the former policy that signals to that of today."""
    with carried_on(directory, "await-ds", "signal", "ready", ["ready=+0", "active=0"]) as (world, progress, flicker, new):
        wait_until(lambda: f"lab-kskroll-ttl-{TTL}" in world.knot.knotc("conf-read", f"zone[{ZONE}].dnssec-policy"), 30,
                   "the policy of today")
        wait_until(lambda: ask.rrset(KNOT, ZONE, "DNSKEY").ttl == TTL, 10, "and its TTL")
        assert progress.state == "await-ds" and flicker.seen[-1][1] == [new], (progress.state, flicker.seen)


@bound(240)
def test_observe_of_the_former_version(directory):
    """Knot has the new key READY until it goes; a policy that publishes CDS must find it ACTIVE."""
    with carried_on(directory, "observe", "quiet", "ready", ["ready=+0", "active=0"]):
        pass


@long_test
@bound(240)
def test_introduce_of_the_former_version(directory):
    """The new key is one that Knot makes READY by itself, before every server has it for long enough."""
    with carried_on(directory, "introduce", "quiet", "publish", ["ready=0", "active=0"]) as (world, progress, _, new):
        wait_until(lambda: key_states(world)[new] == "active", 30, "nothing makes it READY by itself")
        assert progress.state == "introduce", progress.state


@long_test
@bound(240)
def test_await_ds_of_the_former_version_with_a_text_configuration(directory):
    """Its policies are gone with the restart: signals are out again soon, and name the same key."""
    with carried_on(directory, "await-ds", "signal", "ready", ["ready=+0", "active=0"], confdb=False) as (_, __, flicker, new):
        wait_until(lambda: flicker.seen[-1][1] == [new], 30, "signals")
        assert flicker.stretches() <= 2, flicker.seen
