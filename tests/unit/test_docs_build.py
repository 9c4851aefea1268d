#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation builds without a warning: test_docs_build.py SOURCE; 77 (skipped) without Sphinx."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = sys.argv[1]


class Build(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="kskroll-docs-")
        cls.html = os.path.join(cls.folder.name, "html")
        cls.done = subprocess.run(
            ["sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "-d", os.path.join(cls.folder.name, "trees"),
             os.path.join(SOURCE, "docs"), cls.html], capture_output=True, text=True, check=False, timeout=120)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_no_warning(self):
        self.assertEqual((self.done.returncode, self.done.stdout + self.done.stderr), (0, ""))

    def test_every_page_is_in_the_table_of_contents(self):
        with open(os.path.join(self.html, "index.html"), encoding="utf-8") as f:
            index = f.read()
        pages = {os.path.basename(p)[:-4] for p in glob.glob(os.path.join(SOURCE, "docs", "*.rst"))}
        for page in pages - {"index", "stuck-gates", "delegation-gates"}:
            self.assertIn(f'href="{page}.html"', index)
        self.assertFalse(os.path.exists(os.path.join(self.html, "stuck-gates.html")), "it is included elsewhere")


if __name__ == "__main__":
    if shutil.which("sphinx-build") is None:
        print("skipped: no sphinx-build")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
