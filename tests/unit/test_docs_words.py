#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words, sentences and spelling of what people read: test_docs_words.py SOURCE

The checker is held against texts with mistakes. codespell is used where it is there.
"""

import collections
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import prose

SOURCE = sys.argv[1]
sys.path.insert(0, SOURCE)

from tests import pages  # pylint: disable=wrong-import-position

#: Longer sentences that pages still have. No page may have more; a number that is too high must be lowered.
STILL_LONG = {
    "docs/faults.rst": 2,
}
#: The table of these words, and what they are made of, is about words.
ABOUT_WORDS = "docs/style.rst"
#: Words that codespell takes for mistakes.
RIGHT = "ede,fro,gost,sroll,te"


def read_by_people():
    """Documentation, and headers of the library."""
    return [*pages.pages(), *pages.found("include/kskroll/*.h")]


def codespell(*paths):
    """Mistakes that codespell finds, a line for each."""
    done = subprocess.run(["codespell", "-L", RIGHT, *paths], cwd=SOURCE, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() + done.stderr.splitlines()


class Checker(unittest.TestCase):
    """Mistakes that are planted are found."""

    def paragraphs(self, page, text):
        return [found for _, found in prose.paragraphs(page, text)]

    def test_every_word_of_the_table_is_found(self):
        planted = {"look (noun, verb)": "The module looks at it.", "anew, afresh": "It begins anew.", "drained": "The TTL has drained.", "let go": "It lets go of the key.",
                   "signals go": "Then the signals go.", "told": "The parent is told.", "amid": "It stops amid a step.", "at rest": "A zone at rest.",
                   "somebody": "Somebody has changed it.", "other hands": "It was changed by other hands.", "mend": "Mend the server.",
                   "makes no sense": "The value makes no sense.", "on your word": "It starts on your word.", "behind a gate": "It waits behind a gate.",
                   "he (attacker, server)": "Then he answers.", "is to be, shall": "The key is to be removed."}
        self.assertEqual(list(planted), list(prose.AVOIDED))
        for word, text in planted.items():
            self.assertEqual(len(prose.avoided(text, "x")), 1, word)
        for text in ("The module checks it.", "It looks up the name.", "``he`` is a name", "whether", "A lookahead.", "The gate opens."):
            self.assertEqual(prose.avoided(text, "x"), [], text)

    def test_words_are_found_in_every_kind_of_file(self):
        bad = "Then somebody has told it."
        for page, text in (("a.rst", f"Title\n=====\n\n* An item. {bad}\n"), ("a.rst", f".. list-table::\n   :header-rows: 1\n\n   * - A cell\n     - {bad}\n"),
                           ("a.rst", "A line that ends with\nsomebody told.\n"), ("a.md", f"| a | {bad} |\n"), ("a.md", f"- {bad}\n"), ("a.1", f".TP\n.B x\n{bad}\n"),
                           ("a.conf", f"server:\n    # {bad}\n"), ("a.conf", f"    ttl: 5 # {bad}\n"), ("a.h", f"/*! {bad} */\nint a;\n"),
                           ("a.README", f"Title\n{bad}\n")):
            found = [one for paragraph in self.paragraphs(page, text) for one in prose.avoided(paragraph, page)]
            self.assertEqual(len(found), 2 if "told" in text else 1, (page, text, found))

    def test_what_programs_read_is_not_prose(self):
        for page, text in (("a.rst", "Run::\n\n  somebody told\n\nGood.\n"), ("a.rst", ".. not run: somebody told\n\nGood.\n"), ("a.md", "Good:\n\n    somebody told\n"),
                           ("a.1", "Good.\n.nf\nsomebody told\n.fi\n"), ("a.h", "int somebody; /* fine */\n"), ("a.conf", "somebody: told\n")):
            self.assertEqual([one for paragraph in self.paragraphs(page, text) for one in prose.avoided(paragraph, page)], [], text)

    def test_long_sentences(self):
        fits = " ".join(["word"] * prose.LONGEST)
        self.assertEqual(prose.long_sentences(f"{fits[:-5]} end. A {fits[5:]}. ``{fits}`` is one word."), [])
        for text in (f"A {fits}.", f"Short. A {fits[:40]}; {fits}", f"One {fits[:50]}\n{fits}.", f"A {fits[:60]}: ``code`` (RFC 9615 3.2) {fits[:60]}. End."):
            self.assertEqual(len(prose.long_sentences(text)), 1, text)
        self.assertEqual(prose.words("Set ``a b c`` to 5m (RFC 8078), then – wait."), 8)

    def test_fields_and_tags_are_no_part_of_a_sentence(self):
        self.assertEqual(self.paragraphs("a.rst", ":Means: one thing\n:Who acts: operator\n:What to do: Run it.\n  Then wait.\n"), ["one thing", "Run it. Then wait."])
        self.assertEqual(self.paragraphs("a.1", ".TP\n.B WAITS FOR\nThe gate.\n.TP\n\\fB\\-\\-all\\fR\nAll zones.\n"), ["The gate.", "All zones."])
        self.assertEqual(self.paragraphs("a.h", "/*!\n * \\brief Opens it.\n *\n * \\param[out] err  The reason;\n *                  one line.\n * \\return NULL on error.\n */\nint a; /*!< A field. */\n"),
                         ["Opens it.", "The reason; one line.", "NULL on error.", "< A field."])

    def test_the_line_of_a_mistake(self):
        (first, _), (second, text) = list(prose.paragraphs("a.rst", "One line.\n\nTwo lines\nof text.\n"))
        self.assertEqual((first, second, text), (1, 3, "Two lines of text."))


class Words(unittest.TestCase):
    maxDiff = None

    def test_words_that_are_not_used(self):
        wrong, count = [], 0
        for page in read_by_people():
            for line, text in prose.paragraphs(page, pages.read(page)):
                count += 1
                wrong += prose.avoided(text, f"{page}:{line}") if page != ABOUT_WORDS else []
        self.assertGreater(count, 3000)
        self.assertEqual(wrong, [], "words of the table in docs/style.rst:\n" + "\n".join(wrong))

    def test_sentences_fit(self):
        found = collections.defaultdict(list)
        for page in read_by_people():
            for line, text in prose.paragraphs(page, pages.read(page)):
                found[page] += [f"{page}:{line}: {prose.words(one)} words: {one}" for one in prose.long_sentences(text)]
        for page, long in found.items():
            with self.subTest(page):
                self.assertLessEqual(len(long), STILL_LONG.get(page, 0), "\n".join(long))
                # What has become better stays so.
                self.assertGreaterEqual(len(long), STILL_LONG.get(page, 0) * 0.5, "lower the number of this page in STILL_LONG")
        self.assertNotIn("README.md", STILL_LONG)


@unittest.skipIf(shutil.which("codespell") is None, "no codespell")
class Spelling(unittest.TestCase):
    def test_a_planted_mistake_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.rst")
            with open(path, "w", encoding="ascii") as file:
                file.write("The parent recieves the DS.\n")
            self.assertRegex("".join(codespell(path)), "recieves ==> receives")

    def test_spelling(self):
        self.assertEqual(codespell(*read_by_people(), *pages.found("tools/*.[ch]", "module/*/*.[ch]", "docs/monitoring/*")), [])


if __name__ == "__main__":
    if shutil.which("codespell") is None:
        print("no codespell: spelling is not checked")
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
