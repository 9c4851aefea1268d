# SPDX-License-Identifier: GPL-3.0-or-later
"""One knotd with many zones whose keys are set by keymgr, and what it makes of them: for key_timers.py and key_states.py."""

import json
import os
import threading
import time

import dns.dnssec
import dns.rdatatype

from . import ask, pkcs11
from .daemons import Knot, file_name, run
from .wait import PATIENCE, stays, wait_until
from .zones import zone_text

ADDRESS = "127.0.5.1"
PARENT = "test."
#: A key that Knot has published gets READY after the sum of both: seconds.
DELAY, TTL = 1, 2
#: Within this time Knot moves a key that nothing holds.
HELD = DELAY + TTL + 2
TIMERS = ("pre-active", "publish", "ready", "active", "retire-active", "retire", "post-active", "revoke", "remove")


SCENARIOS = {}


def described(function, name, zones=1, submission=None, template=None, needs=None, later=None, **policy):
    """A scenario for Lab: a function (lab, zone...) -> facts.

    \a needs: () -> why it cannot be run here, or None. \a later: items of the policy that Lab.change() gives a zone.
    """
    def items(mapping):
        return {item.replace("_", "-"): value for item, value in mapping.items()}
    return {"run": function, "needs": needs, "submission": submission, "template": template or {},
            "policy": items(policy), "later": None if later is None else items(later),
            "zones": [f"{name.replace('_', '-')}{n or ''}.{PARENT}" for n in range(zones)]}


def scenario(**items):
    """The function is one of SCENARIOS, described by these items."""
    def add(function):
        SCENARIOS[function.__name__] = described(function, function.__name__, **items)
        return function
    return add


def state_of(key, now=None):
    """State of a key by its timers: get_key_state() of Knot."""
    now = now or time.time()
    past = [name for name in TIMERS if 0 < key[name] <= now]
    return past[-1] if past else "none"


