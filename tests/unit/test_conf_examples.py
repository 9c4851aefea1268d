#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file of conf-examples/ passes knotc conf-check with the module, and wrong ones do not.

test_conf_examples.py MODULE.so KSKROLL SOURCE; exits with 77 (skipped) and the reason if it cannot run.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

MODULE, KSKROLL, SOURCE = sys.argv[1:4]
EXAMPLES = os.path.join(SOURCE, "conf-examples")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def installed():
    """Whether knotc loads the module by itself: then naming it once more is a duplicate."""
    p = subprocess.run(["pkg-config", "--variable=module_instdir", "knotd"], capture_output=True, text=True,
                       check=False)
    folder = p.stdout.strip()
    return bool(folder) and os.path.exists(os.path.join(folder, "kskroll.so"))


def check(text):
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="ascii") as f:
        if not installed():
            f.write(f"module:\n  - id: mod-kskroll\n    file: {MODULE}\n\n")
        f.write(text)
        f.flush()
        p = subprocess.run(["knotc", "-c", f.name, "conf-check"], capture_output=True, text=True,
                           timeout=60, check=False)
        return p.returncode, p.stdout + p.stderr


def read(name):
    with open(os.path.join(EXAMPLES, name), encoding="ascii") as f:
        return f.read()


class ConfExamples(unittest.TestCase):
    def test_every_example_is_accepted(self):
        names = sorted(os.path.basename(p) for p in glob.glob(os.path.join(EXAMPLES, "*.conf")))
        self.assertGreaterEqual(len(names), 4)
        for name in names:
            with self.subTest(name):
                if "mod-authsignal" in read(name) and os.environ.get("KSKROLL_KNOT") == "3.2":
                    self.skipTest("mod-authsignal is newer than Knot DNS 3.2")
                code, words = check(read(name))
                self.assertEqual(code, 0, words)
                self.assertNotIn("warning", words)

    def test_a_wrong_value_is_refused_with_a_sentence(self):
        right = read("dry-run.conf")
        for item, value, words in (
                ("ttl", "10", "ttl is 10s, must be between 5m and 15m"),
                ("ttl", "1h", "ttl is 3600s, must be between 5m and 15m"),
                ("lead", "59m", "lead is 3540s, must be 1h at least"),
                ("observe", "10m", "observe is 600s, must be 1h at least"),
                ("settle", "1h", "settle is 3600s, must be 1d at least"),
                ("check-interval", "10", "check-interval is 10s, must be between 1m and 1d"),
                ("ds-check-interval", "2d", "ds-check-interval is 172800s, must be between 1m and 1d"),
                ("unreachable-after", "1m", "unreachable-after is 60s, must be 1h at least"),
                ("ksk-lifetime", "9d", "ksk-lifetime is 777600s, must be 0 or settle plus 7d"),
                ("spread", "356d", "spread is 30758400s, must be 30672000s at most: ksk-lifetime without settle and 7d"),
                ("storage", "here", "storage 'here' must be an absolute path"),
                ("nameserver", "/some/path", "nameserver must be an IP address")):
            text = re.sub(r"    ksk-lifetime: 365d\n", "", right) if item == "ksk-lifetime" else right
            code, out = check(text.replace("    dry-run: on\n", f"    dry-run: on\n    {item}: {value}\n"))
            with self.subTest(item=item, value=value):
                self.assertNotEqual(code, 0)
                self.assertIn(words, out)

    def test_the_policies_of_the_hoster_are_those_that_kskroll_prints(self):
        text = read("hoster.conf")
        p = subprocess.run([KSKROLL, "policies", "hosted"], input=text, capture_output=True, text=True,
                           check=True)
        printed = p.stdout.split("policy:\n", 1)[1]
        self.assertIn(printed, text)

    def test_printed_policies_are_accepted(self):
        text = read("single-zone.conf")
        p = subprocess.run([KSKROLL, "policies", "standard", "--ttl", "10m"], input=text, capture_output=True,
                           text=True, check=True)
        printed = p.stdout.split("policy:\n", 1)[1]
        code, words = check(text.replace("\ntemplate:\n", "\n" + printed + "\ntemplate:\n", 1))
        self.assertEqual(code, 0, words)


if __name__ == "__main__":
    if shutil.which("knotc") is None:
        skip("no knotc")
    if subprocess.run(["getent", "passwd", "knot"], capture_output=True, check=False).returncode != 0:
        skip("no user knot, which the examples name")
    if not os.path.exists(MODULE):
        skip(f"{MODULE} has not been built")
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
