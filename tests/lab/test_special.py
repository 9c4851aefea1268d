# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones that the module does not drive: it says so once, and touches nothing. And keys of one tag."""

import os
import time

from . import ask, check, watch
from .daemons import file_name
from .faults import QUICK, QUICK_MODULE, keymgr
from .keys import foreign_ksk, twin
from .marks import bound, long_test
from .progress import Progress
from .test_rollover import ZONE, module_world, start
from .wait import wait_until
from .world import KNOT, elapsed_since
from .zones import zone_text

SETTINGS = {**QUICK, "module_settings": QUICK_MODULE}


def at_rest(progress):
    """Waits until nothing is in the way of the zone."""
    wait_until(lambda: progress.state == "idle" and progress.gate == "none", 40, "the zone is at rest")


def policies(world):
    """The policies that knotd knows, and those of its zones."""
    return sorted(world.knot.knotc("conf-read", "policy.id").split()
                  + world.knot.knotc("conf-read", "zone.dnssec-policy").split())


class Untouched:
    """The server as it is now: nothing of it may change by the module's hand."""

    def __init__(self, world, zone=ZONE):
        self.world, self.zone = world, zone
        self.before = policies(world)

    def holds(self):
        """Whether policies are as before, and nothing is signalled."""
        return (policies(self.world) == self.before
                and not ask.tags(KNOT, self.zone, "CDS")
                and ask.rrset(KNOT, self.zone, "CDNSKEY") is None
                and ask.rrset(KNOT, self.zone, "DNSKEY").ttl == self.world.dnskey_ttl)

    def stays(self, progress, gate, checks=4):
        """For some checks the zone stays idle, behind the gate, untouched."""
        before = self.world.knot.number(self.zone, "surveys")

        def checked():
            assert (progress.state, progress.gate) == ("idle", gate), (progress.state, progress.gate)
            assert self.holds(), f"touched: {policies(self.world)}, before: {self.before}"
            return self.world.knot.stats(self.zone)["surveys"] >= before + checks
        wait_until(checked, 30, f"{checks} checks behind {gate}")


def said(world, gate, zone=ZONE):
    """Lines of the log about the gate."""
    return [line for line in world.knot.log_lines(f"waits ({gate})") if f"zone {zone}" in line]


@bound(120)
def test_the_key_of_another_signer_is_left_alone(directory):
    """It is in the zone's DNSKEY, nobody here signs with it: alone, with a DS, and amid a start."""
    policy = {"dnskey-management": "incremental", "delete-delay": 1}
    with module_world(directory, policy=policy, **SETTINGS) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        untouched = Untouched(world)
        foreign = foreign_ksk()
        change(world, "zone-set", foreign)
        wait_until(lambda: progress.gate == "several-signers", 30, "the gate several-signers")
        assert "is another signer's: cds-cdnskey-publish" in said(world, "several-signers")[0], said(world, "several-signers")
        assert len(ask.ksks(KNOT, ZONE)) == 2
        untouched.stays(progress, "several-signers")
        # Both signers' keys have a DS: RFC 8901.
        world.agent.insert_ds(ZONE, ask.ds_of(ZONE, ask.ksks(KNOT, ZONE)))
        untouched.stays(progress, "several-signers")
        start(world)
        wait_until(lambda: len(ask.ksks(KNOT, ZONE)) == 3, 20, "the next key")
        untouched.stays(progress, "several-signers")
        world.agent.insert_ds(ZONE, ask.ds_of(ZONE, old[ZONE]))
        change(world, "zone-unset", foreign)
        progress.wait_visited("introduce", 30)
        world.assert_secure()


def change(world, command, rdata):
    """A DNSKEY record is put into the zone, or taken out of it."""
    world.knot.knotc("zone-begin", ZONE)
    ttl = [str(world.dnskey_ttl)] if command == "zone-set" else []
    world.knot.knotc(command, ZONE, "@", *ttl, "DNSKEY", rdata)
    world.knot.knotc("zone-commit", ZONE)


@bound(150)
def test_what_validators_ignore_is_in_nobodys_way(directory):
    """A revoked key in the zone (RFC 5011), and at the parent a DS of a digest type that nobody reads."""
    with module_world(directory, **SETTINGS) as (world, old), Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        records = ask.ds_of(ZONE, old[ZONE])
        # GOST, of the tag and the algorithm of the key in use.
        world.agent.insert_ds(ZONE, records + [f"{records[0].split()[0]} 13 3 {32 * 'ab'}"])
        keymgr(world, "generate", "algorithm=13", "ksk=yes", "created=-1d", "publish=-1d", "ready=-1d",
               "active=-1d", "revoke=-1mi")
        world.knot.knotc("zone-keys-load", ZONE)
        wait_until(lambda: [key.flags for key in ask.ksks(KNOT, ZONE) if key not in old[ZONE]] == [385], 20,
                   "a revoked key")
        start(world)
        progress.wait_visited("settle", 90)
        progress.wait("idle", 30)
        assert not said(world, "ds-foreign-at"), said(world, "ds-foreign-at")
        assert not [line for line in said(world, "dnskey-differs-at") if "a KSK that" in line]
        world.assert_secure()


