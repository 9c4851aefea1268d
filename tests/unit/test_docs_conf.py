#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file of conf-examples/, and every piece of knot.conf in the documentation, passes knotc conf-check with the module; wrong ones do not.

test_docs_conf.py MODULE.so KSKROLL SOURCE; exits with 77 (skipped) and the reason if it cannot run.
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
sys.path.insert(0, SOURCE)

from tests import pages  # pylint: disable=wrong-import-position


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


def knot_version():
    """As numbers."""
    out = subprocess.run(["knotc", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", out).groups()))


class Piece:
    """A piece of knot.conf in the documentation, and the frame that makes it a whole: what it refers to, and zones that use what it has."""
    #: Section -> items that name an id of it.
    REFERENCES = {"policy": ("dnssec-policy",), "key": ("key", "parent-key", "update-key"), "acl": ("acl",), "remote": ("notify", "master"),
                  "dnskey-sync": ("dnskey-sync",),
                  "mod-kskroll": ("module", "global-module")}
    BODIES = {"policy": "", "key": "    algorithm: hmac-sha256\n    secret: bGFi\n", "acl": "    address: 192.0.2.9\n    action: transfer\n",
              "remote": "    address: 192.0.2.9\n", "dnskey-sync": "    remote: other-signer\n", "mod-kskroll": ""}

    def __init__(self, text, version):
        # What only a newer Knot DNS has says so.
        lines = [line for line in text.split("\n") if not (m := re.search(r"# Knot DNS (\d+)\.(\d+)", line)) or tuple(map(int, m.groups())) <= version]
        self.text = re.sub(r"secret: \.\.\.", "secret: bGFi", "\n".join(lines))

    def ids(self, section):
        """Ids that the piece gives in a section."""
        parts = re.findall(rf"^{section}:[^\n]*\n((?:[ #][^\n]*\n|\n)*)", self.text, re.M)
        return [one for part in parts for one in re.findall(r"- (?:id|domain): (\S+)", part)]

    def missing(self, section):
        """Ids that the piece refers to and does not give."""
        found = []
        for item in self.REFERENCES[section]:
            for value in re.findall(rf"^ +{item}: ([^#\n]+)", self.text, re.M):
                found += [one.partition("/")[2] if section == "mod-kskroll" else one for one in re.split(r"[\[\], ]+", value)]
        # The frame's own section of that name refers to it.
        found += ["other-signer"] if section == "remote" and self.missing("dnskey-sync") else []
        return sorted({one for one in found if one} - set(self.ids(section)))

    def whole(self):
        """The configuration to be checked."""
        frame = "".join(f"{section}:\n" + "".join(f"  - id: {one}\n{self.BODIES[section]}" for one in self.missing(section))
                        for section in self.REFERENCES if self.missing(section))
        zones = "".join(f"  - domain: {kind}{number}.example\n    {item}: {prefix}{one}\n{more}"
                        for kind, item, prefix, more in (("module", "module", "mod-kskroll/", ""), ("policy", "dnssec-policy", "", "    dnssec-signing: on\n"),
                                                         ("acl", "acl", "", ""))
                        for number, one in enumerate(self.ids("mod-kskroll" if kind == "module" else kind)))
        # An item of the server counts only there.
        engine = "template:\n  - id: default\n    global-module: mod-kskroll/default\n" \
            if "default" in self.ids("mod-kskroll") and not self.ids("template") else ""
        return f"{frame}{self.text}{engine}" + (f"zone:\n{zones}" if zones else "")


class DocsPieces(unittest.TestCase):
    def setUp(self):
        if os.environ.get("KSKROLL_KNOT") == "3.2":
            self.skipTest("the documentation is for newer ones than Knot DNS 3.2")
        self.version = knot_version()

    def test_every_piece_is_accepted(self):
        pieces = [part for part in pages.all_parts() if part.kind() == "conf" and not part.reason]
        self.assertGreater(len(pieces), 10)
        for part in pieces:
            if part.text.split() == ["module:", "-", "id:", "mod-kskroll"]:
                continue  # check() has it, with the file of the build.
            with self.subTest(part.where):
                whole = Piece(part.text, self.version).whole()
                code, words = check(whole)
                self.assertEqual((code, "warning" in words), (0, False), f"{words}\n{whole}")

    def test_a_wrong_piece_is_not(self):
        for text in ("policy:\n  - id: standard\n    no-such-item: 1\n", "mod-kskroll:\n  - id: registry\n    lead: 1m\n",
                     "mod-kskroll:\n  - id: default\n    parent-via: update\n", "zone:\n  - domain: example.com\n    dnssec-signing: perhaps\n",
                     "acl:\n  - id: ds\n    update-type: DSS\n"):
            with self.subTest(text):
                self.assertNotEqual(check(Piece(text, self.version).whole())[0], 0)

    def test_a_piece_gets_what_it_refers_to(self):
        piece = Piece("zone:\n  - domain: example.com\n    dnssec-policy: standard\n    module: mod-kskroll/own\n    acl: [ one, two ]\n", (3, 4))
        self.assertEqual([piece.missing(section) for section in ("policy", "mod-kskroll", "acl")], [["standard"], ["own"], ["one", "two"]])
        newer = Piece("policy:\n  - id: a\n    dnskey-sync: b # Knot DNS 3.5\n", (3, 5))
        self.assertEqual((newer.missing("dnskey-sync"), newer.missing("remote")), (["b"], ["other-signer"]))
        self.assertNotIn("dnskey-sync", Piece("policy:\n  - id: a\n    dnskey-sync: b # Knot DNS 3.5\n", (3, 4)).text)


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
