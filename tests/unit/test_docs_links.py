#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation refers to exists: test_docs_links.py SOURCE. Sphinx checks references between pages (test_docs_build.py)."""

import glob
import os
import re
import sys
import unittest
from urllib.parse import urlsplit

SOURCE = sys.argv[1]
sys.path.insert(0, SOURCE)

from tests import pages  # pylint: disable=wrong-import-position

FOLDERS = "conf-examples|debian|docs|include|module|tests|tools"
#: Man pages of other programs, where they are not installed.
FOREIGN = {"knotc(8)", "knotd(8)", "knot.conf(5)", "keymgr(8)", "systemd.exec(5)"}
#: Programs of the build, by their place in it.
BUILT = {"tools/kskroll"}
#: Installed by the package as documentation.
INSTALLED = "/usr/share/doc/kskroll/"


def titles(text):
    """Titles of an rst page."""
    return set(re.findall(r"^(\S.*)\n[=~^\"-]{3,}$", text, re.M))


def slugs(text):
    """Anchors of a Markdown page, as GitHub makes them."""
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)}


def broken_links(page, text):
    """Links and sections in Markdown, or plain text, that lead nowhere."""
    wrong = []
    for target, section in re.findall(r"\]\(([^)\s]+)\)(?:, \"([^\"]+)\")?", text) if page.endswith(".md") else ():
        path, _, anchor = target.partition("#")
        if not re.match(r"\w+:", path):
            there = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(os.path.join(SOURCE, there)):
                wrong.append(target)
            elif anchor and anchor not in slugs(pages.read(there)) or section and section not in titles(pages.read(there)):
                wrong.append(f"{target} {section}")
    for section, path in re.findall(rf"section\s+\"([^\"]+)\"\s+of\s+{INSTALLED}([\w.-]*\w)", text):
        if " ".join(section.split()) not in titles(pages.read(f"docs/{path}")):
            wrong.append(f"{path}: {section}")
    return wrong


def missing_files(text):
    """Files and folders of the source that a text names and that are not there. Those of other trees begin with a slash."""
    text = re.sub(r"https?://\S+", "", text)
    named = re.findall(rf"(?<![\w/.-])(?:{FOLDERS})/(?:[\w*+-][\w./*+-]*[\w*]|[\w*])?", text)
    return sorted({one for one in set(named) - BUILT if not glob.glob(os.path.join(SOURCE, one))})


def missing_man_pages(text, ours):
    """References to man pages, as NAME(8), that nobody has."""
    wrong = []
    # In a man page the name is set apart: .BR NAME (8)
    for name, section in re.findall(r"\b([a-z][\w.-]+)\*{0,2}(?: (?=\(\d\)[,.]?$))?\((\d)\)", pages.unroff(text), re.M):
        installed = glob.glob(f"/usr/share/man/man{section}/{name}.{section}*")
        if f"{name}.{section}" not in ours and not installed and f"{name}({section})" not in FOREIGN:
            wrong.append(f"{name}({section})")
    return wrong


def malformed(text):
    """External links that are none."""
    wrong = []
    for link in re.findall(r"\bhttps?:[^\s>\"'`)|]+", text):
        parts = urlsplit(link.rstrip(".,;:"))
        if not re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?", parts.netloc) or not link.startswith(f"{parts.scheme}://"):
            wrong.append(link)
    return wrong


class Checker(unittest.TestCase):
    """Mistakes that are planted are found."""

    def test_links(self):
        self.assertEqual(broken_links("README.md", '[a](docs/index.rst) [b](docs/algorithm.rst), "Change the algorithm" [c](https://example.com/) [d](#two-commands)'), [])
        self.assertEqual(len(broken_links("README.md", '[a](docs/nothing.rst) [b](docs/algorithm.rst), "Change nothing" [d](#nothing)')), 3)
        self.assertEqual(len(broken_links("debian/x.README.Debian", f'the section "No\nSuch" of {INSTALLED}operators-guide.rst')), 1)

    def test_files(self):
        self.assertEqual(missing_files("See docs/index.rst, (docs/epp.rst). ``module/dns/`` tests/lab/test_*.py /usr/include/knot/module.h"), [])
        self.assertEqual(missing_files("See docs/nothing.rst. module/none/ tools/test_*.py"), ["docs/nothing.rst", "module/none", "tools/test_*.py"])

    def test_man_pages(self):
        self.assertEqual(missing_man_pages(".BR knotc (8),\n*kskroll(1)*", {"kskroll.1"}), [])
        self.assertEqual(missing_man_pages(".BR knotctl (8),\n*kskroll(9)*", {"kskroll.1"}), ["knotctl(8)", "kskroll(9)"])

    def test_external_links(self):
        self.assertEqual(malformed("`x <https://www.knot-dns.cz/docs/>`_ http://example.com:80/a."), [])
        self.assertEqual(len(malformed("https:/example.com https://example http://exa mple")), 3)


class Pages(unittest.TestCase):
    def every_page(self, check, at_least, pattern):
        """No page has what check() finds; the pattern finds enough to be checked."""
        found = 0
        for page in pages.pages():
            text = pages.read(page)
            found += len(re.findall(pattern, text))
            with self.subTest(page):
                self.assertEqual(check(page, text), [])
        self.assertGreaterEqual(found, at_least)

    def test_links(self):
        self.every_page(broken_links, 8, r"\]\(|section\s+\"")

    def test_files(self):
        self.every_page(lambda _, text: missing_files(text), 100, rf"(?:{FOLDERS})/")

    def test_man_pages(self):
        ours = {os.path.basename(path) for path in pages.found("docs/*.[1-8]")}
        self.every_page(lambda _, text: missing_man_pages(text, ours), 3, r"\w ?\(\d\)")

    def test_external_links(self):
        self.every_page(lambda _, text: malformed(text), 1, r"https?:")

    def test_installed_documentation(self):
        installed = pages.read("debian/kskroll.docs")
        for page in pages.pages():
            for name in re.findall(rf"{INSTALLED}([\w.-]*\w)", pages.unroff(pages.read(page))):
                with self.subTest(page, name=name):
                    self.assertTrue(any(glob.glob(os.path.join(SOURCE, one)) and re.fullmatch(re.escape(os.path.basename(one)).replace(r"\*", ".*"), name)
                                        for one in installed.split()) or os.path.isdir(os.path.join(SOURCE, name.replace("examples", "conf-examples"))))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
