# SPDX-License-Identifier: GPL-3.0-or-later
"""A zone gets its first DS and loses the last one: insecure, secure, insecure, and never bogus."""

from . import ask, watch
from .marks import bound
from .progress import Progress
from .test_operator import commit
from .test_rollover import ZONE, module_world, start
from .wait import wait_until
from .world import KNOT

QUICK = {"first_ds": False, "confdb": True, "zone_ttl": 16, "pinned": False, "module_settings": {"ttl": 3, "lead": 1, "settle": 2}}


def everywhere(world, verdict):
    """Waits until every resolver sees it so."""
    wait_until(lambda: set(world.verdicts(ZONE).values()) == {verdict}, 40,
               f"every resolver finds the zone {verdict}")


@bound(240)
def test_first_ds_and_removal(directory):
    with module_world(directory, **QUICK) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait_visited("introduce", 30)
        wait_until(lambda: world.knot.log_lines("(waiting-unsigned)"), 30,
                   "it waits for what has no signatures")
        assert not ask.tags(KNOT, ZONE, "CDS"), "too early for CDS"
        # Knot signals its first KSK from its birth.
        assert len(world.knot.log_lines("Knot has published CDS and CDNSKEY of the first KSK")) == 1
        progress.wait_visited("observe", 60)
        everywhere(world, watch.SECURE)
        progress.wait_visited("settle", 60)
        progress.wait("idle", 30)
        assert ask.ksks(KNOT, ZONE) == old[ZONE] and world.ds_everywhere(ZONE, old[ZONE])
        world.assert_never_bogus()

        # The key counts as in use at Knot: it can be replaced like any other.
        start(world)
        progress.wait("observe", 60)  # await-ds may be over before anybody has checked.
        progress.wait("idle", 90)
        new = ask.ksks(KNOT, ZONE)
        assert len(new) == 1 and new != old[ZONE] and world.ds_everywhere(ZONE, new)
        world.assert_never_bogus()

        # The operator's word for another zone is none.
        commit(world, ("conf-set", "mod-kskroll[default].go-insecure", "other.test."))
        wait_until(lambda: world.knot.log_lines("go-insecure names another zone"), 20, "the warning")
        assert progress.state == "idle" and not ask.tags(KNOT, ZONE, "CDS")
        commit(world, ("conf-set", "mod-kskroll[default].go-insecure", ZONE))
        progress.wait_visited("remove-ds", 30)
        progress.wait("expire-ds", 60)
        assert all(ask.rrset(address, ZONE, "DS") is None
                   for address in world.parent_servers().values())
        wait_until(lambda: progress.gate == "may-unsign", 60, "the gate may-unsign")
        everywhere(world, watch.INSECURE)
        assert not ask.tags(KNOT, ZONE, "CDS") and ask.ksks(KNOT, ZONE) == new
        # And now it really is unsigned.
        commit(world, ("conf-set", f"zone[{ZONE}].dnssec-signing", "off"))
        for label, address in world.child_servers(public_only=False).items():
            wait_until(lambda a=address: ask.rrset(a, ZONE, "DNSKEY") is None, 30,
                       f"{label} has no DNSKEY")
        world.assert_never_bogus()


@bound(120)
def test_a_removed_ds_is_not_asked_back(directory):
    with module_world(directory, pinned=False, confdb=True) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        wait_until(lambda: progress.gate == "none", 30, "rest")
        world.agent.insert_ds(ZONE, [])

        def hold(gate):
            commit(world, ("conf-set", "mod-kskroll[default].hold", "on"))
            wait_until(lambda: progress.gate == "held-by-operator", 20, "hold")
            assert not ask.tags(KNOT, ZONE, "CDS")
            commit(world, ("conf-set", "mod-kskroll[default].hold", "off"))
            wait_until(lambda: progress.gate != "held-by-operator", 20, "no hold")
            if gate:
                wait_until(lambda: progress.gate == gate, 20, gate)
                assert progress.state == "idle"
        # It is seen when the hold ends. Nobody was shown before that it is gone, so this is not the operator's word.
        hold("ds-removed")
        # Hold on, then off: the operator wants it again.
        hold(None)
        assert world.knot.log_lines("its end requests a first DS")
        progress.wait_visited("introduce", 30)
        progress.wait_visited("observe", 60)
        assert world.ds_everywhere(ZONE, old[ZONE])
        world.assert_never_bogus()
