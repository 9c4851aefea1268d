# SPDX-License-Identifier: GPL-3.0-or-later
"""200 zones that roll at the same time over one account: in one session, by its pace, in turn, and everyone can see how long that takes."""

import collections
import re
import threading
import time

from tests.bench.many import ManyWorld

from . import ask
from .marks import bound, long_test
from .registered import AtRegistry, CLIENT, domain_of
from .test_notify import kskroll
from .wait import wait_until
from .world import KNOT, module_path

COUNT = 200
#: Commands a minute: the default of an account, and what many registries allow.
A_MINUTE = 60
#: Each zone is asked for and updated; the login and a question for messages come first.
COMMANDS = 2 * COUNT + 2
QUEUED = re.compile(r"in the queue of account lab: (\d+) commands come first, until about (\S+)")


class ManyRegistered(AtRegistry, ManyWorld):
    """ManyWorld at a registry that accepts at once; its zone gets all that it has accepted every half a second."""

    def __init__(self, count, directory):
        items = self.open_registry(directory)
        self._accepted, self._lock, self._end = {}, threading.Lock(), threading.Event()
        self._publisher = threading.Thread(target=self._publish_all, name="publisher", daemon=True)
        # The DS TTL is low already. Checks of 200 zones must not be what they wait for.
        super().__init__(count, directory, module_path(), dnskey_ttl=4, ds_ttl=items["ttl"], propagation_delay=1,
                         module_settings={**items, "check-interval": 5, "ds-check-interval": 10, "notify-again": 20},
                         engine_settings={"parent-rate": 400, "unsafe-timing": True, "epp-accounts": self.path})

    def attach(self, attached=True):
        assert attached
        self.agent.asleep = True
        for zone in self.zones:
            self.registry.add(domain_of(zone), CLIENT, self.records(zone))
        self._publisher.start()
        super().attach()

    def stop(self):
        self._end.set()
        if self._publisher.is_alive():
            self._publisher.join(60)
        super().stop()

    def known(self):
        """Zones whose DS TTL was seen: of others the longest one is waited for."""
        return sum(bool(one["ds_ttl"]) for one in kskroll(self, "status")["zones"])

    def gates(self):
        """zone -> (state, detail of its gate)."""
        return {one["zone"]: (one["state"], one["gate"]["detail"] or "") for one in kskroll(self, "status")["zones"]}

    def _publish(self, domain):
        with self._lock:
            self._accepted[f"{domain.name}."] = [f"{one.tag} {one.algorithm} {one.digest_type} {one.digest.lower()}" for one in domain.records]

    def _publish_all(self):
        while not self._end.wait(0.5):
            with self._lock:
                accepted, self._accepted = self._accepted, {}
            if accepted:
                self.agent.set_ds(accepted)


def queued(gates):
    """zone -> commands that come before its own, of those whose status says that they wait."""
    found = {zone: QUEUED.search(detail) for zone, (_, detail) in gates.items()}
    return {zone: int(match[1]) for zone, match in found.items() if match}


def in_turn(server, zones):
    """No zone is asked for twice, none is overtaken by more than the update of each zone that was asked for before."""
    asked = [record.domain for record in server.commands if record.verb == "info"]
    assert sorted(asked) == sorted(map(domain_of, zones)), collections.Counter(asked).most_common(3)
    updated = [record.domain for record in server.commands if record.verb == "update"]
    assert updated == asked, next((place, pair) for place, pair in enumerate(zip(updated, asked)) if pair[0] != pair[1])


@long_test
@bound(1500)
def test_200_rollovers_over_one_session_at_60_commands_a_minute(directory):
    world = ManyRegistered(COUNT, directory)
    world.accounts["lab"] = {"commands": A_MINUTE}
    with world.serve(sessions=1) as server:
        world.write(lab=server.port)
        with world:
            world.attach()
            wait_until(lambda: world.states().get("idle") == COUNT == world.known(), 300, "all zones are at rest")
            world.roll(world.zones)
            # What waits is shown, with a time that comes.
            first = wait_until(lambda: len(found := queued(world.gates())) > COUNT / 2 and found, 300, "most zones are in the queue")
            began, left = time.monotonic(), COMMANDS - len(server.commands)
            print(f"{len(first)} zones wait, for {min(first.values())} to {max(first.values())} commands", flush=True)
            # Nothing has changed, so nobody loses his place, the session, or count of the last minute.
            world.knot.knotc("reload")
            longest = max(first, key=first.get)
            wait_until(lambda: queued(world.gates()).get(longest, 0) < first[longest] / 2, 600, f"{longest} moves on")
            wait_until(lambda: all(map(world.only_new, world.zones)) and world.states().get("idle") == COUNT, 900, "all zones have rolled", poll=2)
            for zone in world.zones:
                assert world.ds_everywhere(zone, ask.ksks(KNOT, zone)), zone
            world.assert_secure()
        in_turn(server, world.zones)
        assert collections.Counter(domain for domain, _ in server.submitted()) == collections.Counter(map(domain_of, world.zones))
        verbs = collections.Counter(record.verb for record in server.commands)
        assert (server.connections, verbs["login"], verbs["info"], verbs["update"]) == (1, 1, COUNT, COUNT), verbs
        done = max(record.at for record in server.commands if record.verb == "update")
        print(f"{verbs}; {server.busiest_minute()} in the busiest minute; the last {left} took {done - began:.0f} s", flush=True)
        assert server.busiest_minute() <= A_MINUTE
        assert done - began < 60 * (left / A_MINUTE + 1.5), "the account was idle while zones waited"
