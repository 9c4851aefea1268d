#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a mutant: a copy of a production source with one mistake. Fails if the source has moved on.

usage: mutate.py NAME.mutant SOURCE OUTPUT

A .mutant file: the text to be replaced, a line "=>", the text that replaces it. It may
have comment lines that begin with "#". The text must occur exactly once.
"""
import sys


def main(mutant, source, output):
    lines = [l for l in open(mutant) if not l.startswith("#")]
    old, new = "".join(lines).split("=>\n")
    text = open(source).read()
    if text.count(old) != 1:
        sys.exit(f"{mutant}: the text occurs {text.count(old)} times in {source}, must be once: "
                 "bring the mutant up to date")
    open(output, "w").write(text.replace(old, new))


main(*sys.argv[1:])
