# SPDX-License-Identifier: GPL-3.0-or-later
"""Children of the parental agent roll as their signers do: no resolver sees anything but secure answers."""

import dns.dnssec

from . import ask, opinions
from .children import BindChild, KnotChild, LdnsChild, PowerDns, PowerDnsChild
from .marks import bound, long_test, needs
from .one_knot import OneKnot, SharedChild
from .parent_world import AGENT, DSYNC, PARENT_KNOT, PARENT_ZONE, ZONE, ParentWorld
from .wait import pause, wait_until
from .world import MODULE_SETTINGS

#: The child waits for the TTL that DS has. In a real zone the low TTL comes with the change.
SLOW = {"ds-ttl-hold": 10}


def rolls(world, *children, seconds=120):
    """A whole rollover of each of the children, at the same time."""
    for child in children:
        child.roll()
    for child in children:
        follows(world, child, seconds)
    for child in children:
        ends(world, child, seconds)
    world.assert_secure()


def follows(world, child, seconds):
    """The parent has the new DS, with the low TTL."""
    def there():
        child.poke()
        new = child.new_ds()
        return new and world.has_ds(child.zone, new)
    wait_until(there, seconds, f"the parent has the new DS; {world.said(child.zone)}", poll=0.5)
    ttls = set(world.ds_ttls(child.zone).values())
    assert ttls == {AGENT["ds-ttl"]}, ttls


def ends(world, child, seconds):
    """The old key is removed, and the TTL of the DS is as it was."""
    def over():
        child.poke()
        return child.rolled()
    wait_until(over, seconds, "the old key is gone", poll=0.5)
    wait_until(lambda: set(world.ds_ttls(child.zone).values()) == {child.ds_ttl}, 60, "the TTL is restored")
    world.wait_delegation(child.zone, state="rest", gate="none")


def lowered_first(world, child):
    """The agent has lowered the TTL of the DS before the child has signalled its new key, and restored it afterwards."""
    lines = world.knot.log_lines(child.zone)
    steps = [f"TTL of DS lowered {child.ds_ttl} -> {AGENT['ds-ttl']} s", "introduce -> signal", f"TTL of DS restored {AGENT['ds-ttl']} -> {child.ds_ttl} s"]
    at = [next((number for number, line in enumerate(lines) if step in line), None) for step in steps]
    assert None not in at and at == sorted(at), (at, lines)


@bound(240)
def test_both_halves_together(directory):
    """The child's module finds the DSYNC of the parent, notifies the agent, and sees the DS come."""
    child = KnotChild(module=True)
    with ParentWorld(directory, [child], agent={**SLOW, "scan-interval": 3600, "scan-interval-notifying": 3600},
                     engine={"notify-receive": True}, parent_lines=[DSYNC]) as world:
        rolls(world, child)
        assert child.knot.log_lines("it has acknowledged"), "the child has notified the parent"
        assert world.kskroll("history", ZONE)


@bound(240)
def test_parent_and_children_on_one_knotd(directory):
    """One knotd has both halves, for a zone of its own and for children. It is public for one child, hidden for the other.

    The agent watches a child whose TTL it has lowered, and may see CDS before the notification is sent. The TTL of the other
    is low as it is: its CDS is found because DSYNC leads the module to itself.
    """
    public, hidden = children = [SharedChild(ZONE), SharedChild("hidden.test.", hidden=True, ds_ttl=AGENT["ds-ttl"])]
    both = {**MODULE_SETTINGS, "rollover": True}
    with OneKnot(directory, children, agent={**SLOW, **both, "scan-interval": 3600, "scan-interval-notifying": 3600},
                 engine={"notify-receive": True}, parent_lines=[DSYNC]) as world:
        own = ask.ksk_tags(PARENT_KNOT, PARENT_ZONE)
        assert PARENT_KNOT in public.servers().values() and PARENT_KNOT not in hidden.servers().values()
        wait_until(lambda: PARENT_ZONE in world.idle(), 30, "the module is idle for the parent zone, too")
        rolls(world, *children)
        assert [line for line in world.knot.log_lines("it has acknowledged") if "hidden.test" in line], world.knot.log_lines("hidden.test")
        for child in children:
            assert ask.ksk_tags(PARENT_KNOT, child.zone) and world.kskroll("history", child.zone)
        lowered_first(world, public)
        assert not [line for line in world.knot.log_lines("hidden.test") if "TTL of DS lowered" in line]
        wait_until(lambda: world.idle() == {PARENT_ZONE, *world.children}, 60, "the module is idle for each zone")
        assert ask.ksk_tags(PARENT_KNOT, PARENT_ZONE) == own, "no key of the parent zone has changed"


