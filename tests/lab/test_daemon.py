# SPDX-License-Identifier: GPL-3.0-or-later
"""kskrolld beside knotd: it starts and ends with the server, and may die at any moment; knotd does not care."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import threading
import time

from tests.bench.plain import Plain

from . import ask, check
from .daemons import PORT, children, comm, run
from .faults import store_path
from .marks import bound, long_test
from .progress import Progress
from .test_rollover import ROLLOVER, ZONE, in_every_state, module_world
from .wait import wait_until
from .world import KNOT, module_path

ENDED = "kskrolld ended"
RUNS = "kskrolld runs"
ADDRESS, OTHER = "127.0.9.1", "127.0.9.2"


class Answering(threading.Thread):
    """Asks knotd all the time; with `silent`, the longest time without an answer."""

    def __init__(self, zone=ZONE, address=KNOT):
        super().__init__(name="answering", daemon=True)
        self.zone, self.address = zone, address
        self.asked, self.missed = 0, 0
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(0.02):
            self.asked += 1
            self.missed += not ask.answers(self.address, self.zone)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join(10)

    def assert_always(self):
        """AssertionError if a question had no answer."""
        assert self.asked > 50 and self.missed == 0, (self.asked, self.missed)


def gone(pid):
    """Whether it has ended."""
    return comm(pid) != "kskrolld"


def kill_everywhere(directory, *numbers):
    """A rollover in which kskrolld dies once in each state, by these signals in turn."""
    killed = []
    with module_world(directory, module_settings={"ksk-lifetime": 30}) as (world, old), \
            Progress(world.knot, ZONE) as progress, Answering() as answering:
        pid = world.knot.pid

        def kill(*_):
            number = numbers[len(killed) % len(numbers)]
            killed.append(world.knot.wait_kskrolld())
            os.kill(killed[-1], number)
            wait_until(lambda: len(world.knot.log_lines(ENDED)) == len(killed), 5, "it is said")
            assert f"(signal {signal.Signals(number).name})" in world.knot.log_lines(ENDED)[-1]
            # The pauses get longer: it never lives for long.
            world.knot.wait_kskrolld(other_than=killed[-1], seconds=70)
        in_every_state(world, progress, kill)
        wait_until(lambda: progress.state == "idle" and check.other_ksk(world, ZONE, old[ZONE]), 60,
                   "the rollover is over")
        check.rolled(world, ZONE, old[ZONE])
        check.signals_followed_keys(world, ZONE)
        check.old_ds_ran_out(world, ZONE)
        world.assert_secure()
        answering.assert_always()
        assert world.knot.pid == pid and len(set(killed)) == len(killed) >= 8, killed
        assert len(world.knot.log_lines(ENDED)) == len(killed), world.knot.log_lines(ENDED)
        totals = world.knot.totals()
        assert totals["kskroll-daemon-starts"] == len(world.knot.log_lines(RUNS)), totals
        assert totals["kskroll-daemon-running"] == 1


@bound(400)
def test_kskrolld_dies_in_every_state(directory):
    kill_everywhere(directory, signal.SIGKILL, signal.SIGSEGV)


@long_test
@bound(400)
def test_kskrolld_dies_the_other_way_in_every_state(directory):
    kill_everywhere(directory, signal.SIGSEGV, signal.SIGKILL)


def can_bind(address):
    """Whether nobody has the port of knotd."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, PORT))
            except OSError:
                return False
    return True


@contextlib.contextmanager
def plain(directory, name="plain", address=ADDRESS, count=3, module=None, start=True):
    """A knotd with some unsigned zones and the module."""
    server = Plain(name, directory, address, count, module or module_path())
    server.configure()
    try:
        if start:
            server.launch()
            server.wait_control()
        yield server
    finally:
        server.stop()


def status(server):
    """What the command line says of the server's store: whether kskrolld runs."""
    tool = os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")
    return json.loads(run([tool, "--db", server.store, "status", "--json"]).stdout)["daemon_running"]


def checked(server):
    """Whether each zone has its numbers."""
    return server.total("kskroll-zones") == len(server.names)


@bound(60)
def test_nothing_is_left_after_a_kill_of_knotd(directory):
    with plain(directory) as server:
        for _ in range(3):
            server.wait_checked(20)
            kskrolld = server.wait_kskrolld()
            wait_until(lambda: status(server) is True, 5, "it has the store")
            began = time.monotonic()
            server.kill9()
            wait_until(lambda p=kskrolld: gone(p), 1, "kskrolld is gone", poll=0.01)
            print(f"gone after {time.monotonic() - began:.3f} s")
            assert can_bind(ADDRESS) and status(server) is False
            with contextlib.closing(sqlite3.connect(server.store, timeout=0)) as store:
                store.execute("BEGIN EXCLUSIVE")
                assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            server.launch()
            server.wait_control()


