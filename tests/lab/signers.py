# SPDX-License-Identifier: GPL-3.0-or-later
"""Two signers of the same zone (RFC 8901, model 2): each has its own keys, a knotd, and one of the nameservers.

    other signer          knotd hidden primary    127.0.3.5           `world.other`; the BIND secondary (ns2) has its zone
"""

import contextlib
import os
import threading

import dns.dnssec
import dns.exception
import dns.query
import dns.rdatatype
import dns.update

from . import ask, zones as zonefiles
from .daemons import Bind, Knot, file_name
from .wait import wait_until
from .world import CHILD_BIND, KNOT, World

OTHER = "127.0.3.5"
#: What Knot recommends to all signers. Key tags tell whose a key is.
POLICY = {"dnskey-management": "incremental", "delete-delay": 60}
TYPES = ("DNSKEY", "CDS", "CDNSKEY")


def tag_of(record):
    """Key tag of a DNSKEY, CDS or CDNSKEY record."""
    return record.key_tag if record.rdtype == dns.rdatatype.CDS else dns.dnssec.key_id(record)


class Exchange:
    """Gives each signer the records of the other one's keys, by updates: what dnskey-sync of Knot 3.5 does.

    \\a signers: addresses; \\a whose: key tag -> number of the signer. `types`: what is given; none: nothing.
    """

    def __init__(self, signers, zones, ttl, types, whose):
        self.signers, self.zones, self.ttl, self._whose = signers, zones, ttl, whose
        self.types, self.ours = types, None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exchange", daemon=True)

    def start(self):
        """Starts giving."""
        self._thread.start()

    def stop(self):
        """Ends giving."""
        self._stop.set()
        self._thread.join(30)

    def _run(self):
        while not self._stop.wait(0.3):
            for zone in self.zones:
                for number, source in enumerate(self.signers):
                    # A signer that is down or frozen gets them later.
                    with contextlib.suppress(OSError, LookupError, dns.exception.DNSException):
                        self.give(zone, source, self.signers[1 - number], number)

    def give(self, zone, source, target, number):
        """The target has the source's records of the source's keys, and no others of them."""
        update = dns.update.UpdateMessage(zone)
        for rdtype in self.types if number or self.ours is None else self.ours:
            given, had = ({record for record in ask.rrset(address, zone, rdtype) or () if self._whose(tag_of(record)) == number}
                          for address in (source, target))
            for record in had - given:
                update.delete(zone, record)
            for record in given - had:
                update.add(zone, self.ttl, record)
        if update.update:
            dns.query.tcp(update, target, timeout=5)


