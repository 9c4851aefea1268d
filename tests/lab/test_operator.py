# SPDX-License-Identifier: GPL-3.0-or-later
"""Other hands at the same server: transactions, commits, freezes, the module taken off and put back."""

import glob
import os
import re
import time

from . import ask, check
from .daemons import run
from .faults import QUICK, QUICK_MODULE
from .marks import bound, long_test
from .progress import STEPS, Progress
from .sanitizers import Sanitizer
from .test_rollover import ROLLOVER, ZONE, finish, in_every_state, module_world, start
from .wait import wait_until
from .world import KNOT

#: Longest time that an operator's command may take: a wait of ours for our own control
#: connection would take the control timeout, which is twice that.
PROMPT = 5.0


def commit(world, *commands):
    """One transaction of the operator."""
    assert world.knot.transaction(*commands) < PROMPT, "conf-commit was held up"


@bound(240)
def test_an_open_transaction_of_the_operator_is_waited_for(directory):
    with module_world(directory, pinned=False) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        world.knot.knotc("conf-begin")
        world.knot.knotc("conf-set", "policy[lab].comment", "mine")
        start(world)
        wait_until(lambda: progress.gate == "knot-busy", 30, "the gate knot-busy")
        begin = time.monotonic()
        wait_until(lambda: time.monotonic() - begin > 6, 10, "it is tried some more times")
        assert "mine" in world.knot.knotc("conf-diff"), "the operator's transaction is untouched"
        assert len(world.knot.log_lines("(knot-busy)")) == 1, world.knot.log_lines("knot-busy")
        world.knot.knotc("conf-commit")
        finish(world, progress, old)


@long_test
@bound(300)
def test_commits_of_somebody_else_in_every_state(directory):
    with module_world(directory, pinned=False, module_settings={"ksk-lifetime": 30}) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        # An item of a policy: knotd makes every zone anew.
        in_every_state(world, progress, lambda number, state: commit(
            world, ("conf-set", "policy[lab].comment", f"change {number}")))
        check.signals_followed_keys(world, ZONE)
        check.old_ds_ran_out(world, ZONE)
        world.assert_secure()


@bound(240)
def test_a_frozen_zone_rests_and_goes_on(directory):
    with module_world(directory, pinned=False) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        progress.wait_visited("introduce", 30)
        world.knot.knotc("zone-freeze", ZONE)
        wait_until(lambda: progress.gate == "frozen-by-operator", 30, "the gate")
        begin = time.monotonic()
        wait_until(lambda: time.monotonic() - begin > world.dnskey_ttl + 5, 40, "the waits are over")
        assert progress.state == "introduce", progress.state
        assert not ask.tags(KNOT, ZONE, "CDS")
        world.knot.knotc("zone-thaw", ZONE)
        finish(world, progress, old)


@bound(240)
def test_the_log_has_a_line_per_step_and_per_new_gate_and_none_per_check(directory):
    with module_world(directory, **QUICK, module_settings=QUICK_MODULE) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        def lines(notified=False):
            return [line.split("mod-kskroll", 1)[1] for line in world.knot.log_lines("mod-kskroll")[before:]
                    if f"zone {ZONE}" in line and ("parent not notified" in line) == notified]

        def checks():
            return world.knot.number(ZONE, "surveys")
        progress.wait("idle", 30)
        wait_until(lambda: progress.gate == "none", 30, "at rest")
        before, rested = len(world.knot.log_lines("mod-kskroll")), len(progress.history)
        world.agent.deaf = True
        start(world)

        # A parent that does nothing: checks, and no line.
        wait_until(lambda: progress.state == "await-ds" and progress.gate == "ds-stale-at", ROLLOVER, "the parent is waited for")
        silent, checked = len(lines()), checks()
        wait_until(lambda: checks() >= checked + 6, 60, "six checks")
        assert len(lines()) == silent, lines()[silent:]
        world.agent.deaf = False
        finish(world, progress, old)

        told = lines()
        for one, other in zip(["idle", *STEPS[1:]], [*STEPS[1:], "idle"]):
            assert sum(f"{one} -> {other}:" in line for line in told) == 1, (one, other, told)
        # What the statistics showed in between had its line, and no gate had two.
        waits = [re.search(r", ([\w-]+), waits \(([\w-]+)\): ", line) for line in told]
        waits = [match.groups() for match in waits if match]
        shown = {(state, gate) for _, state, gate in progress.history[rested:] if gate != "none"}
        assert shown <= set(waits), (shown - set(waits), told)
        assert len(told) == len(STEPS) + len(waits), told
        # Once, for the hour until `notify-again`.
        assert [line.count("(no-dsync)") for line in lines(notified=True)] == [1], lines(notified=True)
        assert len(told) == len(set(told)), told
        assert len(told) < checks() / 2 + len(STEPS), (len(told), checks())


