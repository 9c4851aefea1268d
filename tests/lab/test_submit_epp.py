# SPDX-License-Identifier: GPL-3.0-or-later
"""`parent-via: epp`: the DS travels by EPP to the registry of the parent, whose DS are those of the lab's strict EPP server."""

import contextlib
import os
import signal

from . import ask, check
from .faults import QUICK, QUICK_MODULE
from .marks import bound, long_test
from .progress import Progress
from .receiver import ACK
from .registered import PASSWORD, Registered, domain_of, ds_of_text, key_of
from .test_notify import kskroll, logged
from .test_operator import commit
from .test_faults_validation import VALIDATOR, stale_instance
from .test_rollover import ZONE, start
from .wait import wait_until
from .world import KNOT, PARENT_BIND


def status(world, zone):
    """Of the zone, as the command line has it."""
    return kskroll(world, "status", zone)["zones"][0]


def informed(world, zone, code, seconds=90):
    """Waits until that has come of the last submission."""
    return wait_until(lambda: (n := status(world, zone)["notification"]) and n["status"] == code and n, seconds, f"{zone}: {code}")


def gate(world, zone, words, code="parent-not-informed", seconds=90):
    """Waits until the zone is at the gate, with these words."""
    def there():
        found = status(world, zone)["gate"]
        return found if found["code"] == code and words in (found["detail"] or "") else None
    return wait_until(there, seconds, f"{zone} at {code}: {words}")


PLAIN, LATER, REFUSED, LOCKED, CUT, WRONG, OTHER = (f"{name}.test." for name in ("plain", "later", "refused", "locked", "cut", "wrong", "other"))


@bound(400)
def test_rollovers_by_epp(directory):
    """One zone for each thing that a registry does, all at the same time."""
    accounts = {"cut": {}, "wrong": {"server-name": "another.test"}}
    world = Registered(directory, [PLAIN, LATER, REFUSED, LOCKED, CUT, WRONG, OTHER], accounts=accounts,
                       zone_module_settings={CUT: {"parent-epp": "cut"}, WRONG: {"parent-epp": "wrong"}})
    registry = world.registry
    registry.policy.pending = domain_of(LATER), domain_of(REFUSED)

    def cut():
        raise ConnectionError("the session is cut")

    with world.serve() as server, world.serve(after={"update": cut}) as server_cut:
        world.write(lab=server.port, cut=server_cut.port, wrong=server.port)
        with world, contextlib.ExitStack() as stack:
            old = {zone: ask.ksks(KNOT, zone) for zone in world.zones}
            progress = {zone: stack.enter_context(Progress(world.knot, zone, interval=0.5)) for zone in world.zones}
            registry.domains[domain_of(LOCKED)].statuses.add("serverUpdateProhibited")
            registry.domains[domain_of(OTHER)].statuses.add("clientUpdateProhibited")
            for zone in world.zones:
                start(world, zone)

            # 1001: the registry decides later.
            for zone in LATER, REFUSED:
                wait_until(lambda z=zone: registry.domains[domain_of(z)].waiting, 150, f"an update of {zone} is pending")
                assert informed(world, zone, "epp-pending")["target"] == "account lab"
            # A kskrolld that ends meanwhile has it in its store.
            former = world.knot.kskrolld
            os.kill(former, signal.SIGKILL)
            world.knot.wait_kskrolld(former)
            registry.settle(domain_of(REFUSED), False)
            line = logged(world, REFUSED, "parent not notified (epp-refused)")
            assert "the update was refused" in line, line
            wait_until(lambda: registry.domains[domain_of(REFUSED)].waiting, 90, "it is submitted once more")
            registry.settle(domain_of(REFUSED), True)
            registry.settle(domain_of(LATER), True)

            # A lock is named. Nothing is sent until it is off.
            found = gate(world, LOCKED, "serverUpdateProhibited")
            assert f"127.0.0.1@{server.port}" == found["about"], found
            registry.domains[domain_of(LOCKED)].statuses.clear()
            # Somebody else makes the change, at the registry itself.
            gate(world, OTHER, "clientUpdateProhibited")
            new = [key for key in ask.ksks(KNOT, OTHER) if key not in old[OTHER]]
            registry.change(domain_of(OTHER), [ds_of_text(text) for text in ask.ds_of(OTHER, new)], who="somebody")

            # The certificate of another server: no password goes there, not for the TTL either, and the file is read again.
            gate(world, WRONG, "not that of another.test", "ds-ttl-not-set")
            world.accounts["wrong"] = {}
            world.write(lab=server.port, cut=server_cut.port, wrong=server.port)

            for zone in world.zones:
                # A busy machine misses short states.
                wait_until(lambda z=zone: check.other_ksk(world, z, old[z]) and progress[z].state == "idle", 200, f"{zone} has rolled")
            for zone in world.zones:
                check.rolled(world, zone, old[zone])
            world.assert_secure()
        accepted = {zone: len(world.sent(server_cut if zone == CUT else server, zone)) for zone in world.zones}
        assert accepted == {PLAIN: 1, LATER: 1, REFUSED: 2, LOCKED: 1, CUT: 1, WRONG: 1, OTHER: 0}, accepted
        text = "\n".join(world.knot.log_lines(""))
        assert PASSWORD not in text and "submitted to the registry by EPP" in text
        assert "was changed at the registry (update) by somebody" in text


