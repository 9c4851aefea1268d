#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The items of mod-kskroll(7), made from docs/reference.rst: man_items.py SOURCE writes them into docs/mod-kskroll.7."""

import os
import re
import sys

BEGIN, END = '.\\" Items, made by tests/unit/man_items.py from docs/reference.rst.\n', '.\\" End of the items.\n'


def items(text):
    """Of the reference, by their names: default, bounds, instance, example, first paragraph."""
    found = re.findall(r"\.\. _item-([\w-]+):\n\n([\w-]+)\n(\^+)\n\n:Default: (.*)\n:Bounds: (.*)\n:Instance: (.*)\n"
                       r":Example: ``(.*)``\n\n((?:.+\n)+)", text)
    assert len(found) == text.count(".. _item-"), "each has an anchor, its name, four fields and a text"
    for anchor, name, line, *_ in found:
        assert anchor == name and len(line) == len(name), anchor
    return {name: fields for _, name, _, *fields in found}


def man(text):
    """All that a man page of items has."""
    out = BEGIN
    for name, (default, bounds, instance, _, words) in items(text).items():
        words = re.sub(r"\s+", " ", words).strip()
        words = re.sub(r" See :(?:ref|doc):`[^`]*`\.| \(:(?:ref|doc):`[^`]*`\)", "", words)
        assert ":ref:" not in words and ":doc:" not in words, name
        words = re.sub(r"(?<=[.:]) (?=[A-Z0-9])", "\n", words)
        out += f".TP\n.B {name}\nDefault {default}; {bounds}; {instance}.\n{words}\n".replace("``", "").replace("-", "\\-")
    return out + END


if __name__ == "__main__":
    PAGE = os.path.join(sys.argv[1], "docs/mod-kskroll.7")
    with open(os.path.join(sys.argv[1], "docs/reference.rst"), encoding="utf-8") as f:
        new = man(f.read())
    with open(PAGE, encoding="ascii") as f:
        before, rest = f.read().split(BEGIN)
    with open(PAGE, "w", encoding="ascii") as f:
        f.write(before + new + rest.split(END)[1])
