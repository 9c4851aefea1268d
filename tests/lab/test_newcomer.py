# SPDX-License-Identifier: GPL-3.0-or-later
"""A newcomer's first rollover: what README.md and docs/ show, nothing else, with a secondary that gets stuck."""

import glob
import os
import re
import shlex

from . import ask, check
from .daemons import run
from .faults import QUICK, QUICK_MODULE, store_path
from .marks import bound
from .progress import STEPS
from .stuck import stuck
from .test_rollover import ROLLOVER, ZONE
from .wait import LabError, wait_until
from .world import CHILD_BIND, World, module_path

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Newcomer:
    """Types commands that the documentation shows, with the name of his own zone, and his own for other \a names."""

    def __init__(self, world, zone=ZONE, kskroll=None, names=None):
        self.world = world
        self.names = {**(names or {}), "example.com": zone}
        self.read = ""
        for path in [os.path.join(TOP, "README.md"), *sorted(glob.glob(os.path.join(TOP, "docs", "*.rst")))]:
            with open(path, encoding="utf-8") as file:
                self.read += file.read()
        self.kskroll = kskroll or os.path.join(os.environ["KSKROLL_BUILD"], "tools", "kskroll")

    def types(self, shown, end="", codes=(0,), zone=None):
        """Runs a command as it is shown, with the zone of the lab and what the lab needs at its end."""
        assert re.search(re.escape(shown) + r"(?![\w-])", self.read), f"not in the documentation: {shown}"
        typed = shown
        for name, own in {**self.names, **({"example.com": zone} if zone else {})}.items():
            typed = typed.replace(name, own)
        return self.runs(typed + end, codes)

    def runs(self, command, codes=(0,)):
        """Runs a command that kskroll itself has printed, or one of types()."""
        program, *arguments = shlex.split(command)
        if program == "knotc":
            if arguments == ["conf-check"]:
                done = run(["knotc", "-c", self.world.knot.path("knot.conf"), *arguments])
            else:
                done = run(["knotc", "-s", self.world.knot.socket, *arguments])
        elif program == "kskroll":
            done = run([self.kskroll, *arguments], env={**os.environ, "KSKROLL_DB": store_path(self.world)})
        else:
            assert program in ("kdig",), command
            done = run([program, *arguments])
        if done.returncode not in codes:
            raise LabError(f"{command}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def sees(self, pattern, shown="kskroll status example.com", end="", bound_=30):
        """Checks until the output has it; returns the output."""
        def check():
            out = self.types(shown, end, codes=(0, 1, 3))
            return re.search(pattern, out, re.M) and out
        try:
            return wait_until(check, bound_, f"{shown} shows {pattern}")
        except LabError as error:
            raise LabError(f"{error}\n{self.types(shown, end, codes=(0, 1, 3))}") from None


def install(world):
    """The engine in the template, an instance with dry-run at the zone, by editing knot.conf."""
    world.module = module_path()
    world.knot.sections = world.knot_sections()
    world.knot.configure()


@bound(180)
def test_from_dry_run_to_history_with_a_secondary_that_gets_stuck(directory):
    settings = {**QUICK, "module_settings": QUICK_MODULE,
                "zone_module_settings": {ZONE: {"dry-run": True}}}
    with World(directory=directory, **settings) as world:
        old = ask.ksks(world.knot.address, ZONE)
        user = Newcomer(world)

        # Installs it and checks.
        install(world)
        user.types("knotc conf-check")
        user.types("knotc reload")
        user.sees(rf"^{re.escape(ZONE)} +idle ", "kskroll status")
        # The parent has been asked: from here on the plan knows its TTL.
        user.sees(r"^  ns1\.test\. 127\.0\.2\.1\S* +ok ")
        plan = user.types("kskroll plan example.com")
        assert re.findall(r"^20\S+Z .* ([\w-]+): ", plan, re.M) == [*STEPS[1:], "idle"], plan
        assert ask.ksks(world.knot.address, ZONE) == old

        # Switches it on and rolls; a secondary of somebody else does not follow.
        user.types("knotc conf-begin")
        user.types("knotc conf-set 'zone[example.com].module' mod-kskroll", "/default")
        user.types("knotc conf-commit")
        with stuck(world.child_bind):
            user.types("knotc zone-key-rollover example.com ksk")

            # Why does it not go on? The output alone has to say it.
            out = user.sees(r"^Waits for +dnskey-missing-at at ns2\.")
            new = [key for key in world.ksk_tags(ZONE) if key not in ask.ksk_tags(CHILD_BIND, ZONE)]
            assert re.search(rf"^Waits for +dnskey-missing-at at ns2\.{re.escape(ZONE)} 127\.0\.3\.3\b", out, re.M), out
            assert re.search(r"^ +a nameserver does not have the new DNSKEY yet$", out, re.M), out
            assert re.search(rf"^ +seen: no DNSKEY {new[0]}$", out, re.M), out
            assert re.search(r"^Who acts +secondary: Check transfers to that server \(knotc zone-notify\)\.$", out, re.M), out
            assert re.search(r"^Next check ", out, re.M), out
            useful = re.findall(r"^  ((?:knotc|kdig) .*)$", out.partition("Useful now:")[2].partition("To give the rollover up")[0], re.M)
            assert [command.split()[0] for command in useful] == ["kdig", "knotc"], out
            answer = user.runs(useful[0])
            assert len(re.findall(r"\bDNSKEY\t257 ", answer)) == 1, answer  # the old one alone
            user.sees(rf"^{re.escape(ZONE)} +introduce .* dnskey-missing-at +secondary .* 127\.0\.3\.3",
                      "kskroll status --blocked", " --after 1s")
        # Mended: the command that was shown.
        user.runs(useful[1])

        user.sees(r": no rollover is in progress$", bound_=ROLLOVER)
        check.rolled(world, ZONE, old)
        history = user.types("kskroll history example.com")
        steps = re.findall(r"([\w-]+) -> ([\w-]+)", history)
        expected = ["idle", *STEPS[1:], "idle"]
        assert steps == list(zip(expected, expected[1:])), history
        assert "dnskey-missing-at" in history and "127.0.3.3" in history, history
        assert user.types("kskroll status --blocked") == "Nothing needs a human.\n"
        world.assert_secure()