WAYS = AUTO, CDS, UPDATE, EPP, MANUAL = tuple(f"{name}.test." for name in ("auto", "cds", "update", "epp", "manual"))


class EveryWay(Registered):
    """A zone for each `parent-via`; the parent scans one of them, and is notified for another."""

    def __init__(self, directory, **settings):
        ways = {zone: {"parent-via": domain_of(zone).split(".", maxsplit=1)[0]} for zone in WAYS}
        ways[UPDATE].update({"parent-primary": f"{PARENT_BIND}@53", "parent-key": "agent.lab."})
        super().__init__(directory, list(WAYS), receiver=ACK, zone_module_settings=ways, **settings)

    def knot_sections(self):
        key = {"id": "agent.lab.", "algorithm": self._update_key.algorithm, "secret": self._update_key.secret}
        return [(name, content + [key] if name == "key" else content) for name, content in super().knot_sections()]

    def ds_ttl_of(self, zone):
        return {ask.rrset(address, zone, "DS").ttl for address in self.parent_servers().values()}


@bound(240)
def test_a_portfolio_goes_every_way_at_once(directory):
    """Each zone by its own way and by no other. Where a way can set the DS TTL, it is lowered and comes back."""
    low, normal = QUICK_MODULE["ttl"], QUICK["ds_ttl"]
    world = EveryWay(directory, ttl=(1, normal, 86400))
    with world.serve() as server:
        world.write(lab=server.port)
        with world, contextlib.ExitStack() as stack:
            world.agent.children = {zone: servers for zone, servers in world.agent.children.items() if zone in (AUTO, CDS)}
            world.agent.unscanned = (AUTO,)
            world.agent.interval = 3.0
            world.agent.postpone()
            old = {zone: ask.ksks(KNOT, zone) for zone in WAYS}
            progress = {zone: stack.enter_context(Progress(world.knot, zone, interval=0.5)) for zone in WAYS}
            for zone in WAYS:
                start(world, zone)
            words = wait_until(lambda: world.knot.log_lines(f"zone {MANUAL}, parent-via is manual"), 90, "the operator has the record")
            new = [key for key in ask.ksks(KNOT, MANUAL) if key not in old[MANUAL]]
            assert ask.ds_of(MANUAL, new)[0].split()[-1].upper() in words[0].upper(), words
            world.agent.insert_ds(MANUAL, ask.ds_of(MANUAL, new))
            for zone in WAYS:
                progress[zone].wait_visited("settle", 120)
                progress[zone].wait("idle", 60)
                check.rolled(world, zone, old[zone])
            for zone in UPDATE, EPP:
                wait_until(lambda z=zone: world.ds_ttl_of(z) == {normal}, 60, f"the DS TTL of {zone} is {normal} s again")
                logged(world, zone, f"DS at the parent has TTL {low} s by")
            assert world.registry.domains[domain_of(EPP)].ttl is None, "the TTL is the registry's own again"
            world.assert_secure()
            said = {zone: {event["notification"]["status"] for event in kskroll(world, "history", zone)["events"] if event["notification"]}
                    for zone in WAYS}
            assert said == {AUTO: {"acknowledged"}, CDS: set(), UPDATE: {"updated"}, EPP: {"epp-submitted"}, MANUAL: {"manual"}}, said
        # The TTL, the DS, the TTL: nothing twice.
        assert len(world.sent(server, EPP)) == 3 and len(server.submitted()) == 3, server.submitted()


