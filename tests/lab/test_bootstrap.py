# SPDX-License-Identifier: GPL-3.0-or-later
"""The first DS by RFC 9615: copies of CDS at the signaling names, checked by module and parent."""

import functools

from . import ask, special, watch
from .bootstrap import CHILD, HOSTS, BootstrapWorld
from .marks import bound, long_test
from .progress import Progress
from .wait import wait_until
from .world import FRESH, KNOT, module_path

SETTINGS = {"pinned": False, "module_settings": {"ttl": 3, "lead": 1, "settle": 2}}


def said(world, bound_=40):
    """The module's last line about the signaling names."""
    return wait_until(lambda: world.knot.log_lines("signaling names (RFC 9615)"), bound_,
                      "the line about signaling names")[-1]


def authenticated(world):
    """The parental agent takes a first DS only as RFC 9615 4.2 says."""
    world.agent.bootstrap = functools.partial(special.authenticated_ds, nameservers=HOSTS,
                                              resolver=FRESH)


@bound(180)
def test_first_ds_by_signaling_names(directory):
    with BootstrapWorld(directory=directory, module=module_path(), **SETTINGS) as world, \
            Progress(world.knot, CHILD) as progress:
        authenticated(world)
        progress.wait_visited("observe", 90)
        assert world.ds_everywhere(CHILD, ask.ksks(KNOT, CHILD))
        line = said(world)
        assert all(f"{host} ok" in line for host in HOSTS), line
        wait_until(lambda: world.verdicts(CHILD)["fresh"] == watch.SECURE, 30, "the zone is secure")
        progress.wait_visited("settle", 60)
        counts = world.watch.counts(zone=CHILD)
        assert set(counts) <= {watch.SECURE, watch.INSECURE}, world.watch.summary()


@long_test
@bound(180)
def test_a_missing_signaling_name_is_named(directory):
    with BootstrapWorld(directory=directory, module=module_path(), signaling=HOSTS[:1],
                        **SETTINGS) as world, \
            Progress(world.knot, CHILD) as progress:
        authenticated(world)
        progress.wait("await-ds", 90)
        line = said(world)
        assert f"{HOSTS[0]} ok" in line and f"{HOSTS[1]} missing" in line, line
        assert not world.agent.updates[1:], "the agent must not have taken it"
        wait_until(lambda: progress.gate == "ds-missing-at", 20, "the gate")
