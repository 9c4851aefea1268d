# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmarks. Each prints a table that ends with one line `NAME ratio=R` and saves NAME.json."""

import argparse
import os
import shutil
import sys
import tempfile
import traceback

from tests.lab import netns
from tests.lab.wait import LabError
from tests.lab.world import module_path

from . import algorithm, idle, mass, notified, one, query, report, scan, sim
from .result import Result

BENCHES = {"query": query, "idle": idle, "one": one, "mass": mass, "sim": sim, "algorithm": algorithm, "scan": scan, "notified": notified,
           "report": report}


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("names", nargs="+", choices=[*BENCHES, "all"], metavar="NAME",
                        help=f"one of {', '.join(BENCHES)}, or all")
    parser.add_argument("--smoke", action="store_true",
                        help="small and quick: only whether numbers come out")
    parser.add_argument("--zones", type=int, nargs="+", metavar="N",
                        help="numbers of zones (idle, report: 1000 10000; mass: 200), of delegations (scan: 1000 10000; notified: 10000)")
    parser.add_argument("--rounds", type=int, default=3, help="of query, idle, one and notified (default 3)")
    parser.add_argument("--scale", type=int, default=1, metavar="N",
                        help="of one and mass: all TTLs and waits N times as long (default 1: the lab's, 30 s in all)")
    parser.add_argument("--parent-rate", type=int, default=20, metavar="N",
                        help="of mass: the item of the same name (default 20)")
    parser.add_argument("--check-interval", type=int, metavar="SECONDS",
                        help="of mass: the item of the same name (default: the scale; the module's own is 300)")
    parser.add_argument("--hosts", type=int, default=algorithm.NAMES, metavar="N",
                        help=f"of algorithm: hosts in the zone (default {algorithm.NAMES}; 100000 need KSKROLL_PATIENCE=20, of RSA 60)")
    parser.add_argument("--algorithms", nargs=2, default=algorithm.ALGORITHMS, metavar=("OLD", "NEW"),
                        help=f"of algorithm: as in a policy (default {' '.join(algorithm.ALGORITHMS)})")
    parser.add_argument("--keep", action="store_true", help="keep the directories of the servers")
    args = parser.parse_args()
    args.module = module_path()
    return args


def perform(name, args, top):
    """One benchmark; returns whether it has its numbers."""
    directory = tempfile.mkdtemp(prefix=f"bench-{name}-", dir=os.environ.get("KSKROLL_LAB_DIR"))
    result = Result(name, args.smoke)
    good = False
    try:
        BENCHES[name].bench(result, directory, args)
        path = result.write(top)
        result.show()
        print(f"({path})" if args.smoke else "", end="\n", flush=True)
        good = True
    except LabError as error:
        print(f"bench {name}: {error}", file=sys.stderr)
    except Exception:  # pylint: disable=broad-exception-caught
        # The others go on.
        traceback.print_exc()
        print(f"bench {name}: an error of the benchmark itself", file=sys.stderr)
    finally:
        if good and not args.keep:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"logs: {directory}", flush=True)
    return good


def main():
    """Runs what was asked for."""
    args = parse()
    try:
        netns.enter("tests.bench.main")
    except LabError as error:
        sys.exit(f"bench: {error}")
    names = list(BENCHES) if "all" in args.names else args.names
    given = args.zones
    top = os.path.join(os.environ.get("KSKROLL_BENCH_DIR") or tempfile.gettempdir(),
                       "smoke" if args.smoke else "")
    good = True
    for name in names:
        args.zones = given or ([200] if name == "mass" else [1000, 10000])
        good = perform(name, args, top) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
