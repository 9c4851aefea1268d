# SPDX-License-Identifier: GPL-3.0-or-later
"""How the module gets on with a zone: its state and gate, as `knotc zone-stats` shows them."""

import threading
import time

from .wait import LabError, wait_until

#: The way of a plain rollover, without the state it starts and ends in.
STEPS = ["prepare", "introduce", "signal", "await-ds", "withdraw", "observe", "retire", "settle"]
#: The same of a rollover to another algorithm.
ALGORITHM_STEPS = ["presign", *STEPS[1:-1], "clean", "settle"]


class Progress:
    """Reads state and gate of a zone all the time and keeps what changed.

    \\a listener(when, state, gate) is called for every change, in the reader's thread.
    """

    def __init__(self, knot, zone, interval=0.1, listener=None, steps=None):
        self.knot = knot
        self.zone = zone
        self.steps = steps or STEPS
        self.interval = interval
        self.listener = listener
        self.history = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"progress {zone}", daemon=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts reading."""
        self._thread.start()

    def stop(self):
        """Ends reading."""
        self._stop.set()
        self._thread.join(70)

    @property
    def state(self):
        """The state that was read last; None before the first."""
        return self.history[-1][1] if self.history else None

    @property
    def gate(self):
        """The gate that was read last."""
        return self.history[-1][2] if self.history else None

    def states(self):
        """The states in their order, each run of the same state once."""
        order = []
        for _, state, _ in list(self.history):
            if not order or order[-1] != state:
                order.append(state)
        return order

    def visited(self, state):
        """Whether the state was seen so far."""
        return any(seen == state for _, seen, _ in list(self.history))

    def passed(self, state, since=0):
        """Whether the zone is or has been in this state of a rollover, or in one that follows.

        \\a since: entries of the history to leave out.
        """
        following = self.steps[self.steps.index(state):] if state in self.steps else [state, *self.steps]
        return any(seen in following for _, seen, _ in self.history[since:])

    def wait(self, state, bound=60):
        """Waits until the zone is in the state."""
        try:
            wait_until(lambda: self.state == state, bound, f"{self.zone} in state {state}")
        except LabError as error:
            raise LabError(f"{error}; it is in {self.state}, gate {self.gate}") from None

    def wait_visited(self, state, bound=60):
        """Waits until the zone is or has been in the state."""
        try:
            wait_until(lambda: self.visited(state), bound, f"{self.zone} reaches {state}")
        except LabError as error:
            raise LabError(f"{error}; it is in {self.state}, gate {self.gate}") from None

    def _run(self):
        while not self._stop.wait(self.interval):
            try:
                stats = self.knot.stats(self.zone)
            except (LabError, OSError):
                continue  # knotd is being restarted
            state, gate = stats["state"], stats["gate"]
            if state and (not self.history or self.history[-1][1:] != (state, gate)):
                self.history.append((time.monotonic(), state, gate))
                if self.listener:
                    self.listener(time.monotonic(), state, gate)
