# SPDX-License-Identifier: GPL-3.0-or-later
"""A host without IPv6, as most are: servers are asked at the addresses that it can reach."""

import json

from .faults import store_path, stored
from .marks import bound
from .progress import Progress
from .test_rollover import ZONE, finish, module_world, start


@bound(240)
def test_host_without_a_route_to_ipv6_addresses(directory):
    with module_world(directory, far=True) as (world, old), Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 30)
        start(world)
        finish(world, progress, old)
        for gate in ("(child-unreachable)", "(parent-unreachable)", "(discovery-failed)"):
            assert not world.knot.log_lines(gate), world.knot.log_lines(gate)
        said = world.knot.log_lines("no route to IPv6")
        assert len(said) == 1, said
        assert world.knot.totals()["kskroll-no-route"]["ipv6"] == 1
        answers = json.loads(stored(store_path(world), "answers"))
        assert answers["no_route"] == ["IPv6"], answers
        servers = [answer["server"] for answer in answers["child"] + answers["parent"]]
        assert servers and not [server for server in servers if "2001:db8" in server], servers
