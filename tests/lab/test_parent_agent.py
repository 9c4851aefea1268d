# SPDX-License-Identifier: GPL-3.0-or-later
"""The parental agent on real servers: what children ask for by CDS, it brings into the parent zone, and nothing else."""

import time

from . import ask, watch
from .hand_signed import HandSigned
from .marks import bound
from .parent_world import AGENT, PARENT_ZONE, ZONE, ParentWorld, notify
from .wait import stays, wait_until
from .world import PARENT_BIND as PARENT_KNOT

#: Scans that nobody waits for.
SELDOM = {"scan-interval": 3600, "scan-interval-notifying": 3600}
OTHER = "other.test."
OPERATOR = "ops.test."
LISTEN = "127.0.2.6"


def asks_for(child, *names):
    """The child has introduced these keys beside "a", and asks for their DS."""
    child.introduce(*names)
    child.publish(keys=("a", *names), cds=names)


def never_moves(world, child, seconds=5):
    """DS stays as it was at the beginning for a while, at each server of the parent."""
    assert stays(lambda: world.has_ds(child.zone, child.first_ds()), seconds, poll=0.2), world.said(child.zone)
    world.assert_never_changed(child.zone)


def test_nothing_changes_without_the_agent(directory):
    """The world itself: what the tests below see happen comes from the module."""
    with ParentWorld(directory, module=False) as world:
        asks_for(world.child, "b")
        never_moves(world, world.child, 3)
        world.set_ds(ZONE, world.child.ds("b"))
        world.wait_ds(ZONE, world.child.ds("b"))
        world.assert_secure()


def test_ds_follows_cds_and_its_ttl_goes_down_and_up(directory):
    with ParentWorld(directory) as world:
        child = world.child
        assert set(world.ds_ttls(ZONE).values()) == {child.ds_ttl}
        asks_for(child, "b")
        world.wait_ds(ZONE, child.ds("b"))
        changed = time.monotonic()
        assert set(world.ds_ttls(ZONE).values()) == {AGENT["ds-ttl"]}, world.ds_ttls(ZONE)
        world.wait_delegation(state="verify", gate="verifying")
        world.wait_delegation(state="low", gate="ttl-low")
        wait_until(lambda: set(world.ds_ttls(ZONE).values()) == {child.ds_ttl}, 40, "the TTL is restored everywhere")
        # The hold is shorter than the TTL that caches may have kept the old DS for.
        assert time.monotonic() - changed >= child.ds_ttl - 1
        assert world.has_ds(ZONE, child.ds("b"))
        world.wait_delegation(state="rest", gate="none")
        child.publish(keys=("b",), cds=("b",))
        world.assert_secure()


def test_report_changes_nothing_and_says_what_it_would(directory):
    with ParentWorld(directory, agent={"delegations": "report"}) as world:
        child = world.child
        asks_for(child, "b")
        one = world.wait_delegation(gate="report-only")
        assert str(child.tag("b")) in str(one), one
        line = world.logged(ZONE, "report-only")
        assert str(child.tag("b")) in line, line
        never_moves(world, child)
        # Nothing is left to do when it may act.
        world.set_agent(delegations="update")
        world.wait_ds(ZONE, child.ds("b"))
        world.assert_secure()


def test_a_notification_brings_the_ds_within_seconds(directory):
    children = [HandSigned(ZONE), HandSigned(OTHER)]
    with ParentWorld(directory, children, agent=SELDOM,
                     engine={"notify-receive": True, "notify-listen": f"{LISTEN}@5359"}) as world:
        wait_until(lambda: all(world.delegation(zone) for zone in world.zones), 30, "each child was scanned once")
        for child, where in zip(children, ((PARENT_KNOT, 53), (LISTEN, 5359))):
            asks_for(child, "b")
            sent = time.monotonic()
            response = notify(child.zone, *where)
            assert response.rcode() == 0 and response.flags & 0x0400, response
            world.wait_ds(child.zone, child.ds("b"), 5)
            print(f"NOTIFY at {where}: DS at every server of the parent after {time.monotonic() - sent:.2f} s")
        world.assert_secure()


