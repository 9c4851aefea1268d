# SPDX-License-Identifier: GPL-3.0-or-later
"""All mutants of a C source: copies with one small mistake each.

A tokenizer and a parser of statements, as much C as the project writes. Strings, comments, assertions,
directives other than `#define NAME NUMBER`, and what is outside of functions stay as they are.
An operator is binary if there are blanks on both sides of it: the project writes all of them so.
"""

import hashlib
import re

TOKEN = re.compile(r"""
    (?P<blank>\s+ | /\*.*?\*/ | //[^\n]*)
  | (?P<define>^[ \t]*\#[ \t]*define[ \t]+\w+[ \t]+(?P<value>\d+)(?=[ \t]*(?:/[*/]|$)))
  | (?P<directive>^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)
  | (?P<text>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
  | (?P<number>\d[\w.]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark>->|\+\+|--|<<=|>>=|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|<<|>>|\.\.\.|.)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

NUMBER = re.compile(r"(0x[0-9a-fA-F]+|\d+)([uUlL]*)$")
OPEN = {"(": ")", "[": "]", "{": "}"}
CLOSE = set(OPEN.values())
TYPE_WORDS = {"const", "static", "struct", "enum", "union", "unsigned", "signed", "int", "char", "bool",
              "long", "short", "void", "float", "double"}
JUMPS = {"return", "break", "continue", "goto"}
# What ends the condition of "?" on its left.
CONDITION_STOPS = {"=", "+=", "-=", "|=", "&=", ",", ";", "?", ":", "return", "{", "}"}
# One mistake, or two: at the bound, and the other way round.
RELATIONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
             "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",)}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<"}
ASSIGNMENTS = {"+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "^=": "|=", "*=": "/=", "/=": "*="}


class SourceError(Exception):
    """C that this parser does not know."""


class Token:
    """A token and where it is."""
    def __init__(self, kind, text, start):
        self.kind, self.text, self.start, self.end = kind, text, start, start + len(text)


class Mutant:
    """One mistake: edits of the text, and the words by which people and files know it."""
    def __init__(self, source, function, operator, edits):
        self.source, self.function, self.operator = source, function, operator
        self.edits = sorted(edits)
        self.line = source.text.count("\n", 0, self.edits[0][0]) + 1
        self.before, self.after = source.lines_around(self.edits)
        self.id = ""

    @property
    def path(self):
        """The source, relative to the project."""
        return self.source.path

    def text(self):
        """The source with the mistake; lines keep their numbers."""
        return apply(self.source.text, self.edits)

    def key(self):
        """What is the same however the rest of the source changes."""
        return self.path, self.function, self.before, self.after


def apply(text, edits, offset=0):
    """The text with all edits (start, end, replacement), which are in order; offset: where the text begins."""
    parts, at = [], 0
    for start, end, new in edits:
        parts += [text[at:start - offset], new]
        at = end - offset
    return "".join(parts) + text[at:]


def normal(text):
    """On one line, with single blanks, without comments."""
    return " ".join(re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL).split())


class Source:
    """A C file with all its mutants."""
    def __init__(self, path, text):
        self.path, self.text = path, text
        self.tokens = []
        self.defines = []
        self._read_tokens()
        self.found = []
        self.function = ""
        self._walk()
        self.mutants = self._name(self.found)

    def lines_around(self, edits):
        """The lines that the edits are in, before and after them, each as one line."""
        start = self.text.rfind("\n", 0, edits[0][0]) + 1
        end = self.text.find("\n", max(edits[-1][0], edits[-1][1] - 1))
        end = len(self.text) if end < 0 else end
        lines = self.text[start:end]
        return normal(lines), normal(apply(lines, edits, start))

    def _read_tokens(self):
        for match in TOKEN.finditer(self.text):
            kind = match.lastgroup
            if match.group("define"):
                number = match.start("value")
                name = match.group("define").split()[-2]
                self.defines.append((name, Token("number", match.group("value"), number)))
            elif kind not in ("blank", "directive"):
                self.tokens.append(Token(kind, match.group(), match.start()))

    def _name(self, found):
        """Takes out what is there twice, and gives each its stable name."""
        seen, counted, mutants = set(), {}, []
        for mutant in found:
            text = mutant.text()
            if text in seen or text == self.text:
                continue
            seen.add(text)
            number = counted[mutant.key()] = counted.get(mutant.key(), 0) + 1
            digest = hashlib.sha256("\0".join((*mutant.key(), str(number))).encode()).hexdigest()
            mutant.id = digest[:10]
            mutants.append(mutant)
        return mutants

    # Where functions are.

    def _walk(self):
        for name, token in self.defines:
            self.function = name
            self._constant(token)
        at, count = 0, len(self.tokens)
        while at < count:
            text = self.tokens[at].text
            if text == "{" and at > 0 and self.tokens[at - 1].text == ")":
                self.function = self._function_name(at - 1)
                self._statement(at)
                at = self._match(at)
            elif text in OPEN:
                at = self._match(at)
            at += 1

    def _function_name(self, closing):
        depth = 0
        for at in range(closing, -1, -1):
            text = self.tokens[at].text
            depth += (text in CLOSE) - (text in OPEN)
            if depth == 0:
                return self.tokens[at - 1].text
        raise SourceError(f"{self.path}: a function without a name")

    def _match(self, at):
        """Index of the bracket that closes the one at this index."""
        depth = 0
        for end in range(at, len(self.tokens)):
            text = self.tokens[end].text
            depth += (text in OPEN) - (text in CLOSE)
            if depth == 0:
                return end
        raise SourceError(f"{self.path}: no end of '{self.tokens[at].text}' in {self.function}")

    def _end_of_simple(self, at):
        while self.tokens[at].text != ";":
            at = self._match(at) + 1 if self.tokens[at].text in OPEN else at + 1
        return at

    # Statements. Each function returns the index after what it has read.

    def _statement(self, at):
        token = self.tokens[at]
        if token.text == "{":
            end = self._match(at)
            at += 1
            while at < end:
                at = self._statement(at)
            return end + 1
        if token.text in ("if", "while", "for", "switch"):
            return self._control(at)
        if token.text == "else":
            return self._statement(at + 1)
        if token.text == "do":
            at = self._statement(at + 1)
            return self._loop_end(at)
        if token.text in ("case", "default"):
            while self.tokens[at].text != ":":
                at += 1
            return at + 1
        if token.kind == "name" and self.tokens[at + 1].text == ":":
            return at + 2
        return self._simple(at)

    def _control(self, at):
        word = self.tokens[at].text
        closing = self._match(at + 1)
        if word in ("if", "while"):
            self._negate(at + 2, closing - 1, "condition negated")
        self._expression(at + 2, closing, in_for=word == "for")
        return self._statement(closing + 1)

    def _loop_end(self, at):
        closing = self._match(at + 1)
        self._negate(at + 2, closing - 1, "condition negated")
        self._expression(at + 2, closing)
        return closing + 2

    def _simple(self, at):
        end = self._end_of_simple(at)
        first = self.tokens[at].text
        if first in ("assert", "static_assert", "_Static_assert") or first == ";":
            return end + 1
        declaration = self._is_declaration(at)
        if not declaration and (first not in JUMPS or end == at + 1) and first != "goto":
            self._drop(at, end)
        self._expression(at, end, declaration)
        return end + 1

    def _is_declaration(self, at):
        first, second = self.tokens[at], self.tokens[at + 1]
        if first.kind != "name" or first.text in JUMPS:
            return False
        return first.text in TYPE_WORDS or second.kind == "name" or \
            (second.text == "*" and not self._is_spaced(second) and first.text.endswith("_t")) or \
            (second.text == "*" and not self._is_spaced(second) and self.tokens[at + 2].kind == "name")

    def _drop(self, at, end):
        start, stop = self.tokens[at].start, self.tokens[end].start
        lines = self.text.count("\n", start, stop)
        self._add("statement dropped", [(start, stop, "\n" * lines)])

    # Expressions.

    def _is_spaced(self, token):
        return self.text[token.start - 1].isspace() and self.text[token.end].isspace()

    def _expression(self, start, end, declaration=False, in_for=False):
        value = not declaration or in_for   # A declaration has its sizes before "=".
        for at in range(start, end):
            token = self.tokens[at]
            if token.text == "=":
                value = True
            elif declaration and token.text == "," and self._depth(start, at) == 0:
                value = False
            if token.kind == "number":
                if value:
                    self._constant(token)
            elif token.text in ("true", "false"):
                self._swap(token, "false" if token.text == "true" else "true", "boolean swapped")
            elif token.text == "?":
                self._negate(self._condition_start(start, at), at - 1, "condition negated")
            elif token.text in ("!", "~"):
                self._swap(token, "", "negation dropped")
            elif token.text in RELATIONS and self._is_spaced(token):
                for other in RELATIONS[token.text]:
                    self._swap(token, other, "relation turned")
            elif token.text in ARITHMETIC and self._is_spaced(token):
                self._swap(token, ARITHMETIC[token.text], "operator turned")
            elif token.text in ASSIGNMENTS:
                self._swap(token, ASSIGNMENTS[token.text], "operator turned")
            elif token.text in ("++", "--") and not in_for:
                self._swap(token, "--" if token.text == "++" else "++", "operator turned")

    def _depth(self, start, at):
        texts = [token.text for token in self.tokens[start:at]]
        return sum(text in OPEN for text in texts) - sum(text in CLOSE for text in texts)

    def _condition_start(self, start, question):
        depth = 0
        for at in range(question - 1, start - 1, -1):
            text = self.tokens[at].text
            if text in CLOSE:
                depth += 1
            elif text in OPEN:
                depth -= 1
            if depth < 0 or (depth == 0 and text in CONDITION_STOPS):
                return at + 1
        return start

    def _constant(self, token):
        match = NUMBER.match(token.text)
        if not match:
            return
        value, suffix = int(match.group(1), 0), match.group(2)
        for other in (value + 1, value - 1):
            if other >= 0:
                self._swap(token, f"{other}{suffix}", "constant off by one")

    def _negate(self, first, last, operator):
        if self._is_negated_elsewhere(first, last):
            return
        start, end = self.tokens[first].start, self.tokens[last].end
        self._add(operator, [(start, start, "!("), (end, end, ")")])

    def _is_negated_elsewhere(self, first, last):
        """Whether turning the one relation or dropping the "!" of a condition is the same."""
        tops = [token for at, token in enumerate(self.tokens[first:last + 1], first)
                if self._depth(first, at) == 0 and self._is_spaced(token)]
        relations = [token for token in tops if token.text in RELATIONS]
        if not relations:
            return self.tokens[first].text == "!" and not any(token.text in ARITHMETIC for token in tops)
        return len(relations) == 1 and relations[0].text not in ("&&", "||") and \
            not any(token.text == "?" for token in tops)

    def _swap(self, token, text, operator):
        self._add(operator, [(token.start, token.end, text)])

    def _add(self, operator, edits):
        self.found.append(Mutant(self, self.function, operator, edits))
