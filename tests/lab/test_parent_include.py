# SPDX-License-Identifier: GPL-3.0-or-later
"""DS in a file that the zone file includes: a parent zone that is maintained in its zone file."""

import os

from . import ask
from .daemons import file_name
from .halt import cut_power, kill, stopped, stops_at
from .hand_signed import HandSigned
from .marks import bound
from .parent_world import AGENT, PARENT_KNOT, PARENT_ZONE, ZONE, ParentWorld
from .test_parent_agent import OTHER, asks_for
from .test_parent_between import CHANGED, ds_of_primary, moves
from .wait import wait_until

#: The common set-up of a signed zone, where a reload reverts zone transactions.
FROM_FILE = {"zonefile-load": "difference-no-serial", "zonefile-sync": -1, "journal-content": "all"}


class IncludeWorld(ParentWorld):
    """The agent keeps DS in a file. Its child has its first DS there, too, once include() is called."""

    def __init__(self, directory, **settings):
        self.includes, self.both, self.others = False, False, []
        agent = {"delegation-apply": "include", **settings.pop("agent", {})}
        super().__init__(directory, agent=agent, zone_items=FROM_FILE, **settings)

    def file(self):
        """Path of the agent's file."""
        return self.knot.path("db", "kskroll", "test.ds")

    def parent_text(self, ds=None):
        if not self.includes:
            return super().parent_text(ds)
        without = super().parent_text(None if self.both else {zone: [] for zone in self.children})
        return without + "\n".join([f"$INCLUDE {self.file()}", *self.others, ""])

    def edit(self):
        """The operator writes the zone file, and has it loaded."""
        self.knot.write(file_name(PARENT_ZONE), self.parent_text())
        self.knot.knotc("-b", "zone-reload", PARENT_ZONE)

    def copy(self):
        """DS of the children are in the file as well."""
        with open(self.file(), "a", encoding="utf-8") as file:
            for child in self.children.values():
                file.writelines(line + "\n" for line in content_of(child))

    def include(self):
        """As the guide for parent zones says: DS of the children in the file, and the line."""
        line = self.logged("the zone file must have the line")
        assert line.endswith(f"$INCLUDE {self.file()}"), line
        self.copy()
        self.includes = True
        self.edit()


def content_of(child):
    """Lines of a child's first DS, as the agent writes them."""
    return sorted(f"{child.zone} {child.ds_ttl} IN DS {record.upper()}" for record in child.first_ds())


def content(world):
    """Lines of the file that are no comments."""
    with open(world.file(), encoding="utf-8") as file:
        return [line for line in file.read().splitlines() if not line.startswith(";")]


@bound(180)
def test_ds_follows_cds_and_survives_what_loads_the_zone(directory):
    with IncludeWorld(directory) as world:
        child = world.child
        world.include()
        assert world.has_ds(ZONE, child.first_ds())
        asks_for(child, "b")
        world.wait_ds(ZONE, child.ds("b"))
        assert set(world.ds_ttls(ZONE).values()) == {AGENT["ds-ttl"]}, world.ds_ttls(ZONE)
        wait_until(lambda: set(world.ds_ttls(ZONE).values()) == {child.ds_ttl}, 60, "the TTL is restored everywhere")
        world.wait_delegation(state="rest", gate="none")
        child.publish(keys=("b",), cds=("b",))
        assert len(content(world)) == 1, content(world)
        # An edited zone file.
        world.others = ["new A 127.0.0.9"]
        world.edit()
        wait_until(lambda: all(ask.rrset(address, f"new.{PARENT_ZONE}", "A") for address in world.parent_servers().values()), 20,
                   "the edit is at every server of the parent")
        assert world.has_ds(ZONE, child.ds("b"))
        # A reload, of everything.
        world.knot.knotc("reload")
        world.knot.knotc("-b", "zone-reload", PARENT_ZONE)
        assert world.has_ds(ZONE, child.ds("b"))
        # A restart.
        with world.outage(PARENT_KNOT):
            world.knot.stop()
            world.knot.start()
        wait_until(lambda: world.has_ds(ZONE, child.ds("b")), 20, "the same DS after a restart")
        # And goes on.
        child.introduce("c", "b")
        child.publish(keys=("b", "c"), cds=("c",))
        world.wait_ds(ZONE, child.ds("c"))
        world.assert_secure()