def test_a_second_notification_during_the_first_change_is_not_lost(directory):
    with ParentWorld(directory, agent={**SELDOM, "verify": 5, "ds-ttl-hold": 600}, engine={"notify-receive": True}) as world:
        child = world.child
        wait_until(world.delegation, 30, "the child was scanned once")
        child.introduce("b", "c")
        child.publish(keys=("a", "b", "c"), cds=("b",))
        notify(ZONE)
        world.wait_ds(ZONE, child.ds("b"))
        world.wait_delegation(state="verify")
        child.publish(keys=("a", "b", "c"), cds=("c",))
        notify(ZONE)
        world.wait_ds(ZONE, child.ds("c"))
        world.assert_secure()


def test_a_child_without_notification_waits_for_its_scan(directory):
    """The other side of the test above: its speed comes from the notification."""
    with ParentWorld(directory, agent=SELDOM, engine={"notify-receive": True}) as world:
        child = world.child
        wait_until(world.delegation, 30, "the child was scanned once")
        asks_for(child, "b")
        # Names of nobody, and types that no delegation has.
        for zone, rdtype in ((OTHER, "CDS"), (f"www.{ZONE}", "CDS"), (ZONE, "SOA")):
            notify(zone, rdtype=rdtype)
        never_moves(world, child)


def test_a_server_with_other_signals_is_named(directory):
    with ParentWorld(directory) as world:
        child = world.child
        child.introduce("b", "c")
        child.publish("ns1", keys=("a", "b", "c"), cds=("b",))
        child.publish("ns2", keys=("a", "b", "c"), cds=("c",))
        one = world.wait_delegation(gate="signals-differ-at")
        assert any(address in str(one) for address in child.servers().values()), one
        never_moves(world, child)
        child.publish("ns2", keys=("a", "b", "c"))
        world.wait_delegation(gate="signal-missing-at", about=child.servers()["ns2"])
        never_moves(world, child)
        child.publish("ns2", keys=("a", "b", "c"), cds=("b",))
        world.wait_ds(ZONE, child.ds("b"))
        world.assert_secure()


def test_a_server_that_is_silent_is_named(directory):
    with ParentWorld(directory) as world:
        child = world.child
        child.introduce("b")
        world.resolvers_may_fail("one that tries the silent server first is slower than the question waits")
        # Not paused: NSD answers from a process of its own.
        child.daemon("ns2").stop()
        child.publish("ns1", keys=("a", "b"), cds=("b",))
        world.wait_delegation(gate="unreachable-at", about=child.servers()["ns2"], seconds=60)
        never_moves(world, child)
        child.daemon("ns2").launch()
        child.publish("ns2", keys=("a", "b"), cds=("b",))
        world.wait_ds(ZONE, child.ds("b"))


def test_signals_that_were_replaced_are_not_followed_again(directory):
    with ParentWorld(directory) as world:
        child = world.child
        child.introduce("b")
        old = child.publish(keys=("a", "b"), cds=("a",))
        child.publish(keys=("a", "b"), cds=("b",))
        world.wait_ds(ZONE, child.ds("b"))
        world.wait_delegation(state="rest", gate="none", seconds=60)
        child.serve(old)
        world.wait_delegation(gate="replayed")
        assert stays(lambda: world.has_ds(ZONE, child.ds("b")), 4, poll=0.2)
        # The same keys, asked for by a signature of today.
        child.publish(keys=("a", "b"), cds=("a",))
        world.wait_ds(ZONE, child.ds("a"))
        world.assert_secure()


def test_signals_that_would_break_the_child_are_refused(directory):
    with ParentWorld(directory) as world:
        child = world.child
        child.publish(keys=("a",), cds=("b",))
        world.wait_delegation(gate="would-break-at")
        never_moves(world, child)
        # One server without the new key is enough.
        child.introduce("b")
        child.publish("ns1", keys=("a", "b"), cds=("b",))
        child.publish("ns2", keys=("a",), cds=("b",))
        world.wait_delegation(gate="would-break-at", about=child.servers()["ns2"])
        never_moves(world, child)
        world.assert_secure()


