# SPDX-License-Identifier: GPL-3.0-or-later
"""Nameservers that do not get what is new: BIND with another configuration for a while."""

import contextlib
import re
import signal

from .wait import wait_until
from .world import KNOT

#: Where nobody answers.
NOWHERE = "127.0.3.99"


@contextlib.contextmanager
def stuck(bind, primary=KNOT, zones=None):
    """BIND as a secondary keeps what it has: its primary is nowhere. \a zones: of these zones; None: of all.

    A transfer that is under way comes to its end all the same.
    """
    before = dict(bind.zones)
    bind.zones = {zone: body.replace(f"primaries {{ {primary}", f"primaries {{ {NOWHERE}")
                  if zones is None or zone in zones else body for zone, body in before.items()}
    assert bind.zones != before, before
    reconfigure(bind)
    try:
        yield
    finally:
        bind.zones = before
        reconfigure(bind)


@contextlib.contextmanager
def transfers_refused(bind):
    """BIND as a primary gives its zones to nobody, so that its secondaries stay as they are."""
    before = dict(bind.zones)
    bind.zones = {zone: re.sub(r"allow-transfer \{[^}]*\}", "allow-transfer { none; }", body)
                  for zone, body in before.items()}
    assert bind.zones != before, before
    reconfigure(bind)
    try:
        yield
    finally:
        bind.zones = before
        reconfigure(bind)


def reconfigure(bind):
    """BIND reads its configuration anew, without a gap in its service."""
    done = "reloading configuration succeeded"
    before = len(bind.log_lines(done))
    bind.configure()
    bind.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(bind.log_lines(done)) > before, 20, f"{bind.name} has its configuration")
