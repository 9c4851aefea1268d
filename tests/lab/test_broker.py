# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that runs keymgr for kskrolld: its life, and what it may do, tried from inside by a keymgr of the test's."""

import contextlib
import errno
import json
import os
import signal
import stat

from . import check
from .daemons import children, comm
from .faults import QUICK, QUICK_MODULE
from .marks import bound, long_test
from .progress import Progress
from .test_daemon import ENDED, gone, plain
from .test_rollover import ROLLOVER, ZONE, module_world, start
from .test_sandbox import status_of
from .wait import wait_until

NAME = "kskroll-keys"
#: What kskrolld says when it has lost the process.
LOST = "the process that runs keymgr has ended"

#: Stands for keymgr: tries what it must not be able to do, writes what came of it, and becomes keymgr. Errors by number, 0: none.
PROBE = """#!/usr/bin/python3 -I
import json, os, socket, sys, tempfile
def tried(what):
    try:
        what()
    except OSError as e:
        return e.errno
    return 0
def run(path):
    pid = os.posix_spawn(path, [path], {})
    os.waitpid(pid, 0)
keys = %(folder)r + "/keys"
found = {
    "socket": tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
    "unix": tried(lambda: socket.socket(socket.AF_UNIX)),
    "netlink": tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
    "folder keys": tried(lambda: os.listdir(keys)),
    "private key": tried(lambda: open(%(key)r, "rb")),
    "folder": tried(lambda: os.listdir(%(folder)r)),
    "new file": tried(lambda: open(%(folder)r + "/new", "w")),
    "knot.conf": tried(lambda: open(%(conf)r)),
    "/etc/passwd": tried(lambda: open("/etc/passwd")),
    "program elsewhere": tried(lambda: run(%(other)r)),
    "program in /tmp": None,
    "signal to knotd": tried(lambda: os.kill(%(knotd)s, 0)),
    "end of knotd": tried(lambda: os.kill(%(knotd)s, 15)),
    "chmod": tried(lambda: os.chmod(%(folder)r + "/data.mdb", 0o666)),
    "program": tried(lambda: run("/usr/bin/true")),
    "database": tried(lambda: open(%(folder)r + "/data.mdb", "r+b")),
    "descriptors": sum(1 for fd in range(3, 64) if tried(lambda: os.fstat(fd)) == 0),
    "uid": os.getuid(),
}
with tempfile.NamedTemporaryFile("w", dir="/tmp", delete=False, prefix="kskroll-probe-") as file:
    file.write("#!/bin/sh\\n")
os.close(os.open(file.name, os.O_RDONLY))
found["program in /tmp"] = tried(lambda: run(file.name))
os.unlink(file.name)
with open(%(result)r, "a") as file:
    file.write(json.dumps(found) + "\\n")
os.execv(%(keymgr)r, ["keymgr", *sys.argv[1:]])
"""


def broker(server):
    """Pid of the process that the server's kskrolld has started."""
    def find():
        pids = children(server.wait_kskrolld())
        assert len(pids) < 2, pids
        return pids[0] if pids and comm(pids[0]) == NAME else None
    return wait_until(find, 10, "kskrolld has its other process")


def ended(pid):
    """Whether it is no more."""
    return comm(pid) != NAME


