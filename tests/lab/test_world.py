# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself, without the module: what it reports has to be true before it may judge anything."""

import socket
import struct
import time

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from . import ask, netns, watch
from .marks import long_test
from .receiver import ACK, PORT
from .wait import LabError, wait_until
from .world import CHILD_BIND, KNOT, PARENT_BIND, PARENT_NSD, SCANNER, SCANNER_NAME, World

ZONE = "example.test."


def test_world_comes_up_secure_and_leaves_nothing(directory):
    with World(directory=directory) as world:
        assert set(world.verdicts(ZONE).values()) == {watch.SECURE}, world.verdicts(ZONE)
        wait_until(lambda: all(world.watch.counts(resolver)[watch.SECURE] > 5
                               for resolver in world.resolvers), 10, "the watch counts")
        world.assert_secure()
    wait_until(lambda: not netns.other_processes(), 5, "no process is left")
    assert not ask.answers(KNOT, ZONE)


def test_world_without_tsig_with_configuration_database_and_two_zones(directory):
    zones = [ZONE, "other.test."]
    with World(directory=directory, zones=zones, tsig=False, confdb=True, pinned=False) as world:
        policy = world.knot.knotc("conf-read", "policy[lab].dnskey-ttl")
        assert policy.strip().endswith("= 10"), policy
        for zone in zones:
            assert set(world.verdicts(zone).values()) == {watch.SECURE}


def test_knotd_restart_and_kill_keep_the_zone(directory):
    with World(directory=directory, pinned=False) as world:
        before = world.ksk_tags(ZONE)
        world.knot.restart()
        world.knot.kill9()
        assert not world.knot.running()
        world.knot.launch()
        assert world.ksk_tags(ZONE) == before
        world.assert_secure()


