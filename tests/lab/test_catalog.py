# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of an interpreted catalog are driven as other zones are, whatever becomes of the catalog meanwhile."""

from . import ask, check
from .flicker import Flicker
from .marks import bound, long_test
from .progress import Progress
from .test_rollover import ZONE, in_every_state, module_world, start
from .wait import stays, wait_until
from .world import CATALOG_ZONE, KNOT

OTHER = "other.test."
#: One policy for both templates: the keys are made by it.
CATALOG = {"catalog": {ZONE: "signed", OTHER: "signed"}, "templates": {"signed": {}, "signed-too": {}}, "zones": [ZONE, OTHER],
           "pinned": False, "dnskey_ttl": 5}


def no_section(world):
    """The configuration has no section of a member."""
    domains = world.knot.knotc("conf-read", "zone.domain")
    assert ZONE not in domains and OTHER not in domains, domains


@bound(400)
def test_a_member_is_rolled_while_the_catalog_changes(directory):
    """A member is added, removed, regrouped, the catalog is transferred again, knotd restarted: in each state one of them."""
    changes = {
        "idle": lambda world: world.catalog.change(world.knot, **{ZONE: "signed"}),
        "signal": lambda world: world.catalog.change(world.knot, **{ZONE: "signed", OTHER: "signed"}),
        "introduce": lambda world: world.catalog.change(world.knot, **{ZONE: "signed-too", OTHER: "signed"}),
        "withdraw": lambda world: world.catalog.change(world.knot, **{ZONE: "signed"}),
        "retire": lambda world: world.catalog.change(world.knot, **{ZONE: "signed", OTHER: "signed"}),
    }
    with module_world(directory, module_settings={"ksk-lifetime": 30, "observe": 8}, **CATALOG) as (world, old), \
            Progress(world.knot, ZONE) as progress, Flicker(KNOT, ZONE) as flicker:
        def interrupt(_, state):
            if state in changes:
                changes[state](world)
            elif state == "await-ds":
                world.knot.knotc("zone-retransfer", CATALOG_ZONE)
                world.knot.knotc("reload")
            elif state == "observe":
                world.knot.restart()
                wait_until(lambda: ask.answers(KNOT, ZONE), 30, "the member is there")
            else:
                world.knot.knotc("reload")
        # No TTL is lowered.
        in_every_state(world, progress, interrupt, without=["prepare"])
        wait_until(lambda: progress.state == "idle" and check.other_ksk(world, ZONE, old[ZONE]), 60, "the rollover is over")
        no_section(world)
        check.rolled(world, ZONE, old[ZONE])
        check.signals_followed_keys(world, ZONE)
        check.old_ds_ran_out(world, ZONE)
        flicker.one_stretch()
        assert "kskroll" not in world.knot.knotc("conf-read", "policy.id"), "no policy is made for members"


@long_test
@bound(240)
def test_a_high_ttl_of_a_member_stays_and_is_waited_for(directory):
    """No policy lowers it: the zone is rolled all the same, with the waits of that TTL."""
    settings = {**CATALOG, "dnskey_ttl": 12}
    with module_world(directory, **settings) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        progress.wait_visited("settle", 150)
        progress.wait("idle", 60)
        check.rolled(world, ZONE, old[ZONE])
        check.signals_followed_keys(world, ZONE)
        world.assert_secure()
        ttls = {value.split(" ")[-1] for _, value in world.observer.history(ZONE, "DNSKEY")["knot"]}
        assert ttls == {"12"}, ttls
        no_section(world)


@bound(120)
def test_a_group_with_hold_counts_from_the_next_reload(directory):
    """Knot keeps the module of the former template until then, as docs/operators-guide.rst says."""
    templates = {"templates": {"signed": {}, "held": {"module": "mod-kskroll/example-test"}}}
    with module_world(directory, zone_module_settings={ZONE: {"hold": True}}, **{**CATALOG, **templates}) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        world.catalog.change(world.knot, **{ZONE: "held", OTHER: "signed"})
        wait_until(lambda: f"{CATALOG_ZONE}#held" in world.knot.knotc("zone-status", ZONE), 20, "the group of the member is another one")
        world.knot.knotc("reload")
        wait_until(lambda: progress.gate == "held-by-operator", 20, "the gate")
        start(world)
        wait_until(lambda: len(world.ksk_tags(ZONE)) == 2, 30, "the new KSK is there")
        assert stays(lambda: progress.state == "idle", 5), progress.state
        assert world.ds_everywhere(ZONE, old[ZONE])
        world.catalog.change(world.knot, **{ZONE: "signed", OTHER: "signed"})
        wait_until(lambda: f"{CATALOG_ZONE}#signed" in world.knot.knotc("zone-status", ZONE), 20, "the group is that of before")
        world.knot.knotc("reload")
        wait_until(lambda: progress.state not in (None, "idle"), 30, "the rollover goes on")
        world.assert_secure()


@bound(120)
def test_a_member_whose_policy_cannot_signal_is_observed(directory):
    with module_world(directory, policy={"cds-cdnskey-publish": "none"}, **CATALOG) as (world, _), \
            Progress(world.knot, ZONE) as progress:
        wait_until(lambda: progress.gate == "observe-only", 40, "the gate")
        said = [line for line in world.knot.log_lines("(observe-only)") if f"zone {ZONE}" in line]
        assert len(said) == 1 and "cds-cdnskey-publish" in said[0], said
