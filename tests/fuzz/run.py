# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the fuzz targets; see ./run --help.

Inputs that reach something new are kept in the work folder over runs. --merge takes the smallest set of
them that reaches as much, beyond the seeds, into tests/fuzz/corpus. An input that fails is kept as well, and said.
"""

import argparse
import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
#: Octets of an input: a whole answer, and little else is longer than a few records.
LENGTHS = {"answer": 65536, "child": 65536, "denial": 16384, "epp": 16384}
USUAL_LENGTH = 4096
#: Octets of an input in the corpus of the tree, seeds apart.
CORPUS_LENGTH = 1024
#: Seconds that one input may take with sanitizers: work has its own limits (work.c), this is for loops.
TIMEOUT = 10
MEMORY_MB = 2048


def targets(build, names):
    found = sorted(os.path.basename(path).removeprefix("fuzz_") for path in glob.glob(f"{build}/tests/fuzz/fuzz_*")
                   if os.access(path, os.X_OK) and os.path.isfile(path))
    return [target for target in found if not names or any(name in target for name in names)]


def command(build, target, *arguments):
    length = LENGTHS.get(target, USUAL_LENGTH)
    return [f"{build}/tests/fuzz/fuzz_{target}", f"-max_len={length}", f"-timeout={TIMEOUT}",
            f"-rss_limit_mb={MEMORY_MB}", "-print_final_stats=1", *arguments]


def environment():
    return {**os.environ, "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1:external_symbolizer_path=/usr/bin/addr2line", "UBSAN_OPTIONS": "print_stacktrace=1"}


def statistics(path):
    """"stat::name: value" lines of libFuzzer."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return dict(line[6:].replace(" ", "").strip().split(":", 1) for line in file if line.startswith("stat::"))


def fuzz(build, found, target, seconds):
    """Returns the files that made the target fail, and prints how it went."""
    corpus = f"{found}/corpus/{target}"
    os.makedirs(corpus, exist_ok=True)
    log = f"{found}/{target}.log"
    prefix = f"{found}/{target}-"
    before = set(glob.glob(prefix + "*-*"))
    start = time.monotonic()
    with open(log, "wb") as file:
        code = subprocess.run(command(build, target, f"-max_total_time={seconds}", f"-artifact_prefix={prefix}",
                                      corpus, f"{HERE}/corpus/{target}"),
                              stdout=subprocess.DEVNULL, stderr=file, env=environment(), check=False).returncode
    stats = statistics(log)
    failed = sorted(set(glob.glob(prefix + "*-*")) - before)
    print(f"{'ok  ' if code == 0 else 'FAIL'} {target}: {stats.get('number_of_executed_units', '?')} inputs in "
          f"{time.monotonic() - start:.0f} s, {stats.get('new_units_added', '?')} new, {len(os.listdir(corpus))} kept", flush=True)
    for path in failed:
        print(f"     again: {build}/tests/fuzz/fuzz_{target} {path}", flush=True)
    if code != 0:
        print(f"     all of it: {log}", flush=True)
        return failed or [log]
    return []


def merge(build, found, target):
    """Into the corpus of the tree: the seeds, and of all others the fewest and smallest that reach more."""
    ours, merged = f"{HERE}/corpus/{target}", f"{found}/merged/{target}"
    shutil.rmtree(merged, ignore_errors=True)
    os.makedirs(merged)
    for path in glob.glob(f"{ours}/seed-*"):
        shutil.copy(path, merged)
    folders = [folder for folder in (ours, f"{found}/corpus/{target}") if os.path.isdir(folder)]
    # The length has to come after the usual one.
    subprocess.run(command(build, target, "-merge=1", f"-max_len={CORPUS_LENGTH}", merged, *folders),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), check=True)
    shutil.rmtree(ours)
    shutil.copytree(merged, ours)
    sizes = [os.path.getsize(path) for path in glob.glob(ours + "/*")]
    print(f"{target}: {len(sizes)} files, {sum(sizes)} octets", flush=True)


def main(arguments):
    parser = argparse.ArgumentParser(prog="./run fuzz", description=__doc__)
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("found", help=argparse.SUPPRESS)
    parser.add_argument("--merge", action="store_true", help="take what was found into tests/fuzz/corpus")
    parser.add_argument("what", nargs="*", metavar="SECONDS|NAME", help="seconds for each target; targets")
    options = parser.parse_args(arguments)
    seconds = [int(word) for word in options.what if word.isdigit()] or [60]
    chosen = targets(options.build, [word for word in options.what if not word.isdigit()])
    if len(seconds) > 1 or seconds[0] == 0 or not chosen:
        parser.error("one number of seconds, and names of targets that there are")

    os.makedirs(options.found, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        if options.merge:
            list(pool.map(lambda target: merge(options.build, options.found, target), chosen))
            return 0
        failed = list(pool.map(lambda target: fuzz(options.build, options.found, target, seconds[0]), chosen))
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