def test_signals_that_the_old_key_has_not_signed_are_refused(directory):
    with ParentWorld(directory) as world:
        child = world.child
        child.introduce("b")
        child.publish(keys=("a", "b"), cds=("b",), signals_by=("b",))
        world.wait_delegation(gate="unsigned-at")
        never_moves(world, child)
        world.assert_secure()


def test_a_locked_delegation_is_left_alone(directory):
    children = [HandSigned(ZONE), HandSigned(OTHER)]
    with ParentWorld(directory, children, agent={"delegation-lock": ZONE}) as world:
        for child in children:
            asks_for(child, "b")
        world.wait_ds(OTHER, children[1].ds("b"))
        world.wait_delegation(gate="locked")
        never_moves(world, children[0])


def test_a_delete_signal_is_followed_only_where_the_parent_says_so(directory):
    with ParentWorld(directory) as world:
        child = world.child
        child.publish(cds="delete")
        world.wait_delegation(gate="remove-off", state="refused")
        never_moves(world, child)
        world.set_agent(remove=True)
        world.wait_ds(ZONE, [])
        wait_until(lambda: set(world.verdicts(ZONE).values()) == {watch.INSECURE}, 40, "every resolver finds the child insecure")
        world.assert_never_bogus()


@bound(180)
def test_the_first_ds_needs_the_signaling_names(directory):
    operator, child = HandSigned(OPERATOR), HandSigned(ZONE, operator=OPERATOR, insecure=True)
    with ParentWorld(directory, [operator, child], agent={"bootstrap": "authenticated"}) as world:
        hosts = child.hosts()
        addresses = [f"{host} A {address}" for host, (address,) in hosts.items()]
        signaling = [[f"_dsboot.{ZONE}_signal.{host} {line}" for line in child.signals("a")] for host in hosts]
        operator.publish(more=addresses)
        child.publish(cds=("a",))
        # A secure answer that there is nothing is an answer.
        world.wait_delegation(gate="signaling-differs-at", about=list(hosts)[0], seconds=40)
        operator.publish(more=addresses + signaling[0])
        world.wait_delegation(gate="signaling-differs-at", about=list(hosts)[1], seconds=40)
        assert world.has_ds(ZONE, [])
        operator.publish(more=addresses + signaling[0] + signaling[1])
        world.wait_ds(ZONE, child.ds("a"), 60)
        wait_until(lambda: set(world.verdicts(ZONE).values()) == {watch.SECURE}, 90, "every resolver finds the child secure")
        world.assert_never_bogus()


def test_a_child_without_ds_gets_none_by_its_cds_alone(directory):
    child = HandSigned(insecure=True)
    with ParentWorld(directory, [child], agent={"bootstrap": "authenticated"}) as world:
        child.publish(cds=("a",))
        world.wait_delegation(gate="no-signaling")
        world.set_agent(bootstrap="off")
        never_moves(world, child)
        world.assert_never_bogus()


def test_a_zone_that_a_reload_would_revert_is_not_changed(directory):
    with ParentWorld(directory, zone_items={"zonefile-load": "difference-no-serial", "journal-content": "all", "zonefile-sync": -1}) as world:
        child = world.child
        asks_for(child, "b")
        one = world.wait_delegation(gate="reload-reverts")
        assert "zonefile-sync" in str(one), one
        assert "zonefile-sync" in world.logged(ZONE, "reload-reverts")
        never_moves(world, child)
        world.assert_secure()


def test_a_parent_zone_without_dnssec_of_its_own_is_no_matter_of_the_agent(directory):
    """`rollover: off`: nothing about the parent's own KSK is decided or logged."""
    with ParentWorld(directory) as world:
        wait_until(world.delegation, 30, "the child was scanned once")
        keys = ask.ksks(PARENT_KNOT, PARENT_ZONE)
        world.knot.knotc("zone-key-rollover", PARENT_ZONE, "ksk")
        wait_until(lambda: len(ask.ksks(PARENT_KNOT, PARENT_ZONE)) == 2, 20, "Knot publishes a second KSK")
        assert stays(lambda: not [line for line in world.knot.log_lines(f"zone {PARENT_ZONE}, ") if "introduce" in line], 3, poll=0.2)
        assert keys[0] in ask.ksks(PARENT_KNOT, PARENT_ZONE)
