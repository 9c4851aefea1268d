# SPDX-License-Identifier: GPL-3.0-or-later
"""One rollover, by the module and by Knot itself, in the same world with the same TTLs, by turns."""

import os
import shutil
import statistics
import time

from tests.lab import ask
from tests.lab.wait import LabError, wait_until
from tests.lab.world import KNOT, MODULE_SETTINGS, PARENT_BIND, PARENT_NSD, World

ZONE = "example.test."
#: Items that are as much longer as the TTLs. The module checks as often as before: with real TTLs it does so more rarely.
WAITS = ("ttl", "lead", "observe", "settle")


def bench(result, directory, options):
    """Worlds one after the other."""
    rounds = 1 if options.smoke else options.rounds
    runs = {"module": [], "knot": []}
    result.table("who", "both KSKs everywhere", "CDS everywhere", "DS at the last parent", "CDS gone everywhere",
                 "old KSK gone", "over the bound")
    for number in range(rounds):
        for who in ("knot", "module") if number % 2 == 0 else ("module", "knot"):
            where = os.path.join(directory, f"{who}-{number}")
            times = measure(where, options.module if who == "module" else None, options)
            runs[who].append(times)
            result.row(who, times["keys"], times["cds"], times["ds"], times["cds_gone"], times["old_gone"],
                       times["old_gone"] / times["bound"])
            shutil.rmtree(where, ignore_errors=True)
    middle = {who: statistics.median(run["old_gone"] / run["bound"] for run in all_runs)
              for who, all_runs in runs.items()}
    quiet = {who: statistics.median(run["cds_gone"] - run["ds"] for run in all_runs)
             for who, all_runs in runs.items()}
    result.numbers = {"runs": runs, "over_bound": middle, "ds_to_cds_gone": quiet}
    result.ratio = middle["module"]
    result.note(f"seconds after the order; bound: DNSKEY TTL + DS TTL, {runs['knot'][0]['bound']} s")
    result.note(f"the module takes {middle['module'] / middle['knot']:.2f} times as long as Knot itself, "
                f"with observe = {5 * options.scale} s in the DS TTL's shadow")
    result.note("ratio: time until the old KSK has left every nameserver, over the bound")


def measure(directory, module, options):
    """One rollover; seconds after the order."""
    n = options.scale
    settings = {"dnskey_ttl": 10 * n, "ds_ttl": 20 * n, "zone_ttl": 10 * n, "propagation_delay": 2 * n,
                "module_settings": {item: MODULE_SETTINGS[item] * n for item in WAITS}}
    if options.smoke:
        settings = {"dnskey_ttl": 4, "ds_ttl": 6, "propagation_delay": 1}
    if module is None:
        # Knot asks the parent by itself, as often as the module does.
        parents = {"parent-bind": PARENT_BIND, "parent-nsd": PARENT_NSD}
        settings |= {"extra_sections": [
            ("remote", [{"id": name, "address": address} for name, address in parents.items()]),
            ("submission", [{"id": "parents", "parent": list(parents), "check-interval": 2}])],
            "policy": {"ksk-submission": "parents"}}
    kind = World if module else OwnWorld
    with kind(directory=directory, module=module, pinned=False, **settings) as world:
        world.observer.interval = 0.05
        old = ask.ksks(KNOT, ZONE)
        if module:
            wait_until(lambda: world.knot.state(ZONE) == "idle" and world.knot.gate(ZONE) == "none",
                       60, "the module knows the zone")
        began = time.monotonic()
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        servers = world.child_servers()
        wait_until(lambda: only_new(servers, old), 300 * n, "the old KSK has left every server")
        world.assert_secure()
        times = {"bound": world.dnskey_ttl + world.ds_ttl,
                 "keys": first_change(world, "DNSKEY", began, lambda value: "+" in value) - began,
                 "cds": first_change(world, "CDS", began, lambda value: value != "none") - began,
                 "ds": last_change(world, "DS") - began,
                 "cds_gone": last_change(world, "CDS") - began,
                 "old_gone": keys_left(world) - began}
    return times


class OwnWorld(World):
    """Knot may see the first DS before the lab can tell it."""

    def _first_ds(self):
        try:
            super()._first_ds()
        except LabError as error:
            if "no key ready" not in str(error):
                raise


def only_new(servers, old):
    """Whether every server has one KSK, a new one."""
    keys = [ask.ksks(address, ZONE) for address in servers.values()]
    return all(len(found) == 1 and found[0] not in old for found in keys)


def first_change(world, what, since, wanted):
    """When the last public server had a value that is wanted, for the first time since then."""
    return max(next(when for when, value in history if when > since and wanted(value))
               for server, history in world.observer.history(ZONE, what).items() if server != "knot")


def last_change(world, what):
    """When the last public server changed to what it has now."""
    return max(history[-1][0] for server, history in world.observer.history(ZONE, what).items()
               if server != "knot")


def keys_left(world):
    """When the last public server had one KSK again, whatever the TTL did later."""
    wait_until(lambda: all("+" not in history[-1][1] for history in
                           world.observer.history(ZONE, "DNSKEY").values()), 10, "it was seen")
    latest = 0
    for server, history in world.observer.history(ZONE, "DNSKEY").items():
        if server != "knot":
            two = max(number for number, (_, value) in enumerate(history) if "+" in value)
            latest = max(latest, history[two + 1][0])
    return latest
