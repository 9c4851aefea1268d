# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of the documentation is run, or is marked with a reason (tests/pages.py)."""

import os
import re
import subprocess

from tests import pages

from . import ask, check
from .daemons import run
from .faults import QUICK, QUICK_MODULE
from .marks import bound
from .parent_world import PARENT_ZONE, ParentWorld
from .progress import Progress
from .reader import Reader, scripts, words_of
from .test_notify import kskroll
from .test_rollover import ROLLOVER, ZONE, module_world
from .wait import wait_until
from .world import CHILD_BIND, WARM

#: Pages about the parent's half. Their commands, and some of other pages, are run where the module has a parent zone.
PARENT_PAGES = ("docs/parent-zones.rst", "docs/parent-rules.rst", "docs/parent-ways.rst", "docs/both-halves.rst", "docs/delegations.rst")
OF_PARENT = re.compile(r"^kskroll (?:delegations?|dsync)\b|\bCHILD\b|example\.edu|\bNAME\b|zone-read ")


def world_of(page, command):
    """Where a command is run."""
    if command.startswith("./run"):
        return "simulator" if re.match(r"\./run sim (?:--trained )?--(?:seeds|replay)", command) else "nowhere"
    return "parent" if page in PARENT_PAGES or OF_PARENT.search(command) else "child"


def scripts_in(world):
    """All commands for a world."""
    return scripts(lambda page, command: world_of(page, command) == world)


def taken(remaining, *patterns):
    """Removes scripts with a command that matches a pattern, in the order of the patterns, and returns them."""
    found = []
    for pattern in patterns:
        some = [script for script in remaining if any(re.search(pattern, command) for command in script[1])]
        found += some
        remaining[:] = [script for script in remaining if script not in some]
    return found


@bound(180)
def test_commands_for_a_zone(directory):
    """Most of them about an idle zone; those that change something around a rollover, which one of them starts."""
    remaining = scripts_in("child")
    assert len(remaining) > 30, remaining
    settings = {**QUICK, "module_settings": QUICK_MODULE}
    with module_world(directory, extra_sections=[("mod-kskroll", [{"id": "held", "hold": True}])], **settings) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        user = Reader(world, {
            r"(?<![\w.])example\.com\b": ZONE.rstrip("."), r"\bZONE\b": ZONE, r"@NAMESERVER\b": f"@{CHILD_BIND}", r"@RESOLVER\b": f"@{WARM}",
            # Without an id it has the timings of real zones.
            r"(\.module' mod-kskroll)$": r".module' mod-kskroll/default",
        }, WARM)
        progress.wait("idle", 30)
        wait_until(lambda: kskroll(world, "status")["zones"], 20, "the store has the zone")
        for name in ("ns1", "ns2"):
            user.types(f"kskroll report --json --output {name}.json")
        rolls = taken(remaining, r"zone-key-rollover")
        held, module = taken(remaining, r"mod-kskroll/held"), taken(remaining, r"conf-set .* mod-kskroll$")
        last = taken(remaining, r"zone-freeze", r"zone-thaw", r"conf-set ", r"DELETE FROM zone")
        user.types_all(remaining)
        user.types_all(held)
        # The guide: the same with conf-unset resumes.
        user.types_all([(where, [command.replace("conf-set", "conf-unset") for command in commands]) for where, commands in held])
        user.types_all(module)

        user.types_all(rolls)
        progress.wait_visited("settle", ROLLOVER)
        progress.wait("idle", 30)
        check.rolled(world, ZONE, old[ZONE])
        assert "await-ds" in user.types("kskroll history example.com")
        user.types_all(last)
        world.assert_secure()


def test_commands_for_a_parent_zone(directory):
    remaining = scripts_in("parent")
    assert len(remaining) > 10, remaining
    with ParentWorld(directory) as world:
        record = world.child.first_ds()[0]
        user = Reader(world, {
            # Names of children first: they have the name of the parent in them.
            r"\b(?:physics\.example\.edu|child\.example\.com|NAME|CHILD)\b": ZONE.rstrip("."),
            r"\bexample\.(?:edu|com)\b": PARENT_ZONE.rstrip("."), r"\bZONE\b": PARENT_ZONE,
            r"\b12345 13 2 [\dA-F.]+": record,
        }, WARM)
        world.wait_delegation(state="rest", gate="none")
        by_hand = taken(remaining, "zone-begin", "zone-reload")
        user.types_all(remaining)
        user.types_all(by_hand)
        assert ask.ds_set(world.knot.address, ZONE) == [record]
        world.assert_secure()


@bound(60)
def test_commands_of_the_simulator(directory):
    """With few seeds of each range."""
    found = scripts_in("simulator")
    assert found
    program = os.path.join(os.environ["KSKROLL_BUILD"], "tests/simulation/sim")
    if not os.path.exists(program):
        run(["ninja", "-C", os.environ["KSKROLL_BUILD"], "tests/simulation/sim"])
    for where, commands in found:
        for command in commands:
            words = words_of(re.sub(r"--seeds (\d+)\.\.\d+", r"--seeds \1..3", command))
            if "--trained" in words:
                words.remove("--trained")
            done = subprocess.run([program, *words[2:]], capture_output=True, text=True, timeout=50, check=False)
            assert done.returncode == 0, f"{where}: {command}: {done.returncode}: {done.stdout[-400:]}{done.stderr[-400:]}"
            print(f"{where}: {command}", flush=True)


@bound(30)
def test_names_of_commands(directory):
    """A sentence may name a command without what it needs: then the program has it."""
    helps = {program: run([program, "--help"]).stdout for program in ("knotc", "keymgr")}
    checked = 0
    for page in pages.pages():
        for name in pages.names(page):
            program, command = name.split()
            if program in helps:
                assert re.search(rf"^ +{re.escape(command)}\b", helps[program], re.M), f"{page}: {name}"
                checked += 1
    assert checked > 20