@bound(60)
def test_kskrolld_waits_for_knotd_when_the_whole_group_is_told_to_stop(directory):
    with plain(directory) as server:
        server.wait_checked(20)
        kskrolld = server.wait_kskrolld()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT):
            os.kill(kskrolld, number)
        assert server.wait_kskrolld() == kskrolld
        before = server.total("kskroll-surveys")
        server.knotc("zone-reload", "-f", server.names[0])
        wait_until(lambda: server.total("kskroll-zones") == 3 and before is not None, 10, "it works on")
        assert server.kskrolld == kskrolld
        os.kill(kskrolld, signal.SIGTERM)
        assert seconds_to_stop(server) < 5
        # knotd has waited for it.
        assert gone(kskrolld)
        assert not server.log_lines(ENDED)


@bound(60)
def test_a_reload_keeps_it_and_a_restart_does_not(directory):
    with plain(directory) as server:
        server.wait_checked(20)
        first = server.wait_kskrolld()
        for _ in range(5):
            server.knotc("reload")
        wait_until(lambda: checked(server), 10, "all zones are there")
        # The numbers of a new instance start at 0.
        wait_until(lambda: server.total("kskroll-daemon-starts") == 1, 5, "the number of starts")
        assert server.kskrolld == first and server.total("kskroll-daemon-running") == 1
        server.restart()
        server.wait_control()
        second = server.wait_kskrolld()
        assert second != first and gone(first)
        wait_until(lambda: checked(server), 10, "all zones are there")


@bound(60)
def test_it_ends_when_the_module_is_removed_and_comes_back_with_it(directory):
    with plain(directory) as server:
        server.wait_checked(20)
        first = server.wait_kskrolld()
        with_module = [(name, dict(content[0]) if name == "template" else content) for name, content in server.sections]
        without = [(name, [{key: value for key, value in content.items() if key not in ("global-module", "module")}]
                    if name == "template" else content) for name, content in with_module]
        server.sections = without
        server.reconfigure()
        wait_until(lambda: gone(first), 5, "kskrolld ends")
        assert server.kskrolld is None and not server.log_lines(ENDED)
        server.sections = [(name, [content] if name == "template" else content) for name, content in with_module]
        server.reconfigure()
        assert server.wait_kskrolld() != first
        wait_until(lambda: checked(server), 10, "all zones are there")


@bound(60)
def test_a_second_knotd_on_the_same_folder_starts_none(directory):
    with plain(directory) as server:
        server.wait_checked(20)
        kskrolld = server.wait_kskrolld()
        before = os.stat(server.store).st_ino
        done = run(["knotd", "-c", server.path("knot.conf")], cwd=server.dir)
        assert done.returncode != 0, done
        assert server.kskrolld == kskrolld and os.stat(server.store).st_ino == before
        # Both write to the same log.
        assert len(server.log_lines(RUNS)) == 1, server.log_lines(RUNS)
        server.knotc("reload")
        wait_until(lambda: checked(server), 10, "the first one works on")


@bound(90)
def test_two_servers_have_two_and_each_its_own(directory):
    with plain(directory, "one") as one, plain(directory, "two", OTHER, 2) as two:
        for server in (one, two):
            server.wait_checked(20)
        first, second = one.wait_kskrolld(), two.wait_kskrolld()
        assert first != second and children(one.pid) == [first] and children(two.pid) == [second]
        assert (one.total("kskroll-zones"), two.total("kskroll-zones")) == (3, 2)
        one.kill9()
        wait_until(lambda: gone(first), 1, "the first is gone", poll=0.01)
        assert two.wait_kskrolld() == second
        two.knotc("reload")
        wait_until(lambda: checked(two), 10, "the second works on")


@bound(60)
def test_a_server_that_forks(directory):
    with plain(directory, start=False) as server:
        done = run(["knotd", "-c", server.path("knot.conf"), "-d"], cwd=server.dir)
        assert done.returncode == 0, done
        with contextlib.suppress(FileNotFoundError):
            wait_until(lambda: os.path.getsize(server.path("knot.pid")), 10, "the pid file")
        with open(server.path("knot.pid"), encoding="ascii") as file:
            pid = int(file.read())
        try:
            server.wait_control()
            server.wait_checked(20)
            found = children(pid)
            assert [comm(child) for child in found] == ["kskrolld"], found
            wait_until(lambda: checked(server), 10, "all zones are there")
        finally:
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(server.path("knot.pid")) and gone(found[0]), 10, "both have ended")


def module_in(directory, kskrolld=None, mode=0o755, module=None):
    """A module of its own folder, the one that is tested unless another is given, with that file beside it as kskrolld."""
    folder = os.path.join(directory, "module")
    os.makedirs(folder, exist_ok=True)
    link = os.path.join(folder, "kskroll.so")
    if not os.path.exists(link):
        os.symlink(module or module_path(), link)
    put(link, kskrolld, mode)
    return link