@bound(180)
def test_kills_between_the_file_and_its_load(directory):
    """The next kskrolld takes back what is in the file and not in the zone; a knotd that starts loads it."""
    with IncludeWorld(directory, env=stops_at(directory, "before zone-reload")) as world:
        child, knot = world.child, world.knot
        world.include()
        asks_for(child, "b")
        with stopped(knot) as kskrolld:
            assert child.ds("b")[0].upper() in content(world)[0].upper() and ask.ds_set(PARENT_KNOT, ZONE) == child.ds("a")
            kill(kskrolld)
        with stopped(knot):
            assert content(world) == content_of(child), content(world)
        # Another survey, and the same change.
        with stopped(knot) as kskrolld:
            assert child.ds("b")[0].upper() in content(world)[0].upper() and ask.ds_set(PARENT_KNOT, ZONE) == child.ds("a")
            del knot.env["STOP_AT"]
            cut_power(world, kskrolld)
        world.wait_ds(ZONE, child.ds("b"))
        world.wait_delegation(state="rest", gate="none", seconds=60)
        again = ["change -> survey commit-failed", "survey -> wait none", "wait -> change committing"]
        assert moves(world) == ["rest -> seen none", "seen -> wait none", "wait -> change committing", *again, *CHANGED], moves(world)
        assert ds_of_primary(world) == [str(child.tag("a")), str(child.tag("b"))], ds_of_primary(world)
        world.assert_secure()


@bound(180)
def test_a_missing_file_changes_nothing(directory):
    children = [HandSigned(ZONE), HandSigned(OTHER)]
    with IncludeWorld(directory, children=children) as world:
        world.include()
        os.rename(world.file(), world.file() + ".moved")
        world.logged("is missing: put it back from a backup")
        # Neither the next process nor a change makes an empty one.
        former = world.knot.kskrolld
        kill(former)
        world.knot.wait_kskrolld(other_than=former)
        asks_for(children[0], "b")
        world.logged(ZONE, "(commit-failed)", "put it back from a backup", seconds=60)
        assert not os.path.exists(world.file())
        os.rename(world.file() + ".moved", world.file())
        world.logged("the file with DS can be used again")
        world.wait_ds(ZONE, children[0].ds("b"), 60)
        assert world.has_ds(OTHER, children[1].first_ds())
        world.assert_secure()


class Shrinking(IncludeWorld):
    """A delegation leaves the zone file."""

    def parent_text(self, ds=None):
        lines = super().parent_text(ds).split("\n")
        label = OTHER.split(".", maxsplit=1)[0]
        return "\n".join(line for line in lines if not (getattr(self, "shrunk", False) and label in line))


@bound(180)
def test_ds_of_a_delegation_that_goes_leaves_the_file(directory):
    children = [HandSigned(ZONE), HandSigned(OTHER)]
    with Shrinking(directory, children=children, judged=[ZONE]) as world:
        world.include()
        assert world.has_ds(OTHER, children[1].first_ds())
        world.shrunk = True
        world.edit()
        world.logged(f"{OTHER} is no delegation any more; removed from the file: DS ")
        wait_until(lambda: content(world) == content_of(children[0]), 20, "the file has no DS of it")
        # Another registrant has the name.
        world.shrunk = False
        world.edit()
        assert OTHER in str(world.knot.knotc("zone-read", PARENT_ZONE, OTHER, "NS")), "it is delegated again"
        assert not ask.ds_set(PARENT_KNOT, OTHER)
        asks_for(children[0], "b")
        world.wait_ds(ZONE, children[0].ds("b"))
        world.assert_secure()


@bound(180)
def test_without_the_line_nothing_changes_and_the_log_names_it(directory):
    with IncludeWorld(directory) as world:
        child = world.child
        world.logged("the zone file must have the line")
        asks_for(child, "b")
        # The DS of the zone file is not the agent's.
        world.logged(ZONE, "move it there from the zone file")
        # The operator has copied it, and has not written the line.
        world.copy()
        # A path as long as that of a test is cut off.
        world.logged("its zone file lacks the line $INCLUDE " + world.file()[:60])
        wait_until(lambda: content(world) == content_of(child), 20, "the former file is back")
        world.assert_never_changed(ZONE)
        assert world.has_ds(ZONE, child.first_ds())
        # Now the line is there, and the DS is in both files.
        world.includes = world.both = True
        world.edit()
        world.logged("the zone has other DS than the file")
        world.both = False
        world.edit()
        world.wait_ds(ZONE, child.ds("b"), 60)
        world.assert_secure()