@bound(90)
def test_it_begins_and_ends_with_kskrolld(directory):
    with plain(directory) as server:
        server.wait_checked(20)
        kskrolld, pid = server.wait_kskrolld(), broker(server)
        # Of all descriptors it has one socket, and standard error.
        names = {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        assert sorted(names) == [0, 1, 2, 3] and names[0] == names[1] == "/dev/null", names
        assert names[3].startswith("socket:"), names
        status = wait_until(lambda: (s := status_of(pid))["Seccomp"] == "2" and s, 5, "it is confined")
        assert status["NoNewPrivs"] == "1" and status["Threads"] == "1", status
        for field in ("CapPrm", "CapEff", "CapAmb", "CapInh"):
            assert int(status[field], 16) == 0, (field, status[field])
        # What ends the group does not end it.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGUSR1):
            os.kill(pid, number)
        server.knotc("reload")
        assert broker(server) == pid and server.wait_kskrolld() == kskrolld
        os.kill(kskrolld, signal.SIGKILL)
        wait_until(lambda: ended(pid), 2, "it ends with kskrolld", poll=0.01)
        server.wait_kskrolld(other_than=kskrolld)
        kskrolld, pid = server.kskrolld, broker(server)
        server.kill9()
        wait_until(lambda: ended(pid) and gone(kskrolld), 2, "both end with knotd", poll=0.01)
        server.launch()
        server.wait_control()
        pid = broker(server)
        assert server.stop()
        wait_until(lambda: ended(pid), 2, "it ends when knotd stops", poll=0.01)


@bound(90)
def test_kskrolld_does_not_go_on_without_it(directory):
    with plain(directory) as server:
        for times in (1, 2):
            server.wait_checked(20)
            kskrolld, pid = server.wait_kskrolld(), broker(server)
            os.kill(pid, signal.SIGKILL)
            server.wait_kskrolld(other_than=kskrolld)
            assert broker(server) != pid
            assert len(server.log_lines(LOST)) == times, server.log_lines(LOST)
        # It has asked for that: it has not crashed.
        assert not server.log_lines(ENDED), server.log_lines(ENDED)


@bound(90)
def test_another_keymgr_or_database_has_another_one(directory):
    with plain(directory) as server:
        server.wait_checked(20)
        for section, items in (("mod-kskroll", {"keymgr": "/usr/sbin/other"}), ("database", {"kasp-db": "elsewhere"})):
            kskrolld, pid = server.wait_kskrolld(), broker(server)
            server.sections = [(name, _with(content, items) if name == section else content)
                               for name, content in server.sections]
            server.reconfigure()
            server.wait_kskrolld(other_than=kskrolld)
            assert broker(server) != pid
            assert not server.log_lines(ENDED) and not server.log_lines(LOST)


def _with(content, items):
    if isinstance(content, list):
        return [{**content[0], **items}]
    return {**content, **items}


@bound(150)
def test_what_keymgr_may_do_there(directory):
    """A whole rollover, in which keymgr is a program that tries what it must not."""
    assert not os.path.realpath(directory).startswith("/tmp/"), directory
    os.makedirs(directory, exist_ok=True)
    program, other = os.path.join(directory, "probe"), os.path.join(directory, "other")
    # Knot does not signal by itself, however busy the machine is: that would spare an order.
    with module_world(directory, **{**QUICK, "propagation_delay": 600},
                      module_settings={**QUICK_MODULE, "keymgr": program}) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        result = f"/tmp/kskroll-probe-{os.getpid()}.json"
        folder = world.knot.path("db", "keys")
        key = os.path.join(folder, "keys", sorted(os.listdir(os.path.join(folder, "keys")))[0])
        for path, text in ((other, "#!/bin/sh\n"), (program, PROBE % {
                "folder": folder, "key": key, "conf": world.knot.path("knot.conf"), "other": other, "result": result,
                "knotd": world.knot.pid, "keymgr": _keymgr()})):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o755)
        try:
            progress.wait("idle", 30)
            start(world)
            progress.wait_visited("settle", ROLLOVER)
            wait_until(lambda: progress.state == "idle", 30, "the end")
            check.rolled(world, ZONE, old[ZONE])
            world.assert_secure()
            with open(result, encoding="utf-8") as file:
                runs = [json.loads(line) for line in file]
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(result)
    assert len(runs) > 8, runs
    # At the end the key is gone.
    private = [found.pop("private key") for found in runs]
    assert private[0] == errno.EACCES and set(private) <= {errno.EACCES, errno.ENOENT}, private
    for found in runs:
        assert found == {
            "socket": errno.EPERM, "unix": errno.EPERM, "netlink": errno.EPERM, "folder keys": errno.EACCES,
            "folder": errno.EACCES, "new file": errno.EACCES, "knot.conf": errno.EACCES,
            "/etc/passwd": errno.EACCES, "program elsewhere": errno.EACCES, "program in /tmp": errno.EACCES,
            "signal to knotd": errno.EPERM, "end of knotd": errno.EPERM, "chmod": errno.EPERM,
            "program": 0, "database": 0, "descriptors": 0, "uid": os.getuid()}, found


@long_test
@bound(150)
def test_a_keymgr_that_hangs_holds_nothing_up(directory):
    """It is killed. One that outlives the process that has started it lets no other one run, and is named."""
    os.makedirs(directory, exist_ok=True)
    program, held = os.path.join(directory, "program"), os.path.join(directory, "knot", "db", "keys", "lock.mdb")
    with open(program, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n[ -g {held} ] && exec /usr/bin/sleep 600\nexec {_keymgr()} \"$@\"\n")
    os.chmod(program, 0o755)
    with module_world(directory, **QUICK, module_settings={**QUICK_MODULE, "keymgr": program}) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        mode = os.stat(held).st_mode
        os.chmod(held, mode | stat.S_ISGID)
        start(world)
        kskrolld, pid = world.knot.wait_kskrolld(), broker(world.knot)
        wait_until(lambda: world.knot.log_lines("keymgr list: no end after 10000 ms: killed"), 40, "it is killed")
        assert world.knot.wait_kskrolld() == kskrolld and broker(world.knot) == pid
        # The process that has started it is killed, and cannot kill it any more.
        child = wait_until(lambda: children(pid), 30, "the next one")[0]
        os.kill(pid, signal.SIGKILL)
        os.chmod(held, mode)
        world.knot.wait_kskrolld(other_than=kskrolld)
        wait_until(lambda: world.knot.log_lines("another keymgr of kskrolld is still there"), 40, "it is named")
        assert comm(child) == "sleep"
        os.kill(child, signal.SIGKILL)
        progress.wait_visited("settle", ROLLOVER)
        wait_until(lambda: progress.state == "idle", 30, "the end")
        check.rolled(world, ZONE, old[ZONE])
        world.assert_secure()


def _keymgr():
    return next(path for path in ("/usr/sbin/keymgr", "/usr/bin/keymgr") if os.access(path, os.X_OK))


@long_test
@bound(200)
def test_brokers_that_hang_do_not_pile_up(directory):
    """Each one that does not answer is left behind: the starts of kskrolld get rarer."""
    stopped = []
    with module_world(directory, **QUICK, module_settings=QUICK_MODULE) as (world, _), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        try:
            def pauses_grow():
                pid = broker(world.knot)
                if pid and pid not in stopped:
                    os.kill(pid, signal.SIGSTOP)
                    stopped.append(pid)
                return world.knot.log_lines("the module restarts it in 2 s")
            wait_until(pauses_grow, 150, "the second pause is longer than the first", poll=0.2)
        finally:
            for pid in stopped:
                if comm(pid) == "kskroll-keys":
                    os.kill(pid, signal.SIGKILL)
