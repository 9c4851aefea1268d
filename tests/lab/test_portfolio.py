# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten zones of a newcomer, from `apt install` to a report page on which nothing needs a human.

Two parents: `test.` takes DS by EPP at its registry, `city.` has an agent that scans for CDS. Three of ten rollovers do not end: a
secondary is stuck, the registry has locked a domain, and the operator has forgotten a hold. The page alone says what to do.
The packages are installed over the system of the test, in its mount namespace: all programs and knotd's module come from them.
"""

import json
import os
import re
import shutil

from . import ask, check, chromium, packages, zones as zonefiles
from .agent import Agent
from .chromium import Chromium
from .marks import bound, long_test, needs
from .registered import Registered, domain_of
from .stuck import stuck
from .test_newcomer import Newcomer
from .test_rollover import ROLLOVER
from .wait import LabError, wait_until
from .world import CHILD_BIND, KNOT, PARENT_BIND, PARENT_NSD, PARENT_ZONE

CITY = "city."
STUCK, LOCKED, HELD = "delta.city.", "echo.test.", "foxtrot.test."
ZONES = ("alpha.test.", "bravo.test.", "charlie.test.", LOCKED, HELD, "alpha.city.", "bravo.city.", "charlie.city.", STUCK, "echo.city.")
FINE = [zone for zone in ZONES if zone not in (STUCK, LOCKED, HELD)]
CITY_SERVERS = {"ns1.city.": [PARENT_BIND], "ns2.city.": [PARENT_NSD]}
#: What the section of what needs a human says, as an operator reads it.
BLOCKED = """[...document.querySelectorAll('#blocked article')].map(a => ({
    gate: a.querySelector('h3').textContent, words: a.querySelector('p').textContent,
    zones: [...a.querySelectorAll('ul.entries > li')].map(e => ({
        zone: e.querySelector('b').textContent, words: e.textContent, shown: e.checkVisibility(),
        commands: [...e.querySelectorAll('li > code')].map(c => c.textContent)}))}))"""
PARENTS = "[...document.querySelectorAll('#parents tbody tr')].map(r => [...r.children].map(c => c.textContent))"


class Parents(Agent):
    """Scans the zones below one parent; the others have a registry."""

    def __init__(self, *args):
        super().__init__(*args)
        self.interval = 1.0
        self.unscanned = tuple(zone for zone in self.children if not zone.endswith(f".{CITY}"))

    def parent_of(self, zone):
        return zone.partition(".")[2]


class Portfolio(Registered):
    """Its knotd begins without the module, which an installed package brings."""

    AGENT = Parents

    def __init__(self, directory):
        scanned = {zone: {"parent-via": "cds"} for zone in ZONES if zone.endswith(f".{CITY}")}
        super().__init__(directory, list(ZONES), zone_module_settings=scanned)
        self.module = None

    def knot_sections(self):
        """knotd finds an installed module by itself; one more instance is for what is held."""
        return [section for section in super().knot_sections() if section[0] != "module"]

    def _module_sections(self):
        return [(name, [*blocks, {**blocks[0], "id": "held", "hold": True}]) for name, blocks in super()._module_sections()]

    def _children_of(self, parent):
        return [zone for zone in self.zones if zone.endswith(f".{parent}")]

    def _further_parents(self):
        lines = [line for zone in self._children_of(CITY) for line in zonefiles.delegation(zone, self._child_hosts(zone))]
        return {CITY: zonefiles.zone_text(CITY, CITY_SERVERS, self._above_ttl, lines)}

    def _root_text(self, records):
        keys = wait_until(lambda: ask.ksks(PARENT_BIND, CITY), 20, "the second parent is signed")
        lines = zonefiles.delegation(CITY, CITY_SERVERS) + [f"{CITY} DS {record}" for record in ask.ds_of(CITY, keys)]
        return super()._root_text(records) + "\n".join(lines) + "\n"


def read_page(directory, user, name):
    """Makes the page, opens it on a desk and on a phone; returns what it says."""
    path = os.path.join(directory, name)
    user.names["/srv/www/rollovers.html"] = path
    user.types("kskroll report --output /srv/www/rollovers.html", " --after 2s")
    with Chromium(os.path.join(directory, f"{name}.browser")) as browser:
        for width in 390, 1280:
            browser.open(path, width)
            assert browser.value("document.documentElement.scrollWidth") <= width
        return browser.value("document.querySelector('header p').textContent"), browser.value(BLOCKED), browser.value(PARENTS)


def state_of(user):
    """zone -> state."""
    return {zone["zone"]: zone["state"] for zone in json.loads(user.runs("kskroll status --json"))["zones"]}


def rolled(world, user, old, zones):
    """Waits until these zones have ended their rollovers."""
    def ended():
        states = state_of(user)
        return all(check.other_ksk(world, zone, old[zone]) and states[zone] == "idle" for zone in zones)
    try:
        wait_until(ended, 2 * ROLLOVER, f"{len(zones)} zones have rolled", poll=1)
    except LabError as error:
        raise LabError(f"{error}: {user.types('kskroll status')}") from None
    for zone in zones:
        check.rolled(world, zone, old[zone])


def cause(articles, zone):
    """What the page says of a zone: the gate with its server, meaning and actor, then the zone's own words, and its commands."""
    found = [(article, entry) for article in articles for entry in article["zones"] if entry["zone"] == zone]
    assert len(found) == 1, (zone, articles)
    article, entry = found[0]
    assert entry["shown"], entry
    return article["gate"], article["words"], entry["words"], entry["commands"]


