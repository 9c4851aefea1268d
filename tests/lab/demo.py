# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole rollover on real servers, as a live timeline: one line whenever anything changes."""

import argparse
import os
import shutil
import sys
import tempfile
import time

from . import ask, demo_both, netns
from .progress import ALGORITHM_STEPS, STEPS, Progress
from .timeline import Timeline, verdicts
from .wait import LabError, wait_until
from .world import KNOT, World, module_path

ZONE = "example.test."
#: The lab starts in about 10 s; what is left of two minutes is for the rollover.
BOUND = 110
#: The zone has ECDSA P-256 before.
ALGORITHMS = ("ed25519", "ecdsap384sha384", "rsasha256")


def follow(world, progress, timeline, done, bound):
    """Shows the timeline until done() or the bound."""
    def is_done():
        timeline.show(verdicts(world))
        if not world.knot.running():
            raise LabError(f"knotd ended:\n{world.knot.last_words()}")
        return done()
    try:
        wait_until(is_done, bound, "the end", poll=0.25)
    except LabError as error:
        raise LabError(f"{error}; state {progress.state}, gate {progress.gate}") from error
    timeline.show(verdicts(world))


def begin(world, algorithm):
    """What the operator does."""
    if algorithm:
        how = "knotc conf-set, conf-commit" if world.knot.confdb else "knot.conf, knotc reload"
        print(f"         policy.algorithm = {algorithm} ({how})", flush=True)
        world.set_policy(algorithm=algorithm)
    else:
        print(f"         $ knotc zone-key-rollover {ZONE} ksk", flush=True)
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")


def roll(world, algorithm):
    """One rollover; returns (seconds, states visited)."""
    timeline = Timeline()
    world.observer.listener = timeline.event
    for event in list(world.observer.events):
        timeline.event(event)
    steps = ALGORITHM_STEPS if algorithm else STEPS
    with Progress(world.knot, ZONE, listener=timeline.state, steps=steps) as progress:
        follow(world, progress, timeline, lambda: progress.state == "idle", 30)
        start = timeline.begin = time.monotonic()
        begin(world, algorithm)
        follow(world, progress, timeline,
               lambda: progress.visited("settle") and progress.state == "idle", BOUND)
        return time.monotonic() - start, progress


def summary(world, old, new, seconds, progress):
    """The result, in a few lines; returns whether all was well."""
    print(f"\nKSK {_tags(old)} -> {_tags(new)} in {seconds:.0f} s")
    times = {}
    for when, state, _ in progress.history:
        times.setdefault(state, when)
    for number, state in enumerate(progress.steps):
        if state in times:
            # A state may be over before it is read.
            until = next((times[later] for later in progress.steps[number + 1:] if later in times),
                         progress.history[-1][0])
            print(f"  {state:<10} {until - times[state]:5.1f} s")
    print("  resolvers: " + world.watch.summary())
    good = (len(new) == 1 and not set(old) & set(new) and not world.watch.failures
            and world.ds_everywhere(ZONE, ask.ksks(KNOT, ZONE)))
    for failure in world.watch.failures[:5]:
        print(f"  {failure}")
    print("every answer was secure, every parent server has the new DS" if good
          else "NOT as it should be")
    return good


def _tags(tags):
    return "+".join(map(str, tags)) or "none"


def main():
    """Command line."""
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the directory of the lab")
    parser.add_argument("--confdb", action="store_true", help="use a configuration database")
    parser.add_argument("--algorithm", choices=ALGORITHMS, help="a rollover to this algorithm, from ECDSA P-256")
    parser.add_argument("--child", action="store_true", help="the side of the child alone; so it is with --confdb and --algorithm")
    args = parser.parse_args()
    try:
        netns.enter("tests.lab.demo")
        good = run(args)
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        good = False
    sys.exit(0 if good else 1)


def run(args):
    """The demo in its namespaces; the directory is kept when something is wrong."""
    if not (args.child or args.confdb or args.algorithm):
        return demo_both.run(args.keep)
    module = module_path()
    top = os.environ.get("KSKROLL_LAB_DIR")
    directory = tempfile.mkdtemp(prefix="demo-", dir=top)
    print("starting the lab: root, parent with two servers, hidden primary, two secondaries, "
          "resolvers, parental agent", flush=True)
    good = False
    try:
        with World(directory=directory, module=module, confdb=args.confdb) as world:
            old = world.ksk_tags(ZONE)
            seconds, progress = roll(world, args.algorithm)
            good = summary(world, old, world.ksk_tags(ZONE), seconds, progress)
    finally:
        if good and not args.keep:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"logs: {directory}")
    print("the lab is stopped")
    return good


if __name__ == "__main__":
    main()
