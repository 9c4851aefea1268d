# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the lab's tests: functions test_* of tests/lab/test_*.py, each in namespaces of its own.

A test gets a directory for its world. It is removed when the test passes and kept when it fails.
Functions marked by long_test() run only with --long. bound() sets another time bound than the usual.
"""

import argparse
import collections
import concurrent.futures
import faulthandler
import glob
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from tests.cases import tests as tests_of_cases

from . import netns, results, unit
from .marks import fits_knot, is_long, reason_to_skip, time_bound_of
from .wait import LabError, PATIENCE

HERE = os.path.dirname(os.path.abspath(__file__))
MODULE = "tests.lab.run_tests"


def discover(patterns, with_long):
    """"module.function" of every test that matches one of the patterns (all, if there are none)."""
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        name = os.path.basename(path)[:-3]
        for function in tests_of(name):
            test = f"{name}.{function.__name__}"
            if (is_long(function) and not with_long) or not fits_knot(function):
                continue
            if not patterns or any(pattern in test for pattern in patterns):
                found.append(test)
    return found


def tests_of(name):
    """Test functions of a module, in the order of the file."""
    module = importlib.import_module(f"tests.lab.{name}")
    functions = [value for key, value in vars(module).items()
                 if key.startswith("test_") and callable(value) and value.__module__ == module.__name__]
    return sorted(functions, key=lambda function: function.__code__.co_firstlineno)


def in_good_order(tests):
    """One that may last and a usual one by turns, so that the end is made of usual ones, and never of one that runs alone."""
    waiting = collections.deque(sorted(tests, key=lambda test: time_bound_of(find(test)), reverse=True))
    return [waiting.pop() if number % 2 else waiting.popleft() for number in range(len(waiting))]


def find(test):
    """The function of "module.function"."""
    name, function = test.split(".")
    return getattr(importlib.import_module(f"tests.lab.{name}"), function)


def skip(tests):
    """Those of the tests that the Knot DNS which is here cannot pass; says why."""
    version = results.knot_version()
    left_out = []
    for test in tests:
        reason = reason_to_skip(find(test), version)
        if reason:
            print(f"skip lab {test}: {reason}", flush=True)
            left_out.append(test)
    return left_out


def run_one(test, directory):
    """In the namespaces of the test: runs it; the exit code tells how it went."""
    netns.prepare()
    faulthandler.enable()
    # The stack says where it hung; the parent kills a little later, and with it everything here.
    faulthandler.dump_traceback_later(time_bound_of(find(test)) * PATIENCE, exit=True)
    try:
        find(test)(directory)
    except (LabError, AssertionError) as error:
        traceback.print_exc()
        print(f"REASON {error or 'assertion failed, see the traceback'}", flush=True)
        return 1
    except Exception as error:
        traceback.print_exc()
        print(f"REASON {type(error).__name__}: {error}", flush=True)
        return 1
    faulthandler.cancel_dump_traceback_later()
    return 0


def spawn(test, top):
    """Runs one test in a process of its own; returns (passed, seconds, seconds of CPU, reason, directory)."""
    directory = os.path.join(top, test.removeprefix("test_"))
    os.makedirs(directory, exist_ok=True)
    output = os.path.join(directory, "test.out")
    start = time.monotonic()
    bound = time_bound_of(find(test)) * PATIENCE + 20
    with open(output, "wb") as file:
        process = subprocess.Popen(netns.command(["-m", MODULE, "--one", test, directory]),
                                   stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT, env=netns.environment())
        end = threading.Timer(bound, process.kill)
        end.start()
        _, status, usage = os.wait4(process.pid, 0)
        end.cancel()
    code = process.returncode = os.waitstatus_to_exitcode(status)
    passed = code == 0
    reason = "" if passed else reason_of(output, code, time.monotonic() - start)
    return passed, time.monotonic() - start, usage.ru_utime + usage.ru_stime, reason, directory


def reason_of(output, code, seconds):
    """Why a test failed, in one line, from its output."""
    with open(output, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines):
        if line.startswith("REASON "):
            return "\n".join([line[7:], *lines[number + 1:]][:12])
    if any(line.startswith("Timeout (") for line in lines):
        return f"no end after {seconds:.0f} s, the stack is in {output}"
    return f"the test process ended with {code}: " + " | ".join(lines[-3:])


def run_all(tests, jobs, top, keep, kept=None):
    """Runs the tests, prints one line for each; returns (passed, failed). \\a kept: the folder where each result is kept."""
    passed = failed = 0
    version = results.knot_version()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(spawn, test, top): test for test in tests}
        for future in concurrent.futures.as_completed(running):
            test = running[future]
            good, seconds, work, reason, directory = future.result()
            if kept:
                results.append(kept, version, test, good)
            print(f"{'ok  ' if good else 'FAIL'} lab {test} {seconds:.1f} s, CPU {work:.1f} s ({passed + failed + 1} of {len(tests)})", flush=True)
            if good:
                passed += 1
                if not keep:
                    shutil.rmtree(directory, ignore_errors=True)
            else:
                failed += 1
                print(f"     {reason}\n     logs: {directory}", flush=True)
    return passed, failed


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(prog=MODULE, description=__doc__)
    parser.add_argument("names", nargs="*", help="run only tests whose name contains one of these")
    parser.add_argument("--unit", metavar="BUILD", help="run the unit tests of this build directory")
    parser.add_argument("--lab", action="store_true", help="run the lab tests (the default)")
    parser.add_argument("--long", action="store_true", help="run the long tests too")
    parser.add_argument("--cases", action="store_true", help="run only the tests of the table of cases, long ones too")
    parser.add_argument("--jobs", type=int, default=7, help="lab tests at a time (default 7: most of the time they wait)")
    parser.add_argument("--keep", action="store_true", help="keep directories of passed tests")
    parser.add_argument("--list", action="store_true", help="list the lab tests")
    parser.add_argument("--build-status", type=int, default=0,
                        help="exit code of the build; a failed build is a failed test")
    parser.add_argument("--one", nargs=2, metavar=("TEST", "DIR"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    """Runs what was asked for; the last line is the sum."""
    args = parse()
    if args.one:
        sys.exit(run_one(*args.one))
    tests = discover(args.names, args.long or args.cases)
    if args.cases:
        tests = [test for test in tests if test in tests_of_cases()]
    if args.list:
        print("\n".join(tests))
        return
    passed = failed = skipped = 0
    parts = {}
    # Without a build, a failure says nothing about a test.
    kept = None if args.build_status else os.environ.get("KSKROLL_RESULTS")
    if args.build_status:
        failed += 1
        print("FAIL build, no unit tests without it (the reason is above)", flush=True)
    elif args.unit:
        passed, failed, skipped = unit.run(args.unit, args.names)
        parts["unit"] = {"passed": passed, "failed": failed, "skipped": skipped}
    if args.lab or not args.unit:
        top = os.environ.get("KSKROLL_LAB_DIR") or tempfile.mkdtemp(prefix="kskroll-lab-")
        left_out = skip(tests)
        numbers = run_all(in_good_order([test for test in tests if test not in left_out]), args.jobs, top, args.keep, kept)
        passed, failed, skipped = passed + numbers[0], failed + numbers[1], skipped + len(left_out)
        parts["lab"] = {"passed": numbers[0], "failed": numbers[1], "skipped": len(left_out)}
    if passed + failed + skipped == 0:
        failed = 1
        print(f"FAIL no test matches {' '.join(args.names)}")
    if kept and not args.cases:
        results.save(kept, parts, args.names)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
