# SPDX-License-Identifier: GPL-3.0-or-later
"""Prose of the documentation, without what programs read, and what is wrong with its words and sentences (docs/style.rst)."""

import re

#: Words of the table in docs/style.rst, as they are found in texts.
AVOIDED = {
    "look (noun, verb)": r"\b[Ll]ook(?:s|ed|ing)?\b(?! (?:up|for|like|ahead)\b)(?! (?:it|them) up\b)",
    "anew, afresh": r"\b(?:anew|afresh)\b",
    "drained": r"\bdrain(?:s|ed|ing)?\b",
    "let go": r"\blets? go\b",
    "signals go": r"\b(?:signals?|CDS|CDNSKEY) (?:go|goes|went|have gone|has gone)\b",
    "told": r"\btold\b",
    "amid": r"\bamid\b",
    "at rest": r"\bat rest\b",
    "somebody": r"\b[Ss]omebody\b",
    "other hands": r"\bother hands\b",
    "mend": r"\b[Mm]end(?:s|ed)?\b",
    "makes no sense": r"\bmakes? no sense\b",
    "on your word": r"\byour word\b",
    "behind a gate": r"\bbehind (?:a|the|this|that) gate\b|\bbehind :ref:`gate-",
    "he (attacker, server)": r"\b(?:[Hh]e|[Hh]is|[Hh]im)\b",
    "is to be, shall": r"\b(?:is|are|was|were) to be\b|\b[Ss]hall\b",
}
#: A sentence has so many words at most.
LONGEST = 25


def avoided(text, where):
    """Words of a text that are not used here, a line for each."""
    text = re.sub(r"``.*?``|`[^`]*`", "CODE", " ".join(text.split()))
    return [f"{where}: {word!r} in: {text[max(0, m.start() - 60):m.end() + 60]}" for word, regex in AVOIDED.items() if (m := re.search(regex, text))]


def sentences(text):
    """Sentences of a paragraph. A colon or a semicolon does not end one, and neither does an abbreviation."""
    text = re.sub(r"\b(?:e\.g|i\.e|etc|cf|vs|ca)\.", "such as", " ".join(text.split()))
    return [one for one in re.split(r"(?<=[.!?])[)\"”*]* +(?=[\"“(*`A-Z\d])", text) if one]


def words(sentence):
    """The number of words of a sentence. What is typed as one thing is one word, and dashes are none."""
    sentence = re.sub(r"``.*?``|`[^`]*`", "CODE", sentence)
    return len([one for one in sentence.split() if re.search(r"\w", one)])


def long_sentences(text):
    """Sentences with more words than fit."""
    return [one for one in sentences(text) if words(one) > LONGEST]


def paragraphs(page, text):
    """(line, text) of each paragraph, item or cell of a page that people read as sentences."""
    reader = _of_rst if page.endswith(".rst") else _of_markdown if page.endswith(".md") else _of_man if re.search(r"\.[1-8]$", page) \
        else _of_header if page.endswith(".h") else _of_plain if "README" in page else _of_comments
    return [(line, " ".join(found.split())) for line, found in reader(text) if re.search(r"\w{3}", found)]


def _gathered(lines):
    """Lines as (number, text), empty where a paragraph ends, as paragraphs."""
    start, found = 0, []
    for number, text in [*lines, (0, "")]:
        if not text.strip():
            if found:
                yield start, " ".join(found)
            found = []
        else:
            if not found:
                start = number
            found.append(text.strip())


_ITEM = re.compile(r"^\s*(?:[*-] - |[*-] |(?:\d+|#)\. |- )")


def _of_rst(text):
    lines, out, skip = text.split("\n"), [], None
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip())
        if skip is not None and line.strip():
            if indent > skip:
                continue
            skip = None
        if skip is not None:
            continue
        if re.match(r"\s*\.\. ", line):
            # Cells of a table are text of the directive; nothing else is.
            skip = None if "list-table::" in line else indent
            out.append((number, ""))
        elif re.match(r"\s*:\w[\w -]*:(?: |$)", line) or re.fullmatch(r"\s*([=~^\"-])\1{2,}", line):
            out.append((number, ""))
            if re.match(r"\s*:(?:Means|What to do):", line):
                out.append((number, re.sub(r"^\s*:[\w ]+:", "", line)))
        else:
            if _ITEM.match(line):
                out.append((number, ""))
                line = _ITEM.sub("", line, count=1)
                line = re.sub(r"^- ", "", line)
            if line.rstrip().endswith("::"):
                skip = indent
                line = line.rstrip()[:-1]
            out.append((number, line))
            if skip is not None:
                out.append((number, ""))
    for number, found in _gathered(out):
        yield number, re.sub(r":\w+:`(?:([^`<]+) <[^`]*>|([^`]+))`", lambda m: m.group(1) or f"`{m.group(2)}`", found)


def _of_markdown(text):
    out = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(("    ", "#", "<!--", "|---")):
            out.append((number, ""))
        elif line.startswith("|"):
            for cell in re.split(r"(?<!\\)\|", line)[1:-1]:
                out += [(number, ""), (number, cell), (number, "")]
        else:
            if _ITEM.match(line):
                out.append((number, ""))
            out.append((number, _ITEM.sub("", line, count=1)))
    for number, found in _gathered(out):
        yield number, re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", found)


def _of_man(text):
    out, shown, tag = [], True, False
    for number, line in enumerate(text.split("\n"), 1):
        if line in (".nf", ".fi"):
            shown = line == ".fi"
        # The line after .TP is the tag of a list, no sentence.
        if tag:
            out.append((number, ""))
            tag = False
            continue
        tag = line == ".TP"
        if line.startswith(".SH SYNOPSIS"):
            shown = False
        elif line.startswith(".SH"):
            shown = True
        if not shown or re.match(r"\.(?:TP|PP|IP|SH|SS|RS|RE|TH|nf|fi|br)\b|\.\\\"", line):
            out.append((number, ""))
        else:
            line = re.sub(r"^\.(?:BR|RB|IR|RI|B|I) (.*)", lambda m: m.group(1).replace('"', ""), line)
            out.append((number, re.sub(r"\\f[A-Z]", "", line).replace("\\-", "-")))
    yield from _gathered(out)


def _of_header(text):
    """Comments. A command of Doxygen begins a paragraph, without the name of a parameter."""
    for m in re.finditer(r"/\*.*?\*/", text, re.DOTALL):
        first = text.count("\n", 0, m.start()) + 1
        out = []
        for number, line in enumerate(m.group(0)[2:-2].split("\n"), first):
            command = re.match(r"\s*(?:\*|!)?\s*\\(?:brief|return|param(?:\[[a-z,]+\])? +\S+|note|warning|file)\b *(.*)", line)
            out += [(number, ""), (number, command.group(1))] if command else [(number, re.sub(r"^\s*[*!] ?", "", line))]
        yield from _gathered(out)


def _of_plain(text):
    yield from _gathered(enumerate(text.split("\n"), 1))


def _of_comments(text):
    """Comments of a shell or a configuration. One that follows something on its line is a paragraph of its own."""
    out = []
    for number, line in enumerate(text.split("\n"), 1):
        m = re.match(r"\s*#(?!!)(?!  )(?: SPDX.*| not run:.*)? ?(.*)", line)
        if m:
            out.append((number, m.group(1)))
        else:
            tail = re.search(r"\s# (\w[^'\"]*)$", line)
            out += [(number, ""), *([(number, tail.group(1)), (number, "")] if tail else [])]
    yield from _gathered(out)
