# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the store: full, read-only, deleted, damaged, of a newer version, cut off in the act."""

import contextlib
import os
import re
import shutil
import sqlite3
import time

from . import ask
from .faults import fault, fill_disk, keymgr, remount, remove_store, small_disk, store_path, stored
from .marks import bound, long_test
from .test_faults_local import tag_of
from .test_operator import commit
from .test_rollover import ZONE
from .wait import wait_until
from .watch import SECURE
from .world import KNOT

#: ROLLOVER_SIGNAL of rollover_state_t.
SIGNAL = 3


def store_failed(case, text, bound_=30):
    """Waits for the gate store-failed with its reason in the log."""
    line = case.logged("store-failed", bound_)
    case.saw("store-failed", detail="log: " + text)
    case.logged(text)
    return line


@bound(120)
def test_disk_of_the_store_is_full(directory):
    disk = small_disk(os.path.join(directory, "disk"))
    with fault(directory, "The disk of the store is full",
               module_settings={"storage": disk}) as case:
        filler = fill_disk(disk)
        ttl = ask.rrset(KNOT, ZONE, "DNSKEY").ttl
        case.start()
        store_failed(case, "make room on the disk")
        case.stays("idle", case.world.dnskey_ttl + 3, "the disk is full",
                   lambda: case.no_signals() and case.old_ds()
                   and ask.rrset(KNOT, ZONE, "DNSKEY").ttl == ttl)
        case.did = "decides nothing: no policy is switched, the DS stays; the new KSK stays silent"
        os.remove(filler)
        case.finish("completed by itself when there was room again")


@long_test
@bound(120)
def test_folder_of_the_store_is_read_only(directory):
    disk = small_disk(os.path.join(directory, "disk"))
    with fault(directory, "The folder of the store is read-only when knotd starts, in await-ds",
               module_settings={"storage": disk}) as case:
        case.world.agent.deaf = True
        case.start()
        case.progress.wait("await-ds")
        case.world.knot.stop()
        remount(disk, "ro")
        case.world.knot.launch()
        store_failed(case, "cannot be written: Read-only file system")
        wait_until(lambda: case.progress.gate == "store-failed", 10, "the gate")
        assert case.both_keys() and case.old_ds()
        case.did = "decides nothing, both keys stay, answers are served"
        remount(disk, "rw")
        case.world.agent.deaf = False
        recover(case)
        case.finish("writable again, knotc reload: goes on in await-ds, completed")


def old_ds_unknown(case):
    """The store has no TTL of the old DS: both keys stay for two days, or until the operator says that caches are empty."""
    case.gate("waiting-ds-ttl", state="observe", bound=60)
    case.stays("observe", case.world.ds_ttl + 2, "two days for a DS that nobody has seen", case.both_keys)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    commit(case.world, ("conf-set", "mod-kskroll[default].caches-expired", f"{ZONE} {now}"))


def recover(case):
    """The operator has mended the store; knotd is told to read its configuration again."""
    case.knotc("reload")
    wait_until(lambda: case.progress.gate != "store-failed", 30, "the gate store-failed ends")


@bound(120)
def test_store_deleted_in_await_ds(directory):
    with fault(directory, "The store is deleted while knotd is stopped, in await-ds", confdb=True) as case:
        case.world.agent.deaf = True
        case.start()
        case.progress.wait("await-ds")
        new = case.new()
        case.world.knot.stop()
        remove_store(store_path(case.world))
        case.world.knot.launch()
        case.progress.wait("introduce", 30)
        assert case.new() == new
        case.did = "finds two KSKs and the DS of one, continues the rollover in introduce"
        case.gate("waiting-dnskey-ttl", state="introduce")
        case.progress.wait("await-ds")
        case.world.agent.deaf = False
        # The DS may have been replaced just before the store was lost, and its TTL with it.
        old_ds_unknown(case)
        case.finish("signals again after the DNSKEY TTL; waits two days for a DS it may not have seen, or until caches-expired")


@long_test
@bound(120)
def test_store_deleted_in_observe(directory):
    with fault(directory, "The store is deleted while knotd is stopped, in observe",
               module_settings={"observe": 30}) as case:
        case.start()
        case.gate("waiting-ds-ttl", state="observe")
        new = case.new()
        case.world.knot.stop()
        remove_store(store_path(case.world))
        case.world.knot.launch()
        # The key without a DS is older than the other: that rollover would bring back what was replaced.
        case.gate("keys-refused", state="signal", bound=60)
        case.stays("signal", case.world.propagation_delay + case.world.dnskey_ttl, "the older key has no DS",
                   lambda: case.both_keys() and case.no_signals() and case.world.ds_everywhere(ZONE, new))
        case.did = "keeps both keys and signals nothing, since the key without a DS is the older one"
        keymgr(case.world, "set", tag_of(case.old), "retire=+0", "remove=+0")
        case.knotc("zone-keys-load", ZONE)
        wait_until(lambda: case.progress.state == "idle" and case.progress.gate == "none", 30, "at rest again")
        assert ask.ksks(KNOT, ZONE) == new
        case.ended = "when the operator removes the older key with keymgr, as the gate advises"


