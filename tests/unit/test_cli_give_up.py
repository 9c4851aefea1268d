#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a rollover is given up: test_cli_give_up.py KSKROLL CLI_STORE SOURCE

tests/lab/test_give_up.py runs what is printed.
"""

import json
import shlex
import subprocess

from cli_case import CliCase, DAY, NOW, STATE_NUMBERS, main

ZONE = "roll.test."
HEAD = "To give the rollover up, in this order:"
LOAD = f"knotc zone-keys-load {ZONE}"
REMOVED = "publish=+0 active=+0 retire_active=0 retire=+0 remove=+0"
REMOVE = f"keymgr {ZONE} set keytag=1002 {REMOVED}"


def key(tag, algorithm):
    return f"{tag}/{algorithm}/{'%02x' % (tag % 256) * 32}"


def delete(algorithm):
    return f"for id in $(keymgr {ZONE} list -e | awk '/ algorithm={algorithm} / {{print $1}}'); do keymgr {ZONE} delete $id; done"


def keep(algorithm):
    return (f"for id in $(keymgr {ZONE} list -e | awk '/ algorithm={algorithm} / && !/ retire-active=0 / {{print $1}}'); "
            f"do keymgr {ZONE} set $id retire_active=0 retire=0; done")


def hide(ksk, algorithm, timers):
    return (f"for id in $(keymgr {ZONE} list -e | awk '/ ksk={ksk} .* algorithm={algorithm} / {{print $1}}'); "
            f"do keymgr {ZONE} set $id {timers}; done")


class GiveUp(CliCase):
    def at(self, state, new=None, answers=None, **row):
        """The commands of a zone in a state, and how its status ends."""
        row.setdefault("since", NOW - 3 * DAY)
        row.update(state=STATE_NUMBERS[state], new_key="" if new is None else key(*new),
                   answers="" if answers is None else json.dumps({"time": NOW, "child": [], "parent": answers}))
        db = self.altered(self.store_of(ZONE, 8), **row)
        commands = [one["command"] for one in self.json("status", ZONE, db=db)["zones"][0]["give_up"]]
        out = self.ok("status", ZONE, db=db)
        self.assertEqual(out.count(HEAD), 1 if commands else 0)
        if commands:
            found = [line[2:] for line in out.split(HEAD)[1].splitlines() if line.startswith("  ") and line[2] != " "]
            self.assertEqual(found, commands)
        return commands

    def test_a_key_of_the_same_kind_is_removed(self):
        for state in "introduce", "rolled-back":
            self.assertEqual(self.at(state, (1002, 8)), [REMOVE, LOAD])
        self.assertEqual(self.at("introduce", (1002, 8), csk=1, csk_new=1), [REMOVE, LOAD])
        self.assertEqual(self.at("introduce", (1001, 8)), [f"keymgr {ZONE} list", f"keymgr {ZONE} set IDENTIFIER {REMOVED}", LOAD])
        self.assertEqual(self.at("introduce"), [])

    def test_a_single_key_that_was_moved_to_stays_while_caches_need_it(self):
        row = {"csk": 1, "csk_new": 1, "zone_ttl": DAY}
        self.assertEqual(self.at("rolled-back", (1002, 8), **row), [])
        self.assertEqual(self.at("rolled-back", (1002, 8), **row, all_since=NOW - DAY), [])
        self.assertEqual(self.at("rolled-back", (1002, 8), **row, all_since=NOW - DAY - 1), [REMOVE, LOAD])

    def test_a_key_stays_while_caches_may_have_its_ds_alone(self):
        """The parent had the DS of the new key and took the old one back."""
        shown = [f"kskroll status {ZONE}"]
        row = {"ds_ttl": f"3600@{NOW}"}
        for state, signalled, since, found in [
                ("rolled-back", NOW - DAY, NOW - 3600, shown), ("rolled-back", NOW - DAY, NOW - 3601, [REMOVE, LOAD]),
                ("introduce", NOW - DAY, NOW - 3600, shown), ("introduce", NOW - DAY, NOW - 3601, [REMOVE, LOAD]),
                ("introduce", 0, NOW, [REMOVE, LOAD])]:
            with self.subTest(state=state, signalled=signalled, since=since):
                self.assertEqual(self.at(state, (1002, 8), signalled=signalled, since=since, **row), found)
        # The CDS of the old key may always be out. A key that is not published has no DS.
        both = {"data_algorithms": 1 << 8 | 1 << 13}
        self.assertEqual(self.at("presign", signalled=NOW, since=NOW, **both), self.at("presign", **both))
        # Nobody knows which TTL it had: two days.
        for since, found in (NOW - 2 * DAY, shown), (NOW - 2 * DAY - 1, [REMOVE, LOAD]):
            self.assertEqual(self.at("introduce", (1002, 8), signalled=1, since=since, ds_ttl=""), found)
        db = self.altered(self.store_of(ZONE, 8), state=STATE_NUMBERS["introduce"], new_key=key(1002, 8), answers="",
                          signalled=NOW - DAY, since=NOW - 3600, **row)
        self.assertIn("caches may have the DS of the new key alone until ", self.json("status", ZONE, db=db)["zones"][0]["give_up"][0]["comment"])
        self.altered(db, since=NOW - DAY)
        self.assertIn("gone from every server of the parent for its TTL (3600 s): removes the new KSK",
                      self.json("status", ZONE, db=db)["zones"][0]["give_up"][0]["comment"])
        # Another algorithm.
        row = {"data_algorithms": 1 << 8 | 1 << 13, "signalled": NOW - DAY, **row}
        for state in "introduce", "rolled-back":
            self.assertEqual(self.at(state, (1002, 13), since=NOW - 3600, **row), shown)
            self.assertEqual(len(self.at(state, (1002, 13), since=NOW - 3601, **row)), 4)

    def test_no_other_state_has_a_way_back(self):
        for state in set(STATE_NUMBERS) - {"introduce", "rolled-back", "presign"}:
            for algorithm in 8, 13:
                self.assertEqual(self.at(state, (1002, algorithm)), [], state)
        # The first DS: no key but that one.
        self.assertEqual(self.at("introduce", (1002, 8), old_keys=""), [])

    def test_keys_that_are_not_published_are_deleted_at_once(self):
        policy = "algorithm: rsasha256"
        self.assertEqual(self.at("presign", data_algorithms=1 << 8 | 1 << 13), [policy, delete(13), keep(8), LOAD])
        for unknown in 0, 1 << 8, 1 << 8 | 1 << 13 | 1 << 15:
            self.assertEqual(self.at("presign", data_algorithms=unknown), [])

    def test_keys_that_may_be_published_by_now_are_hidden_first(self):
        row = {"data_algorithms": 1 << 8 | 1 << 13, "ordered": NOW - 5}
        found = self.at("presign", **row)
        self.assertEqual(found, ["algorithm: rsasha256", hide("no", 13, "post_active=+0 revoke=+0"),
                                 hide("yes", 13, "pre_active=0 publish=0 ready=0 active=0"), LOAD, delete(13), keep(8), LOAD])
        zone = self.json("status", ZONE, db=self.altered(self.store_of(ZONE, 8), state=STATE_NUMBERS["presign"],
                                                         dnskey_ttl=f"300@{NOW}", **row))["zones"][0]
        self.assertIn("when every nameserver has lost their DNSKEY, and its TTL (300 s) is over", zone["give_up"][4]["comment"])

    def test_a_derived_policy_is_left_with_the_change(self):
        for implicit, last in (0, f"knotc conf-set 'zone[{ZONE}].dnssec-policy' standard"), \
                (1, f"knotc conf-unset 'zone[{ZONE}].dnssec-policy'"):
            found = self.at("presign", data_algorithms=1 << 8 | 1 << 13, base_policy="standard", policy_implicit=implicit)
            self.assertEqual(found[:4], ["knotc conf-begin", "knotc conf-set 'policy[standard].algorithm' rsasha256", last,
                                         "knotc conf-commit"])
            self.assertEqual(found[4], delete(13))
        # No shell takes its name apart.
        found = self.at("presign", data_algorithms=1 << 8 | 1 << 13, base_policy="bob's zones", policy_implicit=0)
        self.assertEqual([shlex.split(one) for one in found[1:3]],
                         [["knotc", "conf-set", "policy[bob's zones].algorithm", "rsasha256"],
                          ["knotc", "conf-set", f"zone[{ZONE}].dnssec-policy", "bob's zones"]])

    def test_published_keys_of_another_algorithm_go_in_two_steps(self):
        ksk, zsk = "pre_active=0 publish=0 ready=0 active=0", "post_active=+0 revoke=+0"
        row = {"data_algorithms": 1 << 8 | 1 << 13}
        for state in "introduce", "rolled-back":
            self.assertEqual(self.at(state, (1002, 13), **row),
                             ["algorithm: rsasha256", hide("no", 13, zsk), hide("yes", 13, ksk), LOAD])
            self.assertEqual(self.at(state, (1002, 13), csk=1, csk_new=1, **row),
                             ["algorithm: rsasha256", hide("yes", 13, f"ksk=no sep=yes active=+0 {zsk}"), LOAD])
        db = self.altered(self.store_of(ZONE, 8), gate=35, dnskey_ttl=f"300@{NOW}", **row)
        zone = self.json("status", ZONE, db=db)["zones"][0]
        self.assertEqual([one["command"] for one in zone["commands"]], [f"keymgr {ZONE} list", delete(13), keep(8), LOAD])
        self.assertIn("when every nameserver has lost their DNSKEY, and its TTL (300 s) is over", zone["commands"][1]["comment"])
        # Where the policy was set back in presign, all commands are those to give up.
        zone = self.json("status", ZONE, db=self.altered(db, state=STATE_NUMBERS["presign"]))["zones"][0]
        self.assertEqual([one["command"] for one in zone["commands"]], [f"keymgr {ZONE} list"])
        self.assertIn(delete(13), [one["command"] for one in zone["give_up"]])
        self.altered(db, state=STATE_NUMBERS["idle"])
        # Whatever else that gate is about.
        zone = self.json("status", ZONE, db=self.altered(db, data_algorithms=1 << 8))["zones"][0]
        self.assertEqual([one["command"] for one in zone["commands"]], [f"keymgr {ZONE} list"])

    def test_a_scheme_goes_back_by_the_policy(self):
        self.assertEqual(self.at("introduce", (1002, 8), csk_new=1),
                         ["single-type-signing: off", REMOVE, LOAD])
        pair = f"for id in $(keymgr {ZONE} list -e | awk '/ ksk=(yes +zsk=no|no +zsk=yes) / {{print $1}}'); do keymgr {ZONE} set $id {REMOVED}; done"
        for tag in 1001, 1002:
            self.assertEqual(self.at("introduce", (tag, 8), csk=1), ["single-type-signing: on", pair, LOAD])

    def test_the_single_key_stays_whatever_its_tag(self):
        """keymgr writes a tag with five digits, and "no" as wide as "yes"."""
        keys = {"cc": ("yes", "yes", 1001), "dd": ("yes", "no ", 1002), "ee": ("no ", "yes", 31001)}
        listed = "".join(f"{name} ksk={ksk} zsk={zsk} tag={tag:05} algorithm=8  size=2048 public-only=no  missing=no  created=1\n"
                         for name, (ksk, zsk, tag) in keys.items())
        _, removing, _ = self.at("introduce", (1002, 8), csk=1)
        keymgr = f"keymgr() {{ if [ $2 = list ]; then printf '{listed}'; else echo $2 $3 $7; fi; }}\n"
        done = subprocess.run(["sh", "-c", keymgr + removing], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.splitlines(), ["set dd retire=+0", "set ee retire=+0"])

    def test_while_the_parent_has_the_new_ds_its_key_stays(self):
        def parent(**ds):
            return [{"server": "p1.test. 192.0.2.11@53", "status": "ok", "ds": [1001], "ds_ttl": 300},
                    {"server": "p2.test. 192.0.2.12@53", "status": "ok", "ds_ttl": 300, **ds}]
        for ds in {"ds": [1001, 1002]}, {"ds": [1002]}, {"ds_sha1": [1002]}:
            self.assertEqual(self.at("introduce", (1002, 8), parent(**ds)), [])
            for state in "introduce", "rolled-back":
                # One of the same algorithm that the zone does not have does no harm beside the old one.
                if state == "rolled-back":
                    self.assertEqual(self.at(state, (1002, 8), parent(**ds)), [REMOVE, LOAD])
                self.assertEqual(self.at(state, (1002, 13), parent(**ds)), [f"{ZONE} IN DS 1001 8 2 {'11' * 32}"])
        for ds in {"ds": [1001]}, {"ds": [10020, 21002]}, {}:
            self.assertEqual(self.at("introduce", (1002, 8), parent(**ds)), [REMOVE, LOAD])
        # With one tag for both nobody knows which DS that is.
        self.assertEqual(self.at("introduce", (1001, 8), parent(ds=[1001]), signalled=NOW), [])

    def test_the_gate_of_a_zone_that_waits_for_the_decision_refers_to_it(self):
        db = self.altered(self.make("decision"), since=NOW - 3 * DAY)
        out = self.ok("status", "kilo.example", db=db)
        self.assertIn("To give up, run the commands of kskroll status ZONE.", out)
        self.assertIn(f"{HEAD}\n  keymgr kilo.example. set keytag=1002 {REMOVED}\n", out)


if __name__ == "__main__":
    main()
