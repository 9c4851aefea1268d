#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of conf-examples/hooks/, run by kskroll follow with names of any kind: test_cli_hooks.py KSKROLL CLI_STORE SOURCE"""

import json
import os
import re
import stat
import subprocess
import tempfile

from cli_case import CliCase, KSKROLL, NOW, QUOTE, SOURCE, main
from follow_case import FollowCase, Followed, wait_for

HOOKS = os.path.join(SOURCE, "conf-examples/hooks")
#: What a shell, a header of a mail, JSON, sed or printf would act upon.
EVIL = ("$(touch /tmp/hook-mark)", "`touch /tmp/hook-mark`", "';touch /tmp/hook-mark;'", '";touch /tmp/hook-mark;"', "a b", "%s%n%d", "-x", "--help", "&|<>",
        "a\\", '\\"', '"', "\\n", "*", "~root", "@/etc/passwd", "\nBcc: root@example.net\n\nx", "\u202e\u00e4", '","needs_human":true,"x":"', '"summary":"x"')


#: One of these, of a zone that no longer needs a human.
FALSE = '","needs_human":true,"x":"'


class Hooks(FollowCase):
    def run_hook(self, hook, db, count, *args, more=0, env=None, answer="exit 0"):
        """The arguments and inputs of each call of sendmail, curl or a ticket command for so many events of zones, and more of delegations."""
        folder = tempfile.mkdtemp(dir=self.folder.name)
        calls = os.path.join(folder, "calls")
        os.mkdir(calls)
        for name in "sendmail", "curl", "ticket":
            with open(os.path.join(folder, name), "w", encoding="ascii") as f:
                f.write('#!/bin/sh\nmkdir "$CALLS/new"\nprintf "%s\\0" "${0##*/}" "$@" >"$CALLS/new/args"\ncat >"$CALLS/new/input"\n'
                        f'mv "$CALLS/new" "$CALLS/$(printf %04d "$(ls "$CALLS" | wc -l)")"\n{answer}\n')
            os.chmod(os.path.join(folder, name), 0o755)
        os.symlink(os.path.abspath(KSKROLL), os.path.join(folder, "kskroll"))
        state = self.place()
        env = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": calls, **(env or {})}
        with Followed("--exec", os.path.join(HOOKS, hook), "--state", state, *args, db=db, env=env, minute=20000 if "75" not in answer else 3000) as f:
            if "75" in answer:
                wait_for(lambda: len(os.listdir(calls)) > count, f.said)
            else:
                wait_for(lambda: self.kept(state)["history"] == count, f.said)
            self.assertEqual(f.end(), ("", 0))
            self.said = f.said()
        found = []
        for name in sorted(os.listdir(calls)):
            with open(os.path.join(calls, name, "args"), "rb") as f:
                args = f.read().decode().split("\0")[:-1]
            with open(os.path.join(calls, name, "input"), "rb") as f:
                found.append((args, f.read().decode()))
        # Then it may have found that the store has no row of a zone.
        return found if "75" in answer else found[:count + more]

    def evil(self):
        """A store whose zones have such names; those that are no names have no row."""
        db = self.rested(f"{QUOTE}.example.", "-x.example.")
        self.event(db, "rest.example.", to="await-ds", before="signal", gate="DS_REMOVED")
        self.event(db, f"{QUOTE}.example.", gate="HOLD")
        self.event(db, "-x.example.", gate="HOLD")
        with self.change(db) as con:
            con.executemany("INSERT INTO history (time, zone, from_state, to_state, gate, evidence) VALUES (?, ?, 0, 0, 3, '{}')",
                            [(NOW, f"{name}.example.") for name in EVIL])
            con.execute("INSERT INTO history (time, zone, from_state, to_state, gate, evidence) VALUES (?, ?, 0, 0, 0, '{}')", (NOW, f"{FALSE}.example."))
        self.event(db, "rest.example.", to="await-ds")
        return db, 5 + len(EVIL)

    def texts(self, db, member):
        with Followed("--state", self.place(), db=db) as f:
            return [line[member] for line in f.take(5 + len(EVIL))]

    def tearDown(self):
        self.assertFalse(os.path.exists("/tmp/hook-mark"))

    def test_a_mail_is_one_whatever_the_zone_is_called(self):
        db, count = self.evil()
        mails = self.run_hook("mail.sh", db, count, env={"MAILTO": "root"})
        self.assertEqual(self.said, "")
        self.assertEqual(len(mails), count)
        for (args, mail), summary in zip(mails, self.texts(db, "summary")):
            head, _, body = mail.partition("\n\n")
            self.assertEqual(args, ["sendmail", "-t"])
            names = [line.split(":")[0] for line in head.split("\n")]
            self.assertEqual(names, ["To", "Subject", "Auto-Submitted"], mail)
            self.assertEqual(head.split("\n")[0], "To: root")
            plain = summary.isascii()
            self.assertTrue(not plain or head.split("\n")[1] == f"Subject: {f'kskroll: {summary}'[:200]}", (head, summary))
            self.assertTrue(not plain or body.startswith(f"{summary}\n\n"), body)
        self.assertIn("rest.example.: await-ds, ds-removed, needs a human: ", mails[0][1])
        # All about the zone, with commands, also where a name looks like an option.
        for (_, mail), zone in zip(mails, ("rest.example.", f"{QUOTE}.example.", "-x.example.")):
            self.assertIn(self.ok("status", "--", zone, db=db).split("\n")[3], mail)

    def test_a_mail_about_a_delegation_has_what_is_known_of_it(self):
        db = self.make("mailed", "delegations")
        self.add_zone(db, "rest.example.")
        self.event(db)  # Newer than the three of delegations.
        mails = self.run_hook("mail.sh", db, 1, more=3, env={"MAILTO": "root"})[:-1]
        self.assertEqual(len(mails), 3)
        self.assertIn("Subject: kskroll: differs.test.: survey, signals-differ-at: ", mails[1][1])
        self.assertIn(self.ok("delegation", "differs.test", db=db).split("\n")[1], mails[1][1])

    def test_a_chat_gets_valid_json(self):
        db, count = self.evil()
        calls = self.run_hook("chat.sh", db, count, env={"WEBHOOK": "https://chat.example/hooks/secret"}, answer="echo 200")
        self.assertEqual(self.said, "")
        texts = []
        for args, given in calls:
            self.assertEqual(given, 'url = "https://chat.example/hooks/secret"\n')
            self.assertNotIn("secret", " ".join(args))
            self.assertEqual(args[args.index("--config") + 1], "-")
            data = json.loads(args[args.index("--data") + 1])
            self.assertEqual(list(data), ["text"])
            texts.append(data["text"])
        self.assertEqual(texts, self.texts(db, "summary"))

    def test_a_chat_that_is_not_reached_gets_it_again_and_one_that_refuses_does_not(self):
        db = self.rested()
        self.event(db)
        for answer in "echo 000; exit 7", "exit 28", "echo 429", "echo 503":
            self.assertGreater(len(self.run_hook("chat.sh", db, 1, env={"WEBHOOK": "x"}, answer=f"{answer} # 75")), 1, answer)
        self.assertEqual(len(self.run_hook("chat.sh", db, 1, env={"WEBHOOK": "x"}, answer="echo 404")), 1)
        self.assertIn("chat.sh: 404\n", self.said)
        self.assertIn("has ended with exit code 1;", self.said)

    def test_without_an_address_nothing_is_sent(self):
        db = self.rested()
        self.event(db)
        for hook, name in ("chat.sh", "WEBHOOK"), ("mail.sh", "MAILTO"):
            self.assertEqual(self.run_hook(hook, db, 1), [])
            self.assertIn(name, self.said)

    def test_a_ticket_is_opened_and_closed(self):
        db, count = self.evil()
        calls = self.run_hook("ticket.sh", db, count, "--blocked", env={"TICKET": "ticket"})
        self.assertEqual(self.said, "")
        summaries = self.texts(db, "summary")
        self.assertEqual(len(calls), count)
        for (args, _), summary, zone in zip(calls[:-2], summaries, self.texts(db, "zone")):
            if summary.isascii():
                self.assertEqual(args, ["ticket", "open", f"kskroll:{zone}", summary])
            self.assertEqual((args[1], len(args)), ("open", 4))
        self.assertEqual(calls[-2][0], ["ticket", "close", f"kskroll:{FALSE}.example."])
        self.assertEqual(calls[-1][0], ["ticket", "close", "kskroll:rest.example."])


