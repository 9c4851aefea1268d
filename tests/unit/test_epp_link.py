#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with an EPP server: when they begin and end, whose turn it is, what becomes of commands: test_epp_link.py PROBE SOURCE"""

import dataclasses
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROBE, SOURCE = sys.argv[1:3]
sys.dont_write_bytecode = True
sys.path.insert(0, SOURCE)
from tests.lab.epp_certs import Authority  # noqa: E402
from tests.lab.epp_objects import Ds, Registry  # noqa: E402
from tests.lab.epp_server import Cut, EppServer  # noqa: E402
from tests.lab.wait import PATIENCE, stays, wait_until  # noqa: E402

CLIENT, PASSWORD, DOMAIN = "lab-client", "secret-pw-1", "example.test"
OLD, NEW = Ds(1, 13, 2, "A1" * 32), Ds(2, 13, 2, "B2" * 32)
CHANGE = f"update {DOMAIN} -1/13/2/{'A1' * 32} +2/13/2/{'B2' * 32}"


class Probe:
    """The program, its lines as they come."""

    def __init__(self, path, speed=1):
        self.process = subprocess.Popen([PROBE, path, "lab", str(speed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines, self._ended = queue.Queue(), None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def say(self, *lines):
        """Gives it lines."""
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def next(self, seconds=20):
        """The next line."""
        return self.lines.get(timeout=seconds * PATIENCE)

    def ask(self, line):
        """What comes of one command, without its name: (status, code, text)."""
        self.say(f"x {line}")
        name, status, code, text = (self.next() + " ").split(" ", 3)
        assert name == "x", name
        return status, int(code), text.strip()

    def state(self):
        """In its words."""
        self.say("state")
        return self.next().removeprefix("state ")

    def end(self):
        """\\return (exit code, the lines that are left, what is on stderr)."""
        if self._ended is None:
            self.process.stdin.close()
            code = self.process.wait(20 * PATIENCE)
            self._thread.join(20)
            self.process.stdout.close()
            with self.process.stderr as errors:
                self._ended = code, list(self.lines.queue), errors.read()
        return self._ended


class Link(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="kskroll-epp-")
        self.addCleanup(self.folder.cleanup)
        self.authority = Authority(self.folder.name)
        self.client = self.authority.issue("client", client=True)
        self.registry = Registry()
        self.registry.add_client(CLIENT, PASSWORD)
        self.registry.add(DOMAIN, CLIENT, [OLD])

    def server(self, **more):
        server = EppServer(self.registry, self.authority.issue("server", ["127.0.0.1"]), self.authority.ca, **more)
        self.enterContext(server)
        return server

    def probe(self, server, speed=1, quiet=True, **items):
        path = os.path.join(self.folder.name, "accounts.conf")
        usual = {"id": "lab", "server": "127.0.0.1", "port": server.port, "ca": self.authority.ca, "cert": self.client[0], "key": self.client[1],
                 "login": CLIENT, "password": PASSWORD, "timeout": min(20 * speed, 3600), "idle-close": 3600, "commands": 6000}
        with open(path, "w", encoding="ascii", opener=lambda where, flags: os.open(where, flags, 0o600)) as file:
            file.write("account:\n" + "".join(f"  {'-' if item == 'id' else ' '} {item}: {value}\n" for item, value in {**usual, **items}.items()))
        probe = Probe(path, speed)

        def end():
            code, lines, errors = probe.end()
            self.assertEqual((code, errors), (0, ""))
            if quiet:
                self.assertEqual(lines, [])
        self.addCleanup(end)
        return probe

    def verbs(self, server):
        """What came, but for the questions for messages."""
        return [verb for verb in server.verbs() if verb != "poll"]

    def test_200_domains_over_one_session_at_60_commands_a_minute(self):
        names = [f"d{number}.test" for number in range(200)]
        for name in names:
            self.registry.add(name, CLIENT, [OLD])
        server, speed = self.server(), 60
        probe = self.probe(server, speed, commands=60)
        probe.say(*[f"{name} {CHANGE.replace(DOMAIN, name)}" for name in names])
        self.assertEqual([probe.next(30) for _ in names], [f"{name} answer 1000 Command completed successfully" for name in names])
        self.assertEqual((server.connections, self.verbs(server)), (1, ["login"] + ["update"] * 200))
        self.assertTrue(all(self.registry.domains[name].records == [NEW] for name in names))
        # A login, a question for messages and 200 updates: three minutes have to pass, of which a busy machine may hide a part.
        self.assertGreater(server.commands[-1].at - server.commands[0].at, 2.2 * 60 / speed)
        self.assertEqual(len({record.trid for record in server.commands}), len(server.commands))

    def test_a_command_counts_from_its_answer(self):
        """A server may count it as late as that; one without an answer until it is given up."""
        server, speed, late = self.server(), 20, 1.0
        server.switches.after = {"login": lambda: time.sleep(late), "info": lambda: time.sleep(late)}
        probe = self.probe(server, speed, commands=3)
        probe.say(*[f"{name} info {DOMAIN}" for name in "abcd"])
        self.assertEqual([probe.next().split()[:3] for _ in "abcd"], [[name, "answer", "1000"] for name in "abcd"])
        at = [record.at for record in server.commands]
        self.assertEqual(server.verbs(), ["login", "poll", "info", "info", "info", "info"])
        self.assertGreater(at[3] - at[0], late + 60 / speed)
        self.assertGreater(at[5] - at[2], late + 60 / speed)

        server = self.server(silent={"info"})
        probe = self.probe(server, speed, commands=3, timeout=int(late * speed))
        self.assertEqual(probe.ask(f"info {DOMAIN}")[0], "lost")
        server.switches.silent.clear()
        self.assertEqual(probe.ask(f"info {DOMAIN}")[0], "answer")
        at = [record.at for record in server.commands]
        self.assertEqual(server.verbs(), ["login", "poll", "info", "login", "poll", "info"])
        self.assertGreater(at[5] - at[2], late + 60 / speed)

    def test_an_idle_session_is_closed_in_order_and_the_next_command_opens_another(self):
        server = self.server()
        probe = self.probe(server, 50, **{"idle-close": 20})
        for session in 1, 2:
            self.assertEqual(probe.ask(f"info {DOMAIN}")[:2], ("answer", 1000))
            wait_until(lambda: server.verbs()[-1] == "logout" and server.open_sessions() == 0, 20, "it logs out")
            wait_until(lambda: probe.state() == "idle", 10, "it is idle")
            self.assertEqual((server.connections, self.verbs(server)), (session, ["login", "info", "logout"] * session))

    def test_a_session_is_kept_alive(self):
        server = self.server()
        probe = self.probe(server, 50, **{"keep-alive": 10})
        self.assertEqual(probe.ask(f"info {DOMAIN}")[0], "answer")
        wait_until(lambda: server.verbs().count("hello") >= 3, 20, "it says hello")
        self.assertIn("logged in at 127.0.0.1", probe.state())
        self.assertEqual(server.connections, 1)

    def test_a_server_that_closes_an_idle_session_is_no_failure(self):
        server = self.server(idle=0.5 * PATIENCE)
        probe = self.probe(server)
        for session in 1, 2, 3:
            self.assertEqual(probe.ask(f"info {DOMAIN}")[:2], ("answer", 1000))
            wait_until(lambda: not probe.state().startswith("logged in"), 10, "the server has closed it")
            self.assertEqual((server.connections, probe.state()), (session, "idle"))

    def test_a_refused_login_stops_the_account(self):
        server = self.server(codes={"login": [2200]})
        probe = self.probe(server, 100)
        probe.say(f"a info {DOMAIN}", f"b info {DOMAIN}")
        self.assertEqual([probe.next().split()[:2] for _ in "ab"], [["a", "stopped"], ["b", "stopped"]])
        self.assertIn("2200", probe.ask(f"info {DOMAIN} once")[2])
        self.assertTrue(stays(lambda: server.verbs() == ["login"], 0.5))
        self.assertIn("stopped: 127.0.0.1: login refused, 2200", probe.state())

    def test_logins_without_an_answer_stop_the_account(self):
        """As of a registry that closes upon a wrong password, is silent then, or answers as nobody can believe."""
        for what in {"closes": {"login"}}, {"silent": {"login"}}, {"wrong_trid": True}:
            with self.subTest(what):
                server, speed = self.server(**what), 1000
                probe = self.probe(server, speed, timeout=100)
                probe.say(f"a info {DOMAIN}")
                name, status, _, why = probe.next(30).split(" ", 3)
                self.assertEqual((name, status), ("a", "stopped"), why)
                self.assertIn("check login and password", why)
                self.assertEqual((server.verbs(), probe.state().split(":")[0]), (["login"] * 3, "stopped"))
                at = [record.at for record in server.commands]
                for earlier, later, least in zip(at, at[1:], (300, 3600)):
                    self.assertGreater((later - earlier) * speed, least - 30)
                self.assertEqual(probe.ask(f"info {DOMAIN} once")[0], "stopped")
                self.assertTrue(stays(lambda s=server: s.connections == 3, 0.5))

    def test_a_login_that_is_answered_ends_the_count_of_those_that_are_not(self):
        server = self.server()
        probe = self.probe(server, 2000)
        for session in 1, 2:
            server.switches.closes.add("login")
            probe.say(f"a info {DOMAIN}")
            wait_until(lambda n=session: server.verbs().count("login") == 3 * n - 1, 20, "two logins have no answer")
            server.switches.closes.clear()
            self.assertEqual(probe.next(20).split()[:3], ["a", "answer", "1000"])
            self.assertEqual(probe.ask("logout")[:2], ("answer", 1500))

    def test_a_code_that_stops_the_account_ends_its_session(self):
        server = self.server(codes={"info": [2501]})
        probe = self.probe(server, 100)
        self.assertEqual(probe.ask(f"info {DOMAIN}")[:2], ("answer", 2501))
        self.assertEqual(probe.ask(f"info {DOMAIN}")[0], "stopped")
        self.assertEqual(self.verbs(server), ["login", "info"])

    def test_failures_are_waited_out_for_longer_each_time(self):
        server, speed = self.server(codes={"login": [2400, 2500, 2502, 2400]}), 20
        probe = self.probe(server, speed)
        self.assertEqual(probe.ask(CHANGE)[:2], ("answer", 1000))
        at = [record.at for record in server.commands if record.verb == "login"]
        waits = [speed * (later - earlier) for earlier, later in zip(at, at[1:])]
        self.assertEqual(len(waits), 4)
        for wait, least in zip(waits, (2, 4, 8, 16)):
            self.assertGreater(wait, least - 0.5, waits)
        self.assertLess(waits[3], 200 * PATIENCE, waits)
        self.assertEqual(len(server.submitted()), 1)
        # After an answer it begins with the shortest wait again.
        server.switches.codes = {"info": [2500]}
        self.assertEqual(probe.ask(f"info {DOMAIN}")[:2], ("answer", 2500))
        start = time.monotonic()
        self.assertEqual(probe.ask(f"info {DOMAIN}")[:2], ("answer", 1000))
        self.assertGreater(time.monotonic() - start, 1.5 / speed)

    def test_one_that_is_for_once_is_not_tried_again(self):
        server = self.server(codes={"login": [2400]})
        probe = self.probe(server, 100)
        probe.say(f"a info {DOMAIN} once", "b logout once")
        self.assertEqual([probe.next().split()[:2] for _ in "ab"], [["a", "unsent"], ["b", "unsent"]])
        self.assertTrue(stays(lambda: server.connections == 1, 0.3))

    def test_a_command_that_was_not_sent_waits_for_the_next_session(self):
        """A cut before its first octet is none of its business; after that only `info` tells."""
        server = self.server()
        probe = self.probe(server, 1000)
        self.assertEqual(probe.ask("logout")[:2], ("answer", 1500))
        wait_until(lambda: server.totals, 10, "the session has ended")
        login = len(server.commands[0].frame) + 4
        greeting = server.totals[0][1] - sum(record.answered for record in server.commands)
        server.commands.clear()
        server.switches.cuts.extend([Cut(sent=0), Cut(sent=greeting // 2, how="end"), Cut(received=login // 2), Cut(sent=greeting + 10, how="notify")])
        self.assertEqual(probe.ask(CHANGE)[:2], ("answer", 1000))
        self.assertEqual((len(server.submitted()), server.connections), (1, 6))

    def test_updates_go_first_in_their_order(self):
        self.registry.add("b.test", CLIENT, [OLD])
        server = self.server()
        probe = self.probe(server)
        probe.say(f"a info {DOMAIN}", "b info b.test", f"c {CHANGE}", f"d {CHANGE.replace(DOMAIN, 'b.test')}", f"e info {DOMAIN}")
        self.assertEqual([probe.next().split()[0] for _ in "abcde"], list("cdabe"))

    def test_the_place_of_a_command_in_the_queue(self):
        server = self.server(silent={"info"})
        probe = self.probe(server, commands=3)
        probe.say(f"a info {DOMAIN}", "place")
        # Behind the login alone.
        self.assertEqual(probe.next(), "place 0 0")
        wait_until(lambda: "info" in server.verbs(), 10, "it is under way")
        probe.say("place", f"b info {DOMAIN}", f"c {CHANGE}", f"d {CHANGE}", "place", f"e info {DOMAIN}", "place")
        self.assertEqual(probe.next(), "place none")
        # d behind the one under way, of which an update may come, and c; e behind d and b as well. Three of this minute are gone.
        place = [probe.next().split() for _ in "de"]
        self.assertEqual([before for _, before, _ in place], ["3", "6"])
        for (_, _, wait), least in zip(place, (120000, 180000)):
            self.assertTrue(least - 10000 * PATIENCE < int(wait) <= least + 2000, place)
        probe.say("free-in a")
        server.stop()
        self.assertEqual(sorted(probe.next().split()[:2] for _ in "abcde"), [["a", "lost"], *([one, "cancelled"] for one in "bcde")])

    def test_certificates_that_have_changed_are_noticed(self):
        for path in self.authority.ca, *self.client:
            probe = self.probe(self.server())
            probe.say("current")
            self.assertEqual(probe.next(), "current 1")
            with open(path, "a", encoding="ascii") as file:
                file.write("\n")
            probe.say("current")
            self.assertEqual(probe.next(), "current 0", path)

    def test_what_is_not_under_way_can_be_taken_back(self):
        server = self.server(silent={"info"})
        probe = self.probe(server)
        probe.say(f"a {CHANGE}", "cancel", f"b info {DOMAIN}")
        self.assertEqual(probe.next(), "cancel 0")
        wait_until(lambda: "info" in server.verbs(), 10, "it is under way")
        probe.say("cancel", f"c {CHANGE}", "cancel")
        self.assertEqual([probe.next(), probe.next()], ["cancel 1", "cancel 0"])
        server.stop()
        self.assertEqual(probe.next().split()[:2], ["b", "lost"])
        self.assertEqual(self.verbs(server), ["login", "info"])

    def test_what_ends_can_be_taken_back_by_what_ends_with_it(self):
        probe = self.probe(self.server(codes={"login": [2400]}))
        probe.say("cancel-in a", f"a info {DOMAIN} once", f"b info {DOMAIN} once")
        self.assertEqual([probe.next().split()[:2] for _ in "ca"], [["cancel", "0"], ["a", "unsent"]])
        self.assertEqual(probe.ask(f"info {DOMAIN}")[:2], ("answer", 1000))

    def test_a_domain_of_another_registrar_does_not_stop_the_account(self):
        self.registry.add("b.test", "another", [OLD])
        server = self.server()
        probe = self.probe(server)
        self.assertEqual(probe.ask(CHANGE.replace(DOMAIN, "b.test"))[:2], ("answer", 2201))
        self.assertEqual(probe.ask(CHANGE)[:2], ("answer", 1000))

    def test_a_domain_by_another_name_does_not_stop_the_account(self):
        self.registry.add("xn--e1afmkfd.test", CLIENT, [OLD])
        self.registry.domains["xn--e1afmkfd.test"].name = "\u043f\u0440\u0438\u043c\u0435\u0440.test"  # As some registries have it.
        server = self.server()
        probe = self.probe(server)
        probe.say("a info xn--e1afmkfd.test once", f"b info {DOMAIN} once")
        self.assertIn("does not have the domain", probe.next())
        self.assertEqual(probe.next().split()[:3], ["b", "answer", "1000"])
        self.assertEqual(server.connections, 1)

    def test_an_update_that_was_sent_is_never_sent_again(self):
        server = self.server()
        probe = self.probe(server, 100, timeout=200)
        self.assertEqual(probe.ask(f"info {DOMAIN}")[0], "answer")
        wait_until(lambda: "poll" in server.verbs(), 10, "the queue is empty")
        for delivery, silent in ("half", set()), ("whole", {"update"}):
            self.registry.domains[DOMAIN].records = [OLD]
            server.commands.clear()
            server.switches.delivery, server.switches.silent = delivery, silent
            status, _, why = probe.ask(CHANGE)
            self.assertEqual(status, "lost", why)
            server.switches.delivery, server.switches.silent = "whole", set()
            self.assertEqual(self.registry.domains[DOMAIN].records, [NEW])
            self.assertEqual(probe.ask(f"info {DOMAIN}")[:2], ("answer", 1000))
            self.assertEqual(self.verbs(server).count("update"), 1)

    def test_an_update_that_is_cut_at_any_octet_is_made_once_or_not_at_all(self):
        """Each octet of the command and of its answer is the last one of a session, once; `info` of a new session tells what became of it."""
        server = self.server()
        probe = self.probe(server, 1000)
        self.assertEqual([probe.ask(line)[:2] for line in (CHANGE, "logout")], [("answer", 1000), ("answer", 1500)])
        wait_until(lambda: server.totals, 10, "the session has ended")
        update, logout = [record for record in server.commands if record.verb in ("update", "logout")]
        (received, sent), = server.totals
        end = received - len(logout.frame) - 4
        begin = end - len(update.frame) - 4
        answered = sent - logout.answered
        cuts = [Cut(received=at) for at in range(begin + 1, end + 1)] + [Cut(sent=at) for at in range(answered - update.answered + 1, answered)]
        server.commands.clear()
        made = 0
        for number, cut in enumerate(cuts):
            self.registry.domains[DOMAIN].records = [OLD]
            server.switches.cuts.append(dataclasses.replace(cut, how=("reset", "end", "notify")[number % 3]))
            status, _, why = probe.ask(CHANGE)
            # The last octet of the command is cut off after its answer, which may arrive.
            self.assertIn(status, ("lost", "answer") if cut.received == end else ("lost",), (cut, why))
            wait_until(lambda n=number: len(server.totals) == n + 2, 10, "the session has ended", poll=0.001)
            made += cut.received is None or cut.received == end
            self.assertEqual(self.registry.domains[DOMAIN].records, [NEW] if cut.received in (None, end) else [OLD], cut)
            self.assertEqual(len(server.submitted()), made, cut)
        self.assertEqual(probe.ask(f"info {DOMAIN}")[:2], ("answer", 1000))
        self.assertEqual(server.connections, 2 + len(cuts))

    def test_messages_are_read_and_acknowledged(self):
        self.registry.policy.pending = True
        server = self.server()
        self.registry.tell(CLIENT, "the registry is closed on Monday")
        probe = self.probe(server, 1)
        probe.say(f"a {CHANGE}")
        self.assertEqual(sorted(probe.next().split()[0] for _ in "12"), ["a", "message"])
        # It asks until there is none.
        wait_until(lambda: any(one.verb == "poll" and one.code == 1300 for one in server.commands), 10, "the message is taken, and no other is there")
        self.registry.settle(DOMAIN, True)
        self.registry.change(DOMAIN, [OLD])
        self.assertEqual(len(self.registry.queues[CLIENT]), 3)
        # The next session asks again, and so does this one after an hour.
        self.assertEqual(probe.ask("logout")[:2], ("answer", 1500))
        probe.say(f"b info {DOMAIN}")
        lines = [probe.next() for _ in range(4)]
        kinds = [line.split()[2:] for line in lines if line.startswith("message")]
        self.assertEqual(kinds, [["action", DOMAIN, "1"], ["change", DOMAIN, "0"], ["change", DOMAIN, "0"]])
        wait_until(lambda: not self.registry.queues[CLIENT], 10, "all messages are taken")

    def test_a_message_can_stay_and_comes_again_after_an_hour(self):
        server = self.server()
        self.registry.tell(CLIENT, "the registry is closed on Monday")
        probe = self.probe(server, 1200, quiet=False, **{"idle-close": 86400})
        probe.say("leave", f"a info {DOMAIN}")
        first = [probe.next(), probe.next()]
        self.assertEqual(sum(line.startswith("message") for line in first), 1)
        self.assertTrue(probe.next().startswith("message"))
        self.assertEqual(len(self.registry.queues[CLIENT]), 1)
        asked = [record.at for record in server.commands if record.verb == "poll"]
        self.assertGreater(asked[1] - asked[0], 2.7)
        self.assertEqual(server.connections, 1)

    def test_a_queue_that_ends_its_session_stops_no_update(self):
        for end in {"silent": {"poll"}}, {"codes": {"poll": [2500] * 99}}:
            self.registry.change(DOMAIN, [OLD])
            server = self.server(**end)
            probe = self.probe(server, 20, timeout=20)
            made = []
            # As kskrolld does it, at one check after the other.
            for _ in range(4):
                if probe.ask(f"info {DOMAIN} once")[0] == "answer":
                    made.append(probe.ask(f"update {DOMAIN} -1/13/2/{'A1' * 32} +2/13/2/{'B2' * 32} once")[:2])
                if made == [("answer", 1000)]:
                    break
            self.assertEqual(made, [("answer", 1000)], end)
            self.assertEqual(server.verbs().count("poll"), 1)

    def test_a_command_has_a_bound(self):
        server = self.server(silent={"info"})
        probe = self.probe(server, 10, timeout=30)
        probe.say(f"a info {DOMAIN}", f"b info {DOMAIN} 3000")
        self.assertEqual(probe.next().split()[:2], ["b", "unsent"])
        status = probe.next()
        self.assertTrue(status.startswith("a lost"), status)
        self.assertIn("no answer within 30 s", status)

    def test_what_the_server_does_not_offer_is_not_sent(self):
        self.registry.policy.ttl = None
        server = self.server()
        probe = self.probe(server)
        status, _, why = probe.ask(f"update {DOMAIN} ttl=600")
        self.assertEqual((status, "does not offer" in why), ("unsent", True), why)
        status, _, why = probe.ask(f"update {DOMAIN}")
        self.assertEqual((status, "invalid" in why), ("unsent", True), why)
        self.assertEqual(probe.ask(f"info {DOMAIN}")[:2], ("answer", 1000))
        self.assertEqual(self.verbs(server), ["login", "info"])

    def test_the_end_cancels_what_waits(self):
        server = self.server(silent={"info"})
        for how in "before", "under way", "in a callback":
            probe = self.probe(server, quiet=False)
            count = server.verbs().count("info")
            if how == "in a callback":
                probe.say("free-in u")
                probe.say(f"u update {DOMAIN} ttl=600", f"a info {DOMAIN}", f"b info {DOMAIN}")
                self.assertEqual(sorted(probe.next().split()[:2] for _ in "uab"), [["a", "cancelled"], ["b", "cancelled"], ["u", "answer"]])
                continue
            probe.say(f"a info {DOMAIN}", f"b info {DOMAIN}")
            if how == "under way":
                wait_until(lambda n=count: server.verbs().count("info") > n, 10, "one is under way")
            code, lines, errors = probe.end()
            self.assertEqual((code, [line.split()[:2] for line in lines], errors), (0, [["a", "cancelled"], ["b", "cancelled"]], ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
