# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation as tests read it: its commands, its pieces of knot.conf, and its prose.

Every line of a literal block is a command, a piece of knot.conf, or marked. The mark is a comment that readers do not see:

    .. not run: REASON                  before the paragraph with the block
    .. not run: ``COMMAND``: REASON     anywhere on the page, for a command within a sentence

In Markdown it is <!-- not run: REASON --> with `COMMAND`, in a man page a comment line.
A comment of conf-examples has a command on a line of its own, indented by two spaces or more.
"""

import functools
import glob
import os
import re

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

#: A line that begins with one of these is a command.
PROGRAMS = ("./run", "apt", "apt-get", "chown", "curl", "dig", "dpkg-buildpackage", "install", "journalctl", "kdig", "keymgr", "knotc", "kskroll",
            "kxdpgun", "meson", "ninja", "promtool", "rsync", "setfacl", "sqlite3", "systemctl")
#: Only these are run: what others change may be the system of whoever runs the tests.
HARMLESS = ("dig", "kdig", "keymgr", "knotc", "kskroll", "sqlite3")
#: Where a page has no comments.
UNMARKED = {"systemctl restart knot": "systemd is not in the lab"}
_PROGRAM = re.compile(rf"(?:{'|'.join(map(re.escape, PROGRAMS))})(?![\w.-]|/)")
#: Programs whose commands are named by two words: "keymgr generate" is a name, and nothing to type.
_NAMED = ("keymgr", "knotc", "kskroll", "./run")
_SECTION = re.compile(r"[a-z][a-z-]*:$")
#: The blocks are a grammar, which tests/unit/json_doc.py reads.
_GRAMMARS = ("docs/json.rst",)
#: These are included by other pages.
MADE = ("docs/stuck-gates.rst", "docs/delegation-gates.rst")


@functools.lru_cache(None)
def read(path):
    """The text of a file of the source."""
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def found(*patterns):
    """Files of the source, by patterns."""
    return sorted(os.path.relpath(path, SOURCE) for pattern in patterns for path in glob.glob(os.path.join(SOURCE, pattern)))


def pages():
    """All documentation."""
    return ["README.md", "CONTRIBUTING.md", *found("docs/*.rst", "docs/*.[1-8]", "debian/*README*"), *examples()]


def examples():
    """Files with comments for people who copy them."""
    return found("conf-examples/*.conf", "conf-examples/hooks/*", "docs/monitoring/*.service", "docs/monitoring/*.timer", "docs/monitoring/*.rules.yml")


class Block:
    """Lines that a reader types or copies. \a reason: why they cannot be run, or None."""

    def __init__(self, page, line, lines, reason=None):
        self.page, self.line, self.reason = page, line, reason
        self.text = "\n".join(lines).rstrip() + "\n"
        self.where = f"{page}:{line}"

    def kind(self):
        """"commands", "conf", "both", or "other"."""
        first = [line for line in self.text.split("\n") if line and not line[0].isspace() and line[0] != "#"]
        kinds = {"commands" if _PROGRAM.match(line) else "conf" if _SECTION.match(line.split("  #")[0].rstrip()) else "other" for line in first}
        return kinds.pop() if len(kinds) == 1 else "both" if kinds == {"commands", "conf"} else "other"

    def parts(self):
        """A block with commands and pieces of knot.conf, as one block for each."""
        lines, start = self.text.split("\n"), 0
        for number in range(1, len(lines) + 1):
            if number == len(lines) or (lines[number] and not lines[number][0].isspace() and not lines[number - 1]
                                        and bool(_PROGRAM.match(lines[number])) != bool(_PROGRAM.match(lines[start]))):
                yield Block(self.page, self.line + start, lines[start:number], self.reason)
                start = number

    def commands(self):
        """Each command, without its comment and on one line."""
        joined = re.sub(r"(?:\\|(?<=&&))\n\s*", " ", self.text)
        lines = (re.sub(r"(?:^|\s+)# .*", "", line).strip() for line in joined.split("\n"))
        return [line for line in lines if line]


_MARK = re.compile(r"^\s*(?:\.\. |<!-- |\.\\\" |# )not run: (?:(`{1,2})(?P<command>.+?)\1: )?(?P<reason>[^`].*?)(?: -->)?$")


def block_marks(page):
    """The number of marks of blocks on a page."""
    return sum(1 for line in read(page).split("\n") if (mark := _MARK.match(line)) and not mark["command"])


def _dedent(lines):
    width = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[width:].rstrip() for line in lines]


@functools.lru_cache(None)
def blocks(page):
    """The literal blocks of a page, each with its mark."""
    return [] if page in _GRAMMARS else _read_blocks(page, read(page))


def _read_blocks(page, text):
    lines, number, found_, reason = text.split("\n"), 0, [], None
    while number < len(lines):
        line = lines[number]
        mark = _MARK.match(line)
        if mark and not mark["command"]:
            reason = mark["reason"]
        start, end = _block_at(page, lines, number)
        while end and not lines[end - 1].strip():
            end -= 1
        if end:
            found_.append(Block(page, start + 1, _dedent(lines[start:end]), reason))
            reason, number = None, end
        else:
            number += 1
    return found_


def _block_at(page, lines, number):
    """First line, and the one after the last, of a literal block that this line begins; (0, 0): none."""
    line, indent = lines[number], len(lines[number]) - len(lines[number].lstrip())
    if page.endswith(".md"):
        if line.startswith("```"):
            return number + 1, next(n for n in range(number + 1, len(lines)) if lines[n].startswith("```"))
        if not (line.startswith("    ") and not lines[number - 1].strip()):
            return 0, 0
        return number, _end(lines, number, 4)
    if re.search(r"\.[1-8]$", page):
        if line != ".nf":
            return 0, 0
        end = lines.index(".fi", number)
        lines[number + 1:end] = [unroff(one) for one in lines[number + 1:end]]
        return number + 1, end
    if page.endswith(".rst") and line.rstrip().endswith("::") and not re.match(r"\s*\.\. ", line):
        # The text of an item of a list, not its bullet, is what a block is indented against.
        indent += len(re.match(r"(?:(?:\d+|#)\. +|[*-] +)?", line.lstrip()).group(0))
        return number + 2, _end(lines, number + 1, indent + 1)
    if not page.endswith(".rst") and page in examples() and re.match(r"\s*#  +\S", line) and _PROGRAM.match(line.lstrip(" #")):
        end = next((n for n in range(number, len(lines)) if not re.match(r"\s*#  +\S", lines[n])), len(lines))
        lines[number:end] = [re.sub(r"^\s*#", "", one) for one in lines[number:end]]
        return number, end
    return 0, 0


def _end(lines, start, width):
    end = start
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) >= width):
        end += 1
    return end


def unroff(text):
    """Text of a man page without its escapes."""
    return re.sub(r"\\f[A-Z]", "", text).replace("\\-", "-").replace("\\(aq", "'").replace("\\(dq", '"').replace("\\&", "").replace("\\e", "\\")


def spans(page):
    """What sentences of a page show in the type of programs, without line breaks."""
    text = "\n".join(line for line in read(page).split("\n") if not _MARK.match(line))
    if page.endswith(".rst"):
        shown = re.findall(r"``(.+?)``", text, re.DOTALL)
    elif page.endswith(".md"):
        shown = re.findall(r"`([^`]+)`", text)
    elif re.search(r"\.[1-8]$", page):
        # The synopsis is a grammar.
        text = re.sub(r"\.SH SYNOPSIS.*?(?=\.SH)", "", text, flags=re.DOTALL)
        shown = [unroff(one) for one in re.findall(r"^\.B (.+)$", text, re.M) + re.findall(r"\\fB(.+?)\\fR", text)]
    else:
        shown = [] if page in examples() else re.findall(r'"([^"\n]+)"', text)
    return [" ".join(one.split()) for one in shown]


def sentence_commands(page):
    """Commands with arguments that sentences of a page show."""
    return [one for one in spans(page) if _PROGRAM.match(one) and len(one.split()) > 1 and not is_name(one)]


def names(page):
    """Names of commands, as "knotc zone-reload", that sentences of a page have."""
    return [one for one in spans(page) if is_name(one)]


def is_name(text):
    """Whether this is a program of many commands and the name of one of them."""
    words = text.split()
    return len(words) == 2 and words[0] in _NAMED and re.fullmatch(r"[a-z][\w-]*", words[1]) is not None


def marks():
    """Command -> (page, reason) of all that is marked within sentences."""
    unmarked = {command: ("tests/pages.py", reason) for command, reason in UNMARKED.items()}
    return unmarked | {mark["command"]: (page, mark["reason"]) for page in pages() for line in read(page).split("\n")
            if (mark := _MARK.match(line)) and mark["command"]}


def must_be_marked(command):
    """Whether a command is one that no test may run."""
    program = command.split()[0]
    return program not in (*HARMLESS, "./run")


def all_parts():
    """Every block of every page, split into commands and pieces of knot.conf."""
    return [part for page in pages() for block in blocks(page)
            for part in (block.parts() if block.kind() == "both" else [block])]