@long_test
@bound(120)
def test_store_deleted_after_the_clock_was_set_back(directory):
    with fault(directory, "The store is deleted while knotd is stopped, in observe; the clock was ten days ahead when the new KSK was made",
               module_settings={"observe": 30}) as case:
        case.start()
        case.gate("waiting-ds-ttl", state="observe")
        new = case.new()
        case.world.knot.stop()
        keymgr(case.world, "set", tag_of(new), "created=+10d")
        remove_store(store_path(case.world))
        case.world.knot.launch()
        line = case.gate("keys-refused", state="signal", bound=60)
        assert case.no_signals() and case.both_keys()
        case.did = "keeps both keys and signals nothing, since the key without a DS is the older one"
        # The operator decides for the older key, and runs what the gate says.
        command = re.search(r"keymgr ZONE (set \S+ created=\d+)$", line["detail"])
        assert command, line
        keymgr(case.world, *command[1].split())
        wait_until(lambda: ask.tags(KNOT, ZONE, "CDS") == [int(tag_of(case.old))], 60, "signals of the older key")
        wait_until(case.old_ds, 40, "its DS")
        assert case.both_keys()
        case.ended = "when the operator runs the command of the gate: rolls to the older key"


@long_test
@bound(120)
def test_key_database_of_the_beginning_is_restored(directory):
    """The order of introduce is undone, and nothing is seen of it: Knot would make the new key ready in two minutes, and nobody introduces it."""
    with fault(directory, "The key database of the beginning of introduce is restored while knotd is stopped",
               module_settings={"lead": 10}, propagation_delay=120) as case:
        case.start()
        case.gate("waiting-dnskey-ttl", state="introduce")
        new = tag_of(case.new())
        assert case.state_of_key(new) == "active"
        case.world.knot.stop()
        keymgr(case.world, "set", new, "ready=0", "active=0")
        assert case.state_of_key(new) == "publish"
        case.world.knot.launch()
        case.logged("resuming in state introduce")
        wait_until(lambda: case.state_of_key(new) == "active", 15, "the order is repeated")
        assert case.progress.state == "introduce", case.progress.state
        case.did = "reads the states of the keys when it starts, and sets the new key again"
        case.finish()


def spoiled(case, spoil, message, mend, how, lost=False):
    """A store that cannot be used, in a zone at rest: said, the zone is served, then mended."""
    store = store_path(case.world)
    case.world.knot.stop()
    spoil(store)
    case.world.knot.launch()
    store_failed(case, message)
    # Knot does with a KSK of the operator what it does without the module: the parent must not act upon it.
    case.world.agent.deaf = True
    case.start()
    wait_until(case.both_keys, 10, "the operator's key is there")
    before = case.world.watch.counts()[SECURE]
    wait_until(lambda: case.world.watch.counts()[SECURE] > before + 50, 30, "answers are secure")
    assert case.progress.gate == "store-failed" and case.old_ds()
    case.did = "decides nothing; the zone is served and signed by knotd as without the module, and so is a KSK that the operator makes"
    mend(store)
    recover(case)
    case.world.agent.deaf = False
    if lost:
        old_ds_unknown(case)
    case.finish(how, signals=False)


@bound(120)
def test_store_is_damaged(directory):
    def spoil(store):
        with open(store, "r+b") as file:
            file.write(os.urandom(4096))
    with fault(directory, "The store is damaged", confdb=True) as case:
        spoiled(case, spoil, "the file is damaged: restore it from a backup or move it away",
                lambda store: os.rename(store, store + ".bad"),
                "moved away, knotc reload: completed, after two days for a DS it may not have seen, or caches-expired",
                lost=True)


@long_test
@bound(120)
def test_store_is_of_a_newer_version(directory):
    def version(store, number):
        with contextlib.closing(sqlite3.connect(store)) as database:
            database.execute(f"PRAGMA user_version = {number}")
    with fault(directory, "The store is of a newer version of the module") as case:
        with contextlib.closing(sqlite3.connect(store_path(case.world))) as database:
            known = database.execute("PRAGMA user_version").fetchone()[0]
        spoiled(case, lambda store: version(store, 99), "has schema 99, this kskroll knows",
                lambda store: version(store, known),
                "the right version installed (here: the number put back), knotc reload: "
                "completed")


@bound(120)
def test_kill_between_the_record_and_the_act(directory):
    held = os.path.join(directory, "held")
    program = os.path.join(directory, "keymgr")
    with open(program, "w", encoding="ascii") as file:
        # It lists keys, and sets nothing while the file is there.
        file.write(f'#!/bin/sh\n[ -e {held} ] && case "$*" in *" set "*) echo held >&2; exit 1; esac\n'
                   f'exec {shutil.which("keymgr", path="/usr/sbin:/usr/bin")} "$@"\n')
    os.chmod(program, 0o755)
    with fault(directory, "knotd is killed (SIGKILL) after a step is recorded and before it is "
               "carried out", module_settings={"keymgr": program}) as case:
        store = store_path(case.world)
        case.start()
        case.gate("waiting-dnskey-ttl", state="introduce")
        with open(held, "w", encoding="ascii"):
            pass
        wait_until(lambda: stored(store) == SIGNAL, 40, "the step is recorded")
        case.gate("keys-refused", state="signal")
        assert case.no_signals()
        case.world.knot.kill9()
        case.world.knot.launch()
        case.logged("resuming in state signal")
        case.saw("none", detail="log: resuming in state signal")
        assert case.no_signals()
        os.remove(held)
        case.did = "resumes in signal and carries the step out"
        case.finish()
