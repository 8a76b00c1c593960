"""On which line of a TOML file each key stands."""

from __future__ import annotations

import tomllib
from typing import Any

Path = tuple[str, ...]
"""The keys that lead to a value."""


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, where each key's statement begins, tables among them.

    What is no TOML has no lines. Statements are told apart by what the parser takes for whole.
    """
    found: dict[Path, int] = {}
    header, statement, began = "", "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not statement:
            began = number
        statement += f"{line}\n"
        is_header = statement.lstrip().startswith("[")
        try:
            values = tomllib.loads(statement if is_header else header + statement)
        except tomllib.TOMLDecodeError:
            continue
        for path in _paths(values):
            found.setdefault(path, began)
        if is_header:
            header = statement
        statement = ""
    return found


def _paths(values: dict[str, Any], above: Path = ()) -> list[Path]:
    found = []
    for key, value in values.items():
        path = (*above, key)
        found.append(path)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                found += _paths(inner, path)
    return found