class Lab:
    """The knotd of all scenarios."""

    def __init__(self, directory, chosen):
        """\a chosen: name -> scenario."""
        self.chosen = chosen
        self.knot = Knot("knot", directory, ADDRESS, [], [PARENT])
        self._keymgr = threading.Lock()  # One at a time.
        self._transaction = threading.Lock()  # knotd refuses a reload while one is open.
        self.token = pkcs11.Token(self.knot.dir) if any(s["policy"].get("keystore") for s in self.chosen.values()) \
            else None
        if self.token:
            self.knot.env.update(self.token.environment)
        zones = [zone for one in self.chosen.values() for zone in one["zones"]]
        for zone in (PARENT, *zones):
            self.knot.write(file_name(zone), zone_text(zone, {f"ns.{PARENT}": [ADDRESS]}, 5, ["host A 192.0.2.1"]))
        self.knot.sections = self._sections()
        self.knot.start()

    def _sections(self):
        path = self.knot.path
        sections = [
            ("server", {"rundir": self.knot.dir, "pidfile": path("knot.pid"), "listen": f"{ADDRESS}@53", "udp-workers": 1,
                        "tcp-workers": 1, "background-workers": 2}),
            ("control", {"listen": self.knot.socket}),
            ("log", [{"target": self.knot.log, "any": "debug"}]),
            ("database", {"storage": path("db"), "journal-db-max-size": "64M", "kasp-db-max-size": "16M",
                          "timer-db-max-size": "16M"}),
            ("remote", [{"id": "parent", "address": ADDRESS}])]
        if self.token:
            sections.append(("keystore", [{"id": "token", "backend": "pkcs11", "config": f'"{self.token.uri}"'}]))
        submissions = [{"id": name, **one["submission"]} for name, one in self.chosen.items() if one["submission"]]
        if submissions:
            sections.append(("submission", submissions))
        policies = [{"id": f"{name}{suffix}", "algorithm": "ecdsap256sha256", "dnskey-ttl": TTL, "zone-max-ttl": 5,
                     "propagation-delay": DELAY, **({"ksk-submission": name} if one["submission"] else {}), **policy}
                    for name, one in self.chosen.items()
                    for suffix, policy in (("", one["policy"]), ("-later", one.get("later"))) if policy is not None]
        zones = [{"domain": PARENT}]
        zones += [{"domain": zone, "dnssec-signing": True, "dnssec-policy": name, **one["template"]}
                  for name, one in self.chosen.items() for zone in one["zones"]]
        template = {"id": "default", "storage": self.knot.dir, "file": "%s.zone", "zonefile-sync": -1,
                    "zonefile-load": "difference-no-serial", "journal-content": "all"}
        return [*sections, ("policy", policies), ("template", [template]), ("zone", zones)]

    # Keys.

    @property
    def kasp(self):
        """Folder of the KASP database."""
        return self.knot.path("db", "keys")

    def keymgr(self, zone, *args, env=None):
        """(exit code, output) of keymgr, which knows nothing of the configuration."""
        done = self.alone(["keymgr", "-D", self.kasp, zone, *args], env=env)
        return done.returncode, done.stdout + done.stderr

    def alone(self, command, **kwargs):
        """A command that runs keymgr, when no other one does."""
        with self._keymgr:
            return run(command, **kwargs)

    def keys(self, zone):
        """All keys of the zone, as keymgr lists them."""
        code, text = self.keymgr(zone, "list", "-j")
        assert code == 0, text
        return json.loads(text)

    def states(self, zone):
        """ID of KSK -> state."""
        return {key["id"]: state_of(key) for key in self.keys(zone) if key["ksk"]}

    def tag(self, zone, key):
        """Key tag of an ID."""
        return next(one["tag"] for one in self.keys(zone) if one["id"] == key)

    def set(self, zone, *assignments, load=True):
        """Each assignment is (ID, "timer=value"...); then knotd reads the keys."""
        for key, *timers in assignments:
            code, text = self.keymgr(zone, "set", key, *timers)
            assert code == 0, text
        if load:
            self.load(zone)

    def load(self, zone, command="zone-keys-load"):
        """knotd reads the keys and has signed the zone afterwards, if it can."""
        self.knot.knotc("-b", command, zone)

    def without_reload(self):
        """A context in which no other scenario reloads the server, which signs all zones."""
        return self._transaction

    def thrice(self, *command):
        """knotd carries the command out three times."""
        for _ in range(3):
            with self._transaction:
                self.knot.knotc("-b", *command)

    def first(self, zone):
        """The first KSK of a zone, once the zone is signed with it."""
        wait_until(lambda: len(self.states(zone)) == 1 and self.served(zone)["keys"], 20, f"{zone} is signed")
        return next(iter(self.states(zone)))

    def first_active(self, zone):
        """The first KSK, as one whose DS the parent has."""
        key = self.first(zone)
        self.set(zone, (key, "active=+0"))
        self.serves(zone, keys={key}, cds=set())
        return key

    def introduce(self, zone):
        """ID of a new key that is active from the start."""
        code, text = self.keymgr(zone, "generate", "ksk=yes", "algorithm=13", "publish=+0", "active=+0")
        assert code == 0, text
        self.load(zone)
        return text.split()[0]

    def rollover(self, zone):
        """ID of a new key that Knot makes, once it is in the zone: Knot writes the key first and signs with it afterwards."""
        before = set(self.states(zone))
        self.knot.knotc("zone-key-rollover", zone, "ksk")

        def published():
            new = [key for key in self.keys(zone) if key["id"] not in before and key["id"] in self.states(zone)]
            return new[0]["id"] if new and new[0]["tag"] in self.served(zone)["keys"] else None
        return wait_until(published, 10, f"{zone} has a new KSK")

    def _give_policy(self, zone, policy):
        with self._transaction:
            next(one for one in dict(self.knot.sections)["zone"] if one["domain"] == zone)["dnssec-policy"] = policy
            self.knot.configure()
            # No reload: it would sign all zones.
            self.knot.transaction(("conf-set", f"zone[{zone}].dnssec-policy", policy))

    def _policy_of(self, zone):
        return next(name for name, one in self.chosen.items() if zone in one["zones"])

    def change_back(self, zone):
        """The operator gives the zone its first policy again."""
        self._give_policy(zone, self._policy_of(zone))

    def change(self, zone):
        """The operator gives the zone the policy that its scenario has for later. Returns IDs of the keys that Knot makes."""
        before = {key["id"] for key in self.keys(zone)}
        self._give_policy(zone, self._policy_of(zone) + "-later")

        def made():
            # One that signs the zone comes last: Knot writes one key after the other.
            new = [key for key in self.keys(zone) if key["id"] not in before]
            return {key["id"] for key in new} if any(key["zsk"] for key in new) else None
        return wait_until(made, 10, f"{zone} has new keys")

    # What is served.

    def served(self, zone):
        """Tags of KSKs that are published, that sign DNSKEY, that CDS and CDNSKEY name."""
        answer = ask.ask(ADDRESS, zone, "DNSKEY").answer
        published = {dns.dnssec.key_id(key) for rrset in answer for key in rrset
                     if rrset.rdtype == dns.rdatatype.DNSKEY and key.flags & ask.SEP}
        signers = {signature.key_tag for rrset in answer for signature in rrset
                   if rrset.rdtype == dns.rdatatype.RRSIG}
        cdnskey = {dns.dnssec.key_id(key) for key in ask.rrset(ADDRESS, zone, "CDNSKEY") or ()}
        return {"keys": published, "signers": signers & published, "cds": set(ask.tags(ADDRESS, zone, "CDS")),
                "cdnskey": cdnskey}

    def signed(self, zone):
        """Keys and signers, see ask.signed()."""
        return ask.signed(ADDRESS, zone, "host")

    def serves(self, zone, keys, cds, bound=10):
        """Waits until these keys (IDs) are published and sign, and CDS and CDNSKEY name these."""
        tags = {key["id"]: key["tag"] for key in self.keys(zone)}
        keys, cds = ({tags[key] for key in ids} for ids in (keys, cds))
        want = {"keys": keys, "signers": keys, "cds": cds, "cdnskey": cds}
        wait_until(lambda: self.served(zone) == want, bound,
                   f"{zone} serves {want}, it has {self.served(zone)}")

    def holds(self, zone, seconds=HELD):
        """Whether nothing changes: keys, states, what is served."""
        served, states = self.served(zone), self.states(zone)
        return stays(lambda: self.served(zone) == served, seconds, 0.1) and self.states(zone) == states

    def becomes(self, zone, key, state, bound):
        """Whether the key gets that state ("gone": deleted) within the bound (seconds)."""
        return not stays(lambda: self.states(zone).get(key, "gone") != state, bound * PATIENCE, 0.1)

    def put_ds(self, zone, *keys):
        """The parent has the DS of these keys alone."""
        records = [self.keymgr(zone, "ds", key)[1].split(" DS ")[1].splitlines()[0] for key in keys]
        with self._transaction:
            self.knot.knotc("zone-begin", PARENT)
            self.knot.knotc_ok("zone-unset", PARENT, zone, "DS")
            for record in records:
                self.knot.knotc("zone-set", PARENT, zone, "5", "DS", record)
            self.knot.knotc("zone-commit", PARENT)

    def said(self, zone, text):
        """Lines of knotd's log."""
        return [line for line in self.knot.log_lines(text) if f"[{zone}]" in line]