class SignersWorld(World):
    """A world with two signers. `publish`: cds-cdnskey-publish of both; `types`: what they give each other.

    `sync`: Knot gives it by itself (3.5).
    """

    SIGNERS = 2

    def __init__(self, *args, publish="always", types=TYPES, sync=False, **settings):
        template = {"acl": ["transfer", "signers"], **settings.pop("template", {})}
        sections = [("acl", [{"id": "signers", "address": "127.0.0.0/8", "action": "update"}])]
        super().__init__(*args, policy={**POLICY, "cds-cdnskey-publish": publish}, template=template, extra_sections=sections, **settings)
        self.other = self.exchange = None
        self._is_other = False
        self._types, self._sync, self._publish = types, sync, publish

    def _policy(self):
        policy = super()._policy()
        return {**policy, "keytag-modulo": f"{int(self._is_other)}/{self.SIGNERS}", **({"dnskey-sync": "peer"} if self._sync else {})}

    def _sections_of_other(self):
        """As those of the server under test."""
        first, self.knot, self._is_other = self.knot, self.other, True
        try:
            sections = self.knot_sections()
        finally:
            self.knot, self._is_other = first, False
        return sections

    def _transfer_sections(self):
        sections = super()._transfer_sections()
        if self._sync:
            peer = KNOT if self._is_other else OTHER
            sections += [("remote", [{"id": "peer", "address": peer, "via": self.knot.address}]),
                         ("dnskey-sync", [{"id": "peer", "remote": "peer", "check-interval": 1}])]
        return sections

    def _template(self):
        return {**super()._template(), "notify": ["bind"] if self._is_other else ["nsd"]}

    def whose(self, tag):
        """Which signer has the key: 0, or 1 for the other one."""
        return tag % self.SIGNERS

    def _start_other(self):
        self.other = Knot("other", self.dir, OTHER, [], self.zones, wrap=self._wrap, env=self._env)
        self._write_zones(self.other)
        self.other.sections = self._sections_of_other()
        self._up(self.other)

    def _write_zones(self, daemon):
        return {zone: daemon.write(file_name(zone), zonefiles.zone_text(
            zone, self._child_hosts(zone), self.zone_ttl, ["www A 192.0.2.1", "www AAAA 2001:db8::1"])) for zone in self.zones}

    def _start_children(self):
        self._start_other()
        super()._start_children()
        if not self._sync:
            self.exchange = Exchange([KNOT, OTHER], self.zones, self.dnskey_ttl, self._types, self.whose)
            self.exchange.start()
            self._running.append(self.exchange)
        for zone in self.zones:
            wait_until(lambda z=zone: self._have_all(z), 60, "each signer has the records of both")

    def _have_all(self, zone):
        return all(len(ask.ksks(address, zone)) == 2 and (self._publish != "always" or len(ask.tags(address, zone, "CDS")) == 2)
                   for address in (KNOT, OTHER))

    def _child_bind(self, name, address):
        bind = super()._child_bind(name, address)
        bind.zones = {zone: text.replace(KNOT, OTHER) for zone, text in bind.zones.items()}
        return bind

    def _is_current(self, address, zone):
        primary = OTHER if address == CHILD_BIND else KNOT
        return ask.rrset(address, zone, "SOA") == ask.rrset(primary, zone, "SOA")

    def attach(self, attached=True):
        super().attach(attached)
        self._attach_other()

    def _attach_other(self):
        for zone in self.zones:
            self.other.knotc("zone-ksk-submitted", zone)
        if self.module:
            self.other.sections = self._sections_of_other()
            self.other.reconfigure()

    def tags(self, zone, other=False):
        """Tags of the KSKs of a signer, as it has them."""
        return {tag for tag in ask.ksk_tags(OTHER if other else KNOT, zone) if self.whose(tag) == int(other)}

    def ds_tags(self, zone):
        """Tags of the DS at each server of the parent."""
        return [set(ask.tags(address, zone, "DS")) for address in self.parent_servers().values()]




class BindSignersWorld(SignersWorld):
    """The other signer is BIND, which takes the records by updates."""

    def whose(self, tag):
        return int(any(name.endswith(f"+{tag:05}.key") for name in os.listdir(self.other.dir)))

    def _start_other(self):
        self.other = Bind("other", self.dir, [OTHER], {}, self._statements_of_other())
        key = self.transfer_key.name
        for zone, file in self._write_zones(self.other).items():
            self.other.zones[zone] = (
                f'\ttype primary;\n\tfile "{file}";\n\tdnssec-policy other;\n\tinline-signing no;\n\tkey-directory "{self.other.dir}";\n'
                f"\tallow-update {{ 127.0.0.0/8; }};\n\tallow-transfer {{ key {key}; }};\n"
                f"\talso-notify {{ {CHILD_BIND} key {key}; }};")
        self._up(self.other)

    def _statements_of_other(self):
        return self.transfer_key.bind() + (
            'dnssec-policy "other" {\n\tkeys { ksk lifetime unlimited algorithm ecdsap256sha256;'
            " zsk lifetime unlimited algorithm ecdsap256sha256; };\n"
            f"\tdnskey-ttl {self.dnskey_ttl};\n\tmax-zone-ttl {self.zone_ttl};\n\tpublish-safety 1;\n\tretire-safety 1;\n"
            f"\tzone-propagation-delay 1;\n\tparent-ds-ttl {self.ds_ttl};\n\tparent-propagation-delay 1;\n}};\n")

    def _attach_other(self):
        """It has no module."""
