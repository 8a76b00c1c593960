"""What is wrong, or only doubtful, with one row."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

SHOWN_CHARACTERS = 60
"""How much of a value a message shows: enough to find it, never a whole prompt."""


class Problem(NamedTuple):
    """Why a row cannot be ordered. The reason reads on from the value: `"5" must be ...`."""

    line: int
    column: str | None
    """As the manifest's header has it, or the option that gave the value."""
    value: str | None
    """Shortened for display; None where there is no value to show."""
    reason: str

    def __str__(self) -> str:
        column = "" if self.column is None else f", column {printable(self.column)}"
        value = "" if self.value is None else f'"{self.value}" '
        return f"line {self.line}{column}: {value}{self.reason}"


class Caution(NamedTuple):
    """Something the user would want to know of a row that can be ordered."""

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}, {printable(self.column)}: {self.text}"


def is_blank(value: Any) -> bool:
    """Whether a cell says nothing, so that the default applies."""
    return value is None or (type(value) is str and not value.strip())


def shown(value: Any) -> str:
    """A value as a message shows it: one line, printable, at most 60 characters."""
    if not isinstance(value, str):
        value = json_text(value)
    # Cut before escaping too: a 10 MB cell must not cost 10 MB of escapes.
    text = printable(value[: SHOWN_CHARACTERS + 1])
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def json_text(value: Any) -> str:
    """A value that is no text, as JSON."""
    return json.dumps(value, ensure_ascii=False)


def printable(text: str) -> str:
    """The text with what a terminal would act on written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def for_terminal(text: str) -> str:
    """Several lines, harmless to whoever's terminal shows them: a provider may have written them."""
    return "\n".join(map(printable, text.split("\n")))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
