# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the parent: slow, deaf, wrong, inconsistent."""

import time

import dns.dnssec
import dns.name

from . import ask, check
from .faults import fault, store_path, stored
from .marks import bound, long_test
from .stuck import transfers_refused
from .test_rollover import ZONE
from .wait import wait_until
from .world import PARENT_BIND, PARENT_NSD


def ds(keys, digest="SHA256"):
    """DS records of the keys, as text."""
    name = dns.name.from_text(ZONE)
    return [dns.dnssec.make_ds(name, key, digest).to_text() for key in keys]


def to_await_ds(case):
    """The rollover, up to where the parent has to act; returns the new KSKs."""
    case.world.agent.deaf = True
    case.start()
    case.progress.wait("await-ds")
    case.gate("ds-stale-at", state="await-ds")
    return case.new()


@bound(120)
def test_one_of_two_parent_servers_is_stale(directory):
    with fault(directory, "One of two servers of the parent has the old DS") as case:
        with transfers_refused(case.world.parent_bind):
            case.start()
            wait_until(lambda: ask.tags(PARENT_BIND, ZONE, "DS") != ask.tags(PARENT_NSD, ZONE, "DS"),
                       60, "one server has the new DS")
            case.gate("ds-stale-at", PARENT_NSD, "await-ds")
            case.stays("await-ds", case.world.ds_ttl + 2, "one server is stale",
                       lambda: case.both_keys() and not case.no_signals())
            case.did = "keeps signalling, keeps both keys, longer than the DS TTL"
        case.finish()


@bound(120)
def test_parent_ignores_cds(directory):
    with fault(directory, "The parent does not read CDS") as case:
        new = to_await_ds(case)
        case.stays("await-ds", case.world.ds_ttl, "the parent does nothing", case.both_keys)
        case.did = "waits in await-ds for any time, both keys stay"
        case.world.agent.insert_ds(ZONE, ds(new))
        case.finish("completed after the DS was given to the registrar by hand")


@long_test
@bound(120)
def test_parent_installs_a_wrong_ds(directory):
    with fault(directory, "The parent has the new DS and one that matches no key") as case:
        new = to_await_ds(case)
        case.world.agent.insert_ds(ZONE, ds(new) + [ds(new)[0].replace(ds(new)[0][-8:], "deadbeef")])
        case.gate("ds-foreign-at", state="await-ds")
        case.stays("await-ds", case.world.ds_ttl + 2, "a wrong DS is there", case.both_keys)
        case.did = "waits in await-ds, both keys stay"
        case.world.agent.insert_ds(ZONE, ds(new))
        case.finish("completed when the wrong DS was gone")


@long_test
@bound(120)
def test_parent_adds_the_ds_and_keeps_the_old_one(directory):
    with fault(directory, "The parent adds the new DS and keeps the old one") as case:
        new = to_await_ds(case)
        case.world.agent.insert_ds(ZONE, ds([*case.old, *new]))
        wait_until(lambda: all(len(ask.tags(address, ZONE, "DS")) == 2
                               for address in case.world.parent_servers().values()), 10, "both DS")
        # The same gate at the same server: no new line in the log, only the reason is another.
        store = store_path(case.world)
        wait_until(lambda: "besides the new DS" in stored(store, "gate_detail"), 20, "the reason")
        case.saw("ds-stale-at", stored(store, "gate_about"), stored(store, "gate_detail"))
        case.stays("await-ds", case.world.ds_ttl + 2, "the old DS is there", case.both_keys)
        case.did = "waits in await-ds, both keys stay"
        case.world.agent.insert_ds(ZONE, ds(new))
        case.finish("completed when the old DS was gone")


@bound(120)
def test_parent_uses_another_digest_type(directory):
    with fault(directory, "The parent makes a SHA-384 DS where CDS says SHA-256") as case:
        new = to_await_ds(case)
        case.world.agent.insert_ds(ZONE, ds(new, "SHA384"))
        case.did = "accepts it: the DS names the new key"
        case.over()
        assert case.new() and len(ask.ksks(case.world.knot.address, ZONE)) == 1
        wanted = sorted(ds(new, "SHA384"))
        assert ask.ds_set(PARENT_BIND, ZONE) == ask.ds_set(PARENT_NSD, ZONE) == wanted
        check.old_ds_ran_out(case.world, ZONE)
        case.ended = "completed by itself"


@bound(150)
def test_parent_lowers_the_ds_ttl_with_the_swap(directory):
    with fault(directory, "The DS TTL is large and the parent makes it small together with the swap",
               ds_ttl=25) as case:
        case.world.agent.ds_ttl = 2
        case.start()
        case.gate("waiting-ds-ttl", state="observe", bound=60)
        assert ask.rrset(PARENT_BIND, ZONE, "DS").ttl == 2
        case.did = "waits for the old TTL in observe, not for the new one; both keys stay"
        # old_ds_ran_out() judges by the TTL of before.
        case.finish()


@long_test
@bound(120)
def test_parent_has_a_ds_ttl_of_a_day(directory):
    with fault(directory, "The DS TTL is a day, with the swap it becomes 300 s", ds_ttl=86400) as case:
        case.world.agent.ds_ttl = 300
        case.start()
        case.gate("waiting-ds-ttl", state="observe", bound=60)
        assert ask.rrset(PARENT_BIND, ZONE, "DS").ttl == 300
        left = stored(store_path(case.world), "gate_until") - time.time()
        assert 86400 - 60 < left <= 86400 + 5, f"{left:.0f} s from now"
        case.stays("observe", 5, "the old DS is in caches", case.both_keys)
        case.did = "waits in observe until a day after the swap, and says until when; both keys stay"
        case.ended = "not waited for here: the row above goes on to the end"
