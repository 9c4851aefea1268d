# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollovers of single-type keys (CSK), which sign the data of the zone as well."""

import time

import dns.dnssec

from . import ask
from .faults import delete_key, fault
from .marks import bound, long_test
from .progress import Progress
from .test_faults import stuck_after_the_swap, stuck_before_the_new_key
from .test_faults_validation import WATCHED, given_up, held, rolled_back, stale_instance
from .test_rollover import ZONE, finish, interrupt_everywhere, module_world, power_cut, roll_together, rolled_by_the_module, rolled_by_the_policy, start
from .wait import stays, wait_until
from .world import KNOT, elapsed_since

CSK = {"single-type-signing": True}
#: Without P-256, which the other tests have.
ALGORITHMS = ("ecdsap384sha384", "ed25519", "ed448", "rsasha256")
#: Above the DNSKEY TTL, `observe` and the old DS: what the wait for the data is by itself.
LONG_ZONE_TTL = 25


def data_signers(address, zone=ZONE):
    """Key tags that sign data at a server."""
    response = ask.ask(address, f"www.{zone}", "A")
    return {record.key_tag for rrset in response.answer for record in rrset if hasattr(record, "key_tag")}


@bound(240)
def test_the_old_key_stays_until_no_cache_has_data_that_it_alone_has_signed(directory):
    settings = {"zone_ttl": LONG_ZONE_TTL, "ds_ttl": 5, "policy": CSK}
    with module_world(directory, **settings) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        old_tag, = (dns.dnssec.key_id(key) for key in old[ZONE])
        world.agent.deaf = True
        start(world)
        progress.wait("await-ds", 60)
        assert data_signers(KNOT) == {old_tag}
        world.agent.deaf = False
        progress.wait("observe", 60)
        new_tag, = set(world.ksk_tags(ZONE)) - {old_tag}
        servers = world.child_servers()
        assert all(data_signers(address) == {new_tag} for address in servers.values()), new_tag
        signed = time.monotonic()
        wait_until(lambda: any(old_tag not in ask.ksk_tags(address, ZONE) for address in servers.values()), 90, "the old key goes")
        # The module saw the signatures before this test did.
        assert elapsed_since(signed) > LONG_ZONE_TTL - 5, f"{elapsed_since(signed):.1f} s"
        finish(world, progress, old)


@bound(200)
def test_a_secondary_is_stuck_after_the_swap(directory):
    """What breaks Knot's own rollover of such a key without end."""
    with fault(directory, "A single-type key rolls, and a secondary is stuck when the DS was swapped", policy=CSK, pinned=True) as case:
        stuck_after_the_swap(case)


@long_test
@bound(200)
def test_a_secondary_is_stuck_before_the_swap(directory):
    with fault(directory, "A single-type key rolls, and a secondary is stuck before it has the new one", policy=CSK, pinned=True) as case:
        stuck_before_the_new_key(case)


@long_test
@bound(400)
def test_each_algorithm_at_the_same_time(directory):
    zones = {f"{algorithm}.test.": algorithm for algorithm in ALGORITHMS}
    policies = [{"id": name, "algorithm": name, "single-type-signing": True, "dnskey-ttl": 10, "zone-max-ttl": 10,
                 "propagation-delay": 2, "ksk-lifetime": 0, "zsk-lifetime": 0} for name in ALGORITHMS]
    roll_together(directory, list(zones), extra_sections=[("policy", policies)],
                  zone_settings={zone: {"dnssec-policy": name} for zone, name in zones.items()})


@long_test
@bound(240)
def test_started_by_the_lifetime_of_the_module(directory):
    rolled_by_the_module(directory, **CSK)


@long_test
@bound(240)
def test_started_by_the_lifetime_of_the_policy(directory):
    rolled_by_the_policy(directory, **CSK)


@long_test
@bound(400)
def test_restart_in_every_state(directory):
    interrupt_everywhere(directory, lambda world: world.knot.restart(), policy=CSK)


@long_test
@bound(400)
def test_kill_in_every_state_with_configuration_database(directory):
    interrupt_everywhere(directory, power_cut, confdb=True, policy=CSK)


@long_test
@bound(400)
def test_reload_in_every_state(directory):
    interrupt_everywhere(directory, lambda world: world.knot.reload(), policy=CSK)


@long_test
@bound(400)
def test_a_zone_that_is_signed_for_seconds(directory):
    """The order to move the data ends before Knot has carried it out."""
    policy = {**CSK, "algorithm": "rsasha256", "ksk-size": 4096}
    # A large key takes seconds to make, and Knot counts its delay from before that.
    with fault(directory, "A single-type key rolls in a zone that Knot signs for seconds", policy=policy, propagation_delay=30,
               child_lines=[f"h{number} A 192.0.2.1" for number in range(400)]) as case:
        case.start()
        case.progress.wait("observe", 200)
        new_tag, = (dns.dnssec.key_id(key) for key in case.new())
        assert data_signers(KNOT) == {new_tag}
        signed = [int(line.rpartition(" ")[2]) for line in case.world.knot.log_lines("successfully signed")]
        assert sum(count > 400 for count in signed) == 2, f"signatures of each signing: {signed}"
        case.did = "orders once that the new key signs the data, and waits for it"
        case.finish()


@long_test
@bound(200)
def test_a_rollback_is_given_up(directory):
    with fault(directory, "A single-type key rolls, validation fails elsewhere, and the operator gives the rollover up",
               policy=CSK, **WATCHED) as case:
        with stale_instance(case.world):
            rolled_back(case)
            held(case)
            # As status says: caches have data that the new key alone has signed.
            case.stays("rolled-back", case.world.zone_ttl + 3, "the new key must stay", case.both_keys)
            given_up(case)


@long_test
@bound(120)
def test_a_new_key_is_deleted_before_the_swap(directory):
    with fault(directory, "A single-type key rolls, and the operator deletes the new one before the swap", policy=CSK, pinned=True) as case:
        case.world.agent.deaf = True
        case.start()
        case.progress.wait("await-ds", 60)
        case.gate("ds-stale-at", state="await-ds")
        delete_key(case.world, case.new()[0])
        case.given_up()
        case.did = "ends the rollover"
        assert stays(lambda: case.world.ds_everywhere(ZONE, case.old), case.world.zone_ttl + 2)
        assert ask.ksks(KNOT, ZONE) == case.old and not ask.tags(KNOT, ZONE, "CDS")
        case.ended = "the old key alone, idle"
