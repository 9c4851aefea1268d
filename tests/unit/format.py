#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C of the tree has the shape of .clang-format: format.py SOURCE [--fix]

Another version of clang-format has another opinion, so only one counts: the version that .clang-format names.
"""

import os
import re
import subprocess
import sys

FOLDERS = "include", "module", "tools", "tests"


def sources(source):
    """All C files, relative to the source."""
    for folder in FOLDERS:
        for where, _, names in os.walk(os.path.join(source, folder)):
            yield from (os.path.relpath(os.path.join(where, n), source) for n in sorted(names) if n.endswith((".c", ".h")))


def main(source, *options):
    with open(os.path.join(source, ".clang-format"), encoding="utf-8") as file:
        wanted = re.search(r"clang-format (\d+)", file.read()).group(1)
    try:
        version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        version = "no clang-format"
    if f"version {wanted}." not in version:
        print(f"skipped: needs clang-format {wanted}, here is: {version.strip()}")
        return 77
    files = list(sources(source))
    how = ["-i"] if "--fix" in options else ["--dry-run", "--Werror"]
    done = subprocess.run(["clang-format", *how, *files], cwd=source, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr[:4000])
        print("\n./run format gives these files their shape.")
        return 1
    print(f"{len(files)} files")
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
