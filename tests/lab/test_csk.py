# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollovers of single-type keys, which sign the data of the zone as well."""

from .marks import bound
from .progress import Progress
from .test_rollover import ZONE, finish, module_world, start

CSK = {"single-type-signing": True}


@bound(240)
def test_a_single_type_key_rolls(directory):
    with module_world(directory, policy=CSK) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        finish(world, progress, old)
