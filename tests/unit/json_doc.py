# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/json.rst, as a test holds it against the output of the command line."""

import json
import os
import re

from cli_case import SOURCE


class JsonDoc:
    """docs/json.rst, held against values."""

    def __init__(self, gates, delegation_gates):
        with open(os.path.join(SOURCE, "docs/json.rst"), encoding="ascii") as f:
            blocks = re.findall(r"^([A-Z_]+)(?:,[^\n]*)?::\n\n((?:   .*\n)+)", f.read(), re.M)
        self.objects = {name: [self.member(line) for line in block.splitlines()] for name, block in blocks}
        self.seen = set()
        self.words = {"gate": gates, "delegation_gate": delegation_gates,
                      "delegation_state": self.names("module/delegation/delegation_names.c", r"DELEGATION_\w+\] = \{"),
                      "state": self.names("module/rollover/names.c", r"ROLLOVER_\w+\]\s*= \{"),
                      "delegation_actor": self.names("module/delegation/delegation_names.c", r"DELEGATION_ACTOR_\w+\] ="),
                      "actor": self.names("module/rollover/names.c", r"ACTOR_\w+\] ="),
                      "check": self.names("tools/checks.c", r"CHECK_\w+\] = \{"),
                      "skr_check": self.names("tools/skr_judge.c", r"SKR_\w+\] = \{")}

    @staticmethod
    def names(path, before):
        with open(os.path.join(SOURCE, path), encoding="ascii") as f:
            return set(re.findall(before + r' "([\w-]+)"', f.read()))

    @staticmethod
    def member(line):
        return re.fullmatch(r" {3}([\w-]+)(\??): (.+?)(?: +-- .*)?", line).groups()

    def check(self, name, value, where=""):
        members = self.objects[name]
        unknown = set(value) - {m for m, _, _ in members}
        assert not unknown, f"{where}{name} has {unknown}"
        for member, optional, kind in members:
            if member in value:
                self.check_type(kind, value[member], f"{where}{name}.{member} ")
                if value[member] is not None:
                    self.seen.add((name, member))
            else:
                assert optional, f"{where}{name} lacks {member}"

    def check_type(self, kind, value, where):
        if kind.endswith(" or null"):
            if value is None:
                return
            kind = kind[:-8]
        words = [self.words.get(one) for one in kind.split(" | ")]
        if len(words) > 1 and all(words):
            assert value in set.union(*words), f"{where} is {value!r}, not {kind}"
        elif kind[0] == "[":
            assert isinstance(value, list), where
            for v in value:
                self.check_type(kind[1:-1], v, where)
        elif kind.isupper():
            self.check(kind, value, where)
        else:
            number = isinstance(value, int) and not isinstance(value, bool)
            text = isinstance(value, str)
            fine = {
                "bool": isinstance(value, bool), "number": number and value >= 0, "span": number and value >= 0,
                "time": number and value > 10**9, "tag": number and 0 <= value < 65536,
                "text": text, "name": text and value.endswith("."),
                "server": text and re.fullmatch(r"\S+ \S+@\d+", value) is not None,
            }.get(kind)
            if kind in self.words:
                fine = value in self.words[kind]
            elif fine is None:
                fine = json.dumps(value) in kind.split(" | ")
            assert fine, f"{where} is {value!r}, not {kind}"

    def never_seen(self):
        return {(name, m[0]) for name, members in self.objects.items() for m in members} - self.seen
