# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about key states that are set by keymgr, on which driving by key timers relies: red with a Knot DNS that differs."""

from .key_timers import SCENARIOS, examine
from .marks import bound

#: Chance decides there: how often each of two that write at the same moment is first.
NUMBERS = ("race",)


@bound(150)
def test_key_timers(directory):
    """Each fact of each scenario is true."""
    found, reasons = examine([name for name in SCENARIOS if name not in NUMBERS], directory)
    for name, reason in reasons.items():
        print(f"not examined: {name}: {reason}")
    assert len(found) + len(reasons) + len(NUMBERS) == len(SCENARIOS) and all(found.values()), found
    wrong = {name: false for name, facts in found.items()
             if (false := {fact: value for fact, value in facts.items() if value is not True})}
    assert not wrong, wrong
