#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kskroll dsync: test_cli_dsync.py KSKROLL CLI_STORE SOURCE"""

import re
import unittest

from cli_case import CliCase, main

try:
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
except ImportError:
    dns = None


class Dsync(CliCase):
    def record(self, *args):
        """(owner, type, RDATA) of the one line that is no comment."""
        lines = [line for line in self.ok("dsync", *args).splitlines() if not line.startswith(";")]
        self.assertEqual(len(lines), 1)
        owner, ttl, rrclass, rrtype, rdata = lines[0].split(" ", 4)
        self.assertEqual((ttl, rrclass), ("3600", "IN"))
        return owner, rrtype, rdata

    def test_a_record_for_all_children(self):
        text = self.ok("dsync", "Example", "--target", "NS.Example.NET", "--port", "5359")
        self.assertIn("port 5359", text)
        self.assertIn("\n; _dsync.example. 3600 IN ", text)
        owner, rrtype, rdata = self.record("Example", "--target", "NS.Example.NET", "--port", "5359")
        self.assertEqual(owner, "*._dsync.example.")
        plain, generic = "CDS NOTIFY 5359 ns.example.net.", r"\# 21 003B0114EF" + b"\2ns\7example\3net\0".hex().upper()
        self.assertIn((rrtype, rdata), [("DSYNC", plain), ("TYPE66", generic)])
        one = self.json("dsync", "Example", "--target", "NS.Example.NET", "--port", "5359")
        self.assertEqual((one["plain"], one["generic"]), (plain, generic))
        self.assertEqual((one["type"], one["rdata"]), (rrtype, rdata))
        self.assertEqual((one["zone"], one["owner"], one["owner_without_wildcard"]), ("example.", owner, "_dsync.example."))

    def test_the_port_is_that_of_dns(self):
        self.assertEqual(self.json("dsync", "example", "--target", "ns.test")["plain"], "CDS NOTIFY 53 ns.test.")
        for port in "0", "65536", "-1", "x", "53x", "":
            self.assertIn("is no number from 1 to 65535", self.bad(2, "dsync", "example", "--target", "ns.test", "--port", port))
        self.assertEqual(self.json("dsync", "example", "--target", "ns.test", "--port", "65535")["port"], 65535)

    def test_the_target_must_be_given_and_be_a_name(self):
        self.assertIn("needs --target NAME", self.bad(2, "dsync", "example"))
        self.assertIn("is no domain name", self.bad(1, "dsync", "example", "--target", "a..b"))
        self.assertIn("is no domain name", self.bad(1, "dsync", "a..b", "--target", "ns.test"))
        self.assertIn("the root is no name of a server", self.bad(1, "dsync", "example", "--target", "."))

    def test_names_of_any_length_and_with_anything_in_them(self):
        self.assertEqual(self.record(".", "--target", "ns.test")[0], "*._dsync.")
        self.assertEqual(self.record(r"a\032b", "--target", "ns.test")[0], r"*._dsync.a\032b.")
        longest = ".".join(["a" * 61] * 4)
        self.assertIn("too long", self.bad(1, "dsync", longest, "--target", "ns.test"))
        self.assertTrue(self.record("example", "--target", longest)[2])

    @unittest.skipUnless(dns, "no dnspython")
    def test_others_read_the_same(self):
        wire = dns.rdata.from_text(dns.rdataclass.IN, 66, self.json("dsync", "example", "--target", "ns.test")["generic"])
        self.assertEqual(wire.to_wire(), b"\0\x3b\1\0\x35\2ns\4test\0")
        if not re.fullmatch(r"TYPE\d+", dns.rdatatype.to_text(66)):
            self.assertEqual(wire.to_text(), "CDS NOTIFY 53 ns.test.")


if __name__ == "__main__":
    main()