@long_test
@bound(200)
def test_an_algorithm_rollover_with_ds_of_both_ends_is_left_alone(directory):
    """It was begun without the module, and both algorithms are in use: nobody can know which one is to stay."""
    with module_world(directory, policy={"algorithm": "rsasha256"}, zone_ttl=4, **SETTINGS) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        world.attach(False)
        world.set_policy(algorithm="ecdsap256sha256")
        # A parent that follows the signals of Knot would remove the old DS before the module withdraws them.
        world.agent.deaf = True
        wait_until(lambda: ask.tags(KNOT, ZONE, "CDS"), 40, "Knot goes on by itself, and asks for the DS")
        world.agent.insert_ds(ZONE, ask.ds_of(ZONE, ask.ksks(KNOT, ZONE)))
        world.attach()
        wait_until(lambda: progress.gate == "algorithm-rollover", 40, "the gate algorithm-rollover")
        wait_until(lambda: not ask.tags(KNOT, ZONE, "CDS"), 20, "no signals")
        Untouched(world).stays(progress, "algorithm-rollover")
        # The operator says where it goes.
        world.agent.insert_ds(ZONE, ask.ds_of(ZONE, old[ZONE]))
        world.agent.deaf = False
        progress.wait_visited("settle", 90)
        at_rest(progress)
        assert [key.algorithm for key in ask.ksks(KNOT, ZONE)] == [13]
        world.assert_secure()


@bound(150)
def test_two_keys_of_one_tag(directory):
    """The next KSK has the key tag of the one in use: who goes by tags takes one for the other."""
    with module_world(directory, **SETTINGS) as (world, old), Progress(world.knot, ZONE) as progress:
        at_rest(progress)
        path = os.path.join(directory, "twin.pem")
        with open(path, "w", encoding="ascii") as file:
            file.write(twin(old[ZONE][0]))
        # Without times it would be in use at once.
        keymgr(world, "import-pem", path, "algorithm=13", "ksk=yes", "created=+0", "publish=+0",
               "ready=+1y", "active=+1y")
        world.knot.knotc("zone-keys-load", ZONE)
        progress.wait("observe", 60)
        tags = world.ksk_tags(ZONE)
        assert len(tags) == 2 and tags[0] == tags[1], tags
        progress.wait_visited("settle", 60)
        progress.wait("idle", 30)
        check.rolled(world, ZONE, old[ZONE])
        check.signals_followed_keys(world, ZONE)
        # The tag of the DS did not change: the agent knows when it was swapped.
        gone = min(history[-1][0] for history in world.observer.history(ZONE, "DNSKEY").values())
        swapped = next(when for when, _, script in reversed(world.agent.updates) if " DS " in script)
        assert gone - swapped >= world.ds_ttl - 1, f"the old KSK was gone {gone - swapped:.1f} s after the DS"
        world.assert_secure()


@long_test
@bound(120)
def test_a_parent_that_is_not_secure(directory):
    with module_world(directory, secure_parent=False, **SETTINGS) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        untouched = Untouched(world)
        wait_until(lambda: progress.gate == "parent-insecure", 40, "the gate parent-insecure")
        start(world)
        wait_until(lambda: len(ask.ksks(KNOT, ZONE)) == 2, 20, "the next key")
        untouched.stays(progress, "parent-insecure")
        assert world.ds_everywhere(ZONE, old[ZONE])
        assert len(said(world, "parent-insecure")) == 1, said(world, "parent-insecure")
        world.assert_never_bogus()
        assert world.watch.counts("fresh")[watch.INSECURE], world.watch.summary()


PLAIN = "plain.test."


@bound(120)
def test_a_zone_that_is_not_signed_here(directory):
    """Somebody else signs it: it is observed, while the zone beside it is driven."""
    with module_world(directory, confdb=False, **SETTINGS) as (world, _), \
            Progress(world.knot, ZONE) as progress, Progress(world.knot, PLAIN) as plain:
        at_rest(progress)
        world.knot.write(file_name(PLAIN), zone_text(PLAIN, {"ns1.test.": []}, 10, []))
        next(blocks for name, blocks in world.knot.sections if name == "zone").append(
            # Since 3.5 no policy is created while a zone of the server would lose records by it.
            {"domain": PLAIN, "dnssec-signing": False, "zonefile-load": "whole", "module": "mod-kskroll/default"})
        world.knot.reconfigure()
        wait_until(lambda: plain.gate == "observe-only", 30, "it is only observed")
        world.agent.deaf = True
        start(world)
        progress.wait("await-ds", 60)
        world.knot.knotc("reload")
        # knotd has just loaded the zone anew, with numbers of zero.
        wait_until(lambda: (plain.state, plain.gate) == ("idle", "observe-only"), 10, "it is still only observed")
        lines = said(world, "observe-only", PLAIN)
        assert len(lines) == 1 and "dnssec-signing" in lines[0], lines
        world.assert_secure()
