# SPDX-License-Identifier: GPL-3.0-or-later
"""Zonemaster as a second opinion: a delegation and its DNSSEC at every server, from the root of the lab."""

import json
import shutil

from .daemons import run
from .wait import LabError

#: Groups of its test cases. Others ask what the lab does not have, such as mail, reverse zones and routes.
GROUPS = ("delegation", "dnssec", "consistency")
#: Findings that are true of every zone of the lab, and why.
OF_THE_LAB = {
    "NO_IPV6_NS_CHILD": "the servers of parent and children have IPv4 addresses only",
    "NO_IPV6_NS_DEL": "the same",
}


def missing():
    """Why it cannot be had here, or None."""
    return None if shutil.which("zonemaster-cli") else "Zonemaster is not installed (apt-get install zonemaster-cli)"


def findings(world, zone):
    """Tags of what it notes of the zone, notices and worse, sorted."""
    groups = [word for group in GROUPS for word in ("--test", group)]
    argv = ["zonemaster-cli", "--no-progress", "--no-ipv6", "--hints", world.hints, "--json", "--level", "NOTICE", *groups, zone]
    done = run(argv)
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {done.stderr.strip()}")
    found = json.loads(done.stdout)["results"]
    return sorted({entry["tag"] for entry in found} - set(OF_THE_LAB))