@bound(240)
def test_a_parent_zone_rolls_while_it_changes_the_ds_of_a_child(directory):
    """Knot re-signs the parent zone with other keys while the agent has transactions on it."""
    child = SharedChild()
    with OneKnot(directory, [child], own=5, agent={**SLOW, **MODULE_SETTINGS, "rollover": True, "ttl": 3, "observe": 4, "settle": 2}) as world:
        first = ask.ksks(PARENT_KNOT, PARENT_ZONE)
        wait_until(lambda: PARENT_ZONE in world.idle(), 30, "the module is idle for the parent zone, too")
        world.knot.knotc("zone-key-rollover", PARENT_ZONE, "ksk")
        child.roll()

        def signaled():
            new = [key for key in ask.ksks(PARENT_KNOT, PARENT_ZONE) if key not in first]
            tags = sorted(map(dns.dnssec.key_id, new))
            everywhere = all(ask.tags(address, PARENT_ZONE, "CDS") == tags for address in world.parent_servers().values())
            return ask.ds_of(PARENT_ZONE, new) if new and everywhere else None
        world.set_root_ds(wait_until(signaled, 60, "the parent zone signals its new KSK"))
        follows(world, child, 120)
        ends(world, child, 120)
        wait_until(lambda: world.idle() == {PARENT_ZONE, ZONE}, 120, "the module is idle for both zones")
        new = ask.ksks(PARENT_KNOT, PARENT_ZONE)
        assert len(new) == 1 and new[0] not in first, new
        world.assert_secure()


@bound(240)
def test_an_error_is_reported_to_the_child(directory):
    """One nameserver lags behind: the parent does not follow CDS, and the child's operator reads why (RFC 9567, RFC 9859 4.2.1)."""
    child = KnotChild(module=True, agent="er")
    with ParentWorld(directory, [child], agent={**SLOW, "scan-interval": 3600, "scan-interval-notifying": 3600},
                     engine={"notify-receive": True}, parent_lines=[DSYNC]) as world:
        first = ask.ds_set(PARENT_KNOT, ZONE)
        assert child.error_reports()[0] == []
        child.cut_off()
        child.roll()
        reports = wait_until(lambda: child.error_reports()[0], 90, f"the report is there; {world.said()}", poll=0.5)
        assert [(one["type"], one["error"], one["error_name"]) for one in reports] == [("CDS", 24, "Invalid Data")], reports
        assert "CDS, error 24 (Invalid Data)" in child.error_reports()[1]
        wait_until(lambda: child.knot.log_lines("error report from"), 10, "the child's log has it")
        assert not child.knot.log_lines("is neither a nameserver")
        assert world.logged("reported to er.ns1.example.test.")
        wait_until(lambda: child.knot.totals()["kskroll-reports"] >= 1, 10, "it is counted")
        # The question had its answer, and the report decides nothing.
        answer = ask.rrset(child.servers()["ns1"], f"_er.59.{ZONE}24._er.{child.agent}", "TXT")
        assert "report received" in answer.to_text()
        assert ask.ds_set(PARENT_KNOT, ZONE) == first
        world.assert_secure()


@bound(180)
def test_a_child_on_knot_alone(directory):
    child = KnotChild()
    with ParentWorld(directory, [child], agent=SLOW) as world:
        rolls(world, child)


@bound(240)
def test_a_child_on_bind(directory):
    child = BindChild()
    with ParentWorld(directory, [child], agent=SLOW) as world:
        rolls(world, child)


@long_test
@needs(opinions.missing)
@bound(300)
def test_others_find_nothing_wrong_while_children_roll(directory):
    children = [KnotChild("module.test.", module=True), KnotChild("knot.test."), BindChild("bind.test.")]
    with ParentWorld(directory, children, agent={**SLOW, "ds-ttl-hold": 30}) as world:
        for child in children:
            child.roll()
        for child in children:
            follows(world, child, 120)
        for child in children:
            opinions.assert_good(world, child.zone)
        for child in children:
            ends(world, child, 120)
            opinions.assert_good(world, child.zone)
        world.assert_secure()


@long_test
@needs(PowerDns.missing)
@bound(180)
def test_a_child_on_powerdns(directory):
    """Its signatures begin on the Thursday of the week before, so the second signals of a week could be an old answer."""
    child = PowerDnsChild()
    with ParentWorld(directory, [child], agent=SLOW) as world:
        first = child.servers()["ns1"]
        child.roll()
        wait_until(lambda: len(ask.ksks(first, ZONE)) == 2, 20, "two keys")
        world.wait_ds(ZONE, ask.ds_of(ZONE, ask.ksks(first, ZONE)))
        both = ask.ds_of(ZONE, ask.ksks(first, ZONE))
        opinions.assert_good(world, ZONE)
        wait_until(lambda: set(world.ds_ttls(ZONE).values()) == {child.ds_ttl}, 60, "the TTL is restored")
        pause(child.ds_ttl + child.ttl)
        child.retire()
        world.wait_delegation(gate="replayed")
        assert world.has_ds(ZONE, both), "both DS stay, one of which is that of the key that is left"
        world.assert_secure()


@long_test
@needs(LdnsChild.missing)
@bound(180)
def test_a_child_signed_by_ldns(directory):
    child = LdnsChild(directory)
    with ParentWorld(directory, [child], agent=SLOW) as world:
        child.introduce("b")
        child.publish(keys=("a", "b"), cds=("b",))
        world.wait_ds(ZONE, child.ds("b"))
        opinions.assert_good(world, ZONE)
        pause(child.ds_ttl + 1)
        child.publish(keys=("b",), cds=("b",))
        wait_until(lambda: set(world.ds_ttls(ZONE).values()) == {child.ds_ttl}, 60, "the TTL is restored")
        world.wait_delegation(state="rest", gate="none")
        world.assert_secure()
