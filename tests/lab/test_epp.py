# SPDX-License-Identifier: GPL-3.0-or-later
"""`kskroll epp check`, and the connection to EPP servers behind it, against the EPP server of the lab with all its switches."""

import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time

from .epp_certs import DAY, Authority
from .epp_objects import Ds, Key, Registry
from .epp_server import Cut, EppServer
from .marks import bound, long_test
from .wait import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT, PASSWORD, DOMAIN = "lab-client", "secret-pw-1", "example.test"
NAME = "epp.test"
RECORD = Ds(12345, 13, 2, "A1" * 32)
PUBLIC_KEY = "oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXXFJkqmVfRvMGPmM1x8fGAa2XhSA=="
#: What is said of a connection that was lost.
LOST = r"127\.0\.0\.1: 127\.0\.0\.1@\d+: (?:it has closed the connection|the connection is broken)(?:, within an answer)?(?:\. The password may be wrong)?"
#: Accounts of one file (EPP_ACCOUNTS_MAX).
ACCOUNTS_MAX = 256


class World:
    """An authority, a registry with one client and one domain, and the file of accounts."""

    def __init__(self, directory, records=(RECORD,), **policy):
        self.directory = directory
        self.authority = Authority(directory)
        self.certificate = self.authority.issue("server", [NAME, "127.0.0.1"])
        self.client = self.authority.issue("client", client=True)
        self.registry = Registry(**policy)
        self.registry.add_client(CLIENT, PASSWORD)
        self.registry.add(DOMAIN, CLIENT, records)

    def server(self, certificate=None, ca=None, **more):
        """The server, which checks all frames when it is left."""
        return EppServer(self.registry, certificate or self.certificate, ca or self.authority.ca, **more)

    def write(self, *accounts):
        """The file of accounts. \\return Its path."""
        path = os.path.join(self.directory, "accounts.conf")
        with open(path, "w", encoding="ascii", opener=lambda where, flags: os.open(where, flags, 0o600)) as file:
            file.write("account:\n")
            for account in accounts:
                file.write("".join(f"  {'- ' if item == 'id' else '  '}{item}: {value}\n" for item, value in account.items()))
        return path

    def account(self, port, **items):
        """One account of the file; an item None is left out."""
        usual = {"id": "lab", "server": "127.0.0.1", "port": port, "server-name": NAME, "ca": self.authority.ca, "cert": self.client[0],
                 "key": self.client[1], "login": CLIENT, "password": PASSWORD, "timeout": 10}
        return {item: value for item, value in {**usual, **{name.replace("_", "-"): value for name, value in items.items()}}.items()
                if value is not None}

    def check(self, server, domain=DOMAIN, code=0, **items):
        """What `epp check` says of one account. It never says the password."""
        return self.run(self.write(self.account(server.port, **items)), domain, code)["accounts"][0]

    def check_at(self, port, **items):
        """Why `epp check` fails there."""
        return self.run(self.write(self.account(port, **items)), code=1)["accounts"][0]["error"]

    def run(self, path, domain=DOMAIN, code=0):
        """\\return The JSON of `epp check`."""
        result = run_check(path, "--json", *(["--domain", domain] if domain else []))
        assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
        return json.loads(result.stdout)


