# SPDX-License-Identifier: GPL-3.0-or-later
"""`notify-listen`: kskrolld takes NOTIFY(CDS) at sockets that knotd has opened for it."""

import socket

import dns.exception
import dns.message
import dns.rcode

from . import netns, sandbox
from .marks import bound
from .test_notify_receive import ADDRESS, assert_acknowledged, is_blocked, notify, send, server
from .test_sandbox import status_of
from .wait import wait_until

FIRST, SECOND = "127.0.6.3", "127.0.6.4"
PORT = 5359


def answers(at, port=PORT, tcp=False):
    """Whether a notification is acknowledged there."""
    try:
        assert_acknowledged(send(notify("a.test."), tcp, timeout=1, at=at, port=port))
    except (dns.exception.Timeout, ConnectionError):
        return False
    return True


@bound(90)
def test_kskrolld_answers_where_the_operator_says(directory):
    with server(directory, **{"notify-listen": [f"{FIRST}@{PORT}", f"{SECOND}@{PORT}"]}) as one:
        for at in FIRST, SECOND:
            for tcp in False, True:
                assert answers(at, tcp=tcp), (at, tcp)
        # knotd is as ever, and kskrolld is no server.
        assert send(notify("a.test.")).rcode() == dns.rcode.NOTAUTH
        query = dns.message.make_query("a.test.", "CDS")
        assert send(query, at=FIRST, port=PORT).rcode() == dns.rcode.REFUSED
        for rdtype in "SOA", "CDNSKEY":
            assert send(notify("a.test.", rdtype), at=FIRST, port=PORT).rcode() == dns.rcode.NOTAUTH
        before = one.totals()["kskroll-delegation-ignored"]
        blocked = [is_blocked(send(notify("flood.test.", edns=0), source=f"127.0.7.{n}", at=FIRST, port=PORT)) for n in range(1, 101)]
        assert blocked[:5] == [False] * 5 and sum(blocked) >= 90, blocked
        wait_until(lambda: one.totals()["kskroll-delegation-ignored"] >= before + sum(blocked), 10, "they are counted")
        assert not one.knot.log_lines("notify-listen"), one.knot.log_lines("notify-listen")


@bound(90)
def test_other_addresses_count_after_a_reload(directory):
    with server(directory, **{"notify-listen": [f"{FIRST}@{PORT}"]}) as one:
        assert answers(FIRST) and not answers(SECOND)
        one.reconfigure(**{"notify-listen": [f"{SECOND}@{PORT}"]})
        one.wait_other()
        wait_until(lambda: answers(SECOND) and answers(SECOND, tcp=True), 20, "the other one answers")
        assert not answers(FIRST) and not answers(FIRST, tcp=True)
        # The same once more is no reason.
        one.reconfigure(**{"notify-listen": [f"{SECOND}@{PORT}"], "parent-rate": 21})
        assert answers(SECOND)
        one.assert_undisturbed()
        one.reconfigure()
        one.wait_other()
        assert not answers(SECOND)


@bound(120)
def test_an_address_in_use_is_named_and_taken_once_it_is_free(directory):
    netns.add_address(FIRST)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((FIRST, PORT))
        with server(directory, **{"notify-listen": [f"{FIRST}@{PORT}", f"{SECOND}@{PORT}"]}) as one:
            words = wait_until(lambda: one.knot.log_lines("notify-listen"), 20, "the log says it")
            assert len(words) == 1 and f"no NOTIFY at {FIRST}@{PORT} over UDP (Address already in use): knotd itself or" in words[0], words
            assert answers(SECOND) and answers(FIRST, tcp=True)
            other.close()
            wait_until(lambda: answers(FIRST), 45, "it is taken")
            one.wait_other()
            assert answers(SECOND)
            assert len(one.knot.log_lines("notify-listen")) == 1
            # One that knotd itself has.
            one.reconfigure(**{"notify-listen": [f"{ADDRESS}@53"]})
            one.wait_other()
            wait_until(lambda: len(one.knot.log_lines(f"no NOTIFY at {ADDRESS}@53 over UDP")) == 1, 20, "the log says it")


@bound(90)
def test_both_ways_lead_to_the_agent(directory):
    """The zone delegates a.test. and nothing else; whoever takes the NOTIFY, the agent counts it."""
    agent = {"rollover": False, "delegations": "report", "unsafe-timing": True}
    with server(directory, agent=agent, **{"notify-receive": True, "notify-listen": [f"{FIRST}@{PORT}"]}) as one:
        wait_until(lambda: one.totals()["kskroll-parent-zones"] == one.totals()["kskroll-delegations"] == 1, 30, "the agent has listed the zone")
        for number, where in enumerate([{}, {"at": FIRST, "port": PORT}], 1):
            for name in "a.test.", "b.test.", "nobodys.example.":
                assert_acknowledged(send(notify(name), source=f"127.0.9.{number}", **where))
            wait_until(lambda n=number: (one.totals()["kskroll-delegation-notified"], one.totals()["kskroll-delegation-ignored"]) == (n, 2 * n),
                       20, "the agent has counted them")


@bound(90)
def test_port_53(directory):
    """As the unit of Debian has it. The name is short: the socket of a server in a sandbox is in its folder.

    knotd gives up the right to ports below 1024 before it loads modules, and kskrolld never has any.
    """
    service = sandbox.unit()
    with server(directory, wrap=sandbox.wrap(directory, service), **{"notify-listen": [f"{FIRST}@53", f"{SECOND}@1024"]}) as one:
        assert not answers(FIRST, 53) and answers(SECOND, 1024) and answers(SECOND, 1024, tcp=True)
        words, = one.knot.log_lines("notify-listen")
        assert "(Permission denied): knotd has given up the right to ports below 1024: choose a higher one" in words, words
        status = status_of(one.pid)
        assert int(status["CapEff"], 16) == 0 and status["Seccomp"] == "2", status
