# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that is short: every place in module and kskrolld that asks for some does not get it, now and then."""

import os

from . import ask, check
from .daemons import run
from .marks import bound, long_test
from .progress import Progress
from .sanitizers import Sanitizer
from .test_rollover import ROLLOVER, ZONE, module_world, start
from .wait import LabError, wait_until
from .world import KNOT

HERE = os.path.dirname(os.path.abspath(__file__))
#: Places in the code of the module that a rollover passes; fewer would be a test of something else.
PLACES = 40


class Short:
    """The environment of a knotd in which they fail once it is told to, and which did."""

    def __init__(self, directory, hit, every, more=None):
        os.makedirs(directory, exist_ok=True)
        self.log, self.flag = os.path.join(directory, "failed"), os.path.join(directory, "now")
        library = os.path.join(directory, "fail_malloc.so")
        done = run(["gcc", "-O1", "-g", "-fno-omit-frame-pointer", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, os.path.join(HERE, "fail_malloc.c")])
        if done.returncode != 0:
            raise LabError(done.stderr)
        more = dict(more or {})
        preload = ":".join([library, *filter(None, [more.pop("LD_PRELOAD", "")])])
        self.env = {**more, "LD_PRELOAD": preload, "FAIL_IN": "kskroll.so", "FAIL_HIT": str(hit),
                    "FAIL_EVERY": str(every), "FAIL_LOG": self.log, "FAIL_WHEN": self.flag}

    def begin(self, everywhere=False):
        """From now on: in our threads, or also in those of knotd that load and unload instances."""
        with open(self.flag, "w", encoding="ascii") as file:
            file.write("x" if everywhere else "")

    def end(self):
        """No more."""
        os.unlink(self.flag)

    def places(self):
        """Process and offset of the places that failed, each as often as it did."""
        try:
            with open(self.log, encoding="ascii") as file:
                return file.read().split()
        except FileNotFoundError:
            return []


def roll(directory, hit, every, more=None, **settings):
    """One rollover, and reloads, for which there may be no memory; returns what failed."""
    short = Short(directory, hit, every, more)
    # Knot does not signal by itself, however long the module is without memory.
    with module_world(directory, pinned=False, env=short.env, propagation_delay=600, **settings) as (world, old), \
            Progress(world.knot, ZONE) as progress:
        progress.wait("idle", 60)
        short.begin()
        start(world)
        progress.wait_visited("settle", 3 * ROLLOVER)
        short.end()
        wait_until(lambda: check.other_ksk(world, ZONE, old[ZONE]), 60, "one new KSK is left")
        world.assert_secure()
        # Without memory an instance is not loaded, and the zone stays in service; with it the next reload loads one.
        short.begin(True)
        for _ in range(5):
            run(["knotc", "-s", world.knot.socket, "reload"])
            assert ask.answers(KNOT, ZONE), "knotd serves the zone"
        short.end()
        assert world.knot.log_lines("this zone is not checked until the next reload"), "an instance was not loaded"
        world.knot.knotc("reload")
        wait_until(lambda: world.knot.stats(ZONE).get("state"), 30, "the module is there again")
        short.begin(True)
        world.knot.stop()
        assert world.knot.process.returncode == 0, world.knot.process.returncode
    return short.places()


@bound(400)
def test_a_rollover_comes_to_its_end_though_memory_is_short(directory):
    failed = roll(directory, 1, 500)
    assert len(set(failed)) >= PLACES, (len(set(failed)), failed)


@long_test
@bound(500)
def test_nothing_is_lost_or_used_again_when_memory_is_short(directory):
    asan = Sanitizer("asan", directory)
    # What the dynamic loader keeps is known to ASan by its caller, which is the preloaded library here.
    suppressions = os.path.join(directory, "suppressions")
    with open(suppressions, "w", encoding="ascii") as file:
        file.write("leak:_dl_map_object\n")
    options = f"{asan.env['ASAN_OPTIONS']}:verify_asan_link_order=0:fast_unwind_on_malloc=0"
    more = {**asan.env, "ASAN_OPTIONS": options, "LSAN_OPTIONS": f"suppressions={suppressions}:print_suppressions=0"}
    failed = roll(directory, 2, 500, more=more, module=asan.module)
    assert len(set(failed)) >= PLACES, failed
    asan.assert_nothing_found()