class Examples(CliCase):
    def test_hooks_can_be_run(self):
        names = sorted(os.listdir(HOOKS))
        self.assertEqual(names, ["chat.sh", "mail.sh", "ticket.sh"])
        for name in names:
            path = os.path.join(HOOKS, name)
            self.assertTrue(os.stat(path).st_mode & stat.S_IXUSR, name)
            self.assertEqual(subprocess.run(["sh", "-n", path], check=False, timeout=60).returncode, 0, name)
            with open(path, encoding="ascii") as f:
                self.assertNotIn("eval", f.read())

    def test_the_example_for_systemd_runs_a_command_and_a_hook_that_exist(self):
        with open(os.path.join(SOURCE, "docs/monitoring/kskroll-follow.service"), encoding="ascii") as f:
            text = f.read()
        command, = re.findall(r"^ExecStart=/usr/bin/kskroll (.*)", text, re.M)
        hook = re.search(r"--exec /usr/local/lib/kskroll/(\S+)", command)[1]
        self.assertTrue(os.path.exists(os.path.join(HOOKS, hook)))
        folder = re.search(r"^StateDirectory=(.*)", text, re.M)[1]
        self.assertIn(f"--state /var/lib/{folder}/", command)
        # The line is one that it takes: what it does not take is wrong usage, before anything else.
        args = [arg.replace(f"/var/lib/{folder}", "/nonexistent") for arg in command.split()]
        self.assertIn("/nonexistent/state cannot be written", self.bad(1, *args))


if __name__ == "__main__":
    main()
