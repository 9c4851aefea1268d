#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts small mistakes into the C code, one at a time: does any test notice?

A mutant is killed when a unit test fails with it, crashes, leaks, or does not end in time. What the unit tests of
rollover/ and delegation/ do not notice runs in virtual worlds, those of delegation/ below an agent; the first violation
ends them. A mutant with the same object code as the original is none.
Survivors are printed, and whether the worlds go another way with them. Those with a reason in equivalent.txt are
counted on their own.
"""

import argparse
import concurrent.futures
import glob
import hashlib
import os
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, PROJECT)

from tests.mutation.source import Source, SourceError     # noqa: E402
from tests.mutation.toolchain import Folder, Program, ToolError, symbols, LONGEST_TEST, SLOW, WORLDS_LIMIT     # noqa: E402

# What is safe depends on these.
SOURCES = ("module/rollover/*.c", "module/delegation/*.c", "module/util/elapsed.c", "module/dns/interpret.c", "module/dns/ds_answer.c", "module/dns/fetched.c", "module/dns/denial*.c", "module/dns/verify*.c",
           "module/server/policy*.c", "module/server/cmd_list.c", "module/server/derived.c", "module/evidence/*.c")
EQUIVALENT = os.path.join(HERE, "equivalent.txt")
SAME, INVALID, KILLED, SURVIVED = "same object code", "no C", "killed", "survived"
SIMULATOR = "simulator"
# Worlds in which the sources run, by folder. The parent of some worlds only is an agent, unless that is asked for.
WORLDS = {"module/delegation/": ["--parent", "agent"], "": []}


def read_sources():
    """All sources with their mutants."""
    paths = sorted({path for pattern in SOURCES for path in glob.glob(os.path.join(PROJECT, pattern))})
    sources = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            sources.append(Source(os.path.relpath(path, PROJECT), file.read()))
    return sources


def read_equivalent(path=EQUIVALENT):
    """{key of a mutant: reason} of a file of explained mutants.

    An entry: "FILE FUNCTION", lines "- BEFORE" and "+ AFTER" (more than one "+" for several mistakes in one line),
    then the reason. Entries are apart by empty lines; "#" begins a comment.
    """
    with open(path, encoding="utf-8") as file:
        text = "".join(line for line in file if not line.startswith("#"))
    reasons = {}
    for entry in filter(None, (part.strip() for part in text.split("\n\n"))):
        lines = entry.splitlines()
        head = lines[0].split()
        before = [line[2:] for line in lines if line.startswith("- ")]
        after = [line[2:] for line in lines if line.startswith("+ ")]
        reason = " ".join(line.strip() for line in lines[1:] if line[:2] not in ("- ", "+ "))
        if len(head) != 2 or len(before) != 1 or not after or not reason:
            raise ToolError(f"{path}: not an entry: {entry}")
        for line in after:
            reasons[(head[0], head[1], before[0], line)] = reason
    return reasons


def choose(mutants, args):
    """The mutants that are asked for. A random choice changes as little as possible when the sources change."""
    if args.only:
        chosen = [mutant for mutant in mutants if mutant.id in args.only]
        if len(chosen) < len(args.only):
            raise ToolError(f"there is no mutant {' '.join(set(args.only) - {mutant.id for mutant in chosen})}")
        return chosen
    if args.source:
        mutants = [mutant for mutant in mutants if any(name in mutant.path for name in args.source)]
    if args.random:
        mutants.sort(key=lambda mutant: hashlib.sha256(f"{args.seed} {mutant.id}".encode()).digest())
        mutants = sorted(mutants[:args.random], key=lambda mutant: (mutant.path, mutant.line))
    return mutants


def checksum(printed):
    """That of the timelines of all worlds, in what the simulator has printed."""
    lines = [line for line in printed.splitlines() if "checksum of these worlds" in line]
    return lines[0].split()[-1] if lines else ""


class Judge:
    """Tells whether anybody notices a mutant."""
    def __init__(self, build, sanitized, worlds, slow=False):
        self.folders = [Folder(build, "plain", slow)]
        if sanitized:
            self.folders.append(Folder(sanitized, "sanitized", False))
        self.simulators = {
            folder: Program(build, "sim", "tests/simulation/sim-mutant-none",
                            ["--first", "--threads", "1", "--seeds", f"1..{worlds}", *options], {})
            for folder, options in WORLDS.items()} if worlds else {}
        self.lock = threading.Lock()
        self.checksums = {}     # Of these worlds without mistake.
        self.original = {}
        self.functions = {}

    def prepare(self, sources):
        """Compiles the originals, and leaves out the tests that do not pass without mistake."""
        with tempfile.TemporaryDirectory(prefix="kskroll-mutant-") as temporary:
            for folder in self.folders:
                self._prepare(folder, sources, temporary)
            paths = [source.path for source in sources]
            self.simulators = {folder: program for folder, program in self.simulators.items()
                               if any(self._folder(path) == folder and program.has(path, self.functions[path])
                                      for path in paths) and self._passes(program, program.path())}
            self.checksums = {folder: checksum(program.outcome(program.path())[1])
                              for folder, program in self.simulators.items()}

    def _prepare(self, folder, sources, temporary):
        originals = {}
        for source in sources:
            os.mkdir(place := os.path.join(temporary, f"{folder.kind}-{source.path.replace('/', '-')}"))
            path = os.path.join(PROJECT, source.path)
            originals[source.path] = folder.compile(path, source.text, place)
            if folder is self.folders[0]:
                self.functions[source.path] = symbols(originals[source.path], "T")
                self.original[source.path] = self._optimized(path, source.text, place)[1]
        if folder is self.folders[0]:
            names = [program.name for program in folder.programs if self._runs(program)]
        else:
            names = [program.name for program in self.folders[0].programs]
        programs = [program for program in folder.programs if program.name in names]
        if folder.kind == "sanitized":
            folder.ninja(programs)
        folder.programs = []
        for program in programs:
            objects = {path: output for path, output in originals.items() if program.has(path, self.functions[path])}
            if self._passes(program, program.make(objects, temporary)):
                folder.programs.append(program)
        if not folder.programs:
            raise ToolError(f"no test in {folder.path} runs any of the sources")

    @staticmethod
    def _folder(path):
        """The folder of WORLDS that a source is in."""
        return next(folder for folder in WORLDS if path.startswith(folder))

    def _runs(self, program):
        """Whether any of the sources is in a program."""
        return any(program.has(path, functions) for path, functions in self.functions.items())

    @staticmethod
    def _passes(program, path):
        is_test = program.name != "sim"
        program.limit = 5 * LONGEST_TEST if is_test else WORLDS_LIMIT
        why = program.check(path)
        if not why and is_test and program.name not in SLOW and program.seconds > LONGEST_TEST:
            why = f"it takes {program.seconds:.0f} s"
        elif why:
            why = f"it does not pass without mistake either: {why}"
        if why:
            print(f"left out: {program.name}: {why}", flush=True)
        program.limit = max(3, int(10 * program.seconds) + 1)
        return not why

    def _optimized(self, path, text, place):
        """(path, content) of the object of a text as it is built."""
        output = self.folders[0].compile(path, text, place, optimized=True)
        with open(output, "rb") as file:
            return output, file.read()

    def verdict(self, mutant):
        """(verdict, who killed it, or what the worlds showed of a survivor)."""
        path, text = os.path.join(PROJECT, mutant.path), mutant.text()
        with tempfile.TemporaryDirectory(prefix="kskroll-mutant-") as temporary:
            try:
                killer = self._killer(self.folders[0], mutant, text, temporary)
                if killer:
                    return KILLED, killer
                output, content = self._optimized(path, text, temporary)
            except ToolError:
                return INVALID, ""
            if content == self.original[mutant.path]:
                return SAME, ""
            for folder in self.folders[1:]:
                killer = self._killer(folder, mutant, text, temporary)
                if killer:
                    return KILLED, f"{killer} ({folder.kind})"
            simulator = self.simulators.get(self._folder(mutant.path))
            if simulator is None or not simulator.has(mutant.path, self.functions[mutant.path]):
                return SURVIVED, ""
            why, printed = simulator.outcome(simulator.make({mutant.path: output}, temporary))
            if why:
                return KILLED, SIMULATOR
            same = checksum(printed) == self.checksums[self._folder(mutant.path)]
        return SURVIVED, "same worlds" if same else "changes worlds, breaks no invariant"

    def _killer(self, folder, mutant, text, temporary):
        """The first test that notices the mutant, or "". Those that have noticed most are first."""
        programs = [program for program in folder.programs if program.has(mutant.path, self.functions[mutant.path])]
        output = folder.compile(os.path.join(PROJECT, mutant.path), text, temporary)
        for program in sorted(programs, key=lambda program: -program.kills):
            if self._is_killed(program, mutant, output, temporary):
                return program.name
        return ""

    def _is_killed(self, program, mutant, output, temporary):
        made = program.make({mutant.path: output}, temporary)
        why = program.check(made)
        os.unlink(made)
        if why:
            with self.lock:
                program.kills += 1
        return bool(why)


def show(mutant, text):
    """One line about a mutant."""
    print(f"{mutant.path}:{mutant.line}: {mutant.function}: {mutant.before} -> {mutant.after} "
          f"[{mutant.operator}, {mutant.id}] {text}", flush=True)


def run_all(judge, mutants, reasons, args):
    """Runs them; returns {verdict: [mutants]}; killed by worlds is a verdict of its own."""
    result = {SAME: [], INVALID: [], KILLED: [], SURVIVED: [], "explained": [], SIMULATOR: []}
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        running = {pool.submit(judge.verdict, mutant): mutant for mutant in mutants}
        for number, future in enumerate(concurrent.futures.as_completed(running), 1):
            mutant = running[future]
            verdict, killer = future.result()
            if verdict == SURVIVED and mutant.key() in reasons:
                verdict = "explained"
            result[verdict].append(mutant)
            if killer == SIMULATOR:
                verdict = SIMULATOR
            if verdict == SURVIVED:
                show(mutant, f"SURVIVED {killer}".strip())
            elif verdict in (KILLED, SIMULATOR) and mutant.key() in reasons:
                show(mutant, f"killed by {killer}: take it out of equivalent.txt")
                result.setdefault("stale", []).append(mutant)
            elif args.verbose:
                show(mutant, f"{verdict} {killer}".strip() if verdict != SIMULATOR else "killed by worlds")
            if sys.stderr.isatty():
                print(f"\r{number}/{len(mutants)}, {time.monotonic() - start:.0f} s ", end="", file=sys.stderr)
    return result


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(prog="./run mutants", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", type=int, metavar="N", help="so many of them (default: all, which takes hours)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which ones (default 1)")
    parser.add_argument("--only", nargs="+", metavar="ID", help="these")
    parser.add_argument("--source", nargs="+", metavar="NAME", help="of the sources whose path contains NAME")
    parser.add_argument("--worlds", type=int, default=1000, metavar="N",
                        help="virtual worlds for what the unit tests do not notice (default 1000)")
    parser.add_argument("--slow", action="store_true", help="run also the tests that need a knotd")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help="at a time")
    parser.add_argument("--list", action="store_true", help="print the mutants and do not run them")
    parser.add_argument("--verbose", action="store_true", help="print also who killed what")
    parser.add_argument("--build", default=os.environ.get("KSKROLL_BUILD"), help=argparse.SUPPRESS)
    parser.add_argument("--sanitized", default=os.environ.get("KSKROLL_BUILD_ASAN"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    """The exit code: 0 if all are killed or explained, 1 if not, 2 if they could not be run."""
    args = parse()
    sources = read_sources()
    mutants = [mutant for source in sources for mutant in source.mutants]
    reasons = read_equivalent()
    stale = set(reasons) - {mutant.key() for mutant in mutants}
    for key in sorted(stale):
        print(f"{key[0]}: {key[1]}: {key[2]} -> {key[3]}: there is no such mutant any more: "
              "take it out of equivalent.txt")
    chosen = choose(mutants, args)
    if args.list:
        for mutant in chosen:
            show(mutant, "")
        print(f"{len(chosen)} mutants")
        return 1 if stale else 0
    judge = Judge(args.build, args.sanitized, args.worlds, args.slow)
    judge.prepare([source for source in sources if any(mutant.source is source for mutant in chosen)])
    result = run_all(judge, chosen, reasons, args)
    by_worlds, explained, survived = len(result[SIMULATOR]), len(result["explained"]), len(result[SURVIVED])
    killed = len(result[KILLED]) + by_worlds
    counted = killed + explained + survived
    print(f"{counted + len(result[SAME])} mutants: {killed} killed ({by_worlds} by worlds), {len(result[SAME])} equivalent by object code, "
          f"{explained} explained in equivalent.txt, {survived} survived; score "
          f"{100 * killed / counted if counted else 100:.1f} % ({killed} of {counted}); "
          f"{len(result[INVALID])} others are no C")
    return 1 if survived or stale or result.get("stale") else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ToolError, SourceError) as error:
        print(f"mutants: {error}", file=sys.stderr)
        sys.exit(2)
