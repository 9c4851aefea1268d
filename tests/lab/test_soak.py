# SPDX-License-Identifier: GPL-3.0-or-later
"""Endurance for as long as a run of all tests can bear, and races between the module's threads and knotd's."""

import os
import random

from tests.bench import soak

from .daemons import run
from .marks import bound, long_test
from .sanitizers import Sanitizer

#: Two threads that write the same variable, in a library of the module's name.
RACE = """
#include <pthread.h>
static int shared;
static void *work(void *arg) { for (int i = 0; i < 1000; i++) { shared++; } return arg; }
int race(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, work, NULL);
	work(NULL);
	return pthread_join(thread, NULL);
}
"""
PROGRAM = """
#include <dlfcn.h>
int main(int argc, char **argv)
{
	(void)argc;
	int (*race)(void) = (int (*)(void))dlsym(dlopen(argv[1], RTLD_NOW), "race");
	return race();
}
"""


@bound(300)
def test_half_a_minute_of_faults(directory):
    soak.soak(24, 6, random.randrange(10 ** 6), directory, delegations=30, changing=4, kill_every=8)


@long_test
@bound(420)
def test_two_minutes_of_faults(directory):
    soak.soak(120, 8, random.randrange(10 ** 6), directory, delegations=200, changing=10, kill_every=15)


@bound(240)
def test_no_races_amid_faults(directory):
    soak.soak(12, 2, random.randrange(10 ** 6), directory, "tsan", delegations=12, changing=2, kill_every=5)


@bound(60)
def test_the_search_for_races_would_find_one(directory):
    """The same set-up with a library that has one: a check that cannot fail is none."""
    tsan = Sanitizer("tsan", directory)
    built = {}
    for name, source, flags in (("kskroll.so", RACE, ["-fsanitize=thread", "-shared", "-fPIC"]), ("program", PROGRAM, [])):
        built[name] = os.path.join(directory, name)
        with open(built[name] + ".c", "w", encoding="utf-8") as file:
            file.write(source)
        done = run(["gcc", "-g", "-O0", *flags, "-o", built[name], built[name] + ".c"])
        assert done.returncode == 0, done.stderr
    done = run([built["program"], built["kskroll.so"]], env={**os.environ, **tsan.env})
    assert any("data race" in report for report in tsan.reports()), (done, tsan.reports())
