# SPDX-License-Identifier: GPL-3.0-or-later
"""Both halves: the module rolls the KSK of a child, and the agent of the parent follows. One line whenever anything changes."""

import os
import shutil
import tempfile
import threading
import time

from . import ask
from .children import KnotChild
from .parent_world import DSYNC, PARENT_ZONE, ZONE, ParentWorld
from .progress import STEPS, Progress
from .timeline import Timeline, verdicts
from .wait import LabError, wait_until

#: The lab starts in about 15 s; what is left of two minutes is for both halves.
BOUND = 100
#: Nobody waits for a scan: the change is found by the notification.
SCANS = {"scan-interval": 3600, "scan-interval-notifying": 3600}
#: In real zones the low TTL is 5 to 15 minutes, and stays for days.
HOLD = 12


class Agent:
    """Reads what the agent says of the child, and the TTL of DS at every server of the parent, all the time."""

    def __init__(self, world, timeline):
        self.world, self.timeline = world, timeline
        self.state = self.gate = None
        self.states = []
        self.ttls = {}
        self.windows = []  # (when, TTL at every server)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="agent", daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(30)

    def _run(self):
        while not self._stop.wait(0.2):
            one = self.world.delegation(ZONE)
            state, gate = one.get("state"), one.get("gate")
            if state and (state, gate) != (self.state, self.gate):
                self.state, self.gate = state, gate
                self.states.append(state)
                self.timeline.state(time.monotonic(), state, gate, "module of the parent")
            try:
                self._look(self.world.ds_ttls(ZONE))
            except (OSError, LookupError, AttributeError):
                continue

    def _look(self, ttls):
        now = time.monotonic()
        for server, ttl in ttls.items():
            if self.ttls.get(server) != ttl:
                self.timeline.note(now, server, f"DS TTL  {ttl} s")
        self.ttls = ttls
        if len(set(ttls.values())) == 1 and (not self.windows or self.windows[-1][1] not in ttls.values()):
            self.windows.append((now, *set(ttls.values())))


def follow(world, timeline, done, what, bound):
    """Shows the timeline until done() or the bound."""
    def is_done():
        timeline.show(verdicts(world))
        for knot in (world.knot, world.child.knot):
            if not knot.running():
                raise LabError(f"{knot.name} ended:\n{knot.last_words()}")
        return done()
    wait_until(is_done, bound, what, poll=0.25)
    timeline.show(verdicts(world))


def roll(world):
    """One rollover, followed by the parent; returns (seconds, agent)."""
    timeline = Timeline()
    world.observer.listener = timeline.event
    for event in list(world.observer.events):
        timeline.event(event)
    child = world.child

    def listener(when, state, gate):
        timeline.state(when, state, gate, "module of the child")
    with Progress(child.knot, ZONE, listener=listener) as progress, Agent(world, timeline) as agent:
        follow(world, timeline, lambda: progress.state == "idle" and agent.state == "rest", "both halves are idle", 30)
        start = timeline.begin = time.monotonic()
        print(f"         $ knotc zone-key-rollover {ZONE} ksk    (at the child; from here on nobody does anything)", flush=True)
        child.roll()
        follow(world, timeline, lambda: progress.visited("settle") and progress.state == "idle" and "low" in agent.states
               and agent.state == "rest" and set(agent.ttls.values()) == {child.ds_ttl},
               "the rollover is over, and the TTL of DS is as it was", BOUND)
        seen = [state for state in progress.states() if state in STEPS]
        print(f"\nchild:  {' '.join(seen)}\nparent: {' '.join(dict.fromkeys(agent.states))}")
        return time.monotonic() - start, agent


def summary(world, old, seconds, agent):
    """The result, in a few lines; returns whether all was well."""
    child = world.child
    new = ask.ksk_tags(child.servers()["ns1"], ZONE)
    print(f"KSK {_tags(old)} -> {_tags(new)} in {seconds:.0f} s")
    signal = _last_first(world, "CDS", lambda value: value[0].isdigit())
    changed = _last_first(world, "DS", lambda value: value == _tags(new))
    if signal and changed:
        print(f"  from CDS at every nameserver of the child to DS at every server of the parent, by NOTIFY: {changed - signal:.1f} s")
    for (since, ttl), (until, _) in zip(agent.windows, [*agent.windows[1:], (time.monotonic(), 0)]):
        print(f"  TTL of DS at every server of the parent: {ttl} s for {until - since:.0f} s")
    print("  resolvers: " + world.watch.summary())
    good = (len(new) == 1 and not set(old) & set(new) and not world.watch.failures and world.has_ds(ZONE, child.new_ds())
            and bool(child.knot.log_lines("it has acknowledged")))
    for failure in world.watch.failures[:5]:
        print(f"  {failure}")
    print("every answer was secure, every server of the parent has the new DS" if good else "NOT as it should be")
    return good


def _last_first(world, what, good):
    """When the last server had it for the first time; None if one never had."""
    first = [next((when for when, value in history if good(value)), None) for history in world.observer.history(ZONE, what).values()]
    return max(first) if first and None not in first else None


def _tags(tags):
    return "+".join(map(str, tags)) or "none"


def run(keep):
    """The demo in its namespaces; the directory is kept when something is wrong."""
    directory = tempfile.mkdtemp(prefix="demo-", dir=os.environ.get("KSKROLL_LAB_DIR"))
    print(f"starting the lab: root, {PARENT_ZONE} on knotd with the agent and on NSD and BIND, {ZONE} on knotd with the module and on NSD, "
          "resolvers", flush=True)
    good = False
    try:
        with ParentWorld(directory, [KnotChild(module=True)], agent={**SCANS, "ds-ttl-hold": HOLD}, engine={"notify-receive": True},
                         parent_lines=[DSYNC]) as world:
            old = ask.ksk_tags(world.child.servers()["ns1"], ZONE)
            seconds, agent = roll(world)
            good = summary(world, old, seconds, agent)
            print(world.kskroll("history", ZONE), flush=True)
    finally:
        if good and not keep:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"logs: {directory}")
    print("the lab is stopped")
    return good
