# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the decision of the parental agent and the row that says what became of it: kills, and what others do to the zone."""

import contextlib
import sqlite3

from . import ask
from .halt import cut_power, kill, stopped, stops_at
from .hand_signed import HandSigned
from .marks import bound, long_test
from .parent_world import PARENT_ZONE, ZONE, ParentWorld, notify
from .test_parent_agent import OTHER, SELDOM, asks_for, never_moves
from .wait import stays, wait_until
from .world import PARENT_BIND as PARENT_KNOT

#: delegation_state_t
CHANGE = 4
COMMIT, ABORT = "command 'zone-commit'", "command 'zone-abort'"


def is_ordered(world):
    """Whether the row of the child has the order, and nothing of what became of it."""
    with contextlib.closing(sqlite3.connect(f"file:{world.store()}?mode=ro", uri=True, timeout=10)) as db:
        return db.execute("SELECT state FROM delegation WHERE name = ?", (ZONE,)).fetchall() == [(CHANGE,)]


def moves(world, zone=ZONE):
    """Changes of state in the history of the delegation, as the command line says them: "state -> state gate"."""
    events = world.kskroll("--json", "history", zone)["delegation_events"]
    return [f"{event['from']} -> {event['to']} {event['gate']}" for event in events if event["from"] != event["to"]]


def ds_of_primary(world, zone=ZONE):
    """Key tags of the sets of DS that the primary had, one after the other."""
    values = [value for _, value in world.observer.history(zone, "DS")["knot"] if not value.startswith("no answer")]
    return [value for number, value in enumerate(values) if number == 0 or value != values[number - 1]]


CHANGED = ["change -> spread none", "spread -> verify none", "verify -> low none", "low -> restore committing", "restore -> rest none"]


@bound(150)
def test_kills_before_and_after_the_commit_lose_nothing_and_repeat_nothing(directory):
    with ParentWorld(directory, env=stops_at(directory, "before zone-commit")) as world:
        child, knot = world.child, world.knot
        asks_for(child, "b")
        with stopped(knot) as kskrolld:
            assert is_ordered(world) and f"+{ZONE}" in knot.knotc("zone-diff", PARENT_ZONE).replace("] ", ""), "the transaction is open"
            assert not knot.knotc_ok("reload"), "it keeps the operator from a reload"
            kill(kskrolld)
        # The next one ends the transaction, and begins once more.
        world.logged("a transaction that was left open is aborted")
        with stopped(knot) as kskrolld:
            assert is_ordered(world) and not knot.log_lines(COMMIT)
            knot.env["STOP_AT"] = "after zone-commit"
            cut_power(world, kskrolld)
        assert ask.ds_set(PARENT_KNOT, ZONE) == child.ds("a"), "nothing was committed"
        with stopped(knot) as kskrolld:
            assert ask.ds_set(PARENT_KNOT, ZONE) == child.ds("b") and is_ordered(world), "committed, and the row does not know"
            del knot.env["STOP_AT"]
            cut_power(world, kskrolld)
        world.wait_ds(ZONE, child.ds("b"))
        world.wait_delegation(state="rest", gate="none", seconds=60)
        again = ["change -> survey commit-failed", "survey -> wait none", "wait -> change committing"]
        assert moves(world) == ["rest -> seen none", "seen -> wait none", "wait -> change committing", *again, *again, *CHANGED], moves(world)
        commits = knot.log_lines(COMMIT)
        assert len(commits) == 2, f"the change and the TTL: {commits}"
        assert ds_of_primary(world) == [str(child.tag("a")), str(child.tag("b"))], ds_of_primary(world)
        world.assert_secure()


@long_test
@bound(400)
def test_kills_at_each_command_of_a_change(directory):
    """Nobody can tell whose a transaction without changes is: the agent would end it after ten minutes, the operator does at once."""
    points = {"before zone-begin": False, "after zone-begin": True, "before zone-unset": True, "before zone-set": False, "before zone-diff": False,
              "after zone-commit": False}
    names = [f"k{number}" for number in range(len(points))]
    with ParentWorld(directory, env=stops_at(directory, "")) as world:
        child, knot, nobodys = world.child, world.knot, "a transaction without changes is open, perhaps the agent's own"
        child.introduce(*names)
        for name, (point, empty) in zip(names, points.items()):
            with world.outage(*knot.addresses):
                knot.env["STOP_AT"] = point
                knot.restart()
            before = len(knot.log_lines(nobodys))
            child.publish(keys=("a", *names), cds=(name,))
            with stopped(knot) as kskrolld:
                kill(kskrolld)
            if empty:
                wait_until(lambda n=before: len(knot.log_lines(nobodys)) > n, 30, "the log says that a transaction is open")
                knot.knotc("zone-abort", PARENT_ZONE)
            with stopped(knot) as kskrolld:
                knot.env["STOP_AT"] = ""
                cut_power(world, kskrolld)
            world.wait_ds(ZONE, child.ds(name), 60)
            print(point, ask.ds_set(PARENT_KNOT, ZONE))
        world.wait_delegation(state="rest", gate="none", seconds=60)
        assert ds_of_primary(world) == [str(child.tag(name)) for name in ("a", *names)], ds_of_primary(world)
        world.assert_secure()