@long_test
@needs(chromium.missing)
@bound(900)
def test_what_is_wrong_with_ten_zones_is_found_from_the_page_alone(directory):
    world = Portfolio(directory)
    user = Newcomer(world, kskroll="kskroll", names={"example-registry": "lab"})
    folder = packages.of_today(directory)
    packages.own_system(directory)
    module = packages.install(folder, user.read)
    assert os.path.samefile(shutil.which("kskroll"), "/usr/bin/kskroll")
    with world.serve() as server:
        world.write(lab=server.port)
        with world:
            old = {zone: ask.ksks(KNOT, zone) for zone in ZONES}
            accounts = f" --accounts {world.path}"
            # The module, as the quick start has it; and the registry, as docs/epp.rst has it.
            world.module = module
            world.knot.sections = world.knot_sections()
            world.knot.configure()
            user.types("knotc conf-check")
            user.types("knotc reload")
            user.sees(f"^{re.escape(STUCK)} +idle ", "kskroll status")
            wait_until(lambda: state_of(user) == dict.fromkeys(ZONES, "idle"), 60, "ten idle zones")
            assert os.readlink(f"/proc/{world.knot.wait_kskrolld()}/exe") == "/usr/libexec/kskroll/kskrolld"
            user.types("kskroll epp check example-registry", accounts)
            user.types("kskroll epp check example-registry --domain example.com", accounts, zone=LOCKED)

            # Three things go wrong, each in another place.
            world.registry.domains[domain_of(LOCKED)].statuses.add("clientUpdateProhibited")
            with stuck(world.child_bind, zones=[STUCK]):
                for zone in ZONES:
                    user.types("knotc zone-key-rollover example.com ksk", zone=zone)
                wait_until(lambda: state_of(user)[HELD] != "idle", 60, f"{HELD} rolls")
                for command in "knotc conf-begin", "knotc conf-set 'zone[example.com].module' mod-kskroll/held", "knotc conf-commit":
                    user.types(command, zone=HELD)
                rolled(world, user, old, FINE)
                user.sees(f"^{LOCKED} .* parent-not-informed ", "kskroll status")
                user.sees(f"^{STUCK} .* dnskey-missing-at ", "kskroll status --blocked", " --after 2s")

                # The page says which three, and of each what is wrong, where, and who acts.
                head, articles, parents = read_page(directory, user, "before.html")
                assert re.search(r"10 zones of 1 server, 3 in a rollover\. 3 need a human\.", head), head
                assert sorted(entry["zone"] for article in articles for entry in article["zones"]) == sorted([STUCK, LOCKED, HELD]), articles
                assert {row[0]: (row[1], row[2], row[4], row[8]) for row in parents} == {
                    PARENT_ZONE: ("5", "2", "epp 5", "3"), CITY: ("5", "1", "cds 5", "4")}, parents

                gate, words, zone_words, commands = cause(articles, STUCK)
                new = [key for key in world.ksk_tags(STUCK) if key not in ask.ksk_tags(CHILD_BIND, STUCK)]
                assert gate == f"dnskey-missing-at ns2.{STUCK} {CHILD_BIND}@53", gate
                assert "Who acts: secondary" in words and f"no DNSKEY {new[0]}" in zone_words, (words, zone_words)
                at_secondary, notify = commands[:2]
                assert len(re.findall(r"\bDNSKEY\t257 ", user.runs(at_secondary))) == 1, "the secondary has the old key alone"

                gate, words, zone_words, commands = cause(articles, LOCKED)
                assert gate == f"parent-not-informed at 127.0.0.1@{server.port}", gate
                assert "Who acts: operator" in words and "clientUpdateProhibited" in zone_words, (words, zone_words)
                assert commands[0] == f"kskroll epp check lab --domain {LOCKED}", commands
                assert "clientUpdateProhibited" in user.runs(commands[0] + accounts)
                world.registry.domains[domain_of(LOCKED)].statuses.clear()
                assert "clientUpdateProhibited" not in user.runs(commands[0] + accounts)

                gate, words, _, commands = cause(articles, HELD)
                assert gate == "held-by-operator" and "Who acts: operator" in words, (gate, words)
                assert [command.split()[1] for command in commands] == ["conf-begin", "conf-unset", "conf-commit", "status"], commands
                for command in commands:
                    user.runs(command)
            user.runs(notify)

            rolled(world, user, old, ZONES)
            head, articles, parents = read_page(directory, user, "after.html")
            assert "10 zones of 1 server, 0 in a rollover. No zone or delegation needs a human." in head and articles == [], (head, articles)
            assert {row[0]: (row[1], row[2], row[8]) for row in parents} == {PARENT_ZONE: ("5", "0", "5"), CITY: ("5", "0", "5")}, parents
            assert user.types("kskroll status --blocked") == "Nothing needs a human.\n"
            world.assert_secure()
