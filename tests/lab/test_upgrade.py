# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of an operator, from `apt install` of the real 0.1.0 to `apt purge`, as docs/upgrading.rst has it.

A rollover that 0.1.0 began ends right with the version of today. What 0.1.0 left is simulated in test_migration, in more states;
here it is that version itself, from the history of the project: `./run test` packs its source (KSKROLL_FORMER).
"""

import contextlib
import json
import os
import shutil
import sqlite3

from . import ask, check, packages
from .flicker import Flicker
from .marks import bound, long_test, needs
from .progress import Progress
from .test_migration import BASE, FORMER
from .test_newcomer import Newcomer
from .test_rollover import ROLLOVER, ZONE, start
from .wait import wait_until
from .world import KNOT, World

#: Where Debian's knotd has its data.
STORAGE = "/var/lib/knot"
STORE = f"{STORAGE}/kskroll/kskroll.db"
#: What a purge keeps.
STAYS = {os.path.dirname(STORE), STORE, f"{STORAGE}/kskroll/kskrolld.lock"}
#: Store of 0.1.0.
FORMER_SCHEMA = 3
COPY = "sqlite3 /var/lib/knot/kskroll/kskroll.db '.backup /var/backups/kskroll.db'"
PURGE = "apt purge kskroll knot-module-kskroll"


def former_missing():
    """Why 0.1.0 cannot be built; "" if it can."""
    path = os.environ.get("KSKROLL_FORMER", "")
    return "" if os.path.exists(path) else f"no source of 0.1.0 ({path or 'not by ./run test'}): git needs the whole history of the project"


class Installed(World):
    """knotd finds the installed module by itself, and has its data where Debian has it."""

    def knot_sections(self):
        return [section for section in super().knot_sections() if section[0] != "module"]


class Operator(Newcomer):
    """Has the store where the documentation has it."""

    def runs(self, command, codes=(0,)):
        if command.startswith("kskroll "):
            return packages.done(command.split())
        if command.startswith("sqlite3 "):
            return packages.done(["sh", "-c", command])
        return super().runs(command, codes)

    def status(self):
        """What `kskroll status` says of the zone."""
        return json.loads(self.runs("kskroll status --json"))["zones"][0]


def build_former(directory):
    """A folder with the packages of 0.1.0."""
    folder = os.path.join(directory, "former")
    os.makedirs(folder)
    packages.done(["tar", "-x", "-f", os.environ["KSKROLL_FORMER"], "-C", folder])
    return packages.build(os.path.join(folder, "kskroll"))


def history(path):
    """(schema, changes of the state) of a store."""
    with contextlib.closing(sqlite3.connect(path, timeout=5)) as database:
        return (database.execute("PRAGMA user_version").fetchone()[0],
                database.execute("SELECT time, zone, from_state, to_state FROM history WHERE from_state != to_state ORDER BY id").fetchall())


def left():
    """What the system has of kskroll."""
    return {os.path.join(folder, name) for top in packages.SYSTEM for folder, folders, names in os.walk(top)
            for name in [*folders, *names] if "kskroll" in name}


@contextlib.contextmanager
def upgraded(directory, state, confdb):
    """A zone that 0.1.0 brought into this state of a rollover, upgraded in it; ends with the rollover, then all is removed."""
    former, today = build_former(directory), packages.of_today(directory)
    packages.own_system(directory)
    before_all = left()
    with open(os.path.join(packages.TOP, "docs", "upgrading.rst"), encoding="utf-8") as file:
        page = file.read()
    module = packages.install(former, page)
    assert packages.version("knot-module-kskroll") == "0.1.0"
    with Installed(directory=directory, module=module, confdb=confdb, policy=BASE, module_settings={"observe": 8}, database={"storage": STORAGE}) as world, \
            Flicker(KNOT, ZONE) as flicker:
        old = ask.ksks(KNOT, ZONE)
        user = Operator(world, names={"/var/backups": directory})
        wait_until(lambda: user.status()["state"] == "idle", 30, "0.1.0 has the zone")
        assert world.knot.kskrolld is None, "0.1.0 is one process"
        world.agent.deaf = True
        start(world)
        wait_until(lambda: user.status()["state"] == "await-ds", ROLLOVER, "0.1.0 waits for the DS")
        if state != "await-ds":
            world.agent.deaf = False
            wait_until(lambda: user.status()["state"] == state, ROLLOVER, f"0.1.0 is in {state}")
        new = user.status()["new_key"]
        policy = world.knot.knotc("conf-read", f"zone[{ZONE}].dnssec-policy")
        assert any(f"-kskroll-{role}-" in policy for role in FORMER), policy

        user.types(COPY)
        packages.install(today, page)
        assert packages.version("knot-module-kskroll") not in ("", "0.1.0")
        assert world.knot.running(), "an installation restarts nothing"
        world.knot.restart()
        wait_until(lambda: world.knot.log_lines(f"resuming in state {state}"), 30, "it goes on where it was")
        assert os.readlink(f"/proc/{world.knot.wait_kskrolld()}/exe") == "/usr/libexec/kskroll/kskrolld"
        assert user.status()["new_key"]["tag"] == new["tag"]
        schema, changes = history(os.path.join(directory, "kskroll.db"))
        assert schema == FORMER_SCHEMA and changes, (schema, changes)
        now, kept = history(STORE)
        assert now > schema and kept[:len(changes)] == changes, (now, kept, changes)
        with Progress(world.knot, ZONE) as progress:
            yield world, progress, flicker, new["tag"]
            world.agent.deaf = False
            progress.wait_visited("settle", ROLLOVER)
            progress.wait("idle", 60)
            assert not {"rollback", "rolled-back"} & set(progress.states()), progress.states()
        check.rolled(world, ZONE, old)
        assert ask.ksk_tags(KNOT, ZONE) == [new["tag"]], "the key of that rollover"
        check.signals_followed_keys(world, ZONE)
        check.old_ds_ran_out(world, ZONE)
        world.assert_secure()
        assert all(set(tags) <= {new["tag"]} for _, tags in flicker.seen), f"not of {new}: {flicker.seen}"
        assert "kskroll" not in world.knot.knotc("conf-read", f"zone[{ZONE}].dnssec-policy"), "the policy is the base policy"
        assert "await-ds" in user.types("kskroll history example.com")

        detach(world)
        uninstall(world, today, page, before_all)
        assert ask.ksk_tags(KNOT, ZONE) == [new["tag"]] and not ask.tags(KNOT, ZONE, "CDS")


def detach(world):
    """Nothing of the configuration is the module's any more."""
    if world._confdb:
        made = [f"policy[{word}]" for word in world.knot.knotc("conf-read", "policy.id").split() if "-kskroll-" in word]
        assert made, "0.1.0 has made policies"
        items = [f"zone[{ZONE}].module", "template[default].global-module", "mod-kskroll", *made]
        world.knot.transaction(*(("conf-unset", item) for item in items))
    else:
        world.module = None
        world.knot.sections = world.knot_sections()
        world.knot.configure()
    world.knot.knotc("conf-check" if world._confdb else "reload")
    rest = world.knot.knotc("conf-read")
    assert "mod-kskroll" not in rest and "-kskroll-" not in rest, rest