@bound(150)
def test_what_others_change_between_the_decision_and_the_commit_stays(directory):
    """The transaction compares NS and DS with what was judged."""
    child, other = HandSigned(ZONE), HandSigned(OTHER)
    with ParentWorld(directory, [child, other], agent=SELDOM, engine={"notify-receive": True},
                     env=stops_at(directory, "before zone-begin")) as world:
        wait_until(lambda: all(world.delegation(zone) for zone in world.zones), 30, "each child was scanned once")
        asks_for(other, "b", "c")
        notify(OTHER)
        with stopped(world.knot):
            world.set_ds(OTHER, other.ds("a", "c"))
        world.logged(OTHER, "change -> seen: DS was changed by hand")
        world.wait_delegation(OTHER, gate="overruled", state="held")
        assert stays(lambda: world.has_ds(OTHER, other.ds("a", "c")), 4, poll=0.2), world.said(OTHER)
        asks_for(child, "b")
        notify(ZONE)
        world.assert_secure()
        # A third name, at an address where nobody serves the child.
        nobody, nowhere = f"ns3.{ZONE}", world.parent_servers()["nsd"]
        with stopped(world.knot):
            world.resolvers_may_fail("that server refers resolvers to the child's servers as a parent does, without what they need")
            for command in (["zone-begin"], ["zone-set", ZONE, "60", "NS", nobody], ["zone-set", nobody, "60", "A", nowhere], ["zone-commit"]):
                world.knot.knotc(command[0], PARENT_ZONE, *command[1:])
        world.logged(ZONE, "commit-failed", "the zone has another NS or DS RRset than was judged")
        # The server that has joined is asked.
        world.wait_delegation(gate="error-at", about=nowhere)
        never_moves(world, child, 3)
        assert len(world.knot.log_lines(COMMIT)) == 2 == len(world.knot.log_lines(ABORT)), "the operator's, and the agent's"


@bound(150)
def test_reloads_in_the_middle_of_a_change_neither_stop_nor_repeat_it(directory):
    """Some with other items: kskrolld does not learn of those that change nothing."""
    with ParentWorld(directory, agent={"hold-down": 3}, env=stops_at(directory, "before zone-begin")) as world:
        child, knot = world.child, world.knot
        asks_for(child, "b")
        world.wait_delegation(state="wait", gate="hold-down")
        # What asks is another one from now on.
        world.set_engine(parent_rate=21)
        with stopped(knot):
            assert is_ordered(world)
            world.set_agent(verify=4)
        world.wait_delegation(state="verify")
        world.set_engine(parent_rate=22)
        world.wait_delegation(state="low")
        knot.reload()
        with stopped(knot):
            world.set_agent(verify=5)
        world.wait_delegation(state="rest", gate="none", seconds=60)
        wait_until(lambda: set(world.ds_ttls(ZONE).values()) == {child.ds_ttl}, 20, "the TTL is restored everywhere")
        assert moves(world) == ["rest -> seen none", "seen -> wait none", "wait -> change committing", *CHANGED], moves(world)
        assert len(knot.log_lines(COMMIT)) == 2, knot.log_lines(COMMIT)
        assert ds_of_primary(world) == [str(child.tag("a")), str(child.tag("b"))], ds_of_primary(world)
        world.assert_secure()


class SlowlySigned(ParentWorld):
    """The keys of the parent zone are so long that signing it takes some seconds."""

    def knot_sections(self):
        # Before it answers it signs the zone, on a machine that may be busy.
        self.knot.ready_bound = 60
        policy = {"id": "lab", "algorithm": "rsasha256", "ksk-size": 2048, "zsk-size": 4096, "ksk-lifetime": 0, "zsk-lifetime": 0}
        return [(name, [policy] if name == "policy" else content) for name, content in super().knot_sections()]


@bound(150)
def test_a_parent_zone_that_is_being_signed_is_waited_for(directory):
    many = [f"d{number} NS ns.elsewhere.test." for number in range(100)]
    with SlowlySigned(directory, agent=SELDOM, engine={"notify-receive": True}, parent_lines=many) as world:
        child, knot = world.child, world.knot
        wait_until(world.delegation, 30, "the child was scanned once")
        asks_for(child, "b")
        knot.knotc("zone-sign", PARENT_ZONE)
        wait_until(lambda: "re-sign: running" in knot.knotc("zone-status", PARENT_ZONE, "+events"), 10, "knotd signs the zone", poll=0.01)
        notify(ZONE)
        # On a fast machine it takes less than a second.
        wait_until(lambda: knot.log_lines("wait, waits (being-signed)"), 10, "the agent waits for knotd")
        world.wait_ds(ZONE, child.ds("b"), 60)
        lines = knot.log_lines("")
        began = next(number for number, line in enumerate(lines) if "'zone-begin'" in line)
        signed = next(number for number, line in enumerate(lines) if "successfully signed, serial " in line and "serial 2," not in line)
        assert signed < began, f"nobody waits in zone-begin: {lines[began]}"
        world.assert_secure()
