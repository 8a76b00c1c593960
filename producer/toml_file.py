"""TOML files a user writes for an order: read, and told apart from what they should be."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from producer.errors import ManifestError
from producer.problem import printable, shown
from schemas.parameter import nearest

MOST_BYTES = 1 << 20
"""Of such a file; a manifest is read otherwise."""

_LINE = re.compile(r"\(at line (\d+)")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|#.*")
_BARE = re.compile(r"[\w-]*[^\W\x00-\x7f][\w-]*")
"""A word that is not ASCII alone."""

KnownAt = Callable[[Sequence[int | str]], Sequence[str]]
"""The keys that may stand in the table a path of keys leads to."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file. Raises ManifestError saying what is wrong, with the line."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ManifestError(f"{path} cannot be read: {reason}") from error
    if len(data) > MOST_BYTES:
        raise ManifestError(f"{path.name} is longer than {MOST_BYTES:,} bytes; rows go elsewhere")
    try:
        # Some editors put a byte order mark at the start, which TOML does not know.
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError(f"{path.name} is not UTF-8: line {line}; save it as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = f"{printable(str(error))}{_unquoted(data.decode('utf-8-sig'), str(error))}"
        raise ManifestError(f"{path.name} is no TOML: {reason}") from error


def wrong(name: str, error: ValidationError, known_at: KnownAt) -> ManifestError:
    """The error for a file whose keys or values are not what they should be, all at once."""
    entries = error.errors(include_url=False, include_input=False, include_context=False)
    return ManifestError("\n".join(f"{name}: {_said(entry, known_at)}" for entry in entries))


def _unquoted(text: str, reason: str) -> str:
    """What to do about a name in other letters than ASCII's, where that is what is wrong."""
    place = _LINE.search(reason)
    if place is None:
        return ""
    line = text.splitlines()[int(place[1]) - 1]
    found = _BARE.search(_QUOTED.sub("", line.split("=")[0]))
    return f'; TOML wants quotes around such a name: "{found[0]}"' if found else ""


def _said(entry: ErrorDetails, known_at: KnownAt) -> str:
    path = entry["loc"]
    place = ".".join(shown(str(part)) for part in path)
    if entry["type"] == "extra_forbidden":
        known = known_at(path[:-1])
        hint = nearest(str(path[-1]), known) or f"; there is {', '.join(known)}"
        return f"{place}: there is no such key{hint}"
    if entry["type"] == "missing":
        return f"{place} is missing"
    reason = entry["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason
