# SPDX-License-Identifier: GPL-3.0-or-later
"""DNSViz as a second opinion: from the root of the lab to a zone, at every server."""

import json
import os
import shutil

from .daemons import run
from .wait import LabError
from .zones import ROOT_SERVER

#: True of every zone of the lab.
OF_THE_LAB = {"NS_NAME_PRIVATE_IP", "GLUE_PRIVATE_IP"}


def missing():
    """Why it cannot be had here, or None."""
    return None if shutil.which("dnsviz") else "DNSViz is not installed (apt-get install dnsviz)"


def errors(world, zone):
    """Codes of errors in the zone and the zones above it, sorted."""
    queries, verdict = (os.path.join(world.dir, f"dnsviz-{name}.json") for name in ("queries", "verdict"))
    _dnsviz("probe", "-4", "-A", "-a", ".", "-x", f".+:{ROOT_SERVER}=127.0.1.1", "-o", queries, zone)
    _dnsviz("grok", "-t", world.anchor, "-l", "error", "-r", queries, "-o", verdict)
    with open(verdict, encoding="utf-8") as file:
        return sorted(set(_codes(json.load(file))) - OF_THE_LAB)


def _dnsviz(*args):
    done = run(["dnsviz", *args])
    if done.returncode != 0:
        raise LabError(f"dnsviz {' '.join(args)}: {done.stderr.strip()}")


def _codes(part):
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "errors":
                yield from (error["code"] for error in value)
            else:
                yield from _codes(value)
    elif isinstance(part, list):
        for value in part:
            yield from _codes(value)
