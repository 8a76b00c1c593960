"""A template of somebody's: read once, then rendered for each row."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2.exceptions import TemplateError, TemplateSyntaxError

from producer.column_names import ColumnNames
from producer.errors import ManifestError
from producer.problem import printable
from producer.sandbox import MOST_CHARACTERS, Sandbox, UnknownName
from producer.template_tree import (
    Misuse,
    check_language,
    guarded,
    names_looked_up,
    names_that_may_lack,
)

MOST_BYTES = 1 << 16
"""Of a template's file: what is longer is something else."""


class TemplateFault(Exception):
    """Why a template gives a row no text, in a sentence that begins with the template's place."""


class Template:
    """A template's text, ready to be rendered."""

    def __init__(self, name: str, text: str) -> None:
        """`name` is what messages call it. Raises ManifestError for a text that is no template."""
        self.name = name
        self.text = text
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        self._sandbox = Sandbox()
        try:
            tree = self._sandbox.parse(text)
            filters = [each for each in self._sandbox.filters if each.isidentifier()]
            check_language(tree, filters, self._sandbox.tests)
            self.names = names_looked_up(tree)
            """What it takes from a row, each with the line where it does so first."""
            self._may_lack = names_that_may_lack(tree)
            self._compiled = self._sandbox.from_string(guarded(tree))
        except TemplateSyntaxError as error:
            reason = f"{error.message or 'no template'}{_hint(error.message)}"
            raise ManifestError(f"{name}, line {error.lineno}: {reason}") from error
        except Misuse as error:
            raise ManifestError(f"{name}, line {error.line}: {error.reason}") from error
        except (TemplateError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ManifestError(f"{name} cannot be read as a template: {error}") from error

    def check_names(self, there: ColumnNames, further: Sequence[str]) -> None:
        """Raises ManifestError for names that no row will have."""
        lacking = [name for name in self._unknown(there, further) if name not in self._may_lack]
        if lacking:
            said = [
                f"line {self.names[name]}: {there.there_is_no(name, further)}" for name in lacking
            ]
            raise ManifestError(f"{self.name}, {' '.join(map(_ended, said))} {there.there_is()}")

    def defaults_for_all(self, there: ColumnNames, further: Sequence[str]) -> list[str]:
        """What to say of names the template asks for although no row will ever have them."""
        return [
            f"{self.name}, line {self.names[name]}: what stands for {name} holds for all rows:"
            f" {there.there_is_no(name, further)}"
            for name in self._unknown(there, further)
            if name in self._may_lack
        ]

    def render(self, values: Mapping[str, Any], there: ColumnNames) -> str:
        """The text for one row, on one line: any run of blanks and line ends becomes one blank.

        Raises TemplateFault, which names the columns there are.
        """
        self._sandbox.begin()
        parts: list[str] = []
        length = 0
        try:
            for part in self._compiled.root_render_func(self._compiled.new_context(dict(values))):
                length += len(part)
                if length > MOST_CHARACTERS:
                    break
                parts.append(part)
        except Exception as error:  # a template may raise whatever Python does
            place = f"{self.name}{self._line(error)}"
            raise TemplateFault(f"{place}: {_reason(error, there)}") from error
        if length > MOST_CHARACTERS:
            raise TemplateFault(f"{self.name}: gives more than {MOST_CHARACTERS:,} characters")
        return " ".join("".join(parts).split())

    def _unknown(self, there: ColumnNames, further: Sequence[str]) -> list[str]:
        return [name for name in self.names if name not in there.columns and name not in further]

    def _line(self, error: Exception) -> str:
        """Where in the template an error came from."""
        found = ""
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_globals.get("__jinja_template__") is self._compiled:
                found = f", line {self._compiled.get_corresponding_lineno(line)}"
        return found


def read_template(path: Path) -> Template:
    """The template in a file, UTF-8. Raises ManifestError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ManifestError(f"the template {path} cannot be read: {reason}") from error
    if len(data) > MOST_BYTES:
        raise ManifestError(f"{path.name} is longer than {MOST_BYTES:,} bytes; is it a template?")
    try:
        return Template(path.name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError(f"{path.name} is not UTF-8: line {line}; save it as UTF-8") from error


def _reason(error: Exception, there: ColumnNames) -> str:
    match error:
        case UnknownName():
            return f"{_ended(there.there_is_no(str(error.message)))} {there.there_is()}"
        case TemplateError():
            return printable(str(error.message))
        case TypeError():
            return (
                f"{printable(str(error))}; a cell is a text, write {{{{ width|int }}}} for a number"
            )
        case ZeroDivisionError():
            return "a number is divided by zero"
        case RecursionError() | MemoryError():
            return "it is nested too deeply, or grows too large"
        case _:
            return printable(str(error)) or type(error).__name__


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."


def _hint(message: str | None) -> str:
    # What {{ product name }} is to Jinja: a name, and then something that should not be there.
    if message is not None and message.startswith("expected token 'end of print statement'"):
        return "; a column with blanks in its name is written {{ product_name }}"
    return ""
