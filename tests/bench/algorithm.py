# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollover of a large zone to another algorithm: time, size, processor time."""

import re
import time

from tests.lab import ask
from tests.lab.daemons import run
from tests.lab.progress import ALGORITHM_STEPS, Progress
from tests.lab.wait import wait_until
from tests.lab.world import KNOT, MODULE_SETTINGS, World

from . import process

ZONE = "example.test."
ALGORITHMS = ["rsasha256", "ecdsap256sha256"]
NAMES, FEW = 1000, 20
ZONE_TTL, DNSKEY_TTL, DS_TTL = 30, 10, 20
#: The journal has to take the signatures of the whole zone at once.
JOURNAL = {"database": {"journal-db-max-size": "8G"}, "template": {"journal-max-usage": "2G"}}


#: From each of them to the next one is a row.
STATES = ("policy", "presign", "introduce", "signal", "observe", "retire", "clean", "settle")


def bench(result, directory, options):
    """One rollover."""
    names, algorithms = (FEW, ALGORITHMS) if options.smoke else (options.hosts, options.algorithms)
    settings = {"dnskey_ttl": DNSKEY_TTL, "ds_ttl": DS_TTL, "zone_ttl": ZONE_TTL, "propagation_delay": 600, "policy": {"algorithm": algorithms[0]}}
    lines = [f"h{number} A 192.0.2.1" for number in range(names)]
    with World(directory=directory, module=options.module, pinned=False, child_lines=lines, **settings, **JOURNAL) as world:
        wait_until(lambda: world.knot.state(ZONE) == "idle" and world.knot.gate(ZONE) == "none", 60, "the module knows the zone")
        sizes = [size(world)]
        taken = {"policy": take(world)}
        with Progress(world.knot, ZONE, steps=ALGORITHM_STEPS) as progress:
            world.set_policy(algorithm=algorithms[1])
            for state in STATES[1:]:
                wait_until(lambda s=state: progress.passed(s), 600, f"the zone gets to {state}")
                taken[state] = take(world)
                if state == "observe":
                    sizes.append(size(world))
        world.assert_secure()
        sizes.append(size(world))
    result.table("from", "seconds", "knotd", "module")
    for state, after in zip(STATES, STATES[1:]):
        result.row(state, *(end - begin for begin, end in zip(taken[state], taken[after])))
    total = [end - begin for begin, end in zip(taken["policy"], taken["settle"])]
    result.row("all", *total)
    bound = ZONE_TTL + 2 * MODULE_SETTINGS["ttl"] + DS_TTL
    result.numbers = {"names": names, "taken": taken, "sizes": sizes, "bound": bound}
    result.ratio = total[0] / bound
    result.note(f"{names} names, {' to '.join(algorithms)}; knotd, module: seconds of processor time, each with what it starts")
    for when, (octets, keys, denial) in zip(("before", "with both algorithms", "afterwards"), sizes):
        result.note(f"{when}: transfer {octets / 1e6:.1f} MB, answers for DNSKEY {keys} and for a name that does not exist {denial} octets")
    result.note(f"ratio: all, over the TTLs that it has to wait for, {bound} s")


def take(world):
    """Monotonic time; processor time so far of knotd, and of the module's processes."""
    own = process.cpu(process.alone(world.knot.pid))
    return time.monotonic(), own, process.cpu(world.knot.pid) - own


def size(world):
    """Octets of a transfer, and of answers for DNSKEY and for a name that does not exist."""
    done = run(["kdig", f"@{KNOT}", "-y", world.transfer_key.kdig(), ZONE, "AXFR", "+noall", "+stats"])
    answers = (ask.ask(KNOT, name, rdtype) for name, rdtype in ((ZONE, "DNSKEY"), (f"no-such-name.{ZONE}", "A")))
    return int(re.search(r"Received (\d+) B", done.stdout).group(1)), *(len(answer.to_wire()) for answer in answers)
