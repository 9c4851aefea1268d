#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of rollovers to another algorithm: test_cli_algorithm.py KSKROLL CLI_STORE SOURCE"""

from cli_case import CliCase, DAY, HOUR, NOW, STATE_NUMBERS, main

STATES = ["presign", "introduce", "signal", "await-ds", "withdraw", "observe", "retire", "clean", "settle", "idle"]


class Algorithm(CliCase):
    def sizes(self, zone, old, new, *more, args=()):
        found = self.json("plan", zone, "--algorithm", str(new), *args, db=self.store_of(zone, old, *more))["algorithm"]
        return [tuple(one[name] for name in ("dnskey", "nxdomain_nsec", "nxdomain_nsec3")) for one in found["sizes"]]

    def test_it_is_shown_from_presign_to_idle(self):
        p = self.json("plan", "alpha.example", "--algorithm", "ed25519")
        self.assertTrue(p["imagined"])
        self.assertEqual([s["state"] for s in p["steps"]], ["idle", *STATES])
        self.assertEqual((p["start"], p["first"], p["stuck"]), (NOW, None, None))
        waits = {w["code"]: w["to"] for w in p["steps"][1]["waits"]}
        self.assertEqual(waits["waiting-zone-ttl"], NOW + 60 + 7 * DAY + 1)
        self.assertEqual((p["algorithm"]["old"], p["algorithm"]["new"]), (13, 15))
        self.assertEqual((p["algorithm"]["zone_ttl"], p["algorithm"]["zone_ttl_set"]), (7 * DAY, False))
        self.assertEqual(p["end"], p["safe"] + 60 + 3 * DAY)
        out = self.ok("plan", "alpha.example", "--algorithm", "ed25519")
        for text in ("Algorithm   ecdsap256sha256 to ed25519\n", "Zone TTL    7d, the longest that counts: the policy has no",
                     "'algorithm: ed25519' in the policy of the zone, then knotc reload\n"):
            self.assertIn(text, out)
        self.assertNotIn("zone-key-rollover", out)

    def test_zone_max_ttl_is_the_wait_of_presign(self):
        db = self.altered(self.store_of("ttl.test.", 13), zone_ttl=2 * HOUR)
        p = self.json("plan", "ttl.test", "--algorithm", "15", db=db)
        waits = {w["code"]: w["to"] for w in p["steps"][1]["waits"]}
        self.assertEqual(waits["waiting-zone-ttl"], NOW + 60 + 2 * HOUR + 1)
        self.assertEqual((p["algorithm"]["zone_ttl"], p["algorithm"]["zone_ttl_set"]), (2 * HOUR, True))
        self.assertIn("Zone TTL    2h, by zone-max-ttl of the policy", self.ok("plan", "ttl.test", "--algorithm", "15", db=db))
        # No TTL above a week counts.
        p = self.json("plan", "ttl.test", "--algorithm", "15", db=self.altered(db, zone_ttl=30 * DAY))
        self.assertEqual((p["algorithm"]["zone_ttl"], p["algorithm"]["zone_ttl_set"]), (7 * DAY, True))

    def test_an_algorithm_has_a_name_or_a_number(self):
        for name, number in ("rsasha256", 8), ("RSASHA512", 10), ("ecdsap384sha384", 14), ("Ed25519", 15), ("ed448", 16):
            for given in name, str(number):
                self.assertEqual(self.json("plan", "alpha.example", "--algorithm", given)["algorithm"]["new"], number)
        for given in "", "rsa", "rsasha1", "5", "07", "015", "12", "256", "300", "-8", "ed25519 ":
            err = self.bad(2, "plan", "alpha.example", "--algorithm", given)
            self.assertIn(f"'{given}' is no algorithm to roll to: use rsasha256 (8), rsasha512 (10), ecdsap256sha256 (13), "
                          "ecdsap384sha384 (14), ed25519 (15), ed448 (16)", err)
        self.assertIn("--algorithm is not for status", self.bad(2, "status", "--algorithm", "15"))
        for size in "0", "1023", "4097", "x", "2048x", "":
            self.assertIn("no number from 1024 to 4096", self.bad(2, "plan", "alpha.example", "--rsa-size", size))

    def test_where_nobody_changes_the_algorithm_no_plan_says_so(self):
        for column, text in ("manual", "alpha.test. has 'manual: on'"), ("signers", "other servers sign alpha.test. as well"):
            db = self.altered(self.store_of("alpha.test.", 13), **{column: 1})
            for more in (), ("--json",), ("--svg", "-"):
                self.assertIn(text, self.bad(1, "plan", "alpha.test", "--algorithm", "15", *more, db=db))
            self.ok("plan", "alpha.test", db=db)

    def test_the_operator_makes_the_key_where_knot_does_not(self):
        for csk, zsk in (0, ""), (1, " zsk=yes"):
            out = self.ok("plan", "alpha.test", db=self.altered(self.store_of("alpha.test.", 13), manual=1, csk=csk))
            self.assertIn(f"keymgr alpha.test. generate algorithm=ecdsap256sha256 ksk=yes{zsk} publish=+0 active=+0, then knotc zone-keys-load alpha.test.\n", out)
            self.assertNotIn("zone-key-rollover", out)

    def test_a_zone_that_cannot_begin_says_why(self):
        for zone, algorithm, text in (
                ("alpha.example", "13", "alpha.example. has ecdsap256sha256 already"),
                ("bravo.example", "15", "bravo.example. is in await-ds: --algorithm shows a rollover of an idle zone"),
                ("delta.example", "15", "the keys of delta.example. are not known yet")):
            for more in (), ("--json",), ("--svg", "-"):
                self.assertIn(text, self.bad(1, "plan", zone, "--algorithm", algorithm, *more))

    def test_what_the_settings_forbid_is_said(self):
        self.assertEqual(self.json("plan", "hotel.example", "--algorithm", "15")["first"], "dry-run")

    def test_one_under_way_shows_its_rest(self):
        """Of each state, with and without the option."""
        for i, state in enumerate(STATES[:-2]):
            db = self.store_of("rolls.test.", 13)
            row = {"state": STATE_NUMBERS[state], "data_algorithms": 1 << 13 | 1 << 15, "data_serial": 5,
                   "ds_all_since": NOW - 3 * DAY, "observed_since": NOW - 2 * DAY, "observed_last": NOW - 60,
                   "data_since": NOW - 8 * DAY, "data_last": NOW - 60}
            if state != "presign":
                row["new_key"] = f"1002/15/{'22' * 32}"
            self.altered(db, **row)
            p = self.json("plan", "rolls.test", db=db)
            self.assertEqual([s["state"] for s in p["steps"]], STATES[i:])
            self.assertEqual((p["algorithm"]["old"], p["algorithm"]["new"], p["imagined"]), (13, 15, False))
            self.assertEqual(self.json("plan", "rolls.test", "--algorithm", "15", db=db), p)
            self.assertIn(f"rolls.test. is in {state}: --algorithm", self.bad(1, "plan", "rolls.test", "--algorithm", "8", db=db))

    def test_one_that_knot_has_begun_is_not_imagined(self):
        db = self.altered(self.store_of("begun.test.", 13), data_algorithms=1 << 13 | 1 << 15)
        p = self.json("plan", "begun.test", db=db)
        self.assertFalse(p["imagined"])
        self.assertEqual([s["state"] for s in p["steps"]], ["idle", *STATES])
        self.assertIn("begun.test. has begun a rollover to another algorithm",
                      self.bad(1, "plan", "begun.test", "--algorithm", "8", db=db))

    def test_other_plans_have_none_of_it(self):
        for zone in "alpha.example", "bravo.example":
            self.assertIsNone(self.json("plan", zone)["algorithm"])
            self.assertNotIn("Sizes", self.ok("plan", zone))

    # Status.

    def gated(self, code, **row):
        """Commands for a zone in presign at a gate."""
        number = next(g["number"] for g in self.json("gates")["gates"] if g["code"] == code)
        db = self.altered(self.store_of("rolls.test.", 13), state=STATE_NUMBERS["presign"], gate=number,
                          data_algorithms=1 << 13 | 1 << 15, **row)
        self.assertIn("Algorithm   ecdsap256sha256 to ed25519\n", self.ok("status", "rolls.test", db=db))
        return [one["command"] for one in self.json("status", "rolls.test", db=db)["zones"][0]["commands"]]

    def test_what_shortens_the_wait_for_the_zone_ttl(self):
        known = 'caches-expired: "rolls.test. 2027-01-15T08:00:00Z"'
        self.assertEqual(self.gated("waiting-zone-ttl"), ["zone-max-ttl: TTL", known])
        self.assertEqual(self.gated("waiting-zone-ttl", zone_ttl=HOUR), [known])

    def test_a_nameserver_without_signatures_is_asked(self):
        for code in "signatures-missing-at", "signatures-remain-at":
            self.assertEqual(self.gated(code, gate_about="ns1.test. 192.0.2.1@53"),
                             ["kdig @192.0.2.1 -p 53 +norec +dnssec rolls.test. CDS", "knotc zone-notify rolls.test."])
            # It is this server.
            self.assertEqual(self.gated(code), ["keymgr rolls.test. list"])

    # Sizes.

    def test_sizes_are_those_of_the_lab(self):
        """Measured with Knot DNS 3.4.6 (tests/lab/test_sizes.py): DNSKEY is exact, denials within 4 %."""
        for zone, old, new, more, dnskey, nsec in (
                ("ec-to-ed.test.", 13, 15, (), (311, 516), (538, 865)),
                ("rsa-to-ec.test.", 8, 13, (), (897, 1167), (1120, 1450)),
                ("csk-to-ec.test.", 8, 13, ("csk",), (621, 811), (1120, 1450))):
            found = self.sizes(zone, old, new, *more)
            self.assertEqual(tuple(size[0] for size in found[:2]), dnskey)
            for size, measured in zip(found, nsec):
                self.assertLess(abs(size[1] - measured), 0.04 * measured)
        # Shorter names: docs/knot-behaviour.rst.
        for size, measured in zip(self.sizes("name-of-17.test.", 13, 15), (519, 852)):
            self.assertLess(abs(size[1] - measured), 0.06 * measured)

    def test_after_it_a_zone_is_as_one_that_always_had_the_algorithm(self):
        for more in (), ("csk",):
            there, back = self.sizes("there.test.", 8, 15, *more), self.sizes("there.test.", 15, 8, *more)
            self.assertEqual(there, back[::-1])
            self.assertLess(max(there[0][0], there[2][0]), there[1][0])

    def test_the_size_of_rsa_keys_is_an_assumption(self):
        args = ("plan", "alpha.example", "--algorithm", "rsasha256")
        self.assertEqual(self.json(*args)["algorithm"]["rsa_size"], 2048)
        self.assertIn("RSA keys of 2048 bits (assumed: --rsa-size)", self.ok(*args))
        large = self.json(*args, "--rsa-size", "4096")["algorithm"]
        self.assertEqual(large["rsa_size"], 4096)
        # Two keys and one signature; three signatures.
        usual = self.json(*args)["algorithm"]["sizes"]
        self.assertEqual(large["sizes"][2]["dnskey"] - usual[2]["dnskey"], 3 * 256)
        self.assertEqual(large["sizes"][2]["nxdomain_nsec"] - usual[2]["nxdomain_nsec"], 3 * 256)
        self.assertEqual(large["sizes"][0], usual[0])
        self.assertNotIn("RSA", self.ok("plan", "alpha.example", "--algorithm", "ed25519"))

    def test_what_is_too_large_for_udp_is_marked(self):
        out = self.ok("plan", "alpha.example", "--algorithm", "rsasha256")
        self.assertRegex(out, r"(?m)^ +before +311 +535 +802\n +during +1164 +1438 \* +2006 \*\n +after +895 +1111 +1570 \*$")
        self.assertIn("* over 1232 octets: comes over TCP where fragments are avoided (RFC 9715)", out)
        small = self.store_of("x.test.", 15)
        self.assertNotIn(" *", self.ok("plan", "x.test", "--algorithm", "13", db=small).split("EARLIEST", maxsplit=1)[0])

    def test_an_algorithm_without_sizes_says_so(self):
        db = self.store_of("odd.test.", 12)
        self.assertIn("Sizes       not known of these algorithms", self.ok("plan", "odd.test", "--algorithm", "15", db=db))
        self.assertEqual(self.json("plan", "odd.test", "--algorithm", "15", db=db)["algorithm"]["sizes"], [])

    def test_pictures_say_the_same(self):
        for picture in "--svg", "--html":
            out = " ".join(self.ok("plan", "alpha.example", "--algorithm", "rsasha256", picture, "-").split())
            for state in STATES:
                self.assertIn(state, out)
            self.assertIn("The algorithm changes from ecdsap256sha256 to rsasha256.", out)
            self.assertIn("DNSKEY 311, 1164, 895;", out)
            self.assertNotIn("The algorithm changes", self.ok("plan", "alpha.example", picture, "-"))


if __name__ == "__main__":
    main()