def run_check(path, *args, timeout=60, hosts=None):
    """`kskroll epp check`, whatever it says. \\a hosts: what it has as /etc/hosts."""
    kskroll = os.path.join(os.environ["KSKROLL_BUILD"], "tools/kskroll")
    wrap = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts] if hosts else []
    result = subprocess.run([*wrap, kskroll, "epp", "check", "--accounts", path, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            check=False, timeout=timeout)
    assert PASSWORD not in result.stdout + result.stderr, result.stdout + result.stderr
    assert result.returncode in (0, 1), (result.returncode, result.stderr)
    return result


@bound(60)
def test_an_account_and_a_domain_are_shown(directory):
    world = World(directory)
    world.registry.domains[DOMAIN].ttl = 600
    with world.server(more_uris=("urn:example:of-its-own",)) as server:
        said = world.check(server)
        assert (said["address"], said["tls"], said["logged_in"], said["error"]) == (f"127.0.0.1@{server.port}", "TLS1.3", True, None), said
        assert min(said["certificate_expires"], said["own_certificate_expires"]) > time.time() + 29 * 86400
        offer = said["offer"]
        assert offer["server"] == "EPP of the lab" and "urn:example:of-its-own" in offer["uris"], offer
        assert all(offer[name] for name in ("secdns", "ttl", "change_poll", "login_security")), offer
        domain = said["domain"]
        assert domain["records"] == [{"kind": "ds", "tag": 12345, "digest_type": 2, "algorithm": 13, "digest": "A1" * 32}], domain
        assert (domain["name"], domain["registrar"], domain["statuses"], domain["locks"]) == (f"{DOMAIN}.", CLIENT, ["ok"], []), domain
        assert (domain["ttl"], domain["ttl_min"], domain["ttl_default"], domain["ttl_max"]) == (600, 300, 3600, 86400), domain
        assert server.verbs() == ["login", "info", "logout"] and server.connections == 1, server.verbs()
        text = run_check(world.write(world.account(server.port)), "lab", "--domain", DOMAIN).stdout
        for words in ("EPP of the lab", "12345 13 2 " + "A1" * 32, "600 s", "300 to 86400 s can be set", "none"):
            assert words in text, (words, text)
        # Without a domain the session is tried with a hello.
        assert world.check(server, domain=None)["domain"] is None
        assert server.verbs()[-3:] == ["login", "hello", "logout"]
        wait_until(lambda: server.open_sessions() == 0, 10, "all sessions are closed")
    assert not server.submitted()


@bound(60)
def test_registries_that_differ(directory):
    world = World(directory, [Key(257, 3, 13, PUBLIC_KEY)], interface="key", ttl=None)
    with world.server() as server:
        domain = world.check(server)["domain"]
        assert domain["records"] == [{"kind": "key", "flags": 257, "protocol": 3, "algorithm": 13, "public_key": PUBLIC_KEY}], domain
        assert not domain["ttl_shown"] and domain["ttl"] is None
    world = World(directory, lower=True, embedded_keys=True)
    world.registry.domains[DOMAIN].statuses = {"clientUpdateProhibited", "serverUpdateProhibited", "pendingUpdate"}
    with world.server(other_prefixes=True, bom=True, delivery="bytes") as server:
        domain = world.check(server)["domain"]
        assert domain["records"][0]["digest"] == "a1" * 32 and domain["embedded_keys"], domain
        assert domain["locks"] == ["client", "server", "pending"], domain
        server.switches.delivery, server.switches.login_security, server.switches.password_ends = "whole", True, "2030-01-01T00:00:00Z"
        said = world.check(server, login_security="on")
        assert said["error"] is None and "2030-01-01" in said["login_text"], said
        assert "2306" in world.check(server, code=1)["error"]
        server.switches.extensions = ("ttl",)
        error = world.check(server, code=1)["error"]
        assert "secDNS" in error, error
        world.registry.domains[DOMAIN].records.clear()
        server.switches.extensions, server.switches.login_security = ("secDNS", "ttl"), False
        domain = world.check(server)["domain"]
        assert domain["records"] == [] and not domain["records_shown"], domain
    # An address as the name, and TLS 1.2.
    with world.server(versions=(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)) as server:
        assert world.check(server, server_name=None)["tls"] == "TLS1.2"


@bound(60)
def test_the_password_is_for_the_server_of_the_account_alone(directory):
    world = World(directory)
    other = Authority(directory, "another CA")
    issue = world.authority.issue
    wrong = {
        "name": (issue("wrong", ["epp.example"]), "does not match"),
        "wildcard": (issue("wild", ["*.epp.test", "*.test.epp.test"]), "does not match"),
        "common name": (issue(NAME), "subjectAltName"),
        "expired": (issue("old", [NAME], start=-3 * DAY, end=-DAY), "expired"),
        "future": (issue("new", [NAME], start=DAY, end=3 * DAY), "not yet"),
        "authority": (other.issue("server", [NAME]), "issuer is unknown"),
        "purpose": (issue("purpose", [NAME], client=True), "purpose"),
    }
    for what, (certificate, words) in wrong.items():
        with world.server(certificate) as server:
            said = world.check(server, code=1)
            assert f"not that of {NAME}" in said["error"] and words in said["error"], (what, said["error"])
            assert said["address"] is None and server.commands == [] and server.totals == [], (what, server.commands)
    with world.server() as server:
        said = world.check(server, greeting="another", code=1)
        assert said["offer"] is None or not said["logged_in"], said
        wait_until(lambda: server.totals, 10, "the server has seen the end of the session")
        assert server.commands == [] and [received for received, _ in server.totals] == [0], (server.commands, server.totals)
        # Of an address the address counts.
        assert "not that of" in world.check(server, server_name="127.0.0.2", code=1)["error"]
        assert server.commands == []
        assert world.check(server, greeting='"EPP of the lab"')["logged_in"]
    with world.server(versions=(ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1)) as server:
        assert "TLS" in world.check(server, code=1)["error"] and server.commands == []
    # The other way round: the server does not know the client.
    with world.server(ca=other.ca) as server:
        error = world.check(server, code=1)["error"]
        assert "refuses the TLS connection" in error and "cert and key" in error, error
        assert "refuses the TLS connection" in world.check(server, cert=None, key=None, code=1)["error"]
        assert server.commands == []


@bound(60)
def test_a_refused_login_is_not_tried_again(directory):
    world = World(directory)
    with world.server() as server:
        for code in 2200, 2501:
            server.commands.clear()
            server.switches.codes = {"login": [code]}
            error = world.check(server, code=1)["error"]
            assert str(code) in error, error
            assert server.verbs() == ["login"], server.verbs()
            assert "account" in error, "it says what to do"
        # A server that repeats what it got.
        server.switches.echo = True
        error = world.check(server, password="another-pw-2", code=1)["error"]
        assert "another-pw-2" not in error and "2200" in error, error
        server.switches.echo = False
        for code in 2400, 2500, 2502:
            server.commands.clear()
            server.switches.codes = {"login": [code]}
            error = world.check(server, code=1)["error"]
            assert str(code) in error and server.verbs() == ["login"], (error, server.verbs())
        for code in 2201, 2303, 2304, 2308, 2400, 2500:
            server.switches.codes = {"info": [code]}
            error = world.check(server, code=1)["error"]
            assert f"({code})" in error and "the lab wants it so" in error, error


@bound(60)
def test_sessions_are_few(directory):
    world = World(directory)
    with world.server(sessions=1) as server:
        server.switches.silent = {"info"}
        path = world.write(world.account(server.port, timeout=30))
        first = threading.Thread(target=run_check, args=(path, "--domain", DOMAIN))
        first.start()
        wait_until(lambda: server.open_sessions() == 1, 20, "the first session is there")
        said = json.loads(run_check(path, "--json").stdout)["accounts"][0]
        assert "2502" in said["error"] and "1 sessions at most" in said["error"], said
        server.stop()
        first.join(30)
        assert not first.is_alive()


@bound(60)
def test_answers_that_are_none(directory):
    world = World(directory)
    faults = {
        "delivery": ("twice", "half"), "no_result": (True,), "wrong_trid": (True,),
        "raw_greeting": (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\x00\x00\x04", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x08<!--",
                         b"\x00\x00\x00\x0c<epp/>\n\n", b"\x00\x00\x00\x3a<!DOCTYPE epp [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"),
    }
    for switch, values in faults.items():
        for value in values:
            with world.server(**{switch: value}) as server:
                # A second answer to the login must not count as that to the next command.
                said = world.check(server, code=1, timeout=3)
                assert said["error"], (switch, value, said)
                if switch == "raw_greeting":
                    assert server.commands == [] and not said["logged_in"], (value, server.verbs())
    with world.server(no_trid_on_2001=True, codes={"info": [2001]}) as server:
        assert "2001" in world.check(server, code=1)["error"]
    for verb, words in ("login", "answer to the login"), ("info", "no answer"):
        with world.server(silent={verb}) as server:
            error = world.check(server, timeout=1, code=1)["error"]
            assert words in error and "within 1 s" in error, error


def cuts_of(server, received, sent):
    """Cuts of a session of login, info and logout, which the server has seen once, whole."""
    login, info, logout = server.commands
    first, last = sent - sum(record.answered for record in server.commands), sent - logout.answered
    places = [("sent", at) for at in [*range(0, first, 29), *range(first, last), *range(last, sent, 29)]]
    commands = len(login.frame) + len(info.frame) + 8
    places += [("received", at) for at in [*range(commands), *range(commands, received, 29)]]
    hows = "reset", "end", "notify"
    return [Cut(**{where: at}, how=hows[number % 3]) for number, (where, at) in enumerate(places)]


def ends_at(directory, step):
    """Each octet of login, info, and their answers is the last one of a session, once, or one of so many; a few of greeting and logout are."""
    world = World(directory)
    with world.server(extensions=("secDNS",)) as server:
        world.check(server)
        wait_until(lambda: server.totals, 10, "the session has ended")
        (received, sent), = server.totals
        shown = sent - server.commands[-1].answered
        cuts = cuts_of(server, received, sent)[::step]
        server.commands.clear()
        for start in range(0, len(cuts), ACCOUNTS_MAX):
            part = cuts[start:start + ACCOUNTS_MAX]
            server.switches.cuts.extend(part)
            ids = [f"a{number}" for number in range(len(part))]
            path = world.write(*[world.account(server.port, id=one) for one in ids])
            said = json.loads(run_check(path, "--json", "--domain", DOMAIN, timeout=200).stdout)["accounts"]
            assert [one["account"] for one in said] == ids
            for cut, one in zip(part, said):
                # All of the answer to `info` was there, or what is wrong is said. What is lost of the logout is no error.
                if cut.sent is not None:
                    assert (one["error"] is None) == (cut.sent >= shown), (cut, one)
                assert (one["domain"] is None) == (one["error"] is not None), (cut, one)
                assert one["error"] is None or re.fullmatch(LOST, one["error"]), (cut, one)
        assert server.connections == 1 + len(cuts)
        # Nothing was sent a second time, in one session or another.
        for number in {record.session for record in server.commands}:
            verbs = [record.verb for record in server.commands if record.session == number]
            assert len(verbs) == len(set(verbs)), verbs


@long_test
@bound(240)
def test_a_session_that_ends_at_any_octet(directory):
    ends_at(directory, 1)


@bound(120)
def test_a_session_that_ends_at_some_octets(directory):
    ends_at(directory, 7)


@bound(60)
def test_an_address_after_the_other(directory):
    """Nobody listens at the first two of a name; then nobody at all; then who does is no server."""
    world = World(directory)
    hosts = os.path.join(directory, "hosts")
    with open(hosts, "w", encoding="ascii") as file:
        file.write("".join(f"127.0.0.{number} {NAME}\n" for number in (1, 2, 3)))
    for address in "127.0.0.3", "127.0.0.1":
        with world.server(address=address) as server:
            path = world.write(world.account(server.port, server=NAME, server_name=None))
            said = json.loads(run_check(path, "--json", hosts=hosts).stdout)["accounts"][0]
            assert said["address"] == f"{address}@{server.port}" and said["error"] is None, said
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        path = world.write(world.account(free.getsockname()[1], server=NAME, timeout=1))
    error = json.loads(run_check(path, "--json", hosts=hosts).stdout)["accounts"][0]["error"]
    assert error.count("connection refused") == 3 and all(f"127.0.0.{number}@" in error for number in (1, 2, 3)), error
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    error = world.check_at(port)
    assert f"127.0.0.1@{port}: connection refused" in error, error
    error = world.check_at(port, server="no-such-host.invalid")
    assert "no address of no-such-host.invalid" in error, error
    with contextlib.closing(socket.create_server(("127.0.0.1", 0), backlog=1)) as silent:
        start = time.monotonic()
        error = world.check_at(silent.getsockname()[1], timeout=1)
        assert "no TLS handshake in time" in error and time.monotonic() - start < 20, error


@bound(60)
def test_files_of_accounts(directory):
    world = World(directory)
    with world.server() as server:
        path = world.write(world.account(server.port))
        os.chmod(path, 0o640)
        result = run_check(path)
        assert result.returncode == 1 and "accounts.conf" in result.stderr and server.connections == 0, result.stderr
        os.chmod(path, 0o600)
        result = run_check(path, "another")
        assert result.returncode == 1 and "no account 'another'" in result.stderr, result.stderr
        said = world.check(server, ca="/nonexistent", code=1)
        assert "/nonexistent" in said["error"] and server.connections == 0, said
        # All accounts of a file, one after the other: one that fails does not end it.
        path = world.write(world.account(server.port, id="first", server_name="wrong.test"), world.account(server.port, id="second"))
        said = json.loads(run_check(path, "--json").stdout)["accounts"]
        assert [one["logged_in"] for one in said] == [False, True] and server.verbs() == ["login", "hello", "logout"], said