def test_start_refuses_an_address_in_use(directory):
    netns.add_address(KNOT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as squatter:
        squatter.bind((KNOT, 53))
        try:
            with World(directory=directory):
                raise AssertionError("the world started beside another server")
        except LabError as error:
            assert "in use" in str(error), error


def test_watch_sees_a_bogus_zone(directory):
    """A watch that never fails proves nothing: the DS of another key has to be noticed."""
    with World(directory=directory, pinned=False) as world:
        wrong = ask.ds_of("other.test.", ask.ksks(KNOT, ZONE))
        world.rightly_broken("the DS is one of another key")
        world.agent.insert_ds(ZONE, wrong)
        wait_until(lambda: world.watch.counts("fresh")[watch.SERVFAIL], 20, "SERVFAIL is counted")
        try:
            world.watch.assert_secure()
        except AssertionError as error:
            assert "fresh" in str(error), error
        else:
            raise AssertionError("assert_secure() passed")


@long_test
def test_knots_own_rollover_is_secure_all_along(directory):
    """The protocol without the module, carried out by hand with the waits it needs."""
    with World(directory=directory) as world:
        old = ask.ksks(KNOT, ZONE)
        old_tags = world.ksk_tags(ZONE)
        start = time.monotonic()
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        wait_until(lambda: len(world.ksk_tags(ZONE)) == 2, 10, "the new KSK is published")
        new = [key for key in ask.ksks(KNOT, ZONE) if key not in old]
        wait_until(lambda: world.ds_everywhere(ZONE, new), 40, "the agent has changed the DS")
        changed = time.monotonic()
        assert world.agent.updates, "the agent did it"
        wait_until(lambda: time.monotonic() - changed > world.ds_ttl, world.ds_ttl + 5,
                   "the old DS has run out of the caches")
        world.knot.knotc("zone-ksk-submitted", ZONE)
        servers = world.child_servers(public_only=False)
        wait_until(lambda: all(ask.ksks(address, ZONE) == new for address in servers.values()), 10,
                   "the old KSK is gone everywhere")
        assert all(not ask.tags(address, ZONE, "CDS") for address in servers.values())
        print(f"DS changed after {changed - start:.1f} s, "
              f"old KSK gone after {time.monotonic() - start:.1f} s")
        _watch_a_little_more(world)
        world.assert_secure()
        _check_history(world, old_tags)


def test_deaf_agent_changes_nothing(directory):
    with World(directory=directory, pinned=False, dnskey_ttl=2) as world:
        world.agent.deaf = True
        old = ask.ksks(KNOT, ZONE)
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        wait_until(lambda: ask.tags(CHILD_BIND, ZONE, "CDS"), 30, "CDS at a secondary")
        updates = len(world.agent.updates)
        wait_until(lambda: world.agent.seen(ZONE), 20, "the agent has seen the CDS")
        assert len(world.agent.updates) == updates
        assert world.ds_everywhere(ZONE, old)
        world.agent.deaf = False
        new = [key for key in ask.ksks(KNOT, ZONE) if key not in old]
        wait_until(lambda: world.ds_everywhere(ZONE, new), 20, "the agent hears again")


def test_notification_makes_the_agent_scan(directory):
    with World(directory=directory, pinned=False, dnskey_ttl=2, agent_interval=3600,
               receiver=ACK) as world:
        for address in (PARENT_BIND, PARENT_NSD):
            # Old dnspython does not know the type. RRtype CDS, scheme NOTIFY, port, target.
            record = ask.rrset(address, "example._dsync.test.", "TYPE66")[0]
            assert record.to_wire() == struct.pack("!HBH", dns.rdatatype.CDS, 1, PORT) + \
                dns.name.from_text(SCANNER_NAME).to_wire(), record
        answer = ask.ask(world.warm.address, "example._dsync.test.", "TYPE66", recursive=True)
        assert answer.flags & dns.flags.AD, answer

        old = ask.ksks(KNOT, ZONE)
        world.knot.knotc("zone-key-rollover", ZONE, "ksk")
        for address in world.child_servers().values():
            wait_until(lambda a=address: ask.tags(a, ZONE, "CDS"), 30, "CDS at a secondary")
        good = notify_message(ZONE)
        for wrong in wrong_messages():
            send(wrong)
        wait_until(lambda: len(world.receiver.wrong) == len(wrong_messages()), 10, "all are noted")
        assert not world.receiver.seen and not world.agent.notified

        for ask_over in (dns.query.udp, dns.query.tcp):
            response = ask_over(good, SCANNER, timeout=10, port=PORT)
            assert response.rcode() == dns.rcode.NOERROR and response.flags & dns.flags.AA
        new = [key for key in ask.ksks(KNOT, ZONE) if key not in old]
        wait_until(lambda: world.ds_everywhere(ZONE, new), 20, "the agent has changed the DS")
        # The agent notes it a little later than the world sees it.
        wait_until(lambda: world.agent.notified, 20, "the notification was the reason")
        assert world.receiver.zones() == [ZONE, ZONE] and len(world.agent.notified) == 1


def send(message):
    """Sends to the receiver; nobody waits for an answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        dns.query.send_udp(sock, message, (SCANNER, PORT))


def notify_message(zone, rdtype="CDS", rdclass="IN"):
    """NOTIFY(CDS) as dnspython makes it."""
    message = dns.message.make_query(zone, rdtype, rdclass)
    message.flags = dns.flags.AA
    message.set_opcode(dns.opcode.NOTIFY)
    return message


def wrong_messages():
    """Messages that are no NOTIFY(CDS), each for one reason."""
    opcode, flags, two, more = (notify_message(ZONE) for _ in range(4))
    opcode.set_opcode(dns.opcode.QUERY)
    flags.flags &= ~dns.flags.AA
    two.question *= 2
    more.answer.append(dns.rrset.from_text(ZONE, 0, "IN", "CDS", "0 0 0 00"))
    return [opcode, flags, two, more, notify_message(ZONE, "CDNSKEY"),
            notify_message(ZONE, "CDS", "CH"), b"nothing of the kind"]


def _watch_a_little_more(world):
    """Waits until every cache has asked for the DNSKEY again, or bogus would go unseen."""
    end = time.monotonic() + world.dnskey_ttl + 2
    wait_until(lambda: time.monotonic() > end, world.dnskey_ttl + 5, "one more DNSKEY TTL")


def _check_history(world, old_tags):
    """Every server was seen with the old, both, the new KSK, in this order."""
    for server, history in world.observer.history(ZONE, "DNSKEY").items():
        tags = [value.split(" ")[0].split("+") for _, value in history]
        assert [len(item) for item in tags] == [1, 2, 1], (server, history)
        assert tags[0] == [str(tag) for tag in old_tags], (server, history)