def put(module, kskrolld, mode=0o755):
    """Puts that file beside the module as kskrolld; None: none is there."""
    place = os.path.join(os.path.dirname(module), "kskrolld")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)
    if kskrolld:
        shutil.copy(kskrolld, place + ".new")
        os.chmod(place + ".new", mode)
        os.rename(place + ".new", place)


def real():
    """Where kskrolld is."""
    return os.path.join(os.path.dirname(module_path()), "kskrolld")


def refused(server, words, count=1):
    """Waits for the line of the log; there is one, however often it is tried."""
    wait_until(lambda: server.log_lines(words), 20, f"'{words}' is said")
    lines = server.log_lines(words)
    assert len(lines) == count and "error" in lines[0], lines
    # It is killed after that is said, and may be there again for a moment.
    wait_until(lambda: server.kskrolld is None, 5, "it is gone")
    assert ask.answers(ADDRESS, server.names[0])
    assert server.total("kskroll-daemon-running") == 0


@bound(90)
def test_one_that_is_missing_or_cannot_be_run_is_named(directory):
    module = module_in(directory)
    with plain(directory, module=module) as server:
        refused(server, "cannot start /usr/local/libexec/kskroll/kskrolld (No such file or directory)")
        put(module, real(), 0o644)
        refused(server, f"cannot start {os.path.dirname(module)}/kskrolld (Permission denied)")
        server.knotc("reload")
        put(module, real())
        server.wait_kskrolld()
        server.wait_checked(20)
        wait_until(lambda: checked(server), 10, "all zones are there")
        assert server.total("kskroll-daemon-starts") == 1


@bound(90)
def test_one_of_another_version_is_refused_in_one_sentence(directory):
    other = os.path.join(os.environ["KSKROLL_BUILD"], "tests", "unit", "kskrolld_other")
    module = module_in(directory, other)
    with plain(directory, module=module) as server:
        refused(server, "is version 0.0.0, the module in knotd is")
        wait_until(lambda: server.total("kskroll-daemon-starts") > 1, 20, "it is tried again")
        refused(server, "is version 0.0.0, the module in knotd is")
        assert not os.path.exists(server.store)
        put(module, real())
        wait_until(lambda: server.log_lines(RUNS), 30, "the right one runs")
        server.wait_checked(20)


#: What calls itself kskrolld, and what knotd says about it.
def seconds_to_stop(server):
    """Stops knotd. It misses a signal for five seconds if that comes just before it waits for a command (ctl_accept of Knot)."""
    server.process.terminate()
    wait_until(lambda: server.log_lines("stopping server"), 10, "knotd stops")
    began = time.monotonic()
    assert server.process.wait(20) == 0
    return time.monotonic() - began


FALSE = {
    "garbage": ("cat /dev/urandom >&0", "is not kskrolld"),
    "zeros": ("cat /dev/zero >&0", "sent no greeting"),
    "end": ("exit 3", "kskrolld ended (exit code 3)"),
    "abort": ("kill -ABRT $$", "kskrolld ended (signal SIGABRT)"),
    "again": ("exit 75", "kskrolld ended (exit code 75)"),
}


@bound(120)
def test_what_is_no_kskrolld_harms_nobody(directory):
    for name, (script, words) in FALSE.items():
        path = os.path.join(directory, f"{name}.sh")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        module = module_in(os.path.join(directory, name), path)
        with plain(directory, name, module=module) as server, Answering(server.names[0], ADDRESS) as answering:
            wait_until(lambda s=server, w=words: s.log_lines(w) or
                       (name == "garbage" and s.log_lines("sent no greeting")), 10, f"{name}: {words}")
            wait_until(lambda s=server: s.total("kskroll-daemon-starts") > 1, 20, "it is tried again")
            server.knotc("reload")
            wait_until(lambda a=answering: a.asked > 50, 10, "it answers")
            answering.assert_always()
            # Once a second at most, whatever it asks for.
            assert server.total("kskroll-daemon-starts") < 15
            assert seconds_to_stop(server) < 4


