# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a demo: what changed where, and when."""

import queue
import time

from .watch import SECURE


class Timeline:
    """Lines from several threads, printed in order by one."""

    def __init__(self):
        self.begin = time.monotonic()
        self._lines = queue.Queue()

    def event(self, event):
        """Something changed at a server."""
        self._lines.put((event.when, event.server, f"{event.what:<7} {event.value}"))

    def note(self, when, who, text):
        """Something else happened."""
        self._lines.put((when, who, text))

    def state(self, when, state, gate, who="module"):
        """The module moved or waits for something else. \a who: begins with "module", so that nothing is joined with it."""
        waits = f"waits: {gate}" if gate and gate != "none" else ""
        self._lines.put((when, who, f"{state:<9} {waits}".rstrip()))

    def show(self, verdicts):
        """Prints what has come; equal news of several servers in one line."""
        lines = []
        while not self._lines.empty():
            lines.append(self._lines.get())
        for (when, servers, text) in _merged(lines):
            print(f"{when - self.begin:7.1f} s  {servers:<34} {text:<42} {verdicts}", flush=True)


def _merged(lines):
    """(when, servers, text), with servers that say the same joined."""
    merged = {}
    for when, server, text in lines:
        merged.setdefault((server if server.startswith("module") else "", text), [when, []])[1].append(server)
    return [(when, ", ".join(servers), text) for (_, text), (when, servers) in merged.items()]


def verdicts(world):
    """What the resolvers said so far, short."""
    counts = world.watch.counts()
    bad = sum(counts.values()) - counts[SECURE]
    return f"| secure {counts[SECURE]}, not secure {bad}"