@long_test
@bound(300)
def test_a_registry_of_keys_from_the_first_ds_to_the_last(directory):
    """First DS, a rollover in which the server says yes and does nothing at first, and going insecure."""
    world = Registered(directory, [PLAIN], interface="key", first_ds=False, confdb=True, zone_ttl=16)
    world.registry.policy.keep_one = False
    world.accounts["lab"] = {"interface": "key"}
    domain = world.registry.domains[domain_of(PLAIN)]
    with world.serve() as server:
        world.write(lab=server.port)
        with world, Progress(world.knot, PLAIN) as progress:
            first = ask.ksks(KNOT, PLAIN)
            progress.wait_visited("settle", 90)
            progress.wait("idle", 30)
            assert ask.ksks(KNOT, PLAIN) == first and domain.records == [key_of(first[0])]
            world.assert_never_bogus()

            # It says yes, and does nothing.
            server.switches.codes = {"update": [1000]}
            start(world, PLAIN)
            progress.wait("observe", 120)
            progress.wait("idle", 90)
            new = ask.ksks(KNOT, PLAIN)
            assert len(new) == 1 and new != first and domain.records == [key_of(new[0])]
            assert len(server.submitted()) == 3, server.submitted()
            world.assert_never_bogus()

            commit(world, ("conf-set", "mod-kskroll[default].go-insecure", PLAIN))
            progress.wait("expire-ds", 90)
            assert domain.records == [] and all(ask.rrset(address, PLAIN, "DS") is None for address in world.parent_servers().values())
            assert len(server.submitted()) == 4 and b"secDNS:all" not in b"".join(frame for _, frame in server.submitted())
            world.assert_never_bogus()


@long_test
@bound(240)
def test_a_rollback_goes_by_epp_as_well(directory):
    """Validation fails after the registry has the new DS: it gets the old one back beside it, and afterwards the new one alone."""
    world = Registered(directory, [ZONE], confdb=True, module_settings={"observe": 40, "validator": VALIDATOR})
    domain = domain_of(ZONE)
    with world.serve() as server:
        world.write(lab=server.port)
        with world, Progress(world.knot, ZONE) as progress:
            old = world.records(ZONE)
            progress.wait("idle", 40)
            with stale_instance(world):
                start(world, ZONE)
                progress.wait_visited("rollback", 120)
                both = wait_until(lambda: (records := world.registry.domains[domain].records) and len(records) == 2 and records, 60,
                                  "the registry has both DS")
                assert old[0] in both, (old, both)
                progress.wait("rolled-back", 60)
                assert world.ds_everywhere(ZONE, ask.ksks(KNOT, ZONE))
            for value in ("on", "off"):
                commit(world, ("conf-set", "mod-kskroll[default].hold", value))
                if value == "on":
                    wait_until(lambda: progress.gate == "held-by-operator", 30, "the zone is held")
            progress.wait_visited("settle", 120)
            progress.wait("idle", 60)
            new = world.records(ZONE)
            assert len(new) == 1 and new != old and world.registry.domains[domain].records == new
            assert len(world.sent(server, ZONE)) == 3, server.submitted()
            world.assert_never_bogus()


@long_test
@bound(300)
def test_a_registry_that_wants_the_keys_inside_of_ds(directory):
    """It shows them in one rollover, and not in the other."""
    world = Registered(directory, [ZONE])
    world.registry.policy.needs_keys = True
    world.accounts["lab"] = {"interface": "ds-with-key"}
    with world.serve() as server:
        world.write(lab=server.port)
        with world, Progress(world.knot, ZONE) as progress:
            for shows in False, True:
                world.registry.policy.embedded_keys = shows
                old = ask.ksks(KNOT, ZONE)
                progress.wait("idle", 60)
                start(world, ZONE)
                wait_until(lambda before=old: check.other_ksk(world, ZONE, before) and progress.state == "idle", 150, "it has rolled")
                check.rolled(world, ZONE, old)
                records = world.registry.domains[domain_of(ZONE)].records
                assert [record.key for record in records] == [key_of(key) for key in ask.ksks(KNOT, ZONE)], records
            assert len(world.sent(server, ZONE)) == 2, server.submitted()
            world.assert_secure()