@contextlib.contextmanager
def taken_over(directory, mode):
    """A server whose kskrolld is hostile.py in that mode."""
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, "hostile.sh")
    version = run([os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll"), "--version"]).stdout.split()[-1]
    with open(path, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nexec python3 {os.path.join(os.path.dirname(__file__), 'hostile.py')} {version} {mode}\n")
    with plain(directory, module=module_in(directory, path)) as server:
        yield server


def stop_and_assert_nothing_left(server):
    """It does not end when it is asked to, and is killed with knotd."""
    pids = children(server.pid)
    assert len(pids) == 1, pids
    assert seconds_to_stop(server) < 8
    wait_until(lambda: comm(pids[0]) == "", 2, "it was killed")


@bound(60)
def test_a_flood_of_lines_is_bounded(directory):
    with taken_over(directory, "flood") as server, Answering(server.names[0], ADDRESS) as answering:
        wait_until(lambda: server.log_lines("lines dropped"), 20, "lines are dropped")
        for _ in range(20):
            server.knotc("reload")
        wait_until(lambda: answering.asked > 50, 10, "it answers")
        answering.assert_always()
        stop_and_assert_nothing_left(server)
        assert len(server.log_lines("a line of many")) < 20000 + 60 * 200


@bound(60)
def test_lines_are_those_of_kskrolld_and_no_others(directory):
    with taken_over(directory, "forges") as server:
        wait_until(lambda: server.log_lines("three"), 20, "its line is there")
        forged = server.log_lines("three")
        assert len(forged) == 1 and "one?2026" in forged[0] and "two ?[2J three" in forged[0], forged
        stop_and_assert_nothing_left(server)
    with taken_over(os.path.join(directory, "alarms"), "alarms") as server:
        wait_until(lambda: server.log_lines("kskrolld sent an invalid message"), 20, "it is refused")
        assert not server.log_lines("to all terminals")


@bound(60)
def test_one_that_closes_its_socket_and_lives_is_killed(directory):
    with taken_over(directory, "closes") as server:
        wait_until(lambda: server.log_lines("kskrolld does not end and is killed"), 20, "it is killed")
        wait_until(lambda: server.total("kskroll-daemon-starts") > 1, 20, "another one is started")


@bound(60)
def test_one_that_hangs_does_not_keep_knotd_from_ending(directory):
    with plain(directory) as server:
        server.wait_checked(20)
        kskrolld = server.wait_kskrolld()
        os.kill(kskrolld, signal.SIGSTOP)
        for _ in range(3):
            server.knotc("reload")
        assert 4 < seconds_to_stop(server) < 10
        wait_until(lambda: gone(kskrolld), 2, "none is left behind")


@bound(90)
def test_one_that_hangs_is_killed_and_started_again(directory):
    """Its process is there and its socket is open: only that it sends nothing tells. This module waits for 3 s only."""
    impatient = os.path.join(os.environ["KSKROLL_BUILD"], "tests", "unit", "kskroll_impatient.so")
    with plain(directory, module=module_in(directory, real(), module=impatient)) as server:
        server.wait_checked(20)
        for hangs in (1, 2):
            kskrolld = server.wait_kskrolld()
            os.kill(kskrolld, signal.SIGSTOP)
            began = time.monotonic()
            wait_until(lambda: gone(kskrolld), 10, "it is killed")
            assert time.monotonic() - began > 2
            server.wait_kskrolld(other_than=kskrolld)
            wait_until(lambda: len(server.log_lines(RUNS)) == hangs + 1, 10, "another one runs")
            lines = server.log_lines("kskrolld sent nothing for 3 s and is killed")
            assert len(lines) == hangs and "error" in lines[-1], lines
            assert server.total("kskroll-daemon-starts") == hangs + 1
        assert not server.log_lines(ENDED)
        # One that works is left alone for longer than that.
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > 5, 10, "time has passed")
        assert server.total("kskroll-daemon-starts") == 3 and server.total("kskroll-daemon-running") == 1


@bound(90)
def test_the_pauses_get_longer_while_it_does_not_live(directory):
    path = os.path.join(directory, "dies.sh")
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexit 1\n")
    with plain(directory, module=module_in(directory, path)) as server:
        wait_until(lambda: len(server.log_lines(ENDED)) == 4, 30, "it has died four times")
        pauses = [int(line.rsplit(" in ", 1)[1].split()[0]) for line in server.log_lines(ENDED)]
        assert pauses == [1, 2, 4, 8], pauses


@bound(150)
def test_zones_of_a_rollover_are_not_lost_while_it_cannot_start(directory):
    """It is away for longer than a step takes, in await-ds: nothing happens, and then all of it."""
    module = module_in(directory, real())
    with module_world(directory, module=module, pinned=False) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        world.agent.deaf = True
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        progress.wait_visited("await-ds", ROLLOVER)
        put(module, None)
        os.kill(world.knot.wait_kskrolld(), signal.SIGKILL)
        wait_until(lambda: world.knot.log_lines("cannot start"), 20, "it is said")
        world.agent.deaf = False
        wait_until(lambda: not world.ds_everywhere(ZONE, old[ZONE]), 20, "the parent has the new DS")
        before = world.ksk_tags(ZONE)
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > 5, 10, "a while")
        assert world.ksk_tags(ZONE) == before
        put(module, real())
        progress.wait_visited("settle", ROLLOVER)
        check.signals_followed_keys(world, ZONE)
        check.old_ds_ran_out(world, ZONE)
        world.assert_secure()
        assert os.path.exists(store_path(world))
