#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion of kskroll in shells: test_cli_completion.py KSKROLL CLI_STORE SOURCE"""

import os
import re
import sqlite3
import subprocess

from cli_case import CliCase, KSKROLL, SOURCE, main


class Completion(CliCase):
    def complete(self, *words, env=None):
        """What bash offers for the last word."""
        script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kskroll; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        path = os.path.join(SOURCE, "tools/completion/kskroll.bash")
        environ = {"PATH": os.path.dirname(KSKROLL) + ":" + os.environ["PATH"], "KSKROLL_DB": self.db}
        p = subprocess.run(["bash", "--norc", "-c", script, path, "kskroll", *words], capture_output=True,
                           text=True, env={**environ, **(env or {})}, check=True, timeout=60)
        self.assertEqual(p.stderr, "")
        return p.stdout.split()

    def options(self):
        """{command: options}, from the help; those of every command without brackets."""
        every, found = {"--help", "--version", "--json"}, {}
        for option, where in re.findall(r"^  (?:-\w, )?(--[a-z-]+).*?(?: \[([a-z, -]+)\])?$", self.ok("--help"), re.M):
            for command in where.split(", ") if where else ():
                found.setdefault(command, set(every)).add(option)
        return found

    def test_bash_completes_commands_and_options(self):
        options = self.options()
        self.assertEqual(set(self.complete("")), set(options))
        self.assertEqual(self.complete("st"), ["status"])
        self.assertEqual(self.complete("--db", "/tmp/x", "pl"), ["plan"])
        self.assertEqual(self.complete("--db", "=", "/tmp/x", "pl"), ["plan"])
        for command, expected in options.items():
            self.assertEqual(set(self.complete(command, "--")), expected, command)
        self.assertEqual(self.complete("plan", "--after", ""), [])

    def test_bash_completes_zones_of_the_store(self):
        self.assertEqual(self.complete("plan", "b"), ["bravo.example."])
        self.assertEqual(self.complete("plan", "BR"), ["bravo.example."])
        self.assertEqual(self.complete("status", "--after", "1d", "bravo.example.", "ch"), ["charlie.example."])
        self.assertEqual(self.complete("status", "--db", self.audited, "fi"), ["fine.test."])
        self.assertEqual(self.complete("status", "--db", "=", self.audited, "fi"), ["fine.test."])
        self.assertEqual(self.complete("history", "qu"), [r'quo\\\"te\\032.example.'])
        self.assertEqual(self.complete("policies", "b"), [])
        self.assertEqual(self.complete("status", "b", env={"KSKROLL_DB": "/nonexistent"}), [])

    def test_bash_completes_files(self):
        self.assertEqual(self.complete("check-skr", "--zone", "b"), ["bravo.example."])
        for words in (["check-skr"], ["check-skr", "--ds", "x"], ["audit", "--zones"], ["report"], ["report", "--output"], ["plan", "--svg"], ["status", "--db"], ["status", "--db", "="]):
            self.assertEqual(self.complete(*words, os.path.join(SOURCE, "docs/kskroll.")),
                             [os.path.join(SOURCE, "docs/kskroll.1")])

    def test_bash_never_runs_what_a_name_says(self):
        db = self.make("evil")
        mark = os.path.join(self.folder.name, "mark")
        with sqlite3.connect(db) as con:
            con.execute("UPDATE zone SET zone = ? WHERE zone = 'alpha.example.'", (f"a$(touch${{IFS}}{mark}).example.",))
        self.assertEqual(len(self.complete("status", "--db", db, "a")), 1)
        self.assertFalse(os.path.exists(mark))

    def test_zsh_knows_every_option(self):
        with open(os.path.join(SOURCE, "tools/completion/_kskroll"), encoding="ascii") as f:
            text = f.read()
        found = set(re.findall(r"--[a-z-]+(?=\[|[},])", text))
        self.assertEqual(found, set.union(*self.options().values()))


if __name__ == "__main__":
    main()
