"""Filters typed by a user, such as ``gender > 0.5 and class == "disk"``; nothing is evaluated.

Grammar: comparisons (== != < <= > >= contains, in (a, b)) of columns and values, joined with
``and``, ``or``, ``not`` and brackets. Columns with odd names stand in back quotes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.core.parameters import ParameterError, unknown_name

TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign>==|!=|<=|>=|=|<|>|\(|\)|,)
    |`(?P<quoted>[^`]+)`
    |(?P<word>[^\W\d][\w.-]*)
    )""",
    re.VERBOSE,
)
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "contains": lambda a, b: str(b) in str(a),
}
DEEPEST = 50
Test = Callable[[int], bool]
Value = Callable[[int], Any]


@dataclass(frozen=True)
class Token:
    """A piece of the text and where it begins."""

    kind: str
    text: str
    start: int


def rows_where(expression: str, table: Mapping[str, Sequence[Any]]) -> list[int]:
    """Indices of the rows for which the expression holds.

    >>> rows_where('a > 1 and b != "x"', {"a": [1, 2, 3], "b": ["y", "x", "y"]})
    [2]

    Raises
    ------
    ParameterError : where the text is no filter or names a column that is not there.
    """
    reader = Reader(tokens_of(expression), table)
    test = reader.either(0)
    if reader.place < len(reader.tokens):
        raise reader.problem()
    count = len(next(iter(table.values()), []))
    return [row for row in range(count) if test(row)]


def tokens_of(text: str) -> list[Token]:
    """The pieces of the text; ParameterError at the first sign that belongs to none."""
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise ParameterError("filter", f'The filter cannot be read at "{text[place:][:20]}".')
        kind = str(match.lastgroup)
        found.append(Token(kind, match.group(kind), match.start(kind)))
        place = match.end()
    if not found:
        raise ParameterError("filter", 'Type a filter, for example: class == "disk".')
    return found


class Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[Token], table: Mapping[str, Sequence[Any]]) -> None:
        self.tokens, self.table, self.place = tokens, table, 0

    def problem(self) -> ParameterError:
        """What is wrong at the present place."""
        if self.place >= len(self.tokens):
            return ParameterError("filter", "The filter ends too early.")
        found = self.tokens[self.place]
        return ParameterError(
            "filter", f'"{found.text[:20]}" (sign {found.start + 1}) is not expected there.'
        )

    def take(self, *texts: str) -> Token | None:
        """The next token if it is one of these words or signs."""
        if self.place < len(self.tokens):
            token = self.tokens[self.place]
            if token.kind in ("word", "sign") and token.text.lower() in texts:
                self.place += 1
                return token
        return None

    def either(self, depth: int) -> Test:
        """``or``"""
        if depth > DEEPEST:
            raise ParameterError("filter", f"The filter has more than {DEEPEST} nested brackets.")
        tests = [self.all(depth)]
        while self.take("or"):
            tests.append(self.all(depth))
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def all(self, depth: int) -> Test:
        """``and``"""
        tests = [self.one(depth)]
        while self.take("and"):
            tests.append(self.one(depth))
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def one(self, depth: int) -> Test:
        """``not``, brackets, or a comparison."""
        turned = False
        while self.take("not"):
            turned = not turned
        if self.take("("):
            test = self.either(depth + 1)
            if not self.take(")"):
                raise self.problem()
        else:
            test = self.comparison()
        return (lambda row: not test(row)) if turned else test

    def comparison(self) -> Test:
        """``value sign value``, ``value in (values)``, or a column that is true or false."""
        left = self.value()
        if self.take("in"):
            return self.membership(left)
        sign = self.take(*SIGNS)
        if sign is None:
            return lambda row: bool(left(row))
        right, compare = self.value(), SIGNS[sign.text.lower()]
        equality = sign.text in ("==", "=", "!=", "contains")

        def test(row: int) -> bool:
            one, two = left(row), right(row)
            if equality or both_comparable(one, two):
                return bool(compare(one, two))
            if one is None or two is None:
                return False  # n/a is neither smaller nor larger than anything
            raise ParameterError(
                "filter", f'"{sign.text}" cannot compare {one!r} with {two!r} (row {row + 1}).'
            )

        return test

    def membership(self, left: Value) -> Test:
        """``in (a, b, c)``"""
        if not self.take("("):
            raise self.problem()
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        if not self.take(")"):
            raise self.problem()
        return lambda row: left(row) in [value(row) for value in values]

    def value(self) -> Value:
        """A number, a text, true, false, or a column."""
        if self.place >= len(self.tokens):
            raise self.problem()
        token = self.tokens[self.place]
        if token.kind == "sign" or token.text.lower() in ("and", "or", "not", "in", "contains"):
            raise self.problem()
        self.place += 1
        if token.kind == "number":
            constant: Any = float(token.text)
        elif token.kind == "text":
            constant = re.sub(r"\\(.)", r"\1", token.text[1:-1])
        elif token.text in self.table:
            column = self.table[token.text]
            return lambda row: column[row]
        elif token.text.lower() in ("true", "false"):
            constant = token.text.lower() == "true"
        else:
            raise unknown_name(token.text, self.table, "column")
        return lambda row: constant


def both_comparable(one: Any, two: Any) -> bool:
    """True for two numbers or two texts."""
    numbers = isinstance(one, int | float) and isinstance(two, int | float)
    return numbers or (isinstance(one, str) and isinstance(two, str))
