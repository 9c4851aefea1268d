#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans as pictures: docs/plan-*.svg, from the tables in module/rollover/plans.c and names.c and
module/delegation/delegation_names.c: pictures.py [--check]

A picture goes from top to bottom. On the left is what the zone and its parent have; on the right is each state, who acts in it,
and what it waits for. All of it follows from the tables, so a change of them changes the pictures.
"""

import os
import re
import sys
import textwrap
from xml.sax.saxutils import escape

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

TITLES = {"ksk": "A rollover of a KSK", "algorithm": "A rollover to another algorithm", "first_ds": "The first DS of a zone",
          "insecure": "The last DS of a zone (go-insecure)", "rollback": "When validation fails",
          "delegation": "A change of DS in a parent zone (delegations)"}
#: Which rows of a table count in a plan, besides those that always do.
WHEN = {"ksk": ("NO_NEW", "OLD_LEFT"), "algorithm": ("OLD_LEFT", "ALGORITHM"), "first_ds": (), "insecure": (), "rollback": ()}
#: The state in which a plan begins, where it is not the first of its table.
BEGINS = {"ksk": "PREPARE", "algorithm": "PRESIGN", "rollback": "ROLLBACK"}
TABLES = {"ksk": "KSK", "algorithm": "KSK", "first_ds": "FIRST_DS", "insecure": "INSECURE", "rollback": "KSK"}
#: A state that has no next one in the table: Knot makes it end.
ORDERED = {"PRESIGN": "INTRODUCE"}

#: What must expire: in words, and the gate at which the zone waits for it.
EXPIRES = {
    "HIGH_TTL": ("the old DNSKEY TTL has expired from caches", "waiting-dnskey-ttl"),
    "LEAD": ("“lead” is over, since all nameservers have the low TTL", "waiting-lead"),
    "DNSKEY": ("the DNSKEY TTL has expired: caches have no older DNSKEY", "waiting-dnskey-ttl"),
    "UNSIGNED": ("the zone TTL has expired: caches have nothing unsigned", "waiting-unsigned"),
    "DATA": ("the zone TTL has expired: caches have the new signatures", "waiting-zone-ttl"),
    "DS": ("the old DS TTL has expired: caches have no older DS", "waiting-ds-ttl"),
    "OBSERVATION": ("resolvers have validated the zone for “observe”", "waiting-observe"),
    "SETTLE": ("“settle” is over", "waiting-settle"),
    "HIGH_DS_TTL": ("with DNS UPDATE or EPP: the DS TTL is low, the old one has expired, and “lead” is over", "waiting-ds-ttl"),
}
ORDERS = {
    "START": ("Knot", "makes the new KSK"), "PUBLISH": ("Knot", "signs with the new keys, then publishes them"),
    "RETIRE": ("Knot", "removes the old KSK"), "CLEAN": ("Knot", "its signatures"),
}
SIGNALS = {"NEW": "CDS and CDNSKEY of the new KSK", "BOTH": "CDS and CDNSKEY of both KSKs", "DELETE": "the delete signal (RFC 8078)"}
KEYS = {"OLD": "the old KSK", "NEW": "the new KSK", "BOTH": "the old and the new KSK", "ALL": "its KSKs"}
#: Where a plan goes instead, by the field of the table.
AWAY = {"key_lost": "a nameserver loses a key", "ds_lost": "a server of the parent loses the new DS", "removed": "the DS is removed",
        "unproven": "a wait begins again", "extra_key": "another KSK appears", "invalid": "validation fails",
        "invalid_begun": "validation fails, and a server of the parent has the new DS"}


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)


def rows(table):
    """The rows of a table, as dictionaries without the prefixes of the enumerators."""
    text = read("module/rollover/plans.c")
    text = text[text.index(f"step_t {table}[] = {{"):]
    text = text[text.index("{") + 1:text.index("\n};")]
    found = []
    for row in re.findall(r"\n\t\{(.*?)\n\t\},", text, re.DOTALL):
        fields = {}
        for name, many, one in re.findall(r"\.(\w+) = (?:\{([^}]*)\}|([^,\n]+))", row):
            values = [re.sub(r"^(?:ROLLOVER|COND|EXPIRE|ACTION|ROLE|SIGNALS|DATA|WHEN|GATE|KEYS|POLICY|OWN|DS_TTL)_", "", value.strip())
                      for value in (many or one).split(",")]
            fields[name] = values if many else values[0]
        found.append(fields)
    if not found:
        raise ValueError(f"no rows in {table}")
    return found


def states():
    """Enumerator -> (name, meaning, traits) of all states."""
    text = read("module/rollover/names.c")
    return {key: (name, meaning, traits) for key, name, meaning, traits in
            re.findall(r"\[ROLLOVER_(\w+)\]\s*= \{ \"([\w-]+)\",\s*\"([^\"]+)\",(.*?)\},\n", text, re.DOTALL)}


def steps(plan):
    """The rows of each state of a plan, in the order in which a zone goes through them."""
    found, state = {}, BEGINS.get(plan)
    table = [row for row in rows(TABLES[plan]) if row.get("when", "ALWAYS") in ("ALWAYS", *WHEN[plan])]
    state = state or table[0]["state"]
    while state and state != "IDLE":
        if state in found:
            raise ValueError(f"{plan}: {state} comes twice")
        # The first DS ends in states of a plain rollover (plans_of()).
        mine = [row for row in table if row["state"] == state] or [row for row in rows("KSK") if row["state"] == state and "when" not in row]
        # The first row of a state that counts decides: after one that counts for this plan alone no other is reached.
        special = [n for n, row in enumerate(mine) if row.get("when") == "ALGORITHM"]
        found[state] = mine[:special[0] + 1] if special else mine
        state = next((row["next"] for row in found[state] if "next" in row), ORDERED.get(state))
    return found


class Step:
    """A state of a plan in words."""

    def __init__(self, plan, state, mine, before):
        self.state, self.rows, self.plan = state, mine, plan
        self.name, self.meaning, self.traits = INFO[state]
        self.last = mine[-1]
        self.signals = next((row["signals"] for row in mine if row.get("signals", "NONE") != "NONE"), None)
        self.actor, self.act = self._actor(before)
        self.waits = self._waits(before)
        self.away = self._away()

    def _has(self, cond):
        return any(cond in row["cond"] for row in self.rows)

    def _actor(self, before):
        if self._has("DS_ASKED") or self._has("CHAIN_BACK"):
            return "parent", "adds the DS" if self.plan == "first_ds" else "removes the DS" if self.signals == "DELETE" else "restores the old DS" if self.signals == "BOTH" else "replaces the DS"
        if self._has("RELEASED"):
            return "operator", "decides: go on by “hold” on and off, or give up"
        if self.last.get("gate") == "MAY_UNSIGN":
            return "operator", "may unsign the zone when the DS has expired"
        orders = [ORDERS[row["order"]] for row in self.rows if "order" in row]
        if orders:
            return orders[0][0], ", then ".join(act for _, act in orders)
        if self.signals and not before.signals:
            return "Knot", "publishes " + SIGNALS[self.signals]
        if before and before.signals and not self.signals:
            return "Knot", "withdraws CDS and CDNSKEY"
        if self.state == "PREPARE":
            return "Knot", "lowers the DNSKEY TTL"
        return "nobody", "must act: the module checks, and waits"

    def _waits(self, before):
        """What it waits for: (text, whether it is time)."""
        found = []
        if "low_ttl" in self.last and self.state in ("PREPARE", "PRESIGN"):
            found.append(("every nameserver has the low DNSKEY TTL", False))
        if self._has("NO_DS") and not before:
            found.append(("no server of the parent has a DS", False))
        present = self.last.get("present", "").replace("ROLE_", "")
        if self.state == "INTRODUCE":
            found.append((f"every nameserver has {KEYS[present]}, which sign{'s' if present == 'NEW' else ''} DNSKEY", False))
        if "absent" in self.last and self.state == "RETIRE" and self.plan != "first_ds":
            found.append(("no nameserver has the old KSK", False))
        if any(row.get("data") == "CLEAN" for row in self.rows):
            found.append(("no nameserver has signatures of the old algorithm", False))
        if self.plan == "algorithm" and self.state == "PRESIGN":
            found.append(("every nameserver has signatures of both algorithms", False))
        if self.signals and (not before or before.signals != self.signals) and not (self._has("DS_ASKED") and before):
            found.append((f"every nameserver has {SIGNALS[self.signals]}", False))
        if before and before.signals and not self.signals and self.state != "ROLLED_BACK":
            found.append(("no nameserver has CDS or CDNSKEY", False))
        if self._has("DS_ASKED"):
            found.append(("no server of the parent has a DS" if self.signals == "DELETE" else
                          "every server of the parent has the DS of the new KSK, and no other", False))
        if self._has("CHAIN_BACK"):
            found.append(("every server of the parent has the DS of the old KSK", False))
        for row in self.rows:
            # What is proven once more was waited for before.
            for expire in row.get("expire", []) if "PROVEN" not in row["cond"] else ():
                text, gate = EXPIRES[expire]
                wait = (f"{text} ({gate})", True)
                if wait not in found and not (expire == "DATA" and self.plan != "algorithm"):
                    found.append(wait)
        return found

    def _away(self):
        """Where it goes instead: {state: reasons}."""
        found = {}
        for row in self.rows:
            for field, why in AWAY.items():
                target = row.get(field)
                if target in INFO and target not in (self.state, row.get("next")):
                    why = "a DS appears again" if (field, self.plan) == ("ds_lost", "insecure") else why
                    reasons = found.setdefault(INFO[target][0], [])
                    if why not in reasons:
                        reasons.append(why)
        return found


INFO = states()


def plan_of(name):
    """The steps of a plan."""
    if name == "delegation":
        return [DelegationStep(state) for state in DelegationStep.PATH + DelegationStep.ASIDE]
    found, before = [], None
    for state, mine in steps(name).items():
        found.append(Step(name, state, mine, before))
        before = found[-1]
    return found


# What the zone and its parent have.

class Lane:
    """A bar on the left: [(first step, last step, class)], in halves of a step."""

    def __init__(self, label, spans):
        self.label, self.spans = label, spans


def lanes(name, plan):
    """What is there in which steps. An act shows in the middle of its step."""
    number = {step.state: n for n, step in enumerate(plan)}
    end = len(plan)
    mid = {state: n + 0.5 for state, n in number.items()}

    def new_from():
        if name == "first_ds" or name == "rollback":
            return 0
        return mid["INTRODUCE"]
    found = []
    if name == "delegation":
        end = number["RESTORE"] + 1
        return [Lane("old DS", [(0, mid["CHANGE"], "old"), (number["UNDO"] + 0.5, number["HELD"] + 1, "old")]), Lane("new DS", [(mid["CHANGE"], end, "new")]),
                Lane("low TTL", [(mid["CHANGE"], mid["RESTORE"], "ttl")])]
    if name in ("ksk", "algorithm"):
        found += [Lane("old KSK", [(0, mid["RETIRE"], "old")]), Lane("new KSK", [(new_from(), end, "new")])]
    elif name == "rollback":
        found += [Lane("old KSK", [(0, end, "old")]), Lane("new KSK", [(0, end, "new")])]
    else:
        found += [Lane("KSK", [(0, end, "new" if name == "first_ds" else "old")])]
    if name == "algorithm":
        found += [Lane("old RRSIG", [(0, mid["CLEAN"], "old thin")]), Lane("new RRSIG", [(0, end, "new thin")])]
    signals = [step for step in plan if step.signals]
    found.append(Lane("CDS", [(number[signals[0].state] + 0.25, number[signals[-1].state] + 1.25 if signals[-1] is not plan[-1] else end, "cds")]))
    asked = next(step for step in plan if step._has("DS_ASKED") or step._has("CHAIN_BACK"))  # pylint: disable=protected-access
    old, new = [(0, mid[asked.state], "old ds")], [(mid[asked.state], end, "new ds")]
    if name == "first_ds":
        old = []
    elif name == "insecure":
        new = []
    elif name == "rollback":
        old, new = [(mid[asked.state], end, "old ds")], [(0, mid[asked.state], "new ds")]
    found.append(Lane("DS", old + new))
    found.append(Lane("low TTL", [(0.25, end, "ttl")]))
    return found


WIDTH, LANE, TOP = 860, 46, 84
#: Width of a letter of wide fonts.
LETTER = 7.1
STYLE = """
svg { font-family: system-ui, "DejaVu Sans", Arial, sans-serif; font-size: 13px }
.paper { fill: #ffffff } .row { fill: #f3f6f9 } text { fill: #1d2733 } .soft { fill: #4c5b6a } .name { font-weight: bold; font-size: 15px }
.title { font-weight: bold; font-size: 17px } .lane { font-size: 11px } .line { stroke: #c3ced8; stroke-width: 1 }
.old { fill: #5b7083 } .new { fill: #1f7a4d } .cds { fill: #b06a00 } .ttl { fill: #7c5bb0 } .who { fill: #ffffff; font-size: 11px; font-weight: bold }
.Knot, .agent { fill: #2b5f9e } .parent { fill: #a4501f } .operator { fill: #8c2f5f } .nobody { fill: #5d6873 }
.dot { fill: #2b5f9e } .clock { fill: none; stroke: #5d6873; stroke-width: 1.4 }
@media (prefers-color-scheme: dark) {
.paper { fill: #14191f } .row { fill: #1d242c } text { fill: #e6ebf0 } .soft { fill: #a9b6c2 } .line { stroke: #3a4753 }
.old { fill: #8fa3b5 } .new { fill: #3fae76 } .cds { fill: #e09a2f } .ttl { fill: #a98be0 } .who { fill: #ffffff }
.Knot, .agent { fill: #3d78bd } .parent { fill: #bb6530 } .operator { fill: #ad4479 } .nobody { fill: #6c7884 }
.dot { fill: #7fb2ec } .clock { stroke: #a9b6c2 } }
"""


class DelegationStep:
    """A state of a delegation in words. Its table has no waits: the meaning of the state says what must be."""
    #: Enumerators in the order of a change; then those that interrupt one.
    PATH = ("REST", "SEEN", "SURVEY", "WAIT", "CHANGE", "SPREAD", "VERIFY", "LOW", "RESTORE")
    ASIDE = ("REFUSED", "UNDO", "HELD", "SUSPENDED")
    ASKS = (("SCAN", "one nameserver of the child"), ("SURVEY", "every nameserver of the child"), ("PARENTS", "every server of the parent"),
            ("WATCH", "resolvers"))
    #: Items whose time must be over.
    ITEMS = {"REST": ("scan-interval",), "WAIT": ("hold-down",), "VERIFY": ("verify",), "LOW": ("ds-ttl-hold",)}

    def __init__(self, state):
        self.state = state
        self.name, meaning, traits = DELEGATION_INFO[state]
        asks = [who for flag, who in self.ASKS if f"DELEGATION_ASK_{flag}" in traits]
        self.actor = "agent" if asks else "operator" if state == "SUSPENDED" else "Knot"
        self.act = f"asks {' and '.join(asks)}" if asks else "must act" if self.actor == "operator" else "changes the zone"
        self.away, self.signals = {}, None
        self.waits = [(meaning, None)] + [(f"“{item}” is over", True) for item in self.ITEMS.get(state, ())]


def delegation_states():
    """Enumerator -> (name, meaning, traits) of all states of a delegation."""
    text = read("module/delegation/delegation_names.c")
    return {key: (name, meaning, traits) for key, name, meaning, traits in
            re.findall(r"\[DELEGATION_(\w+)\] = \{ \"([\w-]+)\",\s*\"([^\"]+)\",\s*(\.asks.*?) \},\n", text, re.DOTALL)}


DELEGATION_INFO = delegation_states()


def _wrapped(text, width):
    # Names of gates and states stay whole.
    return textwrap.wrap(text, width, break_on_hyphens=False)


def svg(name):
    """The picture of a plan."""
    plan = plan_of(name)
    bars = lanes(name, plan)
    left = 24 + LANE * len(bars)
    width = int((WIDTH - left - 56) / LETTER)
    y, tops, bottoms, body = TOP, [], [], []
    for step in plan:
        if name == "delegation" and step.state == step.ASIDE[0]:
            body.append(f'<text class="soft" x="{left + 12}" y="{y + 16}">Aside, when a change is not made, or does not last:</text>')
            y += 26
        tops.append(y)
        lines = [(_wrapped(text, width), {None: "", False: "dot", True: "clock"}[time]) for text, time in step.waits]
        away = [line for target, why in step.away.items() for line in _wrapped(f"To {target} if {' or '.join(why)}.", int(width * 1.12))]
        height = 34 + sum(18 * len(one) for one, _ in lines) + 17 * len(away) + (8 if lines or away else 2) + 6
        body += _step(step, lines, away, left, y, height)
        bottoms.append(y + height)
        y += height + 8
    tops.append(y)
    bottom = y + 34
    out = ['<?xml version="1.0" encoding="UTF-8"?>', "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->",
           "<!-- Made by tests/pictures.py from module/rollover/plans.c; a test compares them. -->",
           f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom}" width="{WIDTH}" height="{bottom}" role="img" aria-labelledby="title desc">',
           f'<title id="title">{escape(TITLES[name])}</title>', f'<desc id="desc">{escape(description(name, plan))}</desc>',
           f"<style>{STYLE}</style>", f'<rect class="paper" width="{WIDTH}" height="{bottom}"/>',
           f'<text class="title" x="16" y="28">{escape(TITLES[name])}</text>', *body]
    for n, lane in enumerate(bars):
        x = 20 + LANE * n + LANE / 2
        first, _, second = lane.label.partition(" ")
        out.append(f'<text class="lane" x="{x:.0f}" y="{TOP - 24 if second else TOP - 11}" text-anchor="middle">{first}</text>')
        if second:
            out.append(f'<text class="lane" x="{x:.0f}" y="{TOP - 11}" text-anchor="middle">{second}</text>')
        for start, end, kind in lane.spans:
            a, b = _at(tops, start), bottoms[end - 1] if isinstance(end, int) else _at(tops, end)
            w = 8 if "thin" in kind else 14
            out.append(f'<rect class="{kind.split()[0]}" x="{x - w / 2:.0f}" y="{a:.0f}" width="{w}" height="{b - a:.0f}" rx="4"/>')
    out += [f'<circle class="dot" cx="22" cy="{bottom - 18}" r="3.5"/>', f'<text class="soft lane" x="32" y="{bottom - 14}">all servers must have it</text>',
            *_clock(182, bottom - 18), f'<text class="soft lane" x="194" y="{bottom - 14}">time must pass (gate)</text>',
            *(f'<rect class="{kind}" x="{x}" y="{bottom - 24}" width="12" height="12" rx="3"/><text class="soft lane" x="{x + 18}" y="{bottom - 14}">{text}</text>'
              for kind, x, text in (("old", 330, "old"), ("new", 380, "new")))]
    return "\n".join([*out, "</svg>"]) + "\n"


def _at(tops, step):
    whole = int(step)
    if whole >= len(tops) - 1:
        return tops[-1]
    return tops[whole] + (tops[whole + 1] - tops[whole]) * (step - whole)


def _clock(x, y):
    return [f'<circle class="clock" cx="{x}" cy="{y}" r="5"/>', f'<path class="clock" d="M{x} {y - 3}V{y}H{x + 2.5}"/>']


def _step(step, lines, away, left, y, height):
    actor = {"nobody": "nobody", "Knot": "Knot", "parent": "the parent", "operator": "you", "agent": "the agent"}[step.actor]
    pill = 16 + 6.6 * len(actor)
    x = left + 12
    out = [f'<rect class="row" x="12" y="{y}" width="{WIDTH - 24}" height="{height}" rx="6"/>', f'<text class="name" x="{x}" y="{y + 22}">{step.name}</text>',
           f'<rect class="{step.actor}" x="{x + 104}" y="{y + 9}" width="{pill:.0f}" height="18" rx="9"/>',
           f'<text class="who" x="{x + 104 + pill / 2:.0f}" y="{y + 22}" text-anchor="middle">{actor}</text>',
           f'<text class="soft" x="{x + 112 + pill:.0f}" y="{y + 22}">{escape(step.act)}</text>']
    at = y + 34
    for texts, mark in lines:
        out += [f'<circle class="dot" cx="{x + 6}" cy="{at + 6}" r="3.5"/>'] if mark == "dot" else _clock(x + 6, at + 6) if mark else []
        for text in texts:
            out.append(f'<text x="{x + (20 if mark else 0)}" y="{at + 11}">{escape(text)}</text>')
            at += 18
    for text in away:
        out.append(f'<text class="soft lane" x="{x}" y="{at + 12}">{escape(text)}</text>')
        at += 17
    return out


def description(name, plan):
    """The picture for somebody who cannot see it."""
    parts = []
    for step in plan:
        who = {"nobody": "Nobody acts", "parent": "The parent acts", "operator": "The operator acts", "Knot": "Knot acts", "agent": "The agent acts"}[step.actor]
        waits = "; ".join(text for text, time in step.waits if time is not None)
        away = "".join(f" To {target} if {' or '.join(why)}." for target, why in step.away.items())
        means = "".join(f" {text}" for text, time in step.waits if time is None)
        parts.append(f"State {step.name}. {who}: {step.act}.{means}" + (f" It waits until {waits}." if waits else "") + away)
    return " ".join(parts)


def main(option=""):
    """Writes the pictures, or compares them; returns the exit code."""
    stale = []
    for name in TITLES:
        path = os.path.join(SOURCE, "docs", f"plan-{name.replace('_', '-')}.svg")
        text = svg(name)
        if option == "--check":
            if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
                stale.append(os.path.relpath(path, SOURCE))
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    if stale:
        print(f"draw them again, ./run pictures: {' '.join(stale)}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