def off_and_on(world, state, number):
    """Takes the module off the zone, or off the server, and puts it back.

    Off the server needs a configuration database: with a text configuration knotd reads the file
    anew when an item about modules is committed.
    """
    if number % 2:
        commit(world, ("conf-unset", f"zone[{ZONE}].module"))
    else:
        commit(world, ("conf-unset", f"zone[{ZONE}].module"),
               ("conf-unset", "template[default].global-module"))
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() - begin > 1, 5, "time without the module")
    assert world.knot.running(), f"knotd died after the module was taken off in {state}"
    if number % 2 == 0:
        commit(world, ("conf-set", "template[default].global-module", "mod-kskroll/default"))
    commit(world, ("conf-set", f"zone[{ZONE}].module", "mod-kskroll/default"))


def unload_everywhere(world, progress, old):
    """A rollover with the module off for a while in every state; the server is reloaded, too."""
    def interrupt(number, state):
        if state == "await-ds":
            world.agent.deaf = False  # The parent goes on while the module is away.
        off_and_on(world, state, number)
        begin = time.monotonic()
        world.knot.reload()
        assert time.monotonic() - begin < PROMPT, f"reload was held up in {state}"
    in_every_state(world, progress, interrupt)
    wait_until(lambda: check.other_ksk(world, ZONE, old[ZONE]), 60, "one new KSK is left")
    check.signals_followed_keys(world, ZONE)
    check.old_ds_ran_out(world, ZONE)
    world.assert_secure()


LIFETIME = {"module_settings": {"ksk-lifetime": 40}}


@long_test
@bound(360)
def test_the_module_goes_and_comes_in_every_state(directory):
    with module_world(directory, pinned=False, confdb=True, **LIFETIME) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        unload_everywhere(world, progress, old)
        begin = time.monotonic()
        world.knot.stop()
        assert time.monotonic() - begin < PROMPT, "knotd did not stop at once"


@bound(360)
def test_sanitizers_find_nothing_while_the_module_goes_and_comes(directory):
    asan = Sanitizer("asan", directory)
    with module_world(directory, module=asan.module, pinned=False, env=asan.env, confdb=True,
                      **LIFETIME) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        unload_everywhere(world, progress, old)
        world.knot.stop()
    asan.assert_nothing_found()


@bound(60)
def test_the_sanitizer_run_would_notice(directory):
    """The same set-up with a program that leaks: a check that cannot fail is none."""
    asan = Sanitizer("asan", directory)
    source = os.path.join(directory, "leak.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write("#include <stdlib.h>\nint main(void) { char *volatile p = malloc(9); p = 0; return !!p; }\n")
    program = os.path.join(directory, "leak")
    assert run(["gcc", "-O0", "-o", program, source]).returncode == 0
    run([program], env={**os.environ, **asan.env})
    assert any("LeakSanitizer" in text for text in asan.reports()), asan.reports()


def valgrind_logs(directory):
    """{program: what valgrind said of it}"""
    found = {}
    for path in glob.glob(os.path.join(directory, "valgrind.*")):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        command = re.search(r"Command: (\S+)", text)
        found[os.path.basename(command.group(1)) if command else path] = text
    return found


@long_test
@bound(1800)
def test_valgrind_finds_nothing(directory):
    # Leaks that end reachable belong to the libraries.
    wrap = ["valgrind", "--trace-children=yes", "--leak-check=full", "--errors-for-leak-kinds=definite",
            f"--log-file={os.path.join(directory, 'valgrind.%p')}"]
    with module_world(directory, pinned=False, wrap=wrap,
                      module_settings={"ksk-lifetime": 120}) as (world, old), \
            Progress(world.knot, ZONE, interval=1.0) as progress:
        progress.wait_visited("settle", 900)
        assert check.other_ksk(world, ZONE, old[ZONE])
        world.knot.stop(120)
        wait_until(lambda: all("ERROR SUMMARY" in text for text in valgrind_logs(directory).values()), 60,
                   "kskrolld has ended, with its summary")
    logs = valgrind_logs(directory)
    assert set(logs) == {"knotd", "kskrolld"}, list(logs)
    assert "ERROR SUMMARY: 0 errors" in logs["kskrolld"], logs["kskrolld"][:4000]
    of_knotd = re.sub(r"Command: .*", "", logs["knotd"])
    assert "kskroll" not in of_knotd and re.search(r"definitely lost: 0 |no leaks are possible", of_knotd), of_knotd[:4000]
