# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configuration must not have for a policy switch, judged before a rollover starts; switches that are lost."""

import time

from . import ask
from .marks import bound
from .progress import Progress
from .test_rollover import ZONE, finish, module_world, start
from .wait import wait_until
from .world import KNOT, elapsed_since

ADDRESS = "192.0.2.77"


def add_record(world):
    """A record that the zone file does not have."""
    for command in (("zone-begin", ZONE), ("zone-set", ZONE, "added", "5", "A", ADDRESS), ("zone-commit", ZONE)):
        world.knot.knotc(*command)
    assert has_record(world)


def has_record(world):
    """Whether it is still there."""
    found = ask.rrset(KNOT, f"added.{ZONE}", "A")
    return found is not None and ADDRESS in [str(rdata) for rdata in found]


def policies(world):
    """All policies of the configuration in force."""
    return world.knot.knotc("conf-read", "policy.id")


def stays_idle(world, progress, gate, *words):
    """The rollover that the operator orders does not start; the log says why, once, and nothing is switched."""
    start(world)
    wait_until(lambda: progress.gate == gate, 60, f"the gate {gate}")
    wait_until(lambda: len(world.ksk_tags(ZONE)) == 2, 20, "Knot makes the key")
    said = world.knot.log_lines(f"({gate})") or world.knot.log_lines(gate)
    assert len(said) == 1, said
    for word in words:
        assert word in said[0], said
    # Left to Knot the key would be ready by now, and signalled.
    made = time.monotonic()
    wait_until(lambda: elapsed_since(made) > world.propagation_delay + world.dnskey_ttl + 3, 30, "Knot's own wait")
    assert not ask.tags(KNOT, ZONE, "CDS") and not world.observer.history(ZONE, "CDS")["knot"][1:]
    assert progress.states() == ["idle"], progress.states()
    assert "kskroll" not in world.knot.knotc("conf-read", f"zone[{ZONE}].dnssec-policy")
    world.assert_secure()


@bound(240)
def test_records_of_the_journal_are_kept(directory):
    """The common set-up of a signing server: gate, flush, item, rollover."""
    with module_world(directory, module_settings={"zone-file-complete": False}) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        add_record(world)
        stays_idle(world, progress, "switch-loses-data", "zonefile-load difference-no-serial",
                   "knotc -f zone-flush", "zonefile-sync 0")
        assert has_record(world) and policies(world).count("kskroll") == 0
        world.knot.knotc("-f", "zone-flush", ZONE)
        world.knot.sections = [(name, [{**block, "zonefile-sync": 0} for block in content] if name == "template" else content)
                               for name, content in world.knot_sections()]
        world.knot.reconfigure()
        finish(world, progress, old)
        assert has_record(world), "the record is gone"


def derived(world, **changes):
    """The derived policy as the operator writes it, with other items."""
    return {**world._policy(), "id": "lab-kskroll-ttl-5", "cds-cdnskey-publish": "rollover", "dnskey-ttl": 5, **changes}


@bound(180)
def test_a_derived_policy_of_the_operator_that_differs_is_refused_before_the_start(directory):
    with module_world(directory) as (world, _), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)

        def give(**changes):
            world.knot.sections = [(name, [*content, derived(world, **changes)] if name == "policy" else content)
                                   for name, content in world.knot_sections()]
            world.knot.reconfigure()
        give(**{"propagation-delay": 1})
        stays_idle(world, progress, "policy-differs", "policy 'lab-kskroll-ttl-5' has propagation-delay '1', must be '2'")
        assert policies(world).count("kskroll") == 1
        give()
        progress.wait_visited("introduce", 30)


def starts_nothing(directory, item, **policy):
    """The policy has what resolvers or the module do not take."""
    with module_world(directory, policy=policy) as (world, _), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        wait_until(lambda: progress.gate == "observe-only", 60, "the gate")
        assert f"{item} of the policy" in "".join(world.knot.log_lines("observe-only"))
        assert "kskroll" not in policies(world) and progress.states() == ["idle"]


@bound(120)
def test_iterations_that_resolvers_do_not_take_start_nothing(directory):
    starts_nothing(directory, "nsec3-iterations", **{"nsec3": True, "nsec3-iterations": 200})


@bound(120)
def test_another_digest_type_of_cds_starts_nothing(directory):
    starts_nothing(directory, "cds-digest-type", **{"cds-digest-type": "sha384"})


@bound(240)
def test_the_ttl_never_goes_up(directory):
    """The policy's own TTL is lower than that of the module."""
    with module_world(directory, dnskey_ttl=3) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        progress.wait_visited("introduce", 60)
        finish(world, progress, old)
        assert "kskroll" not in policies(world), "no policy is needed"
        assert {value.split(" ")[-1] for _, value in world.observer.history(ZONE, "DNSKEY")["knot"]} == {"3"}


@bound(180)
def test_a_commit_that_makes_knotd_read_its_file_again_is_noticed(directory):
    """Knot's trap: it touches a section of the module, and what was set before is gone."""
    with module_world(directory, zone_module_settings={"other.test.": {"hold": True}},
                      module_settings={"observe": 40}) as (world, _), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        progress.wait_visited("introduce", 60)
        wait_until(lambda: "kskroll" in world.knot.knotc("conf-read", f"zone[{ZONE}]"), 20, "the switch")
        # A check has seen it.
        wait_until(lambda: progress.gate == "waiting-dnskey-ttl", 20, "the low TTL is everywhere")
        assert not world.knot.log_lines("TTL was lost")
        world.knot.transaction(("conf-set", "mod-kskroll[other-test].notify", "off"))
        wait_until(lambda: world.knot.log_lines("the low DNSKEY TTL was lost"), 20, "it is said")
        wait_until(lambda: "kskroll" in world.knot.knotc("conf-read", f"zone[{ZONE}]"), 30, "it is switched again")

        # A hold by the way that is documented; then the trap again.
        world.knot.transaction(("conf-set", f"zone[{ZONE}].module", "mod-kskroll/other-test"))
        wait_until(lambda: progress.gate == "held-by-operator", 30, "the hold")
        assert not world.knot.log_lines("hold is off")
        world.knot.transaction(("conf-set", "mod-kskroll[other-test].notify", "off"))
        wait_until(lambda: world.knot.log_lines("hold is off"), 20, "it is said")
        world.assert_secure()
