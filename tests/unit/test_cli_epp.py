#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`kskroll epp`: test_cli_epp.py KSKROLL CLI_STORE SOURCE"""

import os
import sys
import unittest

from cli_case import CliCase, SOURCE, main
from json_doc import JsonDoc

sys.path.insert(0, SOURCE)
from tests.lab.epp_certs import Authority  # noqa: E402
from tests.lab.epp_objects import Ds, Key, Registry  # noqa: E402
from tests.lab.epp_server import EppServer  # noqa: E402


class Epp(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.folder.name)
        cls.client = cls.authority.issue("client", client=True)
        cls.certificate = cls.authority.issue("server", ["epp.test"])

    def accounts(self, *ports, **more):
        path = os.path.join(self.folder.name, "accounts.conf")
        with open(path, "w", encoding="ascii", opener=lambda where, flags: os.open(where, flags, 0o600)) as file:
            file.write("account:\n")
            for number, port in enumerate(ports):
                items = {"id": f"a{number}", "server": "127.0.0.1", "port": port, "server-name": "epp.test", "ca": self.authority.ca,
                         "cert": self.client[0], "key": self.client[1], "login": "lab-client", "password": "secret-pw-1", "timeout": 20, **more}
                file.write("".join(f"  {'-' if item == 'id' else ' '} {item}: {value}\n" for item, value in items.items()))
        return path

    @staticmethod
    def registry(records, **policy):
        registry = Registry(**policy)
        registry.add_client("lab-client", "secret-pw-1")
        registry.add("example.test", "lab-client", records, ttl=600, statuses={"clientUpdateProhibited"})
        return registry

    def test_json_is_as_documented(self):
        doc = JsonDoc(set(), set())
        ds = self.registry([Ds(1, 13, 2, "AB" * 32)])
        key = self.registry([Key(257, 3, 13, "AwEAAcFcGg==")], interface="key")
        with EppServer(ds, self.certificate, self.authority.ca) as one, EppServer(key, self.certificate, self.authority.ca) as two:
            for port in one.port, two.port:
                doc.check("EPP", self.json("epp", "check", "--domain", "Example.TEST.", "--accounts", self.accounts(port)))
            doc.check("EPP", self.json("epp", "check", "--accounts", self.accounts(one.port, two.port)))
            doc.check("EPP", self.json("epp", "check", "--domain", "example.test", "--accounts", self.accounts(one.port, two.port)))
            doc.check("EPP", self.json("epp", "check", "--domain", "no.test", "--accounts", self.accounts(one.port), code=1))
        self.assertEqual({(name, member) for name, member in doc.never_seen() if name.startswith("EPP")}, set())

    def test_wrong_usage_is_said(self):
        path = self.accounts(1, 1)
        self.assertIn("only check", self.bad(2, "epp", "submit"))
        self.assertIn("epp check [ACCOUNT]", self.bad(2, "epp"))
        self.assertIn("epp check [ACCOUNT]", self.bad(2, "epp", "check", "a0", "a1"))
        self.assertIn("no account 'a7'", self.bad(1, "epp", "check", "a7", "--accounts", path))
        self.assertIn("'a..b'", self.bad(1, "epp", "check", "a0", "--domain", "a..b", "--accounts", path))
        self.assertIn("/nonexistent", self.bad(1, "epp", "check", "--accounts", "/nonexistent"))
        self.assertIn("--accounts is not for status", self.bad(2, "status", "--accounts", path))

    @unittest.skipIf(os.geteuid() != 0, "only root can give a file away")
    def test_the_file_is_for_its_owner_alone(self):
        path = self.accounts(1)
        os.chmod(path, 0o604)
        self.assertIn(path, self.bad(1, "epp", "check", "--accounts", path))
        os.chmod(path, 0o600)
        os.chown(path, 4711, 4711)
        self.assertIn(path, self.bad(1, "epp", "check", "--accounts", path))
        os.unlink(path)


if __name__ == "__main__":
    main()