def uninstall(world, today, page, before_all):
    """Removes the packages, or purges them: either way the store alone stays, and knotd starts without them."""
    files = packages.files()
    assert PURGE in page and len(files) > 50, files
    command, *names = PURGE.split()[1:]
    for how in "remove", command:
        if not packages.version(names[0]):
            packages.install(today, page)
        packages.apt(how, "-y", *names)
        assert [packages.version(name) for name in names] == ["", ""]
        assert not [path for path in files if os.path.exists(path)]
        assert left() - before_all == STAYS, f"after {how} there is {left() - before_all}"
        assert world.knot.running() and not world.knot.kskrolld
        world.knot.restart()
    schema, changes = history(STORE)
    assert schema > FORMER_SCHEMA and changes
    world.assert_secure()
    shutil.rmtree(os.path.dirname(STORE))


@long_test
@needs(former_missing)
@bound(900)
def test_signals_are_out_when_0_1_0_is_upgraded(directory):
    """With knot.conf, its policies are gone with the restart: signals are out again soon, and name the same key."""
    with upgraded(directory, "await-ds", confdb=False) as (_, progress, flicker, new):
        wait_until(lambda: flicker.seen[-1][1] == [new], 30, "signals")
        assert flicker.stretches() <= 2, flicker.seen
        assert progress.state in (None, "await-ds"), progress.states()


@long_test
@needs(former_missing)
@bound(900)
def test_the_old_ds_runs_out_when_0_1_0_is_upgraded(directory):
    """With the configuration database; the parent has the new DS."""
    with upgraded(directory, "observe", confdb=True):
        pass
