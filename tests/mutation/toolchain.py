# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles one source with a mistake, links the tests with it, and runs them until one notices.

Nothing is written into the build folder: the commands are those of ninja and compile_commands.json, with the
mutated object put before the library that has the right one.
"""

import atexit
import json
import os
import resource
import shlex
import signal
import subprocess
import tempfile
import time

# They wait for a knotd: too slow to be run for each mutant unless that is asked for.
SLOW = {"server_knotd", "server_reread", "server_key_actor", "server_fake"}
LONGEST_TEST = 60           # Seconds of a test without mistake: what takes longer is left out.
WORLDS_LIMIT = 600          # Seconds for the simulator.
SCRATCH = tempfile.TemporaryDirectory(prefix="kskroll-mutant-")
atexit.register(SCRATCH.cleanup)


class ToolError(Exception):
    """The mutants cannot be run."""


def run(command, folder):
    """Runs a command of the compiler or of ninja; returns its output. Raises ToolError."""
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolError(f"{shlex.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def symbols(file, kinds):
    """The symbols of these kinds (of nm) that an object or a program has."""
    lines = [line.split() for line in run(["nm", "--defined-only", file], "/").splitlines()]
    return {words[-1] for words in lines if len(words) > 1 and words[-2] in kinds}


def object_name(source):
    """How the name of the object of a source ends where a program is made of it directly."""
    return source.replace("/", "_") + ".o"


class Program:
    """A test: how it is linked, how it is run, how long it takes."""
    def __init__(self, build, name, target, arguments, environment):
        self.build, self.name, self.target = build, name, target
        self.arguments, self.environment = arguments, environment
        commands = run(["ninja", "-t", "commands", target], build).splitlines()
        self.link = shlex.split(commands[-1]) if commands else []
        self.seconds = 0.0
        self.kills = 0
        self.limit = 0
        self.functions = None

    def path(self):
        """The program as it was built, without mistake."""
        return os.path.join(self.build, self.target)

    def has(self, source, functions):
        """Whether the program is linked with the object of a source, which has these functions."""
        if any(word.endswith(object_name(source)) for word in self.link):
            return True
        if self.functions is None:
            self.functions = symbols(self.path(), "Tt")   # Hidden ones have become local.
        return functions <= self.functions

    def make(self, objects, folder):
        """Links it once more with these {source: object} in place of its own ones; returns the path."""
        output = os.path.join(folder, self.name)
        command = list(self.link)
        command[command.index("-o") + 1] = output
        names = tuple(object_name(source) for source in objects)
        # Its own objects are on the line, or in a library, which comes later.
        command = [word for word in command if not word.endswith(names)]
        run([*command[:1], *objects.values(), *command[1:]], self.build)
        return output

    def check(self, program):
        """Runs it; returns "" if all is well, else why not."""
        return self.outcome(program)[0]

    def outcome(self, program):
        """Runs it; returns ("" if all is well, else why not; what it printed)."""
        with tempfile.TemporaryFile(dir=SCRATCH.name) as output:
            why = self._run(program, output)
            output.seek(0)
            return why, output.read().decode(errors="replace")

    def _run(self, program, output):
        environment = dict(os.environ, **self.environment)
        environment["ASAN_OPTIONS"] = "detect_leaks=1:hard_rss_limit_mb=1500"
        environment["UBSAN_OPTIONS"] = "halt_on_error=1"
        environment["MALLOC_PERTURB_"] = "125"      # As meson: memory that nobody has set is not zero.
        limit = self.limit or LONGEST_TEST

        def bounds():
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 26, 1 << 26))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        before = time.monotonic()
        # Its own group: whatever it has started ends with it.
        process = subprocess.Popen([program, *self.arguments], cwd=self.build, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=bounds)
        try:
            # The limit is CPU time; what sleeps is given more.
            code = process.wait(5 * limit + 10)
        except subprocess.TimeoutExpired:
            code = -signal.SIGXCPU
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        self.seconds = time.monotonic() - before
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return "no end"
        return "" if code == 0 else f"exit code {code}" if code > 0 else signal.Signals(-code).name


class Folder:
    """A build folder of meson: its tests and how its objects are compiled."""
    def __init__(self, path, kind, slow):
        """kind: "plain" or "sanitized"."""
        self.path, self.kind, self.slow = path, kind, slow
        with open(os.path.join(path, "compile_commands.json"), encoding="utf-8") as file:
            self.commands = json.load(file)
        self.programs = [*self._tests()]

    def _tests(self):
        with open(os.path.join(self.path, "meson-info", "intro-tests.json"), encoding="utf-8") as file:
            tests = json.load(file)
        for test in tests:
            target = os.path.relpath(test["cmd"][0], self.path)
            if target.startswith("tests/unit/") and (self.slow or test["name"] not in SLOW):
                yield Program(self.path, test["name"], target, test["cmd"][1:], test["env"])

    def ninja(self, programs):
        """Builds what is missing."""
        run(["ninja", *(program.target for program in programs)], self.path)

    def object_command(self, source):
        """The command that compiles a source into the library, without its files and its warnings."""
        found = [entry for entry in self.commands
                 if os.path.realpath(os.path.join(entry["directory"], entry["file"])) == source
                 and entry["output"].startswith("module/")]
        if not found:
            raise ToolError(f"{source} is not compiled in {self.path}")
        words, kept = shlex.split(found[0]["command"]), []
        while words:
            word = words.pop(0)
            if word in ("-MQ", "-MF", "-o", "-c"):
                words.pop(0)
            elif word not in ("-MD", "-Werror", "-Wall", "-Wextra", "-g"):
                kept.append(word)
        # A variable whose initialization was dropped must not be right by chance.
        unset = ["-ftrivial-auto-var-init=pattern"] if self.kind == "sanitized" else []
        return [*kept, *unset, "-w", "-g0", "-iquote", os.path.dirname(source)]

    def compile(self, source, text, folder, optimized=False):
        """Compiles this text as the source; returns the object. Raises ToolError if it is no C.

        Most mutants are killed by the first test: compiling must be quick unless it is asked for more.
        """
        copy = os.path.join(folder, os.path.basename(source))
        output = os.path.join(folder, f"{self.kind}{'-optimized' if optimized else ''}.o")
        with open(copy, "w", encoding="utf-8") as file:
            file.write(f'#line 1 "{source}"\n{text}')
        run([*self.object_command(source), "-O2" if optimized else "-O0", "-o", output, "-c", copy], self.path)
        return output
